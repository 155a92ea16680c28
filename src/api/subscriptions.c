#include "api/subscriptions.h"
#include "api/letters.h"
#include "api/report_words.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/time.h"
#include "channels/mail_sender.h"
#include "crm/engine.h"
#include "crm/subscription.h"
#include "crm/task_flow.h"
#include "insight/days.h"
#include <string.h>

#define AT_ONCE 8
#define FIGURES 3
#define PAUSE (600 * MS_SECOND) /* of one that could not be made, for a reason of the machine */

struct due {
    struct job job;
    int64_t id, planned, next;
    struct record *row;
    json_t *params; /* of the notification; NULL: nobody is to hear of it */
    const char *kind;
    struct mail mail; /* to: STR_NULL, nothing is mailed */
};
struct ask {
    struct arena *arena;
    struct app *app;
    struct db *db;
    const char *lang;
    struct report_arg args[40];
    size_t n_args;
};

/* ---- what is asked ---- */

static void add_arg(struct ask *q, const char *name, struct str value)
{
    if (q->n_args < sizeof q->args / sizeof *q->args)
        q->args[q->n_args++] = (struct report_arg){str_c(name), value};
}

static int64_t month_begin(int year, int month, int by) /* month: 1..12 */
{
    int m = year * 12 + month - 1 + by;
    return date_from_civil(m / 12, (unsigned)(m % 12) + 1, 1);
}

/* A period that moves with the calendar, as presets of the screen name it: both days belong to it. */
static void add_period(struct ask *q, struct str name, int64_t at)
{
    int64_t today = zone_day(q->app->zone, at);
    int year;
    unsigned month, of_month;
    date_to_civil(today, &year, &month, &of_month);
    int quarter = -(int)((month - 1) % 3);
    const struct {
        const char *name;
        int64_t from, to;
    } periods[] = {
        {"this_month", month_begin(year, (int)month, 0), today},
        {"last_month", month_begin(year, (int)month, -1), month_begin(year, (int)month, 0) - 1},
        {"this_quarter", month_begin(year, (int)month, quarter), today},
        {"last_quarter", month_begin(year, (int)month, quarter - 3), month_begin(year, (int)month, quarter) - 1},
        {"this_year", date_from_civil(year, 1, 1), today},
        {"last_year", date_from_civil(year - 1, 1, 1), date_from_civil(year, 1, 1) - 1},
        {"days_90", today - 89, today},
        {"year", today - 364, today},
    };
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++)
        if (str_eqc(name, periods[i].name)) {
            add_arg(q, "from", date_format(q->arena, periods[i].from));
            add_arg(q, "to", date_format(q->arena, periods[i].to));
        }
}

static void read_params(struct ask *q, const struct report *report, const json_t *given, int64_t at)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)given, name, value)
    {
        if (!json_is_string(value) || strcmp(name, "as_of") == 0)
            continue;
        struct str text = str_dup(q->arena, str_c(json_string_value(value)));
        if (strcmp(name, "period") == 0)
            add_period(q, text, at);
        else
            add_arg(q, str_cdup(q->arena, str_c(name)), text);
    }
    if (report_takes(report, "as_of"))
        add_arg(q, "as_of", str_fmt(q->arena, "%lld", (long long)at));
}

/* ---- what comes ---- */

static void put_encoded(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || strchr("-_.", c);
        if (plain && c)
            buf_char(b, (char)c);
        else
            buf_fmt(b, "%%%02X", c);
    }
}

static json_t *place_of(struct ask *q, const struct report *report)
{
    struct buf b = {0};
    buf_fmt(&b, "/reports/%s", report->id);
    for (size_t i = 0; i < q->n_args; i++) {
        buf_c(&b, i == 0 ? "?" : "&");
        put_encoded(&b, q->args[i].name);
        buf_c(&b, "=");
        put_encoded(&b, q->args[i].value);
    }
    json_t *text = json_text(buf_view(&b));
    buf_free(&b);
    return text;
}

/* The verdict, or the first figures where there is none. */
static struct str said(struct ask *q, const struct report_result *r)
{
    struct buf b = {0};
    char key[120];
    if (r->verdict.len > 0)
        return r->verdict;
    for (size_t i = 0, n = 0; i < r->summary.len && n < FIGURES; i++) {
        const struct report_item *item = &r->summary.ptr[i];
        if (item->value.kind == CELL_NULL || item->type == RT_ID)
            continue;
        snprintf(key, sizeof key, "report.summary.%s", item->key);
        struct str value = report_say(q->arena, q->lang, q->app->zone, r->currency, item->type, item->value);
        buf_fmt(&b, "%s%.*s: %.*s", n++ ? ", " : "", STR_ARG(i18n_text(q->lang, key)), STR_ARG(value));
    }
    struct str out = str_dup(q->arena, buf_view(&b));
    buf_free(&b);
    return out;
}

