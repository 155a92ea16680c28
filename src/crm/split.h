/* One product, one deal: what a deal sells of other funnels goes into deals of their own. */
#pragma once
#include "crm/command.h"
#include "crm/rights.h"

#define SPLIT_PARTS_MOST 20

struct split_part {
    int64_t funnel_id, value_minor;
    int64_t *products; /* ids of deal-products */
    size_t n;
};
struct split {
    int64_t deal_id;
    struct split_part parts[SPLIT_PARTS_MOST];
    size_t n;
    int64_t made[SPLIT_PARTS_MOST]; /* the new deals, by part */
};
/* A part for each other funnel of the deal's products, as far as whoever asks sees those. Errors: not_found. */
MUST_USE enum rc split_propose(struct db *db, struct arena *a, int64_t deal_id, const struct rights *r,
                               struct split *out, struct err *e);
/* {"parts":[{"funnel_id","products":[the deal-products],"value_minor"}]} */
MUST_USE enum rc split_put(struct db *db, struct arena *a, const struct split *s, const struct rights *r, struct jw *w,
                           struct err *e);
/* Makes a deal of each part on the first stage of its funnel (whose gates hold), with client, owner, source and tags of
 * the old one, and takes the products over; one change. No parts: those that are proposed. Errors: not_found,
 * forbidden, nothing_to_split, ref_not_found (products), and those of creating a deal. */
MUST_USE enum rc split_deal(struct change *ch, struct split *s, struct err *e);
