/* voronka import --table: a table of deals, contacts, companies, tasks or products, as the wizard of the web
 * application takes it. */
#include "cli/import_table.h"
#include "crm/custom_field.h"
#include "crm/import_rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BUDGET_US 5000000 /* of a transaction */
#define SAMPLES 20
#define PROBLEMS 1000 /* that are told */

struct run {
    const struct import_table_options *o;
    struct db *db;
    struct writer *writer;
    struct arena arena;
    json_t *plan;
};

/* ---- the plan ---- */

static enum rc guess_columns(struct run *r, enum entity_id *object, struct err *e)
{
    struct arena *a = &r->arena;
    struct source_options opt = {str_c(r->o->encoding), str_c(r->o->delimiter), str_c(r->o->sheet)};
    struct source s = {0};
    const struct str *cells;
    size_t n, width;
    int64_t number;
    const char *recognised;
    enum rc rc;
    json_t *columns = json_array();
    TRY_OUT(source_open(&s, r->o->table, &opt, a, e));
    rc = source_next(&s, &cells, &width, &number, e);
    if (rc != RC_ROW) {
        rc = rc == RC_DONE ? err_set(e, RC_UNPROCESSABLE, "no_header", "", NULL) : rc;
        goto out;
    }
    struct str *header = ARENA_ARRAY(a, struct str, width), **sample = ARENA_ARRAY(a, struct str *, width);
    size_t *n_sample = ARENA_ARRAY(a, size_t, width);
    struct import_target_field *guess = ARENA_ARRAY(a, struct import_target_field, width);
    for (size_t i = 0; i < width; i++) {
        header[i] = str_dup(a, str_trim(cells[i]));
        sample[i] = ARENA_ARRAY(a, struct str, SAMPLES);
    }
    for (int i = 0; i < SAMPLES && source_next(&s, &cells, &n, &number, e) == RC_ROW; i++)
        for (size_t k = 0; k < n && k < width; k++)
            if (str_trim(cells[k]).len)
                sample[k][n_sample[k]++] = str_dup(a, str_trim(cells[k]));
    if (*object == ENT_NONE)
        *object = import_guess_object(a, header, width, ENT_CONTACT);
    import_guess(a, *object, header, width, (const struct str *const *)sample, n_sample, guess, &recognised);
    for (size_t i = 0; i < width; i++) {
        if (guess[i].object == ENT_NONE)
            continue;
        const struct entity *ent = entity_by_id(guess[i].object);
        const char *field = guess[i].field >= 0 ? ent->fields[guess[i].field].name : import_extra_names[guess[i].extra];
        json_array_append_new(columns,
                              json_pack("{s:i,s:s,s:s}", "column", (int)i, "object", ent->name, "field", field));
        if (!r->o->json)
            fprintf(stderr, "%.*s: %s.%s\n", STR_ARG(header[i]), ent->name, field);
    }
    json_object_set(r->plan, "columns", columns);
    rc = RC_OK;
out:
    json_decref(columns);
    source_close(&s);
    return rc;
}

static void set_text(json_t *plan, const char *key, const char *value)
{
    if (value)
        json_object_set_new(plan, key, json_string(value));
}

static void set_list(json_t *plan, const char *key, const char *words)
{
    if (!words)
        return;
    json_t *list = json_array();
    for (struct str rest = str_c(words); rest.ptr;) {
        struct str one = str_trim(str_cut(rest, ',', &rest));
        if (one.len)
            json_array_append_new(list, json_stringn(one.ptr, one.len));
    }
    json_object_set_new(plan, key, list);
}

static enum rc make_plan(struct run *r, struct err *e)
{
    const struct import_table_options *o = r->o;
    enum entity_id object = ENT_NONE;
    if (o->object) {
        const struct entity *ent = entity_by_plural(str_c(o->object));
        ent = ent ? ent : entity_by_name(str_c(o->object));
        if (!ent)
            return err_set(e, RC_INVALID, "bad_parameter", "object", "%.60s", o->object);
        object = ent->id;
    }
    r->plan = o->map ? json_load_file(o->map, JSON_REJECT_DUPLICATES, NULL) : json_object();
    if (!json_is_object(r->plan))
        return err_set(e, RC_INVALID, "bad_json", "map", "%.100s", o->map);
    if (!json_object_get(r->plan, "columns"))
        TRY(guess_columns(r, &object, e));
    if (object != ENT_NONE)
        set_text(r->plan, "object", entity_by_id(object)->name);
    json_object_del(r->plan, "upload_id");
    set_text(r->plan, "path", o->table);
    set_text(r->plan, "encoding", o->encoding);
    set_text(r->plan, "delimiter", o->delimiter);
    set_text(r->plan, "sheet", o->sheet);
    set_text(r->plan, "on_match", o->on_match);
    set_text(r->plan, "on_bad", o->on_bad);
    set_list(r->plan, "match", o->match);
    set_list(r->plan, "create", o->create);
    if (o->dry_run)
        json_object_set_new(r->plan, "dry_run", json_true());
    struct import_plan checked;
    return import_plan_read(&r->arena, r->plan, &checked, e);
}

