/* Gates: each kind has what it asks for and nothing else, and a funnel knows how many it has. */
#include "crm/gates.h"
#include "crm/hooks.h"

/* Which field says what a gate of this kind asks for. */
static const int asks[] = {
    [GATE_OF_FIELD] = GATE_FIELD,  [GATE_OF_CHECK] = GATE_NAME,     [GATE_OF_ARTEFACT] = GATE_ARTEFACT,
    [GATE_OF_GOAL] = GATE_GOAL_ID, [GATE_OF_COVERAGE] = GATE_LEAST, [GATE_OF_WAITING] = -1};

/* A name may stand on any gate: it is what people read. */
static enum rc only_its_own(const struct record *will, struct err *e)
{
    static const int all[] = {GATE_FIELD, GATE_ARTEFACT, GATE_GOAL_ID, GATE_LEAST};
    enum gate_kind kind = (enum gate_kind)will->f[GATE_KIND].i;
    int own = asks[kind];
    if (own >= 0 && !val_has(will->f[own]))
        return err_set(e, RC_UNPROCESSABLE, "required", will->ent->fields[own].name, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        bool fits = all[i] == own || (all[i] == GATE_LEAST && kind == GATE_OF_WAITING);
        if (val_has(will->f[all[i]]) && !fits)
            return err_set(e, RC_UNPROCESSABLE, "gate_bad", will->ent->fields[all[i]].name, "%s",
                           gate_kind_names[kind]);
    }
    if (kind == GATE_OF_COVERAGE && will->f[GATE_LEAST].i > 100)
        return err_set(e, RC_UNPROCESSABLE, "gate_bad", "least", "%s", gate_kind_names[kind]);
    return RC_OK;
}

static enum rc field_rules(const struct record *will, struct err *e)
{
    const struct entity *of;
    int outer, inner;
    struct val path = will->f[GATE_FIELD];
    if (!val_has(path) || gate_field_find(path.s, &outer, &of, &inner))
        return RC_OK;
    return err_set(e, RC_UNPROCESSABLE, "unknown_field", "field", "%.*s", STR_ARG(path.s));
}

static enum rc goal_rules(struct change *ch, const struct record *will, struct err *e)
{
    int64_t found;
    if (!val_has(will->f[GATE_GOAL_ID]))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &found, 0, e,
                  "SELECT 1 FROM goal g JOIN stage s ON s.id = g.stage_id JOIN stage o ON o.funnel_id = s.funnel_id"
                  " WHERE g.id = $1 AND o.id = $2",
                  will->f[GATE_GOAL_ID].i, will->f[GATE_STAGE_ID].i));
    return found ? RC_OK : err_set(e, RC_UNPROCESSABLE, "goal_of_other_funnel", "goal_id", NULL);
}

HOOK_BEFORE(gate)
{
    if (!will || (was && was->deleted_at))
        return RC_OK;
    if (val_has(will->f[GATE_KIND]) && val_has(will->f[GATE_STAGE_ID])) { /* else the required fields name them */
        TRY(only_its_own(will, e));
        TRY(field_rules(will, e));
        TRY(goal_rules(ch, will, e));
    }
    return next_position(ch, "SELECT max(position) FROM gate WHERE stage_id = $1 AND deleted_at IS NULL",
                         val_i(will->f[GATE_STAGE_ID], 0), &will->f[GATE_POSITION], e);
}

HOOK_AFTER(gate)
{
    const struct record *r = is ? is : was;
    struct stmt *s;
    if (!r || (was && is && was->deleted_at == is->deleted_at))
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s,
                   "UPDATE funnel SET gates = (SELECT count(*) FROM gate g JOIN stage s ON s.id = g.stage_id"
                   " WHERE s.funnel_id = funnel.id AND g.deleted_at IS NULL)"
                   " WHERE id = (SELECT funnel_id FROM stage WHERE id = $1)",
                   e));
    stmt_i64(s, 1, r->f[GATE_STAGE_ID].i);
    return stmt_run(s, e);
}
