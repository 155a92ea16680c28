/* Columns as they were: what the journal has changed since is taken back, the newest first. */
#include "insight/projection_impl.h"

static size_t width(enum fact_kind kind)
{
    return kind == FC_I8 ? 1 : kind == FC_I64 ? 8 : 4;
}

static void put(const struct fact_column *c, size_t row, int64_t value)
{
    bool none = value == FACT_NULL;
    if (c->kind == FC_I8)
        ((int8_t *)c->i8)[row] = (int8_t)(none ? INT8_MIN : value);
    else if (c->kind == FC_I64)
        ((int64_t *)c->i64)[row] = value;
    else
        ((int32_t *)c->i32)[row] = none ? INT32_MIN : (int32_t)value;
}

static struct fact_column copy(const struct fact_column *c, size_t rows, struct arena *arena)
{
    struct fact_column out = *c;
    size_t bytes = rows * width(c->kind);
    void *values = arena_alloc(arena, bytes + 1);
    memcpy(values, c->i64, bytes);
    out.i64 = values;
    return out;
}

struct fact_column fact_as_of(const struct projection_view *v, enum fact fact, int field, int64_t at,
                              struct arena *arena)
{
    const struct facts *f = &v->facts[fact];
    struct fact_column c = *fact_column(f, field);
    bool own = false;
    for (size_t i = c.n_changes; i-- > 0;) {
        const struct fact_change *change = &c.changes[i];
        if (c.latest[i / CHANGE_BLOCK] <= at) {
            i -= i % CHANGE_BLOCK; /* and on with the block before */
            continue;
        }
        if (change->at <= at)
            continue;
        if (!own)
            c = copy(&c, f->n, arena);
        own = true;
        put(&c, change->row, change->old);
    }
    return c;
}

const int64_t *fact_changes_to(const struct facts *f, const struct fact_column *c, struct arena *arena)
{
    int64_t *to = ARENA_ARRAY(arena, int64_t, c->n_changes + 1);
    if (c->n_changes == 0)
        return to;
    struct fact_column now = copy(c, f->n, arena);
    for (size_t i = c->n_changes; i-- > 0;) {
        to[i] = fact_get(&now, c->changes[i].row);
        put(&now, c->changes[i].row, c->changes[i].old);
    }
    return to;
}
