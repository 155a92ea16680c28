#include "base/vec.h"
#include "crm/query_cursor.h"

struct list { /* a query made sense of */
    struct db *db;
    struct arena *a;
    const struct query *q;
    const struct rights *rights;
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
        if (!filter_find_field(l->rights, l->q->ent, name, &index, &f))
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
        if (!filter_find_field(l->rights, l->q->ent, name, &index, &f) || !(f->flags & FF_SUM) ||
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
    TRY(sort_parse(l->rights, q->ent, q->sort, &l->sort, e));
    TRY(parse_fields(l, e));
    l->mask = (bool *)(uintptr_t)rights_mask(l->rights, l->a, q->ent, l->mask);
    TRY(parse_sums(l, e));
    l->hash = cursor_hash(q);
    if (q->cursor.len && !cursor_read(l->a, q->cursor, l->hash, &l->sort, l->after))
        return err_set(e, RC_INVALID, "bad_cursor", "cursor", NULL);
    if (q->cursor.len && q->offset)
        return err_set(e, RC_INVALID, "bad_parameter", "offset", "%lld", (long long)q->offset);
    if (q->limit < 1 || q->limit > 500)
        return err_set(e, RC_INVALID, "bad_limit", "limit", "500");
    return RC_OK;
}

static void put_found(struct list *l, struct sqlb *s)
{
    sqlb_fmt(s, " FROM %s t WHERE t.deleted_at IS NULL", l->q->ent->table);
    if (l->filter) {
        sqlb_c(s, " AND ");
        filter_sql(s, l->q->ent, l->filter, "t");
    }
}

static void put_where(struct list *l, struct sqlb *s)
{
    put_found(l, s);
    if (!rights_all_rows(l->rights, l->q->ent, RIGHT_SEE)) {
        sqlb_c(s, " AND ");
        rights_sql(s, l->rights, l->q->ent, RIGHT_SEE, "t");
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

static int val_cmp(struct val a, struct val b)
{
    if (a.kind == VAL_TEXT) {
        size_t least = a.s.len < b.s.len ? a.s.len : b.s.len;
        int c = least ? memcmp(a.s.ptr, b.s.ptr, least) : 0;
        return c ? c : (a.s.len > b.s.len) - (a.s.len < b.s.len);
    }
    if (a.kind == VAL_REAL)
        return (a.f > b.f) - (a.f < b.f);
    return (a.i > b.i) - (a.i < b.i);
}

static int stored_columns(const struct entity *ent)
{
    int n = 5;
    for (size_t i = 0; i < ent->n_fields; i++)
        n += ent->fields[i].type != FT_SET;
    return n;
}

#define WHOLE SIZE_MAX       /* not in branches */
#define BRANCHED_OFFSET 1000 /* behind that a page is not put together any more */

/* Of one branch: as many rows as the page may take from it; with a bound, none that stands behind it. */
static void put_select(struct list *l, size_t branch, const struct val *bound, struct sqlb *s)
{
    struct str cols = record_columns(l->a, l->q->ent, "t");
    sqlb_c(s, "SELECT ");
    buf_str(&s->text, cols);
    for (size_t i = 0; i < l->sort.n; i++) {
        sqlb_c(s, ", ");
        sort_put_column(s, &l->sort.keys[i]);
    }
    if (branch == WHOLE) {
        put_where(l, s);
    } else {
        put_found(l, s);
        sqlb_c(s, " AND ");
        rights_branch_sql(s, l->rights, l->q->ent, branch, "t");
    }
    if (bound && val_has(*bound)) {
        sqlb_c(s, " AND ");
        sort_put_column(s, &l->sort.keys[0]);
        sqlb_c(s, l->sort.keys[0].desc ? " >= " : " <= ");
        sqlb_param(s, *bound);
    }
    if (l->q->cursor.len)
        sort_put_after(s, &l->sort, l->after);
    sort_put_order(s, &l->sort);
    sqlb_c(s, " LIMIT ");
    sqlb_param(s, val_int(l->q->limit + 1 + (branch == WHOLE ? 0 : l->q->offset)));
    if (branch == WHOLE && l->q->offset) {
        sqlb_c(s, " OFFSET ");
        sqlb_param(s, val_int(l->q->offset));
    }
}

static struct record *row_new(struct arena *a, const struct entity *ent, struct stmt *st)
{
    struct record *r = record_new(a, ent);
    record_read_row(a, ent, st, r);
    return r;
}

struct found {
    struct record *r;
    struct val keys[SORT_KEYS + 1];
};
struct founds {
    struct found *ptr;
    size_t len, cap;
};

static enum rc read_branch(struct list *l, size_t branch, const struct val *bound, struct founds *out, struct err *e)
{
    struct sqlb s = sqlb_new(l->a);
    struct stmt *st = NULL;
    enum rc rc;
    int base = stored_columns(l->q->ent);
    put_select(l, branch, bound, &s);
    TRY_OUT(sqlb_prepare(&s, l->db, &st, e));
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        struct found one = {.r = row_new(l->a, l->q->ent, st)};
        for (size_t i = 0; i < l->sort.n; i++)
            one.keys[i] = read_key(l->a, &l->sort.keys[i], st, base + (int)i);
        vec_push(out, one);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(st);
    sqlb_free(&s);
    return rc;
}

/* As sort_put_order: empty values last in either direction. */
static int by_keys(const void *x, const void *y, void *arg)
{
    const struct found *a = x, *b = y;
    const struct sort *sort = arg;
    for (size_t i = 0; i < sort->n; i++) {
        bool has = val_has(a->keys[i]), other = val_has(b->keys[i]);
        int c = has && other ? val_cmp(a->keys[i], b->keys[i]) * (sort->keys[i].desc ? -1 : 1) : other - has;
        if (c)
            return c;
    }
    return 0;
}

/* Somebody's own deals are those of one owner, in the order of an index, and the few on which they are a co-worker:
 * each gives its first rows by itself, and the page is put together here. Asked for with OR, all of them would have to
 * be put in order first. */
static enum rc read_found(struct list *l, struct founds *out, size_t *skip, struct err *e)
{
    size_t n = l->q->offset <= BRANCHED_OFFSET ? rights_branches(l->rights, l->q->ent) : 0;
    *skip = n ? (size_t)l->q->offset : 0;
    if (!n)
        return read_branch(l, WHOLE, NULL, out, e);
    struct val bound = val_null(); /* a page that is full needs nothing behind its end */
    size_t full = (size_t)(l->q->limit + 1 + l->q->offset);
    for (size_t i = 0; i < n; i++) {
        TRY(read_branch(l, i, &bound, out, e));
        if (i == 0 && out->len > 0 && out->len >= full)
            bound = out->ptr[out->len - 1].keys[0];
    }
    if (out->len > 1)
        qsort_r(out->ptr, out->len, sizeof *out->ptr, by_keys, &l->sort);
    return RC_OK;
}

/* Reads one row more than asked, to know whether there is a next page; `last` becomes the sort values of the last row
 * shown. */
static enum rc read_rows(struct list *l, struct record **rows, size_t *n, bool *more, struct val *last, struct err *e)
{
    struct founds found = {0};
    size_t skip, limit = (size_t)l->q->limit;
    *n = 0;
    *more = false;
    enum rc rc = read_found(l, &found, &skip, e);
    for (size_t i = skip; rc == RC_OK && i < found.len && !*more; i++) {
        *more = *n == limit;
        if (*more)
            break;
        rows[(*n)++] = found.ptr[i].r;
        memcpy(last, found.ptr[i].keys, sizeof found.ptr[i].keys);
    }
    vec_free(&found);
    return rc;
}

static void put_aggregates(struct list *l, struct sqlb *s)
{
    sqlb_c(s, "SELECT COUNT(*)");
    for (size_t i = 0; i < l->n_sums; i++)
        query_put_sum(s, &l->q->ent->fields[l->sums[i]], (int)i);
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
    for (size_t i = 0; i < l->n_sums; i++)
        query_write_sum(w, &l->q->ent->fields[l->sums[i]], st, 1 + 2 * (int)i);
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
    for (size_t i = 0; i < n; i++) {
        rights_trim(l->rights, l->a, rows[i]);
        (l->q->fields.len ? record_put : record_put_seen)(&w, rows[i], l->mask);
    }
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
    struct list l = {.db = db, .a = a, .q = q, .rights = env->rights};
    TRY(parse(&l, env, e));
    TRY(db_read_begin(db, e));
    enum rc rc = write_list(&l, out, e);
    db_read_end(db);
    return rc;
}

enum rc query_ids(struct db *db, struct arena *a, const struct entity *ent, const struct rights *r,
                  const struct filter *f, int64_t limit, int64_t **ids, size_t *n, struct err *e)
{
    struct sqlb s = sqlb_new(a);
    struct stmt *st = NULL;
    enum rc rc;
    VEC(int64_t) found = {0};
    sqlb_fmt(&s, "SELECT t.id FROM %s t WHERE t.deleted_at IS NULL AND ", ent->table);
    filter_sql(&s, ent, f, "t");
    sqlb_c(&s, " AND ");
    rights_sql(&s, r, ent, RIGHT_SEE, "t");
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
