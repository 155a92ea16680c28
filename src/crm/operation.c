/* Operations: how one begins, is read, and is taken through its chunks. */
#include "crm/operation.h"
#include "crm/engine.h"
#include "crm/operation_impl.h"

static const struct operation_type *const operation_types[] = {
    &operation_bulk,  &operation_hand_over, &operation_import,    &operation_undo,
    &operation_merge, &operation_remap,     &operation_take_back,
};
static const struct operation_type *of_rules; /* set once, before any operation runs */

void operation_register(const struct operation_type *type)
{
    of_rules = type;
}

const struct operation_type *operation_type_of(enum operation_kind kind)
{
    for (size_t i = 0; i < sizeof operation_types / sizeof *operation_types; i++)
        if (operation_types[i]->kind == kind)
            return operation_types[i];
    return of_rules && of_rules->kind == kind ? of_rules : NULL;
}

/* ---- begin ---- */

static enum rc json_val(struct arena *a, struct str text, struct val *out, struct err *e)
{
    json_t *tree;
    const struct field *fd = &entity_by_id(ENT_OPERATION)->fields[OPERATION_PLAN];
    TRY(json_read(text, &tree, e));
    enum rc rc = val_from_journal(a, fd, tree, out, e); /* the form in which the journal and the row agree */
    json_decref(tree);
    return rc;
}

static enum rc insert_row(struct change *ch, struct record *r, int64_t *id, struct err *e)
{
    const struct rights *rights = ch->actor.rights;
    ch->actor.rights = NULL; /* what it does is checked record by record; that there is one is nobody's secret */
    enum rc rc = change_create(ch, r, id, e);
    ch->actor.rights = rights;
    return rc;
}

enum rc operation_create(struct change *ch, const struct operation_new *in, int64_t *id, struct err *e)
{
    struct record *r = record_new(ch->tx->arena, entity_by_id(ENT_OPERATION));
    struct stmt *s;
    r->f[OPERATION_KIND] = val_int(in->kind);
    r->f[OPERATION_STATE] = val_int(OPERATION_WAITING);
    r->f[OPERATION_OBJECT] = in->object.len ? val_str(in->object) : val_null();
    r->f[OPERATION_TITLE] = in->title.len ? val_str(in->title) : val_null();
    r->f[OPERATION_OWNER_ID] = ch->actor.user_id ? val_int(ch->actor.user_id) : val_null();
    r->f[OPERATION_TOTAL] = r->f[OPERATION_DONE_COUNT] = r->f[OPERATION_FAILED_COUNT] = val_int(0);
    r->f[OPERATION_UNDOES_ID] = in->undoes_id ? val_int(in->undoes_id) : val_null();
    if (in->plan.len)
        TRY(json_val(ch->tx->arena, in->plan, &r->f[OPERATION_PLAN], e));
    TRY(insert_row(ch, r, id, e));
    TRY(db_prepare(ch->tx->db, &s, "UPDATE operation SET of_change = $1 WHERE id = $2", e));
    stmt_i64(s, 1, ch->change_id);
    stmt_i64(s, 2, *id);
    TRY(stmt_run(s, e));
    TRY(db_prepare(
        ch->tx->db, &s,
        "INSERT INTO operation_run (operation_id, cursor, changed, via, stop_asked) VALUES ($1, 0, 0, $2, 0)", e));
    stmt_i64(s, 1, *id);
    stmt_i64(s, 2, ch->actor.via);
    return stmt_run(s, e);
}

static enum rc apply_create(struct change *ch, struct command_job *j, struct err *e)
{
    return operation_create(ch, j->args, &j->out_id, e);
}
const struct command command_operation = {"operation.create", apply_create};

static enum rc apply_stop(struct change *ch, struct command_job *j, struct err *e)
{
    struct operation op;
    TRY(operation_load(ch->tx->db, ch->tx->arena, j->id, &op, e));
    if (op.at > OPERATION_RUNNING)
        return err_set(e, RC_CONFLICT, "operation_over", "", NULL);
    j->out_id = j->id;
    return operation_exec(ch->tx->db, "UPDATE operation_run SET stop_asked = 1 WHERE operation_id = $1", j->id, e);
}
const struct command command_operation_stop = {"operation.stop", apply_stop};

