/* The company's mail server: its settings, what has become of letters, a letter to try it. */
#include "api/api.h"
#include "api/letters.h"
#include "base/i18n.h"
#include "base/time.h"
#include "channels/mail_sender.h"
#include "crm/engine.h"
#include "crm/outbox.h"

enum { LETTERS_SHOWN = 20, TEXT_MOST = 300, PORT_MOST = 65535 };
enum { M_HOST, M_PORT, M_SECURITY, M_USER, M_PASSWORD, M_FROM, M_NAME, M_URL, M_N };

static const struct {
    const char *key, *setting;
} fields[M_N] = {{"host", "mail_host"},
                 {"port", "mail_port"},
                 {"security", "mail_security"},
                 {"user", "mail_user"},
                 {"password", "secret_mail_password"},
                 {"from", "mail_from"},
                 {"name", "mail_name"},
                 {"url", "mail_url"}};

/* ---- showing ---- */

static void put(struct jw *w, const char *key, struct str s)
{
    jw_key(w, key);
    if (s.len > 0)
        jw_str(w, s);
    else
        jw_null(w);
}

static void put_time(struct jw *w, const char *key, struct stmt *s, int column)
{
    if (stmt_col_null(s, column))
        jw_knull(w, key);
    else
        jw_ki64(w, key, stmt_col_i64(s, column));
}

/* What the letter says stays out of it: whoever keeps the server need not read other people's reports. */
static enum rc put_letters(struct call *c, struct jw *w, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(
        c->db, &s,
        "SELECT id, target, created_at, sent_at, next_at, attempts, last_error FROM outbox WHERE topic = 'mail'"
        " ORDER BY id DESC LIMIT $1",
        e));
    stmt_i64(s, 1, LETTERS_SHOWN);
    jw_key(w, "letters");
    jw_arr(w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        bool sent = !stmt_col_null(s, 3), over = stmt_col_i64(s, 4) >= TIME_MOST;
        jw_obj(w);
        jw_ki64(w, "id", stmt_col_i64(s, 0));
        jw_kstr(w, "to", stmt_col_str(s, 1));
        jw_ki64(w, "created_at", stmt_col_i64(s, 2));
        put_time(w, "sent_at", s, 3);
        jw_kc(w, "state", sent ? "sent" : over ? "given_up" : "waiting");
        jw_ki64(w, "attempts", stmt_col_i64(s, 5));
        put(w, "error", sent || stmt_col_null(s, 6) ? STR_NULL : stmt_col_str(s, 6));
        jw_end_obj(w);
    }
    stmt_done(s);
    jw_end_arr(w);
    return rc == RC_DONE ? RC_OK : rc;
}

/* What keeps letters back until somebody changes something: of the last one that met it. */
static enum rc put_problem(struct call *c, struct jw *w, int64_t waiting, struct err *e)
{
    static const char *const codes[] = {"certificate_untrusted", "tls_failed",     "sign_in_refused",
                                        "server_refused",        "sender_refused", NULL};
    struct str code, detail;
    struct stmt *s;
    bool found = false;
    TRY(db_prepare(
        c->db, &s,
        "SELECT last_error FROM outbox WHERE topic = 'mail' AND sent_at IS NULL AND next_at < $1 AND last_error"
        " IS NOT NULL ORDER BY next_at DESC LIMIT 1",
        e));
    stmt_i64(s, 1, TIME_MOST);
    enum rc rc = stmt_step(s, e);
    jw_key(w, "problem");
    if (rc == RC_ROW) {
        code = str_cut(stmt_col_str(s, 0), ':', &detail);
        for (int i = 0; codes[i]; i++)
            found = found || str_eqc(code, codes[i]);
        if (found) {
            jw_obj(w);
            jw_kstr(w, "code", code);
            jw_kstr(w, "detail", str_trim(detail));
            jw_ki64(w, "letters", waiting);
            jw_end_obj(w);
        }
    }
    stmt_done(s);
    if (!found)
        jw_null(w);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc show(struct call *c, struct err *e)
{
    struct mail_settings m;
    int64_t waiting, given_up;
    TRY(mail_settings_load(c->db, c->r->arena, &m, e));
    TRY(QUERY_I64(c->db, &waiting, 0, e,
                  "SELECT count(*) FROM outbox WHERE topic = 'mail' AND sent_at IS NULL AND next_at < $1", TIME_MOST));
    TRY(QUERY_I64(c->db, &given_up, 0, e,
                  "SELECT count(*) FROM outbox WHERE topic = 'mail' AND sent_at IS NULL AND next_at >= $1", TIME_MOST));
    struct jw w = call_json(c);
    jw_obj(&w);
    put(&w, "host", m.host);
    jw_ki64(&w, "port", m.port);
    jw_kc(&w, "security", mail_security_names[m.security]);
    put(&w, "user", m.user);
    jw_kbool(&w, "password_set", m.password.len > 0);
    put(&w, "from", m.from);
    put(&w, "name", m.name);
    put(&w, "url", m.url);
    jw_ki64(&w, "waiting", waiting);
    jw_ki64(&w, "given_up", given_up);
    TRY(put_problem(c, &w, waiting, e));
    TRY(put_letters(c, &w, e));
    jw_end_obj(&w);
    return RC_OK;
}

/* ---- changing ---- */

struct mail_write {
    bool set[M_N];
    struct str value[M_N];
};

static bool plain(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 127)
            return false;
    return s.len <= TEXT_MOST && str_utf8_valid(s);
}

