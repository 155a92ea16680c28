/* Sign-in, sign-out, passwords. Hashing takes 64 MiB and a fraction of a second, so at most two run at once, off the
 * loop. */
#include "api/inside.h"
#include "base/time.h"
#include "crm/account.h"
#include <stdio.h>

#define HASHING_MOST 2
#define WAITING_MOST 64

struct hash_task {
    struct call *c;
    enum rc (*fn)(struct call *c, struct err *e);
    void (*then)(struct call *c);
    bool reads;
    struct hash_task *next;
};
struct logins {
    int hashing, waiting;
    struct hash_task *first, **last;
    uv_mutex_t lock;
    char dummy[160]; /* a hash that no password fits: an unknown e-mail costs what a known one does */
};

struct logins *logins_new(void)
{
    struct logins *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    l->last = &l->first;
    uv_mutex_init(&l->lock);
    return l;
}

void logins_free(struct logins *l)
{
    if (l)
        uv_mutex_destroy(&l->lock);
    free(l);
}

/* The address that attempts are counted for: behind a proxy on this machine, the one it saw. */
const char *call_peer(const struct call *c)
{
    struct str via = c->r->peer_loopback ? http_header(c->r, "x-forwarded-for") : STR_NULL;
    const char *comma = via.ptr ? memrchr(via.ptr, ',', via.len) : NULL;
    if (comma)
        via = (struct str){comma + 1, via.len - (size_t)(comma + 1 - via.ptr)};
    via = str_trim(via);
    return via.len && via.len < 46 ? str_cdup(c->r->arena, via) : c->r->peer;
}

/* ---- at most two at once ---- */

struct attempt { /* c->own of everything here */
    struct hash_task task;
    struct str email, password, fresh; /* fresh: the new password or its hash */
    struct str who;                    /* of the throttle, for a change of password */
    struct str *hash;
    struct str code; /* of the second factor, STR_NULL: none was sent */
    struct user_login login;
    int64_t user_id;
    const char *how; /* of the log of sign-ins */
    bool recovery;
    void (*then)(struct call *c);
    char token[200];
};

static void start_next(struct logins *l);

static void hashed(struct call *c)
{
    struct attempt *a = c->own;
    struct logins *l = c->app->logins;
    l->hashing--;
    a->task.then(c);
    start_next(l);
}

static void start_next(struct logins *l)
{
    struct hash_task *t = l->first;
    if (!t || l->hashing >= HASHING_MOST)
        return;
    l->first = t->next;
    if (!l->first)
        l->last = &l->first;
    l->waiting--;
    l->hashing++;
    if (t->reads)
        call_run_pool_read(t->c, t->fn, hashed);
    else
        call_run_pool(t->c, t->fn, hashed);
}

static enum rc later(struct call *c, struct attempt *a, bool reads, enum rc (*fn)(struct call *c, struct err *e),
                     void (*then)(struct call *c), struct err *e)
{
    struct logins *l = c->app->logins;
    if (l->waiting >= WAITING_MOST)
        return err_set(e, RC_TOO_MANY, "login_throttled", "", "5");
    c->own = a;
    a->task = (struct hash_task){c, fn, then, reads, NULL};
    *l->last = &a->task;
    l->last = &a->task.next;
    l->waiting++;
    start_next(l);
    return RC_OK;
}

/* ---- opening a session ---- */

static enum rc open_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct call *c = j->user;
    struct attempt *a = j->args;
    struct str token;
    struct sign_in log = {a->user_id, STR_NULL, call_origin(c), a->how, true};
    if (a->login.totp) {
        TRY(factor_use(ch, a->user_id, a->code, &a->recovery, e));
        log.how = a->recovery ? "recovery" : "totp";
    }
    TRY(session_open(ch, a->user_id, ch->tx->arena, &token, &c->session, e));
    TRY(session_seen(ch->tx, c->session.id, &log.from, e));
    TRY(sign_in_log(ch->tx, &log, e));
    if (token.len >= sizeof a->token)
        return err_set(e, RC_INTERNAL, "internal", "", "session token too long");
    memcpy(a->token, token.ptr, token.len);
    a->token[token.len] = '\0';
    return RC_OK;
}
static const struct command command_sign_in = {"session.open", open_apply};

enum rc session_show(struct call *c, struct err *e)
{
    struct record *user;
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_USER), c->session.user_id, false, &user, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "user");
    record_put(&w, user, NULL);
    jw_kc(&w, "csrf", c->session.csrf);
    jw_end_obj(&w);
    return RC_OK;
}

