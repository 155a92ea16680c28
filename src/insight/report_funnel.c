/* 1. The funnel by true transitions: who reached a stage, who went on from it, who passed it by, who came back. */
#include "insight/walk.h"

enum { REACHED, WENT_ON, ENDED, WAITING, SKIPPED, RETURNED, STANDS, COUNTS };
static const char *const counts[] = {"reached", "went_on", "ended", "waiting", "skipped", "returned", "stands"};
static const char *const all_counts[] = {"skipping_deals", "returning_deals"};
static const int64_t all_key = 0;

static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "stage", .type = RT_TEXT},
    {.id = "stage_id", .type = RT_ID, .ref = "stages"},
    {.id = "outcome", .type = RT_TEXT},
    {.id = "reached", .type = RT_INT, .drill = true},
    {.id = "rate", .type = RT_RATE},
    {.id = "rate_low", .type = RT_RATE},
    {.id = "rate_high", .type = RT_RATE},
    {.id = "went_on", .type = RT_INT, .drill = true},
    {.id = "ended", .type = RT_INT, .drill = true},
    {.id = "waiting", .type = RT_INT, .drill = true},
    {.id = "went_on_rate", .type = RT_RATE},
    {.id = "went_on_low", .type = RT_RATE},
    {.id = "went_on_high", .type = RT_RATE},
    {.id = "skipped", .type = RT_INT, .drill = true},
    {.id = "returned", .type = RT_INT, .drill = true},
    {.id = "stands", .type = RT_INT, .drill = true},
};

struct funnel {
    struct pop p;
    struct tally t; /* group * n_stages + stage */
    struct tally all;
    uint32_t *seen; /* the deal that was in the stage last, + 1 */
    uint32_t *came_back;
    int64_t hidden;
};

static size_t row_of(const struct funnel *f, const struct pop_deal *d, size_t stage)
{
    return d->group * f->p.n_stages + stage;
}

static void add(struct funnel *f, const struct pop_deal *d, size_t stage, size_t count)
{
    tally_add(&f->t, row_of(f, d, stage), count, pop_id(&f->p, d));
}

static void fates(struct funnel *f, const struct pop_deal *d, struct walk *w)
{
    static const int count_of[] = {[FATE_WENT_ON] = WENT_ON, [FATE_ENDED] = ENDED, [FATE_WAITING] = WAITING};
    walk_fates(&f->p, d, w);
    for (size_t i = 0; i < w->n_fates; i++)
        add(f, d, (size_t)w->fates[i].stage, (size_t)count_of[w->fates[i].fate]);
}

/* How far a step is: a win is beyond every stage, a loss nowhere. */
static int reaches(const struct funnel *f, const struct step *s)
{
    const struct pop_stage *at = &f->p.stages[s->stage];
    return at->outcome == DEAL_OPEN ? s->stage : at->outcome == DEAL_WON ? (int)f->p.n_stages : -1;
}

/* Whether the deal came further when that stage existed: what was made later was passed by nobody. */
static bool was_there(const struct funnel *f, const struct walk *w, int stage)
{
    for (size_t k = w->n; k-- > 0;)
        if (w->s[k].at >= f->p.stages[stage].born && reaches(f, &w->s[k]) > stage)
            return true;
    return false;
}

/* Stages before the furthest one that the deal was never in. */
static bool passed_by(struct funnel *f, const struct pop_deal *d, const struct walk *w, uint32_t mark)
{
    int until = -1;
    bool some = false;
    for (size_t i = 0; i < w->n; i++) {
        int reach = reaches(f, &w->s[i]);
        until = reach > until ? reach : until;
    }
    for (int i = 0; i < until; i++)
        if (stage_open(&f->p, (size_t)i) && !f->p.stages[i].gone && f->seen[i] != mark && was_there(f, w, i)) {
            add(f, d, (size_t)i, SKIPPED);
            some = true;
        }
    return some;
}

static bool returns(struct funnel *f, const struct pop_deal *d, const struct walk *w, uint32_t mark)
{
    bool some = false;
    for (size_t i = 1; i < w->n; i++) {
        size_t to = (size_t)w->s[i].stage;
        if (w->s[i].passed || f->came_back[to] == mark)
            continue;
        enum step_kind kind = step_kind(&f->p, (size_t)w->s[i - 1].stage, to, w->s[i].at);
        if (kind != STEP_BACK && kind != STEP_REOPENED)
            continue;
        f->came_back[to] = mark;
        add(f, d, to, RETURNED);
        some = true;
    }
    return some;
}

static void scan(struct funnel *f)
{
    struct pop *p = &f->p;
    struct walk w = {0};
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        uint32_t mark = (uint32_t)i + 1;
        walk_deal(p, d, &w);
        for (size_t k = 0; k < w.n; k++) {
            if (f->seen[w.s[k].stage] == mark)
                continue;
            f->seen[w.s[k].stage] = mark;
            add(f, d, (size_t)w.s[k].stage, REACHED);
        }
        fates(f, d, &w);
        if (passed_by(f, d, &w, mark) && !d->again)
            tally_add(&f->all, 0, 0, pop_id(p, d));
        if (returns(f, d, &w, mark) && !d->again)
            tally_add(&f->all, 0, 1, pop_id(p, d));
        if (d->cause == DEAL_OPEN && !d->left && d->stage >= 0)
            add(f, d, (size_t)d->stage, STANDS);
    }
    walk_free(&w);
}

