/* How far along an ordered list of steps somebody came within a time: the semantics of ClickHouse's windowFunnel. The
 * clock starts with the first step; each later one must come after the one before it, not later than `window` after the
 * start (inclusive). What stands between does not matter, unless a mode says so. A later first step starts the clock
 * anew. */
#pragma once
#include "insight/projection.h"

enum window_mode {
    WINDOW_STRICT_DEDUP = 1,    /* a step seen twice ends the chain */
    WINDOW_STRICT_ORDER = 2,    /* anything between the steps ends the chain; the same step again does not */
    WINDOW_STRICT_INCREASE = 4, /* each step must be later than the one before, not at the same time */
    WINDOW_ALLOW_REENTRY = 8,   /* with STRICT_ORDER: earlier steps may come again */
};
enum { WINDOW_STEPS_MOST = 32 };
struct window_event {
    int64_t at;
    uint32_t steps; /* bit i: it meets step i + 1; 0: none */
};
/* Events in order of time; how many steps were reached, 0..n_steps. */
int window_funnel(const struct window_event *events, size_t n, int n_steps, int64_t window, unsigned modes);
/* The same over the visits of a deal, without modes: step_of[index of the stage] is its step from 1, 0: none; it has
 * n_stages entries. Visits after `as_of` do not count. */
int window_funnel_visits(struct visits visits, const uint8_t *step_of, size_t n_stages, int n_steps, int64_t window,
                         int64_t as_of);
