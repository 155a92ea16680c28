/* The rows that are watched, and the changes in them. */
#include "insight/detect.h"
#include "crm/fields.h"
#include "insight/walk.h"
#include <math.h>

const char *const detector_names[] = {"conversion", "step", "stage_rate", "response", "lead_time", "inflow", "filling"};
const char *const place_names[] = {"stage", "owner", "source", "campaign"};

enum {
    ENOUGH_A_MONTH = 20,
    INFLOW_DAYS = 364,
    INFLOW_LEAST = 56 /* days: whole weeks */,
    FEW_OF_A_ROW = 20,
    FILL_NOW = 28,
    FILL_PAST = 180,
    DAYS_BACK = 1 << 15 /* older events are in no period */
};

/* Something counted by day; the first and the last day with any. */
struct by_day {
    int64_t first, last;
    uint32_t *n, *k; /* by days before the last look */
};
/* In the four weeks and in the half-year before: ms of standing in a stage, exits from it. */
struct fill {
    int64_t stood[2], left[2];
};
struct watch {
    struct detect *d;
    struct pop *p;
    int64_t today, first, last, mature; /* entries of the first and the last mature deal, and how many there are */
    struct walk walk;
    struct by_day answers, tasks, arrivals;
    struct fill *fill; /* by stage */
};

/* ---- periods ---- */

static int64_t period_start(const struct detect *d, int64_t day)
{
    int year;
    unsigned month, dom;
    date_to_civil(day, &year, &month, &dom);
    if (d->period == 'q')
        month = (month - 1) / 3 * 3 + 1;
    return date_from_civil(year, month, 1);
}

static int64_t next_period(const struct detect *d, int64_t start)
{
    return period_start(d, start + (d->period == 'q' ? 95 : 32));
}

static size_t period_of(const struct detect_row *row, int64_t day)
{
    size_t low = 0, high = row->m;
    while (low + 1 < high) {
        size_t mid = (low + high) / 2;
        *(row->start[mid] <= day ? &low : &high) = mid;
    }
    return low;
}

/* Starts of the periods from the first to the last day; the oldest are left out beyond DETECT_PERIODS. */
static int64_t *periods(const struct detect *d, int64_t first, int64_t last, size_t *m)
{
    VEC(int64_t) found = {0};
    for (int64_t s = period_start(d, first); s <= last; s = next_period(d, s))
        vec_push(&found, s);
    size_t cut = found.len > DETECT_PERIODS ? found.len - DETECT_PERIODS : 0;
    *m = found.len - cut;
    int64_t *out = ARENA_ARRAY(d->pop->call->arena, int64_t, *m + 1);
    if (*m > 0)
        memcpy(out, found.ptr + cut, *m * sizeof *out);
    vec_free(&found);
    return out;
}

static struct detect_row *add_row(struct detect *d, enum detector detector, int stage, int64_t *start, size_t m)
{
    struct arena *a = d->pop->call->arena;
    struct detect_row row = {.detector = detector,
                             .stage = stage,
                             .k = ARENA_ARRAY(a, int64_t, m + 1),
                             .n = ARENA_ARRAY(a, int64_t, m + 1),
                             .fair = detector == DETECT_CONVERSION ? ARENA_ARRAY(a, int64_t, m + 1) : NULL,
                             .start = start,
                             .m = m};
    vec_push(&d->rows, row);
    return &d->rows.ptr[d->rows.len - 1];
}

static struct by_day days_new(struct watch *w)
{
    struct arena *a = w->p->call->arena;
    return (struct by_day){INT64_MAX, INT64_MIN, ARENA_ARRAY(a, uint32_t, DAYS_BACK),
                           ARENA_ARRAY(a, uint32_t, DAYS_BACK)};
}

static void count_day(const struct watch *w, struct by_day *b, int64_t at, bool k)
{
    int64_t day = zone_day(w->p->zone, at), back = w->today - day;
    b->first = day < b->first ? day : b->first;
    b->last = day > b->last ? day : b->last;
    if (back >= 0 && back < DAYS_BACK) {
        b->n[back]++;
        b->k[back] += k;
    }
}

/* ---- deals ---- */

static const int64_t horizons[] = {90, 30, 60, 180};
enum { HORIZONS = sizeof horizons / sizeof *horizons };

/* Takes the horizon nearest to the median time to win, as in the conversion report; the deals that are old enough for
 * it. */
