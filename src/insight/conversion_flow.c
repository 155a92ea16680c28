/* True transitions between stages and what each stage keeps: skips and steps back stay as they happened, a deal that
 * comes again counts once as a deal and each time as a move. */
#include "insight/conversion.h"
#include <math.h>
#include <stdlib.h>

#define DWELLS_MOST 1000000 /* more stays than this: every k-th deal is taken */

struct pair {
    int64_t deals, moves;
    uint32_t last; /* the deal counted last, + 1 */
};
struct stay {
    int64_t ms;
    int32_t stage;
    bool over;
};
struct flow {
    struct pair *pair;          /* from * n + to */
    int64_t *reached, *went_on; /* deals by stage */
    uint32_t *seen;             /* the deal counted last, + 1 */
    VEC(struct stay) stays;
};

/* A stage further on: later in order and not the loss. */
static bool further(const struct conversion *v, int from, int to)
{
    return v->stages[to].outcome == DEAL_WON || (to > from && v->stages[to].outcome == DEAL_OPEN);
}

static void move(const struct conversion *v, struct flow *f, int from, int to, uint32_t mark)
{
    struct pair *p = &f->pair[(size_t)from * v->n_stages + (size_t)to];
    p->moves++;
    if (p->last != mark) {
        p->last = mark;
        p->deals++;
    }
}

/* Deals that went on: for every stage reached, was a further one seen after its first visit? Deals have few visits, so
 * the stages of one deal are kept in a short list. */
struct steps {
    int stage[256];
    bool on[256];
    size_t n;
};

static void reach(const struct conversion *v, struct flow *f, struct steps *s, int stage, uint32_t mark)
{
    for (size_t i = 0; i < s->n; i++)
        s->on[i] = s->on[i] || (s->stage[i] != stage && further(v, s->stage[i], stage));
    if (f->seen[stage] == mark)
        return;
    f->seen[stage] = mark;
    f->reached[stage]++;
    if (s->n < sizeof s->stage / sizeof *s->stage) {
        s->stage[s->n] = stage;
        s->on[s->n++] = false;
    }
}

static void walk(const struct conversion *v, struct flow *f, const struct way *w, uint32_t mark, bool with_stays)
{
    struct steps steps = {.n = 0};
    int here = -1;
    int64_t since = 0;
    bool closed = false;
    struct visits way = visits_of(&v->view, w->slot);
    for (size_t i = 0; i < way.n; i++) {
        uint64_t visit = way.packed[i];
        int64_t at = visit_at(visit);
        int stage = conversion_stage_of(v, visit);
        if (at > v->as_of)
            break;
        if (stage < 0)
            continue;
        reach(v, f, &steps, stage, mark);
        if (here >= 0 && here != stage) {
            move(v, f, here, stage, mark);
            if (with_stays && !closed && v->stages[here].outcome == DEAL_OPEN) {
                struct stay s = {at - since, here, true};
                vec_push(&f->stays, s);
            }
        }
        if (here != stage)
            since = at;
        if (!visit_passed(visit))
            closed = v->stages[stage].outcome != DEAL_OPEN;
        here = stage;
    }
    if (with_stays && here >= 0 && !closed && v->stages[here].outcome == DEAL_OPEN) {
        struct stay s = {w->exit - since, here, false};
        vec_push(&f->stays, s);
    }
    for (size_t i = 0; i < steps.n; i++)
        f->went_on[steps.stage[i]] += steps.on[i];
}

/* Median time in a stage by Kaplan-Meier, so that deals still in it count for as long as they have been there. -1: not
 * reached. */
static double median_days(const struct flow *f, int stage, struct life *lives)
{
    struct incidence_quantile q = {.cause = 0, .p = 0.5};
    size_t n = 0;
    for (size_t i = 0; i < f->stays.len; i++)
        if (f->stays.ptr[i].stage == stage)
            lives[n++] = (struct life){f->stays.ptr[i].ms, INCIDENCE_FROM_START, f->stays.ptr[i].over ? 1 : 0};
    incidence_run(lives, n, NULL, 0, &q, 1);
    return n == 0 || q.at < 0 ? NAN : (double)q.at / MS_DAY;
}

