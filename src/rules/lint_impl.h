/* Inside of the linter. */
#pragma once
#include "base/vec.h"
#include "crm/fields.h"
#include "rules/lint.h"
#include "rules/trigger.h"

#define LINT_STAGES 600

struct lint_actor { /* a goal or a trigger */
    const json_t *json;
    const char *path;
    int stage; /* index of the stage that it stands with; -1: the whole funnel */
    bool is_goal, off;
    struct trigger *t; /* compiled; NULL: cannot be read */
    struct err why;    /* why not */
};
struct lint_stage {
    const json_t *json;
    const char *path;
    struct str name;
    enum deal_status outcome;
    int first_actor; /* its goals and triggers: see lint.actors */
};
/* Where an action sends a deal. */
struct lint_move {
    int from, to; /* indices of stages; from -1: any; to -1: another funnel */
    const struct lint_actor *by;
};
struct lint_patch {
    const char *path;
    json_t *value; /* taken over; NULL: take away */
};
struct lint_finding {
    const char *code;
    enum lint_level level;
    int stage;
    const struct lint_actor *actor;
    const char *field, *path;
    struct str args[3];
    struct lint_patch fix[3];
    size_t n_fix;
    size_t order;
};
struct lint {
    struct arena *a;
    json_t *tree; /* a copy: keys have become ids */
    const struct lint_facts *facts;
    const char *lang;
    struct lint_stage *stages; /* those in force */
    size_t n_stages;
    struct lint_actor *actors;
    size_t n_actors;
    struct lint_move *moves;
    size_t n_moves;
    struct {
        struct lint_finding *ptr;
        size_t len, cap;
    } found;
};

/* A new finding; stage -1: the funnel. */
struct lint_finding *lint_add(struct lint *l, const char *code, enum lint_level level, int stage,
                              const struct lint_actor *actor);
void lint_fix(struct lint_finding *f, const char *path, json_t *value);
const char *lint_path(struct lint *l, const char *path, const char *member);
int lint_stage_of(const struct lint *l, int64_t id); /* index; -1: none in force */
struct str lint_text(const json_t *json, const char *member);
bool lint_empty(const json_t *json, const char *member); /* absent, null, "" or [] */
bool lint_closing(const struct lint_stage *s);
struct str lint_actor_name(const struct lint_actor *x);
/* Members of an action by name; NULL: not given. */
const struct action_value *lint_value(const struct action *act, const char *field);
bool lint_is(const struct action *act, const char *name);

/* The checks. */
void lint_check_names(struct lint *l);    /* lint_stage.c */
void lint_check_pairs(struct lint *l);    /* lint_stage.c */
void lint_check_content(struct lint *l);  /* lint_stage.c */
void lint_check_gates(struct lint *l);    /* lint_gate.c */
void lint_check_reasons(struct lint *l);  /* lint_gate.c */
void lint_check_graph(struct lint *l);    /* lint_graph.c */
void lint_check_triggers(struct lint *l); /* lint_trigger.c */
void lint_check_fights(struct lint *l);   /* lint_trigger.c */
void lint_check_timers(struct lint *l);   /* lint_timer.c */
void lint_check_loops(struct lint *l);    /* lint_loop.c */
