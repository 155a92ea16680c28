/* Checks of stages one by one: their names, planned and done in pairs, what a regulation needs. */
#include "rules/lint_impl.h"
#include "rules/lint_names.h"

/* ---- names ---- */

static void propose(struct lint *l, struct lint_finding *f, const struct lint_stage *s, struct str proposal)
{
    f->args[1] = proposal.ptr ? proposal : STR("");
    f->field = "name";
    if (proposal.ptr)
        lint_fix(f, lint_path(l, s->path, "name"), json_text(proposal));
}

static void check_name(struct lint *l, int i)
{
    static const char *const codes[] = {NULL, "name_state", "name_plan", "name_work", "name_thing"};
    const struct lint_stage *s = &l->stages[i];
    struct str proposal;
    enum name_says says = name_says(l->a, s->name, &proposal);
    /* What ends a deal may be called by a noun: «Победа», «Отказ». */
    if (says == NAME_DONE || (lint_closing(s) && says != NAME_STATE))
        return;
    propose(l, lint_add(l, codes[says], LINT_WARNING, i, NULL), s, proposal);
}

static void check_same(struct lint *l, int i)
{
    int done;
    struct str own = name_stems(l->a, l->stages[i].name, false, &done);
    for (int k = 0; k < i && own.len; k++) {
        struct str other = name_stems(l->a, l->stages[k].name, false, &done);
        if (!str_eq(own, other) || l->stages[i].outcome != l->stages[k].outcome)
            continue;
        struct lint_finding *f = lint_add(l, "name_same", LINT_WARNING, i, NULL);
        f->args[1] = l->stages[k].name;
        f->field = "name";
        return;
    }
}

void lint_check_names(struct lint *l)
{
    for (size_t i = 0; i < l->n_stages; i++) {
        check_name(l, (int)i);
        check_same(l, (int)i);
    }
}

/* ---- planned and done ---- */

/* Events that are agreed upon before they happen. */
static bool is_event(struct str stems)
{
    static const char *const events[] = {"встреч", "демонстрация", "демонстрац",    "звонок", "презентац",
                                         "замер",  "meeting",      "demonstration", "call",   "presentation"};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (memmem(stems.ptr, stems.len, events[i], strlen(events[i])))
            return true;
    return false;
}

void lint_check_pairs(struct lint *l)
{
    for (size_t i = 0; i < l->n_stages; i++) {
        int done, other;
        bool paired = false;
        struct str own = name_stems(l->a, l->stages[i].name, true, &done);
        if (!done || !is_event(own))
            continue;
        for (size_t k = 0; k < l->n_stages && !paired; k++)
            paired = k != i && str_eq(own, name_stems(l->a, l->stages[k].name, true, &other)) && other == 3 - done;
        if (!paired)
            lint_add(l, done == 1 ? "pair_no_plan" : "pair_no_done", LINT_HINT, (int)i, NULL)->field = "name";
    }
}

/* ---- what a stage needs ---- */

static bool has_actors(const struct lint *l, int stage, bool goals)
{
    for (int k = l->stages[stage].first_actor; k < l->stages[stage + 1].first_actor; k++)
        if (l->actors[k].is_goal == goals && !l->actors[k].off)
            return true;
    return false;
}

static bool has_enter_gate(const struct lint_stage *s)
{
    const json_t *gates = json_object_get(s->json, "gates");
    for (size_t i = 0; i < json_array_size(gates); i++) {
        const json_t *g = json_array_get(gates, i);
        const char *at = json_string_value(json_object_get(g, "at"));
        if (!json_is_true(json_object_get(g, "archived")) && (!at || strcmp(at, "enter") == 0))
            return true;
    }
    return false;
}

static void lacks(struct lint *l, int stage, const char *code, const char *field)
{
    lint_add(l, code, LINT_HINT, stage, NULL)->field = field;
}

static void check_open(struct lint *l, int i)
{
    const struct lint_stage *s = &l->stages[i];
    if (lint_empty(s->json, "norm_days"))
        lacks(l, i, "no_norm", "norm_days");
    if (lint_empty(s->json, "role_id"))
        lacks(l, i, "no_owner", "role_id");
    if (!has_actors(l, i, true))
        lacks(l, i, "no_goal", "goals");
    if (lint_empty(s->json, "next_task") && !has_actors(l, i, false))
        lacks(l, i, "no_next_task", "next_task");
    if (lint_empty(s->json, "aim") && lint_empty(s->json, "steps") && lint_empty(s->json, "scripts"))
        lacks(l, i, "no_regulation", "steps");
}

void lint_check_content(struct lint *l)
{
    for (size_t i = 0; i < l->n_stages; i++) {
        const struct lint_stage *s = &l->stages[i];
        if (lint_empty(s->json, "entry_result") && !has_enter_gate(s))
            lacks(l, (int)i, lint_closing(s) ? "no_criterion" : "no_entry", "entry_result");
        if (!lint_closing(s))
            check_open(l, (int)i);
    }
}
