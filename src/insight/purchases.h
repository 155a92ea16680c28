/* What each client has bought: won deals by their company, or by their contact where there is none. */
#pragma once
#include "insight/money.h"
#include "insight/population.h"

struct purchase {
    int64_t at, value, margin; /* minor units of the company's currency; 0 when not known */
    uint32_t client, deal;     /* deal: index of pop.d */
};
struct client {
    bool company;
    uint32_t row; /* of FACT_COMPANY or FACT_CONTACT */
    int64_t id;
    uint32_t first, n; /* of purchases */
    double revenue, margin;
    int64_t first_at, last_at; /* of them */
};
struct purchases {
    struct purchase *all; /* client after client, each in order of time */
    size_t n;
    struct client *clients; /* with at least one purchase */
    size_t n_clients;
    int64_t no_client, no_value;      /* won deals left out; won deals without a value */
    int32_t *of_company, *of_contact; /* by row: index of clients + 1 */
    struct fact_column company, contact;
};
/* While the projection is locked; won deals of p (its period is not asked), up to as_of. In the arena of the call. */
void purchases_find(struct purchases *out, struct pop *p, struct money *money);
/* Index of the client of a deal, -1: none, or without a purchase. */
static inline int64_t purchases_client_of(const struct purchases *b, const struct pop *p, uint32_t deal_row)
{
    uint32_t c = fact_row(&p->view.facts[FACT_COMPANY], fact_id(&b->company, deal_row));
    if (c != FACT_NO_ROW)
        return (int64_t)b->of_company[c] - 1;
    c = fact_row(&p->view.facts[FACT_CONTACT], fact_id(&b->contact, deal_row));
    return c != FACT_NO_ROW ? (int64_t)b->of_contact[c] - 1 : -1;
}
/* The same of some deals at a time (at most PURCHASES_BLOCK, by their rows): clients lie anywhere in memory, so all of
 * them are asked for before the first is looked at. */
enum { PURCHASES_BLOCK = 64 };
void purchases_clients_of(const struct purchases *b, const struct pop *p, const uint32_t *deal_rows, size_t n,
                          int64_t *out);
/* For loops over deals: asks for the memory that purchases_client_of of a later deal will look at first. */
static inline void purchases_ahead(const struct purchases *b, const struct pop *p, uint32_t deal_row)
{
    const struct facts *companies = &p->view.facts[FACT_COMPANY];
    int64_t id = fact_id(&b->company, deal_row);
    if (id > 0 && (uint64_t)id < companies->n_ids)
        __builtin_prefetch(&companies->row_of_id[id]);
}
/* Counts the purchases of a client; which deals they are is looked up only when somebody asks. While locked. */
static inline void purchases_tally(const struct purchases *b, const struct pop *p, const struct client *c,
                                   struct tally *t, size_t row, size_t column)
{
    if (row * t->columns + column != t->asked && column != t->summed) {
        t->n[row * t->columns + column] += c->n;
        return;
    }
    for (uint32_t k = 0; k < c->n; k++)
        tally_add(t, row, column, pop_id(p, &p->d[b->all[c->first + k].deal]));
}
/* For a count of clients: companies, also contacts with ids below 0; and what its drill-down answers with. */
static inline int64_t purchases_client_id(const struct client *c)
{
    return c->company ? c->id : -c->id;
}
static inline void purchases_noun(const struct report_call *c, struct report_result *r)
{
    if (c->drill == NULL || str_eqc(c->drill->column, "purchases"))
        return;
    r->noun = ENT_COMPANY;
    r->also = ENT_CONTACT;
}
/* Reports over whole histories ask for a period of their own: takes from and to away from what pop_lock chooses and
 * gives them back afterwards. Call before pop_lock, and purchases_period after it. */
struct purchases_asked {
    int64_t from, to;
    bool has_from, has_to;
};
struct purchases_asked purchases_ask(struct pop *p);
/* last_days: without from and to; 0: everything. */
void purchases_period(struct pop *p, struct purchases_asked *asked, int64_t last_days);
static inline bool purchases_in(const struct purchases_asked *a, int64_t at)
{
    return (!a->has_from || at >= a->from) && (!a->has_to || at < a->to);
}
/* Notes on what was left out, and of money. */
void purchases_notes(const struct purchases *b, const struct pop *p, struct money *money);
