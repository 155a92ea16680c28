/* What is missing, in JSON and in words. */
#include "base/i18n.h"
#include "crm/engine.h"
#include "crm/gates.h"
#include "crm/rights.h"

static struct str field_label(struct arena *a, const char *lang, const struct entity *ent, int i)
{
    const struct field *fd = &ent->fields[i];
    return fd->custom ? str_c(fd->custom->label) : i18n_text(lang, str_fmt(a, "field.%s.%s", ent->name, fd->name).ptr);
}

/* "Company: INN" */
static struct str path_label(struct arena *a, const char *lang, struct str path)
{
    const struct entity *of;
    int outer, inner;
    if (!gate_field_find(path, &outer, &of, &inner))
        return path;
    struct str head = field_label(a, lang, entity_by_id(ENT_DEAL), outer);
    if (inner < 0)
        return head;
    struct str tail = field_label(a, lang, of, inner);
    return str_fmt(a, "%.*s: %.*s", STR_ARG(head), STR_ARG(tail));
}

struct str gate_label(struct arena *a, const char *lang, const struct gate_missing *g)
{
    struct str args[2] = {str_fmt(a, "%lld", (long long)g->have), str_fmt(a, "%lld", (long long)g->least)};
    char key[64];
    if (g->name.len && g->kind != GATE_OF_GOAL)
        return g->name;
    switch (g->kind) {
    case GATE_OF_FIELD:
        return path_label(a, lang, g->field);
    case GATE_OF_ARTEFACT:
        snprintf(key, sizeof key, "field.gate.artefact:%s", artefact_names[g->artefact]);
        return i18n_text(lang, key);
    case GATE_OF_GOAL:
        return i18n_fill(a, lang, "gate.goal", &g->name, 1);
    case GATE_OF_COVERAGE:
        return i18n_fill(a, lang, "gate.coverage", args, 2);
    case GATE_OF_WAITING:
        return i18n_fill(a, lang, "gate.waiting", args, 2);
    case GATE_OF_CHECK:
        break;
    }
    return g->name;
}

static bool sees_field(const struct rights *r, struct str path)
{
    const struct entity *of;
    int outer, inner;
    return !gate_field_find(path, &outer, &of, &inner) ||
           (rights_sees_field(r, entity_by_id(ENT_DEAL), outer) && (inner < 0 || rights_sees_field(r, of, inner)));
}

bool gate_seen(const struct rights *r, const struct gate_missing *g)
{
    return rights_has_stage(r, g->funnel_id, g->stage_id) && (g->kind != GATE_OF_FIELD || sees_field(r, g->field));
}

static void put_one(struct jw *w, const struct gate_missing *g, const struct rights *r, struct arena *a,
                    const char *lang)
{
    bool place = rights_has_stage(r, g->funnel_id, g->stage_id), seen = gate_seen(r, g);
    jw_obj(w);
    if (place)
        jw_ki64(w, "gate_id", g->id);
    jw_kc(w, "kind", gate_kind_names[g->kind]);
    if (place)
        jw_ki64(w, "stage_id", g->stage_id);
    if (seen && g->kind == GATE_OF_FIELD)
        jw_kstr(w, "field", g->field);
    if (seen && g->name.ptr)
        jw_kstr(w, "name", g->name);
    if (g->kind == GATE_OF_ARTEFACT)
        jw_kc(w, "artefact", artefact_names[g->artefact]);
    if (place && g->kind == GATE_OF_GOAL)
        jw_ki64(w, "goal_id", g->goal_id);
    if (g->kind == GATE_OF_COVERAGE || g->kind == GATE_OF_WAITING) {
        jw_ki64(w, "least", g->least);
        jw_ki64(w, "have", g->have);
    }
    if (lang)
        jw_kstr(w, "label", seen ? gate_label(a, lang, g) : i18n_text(lang, "gate.unseen"));
    jw_end_obj(w);
}

void gates_put(struct jw *w, const struct gates_missing *list, const struct rights *rights, struct arena *a,
               const char *lang)
{
    jw_arr(w);
    for (size_t i = 0; i < list->n; i++)
        put_one(w, &list->ptr[i], rights, a, lang);
    jw_end_arr(w);
}
