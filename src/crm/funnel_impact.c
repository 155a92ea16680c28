/* What a draft would mean for the deals that are there: how many lack what new gates ask, how many go to other stages.
 * One question to the database for all gates; never a check a deal. */
#include "crm/engine.h"
#include "crm/funnel_draft.h"
#include "crm/workday.h"
#include <stdlib.h>

#define IDS_SHOWN 100
#define GATES_ASKED 30 /* at once */

/* Working hours of a team of its own; team 0: of everybody else. */
struct hours {
    int64_t team;
    struct calendar work;
};
struct impact {
    struct db *db;
    struct arena *a;
    const struct filter_env *env;
    struct draft_row row;
    const struct draft *d;
    json_t *now;
    struct hours *hours; /* the company's last */
    size_t n_hours;
    struct jw w;
};

static enum rc load_hours(struct impact *m, struct err *e)
{
    VEC(int64_t) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(m->db, &s,
                   "SELECT t.id, min(u.id) FROM team t JOIN users u ON u.team_id = t.id WHERE t.deleted_at IS NULL"
                   " AND (t.time_zone IS NOT NULL OR t.calendar IS NOT NULL) GROUP BY t.id ORDER BY t.id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        vec_push(&found, stmt_col_i64(s, 0));
        vec_push(&found, stmt_col_i64(s, 1));
    }
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    m->hours = ARENA_ARRAY(m->a, struct hours, found.len / 2 + 1);
    for (size_t i = 0; i < found.len && rc == RC_OK; i += 2) {
        m->hours[m->n_hours].team = found.ptr[i];
        rc = calendar_of_user(m->db, m->a, found.ptr[i + 1], &m->hours[m->n_hours++].work, e);
    }
    vec_free(&found);
    if (rc == RC_OK)
        rc = calendar_of_user(m->db, m->a, 0, &m->hours[m->n_hours].work, e);
    m->hours[m->n_hours++].team = 0;
    return rc;
}

/* ---- counting ---- */

/* Deals of a filter. */
static enum rc count(struct impact *m, struct str filter, int64_t *n, struct err *e)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    struct sqlb q = sqlb_new(m->a);
    struct stmt *s = NULL;
    struct filter *f;
    enum rc rc = filter_parse(m->a, deal, filter, m->env, &f, e);
    if (rc != RC_OK)
        return rc;
    sqlb_c(&q, "SELECT count(*) FROM deal t WHERE t.deleted_at IS NULL AND ");
    filter_sql(&q, deal, f, "t");
    sqlb_c(&q, " AND ");
    rights_sql(&q, m->env->rights, deal, RIGHT_SEE, "t");
    rc = sqlb_prepare(&q, m->db, &s, e);
    if (rc == RC_OK)
        rc = stmt_step(s, e);
    *n = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    sqlb_free(&q);
    return rc == RC_ROW ? RC_OK : rc;
}

/* ---- gates ---- */

static bool stands_behind(const struct impact *m, const struct draft_node *stage, int64_t id)
{
    const struct draft_node *n = draft_find(m->d, FP_STAGE, NULL, id);
    for (size_t i = 0; i < m->d->n_remaps && !(n && !n->archived); i++)
        if (m->d->remaps[i].from == id) {
            const struct draft_target *to = &m->d->remaps[i].to[0];
            n = draft_find(m->d, FP_STAGE, to->key, to->id);
        }
    return n && !n->archived && n->position >= stage->position;
}

/* The published open stages whose deals stand on a stage of the draft or behind it: "3,5"; empty: none. */
static struct str stages_behind(const struct impact *m, const struct draft_node *stage)
{
    const json_t *list = json_object_get(m->now, "stages");
    const char *outcome = json_string_value(json_object_get(stage->json, "outcome"));
    bool closing = outcome && strcmp(outcome, "open") != 0;
    struct buf b = {0};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        int64_t id = json_integer_value(json_object_get(one, "id"));
        const char *is = json_string_value(json_object_get(one, "outcome"));
        if (is && strcmp(is, "open") == 0 && (closing || stands_behind(m, stage, id)))
            buf_fmt(&b, "%s%lld", b.len ? "," : "", (long long)id);
    }
    struct str text = str_dup(m->a, buf_view(&b));
    buf_free(&b);
    return text;
}

