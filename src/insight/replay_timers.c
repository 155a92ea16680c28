/* Replay of timers over what is held of deals and tasks: when each would have been due, had it been planned as the
 * engine plans it (rules/timer.c). What the deal is (its stage, open or closed) gives spans of time during which a
 * timer counts; what it hangs on (a date, a value, its tasks) gives others; one firing for each span of both. */
#include "base/time.h"
#include "crm/fields.h"
#include "insight/replay_impl.h"
#include <stdlib.h>

#define GRACE_MS MS_DAY /* a date that lies further back when it is planned is history */

/* Changes of a column by row, in the order of the journal. */
struct lines {
    const struct fact_column *c;
    struct fact_column first; /* as rows were made */
    const int64_t *to;
    uint32_t *from; /* by row, and one behind */
    uint32_t *of;   /* indexes of changes */
};
struct span {
    int64_t from, to;
    bool resumed; /* the deal had been put off before */
};
struct spans {
    struct span *ptr;
    size_t len, cap;
};
struct mark { /* how many open tasks more or fewer from then on */
    int64_t at;
    int by;
};
struct marks {
    struct mark *ptr;
    size_t len, cap;
};
struct timers {
    const struct replay *r;
    const struct facts *deals, *tasks;
    struct lines field, until, wait, done;
    uint32_t *tasks_from, *tasks_of; /* rows of tasks, by row of deals */
    struct spans here, off, cut;
    struct marks marks;
    uint32_t deal;
};

/* ---- by row ---- */

static struct lines lines_of(const struct replay *r, enum fact fact, int field)
{
    const struct facts *f = &r->v->facts[fact];
    struct lines l = {.c = fact_column(f, field)};
    size_t n = l.c->n_changes;
    l.first = fact_as_of(r->v, fact, field, INT64_MIN, r->s->arena);
    l.to = fact_changes_to(f, l.c, r->s->arena);
    l.from = ARENA_ARRAY(r->s->arena, uint32_t, f->n + 2);
    l.of = ARENA_ARRAY(r->s->arena, uint32_t, n + 1);
    memset(l.from, 0, (f->n + 2) * sizeof *l.from);
    for (size_t i = 0; i < n; i++)
        l.from[l.c->changes[i].row + 2]++;
    for (size_t i = 2; i < f->n + 2; i++)
        l.from[i] += l.from[i - 1];
    for (size_t i = 0; i < n; i++)
        l.of[l.from[l.c->changes[i].row + 1]++] = (uint32_t)i;
    return l;
}

/* The value number i of a row (0: what it was made with), and until when it stood. */
static int64_t value_at(const struct lines *l, uint32_t row, uint32_t i, int64_t *until)
{
    uint32_t at = l->from[row] + i;
    *until = at < l->from[row + 1] ? l->c->changes[l->of[at]].at : INT64_MAX;
    return i ? l->to[l->of[at - 1]] : fact_get(&l->first, row);
}

static uint32_t values(const struct lines *l, uint32_t row)
{
    return l->from[row + 1] - l->from[row] + 1;
}

static void tasks_by_deal(struct timers *x)
{
    const struct fact_column *deal = fact_column(x->tasks, TASK_DEAL_ID);
    size_t n = x->tasks->n;
    uint32_t *row = ARENA_ARRAY(x->r->s->arena, uint32_t, n + 1);
    x->tasks_from = ARENA_ARRAY(x->r->s->arena, uint32_t, x->deals->n + 2);
    x->tasks_of = ARENA_ARRAY(x->r->s->arena, uint32_t, n + 1);
    memset(x->tasks_from, 0, (x->deals->n + 2) * sizeof *x->tasks_from);
    for (size_t i = 0; i < n; i++) {
        int64_t id = fact_id(deal, i);
        row[i] = id ? fact_row(x->deals, id) : FACT_NO_ROW;
        if (row[i] != FACT_NO_ROW)
            x->tasks_from[row[i] + 2]++;
    }
    for (size_t i = 2; i < x->deals->n + 2; i++)
        x->tasks_from[i] += x->tasks_from[i - 1];
    for (size_t i = 0; i < n; i++)
        if (row[i] != FACT_NO_ROW)
            x->tasks_of[x->tasks_from[row[i] + 1]++] = (uint32_t)i;
}

/* ---- when it counts ---- */

static void add_span(struct spans *to, int64_t from, int64_t until, bool resumed)
{
    struct span s = {from, until, resumed};
    if (from < until)
        vec_push(to, s);
}

