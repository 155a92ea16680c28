/* The scanner of journal data reads from every valid object what a JSON parser reads, and ends on anything else. */
#include "insight/event_scan.h"
#include <jansson.h>
#include <stdlib.h>

static void same(const json_t *pair, const struct scanned_pair *got)
{
    const json_t *now = json_array_get(pair, 1);
    if (json_array_size(pair) != 2)
        return;
    if (!got->seen || (json_is_integer(now) && (got->null || got->now != json_integer_value(now))) ||
        (json_is_null(now) && !got->null))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scanned s;
    bool read = event_scan((struct str){(const char *)data, size}, &s);
    json_t *tree = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL), *value;
    const char *key;
    bool pairs = json_is_object(tree) && memchr(data, 0, size) == NULL, escaped = memchr(data, '\\', size) != NULL;
    json_object_foreach(tree, key, value) pairs = pairs && json_array_size(value) == 2;
    if (pairs && !read)
        abort();
    if (pairs && !escaped && json_object_get(tree, "stage_id"))
        same(json_object_get(tree, "stage_id"), &s.f[SCAN_STAGE]);
    if (pairs && !escaped && json_object_get(tree, "value_minor"))
        same(json_object_get(tree, "value_minor"), &s.f[SCAN_VALUE]);
    json_decref(tree);
    return 0;
}
