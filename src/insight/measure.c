#include "insight/measure.h"
#include "base/i18n.h"
#include "crm/crm.h"
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/money.h"
#include <math.h>

enum { DAYS_MOST = 1200, MATURE_DAYS = PACE_MATURE, CURVE_DAYS = 365 };

const struct measure measure_table[] = {
    {"revenue", RT_MONEY, true},
    {"won", RT_INT, true},
    {"created", RT_INT, true},
    {"check", RT_MONEY, false},
    {"conversion", RT_RATE, false},
    {"tasks_done", RT_INT, true},
    {"calls", RT_INT, true},
    {"meetings", RT_INT, true},
    {"letters", RT_INT, true},
    {"tasks_in_time", RT_RATE, false},
    {"answers_in_time", RT_RATE, false},
};
const size_t measure_table_n = sizeof measure_table / sizeof *measure_table;

/* What is summed by person and day. */
enum sum {
    WON,
    REVENUE,
    CREATED,
    MATURE,
    MATURE_WON,
    DONE,
    CALLS,
    MEETINGS,
    LETTERS,
    DUE,
    IN_TIME,
    ANSWERS,
    ANSWERED,
    WON_OF, /* by the day they entered on */
    OPEN_OF,
    SUMS
};
/* The deals of one funnel and one product. */
struct measure_cube {
    int64_t funnel_id, product_id;
    double *at[SUMS];       /* person * days + day; the last row is of nobody */
    struct pace_curve ages; /* counts, of each day of age */
};

bool measure_find(const struct report_call *c, struct str name, struct measure *out, struct str *title)
{
    for (size_t i = 0; i < measure_table_n; i++)
        if (str_eqc(name, measure_table[i].id)) {
            *out = measure_table[i];
            if (title != NULL)
                *title = i18n_text(c->lang, str_fmt(c->arena, "measure.%s", measure_table[i].id).ptr);
            return true;
        }
    const char *dot = name.len > 0 ? memchr(name.ptr, '.', name.len) : NULL;
    const struct report *report = dot ? report_by_id((struct str){name.ptr, (size_t)(dot - name.ptr)}) : NULL;
    if (report == NULL || report == &report_plan_fact) /* a plan about plans would follow itself */
        return false;
    struct str key = {dot + 1, name.len - (size_t)(dot + 1 - name.ptr)};
    struct str text_key = str_fmt(c->arena, "report.summary.%.*s", STR_ARG(key));
    struct str text = i18n_text(c->lang, text_key.ptr);
    if (str_eq(text, text_key))
        return false;
    *out = (struct measure){str_cdup(c->arena, name), RT_REAL, false};
    if (title != NULL)
        *title = text;
    return true;
}

/* ---- opening ---- */

enum rc measures_open(struct measures *m, const struct report_call *c, int64_t first, int64_t last, struct err *e)
{
    struct str zone;
    *m = (struct measures){.call = c, .first = first, .last = last};
    if (first > last || last - first >= DAYS_MOST)
        return report_bad_param(e, "date", STR_NULL);
    TRY(setting_get(c->db, c->arena, "time_zone", "Europe/Moscow", &zone, e));
    TRY(setting_get(c->db, c->arena, "currency", "RUB", &m->currency, e));
    m->zone = zone_load(str_cdup(c->arena, zone));
    m->from = zone_midnight(m->zone, first);
    m->to = zone_midnight(m->zone, last + 1);
    TRY(people_load(c, &m->people, &m->n_people, e));
    return report_pairs(c, "SELECT id, COALESCE(parent_id, 0) FROM team WHERE deleted_at IS NULL ORDER BY id",
                        &m->teams, &m->n_teams, e);
}

void measures_close(struct measures *m)
{
    for (size_t i = 0; i < m->cubes.len; i++) {
        for (int k = 0; k < SUMS; k++)
            free(m->cubes.ptr[i]->at[k]);
        free(m->cubes.ptr[i]);
    }
    vec_free(&m->cubes);
    zone_free(m->zone);
    m->zone = NULL;
}

/* ---- counting ---- */

static size_t days_of(const struct measures *m)
{
    return (size_t)(m->last - m->first + 1);
}

static size_t person_at(const struct measures *m, int64_t user)
{
    size_t low = 0, high = m->n_people;
    while (low < high) {
        size_t mid = (low + high) / 2;
        *(m->people[mid].id < user ? &low : &high) = m->people[mid].id < user ? mid + 1 : mid;
    }
    return low < m->n_people && m->people[low].id == user ? low : m->n_people;
}

static void add(const struct measures *m, struct measure_cube *x, enum sum what, int64_t user, int64_t at, double v)
{
    if (at < m->from || at >= m->to) /* most are: no need to find their day */
        return;
    int64_t day = zone_day(m->zone, at) - m->first;
    if (day >= 0 && day < (int64_t)days_of(m))
        x->at[what][person_at(m, user) * days_of(m) + (size_t)day] += v;
}

