/* 3. Deals by the month they entered, and what share of them was won by which age. What a young cohort has not lived to
 * see is completed from all cohorts together, a chain ladder over several outcomes, and marked so:
 *     F_c(h) = F_c(t) + S_c(t) (F_p(h) - F_p(t)) / S_p(t)
 * with p all cohorts and t the largest age at which at least 30 deals of the cohort are watched (Mack 1993, ASTIN
 * Bulletin 23:213). Its variance: that of F_c(t), of the future of those still open, and of the pooled rate. */
#include "insight/breaks.h"
#include "insight/walk.h"
#include <math.h>

enum { AGES = 7, LEAST_AT_RISK = 10, LADDER = 30 };
static const int ages[AGES] = {7, 14, 30, 60, 90, 180, 365};

static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "age_days", .type = RT_DAYS},
    {.id = "won_rate", .type = RT_RATE},
    {.id = "won_low", .type = RT_RATE},
    {.id = "won_high", .type = RT_RATE},
    {.id = "basis", .type = RT_TEXT},
    {.id = "won_by_age", .type = RT_INT, .drill = true},
    {.id = "at_risk", .type = RT_INT, .drill = true},
};
static const struct report_column cohort_columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "deals", .type = RT_INT, .drill = true},
    {.id = "won", .type = RT_INT, .drill = true},
    {.id = "lost", .type = RT_INT, .drill = true},
    {.id = "open", .type = RT_INT, .drill = true},
    {.id = "naive_rate", .type = RT_RATE},
    {.id = "follow_up_days", .type = RT_DAYS},
    {.id = "final_rate", .type = RT_RATE},
    {.id = "final_low", .type = RT_RATE},
    {.id = "final_high", .type = RT_RATE},
    {.id = "basis", .type = RT_TEXT},
};
static const char *const cohort_counts[] = {"deals", "won", "lost", "open"}, *const age_counts[] = {"won_by_age"};
enum { C_DEALS, C_WON, C_LOST, C_OPEN };

struct cohort {
    uint64_t *keys; /* of incidence_run_keys */
    size_t n;
    int64_t first_entry, last_entry;
    int64_t last[LADDER]; /* the largest exits, ascending */
    size_t n_last;
    struct incidence at[AGES + 1];   /* the last one: at the age of the ladder */
    int64_t ladder;                  /* -1: too few for one, the pooled curve from the start */
    struct cell cells[AGES][4];      /* rate, low, high, basis */
    int64_t won_by[AGES], old[AGES]; /* of those old enough */
};
struct cohorts {
    struct pop p;
    struct cohort *c, all;
    struct incidence *pooled; /* ascending; at the ages and at every ladder */
    size_t n_pooled;
    struct tally cohort_tally, age_tally;
    int64_t estimates;
    int64_t *age_keys;
};

/* The 30 latest exits: the first of them is the largest age that 30 deals were watched to. */
static void keep_last(struct cohort *c, int64_t exit)
{
    if (c->n_last == LADDER && exit <= c->last[0])
        return;
    size_t i = 0;
    if (c->n_last < LADDER) {
        for (i = c->n_last++; i > 0 && c->last[i - 1] > exit; i--)
            c->last[i] = c->last[i - 1];
    } else {
        for (; i + 1 < LADDER && c->last[i + 1] < exit; i++)
            c->last[i] = c->last[i + 1];
    }
    c->last[i] = exit;
}

