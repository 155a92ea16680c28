/* The first answer to a new deal, and what a deal knows of its tasks. */
#include "base/i18n.h"
#include "crm/clients.h"
#include "crm/task_flow.h"
#include "crm/workday.h"

#define SOON_PERCENT 75 /* of the time has gone: the head is told */

/* Brought in or simulated: history, which nobody is to answer now. */
static bool of_the_past(const struct change *ch)
{
    return ch->actor.via == VIA_IMPORT || ch->actor.via == VIA_DEMO || ch->undoes != 0;
}

enum rc first_answer_due(struct change *ch, struct record *will, int64_t hours, enum task_rule rule, struct err *e)
{
    struct calendar c;
    if (will->f[DEAL_STATUS].i != DEAL_OPEN)
        return RC_OK;
    if (rule >= TASK_RULE_CREATE)
        TRY(task_rule_touch(ch, 0, true, e)); /* it has no id yet: deal_flow gives it */
    if (!hours || of_the_past(ch))
        return RC_OK;
    TRY(calendar_of_user(ch->tx->db, ch->tx->arena, val_i(will->f[DEAL_OWNER_ID], 0), &c, e));
    will->f[DEAL_FIRST_RESPONSE_DUE_AT] = val_int(hours_after(&c, ch->at, (double)hours, true));
    return RC_OK;
}

static enum rc plan_escalation(struct change *ch, const struct record *is, const struct calendar *c, struct err *e)
{
    int64_t due = is->f[DEAL_FIRST_RESPONSE_DUE_AT].i, time = calendar_between(c, is->created_at, due);
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s, "UPDATE deal SET escalate_at = $1 WHERE id = $2", e));
    stmt_i64(s, 1, calendar_add(c, is->created_at, time * SOON_PERCENT / 100));
    stmt_i64(s, 2, is->id);
    return stmt_run(s, e);
}

static enum rc lead_task(struct change *ch, const struct record *is, struct err *e)
{
    int64_t owner = val_i(is->f[DEAL_OWNER_ID], 0), locale = 0;
    struct calendar c;
    if (owner)
        TRY(QUERY_I64(ch->tx->db, &locale, 0, e, "SELECT locale FROM users WHERE id = $1", owner));
    TRY(calendar_of_user(ch->tx->db, ch->tx->arena, owner, &c, e));
    TRY(plan_escalation(ch, is, &c, e));
    struct next_task t = {i18n_text(locale_names[locale == 1], "task.lead"), TASK_CALL,
                          is->f[DEAL_FIRST_RESPONSE_DUE_AT].i, owner};
    return next_task_create(ch, is->id, &t, true, e);
}

/* A new deal that somebody else gets (a rule deals it out) is theirs to answer: its task goes along. */
static enum rc lead_goes_along(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    int64_t task;
    bool unanswered = val_has(is->f[DEAL_FIRST_RESPONSE_DUE_AT]) && !val_has(is->f[DEAL_FIRST_RESPONSE_AT]);
    if (!unanswered || is->f[DEAL_STATUS].i != DEAL_OPEN || of_the_past(ch) ||
        val_eq(was->f[DEAL_OWNER_ID], is->f[DEAL_OWNER_ID]))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &task, 0, e,
                  "SELECT id FROM task WHERE deal_id = $1 AND lead = 1 AND done = 0 AND deleted_at IS NULL"
                  " AND coalesce(owner_id, 0) = $2 ORDER BY id LIMIT 1",
                  is->id, val_i(was->f[DEAL_OWNER_ID], 0)));
    if (!task)
        return RC_OK;
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_TASK));
    in->f[TASK_OWNER_ID] = is->f[DEAL_OWNER_ID];
    ch->inner++;
    enum rc rc = change_update(ch, task, 0, in, e);
    ch->inner--;
    return rc;
}

static bool waits(const struct record *r)
{
    return val_has(r->f[DEAL_DEFERRED_UNTIL]) || val_has(r->f[DEAL_WAIT_ID]);
}

enum rc deal_flow(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    if (!is)
        return RC_OK;
    if (!was) {
        task_rule_name(ch, is->id);
        if (val_has(is->f[DEAL_FIRST_RESPONSE_DUE_AT]))
            TRY(lead_task(ch, is, e));
    } else if (is->f[DEAL_STATUS].i == DEAL_OPEN && val_i(is->f[DEAL_OPEN_TASKS], 0) == 0 &&
               (was->f[DEAL_STATUS].i != DEAL_OPEN || !val_eq(was->f[DEAL_FUNNEL_ID], is->f[DEAL_FUNNEL_ID]) ||
                (waits(was) && !waits(is)))) {
        TRY(task_rule_touch(ch, is->id, false, e));
    }
    if (was)
        TRY(lead_goes_along(ch, was, is, e));
    bool joins = val_has(is->f[DEAL_WAIT_ID]) && is->f[DEAL_STATUS].i == DEAL_OPEN &&
                 !(was && !was->deleted_at && val_eq(was->f[DEAL_WAIT_ID], is->f[DEAL_WAIT_ID]));
    return joins ? wait_joined(ch, is->f[DEAL_WAIT_ID].i, e) : RC_OK;
}