static bool gate_same(const struct impact *m, const struct draft_node *n)
{
    static const char *const asks[] = {"field", "artefact", "goal_id", "least", "deal_class_id", "archived"};
    const json_t *stages = json_object_get(m->now, "stages"), *was = NULL;
    for (size_t i = 0; i < json_array_size(stages) && !was; i++) {
        const json_t *gates = json_object_get(json_array_get(stages, i), "gates");
        for (size_t k = 0; k < json_array_size(gates) && !was; k++)
            if (json_integer_value(json_object_get(json_array_get(gates, k), "id")) == n->id)
                was = json_array_get(gates, k);
    }
    for (size_t i = 0; was && i < sizeof asks / sizeof *asks; i++) {
        const json_t *value = json_object_get(n->json, asks[i]);
        if (value && !json_equal(value, json_object_get(was, asks[i])))
            return false;
    }
    return was != NULL;
}

static struct str field_lack(struct impact *m, const char *field)
{
    const char *dot = strchr(field, '.');
    const struct entity *ent = entity_by_id(ENT_DEAL);
    int f = entity_field(ent, (struct str){field, dot ? (size_t)(dot - field) : strlen(field)});
    if (dot && f >= 0 && ent->fields[f].type == FT_REF && entity_by_id(ent->fields[f].ref)) {
        ent = entity_by_id(ent->fields[f].ref);
        f = entity_field(ent, str_c(dot + 1));
    }
    if (f >= 0 && ent->fields[f].type == FT_BOOL)
        return str_fmt(m->a, "not %s = true", field);
    return str_fmt(m->a, "%s is null", field);
}

/* Who has waited longer than so many working hours, by those of the team that the deal is with. */
static struct str waiting_lack(struct impact *m, int64_t hours)
{
    struct str others = STR(""), text = STR("");
    for (size_t i = 0; i < m->n_hours; i++) {
        const struct hours *h = &m->hours[i];
        int64_t since = calendar_add(&h->work, m->env->now, hours ? -hours * MS_HOUR : -1);
        struct str when = time_format(m->a, since);
        if (m->n_hours == 1)
            return str_fmt(m->a, "waiting_since < \"%.*s\"", STR_ARG(when));
        struct str who =
            h->team ? str_fmt(m->a, "owner_id.team_id = %lld", (long long)h->team)
                    : str_fmt(m->a, "(owner_id.team_id is null or owner_id.team_id not in (%.*s))", STR_ARG(others));
        others = str_fmt(m->a, "%.*s%s%lld", STR_ARG(others), others.len ? ", " : "", (long long)h->team);
        text = str_fmt(m->a, "%.*s%s%.*s and waiting_since < \"%.*s\"", STR_ARG(text), text.len ? " or " : "(",
                       STR_ARG(who), STR_ARG(when));
    }
    return str_fmt(m->a, "%.*s)", STR_ARG(text));
}

/* How long a client may wait; -1: nobody says. */
static int64_t wait_hours(const struct impact *m, const struct draft_node *gate)
{
    const json_t *least = json_object_get(gate->json, "least"),
                 *stage = json_object_get(m->d->nodes[gate->stage].json, "wait_hours");
    return json_is_integer(least) ? json_integer_value(least) : json_is_integer(stage) ? json_integer_value(stage) : -1;
}

/* What a deal looks like that lacks it; empty: every deal does. */
static struct str lack_of(struct impact *m, const struct draft_node *n, enum gate_kind kind)
{
    const char *field = json_string_value(json_object_get(n->json, "field"));
    long long least = json_integer_value(json_object_get(n->json, "least"));
    long long goal = json_integer_value(json_object_get(n->json, "goal_id"));
    switch (kind) {
    case GATE_OF_FIELD:
        return field ? field_lack(m, field) : STR("");
    case GATE_OF_CHECK:
        return n->id ? str_fmt(m->a, "not check_ids has %lld", (long long)n->id) : STR("");
    case GATE_OF_GOAL:
        return goal ? str_fmt(m->a, "not goal_ids has %lld", goal) : STR("");
    case GATE_OF_COVERAGE:
        return str_fmt(m->a, "not coverage >= %lld", least);
    case GATE_OF_WAITING:
        return waiting_lack(m, wait_hours(m, n));
    default:
        return STR("");
    }
}

