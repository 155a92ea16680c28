/* How much everybody has in hand, beside what they may have; and experts called in before their stage. */
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"

enum { OPEN, TASKS, OVERDUE, JOINED, CALLED, EARLY, COLUMNS };
static const char *const counted[] = {"open_deals", "open_tasks", "overdue", "joined", "called_in", "early"};
static const struct report_column columns[] = {
    {"group", RT_TEXT},
    {"open_deals", RT_INT, .drill = true, .events = true},
    {"load_cap", RT_INT},
    {"load", RT_RATE},
    {"open_tasks", RT_INT, .drill = true, .events = true},
    {"overdue", RT_INT, .drill = true, .events = true},
    {"joined", RT_INT, .drill = true, .events = true},
    {"called_in", RT_INT, .drill = true, .events = true},
    {"early", RT_INT, .drill = true, .events = true},
    {"early_rate", RT_RATE},
    {"early_low", RT_RATE},
    {"early_high", RT_RATE},
};
static const char *const by_names[] = {"owner", "team", NULL};
static const struct report_param params[] = {
    PEOPLE_PERIOD, {"as_of", RP_TIME}, {"team_id", RP_INT}, {"by", RP_CHOICE, by_names}, {"time_zone", RP_TEXT}};

struct load {
    struct people p;
    struct tally t;
    int64_t n[COLUMNS], *cap, *capped, over, over_by; /* capped: open deals of those who have a cap */
    VEC(int64_t) members;                             /* deal, user, deal, user ... */
};

