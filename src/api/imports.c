/* Imports of tables: what a file looks like and what its columns may mean, then the import itself as an operation. */
#include "api/inside.h"
#include "crm/import_rows.h"

#define SAMPLES 5
#define SAMPLE_CHARS 120
#define GUESS_ROWS 200

static enum rc text_of(const json_t *body, const char *key, struct arena *a, struct str *out, struct err *e)
{
    const json_t *v = json_object_get(body, key);
    *out = STR_NULL;
    return v && !json_is_null(v) ? body_text(body, key, a, out, e) : RC_OK;
}

/* ---- preview ---- */

struct columns {
    size_t n;
    struct str *header;
    struct str **sample;
    size_t *n_sample;
};

static struct str shortened(struct arena *a, struct str s)
{
    if (!str_utf8_valid(s))
        return STR("?");
    size_t n = s.len < SAMPLE_CHARS ? s.len : SAMPLE_CHARS;
    while (n && n < s.len && (s.ptr[n] & 0xc0) == 0x80)
        n--;
    return str_dup(a, (struct str){s.ptr, n});
}

static enum rc read_columns(struct source *s, struct arena *a, struct columns *c, int64_t *rows, struct err *e)
{
    const struct str *cells;
    size_t n;
    int64_t number;
    enum rc rc = source_next(s, &cells, &n, &number, e);
    if (rc == RC_DONE || (rc == RC_ROW && n == 0))
        return err_set(e, RC_UNPROCESSABLE, "no_header", "", NULL);
    if (rc != RC_ROW)
        return rc;
    if (n > IMPORT_COLUMNS_MOST)
        return err_set(e, RC_UNPROCESSABLE, "table_too_wide", "", "%d", IMPORT_COLUMNS_MOST);
    *c = (struct columns){n, ARENA_ARRAY(a, struct str, n), ARENA_ARRAY(a, struct str *, n), ARENA_ARRAY(a, size_t, n)};
    for (size_t i = 0; i < n; i++) {
        c->header[i] = shortened(a, str_trim(cells[i]));
        c->sample[i] = ARENA_ARRAY(a, struct str, SAMPLES);
    }
    *rows = 0;
    while ((rc = source_next(s, &cells, &n, &number, e)) == RC_ROW || rc == RC_INVALID) {
        ++*rows;
        for (size_t i = 0; rc == RC_ROW && *rows <= GUESS_ROWS && i < n && i < c->n; i++) {
            struct str v = str_trim(cells[i]);
            if (v.len && c->n_sample[i] < SAMPLES)
                c->sample[i][c->n_sample[i]++] = shortened(a, v);
        }
    }
    return rc == RC_DONE ? RC_OK : rc;
}

static void put_guess(struct jw *w, const struct import_target_field *t)
{
    jw_key(w, "guess");
    if (t->object == ENT_NONE) {
        jw_null(w);
        return;
    }
    const struct entity *ent = entity_by_id(t->object);
    jw_obj(w);
    jw_kc(w, "object", ent->name);
    jw_kc(w, "field", t->field >= 0 ? ent->fields[t->field].name : import_extra_names[t->extra]);
    jw_kf64(w, "sure", t->sure / 100.0);
    jw_end_obj(w);
}

/* Among the columns, what tells one record from another. */
static void put_match(struct jw *w, enum entity_id object, const struct import_target_field *t, size_t n)
{
    static const struct {
        enum entity_id object;
        const char *field;
    } order[] = {{ENT_CONTACT, "email"}, {ENT_CONTACT, "phone"}, {ENT_COMPANY, "inn"},
                 {ENT_COMPANY, "name"},  {ENT_PRODUCT, "sku"},   {ENT_PRODUCT, "name"}};
    jw_key(w, "match");
    jw_arr(w);
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < n; i++)
            if (order[k].object == object && t[i].object == object && t[i].field >= 0 &&
                strcmp(entity_by_id(object)->fields[t[i].field].name, order[k].field) == 0)
                jw_c(w, order[k].field);
    jw_end_arr(w);
}

static void put_source(struct jw *w, const struct source *s)
{
    char delimiter[2] = {s->delimiter, '\0'};
    jw_kc(w, "kind", s->workbook ? "xlsx" : "csv");
    jw_kc(w, "encoding", s->workbook ? NULL : encoding_names[s->encoding]);
    jw_kc(w, "delimiter", s->workbook ? NULL : delimiter);
    jw_key(w, "sheets");
    jw_arr(w);
    for (size_t i = 0; i < s->n_sheets; i++)
        jw_str(w, s->sheets[i]);
    jw_end_arr(w);
    if (s->workbook)
        jw_kstr(w, "sheet", s->sheets[s->sheet]);
}

