/* No open deal without a task, and which task that would be. */
#include "base/i18n.h"
#include "crm/task_flow.h"
#include "crm/workday.h"

#define WEEK (7 * MS_DAY)
#define LEAD_HOURS 4 /* for the first answer where a funnel does not say how many */

/* ---- what next ---- */

struct deal_now {
    int64_t owner_id;
    int channel; /* -1: nobody has spoken to the client yet */
    struct str stage_says;
    const char *lang;
};

static enum rc look_at(struct db *db, struct arena *a, int64_t deal_id, struct deal_now *out, struct err *e)
{
    struct stmt *s;
    *out = (struct deal_now){.channel = -1, .lang = locale_names[0]};
    TRY(db_prepare(db, &s,
                   "SELECT d.owner_id, d.last_channel, s.next_task, u.locale FROM deal d JOIN stage s ON s.id ="
                   " d.stage_id LEFT JOIN users u ON u.id = d.owner_id WHERE d.id = $1",
                   e));
    stmt_i64(s, 1, deal_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        out->owner_id = stmt_col_null(s, 0) ? 0 : stmt_col_i64(s, 0);
        out->channel = stmt_col_null(s, 1) ? -1 : (int)stmt_col_i64(s, 1);
        out->stage_says = str_dup(a, stmt_col_str(s, 2));
        out->lang = locale_names[stmt_col_i64(s, 3) == 1];
    }
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static int kind_named(const char *name, int otherwise)
{
    for (int i = 0; name && task_kind_names[i]; i++)
        if (strcmp(name, task_kind_names[i]) == 0)
            return i;
    return otherwise;
}

/* What the stage says; false: it says nothing. */
static bool of_stage(struct str text, struct arena *a, const struct calendar *c, int64_t now, struct next_task *t)
{
    json_t *says = NULL;
    if (!text.len || json_read(text, &says, NULL) != RC_OK)
        return false;
    const char *title = json_string_value(json_object_get(says, "title"));
    const json_t *hours = json_object_get(says, "due_hours"), *working = json_object_get(says, "working");
    if (title && *title) {
        t->title = str_dup(a, str_c(title));
        t->kind = (enum task_kind)kind_named(json_string_value(json_object_get(says, "kind")), t->kind);
        if (json_is_number(hours))
            t->due_at = hours_after(c, now, json_number_value(hours), !json_is_false(working));
    }
    json_decref(says);
    return title && *title;
}

enum rc task_propose(struct db *db, struct arena *a, int64_t deal_id, int done, int64_t now, struct next_task *out,
                     struct err *e)
{
    struct deal_now d;
    struct calendar c;
    char key[40];
    TRY(look_at(db, a, deal_id, &d, e));
    TRY(calendar_of_user(db, a, d.owner_id, &c, e));
    int kind = done >= 0 && done != TASK_TODO ? done : d.channel >= 0 ? d.channel : TASK_CALL;
    *out = (struct next_task){
        .kind = (enum task_kind)kind, .due_at = calendar_add(&c, now + WEEK, 0), .owner_id = d.owner_id};
    if (of_stage(d.stage_says, a, &c, now, out))
        return RC_OK;
    snprintf(key, sizeof key, "task.next.%s", task_kind_names[kind]);
    out->title = i18n_text(d.lang, key);
    return RC_OK;
}

void next_task_put(struct jw *w, const struct next_task *t)
{
    jw_obj(w);
    jw_kstr(w, "title", t->title);
    jw_kc(w, "kind", task_kind_names[t->kind]);
    jw_ki64(w, "due_at", t->due_at);
    jw_end_obj(w);
}

enum rc next_task_create(struct change *ch, int64_t deal_id, const struct next_task *t, bool lead, struct err *e)
{
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_TASK));
    in->f[TASK_TITLE] = val_str(t->title);
    in->f[TASK_DEAL_ID] = val_int(deal_id);
    in->f[TASK_OWNER_ID] = t->owner_id ? val_int(t->owner_id) : val_null();
    in->f[TASK_KIND] = val_int(t->kind);
    in->f[TASK_DUE_AT] = val_int(t->due_at);
    in->f[TASK_LEAD] = val_int(lead);
    ch->inner++;
    enum rc rc = change_create(ch, in, NULL, e);
    ch->inner--;
    return rc;
}

