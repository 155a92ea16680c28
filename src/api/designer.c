/* The designer over HTTP: a funnel's definition, drafts of it, what they would do, publishing and restoring. */
#include "api/inside.h"
#include "crm/funnel_draft.h"
#include "rules/lint.h"

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
    json_t *tree = NULL;
    struct record *funnel;
    TRY(call_param_i64(c, "version", 0, 0, INT64_MAX, &version, e));
    if (!rights_has_funnel(c->rights, c->id))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "funnel %lld", (long long)c->id);
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_FUNNEL), c->id, false, &funnel, e));
    TRY(version ? read_version(c, version, &tree, e) : funnel_document(c->db, c->id, &tree, e));
    definition_hide(c, c->id, tree);
    definition_hide_triggers(c, tree);
    put_tree(c, tree);
    json_decref(tree);
    return RC_OK;
}

/* ---- drafts ---- */

/* A draft may be looked at by whoever sees its funnel whole. */
static enum rc draft_seen(struct call *c, struct err *e)
{
    struct record *r;
    bool seen;
    const struct entity *ent = entity_by_id(ENT_FUNNEL_DRAFT);
    TRY(rights_reach(c->db, c->r->arena, c->rights, ent, c->id, RIGHT_SEE, &seen, e));
    TRY(record_load(c->db, c->r->arena, ent, c->id, false, &r, e));
    int64_t funnel = val_i(r->f[FUNNEL_DRAFT_FUNNEL_ID], 0);
    return seen && (!funnel || rights_has_funnel(c->rights, funnel)) ? RC_OK
                                                                     : err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
}

static void put_problem(struct call *c, struct jw *w, const struct err *why)
{
    jw_obj(w);
    jw_kc(w, "code", why->code);
    jw_kc(w, "field", why->field);
    jw_kc(w, "path", strcmp(why->code, "bad_definition") == 0 ? why->arg[0] : "");
    jw_kstr(w, "detail", problem_text(c->r->arena, call_locale(c), why));
    jw_end_obj(w);
}

