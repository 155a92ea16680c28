#include "insight/plan.h"
#include "base/i18n.h"
#include "crm/choices.h"
#include "crm/fields.h"
#include "crm/sqlb.h"
#include <math.h>

const char *const plan_by_names[] = {"month", "quarter", "week", "team", "user", "funnel", NULL};

/* ---- periods ---- */

int64_t plan_first_day(int64_t period, int64_t day)
{
    int year;
    unsigned month, dom;
    date_to_civil(day, &year, &month, &dom);
    switch ((enum period)period) {
    case PERIOD_DAY:
        return day;
    case PERIOD_WEEK:
        return day - ((day + 3) % 7 + 7) % 7;
    case PERIOD_MONTH:
        return date_from_civil(year, month, 1);
    case PERIOD_QUARTER:
        return date_from_civil(year, (month - 1) / 3 * 3 + 1, 1);
    case PERIOD_YEAR:
        break;
    }
    return date_from_civil(year, 1, 1);
}

int64_t plan_last_day(int64_t period, int64_t first)
{
    static const int64_t beyond[] = {1, 7, 32, 93, 370};
    if (period == PERIOD_DAY || period == PERIOD_WEEK)
        return first + beyond[period] - 1;
    int year;
    unsigned month, dom;
    date_to_civil(first, &year, &month, &dom);
    month += period == PERIOD_MONTH ? 1 : period == PERIOD_QUARTER ? 3 : 12;
    return date_from_civil(year + (int)((month - 1) / 12), (month - 1) % 12 + 1, dom > 28 ? 28 : dom) - 1;
}

/* ---- reading ---- */

static void read_row(const struct report_call *c, struct stmt *s, struct plan *p)
{
    struct measure known = {.type = RT_REAL};
    *p = (struct plan){.id = stmt_col_i64(s, 0),
                       .measure = str_dup(c->arena, stmt_col_str(s, 1)),
                       .period = stmt_col_i64(s, 2),
                       .first = stmt_col_i64(s, 3),
                       .team_id = stmt_col_i64(s, 4),
                       .user_id = stmt_col_i64(s, 5),
                       .funnel_id = stmt_col_i64(s, 6),
                       .product_id = stmt_col_i64(s, 7),
                       .target = stmt_col_f64(s, 8),
                       .parent_id = stmt_col_i64(s, 9),
                       .currency = str_dup(c->arena, stmt_col_str(s, 10))};
    p->last = plan_last_day(p->period, p->first);
    if (measure_find(c, p->measure, &known, &p->title)) {
        p->type = known.type;
        p->adds = known.adds;
    } else {
        p->title = p->measure;
    }
}

static bool wanted(const struct plan_ask *ask, const struct plan *p)
{
    if (ask->plan_id)
        return p->id == ask->plan_id;
    return p->first <= ask->day && p->last >= (ask->from ? ask->from : ask->day) &&
           (ask->period < 0 || p->period == ask->period) && (!ask->user_id || p->user_id == ask->user_id) &&
           (!ask->team_id || p->team_id == ask->team_id);
}

enum rc plan_list(const struct report_call *c, const struct plan_ask *ask, struct plan **out, size_t *n, struct err *e)
{
    VEC(struct plan) found = {0};
    struct sqlb q = sqlb_new(c->arena);
    struct stmt *s;
    enum rc rc;
    sqlb_c(&q,
           "SELECT p.id, p.measure, p.period, p.starts_on, p.team_id, p.user_id, p.funnel_id, p.product_id, p.target,"
           " p.parent_id, p.currency FROM plan_target p WHERE p.deleted_at IS NULL AND ");
    rights_sql(&q, c->rights, entity_by_id(ENT_PLAN), RIGHT_SEE, "p");
    sqlb_c(&q, " ORDER BY p.period, p.starts_on, p.measure, COALESCE(p.team_id, 0), COALESCE(p.user_id, 0), p.id");
    rc = sqlb_prepare(&q, c->db, &s, e);
    sqlb_free(&q);
    if (rc != RC_OK)
        return rc;
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct plan p;
        read_row(c, s, &p);
        if (wanted(ask, &p))
            vec_push(&found, p);
    }
    stmt_done(s);
    *n = found.len;
    *out = ARENA_ARRAY(c->arena, struct plan, found.len + 1);
    if (found.len)
        memcpy(*out, found.ptr, found.len * sizeof **out);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc plan_whose(const struct report_call *c, const struct plan *p, struct str *out, struct err *e)
{
    static const char *const sql[] = {"SELECT name FROM users WHERE id = $1", "SELECT name FROM team WHERE id = $1",
                                      "SELECT name FROM funnel WHERE id = $1",
                                      "SELECT name FROM product WHERE id = $1"};
    const int64_t ids[] = {p->user_id, p->team_id, p->funnel_id, p->product_id};
    *out = STR_NULL;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct stmt *s;
        if (ids[i] == 0 || (i == 2 && !rights_has_funnel(c->rights, ids[i])))
            continue;
        TRY(db_prepare(c->db, &s, sql[i], e));
        stmt_i64(s, 1, ids[i]);
        enum rc rc = stmt_step(s, e);
        if (rc == RC_ROW)
            *out = out->len ? str_fmt(c->arena, "%.*s, %.*s", STR_ARG(*out), STR_ARG(stmt_col_str(s, 0)))
                            : str_dup(c->arena, stmt_col_str(s, 0));
        stmt_done(s);
        if (rc != RC_ROW && rc != RC_DONE)
            return rc;
    }
    if (out->len == 0)
        *out = i18n_text(c->lang, "report.group.company");
    return RC_OK;
}

