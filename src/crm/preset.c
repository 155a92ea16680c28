#include "crm/preset.h"
#include "crm/fields.h"
#include "crm/preset_data.h"
#include <stdlib.h>

/* Reading: jansson trees into structs of the arena. A broken file is our own mistake, so one error is enough. */
struct reading {
    struct arena *a;
    bool broken;
};

static struct str get_str(struct reading *r, const json_t *o, const char *key)
{
    const char *c = json_string_value(json_object_get(o, key));
    if (!c)
        r->broken = true;
    return c ? str_dup(r->a, str_c(c)) : STR_NULL;
}

static struct preset_text get_text(struct reading *r, const json_t *o)
{
    return (struct preset_text){get_str(r, o, "ru"), get_str(r, o, "en")};
}

/* A text that need not be there. */
static struct preset_text may_text(struct reading *r, const json_t *o)
{
    return o ? get_text(r, o) : (struct preset_text){STR_NULL, STR_NULL};
}

static int64_t get_int(struct reading *r, const json_t *o, const char *key, int64_t when_null)
{
    const json_t *v = json_object_get(o, key);
    if (json_is_null(v))
        return when_null;
    if (!json_is_integer(v))
        r->broken = true;
    return json_integer_value(v);
}

/* Entries are {"name":{ru,en}} or bare {ru,en}. */
static struct preset_text *get_names(struct reading *r, const json_t *list, size_t *n)
{
    *n = json_array_size(list);
    struct preset_text *out = ARENA_ARRAY(r->a, struct preset_text, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        const json_t *o = json_array_get(list, i);
        const json_t *name = json_object_get(o, "name");
        out[i] = get_text(r, name ? name : o);
    }
    return out;
}

static struct preset_stage get_stage(struct reading *r, const json_t *o)
{
    struct preset_stage s = {.name = get_text(r, json_object_get(o, "name")),
                             .phase = get_text(r, json_object_get(o, "phase")),
                             .norm_days = get_int(r, o, "norm_days", -1),
                             .probability = get_int(r, o, "probability", 0),
                             .colour = get_str(r, o, "colour")};
    const json_t *regulation = json_object_get(o, "regulation");
    s.entry_result = may_text(r, json_object_get(regulation, "result"));
    s.aim = may_text(r, json_object_get(regulation, "goal"));
    s.steps = may_text(r, json_object_get(regulation, "actions"));
    if (json_object_get(o, "key"))
        s.key = get_str(r, o, "key");
    struct str outcome = get_str(r, o, "outcome");
    for (size_t i = 0; i < 3; i++)
        if (str_eqc(outcome, deal_status_names[i]))
            s.outcome = (enum deal_status)i;
    return s;
}

/* The stages of another funnel of the preset may be taken over: "like": its key. */
static const json_t *stages_of(struct reading *r, const json_t *all, const json_t *o)
{
    const char *like = json_string_value(json_object_get(o, "like"));
    for (size_t i = 0; like && i < json_array_size(all); i++) {
        const json_t *other = json_array_get(all, i);
        if (strcmp(json_string_value(json_object_get(other, "key")), like) == 0)
            return json_object_get(other, "stages");
    }
    r->broken |= like != NULL;
    return json_object_get(o, "stages");
}

static struct preset_funnel get_funnel(struct reading *r, const json_t *all, const json_t *o)
{
    const json_t *stages = stages_of(r, all, o);
    struct preset_funnel f = {.key = get_str(r, o, "key"),
                              .kind = get_str(r, o, "kind"),
                              .currency = get_str(r, o, "currency"),
                              .name = get_text(r, json_object_get(o, "name")),
                              .description = get_text(r, json_object_get(o, "description")),
                              .n_stages = json_array_size(stages)};
    f.stages = ARENA_ARRAY(r->a, struct preset_stage, f.n_stages + 1);
    for (size_t i = 0; i < f.n_stages; i++)
        f.stages[i] = get_stage(r, json_array_get(stages, i));
    f.loss_reasons = get_names(r, json_object_get(o, "loss_reasons"), &f.n_loss_reasons);
    return f;
}

