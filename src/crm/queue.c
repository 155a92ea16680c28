#include "crm/queue.h"
#include "crm/engine.h"
#include "crm/sqlb.h"
#include "crm/workday.h"

const char *const queue_kind_names[] = {"urgent", "lead", "overdue", "today", "later", "no_date", NULL};

struct place { /* where a page begins */
    int64_t now, offset;
};

static enum rc read_cursor(const struct queue_query *q, struct place *out, struct err *e)
{
    struct str rest, now = str_cut(q->cursor, '.', &rest);
    *out = (struct place){q->now, 0};
    if (!q->cursor.ptr)
        return RC_OK;
    if (!str_i64(now, &out->now) || !str_i64(rest, &out->offset) || out->offset < 0 || out->now < 0 ||
        out->now > TIME_MOST)
        return err_set(e, RC_INVALID, "bad_cursor", "cursor", NULL);
    return RC_OK;
}

/* The end of the day of whoever's queue it is. */
static enum rc day_end(struct db *db, struct arena *a, int64_t owner, int64_t now, int64_t *out, struct err *e)
{
    struct calendar c;
    TRY(calendar_of_user(db, a, owner, &c, e));
    *out = calendar_instant(&c, calendar_day(&c, now) + 1, 0);
    return RC_OK;
}

/* FROM and WHERE: the open tasks `t` of the person, their deals `d`. */
static void put_tasks(struct sqlb *q, const struct queue_query *query, int64_t now)
{
    sqlb_c(q, " FROM task t LEFT JOIN deal d ON d.id = t.deal_id WHERE t.owner_id = ");
    sqlb_param(q, val_int(query->owner_id));
    sqlb_c(q, " AND t.done = 0 AND t.deleted_at IS NULL AND (t.deal_id IS NULL OR (d.wait_id IS NULL AND"
              " (d.deferred_until IS NULL OR d.deferred_until <= ");
    sqlb_param(q, val_int(now));
    sqlb_c(q, "))) AND ");
    rights_sql(q, query->rights, entity_by_id(ENT_TASK), RIGHT_SEE, "t");
}

static void put_kind(struct sqlb *q, int64_t now, int64_t tomorrow)
{
    sqlb_c(q, "CASE WHEN t.priority = 2 THEN 0 WHEN t.lead = 1 THEN 1 WHEN t.due_at IS NULL THEN 5 WHEN t.due_at < ");
    sqlb_param(q, val_int(now));
    sqlb_c(q, " THEN 2 WHEN t.due_at < ");
    sqlb_param(q, val_int(tomorrow));
    sqlb_c(q, " THEN 3 ELSE 4 END");
}

static enum rc count(struct db *db, struct arena *a, const struct queue_query *query, int64_t now, int64_t tomorrow,
                     int64_t out[QUEUE_N], struct err *e)
{
    struct sqlb q = sqlb_new(a);
    struct stmt *s;
    sqlb_c(&q, "SELECT kind, count(*) FROM (SELECT ");
    put_kind(&q, now, tomorrow);
    sqlb_c(&q, " AS kind");
    put_tasks(&q, query, now);
    sqlb_c(&q, ") k GROUP BY kind");
    enum rc rc = sqlb_prepare(&q, db, &s, e);
    if (rc == RC_OK) {
        while ((rc = stmt_step(s, e)) == RC_ROW)
            out[stmt_col_i64(s, 0)] = stmt_col_i64(s, 1);
        stmt_done(s);
    }
    sqlb_free(&q);
    return rc == RC_DONE ? RC_OK : rc;
}

/* Of which deals the value may be shown, and so weighs. */
static bool sees_value(const struct queue_query *query)
{
    return rights_sees_field(query->rights, entity_by_id(ENT_DEAL), DEAL_VALUE_MINOR);
}

/* One page in order: the sorting goes over narrow rows, the whole ones are fetched for the page alone. */
static void put_page(struct sqlb *q, struct arena *a, const struct queue_query *query, const struct place *from,
                     int64_t tomorrow)
{
    struct str cols = record_columns(a, entity_by_id(ENT_TASK), "t");
    sqlb_c(q, "WITH queue AS (SELECT t.id AS id, ");
    put_kind(q, from->now, tomorrow);
    sqlb_c(q, " AS kind, COALESCE(t.due_at, ");
    sqlb_param(q, val_int(TIME_MOST));
    sqlb_c(q, ") AS due, ");
    if (sees_value(query))
        sqlb_c(q, "CAST(COALESCE(d.value_minor, 0) AS DOUBLE PRECISION)");
    else
        sqlb_c(q, "CAST(0 AS DOUBLE PRECISION)");
    sqlb_c(q, " AS value");
    put_tasks(q, query, from->now);
    sqlb_c(q, "), page AS (SELECT id, kind, due, CASE WHEN kind = 2 THEN -value * ((");
    sqlb_param(q, val_int(from->now));
    sqlb_c(q, " - due) / 86400000 + 1) ELSE 0 END AS weight FROM queue ORDER BY kind, weight, due, id LIMIT ");
    sqlb_param(q, val_int(query->limit + 1));
    sqlb_c(q, " OFFSET ");
    sqlb_param(q, val_int(from->offset));
    sqlb_fmt(q,
             ") SELECT %.*s, p.kind, d.id, d.title, d.value_minor, d.currency, d.stage_id, d.contact_id,"
             " d.company_id FROM page p JOIN task t ON t.id = p.id LEFT JOIN deal d ON d.id = t.deal_id AND ",
             STR_ARG(cols));
    rights_sql(q, query->rights, entity_by_id(ENT_DEAL), RIGHT_SEE, "d");
    sqlb_c(q, " ORDER BY p.kind, p.weight, p.due, p.id");
}