static bool host_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] <= ' ' || strchr("/@?#\\\"<>%", s.ptr[i]))
            return false;
    return true;
}

static enum rc check(int i, struct str v, struct err *e)
{
    bool good = plain(v);
    if (i == M_HOST)
        good = good && host_name(v);
    if (i == M_FROM)
        good = good && mail_address(v);
    if (i == M_URL)
        good = good && (str_starts(v, STR("https://")) || str_starts(v, STR("http://"))) && v.ptr[v.len - 1] != '/';
    if (i == M_SECURITY) {
        bool known = false;
        for (int k = 0; mail_security_names[k]; k++)
            known = known || str_eqc(v, mail_security_names[k]);
        good = known;
    }
    return good ? RC_OK : err_set(e, RC_UNPROCESSABLE, "bad_mail_setting", fields[i].key, NULL);
}

static enum rc read_one(struct arena *a, int i, const json_t *v, struct str *out, struct err *e)
{
    if (json_is_null(v))
        return RC_OK;
    if (i == M_PORT) {
        if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > PORT_MOST)
            return err_set(e, RC_UNPROCESSABLE, "bad_mail_setting", "port", NULL);
        *out = str_fmt(a, "%lld", (long long)json_integer_value(v));
        return RC_OK;
    }
    if (!json_is_string(v))
        return err_set(e, RC_INVALID, "wrong_type", fields[i].key, "string");
    struct str text = {json_string_value(v), json_string_length(v)};
    if (i != M_PASSWORD)
        text = str_trim(text);
    if (text.len == 0)
        return RC_OK;
    *out = str_dup(a, text);
    return check(i, *out, e);
}

/* What was told before there was mail is not written of. */
static enum rc begin_now(struct change *ch, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        ch->tx->db, &s,
        "INSERT INTO letter_mark (user_id, upto) SELECT 0, COALESCE(max(id), 0) FROM notification WHERE 1 = 1"
        " ON CONFLICT (user_id) DO UPDATE SET upto = excluded.upto",
        e));
    return stmt_run(s, e);
}

static enum rc apply(struct change *ch, struct command_job *j, struct err *e)
{
    const struct mail_write *m = j->args;
    struct mail_settings was, now;
    TRY(mail_settings_load(ch->tx->db, ch->tx->arena, &was, e));
    for (int i = 0; i < M_N; i++) /* the password after the host, which forgets that of another one */
        if (m->set[i])
            TRY(setting_set(ch, fields[i].setting, m->value[i], e));
    TRY(mail_settings_load(ch->tx->db, ch->tx->arena, &now, e));
    if (now.host.len > 0 && now.from.len == 0)
        return err_set(e, RC_UNPROCESSABLE, "required", "from", NULL);
    if (was.host.len == 0 && now.host.len > 0)
        TRY(begin_now(ch, e));
    return outbox_again(ch, "mail", e);
}
static const struct command command_mail = {"mail.update", apply};

