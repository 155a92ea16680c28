/* Inside of search. */
#pragma once
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
