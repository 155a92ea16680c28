/* What a draft would mean for the deals that are there: how many lack what new gates ask, how many go to other stages.
 * Questions to the database, one a gate; never a walk over the deals. */
#include "crm/engine.h"
#include "crm/funnel_draft.h"

#define IDS_SHOWN 100

struct impact {
    struct db *db;
    struct arena *a;
    const struct filter_env *env;
    struct draft_row row;
    const struct draft *d;
    json_t *now;
    struct jw w;
};

/* ---- counting ---- */

/* Deals of a filter; `without`: beside, those that have no file of this kind (-1: not asked). */
static enum rc ask(struct impact *m, const char *what, struct str filter, int without, struct stmt **s, struct sqlb *q,
                   struct err *e)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    struct filter *f;
    TRY(filter_parse(m->a, deal, filter, m->env, &f, e));
    sqlb_fmt(q, "SELECT %s FROM deal t WHERE t.deleted_at IS NULL AND ", what);
    filter_sql(q, deal, f, "t");
    sqlb_c(q, " AND ");
    rights_sql(q, m->env->rights, deal, RIGHT_SEE, "t");
    if (without >= 0)
        sqlb_fmt(q,
                 " AND NOT EXISTS (SELECT 1 FROM file x WHERE x.deal_id = t.id AND x.artefact = %d AND x.deleted_at IS"
                 " NULL)",
                 without);
    if (strcmp(what, "t.id") == 0)
        sqlb_fmt(q, " ORDER BY t.id LIMIT %d", IDS_SHOWN);
    return sqlb_prepare(q, m->db, s, e);
}

static enum rc count(struct impact *m, struct str filter, int without, int64_t *n, struct err *e)
{
    struct sqlb q = sqlb_new(m->a);
    struct stmt *s = NULL;
    enum rc rc = ask(m, "count(*)", filter, without, &s, &q, e);
    if (rc == RC_OK) {
        rc = stmt_step(s, e);
        *n = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
        rc = rc == RC_ROW ? RC_OK : rc;
    }
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

static enum rc put_ids(struct impact *m, struct str filter, int without, struct err *e)
{
    struct sqlb q = sqlb_new(m->a);
    struct stmt *s = NULL;
    enum rc rc = ask(m, "t.id", filter, without, &s, &q, e);
    jw_key(&m->w, "ids");
    jw_arr(&m->w);
    while (rc == RC_OK || rc == RC_ROW) {
        rc = stmt_step(s, e);
        if (rc == RC_ROW)
            jw_i64(&m->w, stmt_col_i64(s, 0));
    }
    jw_end_arr(&m->w);
    stmt_done(s);
    sqlb_free(&q);
    return rc == RC_DONE ? RC_OK : rc;
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
        return str_fmt(m->a, "waiting_since < now - %lldh", least);
    default:
        return STR("");
    }
}

static void put_gate(struct impact *m, const struct draft_node *n, const struct draft_node *stage, int64_t lacking)
{
    char *text = json_dumps(n->json, JSON_COMPACT);
    jw_obj(&m->w);
    jw_key(&m->w, "gate");
    jw_raw(&m->w, str_dup(m->a, str_c(text)));
    free(text);
    jw_kc(&m->w, "path", n->path);
    jw_kc(&m->w, "stage", json_string_value(json_object_get(stage->json, "name")));
    jw_ki64(&m->w, "count", lacking);
}

static int index_of(const char *const *names, const char *name)
{
    for (int i = 0; name && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static enum rc impact_of_gate(struct impact *m, const struct draft_node *n, struct err *e)
{
    const struct draft_node *stage = &m->d->nodes[n->stage];
    int kind = index_of(gate_kind_names, json_string_value(json_object_get(n->json, "kind")));
    const char *outcome = json_string_value(json_object_get(stage->json, "outcome"));
    bool of_loss = outcome && strcmp(outcome, "lost") == 0; /* asked when one loses, of nobody before */
    if (n->archived || kind < 0 || of_loss || gate_same(m, n))
        return RC_OK;
    struct str stages = stages_behind(m, stage), lack = lack_of(m, n, (enum gate_kind)kind);
    int64_t class = json_integer_value(json_object_get(n->json, "deal_class_id")), lacking;
    if (!stages.len)
        return RC_OK;
    struct str of_class = class ? str_fmt(m->a, " and deal_class_id = %lld", (long long)class) : STR("");
    struct str filter = str_fmt(m->a, "funnel_id = %lld and status = \"open\" and stage_id in (%.*s)%.*s%s%.*s",
                                (long long)m->row.funnel_id, STR_ARG(stages), STR_ARG(of_class),
                                lack.len ? " and " : "", STR_ARG(lack));
    int artefact = kind == GATE_OF_ARTEFACT
                       ? index_of(artefact_names, json_string_value(json_object_get(n->json, "artefact")))
                       : -1;
    TRY(count(m, filter, artefact, &lacking, e));
    if (!lacking)
        return RC_OK;
    put_gate(m, n, stage, lacking);
    if (artefact < 0)
        jw_kstr(&m->w, "filter", filter);
    else
        jw_knull(&m->w, "filter"); /* no filter asks for files */
    TRY(put_ids(m, filter, artefact, e));
    jw_end_obj(&m->w);
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
        TRY(count(m, here, -1, &n, e));
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
        TRY(count(m, filter, -1, &n, e));
        if (n)
            put_move(m, id, NULL, filter, n);
    }
    return RC_OK;
}

static enum rc put_impact(struct impact *m, struct err *e)
{
    int64_t deals = 0;
    if (m->row.funnel_id)
        TRY(count(m, str_fmt(m->a, "funnel_id = %lld and status = \"open\"", (long long)m->row.funnel_id), -1, &deals,
                  e));
    jw_obj(&m->w);
    jw_ki64(&m->w, "deals", deals);
    jw_key(&m->w, "lack");
    jw_arr(&m->w);
    for (size_t i = 0; i < m->d->n && deals; i++)
        if (m->d->nodes[i].part == FP_GATE)
            TRY(impact_of_gate(m, &m->d->nodes[i], e));
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
