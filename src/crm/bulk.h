/* A long history written at once: rows in their last state and, apart from them, the events that led there. For whoever
 * knows the whole of it before (simulation); everybody else uses change_create and change_update. Rows and journal must
 * agree in the end: `voronka check` compares them. Runs inside a writer's job. */
#pragma once
#include "crm/command.h"
#include "crm/fields.h"

/* Writes the row and its sets as they are: version and times by the caller, no rules run. Sets r->id. */
MUST_USE enum rc bulk_insert(struct wtx *tx, struct record *r, struct err *e);
/* The event of a change from `was` (NULL: created) to `is`, as the ordinary commands journal it. Fields that are equal
 * in both are left out, so both may be empty but for what changed. `scratch` is reused between calls. */
MUST_USE enum rc bulk_event(struct wtx *tx, struct actor actor, int64_t at, int64_t id, enum verb verb,
                            const struct record *was, const struct record *is, struct buf *scratch, struct err *e);
void bulk_clear(struct record *r); /* every field null (counted ones 0), sets empty, version 1 */