static enum rc prepare(struct call *c, struct err *e)
{
    struct mail_write *m = ARENA_NEW(c->r->arena, struct mail_write);
    if (c->app->demo) /* whoever tries a demo company is its administrator */
        return err_set(e, RC_FORBIDDEN, "demo_no_mail", "", NULL);
    const char *key;
    json_t *body, *value;
    enum rc rc;
    *m = (struct mail_write){0};
    TRY(call_body(c, &body, e));
    json_object_foreach(body, key, value)
    {
        int i = 0;
        while (i < M_N && strcmp(fields[i].key, key) != 0)
            i++;
        rc = i < M_N ? RC_OK : err_set(e, RC_INVALID, "unknown_field", key, NULL);
        if (i >= M_N)
            goto out;
        m->set[i] = true;
        TRY_OUT(read_one(c->r->arena, i, value, &m->value[i], e));
    }
    rc = RC_OK;
out:
    json_decref(body);
    c->job.args = m;
    c->job.command = &command_mail;
    return rc;
}

static enum rc changed(struct call *c, struct err *e)
{
    mail_sender_wake(c->app->mail);
    return show(c, e);
}

/* ---- trying ---- */

struct trial {
    struct str to; /* STR_NULL: one's own address */
    const char *lang;
};

static enum rc apply_trial(struct change *ch, struct command_job *j, struct err *e)
{
    const struct trial *t = j->args;
    struct arena *a = ch->tx->arena;
    struct reader_of_mail to;
    struct mail m;
    bool found;
    TRY(letters_reader(ch->tx->db, a, ch->actor.user_id, &to, &found, e));
    if (!found && t->to.len == 0)
        return err_set(e, RC_UNPROCESSABLE, "mail_off", "", NULL);
    struct mail_settings server;
    TRY(mail_settings_load(ch->tx->db, a, &server, e));
    if (server.host.len == 0)
        return err_set(e, RC_UNPROCESSABLE, "mail_off", "", NULL);
    if (t->to.len > 0) {
        to.email = t->to;
        to.name = STR_NULL;
        to.user_id = 0;
    }
    to.lang = t->lang;
    to.url = server.url;
    letters_write(a, &to, i18n_text(t->lang, "mail.test.subject"), i18n_text(t->lang, "mail.test.text"), STR("/"), &m);
    return mail_add(ch, &m, str_fmt(a, "test-%lld-%lld", (long long)ch->actor.user_id, (long long)ch->tx->now), e);
}
static const struct command command_trial = {"mail.test", apply_trial};

static enum rc trial_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"to", NULL};
    struct trial *t = ARENA_NEW(c->r->arena, struct trial);
    json_t *body;
    *t = (struct trial){.lang = call_locale(c)};
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    const json_t *to = json_object_get(body, "to");
    if (rc == RC_OK && to != NULL && !json_is_string(to) && !json_is_null(to))
        rc = err_set(e, RC_UNPROCESSABLE, "wrong_type", "to", "string");
    if (rc == RC_OK && json_is_string(to)) {
        t->to = str_dup(c->r->arena, str_trim((struct str){json_string_value(to), json_string_length(to)}));
        rc = mail_address(t->to) ? RC_OK : err_set(e, RC_UNPROCESSABLE, "bad_mail_setting", "to", NULL);
    }
    json_decref(body);
    c->job.args = t;
    c->job.command = &command_trial;
    return rc;
}

const struct route mail_routes[] = {
    {"GET", "/api/mail", RUN_POOL, MAY_ADMIN, NULL, "The mail server, and what has become of the last letters", show,
     NULL, NULL, NULL, "mail", 0},
    {"PATCH", "/api/mail", RUN_WRITE, MAY_ADMIN, NULL, "Change the settings of the mail server; only those sent",
     changed, prepare, NULL, "mail-settings", "mail", 0},
    {"POST", "/api/mail/test", RUN_WRITE, MAY_ADMIN, NULL, "A letter to oneself, or to an address, to try the server",
     changed, trial_prepare, NULL, "mail-test", "mail", 201},
};
const size_t mail_routes_n = sizeof mail_routes / sizeof *mail_routes;
