/* The journal of SQLite, read from the pages of its file: a statement costs ten times as much as what it finds, which
 * shows when millions of events are read at a start. The format is documented and frozen (sqlite.org/fileformat2.html),
 * pages are read through SQLite's own file, and only while a transaction of ours stands on a state that is wholly in
 * that file: then nobody writes there. Whatever looks otherwise than expected is left to a statement. */
#include "store/journal_pages.h"
#include "store/db_impl.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH = 20,      /* of a tree */
    RUN = 16,        /* pages read at once, where they lie in a row */
    COLUMNS = 11,    /* of the journal */
    INNER = 5,       /* kinds of pages of a table */
    LEAF = 13,       /**/
    FILE_HEAD = 100, /* in front of the first page's content */
};

/* An inner page on the way to where the reader stands. */
struct level {
    unsigned char *page;
    unsigned n, at; /* children; which of them comes next */
};
struct journal_pages {
    struct db *db;
    sqlite3_file *file;
    size_t page_size, usable;
    uint32_t n_pages, root;
    struct level levels[DEPTH];
    int depth, height;
};

static unsigned two(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t four(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* NULL behind the end. */
static const unsigned char *varint(const unsigned char *p, const unsigned char *end, uint64_t *out)
{
    uint64_t v = 0;
    for (int i = 0; i < 9 && p < end; i++, p++) {
        if (i == 8) {
            *out = v << 8 | *p;
            return p + 1;
        }
        v = v << 7 | (*p & 0x7f);
        if (*p < 0x80) {
            *out = v;
            return p + 1;
        }
    }
    return NULL;
}

static bool read_pages(struct journal_pages *r, uint32_t page, unsigned n, unsigned char *out)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign): it takes a page for the file */
    const struct sqlite3_io_methods *io = r->file->pMethods;
    return page > 1 && page <= r->n_pages && r->n_pages - page + 1 >= n &&
           io->xRead(r->file, out, (int)(n * r->page_size), (sqlite3_int64)(page - 1) * (sqlite3_int64)r->page_size) ==
               SQLITE_OK;
}

/* ---- the way down ---- */

/* The page and the last key of a child; the last child has no key: INT64_MAX. False: the page is broken. */
static bool child(const struct journal_pages *r, const struct level *l, unsigned i, uint32_t *page, int64_t *key)
{
    uint64_t v;
    *key = INT64_MAX;
    if (i + 1 == l->n) {
        *page = four(l->page + 8);
        return true;
    }
    unsigned off = two(l->page + 12 + (size_t)2 * i);
    if (off + 4 > r->usable || varint(l->page + off + 4, l->page + r->usable, &v) == NULL)
        return false;
    *page = four(l->page + off);
    *key = (int64_t)v;
    return true;
}

static bool enter(struct journal_pages *r, uint32_t page)
{
    if (r->depth == DEPTH)
        return false;
    struct level *l = &r->levels[r->depth];
    if (l->page == NULL && (l->page = malloc(r->page_size)) == NULL)
        abort();
    if (!read_pages(r, page, 1, l->page))
        return false;
    l->at = 0;
    l->n = two(l->page + 3) + 1;
    r->depth++;
    return l->page[0] == INNER && 12 + 2 * (size_t)l->n <= r->usable;
}

/* How many inner pages lie above each leaf; 0: broken, or the root is a leaf. */
static int height_of(struct journal_pages *r)
{
    unsigned char *bytes = malloc(r->page_size);
    uint32_t page = r->root;
    int height = 0;
    bool ok = bytes != NULL;
    while (ok && (ok = height < DEPTH && read_pages(r, page, 1, bytes)) && bytes[0] == INNER) {
        page = four(bytes + 8);
        height++;
    }
    ok = ok && bytes[0] == LEAF;
    free(bytes);
    return ok ? height : 0;
}

/* To the inner page whose next child is the leaf that holds seq, or would. */
static bool seek(struct journal_pages *r, int64_t seq)
{
    uint32_t page = r->root;
    int64_t key;
    r->depth = 0;
    while (r->depth < r->height) {
        if (!enter(r, page))
            return false;
        struct level *l = &r->levels[r->depth - 1];
        unsigned low = 0, high = l->n - 1;
        while (low < high) {
            unsigned mid = (low + high) / 2;
            if (!child(r, l, mid, &page, &key))
                return false;
            if (key < seq)
                low = mid + 1;
            else
                high = mid;
        }
        l->at = low;
        if (!child(r, l, low, &page, &key))
            return false;
    }
    return true;
}

