/* Follows every deal through its visits, as of an instant, and chooses those the report is about. */
#include "base/big.h"
#include "crm/fields.h"
#include "insight/population.h"

#define STALE (180 * MS_DAY) /* a funnel without events for so long was imported: its own last moment is its now */

static int by_stage_id(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return x[0] < y[0] ? -1 : x[0] > y[0];
}

static void map_stages(struct pop *p)
{
    struct arena *a = p->call->arena;
    int64_t(*at)[2] = arena_zalloc(a, (p->n_stages + 1) * sizeof *at);
    for (size_t i = 0; i < p->n_stages; i++) {
        at[i][0] = p->stages[i].id;
        at[i][1] = (int64_t)i;
    }
    qsort(at, p->n_stages, sizeof *at, by_stage_id);
    p->stage_index = ARENA_ARRAY(a, int32_t, p->view.n_stages + 1);
    for (size_t i = 0; i < p->view.n_stages; i++) {
        int64_t id = pop_became(p, p->view.stage_ids[i]);
        int64_t(*found)[2] = bsearch(&id, at, p->n_stages, sizeof *at, by_stage_id);
        p->stage_index[i] = found != NULL ? (int32_t)(*found)[1] : POP_NO_STAGE;
    }
}

/* Deals out of sight are not counted anywhere, not even as left out. */
static bool in_sight(const struct pop *p, const struct fact_column *funnel, size_t row)
{
    bool here =
        p->funnel_id == 0 || fact_id(funnel, row) == p->funnel_id || (p->view.deal_flags[row] & DEAL_TRANSFERRED) != 0;
    return here && mask_has(p->seen_bits, row);
}

/* When something last happened in the funnel, as far as that matters: what is not stale is not looked at any further.
 * Deals made last come first. */
static int64_t last_event(const struct pop *p, const struct fact_column *funnel)
{
    int64_t last = INT64_MIN;
    for (size_t i = p->deals->n; i-- > 0 && last < p->call->now - STALE;) {
        struct visits v = visits_of(&p->view, i);
        if (v.n == 0 || visit_at(v.packed[v.n - 1]) <= last || fact_deleted(p->deals, i) || !in_sight(p, funnel, i))
            continue;
        if (pop_stage_of(p, v.packed[v.n - 1]) >= 0)
            last = visit_at(v.packed[v.n - 1]);
    }
    return last;
}

/* The first won or lost stage ends a way; a move back to an open stage takes that back; stages passed after the close
 * change nothing; a deal that went to another funnel and came back is here again. False when the deal had not entered
 * the funnel by then. */
static bool follow(const struct pop *p, uint32_t row, struct pop_deal *d)
{
    struct visits v = visits_of(&p->view, row);
    int64_t entry = 0, exit = p->as_of, since = 0, as_of = p->as_of;
    int last = POP_NO_STAGE;
    enum deal_status cause = DEAL_OPEN;
    bool entered = false, left = false, reopened = false;
    for (size_t i = 0; i < v.n; i++) {
        int64_t at = visit_at(v.packed[i]);
        int stage = pop_stage_of(p, v.packed[i]);
        if (at > as_of)
            break;
        if (stage < 0) {
            if (!entered || visit_passed(v.packed[i]))
                continue;
            if (cause == DEAL_OPEN && !left)
                exit = at;
            left = true;
            continue;
        }
        if (at < p->stages[stage].born)
            p->stages[stage].born = at;
        if (!entered) {
            entered = true;
            entry = at;
        }
        if (visit_passed(v.packed[i]))
            continue;
        if (left && cause == DEAL_OPEN)
            exit = as_of;
        if (stage != last || left)
            since = at;
        left = false;
        enum deal_status outcome = p->stages[stage].outcome;
        if (outcome == DEAL_OPEN && cause != DEAL_OPEN) {
            reopened = true;
            exit = as_of;
        } else if (outcome != cause) {
            exit = at;
        }
        last = stage;
        cause = outcome & 3;
    }
    *d = (struct pop_deal){.entry = entry,
                           .exit = exit,
                           .stage_since = since,
                           .row = row,
                           .stage = (int16_t)last,
                           .cause = (uint8_t)cause,
                           .reopened = reopened,
                           .left = left};
    return entered;
}

static bool in_period(const struct pop *p, const struct pop_deal *d)
{
    switch (p->spec.when) {
    case POP_ENTERED:
        return (!p->has_from || d->entry >= p->from) && (!p->has_to || d->entry < p->to);
    case POP_CLOSED:
        return d->cause != DEAL_OPEN && (!p->has_from || d->exit >= p->from) && (!p->has_to || d->exit < p->to);
    case POP_ALIVE:
        break;
    }
    return (!p->has_to || d->entry < p->to) && (!p->has_from || d->cause == DEAL_OPEN || d->exit >= p->from);
}

