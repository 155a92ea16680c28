/* What rules do instead of people: their share of all changes, what fails, what came of it. */
#include "base/i18n.h"
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"

enum run_state { RUN_DONE, RUN_FAILED, RUN_RETRY, RUN_STOPPED }; /* as rules/run.h keeps them */

enum { DONE, FAILED, HELD, COLUMNS };
static const char *const counted[] = {"runs_done", "runs_failed", "runs_held"};
static const struct report_column columns[] = {
    {"rule", RT_TEXT},
    {"runs", RT_INT, .drill = true, .events = true},
    {"runs_done", RT_INT, .drill = true, .events = true},
    {"runs_failed", RT_INT, .drill = true, .events = true},
    {"runs_held", RT_INT, .drill = true, .events = true},
    {"fail_rate", RT_RATE},
    {"fail_low", RT_RATE},
    {"fail_high", RT_RATE},
    {"tasks_set", RT_INT, .drill = true},
    {"tasks_kept", RT_INT, .drill = true},
    {"last_run", RT_TIME},
};
static const struct report_param params[] = {
    PEOPLE_PERIOD, {"as_of", RP_TIME}, {"time_zone", RP_TEXT}, {"minutes", RP_REAL}};

struct rule {
    int64_t key; /* id of a trigger, -id of a goal */
    struct str name;
    int64_t n[COLUMNS], last, tasks, kept;
};
struct week {
    int64_t automatic, all;
};
struct automation {
    struct people p;
    VEC(struct rule) rules;
    struct week *weeks, all, of_noun[ENT_END];
    int64_t moves, tasks, tasks_done;
    double minutes; /* that one change takes by hand */
};

/* ---- runs ---- */

