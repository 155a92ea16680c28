/* A list by groups: how many records have each value of a field, and sums over them. */
#include "crm/engine.h"
#include "crm/query_cursor.h"

#define GROUPS_MOST 1000
#define SUM_SPLIT INT64_C(1000000)
#define SUMS_MOST 8

/* ---- sums, of groups and of whole lists ---- */

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
void query_put_sum(struct sqlb *s, const struct field *f, int n)
{
    if (f->type == FT_REAL)
        sqlb_fmt(s, ", COALESCE(SUM(t.%s), 0.0) AS s%da, 0 AS s%db", f->name, n, n);
    else
        sqlb_fmt(s,
                 ", CAST(COALESCE(SUM(t.%s / %d), 0) AS BIGINT) AS s%da, CAST(COALESCE(SUM(t.%s %% %d), 0) AS BIGINT)"
                 " AS s%db",
                 f->name, (int)SUM_SPLIT, n, f->name, (int)SUM_SPLIT, n);
}

void query_write_sum(struct jw *w, const struct field *f, struct stmt *st, int col)
{
    jw_key(w, f->name);
    if (f->type == FT_REAL)
        jw_f64(w, stmt_col_f64(st, col));
    else
        put_wide(w, (__int128)stmt_col_i64(st, col) * SUM_SPLIT + stmt_col_i64(st, col + 1));
}

/* ---- groups ---- */

struct groups {
    struct arena *a;
    const struct query *q;
    const struct rights *rights;
    struct filter *filter;
    const struct field *by;
    const struct field *sums[SUMS_MOST];
    int n_sums;
};

static bool may_group(const struct field *f)
{
    return f->type == FT_INT || f->type == FT_BOOL || f->type == FT_TEXT || f->type == FT_ENUM || f->type == FT_DATE ||
           f->type == FT_CURRENCY || f->type == FT_COLOUR || f->type == FT_REF || f->type == FT_SET;
}

static enum rc parse(struct groups *g, struct str by, const struct filter_env *env, struct err *e)
{
    const struct query *q = g->q;
    int index;
    if (!filter_find_field(g->rights, q->ent, by, &index, &g->by) || index < 0 || !may_group(g->by))
        return err_set(e, RC_INVALID, "bad_group", "by", "%.*s", (int)(by.len < 60 ? by.len : 60), by.ptr);
    TRY(filter_parse(g->a, q->ent, q->filter, env, &g->filter, e));
    for (struct str rest = q->sum; rest.len;) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        const struct field *f;
        if (!filter_find_field(g->rights, q->ent, name, &index, &f) || !(f->flags & FF_SUM) || g->n_sums == SUMS_MOST)
            return err_set(e, RC_INVALID, "bad_sum", "sum", "%.*s", (int)(name.len < 60 ? name.len : 60), name.ptr);
        g->sums[g->n_sums++] = f;
    }
    return RC_OK;
}

static void put_inner(struct groups *g, struct sqlb *s)
{
    bool set = g->by->type == FT_SET;
    sqlb_fmt(s, "SELECT %s.%s AS v, COUNT(*) AS n", set ? "l" : "t", set ? "ref_id" : g->by->name);
    for (int i = 0; i < g->n_sums; i++)
        query_put_sum(s, g->sums[i], i);
    sqlb_fmt(s, " FROM %s t", g->q->ent->table);
    if (set)
        sqlb_fmt(s, " LEFT JOIN %s l ON l.owner_id = t.id", g->by->link);
    sqlb_c(s, " WHERE t.deleted_at IS NULL");
    if (g->filter) {
        sqlb_c(s, " AND ");
        filter_sql(s, g->q->ent, g->filter, "t");
    }
    if (!rights_all_rows(g->rights, g->q->ent, RIGHT_SEE)) {
        sqlb_c(s, " AND ");
        rights_sql(s, g->rights, g->q->ent, RIGHT_SEE, "t");
    }
    sqlb_c(s, " GROUP BY 1");
}

/* The field's own order: of a dictionary its order, of people and companies their names, else the values'. */
static void put_query(struct groups *g, struct sqlb *s)
{
    const struct entity *ref = g->by->ref ? entity_by_id(g->by->ref) : NULL;
    bool named = ref && entity_field(ref, STR("name")) >= 0;
    sqlb_c(s, "SELECT g.* FROM (");
    put_inner(g, s);
    sqlb_c(s, ") g");
    if (named)
        sqlb_fmt(s, " LEFT JOIN %s r ON r.id = g.v", ref->table);
    sqlb_c(s, " ORDER BY CASE WHEN g.v IS NULL THEN 1 ELSE 0 END");
    if (named && entity_field(ref, STR("position")) >= 0 &&
        ref->fields[entity_field(ref, STR("position"))].type == FT_INT)
        sqlb_c(s, ", r.position");
    if (named)
        sqlb_c(s, ", r.name_fold");
    sqlb_fmt(s, ", g.v LIMIT %d", GROUPS_MOST);
}

static void write_value(struct groups *g, struct jw *w, struct stmt *st)
{
    struct val v = stmt_col_null(st, 0)       ? val_null()
                   : field_stores_text(g->by) ? val_str(stmt_col_str(st, 0))
                                              : val_int(stmt_col_i64(st, 0));
    jw_key(w, "value");
    if (g->by->type == FT_SET && val_has(v))
        jw_i64(w, v.i);
    else if (val_has(v))
        val_put(w, g->by, v, false);
    else
        jw_null(w);
}

static enum rc write_groups(struct groups *g, struct db *db, struct buf *out, struct err *e)
{
    struct sqlb s = sqlb_new(g->a);
    struct stmt *st = NULL;
    struct jw w = jw_to(out);
    enum rc rc;
    put_query(g, &s);
    TRY_OUT(sqlb_prepare(&s, db, &st, e));
    jw_obj(&w);
    jw_key(&w, "groups");
    jw_arr(&w);
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        jw_obj(&w);
        write_value(g, &w, st);
        jw_ki64(&w, "count", stmt_col_i64(st, 1));
        jw_key(&w, "sums");
        jw_obj(&w);
        for (int i = 0; i < g->n_sums; i++)
            query_write_sum(&w, g->sums[i], st, 2 + 2 * i);
        jw_end_obj(&w);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    jw_end_obj(&w);
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(st);
    sqlb_free(&s);
    return rc;
}

enum rc query_groups(struct db *db, struct arena *a, const struct query *q, struct str by, const struct filter_env *env,
                     struct buf *out, struct err *e)
{
    struct groups g = {.a = a, .q = q, .rights = env->rights};
    TRY(parse(&g, by, env, e));
    return write_groups(&g, db, out, e);
}
