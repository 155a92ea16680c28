/* Collecting the deals of a review: one query over the open deals of the team, then the reasons of each in memory. */
#include "crm/review.h"
#include "crm/engine.h"
#include "crm/workday.h"
#include <stdlib.h>

enum rc team_people(struct db *db, struct arena *a, int64_t team, const char **out, struct err *e)
{
    struct buf b = {0};
    struct stmt *s;
    enum rc rc;
    *out = NULL;
    if (!team)
        return RC_OK;
    TRY(db_prepare(db, &s,
                   "WITH RECURSIVE below(id) AS (SELECT CAST($1 AS BIGINT) UNION SELECT t.id FROM team t JOIN below b"
                   " ON t.parent_id = b.id WHERE t.deleted_at IS NULL)"
                   " SELECT u.id FROM users u JOIN below b ON u.team_id = b.id"
                   " UNION SELECT t.head_id FROM team t JOIN below b ON b.id = t.id WHERE t.head_id IS NOT NULL",
                   e));
    stmt_i64(s, 1, team);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        buf_fmt(&b, "%lld,", (long long)stmt_col_i64(s, 0));
    stmt_done(s);
    buf_c(&b, "0");
    *out = str_cdup(a, buf_view(&b));
    buf_free(&b);
    return rc == RC_DONE ? RC_OK : rc;
}

struct look {
    int64_t id, norm, entered, contact, tasks, overdue_at, overdue, cost, value, overridden, back, waiting, wait_hours,
        owner, waited;
    bool unprofitable, deferred, has_value;
};
struct item {
    int64_t deal, reasons, value;
    struct str why;
};
struct items {
    struct item *ptr;
    size_t len, cap;
};

static struct look read_row(struct stmt *s)
{
    return (struct look){.id = stmt_col_i64(s, 0),
                         .norm = stmt_col_null(s, 1) ? -1 : stmt_col_i64(s, 1),
                         .entered = stmt_col_i64(s, 2),
                         .contact = stmt_col_i64(s, 3),
                         .tasks = stmt_col_i64(s, 4),
                         .overdue_at = stmt_col_i64(s, 5),
                         .overdue = stmt_col_i64(s, 6),
                         .unprofitable = stmt_col_i64(s, 7) != 0,
                         .cost = stmt_col_i64(s, 8),
                         .has_value = !stmt_col_null(s, 9),
                         .value = stmt_col_null(s, 9) ? 0 : stmt_col_i64(s, 9),
                         .overridden = stmt_col_i64(s, 10),
                         .back = stmt_col_i64(s, 11),
                         .waiting = stmt_col_null(s, 12) ? 0 : stmt_col_i64(s, 12),
                         .wait_hours = stmt_col_null(s, 13) ? 0 : stmt_col_i64(s, 13),
                         .deferred = stmt_col_i64(s, 14) != 0,
                         .owner = stmt_col_null(s, 15) ? 0 : stmt_col_i64(s, 15)};
}

/* One reason with up to two numbers; names in order of the alphabet, as the text of a tree is kept. */
static void reason(struct jw *w, int64_t *n, const char *code, const char *a, int64_t x, const char *b, int64_t y)
{
    ++*n;
    jw_obj(w);
    jw_kc(w, "code", code);
    if (a)
        jw_ki64(w, a, x);
    if (b)
        jw_ki64(w, b, y);
    jw_end_obj(w);
}

static int64_t days(int64_t from, int64_t to)
{
    return (to - from) / MS_DAY;
}

/* What is late by hours is late by a day, and what stands longer than its norm stands a day longer. */
static int64_t days_over(int64_t from, int64_t to, int64_t allowed)
{
    return days(from, to) > allowed ? days(from, to) : allowed + 1;
}

static int64_t put_reasons(struct jw *w, const struct look *d, int64_t now)
{
    int64_t n = 0;
    jw_arr(w);
    if (!d->deferred && d->norm >= 0 && now - d->entered > REVIEW_STUCK(d->norm * MS_DAY))
        reason(w, &n, "stuck", "days", days(d->entered, now), "norm", d->norm);
    else if (!d->deferred && d->norm >= 0 && now - d->entered > d->norm * MS_DAY)
        reason(w, &n, "over_norm", "days", days_over(d->entered, now, d->norm), "norm", d->norm);
    if (!d->deferred && now - d->contact > REVIEW_SILENT_DAYS * MS_DAY)
        reason(w, &n, "silent", "days", days(d->contact, now), NULL, 0);
    if (!d->deferred && !d->tasks)
        reason(w, &n, "no_task", NULL, 0, NULL, 0);
    if (d->overdue)
        reason(w, &n, "overdue", "days", days_over(d->overdue_at, now, 0), "tasks", d->overdue);
    if (d->unprofitable && d->has_value)
        reason(w, &n, "unprofitable", "cost_minor", d->cost, "value_minor", d->value);
    else if (d->unprofitable)
        reason(w, &n, "unprofitable", "cost_minor", d->cost, NULL, 0);
    if (d->overridden)
        reason(w, &n, "overridden", "count", d->overridden, NULL, 0);
    if (d->back)
        reason(w, &n, "stepped_back", "count", d->back, NULL, 0);
    if (d->waiting && d->waited >= d->wait_hours * MS_HOUR)
        reason(w, &n, "waiting", "hours", d->waited / MS_HOUR, NULL, 0);
    jw_end_arr(w);
    return n;
}