static void first_look(struct watch *w)
{
    enum { MOST = 3650 };
    const struct pop *p = w->p;
    uint32_t *days = ARENA_ARRAY(p->call->arena, uint32_t, MOST + 1);
    int64_t wins = 0, seen = 0, median = 0, first = INT64_MAX, last[HORIZONS], n[HORIZONS] = {0};
    size_t best = 0;
    for (size_t h = 0; h < HORIZONS; h++)
        last[h] = INT64_MIN;
    for (size_t i = 0; i < p->n; i++) {
        int64_t entry = p->d[i].entry, took = (p->d[i].exit - entry) / MS_DAY;
        first = entry < first ? entry : first;
        for (size_t h = 0; h < HORIZONS; h++)
            if (entry <= p->as_of - horizons[h] * MS_DAY) {
                n[h]++;
                last[h] = entry > last[h] ? entry : last[h];
            }
        if (p->d[i].cause == DEAL_WON) {
            days[took > MOST ? MOST : took < 0 ? 0 : took]++;
            wins++;
        }
    }
    while (wins > 0 && median < MOST && (seen += days[median]) * 2 < wins)
        median++;
    for (size_t h = 1; h < HORIZONS && wins >= 5; h++)
        if (llabs(horizons[h] - median) < llabs(horizons[best] - median))
            best = h;
    w->d->mature_days = horizons[best];
    w->first = first;
    w->last = last[best];
    w->mature = n[best];
}

static void number_stages(struct detect *d)
{
    const struct pop *p = d->pop;
    d->bit_of = ARENA_ARRAY(p->call->arena, int, p->n_stages + 1);
    for (size_t s = 0; s < p->n_stages; s++)
        d->bit_of[s] = p->stages[s].outcome == DEAL_OPEN ? (int)d->n_bits++ : -1;
    d->words = d->n_bits / 64 + 1;
}

static void add_ways(struct detect *d, struct detect_row *row)
{
    for (size_t i = 0; i < d->ways.len; i++) {
        const struct detect_way *way = &d->ways.ptr[i];
        bool k;
        if (way->period < 0 || !detect_counts(d, row->detector, row->stage, i, &k))
            continue;
        row->n[way->period] += way->n;
        row->k[way->period] += k ? way->n : 0;
        if (row->fair != NULL)
            row->fair[way->period] += way->fair ? way->n : 0;
    }
}

static void deal_rows(struct watch *w)
{
    struct detect *d = w->d;
    struct pop *p = w->p;
    if (w->mature == 0)
        return;
    d->period = w->mature / ((w->last - w->first) / (30 * MS_DAY) + 1) >= ENOUGH_A_MONTH ? 'm' : 'q';
    int64_t last = zone_day(p->zone, w->last);
    d->start = periods(d, zone_day(p->zone, w->first), last, &d->n_periods);
    number_stages(d);
    detect_ways(d, last);
    add_ways(d, add_row(d, DETECT_CONVERSION, POP_NO_STAGE, d->start, d->n_periods));
    for (size_t s = 0; s < p->n_stages; s++) {
        if (p->stages[s].outcome != DEAL_OPEN)
            continue;
        add_ways(d, add_row(d, DETECT_STEP, (int)s, d->start, d->n_periods));
        add_ways(d, add_row(d, DETECT_STAGE_RATE, (int)s, d->start, d->n_periods));
    }
}

/* ---- answers, tasks, arrivals ---- */

/* By the period in which they were due. */
static void day_row(struct watch *w, enum detector detector, const struct by_day *b)
{
    size_t m;
    if (b->first > b->last)
        return;
    int64_t *start = periods(w->d, b->first, b->last, &m);
    struct detect_row *row = add_row(w->d, detector, POP_NO_STAGE, start, m);
    for (int64_t back = 0; back < DAYS_BACK && w->today - back >= start[0]; back++)
        if (b->n[back] > 0) {
            size_t in = period_of(row, w->today - back);
            row->n[in] += b->n[back];
            row->k[in] += b->k[back];
        }
}

/* How long deals have stood in each open stage and how many left it, in the last four weeks and in the half-year
 * before: by Little's law the time in a stage is what stands there over what leaves it, long before anybody is late. */
static void stand(struct watch *w, const struct pop_deal *deal)
{
    int64_t now = w->p->as_of, recent = now - FILL_NOW * MS_DAY, from = recent - FILL_PAST * MS_DAY;
    if (deal->cause != DEAL_OPEN && deal->exit < from)
        return;
    walk_deal(w->p, deal, &w->walk);
    for (size_t k = 0; k < w->walk.n; k++) {
        struct fill *fill = &w->fill[w->walk.s[k].stage];
        int64_t in = w->walk.s[k].at;
        int64_t out = k + 1 < w->walk.n ? w->walk.s[k].until : deal->left ? deal->exit : INT64_MAX;
        for (int part = 0; part < 2; part++) {
            int64_t a = part ? recent : from, b = part ? now : recent;
            int64_t stood = (out < b ? out : b) - (in > a ? in : a);
            fill->stood[part] += stood > 0 ? stood : 0;
            fill->left[part] += out >= a && out < b;
        }
    }
}

