/* Of `voronka import`: its way for archives. */
#pragma once
#include "store/db.h"

MUST_USE enum rc cli_import_archive(const char *file, const struct db_target *target, const char *files, bool json,
                                    struct err *e);
