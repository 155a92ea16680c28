/* Reading a definition document: every object by the field table of its noun, references by id or by key. Knows no
 * database; whether ids are there is asked when it is published. */
#include "base/map.h"
#include "crm/engine.h"
#include "crm/funnel_draft.h"

#define PART_MOST 500 /* of one list */
#define KEY_MOST 40

enum rc draft_bad(struct err *e, const char *path, const char *code, const char *arg)
{
    enum rc rc = err_set(e, RC_UNPROCESSABLE, "bad_definition", "definition", "%s", path);
    struct err inner; /* cut where it is too long, and between letters */
    (void)err_set(&inner, rc, "", "", arg && arg[0] ? "%s|%s" : "%s", code, arg);
    if (e)
        memcpy(e->arg[1], inner.arg[0], sizeof e->arg[1]);
    return rc;
}

struct reader {
    struct arena *a;
    bool creating;
    struct draft *d;
    size_t cap;
    struct err *e;
};

static enum rc bad(struct reader *r, const char *path, const char *code, const char *arg)
{
    return draft_bad(r->e, path, code, arg);
}

static const char *path_at(struct reader *r, const char *path, const char *member)
{
    return str_fmt(r->a, "%s%s%s", path, path[0] && member[0] ? "." : "", member).ptr;
}

static const char *path_nth(struct reader *r, const char *path, size_t i)
{
    return str_fmt(r->a, "%s[%zu]", path, i).ptr;
}

/* ---- members ---- */

static const struct entity *noun_of(int part)
{
    return entity_by_id(part < 0 ? ENT_FUNNEL : funnel_parts[part].kind);
}

static bool is_child(int part, const char *key)
{
    static const char *const of_funnel[] = {"loss_reasons", "stages", "triggers", "involvements", "remap", "version"};
    static const char *const of_stage[] = {"gates", "goals", "triggers"};
    const char *const *names = part < 0 ? of_funnel : of_stage;
    size_t n = part < 0 ? sizeof of_funnel / sizeof *of_funnel : part == FP_STAGE ? 3 : 0;
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], key) == 0)
            return true;
    return false;
}

/* The field that may hold a key of the document instead of an id; -1: none. */
static int ref_field(int part)
{
    return part == FP_GATE ? GATE_GOAL_ID : part == FP_INVOLVEMENT ? INVOLVEMENT_STAGE_ID : -1;
}

static enum rc read_key(struct reader *r, const char *path, const json_t *value, const char **out)
{
    size_t n = json_is_string(value) ? str_utf8_len(str_c(json_string_value(value))) : 0;
    if (!json_is_string(value))
        return bad(r, path, "wrong_type", "string");
    if (n == 0 || n > KEY_MOST)
        return bad(r, path, n ? "too_long" : "required", "40");
    *out = str_cdup(r->a, str_c(json_string_value(value)));
    return RC_OK;
}

/* id, key and what stands in place of an id; the fields alone come into `body`. */
static enum rc sort_member(struct reader *r, struct draft_node *n, const char *name, json_t *value, json_t *body)
{
    const struct entity *ent = noun_of(n->part);
    const char *path = path_at(r, n->path, name);
    const char *skip = n->part < 0 ? funnel_skip : funnel_parts[n->part].skip;
    int field = entity_field(ent, str_c(name));
    if (strcmp(name, "id") == 0) {
        if (!json_is_null(value) && (!json_is_integer(value) || json_integer_value(value) <= 0))
            return bad(r, path, "wrong_type", "integer");
        n->id = json_integer_value(value);
        return RC_OK;
    }
    if (strcmp(name, "key") == 0 && n->part >= 0)
        return json_is_null(value) ? RC_OK : read_key(r, path, value, &n->key);
    if (is_child(n->part, name))
        return RC_OK;
    if (field < 0 || !funnel_part_field(ent, skip, (size_t)field))
        return bad(r, path, "unknown_field", NULL);
    if (field == ref_field(n->part) && json_is_string(value))
        return read_key(r, path, value, &n->ref_key);
    json_object_set(body, name, value);
    return RC_OK;
}

