/* 27. Win-back and renewals: what funnels of these kinds recover, and which lost clients came back at all. */
#include "base/i18n.h"
#include "crm/choices.h"
#include "crm/fields.h"
#include "insight/chance.h"
#include "insight/purchases.h"
#include <math.h>

#define LAST_DAYS 365
#define AHEAD_DAYS 90
#define TOLD 10

enum { DEALS, WON, LOST, OPEN, COUNTS };
static const char *const counts[] = {"deals", "won", "lost", "open"};
static const struct report_param params[] = {POP_PARAMS, {"days", RP_INT}};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "funnel_kind", .type = RT_TEXT},
    {.id = "deals", .type = RT_INT, .drill = true},
    {.id = "won", .type = RT_INT, .drill = true},
    {.id = "lost", .type = RT_INT, .drill = true},
    {.id = "open", .type = RT_INT, .drill = true},
    {.id = "win_rate", .type = RT_RATE},
    {.id = "win_low", .type = RT_RATE},
    {.id = "win_high", .type = RT_RATE},
    {.id = "expected_wins", .type = RT_REAL},
    {.id = "recovered", .type = RT_MONEY},
    {.id = "revenue_expected", .type = RT_MONEY},
};
static const struct report_column lost_columns[] = {{.id = "came_back_how", .type = RT_TEXT},
                                                    {.id = "won_back", .type = RT_INT, .drill = true},
                                                    {.id = "won_back_rate", .type = RT_RATE},
                                                    {.id = "won_back_low", .type = RT_RATE},
                                                    {.id = "won_back_high", .type = RT_RATE}};

/* A row is a group of deals of one kind of funnel. */
struct row {
    double expected, recovered, to_come;
};
enum { KINDS = 2, REOPENED = 0, BOUGHT = 1 };
struct win_back {
    struct pop p;
    struct money *money;
    struct chance *chance;
    struct purchases b;
    struct purchases_asked asked;
    struct tally t, back; /* t: group * KINDS + kind */
    struct row *of, all;
    int64_t days, total[COUNTS], lost_deals;
    bool asked_lost; /* the deals behind lost_deals are wanted */
    int8_t *kind_of; /* by stage index: 0 renewal, 1 return, -1 neither */
};

