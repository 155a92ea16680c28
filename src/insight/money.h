/* Amounts of every currency in the one of the company, by the rates of the day they belong to (noun currency_rate).
 *
 *     TRY_OUT(money_load(&m, c, p.zone, e));                         before the projection is locked
 *     pop_lock(&p);
 *     money_column(m, fact_column(p.deals, DEAL_CURRENCY));          while it is
 *     for (...) if (money_in(m, fact_get(&currency, row), minor, at, &sum_of_one)) ...
 *     pop_unlock(&p);
 *     money_notes(m, c, r);                                          sets result.currency too
 */
#pragma once
#include "base/zone.h"
#include "insight/report.h"

struct money_rate {
    int64_t day;
    double rate; /* minor units of the company's currency for one minor unit of this one, from that day on */
};
struct money_currency {
    struct str code;
    const struct money_rate *rates; /* ascending by day */
    size_t n;
    int64_t n_unknown;             /* amounts met that have no rate */
    int64_t n_converted, n_before; /* amounts converted; those of them older than the first rate, which took that one */
};
struct money {
    struct arena *arena;
    const struct zone *zone; /* NULL: days of UTC */
    struct str currency;     /* the company's */
    struct money_currency *of;
    size_t n_of;
    int32_t *of_text; /* index of a text of the column: index of `of`; -1: the company's own */
    size_t n_of_text;
};

/* The company's currency and all rates, in the arena of the call; the zone must stay as long. */
MUST_USE enum rc money_load(struct money **out, const struct report_call *c, const struct zone *zone, struct err *e);
/* Makes the texts of a column of currencies known, so that an amount costs no comparison of texts. */
void money_column(struct money *m, const struct fact_column *currency);
/* Index of `of` for a code, -1: the company's own. For what is not in a column. */
int32_t money_find(struct money *m, struct str code);
/* The slow half of money_in and money_of. False: there is no rate of that currency at all (counted for the note). */
bool money_convert(struct money *m, int32_t of, int64_t minor, int64_t at, int64_t *out);

/* minor of the currency with that index of the column (as fact_get tells it; FACT_NULL is taken for the company's) in
 * the company's, at the rate of the day of `at`; a rate holds until the next one, and the first one backwards too. */
static inline bool money_in(struct money *m, int64_t text, int64_t minor, int64_t at, int64_t *out)
{
    int32_t of = text >= 0 && (uint64_t)text < m->n_of_text ? m->of_text[text] : -1;
    *out = minor;
    return of < 0 || money_convert(m, of, minor, at, out);
}
/* The same for a code. */
static inline bool money_of(struct money *m, struct str code, int64_t minor, int64_t at, int64_t *out)
{
    int32_t of = money_find(m, code);
    *out = minor;
    return of < 0 || money_convert(m, of, minor, at, out);
}
/* May whoever asks see what deals are worth (their value and currency)? Otherwise money is not told. */
bool money_seen(const struct report_call *c);
bool money_cost_seen(const struct report_call *c);
/* result.currency, and what was converted or could not be. */
void money_notes(const struct money *m, const struct report_call *c, struct report_result *r);
/* "1 234 567 ₽" (whole units and the sign or code of the currency): for verdicts. */
struct str money_text(const struct report_call *c, struct str currency, double minor);
