/* The weekly review: the deals that need a look, what was decided of each, and how much of last week's was kept. */
#include "crm/hooks.h"
#include "crm/review.h"
#include "crm/rights.h"

/* ---- who leads it ---- */

/* The head of the team, of one above it, or who may change settings. */
static enum rc may_lead(struct change *ch, int64_t team, struct err *e)
{
    const struct rights *r = ch->actor.rights;
    if (ch->inner || rights_can(r, CAN_SETTINGS))
        return RC_OK;
    for (int steps = 0; team && steps < 100; steps++) {
        int64_t head;
        TRY(QUERY_I64(ch->tx->db, &head, 0, e, "SELECT head_id FROM team WHERE id = $1", team));
        if (head && head == ch->actor.user_id)
            return RC_OK;
        TRY(QUERY_I64(ch->tx->db, &team, 0, e, "SELECT parent_id FROM team WHERE id = $1", team));
    }
    return err_set(e, RC_FORBIDDEN, "review_forbidden", "team_id", NULL);
}

static enum rc once_a_week(struct change *ch, const struct record *will, struct err *e)
{
    int64_t there;
    TRY(QUERY_I64(ch->tx->db, &there, 0, e,
                  "SELECT id FROM review WHERE COALESCE(team_id, 0) = $1 AND week_on = $2 AND id <> $3"
                  " AND deleted_at IS NULL",
                  val_i(will->f[REVIEW_TEAM_ID], 0), will->f[REVIEW_WEEK_ON].i, will->id));
    return there ? err_set(e, RC_CONFLICT, "review_exists", "week_on", "%lld", (long long)there) : RC_OK;
}

static bool is_monday(int64_t on)
{
    return ((on + 3) % 7 + 7) % 7 == 0; /* day 0 was a Thursday */
}

/* ---- what was kept of last week's ---- */

struct kept {
    int64_t id;
    bool kept;
};
struct kept_list {
    struct kept *ptr;
    size_t len, cap;
};

/* A decision is kept when its task was done in time, or the deal has moved since. */
static enum rc last_week(struct change *ch, const struct record *review, struct kept_list *out, struct err *e)
{
    int64_t before;
    struct stmt *s;
    enum rc rc;
    TRY(QUERY_I64(ch->tx->db, &before, 0, e,
                  "SELECT id FROM review WHERE COALESCE(team_id, 0) = $1 AND week_on < $2 AND deleted_at IS NULL"
                  " ORDER BY week_on DESC LIMIT 1",
                  val_i(review->f[REVIEW_TEAM_ID], 0), review->f[REVIEW_WEEK_ON].i));
    if (!before)
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT i.id, CASE WHEN d.stage_entered_at > r.created_at OR EXISTS (SELECT 1 FROM task t WHERE"
                   " t.id = i.task_id AND t.done = 1 AND t.deleted_at IS NULL AND (t.due_at IS NULL OR t.done_at <="
                   " t.due_at)) THEN 1 ELSE 0 END FROM review r JOIN review_item i ON i.review_id = r.id"
                   " JOIN deal d ON d.id = i.deal_id WHERE r.id = $1 AND i.deleted_at IS NULL"
                   " AND i.decision IS NOT NULL ORDER BY i.id",
                   e));
    stmt_i64(s, 1, before);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct kept one = {stmt_col_i64(s, 0), stmt_col_i64(s, 1) != 0};
        vec_push(out, one);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc adherence(struct change *ch, const struct record *review, struct val *score, struct err *e)
{
    struct kept_list list = {0};
    int64_t n = 0;
    enum rc rc = last_week(ch, review, &list, e);
    for (size_t i = 0; i < list.len; i++)
        n += list.ptr[i].kept;
    *score = list.len ? val_int((n * 100 + (int64_t)list.len / 2) / (int64_t)list.len) : val_null();
    vec_free(&list);
    return rc;
}

static enum rc write_kept(struct change *ch, const struct record *review, struct err *e)
{
    struct kept_list list = {0};
    enum rc rc = last_week(ch, review, &list, e);
    for (size_t i = 0; i < list.len && rc == RC_OK; i++) {
        struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_REVIEW_ITEM));
        in->f[REVIEW_ITEM_KEPT] = val_int(list.ptr[i].kept);
        rc = change_update(ch, list.ptr[i].id, 0, in, e);
    }
    vec_free(&list);
    return rc;
}