/* The file beside a letter. A full disk costs the file, not the letter: false. */
static bool attach(struct call *c, const struct due *d, const struct report_result *r, struct mail *file)
{
    struct err why = {0};
    struct str format = val_i(d->row->f[SUBSCRIPTION_MAIL], 0) == SUBSCRIPTION_AS_PDF ? STR("pdf") : STR("xlsx");
    if (letters_attach(c, r, format, file, &why) == RC_OK)
        return true;
    log_warn("subscription %lld comes without its file: %s %s", (long long)d->id, why.code, why.arg[0]);
    return false;
}

/* By mail, too, when a server is set and the subscription says so. */
static enum rc write_letter(struct ask *q, struct due *d, const struct report_result *r, struct str place,
                            struct err *e)
{
    int64_t how = val_i(d->row->f[SUBSCRIPTION_MAIL], SUBSCRIPTION_BY_LETTER);
    struct reader_of_mail to;
    struct http_request request;
    struct buf text = {0};
    struct mail file = {0};
    bool found;
    if (how == SUBSCRIPTION_NOT_MAILED)
        return RC_OK;
    TRY(letters_reader(q->db, q->arena, val_i(d->row->f[SUBSCRIPTION_OWNER_ID], 0), &to, &found, e));
    if (!found)
        return RC_OK;
    struct call c = letters_call(q->app, q->db, q->arena, &to, &request);
    if (how == SUBSCRIPTION_BY_LETTER)
        report_text(&text, q->arena, r, q->lang);
    else
        buf_str(&text, said(q, r));
    if (how != SUBSCRIPTION_BY_LETTER && !attach(&c, d, r, &file))
        buf_fmt(&text, "\n\n%.*s", STR_ARG(i18n_text(q->lang, "mail.no_file")));
    letters_write(q->arena, &to, d->row->f[SUBSCRIPTION_NAME].s, str_dup(q->arena, buf_view(&text)), place, &d->mail);
    buf_free(&text);
    d->mail.file = file.file;
    d->mail.file_name = file.file_name;
    d->mail.file_type = file.file_type;
    return RC_OK;
}

static enum rc run_report(struct ask *q, struct due *d, const struct report *report, const struct rights *rights,
                          struct err *e)
{
    struct report_call call = {.arena = q->arena,
                               .db = q->db,
                               .projection = q->app->projection,
                               .lang = q->lang,
                               .now = d->planned,
                               .user_id = val_i(d->row->f[SUBSCRIPTION_OWNER_ID], 0),
                               .rights = rights,
                               .args = q->args,
                               .n_args = q->n_args};
    struct report_result result;
    struct err why = {0};
    enum rc rc = report_run(report, &call, &result, &why);
    json_t *title = json_text(d->row->f[SUBSCRIPTION_NAME].s);
    if (rc == RC_OK) {
        d->kind = "report.ready";
        json_t *place = place_of(q, report);
        rc = write_letter(q, d, &result, str_c(json_string_value(place)), e);
        d->params = json_pack("{s:o,s:o,s:o}", "title", title, "text", json_text(said(q, &result)), "place", place);
    } else if (rc == RC_INTERNAL || rc == RC_UNAVAILABLE) {
        json_decref(title);
        *e = why;
    } else {
        d->kind = "report.failed";
        d->params = json_pack("{s:o,s:s}", "title", title, "error", why.code);
        rc = RC_OK;
    }
    report_result_free(&result);
    return rc;
}

/* What the subscriber may see now counts. Whoever is gone or may see no reports gets nothing. */
static enum rc prepare(struct ask *q, struct due *d, struct err *e)
{
    static const char *const languages[] = {"ru", "en"};
    const struct report *report = report_by_id(d->row->f[SUBSCRIPTION_REPORT].s);
    int64_t user = val_i(d->row->f[SUBSCRIPTION_OWNER_ID], 0), locale = -1;
    const struct rights *rights;
    json_error_t bad;
    TRY(QUERY_I64(q->db, &locale, -1, e, "SELECT locale FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL",
                  user));
    if (locale < 0 || report == NULL)
        return RC_OK;
    TRY(rights_load(q->db, q->arena, user, &rights, e));
    if (!rights_can(rights, CAN_REPORTS))
        return RC_OK;
    q->lang = languages[locale == 1];
    struct val params = d->row->f[SUBSCRIPTION_PARAMS];
    json_t *given = val_has(params) ? json_loadb(params.s.ptr, params.s.len, 0, &bad) : NULL;
    read_params(q, report, given, d->planned);
    json_decref(given);
    return run_report(q, d, report, rights, e);
}

/* ---- in the writer ---- */

