/* The settings of the company: name, logo, currency, time zone, working calendar. Each is one row of a table and one
 * event of the journal, so that every change stands in the history and can be taken back. */
#include "api/inside.h"
#include "base/calendar.h"
#include "base/calendar_data.h"
#include "base/log.h"
#include "base/money.h"
#include "base/phone.h"
#include "base/time.h"
#include "crm/file_store.h"
#include <stdio.h>

#define COMPANY_MOST 200

enum { S_COMPANY, S_LOGO, S_COUNTRY, S_CURRENCY, S_ZONE, S_CALENDAR, S_FILE_MOST, S_REVIEW, S_N };

/* What a value must be; *out is what is kept, without a pointer when the setting is emptied. */
struct setting {
    const char *key, *fallback;
    enum rc (*read)(struct arena *a, const json_t *v, struct str *out, struct err *e);
    bool json; /* kept as JSON text, shown as it is */
};

static enum rc wrong(struct err *e, const char *key, const char *type)
{
    return err_set(e, RC_INVALID, "wrong_type", key, "%s", type);
}

static enum rc read_company(struct arena *a, const json_t *v, struct str *out, struct err *e)
{
    if (json_is_null(v))
        return RC_OK;
    if (!json_is_string(v))
        return wrong(e, "company", "string");
    struct str text = str_trim((struct str){json_string_value(v), json_string_length(v)});
    if (!str_utf8_valid(text))
        return err_set(e, RC_UNPROCESSABLE, "bad_text", "company", NULL);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 32 || text.ptr[i] == 127)
            return err_set(e, RC_UNPROCESSABLE, "bad_text", "company", NULL);
    if (str_utf8_len(text) > COMPANY_MOST)
        return err_set(e, RC_UNPROCESSABLE, "too_long", "company", "%d", COMPANY_MOST);
    if (text.len)
        *out = str_dup(a, text);
    return RC_OK;
}

static enum rc read_logo(struct arena *a, const json_t *v, struct str *out, struct err *e)
{
    if (json_is_null(v))
        return RC_OK;
    if (!json_is_integer(v) || json_integer_value(v) < 1)
        return wrong(e, "logo_file_id", "integer");
    *out = str_fmt(a, "%lld", (long long)json_integer_value(v));
    return RC_OK;
}

static enum rc read_country(struct arena *a, const json_t *v, struct str *out, struct err *e)
{
    if (!json_is_string(v))
        return wrong(e, "country", "string");
    *out = str_dup(a, str_c(json_string_value(v)));
    return phone_country_known(*out) ? RC_OK
                                     : err_set(e, RC_UNPROCESSABLE, "unknown_country", "country", "%.*s",
                                               (int)(out->len < 20 ? out->len : 20), out->ptr);
}

static enum rc read_currency(struct arena *a, const json_t *v, struct str *out, struct err *e)
{
    if (!json_is_string(v))
        return wrong(e, "currency", "string");
    *out = str_dup(a, str_c(json_string_value(v)));
    return money_currency_known(*out) ? RC_OK
                                      : err_set(e, RC_UNPROCESSABLE, "unknown_currency", "currency", "%.*s",
                                                (int)(out->len < 20 ? out->len : 20), out->ptr);
}

static enum rc read_zone(struct arena *a, const json_t *v, struct str *out, struct err *e)
{
    if (!json_is_string(v))
        return wrong(e, "time_zone", "string");
    *out = str_dup(a, str_c(json_string_value(v)));
    return zone_exists(out->ptr) ? RC_OK
                                 : err_set(e, RC_UNPROCESSABLE, "unknown_zone", "time_zone", "%.*s",
                                           (int)(out->len < 60 ? out->len : 60), out->ptr);
}

static enum rc read_calendar(struct arena *a, const json_t *v, struct str *out, struct err *e)
{
    struct calendar c;
    if (json_is_null(v))
        return RC_OK;
    TRY(calendar_read(v, NULL, a, &c, e));
    char *text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS);
    *out = str_dup(a, str_c(text));
    free(text);
    return RC_OK;
}

