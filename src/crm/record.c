/* Records: rows in memory, their way from and to the database and JSON. */
#include "base/time.h"
#include "crm/engine.h"
#include <stdlib.h>

bool val_eq(struct val a, struct val b)
{
    if (a.kind != b.kind)
        return !val_has(a) && !val_has(b);
    switch (a.kind) {
    case VAL_INT:
        return a.i == b.i;
    case VAL_REAL:
        return a.f == b.f;
    case VAL_TEXT:
        return str_eq(a.s, b.s);
    case VAL_SET:
        return a.set.n == b.set.n && (a.set.n == 0 || memcmp(a.set.ids, b.set.ids, a.set.n * sizeof *a.set.ids) == 0);
    default:
        return true;
    }
}

bool val_empty(struct val v)
{
    return !val_has(v) || (v.kind == VAL_SET && v.set.n == 0);
}

struct record *record_new(struct arena *a, const struct entity *ent)
{
    struct record *r = ARENA_NEW(a, struct record);
    r->ent = ent;
    r->f = ARENA_ARRAY(a, struct val, ent->n_fields);
    return r;
}

struct record *record_copy(struct arena *a, const struct record *from)
{
    struct record *r = record_new(a, from->ent);
    struct val *f = r->f;
    *r = *from;
    r->f = f;
    memcpy(f, from->f, from->ent->n_fields * sizeof *f);
    return r;
}

struct str record_columns(struct arena *a, const struct entity *ent, const char *alias)
{
    static const char *const head[] = {"id", "version", "created_at", "updated_at", "deleted_at"};
    struct buf b = {0};
    const char *dot = alias ? "." : "";
    if (!alias)
        alias = "";
    for (size_t i = 0; i < 5; i++)
        buf_fmt(&b, "%s%s%s%s", i ? ", " : "", alias, dot, head[i]);
    for (size_t i = 0; i < ent->n_fields; i++)
        if (ent->fields[i].type != FT_SET)
            buf_fmt(&b, ", %s%s%s", alias, dot, ent->fields[i].name);
    struct str s = str_dup(a, buf_view(&b));
    buf_free(&b);
    return s;
}

static struct val read_value(struct arena *a, const struct field *fd, struct stmt *s, int col)
{
    if (stmt_col_null(s, col))
        return val_null();
    if (fd->type == FT_REAL)
        return (struct val){.kind = VAL_REAL, .f = stmt_col_f64(s, col)};
    if (field_stores_text(fd))
        return val_str(str_dup(a, stmt_col_str(s, col)));
    return val_int(stmt_col_i64(s, col));
}

void record_read_row(struct arena *a, const struct entity *ent, struct stmt *s, struct record *out)
{
    out->ent = ent;
    out->id = stmt_col_i64(s, 0);
    out->version = stmt_col_i64(s, 1);
    out->created_at = stmt_col_i64(s, 2);
    out->updated_at = stmt_col_i64(s, 3);
    out->deleted_at = stmt_col_null(s, 4) ? 0 : stmt_col_i64(s, 4);
    if (!out->f)
        out->f = ARENA_ARRAY(a, struct val, ent->n_fields);
    int col = 5;
    for (size_t i = 0; i < ent->n_fields; i++)
        if (ent->fields[i].type != FT_SET)
            out->f[i] = read_value(a, &ent->fields[i], s, col++);
}

/* ---- sets ---- */

struct owner {
    int64_t id;
    size_t row;
};

static int owner_cmp(const void *a, const void *b)
{
    int64_t x = ((const struct owner *)a)->id, y = ((const struct owner *)b)->id;
    return x < y ? -1 : x > y;
}

/* The members of one set of at most `slots` owners; unused slots repeat the last owner, so that few texts are prepared.
 */
