/* Saved views: whose they are, who may share them, and that they make sense when they are saved. */
#include "crm/filter.h"
#include "crm/hooks.h"

static enum rc bad(struct err *e, const char *what)
{
    return err_set(e, RC_UNPROCESSABLE, "bad_view_query", "query", "%s", what);
}

static enum rc check_filter(struct change *ch, const struct entity *ent, const json_t *filter, struct err *e)
{
    struct filter_env env = {.user_id = ch->actor.user_id, .now = ch->at, .rights = ch->actor.rights};
    struct filter *tree;
    if (!filter || json_is_null(filter))
        return RC_OK;
    if (!json_is_string(filter))
        return bad(e, "filter");
    enum rc rc = filter_parse(ch->tx->arena, ent, str_c(json_string_value(filter)), &env, &tree, e);
    return rc == RC_OK ? RC_OK : bad(e, "filter");
}

static bool all_texts(const json_t *list)
{
    size_t i;
    json_t *one;
    if (!list || json_is_null(list))
        return true;
    if (!json_is_array(list) || json_array_size(list) > 200)
        return false;
    json_array_foreach((json_t *)(uintptr_t)list, i, one)
    {
        if (!json_is_string(one))
            return false;
    }
    return true;
}

static enum rc check_query(struct change *ch, const struct entity *ent, const json_t *query, struct err *e)
{
    static const char *const texts[] = {"sort", "group", "mode"}, *const lists[] = {"columns", "sum"};
    if (!json_is_object(query))
        return bad(e, "query");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const json_t *v = json_object_get(query, texts[i]);
        if (v && !json_is_null(v) && !json_is_string(v))
            return bad(e, texts[i]);
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (!all_texts(json_object_get(query, lists[i])))
            return bad(e, lists[i]);
    return check_filter(ch, ent, json_object_get(query, "filter"), e);
}

static enum rc query_makes_sense(struct change *ch, const struct record *will, struct err *e)
{
    const struct entity *ent = entity_by_name(will->f[VIEW_OBJECT].s);
    json_t *query;
    if (!ent)
        ent = entity_by_plural(will->f[VIEW_OBJECT].s);
    if (!ent)
        return err_set(e, RC_UNPROCESSABLE, "bad_view_query", "object", "object");
    TRY(json_read(will->f[VIEW_QUERY].s, &query, e));
    enum rc rc = check_query(ch, ent, query, e);
    json_decref(query);
    return rc;
}

HOOK_BEFORE(view)
{
    if (!will)
        return RC_OK;
    if (!was)
        will->f[VIEW_OWNER_ID] = ch->actor.user_id ? val_int(ch->actor.user_id) : val_null();
    if (!val_has(will->f[VIEW_POSITION]))
        TRY(next_position(ch, "SELECT MAX(position) FROM view", 0, &will->f[VIEW_POSITION], e));
    bool shared = val_i(will->f[VIEW_SHARING], SHARED_MINE) != SHARED_MINE;
    bool changes = !was || !val_eq(was->f[VIEW_SHARING], will->f[VIEW_SHARING]);
    if (shared && changes && !rights_can(ch->actor.rights, CAN_SHARE_VIEWS))
        return err_set(e, RC_FORBIDDEN, "view_share_forbidden", "sharing", NULL);
    if (will->f[VIEW_OBJECT].kind != VAL_TEXT || will->f[VIEW_QUERY].kind != VAL_TEXT)
        return RC_OK; /* what is missing is told by the field table */
    if (was && val_eq(was->f[VIEW_QUERY], will->f[VIEW_QUERY]))
        return RC_OK;
    return query_makes_sense(ch, will, e);
}
