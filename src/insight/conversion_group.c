/* Groups of deals, their counts and their curves. */
#include "base/i18n.h"
#include "base/map.h"
#include "crm/fields.h"
#include "insight/conversion.h"

static int64_t key_of(const struct conversion *v, const struct way *w)
{
    static const int fields[] = {
        [BY_OWNER] = DEAL_OWNER_ID,      [BY_SOURCE] = DEAL_SOURCE_ID,   [BY_CAMPAIGN] = DEAL_CAMPAIGN_ID,
        [BY_CLASS] = DEAL_DEAL_CLASS_ID, [BY_COMPANY] = DEAL_COMPANY_ID, [BY_LOSS_REASON] = DEAL_LOSS_REASON_ID};
    int year;
    unsigned month, day;
    switch (v->by) {
    case BY_NONE:
        return 0;
    case BY_OWNER:
    case BY_SOURCE:
    case BY_CAMPAIGN:
    case BY_CLASS:
    case BY_COMPANY:
    case BY_LOSS_REASON:
        return fact_id(fact_column(&v->view.facts[FACT_DEAL], fields[v->by]), w->slot);
    case BY_MONTH:
    case BY_QUARTER:
    case BY_YEAR:
        break;
    }
    date_to_civil(zone_day(v->zone, w->entry), &year, &month, &day);
    if (v->by == BY_YEAR)
        return year;
    return v->by == BY_QUARTER ? year * 4LL + (month - 1) / 3 : year * 12LL + (month - 1);
}

static const char *table_of(enum conversion_by by)
{
    switch (by) {
    case BY_OWNER:
        return "users";
    case BY_SOURCE:
        return "source";
    case BY_CAMPAIGN:
        return "campaign";
    case BY_CLASS:
        return "deal_class";
    case BY_COMPANY:
        return "company";
    case BY_LOSS_REASON:
        return "loss_reason";
    default:
        return NULL;
    }
}

static struct str date_name(struct conversion *v, int64_t key)
{
    struct arena *a = v->call->arena;
    if (v->by == BY_YEAR)
        return str_fmt(a, "%04d", (int)key);
    if (v->by == BY_QUARTER)
        return str_fmt(a, "%04d-Q%d", (int)(key / 4), (int)(key % 4) + 1);
    return str_fmt(a, "%04d-%02d", (int)(key / 12), (int)(key % 12) + 1);
}

