/* 25. Products: what is asked for, what is bought, the key product, who prefers what and what goes together. */
#include "base/map.h"
#include "crm/fields.h"
#include "insight/money.h"
#include "insight/walk.h"
#include <math.h>

#define LAST_DAYS 365
#define TOLD 10
#define SHOWN 200
#define PAIRS_SHOWN 30
#define PAIR_LEAST 5
#define PREFERENCES_SHOWN 300

enum { ASKED, WON, LOST, OPEN, COUNTS };
static const char *const counts[] = {"deals", "won", "lost", "open"};
static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "product", .type = RT_TEXT},
    {.id = "product_id", .type = RT_ID, .ref = "products"},
    {.id = "deals", .type = RT_INT, .drill = true},
    {.id = "won", .type = RT_INT, .drill = true},
    {.id = "lost", .type = RT_INT, .drill = true},
    {.id = "open", .type = RT_INT, .drill = true},
    {.id = "win_rate", .type = RT_RATE},
    {.id = "win_low", .type = RT_RATE},
    {.id = "win_high", .type = RT_RATE},
    {.id = "quantity", .type = RT_REAL},
    {.id = "revenue", .type = RT_MONEY},
    {.id = "revenue_share", .type = RT_RATE},
    {.id = "average_price", .type = RT_MONEY},
    {.id = "discount", .type = RT_RATE},
    {.id = "with_others", .type = RT_RATE},
};
static const struct report_column preference_columns[] = {{.id = "group", .type = RT_TEXT},
                                                          {.id = "product", .type = RT_TEXT},
                                                          {.id = "product_id", .type = RT_ID, .ref = "products"},
                                                          {.id = "asked_in_group", .type = RT_INT, .drill = true},
                                                          {.id = "group_share", .type = RT_RATE},
                                                          {.id = "all_share", .type = RT_RATE},
                                                          {.id = "preference", .type = RT_REAL}};
static const struct report_column pair_columns[] = {{.id = "product", .type = RT_TEXT},
                                                    {.id = "other_product", .type = RT_TEXT},
                                                    {.id = "together", .type = RT_INT, .drill = true},
                                                    {.id = "lift", .type = RT_REAL}};

struct product {
    int64_t id;
    struct str name;
    double quantity, revenue, full; /* of won deals; full: before discounts */
    int64_t with_others;
};
struct pair {
    uint32_t a, b;
    int64_t n;
    double lift;
};
struct products {
    struct pop p;
    struct money *money;
    struct tally t;
    struct product *of;
    size_t n;
    int32_t *of_id; /* index of `of` + 1 */
    size_t n_ids;
    int64_t *in_group; /* group * n + product */
    int64_t *group_deals;
    struct intmap *pair_of;
    VEC(struct pair) pairs;
    int64_t n_deals, n_with, n_several;
    bool asked_with, asked_several; /* the deals behind these are wanted */
    double revenue;
};

static void find_products(struct products *x)
{
    const struct facts *lines = &x->p.view.facts[FACT_DEAL_PRODUCT];
    const struct fact_column *product = fact_column(lines, DEAL_PRODUCT_PRODUCT_ID);
    for (size_t i = 0; i < lines->n; i++)
        if ((size_t)fact_id(product, i) >= x->n_ids)
            x->n_ids = (size_t)fact_id(product, i) + 1;
    x->of_id = arena_zalloc(x->p.call->arena, (x->n_ids + 1) * sizeof *x->of_id);
    x->of = ARENA_ARRAY(x->p.call->arena, struct product, x->n_ids + 1);
    for (size_t i = 0; i < lines->n; i++) {
        int64_t id = fact_id(product, i);
        if (id > 0 && x->of_id[id] == 0) {
            x->of[x->n].id = id;
            x->of_id[id] = (int32_t)++x->n;
        }
    }
}

/* Whichever of the two comes first. */
static int64_t pair_key(const struct products *x, uint32_t a, uint32_t b)
{
    return walk_key(x->of[a < b ? a : b].id, -x->of[a < b ? b : a].id);
}

static void pair_up(struct products *x, const uint32_t *held, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n; k++) {
            uint32_t a = held[i] < held[k] ? held[i] : held[k], b = held[i] < held[k] ? held[k] : held[i];
            int64_t at, key = (int64_t)a * (int64_t)x->n + b;
            struct pair fresh = {.a = a, .b = b};
            if (!intmap_get(x->pair_of, key, &at)) {
                at = (int64_t)x->pairs.len;
                intmap_put(x->pair_of, key, at);
                vec_push(&x->pairs, fresh);
            }
            x->pairs.ptr[at].n++;
        }
}

