/* What an event says of the facts. */
#include "base/big.h"
#include "crm/custom_field.h"
#include "crm/fields.h"
#include "insight/projection_impl.h"

static bool changes_fields(int verb)
{
    return verb == VERB_CREATED || verb == VERB_UPDATED || verb == VERB_MOVED || verb == VERB_DONE ||
           verb == VERB_ERASED;
}

/* The state that the event speaks of, when it names one. */
struct moved {
    bool seen;
    int64_t was, now;
};

static void deal_field(struct projection *p, uint32_t row, size_t field, const struct event_pair *pair, int64_t value,
                       struct moved *m)
{
    const struct fact_column *c = &p->tables[FACT_DEAL].columns[field];
    int64_t was;
    if (field == DEAL_STAGE_ID && value != FACT_NULL) {
        m->seen = true;
        m->now = value;
        m->was = event_int(pair->old, &was) ? was : 0;
    } else if (field == DEAL_FUNNEL_ID && c->kind != FC_NONE && fact_id(c, row) != 0 && fact_id(c, row) != value) {
        p->deal_flags.ptr[row] |= DEAL_TRANSFERRED;
    }
}

/* Events of a kind name the same fields in the same order: what came behind a field the last time is tried first. */
static bool field_of(struct fact_table *t, size_t **guess, struct str name, size_t *field)
{
    int64_t found;
    if (!str_eq(t->own[**guess].name, name)) {
        if (!strmap_get(t->names, name, &found))
            return false;
        **guess = (size_t)found;
    }
    *field = **guess;
    *guess = &t->own[*field].next;
    return true;
}

static bool take_fields(struct projection *p, enum fact fact, uint32_t row, const struct event *ev)
{
    struct fact_table *t = &p->tables[fact];
    struct event_scan s;
    struct event_pair pair;
    struct moved moved = {0};
    size_t *guess = &t->first;
    int more;
    bool ok = event_scan_begin(&s, ev->data);
    if (!ok)
        return false;
    while (event_scan_expect(&s, t->own[*guess].head, &pair) ? (more = 2) : (more = event_scan_next(&s, &pair)) > 0) {
        size_t field = *guess;
        int64_t value;
        if (more == 2)
            guess = &t->own[field].next;
        else if (!field_of(t, &guess, pair.field, &field))
            continue;
        if (t->own[field].kind == FC_NONE)
            continue;
        if (pair.old.ptr == NULL || !facts_value(t, field, pair.now, &p->scratch, &value)) {
            ok = false;
            continue;
        }
        if (fact == FACT_DEAL)
            deal_field(p, row, field, &pair, value, &moved);
        if (ev->verb != VERB_PASSED)
            facts_put(t, field, row, value, ev->verb == VERB_CREATED ? NULL : ev);
    }
    if (moved.seen)
        ok = ways_moved(&p->ways, row, ev, moved.was, moved.now) && ok;
    return ok && more == 0;
}

/* ---- the products of a deal ---- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void set_products(struct projection *p, uint32_t deal, const struct event *ev)
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

static void line_made(struct projection *p, uint32_t row, const struct event *ev)
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

static void line_gone(struct projection *p, uint32_t row, const struct event *ev)
{
    uint32_t deal = deal_of_line(p, row);
    if (deal != FACT_NO_ROW)
        set_products(p, deal, ev);
}

/* ---- custom fields ---- */

static int index_of(const char *const *names, struct str json)
{
    for (int i = 0; names[i] != NULL; i++)
        if (json.len == strlen(names[i]) + 2 && memcmp(json.ptr + 1, names[i], json.len - 2) == 0)
            return i;
    return -1;
}

/* They stand behind the fields of the noun itself in order of id, which is the order in which they were made. */
static bool custom_field_made(struct projection *p, const struct event *ev)
{
    struct event_scan s;
    struct event_pair pair;
    int object = -1, type = -1, more;
    char name[40];
    if (!event_scan_begin(&s, ev->data))
        return false;
    while ((more = event_scan_next(&s, &pair)) > 0) {
        if (pair.now.ptr != NULL && str_eqc(pair.field, "object"))
            object = index_of(custom_object_names, pair.now);
        else if (pair.now.ptr != NULL && str_eqc(pair.field, "type"))
            type = index_of(custom_type_names, pair.now);
    }
    enum fact fact = fact_of_entity(custom_noun(object));
    const struct field *shape = custom_shape(type);
    if (more < 0 || fact == FACTS || shape == NULL)
        return false;
    snprintf(name, sizeof name, "cf_%lld", (long long)ev->object_id);
    facts_add_field(&p->tables[fact], name, shape);
    return true;
}

/* ---- events ---- */

static uint32_t made(struct projection *p, enum fact fact, const struct event *ev)
{
    uint32_t row = facts_add(&p->tables[fact], ev->object_id, ev->at, ev->actor_id), none = 0;
    struct visit_span nowhere = {0};
    uint8_t no_flags = 0;
    if (row == FACT_NO_ROW || fact != FACT_DEAL)
        return row;
    vec_push(&p->deal_flags, no_flags);
    big_push(&p->ways.spans, nowhere);
    vec_push(&p->first_line, none);
    return row;
}