static enum rc name_of(struct conversion *v, struct conversion_group *g, struct err *e)
{
    struct arena *a = v->call->arena;
    const char *table = table_of(v->by);
    struct stmt *s;
    if (table == NULL) {
        g->name = date_name(v, g->key);
        return RC_OK;
    }
    g->name = i18n_text(v->call->lang, "report.group.none");
    if (g->key == 0)
        return RC_OK;
    if (v->by == BY_COMPANY) { /* of the others everybody sees the names */
        bool seen;
        TRY(rights_reach(v->call->db, a, v->call->rights, entity_by_id(ENT_COMPANY), g->key, RIGHT_SEE, &seen, e));
        if (!seen) {
            g->name = STR("…");
            return RC_OK;
        }
    }
    TRY(db_prepare(v->call->db, &s, str_fmt(a, "SELECT name FROM %s WHERE id = $1", table).ptr, e));
    stmt_i64(s, 1, g->key);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        g->name = str_dup(a, stmt_col_str(s, 0));
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static int by_key(const void *a, const void *b)
{
    const struct conversion_group *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static int by_size(const void *a, const void *b)
{
    const struct conversion_group *x = a, *y = b;
    return x->deals != y->deals ? (x->deals < y->deals ? 1 : -1) : by_key(a, b);
}

/* Finds the groups by their keys, dates in their order, everything else by size; those beyond the most are merged into
 * one. */
static void find_groups(struct conversion *v, struct intmap *rank)
{
    VEC(struct conversion_group) found = {0};
    struct intmap *seen = intmap_new();
    int64_t i;
    vec_reserve(&found, 16);
    for (size_t k = 0; k < v->n_chosen; k++) {
        int64_t key = key_of(v, &v->chosen[k]);
        if (!intmap_get(seen, key, &i)) {
            struct conversion_group g = {.key = key};
            i = (int64_t)found.len;
            intmap_put(seen, key, i);
            vec_push(&found, g);
        }
        found.ptr[i].deals++;
    }
    intmap_free(seen);
    if (found.len)
        qsort(found.ptr, found.len, sizeof *found.ptr, table_of(v->by) == NULL ? by_key : by_size);
    size_t kept = found.len > CONVERSION_GROUPS_MOST ? CONVERSION_GROUPS_MOST : found.len;
    v->n_groups = kept + (found.len > kept);
    v->groups = ARENA_ARRAY(v->call->arena, struct conversion_group, v->n_groups + 1);
    for (size_t k = 0; k < found.len; k++) {
        size_t to = k < kept ? k : kept;
        intmap_put(rank, found.ptr[k].key, (int64_t)to);
        v->groups[to].key = found.ptr[k].key;
        v->groups[to].merged = k >= kept;
    }
    vec_free(&found);
}

static void count(struct conversion *v, struct conversion_group *g, const struct way *w)
{
    bool mature = v->as_of - w->entry >= v->mature_days * MS_DAY;
    if (g->deals == 0 || w->entry < g->first_entry)
        g->first_entry = w->entry;
    g->deals++;
    g->won += w->cause == DEAL_WON;
    g->lost += w->cause == DEAL_LOST;
    g->mature_deals += mature;
    g->mature_won += mature && w->cause == DEAL_WON;
}

/* The horizons and, for the first groups, evenly spaced ages for the picture, in one pass over the lives. */
static void curve(struct conversion *v, struct conversion_group *g, struct life *lives, size_t n, bool pictured)
{
    enum { MOST = CONVERSION_HORIZONS + CONVERSION_CHART + 1 };
    struct incidence points[MOST], *to[MOST];
    size_t count = 0;
    int h = 0, c = pictured ? 0 : CONVERSION_CHART + 1;
    if (pictured)
        g->chart = ARENA_ARRAY(v->call->arena, struct incidence, CONVERSION_CHART + 1);
    while (h < CONVERSION_HORIZONS || c <= CONVERSION_CHART) {
        int64_t horizon = h < CONVERSION_HORIZONS ? conversion_horizons[h] * MS_DAY : INT64_MAX;
        int64_t age = c <= CONVERSION_CHART ? v->chart_span / CONVERSION_CHART * c : INT64_MAX;
        to[count] = horizon <= age ? &g->at[h++] : &g->chart[c++];
        points[count++] = (struct incidence){.at = horizon <= age ? horizon : age};
    }
    incidence_run(lives, n, points, count, NULL, 0);
    for (size_t i = 0; i < count; i++)
        *to[i] = points[i];
    for (int i = 0; i < CONVERSION_HORIZONS; i++)
        g->known[i] = n > 0 && (v->as_of - g->first_entry >= g->at[i].at || g->at[i].open == 0);
}

static int64_t chart_span(const struct conversion *v)
{
    int64_t longest = 30 * MS_DAY, most = 730 * MS_DAY;
    for (size_t k = 0; k < v->n_chosen; k++) {
        int64_t age = v->chosen[k].exit - v->chosen[k].entry;
        if (v->chosen[k].cause != DEAL_OPEN && age > longest)
            longest = age;
    }
    longest = longest > most ? most : longest;
    return (longest + MS_DAY - 1) / MS_DAY * MS_DAY;
}

/* Lives of one group after another: places are found by counting. */
static void curves(struct conversion *v)
{
    struct life *lives = malloc((v->n_chosen + 1) * sizeof *lives);
    size_t *start = ARENA_ARRAY(v->call->arena, size_t, v->n_groups + 2);
    size_t *next = ARENA_ARRAY(v->call->arena, size_t, v->n_groups + 1);
    if (lives == NULL)
        abort();
    for (size_t k = 0; k < v->n_chosen; k++)
        start[v->chosen[k].group + 1]++;
    for (size_t g = 0; g < v->n_groups; g++)
        start[g + 1] += start[g];
    for (size_t k = 0; k < v->n_chosen; k++) {
        const struct way *w = &v->chosen[k];
        lives[start[w->group] + next[w->group]++] = (struct life){w->exit - w->entry, INCIDENCE_FROM_START, w->cause};
    }
    v->chart_span = chart_span(v);
    for (size_t g = 0; g < v->n_groups && v->by != BY_NONE; g++)
        curve(v, &v->groups[g], lives + start[g], next[g], g < CONVERSION_CHART_GROUPS);
    curve(v, &v->all, lives, v->n_chosen, true);
    free(lives);
}

void conversion_group(struct conversion *v)
{
    struct intmap *rank = intmap_new();
    int64_t i = 0;
    find_groups(v, rank);
    for (size_t k = 0; k < v->n_chosen; k++) {
        struct way *w = &v->chosen[k];
        if (intmap_get(rank, key_of(v, w), &i))
            w->group = (uint16_t)i;
        count(v, &v->groups[i], w);
        count(v, &v->all, w);
    }
    intmap_free(rank);
    curves(v);
}

enum rc conversion_names(struct conversion *v, struct err *e)
{
    for (size_t g = 0; g < v->n_groups && v->by != BY_NONE; g++) {
        if (v->groups[g].merged)
            v->groups[g].name = i18n_text(v->call->lang, "report.group.others");
        else
            TRY(name_of(v, &v->groups[g], e));
    }
    return RC_OK;
}
