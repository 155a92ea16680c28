/* Triggers that can never fire, that refer to what is gone, and that fight each other. */
#include "base/i18n.h"
#include "rules/lint_impl.h"

/* ---- conditions that no record meets ---- */

struct leaf {
    const struct filter_leaf *f;
    bool negated;
};
struct leaves {
    struct leaf ptr[64];
    size_t n;
};

/* What must all hold. */
static void gather(const struct filter *f, bool negated, struct leaves *out)
{
    if (!f)
        return;
    if (f->kind == FILTER_NOT) {
        gather(f->a, !negated, out);
    } else if (f->kind == (negated ? FILTER_OR : FILTER_AND)) {
        gather(f->a, negated, out);
        gather(f->b, negated, out);
    } else if (f->kind == FILTER_LEAF && out->n < sizeof out->ptr / sizeof *out->ptr) {
        out->ptr[out->n++] = (struct leaf){&f->leaf, negated};
    }
}

static bool same_field(const struct filter_leaf *a, const struct filter_leaf *b)
{
    return a->field == b->field && a->via == b->via && a->index == b->index;
}

static int compare(struct val a, struct val b)
{
    if (a.kind == VAL_TEXT && b.kind == VAL_TEXT)
        return str_cmp(a.s, b.s);
    double x = a.kind == VAL_REAL ? a.f : (double)val_i(a, 0), y = b.kind == VAL_REAL ? b.f : (double)val_i(b, 0);
    return x < y ? -1 : x > y;
}

/* No value is at least (or above) one and at most (or below) the other. */
static bool empty_range(const struct leaf *low, const struct leaf *high)
{
    bool above = low->f->op == FOP_GT, from = low->f->op == FOP_GE || low->f->op == FOP_EQ;
    bool below = high->f->op == FOP_LT, to = high->f->op == FOP_LE || high->f->op == FOP_EQ;
    if (!(above || from) || !(below || to) || !low->f->n || !high->f->n)
        return false;
    int order = compare(low->f->values[0], high->f->values[0]);
    return order > 0 || (order == 0 && (above || below));
}

static bool contradict(const struct leaf *a, const struct leaf *b)
{
    bool set = a->f->field->type == FT_SET;
    if (!same_field(a->f, b->f))
        return false;
    if (a->f->op == FOP_NOTNULL && a->negated && !b->negated)
        return true; /* is empty, and compared with something */
    if (a->f->op == b->f->op && a->negated != b->negated && a->f->n == 1 && b->f->n == 1)
        return compare(a->f->values[0], b->f->values[0]) == 0 && a->f->values[0].kind == b->f->values[0].kind;
    if (a->negated || b->negated || set)
        return false;
    return empty_range(a, b) || empty_range(b, a);
}

static bool condition_empty(const struct trigger *t)
{
    struct leaves l = {.n = 0};
    gather(t->filter, false, &l);
    for (size_t i = 0; i < l.n; i++)
        for (size_t k = 0; k < l.n; k++)
            if (i != k && contradict(&l.ptr[i], &l.ptr[k]))
                return true;
    return false;
}

/* The stage, funnel or status that it asks for is not the one where it is asked. */
static bool condition_elsewhere(const struct lint *l, const struct lint_actor *x)
{
    struct leaves all = {.n = 0};
    if (x->t->subject != ENT_DEAL || x->stage < 0 || x->t->event.on == ON_LEFT)
        return false;
    gather(x->t->filter, false, &all);
    for (size_t i = 0; i < all.n; i++) {
        const struct filter_leaf *f = all.ptr[i].f;
        int64_t here = f->index == DEAL_STAGE_ID ? json_integer_value(json_object_get(l->stages[x->stage].json, "id"))
                       : f->index == DEAL_STATUS ? (int64_t)l->stages[x->stage].outcome
                       : f->index == DEAL_FUNNEL_ID ? l->facts->funnel_id
                                                    : -1;
        if (f->via >= 0 || here < 0 || all.ptr[i].negated || (f->op != FOP_EQ && f->op != FOP_IN))
            continue;
        bool found = f->index == DEAL_FUNNEL_ID && !here;
        for (size_t k = 0; k < f->n; k++)
            found |= f->values[k].kind == VAL_INT && f->values[k].i == here;
        if (!found)
            return true;
    }
    return false;
}

/* ---- what it speaks of ---- */

static bool is_known(const struct lint *l, const struct lint_others *others, int64_t id)
{
    if (!l->facts->known)
        return true;
    for (size_t i = 0; i < others->len; i++)
        if (others->ptr[i].id == id)
            return !others->ptr[i].archived;
    return false;
}

static const struct lint_actor *goal_of(const struct lint *l, int64_t id)
{
    for (size_t i = 0; i < l->n_actors; i++)
        if (l->actors[i].is_goal && json_integer_value(json_object_get(l->actors[i].json, "id")) == id)
            return &l->actors[i];
    return NULL;
}

static void never(struct lint *l, const struct lint_actor *x, const char *code, const char *field)
{
    lint_add(l, code, LINT_ERROR, x->stage, x)->field = field;
}