/* ---- showing ---- */

struct row {
    struct record *task;
    enum queue_kind kind;
    struct str deal; /* JSON */
};

static struct str deal_text(struct arena *a, struct stmt *s, int col, const struct rights *r)
{
    static const struct {
        const char *name;
        int field;
    } shown[] = {{"id", -1},
                 {"title", DEAL_TITLE},
                 {"value_minor", DEAL_VALUE_MINOR},
                 {"currency", DEAL_CURRENCY},
                 {"stage_id", DEAL_STAGE_ID},
                 {"contact_id", DEAL_CONTACT_ID},
                 {"company_id", DEAL_COMPANY_ID}};
    struct buf b = {0};
    struct jw w = jw_to(&b);
    if (stmt_col_null(s, col))
        return STR("null");
    jw_obj(&w);
    for (int i = 0; i < 7; i++) {
        if (shown[i].field >= 0 && !rights_sees_field(r, entity_by_id(ENT_DEAL), shown[i].field))
            continue;
        jw_key(&w, shown[i].name);
        if (stmt_col_null(s, col + i))
            jw_null(&w);
        else if (shown[i].field == DEAL_TITLE || shown[i].field == DEAL_CURRENCY)
            jw_str(&w, stmt_col_str(s, col + i));
        else
            jw_i64(&w, stmt_col_i64(s, col + i));
    }
    jw_end_obj(&w);
    struct str text = str_dup(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static enum rc read_page(struct db *db, struct arena *a, const struct queue_query *query, const struct place *from,
                         int64_t tomorrow, struct row *rows, int64_t *n, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_TASK);
    struct sqlb q = sqlb_new(a);
    struct stmt *s;
    int col = 5;
    for (size_t i = 0; i < ent->n_fields; i++)
        col += ent->fields[i].type != FT_SET;
    *n = 0;
    put_page(&q, a, query, from, tomorrow);
    enum rc rc = sqlb_prepare(&q, db, &s, e);
    if (rc == RC_OK) {
        while ((rc = stmt_step(s, e)) == RC_ROW) {
            struct row *row = &rows[(*n)++];
            row->task = record_new(a, ent);
            record_read_row(a, ent, s, row->task);
            row->kind = (enum queue_kind)stmt_col_i64(s, col);
            row->deal = deal_text(a, s, col + 1, query->rights);
        }
        stmt_done(s);
    }
    sqlb_free(&q);
    return rc == RC_DONE ? RC_OK : rc;
}

static void put_row(struct jw *w, const struct row *row, const bool *mask, int64_t now)
{
    struct val due = row->task->f[TASK_DUE_AT];
    jw_obj(w);
    jw_key(w, "task");
    record_put_seen(w, row->task, mask);
    jw_key(w, "deal");
    jw_raw(w, row->deal);
    jw_kc(w, "kind", queue_kind_names[row->kind]);
    jw_key(w, "left_ms");
    if (val_has(due))
        jw_i64(w, due.i - now);
    else
        jw_null(w);
    jw_end_obj(w);
}

static enum rc load_sets(struct db *db, struct arena *a, const struct row *rows, int64_t n, const bool *mask,
                         struct err *e)
{
    struct record **tasks = ARENA_ARRAY(a, struct record *, n + 1);
    for (int64_t i = 0; i < n; i++)
        tasks[i] = rows[i].task;
    return record_load_sets(db, a, entity_by_id(ENT_TASK), tasks, (size_t)n, mask, e);
}

enum rc queue_list(struct db *db, struct arena *a, const struct queue_query *query, struct buf *out, struct err *e)
{
    int64_t tomorrow, n, counts[QUEUE_N] = {0};
    struct place from;
    struct row *rows = ARENA_ARRAY(a, struct row, query->limit + 1);
    const bool *mask = rights_mask(query->rights, a, entity_by_id(ENT_TASK), NULL);
    TRY(read_cursor(query, &from, e));
    TRY(day_end(db, a, query->owner_id, from.now, &tomorrow, e));
    TRY(read_page(db, a, query, &from, tomorrow, rows, &n, e));
    TRY(count(db, a, query, from.now, tomorrow, counts, e));
    int64_t shown = n > query->limit ? query->limit : n;
    TRY(load_sets(db, a, rows, shown, mask, e));
    struct jw w = jw_to(out);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    for (int64_t i = 0; i < shown; i++)
        put_row(&w, &rows[i], mask, query->now);
    jw_end_arr(&w);
    jw_key(&w, "counts");
    jw_obj(&w);
    for (int i = 0; i < QUEUE_N; i++)
        jw_ki64(&w, queue_kind_names[i], counts[i]);
    jw_end_obj(&w);
    jw_key(&w, "next_cursor");
    if (n > shown)
        jw_str(&w, str_fmt(a, "%lld.%lld", (long long)from.now, (long long)from.offset + shown));
    else
        jw_null(&w);
    jw_end_obj(&w);
    return RC_OK;
}
