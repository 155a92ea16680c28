/* The texts of i18n/ru.json and i18n/en.json, which are part of the program: errors, notes of reports, mail, public
 * pages. */
#pragma once
#include "base/str.h"

/* lang "ru" or "en"; anything else is Russian. A key that the language lacks is looked up in the other, then stands for
 * itself. */
struct str i18n_text(const char *lang, const char *key);
/* The same with {0} {1} … replaced by args. */
struct str i18n_fill(struct arena *a, const char *lang, const char *key, const struct str *args, size_t n);
