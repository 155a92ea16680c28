/* Any list as a file for spreadsheets: CSV or XLSX, with the labels of a language, names instead of ids, and every cell
 * harmless: in CSV a text that a spreadsheet would take for a formula begins with an apostrophe. */
#pragma once
#include "base/encoding.h"
#include "base/zone.h"
#include "crm/query.h"

enum export_format { EXPORT_CSV, EXPORT_XLSX };
struct export_spec {
    const struct entity *ent;
    struct str filter, sort, fields; /* as of a list; fields: in this order, none: all */
    enum export_format format;
    char delimiter;          /* of CSV; with ; decimals have a comma */
    enum encoding encoding;  /* of CSV; UTF-8 begins with a byte order mark */
    const char *lang;        /* "ru" or "en" */
    const struct zone *zone; /* times are shown in it; NULL: UTC */
};
/* Writes into a file that is there. Rows are read page by page, each a short read of its own: what changes meanwhile
 * may be in it or not. Only what the rights reach (RIGHT_SEE and RIGHT_EXPORT), hidden fields left out. Errors: those
 * of query_list, forbidden, table_too_large (over 1,048,575 rows in XLSX), file_write_failed. */
MUST_USE enum rc export_list(struct db *db, const struct export_spec *spec, const struct filter_env *env,
                             const char *path, int64_t *rows, struct err *e);
/* Is it a text that a spreadsheet would calculate? */
bool export_is_formula(struct str text);
