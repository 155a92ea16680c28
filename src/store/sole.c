#include "store/sole.h"

static const int64_t locks[] = {
    [SOLE_OPERATIONS] = 845213067,
    [SOLE_OUTBOX] = INT64_C(8531337067441712994),
    [SOLE_TIMERS] = INT64_C(8531337067441712995),
    [SOLE_MAIL] = INT64_C(8531337067441712996),
};

enum rc db_sole(struct db *db, enum sole_work work, bool *ours, struct err *e)
{
    struct stmt *s;
    if (*ours || db_kind_of(db) == DB_SQLITE) {
        *ours = true;
        return RC_OK;
    }
    TRY(db_prepare(db, &s, "SELECT CASE WHEN pg_try_advisory_lock($1) THEN 1 ELSE 0 END", e));
    stmt_i64(s, 1, locks[work]);
    enum rc rc = stmt_step(s, e);
    *ours = rc == RC_ROW && stmt_col_i64(s, 0) == 1;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}
