/* Funnels and stages: defaults, what may not be taken away, and a published definition for every change of them. */
#include "crm/clients.h"
#include "crm/gates.h"
#include "crm/hooks.h"

enum rc next_position(struct change *ch, const char *sql, int64_t of, struct val *v, struct err *e)
{
    int64_t most;
    if (val_has(*v))
        return RC_OK;
    TRY(query_i64(ch->tx->db, sql, &of, strstr(sql, "$1") ? 1 : 0, 0, &most, e));
    *v = val_int(most < POSITION_MOST ? most + 1 : POSITION_MOST);
    return RC_OK;
}

enum rc default_currency(struct change *ch, struct val *v, struct err *e)
{
    struct str currency;
    if (val_has(*v))
        return RC_OK;
    TRY(setting_get(ch->tx->db, ch->tx->arena, "currency", "RUB", &currency, e));
    *v = val_str(currency);
    return RC_OK;
}

/* ---- funnels ---- */

HOOK_BEFORE(funnel)
{
    int64_t used;
    if (!will) {
        TRY(QUERY_I64(ch->tx->db, &used, 0, e, "SELECT 1 FROM deal WHERE funnel_id = $1 AND deleted_at IS NULL LIMIT 1",
                      was->id));
        return used ? err_set(e, RC_CONFLICT, "funnel_in_use", "", NULL) : RC_OK;
    }
    TRY(next_position(ch, "SELECT max(position) FROM funnel WHERE deleted_at IS NULL", 0, &will->f[FUNNEL_POSITION],
                      e));
    TRY(default_currency(ch, &will->f[FUNNEL_CURRENCY], e));
    if (!was)
        will->f[FUNNEL_DEFINITION_VERSION] = val_int(0);
    return RC_OK;
}

/* A funnel leaves with its stages, in the same change. */
static enum rc delete_stages(struct change *ch, int64_t funnel_id, struct err *e)
{
    int64_t cause = ch->cause, id;
    ch->cause = ch->seq;
    enum rc rc;
    for (;;) {
        rc = QUERY_I64(ch->tx->db, &id, 0, e, "SELECT max(id) FROM stage WHERE funnel_id = $1 AND deleted_at IS NULL",
                       funnel_id);
        if (rc != RC_OK || !id)
            break;
        rc = change_delete(ch, entity_by_id(ENT_STAGE), id, 0, e);
        if (rc != RC_OK)
            break;
    }
    ch->cause = cause;
    return rc;
}

HOOK_AFTER(funnel)
{
    if (!is)
        return delete_stages(ch, was->id, e);
    TRY(deal_derive_funnel(ch, was, is, e));
    return funnel_version_write(ch, is->id, e);
}

/* ---- stages ---- */

static enum rc stage_deals_none(struct change *ch, const struct record *was, struct err *e)
{
    int64_t used;
    TRY(QUERY_I64(
        ch->tx->db, &used, 0, e,
        "SELECT 1 FROM deal WHERE funnel_id = $1 AND status = $2 AND stage_id = $3 AND deleted_at IS NULL LIMIT 1",
        was->f[STAGE_FUNNEL_ID].i, was->f[STAGE_OUTCOME].i, was->id));
    return used ? err_set(e, RC_CONFLICT, "stage_in_use", "", "%.*s", STR_ARG(was->f[STAGE_NAME].s)) : RC_OK;
}

enum rc funnel_has_open_stage(struct change *ch, int64_t funnel_id, int64_t but, struct err *e)
{
    int64_t found, alive;
    TRY(QUERY_I64(
        ch->tx->db, &found, 0, e,
        "SELECT 1 FROM stage WHERE funnel_id = $1 AND id <> $2 AND outcome = 0 AND archived = 0 AND deleted_at IS NULL"
        " LIMIT 1",
        funnel_id, but));
    TRY(QUERY_I64(ch->tx->db, &alive, 0, e, "SELECT 1 FROM funnel WHERE id = $1 AND deleted_at IS NULL", funnel_id));
    return found || !alive ? RC_OK : err_set(e, RC_CONFLICT, "last_open_stage", "", NULL);
}

static bool stage_open(const struct record *s)
{
    return s && !s->deleted_at && s->f[STAGE_OUTCOME].i == DEAL_OPEN && !s->f[STAGE_ARCHIVED].i;
}

