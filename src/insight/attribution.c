/* Which channel a deal is credited to. */
#include "insight/attribution.h"
#include "base/map.h"
#include "crm/fields.h"
#include "store/db.h"
#include <string.h>

const char *const attribution_models[] = {"last", "first", "linear", NULL};
const char *const attribution_levels[] = {"source",       "campaign",    "utm_source", "utm_medium",
                                          "utm_campaign", "utm_content", "utm_term",   "tracking_number",
                                          "roistat",      "referrer",    "kind",       NULL};
/* The field of a touch and of a deal that a level reads; -1: a deal has none. */
static const struct {
    int touch, deal;
} level_fields[LEVELS] = {
    [LEVEL_SOURCE] = {TOUCH_SOURCE_ID, DEAL_SOURCE_ID},
    [LEVEL_CAMPAIGN] = {TOUCH_CAMPAIGN_ID, DEAL_CAMPAIGN_ID},
    [LEVEL_UTM_SOURCE] = {TOUCH_UTM_SOURCE, DEAL_UTM_SOURCE},
    [LEVEL_UTM_MEDIUM] = {TOUCH_UTM_MEDIUM, DEAL_UTM_MEDIUM},
    [LEVEL_UTM_CAMPAIGN] = {TOUCH_UTM_CAMPAIGN, DEAL_UTM_CAMPAIGN},
    [LEVEL_UTM_CONTENT] = {TOUCH_UTM_CONTENT, DEAL_UTM_CONTENT},
    [LEVEL_UTM_TERM] = {TOUCH_UTM_TERM, DEAL_UTM_TERM},
    [LEVEL_TRACKING_NUMBER] = {TOUCH_TRACKING_NUMBER, -1},
    [LEVEL_ROISTAT] = {TOUCH_ROISTAT, -1},
    [LEVEL_REFERRER] = {TOUCH_REFERRER_ID, -1},
    [LEVEL_KIND] = {TOUCH_KIND, -1},
};

/* Touches of the rows of a noun: those of row r are rows[first[r]] .. rows[first[r + 1] - 1]. */
struct touches_of {
    uint32_t *first, *rows;
    size_t n;
};
struct attribution {
    struct arena *arena;
    const struct rights *rights;
    enum attribution_model model;
    enum attribution_level level;
    struct attribution_campaign *campaigns; /* ascending by id */
    size_t n_campaigns, n_touches;
    struct strmap *by_utm; /* utm_campaign to index of campaigns */
    struct strmap *index;  /* texts of both nouns to key */
    VEC(struct str) texts;
    const struct projection_view *view;
    const struct facts *touches;
    struct fact_column at;
    struct fact_column deal_own, deal_campaign, deal_utm, deal_contact, deal_company;
    int64_t *touch_key;          /* by row of touches */
    int64_t *touch_text;         /* by index of a text of the touches' column: key */
    int64_t *own_text, *own_utm; /* by index of a text of the deals' columns: key; index of campaigns or -1 */
    struct touches_of by_deal, by_contact, by_company;
};

void attribution_shares(enum attribution_model model, size_t n, double *share)
{
    for (size_t i = 0; i < n; i++) {
        bool whole = model == ATTRIBUTE_LAST ? i + 1 == n : i == 0;
        share[i] = model == ATTRIBUTE_LINEAR ? 1.0 / (double)n : whole;
    }
}

bool attribution_level_is_text(enum attribution_level level)
{
    return level >= LEVEL_UTM_SOURCE && level <= LEVEL_ROISTAT;
}

/* ---- before the lock ---- */

