/* Names of what actions and events refer to, from the database. */
#pragma once
#include "crm/rights.h"
#include "rules/action.h"

/* Valid as long as db. Of a deleted one the name it had. */
struct rule_names names_of_database(struct db *db);
/* As somebody may read them: what they do not see is «…». Lives in the arena. */
struct rule_names names_for(struct arena *a, struct db *db, const struct rights *rights);
