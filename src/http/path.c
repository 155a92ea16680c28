/* Which targets are accepted: origin form only, nothing that two programs could read in two ways. */
#include "http/parse.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_dot_at(struct str s, size_t *i)
{
    if (s.ptr[*i] == '.') {
        *i += 1;
        return true;
    }
    if (s.len - *i >= 3 && s.ptr[*i] == '%' && s.ptr[*i + 1] == '2' && (s.ptr[*i + 2] | 0x20) == 'e') {
        *i += 3;
        return true;
    }
    return false;
}

static bool dots_only(struct str seg)
{
    size_t i = 0, dots = 0;
    while (i < seg.len && is_dot_at(seg, &i))
        dots++;
    return i == seg.len && (dots == 1 || dots == 2);
}

/* Every % is followed by two hex digits, and none of them hides a NUL. */
static bool escapes_ok(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != '%')
            continue;
        if (s.len - i < 3)
            return false;
        int hi = hex(s.ptr[i + 1]), lo = hex(s.ptr[i + 2]);
        if (hi < 0 || lo < 0 || hi + lo == 0)
            return false;
        i += 2;
    }
    return true;
}

bool path_ok(struct str target, size_t *path_len)
{
    if (target.len == 0 || target.ptr[0] != '/' || memchr(target.ptr, '#', target.len) || !escapes_ok(target))
        return false;
    const char *q = memchr(target.ptr, '?', target.len);
    struct str path = {target.ptr, q ? (size_t)(q - target.ptr) : target.len};
    *path_len = path.len;
    if (memchr(path.ptr, '\\', path.len))
        return false;
    size_t from = 1;
    for (size_t i = 1; i <= path.len; i++) {
        if (i < path.len && path.ptr[i] != '/')
            continue;
        struct str seg = {path.ptr + from, i - from};
        if ((seg.len == 0 && i < path.len) || dots_only(seg))
            return false;
        from = i + 1;
    }
    return true;
}
