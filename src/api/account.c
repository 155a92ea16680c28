/* One's account: the second factor, sessions, the log of sign-ins; and those of others, for who keeps people. */
#include "crm/account.h"
#include "api/account_inside.h"
#include "base/time.h"
#include "crm/rights.h"
#include <stdlib.h>

#define SEEN_EVERY (300 * MS_SECOND)

/* ---- where a request comes from ---- */

struct origin call_origin(const struct call *c)
{
    struct str agent = http_header(c->r, "user-agent");
    if (agent.len > 300)
        agent.len = 300;
    while (agent.len && !str_utf8_valid(agent)) /* also when a letter was cut */
        agent.len--;
    return (struct origin){str_c(call_peer(c)), agent.len ? agent : STR_NULL};
}

enum rc call_not_for_tokens(const struct call *c, struct err *e)
{
    return c->session.is_token ? err_set(e, RC_FORBIDDEN, "not_for_tokens", "", NULL) : RC_OK;
}

/* A note that nobody waits for. */
struct note {
    struct job job;
    struct arena arena;
    struct sign_in sign_in;
    int64_t session_id; /* 0: a sign-in */
};

static enum rc note_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct note *n = (struct note *)job;
    return n->session_id ? session_seen(tx, n->session_id, &n->sign_in.from, e) : sign_in_log(tx, &n->sign_in, e);
}

static void note_done(struct job *job, enum rc rc, const struct err *e)
{
    struct note *n = (struct note *)job;
    (void)rc; /* without it the log lacks a line; the disk is full or failing, which the writer tells */
    (void)e;
    arena_free(&n->arena);
    free(n);
}

static struct note *note_new(const struct call *c)
{
    struct note *n = calloc(1, sizeof *n);
    struct origin from = call_origin(c);
    if (!n)
        abort();
    n->job = (struct job){.apply = note_apply, .done = note_done};
    n->sign_in.from =
        (struct origin){str_dup(&n->arena, from.address), from.agent.ptr ? str_dup(&n->arena, from.agent) : STR_NULL};
    return n;
}

void sign_in_failed(struct call *c, int64_t user_id, struct str email, const char *how)
{
    struct note *n = note_new(c);
    n->sign_in.user_id = user_id;
    n->sign_in.email = email.len > 254 ? STR_NULL : str_dup(&n->arena, email);
    n->sign_in.how = how;
    app_write(c->app, &n->job);
}

void session_noted(struct call *c)
{
    if (!c->session.id || time_now() - c->session.last_seen_at < SEEN_EVERY)
        return;
    struct note *n = note_new(c);
    n->session_id = c->session.id;
    c->session.last_seen_at = time_now();
    app_write(c->app, &n->job);
}

/* ---- sessions ---- */

static bool keeps_people(const struct call *c)
{
    return rights_can(c->rights, CAN_USERS);
}

static enum rc own_sessions(struct call *c, struct err *e)
{
    return sessions_list(c->db, c->session.user_id, c->session.id, time_now(), http_body(c->r), e);
}

static enum rc user_sessions(struct call *c, struct err *e)
{
    if (c->id != c->session.user_id)
        TRY(account_within(c->db, c->r->arena, c->rights, c->id, e));
    return sessions_list(c->db, c->id, c->session.id, time_now(), http_body(c->r), e);
}

static enum rc end_own_apply(struct change *ch, struct command_job *j, struct err *e)
{
    return session_end(ch, j->actor.user_id, j->id, e);
}
static const struct command command_session_end = {"session.end", end_own_apply};

static enum rc end_own_prepare(struct call *c, struct err *e)
{
    TRY(call_not_for_tokens(c, e));
    sessions_forget(c->app->sessions);
    c->job.command = &command_session_end;
    return RC_OK;
}

