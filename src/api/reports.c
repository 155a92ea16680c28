/* The report catalogue over HTTP: two routes a report, the report itself and the deals behind one of its numbers. Their
 * parameters are those of the report. */
#include "api/api.h"
#include "api/report_file.h"
#include "base/time.h"
#include "crm/query.h"
#include "insight/report.h"

#define WAIT_MS 5000 /* for the projection to take in what has been committed */

static enum rc reports_list(struct call *c, struct err *e)
{
    (void)e;
    struct jw w = call_json(c);
    report_list_json(&w, call_locale(c), c->rights);
    return RC_OK;
}

enum rc call_caught_up(struct call *c, struct err *e)
{
    int64_t seq;
    TRY(journal_last(c->db, &seq, e));
    if (!projection_wait(c->app->projection, seq, WAIT_MS))
        return err_set(e, RC_UNAVAILABLE, "reports_loading", "", NULL);
    return RC_OK;
}

/* "/api/reports/ID" or "/api/reports/ID/deals" */
static const struct report *report_of(struct call *c, struct err *e)
{
    static const char root[] = "/api/reports/";
    struct str path = c->r->path, name = {path.ptr + sizeof root - 1, path.len - (sizeof root - 1)};
    const char *slash = memchr(name.ptr, '/', name.len);
    if (slash != NULL)
        name.len = (size_t)(slash - name.ptr);
    const struct report *report = report_by_id(name);
    if (report == NULL)
        err_set(e, RC_NOT_FOUND, "report_not_found", "", "%.*s", (int)(name.len < 60 ? name.len : 60), name.ptr);
    return report;
}

static struct report_call report_call(struct call *c, const struct report *report)
{
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
    return call;
}

static enum rc report_show(struct call *c, struct err *e)
{
    const struct report *report = report_of(c, e);
    struct report_result result;
    struct str format = call_param(c, "format");
    if (report == NULL)
        return RC_NOT_FOUND;
    if (format.len > 0 && !report_file_known(format))
        return err_set(e, RC_INVALID, "bad_param", "format", "%.*s", (int)(format.len < 20 ? format.len : 20),
                       format.ptr);
    TRY(call_caught_up(c, e));
    struct report_call call = report_call(c, report);
    enum rc rc = report_run(report, &call, &result, e);
    if (rc == RC_OK && format.len > 0 && !str_eqc(format, "json")) {
        rc = report_file(c, &result, format, e);
    } else if (rc == RC_OK) {
        struct jw w = call_json(c);
        report_json(&w, &result, call.lang);
    }
    report_result_free(&result);
    return rc;
}

/* ---- the deals behind a number ---- */

/* Adds {"total","noun","items"} of one noun to the object that is being written. */
static enum rc put_items(struct call *c, struct jw *w, const struct entity *ent, size_t total, const int64_t *ids,
                         size_t n, struct err *e)
{
    struct buf filter = {0};
    for (size_t i = 0; i < n; i++)
        buf_fmt(&filter, "%s%lld", i > 0 ? "," : "id in (", (long long)ids[i]);
    jw_ki64(w, "total", (int64_t)total);
    jw_kc(w, "noun", ent->plural);
    jw_key(w, "items");
    if (filter.len == 0) {
        jw_arr(w);
        jw_end_arr(w);
        return RC_OK;
    }
    buf_c(&filter, ")");
    struct filter_env env = {.user_id = c->session.user_id, .now = time_now(), .rights = c->rights};
    struct query q = {.ent = ent, .filter = buf_view(&filter), .sort = STR("id"), .limit = (int64_t)n};
    struct buf list = {0};
    json_error_t bad;
    enum rc rc = query_list(c->db, c->r->arena, &q, &env, &list, e);
    if (rc == RC_OK) {
        json_t *read = json_loadb(list.ptr, list.len, 0, &bad);
        char *items = json_dumps(json_object_get(read, "items"), JSON_COMPACT | JSON_REAL_PRECISION(17));
        jw_raw(w, str_c(items));
        free(items);
        json_decref(read);
    }
    buf_free(&list);
    buf_free(&filter);
    return rc;
}

