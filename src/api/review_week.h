/* The weekly review makes itself: on the company's Monday from seven in the morning, or later in the week when no
 * server ran, for every team with a head that was there before the week began. The head is told. */
#pragma once
#include "api/api.h"

/* Does it when it is time; *worked: the writer had a job. Errors are of the database. */
MUST_USE enum rc reviews_turn(struct app *app, struct db *db, int64_t now, bool *worked, struct err *e);
