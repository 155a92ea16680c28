/* 11. Deals that a time limit closed beside those that people closed: where, whose, and after how long. */
#include "base/i18n.h"
#include "insight/spread.h"
#include "insight/walk.h"

enum { LOST, TIMEOUT, BY_PEOPLE, COUNTS };
static const char *const counts[] = {"lost", "timeouts", "by_people"};

static const struct report_param params[] = {POP_PARAMS};
#define REST                                                                                                           \
    {.id = "lost", .type = RT_INT, .drill = true}, {.id = "timeouts", .type = RT_INT, .drill = true},                  \
        {.id = "by_people", .type = RT_INT, .drill = true}, {.id = "rate", .type = RT_RATE},                           \
        {.id = "rate_low", .type = RT_RATE},                                                                           \
    {                                                                                                                  \
        .id = "rate_high", .type = RT_RATE                                                                             \
    }
static const struct report_column columns[] = {
    {.id = "stage", .type = RT_TEXT},
    {.id = "stage_id", .type = RT_ID, .ref = "stages"},
    REST,
    {.id = "timeout_days", .type = RT_DAYS},
    {.id = "people_days", .type = RT_DAYS},
};
static const struct report_column group_columns[] = {{.id = "group", .type = RT_TEXT}, REST};

struct timeouts {
    struct pop p;
    struct tally stages, groups; /* the last stage: lost from the start */
    int64_t *stage_keys;
    struct spread *life; /* stage * 2 + by people */
    int64_t lost, timeout, hidden;
};

static void scan(struct timeouts *x)
{
    struct pop *p = &x->p;
    struct walk w = {0};
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        if (d->cause != DEAL_LOST)
            continue;
        int64_t id = pop_id(p, d);
        tally_add(&x->groups, d->group, LOST, id);
        tally_add(&x->groups, d->group, d->timeout ? TIMEOUT : BY_PEOPLE, id);
        if (d->again)
            continue;
        walk_deal(p, d, &w);
        int from = walk_lost_from(p, &w);
        size_t stage = from < 0 ? p->n_stages : (size_t)from;
        tally_add(&x->stages, stage, LOST, id);
        tally_add(&x->stages, stage, d->timeout ? TIMEOUT : BY_PEOPLE, id);
        spread_add(&x->life[stage * 2 + !d->timeout], d->exit - d->entry, false);
        x->lost++;
        x->timeout += d->timeout;
    }
    walk_free(&w);
}

static void put_stages(struct timeouts *x)
{
    struct pop *p = &x->p;
    p->result->main =
        (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t s = 0; s <= p->n_stages; s++) {
        int64_t lost = tally_of(&x->stages, s, LOST), k = tally_of(&x->stages, s, TIMEOUT);
        bool known = s < p->n_stages;
        struct cell rate[3];
        if (lost == 0)
            continue;
        walk_rate(rate, k, lost, &x->hidden);
        struct cell cells[] = {
            cell_s(known ? p->stages[s].name : i18n_text(p->call->lang, "report.group.none")),
            known ? cell_i(p->stages[s].id) : cell_null(),
            cell_i(lost),
            cell_i(k),
            cell_i(tally_of(&x->stages, s, BY_PEOPLE)),
            rate[0],
            rate[1],
            rate[2],
            walk_days(spread_quantile(&x->life[s * 2], 0.5)),
            walk_days(spread_quantile(&x->life[s * 2 + 1], 0.5)),
        };
        report_row_key(&p->result->main, x->stage_keys[s], cells);
    }
}

static void put_words(const struct timeouts *x)
{
    const struct pop *p = &x->p;
    struct cell rate[3];
    pop_rate(rate, x->timeout, x->lost);
    report_sum_counted(p->result, "lost", x->lost);
    report_sum_counted(p->result, "timeouts", x->timeout);
    report_sum_counted(p->result, "by_people", x->lost - x->timeout);
    report_sum(p->result, "timeout_rate", RT_RATE, rate[0]);
    if (x->lost < POP_FEW)
        return;
    size_t most = 0;
    for (size_t s = 0; s < p->n_stages; s++)
        most = tally_of(&x->stages, s, TIMEOUT) > tally_of(&x->stages, most, TIMEOUT) ? s : most;
    struct str args[] = {tell_rate(p->call, (double)x->timeout / (double)x->lost), tell_n(p->call, x->timeout),
                         tell_n(p->call, x->lost), x->timeout > 0 ? p->stages[most].name : STR(""),
                         tell_n(p->call, tally_of(&x->stages, most, TIMEOUT))};
    report_verdict(p->call, p->result, x->timeout > 0 ? "timeouts" : "timeouts_none", args, 5);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct timeouts x = {0};
    struct pop *p = &x.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .when = POP_CLOSED, .by = "owner"}, e);
    if (rc != RC_OK)
        goto out;
    pop_lock(p);
    x.stage_keys = ARENA_ARRAY(c->arena, int64_t, p->n_stages + 1);
    for (size_t s = 0; s < p->n_stages; s++)
        x.stage_keys[s] = p->stages[s].id;
    x.stages = tally_new(c, r, "rows", p->n_stages + 1, x.stage_keys, counts, COUNTS);
    x.groups = tally_new(c, r, "groups", p->n_groups, pop_keys(p), counts, COUNTS);
    x.life = spreads_new((p->n_stages + 1) * 2);
    scan(&x);
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    put_stages(&x);
    walk_groups(p, &x.groups, group_columns, sizeof group_columns / sizeof *group_columns, 3, &x.hidden);
    put_words(&x);
    pop_notes(p);
    walk_hidden(p, x.hidden);
out:
    spreads_free(x.life, (p->n_stages + 1) * 2);
    pop_free(p);
    return rc;
}

const struct report report_timeouts = {
    .id = "timeouts",
    .question = "report.timeouts.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "funnel",
    .definition = 1,
    .chart = {.kind = CHART_BARS, .x = "stage", .y = "rate", .low = "rate_low", .high = "rate_high"}};
