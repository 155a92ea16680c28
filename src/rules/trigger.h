/* Triggers and goals, compiled: when, if, then. Nothing here needs a database, so that drafts can be read, checked,
 * shown in words and looked at by the linter as well as what is in force. The forms of `event` and `actions` are in
 * docs/api.md. */
#pragma once
#include "crm/filter_eval.h"
#include "rules/action.h"

enum trigger_on {
    ON_CREATED,
    ON_UPDATED,
    ON_ENTERED, /* a stage: of a deal moved or created there */
    ON_LEFT,
    ON_TAGGED,
    ON_UNTAGGED,
    ON_REACHED, /* a goal */
    ON_WON,
    ON_LOST,
    ON_TASK_DONE, /* these three: of a deal */
    ON_NOTE_ADDED,
    ON_FILE_ADDED,
    ON_TIMER,
    ON_WEBHOOK, /* POST /api/hooks/{token} */
    ON_END
};
extern const char *const trigger_on_names[];
enum timer_after { AFTER_DATE, AFTER_STAGE_ENTRY, AFTER_LAST_CONTACT, AFTER_CREATED, AFTER_NO_TASK, AFTER_FIELD_HELD };
extern const char *const timer_after_names[]; /* [AFTER_DATE] "date" */

/* The objects of events, in order of trigger_object_names: deal, contact, company, task, message (a note that has a
 * channel). */
#define TRIGGER_OBJECTS 5
extern const char *const trigger_object_names[];
const char *trigger_object_name(enum entity_id object);
/* The field by which a record of this noun says of which deal it is; -1: none. */
int trigger_deal_field(enum entity_id kind);

struct trigger_event {
    enum trigger_on on;
    enum entity_id object;   /* deal, contact, company, task or, of a message, note: whose event it is */
    int field;               /* ON_UPDATED, AFTER_FIELD_HELD: index in the fields of `object`; -1: any */
    int64_t tag_id, goal_id; /* 0: any */
    enum timer_after after;
    int date;      /* AFTER_DATE: index of a date or time of the deal, else -1 */
    int64_t hours; /* AFTER_DATE: may be negative: before it */
    bool working;  /* working hours, by the calendar of the owner's team or the company */
};

/* A trigger, or a goal (then goal_kind says which, there is no event, and stage_id is where it can be reached). */
struct trigger {
    int64_t id, version;
    bool is_goal;
    enum goal_kind goal_kind;
    struct str name;
    int64_t funnel_id, stage_id; /* 0: any */
    int64_t position;
    bool enabled; /* goals: not archived */
    struct trigger_event event;
    enum entity_id subject; /* what the condition is over and the actions act upon: that of the event, or the deal */
    struct str condition;   /* as written; empty: always */
    struct filter *filter;  /* NULL: always */
    bool moves;             /* the condition speaks of now or today: it is read again at each use */
    const bool *names;      /* the fields of the subject that the condition reads, or NULL */
    struct action *actions;
    size_t n_actions;
};

/* What a trigger is made of, as texts; ids may be those of a draft. */
struct trigger_def {
    int64_t id, version;
    bool is_goal;
    enum goal_kind goal_kind;
    struct str name;
    int64_t funnel_id, stage_id, position;
    bool enabled;
    struct str event, condition, actions; /* JSON, filter, JSON */
};
/* Of a record of the noun trigger or goal; texts stay those of the record. */
struct trigger_def trigger_def_of(const struct record *r);
/* Compiles; everything lives in the arena. offset_ms: of the company's time zone. Errors, all RC_UNPROCESSABLE:
 * bad_trigger_event (field "event", arg 0 the member, arg 1 what is wrong with it), bad_actions (see actions_read),
 * bad_filter (field "condition"; arg 0 the position), me_in_trigger (field "condition"). */
MUST_USE enum rc trigger_read(struct arena *a, const struct trigger_def *def, int64_t now, int64_t offset_ms,
                              struct trigger **out, struct err *e);
/* «Когда сделка входит на этап «Счёт выставлен», если value_minor >= 100000: поставить метку «VIP»; …» */
struct str trigger_text(struct arena *a, const struct trigger *t, const struct rule_names *names, const char *lang);
struct str trigger_event_text(struct arena *a, const struct trigger *t, const struct rule_names *names,
                              const char *lang);

/* What has happened to a record. was NULL: created; is NULL: deleted. Fields nobody knows (of a replay) are VAL_ABSENT
 * in both. */
struct happening {
    enum entity_id kind;
    int verb; /* enum verb */
    const struct record *was, *is;
    int64_t goal_id; /* VERB_REACHED */
    /* The deal it is about (the task's, the note's): where it stands. For events of deals taken from was and is. */
    int64_t deal_id, funnel_id, stage_id;
};
/* Do its words, or those of one action, speak of a field that somebody does not see? NULL rights see all. */
bool trigger_speaks_hidden(const struct trigger *t, const struct rights *r);
bool action_speaks_hidden(const struct action *act, const struct rights *r);
/* Does this set the trigger off? Event, funnel and stage; not its condition, nor whether it is switched on. Timers,
 * webhooks and goals: never. */
bool trigger_hears(const struct trigger *t, const struct happening *h);
/* Would it fire over this record at this moment: condition only. now, offset_ms: of the moment. seen may be NULL. */
MUST_USE enum rc trigger_condition(const struct trigger *t, struct filter_eval *x, const struct record *r, int64_t now,
                                   int64_t offset_ms, bool *met, struct filter_seen **seen, size_t *n, struct err *e);
