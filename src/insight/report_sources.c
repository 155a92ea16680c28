/* 23. Sources and UTM marks: what each brings, what it costs and what it returns, by the month its leads were created.
 */
#include "base/i18n.h"
#include "base/map.h"
#include "crm/choices.h"
#include "crm/fields.h"
#include "insight/sources.h"
#include <math.h>

#define LAST_DAYS 365
#define WATCH_DAYS 180

static const struct report_param params[] = {
    POP_PARAMS,
    {"model", RP_CHOICE, attribution_models},
    {"level", RP_CHOICE, attribution_levels},
    {"days", RP_INT},
};

static int choice(const struct report_call *c, const char *name, const char *const *choices)
{
    struct str s = report_arg(c, name);
    for (int i = 0; choices[i] != NULL; i++)
        if (str_eqc(s, choices[i]))
            return i;
    return 0;
}

static enum rc read_args(struct sources *s, const struct report_call *c, struct report_result *r, struct err *e)
{
    struct str days = report_arg(c, "days");
    enum attribution_model model = (enum attribution_model)choice(c, "model", attribution_models);
    s->level = (enum attribution_level)choice(c, "level", attribution_levels);
    s->by_group = report_arg(c, "by").len > 0 && report_arg(c, "level").len == 0;
    s->days = WATCH_DAYS;
    if (days.len > 0 && (!str_i64(days, &s->days) || s->days < 1 || s->days > 1000))
        return report_bad_param(e, "days", days);
    TRY(pop_read(&s->p, c, r, &(struct pop_spec){.when = POP_ALIVE, .last_days = LAST_DAYS, .own_summary = true}, e));
    TRY(attribution_read(&s->credit, c->arena, c->db, c->rights, model, s->level, e));
    s->cost_seen = rights_all_rows(c->rights, entity_by_id(ENT_AD_COST), RIGHT_SEE);
    if (s->cost_seen && (s->by_group || s->level > LEVEL_CAMPAIGN))
        TRY(attribution_read(&s->by_campaign, c->arena, c->db, c->rights, model, LEVEL_CAMPAIGN, e));
    TRY(chance_read(&s->chance, c->arena, c->db, e));
    return money_load(&s->money, c, s->p.zone, e);
}

/* ---- where numbers go ---- */

static struct channel *channel(struct sources *s, int64_t key)
{
    int32_t none = 0;
    struct channel fresh = {.key = key};
    while ((int64_t)s->of_key.len <= key + 1)
        vec_push(&s->of_key, none);
    int32_t *at = &s->of_key.ptr[key + 1];
    if (*at == 0) {
        vec_push(&s->all, fresh);
        *at = (int32_t)s->all.len;
    }
    return &s->all.ptr[*at - 1];
}

static int64_t month_begins(const struct sources *s, int64_t month)
{
    return zone_midnight(s->p.zone, date_from_civil((int)(month / 12), (unsigned)(month % 12) + 1, 1));
}

/* Deals come nearly in order of time: the month of the one before is remembered. */
static int64_t month_of(struct sources *s, int64_t at)
{
    int year;
    unsigned month, day;
    if (at >= s->month_from && at < s->month_to)
        return s->month_known;
    date_to_civil(zone_day(s->p.zone, at), &year, &month, &day);
    s->month_known = year * 12LL + (month - 1);
    s->month_from = month_begins(s, s->month_known);
    s->month_to = month_begins(s, s->month_known + 1);
    return s->month_known;
}

static struct sources_sum *month(struct sources *s, int64_t at)
{
    int64_t i = month_of(s, at) - s->first_month;
    return i >= 0 && (size_t)i < s->month.len ? &s->month.ptr[i] : &s->outside;
}

static void make_months(struct sources *s)
{
    struct sources_sum none = {0};
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < s->p.n; i++) {
        first = s->p.d[i].entry < first ? s->p.d[i].entry : first;
        last = s->p.d[i].entry > last ? s->p.d[i].entry : last;
    }
    first = s->p.has_from ? s->p.from : first;
    last = s->p.has_to ? s->p.to - 1 : last;
    last = last < s->p.as_of ? last : s->p.as_of;
    if (first > last)
        return;
    s->first_month = month_of(s, first);
    for (int64_t n = month_of(s, last) - s->first_month; n >= 0 && n < 1200; n--)
        vec_push(&s->month, none);
}

