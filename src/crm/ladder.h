/* The sales ladder of a client: climbs and falls over time, out of the journal. */
#pragma once
#include "crm/query.h"

#define LADDER_POINTS_MOST 2000
#define LADDER_DEALS_MOST 1000 /* of a client, the newest ones */

/* {"points":[{"at","level","stage_id"|"classifier_id","deal_id","pass","kind":"up|down|won|lost"}],
 * "levels":[{"level","name"}],"total","thinned"}. level: 0..100, of a deal the share of its funnel's open stages that
 * it has come through, of the client the place of its development stage. Each deal is a pass of its own, and so is what
 * follows when a closed one is opened again; the development of the client is pass 0. Of more points than
 * LADDER_POINTS_MOST wins and losses are kept before others, evenly over time. `ent`: contact or company. Only what
 * these rights see. Errors: not_found. */
MUST_USE enum rc client_ladder(struct db *db, struct arena *a, const struct entity *ent, int64_t id,
                               const struct rights *r, struct buf *out, struct err *e);

/* ---- inside, for tests ---- */
enum ladder_kind { LADDER_UP, LADDER_DOWN, LADDER_WON, LADDER_LOST };
struct ladder_point {
    int64_t at, seq, level, stage_id, classifier_id, deal_id, pass;
    enum ladder_kind kind;
};
/* Keeps at most `most` of n points in their order; returns how many. */
size_t ladder_thin(struct ladder_point *p, size_t n, size_t most);
