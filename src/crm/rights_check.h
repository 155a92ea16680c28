/* What the engine of commands asks before it writes; private to change.c, undo.c and rights_check.c. Nothing is asked
 * of the system, nor of what follows by itself from a command (ch->inner). */
#pragma once
#include "crm/command.h"
#include "crm/rights.h"

static inline const struct rights *rights_of(const struct change *ch)
{
    return ch->inner || !ch->actor.rights || ch->actor.rights->everything ? NULL : ch->actor.rights;
}
/* Of a row that is to be changed or deleted: not_found when it is out of sight, forbidden when it may only be seen. */
MUST_USE enum rc rights_check_row(struct change *ch, const struct record *was, enum right right, struct err *e);
/* The fields that came in: a hidden one does not exist (unknown_field), a read-only one is forbidden. was NULL: new. */
MUST_USE enum rc rights_check_fields(struct change *ch, const struct record *was, const struct record *in,
                                     struct err *e);
/* The record as it is about to be written: within reach, and in a place that may be entered. */
MUST_USE enum rc rights_check_result(struct change *ch, const struct record *was, const struct record *will,
                                     struct err *e);
/* Whether a reference may point there: what is out of sight is not there. */
MUST_USE enum rc rights_check_ref(struct change *ch, const struct entity *ent, int64_t id, bool *seen, struct err *e);
