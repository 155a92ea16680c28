/* Tasks for any department; open ones closed. */
#include "base/time.h"
#include "crm/workday.h"
#include "rules/actions.h"

enum { TITLE, KIND, DUE, WORKING, TO, PRIORITY, REPEAT_DAYS, REPEAT_LEFT };
static const struct action_field fields[] = {{"title", AF_TEXT, true, .max = 300},
                                             {"kind", AF_ENUM, false, .names = task_kind_names},
                                             {"due_hours", AF_INT, false, .min = 0, .max = 87600},
                                             {"working", AF_BOOL, .required = false},
                                             {"to", AF_WHO, .required = false},
                                             {"priority", AF_ENUM, false, .names = priority_names},
                                             {"repeat_days", AF_INT, false, .min = 1, .max = 365},
                                             {"repeat_left", AF_INT, false, .min = 0, .max = 100}};

static enum rc check(const struct action *act, enum entity_id kind, struct err *e)
{
    (void)kind;
    return act->v[REPEAT_LEFT].given && !act->v[REPEAT_DAYS].given
               ? action_refuse(e, "action_field_required", "repeat_days")
               : RC_OK;
}

/* What the task hangs on. */
static void hang(struct rule_run *run, struct record *in)
{
    static const int fields_of[] = {[ENT_CONTACT] = TASK_CONTACT_ID, [ENT_COMPANY] = TASK_COMPANY_ID};
    if (run->deal_id)
        in->f[TASK_DEAL_ID] = val_int(run->deal_id);
    else if (run->kind == ENT_CONTACT || run->kind == ENT_COMPANY)
        in->f[fields_of[run->kind]] = val_int(run->object_id);
}

static enum rc due(struct rule_run *run, const struct action *act, int64_t user, struct record *in, struct err *e)
{
    struct calendar work;
    if (!act->v[DUE].given)
        return RC_OK;
    TRY(calendar_of_user(run->ch->tx->db, run->ch->tx->arena, user, &work, e));
    in->f[TASK_DUE_AT] =
        val_int(hours_after(&work, run->ch->at, (double)act->v[DUE].i, act->v[WORKING].given && act->v[WORKING].i));
    return RC_OK;
}

static void copy(struct record *in, int field, const struct action_value *v)
{
    if (v->given)
        in->f[field] = val_int(v->i);
}

static enum rc task_for(struct rule_run *run, const struct action *act, int64_t user, struct err *e)
{
    struct record *in = record_new(run->ch->tx->arena, entity_by_id(ENT_TASK));
    struct str title;
    TRY(run_text(run, act->v[TITLE].s, &title, e));
    in->f[TASK_TITLE] = val_str(title);
    in->f[TASK_OWNER_ID] = user ? val_int(user) : val_null();
    copy(in, TASK_KIND, &act->v[KIND]);
    copy(in, TASK_PRIORITY, &act->v[PRIORITY]);
    copy(in, TASK_REPEAT_DAYS, &act->v[REPEAT_DAYS]);
    copy(in, TASK_REPEAT_LEFT, &act->v[REPEAT_LEFT]);
    if (!run->t->is_goal)
        in->f[TASK_TRIGGER_ID] = val_int(run->t->id);
    hang(run, in);
    TRY(due(run, act, user, in, e));
    return change_create(run->ch, in, NULL, e);
}

static enum rc apply(struct rule_run *run, const struct action *act, struct err *e)
{
    static const struct who owner = {.kind = WHO_OWNER};
    struct people people;
    enum rc rc = who_find(run, act->v[TO].given ? &act->v[TO].who : &owner, &people, e);
    if (rc != RC_OK && !act->v[TO].given && rc == RC_UNPROCESSABLE) /* nobody's deal: nobody's task */
        return task_for(run, act, 0, e);
    TRY(rc);
    run->note = people.why;
    for (size_t i = 0; i < people.n; i++)
        TRY(task_for(run, act, people.ids[i], e));
    return RC_OK;
}

static struct str text(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    static const struct who owner = {.kind = WHO_OWNER};
    return WORDS(a, lang, "rules.then.task", {"title", act->v[TITLE].s},
                 {"who", who_text(a, act->v[TO].given ? &act->v[TO].who : &owner, names, lang)});
}

const struct action_type action_task = {"task", fields, 8, .check = check, .apply = apply, .text = text};

/* ---- closing ---- */

static const struct action_field close_fields[] = {{"result", AF_TEXT, true, .max = 4000}};

static enum rc open_task(struct rule_run *run, int64_t after, int64_t *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(run->ch->tx->db, &s,
                   "SELECT id FROM task WHERE deal_id = $1 AND done = 0 AND deleted_at IS NULL AND id > $2"
                   " ORDER BY id LIMIT 1",
                   e));
    stmt_i64(s, 1, run->deal_id);
    stmt_i64(s, 2, after);
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc close_all(struct rule_run *run, const struct action *act, struct err *e)
{
    int64_t id = 0;
    struct record *deal;
    struct str result;
    TRY(run_deal(run, &deal, e));
    TRY(run_text(run, act->v[0].s, &result, e));
    for (;;) {
        TRY(open_task(run, id, &id, e));
        if (!id)
            return RC_OK;
        struct record *in = record_new(run->ch->tx->arena, entity_by_id(ENT_TASK));
        in->f[TASK_DONE] = val_int(1);
        in->f[TASK_RESULT] = val_str(result);
        in->f[TASK_REPEAT_LEFT] = val_int(0); /* they do not come again */
        TRY(change_update(run->ch, id, 0, in, e));
    }
}

static struct str close_text(struct arena *a, const struct action *act, const struct rule_names *names,
                             const char *lang)
{
    (void)names;
    return WORDS(a, lang, "rules.then.close_tasks", {"result", act->v[0].s});
}

const struct action_type action_close_tasks = {"close_tasks",   close_fields,       1,
                                               .of_deal = true, .apply = close_all, .text = close_text};
