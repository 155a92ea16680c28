/* Won deals by client. */
#include "insight/purchases.h"
#include "crm/fields.h"
#include <math.h>
#include <string.h>

struct found {
    struct purchases *out;
    struct pop *p;
    struct fact_column value, cost, currency;
    struct purchase *raw;
};

static uint32_t client_of(struct found *f, uint32_t deal_row)
{
    struct purchases *b = f->out;
    const struct projection_view *v = &f->p->view;
    bool company = true;
    uint32_t row = fact_row(&v->facts[FACT_COMPANY], fact_id(&b->company, deal_row));
    if (row == FACT_NO_ROW) {
        company = false;
        row = fact_row(&v->facts[FACT_CONTACT], fact_id(&b->contact, deal_row));
    }
    if (row == FACT_NO_ROW)
        return UINT32_MAX;
    int32_t *at = company ? &b->of_company[row] : &b->of_contact[row];
    if (*at == 0) {
        b->clients[b->n_clients] = (struct client){
            .company = company, .row = row, .id = v->facts[company ? FACT_COMPANY : FACT_CONTACT].ids[row]};
        *at = (int32_t)++b->n_clients;
    }
    return (uint32_t)*at - 1;
}

static void take(struct found *f, struct money *money, uint32_t i)
{
    struct purchases *b = f->out;
    const struct pop_deal *d = &f->p->d[i];
    int64_t v = fact_get(&f->value, d->row), c = fact_get(&f->cost, d->row), cur = fact_get(&f->currency, d->row);
    struct purchase one = {.at = d->exit, .deal = i, .client = client_of(f, d->row)};
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
    for (size_t i = 0; i < b->n; i++)
        b->all[next[f->raw[i].client]++] = f->raw[i];
    for (size_t i = 0; i < b->n_clients; i++) {
        struct client *c = &b->clients[i];
        struct purchase *own = b->all + c->first;
        for (uint32_t k = 0; k < c->n; k++) {
            c->revenue += (double)own[k].value;
            c->margin += (double)own[k].margin;
        }
        if (c->n > 1)
            qsort(own, c->n, sizeof *own, by_time);
    }
}

void purchases_find(struct purchases *out, struct pop *p, struct money *money)
{
    struct arena *a = p->call->arena;
    *out = (struct purchases){.company = pop_column(p, DEAL_COMPANY_ID), .contact = pop_column(p, DEAL_CONTACT_ID)};
    struct found f = {
        out, p, pop_column(p, DEAL_VALUE_MINOR), pop_column(p, DEAL_COST_MINOR), pop_column(p, DEAL_CURRENCY), NULL};
    money_column(money, &f.currency);
    out->of_company = ARENA_ARRAY(a, int32_t, p->view.facts[FACT_COMPANY].n + 1);
    out->of_contact = ARENA_ARRAY(a, int32_t, p->view.facts[FACT_CONTACT].n + 1);
    out->clients = arena_alloc(a, (p->n + 1) * sizeof *out->clients); /* memory that is not used costs nothing */
    f.raw = arena_alloc(a, (p->n + 1) * sizeof *f.raw);
    for (size_t i = 0; i < p->n; i++)
        if (p->d[i].cause == DEAL_WON && !p->d[i].again)
            take(&f, money, (uint32_t)i);
    arrange(&f);
}

struct purchases_asked purchases_ask(struct pop *p)
{
    struct purchases_asked a = {p->from, p->to, p->has_from, p->has_to};
    p->has_from = p->has_to = false;
    return a;
}

void purchases_period(struct pop *p, const struct purchases_asked *a)
{
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
