/* The scanner of journal data reads from every valid object what a JSON parser reads, and ends on anything else. */
#include "insight/event_scan.h"
#include <jansson.h>
#include <stdlib.h>

static void same(const json_t *value, struct str got)
{
    struct arena a = ARENA_EMPTY;
    struct str text;
    int64_t i, ids[4];
    if (json_is_integer(value) && (!event_int(got, &i) || i != json_integer_value(value)))
        abort();
    if (json_is_boolean(value) && (!event_int(got, &i) || i != json_is_true(value)))
        abort();
    if (json_is_null(value) && (event_int(got, &i) || event_text(got, &a, &text)))
        abort();
    if (json_is_string(value) && (!event_text(got, &a, &text) ||
                                  !str_eq(text, (struct str){json_string_value(value), json_string_length(value)})))
        abort();
    if (json_is_array(value) && event_ids(got, ids, 4) > json_array_size(value))
        abort();
    arena_free(&a);
}

/* What is expected is met as it is found, or not at all. */
static void expected(struct event_scan before, const struct event_scan *after, const struct event_pair *pair)
{
    struct arena a = ARENA_EMPTY;
    struct str head = str_fmt(&a, "\"%.*s\":[", STR_ARG(pair->field));
    struct event_pair again;
    if (head.len == pair->field.len + 4 && event_scan_expect(&before, head, &again) &&
        (pair->old.ptr == NULL || !str_eq(again.old, pair->old) || !str_eq(again.now, pair->now) ||
         before.p != after->p || before.first != after->first))
        abort();
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event_scan s;
    struct event_pair pair;
    json_t *tree = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    bool known = json_is_object(tree) && memchr(data, 0, size) == NULL;
    int more = event_scan_begin(&s, (struct str){(const char *)data, size}) ? 1 : -1;
    struct event_scan before = s;
    for (; more > 0 && (more = event_scan_next(&s, &pair)) > 0; before = s) {
        expected(before, &s, &pair);
        bool plain = memchr(pair.field.ptr, '\\', pair.field.len) == NULL;
        const json_t *value = known && plain ? json_object_getn(tree, pair.field.ptr, pair.field.len) : NULL;
        if (known && plain && (value == NULL || (json_array_size(value) == 2) != (pair.old.ptr != NULL)))
            abort();
        if (value != NULL && pair.old.ptr != NULL) {
            same(json_array_get(value, 0), pair.old);
            same(json_array_get(value, 1), pair.now);
        }
    }
    if (known && more < 0)
        abort();
    json_decref(tree);
    return 0;
}
