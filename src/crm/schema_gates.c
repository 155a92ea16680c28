/* What moves need at hand. */
#include "crm/schema_steps.h"

/* funnel.gates: how many gates its stages have; 0 spares every move the look for them. */
const char gates_sql[] = "ALTER TABLE funnel ADD COLUMN gates BIGINT NOT NULL DEFAULT 0;";
