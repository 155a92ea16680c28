/* Editing many records at once: the plan of it, and trying it without doing it. */
#pragma once
#include "crm/filter.h"
#include "crm/operation.h"

#define BULK_IDS_MOST 10000

/* Which objects may be edited in bulk. */
bool bulk_object(const struct entity *ent);
/* The plan as clients send it: {"filter"|"ids","set":{},"add":{},"remove":{},"delete":true}. Checked as far as it can
 * be without looking at records. Errors: those of record_from_json and filter_parse, bulk_nothing (nothing to do),
 * bulk_which (neither or both of ids and filter), unknown_field. */
MUST_USE enum rc bulk_check(struct arena *a, const struct entity *ent, const json_t *plan, const struct filter_env *env,
                            struct err *e);

struct bulk_reason {
    struct err err;
    int64_t count;
    int64_t ids[20]; /* the first ones */
    size_t n_ids;
    struct bulk_reason *next;
};
struct bulk_trial {
    int64_t matched, would_change, refused;
    struct bulk_reason *reasons;
};
/* Runs every command of it in the writer and rolls each back, budget_us of the writer's time at once. */
MUST_USE enum rc bulk_try(struct writer *w, struct db *db, struct arena *a, struct actor actor,
                          const struct entity *ent, struct str plan, int64_t budget_us, struct bulk_trial *out,
                          struct err *e);
