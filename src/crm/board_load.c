/* Rows of a board out of the database. */
#include "base/time.h"
#include "crm/board_impl.h"
#include <stdio.h>

#define CHUNK 64
#define ROW_SELECT                                                                                                     \
    "SELECT d.id, d.title, d.stage_id, d.value_minor, d.currency, d.owner_id, d.contact_id, c.name, d.company_id, "    \
    "k.name, "                                                                                                         \
    "d.stage_entered_at, d.created_at, d.expected_close_on, d.next_task_at, d.open_tasks, d.rank, d.version, "         \
    "d.source_id, "                                                                                                    \
    "d.probability, d.funnel_id, d.status, d.deleted_at, c.owner_id, k.owner_id, "                                     \
    "d.waiting_since, d.deferred_until, d.unprofitable FROM deal d LEFT JOIN contact c ON "                            \
    "c.id = d.contact_id "                                                                                             \
    "LEFT JOIN company k ON k.id = d.company_id "

static int64_t col(struct stmt *s, int i)
{
    return stmt_col_null(s, i) ? BOARD_NULL : stmt_col_i64(s, i);
}

static char *take(struct buf *b, size_t *len)
{
    char *out = malloc(b->len + 1);
    if (!out)
        abort();
    memcpy(out, b->ptr, b->len);
    *len = b->len;
    b->len = 0;
    return out;
}

static int32_t name_index(struct board_names *names, struct buf *scratch, int64_t id, int64_t owner_id, struct str text)
{
    int64_t at;
    if (id == BOARD_NULL)
        return -1;
    struct jw w = jw_to(scratch);
    jw_str(&w, text.ptr ? text : STR(""));
    if (!intmap_get(names->index, id, &at)) {
        struct board_name fresh = {.id = id};
        at = (int64_t)names->list.len;
        vec_push(&names->list, fresh);
        intmap_put(names->index, id, at);
    }
    struct board_name *n = &names->list.ptr[at];
    n->owner_id = owner_id == BOARD_NULL ? 0 : owner_id;
    if (n->json && n->len == scratch->len && memcmp(n->json, scratch->ptr, n->len) == 0) {
        scratch->len = 0;
        return (int32_t)at;
    }
    free(n->json);
    n->json = take(scratch, &n->len);
    return (int32_t)at;
}

static void put_small(struct buf *scratch, char *out, size_t size)
{
    size_t n = scratch->len < size ? scratch->len : size - 1;
    memcpy(out, scratch->ptr, n);
    out[n] = '\0';
    scratch->len = 0;
}

static void fill_texts(struct board_row *r, struct stmt *s, struct buf *scratch)
{
    struct jw w = jw_to(scratch);
    size_t len;
    jw_str(&w, stmt_col_str(s, 1));
    r->title = take(scratch, &len);
    r->title_len = (uint32_t)len;
    w = jw_to(scratch);
    jw_str(&w, stmt_col_str(s, 4));
    put_small(scratch, r->currency, sizeof r->currency);
    if (stmt_col_null(s, 12)) {
        buf_c(scratch, "null");
    } else {
        int year;
        unsigned month, day;
        date_to_civil(stmt_col_i64(s, 12), &year, &month, &day);
        buf_fmt(scratch, "\"%04d-%02u-%02u\"", year, month, day);
    }
    put_small(scratch, r->close_on, sizeof r->close_on);
    w = jw_to(scratch);
    jw_f64(&w, stmt_col_f64(s, 15));
    put_small(scratch, r->rank, sizeof r->rank);
}