/* Leaves that come next and lie in a row in the file. 0: there is none; -1: broken. */
static int next_run(struct journal_pages *r, uint32_t *first, int64_t last)
{
    int down = 0, n = 0;
    int64_t key;
    uint32_t page;
    while (r->levels[r->depth - 1].at == r->levels[r->depth - 1].n) {
        if (r->depth == 1)
            return 0;
        r->depth--;
        r->levels[r->depth - 1].at++;
        down++;
    }
    for (; down > 0; down--) {
        struct level *l = &r->levels[r->depth - 1];
        if (!child(r, l, l->at, &page, &key) || !enter(r, page))
            return -1;
    }
    struct level *l = &r->levels[r->depth - 1];
    key = INT64_MIN;
    for (; n < RUN && l->at < l->n && key < last; n++, l->at++) {
        if (!child(r, l, l->at, &page, &key))
            return -1;
        if (n == 0)
            *first = page;
        else if (page != *first + (uint32_t)n)
            break;
    }
    return n;
}

/* ---- leaves ---- */

static int64_t whole(const unsigned char *p, unsigned bytes)
{
    int64_t v = bytes ? (signed char)p[0] : 0;
    for (unsigned i = 1; i < bytes; i++)
        v = (int64_t)((uint64_t)v << 8 | p[i]);
    return v;
}

/* The value of a whole number of the kind that stands in a record's head; -1 bytes: it is something else. */
static int number(unsigned kind, const unsigned char *p, const unsigned char *end, int64_t *out)
{
    static const signed char bytes_of[] = {0, 1, 2, 3, 4, 6, 8, -1, 0, 0};
    int bytes = kind < sizeof bytes_of ? bytes_of[kind] : -1;
    if (bytes < 0 || end - p < bytes)
        return -1;
    *out = kind == 9 ? 1 : kind == 8 ? 0 : whole(p, (unsigned)bytes);
    return bytes;
}

/* seq is the key of the record and stands in it as nothing. */
static bool record(const unsigned char *p, size_t n, struct event *ev)
{
    const unsigned char *end = p + n, *kinds = p;
    uint64_t head, kind;
    int64_t v[COLUMNS];
    if ((kinds = varint(p, end, &head)) == NULL || head > n)
        return false;
    const unsigned char *body = p + head;
    for (int i = 0; i < COLUMNS - 1; i++) {
        int bytes = kinds < p + head ? number(*kinds++, body, end, &v[i]) : -1;
        if (bytes < 0)
            return false;
        body += bytes;
    }
    if (varint(kinds, p + head, &kind) == NULL || kind < 13 || kind % 2 == 0 ||
        (kind - 13) / 2 > (uint64_t)(end - body))
        return false;
    *ev = (struct event){.seq = ev->seq,
                         .at = v[1],
                         .actor_id = v[2],
                         .undoes = v[4],
                         .object_id = v[6],
                         .object_kind = (int)v[7],
                         .verb = (int)v[8],
                         .via = (int)v[9],
                         .data = {(const char *)body, (size_t)(kind - 13) / 2}};
    return true;
}

/* A record that has more than its page holds goes on in a chain of others; here it becomes one piece. */
static const unsigned char *gather(const struct journal_pages *r, const unsigned char *p, const unsigned char *end,
                                   size_t size, struct arena *a)
{
    size_t u = r->usable, least = (u - 12) * 32 / 255 - 23, here = least + (size - least) % (u - 4);
    here = here <= u - 35 ? here : least;
    if ((size_t)(end - p) < here + 4 || size > (size_t)r->n_pages * u)
        return NULL;
    unsigned char *all = arena_alloc(a, size), *bytes = arena_alloc(a, r->page_size);
    memcpy(all, p, here);
    for (uint32_t page = four(p + here); here < size; page = four(bytes)) {
        if (!read_pages((struct journal_pages *)r, page, 1, bytes))
            return NULL;
        size_t more = size - here < u - 4 ? size - here : u - 4;
        memcpy(all + here, bytes + 4, more);
        here += more;
    }
    return all;
}

static bool cell(const struct journal_pages *r, const unsigned char *page, unsigned i, struct arena *a,
                 struct event *ev)
{
    const unsigned char *end = page + r->usable, *p = page + two(page + 8 + (size_t)2 * i);
    uint64_t size, seq;
    if (p >= end || (p = varint(p, end, &size)) == NULL || (p = varint(p, end, &seq)) == NULL)
        return false;
    ev->seq = (int64_t)seq;
    if (size > r->usable - 35)
        p = gather(r, p, end, size, a);
    else if (size > (size_t)(end - p))
        p = NULL;
    return p != NULL && record(p, size, ev);
}

/* Events of a leaf with *after < seq <= last; *after follows, up to last when the leaf holds later ones: numbers may
 * have gaps. */