/* One look at each deal: its first answer, its arrival, where it stood. */
static void count_deals(struct watch *w, uint64_t *ours)
{
    struct pop *p = w->p;
    struct fact_column due = pop_column(p, DEAL_FIRST_RESPONSE_DUE_AT), at = pop_column(p, DEAL_FIRST_RESPONSE_AT);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *deal = &p->d[i];
        int64_t until = fact_get(&due, deal->row);
        if (until != FACT_NULL && until <= p->as_of) {
            int64_t answered = fact_get(&at, deal->row);
            count_day(w, &w->answers, until, answered != FACT_NULL && answered <= until);
        }
        count_day(w, &w->arrivals, deal->entry, false);
        ours[deal->row / 64] |= UINT64_C(1) << (deal->row % 64);
        stand(w, deal);
    }
}

/* Who sees tasks at all sees those of the deals in sight. */
static bool tasks_seen(const struct rights *r)
{
    const struct entity *task = entity_by_id(ENT_TASK);
    return rights_scope(r, task, RIGHT_SEE) != SCOPE_NONE && rights_sees_field(r, task, TASK_DUE_AT) &&
           rights_sees_field(r, task, TASK_DONE_AT) && rights_sees_field(r, task, TASK_DEAL_ID);
}

/* Tasks of the deals that were due. */
static void count_tasks(struct watch *w, const uint64_t *ours)
{
    struct pop *p = w->p;
    if (!tasks_seen(p->call->rights))
        return;
    const struct facts *tasks = &p->view.facts[FACT_TASK];
    const struct fact_column *due = fact_column(tasks, TASK_DUE_AT), *done = fact_column(tasks, TASK_DONE_AT),
                             *of = fact_column(tasks, TASK_DEAL_ID);
    for (size_t i = 0; i < tasks->n; i++) {
        int64_t until = fact_get(due, i);
        if (until == FACT_NULL || until > p->as_of)
            continue;
        uint32_t deal = fact_row(p->deals, fact_id(of, i));
        if (deal == FACT_NO_ROW || !mask_has(ours, deal) || !fact_alive(tasks, i, p->as_of))
            continue;
        int64_t at = fact_get(done, i);
        count_day(w, &w->tasks, until, at != FACT_NULL && at <= until + MS_DAY);
    }
}

/* Arrivals by week, the last year of whole weeks. */
static void inflow_row(struct watch *w)
{
    int64_t last = w->today - (w->today + 3) % 7, first = w->arrivals.first; /* last: this Monday */
    if (first == INT64_MAX || last - first < INFLOW_LEAST)
        return;
    first = last - INFLOW_DAYS > first ? last - INFLOW_DAYS : first - (first + 3) % 7 + 7;
    size_t m = (size_t)((last - first) / 7);
    int64_t *start = ARENA_ARRAY(w->p->call->arena, int64_t, m + 1);
    struct detect_row *row = add_row(w->d, DETECT_INFLOW, POP_NO_STAGE, start, m);
    for (size_t i = 0; i < m; i++) {
        start[i] = first + (int64_t)i * 7;
        row->n[i] = 7;
        for (int64_t day = start[i]; day < start[i] + 7; day++)
            row->k[i] += w->arrivals.n[w->today - day];
    }
}

/* n: days of standing, k: exits; two periods. */
static void fill_rows(struct watch *w)
{
    struct pop *p = w->p;
    int64_t recent = p->as_of - FILL_NOW * MS_DAY, from = recent - FILL_PAST * MS_DAY;
    for (size_t s = 0; s < p->n_stages; s++) {
        if (p->stages[s].outcome != DEAL_OPEN)
            continue;
        int64_t *start = ARENA_ARRAY(p->call->arena, int64_t, 2);
        start[0] = zone_day(p->zone, from);
        start[1] = zone_day(p->zone, recent);
        struct detect_row *row = add_row(w->d, DETECT_FILLING, (int)s, start, 2);
        for (int part = 0; part < 2; part++) {
            row->n[part] = w->fill[s].stood[part] / MS_DAY;
            row->k[part] = w->fill[s].left[part];
        }
    }
}

/* ---- changes ---- */

