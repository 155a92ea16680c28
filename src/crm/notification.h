/* What somebody ought to know: a row for one person, written in the transaction of what it tells of. */
#pragma once
#include "crm/command.h"

/* params: a JSON object that fills the text notification.<kind> of i18n/. */
MUST_USE enum rc notification_add(struct change *ch, int64_t user_id, const char *kind, enum entity_id object,
                                  int64_t object_id, struct str params, struct err *e);
/* Marks one's own as read; n 0: all of them. Not a change of the journal. */
MUST_USE enum rc notification_read(struct wtx *tx, int64_t user_id, const int64_t *ids, size_t n, struct err *e);
