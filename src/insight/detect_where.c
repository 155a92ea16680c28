/* Where a change sits, and what the company did near by. */
#include "base/map.h"
#include "crm/fields.h"
#include "insight/detect.h"
#include "insight/walk.h"
#include <math.h>

#define NEAR_DAYS 31
#define SHARE_LEAST 0.15 /* of the likelihood ratio: a part that carries less is not named */

struct part {
    int64_t key, k1, n1, k2, n2;
};
struct parts {
    struct part *ptr;
    size_t len, cap;
    struct intmap *at;
};

static double weight(const struct part *p)
{
    return breaks_rates(p->k1, p->n1, p->k2, p->n2);
}

static void add(struct parts *x, int64_t key, bool after, int64_t k)
{
    int64_t i;
    if (x->ptr == NULL)
        vec_reserve(x, 16);
    if (!intmap_get(x->at, key, &i)) {
        struct part part = {.key = key};
        i = (int64_t)x->len;
        intmap_put(x->at, key, i);
        vec_push(x, part);
    }
    struct part *p = &x->ptr[i];
    *(after ? &p->k2 : &p->k1) += k;
    *(after ? &p->n2 : &p->n1) += 1;
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
    if (x->ptr == NULL)
        return;
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

static bool saw(const struct detect *d, const struct walk *w, const struct pop_deal *deal, int stage)
{
    int64_t until = deal->entry + d->mature_days * MS_DAY;
    for (size_t i = 0; i < w->n && w->s[i].at <= until; i++)
        if (w->s[i].stage == stage)
            return true;
    return false;
}

static bool went_on(const struct detect *d, const struct walk *w, const struct pop_deal *deal, int stage)
{
    int64_t until = deal->entry + d->mature_days * MS_DAY;
    bool was = false;
    for (size_t i = 0; i < w->n && w->s[i].at <= until; i++) {
        const struct pop_stage *s = &d->pop->stages[w->s[i].stage];
        if (was && (s->outcome == DEAL_WON || (s->outcome == DEAL_OPEN && w->s[i].stage > stage)))
            return true;
        was = was || w->s[i].stage == stage;
    }
    return false;
}

static void by_attribute(struct detect *d, struct detect_change *c, enum detect_dimension dimension, int field)
{
    struct pop *p = d->pop;
    struct fact_column column = pop_column(p, field);
    struct parts x = {.at = intmap_new()};
    struct walk w = {0};
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *deal = &p->d[i];
        if (p->as_of - deal->entry < d->mature_days * MS_DAY)
            continue;
        int64_t k = deal->cause == DEAL_WON;
        if (c->detector != DETECT_CONVERSION) {
            walk_deal(p, deal, &w);
            bool was = saw(d, &w, deal, c->stage);
            if (c->detector == DETECT_STAGE_RATE && !was)
                continue;
            k = c->detector == DETECT_STEP ? was : went_on(d, &w, deal, c->stage);
        }
        add(&x, fact_id(&column, deal->row), deal->entry >= c->since, k);
    }
    keep(c, &x, dimension);
    walk_free(&w);
    intmap_free(x.at);
    vec_free(&x);
}

/* ---- by stage: which step or passage moved at the same time ---- */

static void by_stage(struct detect *d, struct detect_change *c)
{
    struct parts x = {.at = intmap_new()};
    vec_reserve(&x, 16);
    for (size_t r = 0; r < d->rows.len; r++) {
        const struct detect_row *row = &d->rows.ptr[r];
        if ((row->detector != DETECT_STEP && row->detector != DETECT_STAGE_RATE) || row->m <= c->split.at)
            continue;
        struct part part = {.key = d->pop->stages[row->stage].id};
        for (size_t i = 0; i < row->m; i++) {
            *(i < c->split.at ? &part.k1 : &part.k2) += row->k[i];
            *(i < c->split.at ? &part.n1 : &part.n2) += row->n[i];
        }
        int64_t at;
        if (!intmap_get(x.at, part.key, &at)) {
            intmap_put(x.at, part.key, (int64_t)x.len);
            vec_push(&x, part);
        } else if (weight(&part) > weight(&x.ptr[at])) {
            x.ptr[at] = part;
        }
    }
    keep(c, &x, PLACE_STAGE);
    intmap_free(x.at);
    vec_free(&x);
}

void detect_places(struct detect *d)
{
    for (size_t i = 0; i < d->changes.len; i++) {
        struct detect_change *c = &d->changes.ptr[i];
        if (c->detector > DETECT_STAGE_RATE)
            continue;
        if (c->detector == DETECT_CONVERSION)
            by_stage(d, c);
        by_attribute(d, c, PLACE_OWNER, DEAL_OWNER_ID);
        by_attribute(d, c, PLACE_SOURCE, DEAL_SOURCE_ID);
        by_attribute(d, c, PLACE_CAMPAIGN, DEAL_CAMPAIGN_ID);
    }
}

/* ---- names, and what was near ---- */

static const char *const near_sql[][2] = {
    {"funnel_version", "SELECT 'v' || version, at FROM funnel_version WHERE (funnel_id = $1 OR $1 = 0) AND version > 1"
                       " AND at >= $2 AND at < $3 ORDER BY at LIMIT 8"},
    {"programme",
     "SELECT name, starts_on * 86400000 FROM programme WHERE deleted_at IS NULL AND"
     " (funnel_id IS NULL OR funnel_id = $1 OR $1 = 0) AND starts_on * 86400000 >= $2 AND starts_on * 86400000 < $3"
     " ORDER BY starts_on LIMIT 8"},
    {"user_came", "SELECT name, created_at FROM users WHERE $1 >= 0 AND created_at >= $2 AND created_at < $3 ORDER BY"
                  " created_at LIMIT 8"},
    {"campaign_began", "SELECT name, starts_on * 86400000 FROM campaign WHERE $1 >= 0 AND deleted_at IS NULL AND"
                       " starts_on * 86400000 >= $2 AND starts_on * 86400000 < $3 ORDER BY starts_on LIMIT 8"},
    {"campaign_ended", "SELECT name, ends_on * 86400000 FROM campaign WHERE $1 >= 0 AND deleted_at IS NULL AND"
                       " ends_on * 86400000 >= $2 AND ends_on * 86400000 < $3 ORDER BY ends_on LIMIT 8"},
};

enum rc detect_near(const struct pop *p, int64_t at, struct detect_near *near, size_t *n, struct err *e)
{
    *n = 0;
    for (size_t i = 0; i < sizeof near_sql / sizeof *near_sql; i++) {
        struct stmt *s;
        enum rc rc;
        TRY(db_prepare(p->call->db, &s, near_sql[i][1], e));
        stmt_i64(s, 1, p->funnel_id);
        stmt_i64(s, 2, at - NEAR_DAYS * MS_DAY);
        stmt_i64(s, 3, at + NEAR_DAYS * MS_DAY);
        while ((rc = stmt_step(s, e)) == RC_ROW && *n < DETECT_NEAR)
            near[(*n)++] =
                (struct detect_near){near_sql[i][0], str_dup(p->call->arena, stmt_col_str(s, 0)), stmt_col_i64(s, 1)};
        stmt_done(s);
        if (rc != RC_DONE && rc != RC_ROW)
            return rc;
    }
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