/* ---- no open deal without a task ---- */

struct touched {
    struct touched *next;
    int64_t deal_id;
    bool fresh;     /* created by this command */
    bool by_person; /* somebody took its last task away themselves */
};

static struct touched *touched_of(struct change *ch, int64_t deal_id)
{
    struct touched *t = ch->touched;
    while (t && t->deal_id != deal_id)
        t = t->next;
    if (!t) {
        t = ARENA_NEW(ch->tx->arena, struct touched);
        *t = (struct touched){.next = ch->touched, .deal_id = deal_id};
        ch->touched = t;
    }
    return t;
}

void task_rule_touch_undone(struct change *ch, int64_t deal_id)
{
    (void)touched_of(ch, deal_id);
}

enum rc task_rule_touch(struct change *ch, int64_t deal_id, bool fresh, struct err *e)
{
    (void)e;
    struct touched *t = touched_of(ch, deal_id);
    if (ch->actor.via == VIA_UNDO)
        return RC_OK;
    t->fresh |= fresh;
    t->by_person |= ch->inner <= 1 && ch->actor.user_id != 0; /* the hook that says so is within the first */
    return RC_OK;
}

void task_rule_name(struct change *ch, int64_t deal_id)
{
    for (struct touched *t = ch->touched; t; t = t->next)
        if (!t->deal_id)
            t->deal_id = deal_id;
}

/* RC_ROW: it is an open deal, waits for nothing, has no task, and its funnel has a rule. */
static enum rc stands_alone(struct change *ch, int64_t deal_id, int64_t *rule, int64_t *created_at, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT f.task_rule, d.created_at FROM deal d JOIN funnel f ON f.id = d.funnel_id WHERE d.id = $1"
                   " AND d.status = 0 AND d.deleted_at IS NULL AND d.open_tasks = 0 AND f.task_rule >= 2"
                   " AND d.wait_id IS NULL AND (d.deferred_until IS NULL OR d.deferred_until <= $2)",
                   e));
    stmt_i64(s, 1, deal_id);
    stmt_i64(s, 2, ch->at);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        *rule = stmt_col_i64(s, 0);
        *created_at = stmt_col_i64(s, 1);
    }
    stmt_done(s);
    return rc;
}

static enum rc refuse(struct change *ch, const struct next_task *t, struct err *e)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    next_task_put(&w, t);
    enum rc rc = err_set(e, RC_UNPROCESSABLE, "next_task_required", "", "%.*s", STR_ARG(t->title));
    if (e)
        e->more = str_fmt(ch->tx->arena, "\"proposed\":%.*s", (int)b.len, b.ptr).ptr;
    buf_free(&b);
    return rc;
}

static enum rc first_task(struct change *ch, int64_t deal_id, int64_t at, struct err *e)
{
    struct deal_now d;
    struct calendar c;
    TRY(look_at(ch->tx->db, ch->tx->arena, deal_id, &d, e));
    TRY(calendar_of_user(ch->tx->db, ch->tx->arena, d.owner_id, &c, e));
    struct next_task t = {i18n_text(d.lang, "task.lead"), TASK_CALL, hours_after(&c, at, LEAD_HOURS, true), d.owner_id};
    return next_task_create(ch, deal_id, &t, true, e);
}

static enum rc settle(struct change *ch, const struct touched *t, struct err *e)
{
    struct next_task next;
    int64_t rule = 0, created_at = 0;
    enum rc rc = stands_alone(ch, t->deal_id, &rule, &created_at, e);
    if (rc != RC_ROW)
        return rc == RC_DONE ? RC_OK : rc;
    if (t->fresh && ch->actor.via != VIA_IMPORT)
        return first_task(ch, t->deal_id, created_at, e);
    TRY(task_propose(ch->tx->db, ch->tx->arena, t->deal_id, -1, ch->at, &next, e));
    if (rule == TASK_RULE_REFUSE && t->by_person && !t->fresh)
        return refuse(ch, &next, e);
    return next_task_create(ch, t->deal_id, &next, false, e);
}

enum rc task_rule_end(struct change *ch, struct err *e)
{
    while (ch->touched) {
        const struct touched *t = ch->touched;
        ch->touched = t->next;
        TRY(settle(ch, t, e));
    }
    return RC_OK;
}
