#include "rules/run_show.h"
#include "rules/names.h"
#include "rules/words.h"
#include <stdlib.h>

struct row {
    int64_t id, kind, rule_id, version, at, cause, object_kind, object_id, deal_id, first_seq, last_seq, change_id,
        state, depth;
    struct str error, conditions, actions;
};
#define COLUMNS                                                                                                        \
    "id, rule_kind, rule_id, version, at, cause, object_kind, object_id, deal_id, first_seq, last_seq, change_id, "    \
    "state,"                                                                                                           \
    " depth, error, conditions, actions"

static struct row read_row(struct arena *a, struct stmt *s)
{
    return (struct row){.id = stmt_col_i64(s, 0),
                        .kind = stmt_col_i64(s, 1),
                        .rule_id = stmt_col_i64(s, 2),
                        .version = stmt_col_i64(s, 3),
                        .at = stmt_col_i64(s, 4),
                        .cause = stmt_col_i64(s, 5),
                        .object_kind = stmt_col_i64(s, 6),
                        .object_id = stmt_col_i64(s, 7),
                        .deal_id = stmt_col_i64(s, 8),
                        .first_seq = stmt_col_i64(s, 9),
                        .last_seq = stmt_col_i64(s, 10),
                        .change_id = stmt_col_i64(s, 11),
                        .state = stmt_col_i64(s, 12),
                        .depth = stmt_col_i64(s, 13),
                        .error = str_dup(a, stmt_col_str(s, 14)),
                        .conditions = str_dup(a, stmt_col_str(s, 15)),
                        .actions = str_dup(a, stmt_col_str(s, 16))};
}

/* ---- the trigger as it was ---- */

static struct str dumped(struct arena *a, const json_t *json)
{
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    struct str out = text ? str_dup(a, str_c(text)) : STR("null");
    free(text);
    return out;
}

static enum rc version_read(const struct run_reader *r, int64_t kind, int64_t id, int64_t version, struct str *name,
                            const struct trigger **out, struct err *e)
{
    struct stmt *s;
    struct str text = STR("{}");
    json_t *json = NULL;
    struct trigger *t;
    struct err ignored;
    *name = STR("");
    *out = NULL;
    TRY(db_prepare(r->db, &s,
                   "SELECT definition FROM trigger_version WHERE object_kind = $1 AND object_id = $2 AND version = $3",
                   e));
    stmt_i64(s, 1, kind);
    stmt_i64(s, 2, id);
    stmt_i64(s, 3, version);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        text = str_dup(r->a, stmt_col_str(s, 0));
    stmt_done(s);
    if (rc != RC_ROW && rc != RC_DONE)
        return rc;
    if (json_read(text, &json, &ignored) != RC_OK)
        return RC_OK;
    const char *called = json_string_value(json_object_get(json, "name")),
               *condition = json_string_value(json_object_get(json, "condition"));
    struct trigger_def def = {.id = id,
                              .version = version,
                              .is_goal = kind == ENT_GOAL,
                              .name = str_dup(r->a, str_c(called)),
                              .funnel_id = json_integer_value(json_object_get(json, "funnel_id")),
                              .stage_id = json_integer_value(json_object_get(json, "stage_id")),
                              .event = dumped(r->a, json_object_get(json, "event")),
                              .condition = str_dup(r->a, str_c(condition)),
                              .actions = dumped(r->a, json_object_get(json, "actions"))};
    json_decref(json);
    *name = def.name;
    if (def.is_goal && str_eqc(def.actions, "null"))
        def.actions = STR("[]");
    if (trigger_read(r->a, &def, r->now, 0, &t, &ignored) == RC_OK)
        *out = t;
    return RC_OK;
}

/* ---- one run ---- */

/* A condition names its field first, perhaps behind `not`; a hidden one is not told. What was found behind a reference
 * is told to those only who see every such record: which one it was then, nobody has written down. */