/* How the attempt ended, for the throttle: wrong codes count for the person whatever address they come from. */
static void count_attempt(struct call *c, enum attempt_end how)
{
    struct attempt *a = c->own;
    int64_t now = time_monotonic();
    if (a->email.ptr)
        throttle_done(c->app->throttle, a->email, call_peer(c), now, how);
    if (a->who.ptr)
        throttle_done(c->app->throttle, a->who, "", now, how);
}

static void opened(struct call *c)
{
    struct attempt *a = c->own;
    bool bad_code = c->rc == RC_UNAUTHORIZED;
    count_attempt(c, bad_code ? ATTEMPT_FAILED : c->rc == RC_OK ? ATTEMPT_GOOD : ATTEMPT_LEFT);
    if (c->rc != RC_OK) {
        c->session = (struct session){0};
        if (bad_code)
            sign_in_failed(c, a->user_id, a->email, "totp");
        call_fail(c, &c->err);
        return;
    }
    auth_set_cookie(c, str_c(a->token));
    call_run_read(c, session_show, call_send);
}

static void open_session(struct call *c, int64_t user_id, const char *how)
{
    struct attempt *a = c->own;
    a->user_id = user_id;
    a->how = how;
    command_job_init(&c->job);
    c->job.args = a;
    c->session = (struct session){.user_id = user_id};
    call_submit(c, &command_sign_in, opened);
}

void session_begin(struct call *c, int64_t user_id, const char *how)
{
    c->own = ARENA_NEW(c->r->arena, struct attempt);
    open_session(c, user_id, how);
}

/* ---- by password ---- */

/* Made once; two at the same time would only do it twice. */
static struct str dummy_hash(struct logins *l, struct arena *a)
{
    struct str made, out;
    uv_mutex_lock(&l->lock);
    if (!l->dummy[0] && password_hash(a, STR("no password fits this"), &made, NULL) == RC_OK &&
        made.len < sizeof l->dummy)
        memcpy(l->dummy, made.ptr, made.len);
    out = str_c(l->dummy);
    uv_mutex_unlock(&l->lock);
    return out;
}

static enum rc check_password(struct call *c, struct err *e)
{
    struct attempt *a = c->own;
    enum rc rc = user_find_login(c->db, c->r->arena, a->email, &a->login, e);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    bool known = rc == RC_OK && a->login.hash.ptr;
    bool fits = password_verify(known ? a->login.hash : dummy_hash(c->app->logins, c->r->arena), a->password);
    if (!known || !fits || !a->login.active)
        return err_set(e, RC_UNAUTHORIZED, "bad_credentials", "", NULL);
    return RC_OK;
}

/* The password is right; an account with a second factor asks for its code, too. */
static void check_code(struct call *c)
{
    struct attempt *a = c->own;
    if (!a->code.len) {
        count_attempt(c, ATTEMPT_LEFT);
        c->rc = err_set(&c->err, RC_UNAUTHORIZED, "code_needed", "code", NULL);
        call_fail(c, &c->err);
        return;
    }
    struct str who = str_fmt(c->r->arena, "code %lld", (long long)a->login.id);
    c->rc = throttle_try(c->app->throttle, who, "", time_monotonic(), &c->err);
    if (c->rc != RC_OK) {
        count_attempt(c, ATTEMPT_LEFT);
        call_fail(c, &c->err);
        return;
    }
    a->who = who;
    open_session(c, a->login.id, "totp");
}

static void checked(struct call *c)
{
    struct attempt *a = c->own;
    if (c->rc != RC_OK) {
        count_attempt(c, c->rc == RC_UNAUTHORIZED ? ATTEMPT_FAILED : ATTEMPT_LEFT);
        if (c->rc == RC_UNAUTHORIZED)
            sign_in_failed(c, a->login.id, a->email, "password");
        call_fail(c, &c->err);
    } else if (a->login.totp) {
        check_code(c);
    } else {
        open_session(c, a->login.id, "password");
    }
}

/* A form of another site cannot send this type, so nobody is signed in by one. */
enum rc call_need_json(const struct call *c, struct err *e)
{
    if (!str_starts(http_header(c->r, "content-type"), STR("application/json")))
        return err_set(e, RC_INVALID, "bad_content_type", "Content-Type", NULL);
    return RC_OK;
}

static enum rc read_two(struct call *c, const char *one, const char *two, struct str *first, struct str *second,
                        struct err *e)
{
    json_t *body;
    const char *const keys[] = {one, two, NULL};
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    if (rc == RC_OK)
        rc = body_text(body, one, c->r->arena, first, e);
    if (rc == RC_OK)
        rc = body_text(body, two, c->r->arena, second, e);
    json_decref(body);
    return rc;
}

