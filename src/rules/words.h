/* Words of triggers: texts of i18n with {named} places, plurals, stretches of time, names of things. */
#pragma once
#include "base/i18n.h"
#include "rules/action.h"

struct word {
    const char *name;
    struct str value;
};
/* The text of `key` with each {name} replaced. */
struct str words_fill(struct arena *a, const char *lang, const char *key, const struct word *words, size_t n);
#define WORDS(a, lang, key, ...)                                                                                       \
    words_fill((a), (lang), (key), (const struct word[]){__VA_ARGS__},                                                 \
               sizeof((const struct word[]){__VA_ARGS__}) / sizeof(struct word))
/* key.one, .few, .many or .other of the language, with {n}. */
struct str words_count(struct arena *a, const char *lang, const char *key, int64_t n);
/* «3 дня», «5 часов», "36 hours of working time" */
struct str words_hours(struct arena *a, const char *lang, int64_t hours, bool working);
/* The name, or #5. */
struct str words_name(struct arena *a, const struct rule_names *names, enum entity_id kind, int64_t id);
/* The label of a field: of the company's own, or field.<object>.<name> of i18n. */
struct str words_field(struct arena *a, const char *lang, const struct entity *ent, int field);
