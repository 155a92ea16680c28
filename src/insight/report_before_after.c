/* 34. Before and after: a programme, a change of rules, any day. Both sides are given the same time, and what else
 * changed near that day is told. */
#include "base/i18n.h"
#include "base/money.h"
#include "crm/fields.h"
#include "insight/detect.h"
#include "insight/money.h"
#include "insight/stats.h"
#include "insight/walk.h"
#include <math.h>

#define N(a) (sizeof(a) / sizeof *(a))
enum { WINDOW_MOST = 180, WEEKS_MOST = 27, FEW_OF_A_SIDE = 10 };
enum metric { CONVERSION, ANSWERS, ENTERED, WINS, REVENUE, CHECK, DAYS_TO_WIN, METRICS };
static const char *const metric_names[] = {"conversion", "answers", "entered",    "wins",
                                           "revenue",    "check",   "days_to_win"};

static const struct report_param params[] = {
    POP_FUNNEL,         {"programme_id", RP_INT}, {"at", RP_TIME},        {"window_days", RP_INT},
    {"as_of", RP_TIME}, {"filter", RP_FILTER},    {"time_zone", RP_TEXT},
};
static const struct report_column columns[] = {
    {.id = "metric", .type = RT_TEXT},
    {.id = "unit", .type = RT_TEXT},
    {.id = "was", .type = RT_REAL},
    {.id = "is", .type = RT_REAL},
    {.id = "difference", .type = RT_REAL},
    {.id = "difference_low", .type = RT_REAL},
    {.id = "difference_high", .type = RT_REAL},
    {.id = "relative", .type = RT_RATE},
    {.id = "relative_low", .type = RT_RATE},
    {.id = "relative_high", .type = RT_RATE},
    {.id = "sure", .type = RT_TEXT},
    {.id = "n_before", .type = RT_INT, .drill = true},
    {.id = "n_after", .type = RT_INT, .drill = true},
};
static const struct report_column near_columns[] = {
    {.id = "near", .type = RT_TEXT}, {.id = "name", .type = RT_TEXT}, {.id = "day", .type = RT_DATE}};

/* Counts of cases for a rate, or sums of values for a mean. */
struct side {
    int64_t k, n;
    double sum, squares;
};
struct compare {
    struct pop p;
    struct money *money;
    int64_t at, window, horizon; /* ms; days; days */
    int64_t programme;
    struct str name;
    struct side side[METRICS][2];
    double weeks[METRICS][2][WEEKS_MOST];
    struct tally t;
};

/* ---- what is asked ---- */

static enum rc find_programme(struct compare *x, const struct report_call *c, struct err *e)
{
    struct str id = report_arg(c, "programme_id"), at = report_arg(c, "at");
    struct stmt *s;
    bool is_date;
    if (at.len > 0 && !report_time(at, &x->at, &is_date))
        return report_bad_param(e, "at", at);
    if (id.len > 0 && !str_i64(id, &x->programme))
        return report_bad_param(e, "programme_id", id);
    if (at.len > 0 && id.len == 0) {
        x->at = is_date ? zone_midnight(x->p.zone, x->at / MS_DAY) : x->at;
        return RC_OK;
    }
    TRY(db_prepare(c->db, &s,
                   "SELECT id, name, starts_on FROM programme WHERE deleted_at IS NULL AND (id = $1 OR $1 = 0)"
                   " AND ($2 = 0 OR funnel_id IS NULL OR funnel_id = $2) AND starts_on < $3"
                   " ORDER BY starts_on DESC, id DESC LIMIT 1",
                   e));
    stmt_i64(s, 1, x->programme);
    stmt_i64(s, 2, x->programme ? 0 : x->p.funnel_id);
    stmt_i64(s, 3, x->programme ? INT64_C(1) << 40 : c->now / MS_DAY);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        x->programme = stmt_col_i64(s, 0);
        x->name = str_dup(c->arena, stmt_col_str(s, 1));
        x->at = zone_midnight(x->p.zone, stmt_col_i64(s, 2));
    }
    stmt_done(s);
    if (rc == RC_DONE && x->programme)
        return report_bad_param(e, "programme_id", id);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc read_args(struct compare *x, const struct report_call *c, struct err *e)
{
    struct str days = report_arg(c, "window_days");
    x->window = WINDOW_MOST;
    if (days.len > 0 && (!str_i64(days, &x->window) || x->window < 7 || x->window > WINDOW_MOST))
        return report_bad_param(e, "window_days", days);
    return find_programme(x, c, e);
}