static enum rc leaf(const struct journal_pages *r, const unsigned char *page, struct arena *a, int64_t *after,
                    int64_t last, enum rc (*each)(void *arg, const struct event *ev), void *arg)
{
    struct event ev;
    unsigned n = two(page + 3);
    if (page[0] != LEAF || 8 + 2 * (size_t)n > r->usable)
        return RC_NOT_FOUND;
    for (unsigned i = 0; i < n; i++) {
        if (!cell(r, page, i, a, &ev))
            return RC_NOT_FOUND;
        if (ev.seq <= *after)
            continue;
        if (ev.seq > last) {
            *after = last;
            return RC_OK;
        }
        TRY(each(arg, &ev));
        *after = ev.seq;
    }
    return RC_OK;
}

enum rc journal_pages_range(struct journal_pages *r, int64_t *after, int64_t last, struct arena *a,
                            enum rc (*each)(void *arg, const struct event *ev), void *arg)
{
    uint32_t first = 0;
    int n = 0;
    if (!seek(r, *after + 1))
        return RC_NOT_FOUND;
    while (*after < last && (n = next_run(r, &first, last)) > 0) {
        unsigned char *pages = arena_alloc(a, (size_t)n * r->page_size);
        if (!read_pages(r, first, (unsigned)n, pages))
            return RC_NOT_FOUND;
        for (int i = 0; i < n; i++)
            TRY(leaf(r, pages + (size_t)i * r->page_size, a, after, last, each, arg));
    }
    return n < 0 ? RC_NOT_FOUND : RC_OK;
}

/* ---- may it be read like that? ---- */

/* The columns stand in this order in each record. */
static bool shape_known(struct db *db, uint32_t *root)
{
    struct stmt *s;
    struct err e = {0};
    bool ok = false;
    if (db_prepare(db, &s,
                   "SELECT rootpage, (SELECT group_concat(name || ' ' || type || pk, ',') FROM"
                   " (SELECT name, type, pk FROM pragma_table_info('journal') ORDER BY cid)) FROM sqlite_schema"
                   " WHERE type = 'table' AND name = 'journal'",
                   &e) != RC_OK)
        return false;
    if (stmt_step(s, &e) == RC_ROW) {
        *root = (uint32_t)stmt_col_i64(s, 0);
        ok = str_eqc(stmt_col_str(s, 1),
                     "seq INTEGER1,at BIGINT0,actor_id BIGINT0,cause BIGINT0,undoes BIGINT0,change_id BIGINT0,"
                     "object_id BIGINT0,object_kind SMALLINT0,verb SMALLINT0,via SMALLINT0,data TEXT0");
    }
    stmt_done(s);
    return ok;
}

/* Our transaction holds the lock of readers of the file alone when the log was empty after it had begun: nobody may
 * move pages from the log into the file now. */
static bool log_is_empty(sqlite3 *h)
{
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 1;
    if (sqlite3_file_control(h, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK || log == NULL)
        return false;
    return log->pMethods == NULL || (log->pMethods->xFileSize(log, &size) == SQLITE_OK && size == 0);
}

static bool look(struct journal_pages *r)
{
    unsigned char head[FILE_HEAD];
    sqlite3_int64 size;
    sqlite3 *h = db_sqlite_handle(r->db);
    if (!shape_known(r->db, &r->root) || !log_is_empty(h) ||
        sqlite3_file_control(h, "main", SQLITE_FCNTL_FILE_POINTER, &r->file) != SQLITE_OK || r->file == NULL ||
        r->file->pMethods == NULL || r->file->pMethods->xRead(r->file, head, FILE_HEAD, 0) != SQLITE_OK ||
        r->file->pMethods->xFileSize(r->file, &size) != SQLITE_OK)
        return false;
    r->page_size = two(head + 16) == 1 ? 65536 : two(head + 16);
    if (memcmp(head, "SQLite format 3", 16) != 0 || r->page_size < 512 || head[20] > 64 || four(head + 56) != 1)
        return false;
    r->usable = r->page_size - head[20];
    r->n_pages = (uint32_t)((size_t)size / r->page_size);
    r->height = height_of(r);
    return r->height > 0;
}

struct journal_pages *journal_pages_begin(struct db *db)
{
    struct err e = {0};
    if (db_kind_of(db) != DB_SQLITE || db_read_begin(db, &e) != RC_OK)
        return NULL;
    struct journal_pages *r = calloc(1, sizeof *r);
    if (r == NULL)
        abort();
    r->db = db;
    if (look(r))
        return r;
    journal_pages_end(r);
    return NULL;
}

void journal_pages_end(struct journal_pages *r)
{
    if (r == NULL)
        return;
    db_read_end(r->db);
    for (int i = 0; i < DEPTH; i++)
        free(r->levels[i].page);
    free(r);
}
