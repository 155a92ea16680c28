/* Before a trigger or a goal is written: it can be read, and what it names is there. */
#include "base/time.h"
#include "rules/actions.h"

static enum rc there(struct change *ch, enum entity_id kind, int64_t id, bool *out, struct err *e)
{
    const struct record *r;
    TRY(run_record(ch, entity_by_id(kind), id, NULL, &r, e));
    *out = r && !r->deleted_at;
    return RC_OK;
}

static enum rc event_refs(struct change *ch, const struct trigger_event *ev, struct err *e)
{
    bool ok = true;
    if (ev->tag_id)
        TRY(there(ch, ENT_TAG, ev->tag_id, &ok, e));
    if (ok && ev->goal_id)
        TRY(there(ch, ENT_GOAL, ev->goal_id, &ok, e));
    return ok ? RC_OK
              : err_set(e, RC_UNPROCESSABLE, "bad_trigger_event", "event", "%s", ev->tag_id ? "tag_id" : "goal_id");
}

static enum rc refuse(size_t number, const char *code, const char *what, struct err *e)
{
    enum rc rc = err_set(e, RC_UNPROCESSABLE, code, "actions", "%zu", number + 1);
    if (e)
        snprintf(e->arg[1], sizeof e->arg[1], "%s", what);
    return rc;
}

static enum entity_id who_kind(const struct who *who)
{
    return who->kind == WHO_USER   ? ENT_USER
           : who->kind == WHO_ROLE ? ENT_ROLE
           : who->kind == WHO_TEAM ? ENT_TEAM
                                   : ENT_NONE;
}

/* What a field of an action points to; ENT_NONE: nothing. */
static enum entity_id points_to(const struct action_field *fd, const struct action_value *v, int64_t *id)
{
    if (!v->given)
        return ENT_NONE;
    *id = fd->type == AF_WHO ? v->who.id : v->i;
    return fd->type == AF_REF ? fd->ref : fd->type == AF_WHO ? who_kind(&v->who) : ENT_NONE;
}

static enum rc value_refs(struct change *ch, const struct action *act, size_t k, struct err *e)
{
    for (size_t i = 0; i < act->type->n_fields; i++) {
        int64_t id = 0;
        enum entity_id kind = points_to(&act->type->fields[i], &act->v[i], &id);
        bool ok = true;
        if (kind != ENT_NONE)
            TRY(there(ch, kind, id, &ok, e));
        if (!ok)
            return refuse(k, "action_ref_not_found", act->type->fields[i].name, e);
    }
    return RC_OK;
}

/* Into a lost stage with the reason that its funnel wants; a person may give it with a goal. */
static enum rc lost_with_reason(struct change *ch, const struct trigger *t, const struct action *act, size_t k,
                                struct err *e)
{
    const struct record *stage;
    struct stmt *s;
    if (strcmp(act->type->name, "move") != 0 || act->v[1].given || t->is_goal)
        return RC_OK;
    TRY(run_record(ch, entity_by_id(ENT_STAGE), act->v[0].i, NULL, &stage, e));
    if (!stage || val_i(stage->f[STAGE_OUTCOME], 0) != DEAL_LOST)
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT 1 FROM loss_reason WHERE (funnel_id IS NULL OR funnel_id = $1) AND archived = 0 AND"
                   " deleted_at IS NULL LIMIT 1",
                   e));
    stmt_i64(s, 1, val_i(stage->f[STAGE_FUNNEL_ID], 0));
    enum rc rc = stmt_step(s, e);
    stmt_done(s);
    return rc == RC_ROW ? refuse(k, "action_field_required", "loss_reason_id", e) : rc == RC_DONE ? RC_OK : rc;
}

static bool differs(const struct record *was, const struct record *will, int field)
{
    return !was || was->deleted_at || !val_eq(was->f[field], will->f[field]);
}

/* A rule acts for nobody: whoever writes it gets no further by it than by hand. It asks only for what they may see. */
static enum rc asks_in_sight(struct change *ch, const struct trigger *t, struct err *e)
{
    const struct filter_env env = {.now = ch->at, .rights = ch->actor.rights};
    struct filter *f;
    enum rc rc = filter_parse(ch->tx->arena, entity_by_id(t->subject), t->condition, &env, &f, e);
    if (rc != RC_INVALID || !e)
        return rc;
    snprintf(e->field, sizeof e->field, "condition");
    return e->rc = RC_UNPROCESSABLE;
}

/* And it sets only what they may set, and sends out only what they may take out themselves. */
static enum rc acts_within_rights(struct change *ch, const struct trigger *t, struct err *e)
{
    const struct rights *r = ch->actor.rights;
    bool exports = rights_all_rows(r, entity_by_id(t->subject), RIGHT_EXPORT) && r->all_fields[t->subject];
    for (size_t k = 0; k < t->n_actions; k++) {
        const struct action *act = &t->actions[k];
        const struct entity *ent = entity_by_id(action_object(act));
        if (act->type == &action_webhook && !exports)
            return refuse(k, "action_field_wrong", "url", e);
        for (size_t i = 0; i < act->type->n_fields; i++)
            if (act->type->fields[i].type == AF_FIELD && act->v[i].given &&
                !rights_edits_field(r, ent, entity_field(ent, act->v[i].s)))
                return refuse(k, "action_field_wrong", act->type->fields[i].name, e);
    }
    return RC_OK;
}

static enum rc within_rights(struct change *ch, const struct trigger *t, const struct record *was,
                             const struct record *will, struct err *e)
{
    bool goal = will->ent->id == ENT_GOAL;
    if (ch->inner || !ch->actor.rights || ch->actor.rights->everything)
        return RC_OK;
    if (!goal && t->condition.len && differs(was, will, TRIGGER_CONDITION))
        TRY(asks_in_sight(ch, t, e));
    return differs(was, will, goal ? (int)GOAL_ACTIONS : (int)TRIGGER_ACTIONS) ? acts_within_rights(ch, t, e) : RC_OK;
}

enum rc rules_check(struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    struct trigger_def def = trigger_def_of(will);
    struct trigger *t;
    TRY(trigger_read(ch->tx->arena, &def, ch->at, 0, &t, e));
    TRY(event_refs(ch, &t->event, e)); /* also an old one is as good as what it names now */
    TRY(within_rights(ch, t, was, will, e));
    for (size_t i = 0; i < t->n_actions; i++) {
        TRY(value_refs(ch, &t->actions[i], i, e));
        TRY(lost_with_reason(ch, t, &t->actions[i], i, e));
    }
    return t->is_goal || t->n_actions ? RC_OK : err_set(e, RC_UNPROCESSABLE, "required", "actions", NULL);
}
