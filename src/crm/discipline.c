#include "crm/discipline.h"
#include "crm/engine.h"

const char *const discipline_names[] = {"no_task",      "overdue",  "late_answers", "overrides", "back_moves",
                                        "unprofitable", "one_card", "stuck",        NULL};

#define NAMED_MOST 500
#define STUCK_HOURS 36 /* a day of the norm, and half as much again */

const char discipline_one_card_sql[] =
    "((d.id IN (SELECT x.owner_id FROM product p JOIN deal_sells x ON x.ref_id = p.id WHERE p.funnel_id IS NOT NULL"
    " GROUP BY x.owner_id HAVING count(DISTINCT p.funnel_id) > 1) AND NOT EXISTS (SELECT 1 FROM deal o WHERE"
    " o.company_id = d.company_id AND o.id <> d.id AND o.deleted_at IS NULL) AND (d.company_id IS NOT NULL OR NOT "
    "EXISTS"
    " (SELECT 1 FROM deal o WHERE o.contact_id = d.contact_id AND o.id <> d.id AND o.deleted_at IS NULL)))"
    " OR d.id IN (SELECT r.deal_id FROM deal_return r WHERE r.won = 1))";

/* ---- filters ---- */

static const char *const fixed[DISCIPLINE_N] = {
    [DISCIPLINE_NO_TASK] = "status = \"open\" and open_tasks = 0 and deferred_until is null and wait_id is null",
    [DISCIPLINE_OVERDUE] = "status = \"open\" and next_task_at < now",
    [DISCIPLINE_LATE_ANSWERS] = "first_response_due_at < now and (late_answer = true or first_response_at is null)",
    [DISCIPLINE_OVERRIDES] = "overrides > 0",
    [DISCIPLINE_BACK_MOVES] = "returns > 0",
    [DISCIPLINE_UNPROFITABLE] = "status = \"open\" and unprofitable = true",
};