static bool may_see(const struct run_reader *r, const struct entity *ent, const char *text)
{
    struct str rest, s = str_c(text);
    if (!r->rights || r->rights->everything)
        return true;
    if (str_starts(s, STR("not ")))
        s = (struct str){s.ptr + 4, s.len - 4};
    struct str path = str_cut(s, ' ', &rest), inner, outer = str_cut(path, '.', &inner);
    int i = entity_field(ent, outer);
    if (i < 0)
        return true;
    if (!rights_sees_field(r->rights, ent, i))
        return false;
    if (!inner.ptr)
        return true;
    const struct entity *to = entity_by_id(ent->fields[i].ref);
    int k = to ? entity_field(to, inner) : -1;
    return k < 0 || (rights_all_rows(r->rights, to, RIGHT_SEE) && rights_sees_field(r->rights, to, k));
}

static void put_conditions(const struct run_reader *r, const struct row *row, struct jw *w)
{
    const struct entity *ent = entity_by_id((enum entity_id)row->object_kind);
    json_t *list = NULL, *one;
    struct err ignored;
    size_t i;
    jw_key(w, "conditions");
    jw_arr(w);
    if (ent && json_read(row->conditions, &list, &ignored) == RC_OK)
        json_array_foreach(list, i, one)
        {
            const char *text = json_string_value(json_object_get(one, "text"));
            const char *value = json_string_value(json_object_get(one, "value"));
            if (!text || !may_see(r, ent, text))
                continue;
            jw_obj(w);
            jw_kc(w, "text", text);
            jw_kc(w, "value", value);
            jw_kbool(w, "met", json_is_true(json_object_get(one, "met")));
            jw_end_obj(w);
        }
    json_decref(list);
    jw_end_arr(w);
}

/* «best 62 40» of the run in words. */
static struct str note_words(const struct run_reader *r, const char *note)
{
    char name[60];
    struct str rest, n, m, key = str_cut(str_c(note), ' ', &rest);
    if (!key.len)
        return STR_NULL;
    n = str_cut(rest, ' ', &m);
    snprintf(name, sizeof name, "rules.note.%.*s", STR_ARG(key));
    const struct str args[] = {n, m};
    return i18n_fill(r->a, r->lang, name, args, 2);
}

static struct str act_words(const struct run_reader *r, const struct trigger *t, const json_t *one)
{
    struct rule_names names = names_for(r->a, r->db, r->rights);
    size_t i = (size_t)json_integer_value(json_object_get(one, "i"));
    const char *note = json_string_value(json_object_get(one, "note"));
    bool known = t && i < t->n_actions;
    if (known && action_speaks_hidden(&t->actions[i], r->rights))
        return STR("…");
    struct str text = known ? action_text(r->a, &t->actions[i], &names, r->lang) : STR("");
    struct str why = note ? note_words(r, note) : STR_NULL;
    return why.ptr ? str_fmt(r->a, "%.*s (%.*s)", STR_ARG(text), STR_ARG(why)) : text;
}

static void put_actions(const struct run_reader *r, const struct row *row, const struct trigger *t, struct jw *w)
{
    json_t *list = NULL, *one;
    struct err ignored;
    size_t i;
    jw_key(w, "actions");
    jw_arr(w);
    if (json_read(row->actions, &list, &ignored) == RC_OK)
        json_array_foreach(list, i, one)
        {
            jw_obj(w);
            jw_kc(w, "do", json_string_value(json_object_get(one, "do")));
            jw_kstr(w, "text", act_words(r, t, one));
            if (json_object_get(one, "seq"))
                jw_ki64(w, "seq", json_integer_value(json_object_get(one, "seq")));
            else
                jw_knull(w, "seq");
            jw_end_obj(w);
        }
    json_decref(list);
    jw_end_arr(w);
}

void run_error_hide(struct err *why, const struct rights *r)
{
    bool partly = r && !r->everything && (r->n_hidden_funnels || r->n_hidden_stages || !r->all_fields[ENT_DEAL]);
    if (partly && strcmp(why->code, "gates_unmet") == 0)
        snprintf(why->arg[0], sizeof why->arg[0], "…");
}

