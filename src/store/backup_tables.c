#include "store/backup_impl.h"

static const char sqlite_tables[] =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' "
    "ESCAPE '\\' AND name NOT IN ('schema_migration', 'store_probe') ORDER BY rowid";
static const char postgres_tables[] =
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND "
    "relname NOT IN ('schema_migration', 'store_probe') ORDER BY oid";
static const char sqlite_columns[] = "SELECT name, type FROM pragma_table_info($1) ORDER BY cid";
static const char postgres_columns[] =
    "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = (SELECT oid FROM pg_class WHERE "
    "relname = $1 AND relnamespace = current_schema()::regnamespace) AND attnum > 0 AND NOT attisdropped ORDER BY "
    "attnum";

static enum column_type type_of(struct str declared)
{
    static const struct {
        const char *begins;
        enum column_type type;
    } names[] = {{"BIGINT", COLUMN_INTEGER}, {"INTEGER", COLUMN_INTEGER}, {"SMALLINT", COLUMN_INTEGER},
                 {"DOUBLE", COLUMN_REAL},    {"REAL", COLUMN_REAL},       {"BLOB", COLUMN_BLOB},
                 {"BYTEA", COLUMN_BLOB}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (declared.len >= strlen(names[i].begins) &&
            strncasecmp(declared.ptr, names[i].begins, strlen(names[i].begins)) == 0)
            return names[i].type;
    return COLUMN_TEXT;
}

static enum rc columns(struct db *db, struct arena *a, struct table *t, struct err *e)
{
    enum { MOST = 1024 };
    struct stmt *s;
    enum rc rc;
    t->column = ARENA_ARRAY(a, struct column, MOST);
    TRY(db_prepare(db, &s, db_kind_of(db) == DB_POSTGRES ? postgres_columns : sqlite_columns, e));
    stmt_str(s, 1, t->name);
    while ((rc = stmt_step(s, e)) == RC_ROW && t->columns < MOST)
        t->column[t->columns++] = (struct column){str_dup(a, stmt_col_str(s, 0)), type_of(stmt_col_str(s, 1))};
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc == RC_ROW ? err_set(e, RC_INTERNAL, "db_error", "", "too many columns") : rc;
}

enum rc backup_tables(struct db *db, struct arena *a, struct tables *out, struct err *e)
{
    enum { MOST = 2048 };
    struct stmt *s;
    enum rc rc;
    out->ptr = ARENA_ARRAY(a, struct table, MOST);
    out->len = 0;
    TRY(db_prepare(db, &s, db_kind_of(db) == DB_POSTGRES ? postgres_tables : sqlite_tables, e));
    while ((rc = stmt_step(s, e)) == RC_ROW && out->len < MOST)
        out->ptr[out->len++].name = str_dup(a, stmt_col_str(s, 0));
    stmt_done(s);
    if (rc != RC_DONE)
        return rc == RC_ROW ? err_set(e, RC_INTERNAL, "db_error", "", "too many tables") : rc;
    for (size_t i = 0; i < out->len; i++)
        TRY(columns(db, a, &out->ptr[i], e));
    return RC_OK;
}
