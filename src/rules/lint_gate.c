/* Checks of what stages ask, and of reasons to lose. */
#include "crm/gates.h"
#include "rules/lint_impl.h"
#include "rules/lint_names.h"

/* ---- gates ---- */

/* Nobody who works with deals may fill it in. */
static bool locked(const struct lint *l, int field)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    if (!l->facts->known || l->facts->n_roles == 0)
        return false;
    for (size_t i = 0; i < l->facts->n_roles; i++) {
        const struct rights *r = l->facts->roles[i].rights;
        if (rights_scope(r, deal, RIGHT_EDIT) != SCOPE_NONE && rights_sees_field(r, deal, field) &&
            rights_edits_field(r, deal, field))
            return false;
    }
    return true;
}

static void check_field_gate(struct lint *l, int stage, const json_t *gate, const char *path)
{
    struct str field = lint_text(gate, "field");
    const struct entity *of;
    int outer, inner;
    const char *code = NULL;
    if (!gate_field_find(field, &outer, &of, &inner))
        code = "gate_field_gone";
    else if (inner < 0 && locked(l, outer))
        code = "gate_field_locked";
    if (!code)
        return;
    struct lint_finding *f = lint_add(l, code, LINT_ERROR, stage, NULL);
    f->path = path;
    f->field = "gates";
    f->args[1] = field;
    lint_fix(f, path, NULL);
}

/* A goal of a stage that comes later cannot have been reached here. */
static void check_goal_gate(struct lint *l, int stage, const json_t *gate, const char *path)
{
    int64_t goal = json_integer_value(json_object_get(gate, "goal_id"));
    const struct lint_actor *of = NULL;
    bool enter = !str_eqc(lint_text(gate, "at"), "leave");
    for (size_t i = 0; i < l->n_actors && !of; i++)
        if (l->actors[i].is_goal && json_integer_value(json_object_get(l->actors[i].json, "id")) == goal)
            of = &l->actors[i];
    bool foreign = false;
    for (size_t i = 0; i < l->facts->goals.len; i++)
        foreign |= l->facts->goals.ptr[i].id == goal && !l->facts->goals.ptr[i].archived;
    if (foreign || (!of && !l->facts->known))
        return;
    bool later = of && (of->stage > stage || (enter && of->stage == stage)) && !lint_closing(&l->stages[stage]);
    if (of && !later)
        return;
    struct lint_finding *f = lint_add(l, of ? "gate_goal_later" : "gate_goal_gone", LINT_ERROR, stage, NULL);
    f->path = path;
    f->field = "gates";
    f->args[1] = of ? lint_actor_name(of) : STR("");
    lint_fix(f, path, NULL);
}

void lint_check_gates(struct lint *l)
{
    for (size_t i = 0; i < l->n_stages; i++) {
        const json_t *gates = json_object_get(l->stages[i].json, "gates");
        for (size_t k = 0; k < json_array_size(gates); k++) {
            const json_t *g = json_array_get(gates, k);
            const char *path = str_fmt(l->a, "%s.gates[%zu]", l->stages[i].path, k).ptr;
            if (json_is_true(json_object_get(g, "archived")))
                continue;
            if (str_eqc(lint_text(g, "kind"), "field"))
                check_field_gate(l, (int)i, g, path);
            else if (str_eqc(lint_text(g, "kind"), "goal"))
                check_goal_gate(l, (int)i, g, path);
        }
    }
}

/* ---- reasons ---- */

struct reason {
    struct str name, stems;
    int64_t id;
    bool timeout;
    const char *path; /* of the document's own; NULL: one of all funnels */
};

static size_t read_reasons(struct lint *l, struct reason **out)
{
    const json_t *own = json_object_get(l->tree, "loss_reasons");
    size_t n = 0;
    int done;
    *out = ARENA_ARRAY(l->a, struct reason, json_array_size(own) + l->facts->reasons.len + 1);
    for (size_t i = 0; i < json_array_size(own); i++) {
        const json_t *r = json_array_get(own, i);
        if (!json_is_true(json_object_get(r, "archived")))
            (*out)[n++] = (struct reason){.name = lint_text(r, "name"),
                                          .id = json_integer_value(json_object_get(r, "id")),
                                          .timeout = json_is_true(json_object_get(r, "timeout")),
                                          .path = str_fmt(l->a, "loss_reasons[%zu]", i).ptr};
    }
    for (size_t i = 0; i < l->facts->reasons.len; i++) {
        const struct lint_other *r = &l->facts->reasons.ptr[i];
        if (!r->archived)
            (*out)[n++] = (struct reason){.name = r->name, .id = r->id, .timeout = r->of == 1};
    }
    for (size_t i = 0; i < n; i++)
        (*out)[i].stems = name_stems(l->a, (*out)[i].name, false, &done);
    return n;
}

static void check_overlap(struct lint *l, const struct reason *all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (all[i].stems.len && str_eq(all[i].stems, all[k].stems)) {
                struct lint_finding *f = lint_add(l, "reasons_overlap", LINT_WARNING, -1, NULL);
                f->field = "loss_reasons";
                f->args[0] = all[k].name;
                f->args[1] = all[i].name;
            }
}

/* A timer that loses deals does not decide as a person does: its reason is one of timeouts. */
static void check_timeouts(struct lint *l, const struct reason *all, size_t n)
{
    for (size_t i = 0; i < l->n_moves; i++) {
        const struct lint_move *m = &l->moves[i];
        const struct reason *is = NULL;
        if (m->by->is_goal || m->to < 0 || l->stages[m->to].outcome != DEAL_LOST || m->by->t->event.on != ON_TIMER)
            continue;
        for (size_t k = 0; k < m->by->t->n_actions; k++) {
            const struct action_value *v = lint_value(&m->by->t->actions[k], "loss_reason_id");
            for (size_t r = 0; v && r < n; r++)
                if (all[r].id == v->i)
                    is = &all[r];
        }
        if ((is && is->timeout) || (!is && !l->facts->known))
            continue;
        struct lint_finding *f = lint_add(l, "timer_reason", LINT_WARNING, m->by->stage, m->by);
        f->field = "actions";
        f->args[1] = is ? is->name : STR("");
        if (is && is->path)
            lint_fix(f, lint_path(l, is->path, "timeout"), json_true());
    }
}

void lint_check_reasons(struct lint *l)
{
    struct reason *all;
    size_t n = read_reasons(l, &all);
    bool loses = false;
    for (size_t i = 0; i < l->n_stages; i++)
        loses |= l->stages[i].outcome == DEAL_LOST;
    if (loses && n == 0 && l->facts->known)
        lint_add(l, "reasons_missing", LINT_WARNING, -1, NULL)->field = "loss_reasons";
    check_overlap(l, all, n);
    check_timeouts(l, all, n);
}
