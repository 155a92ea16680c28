#include "crm/as_of.h"
#include "crm/engine.h"

/* Puts the old value of each field back that the event has changed. */
static enum rc take_back(struct arena *a, struct record *r, const json_t *data, struct err *e)
{
    const char *name;
    json_t *pair;
    json_object_foreach((json_t *)data, name, pair)
    {
        int i = entity_field_ever(r->ent, str_c(name));
        if (i < 0 || !field_journalled(&r->ent->fields[i]) || !json_is_array(pair))
            continue;
        TRY(val_from_journal(a, &r->ent->fields[i], json_array_get(pair, 0), &r->f[i], e));
    }
    return RC_OK;
}

static enum rc one_back(struct arena *a, struct record *r, struct stmt *s, bool *there, struct err *e)
{
    json_t *data;
    int verb = (int)stmt_col_i64(s, 0);
    if (verb == VERB_CREATED) {
        *there = false;
        return RC_OK;
    }
    if (verb != VERB_UPDATED && verb != VERB_MOVED && verb != VERB_DONE)
        return RC_OK;
    TRY(json_read(stmt_col_str(s, 1), &data, e));
    enum rc rc = take_back(a, r, data, e);
    json_decref(data);
    return rc;
}

enum rc record_as_of(struct db *db, struct arena *a, const struct entity *ent, int64_t id, int64_t at,
                     struct record **out, struct err *e)
{
    struct stmt *s;
    bool there = true;
    enum rc rc;
    TRY(record_load(db, a, ent, id, true, out, e));
    TRY(db_prepare(db, &s,
                   "SELECT verb, data FROM journal WHERE object_kind = $1 AND object_id = $2 AND at > $3"
                   " ORDER BY seq DESC",
                   e));
    stmt_i64(s, 1, ent->id);
    stmt_i64(s, 2, id);
    stmt_i64(s, 3, at);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        rc = one_back(a, *out, s, &there, e);
        if (rc != RC_OK)
            break;
    }
    stmt_done(s);
    if (rc != RC_DONE)
        return rc;
    if (!there)
        *out = NULL;
    return RC_OK;
}