static enum rc check_handle(struct call *c, struct err *e)
{
    struct draft_problem *problems;
    TRY(draft_seen(c, e));
    TRY(draft_check(c->app->writer, c->db, c->r->arena, call_actor(c), c->id, &problems, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kbool(&w, "ok", problems == NULL);
    jw_key(&w, "problems");
    jw_arr(&w);
    for (const struct draft_problem *p = problems; p; p = p->next)
        put_problem(c, &w, &p->err);
    jw_end_arr(&w);
    struct draft_row row;
    struct lint_counts counts = {0};
    TRY(draft_load(c->db, c->r->arena, c->id, &row, e));
    if (row.funnel_id)
        json_object_set_new(row.draft.tree, "id", json_integer(row.funnel_id));
    lint_begin(&w);
    enum rc rc = lint_definition(c->db, c->r->arena, row.draft.tree, call_locale(c), &w, &counts, e);
    lint_end(&w, &counts);
    json_decref(row.draft.tree);
    jw_end_obj(&w);
    return rc;
}

/* ---- the linter ---- */

/* What is sent may leave out what one does not see; what is found would speak of it. */
static enum rc sees_whole(struct call *c, int64_t funnel_id, struct err *e)
{
    json_t *tree;
    bool whole;
    if (!funnel_id || (!c->rights->n_hidden_stages && rights_has_funnel(c->rights, funnel_id)))
        return RC_OK;
    enum rc rc = funnel_document(c->db, funnel_id, &tree, e);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    whole = rc == RC_OK && lint_sees_whole(c->rights, tree, funnel_id);
    if (rc == RC_OK)
        json_decref(tree);
    return whole ? RC_OK : err_set(e, RC_NOT_FOUND, "not_found", "definition", NULL);
}

static enum rc lint_text_handle(struct call *c, struct err *e)
{
    static const char *const keys[] = {"definition", NULL};
    struct draft draft;
    struct lint_counts counts = {0};
    json_t *body;
    TRY(call_body(c, &body, e));
    json_t *tree = json_object_get(body, "definition");
    struct jw w = call_json(c);
    enum rc rc = body_only(body, keys, e);
    if (rc == RC_OK && !tree)
        rc = err_set(e, RC_UNPROCESSABLE, "required", "definition", NULL);
    if (rc == RC_OK)
        rc = draft_read(c->r->arena, tree, !json_integer_value(json_object_get(tree, "id")), &draft, e);
    if (rc == RC_OK)
        rc = sees_whole(c, json_integer_value(json_object_get(tree, "id")), e);
    jw_obj(&w);
    lint_begin(&w);
    if (rc == RC_OK)
        rc = lint_definition(c->db, c->r->arena, tree, call_locale(c), &w, &counts, e);
    lint_end(&w, &counts);
    jw_end_obj(&w);
    json_decref(body);
    return rc;
}

static enum rc lint_funnels_handle(struct call *c, struct err *e)
{
    int64_t funnel;
    struct lint_counts counts = {0};
    TRY(call_param_i64(c, "funnel_id", 0, 0, INT64_MAX, &funnel, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    lint_begin(&w);
    TRY(lint_funnels(c->db, c->r->arena, funnel, c->rights, call_locale(c), &w, &counts, e));
    lint_end(&w, &counts);
    jw_end_obj(&w);
    return RC_OK;
}

static enum rc compare_handle(struct call *c, struct err *e)
{
    TRY(draft_seen(c, e));
    return draft_compare(c->db, c->r->arena, c->id, http_body(c->r), e);
}

static enum rc impact_handle(struct call *c, struct err *e)
{
    struct filter_env env = call_filter_env(c);
    TRY(draft_seen(c, e));
    return draft_impact(c->db, c->r->arena, c->id, &env, http_body(c->r), e);
}

static enum rc publish_prepare(struct call *c, struct err *e)
{
    (void)e;
    c->job.command = &command_publish;
    return RC_OK;
}

static enum rc publish_show(struct call *c, struct err *e)
{
    return call_show(c, entity_by_id(ENT_FUNNEL), c->job.out_id, e);
}

static enum rc restore_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"version", NULL};
    struct restore_args *args = ARENA_NEW(c->r->arena, struct restore_args);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    const json_t *version = json_object_get(body, "version");
    if (rc == RC_OK && !json_is_integer(version))
        rc = version ? err_set(e, RC_INVALID, "wrong_type", "version", "integer")
                     : err_set(e, RC_UNPROCESSABLE, "required", "version", NULL);
    args->version = json_integer_value(version);
    json_decref(body);
    if (rc == RC_OK && !rights_has_funnel(c->rights, c->id))
        rc = err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    c->job.args = args;
    c->job.command = &command_restore_version;
    return rc;
}

static enum rc restore_show(struct call *c, struct err *e)
{
    return call_show(c, entity_by_id(ENT_FUNNEL_DRAFT), c->job.out_id, e);
}

const struct route designer_routes[] = {
    {"GET", "/api/funnels/{id}/definition", RUN_READ, MAY_READ, NULL,
     "A funnel whole: stages, gates, goals, triggers, reasons", definition_show, NULL, "version", NULL,
     "funnel-definition", 0},
    {"POST", "/api/lint", RUN_POOL, MAY_MANAGE, NULL,
     "What a definition of a funnel lacks and where it contradicts itself", lint_text_handle, NULL, NULL, "lint",
     "findings", 0, .can = CAN_SETTINGS},
    {"GET", "/api/lint", RUN_POOL, MAY_MANAGE, NULL, "The same of one funnel, or of all", lint_funnels_handle, NULL,
     "funnel_id", NULL, "findings", 0, .can = CAN_SETTINGS},
    {"POST", "/api/funnel-drafts/{id}/check", RUN_POOL, MAY_MANAGE, NULL, "What of a draft would not be accepted",
     check_handle, NULL, NULL, NULL, "draft-check", 0, .can = CAN_SETTINGS},
    {"GET", "/api/funnel-drafts/{id}/compare", RUN_POOL, MAY_MANAGE, NULL,
     "What a draft changes against the published funnel", compare_handle, NULL, NULL, NULL, "draft-compare", 0,
     .can = CAN_SETTINGS},
    {"GET", "/api/funnel-drafts/{id}/impact", RUN_POOL, MAY_MANAGE, NULL, "What a draft would mean for the deals",
     impact_handle, NULL, NULL, NULL, "draft-impact", 0, .can = CAN_SETTINGS},
    {"POST", "/api/funnel-drafts/{id}/publish", RUN_WRITE, MAY_MANAGE, NULL, "Bring a draft into force", publish_show,
     publish_prepare, NULL, NULL, "funnel", 0, .can = CAN_SETTINGS},
    {"POST", "/api/funnels/{id}/restore", RUN_WRITE, MAY_MANAGE, NULL, "A draft with the definition of an old version",
     restore_show, restore_prepare, NULL, "restore-version", "funnel-draft", 201, .can = CAN_SETTINGS},
};
const size_t designer_routes_n = sizeof designer_routes / sizeof *designer_routes;