static void put_preview(struct call *c, enum entity_id object, const struct source *s, const struct columns *cols,
                        int64_t rows)
{
    struct arena *a = c->r->arena;
    struct import_target_field *guess = ARENA_ARRAY(a, struct import_target_field, cols->n + 1);
    const char *recognised;
    import_guess(a, object, cols->header, cols->n, (const struct str *const *)cols->sample, cols->n_sample, guess,
                 &recognised);
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kc(&w, "recognised", recognised);
    jw_kc(&w, "object", entity_by_id(object)->name);
    put_source(&w, s);
    jw_ki64(&w, "rows", rows);
    jw_key(&w, "columns");
    jw_arr(&w);
    for (size_t i = 0; i < cols->n; i++) {
        jw_obj(&w);
        jw_kstr(&w, "name", cols->header[i]);
        jw_key(&w, "samples");
        jw_arr(&w);
        for (size_t k = 0; k < cols->n_sample[i]; k++)
            jw_str(&w, cols->sample[i][k]);
        jw_end_arr(&w);
        put_guess(&w, &guess[i]);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    put_match(&w, object, guess, cols->n);
    jw_end_obj(&w);
}

static bool importable(enum entity_id id)
{
    return id == ENT_DEAL || id == ENT_CONTACT || id == ENT_COMPANY || id == ENT_TASK || id == ENT_PRODUCT;
}

static enum rc preview(struct call *c, const json_t *body, struct err *e)
{
    static const char *const keys[] = {"upload_id", "object", "encoding", "delimiter", "sheet", NULL};
    struct arena *a = c->r->arena;
    struct source_options opt = {0};
    struct str upload_id, object;
    struct upload upload = {0};
    struct source s = {0};
    struct columns cols = {0};
    int64_t rows = 0;
    TRY(body_only(body, keys, e));
    TRY(body_text(body, "upload_id", a, &upload_id, e));
    TRY(text_of(body, "object", a, &object, e));
    TRY(text_of(body, "encoding", a, &opt.encoding, e));
    TRY(text_of(body, "delimiter", a, &opt.delimiter, e));
    TRY(text_of(body, "sheet", a, &opt.sheet, e));
    TRY(upload_find(c->app, a, upload_id, c->session.user_id, &upload, e));
    const struct entity *ent = object.len ? entity_by_name(object) : NULL;
    if (object.len && (!ent || !importable(ent->id)))
        return err_set(e, RC_UNPROCESSABLE, "bad_parameter", "object", "%.*s", (int)(object.len < 60 ? object.len : 60),
                       object.ptr);
    enum rc rc = source_open(&s, upload.path, &opt, a, e);
    if (rc == RC_OK)
        rc = read_columns(&s, a, &cols, &rows, e);
    if (rc == RC_OK)
        put_preview(c, ent ? ent->id : import_guess_object(a, cols.header, cols.n, ENT_CONTACT), &s, &cols, rows);
    source_close(&s);
    return rc;
}

static enum rc preview_handle(struct call *c, struct err *e)
{
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = preview(c, body, e);
    json_decref(body);
    return rc;
}

/* ---- the import ---- */

static enum rc read_import(struct call *c, json_t *body, struct operation_new *in, struct err *e)
{
    static const char *const keys[] = {"upload_id", "object", "encoding",  "delimiter", "sheet",   "columns", "match",
                                       "on_match",  "on_bad", "funnel_id", "owner_id",  "dry_run", "create",  NULL};
    struct arena *a = c->r->arena;
    struct import_plan plan;
    struct upload upload = {0};
    struct str id;
    TRY(body_only(body, keys, e));
    TRY(body_text(body, "upload_id", a, &id, e));
    TRY(upload_find(c->app, a, id, c->session.user_id, &upload, e));
    TRY(import_plan_read(a, body, &plan, e));
    for (size_t i = 0; i < plan.n;
         i++) /* a field that one may not see does not exist, one may not fill what is closed */
        if (plan.column[i].to.field >= 0 &&
            !rights_edits_field(c->rights, entity_by_id(plan.column[i].to.object), plan.column[i].to.field))
            return err_set(e, RC_FORBIDDEN, "forbidden",
                           entity_by_id(plan.column[i].to.object)->fields[plan.column[i].to.field].name, NULL);
    char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    *in = (struct operation_new){.kind = OPERATION_IMPORT,
                                 .object = str_c(entity_by_id(plan.object)->name),
                                 .title = upload.name,
                                 .plan = str_dup(a, str_c(text))};
    free(text);
    return RC_OK;
}

static enum rc import_prepare_call(struct call *c, struct err *e)
{
    struct operation_new *in = ARENA_NEW(c->r->arena, struct operation_new);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = read_import(c, body, in, e);
    json_decref(body);
    c->job.args = in;
    c->job.command = &command_operation;
    return rc;
}

const struct route import_routes[] = {
    {"POST", "/api/imports/preview", RUN_POOL, MAY_SELL, NULL, "What a table holds and what its columns may mean",
     preview_handle, NULL, NULL, "import-preview", "import-columns", 0, .can = CAN_IMPORT},
    {"POST", "/api/imports", RUN_WRITE, MAY_SELL, NULL, "Import a table, or try it without writing", operation_show,
     import_prepare_call, NULL, "import", "operation", 202, .can = CAN_IMPORT},
};
const size_t import_routes_n = sizeof import_routes / sizeof *import_routes;
