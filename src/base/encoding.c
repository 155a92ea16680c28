/* The encodings that tables come in. */
#include "base/encoding.h"
#include <strings.h>

const char *const encoding_names[] = {"utf-8", "utf-16le", "utf-16be", "windows-1251", NULL};

static const uint16_t cp1251[128] = {
    0x0402, 0x0403, 0x201A, 0x0453, 0x201E, 0x2026, 0x2020, 0x2021, 0x20AC, 0x2030, 0x0409, 0x2039, 0x040A,
    0x040C, 0x040B, 0x040F, 0x0452, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0xFFFD, 0x2122,
    0x0459, 0x203A, 0x045A, 0x045C, 0x045B, 0x045F, 0x00A0, 0x040E, 0x045E, 0x0408, 0x00A4, 0x0490, 0x00A6,
    0x00A7, 0x0401, 0x00A9, 0x0404, 0x00AB, 0x00AC, 0x00AD, 0x00AE, 0x0407, 0x00B0, 0x00B1, 0x0406, 0x0456,
    0x0491, 0x00B5, 0x00B6, 0x00B7, 0x0451, 0x2116, 0x0454, 0x00BB, 0x0458, 0x0405, 0x0455, 0x0457, 0x0410,
    0x0411, 0x0412, 0x0413, 0x0414, 0x0415, 0x0416, 0x0417, 0x0418, 0x0419, 0x041A, 0x041B, 0x041C, 0x041D,
    0x041E, 0x041F, 0x0420, 0x0421, 0x0422, 0x0423, 0x0424, 0x0425, 0x0426, 0x0427, 0x0428, 0x0429, 0x042A,
    0x042B, 0x042C, 0x042D, 0x042E, 0x042F, 0x0430, 0x0431, 0x0432, 0x0433, 0x0434, 0x0435, 0x0436, 0x0437,
    0x0438, 0x0439, 0x043A, 0x043B, 0x043C, 0x043D, 0x043E, 0x043F, 0x0440, 0x0441, 0x0442, 0x0443, 0x0444,
    0x0445, 0x0446, 0x0447, 0x0448, 0x0449, 0x044A, 0x044B, 0x044C, 0x044D, 0x044E, 0x044F};

bool encoding_by_name(struct str name, enum encoding *out)
{
    static const struct {
        const char *name;
        enum encoding encoding;
    } also[] = {{"utf8", ENC_UTF8}, {"cp1251", ENC_CP1251}, {"win1251", ENC_CP1251}, {"utf-16", ENC_UTF16LE}};
    for (int i = 0; encoding_names[i]; i++)
        if (name.len == strlen(encoding_names[i]) && strncasecmp(name.ptr, encoding_names[i], name.len) == 0) {
            *out = (enum encoding)i;
            return true;
        }
    for (size_t i = 0; i < sizeof also / sizeof *also; i++)
        if (name.len == strlen(also[i].name) && strncasecmp(name.ptr, also[i].name, name.len) == 0) {
            *out = also[i].encoding;
            return true;
        }
    return false;
}

