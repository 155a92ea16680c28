/* Chains that come back to where they began. What a trigger does sets off others; a ring of them never ends when each
 * round changes something again: a move to and fro, a note, a copy, a tag put on and taken off. */
#include "rules/lint_impl.h"

#define RING 8       /* as deep as a chain is let run */
#define STEPS 200000 /* of the search, so that no document takes long */

struct way {
    int to;
    const struct action *by;
};
struct rings {
    struct lint *l;
    struct way **ways;
    size_t *n_ways;
    int path[RING];
    const struct action *by[RING];
    int depth, first;
    long steps;
};

/* ---- what sets off what ---- */

static int64_t id_of(const struct lint *l, int stage)
{
    return stage < 0 ? 0 : json_integer_value(json_object_get(l->stages[stage].json, "id"));
}

static bool of_deal(const struct action *act)
{
    const struct action_value *of = lint_value(act, "of");
    return !of || of->i == 0;
}

static bool hears_field(const struct trigger_event *ev, const struct action *act, const char *name)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    return ev->on == ON_UPDATED && ev->object == ENT_DEAL && of_deal(act) &&
           (ev->field < 0 || ev->field == entity_field(deal, str_c(name)));
}

static bool hears_move(const struct lint *l, const struct lint_actor *by, const struct action *act,
                       const struct lint_actor *x)
{
    const struct trigger_event *ev = &x->t->event;
    int64_t to = lint_value(act, "stage_id") ? lint_value(act, "stage_id")->i : 0;
    int stage = lint_stage_of(l, to);
    if (stage < 0 || stage == by->stage)
        return false;
    bool there = x->stage < 0 || x->stage == stage;
    if (ev->on == ON_ENTERED)
        return there;
    if (ev->on == ON_LEFT)
        return x->stage < 0 || by->stage < 0 || x->stage == by->stage;
    if (ev->on == ON_WON || ev->on == ON_LOST)
        return there && l->stages[stage].outcome == (ev->on == ON_WON ? DEAL_WON : DEAL_LOST);
    return there && hears_field(ev, act, "stage_id");
}

static bool hears_tag(const struct action *act, const struct lint_actor *x)
{
    const struct trigger_event *ev = &x->t->event;
    const struct action_value *tag = lint_value(act, "tag_id");
    if (hears_field(ev, act, "tag_ids"))
        return true;
    return ev->on == (lint_is(act, "tag") ? ON_TAGGED : ON_UNTAGGED) && ev->object == ENT_DEAL && of_deal(act) &&
           (!ev->tag_id || (tag && tag->i == ev->tag_id));
}

/* The new deal, at once or when its time has come. */
static bool hears_copy(const struct lint *l, const struct action *act, const struct lint_actor *x)
{
    const struct trigger_event *ev = &x->t->event;
    int64_t to = lint_value(act, "stage_id") ? lint_value(act, "stage_id")->i : 0;
    bool there = to && lint_stage_of(l, to) >= 0 && (x->stage < 0 || id_of(l, x->stage) == to);
    bool comes = ev->on == ON_CREATED || ev->on == ON_ENTERED || (ev->on == ON_TIMER && ev->after != AFTER_DATE);
    return there && comes && ev->object == ENT_DEAL;
}

static bool hears(const struct lint *l, const struct lint_actor *by, const struct action *act,
                  const struct lint_actor *x)
{
    const struct trigger_event *ev = &x->t->event;
    if (x->is_goal) {
        const struct action_value *goal = lint_value(act, "goal_id");
        return lint_is(act, "reach") && goal && goal->i == json_integer_value(json_object_get(x->json, "id"));
    }
    if (lint_is(act, "move"))
        return hears_move(l, by, act, x);
    if (lint_is(act, "copy"))
        return hears_copy(l, act, x);
    if (x->stage >= 0 && by->stage >= 0 && x->stage != by->stage)
        return false; /* the rest happens where the deal stands */
    if (lint_is(act, "tag") || lint_is(act, "untag"))
        return hears_tag(act, x);
    if (lint_is(act, "set"))
        return hears_field(ev, act, lint_value(act, "field") ? lint_value(act, "field")->s.ptr : "");
    if (lint_is(act, "owner"))
        return hears_field(ev, act, "owner_id");
    if (lint_is(act, "reach"))
        return ev->on == ON_REACHED && (!ev->goal_id || ev->goal_id == lint_value(act, "goal_id")->i);
    if (lint_is(act, "note"))
        return ev->on == ON_NOTE_ADDED;
    if (lint_is(act, "task"))
        return ev->on == ON_CREATED && ev->object == ENT_TASK;
    if (lint_is(act, "close_tasks"))
        return ev->on == ON_TASK_DONE;
    return false;
}

