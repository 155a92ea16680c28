/* What events say goes into the facts. */
#include "base/big.h"
#include "crm/custom_field.h"
#include "crm/fields.h"
#include "insight/projection_impl.h"

/* The state that the event speaks of, when it names one. */
struct moved {
    bool seen;
    int64_t was, now;
};

static void deal_field(struct projection *p, uint32_t row, size_t field, int64_t value, struct moved *m)
{
    const struct fact_column *c = &p->tables[FACT_DEAL].columns[field];
    if (field == DEAL_STAGE_ID && value != FACT_NULL) {
        m->seen = true;
        m->now = value;
    } else if (field == DEAL_FUNNEL_ID && c->kind != FC_NONE && fact_id(c, row) != 0 && fact_id(c, row) != value) {
        p->deal_flags.ptr[row] |= DEAL_TRANSFERRED;
    }
}

/* A custom field that the decoder did not know: its column has come meanwhile, or it has none. */
static const struct told_field *named(struct projection *p, enum fact fact, const struct told_field *name,
                                      struct told_field *out)
{
    size_t field;
    *out = name[1];
    if (!decoder_field(&p->decoder, fact, (struct str){name->text, name->len}, &field))
        return NULL;
    out->field = (uint16_t)field;
    return out;
}

/* False: it could not be understood, and is left out. */
static bool value_of(struct projection *p, struct fact_table *t, const struct told_field *f, int64_t *out)
{
    *out = f->value;
    return f->kind == TOLD_VALUE ||
           (f->kind == TOLD_JSON && facts_value(t, f->field, (struct str){f->text, f->len}, &p->scratch, out));
}

static bool take_fields(struct projection *p, uint32_t row, const struct told *ev, const struct told_batch *b)
{
    enum fact fact = (enum fact)ev->fact;
    struct fact_table *t = &p->tables[fact];
    const struct told *change = ev->verb == VERB_CREATED ? NULL : ev;
    struct moved moved = {0};
    bool ok = !ev->broken;
    static const struct told_field nothing; /* a batch without any field has no place to count from */
    const struct told_field *first = ev->n ? b->fields.ptr + ev->first : &nothing;
    for (const struct told_field *f = first, *end = f + ev->n; f < end; f++) {
        struct told_field found;
        const struct told_field *one = f;
        int64_t value;
        if (f->kind == TOLD_WAS) {
            moved.was = f->value;
            continue;
        }
        if (f->kind == TOLD_NAME && (one = named(p, fact, f++, &found)) == NULL)
            continue;
        if (t->own[one->field].kind == FC_NONE)
            continue;
        if (!value_of(p, t, one, &value)) {
            ok = false;
            continue;
        }
        if (fact == FACT_DEAL)
            deal_field(p, row, one->field, value, &moved);
        if (ev->verb != VERB_PASSED)
            facts_put(t, one->field, row, value, change);
    }
    if (moved.seen)
        ok = ways_moved(&p->ways, row, ev, moved.was, moved.now) && ok;
    return ok;
}

/* ---- the products of a deal ---- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void set_products(struct projection *p, uint32_t deal, const struct told *ev)
{
    struct fact_table *lines = &p->tables[FACT_DEAL_PRODUCT];
    const struct fact_column *product = &lines->columns[DEAL_PRODUCT_PRODUCT_ID];
    int64_t ids[1000];
    size_t n = 0, kept = 0;
    for (uint32_t i = p->first_line.ptr[deal]; i != 0 && n < 1000; i = p->next_line.ptr[i - 1])
        if (lines->deleted_at == NULL || lines->deleted_at[i - 1] == FACT_NEVER)
            ids[n++] = fact_id(product, i - 1);
    qsort(ids, n, sizeof *ids, by_id);
    for (size_t i = 0; i < n; i++)
        if (ids[i] != 0 && (kept == 0 || ids[kept - 1] != ids[i]))
            ids[kept++] = ids[i];
    int64_t value = facts_set_of(&p->tables[FACT_DEAL], DEAL_PRODUCT_IDS, ids, kept);
    if (value != FACT_NULL)
        facts_put(&p->tables[FACT_DEAL], DEAL_PRODUCT_IDS, deal, value, ev);
}

static uint32_t deal_of_line(struct projection *p, uint32_t row)
{
    const struct fact_column *deal = &p->tables[FACT_DEAL_PRODUCT].columns[DEAL_PRODUCT_DEAL_ID];
    return facts_row(&p->tables[FACT_DEAL], fact_id(deal, row));
}

static void line_made(struct projection *p, uint32_t row, const struct told *ev)
{
    uint32_t deal = deal_of_line(p, row), none = 0;
    while (p->next_line.len <= row)
        vec_push(&p->next_line, none);
    if (deal == FACT_NO_ROW)
        return;
    while (p->first_line.len <= deal)
        vec_push(&p->first_line, none);
    p->next_line.ptr[row] = p->first_line.ptr[deal];
    p->first_line.ptr[deal] = row + 1;
    set_products(p, deal, ev);
}

static void line_gone(struct projection *p, uint32_t row, const struct told *ev)
{
    uint32_t deal = deal_of_line(p, row);
    if (deal != FACT_NO_ROW)
        set_products(p, deal, ev);
}

/* ---- events ---- */