static enum rc read_kinds(struct win_back *x, struct err *e)
{
    struct pop *p = &x->p;
    struct stmt *s;
    enum rc rc;
    x->kind_of = arena_alloc(p->call->arena, p->n_stages + 1);
    memset(x->kind_of, -1, p->n_stages + 1);
    TRY(db_prepare(p->call->db, &s, "SELECT id, kind FROM funnel", e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        for (size_t i = 0; i < p->n_stages; i++)
            if (p->stages[i].funnel_id == stmt_col_i64(s, 0))
                x->kind_of[i] = (int8_t)(stmt_col_i64(s, 1) == FUNNEL_RENEWAL  ? 0
                                         : stmt_col_i64(s, 1) == FUNNEL_RETURN ? 1
                                                                               : -1);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc read_args(struct win_back *x, const struct report_call *c, struct report_result *r, struct err *e)
{
    struct str days = report_arg(c, "days");
    x->days = AHEAD_DAYS;
    if (days.len > 0 && (!str_i64(days, &x->days) || x->days < 1 || x->days > 730))
        return report_bad_param(e, "days", days);
    TRY(pop_read(&x->p, c, r, &(struct pop_spec){.funnels = POP_ANY, .by = "funnel", .own_summary = true}, e));
    TRY(money_load(&x->money, c, x->p.zone, e));
    TRY(chance_read(&x->chance, c->arena, c->db, e));
    return read_kinds(x, e);
}

static void one(struct win_back *x, const struct pop_deal *d, int kind, int64_t value)
{
    size_t row = (size_t)d->group * KINDS + (size_t)kind;
    int which = d->cause == DEAL_WON ? WON : d->cause == DEAL_LOST ? LOST : OPEN;
    struct row *to[] = {&x->of[row], d->again ? NULL : &x->all};
    struct chance_deal cd;
    double chance = 0;
    if (d->cause == DEAL_OPEN && chance_deal_at(x->chance, &x->p.view, d->row, x->p.as_of, &cd))
        chance = chance_of(x->chance, CHANCE_BY_STAGE, &cd, x->p.as_of, x->days * MS_DAY, NULL);
    tally_add(&x->t, row, DEALS, pop_id(&x->p, d));
    tally_add(&x->t, row, (size_t)which, pop_id(&x->p, d));
    x->total[DEALS] += !d->again;
    x->total[which] += !d->again;
    for (int i = 0; i < 2; i++)
        if (to[i] != NULL) {
            to[i]->expected += chance;
            to[i]->recovered += which == WON ? (double)value : 0;
            to[i]->to_come += chance * (double)value;
        }
}

/* Deals lost elsewhere in the period, some at a time. */
struct gone {
    uint32_t rows[PURCHASES_BLOCK];
    struct {
        int64_t id, at;
        bool reopened;
    } of[PURCHASES_BLOCK];
    size_t n;
};

/* Did they come back, or their clients buy later? */
static void judge(struct win_back *x, struct gone *g)
{
    int64_t clients[PURCHASES_BLOCK];
    purchases_clients_of(&x->b, &x->p, g->rows, g->n, clients);
    for (size_t i = 0; i < g->n; i++) {
        x->lost_deals++;
        if (x->asked_lost)
            report_deal(x->p.result, g->of[i].id);
        if (g->of[i].reopened)
            tally_add(&x->back, REOPENED, 0, g->of[i].id);
        else if (clients[i] >= 0 && x->b.clients[clients[i]].last_at > g->of[i].at)
            tally_add(&x->back, BOUGHT, 0, g->of[i].id);
    }
    g->n = 0;
}

/* A deal that was lost and then won counts by its win. */
static void gone(struct win_back *x, const struct pop_deal *d, struct gone *g)
{
    bool never = d->cause == DEAL_OPEN && !d->reopened,
         before = d->cause != DEAL_OPEN && x->asked.has_from && d->exit < x->asked.from;
    if (!d->left && (never || before))
        return; /* nothing was lost, or all that was lost was lost before the period */
    struct visits ways = visits_of(&x->p.view, d->row);
    int64_t lost_at = INT64_MIN;
    bool reopened = false;
    for (size_t i = 0; i < ways.n && visit_at(ways.packed[i]) <= x->p.as_of; i++) {
        int stage = pop_stage_of(&x->p, ways.packed[i]);
        if (stage < 0 || visit_passed(ways.packed[i]))
            continue;
        if (lost_at == INT64_MIN && x->p.stages[stage].outcome == DEAL_LOST)
            lost_at = visit_at(ways.packed[i]);
        reopened |= lost_at != INT64_MIN && x->p.stages[stage].outcome == DEAL_WON;
    }
    if (lost_at == INT64_MIN || !purchases_in(&x->asked, lost_at))
        return;
    g->rows[g->n] = d->row;
    g->of[g->n].id = pop_id(&x->p, d);
    g->of[g->n].at = lost_at;
    g->of[g->n++].reopened = reopened;
    if (g->n == PURCHASES_BLOCK)
        judge(x, g);
}

static void scan(struct win_back *x)
{
    struct pop *p = &x->p;
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), currency = pop_column(p, DEAL_CURRENCY);
    struct gone found;
    found.n = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int kind = d->stage >= 0 ? x->kind_of[d->stage] : -1;
        if (kind < 0) {
            if (!d->again)
                gone(x, d, &found);
            continue;
        }
        int64_t v = fact_get(&value, d->row), minor = 0;
        if (!purchases_in(&x->asked, d->entry))
            continue;
        if (v != FACT_NULL && !money_in(x->money, fact_get(&currency, d->row), v, d->exit, &minor))
            minor = 0;
        one(x, d, kind, minor);
    }
    judge(x, &found);
}

static void look(struct win_back *x, struct report_result *r)
{
    static const char *const back[] = {"won_back"};
    static const int64_t back_keys[] = {REOPENED, BOUGHT};
    struct pop *p = &x->p;
    x->asked = purchases_ask(p);
    pop_lock(p);
    purchases_period(p, &x->asked, LAST_DAYS);
    purchases_find(&x->b, p, x->money);
    chance_learn(x->chance, &p->view, &(struct chance_spec){.as_of = p->as_of, .horizon = x->days * MS_DAY});
    int64_t *keys = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups * KINDS + 1);
    for (size_t i = 0; i < p->n_groups * KINDS; i++)
        keys[i] = (int64_t)i;
    x->asked_lost = report_asked(p->call, r, "summary", 0, "lost_deals");
    x->t = tally_new(p->call, r, "rows", p->n_groups * KINDS, keys, counts, COUNTS);
    x->back = tally_new(p->call, r, "lost_elsewhere", 2, back_keys, back, 1);
    x->of = ARENA_ARRAY(p->call->arena, struct row, p->n_groups * KINDS + 1);
    scan(x);
    pop_unlock(p);
}

/* ---- telling ---- */

