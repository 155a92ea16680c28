/* Clients who take much and give little, by signs that can be checked; and people who have gone quiet. */
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/money.h"
#include "insight/people.h"
#include <math.h>

#define SHOWN 50
#define MANY_RETURNS 2
#define LONG_WAIT (16 * MS_HOUR)
#define MANY_TASKS 5

enum { DEALS, RETURNS, LOST, WON, TASKS, COLUMNS };
static const char *const counted[] = {"deals", "returns", "lost", "won", "tasks_done"};
static const struct report_column columns[] = {
    {"client", RT_TEXT},
    {"signs", RT_INT},
    {"deals", RT_INT, .drill = true},
    {"returns", RT_INT, .drill = true, .events = true},
    {"client_falls", RT_INT},
    {"wait_hours", RT_HOURS},
    {"lost", RT_INT, .drill = true},
    {"won", RT_INT, .drill = true},
    {"tasks_done", RT_INT, .drill = true},
    {"won_value", RT_MONEY},
    {"value_per_task", RT_MONEY},
};
static const struct report_param params[] = {
    PEOPLE_PERIOD, {"as_of", RP_TIME}, {"team_id", RP_INT}, {"time_zone", RP_TEXT}, {"idle_days", RP_INT}};

struct client {
    int64_t waited, value;
    uint32_t n[COLUMNS];
    uint16_t falls;
    uint8_t signs;
};
struct difficult {
    struct people p;
    struct people_stages stages;
    struct money *money;
    struct client *all; /* companies by row, then contacts without one by row */
    size_t n_companies, n;
    size_t asked; /* the client whose number is asked for, n: none */
    int asked_column;
    int64_t *last_hour, *open, *touched; /* by user */
    int64_t idle_days, n_tasks, value;
    VEC(size_t) shown;
};

/* ---- counting ---- */

static void add(struct difficult *d, size_t client, int column, int64_t id)
{
    if (client == SIZE_MAX)
        return;
    d->all[client].n[column]++;
    if (client == d->asked && column == d->asked_column)
        report_deal(d->p.result, id);
}

static size_t client_of(const struct difficult *d, int64_t company, int64_t contact)
{
    uint32_t row = fact_row(&d->p.view.facts[FACT_COMPANY], company);
    if (row != FACT_NO_ROW)
        return row;
    row = fact_row(&d->p.view.facts[FACT_CONTACT], contact);
    if (row == FACT_NO_ROW)
        return SIZE_MAX;
    return d->n_companies + row;
}

static void count_moves(struct difficult *d, size_t deal, size_t client)
{
    struct people *p = &d->p;
    struct visits v = visits_of(&p->view, deal);
    for (size_t k = 1; k < v.n; k++) {
        int64_t at = visit_at(v.packed[k]);
        if (at < p->from || at >= p->to || visit_passed(v.packed[k]))
            continue;
        enum people_step step = people_step(&d->stages, v.packed[k - 1], v.packed[k]);
        if (step == STEP_DOWN || step == STEP_REOPENED)
            add(d, client, RETURNS, p->view.facts[FACT_DEAL].ids[deal]);
    }
}

static void count_waits(struct difficult *d, const size_t *client_of_deal)
{
    struct people *p = &d->p;
    const struct facts *deals = &p->view.facts[FACT_DEAL];
    bool told = rights_sees_field(p->call->rights, entity_by_id(ENT_DEAL), DEAL_WAITING_SINCE);
    const struct fact_column *mark = told ? fact_column(deals, DEAL_WAITING_SINCE) : &fact_no_column;
    const int64_t *to = fact_changes_to(deals, mark, p->call->arena);
    struct fact_column now = people_column(p, FACT_DEAL, DEAL_WAITING_SINCE);
    for (size_t i = 0; i < mark->n_changes; i++) {
        const struct fact_change *ch = &mark->changes[i];
        size_t client = client_of_deal[ch->row];
        if (client != SIZE_MAX && ch->old != FACT_NULL && to[i] == FACT_NULL && ch->old >= p->from && ch->at < p->to &&
            ch->at > ch->old)
            d->all[client].waited += ch->at - ch->old;
    }
    for (size_t i = 0; i < deals->n && now.kind != FC_NONE; i++)
        if (client_of_deal[i] != SIZE_MAX && fact_get(&now, i) != FACT_NULL && fact_get(&now, i) >= p->from &&
            fact_get(&now, i) < p->as_of)
            d->all[client_of_deal[i]].waited += p->as_of - fact_get(&now, i);
}