/* Is this deal behind the number that was asked for, of a product in a group or of two products? */
static void behind(struct products *x, const struct pop_deal *d, const uint32_t *of, size_t n)
{
    struct pop *p = &x->p;
    const struct report_call *c = p->call;
    bool wanted = false;
    for (size_t i = 0; i < n; i++) {
        int64_t key = walk_key(p->groups[d->group].key, x->of[of[i]].id);
        wanted = report_asked(c, p->result, "preferences", key, "asked_in_group") || wanted;
        for (size_t k = i + 1; k < n && n <= 20 && !d->again; k++)
            wanted = report_asked(c, p->result, "pairs", pair_key(x, of[i], of[k]), "together") || wanted;
    }
    if (wanted)
        report_deal(p->result, pop_id(p, d));
}

static void one_deal(struct products *x, const struct pop_deal *d, const struct fact_column *held)
{
    struct fact_set set = fact_set(held, fact_get(held, d->row));
    uint32_t of[64];
    size_t n = 0;
    for (uint32_t i = 0; i < set.n && n < 64; i++)
        if ((size_t)set.ids[i] < x->n_ids && x->of_id[set.ids[i]] > 0)
            of[n++] = (uint32_t)x->of_id[set.ids[i]] - 1;
    if (n > 0)
        x->group_deals[d->group]++;
    for (size_t i = 0; i < n; i++)
        x->in_group[d->group * x->n + of[i]]++;
    if (x->p.call->drill != NULL)
        behind(x, d, of, n);
    if (d->again)
        return;
    if ((x->asked_with && n > 0) || (x->asked_several && n > 1))
        report_deal(x->p.result, pop_id(&x->p, d));
    x->n_deals++;
    x->n_with += n > 0;
    x->n_several += n > 1;
    for (size_t i = 0; i < n; i++) {
        int64_t id = pop_id(&x->p, d);
        tally_add(&x->t, of[i], ASKED, id);
        tally_add(&x->t, of[i], d->cause == DEAL_WON ? WON : d->cause == DEAL_LOST ? LOST : OPEN, id);
        x->of[of[i]].with_others += n > 1;
    }
    if (n > 1 && n <= 20)
        pair_up(x, of, n);
}

/* Lines of won deals. */
static void take_lines(struct products *x)
{
    const struct pop *p = &x->p;
    const struct facts *f = &p->view.facts[FACT_DEAL_PRODUCT];
    const struct fact_column *deal = fact_column(f, DEAL_PRODUCT_DEAL_ID),
                             *product = fact_column(f, DEAL_PRODUCT_PRODUCT_ID),
                             *quantity = fact_column(f, DEAL_PRODUCT_QUANTITY),
                             *sum = fact_column(f, DEAL_PRODUCT_SUM_MINOR),
                             *price = fact_column(f, DEAL_PRODUCT_PRICE_MINOR);
    struct fact_column currency = pop_column(p, DEAL_CURRENCY);
    int32_t *won = arena_zalloc(p->call->arena, (p->deals->n + 1) * sizeof *won); /* by row: index of p->d + 1 */
    money_column(x->money, &currency);
    for (size_t i = 0; i < p->n_all; i++)
        if (p->d[i].cause == DEAL_WON)
            won[p->d[i].row] = (int32_t)i + 1;
    for (size_t i = 0; i < f->n; i++) {
        uint32_t row = fact_row(p->deals, fact_id(deal, i));
        int64_t id = fact_id(product, i), minor, full;
        if (row == FACT_NO_ROW || won[row] == 0 || id <= 0 || !fact_alive(f, i, p->as_of))
            continue;
        struct product *to = &x->of[x->of_id[id] - 1];
        int64_t at = p->d[won[row] - 1].exit, cur = fact_get(&currency, row);
        double n = fact_real(fact_get(quantity, i));
        to->quantity += isfinite(n) ? n : 0;
        if (fact_get(sum, i) != FACT_NULL && money_in(x->money, cur, fact_get(sum, i), at, &minor)) {
            to->revenue += (double)minor;
            x->revenue += (double)minor;
        }
        if (fact_get(price, i) != FACT_NULL && isfinite(n) && money_in(x->money, cur, fact_get(price, i), at, &full))
            to->full += (double)full * n;
    }
}

