/* RFC 4180 reading as a stream, any delimiter, LF or CRLF, quotes with line breaks inside. Bytes are not re-encoded.
 * Empty lines are no rows; a quote inside an unquoted field stands for itself; a row has at most 1 MiB. */
#pragma once
#include "base/str.h"
#include "base/vec.h"

struct csv; /* opaque: owns its file and buffers */

/* path may end in .gz (zlib). delimiter 0: guessed from the header among , ; tab |. A UTF-8 BOM is skipped.
 * Errors: file_not_found, file_read_failed (also later, from csv_next: a damaged .gz). */
MUST_USE enum rc csv_open(struct csv **out, const char *path, char delimiter, struct err *e);
/* For tests and fuzzing: reads from memory, which must outlive the reader. */
MUST_USE enum rc csv_open_mem(struct csv **out, struct str text, char delimiter, struct err *e);
/* RC_ROW with fields valid until the next call, RC_DONE at the end, RC_INVALID for a row that cannot be split
 * (code csv_bad_row; the reader has moved on to the next line and may be asked again). */
MUST_USE enum rc csv_next(struct csv *c, const struct str **fields, size_t *n, struct err *e);
int64_t csv_line(const struct csv *c);   /* line number where the last row began, from 1 */
char csv_delimiter(const struct csv *c); /* given or guessed */
void csv_close(struct csv *c);
