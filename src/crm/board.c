#include "base/time.h"
#include "crm/board_impl.h"
#include "crm/query.h"
#include <pthread.h>

#define GONE_KEPT 4096

struct boards {
    pthread_mutex_t lock;
    struct board *first;
};

struct boards *boards_new(void)
{
    struct boards *b = calloc(1, sizeof *b);
    if (!b)
        abort();
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

static void names_free(struct board_names *n)
{
    for (size_t i = 0; i < n->list.len; i++)
        free(n->list.ptr[i].json);
    vec_free(&n->list);
    intmap_free(n->index);
}

struct board *board_new(int64_t funnel_id)
{
    struct board *b = calloc(1, sizeof *b);
    if (!b)
        abort();
    b->funnel_id = funnel_id;
    b->row_of = intmap_new();
    b->contacts.index = intmap_new();
    b->companies.index = intmap_new();
    return b;
}

void board_row_free(struct board_row *r)
{
    free(r->title);
    free(r->tags);
    free(r->members);
}

bool board_sees(const struct board *b, const struct board_row *row, const struct rights *r)
{
    return rights_allow_deal(r, RIGHT_SEE, row->owner_id == BOARD_NULL ? 0 : row->owner_id, b->funnel_id, row->stage_id,
                             row->members, row->n_members);
}

void board_free(struct board *b)
{
    for (size_t i = 0; i < b->rows.len; i++)
        board_row_free(&b->rows.ptr[i]);
    vec_free(&b->rows);
    vec_free(&b->gone);
    vec_free(&b->totals);
    names_free(&b->contacts);
    names_free(&b->companies);
    intmap_free(b->row_of);
    free(b);
}

void boards_free(struct boards *b)
{
    while (b->first) {
        struct board *next = b->first->next;
        board_free(b->first);
        b->first = next;
    }
    pthread_mutex_destroy(&b->lock);
    free(b);
}

void boards_drop_idle(struct boards *b, int64_t now, int64_t idle_ms)
{
    pthread_mutex_lock(&b->lock);
    for (struct board **at = &b->first; *at;) {
        struct board *one = *at;
        if (now - one->used_at <= idle_ms) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        board_free(one);
    }
    pthread_mutex_unlock(&b->lock);
}

void board_add_total(struct board *b, int64_t stage_id, int64_t deals, __int128 value_minor)
{
    for (size_t i = 0; i < b->totals.len; i++) {
        if (b->totals.ptr[i].stage_id == stage_id) {
            b->totals.ptr[i].deals += deals;
            b->totals.ptr[i].value_minor += value_minor;
            return;
        }
    }
    struct board_total t = {stage_id, deals, value_minor};
    vec_push(&b->totals, t);
}

void board_remove(struct board *b, int64_t id, int64_t seq)
{
    int64_t at = -1;
    if (!intmap_get(b->row_of, id, &at) || at < 0)
        return;
    struct board_row *r = &b->rows.ptr[at], *last = &b->rows.ptr[b->rows.len - 1];
    board_row_free(r);
    intmap_put(b->row_of, id, -1);
    if (r != last) {
        *r = *last;
        intmap_put(b->row_of, r->id, at);
    }
    b->rows.len--;
    if (b->gone.len == GONE_KEPT) { /* forget the older half */
        b->base_seq = b->gone.ptr[GONE_KEPT / 2 - 1].seq;
        memmove(b->gone.ptr, b->gone.ptr + GONE_KEPT / 2, (GONE_KEPT / 2) * sizeof *b->gone.ptr);
        b->gone.len = GONE_KEPT / 2;
    }
    struct board_gone g = {id, seq};
    vec_push(&b->gone, g);
}

static struct board *find(struct boards *bs, int64_t funnel_id)
{
    struct board *b = bs->first;
    while (b && b->funnel_id != funnel_id)
        b = b->next;
    return b;
}

static void drop(struct boards *bs, int64_t funnel_id)
{
    for (struct board **at = &bs->first; *at; at = &(*at)->next) {
        if ((*at)->funnel_id == funnel_id) {
            struct board *b = *at;
            *at = b->next;
            board_free(b);
            return;
        }
    }
}

static enum rc load(struct boards *bs, struct db *db, struct arena *a, int64_t funnel_id, int64_t last,
                    struct board **out, struct err *e)
{
    struct record *funnel;
    TRY(record_load(db, a, entity_by_id(ENT_FUNNEL), funnel_id, false, &funnel, e));
    struct board *b = board_new(funnel_id);
    enum rc rc = board_load(b, db, a, last, e);
    if (rc != RC_OK) {
        board_free(b);
        return rc;
    }
    b->next = bs->first;
    bs->first = b;
    *out = b;
    return RC_OK;
}

/* The board as of now; within a read transaction and under the lock. */
static enum rc current(struct boards *bs, struct db *db, struct arena *a, int64_t funnel_id, struct board **out,
                       struct err *e)
{
    int64_t last;
    bool reload = false;
    TRY(journal_last(db, &last, e));
    struct board *b = find(bs, funnel_id);
    if (b) {
        enum rc rc = board_follow(b, db, a, last, &reload, e);
        if (rc != RC_OK || reload)
            drop(bs, funnel_id); /* a half-followed board would be wrong */
        TRY(rc);
    }
    if (!b || reload)
        TRY(load(bs, db, a, funnel_id, last, &b, e));
    b->used_at = time_monotonic();
    *out = b;
    return RC_OK;
}

static struct filter *both(struct arena *a, struct filter *x, const struct filter *y)
{
    struct filter *f = ARENA_NEW(a, struct filter);
    *f = (struct filter){.kind = FILTER_AND, .a = x, .b = (struct filter *)(uintptr_t)y};
    return f;
}

static struct filter *equals(struct arena *a, int field, int64_t value)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    struct filter *f = ARENA_NEW(a, struct filter);
    struct val *v = ARENA_NEW(a, struct val);
    *v = val_int(value);
    f->kind = FILTER_LEAF;
    f->leaf = (struct filter_leaf){deal, &deal->fields[field], field, -1, FOP_EQ, NULL, v, 1};
    return f;
}

