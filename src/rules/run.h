/* Triggers and goals at work: inside the transaction of the change that sets them off, by the same commands as people
 * use, each run told in trigger_run. A trigger that fails is taken back alone and never stops the change; a goal that a
 * person reaches is all or nothing. */
#pragma once
#include "rules/trigger.h"

#define RULES_DEPTH 8  /* triggers that set off each other in a row */
#define RULES_RUNS 100 /* of one command */

/* Triggers that are switched on, by what they hear; LIST_TIMER: those that a timer sets off. */
enum rule_list {
    LIST_NONE,
    LIST_DEAL,
    LIST_CONTACT,
    LIST_COMPANY,
    LIST_TASK,
    LIST_NOTE,
    LIST_FILE,
    LIST_TIMER,
    LIST_END
};
/* Everything in force, compiled. */
struct rule_set {
    int64_t stamp;
    struct {
        const struct trigger **ptr;
        size_t n;
    } list[LIST_END];
    struct trigger **triggers; /* by position, then id; also those switched off */
    size_t n_triggers;
    struct trigger **goals;
    size_t n_goals;
    int64_t offset_ms; /* of the company's time zone when it was read */
};
/* Compiles what the database holds into the arena. What does not compile any more (a field is gone) is left out and
 * told in the log. */
MUST_USE enum rc rules_load(struct db *db, struct arena *a, struct rule_set **out, struct err *e);
const struct trigger *rules_trigger(const struct rule_set *set, int64_t id); /* NULL: none */
const struct trigger *rules_goal(const struct rule_set *set, int64_t id);
/* The same as the writer has it: compiled once and kept until triggers, goals, the time zone or the nouns change here
 * or on another server. Valid until the next call. Writer thread. */
MUST_USE enum rc rules_of(struct change *ch, const struct rule_set **out, struct err *e);

/* What one command has set off so far: ch->rules. */
struct rules_state {
    unsigned depth, runs;
    struct { /* what is under way, the outermost first */
        const struct trigger *t;
        int64_t cause;
    } running[RULES_DEPTH + 1];
    const struct trigger *now; /* whose actions are under way, NULL: a person's */
    int64_t author;            /* who began it, 0: nobody did */
    bool stop_told;
    struct seen_record *seen;   /* records that conditions have asked for */
    struct replan *replan;      /* triggers that have become others: their timers are looked at in the end */
    const struct record *along; /* what a person has sent with a goal, for the goal's move */
};
struct rules_state *rules_state(struct change *ch); /* made when there is none; never NULL */

/* A run under way, as actions see it. */
struct rule_run {
    struct change *ch;
    const struct trigger *t;
    const struct rule_set *set;
    int64_t cause;       /* seq of the event that set it off, 0: a timer, a webhook or an operation */
    enum entity_id kind; /* what is acted upon: the subject; of a message its deal, else its contact or company */
    int64_t object_id;
    int64_t subject_id;    /* the record that it is about, of t->subject */
    int64_t deal_id;       /* 0: none */
    size_t action;         /* which one is under way */
    struct str note;       /* an action may say more: why this owner */
    struct filter_eval *x; /* loads what is referred to */
};
/* What is acted upon as it is now, with every set. */
MUST_USE enum rc run_subject(struct rule_run *run, struct record **out, struct err *e);

/* Runs a trigger for one record in the name of ch (a timer, a webhook, an operation): condition, then actions, each
 * run in its savepoint. *ran false: the condition was not met, nothing is written. check false: the condition is not
 * asked. A failure of the trigger is RC_OK, told in its run. Errors: of the database. */
MUST_USE enum rc rules_run(struct change *ch, const struct trigger *t, int64_t object_id, int64_t cause, bool check,
                           bool *ran, int64_t *run_id, struct err *e);
/* A person (or an action) reaches a goal of the deal's stage: `fields` (a record of deals as from record_from_json, or
 * NULL) come first, then the event deal.reached, goal_ids, and its actions, all or nothing. Errors: not_found,
 * goal_of_other_stage (field goal_id), those of change_update and of the actions. */
MUST_USE enum rc rules_reach(struct change *ch, int64_t deal_id, int64_t goal_id, struct record *fields,
                             int64_t *run_id, struct err *e);

/* Is what runs about to feed itself: has the same trigger, without a person in between, made the deal that it now acts
 * on? Looks through what is under way and the runs that led here, over all deals of the chain. */
MUST_USE enum rc run_feeds_itself(struct rule_run *run, bool *out, struct err *e);

enum run_state { RUN_DONE, RUN_FAILED, RUN_RETRY, RUN_STOPPED };
extern const char *const run_state_names[];

/* Why a run failed, in words. */
struct str run_error_text(struct arena *a, const char *lang, const struct err *e);

/* Of struct crm_rules. */
MUST_USE enum rc rules_end(struct change *ch, struct err *e); /* timer.c */
MUST_USE enum rc rules_react(struct change *ch, const struct event *ev, const struct record *was,
                             const struct record *is, struct err *e);
MUST_USE enum rc rules_check(struct change *ch, const struct record *was, const struct record *will, struct err *e);