/* All of a user's, API tokens too; of one's own all but this one. */
static enum rc end_all_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct call *c = j->user;
    bool own = j->id == j->actor.user_id;
    if (!own)
        TRY(account_within(ch->tx->db, ch->tx->arena, ch->actor.rights, j->id, e));
    TRY(session_close_others(ch, j->id, own ? c->session.id : 0, e));
    return change_note_event(ch, ENT_USER, j->id, VERB_SIGNED_OUT, STR("{}"), e);
}
static const struct command command_sessions_end = {"sessions.end", end_all_apply};

static enum rc end_all_prepare(struct call *c, struct err *e)
{
    TRY(call_not_for_tokens(c, e));
    sessions_forget(c->app->sessions);
    c->job.command = &command_sessions_end;
    return RC_OK;
}

/* ---- sign-ins ---- */

static enum rc sign_ins_handle(struct call *c, struct err *e)
{
    int64_t limit, user;
    TRY(call_param_i64(c, "limit", 50, 1, 500, &limit, e));
    TRY(call_param_i64(c, "user_id", 0, 1, INT64_MAX, &user, e));
    if (!user && !keeps_people(c))
        user = c->session.user_id;
    if (user != c->session.user_id && !keeps_people(c))
        return err_set(e, RC_FORBIDDEN, "forbidden", "", "%s", role_names[c->session.role]);
    return sign_ins_put(c->db, c->r->arena, user, call_param(c, "cursor"), limit, http_body(c->r), e);
}

/* ---- the second factor ---- */

struct factor_call {
    char secret[40];
    char codes[RECOVERY_CODES][24];
    struct str code;
};

static enum rc factor_begin_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct factor_call *f = j->args;
    struct str secret;
    TRY(factor_begin(ch, j->actor.user_id, ch->tx->arena, &secret, e));
    snprintf(f->secret, sizeof f->secret, "%.*s", STR_ARG(secret));
    return RC_OK;
}
static const struct command command_factor_begin = {"totp.begin", factor_begin_apply};

static enum rc factor_prepare(struct call *c, const struct command *command, struct err *e)
{
    TRY(call_not_for_tokens(c, e));
    c->job.args = ARENA_NEW(c->r->arena, struct factor_call);
    c->job.idempotency_key = STR_NULL; /* secrets are shown once */
    c->job.command = command;
    return RC_OK;
}

static enum rc factor_begin_prepare(struct call *c, struct err *e)
{
    return factor_prepare(c, &command_factor_begin, e);
}

static enum rc factor_begin_show(struct call *c, struct err *e)
{
    const struct factor_call *f = c->job.args;
    struct record *user;
    struct str company, uri;
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_USER), c->session.user_id, false, &user, e));
    TRY(setting_get(c->db, c->r->arena, "company", "Voronka", &company, e));
    uri = totp_uri(c->r->arena, company, user->f[USER_EMAIL].s, str_c(f->secret));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kc(&w, "secret", f->secret);
    jw_kstr(&w, "uri", uri);
    jw_kstr(&w, "qr_svg", qr_svg(c->r->arena, uri));
    jw_end_obj(&w);
    return RC_OK;
}

static enum rc factor_confirm_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct factor_call *f = j->args;
    struct str codes[RECOVERY_CODES];
    TRY(factor_confirm(ch, j->actor.user_id, f->code, ch->tx->arena, codes, e));
    for (int i = 0; i < RECOVERY_CODES; i++)
        snprintf(f->codes[i], sizeof f->codes[i], "%.*s", STR_ARG(codes[i]));
    return RC_OK;
}
static const struct command command_factor_confirm = {"totp.confirm", factor_confirm_apply};

static enum rc read_one(struct call *c, const char *key, struct str *out, struct err *e)
{
    const char *const keys[] = {key, NULL};
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    if (rc == RC_OK)
        rc = body_text(body, key, c->r->arena, out, e);
    json_decref(body);
    return rc;
}

static enum rc factor_confirm_prepare(struct call *c, struct err *e)
{
    TRY(factor_prepare(c, &command_factor_confirm, e));
    return read_one(c, "code", &((struct factor_call *)c->job.args)->code, e);
}