static enum rc filtered_totals(struct db *db, struct arena *a, const struct rights *r, const struct filter *f,
                               struct board_total **out, size_t *n, struct err *e)
{
    struct sqlb q = sqlb_new(a);
    struct stmt *s = NULL;
    enum rc rc;
    VEC(struct board_total) found = {0};
    sqlb_c(&q, "SELECT t.stage_id, COUNT(*), CAST(COALESCE(SUM(t.value_minor / 1000000), 0) AS BIGINT), "
               "CAST(COALESCE(SUM(t.value_minor % 1000000), 0) AS BIGINT) FROM deal t WHERE t.deleted_at IS NULL AND ");
    filter_sql(&q, entity_by_id(ENT_DEAL), f, "t");
    sqlb_c(&q, " AND ");
    rights_sql(&q, r, entity_by_id(ENT_DEAL), RIGHT_SEE, "t");
    sqlb_c(&q, " GROUP BY t.stage_id ORDER BY t.stage_id");
    TRY_OUT(sqlb_prepare(&q, db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct board_total t = {stmt_col_i64(s, 0), stmt_col_i64(s, 1),
                                (__int128)stmt_col_i64(s, 2) * 1000000 + stmt_col_i64(s, 3)};
        vec_push(&found, t);
    }
    if (rc != RC_DONE)
        goto out;
    rc = RC_OK;
    *n = found.len;
    *out = ARENA_ARRAY(a, struct board_total, found.len + 1);
    if (found.len)
        memcpy(*out, found.ptr, found.len * sizeof *found.ptr);
out:
    vec_free(&found);
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

static enum rc write_filtered(const struct board *b, struct db *db, struct arena *a, const struct rights *r,
                              const struct filter *filter, struct buf *out, struct err *e)
{
    struct filter *in_funnel = both(a, equals(a, DEAL_FUNNEL_ID, b->funnel_id), filter);
    struct board_total *totals = NULL;
    int64_t *ids;
    size_t n, n_totals = 0, picked = 0;
    TRY(query_ids(db, a, entity_by_id(ENT_DEAL), r, both(a, equals(a, DEAL_STATUS, DEAL_OPEN), in_funnel), INT32_MAX,
                  &ids, &n, e));
    TRY(filtered_totals(db, a, r, in_funnel, &totals, &n_totals, e));
    uint32_t *pick = ARENA_ARRAY(a, uint32_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        int64_t at = -1;
        if (intmap_get(b->row_of, ids[i], &at) && at >= 0)
            pick[picked++] = (uint32_t)at;
    }
    board_put(out, b, r, pick, picked, totals, n_totals, NULL, 0);
    return RC_OK;
}

/* Totals as somebody sees them, closed deals included. */
static enum rc totals_for(const struct board *b, struct db *db, struct arena *a, const struct rights *r,
                          struct board_total **totals, size_t *n, struct err *e)
{
    *totals = b->totals.ptr;
    *n = b->totals.len;
    if (rights_all_rows(r, entity_by_id(ENT_DEAL), RIGHT_SEE))
        return RC_OK;
    return filtered_totals(db, a, r, equals(a, DEAL_FUNNEL_ID, b->funnel_id), totals, n, e);
}

static enum rc write_all(const struct board *b, struct db *db, struct arena *a, const struct rights *r, struct buf *out,
                         struct err *e)
{
    uint32_t *pick = ARENA_ARRAY(a, uint32_t, b->rows.len + 1);
    bool all = rights_all_rows(r, entity_by_id(ENT_DEAL), RIGHT_SEE);
    struct board_total *totals;
    size_t n_totals, n = 0;
    for (size_t i = 0; i < b->rows.len; i++)
        if (all || board_sees(b, &b->rows.ptr[i], r))
            pick[n++] = (uint32_t)i;
    TRY(totals_for(b, db, a, r, &totals, &n_totals, e));
    board_put(out, b, r, pick, n, totals, n_totals, NULL, 0);
    return RC_OK;
}

bool boards_allowed(const struct rights *r, int64_t funnel_id)
{
    return rights_has_funnel(r, funnel_id) && rights_scope(r, entity_by_id(ENT_DEAL), RIGHT_SEE) != SCOPE_NONE;
}

enum rc boards_snapshot(struct boards *bs, struct db *db, struct arena *a, int64_t funnel_id, const struct rights *r,
                        const struct filter *filter, struct buf *out, struct err *e)
{
    struct board *b;
    if (!boards_allowed(r, funnel_id))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "funnel %lld", (long long)funnel_id);
    pthread_mutex_lock(&bs->lock); /* first, so that what we read is never older than the board */
    enum rc rc = db_read_begin(db, e);
    bool reading = rc == RC_OK;
    if (reading)
        rc = current(bs, db, a, funnel_id, &b, e);
    if (rc == RC_OK)
        rc = filter ? write_filtered(b, db, a, r, filter, out, e) : write_all(b, db, a, r, out, e);
    if (reading)
        db_read_end(db);
    pthread_mutex_unlock(&bs->lock);
    return rc;
}

/* Deals that left behind `since` and have not come back. */
static size_t gone_since(const struct board *b, int64_t since, struct board_gone *out)
{
    size_t n = 0;
    for (size_t i = b->gone.len; i-- && b->gone.ptr[i].seq > since;) {
        int64_t at = -1;
        if (!intmap_get(b->row_of, b->gone.ptr[i].id, &at) || at < 0)
            out[n++] = b->gone.ptr[i];
    }
    return n;
}

static enum board_delta write_delta(const struct board *b, struct arena *a, int64_t since, struct buf *out)
{
    if (since < b->base_seq)
        return BOARD_RESET;
    size_t n = 0;
    uint32_t *pick = ARENA_ARRAY(a, uint32_t, b->rows.len + 1);
    for (size_t i = 0; i < b->rows.len; i++)
        if (b->rows.ptr[i].seq > since)
            pick[n++] = (uint32_t)i;
    struct board_gone *gone = ARENA_ARRAY(a, struct board_gone, b->gone.len + 1);
    size_t n_gone = gone_since(b, since, gone);
    if (n == 0 && n_gone == 0 && b->totals_seq <= since)
        return BOARD_SAME;
    board_put(out, b, NULL, pick, n, b->totals.ptr, b->totals.len, gone, n_gone);
    return BOARD_CHANGED;
}

/* ---- for somebody who does not see everything ---- */

bool board_reader_needed(const struct rights *r)
{
    static const enum entity_id nouns[] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY};
    for (size_t i = 0; r && !r->everything && i < sizeof nouns / sizeof *nouns; i++)
        if (!r->all_rows[nouns[i]] || !r->all_fields[nouns[i]])
            return true;
    return false;
}

