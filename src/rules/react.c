/* What follows from an event: timers are planned, triggers that hear of it run in turn; what is in force is read again
 * when it has changed. */
#include "base/time.h"
#include "rules/run_impl.h"
#include "rules/timer.h"

/* What lies further back is history that comes in: it sets nothing off. */
#define HISTORY_MS MS_DAY

static bool sets_off(const struct change *ch)
{
    return !ch->remap && ch->actor.via != VIA_UNDO && ch->actor.via != VIA_DEMO &&
           ch->at > ch->tx->now - HISTORY_MS; /* remap: nobody has entered a stage, it has become another */
}

/* ---- definitions ---- */

static enum rc definition(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    if (is)
        TRY(version_write(ch, is, e));
    TRY(rules_changed(ch, e));
    return (is ? is : was)->ent->id == ENT_TRIGGER ? timers_of_trigger(ch, was, is, e) : RC_OK;
}

/* ---- of which deal ---- */

static enum rc place(struct change *ch, struct happening *h, struct err *e)
{
    const struct record *r = h->is ? h->is : h->was, *deal;
    if (h->kind == ENT_DEAL) {
        h->deal_id = r->id;
        h->funnel_id = val_i(r->f[DEAL_FUNNEL_ID], 0);
        h->stage_id = val_i(r->f[DEAL_STAGE_ID], 0);
        return RC_OK;
    }
    int field = trigger_deal_field(h->kind);
    if (field < 0)
        return RC_OK;
    h->deal_id = val_i(r->f[field], 0);
    if (!h->deal_id)
        return RC_OK;
    TRY(run_record(ch, entity_by_id(ENT_DEAL), h->deal_id, NULL, &deal, e));
    if (deal) {
        h->funnel_id = val_i(deal->f[DEAL_FUNNEL_ID], 0);
        h->stage_id = val_i(deal->f[DEAL_STAGE_ID], 0);
    }
    return RC_OK;
}

/* ---- triggers ---- */

enum rc triggers_hear(struct change *ch, const struct rule_set *set, const struct happening *h, int64_t seq,
                      struct err *e)
{
    enum rule_list l = rule_list_of(h->kind);
    for (size_t i = 0; l != LIST_NONE && i < set->list[l].n; i++) {
        const struct trigger *t = set->list[l].ptr[i];
        bool own = (int)t->subject == (int)h->kind, ran;
        if (!trigger_hears(t, h))
            continue;
        struct firing f = {.t = t,
                           .object_id = own && h->is ? h->is->id : h->deal_id,
                           .deal_id = h->deal_id,
                           .cause = seq,
                           .row = own ? h->is : NULL,
                           .row_seq = seq,
                           .check = true};
        TRY(run_fire(ch, set, &f, &ran, NULL, e));
    }
    return RC_OK;
}

static bool concerns(const struct rule_set *set, enum rule_list l)
{
    bool timers = set->list[LIST_TIMER].n && (l == LIST_DEAL || l == LIST_TASK);
    return l != LIST_NONE && (set->list[l].n || timers);
}

enum rc rules_react(struct change *ch, const struct event *ev, const struct record *was, const struct record *is,
                    struct err *e)
{
    const struct rule_set *set;
    struct rules_state *state = ch->rules;
    enum rule_list l = rule_list_of(ev->object_kind);
    if (ev->object_kind == ENT_TRIGGER || ev->object_kind == ENT_GOAL)
        return definition(ch, was, is, e);
    if (ev->object_kind == ENT_SETTING && memmem(ev->data.ptr, ev->data.len, "time_zone", 9))
        return rules_changed(ch, e);
    if (l == LIST_NONE || (!was && !is)) /* a goal's event comes by itself: reach.c */
        return RC_OK;
    TRY(rules_of(ch, &set, e));
    if (!concerns(set, l))
        return RC_OK;
    if (state)
        rules_begin(state);
    struct happening h = {.kind = (enum entity_id)ev->object_kind, .verb = ev->verb, .was = was, .is = is};
    TRY(place(ch, &h, e));
    if (set->list[LIST_TIMER].n)
        TRY(timers_follow(ch, set, &h, e));
    return sets_off(ch) ? triggers_hear(ch, set, &h, ev->seq, e) : RC_OK;
}