static void add(struct sources_sum *to, const struct sources_sum *x, double share)
{
    to->leads += share * x->leads;
    to->won += share * x->won;
    to->expected += share * x->expected;
    to->revenue += share * x->revenue;
    to->to_come += share * x->to_come;
    to->margin += share * x->margin;
    to->margin_to_come += share * x->margin_to_come;
    to->cost += share * x->cost;
    to->closed_won += share * x->closed_won;
}

/* ---- costs ---- */

static bool in_period(const struct sources *s, int64_t at)
{
    const struct pop *p = &s->p;
    return (!p->has_from || at >= p->from) && (!p->has_to || at < p->to) && at <= p->as_of;
}

static struct cost_cell *cell(struct sources *s, int64_t campaign, int64_t at)
{
    int64_t m = month_of(s, at), key = campaign * 65536 + m, i;
    struct cost_cell fresh = {.campaign = campaign, .month = m};
    if (s->cells.ptr == NULL)
        vec_reserve(&s->cells, 64);
    if (!intmap_get(s->cell_of, key, &i)) {
        i = (int64_t)s->cells.len;
        intmap_put(s->cell_of, key, i);
        vec_push(&s->cells, fresh);
    }
    return &s->cells.ptr[i];
}

static void add_cost(struct sources *s, int64_t campaign, int64_t at, int64_t minor)
{
    if (!in_period(s, at))
        return;
    s->total.cost += (double)minor;
    month(s, at)->cost += (double)minor;
    if (s->by_campaign != NULL)
        cell(s, campaign, at)->cost += (double)minor;
    else
        channel(s, s->level == LEVEL_CAMPAIGN ? campaign : attribution_source_of(s->credit, campaign))->sum.cost +=
            (double)minor;
}

/* Costs by day; a campaign without any has its own sum spread over its days. */
static void take_costs(struct sources *s, const struct projection_view *v)
{
    const struct facts *f = &v->facts[FACT_AD_COST];
    const struct fact_column *campaign = fact_column(f, AD_COST_CAMPAIGN_ID), *day = fact_column(f, AD_COST_DAY_ON),
                             *cost = fact_column(f, AD_COST_COST_MINOR), *currency = fact_column(f, AD_COST_CURRENCY);
    money_column(s->money, currency);
    for (size_t i = 0; s->cost_seen && i < f->n; i++) {
        int64_t minor;
        if (fact_deleted(f, i) || fact_get(cost, i) == FACT_NULL || fact_get(day, i) == FACT_NULL)
            continue;
        int64_t at = zone_midnight(s->p.zone, fact_get(day, i));
        if (money_in(s->money, fact_get(currency, i), fact_get(cost, i), at, &minor))
            add_cost(s, fact_id(campaign, i), at, minor);
    }
}

struct whole_cost {
    int64_t campaign, minor, first, last; /* days */
    struct str currency;
};

/* Read before the lock: campaigns that have a sum of their own and no costs by day. */
static enum rc read_whole_costs(struct sources *s, struct whole_cost **out, size_t *n, struct err *e)
{
    struct arena *a = s->p.call->arena;
    VEC(struct whole_cost) found = {0};
    struct stmt *q;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(s->p.call->db, &q,
                   "SELECT c.id, c.cost_minor, c.currency, c.starts_on, c.ends_on, c.created_at FROM campaign c WHERE"
                   " c.deleted_at IS NULL AND c.cost_minor > 0 AND NOT EXISTS (SELECT 1 FROM ad_cost a WHERE"
                   " a.campaign_id = c.id AND a.deleted_at IS NULL) ORDER BY c.id",
                   e));
    while ((rc = stmt_step(q, e)) == RC_ROW) {
        struct whole_cost one = {.campaign = stmt_col_i64(q, 0), .minor = stmt_col_i64(q, 1)};
        one.currency = str_dup(a, stmt_col_str(q, 2));
        one.first = stmt_col_null(q, 3) ? zone_day(s->p.zone, stmt_col_i64(q, 5)) : stmt_col_i64(q, 3);
        one.last = stmt_col_null(q, 4) ? one.first : stmt_col_i64(q, 4);
        one.last = one.last < one.first ? one.first : one.last;
        vec_push(&found, one);
    }
    stmt_done(q);
    *out = ARENA_ARRAY(a, struct whole_cost, found.len + 1);
    if (found.len)
        memcpy(*out, found.ptr, found.len * sizeof *found.ptr);
    *n = found.len;
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

