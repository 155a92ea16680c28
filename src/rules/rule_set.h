/* Inside of rules: the lists of what is in force, and who says that they have changed. */
#pragma once
#include "rules/run.h"

enum rule_list rule_list_of(int kind); /* whose events a kind of object has; LIST_NONE: nobody hears of it */
/* Triggers, goals or what they are compiled with have changed in this transaction. */
MUST_USE enum rc rules_changed(struct change *ch, struct err *e);
