/* Counts of the groups, and how they end over time. */
#include "insight/conversion.h"
#include "insight/walk.h"

const char *const conversion_counts[CONVERSION_COUNTS] = {"deals", "won", "lost", "open", "mature_deals", "mature_won"};
const int conversion_horizons[CONVERSION_HORIZONS] = {30, 60, 90, 180};

int64_t conversion_key(const struct conversion *v, size_t group, int64_t of)
{
    return walk_key(group == SIZE_MAX ? CONVERSION_ALL : v->p.groups[group].key, of);
}

/* ---- counting ---- */

static void count(struct tally *t, size_t row, const struct pop_deal *d, bool mature, int64_t id)
{
    static const int of_cause[] = {[DEAL_OPEN] = C_OPEN, [DEAL_WON] = C_WON, [DEAL_LOST] = C_LOST};
    tally_add(t, row, C_DEALS, id);
    tally_add(t, row, (size_t)of_cause[d->cause], id);
    if (mature)
        tally_add(t, row, C_MATURE, id);
    if (mature && d->cause == DEAL_WON)
        tally_add(t, row, C_MATURE_WON, id);
}

static void into(struct conversion_group *g, const struct pop_deal *d)
{
    g->keys[g->n++] = incidence_key(d->exit - d->entry, d->cause);
    if (d->entry < g->first_entry)
        g->first_entry = d->entry;
}

/* Numbers of the rows that are worked out or stand in the groups' table: their deals are looked for when asked. */
static bool counts_in(const struct conversion *v, const struct pop_deal *d, const char *column, int64_t age)
{
    bool mature = conversion_mature(v, d);
    switch (column[0]) {
    case 'a':
        return d->exit - d->entry > age;
    case 'd':
        return true;
    case 'w':
        return d->cause == DEAL_WON;
    default:
        return mature && (strcmp(column, conversion_counts[C_MATURE]) == 0 || d->cause == DEAL_WON);
    }
}

static void behind(struct conversion *v, const char *table, const char *column, size_t group, int64_t of, int64_t age)
{
    struct pop *p = &v->p;
    int64_t key = conversion_key(v, group, of);
    if (!report_asked(p->call, p->result, table, key, column))
        return;
    for (size_t i = 0; i < p->n; i++)
        if ((group == SIZE_MAX ? !p->d[i].again : p->d[i].group == group) && counts_in(v, &p->d[i], column, age))
            report_deal(p->result, pop_id(p, &p->d[i]));
}

static void behind_all(struct conversion *v)
{
    static const char *const columns[] = {"at_risk", "deals", "won", "mature_deals", "mature_won"};
    for (size_t g = 0; g <= v->p.n_groups; g++) {
        size_t group = g < v->p.n_groups ? g : SIZE_MAX;
        for (int i = 0; i < CONVERSION_HORIZONS; i++)
            for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
                behind(v, "rows", columns[k], group, conversion_horizons[i], conversion_horizons[i] * MS_DAY);
        for (int i = 0; i <= CONVERSION_CHART; i++)
            behind(v, "curve", "at_risk", group, i, v->chart_span / CONVERSION_CHART * i);
    }
}

/* The longest way to an end, at most two years. */
static int64_t chart_span(const struct pop *p)
{
    int64_t longest = 30 * MS_DAY, most = 730 * MS_DAY;
    for (size_t i = 0; i < p->n_all; i++) {
        int64_t age = p->d[i].exit - p->d[i].entry;
        if (p->d[i].cause != DEAL_OPEN && age > longest)
            longest = age;
    }
    longest = longest > most ? most : longest;
    return (longest + MS_DAY - 1) / MS_DAY * MS_DAY;
}

static void prepare(struct conversion *v)
{
    static const int64_t one = 0;
    struct pop *p = &v->p;
    struct arena *a = p->call->arena;
    bool grouped = conversion_grouped(v);
    uint64_t *keys = malloc((p->n_all + 1 + (grouped ? p->n : 0)) * sizeof *keys);
    if (keys == NULL)
        abort();
    v->all = (struct conversion_group){.keys = keys, .first_entry = INT64_MAX};
    v->groups = arena_zalloc(a, (p->n_groups + 1) * sizeof *v->groups);
    keys += p->n_all;
    for (size_t g = 0; g < p->n_groups && grouped; g++) {
        v->groups[g] = (struct conversion_group){.keys = keys, .first_entry = INT64_MAX};
        keys += p->groups[g].n;
    }
    v->counts = tally_new(p->call, p->result, "groups", p->n_groups, pop_keys(p), conversion_counts, CONVERSION_COUNTS);
    v->total = tally_new(p->call, p->result, "summary", 1, &one, conversion_counts, CONVERSION_COUNTS);
}

void conversion_count(struct conversion *v)
{
    struct pop *p = &v->p;
    bool grouped = conversion_grouped(v);
    prepare(v);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t id = pop_id(p, d);
        bool mature = conversion_mature(v, d);
        if (grouped) {
            count(&v->counts, d->group, d, mature, id);
            into(&v->groups[d->group], d);
        }
        if (d->again)
            continue;
        count(&v->total, 0, d, mature, id);
        into(&v->all, d);
        v->n_zombies += d->cause == DEAL_OPEN && !d->left && v->wins > 0 && d->exit - d->entry > v->longest_win;
    }
    v->chart_span = chart_span(p);
    if (p->call->drill != NULL)
        behind_all(v);
}

/* ---- over time ---- */

/* The horizons and, for the first groups, evenly spaced ages for the picture, in one pass over the lives. */
static void curve(struct conversion *v, struct conversion_group *g, bool pictured)
{
    enum { MOST = CONVERSION_HORIZONS + CONVERSION_CHART + 1 };
    struct incidence points[MOST], *to[MOST];
    size_t n = 0;
    int h = 0, c = pictured ? 0 : CONVERSION_CHART + 1;
    if (pictured)
        g->chart = ARENA_ARRAY(v->p.call->arena, struct incidence, CONVERSION_CHART + 1);
    while (h < CONVERSION_HORIZONS || c <= CONVERSION_CHART) {
        int64_t horizon = h < CONVERSION_HORIZONS ? conversion_horizons[h] * MS_DAY : INT64_MAX;
        int64_t age = c <= CONVERSION_CHART ? v->chart_span / CONVERSION_CHART * c : INT64_MAX;
        to[n] = horizon <= age ? &g->at[h++] : &g->chart[c++];
        points[n++] = (struct incidence){.at = horizon <= age ? horizon : age};
    }
    incidence_run_keys(g->keys, g->n, points, n, NULL, 0);
    for (size_t i = 0; i < n; i++)
        *to[i] = points[i];
    for (int i = 0; i < CONVERSION_HORIZONS; i++)
        g->known[i] = g->n > 0 && (v->p.as_of - g->first_entry >= g->at[i].at || g->at[i].open == 0);
}

void conversion_curves(struct conversion *v)
{
    for (size_t g = 0; g < v->p.n_groups && conversion_grouped(v); g++)
        curve(v, &v->groups[g], g < CONVERSION_CHART_GROUPS);
    curve(v, &v->all, true);
}
