/* The words of records in the database: kept by the engine with each write, made in order for many at once. */
#include "base/vec.h"
#include "crm/engine.h"
#include "crm/search.h"
#include <stdlib.h>

#define ROWS 16 /* words in one statement */

/* ---- rows ---- */

struct place { /* of a record whose words these are */
    enum entity_id kind;
    int64_t id;
};

/* Several rows a statement: with PostgreSQL a statement is a round trip. */
static enum rc put_rows(struct db *db, const char *head, const char *tail, bool pairs, const struct str *words,
                        const struct place *at, size_t n, struct err *e)
{
    char sql[ROWS * 16 + 160];
    struct stmt *s;
    size_t len = (size_t)snprintf(sql, sizeof sql, "%s", head);
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(sql + len, sizeof sql - len, pairs ? "%s($%zu,$%zu,$%zu)" : "%s$%zu", i ? "," : "",
                                pairs ? 3 * i + 1 : i + 3, 3 * i + 2, 3 * i + 3);
    snprintf(sql + len, sizeof sql - len, "%s", tail);
    TRY(db_prepare(db, &s, sql, e));
    if (!pairs) {
        stmt_i64(s, 1, at->kind);
        stmt_i64(s, 2, at->id);
    }
    for (size_t i = 0; i < n; i++) {
        stmt_str(s, (int)(pairs ? 3 * i + 1 : i + 3), words[i]);
        if (pairs) {
            stmt_i64(s, (int)(3 * i + 2), at[i].kind);
            stmt_i64(s, (int)(3 * i + 3), at[i].id);
        }
    }
    return stmt_run(s, e);
}

static enum rc insert_rows(struct db *db, const struct str *words, const struct place *at, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i += ROWS)
        TRY(put_rows(db, "INSERT INTO search_word (word, object_kind, object_id) VALUES ",
                     " ON CONFLICT (word, object_kind, object_id) DO NOTHING", true, words + i, at + i,
                     n - i < ROWS ? n - i : ROWS, e));
    return RC_OK;
}

static enum rc delete_rows(struct db *db, const struct str *words, struct place at, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i += ROWS)
        TRY(put_rows(db, "DELETE FROM search_word WHERE object_kind = $1 AND object_id = $2 AND word IN (", ")", false,
                     words + i, &at, n - i < ROWS ? n - i : ROWS, e));
    return RC_OK;
}

/* ---- keeping them ---- */

static bool holds(const struct search_words *w, struct str word)
{
    for (size_t i = 0; i < w->n; i++)
        if (str_eq(w->ptr[i], word))
            return true;
    return false;
}

static void without(struct arena *a, const struct search_words *w, const struct search_words *others,
                    struct search_words *out)
{
    *out = (struct search_words){ARENA_ARRAY(a, struct str, w->n + 1), 0};
    for (size_t i = 0; i < w->n; i++)
        if (!holds(others, w->ptr[i]))
            out->ptr[out->n++] = w->ptr[i];
}

/* Words of the further phones and addresses of a contact or company but one. */
static enum rc point_words(struct db *db, struct arena *a, struct place at, int64_t but, struct search_words *out,
                           struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_CONTACT_POINT);
    VEC(struct str) all = {0};
    struct stmt *s;
    enum rc rc;
    *out = (struct search_words){NULL, 0};
    if (at.kind != ENT_CONTACT && at.kind != ENT_COMPANY)
        return RC_OK;
    TRY(db_prepare(
        db, &s,
        at.kind == ENT_CONTACT
            ? "SELECT kind, value FROM contact_point WHERE contact_id = $1 AND id <> $2 AND deleted_at IS NULL"
            : "SELECT kind, value FROM contact_point WHERE company_id = $1 AND id <> $2 AND deleted_at IS NULL",
        e));
    stmt_i64(s, 1, at.id);
    stmt_i64(s, 2, but);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct record *r = record_new(a, ent);
        struct search_words w;
        r->f[CONTACT_POINT_KIND] = val_int(stmt_col_i64(s, 0));
        r->f[CONTACT_POINT_VALUE] = val_str(str_dup(a, stmt_col_str(s, 1)));
        search_words_of(a, r, NULL, &w);
        for (size_t i = 0; i < w.n; i++)
            vec_push(&all, w.ptr[i]);
    }
    stmt_done(s);
    out->ptr = ARENA_ARRAY(a, struct str, all.len + 1);
    out->n = all.len;
    if (all.len)
        memcpy(out->ptr, all.ptr, all.len * sizeof *all.ptr);
    vec_free(&all);
    return rc == RC_DONE ? RC_OK : rc;
}

