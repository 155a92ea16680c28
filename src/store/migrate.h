/* Schema migrations: an ordered list of named steps, each recorded with a hash of its text in schema_migration.
 * In the text, @ID is an identity primary key, @TEXT a text column compared by bytes, @BLOB bytes; behind a
 * table's brackets, @KEYED says that it is kept in order of its primary key where the database can do that. */
#pragma once
#include "store/db.h"

struct migration {
    const char *name; /* "0001_start" */
    const char *sql;
    enum rc (*run)(struct db *db, struct err *e); /* what SQL cannot say, after the text; NULL: nothing */
};
/* Brings the database up to date in one transaction. Errors: schema_newer (the database knows a step that this program
 * does not), schema_altered (a recorded step's text differs from ours), both RC_CONFLICT, nothing changed. */
MUST_USE enum rc migrate(struct db *db, const struct migration *list, size_t n, struct err *e);
