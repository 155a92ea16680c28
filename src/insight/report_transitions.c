/* 4. The transition matrix: every step from stage to stage as it happened, with skips and returns. */
#include "insight/spread.h"
#include "insight/walk.h"
#include <math.h>

static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "from", .type = RT_TEXT},
    {.id = "from_id", .type = RT_ID, .ref = "stages"},
    {.id = "to", .type = RT_TEXT},
    {.id = "to_id", .type = RT_ID, .ref = "stages"},
    {.id = "kind", .type = RT_TEXT},
    {.id = "deals", .type = RT_INT, .drill = true},
    {.id = "moves", .type = RT_INT, .drill = true, .events = true},
    {.id = "rate", .type = RT_RATE},
    {.id = "rate_low", .type = RT_RATE},
    {.id = "rate_high", .type = RT_RATE},
    {.id = "median_before_days", .type = RT_DAYS},
    {.id = "p90_before_days", .type = RT_DAYS},
};
static const struct report_column end_columns[] = {
    {.id = "stage", .type = RT_TEXT},
    {.id = "stage_id", .type = RT_ID, .ref = "stages"},
    {.id = "began", .type = RT_INT, .drill = true},
    {.id = "ends_here", .type = RT_INT, .drill = true},
};
static const struct report_column group_columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "deals", .type = RT_INT, .drill = true},
    {.id = "moves", .type = RT_INT, .drill = true, .events = true},
    {.id = "skips", .type = RT_INT, .drill = true, .events = true},
    {.id = "back_moves", .type = RT_INT, .drill = true, .events = true},
    {.id = "with_skips", .type = RT_INT, .drill = true},
    {.id = "with_returns", .type = RT_INT, .drill = true},
    {.id = "rate", .type = RT_RATE},
    {.id = "rate_low", .type = RT_RATE},
    {.id = "rate_high", .type = RT_RATE},
};
enum { P_DEALS, P_MOVES };
static const char *const pair_counts[] = {"deals", "moves"}, *const end_counts[] = {"began", "ends_here"},
                         *const group_counts[] = {"deals", "with_skips", "with_returns",
                                                  "moves", "skips",      "back_moves"},
                         *const all_counts[] = {"forward",    "skips",          "back_moves",
                                                "reopenings", "skipping_deals", "returning_deals"};
enum { G_DEALS, G_SKIPS, G_RETURNS, G_MOVES, G_SKIP_MOVES, G_BACK_MOVES };
enum { A_FORWARD, A_SKIP_MOVES, A_BACK, A_REOPENED, A_SKIPS, A_RETURNS, A_COUNTS };

struct matrix {
    struct pop p;
    struct tally all, pairs, ends, groups;
    int64_t *pair_keys;
    uint32_t *last;        /* the deal that made the pair last, + 1 */
    struct spread *before; /* how long it stood where it went from */
    int64_t hidden;
};

static void one(struct matrix *m, const struct pop_deal *d, const struct walk *w, uint32_t mark)
{
    static const uint8_t of_kind[] = {
        [STEP_FORWARD] = A_FORWARD, [STEP_SKIP] = A_SKIP_MOVES, [STEP_BACK] = A_BACK,
        [STEP_WON] = A_COUNTS,      [STEP_LOST] = A_COUNTS,     [STEP_REOPENED] = A_REOPENED};
    struct pop *p = &m->p;
    int64_t id = pop_id(p, d);
    bool skips = false, returns = false;
    for (size_t i = 1; i < w->n && !d->again; i++) {
        if (w->s[i - 1].away)
            continue; /* between the two it was in another funnel */
        size_t from = (size_t)w->s[i - 1].stage, to = (size_t)w->s[i].stage, pair = from * p->n_stages + to;
        tally_add(&m->pairs, pair, P_MOVES, id);
        spread_add(&m->before[pair], w->s[i].at - w->s[i - 1].at, false);
        if (m->last[pair] != mark)
            tally_add(&m->pairs, pair, P_DEALS, id);
        m->last[pair] = mark;
    }
    for (size_t i = 1; i < w->n; i++) {
        if (w->s[i - 1].away)
            continue;
        enum step_kind kind = step_kind(p, (size_t)w->s[i - 1].stage, (size_t)w->s[i].stage, INT64_MAX);
        bool back = kind == STEP_BACK || kind == STEP_REOPENED;
        tally_add(&m->groups, d->group, G_MOVES, id);
        if (kind == STEP_SKIP || back)
            tally_add(&m->groups, d->group, kind == STEP_SKIP ? G_SKIP_MOVES : G_BACK_MOVES, id);
        if (of_kind[kind] != A_COUNTS && !d->again)
            tally_add(&m->all, 0, of_kind[kind], id);
        skips = skips || kind == STEP_SKIP;
        returns = returns || back;
    }
    tally_add(&m->groups, d->group, G_DEALS, id);
    if (skips)
        tally_add(&m->groups, d->group, G_SKIPS, id);
    if (returns)
        tally_add(&m->groups, d->group, G_RETURNS, id);
    if (d->again)
        return;
    if (skips)
        tally_add(&m->all, 0, A_SKIPS, id);
    if (returns)
        tally_add(&m->all, 0, A_RETURNS, id);
    tally_add(&m->ends, (size_t)w->s[0].stage, 0, id);
    tally_add(&m->ends, (size_t)w->s[w->n - 1].stage, 1, id);
}

