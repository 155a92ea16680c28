/* 10. Why deals are lost: by reason, by the stage they were lost from, by seller, source or any other slice. */
#include "base/i18n.h"
#include "base/map.h"
#include "crm/fields.h"
#include "insight/money.h"
#include "insight/spread.h"
#include "insight/walk.h"

static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "reason", .type = RT_TEXT},
    {.id = "reason_id", .type = RT_ID, .ref = "loss-reasons"},
    {.id = "lost", .type = RT_INT, .drill = true},
    {.id = "rate", .type = RT_RATE},
    {.id = "rate_low", .type = RT_RATE},
    {.id = "rate_high", .type = RT_RATE},
    {.id = "lost_money", .type = RT_MONEY},
    {.id = "median_life_days", .type = RT_DAYS},
};
static const struct report_column part_columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "reason", .type = RT_TEXT},
    {.id = "lost", .type = RT_INT, .drill = true},
    {.id = "rate", .type = RT_RATE},
    {.id = "rate_low", .type = RT_RATE},
    {.id = "rate_high", .type = RT_RATE},
    {.id = "usual_rate", .type = RT_RATE},
};
static const struct report_column stage_columns[] = {
    {.id = "stage", .type = RT_TEXT},
    {.id = "reason", .type = RT_TEXT},
    {.id = "lost", .type = RT_INT, .drill = true},
    {.id = "rate", .type = RT_RATE},
    {.id = "rate_low", .type = RT_RATE},
    {.id = "rate_high", .type = RT_RATE},
    {.id = "usual_rate", .type = RT_RATE},
};
static const char *const counts[] = {"lost"};

struct reason {
    int64_t id; /* 0: not given */
    struct str name;
    int64_t n, money;
    struct spread life;
};
struct losses {
    struct pop p;
    struct money *money;
    bool money_seen;
    VEC(struct reason) reasons;
    uint16_t *reason_of; /* of p.d[i] */
    struct tally rows, stages, groups;
    int64_t *stage_keys, *group_keys;
    int64_t lost, hidden;
};

/* The reasons there are, and which one each deal has. */
static void find_reasons(struct losses *x)
{
    struct pop *p = &x->p;
    struct fact_column column = fact_no_column;
    struct intmap *seen = intmap_new();
    if (rights_sees_field(p->call->rights, entity_by_id(ENT_DEAL), DEAL_LOSS_REASON_ID))
        column = pop_column(p, DEAL_LOSS_REASON_ID);
    x->reason_of = malloc((p->n + 1) * sizeof *x->reason_of);
    if (x->reason_of == NULL)
        abort();
    for (size_t i = 0; i < p->n; i++) {
        if (p->d[i].cause != DEAL_LOST)
            continue;
        int64_t id = column.kind == FC_NONE ? 0 : fact_id(&column, p->d[i].row), at;
        if (!intmap_get(seen, id, &at)) {
            at = (int64_t)x->reasons.len;
            intmap_put(seen, id, at);
            struct reason r = {.id = id};
            vec_push(&x->reasons, r);
        }
        x->reason_of[i] = (uint16_t)at;
    }
    intmap_free(seen);
}

static void scan(struct losses *x)
{
    struct pop *p = &x->p;
    struct walk w = {0};
    size_t n = x->reasons.len;
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), currency = pop_column(p, DEAL_CURRENCY);
    money_column(x->money, &currency);
    bool given = report_asked(p->call, p->result, "summary", 0, "with_reason");
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        if (d->cause != DEAL_LOST)
            continue;
        size_t reason = x->reason_of[i];
        int64_t id = pop_id(p, d), minor;
        tally_add(&x->groups, d->group * n + reason, 0, id);
        if (d->again)
            continue;
        struct reason *r = &x->reasons.ptr[reason];
        r->n++;
        if (given && r->id != 0)
            report_deal(p->result, id);
        x->lost++;
        spread_add(&r->life, d->exit - d->entry, false);
        int64_t worth = fact_get(&value, d->row);
        if (x->money_seen && worth != FACT_NULL &&
            money_in(x->money, fact_get(&currency, d->row), worth, d->exit, &minor))
            r->money += minor;
        tally_add(&x->rows, reason, 0, id);
        walk_deal(p, d, &w);
        int stage = walk_lost_from(p, &w);
        tally_add(&x->stages, (stage < 0 ? p->n_stages : (size_t)stage) * n + reason, 0, id);
    }
    walk_free(&w);
}