enum rc operation_begin_undo(struct change *ch, int64_t id, int64_t *new_id, struct err *e)
{
    struct operation op;
    int64_t other;
    TRY(operation_load(ch->tx->db, ch->tx->arena, id, &op, e));
    TRY(QUERY_I64(ch->tx->db, &other, 0, e, "SELECT id FROM operation WHERE undoes_id = $1 AND state < 2", id));
    if (op.at <= OPERATION_RUNNING || other)
        return err_set(e, RC_CONFLICT, "operation_running", "", NULL);
    if (op.at == OPERATION_UNDONE)
        return err_set(e, RC_CONFLICT, "already_undone", "", NULL);
    struct operation_new in = {.kind = OPERATION_UNDO, .object = op.object, .title = op.title, .undoes_id = id};
    return operation_create(ch, &in, new_id, e);
}

static enum rc apply_undo(struct change *ch, struct command_job *j, struct err *e)
{
    return operation_begin_undo(ch, j->id, &j->out_id, e);
}
const struct command command_operation_undo = {"operation.undo", apply_undo};

enum rc operation_of_change(struct db *db, int64_t change_id, int64_t *id, struct err *e)
{
    return QUERY_I64(db, id, 0, e, "SELECT id FROM operation WHERE of_change = $1", change_id);
}

/* ---- read ---- */

enum rc operation_exec(struct db *db, const char *sql, int64_t id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, sql, e));
    stmt_i64(s, 1, id);
    return stmt_run(s, e);
}

enum rc operation_active(struct db *db, struct arena *a, int64_t **ids, size_t *n, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    VEC(int64_t) found = {0};
    TRY(db_prepare(db, &s, "SELECT id FROM operation WHERE state < 2 AND deleted_at IS NULL ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&found, stmt_col_i64(s, 0));
    stmt_done(s);
    *n = found.len;
    *ids = ARENA_ARRAY(a, int64_t, found.len + 1);
    if (found.len)
        memcpy(*ids, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc load_run(struct db *db, struct operation *op, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "SELECT cursor, state, changed, via, stop_asked FROM operation_run WHERE operation_id = $1",
                   e));
    stmt_i64(s, 1, op->id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        op->cursor = stmt_col_i64(s, 0);
        op->state = stmt_col_null(s, 1) ? STR_NULL : str_dup(op->arena, stmt_col_str(s, 1));
        op->changed = stmt_col_i64(s, 2);
        op->via = (enum via)stmt_col_i64(s, 3);
        op->stop_asked = stmt_col_i64(s, 4) != 0;
    }
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    return rc == RC_ROW ? RC_OK : rc;
}

static struct str text_of(struct val v)
{
    return v.kind == VAL_TEXT ? v.s : STR_NULL;
}

enum rc operation_load(struct db *db, struct arena *a, int64_t id, struct operation *out, struct err *e)
{
    struct record *r;
    TRY(record_load(db, a, entity_by_id(ENT_OPERATION), id, false, &r, e));
    *out = (struct operation){
        .id = id,
        .owner_id = val_i(r->f[OPERATION_OWNER_ID], 0),
        .of_change = val_i(r->f[OPERATION_OF_CHANGE], 0),
        .undoes_id = val_i(r->f[OPERATION_UNDOES_ID], 0),
        .total = val_i(r->f[OPERATION_TOTAL], 0),
        .done = val_i(r->f[OPERATION_DONE_COUNT], 0),
        .failed = val_i(r->f[OPERATION_FAILED_COUNT], 0),
        .kind = (enum operation_kind)val_i(r->f[OPERATION_KIND], 0),
        .at = (enum operation_state)val_i(r->f[OPERATION_STATE], 0),
        .object = text_of(r->f[OPERATION_OBJECT]),
        .title = text_of(r->f[OPERATION_TITLE]),
        .plan = text_of(r->f[OPERATION_PLAN]),
        .arena = a,
    };
    out->type = operation_type_of(out->kind);
    return load_run(db, out, e);
}

/* ---- report ---- */

static void bind_text(struct stmt *s, int at, struct str text)
{
    if (text.len)
        stmt_str(s, at, text);
    else
        stmt_null(s, at);
}

enum rc operation_problem(struct operation *op, struct change *ch, const struct operation_item *item, struct str value,
                          const struct err *e, struct err *err)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   "INSERT INTO operation_problem (operation_id, row_number, object_kind, object_id, code, field, arg0,"
                   " arg1, value) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                   err));
    stmt_i64(s, 1, op->id);
    stmt_i64(s, 2, item->row);
    stmt_i64(s, 3, item->kind);
    stmt_i64(s, 4, item->id);
    stmt_str(s, 5, str_c(e->code));
    bind_text(s, 6, str_c(e->field));
    bind_text(s, 7, str_c(e->arg[0]));
    bind_text(s, 8, str_c(e->arg[1]));
    bind_text(s, 9, value);
    return stmt_run(s, err);
}
