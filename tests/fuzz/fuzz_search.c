/* What one types into search: any text becomes a few words, in both layouts, with every slip, and all of it is UTF-8.
 */
#include "crm/search_impl.h"
#include <assert.h>

static void read_words(struct arena *a, struct str text)
{
    static struct str slips[1600];
    struct terms t;
    search_read(a, text, &t);
    assert(t.n <= WORDS_MOST);
    for (size_t i = 0; i < t.n; i++) {
        assert(t.ptr[i].n >= 1 && t.ptr[i].n <= READINGS);
        for (size_t k = 0; k < t.ptr[i].n; k++)
            assert(t.ptr[i].as[k].len > 0 && str_utf8_valid(t.ptr[i].as[k]));
        size_t n = search_slips(a, t.ptr[i].as[0], slips, 1600);
        for (size_t k = 0; k < n; k++)
            assert(str_utf8_valid(slips[k]));
        (void)search_begins_in(text, t.ptr[i].as[0]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct arena a = ARENA_EMPTY;
    if (!str_utf8_valid(text)) /* refused before */
        return 0;
    static const enum field_type types[] = {FT_TEXT, FT_LONG, FT_PHONE, FT_EMAIL};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct search_words w;
        search_words_of_text(&a, types[i], text, &w);
        assert(w.n <= SEARCH_WORDS_MOST);
        for (size_t k = 0; k < w.n; k++)
            assert(w.ptr[k].len > 0 && (k == 0 || str_cmp(w.ptr[k - 1], w.ptr[k]) < 0));
    }
    read_words(&a, text);
    for (int to_russian = 0; to_russian < 2; to_russian++) {
        struct str other = search_layout(&a, text, to_russian);
        assert(str_utf8_valid(other));
        read_words(&a, other);
    }
    arena_free(&a);
    return 0;
}
