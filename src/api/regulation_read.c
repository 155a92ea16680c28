/* The parts of a manual: stages with what they ask and do in words, and what changed from version to version. */
#include "api/regulation.h"
#include "base/i18n.h"
#include "base/time.h"
#include "crm/funnel_document.h"
#include "crm/gates.h"
#include "rules/names.h"
#include "rules/trigger.h"
#include "rules/words.h"

#define HISTORY_MOST 20

struct reader {
    struct call *c;
    struct arena *a;
    const char *lang;
    struct rule_names names;
    struct regulation *r;
};

static struct str text_of(const json_t *json, const char *member)
{
    const json_t *v = json_object_get(json, member);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

static bool is_archived(const json_t *json)
{
    return json_is_true(json_object_get(json, "archived"));
}

static int64_t id_of(const json_t *json, const char *member)
{
    return json_integer_value(json_object_get(json, member));
}

static struct str dump(struct arena *a, const json_t *json, const char *none)
{
    char *text = json && !json_is_null(json) ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    struct str out = text ? str_dup(a, str_c(text)) : str_c(none);
    free(text);
    return out;
}

/* ---- what it asks ---- */

static struct str field_words(struct reader *m, struct str path)
{
    const struct entity *of;
    int outer, inner;
    if (!gate_field_find(path, &outer, &of, &inner))
        return path;
    struct str head = words_field(m->a, m->lang, entity_by_id(ENT_DEAL), outer);
    if (inner < 0)
        return head;
    return str_fmt(m->a, "%.*s: %.*s", STR_ARG(head), STR_ARG(words_field(m->a, m->lang, of, inner)));
}

static struct str gate_words(struct reader *m, const json_t *g)
{
    struct str kind = text_of(g, "kind"), name = text_of(g, "name"), what = name;
    char key[80];
    if (str_eqc(kind, "field") && !name.len)
        what = field_words(m, text_of(g, "field"));
    else if (str_eqc(kind, "artefact") && !name.len) {
        snprintf(key, sizeof key, "field.gate.artefact:%.*s", STR_ARG(text_of(g, "artefact")));
        what = i18n_text(m->lang, key);
    } else if (str_eqc(kind, "goal"))
        what = words_name(m->a, &m->names, ENT_GOAL, id_of(g, "goal_id"));
    else if (str_eqc(kind, "coverage") || str_eqc(kind, "waiting"))
        what = str_fmt(m->a, "%lld", (long long)id_of(g, "least"));
    snprintf(key, sizeof key, "regulation.gate.%.*s", STR_ARG(kind));
    struct str said = i18n_fill(m->a, m->lang, key, &what, 1), class = STR(""), leave = STR("");
    if (id_of(g, "deal_class_id")) {
        struct str of = words_name(m->a, &m->names, ENT_DEAL_CLASS, id_of(g, "deal_class_id"));
        class = i18n_fill(m->a, m->lang, "regulation.of_class", &of, 1);
    }
    if (str_eqc(text_of(g, "at"), "leave"))
        leave = i18n_text(m->lang, "regulation.to_leave");
    return str_fmt(m->a, "%.*s%s%.*s%s%.*s", STR_ARG(said), class.len ? " " : "", STR_ARG(class), leave.len ? " " : "",
                   STR_ARG(leave));
}

/* ---- what happens by itself ---- */

static struct str actor_words(struct reader *m, const json_t *json, bool goal, int64_t stage)
{
    struct trigger *t;
    struct err why;
    struct trigger_def def = {.id = id_of(json, "id"),
                              .is_goal = goal,
                              .name = text_of(json, "name"),
                              .funnel_id = id_of(m->r->doc, "id"),
                              .stage_id = stage,
                              .enabled = true,
                              .event = dump(m->a, json_object_get(json, "event"), "null"),
                              .condition = text_of(json, "condition"),
                              .actions = dump(m->a, json_object_get(json, "actions"), "[]")};
    if (goal && str_eqc(def.actions, "[]"))
        return STR("");
    if (trigger_read(m->a, &def, time_now(), 0, &t, &why) != RC_OK)
        return def.name;
    if (trigger_speaks_hidden(t, m->c->rights))
        return def.name;
    return trigger_text(m->a, t, &m->names, m->lang);
}

static struct str goal_words(struct reader *m, const json_t *g)
{
    char key[80];
    snprintf(key, sizeof key, "field.goal.kind:%.*s", STR_ARG(text_of(g, "kind")));
    return str_fmt(m->a, "%.*s (%.*s)", STR_ARG(text_of(g, "name")), STR_ARG(i18n_text(m->lang, key)));
}

static size_t in_force(const json_t *list)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n += !is_archived(json_array_get(list, i));
    return n;
}