static int index_of(const char *const *names, const char *name)
{
    for (int i = 0; name && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* What is asked of one gate, and what came of it. */
struct lack {
    const struct draft_node *gate, *stage;
    struct str text; /* the filter of those that lack it */
    struct filter *filter;
    int artefact; /* -1: none is asked for */
    int64_t count, ids[IDS_SHOWN];
    size_t n_ids;
};
struct lacks {
    struct lack *ptr;
    size_t n;
};

/* False: nothing new is asked of anybody who is there. */
static bool begin_lack(struct impact *m, const struct draft_node *n, struct lack *out)
{
    const struct draft_node *stage = &m->d->nodes[n->stage];
    int kind = index_of(gate_kind_names, json_string_value(json_object_get(n->json, "kind")));
    const char *outcome = json_string_value(json_object_get(stage->json, "outcome"));
    bool of_loss = outcome && strcmp(outcome, "lost") == 0; /* asked when one loses, of nobody before */
    if (n->archived || kind < 0 || of_loss || gate_same(m, n) || (kind == GATE_OF_WAITING && wait_hours(m, n) < 0))
        return false;
    struct str stages = stages_behind(m, stage), lack = lack_of(m, n, (enum gate_kind)kind);
    int64_t class = json_integer_value(json_object_get(n->json, "deal_class_id"));
    if (!stages.len)
        return false;
    struct str of_class = class ? str_fmt(m->a, " and deal_class_id = %lld", (long long)class) : STR("");
    *out = (struct lack){.gate = n, .stage = stage, .artefact = -1};
    out->text = str_fmt(m->a, "funnel_id = %lld and status = \"open\" and stage_id in (%.*s)%.*s%s%.*s",
                        (long long)m->row.funnel_id, STR_ARG(stages), STR_ARG(of_class), lack.len ? " and " : "",
                        STR_ARG(lack));
    if (kind == GATE_OF_ARTEFACT)
        out->artefact = index_of(artefact_names, json_string_value(json_object_get(n->json, "artefact")));
    return true;
}

static void put_condition(struct sqlb *q, const struct lack *l, size_t bit)
{
    sqlb_c(q, bit ? " + CASE WHEN " : "CASE WHEN ");
    filter_sql(q, entity_by_id(ENT_DEAL), l->filter, "t");
    if (l->artefact >= 0)
        sqlb_fmt(q,
                 " AND NOT EXISTS (SELECT 1 FROM file x WHERE x.deal_id = t.id AND x.artefact = %d AND x.deleted_at IS"
                 " NULL)",
                 l->artefact);
    sqlb_fmt(q, " THEN %lld ELSE 0 END", 1LL << bit);
}

static void take_row(struct lack *list, size_t n, int64_t id, int64_t bits)
{
    for (size_t i = 0; i < n; i++)
        if (bits >> i & 1 && list[i].count++ < IDS_SHOWN)
            list[i].ids[list[i].n_ids++] = id;
}

/* Up to GATES_ASKED gates with one walk over the funnel's open deals. */
static enum rc count_lacks(struct impact *m, struct lack *list, size_t n, struct err *e)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    struct sqlb q = sqlb_new(m->a);
    struct stmt *s = NULL;
    enum rc rc;
    sqlb_c(&q, "SELECT y.id, y.bits FROM (SELECT t.id AS id, CAST(");
    for (size_t i = 0; i < n; i++)
        put_condition(&q, &list[i], i);
    sqlb_c(&q, " AS BIGINT) AS bits FROM deal t WHERE t.deleted_at IS NULL AND t.status = 0 AND t.funnel_id = ");
    sqlb_param(&q, val_int(m->row.funnel_id));
    sqlb_c(&q, " AND ");
    rights_sql(&q, m->env->rights, deal, RIGHT_SEE, "t");
    sqlb_c(&q, ") y WHERE y.bits <> 0");
    rc = sqlb_prepare(&q, m->db, &s, e);
    while (rc == RC_OK || rc == RC_ROW) {
        rc = stmt_step(s, e);
        if (rc == RC_ROW)
            take_row(list, n, stmt_col_i64(s, 0), stmt_col_i64(s, 1));
    }
    stmt_done(s);
    sqlb_free(&q);
    return rc == RC_DONE ? RC_OK : rc;
}

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void put_lack(struct impact *m, struct lack *l)
{
    char *text = json_dumps(l->gate->json, JSON_COMPACT);
    qsort(l->ids, l->n_ids, sizeof *l->ids, by_id);
    jw_obj(&m->w);
    jw_key(&m->w, "gate");
    jw_raw(&m->w, str_dup(m->a, str_c(text)));
    free(text);
    jw_kc(&m->w, "path", l->gate->path);
    jw_kc(&m->w, "stage", json_string_value(json_object_get(l->stage->json, "name")));
    jw_ki64(&m->w, "count", l->count);
    jw_kstr(&m->w, "filter", l->artefact < 0 ? l->text : STR_NULL); /* no filter asks for files */
    jw_key(&m->w, "ids");
    jw_arr(&m->w);
    for (size_t i = 0; i < l->n_ids; i++)
        jw_i64(&m->w, l->ids[i]);
    jw_end_arr(&m->w);
    jw_end_obj(&m->w);
}

static enum rc put_lacks(struct impact *m, struct err *e)
{
    TRY(load_hours(m, e));
    struct lacks all = {.ptr = ARENA_ARRAY(m->a, struct lack, m->d->n + 1)};
    for (size_t i = 0; i < m->d->n; i++)
        if (m->d->nodes[i].part == FP_GATE && begin_lack(m, &m->d->nodes[i], &all.ptr[all.n])) {
            struct lack *l = &all.ptr[all.n++];
            TRY(filter_parse(m->a, entity_by_id(ENT_DEAL), l->text, m->env, &l->filter, e));
        }
    for (size_t from = 0; from < all.n; from += GATES_ASKED)
        TRY(count_lacks(m, all.ptr + from, all.n - from < GATES_ASKED ? all.n - from : GATES_ASKED, e));
    for (size_t i = 0; i < all.n; i++)
        if (all.ptr[i].count)
            put_lack(m, &all.ptr[i]);
    return RC_OK;
}

/* ---- moves ---- */

static const char *published_name(const struct impact *m, int64_t id)
{
    const json_t *list = json_object_get(m->now, "stages");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_integer_value(json_object_get(json_array_get(list, i), "id")) == id)
            return json_string_value(json_object_get(json_array_get(list, i), "name"));
    return NULL;
}