static void take_whole_costs(struct sources *s, const struct whole_cost *w, size_t n)
{
    for (size_t i = 0; s->cost_seen && i < n; i++) {
        int64_t minor, days = w[i].last - w[i].first + 1;
        if (!money_of(s->money, w[i].currency, w[i].minor, zone_midnight(s->p.zone, w[i].first), &minor))
            continue;
        for (int64_t d = 0; d < days && d < 4000; d++)
            add_cost(s, w[i].campaign, zone_midnight(s->p.zone, w[i].first + d),
                     minor * (d + 1) / days - minor * d / days);
    }
}

/* ---- deals ---- */

struct columns {
    struct fact_column value, cost, currency;
};

static void weigh(struct sources *s, const struct columns *c, const struct pop_deal *d, struct sources_sum *x)
{
    const struct pop *p = &s->p;
    int64_t at = d->cause == DEAL_OPEN ? p->as_of : d->exit, value = 0, cost = 0;
    bool lead = in_period(s, d->entry);
    int64_t minor = fact_get(&c->value, d->row), spent = fact_get(&c->cost, d->row),
            cur = fact_get(&c->currency, d->row);
    if (minor != FACT_NULL && !money_in(s->money, cur, minor, at, &value))
        value = 0;
    if (spent != FACT_NULL && !money_in(s->money, cur, spent, at, &cost))
        cost = 0;
    *x = (struct sources_sum){.leads = lead};
    x->closed_won = d->cause == DEAL_WON && in_period(s, d->exit);
    if (!lead)
        return;
    double p_win = d->cause == DEAL_WON;
    if (d->cause == DEAL_OPEN && !d->left) {
        struct chance_deal cd;
        if (chance_deal_at(s->chance, &p->view, d->row, p->as_of, &cd))
            p_win = chance_of(s->chance, CHANCE_BY_STAGE, &cd, p->as_of, s->days * MS_DAY, NULL);
    }
    bool won = d->cause == DEAL_WON;
    s->no_value += minor == FACT_NULL && d->cause != DEAL_LOST && !d->again;
    x->won = won;
    x->expected = won ? 0 : p_win;
    x->revenue = won ? (double)value : 0;
    x->margin = won ? (double)(value - cost) : 0;
    x->to_come = won ? 0 : p_win * (double)value;
    x->margin_to_come = won ? 0 : p_win * (double)(value - cost);
}

static void count(struct channel *ch, const struct pop_deal *d, const struct sources_sum *x, double share)
{
    add(&ch->sum, x, share);
    if (x->leads == 0)
        return;
    ch->n[LEADS]++;
    ch->n[WON] += d->cause == DEAL_WON;
    ch->n[OPEN] += d->cause == DEAL_OPEN;
}

static size_t credits_of(struct sources *s, const struct pop_deal *d, struct credit *out)
{
    if (!s->by_group)
        return attribution_of(s->credit, d->row, d->exit, out);
    out[0] = (struct credit){d->group, 1};
    return 1;
}

/* The leads that share each campaign's cost of each month. */
static void count_sharers(struct sources *s)
{
    struct credit credits[CREDITS_MOST];
    for (size_t i = 0; i < s->p.n; i++) {
        const struct pop_deal *d = &s->p.d[i];
        if (d->again || !in_period(s, d->entry))
            continue;
        size_t n = attribution_of(s->by_campaign, d->row, d->exit, credits);
        for (size_t k = 0; k < n; k++)
            if (credits[k].key != CREDIT_NONE)
                cell(s, credits[k].key, d->entry)->leads += credits[k].share;
    }
}

