/* The loop of work: what to do next, finishing it with all that follows, another deadline. */
#include "api/inside.h"
#include "base/time.h"
#include "crm/queue.h"
#include "crm/task_finish.h"
#include "crm/task_flow.h"
#include "rules/run_show.h"

/* ---- the queue ---- */

static enum rc queue_handle(struct call *c, struct err *e)
{
    struct queue_query q = {.now = time_now(), .cursor = call_param(c, "cursor"), .rights = c->rights};
    TRY(call_param_i64(c, "limit", 50, 1, 500, &q.limit, e));
    TRY(call_param_i64(c, "owner_id", c->session.user_id, 1, INT64_MAX, &q.owner_id, e));
    return queue_list(c->db, c->r->arena, &q, http_body(c->r), e);
}

/* ---- what next ---- */

/* For the form, before anything is done. */
static enum rc proposed_handle(struct call *c, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_TASK);
    struct next_task next;
    struct record *task;
    bool seen;
    TRY(rights_reach(c->db, c->r->arena, c->rights, ent, c->id, RIGHT_SEE, &seen, e));
    if (!seen)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "task %lld", (long long)c->id);
    TRY(record_load(c->db, c->r->arena, ent, c->id, false, &task, e));
    TRY(task_propose(c->db, c->r->arena, val_i(task->f[TASK_DEAL_ID], 0), (int)task->f[TASK_KIND].i, time_now(), &next,
                     e));
    struct jw w = call_json(c);
    next_task_put(&w, &next);
    return RC_OK;
}

/* ---- finishing ---- */

static enum rc read_part(struct call *c, const struct entity *ent, const json_t *body, bool creating,
                         struct record **out, struct err *e)
{
    TRY(rights_refuse_hidden(c->rights, ent, body, e));
    return record_from_json(c->r->arena, ent, body, creating, out, e);
}

static enum rc put_id(json_t *fields, const json_t *from, const char *key, const char *as, struct err *e)
{
    json_t *v = json_object_get(from, key);
    if (!v)
        return RC_OK;
    if (!json_is_integer(v))
        return err_set(e, RC_INVALID, "wrong_type", as, "integer");
    json_object_set(fields, as, v);
    return RC_OK;
}

/* {"until"} or {"wait_id"}: fields of the deal, too. */
static enum rc read_defer(json_t *fields, const json_t *defer, struct err *e)
{
    static const char *const keys[] = {"until", "wait_id", NULL};
    if (!defer || json_is_null(defer))
        return RC_OK;
    if (!json_is_object(defer))
        return err_set(e, RC_INVALID, "wrong_type", "defer", "object");
    TRY(body_only(defer, keys, e));
    if (json_object_size(defer) != 1)
        return err_set(e, RC_UNPROCESSABLE, "required", "defer", NULL);
    TRY(put_id(fields, defer, "until", "deferred_until", e));
    return put_id(fields, defer, "wait_id", "wait_id", e);
}

static enum rc read_deal(struct call *c, const json_t *body, struct task_finish *f, struct err *e)
{
    json_t *given = json_object_get(body, "deal");
    if (given && !json_is_null(given) && !json_is_object(given))
        return err_set(e, RC_INVALID, "wrong_type", "deal", "object");
    json_t *fields = json_is_object(given) ? json_copy(given) : json_object();
    enum rc rc;
    TRY_OUT(put_id(fields, body, "stage_id", "stage_id", e));
    TRY_OUT(read_defer(fields, json_object_get(body, "defer"), e));
    if (json_object_size(fields))
        rc = read_part(c, entity_by_id(ENT_DEAL), fields, false, &f->deal, e);
out:
    json_decref(fields);
    return rc;
}

static enum rc read_next(struct call *c, const json_t *next, struct task_finish *f, struct err *e)
{
    if (!next || json_is_null(next))
        return RC_OK;
    if (!json_is_object(next))
        return err_set(e, RC_INVALID, "wrong_type", "next", "object");
    f->next_deal = !json_object_get(next, "deal_id");
    f->next_contact = !json_object_get(next, "contact_id");
    f->next_company = !json_object_get(next, "company_id");
    f->next_owner = !json_object_get(next, "owner_id");
    return read_part(c, entity_by_id(ENT_TASK), next, true, &f->next, e);
}