static enum rc load_members(struct load *l, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(l->p.call->db, &s, "SELECT deal_id, user_id FROM deal_member WHERE deleted_at IS NULL", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        vec_push(&l->members, stmt_col_i64(s, 0));
        vec_push(&l->members, stmt_col_i64(s, 1));
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* As of now: the period does not matter. */
static size_t row_of(const struct people *p, int64_t user)
{
    return people_row(p, user, p->to - 1);
}

static void put(struct load *l, size_t row, int column, int64_t id)
{
    if (row == PEOPLE_NO_ROW)
        return;
    tally_add(&l->t, row, (size_t)column, id);
    l->n[column]++;
}

static void scan_deals(struct load *l)
{
    struct people *p = &l->p;
    const struct facts *deals = &p->view.facts[FACT_DEAL];
    struct fact_column owner = people_column(p, FACT_DEAL, DEAL_OWNER_ID),
                       status = people_column(p, FACT_DEAL, DEAL_STATUS);
    int64_t *of_person = arena_zalloc(p->call->arena, (p->n_ids + 1) * sizeof *of_person);
    for (size_t i = 0; i < deals->n; i++) {
        int64_t who = fact_id(&owner, i);
        if (fact_id(&status, i) != DEAL_OPEN || !people_sees(p, who) || !people_has(p, FACT_DEAL, i))
            continue;
        of_person[who]++;
        put(l, row_of(p, who), OPEN, deals->ids[i]);
    }
    for (size_t i = 0; i + 1 < l->members.len; i += 2) {
        uint32_t row = fact_row(deals, l->members.ptr[i]);
        if (row != FACT_NO_ROW && fact_id(&status, row) == DEAL_OPEN && people_has(p, FACT_DEAL, row))
            put(l, row_of(p, l->members.ptr[i + 1]), JOINED, deals->ids[row]);
    }
    bool over = report_asked(p->call, p->result, "summary", 0, "overloaded");
    for (size_t i = 0; i < p->n; i++) {
        size_t row = row_of(p, p->all[i].id);
        if (row == PEOPLE_NO_ROW || p->all[i].load_cap == 0 || !p->all[i].active)
            continue;
        l->cap[row] += p->all[i].load_cap;
        l->capped[row] += of_person[p->all[i].id];
        l->over += of_person[p->all[i].id] > p->all[i].load_cap;
        if (of_person[p->all[i].id] <= p->all[i].load_cap)
            continue;
        l->over_by += of_person[p->all[i].id] - p->all[i].load_cap;
        if (over)
            report_deal(p->result, p->all[i].id);
    }
}

static void scan_tasks(struct load *l)
{
    struct people *p = &l->p;
    const struct facts *tasks = &p->view.facts[FACT_TASK], *deals = &p->view.facts[FACT_DEAL];
    struct fact_column owner = people_column(p, FACT_TASK, TASK_OWNER_ID),
                       done = people_column(p, FACT_TASK, TASK_DONE), due = people_column(p, FACT_TASK, TASK_DUE_AT),
                       deal = people_column(p, FACT_TASK, TASK_DEAL_ID),
                       early = people_column(p, FACT_TASK, TASK_EARLY), of = people_column(p, FACT_DEAL, DEAL_OWNER_ID);
    for (size_t i = 0; i < tasks->n; i++) {
        int64_t who = fact_id(&owner, i), id = tasks->ids[i];
        bool open = fact_id(&done, i) == 0, recent = tasks->created_at[i] >= p->from && tasks->created_at[i] < p->to;
        if ((!open && !recent) || !people_sees(p, who) || !people_has(p, FACT_TASK, i))
            continue;
        size_t row = row_of(p, who);
        if (open)
            put(l, row, TASKS, id);
        if (open && fact_get(&due, i) != FACT_NULL && fact_get(&due, i) < p->as_of)
            put(l, row, OVERDUE, id);
        uint32_t at = recent ? fact_row(deals, fact_id(&deal, i)) : FACT_NO_ROW;
        if (at != FACT_NO_ROW && fact_id(&of, at) != who)
            put(l, row, CALLED, id);
        if (at != FACT_NO_ROW && fact_id(&of, at) != who && fact_id(&early, i) != 0)
            put(l, row, EARLY, id);
    }
}

static void put_rows(struct load *l)
{
    struct people *p = &l->p;
    struct report_table *t = &p->result->main;
    int64_t *k = ARENA_ARRAY(p->call->arena, int64_t, p->n_rows + 1),
            *n = ARENA_ARRAY(p->call->arena, int64_t, p->n_rows + 1);
    for (size_t i = 0; i < p->n_rows; i++) {
        k[i] = tally_of(&l->t, i, EARLY);
        n[i] = tally_of(&l->t, i, CALLED);
    }
    struct people_rate *rates = people_rates(p->call, p->result, k, n, p->n_rows, true);
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < p->n_rows; i++) {
        int64_t all = l->cap[i];
        for (size_t c = 0; c < COLUMNS; c++)
            all += tally_of(&l->t, i, c);
        struct cell row[] = {cell_s(p->rows[i].name),
                             cell_i(tally_of(&l->t, i, OPEN)),
                             l->cap[i] ? cell_i(l->cap[i]) : cell_null(),
                             l->cap[i] ? cell_f((double)l->capped[i] / (double)l->cap[i]) : cell_null(),
                             cell_i(tally_of(&l->t, i, TASKS)),
                             cell_i(tally_of(&l->t, i, OVERDUE)),
                             cell_i(tally_of(&l->t, i, JOINED)),
                             cell_i(n[i]),
                             cell_i(k[i]),
                             cell_null(),
                             cell_null(),
                             cell_null()};
        people_rate_cells(row + 9, &rates[i]);
        if (all > 0)
            report_row_key(t, p->rows[i].key, row);
    }
}

static void put_summary(struct load *l)
{
    struct people *p = &l->p;
    const struct report_call *c = p->call;
    int64_t all = 0;
    for (int k = 0; k < COLUMNS; k++) {
        report_sum_counted(p->result, counted[k], l->n[k]);
        all += l->n[k];
    }
    report_sum_counted(p->result, "overloaded", l->over);
    if (all > 0) {
        struct str args[] = {people_count(c, l->n[OPEN]), people_count(c, l->n[TASKS]), people_count(c, l->n[OVERDUE]),
                             people_count(c, l->over), people_count(c, l->over_by)};
        report_verdict(c, p->result, l->over ? "workload_over" : "workload", args, 5);
    }
    report_note(c, p->result, "workload_now", NULL, 0);
    people_notes(p, all);
}

static enum entity_id noun_of(const struct report_call *c)
{
    if (c->drill != NULL && str_eqc(c->drill->column, "overloaded"))
        return ENT_USER;
    bool deals = c->drill == NULL || str_eqc(c->drill->column, "open_deals") || str_eqc(c->drill->column, "joined");
    return deals ? ENT_NONE : ENT_TASK;
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct load l = {0};
    struct people_spec spec = {.facts = {FACT_TASK, FACT_DEAL}, .n_facts = 2, .no_filter = true};
    enum rc rc;
    TRY_OUT(people_read(&l.p, c, r, &spec, e));
    TRY_OUT(load_members(&l, e));
    people_lock(&l.p);
    r->noun = noun_of(c);
    l.t = tally_new(c, r, "rows", l.p.n_rows, people_keys(&l.p), counted, COLUMNS);
    l.cap = arena_zalloc(c->arena, (l.p.n_rows + 1) * sizeof *l.cap);
    l.capped = arena_zalloc(c->arena, (l.p.n_rows + 1) * sizeof *l.capped);
    scan_deals(&l);
    scan_tasks(&l);
    people_unlock(&l.p);
    put_summary(&l);
    put_rows(&l);
    rc = RC_OK;
out:
    vec_free(&l.members);
    people_free(&l.p);
    return rc;
}

const struct report report_workload = {.id = "workload",
                                       .question = "report.workload.question",
                                       .params = params,
                                       .n_params = sizeof params / sizeof *params,
                                       .run = run,
                                       .group = "people",
                                       .definition = 1,
                                       .chart = {CHART_BARS, NULL, "group", "open_deals"}};