static double share_of_cost(struct sources *s, const struct pop_deal *d)
{
    struct credit credits[CREDITS_MOST];
    double cost = 0;
    size_t n = attribution_of(s->by_campaign, d->row, d->exit, credits);
    for (size_t k = 0; k < n; k++) {
        struct cost_cell *c = credits[k].key == CREDIT_NONE ? NULL : cell(s, credits[k].key, d->entry);
        if (c != NULL && c->leads > 0)
            cost += credits[k].share * c->cost / c->leads;
    }
    return cost;
}

static void scan(struct sources *s)
{
    struct columns c = {pop_column(&s->p, DEAL_VALUE_MINOR), pop_column(&s->p, DEAL_COST_MINOR),
                        pop_column(&s->p, DEAL_CURRENCY)};
    struct credit credits[CREDITS_MOST];
    money_column(s->money, &c.currency);
    for (size_t i = 0; i < s->p.n; i++) {
        const struct pop_deal *d = &s->p.d[i];
        struct sources_sum x;
        weigh(s, &c, d, &x);
        if (x.leads == 0 && x.closed_won == 0)
            continue;
        if (!d->again) { /* costs are in the totals already */
            add(&s->total, &x, 1);
            add(month(s, d->entry), &x, 1);
            s->n[LEADS] += x.leads > 0;
            s->n[WON] += x.leads > 0 && d->cause == DEAL_WON;
            s->n[OPEN] += x.leads > 0 && d->cause == DEAL_OPEN;
        }
        if (s->by_campaign != NULL && x.leads > 0)
            x.cost = share_of_cost(s, d);
        size_t n = credits_of(s, d, credits);
        for (size_t k = 0; k < n; k++)
            count(channel(s, credits[k].key), d, &x, credits[k].share);
    }
}

/* Costs of months in which their campaign brought nobody. */
static void lone_costs(struct sources *s)
{
    for (size_t i = 0; i < s->cells.len; i++)
        if (s->cells.ptr[i].leads <= 0)
            s->cost_alone += s->cells.ptr[i].cost;
}

static int by_size(const void *x, const void *y)
{
    const struct channel *a = x, *b = y;
    if (a->n[LEADS] != b->n[LEADS])
        return a->n[LEADS] < b->n[LEADS] ? 1 : -1;
    return a->key < b->key ? -1 : a->key > b->key;
}

static void rank(struct sources *s)
{
    if (s->all.len > 0)
        qsort(s->all.ptr, s->all.len, sizeof *s->all.ptr, by_size);
    s->n_shown = s->all.len < SOURCES_SHOWN ? s->all.len : SOURCES_SHOWN;
    s->others = (struct channel){.key = SOURCES_OTHERS};
    for (size_t i = 0; i < s->all.len; i++) {
        s->of_key.ptr[s->all.ptr[i].key + 1] = (int32_t)i + 1;
        s->all.ptr[i].shown = i < s->n_shown;
        if (i < s->n_shown)
            continue;
        add(&s->others.sum, &s->all.ptr[i].sum, 1);
        for (int k = 0; k < SOURCES_COUNTS; k++)
            s->others.n[k] += s->all.ptr[i].n[k];
    }
}