static struct cell minor(double v, bool seen)
{
    return seen ? cell_i(llround(v)) : cell_null();
}

static void put_rows(struct win_back *x, struct report_result *r)
{
    static const char *const kinds[KINDS] = {"field.funnel.kind:renewal", "field.funnel.kind:return"};
    const struct pop *p = &x->p;
    bool seen = money_seen(p->call);
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < p->n_groups * KINDS; i++) {
        int64_t won = tally_of(&x->t, i, WON), ended = won + tally_of(&x->t, i, LOST);
        struct cell row[12] = {cell_s(p->groups[i / KINDS].name), cell_s(i18n_text(p->call->lang, kinds[i % KINDS]))};
        if (tally_of(&x->t, i, DEALS) == 0)
            continue;
        for (int k = 0; k < COUNTS; k++)
            row[2 + k] = cell_i(tally_of(&x->t, i, (size_t)k));
        pop_rate(row + 6, won, ended >= TOLD ? ended : 0);
        row[9] = cell_f(x->of[i].expected);
        row[10] = minor(x->of[i].recovered, seen);
        row[11] = minor(x->of[i].to_come, seen);
        report_row_key(&r->main, (int64_t)i, row);
    }
}

static void put_back(struct win_back *x, struct report_result *r)
{
    static const char *const how[] = {"report.back.reopened", "report.back.bought"};
    struct report_table *t =
        report_table_add(r, "lost_elsewhere", lost_columns, sizeof lost_columns / sizeof *lost_columns);
    for (int i = 0; i < 2 && x->lost_deals > 0; i++) {
        int64_t n = tally_of(&x->back, (size_t)i, 0);
        struct cell row[5] = {cell_s(i18n_text(x->p.call->lang, how[i])), cell_i(n)};
        pop_rate(row + 2, n, x->lost_deals >= TOLD ? x->lost_deals : 0);
        report_row_key(t, i, row);
    }
}

static void put_rest(struct win_back *x, struct report_result *r)
{
    const struct report_call *c = x->p.call;
    bool seen = money_seen(c);
    int64_t back = tally_of(&x->back, 0, 0) + tally_of(&x->back, 1, 0), ended = x->total[WON] + x->total[LOST];
    for (int i = 0; i < COUNTS; i++)
        report_sum_counted(r, counts[i], x->total[i]);
    report_sum(r, "win_rate", RT_RATE, ended >= TOLD ? cell_f((double)x->total[WON] / (double)ended) : cell_null());
    report_sum(r, "expected_wins", RT_REAL, cell_f(x->all.expected));
    report_sum(r, "recovered", RT_MONEY, minor(x->all.recovered, seen));
    report_sum(r, "revenue_expected", RT_MONEY, minor(x->all.to_come, seen));
    report_sum_counted(r, "lost_deals", x->lost_deals);
    report_sum_counted(r, "won_back", back);
    report_sum(r, "won_back_rate", RT_RATE,
               x->lost_deals >= TOLD ? cell_f((double)back / (double)x->lost_deals) : cell_null());
    struct str days = str_fmt(c->arena, "%lld", (long long)x->days);
    if (x->total[DEALS] > 0 && seen)
        report_verdict(c, r, "win_back",
                       (struct str[]){money_text(c, x->money->currency, x->all.recovered),
                                      str_fmt(c->arena, "%lld", (long long)x->total[WON]),
                                      str_fmt(c->arena, "%lld", (long long)x->total[DEALS]),
                                      money_text(c, x->money->currency, x->all.to_come), days},
                       5);
    else if (x->total[DEALS] == 0)
        report_note(c, r, "no_win_back", NULL, 0);
    if (x->total[OPEN] > 0)
        report_note(c, r, "watched_ahead", &days, 1);
    report_param_is(r, "days", RT_INT, cell_i(x->days));
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct win_back *x = ARENA_NEW(c->arena, struct win_back);
    enum rc rc;
    TRY_OUT(read_args(x, c, r, e));
    look(x, r);
    TRY_OUT(pop_names(&x->p, e));
    put_rows(x, r);
    put_back(x, r);
    put_rest(x, r);
    money_notes(x->money, c, r);
    pop_notes(&x->p);
out:
    pop_free(&x->p);
    chance_free(x->chance);
    return rc;
}

const struct report report_win_back = {.id = "win_back",
                                       .question = "report.win_back.question",
                                       .params = params,
                                       .n_params = sizeof params / sizeof *params,
                                       .run = run,
                                       .group = "clients",
                                       .definition = 1,
                                       .chart = {.kind = CHART_BARS, .x = "group", .y = "recovered"}};
