/* Where a change sits, and what the company did near by. */
#include "crm/fields.h"
#include "crm/rights.h"
#include "insight/detect.h"
#include <math.h>
#include <string.h>

#define NEAR_DAYS 31
#define NEAR_OF_KIND 3
#define SHARE_LEAST 0.15 /* of the likelihood ratio: a part that carries less is not named */

struct part {
    int64_t key, k1, n1, k2, n2;
};
struct parts {
    struct part *ptr;
    size_t len;
};

static double weight(const struct part *p)
{
    return breaks_rates(p->k1, p->n1, p->k2, p->n2);
}

static bool went_the_same_way(const struct split *s, const struct part *p)
{
    double was = (double)s->k1 / (double)s->n1, is = (double)s->k2 / (double)s->n2;
    double part_was = (double)p->k1 / (double)p->n1, part_is = (double)p->k2 / (double)p->n2;
    return (is < was) == (part_is < part_was);
}

/* The heaviest parts that moved the way the whole did. */
static void keep(struct detect_change *c, struct parts *x, enum detect_dimension dimension)
{
    double all = 0;
    for (size_t i = 0; i < x->len; i++)
        all += weight(&x->ptr[i]);
    for (int place = 0; place < DETECT_PLACES && all > 0; place++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < x->len; i++)
            if (x->ptr[i].key != 0 && weight(&x->ptr[i]) / all >= SHARE_LEAST &&
                went_the_same_way(&c->split, &x->ptr[i]) &&
                (best == SIZE_MAX || weight(&x->ptr[i]) > weight(&x->ptr[best])))
                best = i;
        if (best == SIZE_MAX)
            return;
        struct part *p = &x->ptr[best];
        c->places[c->n_places++] = (struct detect_place){.dimension = dimension,
                                                         .id = p->key,
                                                         .share = weight(p) / all,
                                                         .k1 = p->k1,
                                                         .n1 = p->n1,
                                                         .k2 = p->k2,
                                                         .n2 = p->n2};
        p->key = 0; /* taken */
    }
}

/* ---- by seller, source, campaign: the same deals, counted for each ---- */

enum { CELLS_MOST = 1 << 20 };

/* Ways that no change of the list tells apart are one class, periods between whose ends none of them lies one segment:
 * deals are counted by value, class and segment once for the whole list. */
struct crowd {
    struct detect *d;
    struct detect_change **list;
    size_t n;
    uint8_t *codes; /* by class and change: 0 not among the n, 1 among them, 2 among the k too */
    size_t n_classes;
    uint32_t *cell_of; /* by way: class * n_segments + segment */
    size_t n_segments;
    uint16_t *segment_of; /* by period + 1 */
    uint32_t *count[3];   /* by value and cell */
};

static void cut_segments(struct crowd *x)
{
    struct arena *a = x->d->pop->call->arena;
    bool *cut = ARENA_ARRAY(a, bool, x->d->n_periods + 1);
    for (size_t i = 0; i < x->n; i++)
        cut[x->list[i]->split.at] = true;
    x->segment_of = ARENA_ARRAY(a, uint16_t, x->d->n_periods + 1);
    x->n_segments = 1;
    for (size_t i = 0; i < x->d->n_periods; i++)
        x->segment_of[i + 1] = (uint16_t)(cut[i] ? x->n_segments++ : x->n_segments - 1);
}

static void code_way(const struct crowd *x, size_t way, uint8_t *codes)
{
    for (size_t i = 0; i < x->n; i++) {
        bool k, watched = x->d->ways.ptr[way].period >= 0; /* what is older is not among the counts of the change */
        bool n = watched && detect_counts(x->d, x->list[i]->detector, x->list[i]->stage, way, &k);
        codes[i] = n ? 1 + k : 0;
    }
}

static void find_classes(struct crowd *x)
{
    struct arena *a = x->d->pop->call->arena;
    size_t ways = x->d->ways.len, slots = 64;
    while (slots < ways * 2)
        slots *= 2;
    uint32_t *at = ARENA_ARRAY(a, uint32_t, slots);
    x->codes = arena_alloc(a, (ways + 1) * x->n);
    x->cell_of = ARENA_ARRAY(a, uint32_t, ways + 1);
    for (size_t way = 0; way < ways; way++) {
        uint8_t *codes = x->codes + x->n_classes * x->n;
        uint64_t h = 0;
        code_way(x, way, codes);
        for (size_t i = 0; i < x->n; i++)
            h = (h ^ codes[i]) * UINT64_C(0x100000001b3);
        size_t slot = (h ^ (h >> 32)) & (slots - 1);
        while (at[slot] != 0 && memcmp(x->codes + (at[slot] - 1) * x->n, codes, x->n) != 0)
            slot = (slot + 1) & (slots - 1);
        if (at[slot] == 0)
            at[slot] = (uint32_t)++x->n_classes;
        x->cell_of[way] = (uint32_t)((at[slot] - 1) * x->n_segments + x->segment_of[x->d->ways.ptr[way].period + 1]);
    }
}