static void put_error(const struct run_reader *r, const struct row *row, struct jw *w)
{
    json_t *json = NULL;
    struct err why = {0}, ignored;
    if (!row->error.len || json_read(row->error, &json, &ignored) != RC_OK) {
        jw_knull(w, "error");
        return;
    }
    const json_t *args = json_object_get(json, "args");
    snprintf(why.code, sizeof why.code, "%s", json_string_value(json_object_get(json, "code")));
    for (size_t i = 0; i < 2 && json_string_value(json_array_get(args, i)); i++)
        snprintf(why.arg[i], sizeof why.arg[i], "%s", json_string_value(json_array_get(args, i)));
    run_error_hide(&why, r->rights);
    jw_kstr(w, "error", run_error_text(r->a, r->lang, &why));
    jw_kc(w, "error_code", why.code);
    json_decref(json);
}

static void put_id(struct jw *w, const char *key, int64_t id)
{
    if (id)
        jw_ki64(w, key, id);
    else
        jw_knull(w, key);
}

static enum rc put_row(const struct run_reader *r, const struct row *row, struct jw *w, struct err *e)
{
    const struct trigger *t;
    struct str name;
    TRY(version_read(r, row->kind, row->rule_id, row->version, &name, &t, e));
    jw_obj(w);
    jw_ki64(w, "id", row->id);
    put_id(w, "trigger_id", row->kind == ENT_TRIGGER ? row->rule_id : 0);
    put_id(w, "goal_id", row->kind == ENT_GOAL ? row->rule_id : 0);
    jw_ki64(w, "trigger_version", row->version);
    jw_kstr(w, "name", name);
    jw_ki64(w, "at", row->at);
    jw_kc(w, "object", entity_kind_name((int)row->object_kind));
    jw_ki64(w, "object_id", row->object_id);
    put_id(w, "deal_id", row->deal_id);
    jw_kc(w, "state", run_state_names[row->state]);
    put_error(r, row, w);
    jw_ki64(w, "depth", row->depth);
    put_id(w, "cause", row->cause);
    put_id(w, "change_id", row->change_id);
    put_conditions(r, row, w);
    put_actions(r, row, t, w);
    jw_end_obj(w);
    return RC_OK;
}

/* ---- lists ---- */

static enum rc seen(const struct run_reader *r, const struct row *row, bool *out, struct err *e)
{
    const struct entity *ent = entity_by_id((enum entity_id)row->object_kind);
    *out = ent != NULL;
    return ent ? rights_reach(r->db, r->a, r->rights, ent, row->object_id, RIGHT_SEE, out, e) : RC_OK;
}

static enum rc rows_of(const struct run_reader *r, enum entity_id kind, int64_t id, int64_t before, int64_t limit,
                       struct row *rows, size_t *n, struct err *e)
{
    static const char by_deal[] = "SELECT " COLUMNS " FROM trigger_run WHERE deal_id = $1 AND id < $2 ORDER BY id DESC"
                                  " LIMIT $3",
                      by_rule[] =
                          "SELECT " COLUMNS " FROM trigger_run WHERE rule_id = $1 AND id < $2 AND rule_kind = $4"
                          " ORDER BY id DESC LIMIT $3";
    struct stmt *s;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(r->db, &s, kind == ENT_DEAL ? by_deal : by_rule, e));
    stmt_i64(s, 1, id);
    stmt_i64(s, 2, before ? before : INT64_MAX);
    stmt_i64(s, 3, limit);
    if (kind != ENT_DEAL)
        stmt_i64(s, 4, kind);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        rows[(*n)++] = read_row(r->a, s);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc runs_put(const struct run_reader *r, enum entity_id kind, int64_t id, int64_t before, int64_t limit,
                 struct jw *w, struct err *e)
{
    struct row *rows = ARENA_ARRAY(r->a, struct row, limit + 1);
    size_t n;
    TRY(rows_of(r, kind, id, before, limit + 1, rows, &n, e));
    jw_obj(w);
    jw_key(w, "items");
    jw_arr(w);
    for (size_t i = 0; i < n && i < (size_t)limit; i++) {
        bool visible = kind == ENT_DEAL;
        if (!visible)
            TRY(seen(r, &rows[i], &visible, e));
        if (visible)
            TRY(put_row(r, &rows[i], w, e));
    }
    jw_end_arr(w);
    jw_key(w, "next_cursor");
    if (n > (size_t)limit)
        jw_str(w, str_fmt(r->a, "%lld", (long long)rows[limit - 1].id));
    else
        jw_null(w);
    jw_end_obj(w);
    return RC_OK;
}