static enum rc read_finish(struct call *c, const json_t *body, struct task_finish *f, struct err *e)
{
    static const char *const keys[] = {"result", "goal_id", "stage_id", "deal", "next", "defer", NULL};
    const struct field *result = &entity_by_id(ENT_TASK)->fields[TASK_RESULT];
    TRY(body_only(body, keys, e));
    if (!json_object_get(body, "result"))
        return err_set(e, RC_UNPROCESSABLE, "result_required", "result", NULL);
    TRY(body_text(body, "result", c->r->arena, &f->result, e));
    f->result = str_trim(f->result);
    if (!f->result.len)
        return err_set(e, RC_UNPROCESSABLE, "result_required", "result", NULL);
    if ((int64_t)str_utf8_len(f->result) > result->max)
        return err_set(e, RC_UNPROCESSABLE, "too_long", "result", "%lld", (long long)result->max);
    const json_t *goal = json_object_get(body, "goal_id");
    if (goal && !json_is_null(goal) && !json_is_integer(goal))
        return err_set(e, RC_INVALID, "wrong_type", "goal_id", "integer");
    f->goal_id = json_integer_value(goal);
    f->reach = rules_reach;
    TRY(read_deal(c, body, f, e));
    return read_next(c, json_object_get(body, "next"), f, e);
}

static enum rc finish_prepare(struct call *c, struct err *e)
{
    struct task_finish *f = ARENA_NEW(c->r->arena, struct task_finish);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = read_finish(c, body, f, e);
    json_decref(body);
    c->job.id = c->id;
    c->job.args = f;
    c->job.command = &command_task_finish;
    return rc;
}

static enum rc put_record(struct call *c, struct jw *w, const char *key, enum entity_id kind, int64_t id, struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    struct record *r = NULL;
    bool seen = false;
    jw_key(w, key);
    if (id)
        TRY(rights_reach(c->db, c->r->arena, c->rights, ent, id, RIGHT_SEE, &seen, e));
    enum rc rc = seen ? record_load(c->db, c->r->arena, ent, id, true, &r, e) : RC_OK;
    if (rc == RC_OK && r)
        record_put_seen(w, r, rights_mask(c->rights->everything ? NULL : c->rights, c->r->arena, ent, NULL));
    else if (rc == RC_OK)
        jw_null(w);
    return rc;
}

/* The task that this change made last: the one that was given, or the one that the rule of the funnel made. */
static enum rc made_task(struct call *c, int64_t *out, struct err *e)
{
    struct stmt *s;
    *out = 0;
    TRY(db_prepare(c->db, &s,
                   "SELECT object_id FROM journal WHERE seq >= $1 AND seq < $1 + 1000 AND change_id = $1 AND"
                   " object_kind = $2 AND verb = $3 ORDER BY seq DESC LIMIT 1",
                   e));
    stmt_i64(s, 1, c->job.change_id);
    stmt_i64(s, 2, ENT_TASK);
    stmt_i64(s, 3, VERB_CREATED);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *out = stmt_col_i64(s, 0);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* The run of the goal that was reached, as reaching it answers. */
static enum rc put_run(struct call *c, struct jw *w, int64_t deal_id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(c->db, &s,
                   "SELECT id FROM trigger_run WHERE deal_id = $1 AND change_id = $2 AND rule_kind = $3"
                   " ORDER BY id LIMIT 1",
                   e));
    stmt_i64(s, 1, deal_id);
    stmt_i64(s, 2, c->job.change_id);
    stmt_i64(s, 3, ENT_GOAL);
    enum rc rc = stmt_step(s, e);
    int64_t run = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    if (rc != RC_ROW && rc != RC_DONE)
        return rc;
    jw_key(w, "run");
    const struct run_reader reader = {c->db, c->r->arena, c->rights, call_locale(c), time_now()};
    if (run)
        return run_put(&reader, run, w, e);
    jw_null(w);
    return RC_OK;
}