static size_t values_of(const struct crowd *x)
{
    size_t n = 0;
    for (int i = 0; i < 3; i++)
        n += x->d->values[i].ids.len;
    return n;
}

static void count_cells(struct crowd *x)
{
    const struct detect *d = x->d;
    size_t cells = x->n_classes * x->n_segments;
    for (int i = 0; i < 3; i++)
        x->count[i] = ARENA_ARRAY(d->pop->call->arena, uint32_t, d->values[i].ids.len * cells + 1);
    for (size_t i = 0; i < d->n_deals; i++) {
        const struct detect_deal *deal = &d->deals[i];
        uint32_t cell = x->cell_of[deal->way];
        for (int k = 0; k < 3; k++)
            x->count[k][deal->of[k] * cells + cell]++;
    }
}

/* Adds a value's deals of one class to each change: those before its segment, and those from there on. */
static void add_class(const struct crowd *x, const uint8_t *codes, const uint32_t *count, struct parts *of,
                      size_t value)
{
    int64_t upto[DETECT_PERIODS + 2] = {0}; /* deals of earlier segments */
    for (size_t s = 0; s < x->n_segments; s++)
        upto[s + 1] = upto[s] + count[s];
    if (upto[x->n_segments] == 0)
        return;
    for (size_t i = 0; i < x->n; i++) {
        struct part *part = &of[i].ptr[value];
        int64_t before = upto[x->segment_of[x->list[i]->split.at + 1]], after = upto[x->n_segments] - before;
        if (codes[i] == 0)
            continue;
        part->n1 += before;
        part->n2 += after;
        part->k1 += codes[i] == 2 ? before : 0;
        part->k2 += codes[i] == 2 ? after : 0;
    }
}

static void by_attribute(struct crowd *x, int which)
{
    struct arena *a = x->d->pop->call->arena;
    size_t values = x->d->values[which].ids.len, cells = x->n_classes * x->n_segments;
    struct parts *of = ARENA_ARRAY(a, struct parts, x->n);
    for (size_t i = 0; i < x->n; i++) {
        of[i] = (struct parts){ARENA_ARRAY(a, struct part, values + 1), values};
        for (size_t v = 0; v < values; v++)
            of[i].ptr[v].key = x->d->values[which].ids.ptr[v];
    }
    for (size_t v = 0; v < values; v++)
        for (size_t c = 0; c < x->n_classes; c++)
            add_class(x, x->codes + c * x->n, x->count[which] + v * cells + c * x->n_segments, of, v);
    for (size_t i = 0; i < x->n; i++)
        keep(x->list[i], &of[i], (enum detect_dimension)(PLACE_OWNER + which));
}

/* All at once where the counters stay few, otherwise in halves. */
static void by_attributes(struct detect *d, struct detect_change **list, size_t n)
{
    struct crowd x = {.d = d, .list = list, .n = n};
    if (n == 0)
        return;
    cut_segments(&x);
    find_classes(&x);
    if (n > 1 && x.n_classes * x.n_segments * values_of(&x) > CELLS_MOST) {
        by_attributes(d, list, n / 2);
        by_attributes(d, list + n / 2, n - n / 2);
        return;
    }
    count_cells(&x);
    for (int i = 0; i < 3; i++)
        by_attribute(&x, i);
}

/* ---- by stage: which step or passage moved at the same time ---- */

static void by_stage(struct detect *d, struct detect_change *c)
{
    struct parts x = {ARENA_ARRAY(d->pop->call->arena, struct part, d->pop->n_stages + 1), 0};
    for (size_t r = 0; r < d->rows.len; r++) {
        const struct detect_row *row = &d->rows.ptr[r];
        if ((row->detector != DETECT_STEP && row->detector != DETECT_STAGE_RATE) || row->m <= c->split.at)
            continue;
        struct part part = {.key = d->pop->stages[row->stage].id};
        for (size_t i = 0; i < row->m; i++) {
            *(i < c->split.at ? &part.k1 : &part.k2) += row->k[i];
            *(i < c->split.at ? &part.n1 : &part.n2) += row->n[i];
        }
        size_t at = 0;
        while (at < x.len && x.ptr[at].key != part.key)
            at++;
        if (at == x.len)
            x.ptr[x.len++] = part;
        else if (weight(&part) > weight(&x.ptr[at]))
            x.ptr[at] = part;
    }
    keep(c, &x, PLACE_STAGE);
}

