/* Search as one types: over names, phones, mails, tax numbers, titles and notes. Each record has words, folded and kept
 * in the table search_word by the engine in the transaction that writes the record. A query is words, too: every one of
 * them must begin a word of the record. Whole words stand before beginnings; when there are none of either, the
 * keyboard was in the other layout; then one slip of a letter (left out, put in, another, two swapped) is forgiven. */
#pragma once
#include "crm/filter.h"

#define SEARCH_WORDS_MOST 100 /* of one record */
#define SEARCH_WORD_LETTERS 40

struct search_words {
    struct str *ptr; /* ascending, no repeats */
    size_t n;
};
/* Is there anything to find in records of this noun? */
bool search_covers(const struct entity *ent);
bool search_field(const struct entity *ent, int field);
/* The words of a record (NULL: none); fields NULL: of all. */
void search_words_of(struct arena *a, const struct record *r, const bool *fields, struct search_words *out);
/* The words of one text: as the record's fields of this type have them. */
void search_words_of_text(struct arena *a, enum field_type type, struct str text, struct search_words *out);

/* Does a letter or digit end in `text` right before `at`? */
bool search_letter_before(struct str text, const char *at);

/* Brings search_word from the words of `was` to those of `is`; either may be NULL or deleted. For the engine, after
 * each write. */
MUST_USE enum rc search_track(struct wtx *tx, const struct record *was, const struct record *is, struct err *e);
/* Instead of it for many new records: those of the noun from from_id to until_id get their words later, in order, by
 * search_catch_up, which the server runs by itself. */
MUST_USE enum rc search_later(struct wtx *tx, enum entity_id kind, int64_t from_id, int64_t until_id, struct err *e);
/* Writes the words of some records that wait; *more: there are others. */
MUST_USE enum rc search_catch_up(struct wtx *tx, size_t records, bool *more, struct err *e);
MUST_USE enum rc search_is_behind(struct db *db, bool *behind, struct err *e);
/* Forgets all words: search_catch_up makes them anew. */
MUST_USE enum rc search_rebuild(struct wtx *tx, struct err *e);
/* For `voronka check`: calls problem for records whose words differ. */
MUST_USE enum rc search_check(struct db *db, void (*problem)(void *arg, const char *text), void *arg, struct err *e);

/* The other reading of a text typed with the keyboard in the wrong layout: Latin keys to Russian letters and back.
 * Without change: an empty text. */
struct str search_layout(struct arena *a, struct str text, bool to_russian);
/* Words that differ from `word` by one slip, at most `most`; folded, of the word's own alphabet. */
size_t search_slips(struct arena *a, struct str word, struct str *out, size_t most);

enum search_how { SEARCH_EXACT, SEARCH_PREFIX, SEARCH_LAYOUT, SEARCH_TYPO };
struct search_hit {
    const struct entity *ent;
    int64_t id, deal_id, contact_id, company_id; /* what a note or task hangs on; 0: nothing */
    struct str title, subtitle, matched;
    int field; /* of matched; -1: its number */
    enum search_how how;
};
struct search_query {
    struct str text;
    bool kinds[ENT_END]; /* among which to search */
    size_t limit;        /* 1..100 */
    const struct rights *rights;
};
struct search_result {
    struct search_hit *hits;
    size_t n;
    struct str as; /* the query as it was understood */
};
MUST_USE enum rc search_run(struct db *db, struct arena *a, const struct search_query *q, struct search_result *out,
                            struct err *e);