static void prepare(struct losses *x)
{
    struct pop *p = &x->p;
    struct arena *a = p->call->arena;
    size_t n = x->reasons.len;
    int64_t *keys = ARENA_ARRAY(a, int64_t, n + 1);
    x->stage_keys = ARENA_ARRAY(a, int64_t, (p->n_stages + 1) * n + 1);
    x->group_keys = ARENA_ARRAY(a, int64_t, p->n_groups * n + 1);
    for (size_t r = 0; r < n; r++) {
        keys[r] = x->reasons.ptr[r].id;
        for (size_t s = 0; s <= p->n_stages; s++)
            x->stage_keys[s * n + r] = walk_key(s < p->n_stages ? p->stages[s].id : 0, x->reasons.ptr[r].id);
        for (size_t g = 0; g < p->n_groups; g++)
            x->group_keys[g * n + r] = walk_key(p->groups[g].key, x->reasons.ptr[r].id);
    }
    x->rows = tally_new(p->call, p->result, "rows", n, keys, counts, 1);
    x->stages = tally_new(p->call, p->result, "stages", (p->n_stages + 1) * n, x->stage_keys, counts, 1);
    x->groups = tally_new(p->call, p->result, "groups", p->n_groups * n, x->group_keys, counts, 1);
}

static enum rc name_reasons(struct losses *x, struct err *e)
{
    for (size_t i = 0; i < x->reasons.len; i++) {
        struct reason *r = &x->reasons.ptr[i];
        if (r->id != 0)
            TRY(pop_name_of(&x->p, ENT_LOSS_REASON, r->id, &r->name, e));
        if (r->name.ptr == NULL)
            r->name = i18n_text(x->p.call->lang, "report.group.none");
    }
    return RC_OK;
}

/* Indices of reasons, the most frequent first. */
static size_t *by_size(const struct losses *x)
{
    size_t n = x->reasons.len, *order = ARENA_ARRAY(x->p.call->arena, size_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        for (; k > 0 && x->reasons.ptr[order[k - 1]].n < x->reasons.ptr[i].n; k--)
            order[k] = order[k - 1];
        order[k] = i;
    }
    return order;
}

static void put_rows(struct losses *x, const size_t *order)
{
    struct pop *p = &x->p;
    p->result->main =
        (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < x->reasons.len; i++) {
        struct reason *r = &x->reasons.ptr[order[i]];
        struct cell rate[3];
        walk_rate(rate, r->n, x->lost, &x->hidden);
        struct cell cells[] = {
            cell_s(r->name),
            r->id ? cell_i(r->id) : cell_null(),
            cell_i(r->n),
            rate[0],
            rate[1],
            rate[2],
            x->money_seen ? cell_i(r->money) : cell_null(),
            walk_days(spread_quantile(&r->life, 0.5)),
        };
        report_row_key(&p->result->main, r->id, cells);
    }
}

