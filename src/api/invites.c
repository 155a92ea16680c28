/* Links with which people set their first or a new password. */
#include "api/account_inside.h"
#include "base/time.h"
#include "crm/account.h"

struct invite_call {
    char token[64];
    int64_t expires_at;
};

static enum rc make_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct invite_call *x = j->args;
    struct str token;
    j->out_id = j->id;
    TRY(account_within(ch->tx->db, ch->tx->arena, ch->actor.rights, j->id, e));
    TRY(invite_make(ch, j->id, ch->tx->arena, &token, &x->expires_at, e));
    snprintf(x->token, sizeof x->token, "%.*s", STR_ARG(token));
    return RC_OK;
}
static const struct command command_invite = {"user.invite", make_apply};

enum rc invite_prepare(struct call *c, struct err *e)
{
    TRY(call_not_for_tokens(c, e));
    c->job.args = ARENA_NEW(c->r->arena, struct invite_call);
    c->job.idempotency_key = STR_NULL; /* the link is shown once */
    c->job.command = &command_invite;
    return RC_OK;
}

/* To where the person who asks has come; the path alone when that is not to be trusted. */
static struct str link_of(struct call *c, const char *token)
{
    struct str host = http_header(c->r, "host");
    bool tls = str_eqc(http_header(c->r, "x-forwarded-proto"), "https"), plain = host.len > 0 && host.len < 254;
    for (size_t i = 0; i < host.len; i++) {
        char ch = host.ptr[i];
        plain &= (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                 strchr(".-:[]", ch) != NULL;
    }
    if (!plain)
        return str_fmt(c->r->arena, "/invite/%s", token);
    return str_fmt(c->r->arena, "http%s://%.*s/invite/%s", tls ? "s" : "", STR_ARG(host), token);
}

enum rc invite_show(struct call *c, struct err *e)
{
    (void)e;
    const struct invite_call *x = c->job.args;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kstr(&w, "link", link_of(c, x->token));
    jw_ki64(&w, "expires_at", x->expires_at);
    jw_end_obj(&w);
    return RC_OK;
}

/* ---- the other end of the link ---- */

struct accept_call {
    struct str token, password, name, hash;
    int64_t user_id;
    bool totp;
};

static enum rc accept_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct accept_call *x = j->args;
    struct record *user;
    TRY(invite_use(ch, x->token, x->hash, x->name, &x->user_id, e));
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_USER), x->user_id, false, &user, e));
    x->totp = val_i(user->f[USER_TOTP], 0) != 0;
    return RC_OK;
}
static const struct command command_accept = {"user.accept", accept_apply};

static void end_attempt(struct call *c, bool good)
{
    bool wrong = c->rc == RC_NOT_FOUND;
    throttle_done(c->app->throttle, STR("invite"), call_peer(c), time_monotonic(),
                  good    ? ATTEMPT_GOOD
                  : wrong ? ATTEMPT_FAILED
                          : ATTEMPT_LEFT);
}

/* Signed in at once, unless the account has a second factor. */
static void accepted(struct call *c)
{
    const struct accept_call *x = c->job.args;
    end_attempt(c, c->rc == RC_OK);
    sessions_forget(c->app->sessions);
    if (c->rc == RC_OK && !x->totp) {
        session_begin(c, x->user_id, "invite");
        return;
    }
    if (c->rc == RC_OK)
        c->status = 204;
    call_send(c);
}

static void accept_hashed(struct call *c)
{
    void *args = c->job.args;
    if (c->rc != RC_OK) {
        end_attempt(c, false);
        call_fail(c, &c->err);
        return;
    }
    command_job_init(&c->job);
    c->job.args = args;
    call_submit(c, &command_accept, accepted);
}

static enum rc accept_find(struct call *c, struct err *e)
{
    struct accept_call *x = c->job.args;
    return invite_find(c->db, x->token, time_now(), &x->user_id, e);
}

/* Only who has a link costs a hash. */
static void accept_found(struct call *c)
{
    struct accept_call *x = c->job.args;
    enum rc rc = c->rc; /* once the hashing has begun, the call is that thread's */
    if (rc == RC_OK)
        rc = password_hash_later(c, x->password, &x->hash, accept_hashed, &c->err);
    if (rc == RC_OK)
        return;
    c->rc = rc;
    end_attempt(c, false);
    call_fail(c, &c->err);
}

static enum rc read_accept(struct call *c, struct accept_call *x, struct err *e)
{
    static const char *const keys[] = {"token", "password", "name", NULL};
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc;
    TRY_OUT(body_only(body, keys, e));
    TRY_OUT(body_text(body, "token", c->r->arena, &x->token, e));
    TRY_OUT(body_text(body, "password", c->r->arena, &x->password, e));
    if (json_object_get(body, "name"))
        rc = body_text(body, "name", c->r->arena, &x->name, e);
out:
    json_decref(body);
    return rc;
}

enum rc invite_handle(struct call *c, struct err *e)
{
    struct accept_call *x = ARENA_NEW(c->r->arena, struct accept_call);
    TRY(call_need_json(c, e));
    TRY(read_accept(c, x, e));
    TRY(throttle_try(c->app->throttle, STR("invite"), call_peer(c), time_monotonic(), e));
    c->job.args = x;
    call_run_read(c, accept_find, accept_found);
    return RC_OK;
}