/* ---- progress ---- */

enum rc plan_follow(struct measures *m, const struct plan *p, int64_t today, const struct calendar *calendar,
                    struct plan_progress *out, struct err *e)
{
    int64_t until = today < p->last ? today : p->last;
    struct measure_ask ask = {.name = p->measure,
                              .from = p->first,
                              .to = until,
                              .user_id = p->user_id,
                              .team_id = p->team_id,
                              .funnel_id = p->funnel_id,
                              .product_id = p->product_id};
    *out = (struct plan_progress){
        .actual = NAN, .expected = p->target, .pace = NAN, .forecast = NAN, .missing = NAN, .a_day = NAN};
    if (until >= p->first)
        TRY(measure_value(m, &ask, &out->actual, e));
    else if (p->adds)
        out->actual = 0;
    out->why = isfinite(out->actual) ? NULL : until >= p->first ? m->why : "not_begun";
    int64_t all = calendar_working_days(calendar, p->first, p->last),
            passed = calendar_working_days(calendar, p->first, until);
    int64_t left = today < p->first ? all : calendar_working_days(calendar, today + 1, p->last);
    out->elapsed = all > 0 ? (double)passed / (double)all : today >= p->last;
    if (p->adds) {
        double actual = isfinite(out->actual) ? out->actual : 0;
        out->expected = p->target * out->elapsed;
        out->forecast = out->elapsed > 0 ? actual / out->elapsed : NAN;
        out->missing = p->target > actual ? p->target - actual : 0;
        out->a_day = left > 0 ? out->missing / (double)left : NAN;
    } else if (isfinite(out->actual)) {
        out->missing = p->target > out->actual ? p->target - out->actual : 0;
    }
    out->pace = out->expected > 0 && isfinite(out->actual) ? out->actual / out->expected : NAN;
    return RC_OK;
}

/* ---- spreading ---- */

static void add_part(struct plan *parts, size_t *n, struct plan part)
{
    part.parent_id = part.id;
    part.id = 0;
    parts[(*n)++] = part;
}

static enum rc by_time(struct measures *m, const struct plan *whole, enum period period, struct plan **parts, size_t *n,
                       struct err *e)
{
    if ((int64_t)period >= whole->period)
        return err_set(e, RC_UNPROCESSABLE, "plan_cannot_spread", "by", NULL);
    *parts = ARENA_ARRAY(m->call->arena, struct plan, 400);
    for (int64_t day = plan_first_day(period, whole->first); day <= whole->last && *n < 400;) {
        struct plan part = *whole;
        part.period = period;
        part.first = day;
        part.last = plan_last_day(period, day);
        /* a week belongs to the month in which it begins */
        if (day >= whole->first)
            add_part(*parts, n, part);
        day = part.last + 1;
    }
    return RC_OK;
}

/* Teams right below one (0: the company), none of which is within another. Where that is a single one with teams of its
 * own, those: a department is not a part of the company's plan beside its teams. */
static void teams_below(const struct measures *m, int64_t team, int64_t *out, size_t *n)
{
    for (int depth = 0; depth < 32; depth++) {
        size_t found = 0;
        for (size_t i = 0; i < m->n_teams; i++)
            if (m->teams[i][1] == team)
                out[found++] = m->teams[i][0];
        if (found == 0)
            return; /* the single one has none: it stays */
        *n = found;
        if (found > 1)
            return;
        team = out[0];
    }
}