/* Length of the UTF-8 sequence at p; 0 when it is none, -1 when it is cut off by the end. */
static int sequence(const unsigned char *p, size_t n)
{
    int len = p[0] < 0x80                   ? 1
              : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
              : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
              : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                            : 0;
    for (int i = 1; i < len; i++) {
        if ((size_t)i == n)
            return -1;
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

static bool looks_utf8(struct str s)
{
    for (size_t i = 0; i < s.len;) {
        int n = sequence((const unsigned char *)s.ptr + i, s.len - i);
        if (n == 0)
            return false;
        if (n < 0)
            return true; /* the sample ends inside of a character */
        i += (size_t)n;
    }
    return true;
}

enum encoding encoding_guess(struct str head)
{
    const unsigned char *p = (const unsigned char *)head.ptr;
    size_t even = 0, odd = 0;
    if (head.len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
        return ENC_UTF8;
    if (head.len >= 2 && p[0] == 0xff && p[1] == 0xfe)
        return ENC_UTF16LE;
    if (head.len >= 2 && p[0] == 0xfe && p[1] == 0xff)
        return ENC_UTF16BE;
    for (size_t i = 0; i < head.len; i++)
        if (p[i] == 0)
            *(i % 2 ? &odd : &even) += 1;
    if (odd > head.len / 8 && even * 4 < odd)
        return ENC_UTF16LE;
    if (even > head.len / 8 && odd * 4 < even)
        return ENC_UTF16BE;
    return looks_utf8(head) ? ENC_UTF8 : ENC_CP1251;
}

static void put(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_char(b, (char)c);
    } else if (c < 0x800) {
        buf_char(b, (char)(0xc0 | c >> 6));
        buf_char(b, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_char(b, (char)(0xe0 | c >> 12));
        buf_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_char(b, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_char(b, (char)(0xf0 | c >> 18));
        buf_char(b, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_char(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_char(b, (char)(0x80 | (c & 0x3f)));
    }
}

static size_t from_utf16(struct str in, bool big, bool last, struct buf *out)
{
    const unsigned char *p = (const unsigned char *)in.ptr;
    size_t i = 0;
    for (; i + 1 < in.len; i += 2) {
        uint32_t c = big ? (uint32_t)p[i] << 8 | p[i + 1] : (uint32_t)p[i + 1] << 8 | p[i];
        if (c >= 0xd800 && c < 0xdc00) {
            if (i + 3 >= in.len && !last)
                return i;
            uint32_t d =
                i + 3 < in.len ? (big ? (uint32_t)p[i + 2] << 8 | p[i + 3] : (uint32_t)p[i + 3] << 8 | p[i + 2]) : 0;
            if (d >= 0xdc00 && d < 0xe000) {
                put(out, 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00));
                i += 2;
                continue;
            }
            c = 0xfffd;
        } else if (c >= 0xdc00 && c < 0xe000) {
            c = 0xfffd;
        }
        if (c != 0xfeff)
            put(out, c);
    }
    if (last && i < in.len) {
        put(out, 0xfffd);
        i = in.len;
    }
    return i;
}

size_t encoding_read(enum encoding from, struct str in, bool last, struct buf *out)
{
    if (from == ENC_UTF16LE || from == ENC_UTF16BE)
        return from_utf16(in, from == ENC_UTF16BE, last, out);
    if (from == ENC_UTF8) {
        buf_str(out, in);
        return in.len;
    }
    for (size_t i = 0; i < in.len; i++) {
        unsigned char c = (unsigned char)in.ptr[i];
        put(out, c < 0x80 ? c : cp1251[c - 0x80]);
    }
    return in.len;
}

static uint32_t next(struct str s, size_t *i)
{
    const unsigned char *p = (const unsigned char *)s.ptr + *i;
    int n = sequence(p, s.len - *i);
    if (n <= 0) {
        ++*i;
        return 0xfffd;
    }
    *i += (size_t)n;
    uint32_t c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
    for (int k = 1; k < n; k++)
        c = c << 6 | (p[k] & 0x3f);
    return c;
}

static char to_cp1251(uint32_t c)
{
    if (c < 0x80)
        return (char)c;
    for (unsigned k = 0; k < 128 && c != 0xfffd; k++)
        if (cp1251[k] == c)
            return (char)(0x80 + k);
    return '?';
}

void encoding_write(enum encoding to, struct str utf8, struct buf *out)
{
    if (to == ENC_UTF8) {
        buf_str(out, utf8);
        return;
    }
    for (size_t i = 0; i < utf8.len;) {
        uint32_t c = next(utf8, &i);
        if (to == ENC_CP1251) {
            buf_char(out, to_cp1251(c));
            continue;
        }
        uint16_t unit[2] = {(uint16_t)c, 0};
        int n = 1;
        if (c >= 0x10000) {
            unit[0] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
            unit[1] = (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff));
            n = 2;
        }
        for (int k = 0; k < n; k++) {
            buf_char(out, (char)(to == ENC_UTF16BE ? unit[k] >> 8 : unit[k] & 0xff));
            buf_char(out, (char)(to == ENC_UTF16BE ? unit[k] & 0xff : unit[k] >> 8));
        }
    }
}
