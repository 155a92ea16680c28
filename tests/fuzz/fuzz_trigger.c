/* Definitions of triggers come from bodies and from drafts: no JSON may crash their reader, and what it takes can be
 * said in words in both languages. */
#include "rules/trigger.h"
#include <assert.h>

static struct str dumped(struct arena *a, const json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    struct str out = text ? str_dup(a, str_c(text)) : STR("null");
    free(text);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rule_names names;
    struct arena a = ARENA_EMPTY;
    struct err e = {0};
    json_t *json = NULL;
    struct trigger *t;
    if (json_read((struct str){(const char *)data, size}, &json, &e) != RC_OK || !json_is_object(json)) {
        json_decref(json);
        return 0;
    }
    const char *condition = json_string_value(json_object_get(json, "condition"));
    struct trigger_def def = {.name = STR("x"),
                              .is_goal = json_is_true(json_object_get(json, "goal")),
                              .funnel_id = json_integer_value(json_object_get(json, "funnel_id")),
                              .stage_id = json_integer_value(json_object_get(json, "stage_id")),
                              .event = dumped(&a, json_object_get(json, "event")),
                              .condition = str_c(condition ? condition : ""),
                              .actions = dumped(&a, json_object_get(json, "actions"))};
    if (trigger_read(&a, &def, INT64_C(1790000000000), 10800000, &t, &e) == RC_OK) {
        assert(str_utf8_valid(trigger_text(&a, t, &names, "ru")));
        assert(trigger_text(&a, t, &names, "en").len > 0);
    } else {
        assert(e.rc == RC_UNPROCESSABLE && e.code[0] && e.field[0]);
    }
    json_decref(json);
    arena_free(&a);
    return 0;
}
