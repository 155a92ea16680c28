/* What a trigger means for the cards that are there already, what it has done, and how much is done by itself. */
#include "api/inside.h"
#include "base/i18n.h"
#include "base/time.h"
#include "crm/operation.h"
#include "rules/run.h"
#include "rules/waiting.h"

#define SHOWN 100 /* cards that are named */

/* ---- cards that already wait ---- */

static enum rc load_trigger(struct call *c, const struct trigger **out, struct err *e)
{
    struct rule_set *set;
    TRY(rules_load(c->db, c->r->arena, &set, e));
    *out = rules_trigger(set, c->id);
    return *out ? RC_OK : err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
}

static enum rc put_waiting(struct call *c, const struct trigger *t, struct sqlb *q, bool count, struct jw *w,
                           struct err *e)
{
    const struct filter_env env = call_filter_env(c);
    struct stmt *s;
    enum rc rc;
    sqlb_c(q, count ? "SELECT COUNT(*) " : "SELECT d.id, d.title, d.stage_id, d.stage_entered_at ");
    TRY(waiting_sql(q, c->r->arena, t, &env, e));
    sqlb_c(q, " AND ");
    rights_sql(q, c->rights, entity_by_id(ENT_DEAL), RIGHT_SEE, "d");
    if (!count)
        sqlb_fmt(q, " ORDER BY d.stage_entered_at, d.id LIMIT %d", SHOWN);
    TRY(sqlb_prepare(q, c->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (count) {
            jw_ki64(w, "count", stmt_col_i64(s, 0));
            continue;
        }
        jw_obj(w);
        jw_ki64(w, "deal_id", stmt_col_i64(s, 0));
        jw_kstr(w, "title", stmt_col_str(s, 1));
        jw_ki64(w, "stage_id", stmt_col_i64(s, 2));
        jw_ki64(w, "since", stmt_col_i64(s, 3));
        jw_end_obj(w);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc waiting_show(struct call *c, struct err *e)
{
    const struct trigger *t;
    TRY(load_trigger(c, &t, e));
    struct jw w = call_json(c);
    struct sqlb count = sqlb_new(c->r->arena), list = sqlb_new(c->r->arena);
    jw_obj(&w);
    enum rc rc = put_waiting(c, t, &count, true, &w, e);
    jw_key(&w, "items");
    jw_arr(&w);
    if (rc == RC_OK)
        rc = put_waiting(c, t, &list, false, &w, e);
    jw_end_arr(&w);
    jw_end_obj(&w);
    sqlb_free(&count);
    sqlb_free(&list);
    return rc;
}

/* ---- operations ---- */

static enum rc title_of(struct change *ch, int64_t trigger_id, const char *lang, const char *key, struct str *out,
                        struct err *e)
{
    struct record *r;
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_TRIGGER), trigger_id, false, &r, e));
    *out = i18n_fill(ch->tx->arena, lang, key, (struct str[]){r->f[TRIGGER_NAME].s}, 1);
    return RC_OK;
}

struct begin { /* j->args */
    enum operation_kind kind;
    const char *lang, *title;
    struct str plan;
};

static enum rc begin_apply(struct change *ch, struct command_job *j, struct err *e)
{
    const struct begin *b = j->args;
    struct operation_new in = {.kind = b->kind, .object = STR("deal"), .plan = b->plan};
    TRY(title_of(ch, j->id, b->lang, b->title, &in.title, e));
    return operation_create(ch, &in, &j->out_id, e);
}
static const struct command command_begin = {"operation.create", begin_apply};

static void begin_with(struct call *c, enum operation_kind kind, const char *title, struct str plan)
{
    struct begin *b = ARENA_NEW(c->r->arena, struct begin);
    *b = (struct begin){kind, call_locale(c), title, plan};
    c->job.args = b;
    c->job.command = &command_begin;
}

static enum rc body_i64(const json_t *body, const char *key, int64_t least, int64_t most, int64_t *out, struct err *e)
{
    const json_t *v = json_object_get(body, key);
    if (!v || json_is_null(v))
        return RC_OK;
    if (!json_is_integer(v))
        return err_set(e, RC_INVALID, "wrong_type", key, "integer");
    *out = json_integer_value(v);
    return *out >= least && *out <= most ? RC_OK : err_set(e, RC_UNPROCESSABLE, "out_of_range", key, NULL);
}

