#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_grow(struct buf *b, size_t more)
{
    size_t cap = b->cap ? b->cap : 256;
    while (cap - b->len < more && cap <= SIZE_MAX / 2)
        cap *= 2;
    char *p = cap - b->len < more ? NULL : realloc(b->ptr, cap);
    if (!p) {
        fprintf(stderr, "voronka: out of memory (%zu bytes)\n", cap);
        abort();
    }
    b->ptr = p;
    b->cap = cap;
}

void buf_i64(struct buf *b, int64_t v)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char text[20], *p = text + sizeof text;
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    while (u >= 100) {
        p -= 2;
        memcpy(p, pairs + (u % 100) * 2, 2);
        u /= 100;
    }
    if (u >= 10) {
        p -= 2;
        memcpy(p, pairs + u * 2, 2);
    } else {
        *--p = (char)('0' + u);
    }
    if (v < 0)
        *--p = '-';
    buf_add(b, p, (size_t)(text + sizeof text - p));
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    buf_reserve(b, 64);
    int n = vsnprintf(b->ptr + b->len, b->cap - b->len, fmt, ap);
    va_end(ap);
    if (n > 0) {
        if ((size_t)n >= b->cap - b->len) {
            buf_reserve(b, (size_t)n + 1);
            vsnprintf(b->ptr + b->len, b->cap - b->len, fmt, again);
        }
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_free(struct buf *b)
{
    free(b->ptr);
    *b = (struct buf){0};
}

void buf_html(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        switch (s.ptr[i]) {
        case '&':
            buf_c(b, "&amp;");
            break;
        case '<':
            buf_c(b, "&lt;");
            break;
        case '>':
            buf_c(b, "&gt;");
            break;
        case '"':
            buf_c(b, "&quot;");
            break;
        default:
            buf_char(b, s.ptr[i]);
        }
}
