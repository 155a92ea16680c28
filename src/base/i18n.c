#include "base/i18n.h"
#include "base/buf.h"
#include "base/i18n_data.h"
#include "base/map.h"
#include "base/vec.h"
#include <jansson.h>
#include <pthread.h>

enum { RU, EN, LANGS };
static struct strmap *index_of[LANGS];
static VEC(struct str) texts; /* live as long as the program */
static struct arena memory;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(int lang, const char *json, size_t len)
{
    json_t *all = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL), *value;
    const char *key;
    index_of[lang] = strmap_new();
    if (all == NULL) /* the tests read every text, so this is a broken build */
        abort();
    json_object_foreach(all, key, value)
    {
        struct str text = {json_string_value(value), json_string_length(value)};
        strmap_put(index_of[lang], str_c(key), (int64_t)texts.len);
        vec_push(&texts, str_dup(&memory, text));
    }
    json_decref(all);
}

static void load_all(void)
{
    load(RU, i18n_ru, i18n_ru_len);
    load(EN, i18n_en, i18n_en_len);
}

struct str i18n_text(const char *lang, const char *key)
{
    int64_t i;
    pthread_once(&once, load_all);
    int first = lang != NULL && strcmp(lang, "en") == 0 ? EN : RU;
    if (strmap_get(index_of[first], str_c(key), &i) || strmap_get(index_of[LANGS - 1 - first], str_c(key), &i))
        return texts.ptr[i];
    return str_c(key);
}

struct str i18n_fill(struct arena *a, const char *lang, const char *key, const struct str *args, size_t n)
{
    struct str t = i18n_text(lang, key);
    struct buf b = {0};
    for (size_t i = 0; i < t.len; i++) {
        bool arg =
            t.ptr[i] == '{' && i + 2 < t.len && t.ptr[i + 1] >= '0' && t.ptr[i + 1] <= '9' && t.ptr[i + 2] == '}';
        if (arg && (size_t)(t.ptr[i + 1] - '0') < n) {
            buf_str(&b, args[t.ptr[i + 1] - '0']);
            i += 2;
        } else {
            buf_char(&b, t.ptr[i]);
        }
    }
    struct str out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return out;
}
