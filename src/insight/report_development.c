/* Where clients stand on their way of development, who climbed and who fell, how long they stay on each step. */
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"
#include <math.h>

enum { NOW, CAME, UP, DOWN, COLUMNS };
static const char *const counted[] = {"clients_now", "came", "went_up", "went_down"};
static const struct report_column columns[] = {
    {"step", RT_TEXT},
    {"clients_now", RT_INT, .drill = true},
    {"came", RT_INT, .drill = true, .events = true},
    {"went_up", RT_INT, .drill = true, .events = true},
    {"up_rate", RT_RATE},
    {"up_low", RT_RATE},
    {"up_high", RT_RATE},
    {"went_down", RT_INT, .drill = true, .events = true},
    {"down_rate", RT_RATE},
    {"median_days", RT_DAYS},
};
static const char *const of_names[] = {"companies", "contacts", NULL};
static const struct report_param params[] = {PEOPLE_PERIOD,         {"as_of", RP_TIME},
                                             {"team_id", RP_INT},   {"time_zone", RP_TEXT},
                                             {"filter", RP_FILTER}, {"of", RP_CHOICE, of_names}};

struct step {
    int64_t id, base; /* base: who stood there when the period began */
    struct str name;
};
struct development {
    struct people p;
    struct tally t;
    enum fact fact;
    int field, owner;
    VEC(struct step) steps; /* in their order; the last: no step given */
    struct people_values stays;
    struct tally moves; /* from, to */
    int64_t n[COLUMNS];
};

static enum rc load_steps(struct development *d, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(d->p.call->db, &s, "SELECT id, name FROM classifier WHERE kind = $1 ORDER BY position, id", e));
    stmt_i64(s, 1, CLASSIFIER_DEVELOPMENT);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct step one = {stmt_col_i64(s, 0), 0, str_dup(d->p.call->arena, stmt_col_str(s, 1))};
        vec_push(&d->steps, one);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static size_t index_of(const struct development *d, int64_t id)
{
    for (size_t i = 0; i < d->steps.len; i++)
        if (d->steps.ptr[i].id == id)
            return i;
    return SIZE_MAX;
}

static bool counts(const struct development *d, const struct fact_column *owner, size_t row)
{
    return people_has(&d->p, d->fact, row) && (d->p.team_id == 0 || people_sees(&d->p, fact_id(owner, row)));
}

static void put(struct development *d, size_t row, int column, int64_t id)
{
    tally_add(&d->t, row, (size_t)column, id);
    d->n[column]++;
}

static void stay(struct development *d, size_t step, int64_t from, int64_t to, bool over)
{
    if (step != SIZE_MAX && to >= from)
        people_value(&d->stays, step, people_time(to - from, over));
}

static void one_change(struct development *d, const struct fact_change *ch, int64_t became, int64_t since)
{
    struct people *p = &d->p;
    size_t from = index_of(d, ch->old), to = index_of(d, became);
    int64_t id = p->view.facts[d->fact].ids[ch->row];
    stay(d, from, since, ch->at, true);
    if (ch->at < p->from || ch->at >= p->to || from == to)
        return;
    if (to != SIZE_MAX)
        put(d, to, CAME, id);
    if (from != SIZE_MAX && to != SIZE_MAX) {
        put(d, from, to > from ? UP : DOWN, id);
        tally_add(&d->moves, from * d->steps.len + to, 0, id);
    }
}

static void scan(struct development *d)
{
    struct people *p = &d->p;
    struct arena *a = p->call->arena;
    const struct facts *clients = &p->view.facts[d->fact];
    const struct fact_column *step = fact_column(clients, d->field);
    struct fact_column now = people_column(p, d->fact, d->field), owner = people_column(p, d->fact, d->owner);
    struct fact_column then = fact_as_of(&p->view, d->fact, d->field, p->from - 1, a);
    const int64_t *to = fact_changes_to(clients, step, a);
    int64_t *since = ARENA_ARRAY(a, int64_t, clients->n + 1);
    memcpy(since, clients->created_at, clients->n * sizeof *since);
    for (size_t i = 0; i < step->n_changes; i++) {
        const struct fact_change *ch = &step->changes[i];
        if (ch->at > p->as_of || !counts(d, &owner, ch->row))
            continue;
        one_change(d, ch, to[i], since[ch->row]);
        since[ch->row] = ch->at;
    }
    for (size_t i = 0; i < clients->n; i++) {
        size_t at = index_of(d, fact_get(&now, i)), was = index_of(d, fact_get(&then, i));
        if ((at == SIZE_MAX && was == SIZE_MAX) || !counts(d, &owner, i))
            continue;
        if (was != SIZE_MAX && clients->created_at[i] < p->from)
            d->steps.ptr[was].base++;
        if (at == SIZE_MAX)
            continue;
        put(d, at, NOW, clients->ids[i]);
        stay(d, at, since[i], p->as_of, false);
        if (clients->created_at[i] >= p->from && clients->created_at[i] < p->to && since[i] == clients->created_at[i])
            put(d, at, CAME, clients->ids[i]);
    }
}