enum rc attribution_read(struct attribution **out, struct arena *a, struct db *db, const struct rights *rights,
                         enum attribution_model model, enum attribution_level level, struct err *e)
{
    struct attribution *t = ARENA_NEW(a, struct attribution);
    VEC(struct attribution_campaign) found = {0};
    struct stmt *s;
    enum rc rc;
    *t = (struct attribution){.arena = a, .rights = rights, .model = model, .level = level};
    t->by_utm = strmap_new();
    t->index = strmap_new();
    *out = t;
    TRY(db_prepare(db, &s, "SELECT id, COALESCE(source_id, 0), utm_campaign FROM campaign ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct attribution_campaign one = {stmt_col_i64(s, 0), stmt_col_i64(s, 1), str_dup(a, stmt_col_str(s, 2))};
        if (one.utm.len > 0)
            strmap_put(t->by_utm, str_fold(a, one.utm), (int64_t)found.len);
        vec_push(&found, one);
    }
    stmt_done(s);
    t->n_campaigns = found.len;
    t->campaigns = ARENA_ARRAY(a, struct attribution_campaign, found.len + 1);
    if (found.len)
        memcpy(t->campaigns, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

void attribution_free(struct attribution *t)
{
    if (t == NULL)
        return;
    strmap_free(t->by_utm);
    strmap_free(t->index);
    t->by_utm = t->index = NULL;
    vec_free(&t->texts);
}

static const struct attribution_campaign *campaign(const struct attribution *t, int64_t id)
{
    size_t low = 0, high = t->n_campaigns;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (t->campaigns[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < t->n_campaigns && t->campaigns[low].id == id ? &t->campaigns[low] : NULL;
}

int64_t attribution_source_of(const struct attribution *t, int64_t campaign_id)
{
    const struct attribution_campaign *c = campaign(t, campaign_id);
    return c != NULL && c->source_id ? c->source_id : CREDIT_NONE;
}

static int64_t key_of_text(struct attribution *t, struct str s)
{
    int64_t key;
    struct str folded = str_fold(t->arena, s); /* Google and google are one channel */
    if (s.len == 0)
        return CREDIT_NONE;
    if (strmap_get(t->index, folded, &key))
        return key;
    key = (int64_t)t->texts.len;
    struct str kept = str_dup(t->arena, s);
    vec_push(&t->texts, kept);
    strmap_put(t->index, folded, key);
    return key;
}

struct str attribution_text(const struct attribution *t, int64_t key)
{
    return key >= 0 && (size_t)key < t->texts.len ? t->texts.ptr[key] : STR_NULL;
}

/* ---- while locked ---- */

static const struct attribution_campaign *campaign_by_utm(const struct attribution *t, struct str utm)
{
    int64_t i;
    return utm.len > 0 && strmap_get(t->by_utm, str_fold(t->arena, utm), &i) ? &t->campaigns[i] : NULL;
}

/* What a touch says at the level; CREDIT_NONE: nothing. */
static int64_t touch_says(struct attribution *t, size_t row)
{
    const struct facts *f = t->touches;
    const struct fact_column *own = fact_column(f, level_fields[t->level].touch);
    int64_t v = fact_get(own, row);
    if (attribution_level_is_text(t->level))
        return v >= 0 && (uint64_t)v < own->n_texts ? t->touch_text[v] : CREDIT_NONE;
    if (v != FACT_NULL && (v != 0 || t->level == LEVEL_KIND))
        return v;
    if (t->level > LEVEL_CAMPAIGN)
        return CREDIT_NONE;
    const struct fact_column *utm = fact_column(f, TOUCH_UTM_CAMPAIGN);
    const struct attribution_campaign *c = campaign(t, fact_id(fact_column(f, TOUCH_CAMPAIGN_ID), row));
    c = c != NULL ? c : campaign_by_utm(t, fact_text(utm, fact_get(utm, row)));
    if (c == NULL)
        return CREDIT_NONE;
    return t->level == LEVEL_CAMPAIGN ? c->id : c->source_id ? c->source_id : CREDIT_NONE;
}

/* to[i]: the row of the noun that touch i hangs on, FACT_NO_ROW: none. */
static struct touches_of group(struct arena *a, size_t n_rows, const uint32_t *to, size_t n_touches)
{
    struct touches_of g = {.n = n_rows};
    g.first = ARENA_ARRAY(a, uint32_t, n_rows + 2);
    for (size_t i = 0; i < n_touches; i++)
        if (to[i] != FACT_NO_ROW)
            g.first[to[i] + 1]++;
    for (size_t i = 0; i < n_rows; i++)
        g.first[i + 1] += g.first[i];
    g.rows = ARENA_ARRAY(a, uint32_t, g.first[n_rows] + 1);
    uint32_t *next = arena_alloc(a, (n_rows + 1) * sizeof *next);
    memcpy(next, g.first, (n_rows + 1) * sizeof *next);
    for (uint32_t i = 0; i < n_touches; i++)
        if (to[i] != FACT_NO_ROW)
            g.rows[next[to[i]]++] = i;
    return g;
}

/* A touch of a deal counts for that deal; one of a contact or a company for all of theirs. */
static void index_touches(struct attribution *t, int64_t as_of)
{
    static const struct {
        enum fact noun;
        int field;
    } hangs[] = {{FACT_DEAL, TOUCH_DEAL_ID}, {FACT_CONTACT, TOUCH_CONTACT_ID}, {FACT_COMPANY, TOUCH_COMPANY_ID}};
    struct touches_of *to[] = {&t->by_deal, &t->by_contact, &t->by_company};
    size_t n = t->touches->n;
    uint8_t *taken = arena_zalloc(t->arena, n + 1);
    uint32_t *rows = arena_alloc(t->arena, (n + 1) * sizeof *rows);
    t->n_touches = 0;
    for (size_t k = 0; n > 0 && k < 3; k++) {
        const struct facts *noun = &t->view->facts[hangs[k].noun];
        const struct fact_column *c = fact_column(t->touches, hangs[k].field);
        for (size_t i = 0; i < n; i++) {
            bool here = !taken[i] && t->touch_key[i] != CREDIT_NONE && fact_get(&t->at, i) <= as_of &&
                        !fact_gone_at(t->touches, i, as_of);
            rows[i] = here ? fact_row(noun, fact_id(c, i)) : FACT_NO_ROW;
            taken[i] |= rows[i] != FACT_NO_ROW;
            t->n_touches += rows[i] != FACT_NO_ROW;
        }
        *to[k] = group(t->arena, noun->n, rows, n);
    }
}

static bool told(const struct attribution *t, int field)
{
    return rights_sees_field(t->rights, entity_by_id(ENT_DEAL), field);
}

static struct fact_column deal_column(const struct attribution *t, int field, int64_t as_of, bool past)
{
    if (!told(t, field))
        return fact_no_column;
    if (past)
        return fact_as_of(t->view, FACT_DEAL, field, as_of, t->arena);
    return *fact_column(&t->view->facts[FACT_DEAL], field);
}

void attribution_begin(struct attribution *t, const struct projection_view *v, int64_t as_of, bool past)
{
    int own = level_fields[t->level].deal;
    t->view = v;
    t->touches = &v->facts[FACT_TOUCH];
    t->at = *fact_column(t->touches, TOUCH_AT);
    t->touch_key = ARENA_ARRAY(t->arena, int64_t, t->touches->n + 1);
    const struct fact_column *said = fact_column(t->touches, level_fields[t->level].touch);
    t->touch_text = ARENA_ARRAY(t->arena, int64_t, said->n_texts + 1);
    for (size_t i = 0; attribution_level_is_text(t->level) && i < said->n_texts; i++)
        t->touch_text[i] = key_of_text(t, said->texts[i]);
    /* what marks a deal has no field for tells its source all the same */
    bool seen = told(t, own >= 0 ? own : DEAL_SOURCE_ID);
    for (size_t i = 0; i < t->touches->n; i++)
        t->touch_key[i] = seen ? touch_says(t, i) : CREDIT_NONE;
    index_touches(t, as_of);
    t->deal_own = own >= 0 ? deal_column(t, own, as_of, past) : fact_no_column;
    t->deal_campaign = deal_column(t, DEAL_CAMPAIGN_ID, as_of, past);
    t->deal_utm = deal_column(t, DEAL_UTM_CAMPAIGN, as_of, past);
    t->deal_contact = deal_column(t, DEAL_CONTACT_ID, as_of, past);
    t->deal_company = deal_column(t, DEAL_COMPANY_ID, as_of, past);
    t->own_text = ARENA_ARRAY(t->arena, int64_t, t->deal_own.n_texts + 1);
    for (size_t i = 0; attribution_level_is_text(t->level) && i < t->deal_own.n_texts; i++)
        t->own_text[i] = key_of_text(t, t->deal_own.texts[i]);
    t->own_utm = ARENA_ARRAY(t->arena, int64_t, t->deal_utm.n_texts + 1);
    for (size_t i = 0; i < t->deal_utm.n_texts; i++) {
        const struct attribution_campaign *c = campaign_by_utm(t, t->deal_utm.texts[i]);
        t->own_utm[i] = c != NULL ? c - t->campaigns : -1;
    }
}

static int64_t deal_says(const struct attribution *t, size_t row)
{
    int64_t v = fact_get(&t->deal_own, row);
    if (attribution_level_is_text(t->level))
        return v >= 0 && (uint64_t)v < t->deal_own.n_texts ? t->own_text[v] : CREDIT_NONE;
    if (t->level > LEVEL_CAMPAIGN)
        return CREDIT_NONE;
    if (v != FACT_NULL && v != 0)
        return v;
    const struct attribution_campaign *c = campaign(t, fact_id(&t->deal_campaign, row));
    int64_t utm = fact_get(&t->deal_utm, row);
    if (c == NULL && utm >= 0 && (uint64_t)utm < t->deal_utm.n_texts && t->own_utm[utm] >= 0)
        c = &t->campaigns[t->own_utm[utm]];
    if (c == NULL)
        return CREDIT_NONE;
    return t->level == LEVEL_CAMPAIGN ? c->id : c->source_id ? c->source_id : CREDIT_NONE;
}

struct met {
    uint32_t row[CREDITS_MOST];
    size_t n;
};

/* In order of time; when there are too many, one of the middle goes. */
static void meet(const struct attribution *t, struct met *m, uint32_t touch, int64_t until)
{
    int64_t at = fact_get(&t->at, touch);
    size_t i = m->n;
    if (at > until)
        return;
    if (m->n == CREDITS_MOST) {
        memmove(&m->row[CREDITS_MOST / 2], &m->row[CREDITS_MOST / 2 + 1], (CREDITS_MOST / 2 - 1) * sizeof *m->row);
        i = --m->n;
    }
    for (; i > 0 && fact_get(&t->at, m->row[i - 1]) > at; i--)
        m->row[i] = m->row[i - 1];
    m->row[i] = touch;
    m->n++;
}

static void meet_all(const struct attribution *t, struct met *m, const struct touches_of *g, uint32_t row,
                     int64_t until)
{
    if (row >= g->n)
        return;
    for (uint32_t i = g->first[row]; i < g->first[row + 1]; i++)
        meet(t, m, g->rows[i], until);
}

size_t attribution_of(struct attribution *t, size_t row, int64_t until, struct credit *out)
{
    struct met m = {.n = 0};
    double share[CREDITS_MOST];
    size_t n = 0;
    if (t->n_touches > 0) {
        meet_all(t, &m, &t->by_deal, (uint32_t)row, until);
        meet_all(t, &m, &t->by_contact, fact_row(&t->view->facts[FACT_CONTACT], fact_id(&t->deal_contact, row)), until);
        meet_all(t, &m, &t->by_company, fact_row(&t->view->facts[FACT_COMPANY], fact_id(&t->deal_company, row)), until);
    }
    if (m.n == 0) {
        out[0] = (struct credit){deal_says(t, row), 1};
        return 1;
    }
    attribution_shares(t->model, m.n, share);
    for (size_t i = 0; i < m.n; i++) {
        size_t k = 0;
        while (k < n && out[k].key != t->touch_key[m.row[i]])
            k++;
        if (share[i] <= 0)
            continue;
        if (k == n)
            out[n++] = (struct credit){t->touch_key[m.row[i]], 0};
        out[k].share += share[i];
    }
    return n;
}

size_t attribution_n_touches(const struct attribution *t)
{
    return t->n_touches;
}
