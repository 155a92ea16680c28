/* 38. Clients by how lately, how often and for how much they buy (RFM), and by what share of revenue they bring (ABC).
 */
#include "base/i18n.h"
#include "insight/purchases.h"
#include "insight/rank.h"
#include <math.h>

#define CLIENTS_SHOWN 200

enum { CHAMPIONS, LOYAL, FRESH, AT_RISK, LOST, REST, SEGMENTS };
static const char *const segments[] = {"champions", "loyal", "fresh", "at_risk", "lost", "rest"};
static const char *const classes[] = {"A", "B", "C"};
static const char *const counts[] = {"purchases", "clients"}, *const heads[] = {"champions", "at_risk_clients"};
static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "segment", .type = RT_TEXT},        {.id = "clients", .type = RT_INT, .drill = true},
    {.id = "client_share", .type = RT_RATE},   {.id = "purchases", .type = RT_INT, .drill = true},
    {.id = "revenue", .type = RT_MONEY},       {.id = "revenue_share", .type = RT_RATE},
    {.id = "average_check", .type = RT_MONEY}, {.id = "days_silent", .type = RT_DAYS}};
static const struct report_column class_columns[] = {
    {.id = "abc", .type = RT_TEXT},          {.id = "clients", .type = RT_INT, .drill = true},
    {.id = "client_share", .type = RT_RATE}, {.id = "purchases", .type = RT_INT, .drill = true},
    {.id = "revenue", .type = RT_MONEY},     {.id = "revenue_share", .type = RT_RATE}};
static const struct report_column client_columns[] = {{.id = "client", .type = RT_TEXT},
                                                      {.id = "company_id", .type = RT_ID, .ref = "companies"},
                                                      {.id = "contact_id", .type = RT_ID, .ref = "contacts"},
                                                      {.id = "segment", .type = RT_TEXT},
                                                      {.id = "abc", .type = RT_TEXT},
                                                      {.id = "recency", .type = RT_INT},
                                                      {.id = "frequency", .type = RT_INT},
                                                      {.id = "monetary", .type = RT_INT},
                                                      {.id = "last_purchase", .type = RT_DATE},
                                                      {.id = "purchases", .type = RT_INT, .drill = true},
                                                      {.id = "revenue", .type = RT_MONEY}};

struct scored {
    uint8_t r, f, m, segment, class;
};
struct sums {
    int64_t clients;
    double revenue, silent;
};
struct rfm {
    struct pop p;
    struct money *money;
    struct purchases b;
    struct scored *of;
    struct tally by_segment, by_class, heads;
    struct sums segment[SEGMENTS], class[3], all;
    uint32_t *by_revenue; /* clients, the largest first */
};

static int64_t last_of(const struct rfm *x, size_t i)
{
    return x->b.clients[i].last_at;
}

/* 1 to 5 by the share of clients that are below; equal ones get the same. */
static void score(struct rfm *x, struct ranked *v, size_t which)
{
    size_t n = x->b.n_clients;
    rank_sort(v, n);
    for (size_t i = 0, first = 0; i < n; i++) {
        if (v[i].key > v[first].key)
            first = i;
        uint8_t s = (uint8_t)(1 + 5 * first / n);
        struct scored *to = &x->of[v[i].of];
        *(which == 0 ? &to->r : which == 1 ? &to->f : &to->m) = s;
    }
}

static uint8_t segment_of(const struct scored *s, uint32_t purchases)
{
    if (s->r >= 4 && s->f >= 4)
        return CHAMPIONS;
    if (s->r <= 2)
        return s->f >= 3 && purchases > 1 ? AT_RISK : LOST;
    if (s->f >= 4)
        return LOYAL;
    return s->r >= 4 && purchases == 1 ? FRESH : REST;
}

