/* The truth that was planted, and what came of it in this history. */
#include "cli/demo.h"
#include <stdlib.h>

struct tally {
    int64_t deals, won, closed;
};

static void tally_add(struct tally *t, const struct demo_deal *d)
{
    t->deals++;
    t->won += d->status == DEAL_WON;
    t->closed += d->status != DEAL_OPEN;
}

static void put_tally(struct jw *j, const char *key, struct tally t)
{
    jw_key(j, key);
    jw_obj(j);
    jw_ki64(j, "deals", t.deals);
    jw_ki64(j, "won", t.won);
    if (t.deals > 0)
        jw_kf64(j, "rate", (double)t.won / (double)t.deals);
    else
        jw_knull(j, "rate");
    jw_end_obj(j);
}

static bool mature(const struct demo_world *w, const struct demo_deal *d)
{
    return d->created + DEMO_MATURE_DAYS * DEMO_DAY <= w->now;
}

static void begin(struct jw *j, const char *id, unsigned funnel)
{
    jw_obj(j);
    jw_kc(j, "id", id);
    jw_kc(j, "funnel", demo_funnels[funnel].name);
}

static void vanished_step(const struct demo_world *w, struct jw *j, struct arena *a)
{
    struct tally before = {0}, behind = {0};
    uint32_t at = (uint32_t)(w->break_on - w->base_on) * DEMO_DAY;
    for (size_t i = 0; i < w->deals.len; i++) {
        const struct demo_deal *d = &w->deals.ptr[i];
        if (d->funnel == DEMO_OUTREACH && !d->forced && mature(w, d))
            tally_add(d->created < at ? &before : &behind, d);
    }
    begin(j, "vanished_step", DEMO_OUTREACH);
    jw_kstr(j, "stage", w->funnels[DEMO_OUTREACH]->stages[DEMO_BREAK_STAGE].name.ru);
    jw_kstr(j, "at", date_format(a, w->break_on));
    jw_kf64(j, "true_rate_before", DEMO_BREAK_BEFORE);
    jw_kf64(j, "true_rate_after", DEMO_BREAK_AFTER);
    jw_ki64(j, "mature_days", DEMO_MATURE_DAYS);
    put_tally(j, "mature_before", before);
    put_tally(j, "mature_after", behind);
    if (w->shown_before > 0)
        jw_kf64(j, "demonstrations_after_the_step_before", (double)w->passed_before / (double)w->shown_before);
    if (w->shown_after > 0)
        jw_kf64(j, "demonstrations_after_the_step_since", (double)w->passed_after / (double)w->shown_after);
    jw_end_obj(j);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void slow_stage(const struct demo_world *w, struct jw *j)
{
    const struct preset_stage *s = &w->funnels[DEMO_CORPORATE]->stages[DEMO_SLOW_STAGE];
    size_t n = w->slow_stays.len, middle = n / 2;
    begin(j, "slow_stage", DEMO_CORPORATE);
    jw_kstr(j, "stage", s->name.ru);
    jw_ki64(j, "norm_days", s->norm_days);
    jw_kf64(j, "true_median_days", DEMO_SLOW_MEDIAN);
    jw_ki64(j, "finished_stays", (int64_t)n);
    if (n > 0) {
        uint32_t *sorted = malloc(n * sizeof *sorted);
        if (sorted) {
            memcpy(sorted, w->slow_stays.ptr, n * sizeof *sorted);
            qsort(sorted, n, sizeof *sorted, by_value);
            jw_kf64(j, "median_days", sorted[middle] / (double)DEMO_DAY);
        }
        free(sorted);
    }
    jw_end_obj(j);
}

static void strong_seller(const struct demo_world *w, struct jw *j)
{
    struct tally her = {0}, others = {0};
    for (size_t i = 0; i < w->deals.len; i++) {
        const struct demo_deal *d = &w->deals.ptr[i];
        if (d->funnel == DEMO_COURSES_RU && mature(w, d))
            tally_add(d->owner == DEMO_STRONG ? &her : &others, d);
    }
    begin(j, "strong_seller", DEMO_COURSES_RU);
    jw_kc(j, "seller", demo_staff[DEMO_STRONG].name);
    jw_kf64(j, "true_rate", DEMO_STRONG_RATE);
    jw_kf64(j, "true_rate_of_others", DEMO_OTHERS_RATE);
    put_tally(j, "mature", her);
    put_tally(j, "mature_of_others", others);
    jw_end_obj(j);
}

static void young_campaign(const struct demo_world *w, struct jw *j, struct arena *a)
{
    struct tally all = {0}, without = {0}, ripe = {0};
    int64_t burst = 0;
    for (size_t i = 0; i < w->deals.len; i++) {
        const struct demo_deal *d = &w->deals.ptr[i];
        if (d->funnel != DEMO_CORPORATE)
            continue;
        tally_add(&all, d);
        if (!d->burst)
            tally_add(&without, d);
        if (mature(w, d))
            tally_add(&ripe, d);
        burst += d->burst;
    }
    const struct demo_campaign *c = &w->campaigns[w->n_campaigns - 1];
    begin(j, "young_campaign", DEMO_CORPORATE);
    jw_kc(j, "campaign", c->name);
    jw_kstr(j, "starts_on", date_format(a, c->starts_on));
    jw_ki64(j, "deals_of_the_campaign", burst);
    jw_kf64(j, "true_rate", DEMO_CORPORATE_RATE);
    put_tally(j, "naive", all);
    put_tally(j, "naive_without_the_campaign", without);
    put_tally(j, "mature", ripe);
    jw_end_obj(j);
}

void demo_planted(const struct demo_world *w, struct jw *j)
{
    struct arena a = ARENA_EMPTY;
    jw_arr(j);
    vanished_step(w, j, &a);
    slow_stage(w, j);
    strong_seller(w, j);
    young_campaign(w, j, &a);
    jw_end_arr(j);
    arena_free(&a);
}
