/* The sales ladder: steps up and falls of deals and of the development of clients, over time or by person. */
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"

enum { UP, DOWN, WON, LOST, REOPENED, CLIENT_UP, CLIENT_DOWN, COLUMNS };
static const char *const counted[] = {"climbs",     "falls",         "wins",        "losses",
                                      "reopenings", "client_climbs", "client_falls"};
static const struct report_column columns[] = {
    {"group", RT_TEXT},
    {"climbs", RT_INT, .drill = true, .events = true},
    {"falls", RT_INT, .drill = true, .events = true},
    {"fall_rate", RT_RATE},
    {"fall_low", RT_RATE},
    {"fall_high", RT_RATE},
    {"wins", RT_INT, .drill = true, .events = true},
    {"losses", RT_INT, .drill = true, .events = true},
    {"reopenings", RT_INT, .drill = true, .events = true},
    {"client_climbs", RT_INT, .drill = true, .events = true}, /* companies, also contacts */
    {"client_falls", RT_INT, .drill = true, .events = true},
};
static const struct report_param params[] = {PEOPLE_PARAMS};

struct ladder {
    struct people p;
    struct tally t;
    struct people_stages stages;
    int64_t n[COLUMNS];
    VEC(int64_t) steps; /* classifier id, its place ... ascending by id */
};

static enum rc load_steps(struct ladder *l, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(l->p.call->db, &s, "SELECT id, position FROM classifier WHERE kind = $1 ORDER BY id", e));
    stmt_i64(s, 1, CLASSIFIER_DEVELOPMENT);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        vec_push(&l->steps, stmt_col_i64(s, 0));
        vec_push(&l->steps, stmt_col_i64(s, 1));
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static int64_t place(const struct ladder *l, int64_t step)
{
    for (size_t i = 0; i < l->steps.len; i += 2)
        if (l->steps.ptr[i] == step)
            return l->steps.ptr[i + 1] * 100000 + (int64_t)i;
    return INT64_MIN;
}

static void put(struct ladder *l, size_t row, int column, int64_t id)
{
    if (row == PEOPLE_NO_ROW)
        return;
    tally_add(&l->t, row, (size_t)column, id);
    l->n[column]++;
}

static void scan_deals(struct ladder *l)
{
    static const int column_of[] = {
        [STEP_UP] = UP, [STEP_DOWN] = DOWN, [STEP_WON] = WON, [STEP_LOST] = LOST, [STEP_REOPENED] = REOPENED};
    struct people *p = &l->p;
    const struct facts *deals = &p->view.facts[FACT_DEAL];
    struct fact_column owner = people_column(p, FACT_DEAL, DEAL_OWNER_ID);
    for (size_t i = 0; i < deals->n; i++) {
        struct visits v = visits_of(&p->view, i);
        if (v.n < 2 || visit_at(v.packed[v.n - 1]) < p->from || !people_has(p, FACT_DEAL, i))
            continue;
        for (size_t k = 1; k < v.n; k++) {
            int64_t at = visit_at(v.packed[k]);
            if (at < p->from || at >= p->to || at > p->as_of || visit_passed(v.packed[k]))
                continue;
            enum people_step step = people_step(&l->stages, v.packed[k - 1], v.packed[k]);
            if (step != STEP_NONE)
                put(l, people_row(p, fact_id(&owner, i), at), column_of[step], deals->ids[i]);
        }
    }
}

static void scan_clients(struct ladder *l, enum fact fact, int field, int owner_field)
{
    struct people *p = &l->p;
    const struct facts *clients = &p->view.facts[fact];
    const struct fact_column *step = fact_column(clients, field);
    const int64_t *to = fact_changes_to(clients, step, p->call->arena);
    struct fact_column owner = people_column(p, fact, owner_field);
    for (size_t i = 0; i < step->n_changes; i++) {
        const struct fact_change *ch = &step->changes[i];
        if (ch->at < p->from || ch->at >= p->to || ch->at > p->as_of || ch->old == FACT_NULL || to[i] == FACT_NULL ||
            ch->old == to[i] || !people_has(p, fact, ch->row))
            continue;
        put(l, people_row(p, fact_id(&owner, ch->row), ch->at),
            place(l, to[i]) > place(l, ch->old) ? CLIENT_UP : CLIENT_DOWN,
            fact == FACT_COMPANY ? clients->ids[ch->row] : -clients->ids[ch->row]);
    }
}

