/* What the words of all records tell: how a beginning goes on, how common it is, which words there are at all. */
#include "crm/search_impl.h"
#include "crm/sqlb.h"

struct str search_end_of(struct arena *a, struct str word)
{
    return str_fmt(a, "%.*s\xf4\x8f\xbf\xbf", STR_ARG(word));
}

/* The words that begin so but are longer, from the vocabulary: a step into the index each. */
enum rc search_following(struct db *db, struct arena *a, struct str word, struct str *out, size_t most, size_t *n,
                         struct err *e)
{
    struct str at = word;
    *n = 0;
    while (*n < most) {
        struct stmt *st;
        TRY(db_prepare(db, &st, "SELECT word FROM search_word WHERE word > $1 ORDER BY word LIMIT 1", e));
        stmt_str(st, 1, at);
        enum rc rc = stmt_step(st, e);
        struct str next = rc == RC_ROW ? stmt_col_str(st, 0) : STR_NULL;
        bool goes_on = rc == RC_ROW && str_starts(next, word);
        if (goes_on)
            at = out[(*n)++] = str_dup(a, next);
        stmt_done(st);
        if (rc != RC_ROW && rc != RC_DONE)
            return rc;
        if (!goes_on)
            break;
    }
    return RC_OK;
}

/* How many records there are behind a beginning, as far as it matters. */
enum rc search_weight(struct db *db, struct arena *a, const struct term *t, int64_t most, int64_t *out, struct err *e)
{
    *out = 0;
    for (size_t k = 0; k < t->n; k++) {
        struct stmt *st;
        TRY(db_prepare(
            db, &st, "SELECT COUNT(*) FROM (SELECT 1 FROM search_word WHERE word >= $1 AND word < $2 LIMIT $3) x", e));
        stmt_str(st, 1, t->as[k]);
        stmt_str(st, 2, search_end_of(a, t->as[k]));
        stmt_i64(st, 3, most);
        enum rc rc = stmt_step(st, e);
        if (rc == RC_ROW)
            *out += stmt_col_i64(st, 0);
        stmt_done(st);
        if (rc != RC_ROW)
            return rc;
    }
    return RC_OK;
}

/* Which of these begin a word of the vocabulary: one statement for many. */
enum rc search_keep_known(struct db *db, struct arena *a, struct str typed, const struct str *words, size_t n,
                          struct str *known, size_t most, size_t *found, struct err *e)
{
    struct sqlb q = sqlb_new(a);
    struct stmt *st = NULL;
    enum rc rc;
    enum { ROW = 100 };
    sqlb_c(&q, "SELECT v.w, (SELECT s.word FROM search_word s WHERE s.word >= v.w ORDER BY s.word LIMIT 1) FROM (");
    for (size_t i = 0; i < ROW; i++) {
        sqlb_c(&q, i ? " UNION ALL SELECT CAST(" : "SELECT CAST(");
        sqlb_param(&q, val_str(i < n ? words[i] : words[n - 1]));
        sqlb_c(&q, i ? " AS TEXT)" : " AS TEXT) AS w");
    }
    sqlb_c(&q, ") v");
    TRY_OUT(sqlb_prepare(&q, db, &st, e));
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        struct str w = stmt_col_str(st, 0);
        bool again = (*found && str_eq(known[*found - 1], w)) || str_starts(w, typed); /* it was looked for */
        if (*found < most && !again && str_starts(stmt_col_str(st, 1), w))
            known[(*found)++] = str_dup(a, w);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(st);
    sqlb_free(&q);
    return rc;
}
