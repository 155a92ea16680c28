/* Won deals by client. */
#include "insight/purchases.h"
#include "crm/fields.h"
#include <math.h>
#include <string.h>

enum { BLOCK = PURCHASES_BLOCK, AHEAD = 16 };

struct found {
    struct purchases *out;
    struct pop *p;
    struct fact_column value, cost, currency;
    struct purchase *raw;
};

/* Whose a purchase is, before it has a number. */
struct whose {
    uint32_t deal, row; /* row FACT_NO_ROW: nobody's */
    bool company;
};

static struct whose whose_row(const struct purchases *b, const struct pop *p, uint32_t deal_row)
{
    const struct projection_view *v = &p->view;
    uint32_t row = fact_row(&v->facts[FACT_COMPANY], fact_id(&b->company, deal_row));
    if (row != FACT_NO_ROW)
        return (struct whose){0, row, true};
    return (struct whose){0, fact_row(&v->facts[FACT_CONTACT], fact_id(&b->contact, deal_row)), false};
}

static struct whose whose(const struct found *f, uint32_t deal)
{
    struct whose of = whose_row(f->out, f->p, f->p->d[deal].row);
    of.deal = deal;
    return of;
}

static int32_t *place_of(const struct purchases *b, const struct whose *w)
{
    return w->company ? &b->of_company[w->row] : &b->of_contact[w->row];
}

void purchases_clients_of(const struct purchases *b, const struct pop *p, const uint32_t *deal_rows, size_t n,
                          int64_t *out)
{
    struct whose of[BLOCK];
    for (size_t i = 0; i < n; i++)
        purchases_ahead(b, p, deal_rows[i]);
    for (size_t i = 0; i < n; i++) {
        of[i] = whose_row(b, p, deal_rows[i]);
        if (of[i].row != FACT_NO_ROW)
            __builtin_prefetch(place_of(b, &of[i]));
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = of[i].row != FACT_NO_ROW ? (int64_t)*place_of(b, &of[i]) - 1 : -1;
        if (out[i] >= 0)
            __builtin_prefetch(&b->clients[out[i]].first_at);
    }
}

static uint32_t client_of(struct found *f, const struct whose *w)
{
    struct purchases *b = f->out;
    if (w->row == FACT_NO_ROW)
        return UINT32_MAX;
    int32_t *at = place_of(b, w);
    if (*at == 0) {
        const struct facts *of = &f->p->view.facts[w->company ? FACT_COMPANY : FACT_CONTACT];
        b->clients[b->n_clients] = (struct client){.company = w->company, .row = w->row, .id = of->ids[w->row]};
        *at = (int32_t)++b->n_clients;
    }
    return (uint32_t)*at - 1;
}

static void take(struct found *f, struct money *money, const struct whose *w)
{
    struct purchases *b = f->out;
    uint32_t i = w->deal;
    const struct pop_deal *d = &f->p->d[i];
    int64_t v = fact_get(&f->value, d->row), c = fact_get(&f->cost, d->row), cur = fact_get(&f->currency, d->row);
    struct purchase one = {.at = d->exit, .deal = i, .client = client_of(f, w)};
    int64_t cost = 0;
    if (one.client == UINT32_MAX) {
        b->no_client++;
        return;
    }
    b->no_value += v == FACT_NULL;
    if (v != FACT_NULL && !money_in(money, cur, v, d->exit, &one.value))
        one.value = 0;
    if (c != FACT_NULL && !money_in(money, cur, c, d->exit, &cost))
        cost = 0;
    one.margin = one.value - cost;
    f->raw[b->n++] = one;
}

static int by_time(const void *x, const void *y)
{
    const struct purchase *a = x, *b = y;
    return a->at != b->at ? (a->at < b->at ? -1 : 1) : a->deal < b->deal ? -1 : a->deal > b->deal;
}

