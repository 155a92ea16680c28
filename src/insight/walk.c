#include "insight/walk.h"
#include <math.h>

const char *const step_kinds[] = {"forward", "skip", "back", "won", "lost", "reopened"};

static void grow(struct walk *w)
{
    w->cap = w->cap ? w->cap * 2 : 64;
    w->s = realloc(w->s, w->cap * sizeof *w->s);
    w->fates = realloc(w->fates, w->cap * sizeof *w->fates);
    if (w->s == NULL || w->fates == NULL)
        abort();
}

void walk_deal(const struct pop *p, const struct pop_deal *d, struct walk *w)
{
    struct visits v = pop_visits(p, d);
    int here = POP_NO_STAGE;
    w->n = 0;
    for (size_t i = 0; i < v.n && visit_at(v.packed[i]) <= p->as_of; i++) {
        int stage = pop_stage_of(p, v.packed[i]);
        bool passed = visit_passed(v.packed[i]);
        if (stage < 0 && (w->n == 0 || passed))
            continue;
        if (stage == here)
            continue;
        here = stage; /* POP_NO_STAGE: of another funnel */
        struct step *last = w->n > 0 ? &w->s[w->n - 1] : NULL;
        if (last != NULL && !last->away)
            last->until = visit_at(v.packed[i]);
        if (stage < 0) {
            last->away = true;
            continue;
        }
        if (w->n == w->cap)
            grow(w);
        w->s[w->n++] = (struct step){visit_at(v.packed[i]), d->exit, (int16_t)stage, passed, false};
    }
}

void walk_free(struct walk *w)
{
    free(w->s);
    free(w->fates);
    free(w->seen);
    *w = (struct walk){0};
}

/* From the last step to the first; a stage counts by the first time in it, so an earlier one overwrites a later. */
void walk_fates(const struct pop *p, const struct pop_deal *d, struct walk *w)
{
    if (w->seen == NULL)
        w->seen = calloc(p->n_stages + 1, sizeof *w->seen);
    if (w->seen == NULL)
        abort();
    w->mark++;
    w->n_fates = 0;
    for (size_t i = 0; i < w->n; i++) { /* the first time in each */
        if (w->seen[w->s[i].stage] == w->mark || !stage_open(p, (size_t)w->s[i].stage))
            continue;
        w->seen[w->s[i].stage] = w->mark;
        w->fates[w->n_fates++] = (struct fate_at){w->s[i].stage, d->cause == DEAL_LOST ? FATE_ENDED : FATE_WAITING};
    }
    int furthest = -1;
    bool won = false;
    for (size_t i = w->n, k = w->n_fates; i-- > 0;) {
        int stage = w->s[i].stage;
        if (!stage_open(p, (size_t)stage)) {
            won = won || p->stages[stage].outcome == DEAL_WON;
            continue;
        }
        bool first = k > 0 && w->fates[k - 1].stage == stage;
        for (size_t back = 0; first && back < i; back++)
            first = w->s[back].stage != stage;
        if (first) {
            k--;
            if (won || furthest > stage)
                w->fates[k].fate = FATE_WENT_ON;
        }
        furthest = stage > furthest ? stage : furthest;
    }
}

enum step_kind step_kind(const struct pop *p, size_t from, size_t to, int64_t at)
{
    const struct pop_stage *a = &p->stages[from], *b = &p->stages[to];
    if (b->outcome != DEAL_OPEN)
        return b->outcome == DEAL_WON ? STEP_WON : STEP_LOST;
    if (a->outcome != DEAL_OPEN)
        return STEP_REOPENED;
    if (a->funnel_id != b->funnel_id)
        return STEP_FORWARD;
    if (to < from)
        return STEP_BACK;
    for (size_t i = from + 1; i < to; i++)
        if (p->stages[i].outcome == DEAL_OPEN && !p->stages[i].gone && p->stages[i].born <= at)
            return STEP_SKIP;
    return STEP_FORWARD;
}

void walk_rate(struct cell out[3], int64_t k, int64_t n, int64_t *hidden)
{
    pop_rate(out, k, n);
    *hidden += n > 0 && n < POP_TOLD;
}

void walk_groups(const struct pop *p, const struct tally *t, const struct report_column *columns, size_t n_columns,
                 size_t before, int64_t *hidden)
{
    struct report_table *table = report_table_add(p->result, "groups", columns, n_columns);
    struct cell *cells = ARENA_ARRAY(p->call->arena, struct cell, n_columns + 1);
    for (size_t g = 0; g < p->n_groups; g++) {
        if (tally_of(t, g, 0) == 0)
            continue;
        cells[0] = cell_s(p->groups[g].name);
        for (size_t k = 0; k < t->columns; k++)
            cells[1 + k + (k < before ? 0 : 3)] = cell_i(tally_of(t, g, k));
        walk_rate(cells + 1 + before, tally_of(t, g, 1), tally_of(t, g, 0), hidden);
        report_row_key(table, p->groups[g].key, cells);
    }
}

void walk_hidden(const struct pop *p, int64_t hidden)
{
    struct str args[] = {tell_n(p->call, hidden), tell_n(p->call, POP_TOLD)};
    if (hidden > 0)
        report_note(p->call, p->result, "rates_hidden", args, 2);
}

struct cell walk_days(double ms)
{
    return isfinite(ms) ? cell_f(ms / MS_DAY) : cell_null();
}

int walk_lost_from(const struct pop *p, const struct walk *w)
{
    int stage = POP_NO_STAGE;
    for (size_t i = 0; i < w->n; i++)
        if (!w->s[i].passed && stage_open(p, (size_t)w->s[i].stage))
            stage = w->s[i].stage;
    return stage;
}

int64_t walk_key(int64_t a, int64_t b)
{
    uint64_t h = (uint64_t)a * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)b;
    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (int64_t)((h ^ (h >> 31)) >> 12);
}

struct str tell_n(const struct report_call *c, int64_t n)
{
    return str_fmt(c->arena, "%lld", (long long)n);
}

struct str tell_rate(const struct report_call *c, double rate)
{
    return report_percent(c->arena, c->lang, rate);
}

struct str tell_days(const struct report_call *c, double ms)
{
    double days = ms / MS_DAY;
    return report_number(c->arena, c->lang, days, days < 10 ? 1 : 0);
}

const char *tell_outcome(enum deal_status outcome)
{
    return outcome == DEAL_WON ? "won" : outcome == DEAL_LOST ? "lost" : "open";
}
