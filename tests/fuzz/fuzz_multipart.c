/* A multipart body as anybody may send it, in pieces of any size: the first byte says how large. */
#include "http/multipart.h"
#include <stdlib.h>

static size_t taken;

static enum rc begin(void *arg, const struct multipart_part *part, struct err *e)
{
    (void)arg;
    (void)e;
    if (!part->name.ptr || !str_utf8_valid(part->name))
        abort();
    if (part->filename.ptr && (memchr(part->filename.ptr, '/', part->filename.len) || !str_utf8_valid(part->filename)))
        abort();
    return RC_OK;
}

static enum rc data(void *arg, struct str bytes, struct err *e)
{
    (void)arg;
    (void)e;
    taken += bytes.len;
    return RC_OK;
}

static size_t read_in(struct str body, size_t piece, enum rc *rc)
{
    struct arena a = ARENA_EMPTY;
    struct multipart m = {0};
    struct err e = {0};
    taken = 0;
    *rc = multipart_begin(&m, &a, STR("multipart/form-data; boundary=xBx"),
                          (struct multipart_events){begin, data, NULL}, &e);
    for (size_t at = 0; *rc == RC_OK && at < body.len; at += piece)
        *rc = multipart_feed(&m, (struct str){body.ptr + at, body.len - at < piece ? body.len - at : piece}, &e);
    if (*rc == RC_OK)
        *rc = multipart_end(&m, &e);
    multipart_free(&m);
    arena_free(&a);
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    enum rc whole, pieces;
    if (n == 0)
        return 0;
    struct str body = {(const char *)bytes + 1, n - 1};
    size_t a = read_in(body, body.len + 1, &whole), b = read_in(body, (size_t)bytes[0] + 1, &pieces);
    if (whole != pieces || (whole == RC_OK && a != b))
        abort(); /* how it arrives must not matter */
    struct arena arena = ARENA_EMPTY;
    struct multipart m = {0};
    struct err e = {0};
    if (multipart_begin(&m, &arena, body, (struct multipart_events){0}, &e) != RC_OK && e.code[0] == '\0')
        abort();
    multipart_free(&m);
    arena_free(&arena);
    return 0;
}
