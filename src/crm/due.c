#include "crm/due.h"
#include "base/log.h"
#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "crm/engine.h"
#include "crm/task_flow.h"

#define AT_ONCE 300 /* of each in one job: others write between two */

/* ---- what is due ---- */

/* The words of the index task_remind. */
#define UNTOLD                                                                                                         \
    "done = 0 AND deleted_at IS NULL AND (told_for IS NULL OR told_for <> COALESCE(remind_at, due_at))"                \
    " AND COALESCE(remind_at, due_at) <= $1"
#define MISSING "escalate_at IS NOT NULL AND escalate_at <= $1"
#define RESTED "deferred_until IS NOT NULL AND deferred_until <= $1 AND status = 0 AND deleted_at IS NULL"
#define FILLED                                                                                                         \
    "FROM wait_for w JOIN deal d ON d.wait_id = w.id WHERE w.filled = 1 AND d.status = 0 AND d.deleted_at IS NULL"     \
    " AND CAST($1 AS BIGINT) > 0"

static enum rc exec(struct wtx *tx, const char *sql, int64_t id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, sql, e));
    stmt_i64(s, 1, id);
    return stmt_run(s, e);
}

static struct change nobodys_change(struct wtx *tx)
{
    return change_begin(tx, (struct actor){.role = ROLE_ADMIN, .via = VIA_TRIGGER});
}

/* ---- reminders ---- */

/* Whoever sets a task for a time that has gone by is not reminded of it. */
static enum rc remind(struct wtx *tx, int64_t id, struct err *e)
{
    struct change ch = nobodys_change(tx);
    struct record *t;
    TRY(exec(tx, "UPDATE task SET told_for = COALESCE(remind_at, due_at) WHERE id = $1", id, e));
    TRY(record_load(tx->db, tx->arena, entity_by_id(ENT_TASK), id, false, &t, e));
    struct val remind_at = t->f[TASK_REMIND_AT], due = t->f[TASK_DUE_AT];
    if ((val_has(remind_at) ? remind_at.i : due.i) <= t->created_at)
        return RC_OK;
    json_t *params = json_pack("{s:o}", "title", json_text(t->f[TASK_TITLE].s));
    if (val_has(due))
        json_object_set_new(params, "due_at", json_integer(due.i));
    TRY(tell_of(&ch, val_i(t->f[TASK_OWNER_ID], 0), "task.due", ENT_TASK, id, params, e));
    return change_end(&ch, e);
}

/* ---- first answers ---- */

static enum rc escalate(struct wtx *tx, int64_t id, struct err *e)
{
    struct change ch = nobodys_change(tx);
    struct record *d;
    TRY(exec(tx, "UPDATE deal SET escalate_at = NULL WHERE id = $1", id, e));
    TRY(record_load(tx->db, tx->arena, entity_by_id(ENT_DEAL), id, true, &d, e));
    if (d->deleted_at || d->f[DEAL_STATUS].i != DEAL_OPEN || val_has(d->f[DEAL_FIRST_RESPONSE_AT]))
        return RC_OK;
    int64_t owner = val_i(d->f[DEAL_OWNER_ID], 0), head = 0, due = val_i(d->f[DEAL_FIRST_RESPONSE_DUE_AT], 0);
    TRY(QUERY_I64(tx->db, &head, 0, e,
                  "SELECT t.head_id FROM users u JOIN team t ON t.id = u.team_id AND t.deleted_at IS NULL WHERE u.id ="
                  " $1",
                  owner));
    const int64_t whom[2] = {owner, head != owner ? head : 0};
    for (size_t i = 0; i < 2; i++)
        TRY(tell_of(&ch, whom[i], "deal.answer_due", ENT_DEAL, id,
                    json_pack("{s:o,s:I}", "title", json_text(d->f[DEAL_TITLE].s), "due_at", (json_int_t)due), e));
    return change_end(&ch, e);
}

/* ---- deals that waited ---- */

static enum rc wake(struct wtx *tx, int64_t id, struct err *e)
{
    struct change ch = nobodys_change(tx);
    TRY(deal_wake(&ch, id, e));
    return change_end(&ch, e);
}

/* All that wait for one thing wake in one change, as many as go at once. */
static enum rc wake_all(struct wtx *tx, int64_t wait_id, struct err *e)
{
    struct change ch = nobodys_change(tx);
    int64_t n;
    TRY(wait_wake(&ch, wait_id, AT_ONCE, &n, e));
    return change_end(&ch, e);
}

