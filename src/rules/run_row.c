/* What is kept of a run, and of each state of a trigger. */
#include "base/time.h"
#include "crm/notification.h"
#include "rules/run_impl.h"
#include "rules/run_show.h"
#include "rules/words.h"

#define QUIET_MS MS_HOUR /* of a trigger that fails again and again its author hears once in a while */

/* ---- the row ---- */

static struct str conditions_json(struct arena *a, const struct run_row *row)
{
    const struct entity *ent = entity_by_id(row->t->subject);
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_arr(&w);
    for (size_t i = 0; i < row->n_seen; i++) {
        const struct filter_seen *one = &row->seen[i];
        struct str value = filter_value_text(a, one->leaf->field, one->value);
        jw_obj(&w);
        jw_kstr(&w, "text", filter_leaf_text(a, one->leaf, ent, one->negated));
        if (value.ptr)
            jw_kstr(&w, "value", value);
        else
            jw_knull(&w, "value");
        jw_kbool(&w, "met", one->met);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    struct str text = str_dup(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static struct str actions_json(struct arena *a, const struct run_row *row)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_arr(&w);
    for (size_t i = 0; i < row->n_acts; i++) {
        const struct run_act *one = &row->acts[i];
        jw_obj(&w);
        jw_ki64(&w, "i", (int64_t)one->i);
        jw_kc(&w, "do", row->t->actions[one->i].type->name);
        if (one->seq) {
            jw_ki64(&w, "seq", one->seq);
            jw_ki64(&w, "last", one->last);
        }
        if (one->note.ptr)
            jw_kstr(&w, "note", one->note);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    struct str text = str_dup(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static struct str error_json(struct arena *a, const struct err *e)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    if (!e)
        return STR_NULL;
    jw_obj(&w);
    jw_kc(&w, "code", e->code);
    jw_kc(&w, "field", e->field);
    jw_key(&w, "args");
    jw_arr(&w);
    for (size_t i = 0; i < 2; i++)
        jw_c(&w, e->arg[i]);
    jw_end_arr(&w);
    jw_end_obj(&w);
    struct str text = str_dup(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static void bind_or_null(struct stmt *s, int i, int64_t v)
{
    if (v)
        stmt_i64(s, i, v);
    else
        stmt_null(s, i);
}

static enum rc insert(struct change *ch, struct run_row *row, struct err *e)
{
    struct arena *a = ch->tx->arena;
    struct stmt *s;
    struct str conditions = conditions_json(a, row), actions = actions_json(a, row), error = error_json(a, row->error);
    TRY(db_prepare(ch->tx->db, &s,
                   "INSERT INTO trigger_run (rule_kind, rule_id, version, at, cause, object_kind, object_id, deal_id,"
                   " first_seq, last_seq, change_id, state, error, depth, conditions, actions)"
                   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id",
                   e));
    stmt_i64(s, 1, row->t->is_goal ? ENT_GOAL : ENT_TRIGGER);
    stmt_i64(s, 2, row->t->id);
    stmt_i64(s, 3, row->t->version);
    stmt_i64(s, 4, ch->at);
    stmt_i64(s, 5, row->cause);
    stmt_i64(s, 6, row->t->subject);
    stmt_i64(s, 7, row->object_id);
    bind_or_null(s, 8, row->deal_id);
    bind_or_null(s, 9, row->first_seq);
    bind_or_null(s, 10, row->last_seq);
    stmt_i64(s, 11, ch->change_id);
    stmt_i64(s, 12, row->state);
    stmt_str(s, 13, error);
    stmt_i64(s, 14, row->depth);
    stmt_str(s, 15, conditions);
    stmt_str(s, 16, actions);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        row->id = stmt_col_i64(s, 0);
        rc = stmt_step(s, e);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- telling its author ---- */

static enum rc one_number(struct change *ch, const char *sql, const struct run_row *row, int64_t third, int64_t *out,
                          struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s, sql, e));
    stmt_i64(s, 1, row->t->is_goal ? ENT_GOAL : ENT_TRIGGER);
    stmt_i64(s, 2, row->t->id);
    stmt_i64(s, 3, third);
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc failed_lately(struct change *ch, const struct run_row *row, bool *out, struct err *e)
{
    int64_t at;
    TRY(one_number(ch,
                   "SELECT max(at) FROM (SELECT at, state FROM trigger_run WHERE rule_kind = $1 AND rule_id = $2"
                   " AND id < $3 ORDER BY id DESC LIMIT 20) r WHERE state IN (1, 3)",
                   row, row->id, &at, e));
    *out = at > ch->at - QUIET_MS;
    return RC_OK;
}

/* Who made this version; when that is nobody who still works here, an administrator. */
static enum rc author_of(struct change *ch, const struct run_row *row, int64_t *out, struct err *e)
{
    TRY(one_number(ch,
                   "SELECT u.id FROM trigger_version v JOIN users u ON u.id = v.actor_id WHERE v.object_kind = $1"
                   " AND v.object_id = $2 AND v.version = $3 AND u.active = 1 AND u.deleted_at IS NULL",
                   row, row->t->version, out, e));
    if (*out)
        return RC_OK;
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT id FROM users WHERE role = 0 AND active = 1 AND deleted_at IS NULL ORDER BY id LIMIT 1", e));
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc locale_of(struct change *ch, int64_t user, const char **out, struct err *e)
{
    const struct record *r;
    TRY(run_record(ch, entity_by_id(ENT_USER), user, NULL, &r, e));
    *out = locale_names[r ? val_i(r->f[USER_LOCALE], 0) : 0];
    return RC_OK;
}

struct str run_error_text(struct arena *a, const char *lang, const struct err *e)
{
    char key[80];
    const struct str args[] = {str_c(e->arg[0]), str_c(e->arg[1])};
    snprintf(key, sizeof key, "error.%s", e->code);
    return i18n_fill(a, lang, key, args, 2);
}

static enum rc tell(struct change *ch, const struct run_row *row, struct err *e)
{
    struct buf b = {0};
    const struct rights *rights;
    struct err why = *row->error;
    const char *lang;
    int64_t to;
    bool lately;
    TRY(failed_lately(ch, row, &lately, e));
    TRY(author_of(ch, row, &to, e));
    if (lately || !to)
        return RC_OK;
    TRY(locale_of(ch, to, &lang, e));
    TRY(rights_load(ch->tx->db, ch->tx->arena, to, &rights, e));
    run_error_hide(&why, rights);
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_kstr(&w, "name", row->t->name);
    jw_kstr(&w, "error", run_error_text(ch->tx->arena, lang, &why));
    jw_end_obj(&w);
    struct str params = str_dup(ch->tx->arena, buf_view(&b));
    buf_free(&b);
    ch->inner++;
    enum rc rc = notification_add(ch, to, row->state == RUN_STOPPED ? "trigger.stopped" : "trigger.failed",
                                  row->deal_id ? ENT_DEAL : row->t->subject,
                                  row->deal_id ? row->deal_id : row->object_id, params, e);
    ch->inner--;
    return rc;
}

enum rc run_row_write(struct change *ch, struct run_row *row, struct err *e)
{
    TRY(insert(ch, row, e));
    return row->state == RUN_FAILED || row->state == RUN_STOPPED ? tell(ch, row, e) : RC_OK;
}

/* ---- versions ---- */

enum rc version_write(struct change *ch, const struct record *is, struct err *e)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    struct stmt *s;
    record_put(&w, is, NULL);
    struct str definition = str_dup(ch->tx->arena, buf_view(&b));
    buf_free(&b);
    TRY(db_prepare(ch->tx->db, &s,
                   "INSERT INTO trigger_version (object_kind, object_id, version, at, actor_id, definition)"
                   " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (object_kind, object_id, version)"
                   " DO UPDATE SET at = excluded.at, actor_id = excluded.actor_id, definition = excluded.definition",
                   e));
    stmt_i64(s, 1, is->ent->id);
    stmt_i64(s, 2, is->id);
    stmt_i64(s, 3, is->version);
    stmt_i64(s, 4, ch->at);
    stmt_i64(s, 5, ch->actor.user_id);
    stmt_str(s, 6, definition);
    return stmt_run(s, e);
}