/* ---- counting ---- */

/* Deals are followed for the same time on both sides: the nearest to the median time to win that fits behind the day.
 */
static void settle(struct compare *x)
{
    const struct pop *p = &x->p;
    int64_t day = zone_day(p->zone, p->as_of);
    if (x->at == 0)
        x->at = zone_midnight(p->zone, day - 90);
    int64_t passed = (p->as_of - x->at) / MS_DAY;
    x->horizon = passed >= 120 ? 60 : passed >= 60 ? 30 : passed >= 21 ? 14 : 7;
    if (x->window > passed)
        x->window = passed > 7 ? passed : 7;
}

static void add_value(struct compare *x, enum metric m, bool after, double v)
{
    struct side *s = &x->side[m][after];
    s->n++;
    s->sum += v;
    s->squares += v * v;
}

static void add_rate(struct compare *x, enum metric m, bool after, bool yes)
{
    x->side[m][after].n++;
    x->side[m][after].k += yes;
}

static void counted(struct compare *x, enum metric m, bool after, const struct pop_deal *d)
{
    tally_add(&x->t, m, after, pop_id(&x->p, d));
}

static int side_of(const struct compare *x, int64_t at)
{
    int64_t from = x->at - x->window * MS_DAY, to = x->at + x->window * MS_DAY;
    return at < from || at >= to || at > x->p.as_of ? -1 : at >= x->at;
}

static void add_week(struct compare *x, enum metric m, int64_t at, double v, const struct pop_deal *d)
{
    int after = side_of(x, at);
    if (after < 0)
        return;
    int64_t week = (after ? at - x->at : x->at - 1 - at) / (7 * MS_DAY);
    if (week < x->window / 7 && week < WEEKS_MOST) {
        x->weeks[m][after][week] += v;
        counted(x, m, after, d);
    }
}

static void scan(struct compare *x)
{
    struct pop *p = &x->p;
    struct fact_column due = pop_column(p, DEAL_FIRST_RESPONSE_DUE_AT),
                       answered = pop_column(p, DEAL_FIRST_RESPONSE_AT);
    struct fact_column value = pop_column(p, DEAL_VALUE_MINOR), currency = pop_column(p, DEAL_CURRENCY);
    money_column(x->money, &currency);
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int after = side_of(x, d->entry);
        int64_t until = fact_get(&due, d->row), at = fact_get(&answered, d->row);
        bool won = d->cause == DEAL_WON;
        int64_t worth = 0, minor = fact_get(&value, d->row);
        bool known =
            won && minor != FACT_NULL && money_in(x->money, fact_get(&currency, d->row), minor, d->exit, &worth);
        double sum = known ? (double)worth : 0;
        if (after >= 0 && p->as_of - d->entry >= x->horizon * MS_DAY) {
            bool in_time = won && d->exit - d->entry <= x->horizon * MS_DAY;
            add_rate(x, CONVERSION, after, in_time);
            counted(x, CONVERSION, after, d);
            if (in_time) {
                add_value(x, DAYS_TO_WIN, after, (double)(d->exit - d->entry) / (double)MS_DAY);
                counted(x, DAYS_TO_WIN, after, d);
            }
        }
        if (after >= 0 && until != FACT_NULL && until <= p->as_of) {
            add_rate(x, ANSWERS, after, at != FACT_NULL && at <= until);
            counted(x, ANSWERS, after, d);
        }
        add_week(x, ENTERED, d->entry, 1, d);
        if (won) {
            add_week(x, WINS, d->exit, 1, d);
            add_week(x, REVENUE, d->exit, sum, d);
            int of = side_of(x, d->exit);
            if (of >= 0 && known) {
                add_value(x, CHECK, of, sum);
                counted(x, CHECK, of, d);
            }
        }
    }
    for (int m = ENTERED; m <= REVENUE; m++)
        for (int after = 0; after < 2; after++)
            for (int64_t w = 0; w < x->window / 7 && w < WEEKS_MOST; w++)
                add_value(x, (enum metric)m, after, x->weeks[m][after][w]);
}

