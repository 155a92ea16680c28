/* Everything as one documented archive (docs/archive.md): a zip of JSON Lines, one file a table, the files that people
 * have attached, and a manifest that tells what is there. It is made of one consistent state while the server works,
 * and comes back into an empty place of either database without loss. */
#pragma once
#include "store/backup.h"

struct archive_stats {
    int64_t tables, rows, files;
};
/* `files`: the folder of attached files. The archive has its name only when it is complete; temporary files lie beside
 * it. Errors: archive_failed (arg 0: why), backup_failed, those of the database. */
MUST_USE enum rc archive_make(const struct db_target *from, const char *files, const char *path,
                              struct archive_stats *stats, struct err *e);
/* Everything in the archive is checked (names, sizes, checksums, numbers of rows, shape of every line) before the
 * database is touched; then all or nothing comes in. Errors: bad_archive (RC_INVALID, arg 0: what), those of
 * backup_restore. */
MUST_USE enum rc archive_restore(const char *path, const struct db_target *to, const char *files,
                                 const struct migration *list, size_t n, struct archive_stats *stats, struct err *e);
/* The checks alone, for tests: nothing stays. */
MUST_USE enum rc archive_check(const char *path, struct archive_stats *stats, struct err *e);