static void look(struct products *x, struct report_result *r)
{
    struct pop *p = &x->p;
    pop_lock(p);
    find_products(x);
    struct fact_column held = pop_column(p, DEAL_PRODUCT_IDS);
    int64_t *keys = ARENA_ARRAY(p->call->arena, int64_t, x->n + 1);
    for (size_t i = 0; i < x->n; i++)
        keys[i] = x->of[i].id;
    x->t = tally_new(p->call, r, "rows", x->n, keys, counts, COUNTS);
    x->in_group = ARENA_ARRAY(p->call->arena, int64_t, x->n * p->n_groups + 1);
    x->group_deals = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    x->asked_with = report_asked(p->call, r, "summary", 0, "with_products");
    x->asked_several = report_asked(p->call, r, "summary", 0, "several_products");
    for (size_t i = 0; i < p->n; i++)
        one_deal(x, &p->d[i], &held);
    take_lines(x);
    pop_unlock(p);
}

/* ---- telling ---- */

static _Thread_local const struct products *sorted_of;

static int by_revenue(const void *a, const void *b)
{
    const struct products *x = sorted_of;
    uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
    if (x->of[i].revenue != x->of[k].revenue)
        return x->of[i].revenue < x->of[k].revenue ? 1 : -1;
    int64_t n = tally_of(&x->t, i, ASKED), m = tally_of(&x->t, k, ASKED);
    return n != m ? (n < m ? 1 : -1) : (x->of[i].id < x->of[k].id ? -1 : 1);
}

static struct cell minor(double v, bool seen)
{
    return seen && isfinite(v) ? cell_i(llround(v)) : cell_null();
}

static void put_product(struct products *x, struct report_result *r, size_t i)
{
    const struct product *q = &x->of[i];
    bool seen = money_seen(x->p.call);
    int64_t n = tally_of(&x->t, i, ASKED), won = tally_of(&x->t, i, WON), ended = won + tally_of(&x->t, i, LOST);
    struct cell row[15] = {cell_s(q->name), cell_i(q->id)};
    for (int k = 0; k < COUNTS; k++)
        row[2 + k] = cell_i(tally_of(&x->t, i, (size_t)k));
    pop_rate(row + 6, won, ended >= TOLD ? ended : 0);
    row[9] = cell_f(q->quantity);
    row[10] = minor(q->revenue, seen);
    row[11] = seen && x->revenue > 0 ? cell_f(q->revenue / x->revenue) : cell_null();
    row[12] = minor(q->quantity > 0 ? q->revenue / q->quantity : NAN, seen);
    row[13] = seen && q->full > 0 ? cell_f(fmax(0, 1 - q->revenue / q->full)) : cell_null();
    row[14] = n >= TOLD ? cell_f((double)q->with_others / (double)n) : cell_null();
    report_row_key(&r->main, q->id, row);
}

/* Who asks for what more than others do. */
static void put_preferences(struct products *x, struct report_result *r, const uint32_t *order, size_t n)
{
    const struct pop *p = &x->p;
    size_t shown = 0;
    struct report_table *t =
        report_table_add(r, "preferences", preference_columns, sizeof preference_columns / sizeof *preference_columns);
    for (size_t g = 0; p->by.kind != BY_NOTHING && g < p->n_groups; g++)
        for (size_t k = 0; k < n && shown < PREFERENCES_SHOWN; k++) {
            uint32_t i = order[k];
            int64_t here = x->in_group[g * x->n + i];
            if (here == 0 || x->group_deals[g] < TOLD || x->n_with == 0)
                continue;
            double share = (double)here / (double)x->group_deals[g],
                   all = (double)tally_of(&x->t, i, ASKED) / (double)x->n_with;
            struct cell row[] = {cell_s(p->groups[g].name),
                                 cell_s(x->of[i].name),
                                 cell_i(x->of[i].id),
                                 cell_i(here),
                                 cell_f(share),
                                 cell_f(all),
                                 all > 0 ? cell_f(share / all) : cell_null()};
            report_row_key(t, walk_key(p->groups[g].key, x->of[i].id), row);
            shown++;
        }
}

