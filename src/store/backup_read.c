#include "store/backup_read.h"
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <zlib.h>

enum { CHUNK = 1 << 18 };

struct backup_reader {
    gzFile file;
    struct buf held; /* read, from `at` on not handed out yet */
    size_t at;
    int64_t line, bytes;
    struct str last; /* the last line, with its end: in the checksum only when another one follows */
    crypto_generichash_state hash;
};

enum rc backup_read_open(struct backup_reader **out, const char *path, struct err *e)
{
    errno = 0;
    gzFile file = gzopen(path, "rbe");
    if (!file)
        return err_set(e, RC_NOT_FOUND, "backup_failed", "", "%s: %s", path, strerror(errno));
    gzbuffer(file, CHUNK);
    struct backup_reader *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->file = file;
    buf_reserve(&r->held, CHUNK);
    crypto_generichash_init(&r->hash, NULL, 0, BACKUP_HASH);
    *out = r;
    return RC_OK;
}

enum rc backup_damaged(const struct backup_reader *r, struct err *e, const char *what)
{
    char text[120];
    snprintf(text, sizeof text, "%s", what); /* may be of *e itself */
    return err_set(e, RC_INVALID, "backup_damaged", "", "line %lld: %s", (long long)r->line, text);
}

static enum rc more(struct backup_reader *r, struct err *e)
{
    memmove(r->held.ptr, r->held.ptr + r->at, r->held.len - r->at);
    r->held.len -= r->at;
    r->at = 0;
    buf_reserve(&r->held, CHUNK);
    int n = gzread(r->file, r->held.ptr + r->held.len, CHUNK);
    int code;
    if (n < 0)
        return backup_damaged(r, e, gzerror(r->file, &code));
    if (n == 0)
        return backup_damaged(r, e, "the file ends early");
    r->held.len += (size_t)n;
    return RC_OK;
}

enum rc backup_read_line(struct backup_reader *r, struct str *line, struct err *e)
{
    if (r->last.len)
        crypto_generichash_update(&r->hash, (const unsigned char *)r->last.ptr, r->last.len);
    r->last = STR_NULL;
    r->line++;
    const char *end;
    size_t searched = 0;
    while (!(end = memchr(r->held.ptr + r->at + searched, '\n', r->held.len - r->at - searched))) {
        searched = r->held.len - r->at;
        TRY(more(r, e));
    }
    r->last = (struct str){r->held.ptr + r->at, (size_t)(end - r->held.ptr) - r->at + 1};
    *line = (struct str){r->last.ptr, r->last.len - 1};
    r->at += r->last.len;
    r->bytes += (int64_t)r->last.len;
    return RC_OK;
}

enum rc backup_read_check(struct backup_reader *r, struct str checksum, struct err *e)
{
    unsigned char sum[BACKUP_HASH];
    char hex[2 * BACKUP_HASH + 1], past;
    crypto_generichash_final(&r->hash, sum, sizeof sum);
    sodium_bin2hex(hex, sizeof hex, sum, sizeof sum);
    if (!str_eqc(checksum, hex))
        return backup_damaged(r, e, "the checksum differs");
    if (r->at != r->held.len || gzread(r->file, &past, 1) != 0) /* also checks the sum of the compressed file */
        return backup_damaged(r, e, "something follows its end");
    return RC_OK;
}

int64_t backup_read_bytes(const struct backup_reader *r)
{
    return r->bytes;
}

void backup_read_close(struct backup_reader *r)
{
    if (!r)
        return;
    gzclose(r->file);
    buf_free(&r->held);
    free(r);
}
