/* What an operation is about: ids written down when it begins, a thousand a row, so that what it does to the records
 * does not change what it is about. */
#include "crm/engine.h"
#include "crm/operation_impl.h"

#define PAGE 1000
#define PAGES_A_JOB 100

/* ---- whom it acts for ---- */

enum rc operation_actor(struct operation *op, struct db *db, struct arena *a, struct actor *out, struct err *e)
{
    int64_t role;
    *out = (struct actor){.user_id = op->owner_id, .role = ROLE_ADMIN, .via = op->via};
    if (!op->owner_id)
        return RC_OK;
    TRY(QUERY_I64(db, &role, -1, e, "SELECT role FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL",
                  op->owner_id));
    if (role < 0)
        return err_set(e, RC_FORBIDDEN, "operation_owner_gone", "", NULL);
    out->role = (enum role)role;
    return rights_load(db, a, op->owner_id, &out->rights, e);
}

/* ---- writing the population ---- */

struct begin_job {
    struct job job;
    const struct operation *op;
    const struct operation_ids *ids; /* where this job begins */
    size_t from;                     /* within ids */
    int64_t first, total;            /* number of its first item */
    bool start, end;
    /* behind it */
    const struct operation_ids *next;
    size_t next_from;
    int64_t next_first;
};

static enum rc write_page(struct wtx *tx, const struct begin_job *j, int64_t first, enum entity_id kind,
                          const int64_t *ids, size_t n, struct err *e)
{
    struct stmt *s;
    char *bytes = arena_alloc(tx->arena, n * 8);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 8; k++)
            bytes[i * 8 + (size_t)k] = (char)((uint64_t)ids[i] >> (8 * k));
    TRY(db_prepare(tx->db, &s,
                   "INSERT INTO operation_page (operation_id, first, object_kind, ids) VALUES ($1, $2, $3, $4)", e));
    stmt_i64(s, 1, j->op->id);
    stmt_i64(s, 2, first);
    stmt_i64(s, 3, kind);
    stmt_blob(s, 4, (struct str){bytes, n * 8});
    return stmt_run(s, e);
}

static enum rc write_pages(struct wtx *tx, struct begin_job *j, struct err *e)
{
    const struct operation_ids *ids = j->ids;
    size_t from = j->from;
    int64_t first = j->first;
    for (int page = 0; ids && page < PAGES_A_JOB; page++) {
        size_t n = ids->n - from < PAGE ? ids->n - from : PAGE;
        if (n)
            TRY(write_page(tx, j, first, ids->kind, ids->ids + from, n, e));
        first += (int64_t)n;
        from += n;
        if (from == ids->n) {
            ids = ids->next;
            from = 0;
        }
    }
    j->next = ids;
    j->next_from = from;
    j->next_first = first;
    return RC_OK;
}

static enum rc set_running(struct wtx *tx, const struct begin_job *j, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s,
                   "UPDATE operation SET state = 1, total = $1, started_at = $2 WHERE id = $3 AND state = 0", e));
    stmt_i64(s, 1, j->total);
    stmt_i64(s, 2, tx->now);
    stmt_i64(s, 3, j->op->id);
    return stmt_run(s, e);
}

static enum rc begin_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct begin_job *j = (struct begin_job *)job;
    if (j->start) /* of a try that was cut off */
        TRY(operation_exec(tx->db, "DELETE FROM operation_page WHERE operation_id = $1", j->op->id, e));
    TRY(write_pages(tx, j, e));
    return j->next ? RC_OK : set_running(tx, j, e);
}

enum rc operation_populate(struct operation *op, struct writer *w, struct db *db, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct operation_ids *ids = NULL;
    struct actor actor;
    enum rc rc;
    struct begin_job j = {.job.apply = begin_apply, .op = op, .start = true};
    if (op->type->populate) {
        TRY_OUT(operation_actor(op, db, &a, &actor, e));
        TRY_OUT(op->type->populate(op, db, &a, actor.rights, &ids, e));
    }
    for (const struct operation_ids *one = ids; one; one = one->next)
        j.total += (int64_t)one->n;
    if (!op->type->populate)
        j.total = op->total;
    j.next = ids;
    do {
        j.ids = j.next;
        j.from = j.next_from;
        j.first = j.next_first;
        TRY_OUT(writer_run(w, &j.job, e));
        j.start = false;
    } while (j.next);
    op->total = j.total;
    op->at = OPERATION_RUNNING;
    rc = RC_OK;
out:
    arena_free(&a);
    return rc;
}

/* ---- reading it ---- */

void operation_add_item(struct operation_items *v, struct arena *a, const struct operation_item *item)
{
    if (v->n == v->cap) {
        size_t cap = v->cap ? v->cap * 2 : 256;
        struct operation_item *more = ARENA_ARRAY(a, struct operation_item, cap);
        if (v->n)
            memcpy(more, v->ptr, v->n * sizeof *more);
        v->ptr = more;
        v->cap = cap;
    }
    v->ptr[v->n++] = *item;
}

static int64_t id_at(struct str bytes, size_t i)
{
    uint64_t id = 0;
    for (int k = 7; k >= 0; k--)
        id = id << 8 | (unsigned char)bytes.ptr[i * 8 + (size_t)k];
    return (int64_t)id;
}

enum rc operation_gather(struct operation *op, struct db *db, struct arena *a, size_t most, struct operation_items *out,
                         struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s,
                   "SELECT first, object_kind, ids FROM operation_page WHERE operation_id = $1 AND first <= $2"
                   " ORDER BY first DESC LIMIT 1",
                   e));
    stmt_i64(s, 1, op->id);
    stmt_i64(s, 2, op->cursor);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        int64_t first = stmt_col_i64(s, 0);
        struct str bytes = stmt_col_str(s, 2);
        for (size_t i = (size_t)(op->cursor - first); i < bytes.len / 8 && out->n < most; i++) {
            int64_t number = first + (int64_t)i;
            struct operation_item item = {.row = number + 1,
                                          .cursor = number + 1,
                                          .id = id_at(bytes, i),
                                          .kind = (enum entity_id)stmt_col_i64(s, 1)};
            operation_add_item(out, a, &item);
        }
    }
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}