static void put_steps(struct conversion *v, const struct flow *f)
{
    static const struct report_column columns[] = {
        {"stage_id", RT_INT},      {"stage", RT_TEXT},       {"outcome", RT_TEXT},      {"deals", RT_INT},
        {"rate", RT_RATE},         {"rate_low", RT_RATE},    {"rate_high", RT_RATE},    {"went_on", RT_INT},
        {"went_on_rate", RT_RATE}, {"went_on_low", RT_RATE}, {"went_on_high", RT_RATE}, {"median_days", RT_DAYS},
    };
    struct report_table *t = report_table_add(v->result, "steps", columns, sizeof columns / sizeof *columns);
    struct life *lives = malloc((f->stays.len + 1) * sizeof *lives);
    if (lives == NULL)
        abort();
    for (size_t i = 0; i < v->n_stages; i++) {
        const struct conversion_stage *s = &v->stages[i];
        int64_t n = f->reached[i], all = (int64_t)v->n_chosen;
        struct interval share = stats_wilson(n, all), on = stats_wilson(f->went_on[i], n);
        bool open = s->outcome == DEAL_OPEN, some = open && n > 0;
        struct cell row[] = {
            cell_i(s->id),
            cell_s(s->name),
            cell_s(str_c(s->outcome == DEAL_WON    ? "won"
                         : s->outcome == DEAL_LOST ? "lost"
                                                   : "open")),
            cell_i(n),
            all ? cell_f((double)n / (double)all) : cell_null(),
            all ? cell_f(share.low) : cell_null(),
            all ? cell_f(share.high) : cell_null(),
            open ? cell_i(f->went_on[i]) : cell_null(),
            some ? cell_f((double)f->went_on[i] / (double)n) : cell_null(),
            some ? cell_f(on.low) : cell_null(),
            some ? cell_f(on.high) : cell_null(),
            open ? cell_f(median_days(f, (int)i, lives)) : cell_null(),
        };
        report_row(t, row);
    }
    free(lives);
}

static const char *kind_of(const struct conversion *v, size_t from, size_t to)
{
    if (v->stages[to].outcome != DEAL_OPEN)
        return v->stages[to].outcome == DEAL_WON ? "won" : "lost";
    if (v->stages[from].outcome != DEAL_OPEN)
        return "reopened";
    return to < from ? "back" : to == from + 1 ? "forward" : "skip";
}

static void put_transitions(struct conversion *v, const struct flow *f)
{
    static const struct report_column columns[] = {
        {"from", RT_TEXT}, {"to", RT_TEXT},   {"from_id", RT_INT}, {"to_id", RT_INT},
        {"kind", RT_TEXT}, {"deals", RT_INT}, {"moves", RT_INT},
    };
    struct report_table *t = report_table_add(v->result, "transitions", columns, sizeof columns / sizeof *columns);
    for (size_t from = 0; from < v->n_stages; from++)
        for (size_t to = 0; to < v->n_stages; to++) {
            const struct pair *p = &f->pair[from * v->n_stages + to];
            struct cell row[] = {
                cell_s(v->stages[from].name),
                cell_s(v->stages[to].name),
                cell_i(v->stages[from].id),
                cell_i(v->stages[to].id),
                cell_s(str_c(kind_of(v, from, to))),
                cell_i(p->deals),
                cell_i(p->moves),
            };
            if (p->moves > 0)
                report_row(t, row);
        }
}

void conversion_flow(struct conversion *v)
{
    struct arena *a = v->call->arena;
    size_t n = v->n_stages;
    struct flow f = {.pair = ARENA_ARRAY(a, struct pair, n * n + 1),
                     .reached = ARENA_ARRAY(a, int64_t, n + 1),
                     .went_on = ARENA_ARRAY(a, int64_t, n + 1),
                     .seen = ARENA_ARRAY(a, uint32_t, n + 1)};
    v->dwell_every = 1 + (int64_t)v->n_chosen * 10 / DWELLS_MOST;
    for (size_t i = 0; i < v->n_chosen; i++)
        walk(v, &f, &v->chosen[i], (uint32_t)i + 1, (int64_t)i % v->dwell_every == 0);
    put_steps(v, &f);
    put_transitions(v, &f);
    vec_free(&f.stays);
}
