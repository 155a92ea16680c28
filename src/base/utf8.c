#include "base/str.h"

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