static struct board_row read_row(struct board *b, struct stmt *s, struct buf *scratch, int64_t seq)
{
    struct board_row r = {.id = stmt_col_i64(s, 0),
                          .stage_id = stmt_col_i64(s, 2),
                          .value_minor = col(s, 3),
                          .owner_id = col(s, 5),
                          .contact_id = col(s, 6),
                          .stage_entered_at = stmt_col_i64(s, 10),
                          .created_at = stmt_col_i64(s, 11),
                          .next_task_at = col(s, 13),
                          .open_tasks = stmt_col_i64(s, 14),
                          .version = stmt_col_i64(s, 16),
                          .source_id = col(s, 17),
                          .probability = col(s, 18),
                          .waiting_since = col(s, 24),
                          .deferred_until = col(s, 25),
                          .unprofitable = stmt_col_i64(s, 26),
                          .seq = seq};
    fill_texts(&r, s, scratch);
    r.contact = name_index(&b->contacts, scratch, r.contact_id, col(s, 22), stmt_col_str(s, 7));
    r.company = name_index(&b->companies, scratch, col(s, 8), col(s, 23), stmt_col_str(s, 9));
    return r;
}

static void put_row(struct board *b, struct board_row r)
{
    int64_t at = -1;
    if (!intmap_get(b->row_of, r.id, &at) || at < 0) {
        at = (int64_t)b->rows.len;
        vec_push(&b->rows, r);
        intmap_put(b->row_of, r.id, at);
        return;
    }
    board_row_free(&b->rows.ptr[at]);
    b->rows.ptr[at] = r;
}

/* The tags of one deal after another, ordered by deal. */
static enum rc read_tags(struct board *b, struct stmt *s, struct buf *scratch, struct err *e)
{
    int64_t deal = -1, at = -1;
    enum rc rc;
    do {
        rc = stmt_step(s, e);
        int64_t id = rc == RC_ROW ? stmt_col_i64(s, 0) : -1;
        if (id != deal) {
            if (scratch->len && at >= 0) {
                size_t len;
                buf_char(scratch, ']');
                free(b->rows.ptr[at].tags);
                b->rows.ptr[at].tags = take(scratch, &len);
                b->rows.ptr[at].tags_len = (uint32_t)len;
            }
            scratch->len = 0;
            deal = id;
            at = -1;
            (void)intmap_get(b->row_of, deal, &at);
        }
        if (rc == RC_ROW) {
            buf_char(scratch, scratch->len ? ',' : '[');
            buf_i64(scratch, stmt_col_i64(s, 1));
        }
    } while (rc == RC_ROW);
    return rc == RC_DONE ? RC_OK : rc;
}

/* Deal and co-worker, row by row. */
static enum rc read_members(struct board *b, struct stmt *s, struct err *e)
{
    enum rc rc;
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t at = -1;
        if (!intmap_get(b->row_of, stmt_col_i64(s, 0), &at) || at < 0)
            continue;
        struct board_row *r = &b->rows.ptr[at];
        int64_t *more = realloc(r->members, (r->n_members + 1) * sizeof *more);
        if (!more)
            abort();
        more[r->n_members++] = stmt_col_i64(s, 1);
        r->members = more;
    }
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc load_members(struct board *b, struct db *db, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s,
                   "SELECT m.deal_id, m.user_id FROM deal_member m JOIN deal d ON d.id = m.deal_id WHERE m.deleted_at"
                   " IS NULL AND d.funnel_id = $1 AND d.status = 0 AND d.deleted_at IS NULL",
                   e));
    stmt_i64(s, 1, b->funnel_id);
    enum rc rc = read_members(b, s, e);
    stmt_done(s);
    return rc;
}

static enum rc load_rows(struct board *b, struct db *db, int64_t seq, struct buf *scratch, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s, ROW_SELECT "WHERE d.funnel_id = $1 AND d.status = 0 AND d.deleted_at IS NULL", e));
    stmt_i64(s, 1, b->funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        put_row(b, read_row(b, s, scratch, seq));
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc load_tags(struct board *b, struct db *db, struct buf *scratch, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        db, &s,
        "SELECT t.owner_id, t.ref_id FROM deal d JOIN deal_tag t ON t.owner_id = d.id WHERE d.funnel_id = $1 AND "
        "d.status = 0 AND d.deleted_at IS NULL ORDER BY t.owner_id, t.ref_id",
        e));
    stmt_i64(s, 1, b->funnel_id);
    enum rc rc = read_tags(b, s, scratch, e);
    stmt_done(s);
    return rc;
}

