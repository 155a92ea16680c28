/* Whom we meet, against whom we win, and how their prices stand to ours. */
#include "base/i18n.h"
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/money.h"
#include "insight/people.h"
#include <math.h>

enum { MET, WINS, LOSSES, LOST_TO, PRICED, CHEAPER, COLUMNS };
static const char *const counted[] = {"met", "wins", "losses", "lost_to", "priced", "cheaper"};
static const struct report_column columns[] = {
    {"competitor", RT_TEXT},
    {"met", RT_INT, .drill = true},
    {"wins", RT_INT, .drill = true},
    {"losses", RT_INT, .drill = true},
    {"lost_to", RT_INT, .drill = true},
    {"win_rate", RT_RATE},
    {"win_low", RT_RATE},
    {"win_high", RT_RATE},
    {"priced", RT_INT, .drill = true, .events = true},
    {"price_gap", RT_POINTS},
    {"cheaper", RT_INT, .drill = true, .events = true},
};
static const struct report_param params[] = {
    POP_FUNNEL, POP_PERIOD, {"as_of", RP_TIME}, {"filter", RP_FILTER}, {"time_zone", RP_TEXT}};
#define GAP_SCALE 1000000.0 /* of a share kept as a whole number */

struct met { /* a competitor in a deal */
    uint32_t row, next;
};
struct rivals {
    struct pop p;
    struct tally t;
    struct money *money;
    struct mask_plan *plan;
    struct people_group *all; /* competitors by id; the last: deals without one */
    size_t n;
    uint32_t *first; /* by row of deals: index of met + 1 */
    VEC(struct met) met;
    struct people_values gaps; /* (theirs - ours) / ours */
};

static size_t row_of(const struct rivals *v, int64_t competitor)
{
    size_t low = 0, high = v->n - 1;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (v->all[mid].key < competitor)
            low = mid + 1;
        else
            high = mid;
    }
    return low < v->n - 1 && v->all[low].key == competitor ? low : SIZE_MAX;
}

static void meet(struct rivals *v, uint32_t deal, size_t row)
{
    for (uint32_t i = v->first[deal]; i != 0; i = v->met.ptr[i - 1].next)
        if (v->met.ptr[i - 1].row == row)
            return;
    struct met one = {(uint32_t)row, v->first[deal]};
    vec_push(&v->met, one);
    v->first[deal] = (uint32_t)v->met.len;
}

/* The deal's value and the offer, both in the company's money. */
static void compare(struct rivals *v, size_t row, uint32_t deal, struct str currency, int64_t price, int64_t at,
                    const struct fact_column *value, const struct fact_column *of)
{
    int64_t ours, theirs, worth = fact_get(value, deal);
    if (price <= 0 || worth == FACT_NULL || worth <= 0 || !money_in(v->money, fact_get(of, deal), worth, at, &ours) ||
        !money_of(v->money, currency, price, at, &theirs) || ours <= 0)
        return;
    people_value(&v->gaps, row, (int64_t)((double)(theirs - ours) / (double)ours * GAP_SCALE));
    tally_add(&v->t, row, PRICED, v->p.deals->ids[deal]);
    if (theirs < ours)
        tally_add(&v->t, row, CHEAPER, v->p.deals->ids[deal]);
}

static void scan_offers(struct rivals *v, const uint8_t *chosen)
{
    struct pop *p = &v->p;
    const struct facts *offers = &p->view.facts[FACT_COMPETITOR_OFFER];
    const struct fact_column *deal = fact_column(offers, COMPETITOR_OFFER_DEAL_ID),
                             *who = fact_column(offers, COMPETITOR_OFFER_COMPETITOR_ID),
                             *price = fact_column(offers, COMPETITOR_OFFER_PRICE_MINOR),
                             *currency = fact_column(offers, COMPETITOR_OFFER_CURRENCY);
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), of = pop_column(p, DEAL_CURRENCY);
    const uint64_t *seen = mask_apply(v->plan, &p->view, FACT_NEVER, p->call->arena);
    bool money = money_seen(p->call);
    for (size_t i = 0; i < offers->n; i++) {
        uint32_t at = fact_row(p->deals, fact_id(deal, i));
        size_t row = row_of(v, fact_id(who, i));
        if (at == FACT_NO_ROW || row == SIZE_MAX || !chosen[at] || !mask_has(seen, i) ||
            !fact_alive(offers, i, p->as_of))
            continue;
        meet(v, at, row);
        if (money)
            compare(v, row, at, fact_text(currency, fact_get(currency, i)), fact_get(price, i), offers->created_at[i],
                    &value, &of);
    }
}