static void get_preset(struct reading *r, const json_t *o, struct preset *p)
{
    p->name = get_str(r, o, "name");
    p->title = get_text(r, json_object_get(o, "title"));
    p->description = get_text(r, json_object_get(o, "description"));
    p->source = get_text(r, json_object_get(o, "case"));
    p->loss_reasons = get_names(r, json_object_get(o, "loss_reasons"), &p->n_loss_reasons);
    p->sources = get_names(r, json_object_get(o, "sources"), &p->n_sources);
    p->deal_classes = get_names(r, json_object_get(o, "deal_classes"), &p->n_deal_classes);
    const json_t *funnels = json_object_get(o, "funnels"), *products = json_object_get(o, "products");
    p->n_funnels = json_array_size(funnels);
    p->funnels = ARENA_ARRAY(r->a, struct preset_funnel, p->n_funnels + 1);
    for (size_t i = 0; i < p->n_funnels; i++)
        p->funnels[i] = get_funnel(r, funnels, json_array_get(funnels, i));
    char *records = json_dumps(json_object_get(o, "records"), JSON_COMPACT);
    if (records)
        p->records = str_dup(r->a, str_c(records));
    free(records);
    p->n_products = json_array_size(products);
    p->products = ARENA_ARRAY(r->a, struct preset_product, p->n_products + 1);
    for (size_t i = 0; i < p->n_products; i++) {
        const json_t *v = json_array_get(products, i);
        p->products[i] = (struct preset_product){.name = get_text(r, json_object_get(v, "name")),
                                                 .sku = get_str(r, v, "sku"),
                                                 .currency = get_str(r, v, "currency"),
                                                 .price_minor = get_int(r, v, "price_minor", 0)};
    }
}

enum rc preset_list(struct arena *a, struct preset **out, size_t *n, struct err *e)
{
    const struct str files[] = {
        {preset_client_manager, preset_client_manager_len},
        {preset_it_product, preset_it_product_len},
        {preset_sales_ladder, preset_sales_ladder_len},
        {preset_training, preset_training_len},
    };
    *n = sizeof files / sizeof *files;
    *out = ARENA_ARRAY(a, struct preset, *n);
    for (size_t i = 0; i < *n; i++) {
        json_t *tree = NULL;
        struct reading r = {.a = a};
        TRY(json_read(files[i], &tree, e));
        get_preset(&r, tree, &(*out)[i]);
        json_decref(tree);
        if (r.broken)
            return err_set(e, RC_INTERNAL, "bad_preset", "", "%.*s", STR_ARG((*out)[i].name));
    }
    return RC_OK;
}

enum rc preset_find(struct arena *a, struct str name, struct preset **out, struct err *e)
{
    struct preset *list;
    size_t n;
    TRY(preset_list(a, &list, &n, e));
    for (size_t i = 0; i < n; i++)
        if (str_eq(list[i].name, name)) {
            *out = &list[i];
            return RC_OK;
        }
    return err_set(e, RC_NOT_FOUND, "not_found", "name", "%.*s", STR_ARG(name));
}

struct str preset_say(struct preset_text t, struct str locale)
{
    return str_eqc(locale, "en") ? t.en : t.ru;
}

static void put_names(struct jw *w, const char *key, const struct preset_text *names, size_t n, struct str locale)
{
    jw_key(w, key);
    jw_arr(w);
    for (size_t i = 0; i < n; i++)
        jw_str(w, preset_say(names[i], locale));
    jw_end_arr(w);
}

static void put_stage(struct jw *w, const struct preset_stage *s, struct str locale)
{
    jw_obj(w);
    jw_kstr(w, "name", preset_say(s->name, locale));
    jw_kstr(w, "phase", preset_say(s->phase, locale));
    jw_kc(w, "outcome", deal_status_names[s->outcome]);
    jw_kstr(w, "colour", s->colour);
    if (s->norm_days < 0)
        jw_knull(w, "norm_days");
    else
        jw_ki64(w, "norm_days", s->norm_days);
    jw_ki64(w, "probability", s->probability);
    jw_end_obj(w);
}

void preset_put(struct jw *w, const struct preset *p, struct str locale)
{
    jw_obj(w);
    jw_kstr(w, "name", p->name);
    jw_kstr(w, "title", preset_say(p->title, locale));
    jw_kstr(w, "description", preset_say(p->description, locale));
    jw_kstr(w, "case", preset_say(p->source, locale));
    jw_key(w, "funnels");
    jw_arr(w);
    for (size_t i = 0; i < p->n_funnels; i++) {
        const struct preset_funnel *f = &p->funnels[i];
        jw_obj(w);
        jw_kstr(w, "name", preset_say(f->name, locale));
        jw_kstr(w, "kind", f->kind);
        jw_kstr(w, "description", preset_say(f->description, locale));
        jw_key(w, "stages");
        jw_arr(w);
        for (size_t k = 0; k < f->n_stages; k++)
            put_stage(w, &f->stages[k], locale);
        jw_end_arr(w);
        put_names(w, "loss_reasons", f->loss_reasons, f->n_loss_reasons, locale);
        jw_end_obj(w);
    }
    jw_end_arr(w);
    put_names(w, "loss_reasons", p->loss_reasons, p->n_loss_reasons, locale);
    put_names(w, "sources", p->sources, p->n_sources, locale);
    put_names(w, "deal_classes", p->deal_classes, p->n_deal_classes, locale);
    jw_key(w, "products");
    jw_arr(w);
    for (size_t i = 0; i < p->n_products; i++)
        jw_str(w, preset_say(p->products[i].name, locale));
    jw_end_arr(w);
    jw_end_obj(w);
}
