/* Advertising costs come in as a table. */
#include "api/inside.h"
#include "base/i18n.h"
#include "crm/import_costs.h"

#define COSTS_MOST ((int64_t)16 * 1024 * 1024)

static enum rc costs_command(struct change *ch, struct command_job *j, struct err *e)
{
    return costs_apply(j->args, ch, e);
}
static const struct command command_costs = {"ad_cost.import", costs_command};

/* In a pool thread: the file is read before anything is written. */
static enum rc costs_prepare(struct call *c, struct err *e)
{
    struct costs *costs = ARENA_NEW(c->r->arena, struct costs);
    struct str create = call_param(c, "create");
    if (create.len > 0 && !str_eqc(create, "1") && !str_eqc(create, "0"))
        return err_set(e, RC_INVALID, "bad_parameter", "create", NULL);
    TRY(costs_read(costs, c->r->arena, c->db, c->upload->path, str_eqc(create, "1"), e));
    c->job.args = costs;
    c->job.command = &command_costs;
    return RC_OK;
}

static void put_bad(struct call *c, struct jw *w, const struct cost_bad *b)
{
    struct arena *a = c->r->arena;
    jw_obj(w);
    jw_ki64(w, "line", b->line);
    jw_kc(w, "code", b->code);
    jw_kstr(w, "text", b->text);
    jw_kstr(w, "detail", i18n_fill(a, call_locale(c), str_fmt(a, "error.%s", b->code).ptr, &b->text, 1));
    jw_end_obj(w);
}

static enum rc costs_show(struct call *c, struct err *e)
{
    const struct costs *x = c->job.args;
    (void)e;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_ki64(&w, "rows", x->rows);
    jw_ki64(&w, "created", x->created);
    jw_ki64(&w, "updated", x->updated);
    jw_ki64(&w, "same", x->same);
    jw_ki64(&w, "campaigns_created", x->campaigns);
    jw_ki64(&w, "change_id", c->job.change_id);
    jw_ki64(&w, "bad_total", x->bad_total);
    jw_key(&w, "bad");
    jw_arr(&w);
    for (int64_t i = 0; i < x->bad_total && i < COSTS_BAD_KEPT; i++)
        put_bad(c, &w, &x->bad[i]);
    jw_end_arr(&w);
    jw_end_obj(&w);
    return RC_OK;
}

const struct route cost_routes[] = {
    {"POST", "/api/ad-costs/import", RUN_UPLOAD, MAY_MANAGE, NULL,
     "Advertising costs out of CSV or XLSX, by campaign and day; create=1 makes campaigns that are not known",
     costs_show, costs_prepare, "name create", NULL, "costs-imported", 0, COSTS_MOST, .can = CAN_SETTINGS},
};
const size_t cost_routes_n = sizeof cost_routes / sizeof *cost_routes;
