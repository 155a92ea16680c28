/* The format, shared by making and restoring:
 *   voronka-backup 1
 *   schema NAME HASH            a line a migration step
 *   column TABLE NAME TYPE      a line a column that is in no migration: integer, real or text; see schema_grow.h
 *   link NAME                   a line a table that is in no migration
 *   table NAME COLUMN ...       then its rows in the text format of PostgreSQL's COPY, then \.
 *   end CHECKSUM                BLAKE2b of everything before this line */
#pragma once
#include "base/buf.h"
#include "store/backup.h"
#include "store/db_impl.h"

#define BACKUP_FIRST_LINE "voronka-backup 1"
enum { BACKUP_HASH = 32 };

enum column_type { COLUMN_INTEGER, COLUMN_REAL, COLUMN_TEXT, COLUMN_BLOB };
struct column {
    struct str name;
    enum column_type type;
};
struct table {
    struct str name;
    struct column *column;
    size_t columns;
};
struct tables {
    struct table *ptr;
    size_t len;
};
/* The tables that a backup holds, in order of creation; those of migrate are not among them. */
MUST_USE enum rc backup_tables(struct db *db, struct arena *a, struct tables *out, struct err *e);
