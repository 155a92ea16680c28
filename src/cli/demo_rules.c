/* The rules that the demo company works by: those of the presets its funnels come from. They come into force when the
 * history has been played, so what people did before stays as it was. */
#include "cli/demo_fill_impl.h"
#include "crm/preset_records.h"

/* The preset has a funnel for each country; the company made all of them from the first one. */
static struct str key_of(const struct filler *f, unsigned funnel)
{
    return funnel == DEMO_COURSES_KZ   ? STR("courses-kz")
           : funnel == DEMO_COURSES_KG ? STR("courses-kg")
                                       : f->w->funnels[funnel]->key;
}

static void name_stages(const struct filler *f, unsigned funnel, struct preset_names *names)
{
    const struct preset_funnel *p = f->w->funnels[funnel];
    struct arena *a = names->arena;
    struct str key = key_of(f, funnel);
    preset_name_add(names, str_fmt(a, "funnel:%.*s", STR_ARG(key)), f->funnel[funnel]);
    for (size_t i = 0; i < p->n_stages; i++)
        preset_name_add(names, str_fmt(a, "stage:%.*s.%.*s", STR_ARG(key), STR_ARG(p->stages[i].key)),
                        f->stage[funnel][i]);
}

static bool seen_before(unsigned funnel)
{
    for (unsigned i = 0; i < funnel; i++)
        if (strcmp(demo_funnels[i].preset, demo_funnels[funnel].preset) == 0)
            return true;
    return false;
}

static enum rc rules_of_preset(struct filler *f, unsigned first, struct err *e)
{
    struct arena *a = f->tx->arena;
    struct preset_names *names = preset_names_new(a, STR("ru"));
    struct preset *p;
    struct change ch = change_begin(f->tx, demo_actor(f, DEMO_ADMIN));
    names->partly = true;
    for (unsigned i = first; i < DEMO_FUNNELS; i++)
        if (strcmp(demo_funnels[i].preset, demo_funnels[first].preset) == 0)
            name_stages(f, i, names);
    TRY(preset_name_roles(&ch, names, e));
    TRY(preset_find(a, str_c(demo_funnels[first].preset), &p, e));
    TRY(preset_records(&ch, names, p->records, e));
    f->written += ch.events;
    return RC_OK;
}

enum rc demo_rules_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct filler *f = (struct filler *)job;
    f->tx = tx;
    f->written = 0;
    for (unsigned i = 0; i < DEMO_FUNNELS; i++)
        if (!seen_before(i))
            TRY(rules_of_preset(f, i, e));
    return RC_OK;
}
