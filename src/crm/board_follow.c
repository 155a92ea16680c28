/* Catching up with the journal: which deals have changed, and what that does to the totals. */
#include "crm/board_impl.h"

#define FOLLOW_MOST 2000

/* What the events say a deal was before them, where they say it. */
struct before {
    bool known, existed; /* by its first created, deleted or restored */
    bool has[4];
    int64_t value[4]; /* funnel_id, stage_id, value_minor, status */
};
struct touched {
    int64_t id;
    bool deal_event;
    struct before was;
};
struct follow {
    struct board *b;
    struct arena *a;
    struct intmap *index; /* deal to touched */
    VEC(struct touched) deals;
    VEC(int64_t) tasks;   /* whose deal has to be looked up */
    VEC(int64_t) members; /* the same */
};
static const char *const tracked[4] = {"funnel_id", "stage_id", "value_minor", "status"};

static struct touched *touch(struct follow *f, int64_t deal)
{
    int64_t at;
    if (!intmap_get(f->index, deal, &at)) {
        struct touched t = {.id = deal};
        at = (int64_t)f->deals.len;
        vec_push(&f->deals, t);
        intmap_put(f->index, deal, at);
    }
    return &f->deals.ptr[at];
}

static void note_before(struct touched *t, const struct event *ev, const json_t *data)
{
    t->deal_event = true;
    if (!t->was.known && (ev->verb == VERB_CREATED || ev->verb == VERB_RESTORED || ev->verb == VERB_DELETED)) {
        t->was.known = true;
        t->was.existed = ev->verb == VERB_DELETED;
    }
    for (int i = 0; i < 4; i++) {
        const json_t *old = json_array_get(json_object_get(data, tracked[i]), 0);
        if (t->was.has[i] || !old)
            continue;
        t->was.has[i] = true;
        if (i == 3)
            t->was.value[i] = json_is_string(old) && strcmp(json_string_value(old), "open") == 0  ? DEAL_OPEN
                              : json_is_string(old) && strcmp(json_string_value(old), "won") == 0 ? DEAL_WON
                                                                                                  : DEAL_LOST;
        else
            t->was.value[i] = json_is_integer(old) ? json_integer_value(old) : BOARD_NULL;
    }
}

static void note_task(struct follow *f, const struct event *ev, const json_t *data)
{
    const json_t *pair = json_object_get(data, "deal_id");
    for (size_t i = 0; i < 2; i++)
        if (json_is_integer(json_array_get(pair, i)))
            touch(f, json_integer_value(json_array_get(pair, i)));
    if (!pair)
        vec_push(&f->tasks, ev->object_id);
}

static void note_name(struct follow *f, const struct board_names *names, bool contact, const struct event *ev)
{
    int64_t at;
    if (!intmap_get(names->index, ev->object_id, &at))
        return;
    for (size_t i = 0; i < f->b->rows.len; i++)
        if ((contact ? f->b->rows.ptr[i].contact : f->b->rows.ptr[i].company) == at)
            touch(f, f->b->rows.ptr[i].id);
}

static enum rc on_event(void *arg, const struct event *ev)
{
    struct follow *f = arg;
    if (ev->object_kind != ENT_DEAL && ev->object_kind != ENT_TASK && ev->object_kind != ENT_CONTACT &&
        ev->object_kind != ENT_COMPANY && ev->object_kind != ENT_DEAL_MEMBER)
        return RC_OK;
    if (ev->object_kind == ENT_DEAL_MEMBER) {
        vec_push(&f->members, ev->object_id);
        return RC_OK;
    }
    if (ev->object_kind == ENT_CONTACT) {
        note_name(f, &f->b->contacts, true, ev);
        return RC_OK;
    }
    if (ev->object_kind == ENT_COMPANY) {
        note_name(f, &f->b->companies, false, ev);
        return RC_OK;
    }
    json_t *data = NULL;
    TRY(json_read(ev->data, &data, NULL));
    if (ev->object_kind == ENT_TASK)
        note_task(f, ev, data);
    else
        note_before(touch(f, ev->object_id), ev, data);
    json_decref(data);
    return RC_OK;
}

