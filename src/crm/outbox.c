/* Subscribers hear of every committed event that they asked for. */
#include "crm/outbox.h"
#include "crm/engine.h"
#include "crm/query.h"

struct subscription {
    struct subscription *next;
    int64_t webhook_id;
    struct str kinds;
};
static const struct subscription nobody;

static enum rc read_subscriptions(struct change *ch, struct err *e)
{
    struct subscription *first = NULL;
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT id, kinds FROM webhook WHERE active = 1 AND deleted_at IS NULL ORDER BY id DESC", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct subscription *one = ARENA_NEW(ch->tx->arena, struct subscription);
        *one = (struct subscription){first, stmt_col_i64(s, 0), str_dup(ch->tx->arena, stmt_col_str(s, 1))};
        first = one;
    }
    stmt_done(s);
    ch->subscriptions = first ? first : &nobody;
    return rc == RC_DONE ? RC_OK : rc;
}

/* "deal.moved", "deal.*" or "*" */
static bool kind_matches(struct str pattern, struct str object, struct str verb)
{
    struct str rest, head = str_cut(pattern, '.', &rest);
    if (str_eqc(pattern, "*"))
        return true;
    return str_eq(head, object) && (str_eqc(rest, "*") || str_eq(rest, verb));
}

static bool wants(struct str kinds, const struct event *ev)
{
    struct str object = str_c(entity_kind_name(ev->object_kind)), verb = str_c(verb_names[ev->verb]);
    size_t i = 0;
    while (i < kinds.len) {
        size_t from = i;
        while (i < kinds.len && !strchr(" ,;", kinds.ptr[i]))
            i++;
        if (i > from && kind_matches((struct str){kinds.ptr + from, i - from}, object, verb))
            return true;
        i++;
    }
    return false;
}

enum rc outbox_event(struct change *ch, const struct event *ev, struct err *e)
{
    if (!ch->subscriptions || ev->object_kind == ENT_WEBHOOK)
        TRY(read_subscriptions(ch, e));
    struct buf payload = {0};
    enum rc rc = RC_OK;
    for (const struct subscription *one = ch->subscriptions; one && one != &nobody && rc == RC_OK; one = one->next) {
        if (!wants(one->kinds, ev))
            continue;
        if (!payload.len) {
            struct jw w = jw_to(&payload);
            event_put(&w, ev);
        }
        char target[24], key[48];
        snprintf(target, sizeof target, "%lld", (long long)one->webhook_id);
        snprintf(key, sizeof key, "event-%lld-%lld", (long long)ev->seq, (long long)one->webhook_id);
        rc = outbox_add(ch, "webhook", str_c(target), buf_view(&payload), str_c(key), e);
    }
    buf_free(&payload);
    return rc;
}

enum rc outbox_add(struct change *ch, const char *topic, struct str target, struct str payload, struct str key,
                   struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   "INSERT INTO outbox (created_at, change_id, topic, target, payload, next_at, idempotency_key)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                   e));
    stmt_i64(s, 1, ch->tx->now);
    stmt_i64(s, 2, ch->change_id);
    stmt_str(s, 3, str_c(topic));
    stmt_str(s, 4, target);
    stmt_str(s, 5, payload);
    stmt_i64(s, 6, ch->tx->now);
    stmt_str(s, 7, key);
    return stmt_run(s, e);
}

enum rc outbox_again(struct change *ch, const char *topic, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        ch->tx->db, &s,
        "UPDATE outbox SET next_at = $1, attempts = 0, last_error = NULL WHERE topic = $2 AND sent_at IS NULL"
        " AND next_at < $3",
        e));
    stmt_i64(s, 1, ch->tx->now);
    stmt_str(s, 2, str_c(topic));
    stmt_i64(s, 3, TIME_MOST);
    return stmt_run(s, e);
}

/* ---- delivery ---- */

/* The words of the index outbox_line. */
#define WAITING "sent_at IS NULL AND next_at < 253402300799999"
_Static_assert(TIME_MOST == INT64_C(253402300799999), "rows given up wait until then");

/* The oldest waiting row of each target as `o`; $1 is the topic. One step into the index a target, however many rows
 * wait. */
#define HEADS                                                                                                          \
    "WITH RECURSIVE line(target) AS ("                                                                                 \
    "SELECT (SELECT target FROM outbox WHERE " WAITING " AND topic = $1 ORDER BY target LIMIT 1)"                      \
    " UNION ALL SELECT (SELECT n.target FROM outbox n WHERE " WAITING " AND n.topic = $1 AND n.target > line.target"   \
    " ORDER BY n.target LIMIT 1) FROM line WHERE line.target IS NOT NULL)"
