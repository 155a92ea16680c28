#include "base/phone.h"
#include <stdatomic.h>
#include <stdio.h>

/* Numbering plans: country code, trunk prefix, prefix of calls abroad (beside 00), digits of a national number.
 * Sources: ITU-T E.164 and the national numbering plans published by the ITU. */
struct plan {
    const char *country, *code, *trunk, *abroad;
    size_t least, most;
};
static const struct plan plans[] = {
    {"RU", "7", "8", "810", 10, 10}, {"KZ", "7", "8", "810", 10, 10}, {"BY", "375", "80", "810", 9, 9},
    {"UA", "380", "0", "00", 9, 9},  {"AM", "374", "0", "00", 8, 8},  {"AZ", "994", "0", "00", 9, 9},
    {"GE", "995", "0", "00", 9, 9},  {"KG", "996", "0", "00", 9, 9},  {"MD", "373", "0", "00", 8, 8},
    {"TJ", "992", "", "00", 9, 9},   {"TM", "993", "8", "810", 8, 8}, {"UZ", "998", "", "00", 9, 9},
    {"AE", "971", "0", "00", 8, 9},  {"AT", "43", "0", "00", 7, 12},  {"BG", "359", "0", "00", 8, 9},
    {"CA", "1", "1", "011", 10, 10}, {"CH", "41", "0", "00", 9, 9},   {"CN", "86", "0", "00", 10, 11},
    {"CY", "357", "", "00", 8, 8},   {"CZ", "420", "", "00", 9, 9},   {"DE", "49", "0", "00", 7, 11},
    {"EE", "372", "", "00", 7, 8},   {"ES", "34", "", "00", 9, 9},    {"FI", "358", "0", "00", 6, 10},
    {"FR", "33", "0", "00", 9, 9},   {"GB", "44", "0", "00", 9, 10},  {"IL", "972", "0", "00", 8, 9},
    {"IN", "91", "0", "00", 10, 10}, {"IT", "39", "", "00", 8, 11},   {"LT", "370", "0", "00", 8, 8},
    {"LV", "371", "", "00", 8, 8},   {"NL", "31", "0", "00", 9, 9},   {"PL", "48", "", "00", 9, 9},
    {"RS", "381", "0", "00", 8, 9},  {"SE", "46", "0", "00", 7, 9},   {"TR", "90", "0", "00", 10, 10},
    {"US", "1", "1", "011", 10, 10},
};
static _Atomic(const struct plan *) home = &plans[0];

static const struct plan *plan_of(struct str country)
{
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        if (str_eqc(country, plans[i].country))
            return &plans[i];
    return NULL;
}

bool phone_country_known(struct str country)
{
    return plan_of(country) != NULL;
}

bool phone_set_home(struct str country)
{
    const struct plan *p = plan_of(country);
    if (p)
        atomic_store(&home, p);
    return p != NULL;
}

const char *phone_home(void)
{
    return atomic_load(&home)->country;
}

/* ---- reading ---- */

/* Length of what stands between digits, 0 when it is something else: ASCII punctuation, no-break and thin blanks,
 * hyphens and dashes, and the invisible marks that come along when a number is copied. */
static size_t filler(struct str s, size_t i)
{
    unsigned char c = (unsigned char)s.ptr[i];
    unsigned char d = i + 1 < s.len ? (unsigned char)s.ptr[i + 1] : 0,
                  f = i + 2 < s.len ? (unsigned char)s.ptr[i + 2] : 0;
    if (c < 0x80)
        return strchr(" \t-.()[]/~_'", c) && c ? 1 : 0;
    if (c == 0xc2 && (d == 0xa0 || d == 0xad))
        return 2;
    if (c == 0xe2 && d == 0x80 && f >= 0x80 && f <= 0xaf)
        return 3; /* U+2000..202F: blanks, dashes, marks of direction */
    if (c == 0xe2 && ((d == 0x81 && f >= 0xa0) || (d == 0x88 && f == 0x92)))
        return 3; /* word joiner, isolates; minus */
    return c == 0xef && d == 0xbb && f == 0xbf ? 3 : 0;
}

static bool starts_fold(struct str s, size_t at, const char *word)
{
    size_t n = strlen(word);
    return at + n <= s.len && memcmp(s.ptr + at, word, n) == 0;
}

