/* A semi-Markov process learned from stays, on a grid of time. */
#include "insight/chance.h"
#include <math.h>
#include <string.h>

#define BINS_FIRST 32
#define AGE_BINS 768 /* of dwell beside the horizon; longer stays are taken for that long */

struct semi *semi_new(struct arena *a, size_t n_states, const uint8_t *ends, int64_t horizon, int64_t bin)
{
    struct semi *s = ARENA_NEW(a, struct semi);
    s->arena = a;
    s->n_states = n_states;
    s->ends = ends;
    s->bin = bin > 0 ? bin : 1;
    s->bins_a_ms = 1 / (double)s->bin;
    s->steps = (size_t)((horizon + s->bin - 1) / s->bin);
    s->n_bins = AGE_BINS + s->steps;
    s->edge_of = ARENA_ARRAY(a, int32_t, n_states * n_states + 1);
    memset(s->edge_of, -1, n_states * n_states * sizeof *s->edge_of);
    s->staying = ARENA_ARRAY(a, float *, n_states + 1);
    s->open = ARENA_ARRAY(a, double *, n_states + 1);
    s->at_risk = ARENA_ARRAY(a, double *, n_states + 1);
    s->won = ARENA_ARRAY(a, double *, n_states + 1);
    s->coming = ARENA_ARRAY(a, double *, n_states + 1);
    s->share = ARENA_ARRAY(a, double, s->n_bins + 1);
    s->now = ARENA_ARRAY(a, double, n_states + 1);
    s->before = ARENA_ARRAY(a, double, n_states + 1);
    s->at_once = ARENA_ARRAY(a, double, n_states + 1);
    s->first_of = ARENA_ARRAY(a, uint32_t, n_states + 2);
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
        struct semi_edge fresh = {.from = from, .to = to};
        *at = (int32_t)s->edges.len;
        vec_push(&s->edges, fresh);
    }
    return &s->edges.ptr[*at];
}

static float *with_room(const struct semi *s, const float *was, size_t n, size_t *cap, size_t need)
{
    size_t more = need * 2 > BINS_FIRST ? need * 2 : BINS_FIRST;
    *cap = more < s->n_bins ? more : s->n_bins;
    float *out = ARENA_ARRAY(s->arena, float, *cap);
    if (n > 0)
        memcpy(out, was, n * sizeof *out);
    return out;
}

/* dwell / bin without a division, the last one for what is longer. */
static size_t bin_of(const struct semi *s, int64_t dwell)
{
    if (dwell <= 0)
        return 0;
    if (dwell >= s->bin * (int64_t)s->n_bins)
        return s->n_bins - 1;
    int64_t bin = (int64_t)((double)dwell * s->bins_a_ms);
    bin += (bin + 1) * s->bin <= dwell;
    bin -= bin * s->bin > dwell;
    return (size_t)bin;
}

void semi_add(struct semi *s, uint32_t from, uint32_t to, int64_t dwell)
{
    if (from >= s->n_states || (to != CHANCE_NOWHERE && to >= s->n_states))
        return;
    size_t bin = bin_of(s, dwell);
    s->entered[from]++;
    if (to != CHANCE_NOWHERE) {
        struct semi_edge *x = edge(s, from, to);
        s->left[from]++;
        if (bin >= x->cap)
            x->exits = with_room(s, x->exits, x->end, &x->cap, bin + 1);
        x->exits[bin]++;
        x->end = x->end > bin ? x->end : bin + 1;
        return;
    }
    if (s->staying[from] == NULL)
        s->staying[from] = ARENA_ARRAY(s->arena, float, s->n_bins);
    s->staying[from][bin]++;
}

void semi_take_back(struct semi *s, uint32_t from, uint32_t to, int64_t dwell)
{
    if (from >= s->n_states || to >= s->n_states)
        return;
    struct semi_edge *x = edge(s, from, to);
    size_t bin = bin_of(s, dwell);
    s->entered[from]--;
    s->left[from]--;
    if (bin < x->end) /* it was added before */
        x->exits[bin]--;
}