static enum rc apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct due *d = (struct due *)job;
    struct change ch = change_begin(tx, (struct actor){.role = ROLE_ADMIN, .via = VIA_TRIGGER});
    struct stmt *s;
    TRY(db_prepare(tx->db, &s,
                   "UPDATE subscription SET last_at = $1, next_at = $2 WHERE id = $3 AND next_at = $1 AND deleted_at IS"
                   " NULL AND enabled = 1",
                   e));
    stmt_i64(s, 1, d->planned);
    stmt_i64(s, 2, d->next);
    stmt_i64(s, 3, d->id);
    TRY(stmt_run(s, e));
    bool ours = db_changes(tx->db) == 1;
    if (ours && d->params != NULL)
        TRY(tell_of(&ch, val_i(d->row->f[SUBSCRIPTION_OWNER_ID], 0), d->kind, ENT_SUBSCRIPTION, d->id,
                    json_incref(d->params), e));
    if (ours && d->mail.to.ptr != NULL)
        TRY(mail_add(&ch, &d->mail,
                     str_fmt(tx->arena, "subscription-%lld-%lld", (long long)d->id, (long long)d->planned), e));
    return change_end(&ch, e);
}

static enum rc come(struct app *app, struct db *db, int64_t now, struct due *d, struct err *e)
{
    struct arena arena = ARENA_EMPTY;
    struct ask q = {.arena = &arena, .app = app, .db = db, .lang = "ru"};
    enum rc rc;
    TRY_OUT(record_load(db, &arena, entity_by_id(ENT_SUBSCRIPTION), d->id, false, &d->row, e));
    struct schedule s = {(enum every)val_i(d->row->f[SUBSCRIPTION_EVERY], EVERY_WEEK),
                         (int)val_i(d->row->f[SUBSCRIPTION_DAY], 1), (int)val_i(d->row->f[SUBSCRIPTION_HOUR], 9)};
    /* After a long sleep it comes once, not for each time that was missed. */
    d->next = schedule_next(&s, app->zone, now);
    TRY_OUT(prepare(&q, d, e));
    d->job.apply = apply;
    rc = writer_run(app->writer, &d->job, e);
    if (d->mail.to.ptr != NULL)
        mail_sender_wake(app->mail);
out:
    json_decref(d->params);
    arena_free(&arena);
    return rc;
}

/* It comes a little later, so that those behind it have their turn. */
static enum rc apply_pause(struct wtx *tx, struct job *job, struct err *e)
{
    const struct due *d = (const struct due *)job;
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, "UPDATE subscription SET next_at = $1 WHERE id = $2 AND next_at = $3", e));
    stmt_i64(s, 1, tx->now + PAUSE);
    stmt_i64(s, 2, d->id);
    stmt_i64(s, 3, d->planned);
    return stmt_run(s, e);
}

/* One that fails does not hold up the others; when the database is the reason, they wait together. */
static enum rc failed(struct app *app, struct db *db, struct due *d, enum rc rc, const struct err *why, struct err *e)
{
    int64_t seq;
    log_warn("subscription %lld: %s %s%s", (long long)d->id, why->code, why->field, why->arg[0]);
    if (rc != RC_INTERNAL && rc != RC_UNAVAILABLE)
        return RC_OK;
    TRY(journal_last(db, &seq, e));
    struct due later = {.job.apply = apply_pause, .id = d->id, .planned = d->planned};
    return writer_run(app->writer, &later.job, e);
}

enum rc subscriptions_turn(struct app *app, struct db *db, int64_t now, bool *worked, struct err *e)
{
    struct due list[AT_ONCE] = {0};
    size_t n = 0;
    struct stmt *s;
    int64_t seq;
    enum rc rc;
    *worked = false;
    TRY(db_prepare(db, &s,
                   "SELECT id, next_at FROM subscription WHERE next_at IS NOT NULL AND next_at <= $1 AND enabled = 1"
                   " AND deleted_at IS NULL ORDER BY next_at LIMIT 8",
                   e));
    stmt_i64(s, 1, now);
    while ((rc = stmt_step(s, e)) == RC_ROW && n < AT_ONCE)
        list[n++] = (struct due){.id = stmt_col_i64(s, 0), .planned = stmt_col_i64(s, 1)};
    stmt_done(s);
    if (rc != RC_ROW && rc != RC_DONE)
        return rc;
    if (n == 0)
        return RC_OK;
    TRY(journal_last(db, &seq, e));
    if (!projection_wait(app->projection, seq, 0))
        return RC_OK; /* it is still being read: later */
    for (size_t i = 0; i < n; i++) {
        struct err why = {0};
        rc = come(app, db, now, &list[i], &why);
        if (rc != RC_OK)
            TRY(failed(app, db, &list[i], rc, &why, e));
        *worked = true;
    }
    return RC_OK;
}
