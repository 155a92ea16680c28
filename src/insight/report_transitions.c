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
    {.id = "moves", .type = RT_INT},
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
    {.id = "moves", .type = RT_INT},
    {.id = "skips", .type = RT_INT},
    {.id = "back_moves", .type = RT_INT},
    {.id = "with_skips", .type = RT_INT, .drill = true},
    {.id = "with_returns", .type = RT_INT, .drill = true},
    {.id = "rate", .type = RT_RATE},
    {.id = "rate_low", .type = RT_RATE},
    {.id = "rate_high", .type = RT_RATE},
};
static const char *const pair_counts[] = {"deals"}, *const end_counts[] = {"began", "ends_here"},
                         *const group_counts[] = {"deals", "with_skips", "with_returns"};
enum { G_DEALS, G_SKIPS, G_RETURNS };

struct matrix {
    struct pop p;
    struct tally pairs, ends, groups;
    int64_t *pair_keys;
    int64_t *moves;        /* of a pair */
    int64_t (*by_kind)[6]; /* of a group */
    uint32_t *last;        /* the deal that made the pair last, + 1 */
    struct spread *before; /* how long it stood where it went from */
    int64_t skipping, returning, hidden;
};

static void one(struct matrix *m, const struct pop_deal *d, const struct walk *w, uint32_t mark)
{
    struct pop *p = &m->p;
    int64_t id = pop_id(p, d);
    bool skips = false, returns = false;
    for (size_t i = 1; i < w->n && !d->again; i++) {
        size_t from = (size_t)w->s[i - 1].stage, to = (size_t)w->s[i].stage, pair = from * p->n_stages + to;
        m->moves[pair]++;
        spread_add(&m->before[pair], w->s[i].at - w->s[i - 1].at, false);
        if (m->last[pair] != mark)
            tally_add(&m->pairs, pair, 0, id);
        m->last[pair] = mark;
    }
    for (size_t i = 1; i < w->n; i++) {
        enum step_kind kind = step_kind(p, (size_t)w->s[i - 1].stage, (size_t)w->s[i].stage);
        m->by_kind[d->group][kind]++;
        skips = skips || kind == STEP_SKIP;
        returns = returns || kind == STEP_BACK || kind == STEP_REOPENED;
    }
    tally_add(&m->groups, d->group, G_DEALS, id);
    if (skips)
        tally_add(&m->groups, d->group, G_SKIPS, id);
    if (returns)
        tally_add(&m->groups, d->group, G_RETURNS, id);
    if (d->again)
        return;
    m->skipping += skips;
    m->returning += returns;
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
    m->pairs = tally_new(c, p->result, "rows", n * n, m->pair_keys, pair_counts, 1);
    m->ends = tally_new(c, p->result, "ends", n, stage_keys, end_counts, 2);
    m->groups = tally_new(c, p->result, "groups", p->n_groups, pop_keys(p), group_counts, 3);
    m->moves = ARENA_ARRAY(c->arena, int64_t, n * n + 1);
    m->by_kind = arena_zalloc(c->arena, (p->n_groups + 1) * sizeof *m->by_kind);
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
            left += m->moves[from * n + to];
        for (size_t to = 0; to < n; to++) {
            size_t pair = from * n + to;
            struct cell rate[3];
            if (m->moves[pair] == 0)
                continue;
            walk_rate(rate, m->moves[pair], left, &m->hidden);
            struct cell cells[] = {
                cell_s(p->stages[from].name),
                cell_i(p->stages[from].id),
                cell_s(p->stages[to].name),
                cell_i(p->stages[to].id),
                cell_s(str_c(step_kinds[step_kind(p, from, to)])),
                cell_i(tally_of(&m->pairs, pair, 0)),
                cell_i(m->moves[pair]),
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
        const int64_t *k = m->by_kind[g];
        struct cell rate[3];
        walk_rate(rate, tally_of(&m->groups, g, G_RETURNS), p->groups[g].n, &m->hidden);
        struct cell cells[] = {
            cell_s(p->groups[g].name),
            cell_i(tally_of(&m->groups, g, G_DEALS)),
            cell_i(k[0] + k[1] + k[2] + k[3] + k[4] + k[5]),
            cell_i(k[STEP_SKIP]),
            cell_i(k[STEP_BACK] + k[STEP_REOPENED]),
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
    int64_t of[6] = {0};
    int64_t all = 0;
    for (size_t from = 0; from < p->n_stages; from++)
        for (size_t to = 0; to < p->n_stages; to++) {
            of[step_kind(p, from, to)] += m->moves[from * p->n_stages + to];
            all += m->moves[from * p->n_stages + to];
        }
    report_sum(p->result, "deals", RT_INT, cell_i((int64_t)p->n_all));
    report_sum(p->result, "moves", RT_INT, cell_i(all));
    report_sum(p->result, "forward", RT_INT, cell_i(of[STEP_FORWARD]));
    report_sum(p->result, "skips", RT_INT, cell_i(of[STEP_SKIP]));
    report_sum(p->result, "back_moves", RT_INT, cell_i(of[STEP_BACK]));
    report_sum(p->result, "reopenings", RT_INT, cell_i(of[STEP_REOPENED]));
    report_sum(p->result, "skipping_deals", RT_INT, cell_i(m->skipping));
    report_sum(p->result, "returning_deals", RT_INT, cell_i(m->returning));
}

/* How many deals step back, and where most of them do. */
static void verdict(const struct matrix *m)
{
    const struct pop *p = &m->p;
    size_t n = p->n_stages, most = 0;
    int64_t moves = 0;
    for (size_t pair = 0; pair < n * n; pair++)
        if (m->moves[pair] > moves && step_kind(p, pair / n, pair % n) == STEP_BACK) {
            most = pair;
            moves = m->moves[pair];
        }
    if (p->n_all < POP_FEW)
        return;
    struct str args[] = {tell_rate(p->call, (double)m->returning / (double)p->n_all),
                         tell_rate(p->call, (double)m->skipping / (double)p->n_all),
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