static enum rc ids_of(struct measures *m, const char *sql, int64_t arg, int64_t *out, size_t most, size_t *n,
                      struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(m->call->db, &s, sql, e));
    stmt_i64(s, 1, arg);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        if (*n < most)
            out[(*n)++] = stmt_col_i64(s, 0);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static bool among(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* Sellers; whoever else sold a year before has a share by that. Where nobody is a seller: everybody. */
static enum rc people_below(struct measures *m, const struct plan *whole, bool others, int64_t *out, size_t *n,
                            struct err *e)
{
    int64_t *sellers = ARENA_ARRAY(m->call->arena, int64_t, m->n_people + 1);
    size_t n_sellers = 0;
    TRY(ids_of(m, "SELECT id FROM users WHERE role = $1 AND deleted_at IS NULL ORDER BY id", ROLE_SELLER, sellers,
               m->n_people, &n_sellers, e));
    for (int all = others; *n == 0 && all < 2; all++)
        for (size_t i = 0; i < m->n_people; i++)
            if (m->people[i].active && m->people[i].seen && (all || among(sellers, n_sellers, m->people[i].id)) &&
                (!whole->team_id || measure_in_team(m, m->people[i].team_id, whole->team_id)))
                out[(*n)++] = m->people[i].id;
    return RC_OK;
}

static enum rc by_ids(struct measures *m, const struct plan *whole, enum plan_by by, bool others, struct plan **parts,
                      size_t *n, struct err *e)
{
    enum { FUNNELS_MOST = 1000 };
    bool already = (by != SPREAD_FUNNEL && whole->user_id) || (by == SPREAD_FUNNEL && whole->funnel_id);
    if (already)
        return err_set(e, RC_UNPROCESSABLE, "plan_cannot_spread", "by", NULL);
    int64_t *ids = ARENA_ARRAY(m->call->arena, int64_t, m->n_people + m->n_teams + FUNNELS_MOST);
    size_t found = 0, kept = 0;
    if (by == SPREAD_USER)
        TRY(people_below(m, whole, others, ids, &found, e));
    else if (by == SPREAD_TEAM)
        teams_below(m, whole->team_id, ids, &found);
    else
        TRY(ids_of(m, "SELECT id FROM funnel WHERE deleted_at IS NULL AND archived = $1 ORDER BY id", 0, ids,
                   FUNNELS_MOST, &found, e));
    for (size_t i = 0; i < found; i++)
        if (by != SPREAD_FUNNEL || rights_has_funnel(m->call->rights, ids[i]))
            ids[kept++] = ids[i];
    *parts = ARENA_ARRAY(m->call->arena, struct plan, kept + 1);
    for (size_t i = 0; i < kept; i++) {
        struct plan part = *whole;
        *(by == SPREAD_USER ? &part.user_id : by == SPREAD_TEAM ? &part.team_id : &part.funnel_id) = ids[i];
        add_part(*parts, n, part);
    }
    return RC_OK;
}

/* People who sold nothing a year before and are no sellers are no part of a plan in those proportions. */
static enum rc drop_idle(struct measures *m, const struct plan *whole, struct plan *parts, double *weight, size_t *n,
                         struct err *e)
{
    int64_t *sellers = ARENA_ARRAY(m->call->arena, int64_t, m->n_people + 1);
    size_t n_sellers = 0, kept = 0;
    TRY(people_below(m, whole, false, sellers, &n_sellers, e));
    for (size_t i = 0; i < *n; i++) {
        if (weight[i] <= 0 && !among(sellers, n_sellers, parts[i].user_id))
            continue;
        parts[kept] = parts[i];
        weight[kept++] = weight[i];
    }
    *n = kept;
    return RC_OK;
}

/* In whole units, the rest to the last ones, so that the parts are the whole. */
static void share_out(struct plan *parts, size_t n, const double *weight, double target)
{
    double all = 0, given = 0, weighed = 0;
    for (size_t i = 0; i < n; i++)
        all += weight[i];
    for (size_t i = 0; i < n; i++) {
        weighed = i + 1 == n ? 1 : weighed + (all > 0 ? weight[i] / all : 1 / (double)n);
        parts[i].target = round(target * weighed) - given;
        given += parts[i].target;
    }
}

enum rc plan_spread(struct measures *m, const struct plan *whole, enum plan_by by, bool as_last_year,
                    struct plan **parts, size_t *n, struct err *e)
{
    static const enum period periods[] = {PERIOD_MONTH, PERIOD_QUARTER, PERIOD_WEEK};
    *n = 0;
    TRY(by <= SPREAD_WEEK ? by_time(m, whole, periods[by], parts, n, e)
                          : by_ids(m, whole, by, as_last_year && whole->adds, parts, n, e));
    if (*n == 0)
        return err_set(e, RC_UNPROCESSABLE, "plan_cannot_spread", "by", NULL);
    if (!whole->adds)
        return RC_OK;
    double *weight = ARENA_ARRAY(m->call->arena, double, *n + 1);
    for (size_t i = 0; as_last_year && i < *n; i++) {
        const struct plan *p = &(*parts)[i];
        struct measure_ask ask = {.name = p->measure,
                                  .from = p->first - 364, /* the same day of the week */
                                  .to = p->last - 364,
                                  .user_id = p->user_id,
                                  .team_id = p->team_id,
                                  .funnel_id = p->funnel_id,
                                  .product_id = p->product_id};
        TRY(measure_value(m, &ask, &weight[i], e));
        weight[i] = isfinite(weight[i]) && weight[i] > 0 ? weight[i] : 0;
    }
    if (as_last_year && by == SPREAD_USER)
        TRY(drop_idle(m, whole, *parts, weight, n, e));
    share_out(*parts, *n, weight, whole->target);
    return RC_OK;
}
