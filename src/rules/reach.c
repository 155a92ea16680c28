/* Goals: what a person has achieved, and all that follows from it, in one piece. */
#include "crm/custom_field.h"
#include "crm/engine.h"
#include "crm/rights.h"
#include "rules/actions.h"
#include "rules/run_impl.h"

struct reaching {
    const struct trigger *goal;
    const struct record *deal; /* as it stands when the goal is reached */
};

/* Fields that only mean something together with a move: the goal's own move takes them along. */
static const int moves_take[] = {DEAL_LOSS_REASON_ID, DEAL_LOSS_COMMENT, DEAL_COMPETITOR_ID, DEAL_MOVE_REASON};

static enum rc may_edit(struct change *ch, int64_t deal_id, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_DEAL);
    const struct rights *r = ch->inner ? NULL : ch->actor.rights;
    bool sees = true, edits = true;
    if (!r)
        return RC_OK;
    TRY(rights_reach(ch->tx->db, ch->tx->arena, r, ent, deal_id, RIGHT_SEE, &sees, e));
    TRY(rights_reach(ch->tx->db, ch->tx->arena, r, ent, deal_id, RIGHT_EDIT, &edits, e));
    if (!sees)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "deal %lld", (long long)deal_id);
    return edits ? RC_OK : err_set(e, RC_FORBIDDEN, "forbidden", "", NULL);
}

/* A person sends it, though the goal writes it: by their rights, and never as a timer's reason. */
static enum rc may_send(struct change *ch, const struct record *later, struct err *e)
{
    struct val reason = later->f[DEAL_LOSS_REASON_ID];
    int64_t timeout = 0;
    for (size_t i = 0; i < sizeof moves_take / sizeof *moves_take && !ch->inner; i++)
        if (later->f[moves_take[i]].kind != VAL_ABSENT &&
            !rights_edits_field(ch->actor.rights, later->ent, moves_take[i]))
            return err_set(e, RC_FORBIDDEN, "forbidden", later->ent->fields[moves_take[i]].name, NULL);
    if (val_has(reason))
        TRY(QUERY_I64(ch->tx->db, &timeout, 0, e, "SELECT timeout FROM loss_reason WHERE id = $1", reason.i));
    return timeout ? err_set(e, RC_UNPROCESSABLE, "loss_reason_by_timer", "loss_reason_id", NULL) : RC_OK;
}

static enum rc fields_first(struct change *ch, int64_t deal_id, struct record *fields, const struct record **along,
                            struct err *e)
{
    *along = NULL;
    if (!fields)
        return RC_OK;
    fields = record_adapt(ch->tx->arena, fields);
    struct record *now = record_new(ch->tx->arena, fields->ent), *later = record_new(ch->tx->arena, fields->ent);
    memcpy(now->f, fields->f, fields->ent->n_fields * sizeof *now->f);
    for (size_t i = 0; i < sizeof moves_take / sizeof *moves_take; i++) {
        later->f[moves_take[i]] = now->f[moves_take[i]];
        now->f[moves_take[i]] = (struct val){.kind = VAL_ABSENT};
    }
    *along = later;
    TRY(may_send(ch, later, e));
    return change_update(ch, deal_id, 0, now, e);
}

static enum rc tick(struct change *ch, const struct record *deal, int64_t goal_id, struct err *e)
{
    struct record *in = record_new(ch->tx->arena, deal->ent);
    if (set_has(deal->f[DEAL_GOAL_IDS], goal_id))
        return RC_OK;
    in->f[DEAL_GOAL_IDS] = set_with(ch->tx->arena, deal->f[DEAL_GOAL_IDS], goal_id);
    return change_update(ch, deal->id, 0, in, e);
}

/* The first lost stage of the deal's funnel. */
static enum rc lost_stage(struct change *ch, int64_t funnel_id, int64_t *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT id FROM stage WHERE funnel_id = $1 AND outcome = 2 AND archived = 0 AND deleted_at IS NULL"
                   " ORDER BY position, id LIMIT 1",
                   e));
    stmt_i64(s, 1, funnel_id);
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    if (rc != RC_ROW && rc != RC_DONE)
        return rc;
    return *out ? RC_OK : err_set(e, RC_UNPROCESSABLE, "no_lost_stage", "stage_id", NULL);
}

