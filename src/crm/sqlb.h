/* SQL text with bound values, put together piece by piece. Values never enter the text. */
#pragma once
#include "crm/schema.h"

struct sqlb {
    struct arena *arena;
    struct buf text; /* freed by sqlb_free */
    struct val *params;
    size_t n, cap;
};
static inline struct sqlb sqlb_new(struct arena *a)
{
    return (struct sqlb){.arena = a};
}
void sqlb_c(struct sqlb *q, const char *text);
void sqlb_fmt(struct sqlb *q, const char *fmt, ...) PRINTF_LIKE(2, 3);
void sqlb_param(struct sqlb *q, struct val v); /* writes $n; v.s must live until the statement is done */
/* Prepares the text and binds the values. */
MUST_USE enum rc sqlb_prepare(struct sqlb *q, struct db *db, struct stmt **out, struct err *e);
void sqlb_free(struct sqlb *q);
