/* What came of the decisions of weekly reviews, over months or by team. */
#include "base/i18n.h"
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"

enum { ITEMS, DECIDED, JUDGED, KEPT, COLUMNS };
enum { HELD, CLOSED };
static const char *const counted[] = {"review_items", "with_decision", "judged", "kept"}, *const meetings[] = {
                                                                                              "reviews",
                                                                                              "reviews_closed"};
static const struct report_column columns[] = {
    {"group", RT_TEXT},
    {"reviews", RT_INT, .drill = true},
    {"reviews_closed", RT_INT, .drill = true},
    {"review_items", RT_INT, .drill = true, .events = true},
    {"with_decision", RT_INT, .drill = true, .events = true},
    {"judged", RT_INT, .drill = true, .events = true},
    {"kept", RT_INT, .drill = true, .events = true},
    {"kept_rate", RT_RATE},
    {"kept_low", RT_RATE},
    {"kept_high", RT_RATE},
};
static const char *const by_names[] = {"month", "week", "team", NULL};
static const struct report_param params[] = {
    PEOPLE_PERIOD, {"team_id", RP_INT}, {"by", RP_CHOICE, by_names}, {"time_zone", RP_TEXT}};

struct reviews {
    struct people p;
    struct tally t, held; /* held: counts reviews themselves */
    int64_t n[COLUMNS], n_reviews;
};

/* The row of a review's week: dates are rows of the frame, teams too; SIZE_MAX: outside of the period. */
static size_t row_of(const struct reviews *v, int64_t team, int64_t week)
{
    const struct people *p = &v->p;
    int64_t day = week - p->first_day;
    if (p->by > PEOPLE_TEAM)
        return day >= 0 && day < p->n_days ? p->row_of_day[day] : SIZE_MAX;
    for (size_t i = 0; i < p->n_rows; i++)
        if (p->rows[i].key == team)
            return i;
    return SIZE_MAX;
}

static enum rc query(struct reviews *v, const char *sql, bool items, struct stmt **s, struct err *e)
{
    const struct people *p = &v->p;
    struct sqlb q = sqlb_new(p->call->arena);
    sqlb_c(&q, sql);
    sqlb_param(&q, val_int(zone_day(p->zone, p->from)));
    sqlb_c(&q, " AND r.week_on <= ");
    sqlb_param(&q, val_int(zone_day(p->zone, p->to - 1)));
    if (p->team_id) {
        sqlb_c(&q, " AND r.team_id = ");
        sqlb_param(&q, val_int(p->team_id));
    }
    sqlb_c(&q, " AND ");
    rights_sql(&q, p->call->rights, entity_by_id(items ? ENT_REVIEW_ITEM : ENT_REVIEW), RIGHT_SEE, items ? "i" : "r");
    enum rc rc = sqlb_prepare(&q, p->call->db, s, e);
    sqlb_free(&q);
    return rc;
}

