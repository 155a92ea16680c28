/* Several common words: where all of them may meet, from their postings alone. All words are read side by side, a page
 * at a time, until one of them is at its end: the rarest, found without counting. Those of its records that have a
 * second word, too, are candidates; when every other word is far more common, all of them are, as reading ten records
 * costs less than passing over a hundred postings. */
#include "crm/search_impl.h"

#define PAGE 2000
#define MORE_COMMON 8 /* postings passed over in place of comparing one record */
#define KIND_BITS 6
_Static_assert(ENT_END <= 1 << KIND_BITS, "a kind stands beside the id in a key");

int64_t search_key_id(uint64_t key)
{
    return (int64_t)(key >> KIND_BITS);
}

enum entity_id search_key_kind(uint64_t key)
{
    return (enum entity_id)(key & ((1U << KIND_BITS) - 1));
}

static size_t slot_of(const struct search_join *j, uint64_t key)
{
    size_t i = (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (j->slots - 1);
    while (j->set[i] && j->set[i] != key)
        i = (i + 1) & (j->slots - 1);
    return i;
}

void search_join_begin(struct search_join *j, struct db *db, struct arena *a, const struct terms *terms,
                       const bool *kinds)
{
    *j = (struct search_join){.db = db, .arena = a, .n = terms->n, .kinds = kinds, .rarest = -1};
    for (size_t i = 0; i < terms->n; i++) {
        struct str word = terms->ptr[i].as[0];
        j->of[i] = (struct postings_of){.word = word, .end = search_end_of(a, word)};
    }
}

void search_join_end(struct search_join *j)
{
    for (size_t i = 0; i < j->n; i++)
        vec_free(&j->of[i].keys);
}

/* Adds a page of postings of one word. */
static enum rc read_page(struct search_join *j, struct postings_of *p, struct err *e)
{
    struct stmt *st;
    enum rc rc;
    int n = 0;
    TRY(db_prepare(j->db, &st,
                   "SELECT object_id, object_kind, word FROM search_word WHERE (word, object_kind, object_id) >"
                   " ($1, $2, $3) AND word < $4 ORDER BY word, object_kind, object_id LIMIT $5",
                   e));
    stmt_str(st, 1, p->word);
    stmt_i64(st, 2, p->kind);
    stmt_i64(st, 3, p->id);
    stmt_str(st, 4, p->end);
    stmt_i64(st, 5, PAGE);
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        int64_t id = stmt_col_i64(st, 0), kind = stmt_col_i64(st, 1);
        if (j->kinds[kind])
            vec_push(&p->keys, (uint64_t)id << KIND_BITS | (uint64_t)kind);
        if (++n == PAGE) { /* from where the next page goes on */
            p->word = str_dup(j->arena, stmt_col_str(st, 2));
            p->kind = kind;
            p->id = id;
        }
    }
    stmt_done(st);
    p->all = n < PAGE;
    j->rows += (size_t)n;
    return rc == RC_DONE ? RC_OK : rc;
}

static void keep_rarest(struct search_join *j, size_t rarest)
{
    const struct postings_of *p = &j->of[rarest];
    j->rarest = (int)rarest;
    for (j->slots = 64; j->slots < p->keys.len * 2;)
        j->slots *= 2;
    j->set = ARENA_ARRAY(j->arena, uint64_t, j->slots);
    for (size_t i = 0; i < p->keys.len; i++)
        j->set[slot_of(j, p->keys.ptr[i])] = p->keys.ptr[i];
}

static enum rc find_rarest(struct search_join *j, struct err *e)
{
    while (j->rarest < 0)
        for (size_t i = 0; i < j->n && j->rarest < 0; i++) {
            TRY(read_page(j, &j->of[i], e));
            if (j->of[i].all)
                keep_rarest(j, i);
        }
    /* of the others the one with the fewest so far; nothing is known of those that go on */
    j->second = j->rarest == 0;
    for (size_t i = 0; i < j->n; i++)
        if ((int)i != j->rarest && j->of[i].all && j->of[i].keys.len < j->of[j->second].keys.len)
            j->second = i;
    return RC_OK;
}

static void each_of_rarest(struct search_join *j, struct search_keys *out)
{
    *out = (struct search_keys){j->of[j->rarest].keys.ptr, j->of[j->rarest].keys.len};
    j->done = true;
}

enum rc search_join_next(struct search_join *j, struct search_keys *out, struct err *e)
{
    *out = (struct search_keys){NULL, 0};
    if (j->rarest < 0)
        TRY(find_rarest(j, e));
    struct postings_of *p = &j->of[j->second];
    size_t rare = j->of[j->rarest].keys.len;
    if (!rare)
        j->done = true;
    while (!j->done && !out->n) {
        if (j->passed == p->keys.len && !p->all)
            TRY(read_page(j, p, e));
        size_t met = j->passed, from = j->passed;
        for (; j->passed < p->keys.len; j->passed++)
            if (j->set[slot_of(j, p->keys.ptr[j->passed])])
                p->keys.ptr[met++] = p->keys.ptr[j->passed];
        *out = (struct search_keys){p->keys.ptr + from, met - from};
        j->done = p->all;
        if (!out->n && !j->done && j->passed > rare * MORE_COMMON)
            each_of_rarest(j, out);
    }
    return RC_OK;
}
