/* Deals that wait: for a date, or until something is filled ("the group is complete"). When it comes they wake, each
 * with a task for its owner. */
#include "base/i18n.h"
#include "crm/hooks.h"
#include "crm/task_flow.h"
#include "crm/workday.h"

#define AT_ONCE 200 /* deals that wake in the change that fills what they wait for; more follow soon (due.c) */

/* ---- rules ---- */

enum rc deferral_rules(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    int64_t filled;
    if (val_i(will->f[DEAL_STATUS], 0) != DEAL_OPEN) {
        will->f[DEAL_DEFERRED_UNTIL] = val_null();
        will->f[DEAL_WAIT_ID] = val_null();
        return RC_OK;
    }
    if (ch->undoes || !val_has(will->f[DEAL_WAIT_ID]) || (was && val_eq(was->f[DEAL_WAIT_ID], will->f[DEAL_WAIT_ID])))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &filled, 0, e, "SELECT 1 FROM wait_for WHERE id = $1 AND (filled = 1 OR archived = 1)",
                  will->f[DEAL_WAIT_ID].i));
    return filled ? err_set(e, RC_UNPROCESSABLE, "wait_filled", "wait_id", NULL) : RC_OK;
}

HOOK_BEFORE(wait)
{
    int64_t used;
    (void)ch;
    if (will)
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &used, 0, e,
                  "SELECT 1 FROM deal WHERE wait_id = $1 AND status = 0 AND deleted_at IS NULL LIMIT 1", was->id));
    return used ? err_set(e, RC_CONFLICT, "wait_in_use", "", NULL) : RC_OK;
}

/* ---- waking ---- */

struct sleeper {
    int64_t owner_id;
    int channel;
    const char *lang;
    struct str title, waited_for; /* no text: for a date */
};

static enum rc look_at(struct change *ch, int64_t deal_id, struct sleeper *out, struct err *e)
{
    struct stmt *s;
    *out = (struct sleeper){.channel = TASK_CALL, .lang = locale_names[0]};
    TRY(db_prepare(
        ch->tx->db, &s,
        "SELECT d.owner_id, d.last_channel, u.locale, d.title, w.name FROM deal d LEFT JOIN users u ON u.id ="
        " d.owner_id LEFT JOIN wait_for w ON w.id = d.wait_id AND w.filled = 1 WHERE d.id = $1",
        e));
    stmt_i64(s, 1, deal_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        out->owner_id = stmt_col_null(s, 0) ? 0 : stmt_col_i64(s, 0);
        out->channel = stmt_col_null(s, 1) ? TASK_CALL : (int)stmt_col_i64(s, 1);
        out->lang = locale_names[stmt_col_i64(s, 2) == 1];
        out->title = str_dup(ch->tx->arena, stmt_col_str(s, 3));
        out->waited_for = str_dup(ch->tx->arena, stmt_col_str(s, 4));
    }
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc wake(struct change *ch, int64_t deal_id, const struct sleeper *d, struct err *e)
{
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_DEAL));
    struct calendar c;
    in->f[DEAL_DEFERRED_UNTIL] = val_null();
    in->f[DEAL_WAIT_ID] = val_null();
    TRY(change_update(ch, deal_id, 0, in, e));
    TRY(calendar_of_user(ch->tx->db, ch->tx->arena, d->owner_id, &c, e));
    const struct str args[1] = {d->waited_for};
    struct next_task t = {.kind = (enum task_kind)d->channel,
                          .title = d->waited_for.len ? i18n_fill(ch->tx->arena, d->lang, "task.woken_by", args, 1)
                                                     : i18n_text(d->lang, "task.woken"),
                          .due_at = calendar_add(&c, ch->at, MS_HOUR),
                          .owner_id = d->owner_id};
    TRY(next_task_create(ch, deal_id, &t, false, e));
    json_t *params = json_pack("{s:o}", "title", json_text(d->title));
    if (d->waited_for.len)
        json_object_set_new(params, "what", json_text(d->waited_for));
    return tell_of(ch, d->owner_id, d->waited_for.len ? "deal.woken_by" : "deal.woken", ENT_DEAL, deal_id, params, e);
}

enum rc deal_wake(struct change *ch, int64_t deal_id, struct err *e)
{
    struct sleeper d;
    TRY(look_at(ch, deal_id, &d, e));
    ch->inner++;
    enum rc rc = wake(ch, deal_id, &d, e);
    ch->inner--;
    return rc;
}

enum rc wait_wake(struct change *ch, int64_t wait_id, int64_t limit, int64_t *n, struct err *e)
{
    int64_t *ids = ARENA_ARRAY(ch->tx->arena, int64_t, limit + 1);
    struct stmt *s;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT id FROM deal WHERE wait_id = $1 AND status = 0 AND deleted_at IS NULL ORDER BY id LIMIT $2",
                   e));
    stmt_i64(s, 1, wait_id);
    stmt_i64(s, 2, limit);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        ids[(*n)++] = stmt_col_i64(s, 0);
    stmt_done(s);
    if (rc != RC_DONE)
        return rc;
    for (int64_t i = 0; i < *n; i++)
        TRY(deal_wake(ch, ids[i], e));
    return RC_OK;
}

/* ---- filled ---- */

enum rc wait_joined(struct change *ch, int64_t wait_id, struct err *e)
{
    int64_t complete;
    TRY(QUERY_I64(ch->tx->db, &complete, 0, e,
                  "SELECT 1 FROM wait_for w WHERE w.id = $1 AND w.filled = 0 AND w.needed IS NOT NULL AND w.needed <="
                  " (SELECT count(*) FROM deal d WHERE d.wait_id = w.id AND d.status = 0 AND d.deleted_at IS NULL)",
                  wait_id));
    if (!complete)
        return RC_OK;
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_WAIT));
    in->f[WAIT_FILLED] = val_int(1);
    return change_update(ch, wait_id, 0, in, e);
}

HOOK_AFTER(wait)
{
    int64_t n, cause = ch->cause;
    if (!is || is->deleted_at || !is->f[WAIT_FILLED].i || (was && was->f[WAIT_FILLED].i) || ch->actor.via == VIA_UNDO)
        return RC_OK;
    ch->cause = ch->seq;
    enum rc rc = wait_wake(ch, is->id, AT_ONCE, &n, e);
    ch->cause = cause;
    return rc;
}
