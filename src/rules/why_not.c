/* Why a trigger did not act on a deal: everything that it asks, with what was found. And what hangs on a deal still. */
#include "base/time.h"
#include "rules/names.h"
#include "rules/run_impl.h"
#include "rules/run_show.h"
#include "rules/timer.h"
#include "rules/words.h"

struct reasons {
    const struct run_reader *r;
    struct jw *w;
    bool would, hidden; /* hidden: a condition is asked that whoever asks does not see */
};

static void say(struct reasons *x, const char *code, struct str arg, struct str value, bool stands_in_the_way)
{
    char key[60];
    snprintf(key, sizeof key, "rules.why.%s", code);
    jw_obj(x->w);
    jw_kc(x->w, "code", code);
    jw_kstr(x->w, "text", i18n_fill(x->r->a, x->r->lang, key, &arg, 1));
    if (value.ptr)
        jw_kstr(x->w, "value", value);
    else
        jw_knull(x->w, "value");
    jw_end_obj(x->w);
    x->would = x->would && !stands_in_the_way;
}

/* ---- what a condition looks at, read for a person who asks ---- */

static enum rc follow_reference(void *arg, const struct entity *ent, int64_t id, const struct record **out,
                                struct err *e)
{
    const struct run_reader *r = arg;
    struct record *to;
    enum rc rc = record_load(r->db, r->a, ent, id, true, &to, e);
    *out = rc == RC_OK ? to : NULL;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static bool hidden(const struct run_reader *r, const struct entity *ent, const struct filter_leaf *l)
{
    int own = l->via >= 0 ? l->via : l->index;
    return (own >= 0 && !rights_sees_field(r->rights, ent, own)) ||
           (l->via >= 0 && l->index >= 0 && !rights_sees_field(r->rights, l->ent, l->index));
}

/* Behind a reference: as far as the record there is in sight now. */
static enum rc behind_seen(const struct run_reader *r, const struct record *deal, const struct filter_leaf *l,
                           bool *out, struct err *e)
{
    int64_t id = l->via >= 0 ? val_i(deal->f[l->via], 0) : 0;
    *out = true;
    return id ? rights_reach(r->db, r->a, r->rights, l->ent, id, RIGHT_SEE, out, e) : RC_OK;
}

static enum rc conditions(struct reasons *x, const struct trigger *t, const struct record *deal, int64_t offset,
                          struct err *e)
{
    struct filter_eval eval = {.arena = x->r->a, .load = follow_reference, .arg = (void *)x->r};
    struct filter_seen *seen;
    size_t n;
    bool met;
    TRY(trigger_condition(t, &eval, deal, x->r->now, offset, &met, &seen, &n, e));
    for (size_t i = 0; i < n; i++) {
        bool visible;
        TRY(behind_seen(x->r, deal, seen[i].leaf, &visible, e));
        if (!visible || hidden(x->r, deal->ent, seen[i].leaf)) {
            x->hidden = true;
            continue;
        }
        struct str text = filter_leaf_text(x->r->a, seen[i].leaf, deal->ent, seen[i].negated);
        struct str value = filter_value_text(x->r->a, seen[i].leaf->field, seen[i].value);
        say(x, seen[i].met ? "condition_met" : "condition", text, value, false);
    }
    x->would = x->would && (met || x->hidden); /* what follows from the hidden part is not told either */
    if (x->hidden)
        say(x, "hidden", STR(""), STR_NULL, false);
    return RC_OK;
}

/* ---- its runs and timer ---- */

static enum rc timer_at(const struct run_reader *r, int64_t trigger_id, int64_t deal_id, int64_t *due_at, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(r->db, &s, "SELECT due_at FROM timer WHERE trigger_id = $1 AND object_id = $2", e));
    stmt_i64(s, 1, trigger_id);
    stmt_i64(s, 2, deal_id);
    enum rc rc = stmt_step(s, e);
    *due_at = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static struct str when(const struct run_reader *r, int64_t due_at)
{
    int64_t minutes = (due_at - r->now) / (60 * MS_SECOND), hours = (minutes + 30) / 60;
    if (due_at <= r->now)
        return i18n_text(r->lang, "rules.timer.now");
    if (hours >= 48)
        hours = (hours + 12) / 24 * 24;
    return WORDS(r->a, r->lang, "rules.ahead", {"time", words_hours(r->a, r->lang, hours < 1 ? 1 : hours, false)});
}

static enum rc timers(struct reasons *x, const struct trigger *t, const struct record *deal, struct err *e)
{
    int64_t due_at;
    TRY(timer_at(x->r, t->id, deal->id, &due_at, e));
    if (due_at)
        say(x, "timer_waits", when(x->r, due_at), time_format(x->r->a, due_at), false);
    else if (val_has(deal->f[DEAL_WAIT_ID]))
        say(x, "deferred", STR(""), STR_NULL, true);
    else
        say(x, "timer_none", STR(""), STR_NULL, true);
    return RC_OK;
}

static enum rc last_run(struct reasons *x, const struct trigger *t, int64_t deal_id, struct err *e)
{
    static const char *const codes[] = {"ran", "failed", "retry", "stopped"};
    struct stmt *s;
    json_t *json = NULL;
    struct err why = {0};
    TRY(db_prepare(x->r->db, &s,
                   "SELECT state, at, error FROM trigger_run WHERE rule_kind = $1 AND rule_id = $2 AND deal_id = $3"
                   " ORDER BY id DESC LIMIT 1",
                   e));
    stmt_i64(s, 1, ENT_TRIGGER);
    stmt_i64(s, 2, t->id);
    stmt_i64(s, 3, deal_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        struct str text = STR("");
        if (stmt_col_str(s, 2).len && json_read(stmt_col_str(s, 2), &json, &why) == RC_OK) {
            snprintf(why.code, sizeof why.code, "%s", json_string_value(json_object_get(json, "code")));
            for (size_t i = 0; i < 2; i++)
                snprintf(why.arg[i], sizeof why.arg[i], "%s",
                         json_string_value(json_array_get(json_object_get(json, "args"), i)));
            run_error_hide(&why, x->r->rights);
            text = run_error_text(x->r->a, x->r->lang, &why);
        }
        say(x, codes[stmt_col_i64(s, 0)], text, time_format(x->r->a, stmt_col_i64(s, 1)), false);
    }
    json_decref(json);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* ---- the whole ---- */

static void place(struct reasons *x, const struct trigger *t, const struct record *deal)
{
    struct rule_names names = names_for(x->r->a, x->r->db, x->r->rights);
    if (t->stage_id && t->event.on != ON_LEFT && t->stage_id != val_i(deal->f[DEAL_STAGE_ID], 0))
        say(x, "other_stage", words_name(x->r->a, &names, ENT_STAGE, t->stage_id),
            words_name(x->r->a, &names, ENT_STAGE, val_i(deal->f[DEAL_STAGE_ID], 0)), true);
    else if (t->funnel_id && t->funnel_id != val_i(deal->f[DEAL_FUNNEL_ID], 0))
        say(x, "other_funnel", words_name(x->r->a, &names, ENT_FUNNEL, t->funnel_id),
            words_name(x->r->a, &names, ENT_FUNNEL, val_i(deal->f[DEAL_FUNNEL_ID], 0)), true);
    bool open = val_i(deal->f[DEAL_STATUS], 0) == DEAL_OPEN;
    if (t->event.on == ON_TIMER && t->event.after != AFTER_DATE && !t->stage_id && !open)
        say(x, "closed", STR(""), STR_NULL, true);
}

enum rc why_not_put(const struct run_reader *r, int64_t trigger_id, int64_t deal_id, struct jw *w, struct err *e)
{
    struct rule_names names = names_for(r->a, r->db, r->rights);
    struct reasons x = {.r = r, .w = w, .would = true};
    struct rule_set *set;
    struct record *deal;
    bool visible;
    TRY(rules_load(r->db, r->a, &set, e));
    const struct trigger *t = rules_trigger(set, trigger_id);
    TRY(rights_reach(r->db, r->a, r->rights, entity_by_id(ENT_DEAL), deal_id, RIGHT_SEE, &visible, e));
    if (!t || !visible)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    TRY(record_load(r->db, r->a, entity_by_id(ENT_DEAL), deal_id, true, &deal, e));
    jw_obj(w);
    jw_key(w, "reasons");
    jw_arr(w);
    if (!t->enabled)
        say(&x, "off", STR(""), STR_NULL, true);
    if (deal->deleted_at)
        say(&x, "deleted", STR(""), STR_NULL, true);
    if (t->subject != ENT_DEAL)
        say(&x, "not_of_deals", STR(""), STR_NULL, true);
    place(&x, t, deal);
    if (t->subject == ENT_DEAL)
        TRY(conditions(&x, t, deal, set->offset_ms, e));
    if (t->event.on == ON_TIMER && t->enabled)
        TRY(timers(&x, t, deal, e));
    else if (t->event.on != ON_TIMER)
        say(&x, "waits_event", trigger_event_text(r->a, t, &names, r->lang), STR_NULL, false);
    TRY(last_run(&x, t, deal_id, e));
    jw_end_arr(w);
    if (x.would && x.hidden)
        jw_knull(w, "would");
    else
        jw_kbool(w, "would", x.would);
    jw_end_obj(w);
    return RC_OK;
}

/* ---- timers of a deal ---- */

static bool loses(const struct run_reader *r, const struct trigger *t)
{
    for (size_t i = 0; i < t->n_actions; i++) {
        struct record *stage;
        struct err ignored;
        if (strcmp(t->actions[i].type->name, "move") == 0 &&
            record_load(r->db, r->a, entity_by_id(ENT_STAGE), t->actions[i].v[0].i, true, &stage, &ignored) == RC_OK &&
            val_i(stage->f[STAGE_OUTCOME], 0) == DEAL_LOST)
            return true;
    }
    return false;
}

/* «закроется сама через 3 дня»: what a trigger will do (closes: it moves the deal to a lost stage), and `in` words
 * when. */
static struct str timer_text(const struct run_reader *r, const struct trigger *t, bool closes, struct str in,
                             const struct rule_names *names)
{
    struct arena *a = r->a;
    const char *lang = r->lang;
    struct buf b = {0};
    if (closes)
        return WORDS(a, lang, "rules.timer.closes", {"when", in});
    for (size_t i = 0; i < t->n_actions; i++) {
        buf_c(&b, i ? ", " : "");
        buf_str(&b, action_speaks_hidden(&t->actions[i], r->rights) ? STR("…")
                                                                    : action_text(a, &t->actions[i], names, lang));
    }
    struct str what = str_dup(a, buf_view(&b));
    buf_free(&b);
    return WORDS(a, lang, "rules.timer.does", {"what", what}, {"when", in});
}

enum rc deal_timers_put(const struct run_reader *r, int64_t deal_id, struct jw *w, struct err *e)
{
    struct rule_names names = names_for(r->a, r->db, r->rights);
    struct {
        int64_t trigger_id, due_at;
    } rows[100];
    struct rule_set *set;
    struct stmt *s;
    enum rc rc;
    size_t n = 0;
    TRY(rules_load(r->db, r->a, &set, e));
    TRY(db_prepare(r->db, &s, "SELECT trigger_id, due_at FROM timer WHERE object_id = $1 ORDER BY due_at, id LIMIT 100",
                   e));
    stmt_i64(s, 1, deal_id);
    while ((rc = stmt_step(s, e)) == RC_ROW && n < 100) {
        rows[n].trigger_id = stmt_col_i64(s, 0);
        rows[n++].due_at = stmt_col_i64(s, 1);
    }
    stmt_done(s);
    if (rc != RC_DONE && rc != RC_ROW)
        return rc;
    jw_obj(w);
    jw_key(w, "items");
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        const struct trigger *t = rules_trigger(set, rows[i].trigger_id);
        if (!t || !t->enabled || t->subject != ENT_DEAL)
            continue;
        jw_obj(w);
        jw_ki64(w, "trigger_id", t->id);
        jw_kstr(w, "name", t->name);
        jw_ki64(w, "due_at", rows[i].due_at);
        jw_kstr(w, "text", timer_text(r, t, loses(r, t), when(r, rows[i].due_at), &names));
        jw_end_obj(w);
    }
    jw_end_arr(w);
    jw_end_obj(w);
    return RC_OK;
}

/* ---- the catalogue ---- */

static void put_names(struct jw *w, const char *const *names)
{
    jw_key(w, "names");
    if (!names) {
        jw_null(w);
        return;
    }
    jw_arr(w);
    for (size_t i = 0; names[i]; i++)
        jw_c(w, names[i]);
    jw_end_arr(w);
}

static void put_field(struct jw *w, const char *name, const char *type, enum entity_id ref, const char *const *names,
                      bool required)
{
    jw_obj(w);
    jw_kc(w, "name", name);
    jw_kc(w, "type", type);
    jw_kc(w, "ref", ref == ENT_NONE ? NULL : entity_by_id(ref)->name);
    put_names(w, names);
    jw_kbool(w, "required", required);
    jw_end_obj(w);
}

static void put_event(struct jw *w, enum trigger_on on)
{
    static const char *const tagged[] = {"deal", "contact", "company", NULL};
    jw_obj(w);
    jw_kc(w, "on", trigger_on_names[on]);
    jw_key(w, "fields");
    jw_arr(w);
    if (on == ON_CREATED || on == ON_UPDATED)
        put_field(w, "object", "enum", ENT_NONE, trigger_object_names, false);
    if (on == ON_TAGGED || on == ON_UNTAGGED) {
        put_field(w, "object", "enum", ENT_NONE, tagged, false);
        put_field(w, "tag_id", "ref", ENT_TAG, NULL, false);
    }
    if (on == ON_UPDATED)
        put_field(w, "field", "field", ENT_NONE, NULL, false);
    if (on == ON_REACHED)
        put_field(w, "goal_id", "ref", ENT_GOAL, NULL, false);
    if (on == ON_TIMER) {
        put_field(w, "after", "enum", ENT_NONE, timer_after_names + AFTER_STAGE_ENTRY, false);
        put_field(w, "date", "field", ENT_NONE, NULL, false);
        put_field(w, "hours", "int", ENT_NONE, NULL, true);
        put_field(w, "working", "bool", ENT_NONE, NULL, false);
        put_field(w, "field", "field", ENT_NONE, NULL, false);
    }
    jw_end_arr(w);
    jw_end_obj(w);
}

void catalogue_put(struct jw *w)
{
    static const char *const types[] = {"text", "url", "ref", "int", "bool", "enum", "who", "field", "value"};
    jw_obj(w);
    jw_key(w, "events");
    jw_arr(w);
    for (int on = 0; on < ON_END; on++)
        put_event(w, (enum trigger_on)on);
    jw_end_arr(w);
    jw_key(w, "actions");
    jw_arr(w);
    for (size_t i = 0; action_types[i]; i++) {
        jw_obj(w);
        jw_kc(w, "do", action_types[i]->name);
        jw_key(w, "fields");
        jw_arr(w);
        for (size_t k = 0; k < action_types[i]->n_fields; k++) {
            const struct action_field *fd = &action_types[i]->fields[k];
            put_field(w, fd->name, types[fd->type], fd->ref, fd->names, fd->required);
        }
        jw_end_arr(w);
        jw_end_obj(w);
    }
    jw_end_arr(w);
    jw_end_obj(w);
}
