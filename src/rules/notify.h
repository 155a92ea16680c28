/* Who is told what: something was given to one by another, one became a co-worker. A reactor of the commands. */
#pragma once
#include "crm/command.h"

/* Of struct crm_rules. Imports, operations over many records and what is taken back tell nobody of single records. */
enum rc notify_react(struct change *ch, const struct event *ev, const struct record *was, const struct record *is,
                     struct err *e);