static enum rc finish_show(struct call *c, struct err *e)
{
    struct record *task;
    int64_t next;
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_TASK), c->id, true, &task, e));
    TRY(made_task(c, &next, e));
    call_etag(c, task->version);
    struct jw w = call_json(c);
    jw_obj(&w);
    TRY(put_record(c, &w, "task", ENT_TASK, c->id, e));
    TRY(put_record(c, &w, "deal", ENT_DEAL, val_i(task->f[TASK_DEAL_ID], 0), e));
    TRY(put_record(c, &w, "next", ENT_TASK, next, e));
    TRY(put_run(c, &w, val_i(task->f[TASK_DEAL_ID], 0), e));
    jw_end_obj(&w);
    return RC_OK;
}

/* ---- another deadline ---- */

static enum rc task_show(struct call *c, struct err *e)
{
    return call_show(c, entity_by_id(ENT_TASK), c->id, e);
}

static enum rc ask_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"due_at", "reason", NULL};
    struct task_ask *a = ARENA_NEW(c->r->arena, struct task_ask);
    json_t *body;
    TRY(call_body(c, &body, e));
    const json_t *due = json_object_get(body, "due_at");
    enum rc rc;
    TRY_OUT(body_only(body, keys, e));
    if (!json_is_integer(due)) {
        rc = err_set(e, due ? RC_INVALID : RC_UNPROCESSABLE, due ? "wrong_type" : "required", "due_at", "integer");
        goto out;
    }
    a->due_at = json_integer_value(due);
    if (a->due_at > TIME_MOST) {
        rc = err_set(e, RC_UNPROCESSABLE, "too_big", "due_at", "%lld", (long long)TIME_MOST);
        goto out;
    }
    TRY_OUT(body_text(body, "reason", c->r->arena, &a->reason, e));
    a->reason = str_trim(a->reason);
    rc = reason_check(a->reason, "reason", e);
    if (rc == RC_OK && str_utf8_len(a->reason) > 500)
        rc = err_set(e, RC_UNPROCESSABLE, "too_long", "reason", "500");
out:
    json_decref(body);
    c->job.id = c->id;
    c->job.args = a;
    c->job.command = &command_task_ask_due;
    return rc;
}

static enum rc answer_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"accept", NULL};
    bool *yes = ARENA_NEW(c->r->arena, bool);
    json_t *body;
    TRY(call_body(c, &body, e));
    const json_t *accept = json_object_get(body, "accept");
    enum rc rc = body_only(body, keys, e);
    if (rc == RC_OK && !json_is_boolean(accept))
        rc =
            err_set(e, accept ? RC_INVALID : RC_UNPROCESSABLE, accept ? "wrong_type" : "required", "accept", "boolean");
    *yes = json_is_true(accept);
    json_decref(body);
    c->job.id = c->id;
    c->job.args = yes;
    c->job.command = &command_task_answer_due;
    return rc;
}

const struct route task_routes[] = {
    {"GET", "/api/queue", RUN_POOL, MAY_READ, NULL, "Open tasks in the order of the working day", queue_handle, NULL,
     "limit cursor owner_id", NULL, "queue", 0},
    {"GET", "/api/tasks/{id}/proposed", RUN_READ, MAY_READ, NULL, "The task that would come next", proposed_handle,
     NULL, NULL, NULL, "next-task", 0},
    {"POST", "/api/tasks/{id}/finish", RUN_WRITE, MAY_SELL, NULL, "Finish a task with all that follows from it",
     finish_show, finish_prepare, NULL, "task-finish", "task-finished", 0},
    {"POST", "/api/tasks/{id}/ask-due", RUN_WRITE, MAY_SELL, NULL, "Ask who has set a task for a later deadline",
     task_show, ask_prepare, NULL, "task-ask-due", "task", 0},
    {"POST", "/api/tasks/{id}/answer-due", RUN_WRITE, MAY_SELL, NULL, "Say yes or no to a later deadline", task_show,
     answer_prepare, NULL, "task-answer-due", "task", 0},
};
const size_t task_routes_n = sizeof task_routes / sizeof *task_routes;
