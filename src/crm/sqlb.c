#include "crm/sqlb.h"
#include <stdarg.h>
#include <stdio.h>

void sqlb_c(struct sqlb *q, const char *text)
{
    buf_c(&q->text, text);
}

void sqlb_fmt(struct sqlb *q, const char *fmt, ...)
{
    char piece[600];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(piece, sizeof piece, fmt, ap);
    va_end(ap);
    if (n > 0)
        buf_add(&q->text, piece, (size_t)n < sizeof piece ? (size_t)n : sizeof piece - 1);
}

void sqlb_param(struct sqlb *q, struct val v)
{
    if (q->n == q->cap) {
        size_t cap = q->cap ? q->cap * 2 : 16;
        struct val *more = ARENA_ARRAY(q->arena, struct val, cap);
        if (q->n)
            memcpy(more, q->params, q->n * sizeof *more);
        q->params = more;
        q->cap = cap;
    }
    q->params[q->n++] = v;
    buf_char(&q->text, '$');
    buf_i64(&q->text, (int64_t)q->n);
}

static void bind(struct stmt *s, int i, struct val v)
{
    switch (v.kind) {
    case VAL_INT:
        stmt_i64(s, i, v.i);
        break;
    case VAL_REAL:
        stmt_f64(s, i, v.f);
        break;
    case VAL_TEXT:
        stmt_str(s, i, v.s);
        break;
    case VAL_ABSENT:
    case VAL_NULL:
    case VAL_SET:
        stmt_null(s, i);
        break;
    }
}

enum rc sqlb_prepare(struct sqlb *q, struct db *db, struct stmt **out, struct err *e)
{
    buf_add(&q->text, "", 1);
    q->text.len--;
    TRY(db_prepare(db, out, q->text.ptr, e));
    for (size_t i = 0; i < q->n; i++)
        bind(*out, (int)i + 1, q->params[i]);
    return RC_OK;
}

void sqlb_free(struct sqlb *q)
{
    buf_free(&q->text);
}
