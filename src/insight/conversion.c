#include "insight/conversion.h"
#include "base/i18n.h"
#include "crm/crm.h"
#include "crm/fields.h"
#include "crm/query.h"
#include <malloc.h>
#include <math.h>

#define LARGE 100000 /* deals */

const int conversion_horizons[CONVERSION_HORIZONS] = {30, 60, 90, 180};

static const char *const by_names[] = {"owner",       "source", "campaign", "deal_class", "company",
                                       "loss_reason", "month",  "quarter",  "year",       NULL};
static const struct report_param params[] = {
    {"funnel", RP_FUNNEL},  {"funnel_id", RP_FUNNEL_ID}, {"as_of", RP_TIME},    {"from", RP_TIME},
    {"to", RP_TIME},        {"by", RP_CHOICE, by_names}, {"filter", RP_FILTER}, {"mature_days", RP_INT},
    {"time_zone", RP_TEXT},
};

/* By id, by name without regard to case, or the first one; deleted and hidden funnels are not found. */
static enum rc find_funnel(struct conversion *v, struct err *e)
{
    const struct report_call *c = v->call;
    struct str id = report_arg(c, "funnel_id"), name = report_arg(c, "funnel");
    struct stmt *s;
    int64_t wanted = 0;
    if (id.len > 0 && !str_i64(id, &wanted))
        return report_bad_param(e, "funnel_id", id);
    TRY(db_prepare(c->db, &s,
                   id.len > 0     ? "SELECT id, name FROM funnel WHERE id = $1 AND deleted_at IS NULL"
                   : name.len > 0 ? "SELECT id, name FROM funnel WHERE name_fold = $1 AND deleted_at IS NULL"
                                  : "SELECT id, name FROM funnel WHERE deleted_at IS NULL"
                                    " ORDER BY archived, position, id",
                   e));
    if (id.len > 0)
        stmt_i64(s, 1, wanted);
    else if (name.len > 0)
        stmt_str(s, 1, str_fold(c->arena, name));
    enum rc rc;
    while ((rc = stmt_step(s, e)) == RC_ROW && !rights_has_funnel(c->rights, stmt_col_i64(s, 0)))
        ;
    if (rc == RC_ROW) {
        v->funnel_id = stmt_col_i64(s, 0);
        v->funnel = str_dup(c->arena, stmt_col_str(s, 1));
        rc = RC_OK;
    } else if (rc == RC_DONE) {
        struct str asked = id.len > 0 ? id : name;
        rc = err_set(e, RC_NOT_FOUND, "funnel_not_found", id.len > 0 ? "funnel_id" : "funnel", "%.*s",
                     (int)(asked.len < 100 ? asked.len : 100), asked.ptr);
    }
    stmt_done(s);
    return rc;
}

