/* Reading the whole journal fast tells what statements tell. */
#include "base/buf.h"
#include "store_places.h"
#include <string.h>

enum { EVENTS = 5000, LONG = 997 /* each so many events has a long text */ };

/* From some bytes to several pages of a database. */
static size_t length_of(int64_t i)
{
    return i % LONG ? (size_t)(i * 7 % 300) : (size_t)(4000 + i % 5 * 37 + i / LONG * 9000);
}

struct filling {
    struct job job;
    struct str text; /* as long as the longest */
};
static enum rc fill(struct wtx *tx, struct job *job, struct err *e)
{
    struct filling *f = (struct filling *)job;
    for (int64_t i = 1; i <= EVENTS; i++) {
        struct event ev = {.at = (i % 3 ? 1 : -1) * i * i * i * 1000,
                           .actor_id = i % 7,
                           .undoes = i % 11 ? 0 : i - 1,
                           .object_id = i * i,
                           .object_kind = (int)(i % 40),
                           .verb = (int)(i % 9),
                           .via = (int)(i % 10),
                           .data = {f->text.ptr + i % 10, length_of(i)}};
        TRY(journal_append(tx, &ev, e));
    }
    return RC_OK;
}

static void fill_place(struct place *p)
{
    struct writer *w = NULL;
    struct err e = {0};
    struct migration steps[TEST_STEPS];
    struct buf text = {0};
    for (int i = 0; i < 60000; i++)
        buf_char(&text, (char)('a' + i % 23));
    struct filling f = {{.apply = fill}, buf_view(&text)};
    store_schema(steps);
    OK(writer_start(&w, &p->target, steps, TEST_STEPS, NULL, NULL, &e));
    OK(writer_run(w, &f.job, &e));
    writer_stop(w); /* with SQLite everything is in the file then */
    buf_free(&text);
}

struct heard {
    struct event events[EVENTS];
    size_t n;
};
static enum rc hear(void *arg, const struct event *ev)
{
    struct heard *h = arg;
    assert_true(h->n < EVENTS);
    h->events[h->n++] = *ev;
    return RC_OK;
}

static void same(const struct event *x, const struct event *y)
{
    assert_int_equal(x->seq, y->seq);
    assert_int_equal(x->at, y->at);
    assert_int_equal(x->actor_id, y->actor_id);
    assert_int_equal(x->undoes, y->undoes);
    assert_int_equal(x->object_id, y->object_id);
    assert_int_equal(x->object_kind, y->object_kind);
    assert_int_equal(x->verb, y->verb);
    assert_int_equal(x->via, y->via);
    assert_true(str_eq(x->data, y->data));
}

/* In pieces of this size, at most so many events. */
static void read_both(struct db *db, struct journal_pages *pages, int64_t piece, int64_t most)
{
    struct err e = {0};
    struct heard *x = calloc(2, sizeof *x), *y = x + 1;
    struct arena a = ARENA_EMPTY;
    int64_t n = most < EVENTS ? most : EVENTS;
    for (int64_t after = 0; after < n; after += piece) {
        int64_t last = after + piece < n ? after + piece : n;
        OK(journal_range(db, pages, after, last, &a, hear, x, &e));
        OK(journal_range(db, NULL, after, last, &a, hear, y, &e));
    }
    assert_int_equal(x->n, n);
    assert_int_equal(y->n, n);
    for (size_t i = 0; i < x->n; i++)
        same(&x->events[i], &y->events[i]);
    arena_free(&a);
    free(x);
}

static void the_file_tells_what_statements_tell(void **state)
{
    struct place *p = *state;
    struct db *db;
    struct err e = {0};
    fill_place(p);
    OK(db_open(&db, &p->target, DB_READER, &e));
    struct journal_pages *pages = journal_pages_begin(db);
    assert_int_equal(pages != NULL, p->target.kind == DB_SQLITE);
    read_both(db, pages, 1, 50);
    read_both(db, pages, 777, EVENTS);
    read_both(db, pages, EVENTS, EVENTS);
    journal_pages_end(pages);
    assert_int_equal(number(db, "SELECT count(*) FROM journal"), EVENTS); /* the connection is as it was */
    db_close(db);
}

static void what_is_still_in_the_log_is_left_to_statements(void **state)
{
    struct place *p = *state;
    struct writer *w = NULL;
    struct db *db;
    struct err e = {0};
    struct migration steps[TEST_STEPS];
    struct filling f = {{.apply = fill}, STR("0123456789")};
    fill_place(p);
    store_schema(steps);
    OK(writer_start(&w, &p->target, steps, TEST_STEPS, NULL, NULL, &e));
    OK(db_open(&db, &p->target, DB_READER, &e));
    struct buf text = {0};
    for (int i = 0; i < 60000; i++)
        buf_char(&text, 'x');
    f.text = buf_view(&text);
    struct journal_pages *pages = journal_pages_begin(db);
    OK(writer_run(w, &f.job, &e)); /* behind the state that the reader sees */
    read_both(db, pages, 1000, EVENTS);
    journal_pages_end(pages);
    assert_null(journal_pages_begin(db));
    struct heard *h = calloc(1, sizeof *h);
    struct arena a = ARENA_EMPTY;
    OK(journal_range(db, NULL, EVENTS, 2 * EVENTS, &a, hear, h, &e));
    assert_int_equal(h->n, EVENTS);
    arena_free(&a);
    free(h);
    buf_free(&text);
    db_close(db);
    writer_stop(w);
}

static enum rc cut(struct wtx *tx, struct job *job, struct err *e)
{
    (void)job;
    return db_exec(tx->db, "DELETE FROM journal WHERE seq BETWEEN 1500 AND 3100", e);
}

/* A database that came from PostgreSQL has gaps where a transaction was given up. */
static void numbers_may_have_gaps(void **state)
{
    struct place *p = *state;
    struct writer *w = NULL;
    struct db *db;
    struct err e = {0};
    struct migration steps[TEST_STEPS];
    struct job job = {.apply = cut};
    fill_place(p);
    store_schema(steps);
    OK(writer_start(&w, &p->target, steps, TEST_STEPS, NULL, NULL, &e));
    OK(writer_run(w, &job, &e));
    writer_stop(w);
    OK(db_open(&db, &p->target, DB_READER, &e));
    struct journal_pages *pages = journal_pages_begin(db);
    struct heard *h = calloc(1, sizeof *h);
    struct arena a = ARENA_EMPTY;
    OK(journal_range(db, pages, 1000, 2000, &a, hear, h, &e));
    assert_int_equal(h->n, 499);
    assert_int_equal(h->events[h->n - 1].seq, 1499);
    struct arena gap = ARENA_EMPTY;
    OK(journal_range(db, pages, 2000, 3000, &gap, hear, h, &e));
    assert_int_equal(h->n, 499);
    assert_true(gap.total < (size_t)160 << 10); /* what lies behind is not read */
    arena_free(&gap);
    OK(journal_range(db, pages, 3000, 4000, &a, hear, h, &e));
    assert_int_equal(h->n, 499 + 900);
    assert_int_equal(h->events[499].seq, 3101);
    arena_free(&a);
    free(h);
    journal_pages_end(pages);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {SCENARIO(the_file_tells_what_statements_tell), SCENARIO(numbers_may_have_gaps),
                                       SCENARIO(what_is_still_in_the_log_is_left_to_statements)};
    return run_scenarios("journal", tests, sizeof tests / sizeof *tests);
}
