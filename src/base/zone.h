/* Time zones by their IANA name, from the system's compiled tables. */
#pragma once
#include "base/str.h"

struct zone;
/* Unknown names and missing tables give UTC. Never NULL; immutable, so any thread may use it. */
struct zone *zone_load(const char *name);
bool zone_exists(const char *name); /* is there a table of this name? */
/* Frees `old` together with z: for a zone that others may still be using. NULL is fine. */
void zone_keep(struct zone *z, struct zone *old);
void zone_free(struct zone *z);
int64_t zone_offset(const struct zone *z, int64_t at); /* ms to add to UTC to get local time at the instant `at` */
