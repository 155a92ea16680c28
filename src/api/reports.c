/* The report catalogue over HTTP: the parameters of a route are those of its report. */
#include "api/api.h"
#include "base/time.h"
#include "insight/report.h"

#define WAIT_MS 5000 /* for the projection to take in what has been committed */

static enum rc reports_list(struct call *c, struct err *e)
{
    (void)e;
    struct jw w = call_json(c);
    report_list_json(&w, call_locale(c));
    return RC_OK;
}

/* Whoever has just written sees it in the report. While a server with a long history starts, reports are not there yet.
 */
static enum rc caught_up(struct call *c, struct err *e)
{
    int64_t seq;
    TRY(journal_last(c->db, &seq, e));
    if (!projection_wait(c->app->projection, seq, WAIT_MS))
        return err_set(e, RC_UNAVAILABLE, "reports_loading", "", NULL);
    return RC_OK;
}

static enum rc report_show(struct call *c, struct err *e)
{
    struct str path = c->r->path, name = path;
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '/')
            name = (struct str){path.ptr + i + 1, path.len - i - 1};
    const struct report *report = report_by_id(name);
    if (report == NULL)
        return err_set(e, RC_NOT_FOUND, "report_not_found", "", "%.*s", (int)(name.len < 60 ? name.len : 60), name.ptr);
    TRY(caught_up(c, e));
    struct report_arg *args = ARENA_ARRAY(c->r->arena, struct report_arg, report->n_params + 1);
    struct report_call call = {.arena = c->r->arena,
                               .db = c->db,
                               .projection = c->app->projection,
                               .lang = call_locale(c),
                               .now = time_now(),
                               .user_id = c->session.user_id,
                               .rights = c->rights,
                               .args = args};
    for (size_t i = 0; i < report->n_params; i++) {
        struct str value = call_param(c, report->params[i].name);
        if (value.ptr != NULL)
            args[call.n_args++] = (struct report_arg){str_c(report->params[i].name), value};
    }
    struct report_result result;
    enum rc rc = report_run(report, &call, &result, e);
    if (rc == RC_OK) {
        struct jw w = call_json(c);
        report_json(&w, &result, call.lang);
    }
    report_result_free(&result);
    return rc;
}

const struct route report_routes[] = {
    {"GET", "/api/reports", RUN_READ, MAY_READ, NULL, "The catalogue of reports", reports_list, NULL, NULL, NULL,
     "reports", 0, .can = CAN_REPORTS},
    {"GET", "/api/reports/conversion", RUN_POOL, MAY_READ, NULL, "What share of deals ends in a win, and how fast",
     report_show, NULL, "funnel funnel_id as_of from to by filter mature_days time_zone", NULL, "report", 0,
     .can = CAN_REPORTS},
    {"GET", "/api/reports/discipline", RUN_POOL, MAY_READ, NULL, "Where discipline slips, by manager", report_show,
     NULL, "funnel funnel_id team_id from to", NULL, "report", 0, .can = CAN_REPORTS},
};
const size_t report_routes_n = sizeof report_routes / sizeof *report_routes;
