/* The groups that deals fall into, and their names. */
#include "base/big.h"
#include "base/i18n.h"
#include "base/map.h"
#include "crm/fields.h"
#include "insight/population.h"

struct key_list {
    int64_t *ptr;
    size_t len, cap;
};
enum { DAYS_KNOWN = 4096, NEAR = 65536 /* keys from 0 on that are found without hashing */ };
struct keys {
    const struct pop *p;
    struct fact_column own, far; /* the deal's field; the one behind the reference */
    const struct facts *to;      /* the records referred to */
    int64_t (*of_day)[2];        /* by day % DAYS_KNOWN: twice the day + 1, its month, quarter or year */
};

static int64_t civil_key(const struct keys *k, int64_t day)
{
    int64_t *known = k->of_day[(uint64_t)day % DAYS_KNOWN];
    if (known[0] != day * 2 + 1) {
        int year;
        unsigned month, dom;
        date_to_civil(day, &year, &month, &dom);
        known[0] = day * 2 + 1; /* never 0 */
        known[1] = k->p->by.date == 'y'   ? year
                   : k->p->by.date == 'q' ? year * 4LL + (month - 1) / 3
                                          : year * 12LL + (month - 1);
    }
    return known[1];
}

static int64_t date_key(const struct keys *k, int64_t at)
{
    const struct pop *p = k->p;
    int64_t day = zone_day(p->zone, at);
    if (p->by.date == 'h') /* of the day */
        return (at + zone_offset(p->zone, at) - day * MS_DAY) / MS_HOUR;
    if (p->by.date == 'k') /* 0: Monday */
        return ((day + 3) % 7 + 7) % 7;
    if (p->by.date == 'd')
        return day;
    if (p->by.date == 'w') /* the Monday; 1970-01-01 was a Thursday */
        return day - ((day + 3) % 7 + 7) % 7;
    return civil_key(k, day);
}

static int64_t team_of(const struct pop *p, int64_t user)
{
    size_t low = 0, high = p->n_team_of;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (p->team_of[mid][0] < user)
            low = mid + 1;
        else
            high = mid;
    }
    return low < p->n_team_of && p->team_of[low][0] == user && p->team_of[low][1] ? p->team_of[low][1] : POP_NONE;
}

static int64_t none_of(int64_t v)
{
    return v == FACT_NULL ? POP_NONE : v;
}

/* The key of a deal; of a set the index of the set. */
static int64_t key_of(const struct keys *k, const struct pop_deal *d)
{
    const struct pop *p = k->p;
    if (p->by.kind == BY_NOTHING)
        return 0;
    if (p->by.kind == BY_DATE)
        return date_key(k, p->spec.when == POP_CLOSED ? d->exit : d->entry);
    if (p->by.kind == BY_TEAM)
        return team_of(p, fact_id(&k->own, d->row));
    if (p->by.via < 0)
        return none_of(fact_get(&k->own, d->row));
    uint32_t row = fact_row(k->to, fact_id(&k->own, d->row));
    return row == FACT_NO_ROW ? POP_NONE : none_of(fact_get(&k->far, row));
}

static struct keys keys_new(const struct pop *p)
{
    struct keys k = {.p = p};
    if (p->by.kind == BY_DATE)
        k.of_day = arena_zalloc(p->call->arena, DAYS_KNOWN * sizeof *k.of_day);
    if (p->by.kind != BY_FIELD && p->by.kind != BY_TEAM)
        return k;
    k.own = pop_column(p, p->by.via < 0 ? p->by.field : p->by.via);
    if (p->by.via < 0)
        return k;
    enum fact fact = fact_of_entity(p->by.ent->id);
    k.to = &p->view.facts[fact];
    k.far =
        p->past ? fact_as_of(&p->view, fact, p->by.field, p->as_of, p->call->arena) : *fact_column(k.to, p->by.field);
    return k;
}