static void scan(struct cohorts *x)
{
    struct pop *p = &x->p;
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        struct cohort *c = &x->c[d->group];
        int64_t age = d->exit - d->entry, id = pop_id(p, d);
        uint64_t key = incidence_key(age, d->cause);
        c->keys[c->n++] = key;
        c->first_entry = d->entry < c->first_entry ? d->entry : c->first_entry;
        c->last_entry = d->entry > c->last_entry ? d->entry : c->last_entry;
        keep_last(c, age);
        tally_add(&x->cohort_tally, d->group, C_DEALS, id);
        tally_add(&x->cohort_tally, d->group,
                  d->cause == DEAL_OPEN  ? C_WON + 2
                  : d->cause == DEAL_WON ? C_WON
                                         : C_WON + 1,
                  id);
        for (int a = AGES; a-- > 0;) {
            bool by = d->cause == DEAL_WON && age <= ages[a] * MS_DAY;
            if (by)
                tally_add(&x->age_tally, (size_t)d->group * AGES + (size_t)a, 0, id);
            if (p->as_of - d->entry >= ages[a] * MS_DAY) {
                c->old[a]++;
                c->won_by[a] += by;
            }
        }
        if (d->again)
            continue;
        x->all.keys[x->all.n++] = key;
        x->all.first_entry = c->first_entry < x->all.first_entry ? c->first_entry : x->all.first_entry;
        x->all.last_entry = c->last_entry > x->all.last_entry ? c->last_entry : x->all.last_entry;
    }
}

/* Deals still open and watched after an age. */
static void behind_at_risk(struct cohorts *x)
{
    struct pop *p = &x->p;
    for (size_t row = 0; row < p->n_groups * AGES; row++) {
        if (!report_asked(p->call, p->result, "rows", x->age_keys[row], "at_risk"))
            continue;
        for (size_t i = 0; i < p->n; i++)
            if (p->d[i].group == row / AGES && p->d[i].exit - p->d[i].entry > ages[row % AGES] * MS_DAY)
                report_deal(p->result, pop_id(p, &p->d[i]));
    }
}

static int by_at(const void *a, const void *b)
{
    int64_t x = ((const struct incidence *)a)->at, y = ((const struct incidence *)b)->at;
    return x < y ? -1 : x > y;
}

static void estimate_cohort(struct cohort *c)
{
    struct incidence at[AGES + 1];
    c->ladder = c->n_last == LADDER ? c->last[0] : -1;
    for (int a = 0; a < AGES; a++)
        at[a] = (struct incidence){.at = ages[a] * MS_DAY};
    at[AGES] = (struct incidence){.at = c->ladder};
    qsort(at, AGES + 1, sizeof *at, by_at);
    incidence_run_keys(c->keys, c->n, at, AGES + 1, NULL, 0);
    for (int i = 0, a = 0; i <= AGES; i++) {
        if (a < AGES && at[i].at == ages[a] * MS_DAY)
            c->at[a++] = at[i];
        if (at[i].at == c->ladder)
            c->at[AGES] = at[i];
    }
}

static void estimate(struct cohorts *x)
{
    struct pop *p = &x->p;
    size_t n = 0;
    x->pooled = ARENA_ARRAY(p->call->arena, struct incidence, p->n_groups + AGES + 1);
    for (int a = 0; a < AGES; a++)
        x->pooled[n++].at = ages[a] * MS_DAY;
    for (size_t g = 0; g < p->n_groups; g++) {
        estimate_cohort(&x->c[g]);
        if (x->c[g].ladder >= 0)
            x->pooled[n++].at = x->c[g].ladder;
    }
    qsort(x->pooled, n, sizeof *x->pooled, by_at);
    incidence_run_keys(x->all.keys, x->all.n, x->pooled, n, NULL, 0);
    x->n_pooled = n;
}

static const struct incidence *pooled_at(const struct cohorts *x, int64_t at)
{
    struct incidence key = {.at = at};
    return bsearch(&key, x->pooled, x->n_pooled, sizeof key, by_at);
}

/* Watched that long, with enough deals still there; or with all of them closed, or all of them as old as that. */
static bool observed(const struct cohorts *x, const struct cohort *c, const struct incidence *at)
{
    int64_t as_of = x->p.as_of;
    if (c->n == 0 || as_of - c->first_entry < at->at)
        return false;
    return at->at_risk >= LEAST_AT_RISK || at->open <= 0 || as_of - c->last_entry >= at->at;
}

static void put_band(struct cell out[4], double rate, double se, struct interval fallback, const char *basis)
{
    struct interval ci = fallback;
    if (rate > 0 && rate < 1 && se > 0) {
        double w = STATS_Z95 * se / (rate * fabs(log(rate)));
        ci = (struct interval){pow(rate, exp(w)), pow(rate, exp(-w))};
    }
    out[0] = cell_f(rate);
    out[1] = cell_f(ci.low);
    out[2] = cell_f(ci.high);
    out[3] = cell_s(str_c(basis));
}

