/* The rows of drafts and of regulation reads: what they are filled with, and whether a draft is still up to date. */
#include "crm/funnel_draft.h"
#include "crm/hooks.h"

/* Refuses a document that cannot be read. */
static enum rc check_document(struct change *ch, const struct record *will, struct err *e)
{
    struct draft d;
    json_t *tree;
    TRY(json_read(will->f[FUNNEL_DRAFT_DEFINITION].s, &tree, e));
    enum rc rc = draft_read(ch->tx->arena, tree, !val_has(will->f[FUNNEL_DRAFT_FUNNEL_ID]), &d, e);
    json_decref(tree);
    return rc;
}

static enum rc one_for_a_funnel(struct change *ch, int64_t funnel_id, struct err *e)
{
    int64_t other;
    TRY(QUERY_I64(ch->tx->db, &other, 0, e, "SELECT id FROM funnel_draft WHERE funnel_id = $1 AND deleted_at IS NULL",
                  funnel_id));
    return other ? err_set(e, RC_CONFLICT, "draft_exists", "funnel_id", "%lld", (long long)other) : RC_OK;
}

HOOK_BEFORE(funnel_draft)
{
    if (!will)
        return RC_OK;
    int64_t funnel = val_i(will->f[FUNNEL_DRAFT_FUNNEL_ID], 0);
    if (!was) {
        int64_t version = 0;
        if (funnel)
            TRY(QUERY_I64(ch->tx->db, &version, 0, e, "SELECT definition_version FROM funnel WHERE id = $1", funnel));
        will->f[FUNNEL_DRAFT_BASE_VERSION] = val_int(version);
        will->f[FUNNEL_DRAFT_AUTHOR_ID] = ch->actor.user_id ? val_int(ch->actor.user_id) : val_null();
    }
    if (funnel && (!was || was->deleted_at))
        TRY(one_for_a_funnel(ch, funnel, e));
    bool same = was && val_eq(was->f[FUNNEL_DRAFT_DEFINITION], will->f[FUNNEL_DRAFT_DEFINITION]);
    return same || ch->undoes ? RC_OK : check_document(ch, will, e);
}

enum rc draft_load(struct db *db, struct arena *a, int64_t id, struct draft_row *out, struct err *e)
{
    struct record *r;
    json_t *tree;
    TRY(record_load(db, a, entity_by_id(ENT_FUNNEL_DRAFT), id, false, &r, e));
    *out = (struct draft_row){.id = id,
                              .funnel_id = val_i(r->f[FUNNEL_DRAFT_FUNNEL_ID], 0),
                              .base_version = val_i(r->f[FUNNEL_DRAFT_BASE_VERSION], 0)};
    TRY(json_read(r->f[FUNNEL_DRAFT_DEFINITION].s, &tree, e));
    enum rc rc = draft_read(a, tree, !out->funnel_id, &out->draft, e);
    if (rc != RC_OK)
        json_decref(tree);
    return rc;
}

/* By what stands in the definitions, not by their numbers: what was published and taken back is as before. */
enum rc draft_outdated(struct db *db, const struct draft_row *row, bool *outdated, struct err *e)
{
    struct buf now = {0};
    struct stmt *s = NULL;
    enum rc rc;
    *outdated = false;
    if (!row->funnel_id)
        return RC_OK;
    int64_t version;
    TRY(QUERY_I64(db, &version, 0, e, "SELECT definition_version FROM funnel WHERE id = $1", row->funnel_id));
    if (version == row->base_version)
        return RC_OK;
    TRY_OUT(funnel_definition(db, row->funnel_id, &now, e));
    TRY_OUT(db_prepare(db, &s, "SELECT definition FROM funnel_version WHERE funnel_id = $1 AND version = $2", e));
    stmt_i64(s, 1, row->funnel_id);
    stmt_i64(s, 2, row->base_version);
    rc = stmt_step(s, e);
    *outdated = rc == RC_DONE || !str_eq(stmt_col_str(s, 0), buf_view(&now));
    rc = rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(s);
    buf_free(&now);
    return rc;
}

/* ---- regulation reads ---- */

HOOK_BEFORE(regulation_read)
{
    if (!will || was)
        return RC_OK;
    int64_t version, before;
    if (!ch->actor.user_id)
        return err_set(e, RC_FORBIDDEN, "forbidden", "user_id", NULL);
    TRY(QUERY_I64(ch->tx->db, &version, 0, e,
                  "SELECT f.definition_version FROM stage s JOIN funnel f ON f.id = s.funnel_id WHERE s.id = $1",
                  will->f[REGULATION_READ_STAGE_ID].i));
    will->f[REGULATION_READ_USER_ID] = val_int(ch->actor.user_id);
    will->f[REGULATION_READ_FUNNEL_VERSION] = val_int(version);
    TRY(QUERY_I64(ch->tx->db, &before, 0, e,
                  "SELECT id FROM regulation_read WHERE stage_id = $1 AND user_id = $2 AND funnel_version = $3"
                  " AND deleted_at IS NULL",
                  will->f[REGULATION_READ_STAGE_ID].i, ch->actor.user_id, version));
    return before ? err_set(e, RC_CONFLICT, "already_read", "stage_id", "%lld", (long long)before) : RC_OK;
}