static void draw(struct rings *r)
{
    struct lint *l = r->l;
    r->ways = ARENA_ARRAY(l->a, struct way *, l->n_actors + 1);
    r->n_ways = ARENA_ARRAY(l->a, size_t, l->n_actors + 1);
    for (size_t i = 0; i < l->n_actors; i++) {
        const struct lint_actor *by = &l->actors[i];
        if (by->off || !by->t)
            continue;
        r->ways[i] = ARENA_ARRAY(l->a, struct way, l->n_actors * by->t->n_actions + 1);
        for (size_t k = 0; k < by->t->n_actions; k++)
            for (size_t m = 0; m < l->n_actors; m++) {
                const struct lint_actor *x = &l->actors[m];
                if (!x->off && x->t && hears(l, by, &by->t->actions[k], x))
                    r->ways[i][r->n_ways[i]++] = (struct way){(int)m, &by->t->actions[k]};
            }
    }
}

/* ---- does it end? ---- */

static bool undone_by(const struct action *a, const struct action *b)
{
    const struct action_value *x, *y;
    if ((lint_is(a, "tag") && lint_is(b, "untag")) || (lint_is(a, "untag") && lint_is(b, "tag")))
        return lint_value(a, "tag_id")->i == lint_value(b, "tag_id")->i;
    if (lint_is(a, "set") && lint_is(b, "set")) {
        x = lint_value(a, "field"), y = lint_value(b, "field");
        if (!x || !y || x->i != y->i)
            return false;
        x = lint_value(a, "value"), y = lint_value(b, "value");
        return x && y && !str_eq(x->s, y->s);
    }
    if (lint_is(a, "owner") && lint_is(b, "owner"))
        return lint_value(a, "to")->who.id != lint_value(b, "to")->who.id ||
               lint_value(a, "to")->who.kind != lint_value(b, "to")->who.kind;
    return lint_is(a, "move") && lint_is(b, "move") && lint_value(a, "stage_id")->i != lint_value(b, "stage_id")->i;
}

static bool repeats(const struct action *a)
{
    return lint_is(a, "note") || lint_is(a, "copy") || lint_is(a, "task") || lint_is(a, "reach");
}

/* Each step of the ring happens again in the next round. */
static bool endless(const struct rings *r)
{
    for (int i = 0; i <= r->depth; i++) {
        bool again = repeats(r->by[i]);
        for (int k = 0; k <= r->depth && !again; k++)
            again = k != i && undone_by(r->by[i], r->by[k]);
        if (!again)
            return false;
    }
    return true;
}

static void report(struct rings *r)
{
    struct lint *l = r->l;
    bool asks = false;
    struct str names = STR("");
    if (!endless(r))
        return;
    for (int i = 0; i <= r->depth; i++) {
        const struct lint_actor *x = &l->actors[r->path[i]];
        asks |= x->t->condition.len > 0;
        names = str_fmt(l->a, "%.*s«%.*s» → ", STR_ARG(names), STR_ARG(lint_actor_name(x)));
    }
    const struct lint_actor *first = &l->actors[r->first];
    struct lint_finding *f =
        lint_add(l, asks ? "may_loop" : "loop", asks ? LINT_WARNING : LINT_ERROR, first->stage, first);
    f->args[1] = str_fmt(l->a, "%.*s«%.*s»", STR_ARG(names), STR_ARG(lint_actor_name(first)));
    f->field = "actions";
    if (!first->is_goal)
        lint_fix(f, lint_path(l, first->path, "enabled"), json_false());
}

/* Every ring is found at its first member. */
static void walk(struct rings *r, int at)
{
    for (size_t i = 0; i < r->n_ways[at] && r->steps > 0; i++) {
        const struct way *w = &r->ways[at][i];
        bool seen = false;
        r->steps--;
        r->by[r->depth] = w->by;
        if (w->to == r->first) {
            report(r);
            continue;
        }
        for (int k = 0; k <= r->depth; k++)
            seen |= r->path[k] == w->to;
        if (seen || w->to < r->first || r->depth + 1 >= RING)
            continue;
        r->path[++r->depth] = w->to;
        walk(r, w->to);
        r->depth--;
    }
}

void lint_check_loops(struct lint *l)
{
    struct rings r = {.l = l, .steps = STEPS};
    draw(&r);
    for (size_t i = 0; i < l->n_actors; i++) {
        if (!r.n_ways[i])
            continue;
        r.first = r.path[0] = (int)i;
        r.depth = 0;
        walk(&r, (int)i);
    }
}
