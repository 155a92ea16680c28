/* Ready funnels to start from. */
#include "api/inside.h"
#include "crm/preset.h"

enum rc presets_handle(struct call *c, struct err *e)
{
    struct preset *list;
    size_t n;
    TRY(preset_list(c->r->arena, &list, &n, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; i < n; i++)
        preset_put(&w, &list[i], str_c(call_locale(c)));
    jw_end_arr(&w);
    jw_end_obj(&w);
    return RC_OK;
}

enum rc preset_prepare(struct call *c, struct err *e)
{
    struct preset_args *args = ARENA_NEW(c->r->arena, struct preset_args);
    struct preset *known;
    *args = (struct preset_args){c->match.param[0], str_c(call_locale(c))};
    TRY(preset_find(c->r->arena, args->name, &known, e));
    c->job.args = args;
    c->job.command = &command_preset;
    return RC_OK;
}

enum rc preset_show(struct call *c, struct err *e)
{
    (void)e;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_ki64(&w, "funnel_id", c->job.out_id);
    jw_ki64(&w, "change_id", c->job.change_id);
    jw_end_obj(&w);
    return RC_OK;
}