void board_reader_free(struct board_reader *r)
{
    if (r->shown)
        intmap_free(r->shown);
    r->shown = NULL;
}

static bool is_shown(const struct board_reader *r, int64_t id)
{
    int64_t shown = 0;
    return intmap_get(r->shown, id, &shown) && shown;
}

static uint64_t totals_hash(const struct board_total *t, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < n; i++) {
        const uint64_t words[] = {(uint64_t)t[i].stage_id, (uint64_t)t[i].deals, (uint64_t)t[i].value_minor};
        for (size_t k = 0; k < 3; k++)
            h = (h ^ words[k]) * UINT64_C(1099511628211);
    }
    return h;
}

/* What was there when its owner last looked cannot be known: when anything has changed since, they load afresh. */
static enum board_delta reader_fill(const struct board *b, int64_t since, struct board_reader *reader)
{
    bool same = since >= b->base_seq && b->totals_seq <= since;
    for (size_t i = 0; i < b->gone.len; i++)
        same &= b->gone.ptr[i].seq <= since;
    reader->shown = intmap_new();
    reader->seq = b->seq;
    for (size_t i = 0; i < b->rows.len; i++) {
        same &= b->rows.ptr[i].seq <= since;
        if (board_sees(b, &b->rows.ptr[i], reader->rights))
            intmap_put(reader->shown, b->rows.ptr[i].id, 1);
    }
    return same ? BOARD_SAME : BOARD_RESET;
}

