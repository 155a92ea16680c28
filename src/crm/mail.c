#include "crm/mail.h"
#include "crm/crm.h"
#include "crm/engine.h"
#include "crm/outbox.h"
#include "crm/rights.h"
#include <jansson.h>

const char *const mail_security_names[] = {"tls", "starttls", "none", NULL};

enum { PORT_TLS = 465, PORT_STARTTLS = 587, PORT_PLAIN = 25, ADDRESS_MOST = 254 };

bool mail_address(struct str s)
{
    size_t ats = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c == 127 || strchr("<>(),;:\\\"[]", c))
            return false;
        ats += c == '@';
    }
    return ats == 1 && s.len <= ADDRESS_MOST && s.ptr[0] != '@' && s.ptr[s.len - 1] != '@';
}

enum rc mail_settings_load(struct db *db, struct arena *a, struct mail_settings *out, struct err *e)
{
    static const int64_t ports[] = {PORT_TLS, PORT_STARTTLS, PORT_PLAIN};
    struct str security, port;
    *out = (struct mail_settings){.security = MAIL_STARTTLS};
    TRY(setting_get(db, a, "mail_host", NULL, &out->host, e));
    if (out->host.len == 0)
        return RC_OK;
    TRY(setting_get(db, a, "mail_security", "starttls", &security, e));
    TRY(setting_get(db, a, "mail_port", "", &port, e));
    TRY(setting_get(db, a, "mail_user", NULL, &out->user, e));
    TRY(setting_get(db, a, "secret_mail_password", NULL, &out->password, e));
    TRY(setting_get(db, a, "mail_from", "", &out->from, e));
    TRY(setting_get(db, a, "mail_name", "", &out->name, e));
    TRY(setting_get(db, a, "mail_url", "", &out->url, e));
    for (int i = 0; mail_security_names[i]; i++)
        if (str_eqc(security, mail_security_names[i]))
            out->security = (enum mail_security)i;
    if (!str_i64(port, &out->port))
        out->port = ports[out->security];
    return RC_OK;
}

/* ---- letters ---- */

static void put(json_t *o, const char *key, struct str s)
{
    if (s.ptr != NULL)
        json_object_set_new(o, key, json_stringn_nocheck(s.ptr, s.len));
}

enum rc mail_add(struct change *ch, const struct mail *m, struct str key, struct err *e)
{
    struct arena *a = ch->tx->arena;
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s, "SELECT 1 FROM outbox WHERE topic = 'mail' AND target = $1 AND idempotency_key = $2",
                   e));
    stmt_str(s, 1, m->to);
    stmt_str(s, 2, key);
    enum rc rc = stmt_step(s, e);
    stmt_done(s);
    if (rc != RC_DONE)
        return rc == RC_ROW ? RC_OK : rc;
    json_t *o = json_object();
    put(o, "to", m->to);
    put(o, "name", m->to_name);
    put(o, "subject", m->subject);
    put(o, "text", m->text);
    put(o, "html", m->html);
    put(o, "about", m->about);
    if (m->user_id)
        json_object_set_new(o, "user_id", json_integer(m->user_id));
    if (m->file.ptr != NULL) {
        put(o, "file_name", m->file_name);
        put(o, "file_type", m->file_type);
        put(o, "file", str_base64url(a, m->file.ptr, m->file.len));
    }
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    rc = text == NULL ? err_set(e, RC_INTERNAL, "bad_mail", "", NULL)
                      : outbox_add(ch, "mail", m->to, str_c(text), key, e);
    free(text);
    return rc;
}

static struct str get(struct arena *a, const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_string(v) ? str_dup(a, (struct str){json_string_value(v), json_string_length(v)}) : STR_NULL;
}

enum rc mail_read(struct arena *a, struct str payload, struct mail *out, struct err *e)
{
    json_error_t bad;
    json_t *o = json_loadb(payload.ptr, payload.len, 0, &bad);
    struct str file = get(a, o, "file");
    *out = (struct mail){.to = get(a, o, "to"),
                         .to_name = get(a, o, "name"),
                         .subject = get(a, o, "subject"),
                         .text = get(a, o, "text"),
                         .html = get(a, o, "html"),
                         .about = get(a, o, "about"),
                         .file_name = get(a, o, "file_name"),
                         .file_type = get(a, o, "file_type"),
                         .user_id = json_integer_value(json_object_get(o, "user_id"))};
    json_decref(o);
    if (!mail_address(out->to) || (file.ptr != NULL && !str_base64url_decode(a, file, &out->file)))
        return err_set(e, RC_INVALID, "bad_mail", "", NULL);
    return RC_OK;
}

