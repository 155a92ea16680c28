/* Scores of deals by what was known when they were created. */
#include "insight/scoring.h"
#include "base/map.h"
#include "crm/custom_field.h"
#include "crm/fields.h"
#include "insight/days.h"
#include "insight/outlook.h"
#include <math.h>
#include <string.h>

#define LAMBDA 1.0
#define LEAST_OF_LEVEL 10 /* deals; a rarer value says nothing by itself */

struct level {
    int64_t value, n;
};
/* One field as the model sees it: its values of the learned deals, each a feature. */
struct score_field {
    int field;
    bool company;
    bool money; /* in four parts of equal size: value is the part */
    double cuts[3];
    struct level level[SCORE_LEVELS];
    size_t n_levels;
    int32_t first;    /* feature of level[0]; one more behind the last for all the others */
    double mean;      /* of the effects over learned deals */
    int64_t *created; /* while learning, as it was at creation: by judged deal, or by row of companies */
};
struct scoring {
    struct arena *arena;
    struct score_field fields[SCORE_FIELDS];
    size_t n_fields;
    struct logit model;
    struct scoring_quality quality;
    const struct zone *zone;
};

/* ---- fields as they were at creation ---- */

/* Lines of a column stand in the order of the journal: from the last one back, the first `old` remains. Of the rows
 * that place[row] is not -1 of, at that place; place NULL: of all rows. */
static int64_t *at_creation(struct arena *a, const struct facts *f, const struct fact_column *c, const int32_t *place,
                            size_t n)
{
    int64_t *v = arena_alloc(a, (n + 1) * sizeof *v);
    for (size_t i = 0; i < f->n; i++)
        if (place == NULL || place[i] >= 0)
            v[place == NULL ? i : (size_t)place[i]] = fact_get(c, i);
    for (size_t i = c->n_changes; i-- > 0;) {
        uint32_t row = c->changes[i].row;
        if (place == NULL || place[row] >= 0)
            v[place == NULL ? row : (uint32_t)place[row]] = c->changes[i].old;
    }
    return v;
}

static int64_t one_at_creation(const struct fact_column *c, size_t row)
{
    for (size_t i = 0; i < c->n_changes; i++)
        if (c->changes[i].row == row)
            return c->changes[i].old;
    return fact_get(c, row);
}

/* What is known before anything has happened; what follows from the outcome is left out. */
static bool known_early(const struct field *fd, int i)
{
    static const int never[] = {DEAL_STAGE_ID,    DEAL_STATUS,       DEAL_LOSS_REASON_ID, DEAL_COMPETITOR_ID,
                                DEAL_LOSS_CLASS,  DEAL_CONTACT_ID,   DEAL_COMPANY_ID,     DEAL_WAIT_ID,
                                DEAL_LATE_ANSWER, DEAL_LAST_CHANNEL, DEAL_PROBABILITY,    DEAL_COST_MINOR};
    if (fd->flags & (FF_GONE | FF_SECRET | FF_DERIVED))
        return false;
    for (size_t k = 0; k < sizeof never / sizeof *never; k++)
        if (!fd->custom && never[k] == i)
            return false;
    return fd->type == FT_REF || fd->type == FT_ENUM || fd->type == FT_BOOL || fd->type == FT_TEXT ||
           fd->type == FT_CURRENCY || (fd->type == FT_MONEY && !fd->custom && i == DEAL_VALUE_MINOR);
}

static void take_field(struct scoring *s, int field, bool company, bool money)
{
    if (s->n_fields < SCORE_FIELDS)
        s->fields[s->n_fields++] = (struct score_field){.field = field, .company = company, .money = money};
}

static const struct fact_column *column_of(const struct projection_view *v, const struct score_field *f)
{
    return fact_column(&v->facts[f->company ? FACT_COMPANY : FACT_DEAL], f->field);
}

static void choose_fields(struct scoring *s, const struct projection_view *v)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    for (int i = 0; i < (int)deal->n_fields; i++) {
        const struct fact_column *c = fact_column(&v->facts[FACT_DEAL], i);
        bool money = deal->fields[i].type == FT_MONEY;
        bool wide = c->kind == FC_TEXT && c->n_texts > 2000; /* names, not a slice */
        if (known_early(&deal->fields[i], i) && c->held && c->kind != FC_NONE && !wide)
            take_field(s, i, false, money);
    }
    take_field(s, COMPANY_COUNTRY, true, false);
    take_field(s, COMPANY_INDUSTRY, true, false);
    take_field(s, -1, false, false);
}