/* The longest of the words that begins here, 0 for none. */
static size_t word_at(struct str s, size_t at, const char *const *words)
{
    for (; *words; words++)
        if (starts_fold(s, at, *words))
            return strlen(*words);
    return 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What follows a number: a word for an extension, then its digits up to the end. False: something else. */
static bool read_ext(struct str s, size_t at, char ext[8])
{
    static const char *const words[] = {"добавочный", "доб", "внутренний", "внутр", "вн", "extension", "ext",
                                        "доп",        "x",   "х",          "#",     ",",  ";",         NULL};
    size_t n, len = 0, before = at;
    while ((n = word_at(s, at, words))) /* ", доб", ";ext=" */
        for (at += n; at < s.len && s.ptr[at] == ' ';)
            at++;
    if (at == before)
        return false;
    for (; at < s.len; at++) {
        if (is_digit(s.ptr[at])) {
            if (len == 7)
                return false;
            ext[len++] = s.ptr[at];
        } else if (!strchr(" .:=-,)", s.ptr[at]) && !(len == 0 && starts_fold(s, at, "\xe2\x84\x96"))) {
            return false;
        } else if (s.ptr[at] == '\xe2') {
            at += 2;
        }
    }
    ext[len] = '\0';
    return len > 0;
}

struct raw {
    char digits[20];
    size_t n;
    bool plus, code; /* code: a service code with * or # */
};

static bool read_raw(struct str s, struct raw *raw, char ext[8])
{
    static const char *const labels[] = {"tel", "тел",  "моб", "mob",   "сот", "раб",
                                         "дом", "факс", "fax", "phone", "т.",  NULL};
    size_t i = 0, skip;
    ext[0] = '\0';
    *raw = (struct raw){0};
    while (i < s.len && (skip = filler(s, i)))
        i += skip;
    if ((skip = word_at(s, i, labels)))
        for (i += skip; i < s.len && (s.ptr[i] == '.' || s.ptr[i] == ':' || s.ptr[i] == ' ');)
            i++;
    while (i < s.len) {
        char c = s.ptr[i];
        if (is_digit(c) || c == '*' || (c == '#' && (raw->code || raw->n < 3))) {
            if (raw->n == 19)
                return false;
            raw->code |= !is_digit(c);
            raw->digits[raw->n++] = c;
            i++;
        } else if (c == '+' && raw->n == 0 && !raw->plus) {
            raw->plus = true;
            i++;
        } else if (raw->plus && starts_fold(s, i, "(0)")) {
            i += 3; /* the trunk prefix is not dialled from abroad */
        } else if ((skip = filler(s, i))) {
            i += skip;
        } else {
            return raw->n >= 3 && !raw->code && read_ext(s, i, ext);
        }
    }
    return true;
}

static bool set(struct phone *out, const char *code, const char *rest)
{
    int n = snprintf(out->digits, sizeof out->digits, "%s%s", code, rest);
    out->whole = true;
    return n >= 7 && n <= 15;
}

static bool starts(const char *digits, const char *with)
{
    return *with && strncmp(digits, with, strlen(with)) == 0;
}

static bool national(const struct plan *p, const char *digits)
{
    size_t n = strlen(digits);
    if (n < p->least || n > p->most || digits[0] == '0')
        return false;
    if (strcmp(p->code, "7") != 0)
        return true;
    return digits[0] >= '3' && !starts(digits, "89"); /* no area code of Russia begins so; "8912…" lacks a digit */
}

/* A number that says its country. "+8 912 ..." says it wrongly: no country has that code, and many write so. */
static bool set_abroad(struct phone *out, const struct plan *p, const char *digits)
{
    if (strcmp(p->code, "7") == 0 && strlen(digits) == 11 && starts(digits, "89"))
        return set(out, "7", digits + 1);
    return set(out, "", digits);
}

static bool to_e164(const struct raw *raw, struct phone *out)
{
    const struct plan *p = atomic_load(&home);
    const char *d = raw->digits;
    if (raw->plus)
        return set_abroad(out, p, d);
    if (starts(d, p->abroad) && raw->n >= strlen(p->abroad) + 8)
        return set_abroad(out, p, d + strlen(p->abroad));
    if (starts(d, "00") && raw->n >= 10)
        return set_abroad(out, p, d + 2);
    if (starts(d, p->trunk) && national(p, d + strlen(p->trunk)))
        return set(out, p->code, d + strlen(p->trunk));
    if (starts(d, p->code) && national(p, d + strlen(p->code)))
        return set(out, "", d);
    if (national(p, d))
        return set(out, p->code, d);
    if (raw->n >= 11)
        return set(out, "", d);
    snprintf(out->digits, sizeof out->digits, "%s", d);
    return true;
}

bool phone_read(struct str text, struct phone *out)
{
    struct arena a = ARENA_EMPTY;
    struct raw raw;
    *out = (struct phone){0};
    bool ok = text.len <= 200 && read_raw(str_fold(&a, text), &raw, out->ext);
    arena_free(&a);
    if (!ok)
        return false;
    size_t digits = 0;
    for (size_t i = 0; i < raw.n; i++)
        digits += is_digit(raw.digits[i]);
    if (digits < 3 || digits > 18)
        return false;
    if (raw.code) {
        snprintf(out->digits, sizeof out->digits, "%s", raw.digits);
        return !raw.plus;
    }
    return to_e164(&raw, out);
}

struct str phone_write(struct arena *a, const struct phone *p)
{
    return str_fmt(a, "%s%s%s%s", p->whole ? "+" : "", p->digits, p->ext[0] ? "#" : "", p->ext);
}

struct str phone_fold(struct arena *a, const struct phone *p)
{
    return str_fmt(a, "%s%s%s", p->digits, p->ext[0] ? "x" : "", p->ext);
}

struct str phone_pattern(struct arena *a, struct str text)
{
    const struct plan *p = atomic_load(&home);
    struct phone whole;
    struct raw raw;
    char ext[8];
    struct str folded = str_fold(a, text);
    if (text.len > 200 || !read_raw(folded, &raw, ext) || raw.n == 0)
        return folded;
    size_t skip = 0, trunk = strlen(p->trunk);
    bool part = !raw.plus && starts(raw.digits, p->trunk) && raw.n <= p->most; /* maybe not yet typed to its end */
    if (!part && phone_read(text, &whole) && whole.whole)
        return phone_fold(a, &whole);
    if (!raw.plus && starts(raw.digits, "00"))
        skip = 2;
    else if (!raw.plus && starts(raw.digits, p->trunk) && raw.n >= trunk + 3)
        skip = trunk; /* a part of a national number: its beginning is not in the international form */
    return str_fmt(a, "%s%s%s", raw.digits + skip, ext[0] ? "x" : "", ext);
}
