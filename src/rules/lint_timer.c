/* Timers that stand in each other's way: the one that acts first takes the deal from under the other. */
#include "rules/lint_impl.h"

/* Does it take the deal off the stage where the timer waits? */
static bool takes_away(const struct lint *l, const struct lint_actor *x)
{
    for (size_t i = 0; i < l->n_moves; i++)
        if (l->moves[i].by == x && l->moves[i].to != x->stage)
            return true;
    return false;
}

static bool same_clock(const struct lint_actor *a, const struct lint_actor *b)
{
    const struct trigger_event *x = &a->t->event, *y = &b->t->event;
    bool waits_there = x->after == AFTER_STAGE_ENTRY || x->after == AFTER_DATE || x->after == AFTER_NO_TASK;
    return waits_there && x->after == y->after && x->date == y->date && x->working == y->working;
}

/* Everything that the later one is for is gone when its time comes. */
static bool shadows(const struct lint *l, const struct lint_actor *first, const struct lint_actor *later)
{
    bool covers = !first->t->condition.len || str_eq(first->t->condition, later->t->condition);
    return first->stage >= 0 && later->stage == first->stage && same_clock(first, later) &&
           first->t->event.hours < later->t->event.hours && covers && takes_away(l, first);
}

void lint_check_timers(struct lint *l)
{
    for (size_t i = 0; i < l->n_actors; i++)
        for (size_t k = 0; k < l->n_actors; k++) {
            const struct lint_actor *later = &l->actors[i], *first = &l->actors[k];
            bool timers = !later->is_goal && !first->is_goal && !later->off && !first->off && later->t && first->t &&
                          later->t->event.on == ON_TIMER && first->t->event.on == ON_TIMER;
            if (!timers || i == k || !shadows(l, first, later))
                continue;
            struct lint_finding *f = lint_add(l, "timer_shadow", LINT_WARNING, later->stage, later);
            f->args[1] = lint_actor_name(first);
            f->field = "event";
            break;
        }
}
