/* What a draft changes against the published definition, as a list for people. */
#include "crm/engine.h"
#include "crm/funnel_draft.h"

struct compare {
    struct arena *a;
    struct jw w;
    json_t *now;
    const struct draft *d;
};

static const char *name_of(const json_t *node)
{
    return json_string_value(json_object_get(node, "name"));
}

/* The record of the published document, and the stage that it stands with. */
static json_t *find_in(json_t *list, int64_t id)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_integer_value(json_object_get(json_array_get(list, i), "id")) == id)
            return json_array_get(list, i);
    return NULL;
}

static json_t *published(const struct compare *c, int part, int64_t id, json_t **stage)
{
    const char *key = funnel_parts[part].key;
    json_t *stages = json_object_get(c->now, "stages"), *found = find_in(json_object_get(c->now, key), id);
    *stage = NULL;
    for (size_t i = 0; i < json_array_size(stages) && !found && part != FP_STAGE; i++) {
        found = find_in(json_object_get(json_array_get(stages, i), key), id);
        if (found)
            *stage = json_array_get(stages, i);
    }
    return found;
}

static void put_json(struct compare *c, const char *key, const json_t *value)
{
    jw_key(&c->w, key);
    if (!value || json_is_null(value)) {
        jw_null(&c->w);
        return;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    jw_raw(&c->w, str_dup(c->a, str_c(text)));
    free(text);
}

static void begin(struct compare *c, const char *what, const char *object, int64_t id, const char *stage,
                  const char *name)
{
    jw_obj(&c->w);
    jw_kc(&c->w, "what", what);
    jw_kc(&c->w, "object", object);
    if (id)
        jw_ki64(&c->w, "id", id);
    else
        jw_knull(&c->w, "id");
    jw_kc(&c->w, "stage", stage);
    jw_kc(&c->w, "name", name);
}

static void put_change(struct compare *c, const char *object, int64_t id, const char *stage, const char *name,
                       const char *field, const json_t *before, const json_t *after)
{
    if (json_equal(before, after) || (json_is_null(after) && !before))
        return;
    begin(c, "changed", object, id, stage, name);
    jw_kc(&c->w, "field", field);
    put_json(c, "before", before);
    put_json(c, "after", after);
    jw_end_obj(&c->w);
}

static void compare_fields(struct compare *c, const struct entity *ent, const char *skip, int64_t id, const char *stage,
                           const json_t *before, const json_t *after)
{
    for (size_t i = 0; i < ent->n_fields; i++) {
        const json_t *value = json_object_get(after, ent->fields[i].name);
        if (value && funnel_part_field(ent, skip, i))
            put_change(c, ent->name, id, stage, name_of(before), ent->fields[i].name,
                       json_object_get(before, ent->fields[i].name), value);
    }
}

static const char *stage_name(const struct compare *c, const struct draft_node *n)
{
    return n->part == FP_STAGE ? name_of(n->json) : n->stage != SIZE_MAX ? name_of(c->d->nodes[n->stage].json) : NULL;
}

static void compare_node(struct compare *c, const struct draft_node *n)
{
    const struct entity *ent = entity_by_id(funnel_parts[n->part].kind);
    json_t *stage, *before = published(c, n->part, n->id, &stage);
    const char *here = stage_name(c, n);
    if (!n->id || !before) {
        begin(c, "added", ent->name, 0, here, name_of(n->json));
        jw_knull(&c->w, "before");
        put_json(c, "after", n->json);
        jw_end_obj(&c->w);
        return;
    }
    if (n->part == FP_TRIGGER && stage && here && strcmp(name_of(stage), here) != 0) {
        begin(c, "moved", ent->name, n->id, here, name_of(before));
        jw_kc(&c->w, "before", name_of(stage));
        jw_kc(&c->w, "after", here);
        jw_end_obj(&c->w);
    }
    compare_fields(c, ent, funnel_parts[n->part].skip, n->id, here, before, n->json);
}

/* ---- order ---- */

static int64_t place(const struct compare *c, const struct draft_node *n)
{
    const json_t *stages = json_object_get(c->now, "stages");
    for (size_t i = 0; i < json_array_size(stages); i++)
        if (json_integer_value(json_object_get(json_array_get(stages, i), "id")) == n->id)
            return (int64_t)i + 1;
    return 0;
}

/* Stages that stay where they were, relative to each other, are the longest row of rising places. */
static void compare_order(struct compare *c)
{
    size_t n = 0;
    const struct draft_node **all = ARENA_ARRAY(c->a, const struct draft_node *, c->d->n + 1);
    int64_t *at = ARENA_ARRAY(c->a, int64_t, c->d->n + 1);
    int *length = ARENA_ARRAY(c->a, int, c->d->n + 1), *before = ARENA_ARRAY(c->a, int, c->d->n + 1), best = -1;
    bool *stays = ARENA_ARRAY(c->a, bool, c->d->n + 1);
    for (size_t i = 0; i < c->d->n; i++)
        if (c->d->nodes[i].part == FP_STAGE && c->d->nodes[i].id && (at[n] = place(c, &c->d->nodes[i])))
            all[n++] = &c->d->nodes[i];
    for (size_t i = 0; i < n; i++) {
        length[i] = 1;
        before[i] = -1;
        for (size_t k = 0; k < i; k++)
            if (at[k] < at[i] && length[k] + 1 > length[i]) {
                length[i] = length[k] + 1;
                before[i] = (int)k;
            }
        if (best < 0 || length[i] > length[best])
            best = (int)i;
    }
    for (int i = best; i >= 0; i = before[i])
        stays[i] = true;
    for (size_t i = 0; i < n; i++) {
        if (stays[i])
            continue;
        begin(c, "moved", "stage", all[i]->id, name_of(all[i]->json), name_of(all[i]->json));
        jw_ki64(&c->w, "before", at[i]);
        jw_ki64(&c->w, "after", all[i]->position);
        jw_end_obj(&c->w);
    }
}

/* ---- what goes ---- */

static void compare_gone(struct compare *c, int part, const json_t *list, const char *stage)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        int64_t id = json_integer_value(json_object_get(one, "id"));
        if (json_is_true(json_object_get(one, "archived")) || draft_find(c->d, part, NULL, id))
            continue;
        begin(c, "removed", entity_by_id(funnel_parts[part].kind)->name, id, part == FP_STAGE ? name_of(one) : stage,
              name_of(one));
        put_json(c, "before", one);
        jw_knull(&c->w, "after");
        jw_end_obj(&c->w);
    }
}

