/* One walk over the deals that are old enough: which stages each saw in time, and where it belongs. */
#include "base/map.h"
#include "crm/fields.h"
#include "insight/detect.h"

enum { NEAR = 65536 /* ids below are found without hashing */ };

struct dictionary {
    struct fact_column column;
    uint32_t *near; /* index of values + 1 */
    struct intmap *far;
};
struct ways {
    struct detect *d;
    struct pop *p;
    uint32_t *slots; /* index of ways + 1; 0: free */
    size_t n_slots;
    uint64_t *bits;  /* of the deal at hand: 2 * words */
    uint64_t *below; /* by bit: words of all lower ones */
    struct dictionary of[3];
};

/* ---- what a deal is counted by ---- */

static uint32_t value_of(struct ways *w, int which, uint32_t row)
{
    struct dictionary *x = &w->of[which];
    struct detect_values *v = &w->d->values[which];
    int64_t id = fact_id(&x->column, row), at;
    if (id >= 0 && id < NEAR) {
        if (x->near[id] == 0) {
            vec_push(&v->ids, id);
            x->near[id] = (uint32_t)v->ids.len;
        }
        return x->near[id] - 1;
    }
    if (!intmap_get(x->far, id, &at)) {
        at = (int64_t)v->ids.len;
        intmap_put(x->far, id, at);
        vec_push(&v->ids, id);
    }
    return (uint32_t)at;
}

/* Which stages the deal saw within the horizon, and from which it went on: old deals have had no longer than young
 * ones. */
static void look(struct ways *w, const struct pop_deal *deal)
{
    const struct detect *d = w->d;
    struct visits v = pop_visits(w->p, deal);
    uint64_t *was = w->bits, *went = w->bits + d->words;
    int64_t until = deal->entry + d->mature_days * MS_DAY;
    for (size_t i = 0; i < 2 * d->words; i++)
        w->bits[i] = 0;
    for (size_t i = 0; i < v.n && visit_at(v.packed[i]) <= until; i++) {
        int stage = pop_stage_of(w->p, v.packed[i]);
        if (stage < 0)
            continue;
        int bit = d->bit_of[stage];
        if (bit >= 0) {
            const uint64_t *below = w->below + (size_t)bit * d->words;
            for (size_t k = 0; k < d->words; k++)
                went[k] |= was[k] & below[k];
            was[bit / 64] |= UINT64_C(1) << (bit % 64);
        } else if (w->p->stages[stage].outcome == DEAL_WON) {
            for (size_t k = 0; k < d->words; k++)
                went[k] |= was[k];
        }
    }
}

/* ---- counting alike ones together ---- */

static size_t slot_of(const struct ways *w, const uint64_t *bits, const struct detect_way *way)
{
    const struct detect *d = w->d;
    uint64_t h = (uint64_t)(way->period + 1) * 4 + (uint64_t)way->won * 2 + way->fair;
    for (size_t i = 0; i < 2 * d->words; i++)
        h = (h ^ bits[i] ^ (h >> 29)) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (h ^ (h >> 32)) & (w->n_slots - 1);
    for (; w->slots[at] != 0; at = (at + 1) & (w->n_slots - 1)) {
        const struct detect_way *x = &d->ways.ptr[w->slots[at] - 1];
        const uint64_t *have = detect_seen(d, w->slots[at] - 1);
        size_t i = 0;
        while (i < 2 * d->words && have[i] == bits[i])
            i++;
        if (i == 2 * d->words && x->period == way->period && x->won == way->won && x->fair == way->fair)
            break;
    }
    return at;
}

static void grow(struct ways *w)
{
    free(w->slots);
    w->n_slots = w->n_slots ? w->n_slots * 4 : 4096;
    w->slots = calloc(w->n_slots, sizeof *w->slots);
    if (w->slots == NULL)
        abort();
    for (size_t i = 0; i < w->d->ways.len; i++)
        w->slots[slot_of(w, detect_seen(w->d, i), &w->d->ways.ptr[i])] = (uint32_t)i + 1;
}