/* ---- telling ---- */

struct answer {
    double before, after, difference;
    struct interval ci;
    bool told;
};

/* Difference of two means with its 95 % interval (Welch 1947, Biometrika 34:28). */
static struct answer means(const struct side s[2])
{
    double mean[2], var[2];
    struct answer a = {.told = s[0].n >= 2 && s[1].n >= 2};
    for (int i = 0; i < 2; i++) {
        double n = (double)s[i].n;
        mean[i] = n > 0 ? s[i].sum / n : NAN;
        var[i] = n > 1 ? fmax(0, (s[i].squares - n * mean[i] * mean[i]) / (n - 1)) / n : 0;
    }
    a.before = mean[0];
    a.after = mean[1];
    a.difference = mean[1] - mean[0];
    double all = var[0] + var[1];
    double df =
        all > 0 ? all * all / (var[0] * var[0] / (double)(s[0].n - 1) + var[1] * var[1] / (double)(s[1].n - 1)) : 1;
    double b = stats_beta_quantile(0.05, df / 2, 0.5); /* t^2 = df (1/b - 1) at the two-sided 5 % */
    double half = sqrt(df * (1 / b - 1) * all);
    a.ci = (struct interval){a.difference - half, a.difference + half};
    return a;
}

static struct answer rates(const struct side s[2])
{
    struct answer a = {.told = s[0].n >= FEW_OF_A_SIDE && s[1].n >= FEW_OF_A_SIDE};
    a.before = s[0].n ? (double)s[0].k / (double)s[0].n : NAN;
    a.after = s[1].n ? (double)s[1].k / (double)s[1].n : NAN;
    if (a.told)
        a.ci = stats_newcombe(s[1].k, s[1].n, s[0].k, s[0].n, &a.difference);
    return a;
}

static struct answer answer_of(const struct compare *x, enum metric m)
{
    struct answer a = m <= ANSWERS ? rates(x->side[m]) : means(x->side[m]);
    if (m >= CHECK && (x->side[m][0].n < FEW_OF_A_SIDE || x->side[m][1].n < FEW_OF_A_SIDE))
        a.told = false;
    return a;
}

static const char *unit_of(enum metric m)
{
    return m <= ANSWERS ? "rate" : m == REVENUE || m == CHECK ? "money" : m == DAYS_TO_WIN ? "days" : "week";
}

static const char *sure_of(const struct answer *a)
{
    return !a->told ? "few" : a->ci.low > 0 ? "more" : a->ci.high < 0 ? "less" : "noise";
}

static struct str words(const struct report_call *c, const char *prefix, const char *name)
{
    return i18n_text(c->lang, str_fmt(c->arena, "%s%s", prefix, name).ptr);
}

/* Of what it was: units differ from row to row, shares of it can stand beside each other. */
static struct cell share_of(const struct answer *a, double part)
{
    return a->told && a->before > 0 ? cell_f(part / a->before) : cell_null();
}

static void put_row(struct compare *x, enum metric m)
{
    const struct report_call *c = x->p.call;
    struct answer a = answer_of(x, m);
    double scale = m <= ANSWERS                 ? 100
                   : m == REVENUE || m == CHECK ? 1 / pow(10, money_exponent(x->money->currency))
                                                : 1;
    struct cell row[] = {
        cell_s(words(c, "report.before_after.", metric_names[m])),
        cell_s(words(c, "report.before_after.unit.", unit_of(m))),
        cell_f(a.before * scale),
        cell_f(a.after * scale),
        a.told ? cell_f(a.difference * scale) : cell_null(),
        a.told ? cell_f(a.ci.low * scale) : cell_null(),
        a.told ? cell_f(a.ci.high * scale) : cell_null(),
        share_of(&a, a.difference),
        share_of(&a, a.ci.low),
        share_of(&a, a.ci.high),
        cell_s(words(c, "report.before_after.sure.", sure_of(&a))),
        cell_i(tally_of(&x->t, m, 0)),
        cell_i(tally_of(&x->t, m, 1)),
    };
    report_row_key(&x->p.result->main, m, row);
}

