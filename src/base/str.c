#include "base/str.h"
#include <stdarg.h>
#include <stdio.h>

int str_cmp(struct str a, struct str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
    if (c)
        return c;
    return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.len && blank(s.ptr[0]))
        s.ptr++, s.len--;
    while (s.len && blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

struct str str_dup(struct arena *a, struct str s)
{
    return (struct str){str_cdup(a, s), s.len};
}

char *str_cdup(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.len + 1);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    p[s.len] = 0;
    return p;
}

struct str str_fmt(struct arena *a, const char *fmt, ...)
{
    char small[256];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    struct str out = {"", 0};
    if (n > 0) {
        char *p = arena_alloc(a, (size_t)n + 1);
        if ((size_t)n < sizeof small)
            memcpy(p, small, (size_t)n + 1);
        else
            vsnprintf(p, (size_t)n + 1, fmt, again);
        out = (struct str){p, (size_t)n};
    }
    va_end(again);
    return out;
}

struct str str_cut(struct str s, char sep, struct str *rest)
{
    const char *p = s.len ? memchr(s.ptr, sep, s.len) : NULL;
    if (!p) {
        *rest = STR_NULL;
        return s;
    }
    size_t n = (size_t)(p - s.ptr);
    *rest = (struct str){p + 1, s.len - n - 1};
    return (struct str){s.ptr, n};
}

struct str str_hex(struct arena *a, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *b = bytes;
    char *p = arena_alloc(a, n * 2 + 1);
    for (size_t i = 0; i < n; i++) {
        p[2 * i] = digits[b[i] >> 4];
        p[2 * i + 1] = digits[b[i] & 15];
    }
    p[n * 2] = 0;
    return (struct str){p, n * 2};
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool str_url_decode(struct arena *a, struct str s, bool plus, struct str *out)
{
    char *p = arena_alloc(a, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '%') {
            int hi = i + 2 < s.len ? hex_digit(s.ptr[i + 1]) : -1;
            int lo = i + 2 < s.len ? hex_digit(s.ptr[i + 2]) : -1;
            if (hi < 0 || lo < 0)
                return false;
            c = (char)(hi << 4 | lo);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        p[n++] = c;
    }
    p[n] = 0;
    *out = (struct str){p, n};
    return true;
}

static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct str str_base64url(struct arena *a, const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    char *p = arena_alloc(a, n / 3 * 4 + 5);
    size_t len = 0;
    for (size_t i = 0; i < n; i += 3) {
        size_t left = n - i;
        unsigned v = (unsigned)b[i] << 16 | (left > 1 ? (unsigned)b[i + 1] << 8 : 0) | (left > 2 ? b[i + 2] : 0);
        size_t chars = left >= 3 ? 4 : left + 1;
        for (size_t k = 0; k < chars; k++)
            p[len++] = base64url[v >> (18 - 6 * k) & 63];
    }
    p[len] = 0;
    return (struct str){p, len};
}

static int base64url_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool str_base64url_decode(struct arena *a, struct str s, struct str *out)
{
    if (s.len % 4 == 1)
        return false;
    char *p = arena_alloc(a, s.len / 4 * 3 + 4);
    size_t len = 0;
    unsigned v = 0, bits = 0;
    for (size_t i = 0; i < s.len; i++) {
        int d = base64url_digit(s.ptr[i]);
        if (d < 0)
            return false;
        v = (v << 6 | (unsigned)d) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            p[len++] = (char)(v >> bits);
        }
    }
    if (v & ((1u << bits) - 1)) /* one value, one text: left-over bits must be zero */
        return false;
    p[len] = 0;
    *out = (struct str){p, len};
    return true;
}
