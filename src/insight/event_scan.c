#include "insight/event_scan.h"
#include <string.h>

static void blanks(struct event_scan *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t' || *c->p == '\r'))
        c->p++;
}

static bool take(struct event_scan *c, char ch)
{
    if (c->p < c->end && *c->p == ch) {
        c->p++;
        return true;
    }
    blanks(c);
    if (c->p >= c->end || *c->p != ch)
        return false;
    c->p++;
    return true;
}

/* Is one of the eight bytes this one? (What is above the first such byte may be told wrongly.) */
static inline uint64_t bytes_like(uint64_t word, unsigned char ch)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t x = word ^ (ones * ch);
    return (x - ones) & ~x & (ones << 7);
}

/* Behind the closing quote; p stands on the opening one. */
static bool skip_text(struct event_scan *c)
{
    const char *p = c->p + 1;
    while (p < c->end) {
        uint64_t word;
        while (c->end - p >= 8) {
            memcpy(&word, p, 8);
            if (bytes_like(word, '"') | bytes_like(word, '\\'))
                break;
            p += 8;
        }
        while (p < c->end && *p != '"' && *p != '\\')
            p++;
        if (p < c->end && *p == '"') {
            c->p = p + 1;
            return true;
        }
        p += 2;
    }
    return false;
}

/* The text between quotes, escapes left as they are: names of fields have none. */
static bool name(struct event_scan *c, struct str *out)
{
    blanks(c);
    if (c->p >= c->end || *c->p != '"')
        return false;
    const char *start = c->p + 1;
    if (!skip_text(c))
        return false;
    *out = (struct str){start, (size_t)(c->p - start) - 1};
    return true;
}

static const bool ends_word[256] = {
    [','] = true, [']'] = true, ['}'] = true,  [':'] = true,  ['['] = true, ['{'] = true,
    ['"'] = true, [' '] = true, ['\n'] = true, ['\t'] = true, ['\r'] = true};

static void skip_word(struct event_scan *c)
{
    do
        c->p++;
    while (c->p < c->end && !ends_word[(unsigned char)*c->p]);
}

/* Any value, nested ones by counting brackets: depth is bounded by the length of the text. */
static bool skip(struct event_scan *c)
{
    size_t depth = 0;
    do {
        blanks(c);
        if (c->p >= c->end)
            return false;
        char ch = *c->p;
        if (ch == '"') {
            if (!skip_text(c))
                return false;
        } else if (ch == '[' || ch == '{') {
            depth++;
            c->p++;
        } else if (ch == ']' || ch == '}') {
            if (depth == 0)
                return false;
            depth--;
            c->p++;
        } else if (ch == ',' || ch == ':') {
            if (depth == 0)
                return false;
            c->p++;
        } else {
            skip_word(c);
        }
    } while (depth > 0);
    return true;
}

static bool value(struct event_scan *c, struct str *out)
{
    blanks(c);
    const char *start = c->p;
    if (c->p < c->end && *c->p == '"') {
        if (!skip_text(c))
            return false;
    } else if (c->p < c->end && (*c->p == '-' || (*c->p >= '0' && *c->p <= '9') || *c->p == 'n')) {
        skip_word(c);
    } else if (!skip(c)) {
        return false;
    }
    *out = (struct str){start, (size_t)(c->p - start)};
    return true;
}

/* Of eight bytes at least, as all heads of fields are. */
static inline bool begins_with(const char *p, const char *head, size_t n)
{
    uint64_t x, y;
    size_t i = 0;
    for (; i + 8 < n; i += 8) {
        memcpy(&x, p + i, 8);
        memcpy(&y, head + i, 8);
        if (x != y)
            return false;
    }
    memcpy(&x, p + n - 8, 8);
    memcpy(&y, head + n - 8, 8);
    return x == y;
}

bool event_scan_expect(struct event_scan *s, struct str head, struct event_pair *out)
{
    struct event_scan c = *s;
    const char *null = "null,";
    if (!s->first && (c.p >= c.end || *c.p++ != ','))
        return false;
    if ((size_t)(c.end - c.p) < head.len + 6 || head.len < 8 || !begins_with(c.p, head.ptr, head.len))
        return false;
    c.p += head.len;
    if (memcmp(c.p, null, 5) == 0) {
        out->old = (struct str){c.p, 4};
        c.p += 5;
    } else if (!value(&c, &out->old) || !take(&c, ',')) {
        return false;
    }
    if (!value(&c, &out->now) || !take(&c, ']'))
        return false;
    c.first = false;
    *s = c;
    return true;
}