/* ---- which deals ---- */

struct judged {
    uint32_t row;
    uint8_t won;
    int64_t at;
};
struct judged_list {
    struct judged *ptr;
    size_t len, cap;
};

static int by_wait(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Nine of ten wins come within that many days. */
static int64_t usual_days(const struct projection_view *v, const struct chance *m, int64_t as_of, size_t every)
{
    VEC(int64_t) waits = {0};
    for (size_t i = 0; i < v->facts[FACT_DEAL].n; i += every) {
        struct chance_deal d;
        if (!chance_deal_at(m, v, i, as_of, &d) || d.cause != DEAL_WON)
            continue;
        int64_t wait = d.exit - d.entry;
        vec_push(&waits, wait);
    }
    int64_t days = 30;
    if (waits.len > 0) {
        qsort(waits.ptr, waits.len, sizeof *waits.ptr, by_wait);
        days = waits.ptr[waits.len * 9 / 10] / MS_DAY + 1;
    }
    vec_free(&waits);
    return days < 7 ? 7 : days > 365 ? 365 : days;
}

/* Deals old enough to have been won by now, if they ever were within the time: closed and open ones alike. */
static struct judged_list judge(const struct projection_view *v, const struct chance *m, int64_t as_of, int64_t days,
                                size_t every)
{
    struct judged_list out = {0};
    for (size_t i = 0; i < v->facts[FACT_DEAL].n; i += every) {
        struct chance_deal d;
        if (!chance_deal_at(m, v, i, as_of, &d) || d.entry > as_of - days * MS_DAY)
            continue;
        struct judged one = {(uint32_t)i, d.cause == DEAL_WON && d.exit - d.entry <= days * MS_DAY, d.entry};
        vec_push(&out, one);
    }
    return out;
}

static int by_entry(const void *a, const void *b)
{
    const struct judged *x = a, *y = b;
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : x->row < y->row ? -1 : x->row > y->row;
}

/* ---- features ---- */

static int64_t weekday(const struct scoring *s, int64_t at)
{
    return ((zone_day(s->zone, at) + 3) % 7 + 7) % 7;
}

static int64_t part_of(const struct score_field *f, int64_t minor)
{
    if (minor == FACT_NULL)
        return FACT_NULL;
    double v = (double)minor;
    return (v > f->cuts[0]) + (v > f->cuts[1]) + (v > f->cuts[2]);
}

/* The value of a field for the i-th judged deal. */
static int64_t value_at(const struct scoring *s, const struct projection_view *v, const struct score_field *f,
                        const int64_t *company_of, size_t i, int64_t at)
{
    if (f->field < 0)
        return weekday(s, at);
    if (!f->company)
        return f->money ? part_of(f, f->created[i]) : f->created[i];
    uint32_t firm = fact_row(&v->facts[FACT_COMPANY], company_of[i] == FACT_NULL ? 0 : company_of[i]);
    return firm == FACT_NO_ROW ? FACT_NULL : f->created[firm];
}

static int32_t feature(const struct score_field *f, int64_t value)
{
    for (size_t i = 0; i < f->n_levels; i++)
        if (f->level[i].value == value)
            return f->first + (int32_t)i;
    return f->first + (int32_t)f->n_levels;
}

static int by_amount(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void cut(struct score_field *f, size_t n)
{
    double *v = malloc((n + 1) * sizeof *v);
    size_t k = 0;
    if (v == NULL)
        abort();
    for (size_t i = 0; i < n; i++)
        if (f->created[i] != FACT_NULL)
            v[k++] = (double)f->created[i];
    if (k > 0)
        qsort(v, k, sizeof *v, by_amount);
    for (int i = 0; i < 3; i++)
        f->cuts[i] = stats_quantile(v, k, 0.25 * (i + 1));
    free(v);
}

static int by_count(const void *a, const void *b)
{
    const struct level *x = a, *y = b;
    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    return x->value < y->value ? -1 : x->value > y->value;
}

/* The most frequent values of a field among the deals that are learned from. */
static void find_levels(struct scoring *s, const struct projection_view *v, struct score_field *f,
                        const int64_t *company_of, const struct judged_list *deals, size_t n)
{
    struct intmap *at = intmap_new();
    VEC(struct level) found = {0};
    vec_reserve(&found, 16);
    for (size_t i = 0; i < n; i++) {
        int64_t value = value_at(s, v, f, company_of, i, deals->ptr[i].at), k;
        struct level fresh = {.value = value};
        if (!intmap_get(at, value, &k)) {
            k = (int64_t)found.len;
            intmap_put(at, value, k);
            vec_push(&found, fresh);
        }
        found.ptr[k].n++;
    }
    if (found.len > 0)
        qsort(found.ptr, found.len, sizeof *found.ptr, by_count);
    for (size_t i = 0; i < found.len && f->n_levels < SCORE_LEVELS && found.ptr[i].n >= LEAST_OF_LEVEL; i++)
        f->level[f->n_levels++] = found.ptr[i];
    intmap_free(at);
    vec_free(&found);
}

static int32_t *features_of(const struct scoring *s, const struct projection_view *v, const int64_t *company_of,
                            const struct judged_list *deals)
{
    int32_t *x = malloc((deals->len * s->n_fields + 1) * sizeof *x);
    if (x == NULL)
        abort();
    for (size_t i = 0; i < deals->len; i++)
        for (size_t k = 0; k < s->n_fields; k++)
            x[i * s->n_fields + k] =
                feature(&s->fields[k], value_at(s, v, &s->fields[k], company_of, i, deals->ptr[i].at));
    return x;
}

/* ---- learning ---- */

/* Fields that are the same for everybody say nothing. */
static void drop_constant(struct scoring *s)
{
    size_t kept = 0;
    int32_t features = 0;
    for (size_t i = 0; i < s->n_fields; i++) {
        struct score_field *f = &s->fields[i];
        if (f->n_levels < 2 && (f->n_levels == 0 || f->level[0].n == (int64_t)s->quality.learned))
            continue;
        f->first = features;
        features += (int32_t)f->n_levels + 1;
        s->fields[kept++] = *f;
    }
    s->n_fields = kept;
    s->model.d = (size_t)features;
}

static bool enough(const struct judged_list *deals, size_t n)
{
    size_t won = 0;
    for (size_t i = 0; i < n; i++)
        won += deals->ptr[i].won;
    return n >= SCORE_DEALS_LEAST && won >= SCORE_DEALS_LEAST / 10 && n - won >= SCORE_DEALS_LEAST / 10;
}

static void test_it(struct scoring *s, const struct judged_list *deals, const int32_t *x, size_t n)
{
    struct scoring_quality *q = &s->quality;
    double *p = malloc((deals->len + 1) * sizeof *p), *base = malloc((deals->len + 1) * sizeof *base);
    uint8_t *won = malloc(deals->len + 1);
    if (p == NULL || base == NULL || won == NULL)
        abort();
    for (size_t i = n; i < deals->len; i++) {
        p[i - n] = logit_of(&s->model, x + i * s->n_fields, s->n_fields);
        base[i - n] = q->base_rate;
        won[i - n] = deals->ptr[i].won;
    }
    q->tested = deals->len - n;
    q->brier = score_brier(p, won, q->tested);
    q->base_brier = score_brier(base, won, q->tested);
    q->auc = score_auc(p, won, q->tested);
    q->ece = score_ece(p, won, q->tested);
    q->log_loss = score_log_loss(p, won, q->tested);
    q->better = q->tested >= 20 && q->brier < q->base_brier && !(q->auc <= 0.5);
    free(p);
    free(base);
    free(won);
}

static void means(struct scoring *s, const int32_t *x, size_t n)
{
    for (size_t k = 0; k < s->n_fields; k++)
        for (size_t i = 0; i < n; i++)
            s->fields[k].mean += s->model.w[x[i * s->n_fields + k]] / (double)n;
}

static bool fit(struct scoring *s, const struct projection_view *v, const struct judged_list *deals)
{
    const struct facts *f = &v->facts[FACT_DEAL];
    struct arena scratch = ARENA_EMPTY;
    size_t n = deals->len - deals->len / 5;
    int32_t *place = arena_alloc(&scratch, (f->n + 1) * sizeof *place);
    memset(place, -1, f->n * sizeof *place);
    for (size_t i = 0; i < deals->len; i++)
        place[deals->ptr[i].row] = (int32_t)i;
    int64_t *company_of = at_creation(&scratch, f, fact_column(f, DEAL_COMPANY_ID), place, deals->len);
    s->quality.learned = n;
    for (size_t i = 0; i < s->n_fields; i++) {
        struct score_field *one = &s->fields[i];
        const struct facts *firms = &v->facts[FACT_COMPANY];
        if (one->company)
            one->created = at_creation(&scratch, firms, column_of(v, one), NULL, firms->n);
        else if (one->field >= 0)
            one->created = at_creation(&scratch, f, column_of(v, one), place, deals->len);
        if (one->money)
            cut(one, n);
        find_levels(s, v, one, company_of, deals, n);
    }
    drop_constant(s);
    int32_t *x = features_of(s, v, company_of, deals);
    uint8_t *y = malloc(deals->len + 1);
    double won = 0;
    if (y == NULL)
        abort();
    for (size_t i = 0; i < deals->len; i++)
        y[i] = deals->ptr[i].won;
    for (size_t i = 0; i < n; i++)
        won += y[i];
    s->quality.base_rate = won / (double)n;
    struct logit_data data = {x, y, n, s->n_fields, s->model.d};
    bool ok = s->model.d > 0 && logit_fit(&s->model, s->arena, &data, LAMBDA);
    if (ok) {
        test_it(s, deals, x, n);
        means(s, x, n);
    }
    free(x);
    free(y);
    arena_free(&scratch);
    for (size_t i = 0; i < s->n_fields; i++)
        s->fields[i].created = NULL;
    return ok;
}

struct scoring *scoring_learn(struct arena *a, const struct projection_view *v, const struct chance *m, int64_t as_of,
                              const struct zone *zone)
{
    struct scoring *s = ARENA_NEW(a, struct scoring);
    size_t every = v->facts[FACT_DEAL].n / SCORE_DEALS_MOST + 1;
    s->arena = a;
    s->zone = zone;
    s->quality.days = usual_days(v, m, as_of, every);
    struct judged_list deals = judge(v, m, as_of, s->quality.days, every);
    if (deals.len > 0)
        qsort(deals.ptr, deals.len, sizeof *deals.ptr, by_entry);
    bool ok = enough(&deals, deals.len - deals.len / 5);
    if (ok) {
        choose_fields(s, v);
        ok = fit(s, v, &deals);
    }
    vec_free(&deals);
    return ok ? s : NULL;
}

struct scoring_quality scoring_quality_of(const struct scoring *s)
{
    return s->quality;
}

/* ---- one deal ---- */

static int by_strength(const void *a, const void *b)
{
    const struct score_effect *x = a, *y = b;
    double d = fabs(y->effect) - fabs(x->effect);
    return d != 0 ? (d > 0 ? 1 : -1) : x->field - y->field;
}

double scoring_of(const struct scoring *s, const struct projection_view *v, size_t row, struct score_effect *effects,
                  size_t *n)
{
    const struct facts *deals = &v->facts[FACT_DEAL];
    struct visits ways = visits_of(v, row);
    int64_t at = ways.n > 0 ? visit_at(ways.packed[0]) : deals->created_at[row];
    int64_t firm_id = one_at_creation(fact_column(deals, DEAL_COMPANY_ID), row);
    uint32_t firm = fact_row(&v->facts[FACT_COMPANY], firm_id == FACT_NULL ? 0 : firm_id);
    int32_t x[SCORE_FIELDS];
    for (size_t i = 0; i < s->n_fields; i++) {
        const struct score_field *f = &s->fields[i];
        int64_t value = FACT_NULL, shown = FACT_NULL;
        if (f->field < 0)
            shown = value = weekday(s, at);
        else if (!f->company || firm != FACT_NO_ROW)
            shown = value = one_at_creation(column_of(v, f), f->company ? firm : row);
        if (f->money)
            value = part_of(f, value);
        x[i] = feature(f, value);
        effects[i] = (struct score_effect){f->field, f->company, shown, s->model.w[x[i]] - f->mean};
    }
    *n = s->n_fields;
    qsort(effects, *n, sizeof *effects, by_strength);
    return logit_of(&s->model, x, s->n_fields);
}
