/* The linter: the document made ready, the checks in a row, what they found as JSON. */
#include "base/i18n.h"
#include "base/map.h"
#include "rules/lint_impl.h"
#include <stdio.h>
#include <stdlib.h>

#define NEW_IDS INT64_C(1000000000000000) /* records without an id get one from here, so that references read alike */

const char *const lint_level_names[] = {"error", "warning", "hint", NULL};
static void (*const checks[])(struct lint *l) = {
    lint_check_names, lint_check_pairs,    lint_check_content, lint_check_gates,  lint_check_reasons,
    lint_check_graph, lint_check_triggers, lint_check_fights,  lint_check_timers, lint_check_loops,
};

/* ---- what checks share ---- */

struct lint_finding *lint_add(struct lint *l, const char *code, enum lint_level level, int stage,
                              const struct lint_actor *actor)
{
    struct lint_finding f = {.code = code, .level = level, .stage = stage, .actor = actor, .order = l->found.len};
    f.path = actor ? actor->path : stage >= 0 ? l->stages[stage].path : "";
    f.args[0] = actor ? lint_actor_name(actor) : stage >= 0 ? l->stages[stage].name : lint_text(l->tree, "name");
    vec_push(&l->found, f);
    return &l->found.ptr[l->found.len - 1];
}

void lint_fix(struct lint_finding *f, const char *path, json_t *value)
{
    if (f->n_fix < sizeof f->fix / sizeof *f->fix)
        f->fix[f->n_fix++] = (struct lint_patch){path, value};
    else
        json_decref(value);
}

const char *lint_path(struct lint *l, const char *path, const char *member)
{
    return str_fmt(l->a, "%s%s%s", path, path[0] ? "." : "", member).ptr;
}

struct str lint_text(const json_t *json, const char *member)
{
    const json_t *v = json_object_get(json, member);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

bool lint_empty(const json_t *json, const char *member)
{
    const json_t *v = json_object_get(json, member);
    if (json_is_array(v))
        return json_array_size(v) == 0;
    return !v || json_is_null(v) || (json_is_string(v) && str_trim(str_c(json_string_value(v))).len == 0);
}

bool lint_closing(const struct lint_stage *s)
{
    return s->outcome != DEAL_OPEN;
}

struct str lint_actor_name(const struct lint_actor *x)
{
    return lint_text(x->json, "name");
}

int lint_stage_of(const struct lint *l, int64_t id)
{
    for (size_t i = 0; i < l->n_stages; i++)
        if (json_integer_value(json_object_get(l->stages[i].json, "id")) == id)
            return (int)i;
    return -1;
}

const struct action_value *lint_value(const struct action *act, const char *field)
{
    for (size_t i = 0; i < act->type->n_fields; i++)
        if (strcmp(act->type->fields[i].name, field) == 0)
            return act->v[i].given ? &act->v[i] : NULL;
    return NULL;
}

bool lint_is(const struct action *act, const char *name)
{
    return strcmp(act->type->name, name) == 0;
}

/* ---- ids for what has none ---- */

static void give_id(json_t *node, struct strmap *keys, int64_t *next)
{
    int64_t id = json_integer_value(json_object_get(node, "id"));
    const char *key = json_string_value(json_object_get(node, "key"));
    if (!id)
        json_object_set_new(node, "id", json_integer(id = ++*next));
    if (key)
        strmap_put(keys, str_c(key), id);
}

static void give_ids(json_t *owner, const char *list, struct strmap *keys, int64_t *next)
{
    json_t *nodes = json_object_get(owner, list);
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        json_t *node = json_array_get(nodes, i);
        give_id(node, keys, next);
        if (strcmp(list, "stages") == 0) {
            give_ids(node, "gates", keys, next);
            give_ids(node, "goals", keys, next);
            give_ids(node, "triggers", keys, next);
        }
    }
}

static void resolve(json_t *json, const struct strmap *keys)
{
    const char *name;
    json_t *value;
    for (size_t i = 0; i < json_array_size(json); i++)
        resolve(json_array_get(json, i), keys);
    json_object_foreach(json, name, value)
    {
        size_t n = strlen(name);
        int64_t id;
        if (json_is_string(value) && n > 3 && strcmp(name + n - 3, "_id") == 0 &&
            strmap_get(keys, str_c(json_string_value(value)), &id))
            json_object_set_new(json, name, json_integer(id));
        else
            resolve(value, keys);
    }
}

void lint_make_ids(json_t *tree)
{
    static const char *const lists[] = {"loss_reasons", "stages", "triggers", "involvements"};
    struct strmap *keys = strmap_new();
    int64_t next = NEW_IDS;
    for (size_t i = 0; i < 4; i++)
        give_ids(tree, lists[i], keys, &next);
    resolve(tree, keys);
    strmap_free(keys);
}

