/* Several records of one person or firm become one: what hangs on the others moves to the one that stays, they
 * themselves are deleted and point to it (merged_into_id). All of it is one change, which undo takes back whole. */
#pragma once
#include "crm/command.h"

#define MERGE_MOST 20
struct merge_choice {
    int field;    /* index into ent->fields */
    int64_t from; /* id of the record whose value is kept */
};
struct merge {
    const struct entity *ent; /* contact or company */
    int64_t id;               /* stays */
    const int64_t *with;
    size_t n_with;
    const struct merge_choice *choices;
    size_t n_choices;
};
/* Fields that nobody chose: the value of the record that stays, or when it has none, the first other; comments are
 * joined, tags united, a withdrawn consent stays withdrawn. Other phones, mails, sites and addresses become contact
 * points. Needs CAN_MERGE and the right to edit each of the records; what hangs on them moves whoever owns it. Errors:
 * forbidden, not_found, bad_merge (itself, twice, too many), ref_not_found (a choice from elsewhere),
 * contact_restricted, contact_erased. */
MUST_USE enum rc records_merge(struct change *ch, const struct merge *m, struct err *e);
/* Writes {"record":{…},"moves":{"deals":3,…},"points":[{"kind","value"}]} and changes nothing. */
MUST_USE enum rc records_merge_preview(struct change *ch, const struct merge *m, struct buf *out, struct err *e);
