/* From which stage on a department may be called in: who does it earlier is warned, not refused. */
#include "crm/clients.h"
#include "crm/hooks.h"
#include "crm/notification.h"
#include "crm/rights.h"

HOOK_BEFORE(involvement)
{
    int64_t funnel;
    if (!will || (was && val_eq(was->f[INVOLVEMENT_STAGE_ID], will->f[INVOLVEMENT_STAGE_ID])) ||
        !val_has(will->f[INVOLVEMENT_STAGE_ID]))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &funnel, 0, e, "SELECT funnel_id FROM stage WHERE id = $1",
                  will->f[INVOLVEMENT_STAGE_ID].i));
    return funnel == val_i(will->f[INVOLVEMENT_FUNNEL_ID], 0)
               ? RC_OK
               : err_set(e, RC_UNPROCESSABLE, "stage_not_in_funnel", "stage_id", NULL);
}

/* A rule of the deal's funnel that fits owner and kind, and whose stage the deal has not reached. */
static enum rc before_its_stage(struct change *ch, const struct record *task, bool *early, struct err *e)
{
    int64_t found;
    TRY(QUERY_I64(ch->tx->db, &found, 0, e,
                  "SELECT 1 FROM deal d JOIN involvement i ON i.funnel_id = d.funnel_id AND i.deleted_at IS NULL"
                  " JOIN stage here ON here.id = d.stage_id JOIN stage due ON due.id = i.stage_id"
                  " JOIN users u ON u.id = $2 WHERE d.id = $1 AND (i.role_id IS NULL OR i.role_id = u.role_id)"
                  " AND (i.team_id IS NULL OR i.team_id = u.team_id) AND (i.task_kind IS NULL OR i.task_kind = $3)"
                  " AND here.outcome = 0 AND due.deleted_at IS NULL AND (due.outcome <> 0 OR here.position <"
                  " due.position OR (here.position = due.position AND here.id < due.id)) LIMIT 1",
                  task->f[TASK_DEAL_ID].i, task->f[TASK_OWNER_ID].i, task->f[TASK_KIND].i));
    *early = found != 0;
    return RC_OK;
}

enum rc involvement_mark(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    bool early = false;
    bool same = was && val_eq(was->f[TASK_DEAL_ID], will->f[TASK_DEAL_ID]) &&
                val_eq(was->f[TASK_OWNER_ID], will->f[TASK_OWNER_ID]) && val_eq(was->f[TASK_KIND], will->f[TASK_KIND]);
    if (same || ch->undoes)
        return RC_OK;
    if (val_has(will->f[TASK_DEAL_ID]) && val_has(will->f[TASK_OWNER_ID]) && !val_i(will->f[TASK_DONE], 0))
        TRY(before_its_stage(ch, will, &early, e));
    will->f[TASK_EARLY] = val_int(early);
    return RC_OK;
}

static enum rc tell(struct change *ch, int64_t user, const struct record *task, struct err *e)
{
    const struct rights *rights;
    struct buf b = {0};
    struct jw w = jw_to(&b);
    bool seen;
    TRY(rights_load(ch->tx->db, ch->tx->arena, user, &rights, e));
    TRY(rights_reach(ch->tx->db, ch->tx->arena, rights, task->ent, task->id, RIGHT_SEE, &seen, e));
    if (!seen)
        return RC_OK;
    jw_obj(&w);
    jw_kstr(&w, "title", task->f[TASK_TITLE].s);
    jw_end_obj(&w);
    struct str params = str_dup(ch->tx->arena, buf_view(&b));
    buf_free(&b);
    return notification_add(ch, user, "task.early", ENT_TASK, task->id, params, e);
}

enum rc involvement_tell(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    int64_t owner, head;
    bool quiet = ch->actor.via == VIA_IMPORT || ch->actor.via == VIA_DEMO || ch->actor.via == VIA_UNDO;
    if (!is || !val_i(is->f[TASK_EARLY], 0) || (was && (val_i(was->f[TASK_EARLY], 0) || was->deleted_at)) || quiet)
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &owner, 0, e, "SELECT owner_id FROM deal WHERE id = $1", is->f[TASK_DEAL_ID].i));
    TRY(QUERY_I64(ch->tx->db, &head, 0, e,
                  "SELECT t.head_id FROM users u JOIN team t ON t.id = u.team_id AND t.deleted_at IS NULL"
                  " WHERE u.id = $1",
                  owner));
    if (owner)
        TRY(tell(ch, owner, is, e));
    return head && head != owner ? tell(ch, head, is, e) : RC_OK;
}
