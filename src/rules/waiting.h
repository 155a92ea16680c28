/* Cards that already wait when a trigger comes into force: those that stand where it looks and meet its condition,
 * though what sets it off has happened to them before. */
#pragma once
#include "crm/sqlb.h"
#include "rules/trigger.h"

extern const struct operation_type operation_trigger; /* POST /api/triggers/{id}/start */

/* Writes "FROM deal d WHERE …" of the open deals that wait for it. Errors: trigger_not_of_deals, bad_filter. */
MUST_USE enum rc waiting_sql(struct sqlb *q, struct arena *a, const struct trigger *t, const struct filter_env *env,
                             struct err *e);
