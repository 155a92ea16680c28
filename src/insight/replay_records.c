/* Replay over what has happened to the records of a noun: made, changed, tagged, done. */
#include "crm/fields.h"
#include "insight/replay_impl.h"
#include <stdlib.h>

static const struct facts *nouns(const struct replay *r)
{
    return &r->v->facts[r->s->fact];
}

static int deal_field(enum fact fact)
{
    return fact == FACT_TASK ? TASK_DEAL_ID : fact == FACT_NOTE ? NOTE_DEAL_ID : -1;
}

/* Of which deal a record is; FACT_NO_ROW: of none. */
static uint32_t deal_of(const struct replay *r, uint32_t row)
{
    if (r->s->fact == FACT_DEAL)
        return row;
    int64_t id = fact_id(fact_column(nouns(r), deal_field(r->s->fact)), row);
    return id ? fact_row(&r->v->facts[FACT_DEAL], id) : FACT_NO_ROW;
}

/* Notes and messages are of one noun: what has a channel is a message. */
static bool wanted(const struct replay *r, uint32_t row)
{
    if (!r->s->with)
        return true;
    return (fact_get(fact_column(nouns(r), r->s->with - 1), row) == FACT_NULL) == r->s->without;
}

/* What belongs to one moment may have happened before the move of that moment. */
static bool stood_here(const struct replay *r, uint32_t deal, uint32_t visit, int64_t at)
{
    bool moved = visit > r->v->visit_spans[deal].off && visit_at(r->v->visit_packed[visit]) == at;
    return replay_here(r, visit) || (moved && replay_here(r, visit - 1));
}

static void happened(const struct replay *r, uint32_t row, int64_t at)
{
    const struct facts *deals = &r->v->facts[FACT_DEAL];
    if (fact_deleted(nouns(r), row) || at < nouns(r)->created_at[row] || !wanted(r, row))
        return;
    uint32_t deal = deal_of(r, row);
    if (deal != FACT_NO_ROW && fact_deleted(deals, deal))
        deal = FACT_NO_ROW;
    uint32_t visit = deal == FACT_NO_ROW ? VISIT_NONE : replay_visit(r->v, deal, at);
    if ((r->s->here || r->s->of_deal) &&
        (deal == FACT_NO_ROW || visit == VISIT_NONE || !stood_here(r, deal, visit, at)))
        return;
    replay_hit(r, r->s->of_deal ? deal : row, deal, visit, at);
}

static void made(const struct replay *r)
{
    const struct facts *f = nouns(r);
    for (size_t i = 0; i < f->n; i++)
        happened(r, (uint32_t)i, f->created_at[i]);
}

static void changed(const struct replay *r, const struct fact_column *c)
{
    for (size_t i = 0; i < c->n_changes; i++)
        happened(r, c->changes[i].row, c->changes[i].at);
}

static void any_changed(const struct replay *r)
{
    for (size_t i = 0; i < nouns(r)->n_columns; i++)
        changed(r, &nouns(r)->columns[i]);
}

static void done(const struct replay *r)
{
    const struct fact_column *c = fact_column(nouns(r), TASK_DONE);
    const int64_t *to = fact_changes_to(nouns(r), c, r->s->arena);
    for (size_t i = 0; i < c->n_changes; i++)
        if (to[i] == 1)
            happened(r, c->changes[i].row, c->changes[i].at);
}

static bool holds(struct fact_set set, int64_t id)
{
    for (uint32_t i = 0; i < set.n; i++)
        if (set.ids[i] == id)
            return true;
    return false;
}

/* Has `with` something that `without` has not: this one, or any? */
static bool gained(struct fact_set with, struct fact_set without, int64_t id)
{
    for (uint32_t i = 0; i < with.n; i++)
        if ((!id || with.ids[i] == id) && !holds(without, with.ids[i]))
            return true;
    return false;
}

static void sets(const struct replay *r)
{
    const struct fact_column *c = fact_column(nouns(r), r->s->field);
    const int64_t *to = fact_changes_to(nouns(r), c, r->s->arena);
    const struct fact_set none = {0};
    bool gains = r->s->on == REPLAY_GAINED;
    for (size_t i = 0; i < c->n_changes; i++) {
        struct fact_set old = fact_set(c, c->changes[i].old), new = fact_set(c, to[i]);
        if (gains ? gained(new, old, r->s->id) : gained(old, new, r->s->id))
            happened(r, c->changes[i].row, c->changes[i].at);
    }
    if (!gains)
        return;
    struct fact_column first = fact_as_of(r->v, r->s->fact, r->s->field, INT64_MIN, r->s->arena);
    for (size_t i = 0; i < nouns(r)->n; i++) /* what a record was made with */
        if (gained(fact_set(c, fact_get(&first, i)), none, r->s->id))
            happened(r, (uint32_t)i, nouns(r)->created_at[i]);
}

static int by_goal(const void *key, const void *one)
{
    int64_t x = *(const int64_t *)key, y = ((const struct replay_goal *)one)->id;
    return x < y ? -1 : x > y;
}

/* The goal says where the deal stood: what it does may have moved the deal in the same moment. */
static void goal_reached(const struct replay *r, const struct goal_reach *g)
{
    int64_t id = g->goal;
    const struct replay_goal *goal =
        r->s->n_goals ? bsearch(&id, r->s->goals, r->s->n_goals, sizeof *r->s->goals, by_goal) : NULL;
    if (goal == NULL || r->s->here == NULL) {
        happened(r, g->deal, g->at);
        return;
    }
    uint32_t visit = replay_visit(r->v, g->deal, g->at);
    if (goal->here && visit != VISIT_NONE && !fact_deleted(nouns(r), g->deal))
        replay_hit(r, g->deal, g->deal, visit, g->at);
}

static void reached(const struct replay *r)
{
    for (size_t i = 0; i < r->v->n_reaches; i++)
        if (r->s->id == 0 || r->v->reaches[i].goal == r->s->id)
            goal_reached(r, &r->v->reaches[i]);
}

void replay_records(const struct replay *r)
{
    switch (r->s->on) {
    case REPLAY_MADE:
        made(r);
        break;
    case REPLAY_CHANGED:
        if (r->s->field < 0)
            any_changed(r);
        else
            changed(r, fact_column(nouns(r), r->s->field));
        break;
    case REPLAY_DONE:
        done(r);
        break;
    case REPLAY_REACHED:
        reached(r);
        break;
    default:
        sets(r);
    }
}

bool replay_held(const struct projection_view *view, const struct replay_spec *s)
{
    bool named = (s->on == REPLAY_CHANGED && s->field >= 0) || s->on == REPLAY_GAINED || s->on == REPLAY_LOSES ||
                 s->on == REPLAY_DATE || s->on == REPLAY_HELD;
    if (s->on <= REPLAY_STAYED)
        return true;
    return s->fact < FACTS && (!named || fact_column(&view->facts[s->fact], s->field)->held);
}
