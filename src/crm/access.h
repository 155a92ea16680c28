/* What decides who may see or change one record, loaded once and asked for any number of people: the same answers as
 * rights_sql gives. */
#pragma once
#include "crm/rights.h"

struct access {
    const struct entity *ent;
    int64_t id;
    bool exists;
    int64_t owner;          /* owner, author or user; 0: nobody */
    int64_t funnel, stage;  /* of a deal or what stands on a stage; of a stage, loss reason or layout its funnel */
    int64_t kind;           /* sharing of a view, kind of a contact point, object of a custom field, team of a review */
    const int64_t *members; /* co-workers of a deal */
    size_t n_members;
    const struct access *deal, *contact, *company; /* what it hangs on; NULL: nothing */
};
/* A row as it is, deleted or not; all of it lives in the arena. */
MUST_USE enum rc access_load(struct db *db, struct arena *a, const struct entity *ent, int64_t id, struct access **out,
                             struct err *e);
/* The same of a record in memory: as it was, or as it will be. A new one has id 0. */
MUST_USE enum rc access_of(struct db *db, struct arena *a, const struct record *r, struct access **out, struct err *e);
bool rights_allow(const struct rights *r, const struct access *x, enum right right);
/* For what keeps the facts itself: the columns of a deal; the owner of a contact or company. */
bool rights_allow_deal(const struct rights *r, enum right right, int64_t owner, int64_t funnel, int64_t stage,
                       const int64_t *members, size_t n_members);
bool rights_allow_owned(const struct rights *r, const struct entity *ent, enum right right, int64_t owner);
