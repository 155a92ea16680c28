/* The designer over HTTP: a funnel's definition, drafts of it, what they would do, publishing and restoring. */
#include "api/inside.h"
#include "crm/funnel_document.h"

/* ---- a definition ---- */

static enum rc read_version(struct call *c, int64_t version, json_t **out, struct err *e)
{
    struct stmt *s;
    json_t *body = NULL;
    TRY(db_prepare(c->db, &s, "SELECT definition FROM funnel_version WHERE funnel_id = $1 AND version = $2", e));
    stmt_i64(s, 1, c->id);
    stmt_i64(s, 2, version);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        rc = json_read(stmt_col_str(s, 0), &body, e);
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_NOT_FOUND, "not_found", "version", "%lld", (long long)version);
    TRY(rc);
    *out = json_pack("{s:I,s:I}", "id", (json_int_t)c->id, "version", (json_int_t)version);
    json_object_update(*out, body);
    json_decref(body);
    return RC_OK;
}

static void put_tree(struct call *c, json_t *tree)
{
    char *text = json_dumps(tree, JSON_COMPACT);
    struct jw w = call_json(c);
    jw_raw(&w, str_c(text));
    free(text);
}

static enum rc definition_show(struct call *c, struct err *e)
{
    int64_t version;
    json_t *tree;
    struct record *funnel;
    TRY(call_param_i64(c, "version", 0, 0, INT64_MAX, &version, e));
    if (!rights_has_funnel(c->rights, c->id))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "funnel %lld", (long long)c->id);
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_FUNNEL), c->id, false, &funnel, e));
    TRY(version ? read_version(c, version, &tree, e) : funnel_document(c->db, c->id, &tree, e));
    definition_hide(c, c->id, tree);
    put_tree(c, tree);
    json_decref(tree);
    return RC_OK;
}

const struct route designer_routes[] = {
    {"GET", "/api/funnels/{id}/definition", RUN_READ, MAY_READ, NULL,
     "A funnel whole: stages, gates, goals, triggers, reasons", definition_show, NULL, "version", NULL,
     "funnel-definition", 0},
};
const size_t designer_routes_n = sizeof designer_routes / sizeof *designer_routes;
