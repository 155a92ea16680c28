/* All that is kept of a person, for the person. */
#include "crm/engine.h"
#include "crm/personal.h"
#include "crm/query.h"
#include "crm/rights.h"

struct part {
    enum entity_id kind;
    const char *key, *where; /* $1: the contact */
};
static const struct part parts[] = {
    {ENT_CONTACT_POINT, "points", "t.contact_id = $1"},
    {ENT_DEAL, "deals", "(t.contact_id = $1 OR t.id IN (SELECT owner_id FROM deal_contact WHERE ref_id = $1))"},
    {ENT_TASK, "tasks", "t.contact_id = $1"},
    {ENT_NOTE, "notes", "t.contact_id = $1"},
    {ENT_FILE, "files", "t.contact_id = $1"},
    {ENT_BUYER, "buyers", "t.contact_id = $1"},
    {ENT_COMPETITOR_OFFER, "competitor_offers", "t.contact_id = $1"},
    {ENT_CONTACT, "merged_records", "t.merged_into_id = $1"},
};

static enum rc read_part(struct db *db, struct arena *a, const struct part *p, int64_t id, const struct rights *r,
                         struct record ***rows, size_t *n, struct err *e)
{
    const struct entity *ent = entity_by_id(p->kind);
    struct str columns = record_columns(a, ent, "t");
    struct sqlb q = sqlb_new(a);
    struct stmt *s;
    VEC(struct record *) found = {0};
    sqlb_c(&q, "SELECT ");
    buf_str(&q.text, columns);
    sqlb_c(&q, ", CAST("); /* so that it is $1 */
    sqlb_param(&q, val_int(id));
    sqlb_fmt(&q, " AS BIGINT) FROM %s t WHERE %s AND ", ent->table, p->where);
    if (p->kind != ENT_CONTACT) /* those are deleted: they were merged */
        sqlb_c(&q, "t.deleted_at IS NULL AND ");
    rights_sql(&q, r, ent, RIGHT_SEE, "t");
    sqlb_c(&q, " ORDER BY t.id");
    enum rc rc = sqlb_prepare(&q, db, &s, e);
    if (rc == RC_OK) {
        while ((rc = stmt_step(s, e)) == RC_ROW) {
            struct record *one = record_new(a, ent);
            record_read_row(a, ent, s, one);
            vec_push(&found, one);
        }
        stmt_done(s);
    }
    sqlb_free(&q);
    *rows = ARENA_ARRAY(a, struct record *, found.len + 1);
    *n = found.len;
    if (found.len)
        memcpy(*rows, found.ptr, found.len * sizeof **rows);
    vec_free(&found);
    return rc == RC_DONE ? record_load_sets(db, a, ent, *rows, *n, NULL, e) : rc;
}

static enum rc put_part(struct db *db, struct arena *a, const struct part *p, int64_t id, const struct rights *r,
                        struct jw *w, struct err *e)
{
    struct record **rows;
    size_t n;
    TRY(read_part(db, a, p, id, r, &rows, &n, e));
    jw_key(w, p->key);
    jw_arr(w);
    for (size_t i = 0; i < n; i++)
        record_put(w, rows[i], rights_mask(r, a, rows[i]->ent, NULL));
    jw_end_arr(w);
    return RC_OK;
}

static enum rc put_history(struct db *db, int64_t id, struct jw *w, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s,
                   "SELECT seq, at, actor_id, cause, undoes, change_id, object_id, object_kind, verb, via, data"
                   " FROM journal WHERE object_kind = $1 AND object_id = $2 ORDER BY seq",
                   e));
    stmt_i64(s, 1, ENT_CONTACT);
    stmt_i64(s, 2, id);
    jw_key(w, "history");
    jw_arr(w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct event ev = {.seq = stmt_col_i64(s, 0),
                           .at = stmt_col_i64(s, 1),
                           .actor_id = stmt_col_i64(s, 2),
                           .cause = stmt_col_i64(s, 3),
                           .undoes = stmt_col_i64(s, 4),
                           .change_id = stmt_col_i64(s, 5),
                           .object_id = stmt_col_i64(s, 6),
                           .object_kind = (int)stmt_col_i64(s, 7),
                           .verb = (int)stmt_col_i64(s, 8),
                           .via = (int)stmt_col_i64(s, 9),
                           .data = stmt_col_str(s, 10)};
        event_put(w, &ev);
    }
    stmt_done(s);
    jw_end_arr(w);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc contact_personal_data(struct db *db, struct arena *a, int64_t id, const struct rights *r, struct buf *out,
                              struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_CONTACT);
    struct record *contact;
    bool ok;
    if (!rights_can(r, CAN_ERASE))
        return err_set(e, RC_FORBIDDEN, "forbidden", "", "erase");
    TRY(rights_reach(db, a, r, ent, id, RIGHT_SEE, &ok, e));
    if (!ok)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "contact %lld", (long long)id);
    TRY(record_load(db, a, ent, id, false, &contact, e));
    const bool *mask = rights_mask(r, a, ent, NULL);
    struct jw w = jw_to(out);
    jw_obj(&w);
    jw_key(&w, "contact");
    record_put(&w, contact, mask);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        TRY(put_part(db, a, &parts[i], id, r, &w, e));
    if (!mask) /* events tell of every field */
        TRY(put_history(db, id, &w, e));
    jw_end_obj(&w);
    return RC_OK;
}
