#include "base/money.h"

/* ISO 4217 list one: the active codes with their minor digits; funds and metals that nobody invoices in are left out.
 */
struct currency {
    char code[4];
    unsigned char exponent;
};
static const struct currency currencies[] = {
    {"AED", 2}, {"AFN", 2}, {"ALL", 2}, {"AMD", 2}, {"ANG", 2}, {"AOA", 2}, {"ARS", 2}, {"AUD", 2}, {"AWG", 2},
    {"AZN", 2}, {"BAM", 2}, {"BBD", 2}, {"BDT", 2}, {"BGN", 2}, {"BHD", 3}, {"BIF", 0}, {"BMD", 2}, {"BND", 2},
    {"BOB", 2}, {"BRL", 2}, {"BSD", 2}, {"BTN", 2}, {"BWP", 2}, {"BYN", 2}, {"BZD", 2}, {"CAD", 2}, {"CDF", 2},
    {"CHF", 2}, {"CLF", 4}, {"CLP", 0}, {"CNY", 2}, {"COP", 2}, {"CRC", 2}, {"CUP", 2}, {"CVE", 2}, {"CZK", 2},
    {"DJF", 0}, {"DKK", 2}, {"DOP", 2}, {"DZD", 2}, {"EGP", 2}, {"ERN", 2}, {"ETB", 2}, {"EUR", 2}, {"FJD", 2},
    {"FKP", 2}, {"GBP", 2}, {"GEL", 2}, {"GHS", 2}, {"GIP", 2}, {"GMD", 2}, {"GNF", 0}, {"GTQ", 2}, {"GYD", 2},
    {"HKD", 2}, {"HNL", 2}, {"HTG", 2}, {"HUF", 2}, {"IDR", 2}, {"ILS", 2}, {"INR", 2}, {"IQD", 3}, {"IRR", 2},
    {"ISK", 0}, {"JMD", 2}, {"JOD", 3}, {"JPY", 0}, {"KES", 2}, {"KGS", 2}, {"KHR", 2}, {"KMF", 0}, {"KPW", 2},
    {"KRW", 0}, {"KWD", 3}, {"KYD", 2}, {"KZT", 2}, {"LAK", 2}, {"LBP", 2}, {"LKR", 2}, {"LRD", 2}, {"LSL", 2},
    {"LYD", 3}, {"MAD", 2}, {"MDL", 2}, {"MGA", 2}, {"MKD", 2}, {"MMK", 2}, {"MNT", 2}, {"MOP", 2}, {"MRU", 2},
    {"MUR", 2}, {"MVR", 2}, {"MWK", 2}, {"MXN", 2}, {"MYR", 2}, {"MZN", 2}, {"NAD", 2}, {"NGN", 2}, {"NIO", 2},
    {"NOK", 2}, {"NPR", 2}, {"NZD", 2}, {"OMR", 3}, {"PAB", 2}, {"PEN", 2}, {"PGK", 2}, {"PHP", 2}, {"PKR", 2},
    {"PLN", 2}, {"PYG", 0}, {"QAR", 2}, {"RON", 2}, {"RSD", 2}, {"RUB", 2}, {"RWF", 0}, {"SAR", 2}, {"SBD", 2},
    {"SCR", 2}, {"SDG", 2}, {"SEK", 2}, {"SGD", 2}, {"SHP", 2}, {"SLE", 2}, {"SOS", 2}, {"SRD", 2}, {"SSP", 2},
    {"STN", 2}, {"SVC", 2}, {"SYP", 2}, {"SZL", 2}, {"THB", 2}, {"TJS", 2}, {"TMT", 2}, {"TND", 3}, {"TOP", 2},
    {"TRY", 2}, {"TTD", 2}, {"TWD", 2}, {"TZS", 2}, {"UAH", 2}, {"UGX", 0}, {"USD", 2}, {"UYI", 0}, {"UYU", 2},
    {"UYW", 4}, {"UZS", 2}, {"VED", 2}, {"VES", 2}, {"VND", 0}, {"VUV", 0}, {"WST", 2}, {"XAF", 0}, {"XCD", 2},
    {"XDR", 0}, {"XOF", 0}, {"XPF", 0}, {"YER", 2}, {"ZAR", 2}, {"ZMW", 2}, {"ZWG", 2},
};

