#include "crm/duplicates.h"
#include "base/vec.h"
#include "crm/engine.h"

enum { BY_PHONE, BY_EMAIL, BY_INN, BY_NAME, BY_N };
static const char *const why_names[] = {"phone", "email", "inn", "name"};

enum { PHONE_LEAST = 7, GROUP_MOST = 50, FOUND_MOST = 20 };

struct finder {
    struct db *db;
    struct arena *a;
    const struct entity *ent;
    const struct rights *rights;
    const bool *mask;
    bool contact;
};

static const char *column_of(int by)
{
    static const char *const columns[] = {"phone_fold", "email_fold", "inn", "name_fold"};
    return columns[by];
}

/* Can be told by this? Contacts have no INN; what is hidden tells nothing. */
static bool can_tell(const struct finder *f, int by)
{
    int field = entity_field(f->ent, str_c(why_names[by]));
    return field >= 0 && rights_sees_field(f->rights, f->ent, field);
}

static void put_rows(struct sqlb *q, const struct finder *f, const char *alias)
{
    sqlb_fmt(q, "%s.deleted_at IS NULL AND ", alias);
    if (f->contact)
        sqlb_fmt(q, "%s.erased_at IS NULL AND ", alias);
    rights_sql(q, f->rights, f->ent, RIGHT_SEE, alias);
}

/* One form for the phone or mail of the record itself and for its further ones. */
static void put_condition(struct sqlb *q, int by, const char *key,
                          void (*more)(struct sqlb *q, const char *key, void *arg), void *arg)
{
    sqlb_fmt(q, " AND %s IS NOT NULL", key);
    if (by == BY_PHONE) /* an inner number is that of many */
        sqlb_fmt(q, " AND length(%s) >= %d", key, PHONE_LEAST);
    more(q, key, arg);
}

typedef void (*more_fn)(struct sqlb *q, const char *key, void *arg);

/* Keys (as key) and ids of the records themselves that can be alike by `by`; no grouping, no order. */
static void put_own(struct sqlb *q, const struct finder *f, int by, const char *columns, more_fn more, void *arg)
{
    char key[40];
    snprintf(key, sizeof key, "t.%s", column_of(by));
    sqlb_fmt(q, "SELECT %s AS key%s FROM %s t WHERE ", key, columns, f->ent->table);
    put_rows(q, f, "t");
    if (by == BY_NAME && f->contact) /* "Anna" alone is many people */
        sqlb_c(q, " AND (t.company_id IS NOT NULL OR t.name_fold LIKE '% %')");
    put_condition(q, by, key, more, arg);
}

/* The same of their further phones or mails. */
static void put_points(struct sqlb *q, const struct finder *f, int by, const char *columns, more_fn more, void *arg)
{
    sqlb_fmt(q,
             "SELECT p.normal%s FROM contact_point p JOIN %s t ON t.id = p.%s_id WHERE p.deleted_at IS NULL"
             " AND p.kind = %d AND ",
             columns, f->ent->table, f->ent->table, by == BY_PHONE ? POINT_PHONE : POINT_EMAIL);
    put_rows(q, f, "t");
    put_condition(q, by, "p.normal", more, arg);
}

static bool by_points(int by)
{
    return by == BY_PHONE || by == BY_EMAIL;
}

/* Rows (key, id) of everything that can be alike. */
static void put_keys(struct sqlb *q, const struct finder *f, int by, more_fn more, void *arg)
{
    put_own(q, f, by, ", t.id AS id", more, arg);
    if (!by_points(by))
        return;
    sqlb_c(q, " UNION ");
    put_points(q, f, by, ", t.id", more, arg);
}

/* ---- while one types ---- */

static bool phone_tells(struct str fold)
{
    return fold.len >= PHONE_LEAST;
}

/* The values to look for, in the form of their columns; STR_NULL: not by this. */
static void looked_for(const struct finder *f, const struct likeness *l, struct str out[BY_N])
{
    static const struct field phone = {.type = FT_PHONE}, email = {.type = FT_EMAIL};
    const struct str given[BY_N] = {l->phone, l->email, l->inn, l->name};
    for (int by = 0; by < BY_N; by++) {
        struct str s = str_trim(given[by]);
        out[by] = STR_NULL;
        if (!s.len || !can_tell(f, by))
            continue;
        out[by] = by == BY_PHONE   ? field_fold(f->a, &phone, s)
                  : by == BY_EMAIL ? field_fold(f->a, &email, s)
                  : by == BY_INN   ? s
                                   : str_fold(f->a, s);
        if (by == BY_PHONE && !phone_tells(out[by]))
            out[by] = STR_NULL;
    }
}