/* What is told by the day a deal entered on. */
static void count_entry(const struct measures *m, struct measure_cube *x, const struct pop *p, const struct pop_deal *d,
                        int64_t owner)
{
    if (d->entry < m->from || d->entry >= m->to)
        return;
    int64_t day = zone_day(m->zone, d->entry) - m->first;
    if (day < 0 || day >= (int64_t)days_of(m))
        return;
    size_t at = person_at(m, owner) * days_of(m) + (size_t)day;
    bool won = d->cause == DEAL_WON, mature = p->as_of - d->entry >= MATURE_DAYS * MS_DAY;
    x->at[CREATED][at]++;
    x->at[WON_OF][at] += won;
    x->at[OPEN_OF][at] += d->cause == DEAL_OPEN && !d->left;
    x->at[MATURE][at] += mature;
    x->at[MATURE_WON][at] += mature && won;
    if (!mature || p->as_of - d->entry >= (MATURE_DAYS + CURVE_DAYS) * MS_DAY)
        return;
    int64_t age = (d->exit - d->entry) / MS_DAY;
    x->ages.n++;
    if (age < PACE_MATURE && d->cause != DEAL_OPEN)
        (won ? x->ages.won : x->ages.lost)[age + 1]++;
}

static void count_deal(const struct measures *m, struct measure_cube *x, const struct pop *p, const struct pop_deal *d,
                       int64_t owner)
{
    count_entry(m, x, p, d, owner);
    if (d->cause == DEAL_WON)
        add(m, x, WON, owner, d->exit, 1);
}

static void count_deals(const struct measures *m, struct measure_cube *x, struct pop *p, struct money *money)
{
    struct fact_column owners = pop_column(p, DEAL_OWNER_ID), value = pop_column(p, DEAL_VALUE_MINOR);
    struct fact_column currency = pop_column(p, DEAL_CURRENCY);
    struct fact_column due = pop_column(p, DEAL_FIRST_RESPONSE_DUE_AT), at = pop_column(p, DEAL_FIRST_RESPONSE_AT);
    money_column(money, &currency);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t owner = fact_id(&owners, d->row), minor = fact_get(&value, d->row), worth;
        int64_t until = fact_get(&due, d->row), answered = fact_get(&at, d->row);
        count_deal(m, x, p, d, owner);
        if (d->cause == DEAL_WON && minor != FACT_NULL &&
            money_in(money, fact_get(&currency, d->row), minor, d->exit, &worth))
            add(m, x, REVENUE, owner, d->exit, (double)worth);
        if (until != FACT_NULL && until <= p->as_of) {
            add(m, x, ANSWERS, owner, until, 1);
            add(m, x, ANSWERED, owner, until, answered != FACT_NULL && answered <= until);
        }
    }
}

static enum sum kind_sum(int64_t kind)
{
    return kind == TASK_CALL ? CALLS : kind == TASK_MEETING ? MEETINGS : kind == TASK_MAIL ? LETTERS : SUMS;
}

/* of: bits of the deals whose tasks count, NULL: all tasks, with or without a deal. */
static void count_tasks(const struct measures *m, struct measure_cube *x, const struct pop *p, const uint64_t *seen,
                        const uint8_t *of)
{
    const struct facts *tasks = &p->view.facts[FACT_TASK];
    const struct fact_column *due = fact_column(tasks, TASK_DUE_AT), *done = fact_column(tasks, TASK_DONE_AT);
    const struct fact_column *by = fact_column(tasks, TASK_DONE_BY), *owner = fact_column(tasks, TASK_OWNER_ID);
    const struct fact_column *kind = fact_column(tasks, TASK_KIND), *deals = fact_column(tasks, TASK_DEAL_ID);
    for (size_t i = 0; i < tasks->n; i++) {
        if (!mask_has(seen, i) || !fact_alive(tasks, i, p->as_of))
            continue;
        uint32_t deal = of != NULL ? fact_row(p->deals, fact_id(deals, i)) : 0;
        if (of != NULL && (deal == FACT_NO_ROW || !of[deal]))
            continue;
        int64_t at = fact_get(done, i), until = fact_get(due, i), who = fact_id(by, i);
        if (at != FACT_NULL && at <= p->as_of) {
            enum sum of_kind = kind_sum(fact_get(kind, i));
            who = who ? who : fact_id(owner, i);
            add(m, x, DONE, who, at, 1);
            if (of_kind != SUMS)
                add(m, x, of_kind, who, at, 1);
        }
        if (until != FACT_NULL && until <= p->as_of && until >= m->from && until < m->to) {
            add(m, x, DUE, fact_id(owner, i), until, 1);
            add(m, x, IN_TIME, fact_id(owner, i), until,
                at != FACT_NULL && zone_day(m->zone, at) <= zone_day(m->zone, until));
        }
    }
}