static enum rc find_deals(struct follow *f, struct db *db, const char *sql, const int64_t *ids, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct stmt *s;
        TRY(db_prepare(db, &s, sql, e));
        stmt_i64(s, 1, ids[i]);
        enum rc rc = stmt_step(s, e);
        if (rc == RC_ROW && !stmt_col_null(s, 0))
            touch(f, stmt_col_i64(s, 0));
        stmt_done(s);
        if (rc != RC_ROW && rc != RC_DONE)
            return rc;
    }
    return RC_OK;
}

/* Takes the deal's old share out of the totals and puts the new one in. */
static enum rc fix_totals(struct follow *f, struct db *db, const struct touched *t, struct err *e)
{
    struct stmt *s;
    int64_t now[4] = {0}, was[4];
    TRY(db_prepare(db, &s, "SELECT funnel_id, stage_id, value_minor, status, deleted_at FROM deal WHERE id = $1", e));
    stmt_i64(s, 1, t->id);
    enum rc rc = stmt_step(s, e);
    bool here = rc == RC_ROW && stmt_col_null(s, 4);
    for (int i = 0; i < 4 && rc == RC_ROW; i++)
        now[i] = stmt_col_null(s, i) ? BOARD_NULL : stmt_col_i64(s, i);
    stmt_done(s);
    if (rc != RC_ROW && rc != RC_DONE)
        return rc;
    for (int i = 0; i < 4; i++)
        was[i] = t->was.has[i] ? t->was.value[i] : now[i];
    if ((t->was.known ? t->was.existed : here) && was[0] == f->b->funnel_id)
        board_add_total(f->b, was[1], -1, was[2] == BOARD_NULL ? 0 : -(__int128)was[2]);
    if (here && now[0] == f->b->funnel_id)
        board_add_total(f->b, now[1], 1, now[2] == BOARD_NULL ? 0 : now[2]);
    return RC_OK;
}

/* A deal that is no row has changed: a closed one, or one that was closed or opened just now. */
static void note_closed(struct follow *f, int64_t last)
{
    for (size_t i = 0; i < f->deals.len; i++) {
        int64_t at = -1;
        if (!intmap_get(f->b->row_of, f->deals.ptr[i].id, &at) || at < 0)
            f->b->closed_seq = last;
    }
}

static enum rc apply(struct follow *f, struct db *db, int64_t last, struct err *e)
{
    TRY(find_deals(f, db, "SELECT deal_id FROM task WHERE id = $1", f->tasks.ptr, f->tasks.len, e));
    TRY(find_deals(f, db, "SELECT deal_id FROM deal_member WHERE id = $1", f->members.ptr, f->members.len, e));
    int64_t *ids = ARENA_ARRAY(f->a, int64_t, f->deals.len + 1);
    for (size_t i = 0; i < f->deals.len; i++) {
        ids[i] = f->deals.ptr[i].id;
        if (!f->deals.ptr[i].deal_event)
            continue;
        TRY(fix_totals(f, db, &f->deals.ptr[i], e));
        f->b->totals_seq = last;
    }
    note_closed(f, last);
    TRY(board_reread(f->b, db, f->a, ids, f->deals.len, last, e));
    note_closed(f, last);
    return RC_OK;
}

enum rc board_follow(struct board *b, struct db *db, struct arena *a, int64_t last, bool *reload, struct err *e)
{
    *reload = last - b->seq > FOLLOW_MOST || last < b->seq;
    if (*reload || last == b->seq)
        return RC_OK;
    struct follow f = {.b = b, .a = a, .index = intmap_new()};
    int64_t read;
    enum rc rc;
    TRY_OUT(journal_read(db, b->seq, FOLLOW_MOST, on_event, &f, &read, e));
    TRY_OUT(apply(&f, db, last, e));
    b->seq = last;
out:
    intmap_free(f.index);
    vec_free(&f.deals);
    vec_free(&f.tasks);
    vec_free(&f.members);
    return rc;
}
