/* Notifications by mail: what each person has chosen, several as one letter. */
#pragma once
#include "api/api.h"

/* Whose first unmailed notification is three minutes old gets one letter of all since. *upto: of the caller, 0 at
 * first; no notification up to it is looked at again. *worked: the writer had a job. Errors are of the database. */
MUST_USE enum rc notice_letters_turn(struct app *app, struct db *db, int64_t now, int64_t *upto, bool *worked,
                                     struct err *e);