/* Every funnel is named where none is asked for and the deals are open: those are found by the index of boards. */
static enum rc add_scope(struct db *db, const struct discipline_of *of, bool open, struct buf *b, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    int n = 0;
    TRY(db_prepare(db, &s, "SELECT id FROM funnel WHERE deleted_at IS NULL ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        if (of->funnel_id ? of->funnel_id == stmt_col_i64(s, 0) : open)
            buf_fmt(b, n++ ? ", %lld" : " and funnel_id in (%lld", (long long)stmt_col_i64(s, 0));
    stmt_done(s);
    if (n)
        buf_char(b, ')');
    if (of->team_id)
        buf_fmt(b, " and owner_id.team_id = %lld", (long long)of->team_id);
    return rc == RC_DONE ? RC_OK : rc;
}

/* Stages with one norm stand together. */
static enum rc stuck(struct db *db, const struct discipline_of *of, const struct rights *r, struct buf *b,
                     struct err *e)
{
    int64_t norm = -1;
    bool any = false;
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s,
                   "SELECT s.norm_days, s.id, s.funnel_id FROM stage s WHERE s.norm_days IS NOT NULL AND s.outcome = 0"
                   " AND s.deleted_at IS NULL ORDER BY s.norm_days, s.id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t days = stmt_col_i64(s, 0), funnel = stmt_col_i64(s, 2);
        if ((of->funnel_id && funnel != of->funnel_id) || !rights_has_stage(r, funnel, stmt_col_i64(s, 1)))
            continue;
        if (days != norm && any)
            buf_fmt(b, ") and stage_entered_at < now - %lldh) or ", (long long)norm * STUCK_HOURS);
        buf_fmt(b, days != norm ? "%s(stage_id in (%lld" : "%s, %lld",
                any ? "" : "status = \"open\" and deferred_until is null and wait_id is null and (",
                (long long)stmt_col_i64(s, 1));
        norm = days;
        any = true;
    }
    stmt_done(s);
    if (any)
        buf_fmt(b, ") and stage_entered_at < now - %lldh))", (long long)norm * STUCK_HOURS);
    return rc == RC_DONE ? RC_OK : rc;
}

static void put_one_card(struct sqlb *q, const struct discipline_of *of, const struct rights *r)
{
    sqlb_fmt(q, " FROM deal d WHERE d.deleted_at IS NULL AND %s", discipline_one_card_sql);
    if (of->funnel_id)
        sqlb_fmt(q, " AND d.funnel_id = %lld", (long long)of->funnel_id);
    if (of->team_id)
        sqlb_fmt(q, " AND d.owner_id IN (SELECT id FROM users WHERE team_id = %lld)", (long long)of->team_id);
    sqlb_c(q, " AND ");
    rights_sql(q, r, entity_by_id(ENT_DEAL), RIGHT_SEE, "d");
}

static enum rc one_card(struct db *db, struct arena *a, const struct discipline_of *of, const struct rights *r,
                        struct buf *b, struct err *e)
{
    struct sqlb q = sqlb_new(a);
    struct stmt *s = NULL;
    enum rc rc;
    sqlb_c(&q, "SELECT d.id");
    put_one_card(&q, of, r);
    sqlb_fmt(&q, " ORDER BY d.id DESC LIMIT %d", NAMED_MOST);
    TRY_OUT(sqlb_prepare(&q, db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        buf_fmt(b, b->len ? ", %lld" : "id in (%lld", (long long)stmt_col_i64(s, 0));
    rc = rc == RC_DONE ? RC_OK : rc;
    if (b->len)
        buf_char(b, ')');
out:
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

enum rc discipline_filter(struct db *db, struct arena *a, enum discipline_what what, const struct discipline_of *of,
                          const struct filter_env *env, struct str *out, struct err *e)
{
    struct buf b = {0};
    enum rc rc = RC_OK;
    *out = STR_NULL;
    if (what == DISCIPLINE_STUCK)
        rc = stuck(db, of, env->rights, &b, e);
    else if (what == DISCIPLINE_ONE_CARD)
        rc = one_card(db, a, of, env->rights, &b, e);
    else
        buf_c(&b, fixed[what]);
    if (rc == RC_OK && b.len && what != DISCIPLINE_ONE_CARD)
        rc = add_scope(db, of, memmem(b.ptr, b.len, "\"open\"", 6) != NULL, &b, e);
    if (rc == RC_OK && b.len)
        *out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return rc;
}

/* ---- counts ---- */

static enum rc count(struct db *db, struct arena *a, const struct filter *f, const struct discipline_of *of,
                     const struct rights *r, int64_t *n, struct err *e)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    struct sqlb q = sqlb_new(a);
    struct stmt *s = NULL;
    enum rc rc;
    sqlb_c(&q, "SELECT count(*)");
    if (f) {
        sqlb_c(&q, " FROM deal t WHERE t.deleted_at IS NULL AND ");
        filter_sql(&q, deal, f, "t");
        sqlb_c(&q, " AND ");
        rights_sql(&q, r, deal, RIGHT_SEE, "t");
    } else {
        put_one_card(&q, of, r);
    }
    TRY_OUT(sqlb_prepare(&q, db, &s, e));
    rc = stmt_step(s, e);
    *n = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    rc = rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

static enum rc put_one(struct db *db, struct arena *a, enum discipline_what what, const struct discipline_of *of,
                       const struct filter_env *env, struct jw *w, struct err *e)
{
    struct filter *f = NULL;
    struct str text;
    int64_t n = 0;
    TRY(discipline_filter(db, a, what, of, env, &text, e));
    /* A filter over a field that is hidden from whoever asks is none. */
    bool readable = text.ptr && filter_parse(a, entity_by_id(ENT_DEAL), text, env, &f, NULL) == RC_OK;
    if (text.ptr && !readable) {
        jw_knull(w, discipline_names[what]);
        return RC_OK;
    }
    if (text.ptr)
        TRY(count(db, a, what == DISCIPLINE_ONE_CARD ? NULL : f, of, env->rights, &n, e));
    jw_key(w, discipline_names[what]);
    jw_obj(w);
    jw_ki64(w, "count", n);
    jw_kstr(w, "filter", text);
    jw_end_obj(w);
    return RC_OK;
}

enum rc discipline_put(struct db *db, struct arena *a, const struct discipline_of *of, const struct filter_env *env,
                       struct buf *out, struct err *e)
{
    struct jw w = jw_to(out);
    int64_t there = of->funnel_id;
    if (there)
        TRY(QUERY_I64(db, &there, 0, e, "SELECT id FROM funnel WHERE id = $1 AND deleted_at IS NULL", of->funnel_id));
    if (of->funnel_id && (!there || !rights_has_funnel(env->rights, of->funnel_id)))
        return err_set(e, RC_NOT_FOUND, "not_found", "funnel_id", "%lld", (long long)of->funnel_id);
    jw_obj(&w);
    for (int i = 0; i < DISCIPLINE_N; i++)
        TRY(put_one(db, a, (enum discipline_what)i, of, env, &w, e));
    jw_end_obj(&w);
    return RC_OK;
}