/* What the place in the document tells is demanded of a new record: it gets a stand-in, which goes again. */
static const int stand_ins[FP_N][2] = {[FP_STAGE] = {STAGE_FUNNEL_ID, -1},
                                       [FP_LOSS_REASON] = {-1, -1},
                                       [FP_INVOLVEMENT] = {INVOLVEMENT_FUNNEL_ID, INVOLVEMENT_STAGE_ID},
                                       [FP_GATE] = {GATE_STAGE_ID, -1},
                                       [FP_GOAL] = {GOAL_STAGE_ID, -1},
                                       [FP_TRIGGER] = {-1, -1}};

static enum rc read_fields(struct reader *r, struct draft_node *n, json_t *body)
{
    const struct entity *ent = noun_of(n->part);
    struct err why = {0};
    bool stands[2] = {false, false};
    /* Of a record that is there only what may still be changed is taken; whether the rest agrees is asked later. */
    for (size_t i = 0; i < ent->n_fields && n->id; i++)
        if (ent->fields[i].flags & FF_CREATE)
            json_object_del(body, ent->fields[i].name);
    for (int i = 0; i < 2 && n->part >= 0 && !n->id; i++) {
        int f = stand_ins[n->part][i];
        stands[i] = f >= 0 && (f != ref_field(n->part) || n->ref_key);
        if (stands[i])
            json_object_set_new(body, ent->fields[f].name, json_integer(1));
    }
    bool creating = n->part < 0 ? r->creating : !n->id;
    if (record_from_json(r->a, ent, body, creating, &n->in, &why) != RC_OK)
        return bad(r, path_at(r, n->path, why.field), why.code, why.arg[0]);
    for (int i = 0; i < 2; i++)
        if (stands[i])
            n->in->f[stand_ins[n->part][i]] = (struct val){.kind = VAL_ABSENT};
    return RC_OK;
}

static enum rc read_object(struct reader *r, struct draft_node *n, json_t *json)
{
    const char *name;
    json_t *value;
    enum rc rc = RC_OK;
    if (!json_is_object(json))
        return bad(r, n->path, "wrong_type", "object");
    json_t *body = json_object();
    n->json = json;
    json_object_foreach(json, name, value)
    {
        rc = sort_member(r, n, name, value, body);
        if (rc != RC_OK)
            goto out;
    }
    if (n->part >= 0 && n->id && r->creating)
        TRY_OUT(bad(r, path_at(r, n->path, "id"), "ref_not_found", NULL));
    rc = read_fields(r, n, body);
out:
    json_decref(body);
    return rc;
}

/* ---- lists ---- */

static void add_node(struct reader *r, const struct draft_node *n)
{
    struct draft *d = r->d;
    if (d->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 64;
        struct draft_node *more = ARENA_ARRAY(r->a, struct draft_node, cap);
        if (d->n)
            memcpy(more, d->nodes, d->n * sizeof *more);
        d->nodes = more;
        r->cap = cap;
    }
    d->nodes[d->n++] = *n;
}

static enum rc read_list(struct reader *r, const char *path, json_t *owner, int part, size_t stage);

static enum rc read_node(struct reader *r, const char *path, json_t *json, int part, size_t stage, int64_t position)
{
    struct draft_node n = {.part = part, .path = path, .stage = stage, .position = position};
    TRY(read_object(r, &n, json));
    n.archived = json_is_true(json_object_get(json, "archived")) || (stage != SIZE_MAX && r->d->nodes[stage].archived);
    add_node(r, &n);
    if (part != FP_STAGE)
        return RC_OK;
    size_t at = r->d->n - 1;
    TRY(read_list(r, path, json, FP_GATE, at));
    TRY(read_list(r, path, json, FP_GOAL, at));
    return read_list(r, path, json, FP_TRIGGER, at);
}

static enum rc read_list(struct reader *r, const char *path, json_t *owner, int part, size_t stage)
{
    const char *key = funnel_parts[part].key;
    const char *here = path_at(r, path, key);
    json_t *list = json_object_get(owner, key);
    if (!list || json_is_null(list))
        return RC_OK;
    if (!json_is_array(list))
        return bad(r, here, "wrong_type", "array");
    if (json_array_size(list) > PART_MOST)
        return bad(r, here, "too_long", "500");
    for (size_t i = 0; i < json_array_size(list); i++)
        TRY(read_node(r, path_nth(r, here, i), json_array_get(list, i), part, stage, (int64_t)i + 1));
    return RC_OK;
}

/* ---- keys and references ---- */

