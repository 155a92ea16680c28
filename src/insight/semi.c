/* A semi-Markov process learned from stays, on a grid of time. */
#include "insight/chance.h"
#include <math.h>
#include <string.h>

#define AGE_BINS 768 /* of dwell beside the horizon; longer stays are taken for that long */

struct semi *semi_new(struct arena *a, size_t n_states, const uint8_t *ends, int64_t horizon, int64_t bin)
{
    struct semi *s = ARENA_NEW(a, struct semi);
    s->arena = a;
    s->n_states = n_states;
    s->ends = ends;
    s->bin = bin > 0 ? bin : 1;
    s->steps = (size_t)((horizon + s->bin - 1) / s->bin);
    s->n_bins = AGE_BINS + s->steps;
    s->edge_of = ARENA_ARRAY(a, int32_t, n_states * n_states + 1);
    memset(s->edge_of, -1, n_states * n_states * sizeof *s->edge_of);
    s->staying = ARENA_ARRAY(a, float *, n_states + 1);
    s->open = ARENA_ARRAY(a, double *, n_states + 1);
    s->at_risk = ARENA_ARRAY(a, double *, n_states + 1);
    s->won = ARENA_ARRAY(a, double *, n_states + 1);
    s->memo = ARENA_ARRAY(a, double *, n_states + 1);
    s->entered = ARENA_ARRAY(a, int64_t, n_states + 1);
    s->used = ARENA_ARRAY(a, size_t, n_states + 1);
    s->later = ARENA_ARRAY(a, double, n_states + 1);
    s->left = ARENA_ARRAY(a, int64_t, n_states + 1);
    return s;
}

void semi_free(struct semi *s)
{
    if (s != NULL)
        vec_free(&s->edges);
}

static struct semi_edge *edge(struct semi *s, uint32_t from, uint32_t to)
{
    int32_t *at = &s->edge_of[(size_t)from * s->n_states + to];
    if (*at < 0) {
        struct semi_edge fresh = {from, to, ARENA_ARRAY(s->arena, float, s->n_bins),
                                  ARENA_ARRAY(s->arena, float, s->n_bins)};
        *at = (int32_t)s->edges.len;
        vec_push(&s->edges, fresh);
    }
    return &s->edges.ptr[*at];
}

void semi_add(struct semi *s, uint32_t from, uint32_t to, int64_t dwell)
{
    if (from >= s->n_states || (to != CHANCE_NOWHERE && to >= s->n_states))
        return;
    size_t bin = dwell > 0 ? (size_t)(dwell / s->bin) : 0;
    bin = bin < s->n_bins ? bin : s->n_bins - 1;
    s->entered[from]++;
    if (to != CHANCE_NOWHERE) {
        s->left[from]++;
        edge(s, from, to)->exits[bin]++;
        return;
    }
    if (s->staying[from] == NULL)
        s->staying[from] = ARENA_ARRAY(s->arena, float, s->n_bins);
    s->staying[from][bin]++;
}

/* The edges of each state in one piece, so that a state is walked without looking at the others. */
static void order_edges(struct semi *s)
{
    if (s->n_ordered == s->edges.len && s->first_edge != NULL)
        return;
    s->n_ordered = s->edges.len;
    s->edges_of = ARENA_ARRAY(s->arena, uint32_t, s->edges.len + 1);
    s->first_edge = ARENA_ARRAY(s->arena, uint32_t, s->n_states + 2);
    for (size_t i = 0; i < s->edges.len; i++)
        s->first_edge[s->edges.ptr[i].from + 1]++;
    for (size_t i = 0; i < s->n_states; i++)
        s->first_edge[i + 1] += s->first_edge[i];
    uint32_t *next = ARENA_ARRAY(s->arena, uint32_t, s->n_states + 1);
    memcpy(next, s->first_edge, s->n_states * sizeof *next);
    for (uint32_t i = 0; i < s->edges.len; i++)
        s->edges_of[next[s->edges.ptr[i].from]++] = i;
}

/* Nobody was seen as long as this. */
static void clear_from(struct semi *s, uint32_t state, size_t first)
{
    for (size_t b = first; b < s->used[state]; b++) {
        s->open[state][b] = s->at_risk[state][b] = 0;
        for (uint32_t k = s->first_edge[state]; k < s->first_edge[state + 1]; k++)
            s->edges.ptr[s->edges_of[k]].q[b] = 0;
    }
    s->used[state] = first;
}

/* Counts become probabilities: the life table, those that were censored within a bin at risk for half of it. */
static void life_table(struct semi *s, uint32_t state)
{
    double n = (double)s->entered[state], open = 1;
    size_t b = 0;
    if (s->open[state] == NULL) {
        s->open[state] = ARENA_ARRAY(s->arena, double, s->n_bins + 1);
        s->at_risk[state] = ARENA_ARRAY(s->arena, double, s->n_bins + 1);
        s->won[state] = ARENA_ARRAY(s->arena, double, s->steps + 1);
    }
    for (; b < s->n_bins && n > 0.5; b++) {
        double staying = s->staying[state] != NULL ? (double)s->staying[state][b] : 0, out = 0;
        double watched = n - staying / 2, gone = 0;
        s->open[state][b] = open;
        s->at_risk[state][b] = n;
        for (uint32_t k = s->first_edge[state]; k < s->first_edge[state + 1]; k++) {
            struct semi_edge *x = &s->edges.ptr[s->edges_of[k]];
            double d = (double)x->exits[b], q = d > 0 && watched > 0 ? open * d / watched : 0;
            x->q[b] = (float)q;
            out += d;
            gone += q;
        }
        open = open > gone ? open - gone : 0;
        n -= out + staying;
        if (n < 0.5 && out > 0)
            open = 0;
    }
    clear_from(s, state, b);
    s->used[state] = b;
    s->open[state][b] = open;
}

