/* Inside of rights; private to rights*.c and the hooks of people. */
#pragma once
#include "crm/command.h"
#include "crm/rights.h"

/* What a role's text gives to a person: fills everything but user_id and team. `strict`: the first mistake is refused
 * (bad_rights, arg 0 the path to it); else what has no meaning any more (a funnel or field that is gone) is passed
 * over. text may be empty: as the base role. */
MUST_USE enum rc rights_from_role(struct arena *a, enum role base, struct str text, bool strict, struct rights *out,
                                  struct err *e);
/* Is it in an ascending list? */
bool rights_in(const int64_t *ids, size_t n, int64_t id);
/* Is everything that `r` may also allowed to `by`? Of rights that were narrowed those of their person count, but no
 * longer as of one who may everything. */
bool rights_within(const struct rights *r, const struct rights *by);
static inline void rights_set_bit(uint64_t *bits, int i)
{
    bits[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline bool rights_bit(const uint64_t *bits, int i)
{
    return i >= 0 && bits[i / 64] >> (i % 64) & 1;
}