static void fill(struct cohorts *x, struct cohort *c, int a)
{
    const struct incidence *at = &c->at[a], *h = pooled_at(x, ages[a] * MS_DAY);
    for (int i = 0; i < 4; i++)
        c->cells[a][i] = cell_null();
    if (c->n < LEAST_AT_RISK)
        return;
    if (observed(x, c, at)) {
        put_band(c->cells[a], at->rate[0], at->se[0], stats_wilson(at->rate[0] > 0 ? (int64_t)c->n : 0, (int64_t)c->n),
                 "observed");
        return;
    }
    const struct incidence *t = c->ladder >= 0 ? pooled_at(x, c->ladder) : NULL;
    double f = t != NULL ? c->at[AGES].rate[0] : 0, open = t != NULL ? c->at[AGES].open : 1;
    double se = t != NULL ? c->at[AGES].se[0] : 0, pooled = t != NULL ? t->rate[0] : 0;
    double pooled_open = t != NULL ? t->open : 1, watched = t != NULL ? (double)t->at_risk : (double)x->all.n;
    if (!observed(x, &x->all, h) || pooled_open <= 0 || watched <= 0 || h->at < c->ladder)
        return;
    double q = (h->rate[0] - pooled) / pooled_open, still = (double)c->n * open;
    double var = se * se * (1 - q) * (1 - q);
    if (still > 0)
        var += open * open * q * (1 - q) * (1 / still + 1 / watched);
    put_band(c->cells[a], f + open * q, sqrt(var), stats_wilson(0, (int64_t)c->n), "estimate");
    x->estimates++;
}

static void put_rows(struct cohorts *x)
{
    struct pop *p = &x->p;
    p->result->main =
        (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t g = 0; g < p->n_groups; g++)
        for (int a = 0; a < AGES; a++) {
            struct cohort *c = &x->c[g];
            size_t row = g * AGES + (size_t)a;
            struct cell cells[] = {
                cell_s(p->groups[g].name),
                cell_i(ages[a]),
                c->cells[a][0],
                c->cells[a][1],
                c->cells[a][2],
                c->cells[a][3],
                cell_i(tally_of(&x->age_tally, row, 0)),
                cell_i(c->at[a].at_risk),
            };
            report_row_key(&p->result->main, x->age_keys[row], cells);
        }
}

static void put_cohorts(struct cohorts *x)
{
    struct pop *p = &x->p;
    struct report_table *t =
        report_table_add(p->result, "cohorts", cohort_columns, sizeof cohort_columns / sizeof *cohort_columns);
    for (size_t g = 0; g < p->n_groups; g++) {
        struct cohort *c = &x->c[g];
        int last = AGES - 1;
        while (last > 0 && c->cells[last][0].kind == CELL_NULL)
            last--;
        int64_t n = tally_of(&x->cohort_tally, g, C_DEALS), won = tally_of(&x->cohort_tally, g, C_WON);
        struct cell cells[] = {
            cell_s(p->groups[g].name),
            cell_i(n),
            cell_i(won),
            cell_i(tally_of(&x->cohort_tally, g, C_LOST)),
            cell_i(tally_of(&x->cohort_tally, g, C_OPEN)),
            n > 0 ? cell_f((double)won / (double)n) : cell_null(),
            cell_f((double)(p->as_of - c->first_entry) / MS_DAY),
            c->cells[last][0],
            c->cells[last][1],
            c->cells[last][2],
            c->cells[last][3],
        };
        report_row_key(t, p->groups[g].key, cells);
    }
}

/* The first age by which at least half of the wins had come. */
static int telling_age(const struct cohorts *x)
{
    int64_t won = 0;
    for (size_t g = 0; g < x->p.n_groups; g++)
        won += tally_of(&x->cohort_tally, g, C_WON);
    for (int a = 0; a < AGES; a++) {
        int64_t by = 0;
        for (size_t g = 0; g < x->p.n_groups; g++)
            by += tally_of(&x->age_tally, g * AGES + (size_t)a, 0);
        if (2 * by >= won)
            return a;
    }
    return AGES - 1;
}