static struct people_rate *put_rows(struct ladder *l)
{
    struct people *p = &l->p;
    struct report_table *t = &p->result->main;
    int64_t *k = ARENA_ARRAY(p->call->arena, int64_t, p->n_rows + 1),
            *n = ARENA_ARRAY(p->call->arena, int64_t, p->n_rows + 1);
    for (size_t i = 0; i < p->n_rows; i++) {
        k[i] = tally_of(&l->t, i, DOWN);
        n[i] = k[i] + tally_of(&l->t, i, UP);
    }
    struct people_rate *rates = people_rates(p->call, p->result, k, n, p->n_rows, p->by <= PEOPLE_TEAM);
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < p->n_rows; i++) {
        int64_t all = 0;
        for (size_t c = 0; c < COLUMNS; c++)
            all += tally_of(&l->t, i, c);
        struct cell row[] = {cell_s(p->rows[i].name),
                             cell_i(tally_of(&l->t, i, UP)),
                             cell_i(k[i]),
                             cell_null(),
                             cell_null(),
                             cell_null(),
                             cell_i(tally_of(&l->t, i, WON)),
                             cell_i(tally_of(&l->t, i, LOST)),
                             cell_i(tally_of(&l->t, i, REOPENED)),
                             cell_i(tally_of(&l->t, i, CLIENT_UP)),
                             cell_i(tally_of(&l->t, i, CLIENT_DOWN))};
        people_rate_cells(row + 3, &rates[i]);
        if (all > 0 || p->by > PEOPLE_TEAM)
            report_row_key(t, p->rows[i].key, row);
    }
    return rates;
}

static void put_rest(struct ladder *l)
{
    struct people *p = &l->p;
    const struct report_call *c = p->call;
    int64_t all = 0, *n = l->n, steps = n[UP] + n[DOWN];
    struct people_rate *rates = put_rows(l);
    struct cell rate[3];
    for (int k = 0; k < COLUMNS; k++) {
        report_sum_events(p->result, counted[k], n[k]);
        all += n[k];
    }
    pop_rate(rate, n[DOWN], steps);
    report_sum(p->result, "fall_rate", RT_RATE, rate[0]);
    report_sum(p->result, "fall_low", RT_RATE, rate[1]);
    report_sum(p->result, "fall_high", RT_RATE, rate[2]);
    if (steps >= PEOPLE_FEW) {
        double common = (double)n[DOWN] / (double)steps;
        size_t worst = people_outlier(rates, p->n_rows, common, true);
        struct str args[] = {people_count(c, n[UP]), people_count(c, n[DOWN]),
                             report_percent(c->arena, c->lang, common),
                             worst != SIZE_MAX ? p->rows[worst].name : STR(""),
                             worst != SIZE_MAX ? report_percent(c->arena, c->lang, rates[worst].rate) : STR("")};
        report_verdict(c, p->result, worst != SIZE_MAX ? "ladder_worst" : "ladder", args, 5);
    }
    people_notes(p, all);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct ladder l = {0};
    struct people_spec spec = {
        .facts = {FACT_DEAL, FACT_CONTACT, FACT_COMPANY}, .n_facts = 3, .by = PEOPLE_MONTH, .last_days = 365};
    enum rc rc;
    TRY_OUT(people_read(&l.p, c, r, &spec, e));
    TRY_OUT(people_stages(c, &l.stages, e));
    TRY_OUT(load_steps(&l, e));
    people_lock(&l.p);
    people_stages_map(&l.stages, &l.p.view, c->arena);
    if (c->drill != NULL && (str_eqc(c->drill->column, "client_climbs") || str_eqc(c->drill->column, "client_falls"))) {
        r->noun = ENT_COMPANY;
        r->also = ENT_CONTACT;
    }
    l.t = tally_new(c, r, "rows", l.p.n_rows, people_keys(&l.p), counted, COLUMNS);
    scan_deals(&l);
    if (rights_sees_field(c->rights, entity_by_id(ENT_CONTACT), CONTACT_DEVELOPMENT_ID))
        scan_clients(&l, FACT_CONTACT, CONTACT_DEVELOPMENT_ID, CONTACT_OWNER_ID);
    if (rights_sees_field(c->rights, entity_by_id(ENT_COMPANY), COMPANY_DEVELOPMENT_ID))
        scan_clients(&l, FACT_COMPANY, COMPANY_DEVELOPMENT_ID, COMPANY_OWNER_ID);
    people_unlock(&l.p);
    put_rest(&l);
    rc = RC_OK;
out:
    vec_free(&l.steps);
    people_free(&l.p);
    return rc;
}

const struct report report_ladder = {.id = "ladder",
                                     .question = "report.ladder.question",
                                     .params = params,
                                     .n_params = sizeof params / sizeof *params,
                                     .run = run,
                                     .group = "clients",
                                     .definition = 1,
                                     .chart = {CHART_BARS, NULL, "group", "falls"}};
