/* A user's API tokens. The token itself is shown once, when it is made. */
#include "api/inside.h"
#include "base/time.h"

struct token_new {
    struct str name;
    char token[200];
};

enum rc tokens_list(struct call *c, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(
        c->db, &s,
        "SELECT id, name, created_at FROM session WHERE user_id = $1 AND is_token = 1 AND ended_at IS NULL ORDER BY id",
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
    TRY(token_create(ch, j->actor.user_id, t->name, ch->tx->arena, &token, &j->out_id, e));
    if (token.len >= sizeof t->token)
        return err_set(e, RC_INTERNAL, "internal", "", "API token too long");
    memcpy(t->token, token.ptr, token.len);
    t->token[token.len] = '\0';
    return RC_OK;
}
static const struct command command_token_create = {"token.create", create_apply};

enum rc token_create_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"name", NULL};
    struct token_new *t = ARENA_NEW(c->r->arena, struct token_new);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    if (rc == RC_OK)
        rc = body_text(body, "name", c->r->arena, &t->name, e);
    json_decref(body);
    TRY(rc);
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
