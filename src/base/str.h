/* Text is {ptr,len}, UTF-8, not NUL-terminated unless a function says so. */
#pragma once
#include "base/arena.h"
#include "base/rc.h"
#include <string.h>

struct str {
    const char *ptr;
    size_t len;
};
#define STR(lit) ((struct str){(lit), sizeof(lit) - 1})
#define STR_NULL ((struct str){NULL, 0})
#define STR_ARG(s) (int)(s).len, (s).ptr /* for "%.*s" */

static inline struct str str_c(const char *c)
{
    return (struct str){c, c ? strlen(c) : 0};
}
static inline bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool str_eqc(struct str a, const char *c)
{
    return str_eq(a, str_c(c));
}
int str_cmp(struct str a, struct str b); /* byte order */
bool str_starts(struct str s, struct str prefix);
struct str str_trim(struct str s);                 /* ASCII white space off both ends; no copy */
struct str str_dup(struct arena *a, struct str s); /* copy, NUL-terminated behind len */
char *str_cdup(struct arena *a, struct str s);     /* the same as a C string */
struct str str_fmt(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Cuts s at the first sep: returns what stands before, *rest what stands behind (STR_NULL when sep is absent). */
struct str str_cut(struct str s, char sep, struct str *rest);
MUST_USE bool str_i64(struct str s, int64_t *out);  /* whole string a decimal integer in range, else false */
MUST_USE bool str_f64(struct str s, double *out);   /* whole string a finite decimal number, locale-free, else false */
bool str_utf8_valid(struct str s);                  /* also refuses NUL bytes */
size_t str_utf8_len(struct str s);                  /* code points of a valid string */
bool str_utf8_word_at(struct str s, size_t at);     /* a letter or a number begins there; false at the end, too */
bool str_utf8_word_before(struct str s, size_t at); /* the same of what ends there; `at` > 0 */
int str_utf8_letters(struct str s, int most);       /* of a valid string: how many letters, counted up to `most` */
bool str_utf8_says(struct str s);                   /* of a valid string: at least three letters */
bool str_utf8_blank(struct str s);                  /* of a valid string: nothing in it that can be seen */
/* The form to index and search: lower case (Unicode), ё to е, NFC, runs of white space to one blank, trimmed. */
struct str str_fold(struct arena *a, struct str s);
/* URL decoding of one component ('+' is a blank when plus is true); false when a %XX is broken. */
MUST_USE bool str_url_decode(struct arena *a, struct str s, bool plus, struct str *out);
struct str str_base64url(struct arena *a, const void *bytes, size_t n);
MUST_USE bool str_base64url_decode(struct arena *a, struct str s, struct str *out);
struct str str_hex(struct arena *a, const void *bytes, size_t n);