static int by_lift(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    if (x->lift != y->lift)
        return x->lift < y->lift ? 1 : -1;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : (x->a != y->a ? (x->a < y->a ? -1 : 1) : x->b < y->b ? -1 : 1);
}

static void put_pairs(struct products *x, struct report_result *r)
{
    struct report_table *t = report_table_add(r, "pairs", pair_columns, sizeof pair_columns / sizeof *pair_columns);
    for (size_t i = 0; i < x->pairs.len; i++) {
        struct pair *q = &x->pairs.ptr[i];
        double a = (double)tally_of(&x->t, q->a, ASKED), b = (double)tally_of(&x->t, q->b, ASKED);
        q->lift = q->n >= PAIR_LEAST ? (double)q->n * (double)x->n_with / (a * b) : 0;
    }
    if (x->pairs.len > 0)
        qsort(x->pairs.ptr, x->pairs.len, sizeof *x->pairs.ptr, by_lift);
    for (size_t i = 0; i < x->pairs.len && i < PAIRS_SHOWN && x->pairs.ptr[i].lift > 0; i++) {
        const struct pair *q = &x->pairs.ptr[i];
        struct cell row[] = {cell_s(x->of[q->a].name), cell_s(x->of[q->b].name), cell_i(q->n), cell_f(q->lift)};
        report_row_key(t, pair_key(x, q->a, q->b), row);
    }
}

static void put_rest(struct products *x, struct report_result *r, const uint32_t *order, size_t n)
{
    const struct report_call *c = x->p.call;
    bool seen = money_seen(c);
    report_sum_counted(r, "deals", x->n_deals);
    report_sum_counted(r, "with_products", x->n_with);
    report_sum_counted(r, "several_products", x->n_several);
    report_sum(r, "revenue", RT_MONEY, minor(x->revenue, seen));
    report_sum(r, "key_product", RT_TEXT, n > 0 && x->revenue > 0 ? cell_s(x->of[order[0]].name) : cell_null());
    if (n > 0 && x->revenue > 0 && seen)
        report_verdict(c, r, "products",
                       (struct str[]){x->of[order[0]].name,
                                      report_percent(c->arena, c->lang, x->of[order[0]].revenue / x->revenue),
                                      money_text(c, x->money->currency, x->of[order[0]].revenue)},
                       3);
    struct str without = str_fmt(c->arena, "%lld", (long long)(x->n_deals - x->n_with));
    if (x->n_deals > x->n_with)
        report_note(c, r, "no_products", &without, 1);
}

static enum rc put(struct products *x, struct report_result *r, struct err *e)
{
    uint32_t *order = ARENA_ARRAY(x->p.call->arena, uint32_t, x->n + 1);
    size_t n = 0;
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (uint32_t i = 0; i < x->n; i++)
        if (tally_of(&x->t, i, ASKED) > 0)
            order[n++] = i;
    sorted_of = x;
    if (n > 1)
        qsort(order, n, sizeof *order, by_revenue);
    n = n < SHOWN ? n : SHOWN;
    for (size_t i = 0; i < x->n; i++)
        if (tally_of(&x->t, i, ASKED) > 0)
            TRY(pop_name_of(&x->p, ENT_PRODUCT, x->of[i].id, &x->of[i].name, e));
    for (size_t i = 0; i < n; i++)
        put_product(x, r, order[i]);
    put_preferences(x, r, order, n);
    put_pairs(x, r);
    put_rest(x, r, order, n);
    return RC_OK;
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct products *x = ARENA_NEW(c->arena, struct products);
    enum rc rc;
    x->pair_of = intmap_new();
    TRY_OUT(pop_read(&x->p, c, r, &(struct pop_spec){.funnels = POP_ANY, .last_days = LAST_DAYS}, e));
    TRY_OUT(money_load(&x->money, c, x->p.zone, e));
    look(x, r);
    TRY_OUT(pop_names(&x->p, e));
    TRY_OUT(put(x, r, e));
    money_notes(x->money, c, r);
    pop_notes(&x->p);
out:
    intmap_free(x->pair_of);
    vec_free(&x->pairs);
    pop_free(&x->p);
    return rc;
}

const struct report report_products = {.id = "products",
                                       .question = "report.products.question",
                                       .params = params,
                                       .n_params = sizeof params / sizeof *params,
                                       .run = run,
                                       .group = "clients",
                                       .definition = 1,
                                       .chart = {.kind = CHART_BARS, .x = "product", .y = "revenue"}};
