#include "crm/task_finish.h"
#include "crm/rights.h"
#include "crm/task_flow.h"

static const struct entity *task_noun(void)
{
    return entity_by_id(ENT_TASK);
}

static enum rc open_task(struct change *ch, int64_t id, struct record **out, struct err *e)
{
    bool seen;
    TRY(rights_reach(ch->tx->db, ch->tx->arena, ch->actor.rights, task_noun(), id, RIGHT_SEE, &seen, e));
    if (!seen)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "task %lld", (long long)id);
    TRY(record_load(ch->tx->db, ch->tx->arena, task_noun(), id, false, out, e));
    return (*out)->f[TASK_DONE].i ? err_set(e, RC_CONFLICT, "task_done", "", NULL) : RC_OK;
}

/* ---- finishing ---- */

/* The deal first: the next task of a row of reminders is made only while the deal stays. */
static enum rc finish_deal(struct change *ch, struct task_finish *f, const struct record *task, struct err *e)
{
    int64_t deal = val_i(task->f[TASK_DEAL_ID], 0);
    f->run_id = 0;
    if (!f->deal && !f->goal_id)
        return RC_OK;
    if (!deal)
        return err_set(e, RC_UNPROCESSABLE, "no_deal", "deal_id", NULL);
    if (f->goal_id)
        return f->reach(ch, deal, f->goal_id, f->deal, &f->run_id, e);
    return change_update(ch, deal, 0, f->deal, e);
}

static enum rc finish_next(struct change *ch, const struct task_finish *f, const struct record *task, struct err *e)
{
    if (!f->next)
        return RC_OK;
    struct record *in = record_copy(ch->tx->arena, record_adapt(ch->tx->arena, f->next));
    const struct {
        bool inherit;
        int field;
    } of_task[] = {{f->next_deal, TASK_DEAL_ID},
                   {f->next_contact, TASK_CONTACT_ID},
                   {f->next_company, TASK_COMPANY_ID},
                   {f->next_owner, TASK_OWNER_ID}};
    for (size_t i = 0; i < sizeof of_task / sizeof *of_task; i++)
        if (of_task[i].inherit)
            in->f[of_task[i].field] = task->f[of_task[i].field];
    return change_create(ch, in, NULL, e);
}

static enum rc finish(struct change *ch, struct command_job *j, struct err *e)
{
    struct task_finish *f = j->args;
    struct record *task = NULL, *in;
    j->out_id = j->id;
    TRY(open_task(ch, j->id, &task, e));
    if (!task)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    TRY(change_expect(ch, task_noun(), j->id, j->expect_version, e)); /* the goal may close it, too */
    TRY(finish_deal(ch, f, task, e));
    in = record_new(ch->tx->arena, task->ent);
    in->f[TASK_DONE] = val_int(1);
    in->f[TASK_RESULT] = val_str(f->result);
    TRY(change_update(ch, j->id, 0, in, e));
    return finish_next(ch, f, task, e);
}
const struct command command_task_finish = {"task.finish", finish};

/* ---- another deadline ---- */

static enum rc tell(struct change *ch, const struct record *task, int64_t to, const char *kind, const char *reason,
                    struct err *e)
{
    struct stmt *s;
    json_t *params = json_pack("{s:o}", "title", json_text(task->f[TASK_TITLE].s));
    if (reason)
        json_object_set_new(params, "reason", json_string(reason));
    enum rc rc = db_prepare(ch->tx->db, &s, "SELECT name FROM users WHERE id = $1", e);
    if (rc == RC_OK) {
        stmt_i64(s, 1, ch->actor.user_id);
        rc = stmt_step(s, e);
        if (rc == RC_ROW)
            json_object_set_new(params, "who", json_text(stmt_col_str(s, 0)));
        stmt_done(s);
    }
    if (rc != RC_ROW && rc != RC_DONE) {
        json_decref(params);
        return rc;
    }
    return tell_of(ch, to, kind, ENT_TASK, task->id, params, e);
}

static enum rc ask(struct change *ch, struct command_job *j, struct err *e)
{
    const struct task_ask *a = j->args;
    struct record *task = NULL, *in;
    j->out_id = j->id;
    TRY(open_task(ch, j->id, &task, e));
    if (!task)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    int64_t author = val_i(task->f[TASK_AUTHOR_ID], 0);
    if (!author || author == ch->actor.user_id)
        return err_set(e, RC_CONFLICT, "no_author", "", NULL);
    if (a->due_at <= val_i(task->f[TASK_DUE_AT], INT64_MAX) || a->due_at <= ch->at)
        return err_set(e, RC_UNPROCESSABLE, "due_not_later", "due_at", NULL);
    in = record_new(ch->tx->arena, task->ent);
    in->f[TASK_ASKED_DUE_AT] = val_int(a->due_at);
    in->f[TASK_ASKED_REASON] = val_str(a->reason);
    TRY(change_update(ch, j->id, j->expect_version, in, e));
    return tell(ch, task, author, "task.due_asked", str_cdup(ch->tx->arena, a->reason), e);
}
const struct command command_task_ask_due = {"task.ask_due", ask};

static enum rc answer(struct change *ch, struct command_job *j, struct err *e)
{
    bool yes = *(const bool *)j->args;
    struct record *task = NULL, *in;
    j->out_id = j->id;
    TRY(open_task(ch, j->id, &task, e));
    if (!task)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    if (!val_has(task->f[TASK_ASKED_DUE_AT]))
        return err_set(e, RC_CONFLICT, "nothing_asked", "", NULL);
    if (val_i(task->f[TASK_AUTHOR_ID], 0) != ch->actor.user_id && ch->actor.role > ROLE_HEAD)
        return err_set(e, RC_FORBIDDEN, "forbidden", "", "%s", role_names[ch->actor.role]);
    in = record_new(ch->tx->arena, task->ent);
    in->f[TASK_ASKED_DUE_AT] = in->f[TASK_ASKED_REASON] = val_null();
    if (yes)
        in->f[TASK_DUE_AT] = task->f[TASK_ASKED_DUE_AT];
    ch->inner++; /* who has set a task need not be one who may edit it */
    enum rc rc = change_update(ch, j->id, j->expect_version, in, e);
    ch->inner--;
    TRY(rc);
    int64_t owner = val_i(task->f[TASK_OWNER_ID], 0);
    return owner == ch->actor.user_id ? RC_OK
                                      : tell(ch, task, owner, yes ? "task.due_moved" : "task.due_kept", NULL, e);
}
const struct command command_task_answer_due = {"task.answer_due", answer};