static enum rc read_credentials(struct call *c, struct attempt *a, struct err *e)
{
    static const char *const keys[] = {"email", "password", "code", NULL};
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    if (rc == RC_OK)
        rc = body_text(body, "email", c->r->arena, &a->email, e);
    if (rc == RC_OK)
        rc = body_text(body, "password", c->r->arena, &a->password, e);
    if (rc == RC_OK && json_object_get(body, "code") && !json_is_null(json_object_get(body, "code")))
        rc = body_text(body, "code", c->r->arena, &a->code, e);
    json_decref(body);
    return rc;
}

enum rc login_handle(struct call *c, struct err *e)
{
    struct attempt *a = ARENA_NEW(c->r->arena, struct attempt);
    TRY(call_need_json(c, e));
    TRY(read_credentials(c, a, e));
    TRY(throttle_try(c->app->throttle, a->email, call_peer(c), time_monotonic(), e));
    enum rc rc = later(c, a, true, check_password, checked, e);
    if (rc != RC_OK)
        throttle_done(c->app->throttle, a->email, call_peer(c), time_monotonic(), ATTEMPT_LEFT);
    return rc;
}

/* ---- a new password ---- */

static enum rc make_hash(struct call *c, struct err *e)
{
    struct attempt *a = c->own;
    return password_hash(c->r->arena, a->fresh, a->hash, e);
}

enum rc password_hash_later(struct call *c, struct str password, struct str *hash, void (*then)(struct call *c),
                            struct err *e)
{
    struct attempt *a = ARENA_NEW(c->r->arena, struct attempt);
    a->fresh = password;
    a->hash = hash;
    return later(c, a, false, make_hash, then, e);
}

static enum rc change_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct call *c = j->user;
    TRY(user_set_password(ch, c->session.user_id, *(struct str *)j->args, e));
    return session_close_others(ch, c->session.user_id, c->session.id, e);
}
static const struct command command_password = {"session.password", change_apply};

static enum rc check_and_hash(struct call *c, struct err *e)
{
    struct attempt *a = c->own;
    struct record *user;
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_USER), c->session.user_id, false, &user, e));
    a->email = user->f[USER_EMAIL].s;
    TRY(user_find_login(c->db, c->r->arena, a->email, &a->login, e));
    if (!a->login.hash.ptr || !password_verify(a->login.hash, a->password))
        return err_set(e, RC_UNPROCESSABLE, "wrong_password", "old", NULL);
    enum rc rc = password_hash(c->r->arena, a->fresh, &a->fresh, e);
    if (rc == RC_UNPROCESSABLE && e)
        strcpy(e->field, "new");
    return rc;
}

static void password_changed(struct call *c)
{
    sessions_forget(c->app->sessions);
    call_send(c);
}

static void new_hash_ready(struct call *c)
{
    struct attempt *a = c->own;
    bool wrong = c->rc != RC_OK && strcmp(c->err.code, "wrong_password") == 0;
    throttle_done(c->app->throttle, a->who, call_peer(c), time_monotonic(), wrong ? ATTEMPT_FAILED : ATTEMPT_GOOD);
    if (c->rc != RC_OK) {
        call_fail(c, &c->err);
        return;
    }
    command_job_init(&c->job);
    c->job.args = &a->fresh;
    call_submit(c, &command_password, password_changed);
}

enum rc password_handle(struct call *c, struct err *e)
{
    struct attempt *a = ARENA_NEW(c->r->arena, struct attempt);
    TRY(call_not_for_tokens(c, e));
    TRY(read_two(c, "old", "new", &a->password, &a->fresh, e));
    a->who = str_fmt(c->r->arena, "user %lld", (long long)c->session.user_id);
    TRY(throttle_try(c->app->throttle, a->who, call_peer(c), time_monotonic(), e));
    enum rc rc = later(c, a, true, check_and_hash, new_hash_ready, e);
    if (rc != RC_OK)
        throttle_done(c->app->throttle, a->who, call_peer(c), time_monotonic(), ATTEMPT_LEFT);
    return rc;
}

/* ---- the password once more ---- */

static enum rc check_own(struct call *c, struct err *e)
{
    struct attempt *a = c->own;
    struct record *user;
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_USER), c->session.user_id, false, &user, e));
    TRY(user_find_login(c->db, c->r->arena, user->f[USER_EMAIL].s, &a->login, e));
    if (!a->login.hash.ptr || !password_verify(a->login.hash, a->password))
        return err_set(e, RC_UNPROCESSABLE, "wrong_password", "password", NULL);
    return RC_OK;
}