/* One table of two: a part (stage or group) and the reasons within it beside the usual share of each. */
static void put_part(struct losses *x, struct report_table *t, const struct tally *tally, const int64_t *keys,
                     size_t part, struct str name, const size_t *order)
{
    size_t n = x->reasons.len;
    int64_t all = 0;
    for (size_t r = 0; r < n; r++)
        all += tally_of(tally, part * n + r, 0);
    for (size_t i = 0; i < n; i++) {
        size_t r = order[i];
        int64_t k = tally_of(tally, part * n + r, 0);
        struct cell rate[3];
        if (k == 0)
            continue;
        walk_rate(rate, k, all, &x->hidden);
        struct cell cells[] = {
            cell_s(name),
            cell_s(x->reasons.ptr[r].name),
            cell_i(k),
            rate[0],
            rate[1],
            rate[2],
            x->lost >= POP_TOLD ? cell_f((double)x->reasons.ptr[r].n / (double)x->lost) : cell_null(),
        };
        report_row_key(t, keys[part * n + r], cells);
    }
}

static void put_parts(struct losses *x, const size_t *order)
{
    struct pop *p = &x->p;
    struct str none = i18n_text(p->call->lang, "report.group.none");
    size_t n_columns = sizeof part_columns / sizeof *part_columns;
    struct report_table *t = report_table_add(p->result, "stages", stage_columns, n_columns);
    for (size_t s = 0; s <= p->n_stages; s++)
        put_part(x, t, &x->stages, x->stage_keys, s, s < p->n_stages ? p->stages[s].name : none, order);
    t = report_table_add(p->result, "groups", part_columns, n_columns);
    for (size_t g = 0; g < p->n_groups; g++)
        put_part(x, t, &x->groups, x->group_keys, g, p->groups[g].name, order);
}

static void put_words(struct losses *x, const size_t *order)
{
    const struct pop *p = &x->p;
    struct report_result *r = p->result;
    int64_t money = 0, given = 0;
    for (size_t i = 0; i < x->reasons.len; i++) {
        money += x->reasons.ptr[i].money;
        given += x->reasons.ptr[i].id != 0 ? x->reasons.ptr[i].n : 0;
    }
    report_sum_counted(r, "lost", x->lost);
    report_sum_counted(r, "with_reason", given);
    report_sum(r, "lost_money", RT_MONEY, x->money_seen ? cell_i(money) : cell_null());
    if (x->lost < POP_FEW)
        return;
    const struct reason *top = NULL;
    for (size_t i = 0; i < x->reasons.len && top == NULL; i++)
        top = x->reasons.ptr[order[i]].id != 0 ? &x->reasons.ptr[order[i]] : NULL;
    struct str args[] = {top != NULL ? top->name : STR(""),
                         tell_rate(p->call, top != NULL ? (double)top->n / (double)x->lost : 0),
                         tell_n(p->call, top != NULL ? top->n : 0), tell_n(p->call, x->lost),
                         tell_rate(p->call, 1 - (double)given / (double)x->lost)};
    report_verdict(p->call, r, top == NULL || given * 2 < x->lost ? "loss_reasons_unknown" : "loss_reasons", args, 5);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct losses x = {.money_seen = money_seen(c)};
    struct pop *p = &x.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .when = POP_CLOSED, .by = "owner"}, e);
    if (rc != RC_OK)
        goto out;
    TRY_OUT(money_load(&x.money, c, p->zone, e));
    pop_lock(p);
    find_reasons(&x);
    prepare(&x);
    scan(&x);
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    TRY_OUT(name_reasons(&x, e));
    const size_t *order = by_size(&x);
    put_rows(&x, order);
    put_parts(&x, order);
    put_words(&x, order);
    pop_notes(p);
    money_notes(x.money, c, r);
    walk_hidden(p, x.hidden);
out:
    for (size_t i = 0; i < x.reasons.len; i++)
        spread_free(&x.reasons.ptr[i].life);
    vec_free(&x.reasons);
    free(x.reason_of);
    pop_free(p);
    return rc;
}

const struct report report_loss_reasons = {
    .id = "loss_reasons",
    .question = "report.loss_reasons.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "funnel",
    .definition = 1,
    .chart = {.kind = CHART_BARS, .x = "reason", .y = "rate", .low = "rate_low", .high = "rate_high"}};