static enum rc count_reviews(struct reviews *v, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(query(v,
              "SELECT COALESCE(r.team_id, 0), r.week_on, r.closed, r.id FROM review r WHERE r.deleted_at IS NULL AND "
              "r.week_on >= ",
              false, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        size_t row = row_of(v, stmt_col_i64(s, 0), stmt_col_i64(s, 1));
        if (row == SIZE_MAX)
            continue;
        tally_add(&v->held, row, HELD, stmt_col_i64(s, 3));
        if (stmt_col_i64(s, 2) != 0)
            tally_add(&v->held, row, CLOSED, stmt_col_i64(s, 3));
        v->n_reviews++;
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc count_items(struct reviews *v, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(query(
        v,
        "SELECT COALESCE(r.team_id, 0), r.week_on, i.deal_id, CASE WHEN i.decision IS NULL THEN 0 ELSE 1 END, i.kept "
        "FROM"
        " review r JOIN review_item i ON i.review_id = r.id WHERE r.deleted_at IS NULL AND i.deleted_at IS NULL AND"
        " r.week_on >= ",
        true, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        size_t row = row_of(v, stmt_col_i64(s, 0), stmt_col_i64(s, 1));
        bool counts[COLUMNS] = {true, stmt_col_i64(s, 3) != 0, !stmt_col_null(s, 4),
                                !stmt_col_null(s, 4) && stmt_col_i64(s, 4) != 0};
        for (size_t k = 0; k < COLUMNS && row != SIZE_MAX; k++)
            if (counts[k]) {
                tally_add(&v->t, row, k, stmt_col_i64(s, 2));
                v->n[k]++;
            }
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static void put_rows(struct reviews *v)
{
    struct people *p = &v->p;
    struct report_table *t = &p->result->main;
    int64_t *k = ARENA_ARRAY(p->call->arena, int64_t, p->n_rows + 1),
            *n = ARENA_ARRAY(p->call->arena, int64_t, p->n_rows + 1);
    for (size_t i = 0; i < p->n_rows; i++) {
        k[i] = tally_of(&v->t, i, KEPT);
        n[i] = tally_of(&v->t, i, JUDGED);
    }
    struct people_rate *rates = people_rates(p->call, p->result, k, n, p->n_rows, p->by == PEOPLE_TEAM);
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t i = 0; i < p->n_rows; i++) {
        struct cell row[] = {cell_s(p->rows[i].name),
                             cell_i(tally_of(&v->held, i, HELD)),
                             cell_i(tally_of(&v->held, i, CLOSED)),
                             cell_i(tally_of(&v->t, i, ITEMS)),
                             cell_i(tally_of(&v->t, i, DECIDED)),
                             cell_i(n[i]),
                             cell_i(k[i]),
                             cell_null(),
                             cell_null(),
                             cell_null()};
        people_rate_cells(row + 7, &rates[i]);
        if (tally_of(&v->held, i, HELD) > 0)
            report_row_key(t, p->rows[i].key, row);
    }
}

static void put_rest(struct reviews *v)
{
    struct people *p = &v->p;
    const struct report_call *c = p->call;
    struct cell rate[3];
    report_sum_counted(p->result, "reviews", v->n_reviews);
    for (int i = 0; i < COLUMNS; i++)
        report_sum_events(p->result, counted[i], v->n[i]);
    pop_rate(rate, v->n[KEPT], v->n[JUDGED]);
    report_sum(p->result, "kept_rate", RT_RATE, rate[0]);
    report_sum(p->result, "kept_low", RT_RATE, rate[1]);
    report_sum(p->result, "kept_high", RT_RATE, rate[2]);
    if (v->n[JUDGED] > 0) {
        struct str args[] = {people_count(c, v->n_reviews), people_count(c, v->n[JUDGED]), people_count(c, v->n[KEPT]),
                             report_percent(c->arena, c->lang, (double)v->n[KEPT] / (double)v->n[JUDGED])};
        report_verdict(c, p->result, "reviews", args, 4);
    }
    people_notes(p, v->n_reviews);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct reviews v = {0};
    struct people_spec spec = {.by = PEOPLE_MONTH, .last_days = 180, .no_filter = true, .team_of_deals = true};
    enum rc rc;
    TRY_OUT(people_read(&v.p, c, r, &spec, e));
    people_lock(&v.p);
    people_unlock(&v.p);
    v.held = tally_new(c, r, "rows", v.p.n_rows, people_keys(&v.p), meetings, 2);
    if (c->drill != NULL && (str_eqc(c->drill->column, "reviews") || str_eqc(c->drill->column, "reviews_closed")))
        r->noun = ENT_REVIEW;
    v.t = tally_new(c, r, "rows", v.p.n_rows, people_keys(&v.p), counted, COLUMNS);
    TRY_OUT(count_reviews(&v, e));
    TRY_OUT(count_items(&v, e));
    put_rows(&v);
    put_rest(&v);
out:
    people_free(&v.p);
    return rc;
}

const struct report report_reviews = {
    .id = "reviews",
    .question = "report.reviews.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "rules",
    .definition = 1,
    .chart = {CHART_LINES, NULL, "group", "kept_rate", NULL, "kept_low", "kept_high"}};