static void own_checked(struct call *c)
{
    struct attempt *a = c->own;
    throttle_done(c->app->throttle, a->who, call_peer(c), time_monotonic(),
                  c->rc == RC_OK ? ATTEMPT_GOOD : ATTEMPT_FAILED);
    a->then(c);
}

enum rc password_check_later(struct call *c, struct str password, void (*then)(struct call *c), struct err *e)
{
    struct attempt *a = ARENA_NEW(c->r->arena, struct attempt);
    a->password = password;
    a->then = then;
    a->who = str_fmt(c->r->arena, "user %lld", (long long)c->session.user_id);
    TRY(throttle_try(c->app->throttle, a->who, call_peer(c), time_monotonic(), e));
    enum rc rc = later(c, a, true, check_own, own_checked, e);
    if (rc != RC_OK)
        throttle_done(c->app->throttle, a->who, call_peer(c), time_monotonic(), ATTEMPT_LEFT);
    return rc;
}

/* ---- sign-out ---- */

static enum rc close_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct call *c = j->user;
    return session_close(ch, c->session.id, e);
}
static const struct command command_sign_out = {"session.close", close_apply};

enum rc session_end_prepare(struct call *c, struct err *e)
{
    if (c->session.is_token)
        return err_set(e, RC_FORBIDDEN, "not_for_tokens", "", NULL);
    sessions_forget(c->app->sessions);
    auth_set_cookie(c, STR_NULL);
    c->job.command = &command_sign_out;
    return RC_OK;
}

/* ---- demo ---- */

/* "localhost:8080", "127.0.0.1", "[::1]:80": a name of this machine, not one that a page of elsewhere has pointed here.
 */
static bool local_host(struct str host)
{
    struct str port, name = str_cut(host, ':', &port);
    if (str_starts(host, STR("[::1]")))
        return host.len == 5 || host.ptr[5] == ':';
    if (str_eqc(name, "localhost"))
        return true;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] != '.' && (name.ptr[i] < '0' || name.ptr[i] > '9'))
            return false;
    return str_starts(name, STR("127."));
}

/* Who comes through a proxy on this machine does not sit at it. */
static bool demo_open(const struct call *c)
{
    return c->app->demo && c->r->peer_loopback && local_host(http_header(c->r, "host")) &&
           !http_header(c->r, "x-forwarded-for").ptr && !http_header(c->r, "x-real-ip").ptr &&
           !http_header(c->r, "forwarded").ptr;
}

enum rc demo_people(struct call *c, struct err *e)
{
    struct jw w = call_json(c);
    struct stmt *s;
    enum rc rc;
    jw_obj(&w);
    jw_kbool(&w, "demo", demo_open(c));
    if (demo_open(c)) {
        TRY(db_prepare(
            c->db, &s,
            "SELECT id, name, role FROM users WHERE active = 1 AND deleted_at IS NULL ORDER BY role, id LIMIT 50", e));
        jw_key(&w, "people");
        jw_arr(&w);
        while ((rc = stmt_step(s, e)) == RC_ROW) {
            jw_obj(&w);
            jw_ki64(&w, "user_id", stmt_col_i64(s, 0));
            jw_kstr(&w, "name", stmt_col_str(s, 1));
            jw_kc(&w, "role", role_names[stmt_col_i64(s, 2)]);
            jw_end_obj(&w);
        }
        stmt_done(s);
        if (rc != RC_DONE)
            return rc;
        jw_end_arr(&w);
    }
    jw_end_obj(&w);
    return RC_OK;
}

static enum rc demo_find(struct call *c, struct err *e)
{
    struct attempt *a = c->own;
    struct record *user;
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_USER), a->user_id, false, &user, e));
    return val_i(user->f[USER_ACTIVE], 0) ? RC_OK : err_set(e, RC_NOT_FOUND, "not_found", "user_id", NULL);
}

static void demo_found(struct call *c)
{
    struct attempt *a = c->own;
    if (c->rc != RC_OK)
        call_fail(c, &c->err);
    else
        open_session(c, a->user_id, "demo");
}

enum rc demo_login(struct call *c, struct err *e)
{
    struct attempt *a = ARENA_NEW(c->r->arena, struct attempt);
    const char *const keys[] = {"user_id", NULL};
    json_t *body;
    if (!demo_open(c))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%.*s", STR_ARG(c->r->path));
    TRY(call_need_json(c, e));
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    a->user_id = json_integer_value(json_object_get(body, "user_id"));
    json_decref(body);
    TRY(rc);
    if (a->user_id < 1)
        return err_set(e, RC_UNPROCESSABLE, "required", "user_id", NULL);
    c->own = a;
    call_run_read(c, demo_find, demo_found);
    return RC_OK;
}