struct seen_delta {
    uint32_t *pick;
    size_t n;
    struct board_gone *gone;
    size_t n_gone;
};

/* A row that left one's sight is gone; a row that never was in it does not exist. */
static void find_seen(const struct board *b, struct arena *a, int64_t since, struct board_reader *reader,
                      struct seen_delta *d)
{
    struct board_gone *left = ARENA_ARRAY(a, struct board_gone, b->gone.len + 1);
    size_t n_left = gone_since(b, since, left);
    d->pick = ARENA_ARRAY(a, uint32_t, b->rows.len + 1);
    d->gone = ARENA_ARRAY(a, struct board_gone, b->rows.len + n_left + 1);
    for (size_t i = 0; i < b->rows.len; i++) {
        const struct board_row *r = &b->rows.ptr[i];
        if (r->seq <= since)
            continue;
        if (board_sees(b, r, reader->rights)) {
            d->pick[d->n++] = (uint32_t)i;
            intmap_put(reader->shown, r->id, 1);
        } else if (is_shown(reader, r->id)) {
            d->gone[d->n_gone++] = (struct board_gone){r->id, r->seq};
            intmap_put(reader->shown, r->id, 0);
        }
    }
    for (size_t i = 0; i < n_left; i++)
        if (is_shown(reader, left[i].id)) {
            d->gone[d->n_gone++] = left[i];
            intmap_put(reader->shown, left[i].id, 0);
        }
}

static enum rc write_seen(const struct board *b, struct db *db, struct arena *a, int64_t since,
                          struct board_reader *reader, struct buf *out, enum board_delta *what, struct err *e)
{
    struct seen_delta d = {0};
    struct board_total *totals;
    size_t n_totals;
    if (since < b->base_seq)
        return RC_OK; /* BOARD_RESET */
    find_seen(b, a, since, reader, &d);
    *what = BOARD_SAME;
    if (d.n == 0 && d.n_gone == 0 && b->closed_seq <= since)
        return RC_OK;
    TRY(totals_for(b, db, a, reader->rights, &totals, &n_totals, e));
    uint64_t hash = totals_hash(totals, n_totals);
    if (d.n == 0 && d.n_gone == 0 && hash == reader->totals)
        return RC_OK;
    reader->totals = hash;
    board_put(out, b, reader->rights, d.pick, d.n, totals, n_totals, d.gone, d.n_gone);
    *what = BOARD_CHANGED;
    return RC_OK;
}

static enum rc write_for(const struct board *b, struct db *db, struct arena *a, int64_t since,
                         struct board_reader *reader, struct buf *out, enum board_delta *what, struct err *e)
{
    if (!reader)
        *what = write_delta(b, a, since, out);
    else if (!reader->shown)
        *what = reader_fill(b, since, reader);
    else
        return write_seen(b, db, a, since, reader, out, what, e);
    return RC_OK;
}

enum rc boards_delta(struct boards *bs, struct db *db, int64_t funnel_id, int64_t since, struct board_reader *reader,
                     struct buf *out, int64_t *seq, enum board_delta *what, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    enum rc rc = RC_OK;
    *what = BOARD_RESET;
    *seq = since;
    pthread_mutex_lock(&bs->lock);
    struct board *b = find(bs, funnel_id);
    if (db)
        rc = db_read_begin(db, e);
    bool reading = db && rc == RC_OK;
    if (reading)
        rc = current(bs, db, &a, funnel_id, &b, e);
    if (rc == RC_OK && b) {
        rc = write_for(b, db, &a, since, reader, out, what, e);
        *seq = b->seq;
    }
    if (reading)
        db_read_end(db);
    pthread_mutex_unlock(&bs->lock);
    arena_free(&a);
    return rc;
}
