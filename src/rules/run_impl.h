/* Shared by the files of runs. */
#pragma once
#include "rules/rule_set.h"

#define RUN_ATTEMPTS 6 /* of a run that may succeed later */

/* What is to be run. */
struct firing {
    const struct trigger *t;
    int64_t object_id; /* the subject */
    int64_t deal_id;   /* of a subject that is none, where it is known */
    int64_t cause;
    const struct record *row; /* the subject as written with the event row_seq, or NULL */
    int64_t row_seq;
    bool check;     /* asks the condition */
    bool in_person; /* a goal: in the name of who reaches it, all or nothing */
    int attempt;
    enum rc (*first)(struct rule_run *run, void *arg, struct err *e); /* before the actions; may be NULL */
    void *first_arg;
};
MUST_USE enum rc run_fire(struct change *ch, const struct rule_set *set, const struct firing *f, bool *ran,
                          int64_t *run_id, struct err *e);
/* Something happens that no run has set off: it is counted anew, so that of many rows in one change each has its own.
 */
void rules_begin(struct rules_state *state);
/* A record as it is now, with these sets (NULL: none), read once while nothing happens; NULL: there is none. */
MUST_USE enum rc run_record(struct change *ch, const struct entity *ent, int64_t id, const bool *sets,
                            const struct record **out, struct err *e);

/* run_row.c: what is told of a run. */
struct run_act {
    size_t i;
    int64_t seq, last; /* first and last event, 0: none */
    struct str note;
};
struct run_row {
    int64_t id;
    const struct trigger *t;
    int64_t cause, object_id, deal_id, first_seq, last_seq;
    unsigned depth;
    enum run_state state;
    const struct err *error;
    struct filter_seen *seen;
    size_t n_seen;
    struct run_act *acts;
    size_t n_acts;
};
MUST_USE enum rc run_row_write(struct change *ch, struct run_row *row, struct err *e);
/* Keeps the state of a trigger or goal as its version. */
MUST_USE enum rc version_write(struct change *ch, const struct record *is, struct err *e);

/* timer.c: a run that failed for now is tried again. */
MUST_USE enum rc timer_again(struct change *ch, const struct trigger *t, int64_t object_id, int64_t cause, int attempt,
                             struct err *e);
/* When a trigger has changed or gone: its timers do, too. */
MUST_USE enum rc timers_of_trigger(struct change *ch, const struct record *was, const struct record *is, struct err *e);
/* react.c: triggers that hear of what has happened, in turn. */
MUST_USE enum rc triggers_hear(struct change *ch, const struct rule_set *set, const struct happening *h, int64_t seq,
                               struct err *e);
