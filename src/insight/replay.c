#include "insight/replay.h"

static bool here(const struct deals_view *v, const struct replay_spec *s, uint32_t visit)
{
    uint32_t stage = visit_stage(&v->visits[visit]);
    return stage < v->n_stages && s->here[stage];
}

static unsigned outcome(const struct deals_view *v, const struct replay_spec *s, uint32_t visit)
{
    uint32_t stage = visit_stage(&v->visits[visit]);
    return stage < v->n_stages ? s->outcomes[stage] : DEAL_OPEN;
}

/* The visit behind this one that moved the deal; stages seen after its close moved nothing. */
static uint32_t next_move(const struct deals_view *v, uint32_t visit)
{
    uint32_t i = v->visits[visit].next;
    while (i != VISIT_NONE && visit_passed(&v->visits[i]))
        i = v->visits[i].next;
    return i;
}

static bool wins(const struct deals_view *v, const struct replay_spec *s, uint32_t from)
{
    for (uint32_t i = from; i != VISIT_NONE; i = next_move(v, i))
        if (outcome(v, s, i) == DEAL_WON)
            return true;
    return false;
}

static void hit(const struct deals_view *v, const struct replay_spec *s, struct replay_hits *out, uint32_t deal,
                uint32_t visit, int64_t at)
{
    if (at < s->from || at > s->to)
        return;
    uint32_t next = next_move(v, visit);
    struct replay_hit h = {deal, visit, next, wins(v, s, next), at};
    vec_push(out, h);
}

/* When the wait of a visit is over; INT64_MAX: the deal had gone on before. */
static int64_t waited(const struct deals_view *v, const struct replay_spec *s, uint32_t visit)
{
    uint32_t next = next_move(v, visit);
    int64_t in = visit_at(&v->visits[visit]), out = next == VISIT_NONE ? INT64_MAX : visit_at(&v->visits[next]);
    /* Working time is never shorter than plain time: most visits are told apart without the calendar. */
    if (out - in <= s->wait_ms || in + s->wait_ms > s->to)
        return INT64_MAX;
    int64_t at = s->work ? calendar_add(s->work, in, s->wait_ms) : in + s->wait_ms;
    return at < out ? at : INT64_MAX;
}

static void follow(const struct deals_view *v, const struct replay_spec *s, uint32_t deal, struct replay_hits *out)
{
    const struct deal_row *d = &v->deals[deal];
    bool first = true;
    for (uint32_t i = d->first; i != VISIT_NONE; i = next_move(v, i)) {
        int64_t at = visit_at(&v->visits[i]);
        uint32_t next = next_move(v, i);
        bool is_here = here(v, s, i);
        switch (s->on) {
        case REPLAY_CREATED:
            if (first && is_here)
                hit(v, s, out, deal, i, at);
            break;
        case REPLAY_ENTERED:
            if (is_here)
                hit(v, s, out, deal, i, at);
            break;
        case REPLAY_LEFT:
            if (is_here && next != VISIT_NONE)
                hit(v, s, out, deal, next, visit_at(&v->visits[next]));
            break;
        case REPLAY_WON:
        case REPLAY_LOST:
            if (is_here && outcome(v, s, i) == (s->on == REPLAY_WON ? DEAL_WON : DEAL_LOST))
                hit(v, s, out, deal, i, at);
            break;
        case REPLAY_STAYED:
            if (is_here && outcome(v, s, i) == DEAL_OPEN)
                hit(v, s, out, deal, i, waited(v, s, i));
            break;
        }
        first = false;
    }
}

void replay_scan(const struct deals_view *view, const struct replay_spec *spec, struct replay_hits *out)
{
    for (size_t i = 0; i < view->n_deals; i++)
        if (!view->deals[i].deleted && view->deals[i].first != VISIT_NONE)
            follow(view, spec, (uint32_t)i, out);
}
