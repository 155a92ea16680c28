/* Inside of the operations. */
#pragma once
#include "base/vec.h"
#include "crm/operation.h"

/* A statement whose $1 is the operation. */
MUST_USE enum rc operation_exec(struct db *db, const char *sql, int64_t id, struct err *e);
/* operation_items.c: the population and the work it gives. */
MUST_USE enum rc operation_populate(struct operation *op, struct writer *w, struct db *db, struct err *e);
MUST_USE enum rc operation_gather(struct operation *op, struct db *db, struct arena *a, size_t most,
                                  struct operation_items *out, struct err *e);
void operation_add_item(struct operation_items *v, struct arena *a, const struct operation_item *item);
/* Who it acts for: rights as they are now. Errors: operation_owner_gone. */
MUST_USE enum rc operation_actor(struct operation *op, struct db *db, struct arena *a, struct actor *out,
                                 struct err *e);
