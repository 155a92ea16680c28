#include "http/multipart.h"
#include <string.h>

static enum rc bad(struct err *e, const char *what)
{
    return err_set(e, RC_INVALID, "bad_multipart", "", "%s", what);
}

static char low(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c | 0x20);
    return c;
}
static bool word_is(struct str s, const char *lower)
{
    size_t n = strlen(lower);
    if (s.len != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (low(s.ptr[i]) != lower[i])
            return false;
    return true;
}

/* --- parameters: ; name=value; name="quoted" --- */

/* Takes the next parameter off *rest: 1, 0 at the end, -1 when it is malformed. In quoted values \" and
 * \\ and, as browsers write it, %22 stand for themselves. */
static int next_param(struct arena *a, struct str *rest, struct str *name, struct str *value)
{
    struct str s = str_trim(*rest);
    if (s.len == 0)
        return 0;
    if (s.ptr[0] != ';')
        return -1;
    s = str_trim((struct str){s.ptr + 1, s.len - 1});
    size_t i = 0;
    while (i < s.len && s.ptr[i] != '=' && s.ptr[i] != ';' && s.ptr[i] != ' ')
        i++;
    if (i == 0 || i == s.len || s.ptr[i] != '=')
        return -1;
    *name = (struct str){s.ptr, i++};
    if (i == s.len || s.ptr[i] != '"') {
        size_t from = i;
        while (i < s.len && s.ptr[i] != ';' && s.ptr[i] != ' ' && s.ptr[i] != '"')
            i++;
        *value = (struct str){s.ptr + from, i - from};
        *rest = (struct str){s.ptr + i, s.len - i};
        return value->len ? 1 : -1;
    }
    char *out = arena_alloc(a, s.len + 1);
    size_t n = 0;
    for (i++; i < s.len && s.ptr[i] != '"'; i++) {
        if (s.ptr[i] == '\\' && i + 1 < s.len && (s.ptr[i + 1] == '"' || s.ptr[i + 1] == '\\'))
            i++;
        else if (s.len - i >= 3 && memcmp(s.ptr + i, "%22", 3) == 0) {
            out[n++] = '"';
            i += 2;
            continue;
        }
        out[n++] = s.ptr[i];
    }
    if (i == s.len)
        return -1;
    out[n] = '\0';
    *value = (struct str){out, n};
    *rest = (struct str){s.ptr + i + 1, s.len - i - 1};
    return 1;
}

static bool boundary_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("'()+_,-./:=?", c) != NULL);
}

enum rc multipart_begin(struct multipart *m, struct arena *a, struct str content_type, struct multipart_events to,
                        struct err *e)
{
    struct str rest = content_type, name, value, boundary = STR_NULL;
    size_t i = 0;
    while (i < rest.len && rest.ptr[i] != ';' && rest.ptr[i] != ' ')
        i++;
    *m = (struct multipart){.arena = a, .to = to};
    if (!word_is((struct str){rest.ptr, i}, "multipart/form-data"))
        return err_set(e, RC_INVALID, "not_multipart", "", NULL);
    rest = (struct str){rest.ptr + i, rest.len - i};
    int got;
    while ((got = next_param(a, &rest, &name, &value)) > 0) {
        if (!word_is(name, "boundary"))
            continue;
        if (boundary.ptr)
            return bad(e, "two boundaries");
        boundary = value;
    }
    if (got < 0 || boundary.len < 1 || boundary.len > MULTIPART_BOUNDARY)
        return bad(e, "the boundary");
    for (i = 0; i < boundary.len; i++)
        if (!boundary_char(boundary.ptr[i]))
            return bad(e, "the boundary");
    memcpy(m->mark, "\r\n--", 4);
    memcpy(m->mark + 4, boundary.ptr, boundary.len);
    m->mark_len = boundary.len + 4;
    buf_add(&m->held, "\r\n", 2); /* as if a line had ended before the first boundary */
    return RC_OK;
}

/* --- the headers of a part --- */

static struct str base_name(struct str path)
{
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '/' || path.ptr[i - 1] == '\\')
            return (struct str){path.ptr + i, path.len - i};
    return path;
}

static enum rc disposition(struct multipart *m, struct str v, struct multipart_part *part, struct err *e)
{
    struct str name, value, rest = STR_NULL;
    size_t i = 0;
    while (i < v.len && v.ptr[i] != ';' && v.ptr[i] != ' ')
        i++;
    if (part->name.ptr || !word_is((struct str){v.ptr, i}, "form-data"))
        return bad(e, "Content-Disposition");
    rest = (struct str){v.ptr + i, v.len - i};
    int got;
    while ((got = next_param(m->arena, &rest, &name, &value)) > 0) {
        if (!str_utf8_valid(value))
            return bad(e, "a name that is not UTF-8");
        struct str *to = word_is(name, "name") ? &part->name : word_is(name, "filename") ? &part->filename : NULL;
        if (!to)
            continue;
        if (to->ptr)
            return bad(e, "Content-Disposition");
        *to = str_dup(m->arena, to == &part->filename ? base_name(value) : value);
    }
    return got < 0 || !part->name.ptr ? bad(e, "Content-Disposition") : RC_OK;
}

