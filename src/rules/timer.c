/* When timers are due, and their rows: planned, moved and dropped by what happens to the deal. */
#include "rules/timer.h"
#include "base/time.h"
#include "crm/workday.h"
#include "rules/run_impl.h"

#define GRACE_MS MS_DAY /* what has been due for longer when it is planned belongs to history */
#define AGAIN_MS (INT64_C(300) * MS_SECOND)

static bool stands_here(const struct trigger *t, const struct record *deal)
{
    return (!t->funnel_id || t->funnel_id == val_i(deal->f[DEAL_FUNNEL_ID], 0)) &&
           (!t->stage_id || t->stage_id == val_i(deal->f[DEAL_STAGE_ID], 0));
}

/* Of a stage that is named, or a date: also when the deal is closed. */
static bool counts(const struct trigger *t, const struct record *deal)
{
    bool open = val_i(deal->f[DEAL_STATUS], 0) == DEAL_OPEN;
    return !deal->deleted_at && stands_here(t, deal) && (open || t->stage_id || t->event.after == AFTER_DATE);
}

static bool waits(const struct trigger *t)
{
    return t->event.after == AFTER_STAGE_ENTRY || t->event.after == AFTER_LAST_CONTACT ||
           t->event.after == AFTER_NO_TASK;
}

/* The date it hangs on, and from when on that has passed. */
static bool date_of(const struct trigger *t, const struct record *deal, const struct calendar *work, int64_t *at,
                    int64_t *over)
{
    struct val v = deal->f[t->event.date];
    if (!val_has(v))
        return false;
    bool day = deal->ent->fields[t->event.date].type == FT_DATE;
    *at = day ? calendar_instant(work, v.i, 0) : v.i;
    *over = day ? calendar_instant(work, v.i + 1, 0) : v.i;
    return true;
}

bool timer_due(const struct trigger *t, const struct record *deal, int64_t since, const struct calendar *work,
               int64_t *anchor, int64_t *due_at)
{
    int64_t over = 0;
    if (!counts(t, deal))
        return false;
    switch (t->event.after) {
    case AFTER_DATE:
        if (!date_of(t, deal, work, anchor, &over))
            return false;
        break;
    case AFTER_STAGE_ENTRY:
        *anchor = val_i(deal->f[DEAL_STAGE_ENTERED_AT], deal->created_at);
        break;
    case AFTER_LAST_CONTACT:
        *anchor = val_i(deal->f[DEAL_LAST_CONTACT_AT], deal->created_at);
        break;
    case AFTER_CREATED:
        *anchor = deal->created_at;
        break;
    case AFTER_NO_TASK:
        if (val_i(deal->f[DEAL_OPEN_TASKS], 0) > 0)
            return false;
        *anchor = since;
        break;
    default:
        if (!val_has(deal->f[t->event.field]) || deal->f[t->event.field].kind == VAL_ABSENT)
            return false;
        *anchor = since;
    }
    if (waits(t)) { /* a deal that was put off counts from when it goes on */
        if (val_has(deal->f[DEAL_WAIT_ID]))
            return false;
        *anchor = since > *anchor ? since : *anchor;
        int64_t off = val_i(deal->f[DEAL_DEFERRED_UNTIL], 0);
        *anchor = off > *anchor ? off : *anchor;
    }
    *due_at = hours_after(work, *anchor, (double)t->event.hours, t->event.working);
    if (over > since && *due_at < since) /* a reminder whose time has passed already, of a date that has not */
        *due_at = since;
    return true;
}

/* ---- rows ---- */

static enum rc drop(struct change *ch, int64_t trigger_id, int64_t deal_id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s, "DELETE FROM timer WHERE trigger_id = $1 AND object_id = $2", e));
    stmt_i64(s, 1, trigger_id);
    stmt_i64(s, 2, deal_id);
    return stmt_run(s, e);
}

