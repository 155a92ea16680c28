/* The company's own fields beside what every noun can do: how they spread, where one is used, merging of values. */
#include "api/inside.h"
#include "base/log.h"
#include "crm/operation_merge.h"

static enum rc follow(struct app *app, struct err *e)
{
    struct db *db;
    TRY(readers_take(app->readers, &db, e));
    enum rc rc = entities_follow(db, e);
    readers_give(app->readers, db, rc);
    return rc;
}

/* Another server on the same database may have changed a field or the limit of files: ours are read again. */
void nouns_on_events(void *arg, const struct event *ev, size_t n)
{
    struct app *app = arg;
    struct err e;
    bool fields = false, limit = false;
    for (size_t i = 0; i < n; i++) {
        fields |= ev[i].object_kind == ENT_CUSTOM_FIELD;
        limit |= ev[i].object_kind == ENT_SETTING && memmem(ev[i].data.ptr, ev[i].data.len, "\"file_most\"", 11);
    }
    if (fields && follow(app, &e) != RC_OK)
        log_error("custom fields: %s %s", e.code, e.arg[0]);
    if (limit && files_limit_load(app, &e) != RC_OK)
        log_warn("the new limit of files could not be read: %s %s", e.code, e.arg[0]);
}

/* ---- merging values of lists, and fields ---- */

/* Of two fields: which value stays where both have one. */
static enum rc read_keep(struct call *c, const json_t *body, bool *from, struct err *e)
{
    const json_t *keep = json_object_get(body, "keep");
    const char *says = json_string_value(keep);
    *from = says && strcmp(says, "from") == 0;
    if (!keep || (c->route->ent->id == ENT_CUSTOM_FIELD && says && (*from || strcmp(says, "into") == 0)))
        return RC_OK;
    return err_set(e, RC_INVALID, c->route->ent->id == ENT_CUSTOM_FIELD ? "bad_parameter" : "unknown_field", "keep",
                   "%.40s", says ? says : "");
}

enum rc merge_values(struct call *c, struct err *e)
{
    static const char *const keys[] = {"into", "keep", NULL};
    struct merge_new *in = ARENA_NEW(c->r->arena, struct merge_new);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    const json_t *into = json_object_get(body, "into");
    if (rc == RC_OK && !into)
        rc = err_set(e, RC_UNPROCESSABLE, "required", "into", NULL);
    else if (rc == RC_OK && !json_is_integer(into))
        rc = err_set(e, RC_INVALID, "wrong_type", "into", "integer");
    *in = (struct merge_new){c->id, json_integer_value(into), false};
    if (rc == RC_OK)
        rc = read_keep(c, body, &in->keep_from, e);
    json_decref(body);
    c->job.args = in;
    c->job.command = &command_merge_values;
    return rc;
}

/* ---- where a field is used ---- */

static enum rc count(struct call *c, const char *sql, int64_t *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(c->db, &s, sql, e));
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW ? RC_OK : rc;
}

static enum rc put_records(struct call *c, struct jw *w, const struct entity *ent, const struct field *fd,
                           struct err *e)
{
    struct arena *a = c->r->arena;
    int64_t filled, all;
    const char *sql =
        fd->type == FT_SET
            ? str_fmt(a,
                      "SELECT count(*) FROM %s t WHERE deleted_at IS NULL AND EXISTS"
                      " (SELECT 1 FROM %s l WHERE l.owner_id = t.id)",
                      ent->table, fd->link)
                  .ptr
            : str_fmt(a, "SELECT count(*) FROM %s WHERE deleted_at IS NULL AND %s IS NOT NULL", ent->table, fd->name)
                  .ptr;
    TRY(count(c, sql, &filled, e));
    TRY(count(c, str_fmt(a, "SELECT count(*) FROM %s WHERE deleted_at IS NULL", ent->table).ptr, &all, e));
    jw_ki64(w, "filled", filled);
    jw_ki64(w, "records", all);
    return RC_OK;
}

/* Does a text of JSON or a filter name cf_3, and not cf_31? */
static bool names_field(struct str text, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = text.ptr; (at = memmem(at, text.len - (size_t)(at - text.ptr), name, n)) != NULL; at += n) {
        size_t behind = (size_t)(at - text.ptr) + n;
        if (behind == text.len || text.ptr[behind] < '0' || text.ptr[behind] > '9')
            return true;
    }
    return false;
}

/* Rows of (id, name, text) whose text names the field. What somebody keeps to themselves has no name here. */
static enum rc put_naming(struct call *c, struct jw *w, const char *key, const char *sql, const char *name,
                          struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s, sql, e));
    jw_key(w, key);
    jw_arr(w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct str text = stmt_col_str(s, 2);
        if (!text.len || !names_field(text, name))
            continue;
        bool own = stmt_col_null(s, 3) || stmt_col_i64(s, 3) == c->session.user_id;
        jw_obj(w);
        jw_ki64(w, "id", stmt_col_i64(s, 0));
        jw_kstr(w, "name", own ? stmt_col_str(s, 1) : STR_NULL);
        jw_end_obj(w);
    }
    stmt_done(s);
    jw_end_arr(w);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc usage_handle(struct call *c, struct err *e)
{
    const struct entity *ent = NULL;
    const struct field *fd = NULL;
    struct record *row;
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_CUSTOM_FIELD), c->id, false, &row, e));
    ent = entity_by_id(custom_noun((int)row->f[CUSTOM_FIELD_OBJECT].i));
    for (size_t i = 0; i < ent->n_fields; i++)
        if (ent->fields[i].custom && ent->fields[i].custom->id == c->id)
            fd = &ent->fields[i];
    if (!fd) /* this moment made by another server */
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    struct jw w = call_json(c);
    jw_obj(&w);
    TRY(put_records(c, &w, ent, fd, e));
    TRY(put_naming(c, &w, "views",
                   "SELECT id, name, query, CASE WHEN sharing = 0 THEN owner_id END FROM view WHERE deleted_at IS NULL"
                   " ORDER BY id",
                   fd->name, e));
    TRY(put_naming(c, &w, "layouts",
                   "SELECT l.id, f.name, l.groups, NULL FROM layout l LEFT JOIN funnel f ON f.id = l.funnel_id"
                   " WHERE l.deleted_at IS NULL ORDER BY l.id",
                   fd->name, e));
    TRY(put_naming(c, &w, "roles", "SELECT id, name, rights, NULL FROM role WHERE deleted_at IS NULL ORDER BY id",
                   fd->name, e));
    jw_end_obj(&w);
    return RC_OK;
}

const struct route field_routes[] = {
    {"GET", "/api/custom-fields/{id}/usage", RUN_POOL, MAY_MANAGE, NULL,
     "Records that have a value in it; views, cards and roles that name it", usage_handle, NULL, NULL, NULL, "usage", 0,
     .can = CAN_SETTINGS},
};
const size_t field_routes_n = sizeof field_routes / sizeof *field_routes;