static void scan(struct rivals *v)
{
    struct pop *p = &v->p;
    struct arena *a = p->call->arena;
    uint8_t *chosen = arena_zalloc(a, p->deals->n + 1);
    struct fact_column lost_to = pop_column(p, DEAL_COMPETITOR_ID);
    v->first = arena_zalloc(a, (p->deals->n + 1) * sizeof *v->first);
    for (size_t i = 0; i < p->n; i++)
        chosen[p->d[i].row] = 1;
    money_column(v->money, fact_column(p->deals, DEAL_CURRENCY));
    scan_offers(v, chosen);
    bool with = report_asked(p->call, p->result, "summary", 0, "with_competitor");
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t id = pop_id(p, d), named = fact_id(&lost_to, d->row);
        size_t to = named ? row_of(v, named) : SIZE_MAX;
        if (to != SIZE_MAX)
            meet(v, d->row, to);
        if (with && v->first[d->row])
            report_deal(p->result, id);
        struct met none = {(uint32_t)v->n - 1, 0};
        const struct met *m = v->first[d->row] ? &v->met.ptr[v->first[d->row] - 1] : &none;
        for (;; m = &v->met.ptr[m->next - 1]) {
            tally_add(&v->t, m->row, MET, id);
            if (d->cause != DEAL_OPEN)
                tally_add(&v->t, m->row, d->cause == DEAL_WON ? WINS : LOSSES, id);
            if (d->cause == DEAL_LOST && m->row == to)
                tally_add(&v->t, m->row, LOST_TO, id);
            if (m->next == 0)
                break;
        }
    }
}

static void put_rows(struct rivals *v)
{
    struct pop *p = &v->p;
    const struct report_call *c = p->call;
    struct report_table *t = &p->result->main;
    int64_t *k = ARENA_ARRAY(c->arena, int64_t, v->n), *n = ARENA_ARRAY(c->arena, int64_t, v->n);
    size_t most = SIZE_MAX;
    for (size_t i = 0; i < v->n; i++) {
        k[i] = tally_of(&v->t, i, WINS);
        n[i] = k[i] + tally_of(&v->t, i, LOSSES);
        if (i + 1 < v->n && tally_of(&v->t, i, LOST_TO) > (most == SIZE_MAX ? 0 : tally_of(&v->t, most, LOST_TO)))
            most = i;
    }
    struct people_rate *rates = people_rates(c, p->result, k, n, v->n, false);
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < v->n; i++) {
        double gap = people_quantile(&v->gaps, v->n, i, 0.5) / GAP_SCALE;
        struct cell row[] = {cell_s(v->all[i].name),
                             cell_i(tally_of(&v->t, i, MET)),
                             cell_i(k[i]),
                             cell_i(tally_of(&v->t, i, LOSSES)),
                             cell_i(tally_of(&v->t, i, LOST_TO)),
                             cell_null(),
                             cell_null(),
                             cell_null(),
                             cell_i(tally_of(&v->t, i, PRICED)),
                             cell_f(gap),
                             cell_i(tally_of(&v->t, i, CHEAPER))};
        people_rate_cells(row + 5, &rates[i]);
        if (tally_of(&v->t, i, MET) > 0)
            report_row_key(t, v->all[i].key, row);
    }
    int64_t with = (int64_t)p->n_all - tally_of(&v->t, v->n - 1, MET);
    report_sum_counted(p->result, "deals", (int64_t)p->n_all);
    report_sum_counted(p->result, "with_competitor", with);
    report_sum(p->result, "price_gap", RT_POINTS, cell_f(people_quantile(&v->gaps, v->n, SIZE_MAX, 0.5) / GAP_SCALE));
    if (with > 0) {
        struct str args[] = {people_count(c, with), people_count(c, (int64_t)p->n_all),
                             most != SIZE_MAX ? v->all[most].name : STR(""),
                             most != SIZE_MAX ? people_count(c, tally_of(&v->t, most, LOST_TO)) : STR("")};
        report_verdict(c, p->result, most != SIZE_MAX ? "competitors_lost" : "competitors", args, 4);
    }
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct rivals v = {0};
    enum rc rc;
    if (people_hidden(c, r, ENT_DEAL, DEAL_COMPETITOR_ID, columns, sizeof columns / sizeof *columns))
        return RC_OK;
    TRY_OUT(pop_read(&v.p, c, r, &(struct pop_spec){.when = POP_ALIVE, .last_days = 365}, e));
    TRY_OUT(
        people_named(c, "SELECT id, name FROM competitor ORDER BY id", "report.group.no_competitor", &v.all, &v.n, e));
    TRY_OUT(money_load(&v.money, c, v.p.zone, e));
    TRY_OUT(mask_plan(&v.plan, c->arena, c->db, c->projection, FACT_COMPETITOR_OFFER, c->rights, NULL, e));
    int64_t *keys = ARENA_ARRAY(c->arena, int64_t, v.n);
    for (size_t i = 0; i < v.n; i++)
        keys[i] = v.all[i].key;
    pop_lock(&v.p);
    v.t = tally_new(c, r, "rows", v.n, keys, counted, COLUMNS);
    scan(&v);
    pop_unlock(&v.p);
    people_sorted(&v.gaps, c->arena, v.n);
    put_rows(&v);
    money_notes(v.money, c, r);
    pop_notes(&v.p);
    rc = RC_OK;
out:
    vec_free(&v.met);
    vec_free(&v.gaps.all);
    pop_free(&v.p);
    return rc;
}

const struct report report_competitors = {
    .id = "competitors",
    .question = "report.competitors.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "clients",
    .definition = 1,
    .chart = {CHART_DOTS, NULL, "competitor", "win_rate", NULL, "win_low", "win_high"}};
