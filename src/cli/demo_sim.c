/* When deals arrive, in what order everything happened, and what was planted. */
#include "cli/demo.h"
#include <math.h>
#include <stdlib.h>

static const double month_people[] = {0.6, 0.9, 1.1, 1.3, 1.2, 1.0, 0.7, 0.8, 1.25, 1.2, 1.0, 0.8};
static const double month_firms[] = {0.5, 1.1, 1.2, 1.1, 0.8, 0.9, 0.7, 0.8, 1.2, 1.25, 1.2, 1.0};
static const double week_people[] = {1.15, 1.1, 1.0, 1.0, 0.9, 0.6, 0.55};
/* Messages and forms come from morning to night, most of them in the evening. */
static const double hours_people[] = {0.1, 0,   0, 0, 0, 0,   0.1, 0.3, 0.6, 1,   1.1, 1.1,
                                      1.2, 1.1, 1, 1, 1, 1.1, 1.3, 1.5, 1.6, 1.4, 0.9, 0.4};

static double day_weight(const struct demo_world *w, uint32_t day, bool firms)
{
    int year;
    unsigned month, date;
    int64_t on = w->base_on + day;
    date_to_civil(on, &year, &month, &date);
    double growth = 1 + 0.35 * day / DEMO_DAYS_BACK;
    if (firms)
        return w->workday[day] ? growth * month_firms[month - 1] : 0;
    return growth * month_people[month - 1] * week_people[(on + 3) % 7] * (demo_is_holiday(on) ? 0.35 : 1);
}

static uint32_t second_of_day(struct rng *r, bool firms)
{
    if (firms)
        return (uint32_t)rng_range(r, 9 * DEMO_HOUR, 18 * DEMO_HOUR - 1);
    double all = 0;
    for (int i = 0; i < 24; i++)
        all += hours_people[i];
    double u = rng_unit(r) * all;
    int hour = 0;
    while (hour < 23 && (u -= hours_people[hour]) >= 0)
        hour++;
    return (uint32_t)hour * 3600 + (uint32_t)rng_range(r, 0, 3599);
}

typedef VEC(struct demo_arrival) arrivals;

/* n arrivals spread over days [from, to) by the weight of each day: one in each n-th part of the whole weight. */
static void spread(struct demo_world *w, arrivals *out, unsigned funnel, bool burst, uint32_t from, uint32_t to,
                   size_t n)
{
    bool firms = demo_funnels[funnel].firms;
    struct rng r = demo_stream(w, burst ? 8 : 7, funnel);
    double all = 0, passed = 0;
    for (uint32_t d = from; d < to; d++)
        all += day_weight(w, d, firms);
    uint32_t day = from;
    double weight = day_weight(w, day, firms);
    for (size_t k = 0; k < n && all > 0; k++) {
        double at = ((double)k + rng_unit(&r)) / (double)n * all;
        while (passed + weight <= at && day + 1 < to) {
            passed += weight;
            weight = day_weight(w, ++day, firms);
        }
        uint32_t t = day * DEMO_DAY + second_of_day(&r, firms);
        if (t > w->now)
            t = w->now - (uint32_t)rng_range(&r, 60, 7200);
        struct demo_arrival a = {t, (unsigned char)funnel, burst, 0};
        vec_push(out, a);
    }
}

/* Every open column of every board gets a few deals that stand there now; nobody stands on the step that has vanished.
 */
static size_t plant_present(struct demo_world *w, arrivals *out, unsigned funnel, size_t each)
{
    struct rng r = demo_stream(w, 9, funnel);
    const struct demo_stage_model *stages = funnel == DEMO_OUTREACH ? demo_outreach_after : demo_funnels[funnel].stages;
    size_t before = out->len;
    double days = 0;
    for (unsigned s = 0; s < w->n_stages[funnel]; s++) {
        days += stages[s].median_days * stages[s].visit;
        for (size_t i = 0; i < each && !(funnel == DEMO_OUTREACH && s == DEMO_BREAK_STAGE); i++) {
            double age = days * (0.6 + rng_unit(&r) * 0.7);
            uint32_t t = w->now - (uint32_t)((age < 0.1 ? 0.1 : age) * DEMO_DAY);
            struct demo_arrival a = {demo_to_work(w, &r, t), (unsigned char)funnel, false, (unsigned char)(s + 1)};
            if (a.t + 3600 > w->now)
                a.t = w->now - (uint32_t)rng_range(&r, 1800, 7200);
            vec_push(out, a);
        }
    }
    return out->len - before;
}