/* ---- stages and what acts on them ---- */

static struct str dump(struct arena *a, const json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    struct str out = text ? str_dup(a, str_c(text)) : STR("null");
    free(text);
    return out;
}

static int index_in(const char *const *names, struct str name)
{
    for (int i = 0; names[i]; i++)
        if (str_eqc(name, names[i]))
            return i;
    return 0;
}

static void compile(struct lint *l, struct lint_actor *x, size_t position)
{
    struct trigger_def def = {
        .id = json_integer_value(json_object_get(x->json, "id")),
        .is_goal = x->is_goal,
        .goal_kind = (enum goal_kind)index_in(goal_kind_names, lint_text(x->json, "kind")),
        .name = lint_actor_name(x),
        .funnel_id = l->facts->funnel_id,
        .position = (int64_t)position,
        .enabled = !x->off,
        .stage_id = x->stage >= 0 ? json_integer_value(json_object_get(l->stages[x->stage].json, "id")) : 0,
        .event = dump(l->a, json_object_get(x->json, "event")),
        .condition = lint_text(x->json, "condition"),
        .actions = lint_empty(x->json, "actions") ? STR("[]") : dump(l->a, json_object_get(x->json, "actions")),
    };
    if (trigger_read(l->a, &def, l->facts->now, l->facts->offset_ms, &x->t, &x->why) != RC_OK)
        x->t = NULL;
}

static void add_actors(struct lint *l, const json_t *owner, const char *path, const char *list, int stage)
{
    const json_t *nodes = json_object_get(owner, list);
    bool goal = strcmp(list, "goals") == 0;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);
        if (goal && json_is_true(json_object_get(node, "archived")))
            continue;
        struct lint_actor *x = &l->actors[l->n_actors++];
        *x = (struct lint_actor){.json = node, .stage = stage, .is_goal = goal};
        x->path = str_fmt(l->a, "%s%s%s[%zu]", path, path[0] ? "." : "", list, i).ptr;
        x->off = !goal && !json_is_true(json_object_get(node, "enabled"));
        compile(l, x, i);
    }
}

static size_t count_actors(const json_t *owner)
{
    return json_array_size(json_object_get(owner, "goals")) + json_array_size(json_object_get(owner, "triggers"));
}

static void read_stages(struct lint *l)
{
    const json_t *list = json_object_get(l->tree, "stages");
    size_t n = json_array_size(list), actors = count_actors(l->tree);
    for (size_t i = 0; i < n; i++)
        actors += count_actors(json_array_get(list, i));
    l->stages = ARENA_ARRAY(l->a, struct lint_stage, n + 1);
    l->actors = ARENA_ARRAY(l->a, struct lint_actor, actors + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *node = json_array_get(list, i);
        if (json_is_true(json_object_get(node, "archived")))
            continue;
        l->stages[l->n_stages++] =
            (struct lint_stage){.json = node,
                                .path = str_fmt(l->a, "stages[%zu]", i).ptr,
                                .name = lint_text(node, "name"),
                                .outcome = (enum deal_status)index_in(deal_status_names, lint_text(node, "outcome"))};
    }
    for (size_t i = 0; i < l->n_stages; i++) {
        l->stages[i].first_actor = (int)l->n_actors;
        add_actors(l, l->stages[i].json, l->stages[i].path, "goals", (int)i);
        add_actors(l, l->stages[i].json, l->stages[i].path, "triggers", (int)i);
    }
    l->stages[l->n_stages].first_actor = (int)l->n_actors;
    add_actors(l, l->tree, "", "triggers", -1);
}

static void read_moves(struct lint *l)
{
    size_t most = 0;
    for (size_t i = 0; i < l->n_actors; i++)
        most += l->actors[i].t ? l->actors[i].t->n_actions : 0;
    l->moves = ARENA_ARRAY(l->a, struct lint_move, most + 1);
    for (size_t i = 0; i < l->n_actors; i++) {
        const struct lint_actor *x = &l->actors[i];
        for (size_t k = 0; x->t && k < x->t->n_actions; k++) {
            const struct action_value *to = lint_value(&x->t->actions[k], "stage_id");
            if (lint_is(&x->t->actions[k], "move") && to)
                l->moves[l->n_moves++] = (struct lint_move){x->stage, lint_stage_of(l, to->i), x};
        }
    }
}

/* ---- out ---- */

static void put_ref(struct jw *w, const char *key, const json_t *node)
{
    const char *own = json_string_value(json_object_get(node, "key"));
    int64_t id = json_integer_value(json_object_get(node, "id"));
    if (own)
        jw_kc(w, key, own);
    else if (id && id <= NEW_IDS)
        jw_ki64(w, key, id);
    else
        jw_kstr(w, key, lint_text(node, "name"));
}

