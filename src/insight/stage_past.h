/* What was typed into stages and when: a chance that was promised then is judged by the probability of then. */
#pragma once
#include "insight/population.h"

struct stage_change {
    int64_t at;
    int16_t now; /* per cent from then on, -1: none */
};
struct stage_history {
    int64_t id;
    int16_t first; /* what it was made with; so it is read for times before it was made, which imports have */
    struct stage_change *changes; /* in order of time */
    size_t n;
};
struct stage_past {
    struct stage_history *of; /* ascending by id */
    size_t n;
    const struct stage_history **of_view; /* by index of the view's stages: after stage_past_map; NULL: not known */
    size_t n_view;
};

/* Of the stages of a funnel (0: of all), deleted and merged ones too. Reads their events; in the arena. */
MUST_USE enum rc stage_past_read(struct stage_past *p, const struct report_call *c, int64_t funnel_id, struct err *e);
void stage_past_map(struct stage_past *p, const struct projection_view *v, struct arena *a);
/* Per cent as of the end of `at`; -1: none. stage: index of the view's. */
int stage_past_probability(const struct stage_past *p, uint32_t stage, int64_t at);
/* How often a probability was changed after `from` and up to `to`. */
int64_t stage_past_changes(const struct stage_past *p, int64_t from, int64_t to);
