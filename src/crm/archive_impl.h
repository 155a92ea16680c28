/* What making and reading of archives share. */
#pragma once
#include "base/json.h"
#include "crm/archive.h"
#include "store/backup_impl.h"

#define ARCHIVE_FORMAT "voronka-archive"
#define ARCHIVE_VERSION 1
extern const char *const archive_types[]; /* by enum column_type: "integer", "real", "text", "blob", NULL */
