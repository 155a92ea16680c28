/* Where discipline slips, by manager: what is not in order now, and what was set aside, taken back or done too early in
 * a period. See crm/discipline.h for the same numbers with the deals behind each. */
#include "insight/discipline.h"
#include "base/i18n.h"
#include "base/map.h"
#include "base/time.h"
#include "crm/discipline.h"
#include "crm/fields.h"
#include "crm/query.h"

#define PERIOD_DAYS 90
#define OVERRIDES_SHOWN 100

enum number { OPEN, NO_TASK, OVERDUE, LATE, OVERRIDES, BACK, EARLY, UNPROFITABLE, ONE_CARD, NUMBERS };
struct manager {
    int64_t id, n[NUMBERS];
    struct str name;
};
struct discipline {
    const struct report_call *call;
    struct report_result *result;
    int64_t funnel_id, team_id, from, to;
    struct intmap *at;
    VEC(struct manager) all;
    int64_t overridden;
};

static const struct report_param params[] = {
    {"funnel", RP_FUNNEL}, {"funnel_id", RP_FUNNEL_ID}, {"team_id", RP_INT}, {"from", RP_TIME}, {"to", RP_TIME}};

/* ---- what is asked ---- */

static enum rc find_funnel(struct discipline *d, struct err *e)
{
    const struct report_call *c = d->call;
    struct str id = report_arg(c, "funnel_id"), name = report_arg(c, "funnel");
    struct stmt *s;
    if (id.len == 0 && name.len == 0)
        return RC_OK;
    if (id.len > 0 && !str_i64(id, &d->funnel_id))
        return report_bad_param(e, "funnel_id", id);
    TRY(db_prepare(c->db, &s,
                   id.len > 0 ? "SELECT id FROM funnel WHERE id = $1 AND deleted_at IS NULL"
                              : "SELECT id FROM funnel WHERE name_fold = $1 AND deleted_at IS NULL",
                   e));
    if (id.len > 0)
        stmt_i64(s, 1, d->funnel_id);
    else
        stmt_str(s, 1, str_fold(c->arena, name));
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        d->funnel_id = stmt_col_i64(s, 0);
    stmt_done(s);
    if (rc == RC_DONE || (rc == RC_ROW && !rights_has_funnel(c->rights, d->funnel_id)))
        return err_set(e, RC_NOT_FOUND, "funnel_not_found", id.len > 0 ? "funnel_id" : "funnel", "%.*s",
                       (int)(id.len > 0 ? id : name).len, (id.len > 0 ? id : name).ptr);
    return rc == RC_ROW ? RC_OK : rc;
}

static enum rc read_args(struct discipline *d, struct err *e)
{
    const struct report_call *c = d->call;
    struct str team = report_arg(c, "team_id"), from = report_arg(c, "from"), to = report_arg(c, "to");
    bool is_date = false;
    d->to = c->now;
    if (team.len > 0 && (!str_i64(team, &d->team_id) || d->team_id < 1))
        return report_bad_param(e, "team_id", team);
    if (to.len > 0 && !report_time(to, &d->to, &is_date))
        return report_bad_param(e, "to", to);
    d->to += is_date ? MS_DAY : 0; /* the whole day */
    d->from = d->to - PERIOD_DAYS * MS_DAY;
    if (from.len > 0 && !report_time(from, &d->from, &is_date))
        return report_bad_param(e, "from", from);
    return find_funnel(d, e);
}

/* ---- counting ---- */

static struct manager *manager(struct discipline *d, int64_t id)
{
    int64_t at;
    if (!intmap_get(d->at, id, &at)) {
        struct manager one = {.id = id};
        at = (int64_t)d->all.len;
        intmap_put(d->at, id, at);
        vec_push(&d->all, one);
    }
    return &d->all.ptr[at];
}

/* The deals that count: a condition over d. */
static void put_deals(struct sqlb *q, const struct discipline *d, bool open)
{
    sqlb_c(q, " d.deleted_at IS NULL");
    if (d->funnel_id) {
        sqlb_c(q, " AND d.funnel_id = ");
        sqlb_param(q, val_int(d->funnel_id));
    } else if (open) { /* all of them: open deals are found by the index that boards have */
        sqlb_c(q, " AND d.funnel_id IN (SELECT id FROM funnel WHERE deleted_at IS NULL)");
    }
    if (d->team_id) {
        sqlb_c(q, " AND d.owner_id IN (SELECT id FROM users WHERE team_id = ");
        sqlb_param(q, val_int(d->team_id));
        sqlb_c(q, ")");
    }
    sqlb_c(q, " AND ");
    rights_sql(q, d->call->rights, entity_by_id(ENT_DEAL), RIGHT_SEE, "d");
}

