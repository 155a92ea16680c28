/* A backup is one compressed text file that either database can make and either can take in. It is made of a live
 * database, in one consistent state, and carries a checksum. */
#pragma once
#include "store/migrate.h"

struct backup_stats {
    int64_t tables, rows, bytes; /* bytes: before compression */
};

/* Writes the file beside its place and renames it when it is complete and on the disk; a former one is replaced.
 * Errors: backup_failed (arg 0: path and reason), those of the database. */
MUST_USE enum rc backup_make(const struct db_target *from, const char *path, struct backup_stats *stats, struct err *e);

/* Creates the schema as the backup had it (list is the program's migrations; later steps run at the next start) and
 * loads all rows; all or nothing. Errors: not_empty (RC_CONFLICT; force replaces a Voronka database, never another),
 * db_in_use (a server has the directory open), backup_damaged (RC_INVALID, arg 0: what and the line), backup_failed,
 * schema_newer, schema_altered. Stop the servers of a PostgreSQL database before. */
MUST_USE enum rc backup_restore(const char *path, const struct db_target *to, const struct migration *list, size_t n,
                                bool force, struct backup_stats *stats, struct err *e);
