/* Drafts of funnels: a definition document (docs/funnel.md) read and checked, compared with the published one, what it
 * would mean for the deals, and made true. */
#pragma once
#include "crm/filter.h"
#include "crm/funnel_document.h"

struct draft_node {                   /* one record of the document */
    int part;                         /* FP_STAGE ... */
    int64_t id;                       /* 0: new */
    int64_t now;                      /* while publishing: the record that it is */
    const char *key, *path, *ref_key; /* key, ref_key may be NULL; ref_key: of a goal or a stage, instead of an id */
    struct record *in;                /* what was given; of a new one the defaults too */
    const json_t *json;               /* as it stands in the tree */
    size_t stage;                     /* index of the stage that it stands with; SIZE_MAX: none */
    int64_t position;                 /* in its list, from 1 */
    bool archived;                    /* it and what it stands with */
};
struct draft_target {
    const char *condition, *key; /* NULL: the rest; NULL: an id */
    int64_t id;
};
struct draft_remap {
    int64_t from;
    const char *path;
    struct draft_target *to;
    size_t n;
};
struct draft {
    json_t *tree; /* the caller's */
    struct record *funnel;
    struct draft_node *nodes; /* in the order of the document */
    size_t n;
    struct draft_remap *remaps;
    size_t n_remaps;
};

/* Reads a document; what it holds lives in the arena and in the tree. creating: of a new funnel, so nothing has an id.
 * Errors: bad_definition (arg 0 the path, arg 1 the inner code and, behind a bar, its argument). */
MUST_USE enum rc draft_read(struct arena *a, json_t *tree, bool creating, struct draft *out, struct err *e);
/* The node with this key, or with this id, of a part; NULL: there is none. */
struct draft_node *draft_find(const struct draft *d, int part, const char *key, int64_t id);
/* The part that "stage_id", "goal_id" and "loss_reason_id" of an event or action speak of; -1: another member. */
int draft_ref_part(const char *member);
enum rc draft_bad(struct err *e, const char *path, const char *code, const char *arg);

/* A row of funnel_draft with its document; json_decref(d->tree). Errors: not_found, bad_definition. */
struct draft_row {
    int64_t id, funnel_id, base_version; /* funnel_id 0: a new funnel */
    struct draft draft;
};
MUST_USE enum rc draft_load(struct db *db, struct arena *a, int64_t id, struct draft_row *out, struct err *e);
/* Has somebody changed the funnel since the draft began? */
MUST_USE enum rc draft_outdated(struct db *db, const struct draft_row *row, bool *outdated, struct err *e);

/* Makes it true, all in one change; *funnel_id becomes the funnel. Deals are sent on by an operation, *operation_id (0:
 * none). Errors: bad_definition, draft_outdated, stage_has_deals (arg 0 the stage, arg 1 how many), trigger_loop
 * (arg 0 the ring), those of the commands. */
MUST_USE enum rc draft_publish(struct change *ch, int64_t id, int64_t *funnel_id, int64_t *operation_id, struct err *e);
extern const struct command command_publish; /* j->id: the draft; j->out_id becomes the funnel */

/* What publishing would refuse, found by doing it and giving it up again; NULL: nothing. */
struct draft_problem {
    struct err err;
    struct draft_problem *next;
};
struct writer;
MUST_USE enum rc draft_check(struct writer *w, struct db *db, struct arena *a, struct actor actor, int64_t id,
                             struct draft_problem **out, struct err *e);

/* A draft with the definition of an old version: j->id the funnel, j->args a struct restore_args, j->out_id becomes the
 * draft. What has been deleted since comes as new. Errors: not_found, draft_exists. */
struct restore_args {
    int64_t version;
};
extern const struct command command_restore_version;

/* {"changes":[...],"outdated","base_version","version"} against the published definition. */
MUST_USE enum rc draft_compare(struct db *db, struct arena *a, int64_t id, struct buf *out, struct err *e);
/* {"deals","lack":[...],"moved":[...]}, of the deals that env's rights see. */
MUST_USE enum rc draft_impact(struct db *db, struct arena *a, int64_t id, const struct filter_env *env, struct buf *out,
                              struct err *e);