struct draft_node *draft_find(const struct draft *d, int part, const char *key, int64_t id)
{
    for (size_t i = 0; i < d->n; i++) {
        struct draft_node *n = &d->nodes[i];
        if (n->part == part && (key ? n->key && strcmp(n->key, key) == 0 : id && n->id == id))
            return n;
    }
    return NULL;
}

static enum rc check_unique(struct reader *r)
{
    const struct draft *d = r->d;
    enum rc rc = RC_OK;
    struct strmap *seen = strmap_new();
    for (size_t i = 0; i < d->n && rc == RC_OK; i++) {
        const struct draft_node *n = &d->nodes[i];
        int64_t other;
        struct str id = str_fmt(r->a, "%d#%lld", n->part, (long long)n->id);
        struct str key = str_fmt(r->a, "key#%s", n->key ? n->key : "");
        if (n->id && strmap_get(seen, id, &other))
            rc = bad(r, path_at(r, n->path, "id"), "repeated", NULL);
        else if (n->key && strmap_get(seen, key, &other))
            rc = bad(r, path_at(r, n->path, "key"), "repeated", n->key);
        strmap_put(seen, id, (int64_t)i);
        if (n->key)
            strmap_put(seen, key, (int64_t)i);
    }
    strmap_free(seen);
    return rc;
}

/* Keys inside of an event or of actions. */
static enum rc check_tree(struct reader *r, const char *path, const json_t *json, int depth)
{
    const char *name;
    json_t *value;
    if (depth > 10)
        return bad(r, path, "too_deep", NULL);
    for (size_t i = 0; i < json_array_size(json); i++)
        TRY(check_tree(r, path_nth(r, path, i), json_array_get(json, i), depth + 1));
    json_object_foreach((json_t *)json, name, value)
    {
        int part = draft_ref_part(name);
        const char *here = path_at(r, path, name);
        if (part >= 0 && json_is_string(value) && !draft_find(r->d, part, json_string_value(value), 0))
            return bad(r, here, "unknown_key", json_string_value(value));
        TRY(check_tree(r, here, value, depth + 1));
    }
    return RC_OK;
}

static enum rc check_actions(struct reader *r, const struct draft_node *n, bool required)
{
    const json_t *list = json_object_get(n->json, "actions");
    const char *path = path_at(r, n->path, "actions");
    if (!list || json_is_null(list))
        return required && !n->id ? bad(r, path, "required", NULL) : RC_OK;
    if (!json_is_array(list))
        return bad(r, path, "wrong_type", "array");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_object_get(json_array_get(list, i), "do")))
            return bad(r, path_at(r, path_nth(r, path, i), "do"), "required", NULL);
    return check_tree(r, path, list, 0);
}

static enum rc check_node(struct reader *r, const struct draft_node *n)
{
    int part = n->part == FP_GATE ? FP_GOAL : FP_STAGE;
    if (n->ref_key && !draft_find(r->d, part, n->ref_key, 0))
        return bad(r, path_at(r, n->path, part == FP_GOAL ? "goal_id" : "stage_id"), "unknown_key", n->ref_key);
    if (n->part == FP_GOAL || n->part == FP_TRIGGER)
        TRY(check_actions(r, n, n->part == FP_TRIGGER));
    const json_t *event = n->part == FP_TRIGGER ? json_object_get(n->json, "event") : NULL;
    return event ? check_tree(r, path_at(r, n->path, "event"), event, 0) : RC_OK;
}

int draft_ref_part(const char *member)
{
    return strcmp(member, "stage_id") == 0         ? FP_STAGE
           : strcmp(member, "goal_id") == 0        ? FP_GOAL
           : strcmp(member, "loss_reason_id") == 0 ? FP_LOSS_REASON
                                                   : -1;
}

/* ---- where deals go ---- */

static enum rc read_target(struct reader *r, const char *path, const json_t *to, struct draft_target *out)
{
    const struct draft_node *n = NULL;
    if (json_is_string(to))
        n = draft_find(r->d, FP_STAGE, out->key = str_cdup(r->a, str_c(json_string_value(to))), 0);
    else if (json_is_integer(to))
        n = draft_find(r->d, FP_STAGE, NULL, out->id = json_integer_value(to));
    else
        return bad(r, path, to ? "wrong_type" : "required", "integer");
    if (!n)
        return bad(r, path, "unknown_key", out->key);
    return n->archived ? bad(r, path, "stage_archived", NULL) : RC_OK;
}

