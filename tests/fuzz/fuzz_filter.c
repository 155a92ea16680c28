/* Filters come from URLs: no text may crash the parser, and what it takes becomes SQL whose every value is a parameter.
 */
#include "crm/filter.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct filter_env env = {.user_id = 7, .now = INT64_C(1790000000000), .offset_ms = 10800000};
    if (size < 1)
        return 0;
    const struct entity *ent = entity_by_id((enum entity_id)(data[0] % ENT_END));
    if (!ent)
        return 0;
    struct arena a = ARENA_EMPTY;
    struct err e = {0};
    struct filter *f;
    struct str text = {(const char *)data + 1, size - 1};
    if (filter_parse(&a, ent, text, &env, &f, &e) == RC_OK) {
        struct sqlb q = sqlb_new(&a);
        filter_sql(&q, ent, f, "t");
        size_t quotes = 0, params = 0;
        for (size_t i = 0; i < q.text.len; i++) {
            quotes += q.text.ptr[i] == '\'';
            params += q.text.ptr[i] == '$';
        }
        assert(quotes % 2 == 0 && params == q.n);
        assert(memchr(q.text.ptr, ';', q.text.len) == NULL);
        sqlb_free(&q);
    } else {
        assert(strcmp(e.code, "bad_filter") == 0 && e.rc == RC_INVALID && str_utf8_valid(str_c(e.arg[1])));
    }
    arena_free(&a);
    return 0;
}
