#include "insight/stage_past.h"
#include "crm/fields.h"

struct reading {
    VEC(struct stage_change) changes;
};

/* In order of time; of one instant in that of the journal. */
static void insert(struct reading *x, struct stage_change one)
{
    vec_push(&x->changes, one);
    size_t i = x->changes.len - 1;
    for (; i > 0 && x->changes.ptr[i - 1].at > one.at; i--)
        x->changes.ptr[i] = x->changes.ptr[i - 1];
    x->changes.ptr[i] = one;
}

static enum rc take(struct reading *x, struct stage_history *h, int64_t verb, int64_t at, struct str data,
                    struct err *e)
{
    json_t *fields;
    TRY(json_read(data, &fields, e));
    const json_t *now = json_array_get(json_object_get(fields, "probability"), 1);
    struct stage_change one = {at, (int16_t)(json_is_integer(now) ? json_integer_value(now) : -1)};
    bool told = json_is_array(json_object_get(fields, "probability"));
    json_decref(fields);
    if (verb == VERB_CREATED)
        h->first = one.now;
    else if (told)
        insert(x, one);
    return RC_OK;
}

static enum rc read_events(struct reading *x, const struct report_call *c, struct stage_history *h, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    x->changes.len = 0;
    TRY(db_prepare(c->db, &s,
                   "SELECT verb, at, data FROM journal WHERE object_kind = $1 AND object_id = $2 ORDER BY seq", e));
    stmt_i64(s, 1, ENT_STAGE);
    stmt_i64(s, 2, h->id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t verb = stmt_col_i64(s, 0);
        if (verb == VERB_CREATED || verb == VERB_UPDATED)
            rc = take(x, h, verb, stmt_col_i64(s, 1), stmt_col_str(s, 2), e);
        if (rc != RC_ROW && rc != RC_OK)
            break;
    }
    stmt_done(s);
    h->n = x->changes.len;
    h->changes = ARENA_ARRAY(c->arena, struct stage_change, h->n + 1);
    if (h->n > 0)
        memcpy(h->changes, x->changes.ptr, h->n * sizeof *h->changes);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc stage_past_read(struct stage_past *p, const struct report_call *c, int64_t funnel_id, struct err *e)
{
    struct reading x = {0};
    VEC(int64_t) ids = {0};
    struct stmt *s;
    enum rc rc;
    *p = (struct stage_past){0};
    TRY(db_prepare(c->db, &s, "SELECT id FROM stage WHERE $1 = 0 OR funnel_id = $1 ORDER BY id", e));
    stmt_i64(s, 1, funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&ids, stmt_col_i64(s, 0));
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    p->of = ARENA_ARRAY(c->arena, struct stage_history, ids.len + 1);
    for (size_t i = 0; i < ids.len && rc == RC_OK; i++) {
        struct stage_history *h = &p->of[p->n++];
        *h = (struct stage_history){.id = ids.ptr[i], .first = -1};
        rc = read_events(&x, c, h, e);
    }
    vec_free(&ids);
    vec_free(&x.changes);
    return rc;
}

static int by_id(const void *x, const void *y)
{
    const struct stage_history *a = x, *b = y;
    return a->id < b->id ? -1 : a->id > b->id;
}

void stage_past_map(struct stage_past *p, const struct projection_view *v, struct arena *a)
{
    p->n_view = v->n_stages;
    p->of_view = ARENA_ARRAY(a, const struct stage_history *, p->n_view + 1);
    for (size_t i = 0; i < p->n_view && p->n > 0; i++) {
        struct stage_history key = {.id = v->stage_ids[i]};
        p->of_view[i] = bsearch(&key, p->of, p->n, sizeof *p->of, by_id);
    }
}

int stage_past_probability(const struct stage_past *p, uint32_t stage, int64_t at)
{
    const struct stage_history *h = stage < p->n_view ? p->of_view[stage] : NULL;
    if (h == NULL)
        return -1;
    int now = h->first;
    for (size_t i = 0; i < h->n && h->changes[i].at <= at; i++)
        now = h->changes[i].now;
    return now;
}

int64_t stage_past_changes(const struct stage_past *p, int64_t from, int64_t to)
{
    int64_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->of[i].n; k++)
            n += p->of[i].changes[k].at > from && p->of[i].changes[k].at <= to;
    return n;
}
