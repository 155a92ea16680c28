/* Of `voronka import`: its way for tables. */
#pragma once
#include "store/writer.h"

struct import_table_options {
    const char *table, *object, *map, *encoding, *delimiter, *sheet, *match, *on_match, *on_bad, *create;
    bool dry_run, json;
};
MUST_USE enum rc cli_import_table(const struct import_table_options *o, const struct db_target *target,
                                  struct writer *writer, struct err *e);
