/* Timers of triggers: a row says when which trigger is due for which deal. Planned with the change that they follow
 * from, fired by a thread of each server: the row goes and the trigger runs in one transaction, so exactly once. */
#pragma once
#include "rules/run.h"

/* When a timer trigger would be due for a deal as it stands, from its own data; false: not at all (another stage, no
 * date, closed ...). anchor: the moment it counts from. `since`: when the field was set, the tasks ran out, for those
 * that count from the change itself (AFTER_FIELD_HELD, AFTER_NO_TASK). */
struct calendar;
bool timer_due(const struct trigger *t, const struct record *deal, int64_t since, const struct calendar *work,
               int64_t *anchor, int64_t *due_at);

/* Plans, moves and drops the timers of a deal after an event. Of rules_react. */
MUST_USE enum rc timers_follow(struct change *ch, const struct rule_set *set, const struct happening *h, struct err *e);
/* Plans one trigger for one deal at a given time (F: cards that already wait), instead of what was planned. */
MUST_USE enum rc timer_plan(struct change *ch, const struct trigger *t, int64_t deal_id, int64_t anchor, int64_t due_at,
                            struct err *e);
/* Fires one timer when it is still there and due: drops the row, asks the condition, runs. *fired false: it was not
 * (any more). */
MUST_USE enum rc timer_fire(struct change *ch, int64_t timer_id, bool *fired, struct err *e);

/* The thread. */
struct timers;
MUST_USE enum rc timers_start(struct timers **out, const struct db_target *target, struct writer *w, struct err *e);
void timers_wake(struct timers *t); /* any thread: something may be due (the clock was moved) */
void timers_stop(struct timers *t); /* before the writer ends */
void timers_free(struct timers *t); /* after it */
