#include "base/when.h"
#include "base/time.h"
#include <math.h>

struct scan {
    const char *p, *end;
};

static bool digit(const struct scan *s)
{
    return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

/* Up to `most` digits; gives how many, 0 for none. */
static int number(struct scan *s, int most, int64_t *out)
{
    int n = 0;
    *out = 0;
    while (digit(s) && n < most) {
        *out = *out * 10 + (*s->p++ - '0');
        n++;
    }
    return n;
}

static bool take(struct scan *s, char c)
{
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static void blanks(struct scan *s)
{
    while (s->p < s->end) {
        if (*s->p == ' ' || *s->p == '\t')
            s->p++;
        else if (s->end - s->p >= 2 && memcmp(s->p, "\xc2\xa0", 2) == 0)
            s->p += 2;
        else if (s->end - s->p >= 3 && memcmp(s->p, "\xe2\x80\xaf", 3) == 0)
            s->p += 3;
        else
            return;
    }
}

static int days_in(int64_t year, int64_t month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool set_day(struct when *w, int64_t year, int64_t month, int64_t day)
{
    if (year < 100)
        year += year < 70 ? 2000 : 1900;
    if (year < 1900 || year > 2199 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
        return false;
    w->day = date_from_civil((int)year, (unsigned)month, (unsigned)day);
    return true;
}

/* ---- names of months ---- */

/* The month that a word begins; *len its bytes with a full stop behind. Lower case is made of ASCII and Cyrillic. */
static int month_word(const struct scan *s, size_t *len)
{
    static const char *const heads[12][2] = {{"jan", "янв"}, {"feb", "фев"}, {"mar", "мар"}, {"apr", "апр"},
                                             {"may", "ма"},  {"jun", "июн"}, {"jul", "июл"}, {"aug", "авг"},
                                             {"sep", "сен"}, {"oct", "окт"}, {"nov", "ноя"}, {"dec", "дек"}};
    char word[32];
    size_t n = 0;
    const char *p = s->p;
    while (p < s->end && n + 2 < sizeof word) {
        unsigned char c = (unsigned char)p[0];
        if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
            word[n++] = (char)(c | 0x20);
            p++;
        } else if ((c == 0xd0 || c == 0xd1) && p + 1 < s->end) {
            unsigned char d = (unsigned char)p[1];
            uint32_t code = (uint32_t)(c & 0x1f) << 6 | (d & 0x3f);
            if (code >= 0x410 && code < 0x430)
                code += 0x20;
            word[n++] = (char)(0xc0 | code >> 6);
            word[n++] = (char)(0x80 | (code & 0x3f));
            p += 2;
        } else {
            break;
        }
    }
    if (p < s->end && *p == '.')
        p++;
    *len = (size_t)(p - s->p);
    word[n] = '\0';
    for (int m = 0; m < 12; m++)
        for (int k = 0; k < 2; k++) {
            size_t h = strlen(heads[m][k]);
            if (n >= h && n <= 18 && memcmp(word, heads[m][k], h) == 0)
                return m + 1;
        }
    return 0;
}

/* "г." or "года" behind a year */
static void year_word(struct scan *s)
{
    static const char *const words[] = {"года", "г.", "г"};
    struct scan at = *s;
    blanks(&at);
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(at.end - at.p) >= n && memcmp(at.p, words[i], n) == 0) {
            *s = (struct scan){at.p + n, at.end};
            return;
        }
    }
}

static bool separator(struct scan *s, char *out)
{
    if (s->p == s->end || !strchr("./-", *s->p) || !*s->p)
        return false;
    *out = *s->p++;
    return true;
}

/* 21 ноября 2026, 21-Nov-26 */
static bool day_month_word(struct scan *s, int64_t day, struct when *w)
{
    size_t len;
    int64_t year;
    struct scan at = *s;
    if (!take(&at, '-'))
        blanks(&at);
    int month = month_word(&at, &len);
    if (!month)
        return false;
    at.p += len;
    if (!take(&at, '-') && !take(&at, ','))
        blanks(&at);
    blanks(&at);
    int n = number(&at, 4, &year);
    if ((n != 4 && n != 2) || digit(&at) || !set_day(w, year, month, day))
        return false;
    year_word(&at);
    *s = at;
    return true;
}

/* Nov 21, 2026 */
static bool month_word_first(struct scan *s, struct when *w)
{
    size_t len;
    int64_t day, year;
    int month = month_word(s, &len);
    if (!month)
        return false;
    s->p += len;
    blanks(s);
    if (!number(s, 2, &day))
        return false;
    take(s, ',');
    blanks(s);
    return number(s, 4, &year) == 4 && set_day(w, year, month, day);
}

static bool day_first(const int64_t v[3], char sep, enum when_order order)
{
    if (v[0] > 12)
        return true;
    if (v[1] > 12)
        return false;
    return sep != '/' || order == WHEN_DMY;
}

static bool read_day(struct scan *s, enum when_order order, struct when *w)
{
    int64_t v[3];
    char sep, again;
    struct scan at = *s;
    int n = number(&at, 8, &v[0]);
    if (n == 0)
        return month_word_first(s, w);
    if (n == 8 && !digit(&at)) {
        *s = at;
        return set_day(w, v[0] / 10000, v[0] / 100 % 100, v[0] % 100);
    }
    if (n <= 2 && !digit(&at) && day_month_word(&at, v[0], w)) {
        *s = at;
        return true;
    }
    if ((n != 4 && n > 2) || !separator(&at, &sep) || !number(&at, 2, &v[1]) || !separator(&at, &again) || again != sep)
        return false;
    int m = number(&at, 4, &v[2]);
    if (digit(&at))
        return false;
    *s = at;
    if (n == 4)
        return m >= 1 && m <= 2 && set_day(w, v[0], v[1], v[2]);
    if (m != 4 && m != 2)
        return false;
    year_word(s);
    return day_first(v, sep, order) ? set_day(w, v[2], v[1], v[0]) : set_day(w, v[2], v[0], v[1]);
}

static bool half_day(struct scan *s, int64_t *hour)
{
    struct scan at = *s;
    blanks(&at);
    if (at.end - at.p < 2 || (at.p[1] | 0x20) != 'm' || ((at.p[0] | 0x20) != 'a' && (at.p[0] | 0x20) != 'p'))
        return true;
    if (*hour < 1 || *hour > 12)
        return false;
    *hour = *hour % 12 + ((at.p[0] | 0x20) == 'p' ? 12 : 0);
    at.p += 2;
    *s = at;
    return true;
}

static bool read_offset(struct scan *s, struct when *w)
{
    int64_t h, m = 0;
    blanks(s);
    if (s->p == s->end)
        return true;
    if (take(s, 'Z') || take(s, 'z')) {
        w->has_offset = true;
        return true;
    }
    if (s->end - s->p >= 3 && (memcmp(s->p, "UTC", 3) == 0 || memcmp(s->p, "GMT", 3) == 0)) {
        s->p += 3;
        w->has_offset = true;
        if (s->p == s->end)
            return true;
    }
    bool minus = s->p < s->end && *s->p == '-';
    if (!take(s, '+') && !take(s, '-'))
        return false;
    if (number(s, 2, &h) == 0 || h > 15)
        return false;
    take(s, ':');
    if (digit(s) && (number(s, 2, &m) != 2 || m > 59))
        return false;
    w->offset = (h * 60 + m) * 60 * MS_SECOND * (minus ? -1 : 1);
    w->has_offset = true;
    return true;
}

static bool read_time(struct scan *s, struct when *w)
{
    int64_t h, m, sec = 0, ms = 0, digits;
    if (!take(s, 'T') && !take(s, ','))
        blanks(s);
    blanks(s);
    if (number(s, 2, &h) == 0 || !take(s, ':') || number(s, 2, &m) != 2)
        return false;
    if (take(s, ':') && number(s, 2, &sec) != 2)
        return false;
    if (take(s, '.') || take(s, ',')) {
        int n = number(s, 3, &ms);
        if (n == 0)
            return false;
        for (; n < 3; n++)
            ms *= 10;
        while (number(s, 9, &digits))
            ;
    }
    if (!half_day(s, &h) || h > 23 || m > 59 || sec > 59)
        return false;
    w->ms = ((h * 60 + m) * 60 + sec) * MS_SECOND + ms;
    w->has_time = true;
    return read_offset(s, w);
}

/* A serial day of spreadsheets counts from the 30th of December 1899; what is under 10000 is more likely something
 * else. */
static bool read_serial(struct str text, struct when *w)
{
    double v;
    int64_t ms;
    if (text.len == 13 && str_i64(text, &ms) && ms > 0) {
        *w = (struct when){.day = ms / MS_DAY, .ms = ms % MS_DAY, .has_time = true, .has_offset = true};
        return ms < INT64_C(7258118400000);
    }
    if (text.len > 20 || !str_f64(text, &v) || v < 10000 || v > 100000)
        return false;
    int64_t at = (int64_t)llround(v * 86400.0) * MS_SECOND;
    *w = (struct when){.day = at / MS_DAY - 25569, .ms = at % MS_DAY, .has_time = at % MS_DAY != 0};
    return true;
}

bool when_parse(struct str text, enum when_order order, struct when *out)
{
    text = str_trim(text);
    struct scan s = {text.ptr, text.ptr + text.len};
    *out = (struct when){0};
    if (text.len == 0 || text.len > 60)
        return false;
    if (!read_day(&s, order, out))
        return read_serial(text, out);
    blanks(&s);
    if (s.p < s.end && !read_time(&s, out))
        return false;
    return s.p == s.end;
}

int64_t when_instant(const struct when *w, const struct zone *zone)
{
    int64_t local = w->day * MS_DAY + w->ms;
    if (w->has_offset || !zone)
        return local - w->offset;
    int64_t at = local - zone_offset(zone, local);
    return local - zone_offset(zone, at);
}

int when_order_hint(struct str text)
{
    int64_t a, b;
    text = str_trim(text);
    struct scan s = {text.ptr, text.ptr + text.len};
    if (!number(&s, 2, &a) || !take(&s, '/') || !number(&s, 2, &b) || !take(&s, '/'))
        return 0;
    return a > 12 && b <= 12 ? 1 : b > 12 && a <= 12 ? -1 : 0;
}