static enum rc one_row(const struct run_reader *r, const char *sql, int64_t a, int64_t b, struct row *out, bool *found,
                       struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(r->db, &s, sql, e));
    stmt_i64(s, 1, a);
    if (strstr(sql, "$2"))
        stmt_i64(s, 2, b);
    enum rc rc = stmt_step(s, e);
    *found = rc == RC_ROW;
    if (*found)
        *out = read_row(r->a, s);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc run_put(const struct run_reader *r, int64_t run_id, struct jw *w, struct err *e)
{
    struct row row;
    bool found;
    TRY(one_row(r, "SELECT " COLUMNS " FROM trigger_run WHERE id = $1", run_id, 0, &row, &found, e));
    return found ? put_row(r, &row, w, e) : err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
}

/* ---- why ---- */

enum { CHAIN_MOST = 40 };

struct step {
    struct event ev;
    struct row run;
    bool by_rule;
};

static enum rc event_read(const struct run_reader *r, int64_t seq, struct event *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(r->db, &s,
                   "SELECT at, actor_id, cause, change_id, object_id, object_kind, verb, via, data FROM journal WHERE"
                   " seq = $1",
                   e));
    stmt_i64(s, 1, seq);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *out = (struct event){.seq = seq,
                              .at = stmt_col_i64(s, 0),
                              .actor_id = stmt_col_i64(s, 1),
                              .cause = stmt_col_i64(s, 2),
                              .change_id = stmt_col_i64(s, 3),
                              .object_id = stmt_col_i64(s, 4),
                              .object_kind = (int)stmt_col_i64(s, 5),
                              .verb = (int)stmt_col_i64(s, 6),
                              .via = (int)stmt_col_i64(s, 7),
                              .data = str_dup(r->a, stmt_col_str(s, 8))};
    stmt_done(s);
    return rc == RC_ROW ? RC_OK : rc == RC_DONE ? err_set(e, RC_NOT_FOUND, "not_found", "", NULL) : rc;
}

/* The innermost run that an event belongs to. */
static enum rc run_of(const struct run_reader *r, const struct event *ev, struct row *out, bool *found, struct err *e)
{
    return one_row(r,
                   "SELECT " COLUMNS " FROM trigger_run WHERE first_seq <= $1 AND first_seq >= $2 AND last_seq >= $1"
                   " ORDER BY first_seq DESC, depth DESC LIMIT 1",
                   ev->seq, ev->change_id, out, found, e);
}

static int64_t number_of(const json_t *data, const char *key)
{
    const json_t *v = json_object_get(data, key);
    return json_integer_value(json_is_array(v) ? json_array_get(v, 1) : v);
}

