/* Lists and timelines: filter, sort, keyset cursors, field masks, counts and sums, the same on both databases. */
#pragma once
#include "crm/filter.h"

struct query { /* texts as the client sent them; STR_NULL when absent */
    const struct entity *ent;
    struct str filter, sort, cursor, fields, sum;
    int64_t limit; /* 1..500 */
    bool count;
};
/* Writes {"items":[…],"next_cursor":…,"count":…,"sums":{…}}. Empty values sort last in either direction; text sorts by
 * its folded form where there is one. Errors: bad_filter, bad_sort, bad_cursor (also one of another sort or filter),
 * bad_fields, bad_sum; on an error `out` may hold a part and must be cleared. */
MUST_USE enum rc query_list(struct db *db, struct arena *a, const struct query *q, const struct filter_env *env,
                            struct buf *out, struct err *e);
/* Ids of the live records that satisfy a filter, ascending, at most `limit`. */
MUST_USE enum rc query_ids(struct db *db, struct arena *a, const struct entity *ent, const struct filter *f,
                           int64_t limit, int64_t **ids, size_t *n, struct err *e);

/* An event as the API shows it:
 * {"seq","at","actor_id","via","kind","object","object_id","change_id","cause","undoes","set"}. */
void event_put(struct jw *w, const struct event *ev);
/* {"items":[event…],"next_cursor"}, newest first: the object's own events and those of what hangs on it. `ent` is deal,
 * contact or company. Errors: not_found, bad_cursor. */
MUST_USE enum rc timeline_list(struct db *db, struct arena *a, const struct entity *ent, int64_t id, struct str cursor,
                               int64_t limit, struct buf *out, struct err *e);
/* The same shape, with "name" of what each event is about: what happened to all records of these kinds (or to the one
 * of them with this id; 0: all). For dictionaries and settings: kinds of which there are few. Errors: bad_cursor. */
MUST_USE enum rc history_list(struct db *db, struct arena *a, const enum entity_id *kinds, size_t n, int64_t id,
                              struct str cursor, int64_t limit, struct buf *out, struct err *e);
