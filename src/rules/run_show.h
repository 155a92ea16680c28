/* Runs for people: what was done, why, why not. What somebody may not see is left out. */
#pragma once
#include "crm/rights.h"
#include "rules/run.h"

struct run_reader {
    struct db *db;
    struct arena *a;
    const struct rights *rights;
    const char *lang;
    int64_t now;
};
/* The names of what is missing are those of everybody; whoever does not see all of a funnel is not told them. */
void run_error_hide(struct err *why, const struct rights *r);
/* {"items":[run…],"next_cursor"}: of a trigger or goal (kind, id), or of a deal (ENT_DEAL, id); newest first, with ids
 * below `before` (0: from the newest). */
MUST_USE enum rc runs_put(const struct run_reader *r, enum entity_id kind, int64_t id, int64_t before, int64_t limit,
                          struct jw *w, struct err *e);
/* One run as an object. Errors: not_found. */
MUST_USE enum rc run_put(const struct run_reader *r, int64_t run_id, struct jw *w, struct err *e);
/* {"run":{…}|null,"chain":[{"seq","text","at","actor_id","run_id"}…]}: why an event happened, the chain from what a
 * person did down to it. Errors: not_found. */
MUST_USE enum rc why_put(const struct run_reader *r, int64_t seq, struct jw *w, struct err *e);
/* {"would":bool,"reasons":[{"code","text","value"}]} for a trigger and a deal. Errors: not_found. */
MUST_USE enum rc why_not_put(const struct run_reader *r, int64_t trigger_id, int64_t deal_id, struct jw *w,
                             struct err *e);
/* {"items":[{"trigger_id","name","due_at","text"}]} of a deal. */
MUST_USE enum rc deal_timers_put(const struct run_reader *r, int64_t deal_id, struct jw *w, struct err *e);
/* {"events":[…],"actions":[…]}: what there is, for forms. */
void catalogue_put(struct jw *w);
