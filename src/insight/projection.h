/* All deals and their ways through the stages in memory, fed by the journal: what reports scan instead of SQL.
 * A deal is 56 bytes, a visit of a stage 16. Names are not here; a report reads them from the database when it prints.
 */
#pragma once
#include "base/vec.h"
#include "crm/entity.h"

#define VISIT_NONE UINT32_MAX

/* A deal entered a stage. Visits of a deal are chained in order of (at, order of arrival in the journal): imports may
 * bring earlier times later. A visit whose move was undone is not in the chain. */
struct visit {
    uint64_t packed; /* see visit_at, visit_stage, visit_passed */
    uint32_t next;   /* index, VISIT_NONE: the last */
    uint32_t actor;  /* user id, 0 for the system */
};
static inline int64_t visit_at(const struct visit *v)
{
    return (int64_t)v->packed >> 16;
}
/* Index into stage_ids. */
static inline uint32_t visit_stage(const struct visit *v)
{
    return (uint32_t)(v->packed & 0x7fff);
}
/* Seen in imported history after the deal was closed: the deal itself did not move. */
static inline bool visit_passed(const struct visit *v)
{
    return (v->packed & 0x8000) != 0;
}

struct deal_row {
    int64_t id, value_minor;
    uint32_t first, last;                                                      /* visits */
    int32_t funnel, owner, source, campaign, deal_class, company, loss_reason; /* ids, 0: none */
    bool deleted;
    bool transferred; /* has been in more than one funnel */
};

struct projection;
/* What a reader sees while it holds the lock. */
struct deals_view {
    const struct deal_row *deals;
    size_t n_deals;
    const struct visit *visits;
    const int64_t *stage_ids; /* of visit_stage */
    size_t n_stages;
    int64_t seq;                /* the last event taken in */
    size_t unreadable;          /* events whose data could not be read (a defect: counted, said in reports) */
    const uint32_t *slot_of_id; /* deal id to index + 1, 0: no such deal; ids below n_slots */
    size_t n_slots;
};

/* In a server: a thread of its own reads the journal from the beginning and then follows it. */
MUST_USE enum rc projection_start(struct projection **out, const struct db_target *target, struct err *e);
void projection_wake(struct projection *p); /* after a local commit; any thread */
/* Waits until everything up to seq is in, at most timeout_ms; false when it is not. */
bool projection_wait(struct projection *p, int64_t seq, int64_t timeout_ms);
/* For the CLI and tests: reads the whole journal now, on the caller's connection. */
MUST_USE enum rc projection_build(struct projection **out, struct db *db, struct err *e);
/* An empty one, to be fed by hand; projection_events has the shape of feed_listener.events. */
struct projection *projection_new(void);
void projection_events(void *projection, const struct event *ev, size_t n);
void projection_free(struct projection *p); /* stops its thread; NULL is fine */

/* Many readers at once; writing waits for them, so keep it to one report. */
struct deals_view projection_lock(struct projection *p);
void projection_unlock(struct projection *p);
