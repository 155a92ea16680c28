/* An archive: the bytes are the zip itself or, when they begin with '{', the manifest (up to a line of "--") and the
 * lines of a table `deal` inside of an honest one. Nothing is written to a database. */
#include "crm/archive.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

static void add(zip_t *z, const char *name, const void *bytes, size_t n)
{
    zip_source_t *s = zip_source_buffer(z, bytes, n, 0);
    if (!s || zip_file_add(z, name, s, 0) < 0)
        abort();
}

static void write_archive(const char *path, const uint8_t *bytes, size_t n)
{
    int why;
    if (n == 0 || bytes[0] != '{') {
        FILE *f = fopen(path, "w");
        if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
            abort();
        return;
    }
    const uint8_t *cut = memmem(bytes, n, "\n--\n", 4);
    size_t head = cut ? (size_t)(cut - bytes) : n;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &why);
    if (!z)
        abort();
    add(z, "manifest.json", bytes, head);
    if (cut)
        add(z, "tables/deal.jsonl", cut + 4, n - head - 4);
    if (zip_close(z) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[64];
    struct archive_stats stats;
    struct err e = {0};
    snprintf(path, sizeof path, "/tmp/fuzz-archive-%d", (int)getpid());
    write_archive(path, bytes, n);
    if (archive_check(path, &stats, &e) != RC_OK && !e.code[0])
        abort();
    unlink(path);
    return 0;
}
