/* What a stage says in JSON: scripts, links, the task that comes next. */
#include "crm/engine.h"
#include "crm/gates.h"

static bool text_of(const json_t *v, size_t most)
{
    const char *s = json_string_value(v);
    size_t n = s ? str_utf8_len(str_c(s)) : 0;
    return n >= 1 && n <= most;
}

static bool web_address(const json_t *v)
{
    struct str s = str_c(json_string_value(v));
    return text_of(v, 1000) && (str_starts(s, STR("https://")) || str_starts(s, STR("http://")));
}

static bool script_ok(const json_t *v)
{
    return json_object_size(v) == 2 && text_of(json_object_get(v, "title"), 200) &&
           text_of(json_object_get(v, "text"), 20000);
}

static bool link_ok(const json_t *v)
{
    return json_object_size(v) == 2 && text_of(json_object_get(v, "title"), 200) &&
           web_address(json_object_get(v, "url"));
}

static bool list_ok(const json_t *v, bool (*one)(const json_t *v))
{
    if (!json_is_array(v))
        return false;
    for (size_t i = 0; i < json_array_size(v); i++)
        if (!one(json_array_get(v, i)))
            return false;
    return true;
}

static bool scripts_ok(const json_t *v)
{
    return list_ok(v, script_ok);
}

static bool links_ok(const json_t *v)
{
    return list_ok(v, link_ok);
}

static bool known_kind(const json_t *v)
{
    for (size_t i = 0; json_is_string(v) && task_kind_names[i]; i++)
        if (strcmp(task_kind_names[i], json_string_value(v)) == 0)
            return true;
    return false;
}

static bool next_task_ok(const json_t *v)
{
    const char *key;
    json_t *of;
    if (!json_is_object(v) || !text_of(json_object_get(v, "title"), 300))
        return false;
    json_object_foreach((json_t *)(uintptr_t)v, key, of)
    {
        double hours = json_number_value(of);
        bool ok = strcmp(key, "title") == 0 || (strcmp(key, "kind") == 0 && known_kind(of)) ||
                  (strcmp(key, "due_hours") == 0 && json_is_number(of) && hours >= 0 && hours <= 10000) ||
                  (strcmp(key, "working") == 0 && json_is_boolean(of));
        if (!ok)
            return false;
    }
    return true;
}

enum rc stage_shapes(const struct record *was, const struct record *will, struct err *e)
{
    static const struct {
        int field;
        bool (*ok)(const json_t *v);
        const char *code;
    } all[] = {{STAGE_SCRIPTS, scripts_ok, "bad_scripts"},
               {STAGE_LINKS, links_ok, "bad_links"},
               {STAGE_NEXT_TASK, next_task_ok, "bad_next_task"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct val v = will->f[all[i].field];
        json_t *tree = NULL;
        if (!val_has(v) || (was && val_eq(was->f[all[i].field], v)))
            continue;
        TRY(json_read(v.s, &tree, e));
        bool ok = all[i].ok(tree);
        json_decref(tree);
        if (!ok)
            return err_set(e, RC_UNPROCESSABLE, all[i].code, will->ent->fields[all[i].field].name, NULL);
    }
    return RC_OK;
}
