#include "base/calendar.h"
#include "base/time.h"
#include <stdlib.h>

#define MINUTE (60 * MS_SECOND)
#define FAR 36525 /* days that are looked through at most */

const char *const day_kind_names[] = {"holiday", "short", "working", NULL};

static int64_t offset(const struct calendar *c, int64_t at)
{
    return c->zone ? zone_offset(c->zone, at) : 0;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

int64_t calendar_day(const struct calendar *c, int64_t at)
{
    return floor_div(at + offset(c, at), MS_DAY);
}

int64_t calendar_instant(const struct calendar *c, int64_t day, int64_t minute)
{
    int64_t local = day * MS_DAY + minute * MINUTE, at = local - offset(c, local);
    return local - offset(c, at);
}

struct calendar calendar_ordinary(const struct zone *zone)
{
    struct calendar c = {.zone = zone};
    for (int i = 0; i < 5; i++)
        c.week[i] = (struct work_hours){9 * 60, 18 * 60, 13 * 60, 14 * 60};
    return c;
}

static int weekday(int64_t day) /* 0: Monday; the first of January 1970 was a Thursday */
{
    int64_t d = (day + 3) % 7;
    return (int)(d < 0 ? d + 7 : d);
}

struct work_hours calendar_hours(const struct calendar *c, int64_t day)
{
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c->exceptions[mid].day < day)
            low = mid + 1;
        else
            high = mid;
    }
    return low < c->n && c->exceptions[low].day == day ? c->exceptions[low].hours : c->week[weekday(day)];
}

/* The working spans of a day, as instants; gives how many (0 to 2). */
struct span {
    int64_t from, to;
};
static int spans(const struct calendar *c, int64_t day, struct span out[2])
{
    struct work_hours h = calendar_hours(c, day);
    if (h.from >= h.to)
        return 0;
    if (h.break_from >= h.break_to) {
        out[0] = (struct span){calendar_instant(c, day, h.from), calendar_instant(c, day, h.to)};
        return 1;
    }
    out[0] = (struct span){calendar_instant(c, day, h.from), calendar_instant(c, day, h.break_from)};
    out[1] = (struct span){calendar_instant(c, day, h.break_to), calendar_instant(c, day, h.to)};
    return 2;
}

int64_t calendar_working_days(const struct calendar *c, int64_t from, int64_t to)
{
    int64_t n = 0;
    for (int64_t day = from; day <= to; day++) {
        struct work_hours h = calendar_hours(c, day);
        n += h.from < h.to;
    }
    return n;
}

bool calendar_is_working(const struct calendar *c, int64_t at)
{
    struct span s[2];
    int n = spans(c, calendar_day(c, at), s);
    for (int i = 0; i < n; i++)
        if (at >= s[i].from && at < s[i].to)
            return true;
    return false;
}

int64_t calendar_between(const struct calendar *c, int64_t a, int64_t b)
{
    if (b < a)
        return -calendar_between(c, b, a);
    int64_t sum = 0;
    for (int64_t day = calendar_day(c, a), last = calendar_day(c, b); day <= last; day++) {
        struct span s[2];
        int n = spans(c, day, s);
        for (int i = 0; i < n; i++) {
            int64_t from = s[i].from > a ? s[i].from : a, to = s[i].to < b ? s[i].to : b;
            sum += to > from ? to - from : 0;
        }
    }
    return sum;
}

static int64_t add_back(const struct calendar *c, int64_t at, int64_t left)
{
    int64_t today = calendar_day(c, at);
    for (int64_t day = today; day > today - FAR; day--) {
        struct span s[2];
        for (int i = spans(c, day, s) - 1; i >= 0; i--) {
            int64_t to = s[i].to < at ? s[i].to : at;
            if (to <= s[i].from)
                continue;
            if (to - s[i].from >= left)
                return to - left;
            left -= to - s[i].from;
        }
    }
    return at - FAR * MS_DAY;
}

int64_t calendar_add(const struct calendar *c, int64_t at, int64_t left)
{
    if (left < 0)
        return add_back(c, at, -left);
    int64_t today = calendar_day(c, at);
    for (int64_t day = today; day < today + FAR; day++) {
        struct span s[2];
        int n = spans(c, day, s);
        for (int i = 0; i < n; i++) {
            int64_t from = s[i].from > at ? s[i].from : at;
            if (from >= s[i].to)
                continue;
            if (s[i].to - from >= left)
                return from + left;
            left -= s[i].to - from;
        }
    }
    return at + FAR * MS_DAY;
}

/* ---- reading ---- */

static enum rc bad(struct err *e, const char *what, size_t i, const char *key)
{
    return err_set(e, RC_UNPROCESSABLE, "bad_calendar", "calendar", "%s[%zu]%s%s", what, i, *key ? "." : "", key);
}

/* "HH:MM" to minutes; 24:00 ends a day. */
static bool minutes(const json_t *json, int16_t *out)
{
    const char *s = json_string_value(json);
    if (!s || json_string_length(json) != 5 || s[2] != ':')
        return false;
    for (int i = 0; i < 5; i++)
        if (i != 2 && (s[i] < '0' || s[i] > '9'))
            return false;
    int h = (s[0] - '0') * 10 + s[1] - '0', m = (s[3] - '0') * 10 + s[4] - '0';
    *out = (int16_t)(h * 60 + m);
    return m < 60 && h * 60 + m <= 24 * 60;
}

