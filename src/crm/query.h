/* Lists and timelines: filter, sort, keyset cursors, field masks, counts and sums, the same on both databases. */
#pragma once
#include "crm/filter.h"

struct query { /* texts as the client sent them; STR_NULL when absent */
    const struct entity *ent;
    struct str filter, sort, cursor, fields, sum;
    int64_t limit;  /* 1..500 */
    int64_t offset; /* instead of a cursor: the row to begin at, from 0 */
    bool count;
};
/* Writes {"items":[…],"next_cursor":…,"count":…,"sums":{…}}. Empty values sort last in either direction; text sorts by
 * its folded form where there is one. Errors: bad_filter, bad_sort, bad_cursor (also one of another sort or filter),
 * bad_fields, bad_sum; on an error `out` may hold a part and must be cleared. */
MUST_USE enum rc query_list(struct db *db, struct arena *a, const struct query *q, const struct filter_env *env,
                            struct buf *out, struct err *e);
/* {"groups":[{"value","count","sums"}]} by one field, in its own order, what has no value last; at most 1,000. Of q
 * only filter and sum count. Errors: bad_group, bad_filter, bad_sum. */
MUST_USE enum rc query_groups(struct db *db, struct arena *a, const struct query *q, struct str by,
                              const struct filter_env *env, struct buf *out, struct err *e);
/* Ids of the live records in sight that satisfy a filter (NULL: all), ascending, at most `limit`. */
MUST_USE enum rc query_ids(struct db *db, struct arena *a, const struct entity *ent, const struct rights *r,
                           const struct filter *f, int64_t limit, int64_t **ids, size_t *n, struct err *e);

/* An event as the API shows it:
 * {"seq","at","actor_id","via","kind","object","object_id","change_id","cause","undoes","set"}. */
void event_put(struct jw *w, const struct event *ev);
/* The same for somebody, without the fields that are hidden from them; false, and nothing written, when nothing that
 * has changed may be seen. Whether they may see the object has been asked before. */
bool event_put_seen(struct jw *w, const struct event *ev, const struct rights *r, struct arena *a);
/* {"items":[event…],"next_cursor"}, newest first: the object's own events and those of what hangs on it. `ent` is deal,
 * contact or company. Errors: not_found, bad_cursor. */
MUST_USE enum rc timeline_list(struct db *db, struct arena *a, const struct entity *ent, int64_t id, struct str cursor,
                               int64_t limit, const struct rights *r, struct buf *out, struct err *e);
/* {"items":[{"owner_id","from","to","by","reason"}]}, newest first, of a deal, contact or company. Errors: not_found.
 */
MUST_USE enum rc owners_list(struct db *db, struct arena *a, const struct entity *ent, int64_t id,
                             const struct rights *r, struct buf *out, struct err *e);
/* The same shape, with "name" of what each event is about: what happened to all records of these kinds (or to the one
 * of them with this id; 0: all). For dictionaries and settings: kinds of which there are few. Errors: bad_cursor. */
MUST_USE enum rc history_list(struct db *db, struct arena *a, const enum entity_id *kinds, size_t n, int64_t id,
                              struct str cursor, int64_t limit, const struct rights *r, struct buf *out, struct err *e);