static void put_alike(struct sqlb *q, const struct finder *f, int by, struct str value, const struct likeness *l)
{
    sqlb_fmt(q, "(t.%s = ", column_of(by));
    sqlb_param(q, val_str(value));
    if (by == BY_INN && l->kpp.len) {
        sqlb_c(q, " AND (t.kpp IS NULL OR t.kpp = ");
        sqlb_param(q, val_str(l->kpp));
        sqlb_c(q, ")");
    }
    if (by == BY_NAME && f->contact && l->company_id) {
        sqlb_c(q, " AND (t.company_id IS NULL OR t.company_id = ");
        sqlb_param(q, val_int(l->company_id));
        sqlb_c(q, ")");
    }
    if (by == BY_NAME && !f->contact && l->inn.len) {
        sqlb_c(q, " AND (t.inn IS NULL OR t.inn = ");
        sqlb_param(q, val_str(l->inn));
        sqlb_c(q, ")");
    }
    if (by == BY_PHONE || by == BY_EMAIL) {
        sqlb_fmt(q,
                 " OR t.id IN (SELECT p.%s_id FROM contact_point p WHERE p.deleted_at IS NULL AND p.kind = %d"
                 " AND p.normal = ",
                 f->ent->table, by == BY_PHONE ? POINT_PHONE : POINT_EMAIL);
        sqlb_param(q, val_str(value));
        sqlb_fmt(q, " AND p.%s_id IS NOT NULL)", f->ent->table);
    }
    sqlb_c(q, ")");
}

/* Ids found through an index each, so that nobody waits while typing. */
static void put_candidates(struct sqlb *q, const struct finder *f, const struct str value[BY_N])
{
    sqlb_c(q, "SELECT 0");
    for (int by = 0; by < BY_N; by++) {
        if (!value[by].ptr)
            continue;
        sqlb_fmt(q, " UNION SELECT c.id FROM %s c WHERE c.%s = ", f->ent->table, column_of(by));
        sqlb_param(q, val_str(value[by]));
        if (!by_points(by))
            continue;
        sqlb_fmt(q, " UNION SELECT p.%s_id FROM contact_point p WHERE p.normal = ", f->ent->table);
        sqlb_param(q, val_str(value[by]));
    }
}

static void put_search(struct sqlb *q, const struct finder *f, const struct likeness *l, const struct str value[BY_N])
{
    struct str columns = record_columns(f->a, f->ent, "t");
    buf_str(&q->text, STR("SELECT "));
    buf_str(&q->text, columns);
    for (int by = 0; by < BY_N; by++) {
        sqlb_c(q, ", CASE WHEN ");
        if (value[by].ptr)
            put_alike(q, f, by, value[by], l);
        else
            sqlb_c(q, "1=0");
        sqlb_fmt(q, " THEN 1 ELSE 0 END AS by_%s", why_names[by]);
    }
    sqlb_fmt(q, " FROM %s t WHERE ", f->ent->table);
    put_rows(q, f, "t");
    sqlb_c(q, " AND t.id <> ");
    sqlb_param(q, val_int(l->but));
    sqlb_c(q, " AND t.id IN (");
    put_candidates(q, f, value);
    sqlb_c(q, ") AND (1=0");
    for (int by = 0; by < BY_N; by++)
        if (value[by].ptr) {
            sqlb_c(q, " OR ");
            put_alike(q, f, by, value[by], l);
        }
    sqlb_fmt(q, ") LIMIT %d", FOUND_MOST * 5);
}

struct found {
    struct record *r;
    bool why[BY_N];
    int weight;
};

