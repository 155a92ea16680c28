/* Commands as jobs of the writer: one change each, answered the same when its idempotency key is seen again. */
#include "crm/engine.h"

#define KEPT_MS MS_DAY
#define PURGE_EVERY 256 /* changes */

static enum rc apply_create(struct change *ch, struct command_job *j, struct err *e)
{
    return change_create(ch, j->record, &j->out_id, e);
}

static enum rc apply_update(struct change *ch, struct command_job *j, struct err *e)
{
    j->out_id = j->id;
    return change_update(ch, j->id, j->expect_version, j->record, e);
}

static enum rc apply_delete(struct change *ch, struct command_job *j, struct err *e)
{
    j->out_id = j->id;
    return change_delete(ch, j->ent, j->id, j->expect_version, e);
}

static enum rc apply_undo(struct change *ch, struct command_job *j, struct err *e)
{
    return change_undo(ch, j->id, &j->undone, e);
}

const struct command command_create = {"create", apply_create};
const struct command command_update = {"update", apply_update};
const struct command command_delete = {"delete", apply_delete};
const struct command command_undo = {"undo", apply_undo};

/* ---- idempotency ---- */

/* RC_ROW: seen before, the results are filled in; RC_OK: new. */
static enum rc seen_before(struct wtx *tx, struct command_job *j, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        tx->db, &s,
        "SELECT request_hash, change_id, result FROM idempotency WHERE user_id = $1 AND key = $2 AND created_at > $3",
        e));
    stmt_i64(s, 1, j->actor.user_id);
    stmt_str(s, 2, j->idempotency_key);
    stmt_i64(s, 3, tx->now - KEPT_MS);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        struct str rest, id = str_cut(stmt_col_str(s, 2), ' ', &rest);
        if (!str_eq(stmt_col_str(s, 0), j->request_hash))
            rc = err_set(e, RC_UNPROCESSABLE, "idempotency_mismatch", "", NULL);
        else if (!str_i64(id, &j->out_id) || !str_i64(rest, &j->undone))
            rc = err_set(e, RC_INTERNAL, "bad_idempotency_row", "", NULL);
        j->change_id = stmt_col_i64(s, 1);
        j->replayed = true;
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc purge(struct wtx *tx, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, "DELETE FROM idempotency WHERE created_at <= $1", e));
    stmt_i64(s, 1, tx->now - KEPT_MS);
    return stmt_run(s, e);
}

static enum rc remember(struct wtx *tx, const struct command_job *j, struct err *e)
{
    char result[64];
    struct stmt *s;
    snprintf(result, sizeof result, "%lld %lld", (long long)j->out_id, (long long)j->undone);
    if (j->change_id % PURGE_EVERY == 0)
        TRY(purge(tx, e));
    TRY(db_prepare(tx->db, &s,
                   "INSERT INTO idempotency (user_id, key, request_hash, status, change_id, result, created_at)"
                   " VALUES ($1, $2, $3, 0, $4, $5, $6) ON CONFLICT (user_id, key) DO UPDATE SET"
                   " request_hash = excluded.request_hash, change_id = excluded.change_id, result = excluded.result,"
                   " created_at = excluded.created_at",
                   e));
    stmt_i64(s, 1, j->actor.user_id);
    stmt_str(s, 2, j->idempotency_key);
    stmt_str(s, 3, j->request_hash.ptr ? j->request_hash : STR(""));
    stmt_i64(s, 4, j->change_id);
    stmt_str(s, 5, str_c(result));
    stmt_i64(s, 6, tx->now);
    return stmt_run(s, e);
}

/* The nouns may have got fields since the job was prepared. */
static enum rc apply_now(struct change *ch, struct command_job *j, struct err *e)
{
    struct record *record = j->record;
    const struct entity *ent = j->ent;
    j->record = record_adapt(ch->tx->arena, record);
    j->ent = ent ? entity_by_id(ent->id) : NULL;
    enum rc rc = j->command->apply(ch, j, e);
    j->record = record;
    j->ent = ent;
    return rc;
}

static enum rc apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct command_job *j = (struct command_job *)job;
    j->out_id = j->change_id = j->undone = 0; /* a job may run again */
    j->replayed = false;
    if (j->idempotency_key.len) {
        enum rc rc = seen_before(tx, j, e);
        if (rc != RC_OK)
            return rc == RC_ROW ? RC_OK : rc;
    }
    struct change ch = change_begin(tx, j->actor);
    TRY(apply_now(&ch, j, e));
    TRY(change_end(&ch, e));
    j->change_id = ch.change_id;
    return j->idempotency_key.len ? remember(tx, j, e) : RC_OK;
}

static void done(struct job *job, enum rc rc, const struct err *e)
{
    struct command_job *j = (struct command_job *)job;
    if (j->done)
        j->done(j, rc, e);
}

void command_job_init(struct command_job *j)
{
    _Static_assert(offsetof(struct command_job, job) == 0, "the job is the first member");
    j->job = (struct job){.apply = apply, .done = done};
}