static void prepare(struct matrix *m)
{
    struct pop *p = &m->p;
    const struct report_call *c = p->call;
    size_t n = p->n_stages;
    int64_t *stage_keys = ARENA_ARRAY(c->arena, int64_t, n + 1);
    m->pair_keys = ARENA_ARRAY(c->arena, int64_t, n * n + 1);
    for (size_t i = 0; i < n; i++) {
        stage_keys[i] = p->stages[i].id;
        for (size_t k = 0; k < n; k++)
            m->pair_keys[i * n + k] = walk_key(p->stages[i].id, p->stages[k].id);
    }
    static const int64_t one = 0;
    m->all = tally_new(c, p->result, "summary", 1, &one, all_counts, A_COUNTS);
    m->pairs = tally_new(c, p->result, "rows", n * n, m->pair_keys, pair_counts, 2);
    m->ends = tally_new(c, p->result, "ends", n, stage_keys, end_counts, 2);
    m->groups = tally_new(c, p->result, "groups", p->n_groups, pop_keys(p), group_counts, 6);
    m->last = ARENA_ARRAY(c->arena, uint32_t, n * n + 1);
    m->before = spreads_new(n * n);
}

static void put_pairs(struct matrix *m)
{
    struct pop *p = &m->p;
    size_t n = p->n_stages;
    p->result->main =
        (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t from = 0; from < n; from++) {
        int64_t left = 0;
        for (size_t to = 0; to < n; to++)
            left += tally_of(&m->pairs, from * n + to, P_MOVES);
        for (size_t to = 0; to < n; to++) {
            size_t pair = from * n + to;
            struct cell rate[3];
            if (tally_of(&m->pairs, pair, P_MOVES) == 0)
                continue;
            walk_rate(rate, tally_of(&m->pairs, pair, P_MOVES), left, &m->hidden);
            struct cell cells[] = {
                cell_s(p->stages[from].name),
                cell_i(p->stages[from].id),
                cell_s(p->stages[to].name),
                cell_i(p->stages[to].id),
                cell_s(str_c(step_kinds[step_kind(p, from, to, INT64_MAX)])),
                cell_i(tally_of(&m->pairs, pair, P_DEALS)),
                cell_i(tally_of(&m->pairs, pair, P_MOVES)),
                rate[0],
                rate[1],
                rate[2],
                walk_days(spread_quantile(&m->before[pair], 0.5)),
                walk_days(spread_quantile(&m->before[pair], 0.9)),
            };
            report_row_key(&p->result->main, m->pair_keys[pair], cells);
        }
    }
}

static void put_ends(struct matrix *m)
{
    struct pop *p = &m->p;
    struct report_table *t = report_table_add(p->result, "ends", end_columns, sizeof end_columns / sizeof *end_columns);
    for (size_t s = 0; s < p->n_stages; s++) {
        int64_t began = tally_of(&m->ends, s, 0), ended = tally_of(&m->ends, s, 1);
        struct cell cells[] = {cell_s(p->stages[s].name), cell_i(p->stages[s].id), cell_i(began), cell_i(ended)};
        if (began + ended > 0)
            report_row_key(t, p->stages[s].id, cells);
    }
}