/* From the words of `was` to those of `is`; `kept` has them beside. */
static enum rc move(struct wtx *tx, struct place at, const struct search_words *was, const struct search_words *is,
                    const struct search_words *kept, struct err *e)
{
    struct search_words gone, left, come;
    without(tx->arena, was, is, &gone);
    without(tx->arena, &gone, kept, &left);
    without(tx->arena, is, was, &come);
    struct place *places = ARENA_ARRAY(tx->arena, struct place, come.n + 1);
    for (size_t i = 0; i < come.n; i++)
        places[i] = at;
    TRY(delete_rows(tx->db, left.ptr, at, left.n, e));
    return insert_rows(tx->db, come.ptr, places, come.n, e);
}

static enum rc track_point(struct wtx *tx, const struct record *was, const struct record *is, struct err *e)
{
    const struct record *r = is ? is : was;
    if (was && is &&
        (!val_eq(was->f[CONTACT_POINT_CONTACT_ID], is->f[CONTACT_POINT_CONTACT_ID]) ||
         !val_eq(was->f[CONTACT_POINT_COMPANY_ID], is->f[CONTACT_POINT_COMPANY_ID]))) { /* merged: another's now */
        TRY(track_point(tx, was, NULL, e));
        return track_point(tx, NULL, is, e);
    }
    int64_t contact = val_i(r->f[CONTACT_POINT_CONTACT_ID], 0), company = val_i(r->f[CONTACT_POINT_COMPANY_ID], 0);
    struct place at = {contact ? ENT_CONTACT : ENT_COMPANY, contact ? contact : company};
    struct search_words old, new, of_owner, of_points, kept;
    struct record *owner;
    if (!at.id)
        return RC_OK;
    search_words_of(tx->arena, was, NULL, &old);
    search_words_of(tx->arena, is, NULL, &new);
    enum rc rc = record_load_row(tx->db, tx->arena, entity_by_id(at.kind), at.id, true, &owner, e);
    if (rc != RC_OK || owner->deleted_at) /* nothing of a deleted one is found; its restoring brings all back */
        return rc == RC_NOT_FOUND ? RC_OK : rc;
    search_words_of(tx->arena, owner, NULL, &of_owner);
    TRY(point_words(tx->db, tx->arena, at, r->id, &of_points, e));
    kept = (struct search_words){ARENA_ARRAY(tx->arena, struct str, of_owner.n + of_points.n + 1), 0};
    for (size_t i = 0; i < of_owner.n; i++)
        kept.ptr[kept.n++] = of_owner.ptr[i];
    for (size_t i = 0; i < of_points.n; i++)
        kept.ptr[kept.n++] = of_points.ptr[i];
    return move(tx, at, &old, &new, &kept, e);
}

static bool words_may_differ(const struct record *was, const struct record *is)
{
    if (!was || !is || was->deleted_at || is->deleted_at)
        return true;
    for (int i = 0; i < (int)is->ent->n_fields && i < 64; i++)
        if (search_field(is->ent, i) && !val_eq(was->f[i], is->f[i]))
            return true;
    return false;
}

static struct search_words joined(struct arena *a, const struct search_words *x, const struct search_words *y)
{
    struct search_words all = {ARENA_ARRAY(a, struct str, x->n + y->n + 1), 0};
    for (size_t i = 0; i < x->n + y->n; i++) {
        struct str word = i < x->n ? x->ptr[i] : y->ptr[i - x->n];
        if (!holds(&all, word))
            all.ptr[all.n++] = word;
    }
    return all;
}

enum rc search_track(struct wtx *tx, const struct record *was, const struct record *is, struct err *e)
{
    const struct record *r = is ? is : was;
    struct search_words old, new, points = {0};
    if (r->ent->id == ENT_CONTACT_POINT)
        return track_point(tx, was, is, e);
    if (!search_covers(r->ent) || !words_may_differ(was, is))
        return RC_OK;
    struct place at = {r->ent->id, r->id};
    bool lived = was && !was->deleted_at, lives = is && !is->deleted_at;
    search_words_of(tx->arena, was, NULL, &old);
    search_words_of(tx->arena, is, NULL, &new);
    if (was)
        TRY(point_words(tx->db, tx->arena, at, 0, &points, e));
    if (points.n && lived && !lives)
        old = joined(tx->arena, &old, &points); /* all goes */
    if (points.n && !lived && lives)
        new = joined(tx->arena, &new, &points);
    if (!lives)
        points.n = 0;
    return move(tx, at, &old, &new, &points, e);
}

