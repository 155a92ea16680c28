/* Where discipline slips, by person: what is not in order now, and what was set aside, taken back or done too early in
 * a period. See crm/discipline.h for the same numbers of now, as filters of lists. */
#include "base/i18n.h"
#include "base/time.h"
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"

#define OVERRIDES_SHOWN 100

enum number { OPEN, NO_TASK, OVERDUE, LATE, OVERRIDES, BACK, EARLY, UNPROFITABLE, ONE_CARD, NUMBERS };
static const char *const counted[] = {"open_deals", "no_task", "overdue",      "late_answers", "overrides",
                                      "back_moves", "early",   "unprofitable", "one_card"};
static const char *const summed[] = {"open",       "no_task", "overdue",      "late_answers", "overrides",
                                     "back_moves", "early",   "unprofitable", "one_card"};
static const struct report_column columns[] = {
    {"manager", RT_TEXT},
    {"open_deals", RT_INT, .drill = true},
    {"no_task", RT_INT, .drill = true},
    {"overdue", RT_INT, .drill = true, .events = true},
    {"late_answers", RT_INT, .drill = true},
    {"overrides", RT_INT, .drill = true, .events = true},
    {"back_moves", RT_INT, .drill = true, .events = true},
    {"early", RT_INT, .drill = true, .events = true},
    {"unprofitable", RT_INT, .drill = true},
    {"one_card", RT_INT, .drill = true},
    {"user_id", RT_ID, .ref = "users"},
};
static const struct report_param params[] = {{"funnel", RP_FUNNEL}, {"funnel_id", RP_FUNNEL_ID},
                                             PEOPLE_PERIOD,         {"as_of", RP_TIME},
                                             {"team_id", RP_INT},   {"time_zone", RP_TEXT}};

struct funnel {
    int64_t id, percent;
    bool gone;
};
struct discipline {
    struct people p;
    struct tally t, all;
    struct people_stages stages;
    int64_t funnel_id, n[NUMBERS], overridden;
    VEC(struct funnel) funnels;
    VEC(int64_t) product_funnels; /* by product id */
    VEC(int64_t) newest;          /* deals of the newest overrides */
    uint8_t *chosen;              /* by row of deals */
    uint32_t *open_tasks, *of_company, *of_contact;
};

/* ---- before the projection ---- */

