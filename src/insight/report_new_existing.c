/* 26. New clients against those who have bought before: deals, revenue, conversion, cross-sales. */
#include "crm/fields.h"
#include "insight/purchases.h"
#include <math.h>

#define LAST_DAYS 365
#define TOLD 10

enum { NEW_WON, EXISTING_WON, CROSS, NEW_LOST, EXISTING_LOST, UNKNOWN, COUNTS };
static const char *const counts[] = {"new_won",  "existing_won",  "cross_sales",
                                     "new_lost", "existing_lost", "no_client"};
static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "new_won", .type = RT_INT, .drill = true},
    {.id = "existing_won", .type = RT_INT, .drill = true},
    {.id = "cross_sales", .type = RT_INT, .drill = true},
    {.id = "new_revenue", .type = RT_MONEY},
    {.id = "existing_revenue", .type = RT_MONEY},
    {.id = "cross_revenue", .type = RT_MONEY},
    {.id = "existing_share", .type = RT_RATE},
    {.id = "new_lost", .type = RT_INT, .drill = true},
    {.id = "existing_lost", .type = RT_INT, .drill = true},
    {.id = "new_rate", .type = RT_RATE},
    {.id = "existing_rate", .type = RT_RATE},
    {.id = "existing_low", .type = RT_RATE},
    {.id = "existing_high", .type = RT_RATE},
    {.id = "no_client", .type = RT_INT, .drill = true},
};
struct sums {
    double fresh, existing, cross;
};
struct split {
    struct pop p;
    struct money *money;
    struct purchases b;
    struct purchases_asked asked;
    struct tally t;
    struct sums *of, all;
    int64_t total[COUNTS];
    int asked_kind; /* the deals behind this number of the summary are wanted; -1: of none */
    uint8_t *kind;  /* by index of p.d: enum above + 1 of a won deal, for the copies in further groups */
    int64_t *value; /* by index of p.d */
    struct fact_column products;
};

/* Does the purchase hold a product that no earlier one of this client held? */
static bool crosses(const struct split *x, const struct client *c, uint32_t which)
{
    const struct purchase *all = &x->b.all[c->first];
    struct fact_set now = fact_set(&x->products, fact_get(&x->products, x->p.d[all[which].deal].row));
    for (uint32_t i = 0; i < now.n; i++) {
        bool had = false, told = false;
        for (uint32_t k = 0; k < which && !had; k++) {
            struct fact_set before = fact_set(&x->products, fact_get(&x->products, x->p.d[all[k].deal].row));
            told |= before.n > 0;
            for (uint32_t j = 0; j < before.n && !had; j++)
                had = before.ids[j] == now.ids[i];
        }
        if (!had && told)
            return true;
    }
    return false;
}

/* Bit 0: of an existing client; bit 1: a cross-sale; bit 2: known. */
static void judge_purchases(struct split *x)
{
    for (size_t i = 0; i < x->b.n_clients; i++) {
        const struct client *c = &x->b.clients[i];
        for (uint32_t k = 0; k < c->n; k++) {
            const struct purchase *one = &x->b.all[c->first + k];
            if (!purchases_in(&x->asked, one->at))
                continue;
            x->kind[one->deal] = (uint8_t)(4 | (k > 0) | (k > 0 && k < 200 && crosses(x, c, k) ? 2 : 0));
            x->value[one->deal] = one->value;
        }
    }
}

static void add(struct split *x, const struct pop_deal *d, int which)
{
    tally_add(&x->t, d->group, (size_t)which, pop_id(&x->p, d));
    x->total[which] += !d->again;
    if (which == x->asked_kind && !d->again)
        report_deal(x->p.result, pop_id(&x->p, d));
}

static void won(struct split *x, const struct pop_deal *d, uint8_t kind, int64_t value)
{
    struct sums *to[] = {&x->of[d->group], d->again ? NULL : &x->all};
    if (!(kind & 4)) {
        add(x, d, UNKNOWN);
        return;
    }
    add(x, d, kind & 1 ? EXISTING_WON : NEW_WON);
    if (kind & 2)
        add(x, d, CROSS);
    for (int i = 0; i < 2; i++)
        if (to[i] != NULL) {
            *(kind & 1 ? &to[i]->existing : &to[i]->fresh) += (double)value;
            to[i]->cross += kind & 2 ? (double)value : 0;
        }
}

/* Of a lost deal: had the client bought before it began? */
static void lost(struct split *x, const struct pop_deal *d, int64_t c)
{
    bool existing = c >= 0 && x->b.clients[c].first_at < d->entry;
    add(x, d, existing ? EXISTING_LOST : NEW_LOST);
}

/* By row of deals: index of the deal itself, for its copies in further groups; NULL: there are none. */
static const uint32_t *first_of(const struct pop *p)
{
    if (p->n == p->n_all)
        return NULL;
    uint32_t *first = ARENA_ARRAY(p->call->arena, uint32_t, p->deals->n + 1);
    for (uint32_t i = 0; i < p->n; i++)
        if (!p->d[i].again)
            first[p->d[i].row] = i;
    return first;
}

