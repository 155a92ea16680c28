/* A growing byte buffer on the heap; running out of memory ends the process with a message. */
#pragma once
#include "base/str.h"

struct buf {
    char *ptr;
    size_t len, cap;
};
void buf_grow(struct buf *b, size_t more); /* the slow way of buf_reserve */
static inline void buf_reserve(struct buf *b, size_t more)
{
    if (b->cap - b->len < more)
        buf_grow(b, more);
}
static inline void buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    buf_reserve(b, n);
    memcpy(b->ptr + b->len, bytes, n);
    b->len += n;
}
static inline void buf_str(struct buf *b, struct str s)
{
    buf_add(b, s.ptr, s.len);
}
static inline void buf_c(struct buf *b, const char *c)
{
    buf_add(b, c, strlen(c));
}
static inline void buf_char(struct buf *b, char c)
{
    buf_reserve(b, 1);
    b->ptr[b->len++] = c;
}
void buf_i64(struct buf *b, int64_t v);
/* As text of a page or of a quoted attribute. */
void buf_html(struct buf *b, struct str s);
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline void buf_clear(struct buf *b)
{
    b->len = 0;
}
static inline struct str buf_view(const struct buf *b)
{
    return (struct str){b->ptr, b->len};
}
void buf_free(struct buf *b);
