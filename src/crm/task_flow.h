/* What keeps a deal going: no open deal without a task, the first answer to a new one, what to do next, and waiting for
 * a date or for a condition. Parts of the hooks of deals and tasks, and of the end of each command. */
#pragma once
#include "crm/engine.h"

/* ---- no open deal without a task ---- */

/* Of a command under way: an open deal may have been left without a task. `fresh`: it has just been created. */
MUST_USE enum rc task_rule_touch(struct change *ch, int64_t deal_id, bool fresh, struct err *e);
/* The same of what taking back leaves behind: nobody is refused, it gets a task. */
void task_rule_touch_undone(struct change *ch, int64_t deal_id);
void task_rule_name(struct change *ch, int64_t deal_id); /* the deal that was touched before it had an id has one now */
/* Asked once, when a command ends: a touched deal without a task is refused, gets one, or stays, as its funnel says. No
 * statement when no touched funnel has such a rule. What follows by itself and what nobody did gets a task instead of
 * being refused, so does what was taken back. Errors: next_task_required, with the task that is proposed. */
MUST_USE enum rc task_rule_end(struct change *ch, struct err *e);

/* ---- what next ---- */

struct next_task {
    struct str title; /* in the language of the deal's owner */
    enum task_kind kind;
    int64_t due_at, owner_id;
};
/* What a deal's stage says comes next, else the same kind again in a week at a working hour, by the channel that was
 * used last. done: the kind of the task that has just been done, -1 for none. */
MUST_USE enum rc task_propose(struct db *db, struct arena *a, int64_t deal_id, int done, int64_t now,
                              struct next_task *out, struct err *e);
void next_task_put(struct jw *w, const struct next_task *t); /* as an object */
/* Creates it, as what follows by itself. */
MUST_USE enum rc next_task_create(struct change *ch, int64_t deal_id, const struct next_task *t, bool lead,
                                  struct err *e);

/* ---- the first answer ---- */

/* Of a new deal about to be written, in a funnel that wants its first answer within so many working hours (0: never),
 * and the rule of that funnel. */
MUST_USE enum rc first_answer_due(struct change *ch, struct record *will, int64_t hours, enum task_rule rule,
                                  struct err *e);
/* After a deal was written: its first task, whether it still has one, and what it waits for. */
MUST_USE enum rc deal_flow(struct change *ch, const struct record *was, const struct record *is, struct err *e);
/* The client was spoken to, by a task that is done or a message: the member of the buying centre (contact_id 0:
 * nobody knows who it was) and, when it was `unanswered` so far, the deal know when. */
MUST_USE enum rc deal_contacted(struct change *ch, int64_t deal_id, int64_t contact_id, bool unanswered, int64_t at,
                                struct err *e);

/* ---- waiting ---- */

/* A deal that is not open waits for nothing; nobody waits for what has come already. Errors: wait_filled. */
MUST_USE enum rc deferral_rules(struct change *ch, const struct record *was, struct record *will, struct err *e);
/* One more deal waits: are there as many as it takes? Then it is filled. */
MUST_USE enum rc wait_joined(struct change *ch, int64_t wait_id, struct err *e);
/* Up to `limit` deals that wait for something that is filled wake: what they waited for is emptied, the owner gets a
 * task and a notice. *n: how many. */
MUST_USE enum rc wait_wake(struct change *ch, int64_t wait_id, int64_t limit, int64_t *n, struct err *e);
MUST_USE enum rc deal_wake(struct change *ch, int64_t deal_id, struct err *e);

/* ---- tasks ---- */

/* When and how the client of a deal (an SQL expression) was spoken to: rows (at, kind of task, id) of tasks that are
 * done and of messages. Messages but calls count as letters: the last channel proposes the next task. */
#define SPOKEN_SQL(deal)                                                                                               \
    "(SELECT done_at AS at, kind, id FROM task WHERE deal_id = " deal                                                  \
    " AND done = 1 AND kind < 3 AND deleted_at IS NULL UNION ALL SELECT created_at, CASE channel WHEN 0 THEN 0 ELSE 2" \
    " END, id FROM note WHERE deal_id = " deal " AND channel IS NOT NULL AND deleted_at IS NULL) AS spoken"
/* open_tasks, next_task_at, last_contact_at and last_channel of a deal, and whether it has been left without a task.
 * *unanswered: it waits for its first answer. */
MUST_USE enum rc deal_tasks_changed(struct change *ch, int64_t deal_id, bool *unanswered, struct err *e);
/* After a note was written: a message is a contact with the client, and one that went out is a first answer. */
MUST_USE enum rc note_flow(struct change *ch, const struct record *was, const struct record *is, struct err *e);
/* Moving a deadline that somebody else has set is by asking. Errors: ask_author (field due_at). */
MUST_USE enum rc deadline_rules(const struct change *ch, const struct record *was, const struct record *will,
                                struct err *e);
/* A repeating task that is done makes the next one, while its deal stays where it was. */
MUST_USE enum rc task_repeat(struct change *ch, const struct record *is, struct err *e);
/* Somebody is told in the program, if they are there and may see it. params: a JSON object, which it takes over. */
MUST_USE enum rc tell_of(struct change *ch, int64_t user_id, const char *kind, enum entity_id object, int64_t id,
                         json_t *params, struct err *e);
