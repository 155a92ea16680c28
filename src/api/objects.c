/* What every noun can do over HTTP, driven by its field table; and what only some can. */
#include "api/inside.h"
#include "api/past.h"
#include "crm/operation.h"

enum rc object_list(struct call *c, struct err *e)
{
    struct query q = {.ent = c->route->ent,
                      .filter = call_param(c, "filter"),
                      .sort = call_param(c, "sort"),
                      .cursor = call_param(c, "cursor"),
                      .fields = call_param(c, "fields"),
                      .sum = call_param(c, "sum"),
                      .count = str_eqc(call_param(c, "count"), "1")};
    struct filter_env env = call_filter_env(c);
    TRY(call_param_i64(c, "limit", 50, 1, 500, &q.limit, e));
    TRY(call_param_i64(c, "offset", 0, 0, 1000000000, &q.offset, e));
    return query_list(c->db, c->r->arena, &q, &env, http_body(c->r), e);
}

enum rc object_groups(struct call *c, struct err *e)
{
    struct query q = {.ent = c->route->ent, .filter = call_param(c, "filter"), .sum = call_param(c, "sum")};
    struct filter_env env = call_filter_env(c);
    struct str by = call_param(c, "by");
    if (!by.len)
        return err_set(e, RC_INVALID, "bad_group", "by", NULL);
    return query_groups(c->db, c->r->arena, &q, by, &env, http_body(c->r), e);
}

enum rc object_get(struct call *c, struct err *e)
{
    bool past;
    int64_t at;
    TRY(past_asked(c, &past, &at, e));
    if (past)
        return past_card(c, at, e);
    return call_show(c, c->route->ent, c->id, e);
}

static enum rc read_record(struct call *c, bool creating, struct err *e)
{
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = rights_refuse_hidden(c->rights, c->route->ent, body, e);
    if (rc == RC_OK)
        rc = record_from_json(c->r->arena, c->route->ent, body, creating, &c->job.record, e);
    json_decref(body);
    return rc;
}

enum rc object_create(struct call *c, struct err *e)
{
    c->job.command = &command_create;
    return read_record(c, true, e);
}

enum rc object_update(struct call *c, struct err *e)
{
    c->job.command = &command_update;
    return read_record(c, false, e);
}

enum rc object_delete(struct call *c, struct err *e)
{
    (void)e;
    c->job.command = &command_delete;
    return RC_OK;
}

enum rc object_timeline(struct call *c, struct err *e)
{
    int64_t limit;
    TRY(call_param_i64(c, "limit", 50, 1, 500, &limit, e));
    return timeline_list(c->db, c->r->arena, c->route->ent, c->id, call_param(c, "cursor"), limit, c->rights,
                         http_body(c->r), e);
}

/* Without the stages that are hidden from whoever asks. */
void definition_hide(const struct call *c, int64_t funnel_id, json_t *tree)
{
    json_t *stages = json_object_get(tree, "stages");
    for (size_t i = json_array_size(stages); i-- > 0;)
        if (!rights_has_stage(c->rights, funnel_id,
                              json_integer_value(json_object_get(json_array_get(stages, i), "id"))))
            json_array_remove(stages, i);
}

/* Triggers are read by whoever may write them or the funnel; others read in the manual what happens by itself. */
static bool reads_triggers(const struct call *c)
{
    return rights_can(c->rights, CAN_AUTOMATION) || rights_can(c->rights, CAN_SETTINGS);
}

void definition_hide_triggers(const struct call *c, json_t *tree)
{
    json_t *stages = json_object_get(tree, "stages");
    if (reads_triggers(c))
        return;
    json_array_clear(json_object_get(tree, "triggers"));
    for (size_t i = 0; i < json_array_size(stages); i++)
        json_array_clear(json_object_get(json_array_get(stages, i), "triggers"));
}