static enum rc read_hours(const json_t *json, const char *what, size_t i, struct work_hours *h, struct err *e)
{
    const json_t *rest_from = json_object_get(json, "break_from"), *rest_to = json_object_get(json, "break_to");
    *h = (struct work_hours){0};
    if (!minutes(json_object_get(json, "from"), &h->from))
        return bad(e, what, i, "from");
    if (!minutes(json_object_get(json, "to"), &h->to) || h->to <= h->from)
        return bad(e, what, i, "to");
    bool has_from = rest_from && !json_is_null(rest_from), has_to = rest_to && !json_is_null(rest_to);
    if (!has_from && !has_to)
        return RC_OK;
    if (!minutes(rest_from, &h->break_from) || h->break_from < h->from)
        return bad(e, what, i, "break_from");
    if (!minutes(rest_to, &h->break_to) || h->break_to <= h->break_from || h->break_to > h->to)
        return bad(e, what, i, "break_to");
    return RC_OK;
}

static bool only(const json_t *json, const char *const *keys)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        size_t i = 0;
        while (keys[i] && strcmp(keys[i], key) != 0)
            i++;
        if (!keys[i])
            return false;
    }
    return true;
}

static struct work_hours usual(const struct calendar *c, int64_t day)
{
    struct work_hours h = c->week[weekday(day)];
    for (int i = 0; i < 7 && h.from >= h.to; i++)
        h = c->week[i];
    return h;
}

/* An hour less at the end; a break that then reaches the end falls away. */
static struct work_hours shorter(struct work_hours h)
{
    h.to = (int16_t)(h.to - 60);
    if (h.break_to > h.to)
        h.break_from = h.break_to = 0;
    return h.to > h.from ? h : (struct work_hours){0};
}

static enum rc read_exception(const json_t *json, size_t i, const struct calendar *c, struct day_exception *out,
                              struct err *e)
{
    static const char *const keys[] = {"on", "kind", "name", "from", "to", "break_from", "break_to", NULL};
    const char *on = json_string_value(json_object_get(json, "on"));
    const char *kind = json_string_value(json_object_get(json, "kind"));
    const json_t *name = json_object_get(json, "name");
    int k = 0;
    if (!json_is_object(json) || !only(json, keys))
        return bad(e, "exceptions", i, "");
    if (!on || !date_parse(str_c(on), &out->day))
        return bad(e, "exceptions", i, "on");
    while (day_kind_names[k] && (!kind || strcmp(day_kind_names[k], kind) != 0))
        k++;
    if (!day_kind_names[k])
        return bad(e, "exceptions", i, "kind");
    if (name && !json_is_null(name) && (!json_is_string(name) || json_string_length(name) > 400))
        return bad(e, "exceptions", i, "name");
    out->kind = (enum day_kind)k;
    bool hours = json_is_string(json_object_get(json, "from"));
    if (k == DAY_HOLIDAY) {
        out->hours = (struct work_hours){0};
        return hours ? bad(e, "exceptions", i, "from") : RC_OK;
    }
    if (hours)
        return read_hours(json, "exceptions", i, &out->hours, e);
    out->hours = usual(c, out->day);
    if (k == DAY_SHORT)
        out->hours = shorter(out->hours);
    return RC_OK;
}

static int by_day(const void *a, const void *b)
{
    int64_t x = ((const struct day_exception *)a)->day, y = ((const struct day_exception *)b)->day;
    return (x > y) - (x < y);
}

enum rc calendar_read(const json_t *json, const struct zone *zone, struct arena *a, struct calendar *out, struct err *e)
{
    static const char *const keys[] = {"week", "exceptions", NULL};
    static const char *const day_keys[] = {"from", "to", "break_from", "break_to", NULL};
    const json_t *week = json_object_get(json, "week"), *list = json_object_get(json, "exceptions");
    *out = (struct calendar){.zone = zone};
    if (!json_is_object(json) || !only(json, keys) || json_array_size(week) != 7)
        return err_set(e, RC_UNPROCESSABLE, "bad_calendar", "calendar", "week");
    for (size_t i = 0; i < 7; i++) {
        const json_t *day = json_array_get(week, i);
        if (json_is_null(day))
            continue;
        if (!json_is_object(day) || !only(day, day_keys))
            return bad(e, "week", i, "");
        TRY(read_hours(day, "week", i, &out->week[i], e));
    }
    if (list && !json_is_array(list))
        return err_set(e, RC_UNPROCESSABLE, "bad_calendar", "calendar", "exceptions");
    if (json_array_size(list) > CALENDAR_EXCEPTIONS)
        return err_set(e, RC_UNPROCESSABLE, "bad_calendar", "calendar", "exceptions");
    out->exceptions = ARENA_ARRAY(a, struct day_exception, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++)
        TRY(read_exception(json_array_get(list, i), i, out, &out->exceptions[out->n++], e));
    qsort(out->exceptions, out->n, sizeof *out->exceptions, by_day);
    for (size_t i = 1; i < out->n; i++)
        if (out->exceptions[i].day == out->exceptions[i - 1].day) {
            struct str on = date_format(a, out->exceptions[i].day);
            return err_set(e, RC_UNPROCESSABLE, "bad_calendar", "calendar", "%.*s", STR_ARG(on));
        }
    return RC_OK;
}
