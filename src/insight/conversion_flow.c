/* True transitions between stages and what each stage keeps: skips and steps back stay as they happened, a deal that
 * comes again counts once as a deal and each time as a move. */
#include "insight/conversion.h"
#include "insight/spread.h"
#include "insight/walk.h"
#include <math.h>

enum { REACHED, WENT_ON };
static const char *const step_counts[] = {"deals", "went_on"}, *const pair_counts[] = {"deals", "moves"};

struct flow {
    struct conversion *v;
    struct tally steps, pairs;   /* by stage; from * n + to */
    uint32_t *last;              /* of a pair, the deal counted last, + 1 */
    uint64_t *seen, *on, *below; /* bits of stages: seen by the deal, gone on from; by stage, those before it */
    size_t words;
    struct spread *stays; /* by stage */
    int64_t *pair_keys;
};

static void prepare(struct flow *f)
{
    struct pop *p = &f->v->p;
    struct arena *a = p->call->arena;
    size_t n = p->n_stages;
    int64_t *keys = ARENA_ARRAY(a, int64_t, n + 1);
    f->pair_keys = ARENA_ARRAY(a, int64_t, n * n + 1);
    f->last = ARENA_ARRAY(a, uint32_t, n * n + 1);
    f->words = (n + 63) / 64;
    f->seen = ARENA_ARRAY(a, uint64_t, f->words + 1);
    f->on = ARENA_ARRAY(a, uint64_t, f->words + 1);
    f->below = ARENA_ARRAY(a, uint64_t, f->words * n + 1);
    f->stays = spreads_new(n);
    for (size_t s = 0; s < n; s++) {
        keys[s] = p->stages[s].id;
        for (size_t k = 0; k < n; k++) {
            f->pair_keys[s * n + k] = walk_key(p->stages[s].id, p->stages[k].id);
            /* whoever was won went on from every open stage, whoever came to an open one from those before it */
            if (stage_open(p, k) && (p->stages[s].outcome == DEAL_WON || (stage_open(p, s) && k < s)))
                f->below[s * f->words + k / 64] |= UINT64_C(1) << k % 64;
        }
    }
    f->steps = tally_new(p->call, p->result, "steps", n, keys, step_counts, 2);
    f->pairs = tally_new(p->call, p->result, "transitions", n * n, f->pair_keys, pair_counts, 2);
}

static void move(struct flow *f, size_t from, size_t to, uint32_t mark, int64_t id)
{
    size_t pair = from * f->v->p.n_stages + to;
    tally_add(&f->pairs, pair, 1, id);
    if (f->last[pair] != mark)
        tally_add(&f->pairs, pair, 0, id);
    f->last[pair] = mark;
}

/* Counted as soon as it is known: the first time in the stage, and for each stage before it the first time that it was
 * gone on from; mostly that is the one just left. */
static void reach(struct flow *f, size_t stage, int64_t id)
{
    const uint64_t *below = f->below + stage * f->words, bit = UINT64_C(1) << stage % 64;
    for (size_t i = 0; i < f->words; i++) {
        uint64_t gone_on = f->seen[i] & below[i] & ~f->on[i];
        f->on[i] |= gone_on;
        for (; gone_on != 0; gone_on &= gone_on - 1)
            tally_add(&f->steps, i * 64 + (size_t)__builtin_ctzll(gone_on), WENT_ON, id);
    }
    if (!(f->seen[stage / 64] & bit))
        tally_add(&f->steps, stage, REACHED, id);
    f->seen[stage / 64] |= bit;
}

static void one(struct flow *f, const struct pop_deal *d, const struct walk *w, uint32_t mark)
{
    const struct pop *p = &f->v->p;
    int64_t id = pop_id(p, d);
    bool closed = false;
    for (size_t i = 0; i < f->words; i++)
        f->seen[i] = f->on[i] = 0;
    for (size_t i = 0; i < w->n; i++) {
        size_t stage = (size_t)w->s[i].stage;
        reach(f, stage, id);
        if (i > 0 && !w->s[i - 1].away)
            move(f, (size_t)w->s[i - 1].stage, stage, mark, id);
        if (!w->s[i].passed)
            closed = !stage_open(p, stage);
        if (!closed && stage_open(p, stage))
            spread_add(&f->stays[stage], w->s[i].until - w->s[i].at, walk_censored(w, i));
    }
}

static void put_steps(struct flow *f)
{
    static const struct report_column columns[] = {
        {"stage", RT_TEXT},        {"stage_id", RT_ID, .ref = "stages"},
        {"outcome", RT_TEXT},      {"deals", RT_INT, .drill = true},
        {"rate", RT_RATE},         {"rate_low", RT_RATE},
        {"rate_high", RT_RATE},    {"went_on", RT_INT, .drill = true},
        {"went_on_rate", RT_RATE}, {"went_on_low", RT_RATE},
        {"went_on_high", RT_RATE}, {"median_days", RT_DAYS},
    };
    const struct pop *p = &f->v->p;
    struct report_table *t = report_table_add(p->result, "steps", columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < p->n_stages; i++) {
        const struct pop_stage *s = &p->stages[i];
        int64_t n = tally_of(&f->steps, i, REACHED), on = tally_of(&f->steps, i, WENT_ON);
        bool open = stage_open(p, i);
        struct cell share[3], went[3];
        pop_rate(share, n, (int64_t)p->n_all);
        pop_rate(went, on, open ? n : 0);
        struct cell row[] = {
            cell_s(s->name),
            cell_i(s->id),
            cell_s(str_c(tell_outcome(s->outcome))),
            cell_i(n),
            share[0],
            share[1],
            share[2],
            open ? cell_i(on) : cell_null(),
            went[0],
            went[1],
            went[2],
            open ? walk_days(spread_km(&f->stays[i], 0.5)) : cell_null(),
        };
        report_row_key(t, s->id, row);
    }
}

static void put_transitions(struct flow *f)
{
    static const struct report_column columns[] = {
        {"from", RT_TEXT},
        {"from_id", RT_ID, .ref = "stages"},
        {"to", RT_TEXT},
        {"to_id", RT_ID, .ref = "stages"},
        {"kind", RT_TEXT},
        {"deals", RT_INT, .drill = true},
        {"moves", RT_INT, .drill = true, .events = true},
    };
    const struct pop *p = &f->v->p;
    struct report_table *t = report_table_add(p->result, "transitions", columns, sizeof columns / sizeof *columns);
    for (size_t from = 0; from < p->n_stages; from++)
        for (size_t to = 0; to < p->n_stages; to++) {
            size_t pair = from * p->n_stages + to;
            struct cell row[] = {
                cell_s(p->stages[from].name),
                cell_i(p->stages[from].id),
                cell_s(p->stages[to].name),
                cell_i(p->stages[to].id),
                cell_s(str_c(step_kinds[step_kind(p, from, to, INT64_MAX)])),
                cell_i(tally_of(&f->pairs, pair, 0)),
                cell_i(tally_of(&f->pairs, pair, 1)),
            };
            if (tally_of(&f->pairs, pair, 1) > 0)
                report_row_key(t, f->pair_keys[pair], row);
        }
}

void conversion_flow(struct conversion *v)
{
    struct flow f = {.v = v};
    struct walk w = {0};
    prepare(&f);
    for (size_t i = 0; i < v->p.n_all; i++) {
        walk_deal(&v->p, &v->p.d[i], &w);
        one(&f, &v->p.d[i], &w, (uint32_t)i + 1);
    }
    put_steps(&f);
    put_transitions(&f);
    walk_free(&w);
    spreads_free(f.stays, v->p.n_stages);
}