static void put_rows(struct development *d)
{
    struct people *p = &d->p;
    struct report_table *t = &p->result->main;
    size_t n = d->steps.len;
    int64_t *up = ARENA_ARRAY(p->call->arena, int64_t, n + 1), *of = ARENA_ARRAY(p->call->arena, int64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        up[i] = tally_of(&d->t, i, UP);
        of[i] = d->steps.ptr[i].base + tally_of(&d->t, i, CAME);
    }
    struct people_rate *rates = people_rates(p->call, p->result, up, of, n, false);
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < n; i++) {
        int64_t down = tally_of(&d->t, i, DOWN);
        struct cell row[] = {cell_s(d->steps.ptr[i].name),
                             cell_i(tally_of(&d->t, i, NOW)),
                             cell_i(tally_of(&d->t, i, CAME)),
                             cell_i(up[i]),
                             cell_null(),
                             cell_null(),
                             cell_null(),
                             cell_i(down),
                             of[i] >= PEOPLE_FEW ? cell_f((double)down / (double)of[i]) : cell_null(),
                             cell_f(people_time_quantile(&d->stays, n, i, 0.5) / MS_DAY)};
        people_rate_cells(row + 4, &rates[i]);
        report_row_key(t, d->steps.ptr[i].id, row);
    }
}

static void put_moves(struct development *d)
{
    static const struct report_column move_columns[] = {
        {"from", RT_TEXT}, {"to", RT_TEXT}, {"clients", RT_INT, .drill = true, .events = true}};
    struct report_table *t = report_table_add(d->p.result, "development_moves", move_columns, 3);
    size_t n = d->steps.len;
    for (size_t i = 0; i < n * n; i++) {
        struct cell row[] = {cell_s(d->steps.ptr[i / n].name), cell_s(d->steps.ptr[i % n].name),
                             cell_i(tally_of(&d->moves, i, 0))};
        if (tally_of(&d->moves, i, 0) > 0)
            report_row_key(t, (int64_t)i, row);
    }
}

static void put_rest(struct development *d)
{
    struct people *p = &d->p;
    const struct report_call *c = p->call;
    for (int k = 0; k < COLUMNS; k++)
        report_sum_events(p->result, counted[k], d->n[k]);
    report_param_is(p->result, "of", RT_TEXT, cell_s(str_c(of_names[d->fact == FACT_CONTACT])));
    size_t worst = SIZE_MAX;
    for (size_t i = 0; i < d->steps.len; i++)
        if (tally_of(&d->t, i, DOWN) > (worst == SIZE_MAX ? 0 : tally_of(&d->t, worst, DOWN)))
            worst = i;
    if (d->n[NOW] > 0) {
        struct str args[] = {people_count(c, d->n[UP]), people_count(c, d->n[DOWN]), people_count(c, d->n[NOW]),
                             worst != SIZE_MAX ? d->steps.ptr[worst].name : STR("")};
        report_verdict(c, p->result, worst != SIZE_MAX ? "development_falls" : "development", args, 4);
    }
    people_notes(p, d->n[NOW] + d->n[CAME]);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    bool people = str_eqc(report_arg(c, "of"), "contacts");
    struct development d = {.fact = people ? FACT_CONTACT : FACT_COMPANY,
                            .field = people ? (int)CONTACT_DEVELOPMENT_ID : (int)COMPANY_DEVELOPMENT_ID,
                            .owner = people ? (int)CONTACT_OWNER_ID : (int)COMPANY_OWNER_ID};
    enum rc rc;
    r->noun = people ? ENT_CONTACT : ENT_COMPANY;
    TRY_OUT(people_read(&d.p, c, r, &(struct people_spec){.facts = {d.fact}, .n_facts = 1}, e));
    if (rights_sees_field(c->rights, entity_by_id(r->noun), d.field))
        TRY_OUT(load_steps(&d, e));
    people_lock(&d.p);
    int64_t *keys = ARENA_ARRAY(c->arena, int64_t, d.steps.len + 1);
    for (size_t i = 0; i < d.steps.len; i++)
        keys[i] = d.steps.ptr[i].id;
    d.t = tally_new(c, r, "rows", d.steps.len, keys, counted, COLUMNS);
    static const char *const moved[] = {"clients"};
    int64_t *pairs = ARENA_ARRAY(c->arena, int64_t, d.steps.len * d.steps.len + 1);
    for (size_t i = 0; i < d.steps.len * d.steps.len; i++)
        pairs[i] = (int64_t)i;
    d.moves = tally_new(c, r, "development_moves", d.steps.len * d.steps.len, pairs, moved, 1);
    scan(&d);
    people_unlock(&d.p);
    people_sorted(&d.stays, c->arena, d.steps.len);
    put_rest(&d);
    put_rows(&d);
    put_moves(&d);
    rc = RC_OK;
out:
    vec_free(&d.steps);
    vec_free(&d.stays.all);
    people_free(&d.p);
    return rc;
}

const struct report report_development = {.id = "development",
                                          .question = "report.development.question",
                                          .params = params,
                                          .n_params = sizeof params / sizeof *params,
                                          .run = run,
                                          .group = "clients",
                                          .definition = 1,
                                          .chart = {CHART_BARS, NULL, "step", "clients_now"}};