/* Clients lie anywhere in memory: those of some rows are asked for before the first of them is looked at. */
enum { BLOCK = 64 };
struct clients {
    struct fact_column company, contact;
    size_t rows[BLOCK], of[BLOCK], n; /* of: SIZE_MAX: nobody */
};

static void fetch_clients(const struct difficult *d, struct clients *b)
{
    const struct facts *companies = &d->p.view.facts[FACT_COMPANY], *contacts = &d->p.view.facts[FACT_CONTACT];
    for (size_t i = 0; i < b->n; i++) {
        int64_t company = fact_id(&b->company, b->rows[i]), contact = fact_id(&b->contact, b->rows[i]);
        if (company > 0 && (uint64_t)company < companies->n_ids)
            __builtin_prefetch(&companies->row_of_id[company]);
        else if (contact > 0 && (uint64_t)contact < contacts->n_ids)
            __builtin_prefetch(&contacts->row_of_id[contact]);
    }
    for (size_t i = 0; i < b->n; i++) {
        b->of[i] = client_of(d, fact_id(&b->company, b->rows[i]), fact_id(&b->contact, b->rows[i]));
        if (b->of[i] != SIZE_MAX)
            __builtin_prefetch(&d->all[b->of[i]].n[DEALS], 1);
    }
}

struct deal_columns {
    struct fact_column status, closed, value, of;
};

static void count_block(struct difficult *d, const struct deal_columns *c, struct clients *b, size_t *client_of_deal)
{
    struct people *p = &d->p;
    const struct facts *deals = &p->view.facts[FACT_DEAL];
    fetch_clients(d, b);
    for (size_t k = 0; k < b->n; k++) {
        size_t i = b->rows[k], client = b->of[k];
        int64_t end = fact_get(&c->closed, i), worth;
        enum deal_status s = (enum deal_status)fact_id(&c->status, i);
        client_of_deal[i] = client;
        if (client == SIZE_MAX)
            continue;
        add(d, client, DEALS, deals->ids[i]);
        count_moves(d, i, client);
        if (s == DEAL_OPEN || end == FACT_NULL || end < p->from || end >= p->to)
            continue;
        add(d, client, s == DEAL_WON ? WON : LOST, deals->ids[i]);
        if (s == DEAL_WON && fact_get(&c->value, i) != FACT_NULL &&
            money_in(d->money, fact_get(&c->of, i), fact_get(&c->value, i), end, &worth)) {
            d->all[client].value += worth;
            d->value += worth;
        }
    }
    b->n = 0;
}

static void count_deals(struct difficult *d, size_t *client_of_deal)
{
    struct people *p = &d->p;
    const struct facts *deals = &p->view.facts[FACT_DEAL];
    struct deal_columns c = {people_column(p, FACT_DEAL, DEAL_STATUS), people_column(p, FACT_DEAL, DEAL_CLOSED_AT),
                             people_column(p, FACT_DEAL, DEAL_VALUE_MINOR), people_column(p, FACT_DEAL, DEAL_CURRENCY)};
    struct clients b = {people_column(p, FACT_DEAL, DEAL_COMPANY_ID), people_column(p, FACT_DEAL, DEAL_CONTACT_ID)};
    struct fact_column owner = people_column(p, FACT_DEAL, DEAL_OWNER_ID);
    for (size_t i = 0; i < deals->n; i++) {
        int64_t end = fact_get(&c.closed, i), who = fact_id(&owner, i);
        enum deal_status s = (enum deal_status)fact_id(&c.status, i);
        client_of_deal[i] = SIZE_MAX;
        if (deals->created_at[i] >= p->to || (s != DEAL_OPEN && end != FACT_NULL && end < p->from) ||
            !people_has(p, FACT_DEAL, i) || (p->team_id && !people_sees(p, who)))
            continue;
        if (s == DEAL_OPEN && people_sees(p, who)) {
            d->open[who]++;
            if (p->call->drill != NULL && report_asked(p->call, p->result, "idle", who, "open_deals"))
                report_deal(p->result, deals->ids[i]);
        }
        b.rows[b.n++] = i;
        if (b.n == BLOCK)
            count_block(d, &c, &b, client_of_deal);
    }
    count_block(d, &c, &b, client_of_deal);
}

