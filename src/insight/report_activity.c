/* What people have done: calls, meetings, letters, other tasks, notes, moves of deals; by person and channel. */
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"

enum { CALLS, MEETINGS, LETTERS, TODOS, NOTES, MOVES, TOUCHES, COLUMNS }; /* the first four: enum task_kind */
static const char *const counted[] = {"calls", "meetings", "letters", "todos", "notes", "moves_made", "touches"};
static const struct report_column columns[] = {
    {"group", RT_TEXT},
    {"calls", RT_INT, .drill = true, .events = true},
    {"meetings", RT_INT, .drill = true, .events = true},
    {"letters", RT_INT, .drill = true, .events = true},
    {"todos", RT_INT, .drill = true, .events = true},
    {"notes", RT_INT, .drill = true, .events = true},
    {"moves_made", RT_INT, .drill = true, .events = true},
    {"touches", RT_INT, .drill = true, .events = true}, /* tasks, also notes */
    {"active_days", RT_INT},
    {"touches_a_day", RT_REAL},
};
static const struct report_param params[] = {PEOPLE_PERIOD, PEOPLE_REST};

struct done {
    struct people p;
    struct tally t;
    int64_t *days, n[COLUMNS], n_days;
    struct day_of { /* the last day a person was seen on, and in which row */
        int64_t day;
        size_t row;
    } * last;
};

static void put(struct done *d, size_t row, int column, int64_t id)
{
    tally_add(&d->t, row, (size_t)column, id);
    d->n[column]++;
    if (column != MOVES && column != TODOS) {
        tally_add(&d->t, row, TOUCHES, column == NOTES ? -id : id);
        d->n[TOUCHES]++;
    }
}

static void scan_tasks(struct done *d)
{
    struct people *p = &d->p;
    const struct facts *tasks = &p->view.facts[FACT_TASK];
    struct fact_column at = people_column(p, FACT_TASK, TASK_DONE_AT), by = people_column(p, FACT_TASK, TASK_DONE_BY),
                       kind = people_column(p, FACT_TASK, TASK_KIND), done = people_column(p, FACT_TASK, TASK_DONE);
    for (size_t i = 0; i < tasks->n; i++) {
        int64_t when = fact_get(&at, i);
        if (when < p->from || when >= p->to || fact_id(&done, i) == 0)
            continue;
        size_t row = people_row(p, fact_id(&by, i), when);
        if (row != PEOPLE_NO_ROW && people_has(p, FACT_TASK, i))
            put(d, row, (int)(fact_id(&kind, i) & 3), tasks->ids[i]);
    }
}

static void scan_notes(struct done *d)
{
    struct people *p = &d->p;
    const struct facts *notes = &p->view.facts[FACT_NOTE];
    for (size_t i = 0; i < notes->n; i++) {
        int64_t when = notes->created_at[i];
        if (when < p->from || when >= p->to)
            continue;
        size_t row = people_row(p, notes->author[i], when);
        if (row != PEOPLE_NO_ROW && people_has(p, FACT_NOTE, i))
            put(d, row, NOTES, notes->ids[i]);
    }
}

static void scan_moves(struct done *d)
{
    struct people *p = &d->p;
    const struct facts *deals = &p->view.facts[FACT_DEAL];
    for (size_t i = 0; i < deals->n; i++) {
        struct visits v = visits_of(&p->view, i);
        if (v.n < 2 || visit_at(v.packed[v.n - 1]) < p->from)
            continue;
        for (size_t k = 1; k < v.n; k++) {
            int64_t when = visit_at(v.packed[k]);
            if (when < p->from || when >= p->to || visit_passed(v.packed[k]))
                continue;
            size_t row = people_row(p, v.actor[k], when);
            if (row != PEOPLE_NO_ROW && people_has(p, FACT_DEAL, i))
                put(d, row, MOVES, deals->ids[i]);
        }
    }
}

