/* Who has owned a record, from when to when, who gave it and why: out of the journal. */
#include "base/vec.h"
#include "crm/engine.h"
#include "crm/query.h"

struct turn {
    int64_t owner, from, by;
    struct str reason;
};
struct turns {
    struct turn *ptr;
    size_t len, cap;
    struct str reason; /* the present one */
};

static const json_t *new_of(const json_t *data, const char *name)
{
    const json_t *pair = json_object_get(data, name);
    return json_array_size(pair) == 2 ? json_array_get(pair, 1) : NULL;
}

/* A reason that is not told again stays the same. */
static enum rc add(struct turns *t, struct arena *a, struct stmt *s, struct err *e)
{
    json_t *data = NULL;
    TRY(json_read(stmt_col_str(s, 3), &data, e));
    const json_t *owner = new_of(data, "owner_id"), *reason = new_of(data, "owner_reason");
    bool created = stmt_col_i64(s, 2) == VERB_CREATED;
    if (reason)
        t->reason = json_is_string(reason) ? str_dup(a, str_c(json_string_value(reason))) : STR_NULL;
    if (owner || created) {
        struct turn one = {json_integer_value(owner), stmt_col_i64(s, 0), stmt_col_i64(s, 1), t->reason};
        vec_push(t, one);
    }
    json_decref(data);
    return RC_OK;
}

static enum rc load(struct db *db, struct arena *a, const struct entity *ent, int64_t id, struct turns *t,
                    struct err *e)
{
    struct stmt *s;
    enum rc rc, added = RC_OK;
    TRY(db_prepare(db, &s,
                   "SELECT at, actor_id, verb, data FROM journal WHERE object_kind = $1 AND object_id = $2"
                   " AND verb IN (1, 2, 5) ORDER BY seq",
                   e));
    stmt_i64(s, 1, ent->id);
    stmt_i64(s, 2, id);
    while ((rc = stmt_step(s, e)) == RC_ROW && added == RC_OK)
        added = add(t, a, s, e);
    stmt_done(s);
    return added != RC_OK ? added : rc == RC_DONE ? RC_OK : rc;
}

static void put_id(struct jw *w, const char *key, int64_t id)
{
    if (id)
        jw_ki64(w, key, id);
    else
        jw_knull(w, key);
}

static void put(struct jw *w, const struct turns *t, bool reasons)
{
    jw_obj(w);
    jw_key(w, "items");
    jw_arr(w);
    for (size_t i = t->len; i-- > 0;) {
        const struct turn *one = &t->ptr[i];
        jw_obj(w);
        put_id(w, "owner_id", one->owner);
        jw_ki64(w, "from", one->from);
        put_id(w, "to", i + 1 < t->len ? t->ptr[i + 1].from : 0);
        put_id(w, "by", one->by);
        jw_kstr(w, "reason", reasons ? one->reason : STR_NULL);
        jw_end_obj(w);
    }
    jw_end_arr(w);
    jw_end_obj(w);
}

enum rc owners_list(struct db *db, struct arena *a, const struct entity *ent, int64_t id, const struct rights *r,
                    struct buf *out, struct err *e)
{
    struct turns t = {0};
    bool seen;
    int owner = entity_field(ent, STR("owner_id")), reason = entity_field(ent, STR("owner_reason"));
    TRY(rights_reach(db, a, r, ent, id, RIGHT_SEE, &seen, e));
    if (!seen || owner < 0 || !rights_sees_field(r, ent, owner))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%s %lld", ent->name, (long long)id);
    enum rc rc = load(db, a, ent, id, &t, e);
    struct jw w = jw_to(out);
    if (rc == RC_OK)
        put(&w, &t, rights_sees_field(r, ent, reason));
    vec_free(&t);
    return rc;
}