static enum rc load_rules(struct automation *d, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(d->p.call->db, &s,
                   "SELECT id, name FROM trigger_rule UNION ALL SELECT -id, name FROM goal ORDER BY 1", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct rule one = {.key = stmt_col_i64(s, 0), .name = str_dup(d->p.call->arena, stmt_col_str(s, 1))};
        vec_push(&d->rules, one);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static struct rule *rule_of(struct automation *d, int64_t key)
{
    size_t low = 0, high = d->rules.len;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (d->rules.ptr[mid].key < key)
            low = mid + 1;
        else
            high = mid;
    }
    return low < d->rules.len && d->rules.ptr[low].key == key ? &d->rules.ptr[low] : NULL;
}

static int column_of(int64_t state)
{
    return state == RUN_DONE ? DONE : state == RUN_FAILED ? FAILED : HELD;
}

/* Over the index of times: only the period is read. */
static enum rc count_runs(struct automation *d, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(
        d->p.call->db, &s,
        "SELECT rule_kind, rule_id, state, count(*), max(at) FROM trigger_run WHERE at >= $1 AND at < $2 GROUP"
        " BY rule_kind, rule_id, state",
        e));
    stmt_i64(s, 1, d->p.from);
    stmt_i64(s, 2, d->p.to);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t id = stmt_col_i64(s, 1);
        struct rule *rule = rule_of(d, stmt_col_i64(s, 0) == ENT_GOAL ? -id : id);
        if (rule == NULL)
            continue;
        rule->n[column_of(stmt_col_i64(s, 2))] += stmt_col_i64(s, 3);
        rule->last = stmt_col_i64(s, 4) > rule->last ? stmt_col_i64(s, 4) : rule->last;
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* The deals of runs that came out so; COLUMNS: whatever became of them. key: of the rule, 0: of all
 * that are told of. */
static enum rc runs_of(struct automation *d, int64_t key, int wanted, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(d->p.call->db, &s,
                   key == 0 ? "SELECT DISTINCT deal_id, state, rule_kind, rule_id FROM trigger_run WHERE at >= $1 AND"
                              " at < $2 AND EXISTS (SELECT 1 FROM deal d WHERE d.id = deal_id AND d.deleted_at IS NULL)"
                            : "SELECT DISTINCT deal_id, state, rule_kind, rule_id FROM trigger_run WHERE at >= $1 AND"
                              " at < $2 AND EXISTS (SELECT 1 FROM deal d WHERE d.id = deal_id AND d.deleted_at IS "
                              "NULL) AND rule_kind = "
                              "$3 AND rule_id = $4",
                   e));
    stmt_i64(s, 1, d->p.from);
    stmt_i64(s, 2, d->p.to);
    if (key != 0) {
        stmt_i64(s, 3, key < 0 ? ENT_GOAL : ENT_TRIGGER);
        stmt_i64(s, 4, key < 0 ? -key : key);
    }
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t id = stmt_col_i64(s, 3);
        if ((wanted == COLUMNS || column_of(stmt_col_i64(s, 1)) == wanted) &&
            (key != 0 || rule_of(d, stmt_col_i64(s, 2) == ENT_GOAL ? -id : id) != NULL))
            report_deal(d->p.result, stmt_col_i64(s, 0));
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* The deals of one number. */
static enum rc drill(struct automation *d, struct err *e)
{
    const struct report_call *c = d->p.call;
    if (c->drill == NULL)
        return RC_OK;
    if (report_asked(c, d->p.result, "rows", c->drill->key, "runs"))
        return runs_of(d, c->drill->key, COLUMNS, e);
    for (int k = 0; k < COLUMNS; k++)
        if (report_asked(c, d->p.result, "rows", c->drill->key, counted[k]))
            return runs_of(d, c->drill->key, k, e);
        else if (report_asked(c, d->p.result, "summary", 0, counted[k]))
            return runs_of(d, 0, k, e);
    return RC_OK;
}

/* ---- changes and tasks ---- */

static void scan_changes(struct automation *d)
{
    struct people *p = &d->p;
    d->weeks = arena_zalloc(p->call->arena, (p->n_rows + 1) * sizeof *d->weeks);
    for (size_t i = 0; i < p->view.n_activity; i++) {
        const struct activity *a = &p->view.activity[i];
        int64_t at = a->hour * MS_HOUR < p->from && (a->hour + 1) * MS_HOUR > p->from ? p->from : a->hour * MS_HOUR;
        if (at < p->from || at >= p->to || a->verb == VERB_SIGNED_IN || a->verb == VERB_SIGNED_OUT ||
            a->via == VIA_IMPORT)
            continue;
        int64_t day = zone_day(p->zone, at) - p->first_day;
        struct week *parts[] = {&d->all, a->object < ENT_END ? &d->of_noun[a->object] : NULL,
                                day >= 0 && day < p->n_days ? &d->weeks[p->row_of_day[day]] : NULL};
        for (int k = 0; k < 3; k++)
            if (parts[k] != NULL) {
                parts[k]->all += a->count;
                parts[k]->automatic += a->automatic ? a->count : 0;
            }
        if (a->automatic && a->object == ENT_DEAL && a->verb == VERB_MOVED)
            d->moves += a->count;
    }
}

/* Of a row and, with the key 0 or the same name, of the summary. */
static void task(struct automation *d, int64_t key, const char *column, bool counts, int64_t id)
{
    const struct report_call *c = d->p.call;
    struct report_result *r = d->p.result;
    if (c->drill == NULL || (!report_asked(c, r, "summary", 0, column) && !report_asked(c, r, "rows", key, column)))
        return;
    r->noun = ENT_TASK;
    if (counts)
        report_deal(r, id);
}

static void scan_tasks(struct automation *d)
{
    struct people *p = &d->p;
    const struct facts *tasks = &p->view.facts[FACT_TASK];
    struct fact_column by = people_column(p, FACT_TASK, TASK_TRIGGER_ID), done = people_column(p, FACT_TASK, TASK_DONE),
                       at = people_column(p, FACT_TASK, TASK_DONE_AT), due = people_column(p, FACT_TASK, TASK_DUE_AT);
    for (size_t i = 0; i < tasks->n && by.kind != FC_NONE; i++) {
        struct rule *rule = fact_id(&by, i) != 0 && tasks->created_at[i] >= p->from && tasks->created_at[i] < p->to &&
                                    people_has(p, FACT_TASK, i)
                                ? rule_of(d, fact_id(&by, i))
                                : NULL;
        if (rule == NULL)
            continue;
        bool kept = fact_id(&done, i) != 0 && (fact_get(&due, i) == FACT_NULL || fact_get(&at, i) <= fact_get(&due, i));
        bool made = fact_id(&done, i) != 0;
        rule->tasks++;
        rule->kept += kept;
        d->tasks++;
        d->tasks_done += made;
        task(d, rule->key, "tasks_set", true, tasks->ids[i]);
        task(d, rule->key, "tasks_kept", kept, tasks->ids[i]);
        task(d, 0, "tasks_done", made, tasks->ids[i]);
    }
}

/* ---- writing ---- */

static int by_runs(const void *x, const void *y)
{
    const struct rule *a = x, *b = y;
    int64_t n = a->n[FAILED], m = b->n[FAILED], all = a->n[DONE] + a->n[HELD], others = b->n[DONE] + b->n[HELD];
    if (n != m)
        return n > m ? -1 : 1;
    return all != others ? (all > others ? -1 : 1) : (a->key > b->key) - (a->key < b->key);
}

static void put_rows(struct automation *d)
{
    struct report_table *t = &d->p.result->main;
    struct cell none[3] = {cell_null(), cell_null(), cell_null()};
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    if (d->rules.len > 1)
        qsort(d->rules.ptr, d->rules.len, sizeof *d->rules.ptr, by_runs);
    for (size_t i = 0; i < d->rules.len; i++) {
        const struct rule *u = &d->rules.ptr[i];
        int64_t runs = u->n[DONE] + u->n[FAILED] + u->n[HELD], judged = u->n[DONE] + u->n[FAILED];
        struct cell rate[3];
        pop_rate(rate, u->n[FAILED], judged);
        const struct cell *told = judged >= PEOPLE_FEW ? rate : none;
        struct cell row[] = {cell_s(u->name),
                             cell_i(runs),
                             cell_i(u->n[DONE]),
                             cell_i(u->n[FAILED]),
                             cell_i(u->n[HELD]),
                             told[0],
                             told[1],
                             told[2],
                             cell_i(u->tasks),
                             cell_i(u->kept),
                             u->last ? cell_i(u->last) : cell_null()};
        if (runs + u->tasks > 0)
            report_row_key(t, u->key, row);
    }
}

static void put_shares(struct automation *d)
{
    static const struct report_column noun_columns[] = {
        {"noun", RT_TEXT}, {"changes", RT_INT}, {"automatic", RT_INT}, {"auto_rate", RT_RATE}};
    static const struct report_column week_columns[] = {
        {"week", RT_TEXT}, {"changes", RT_INT}, {"automatic", RT_INT}, {"auto_rate", RT_RATE}};
    struct people *p = &d->p;
    struct report_table *nouns = report_table_add(p->result, "nouns", noun_columns, 4);
    struct report_table *weeks = report_table_add(p->result, "weeks", week_columns, 4);
    for (int i = 1; i < ENT_END; i++) {
        const struct week *w = &d->of_noun[i];
        const struct entity *ent = w->automatic > 0 ? entity_by_id((enum entity_id)i) : NULL;
        if (ent == NULL)
            continue;
        struct str key = str_fmt(p->call->arena, "object.%s", ent->name), name = i18n_text(p->call->lang, key.ptr);
        struct cell row[] = {cell_s(str_eq(name, key) ? str_c(ent->plural) : name), cell_i(w->all),
                             cell_i(w->automatic), cell_f((double)w->automatic / (double)w->all)};
        report_row(nouns, row);
    }
    for (size_t i = 0; i < p->n_rows; i++) {
        const struct week *w = &d->weeks[i];
        struct cell row[] = {cell_s(p->rows[i].name), cell_i(w->all), cell_i(w->automatic),
                             w->all ? cell_f((double)w->automatic / (double)w->all) : cell_null()};
        report_row(weeks, row);
    }
}

static void put_rest(struct automation *d)
{
    struct people *p = &d->p;
    const struct report_call *c = p->call;
    int64_t sums[COLUMNS] = {0};
    for (size_t i = 0; i < d->rules.len; i++)
        for (int k = 0; k < COLUMNS; k++)
            sums[k] += d->rules.ptr[i].n[k];
    double saved = (double)d->all.automatic * d->minutes / 60;
    for (int k = 0; k < COLUMNS; k++)
        report_sum_events(p->result, counted[k], sums[k]);
    report_sum(p->result, "changes_made", RT_INT, cell_i(d->all.all));
    report_sum(p->result, "automatic", RT_INT, cell_i(d->all.automatic));
    report_sum(p->result, "auto_rate", RT_RATE,
               d->all.all ? cell_f((double)d->all.automatic / (double)d->all.all) : cell_null());
    report_sum(p->result, "auto_moves", RT_INT, cell_i(d->moves));
    report_sum_counted(p->result, "tasks_set", d->tasks);
    report_sum_counted(p->result, "tasks_done", d->tasks_done);
    report_sum(p->result, "saved_hours", RT_HOURS, cell_f(saved));
    report_param_is(p->result, "minutes", RT_REAL, cell_f(d->minutes));
    if (d->all.automatic > 0) {
        struct str args[] = {report_percent(c->arena, c->lang, (double)d->all.automatic / (double)d->all.all),
                             people_count(c, d->all.all), people_count(c, d->moves),
                             report_number(c->arena, c->lang, saved, 1), people_count(c, sums[FAILED])};
        report_verdict(c, p->result, sums[FAILED] ? "automation_failed" : "automation", args, 5);
        struct str minutes = report_number(c->arena, c->lang, d->minutes, 1);
        report_note(c, p->result, "saved_assumed", &minutes, 1);
    }
    people_notes(p, d->all.automatic + sums[DONE] + sums[FAILED] + sums[HELD]);
}

/* Rules are everybody's work: only who may look after them and sees all deals is told. */
static bool may(const struct rights *rights)
{
    return rights == NULL ||
           (rights_can(rights, CAN_AUTOMATION) && rights_all_rows(rights, entity_by_id(ENT_DEAL), RIGHT_SEE));
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct automation d = {.minutes = 1};
    struct str minutes = report_arg(c, "minutes");
    struct people_spec spec = {.facts = {FACT_TASK}, .n_facts = 1, .by = PEOPLE_WEEK, .no_filter = true};
    enum rc rc;
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    if (minutes.len > 0 && (!str_f64(minutes, &d.minutes) || !(d.minutes >= 0) || d.minutes > 1000))
        return report_bad_param(e, "minutes", minutes);
    if (!may(c->rights)) {
        report_note(c, r, "automation_hidden", NULL, 0);
        return RC_OK;
    }
    TRY_OUT(people_read(&d.p, c, r, &spec, e));
    TRY_OUT(load_rules(&d, e));
    people_lock(&d.p);
    scan_changes(&d);
    scan_tasks(&d);
    people_unlock(&d.p);
    TRY_OUT(count_runs(&d, e));
    TRY_OUT(drill(&d, e));
    put_rows(&d);
    put_shares(&d);
    put_rest(&d);
out:
    vec_free(&d.rules);
    people_free(&d.p);
    return rc;
}

const struct report report_automation = {.id = "automation",
                                         .question = "report.automation.question",
                                         .params = params,
                                         .n_params = sizeof params / sizeof *params,
                                         .run = run,
                                         .group = "rules",
                                         .definition = 1,
                                         .may = may,
                                         .chart = {CHART_LINES, "weeks", "week", "auto_rate"}};
