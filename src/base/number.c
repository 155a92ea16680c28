/* Text to numbers and back, free of any locale. */
#include "base/number.h"
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void c_locale_make(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        abort();
}

locale_t number_locale(void)
{
    pthread_once(&c_locale_once, c_locale_make);
    return c_locale;
}

bool str_i64(struct str s, int64_t *out)
{
    size_t i = 0;
    bool minus = s.len && s.ptr[0] == '-';
    if (minus || (s.len && s.ptr[0] == '+'))
        i++;
    if (i == s.len)
        return false;
    uint64_t v = 0, max = minus ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    for (; i < s.len; i++) {
        unsigned d = (unsigned)(unsigned char)s.ptr[i] - '0';
        if (d > 9 || v > (max - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = (int64_t)(minus ? 0 - v : v);
    return true;
}

/* strtod also takes hexadecimal, "inf", "nan" and leading blanks; a decimal number is digits, a point, an exponent. */
static bool decimal_shape(struct str s)
{
    size_t i = 0, digits = 0;
    if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+'))
        i++;
    for (; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
        digits++;
    if (i < s.len && s.ptr[i] == '.')
        for (i++; i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9'; i++)
            digits++;
    if (!digits)
        return false;
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        i++;
        if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+'))
            i++;
        size_t from = i;
        while (i < s.len && s.ptr[i] >= '0' && s.ptr[i] <= '9')
            i++;
        if (i == from)
            return false;
    }
    return i == s.len;
}

bool str_f64(struct str s, double *out)
{
    char small[128], *text = small;
    if (!decimal_shape(s))
        return false;
    if (s.len >= sizeof small) {
        text = malloc(s.len + 1);
        if (!text)
            return false;
    }
    memcpy(text, s.ptr, s.len);
    text[s.len] = 0;
    double v = strtod_l(text, NULL, number_locale());
    if (text != small)
        free(text);
    if (!isfinite(v))
        return false;
    *out = v;
    return true;
}

/* Most doubles of ours are whole: ranks, quantities, per cents. */
static size_t put_whole(char out[NUMBER_TEXT], int64_t v)
{
    char digits[24];
    size_t n = 0, len = 0;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do
        digits[n++] = (char)('0' + u % 10);
    while (u /= 10);
    if (v < 0)
        out[len++] = '-';
    while (n)
        out[len++] = digits[--n];
    out[len] = '\0';
    return len;
}

size_t number_put_f64(char out[NUMBER_TEXT], double v)
{
    if (v > -1e15 && v < 1e15 && v == (double)(int64_t)v && !(v == 0 && signbit(v))) /* %.15g writes these in full */
        return put_whole(out, (int64_t)v);
    locale_t old = uselocale(number_locale());
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(out, NUMBER_TEXT, "%.*g", digits, v);
        if (digits == 17 || strtod_l(out, NULL, number_locale()) == v)
            break;
    }
    uselocale(old);
    return (size_t)n;
}