static enum rc load_totals(struct board *b, struct db *db, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(
        db, &s,
        "SELECT stage_id, COUNT(*), CAST(COALESCE(SUM(value_minor / 1000000), 0) AS BIGINT), "
        "CAST(COALESCE(SUM(value_minor % 1000000), 0) AS BIGINT) FROM deal WHERE funnel_id = $1 AND deleted_at IS NULL "
        "GROUP BY stage_id",
        e));
    stmt_i64(s, 1, b->funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        board_add_total(b, stmt_col_i64(s, 0), stmt_col_i64(s, 1),
                        (__int128)stmt_col_i64(s, 2) * 1000000 + stmt_col_i64(s, 3));
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc board_load(struct board *b, struct db *db, struct arena *a, int64_t seq, struct err *e)
{
    (void)a;
    struct buf scratch = {0};
    enum rc rc;
    TRY_OUT(load_rows(b, db, seq, &scratch, e));
    TRY_OUT(load_tags(b, db, &scratch, e));
    TRY_OUT(load_members(b, db, e));
    TRY_OUT(load_totals(b, db, e));
    b->seq = b->base_seq = seq;
out:
    buf_free(&scratch);
    return rc;
}

/* One text for any number of ids up to CHUNK, so that it is prepared once: the last id fills up. */
static enum rc prepare_chunk(struct db *db, const char *head, const char *tail, const int64_t *ids, size_t n,
                             struct stmt **s, struct err *e)
{
    char sql[1400];
    size_t len = (size_t)snprintf(sql, sizeof sql, "%s", head);
    for (int i = 1; i <= CHUNK; i++)
        len += (size_t)snprintf(sql + len, sizeof sql - len, "%c$%d", i == 1 ? '(' : ',', i);
    snprintf(sql + len, sizeof sql - len, ")%s", tail);
    TRY(db_prepare(db, s, sql, e));
    for (size_t i = 0; i < CHUNK; i++)
        stmt_i64(*s, (int)i + 1, ids[i < n ? i : n - 1]);
    return RC_OK;
}

static enum rc reread_chunk(struct board *b, struct db *db, const int64_t *ids, size_t n, int64_t seq,
                            struct buf *scratch, struct err *e)
{
    struct stmt *s = NULL;
    bool here[CHUNK] = {0};
    enum rc rc;
    TRY(prepare_chunk(db, ROW_SELECT "WHERE d.id IN ", "", ids, n, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (stmt_col_i64(s, 19) != b->funnel_id || stmt_col_i64(s, 20) != DEAL_OPEN || !stmt_col_null(s, 21))
            continue;
        for (size_t i = 0; i < n; i++)
            here[i] |= ids[i] == stmt_col_i64(s, 0);
        put_row(b, read_row(b, s, scratch, seq));
    }
    stmt_done(s);
    if (rc != RC_DONE)
        return rc;
    for (size_t i = 0; i < n; i++)
        if (!here[i])
            board_remove(b, ids[i], seq);
    TRY(prepare_chunk(db, "SELECT owner_id, ref_id FROM deal_tag WHERE owner_id IN ", " ORDER BY owner_id, ref_id", ids,
                      n, &s, e));
    rc = read_tags(b, s, scratch, e);
    stmt_done(s);
    TRY(rc);
    TRY(prepare_chunk(db, "SELECT DISTINCT deal_id, user_id FROM deal_member WHERE deleted_at IS NULL AND deal_id IN ",
                      "", ids, n, &s, e));
    rc = read_members(b, s, e);
    stmt_done(s);
    return rc;
}

enum rc board_reread(struct board *b, struct db *db, struct arena *a, const int64_t *ids, size_t n, int64_t seq,
                     struct err *e)
{
    (void)a;
    struct buf scratch = {0};
    enum rc rc = RC_OK;
    for (size_t i = 0; i < n && rc == RC_OK; i += CHUNK)
        rc = reread_chunk(b, db, ids + i, n - i < CHUNK ? n - i : CHUNK, seq, &scratch, e);
    buf_free(&scratch);
    return rc;
}