static const struct {
    const char *sql; /* ids and versions */
    enum rc (*one)(struct wtx *tx, int64_t id, struct err *e);
} kinds[] = {
    {"SELECT id, version FROM task WHERE " UNTOLD " ORDER BY COALESCE(remind_at, due_at), id", remind},
    {"SELECT id, version FROM deal WHERE " MISSING " ORDER BY escalate_at, id", escalate},
    {"SELECT id, version FROM deal WHERE " RESTED " ORDER BY deferred_until, id", wake},
    {"SELECT DISTINCT w.id, w.version " FILLED " ORDER BY w.id, w.version", wake_all},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* ---- what could not be done ---- */

#define PAUSE_MS (60 * MS_SECOND)
#define PAUSE_MOST MS_HOUR
#define FAILURES_KEPT 100000

struct failure {
    int64_t version, next_at, pause; /* next_at 0: it has been done since */
    char code[48];
};
struct due_failures {
    struct intmap *of; /* id * KINDS + kind: index */
    VEC(struct failure) list;
    size_t resting, told;
};

struct due_failures *due_failures_new(void)
{
    struct due_failures *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->of = intmap_new();
    return f;
}

void due_failures_free(struct due_failures *f)
{
    if (!f)
        return;
    intmap_free(f->of);
    vec_free(&f->list);
    free(f);
}

size_t due_failures_told(const struct due_failures *f)
{
    return f->told;
}

static struct failure *failure_of(const struct due_failures *f, size_t kind, int64_t id)
{
    int64_t at;
    return intmap_get(f->of, id * (int64_t)KINDS + (int64_t)kind, &at) ? &f->list.ptr[at] : NULL;
}

static bool rests(const struct due_failures *f, size_t kind, int64_t id, int64_t version, int64_t now)
{
    const struct failure *x = f->resting ? failure_of(f, kind, id) : NULL;
    return x && x->version == version && x->next_at > now;
}

static void forget_all(struct due_failures *f)
{
    intmap_free(f->of);
    f->of = intmap_new();
    f->list.len = f->resting = 0;
}

static void keep_failure(struct due_failures *f, size_t kind, int64_t id, int64_t version, int64_t now,
                         const struct err *why)
{
    struct failure *x = failure_of(f, kind, id);
    if (!x) {
        if (f->list.len >= FAILURES_KEPT)
            forget_all(f);
        intmap_put(f->of, id * (int64_t)KINDS + (int64_t)kind, (int64_t)f->list.len);
        vec_reserve(&f->list, f->list.len + 1);
        x = &f->list.ptr[f->list.len++];
        *x = (struct failure){.next_at = 0};
    }
    bool same = x->next_at && x->version == version && strcmp(x->code, why->code) == 0;
    f->resting += !x->next_at;
    x->pause = !same ? PAUSE_MS : x->pause * 2 < PAUSE_MOST ? x->pause * 2 : PAUSE_MOST;
    x->version = version;
    x->next_at = now + x->pause;
    snprintf(x->code, sizeof x->code, "%s", why->code);
    if (same)
        return;
    log_warn("due: %lld: %s %s", (long long)id, why->code, why->field);
    f->told++;
}

static void drop_failure(struct due_failures *f, size_t kind, int64_t id)
{
    struct failure *x = f->resting ? failure_of(f, kind, id) : NULL;
    if (!x || !x->next_at)
        return;
    *x = (struct failure){.next_at = 0};
    f->resting--;
}

/* ---- all of it ---- */

struct row {
    int64_t id, version;
};
struct rows {
    struct row row[AT_ONCE];
    size_t n;
};

/* One of them that does not rest. */
static enum rc any_of(struct db *db, const struct due_failures *f, size_t kind, int64_t now, bool *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    char sql[600];
    snprintf(sql, sizeof sql, "%s LIMIT $2", kinds[kind].sql);
    TRY(db_prepare(db, &s, sql, e));
    stmt_i64(s, 1, now);
    stmt_i64(s, 2, (int64_t)f->resting + 1);
    while ((rc = stmt_step(s, e)) == RC_ROW && !*out)
        *out = !rests(f, kind, stmt_col_i64(s, 0), stmt_col_i64(s, 1), now);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc due_any(struct db *db, const struct due_failures *f, int64_t now, bool *out, struct err *e)
{
    *out = false;
    for (size_t i = 0; i < KINDS && !*out; i++)
        TRY(any_of(db, f, i, now, out, e));
    return RC_OK;
}

static enum rc find(struct wtx *tx, const char *sql, size_t behind, struct rows *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    out->n = 0;
    struct str page = str_fmt(tx->arena, "%s LIMIT %d OFFSET %zu", sql, AT_ONCE, behind);
    TRY(db_prepare(tx->db, &s, page.ptr, e));
    stmt_i64(s, 1, tx->now);
    while ((rc = stmt_step(s, e)) == RC_ROW && out->n < AT_ONCE)
        out->row[out->n++] = (struct row){stmt_col_i64(s, 0), stmt_col_i64(s, 1)};
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* One that cannot be done does not keep the others from it. *stay: those that are still due, and those that rest. */
static enum rc page(struct wtx *tx, struct due_failures *f, size_t kind, const struct rows *rows, size_t *stay,
                    struct err *e)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *r = &rows->row[i];
        struct wtx_mark mark;
        struct err why = {0};
        if (rests(f, kind, r->id, r->version, tx->now)) {
            ++*stay;
            continue;
        }
        TRY(wtx_mark(tx, &mark, e));
        enum rc rc = kinds[kind].one(tx, r->id, &why);
        if (rc == RC_UNAVAILABLE) {
            *e = why;
            return rc;
        }
        if (rc == RC_OK) {
            TRY(wtx_keep(tx, &mark, e));
            drop_failure(f, kind, r->id);
            continue;
        }
        TRY(wtx_give_up(tx, &mark, e));
        keep_failure(f, kind, r->id, r->version, tx->now, &why);
        ++*stay;
    }
    return RC_OK;
}

/* Those that stay do so at the head: the ones behind them are looked for there. */
static enum rc each(struct wtx *tx, struct due_failures *f, size_t kind, bool *more, struct err *e)
{
    struct rows *rows = ARENA_NEW(tx->arena, struct rows);
    size_t stay = 0, before;
    do {
        before = stay;
        TRY(find(tx, kinds[kind].sql, stay, rows, e));
        TRY(page(tx, f, kind, rows, &stay, e));
        *more |= rows->n > stay - before;
    } while (rows->n == AT_ONCE && stay - before == rows->n);
    return RC_OK;
}

enum rc due_run(struct wtx *tx, struct due_failures *f, bool *more, struct err *e)
{
    *more = false;
    for (size_t i = 0; i < KINDS; i++)
        TRY(each(tx, f, i, more, e));
    return RC_OK;
}