#define FROM_HEADS                                                                                                     \
    " FROM line JOIN outbox o ON o.id = (SELECT h.id FROM outbox h WHERE " WAITING                                     \
    " AND h.topic = $1 AND h.target = line.target ORDER BY h.id LIMIT 1) WHERE line.target IS NOT NULL"

enum rc outbox_due(struct db *db, struct arena *a, const char *topic, int64_t now, int64_t limit,
                   struct outbox_rows *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    *out = (struct outbox_rows){ARENA_ARRAY(a, struct outbox_row, limit + 1), 0};
    TRY(db_prepare(db, &s,
                   HEADS "SELECT o.id, o.created_at, o.change_id, o.attempts, o.topic, o.target, o.payload,"
                         " o.idempotency_key" FROM_HEADS " AND o.next_at <= $2 ORDER BY o.id LIMIT $3",
                   e));
    stmt_str(s, 1, str_c(topic));
    stmt_i64(s, 2, now);
    stmt_i64(s, 3, limit);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        out->ptr[out->n++] = (struct outbox_row){
            .id = stmt_col_i64(s, 0),
            .created_at = stmt_col_i64(s, 1),
            .change_id = stmt_col_i64(s, 2),
            .attempts = stmt_col_i64(s, 3),
            .topic = str_dup(a, stmt_col_str(s, 4)),
            .target = str_dup(a, stmt_col_str(s, 5)),
            .payload = str_dup(a, stmt_col_str(s, 6)),
            .idempotency_key = str_dup(a, stmt_col_str(s, 7)),
        };
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc outbox_next_at(struct db *db, const char *topic, int64_t now, int64_t *at, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, HEADS "SELECT min(o.next_at)" FROM_HEADS " AND o.next_at > $2", e));
    stmt_str(s, 1, str_c(topic));
    stmt_i64(s, 2, now);
    enum rc rc = stmt_step(s, e);
    *at = rc == RC_ROW && !stmt_col_null(s, 0) ? stmt_col_i64(s, 0) : -1;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static int64_t wait_after(int64_t attempts)
{
    int64_t ms = MS_SECOND;
    while (attempts-- > 1 && ms < 6 * MS_HOUR)
        ms *= 2;
    return ms < 6 * MS_HOUR ? ms : 6 * MS_HOUR;
}

/* What has been delivered or given up is kept a week, so that a person can look at it. Letters are few and full: they
 * are looked after at each. */
static enum rc forget_old(struct wtx *tx, int64_t id, bool letter, struct err *e)
{
    struct stmt *s;
    if (!letter && id % 256 != 0)
        return RC_OK;
    TRY(db_prepare(tx->db, &s, "DELETE FROM outbox WHERE created_at < $1 AND NOT (" WAITING ")", e));
    stmt_i64(s, 1, tx->now - 7 * MS_DAY);
    return stmt_run(s, e);
}

#define HELD_TRIES 16 /* of what is held no more are counted: six hours apart, and some are left for other reasons */

/* How often the letter with most tries has been tried: a new one goes on from there and does not begin with short
 * pauses. */
static enum rc most_tried(struct wtx *tx, int64_t *attempts, struct err *e)
{
    int64_t most;
    TRY(QUERY_I64(tx->db, &most, 0, e, "SELECT max(attempts) FROM outbox WHERE " WAITING " AND topic = 'mail'"));
    if (most > *attempts)
        *attempts = most;
    return RC_OK;
}

/* The rest of a topic would fail alike: it waits as long, unless it waits longer already. */
static enum rc hold_all(struct wtx *tx, const char *topic, int64_t next_at, struct str why, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        tx->db, &s,
        "UPDATE outbox SET next_at = $1, last_error = $2 WHERE topic = $3 AND sent_at IS NULL AND next_at < $1", e));
    stmt_i64(s, 1, next_at);
    stmt_str(s, 2, why);
    stmt_str(s, 3, str_c(topic));
    return stmt_run(s, e);
}

struct waiting {
    int64_t attempts, created_at, webhook_id; /* attempts -1: not waiting; webhook_id 0: another topic */
    bool letter;
};