/* Rows of a person and counts, added to the numbers from `first` on. */
static enum rc count(struct discipline *d, struct sqlb *q, enum number first, int n, struct err *e)
{
    struct stmt *s = NULL;
    enum rc rc;
    TRY_OUT(sqlb_prepare(q, d->call->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct manager *m = manager(d, stmt_col_null(s, 0) ? 0 : stmt_col_i64(s, 0));
        for (int i = 0; i < n; i++)
            m->n[(int)first + i] += stmt_col_i64(s, i + 1);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(s);
    sqlb_free(q);
    return rc;
}

static enum rc count_deals(struct discipline *d, struct err *e)
{
    struct sqlb q = sqlb_new(d->call->arena);
    sqlb_c(&q, "SELECT d.owner_id, count(*), CAST(sum(CASE WHEN d.open_tasks = 0 AND d.deferred_until IS NULL AND"
               " d.wait_id IS NULL THEN 1 ELSE 0 END) AS BIGINT) FROM deal d WHERE d.status = 0 AND");
    put_deals(&q, d, true);
    sqlb_c(&q, " GROUP BY d.owner_id");
    TRY(count(d, &q, OPEN, 2, e));
    q = sqlb_new(d->call->arena);
    sqlb_c(&q, "SELECT d.owner_id, count(*) FROM deal d WHERE d.status = 0 AND d.unprofitable = 1 AND");
    put_deals(&q, d, true);
    sqlb_c(&q, " GROUP BY d.owner_id");
    TRY(count(d, &q, UNPROFITABLE, 1, e));
    q = sqlb_new(d->call->arena);
    sqlb_fmt(&q, "SELECT d.owner_id, count(*) FROM deal d WHERE %s AND", discipline_one_card_sql);
    put_deals(&q, d, false);
    sqlb_c(&q, " GROUP BY d.owner_id");
    return count(d, &q, ONE_CARD, 1, e);
}

static void put_period(struct sqlb *q, const struct discipline *d, const char *column)
{
    sqlb_fmt(q, " AND %s >= ", column);
    sqlb_param(q, val_int(d->from));
    sqlb_fmt(q, " AND %s < ", column);
    sqlb_param(q, val_int(d->to));
}

static enum rc count_answers(struct discipline *d, struct err *e)
{
    struct sqlb q = sqlb_new(d->call->arena);
    sqlb_c(&q, "SELECT d.owner_id, count(*) FROM deal d WHERE (d.late_answer = 1 OR d.first_response_at IS NULL) AND"
               " d.first_response_due_at < ");
    sqlb_param(&q, val_int(d->call->now));
    put_period(&q, d, "d.first_response_due_at");
    sqlb_c(&q, " AND");
    put_deals(&q, d, false);
    sqlb_c(&q, " GROUP BY d.owner_id");
    return count(d, &q, LATE, 1, e);
}

static enum rc count_tasks(struct discipline *d, struct err *e)
{
    const struct entity *task = entity_by_id(ENT_TASK);
    struct sqlb q = sqlb_new(d->call->arena);
    sqlb_c(&q, "SELECT t.owner_id, count(*) FROM task t JOIN deal d ON d.id = t.deal_id WHERE t.done = 0 AND"
               " t.deleted_at IS NULL AND t.due_at < ");
    sqlb_param(&q, val_int(d->call->now));
    sqlb_c(&q, " AND d.status = 0 AND");
    put_deals(&q, d, true);
    sqlb_c(&q, " AND ");
    rights_sql(&q, d->call->rights, task, RIGHT_SEE, "t");
    sqlb_c(&q, " GROUP BY t.owner_id");
    TRY(count(d, &q, OVERDUE, 1, e));
    q = sqlb_new(d->call->arena);
    sqlb_c(&q, "SELECT t.author_id, count(*) FROM task t JOIN deal d ON d.id = t.deal_id WHERE t.early = 1 AND"
               " t.deleted_at IS NULL");
    put_period(&q, d, "t.created_at");
    sqlb_c(&q, " AND");
    put_deals(&q, d, false);
    sqlb_c(&q, " AND ");
    rights_sql(&q, d->call->rights, task, RIGHT_SEE, "t");
    sqlb_c(&q, " GROUP BY t.author_id");
    return count(d, &q, EARLY, 1, e);
}

static void put_overrides(struct sqlb *q, const struct discipline *d, const char *columns)
{
    sqlb_fmt(q,
             "SELECT %s FROM deal d JOIN journal j ON j.object_kind = 3 AND j.object_id = d.id AND j.verb = 14 WHERE"
             " d.overrides > 0",
             columns);
    put_period(q, d, "j.at");
    sqlb_c(q, " AND");
    put_deals(q, d, false);
}

static enum rc count_moves(struct discipline *d, struct err *e)
{
    struct sqlb q = sqlb_new(d->call->arena);
    put_overrides(&q, d, "j.actor_id, count(*)");
    sqlb_c(&q, " GROUP BY j.actor_id");
    TRY(count(d, &q, OVERRIDES, 1, e));
    q = sqlb_new(d->call->arena);
    sqlb_c(&q, "SELECT j.actor_id, count(*) FROM deal d JOIN deal_return r ON r.deal_id = d.id JOIN journal j ON"
               " j.seq = r.seq WHERE d.returns > 0");
    put_period(&q, d, "j.at");
    sqlb_c(&q, " AND");
    put_deals(&q, d, false);
    sqlb_c(&q, " GROUP BY j.actor_id");
    return count(d, &q, BACK, 1, e);
}

/* ---- writing ---- */

static enum rc load_names(struct discipline *d, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    int64_t at;
    TRY(db_prepare(d->call->db, &s, "SELECT id, name FROM users", e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        if (intmap_get(d->at, stmt_col_i64(s, 0), &at))
            d->all.ptr[at].name = str_dup(d->call->arena, stmt_col_str(s, 1));
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static int64_t trouble(const struct manager *m)
{
    int64_t n = 0;
    for (int i = NO_TASK; i < NUMBERS; i++)
        n += m->n[i];
    return n;
}

static int by_trouble(const void *x, const void *y)
{
    const struct manager *a = x, *b = y;
    int64_t n = trouble(a), m = trouble(b);
    return n != m ? (n > m ? -1 : 1) : (a->id > b->id) - (a->id < b->id);
}

/* A number of a field that is hidden from whoever asks is not told. */
static struct cell number_cell(const struct discipline *d, enum number i, int64_t n)
{
    static const int fields[NUMBERS] = {
        [UNPROFITABLE] = DEAL_UNPROFITABLE, [OVERRIDES] = DEAL_OVERRIDES, [BACK] = DEAL_RETURNS};
    const struct rights *r = d->call->rights;
    const struct entity *deal = entity_by_id(ENT_DEAL);
    bool seen = !fields[i] || rights_sees_field(r, deal, fields[i]);
    if (i == UNPROFITABLE)
        seen &= rights_sees_field(r, deal, DEAL_COST_MINOR) && rights_sees_field(r, deal, DEAL_VALUE_MINOR);
    return seen ? cell_i(n) : cell_null();
}

static void put_rows(struct discipline *d)
{
    static const struct report_column columns[] = {
        {"manager", RT_TEXT},     {"open_deals", RT_INT}, {"no_task", RT_INT},    {"overdue", RT_INT},
        {"late_answers", RT_INT}, {"overrides", RT_INT},  {"back_moves", RT_INT}, {"early", RT_INT},
        {"unprofitable", RT_INT}, {"one_card", RT_INT},   {"user_id", RT_INT}};
    d->result->main.id = "rows";
    d->result->main.columns = columns;
    d->result->main.n_columns = sizeof columns / sizeof *columns;
    if (d->all.len > 1)
        qsort(d->all.ptr, d->all.len, sizeof *d->all.ptr, by_trouble);
    for (size_t i = 0; i < d->all.len; i++) {
        const struct manager *m = &d->all.ptr[i];
        struct cell row[NUMBERS + 2] = {cell_s(m->name.ptr ? m->name : i18n_text(d->call->lang, "report.group.none"))};
        for (int k = 0; k < NUMBERS; k++)
            row[k + 1] = number_cell(d, (enum number)k, m->n[k]);
        row[NUMBERS + 1] = m->id ? cell_i(m->id) : cell_null();
        report_row(&d->result->main, row);
    }
}

static void override_row(struct discipline *d, struct report_table *t, struct stmt *s)
{
    struct arena *a = d->call->arena;
    json_t *data = NULL;
    struct str reason = STR("");
    if (json_read(stmt_col_str(s, 4), &data, NULL) == RC_OK) {
        const json_t *v = json_object_get(data, "reason");
        v = json_is_array(v) ? json_array_get(v, 1) : v;
        if (json_is_string(v))
            reason = str_dup(a, str_c(json_string_value(v)));
    }
    json_decref(data);
    struct cell row[] = {cell_i(stmt_col_i64(s, 0)), cell_s(str_dup(a, stmt_col_str(s, 1))),
                         cell_s(str_dup(a, stmt_col_str(s, 3))), cell_s(reason), cell_i(stmt_col_i64(s, 2))};
    report_row(t, row);
}

/* The newest ones with their reasons. */
static enum rc put_reasons(struct discipline *d, struct err *e)
{
    static const struct report_column columns[] = {
        {"at", RT_TIME}, {"who", RT_TEXT}, {"deal", RT_TEXT}, {"reason", RT_TEXT}, {"deal_id", RT_INT}};
    struct report_table *t = report_table_add(d->result, "set_aside", columns, sizeof columns / sizeof *columns);
    struct sqlb q = sqlb_new(d->call->arena);
    struct stmt *s = NULL;
    int64_t n = 0;
    enum rc rc;
    if (!rights_sees_field(d->call->rights, entity_by_id(ENT_DEAL), DEAL_OVERRIDES))
        return RC_OK;
    put_overrides(&q, d,
                  "j.at, COALESCE((SELECT u.name FROM users u WHERE u.id = j.actor_id), ''), d.id, d.title, j.data");
    sqlb_c(&q, " ORDER BY j.seq DESC");
    TRY_OUT(sqlb_prepare(&q, d->call->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        if (n++ < OVERRIDES_SHOWN)
            override_row(d, t, s);
    rc = rc == RC_DONE ? RC_OK : rc;
    d->overridden = n;
out:
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

static void put_rest(struct discipline *d)
{
    const struct report_call *c = d->call;
    struct arena *a = c->arena;
    struct str period[] = {time_format(a, d->from), time_format(a, d->to)};
    int64_t sums[NUMBERS] = {0};
    static const char *const keys[NUMBERS] = {"open",       "no_task", "overdue",      "late_answers", "overrides",
                                              "back_moves", "early",   "unprofitable", "one_card"};
    for (size_t i = 0; i < d->all.len; i++)
        for (int k = 0; k < NUMBERS; k++)
            sums[k] += d->all.ptr[i].n[k];
    for (int k = 0; k < NUMBERS; k++)
        report_sum(d->result, keys[k], RT_INT, number_cell(d, (enum number)k, sums[k]));
    report_param_is(d->result, "funnel_id", RT_INT, d->funnel_id ? cell_i(d->funnel_id) : cell_null());
    report_param_is(d->result, "team_id", RT_INT, d->team_id ? cell_i(d->team_id) : cell_null());
    report_param_is(d->result, "from", RT_TIME, cell_i(d->from));
    report_param_is(d->result, "to", RT_TIME, cell_i(d->to));
    report_note(c, d->result, "discipline_period", period, 2);
    report_note(c, d->result, "discipline_who", NULL, 0);
    report_note(c, d->result, "one_card", NULL, 0);
    if (d->overridden > OVERRIDES_SHOWN) {
        struct str counts[] = {str_fmt(a, "%d", OVERRIDES_SHOWN), str_fmt(a, "%lld", (long long)d->overridden)};
        report_note(c, d->result, "overrides_cut", counts, 2);
    }
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct discipline d = {.call = c, .result = r};
    TRY(read_args(&d, e));
    TRY(db_read_begin(c->db, e)); /* one state for all numbers */
    d.at = intmap_new();
    enum rc rc = count_deals(&d, e);
    if (rc == RC_OK)
        rc = count_answers(&d, e);
    if (rc == RC_OK)
        rc = count_tasks(&d, e);
    if (rc == RC_OK)
        rc = count_moves(&d, e);
    if (rc == RC_OK)
        rc = load_names(&d, e);
    if (rc == RC_OK)
        rc = put_reasons(&d, e);
    if (rc == RC_OK) {
        put_rows(&d);
        put_rest(&d);
    }
    db_read_end(c->db);
    intmap_free(d.at);
    vec_free(&d.all);
    return rc;
}

const struct report report_discipline = {.id = "discipline",
                                         .question = "report.discipline.question",
                                         .params = params,
                                         .n_params = sizeof params / sizeof *params,
                                         .run = run,
                                         .group = "rules",
                                         .definition = 1};