static enum rc read_funnels(struct discipline *d, struct err *e)
{
    const struct report_call *c = d->p.call;
    struct str name;
    struct stmt *s;
    enum rc rc;
    TRY(report_funnel_of(c, false, &d->funnel_id, &name, e));
    TRY(db_prepare(c->db, &s, "SELECT id, unprofitable_percent, deleted_at FROM funnel ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct funnel one = {stmt_col_i64(s, 0), stmt_col_i64(s, 1), !stmt_col_null(s, 2)};
        vec_push(&d->funnels, one);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc read_products(struct discipline *d, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    int64_t none = 0;
    TRY(db_prepare(d->p.call->db, &s, "SELECT id, funnel_id FROM product WHERE funnel_id IS NOT NULL ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        while ((int64_t)d->product_funnels.len <= stmt_col_i64(s, 0))
            vec_push(&d->product_funnels, none);
        d->product_funnels.ptr[stmt_col_i64(s, 0)] = stmt_col_i64(s, 1);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- counting ---- */

/* The last row is of nobody. */
static void put(struct discipline *d, int64_t user, enum number number, int64_t id)
{
    struct people *p = &d->p;
    size_t row = user == 0 ? p->n_rows : people_row(p, user, p->to - 1);
    if (row == PEOPLE_NO_ROW)
        return;
    tally_add(&d->t, row, (size_t)number, id);
    tally_add(&d->all, 0, (size_t)number, id);
    d->n[number]++;
}

static const struct funnel *funnel_of(const struct discipline *d, int64_t id)
{
    for (size_t i = 0; i < d->funnels.len; i++)
        if (d->funnels.ptr[i].id == id)
            return &d->funnels.ptr[i];
    return NULL;
}

static void scan_tasks(struct discipline *d)
{
    struct people *p = &d->p;
    const struct facts *tasks = &p->view.facts[FACT_TASK], *deals = &p->view.facts[FACT_DEAL];
    struct fact_column deal = people_column(p, FACT_TASK, TASK_DEAL_ID), done = people_column(p, FACT_TASK, TASK_DONE),
                       due = people_column(p, FACT_TASK, TASK_DUE_AT),
                       owner = people_column(p, FACT_TASK, TASK_OWNER_ID),
                       author = people_column(p, FACT_TASK, TASK_AUTHOR_ID),
                       early = people_column(p, FACT_TASK, TASK_EARLY),
                       status = people_column(p, FACT_DEAL, DEAL_STATUS);
    for (size_t i = 0; i < tasks->n; i++) {
        bool open = fact_id(&done, i) == 0, is_early = fact_id(&early, i) != 0;
        if ((!open && !is_early) || !fact_alive(tasks, i, p->as_of))
            continue;
        uint32_t row = fact_row(deals, fact_id(&deal, i));
        if (row == FACT_NO_ROW)
            continue;
        d->open_tasks[row] += open;
        if (!d->chosen[row] || !people_has(p, FACT_TASK, i))
            continue;
        if (open && fact_get(&due, i) != FACT_NULL && fact_get(&due, i) < p->as_of &&
            fact_id(&status, row) == DEAL_OPEN)
            put(d, fact_id(&owner, i), OVERDUE, deals->ids[row]);
        if (is_early && tasks->created_at[i] >= p->from && tasks->created_at[i] < p->to)
            put(d, fact_id(&author, i), EARLY, deals->ids[row]);
    }
}

/* Which deals are looked at, and how many a client has. */
static void choose(struct discipline *d)
{
    struct people *p = &d->p;
    const struct facts *deals = &p->view.facts[FACT_DEAL];
    struct fact_column funnel = people_column(p, FACT_DEAL, DEAL_FUNNEL_ID),
                       owner = people_column(p, FACT_DEAL, DEAL_OWNER_ID),
                       company = people_column(p, FACT_DEAL, DEAL_COMPANY_ID),
                       contact = people_column(p, FACT_DEAL, DEAL_CONTACT_ID);
    for (size_t i = 0; i < deals->n; i++) {
        if (!fact_alive(deals, i, p->as_of))
            continue;
        uint32_t of = fact_row(&p->view.facts[FACT_COMPANY], fact_id(&company, i)),
                 by = fact_row(&p->view.facts[FACT_CONTACT], fact_id(&contact, i));
        if (of != FACT_NO_ROW)
            d->of_company[of]++;
        if (by != FACT_NO_ROW)
            d->of_contact[by]++;
        if ((d->funnel_id && fact_id(&funnel, i) != d->funnel_id) || !people_has(p, FACT_DEAL, i))
            continue;
        const struct person *who = p->team_id ? people_person(p, fact_id(&owner, i)) : NULL;
        d->chosen[i] = p->team_id == 0 || (who != NULL && who->team_id == p->team_id);
    }
}

/* The client's only deal. */
static bool alone(const struct discipline *d, int64_t company, int64_t contact)
{
    const struct people *p = &d->p;
    uint32_t of = fact_row(&p->view.facts[FACT_COMPANY], company), by = fact_row(&p->view.facts[FACT_CONTACT], contact);
    if (of != FACT_NO_ROW)
        return d->of_company[of] == 1;
    return by == FACT_NO_ROW || d->of_contact[by] == 1;
}

static bool of_two_funnels(const struct discipline *d, struct fact_set products)
{
    int64_t first = 0;
    for (uint32_t i = 0; i < products.n; i++) {
        int64_t funnel = (size_t)products.ids[i] < d->product_funnels.len ? d->product_funnels.ptr[products.ids[i]] : 0;
        if (funnel != 0 && first != 0 && funnel != first)
            return true;
        first = funnel != 0 ? funnel : first;
    }
    return false;
}

/* Steps back of the period; true: opened again after a win, ever. */
static bool scan_way(struct discipline *d, size_t i)
{
    struct people *p = &d->p;
    struct visits v = visits_of(&p->view, i);
    bool again = false;
    for (size_t k = 1; k < v.n; k++) {
        int64_t at = visit_at(v.packed[k]);
        if (visit_passed(v.packed[k]) || at > p->as_of)
            continue;
        enum people_step step = people_step(&d->stages, v.packed[k - 1], v.packed[k]);
        if (step == STEP_REOPENED && d->stages.of[visit_stage(v.packed[k - 1])].outcome == DEAL_WON)
            again = true;
        if ((step == STEP_DOWN || step == STEP_REOPENED) && at >= p->from && at < p->to)
            put(d, v.actor[k], BACK, p->view.facts[FACT_DEAL].ids[i]);
    }
    return again;
}

static void scan_deals(struct discipline *d)
{
    struct people *p = &d->p;
    const struct facts *deals = &p->view.facts[FACT_DEAL];
    struct fact_column status = people_column(p, FACT_DEAL, DEAL_STATUS),
                       owner = people_column(p, FACT_DEAL, DEAL_OWNER_ID),
                       funnel = people_column(p, FACT_DEAL, DEAL_FUNNEL_ID),
                       later = people_column(p, FACT_DEAL, DEAL_DEFERRED_UNTIL),
                       wait = people_column(p, FACT_DEAL, DEAL_WAIT_ID),
                       cost = people_column(p, FACT_DEAL, DEAL_COST_MINOR),
                       value = people_column(p, FACT_DEAL, DEAL_VALUE_MINOR),
                       sells = people_column(p, FACT_DEAL, DEAL_PRODUCT_IDS),
                       company = people_column(p, FACT_DEAL, DEAL_COMPANY_ID),
                       contact = people_column(p, FACT_DEAL, DEAL_CONTACT_ID),
                       due = people_column(p, FACT_DEAL, DEAL_FIRST_RESPONSE_DUE_AT),
                       answer = people_column(p, FACT_DEAL, DEAL_FIRST_RESPONSE_AT);
    for (size_t i = 0; i < deals->n; i++) {
        int64_t id = deals->ids[i], who = fact_id(&owner, i), by = fact_get(&due, i), at = fact_get(&answer, i);
        if (!d->chosen[i])
            continue;
        if (scan_way(d, i) || (of_two_funnels(d, fact_set(&sells, fact_get(&sells, i))) &&
                               alone(d, fact_id(&company, i), fact_id(&contact, i))))
            put(d, who, ONE_CARD, id);
        if (by != FACT_NULL && by >= p->from && by < p->to && by < p->as_of && (at == FACT_NULL || at > by))
            put(d, who, LATE, id);
        const struct funnel *f = funnel_of(d, fact_id(&funnel, i));
        if (fact_id(&status, i) != DEAL_OPEN || f == NULL || f->gone)
            continue;
        put(d, who, OPEN, id);
        if (d->open_tasks[i] == 0 && fact_get(&later, i) == FACT_NULL && fact_id(&wait, i) == 0)
            put(d, who, NO_TASK, id);
        int64_t spent = fact_get(&cost, i), worth = fact_get(&value, i);
        if (spent != FACT_NULL && spent > 0 &&
            (worth == FACT_NULL || (double)spent * 100 > (double)worth * (double)f->percent))
            put(d, who, UNPROFITABLE, id);
    }
}

/* Each time the count of a deal went up a rule was set aside, by whoever did that. */
static void scan_overrides(struct discipline *d)
{
    struct people *p = &d->p;
    const struct facts *deals = &p->view.facts[FACT_DEAL];
    const struct fact_column *c = fact_column(deals, DEAL_OVERRIDES);
    const int64_t *to = fact_changes_to(deals, c, p->call->arena);
    for (size_t i = c->n_changes; i-- > 0;) {
        const struct fact_change *ch = &c->changes[i];
        int64_t was = ch->old == FACT_NULL ? 0 : ch->old;
        if (ch->at < p->from || ch->at >= p->to || to[i] <= was || !d->chosen[ch->row])
            continue;
        put(d, ch->actor, OVERRIDES, deals->ids[ch->row]);
        if (people_row(p, ch->actor, p->to - 1) == PEOPLE_NO_ROW)
            continue;
        d->overridden++;
        if (d->newest.len < OVERRIDES_SHOWN)
            vec_push(&d->newest, deals->ids[ch->row]);
    }
}

/* ---- writing ---- */

/* A number of a field that is hidden from whoever asks is not told. */
static bool told(const struct discipline *d, enum number i)
{
    static const int fields[NUMBERS] = {
        [UNPROFITABLE] = DEAL_UNPROFITABLE, [OVERRIDES] = DEAL_OVERRIDES, [BACK] = DEAL_RETURNS};
    const struct rights *r = d->p.call->rights;
    const struct entity *deal = entity_by_id(ENT_DEAL);
    bool seen = !fields[i] || rights_sees_field(r, deal, fields[i]);
    if (i == UNPROFITABLE)
        seen &= rights_sees_field(r, deal, DEAL_COST_MINOR) && rights_sees_field(r, deal, DEAL_VALUE_MINOR);
    return seen;
}

static int64_t trouble(const struct discipline *d, size_t row)
{
    int64_t n = 0;
    for (int i = NO_TASK; i < NUMBERS; i++)
        n += told(d, (enum number)i) ? tally_of(&d->t, row, (size_t)i) : 0;
    return n;
}

struct place {
    int64_t trouble;
    size_t row;
};

static int by_trouble(const void *x, const void *y)
{
    const struct place *a = x, *b = y;
    return a->trouble != b->trouble ? (a->trouble > b->trouble ? -1 : 1) : (a->row > b->row) - (a->row < b->row);
}

static void put_rows(struct discipline *d)
{
    struct people *p = &d->p;
    struct report_table *t = &p->result->main;
    struct place *order = ARENA_ARRAY(p->call->arena, struct place, p->n_rows + 1);
    for (size_t i = 0; i <= p->n_rows; i++)
        order[i] = (struct place){trouble(d, i), i};
    qsort(order, p->n_rows + 1, sizeof *order, by_trouble);
    for (size_t k = 0; k <= p->n_rows; k++) {
        size_t i = order[k].row;
        bool nobody = i == p->n_rows;
        struct cell row[NUMBERS + 2] = {
            cell_s(nobody ? i18n_text(p->call->lang, "report.group.none") : p->rows[i].name)};
        for (int n = 0; n < NUMBERS; n++)
            row[n + 1] = told(d, (enum number)n) ? cell_i(tally_of(&d->t, i, (size_t)n)) : cell_null();
        row[NUMBERS + 1] = nobody ? cell_null() : cell_i(p->rows[i].key);
        if (order[k].trouble + tally_of(&d->t, i, OPEN) > 0)
            report_row_key(t, nobody ? 0 : p->rows[i].key, row);
    }
}

static struct str reason_of(struct arena *a, struct str text)
{
    json_t *data = NULL;
    struct str reason = STR("");
    if (json_read(text, &data, NULL) == RC_OK) {
        const json_t *v = json_object_get(data, "reason");
        v = json_is_array(v) ? json_array_get(v, 1) : v;
        if (json_is_string(v))
            reason = str_dup(a, str_c(json_string_value(v)));
    }
    json_decref(data);
    return reason;
}

/* The newest ones with their reasons: of the few deals that have them. */
static enum rc put_reasons(struct discipline *d, struct err *e)
{
    static const struct report_column reason_columns[] = {
        {"at", RT_TIME}, {"who", RT_TEXT}, {"deal", RT_TEXT}, {"reason", RT_TEXT}, {"deal_id", RT_ID, .ref = "deals"}};
    struct people *p = &d->p;
    struct arena *a = p->call->arena;
    struct report_table *t = report_table_add(p->result, "set_aside", reason_columns, 5);
    struct sqlb q = sqlb_new(a);
    struct stmt *s = NULL;
    enum rc rc;
    if (!told(d, OVERRIDES) || d->newest.len == 0)
        return RC_OK;
    sqlb_c(&q, "SELECT j.at, j.actor_id, d.id, d.title, j.data FROM deal d JOIN journal j ON j.object_kind = 3 AND"
               " j.object_id = d.id AND j.verb = 14 WHERE d.id IN (");
    for (size_t i = 0; i < d->newest.len; i++) {
        sqlb_c(&q, i ? "," : "");
        sqlb_param(&q, val_int(d->newest.ptr[i]));
    }
    sqlb_c(&q, ") AND j.at >= ");
    sqlb_param(&q, val_int(p->from));
    sqlb_c(&q, " AND j.at < ");
    sqlb_param(&q, val_int(p->to));
    sqlb_fmt(&q, " ORDER BY j.seq DESC LIMIT %d", OVERRIDES_SHOWN);
    TRY_OUT(sqlb_prepare(&q, p->call->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        const struct person *who = people_person(p, stmt_col_i64(s, 1));
        struct cell row[] = {cell_i(stmt_col_i64(s, 0)), cell_s(who != NULL && who->seen ? who->name : STR("…")),
                             cell_s(str_dup(a, stmt_col_str(s, 3))), cell_s(reason_of(a, stmt_col_str(s, 4))),
                             cell_i(stmt_col_i64(s, 2))};
        report_row(t, row);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

static void put_verdict(struct discipline *d)
{
    const struct report_call *c = d->p.call;
    struct report_table *t = &d->p.result->main;
    int64_t all = 0;
    int most = -1;
    for (int k = NO_TASK; k < NUMBERS; k++)
        if (told(d, (enum number)k)) {
            all += d->n[k];
            if (d->n[k] > (most < 0 ? 0 : d->n[most]))
                most = k;
        }
    if (most < 0 || t->keys.len == 0) {
        if (d->n[OPEN] > 0)
            report_verdict(c, d->p.result, "discipline_fine", (struct str[]){people_count(c, d->n[OPEN])}, 1);
        return;
    }
    struct str key = str_fmt(c->arena, "report.column.%s", counted[most]);
    struct str args[] = {people_count(c, all), i18n_text(c->lang, key.ptr),    people_count(c, d->n[most]),
                         t->cells.ptr[0].s,    people_count(c, d->n[NO_TASK]), people_count(c, d->n[OPEN])};
    report_verdict(c, d->p.result, "discipline", args, 6);
}

static void put_rest(struct discipline *d)
{
    struct people *p = &d->p;
    const struct report_call *c = p->call;
    struct str period[] = {time_format(c->arena, p->from), time_format(c->arena, p->to)};
    for (int k = 0; k < NUMBERS; k++)
        if (told(d, (enum number)k))
            report_sum_events(p->result, summed[k], d->n[k]);
        else
            report_sum(p->result, summed[k], RT_INT, cell_null());
    report_param_is(p->result, "funnel_id", RT_INT, d->funnel_id ? cell_i(d->funnel_id) : cell_null());
    report_note(c, p->result, "discipline_period", period, 2);
    report_note(c, p->result, "discipline_who", NULL, 0);
    report_note(c, p->result, "one_card", NULL, 0);
    if (d->overridden > OVERRIDES_SHOWN) {
        struct str counts[] = {str_fmt(c->arena, "%d", OVERRIDES_SHOWN), people_count(c, d->overridden)};
        report_note(c, p->result, "overrides_cut", counts, 2);
    }
    people_notes(p, d->n[OPEN] + d->n[ONE_CARD] + d->n[BACK] + d->n[OVERRIDES]);
}

static void count_all(struct discipline *d)
{
    struct people *p = &d->p;
    const struct report_call *c = p->call;
    const struct facts *f = p->view.facts;
    int64_t *keys = ARENA_ARRAY(c->arena, int64_t, p->n_rows + 1);
    memcpy(keys, people_keys(p), p->n_rows * sizeof *keys);
    keys[p->n_rows] = 0;
    d->chosen = arena_zalloc(c->arena, f[FACT_DEAL].n + 1);
    d->open_tasks = arena_zalloc(c->arena, (f[FACT_DEAL].n + 1) * sizeof *d->open_tasks);
    d->of_company = arena_zalloc(c->arena, (f[FACT_COMPANY].n + 1) * sizeof *d->of_company);
    d->of_contact = arena_zalloc(c->arena, (f[FACT_CONTACT].n + 1) * sizeof *d->of_contact);
    static const int64_t one = 0;
    d->all = tally_new(c, p->result, "summary", 1, &one, summed, NUMBERS);
    d->t = tally_new(c, p->result, "rows", p->n_rows + 1, keys, counted, NUMBERS);
    people_stages_map(&d->stages, &p->view, c->arena);
    choose(d);
    scan_tasks(d);
    scan_deals(d);
    scan_overrides(d);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct discipline d = {0};
    struct people_spec spec = {.facts = {FACT_DEAL, FACT_TASK}, .n_facts = 2, .no_filter = true, .team_of_deals = true};
    enum rc rc;
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    TRY_OUT(people_read(&d.p, c, r, &spec, e));
    TRY_OUT(read_funnels(&d, e));
    TRY_OUT(read_products(&d, e));
    TRY_OUT(people_stages(c, &d.stages, e));
    people_lock(&d.p);
    count_all(&d);
    people_unlock(&d.p);
    TRY_OUT(put_reasons(&d, e));
    put_rows(&d);
    put_verdict(&d);
    put_rest(&d);
out:
    vec_free(&d.funnels);
    vec_free(&d.product_funnels);
    vec_free(&d.newest);
    people_free(&d.p);
    return rc;
}

const struct report report_discipline = {.id = "discipline",
                                         .question = "report.discipline.question",
                                         .params = params,
                                         .n_params = sizeof params / sizeof *params,
                                         .run = run,
                                         .group = "rules",
                                         .definition = 2,
                                         .chart = {CHART_BARS, NULL, "manager", "no_task"}};