static const char *deals_sql(struct arena *a, const char *people)
{
    return str_fmt(a,
                   "SELECT d.id, s.norm_days, d.stage_entered_at, COALESCE(d.last_contact_at, d.created_at),"
                   " d.open_tasks, (SELECT min(t.due_at) FROM task t WHERE t.deal_id = d.id AND t.done = 0 AND"
                   " t.deleted_at IS NULL AND t.due_at < $1), (SELECT count(*) FROM task t WHERE t.deal_id = d.id AND"
                   " t.done = 0 AND t.deleted_at IS NULL AND t.due_at < $1), d.unprofitable, d.cost_minor,"
                   " d.value_minor, CASE WHEN d.overrides = 0 THEN 0 ELSE (SELECT count(*) FROM journal j WHERE"
                   " j.object_kind = 3 AND j.object_id = d.id AND j.verb = 14 AND j.at >= $2) END, CASE WHEN"
                   " d.returns = 0 THEN 0 ELSE (SELECT count(*) FROM deal_return r JOIN journal j ON j.seq = r.seq"
                   " WHERE r.deal_id = d.id AND j.at >= $2) END, d.waiting_since, s.wait_hours, CASE WHEN"
                   " d.deferred_until > $1 OR d.wait_id IS NOT NULL THEN 1 ELSE 0 END, d.owner_id FROM deal d JOIN "
                   "stage s ON"
                   " s.id = d.stage_id WHERE d.status = 0 AND d.deleted_at IS NULL AND d.created_at <= $1%s%s%s ORDER "
                   "BY d.id",
                   people ? " AND d.owner_id IN (" : "", people ? people : "", people ? ")" : "")
        .ptr;
}

/* Working hours of whose deal it is, as the stage counts them. Deals come in no order of owners; few clients wait. */
static enum rc count_waiting(struct change *ch, struct look *d, struct err *e)
{
    struct calendar work;
    if (!d->waiting || ch->at - d->waiting < d->wait_hours * MS_HOUR)
        return RC_OK;
    TRY(calendar_of_user(ch->tx->db, ch->tx->arena, d->owner, &work, e));
    d->waited = calendar_between(&work, d->waiting, ch->at);
    return RC_OK;
}

static enum rc put_item(struct change *ch, struct look *d, struct items *out, struct err *e)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    TRY(count_waiting(ch, d, e));
    struct item one = {.deal = d->id, .reasons = put_reasons(&w, d, ch->at), .value = d->value};
    if (one.reasons) {
        one.why = str_dup(ch->tx->arena, buf_view(&b));
        vec_push(out, one);
    }
    buf_free(&b);
    return RC_OK;
}

static enum rc find(struct change *ch, const char *people, int64_t since, struct items *out, struct err *e)
{
    VEC(struct look) all = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(ch->tx->db, &s, deals_sql(ch->tx->arena, people), e));
    stmt_i64(s, 1, ch->at);
    stmt_i64(s, 2, since);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&all, read_row(s));
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < all.len && rc == RC_OK; i++)
        rc = put_item(ch, &all.ptr[i], out, e);
    vec_free(&all);
    return rc;
}

static int by_weight(const void *x, const void *y)
{
    const struct item *a = x, *b = y;
    if (a->reasons != b->reasons)
        return a->reasons > b->reasons ? -1 : 1;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->deal < b->deal ? -1 : a->deal > b->deal;
}

/* When the last look was: the review before this one, else a week ago. */
static enum rc last_look(struct change *ch, const struct record *review, int64_t *out, struct err *e)
{
    return QUERY_I64(ch->tx->db, out, ch->at - 7 * MS_DAY, e,
                     "SELECT created_at FROM review WHERE COALESCE(team_id, 0) = $1 AND week_on < $2"
                     " AND deleted_at IS NULL ORDER BY week_on DESC LIMIT 1",
                     val_i(review->f[REVIEW_TEAM_ID], 0), review->f[REVIEW_WEEK_ON].i);
}

enum rc review_collect(struct change *ch, const struct record *review, struct err *e)
{
    struct items all = {0};
    const char *people;
    int64_t since;
    TRY(team_people(ch->tx->db, ch->tx->arena, val_i(review->f[REVIEW_TEAM_ID], 0), &people, e));
    TRY(last_look(ch, review, &since, e));
    enum rc rc = find(ch, people, since, &all, e);
    if (all.len)
        qsort(all.ptr, all.len, sizeof *all.ptr, by_weight);
    for (size_t i = 0; i < all.len && i < REVIEW_ITEMS_MOST && rc == RC_OK; i++) {
        struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_REVIEW_ITEM));
        in->f[REVIEW_ITEM_REVIEW_ID] = val_int(review->id);
        in->f[REVIEW_ITEM_DEAL_ID] = val_int(all.ptr[i].deal);
        in->f[REVIEW_ITEM_WHY] = val_str(all.ptr[i].why);
        rc = change_create(ch, in, NULL, e);
    }
    vec_free(&all);
    return rc;
}