/* ---- spoken to ---- */

enum rc deal_contacted(struct change *ch, int64_t deal_id, int64_t contact_id, bool unanswered, int64_t at,
                       struct err *e)
{
    if (contact_id)
        TRY(buyer_contacted(ch, deal_id, contact_id, at, e));
    if (!unanswered)
        return RC_OK;
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_DEAL));
    in->f[DEAL_FIRST_RESPONSE_AT] = val_int(at);
    ch->inner++;
    enum rc rc = change_update(ch, deal_id, 0, in, e);
    ch->inner--;
    return rc;
}

/* ---- what it knows of its tasks ---- */

#define OPEN " FROM task WHERE deal_id = $1 AND done = 0 AND deleted_at IS NULL)"
#define SPOKEN                                                                                                         \
    "last_contact_at = (SELECT max(at) FROM " SPOKEN_SQL("$1") "), last_channel = (SELECT kind FROM " SPOKEN_SQL(      \
        "$1") " ORDER BY at DESC, id DESC LIMIT 1)"
#define UNANSWERED " CASE WHEN first_response_due_at IS NOT NULL AND first_response_at IS NULL THEN 1 ELSE 0 END"
_Static_assert(TASK_TODO == 3 && TASK_CALL == 0 && TASK_MAIL == 2 && CHANNEL_CALL == 0, "what is a contact, and which");

enum rc deal_tasks_changed(struct change *ch, int64_t deal_id, bool *unanswered, struct err *e)
{
    struct stmt *s;
    bool alone = false;
    *unanswered = false;
    TRY(db_prepare(ch->tx->db, &s,
                   "UPDATE deal SET open_tasks = (SELECT count(*)" OPEN ", next_task_at = (SELECT min(due_at)" OPEN
                   ", " SPOKEN " WHERE id = $1 RETURNING open_tasks, status, deleted_at,"
                   " (SELECT f.task_rule FROM funnel f WHERE f.id = deal.funnel_id)," UNANSWERED,
                   e));
    stmt_i64(s, 1, deal_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        alone = stmt_col_i64(s, 0) == 0 && stmt_col_i64(s, 1) == DEAL_OPEN && stmt_col_null(s, 2) &&
                stmt_col_i64(s, 3) >= TASK_RULE_CREATE;
        *unanswered = stmt_col_i64(s, 4) != 0;
        rc = stmt_step(s, e); /* to its end, so that a late error shows */
    }
    stmt_done(s);
    if (rc != RC_DONE)
        return rc;
    return alone ? task_rule_touch(ch, deal_id, false, e) : RC_OK;
}

static enum rc spoken(struct change *ch, int64_t deal_id, bool *unanswered, struct err *e)
{
    struct stmt *s;
    *unanswered = false;
    TRY(db_prepare(ch->tx->db, &s, "UPDATE deal SET " SPOKEN " WHERE id = $1 RETURNING" UNANSWERED, e));
    stmt_i64(s, 1, deal_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        *unanswered = stmt_col_i64(s, 0) != 0;
        rc = stmt_step(s, e);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc note_flow(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    const struct record *r = is ? is : was;
    struct val old = was ? was->f[NOTE_DEAL_ID] : val_null(), new = is ? is->f[NOTE_DEAL_ID] : val_null();
    bool unanswered = false;
    if (!r || !val_has(r->f[NOTE_CHANNEL]) || (was && is && val_eq(old, new) && !was->deleted_at == !is->deleted_at))
        return RC_OK;
    if (val_has(old))
        TRY(spoken(ch, old.i, &unanswered, e));
    if (val_has(new) && !val_eq(old, new))
        TRY(spoken(ch, new.i, &unanswered, e));
    if (was || !val_has(new) || ch->actor.via == VIA_UNDO)
        return RC_OK;
    int64_t cause = ch->cause;
    ch->cause = ch->seq;
    enum rc rc = deal_contacted(ch, new.i, val_i(is->f[NOTE_CONTACT_ID], 0),
                                unanswered && is->f[NOTE_DIRECTION].i == DIRECTION_OUT, is->created_at, e);
    ch->cause = cause;
    return rc;
}
