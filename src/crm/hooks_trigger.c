/* Goals and triggers: their places, and what the engine has to say about them. */
#include "crm/hooks.h"

static enum rc ask_rules(struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    const struct crm_rules *rules = crm_rules_set();
    return rules && rules->check && !ch->undoes ? rules->check(ch, was, will, e) : RC_OK;
}

HOOK_BEFORE(goal)
{
    if (!will)
        return RC_OK;
    if (!was)
        TRY(next_position(ch, "SELECT max(position) FROM goal WHERE stage_id = $1 AND deleted_at IS NULL",
                          val_i(will->f[GOAL_STAGE_ID], 0), &will->f[GOAL_POSITION], e));
    return ask_rules(ch, was, will, e);
}

/* A stage says which funnel. */
static enum rc trigger_place(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    int64_t stage = val_i(will->f[TRIGGER_STAGE_ID], 0), funnel = 0;
    if (!stage)
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &funnel, 0, e, "SELECT funnel_id FROM stage WHERE id = $1", stage));
    bool named =
        val_has(will->f[TRIGGER_FUNNEL_ID]) && (!was || !val_eq(was->f[TRIGGER_FUNNEL_ID], will->f[TRIGGER_FUNNEL_ID]));
    if (named && will->f[TRIGGER_FUNNEL_ID].i != funnel)
        return err_set(e, RC_UNPROCESSABLE, "stage_not_in_funnel", "stage_id", NULL);
    will->f[TRIGGER_FUNNEL_ID] = val_int(funnel);
    return RC_OK;
}

HOOK_BEFORE(trigger)
{
    if (!will)
        return RC_OK;
    if (!was)
        TRY(next_position(ch, "SELECT max(position) FROM trigger_rule WHERE deleted_at IS NULL", 0,
                          &will->f[TRIGGER_POSITION], e));
    TRY(trigger_place(ch, was, will, e));
    return ask_rules(ch, was, will, e);
}