static void put_definition(struct call *c, struct jw *w, struct str text)
{
    json_t *tree = NULL;
    if ((!c->rights->n_hidden_stages && reads_triggers(c)) || json_read(text, &tree, NULL) != RC_OK) {
        jw_raw(w, text);
        return;
    }
    definition_hide(c, c->id, tree);
    definition_hide_triggers(c, tree);
    char *seen = json_dumps(tree, JSON_COMPACT);
    jw_raw(w, str_dup(c->r->arena, str_c(seen)));
    free(seen);
    json_decref(tree);
}

enum rc funnel_versions(struct call *c, struct err *e)
{
    struct record *funnel;
    struct stmt *s;
    enum rc rc;
    if (!rights_has_funnel(c->rights, c->id))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "funnel %lld", (long long)c->id);
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_FUNNEL), c->id, true, &funnel, e));
    TRY(db_prepare(
        c->db, &s,
        "SELECT version, at, actor_id, definition FROM funnel_version WHERE funnel_id = $1 ORDER BY version DESC", e));
    stmt_i64(s, 1, c->id);
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        jw_obj(&w);
        jw_ki64(&w, "version", stmt_col_i64(s, 0));
        jw_ki64(&w, "at", stmt_col_i64(s, 1));
        jw_ki64(&w, "actor_id", stmt_col_i64(s, 2));
        jw_key(&w, "definition");
        put_definition(c, &w, stmt_col_str(s, 3));
        jw_end_obj(&w);
    }
    stmt_done(s);
    jw_end_arr(&w);
    jw_end_obj(&w);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- undo ---- */

/* The first event of a change tells who did it and to what. */
static enum rc undo_allowed(struct change *ch, int64_t change_id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s, "SELECT actor_id, object_kind FROM journal WHERE seq = $1 AND change_id = $1", e));
    stmt_i64(s, 1, change_id);
    enum rc rc = stmt_step(s, e);
    int64_t actor = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    enum entity_id kind = rc == RC_ROW ? (enum entity_id)stmt_col_i64(s, 1) : ENT_NONE;
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_NOT_FOUND, "not_found", "change_id", "%lld", (long long)change_id);
    if (rc != RC_ROW)
        return rc;
    const struct rights *r = ch->actor.rights;
    bool own = actor == ch->actor.user_id, of_people = kind == ENT_USER || kind == ENT_TEAM;
    bool of_admin = kind == ENT_ROLE || kind == ENT_WEBHOOK || kind == ENT_SETTING;
    if ((of_admin && !(r && r->everything)) || (of_people && !own && !rights_can(r, CAN_USERS)) ||
        (!own && !rights_can(r, CAN_UNDO_OTHERS)))
        return err_set(e, RC_FORBIDDEN, "undo_forbidden", "change_id", NULL);
    return RC_OK;
}

static enum rc undo_apply(struct change *ch, struct command_job *j, struct err *e)
{
    int64_t operation;
    TRY(undo_allowed(ch, j->id, e));
    TRY(operation_of_change(ch->tx->db, j->id, &operation, e));
    if (operation) /* too long for one go: an operation of its own */
        return operation_begin_undo(ch, operation, &j->out_id, e);
    return command_undo.apply(ch, j, e);
}
static const struct command command_undo_allowed = {"undo", undo_apply};

enum rc undo_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"change_id", NULL};
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    const json_t *id = json_object_get(body, "change_id");
    if (rc == RC_OK && !id)
        rc = err_set(e, RC_UNPROCESSABLE, "required", "change_id", NULL);
    else if (rc == RC_OK && !json_is_integer(id))
        rc = err_set(e, RC_INVALID, "wrong_type", "change_id", "integer");
    c->job.id = json_integer_value(id);
    c->job.command = &command_undo_allowed;
    json_decref(body);
    return rc;
}