static void compare_all_gone(struct compare *c)
{
    static const int of_stage[] = {FP_GATE, FP_GOAL, FP_TRIGGER};
    const json_t *stages = json_object_get(c->now, "stages");
    compare_gone(c, FP_STAGE, stages, NULL);
    compare_gone(c, FP_LOSS_REASON, json_object_get(c->now, "loss_reasons"), NULL);
    compare_gone(c, FP_TRIGGER, json_object_get(c->now, "triggers"), NULL);
    compare_gone(c, FP_INVOLVEMENT, json_object_get(c->now, "involvements"), NULL);
    for (size_t i = 0; i < json_array_size(stages); i++) {
        const json_t *stage = json_array_get(stages, i);
        if (!draft_find(c->d, FP_STAGE, NULL, json_integer_value(json_object_get(stage, "id"))))
            continue; /* goes whole */
        for (size_t k = 0; k < 3; k++)
            compare_gone(c, of_stage[k], json_object_get(stage, funnel_parts[of_stage[k]].key), name_of(stage));
    }
}

enum rc draft_compare(struct db *db, struct arena *a, int64_t id, struct buf *out, struct err *e)
{
    struct draft_row row;
    bool outdated;
    struct compare c = {.a = a, .w = jw_to(out)};
    TRY(draft_load(db, a, id, &row, e));
    c.d = &row.draft;
    enum rc rc = draft_outdated(db, &row, &outdated, e);
    if (rc == RC_OK && row.funnel_id)
        rc = funnel_document(db, row.funnel_id, &c.now, e);
    if (rc != RC_OK)
        goto out;
    if (!c.now)
        c.now = json_object();
    jw_obj(&c.w);
    jw_key(&c.w, "changes");
    jw_arr(&c.w);
    if (row.funnel_id)
        compare_fields(&c, entity_by_id(ENT_FUNNEL), funnel_skip, row.funnel_id, NULL, c.now, c.d->tree);
    compare_order(&c);
    for (size_t i = 0; i < c.d->n; i++)
        compare_node(&c, &c.d->nodes[i]);
    compare_all_gone(&c);
    jw_end_arr(&c.w);
    jw_kbool(&c.w, "outdated", outdated);
    jw_ki64(&c.w, "base_version", row.base_version);
    jw_ki64(&c.w, "version", json_integer_value(json_object_get(c.now, "version")));
    jw_end_obj(&c.w);
out:
    json_decref(c.now);
    json_decref(row.draft.tree);
    return rc;
}
