/* Findings of the detector "plan": plans whose result will not be what was planned. */
#pragma once
#include "api/api.h"

/* Records of findings, in the arena. A plan is told of once on each side. */
MUST_USE enum rc watch_plans(struct app *app, struct db *db, struct arena *a, int64_t now, struct record ***out,
                             size_t *n, struct err *e);
