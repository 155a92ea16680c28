/* Clients and the economics of deals: what a deal has been through (stage_ids, returns), what it sells (product_ids),
 * whether it pays (unprofitable), and its buying centre (coverage). Kept by hooks beside the row; not journalled. */
#pragma once
#include "crm/command.h"

#define COVERAGE_DAYS 90 /* a member of the buying centre counts when the last contact is not older */

/* ---- deal_derived.c ---- */

/* Called by deal_before, last: what follows from the deal's own values. No statement unless cost, value or funnel of a
 * deal that has a cost, or the stage, have changed. */
MUST_USE enum rc deal_derive(struct change *ch, const struct record *was, struct record *will, struct err *e);
/* Called by deal_after when the stage has changed. */
MUST_USE enum rc deal_derive_moved(struct change *ch, const struct record *was, const struct record *is, struct err *e);
/* Called by funnel_after: another unprofitable_percent counts for all of its deals. */
MUST_USE enum rc deal_derive_funnel(struct change *ch, const struct record *was, const struct record *is,
                                    struct err *e);

/* Where a deal has been, by its events: created, moved and passed; those that were taken back do not count. */
struct deal_step {
    int64_t seq, undoes, at, stage_id; /* stage_id: where it led */
    bool moved;                        /* not created, not passed */
};
struct deal_path {
    struct deal_step *ptr;
    size_t len, cap;
    bool undone; /* some event takes another one back */
};
void deal_path_add(struct deal_path *p, const struct event *ev);
bool deal_step_stands(const struct deal_path *p, size_t i); /* it, or the taking back of its taking back */
/* Every stage it has been on, ascending; the present one always among them. */
struct val deal_path_stages(const struct deal_path *p, struct arena *a, int64_t present);

/* For whoever writes deals past the commands: notes that the event `seq` was a step back; won: of a deal that was won.
 */
MUST_USE enum rc deal_return_add(struct db *db, int64_t deal_id, int64_t seq, bool won, struct err *e);

/* ---- hooks_client.c ---- */

/* Percent of the buying centre that is covered at `now`; null: nobody is named. *until: when that changes by itself
 * (INT64_MAX: never). */
MUST_USE enum rc deal_coverage(struct db *db, int64_t deal_id, int64_t now, struct val *out, int64_t *until,
                               struct err *e);
/* Brings the coverage of deals up to date whose members have not been spoken to for too long; at most `limit`. */
MUST_USE enum rc deal_coverage_sweep(struct db *db, int64_t now, int64_t limit, int64_t *n, struct err *e);
/* Somebody of the client was spoken to: their place in the buying centre of the deal knows when. */
MUST_USE enum rc buyer_contacted(struct change *ch, int64_t deal_id, int64_t contact_id, int64_t at, struct err *e);
/* While contacts are merged: the member of a deal that already has `into` gives what it knows and goes (*gone). */
MUST_USE enum rc buyer_merge(struct change *ch, const struct record *member, int64_t into, bool *gone, struct err *e);
/* Of contacts and companies: values of classifiers are of their own kind, and not archived (option_archived). */
MUST_USE enum rc classifiers_fit(struct change *ch, const struct record *was, const struct record *will, struct err *e);
/* The usual values of each kind that has none; locale "ru" or "en". */
MUST_USE enum rc classifiers_ensure(struct change *ch, struct str locale, struct err *e);

/* ---- involvement.c ---- */

/* Called by task_before: marks a task that calls a department in before its stage. No statement unless the task has a
 * deal and its owner, kind or deal is new. */
MUST_USE enum rc involvement_mark(struct change *ch, const struct record *was, struct record *will, struct err *e);
/* Called by task_after: the deal's owner and their head hear of a task that has become early. */
MUST_USE enum rc involvement_tell(struct change *ch, const struct record *was, const struct record *is, struct err *e);