static uint32_t way_of(struct ways *w, struct detect_way way)
{
    struct detect *d = w->d;
    size_t at = slot_of(w, w->bits, &way);
    if (w->slots[at] == 0) {
        if (d->ways.len * 2 >= w->n_slots) {
            grow(w);
            at = slot_of(w, w->bits, &way);
        }
        vec_push(&d->ways, way);
        for (size_t i = 0; i < 2 * d->words; i++)
            vec_push(&d->way_bits, w->bits[i]);
        w->slots[at] = (uint32_t)d->ways.len;
    }
    uint32_t i = w->slots[at] - 1;
    d->ways.ptr[i].n++;
    return i;
}

/* The period each day falls into, from the first day of the first one. */
static int16_t *period_by_day(const struct detect *d, int64_t last, size_t *n)
{
    *n = (size_t)(last - d->start[0] + 1);
    int16_t *out = ARENA_ARRAY(d->pop->call->arena, int16_t, *n + 1);
    for (size_t day = 0, at = 0; day < *n; day++) {
        while (at + 1 < d->n_periods && d->start[at + 1] <= d->start[0] + (int64_t)day)
            at++;
        out[day] = (int16_t)at;
    }
    return out;
}

static void open_dictionaries(struct ways *w)
{
    static const int fields[] = {DEAL_OWNER_ID, DEAL_SOURCE_ID, DEAL_CAMPAIGN_ID};
    for (int i = 0; i < 3; i++) {
        w->of[i] = (struct dictionary){pop_column(w->p, fields[i]), calloc(NEAR, sizeof(uint32_t)), intmap_new()};
        if (w->of[i].near == NULL)
            abort();
    }
}

void detect_ways(struct detect *d, int64_t last_day)
{
    struct pop *p = d->pop;
    struct arena *a = p->call->arena;
    struct ways w = {.d = d, .p = p, .bits = ARENA_ARRAY(a, uint64_t, 2 * d->words)};
    int64_t youngest = p->as_of - d->mature_days * MS_DAY;
    size_t n_days;
    const int16_t *period = period_by_day(d, last_day, &n_days);
    w.below = ARENA_ARRAY(a, uint64_t, d->n_bits * d->words + 1);
    for (size_t bit = 0; bit < d->n_bits; bit++)
        for (size_t k = 0; k < bit; k++)
            w.below[bit * d->words + k / 64] |= UINT64_C(1) << (k % 64);
    open_dictionaries(&w);
    grow(&w);
    d->deals = arena_alloc(a, (p->n + 1) * sizeof *d->deals);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *deal = &p->d[i];
        if (deal->entry > youngest)
            continue;
        int64_t day = zone_day(p->zone, deal->entry) - d->start[0];
        look(&w, deal);
        struct detect_way way = {.period = day < 0 ? -1 : period[day],
                                 .won = deal->cause == DEAL_WON,
                                 .fair = deal->exit - deal->entry <= d->mature_days * MS_DAY};
        way.fair &= way.won;
        d->deals[d->n_deals++] = (struct detect_deal){
            way_of(&w, way), {value_of(&w, 0, deal->row), value_of(&w, 1, deal->row), value_of(&w, 2, deal->row)}};
    }
    for (int i = 0; i < 3; i++) {
        free(w.of[i].near);
        intmap_free(w.of[i].far);
    }
    free(w.slots);
}

bool detect_counts(const struct detect *d, enum detector detector, int stage, size_t way, bool *k)
{
    const uint64_t *was = detect_seen(d, way), *went = was + d->words;
    switch (detector) {
    case DETECT_CONVERSION:
        *k = d->ways.ptr[way].won;
        return true;
    case DETECT_STEP:
        *k = detect_bit(was, d->bit_of[stage]);
        return true;
    case DETECT_STAGE_RATE:
        *k = detect_bit(went, d->bit_of[stage]);
        return detect_bit(was, d->bit_of[stage]);
    default:
        return false;
    }
}
