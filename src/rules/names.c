#include "rules/names.h"
#include <stdio.h>

/* Every noun that actions speak of has a name, a custom field a label. */
static struct str name_of(void *arg, struct arena *a, enum entity_id kind, int64_t id)
{
    const struct entity *ent = entity_by_id(kind);
    struct err e = {0};
    struct stmt *s;
    char sql[120];
    struct str out = STR_NULL;
    const char *column = kind == ENT_CUSTOM_FIELD ? "label" : kind == ENT_DEAL ? "title" : "name";
    if (!ent || entity_field(ent, str_c(column)) < 0)
        return out;
    snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE id = $1", column, ent->table);
    if (db_prepare(arg, &s, sql, &e) != RC_OK)
        return out;
    stmt_i64(s, 1, id);
    if (stmt_step(s, &e) == RC_ROW)
        out = str_dup(a, stmt_col_str(s, 0));
    stmt_done(s);
    return out;
}

struct reader {
    struct db *db;
    const struct rights *rights;
};

static struct str seen_name(void *arg, struct arena *a, enum entity_id kind, int64_t id)
{
    const struct reader *r = arg;
    const struct entity *ent = entity_by_id(kind);
    struct err e = {0};
    bool seen = false;
    if (ent && (rights_reach(r->db, a, r->rights, ent, id, RIGHT_SEE, &seen, &e) != RC_OK || !seen))
        return STR("…");
    return name_of(r->db, a, kind, id);
}

struct rule_names names_for(struct arena *a, struct db *db, const struct rights *rights)
{
    struct reader *r = ARENA_NEW(a, struct reader);
    *r = (struct reader){db, rights};
    return (struct rule_names){.name = seen_name, .arg = r};
}

struct rule_names names_of_database(struct db *db)
{
    return (struct rule_names){.name = name_of, .arg = db};
}
