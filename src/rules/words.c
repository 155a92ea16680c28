#include "rules/words.h"
#include "base/buf.h"
#include <stdio.h>

struct str words_fill(struct arena *a, const char *lang, const char *key, const struct word *words, size_t n)
{
    struct str t = i18n_text(lang, key);
    struct buf b = {0};
    for (size_t i = 0; i < t.len; i++) {
        const char *end = t.ptr[i] == '{' ? memchr(t.ptr + i, '}', t.len - i) : NULL;
        size_t k = n;
        if (end) {
            struct str name = {t.ptr + i + 1, (size_t)(end - t.ptr) - i - 1};
            for (k = 0; k < n && !str_eqc(name, words[k].name);)
                k++;
        }
        if (k < n) {
            buf_str(&b, words[k].value);
            i = (size_t)(end - t.ptr);
        } else {
            buf_char(&b, t.ptr[i]);
        }
    }
    struct str text = str_dup(a, buf_view(&b));
    buf_free(&b);
    return text;
}

/* The classes of CLDR for whole numbers. */
static const char *plural(const char *lang, int64_t n)
{
    int64_t ten = n % 10, hundred = n % 100;
    if (lang && strcmp(lang, "en") == 0)
        return n == 1 ? "one" : "other";
    if (ten == 1 && hundred != 11)
        return "one";
    return ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14) ? "few" : "many";
}

struct str words_count(struct arena *a, const char *lang, const char *key, int64_t n)
{
    char full[80];
    snprintf(full, sizeof full, "%s.%s", key, plural(lang, n < 0 ? -n : n));
    return WORDS(a, lang, full, {"n", str_fmt(a, "%lld", (long long)n)});
}

struct str words_hours(struct arena *a, const char *lang, int64_t hours, bool working)
{
    bool days = !working && hours >= 24 && hours % 24 == 0;
    struct str text = words_count(a, lang, days ? "rules.days" : "rules.hours", days ? hours / 24 : hours);
    return working ? str_fmt(a, "%.*s %.*s", STR_ARG(text), STR_ARG(i18n_text(lang, "rules.working"))) : text;
}

struct str words_name(struct arena *a, const struct rule_names *names, enum entity_id kind, int64_t id)
{
    struct str name = names && names->name ? names->name(names->arg, a, kind, id) : STR_NULL;
    return name.ptr ? name : str_fmt(a, "#%lld", (long long)id);
}

struct str words_field(struct arena *a, const char *lang, const struct entity *ent, int field)
{
    const struct field *fd = &ent->fields[field];
    char key[160];
    if (fd->custom)
        return str_c(fd->custom->label);
    snprintf(key, sizeof key, "field.%s.%s", ent->name, fd->name);
    return str_dup(a, i18n_text(lang, key));
}
