/* Deadlines that others have set, tasks that repeat, and telling people in the program. */
#include "crm/task_flow.h"
#include "crm/notification.h"
#include "crm/rights.h"
#include <stdlib.h>

enum rc deadline_rules(const struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    struct val old = was->f[TASK_DUE_AT], new = will->f[TASK_DUE_AT];
    int64_t author = val_i(was->f[TASK_AUTHOR_ID], 0);
    bool later = val_has(old) && (!val_has(new) || new.i > old.i);
    if (!later || !author || author == ch->actor.user_id || !ch->actor.user_id || ch->inner ||
        ch->actor.via == VIA_UNDO || ch->actor.role <= ROLE_HEAD)
        return RC_OK;
    return err_set(e, RC_UNPROCESSABLE, "ask_author", "due_at", NULL);
}

/* The stage in which the row of repeating tasks began has been left: deals enter stages, tasks are made on them. */
static enum rc deal_stays(struct change *ch, const struct record *task, bool *out, struct err *e)
{
    int64_t found = 1;
    if (val_has(task->f[TASK_DEAL_ID]))
        TRY(QUERY_I64(ch->tx->db, &found, 0, e,
                      "SELECT 1 FROM deal WHERE id = $1 AND status = 0 AND deleted_at IS NULL AND stage_entered_at <="
                      " $2",
                      task->f[TASK_DEAL_ID].i, task->created_at));
    *out = found != 0;
    return RC_OK;
}

enum rc task_repeat(struct change *ch, const struct record *is, struct err *e)
{
    static const int kept[] = {TASK_TITLE, TASK_DEAL_ID,  TASK_CONTACT_ID, TASK_COMPANY_ID,  TASK_OWNER_ID,
                               TASK_KIND,  TASK_PRIORITY, TASK_AUTHOR_ID,  TASK_REPEAT_DAYS, TASK_TRIGGER_ID};
    struct val days = is->f[TASK_REPEAT_DAYS], left = is->f[TASK_REPEAT_LEFT], due = is->f[TASK_DUE_AT];
    bool stays;
    if (!val_has(days) || (val_has(left) && left.i <= 0))
        return RC_OK;
    TRY(deal_stays(ch, is, &stays, e));
    if (!stays)
        return RC_OK;
    struct record *in = record_new(ch->tx->arena, is->ent);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        in->f[kept[i]] = is->f[kept[i]];
    int64_t next = val_i(due, ch->at) + days.i * MS_DAY;
    in->f[TASK_DUE_AT] = val_int(next > ch->at ? next : ch->at + days.i * MS_DAY);
    in->f[TASK_REPEAT_LEFT] = val_has(left) ? val_int(left.i - 1) : val_null();
    return change_create(ch, in, NULL, e);
}

enum rc tell_of(struct change *ch, int64_t user_id, const char *kind, enum entity_id object, int64_t id, json_t *params,
                struct err *e)
{
    const struct rights *rights;
    bool seen = false;
    enum rc rc = RC_OK;
    int64_t there = 0;
    if (!user_id)
        goto out;
    TRY_OUT(QUERY_I64(ch->tx->db, &there, 0, e,
                      "SELECT 1 FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL", user_id));
    if (!there)
        goto out;
    TRY_OUT(rights_load(ch->tx->db, ch->tx->arena, user_id, &rights, e));
    TRY_OUT(rights_reach(ch->tx->db, ch->tx->arena, rights, entity_by_id(object), id, RIGHT_SEE, &seen, e));
    if (!seen)
        goto out;
    char *text = json_dumps(params, JSON_COMPACT);
    struct str copy = str_dup(ch->tx->arena, str_c(text));
    free(text);
    rc = notification_add(ch, user_id, kind, object, id, copy, e);
out:
    json_decref(params);
    return rc;
}