static void count(struct split *x)
{
    struct pop *p = &x->p;
    const uint32_t *first = first_of(p);
    uint32_t rows[PURCHASES_BLOCK];
    int64_t clients[PURCHASES_BLOCK];
    for (size_t start = 0; start < p->n; start += PURCHASES_BLOCK) {
        size_t end = start + PURCHASES_BLOCK < p->n ? start + PURCHASES_BLOCK : p->n, n = 0;
        for (size_t i = start; i < end; i++)
            if (p->d[i].cause != DEAL_WON && purchases_in(&x->asked, p->d[i].exit))
                rows[n++] = p->d[i].row;
        purchases_clients_of(&x->b, p, rows, n, clients);
        n = 0;
        for (size_t i = start; i < end; i++) {
            const struct pop_deal *d = &p->d[i];
            if (!purchases_in(&x->asked, d->exit))
                continue;
            size_t own = d->again ? first[d->row] : i;
            if (d->cause == DEAL_WON)
                won(x, d, x->kind[own], x->value[own]);
            else
                lost(x, d, clients[n++]);
        }
    }
}

static void look(struct split *x, struct report_result *r)
{
    struct pop *p = &x->p;
    x->asked = purchases_ask(p);
    pop_lock(p);
    purchases_period(p, &x->asked, LAST_DAYS);
    purchases_find(&x->b, p, x->money);
    x->products = pop_column(p, DEAL_PRODUCT_IDS);
    x->asked_kind = -1;
    for (int i = 0; i < COUNTS; i++)
        if (report_asked(p->call, r, "summary", 0, counts[i]))
            x->asked_kind = i;
    x->t = tally_new(p->call, r, "rows", p->n_groups, pop_keys(p), counts, COUNTS);
    x->of = ARENA_ARRAY(p->call->arena, struct sums, p->n_groups + 1);
    x->kind = ARENA_ARRAY(p->call->arena, uint8_t, p->n + 1);
    x->value = arena_alloc(p->call->arena, (p->n + 1) * sizeof *x->value);
    judge_purchases(x);
    count(x);
    pop_unlock(p);
}

/* ---- telling ---- */

static struct cell minor(double v, bool seen)
{
    return seen ? cell_i(llround(v)) : cell_null();
}

static void figures(const struct split *x, const struct sums *s, const int64_t n[COUNTS], struct cell out[14])
{
    bool seen = money_seen(x->p.call);
    int64_t fresh = n[NEW_WON] + n[NEW_LOST], existing = n[EXISTING_WON] + n[EXISTING_LOST];
    out[0] = cell_i(n[NEW_WON]);
    out[1] = cell_i(n[EXISTING_WON]);
    out[2] = cell_i(n[CROSS]);
    out[3] = minor(s->fresh, seen);
    out[4] = minor(s->existing, seen);
    out[5] = minor(s->cross, seen);
    out[6] = seen && s->fresh + s->existing > 0 ? cell_f(s->existing / (s->fresh + s->existing)) : cell_null();
    out[7] = cell_i(n[NEW_LOST]);
    out[8] = cell_i(n[EXISTING_LOST]);
    out[9] = fresh >= TOLD ? cell_f((double)n[NEW_WON] / (double)fresh) : cell_null();
    pop_rate(out + 10, n[EXISTING_WON], existing >= TOLD ? existing : 0);
    out[13] = cell_i(n[UNKNOWN]);
}

static void put(struct split *x, struct report_result *r)
{
    const struct pop *p = &x->p;
    const struct report_call *c = p->call;
    struct cell cells[14];
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t g = 0; g < p->n_groups; g++) {
        struct cell row[15] = {cell_s(p->groups[g].name)};
        int64_t n[COUNTS], any = 0;
        for (int i = 0; i < COUNTS; i++)
            any += n[i] = tally_of(&x->t, g, (size_t)i);
        if (any == 0)
            continue;
        figures(x, &x->of[g], n, row + 1);
        report_row_key(&r->main, p->groups[g].key, row);
    }
    figures(x, &x->all, x->total, cells);
    for (int i = 0; i < 14; i++) {
        if (columns[i + 1].drill)
            report_sum_counted(r, columns[i + 1].id, cells[i].i);
        else
            report_sum(r, columns[i + 1].id, columns[i + 1].type, cells[i]);
    }
    double all = x->all.fresh + x->all.existing;
    if (all > 0 && money_seen(c))
        report_verdict(c, r, "new_existing",
                       (struct str[]){report_percent(c->arena, c->lang, x->all.existing / all),
                                      money_text(c, x->money->currency, x->all.existing),
                                      money_text(c, x->money->currency, all),
                                      str_fmt(c->arena, "%lld", (long long)x->total[CROSS])},
                       4);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct split *x = ARENA_NEW(c->arena, struct split);
    enum rc rc;
    TRY_OUT(pop_read(&x->p, c, r, &(struct pop_spec){.funnels = POP_ANY, .when = POP_CLOSED, .by = "month"}, e));
    TRY_OUT(money_load(&x->money, c, x->p.zone, e));
    look(x, r);
    TRY_OUT(pop_names(&x->p, e));
    put(x, r);
    purchases_notes(&x->b, &x->p, x->money);
    pop_notes(&x->p);
out:
    pop_free(&x->p);
    return rc;
}

const struct report report_new_existing = {
    .id = "new_existing",
    .question = "report.new_existing.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "clients",
    .definition = 1,
    .chart = {.kind = CHART_STACK, .x = "group", .y = "new_revenue", .y2 = "existing_revenue"}};
