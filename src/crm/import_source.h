/* A table as it was sent, whatever its form: CSV of any delimiter and encoding, or a sheet of a workbook. It is brought
 * into one form, UTF-8 rows, before it is read. */
#pragma once
#include "base/csv.h"
#include "base/encoding.h"

struct source_options { /* texts without a pointer: guessed */
    struct str encoding, delimiter, sheet;
};
struct source {
    bool workbook;
    enum encoding encoding;
    char delimiter;
    struct str *sheets; /* of a workbook; memory of the arena */
    size_t n_sheets, sheet;
    struct csv *csv;
    char *own; /* a file that was made, to be removed */
    int64_t records;
};
/* Errors: file_not_found, file_read_failed, bad_xlsx, table_too_large, table_too_wide, old_xls, bad_encoding,
 * bad_delimiter, no_sheet. *s is zeroed before and is to be closed in any case. */
MUST_USE enum rc source_open(struct source *s, const char *path, const struct source_options *opt, struct arena *a,
                             struct err *e);
/* As csv_next, blank rows left out. *number: the row in the sheet or the line in the file. */
MUST_USE enum rc source_next(struct source *s, const struct str **cells, size_t *n, int64_t *number, struct err *e);
/* To the beginning, header and all. */
MUST_USE enum rc source_rewind(struct source *s, const char *path, struct err *e);
void source_close(struct source *s);
