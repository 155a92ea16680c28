/* The funnel as a graph: ways that people go in order, ways that goals and triggers send deals. */
#include "rules/lint_impl.h"

struct graph {
    struct lint *l;
    size_t n;
    bool *way;   /* n * n */
    bool *entry; /* deals come in here from outside */
};

static int next_open(const struct lint *l, int stage)
{
    for (size_t i = (size_t)stage + 1; i < l->n_stages; i++)
        if (!lint_closing(&l->stages[i]))
            return (int)i;
    return -1;
}

/* Does a way forward exist by goals, so that nobody goes on by hand? */
static bool led_by_goals(const struct lint *l, int stage)
{
    bool positive = false;
    for (size_t i = 0; i < l->n_moves; i++)
        positive |=
            l->moves[i].by->is_goal && l->moves[i].from == stage && l->moves[i].by->t->goal_kind == GOAL_POSITIVE;
    for (int k = l->stages[stage].first_actor; k < l->stages[stage + 1].first_actor; k++) {
        const struct lint_actor *x = &l->actors[k];
        bool moves = false;
        if (!x->is_goal || !x->t || x->t->goal_kind != GOAL_POSITIVE)
            continue;
        for (size_t i = 0; i < x->t->n_actions; i++)
            moves |= lint_is(&x->t->actions[i], "move");
        if (!moves)
            return false; /* reached, and then a person decides */
    }
    return positive;
}

static void by_hand(struct graph *g, int stage)
{
    const struct lint *l = g->l;
    int next = next_open(l, stage);
    if (lint_closing(&l->stages[stage]) || led_by_goals(l, stage))
        return;
    if (next >= 0)
        g->way[(size_t)stage * g->n + (size_t)next] = true;
    for (size_t i = 0; i < g->n; i++)
        if (lint_closing(&l->stages[i]))
            g->way[(size_t)stage * g->n + i] = true;
}

static struct graph draw(struct lint *l)
{
    struct graph g = {.l = l, .n = l->n_stages};
    int first = next_open(l, -1);
    g.way = ARENA_ARRAY(l->a, bool, g.n *g.n + 1);
    g.entry = ARENA_ARRAY(l->a, bool, g.n + 1);
    if (first >= 0)
        g.entry[first] = true;
    for (size_t i = 0; i < g.n; i++)
        by_hand(&g, (int)i);
    for (size_t i = 0; i < l->n_moves; i++) {
        const struct lint_move *m = &l->moves[i];
        if (m->by->off || m->to < 0)
            continue;
        if (m->from < 0)
            g.entry[m->to] = true;
        else
            g.way[(size_t)m->from * g.n + (size_t)m->to] = true;
    }
    for (size_t i = 0; i < l->facts->entered.len; i++) {
        int at = lint_stage_of(l, l->facts->entered.ptr[i].id);
        if (at >= 0)
            g.entry[at] = true;
    }
    return g;
}

static bool leaves_funnel(const struct lint *l, int stage)
{
    for (size_t i = 0; i < l->n_moves; i++)
        if (l->moves[i].from == stage && l->moves[i].to < 0)
            return true;
    return false;
}

/* Grows a set along the ways, or against them. */
static void spread(const struct graph *g, bool *set, bool against)
{
    for (bool grew = true; grew;) {
        grew = false;
        for (size_t i = 0; i < g->n; i++)
            for (size_t k = 0; k < g->n; k++) {
                bool way = against ? g->way[k * g->n + i] : g->way[i * g->n + k];
                if (set[i] && way && !set[k])
                    grew = set[k] = true;
            }
    }
}

static void check_ways(struct lint *l, const struct graph *g)
{
    bool *in = ARENA_ARRAY(l->a, bool, g->n + 1), *out = ARENA_ARRAY(l->a, bool, g->n + 1);
    for (size_t i = 0; i < g->n; i++) {
        in[i] = g->entry[i];
        out[i] = lint_closing(&l->stages[i]) || leaves_funnel(l, (int)i);
    }
    spread(g, in, false);
    spread(g, out, true);
    for (size_t i = 0; i < g->n; i++) {
        bool any = false;
        if (lint_closing(&l->stages[i]))
            continue;
        for (size_t k = 0; k < g->n; k++)
            any |= k != i && g->way[i * g->n + k];
        if (!in[i])
            lint_add(l, "unreachable", LINT_WARNING, (int)i, NULL);
        if (!out[i])
            lint_add(l, any ? "trap" : "dead_end", LINT_ERROR, (int)i, NULL);
    }
}

static void check_ends(struct lint *l)
{
    bool won = false, lost = false, open = false;
    for (size_t i = 0; i < l->n_stages; i++) {
        won |= l->stages[i].outcome == DEAL_WON;
        lost |= l->stages[i].outcome == DEAL_LOST;
        open |= l->stages[i].outcome == DEAL_OPEN;
    }
    if (!open)
        lint_add(l, "no_open", LINT_ERROR, -1, NULL)->field = "stages";
    if (!won)
        lint_add(l, "no_won", LINT_WARNING, -1, NULL)->field = "stages";
    if (!lost)
        lint_add(l, "no_lost", LINT_WARNING, -1, NULL)->field = "stages";
}

/* Sent there by itself, and then nothing happens by itself: somebody has to remember it. */
static void check_patchwork(struct lint *l)
{
    for (size_t i = 0; i < l->n_stages; i++) {
        const struct lint_stage *s = &l->stages[i];
        const struct lint_actor *by = NULL;
        bool led = lint_closing(s) || !lint_empty(s->json, "next_task");
        for (size_t k = 0; k < l->n_moves; k++)
            if (l->moves[k].to == (int)i && !l->moves[k].by->off) {
                by = l->moves[k].by;
                for (size_t m = 0; m < by->t->n_actions; m++) /* who sends it here gives the task, too */
                    led |= lint_is(&by->t->actions[m], "task");
            }
        for (int k = s->first_actor; k < l->stages[i + 1].first_actor; k++)
            led |= !l->actors[k].off;
        if (by && !led)
            lint_add(l, "patchwork", LINT_WARNING, (int)i, NULL)->args[1] = lint_actor_name(by);
    }
}

void lint_check_graph(struct lint *l)
{
    struct graph g = draw(l);
    check_ends(l);
    check_ways(l, &g);
    check_patchwork(l);
}