/* The break, if there is one: of the deals that have lived to the age, cohort by cohort in order of time. */
static void verdict(struct cohorts *x)
{
    struct pop *p = &x->p;
    int64_t *k = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    int64_t *n = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    size_t m = 0;
    int64_t all_k = 0, all_n = 0;
    int a = telling_age(x);
    for (; m < p->n_groups && x->c[m].old[a] > 0; m++) {
        k[m] = x->c[m].won_by[a];
        n[m] = x->c[m].old[a];
        all_k += k[m];
        all_n += n[m];
    }
    struct split split;
    if (p->by.kind != BY_DATE || m < 2 || p->n_all < POP_FEW)
        return;
    bool found = breaks_split(k, n, m, &split) && split.chance < 0.05;
    struct str args[] = {
        tell_n(p->call, ages[a]),
        tell_rate(p->call, found ? (double)split.k1 / (double)split.n1 : (double)all_k / (double)all_n),
        found ? tell_rate(p->call, (double)split.k2 / (double)split.n2) : STR_NULL,
        found ? p->groups[split.at].name : STR_NULL};
    report_verdict(p->call, p->result, found ? "cohorts_break" : "cohorts_steady", args, 4);
}

static void prepare(struct cohorts *x)
{
    struct pop *p = &x->p;
    struct arena *a = p->call->arena;
    size_t n = p->n_groups;
    x->c = arena_zalloc(a, (n + 1) * sizeof *x->c);
    x->all = (struct cohort){
        .keys = malloc((p->n + 1) * sizeof(uint64_t)), .first_entry = INT64_MAX, .last_entry = INT64_MIN};
    uint64_t *keys = malloc((p->n + 1) * sizeof *keys);
    x->c[0].keys = keys; /* freed by this */
    if (keys == NULL || x->all.keys == NULL)
        abort();
    x->age_keys = ARENA_ARRAY(a, int64_t, n * AGES + 1);
    for (size_t g = 0; g < n; g++) {
        x->c[g].keys = keys;
        x->c[g].first_entry = INT64_MAX;
        x->c[g].last_entry = INT64_MIN;
        keys += p->groups[g].n;
        for (int i = 0; i < AGES; i++)
            x->age_keys[g * AGES + (size_t)i] = walk_key(p->groups[g].key, ages[i]);
    }
    x->cohort_tally = tally_new(p->call, p->result, "cohorts", n, pop_keys(p), cohort_counts, 4);
    x->age_tally = tally_new(p->call, p->result, "rows", n * AGES, x->age_keys, age_counts, 1);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct cohorts x = {0};
    struct pop *p = &x.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .by = "month"}, e);
    if (rc != RC_OK)
        goto out;
    pop_lock(p);
    prepare(&x);
    scan(&x);
    if (c->drill != NULL)
        behind_at_risk(&x);
    pop_unlock(p);
    estimate(&x);
    for (size_t g = 0; g < p->n_groups; g++)
        for (int a = 0; a < AGES; a++)
            fill(&x, &x.c[g], a);
    TRY_OUT(pop_names(p, e));
    put_rows(&x);
    put_cohorts(&x);
    report_sum_counted(r, "deals", (int64_t)p->n_all);
    report_sum(r, "estimates", RT_INT, cell_i(x.estimates));
    verdict(&x);
    pop_notes(p);
    if (x.estimates > 0) {
        struct str args[] = {tell_n(c, x.estimates)};
        report_note(c, r, "cohorts_completed", args, 1);
    }
out:
    if (x.c != NULL)
        free(x.c[0].keys);
    free(x.all.keys);
    pop_free(p);
    return rc;
}

const struct report report_cohorts = {
    .id = "cohorts",
    .question = "report.cohorts.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "funnel",
    .definition = 1,
    .chart = {.kind = CHART_MATRIX, .x = "age_days", .y = "won_rate", .series = "group"}};
