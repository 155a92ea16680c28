/* Creating what a preset holds, through the ordinary commands. */
#include "crm/clients.h"
#include "crm/fields.h"
#include "crm/preset.h"
#include "crm/preset_records.h"

/* Is there a living record of this name? id 0: no. */
static enum rc find_name(struct change *ch, const char *table, struct str name, int64_t *id, struct err *e)
{
    /* a reason of one funnel does not serve the others */
    const char *of_all = strcmp(table, "loss_reason") == 0 ? "AND funnel_id IS NULL " : "";
    struct str sql = str_fmt(
        ch->tx->arena, "SELECT id FROM %s WHERE name_fold = $1 AND deleted_at IS NULL %sORDER BY id", table, of_all);
    struct stmt *s = NULL;
    *id = 0;
    TRY(db_prepare(ch->tx->db, &s, sql.ptr, e));
    stmt_str(s, 1, str_fold(ch->tx->arena, name));
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *id = stmt_col_i64(s, 0);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc free_name(struct change *ch, struct str name, struct str *out, struct err *e)
{
    *out = name;
    for (int i = 2;; i++) {
        int64_t taken;
        TRY(find_name(ch, "funnel", *out, &taken, e));
        if (!taken)
            return RC_OK;
        *out = str_fmt(ch->tx->arena, "%.*s (%d)", STR_ARG(name), i);
    }
}

static enum rc ensure_names(struct change *ch, enum entity_id kind, const struct preset_text *names, size_t n,
                            struct str locale, struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    bool placed = entity_field(ent, STR("position")) >= 0;
    for (size_t i = 0; i < n; i++) {
        struct str name = preset_say(names[i], locale);
        int64_t id;
        TRY(find_name(ch, ent->table, name, &id, e));
        if (id)
            continue;
        json_t *body = json_pack("{s:o}", "name", json_text(name));
        if (placed)
            json_object_set_new(body, "position", json_integer((json_int_t)i + 1));
        TRY(change_create_json(ch, kind, body, &id, e));
    }
    return RC_OK;
}

static void say_into(json_t *body, const char *field, struct preset_text text, struct str locale)
{
    if (text.ru.ptr)
        json_object_set_new(body, field, json_text(preset_say(text, locale)));
}

static enum rc create_stage(struct change *ch, const struct preset_stage *s, int64_t funnel_id, size_t position,
                            struct str locale, int64_t *id, struct err *e)
{
    json_t *body = json_pack("{s:I,s:o,s:I,s:o,s:o,s:s,s:I}", "funnel_id", (json_int_t)funnel_id, "name",
                             json_text(preset_say(s->name, locale)), "position", (json_int_t)position, "colour",
                             json_text(s->colour), "phase", json_text(preset_say(s->phase, locale)), "outcome",
                             deal_status_names[s->outcome], "probability", (json_int_t)s->probability);
    if (s->norm_days >= 0)
        json_object_set_new(body, "norm_days", json_integer(s->norm_days));
    say_into(body, "entry_result", s->entry_result, locale);
    say_into(body, "aim", s->aim, locale);
    say_into(body, "steps", s->steps, locale);
    return change_create_json(ch, ENT_STAGE, body, id, e);
}

enum rc preset_create_funnel(struct change *ch, const struct preset_funnel *f, const struct preset_as *as, int64_t *id,
                             struct err *e)
{
    TRY(change_create_json(ch, ENT_FUNNEL,
                           json_pack("{s:o,s:o,s:I,s:o}", "name", json_text(as->name), "kind", json_text(as->kind),
                                     "position", (json_int_t)as->position, "currency", json_text(as->currency)),
                           id, e));
    struct arena *a = ch->tx->arena;
    if (as->names)
        preset_name_add(as->names, str_fmt(a, "funnel:%.*s", STR_ARG(f->key)), *id);
    for (size_t i = 0; i < f->n_stages; i++) {
        int64_t stage;
        TRY(create_stage(ch, &f->stages[i], *id, i + 1, as->locale, &stage, e));
        if (as->names && f->stages[i].key.ptr)
            preset_name_add(as->names, str_fmt(a, "stage:%.*s.%.*s", STR_ARG(f->key), STR_ARG(f->stages[i].key)),
                            stage);
    }
    for (size_t i = 0; i < f->n_loss_reasons; i++) {
        int64_t reason;
        TRY(change_create_json(ch, ENT_LOSS_REASON,
                               json_pack("{s:o,s:I,s:I}", "name", json_text(preset_say(f->loss_reasons[i], as->locale)),
                                         "funnel_id", (json_int_t)*id, "position", (json_int_t)i + 1),
                               &reason, e));
    }
    return RC_OK;
}

static enum rc ensure_products(struct change *ch, const struct preset *p, struct str locale, struct err *e)
{
    for (size_t i = 0; i < p->n_products; i++) {
        const struct preset_product *v = &p->products[i];
        int64_t id;
        TRY(find_name(ch, "product", preset_say(v->name, locale), &id, e));
        if (id)
            continue;
        TRY(change_create_json(ch, ENT_PRODUCT,
                               json_pack("{s:o,s:o,s:I,s:o}", "name", json_text(preset_say(v->name, locale)), "sku",
                                         json_text(v->sku), "price_minor", (json_int_t)v->price_minor, "currency",
                                         json_text(v->currency)),
                               &id, e));
    }
    return RC_OK;
}

static enum rc next_position(struct change *ch, int64_t *position, struct err *e)
{
    struct stmt *s = NULL;
    TRY(db_prepare(ch->tx->db, &s, "SELECT COUNT(*) FROM funnel WHERE deleted_at IS NULL", e));
    enum rc rc = stmt_step(s, e);
    *position = rc == RC_ROW ? stmt_col_i64(s, 0) + 1 : 1;
    stmt_done(s);
    return rc == RC_ROW ? RC_OK : rc;
}

enum rc preset_ensure_lists(struct change *ch, const struct preset *p, struct str locale, struct err *e)
{
    TRY(ensure_names(ch, ENT_LOSS_REASON, p->loss_reasons, p->n_loss_reasons, locale, e));
    TRY(ensure_names(ch, ENT_SOURCE, p->sources, p->n_sources, locale, e));
    TRY(ensure_names(ch, ENT_DEAL_CLASS, p->deal_classes, p->n_deal_classes, locale, e));
    TRY(ensure_products(ch, p, locale, e));
    return classifiers_ensure(ch, locale, e);
}

/* "role:seller" and the other roles that every company has. */
enum rc preset_name_roles(struct change *ch, struct preset_names *names, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(ch->tx->db, &s, "SELECT id, base FROM role WHERE builtin = 1 AND deleted_at IS NULL", e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        preset_name_add(names, str_fmt(ch->tx->arena, "role:%s", role_names[stmt_col_i64(s, 1)]), stmt_col_i64(s, 0));
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc preset_apply(struct change *ch, struct str name, struct str locale, int64_t *funnel_id, struct err *e)
{
    struct preset *p;
    int64_t position;
    TRY(preset_find(ch->tx->arena, name, &p, e));
    TRY(next_position(ch, &position, e));
    struct preset_names *names = preset_names_new(ch->tx->arena, locale);
    *funnel_id = 0;
    for (size_t i = 0; i < p->n_funnels; i++) {
        const struct preset_funnel *f = &p->funnels[i];
        struct preset_as as = {.kind = f->kind,
                               .currency = f->currency,
                               .locale = locale,
                               .position = position + (int64_t)i,
                               .names = names};
        int64_t id;
        TRY(free_name(ch, preset_say(f->name, locale), &as.name, e));
        TRY(preset_create_funnel(ch, f, &as, &id, e));
        if (i == 0)
            *funnel_id = id;
    }
    TRY(preset_ensure_lists(ch, p, locale, e));
    TRY(preset_name_roles(ch, names, e));
    ch->inner++; /* what belongs to the preset comes with it: also roles, which its starter may not make alone */
    enum rc rc = preset_records(ch, names, p->records, e);
    ch->inner--;
    return rc;
}

static enum rc apply_command(struct change *ch, struct command_job *j, struct err *e)
{
    const struct preset_args *args = j->args;
    return preset_apply(ch, args->name, args->locale, &j->out_id, e);
}

const struct command command_preset = {"preset.apply", apply_command};
