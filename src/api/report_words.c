#include "api/report_words.h"
#include "base/i18n.h"
#include "base/money.h"
#include "base/time.h"
#include <math.h>

/* Groups of three digits, apart by a space that does not break a line. */
static struct str grouped(struct arena *a, struct str s)
{
    struct buf b = {0};
    size_t whole = 0, sign = s.len > 0 && s.ptr[0] == '-';
    while (sign + whole < s.len && s.ptr[sign + whole] >= '0' && s.ptr[sign + whole] <= '9')
        whole++;
    for (size_t i = 0; i < s.len; i++) {
        size_t left = sign + whole - i;
        if (i > sign && i < sign + whole && left % 3 == 0)
            buf_c(&b, "\xc2\xa0");
        buf_char(&b, s.ptr[i]);
    }
    struct str out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return out;
}

static struct str day(struct arena *a, const char *lang, int64_t days)
{
    int year;
    unsigned month, of_month;
    date_to_civil(days, &year, &month, &of_month);
    if (strcmp(lang, "en") == 0)
        return date_format(a, days);
    return str_fmt(a, "%02u.%02u.%04d", of_month, month, year);
}

static struct str sum(struct arena *a, const char *lang, struct str currency, double minor)
{
    double units = minor / pow(10, money_exponent(currency));
    struct str s = grouped(a, report_number(a, lang, units, fabs(units) >= 1000 ? 0 : 2));
    return str_fmt(a, "%.*s %.*s", STR_ARG(s), STR_ARG(currency));
}

struct str report_say(struct arena *a, const char *lang, const struct zone *zone, struct str currency,
                      enum report_type type, struct cell c)
{
    if (c.kind == CELL_NULL || (c.kind == CELL_REAL && !isfinite(c.f)))
        return STR("–");
    if (c.kind == CELL_TEXT)
        return c.s;
    double v = c.kind == CELL_INT ? (double)c.i : c.f;
    int64_t at = (int64_t)v;
    switch (type) {
    case RT_RATE:
        return report_percent(a, lang, v);
    case RT_POINTS:
        return report_number(a, lang, v * 100, 1);
    case RT_MONEY:
        return sum(a, lang, currency, v);
    case RT_DATE:
        return day(a, lang, at);
    case RT_TIME:
        at += zone_offset(zone, at);
        return day(a, lang, at / MS_DAY - (at % MS_DAY < 0));
    default:
        return grouped(a, report_number(a, lang, v, c.kind == CELL_INT || fabs(v) >= 100 || v == trunc(v) ? 0 : 1));
    }
}

struct str report_column_title(const char *lang, const struct report_column *c)
{
    char key[120];
    snprintf(key, sizeof key, "report.column.%s", c->id);
    return i18n_text(lang, key);
}
