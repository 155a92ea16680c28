/* What happens by itself. One table of reactors: each hears of every event, in this order, inside the transaction. A
 * new one is one file and one row in rules.c. */
#pragma once
#include "crm/command.h"

extern const struct crm_rules rules; /* for crm_set_rules */
