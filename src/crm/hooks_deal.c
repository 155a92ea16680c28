/* Deals: which stage of which funnel, and what follows from it. */
#include "crm/clients.h"
#include "crm/deal_move.h"
#include "crm/hooks.h"
#include "crm/rights_check.h"
#include "crm/task_flow.h"

/* The first open stage of the funnel, or of the first funnel when none is named. */
static enum rc permitted_stage(struct change *ch, const struct rights *r, int64_t funnel_id, int64_t *stage_id,
                               struct err *e)
{
    struct stmt *s;
    enum rc rc;
    *stage_id = 0;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT s.funnel_id, s.id FROM stage s JOIN funnel f ON f.id = s.funnel_id WHERE s.outcome = 0 AND"
                   " s.archived = 0 AND s.deleted_at IS NULL AND f.archived = 0 AND f.deleted_at IS NULL"
                   " ORDER BY f.position, f.id, s.position, s.id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW && !*stage_id)
        if ((!funnel_id || funnel_id == stmt_col_i64(s, 0)) && rights_enters(r, stmt_col_i64(s, 0), stmt_col_i64(s, 1)))
            *stage_id = stmt_col_i64(s, 1);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* As default_stage, for somebody who may not enter every place; a funnel they do not see is not there. */
static enum rc own_default_stage(struct change *ch, const struct rights *r, int64_t funnel_id, int64_t *stage_id,
                                 struct err *e)
{
    if (funnel_id && !rights_has_funnel(r, funnel_id))
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "funnel_id", "%lld", (long long)funnel_id);
    TRY(permitted_stage(ch, r, funnel_id, stage_id, e));
    if (*stage_id)
        return RC_OK;
    return funnel_id ? err_set(e, RC_UNPROCESSABLE, "no_open_stage", "funnel_id", NULL)
                     : err_set(e, RC_UNPROCESSABLE, "no_funnel", "funnel_id", NULL);
}

static enum rc default_stage(struct change *ch, struct val funnel, int64_t *stage_id, struct err *e)
{
    int64_t funnel_id = val_i(funnel, 0);
    if (!funnel_id)
        TRY(query_i64(ch->tx->db,
                      "SELECT id FROM funnel WHERE deleted_at IS NULL AND archived = 0 ORDER BY position, id LIMIT 1",
                      NULL, 0, 0, &funnel_id, e));
    if (!funnel_id)
        return err_set(e, RC_UNPROCESSABLE, "no_funnel", "funnel_id", NULL);
    TRY(QUERY_I64(ch->tx->db, stage_id, 0, e,
                  "SELECT id FROM stage WHERE funnel_id = $1 AND outcome = 0 AND archived = 0 AND deleted_at IS NULL"
                  " ORDER BY position, id LIMIT 1",
                  funnel_id));
    return *stage_id ? RC_OK : err_set(e, RC_UNPROCESSABLE, "no_open_stage", "funnel_id", NULL);
}

struct funnel_now {
    struct str currency;
    int64_t response_hours; /* 0: does not say */
    enum task_rule task_rule;
};

/* A funnel that takes deals; `out` may be NULL. */
static enum rc open_funnel(struct change *ch, int64_t id, struct funnel_now *out, struct err *e)
{
    struct stmt *s;
    bool archived = false;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT archived, currency, response_hours, task_rule FROM funnel WHERE id = $1 AND deleted_at IS"
                   " NULL",
                   e));
    stmt_i64(s, 1, id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        archived = stmt_col_i64(s, 0) != 0;
        if (out)
            *out =
                (struct funnel_now){str_dup(ch->tx->arena, stmt_col_str(s, 1)),
                                    stmt_col_null(s, 2) ? 0 : stmt_col_i64(s, 2), (enum task_rule)stmt_col_i64(s, 3)};
    }
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "funnel_id", "%lld", (long long)id);
    if (rc != RC_ROW)
        return rc;
    return archived ? err_set(e, RC_UNPROCESSABLE, "funnel_archived", "funnel_id", NULL) : RC_OK;
}

/* ---- where it stands ---- */

/* What follows from the outcome of its stage. While undoing, closed_at comes from the journal, not from the clock. */
static void set_status(struct change *ch, const struct record *was, struct record *will, int64_t outcome)
{
    bool same = was && was->f[DEAL_STATUS].i == outcome;
    will->f[DEAL_STATUS] = val_int(outcome);
    if (!same && !ch->undoes)
        will->f[DEAL_CLOSED_AT] = outcome == DEAL_OPEN ? val_null() : val_int(ch->at);
}

void stage_history_add(struct stage_history *h, int64_t seq, int64_t undoes, int64_t at)
{
    int64_t entered = at;
    for (size_t i = h->len; undoes && i > 0; i--)
        if (h->ptr[i - 1].seq == undoes) {
            entered = h->ptr[i - 1].before;
            break;
        }
    struct stage_entry entry = {seq, h->entered, entered};
    vec_push(h, entry);
    h->entered = entered;
}