/* What the rule "no open deal without a task" has made on top of it. */
static enum rc put_new_tasks(struct call *c, struct jw *w, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s,
                   "SELECT object_id FROM journal WHERE seq >= $1 AND seq <= $2 AND change_id = $1 AND object_kind = $3"
                   " AND verb = $4 AND undoes = 0 ORDER BY seq",
                   e));
    stmt_i64(s, 1, c->job.change_id);
    stmt_i64(s, 2, c->job.change_id + 100 + c->job.undone * 8);
    stmt_i64(s, 3, ENT_TASK);
    stmt_i64(s, 4, VERB_CREATED);
    jw_key(w, "tasks");
    jw_arr(w);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        jw_i64(w, stmt_col_i64(s, 0));
    stmt_done(s);
    jw_end_arr(w);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc undo_show(struct call *c, struct err *e)
{
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_ki64(&w, "change_id", c->job.change_id);
    jw_ki64(&w, "undone", c->job.undone);
    if (c->job.out_id)
        jw_ki64(&w, "operation_id", c->job.out_id);
    enum rc rc = put_new_tasks(c, &w, e);
    jw_end_obj(&w);
    return rc;
}

/* ---- users: a password comes as text and is kept as a hash ---- */

struct user_write {
    struct str password, hash;
    bool creating;
};

static enum rc user_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct user_write *u = j->args;
    TRY(user_named_role(ch, j->record, e));
    TRY((u->creating ? command_create : command_update).apply(ch, j, e));
    if (!u->hash.ptr)
        return RC_OK;
    TRY(user_set_password(ch, j->out_id, u->hash, e));
    return u->creating ? RC_OK : session_close_others(ch, j->out_id, 0, e);
}
static const struct command command_user = {"user.write", user_apply};

static void hash_ready(struct call *c)
{
    if (c->rc != RC_OK) {
        if (!c->err.field[0])
            memcpy(c->err.field, "password", sizeof "password");
        call_fail(c, &c->err);
        return;
    }
    call_submit_prepared(c, &command_user);
}

/* Takes the password out of the body; the rest is an ordinary record. */
static enum rc read_user(struct call *c, struct user_write *u, struct err *e)
{
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = RC_OK;
    if (json_object_get(body, "password")) {
        rc = body_text(body, "password", c->r->arena, &u->password, e);
        json_object_del(body, "password");
    }
    if (rc == RC_OK)
        rc = record_from_json(c->r->arena, c->route->ent, body, u->creating, &c->job.record, e);
    json_decref(body);
    return rc;
}

/* Who is no administrator may change their own name, language and what comes as letters. */
static enum rc own_fields_only(const struct call *c, const struct user_write *u, struct err *e)
{
    if (rights_can(c->rights, CAN_USERS))
        return RC_OK;
    if (c->id != c->session.user_id || u->password.ptr)
        return err_set(e, RC_FORBIDDEN, "forbidden", "", "%s", role_names[c->session.role]);
    for (size_t i = 0; i < c->route->ent->n_fields; i++)
        if (c->job.record->f[i].kind != VAL_ABSENT && i != USER_NAME && i != USER_LOCALE && i != USER_LETTERS)
            return err_set(e, RC_FORBIDDEN, "forbidden", c->route->ent->fields[i].name, "%s",
                           role_names[c->session.role]);
    return RC_OK;
}

static enum rc user_write(struct call *c, bool creating, struct err *e)
{
    struct user_write *u = ARENA_NEW(c->r->arena, struct user_write);
    u->creating = creating;
    TRY(read_user(c, u, e));
    if (!creating)
        TRY(own_fields_only(c, u, e));
    if (u->password.ptr) /* else one of few scopes could sign in as somebody with all */
        TRY(call_not_for_tokens(c, e));
    c->job.args = u;
    c->waits = u->password.ptr != NULL;
    if (c->waits)
        return password_hash_later(c, u->password, &u->hash, hash_ready, e);
    c->job.command = &command_user;
    return RC_OK;
}

enum rc user_create(struct call *c, struct err *e)
{
    return user_write(c, true, e);
}

enum rc user_update(struct call *c, struct err *e)
{
    return user_write(c, false, e);
}
