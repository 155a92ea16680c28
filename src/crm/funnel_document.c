/* Writing the definition document of a funnel: the records of its parts, each by its field table, in their places. */
#include "crm/funnel_document.h"
#include "crm/engine.h"

#define OF_STAGE "stage_id IN (SELECT id FROM stage WHERE funnel_id = $1 AND deleted_at IS NULL)"

const char funnel_skip[] = " position definition_version ";
const struct funnel_part funnel_parts[FP_N] = {
    [FP_STAGE] = {ENT_STAGE, "stages", "funnel_id = $1", " funnel_id position ", true},
    [FP_LOSS_REASON] = {ENT_LOSS_REASON, "loss_reasons", "funnel_id = $1", " funnel_id position ", true},
    [FP_INVOLVEMENT] = {ENT_INVOLVEMENT, "involvements", "funnel_id = $1", " funnel_id ", false},
    [FP_GATE] = {ENT_GATE, "gates", OF_STAGE, " stage_id position ", true},
    [FP_GOAL] = {ENT_GOAL, "goals", OF_STAGE, " stage_id position ", true},
    [FP_TRIGGER] = {ENT_TRIGGER, "triggers", "(funnel_id = $1 OR " OF_STAGE ")", " funnel_id stage_id position ",
                    false},
};

bool funnel_part_field(const struct entity *ent, const char *skip, size_t field)
{
    const struct field *fd = &ent->fields[field];
    char word[80];
    snprintf(word, sizeof word, " %s ", fd->name);
    return !(fd->flags & (FF_SERVER | FF_DERIVED | FF_SECRET | FF_GONE)) && !fd->custom && !strstr(skip, word);
}

struct rows {
    struct record *ptr;
    size_t len, cap;
};

static enum rc load(struct db *db, struct arena *a, const struct funnel_part *part, int64_t funnel_id, struct rows *out,
                    struct err *e)
{
    const struct entity *ent = entity_by_id(part->kind);
    bool placed = entity_field(ent, STR("position")) >= 0;
    struct str sql = str_fmt(a, "SELECT %s FROM %s WHERE %s AND deleted_at IS NULL ORDER BY %sid",
                             record_columns(a, ent, NULL).ptr, ent->table, part->sql, placed ? "position, " : "");
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s, sql.ptr, e));
    stmt_i64(s, 1, funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct record r = {0};
        record_read_row(a, ent, s, &r);
        vec_push(out, r);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static void put_fields(struct jw *w, const struct record *r, const char *skip)
{
    for (size_t i = 0; i < r->ent->n_fields; i++)
        if (funnel_part_field(r->ent, skip, i)) {
            jw_key(w, r->ent->fields[i].name);
            record_put_field(w, r, (int)i);
        }
}

/* The rows of a part that stand with a stage; 0: those that stand with none. */
static void put_part(struct jw *w, const struct rows *rows, int part, int stage_field, int64_t stage)
{
    jw_key(w, funnel_parts[part].key);
    jw_arr(w);
    for (size_t i = 0; i < rows[part].len; i++) {
        const struct record *r = &rows[part].ptr[i];
        if (stage_field >= 0 && val_i(r->f[stage_field], 0) != stage)
            continue;
        jw_obj(w);
        jw_ki64(w, "id", r->id);
        put_fields(w, r, funnel_parts[part].skip);
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

static void put_stage(struct jw *w, const struct rows *rows, const struct record *stage)
{
    jw_obj(w);
    jw_ki64(w, "id", stage->id);
    put_fields(w, stage, funnel_parts[FP_STAGE].skip);
    put_part(w, rows, FP_GATE, GATE_STAGE_ID, stage->id);
    put_part(w, rows, FP_GOAL, GOAL_STAGE_ID, stage->id);
    put_part(w, rows, FP_TRIGGER, TRIGGER_STAGE_ID, stage->id);
    jw_end_obj(w);
}

static void put_document(struct jw *w, const struct record *funnel, const struct rows *rows)
{
    jw_obj(w);
    put_fields(w, funnel, funnel_skip);
    put_part(w, rows, FP_LOSS_REASON, -1, 0);
    jw_key(w, funnel_parts[FP_STAGE].key);
    jw_arr(w);
    for (size_t i = 0; i < rows[FP_STAGE].len; i++)
        put_stage(w, rows, &rows[FP_STAGE].ptr[i]);
    jw_end_arr(w);
    put_part(w, rows, FP_TRIGGER, TRIGGER_STAGE_ID, 0);
    put_part(w, rows, FP_INVOLVEMENT, -1, 0);
    jw_end_obj(w);
}

enum rc funnel_definition(struct db *db, int64_t funnel_id, struct buf *out, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct rows rows[FP_N] = {{0}};
    struct record *funnel;
    struct jw w = jw_to(out);
    enum rc rc = record_load_row(db, &a, entity_by_id(ENT_FUNNEL), funnel_id, true, &funnel, e);
    for (int i = 0; i < FP_N && rc == RC_OK; i++)
        rc = load(db, &a, &funnel_parts[i], funnel_id, &rows[i], e);
    if (rc == RC_OK)
        put_document(&w, funnel, rows);
    for (int i = 0; i < FP_N; i++)
        vec_free(&rows[i]);
    arena_free(&a);
    return rc;
}

enum rc funnel_document(struct db *db, int64_t funnel_id, json_t **out, struct err *e)
{
    struct buf text = {0};
    int64_t version;
    json_t *body = NULL;
    enum rc rc = funnel_definition(db, funnel_id, &text, e);
    if (rc == RC_OK)
        rc = QUERY_I64(db, &version, 0, e, "SELECT definition_version FROM funnel WHERE id = $1", funnel_id);
    if (rc == RC_OK)
        rc = json_read(buf_view(&text), &body, e);
    buf_free(&text);
    TRY(rc);
    *out = json_pack("{s:I,s:I}", "id", (json_int_t)funnel_id, "version", (json_int_t)version);
    json_object_update(*out, body);
    json_decref(body);
    return RC_OK;
}