static int64_t *keys_of(const struct pop *p)
{
    int64_t *keys = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups * p->n_stages + 1);
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t s = 0; s < p->n_stages; s++)
            keys[g * p->n_stages + s] =
                p->by.kind == BY_NOTHING ? p->stages[s].id : walk_key(p->groups[g].key, p->stages[s].id);
    return keys;
}

static struct cell counter(const struct funnel *f, size_t row, size_t count, bool open)
{
    return open ? cell_i(tally_of(&f->t, row, count)) : cell_null();
}

static void put_row(struct funnel *f, size_t g, size_t s, int64_t key)
{
    const struct pop *p = &f->p;
    size_t row = g * p->n_stages + s;
    bool open = stage_open(p, s), grouped = p->by.kind != BY_NOTHING;
    struct cell share[3], on[3];
    if (p->stages[s].gone && tally_of(&f->t, row, REACHED) == 0)
        return;
    pop_rate(share, tally_of(&f->t, row, REACHED), p->groups[g].n);
    int64_t went = tally_of(&f->t, row, WENT_ON), ended = tally_of(&f->t, row, ENDED);
    walk_rate(on, went, open ? went + ended : 0, &f->hidden);
    struct cell cells[] = {
        cell_s(p->groups[g].name),
        cell_s(p->stages[s].name),
        cell_i(p->stages[s].id),
        cell_s(str_c(tell_outcome(p->stages[s].outcome))),
        counter(f, row, REACHED, true),
        share[0],
        share[1],
        share[2],
        counter(f, row, WENT_ON, open),
        counter(f, row, ENDED, open),
        counter(f, row, WAITING, open),
        on[0],
        on[1],
        on[2],
        counter(f, row, SKIPPED, open),
        counter(f, row, RETURNED, open),
        counter(f, row, STANDS, open),
    };
    report_row_key(&p->result->main, key, grouped ? cells : cells + 1);
}

static void put_summary(const struct funnel *f)
{
    const struct pop *p = &f->p;
    int64_t n[3] = {0};
    for (size_t i = 0; i < p->n_all; i++)
        n[p->d[i].cause] += p->d[i].cause != DEAL_OPEN || !p->d[i].left; /* in another funnel it is not open here */
    report_sum_counted(p->result, "deals", (int64_t)p->n_all);
    report_sum_counted(p->result, "won", n[DEAL_WON]);
    report_sum_counted(p->result, "lost", n[DEAL_LOST]);
    report_sum_counted(p->result, "open", n[DEAL_OPEN]);
    for (size_t k = 0; k < 2; k++)
        report_sum_counted(p->result, all_counts[k], tally_of(&f->all, 0, k));
}

/* The stage from which the fewest go on, among those with enough deals that have gone on or ended. */
static void verdict(const struct funnel *f)
{
    const struct pop *p = &f->p;
    size_t worst = 0;
    int64_t worst_on = 0, worst_of = 0;
    for (size_t s = 0; s < p->n_stages; s++) {
        int64_t on = 0, ended = 0;
        for (size_t g = 0; g < p->n_groups; g++) {
            on += tally_of(&f->t, g * p->n_stages + s, WENT_ON);
            ended += tally_of(&f->t, g * p->n_stages + s, ENDED);
        }
        if (on + ended < POP_FEW || ended == 0)
            continue;
        if (worst_of == 0 || (double)on * (double)worst_of < (double)worst_on * (double)(on + ended)) {
            worst = s;
            worst_on = on;
            worst_of = on + ended;
        }
    }
    if (worst_of == 0)
        return;
    struct interval ci = stats_wilson(worst_on, worst_of);
    struct str args[] = {p->stages[worst].name,      tell_rate(p->call, (double)worst_on / (double)worst_of),
                         tell_n(p->call, worst_on),  tell_n(p->call, worst_of),
                         tell_rate(p->call, ci.low), tell_rate(p->call, ci.high)};
    report_verdict(p->call, p->result, "funnel_worst", args, 6);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct funnel f = {0};
    struct pop *p = &f.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE}, e);
    if (rc != RC_OK)
        goto out;
    pop_lock(p);
    int64_t *keys = keys_of(p);
    f.t = tally_new(c, r, "rows", p->n_groups * p->n_stages, keys, counts, COUNTS);
    f.all = tally_new(c, r, "summary", 1, &all_key, all_counts, 2);
    f.seen = ARENA_ARRAY(c->arena, uint32_t, p->n_stages + 1);
    f.came_back = ARENA_ARRAY(c->arena, uint32_t, p->n_stages + 1);
    scan(&f);
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    bool grouped = p->by.kind != BY_NOTHING;
    r->main = (struct report_table){
        .id = "rows", .columns = columns + !grouped, .n_columns = sizeof columns / sizeof *columns - !grouped};
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t s = 0; s < p->n_stages; s++)
            put_row(&f, g, s, keys[g * p->n_stages + s]);
    put_summary(&f);
    verdict(&f);
    pop_notes(p);
    walk_hidden(p, f.hidden);
out:
    pop_free(p);
    return rc;
}

const struct report report_funnel = {.id = "funnel",
                                     .question = "report.funnel.question",
                                     .params = params,
                                     .n_params = sizeof params / sizeof *params,
                                     .run = run,
                                     .group = "funnel",
                                     .definition = 1,
                                     .chart = {.kind = CHART_FUNNEL, .x = "stage", .y = "reached", .series = "group"}};
