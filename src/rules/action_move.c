/* Where a deal stands: moved, copied into another funnel, put off; a goal counted. */
#include "base/time.h"
#include "crm/engine.h"
#include "crm/rights.h"
#include "rules/actions.h"

/* ---- move ---- */

enum { STAGE, LOSS_REASON };
static const struct action_field move_fields[] = {
    {"stage_id", AF_REF, .required = true, .ref = ENT_STAGE},
    {"loss_reason_id", AF_REF, .required = false, .ref = ENT_LOSS_REASON}};

/* Whoever ticks a goal moves the deal by it, out of a stage that they could leave by hand. Where it goes the goal says.
 */
static enum rc may_leave(struct rule_run *run, const struct record *deal, int64_t stage_id, struct err *e)
{
    const struct rights *r = run->ch->actor.rights;
    int64_t outcome = 0;
    if (!run->t->is_goal || !r)
        return RC_OK;
    if (val_i(deal->f[DEAL_STATUS], 0) == DEAL_OPEN)
        TRY(QUERY_I64(run->ch->tx->db, &outcome, 0, e, "SELECT outcome FROM stage WHERE id = $1", stage_id));
    return rights_leaves(r, val_i(deal->f[DEAL_STAGE_ID], 0), outcome != DEAL_OPEN)
               ? RC_OK
               : err_set(e, RC_FORBIDDEN, "forbidden", "stage_id", "%s", role_names[run->ch->actor.role]);
}

enum rc run_move(struct rule_run *run, int64_t stage_id, int64_t loss_reason, struct err *e)
{
    struct arena *a = run->ch->tx->arena;
    const struct record *along = rules_state(run->ch)->along;
    struct record *deal, *in = record_new(a, entity_by_id(ENT_DEAL));
    TRY(run_deal(run, &deal, e));
    if (val_i(deal->f[DEAL_STAGE_ID], 0) == stage_id)
        return RC_OK;
    TRY(may_leave(run, deal, stage_id, e));
    for (size_t i = 0; along && i < along->ent->n_fields; i++)
        if (along->f[i].kind != VAL_ABSENT)
            in->f[i] = along->f[i];
    in->f[DEAL_STAGE_ID] = val_int(stage_id);
    if (in->f[DEAL_MOVE_REASON].kind == VAL_ABSENT)
        in->f[DEAL_MOVE_REASON] = val_str(run->t->name);
    if (loss_reason && in->f[DEAL_LOSS_REASON_ID].kind == VAL_ABSENT)
        in->f[DEAL_LOSS_REASON_ID] = val_int(loss_reason);
    return change_update(run->ch, deal->id, 0, in, e);
}

static enum rc move(struct rule_run *run, const struct action *act, struct err *e)
{
    return run_move(run, act->v[STAGE].i, act->v[LOSS_REASON].given ? act->v[LOSS_REASON].i : 0, e);
}

static struct str move_text(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    return WORDS(a, lang, "rules.then.move", {"stage", words_name(a, names, ENT_STAGE, act->v[STAGE].i)});
}

const struct action_type action_move = {"move", move_fields, 2, .of_deal = true, .apply = move, .text = move_text};

/* ---- copy ---- */

/* What belongs to the other deal's own life stays behind. */
static bool goes_along(const struct field *fd, int i)
{
    static const int stays[] = {DEAL_FUNNEL_ID,      DEAL_STAGE_ID,     DEAL_PROBABILITY,   DEAL_EXPECTED_CLOSE_ON,
                                DEAL_LOSS_REASON_ID, DEAL_LOSS_COMMENT, DEAL_RANK,          DEAL_OWNER_REASON,
                                DEAL_CHECK_IDS,      DEAL_MOVE_REASON,  DEAL_COMPETITOR_ID, DEAL_WAITING_SINCE,
                                DEAL_DEFERRED_UNTIL, DEAL_WAIT_ID};
    for (size_t k = 0; k < sizeof stays / sizeof *stays; k++)
        if (stays[k] == i)
            return false;
    return !(fd->flags & (FF_SERVER | FF_GONE | FF_DERIVED));
}

static enum rc copy(struct rule_run *run, const struct action *act, struct err *e)
{
    struct record *deal, *in;
    bool feeds;
    TRY(run_feeds_itself(run, &feeds, e));
    if (feeds)
        return err_set(e, RC_UNPROCESSABLE, "rules_feed_themselves", "", NULL);
    TRY(run_deal(run, &deal, e));
    in = record_new(run->ch->tx->arena, deal->ent);
    for (size_t i = 0; i < deal->ent->n_fields; i++)
        if (goes_along(&deal->ent->fields[i], (int)i))
            in->f[i] = deal->f[i];
    in->f[DEAL_STAGE_ID] = val_int(act->v[STAGE].i);
    return change_create(run->ch, in, NULL, e);
}

static struct str copy_text(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    return WORDS(a, lang, "rules.then.copy", {"stage", words_name(a, names, ENT_STAGE, act->v[STAGE].i)});
}

const struct action_type action_copy = {"copy", move_fields, 1, .of_deal = true, .apply = copy, .text = copy_text};

/* ---- defer ---- */

enum { DAYS, WAIT };
static const struct action_field defer_fields[] = {{"days", AF_INT, false, .min = 1, .max = 3650},
                                                   {"wait_id", AF_REF, .required = false, .ref = ENT_WAIT}};

static enum rc defer_check(const struct action *act, enum entity_id kind, struct err *e)
{
    (void)kind;
    return act->v[DAYS].given || act->v[WAIT].given ? RC_OK : action_refuse(e, "action_field_required", "days");
}

static enum rc defer(struct rule_run *run, const struct action *act, struct err *e)
{
    struct record *deal;
    TRY(run_deal(run, &deal, e));
    struct record *in = record_new(run->ch->tx->arena, deal->ent);
    if (act->v[DAYS].given)
        in->f[DEAL_DEFERRED_UNTIL] = val_int(run->ch->at + act->v[DAYS].i * MS_DAY);
    if (act->v[WAIT].given)
        in->f[DEAL_WAIT_ID] = val_int(act->v[WAIT].i);
    return change_update(run->ch, deal->id, 0, in, e);
}

static struct str defer_text(struct arena *a, const struct action *act, const struct rule_names *names,
                             const char *lang)
{
    if (act->v[WAIT].given)
        return WORDS(a, lang, "rules.then.wait", {"wait", words_name(a, names, ENT_WAIT, act->v[WAIT].i)});
    return WORDS(a, lang, "rules.then.defer", {"days", words_count(a, lang, "rules.days", act->v[DAYS].i)});
}

const struct action_type action_defer = {"defer",        defer_fields,      2, .of_deal = true, .check = defer_check,
                                         .apply = defer, .text = defer_text};

/* ---- reach ---- */

static const struct action_field reach_fields[] = {{"goal_id", AF_REF, .required = true, .ref = ENT_GOAL}};

static enum rc reach(struct rule_run *run, const struct action *act, struct err *e)
{
    struct record *deal;
    TRY(run_deal(run, &deal, e));
    return rules_reach(run->ch, deal->id, act->v[0].i, NULL, NULL, e);
}

static struct str reach_text(struct arena *a, const struct action *act, const struct rule_names *names,
                             const char *lang)
{
    return WORDS(a, lang, "rules.then.reach", {"goal", words_name(a, names, ENT_GOAL, act->v[0].i)});
}

const struct action_type action_reach = {"reach", reach_fields, 1, .of_deal = true, .apply = reach, .text = reach_text};
