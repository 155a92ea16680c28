#include "base/str.h"
#include <utf8proc.h>

/* Length of the valid sequence at p, 0 when it is broken: overlong, surrogate, above U+10FFFF or cut short. */
static size_t sequence(const unsigned char *p, size_t left)
{
    unsigned char c = p[0];
    if (c < 0x80)
        return c ? 1 : 0;
    if (c < 0xc2)
        return 0;
    if (c < 0xe0)
        return left >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
    if (c < 0xf0) {
        if (left < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
            return 0;
        return (c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) ? 0 : 3;
    }
    if (c > 0xf4 || left < 4 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 || (p[3] & 0xc0) != 0x80)
        return 0;
    return (c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f) ? 0 : 4;
}

/* Eight bytes at once: none is zero and none has its high bit set. */
static bool plain8(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return !((v | (v - 0x0101010101010101u)) & 0x8080808080808080u);
}

bool str_utf8_valid(struct str s)
{
    if (!s.len) /* perhaps no pointer either, to which nothing may be added */
        return true;
    const unsigned char *p = (const unsigned char *)s.ptr, *end = p + s.len;
    while (p < end) {
        if (end - p >= 8 && plain8(p)) {
            p += 8;
            continue;
        }
        size_t n = sequence(p, (size_t)(end - p));
        if (!n)
            return false;
        p += n;
    }
    return true;
}

size_t str_utf8_len(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* First and last: white space, format characters and fillers, which print nothing (Unicode 15, Zs Zl Zp Cf and
 * Default_Ignorable_Code_Point), and the empty Braille pattern. */
static const uint32_t unseen[][2] = {{0x00, 0x20},     {0x7f, 0xa0},     {0xad, 0xad},     {0x34f, 0x34f},
                                     {0x61c, 0x61c},   {0x115f, 0x1160}, {0x1680, 0x1680}, {0x17b4, 0x17b5},
                                     {0x180b, 0x180f}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
                                     {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164}, {0xfe00, 0xfe0f},
                                     {0xfeff, 0xfeff}, {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff}};

static uint32_t code_point(const unsigned char *p, size_t n)
{
    uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

bool str_utf8_blank(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr, *end = p + s.len;
    while (p < end) {
        size_t n = sequence(p, (size_t)(end - p)), i = 0, all = sizeof unseen / sizeof *unseen;
        if (!n)
            return false;
        uint32_t c = code_point(p, n);
        while (i < all && (c < unseen[i][0] || c > unseen[i][1]))
            i++;
        if (i == all)
            return false;
        p += n;
    }
    return true;
}

/* Letters of any script, by their category in Unicode. */
int str_utf8_letters(struct str s, int most)
{
    const unsigned char *p = (const unsigned char *)s.ptr, *end = p + s.len;
    int letters = 0;
    while (p < end && letters < most) {
        size_t n = sequence(p, (size_t)(end - p));
        if (!n)
            return letters;
        utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)code_point(p, n));
        letters += c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
        p += n;
    }
    return letters;
}

bool str_utf8_word_at(struct str s, size_t at)
{
    if (at >= s.len)
        return false;
    const unsigned char *p = (const unsigned char *)s.ptr + at;
    size_t n = sequence(p, s.len - at);
    if (!n)
        return false;
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)code_point(p, n));
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO; /* letters, marks upon them, numbers */
}

bool str_utf8_word_before(struct str s, size_t at)
{
    while (at > 0 && ((unsigned char)s.ptr[--at] & 0xC0) == 0x80)
        ;
    return str_utf8_word_at(s, at);
}

bool str_utf8_says(struct str s)
{
    return str_utf8_letters(s, 3) == 3;
}
