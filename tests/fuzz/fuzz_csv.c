/* Any bytes as a table: every field lies within what can be read, lines only go forward, the reader comes to an end. */
#include "base/csv.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char marks[] = {0, ',', ';', '\t', '|'};
    struct csv *c;
    struct err e;
    const struct str *f;
    size_t n, rows = 0, total = 0;
    int64_t line = 0;
    if (size == 0)
        return 0;
    struct str text = {(const char *)data + 1, size - 1};
    if (csv_open_mem(&c, text, marks[data[0] % sizeof marks], &e) != RC_OK)
        abort();
    for (;;) {
        enum rc rc = csv_next(c, &f, &n, &e);
        if (rc == RC_DONE)
            break;
        if ((rc != RC_ROW && rc != RC_INVALID) || csv_line(c) <= line || ++rows > size)
            abort();
        line = csv_line(c);
        for (size_t i = 0; rc == RC_ROW && i < n; i++) {
            volatile char sum = 0;
            for (size_t k = 0; k < f[i].len; k++)
                sum = (char)(sum + f[i].ptr[k]);
            total += f[i].len;
        }
    }
    if (total > size)
        abort();
    csv_close(c);
    return 0;
}