/* When the deal had entered the stage that it stood in before the event `seq`. */
static enum rc entered_before(struct change *ch, int64_t deal_id, int64_t seq, int64_t *out, struct err *e)
{
    struct stage_history h = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(
        ch->tx->db, &s,
        "SELECT seq, undoes, at FROM journal WHERE object_kind = $1 AND object_id = $2 AND seq <= $3 AND verb IN (1, 5)"
        " ORDER BY seq",
        e));
    stmt_i64(s, 1, ENT_DEAL);
    stmt_i64(s, 2, deal_id);
    stmt_i64(s, 3, seq);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        stage_history_add(&h, stmt_col_i64(s, 0), stmt_col_i64(s, 1), stmt_col_i64(s, 2));
    stmt_done(s);
    *out = h.len && h.ptr[h.len - 1].seq == seq ? h.ptr[h.len - 1].before : h.entered;
    vec_free(&h);
    return rc == RC_DONE ? RC_OK : rc;
}

/* A hidden stage is not there; nothing else is told of it. */
static enum rc stage_in_sight(struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    const struct rights *r = rights_of(ch);
    int64_t id = will->f[DEAL_STAGE_ID].i, funnel = 0;
    if (!r || (!r->n_hidden_funnels && !r->n_hidden_stages) ||
        (was && val_eq(was->f[DEAL_STAGE_ID], will->f[DEAL_STAGE_ID])))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &funnel, 0, e, "SELECT funnel_id FROM stage WHERE id = $1", id));
    if (!rights_has_stage(r, funnel, id))
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "stage_id", "%lld", (long long)id);
    int64_t named = val_i(will->f[DEAL_FUNNEL_ID], 0);
    if (named && !rights_has_funnel(r, named))
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "funnel_id", "%lld", (long long)named);
    return RC_OK;
}

static enum rc enter_stage(struct change *ch, const struct record *was, struct record *will, struct move *m,
                           struct err *e)
{
    bool moved_funnel = was && !val_eq(was->f[DEAL_FUNNEL_ID], will->f[DEAL_FUNNEL_ID]);
    bool named_funnel = was ? moved_funnel : val_has(will->f[DEAL_FUNNEL_ID]);
    TRY(move_load(m, was ? was->f[DEAL_STAGE_ID].i : 0, will->f[DEAL_STAGE_ID].i, e));
    if (named_funnel && will->f[DEAL_FUNNEL_ID].i != m->to.funnel_id)
        return err_set(e, RC_UNPROCESSABLE, "stage_not_in_funnel", "stage_id", NULL);
    if (m->to.archived && !(ch->undoes && ch->remap))
        return err_set(e, RC_UNPROCESSABLE, "stage_archived", "stage_id", NULL);
    will->f[DEAL_FUNNEL_ID] = val_int(m->to.funnel_id);
    if (was && was->f[DEAL_FUNNEL_ID].i != m->to.funnel_id && !ch->undoes)
        TRY(open_funnel(ch, m->to.funnel_id, NULL, e));
    set_status(ch, was, will, m->to.outcome);
    int64_t entered = ch->at;
    if (ch->undoes && was)
        TRY(entered_before(ch, was->id, ch->undoes, &entered, e));
    will->f[DEAL_STAGE_ENTERED_AT] = val_int(entered);
    return RC_OK;
}

static enum rc fill_new(struct change *ch, struct record *will, struct err *e)
{
    struct funnel_now funnel = {0};
    TRY(open_funnel(ch, will->f[DEAL_FUNNEL_ID].i, &funnel, e));
    if (!val_has(will->f[DEAL_CURRENCY]))
        will->f[DEAL_CURRENCY] = val_str(funnel.currency);
    if (will->f[DEAL_OWNER_ID].kind == VAL_ABSENT && ch->actor.user_id)
        will->f[DEAL_OWNER_ID] = val_int(ch->actor.user_id);
    if (!val_has(will->f[DEAL_RANK])) /* the newest first */
        will->f[DEAL_RANK] = (struct val){.kind = VAL_REAL, .f = -(double)ch->at};
    will->f[DEAL_OPEN_TASKS] = val_int(0);
    return first_answer_due(ch, will, funnel.response_hours, funnel.task_rule, e);
}

/* Meanwhile its stage may have gone or become another: a deal comes back only to where it stood. */
static enum rc come_back(struct change *ch, const struct record *will, struct err *e)
{
    struct move m = {.db = ch->tx->db};
    TRY(move_load(&m, 0, will->f[DEAL_STAGE_ID].i, e));
    if (m.to.archived)
        return err_set(e, RC_UNPROCESSABLE, "stage_archived", "stage_id", NULL);
    return m.to.outcome == will->f[DEAL_STATUS].i ? RC_OK : err_set(e, RC_CONFLICT, "undo_conflict", "stage_id", NULL);
}