static void check_event(struct lint *l, const struct lint_actor *x)
{
    const struct trigger_event *ev = &x->t->event;
    if (ev->on == ON_REACHED && ev->goal_id) {
        const struct lint_actor *goal = goal_of(l, ev->goal_id);
        if (!goal && (x->stage >= 0 || !is_known(l, &l->facts->goals, ev->goal_id)))
            never(l, x, "never_goal", "event");
        else if (goal && x->stage >= 0 && goal->stage != x->stage)
            never(l, x, "never_elsewhere", "event");
    }
    bool closing = x->stage >= 0 && lint_closing(&l->stages[x->stage]);
    if (x->stage >= 0 && ((ev->on == ON_WON && l->stages[x->stage].outcome != DEAL_WON) ||
                          (ev->on == ON_LOST && l->stages[x->stage].outcome != DEAL_LOST)))
        never(l, x, "never_elsewhere", "event");
    if (closing && ev->on == ON_TIMER && ev->after == AFTER_NO_TASK)
        never(l, x, "never_closed", "event");
    if ((ev->on == ON_TAGGED || ev->on == ON_UNTAGGED) && ev->tag_id && !is_known(l, &l->facts->tags, ev->tag_id))
        never(l, x, "never_tag", "event");
    if (condition_empty(x->t))
        never(l, x, "never_condition", "condition");
    else if (condition_elsewhere(l, x))
        never(l, x, "never_elsewhere", "condition");
}

static const char *gone(const struct lint *l, const struct action *act)
{
    const struct action_value *stage = lint_value(act, "stage_id"), *goal = lint_value(act, "goal_id"),
                              *tag = lint_value(act, "tag_id"), *to = lint_value(act, "to");
    if (stage && lint_stage_of(l, stage->i) < 0 && !is_known(l, &l->facts->stages, stage->i))
        return "gone_stage";
    if (goal && !goal_of(l, goal->i) && !is_known(l, &l->facts->goals, goal->i))
        return "gone_goal";
    if (tag && !is_known(l, &l->facts->tags, tag->i))
        return "gone_tag";
    if (to && to->who.kind == WHO_USER && !is_known(l, &l->facts->users, to->who.id))
        return "gone_user";
    return NULL;
}

void lint_check_triggers(struct lint *l)
{
    for (size_t i = 0; i < l->n_actors; i++) {
        const struct lint_actor *x = &l->actors[i];
        if (!x->t) {
            struct lint_finding *f = lint_add(l, "broken", LINT_ERROR, x->stage, x);
            char key[64];
            const struct str args[2] = {str_c(x->why.arg[0]), str_c(x->why.arg[1])};
            snprintf(key, sizeof key, "error.%s", x->why.code);
            f->args[1] = i18n_fill(l->a, l->lang, key, args, 2);
            f->field = x->why.field;
            continue;
        }
        if (!x->is_goal && !x->off)
            check_event(l, x);
        for (size_t k = 0; k < x->t->n_actions && !x->off; k++) {
            const char *code = gone(l, &x->t->actions[k]);
            if (code)
                never(l, x, code, "actions");
        }
    }
}

/* ---- fights ---- */

static bool same_moment(const struct trigger *a, const struct trigger *b)
{
    const struct trigger_event *x = &a->event, *y = &b->event;
    bool tags = !x->tag_id || !y->tag_id || x->tag_id == y->tag_id;
    bool goals = !x->goal_id || !y->goal_id || x->goal_id == y->goal_id;
    bool fields = x->field < 0 || y->field < 0 || x->field == y->field;
    return x->on == y->on && x->on != ON_WEBHOOK && x->object == y->object && tags && goals && fields &&
           x->after == y->after && x->date == y->date && x->hours == y->hours && x->working == y->working;
}

/* May one record meet both? Sure when the conditions are the same or one asks for nothing. */
static bool same_records(const struct lint_actor *a, const struct lint_actor *b)
{
    bool stages = a->stage < 0 || b->stage < 0 || a->stage == b->stage;
    return stages && (!a->t->condition.len || !b->t->condition.len || str_eq(a->t->condition, b->t->condition));
}

static bool value_differs(const struct action *a, const struct action *b, const char *field)
{
    const struct action_value *x = lint_value(a, field), *y = lint_value(b, field);
    return x && y && (x->i != y->i || !str_eq(x->s, y->s));
}

static bool value_same(const struct action *a, const struct action *b, const char *field)
{
    const struct action_value *x = lint_value(a, field), *y = lint_value(b, field);
    return (!x && !y) || (x && y && x->i == y->i);
}

static bool actions_fight(const struct action *a, const struct action *b)
{
    if ((lint_is(a, "tag") && lint_is(b, "untag")) || (lint_is(a, "untag") && lint_is(b, "tag")))
        return value_same(a, b, "tag_id") && value_same(a, b, "of");
    if (lint_is(a, "set") && lint_is(b, "set"))
        return value_same(a, b, "of") && !value_differs(a, b, "field") && value_differs(a, b, "value");
    if (lint_is(a, "move") && lint_is(b, "move"))
        return value_differs(a, b, "stage_id");
    if (lint_is(a, "owner") && lint_is(b, "owner")) {
        const struct action_value *x = lint_value(a, "to"), *y = lint_value(b, "to");
        return x && y && (x->who.kind != y->who.kind || x->who.id != y->who.id);
    }
    return false;
}

static bool fight(const struct lint_actor *a, const struct lint_actor *b)
{
    if (!same_moment(a->t, b->t) || !same_records(a, b))
        return false;
    for (size_t i = 0; i < a->t->n_actions; i++)
        for (size_t k = 0; k < b->t->n_actions; k++)
            if (actions_fight(&a->t->actions[i], &b->t->actions[k]))
                return true;
    return false;
}

void lint_check_fights(struct lint *l)
{
    for (size_t i = 0; i < l->n_actors; i++)
        for (size_t k = 0; k < i; k++) {
            const struct lint_actor *x = &l->actors[i], *y = &l->actors[k];
            if (x->is_goal || y->is_goal || x->off || y->off || !x->t || !y->t || !fight(x, y))
                continue;
            struct lint_finding *f = lint_add(l, "fight", LINT_WARNING, x->stage, x);
            f->args[1] = lint_actor_name(y);
            f->field = "actions";
        }
}
