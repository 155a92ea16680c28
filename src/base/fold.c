#include "base/str.h"
#include <stdlib.h>
#include <utf8proc.h>

/* Length of the white space at p, 0 for none: ASCII, no-break space, and the blanks of U+2000..200A, 2028, 2029, 202F,
 * 205F, 3000, 1680, 85. */
static size_t space(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r');
    if (left >= 2 && p[0] == 0xc2 && (p[1] == 0xa0 || p[1] == 0x85))
        return 2;
    if (left < 3)
        return 0;
    if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] <= 0x8a || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf))
        return 3;
    return (p[0] == 0xe2 && p[1] == 0x81 && p[2] == 0x9f) || (p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80) ||
                   (p[0] == 0xe1 && p[1] == 0x9a && p[2] == 0x80)
               ? 3
               : 0;
}

/* Runs of blanks to one, none at the ends; to may be the same memory as s. */
static size_t squeeze(char *to, struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t n = 0, i = 0;
    bool gap = false;
    while (i < s.len) {
        size_t w = space(p + i, s.len - i);
        if (w) {
            gap = n > 0;
            i += w;
            continue;
        }
        if (gap)
            to[n++] = ' ';
        gap = false;
        to[n++] = s.ptr[i++];
    }
    return n;
}

/* Everything in ASCII and the Russian letters: one pass, no decomposition is involved. False when another letter, or a
 * combining mark, is met. */
static bool fold_simple(char *to, struct str s, size_t *len)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = p[i];
        if (c < 0x80) {
            to[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
            continue;
        }
        if ((c != 0xd0 && c != 0xd1) || i + 1 >= s.len || (p[i + 1] & 0xc0) != 0x80)
            return false;
        unsigned u = (c & 0x1fu) << 6 | (p[++i] & 0x3fu);
        if (u >= 0x410 && u <= 0x42f)
            u += 0x20;
        else if (u == 0x401 || u == 0x451) /* ё is searched as е */
            u = 0x435;
        else if (u < 0x430 || u > 0x44f)
            return false;
        to[n++] = (char)(0xc0 | u >> 6);
        to[n++] = (char)(0x80 | (u & 0x3f));
    }
    *len = n;
    return true;
}

/* Lower case and ё to е, over a text in NFC. */
static utf8proc_int32_t lower(utf8proc_int32_t c, void *unused)
{
    (void)unused;
    c = utf8proc_tolower(c);
    return c == 0x451 ? 0x435 : c;
}

static bool has_yo(struct str s)
{
    return memmem(s.ptr, s.len, "\xd1\x91", 2) != NULL;
}

static struct str fold_full(struct arena *a, struct str s)
{
    const utf8proc_option_t nfc = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    utf8proc_uint8_t *composed = NULL, *folded = NULL;
    struct str out = str_dup(a, s); /* what is not valid UTF-8 is kept as bytes: there still is something to compare */
    do {
        /* Composed first, so that a decomposed ё is seen as one; and again after, because lower case may compose anew.
         */
        utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)out.ptr, (utf8proc_ssize_t)out.len, &composed, nfc);
        if (n >= 0)
            n = utf8proc_map_custom(composed, n, &folded, nfc, lower, NULL);
        bool failed = n < 0;
        if (!failed)
            out = str_dup(a, (struct str){(char *)folded, (size_t)n});
        free(composed);
        free(folded);
        composed = folded = NULL;
        if (failed)
            break;
    } while (has_yo(out)); /* several diaereses on one letter */
    return out;
}

struct str str_fold(struct arena *a, struct str s)
{
    if (s.len == 0)
        return (struct str){"", 0};
    char *p = arena_alloc(a, s.len + 1);
    size_t n;
    struct str folded = fold_simple(p, s, &n) ? (struct str){p, n} : fold_full(a, s);
    p = (char *)folded.ptr;
    n = squeeze(p, folded);
    p[n] = 0;
    return (struct str){p, n};
}
