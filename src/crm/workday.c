#include "crm/workday.h"
#include "base/time.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define KEPT 64 /* calendars, and zones, that are kept read */

/* ---- what has been read ---- */

struct kept_zone {
    char name[64];
    const struct zone *zone;
};
struct kept_calendar {
    struct str text;
    struct calendar calendar; /* without a zone */
};
static struct {
    pthread_mutex_t lock;
    struct arena memory; /* of calendars; grows with each that is new, up to KEPT */
    struct kept_zone zones[KEPT];
    struct kept_calendar calendars[KEPT];
    size_t n_zones, n_calendars;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static const struct zone *zone_named(struct str name)
{
    char key[64];
    snprintf(key, sizeof key, "%.*s", STR_ARG(name));
    for (size_t i = 0; i < kept.n_zones; i++)
        if (strcmp(kept.zones[i].name, key) == 0)
            return kept.zones[i].zone;
    if (kept.n_zones == KEPT || !zone_exists(key))
        return NULL; /* UTC */
    struct kept_zone *z = &kept.zones[kept.n_zones++];
    snprintf(z->name, sizeof z->name, "%s", key);
    z->zone = zone_load(key);
    return z->zone;
}

static enum rc parse(struct str text, struct arena *a, struct calendar *out, struct err *e)
{
    json_t *json;
    TRY(json_read(text, &json, e));
    enum rc rc = calendar_read(json, NULL, a, out, e);
    json_decref(json);
    return rc;
}

static enum rc calendar_named(struct str text, struct arena *a, struct calendar *out, struct err *e)
{
    for (size_t i = 0; i < kept.n_calendars; i++)
        if (str_eq(kept.calendars[i].text, text)) {
            *out = kept.calendars[i].calendar;
            return RC_OK;
        }
    if (kept.n_calendars == KEPT)
        return parse(text, a, out, e);
    TRY(parse(text, &kept.memory, out, e));
    kept.calendars[kept.n_calendars++] = (struct kept_calendar){str_dup(&kept.memory, text), *out};
    return RC_OK;
}

static enum rc make(struct str text, struct str zone, struct arena *a, struct calendar *out, struct err *e)
{
    pthread_mutex_lock(&kept.lock);
    enum rc rc = RC_OK;
    if (text.len)
        rc = calendar_named(text, a, out, e);
    else
        *out = calendar_ordinary(NULL);
    out->zone = zone_named(zone);
    pthread_mutex_unlock(&kept.lock);
    return rc;
}

/* ---- whose ---- */

#define COMPANY "SELECT value FROM setting WHERE key = "

enum rc calendar_of_user(struct db *db, struct arena *a, int64_t user_id, struct calendar *out, struct err *e)
{
    struct stmt *s;
    *out = calendar_ordinary(NULL);
    TRY(db_prepare(db, &s,
                   "SELECT COALESCE(t.calendar, (" COMPANY "'calendar')),"
                   " COALESCE(t.time_zone, (" COMPANY "'time_zone'), 'Europe/Moscow')"
                   " FROM (SELECT CAST($1 AS BIGINT) AS id) one LEFT JOIN users u ON u.id = one.id"
                   " LEFT JOIN team t ON t.id = u.team_id AND t.deleted_at IS NULL",
                   e));
    stmt_i64(s, 1, user_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        rc = make(stmt_col_str(s, 0), stmt_col_str(s, 1), a, out, e);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

int64_t hours_after(const struct calendar *c, int64_t at, double hours, bool working)
{
    int64_t ms = (int64_t)(hours * (double)MS_HOUR);
    return working ? calendar_add(c, at, ms) : at + ms;
}

enum rc calendar_check(struct arena *a, struct str zone, struct str calendar, struct err *e)
{
    struct calendar c;
    if (zone.ptr && !zone_exists(str_cdup(a, zone)))
        return err_set(e, RC_UNPROCESSABLE, "unknown_zone", "time_zone", "%.*s", STR_ARG(zone));
    return calendar.ptr ? parse(calendar, a, &c, e) : RC_OK;
}
