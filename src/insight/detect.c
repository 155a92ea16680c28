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
    FILL_PAST = 180
};

struct watch {
    struct detect *d;
    struct pop *p;
    int64_t first_day; /* of the first period */
    size_t m;
    struct walk walk;
    uint8_t *was, *went; /* of the deal at hand, by stage */
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

/* ---- deals ---- */

/* The horizon nearest to the median time to win, as in the conversion report. */
static int64_t maturity(const struct pop *p)
{
    static const int64_t horizons[] = {30, 60, 90, 180};
    enum { MOST = 3650 };
    uint32_t *days = ARENA_ARRAY(p->call->arena, uint32_t, MOST + 1);
    int64_t wins = 0, seen = 0, best = 90;
    for (size_t i = 0; i < p->n; i++) {
        int64_t age = (p->d[i].exit - p->d[i].entry) / MS_DAY;
        if (p->d[i].cause == DEAL_WON) {
            days[age > MOST ? MOST : age < 0 ? 0 : age]++;
            wins++;
        }
    }
    if (wins < 5)
        return best;
    int64_t median = 0;
    while (median < MOST && (seen += days[median]) * 2 < wins)
        median++;
    for (size_t i = 0; i < sizeof horizons / sizeof *horizons; i++)
        if (llabs(horizons[i] - median) < llabs(best - median))
            best = horizons[i];
    return best;
}

static bool mature(const struct detect *d, const struct pop_deal *deal)
{
    return d->pop->as_of - deal->entry >= d->mature_days * MS_DAY;
}

/* Which stages the deal saw within the horizon, and from which it went on: old deals have had no longer than young
 * ones.
 */
static void look(struct watch *w, const struct pop_deal *deal)
{
    const struct pop *p = w->p;
    memset(w->was, 0, p->n_stages);
    memset(w->went, 0, p->n_stages);
    walk_deal(p, deal, &w->walk);
    int64_t until = deal->entry + w->d->mature_days * MS_DAY;
    for (size_t i = 0; i < w->walk.n && w->walk.s[i].at <= until; i++) {
        size_t to = (size_t)w->walk.s[i].stage;
        w->was[to] = 1;
        bool on = p->stages[to].outcome == DEAL_WON;
        for (size_t s = 0; s < p->n_stages; s++)
            if (w->was[s] && s != to && (on || (p->stages[to].outcome == DEAL_OPEN && s < to)))
                w->went[s] = 1;
    }
}

/* k of n of one watched row for one deal: false when the deal is not among the n. */
static bool counts(const struct watch *w, const struct detect_row *row, const struct pop_deal *deal, int64_t *k)
{
    switch (row->detector) {
    case DETECT_CONVERSION:
        *k = deal->cause == DEAL_WON;
        return true;
    case DETECT_STEP:
        *k = w->was[row->stage];
        return true;
    case DETECT_STAGE_RATE:
        *k = w->went[row->stage];
        return w->was[row->stage] != 0;
    default:
        return false;
    }
}

static void deal_rows(struct watch *w)
{
    struct detect *d = w->d;
    struct pop *p = w->p;
    int64_t first = INT64_MAX, last = INT64_MIN, n = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (!mature(d, &p->d[i]))
            continue;
        first = p->d[i].entry < first ? p->d[i].entry : first;
        last = p->d[i].entry > last ? p->d[i].entry : last;
        n++;
    }
    if (n == 0)
        return;
    d->period = n / ((last - first) / (30 * MS_DAY) + 1) >= ENOUGH_A_MONTH ? 'm' : 'q';
    size_t m;
    int64_t *start = periods(d, zone_day(p->zone, first), zone_day(p->zone, last), &m);
    add_row(d, DETECT_CONVERSION, POP_NO_STAGE, start, m);
    for (size_t s = 0; s < p->n_stages; s++) {
        if (p->stages[s].outcome != DEAL_OPEN)
            continue;
        add_row(d, DETECT_STEP, (int)s, start, m);
        add_row(d, DETECT_STAGE_RATE, (int)s, start, m);
    }
    for (size_t i = 0; i < p->n; i++) {
        int64_t day = zone_day(p->zone, p->d[i].entry), k = 0;
        if (!mature(d, &p->d[i]) || day < start[0])
            continue;
        size_t at = period_of(&d->rows.ptr[0], day);
        look(w, &p->d[i]);
        for (size_t r = 0; r < d->rows.len; r++) {
            struct detect_row *row = &d->rows.ptr[r];
            if (counts(w, row, &p->d[i], &k)) {
                row->k[at] += k;
                row->n[at]++;
            }
            if (row->fair != NULL)
                row->fair[at] += k && p->d[i].exit - p->d[i].entry <= d->mature_days * MS_DAY;
        }
    }
}

