/* What heads of the demo company plan and pay by: plans of months out of the months before, KPI, a scheme of pay, what
 * the company undertook, reports that come by themselves. Through the ordinary commands. */
#include "cli/demo_fill_impl.h"
#include "crm/engine.h"
#include <math.h>

enum { MONTHS = 7 /* with the one that runs */, BEFORE = 3 /* a plan is made out of so many months */ };
#define GROWTH 1.1
#define ROUND INT64_C(1000000) /* ten thousand roubles */

struct planned {
    struct filler *f;
    int64_t month[MONTHS + BEFORE + 1]; /* first days, the newest plan's last but one; the last is next month's */
    double sold[DEMO_USERS][MONTHS + BEFORE];
    double calls; /* of one seller in a month */
};

static int64_t first_of_month(int64_t day, int by)
{
    int year;
    unsigned month, of_month;
    date_to_civil(day, &year, &month, &of_month);
    int m = year * 12 + (int)month - 1 + by;
    return date_from_civil(m / 12, (unsigned)(m % 12) + 1, 1);
}

static json_t *date_of(const struct planned *p, int64_t day)
{
    return json_text(date_format(p->f->tx->arena, day));
}

/* In the company's own currency, by month of the close. */
static enum rc read_sold(struct planned *p, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(p->f->tx->db, &s,
                   "SELECT owner_id, closed_at, value_minor FROM deal WHERE status = 1 AND currency = 'RUB' AND"
                   " value_minor > 0 AND closed_at >= $1 AND deleted_at IS NULL",
                   e));
    stmt_i64(s, 1, p->month[0] * MS_DAY);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t day = stmt_col_i64(s, 1) / MS_DAY;
        for (int u = 0; u < DEMO_USERS; u++)
            for (int m = 0; p->f->user[u] == stmt_col_i64(s, 0) && m < MONTHS + BEFORE; m++)
                if (day >= p->month[m] && day < p->month[m + 1])
                    p->sold[u][m] += (double)stmt_col_i64(s, 2);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static double target_of(const struct planned *p, int user, int month)
{
    double sum = 0;
    for (int k = 1; k <= BEFORE; k++)
        sum += p->sold[user][month - k] / BEFORE;
    return ceil(sum * GROWTH / ROUND) * ROUND;
}

static enum rc plan(struct planned *p, const char *measure, const char *period, int64_t starts_on, int64_t user,
                    int64_t parent, double target, int64_t *id, struct err *e)
{
    json_t *body = json_pack("{s:s,s:s,s:o,s:f}", "measure", measure, "period", period, "starts_on",
                             date_of(p, starts_on), "target", target);
    if (user)
        json_object_set_new(body, "user_id", json_integer(user));
    if (parent)
        json_object_set_new(body, "parent_id", json_integer(parent));
    return demo_create(p->f, DEMO_DIRECTOR, (starts_on - 3) * MS_DAY + 8 * MS_HOUR, ENT_PLAN, body, id, e);
}

/* The company's month, and of it each seller's. */
static enum rc plans_of_month(struct planned *p, int month, struct err *e)
{
    double whole = 0;
    int64_t company;
    for (int u = 0; u < DEMO_USERS; u++)
        whole += target_of(p, u, month);
    if (whole <= 0)
        return RC_OK;
    TRY(plan(p, "revenue", "month", p->month[month], 0, 0, whole, &company, e));
    for (int u = 0; u < DEMO_USERS; u++)
        if (target_of(p, u, month) > 0)
            TRY(plan(p, "revenue", "month", p->month[month], p->f->user[u], company, target_of(p, u, month), NULL, e));
    return RC_OK;
}

static enum rc all_plans(struct planned *p, struct err *e)
{
    for (int m = BEFORE; m < MONTHS + BEFORE; m++)
        TRY(plans_of_month(p, m, e));
    int64_t last = p->month[MONTHS + BEFORE - 1];
    for (int u = DEMO_STRONG; u <= DEMO_SELLER_COLD; u++)
        TRY(plan(p, "calls", "month", last, p->f->user[u], 0, p->calls, NULL, e));
    return plan(p, "tasks_in_time", "month", last, 0, 0, 0.85, NULL, e);
}

static enum rc kpi(struct planned *p, const char *name, const char *measure, double target, struct err *e)
{
    json_t *body = json_pack("{s:s,s:s}", "name", name, "measure", measure);
    if (target > 0)
        json_object_set_new(body, "target", json_real(target));
    return demo_create(p->f, DEMO_DIRECTOR, (p->month[0] + 1) * MS_DAY, ENT_KPI, body, NULL, e);
}