static const struct currency *find(struct str code)
{
    size_t lo = 0, hi = sizeof currencies / sizeof *currencies;
    if (code.len != 3)
        return NULL;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = memcmp(code.ptr, currencies[mid].code, 3);
        if (c == 0)
            return &currencies[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

bool money_currency_known(struct str code)
{
    return find(code) != NULL;
}

unsigned money_exponent(struct str code)
{
    const struct currency *c = find(code);
    return c ? c->exponent : 2;
}

/* Length of a blank that may stand between groups: space, no-break space, narrow no-break space, thin space; 0 for
 * none. */
static size_t gap(const char *p, const char *end)
{
    if (*p == ' ' || *p == '\'')
        return 1;
    if (end - p >= 2 && memcmp(p, "\xc2\xa0", 2) == 0)
        return 2;
    if (end - p >= 3 && (memcmp(p, "\xe2\x80\xaf", 3) == 0 || memcmp(p, "\xe2\x80\x89", 3) == 0))
        return 3;
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Which of '.' and ',' is the decimal mark: the last one, when it stands alone of its kind; a single mark with exactly
 * three digits behind it and one to three before is a group unless it is a point ("1,234" is 1234, "1.234" is 1.234).
 * Returns its place or NULL. */
static const char *decimal_mark(const char *p, const char *end)
{
    const char *last = NULL;
    size_t points = 0, commas = 0;
    for (const char *q = p; q < end; q++) {
        if (*q == '.' || *q == ',') {
            last = q;
            *q == '.' ? points++ : commas++;
        }
    }
    if (!last || (*last == '.' ? points : commas) > 1)
        return NULL;
    bool other = *last == '.' ? commas > 0 : points > 0;
    if (*last == ',' && !other && end - last == 4 && last - p <= 3 && *p != '0')
        return NULL;
    return last;
}

/* The whole part: digits, with groups of three when any mark stands between them. */
static bool whole_part(const char *p, const char *end, uint64_t *out)
{
    uint64_t v = 0;
    size_t in_group = 0;
    bool grouped = false;
    if (p == end)
        return false;
    while (p < end) {
        size_t n = *p == '.' || *p == ',' ? 1 : gap(p, end);
        if (n) {
            if (in_group == 0 || in_group > 3 || (grouped && in_group != 3) || p + n >= end)
                return false;
            grouped = true;
            in_group = 0;
            p += n;
            continue;
        }
        if (!is_digit(*p) || v > (UINT64_MAX - 9) / 10)
            return false;
        v = v * 10 + (uint64_t)(*p++ - '0');
        in_group++;
    }
    *out = v;
    return !grouped || in_group == 3;
}

/* Digits behind the mark; more than the currency has are allowed only as zeros: money is not rounded on the way in. */
static bool minor_part(const char *p, const char *end, unsigned exponent, uint64_t *v)
{
    unsigned n = 0;
    if (p == end)
        return false;
    for (; p < end; p++, n++) {
        if (!is_digit(*p) || (n >= exponent && *p != '0'))
            return false;
        if (n < exponent && __builtin_mul_overflow(*v, 10, v))
            return false;
        if (n < exponent && __builtin_add_overflow(*v, (uint64_t)(*p - '0'), v))
            return false;
    }
    for (; n < exponent; n++)
        if (__builtin_mul_overflow(*v, 10, v))
            return false;
    return true;
}

bool money_parse(struct str s, unsigned exponent, int64_t *minor)
{
    s = str_trim(s);
    const char *p = s.ptr, *end = s.ptr + s.len;
    bool minus = false;
    if (p < end && (*p == '-' || *p == '+'))
        minus = *p++ == '-';
    else if (end - p >= 3 && memcmp(p, "\xe2\x88\x92", 3) == 0) { /* U+2212, as typeset tables have it */
        minus = true;
        p += 3;
    }
    const char *mark = decimal_mark(p, end);
    uint64_t v;
    if (!whole_part(p, mark ? mark : end, &v))
        return false;
    if (mark) {
        if (!minor_part(mark + 1, end, exponent, &v))
            return false;
    } else {
        for (unsigned i = 0; i < exponent; i++)
            if (__builtin_mul_overflow(v, 10, &v))
                return false;
    }
    if (v > INT64_MAX)
        return false;
    *minor = minus ? -(int64_t)v : (int64_t)v;
    return true;
}

struct str money_format(struct arena *a, int64_t minor, unsigned exponent)
{
    uint64_t v = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor, unit = 1;
    for (unsigned i = 0; i < exponent; i++)
        unit *= 10;
    if (exponent == 0)
        return str_fmt(a, "%s%llu", minor < 0 ? "-" : "", (unsigned long long)v);
    return str_fmt(a, "%s%llu.%0*llu", minor < 0 ? "-" : "", (unsigned long long)(v / unit), (int)exponent,
                   (unsigned long long)(v % unit));
}
