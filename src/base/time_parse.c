#include "base/time.h"

struct cursor {
    const char *p, *end;
};

/* Exactly n digits. */
static bool digits(struct cursor *c, int n, int *out)
{
    if (c->end - c->p < n)
        return false;
    int v = 0;
    for (int i = 0; i < n; i++) {
        unsigned d = (unsigned)(unsigned char)c->p[i] - '0';
        if (d > 9)
            return false;
        v = v * 10 + (int)d;
    }
    c->p += n;
    *out = v;
    return true;
}

/* One to n digits. */
static bool some_digits(struct cursor *c, int n, int *out)
{
    int v = 0, i = 0;
    for (; i < n && c->p + i < c->end; i++) {
        unsigned d = (unsigned)(unsigned char)c->p[i] - '0';
        if (d > 9)
            break;
        v = v * 10 + (int)d;
    }
    if (i == 0)
        return false;
    c->p += i;
    *out = v;
    return true;
}

static bool literal(struct cursor *c, char what)
{
    if (c->p == c->end || *c->p != what)
        return false;
    c->p++;
    return true;
}

static bool day_exists(int y, int m, int d)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (m < 1 || m > 12 || d < 1)
        return false;
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    return d <= days[m - 1] + (m == 2 && leap);
}

static bool date_at(struct cursor *c, int64_t *days)
{
    int y, m, d;
    if (!digits(c, 4, &y) || !literal(c, '-') || !digits(c, 2, &m) || !literal(c, '-') || !digits(c, 2, &d))
        return false;
    if (!day_exists(y, m, d))
        return false;
    *days = date_from_civil(y, (unsigned)m, (unsigned)d);
    return true;
}

bool date_parse(struct str s, int64_t *days)
{
    struct cursor c = {s.ptr, s.ptr + s.len};
    int64_t v;
    if (!date_at(&c, &v) || c.p != c.end)
        return false;
    *days = v;
    return true;
}

/* Any number of digits behind the point; what is below a millisecond is cut off. */
static bool fraction(struct cursor *c, int *ms)
{
    int v = 0, n = 0;
    for (; c->p < c->end; c->p++, n++) {
        unsigned d = (unsigned)(unsigned char)*c->p - '0';
        if (d > 9)
            break;
        if (n < 3)
            v = v * 10 + (int)d;
    }
    if (n == 0)
        return false;
    for (int i = n; i < 3; i++)
        v *= 10;
    *ms = v;
    return true;
}

/* Z, +hh:mm, +hhmm or +hh as minutes east of UTC. */
static bool offset(struct cursor *c, int *minutes)
{
    int h, m = 0;
    if (c->p == c->end)
        return false;
    char sign = *c->p++;
    if (sign == 'Z' || sign == 'z') {
        *minutes = 0;
        return true;
    }
    if ((sign != '+' && sign != '-') || !digits(c, 2, &h))
        return false;
    bool colon = c->p < c->end && *c->p == ':';
    if (colon)
        c->p++;
    if (!digits(c, 2, &m) && colon)
        return false;
    if (h > 23 || m > 59)
        return false;
    *minutes = sign == '-' ? -(h * 60 + m) : h * 60 + m;
    return true;
}

/* A leap second is counted as the second before it: days here have 86400 seconds. */
static bool clock_ms(int h, int m, int s, int ms, int64_t *out)
{
    if (h > 23 || m > 59 || s > 60)
        return false;
    if (s == 60) {
        s = 59;
        ms = 999;
    }
    *out = ((int64_t)(h * 60 + m) * 60 + s) * 1000 + ms;
    return true;
}

bool time_parse(struct str s, int64_t *at)
{
    struct cursor c = {s.ptr, s.ptr + s.len};
    int64_t days, in_day;
    int h, m, sec = 0, ms = 0, east = 0;
    if (!date_at(&c, &days))
        return false;
    if (c.p == c.end) {
        *at = days * MS_DAY;
        return true;
    }
    if (*c.p != 'T' && *c.p != 't' && *c.p != ' ')
        return false;
    c.p++;
    if (!digits(&c, 2, &h) || !literal(&c, ':') || !digits(&c, 2, &m))
        return false;
    if (literal(&c, ':')) {
        if (!digits(&c, 2, &sec))
            return false;
        if (c.p < c.end && (*c.p == '.' || *c.p == ',')) {
            c.p++;
            if (!fraction(&c, &ms))
                return false;
        }
    }
    if (c.p < c.end) {
        if (*c.p == ' ') /* "2012-03-14 15:04:54 +01:00" */
            c.p++;
        if (!offset(&c, &east))
            return false;
    }
    if (c.p != c.end || !clock_ms(h, m, sec, ms, &in_day))
        return false;
    *at = days * MS_DAY + in_day - (int64_t)east * 60000;
    return true;
}

struct parts {
    int year, month, day, hour, minute, second, ms, east;
};

static bool month_name(struct cursor *c, int *month)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (c->end - c->p < 3)
        return false;
    for (int i = 0; i < 12; i++) {
        int k = 0;
        while (k < 3 && (c->p[k] | 0x20) == names[i * 3 + k])
            k++;
        if (k == 3) {
            c->p += 3;
            *month = i + 1;
            return true;
        }
    }
    return false;
}

static bool part(struct cursor *c, char what, struct parts *t)
{
    switch (what) {
    case 'Y':
        return digits(c, 4, &t->year);
    case 'y':
        if (!digits(c, 2, &t->year))
            return false;
        t->year += t->year < 69 ? 2000 : 1900; /* as POSIX strptime */
        return true;
    case 'm':
        return some_digits(c, 2, &t->month);
    case 'd':
        return some_digits(c, 2, &t->day);
    case 'H':
        return some_digits(c, 2, &t->hour);
    case 'M':
        return some_digits(c, 2, &t->minute);
    case 'S':
        return some_digits(c, 2, &t->second);
    case 'f':
        return fraction(c, &t->ms);
    case 'b':
        return month_name(c, &t->month);
    case 'z':
        return offset(c, &t->east);
    default:
        return what == '%' && literal(c, '%');
    }
}

bool time_parse_as(struct str s, const char *format, int64_t *at)
{
    struct cursor c = {s.ptr, s.ptr + s.len};
    struct parts t = {.year = 1970, .month = 1, .day = 1};
    int64_t in_day;
    for (const char *f = format; *f; f++) {
        bool fits = *f == '%' && f[1] ? part(&c, *++f, &t) : literal(&c, *f);
        if (!fits)
            return false;
    }
    if (c.p != c.end || !day_exists(t.year, t.month, t.day) || !clock_ms(t.hour, t.minute, t.second, t.ms, &in_day))
        return false;
    *at = date_from_civil(t.year, (unsigned)t.month, (unsigned)t.day) * MS_DAY + in_day - (int64_t)t.east * 60000;
    return true;
}