static void read_automation(struct reader *m, const json_t *of, int64_t stage, struct regulation_texts *t)
{
    const json_t *goals = json_object_get(of, "goals"), *triggers = json_object_get(of, "triggers");
    t->automation = ARENA_ARRAY(m->a, struct str, json_array_size(goals) + json_array_size(triggers) + 1);
    t->goals = ARENA_ARRAY(m->a, struct str, in_force(goals) + 1);
    for (size_t i = 0; i < json_array_size(goals); i++) {
        const json_t *g = json_array_get(goals, i);
        if (is_archived(g))
            continue;
        struct str does = actor_words(m, g, true, stage);
        t->goals[t->n_goals++] = goal_words(m, g);
        if (does.len)
            t->automation[t->n_automation++] = does;
    }
    for (size_t i = 0; i < json_array_size(triggers); i++)
        if (json_is_true(json_object_get(json_array_get(triggers, i), "enabled")))
            t->automation[t->n_automation++] = actor_words(m, json_array_get(triggers, i), false, stage);
}

static void read_stage(struct reader *m, json_t *stage)
{
    struct regulation *r = m->r;
    struct regulation_texts *t = &r->texts[r->n];
    const json_t *gates = json_object_get(stage, "gates");
    t->gates = ARENA_ARRAY(m->a, struct str, json_array_size(gates) + 1);
    for (size_t i = 0; i < json_array_size(gates); i++)
        if (!is_archived(json_array_get(gates, i)))
            t->gates[t->n_gates++] = gate_words(m, json_array_get(gates, i));
    read_automation(m, stage, id_of(stage, "id"), t);
    r->roles[r->n] = id_of(stage, "role_id") ? words_name(m->a, &m->names, ENT_ROLE, id_of(stage, "role_id")) : STR("");
    r->stages[r->n++] = stage;
}

/* ---- history ---- */

static const json_t *stage_in(const json_t *doc, int64_t id)
{
    const json_t *list = json_object_get(doc, "stages");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (id_of(json_array_get(list, i), "id") == id && !is_archived(json_array_get(list, i)))
            return json_array_get(list, i);
    return NULL;
}

static void say(struct reader *m, struct buf *b, const char *what, struct str one, struct str other)
{
    char key[60];
    const struct str args[2] = {one, other};
    snprintf(key, sizeof key, "regulation.change.%s", what);
    if (b->len)
        buf_c(b, "; ");
    buf_str(b, i18n_fill(m->a, m->lang, key, args, 2));
}