/* ---- running it ---- */

static enum rc begin(struct run *r, int64_t *id, struct err *e)
{
    struct command_job j = {.command = &command_operation, .actor = {0, ROLE_ADMIN, VIA_CLI, NULL}};
    char *text = json_dumps(r->plan, JSON_COMPACT | JSON_SORT_KEYS);
    struct operation_new in = {.kind = OPERATION_IMPORT,
                               .object = str_c(json_string_value(json_object_get(r->plan, "object"))),
                               .title = str_c(r->o->table),
                               .plan = str_c(text)};
    command_job_init(&j);
    j.args = &in;
    enum rc rc = writer_run(r->writer, &j.job, e);
    *id = j.out_id;
    free(text);
    return rc;
}

static enum rc run_all(struct run *r, struct operation *op, struct err *e)
{
    bool over = false, shows = isatty(STDERR_FILENO);
    enum rc rc = RC_OK;
    while (!over && rc == RC_OK) {
        rc = operation_step(op, r->writer, r->db, BUDGET_US, &over, e);
        if (shows)
            fprintf(stderr, "\r%lld of %lld", (long long)op->done + (long long)op->failed, (long long)op->total);
    }
    if (shows)
        fputc('\n', stderr);
    return rc;
}

static void put_problem(struct jw *w, struct stmt *s)
{
    jw_obj(w);
    jw_ki64(w, "row", stmt_col_i64(s, 0));
    jw_kstr(w, "code", stmt_col_str(s, 1));
    jw_kstr(w, "field", stmt_col_str(s, 2));
    jw_kstr(w, "what", stmt_col_str(s, 3));
    jw_end_obj(w);
}

static enum rc put_problems(struct run *r, struct jw *w, int64_t id, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(r->db, &s,
                   "SELECT row_number, code, field, arg0 FROM operation_problem WHERE operation_id = $1 ORDER BY id"
                   " LIMIT $2",
                   e));
    stmt_i64(s, 1, id);
    stmt_i64(s, 2, PROBLEMS);
    jw_key(w, "problems");
    jw_arr(w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        put_problem(w, s);
        if (!r->o->json)
            fprintf(stderr, "row %lld: %.*s %.*s %.*s\n", (long long)stmt_col_i64(s, 0), STR_ARG(stmt_col_str(s, 1)),
                    STR_ARG(stmt_col_str(s, 2)), STR_ARG(stmt_col_str(s, 3)));
    }
    jw_end_arr(w);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc tell(struct run *r, int64_t id, struct err *e)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    struct record *op;
    const char *key;
    json_t *outcome = NULL, *value;
    TRY(record_load(r->db, &r->arena, entity_by_id(ENT_OPERATION), id, false, &op, e));
    if (op->f[OPERATION_OUTCOME].kind == VAL_TEXT)
        TRY(json_read(op->f[OPERATION_OUTCOME].s, &outcome, e));
    jw_obj(&w);
    jw_ki64(&w, "operation", id);
    jw_kc(&w, "state", operation_state_names[val_i(op->f[OPERATION_STATE], 0)]);
    jw_ki64(&w, "rows", val_i(op->f[OPERATION_TOTAL], 0));
    jw_ki64(&w, "failed", val_i(op->f[OPERATION_FAILED_COUNT], 0));
    json_object_foreach(outcome, key, value) if (json_is_integer(value)) jw_ki64(&w, key, json_integer_value(value));
    enum rc rc = put_problems(r, &w, id, e);
    jw_end_obj(&w);
    if (rc == RC_OK && r->o->json)
        printf("%.*s\n", (int)b.len, b.ptr);
    else if (rc == RC_OK)
        printf("operation %lld: %lld rows, %lld created, %lld updated, %lld not taken%s\n", (long long)id,
               (long long)val_i(op->f[OPERATION_TOTAL], 0),
               (long long)json_integer_value(json_object_get(outcome, "created")),
               (long long)json_integer_value(json_object_get(outcome, "updated")),
               (long long)val_i(op->f[OPERATION_FAILED_COUNT], 0), r->o->dry_run ? " (dry run)" : "");
    if (rc == RC_OK && val_i(op->f[OPERATION_STATE], 0) == OPERATION_FAILED)
        rc = err_set(e, RC_UNPROCESSABLE, "import_failed", "", NULL);
    json_decref(outcome);
    buf_free(&b);
    return rc;
}

enum rc cli_import_table(const struct import_table_options *o, const struct db_target *target, struct writer *writer,
                         struct err *e)
{
    struct run r = {.o = o, .writer = writer};
    struct operation op;
    int64_t id;
    enum rc rc;
    TRY(db_open(&r.db, target, DB_READER, e));
    TRY_OUT(make_plan(&r, e));
    TRY_OUT(begin(&r, &id, e));
    TRY_OUT(operation_load(r.db, &r.arena, id, &op, e));
    rc = run_all(&r, &op, e);
    operation_close(&op);
    if (rc == RC_OK)
        rc = tell(&r, id, e);
out:
    json_decref(r.plan);
    arena_free(&r.arena);
    db_close(r.db);
    return rc;
}
