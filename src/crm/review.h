/* What a weekly review looks at. */
#pragma once
#include "crm/command.h"

#define REVIEW_ITEMS_MOST 2000 /* of the deals with the most reasons and the greatest values */
#define REVIEW_SILENT_DAYS 14
#define REVIEW_STUCK(norm) ((norm)*3 / 2) /* beyond this a deal stands too long in its stage */

/* The people of a team and of those below it as a list for SQL, "3,17,0"; team 0: NULL, everybody. */
MUST_USE enum rc team_people(struct db *db, struct arena *a, int64_t team, const char **out, struct err *e);
/* Creates an item for each open deal of the team that needs a look; `why` is a list of codes with numbers:
 * [{"code":"stuck","days":30,"norm":10},{"code":"no_task"}]. Codes: stuck over_norm silent no_task overdue unprofitable
 * overridden stepped_back waiting. over_norm: beyond the norm, not yet by half. */
MUST_USE enum rc review_collect(struct change *ch, const struct record *review, struct err *e);