/* ---- many at once ---- */

enum rc search_later(struct wtx *tx, enum entity_id kind, int64_t from_id, int64_t until_id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        tx->db, &s,
        "INSERT INTO search_waiting (object_kind, after_id, until_id) VALUES ($1, $2, $3)"
        " ON CONFLICT (object_kind) DO UPDATE SET after_id = CASE WHEN search_waiting.after_id <"
        " excluded.after_id THEN search_waiting.after_id ELSE excluded.after_id END, until_id = CASE WHEN"
        " search_waiting.until_id > excluded.until_id THEN search_waiting.until_id ELSE excluded.until_id END",
        e));
    stmt_i64(s, 1, kind);
    stmt_i64(s, 2, from_id - 1);
    stmt_i64(s, 3, until_id);
    return stmt_run(s, e);
}

struct posting {
    struct str word;
    struct place at;
};
struct postings {
    struct posting *ptr;
    size_t len, cap;
};

static int by_place(const void *a, const void *b)
{
    const struct posting *x = a, *y = b;
    int c = str_cmp(x->word, y->word);
    if (c)
        return c;
    return x->at.id < y->at.id ? -1 : x->at.id > y->at.id;
}

/* Words of the records of one noun in (after, until], at most n records; *last: the last one's id. */
static enum rc gather(struct db *db, struct arena *a, const struct entity *ent, int64_t after, int64_t until, size_t n,
                      struct postings *out, int64_t *last, size_t *records, struct err *e)
{
    struct buf sql = {0};
    struct stmt *s;
    VEC(struct record *) rows = {0};
    struct str cols = record_columns(a, ent, NULL);
    buf_fmt(&sql, "SELECT %.*s FROM %s WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3", STR_ARG(cols), ent->table);
    buf_char(&sql, '\0');
    enum rc rc = db_prepare(db, &s, sql.ptr, e);
    buf_free(&sql);
    TRY(rc);
    stmt_i64(s, 1, after);
    stmt_i64(s, 2, until);
    stmt_i64(s, 3, (int64_t)n);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct record *r = record_new(a, ent);
        record_read_row(a, ent, s, r);
        vec_push(&rows, r);
    }
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < rows.len && rc == RC_OK; i++) {
        struct search_words own, points = {0};
        struct place at = {ent->id, rows.ptr[i]->id};
        search_words_of(a, rows.ptr[i], NULL, &own);
        if (!rows.ptr[i]->deleted_at)
            rc = point_words(db, a, at, 0, &points, e);
        struct search_words all = points.n ? joined(a, &own, &points) : own;
        for (size_t k = 0; k < all.n; k++) {
            struct posting p = {all.ptr[k], at};
            vec_push(out, p);
        }
    }
    *records = rows.len;
    *last = rows.len ? rows.ptr[rows.len - 1]->id : after;
    vec_free(&rows);
    return rc;
}

static enum rc waiting(struct db *db, int64_t *kind, int64_t *after, int64_t *until, struct err *e)
{
    struct stmt *s;
    *kind = 0;
    TRY(db_prepare(db, &s, "SELECT object_kind, after_id, until_id FROM search_waiting ORDER BY object_kind LIMIT 1",
                   e));
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        *kind = stmt_col_i64(s, 0);
        *after = stmt_col_i64(s, 1);
        *until = stmt_col_i64(s, 2);
    }
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc search_is_behind(struct db *db, bool *behind, struct err *e)
{
    int64_t kind, after, until;
    TRY(waiting(db, &kind, &after, &until, e));
    *behind = kind != 0;
    return RC_OK;
}

static enum rc write_postings(struct wtx *tx, struct postings *all, struct err *e)
{
    struct str words[ROWS];
    struct place at[ROWS];
    if (all->len)
        qsort(all->ptr, all->len, sizeof *all->ptr, by_place);
    for (size_t i = 0; i < all->len; i += ROWS) {
        size_t n = all->len - i < ROWS ? all->len - i : ROWS;
        for (size_t k = 0; k < n; k++) {
            words[k] = all->ptr[i + k].word;
            at[k] = all->ptr[i + k].at;
        }
        TRY(insert_rows(tx->db, words, at, n, e));
    }
    return RC_OK;
}