static enum rc put(struct change *ch, int64_t trigger_id, int64_t object_id, int64_t anchor, int64_t due_at,
                   int64_t cause, int attempt, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   "INSERT INTO timer (trigger_id, object_id, due_at, anchor, cause, attempt)"
                   " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (trigger_id, object_id) DO UPDATE SET"
                   " due_at = excluded.due_at, anchor = excluded.anchor, cause = excluded.cause,"
                   " attempt = excluded.attempt",
                   e));
    stmt_i64(s, 1, trigger_id);
    stmt_i64(s, 2, object_id);
    stmt_i64(s, 3, due_at);
    stmt_i64(s, 4, anchor);
    stmt_i64(s, 5, cause);
    stmt_i64(s, 6, attempt);
    return stmt_run(s, e);
}

enum rc timer_plan(struct change *ch, const struct trigger *t, int64_t deal_id, int64_t anchor, int64_t due_at,
                   struct err *e)
{
    return put(ch, t->id, deal_id, anchor, due_at, ch->seq, 0, e);
}

enum rc timer_again(struct change *ch, const struct trigger *t, int64_t object_id, int64_t cause, int attempt,
                    struct err *e)
{
    return t->is_goal ? RC_OK
                      : put(ch, t->id, object_id, ch->at, ch->tx->now + (AGAIN_MS << (attempt - 1)), cause, attempt, e);
}

/* ---- following a deal ---- */

struct planned {
    int64_t trigger_id, due_at, anchor;
};
struct plan {
    struct change *ch;
    const struct record *deal;
    struct planned *rows;
    size_t n;
    bool read;
    struct calendar work;
    bool has_work;
};