static enum rc fill(struct measures *m, struct measure_cube *x, struct err *e)
{
    const struct report_call *c = m->call;
    struct report_arg args[2];
    struct report_call call = *c;
    struct report_result result = {0};
    struct money *money;
    struct mask_plan *plan;
    struct pop p = {0};
    enum rc rc;
    call.args = args;
    call.n_args = 0;
    call.drill = NULL;
    if (x->funnel_id)
        args[call.n_args++] = (struct report_arg){STR("funnel_id"), str_fmt(c->arena, "%lld", (long long)x->funnel_id)};
    if (x->product_id)
        args[call.n_args++] =
            (struct report_arg){STR("filter"), str_fmt(c->arena, "product_ids has %lld", (long long)x->product_id)};
    TRY_OUT(pop_read(&p, &call, &result, &(struct pop_spec){.funnels = POP_ANY}, e));
    p.as_of_given = true; /* a company that has been still for long is asked of today all the same */
    p.as_of = m->as_of ? m->as_of : c->now;
    TRY_OUT(money_load(&money, &call, m->zone, e));
    TRY_OUT(mask_plan(&plan, c->arena, c->db, c->projection, FACT_TASK, c->rights, NULL, e));
    pop_lock(&p);
    count_deals(m, x, &p, money);
    const uint64_t *seen = mask_apply(plan, &p.view, FACT_NEVER, c->arena);
    uint8_t *of = NULL;
    if (call.n_args > 0) {
        of = ARENA_ARRAY(c->arena, uint8_t, p.deals->n + 1);
        for (size_t i = 0; i < p.n; i++)
            of[p.d[i].row] = 1;
    }
    count_tasks(m, x, &p, seen, of);
out:
    pop_free(&p);
    report_result_free(&result);
    return rc;
}

static enum rc cube_of(struct measures *m, int64_t funnel, int64_t product, struct measure_cube **out, struct err *e)
{
    for (size_t i = 0; i < m->cubes.len; i++)
        if (m->cubes.ptr[i]->funnel_id == funnel && m->cubes.ptr[i]->product_id == product) {
            *out = m->cubes.ptr[i];
            return RC_OK;
        }
    struct measure_cube *x = calloc(1, sizeof *x);
    if (x == NULL)
        abort();
    x->funnel_id = funnel;
    x->product_id = product;
    for (int k = 0; k < SUMS; k++)
        if ((x->at[k] = calloc((m->n_people + 1) * days_of(m), sizeof(double))) == NULL)
            abort();
    vec_push(&m->cubes, x);
    *out = x;
    return fill(m, x, e);
}

/* ---- answering ---- */

bool measure_in_team(const struct measures *m, int64_t of_person, int64_t team)
{
    for (int depth = 0; of_person != 0 && depth < 32; depth++) {
        if (of_person == team)
            return true;
        int64_t parent = 0;
        for (size_t i = 0; i < m->n_teams; i++)
            parent = m->teams[i][0] == of_person ? m->teams[i][1] : parent;
        of_person = parent;
    }
    return false;
}

static bool asked_of(const struct measures *m, const struct measure_ask *ask, size_t person)
{
    if (ask->user_id)
        return person < m->n_people && m->people[person].id == ask->user_id;
    if (ask->team_id)
        return person < m->n_people && measure_in_team(m, m->people[person].team_id, ask->team_id);
    return true;
}

static double sum_of(const struct measures *m, const struct measure_cube *x, const struct measure_ask *ask,
                     enum sum what)
{
    int64_t from = ask->from > m->first ? ask->from : m->first, to = ask->to < m->last ? ask->to : m->last;
    double sum = 0;
    size_t only = ask->user_id ? person_at(m, ask->user_id) : 0, last = ask->user_id ? only : m->n_people;
    for (size_t i = only; i <= last; i++) {
        if (!asked_of(m, ask, i))
            continue;
        for (int64_t d = from; d <= to; d++)
            sum += x->at[what][i * days_of(m) + (size_t)(d - m->first)];
    }
    return sum;
}

static const struct counting {
    const char *id;
    enum sum up, down; /* down SUMS: a sum */
} how[] = {{"revenue", REVENUE, SUMS},
           {"won", WON, SUMS},
           {"created", CREATED, SUMS},
           {"check", REVENUE, WON},
           {"conversion", MATURE_WON, MATURE},
           {"tasks_done", DONE, SUMS},
           {"calls", CALLS, SUMS},
           {"meetings", MEETINGS, SUMS},
           {"letters", LETTERS, SUMS},
           {"tasks_in_time", IN_TIME, DUE},
           {"answers_in_time", ANSWERED, ANSWERS}};