static void count_tasks_of(struct difficult *d, const struct fact_column *deal, struct clients *b,
                           const size_t *client_of_deal)
{
    const struct facts *tasks = &d->p.view.facts[FACT_TASK], *deals = &d->p.view.facts[FACT_DEAL];
    for (size_t i = 0; i < b->n; i++) {
        uint32_t row = fact_row(deals, fact_id(deal, b->rows[i]));
        b->of[i] = row != FACT_NO_ROW
                       ? client_of_deal[row]
                       : client_of(d, fact_id(&b->company, b->rows[i]), fact_id(&b->contact, b->rows[i]));
        if (b->of[i] != SIZE_MAX)
            __builtin_prefetch(&d->all[b->of[i]].n[TASKS], 1);
    }
    for (size_t i = 0; i < b->n; i++) {
        add(d, b->of[i], TASKS, tasks->ids[b->rows[i]]);
        d->n_tasks += b->of[i] != SIZE_MAX;
    }
    b->n = 0;
}

static void count_tasks(struct difficult *d, const size_t *client_of_deal)
{
    struct people *p = &d->p;
    const struct facts *tasks = &p->view.facts[FACT_TASK];
    struct fact_column at = people_column(p, FACT_TASK, TASK_DONE_AT), done = people_column(p, FACT_TASK, TASK_DONE),
                       deal = people_column(p, FACT_TASK, TASK_DEAL_ID), by = people_column(p, FACT_TASK, TASK_DONE_BY);
    struct clients b = {people_column(p, FACT_TASK, TASK_COMPANY_ID), people_column(p, FACT_TASK, TASK_CONTACT_ID)};
    for (size_t i = 0; i < tasks->n; i++) {
        int64_t when = fact_get(&at, i);
        if (when < p->from || when >= p->to || fact_id(&done, i) == 0 || !people_has(p, FACT_TASK, i))
            continue;
        if (people_sees(p, fact_id(&by, i))) {
            d->touched[fact_id(&by, i)]++;
            if (p->call->drill != NULL && report_asked(p->call, p->result, "idle", fact_id(&by, i), "tasks_done"))
                report_deal(p->result, tasks->ids[i]);
        }
        b.rows[b.n++] = i;
        if (b.n == BLOCK)
            count_tasks_of(d, &deal, &b, client_of_deal);
    }
    count_tasks_of(d, &deal, &b, client_of_deal);
}

static void count_falls(struct difficult *d, enum fact fact, int field, size_t first, const int64_t *place,
                        size_t n_place)
{
    struct people *p = &d->p;
    const struct facts *clients = &p->view.facts[fact];
    const struct fact_column *step = fact_column(clients, field);
    const int64_t *to = fact_changes_to(clients, step, p->call->arena);
    for (size_t i = 0; i < step->n_changes; i++) {
        const struct fact_change *ch = &step->changes[i];
        if (ch->at >= p->from && ch->at < p->to && ch->old > 0 && to[i] > 0 && (size_t)ch->old < n_place &&
            (size_t)to[i] < n_place && place[to[i]] < place[ch->old])
            d->all[first + ch->row].falls++;
    }
}

