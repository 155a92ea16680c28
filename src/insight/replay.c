#include "crm/entity.h"
#include "insight/replay_impl.h"
#include <stdlib.h>

bool replay_here(const struct replay *r, uint32_t visit)
{
    uint32_t stage = visit_stage(r->v->visit_packed[visit]);
    return !r->s->here || (stage < r->v->n_stages && r->s->here[stage]);
}

unsigned replay_outcome(const struct replay *r, uint32_t visit)
{
    uint32_t stage = visit_stage(r->v->visit_packed[visit]);
    return stage < r->v->n_stages ? r->s->outcomes[stage] : DEAL_OPEN;
}

uint32_t replay_next(const struct projection_view *v, uint32_t deal, uint32_t visit)
{
    uint32_t end = v->visit_spans[deal].off + v->visit_spans[deal].len, i = visit + 1;
    while (i < end && visit_passed(v->visit_packed[i]))
        i++;
    return i < end ? i : VISIT_NONE;
}

uint32_t replay_visit(const struct projection_view *v, uint32_t deal, int64_t at)
{
    uint32_t found = VISIT_NONE;
    if (!v->visit_spans[deal].len)
        return VISIT_NONE;
    for (uint32_t i = v->visit_spans[deal].off; i != VISIT_NONE; i = replay_next(v, deal, i)) {
        if (visit_at(v->visit_packed[i]) > at)
            break;
        found = i;
    }
    return found;
}

static bool wins(const struct replay *r, uint32_t deal, uint32_t from)
{
    for (uint32_t i = from; i != VISIT_NONE; i = replay_next(r->v, deal, i))
        if (replay_outcome(r, i) == DEAL_WON)
            return true;
    return false;
}

void replay_hit(const struct replay *r, uint32_t row, uint32_t deal, uint32_t visit, int64_t at)
{
    if (at < r->s->from || at > r->s->to)
        return;
    uint32_t next = visit == VISIT_NONE ? VISIT_NONE : replay_next(r->v, deal, visit);
    struct replay_hit h = {row, deal, visit, next, next != VISIT_NONE && wins(r, deal, next), at};
    vec_push(r->out, h);
}

/* When the wait of a visit is over; INT64_MAX: the deal had gone on before. */
static int64_t waited(const struct replay *r, uint32_t deal, uint32_t visit)
{
    const struct projection_view *v = r->v;
    const struct replay_spec *s = r->s;
    uint32_t next = replay_next(v, deal, visit);
    int64_t in = visit_at(v->visit_packed[visit]),
            out = next == VISIT_NONE ? INT64_MAX : visit_at(v->visit_packed[next]);
    /* Working time is never shorter than plain time: most visits are told apart without the calendar. */
    if (out - in <= s->wait_ms || in + s->wait_ms > s->to)
        return INT64_MAX;
    int64_t at = s->work ? calendar_add(s->work, in, s->wait_ms) : in + s->wait_ms;
    return at < out ? at : INT64_MAX;
}

static void follow(const struct replay *r, uint32_t deal)
{
    const struct projection_view *v = r->v;
    const struct replay_spec *s = r->s;
    bool first = true;
    for (uint32_t i = v->visit_spans[deal].off; i != VISIT_NONE; i = replay_next(v, deal, i)) {
        int64_t at = visit_at(v->visit_packed[i]);
        uint32_t next = replay_next(v, deal, i);
        bool is_here = replay_here(r, i);
        switch (s->on) {
        case REPLAY_CREATED:
            if (first && is_here)
                replay_hit(r, deal, deal, i, at);
            break;
        case REPLAY_ENTERED:
            if (is_here)
                replay_hit(r, deal, deal, i, at);
            break;
        case REPLAY_LEFT:
            if (is_here && next != VISIT_NONE)
                replay_hit(r, deal, deal, next, visit_at(v->visit_packed[next]));
            break;
        case REPLAY_WON:
        case REPLAY_LOST:
            if (is_here && replay_outcome(r, i) == (s->on == REPLAY_WON ? DEAL_WON : DEAL_LOST))
                replay_hit(r, deal, deal, i, at);
            break;
        case REPLAY_STAYED:
            if (is_here && replay_outcome(r, i) == DEAL_OPEN)
                replay_hit(r, deal, deal, i, waited(r, deal, i));
            break;
        default:
            break;
        }
        first = false;
    }
}

static void ways(const struct replay *r)
{
    const struct facts *deals = &r->v->facts[FACT_DEAL];
    for (size_t i = 0; i < deals->n; i++)
        if (!fact_deleted(deals, i) && r->v->visit_spans[i].len > 0)
            follow(r, (uint32_t)i);
}

static int by_row(const void *a, const void *b)
{
    const struct replay_hit *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* In order; several fields that one change has touched are one firing. */
static void put_in_order(struct replay_hits *hits)
{
    size_t kept = 0;
    if (hits->len > 1)
        qsort(hits->ptr, hits->len, sizeof *hits->ptr, by_row);
    for (size_t i = 0; i < hits->len; i++)
        if (!kept || by_row(&hits->ptr[kept - 1], &hits->ptr[i]) != 0)
            hits->ptr[kept++] = hits->ptr[i];
    hits->len = kept;
}

void replay_scan(const struct projection_view *view, const struct replay_spec *spec, struct replay_hits *out)
{
    struct replay r = {view, spec, out};
    if (spec->on <= REPLAY_STAYED) {
        ways(&r);
        return;
    }
    if (spec->on >= REPLAY_DATE)
        replay_timers(&r);
    else
        replay_records(&r);
    put_in_order(out);
}