static enum rc read_file_most(struct arena *a, const json_t *v, struct str *out, struct err *e)
{
    if (json_is_null(v))
        return RC_OK;
    if (!json_is_integer(v))
        return wrong(e, "file_most", "integer");
    int64_t most = json_integer_value(v);
    if (most < FILE_MOST_LEAST || most > FILE_MOST_EVER) {
        enum rc rc = err_set(e, RC_UNPROCESSABLE, "out_of_range", "file_most", "%lld", (long long)FILE_MOST_LEAST);
        if (e)
            snprintf(e->arg[1], sizeof e->arg[1], "%lld", (long long)FILE_MOST_EVER);
        return rc;
    }
    *out = str_fmt(a, "%lld", (long long)most);
    return RC_OK;
}

#define ORDINARY_DAY "{\"break_from\":\"13:00\",\"break_to\":\"14:00\",\"from\":\"09:00\",\"to\":\"18:00\"}"
#define ORDINARY_WEEK                                                                                                  \
    "{\"exceptions\":[],\"week\":[" ORDINARY_DAY "," ORDINARY_DAY "," ORDINARY_DAY "," ORDINARY_DAY "," ORDINARY_DAY   \
    ",null,null]}"

/* Does the weekly review make itself? */
static enum rc read_review(struct arena *a, const json_t *v, struct str *out, struct err *e)
{
    if (!json_is_boolean(v))
        return wrong(e, "weekly_review", "boolean");
    *out = str_dup(a, json_is_true(v) ? STR("true") : STR("false"));
    return RC_OK;
}

static const struct setting settings[S_N] = {
    [S_COMPANY] = {"company", NULL, read_company, false},
    [S_LOGO] = {"logo_file_id", NULL, read_logo, true},
    [S_COUNTRY] = {"country", "RU", read_country, false},
    [S_CURRENCY] = {"currency", "RUB", read_currency, false},
    [S_ZONE] = {"time_zone", "Europe/Moscow", read_zone, false},
    [S_CALENDAR] = {"calendar", ORDINARY_WEEK, read_calendar, true},
    [S_FILE_MOST] = {"file_most", FILE_MOST_TEXT, read_file_most, true},
    [S_REVIEW] = {"weekly_review", "true", read_review, true},
};

/* ---- reading ---- */

enum rc settings_put(struct db *db, struct arena *a, struct jw *w, struct err *e)
{
    for (int i = 0; i < S_N; i++) {
        struct str value;
        TRY(setting_get(db, a, settings[i].key, settings[i].fallback, &value, e));
        jw_key(w, settings[i].key);
        if (!value.ptr)
            jw_null(w);
        else if (settings[i].json)
            jw_raw(w, value);
        else
            jw_str(w, value);
    }
    return RC_OK;
}

static enum rc settings_show(struct call *c, struct err *e)
{
    struct jw w = call_json(c);
    jw_obj(&w);
    TRY(settings_put(c->db, c->r->arena, &w, e));
    jw_kbool(&w, "demo", c->app->demo);
    jw_end_obj(&w);
    return RC_OK;
}

static enum rc settings_history(struct call *c, struct err *e)
{
    static const enum entity_id kinds[] = {ENT_SETTING};
    int64_t limit;
    TRY(call_param_i64(c, "limit", 50, 1, 500, &limit, e));
    return history_list(c->db, c->r->arena, kinds, 1, 0, call_param(c, "cursor"), limit, c->rights, http_body(c->r), e);
}

/* ---- changing ---- */

struct settings_write {
    bool set[S_N];
    struct str value[S_N];
};

static enum rc logo_is_picture(struct change *ch, struct str id, struct err *e)
{
    struct stmt *s;
    int64_t file;
    if (!id.ptr || !str_i64(id, &file))
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s, "SELECT type FROM file WHERE id = $1 AND deleted_at IS NULL", e));
    stmt_i64(s, 1, file);
    enum rc rc = stmt_step(s, e);
    bool picture = rc == RC_ROW && str_starts(stmt_col_str(s, 0), STR("image/"));
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "logo_file_id", "%.*s", STR_ARG(id));
    if (rc != RC_ROW)
        return rc;
    return picture ? RC_OK : err_set(e, RC_UNPROCESSABLE, "not_a_picture", "logo_file_id", NULL);
}

static enum rc apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct settings_write *s = j->args;
    if (s->set[S_LOGO])
        TRY(logo_is_picture(ch, s->value[S_LOGO], e));
    for (int i = 0; i < S_N; i++)
        if (s->set[i])
            TRY(setting_set(ch, settings[i].key, s->value[i], e));
    return RC_OK;
}
static const struct command command_settings = {"settings.update", apply};

