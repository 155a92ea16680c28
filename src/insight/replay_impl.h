/* Inside of the replay: what its scans share. */
#pragma once
#include "insight/replay.h"

struct replay {
    const struct projection_view *v;
    const struct replay_spec *s;
    struct replay_hits *out;
};
/* The visit during which `at` lies; VISIT_NONE: the deal stood nowhere yet. */
uint32_t replay_visit(const struct projection_view *v, uint32_t deal, int64_t at);
/* The visit behind this one that moved the deal; stages seen after its close moved nothing. */
uint32_t replay_next(const struct projection_view *v, uint32_t deal, uint32_t visit);
/* Does the rule look at the stage of this visit? */
bool replay_here(const struct replay *r, uint32_t visit);
unsigned replay_outcome(const struct replay *r, uint32_t visit);
/* A firing, when it lies within the period. deal FACT_NO_ROW: of none. */
void replay_hit(const struct replay *r, uint32_t row, uint32_t deal, uint32_t visit, int64_t at);
void replay_records(const struct replay *r); /* replay_records.c */
void replay_timers(const struct replay *r);  /* replay_timers.c */