/* What a person did, in words. */
static struct str event_words(const struct run_reader *r, const struct event *ev)
{
    struct rule_names names = names_for(r->a, r->db, r->rights);
    const struct entity *ent = entity_by_id((enum entity_id)ev->object_kind);
    json_t *data = NULL;
    struct err ignored;
    struct str text = STR_NULL;
    char key[80];
    if (json_read(ev->data, &data, &ignored) != RC_OK)
        data = NULL;
    int64_t stage = number_of(data, "stage_id"), goal = number_of(data, "goal_id");
    bool message = ev->object_kind == ENT_NOTE && json_object_get(data, "channel");
    json_decref(data);
    if (ev->verb == VERB_MOVED && stage)
        text = WORDS(r->a, r->lang, "rules.when.entered.stage", {"stage", words_name(r->a, &names, ENT_STAGE, stage)});
    else if (ev->verb == VERB_REACHED)
        text = WORDS(r->a, r->lang, "rules.when.reached.which", {"goal", words_name(r->a, &names, ENT_GOAL, goal)});
    else if (ev->verb == VERB_DONE)
        text = i18n_text(r->lang, "rules.when.task_done");
    else if (message)
        text =
            i18n_text(r->lang, ev->verb == VERB_CREATED ? "rules.when.created.message" : "rules.when.updated.message");
    else if (ent && (ev->object_kind == ENT_NOTE || ev->object_kind == ENT_FILE) && ev->verb == VERB_CREATED)
        text = i18n_text(r->lang, ev->object_kind == ENT_NOTE ? "rules.when.note_added" : "rules.when.file_added");
    else if (ent) {
        snprintf(key, sizeof key, "rules.when.%s.%s", ev->verb == VERB_CREATED ? "created" : "updated", ent->name);
        text = i18n_text(r->lang, key);
    }
    if (!ev->actor_id)
        return text;
    return str_fmt(r->a, "%.*s: %.*s", STR_ARG(words_name(r->a, &names, ENT_USER, ev->actor_id)), STR_ARG(text));
}

static enum rc event_seen(const struct run_reader *r, const struct event *ev, bool *out, struct err *e)
{
    const struct entity *ent = entity_by_id((enum entity_id)ev->object_kind);
    *out = true;
    return ent ? rights_reach(r->db, r->a, r->rights, ent, ev->object_id, RIGHT_SEE, out, e) : RC_OK;
}

/* A link of the chain whose record is out of sight is there, and says nothing. */
static enum rc put_step(const struct run_reader *r, const struct step *step, struct jw *w, struct err *e)
{
    const struct trigger *t;
    struct str name, text = STR("…");
    bool visible, of_seen = true;
    TRY(event_seen(r, &step->ev, &visible, e));
    if (step->by_rule)
        TRY(seen(r, &step->run, &of_seen, e));
    visible = visible && of_seen;
    if (visible)
        text = event_words(r, &step->ev);
    if (visible && step->by_rule) {
        TRY(version_read(r, step->run.kind, step->run.rule_id, step->run.version, &name, &t, e));
        text = WORDS(r->a, r->lang, step->run.kind == ENT_GOAL ? "rules.chain.goal" : "rules.chain.trigger",
                     {"name", name}, {"text", event_words(r, &step->ev)});
    }
    jw_obj(w);
    jw_ki64(w, "seq", step->ev.seq);
    jw_ki64(w, "at", step->ev.at);
    put_id(w, "actor_id", visible ? step->ev.actor_id : 0);
    put_id(w, "run_id", visible && step->by_rule ? step->run.id : 0);
    jw_kstr(w, "text", text);
    jw_end_obj(w);
    return RC_OK;
}

enum rc why_put(const struct run_reader *r, int64_t seq, struct jw *w, struct err *e)
{
    struct step steps[CHAIN_MOST] = {0};
    size_t n = 0;
    bool visible = true, of_seen = true;
    for (int64_t at = seq; at && n < CHAIN_MOST; n++) {
        TRY(event_read(r, at, &steps[n].ev, e));
        TRY(run_of(r, &steps[n].ev, &steps[n].run, &steps[n].by_rule, e));
        at = steps[n].by_rule ? steps[n].run.cause : steps[n].ev.cause;
    }
    const struct entity *ent = entity_by_id((enum entity_id)steps[0].ev.object_kind);
    if (ent)
        TRY(rights_reach(r->db, r->a, r->rights, ent, steps[0].ev.object_id, RIGHT_SEE, &visible, e));
    if (!ent || !visible)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    jw_obj(w);
    if (steps[0].by_rule)
        TRY(seen(r, &steps[0].run, &of_seen, e));
    jw_key(w, "run");
    if (steps[0].by_rule && of_seen)
        TRY(put_row(r, &steps[0].run, w, e));
    else
        jw_null(w);
    jw_key(w, "chain");
    jw_arr(w);
    while (n-- > 0)
        TRY(put_step(r, &steps[n], w, e));
    jw_end_arr(w);
    jw_end_obj(w);
    return RC_OK;
}