static enum rc read_all(struct call *c, const json_t *body, struct settings_write *s, struct err *e)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)body, key, value)
    {
        int i = 0;
        while (i < S_N && strcmp(settings[i].key, key) != 0)
            i++;
        if (i == S_N)
            return err_set(e, RC_INVALID, "unknown_field", key, NULL);
        s->set[i] = true;
        TRY(settings[i].read(c->r->arena, value, &s->value[i], e));
    }
    return RC_OK;
}

static enum rc settings_prepare(struct call *c, struct err *e)
{
    struct settings_write *s = ARENA_NEW(c->r->arena, struct settings_write);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = read_all(c, body, s, e);
    json_decref(body);
    c->job.args = s;
    c->job.command = &command_settings;
    return rc;
}

/* ---- the time zone is used everywhere: it follows the journal, whichever server has changed it ---- */

static enum rc load_places(struct app *app, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct str name = STR_NULL;
    struct db *db;
    TRY(readers_take(app->readers, &db, e));
    enum rc rc = setting_country_load(db, e);
    if (rc == RC_OK)
        rc = setting_get(db, &a, "time_zone", "Europe/Moscow", &name, e);
    readers_give(app->readers, db, rc);
    if (rc == RC_OK) {
        struct zone *fresh = zone_load(str_cdup(&a, name));
        zone_keep(fresh, __atomic_exchange_n(&app->zone, fresh, __ATOMIC_ACQ_REL));
    }
    arena_free(&a);
    return rc;
}

void settings_on_events(void *arg, const struct event *ev, size_t n)
{
    struct app *app = arg;
    struct err e = {0};
    bool touched = false;
    for (size_t i = 0; i < n; i++)
        touched |= ev[i].object_kind == ENT_SETTING && (memmem(ev[i].data.ptr, ev[i].data.len, "\"time_zone\"", 11) ||
                                                        memmem(ev[i].data.ptr, ev[i].data.len, "\"country\"", 9));
    if (touched && load_places(app, &e) != RC_OK)
        log_warn("the new time zone or country could not be read: %s %s", e.code, e.arg[0]);
}

/* ---- ready holidays ---- */

static enum rc calendar_show(struct call *c, struct err *e)
{
    int64_t year;
    char key[8];
    json_t *all = NULL;
    TRY(call_param_i64(c, "year", 0, 1, 9999, &year, e));
    if (!str_eqc(c->match.param[0], "ru"))
        return err_set(e, RC_NOT_FOUND, "calendar_not_found", "", NULL);
    TRY(json_read((struct str){calendar_ru, calendar_ru_len}, &all, e));
    json_t *years = json_object_get(all, "years");
    snprintf(key, sizeof key, "%lld", (long long)year);
    json_t *found = year ? json_object_get(years, key) : NULL;
    enum rc rc = !year || found ? RC_OK : err_set(e, RC_NOT_FOUND, "calendar_not_found", "year", "%s", key);
    if (rc == RC_OK) {
        json_t *out = json_object(), *list = json_array();
        const char *name;
        json_t *one;
        json_object_foreach(years, name, one) json_array_append_new(list, json_integer(strtol(name, NULL, 10)));
        json_object_set_new(out, "country", json_string("ru"));
        json_object_set_new(out, "years", list);
        if (found) {
            json_object_set_new(out, "year", json_integer(year));
            json_object_update(out, found);
        }
        char *text = json_dumps(out, JSON_COMPACT);
        buf_c(http_body(c->r), text);
        free(text);
        json_decref(out);
    }
    json_decref(all);
    return rc;
}

const struct route settings_routes[] = {
    {"GET", "/api/settings", RUN_READ, MAY_READ, NULL, "Settings of the company", settings_show, NULL, NULL, NULL,
     "settings", 0},
    {"PATCH", "/api/settings", RUN_WRITE, MAY_ADMIN, NULL, "Change settings of the company; only those sent",
     settings_show, settings_prepare, NULL, "settings", "settings", 0, .can = CAN_SETTINGS},
    {"GET", "/api/settings/history", RUN_READ, MAY_ADMIN, NULL, "Who changed which setting of the company",
     settings_history, NULL, "cursor limit", NULL, "timeline", 0, .can = CAN_SETTINGS},
    {"GET", "/api/calendars/{country}", RUN_READ, MAY_READ, NULL, "Ready holidays and moved working days",
     calendar_show, NULL, "year", NULL, "calendar", 0},
};
const size_t settings_routes_n = sizeof settings_routes / sizeof *settings_routes;