static enum rc read_planned(struct plan *p, struct err *e)
{
    size_t cap = 0;
    struct stmt *s;
    enum rc rc;
    if (p->read)
        return RC_OK;
    p->read = true;
    TRY(db_prepare(p->ch->tx->db, &s, "SELECT trigger_id, due_at, anchor FROM timer WHERE object_id = $1", e));
    stmt_i64(s, 1, p->deal->id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (p->n == cap) {
            struct planned *more = ARENA_ARRAY(p->ch->tx->arena, struct planned, cap ? cap * 2 : 8);
            if (cap)
                memcpy(more, p->rows, cap * sizeof *more);
            p->rows = more;
            cap = cap ? cap * 2 : 8;
        }
        p->rows[p->n++] = (struct planned){stmt_col_i64(s, 0), stmt_col_i64(s, 1), stmt_col_i64(s, 2)};
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc work_of(struct change *ch, const struct record *deal, struct calendar *out, struct err *e)
{
    return calendar_of_user(ch->tx->db, ch->tx->arena, val_i(deal->f[DEAL_OWNER_ID], 0), out, e);
}

/* From when on it counts when the deal itself does not say; 0: the deal says. */
static int64_t since_when(const struct plan *p, const struct trigger *t, const struct planned *old, bool anew)
{
    if (anew || t->event.after == AFTER_DATE)
        return p->ch->at;
    if (old)
        return old->anchor;
    return t->event.after == AFTER_NO_TASK || t->event.after == AFTER_FIELD_HELD ? p->ch->at : 0;
}

/* What is due already when it is planned fires at once, unless it belongs to history. */
static bool in_time(const struct plan *p, const struct trigger *t, int64_t *due_at)
{
    int64_t now = p->ch->tx->now;
    if (*due_at > now - GRACE_MS)
        return true;
    if (t->event.after == AFTER_DATE || p->ch->at <= now - GRACE_MS)
        return false;
    *due_at = p->ch->at;
    return true;
}

/* anew: what was planned does not count any more. */
static enum rc plan_one(struct plan *p, const struct trigger *t, bool anew, struct err *e)
{
    const struct planned *old = NULL;
    int64_t anchor = 0, due_at = 0;
    bool wanted = counts(t, p->deal);
    TRY(read_planned(p, e));
    for (size_t i = 0; i < p->n; i++)
        if (p->rows[i].trigger_id == t->id)
            old = &p->rows[i];
    if (!wanted && !old)
        return RC_OK;
    if (wanted && !p->has_work) {
        TRY(work_of(p->ch, p->deal, &p->work, e));
        p->has_work = true;
    }
    wanted = wanted && timer_due(t, p->deal, since_when(p, t, old, anew), &p->work, &anchor, &due_at) &&
             in_time(p, t, &due_at);
    if (!wanted)
        return old ? drop(p->ch, t->id, p->deal->id, e) : RC_OK;
    if (old && old->anchor == anchor && (old->due_at == due_at || (t->event.after == AFTER_DATE && !anew)))
        return RC_OK;
    return put(p->ch, t->id, p->deal->id, anchor, due_at, p->ch->seq, 0, e);
}

/* What a change touches of what timers hang on. */
static bool differs(const struct happening *h, int field)
{
    return h->was && h->is && !val_eq(h->was->f[field], h->is->f[field]);
}

static bool went_on(const struct happening *h)
{
    return (differs(h, DEAL_DEFERRED_UNTIL) && !val_has(h->is->f[DEAL_DEFERRED_UNTIL])) ||
           (differs(h, DEAL_WAIT_ID) && !val_has(h->is->f[DEAL_WAIT_ID]));
}

static bool deal_touches(const struct trigger *t, const struct happening *h, bool *anew)
{
    bool was = h->was && !h->was->deleted_at && counts(t, h->was), is = counts(t, h->is);
    bool entered = t->event.after == AFTER_STAGE_ENTRY && differs(h, DEAL_STAGE_ID);
    int field = t->event.after == AFTER_DATE ? t->event.date : t->event.after == AFTER_FIELD_HELD ? t->event.field : -1;
    bool other = field >= 0 && differs(h, field);
    bool put_off = waits(t) && (differs(h, DEAL_DEFERRED_UNTIL) || differs(h, DEAL_WAIT_ID));
    *anew = entered || other || (put_off && went_on(h));
    return was != is || *anew || put_off;
}

/* A contact or task may have the same number and something to be tried again. */
static enum rc drop_all(struct plan *p, const struct rule_set *set, int64_t deal_id, struct err *e)
{
    const struct record of = {.id = deal_id};
    p->deal = &of;
    TRY(read_planned(p, e));
    for (size_t i = 0; i < p->n; i++) {
        const struct trigger *t = rules_trigger(set, p->rows[i].trigger_id);
        if (!t || t->subject == ENT_DEAL)
            TRY(drop(p->ch, p->rows[i].trigger_id, deal_id, e));
    }
    return RC_OK;
}

static enum rc follow_deal(struct change *ch, const struct rule_set *set, const struct happening *h, struct err *e)
{
    struct plan p = {.ch = ch, .deal = h->is};
    bool anew;
    if (!h->is)
        return drop_all(&p, set, h->was->id, e);
    for (size_t i = 0; i < set->list[LIST_TIMER].n; i++) {
        const struct trigger *t = set->list[LIST_TIMER].ptr[i];
        if (deal_touches(t, h, &anew))
            TRY(plan_one(&p, t, anew, e));
    }
    return RC_OK;
}

/* A task that comes, goes or is done: the deal has one or none, was spoken to. */
static enum rc follow_task(struct change *ch, const struct rule_set *set, int64_t deal_id, bool done, struct err *e)
{
    struct plan p = {.ch = ch};
    for (size_t i = 0; i < set->list[LIST_TIMER].n; i++) {
        const struct trigger *t = set->list[LIST_TIMER].ptr[i];
        bool contact = t->event.after == AFTER_LAST_CONTACT && done;
        if (!contact && t->event.after != AFTER_NO_TASK)
            continue;
        if (!p.deal)
            TRY(run_record(ch, entity_by_id(ENT_DEAL), deal_id, NULL, &p.deal, e));
        if (!p.deal)
            return RC_OK;
        TRY(plan_one(&p, t, false, e));
    }
    return RC_OK;
}

enum rc timers_follow(struct change *ch, const struct rule_set *set, const struct happening *h, struct err *e)
{
    if (h->kind == ENT_DEAL)
        return follow_deal(ch, set, h, e);
    if (h->kind != ENT_TASK)
        return RC_OK;
    int64_t before = h->was ? val_i(h->was->f[TASK_DEAL_ID], 0) : 0,
            after = h->is ? val_i(h->is->f[TASK_DEAL_ID], 0) : 0;
    bool moved = before != after || !h->was || !h->is || h->verb == VERB_RESTORED || differs(h, TASK_DONE);
    if (before && before != after)
        TRY(follow_task(ch, set, before, false, e));
    return after && moved     ? follow_task(ch, set, after, h->verb == VERB_DONE, e)
           : before && !h->is ? follow_task(ch, set, before, false, e)
                              : RC_OK;
}

/* ---- a trigger that changes ---- */

static bool same_event(const struct record *was, const struct record *is)
{
    return val_eq(was->f[TRIGGER_EVENT], is->f[TRIGGER_EVENT]) &&
           val_eq(was->f[TRIGGER_STAGE_ID], is->f[TRIGGER_STAGE_ID]) &&
           val_eq(was->f[TRIGGER_FUNNEL_ID], is->f[TRIGGER_FUNNEL_ID]);
}

/* Those who wait are looked at again, by what it says now. */
static enum rc replan(struct change *ch, int64_t trigger_id, struct err *e)
{
    const struct rule_set *set;
    int64_t after = 0;
    TRY(rules_of(ch, &set, e));
    const struct trigger *t = rules_trigger(set, trigger_id);
    for (;;) {
        struct stmt *s;
        const struct record *deal;
        TRY(db_prepare(ch->tx->db, &s,
                       "SELECT object_id FROM timer WHERE trigger_id = $1 AND object_id > $2 ORDER BY object_id"
                       " LIMIT 1",
                       e));
        stmt_i64(s, 1, trigger_id);
        stmt_i64(s, 2, after);
        enum rc rc = stmt_step(s, e);
        if (rc == RC_ROW)
            after = stmt_col_i64(s, 0);
        stmt_done(s);
        if (rc != RC_ROW)
            return rc == RC_DONE ? RC_OK : rc;
        TRY(run_record(ch, entity_by_id(ENT_DEAL), after, NULL, &deal, e));
        struct plan p = {.ch = ch, .deal = deal};
        if (!deal || !t || t->event.on != ON_TIMER)
            TRY(drop(ch, trigger_id, after, e));
        else
            TRY(plan_one(&p, t, false, e));
    }
}

struct replan {
    struct replan *next;
    int64_t trigger_id;
};

/* Publishing a funnel changes many at once: what is in force then is compiled once, when all of it is written. */
enum rc rules_end(struct change *ch, struct err *e)
{
    struct rules_state *state = ch->rules;
    while (state && state->replan) {
        int64_t id = state->replan->trigger_id;
        state->replan = state->replan->next;
        TRY(replan(ch, id, e));
    }
    return RC_OK;
}

static void replan_later(struct change *ch, int64_t trigger_id)
{
    struct rules_state *state = rules_state(ch);
    struct replan *one = ARENA_NEW(ch->tx->arena, struct replan);
    *one = (struct replan){state->replan, trigger_id};
    state->replan = one;
}

enum rc timers_of_trigger(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    struct stmt *s;
    if (is && val_i(is->f[TRIGGER_ENABLED], 0)) { /* for those who come; for cards that wait already: waiting.h */
        if (was && was->deleted_at == 0 && !same_event(was, is))
            replan_later(ch, is->id);
        return RC_OK;
    }
    TRY(db_prepare(ch->tx->db, &s, "DELETE FROM timer WHERE trigger_id = $1", e));
    stmt_i64(s, 1, (is ? is : was)->id);
    return stmt_run(s, e);
}

/* ---- firing ---- */

struct row {
    int64_t trigger_id, object_id, due_at, anchor, cause;
    int attempt;
};

static enum rc read_row(struct change *ch, int64_t id, struct row *out, bool *found, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT trigger_id, object_id, due_at, anchor, cause, attempt FROM timer WHERE id = $1", e));
    stmt_i64(s, 1, id);
    enum rc rc = stmt_step(s, e);
    *found = rc == RC_ROW;
    if (*found)
        *out = (struct row){stmt_col_i64(s, 0), stmt_col_i64(s, 1), stmt_col_i64(s, 2),
                            stmt_col_i64(s, 3), stmt_col_i64(s, 4), (int)stmt_col_i64(s, 5)};
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* What is tried again: the record is there, and its deal stands where it stood when that failed. */
static enum rc still_there(struct change *ch, const struct trigger *t, const struct row *r, bool *due, struct err *e)
{
    const struct record *of, *deal;
    TRY(run_record(ch, entity_by_id(t->subject), r->object_id, NULL, &of, e));
    *due = of && !of->deleted_at;
    int field = trigger_deal_field(t->subject);
    if (!*due || (t->subject != ENT_DEAL && field < 0))
        return RC_OK;
    int64_t deal_id = t->subject == ENT_DEAL ? of->id : val_i(of->f[field], 0);
    if (!deal_id)
        return RC_OK;
    TRY(run_record(ch, entity_by_id(ENT_DEAL), deal_id, NULL, &deal, e));
    *due = deal && !deal->deleted_at && val_i(deal->f[DEAL_STAGE_ENTERED_AT], 0) <= r->anchor;
    return RC_OK;
}

/* Is it still what the deal says? A later time is planned instead. */
static enum rc still_due(struct change *ch, const struct trigger *t, const struct row *r, bool *due, struct err *e)
{
    const struct record *deal;
    struct calendar work;
    int64_t anchor, due_at;
    *due = false;
    if (!t || !t->enabled)
        return RC_OK;
    if (r->attempt)
        return still_there(ch, t, r, due, e);
    TRY(run_record(ch, entity_by_id(ENT_DEAL), r->object_id, NULL, &deal, e));
    if (t->event.on != ON_TIMER) { /* set off for a card that had waited: while it stands there */
        *due = deal && deal->f[DEAL_STATUS].i == DEAL_OPEN &&
               (!t->stage_id || t->stage_id == deal->f[DEAL_STAGE_ID].i) &&
               (!t->funnel_id || t->funnel_id == deal->f[DEAL_FUNNEL_ID].i);
        return RC_OK;
    }
    if (!deal || !counts(t, deal))
        return RC_OK;
    TRY(work_of(ch, deal, &work, e));
    if (!timer_due(t, deal, t->event.after == AFTER_DATE ? r->due_at : r->anchor, &work, &anchor, &due_at))
        return RC_OK;
    *due = due_at <= ch->tx->now || r->due_at > due_at;
    return *due ? RC_OK : put(ch, t->id, r->object_id, anchor, due_at, r->cause, 0, e);
}

enum rc timer_fire(struct change *ch, int64_t timer_id, bool *fired, struct err *e)
{
    const struct rule_set *set;
    struct row r = {0};
    struct stmt *s;
    bool found, due;
    *fired = false;
    TRY(read_row(ch, timer_id, &r, &found, e));
    if (!found || r.due_at > ch->tx->now)
        return RC_OK;
    TRY(rules_of(ch, &set, e));
    TRY(db_prepare(ch->tx->db, &s, "DELETE FROM timer WHERE id = $1", e));
    stmt_i64(s, 1, timer_id);
    TRY(stmt_run(s, e));
    const struct trigger *t = rules_trigger(set, r.trigger_id);
    TRY(still_due(ch, t, &r, &due, e));
    if (!due)
        return RC_OK;
    struct firing f = {.t = t, .object_id = r.object_id, .cause = r.cause, .check = true, .attempt = r.attempt};
    return run_fire(ch, set, &f, fired, NULL, e);
}
