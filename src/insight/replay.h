/* Where a rule would have fired, had it been there: one pass over the ways of all deals. What the rule is, and whether
 * its condition held then, is for the caller to say. */
#pragma once
#include "base/calendar.h"
#include "base/vec.h"
#include "insight/projection.h"

enum replay_on { REPLAY_CREATED, REPLAY_ENTERED, REPLAY_LEFT, REPLAY_WON, REPLAY_LOST, REPLAY_STAYED };
struct replay_spec {
    enum replay_on on;
    const bool *here;              /* by index of stage_ids: the stages where it looks */
    const unsigned char *outcomes; /* by index of stage_ids: enum deal_status */
    int64_t wait_ms;               /* STAYED: so long on the stage */
    const struct calendar *work;   /* not NULL: wait_ms is working time */
    int64_t from, to;              /* firings within, both ends in; what stands after `to` is not looked at */
};
#define VISIT_NONE UINT32_MAX
/* A firing. Visits by index of visit_packed, VISIT_NONE: none. */
struct replay_hit {
    uint32_t deal;  /* row of deals */
    uint32_t visit; /* during which it fires */
    uint32_t next;  /* what happened to the deal next */
    bool won_later; /* people won it afterwards */
    int64_t at;
};
struct replay_hits {
    struct replay_hit *ptr;
    size_t len, cap;
};
/* In order of deals; vec_free the hits. */
void replay_scan(const struct projection_view *view, const struct replay_spec *spec, struct replay_hits *out);
