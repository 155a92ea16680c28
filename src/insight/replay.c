#include "insight/replay.h"

static bool here(const struct projection_view *v, const struct replay_spec *s, uint32_t visit)
{
    uint32_t stage = visit_stage(v->visit_packed[visit]);
    return stage < v->n_stages && s->here[stage];
}

static unsigned outcome(const struct projection_view *v, const struct replay_spec *s, uint32_t visit)
{
    uint32_t stage = visit_stage(v->visit_packed[visit]);
    return stage < v->n_stages ? s->outcomes[stage] : DEAL_OPEN;
}

/* The visit behind this one that moved the deal; stages seen after its close moved nothing. */
static uint32_t next_move(const struct projection_view *v, uint32_t deal, uint32_t visit)
{
    uint32_t end = v->visit_spans[deal].off + v->visit_spans[deal].len, i = visit + 1;
    while (i < end && visit_passed(v->visit_packed[i]))
        i++;
    return i < end ? i : VISIT_NONE;
}

static bool wins(const struct projection_view *v, const struct replay_spec *s, uint32_t deal, uint32_t from)
{
    for (uint32_t i = from; i != VISIT_NONE; i = next_move(v, deal, i))
        if (outcome(v, s, i) == DEAL_WON)
            return true;
    return false;
}

static void hit(const struct projection_view *v, const struct replay_spec *s, struct replay_hits *out, uint32_t deal,
                uint32_t visit, int64_t at)
{
    if (at < s->from || at > s->to)
        return;
    uint32_t next = next_move(v, deal, visit);
    struct replay_hit h = {deal, visit, next, wins(v, s, deal, next), at};
    vec_push(out, h);
}

/* When the wait of a visit is over; INT64_MAX: the deal had gone on before. */
static int64_t waited(const struct projection_view *v, const struct replay_spec *s, uint32_t deal, uint32_t visit)
{
    uint32_t next = next_move(v, deal, visit);
    int64_t in = visit_at(v->visit_packed[visit]),
            out = next == VISIT_NONE ? INT64_MAX : visit_at(v->visit_packed[next]);
    /* Working time is never shorter than plain time: most visits are told apart without the calendar. */
    if (out - in <= s->wait_ms || in + s->wait_ms > s->to)
        return INT64_MAX;
    int64_t at = s->work ? calendar_add(s->work, in, s->wait_ms) : in + s->wait_ms;
    return at < out ? at : INT64_MAX;
}

static void follow(const struct projection_view *v, const struct replay_spec *s, uint32_t deal, struct replay_hits *out)
{
    bool first = true;
    for (uint32_t i = v->visit_spans[deal].off; i != VISIT_NONE; i = next_move(v, deal, i)) {
        int64_t at = visit_at(v->visit_packed[i]);
        uint32_t next = next_move(v, deal, i);
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
                hit(v, s, out, deal, next, visit_at(v->visit_packed[next]));
            break;
        case REPLAY_WON:
        case REPLAY_LOST:
            if (is_here && outcome(v, s, i) == (s->on == REPLAY_WON ? DEAL_WON : DEAL_LOST))
                hit(v, s, out, deal, i, at);
            break;
        case REPLAY_STAYED:
            if (is_here && outcome(v, s, i) == DEAL_OPEN)
                hit(v, s, out, deal, i, waited(v, s, deal, i));
            break;
        }
        first = false;
    }
}

void replay_scan(const struct projection_view *view, const struct replay_spec *spec, struct replay_hits *out)
{
    const struct facts *deals = &view->facts[FACT_DEAL];
    for (size_t i = 0; i < deals->n; i++)
        if (!fact_deleted(deals, i) && view->visit_spans[i].len > 0)
            follow(view, spec, (uint32_t)i, out);
}
