/* Long operations over HTTP: bulk edit begins one; stop, undo and the report are of any kind. */
#include "api/inside.h"
#include "base/i18n.h"
#include "crm/operation_bulk.h"

#define TRY_US 3000 /* of the writer's time at once, while a dry run runs */

/* ---- bulk edit ---- */

struct wish { /* c->own of a dry run */
    struct str plan;
    struct actor actor;
};

static struct str plan_text(struct arena *a, const json_t *body)
{
    char *text = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        abort();
    struct str plan = str_dup(a, str_c(text));
    free(text);
    return plan;
}

static enum rc read_plan(struct call *c, struct str *plan, bool *dry, struct err *e)
{
    static const char *const keys[] = {"filter", "ids", "set", "add", "remove", "delete", "task", "dry_run", NULL};
    struct filter_env env = call_filter_env(c);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = body_only(body, keys, e);
    const json_t *wish = json_object_get(body, "dry_run");
    *dry = json_is_true(wish);
    if (rc == RC_OK && wish && !json_is_boolean(wish))
        rc = err_set(e, RC_INVALID, "wrong_type", "dry_run", "boolean");
    json_object_del(body, "dry_run");
    if (rc == RC_OK)
        rc = bulk_check(c->r->arena, c->route->ent, body, &env, e);
    if (rc == RC_OK)
        *plan = plan_text(c->r->arena, body);
    json_decref(body);
    if (rc == RC_OK && plan->len > 200000)
        return err_set(e, RC_TOO_LARGE, "too_long", "ids", "200000");
    return rc;
}

static void put_reason(struct call *c, struct jw *w, const struct bulk_reason *r)
{
    jw_obj(w);
    jw_kc(w, "code", r->err.code);
    jw_kc(w, "field", r->err.field);
    jw_kstr(w, "detail", problem_text(c->r->arena, call_locale(c), &r->err));
    jw_ki64(w, "count", r->count);
    jw_key(w, "ids");
    jw_arr(w);
    for (size_t i = 0; i < r->n_ids; i++)
        jw_i64(w, r->ids[i]);
    jw_end_arr(w);
    jw_end_obj(w);
}

