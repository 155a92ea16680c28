/* Reads a backup line by line and keeps its checksum. */
#pragma once
#include "store/backup_impl.h"

struct backup_reader;
MUST_USE enum rc backup_read_open(struct backup_reader **out, const char *path, struct err *e);
/* The next line without its end, valid until the next call; RC_INVALID backup_damaged at a broken or early end. */
MUST_USE enum rc backup_read_line(struct backup_reader *r, struct str *line, struct err *e);
/* To be asked when the last line read was "end CHECKSUM". */
MUST_USE enum rc backup_read_check(struct backup_reader *r, struct str checksum, struct err *e);
enum rc backup_damaged(const struct backup_reader *r, struct err *e, const char *what);
int64_t backup_read_bytes(const struct backup_reader *r);
void backup_read_close(struct backup_reader *r);
