/* Funnels and stages: defaults, what may not be taken away, and a published definition for every change of them. */
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
        if (!will || outcome || archived)
            TRY(stage_deals_none(ch, was, e));
        /* While undoing, the whole change is looked at in its end: see change_undo. */
        if (stage_open(was) && !stage_open(will) && !ch->undoes)
            TRY(funnel_has_open_stage(ch, was->f[STAGE_FUNNEL_ID].i, was->id, e));
    }
    if (!will)
        return RC_OK;
    if (was && !val_eq(was->f[STAGE_FUNNEL_ID], will->f[STAGE_FUNNEL_ID]))
        return err_set(e, RC_UNPROCESSABLE, "read_only_field", "funnel_id", NULL);
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

static void put_stage(struct jw *w, struct stmt *s)
{
    jw_obj(w);
    jw_ki64(w, "id", stmt_col_i64(s, 0));
    jw_kstr(w, "name", stmt_col_str(s, 1));
    jw_ki64(w, "position", stmt_col_i64(s, 2));
    jw_kstr(w, "colour", stmt_col_str(s, 3));
    jw_kstr(w, "phase", stmt_col_str(s, 4));
    if (stmt_col_null(s, 5))
        jw_knull(w, "norm_days");
    else
        jw_ki64(w, "norm_days", stmt_col_i64(s, 5));
    jw_kc(w, "outcome", deal_status_names[stmt_col_i64(s, 6)]);
    if (stmt_col_null(s, 7))
        jw_knull(w, "probability");
    else
        jw_ki64(w, "probability", stmt_col_i64(s, 7));
    jw_kbool(w, "archived", stmt_col_i64(s, 8) != 0);
    jw_end_obj(w);
}

static enum rc put_stages(struct db *db, int64_t funnel_id, struct jw *w, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s,
                   "SELECT id, name, position, colour, phase, norm_days, outcome, probability, archived FROM stage"
                   " WHERE funnel_id = $1 AND deleted_at IS NULL ORDER BY position, id",
                   e));
    stmt_i64(s, 1, funnel_id);
    jw_key(w, "stages");
    jw_arr(w);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        put_stage(w, s);
    jw_end_arr(w);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc funnel_definition(struct db *db, int64_t funnel_id, struct buf *out, struct err *e)
{
    struct jw w = jw_to(out);
    struct stmt *s;
    TRY(db_prepare(db, &s, "SELECT name, kind, currency, archived FROM funnel WHERE id = $1", e));
    stmt_i64(s, 1, funnel_id);
    enum rc rc = stmt_step(s, e);
    jw_obj(&w);
    if (rc == RC_ROW) {
        jw_kstr(&w, "name", stmt_col_str(s, 0));
        jw_kc(&w, "kind", funnel_kind_names[stmt_col_i64(s, 1)]);
        jw_kstr(&w, "currency", stmt_col_str(s, 2));
        jw_kbool(&w, "archived", stmt_col_i64(s, 3) != 0);
        rc = RC_OK;
    }
    stmt_done(s);
    if (rc == RC_OK)
        rc = put_stages(db, funnel_id, &w, e);
    jw_end_obj(&w);
    return rc == RC_DONE ? err_set(e, RC_NOT_FOUND, "not_found", "", NULL) : rc;
}

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
