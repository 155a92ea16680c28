#include "base/vec.h"
#include "crm/query_cursor.h"

#define SUM_SPLIT INT64_C(1000000)

struct list { /* a query made sense of */
    struct db *db;
    struct arena *a;
    const struct query *q;
    struct filter *filter;
    struct sort sort;
    struct val after[SORT_KEYS + 1];
    uint64_t hash;
    bool *mask; /* NULL: all fields */
    int sums[8];
    size_t n_sums;
};

static enum rc parse_fields(struct list *l, struct err *e)
{
    if (!l->q->fields.len)
        return RC_OK;
    l->mask = ARENA_ARRAY(l->a, bool, l->q->ent->n_fields);
    for (struct str rest = l->q->fields; rest.ptr;) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        const struct field *f;
        int index;
        if (!filter_find_field(l->q->ent, name, &index, &f))
            return err_set(e, RC_INVALID, "bad_fields", "fields", "%.*s", STR_ARG(name));
        if (index >= 0)
            l->mask[index] = true;
    }
    return RC_OK;
}

static enum rc parse_sums(struct list *l, struct err *e)
{
    for (struct str rest = l->q->sum; rest.len;) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        const struct field *f;
        int index;
        if (!filter_find_field(l->q->ent, name, &index, &f) || !(f->flags & FF_SUM) ||
            l->n_sums == sizeof l->sums / sizeof *l->sums)
            return err_set(e, RC_INVALID, "bad_sum", "sum", "%.*s", STR_ARG(name));
        l->sums[l->n_sums++] = index;
    }
    return RC_OK;
}

static enum rc parse(struct list *l, const struct filter_env *env, struct err *e)
{
    const struct query *q = l->q;
    TRY(filter_parse(l->a, q->ent, q->filter, env, &l->filter, e));
    TRY(sort_parse(q->ent, q->sort, &l->sort, e));
    TRY(parse_fields(l, e));
    TRY(parse_sums(l, e));
    l->hash = cursor_hash(q);
    if (q->cursor.len && !cursor_read(l->a, q->cursor, l->hash, &l->sort, l->after))
        return err_set(e, RC_INVALID, "bad_cursor", "cursor", NULL);
    if (q->limit < 1 || q->limit > 500)
        return err_set(e, RC_INVALID, "bad_limit", "limit", "500");
    return RC_OK;
}

static void put_where(struct list *l, struct sqlb *s)
{
    sqlb_fmt(s, " FROM %s t WHERE t.deleted_at IS NULL", l->q->ent->table);
    if (l->filter) {
        sqlb_c(s, " AND ");
        filter_sql(s, l->q->ent, l->filter, "t");
    }
}

static struct val read_key(struct arena *a, const struct sort_key *k, struct stmt *s, int col)
{
    if (stmt_col_null(s, col))
        return val_null();
    if (k->field->type == FT_REAL)
        return (struct val){.kind = VAL_REAL, .f = stmt_col_f64(s, col)};
    return field_is_text(k->field) ? val_str(str_dup(a, stmt_col_str(s, col))) : val_int(stmt_col_i64(s, col));
}

static int stored_columns(const struct entity *ent)
{
    int n = 5;
    for (size_t i = 0; i < ent->n_fields; i++)
        n += ent->fields[i].type != FT_SET;
    return n;
}

static void put_select(struct list *l, struct sqlb *s)
{
    struct str cols = record_columns(l->a, l->q->ent, "t");
    sqlb_c(s, "SELECT ");
    buf_str(&s->text, cols);
    for (size_t i = 0; i < l->sort.n; i++) {
        sqlb_c(s, ", ");
        sort_put_column(s, &l->sort.keys[i]);
    }
    put_where(l, s);
    if (l->q->cursor.len)
        sort_put_after(s, &l->sort, l->after);
    sort_put_order(s, &l->sort);
    sqlb_c(s, " LIMIT ");
    sqlb_param(s, val_int(l->q->limit + 1));
}

static struct record *row_new(struct arena *a, const struct entity *ent, struct stmt *st)
{
    struct record *r = record_new(a, ent);
    record_read_row(a, ent, st, r);
    return r;
}

/* Reads one row more than asked, to know whether there is a next page; `last` becomes the sort values of the last row
 * shown. */
static enum rc read_rows(struct list *l, struct record **rows, size_t *n, bool *more, struct val *last, struct err *e)
{
    struct sqlb s = sqlb_new(l->a);
    struct stmt *st = NULL;
    enum rc rc;
    size_t limit = (size_t)l->q->limit;
    int base = stored_columns(l->q->ent);
    put_select(l, &s);
    *n = 0;
    *more = false;
    TRY_OUT(sqlb_prepare(&s, l->db, &st, e));
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        if (*n == limit) {
            *more = true;
            continue;
        }
        rows[*n] = row_new(l->a, l->q->ent, st);
        if (++*n == limit)
            for (size_t i = 0; i < l->sort.n; i++)
                last[i] = read_key(l->a, &l->sort.keys[i], st, base + (int)i);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(st);
    sqlb_free(&s);
    return rc;
}