/* The deals behind one number, when these were asked for. */
static void drill(struct sources *s, struct report_result *r)
{
    static const char *const counts[] = {"leads", "won", "open", "closed_won"};
    const struct report_drill *asked = s->p.call->drill;
    struct credit credits[CREDITS_MOST];
    int which = -1;
    bool rows = asked != NULL && str_eqc(asked->table, "rows");
    bool months = asked != NULL && str_eqc(asked->table, "cohorts"),
         all = asked != NULL && str_eqc(asked->table, "summary");
    for (int i = 0; (rows || months || all) && i < SOURCES_COUNTS + all; i++)
        if (str_eqc(asked->column, counts[i]))
            which = i;
    for (size_t i = 0; which >= 0 && i < s->p.n; i++) {
        const struct pop_deal *d = &s->p.d[i];
        if (which == SOURCES_COUNTS && d->cause == DEAL_WON && in_period(s, d->exit))
            report_deal(r, pop_id(&s->p, d));
        if (which == SOURCES_COUNTS || !in_period(s, d->entry) || (which == WON && d->cause != DEAL_WON) ||
            (which == OPEN && d->cause != DEAL_OPEN))
            continue;
        if (all || (months && month_of(s, d->entry) == asked->key))
            report_deal(r, pop_id(&s->p, d));
        size_t n = rows ? credits_of(s, d, credits) : 0;
        for (size_t k = 0; k < n; k++) {
            const struct channel *ch = channel(s, credits[k].key);
            int64_t key = s->by_group ? s->p.groups[ch->key].key : ch->key;
            if ((ch->shown ? key : SOURCES_OTHERS) == asked->key)
                report_deal(r, pop_id(&s->p, d));
        }
    }
    r->drilled = r->drilled || which >= 0;
}

static enum rc name(struct sources *s, struct channel *ch, struct err *e)
{
    const struct report_call *c = s->p.call;
    if (s->by_group)
        ch->name = s->p.groups[ch->key].name;
    else if (ch->key == CREDIT_NONE)
        ch->name = i18n_text(c->lang, "report.group.none");
    else if (attribution_level_is_text(s->level))
        ch->name = attribution_text(s->credit, ch->key);
    else if (s->level == LEVEL_KIND)
        ch->name = i18n_text(c->lang, str_fmt(c->arena, "field.touch.kind:%s", touch_kind_names[ch->key]).ptr);
    else
        TRY(pop_name_of(&s->p,
                        s->level == LEVEL_SOURCE     ? ENT_SOURCE
                        : s->level == LEVEL_CAMPAIGN ? ENT_CAMPAIGN
                                                     : ENT_CONTACT,
                        ch->key, &ch->name, e));
    if (ch->name.ptr == NULL)
        ch->name = i18n_text(c->lang, "report.group.none");
    return RC_OK;
}

static void look(struct sources *s, const struct whole_cost *whole, size_t n_whole, struct report_result *r)
{
    struct pop *p = &s->p;
    pop_lock(p);
    attribution_begin(s->credit, &p->view, p->as_of, p->past);
    if (s->by_campaign != NULL)
        attribution_begin(s->by_campaign, &p->view, p->as_of, p->past);
    chance_learn(s->chance, &p->view, &(struct chance_spec){.as_of = p->as_of, .horizon = s->days * MS_DAY});
    make_months(s);
    take_costs(s, &p->view);
    take_whole_costs(s, whole, n_whole);
    if (s->by_campaign != NULL)
        count_sharers(s);
    scan(s);
    lone_costs(s);
    rank(s);
    drill(s, r);
    pop_unlock(p);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct sources s = {.cell_of = intmap_new()};
    struct whole_cost *whole = NULL;
    size_t n_whole = 0;
    enum rc rc;
    TRY_OUT(read_args(&s, c, r, e));
    TRY_OUT(read_whole_costs(&s, &whole, &n_whole, e));
    look(&s, whole, n_whole, r);
    TRY_OUT(pop_names(&s.p, e));
    for (size_t i = 0; i < s.n_shown; i++)
        TRY_OUT(name(&s, &s.all.ptr[i], e));
    s.others.name = i18n_text(c->lang, "report.group.others");
    sources_put(&s, r);
out:
    pop_free(&s.p);
    attribution_free(s.credit);
    attribution_free(s.by_campaign);
    chance_free(s.chance);
    intmap_free(s.cell_of);
    vec_free(&s.all);
    vec_free(&s.of_key);
    vec_free(&s.month);
    vec_free(&s.cells);
    return rc;
}

const struct report report_sources = {.id = "sources",
                                      .question = "report.sources.question",
                                      .params = params,
                                      .n_params = sizeof params / sizeof *params,
                                      .run = run,
                                      .group = "money",
                                      .definition = 1,
                                      .chart = {.kind = CHART_BARS, .x = "channel", .y = "romi"}};
