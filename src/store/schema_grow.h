/* What the schema gets while the program runs, beside its migrations: columns named cf_<number>[_fold] and link tables
 * named cf_<number>_link. A backup tells of them by these names, and restoring makes them again. */
#pragma once
#include "store/db.h"

enum schema_column { SCHEMA_INTEGER, SCHEMA_REAL, SCHEMA_TEXT };
bool schema_grown_column(struct str name);
bool schema_grown_table(struct str name);
/* Within a writer's transaction. Errors: db_error when a name is none of these, and those of the database. */
MUST_USE enum rc schema_add_column(struct db *db, const char *table, const char *name, enum schema_column type,
                                   struct err *e);
MUST_USE enum rc schema_add_link(struct db *db, const char *name, struct err *e); /* (owner_id, ref_id) */