static bool does(const struct trigger *t, const char *name)
{
    for (size_t i = 0; i < t->n_actions; i++)
        if (strcmp(t->actions[i].type->name, name) == 0)
            return true;
    return false;
}

/* A refusal ends the deal, a deferral puts it off, also when its actions do not say how. */
static enum rc by_kind(struct rule_run *run, const struct reaching *x, struct err *e)
{
    if (x->goal->goal_kind == GOAL_REFUSAL && !does(x->goal, "move")) {
        int64_t stage;
        TRY(lost_stage(run->ch, x->deal->f[DEAL_FUNNEL_ID].i, &stage, e));
        return run_move(run, stage, 0, e);
    }
    if (x->goal->goal_kind == GOAL_DEFERRAL && !does(x->goal, "defer")) {
        const struct record *deal;
        TRY(run_record(run->ch, entity_by_id(ENT_DEAL), x->deal->id, NULL, &deal, e));
        bool put_off = deal && (val_i(deal->f[DEAL_DEFERRED_UNTIL], 0) > run->ch->at || val_has(deal->f[DEAL_WAIT_ID]));
        return put_off ? RC_OK : err_set(e, RC_UNPROCESSABLE, "required", "deferred_until", NULL);
    }
    return RC_OK;
}

static enum rc first(struct rule_run *run, void *arg, struct err *e)
{
    const struct reaching *x = arg;
    TRY(tick(run->ch, x->deal, x->goal->id, e));
    return by_kind(run, x, e);
}

static enum rc find_goal(const struct rule_set *set, int64_t goal_id, const struct record *deal,
                         const struct trigger **out, struct err *e)
{
    *out = rules_goal(set, goal_id);
    if (!*out || !(*out)->enabled)
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "goal_id", "%lld", (long long)goal_id);
    if ((*out)->stage_id != val_i(deal->f[DEAL_STAGE_ID], 0))
        return err_set(e, RC_UNPROCESSABLE, "goal_of_other_stage", "goal_id", NULL);
    return RC_OK;
}

/* The event, then the goal's actions, then the triggers that hear of it. */
static enum rc reach(struct change *ch, const struct rule_set *set, const struct reaching *x, int64_t *run_id,
                     struct err *e)
{
    bool ran;
    struct str data = str_fmt(ch->tx->arena, "{\"goal_id\":%lld}", (long long)x->goal->id);
    TRY(change_note_event(ch, ENT_DEAL, x->deal->id, VERB_REACHED, data, e));
    int64_t seq = ch->seq;
    struct firing f = {.t = x->goal,
                       .object_id = x->deal->id,
                       .deal_id = x->deal->id,
                       .cause = seq,
                       .in_person = true,
                       .first = first,
                       .first_arg = (void *)x};
    TRY(run_fire(ch, set, &f, &ran, run_id, e));
    struct happening h = {.kind = ENT_DEAL,
                          .verb = VERB_REACHED,
                          .goal_id = x->goal->id,
                          .deal_id = x->deal->id,
                          .funnel_id = val_i(x->deal->f[DEAL_FUNNEL_ID], 0),
                          .stage_id = x->goal->stage_id};
    ch->inner++;
    enum rc rc = triggers_hear(ch, set, &h, seq, e);
    ch->inner--;
    return rc;
}

enum rc rules_reach(struct change *ch, int64_t deal_id, int64_t goal_id, struct record *fields, int64_t *run_id,
                    struct err *e)
{
    struct rules_state *state = rules_state(ch);
    const struct record *outer = state->along;
    const struct rule_set *set;
    struct reaching x;
    struct record *deal;
    TRY(may_edit(ch, deal_id, e));
    TRY(rules_of(ch, &set, e));
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_DEAL), deal_id, false, &deal, e));
    TRY(find_goal(set, goal_id, deal, &x.goal, e));
    rules_begin(state);
    TRY(fields_first(ch, deal_id, fields, &state->along, e));
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_DEAL), deal_id, false, &deal, e));
    x.deal = deal;
    enum rc rc = find_goal(set, goal_id, deal, &x.goal, e); /* the fields may have set off a move */
    if (rc == RC_OK)
        rc = reach(ch, set, &x, run_id, e);
    state->along = outer;
    return rc;
}