bool event_scan_begin(struct event_scan *s, struct str json)
{
    *s = (struct event_scan){json.ptr, json.ptr + json.len, true};
    return take(s, '{');
}

int event_scan_next(struct event_scan *s, struct event_pair *out)
{
    if (take(s, '}'))
        return 0;
    if (!s->first && !take(s, ','))
        return -1;
    s->first = false;
    *out = (struct event_pair){0};
    if (!name(s, &out->field) || !take(s, ':'))
        return -1;
    struct event_scan before = *s;
    if (take(s, '[') && value(s, &out->old) && take(s, ',') && value(s, &out->now) && take(s, ']'))
        return 1;
    *s = before;
    out->old = out->now = STR_NULL;
    return skip(s) ? 1 : -1;
}

bool event_int(struct str json, int64_t *out)
{
    const char *p = json.ptr, *end = json.ptr + json.len;
    bool minus = p < end && *p == '-';
    if (str_eqc(json, "true") || str_eqc(json, "false")) {
        *out = json.len == 4;
        return true;
    }
    p += minus;
    if (end - p < 1 || end - p > 18)
        return p < end && str_i64(json, out);
    int64_t v = 0;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        v = v * 10 + (*p - '0');
    }
    *out = minus ? -v : v;
    return true;
}

bool event_real(struct str json, double *out)
{
    return json.len > 0 && json.ptr[0] != 'n' && str_f64(json, out);
}

static bool hex4(const char *p, const char *end, unsigned *out)
{
    *out = 0;
    if (end - p < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char ch = p[i];
        int digit = ch >= '0' && ch <= '9'                 ? ch - '0'
                    : (ch | 32) >= 'a' && (ch | 32) <= 'f' ? (ch | 32) - 'a' + 10
                                                           : -1;
        if (digit < 0)
            return false;
        *out = *out * 16 + (unsigned)digit;
    }
    return true;
}

static char *put_utf8(char *to, unsigned code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 63));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 63));
        *to++ = (char)(0x80 | (code >> 6 & 63));
        *to++ = (char)(0x80 | (code & 63));
    }
    return to;
}

/* One escape behind its backslash; NULL when it is broken. */
static const char *unescape(const char *p, const char *end, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    unsigned code, low;
    if (*p != 'u') {
        const char *at = memchr(from, *p, sizeof from - 1);
        if (at == NULL)
            return NULL;
        *(*to)++ = into[at - from];
        return p + 1;
    }
    if (!hex4(p + 1, end, &code))
        return NULL;
    p += 5;
    if (code >= 0xd800 && code < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' && hex4(p + 2, end, &low) &&
        low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        p += 6;
    }
    *to = put_utf8(*to, code);
    return p;
}

bool event_text(struct str json, struct arena *a, struct str *out)
{
    if (json.len < 2 || json.ptr[0] != '"')
        return false;
    const char *p = json.ptr + 1, *end = json.ptr + json.len - 1;
    *out = (struct str){p, (size_t)(end - p)};
    if (memchr(p, '\\', out->len) == NULL)
        return true;
    char *text = arena_alloc(a, out->len), *to = text;
    while (p < end && p != NULL) {
        if (*p != '\\')
            *to++ = *p++;
        else
            p = p + 1 < end ? unescape(p + 1, end, &to) : NULL;
    }
    *out = (struct str){text, (size_t)(to - text)};
    return p != NULL;
}

size_t event_ids(struct str json, int64_t *out, size_t n)
{
    struct event_scan s = {json.ptr, json.ptr + json.len, true};
    struct str v;
    size_t found = 0;
    if (json.len == 0 || !take(&s, '['))
        return 0;
    while (found < n && !take(&s, ']')) {
        if (!value(&s, &v) || !event_int(v, &out[found]))
            break;
        found++;
        if (!take(&s, ','))
            break;
    }
    return found;
}