/* Client after client: what a client sums up is added where it lies together. */
static void arrange(struct found *f)
{
    struct purchases *b = f->out;
    uint32_t *next = ARENA_ARRAY(f->p->call->arena, uint32_t, b->n_clients + 1), sum = 0;
    b->all = arena_alloc(f->p->call->arena, (b->n + 1) * sizeof *b->all);
    for (size_t i = 0; i < b->n; i++)
        next[f->raw[i].client]++;
    for (size_t i = 0; i < b->n_clients; i++) {
        b->clients[i].first = sum;
        b->clients[i].n = next[i];
        next[i] = sum;
        sum += b->clients[i].n;
    }
    for (size_t i = 0; i < b->n; i++) {
        if (i + AHEAD < b->n)
            __builtin_prefetch(&b->all[next[f->raw[i + AHEAD].client]], 1);
        b->all[next[f->raw[i].client]++] = f->raw[i];
    }
    for (size_t i = 0; i < b->n_clients; i++) {
        struct client *c = &b->clients[i];
        struct purchase *own = b->all + c->first;
        for (uint32_t k = 0; k < c->n; k++) {
            c->revenue += (double)own[k].value;
            c->margin += (double)own[k].margin;
        }
        if (c->n > 1)
            qsort(own, c->n, sizeof *own, by_time);
        c->first_at = own[0].at;
        c->last_at = own[c->n - 1].at;
    }
}

/* Some deals at a time: clients lie anywhere in memory, so all of a block are asked for before the first is used. */
static void take_block(struct found *f, struct money *money, const uint32_t *deals, size_t n)
{
    struct whose of[BLOCK];
    for (size_t i = 0; i < n; i++)
        purchases_ahead(f->out, f->p, f->p->d[deals[i]].row);
    for (size_t i = 0; i < n; i++) {
        of[i] = whose(f, deals[i]);
        if (of[i].row != FACT_NO_ROW)
            __builtin_prefetch(place_of(f->out, &of[i]), 1);
    }
    for (size_t i = 0; i < n; i++)
        take(f, money, &of[i]);
}

void purchases_find(struct purchases *out, struct pop *p, struct money *money)
{
    struct arena *a = p->call->arena;
    uint32_t block[BLOCK];
    size_t n = 0;
    *out = (struct purchases){.company = pop_column(p, DEAL_COMPANY_ID), .contact = pop_column(p, DEAL_CONTACT_ID)};
    struct found f = {
        out, p, pop_column(p, DEAL_VALUE_MINOR), pop_column(p, DEAL_COST_MINOR), pop_column(p, DEAL_CURRENCY), NULL};
    money_column(money, &f.currency);
    out->of_company = ARENA_ARRAY(a, int32_t, p->view.facts[FACT_COMPANY].n + 1);
    out->of_contact = ARENA_ARRAY(a, int32_t, p->view.facts[FACT_CONTACT].n + 1);
    out->clients = arena_alloc(a, (p->n + 1) * sizeof *out->clients); /* memory that is not used costs nothing */
    f.raw = arena_alloc(a, (p->n + 1) * sizeof *f.raw);
    for (size_t i = 0; i < p->n; i++) {
        if (p->d[i].cause != DEAL_WON || p->d[i].again)
            continue;
        block[n++] = (uint32_t)i;
        if (n == BLOCK) {
            take_block(&f, money, block, n);
            n = 0;
        }
    }
    take_block(&f, money, block, n);
    arrange(&f);
}

struct purchases_asked purchases_ask(struct pop *p)
{
    struct purchases_asked a = {p->from, p->to, p->has_from, p->has_to};
    p->has_from = p->has_to = false;
    return a;
}

void purchases_period(struct pop *p, struct purchases_asked *a, int64_t last_days)
{
    if (!a->has_from && !a->has_to && last_days > 0) {
        a->from = zone_midnight(p->zone, zone_day(p->zone, p->as_of) - last_days + 1);
        a->has_from = true;
    }
    p->from = a->from;
    p->has_from = a->has_from;
    p->has_to = a->has_to || a->has_from;
    p->to = a->has_to ? a->to : p->as_of + 1;
    p->result->has_period = p->has_from && p->has_to;
    p->result->from = p->from;
    p->result->to = p->to;
}

void purchases_notes(const struct purchases *b, const struct pop *p, struct money *money)
{
    struct arena *a = p->call->arena;
    struct str none = str_fmt(a, "%lld", (long long)b->no_client), value = str_fmt(a, "%lld", (long long)b->no_value);
    if (b->no_client > 0)
        report_note(p->call, p->result, "no_client", &none, 1);
    if (b->no_value > 0)
        report_note(p->call, p->result, "no_value", &value, 1);
    money_notes(money, p->call, p->result);
}