enum rc search_catch_up(struct wtx *tx, size_t records, bool *more, struct err *e)
{
    int64_t kind, after, until, last;
    struct postings all = {0};
    struct stmt *s;
    size_t n = 0;
    TRY(waiting(tx->db, &kind, &after, &until, e));
    *more = kind != 0;
    if (!kind)
        return RC_OK;
    enum rc rc =
        gather(tx->db, tx->arena, entity_by_id((enum entity_id)kind), after, until, records, &all, &last, &n, e);
    if (rc == RC_OK)
        rc = write_postings(tx, &all, e);
    vec_free(&all);
    TRY(rc);
    bool over = n < records;
    TRY(db_prepare(tx->db, &s,
                   over ? "DELETE FROM search_waiting WHERE object_kind = $1"
                        : "UPDATE search_waiting SET after_id = $2 WHERE object_kind = $1",
                   e));
    stmt_i64(s, 1, kind);
    if (!over)
        stmt_i64(s, 2, last);
    return stmt_run(s, e);
}

enum rc search_rebuild(struct wtx *tx, struct err *e)
{
    TRY(db_exec(tx->db, "DELETE FROM search_word", e));
    for (int i = 1; i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        char sql[80];
        int64_t last;
        if (!ent || !search_covers(ent))
            continue;
        snprintf(sql, sizeof sql, "SELECT MAX(id) FROM %s", ent->table);
        TRY(query_i64(tx->db, sql, NULL, 0, 0, &last, e));
        if (last)
            TRY(search_later(tx, ent->id, 1, last, e));
    }
    return RC_OK;
}

/* ---- check ---- */

struct checking {
    struct db *db;
    void (*problem)(void *arg, const char *text);
    void *arg;
    int64_t expected;
};

static enum rc check_page(struct checking *c, const struct entity *ent, const struct postings *all, struct err *e)
{
    for (size_t i = 0; i < all->len; i++) {
        struct stmt *s;
        char text[200];
        const struct posting *p = &all->ptr[i];
        TRY(db_prepare(c->db, &s, "SELECT 1 FROM search_word WHERE word = $1 AND object_kind = $2 AND object_id = $3",
                       e));
        stmt_str(s, 1, p->word);
        stmt_i64(s, 2, p->at.kind);
        stmt_i64(s, 3, p->at.id);
        enum rc rc = stmt_step(s, e);
        stmt_done(s);
        if (rc != RC_ROW && rc != RC_DONE)
            return rc;
        if (rc == RC_DONE) {
            snprintf(text, sizeof text, "%s %lld: search does not know its word %.*s", ent->name, (long long)p->at.id,
                     (int)(p->word.len < 80 ? p->word.len : 80), p->word.ptr);
            c->problem(c->arg, text);
        }
    }
    c->expected += (int64_t)all->len;
    return RC_OK;
}

static enum rc check_noun(struct checking *c, const struct entity *ent, struct err *e)
{
    int64_t after = 0;
    size_t n = 1;
    enum rc rc = RC_OK;
    while (n && rc == RC_OK) {
        struct arena a = ARENA_EMPTY;
        struct postings all = {0};
        rc = gather(c->db, &a, ent, after, INT64_MAX, 400, &all, &after, &n, e);
        if (rc == RC_OK)
            rc = check_page(c, ent, &all, e);
        vec_free(&all);
        arena_free(&a);
    }
    return rc;
}

enum rc search_check(struct db *db, void (*problem)(void *arg, const char *text), void *arg, struct err *e)
{
    struct checking c = {.db = db, .problem = problem, .arg = arg};
    int64_t there;
    bool behind;
    TRY(search_is_behind(db, &behind, e));
    if (behind) /* the server goes on with it */
        return RC_OK;
    for (int i = 1; i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        if (ent && search_covers(ent))
            TRY(check_noun(&c, ent, e));
    }
    TRY(query_i64(db, "SELECT COUNT(*) FROM search_word", NULL, 0, 0, &there, e));
    if (there > c.expected) {
        char text[120];
        snprintf(text, sizeof text, "search knows %lld words that no record has", (long long)(there - c.expected));
        problem(arg, text);
    }
    return RC_OK;
}
