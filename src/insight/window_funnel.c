#include "insight/window_funnel.h"

struct chain {
    int64_t first[WINDOW_STEPS_MOST], last[WINDOW_STEPS_MOST]; /* when the chain to this step began, and came here */
    bool has[WINDOW_STEPS_MOST];
    int n_steps, before; /* the step seen last, from 1 */
    int64_t window;
    unsigned modes;
};

static int reached(const struct chain *c)
{
    for (int i = c->n_steps; i > 0; i--)
        if (c->has[i - 1])
            return i;
    return 0;
}

/* Of strict order: does this step break the chain? */
static bool breaks(const struct chain *c, int step)
{
    int level = reached(c);
    if (!(c->modes & WINDOW_STRICT_ORDER) || level == 0)
        return false;
    return (step > 0 && !c->has[step - 1]) || (!(c->modes & WINDOW_ALLOW_REENTRY) && step < level - 1);
}

/* A step, from 0; the result when it is known, else -1. */
static int follow(struct chain *c, int step, int64_t at)
{
    if (breaks(c, step))
        return reached(c);
    if (step == 0) {
        c->first[0] = c->last[0] = at;
        c->has[0] = true;
    } else if ((c->modes & WINDOW_STRICT_DEDUP) && c->has[step]) {
        return c->before;
    } else if (c->has[step - 1]) {
        int64_t start = c->first[step - 1];
        bool later = !(c->modes & WINDOW_STRICT_INCREASE) || c->last[step - 1] < at;
        if (at - start <= c->window && later) {
            c->first[step] = start;
            c->last[step] = at;
            c->has[step] = true;
            if (step + 1 == c->n_steps)
                return c->n_steps;
        }
    }
    c->before = step + 1;
    return -1;
}

int window_funnel(const struct window_event *events, size_t n, int n_steps, int64_t window, unsigned modes)
{
    struct chain c = {.n_steps = n_steps, .window = window, .modes = modes};
    for (size_t i = 0; i < n; i++) {
        if (events[i].steps == 0 && (modes & WINDOW_STRICT_ORDER) && c.has[0])
            break;
        for (int step = 0; step < n_steps; step++) {
            int done = events[i].steps >> step & 1 ? follow(&c, step, events[i].at) : -1;
            if (done >= 0)
                return done;
        }
    }
    return reached(&c);
}

/* Each step remembers when the chain that came to it began. */
static int follow_visits(struct visits visits, const uint8_t *step_of, size_t n_stages, int n_steps, int64_t window,
                         int64_t as_of)
{
    int64_t first[WINDOW_STEPS_MOST + 1];
    int level = 0;
    for (size_t i = 0; i < visits.n; i++) {
        int64_t at = visit_at(visits.packed[i]);
        uint32_t stage = visit_stage(visits.packed[i]);
        int step = stage < n_stages ? step_of[stage] : 0;
        if (at > as_of)
            break;
        if (step == 1) {
            first[1] = at;
            level = level > 1 ? level : 1;
        } else if (step > 1 && step <= level + 1 && at - first[step - 1] <= window) {
            first[step] = first[step - 1];
            level = step > level ? step : level;
            if (level == n_steps)
                return level;
        }
    }
    return level;
}

/* As long as the first step does not come again behind others there is one chain, which needs no memory. */
int window_funnel_visits(struct visits visits, const uint8_t *step_of, size_t n_stages, int n_steps, int64_t window,
                         int64_t as_of)
{
    int64_t began = 0;
    int level = 0;
    for (size_t i = 0; i < visits.n; i++) {
        int64_t at = visit_at(visits.packed[i]);
        uint32_t stage = visit_stage(visits.packed[i]);
        int step = stage < n_stages ? step_of[stage] : 0;
        if (at > as_of)
            break;
        if (step == 1) {
            if (level > 1)
                return follow_visits(visits, step_of, n_stages, n_steps, window, as_of);
            level = 1;
            began = at;
        } else if (step == level + 1 && level > 0 && at - began <= window && ++level == n_steps) {
            break;
        }
    }
    return level;
}