/* They stand behind the fields of the noun itself in order of id, which is the order in which they were made. */
static void custom_field_made(struct projection *p, const struct told *ev, const struct told_field *what)
{
    enum fact fact = (enum fact)what[0].value;
    const struct field *shape = custom_shape((int)what[1].value);
    char name[40];
    snprintf(name, sizeof name, "cf_%lld", (long long)ev->object_id);
    facts_add_field(&p->tables[fact], shape);
    decoder_add_field(&p->decoder, fact, str_c(name), shape);
    atomic_store(&p->custom, p->decoder.custom);
}

static uint32_t made(struct projection *p, enum fact fact, const struct told *ev)
{
    uint32_t row = facts_add(&p->tables[fact], ev->object_id, ev->at, ev->actor), none = 0;
    struct visit_span nowhere = {0};
    uint8_t no_flags = 0;
    if (row == FACT_NO_ROW || fact != FACT_DEAL)
        return row;
    vec_push(&p->deal_flags, no_flags);
    big_push(&p->ways.spans, nowhere);
    vec_push(&p->first_line, none);
    return row;
}

static bool take_fact(struct projection *p, const struct told *ev, const struct told_batch *b)
{
    enum fact fact = (enum fact)ev->fact;
    struct fact_table *t = &p->tables[fact];
    uint32_t row = facts_row(t, ev->object_id);
    if (ev->verb == VERB_DELETED || ev->verb == VERB_RESTORED) {
        if (row == FACT_NO_ROW)
            return false;
        facts_delete(t, row, ev->at, ev->verb == VERB_DELETED);
        if (fact == FACT_DEAL_PRODUCT)
            line_gone(p, row, ev);
        return true;
    }
    if (fact == FACT_DEAL && ev->verb == VERB_REACHED) {
        if (row == FACT_NO_ROW || ev->broken)
            return false;
        struct goal_reach one = {row, (int32_t)b->fields.ptr[ev->first].value, ev->at};
        vec_push(&p->reaches, one);
        return true;
    }
    if (!told_of_fields(fact, ev->verb))
        return true;
    if (ev->verb == VERB_CREATED)
        row = made(p, fact, ev);
    if (row == FACT_NO_ROW)
        return false;
    if (ev->verb == VERB_ERASED)
        facts_erase_texts(t, row);
    bool ok = take_fields(p, row, ev, b);
    if (fact == FACT_DEAL_PRODUCT && ev->verb == VERB_CREATED)
        line_made(p, row, ev);
    return ok;
}

/* ---- what comes soon is fetched into the cache: first where its row is, then the row ---- */

enum { NEAR = 9, FAR = 16 }; /* events ahead */

/* Functions that do nothing but this are taken for ones without effect, and their calls left out, unless inlined. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE void fetch(const struct fact_table *t, int field, uint32_t row)
{
    const struct fact_column *c = &t->columns[field];
    if (c->kind == FC_I8)
        __builtin_prefetch(&c->i8[row], 1);
    else if (c->kind == FC_I64)
        __builtin_prefetch(&c->i64[row], 1);
    else if (c->kind != FC_NONE)
        __builtin_prefetch(&c->i32[row], 1);
}

static ALWAYS_INLINE void fetch_fields(const struct projection *p, const struct told *ev, uint32_t row)
{
    const struct fact_table *t = &p->tables[ev->fact];
    if (ev->fact == FACT_TASK) {
        fetch(t, TASK_DONE, row);
        fetch(t, TASK_DONE_AT, row);
        fetch(t, TASK_DONE_BY, row);
        fetch(t, TASK_RESULT, row);
        return;
    }
    fetch(t, DEAL_STAGE_ID, row);
    if (ev->n > 1) {
        fetch(t, DEAL_STATUS, row);
        fetch(t, DEAL_CLOSED_AT, row);
        fetch(t, DEAL_LOSS_REASON_ID, row);
    }
}

static bool changes_old_row(const struct told *ev)
{
    return (ev->fact == FACT_DEAL && ev->verb == VERB_MOVED) || (ev->fact == FACT_TASK && ev->verb == VERB_DONE);
}

static ALWAYS_INLINE void look_ahead(const struct projection *p, const struct told *ev, size_t n)
{
    if (n > FAR && changes_old_row(&ev[FAR])) {
        const struct fact_table *t = &p->tables[ev[FAR].fact];
        if (ev[FAR].object_id > 0 && (uint64_t)ev[FAR].object_id < t->row_of_id.len)
            __builtin_prefetch(&t->row_of_id.ptr[ev[FAR].object_id]);
    }
    if (n > NEAR && changes_old_row(&ev[NEAR])) {
        uint32_t row = facts_row(&p->tables[ev[NEAR].fact], ev[NEAR].object_id);
        if (row != FACT_NO_ROW)
            fetch_fields(p, &ev[NEAR], row);
    }
}

static void take(struct projection *p, const struct told *ev, const struct told_batch *b)
{
    activity_count(&p->activities, ev, ev->via == VIA_TRIGGER || ev->via == VIA_PROCESS);
    if (ev->fact != FACTS)
        p->unreadable += !take_fact(p, ev, b);
    else if (ev->object == ENT_CUSTOM_FIELD && ev->verb == VERB_CREATED && ev->broken)
        p->unreadable++;
    else if (ev->object == ENT_CUSTOM_FIELD && ev->verb == VERB_CREATED)
        custom_field_made(p, ev, b->fields.ptr + ev->first);
    if (p->scratch.total > 0)
        arena_reset(&p->scratch);
    p->seq = ev->seq;
}

void projection_take(struct projection *p, const struct told_batch *b)
{
    for (size_t i = 0; i < b->events.len; i++) {
        look_ahead(p, &b->events.ptr[i], b->events.len - i);
        take(p, &b->events.ptr[i], b);
    }
}