static enum rc start_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"per_hour", NULL};
    int64_t per_hour = 0;
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    if (rc == RC_OK)
        rc = body_i64(body, "per_hour", 1, 1000000, &per_hour, e);
    json_decref(body);
    TRY(rc);
    begin_with(c, OPERATION_TRIGGER, "operation.trigger.title",
               str_fmt(c->r->arena, "{\"trigger_id\":%lld,\"per_hour\":%lld}", (long long)c->id, (long long)per_hour));
    return RC_OK;
}

static enum rc undo_prepare_period(struct call *c, struct err *e)
{
    static const char *const keys[] = {"from", "to", NULL};
    int64_t from = 0, to = TIME_MOST;
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    if (rc == RC_OK)
        rc = body_i64(body, "from", -TIME_MOST, TIME_MOST, &from, e);
    if (rc == RC_OK)
        rc = body_i64(body, "to", -TIME_MOST, TIME_MOST, &to, e);
    json_decref(body);
    TRY(rc);
    begin_with(c, OPERATION_TAKE_BACK, "operation.take_back.title",
               str_fmt(c->r->arena, "{\"trigger_id\":%lld,\"from\":%lld,\"to\":%lld}", (long long)c->id,
                       (long long)from, (long long)to));
    return RC_OK;
}

/* ---- how much is done by itself ---- */

static enum rc put_number(struct call *c, struct jw *w, const char *key, const char *sql, int64_t from, int64_t to,
                          struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(c->db, &s, sql, e));
    stmt_i64(s, 1, from);
    stmt_i64(s, 2, to);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        jw_ki64(w, key, stmt_col_i64(s, 0));
    stmt_done(s);
    return rc == RC_ROW ? RC_OK : rc;
}

struct tagging {
    int64_t automatic, all;
};

/* How many tags a tag_ids change of the journal has added. */
static int64_t tags_added(const json_t *change)
{
    const json_t *was = json_array_get(change, 0), *is = json_array_get(change, 1);
    int64_t more = (int64_t)json_array_size(is);
    for (size_t i = 0; i < json_array_size(is); i++)
        for (size_t k = 0; k < json_array_size(was); k++)
            if (json_equal(json_array_get(is, i), json_array_get(was, k))) {
                more--;
                break;
            }
    return more;
}

