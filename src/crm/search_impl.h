/* Inside of search. */
#pragma once
#include "base/vec.h"
#include "crm/search.h"

#define WORDS_MOST 8
#define READINGS 3 /* of one word: a phone with and without the code of the country */

struct term {
    struct str as[READINGS];
    size_t n;
};
struct terms {
    struct term ptr[WORDS_MOST];
    size_t n;
};
/* What was typed as words; digits with what stands between them in a number are one. */
void search_read(struct arena *a, struct str text, struct terms *out);
bool search_all_digits(struct str s);
/* Does the term begin one of the words; a word of a folded text? */
bool search_begins(const struct term *t, const struct search_words *w);
bool search_begins_in(struct str folded, struct str term);

/* ---- all words there are (search_vocabulary.c) ---- */

/* Behind everything that begins so. */
struct str search_end_of(struct arena *a, struct str word);
/* The words that begin so but are longer: a step into the index each. */
MUST_USE enum rc search_following(struct db *db, struct arena *a, struct str word, struct str *out, size_t most,
                                  size_t *n, struct err *e);
/* How many postings there are behind a beginning, as far as `most`. */
MUST_USE enum rc search_weight(struct db *db, struct arena *a, const struct term *t, int64_t most, int64_t *out,
                               struct err *e);
/* Which of the words begin a word that there is, without those that go on from the typed one: whoever had such a word
 * was found by it. */
MUST_USE enum rc search_keep_known(struct db *db, struct arena *a, struct str typed, const struct str *words, size_t n,
                                   struct str *known, size_t most, size_t *found, struct err *e);

/* ---- where common words meet (search_join.c) ---- */

struct search_keys { /* records: kind and id of each */
    const uint64_t *ptr;
    size_t n;
};
int64_t search_key_id(uint64_t key);
enum entity_id search_key_kind(uint64_t key);

struct postings_of { /* one word, read so far */
    struct str word, end;
    int64_t kind, id; /* behind which the next page begins */
    VEC(uint64_t) keys;
    bool all;
};
struct search_join {
    struct db *db;
    struct arena *arena;
    const bool *kinds; /* of which records */
    struct postings_of of[WORDS_MOST];
    size_t n, second, passed, rows; /* rows: postings read */
    int rarest;                     /* -1: not known yet */
    uint64_t *set;
    size_t slots;
    bool done;
};
/* For two words and more, each with one reading. */
void search_join_begin(struct search_join *j, struct db *db, struct arena *a, const struct terms *terms,
                       const bool *kinds);
/* The next records that may have all of the words, good until the next call; none: that was all. Every record whose
 * postings have all words comes once or more often; others may come, too. */
MUST_USE enum rc search_join_next(struct search_join *j, struct search_keys *out, struct err *e);
void search_join_end(struct search_join *j);