static enum rc dry_run(struct call *c, struct err *e)
{
    const struct wish *wish = c->own;
    struct bulk_trial t;
    TRY(bulk_try(c->app->writer, c->db, c->r->arena, wish->actor, c->route->ent, wish->plan, TRY_US, &t, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_ki64(&w, "matched", t.matched);
    jw_ki64(&w, "would_change", t.would_change);
    jw_ki64(&w, "refused", t.refused);
    jw_key(&w, "reasons");
    jw_arr(&w);
    for (const struct bulk_reason *r = t.reasons; r; r = r->next)
        put_reason(c, &w, r);
    jw_end_arr(&w);
    jw_end_obj(&w);
    return RC_OK;
}

/* As its owner will read it, in their language. */
static struct str title_of(struct call *c)
{
    char key[64];
    snprintf(key, sizeof key, "operation.bulk.%s", c->route->ent->name);
    return i18n_text(call_locale(c), key);
}

enum rc bulk_prepare(struct call *c, struct err *e)
{
    struct str plan;
    bool dry;
    TRY(read_plan(c, &plan, &dry, e));
    if (dry) {
        struct wish *wish = ARENA_NEW(c->r->arena, struct wish);
        *wish = (struct wish){plan, call_actor(c)};
        c->own = wish;
        c->waits = true;
        c->status = 200;
        call_run_pool_read(c, dry_run, call_send);
        return RC_OK;
    }
    struct operation_new *in = ARENA_NEW(c->r->arena, struct operation_new);
    *in = (struct operation_new){
        .kind = OPERATION_BULK, .object = str_c(c->route->ent->name), .title = title_of(c), .plan = plan};
    c->job.args = in;
    c->job.command = &command_operation;
    return RC_OK;
}

enum rc operation_show(struct call *c, struct err *e)
{
    return call_show(c, entity_by_id(ENT_OPERATION), c->job.out_id, e);
}

/* ---- stop and undo ---- */

/* One's own; others' with the right to take back what others did. */
static enum rc check_owner(struct change *ch, int64_t id, struct err *e)
{
    struct operation op;
    TRY(operation_load(ch->tx->db, ch->tx->arena, id, &op, e));
    if (op.owner_id == ch->actor.user_id || rights_can(ch->actor.rights, CAN_UNDO_OTHERS))
        return RC_OK;
    return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
}

static enum rc stop_apply(struct change *ch, struct command_job *j, struct err *e)
{
    TRY(check_owner(ch, j->id, e));
    return command_operation_stop.apply(ch, j, e);
}
static const struct command command_stop = {"operation.stop", stop_apply};

static enum rc undo_apply(struct change *ch, struct command_job *j, struct err *e)
{
    TRY(check_owner(ch, j->id, e));
    return command_operation_undo.apply(ch, j, e);
}
static const struct command command_undo_operation = {"operation.undo", undo_apply};

static enum rc stop_prepare(struct call *c, struct err *e)
{
    (void)e;
    c->job.command = &command_stop;
    return RC_OK;
}

static enum rc undo_operation_prepare(struct call *c, struct err *e)
{
    (void)e;
    c->job.command = &command_undo_operation;
    return RC_OK;
}

/* ---- report ---- */

#define CSV_ROWS 200000

static enum rc may_see(struct call *c, struct err *e)
{
    bool seen;
    TRY(rights_reach(c->db, c->r->arena, c->rights, entity_by_id(ENT_OPERATION), c->id, RIGHT_SEE, &seen, e));
    return seen ? RC_OK : err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
}

struct line {
    int64_t id, row, object_id;
    const char *object;
    struct str value, detail;
    struct err err;
};

static void copy(char *to, size_t size, struct str from)
{
    size_t n = from.len < size - 1 ? from.len : size - 1;
    if (n)
        memcpy(to, from.ptr, n);
    to[n] = 0;
}

static struct line read_line(struct call *c, struct stmt *s)
{
    const struct entity *ent = entity_by_id((enum entity_id)stmt_col_i64(s, 2));
    struct line l = {.id = stmt_col_i64(s, 0),
                     .row = stmt_col_i64(s, 1),
                     .object = ent ? ent->name : NULL,
                     .object_id = stmt_col_i64(s, 3),
                     .value = stmt_col_str(s, 8)};
    copy(l.err.code, sizeof l.err.code, stmt_col_str(s, 4));
    copy(l.err.field, sizeof l.err.field, stmt_col_str(s, 5));
    copy(l.err.arg[0], sizeof l.err.arg[0], stmt_col_str(s, 6));
    copy(l.err.arg[1], sizeof l.err.arg[1], stmt_col_str(s, 7));
    l.detail = problem_text(c->r->arena, call_locale(c), &l.err);
    return l;
}

static void put_line(struct jw *w, const struct line *l)
{
    jw_obj(w);
    jw_ki64(w, "row", l->row);
    jw_kc(w, "object", l->object);
    if (l->object_id)
        jw_ki64(w, "object_id", l->object_id);
    else
        jw_knull(w, "object_id");
    jw_kc(w, "code", l->err.code);
    jw_kc(w, "field", l->err.field);
    jw_kstr(w, "detail", l->detail);
    jw_kstr(w, "value", l->value);
    jw_end_obj(w);
}

/* A cell that a spreadsheet would take for a formula begins with an apostrophe. */
static void put_cell(struct buf *b, struct str s, bool last)
{
    buf_char(b, '"');
    if (s.len && strchr("=+-@\t\r", s.ptr[0]))
        buf_char(b, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"')
            buf_char(b, '"');
        buf_char(b, s.ptr[i]);
    }
    buf_c(b, last ? "\"\r\n" : "\";");
}

static void put_csv(struct buf *b, const struct line *l)
{
    buf_i64(b, l->row);
    buf_char(b, ';');
    put_cell(b, str_c(l->object), false);
    if (l->object_id)
        buf_i64(b, l->object_id);
    buf_char(b, ';');
    put_cell(b, str_c(l->err.field), false);
    put_cell(b, l->value, false);
    put_cell(b, l->detail, true);
}

static enum rc read_report(struct call *c, int64_t after, int64_t limit, bool csv, struct err *e)
{
    struct stmt *s;
    struct jw w = call_json(c);
    int64_t n = 0, last = 0;
    enum rc rc;
    TRY(db_prepare(
        c->db, &s,
        "SELECT id, row_number, object_kind, object_id, code, field, arg0, arg1, value FROM operation_problem"
        " WHERE operation_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        e));
    stmt_i64(s, 1, c->id);
    stmt_i64(s, 2, after);
    stmt_i64(s, 3, limit + 1);
    if (csv) {
        buf_c(w.b, "\xEF\xBB\xBFrow;object;id;field;value;problem\r\n");
    } else {
        jw_obj(&w);
        jw_key(&w, "items");
        jw_arr(&w);
    }
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (n++ == limit)
            continue;
        struct line l = read_line(c, s);
        last = l.id;
        if (csv)
            put_csv(w.b, &l);
        else
            put_line(&w, &l);
    }
    stmt_done(s);
    if (!csv) {
        jw_end_arr(&w);
        jw_kstr(&w, "next_cursor", n > limit ? str_fmt(c->r->arena, "%lld", (long long)last) : STR_NULL);
        jw_end_obj(&w);
    }
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc report_handle(struct call *c, struct err *e)
{
    struct str format = call_param(c, "format");
    bool csv = str_eqc(format, "csv");
    int64_t after, limit;
    if (format.ptr && !csv && !str_eqc(format, "json"))
        return err_set(e, RC_INVALID, "bad_parameter", "format", "%.*s", (int)(format.len < 60 ? format.len : 60),
                       format.ptr);
    TRY(call_param_i64(c, "cursor", 0, 0, INT64_MAX, &after, e));
    TRY(call_param_i64(c, "limit", csv ? CSV_ROWS : 100, 1, csv ? CSV_ROWS : 500, &limit, e));
    TRY(may_see(c, e));
    if (csv) {
        c->content_type = "text/csv; charset=utf-8";
        http_set(c->r, "Content-Disposition",
                 str_fmt(c->r->arena, "attachment; filename=\"operation-%lld.csv\"", (long long)c->id));
    }
    return read_report(c, after, limit, csv, e);
}

const struct route operation_routes[] = {
    {"POST", "/api/operations/{id}/stop", RUN_WRITE, MAY_READ, NULL, "Stop an operation behind its present chunk",
     operation_show, stop_prepare, NULL, NULL, "operation", 202},
    {"POST", "/api/operations/{id}/undo", RUN_WRITE, MAY_READ, NULL, "Take back all that an operation did",
     operation_show, undo_operation_prepare, NULL, NULL, "operation", 202},
    {"GET", "/api/operations/{id}/report", RUN_POOL, MAY_READ, NULL, "What could not be taken, row by row",
     report_handle, NULL, "format cursor limit", NULL, "operation-report", 0},
};
const size_t operation_routes_n = sizeof operation_routes / sizeof *operation_routes;
