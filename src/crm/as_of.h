/* A record as it was: the present one with everything taken back, by the journal, that has happened since. */
#pragma once
#include "crm/schema.h"

/* *out: with every field that the journal tells as of the end of `at`; derived fields stay as they are now. NULL: it
 * was not there yet. Reads the events of the one record; for a few thousand records, not for all. */
MUST_USE enum rc record_as_of(struct db *db, struct arena *a, const struct entity *ent, int64_t id, int64_t at,
                              struct record **out, struct err *e);