static enum rc only_members(struct reader *r, const char *path, const json_t *json, const char *const *names)
{
    const char *name;
    json_t *value;
    if (!json_is_object(json))
        return bad(r, path, "wrong_type", "object");
    json_object_foreach((json_t *)json, name, value)
    {
        const char *const *at = names;
        while (*at && strcmp(*at, name) != 0)
            at++;
        if (!*at)
            return bad(r, path_at(r, path, name), "unknown_field", NULL);
    }
    return RC_OK;
}

static enum rc read_split(struct reader *r, const char *path, const json_t *list, struct draft_remap *m)
{
    static const char *const names[] = {"condition", "to", NULL};
    size_t n = json_array_size(list);
    if (n < 1 || n > 50)
        return bad(r, path, n ? "too_long" : "required", "50");
    m->to = ARENA_ARRAY(r->a, struct draft_target, n);
    for (m->n = 0; m->n < n; m->n++) {
        const json_t *part = json_array_get(list, m->n), *condition = json_object_get(part, "condition");
        const char *here = path_nth(r, path, m->n);
        TRY(only_members(r, here, part, names));
        bool last = m->n + 1 == n, given = json_is_string(condition) && json_string_length(condition);
        if (given == last)
            return bad(r, path_at(r, here, "condition"), last ? "last_has_none" : "required", NULL);
        if (given)
            m->to[m->n].condition = str_cdup(r->a, str_c(json_string_value(condition)));
        TRY(read_target(r, path_at(r, here, "to"), json_object_get(part, "to"), &m->to[m->n]));
    }
    return RC_OK;
}

static enum rc read_remap(struct reader *r, const char *path, const json_t *json, struct draft_remap *m)
{
    static const char *const names[] = {"from", "to", "split", NULL};
    const json_t *from = json_object_get(json, "from"), *split = json_object_get(json, "split");
    TRY(only_members(r, path, json, names));
    if (!json_is_integer(from) || json_integer_value(from) <= 0)
        return bad(r, path_at(r, path, "from"), from ? "wrong_type" : "required", "integer");
    *m = (struct draft_remap){.from = json_integer_value(from), .path = path};
    for (const struct draft_remap *o = r->d->remaps; o < m; o++)
        if (o->from == m->from)
            return bad(r, path_at(r, path, "from"), "repeated", NULL);
    if (split && json_object_get(json, "to"))
        return bad(r, path_at(r, path, "split"), "unknown_field", NULL);
    if (split)
        return read_split(r, path_at(r, path, "split"), split, m);
    m->n = 1;
    m->to = ARENA_NEW(r->a, struct draft_target);
    return read_target(r, path_at(r, path, "to"), json_object_get(json, "to"), m->to);
}

static enum rc read_remaps(struct reader *r)
{
    const json_t *list = json_object_get(r->d->tree, "remap");
    size_t n = json_array_size(list);
    if (!list || json_is_null(list))
        return RC_OK;
    if (!json_is_array(list) || r->creating)
        return bad(r, "remap", r->creating ? "unknown_field" : "wrong_type", "array");
    if (n > PART_MOST)
        return bad(r, "remap", "too_long", "500");
    r->d->remaps = ARENA_ARRAY(r->a, struct draft_remap, n + 1);
    for (; r->d->n_remaps < n; r->d->n_remaps++)
        TRY(read_remap(r, path_nth(r, "remap", r->d->n_remaps), json_array_get(list, r->d->n_remaps),
                       &r->d->remaps[r->d->n_remaps]));
    return RC_OK;
}

enum rc draft_read(struct arena *a, json_t *tree, bool creating, struct draft *out, struct err *e)
{
    struct reader r = {.a = a, .creating = creating, .d = out, .e = e};
    struct draft_node funnel = {.part = -1, .path = ""};
    *out = (struct draft){.tree = tree};
    TRY(read_object(&r, &funnel, tree));
    out->funnel = funnel.in;
    TRY(read_list(&r, "", tree, FP_LOSS_REASON, SIZE_MAX));
    TRY(read_list(&r, "", tree, FP_STAGE, SIZE_MAX));
    TRY(read_list(&r, "", tree, FP_TRIGGER, SIZE_MAX));
    TRY(read_list(&r, "", tree, FP_INVOLVEMENT, SIZE_MAX));
    TRY(check_unique(&r));
    for (size_t i = 0; i < out->n; i++)
        TRY(check_node(&r, &out->nodes[i]));
    return read_remaps(&r);
}
