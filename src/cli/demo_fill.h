/* The simulated company into the database: lists through the ordinary commands, the long history in bulk. */
#pragma once
#include "cli/demo.h"

struct demo_filled {
    int64_t events;              /* in the journal */
    int64_t contacts, companies; /* with those that were entered twice */
};
/* Errors: demo_not_empty (there are funnels or deals already: nothing was written). */
MUST_USE enum rc demo_fill(struct writer *writer, struct demo_world *w, void (*progress)(int64_t done, int64_t of),
                           struct demo_filled *out, struct err *e);