/* A deal with three tags stands in three groups; its further entries go behind all others. */
static void spread(struct pop *p, const struct keys *k, struct key_list *keys)
{
    VEC(struct pop_deal) d = {p->d, p->n, p->n};
    for (size_t i = 0; i < p->n_all; i++) {
        struct fact_set set = fact_set(&k->own, fact_get(&k->own, d.ptr[i].row));
        int64_t first = set.n > 0 ? set.ids[0] : POP_NONE;
        vec_push(keys, first);
    }
    for (size_t i = 0; i < p->n_all; i++) {
        struct fact_set set = fact_set(&k->own, fact_get(&k->own, d.ptr[i].row));
        for (uint32_t j = 1; j < set.n; j++) {
            struct pop_deal more = d.ptr[i];
            more.again = true;
            big_push(&d, more);
            vec_push(keys, set.ids[j]);
        }
    }
    p->d = d.ptr;
    p->n = d.len;
}

struct found_group {
    int64_t key, n;
    size_t index;
};
struct found_groups {
    struct found_group *ptr;
    size_t len, cap;
};

static int by_key(const void *a, const void *b)
{
    const struct found_group *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

static int by_size(const void *a, const void *b)
{
    const struct found_group *x = a, *y = b;
    return x->n != y->n ? (x->n < y->n ? 1 : -1) : by_key(a, b);
}

/* Puts in the place of each key the index of what was found. */
static void number_keys(struct found_groups *found, int64_t *keys, size_t n)
{
    struct intmap *seen = intmap_new();
    uint32_t *near = calloc(NEAR, sizeof *near); /* by key: index + 1 */
    int64_t i = 0, last = 0;
    if (near == NULL)
        abort();
    vec_reserve(found, found->len + 1);
    for (size_t k = 0; k < n; k++) {
        int64_t key = keys[k];
        bool close = key >= 0 && key < NEAR;
        bool known = k > 0 && key == last;
        if (!known && close && near[key] > 0) {
            i = near[key] - 1;
            known = true;
        }
        if (!known && (close || !intmap_get(seen, key, &i))) {
            struct found_group g = {.key = key};
            i = (int64_t)found->len;
            if (close)
                near[key] = (uint32_t)i + 1;
            else
                intmap_put(seen, key, i);
            vec_push(found, g);
        }
        last = key;
        found->ptr[i].n++;
        keys[k] = i;
    }
    free(near);
    intmap_free(seen);
}

/* Dates in their order, everything else by size; what is beyond the most is merged into one. Gives the rank by index of
 * what was found. */
static uint16_t *rank_groups(struct pop *p, struct found_groups *found)
{
    uint16_t *rank = ARENA_ARRAY(p->call->arena, uint16_t, found->len + 1);
    for (size_t k = 0; k < found->len; k++)
        found->ptr[k].index = k;
    if (found->len)
        qsort(found->ptr, found->len, sizeof *found->ptr, p->by.kind == BY_DATE ? by_key : by_size);
    size_t kept = found->len;
    size_t most = p->by.kind == BY_DATE ? POP_DATES_MOST : POP_GROUPS_MOST;
    if (found->len > most)
        kept = most;
    p->n_groups = kept + (found->len > kept);
    p->groups = ARENA_ARRAY(p->call->arena, struct pop_group, p->n_groups + 1);
    for (size_t k = 0; k < found->len; k++) {
        size_t to = k < kept ? k : kept;
        rank[found->ptr[k].index] = (uint16_t)to;
        p->groups[to].key = k < kept ? found->ptr[k].key : POP_MERGED;
        p->groups[to].merged = k >= kept;
        p->groups[to].n += found->ptr[k].n;
    }
    return rank;
}

/* Texts have names while the projection is held only. */
static void text_names(struct pop *p, const struct keys *k)
{
    const struct fact_column *c = p->by.via < 0 ? &k->own : &k->far;
    for (size_t g = 0; g < p->n_groups && c->kind == FC_TEXT; g++)
        if (!p->groups[g].merged && p->groups[g].key != POP_NONE)
            p->groups[g].name = str_dup(p->call->arena, fact_text(c, p->groups[g].key));
}

void pop_group(struct pop *p)
{
    struct keys k = keys_new(p);
    struct key_list keys = {0};
    if (p->by.kind == BY_NOTHING) { /* they are in group 0 already */
        p->n_groups = p->n > 0;
        p->groups = ARENA_ARRAY(p->call->arena, struct pop_group, 2);
        p->groups[0].n = (int64_t)p->n;
        return;
    }
    vec_reserve(&keys, p->n + 1);
    if (p->by.kind == BY_FIELD && p->by.fd->type == FT_SET) {
        spread(p, &k, &keys);
    } else {
        for (size_t i = 0; i < p->n; i++)
            keys.ptr[i] = key_of(&k, &p->d[i]);
        keys.len = p->n;
    }
    struct found_groups found = {0};
    number_keys(&found, keys.ptr, p->n);
    const uint16_t *rank = rank_groups(p, &found);
    for (size_t i = 0; i < p->n; i++)
        p->d[i].group = rank[keys.ptr[i]];
    vec_free(&found);
    vec_free(&keys);
    text_names(p, &k);
}

/* ---- names ---- */

static struct str date_name(struct pop *p, int64_t key)
{
    struct arena *a = p->call->arena;
    switch (p->by.date) {
    case 'h':
        return str_fmt(a, "%02d:00", (int)key);
    case 'k':
        return i18n_text(p->call->lang, str_fmt(a, "report.weekday.%d", (int)key).ptr);
    case 'y':
        return str_fmt(a, "%04d", (int)key);
    case 'q':
        return str_fmt(a, "%04d-Q%d", (int)(key / 4), (int)(key % 4) + 1);
    case 'm':
        return str_fmt(a, "%04d-%02d", (int)(key / 12), (int)(key % 12) + 1);
    default:
        return date_format(a, key);
    }
}

enum rc pop_name_of(const struct pop *p, enum entity_id noun, int64_t id, struct str *out, struct err *e)
{
    const struct report_call *c = p->call;
    const struct entity *ent = entity_by_id(noun);
    struct stmt *s;
    *out = STR_NULL;
    if (!rights_all_rows(c->rights, ent, RIGHT_SEE)) {
        bool seen;
        TRY(rights_reach(c->db, c->arena, c->rights, ent, id, RIGHT_SEE, &seen, e));
        if (!seen) {
            *out = STR("…");
            return RC_OK;
        }
    }
    const char *column = entity_field(ent, STR("name")) >= 0 ? "name" : "title";
    TRY(db_prepare(c->db, &s, str_fmt(c->arena, "SELECT %s FROM %s WHERE id = $1", column, ent->table).ptr, e));
    stmt_i64(s, 1, id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *out = str_dup(c->arena, stmt_col_str(s, 0));
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc field_name(struct pop *p, struct pop_group *g, struct err *e)
{
    const struct pop_by *by = &p->by;
    struct arena *a = p->call->arena;
    if (by->fd->type == FT_ENUM) {
        const char *value = by->fd->names[g->key];
        struct str key = str_fmt(a, "field.%s.%s:%s", by->ent->name, by->fd->name, value);
        g->name = i18n_text(p->call->lang, key.ptr);
        return RC_OK;
    }
    if (by->fd->type == FT_BOOL) {
        g->name = i18n_text(p->call->lang, g->key ? "report.group.yes" : "report.group.no");
        return RC_OK;
    }
    if (by->fd->type != FT_REF && by->fd->type != FT_SET)
        return RC_OK; /* a text has its own */
    return pop_name_of(p, by->kind == BY_TEAM ? ENT_TEAM : by->fd->ref, g->key, &g->name, e);
}

enum rc pop_names(struct pop *p, struct err *e)
{
    for (size_t i = 0; i < p->n_groups; i++) {
        struct pop_group *g = &p->groups[i];
        if (g->merged)
            g->name = i18n_text(p->call->lang, "report.group.others");
        else if (p->by.kind == BY_NOTHING)
            g->name = i18n_text(p->call->lang, "report.group.all");
        else if (g->key == POP_NONE)
            g->name = i18n_text(p->call->lang, "report.group.none");
        else if (p->by.kind == BY_DATE)
            g->name = date_name(p, g->key);
        else
            TRY(field_name(p, g, e));
        if (g->name.ptr == NULL)
            g->name = i18n_text(p->call->lang, "report.group.none");
    }
    return RC_OK;
}

const int64_t *pop_keys(const struct pop *p)
{
    int64_t *keys = ARENA_ARRAY(p->call->arena, int64_t, p->n_groups + 1);
    for (size_t i = 0; i < p->n_groups; i++)
        keys[i] = p->groups[i].key;
    return keys;
}
