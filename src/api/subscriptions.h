/* Reports that come by themselves at their hour, as a notification with what they say and a link to the figures of that
 * moment. */
#pragma once
#include "api/api.h"

/* Of the thread of operations. A report is made aside, with what its subscriber may see; that it has come and when it
 * comes next is written in one job of the writer, so it comes once, with however many servers and after any crash. */
MUST_USE enum rc subscriptions_turn(struct app *app, struct db *db, int64_t now, bool *worked, struct err *e);
