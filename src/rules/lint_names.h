/* What a stage's name says. It should tell what has been done («Демонстрация проведена»); a state, a plan or the name
 * of some work tells nothing that can be checked. Russian and English, by word lists and endings of our own. */
#pragma once
#include "base/str.h"

enum name_says {
    NAME_DONE,  /* what has been done */
    NAME_STATE, /* «Думает», «Ждём связи», "Thinking" */
    NAME_PLAN,  /* «Отправить КП», "Send the offer" */
    NAME_WORK,  /* «Подготовка договора», «Переговоры», "Contract preparation" */
    NAME_THING, /* «Новая заявка», «КП» */
};
/* *proposal: a better name, STR_NULL when none can be made. */
enum name_says name_says(struct arena *a, struct str name, struct str *proposal);
/* The stems of the words that matter, sorted, with a blank between: equal for names that say the same thing. With
 * `event` the word of what happened to it is left out, and *done tells which it was: 1 done, 2 planned, 0 neither. */
struct str name_stems(struct arena *a, struct str name, bool event, int *done);

/* --- inside --- */
#define NAME_WORDS 16
struct name_words {
    struct str as[NAME_WORDS];   /* as written */
    struct str fold[NAME_WORDS]; /* lower case, ё as е */
    size_t n;
    bool cyrillic;
};
struct name_words name_split(struct arena *a, struct str name);
enum name_says name_says_en(struct arena *a, const struct name_words *w, struct str *proposal); /* lint_names_en.c */
bool word_in(struct str word, const char *list);                                                /* " one two " */
bool word_ends(struct str word, const char *ending);
bool word_ends_any(struct str word, const char *list);
struct str word_capital(struct arena *a, struct str s);
/* lint_names_ru.c: the proposal for work or a plan, out of the words. */
struct str name_propose_ru(struct arena *a, const struct name_words *w, size_t verb, bool plan);
