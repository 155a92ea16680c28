/* A user's API tokens. The token itself is shown once, when it is made. */
#include "api/inside.h"
#include "base/time.h"

#define LONGEST (3660 * MS_DAY)

struct token_new {
    struct str name, scopes;
    int64_t expires_at;
    char token[200];
};

static void put_scopes(struct jw *w, struct str scopes)
{
    jw_key(w, "scopes");
    if (!scopes.len) {
        jw_null(w);
        return;
    }
    jw_arr(w);
    for (struct str rest = scopes; rest.ptr;)
        jw_str(w, str_cut(rest, ' ', &rest));
    jw_end_arr(w);
}

static void put_time(struct jw *w, const char *key, struct stmt *s, int col)
{
    if (stmt_col_null(s, col))
        jw_knull(w, key);
    else
        jw_ki64(w, key, stmt_col_i64(s, col));
}

enum rc tokens_list(struct call *c, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s,
                   "SELECT id, name, created_at, expires_at, last_seen_at, scopes FROM session WHERE user_id = $1"
                   " AND is_token = 1 AND ended_at IS NULL ORDER BY id",
                   e));
    stmt_i64(s, 1, c->session.user_id);
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        jw_obj(&w);
        jw_ki64(&w, "id", stmt_col_i64(s, 0));
        jw_kstr(&w, "name", stmt_col_str(s, 1));
        jw_ki64(&w, "created_at", stmt_col_i64(s, 2));
        put_time(&w, "expires_at", s, 3);
        put_time(&w, "last_seen_at", s, 4);
        put_scopes(&w, stmt_col_str(s, 5));
        jw_end_obj(&w);
    }
    stmt_done(s);
    jw_end_arr(&w);
    jw_end_obj(&w);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc create_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct token_new *t = j->args;
    struct str token;
    TRY(token_create(ch, j->actor.user_id, t->name, t->scopes, t->expires_at, ch->tx->arena, &token, &j->out_id, e));
    if (token.len >= sizeof t->token)
        return err_set(e, RC_INTERNAL, "internal", "", "API token too long");
    memcpy(t->token, token.ptr, token.len);
    t->token[token.len] = '\0';
    return RC_OK;
}
static const struct command command_token_create = {"token.create", create_apply};

static enum rc read_expiry(const json_t *v, int64_t *out, struct err *e)
{
    int64_t now = time_now();
    *out = json_integer_value(v);
    if (!v || json_is_null(v))
        return RC_OK;
    if (!json_is_integer(v))
        return err_set(e, RC_INVALID, "wrong_type", "expires_at", "integer");
    return *out > now && *out <= now + LONGEST ? RC_OK : err_set(e, RC_UNPROCESSABLE, "bad_expiry", "expires_at", NULL);
}

static enum rc read_token(struct call *c, struct token_new *t, struct err *e)
{
    static const char *const keys[] = {"name", "scopes", "expires_at", NULL};
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc;
    TRY_OUT(body_only(body, keys, e));
    TRY_OUT(body_text(body, "name", c->r->arena, &t->name, e));
    TRY_OUT(scopes_read(c, json_object_get(body, "scopes"), &t->scopes, e));
    rc = read_expiry(json_object_get(body, "expires_at"), &t->expires_at, e);
out:
    json_decref(body);
    return rc;
}

enum rc token_create_prepare(struct call *c, struct err *e)
{
    struct token_new *t = ARENA_NEW(c->r->arena, struct token_new);
    TRY(call_not_for_tokens(c, e)); /* else one of few scopes could make itself one of all */
    TRY(read_token(c, t, e));
    t->name = str_trim(t->name);
    if (t->name.len == 0)
        return err_set(e, RC_UNPROCESSABLE, "required", "name", NULL);
    if (str_utf8_len(t->name) > 100)
        return err_set(e, RC_UNPROCESSABLE, "too_long", "name", "100");
    c->job.args = t;
    c->job.command = &command_token_create;
    return RC_OK;
}

enum rc token_create_show(struct call *c, struct err *e)
{
    (void)e;
    const struct token_new *t = c->job.args;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_ki64(&w, "id", c->job.out_id);
    jw_kstr(&w, "name", t->name);
    put_scopes(&w, t->scopes);
    if (t->expires_at)
        jw_ki64(&w, "expires_at", t->expires_at);
    else
        jw_knull(&w, "expires_at");
    if (t->token[0]) /* a repeated request does not show it again */
        jw_kc(&w, "token", t->token);
    jw_end_obj(&w);
    return RC_OK;
}

static enum rc delete_apply(struct change *ch, struct command_job *j, struct err *e)
{
    j->out_id = j->id;
    return token_delete(ch, j->actor.user_id, j->id, e);
}
static const struct command command_token_delete = {"token.delete", delete_apply};

enum rc token_delete_prepare(struct call *c, struct err *e)
{
    (void)e;
    sessions_forget(c->app->sessions);
    c->job.command = &command_token_delete;
    return RC_OK;
}