static void rank(struct rfm *x)
{
    size_t n = x->b.n_clients;
    struct ranked *v = arena_alloc(x->p.call->arena, (n + 1) * sizeof *v);
    x->of = ARENA_ARRAY(x->p.call->arena, struct scored, n + 1);
    x->by_revenue = ARENA_ARRAY(x->p.call->arena, uint32_t, n + 1);
    for (size_t which = 0; which < 3; which++) {
        for (uint32_t i = 0; i < n; i++)
            v[i] = (struct ranked){rank_key(which == 0   ? (double)zone_day(x->p.zone, last_of(x, i))
                                            : which == 1 ? (double)x->b.clients[i].n
                                                         : x->b.clients[i].revenue),
                                   i};
        score(x, v, which);
    }
    double so_far = 0; /* v is now in order of revenue */
    for (size_t i = 0; i < n; i++)
        x->all.revenue += x->b.clients[i].revenue;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = v[n - 1 - i].of;
        x->by_revenue[i] = c;
        x->of[c].class = x->all.revenue <= 0 || so_far >= 0.95 * x->all.revenue ? 2 : so_far >= 0.8 * x->all.revenue;
        x->of[c].segment = segment_of(&x->of[c], x->b.clients[c].n);
        so_far += x->b.clients[c].revenue;
    }
}

static void add_up(struct rfm *x)
{
    for (size_t i = 0; i < x->b.n_clients; i++) {
        const struct client *c = &x->b.clients[i];
        struct sums *to[] = {&x->segment[x->of[i].segment], &x->class[x->of[i].class]};
        for (int k = 0; k < 2; k++) {
            to[k]->clients++;
            to[k]->revenue += c->revenue;
            to[k]->silent += (double)(x->p.as_of - last_of(x, i)) / MS_DAY;
        }
        x->all.clients++;
        purchases_tally(&x->b, &x->p, c, &x->by_segment, x->of[i].segment, 0);
        purchases_tally(&x->b, &x->p, c, &x->by_class, x->of[i].class, 0);
        tally_add(&x->by_segment, x->of[i].segment, 1, purchases_client_id(c));
        tally_add(&x->by_class, x->of[i].class, 1, purchases_client_id(c));
        if (x->of[i].segment == CHAMPIONS || x->of[i].segment == AT_RISK)
            tally_add(&x->heads, 0, x->of[i].segment == AT_RISK, purchases_client_id(c));
        for (uint32_t k = 0;
             k < c->n && report_asked(x->p.call, x->p.result, "client_list", purchases_client_id(c), "purchases"); k++)
            report_deal(x->p.result, pop_id(&x->p, &x->p.d[x->b.all[c->first + k].deal]));
    }
}

static void look(struct rfm *x, struct report_result *r)
{
    static const int64_t keys[] = {0, 1, 2, 3, 4, 5};
    pop_lock(&x->p);
    x->by_segment = tally_new(x->p.call, r, "rows", SEGMENTS, keys, counts, 2);
    x->by_class = tally_new(x->p.call, r, "abc", 3, keys, counts, 2);
    x->heads = tally_new(x->p.call, r, "summary", 1, keys, heads, 2);
    purchases_noun(x->p.call, r);
    purchases_find(&x->b, &x->p, x->money);
    rank(x);
    add_up(x);
    pop_unlock(&x->p);
}

/* ---- telling ---- */

static struct cell minor(double v, bool seen)
{
    return seen && isfinite(v) ? cell_i(llround(v)) : cell_null();
}

static struct str segment_name(const struct rfm *x, int i)
{
    return i18n_text(x->p.call->lang, str_fmt(x->p.call->arena, "report.segment.%s", segments[i]).ptr);
}

static struct cell share(double part, double whole, bool seen)
{
    return seen && whole > 0 ? cell_f(part / whole) : cell_null();
}

static void put_groups(struct rfm *x, struct report_result *r, bool seen)
{
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (int i = 0; i < SEGMENTS; i++) {
        const struct sums *s = &x->segment[i];
        int64_t n = tally_of(&x->by_segment, (size_t)i, 0);
        if (s->clients == 0)
            continue;
        struct cell row[] = {cell_s(segment_name(x, i)),
                             cell_i(s->clients),
                             share((double)s->clients, (double)x->all.clients, true),
                             cell_i(n),
                             minor(s->revenue, seen),
                             share(s->revenue, x->all.revenue, seen),
                             minor(s->revenue / (double)n, seen),
                             cell_f(s->silent / (double)s->clients)};
        report_row_key(&r->main, i, row);
    }
    struct report_table *t = report_table_add(r, "abc", class_columns, sizeof class_columns / sizeof *class_columns);
    for (int i = 0; i < 3; i++) {
        const struct sums *s = &x->class[i];
        if (s->clients == 0)
            continue;
        struct cell row[] = {cell_s(str_c(classes[i])),
                             cell_i(s->clients),
                             share((double)s->clients, (double)x->all.clients, true),
                             cell_i(tally_of(&x->by_class, (size_t)i, 0)),
                             minor(s->revenue, seen),
                             share(s->revenue, x->all.revenue, seen)};
        report_row_key(t, i, row);
    }
}