static void put_place(struct lint *l, struct jw *w, const struct lint_finding *f)
{
    jw_key(w, "place");
    jw_obj(w);
    if (l->facts->funnel_id)
        jw_ki64(w, "funnel", l->facts->funnel_id);
    int stage = f->actor ? f->actor->stage : f->stage;
    if (stage >= 0)
        put_ref(w, "stage", l->stages[stage].json);
    if (f->actor)
        put_ref(w, f->actor->is_goal ? "goal" : "trigger", f->actor->json);
    if (f->field)
        jw_kc(w, "field", f->field);
    jw_kc(w, "path", f->path);
    jw_end_obj(w);
}

static void put_text(struct lint *l, struct jw *w, const struct lint_finding *f, const char *member)
{
    char key[96];
    snprintf(key, sizeof key, "lint.%s.%s", f->code, member);
    jw_str(w, i18n_fill(l->a, l->lang, key, f->args, 3));
}

static void put_finding(struct lint *l, struct jw *w, struct lint_finding *f)
{
    jw_obj(w);
    jw_kc(w, "code", f->code);
    jw_kc(w, "level", lint_level_names[f->level]);
    put_place(l, w, f);
    jw_key(w, "text");
    put_text(l, w, f, "text");
    jw_key(w, "why");
    put_text(l, w, f, "why");
    jw_key(w, "fix");
    if (f->n_fix) {
        jw_obj(w);
        jw_key(w, "label");
        put_text(l, w, f, "fix");
        jw_key(w, "patch");
        jw_arr(w);
        for (size_t i = 0; i < f->n_fix; i++) {
            jw_obj(w);
            jw_kc(w, "path", f->fix[i].path);
            if (f->fix[i].value) {
                jw_key(w, "value");
                jw_raw(w, dump(l->a, f->fix[i].value));
            }
            jw_end_obj(w);
        }
        jw_end_arr(w);
        jw_end_obj(w);
    } else {
        jw_null(w);
    }
    jw_end_obj(w);
}

static int by_weight(const void *x, const void *y)
{
    const struct lint_finding *a = x, *b = y;
    int at[2] = {a->actor ? a->actor->stage : a->stage, b->actor ? b->actor->stage : b->stage};
    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    if (at[0] != at[1])
        return at[0] < at[1] ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void lint_begin(struct jw *w)
{
    jw_key(w, "findings");
    jw_arr(w);
}

void lint_end(struct jw *w, const struct lint_counts *counts)
{
    jw_end_arr(w);
    jw_key(w, "counts");
    jw_obj(w);
    for (int i = 0; i < 3; i++)
        jw_ki64(w, lint_level_names[i], counts->n[i]);
    jw_end_obj(w);
}

void lint_run(struct arena *a, json_t *definition, const struct lint_facts *facts, const char *lang, struct jw *w,
              struct lint_counts *counts)
{
    struct lint l = {.a = a, .tree = json_deep_copy(definition), .facts = facts, .lang = lang};
    lint_make_ids(l.tree);
    read_stages(&l);
    read_moves(&l);
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
        checks[i](&l);
    if (l.found.len)
        qsort(l.found.ptr, l.found.len, sizeof *l.found.ptr, by_weight);
    for (size_t i = 0; i < l.found.len; i++) {
        struct lint_finding *f = &l.found.ptr[i];
        put_finding(&l, w, f);
        counts->n[f->level]++;
        for (size_t k = 0; k < f->n_fix; k++)
            json_decref(f->fix[k].value);
    }
    vec_free(&l.found);
    json_decref(l.tree);
}

enum rc lint_publish(struct change *ch, json_t *definition, struct err *e)
{
    struct lint_facts facts = {.funnel_id = json_integer_value(json_object_get(definition, "id")), .now = ch->at};
    struct lint l = {.a = ch->tx->arena, .tree = json_deep_copy(definition), .facts = &facts, .lang = "ru"};
    struct str ring = STR_NULL;
    lint_make_ids(l.tree);
    read_stages(&l);
    lint_check_loops(&l);
    for (size_t i = 0; i < l.found.len; i++) {
        if (l.found.ptr[i].level == LINT_ERROR && !ring.ptr)
            ring = l.found.ptr[i].args[1];
        for (size_t k = 0; k < l.found.ptr[i].n_fix; k++)
            json_decref(l.found.ptr[i].fix[k].value);
    }
    vec_free(&l.found);
    json_decref(l.tree);
    return ring.ptr ? err_set(e, RC_UNPROCESSABLE, "trigger_loop", "definition", "%.*s", STR_ARG(ring)) : RC_OK;
}
