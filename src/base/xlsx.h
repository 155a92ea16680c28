/* Reading sheets of XLSX workbooks as rows of text. What comes in is hostile: documents with a DOCTYPE (and so with
 * entities) are refused, what unpacks to far more than a table can be is broken off, names inside of the archive never
 * become paths. */
#pragma once
#include "base/buf.h"

struct xlsx;
struct xlsx_limits {
    uint64_t unpacked; /* of one part of the archive, bytes: 1.5 GiB */
    uint64_t ratio;    /* unpacked to packed, over the first 16 MiB: 300 */
    size_t strings;    /* bytes of shared texts: 512 MiB */
    size_t cell;       /* bytes of one cell: 128 KiB */
    size_t columns;    /* 500 */
    int64_t rows;      /* 1,048,576 */
};
extern const struct xlsx_limits xlsx_default_limits;
bool xlsx_is(struct str head); /* do the first bytes look like a zip archive? */

/* Errors: bad_xlsx (RC_UNPROCESSABLE, arg 0: what), table_too_large. Texts live as long as it is open. */
MUST_USE enum rc xlsx_open(struct xlsx **out, const char *path, const struct xlsx_limits *limits, struct err *e);
size_t xlsx_sheets(const struct xlsx *x);
struct str xlsx_sheet_name(const struct xlsx *x, size_t i);
/* Calls row for each row of a sheet, gaps included (n 0), in order; cells are valid during the call. Dates come as
 * "2026-11-21" or "2026-11-21 14:30:00", numbers in their shortest form, truth values as TRUE and FALSE, errors empty.
 * row may end the reading: with RC_DONE as if the sheet were over, or with an error. */
MUST_USE enum rc xlsx_read(struct xlsx *x, size_t sheet,
                           enum rc (*row)(void *arg, int64_t number, const struct str *cells, size_t n, struct err *e),
                           void *arg, struct err *e);
void xlsx_close(struct xlsx *x);
