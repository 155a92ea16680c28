/* What `voronka check` compares beside the replay: numbers of the journal, fields derived from other rows, definitions.
 */
#include "base/map.h"
#include "crm/check.h"
#include "crm/clients.h"
#include "crm/task_flow.h"

enum rc check_journal(struct check *c, struct err *e)
{
    int64_t n, first, last;
    TRY(query_i64(c->db, "SELECT count(*) FROM journal", NULL, 0, 0, &n, e));
    TRY(query_i64(c->db, "SELECT min(seq) FROM journal", NULL, 0, 1, &first, e));
    TRY(query_i64(c->db, "SELECT max(seq) FROM journal", NULL, 0, 0, &last, e));
    if (n && last - first + 1 != n)
        check_problem(c, "journal: %lld events between %lld and %lld: some are missing", (long long)n, (long long)first,
                      (long long)last);
    return RC_OK;
}

enum rc check_stages_load(struct check *c, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    c->outcomes = intmap_new();
    TRY(db_prepare(c->db, &s, "SELECT id, outcome FROM stage", e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        intmap_put(c->outcomes, stmt_col_i64(s, 0), stmt_col_i64(s, 1));
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static void check_status(struct check *c, const struct record *r)
{
    int64_t outcome, status = r->f[DEAL_STATUS].i;
    if (!intmap_get(c->outcomes, r->f[DEAL_STAGE_ID].i, &outcome))
        check_problem(c, "deal %lld: stands in a stage that does not exist", (long long)r->id);
    else if (outcome != status && !r->deleted_at)
        check_problem(c, "deal %lld: its status is not that of its stage", (long long)r->id);
    if ((status == DEAL_OPEN) == val_has(r->f[DEAL_CLOSED_AT]))
        check_problem(c, "deal %lld: closed_at does not fit its status", (long long)r->id);
}

static void check_tasks(struct check *c, const struct record *r, int64_t open, struct val next)
{
    if (r->deleted_at)
        return; /* counted again when it comes back */
    if (val_i(r->f[DEAL_OPEN_TASKS], -1) != open || !val_eq(r->f[DEAL_NEXT_TASK_AT], next))
        check_problem(c, "deal %lld: open_tasks or next_task_at differs from its tasks and messages", (long long)r->id);
}

enum rc check_deal_rows(struct check *c, struct record *const *rows, size_t n, struct err *e)
{
    struct stmt *s;
    size_t i = 0;
    if (!n)
        return RC_OK;
    for (size_t k = 0; k < n; k++)
        check_status(c, rows[k]);
    TRY(db_prepare(c->db, &s,
                   "SELECT deal_id, count(*), min(due_at) FROM task WHERE deal_id >= $1 AND deal_id <= $2 AND done = 0"
                   " AND deleted_at IS NULL GROUP BY deal_id ORDER BY deal_id",
                   e));
    stmt_i64(s, 1, rows[0]->id);
    stmt_i64(s, 2, rows[n - 1]->id);
    enum rc rc;
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t deal = stmt_col_i64(s, 0);
        for (; i < n && rows[i]->id < deal; i++)
            check_tasks(c, rows[i], 0, val_null());
        if (i < n && rows[i]->id == deal)
            check_tasks(c, rows[i++], stmt_col_i64(s, 1),
                        stmt_col_null(s, 2) ? val_null() : val_int(stmt_col_i64(s, 2)));
    }
    for (; i < n; i++)
        check_tasks(c, rows[i], 0, val_null());
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc check_contacts(struct check *c, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s,
                   "SELECT d.id FROM deal d WHERE d.deleted_at IS NULL AND (COALESCE(d.last_contact_at, 0) <>"
                   " COALESCE((SELECT max(at) FROM " SPOKEN_SQL(
                       "d.id") "), 0) OR COALESCE(d.last_channel, -1) <>"
                               " COALESCE((SELECT kind FROM " SPOKEN_SQL(
                                   "d.id") " ORDER BY at DESC, id DESC LIMIT 1), -1)) ORDER BY d.id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        check_problem(c, "deal %lld: last_contact_at or last_channel differs from its tasks and messages",
                      (long long)stmt_col_i64(s, 0));
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- funnels ---- */

static enum rc check_funnel(struct check *c, int64_t id, int64_t version, struct err *e)
{
    struct buf now = {0};
    int64_t count, last;
    struct stmt *s;
    TRY(QUERY_I64(c->db, &count, 0, e, "SELECT count(*) FROM funnel_version WHERE funnel_id = $1", id));
    TRY(QUERY_I64(c->db, &last, 0, e, "SELECT max(version) FROM funnel_version WHERE funnel_id = $1", id));
    if (count != last || last != version)
        check_problem(c, "funnel %lld: its published versions are not numbered up to %lld", (long long)id,
                      (long long)version);
    enum rc rc = funnel_definition(c->db, id, &now, e);
    if (rc == RC_OK)
        rc = db_prepare(c->db, &s, "SELECT definition FROM funnel_version WHERE funnel_id = $1 AND version = $2", e);
    if (rc == RC_OK) {
        stmt_i64(s, 1, id);
        stmt_i64(s, 2, version);
        rc = stmt_step(s, e);
        /* What was published before a document held gates and goals is shorter, and stays as it is. */
        bool whole = rc == RC_ROW && memmem(stmt_col_str(s, 0).ptr, stmt_col_str(s, 0).len, "\"task_rule\"", 11);
        if (whole && !str_eq(stmt_col_str(s, 0), buf_view(&now)))
            check_problem(c, "funnel %lld: the newest published definition is not the present one", (long long)id);
        stmt_done(s);
    }
    buf_free(&now);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc check_funnels(struct check *c, struct err *e)
{
    int64_t id = 0, version;
    for (;;) {
        TRY(QUERY_I64(c->db, &id, 0, e, "SELECT min(id) FROM funnel WHERE id > $1 AND deleted_at IS NULL", id));
        if (!id)
            return RC_OK;
        TRY(QUERY_I64(c->db, &version, 0, e, "SELECT definition_version FROM funnel WHERE id = $1", id));
        TRY(check_funnel(c, id, version, e));
    }
}

/* ---- clients and the economics of deals ---- */

/* A query that finds ids of deals with a defect. */
static enum rc find_deals(struct check *c, const char *what, const char *sql, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s, sql, e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        check_problem(c, "deal %lld: %s", (long long)stmt_col_i64(s, 0), what);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

struct covered {
    int64_t deal, until;
    struct val coverage;
};

/* What is due to change by itself has not been brought up to date yet. */
static enum rc check_coverage(struct check *c, struct err *e)
{
    VEC(struct covered) all = {0};
    int64_t now = time_now(), last;
    struct stmt *s;
    enum rc rc;
    TRY(query_i64(c->db, "SELECT at FROM journal ORDER BY seq DESC LIMIT 1", NULL, 0, 0, &last, e));
    if (last > now) /* a clock that was moved ahead */
        now = last;
    TRY(db_prepare(c->db, &s,
                   "SELECT id, coverage, coverage_until FROM deal WHERE coverage IS NOT NULL"
                   " OR id IN (SELECT deal_id FROM buyer WHERE deleted_at IS NULL)",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct covered one = {stmt_col_i64(s, 0), stmt_col_null(s, 2) ? INT64_MAX : stmt_col_i64(s, 2),
                              stmt_col_null(s, 1) ? val_null() : val_int(stmt_col_i64(s, 1))};
        vec_push(&all, one);
    }
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < all.len && rc == RC_OK; i++) {
        struct val covered;
        int64_t until;
        rc = deal_coverage(c->db, all.ptr[i].deal, now, &covered, &until, e);
        if (rc == RC_OK && all.ptr[i].until > now &&
            (until != all.ptr[i].until || !val_eq(covered, all.ptr[i].coverage)))
            check_problem(c, "deal %lld: coverage differs from its buying centre", (long long)all.ptr[i].deal);
    }
    vec_free(&all);
    return rc;
}

enum rc check_clients(struct check *c, struct err *e)
{
    TRY(find_deals(c, "returns differ from its steps back",
                   "SELECT d.id FROM deal d WHERE d.returns <> (SELECT count(*) FROM deal_return r JOIN journal j"
                   " ON j.seq = r.seq WHERE r.deal_id = d.id AND j.object_kind = 3 AND j.object_id = d.id"
                   " AND j.verb = 5)",
                   e));
    TRY(find_deals(c, "it sells something else than its product_ids say",
                   "SELECT p.deal_id FROM deal_product p WHERE p.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM"
                   " deal_sells s WHERE s.owner_id = p.deal_id AND s.ref_id = p.product_id)"
                   " UNION SELECT s.owner_id FROM deal_sells s WHERE NOT EXISTS (SELECT 1 FROM deal_product p"
                   " WHERE p.deal_id = s.owner_id AND p.product_id = s.ref_id AND p.deleted_at IS NULL)",
                   e));
    TRY(find_deals(c, "unprofitable differs from its cost and value",
                   "SELECT d.id FROM deal d JOIN funnel f ON f.id = d.funnel_id WHERE d.unprofitable <>"
                   " CASE WHEN d.cost_minor > 0 AND (d.value_minor IS NULL"
                   " OR d.cost_minor * 100 > d.value_minor * f.unprofitable_percent) THEN 1 ELSE 0 END",
                   e));
    TRY(find_deals(c, "late_answer differs from its first answer",
                   "SELECT id FROM deal WHERE late_answer <> CASE WHEN first_response_at > first_response_due_at"
                   " THEN 1 ELSE 0 END",
                   e));
    return check_coverage(c, e);
}

/* ---- settings ---- */

static enum rc settings_event(json_t *told, struct str data, struct err *e)
{
    json_t *tree, *pair;
    const char *key;
    TRY(json_read(data, &tree, e));
    json_object_foreach(tree, key, pair) json_object_set(told, key, json_array_get(pair, 1));
    json_decref(tree);
    return RC_OK;
}

static enum rc replay_settings(struct check *c, json_t *told, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s, "SELECT data FROM journal WHERE object_kind = $1 ORDER BY seq", e));
    stmt_i64(s, 1, ENT_SETTING);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        rc = settings_event(told, stmt_col_str(s, 0), e);
        if (rc != RC_OK)
            break;
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc check_settings(struct check *c, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    json_t *told = json_object(), *value;
    const char *key;
    enum rc rc = replay_settings(c, told, e);
    if (rc != RC_OK)
        goto out;
    json_object_foreach(told, key, value)
    {
        struct str now;
        TRY_OUT(setting_get(c->db, &a, key, NULL, &now, e));
        if (!str_eq(now, str_c(json_string_value(value))))
            check_problem(c, "setting %s differs from its journal", key);
    }
out:
    json_decref(told);
    arena_free(&a);
    return rc;
}
