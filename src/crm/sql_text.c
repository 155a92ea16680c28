/* SQL made from the field tables, once for each state of a noun, and small query helpers. */
#include "crm/engine.h"
#include "crm/entities_impl.h"
#include <stdlib.h>

static char *finish(struct buf *b)
{
    buf_char(b, '\0');
    return b->ptr; /* kept for good */
}

static char *insert_text(const struct entity *ent)
{
    struct buf names = {0}, marks = {0}, all = {0};
    int n = 3;
    for (size_t i = 0; i < ent->n_fields; i++) {
        const struct field *fd = &ent->fields[i];
        if (fd->type == FT_SET)
            continue;
        buf_fmt(&names, ", %s", fd->name);
        buf_fmt(&marks, ", $%d", ++n);
        if (fd->flags & FF_FOLD) {
            buf_fmt(&names, ", %s_fold", fd->name);
            buf_fmt(&marks, ", $%d", ++n);
        }
    }
    buf_fmt(&all, "INSERT INTO %s (version, created_at, updated_at", ent->table);
    buf_str(&all, buf_view(&names));
    buf_c(&all, ") VALUES ($1, $2, $3");
    buf_str(&all, buf_view(&marks));
    buf_c(&all, ") RETURNING id");
    buf_free(&names);
    buf_free(&marks);
    return finish(&all);
}

/* The row, then every set as text: "3,17". */
static char *show_text(const struct entity *ent, struct str columns, bool postgres)
{
    struct buf b = {0};
    buf_fmt(&b, "SELECT %.*s", STR_ARG(columns));
    for (size_t i = 0; i < ent->n_fields; i++)
        if (ent->fields[i].type == FT_SET)
            buf_fmt(&b, ", (SELECT %s FROM %s WHERE owner_id = t.id)",
                    postgres ? "string_agg(CAST(ref_id AS TEXT), ',')" : "group_concat(ref_id)", ent->fields[i].link);
    buf_fmt(&b, " FROM %s t WHERE t.id = $1", ent->table);
    return finish(&b);
}

const struct entity_sql *entity_sql_make(const struct entity *ent)
{
    struct arena a = ARENA_EMPTY;
    struct buf select = {0}, exists = {0}, gone = {0};
    struct str columns = record_columns(&a, ent, NULL), of_t = record_columns(&a, ent, "t");
    struct entity_sql *out = malloc(sizeof *out);
    if (!out)
        abort();
    buf_fmt(&select, "SELECT %.*s FROM %s WHERE id = $1", STR_ARG(columns), ent->table);
    buf_fmt(&exists, "SELECT 1 FROM %s WHERE id = $1 AND deleted_at IS NULL", ent->table);
    buf_fmt(&gone, "UPDATE %s SET deleted_at = $1, updated_at = $2, version = version + 1 WHERE id = $3", ent->table);
    *out = (struct entity_sql){insert_text(ent),
                               finish(&select),
                               finish(&exists),
                               finish(&gone),
                               {show_text(ent, of_t, false), show_text(ent, of_t, true)}};
    arena_free(&a);
    return out;
}

void entity_sql_free(const struct entity_sql *sql)
{
    free(sql->insert);
    free(sql->select);
    free(sql->exists);
    free(sql->set_deleted);
    free(sql->show[0]);
    free(sql->show[1]);
    free((void *)(uintptr_t)sql);
}

const struct entity_sql *entity_sql(const struct entity *ent)
{
    return ent->sql;
}

const char *entity_show_sql(const struct entity *ent, enum db_kind kind)
{
    return ent->sql->show[kind == DB_POSTGRES];
}

enum rc query_i64(struct db *db, const char *sql, const int64_t *params, int n, int64_t none, int64_t *out,
                  struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, sql, e));
    for (int i = 0; i < n; i++)
        stmt_i64(s, i + 1, params[i]);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW || rc == RC_DONE) {
        *out = rc == RC_ROW && !stmt_col_null(s, 0) ? stmt_col_i64(s, 0) : none;
        rc = RC_OK;
    }
    stmt_done(s);
    return rc;
}
