/* JSON out: straight into a buffer. */
#include "base/json.h"
#include "base/number.h"
#include <math.h>

static void comma(struct jw *w)
{
    if (w->comma)
        buf_char(w->b, ',');
    w->comma = true;
}

static void opened(struct jw *w, char c)
{
    comma(w);
    buf_char(w->b, c);
    w->comma = false;
}

static void closed(struct jw *w, char c)
{
    buf_char(w->b, c);
    w->comma = true;
}

void jw_obj(struct jw *w)
{
    opened(w, '{');
}

void jw_end_obj(struct jw *w)
{
    closed(w, '}');
}

void jw_arr(struct jw *w)
{
    opened(w, '[');
}

void jw_end_arr(struct jw *w)
{
    closed(w, ']');
}

/* Bytes that cannot stand in a JSON text as they are: controls, the quote, the backslash. */
static bool escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* High bit of each byte of v that needs escaping; exact for the lowest such byte, which is all that is asked. */
static uint64_t escapes8(uint64_t v)
{
    const uint64_t ones = 0x0101010101010101u, high = ones << 7;
    uint64_t quote = v ^ (ones * '"'), slash = v ^ (ones * '\\');
    uint64_t control = (v - ones * 0x20) & ~v;
    return (control | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high;
}

static size_t clean_run(const char *p, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t v;
        memcpy(&v, p + i, 8);
        if (escapes8(v))
            break;
    }
    while (i < n && !escape((unsigned char)p[i]))
        i++;
    return i;
}

static void put_escape(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"':
        buf_add(b, "\\\"", 2);
        break;
    case '\\':
        buf_add(b, "\\\\", 2);
        break;
    case '\n':
        buf_add(b, "\\n", 2);
        break;
    case '\r':
        buf_add(b, "\\r", 2);
        break;
    case '\t':
        buf_add(b, "\\t", 2);
        break;
    default: {
        char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        buf_add(b, text, sizeof text);
    }
    }
}

static void put_quoted(struct buf *b, struct str s)
{
    buf_reserve(b, s.len + 2);
    b->ptr[b->len++] = '"';
    size_t i = 0;
    while (i < s.len) {
        size_t n = clean_run(s.ptr + i, s.len - i);
        buf_add(b, s.ptr + i, n);
        i += n;
        if (i < s.len)
            put_escape(b, (unsigned char)s.ptr[i++]);
    }
    buf_char(b, '"');
}

void jw_key_str(struct jw *w, struct str key)
{
    comma(w);
    put_quoted(w->b, key);
    buf_char(w->b, ':');
    w->comma = false;
}

void jw_key(struct jw *w, const char *key)
{
    size_t n = strlen(key);
    buf_reserve(w->b, n + 4);
    char *p = w->b->ptr + w->b->len;
    if (w->comma)
        *p++ = ',';
    *p++ = '"';
    memcpy(p, key, n); /* NOLINT(bugprone-not-null-terminated-result): JSON follows, not an end */
    p += n;
    *p++ = '"';
    *p++ = ':';
    w->b->len = (size_t)(p - w->b->ptr);
    w->comma = false;
}

void jw_str(struct jw *w, struct str s)
{
    if (!s.ptr) {
        jw_null(w);
        return;
    }
    comma(w);
    put_quoted(w->b, s);
}

void jw_c(struct jw *w, const char *c)
{
    jw_str(w, str_c(c));
}

void jw_i64(struct jw *w, int64_t v)
{
    comma(w);
    buf_i64(w->b, v);
}

void jw_f64(struct jw *w, double v)
{
    char text[NUMBER_TEXT];
    if (!isfinite(v)) {
        jw_null(w);
        return;
    }
    comma(w);
    buf_add(w->b, text, number_put_f64(text, v));
}

void jw_bool(struct jw *w, bool v)
{
    comma(w);
    buf_c(w->b, v ? "true" : "false");
}

void jw_null(struct jw *w)
{
    comma(w);
    buf_add(w->b, "null", 4);
}

void jw_raw(struct jw *w, struct str json)
{
    comma(w);
    buf_str(w->b, json);
}

void jw_kstr(struct jw *w, const char *key, struct str s)
{
    jw_key(w, key);
    jw_str(w, s);
}

void jw_kc(struct jw *w, const char *key, const char *c)
{
    jw_key(w, key);
    jw_c(w, c);
}

void jw_ki64(struct jw *w, const char *key, int64_t v)
{
    jw_key(w, key);
    jw_i64(w, v);
}

void jw_kf64(struct jw *w, const char *key, double v)
{
    jw_key(w, key);
    jw_f64(w, v);
}

void jw_kbool(struct jw *w, const char *key, bool v)
{
    jw_key(w, key);
    jw_bool(w, v);
}

void jw_knull(struct jw *w, const char *key)
{
    jw_key(w, key);
    jw_null(w);
}
