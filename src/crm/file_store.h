/* The bytes of files: in a folder, under their SHA-256, each once however many rows of `file` name it. They are there
 * before the row is, and go when no row names them any more (deleted ones do, so that they can come back). */
#pragma once
#include "crm/schema.h"

/* Bytes of one; the setting file_most says otherwise. */
#define FILE_MOST ((int64_t)104857600)
#define FILE_MOST_TEXT "104857600"
#define FILE_MOST_LEAST ((int64_t)1024 * 1024)
#define FILE_MOST_EVER ((int64_t)1024 * 1024 * 1024)

/* Of a row whose bytes were erased on a person's request: no file has it. */
#define FILE_ERASED "0000000000000000000000000000000000000000000000000000000000000000"

/* Where the bytes lie: FOLDER/ab/abcd... ; sha256 is 64 hex digits, else NULL. */
const char *file_store_path(struct arena *a, const char *folder, struct str sha256);
/* Takes over the file `from` (of the same file system), which is on the disk when it returns. Errors:
 * file_write_failed. */
MUST_USE enum rc file_store_take(struct arena *a, const char *folder, const char *from, struct str sha256,
                                 struct err *e);
/* The bytes to read. Errors: file_missing (RC_NOT_FOUND) when they are not there. */
MUST_USE enum rc file_store_open(struct arena *a, const char *folder, struct str sha256, int *fd, int64_t *size,
                                 struct err *e);
/* Every file that a row names, once, in order of sha256: for backups. */
MUST_USE enum rc file_store_each(struct db *db, enum rc (*each)(void *arg, struct str sha256, int64_t size), void *arg,
                                 struct err *e);
/* Removes what no row names and nobody has touched for a day; *removed counts. */
MUST_USE enum rc file_store_sweep(struct db *db, const char *folder, int64_t now, int64_t *removed, struct err *e);
/* After the rows are gone for good (erasure of personal data): the bytes too, when no other row names them. */
MUST_USE enum rc file_store_forget(struct db *db, const char *folder, struct str sha256, struct err *e);
/* What has been written to a file, or which names a folder has (flags O_DIRECTORY), is on the disk afterwards. */
MUST_USE enum rc file_store_sync(const char *path, int flags, struct err *e);
