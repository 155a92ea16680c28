#include "store/schema_grow.h"
#include <stdio.h>

/* "cf_12" and then `tail`. */
static bool grown(struct str name, const char *tail)
{
    size_t i = 3;
    if (!str_starts(name, STR("cf_")) || name.len > 40)
        return false;
    while (i < name.len && name.ptr[i] >= '0' && name.ptr[i] <= '9')
        i++;
    return i > 3 && str_eqc((struct str){name.ptr + i, name.len - i}, tail);
}

bool schema_grown_column(struct str name)
{
    return grown(name, "") || grown(name, "_fold");
}

bool schema_grown_table(struct str name)
{
    return grown(name, "_link");
}

enum rc schema_add_column(struct db *db, const char *table, const char *name, enum schema_column type, struct err *e)
{
    char sql[200];
    const char *word = type == SCHEMA_INTEGER          ? "BIGINT"
                       : type == SCHEMA_REAL           ? "DOUBLE PRECISION"
                       : db_kind_of(db) == DB_POSTGRES ? "TEXT COLLATE \"C\""
                                                       : "TEXT";
    if (!schema_grown_column(str_c(name)))
        return err_set(e, RC_INTERNAL, "db_error", "", "%s", name);
    snprintf(sql, sizeof sql, "ALTER TABLE \"%s\" ADD COLUMN %s %s", table, name, word);
    return db_exec(db, sql, e);
}

enum rc schema_add_link(struct db *db, const char *name, struct err *e)
{
    char sql[300];
    if (!schema_grown_table(str_c(name)))
        return err_set(e, RC_INTERNAL, "db_error", "", "%s", name);
    snprintf(sql, sizeof sql,
             "CREATE TABLE %s (owner_id BIGINT NOT NULL, ref_id BIGINT NOT NULL, PRIMARY KEY (owner_id, ref_id));"
             "CREATE INDEX %s_ref ON %s (ref_id)",
             name, name, name);
    return db_exec(db, sql, e);
}