static void put_groups(struct matrix *m)
{
    struct pop *p = &m->p;
    if (p->by.kind == BY_NOTHING)
        return;
    struct report_table *t =
        report_table_add(p->result, "groups", group_columns, sizeof group_columns / sizeof *group_columns);
    for (size_t g = 0; g < p->n_groups; g++) {
        struct cell rate[3];
        walk_rate(rate, tally_of(&m->groups, g, G_RETURNS), p->groups[g].n, &m->hidden);
        struct cell cells[] = {
            cell_s(p->groups[g].name),
            cell_i(tally_of(&m->groups, g, G_DEALS)),
            cell_i(tally_of(&m->groups, g, G_MOVES)),
            cell_i(tally_of(&m->groups, g, G_SKIP_MOVES)),
            cell_i(tally_of(&m->groups, g, G_BACK_MOVES)),
            cell_i(tally_of(&m->groups, g, G_SKIPS)),
            cell_i(tally_of(&m->groups, g, G_RETURNS)),
            rate[0],
            rate[1],
            rate[2],
        };
        report_row_key(t, p->groups[g].key, cells);
    }
}

static void put_summary(const struct matrix *m)
{
    const struct pop *p = &m->p;
    int64_t all = 0;
    for (size_t pair = 0; pair < p->n_stages * p->n_stages; pair++)
        all += tally_of(&m->pairs, pair, P_MOVES);
    report_sum_counted(p->result, "deals", (int64_t)p->n_all);
    report_sum_events(p->result, "moves", all);
    for (size_t k = 0; k < A_COUNTS; k++)
        (k < A_SKIPS ? report_sum_events : report_sum_counted)(p->result, all_counts[k], tally_of(&m->all, 0, k));
}

/* How many deals step back, and where most of them do. */
static void verdict(const struct matrix *m)
{
    const struct pop *p = &m->p;
    size_t n = p->n_stages, most = 0;
    int64_t moves = 0;
    for (size_t pair = 0; pair < n * n; pair++)
        if (tally_of(&m->pairs, pair, P_MOVES) > moves && step_kind(p, pair / n, pair % n, INT64_MAX) == STEP_BACK) {
            most = pair;
            moves = tally_of(&m->pairs, pair, P_MOVES);
        }
    if (p->n_all < POP_FEW)
        return;
    struct str args[] = {tell_rate(p->call, (double)tally_of(&m->all, 0, A_RETURNS) / (double)p->n_all),
                         tell_rate(p->call, (double)tally_of(&m->all, 0, A_SKIPS) / (double)p->n_all),
                         moves > 0 ? p->stages[most / n].name : STR(""), moves > 0 ? p->stages[most % n].name : STR(""),
                         tell_n(p->call, moves)};
    report_verdict(p->call, p->result, moves > 0 ? "transitions" : "transitions_no_returns", args, 5);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct matrix m = {0};
    struct pop *p = &m.p;
    struct walk w = {0};
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE}, e);
    if (rc != RC_OK)
        goto out;
    pop_lock(p);
    prepare(&m);
    for (size_t i = 0; i < p->n; i++) {
        walk_deal(p, &p->d[i], &w);
        if (w.n > 0)
            one(&m, &p->d[i], &w, (uint32_t)i + 1);
    }
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    put_pairs(&m);
    put_ends(&m);
    put_groups(&m);
    put_summary(&m);
    verdict(&m);
    pop_notes(p);
    walk_hidden(p, m.hidden);
out:
    spreads_free(m.before, p->n_stages * p->n_stages);
    walk_free(&w);
    pop_free(p);
    return rc;
}

const struct report report_transitions = {.id = "transitions",
                                          .question = "report.transitions.question",
                                          .params = params,
                                          .n_params = sizeof params / sizeof *params,
                                          .run = run,
                                          .group = "funnel",
                                          .definition = 1,
                                          .chart = {.kind = CHART_MATRIX, .x = "to", .y = "moves", .series = "from"}};