static enum rc load_chunk(struct db *db, struct arena *a, const char *link, int field, struct record *const *rows,
                          const struct owner *owners, size_t n, size_t slots, struct err *e)
{
    struct buf sql = {0};
    struct stmt *s = NULL;
    int64_t *ids = NULL;
    size_t len = 0, cap = 0, at = 0;
    buf_fmt(&sql, "SELECT owner_id, ref_id FROM %s WHERE owner_id IN (", link);
    for (size_t i = 0; i < slots; i++)
        buf_fmt(&sql, "%s$%zu", i ? "," : "", i + 1);
    buf_c(&sql, ") ORDER BY owner_id, ref_id");
    buf_char(&sql, '\0');
    enum rc rc = db_prepare(db, &s, sql.ptr, e);
    if (rc != RC_OK)
        goto out;
    for (size_t i = 0; i < slots; i++)
        stmt_i64(s, (int)i + 1, owners[i < n ? i : n - 1].id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t owner = stmt_col_i64(s, 0);
        while (at < n && owners[at].id < owner)
            at++, len = cap = 0;
        if (len == cap) {
            int64_t *more = ARENA_ARRAY(a, int64_t, cap ? cap * 2 : 4);
            if (len)
                memcpy(more, ids, len * sizeof *ids);
            ids = more;
            cap = cap ? cap * 2 : 4;
        }
        ids[len++] = stmt_col_i64(s, 1);
        rows[owners[at].row]->f[field] = (struct val){.kind = VAL_SET, .set = {ids, len}};
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(s);
    buf_free(&sql);
    return rc;
}

enum rc record_load_sets(struct db *db, struct arena *a, const struct entity *ent, struct record *const *rows, size_t n,
                         const bool *mask, struct err *e)
{
    struct owner *owners = NULL;
    for (size_t i = 0; i < ent->n_fields; i++) {
        if (ent->fields[i].type != FT_SET || (mask && !mask[i]))
            continue;
        if (!owners) {
            owners = ARENA_ARRAY(a, struct owner, n + 1);
            for (size_t r = 0; r < n; r++)
                owners[r] = (struct owner){rows[r]->id, r};
            qsort(owners, n, sizeof *owners, owner_cmp);
        }
        for (size_t r = 0; r < n; r++)
            rows[r]->f[i] = (struct val){.kind = VAL_SET};
        for (size_t from = 0; from < n;) {
            size_t left = n - from, slots = left == 1 ? 1 : left <= 16 ? 16 : left <= 64 ? 64 : 512;
            size_t take = left < slots ? left : slots;
            TRY(load_chunk(db, a, ent->fields[i].link, (int)i, rows, owners + from, take, slots, e));
            from += take;
        }
    }
    return RC_OK;
}

enum rc record_load_row(struct db *db, struct arena *a, const struct entity *ent, int64_t id, bool with_deleted,
                        struct record **out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, entity_sql(ent)->select, e));
    stmt_i64(s, 1, id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        struct record *r = record_new(a, ent);
        record_read_row(a, ent, s, r);
        rc = RC_OK;
        if (r->deleted_at && !with_deleted)
            rc = RC_DONE;
        *out = r;
    }
    stmt_done(s);
    return rc == RC_DONE ? err_set(e, RC_NOT_FOUND, "not_found", "", "%s %lld", ent->name, (long long)id) : rc;
}

enum rc record_load(struct db *db, struct arena *a, const struct entity *ent, int64_t id, bool with_deleted,
                    struct record **out, struct err *e)
{
    TRY(record_load_row(db, a, ent, id, with_deleted, out, e));
    return record_load_sets(db, a, ent, out, 1, NULL, e);
}

enum rc record_load_some(struct db *db, struct arena *a, const struct entity *ent, int64_t id, bool with_deleted,
                         const bool *mask, struct record **out, struct err *e)
{
    TRY(record_load_row(db, a, ent, id, with_deleted, out, e));
    return record_load_sets(db, a, ent, out, 1, mask, e);
}

/* ---- JSON out ---- */

static void put_date(struct jw *w, int64_t days)
{
    char text[24];
    int year;
    unsigned month, day;
    date_to_civil(days, &year, &month, &day);
    int n = snprintf(text, sizeof text, "%04d-%02u-%02u", year, month, day);
    jw_str(w, (struct str){text, (size_t)n});
}

void val_put(struct jw *w, const struct field *fd, struct val v, bool journal)
{
    if (fd->type == FT_SET) {
        jw_arr(w);
        for (size_t i = 0; v.kind == VAL_SET && i < v.set.n; i++)
            jw_i64(w, v.set.ids[i]);
        jw_end_arr(w);
    } else if (!val_has(v)) {
        jw_null(w);
    } else if (fd->type == FT_JSON) {
        jw_raw(w, v.s);
    } else if (v.kind == VAL_TEXT) {
        jw_str(w, v.s);
    } else if (v.kind == VAL_REAL) {
        jw_f64(w, v.f);
    } else if (fd->type == FT_BOOL) {
        jw_bool(w, v.i != 0);
    } else if (fd->type == FT_ENUM) {
        jw_c(w, fd->names[v.i]);
    } else if (fd->type == FT_DATE && !journal) {
        put_date(w, v.i);
    } else {
        jw_i64(w, v.i);
    }
}

void record_put_field(struct jw *w, const struct record *r, int field)
{
    val_put(w, &r->ent->fields[field], r->f[field], false);
}

static void put_record(struct jw *w, const struct record *r, const bool *mask, bool head)
{
    jw_obj(w);
    jw_ki64(w, "id", r->id);
    if (head) {
        jw_ki64(w, "version", r->version);
        jw_ki64(w, "created_at", r->created_at);
        jw_ki64(w, "updated_at", r->updated_at);
    }
    for (size_t i = 0; i < r->ent->n_fields; i++) {
        if ((r->ent->fields[i].flags & (FF_SECRET | FF_GONE)) || (mask && !mask[i]))
            continue;
        jw_key(w, r->ent->fields[i].name);
        record_put_field(w, r, (int)i);
    }
    jw_end_obj(w);
}

void record_put(struct jw *w, const struct record *r, const bool *mask)
{
    put_record(w, r, mask, !mask);
}

void record_put_seen(struct jw *w, const struct record *r, const bool *seen)
{
    put_record(w, r, seen, true);
}