static enum rc read_waiting(struct db *db, int64_t id, struct waiting *out, struct err *e)
{
    struct stmt *s;
    *out = (struct waiting){.attempts = -1};
    TRY(db_prepare(db, &s, "SELECT attempts, created_at, topic, target FROM outbox WHERE id = $1 AND " WAITING, e));
    stmt_i64(s, 1, id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        out->attempts = stmt_col_i64(s, 0);
        out->created_at = stmt_col_i64(s, 1);
        out->letter = str_eqc(stmt_col_str(s, 2), "mail");
        if (!str_eqc(stmt_col_str(s, 2), "webhook") || !str_i64(stmt_col_str(s, 3), &out->webhook_id))
            out->webhook_id = 0;
    }
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* What the administrator sees of it: derived fields, so neither version nor journal tell of them. */
static enum rc tell_webhook(struct wtx *tx, const struct outbox_result *r, int64_t webhook_id, bool over, struct err *e)
{
    struct stmt *s;
    if (r->sent) {
        TRY(db_prepare(tx->db, &s,
                       "UPDATE webhook SET last_sent_at = $1, last_error = NULL, last_error_detail = NULL,"
                       " last_error_at = NULL WHERE id = $2",
                       e));
        stmt_i64(s, 1, tx->now);
        stmt_i64(s, 2, webhook_id);
        return stmt_run(s, e);
    }
    TRY(db_prepare(tx->db, &s,
                   "UPDATE webhook SET last_error = $1, last_error_detail = $2, last_error_at = $3,"
                   " given_up = given_up + $4 WHERE id = $5",
                   e));
    stmt_str(s, 1, str_c(r->code));
    stmt_str(s, 2, str_c(r->error));
    stmt_i64(s, 3, tx->now);
    stmt_i64(s, 4, over);
    stmt_i64(s, 5, webhook_id);
    return stmt_run(s, e);
}

static enum rc apply_result(struct wtx *tx, struct job *job, struct err *e)
{
    struct outbox_result *r = (struct outbox_result *)job;
    struct stmt *s;
    struct waiting row;
    char text[sizeof r->code + sizeof r->error + 2];
    TRY(read_waiting(tx->db, r->id, &row, e));
    if (row.attempts < 0)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    int64_t attempts = row.attempts + 1;
    if (r->hold && attempts > HELD_TRIES)
        attempts = HELD_TRIES;
    bool old = !row.letter && tx->now - row.created_at >= OUTBOX_AGE_MOST;
    r->over = !r->sent && !r->hold && (r->give_up || attempts >= OUTBOX_ATTEMPTS || old);
    int64_t tried = attempts;
    if (r->hold)
        TRY(most_tried(tx, &tried, e));
    snprintf(text, sizeof text, "%s: %s", r->code, r->error);
    TRY(db_prepare(tx->db, &s,
                   "UPDATE outbox SET attempts = $1, sent_at = $2, next_at = $3, last_error = $4 WHERE id = $5", e));
    stmt_i64(s, 1, attempts);
    if (r->sent)
        stmt_i64(s, 2, tx->now);
    else
        stmt_null(s, 2);
    stmt_i64(s, 3, r->sent ? tx->now : r->over ? TIME_MOST : tx->now + wait_after(tried));
    stmt_str(s, 4, r->sent ? STR_NULL : str_c(text));
    stmt_i64(s, 5, r->id);
    TRY(stmt_run(s, e));
    if (r->hold)
        TRY(hold_all(tx, "mail", tx->now + wait_after(tried), str_c(text), e));
    if (row.webhook_id)
        TRY(tell_webhook(tx, r, row.webhook_id, r->over, e));
    return forget_old(tx, r->id, row.letter, e);
}

static void result_done(struct job *job, enum rc rc, const struct err *e)
{
    struct outbox_result *r = (struct outbox_result *)job;
    if (r->done)
        r->done(r, rc, e);
}

void outbox_result_init(struct outbox_result *r)
{
    _Static_assert(offsetof(struct outbox_result, job) == 0, "the job is the first member");
    r->job = (struct job){.apply = apply_result, .done = result_done};
}

enum rc webhook_count(struct db *db, int64_t *n, struct err *e)
{
    return query_i64(db,
                     "SELECT (SELECT count(*) FROM webhook WHERE active = 1 AND deleted_at IS NULL)"
                     " + (SELECT count(*) FROM trigger_rule WHERE enabled = 1 AND deleted_at IS NULL AND actions LIKE"
                     " '%\"webhook\"%') + (SELECT count(*) FROM goal WHERE archived = 0 AND deleted_at IS NULL AND"
                     " actions LIKE '%\"webhook\"%')",
                     NULL, 0, 0, n, e);
}

enum rc webhook_find(struct db *db, struct arena *a, struct str target, struct webhook_target *out, struct err *e)
{
    int64_t id;
    struct record *r;
    if (str_starts(target, STR("http"))) { /* an action of a trigger names the address itself */
        *out = (struct webhook_target){target, STR_NULL};
        return RC_OK;
    }
    if (!str_i64(target, &id))
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    TRY(record_load_row(db, a, entity_by_id(ENT_WEBHOOK), id, false, &r, e));
    if (!r->f[WEBHOOK_ACTIVE].i)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    *out =
        (struct webhook_target){r->f[WEBHOOK_URL].s, val_has(r->f[WEBHOOK_SECRET]) ? r->f[WEBHOOK_SECRET].s : STR_NULL};
    return RC_OK;
}
