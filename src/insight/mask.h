/* A filter of the list grammar, and what somebody may see, as one bit a row: what reports ask of the projection instead
 * of SQL. The answer is that of filter_sql and rights_sql for the same rows, deleted ones included.
 *
 *     TRY(mask_plan(&plan, arena, db, projection, FACT_DEAL, rights, filter, e));
 *     view = projection_lock(projection);
 *     bits = mask_apply(plan, &view, as_of, arena);
 *     for (row ...) if (mask_has(bits, row)) ...
 */
#pragma once
#include "crm/filter.h"
#include "insight/projection.h"

struct mask_plan;
/* Before the projection is locked: reads the database for what columns cannot answer (names, long texts, derived
 * fields, fields of nouns that are not held, who is a co-worker). filter, rights NULL: everything. The plan lives in
 * the arena. */
MUST_USE enum rc mask_plan(struct mask_plan **out, struct arena *a, struct db *db, struct projection *p, enum fact fact,
                           const struct rights *rights, const struct filter *filter, struct err *e);
/* Some of it can only be asked of the present, whatever as_of says: names, derived fields ... For a note. */
bool mask_of_present(const struct mask_plan *plan);
/* Bit row % 64 of word row / 64; those behind the last row are 0. NULL: every row. Attributes are those of the end of
 * as_of (FACT_NEVER: the present), what somebody may see is always that of the present. */
const uint64_t *mask_apply(const struct mask_plan *plan, const struct projection_view *view, int64_t as_of,
                           struct arena *a);

static inline bool mask_has(const uint64_t *bits, size_t row)
{
    return bits == NULL || (bits[row / 64] >> (row % 64) & 1);
}