static struct str what_changed(struct reader *m, const json_t *before, const json_t *after)
{
    struct buf b = {0};
    const json_t *list = json_object_get(after, "stages"), *olds = json_object_get(before, "stages");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *now = json_array_get(list, i), *was = stage_in(before, id_of(now, "id"));
        if (is_archived(now) || !rights_has_stage(m->c->rights, id_of(m->r->doc, "id"), id_of(now, "id")))
            continue;
        if (!was)
            say(m, &b, "added", text_of(now, "name"), STR(""));
        else if (!str_eq(text_of(was, "name"), text_of(now, "name")))
            say(m, &b, "renamed", text_of(was, "name"), text_of(now, "name"));
        else if (!json_equal(was, now))
            say(m, &b, "changed", text_of(now, "name"), STR(""));
    }
    for (size_t i = 0; i < json_array_size(olds); i++) {
        const json_t *was = json_array_get(olds, i);
        if (!is_archived(was) && !stage_in(after, id_of(was, "id")) &&
            rights_has_stage(m->c->rights, id_of(m->r->doc, "id"), id_of(was, "id")))
            say(m, &b, "removed", text_of(was, "name"), STR(""));
    }
    if (!b.len)
        buf_str(&b, i18n_text(m->lang, before ? "regulation.change.funnel" : "regulation.change.first"));
    struct str text = str_dup(m->a, buf_view(&b));
    buf_free(&b);
    return text;
}

static enum rc read_history(struct reader *m, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    json_t *docs[HISTORY_MOST + 1] = {NULL};
    struct str labels[HISTORY_MOST + 1];
    size_t n = 0;
    TRY(db_prepare(m->c->db, &s,
                   "SELECT v.version, v.at, u.name, v.definition FROM funnel_version v LEFT JOIN users u ON u.id ="
                   " v.actor_id WHERE v.funnel_id = $1 ORDER BY v.version DESC LIMIT 21",
                   e));
    stmt_i64(s, 1, id_of(m->r->doc, "id"));
    while ((rc = stmt_step(s, e)) == RC_ROW && n <= HISTORY_MOST) {
        struct str args[3] = {str_fmt(m->a, "%lld", (long long)stmt_col_i64(s, 0)),
                              time_format(m->a, stmt_col_i64(s, 1)), str_dup(m->a, stmt_col_str(s, 2))};
        args[1].len = 10; /* the day */
        m->r->at = n ? m->r->at : stmt_col_i64(s, 1);
        labels[n] = i18n_fill(m->a, m->lang, args[2].len ? "regulation.version_by" : "regulation.version", args, 3);
        if (json_read(stmt_col_str(s, 3), &docs[n], NULL) != RC_OK)
            docs[n] = NULL;
        n++;
    }
    stmt_done(s);
    m->r->history = ARENA_ARRAY(m->a, struct manual_text, n + 1);
    for (size_t i = 0; i < n && i < HISTORY_MOST; i++)
        m->r->history[m->r->n_history++] =
            (struct manual_text){labels[i], what_changed(m, i + 1 < n ? docs[i + 1] : NULL, docs[i])};
    for (size_t i = 0; i < n; i++)
        json_decref(docs[i]);
    return rc == RC_DONE || rc == RC_ROW ? RC_OK : rc;
}

enum rc regulation_read(struct call *c, int64_t funnel_id, int64_t only, const char *lang, struct regulation *out,
                        struct err *e)
{
    struct reader m = {
        .c = c, .a = c->r->arena, .lang = lang, .names = names_for(c->r->arena, c->db, c->rights), .r = out};
    *out = (struct regulation){.lang = lang};
    if (!rights_has_funnel(c->rights, funnel_id))
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    TRY(funnel_document(c->db, funnel_id, &out->doc, e));
    definition_hide(c, funnel_id, out->doc);
    const json_t *list = json_object_get(out->doc, "stages");
    size_t n = json_array_size(list);
    out->stages = ARENA_ARRAY(m.a, json_t *, n + 1);
    out->texts = ARENA_ARRAY(m.a, struct regulation_texts, n + 1);
    out->roles = ARENA_ARRAY(m.a, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        json_t *stage = json_array_get(list, i);
        if (!is_archived(stage) && (!only || id_of(stage, "id") == only))
            read_stage(&m, stage);
    }
    enum rc rc = RC_OK;
    if (only && !out->n)
        rc = err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    read_automation(&m, out->doc, 0, &out->texts[out->n]);
    if (rc == RC_OK && !only)
        rc = read_history(&m, e);
    if (rc != RC_OK)
        json_decref(out->doc);
    return rc;
}
