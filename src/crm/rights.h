/* What somebody may see and do. A role says per noun how far each right reaches (nothing, own, the team's, all), which
 * fields are hidden or read-only, which funnels and stages are hidden or closed, and what else is allowed. It holds on
 * every way: commands, lists, counts, sums, reports, search, exports, live updates, texts of errors. Something one may
 * not see answers exactly as something that does not exist.
 *
 * Own: the owner is oneself; a deal also when one is a co-worker on it. Notes, products, files, contact points and
 * co-workers of a deal follow what they hang on (all of it must be seen); a task is seen by its owner's scope or with
 * its deal. Dictionaries (funnels, stages, sources, tags ...) are seen by everybody; writing them needs CAN_SETTINGS.
 */
#pragma once
#include "crm/command.h"
#include "crm/sqlb.h"

enum scope { SCOPE_NONE, SCOPE_OWN, SCOPE_TEAM, SCOPE_ALL };
enum right { RIGHT_SEE, RIGHT_CREATE, RIGHT_EDIT, RIGHT_DELETE, RIGHT_EXPORT, RIGHT_N };
extern const char *const scope_names[], *const right_names[]; /* NULL-terminated, as in role.rights */
enum can { /* bits; names in can_names: "settings", "users", "import", "bulk", "undo_others", "merge", "erase",
              "share_views", "reports", "override", "automation" */
           CAN_SETTINGS = 1,
           CAN_USERS = 2,
           CAN_IMPORT = 4,
           CAN_BULK = 8,
           CAN_UNDO_OTHERS = 16,
           CAN_MERGE = 32,
           CAN_ERASE = 64,
           CAN_SHARE_VIEWS = 128,
           CAN_REPORTS = 256,
           CAN_OVERRIDE = 512,    /* set a rule of a stage aside, with a reason */
           CAN_AUTOMATION = 1024, /* triggers and goals, their runs */
};
extern const char *const can_names[];

#define RIGHTS_FIELDS 256 /* a noun has fewer fields than this */
struct rights {
    int64_t user_id;
    bool everything; /* nothing needs to be asked: the administrator */
    unsigned can;
    bool all_rows[ENT_END], all_fields[ENT_END]; /* of the noun everything is seen: the fast way */
    unsigned char scope[ENT_END][RIGHT_N];       /* enum scope */
    unsigned char gives[ENT_END][RIGHT_N];       /* how far a role that one gives may reach: not narrowed */
    uint64_t hidden[ENT_END][RIGHTS_FIELDS / 64], read_only[ENT_END][RIGHTS_FIELDS / 64]; /* by index of the field */
    const int64_t *team; /* whose records SCOPE_TEAM reaches, oneself among them; ascending */
    size_t n_team;
    const int64_t *hidden_funnels, *closed_funnels, *hidden_stages,
        *closed_stages;                               /* ascending; closed: not to enter */
    const int64_t *no_leave_stages, *no_close_stages; /* not to move out of; not to win or lose from */
    size_t n_hidden_funnels, n_closed_funnels, n_hidden_stages, n_closed_stages, n_no_leave_stages, n_no_close_stages;
    const int64_t *heads; /* teams that one heads, and those below; ascending */
    size_t n_heads;
};
/* Compiles the rights of a user from rows; they live in the arena. Somebody who is not there may nothing. */
MUST_USE enum rc rights_load(struct db *db, struct arena *a, int64_t user_id, const struct rights **out, struct err *e);
void rights_of_base(enum role base, struct rights *out);                   /* of a built-in role as it comes */
const struct rights *rights_copy(struct arena *a, const struct rights *r); /* NULL stays NULL */

/* A copy that reaches none of the objects that `sees` (by enum entity_id) leaves out; of those only which a role names.
 * Whoever may everything may it no longer, but gives the roles that are less. */
const struct rights *rights_narrow(struct arena *a, const struct rights *r, const bool *sees);

/* NULL rights may everything. */
bool rights_can(const struct rights *r, enum can what);
enum scope rights_scope(const struct rights *r, const struct entity *ent, enum right right);
bool rights_sees_field(const struct rights *r, const struct entity *ent, int field);
bool rights_edits_field(const struct rights *r, const struct entity *ent, int field);
/* Every record of the noun, in every way the right is meant. */
bool rights_all_rows(const struct rights *r, const struct entity *ent, enum right right);
bool rights_has_funnel(const struct rights *r, int64_t funnel_id); /* it is there: not hidden */
bool rights_has_stage(const struct rights *r, int64_t funnel_id, int64_t stage_id);
bool rights_enters(const struct rights *r, int64_t funnel_id, int64_t stage_id); /* neither hidden nor closed */
bool rights_leaves(const struct rights *r, int64_t stage_id, bool closes); /* closes: by winning or losing the deal */
/* Takes out of a row that is about to be shown what it tells of places out of sight. */
void rights_trim(const struct rights *r, struct arena *a, struct record *row);
/* Of the fields one may see; NULL when that is all of them. `mask` (may be NULL) narrows further. */
const bool *rights_mask(const struct rights *r, struct arena *a, const struct entity *ent, const bool *mask);
/* Before a body is read: a hidden field is as unknown as one that is not there (unknown_field). */
MUST_USE enum rc rights_refuse_hidden(const struct rights *r, const struct entity *ent, const json_t *body,
                                      struct err *e);
/* Writes a condition over the noun's table known as `alias`: the rows that the right reaches. */
void rights_sql(struct sqlb *q, const struct rights *r, const struct entity *ent, enum right right, const char *alias);
/* The records that one may see as a few sets without overlap, each in reach of an index: 0 when there is no such form
 * (then rights_sql says it), else how many; and the condition of one of them. Together they are rights_sql. */
size_t rights_branches(const struct rights *r, const struct entity *ent);
void rights_branch_sql(struct sqlb *q, const struct rights *r, const struct entity *ent, size_t branch,
                       const char *alias);
/* Whether the right reaches one record, deleted or not; false when there is none. The same answer as rights_sql. */
MUST_USE enum rc rights_reach(struct db *db, struct arena *a, const struct rights *r, const struct entity *ent,
                              int64_t id, enum right right, bool *out, struct err *e);
