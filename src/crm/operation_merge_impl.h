/* Inside of merging: what becomes what, in records (operation_merge.c) and in texts that speak of it
 * (operation_merge_text.c). */
#pragma once
#include "crm/engine.h"
#include "crm/operation.h"
#include "crm/operation_merge.h"

struct merge_pair {
    int64_t from, into;
};
/* A value of a list that becomes another of it, or (of is the noun of custom fields) a field that becomes another. */
struct merge {
    const struct entity *of;
    int64_t from, into, field; /* field: the custom field whose values these are, else 0 */
    bool keep_from;            /* of fields: where both have a value the one of `from` stays */
    char names[2][24];         /* of fields: "cf_3", "cf_5"; else empty */
    /* Values that become others: of a list one, of fields with lists all of them. */
    const struct merge_pair *pairs;
    size_t n_pairs;
};

static inline bool merge_of_fields(const struct merge *m)
{
    return m->of->id == ENT_CUSTOM_FIELD;
}

/* Does this field hold the values, or is it the field? */
bool merge_refers(const struct merge *m, const struct field *fd);
/* What this value becomes; 0: it has nothing to do with it. */
int64_t merge_other(const struct merge *m, int64_t id);

/* merge_text.c: whatever speaks of it: saved views, cards, triggers, goals, gates, drafts, roles. */
MUST_USE enum rc merge_texts(struct change *ch, const struct merge *m, struct err *e);