static enum rc read_found(struct finder *f, struct sqlb *q, struct found *out, size_t *n, struct err *e)
{
    static const int weights[] = {3, 3, 4, 1};
    struct stmt *s;
    enum rc rc;
    int at = 5;
    for (size_t i = 0; i < f->ent->n_fields; i++)
        at += f->ent->fields[i].type != FT_SET;
    TRY(sqlb_prepare(q, f->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct found *one = &out[(*n)++];
        one->r = record_new(f->a, f->ent);
        record_read_row(f->a, f->ent, s, one->r);
        for (int by = 0; by < BY_N; by++) {
            one->why[by] = stmt_col_i64(s, at + by) != 0;
            one->weight += one->why[by] ? weights[by] : 0;
        }
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static int by_weight(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    if (x->weight != y->weight)
        return y->weight - x->weight;
    return x->r->id < y->r->id ? -1 : 1;
}

static void put_why(struct jw *w, const bool why[BY_N])
{
    jw_key(w, "why");
    jw_arr(w);
    for (int by = 0; by < BY_N; by++)
        if (why[by])
            jw_c(w, why_names[by]);
    jw_end_arr(w);
}

/* The record with one more member before its own. */
static void put_found(struct jw *w, const struct finder *f, const struct found *one)
{
    struct buf b = {0};
    struct jw inner = jw_to(&b);
    record_put(&inner, one->r, f->mask);
    jw_obj(w);
    put_why(w, one->why);
    buf_char(w->b, ',');
    buf_add(w->b, b.ptr + 1, b.len - 1);
    w->comma = true;
    buf_free(&b);
}

static struct finder finder_of(struct db *db, struct arena *a, const struct entity *ent, const struct rights *r)
{
    return (struct finder){db, a, ent, r, rights_mask(r, a, ent, NULL), ent->id == ENT_CONTACT};
}

enum rc duplicates_of(struct db *db, struct arena *a, const struct entity *ent, const struct likeness *like,
                      const struct rights *r, struct buf *out, struct err *e)
{
    struct finder f = finder_of(db, a, ent, r);
    struct found *found = ARENA_ARRAY(a, struct found, FOUND_MOST * 5);
    struct str value[BY_N];
    struct sqlb q = sqlb_new(a);
    size_t n = 0;
    looked_for(&f, like, value);
    put_search(&q, &f, like, value);
    enum rc rc = read_found(&f, &q, found, &n, e);
    sqlb_free(&q);
    TRY(rc);
    qsort(found, n, sizeof *found, by_weight);
    n = n > FOUND_MOST ? FOUND_MOST : n;
    struct record **rows = ARENA_ARRAY(a, struct record *, n + 1);
    for (size_t i = 0; i < n; i++)
        rows[i] = found[i].r;
    TRY(record_load_sets(db, a, ent, rows, n, f.mask, e));
    struct jw w = jw_to(out);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; i < n; i++)
        put_found(&w, &f, &found[i]);
    jw_end_arr(&w);
    jw_end_obj(&w);
    return RC_OK;
}

/* ---- over the whole base ---- */

struct place { /* of a group in the order of all groups */
    int64_t by;
    struct str key;
};
struct groups {
    struct place *ptr;
    size_t len, cap;
};
struct rows {
    struct record **ptr;
    size_t n;
};

static void more_behind(struct sqlb *q, const char *key, void *arg)
{
    const struct place *p = arg;
    sqlb_fmt(q, " AND %s > ", key);
    sqlb_param(q, val_str(p->key));
}
static void more_exact(struct sqlb *q, const char *key, void *arg)
{
    const struct place *p = arg;
    sqlb_fmt(q, " AND %s = ", key);
    sqlb_param(q, val_str(p->key));
}
static void more_among(struct sqlb *q, const char *key, void *arg)
{
    const struct rows *rows = arg;
    (void)key;
    sqlb_c(q, " AND t.id IN (");
    for (size_t i = 0; i < rows->n; i++)
        sqlb_fmt(q, "%s%lld", i ? "," : "", (long long)rows->ptr[i]->id);
    sqlb_c(q, ")");
}

/* Another record that one may see has the same. */
static void put_another(struct sqlb *q, const struct finder *f, int by)
{
    sqlb_fmt(q, " AND (EXISTS (SELECT 1 FROM %s o WHERE o.%s = p.normal AND o.id <> t.id AND ", f->ent->table,
             column_of(by));
    put_rows(q, f, "o");
    sqlb_fmt(q,
             ") OR EXISTS (SELECT 1 FROM contact_point x JOIN %s o ON o.id = x.%s_id WHERE x.normal = p.normal"
             " AND x.kind = p.kind AND x.deleted_at IS NULL AND o.id <> t.id AND ",
             f->ent->table, f->ent->table);
    put_rows(q, f, "o");
    sqlb_c(q, "))");
}

/* The groups behind a place, in its pass; at most `most`. Each half stops by itself in order of its index. */
static enum rc find_groups(const struct finder *f, const struct place *from, int64_t most, struct groups *out,
                           struct err *e)
{
    struct sqlb q = sqlb_new(f->a);
    struct stmt *s;
    int by = (int)from->by;
    void *arg = (void *)(uintptr_t)from;
    sqlb_c(&q, "SELECT k.key FROM (SELECT w.key FROM (");
    put_own(&q, f, by, "", more_behind, arg);
    sqlb_fmt(&q, " GROUP BY t.%s HAVING count(*) > 1 ORDER BY t.%s LIMIT %lld) w", column_of(by), column_of(by),
             (long long)most);
    if (by_points(by)) {
        sqlb_c(&q, " UNION SELECT v.normal FROM (");
        put_points(&q, f, by, "", more_behind, arg);
        put_another(&q, f, by);
        sqlb_fmt(&q, " GROUP BY p.normal ORDER BY p.normal LIMIT %lld) v", (long long)most);
    }
    sqlb_fmt(&q, ") k ORDER BY k.key LIMIT %lld", (long long)most);
    enum rc rc = sqlb_prepare(&q, f->db, &s, e);
    if (rc == RC_OK) {
        while ((rc = stmt_step(s, e)) == RC_ROW) {
            struct place p = {from->by, str_dup(f->a, stmt_col_str(s, 0))};
            vec_push(out, p);
        }
        stmt_done(s);
    }
    sqlb_free(&q);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc load_group(const struct finder *f, const struct place *p, struct rows *out, struct err *e)
{
    struct sqlb q = sqlb_new(f->a);
    struct stmt *s;
    struct str columns = record_columns(f->a, f->ent, "r");
    out->ptr = ARENA_ARRAY(f->a, struct record *, GROUP_MOST);
    out->n = 0;
    sqlb_c(&q, "SELECT ");
    buf_str(&q.text, columns);
    sqlb_fmt(&q, " FROM %s r WHERE r.id IN (SELECT k.id FROM (", f->ent->table);
    put_keys(&q, f, (int)p->by, more_exact, (void *)(uintptr_t)p);
    sqlb_fmt(&q, ") k) ORDER BY r.id LIMIT %d", GROUP_MOST);
    enum rc rc = sqlb_prepare(&q, f->db, &s, e);
    if (rc == RC_OK) {
        while ((rc = stmt_step(s, e)) == RC_ROW) {
            struct record *r = record_new(f->a, f->ent);
            record_read_row(f->a, f->ent, s, r);
            out->ptr[out->n++] = r;
        }
        stmt_done(s);
    }
    sqlb_free(&q);
    return rc == RC_DONE ? record_load_sets(f->db, f->a, f->ent, out->ptr, out->n, f->mask, e) : rc;
}

/* Is there one phone (mail, ...) that all of them have? */
static enum rc all_share(const struct finder *f, const struct rows *rows, int by, bool *out, struct err *e)
{
    struct sqlb q = sqlb_new(f->a);
    struct stmt *s;
    *out = false;
    if (!can_tell(f, by))
        return RC_OK;
    sqlb_c(&q, "SELECT 1 FROM (");
    put_keys(&q, f, by, more_among, (void *)(uintptr_t)rows);
    sqlb_fmt(&q, ") k GROUP BY k.key HAVING count(*) = %zu LIMIT 1", rows->n);
    enum rc rc = sqlb_prepare(&q, f->db, &s, e);
    if (rc == RC_OK) {
        rc = stmt_step(s, e);
        *out = rc == RC_ROW;
        stmt_done(s);
    }
    sqlb_free(&q);
    return rc == RC_DONE || rc == RC_ROW ? RC_OK : rc;
}

static enum rc put_group(struct jw *w, const struct finder *f, const struct rows *rows, int by, bool *written,
                         struct err *e)
{
    bool why[BY_N] = {[0] = false};
    *written = false;
    if (rows->n < 2)
        return RC_OK;
    for (int i = 0; i < BY_N; i++) {
        why[i] = i == by;
        if (i != by)
            TRY(all_share(f, rows, i, &why[i], e));
        if (i < by && why[i])
            return RC_OK; /* it has been shown by that */
    }
    *written = true;
    jw_obj(w);
    put_why(w, why);
    jw_key(w, "ids");
    jw_arr(w);
    for (size_t i = 0; i < rows->n; i++)
        jw_i64(w, rows->ptr[i]->id);
    jw_end_arr(w);
    jw_key(w, "records");
    jw_arr(w);
    for (size_t i = 0; i < rows->n; i++)
        record_put(w, rows->ptr[i], f->mask);
    jw_end_arr(w);
    jw_end_obj(w);
    return RC_OK;
}

/* Offices of one firm have one INN and different KPP, firms of one name have different INN, people of one name work in
 * different companies: those are apart. */
static enum rc put_split(struct jw *w, const struct finder *f, const struct rows *rows, int by, struct err *e)
{
    int split = f->contact      ? (by == BY_NAME ? CONTACT_COMPANY_ID : -1)
                : by == BY_INN  ? COMPANY_KPP
                : by == BY_NAME ? COMPANY_INN
                                : -1;
    struct rows part = {ARENA_ARRAY(f->a, struct record *, GROUP_MOST), 0};
    bool written, apart = false;
    struct val first = val_null();
    for (size_t i = 0; split >= 0 && i < rows->n; i++) {
        struct val v = rows->ptr[i]->f[split];
        apart |= val_has(v) && val_has(first) && !val_eq(v, first);
        if (!val_has(first))
            first = v;
    }
    if (!apart)
        return put_group(w, f, rows, by, &written, e);
    for (size_t i = 0; i < rows->n; i++) {
        struct val v = rows->ptr[i]->f[split];
        bool seen = !val_has(v);
        for (size_t k = 0; k < i; k++)
            seen |= val_eq(rows->ptr[k]->f[split], v);
        part.n = 0;
        for (size_t k = i; !seen && k < rows->n; k++)
            if (val_eq(rows->ptr[k]->f[split], v))
                part.ptr[part.n++] = rows->ptr[k];
        TRY(put_group(w, f, &part, by, &written, e));
    }
    return RC_OK;
}

static struct str write_cursor(struct arena *a, const struct place *p)
{
    struct str text = str_fmt(a, "%lld %.*s", (long long)p->by, STR_ARG(p->key));
    return str_base64url(a, text.ptr, text.len);
}

static bool read_cursor(struct arena *a, struct str text, struct place *p)
{
    struct str rest;
    if (!str_base64url_decode(a, text, &rest) || !str_utf8_valid(rest))
        return false;
    return str_i64(str_cut(rest, ' ', &p->key), &p->by) && p->by >= 0 && p->by < BY_N && p->key.ptr;
}

enum rc duplicates_list(struct db *db, struct arena *a, const struct entity *ent, const struct rights *r,
                        struct str cursor, int64_t limit, struct buf *out, struct err *e)
{
    struct finder f = finder_of(db, a, ent, r);
    struct place at = {0, STR("")};
    struct groups groups = {0};
    struct jw w = jw_to(out);
    enum rc rc = RC_OK;
    if (cursor.len && !read_cursor(a, cursor, &at))
        return err_set(e, RC_INVALID, "bad_cursor", "cursor", NULL);
    while (at.by < BY_N && (int64_t)groups.len <= limit) {
        if (can_tell(&f, (int)at.by))
            TRY_OUT(find_groups(&f, &at, limit + 1 - (int64_t)groups.len, &groups, e));
        at = (struct place){at.by + 1, STR("")};
    }
    bool more = (int64_t)groups.len > limit;
    size_t n = more ? (size_t)limit : groups.len;
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; groups.ptr && i < n; i++) {
        struct rows rows;
        TRY_OUT(load_group(&f, &groups.ptr[i], &rows, e));
        TRY_OUT(put_split(&w, &f, &rows, (int)groups.ptr[i].by, e));
    }
    jw_end_arr(&w);
    jw_kstr(&w, "next_cursor", more && groups.ptr ? write_cursor(a, &groups.ptr[n - 1]) : STR_NULL);
    jw_end_obj(&w);
out:
    vec_free(&groups);
    return rc;
}
