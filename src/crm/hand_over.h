/* Handing over everything of somebody who leaves; see operation_hand_over.c. The plan is
 * {"user":ID,"to":[ids],"objects":["deals",...]?,"reason"?,"deactivate"}. */
#pragma once
#include "base/json.h"
#include "crm/command.h"

/* Members deals, contacts, companies, tasks, places (as a co-worker), teams: how many would go over. */
MUST_USE enum rc hand_over_count(struct db *db, struct arena *a, struct str plan, struct jw *w, struct err *e);
/* Errors: not_found, user_inactive, hand_over_to_self, last_admin. */
MUST_USE enum rc hand_over_check(struct change *ch, struct str plan, struct err *e);