/* {"goal_id":5} */
static bool reached(struct projection *p, uint32_t deal, const struct event *ev)
{
    static const char key[] = "\"goal_id\":";
    const char *at = ev->data.len ? memmem(ev->data.ptr, ev->data.len, key, sizeof key - 1) : NULL;
    int64_t goal = 0;
    if (at == NULL)
        return false;
    for (at += sizeof key - 1; at < ev->data.ptr + ev->data.len && *at >= '0' && *at <= '9' && goal < INT32_MAX; at++)
        goal = goal * 10 + (*at - '0');
    if (goal <= 0 || goal > INT32_MAX)
        return false;
    struct goal_reach one = {deal, (int32_t)goal, ev->at};
    vec_push(&p->reaches, one);
    return true;
}

static bool take(struct projection *p, enum fact fact, const struct event *ev)
{
    struct fact_table *t = &p->tables[fact];
    uint32_t row = facts_row(t, ev->object_id);
    bool known = changes_fields(ev->verb) || (fact == FACT_DEAL && ev->verb == VERB_PASSED);
    if (ev->verb == VERB_DELETED || ev->verb == VERB_RESTORED) {
        if (row == FACT_NO_ROW)
            return false;
        facts_delete(t, row, ev->at, ev->verb == VERB_DELETED);
        if (fact == FACT_DEAL_PRODUCT)
            line_gone(p, row, ev);
        return true;
    }
    if (fact == FACT_DEAL && ev->verb == VERB_REACHED)
        return row != FACT_NO_ROW && reached(p, row, ev);
    if (!known)
        return true;
    if (ev->verb == VERB_CREATED)
        row = made(p, fact, ev);
    if (row == FACT_NO_ROW)
        return false;
    if (ev->verb == VERB_ERASED)
        facts_erase_texts(t, row);
    bool ok = take_fields(p, fact, row, ev);
    if (fact == FACT_DEAL_PRODUCT && ev->verb == VERB_CREATED)
        line_made(p, row, ev);
    return ok;
}

static void fetch(const struct fact_table *t, int field, uint32_t row)
{
    const struct fact_column *c = &t->columns[field];
    if (c->kind == FC_I8)
        __builtin_prefetch(&c->i8[row], 1);
    else if (c->kind == FC_I64)
        __builtin_prefetch(&c->i64[row], 1);
    else if (c->kind != FC_NONE)
        __builtin_prefetch(&c->i32[row], 1);
}

enum { STAGE_ALONE = 40 }; /* bytes that tell of a move and nothing else */

static void fetch_fields(const struct projection *p, const struct event *ev, uint32_t row)
{
    const struct fact_table *t = &p->tables[ev->object_kind == ENT_DEAL ? FACT_DEAL : FACT_TASK];
    static const int done[] = {TASK_DONE, TASK_DONE_AT, TASK_DONE_BY, TASK_RESULT};
    static const int closed[] = {DEAL_STATUS, DEAL_CLOSED_AT, DEAL_LOSS_REASON_ID};
    if (ev->object_kind == ENT_TASK) {
        for (size_t i = 0; i < sizeof done / sizeof *done; i++)
            fetch(t, done[i], row);
        return;
    }
    fetch(t, DEAL_STAGE_ID, row);
    __builtin_prefetch(&p->ways.spans.ptr[row], 1);
    for (size_t i = 0; ev->data.len > STAGE_ALONE && i < sizeof closed / sizeof *closed; i++)
        fetch(t, closed[i], row);
}

static void fetch_visits(const struct ways *w, uint32_t row)
{
    if (row >= w->spans.len || w->spans.ptr[row].len == 0)
        return;
    size_t last = (size_t)w->spans.ptr[row].off + w->spans.ptr[row].len - 1;
    __builtin_prefetch(&w->packed.ptr[last], 1);
    __builtin_prefetch(&w->actor.ptr[last], 1);
}

void projection_expect(const struct projection *p, const struct event *ev, enum ahead ahead)
{
    bool moved = ev->object_kind == ENT_DEAL && ev->verb == VERB_MOVED;
    bool done = ev->object_kind == ENT_TASK && ev->verb == VERB_DONE;
    const struct fact_table *t = &p->tables[moved ? FACT_DEAL : FACT_TASK];
    if ((!moved && !done) || ev->object_id <= 0 || (uint64_t)ev->object_id >= t->row_of_id.len)
        return;
    if (ahead == AHEAD_FAR) {
        __builtin_prefetch(&t->row_of_id.ptr[ev->object_id]);
        return;
    }
    uint32_t row = facts_row(t, ev->object_id);
    if (row == FACT_NO_ROW)
        return;
    if (ahead == AHEAD_NEAR)
        fetch_fields(p, ev, row);
    else if (moved)
        fetch_visits(&p->ways, row);
}

void projection_take(struct projection *p, const struct event *ev)
{
    enum fact fact = fact_of_entity((enum entity_id)ev->object_kind);
    activity_count(&p->activities, ev, ev->via == VIA_TRIGGER || ev->via == VIA_PROCESS);
    if (fact != FACTS)
        p->unreadable += !take(p, fact, ev);
    else if (ev->object_kind == ENT_CUSTOM_FIELD && ev->verb == VERB_CREATED)
        p->unreadable += !custom_field_made(p, ev);
    if (p->scratch.total > 0)
        arena_reset(&p->scratch);
    p->seq = ev->seq;
}