/* Tags that were set on deals, by whom: from the journal, which alone knows it. */
static enum rc count_tags(struct call *c, int64_t from, int64_t to, struct tagging *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    *out = (struct tagging){0};
    TRY(db_prepare(c->db, &s,
                   "SELECT via, data FROM journal WHERE object_kind = 3 AND verb IN (1, 2, 5) AND at >= $1 AND at <= $2"
                   " AND undoes = 0 AND data LIKE '%\"tag_ids\":%'",
                   e));
    stmt_i64(s, 1, from);
    stmt_i64(s, 2, to);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        json_t *data = NULL;
        struct err bad = {0};
        if (json_read(stmt_col_str(s, 1), &data, &bad) != RC_OK)
            continue; /* a text that only speaks of the field */
        int64_t n = tags_added(json_object_get(data, "tag_ids"));
        out->all += n;
        if (stmt_col_i64(s, 0) == VIA_TRIGGER)
            out->automatic += n;
        json_decref(data);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* Stages that a rule leads to and where nothing goes on by itself: no goal, no trigger, no usual task. */
static enum rc put_patchwork(struct call *c, struct jw *w, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(
        c->db, &s,
        "SELECT s.id, s.name, s.funnel_id FROM stage s WHERE s.deleted_at IS NULL AND s.archived = 0 AND s.outcome = 0"
        " AND s.next_task IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM goal g WHERE g.stage_id = s.id AND g.archived = 0 AND g.deleted_at IS NULL)"
        " AND NOT EXISTS (SELECT 1 FROM trigger_rule t WHERE t.stage_id = s.id AND t.enabled = 1 AND t.deleted_at IS"
        " NULL)"
        " AND EXISTS (SELECT 1 FROM stage b WHERE b.funnel_id = s.funnel_id AND b.position < s.position"
        " AND b.deleted_at IS NULL AND b.archived = 0 AND (EXISTS (SELECT 1 FROM goal g WHERE g.stage_id = b.id"
        " AND g.archived = 0 AND g.deleted_at IS NULL) OR EXISTS (SELECT 1 FROM trigger_rule t WHERE t.stage_id = b.id"
        " AND t.enabled = 1 AND t.deleted_at IS NULL)))"
        " ORDER BY s.funnel_id, s.position",
        e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (!rights_has_stage(c->rights, stmt_col_i64(s, 2), stmt_col_i64(s, 0)))
            continue;
        jw_obj(w);
        jw_ki64(w, "stage_id", stmt_col_i64(s, 0));
        jw_kstr(w, "name", stmt_col_str(s, 1));
        jw_ki64(w, "funnel_id", stmt_col_i64(s, 2));
        jw_end_obj(w);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* How often each trigger has run, and failed: for the list of triggers. */
static enum rc put_triggers(struct call *c, struct jw *w, int64_t from, int64_t to, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s,
                   "SELECT rule_id, COUNT(*), SUM(CASE WHEN state > 0 THEN 1 ELSE 0 END) FROM trigger_run"
                   " WHERE at >= $1 AND at <= $2 AND rule_kind = $3 GROUP BY rule_id ORDER BY rule_id",
                   e));
    stmt_i64(s, 1, from);
    stmt_i64(s, 2, to);
    stmt_i64(s, 3, ENT_TRIGGER);
    jw_key(w, "triggers");
    jw_arr(w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        jw_obj(w);
        jw_ki64(w, "trigger_id", stmt_col_i64(s, 0));
        jw_ki64(w, "runs", stmt_col_i64(s, 1));
        jw_ki64(w, "failed", stmt_col_i64(s, 2));
        jw_end_obj(w);
    }
    stmt_done(s);
    jw_end_arr(w);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc automation_show(struct call *c, struct err *e)
{
    int64_t from, to;
    struct tagging tags;
    TRY(call_param_i64(c, "from", time_now() - 30 * MS_DAY, -TIME_MOST, TIME_MOST, &from, e));
    TRY(call_param_i64(c, "to", TIME_MOST, -TIME_MOST, TIME_MOST, &to, e));
    TRY(count_tags(c, from, to, &tags, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "tags");
    jw_obj(&w);
    jw_ki64(&w, "automatic", tags.automatic);
    jw_ki64(&w, "all", tags.all);
    if (tags.all)
        jw_kf64(&w, "share", (double)tags.automatic / (double)tags.all);
    else
        jw_knull(&w, "share");
    jw_end_obj(&w);
    TRY(put_number(c, &w, "runs", "SELECT COUNT(*) FROM trigger_run WHERE at >= $1 AND at <= $2", from, to, e));
    TRY(put_number(c, &w, "failed", "SELECT COUNT(*) FROM trigger_run WHERE at >= $1 AND at <= $2 AND state > 0", from,
                   to, e));
    jw_key(&w, "patchwork");
    jw_arr(&w);
    TRY(put_patchwork(c, &w, e));
    jw_end_arr(&w);
    TRY(put_triggers(c, &w, from, to, e));
    jw_end_obj(&w);
    return RC_OK;
}

const struct route automation_routes[] = {
    {"GET", "/api/triggers/{id}/waiting", RUN_POOL, MAY_READ, NULL,
     "Cards that already wait for a trigger: how many, and the first of them", waiting_show, NULL, NULL, NULL,
     "trigger-waiting", 0, .can = CAN_AUTOMATION},
    {"POST", "/api/triggers/{id}/start", RUN_WRITE, MAY_READ, NULL,
     "Set a trigger off for the cards that already wait, all at once or so many an hour", operation_show, start_prepare,
     NULL, "trigger-start", "operation", 202, .can = CAN_AUTOMATION},
    {"POST", "/api/triggers/{id}/undo", RUN_WRITE, MAY_READ, NULL,
     "Take back what a trigger has done in a period; what people have changed since stays", operation_show,
     undo_prepare_period, NULL, "trigger-undo", "operation", 202, .can = CAN_AUTOMATION},
    {"GET", "/api/automation", RUN_POOL, MAY_READ, NULL,
     "How much is done by itself: tags, runs, failures, stages that rely on memory", automation_show, NULL, "from to",
     NULL, "automation", 0, .can = CAN_AUTOMATION},
};
const size_t automation_routes_n = sizeof automation_routes / sizeof *automation_routes;