static enum rc put_clients(struct rfm *x, struct report_result *r, bool seen, struct err *e)
{
    struct report_table *t =
        report_table_add(r, "client_list", client_columns, sizeof client_columns / sizeof *client_columns);
    for (size_t i = 0; i < x->b.n_clients && i < CLIENTS_SHOWN; i++) {
        uint32_t k = x->by_revenue[i];
        const struct client *c = &x->b.clients[k];
        const struct scored *s = &x->of[k];
        struct str name;
        TRY(pop_name_of(&x->p, c->company ? ENT_COMPANY : ENT_CONTACT, c->id, &name, e));
        struct cell row[] = {cell_s(name),
                             c->company ? cell_i(c->id) : cell_null(),
                             c->company ? cell_null() : cell_i(c->id),
                             cell_s(segment_name(x, s->segment)),
                             cell_s(str_c(classes[s->class])),
                             cell_i(s->r),
                             cell_i(s->f),
                             cell_i(s->m),
                             cell_i(zone_day(x->p.zone, x->b.all[c->first + c->n - 1].at)),
                             cell_i(c->n),
                             minor(c->revenue, seen)};
        report_row_key(t, purchases_client_id(c), row);
    }
    return RC_OK;
}

static void put_rest(struct rfm *x, struct report_result *r, bool seen)
{
    const struct report_call *c = x->p.call;
    struct arena *a = c->arena;
    report_sum_counted(r, "clients", x->all.clients);
    report_sum_counted(r, "purchases", (int64_t)x->b.n);
    report_sum(r, "revenue", RT_MONEY, minor(x->all.revenue, seen));
    report_sum_counted(r, "champions", x->segment[CHAMPIONS].clients);
    report_sum_counted(r, "at_risk_clients", x->segment[AT_RISK].clients);
    report_sum(r, "at_risk_revenue", RT_MONEY, minor(x->segment[AT_RISK].revenue, seen));
    struct str args[] = {str_fmt(a, "%lld", (long long)x->class[0].clients),
                         str_fmt(a, "%lld", (long long)x->all.clients),
                         report_percent(a, c->lang, x->all.revenue > 0 ? x->class[0].revenue / x->all.revenue : NAN),
                         str_fmt(a, "%lld", (long long)x->segment[AT_RISK].clients),
                         money_text(c, x->money->currency, x->segment[AT_RISK].revenue)};
    if (seen && x->all.revenue > 0)
        report_verdict(c, r, "rfm_abc", args, 5);
    if (x->all.clients > 0 && x->all.clients < 10)
        report_note(c, r, "few_clients", &args[1], 1);
    if (x->b.n_clients > CLIENTS_SHOWN)
        report_note(c, r, "clients_cut", (struct str[]){str_fmt(a, "%d", CLIENTS_SHOWN), args[1]}, 2);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct rfm *x = ARENA_NEW(c->arena, struct rfm);
    bool seen = money_seen(c);
    enum rc rc;
    TRY_OUT(pop_read(&x->p, c, r, &(struct pop_spec){.funnels = POP_ANY, .when = POP_CLOSED}, e));
    TRY_OUT(money_load(&x->money, c, x->p.zone, e));
    look(x, r);
    put_groups(x, r, seen);
    TRY_OUT(put_clients(x, r, seen, e));
    put_rest(x, r, seen);
    purchases_notes(&x->b, &x->p, x->money);
    TRY_OUT(pop_names(&x->p, e));
    pop_notes(&x->p);
out:
    pop_free(&x->p);
    return rc;
}

const struct report report_rfm_abc = {.id = "rfm_abc",
                                      .question = "report.rfm_abc.question",
                                      .params = params,
                                      .n_params = sizeof params / sizeof *params,
                                      .run = run,
                                      .group = "clients",
                                      .definition = 1,
                                      .chart = {.kind = CHART_BARS, .x = "segment", .y = "revenue"}};