HOOK_BEFORE(stage)
{
    if (was && !was->deleted_at) {
        bool outcome = will && !val_eq(was->f[STAGE_OUTCOME], will->f[STAGE_OUTCOME]);
        bool archived = will && will->f[STAGE_ARCHIVED].i && !was->f[STAGE_ARCHIVED].i;
        if (!will || outcome || (archived && !ch->remap))
            TRY(stage_deals_none(ch, was, e));
        /* While undoing, the whole change is looked at in its end: see change_undo. */
        if (stage_open(was) && !stage_open(will) && !ch->undoes)
            TRY(funnel_has_open_stage(ch, was->f[STAGE_FUNNEL_ID].i, was->id, e));
    }
    if (!will)
        return RC_OK;
    if (was && !val_eq(was->f[STAGE_FUNNEL_ID], will->f[STAGE_FUNNEL_ID]))
        return err_set(e, RC_UNPROCESSABLE, "read_only_field", "funnel_id", NULL);
    TRY(stage_shapes(was, will, e));
    if (!was && will->f[STAGE_OUTCOME].i != DEAL_OPEN && !val_has(will->f[STAGE_PROBABILITY]))
        will->f[STAGE_PROBABILITY] = val_int(will->f[STAGE_OUTCOME].i == DEAL_WON ? 100 : 0);
    return next_position(ch, "SELECT max(position) FROM stage WHERE funnel_id = $1 AND deleted_at IS NULL",
                         will->f[STAGE_FUNNEL_ID].i, &will->f[STAGE_POSITION], e);
}

HOOK_AFTER(stage)
{
    return funnel_version_write(ch, (is ? is : was)->f[STAGE_FUNNEL_ID].i, e);
}

/* ---- published definitions ---- */

static enum rc version_insert(struct change *ch, int64_t funnel_id, struct str definition, struct err *e)
{
    int64_t version;
    struct stmt *s;
    TRY(QUERY_I64(ch->tx->db, &version, 0, e, "SELECT max(version) FROM funnel_version WHERE funnel_id = $1",
                  funnel_id));
    TRY(db_prepare(ch->tx->db, &s, "INSERT INTO funnel_version VALUES ($1, $2, $3, $4, $5, $6)", e));
    stmt_i64(s, 1, funnel_id);
    stmt_i64(s, 2, version + 1);
    stmt_i64(s, 3, ch->at);
    stmt_i64(s, 4, ch->actor.user_id);
    stmt_i64(s, 5, ch->change_id);
    stmt_str(s, 6, definition);
    TRY(stmt_run(s, e));
    TRY(db_prepare(ch->tx->db, &s, "UPDATE funnel SET definition_version = $1 WHERE id = $2", e));
    stmt_i64(s, 1, version + 1);
    stmt_i64(s, 2, funnel_id);
    return stmt_run(s, e);
}

enum rc funnel_version_write(struct change *ch, int64_t funnel_id, struct err *e)
{
    struct buf definition = {0};
    struct stmt *s;
    int64_t alive;
    if (ch->version_later)
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &alive, 0, e, "SELECT 1 FROM funnel WHERE id = $1 AND deleted_at IS NULL", funnel_id));
    if (!alive)
        return RC_OK;
    enum rc rc = funnel_definition(ch->tx->db, funnel_id, &definition, e);
    if (rc != RC_OK)
        goto out;
    TRY_OUT(db_prepare(ch->tx->db, &s,
                       "UPDATE funnel_version SET definition = $1 WHERE funnel_id = $2 AND change_id = $3", e));
    stmt_str(s, 1, buf_view(&definition));
    stmt_i64(s, 2, funnel_id);
    stmt_i64(s, 3, ch->change_id);
    TRY_OUT(stmt_run(s, e));
    if (db_changes(ch->tx->db) == 0)
        rc = version_insert(ch, funnel_id, buf_view(&definition), e);
out:
    buf_free(&definition);
    return rc;
}

static enum rc version_of_stage(struct change *ch, struct val stage, int64_t *done, struct err *e)
{
    int64_t funnel;
    if (!val_has(stage))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &funnel, 0, e, "SELECT funnel_id FROM stage WHERE id = $1", stage.i));
    if (!funnel || funnel == *done)
        return RC_OK;
    *done = funnel;
    return funnel_version_write(ch, funnel, e);
}

static enum rc version_of_funnel(struct change *ch, struct val funnel, int64_t *done, struct err *e)
{
    if (!val_has(funnel) || funnel.i == *done)
        return RC_OK;
    *done = funnel.i;
    return funnel_version_write(ch, funnel.i, e);
}

static enum rc version_of_part(struct change *ch, const struct record *r, int64_t *done, struct err *e)
{
    switch (r->ent->id) {
    case ENT_GATE:
        return version_of_stage(ch, r->f[GATE_STAGE_ID], done, e);
    case ENT_GOAL:
        return version_of_stage(ch, r->f[GOAL_STAGE_ID], done, e);
    case ENT_INVOLVEMENT:
        return version_of_funnel(ch, r->f[INVOLVEMENT_FUNNEL_ID], done, e);
    case ENT_LOSS_REASON:
        return version_of_funnel(ch, r->f[LOSS_REASON_FUNNEL_ID], done, e);
    case ENT_TRIGGER:
        TRY(version_of_funnel(ch, r->f[TRIGGER_FUNNEL_ID], done, e));
        return version_of_stage(ch, r->f[TRIGGER_STAGE_ID], done, e);
    default:
        return RC_OK;
    }
}

enum rc funnel_part_changed(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    int64_t done = 0;
    if (was)
        TRY(version_of_part(ch, was, &done, e));
    return is ? version_of_part(ch, is, &done, e) : RC_OK;
}
