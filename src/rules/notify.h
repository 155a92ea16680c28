/* Who is told what: something was given to one by another, one became a co-worker, was named in a note. A reactor of
 * the commands. */
#pragma once
#include "crm/command.h"

/* Of struct crm_rules. Imports, operations over many records and what is taken back tell nobody of single records. */
enum rc notify_react(struct change *ch, const struct event *ev, const struct record *was, const struct record *is,
                     struct err *e);
/* Ids of the active people whom `is` names with an @ and `was` did not; they live in the arena of the change. */
MUST_USE enum rc mentioned(struct change *ch, struct str was, struct str is, int64_t **ids, size_t *n, struct err *e);