static enum rc part_header(struct multipart *m, struct str line, struct multipart_part *part, struct err *e)
{
    struct str v, name = str_cut(line, ':', &v);
    if (!v.ptr || name.len == 0)
        return bad(e, "a header line");
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.ptr[i] < 32 && line.ptr[i] != '\t')
            return bad(e, "a header line");
    v = str_trim(v);
    if (word_is(name, "content-disposition"))
        return disposition(m, v, part, e);
    if (word_is(name, "content-type")) {
        if (part->type.ptr)
            return bad(e, "two types");
        part->type = str_dup(m->arena, v);
    } else if (word_is(name, "content-transfer-encoding") && !word_is(v, "binary") && !word_is(v, "8bit") &&
               !word_is(v, "7bit")) {
        return bad(e, "a transfer encoding");
    }
    return RC_OK;
}

static enum rc part_begins(struct multipart *m, struct str head, struct err *e)
{
    struct multipart_part part = {0};
    while (head.len) {
        const char *end = memmem(head.ptr, head.len, "\r\n", 2);
        struct str line = {head.ptr, (size_t)(end - head.ptr)};
        TRY(part_header(m, line, &part, e));
        head = (struct str){end + 2, head.len - line.len - 2};
    }
    if (!part.name.ptr)
        return bad(e, "a part without a name");
    if (++m->parts > MULTIPART_PARTS)
        return bad(e, "too many parts");
    return m->to.begin ? m->to.begin(m->to.arg, &part, e) : RC_OK;
}

/* --- the stream --- */

static void drop(struct multipart *m, size_t n)
{
    m->held.len -= n;
    memmove(m->held.ptr, m->held.ptr + n, m->held.len);
}

static enum rc give(struct multipart *m, size_t n, struct err *e)
{
    if (n && m->to.data)
        TRY(m->to.data(m->to.arg, (struct str){m->held.ptr, n}, e));
    return RC_OK;
}

/* One step with what is held; *more: another may follow. */
static enum rc step(struct multipart *m, bool *more, struct err *e)
{
    const struct buf *h = &m->held;
    const char *at;
    *more = true;
    switch (m->state) {
    case MP_BOUNDARY:
        if (h->len < m->mark_len)
            break;
        if (memcmp(h->ptr, m->mark, m->mark_len) != 0)
            return bad(e, "it does not begin with its boundary");
        drop(m, m->mark_len);
        m->state = MP_TAIL;
        return RC_OK;
    case MP_TAIL:
        if (h->len < 2)
            break;
        if (memcmp(h->ptr, "\r\n", 2) != 0 && memcmp(h->ptr, "--", 2) != 0)
            return bad(e, "something behind a boundary");
        m->state = h->ptr[0] == '-' ? MP_END : MP_HEAD;
        drop(m, 2);
        return RC_OK;
    case MP_HEAD:
        at = h->len ? memmem(h->ptr, h->len, "\r\n\r\n", 4) : NULL;
        if ((at ? (size_t)(at - h->ptr) : h->len) > MULTIPART_HEAD)
            return bad(e, "headers without end");
        if (!at)
            break;
        TRY(part_begins(m, (struct str){h->ptr, (size_t)(at - h->ptr) + 2}, e));
        drop(m, (size_t)(at - h->ptr) + 4);
        m->state = MP_DATA;
        return RC_OK;
    case MP_DATA:
        at = h->len ? memmem(h->ptr, h->len, m->mark, m->mark_len) : NULL;
        if (at) {
            TRY(give(m, (size_t)(at - h->ptr), e));
            drop(m, (size_t)(at - h->ptr) + m->mark_len);
            m->state = MP_TAIL;
            return RC_OK;
        }
        if (h->len >= m->mark_len) {
            size_t n = h->len - m->mark_len + 1;
            TRY(give(m, n, e));
            drop(m, n);
        }
        break;
    case MP_END:
        if (h->len > 2 || memcmp("\r\n", h->ptr ? h->ptr : "", h->len) != 0)
            return bad(e, "something behind the end");
        break;
    }
    *more = false;
    return RC_OK;
}

enum rc multipart_feed(struct multipart *m, struct str bytes, struct err *e)
{
    bool more = true;
    buf_str(&m->held, bytes);
    while (more)
        TRY(step(m, &more, e));
    return RC_OK;
}

enum rc multipart_end(struct multipart *m, struct err *e)
{
    return m->state == MP_END ? RC_OK : bad(e, "it ends too early");
}

void multipart_free(struct multipart *m)
{
    buf_free(&m->held);
}