/* Deleted stages too: history has visits of them. */
static enum rc load_stages(struct conversion *v, struct err *e)
{
    VEC(struct conversion_stage) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(v->call->db, &s,
                   "SELECT id, name, position, outcome FROM stage WHERE funnel_id = $1 ORDER BY position, id", e));
    stmt_i64(s, 1, v->funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct conversion_stage stage = {.id = stmt_col_i64(s, 0),
                                         .name = rights_has_stage(v->call->rights, v->funnel_id, stmt_col_i64(s, 0))
                                                     ? str_dup(v->call->arena, stmt_col_str(s, 1))
                                                     : STR("…"),
                                         .position = stmt_col_i64(s, 2),
                                         .outcome = (enum deal_status)stmt_col_i64(s, 3)};
        vec_push(&found, stage);
    }
    stmt_done(s);
    v->stages = ARENA_ARRAY(v->call->arena, struct conversion_stage, found.len + 1);
    v->n_stages = found.len;
    if (found.len)
        memcpy(v->stages, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc read_period(struct conversion *v, struct err *e)
{
    TRY(report_when(v->call, v->zone, "as_of", &v->as_of, &v->as_of_given, e));
    TRY(report_when(v->call, v->zone, "from", &v->from, &v->has_from, e));
    return report_when(v->call, v->zone, "to", &v->to, &v->has_to, e);
}

/* Only over what the one who asks may see, and not by a field that is hidden from them. */
static enum rc see(struct conversion *v, struct err *e)
{
    static const int fields[] = {
        [BY_OWNER] = DEAL_OWNER_ID,      [BY_SOURCE] = DEAL_SOURCE_ID,   [BY_CAMPAIGN] = DEAL_CAMPAIGN_ID,
        [BY_CLASS] = DEAL_DEAL_CLASS_ID, [BY_COMPANY] = DEAL_COMPANY_ID, [BY_LOSS_REASON] = DEAL_LOSS_REASON_ID};
    const struct rights *r = v->call->rights;
    const struct entity *deal = entity_by_id(ENT_DEAL);
    int64_t *ids;
    if (v->by >= BY_OWNER && v->by <= BY_LOSS_REASON && !rights_sees_field(r, deal, fields[v->by]))
        return report_bad_param(e, "by", report_arg(v->call, "by"));
    if (rights_all_rows(r, deal, RIGHT_SEE))
        return RC_OK;
    static const int64_t none[1];
    TRY(query_ids(v->call->db, v->call->arena, deal, r, NULL, INT64_MAX, &ids, &v->n_seen_ids, e));
    v->seen_ids = v->n_seen_ids ? ids : none;
    return RC_OK;
}

static enum rc read_args(struct conversion *v, struct err *e)
{
    TRY(find_funnel(v, e));
    TRY(load_stages(v, e));
    TRY(report_zone(v->call, v->result, &v->zone, &v->zone_name, e));
    TRY(read_period(v, e));
    struct str by = report_arg(v->call, "by"), days = report_arg(v->call, "mature_days");
    for (int i = 0; by.len > 0 && by_names[i] != NULL; i++)
        if (str_eqc(by, by_names[i]))
            v->by = (enum conversion_by)(BY_OWNER + i);
    if (days.len > 0 && (!str_i64(days, &v->mature_days) || v->mature_days < 1 || v->mature_days > 3650))
        return report_bad_param(e, "mature_days", days);
    TRY(see(v, e));
    struct str text = report_arg(v->call, "filter");
    if (text.len == 0)
        return RC_OK;
    struct filter_env env = {.user_id = v->call->user_id,
                             .now = v->call->now,
                             .offset_ms = zone_offset(v->zone, v->call->now),
                             .rights = v->call->rights};
    struct filter *filter;
    int64_t *ids;
    TRY(filter_parse(v->call->arena, entity_by_id(ENT_DEAL), text, &env, &filter, e));
    TRY(query_ids(v->call->db, v->call->arena, entity_by_id(ENT_DEAL), v->call->rights, filter, INT64_MAX, &ids,
                  &v->n_filter_ids, e));
    static const int64_t none[1];
    v->filter_ids = v->n_filter_ids ? ids : none;
    return RC_OK;
}

static void put_params(struct conversion *v)
{
    struct report_result *r = v->result;
    struct str by = report_arg(v->call, "by"), filter = report_arg(v->call, "filter");
    report_param_is(r, "funnel_id", RT_INT, cell_i(v->funnel_id));
    report_param_is(r, "funnel", RT_TEXT, cell_s(v->funnel));
    report_param_is(r, "as_of", RT_TIME, cell_i(v->as_of));
    report_param_is(r, "from", RT_TIME, v->has_from ? cell_i(v->from) : cell_null());
    report_param_is(r, "to", RT_TIME, v->has_to ? cell_i(v->to) : cell_null());
    report_param_is(r, "by", RT_TEXT, by.len ? cell_s(by) : cell_null());
    report_param_is(r, "filter", RT_TEXT, filter.len ? cell_s(filter) : cell_null());
    report_param_is(r, "mature_days", RT_INT, cell_i(v->mature_days));
    report_param_is(r, "time_zone", RT_TEXT, cell_s(v->zone_name));
}

/* A rate with its interval under three keys; nulls when there is nothing to divide by. */
static void put_rate(struct report_result *r, const char *const keys[3], int64_t k, int64_t n)
{
    struct interval ci = stats_wilson(k, n);
    report_sum(r, keys[0], RT_RATE, n ? cell_f((double)k / (double)n) : cell_null());
    report_sum(r, keys[1], RT_RATE, n ? cell_f(ci.low) : cell_null());
    report_sum(r, keys[2], RT_RATE, n ? cell_f(ci.high) : cell_null());
}

static void put_summary(struct conversion *v)
{
    static const char *const naive[] = {"naive_rate", "naive_low", "naive_high"};
    static const char *const mature[] = {"mature_rate", "mature_low", "mature_high"};
    struct report_result *r = v->result;
    const struct conversion_group *g = &v->all;
    report_sum(r, "deals", RT_INT, cell_i(g->deals));
    report_sum(r, "won", RT_INT, cell_i(g->won));
    report_sum(r, "lost", RT_INT, cell_i(g->lost));
    report_sum(r, "open", RT_INT, cell_i(g->deals - g->won - g->lost));
    put_rate(r, naive, g->won, g->deals);
    report_sum(r, "mature_deals", RT_INT, cell_i(g->mature_deals));
    report_sum(r, "mature_won", RT_INT, cell_i(g->mature_won));
    put_rate(r, mature, g->mature_won, g->mature_deals);
    report_sum(r, "mature_days", RT_INT, cell_i(v->mature_days));
    report_sum(r, "as_of", RT_TIME, cell_i(v->as_of));
    report_sum(r, "follow_up_days", RT_DAYS,
               g->deals ? cell_f((double)(v->as_of - g->first_entry) / MS_DAY) : cell_null());
    report_sum(r, "median_win_days", RT_DAYS, cell_f(v->median_win_days));
    report_sum(r, "plateau_won", RT_RATE, g->deals ? cell_f(g->chart[CONVERSION_CHART].rate[0]) : cell_null());
    report_sum(r, "plateau_lost", RT_RATE, g->deals ? cell_f(g->chart[CONVERSION_CHART].rate[1]) : cell_null());
}

/* The interval of a won rate. Where the log(-log) one does not exist (no win yet, or nothing but wins) it is Wilson's
 * of as many deals as still tell: those watched so far, weighed by the share that is open. */
static struct interval won_interval(const struct incidence *p, int64_t deals)
{
    if (p->rate[0] > 0 && p->rate[0] < 1)
        return p->ci[0];
    int64_t telling = p->open > 0 ? (int64_t)((double)p->at_risk / p->open) : deals;
    return stats_wilson(p->rate[0] > 0 ? telling : 0, telling);
}

/* One row a horizon. */
static void put_horizons(struct conversion *v, const struct conversion_group *g, bool always)
{
    for (int i = 0; i < CONVERSION_HORIZONS; i++) {
        const struct incidence *p = &g->at[i];
        bool known = g->known[i] || (always && g->deals > 0);
        struct interval ci = won_interval(p, g->deals);
        struct cell row[12] = {
            cell_s(g->name),
            cell_i(conversion_horizons[i]),
            known ? cell_f(p->rate[0]) : cell_null(),
            known ? cell_f(ci.low) : cell_null(),
            known ? cell_f(ci.high) : cell_null(),
            known ? cell_f(p->rate[1]) : cell_null(),
            cell_i(p->at_risk),
            cell_i(g->deals),
            cell_i(g->won),
            cell_i(g->mature_deals),
            cell_i(g->mature_won),
            g->mature_deals ? cell_f((double)g->mature_won / (double)g->mature_deals) : cell_null(),
        };
        report_row(&v->result->main, v->by == BY_NONE ? row + 1 : row);
    }
}

static void put_rows(struct conversion *v)
{
    static const struct report_column columns[] = {
        {"group", RT_TEXT},    {"horizon_days", RT_DAYS}, {"won_rate", RT_RATE},  {"won_low", RT_RATE},
        {"won_high", RT_RATE}, {"lost_rate", RT_RATE},    {"at_risk", RT_INT},    {"deals", RT_INT},
        {"won", RT_INT},       {"mature_deals", RT_INT},  {"mature_won", RT_INT}, {"mature_rate", RT_RATE},
    };
    bool grouped = v->by != BY_NONE;
    v->result->main = (struct report_table){
        .id = "horizons", .columns = columns + !grouped, .n_columns = grouped ? sizeof columns / sizeof *columns : 6};
    if (!grouped)
        put_horizons(v, &v->all, true);
    for (size_t g = 0; g < v->n_groups && grouped; g++)
        put_horizons(v, &v->groups[g], false);
}

static void put_groups(struct conversion *v)
{
    static const struct report_column columns[] = {
        {"group", RT_TEXT},     {"group_id", RT_INT},     {"deals", RT_INT},       {"won", RT_INT},
        {"lost", RT_INT},       {"open", RT_INT},         {"naive_rate", RT_RATE}, {"mature_deals", RT_INT},
        {"mature_won", RT_INT}, {"mature_rate", RT_RATE}, {"mature_low", RT_RATE}, {"mature_high", RT_RATE},
    };
    struct report_table *t = report_table_add(v->result, "groups", columns, sizeof columns / sizeof *columns);
    t->for_pictures = true; /* the rows have it all */
    for (size_t i = 0; i < v->n_groups && v->by != BY_NONE; i++) {
        const struct conversion_group *g = &v->groups[i];
        struct interval ci = stats_wilson(g->mature_won, g->mature_deals);
        bool some = g->mature_deals > 0;
        struct cell row[] = {
            cell_s(g->name),
            v->by < BY_MONTH && !g->merged && g->key ? cell_i(g->key) : cell_null(),
            cell_i(g->deals),
            cell_i(g->won),
            cell_i(g->lost),
            cell_i(g->deals - g->won - g->lost),
            cell_f((double)g->won / (double)g->deals),
            cell_i(g->mature_deals),
            cell_i(g->mature_won),
            some ? cell_f((double)g->mature_won / (double)g->mature_deals) : cell_null(),
            some ? cell_f(ci.low) : cell_null(),
            some ? cell_f(ci.high) : cell_null(),
        };
        report_row(t, row);
    }
}

/* Points of the curves, as far as the group has been watched. */
static void put_curve(struct conversion *v, struct report_table *t, const struct conversion_group *g, struct cell name)
{
    for (int i = 0; g->chart != NULL && g->deals > 0 && i <= CONVERSION_CHART; i++) {
        const struct incidence *p = &g->chart[i];
        if (p->at > v->as_of - g->first_entry)
            break;
        struct interval ci = won_interval(p, g->deals);
        struct cell row[] = {
            name,
            cell_f((double)p->at / MS_DAY),
            cell_f(p->rate[0]),
            cell_f(ci.low),
            cell_f(ci.high),
            cell_f(p->rate[1]),
            cell_f(p->open),
            cell_i(p->at_risk),
        };
        report_row(t, row);
    }
}

static void put_curves(struct conversion *v)
{
    static const struct report_column columns[] = {
        {"group", RT_TEXT},    {"day", RT_DAYS},       {"won_rate", RT_RATE},  {"won_low", RT_RATE},
        {"won_high", RT_RATE}, {"lost_rate", RT_RATE}, {"open_rate", RT_RATE}, {"at_risk", RT_INT},
    };
    struct report_table *t = report_table_add(v->result, "curve", columns, sizeof columns / sizeof *columns);
    t->for_pictures = true;
    put_curve(v, t, &v->all, cell_null());
    for (size_t i = 0; i < v->n_groups && v->by != BY_NONE; i++)
        put_curve(v, t, &v->groups[i], cell_s(v->groups[i].name));
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct conversion v = {.call = c, .result = r};
    enum rc rc = read_args(&v, e);
    if (rc == RC_OK) {
        v.view = projection_lock(c->projection);
        conversion_scan(&v);
        conversion_choose(&v);
        conversion_group(&v);
        conversion_flow(&v);
        projection_unlock(c->projection);
        rc = conversion_names(&v, e);
    }
    if (rc == RC_OK) {
        put_params(&v);
        put_summary(&v);
        put_rows(&v);
        put_groups(&v);
        put_curves(&v);
        conversion_notes(&v);
    }
    vec_free(&v.ways);
    if (v.view.facts[FACT_DEAL].n > LARGE)
        malloc_trim(0); /* what the report took goes back to the system, not to the idle server */
    zone_free(v.zone);
    return rc;
}

const struct report report_conversion = {.id = "conversion",
                                         .question = "report.conversion.question",
                                         .params = params,
                                         .n_params = sizeof params / sizeof *params,
                                         .run = run,
                                         .group = "funnel",
                                         .definition = 1};
