#include "crm/notification.h"
#include "crm/engine.h"

/* The form in which the journal and the row agree. */
static enum rc canonical(struct arena *a, struct record *r, struct str params, struct err *e)
{
    json_t *tree;
    TRY(json_read(params, &tree, e));
    enum rc rc = val_from_journal(a, &r->ent->fields[NOTIFICATION_PARAMS], tree, &r->f[NOTIFICATION_PARAMS], e);
    json_decref(tree);
    return rc;
}

enum rc notification_add(struct change *ch, int64_t user_id, const char *kind, enum entity_id object, int64_t object_id,
                         struct str params, struct err *e)
{
    struct record *r = record_new(ch->tx->arena, entity_by_id(ENT_NOTIFICATION));
    const struct rights *rights = ch->actor.rights;
    r->f[NOTIFICATION_USER_ID] = val_int(user_id);
    r->f[NOTIFICATION_KIND] = val_str(str_c(kind));
    r->f[NOTIFICATION_OBJECT] = object == ENT_NONE ? val_null() : val_str(str_c(entity_kind_name(object)));
    r->f[NOTIFICATION_OBJECT_ID] = object == ENT_NONE ? val_null() : val_int(object_id);
    TRY(canonical(ch->tx->arena, r, params, e));
    ch->actor.rights = NULL; /* it is another's, whom one may not write to */
    enum rc rc = change_create(ch, r, NULL, e);
    ch->actor.rights = rights;
    return rc;
}

static enum rc mark(struct wtx *tx, const char *sql, int64_t user_id, int64_t id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, sql, e));
    stmt_i64(s, 1, tx->now);
    stmt_i64(s, 2, user_id);
    if (id)
        stmt_i64(s, 3, id);
    return stmt_run(s, e);
}

enum rc notification_read(struct wtx *tx, int64_t user_id, const int64_t *ids, size_t n, struct err *e)
{
    if (n == 0)
        return mark(tx, "UPDATE notification SET read_at = $1 WHERE user_id = $2 AND read_at IS NULL", user_id, 0, e);
    for (size_t i = 0; i < n; i++)
        TRY(mark(tx, "UPDATE notification SET read_at = $1 WHERE user_id = $2 AND read_at IS NULL AND id = $3", user_id,
                 ids[i], e));
    return RC_OK;
}
