/* An event as it looks to somebody who does not see everything. */
#pragma once
#include "api/api.h"

struct sight;
/* Reads what decides who may see it; NULL when that could not be read. To be freed by sight_free. */
struct sight *sight_new(struct db *db, const struct event *ev);
void sight_free(struct sight *s);
/* Writes the event for one listener, that its object is gone from their sight, or nothing. */
void sight_put(const struct sight *s, const struct rights *r, struct buf *out);
bool sight_partial(const struct rights *r); /* somebody who does not see everything: they need it */