/* The edges of each state in one piece, so that a state is walked without looking at the others. */
static void order_edges(struct semi *s)
{
    if (s->n_ordered == s->edges.len && s->first_edge != NULL)
        return;
    s->n_ordered = s->edges.len;
    s->edges_of = ARENA_ARRAY(s->arena, uint32_t, s->edges.len + 1);
    s->first_to = ARENA_ARRAY(s->arena, uint32_t, s->edges.len + 1);
    s->first_q = ARENA_ARRAY(s->arena, double, s->edges.len + 1);
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

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many left the state in each bin, by whatever way; behind the last in which anybody did. */
static size_t sum_exits(struct semi *s, uint32_t state)
{
    size_t end = 0;
    for (uint32_t k = s->first_edge[state]; k < s->first_edge[state + 1]; k++) {
        const struct semi_edge *x = &s->edges.ptr[s->edges_of[k]];
        end = end > x->end ? end : x->end;
    }
    memset(s->share, 0, end * sizeof *s->share);
    for (uint32_t k = s->first_edge[state]; k < s->first_edge[state + 1]; k++) {
        const struct semi_edge *x = &s->edges.ptr[s->edges_of[k]];
        for (size_t b = 0; b < x->end; b++)
            s->share[b] += (double)x->exits[b];
    }
    return end;
}

/* Counts become probabilities: the life table, those that were censored within a bin at risk for half of it. */
static void life_table(struct semi *s, uint32_t state)
{
    double n = (double)s->entered[state], open = 1;
    size_t b = 0, ends = sum_exits(s, state);
    if (s->open[state] == NULL) {
        s->open[state] = ARENA_ARRAY(s->arena, double, s->n_bins + 1);
        s->at_risk[state] = ARENA_ARRAY(s->arena, double, s->n_bins + 1);
        s->won[state] = ARENA_ARRAY(s->arena, double, s->steps + 1);
        s->coming[state] = ARENA_ARRAY(s->arena, double, s->steps + 1);
    }
    for (; b < s->n_bins && n > 0.5; b++) {
        double staying = s->staying[state] != NULL ? (double)s->staying[state][b] : 0, out = b < ends ? s->share[b] : 0;
        double watched = n - staying / 2;
        s->open[state][b] = open;
        s->at_risk[state][b] = n;
        if (out > 0) {
            double share = watched > 0 ? open / watched : 0, gone = out * share;
            s->share[b] = share;
            open = open > gone ? open - gone : 0;
        }
        n -= out + staying;
        if (n < 0.5 && out > 0)
            open = 0;
    }
    for (uint32_t k = s->first_edge[state]; k < s->first_edge[state + 1]; k++) {
        struct semi_edge *x = &s->edges.ptr[s->edges_of[k]];
        for (size_t i = 0; i < least(b, x->end); i++)
            x->q[i] = (float)((double)x->exits[i] * s->share[i]);
    }
    for (size_t i = b; i < s->used[state]; i++) /* nobody was seen as long as this */
        s->open[state][i] = s->at_risk[state][i] = 0;
    s->used[state] = b;
    s->open[state][b] = open;
}

/* What moves in n bins come to, the last of which leaves `left` bins. */
static double coming(const struct semi *s, const float *q, size_t n, uint32_t to, size_t left)
{
    double sum[4] = {0};
    size_t i = 0;
    if (s->ends[to] == 1) {
        for (; i < n; i++)
            sum[0] += (double)q[i];
        return sum[0];
    }
    const double *of = s->coming[to];
    if (s->ends[to] != 0 || of == NULL || n == 0)
        return 0;
    of += s->steps - (left + n - 1);
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            sum[k] += (double)q[i + k] * of[i + k];
    for (; i < n; i++)
        sum[0] += (double)q[i] * of[i];
    return sum[0] + sum[1] + sum[2] + sum[3];
}

/* Of moves in later bins than the first, which hang on earlier steps only. */
static double later(const struct semi *s, uint32_t state, size_t k)
{
    size_t n = least(k, s->used[state]);
    double sum = 0;
    for (uint32_t e = s->first_edge[state]; n > 1 && e < s->first_edge[state + 1]; e++) {
        const struct semi_edge *x = &s->edges.ptr[s->edges_of[e]];
        size_t own = least(n, x->end);
        if (own > 1)
            sum += coming(s, x->q + 1, own - 1, x->to, k - (own - 1));
    }
    return sum;
}

/* Moves in the first bin, of each state in one piece: they go on within the same step. */
static void list_first(struct semi *s)
{
    uint32_t n = 0;
    for (uint32_t state = 0; state < s->n_states; state++) {
        s->first_of[state] = n;
        s->at_once[state] = 0;
        for (uint32_t e = s->first_edge[state]; s->used[state] > 0 && e < s->first_edge[state + 1]; e++) {
            const struct semi_edge *x = &s->edges.ptr[s->edges_of[e]];
            if (s->ends[x->to] == 1)
                s->at_once[state] += (double)x->q[0];
            if (s->ends[x->to] != 0 || s->won[x->to] == NULL || x->q[0] <= 0)
                continue;
            s->first_to[n] = x->to;
            s->first_q[n++] = 0.5 * (double)x->q[0];
        }
    }
    s->first_of[s->n_states] = n;
}

/* Once through all states; how much anything moved. Ways mostly lead to later stages, so the last come first. */
static double settle(struct semi *s)
{
    double moved = 0;
    for (uint32_t state = (uint32_t)s->n_states; state-- > 0;) {
        double sum = s->later[state] + s->at_once[state];
        for (uint32_t i = s->first_of[state]; i < s->first_of[state + 1]; i++)
            sum += s->first_q[i] * (s->now[s->first_to[i]] + s->before[s->first_to[i]]);
        double by = fabs(sum - s->now[state]);
        moved = by > moved ? by : moved;
        s->now[state] = sum;
    }
    return moved;
}

/* P(won within k bins), all states a step at a time. A move in the first bin goes on within the same step, so the step
 * is solved by repeating that part until nothing changes. */
static void solve_step(struct semi *s, size_t k)
{
    for (uint32_t state = 0; state < s->n_states; state++) {
        s->before[state] = s->now[state];
        s->later[state] = s->won[state] != NULL ? later(s, state, k) : 0;
        s->now[state] = s->later[state] > s->before[state] ? s->later[state] : s->before[state];
    }
    for (int round = 0; round < 100 && settle(s) >= 1e-9; round++)
        ;
    for (uint32_t state = 0; state < s->n_states; state++)
        if (s->won[state] != NULL) {
            s->won[state][k] = s->now[state];
            s->coming[state][s->steps - k] = 0.5 * (s->now[state] + s->before[state]);
        }
}

void semi_solve(struct semi *s)
{
    order_edges(s);
    for (size_t i = 0; i < s->edges.len; i++) {
        struct semi_edge *x = &s->edges.ptr[i];
        if (x->end > x->q_cap)
            x->q = with_room(s, x->q, x->q_cap, &x->q_cap, x->end);
    }
    for (uint32_t state = 0; state < s->n_states; state++) {
        if (s->entered[state] == 0 || s->ends[state] != 0)
            continue;
        life_table(s, state);
    }
    for (size_t i = 0; i < s->n_states && s->memo_steps > 0; i++)
        for (size_t b = 0; s->memo[i] != NULL && b <= s->n_bins; b++)
            s->memo[i][b] = -1;
    list_first(s);
    memset(s->now, 0, s->n_states * sizeof *s->now);
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
    size_t n = least(k, s->used[state] - b);
    for (uint32_t e = s->first_edge[state]; n > 0 && e < s->first_edge[state + 1]; e++) {
        const struct semi_edge *x = &s->edges.ptr[s->edges_of[e]];
        size_t own = x->end > b ? least(n, x->end - b) : 0;
        if (own > 0)
            sum += coming(s, x->q + b, own, x->to, k - (own - 1));
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