/* Moves within what the rule looks at do not begin anew. */
static void find_here(struct timers *x)
{
    const struct projection_view *v = x->r->v;
    int64_t since = 0;
    bool inside = false;
    x->here.len = 0;
    for (uint32_t i = v->visit_spans[x->deal].off; i != VISIT_NONE; i = replay_next(v, x->deal, i)) {
        int64_t at = visit_at(v->visit_packed[i]);
        bool is = replay_here(x->r, i) && (x->r->s->closed_too || replay_outcome(x->r, i) == DEAL_OPEN);
        if (inside && !is)
            add_span(&x->here, since, at, false);
        if (is && !inside)
            since = at;
        inside = is;
    }
    if (inside)
        add_span(&x->here, since, INT64_MAX, false);
}

static void find_off(struct timers *x)
{
    x->off.len = 0;
    for (int k = 0; k < 2; k++) {
        const struct lines *l = k ? &x->wait : &x->until;
        int64_t from = x->deals->created_at[x->deal], until;
        for (uint32_t i = 0; i < values(l, x->deal); i++, from = until) {
            int64_t v = value_at(l, x->deal, i, &until);
            if (v != FACT_NULL)
                add_span(&x->off, from, k || v > until ? until : v, false);
        }
    }
}

/* Time during which the deal was put off does not count. */
static void cut_off(struct timers *x)
{
    find_off(x);
    for (size_t k = 0; k < x->off.len; k++) {
        struct span o = x->off.ptr[k];
        x->cut.len = 0;
        for (size_t i = 0; i < x->here.len; i++) {
            struct span h = x->here.ptr[i];
            if (o.to <= h.from || o.from >= h.to) {
                vec_push(&x->cut, h);
                continue;
            }
            add_span(&x->cut, h.from, o.from, h.resumed);
            add_span(&x->cut, o.to > h.from ? o.to : h.from, h.to, true);
        }
        struct spans swap = x->here;
        x->here = x->cut;
        x->cut = swap;
    }
}

/* ---- when it is due ---- */

static int64_t due_after(const struct replay_spec *s, int64_t anchor)
{
    return s->work ? calendar_add(s->work, anchor, s->wait_ms) : anchor + s->wait_ms;
}

static void due_at(struct timers *x, int64_t due, int64_t until)
{
    uint32_t visit = due < until && due <= x->r->s->to ? replay_visit(x->r->v, x->deal, due) : VISIT_NONE;
    if (visit != VISIT_NONE)
        replay_hit(x->r, x->deal, x->deal, visit, due);
}

/* During [from, until) the timer has something to hang on. anchor INT64_MIN: it counts from when both begin. */
static void hangs(struct timers *x, int64_t from, int64_t until, int64_t anchor)
{
    for (size_t i = 0; i < x->here.len; i++) {
        struct span h = x->here.ptr[i];
        int64_t begin = h.from > from ? h.from : from, end = h.to < until ? h.to : until;
        int64_t since = anchor == INT64_MIN || (h.resumed && h.from > anchor) ? begin : anchor;
        if (begin >= end)
            continue;
        int64_t due = due_after(x->r->s, since);
        due_at(x, due < begin ? begin : due, end); /* due already when it is planned: at once */
    }
}

/* A date fires when it comes, a reminder of it that is late at once, and not when it lies in the past. */
static void hangs_on_date(struct timers *x, int64_t from, int64_t until, int64_t value)
{
    const struct replay_spec *s = x->r->s;
    int64_t anchor = s->day ? calendar_instant(s->days, value, 0) : value,
            over = s->day ? calendar_instant(s->days, value + 1, 0) : value, due = due_after(s, anchor);
    for (size_t i = 0; i < x->here.len; i++) {
        struct span h = x->here.ptr[i];
        int64_t begin = h.from > from ? h.from : from, end = h.to < until ? h.to : until, at = due;
        if (over > begin && at < begin)
            at = begin;
        if (begin < end && at > begin - GRACE_MS)
            due_at(x, at < begin ? begin : at, end);
    }
}

static void by_field(struct timers *x)
{
    int64_t from = x->deals->created_at[x->deal], until;
    for (uint32_t i = 0; i < values(&x->field, x->deal); i++, from = until) {
        int64_t v = value_at(&x->field, x->deal, i, &until);
        if (v == FACT_NULL || from >= until)
            continue;
        if (x->r->s->on == REPLAY_DATE)
            hangs_on_date(x, from, until, v);
        else
            hangs(x, from, until, INT64_MIN);
    }
}