static void put_move(struct impact *m, int64_t from, const struct draft_node *to, struct str filter, int64_t n)
{
    jw_obj(&m->w);
    jw_kc(&m->w, "stage", published_name(m, from));
    jw_ki64(&m->w, "stage_id", from);
    jw_kc(&m->w, "to", to ? json_string_value(json_object_get(to->json, "name")) : NULL);
    jw_ki64(&m->w, "count", n);
    jw_kstr(&m->w, "filter", filter);
    jw_end_obj(&m->w);
}

/* Of a split each part takes what the parts before it have left. */
static enum rc impact_of_remap(struct impact *m, const struct draft_remap *r, struct err *e)
{
    struct str rest = str_fmt(m->a, "stage_id = %lld", (long long)r->from);
    for (size_t i = 0; i < r->n; i++) {
        int64_t n;
        struct str here = rest;
        if (r->to[i].condition) {
            here = str_fmt(m->a, "%.*s and (%s)", STR_ARG(rest), r->to[i].condition);
            rest = str_fmt(m->a, "%.*s and not (%s)", STR_ARG(rest), r->to[i].condition);
        }
        TRY(count(m, here, &n, e));
        put_move(m, r->from, draft_find(m->d, FP_STAGE, r->to[i].key, r->to[i].id), here, n);
    }
    return RC_OK;
}

/* Stages that go with deals on them and nobody says where to. */
static enum rc impact_of_gone(struct impact *m, struct err *e)
{
    const json_t *list = json_object_get(m->now, "stages");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        int64_t id = json_integer_value(json_object_get(one, "id")), n;
        const struct draft_node *stays = draft_find(m->d, FP_STAGE, NULL, id);
        bool remapped = false;
        for (size_t k = 0; k < m->d->n_remaps; k++)
            remapped |= m->d->remaps[k].from == id;
        if ((stays && !stays->archived) || remapped || json_is_true(json_object_get(one, "archived")))
            continue;
        struct str filter = str_fmt(m->a, "stage_id = %lld", (long long)id);
        TRY(count(m, filter, &n, e));
        if (n)
            put_move(m, id, NULL, filter, n);
    }
    return RC_OK;
}

static enum rc put_impact(struct impact *m, struct err *e)
{
    int64_t deals = 0;
    if (m->row.funnel_id)
        TRY(count(m, str_fmt(m->a, "funnel_id = %lld and status = \"open\"", (long long)m->row.funnel_id), &deals, e));
    jw_obj(&m->w);
    jw_ki64(&m->w, "deals", deals);
    jw_key(&m->w, "lack");
    jw_arr(&m->w);
    if (deals)
        TRY(put_lacks(m, e));
    jw_end_arr(&m->w);
    jw_key(&m->w, "moved");
    jw_arr(&m->w);
    for (size_t i = 0; i < m->d->n_remaps; i++)
        TRY(impact_of_remap(m, &m->d->remaps[i], e));
    TRY(impact_of_gone(m, e));
    jw_end_arr(&m->w);
    jw_end_obj(&m->w);
    return RC_OK;
}

enum rc draft_impact(struct db *db, struct arena *a, int64_t id, const struct filter_env *env, struct buf *out,
                     struct err *e)
{
    struct impact m = {.db = db, .a = a, .env = env, .w = jw_to(out)};
    enum rc rc = RC_OK;
    TRY(draft_load(db, a, id, &m.row, e));
    m.d = &m.row.draft;
    if (m.row.funnel_id)
        rc = funnel_document(db, m.row.funnel_id, &m.now, e);
    if (rc == RC_OK)
        rc = put_impact(&m, e);
    json_decref(m.now);
    json_decref(m.row.draft.tree);
    return rc;
}