HOOK_BEFORE(deal)
{
    if (!will)
        return RC_OK;
    if (was && was->deleted_at)
        return come_back(ch, will, e);
    TRY(owner_reason_rules(was, will, DEAL_OWNER_ID, DEAL_OWNER_REASON, e));
    if (!was && !val_has(will->f[DEAL_STAGE_ID])) {
        int64_t stage = 0;
        const struct rights *r = rights_of(ch);
        if (r && (r->n_hidden_funnels || r->n_closed_funnels || r->n_hidden_stages || r->n_closed_stages))
            TRY(own_default_stage(ch, r, val_i(will->f[DEAL_FUNNEL_ID], 0), &stage, e));
        else
            TRY(default_stage(ch, will->f[DEAL_FUNNEL_ID], &stage, e));
        will->f[DEAL_STAGE_ID] = val_int(stage);
    }
    if (!val_has(will->f[DEAL_STAGE_ID]))
        return err_set(e, RC_UNPROCESSABLE, "required", "stage_id", NULL);
    TRY(stage_in_sight(ch, was, will, e));
    struct move m = {.db = ch->tx->db, .arena = ch->tx->arena, .at = ch->at};
    bool moves = !was || !val_eq(was->f[DEAL_STAGE_ID], will->f[DEAL_STAGE_ID]);
    if (moves)
        TRY(enter_stage(ch, was, will, &m, e));
    else if (!val_eq(was->f[DEAL_FUNNEL_ID], will->f[DEAL_FUNNEL_ID]))
        return err_set(e, RC_UNPROCESSABLE, "stage_not_in_funnel", "stage_id", NULL);
    if (!was)
        TRY(fill_new(ch, will, e));
    ch->went_back = moves && !ch->remap && move_goes_back(&m.from, &m.to) ? will->id : 0;
    m.reclassed = was && !val_eq(was->f[DEAL_DEAL_CLASS_ID], will->f[DEAL_DEAL_CLASS_ID]);
    if (m.reclassed && !moves)
        TRY(move_load(&m, will->f[DEAL_STAGE_ID].i, will->f[DEAL_STAGE_ID].i, e));
    if (m.reclassed && !moves)
        m.from = m.to;
    if (ch->override && !moves) /* its reason is the override's, which is told apart */
        will->f[DEAL_MOVE_REASON] = was->f[DEAL_MOVE_REASON];
    TRY(move_reason_rules(ch, moves ? &m : NULL, was, will, e));
    TRY(loss_rules(ch, was, will, e));
    TRY(deferral_rules(ch, was, will, e));
    TRY(check_ids_rules(ch, was, will, e));
    if (moves || m.reclassed)
        TRY(gates_rules(ch, &m, will, e));
    if (was)
        TRY(gates_keep(ch, moves ? &m : NULL, was, will, e));
    return deal_derive(ch, was, will, e);
}

enum verb deal_verb(const struct record *was, const struct record *is)
{
    return val_eq(was->f[DEAL_STAGE_ID], is->f[DEAL_STAGE_ID]) ? VERB_UPDATED : VERB_MOVED;
}

/* ---- what hangs on it ---- */

/* A deal leaves with its tasks, notes and products, in the same change, so that undo brings all back. */
static enum rc delete_children(struct change *ch, int64_t deal_id, enum entity_id kind, const char *sql, struct err *e)
{
    int64_t id;
    for (;;) {
        TRY(QUERY_I64(ch->tx->db, &id, 0, e, sql, deal_id));
        if (!id)
            return RC_OK;
        TRY(change_delete(ch, entity_by_id(kind), id, 0, e));
    }
}

/* Co-workers keep their places: with them they may bring it back. */
static enum rc delete_all_children(struct change *ch, int64_t id, struct err *e)
{
    TRY(delete_children(ch, id, ENT_TASK, "SELECT max(id) FROM task WHERE deal_id = $1 AND deleted_at IS NULL", e));
    TRY(delete_children(ch, id, ENT_NOTE, "SELECT max(id) FROM note WHERE deal_id = $1 AND deleted_at IS NULL", e));
    TRY(delete_children(ch, id, ENT_BUYER, "SELECT max(id) FROM buyer WHERE deal_id = $1 AND deleted_at IS NULL", e));
    TRY(delete_children(ch, id, ENT_COMPETITOR_OFFER,
                        "SELECT max(id) FROM competitor_offer WHERE deal_id = $1 AND deleted_at IS NULL", e));
    return delete_children(ch, id, ENT_DEAL_PRODUCT,
                           "SELECT max(id) FROM deal_product WHERE deal_id = $1 AND deleted_at IS NULL", e);
}

HOOK_AFTER(deal)
{
    int64_t cause = ch->cause;
    bool unanswered;
    if (is && was && was->deleted_at)
        return deal_tasks_changed(ch, is->id, &unanswered, e);
    TRY(deal_derive_moved(ch, was, is, e));
    ch->cause = ch->seq;
    enum rc rc = !is ? delete_all_children(ch, was->id, e) : was ? goals_take_back(ch, was, is, e) : RC_OK;
    if (rc == RC_OK)
        rc = deal_flow(ch, was, is, e);
    ch->cause = cause;
    return rc;
}
