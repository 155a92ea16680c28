/* A draft out of an old version. Ids that are no longer there become keys, wherever they stand. */
#include "base/map.h"
#include "crm/engine.h"
#include "crm/funnel_draft.h"

struct restore {
    struct change *ch;
    int64_t funnel_id;
    struct strmap *gone; /* "part#id" of what is not there any more */
};

static struct str mark(struct restore *r, int part, int64_t id)
{
    return str_fmt(r->ch->tx->arena, "%d#%lld", part, (long long)id);
}

static const char *key_of(struct restore *r, int part, int64_t id)
{
    return str_fmt(r->ch->tx->arena, "%s-%lld", funnel_parts[part].key, (long long)id).ptr;
}

static enum rc sort_one(struct restore *r, int part, json_t *node, struct err *e)
{
    int64_t id = json_integer_value(json_object_get(node, "id")), found;
    const struct funnel_part *fp = &funnel_parts[part];
    struct str sql = str_fmt(r->ch->tx->arena, "SELECT id FROM %s WHERE id = $2 AND (%s) AND deleted_at IS NULL",
                             entity_by_id(fp->kind)->table, fp->sql);
    if (part == FP_STAGE)
        json_object_del(node, "position"); /* as it was kept before documents were whole */
    TRY(QUERY_I64(r->ch->tx->db, &found, 0, e, sql.ptr, r->funnel_id, id));
    if (found)
        return RC_OK;
    json_object_del(node, "id");
    json_object_set_new(node, "key", json_string(key_of(r, part, id)));
    strmap_put(r->gone, mark(r, part, id), 1);
    return RC_OK;
}

static enum rc sort_list(struct restore *r, json_t *owner, int part, struct err *e)
{
    json_t *list = json_object_get(owner, funnel_parts[part].key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        TRY(sort_one(r, part, json_array_get(list, i), e));
        if (part != FP_STAGE)
            continue;
        TRY(sort_list(r, json_array_get(list, i), FP_GATE, e));
        TRY(sort_list(r, json_array_get(list, i), FP_GOAL, e));
        TRY(sort_list(r, json_array_get(list, i), FP_TRIGGER, e));
    }
    return RC_OK;
}

static void rename_refs(struct restore *r, json_t *json)
{
    const char *name;
    json_t *value;
    for (size_t i = 0; i < json_array_size(json); i++)
        rename_refs(r, json_array_get(json, i));
    json_object_foreach(json, name, value)
    {
        int part = draft_ref_part(name);
        int64_t gone, id = json_integer_value(value);
        if (part >= 0 && json_is_integer(value) && strmap_get(r->gone, mark(r, part, id), &gone))
            json_object_set_new(json, name, json_string(key_of(r, part, id)));
        else
            rename_refs(r, value);
    }
}

static enum rc read_version(struct change *ch, int64_t funnel_id, int64_t version, json_t **out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s, "SELECT definition FROM funnel_version WHERE funnel_id = $1 AND version = $2", e));
    stmt_i64(s, 1, funnel_id);
    stmt_i64(s, 2, version);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        rc = json_read(stmt_col_str(s, 0), out, e);
    stmt_done(s);
    return rc == RC_DONE ? err_set(e, RC_NOT_FOUND, "not_found", "version", "%lld", (long long)version) : rc;
}

static enum rc apply_restore(struct change *ch, struct command_job *j, struct err *e)
{
    const struct restore_args *args = j->args;
    struct restore r = {.ch = ch, .funnel_id = j->id};
    struct record *funnel;
    json_t *tree = NULL;
    TRY(record_load_row(ch->tx->db, ch->tx->arena, entity_by_id(ENT_FUNNEL), j->id, false, &funnel, e));
    TRY(read_version(ch, j->id, args->version, &tree, e));
    r.gone = strmap_new();
    enum rc rc = RC_OK;
    static const int lists[] = {FP_STAGE, FP_LOSS_REASON, FP_TRIGGER, FP_INVOLVEMENT};
    for (size_t i = 0; i < 4 && rc == RC_OK; i++)
        rc = sort_list(&r, tree, lists[i], e);
    rename_refs(&r, tree);
    strmap_free(r.gone);
    if (rc != RC_OK) {
        json_decref(tree);
        return rc;
    }
    return change_create_json(ch, ENT_FUNNEL_DRAFT,
                              json_pack("{s:I,s:o,s:o}", "funnel_id", (json_int_t)j->id, "name",
                                        json_text(funnel->f[FUNNEL_NAME].s), "definition", tree),
                              &j->out_id, e);
}
const struct command command_restore_version = {"funnel.restore", apply_restore};