/* as_of and the period, when they were not given. */
static void settle_time(struct pop *p, const struct fact_column *funnel)
{
    if (!p->as_of_given) {
        int64_t last = last_event(p, funnel);
        p->as_of = last != INT64_MIN && last < p->call->now - STALE ? last : p->call->now;
    }
    p->past = p->as_of < p->call->now;
    if (!p->has_from && !p->has_to && p->spec.last_days > 0) {
        p->from = zone_midnight(p->zone, zone_day(p->zone, p->as_of) - p->spec.last_days + 1);
        p->has_from = true;
    }
    if (p->has_from && !p->has_to) {
        p->to = p->as_of + 1;
        p->has_to = true;
    }
    p->result->has_period = p->has_from && p->has_to;
    p->result->from = p->from;
    p->result->to = p->to;
}

/* What was deleted after as_of was still there, what was brought back after it was not. */
static bool is_gone(const struct pop *p, size_t row)
{
    return p->past ? fact_gone_at(p->deals, row, p->as_of) : fact_deleted(p->deals, row);
}

static void choose(struct pop *p, const struct fact_column *funnel)
{
    struct fact_column loss = pop_column(p, DEAL_LOSS_CLASS);
    bool all = p->funnel_id == 0 && p->seen_bits == NULL;
    size_t n = 0;
    p->d = big_borrow((p->deals->n + 1) * sizeof *p->d);
    for (size_t i = 0; i < p->deals->n; i++) {
        struct pop_deal *d = &p->d[n];
        if (!all && !in_sight(p, funnel, i))
            continue;
        bool gone = is_gone(p, i);
        if (!follow(p, (uint32_t)i, d)) {
            p->n_later += !gone && (p->funnel_id == 0 || fact_id(funnel, i) == p->funnel_id);
            continue;
        }
        if (gone) {
            p->n_deleted++;
            continue;
        }
        if (!in_period(p, d)) {
            p->n_outside++;
            continue;
        }
        if (!mask_has(p->filter_bits, i)) {
            p->n_filtered++;
            continue;
        }
        d->timeout = d->cause == DEAL_LOST && fact_get(&loss, i) == LOSS_TIMEOUT;
        p->n_reopened += d->reopened;
        p->n_left += d->left;
        n++;
    }
    p->n = p->n_all = n;
    for (size_t s = 0; s < p->n_stages; s++)
        p->stages[s].gone |= p->stages[s].born > p->as_of;
}

size_t pop_whole(const struct pop *p, struct pop_deal **all)
{
    const struct fact_column *funnel = fact_column(p->deals, DEAL_FUNNEL_ID);
    VEC(struct pop_deal) found = {0};
    vec_reserve(&found, p->deals->n + 1);
    for (size_t i = 0; i < p->deals->n; i++)
        if (in_sight(p, funnel, i) && !is_gone(p, i) && follow(p, (uint32_t)i, &found.ptr[found.len]))
            found.len++;
    *all = found.ptr;
    return found.len;
}

/* The deals behind "deals", "won", "lost" and "open" of a summary: what the report is about, each once. */
static void put_summed(struct pop *p)
{
    static const char *const names[] = {[DEAL_OPEN] = "open", [DEAL_WON] = "won", [DEAL_LOST] = "lost"};
    for (int cause = -1; cause < 3; cause++) {
        if (!report_asked(p->call, p->result, "summary", 0, cause < 0 ? "deals" : names[cause]))
            continue;
        for (size_t i = 0; i < p->n_all; i++)
            if (cause < 0 || (p->d[i].cause == cause && (cause != DEAL_OPEN || !p->d[i].left)))
                report_deal(p->result, pop_id(p, &p->d[i]));
    }
}

void pop_lock(struct pop *p)
{
    p->view = projection_lock(p->call->projection);
    p->locked = true;
    p->deals = &p->view.facts[FACT_DEAL];
    const struct fact_column *funnel = fact_column(p->deals, DEAL_FUNNEL_ID);
    map_stages(p);
    p->seen_bits = mask_apply(p->seen_plan, &p->view, FACT_NEVER, p->call->arena);
    settle_time(p, funnel);
    if (p->filter_plan != NULL)
        p->filter_bits = mask_apply(p->filter_plan, &p->view, p->past ? p->as_of : FACT_NEVER, p->call->arena);
    choose(p, funnel);
    pop_group(p);
    if (p->call->drill != NULL && !p->spec.own_summary)
        put_summed(p);
}

void pop_unlock(struct pop *p)
{
    if (p->locked)
        projection_unlock(p->call->projection);
    p->locked = false;
}

struct fact_column pop_column(const struct pop *p, int field)
{
    if (!rights_sees_field(p->call->rights, entity_by_id(ENT_DEAL), field))
        return fact_no_column;
    if (p->past)
        return fact_as_of(&p->view, FACT_DEAL, field, p->as_of, p->call->arena);
    return *fact_column(p->deals, field);
}
