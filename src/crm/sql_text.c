/* SQL made from the field tables, once for the life of the program, and small query helpers. */
#include "crm/engine.h"
#include <pthread.h>

static struct entity_sql texts[ENT_END];
static pthread_once_t made = PTHREAD_ONCE_INIT;

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

static void make(const struct entity *ent, struct entity_sql *out)
{
    struct arena a = ARENA_EMPTY;
    struct buf select = {0}, exists = {0}, gone = {0};
    struct str columns = record_columns(&a, ent, NULL);
    buf_fmt(&select, "SELECT %.*s FROM %s WHERE id = $1", STR_ARG(columns), ent->table);
    buf_fmt(&exists, "SELECT 1 FROM %s WHERE id = $1 AND deleted_at IS NULL", ent->table);
    buf_fmt(&gone, "UPDATE %s SET deleted_at = $1, updated_at = $2, version = version + 1 WHERE id = $3", ent->table);
    *out = (struct entity_sql){insert_text(ent), finish(&select), finish(&exists), finish(&gone)};
    arena_free(&a);
}

static void make_all(void)
{
    for (int i = 1; i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        if (ent)
            make(ent, &texts[i]);
    }
}

const struct entity_sql *entity_sql(const struct entity *ent)
{
    pthread_once(&made, make_all);
    return &texts[ent->id];
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