static int by_time(const void *a, const void *b)
{
    const struct demo_arrival *x = a, *y = b;
    if (x->t != y->t)
        return x->t < y->t ? -1 : 1;
    return x->funnel != y->funnel ? (int)x->funnel - (int)y->funnel : (int)x->forced - (int)y->forced;
}

static void arrive(struct demo_world *w, arrivals *out)
{
    size_t n = (size_t)w->opt.deals, open_stages = 0, left = n, each;
    for (unsigned f = 0; f < DEMO_FUNNELS; f++)
        open_stages += w->n_stages[f];
    each = n / 12 / open_stages;
    each = each > 3 ? 3 : each == 0 && n >= 300 ? 1 : each;
    uint32_t today = w->now / DEMO_DAY;
    for (unsigned f = DEMO_FUNNELS; f-- > 0;) {
        size_t mine = f == 0 ? left : (size_t)((double)n * demo_funnels[f].share), burst = 0;
        left -= mine;
        size_t present = plant_present(w, out, f, mine > each * w->n_stages[f] ? each : 0);
        if (f == DEMO_CORPORATE)
            burst = (size_t)((double)mine * DEMO_BURST_SHARE);
        spread(w, out, f, true, today - DEMO_BURST_DAYS, today, burst);
        spread(w, out, f, false, 0, today + 1, mine > present + burst ? mine - present - burst : 0);
    }
    qsort(out->ptr, out->len, sizeof *out->ptr, by_time);
}

/* By time, keeping the order in which events of one moment were made (least significant digit first, 11 bits a pass).
 */
static void sort_events(struct demo_world *w)
{
    size_t n = w->events.len;
    struct demo_event *from = w->events.ptr, *to = vec_grow_(NULL, &(size_t){0}, n, sizeof *to);
    for (unsigned shift = 0; shift < 33; shift += 11) {
        size_t place[2049] = {0};
        for (size_t i = 0; i < n; i++)
            place[(from[i].t >> shift & 2047u) + 1]++;
        for (size_t i = 1; i < 2048; i++)
            place[i] += place[i - 1];
        for (size_t i = 0; i < n; i++)
            to[place[from[i].t >> shift & 2047u]++] = from[i];
        struct demo_event *keep = from;
        from = to;
        to = keep;
    }
    free(to);
    w->events.ptr = from;
    w->events.cap = n;
}

static enum rc find_funnels(struct demo_world *w, struct err *e)
{
    for (unsigned f = 0; f < DEMO_FUNNELS; f++) {
        struct preset *p;
        TRY(preset_find(&w->arena, str_c(demo_funnels[f].preset), &p, e));
        for (size_t i = 0; i < p->n_funnels; i++)
            if (str_eqc(p->funnels[i].key, demo_funnels[f].key))
                w->funnels[f] = &p->funnels[i];
        if (!w->funnels[f])
            return err_set(e, RC_INTERNAL, "bad_preset", "", "%s", demo_funnels[f].key);
        while (w->funnels[f]->stages[w->n_stages[f]].outcome == DEAL_OPEN)
            w->n_stages[f]++;
    }
    struct preset *training;
    TRY(preset_find(&w->arena, STR("training"), &training, e));
    w->training = training;
    return RC_OK;
}

/* The step vanished on a first of January, as in the case, and long enough ago for the deals behind it to have ended.
 */
static int64_t break_day(const struct demo_world *w)
{
    int year;
    unsigned month, day;
    date_to_civil(w->base_on + w->now / DEMO_DAY - 210, &year, &month, &day);
    return date_from_civil(year, 1, 1);
}

enum rc demo_simulate(struct demo_world *w, struct demo_options opt, struct err *e)
{
    *w = (struct demo_world){.opt = opt};
    const int64_t moscow = 3 * MS_HOUR; /* without change since 2014 */
    w->base_on = (opt.as_of + moscow) / MS_DAY - DEMO_DAYS_BACK;
    w->base_at = w->base_on * MS_DAY - moscow;
    w->now = (uint32_t)((opt.as_of - w->base_at) / 1000);
    w->break_on = break_day(w);
    TRY(find_funnels(w, e));
    demo_calendar(w);
    demo_campaigns(w);
    arrivals list = {0};
    arrive(w, &list);
    for (size_t i = 0; i < list.len; i++)
        demo_deal_run(w, list.ptr[i]);
    vec_free(&list);
    sort_events(w);
    return RC_OK;
}

void demo_free(struct demo_world *w)
{
    vec_free(&w->companies);
    vec_free(&w->contacts);
    vec_free(&w->deals);
    vec_free(&w->tasks);
    vec_free(&w->events);
    vec_free(&w->slow_stays);
    arena_free(&w->arena);
}