/* ---- answers, tasks, arrivals ---- */

/* First answers that were due, by the period in which they were. */
static void response_row(struct watch *w)
{
    struct pop *p = w->p;
    struct fact_column due = pop_column(p, DEAL_FIRST_RESPONSE_DUE_AT), at = pop_column(p, DEAL_FIRST_RESPONSE_AT);
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (int pass = 0; pass < 2; pass++) {
        size_t m = 0;
        if (pass == 1 && first > last)
            return;
        struct detect_row *row = NULL;
        if (pass == 1) {
            int64_t *start = periods(w->d, first, last, &m);
            row = add_row(w->d, DETECT_RESPONSE, POP_NO_STAGE, start, m);
        }
        for (size_t i = 0; i < p->n; i++) {
            int64_t until = fact_get(&due, p->d[i].row), answered = fact_get(&at, p->d[i].row);
            if (until == FACT_NULL || until > p->as_of)
                continue;
            int64_t day = zone_day(p->zone, until);
            first = day < first ? day : first;
            last = day > last ? day : last;
            if (row == NULL || day < row->start[0])
                continue;
            size_t in = period_of(row, day);
            row->n[in]++;
            row->k[in] += answered != FACT_NULL && answered <= until;
        }
    }
}

/* Tasks of the deals that were due, by the period in which they were. */
static void task_row(struct watch *w)
{
    struct pop *p = w->p;
    const struct facts *tasks = &p->view.facts[FACT_TASK];
    const struct fact_column *due = fact_column(tasks, TASK_DUE_AT), *done = fact_column(tasks, TASK_DONE_AT),
                             *of = fact_column(tasks, TASK_DEAL_ID);
    int64_t first = INT64_MAX, last = INT64_MIN;
    uint8_t *ours = ARENA_ARRAY(p->call->arena, uint8_t, p->deals->n + 1);
    for (size_t i = 0; i < p->n; i++)
        ours[p->d[i].row] = 1;
    for (int pass = 0; pass < 2; pass++) {
        size_t m = 0;
        struct detect_row *row = NULL;
        if (pass == 1 && first > last)
            return;
        if (pass == 1) {
            int64_t *start = periods(w->d, first, last, &m);
            row = add_row(w->d, DETECT_LEAD_TIME, POP_NO_STAGE, start, m);
        }
        for (size_t i = 0; i < tasks->n; i++) {
            int64_t until = fact_get(due, i), at = fact_get(done, i);
            uint32_t deal = fact_row(p->deals, fact_id(of, i));
            if (until == FACT_NULL || until > p->as_of || deal == FACT_NO_ROW || !ours[deal] ||
                !fact_alive(tasks, i, p->as_of))
                continue;
            int64_t day = zone_day(p->zone, until);
            first = day < first ? day : first;
            last = day > last ? day : last;
            if (row == NULL || day < row->start[0])
                continue;
            size_t in = period_of(row, day);
            row->n[in]++;
            row->k[in] += at != FACT_NULL && at <= until + MS_DAY;
        }
    }
}

