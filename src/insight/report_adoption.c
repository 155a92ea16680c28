/* Who works in the system, how often, with what, by hand or by programs. */
#include "crm/fields.h"
#include "crm/workday.h"
#include "insight/catalogue.h"
#include "insight/people.h"

enum { DEALS, TASKS, CLIENTS, NOTES, OTHER, KINDS };
enum { BY_HAND, BY_API, BY_IMPORT, BY_RULES, WAYS };
static const struct report_column columns[] = {
    {"group", RT_TEXT},          {"active_days", RT_INT}, {"day_share", RT_RATE},    {"active_hours", RT_INT},
    {"changes", RT_INT},         {"of_deals", RT_INT},    {"of_tasks", RT_INT},      {"of_clients", RT_INT},
    {"of_notes", RT_INT},        {"of_other", RT_INT},    {"by_hand_rate", RT_RATE}, {"by_api_rate", RT_RATE},
    {"by_import_rate", RT_RATE}, {"last_seen", RT_TIME},
};
static const struct report_param params[] = {PEOPLE_PERIOD, PEOPLE_REST};

struct use {
    int64_t days, hours, changes, kind[KINDS], way[WAYS], last;
};
struct adoption {
    struct people p;
    struct use *rows, all;
    struct {
        int64_t hour, day;
        size_t row;
    } * last;        /* of each person */
    uint8_t *worked; /* by user: has done something by hand in the period */
    struct calendar calendar;
};

static int kind_of(enum entity_id noun)
{
    switch (noun) {
    case ENT_DEAL:
    case ENT_DEAL_PRODUCT:
    case ENT_DEAL_MEMBER:
    case ENT_BUYER:
        return DEALS;
    case ENT_TASK:
        return TASKS;
    case ENT_CONTACT:
    case ENT_COMPANY:
    case ENT_CONTACT_POINT:
        return CLIENTS;
    case ENT_NOTE:
    case ENT_FILE:
        return NOTES;
    default:
        return OTHER;
    }
}

static int way_of(const struct activity *a)
{
    if (a->automatic)
        return BY_RULES;
    if (a->via == VIA_IMPORT)
        return BY_IMPORT;
    return a->via == VIA_API || a->via == VIA_CLI || a->via == VIA_CHANNEL ? BY_API : BY_HAND;
}

static void count(struct use *u, const struct activity *a, bool new_day, bool new_hour)
{
    int way = way_of(a);
    u->changes += a->count;
    u->kind[kind_of((enum entity_id)a->object)] += a->count;
    u->way[way] += a->count;
    u->days += new_day;
    u->hours += new_hour;
    if (way != BY_RULES && way != BY_IMPORT && a->hour * MS_HOUR > u->last)
        u->last = a->hour * MS_HOUR;
}

static void scan(struct adoption *d)
{
    struct people *p = &d->p;
    for (size_t i = 0; i < p->n_ids; i++)
        d->last[i].hour = d->last[i].day = INT64_MIN;
    for (size_t i = 0; i < p->view.n_activity; i++) {
        const struct activity *a = &p->view.activity[i];
        int64_t at = a->hour * MS_HOUR < p->from && (a->hour + 1) * MS_HOUR > p->from ? p->from : a->hour * MS_HOUR;
        if (a->verb == VERB_SIGNED_IN || a->verb == VERB_SIGNED_OUT)
            continue;
        size_t row = people_row(p, a->user, at);
        if (row == PEOPLE_NO_ROW)
            continue;
        bool works = !a->automatic && a->via != VIA_IMPORT;
        int64_t day = zone_day(p->zone, at);
        bool new_hour = works && d->last[a->user].hour != a->hour;
        bool new_day = works && (d->last[a->user].day != day || d->last[a->user].row != row);
        bool new_day_of_all = works && d->last[a->user].day != day;
        if (works) {
            d->last[a->user].hour = a->hour;
            d->last[a->user].day = day;
            d->last[a->user].row = row;
            d->worked[a->user] = 1;
        }
        count(&d->rows[row], a, new_day, new_hour);
        count(&d->all, a, new_day_of_all, new_hour);
    }
}

static int64_t working_days(const struct adoption *d)
{
    const struct people *p = &d->p;
    int64_t from = zone_day(p->zone, p->from), to = zone_day(p->zone, (p->to < p->as_of ? p->to : p->as_of + 1) - 1);
    return calendar_working_days(&d->calendar, from, to < from + 3999 ? to : from + 3999);
}