/* What follows a move in the middle of a bin: the mean of both ends of it. */
static double after(const struct semi *s, uint32_t to, size_t k)
{
    if (s->ends[to] != 0)
        return s->ends[to] == 1;
    return s->won[to] == NULL ? 0 : 0.5 * (s->won[to][k] + s->won[to][k > 0 ? k - 1 : 0]);
}

/* Of moves in later bins than the first, which hang on earlier steps only. */
static double later(const struct semi *s, uint32_t state, size_t k)
{
    double sum = 0;
    for (uint32_t e = s->first_edge[state]; e < s->first_edge[state + 1]; e++) {
        const struct semi_edge *x = &s->edges.ptr[s->edges_of[e]];
        for (size_t i = 1; i < k && i < s->used[state]; i++)
            if (x->q[i] > 0)
                sum += (double)x->q[i] * after(s, x->to, k - i);
    }
    return sum;
}

/* P(won within k bins), all states a step at a time. A move in the first bin goes on within the same step, so the step
 * is solved by repeating that part until nothing changes. */
static void solve_step(struct semi *s, size_t k)
{
    for (uint32_t state = 0; state < s->n_states; state++)
        if (s->won[state] != NULL)
            s->won[state][k] = s->later[state] = later(s, state, k);
    for (int round = 0; round < 100; round++) {
        double moved = 0;
        for (uint32_t state = 0; state < s->n_states; state++) {
            if (s->won[state] == NULL || s->used[state] == 0)
                continue;
            double sum = s->later[state];
            for (uint32_t e = s->first_edge[state]; e < s->first_edge[state + 1]; e++) {
                const struct semi_edge *x = &s->edges.ptr[s->edges_of[e]];
                if (x->q[0] > 0)
                    sum += (double)x->q[0] * after(s, x->to, k);
            }
            moved = fmax(moved, fabs(sum - s->won[state][k]));
            s->won[state][k] = sum;
        }
        if (moved < 1e-9)
            return;
    }
}

void semi_solve(struct semi *s)
{
    order_edges(s);
    for (uint32_t state = 0; state < s->n_states; state++) {
        if (s->entered[state] == 0 || s->ends[state] != 0)
            continue;
        life_table(s, state);
    }
    for (size_t i = 0; i < s->n_states && s->memo_steps > 0; i++)
        for (size_t b = 0; s->memo[i] != NULL && b <= s->used[i]; b++)
            s->memo[i][b] = -1;
    for (size_t k = 1; k <= s->steps; k++)
        solve_step(s, k);
}

void semi_forget_staying(struct semi *s)
{
    for (size_t i = 0; i < s->n_states; i++) {
        s->entered[i] = s->left[i];
        if (s->staying[i] != NULL)
            memset(s->staying[i], 0, s->n_bins * sizeof(float));
    }
}

/* Of a stay that has lasted exactly b bins. */
static double from_bin(const struct semi *s, uint32_t state, size_t b, size_t k)
{
    double sum = 0;
    if (b >= s->used[state] || s->open[state][b] < 1e-9)
        return 0;
    for (uint32_t e = s->first_edge[state]; e < s->first_edge[state + 1]; e++) {
        const struct semi_edge *x = &s->edges.ptr[s->edges_of[e]];
        for (size_t i = 0; i < k && b + i < s->used[state]; i++)
            if (x->q[b + i] > 0)
                sum += (double)x->q[b + i] * after(s, x->to, k - i);
    }
    sum /= s->open[state][b];
    return sum < 1 ? sum : 1;
}

static double remembered(struct semi *s, uint32_t state, size_t b, size_t k)
{
    if (s->memo_steps != k) {
        for (size_t i = 0; i < s->n_states; i++)
            for (size_t j = 0; s->memo[i] != NULL && j <= s->n_bins; j++)
                s->memo[i][j] = -1;
        s->memo_steps = k;
    }
    if (s->memo[state] == NULL) {
        s->memo[state] = arena_alloc(s->arena, (s->n_bins + 1) * sizeof(double));
        for (size_t i = 0; i <= s->n_bins; i++)
            s->memo[state][i] = -1;
    }
    if (s->memo[state][b] < 0)
        s->memo[state][b] = from_bin(s, state, b, k);
    return s->memo[state][b];
}

double semi_chance(struct semi *s, uint32_t state, int64_t age, int64_t h, double *at_risk)
{
    if (at_risk != NULL)
        *at_risk = 0;
    if (state >= s->n_states || s->won[state] == NULL)
        return state < s->n_states && s->ends[state] == 1 ? 1 : 0;
    double bins = age > 0 ? (double)age / (double)s->bin : 0;
    size_t k = (size_t)((h + s->bin / 2) / s->bin), b = (size_t)fmin(bins, (double)s->n_bins - 1);
    k = k < s->steps ? k : s->steps;
    double part = fmin(1, bins - (double)b);
    if (at_risk != NULL)
        *at_risk = s->at_risk[state][b];
    double low = remembered(s, state, b, k);
    if (b + 1 >= s->used[state] || s->open[state][b + 1] < 1e-9)
        return low;
    return low + part * (remembered(s, state, b + 1, k) - low);
}