static enum rc put_near(struct compare *x, struct err *e)
{
    struct pop *p = &x->p;
    struct detect_near near[DETECT_NEAR];
    size_t n;
    struct report_table *t = report_table_add(p->result, "near", near_columns, N(near_columns));
    TRY(detect_near(p, x->at, near, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct cell row[] = {cell_s(words(p->call, "finding.near.", near[i].kind)), cell_s(near[i].name),
                             cell_i(zone_day(p->zone, near[i].at))};
        report_row(t, row);
    }
    return RC_OK;
}

static void say(struct compare *x)
{
    const struct report_call *c = x->p.call;
    struct answer a = answer_of(x, CONVERSION);
    struct str args[] = {date_format(c->arena, zone_day(x->p.zone, x->at)), tell_rate(c, a.before),
                         tell_rate(c, a.after), report_number(c->arena, c->lang, a.ci.low * 100, 1),
                         report_number(c->arena, c->lang, a.ci.high * 100, 1)};
    const char *sure = sure_of(&a);
    report_verdict(c, x->p.result, str_fmt(c->arena, "before_after_%s", sure).ptr, args, 5);
}

static enum rc put_all(struct compare *x, struct err *e)
{
    struct report_result *r = x->p.result;
    const struct report_call *c = x->p.call;
    struct str args[] = {tell_n(c, x->window), tell_n(c, x->horizon)};
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = N(columns)};
    report_param_is(r, "programme_id", RT_INT, x->programme ? cell_i(x->programme) : cell_null());
    report_param_is(r, "programme", RT_TEXT, x->name.len ? cell_s(x->name) : cell_null());
    report_param_is(r, "at", RT_TIME, cell_i(x->at));
    report_param_is(r, "window_days", RT_INT, cell_i(x->window));
    report_sum(r, "window_days", RT_INT, cell_i(x->window));
    report_sum(r, "horizon_days", RT_INT, cell_i(x->horizon));
    bool money = money_seen(c);
    for (int m = 0; m < METRICS; m++)
        if (money || (m != REVENUE && m != CHECK))
            put_row(x, (enum metric)m);
    report_note(c, r, "before_after", args, 2);
    report_note(c, r, "before_after_cause", NULL, 0);
    if (x->p.n_all > 0)
        say(x);
    pop_notes(&x->p);
    if (money)
        money_notes(x->money, c, r);
    return put_near(x, e);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct compare *x = ARENA_NEW(c->arena, struct compare);
    static const int64_t keys[METRICS] = {0, 1, 2, 3, 4, 5, 6};
    static const char *const sides[] = {"n_before", "n_after"};
    enum rc rc;
    TRY_OUT(pop_read(&x->p, c, r, &(struct pop_spec){.funnels = POP_ANY}, e));
    TRY_OUT(read_args(x, c, e));
    TRY_OUT(money_load(&x->money, c, x->p.zone, e));
    pop_lock(&x->p);
    settle(x);
    x->t = tally_new(c, r, "rows", METRICS, keys, sides, 2);
    scan(x);
    pop_unlock(&x->p);
    TRY_OUT(put_all(x, e));
out:
    pop_free(&x->p);
    return rc;
}

const struct report report_before_after = {
    .id = "before_after",
    .question = "report.before_after.question",
    .params = params,
    .n_params = N(params),
    .run = run,
    .group = "funnel",
    .definition = 1,
    .chart = {.kind = CHART_DOTS, .x = "metric", .y = "relative", .low = "relative_low", .high = "relative_high"},
};