/* ---- the review ---- */

static enum rc close_it(struct change *ch, struct record *will, struct err *e)
{
    int64_t open;
    TRY(QUERY_I64(ch->tx->db, &open, 0, e,
                  "SELECT count(*) FROM review_item WHERE review_id = $1 AND decision IS NULL AND deleted_at IS NULL",
                  will->id));
    if (open)
        return err_set(e, RC_UNPROCESSABLE, "decision_missing", "closed", "%lld", (long long)open);
    return adherence(ch, will, &will->f[REVIEW_SCORE], e);
}

HOOK_BEFORE(review)
{
    const struct record *r = will ? will : was;
    TRY(may_lead(ch, val_i(r->f[REVIEW_TEAM_ID], 0), e));
    if (!will || ch->undoes)
        return will && (!was || was->deleted_at) ? once_a_week(ch, will, e) : RC_OK;
    if (!was) {
        if (val_has(will->f[REVIEW_WEEK_ON]) && !is_monday(will->f[REVIEW_WEEK_ON].i))
            return err_set(e, RC_UNPROCESSABLE, "not_monday", "week_on", NULL);
        if (will->f[REVIEW_CLOSED].i)
            return err_set(e, RC_UNPROCESSABLE, "read_only_field", "closed", NULL);
        if (ch->actor.user_id)
            will->f[REVIEW_HEAD_ID] = val_int(ch->actor.user_id);
        return val_has(will->f[REVIEW_WEEK_ON]) ? once_a_week(ch, will, e) : RC_OK;
    }
    if (val_eq(was->f[REVIEW_CLOSED], will->f[REVIEW_CLOSED]))
        return RC_OK;
    will->f[REVIEW_SCORE] = val_null();
    return will->f[REVIEW_CLOSED].i ? close_it(ch, will, e) : RC_OK;
}

static enum rc delete_items(struct change *ch, int64_t review, struct err *e)
{
    int64_t id;
    for (;;) {
        TRY(QUERY_I64(ch->tx->db, &id, 0, e,
                      "SELECT max(id) FROM review_item WHERE review_id = $1 AND deleted_at IS NULL", review));
        if (!id)
            return RC_OK;
        TRY(change_delete(ch, entity_by_id(ENT_REVIEW_ITEM), id, 0, e));
    }
}

HOOK_AFTER(review)
{
    int64_t cause = ch->cause;
    enum rc rc = RC_OK;
    ch->cause = ch->seq;
    if (!is)
        rc = delete_items(ch, was->id, e);
    else if (!was)
        rc = review_collect(ch, is, e);
    else if (ch->actor.via != VIA_UNDO && is->f[REVIEW_CLOSED].i && !was->f[REVIEW_CLOSED].i)
        rc = write_kept(ch, is, e);
    ch->cause = cause;
    return rc;
}

/* ---- its items ---- */

HOOK_BEFORE(review_item)
{
    const struct record *r = will ? will : was;
    int64_t review = val_i(r->f[REVIEW_ITEM_REVIEW_ID], 0), team, closed;
    if (will && was && !was->deleted_at && !val_eq(was->f[REVIEW_ITEM_DECISION], will->f[REVIEW_ITEM_DECISION]) &&
        !ch->undoes)
        will->f[REVIEW_ITEM_DECIDED_BY] =
            val_has(will->f[REVIEW_ITEM_DECISION]) && ch->actor.user_id ? val_int(ch->actor.user_id) : val_null();
    if (ch->inner || ch->undoes || !review)
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &team, 0, e, "SELECT team_id FROM review WHERE id = $1", review));
    TRY(QUERY_I64(ch->tx->db, &closed, 0, e, "SELECT closed FROM review WHERE id = $1", review));
    TRY(may_lead(ch, team, e));
    if (closed)
        return err_set(e, RC_CONFLICT, "review_closed", "review_id", NULL);
    if (!was && !val_has(will->f[REVIEW_ITEM_WHY]))
        will->f[REVIEW_ITEM_WHY] = val_str(STR("[{\"code\":\"manual\"}]"));
    return RC_OK;
}