/* Days on which somebody has changed anything by hand: hours come in their order. */
static void scan_days(struct done *d)
{
    struct people *p = &d->p;
    d->last = arena_zalloc(p->call->arena, (p->n_ids + 1) * sizeof *d->last);
    for (size_t i = 0; i < p->n_ids; i++)
        d->last[i].day = INT64_MIN;
    for (size_t i = 0; i < p->view.n_activity; i++) {
        const struct activity *a = &p->view.activity[i];
        int64_t at = a->hour * MS_HOUR;
        if (a->automatic || a->via == VIA_IMPORT || a->verb == VERB_SIGNED_IN || a->verb == VERB_SIGNED_OUT)
            continue;
        if (at < p->from && at + MS_HOUR > p->from)
            at = p->from; /* the period begins within the hour */
        size_t row = people_row(p, a->user, at);
        if (row == PEOPLE_NO_ROW)
            continue;
        int64_t day = zone_day(p->zone, at);
        struct day_of *last = &d->last[a->user];
        if (last->day == day && last->row == row)
            continue;
        d->n_days += last->day != day;
        *last = (struct day_of){day, row};
        d->days[row]++;
    }
}

static void put_rows(struct done *d)
{
    struct people *p = &d->p;
    struct report_table *t = &p->result->main;
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < p->n_rows; i++) {
        struct cell row[10] = {cell_s(p->rows[i].name)};
        int64_t all = 0;
        for (int k = 0; k < COLUMNS; k++) {
            row[k + 1] = cell_i(tally_of(&d->t, i, (size_t)k));
            all += tally_of(&d->t, i, (size_t)k);
        }
        int64_t touches = tally_of(&d->t, i, TOUCHES);
        row[8] = cell_i(d->days[i]);
        row[9] = d->days[i] ? cell_f((double)touches / (double)d->days[i]) : cell_null();
        if (all + d->days[i] > 0 || p->by > PEOPLE_TEAM)
            report_row_key(t, p->rows[i].key, row);
    }
}

static void put_summary(struct done *d)
{
    struct people *p = &d->p;
    const struct report_call *c = p->call;
    int64_t all = 0, *n = d->n;
    for (int k = 0; k < COLUMNS; k++) {
        report_sum_events(p->result, counted[k], n[k]);
        all += n[k];
    }
    int64_t touches = n[TOUCHES];
    double a_day = d->n_days ? (double)touches / (double)d->n_days : 0;
    report_sum(p->result, "active_days", RT_INT, cell_i(d->n_days));
    report_sum(p->result, "touches_a_day", RT_REAL, d->n_days ? cell_f(a_day) : cell_null());
    if (touches > 0 && d->n_days > 0) {
        struct str args[] = {people_count(c, touches),    people_count(c, n[CALLS]),
                             people_count(c, n[LETTERS]), people_count(c, n[MEETINGS]),
                             people_count(c, n[NOTES]),   report_number(c->arena, c->lang, a_day, 1)};
        report_verdict(c, p->result, "activity", args, 6);
    }
    people_notes(p, all + d->n_days);
}

/* What the number asked for counts. */
static enum entity_id noun_of(const struct report_call *c)
{
    if (c->drill == NULL || str_eqc(c->drill->column, "moves_made"))
        return ENT_NONE;
    return str_eqc(c->drill->column, "notes") ? ENT_NOTE : ENT_TASK;
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct done d = {0};
    struct people_spec spec = {
        .facts = {FACT_TASK, FACT_NOTE, FACT_DEAL}, .n_facts = 3, .last_days = 30, .no_filter = true};
    enum rc rc;
    TRY_OUT(people_read(&d.p, c, r, &spec, e));
    people_lock(&d.p);
    r->noun = noun_of(c);
    r->also = c->drill != NULL && str_eqc(c->drill->column, "touches") ? ENT_NOTE : ENT_NONE;
    d.t = tally_new(c, r, "rows", d.p.n_rows, people_keys(&d.p), counted, COLUMNS);
    d.days = arena_zalloc(c->arena, (d.p.n_rows + 1) * sizeof *d.days);
    scan_tasks(&d);
    scan_notes(&d);
    scan_moves(&d);
    scan_days(&d);
    people_unlock(&d.p);
    put_summary(&d);
    put_rows(&d);
    rc = RC_OK;
out:
    people_free(&d.p);
    return rc;
}

const struct report report_activity = {.id = "activity",
                                       .question = "report.activity.question",
                                       .params = params,
                                       .n_params = sizeof params / sizeof *params,
                                       .run = run,
                                       .group = "people",
                                       .definition = 1,
                                       .chart = {CHART_BARS, NULL, "group", "touches"}};
