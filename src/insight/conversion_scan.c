/* Follows every deal of the funnel through its visits, as of a moment. */
#include "crm/fields.h"
#include "insight/conversion.h"
#include <math.h>

int conversion_stage_of(const struct conversion *v, uint64_t visit)
{
    uint32_t i = visit_stage(visit);
    return i < v->view.n_stages ? v->local_stage[i] : -1;
}

static void map_stages(struct conversion *v)
{
    v->local_stage = ARENA_ARRAY(v->call->arena, int32_t, v->view.n_stages + 1);
    for (size_t i = 0; i < v->view.n_stages; i++) {
        v->local_stage[i] = -1;
        for (size_t k = 0; k < v->n_stages; k++)
            if (v->stages[k].id == v->view.stage_ids[i])
                v->local_stage[i] = (int32_t)k;
    }
}

static bool has_id(const int64_t *ids, size_t n, int64_t id)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (ids[mid] == id)
            return true;
        if (ids[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

static bool stands_in_funnel(const struct conversion *v, size_t row)
{
    return fact_id(fact_column(&v->view.facts[FACT_DEAL], DEAL_FUNNEL_ID), row) == v->funnel_id;
}

/* Deals out of sight are not counted anywhere, not even as left out. */
static bool of_funnel(const struct conversion *v, size_t row)
{
    return (stands_in_funnel(v, row) || (v->view.deal_flags[row] & DEAL_TRANSFERRED)) &&
           (v->seen_ids == NULL || has_id(v->seen_ids, v->n_seen_ids, v->view.facts[FACT_DEAL].ids[row]));
}

static int64_t last_event(const struct conversion *v)
{
    int64_t last = INT64_MIN;
    const struct facts *deals = &v->view.facts[FACT_DEAL];
    for (size_t i = 0; i < deals->n; i++) {
        struct visits way = visits_of(&v->view, i);
        if (fact_deleted(deals, i) || way.n == 0 || !of_funnel(v, i))
            continue;
        uint64_t tail = way.packed[way.n - 1];
        if (conversion_stage_of(v, tail) >= 0 && visit_at(tail) > last)
            last = visit_at(tail);
    }
    return last;
}

/* The first won or lost stage ends a way; a move back to an open stage takes that back; stages passed after the close
 * change nothing. False when the deal had not entered the funnel by then. */
static bool follow(const struct conversion *v, uint32_t slot, struct way *w)
{
    bool entered = false;
    *w = (struct way){.slot = slot, .exit = v->as_of};
    struct visits way = visits_of(&v->view, slot);
    for (size_t i = 0; i < way.n; i++) {
        uint64_t visit = way.packed[i];
        int64_t at = visit_at(visit);
        int stage = conversion_stage_of(v, visit);
        if (at > v->as_of)
            break;
        if (stage < 0) {
            if (!entered || visit_passed(visit))
                continue;
            w->left = true;
            if (w->cause == DEAL_OPEN)
                w->exit = at;
            break;
        }
        if (!entered) {
            entered = true;
            w->entry = at;
        }
        if (visit_passed(visit))
            continue;
        enum deal_status outcome = v->stages[stage].outcome;
        if (outcome == DEAL_OPEN && w->cause != DEAL_OPEN) {
            w->reopened = true;
            w->exit = v->as_of;
        } else if (outcome != w->cause) {
            w->exit = at;
        }
        w->cause = outcome & 3;
    }
    return entered;
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* How old a deal must be to count as mature: the horizon nearest to the median time to win of the whole funnel, so that
 * it does not depend on the period or the filter asked for; 90 days while there are fewer than five wins. */
static void maturity(struct conversion *v)
{
    double *days = malloc((v->ways.len + 1) * sizeof *days);
    size_t n = 0, within = 0;
    if (days == NULL)
        abort();
    for (size_t i = 0; i < v->ways.len; i++) {
        const struct way *w = &v->ways.ptr[i];
        if (w->cause != DEAL_WON)
            continue;
        days[n++] = (double)(w->exit - w->entry) / MS_DAY;
        if (w->exit - w->entry > v->longest_win)
            v->longest_win = w->exit - w->entry;
    }
    qsort(days, n, sizeof *days, by_double);
    v->wins = (int64_t)n;
    v->median_win_days = stats_quantile(days, n, 0.5);
    if (v->mature_days == 0) {
        v->mature_days = 90;
        for (int i = 0; n >= 5 && i < CONVERSION_HORIZONS; i++) {
            double best = fabs((double)v->mature_days - v->median_win_days);
            if (fabs(conversion_horizons[i] - v->median_win_days) < best)
                v->mature_days = conversion_horizons[i];
        }
    }
    while (within < n && days[within] <= (double)v->mature_days)
        within++;
    v->won_by_maturity = n ? (double)within / (double)n : NAN;
    free(days);
}

/* Deals that were already open when recording began show no early closings: with the pooled curve one can say how many
 * should have been seen between the first entry and the first close. */
static void truncation(struct conversion *v)
{
    enum { STEPS = 64 };
    int64_t first_entry = INT64_MAX;
    v->first_close = INT64_MAX;
    for (size_t i = 0; i < v->ways.len; i++) {
        const struct way *w = &v->ways.ptr[i];
        first_entry = w->entry < first_entry ? w->entry : first_entry;
        if (w->cause != DEAL_OPEN && w->exit < v->first_close)
            v->first_close = w->exit;
    }
    if (v->first_close == INT64_MAX || v->first_close <= first_entry)
        return;
    int64_t span = v->first_close - first_entry, after = 0, early = 0;
    for (size_t i = 0; i < v->ways.len; i++)
        early += v->ways.ptr[i].entry < v->first_close;
    if (early < CONVERSION_CLOSES_MISSED)
        return; /* so few cannot have closed more often */
    struct life *lives = malloc((v->ways.len + 1) * sizeof *lives);
    struct incidence at[STEPS];
    if (lives == NULL)
        abort();
    for (size_t i = 0; i < v->ways.len; i++) { /* only deals entered since the first close show the true curve */
        const struct way *w = &v->ways.ptr[i];
        if (w->entry >= v->first_close)
            lives[after++] = (struct life){w->exit - w->entry, INCIDENCE_FROM_START, w->cause ? 1 : 0};
    }
    for (int i = 0; i < STEPS; i++)
        at[i] = (struct incidence){.at = span / STEPS * (i + 1)};
    incidence_run(lives, (size_t)after, at, STEPS, NULL, 0);
    free(lives);
    for (size_t i = 0; i < v->ways.len && after > 0; i++) {
        int64_t age = v->first_close - v->ways.ptr[i].entry;
        int step = age <= 0 ? -1 : (int)(age / (span / STEPS + 1)) - 1;
        if (step >= 0)
            v->expected_before_first_close += 1 - at[step < STEPS ? step : STEPS - 1].open;
    }
}

void conversion_scan(struct conversion *v)
{
    map_stages(v);
    v->last_event = last_event(v);
    if (!v->as_of_given) {
        int64_t longest = conversion_horizons[CONVERSION_HORIZONS - 1] * MS_DAY;
        v->as_of = v->call->now;
        if (v->last_event != INT64_MIN && v->last_event < v->call->now - longest)
            v->as_of = v->last_event;
    }
    const struct facts *deals = &v->view.facts[FACT_DEAL];
    for (size_t i = 0; i < deals->n; i++) {
        struct way w;
        if (!of_funnel(v, i))
            continue;
        /* what was deleted after as_of was still there */
        bool gone = fact_deleted(deals, i) && (v->as_of >= v->call->now || !fact_alive(deals, i, v->as_of));
        if (!follow(v, (uint32_t)i, &w))
            v->n_later += stands_in_funnel(v, i) && !gone;
        else if (gone)
            v->n_deleted++;
        else
            vec_push(&v->ways, w);
    }
    maturity(v);
    truncation(v);
}

void conversion_choose(struct conversion *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->ways.len; i++) {
        struct way w = v->ways.ptr[i];
        if ((v->has_from && w.entry < v->from) || (v->has_to && w.entry >= v->to)) {
            v->n_outside++;
            continue;
        }
        if (v->filter_ids != NULL && !has_id(v->filter_ids, v->n_filter_ids, v->view.facts[FACT_DEAL].ids[w.slot])) {
            v->n_filtered++;
            continue;
        }
        v->n_reopened += w.reopened;
        v->n_left += w.left;
        v->n_zombies += w.cause == DEAL_OPEN && !w.left && v->wins > 0 && w.exit - w.entry > v->longest_win;
        v->ways.ptr[n++] = w;
    }
    v->chosen = v->ways.ptr;
    v->n_chosen = n;
}