/* ---- by its tasks ---- */

static int by_time(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return y->by - x->by; /* one comes before the other goes */
}

static void mark(struct timers *x, int64_t at, int by)
{
    struct mark m = {at, by};
    vec_push(&x->marks, m);
}

static void marks_of_task(struct timers *x, uint32_t task)
{
    int64_t from = x->tasks->created_at[task], until,
            gone = x->tasks->deleted_at ? x->tasks->deleted_at[task] : FACT_NEVER;
    for (uint32_t i = 0; i < values(&x->done, task) && from < gone; i++, from = until) {
        bool open = value_at(&x->done, task, i, &until) != 1;
        int64_t end = until < gone ? until : gone;
        if (!open || from >= end)
            continue;
        mark(x, from, 1);
        if (end != INT64_MAX)
            mark(x, end, -1);
    }
}

static void collect(struct timers *x, void (*of_task)(struct timers *x, uint32_t task))
{
    x->marks.len = 0;
    for (uint32_t i = x->tasks_from[x->deal]; i < x->tasks_from[x->deal + 1]; i++)
        of_task(x, x->tasks_of[i]);
    if (x->marks.len > 1)
        qsort(x->marks.ptr, x->marks.len, sizeof *x->marks.ptr, by_time);
}

static void by_no_task(struct timers *x)
{
    int64_t since = x->deals->created_at[x->deal];
    int open = 0;
    collect(x, marks_of_task);
    for (size_t i = 0; i < x->marks.len; i++) {
        if (!open && x->marks.ptr[i].at > since)
            hangs(x, since, x->marks.ptr[i].at, INT64_MIN);
        open += x->marks.ptr[i].by;
        since = x->marks.ptr[i].at;
    }
    if (!open)
        hangs(x, since, INT64_MAX, INT64_MIN);
}

/* A call, meeting or mail that is done. */
static void contact_of_task(struct timers *x, uint32_t task)
{
    int64_t kind = fact_get(fact_column(x->tasks, TASK_KIND), task), until;
    for (uint32_t i = 1; kind != TASK_TODO && !fact_deleted(x->tasks, task) && i < values(&x->done, task); i++)
        if (value_at(&x->done, task, i, &until) == 1)
            mark(x, x->done.c->changes[x->done.of[x->done.from[task] + i - 1]].at, 0);
}

static void by_contact(struct timers *x)
{
    int64_t since = x->deals->created_at[x->deal];
    collect(x, contact_of_task);
    for (size_t i = 0; i < x->marks.len; i++) {
        hangs(x, since, x->marks.ptr[i].at, since);
        since = x->marks.ptr[i].at;
    }
    hangs(x, since, INT64_MAX, since);
}

/* ---- all deals ---- */

static void one_deal(struct timers *x)
{
    enum replay_on on = x->r->s->on;
    find_here(x);
    if (x->here.len && (on == REPLAY_SINCE_CONTACT || on == REPLAY_NO_TASK))
        cut_off(x);
    if (!x->here.len)
        return;
    if (on == REPLAY_DATE || on == REPLAY_HELD)
        by_field(x);
    else if (on == REPLAY_SINCE_CREATED)
        hangs(x, x->deals->created_at[x->deal], INT64_MAX, x->deals->created_at[x->deal]);
    else if (on == REPLAY_NO_TASK)
        by_no_task(x);
    else
        by_contact(x);
}

void replay_timers(const struct replay *r)
{
    struct timers x = {.r = r, .deals = &r->v->facts[FACT_DEAL], .tasks = &r->v->facts[FACT_TASK]};
    if (r->s->on == REPLAY_DATE || r->s->on == REPLAY_HELD)
        x.field = lines_of(r, FACT_DEAL, r->s->field);
    if (r->s->on == REPLAY_SINCE_CONTACT || r->s->on == REPLAY_NO_TASK) {
        x.done = lines_of(r, FACT_TASK, TASK_DONE);
        x.until = lines_of(r, FACT_DEAL, DEAL_DEFERRED_UNTIL);
        x.wait = lines_of(r, FACT_DEAL, DEAL_WAIT_ID);
        tasks_by_deal(&x);
    }
    for (size_t i = 0; i < x.deals->n; i++) {
        x.deal = (uint32_t)i;
        if (!fact_deleted(x.deals, i) && r->v->visit_spans[i].len > 0)
            one_deal(&x);
    }
    vec_free(&x.here);
    vec_free(&x.off);
    vec_free(&x.cut);
    vec_free(&x.marks);
}
