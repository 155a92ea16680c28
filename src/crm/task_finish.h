/* What is done with a task beside changing its fields: finishing it with all that follows, asking for another deadline.
 * Arguments of commands: j->id is the task. */
#pragma once
#include "crm/command.h"

/* All of it or nothing. Errors beside those of the single changes: task_done, no_deal (there is none to change),
 * next_task_required. j->args is one of these; it may be run again. */
struct task_finish {
    struct str result;
    struct record *deal; /* what comes into the deal, the stage among it; NULL: nothing */
    int64_t goal_id;     /* 0: none */
    struct record *next; /* the next task; NULL: none */
    bool next_deal, next_contact, next_company, next_owner; /* of the task: the body does not say otherwise */
    /* rules_reach: src/crm does not know src/rules */
    enum rc (*reach)(struct change *ch, int64_t deal_id, int64_t goal_id, struct record *fields, int64_t *run_id,
                     struct err *e);
    int64_t run_id; /* result: 0 when there was no goal */
};
extern const struct command command_task_finish;

/* The owner asks who has set the task for a later deadline. Errors: no_author, due_not_later (field due_at), task_done.
 */
struct task_ask {
    int64_t due_at;
    struct str reason;
};
extern const struct command command_task_ask_due;
/* The author (or a head who sees the task) says yes or no; j->args is a bool. Errors: nothing_asked, forbidden. */
extern const struct command command_task_answer_due;