/* A stage fills when deals leave it more slowly than by a fifth, and more than chance allows. */
static bool filling(const struct detect_row *row, struct split *s)
{
    int64_t k1 = row->k[0], n1 = row->n[0], k2 = row->k[1], n2 = row->n[1];
    if (k1 < FEW_OF_A_ROW || n1 == 0 || n2 == 0)
        return false;
    double usual = (double)k1 / (double)n1, now = (double)k2 / (double)n2;
    bool more = (double)n2 / FILL_NOW > 1.2 * (double)n1 / FILL_PAST; /* and more of them stand there */
    double g2 = breaks_flows(k1, n1, k2, n2);
    *s = (struct split){1, g2, erfc(sqrt(g2 / 2)), k1, n1, k2, n2};
    return more && now * 1.2 < usual;
}

static bool broken(const struct detect_row *row, struct split *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < row->m; i++)
        n += row->detector == DETECT_INFLOW ? row->k[i] : row->n[i];
    if (n < FEW_OF_A_ROW)
        return false;
    if (row->detector == DETECT_FILLING)
        return filling(row, s);
    if (row->detector == DETECT_INFLOW)
        return breaks_counts(row->k, row->n, row->m, s);
    return breaks_split(row->k, row->n, row->m, s);
}

/* Older cohorts have had longer to win. A change has to show among wins within the same time, too. */
static bool fair(const struct detect_row *row, const struct split *s, double rows)
{
    if (row->fair == NULL)
        return true;
    double g2 = breaks_g2(row->fair, row->n, row->m, s->at);
    return (double)row->m * rows * erfc(sqrt(g2 / 2)) < DETECT_ALPHA;
}

static void add_change(struct detect *d, const struct detect_row *row, const struct split *s, double chance)
{
    struct detect_change c = {.detector = row->detector,
                              .stage = row->stage,
                              .split = *s,
                              .chance = chance,
                              .since = zone_midnight(d->pop->zone, row->start[s->at])};
    vec_push(&d->changes, c);
}

/* Every row is asked, so each chance counts as many times as there are rows. A row that broke more than once tells each
 * change. */
static void find_changes(struct detect *d)
{
    double rows = (double)d->rows.len;
    for (size_t r = 0; r < d->rows.len; r++) {
        const struct detect_row *row = &d->rows.ptr[r];
        struct split s, all[8];
        if (!broken(row, &s) || s.chance * rows >= DETECT_ALPHA || !fair(row, &s, rows))
            continue;
        if (row->detector >= DETECT_INFLOW) {
            add_change(d, row, &s, s.chance * rows);
            continue;
        }
        size_t n = breaks_all(row->k, row->n, row->m, DETECT_ALPHA / rows, all, 8);
        for (size_t i = 0; i < n; i++)
            if (fair(row, &all[i], rows))
                add_change(d, row, &all[i], all[i].chance * rows < 1 ? all[i].chance * rows : 1);
        if (n == 0)
            add_change(d, row, &s, s.chance * rows);
    }
}

/* What most people look at first stands first. */
static int by_weight(const void *a, const void *b)
{
    const struct detect_change *x = a, *y = b;
    if (x->detector != y->detector)
        return (int)x->detector - (int)y->detector;
    if (x->chance != y->chance)
        return x->chance < y->chance ? -1 : 1;
    return x->split.g2 != y->split.g2 ? (x->split.g2 < y->split.g2 ? 1 : -1) : x->stage - y->stage;
}

void detect_scan(struct detect *d, struct pop *p)
{
    *d = (struct detect){.pop = p, .period = 'm'};
    struct watch w = {.d = d,
                      .p = p,
                      .today = zone_day(p->zone, p->as_of),
                      .fill = ARENA_ARRAY(p->call->arena, struct fill, p->n_stages + 1)};
    uint64_t *ours = ARENA_ARRAY(p->call->arena, uint64_t, p->deals->n / 64 + 1);
    w.answers = days_new(&w);
    w.tasks = days_new(&w);
    w.arrivals = days_new(&w);
    first_look(&w);
    deal_rows(&w);
    count_deals(&w, ours);
    count_tasks(&w, ours);
    day_row(&w, DETECT_RESPONSE, &w.answers);
    day_row(&w, DETECT_LEAD_TIME, &w.tasks);
    inflow_row(&w);
    fill_rows(&w);
    walk_free(&w.walk);
}

void detect_find(struct detect *d)
{
    find_changes(d);
    if (d->changes.len > 1)
        qsort(d->changes.ptr, d->changes.len, sizeof *d->changes.ptr, by_weight);
    detect_places(d);
}

void detect_free(struct detect *d)
{
    vec_free(&d->rows);
    vec_free(&d->changes);
    vec_free(&d->ways);
    vec_free(&d->way_bits);
    for (int i = 0; i < 3; i++)
        vec_free(&d->values[i].ids);
}