/* Arrivals by week, the last year of whole weeks. */
static void inflow_row(struct watch *w)
{
    struct pop *p = w->p;
    int64_t today = zone_day(p->zone, p->as_of), last = today - (today + 3) % 7, first = INT64_MAX; /* this Monday */
    for (size_t i = 0; i < p->n; i++) {
        int64_t day = zone_day(p->zone, p->d[i].entry);
        first = day < first ? day : first;
    }
    if (first == INT64_MAX || last - first < INFLOW_LEAST)
        return;
    first = last - INFLOW_DAYS > first ? last - INFLOW_DAYS : first - (first + 3) % 7 + 7;
    size_t m = (size_t)((last - first) / 7);
    int64_t *start = ARENA_ARRAY(p->call->arena, int64_t, m + 1);
    for (size_t i = 0; i < m; i++)
        start[i] = first + (int64_t)i * 7;
    struct detect_row *row = add_row(w->d, DETECT_INFLOW, POP_NO_STAGE, start, m);
    for (size_t i = 0; i < m; i++)
        row->n[i] = 7;
    for (size_t i = 0; i < p->n; i++) {
        int64_t day = zone_day(p->zone, p->d[i].entry);
        if (day >= first && day < last)
            row->k[(day - first) / 7]++;
    }
}

/* How long deals have stood in each open stage and how many left it, in the last four weeks and in the half-year
 * before: by Little's law the time in a stage is what stands there over what leaves it, long before anybody is late. n:
 * days of standing, k: exits; two periods. */
static void fill_rows(struct watch *w)
{
    struct pop *p = w->p;
    int64_t now = p->as_of, recent = now - FILL_NOW * MS_DAY, from = recent - FILL_PAST * MS_DAY;
    struct detect_row **rows = ARENA_ARRAY(p->call->arena, struct detect_row *, p->n_stages + 1);
    size_t before = w->d->rows.len;
    for (size_t s = 0; s < p->n_stages; s++)
        if (p->stages[s].outcome == DEAL_OPEN) {
            int64_t *start = ARENA_ARRAY(p->call->arena, int64_t, 2);
            start[0] = zone_day(p->zone, from);
            start[1] = zone_day(p->zone, recent);
            add_row(w->d, DETECT_FILLING, (int)s, start, 2);
        }
    for (size_t s = 0, r = before; s < p->n_stages; s++)
        rows[s] = p->stages[s].outcome == DEAL_OPEN ? &w->d->rows.ptr[r++] : NULL;
    for (size_t i = 0; i < p->n; i++) {
        if (p->d[i].cause != DEAL_OPEN && p->d[i].exit < from)
            continue;
        walk_deal(p, &p->d[i], &w->walk);
        for (size_t k = 0; k < w->walk.n; k++) {
            struct detect_row *row = rows[w->walk.s[k].stage];
            int64_t in = w->walk.s[k].at;
            int64_t out = k + 1 < w->walk.n ? w->walk.s[k + 1].at : p->d[i].left ? p->d[i].exit : INT64_MAX;
            for (int part = 0; row != NULL && part < 2; part++) {
                int64_t a = part ? recent : from, b = part ? now : recent;
                int64_t stood = (out < b ? out : b) - (in > a ? in : a);
                row->n[part] += stood > 0 ? stood : 0;
                row->k[part] += out >= a && out < b;
            }
        }
    }
    for (size_t r = before; r < w->d->rows.len; r++)
        for (int part = 0; part < 2; part++)
            w->d->rows.ptr[r].n[part] /= MS_DAY;
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
    *d = (struct detect){.pop = p, .period = 'm', .mature_days = maturity(p)};
    struct watch w = {.d = d,
                      .p = p,
                      .was = ARENA_ARRAY(p->call->arena, uint8_t, p->n_stages + 1),
                      .went = ARENA_ARRAY(p->call->arena, uint8_t, p->n_stages + 1)};
    deal_rows(&w);
    response_row(&w);
    task_row(&w);
    inflow_row(&w);
    fill_rows(&w);
    walk_free(&w.walk);
    find_changes(d);
    if (d->changes.len > 1)
        qsort(d->changes.ptr, d->changes.len, sizeof *d->changes.ptr, by_weight);
    detect_places(d);
}

void detect_free(struct detect *d)
{
    vec_free(&d->rows);
    vec_free(&d->changes);
}
