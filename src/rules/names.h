/* Names of what actions and events refer to, from the database. */
#pragma once
#include "rules/action.h"

/* Valid as long as db. Of a deleted one the name it had. */
struct rule_names names_of_database(struct db *db);
