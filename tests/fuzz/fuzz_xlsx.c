/* A workbook: the bytes are the archive itself or, when they begin with '<', the sheet inside of an honest one. */
#include "base/xlsx.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

static enum rc row(void *arg, int64_t number, const struct str *cells, size_t n, struct err *e)
{
    size_t *sum = arg;
    (void)e;
    if (number < 1)
        abort();
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < cells[i].len; k++)
            *sum += (unsigned char)cells[i].ptr[k];
    return RC_OK;
}

static void add(zip_t *z, const char *name, const void *bytes, size_t n)
{
    zip_source_t *s = zip_source_buffer(z, bytes, n, 0);
    if (!s || zip_file_add(z, name, s, 0) < 0)
        abort();
}

static void write_book(const char *path, const uint8_t *bytes, size_t n)
{
    static const char book[] = "<workbook xmlns:r=\"r\"><sheets><sheet name=\"A\" r:id=\"i\"/></sheets></workbook>";
    static const char relations[] = "<R><Relationship Id=\"i\" Target=\"worksheets/sheet1.xml\"/></R>";
    static const char styles[] =
        "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>";
    static const char strings[] = "<sst><si><t>a</t></si><si><r><t>b</t></r></si></sst>";
    int why;
    if (n == 0 || bytes[0] != '<') {
        FILE *f = fopen(path, "w");
        if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
            abort();
        return;
    }
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &why);
    if (!z)
        abort();
    add(z, "xl/workbook.xml", book, sizeof book - 1);
    add(z, "xl/_rels/workbook.xml.rels", relations, sizeof relations - 1);
    add(z, "xl/styles.xml", styles, sizeof styles - 1);
    add(z, "xl/sharedStrings.xml", strings, sizeof strings - 1);
    add(z, "xl/worksheets/sheet1.xml", bytes, n);
    if (zip_close(z) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct xlsx_limits limits = {
        .unpacked = 1 << 22, .ratio = 300, .strings = 1 << 20, .cell = 1 << 16, .columns = 100, .rows = 20000};
    char path[64];
    struct xlsx *x;
    struct err e = {0};
    size_t sum = 0;
    snprintf(path, sizeof path, "/tmp/fuzz-xlsx-%d", (int)getpid());
    write_book(path, bytes, n);
    if (xlsx_open(&x, path, &limits, &e) == RC_OK) {
        for (size_t i = 0; i < xlsx_sheets(x); i++)
            if (xlsx_read(x, i, row, &sum, &e) != RC_OK && !e.code[0])
                abort();
        xlsx_close(x);
    } else if (!e.code[0]) {
        abort();
    }
    unlink(path);
    return 0;
}