void detect_places(struct detect *d)
{
    struct detect_change **list = ARENA_ARRAY(d->pop->call->arena, struct detect_change *, d->changes.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < d->changes.len; i++) {
        struct detect_change *c = &d->changes.ptr[i];
        if (c->detector > DETECT_STAGE_RATE)
            continue;
        if (c->detector == DETECT_CONVERSION)
            by_stage(d, c);
        list[n++] = c;
    }
    by_attributes(d, list, n);
}

/* ---- names, and what was near ---- */

/* $1 the funnel or 0, $2 to $3 around the instant; the nearest first. Of a funnel the last version: whoever changes one
 * saves more than once. */
#define NEAREST(at) " ORDER BY abs(2 * (" at ") - $2 - $3) LIMIT 9"
static const char *const near_sql[][2] = {
    {"funnel_version",
     "SELECT f.name || ', v' || CAST(v.version AS VARCHAR(20)), v.at, v.funnel_id FROM funnel_version v JOIN funnel f "
     "ON"
     " f.id = v.funnel_id AND f.deleted_at IS NULL WHERE (v.funnel_id = $1 OR $1 = 0) AND v.version > 1 AND v.at >= $2"
     " AND v.at < $3 AND NOT EXISTS (SELECT 1 FROM funnel_version n WHERE n.funnel_id = v.funnel_id AND"
     " n.version > v.version AND n.at < $3)" NEAREST("v.at")},
    {"programme",
     "SELECT name, starts_on * 86400000, COALESCE(funnel_id, 0) FROM programme WHERE deleted_at IS NULL AND"
     " (funnel_id IS NULL OR funnel_id = $1 OR $1 = 0) AND starts_on * 86400000 >= $2 AND"
     " starts_on * 86400000 < $3" NEAREST("starts_on * 86400000")},
    {"user_came",
     "SELECT name, created_at, 0 FROM users WHERE $1 >= 0 AND created_at >= $2 AND created_at < $3" NEAREST(
         "created_at")},
    {"campaign_began", "SELECT name, starts_on * 86400000, 0 FROM campaign WHERE $1 >= 0 AND deleted_at IS NULL AND"
                       " starts_on * 86400000 >= $2 AND starts_on * 86400000 < $3" NEAREST("starts_on * 86400000")},
    {"campaign_ended", "SELECT name, ends_on * 86400000, 0 FROM campaign WHERE $1 >= 0 AND deleted_at IS NULL AND"
                       " ends_on * 86400000 >= $2 AND ends_on * 86400000 < $3" NEAREST("ends_on * 86400000")},
};

static bool near_known(const struct detect_near *near, size_t n, const struct detect_near *one)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(near[i].name, one->name))
            return true;
    return false;
}

static enum rc near_of(const struct pop *p, size_t kind, int64_t at, struct detect_near *near, size_t *n, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    size_t found = 0;
    TRY(db_prepare(p->call->db, &s, near_sql[kind][1], e));
    stmt_i64(s, 1, p->funnel_id);
    stmt_i64(s, 2, at - NEAR_DAYS * MS_DAY);
    stmt_i64(s, 3, at + NEAR_DAYS * MS_DAY);
    while ((rc = stmt_step(s, e)) == RC_ROW && found < NEAR_OF_KIND) {
        struct detect_near one = {near_sql[kind][0], str_dup(p->call->arena, stmt_col_str(s, 0)), stmt_col_i64(s, 1),
                                  stmt_col_i64(s, 2)};
        bool past = one.at <= p->call->now; /* what is planned has changed nothing yet */
        if (past && !near_known(near, found, &one) && rights_has_funnel(p->call->rights, one.funnel_id))
            near[found++] = one;
    }
    stmt_done(s);
    *n += found;
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc detect_near(const struct pop *p, int64_t at, struct detect_near *near, size_t *n, struct err *e)
{
    _Static_assert(sizeof near_sql / sizeof *near_sql * NEAR_OF_KIND <= DETECT_NEAR, "there is room for each kind");
    *n = 0;
    for (size_t i = 0; i < sizeof near_sql / sizeof *near_sql; i++)
        TRY(near_of(p, i, at, near + *n, n, e));
    return RC_OK;
}

enum rc detect_names(struct detect *d, struct err *e)
{
    static const enum entity_id nouns[] = {ENT_STAGE, ENT_USER, ENT_SOURCE, ENT_CAMPAIGN};
    for (size_t i = 0; i < d->changes.len; i++) {
        struct detect_change *c = &d->changes.ptr[i];
        for (size_t k = 0; k < c->n_places; k++) {
            struct detect_place *place = &c->places[k];
            TRY(pop_name_of(d->pop, nouns[place->dimension], place->id, &place->name, e));
        }
        TRY(detect_near(d->pop, c->since, c->near, &c->n_near, e));
    }
    return RC_OK;
}
