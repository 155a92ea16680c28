/* The manual of a funnel over HTTP: as data, as a page, as PDF; a stage's regulation and who has read it. */
#include "api/regulation.h"
#include "base/i18n.h"
#include "base/time.h"
#include "rules/words.h"

static struct str text_of(const json_t *json, const char *member)
{
    const json_t *v = json_object_get(json, member);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

/* ---- to be printed ---- */

static void add_text(struct manual_text *list, size_t *n, struct str label, struct str text)
{
    if (str_trim(text).len)
        list[(*n)++] = (struct manual_text){label, text};
}

static void add_list(struct manual_chapter *c, struct str label, struct str *items, size_t n)
{
    if (n)
        c->lists[c->n_lists++] = (struct manual_list){label, items, n};
}

static struct str label(const struct regulation *r, const char *key)
{
    return i18n_text(r->lang, key);
}

static struct str norm_words(struct arena *a, const struct regulation *r, const json_t *stage)
{
    const json_t *days = json_object_get(stage, "norm_days");
    return json_is_integer(days) ? words_count(a, r->lang, "regulation.days", json_integer_value(days)) : STR("");
}

static struct str wait_words(struct arena *a, const json_t *stage)
{
    const json_t *hours = json_object_get(stage, "wait_hours");
    return json_is_integer(hours) ? str_fmt(a, "%lld", (long long)json_integer_value(hours)) : STR("");
}

/* Of what cannot be told by the system there is nothing; automation there always is, or that there is none. */
static void add_automation(struct manual_chapter *c, struct arena *a, const struct regulation *r,
                           const struct regulation_texts *t)
{
    struct str *none = ARENA_NEW(a, struct str);
    *none = label(r, "regulation.no_automation");
    add_list(c, label(r, "regulation.automation"), t->n_automation ? t->automation : none,
             t->n_automation ? t->n_automation : 1);
}

static void add_scripts(struct manual_chapter *c, struct arena *a, const json_t *stage)
{
    const json_t *scripts = json_object_get(stage, "scripts"), *links = json_object_get(stage, "links");
    c->scripts = ARENA_ARRAY(a, struct manual_text, json_array_size(scripts) + 1);
    c->links = ARENA_ARRAY(a, struct manual_link, json_array_size(links) + 1);
    for (size_t i = 0; i < json_array_size(scripts); i++)
        c->scripts[c->n_scripts++] = (struct manual_text){text_of(json_array_get(scripts, i), "title"),
                                                          text_of(json_array_get(scripts, i), "text")};
    for (size_t i = 0; i < json_array_size(links); i++)
        c->links[c->n_links++] =
            (struct manual_link){text_of(json_array_get(links, i), "title"), text_of(json_array_get(links, i), "url")};
}

static struct manual_chapter chapter(struct arena *a, const struct regulation *r, size_t i)
{
    const json_t *stage = r->stages[i];
    char key[60];
    snprintf(key, sizeof key, "field.stage.outcome:%.*s", STR_ARG(text_of(stage, "outcome")));
    struct manual_chapter c = {.title = text_of(stage, "name")};
    c.anchor = str_fmt(a, "stage-%lld", (long long)json_integer_value(json_object_get(stage, "id")));
    struct str phase = text_of(stage, "phase"), outcome = label(r, key);
    c.under = str_fmt(a, "%.*s%s%.*s%s%.*s", STR_ARG(phase), phase.len ? " · " : "", STR_ARG(outcome),
                      r->roles[i].len ? " · " : "", STR_ARG(r->roles[i]));
    add_text(c.texts, &c.n_texts, label(r, "field.stage.entry_result"), text_of(stage, "entry_result"));
    add_text(c.texts, &c.n_texts, label(r, "field.stage.aim"), text_of(stage, "aim"));
    add_text(c.texts, &c.n_texts, label(r, "regulation.norm"), norm_words(a, r, stage));
    add_text(c.texts, &c.n_texts, label(r, "field.stage.wait_hours"), wait_words(a, stage));
    add_text(c.texts, &c.n_texts, label(r, "field.stage.steps"), text_of(stage, "steps"));
    add_text(c.texts, &c.n_texts, label(r, "field.stage.next_task"),
             text_of(json_object_get(stage, "next_task"), "title"));
    add_scripts(&c, a, stage);
    add_list(&c, label(r, "regulation.gates"), r->texts[i].gates, r->texts[i].n_gates);
    add_list(&c, label(r, "regulation.goals"), r->texts[i].goals, r->texts[i].n_goals);
    add_automation(&c, a, r, &r->texts[i]);
    return c;
}

void regulation_manual(struct arena *a, const struct regulation *r, struct manual *out)
{
    const json_t *version = json_object_get(r->doc, "version");
    struct str number[2] = {str_fmt(a, "%lld", (long long)json_integer_value(version)), time_format(a, r->at)};
    number[1].len = 10;
    *out =
        (struct manual){.lang = r->lang,
                        .title = i18n_fill(a, r->lang, "regulation.title", (struct str[]){text_of(r->doc, "name")}, 1),
                        .under = i18n_fill(a, r->lang, "regulation.under", number, 2),
                        .n = r->n,
                        .history = r->history,
                        .n_history = r->n_history,
                        .contents = label(r, "regulation.contents"),
                        .scripts = label(r, "field.stage.scripts"),
                        .links = label(r, "field.stage.links"),
                        .changes = label(r, "regulation.changes"),
                        .page = label(r, "regulation.page")};
    add_text(out->intro.texts, &out->intro.n_texts, label(r, "field.funnel.entry_rule"), text_of(r->doc, "entry_rule"));
    if (r->texts[r->n].n_automation)
        add_automation(&out->intro, a, r, &r->texts[r->n]);
    out->chapters = ARENA_ARRAY(a, struct manual_chapter, r->n + 1);
    for (size_t i = 0; i < r->n; i++)
        out->chapters[i] = chapter(a, r, i);
}

/* ---- as data ---- */

static void put_strings(struct jw *w, const char *key, const struct str *list, size_t n)
{
    jw_key(w, key);
    jw_arr(w);
    for (size_t i = 0; i < n; i++)
        jw_str(w, list[i]);
    jw_end_arr(w);
}

static void put_stage(struct call *c, struct jw *w, const struct regulation *r, size_t i)
{
    static const char *const members[] = {"id",    "name",    "phase", "outcome", "norm_days",  "entry_result", "aim",
                                          "steps", "scripts", "links", "role_id", "wait_hours", "next_task"};
    for (size_t k = 0; k < sizeof members / sizeof *members; k++) {
        const json_t *v = json_object_get(r->stages[i], members[k]);
        char *text = v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        jw_key(w, members[k]);
        jw_raw(w, text ? str_dup(c->r->arena, str_c(text)) : STR("null"));
        free(text);
    }
    jw_kstr(w, "role", r->roles[i].len ? r->roles[i] : STR_NULL);
    put_strings(w, "gates", r->texts[i].gates, r->texts[i].n_gates);
    put_strings(w, "goals", r->texts[i].goals, r->texts[i].n_goals);
    put_strings(w, "automation", r->texts[i].automation, r->texts[i].n_automation);
}

static void put_all(struct call *c, const struct regulation *r)
{
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_ki64(&w, "funnel_id", json_integer_value(json_object_get(r->doc, "id")));
    jw_ki64(&w, "version", json_integer_value(json_object_get(r->doc, "version")));
    jw_kstr(&w, "name", text_of(r->doc, "name"));
    jw_kstr(&w, "entry_rule", text_of(r->doc, "entry_rule"));
    put_strings(&w, "automation", r->texts[r->n].automation, r->texts[r->n].n_automation);
    jw_key(&w, "stages");
    jw_arr(&w);
    for (size_t i = 0; i < r->n; i++) {
        jw_obj(&w);
        put_stage(c, &w, r, i);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    jw_key(&w, "history");
    jw_arr(&w);
    for (size_t i = 0; i < r->n_history; i++) {
        jw_obj(&w);
        jw_kstr(&w, "version", r->history[i].label);
        jw_kstr(&w, "changes", r->history[i].text);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    jw_end_obj(&w);
}

static enum rc lang_of(struct call *c, const char **out, struct err *e)
{
    struct str lang = call_param(c, "lang");
    *out = str_eqc(lang, "en") ? "en" : str_eqc(lang, "ru") ? "ru" : call_locale(c);
    if (lang.ptr && !str_eqc(lang, "en") && !str_eqc(lang, "ru"))
        return err_set(e, RC_INVALID, "bad_parameter", "lang", "%.*s", (int)(lang.len < 20 ? lang.len : 20), lang.ptr);
    return RC_OK;
}

static enum rc print(struct call *c, const struct regulation *r, bool pdf, struct err *e)
{
    struct manual manual;
    struct buf *body = http_body(c->r);
    regulation_manual(c->r->arena, r, &manual);
    if (!pdf) {
        c->content_type = "text/html; charset=utf-8";
        manual_html(&manual, body);
        return RC_OK;
    }
    c->content_type = "application/pdf";
    http_set(c->r, "Content-Disposition",
             str_fmt(c->r->arena, "attachment; filename=\"funnel-%lld.pdf\"", (long long)c->id));
    return manual_pdf(c->r->arena, &manual, body, e);
}

static enum rc regulation_handle(struct call *c, struct err *e)
{
    struct str format = call_param(c, "format");
    bool pdf = str_eqc(format, "pdf"), html = str_eqc(format, "html");
    struct regulation r;
    const char *lang;
    if (format.ptr && !pdf && !html && !str_eqc(format, "json"))
        return err_set(e, RC_INVALID, "bad_parameter", "format", "%.*s", (int)(format.len < 20 ? format.len : 20),
                       format.ptr);
    TRY(lang_of(c, &lang, e));
    TRY(regulation_read(c, c->id, 0, lang, &r, e));
    enum rc rc = RC_OK;
    if (pdf || html)
        rc = print(c, &r, pdf, e);
    else
        put_all(c, &r);
    json_decref(r.doc);
    return rc;
}

/* ---- read receipts ---- */

/* Whoever sees to the settings sees everybody's, others their own. */
static enum rc put_reads(struct call *c, struct jw *w, int64_t stage, int64_t version, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    bool all = rights_can(c->rights, CAN_SETTINGS), read = false;
    TRY(db_prepare(c->db, &s,
                   "SELECT user_id, created_at, funnel_version FROM regulation_read WHERE stage_id = $1 AND"
                   " deleted_at IS NULL ORDER BY id DESC LIMIT 500",
                   e));
    stmt_i64(s, 1, stage);
    jw_key(w, "reads");
    jw_arr(w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        bool own = stmt_col_i64(s, 0) == c->session.user_id;
        read |= own && stmt_col_i64(s, 2) >= version;
        if (!all && !own)
            continue;
        jw_obj(w);
        jw_ki64(w, "user_id", stmt_col_i64(s, 0));
        jw_ki64(w, "at", stmt_col_i64(s, 1));
        jw_ki64(w, "version", stmt_col_i64(s, 2));
        jw_end_obj(w);
    }
    stmt_done(s);
    jw_end_arr(w);
    jw_kbool(w, "read", read);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc stage_handle(struct call *c, struct err *e)
{
    struct regulation r;
    struct record *stage;
    const char *lang;
    TRY(lang_of(c, &lang, e));
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_STAGE), c->id, false, &stage, e));
    TRY(regulation_read(c, stage->f[STAGE_FUNNEL_ID].i, c->id, lang, &r, e));
    int64_t version = json_integer_value(json_object_get(r.doc, "version"));
    struct jw w = call_json(c);
    jw_obj(&w);
    put_stage(c, &w, &r, 0);
    jw_ki64(&w, "version", version);
    enum rc rc = put_reads(c, &w, c->id, version, e);
    jw_end_obj(&w);
    json_decref(r.doc);
    return rc;
}

/* Reading the same version again changes nothing, and is answered as the first time. */
static enum rc apply_read(struct change *ch, struct command_job *j, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT r.id FROM regulation_read r JOIN stage s ON s.id = r.stage_id JOIN funnel f ON f.id ="
                   " s.funnel_id WHERE r.stage_id = $1 AND r.user_id = $2 AND r.funnel_version = f.definition_version"
                   " AND r.deleted_at IS NULL",
                   e));
    stmt_i64(s, 1, val_i(j->record->f[REGULATION_READ_STAGE_ID], 0));
    stmt_i64(s, 2, ch->actor.user_id);
    enum rc rc = stmt_step(s, e);
    int64_t id = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    if (rc != RC_ROW && rc != RC_DONE)
        return rc;
    j->out_id = id;
    return id ? RC_OK : command_create.apply(ch, j, e);
}
static const struct command command_regulation_read = {"regulation-read.create", apply_read};

enum rc regulation_read_create(struct call *c, struct err *e)
{
    TRY(object_create(c, e));
    c->job.command = &command_regulation_read;
    return RC_OK;
}

const struct route regulation_routes[] = {
    {"GET", "/api/funnels/{id}/regulation", RUN_POOL, MAY_READ, NULL, "The manual of a funnel: as data, a page or PDF",
     regulation_handle, NULL, "format lang", NULL, "regulation", 0},
    {"GET", "/api/stages/{id}/regulation", RUN_READ, MAY_READ, NULL, "The regulation of a stage and who has read it",
     stage_handle, NULL, "lang", NULL, "stage-regulation", 0},
};
const size_t regulation_routes_n = sizeof regulation_routes / sizeof *regulation_routes;