/* The part of n things that a page shows: from *first, so many. */
static size_t page_of(size_t n, int64_t *offset, int64_t *limit, size_t *first)
{
    int64_t at = *offset < (int64_t)n ? *offset : (int64_t)n, left = (int64_t)n - at;
    size_t shown = (size_t)(left < *limit ? left : *limit);
    *first = (size_t)at;
    *offset -= at;
    *limit -= (int64_t)shown;
    return shown;
}

/* ids: ascending; those of the second noun stand first, below 0. */
static enum rc put_deals(struct call *c, const struct report_result *r, int64_t *ids, size_t n, int64_t offset,
                         int64_t limit, struct err *e)
{
    struct jw w = call_json(c);
    size_t others = 0, first;
    for (; others < n && ids[others] < 0; others++)
        ids[others] = -ids[others];
    jw_obj(&w);
    size_t shown = page_of(n - others, &offset, &limit, &first);
    TRY(put_items(c, &w, entity_by_id(r->noun ? r->noun : ENT_DEAL), n, ids + others + first, shown, e));
    if (r->also != ENT_NONE) {
        shown = page_of(others, &offset, &limit, &first);
        jw_key(&w, "also");
        jw_obj(&w);
        TRY(put_items(c, &w, entity_by_id(r->also), others, ids + first, shown, e));
        jw_end_obj(&w);
    }
    jw_end_obj(&w);
    return RC_OK;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Ascending, each once: a deal may have been counted in two ways. */
static size_t sorted_once(int64_t *ids, size_t n)
{
    size_t kept = 0;
    if (n > 0)
        qsort(ids, n, sizeof *ids, by_id);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            ids[kept++] = ids[i];
    return kept;
}

static enum rc report_deals(struct call *c, struct err *e)
{
    const struct report *report = report_of(c, e);
    struct report_result result;
    struct report_drill drill = {.table = call_param(c, "table"), .column = call_param(c, "column")};
    int64_t limit, offset;
    if (report == NULL)
        return RC_NOT_FOUND;
    TRY(call_param_i64(c, "row", 0, INT64_MIN, INT64_MAX, &drill.key, e));
    TRY(call_param_i64(c, "limit", 100, 1, 500, &limit, e));
    TRY(call_param_i64(c, "offset", 0, 0, INT64_MAX / 2, &offset, e));
    if (drill.column.len == 0)
        return err_set(e, RC_INVALID, "required", "column", NULL);
    if (drill.table.len == 0)
        drill.table = STR("rows");
    TRY(call_caught_up(c, e));
    struct report_call call = report_call(c, report);
    call.drill = &drill;
    enum rc rc = report_run(report, &call, &result, e);
    if (rc == RC_OK && !result.drilled && !report_nought(&result, &drill))
        rc = err_set(e, RC_NOT_FOUND, "report_number_not_found", "column", "%.*s",
                     (int)(drill.column.len < 60 ? drill.column.len : 60), drill.column.ptr);
    if (rc == RC_OK) {
        size_t n = sorted_once(result.deals.ptr, result.deals.len);
        rc = put_deals(c, &result, result.deals.ptr, n, offset, limit, e);
    }
    report_result_free(&result);
    return rc;
}

const struct route report_routes[] = {
    {"GET", "/api/reports", RUN_READ, MAY_READ, NULL, "The catalogue of reports", reports_list, NULL, NULL, NULL,
     "reports", 0, .can = CAN_REPORTS},
};
const size_t report_routes_n = sizeof report_routes / sizeof *report_routes;

struct route report_route(struct arena *a, const struct report *report, bool deals)
{
    struct buf query = {0};
    for (size_t i = 0; i < report->n_params; i++)
        buf_fmt(&query, "%s ", report->params[i].name);
    buf_c(&query, deals ? "table row column limit offset" : "format");
    struct str pattern = str_fmt(a, "/api/reports/%s%s", report->id, deals ? "/deals" : "");
    struct str summary = deals ? STR("The deals behind one of its numbers") : report_question(report, "en");
    struct route r = {"GET",
                      pattern.ptr,
                      RUN_POOL,
                      MAY_READ,
                      NULL,
                      str_cdup(a, summary),
                      deals ? report_deals : report_show,
                      NULL,
                      str_cdup(a, buf_view(&query)),
                      NULL,
                      deals ? "report-deals" : "report",
                      0,
                      .can = CAN_REPORTS};
    buf_free(&query);
    return r;
}