static enum rc factor_confirm_show(struct call *c, struct err *e)
{
    (void)e;
    const struct factor_call *f = c->job.args;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "recovery_codes");
    jw_arr(&w);
    for (int i = 0; i < RECOVERY_CODES; i++)
        jw_c(&w, f->codes[i]);
    jw_end_arr(&w);
    jw_end_obj(&w);
    return RC_OK;
}

static enum rc factor_off_apply(struct change *ch, struct command_job *j, struct err *e)
{
    return factor_off(ch, j->actor.user_id, e);
}
static const struct command command_factor_off = {"totp.off", factor_off_apply};

static void factor_off_checked(struct call *c)
{
    if (c->rc != RC_OK) {
        call_fail(c, &c->err);
        return;
    }
    command_job_init(&c->job);
    call_submit(c, &command_factor_off, call_send);
}

static enum rc factor_off_handle(struct call *c, struct err *e)
{
    struct str password;
    TRY(call_not_for_tokens(c, e));
    TRY(read_one(c, "password", &password, e));
    return password_check_later(c, password, factor_off_checked, e);
}

static enum rc factor_reset_apply(struct change *ch, struct command_job *j, struct err *e)
{
    TRY(account_within(ch->tx->db, ch->tx->arena, ch->actor.rights, j->id, e));
    return factor_off(ch, j->id, e);
}
static const struct command command_factor_reset = {"totp.reset", factor_reset_apply};

static enum rc factor_reset_prepare(struct call *c, struct err *e)
{
    TRY(call_not_for_tokens(c, e));
    c->job.command = &command_factor_reset;
    return RC_OK;
}

const struct route account_routes[] = {
    {"GET", "/api/sessions", RUN_READ, MAY_READ, NULL, "Where one is signed in", own_sessions, NULL, NULL, NULL,
     "sessions", 0},
    {"DELETE", "/api/sessions/{id}", RUN_WRITE, MAY_READ, NULL, "End one of one's sessions", NULL, end_own_prepare,
     NULL, NULL, NULL, 204},
    {"GET", "/api/users/{id}/sessions", RUN_READ, MAY_ADMIN, NULL, "Where a user is signed in", user_sessions, NULL,
     NULL, NULL, "sessions", 0, .can = CAN_USERS},
    {"DELETE", "/api/users/{id}/sessions", RUN_WRITE, MAY_ADMIN, NULL, "End all sessions and tokens of a user", NULL,
     end_all_prepare, NULL, NULL, NULL, 204, .can = CAN_USERS},
    {"GET", "/api/sign-ins", RUN_READ, MAY_READ, NULL, "Sign-ins and refused ones of the last year", sign_ins_handle,
     NULL, "user_id cursor limit", NULL, "sign-ins", 0},
    {"POST", "/api/session/totp", RUN_WRITE, MAY_READ, NULL, "Begin a second factor: a secret and its QR code",
     factor_begin_show, factor_begin_prepare, NULL, NULL, "totp", 0},
    {"POST", "/api/session/totp/confirm", RUN_WRITE, MAY_READ, NULL, "The first code switches the second factor on",
     factor_confirm_show, factor_confirm_prepare, NULL, "code", "recovery-codes", 0},
    {"POST", "/api/session/totp/off", RUN_RAW, MAY_READ, NULL, "Switch the second factor off", factor_off_handle, NULL,
     NULL, "password-again", NULL, 204},
    {"POST", "/api/users/{id}/reset-totp", RUN_WRITE, MAY_ADMIN, NULL, "Forget a user's second factor", NULL,
     factor_reset_prepare, NULL, NULL, NULL, 204, .can = CAN_USERS},
    {"POST", "/api/users/{id}/invite", RUN_WRITE, MAY_ADMIN, NULL,
     "A link with which a user sets a password, once, within three days", invite_show, invite_prepare, NULL, NULL,
     "invite", 0, .can = CAN_USERS},
    {"POST", "/api/invite", RUN_RAW, MAY_PUBLIC, NULL, "Set the password of an invitation", invite_handle, NULL, NULL,
     "invite-accept", "session", 0},
};
const size_t account_routes_n = sizeof account_routes / sizeof *account_routes;