static enum rc sees_all(struct db *db, struct arena *a, const struct mail *m, bool *out, struct err *e)
{
    const struct rights *rights;
    *out = true;
    if (!m->about.len)
        return RC_OK;
    TRY(rights_load(db, a, m->user_id, &rights, e));
    for (struct str rest = m->about; rest.ptr && *out;) {
        struct str number, one = str_cut(rest, ',', &rest), noun = str_cut(one, ' ', &number);
        const struct entity *ent = entity_by_name(noun);
        int64_t id;
        *out = ent != NULL && str_i64(number, &id);
        if (*out)
            TRY(rights_reach(db, a, rights, ent, id, RIGHT_SEE, out, e));
    }
    return RC_OK;
}

enum rc mail_wanted(struct db *db, struct arena *a, const struct mail *m, const char **why, struct err *e)
{
    int64_t n = 1;
    bool sees = true;
    if (m->user_id)
        TRY(QUERY_I64(db, &n, 0, e, "SELECT count(*) FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL",
                      m->user_id));
    if (n > 0 && m->user_id)
        TRY(sees_all(db, a, m, &sees, e));
    *why = n == 0 ? "reader_gone" : sees ? NULL : "out_of_sight";
    return RC_OK;
}

/* ---- what comes to whom ---- */

const char *const mail_kind_names[] = {"finding", "review", "answer", "assigned", "mention",
                                       "task",    "rule",   "system", NULL};

static bool listed(struct str list, const char *name)
{
    for (struct str rest = list; rest.ptr;)
        if (str_eqc(str_trim(str_cut(rest, ',', &rest)), name))
            return true;
    return false;
}

bool mail_chosen_valid(struct str letters)
{
    if (str_eqc(letters, "none"))
        return true;
    for (struct str rest = letters; rest.ptr;) {
        struct str one = str_trim(str_cut(rest, ',', &rest));
        bool known = false;
        for (int i = 0; mail_kind_names[i]; i++)
            known = known || str_eqc(one, mail_kind_names[i]);
        if (!known)
            return false;
    }
    return true;
}

/* By itself what somebody waits for comes: reminders of each task, messages of rules and what has failed would be many.
 */
bool mail_chosen(struct str letters, enum mail_kind kind)
{
    return letters.len ? listed(letters, mail_kind_names[kind]) : kind < MAIL_TASK;
}

bool mail_kind_of(struct str notification, enum mail_kind *out)
{
    static const struct {
        const char *name;
        enum mail_kind kind;
    } kinds[] = {
        {"finding.new", MAIL_FINDING},       {"deal.answer_due", MAIL_ANSWER},  {"task.due", MAIL_TASK},
        {"deal.woken", MAIL_TASK},           {"deal.woken_by", MAIL_TASK},      {"note.mentioned", MAIL_MENTION},
        {"trigger.notify", MAIL_RULE},       {"trigger.failed", MAIL_SYSTEM},   {"trigger.stopped", MAIL_SYSTEM},
        {"operation.done", MAIL_SYSTEM},     {"operation.failed", MAIL_SYSTEM}, {"operation.stopped", MAIL_SYSTEM},
        {"deal.assigned", MAIL_ASSIGNED},    {"deal.joined", MAIL_ASSIGNED},    {"contact.assigned", MAIL_ASSIGNED},
        {"company.assigned", MAIL_ASSIGNED}, {"task.assigned", MAIL_ASSIGNED},  {"task.due_asked", MAIL_ASSIGNED},
        {"task.due_kept", MAIL_ASSIGNED},    {"task.due_moved", MAIL_ASSIGNED}, {"task.early", MAIL_ASSIGNED}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eqc(notification, kinds[i].name)) {
            *out = kinds[i].kind;
            return true;
        }
    return false;
}
