/* Ready funnels that a user can start from: the files of presets/, built into the program. Texts are in Russian and
 * English; what is created takes those of one locale. */
#pragma once
#include "crm/command.h"

struct preset_text {
    struct str ru, en;
};
struct preset_stage {
    struct str key;                              /* unique in its funnel; may be STR_NULL */
    struct preset_text entry_result, aim, steps; /* of its regulation; ru.ptr NULL: not said */
    struct preset_text name, phase;
    int64_t norm_days; /* -1: no norm */
    enum deal_status outcome;
    int64_t probability;
    struct str colour;
};
struct preset_funnel {
    struct str key, kind, currency;
    struct preset_text name, description;
    struct preset_stage *stages;
    size_t n_stages;
    struct preset_text *loss_reasons; /* beside those of the preset */
    size_t n_loss_reasons;
};
struct preset_product {
    struct preset_text name;
    struct str sku, currency;
    int64_t price_minor;
};
struct preset {
    struct str name; /* "training": in paths */
    struct preset_text title, description, source;
    struct preset_funnel *funnels;
    size_t n_funnels;
    struct preset_text *loss_reasons, *sources, *deal_classes;
    size_t n_loss_reasons, n_sources, n_deal_classes;
    struct preset_product *products;
    size_t n_products;
    struct str records; /* JSON of preset_records.h; STR_NULL: none */
};

struct str preset_say(struct preset_text t, struct str locale); /* "en": English, anything else: Russian */

/* All presets, by name; everything lives in the arena. Errors: bad_preset (a file is broken: a defect of ours). */
MUST_USE enum rc preset_list(struct arena *a, struct preset **out, size_t *n, struct err *e);
MUST_USE enum rc preset_find(struct arena *a, struct str name, struct preset **out, struct err *e); /* not_found */
/* {"name","title","description","case","funnels":[{"name","kind","description","stages":[{"name","outcome","phase","colour",
 * "norm_days","probability"}]}],"loss_reasons":[…],"sources":[…],"deal_classes":[…],"products":[…]} */
void preset_put(struct jw *w, const struct preset *p, struct str locale);

/* Creates what the preset holds, all under one change that can be taken back. Sources, reasons, classes and products of
 * the same name are used as they are; a funnel whose name is taken gets a number behind it. *funnel_id: the first one
 * created. */
MUST_USE enum rc preset_apply(struct change *ch, struct str name, struct str locale, int64_t *funnel_id, struct err *e);

/* The parts of it, for whoever composes a company of several presets. names: gets the funnel's and its stages' (see
 * preset_records.h); may be NULL. */
struct preset_names;
struct preset_as {
    struct str name, kind, currency, locale;
    int64_t position;
    struct preset_names *names;
};
MUST_USE enum rc preset_create_funnel(struct change *ch, const struct preset_funnel *f, const struct preset_as *as,
                                      int64_t *id, struct err *e);
MUST_USE enum rc preset_ensure_lists(struct change *ch, const struct preset *p, struct str locale, struct err *e);

/* The same as a command of the writer: j->args is a preset_args, j->out_id becomes the first funnel. */
struct preset_args {
    struct str name, locale;
};
extern const struct command command_preset;
