/* What a trigger or a goal can do. An action is one file (action_*.c) with its row of `action_types`: its fields, from
 * which the forms, GET /api/actions, the linter and the checks follow, its words, and what it does. */
#pragma once
#include "crm/command.h"
#include "crm/fields.h"

enum action_field_type {
    AF_TEXT,  /* one or several lines; may hold {title} {contact} {company} {owner} {value} */
    AF_URL,   /* https:// or http:// */
    AF_REF,   /* id of a record of `ref` */
    AF_INT,   /* min..max */
    AF_BOOL,  /* */
    AF_ENUM,  /* one of `names` */
    AF_WHO,   /* see struct who */
    AF_FIELD, /* the name of a field; AF_VALUE goes with it */
    AF_VALUE, /* a value for that field, as PATCH takes it */
};
struct action_field {
    const char *name;
    enum action_field_type type;
    bool required;
    enum entity_id ref;
    const char *const *names; /* NULL-terminated */
    int64_t min, max;         /* AF_INT: of the value; AF_TEXT: most code points */
};
/* More fields than any action has. */
#define ACTION_FIELDS 12

enum who_kind { WHO_NONE, WHO_OWNER, WHO_HEAD, WHO_AUTHOR, WHO_USER, WHO_ROLE, WHO_TEAM };
enum pick { PICK_ROUND_ROBIN, PICK_LEAST_LOADED, PICK_BEST, PICK_ALL };
extern const char *const pick_names[];
/* "owner" of the record, "head" of the owner's team, "author" who made the record, or {"user_id"}, or one (or all) of a
 * role or team. */
struct who {
    enum who_kind kind;
    int64_t id; /* user, role or team */
    enum pick pick;
    int64_t cap; /* open deals that one of them may have; 0: their own load_cap */
};

struct action_value { /* of one field of an action, typed by its action_field */
    bool given;
    int64_t i;    /* AF_REF, AF_INT, AF_BOOL, AF_ENUM; AF_FIELD: index of the field */
    struct str s; /* AF_TEXT, AF_URL; AF_FIELD: its name; AF_VALUE: the JSON as written */
    struct who who;
    struct val v; /* AF_VALUE: typed as its field */
};
struct action_type;
struct action {
    const struct action_type *type;
    enum entity_id subject;               /* what its rule is about */
    struct action_value v[ACTION_FIELDS]; /* in order of type->fields */
};

/* Of what names are known, so that texts can be made without a database; NULL function: ids are shown as #5. */
struct rule_names {
    struct str (*name)(void *arg, struct arena *a, enum entity_id kind, int64_t id); /* STR_NULL: not known */
    void *arg;
};

struct rule_run; /* run.h */
struct action_type {
    const char *name; /* "do" */
    const struct action_field *fields;
    size_t n_fields;
    bool of_deal; /* it needs a deal: refused in triggers of contacts and companies */
    /* What the generic checks do not see (a task for "all" has a title ...), without a database; may be NULL. */
    enum rc (*check)(const struct action *act, enum entity_id kind, struct err *e);
    /* Within the run's savepoint, by commands of crm in the name of the run (run->ch). */
    enum rc (*apply)(struct rule_run *run, const struct action *act, struct err *e);
    /* «Поставить метку «VIP»»; NULL: from the key action.<name>.text of i18n with the fields' words as {0} {1} … */
    struct str (*text)(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang);
};
extern const struct action_type *const action_types[]; /* NULL-terminated, in order of the forms */
const struct action_type *action_type_by_name(struct str name);
/* What an action tags or sets a field of: what it says, else the rule's subject; of a task its deal. */
enum entity_id action_object(const struct action *act);

/* Reads a list of actions as a trigger or goal keeps it. kind: what they act upon. Errors: bad_actions (field
 * "actions", arg 0 where: "2.stage_id", arg 1 what: required, wrong_type, unknown_field, unknown_value, out_of_range,
 * too_long, unknown_action, needs_deal, bad_url). */
MUST_USE enum rc actions_read(struct arena *a, const json_t *list, enum entity_id kind, struct action **out, size_t *n,
                              struct err *e);
/* One action in words. */
struct str action_text(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang);
struct str who_text(struct arena *a, const struct who *who, const struct rule_names *names, const char *lang);
