/* A report as a file: for a spreadsheet, for paper, as plain text; and its routes. */
#pragma once
#include "api/api.h"
#include "insight/report.h"

bool report_file_known(struct str format); /* json csv xlsx pdf text */
/* Writes the answer's body and headers. In CSV and XLSX every table stands under another, numbers as numbers (rates as
 * shares of one, money in units, times as local text), texts never as formulas. Errors: file_write_failed. */
MUST_USE enum rc report_file(struct call *c, const struct report_result *r, struct str format, struct err *e);
/* The same in memory: format "pdf" or "xlsx". */
MUST_USE enum rc report_bytes(struct call *c, const struct report_result *r, struct str format, struct buf *out,
                              struct err *e);
/* The route of a report, or of the deals behind its numbers; lives in the arena. */
struct route report_route(struct arena *a, const struct report *report, bool deals);