static struct cell share(int64_t k, int64_t n)
{
    return n > 0 ? cell_f((double)k / (double)n) : cell_null();
}

static void put_rows(struct adoption *d, int64_t days)
{
    struct people *p = &d->p;
    struct report_table *t = &p->result->main;
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < p->n_rows; i++) {
        const struct use *u = &d->rows[i];
        const struct person *who = p->by == PEOPLE_OWNER ? people_person(p, p->rows[i].key) : NULL;
        struct cell row[] = {cell_s(p->rows[i].name),
                             cell_i(u->days),
                             who ? share(u->days, days) : cell_null(),
                             cell_i(u->hours),
                             cell_i(u->changes),
                             cell_i(u->kind[DEALS]),
                             cell_i(u->kind[TASKS]),
                             cell_i(u->kind[CLIENTS]),
                             cell_i(u->kind[NOTES]),
                             cell_i(u->kind[OTHER]),
                             share(u->way[BY_HAND], u->changes),
                             share(u->way[BY_API], u->changes),
                             share(u->way[BY_IMPORT], u->changes),
                             u->last ? cell_i(u->last) : cell_null()};
        if (u->changes > 0 || (who && who->active) || p->by > PEOPLE_TEAM)
            report_row_key(t, p->rows[i].key, row);
    }
}

static void put_rest(struct adoption *d, int64_t days)
{
    struct people *p = &d->p;
    const struct report_call *c = p->call;
    bool all = report_asked(c, p->result, "summary", 0, "people"),
         some = report_asked(c, p->result, "summary", 0, "working_people");
    int64_t people = 0, working = 0;
    p->result->noun = all || some ? ENT_USER : p->result->noun;
    for (size_t i = 0; i < p->n; i++) {
        bool counts = people_sees(p, p->all[i].id) && p->all[i].active;
        people += counts;
        working += counts && d->worked[p->all[i].id];
        if (counts && (all || (some && d->worked[p->all[i].id])))
            report_deal(p->result, p->all[i].id);
    }
    double mean = working ? (double)d->all.days / (double)working : 0;
    report_sum_counted(p->result, "people", people);
    report_sum_counted(p->result, "working_people", working);
    report_sum(p->result, "working_days", RT_INT, cell_i(days));
    report_sum(p->result, "days_each", RT_REAL, working ? cell_f(mean) : cell_null());
    report_sum(p->result, "changes_made", RT_INT, cell_i(d->all.changes));
    report_sum(p->result, "by_hand_rate", RT_RATE, share(d->all.way[BY_HAND], d->all.changes));
    report_sum(p->result, "by_api_rate", RT_RATE, share(d->all.way[BY_API], d->all.changes));
    report_sum(p->result, "by_import_rate", RT_RATE, share(d->all.way[BY_IMPORT], d->all.changes));
    report_sum(p->result, "by_rules_rate", RT_RATE, share(d->all.way[BY_RULES], d->all.changes));
    if (people > 0 && d->all.changes > 0) {
        struct str args[] = {people_count(c, working), people_count(c, people),
                             report_number(c->arena, c->lang, mean, 1), people_count(c, days),
                             people_count(c, people - working)};
        report_verdict(c, p->result, people > working ? "adoption_absent" : "adoption", args, 5);
    }
    people_notes(p, d->all.changes);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct adoption d = {0};
    enum rc rc;
    TRY_OUT(people_read(&d.p, c, r, &(struct people_spec){.last_days = 30, .no_filter = true}, e));
    TRY_OUT(calendar_of_user(c->db, c->arena, 0, &d.calendar, e));
    d.last = arena_zalloc(c->arena, (d.p.n_ids + 1) * sizeof *d.last);
    d.worked = arena_zalloc(c->arena, d.p.n_ids + 1);
    people_lock(&d.p);
    d.rows = arena_zalloc(c->arena, (d.p.n_rows + 1) * sizeof *d.rows);
    scan(&d);
    people_unlock(&d.p);
    int64_t days = working_days(&d);
    put_rows(&d, days);
    put_rest(&d, days);
    rc = RC_OK;
out:
    people_free(&d.p);
    return rc;
}

const struct report report_adoption = {.id = "adoption",
                                       .question = "report.adoption.question",
                                       .params = params,
                                       .n_params = sizeof params / sizeof *params,
                                       .run = run,
                                       .group = "people",
                                       .definition = 1,
                                       .chart = {CHART_BARS, NULL, "group", "active_days"}};
