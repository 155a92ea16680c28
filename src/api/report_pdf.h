/* A report on paper: what it says, its numbers, its picture, its tables and what they leave out. */
#pragma once
#include "api/api.h"
#include "insight/report.h"

/* Errors: print_failed. */
MUST_USE enum rc report_pdf(struct call *c, const struct report_result *r, struct buf *out, struct err *e);