static enum rc all_kpi(struct planned *p, struct err *e)
{
    TRY(kpi(p, "Выручка", "revenue", 0, e));
    TRY(kpi(p, "Звонки", "calls", p->calls, e));
    TRY(kpi(p, "Встречи", "meetings", 8, e));
    TRY(kpi(p, "Задачи в срок", "tasks_in_time", 0.85, e));
    return kpi(p, "Первый ответ вовремя", "answers_in_time", 0.9, e);
}

/* 80 % of the plan is almost free, what is above 100 % costs enormous effort. */
static enum rc pay(struct planned *p, struct err *e)
{
    return demo_create(p->f, DEMO_DIRECTOR, (p->month[BEFORE] - 5) * MS_DAY, ENT_PAY_SCHEME,
                       json_pack("{s:s,s:s,s:s,s:i,s:b,s:o,s:[{s:i,s:f},{s:i,s:f,s:i},{s:i,s:f,s:i}],s:{s:s}}", "name",
                                 "Продавцы: от плана", "measure", "revenue", "period", "month", "base_minor", 4000000,
                                 "enabled", 1, "starts_on", date_of(p, p->month[BEFORE]), "steps", "from", 50,
                                 "percent", 1.0, "from", 80, "percent", 3.0, "pay_minor", 500000, "from", 100,
                                 "percent", 7.0, "pay_minor", 2000000, "params", "of", "plan"),
                       NULL, e);
}

static enum rc programmes(struct planned *p, struct err *e)
{
    int64_t told = p->month[MONTHS + BEFORE - 4];
    TRY(demo_create(p->f, DEMO_DIRECTOR, (told - 10) * MS_DAY, ENT_PROGRAMME,
                    json_pack("{s:s,s:s,s:o,s:o,s:s}", "name", "Тренинг: работа с возражениями", "kind", "training",
                              "starts_on", date_of(p, told), "ends_on", date_of(p, told + 13), "comment",
                              "Две недели, все продавцы отдела частных клиентов."),
                    NULL, e));
    return demo_create(p->f, DEMO_DIRECTOR, (told + 40) * MS_DAY, ENT_PROGRAMME,
                       json_pack("{s:s,s:s,s:o,s:I}", "name", "Новый порядок согласования договоров", "kind", "rules",
                                 "starts_on", date_of(p, told + 45), "funnel_id",
                                 (json_int_t)p->f->funnel[DEMO_CORPORATE]),
                       NULL, e);
}

static enum rc subscription(struct planned *p, unsigned whose, const char *name, const char *report, const char *every,
                            int day, const char *mail, struct err *e)
{
    json_t *body =
        json_pack("{s:s,s:s,s:s,s:i,s:s}", "name", name, "report", report, "every", every, "hour", 9, "mail", mail);
    if (day)
        json_object_set_new(body, "day", json_integer(day));
    return demo_create(p->f, whose, demo_at(p->f->w, p->f->w->now) - 40 * MS_DAY, ENT_SUBSCRIPTION, body, NULL, e);
}

static enum rc subscriptions(struct planned *p, struct err *e)
{
    TRY(subscription(p, DEMO_DIRECTOR, "План и факт", "plan_fact", "week", 1, "pdf", e));
    TRY(subscription(p, DEMO_DIRECTOR, "Прогноз выручки", "forecast", "month", 1, "pdf", e));
    TRY(subscription(p, DEMO_HEAD_FIRMS, "Зависшие сделки", "ageing", "week", 1, "letter", e));
    return subscription(p, DEMO_MARKETER, "Источники", "sources", "week", 5, "xlsx", e);
}

enum rc demo_plans_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct planned *p = ARENA_NEW(tx->arena, struct planned);
    *p = (struct planned){.f = (struct filler *)job};
    p->f->tx = tx;
    p->f->written = 0;
    int64_t today = demo_at(p->f->w, p->f->w->now) / MS_DAY;
    for (int m = 0; m <= MONTHS + BEFORE; m++)
        p->month[m] = first_of_month(today, m - (MONTHS + BEFORE) + 1);
    p->calls = 5 * ceil((double)p->f->w->opt.deals / 400);
    TRY(read_sold(p, e));
    TRY(all_plans(p, e));
    TRY(all_kpi(p, e));
    TRY(pay(p, e));
    TRY(programmes(p, e));
    return subscriptions(p, e);
}