static void put_wide(struct jw *w, __int128 v)
{
    char text[48];
    size_t i = sizeof text;
    bool minus = v < 0;
    unsigned __int128 u = minus ? -(unsigned __int128)v : (unsigned __int128)v;
    do {
        text[--i] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u);
    if (minus)
        text[--i] = '-';
    jw_raw(w, (struct str){text + i, sizeof text - i});
}

/* Integers are summed in two halves, which no number of rows can overflow. */
static void put_aggregates(struct list *l, struct sqlb *s)
{
    sqlb_c(s, "SELECT COUNT(*)");
    for (size_t i = 0; i < l->n_sums; i++) {
        const struct field *f = &l->q->ent->fields[l->sums[i]];
        if (f->type == FT_REAL)
            sqlb_fmt(s, ", COALESCE(SUM(t.%s), 0.0), 0", f->name);
        else
            sqlb_fmt(s, ", CAST(COALESCE(SUM(t.%s / %d), 0) AS BIGINT), CAST(COALESCE(SUM(t.%s %% %d), 0) AS BIGINT)",
                     f->name, (int)SUM_SPLIT, f->name, (int)SUM_SPLIT);
    }
    put_where(l, s);
}

static enum rc write_aggregates(struct list *l, struct jw *w, struct err *e)
{
    struct sqlb s = sqlb_new(l->a);
    struct stmt *st = NULL;
    enum rc rc;
    put_aggregates(l, &s);
    TRY_OUT(sqlb_prepare(&s, l->db, &st, e));
    rc = stmt_step(st, e);
    if (rc != RC_ROW)
        goto out;
    rc = RC_OK;
    if (l->q->count)
        jw_ki64(w, "count", stmt_col_i64(st, 0));
    if (!l->n_sums)
        goto out;
    jw_key(w, "sums");
    jw_obj(w);
    for (size_t i = 0; i < l->n_sums; i++) {
        const struct field *f = &l->q->ent->fields[l->sums[i]];
        int col = 1 + 2 * (int)i;
        jw_key(w, f->name);
        if (f->type == FT_REAL)
            jw_f64(w, stmt_col_f64(st, col));
        else
            put_wide(w, (__int128)stmt_col_i64(st, col) * SUM_SPLIT + stmt_col_i64(st, col + 1));
    }
    jw_end_obj(w);
out:
    stmt_done(st);
    sqlb_free(&s);
    return rc;
}

static enum rc write_list(struct list *l, struct buf *out, struct err *e)
{
    struct record **rows = ARENA_ARRAY(l->a, struct record *, l->q->limit);
    struct val last[SORT_KEYS + 1];
    size_t n;
    bool more;
    TRY(read_rows(l, rows, &n, &more, last, e));
    TRY(record_load_sets(l->db, l->a, l->q->ent, rows, n, l->mask, e));
    struct jw w = jw_to(out);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; i < n; i++)
        record_put(&w, rows[i], l->mask);
    jw_end_arr(&w);
    jw_kstr(&w, "next_cursor", more ? cursor_write(l->a, l->hash, last, l->sort.n) : STR_NULL);
    if (l->q->count || l->n_sums)
        TRY(write_aggregates(l, &w, e));
    jw_end_obj(&w);
    return RC_OK;
}

enum rc query_list(struct db *db, struct arena *a, const struct query *q, const struct filter_env *env, struct buf *out,
                   struct err *e)
{
    struct list l = {.db = db, .a = a, .q = q};
    TRY(parse(&l, env, e));
    TRY(db_read_begin(db, e));
    enum rc rc = write_list(&l, out, e);
    db_read_end(db);
    return rc;
}

enum rc query_ids(struct db *db, struct arena *a, const struct entity *ent, const struct filter *f, int64_t limit,
                  int64_t **ids, size_t *n, struct err *e)
{
    struct sqlb s = sqlb_new(a);
    struct stmt *st = NULL;
    enum rc rc;
    VEC(int64_t) found = {0};
    sqlb_fmt(&s, "SELECT t.id FROM %s t WHERE t.deleted_at IS NULL AND ", ent->table);
    filter_sql(&s, ent, f, "t");
    sqlb_c(&s, " ORDER BY t.id LIMIT ");
    sqlb_param(&s, val_int(limit));
    TRY_OUT(sqlb_prepare(&s, db, &st, e));
    while ((rc = stmt_step(st, e)) == RC_ROW)
        vec_push(&found, stmt_col_i64(st, 0));
    if (rc != RC_DONE)
        goto out;
    rc = RC_OK;
    *n = found.len;
    *ids = ARENA_ARRAY(a, int64_t, found.len + 1);
    if (found.len)
        memcpy(*ids, found.ptr, found.len * sizeof *found.ptr);
out:
    vec_free(&found);
    stmt_done(st);
    sqlb_free(&s);
    return rc;
}
