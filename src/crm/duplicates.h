/* Contacts and companies that are there twice: an equal phone (main or further), mail, INN (of one KPP), or name
 * (of contacts: in one company). Only among what one may see, and never by a field that is hidden from one. */
#pragma once
#include "crm/rights.h"

struct likeness { /* what is known of a record that somebody is entering; STR_NULL and 0: nothing */
    struct str name, phone, email, inn, kpp;
    int64_t company_id, but; /* but: the record itself */
};
/* Writes {"items":[{"why":["phone"],…the record}]}, the likeliest first, at most 20. */
MUST_USE enum rc duplicates_of(struct db *db, struct arena *a, const struct entity *ent, const struct likeness *like,
                               const struct rights *r, struct buf *out, struct err *e);
/* Writes {"items":[{"why","ids","records"}],"next_cursor"}: groups of the whole base. A record may stand in several
 * groups; a group whose records are all alike by several things comes once. Errors: bad_cursor. */
MUST_USE enum rc duplicates_list(struct db *db, struct arena *a, const struct entity *ent, const struct rights *r,
                                 struct str cursor, int64_t limit, struct buf *out, struct err *e);
