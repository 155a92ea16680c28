/* Who works here, in which period, in which rows: see people.h. */
#include "insight/people.h"
#include "base/i18n.h"
#include "crm/crm.h"
#include "crm/fields.h"
#include "crm/query.h"
#include "insight/projection_nouns.h"

#define STALE                                                                                                          \
    (180 * MS_DAY) /* nothing has happened for so long: the company was imported, its last moment is its now */
#define DAYS_MOST 4000

const char *const people_by_names[] = {"owner", "team", "day", "week", "month", "weekday", "hour", NULL};

/* ---- people ---- */

static bool in_reach(const struct rights *r, int64_t user)
{
    if (r == NULL || user == r->user_id)
        return true;
    switch (rights_scope(r, entity_by_id(ENT_DEAL), RIGHT_SEE)) {
    case SCOPE_ALL:
        return true;
    case SCOPE_TEAM:
        for (size_t i = 0; i < r->n_team; i++)
            if (r->team[i] == user)
                return true;
        return false;
    case SCOPE_NONE:
    case SCOPE_OWN:
        break;
    }
    return false;
}

enum rc people_load(const struct report_call *c, struct person **out, size_t *n, struct err *e)
{
    VEC(struct person) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s,
                   "SELECT id, name, COALESCE(team_id, 0), COALESCE(load_cap, 0), active,"
                   " CASE WHEN deleted_at IS NULL THEN 0 ELSE 1 END FROM users ORDER BY id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct person one = {.id = stmt_col_i64(s, 0),
                             .name = str_dup(c->arena, stmt_col_str(s, 1)),
                             .team_id = stmt_col_i64(s, 2),
                             .load_cap = stmt_col_i64(s, 3),
                             .active = stmt_col_i64(s, 4) != 0 && stmt_col_i64(s, 5) == 0};
        one.seen = in_reach(c->rights, one.id);
        vec_push(&found, one);
    }
    stmt_done(s);
    *n = found.len;
    *out = ARENA_ARRAY(c->arena, struct person, found.len + 1);
    if (found.len)
        memcpy(*out, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc people_named(const struct report_call *c, const char *sql, const char *none, struct people_group **out,
                     size_t *n, struct err *e)
{
    VEC(struct people_group) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s, sql, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct people_group one = {stmt_col_i64(s, 0), str_dup(c->arena, stmt_col_str(s, 1))};
        vec_push(&found, one);
    }
    stmt_done(s);
    struct people_group nobody = {0, i18n_text(c->lang, none)};
    vec_push(&found, nobody);
    *n = found.len;
    *out = ARENA_ARRAY(c->arena, struct people_group, found.len);
    memcpy(*out, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

const struct person *people_person(const struct people *p, int64_t user)
{
    size_t low = 0, high = p->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (p->all[mid].id < user)
            low = mid + 1;
        else
            high = mid;
    }
    return low < p->n && p->all[low].id == user ? &p->all[low] : NULL;
}

/* Rows of people or teams are there before the period is known. */
static enum rc people_rows(struct people *p, struct err *e)
{
    struct arena *a = p->call->arena;
    p->n_ids = p->n ? (size_t)p->all[p->n - 1].id + 1 : 0;
    p->row_of = arena_zalloc(a, (p->n_ids + 1) * sizeof *p->row_of);
    p->seen_of = arena_zalloc(a, p->n_ids + 1);
    if (p->by == PEOPLE_TEAM)
        TRY(people_named(p->call, "SELECT id, name FROM team ORDER BY id", "report.group.no_team", &p->rows, &p->n_rows,
                         e));
    else if (p->by == PEOPLE_OWNER)
        p->rows = ARENA_ARRAY(a, struct people_group, p->n + 1);
    for (size_t i = 0; i < p->n; i++) {
        const struct person *who = &p->all[i];
        if (!who->seen || (p->team_id && !p->spec.team_of_deals && who->team_id != p->team_id))
            continue;
        p->seen_of[who->id] = 1;
        if (p->by == PEOPLE_OWNER) {
            p->rows[p->n_rows++] = (struct people_group){who->id, who->name};
            p->row_of[who->id] = (uint32_t)p->n_rows;
        }
        for (size_t t = 0; p->by == PEOPLE_TEAM && t < p->n_rows; t++)
            if (p->rows[t].key == who->team_id)
                p->row_of[who->id] = (uint32_t)t + 1;
    }
    return RC_OK;
}

/* ---- what is asked ---- */

/* INT64_MIN: not given. */
static enum rc read_time(struct people *p, const char *name, int64_t *out, struct err *e)
{
    bool given;
    *out = INT64_MIN;
    return report_when(p->call, p->zone, name, out, &given, e);
}

static enum rc read_masks(struct people *p, struct err *e)
{
    const struct report_call *c = p->call;
    struct str text = p->spec.no_filter ? STR_NULL : report_arg(c, "filter");
    struct filter *filter = NULL;
    struct filter_env env = {
        .user_id = c->user_id, .now = c->now, .offset_ms = zone_offset(p->zone, c->now), .rights = c->rights};
    for (int i = 0; i < p->spec.n_facts; i++) {
        enum fact fact = p->spec.facts[i];
        static const enum entity_id nouns[FACTS] = {[FACT_DEAL] = ENT_DEAL,
                                                    [FACT_TASK] = ENT_TASK,
                                                    [FACT_CONTACT] = ENT_CONTACT,
                                                    [FACT_COMPANY] = ENT_COMPANY,
                                                    [FACT_DEAL_PRODUCT] = ENT_DEAL_PRODUCT,
                                                    [FACT_BUYER] = ENT_BUYER,
                                                    [FACT_COMPETITOR_OFFER] = ENT_COMPETITOR_OFFER,
                                                    [FACT_NOTE] = ENT_NOTE};
        if (i == 0 && text.len > 0)
            TRY(filter_parse(c->arena, entity_by_id(nouns[fact]), text, &env, &filter, e));
        TRY(mask_plan(&p->plan[fact], c->arena, c->db, c->projection, fact, c->rights, i == 0 ? filter : NULL, e));
    }
    return RC_OK;
}

enum rc people_read(struct people *p, const struct report_call *c, struct report_result *r,
                    const struct people_spec *spec, struct err *e)
{
    *p = (struct people){.call = c, .result = r, .spec = *spec, .by = spec->by};
    struct str team = report_arg(c, "team_id"), by = report_arg(c, "by");
    if (team.len > 0 && (!str_i64(team, &p->team_id) || p->team_id < 1))
        return report_bad_param(e, "team_id", team);
    for (int i = 0; people_by_names[i] != NULL; i++)
        if (str_eqc(by, people_by_names[i]))
            p->by = (enum people_by)i;
    TRY(report_zone(c, r, &p->zone, &p->zone_name, e));
    TRY(read_time(p, "as_of", &p->as_of, e));
    TRY(read_time(p, "from", &p->from, e));
    TRY(read_time(p, "to", &p->to, e));
    TRY(people_load(c, &p->all, &p->n, e));
    TRY(people_rows(p, e));
    return read_masks(p, e);
}

/* ---- the period and its rows ---- */

static void settle_time(struct people *p)
{
    int64_t now = p->call->now;
    if (p->as_of == INT64_MIN) {
        p->as_of = now;
        int64_t last = p->view.n_activity ? (p->view.activity[p->view.n_activity - 1].hour + 1) * MS_HOUR - 1 : now;
        if (last < now - STALE)
            p->as_of = last;
    }
    p->past = p->as_of < now;
    if (p->to == INT64_MIN)
        p->to = p->as_of + 1;
    if (p->from == INT64_MIN)
        p->from =
            zone_midnight(p->zone, zone_day(p->zone, p->to - 1) - (p->spec.last_days ? p->spec.last_days : 90) + 1);
    if (p->from > p->to)
        p->from = p->to;
    p->result->has_period = true;
    p->result->from = p->from;
    p->result->to = p->to;
}

static int64_t day_key(const struct people *p, int64_t day)
{
    int year;
    unsigned month, dom;
    if (p->by == PEOPLE_DAY)
        return day;
    if (p->by == PEOPLE_WEEK)
        return day - ((day + 3) % 7 + 7) % 7;
    date_to_civil(day, &year, &month, &dom);
    return year * 12LL + (month - 1);
}

static void date_rows(struct people *p)
{
    struct arena *a = p->call->arena;
    p->first_day = zone_day(p->zone, p->from);
    p->n_days = zone_day(p->zone, p->to - 1) - p->first_day + 1;
    if (p->n_days > DAYS_MOST) { /* only the newest: the rest would be no picture */
        p->first_day += p->n_days - DAYS_MOST;
        p->n_days = DAYS_MOST;
    }
    p->row_of_day = ARENA_ARRAY(a, uint32_t, p->n_days + 1);
    p->rows = ARENA_ARRAY(a, struct people_group, p->n_days + 1);
    for (int64_t i = 0; i < p->n_days; i++) {
        int64_t key = day_key(p, p->first_day + i);
        if (p->n_rows == 0 || p->rows[p->n_rows - 1].key != key) {
            struct str name = p->by == PEOPLE_MONTH ? str_fmt(a, "%04d-%02d", (int)(key / 12), (int)(key % 12) + 1)
                                                    : date_format(a, key);
            p->rows[p->n_rows++] = (struct people_group){key, name};
        }
        p->row_of_day[i] = (uint32_t)p->n_rows - 1;
    }
}

static void clock_rows(struct people *p)
{
    struct arena *a = p->call->arena;
    p->n_rows = p->by == PEOPLE_HOUR ? 24 : 7;
    p->rows = ARENA_ARRAY(a, struct people_group, p->n_rows);
    for (size_t i = 0; i < p->n_rows; i++)
        p->rows[i] = (struct people_group){
            (int64_t)i, p->by == PEOPLE_HOUR ? str_fmt(a, "%02d:00", (int)i)
                                             : i18n_text(p->call->lang, str_fmt(a, "report.weekday.%d", (int)i).ptr)};
}

size_t people_row(const struct people *p, int64_t user, int64_t at)
{
    if (at < p->from || at >= p->to || !people_sees(p, user))
        return PEOPLE_NO_ROW;
    if (p->by <= PEOPLE_TEAM)
        return p->row_of[user] ? p->row_of[user] - 1 : PEOPLE_NO_ROW;
    int64_t day = zone_day(p->zone, at);
    if (p->by == PEOPLE_WEEKDAY)
        return (size_t)(((day + 3) % 7 + 7) % 7);
    if (p->by == PEOPLE_HOUR)
        return (size_t)((at + zone_offset(p->zone, at) - day * MS_DAY) / MS_HOUR);
    day -= p->first_day;
    return day >= 0 && day < p->n_days ? p->row_of_day[day] : PEOPLE_NO_ROW;
}

void people_lock(struct people *p)
{
    p->view = projection_lock(p->call->projection);
    p->locked = true;
    settle_time(p);
    if (p->by == PEOPLE_WEEKDAY || p->by == PEOPLE_HOUR)
        clock_rows(p);
    else if (p->by > PEOPLE_TEAM)
        date_rows(p);
    for (int i = 0; i < p->spec.n_facts; i++) {
        enum fact fact = p->spec.facts[i];
        p->bits[fact] = mask_apply(p->plan[fact], &p->view, p->past ? p->as_of : FACT_NEVER, p->call->arena);
    }
}

void people_unlock(struct people *p)
{
    if (p->locked)
        projection_unlock(p->call->projection);
    p->locked = false;
}

void people_free(struct people *p)
{
    people_unlock(p);
    zone_free(p->zone);
    p->zone = NULL;
}

struct fact_column people_column(const struct people *p, enum fact fact, int field)
{
    if (!rights_sees_field(p->call->rights, entity_by_id(fact_entity(fact)), field))
        return fact_no_column;
    if (p->past)
        return fact_as_of(&p->view, fact, field, p->as_of, p->call->arena);
    return *fact_column(&p->view.facts[fact], field);
}

const int64_t *people_keys(const struct people *p)
{
    int64_t *keys = ARENA_ARRAY(p->call->arena, int64_t, p->n_rows + 1);
    for (size_t i = 0; i < p->n_rows; i++)
        keys[i] = p->rows[i].key;
    return keys;
}

void people_notes(struct people *p, int64_t n)
{
    const struct report_call *c = p->call;
    struct report_result *r = p->result;
    struct str filter = report_arg(c, "filter"), at = time_format(c->arena, p->as_of);
    report_param_is(r, "as_of", RT_TIME, cell_i(p->as_of));
    report_param_is(r, "from", RT_TIME, cell_i(p->from));
    report_param_is(r, "to", RT_TIME, cell_i(p->to));
    report_param_is(r, "by", RT_TEXT, cell_s(str_c(people_by_names[p->by])));
    report_param_is(r, "team_id", RT_INT, p->team_id ? cell_i(p->team_id) : cell_null());
    if (!p->spec.no_filter)
        report_param_is(r, "filter", RT_TEXT, filter.len ? cell_s(filter) : cell_null());
    report_param_is(r, "time_zone", RT_TEXT, cell_s(p->zone_name));
    if (report_arg(c, "as_of").len == 0 && p->past)
        report_note(c, r, "as_of_last_hour", &at, 1);
    for (int i = 0; i < p->spec.n_facts; i++)
        if (i == 0 && p->past && mask_of_present(p->plan[p->spec.facts[i]]))
            report_note(c, r, "filter_of_present", NULL, 0);
    if (c->rights != NULL && rights_scope(c->rights, entity_by_id(ENT_DEAL), RIGHT_SEE) != SCOPE_ALL)
        report_note(c, r, "people_in_sight", NULL, 0);
    if (n == 0)
        report_note(c, r, "nothing_in_period", NULL, 0);
}
