#include "api/review_week.h"
#include "api/letters.h"
#include "base/time.h"
#include "base/zone.h"
#include "channels/mail_sender.h"
#include "crm/crm.h"
#include "crm/fields.h"
#include "crm/query.h"
#include "crm/task_flow.h"
#include "insight/days.h"

#define HOUR_OF_DAY 7

struct weekly {
    struct job job;
    int64_t monday, begins; /* the day, and its midnight as an instant */
};

/* A review that was deleted is not made again. */
static const char teams_sql[] =
    "SELECT t.id, t.head_id FROM team t JOIN users u ON u.id = t.head_id AND u.active = 1 AND u.deleted_at IS NULL"
    " WHERE t.deleted_at IS NULL AND t.created_at < $1 AND NOT EXISTS (SELECT 1 FROM review r WHERE r.team_id = t.id "
    "AND"
    " r.week_on = $2) ORDER BY t.id LIMIT 1";

/* 0: every team has one. */
static enum rc next_team(struct db *db, const struct weekly *w, int64_t *team, int64_t *head, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, teams_sql, e));
    stmt_i64(s, 1, w->begins);
    stmt_i64(s, 2, w->monday);
    enum rc rc = stmt_step(s, e);
    *team = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    *head = rc == RC_ROW ? stmt_col_i64(s, 1) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* One team a job, so that whoever writes meanwhile waits for one review at most. */
static enum rc apply(struct wtx *tx, struct job *job, struct err *e)
{
    const struct weekly *w = (const struct weekly *)job;
    struct change ch = change_begin(tx, (struct actor){.role = ROLE_ADMIN, .via = VIA_PROCESS});
    int64_t team, head, id;
    TRY(next_team(tx->db, w, &team, &head, e));
    if (!team)
        return RC_OK;
    struct record *r = record_new(tx->arena, entity_by_id(ENT_REVIEW));
    r->f[REVIEW_TEAM_ID] = val_int(team);
    r->f[REVIEW_WEEK_ON] = val_int(w->monday);
    r->f[REVIEW_HEAD_ID] = val_int(head);
    TRY(change_create(&ch, r, &id, e));
    int64_t items;
    TRY(QUERY_I64(tx->db, &items, 0, e, "SELECT count(*) FROM review_item WHERE review_id = $1 AND deleted_at IS NULL",
                  id));
    TRY(tell_of(&ch, head, "review.made", ENT_REVIEW, id, json_pack("{s:I}", "n", (json_int_t)items), e));
    return change_end(&ch, e);
}

static enum rc wanted(struct db *db, struct arena *a, bool *out, struct err *e)
{
    struct str on, demo;
    TRY(setting_get(db, a, "weekly_review", "true", &on, e));
    TRY(setting_get(db, a, "demo", "0", &demo, e)); /* whose weeks are simulated */
    *out = !str_eqc(on, "false") && !str_eqc(demo, "1");
    return RC_OK;
}

/* ---- by mail ---- */

struct mailing {
    struct job job;
    struct mail mail;
    struct str key;
};

static enum rc apply_mail(struct wtx *tx, struct job *job, struct err *e)
{
    const struct mailing *m = (const struct mailing *)job;
    struct change ch = change_begin(tx, (struct actor){.role = ROLE_ADMIN, .via = VIA_PROCESS});
    TRY(mail_add(&ch, &m->mail, m->key, e));
    return change_end(&ch, e);
}

/* A review of this week whose letter is not in the outbox yet: of the last day only, so that setting a mail server does
 * not send old ones. 0: none. */
static enum rc next_letter(struct db *db, const struct weekly *w, int64_t now, int64_t after, int64_t *review,
                           int64_t *head, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s,
                   "SELECT r.id, r.head_id FROM review r WHERE r.week_on = $1 AND r.created_at >= $2 AND r.id > $3 AND"
                   " r.deleted_at IS NULL AND r.head_id IS NOT NULL AND r.team_id IS NOT NULL AND NOT EXISTS (SELECT 1"
                   " FROM outbox o WHERE o.topic = 'mail' AND o.created_at >= $2 AND o.idempotency_key = 'review-' ||"
                   " CAST(r.id AS VARCHAR(20))) ORDER BY r.id LIMIT 1",
                   e));
    stmt_i64(s, 1, w->monday);
    stmt_i64(s, 2, now - MS_DAY);
    stmt_i64(s, 3, after);
    enum rc rc = stmt_step(s, e);
    *review = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    *head = rc == RC_ROW ? stmt_col_i64(s, 1) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc mail_review(struct app *app, struct db *db, struct arena *a, int64_t review, int64_t head, struct err *e)
{
    struct mailing m = {.job.apply = apply_mail};
    struct reader_of_mail to;
    struct http_request request;
    bool found;
    TRY(letters_reader(db, a, head, &to, &found, e));
    if (!found || !mail_chosen(to.chosen, MAIL_REVIEW))
        return RC_OK;
    struct call c = letters_call(app, db, a, &to, &request);
    enum rc rc = review_letter(&c, review, &to, &m.mail, e);
    if (rc == RC_NOT_FOUND) /* deleted meanwhile, or out of the head's sight */
        return RC_OK;
    TRY(rc);
    m.key = str_fmt(a, "review-%lld", (long long)review);
    TRY(writer_run(app->writer, &m.job, e));
    mail_sender_wake(app->mail);
    return RC_OK;
}

static enum rc mail_reviews(struct app *app, struct db *db, const struct weekly *w, int64_t now, struct arena *a,
                            struct err *e)
{
    struct mail_settings server;
    int64_t review = 0, head;
    TRY(mail_settings_load(db, a, &server, e));
    if (server.host.len == 0)
        return RC_OK;
    for (;;) {
        TRY(next_letter(db, w, now, review, &review, &head, e));
        if (review == 0)
            return RC_OK;
        TRY(mail_review(app, db, a, review, head, e));
    }
}

enum rc reviews_turn(struct app *app, struct db *db, int64_t now, bool *worked, struct err *e)
{
    struct arena arena = ARENA_EMPTY;
    struct weekly w = {.job.apply = apply};
    int64_t day = zone_day(app->zone, now - HOUR_OF_DAY * MS_HOUR), team, head;
    bool on = false;
    *worked = false;
    w.monday = day - ((day + 3) % 7 + 7) % 7;
    w.begins = zone_midnight(app->zone, w.monday);
    enum rc rc = next_team(db, &w, &team, &head, e);
    if (rc == RC_OK && team)
        rc = wanted(db, &arena, &on, e);
    for (int i = 0; on && team && i < 100 && rc == RC_OK; i++) {
        rc = writer_run(app->writer, &w.job, e);
        *worked = rc == RC_OK;
        if (rc == RC_OK)
            rc = next_team(db, &w, &team, &head, e);
    }
    if (rc == RC_OK)
        rc = mail_reviews(app, db, &w, now, &arena, e);
    arena_free(&arena);
    return rc;
}