static const struct counting *counting_of(struct str name)
{
    for (size_t i = 0; i < sizeof how / sizeof *how; i++)
        if (str_eqc(name, how[i].id))
            return &how[i];
    return NULL;
}

static double of_cube(const struct measures *m, const struct measure_cube *x, const struct measure_ask *ask)
{
    const struct counting *what = counting_of(ask->name);
    if (what == NULL)
        return NAN;
    double up = sum_of(m, x, ask, what->up);
    if (what->down == SUMS)
        return up;
    double down = sum_of(m, x, ask, what->down);
    return down > 0 ? up / down : NAN;
}

/* The owners of a team in the grammar of filters. */
static struct str owners(const struct measures *m, const struct measure_ask *ask)
{
    struct arena *a = m->call->arena;
    struct buf b = {0};
    if (ask->user_id)
        return str_fmt(a, "owner_id = %lld", (long long)ask->user_id);
    for (size_t i = 0; i < m->n_people; i++)
        if (asked_of(m, ask, i))
            buf_fmt(&b, "%s%lld", b.len ? "," : "owner_id in (", (long long)m->people[i].id);
    buf_c(&b, b.len ? ")" : "id = 0");
    struct str out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return out;
}

struct str measure_filter(const struct measures *m, const struct measure_ask *ask)
{
    struct arena *a = m->call->arena;
    struct str filter = ask->user_id || ask->team_id ? owners(m, ask) : STR_NULL;
    struct str product = str_fmt(a, "product_ids has %lld", (long long)ask->product_id);
    if (!ask->product_id)
        return filter;
    return filter.len ? str_fmt(a, "%.*s and %.*s", STR_ARG(filter), STR_ARG(product)) : product;
}

static enum rc find_value(struct measures *m, const struct measure_ask *ask, double *out, struct err *e)
{
    struct measure known;
    struct measure_cube *x;
    m->why = "no_measure"; /* of a plan whose report is gone; the others are told all the same */
    if (!measure_find(m->call, ask->name, &known, NULL))
        return RC_OK;
    if (memchr(ask->name.ptr, '.', ask->name.len) != NULL)
        return measure_of_report(m, ask, out, e);
    m->why = "hidden";
    if (known.type == RT_MONEY && !money_seen(m->call))
        return RC_OK;
    m->why = "nothing_yet";
    TRY(cube_of(m, ask->funnel_id, ask->product_id, &x, e));
    *out = of_cube(m, x, ask);
    return RC_OK;
}

enum rc measure_value(struct measures *m, const struct measure_ask *ask, double *out, struct err *e)
{
    *out = NAN;
    TRY(find_value(m, ask, out, e));
    m->why = isfinite(*out) ? NULL : m->why;
    return RC_OK;
}

/* ---- day by day ---- */

static void days_sum(const struct measures *m, const struct measure_cube *x, const struct measure_ask *ask,
                     enum sum what, double *out)
{
    struct measure_ask day = *ask;
    for (day.from = ask->from; day.from <= ask->to; day.from++) {
        day.to = day.from;
        *out++ = sum_of(m, x, &day, what);
    }
}

enum rc measure_days(struct measures *m, const struct measure_ask *ask, double *up, double *down, bool *told,
                     struct err *e)
{
    const struct counting *what = counting_of(ask->name);
    struct measure known;
    struct measure_cube *x;
    *told = what != NULL && measure_find(m->call, ask->name, &known, NULL) &&
            (known.type != RT_MONEY || money_seen(m->call));
    if (!*told)
        return RC_OK;
    TRY(cube_of(m, ask->funnel_id, ask->product_id, &x, e));
    days_sum(m, x, ask, what->up, up);
    if (what->down != SUMS)
        days_sum(m, x, ask, what->down, down);
    return RC_OK;
}

enum rc measure_entered(struct measures *m, const struct measure_ask *ask, double *all, double *won, double *open,
                        struct pace_curve *curve, struct err *e)
{
    struct measure_cube *x;
    TRY(cube_of(m, ask->funnel_id, ask->product_id, &x, e));
    days_sum(m, x, ask, CREATED, all);
    days_sum(m, x, ask, WON_OF, won);
    days_sum(m, x, ask, OPEN_OF, open);
    *curve = (struct pace_curve){.n = x->ages.n};
    for (int i = 1; i <= PACE_MATURE; i++) {
        curve->won[i] = curve->won[i - 1] + (x->ages.n > 0 ? x->ages.won[i] / x->ages.n : 0);
        curve->lost[i] = curve->lost[i - 1] + (x->ages.n > 0 ? x->ages.lost[i] / x->ages.n : 0);
    }
    return RC_OK;
}
