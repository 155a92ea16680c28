/* Boards and cards as they were at an instant (`as_of` of their requests). */
#pragma once
#include "api/api.h"

/* *at: the instant that the request names; false: it names none. Errors: bad_param. */
MUST_USE enum rc past_asked(struct call *c, bool *asked, int64_t *at, struct err *e);
/* The snapshot of a board, of the deals that were open then, with the totals of then. Errors: not_found,
 * reports_loading. */
MUST_USE enum rc past_board(struct call *c, const struct filter *filter, int64_t at, struct err *e);
/* The record as it was. Errors: not_found. */
MUST_USE enum rc past_card(struct call *c, int64_t at, struct err *e);