/* By id of the classifier: its place. */
static enum rc load_places(const struct report_call *c, int64_t **out, size_t *n, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(c->db, &s, "SELECT id, position FROM classifier WHERE kind = 0 ORDER BY id DESC", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (*n == 0) {
            *n = (size_t)stmt_col_i64(s, 0) + 1;
            *out = arena_zalloc(c->arena, *n * sizeof **out);
        }
        (*out)[stmt_col_i64(s, 0)] = stmt_col_i64(s, 1) * 100000 + stmt_col_i64(s, 0);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- who is difficult ---- */

static bool before(const struct client *x, const struct client *y)
{
    if (x->signs != y->signs)
        return x->signs > y->signs;
    return x->n[TASKS] + x->n[RETURNS] * 3 > y->n[TASKS] + y->n[RETURNS] * 3;
}

/* The worst ones in their order: into a short list, which is full soon. */
static void choose(struct difficult *d)
{
    double common = d->n_tasks ? (double)d->value / (double)d->n_tasks : 0;
    for (size_t i = 0; i < d->n; i++) {
        struct client *c = &d->all[i];
        if (c->n[DEALS] == 0)
            continue;
        bool poor = d->value > 0 && c->n[TASKS] >= MANY_TASKS && (double)c->value / (double)c->n[TASKS] < common / 4;
        c->signs = (uint8_t)((c->n[RETURNS] >= MANY_RETURNS) + (c->falls > 0) + (c->waited >= LONG_WAIT) + poor);
        if (c->signs < 2)
            continue;
        if (d->shown.len == SHOWN && !before(c, &d->all[d->shown.ptr[SHOWN - 1]]))
            continue;
        if (d->shown.len < SHOWN)
            vec_push(&d->shown, i);
        size_t k = d->shown.len - 1;
        for (; k > 0 && before(c, &d->all[d->shown.ptr[k - 1]]); k--)
            d->shown.ptr[k] = d->shown.ptr[k - 1];
        d->shown.ptr[k] = i;
    }
}

static void last_seen(struct difficult *d)
{
    struct people *p = &d->p;
    for (size_t i = p->view.n_activity; i-- > 0;) {
        const struct activity *a = &p->view.activity[i];
        if (a->hour * MS_HOUR > p->as_of || a->automatic || a->via == VIA_IMPORT || !people_sees(p, a->user))
            continue;
        if (d->last_hour[a->user] == 0)
            d->last_hour[a->user] = a->hour;
    }
}

static enum rc scan(struct difficult *d, const int64_t *place, size_t n_place, const struct report_drill *drill)
{
    struct people *p = &d->p;
    struct arena *a = p->call->arena;
    const struct facts *companies = &p->view.facts[FACT_COMPANY], *contacts = &p->view.facts[FACT_CONTACT];
    d->n_companies = companies->n;
    d->n = companies->n + contacts->n;
    d->all = arena_zalloc(a, (d->n + 1) * sizeof *d->all);
    d->asked = SIZE_MAX - 1;
    for (int k = 0; drill != NULL && k < COLUMNS; k++)
        if (str_eqc(drill->column, counted[k]) && str_eqc(drill->table, "rows")) {
            uint32_t row = fact_row(drill->key > 0 ? companies : contacts, drill->key > 0 ? drill->key : -drill->key);
            d->asked_column = k;
            d->asked = row == FACT_NO_ROW ? d->asked : drill->key > 0 ? row : d->n_companies + row;
            p->result->drilled = row != FACT_NO_ROW;
        }
    size_t *client_of_deal = ARENA_ARRAY(a, size_t, p->view.facts[FACT_DEAL].n + 1);
    money_column(d->money, fact_column(&p->view.facts[FACT_DEAL], DEAL_CURRENCY));
    count_deals(d, client_of_deal);
    count_waits(d, client_of_deal);
    count_tasks(d, client_of_deal);
    if (n_place > 0) {
        count_falls(d, FACT_COMPANY, COMPANY_DEVELOPMENT_ID, 0, place, n_place);
        count_falls(d, FACT_CONTACT, CONTACT_DEVELOPMENT_ID, d->n_companies, place, n_place);
    }
    last_seen(d);
    choose(d);
    return RC_OK;
}

/* ---- writing ---- */

static enum rc put_clients(struct difficult *d, const int64_t *keys, struct err *e)
{
    struct people *p = &d->p;
    struct report_table *t = &p->result->main;
    struct pop names = {.call = p->call};
    bool money = money_seen(p->call);
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < d->shown.len; i++) {
        const struct client *c = &d->all[d->shown.ptr[i]];
        struct str name;
        TRY(pop_name_of(&names, keys[i] > 0 ? ENT_COMPANY : ENT_CONTACT, keys[i] > 0 ? keys[i] : -keys[i], &name, e));
        struct cell row[] = {cell_s(name),
                             cell_i(c->signs),
                             cell_i(c->n[DEALS]),
                             cell_i(c->n[RETURNS]),
                             cell_i(c->falls),
                             cell_f((double)c->waited / MS_HOUR),
                             cell_i(c->n[LOST]),
                             cell_i(c->n[WON]),
                             cell_i(c->n[TASKS]),
                             money ? cell_i(c->value) : cell_null(),
                             money && c->n[TASKS] ? cell_i(c->value / c->n[TASKS]) : cell_null()};
        report_row_key(t, keys[i], row);
    }
    return RC_OK;
}

static int64_t put_idle(struct difficult *d)
{
    static const struct report_column idle_columns[] = {{"person", RT_TEXT},
                                                        {"last_seen", RT_TIME},
                                                        {"idle_days", RT_DAYS},
                                                        {"open_deals", RT_INT, .drill = true},
                                                        {"tasks_done", RT_INT, .drill = true}};
    struct people *p = &d->p;
    struct report_table *t =
        report_table_add(p->result, "idle", idle_columns, sizeof idle_columns / sizeof *idle_columns);
    bool asked = report_asked(p->call, p->result, "summary", 0, "idle_people");
    int64_t n = 0;
    p->result->noun = asked ? ENT_USER : p->result->noun;
    for (size_t i = 0; i < p->n; i++) {
        const struct person *who = &p->all[i];
        int64_t hour = people_sees(p, who->id) ? d->last_hour[who->id] : 0;
        double days = (double)(p->as_of - (hour + 1) * MS_HOUR) / MS_DAY;
        if (!people_sees(p, who->id) || !who->active || d->open[who->id] == 0 ||
            (hour != 0 && days < (double)d->idle_days))
            continue;
        struct cell row[] = {cell_s(who->name), hour ? cell_i(hour * MS_HOUR) : cell_null(),
                             hour ? cell_f(days) : cell_null(), cell_i(d->open[who->id]), cell_i(d->touched[who->id])};
        report_row_key(t, who->id, row);
        if (asked)
            report_deal(p->result, who->id);
        n++;
    }
    return n;
}

static void put_rest(struct difficult *d)
{
    struct people *p = &d->p;
    const struct report_call *c = p->call;
    int64_t idle = put_idle(d), tasks = 0;
    for (size_t i = 0; i < d->shown.len; i++)
        tasks += d->all[d->shown.ptr[i]].n[TASKS];
    report_sum_counted(p->result, "difficult", (int64_t)d->shown.len);
    report_sum_counted(p->result, "idle_people", idle);
    report_param_is(p->result, "idle_days", RT_INT, cell_i(d->idle_days));
    if (d->shown.len > 0 || idle > 0) {
        struct str args[] = {people_count(c, (int64_t)d->shown.len),
                             report_percent(c->arena, c->lang, d->n_tasks ? (double)tasks / (double)d->n_tasks : 0),
                             people_count(c, idle), people_count(c, d->idle_days)};
        report_verdict(c, p->result, d->shown.len == 0 ? "difficult_idle" : "difficult", args, 4);
    }
    people_notes(p, (int64_t)d->shown.len + idle);
}

static int64_t *keys_of(struct difficult *d)
{
    int64_t *keys = ARENA_ARRAY(d->p.call->arena, int64_t, d->shown.len + 1);
    for (size_t i = 0; i < d->shown.len; i++) {
        size_t at = d->shown.ptr[i];
        keys[i] = at < d->n_companies ? d->p.view.facts[FACT_COMPANY].ids[at]
                                      : -d->p.view.facts[FACT_CONTACT].ids[at - d->n_companies];
    }
    return keys;
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct difficult d = {.idle_days = 7};
    struct people_spec spec = {.facts = {FACT_DEAL, FACT_TASK}, .n_facts = 2, .last_days = 365, .no_filter = true};
    struct str idle = report_arg(c, "idle_days");
    int64_t *place = NULL;
    size_t n_place = 0;
    enum rc rc;
    if (idle.len > 0 && (!str_i64(idle, &d.idle_days) || d.idle_days < 1 || d.idle_days > 1000))
        return report_bad_param(e, "idle_days", idle);
    TRY_OUT(people_read(&d.p, c, r, &spec, e));
    TRY_OUT(people_stages(c, &d.stages, e));
    TRY_OUT(money_load(&d.money, c, d.p.zone, e));
    TRY_OUT(load_places(c, &place, &n_place, e));
    d.last_hour = arena_zalloc(c->arena, (d.p.n_ids + 1) * sizeof(int64_t));
    d.open = arena_zalloc(c->arena, (d.p.n_ids + 1) * sizeof(int64_t));
    d.touched = arena_zalloc(c->arena, (d.p.n_ids + 1) * sizeof(int64_t));
    r->noun = c->drill != NULL && str_eqc(c->drill->column, "tasks_done") ? ENT_TASK : ENT_NONE;
    people_lock(&d.p);
    people_stages_map(&d.stages, &d.p.view, c->arena);
    TRY_OUT(scan(&d, place, n_place, c->drill));
    int64_t *keys = keys_of(&d);
    if (report_asked(c, r, "summary", 0, "difficult")) {
        r->noun = ENT_COMPANY;
        r->also = ENT_CONTACT; /* their keys are below 0 */
        for (size_t i = 0; i < d.shown.len; i++)
            report_deal(r, keys[i]);
    }
    people_unlock(&d.p);
    TRY_OUT(put_clients(&d, keys, e));
    money_notes(d.money, c, r);
    put_rest(&d);
out:
    vec_free(&d.shown);
    people_free(&d.p);
    return rc;
}

const struct report report_difficult = {.id = "difficult",
                                        .question = "report.difficult.question",
                                        .params = params,
                                        .n_params = sizeof params / sizeof *params,
                                        .run = run,
                                        .group = "clients",
                                        .definition = 1,
                                        .chart = {CHART_SCATTER, NULL, "tasks_done", "won_value", "client"}};
