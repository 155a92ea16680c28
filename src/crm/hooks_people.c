/* Teams, roles, co-workers, and which role a person has. */
#include "base/i18n.h"
#include "crm/engine.h"
#include "crm/hooks.h"
#include "crm/rights_check.h"
#include "crm/rights_impl.h"
#include "crm/workday.h"

static enum rc active_user(struct change *ch, struct val user, const char *field, struct err *e)
{
    int64_t found;
    if (!val_has(user))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &found, 0, e, "SELECT 1 FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL",
                  user.i));
    return found ? RC_OK : err_set(e, RC_UNPROCESSABLE, "user_inactive", field, NULL);
}

/* ---- teams ---- */

/* Going up from the parent one must not come to the team itself. */
static enum rc no_cycle(struct change *ch, const struct record *will, struct err *e)
{
    int64_t at = val_i(will->f[TEAM_PARENT_ID], 0);
    for (int steps = 0; at; steps++) {
        if (at == will->id || steps > 100)
            return err_set(e, RC_UNPROCESSABLE, "team_cycle", "parent_id", NULL);
        TRY(QUERY_I64(ch->tx->db, &at, 0, e, "SELECT parent_id FROM team WHERE id = $1 AND deleted_at IS NULL", at));
    }
    return RC_OK;
}

HOOK_BEFORE(team)
{
    int64_t used;
    if (will) {
        if (!was || !val_eq(was->f[TEAM_HEAD_ID], will->f[TEAM_HEAD_ID]))
            TRY(active_user(ch, will->f[TEAM_HEAD_ID], "head_id", e));
        TRY(calendar_check(ch->tx->arena, val_has(will->f[TEAM_TIME_ZONE]) ? will->f[TEAM_TIME_ZONE].s : STR_NULL,
                           val_has(will->f[TEAM_CALENDAR]) ? will->f[TEAM_CALENDAR].s : STR_NULL, e));
        return no_cycle(ch, will, e);
    }
    TRY(QUERY_I64(ch->tx->db, &used, 0, e,
                  "SELECT 1 FROM users WHERE team_id = $1 AND deleted_at IS NULL UNION ALL"
                  " SELECT 1 FROM team WHERE parent_id = $1 AND deleted_at IS NULL LIMIT 1",
                  was->id));
    return used ? err_set(e, RC_CONFLICT, "team_in_use", "", NULL) : RC_OK;
}

/* ---- roles ---- */

static enum rc places_there(struct change *ch, const struct rights *r, struct err *e)
{
    const struct {
        const char *what, *sql;
        const int64_t *ids;
        size_t n;
    } lists[] = {
        {"funnels", "SELECT 1 FROM funnel WHERE id = $1 AND deleted_at IS NULL", r->hidden_funnels,
         r->n_hidden_funnels},
        {"funnels", "SELECT 1 FROM funnel WHERE id = $1 AND deleted_at IS NULL", r->closed_funnels,
         r->n_closed_funnels},
        {"stages", "SELECT 1 FROM stage WHERE id = $1 AND deleted_at IS NULL", r->hidden_stages, r->n_hidden_stages},
        {"stages", "SELECT 1 FROM stage WHERE id = $1 AND deleted_at IS NULL", r->closed_stages, r->n_closed_stages},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t k = 0; k < lists[i].n; k++) {
            int64_t found;
            TRY(QUERY_I64(ch->tx->db, &found, 0, e, lists[i].sql, lists[i].ids[k]));
            if (!found)
                return err_set(e, RC_UNPROCESSABLE, "bad_rights", "rights", "%s.%lld", lists[i].what,
                               (long long)lists[i].ids[k]);
        }
    return RC_OK;
}

static enum rc rights_ok(struct change *ch, const struct record *will, struct err *e)
{
    struct val text = will->f[ROLE_RIGHTS];
    enum role base = (enum role)will->f[ROLE_BASE].i;
    struct rights r;
    if (!val_has(text) || ch->undoes) /* what once stood may speak of what is gone */
        return RC_OK;
    if (base == ROLE_ADMIN && !str_eqc(text.s, "{}"))
        return err_set(e, RC_UNPROCESSABLE, "admin_unrestricted", "rights", NULL);
    TRY(rights_from_role(ch->tx->arena, base, text.s, true, &r, e));
    return places_there(ch, &r, e);
}

HOOK_BEFORE(role)
{
    int64_t used;
    if (!will) {
        if (was->f[ROLE_BUILTIN].i)
            return err_set(e, RC_CONFLICT, "role_builtin", "", NULL);
        TRY(QUERY_I64(ch->tx->db, &used, 0, e, "SELECT 1 FROM users WHERE role_id = $1 AND deleted_at IS NULL LIMIT 1",
                      was->id));
        return used ? err_set(e, RC_CONFLICT, "role_in_use", "", NULL) : RC_OK;
    }
    if (!was || !val_eq(was->f[ROLE_RIGHTS], will->f[ROLE_RIGHTS]))
        TRY(rights_ok(ch, will, e));
    return next_position(ch, "SELECT max(position) FROM role WHERE deleted_at IS NULL", 0, &will->f[ROLE_POSITION], e);
}

static enum rc builtin_find(struct db *db, enum role base, int64_t *id, struct err *e)
{
    return QUERY_I64(db, id, 0, e, "SELECT id FROM role WHERE builtin = 1 AND base = $1 AND deleted_at IS NULL", base);
}

static enum rc builtin_create(struct change *ch, enum role base, struct err *e)
{
    char key[40];
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_ROLE));
    snprintf(key, sizeof key, "role.%s", role_names[base]);
    in->f[ROLE_NAME] = val_str(i18n_text("ru", key));
    in->f[ROLE_BASE] = val_int(base);
    in->f[ROLE_BUILTIN] = val_int(1);
    in->f[ROLE_POSITION] = val_int(base);
    return change_create(ch, in, NULL, e);
}

static enum rc people_without_role(struct wtx *tx, int64_t *id, int64_t *role, struct err *e)
{
    *id = 0;
    struct stmt *s;
    TRY(db_prepare(tx->db, &s,
                   "SELECT u.id, r.id FROM users u JOIN role r ON r.base = u.role AND r.builtin = 1 AND r.deleted_at IS"
                   " NULL WHERE u.role_id IS NULL AND u.deleted_at IS NULL ORDER BY u.id LIMIT 1",
                   e));
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        *id = stmt_col_i64(s, 0);
        *role = stmt_col_i64(s, 1);
    }
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc roles_ensure(struct wtx *tx, struct err *e)
{
    struct change ch = change_begin(tx, (struct actor){.role = ROLE_ADMIN, .via = VIA_CLI});
    int64_t id, role = 0;
    for (enum role base = ROLE_ADMIN; base <= ROLE_OBSERVER; base++) {
        TRY(builtin_find(tx->db, base, &id, e));
        if (!id)
            TRY(builtin_create(&ch, base, e));
    }
    for (;;) { /* people from before there were roles */
        TRY(people_without_role(tx, &id, &role, e));
        if (!id)
            return RC_OK;
        struct record *in = record_new(tx->arena, entity_by_id(ENT_USER));
        in->f[USER_ROLE_ID] = val_int(role);
        TRY(change_update(&ch, id, 0, in, e));
    }
}

/* ---- people ---- */

static enum rc role_row(struct change *ch, int64_t id, enum role *base, struct str *text, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s, "SELECT base, rights FROM role WHERE id = $1", e));
    stmt_i64(s, 1, id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        *base = (enum role)stmt_col_i64(s, 0);
        *text = str_dup(ch->tx->arena, stmt_col_str(s, 1));
    }
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "role_id", "%lld", (long long)id);
    return rc == RC_ROW ? RC_OK : rc;
}

/* The role row leads; whoever only names the base role gets the built-in one. */
static enum rc same_role(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    bool base_changed = !was || !val_eq(was->f[USER_ROLE], will->f[USER_ROLE]);
    bool row_changed = val_has(will->f[USER_ROLE_ID]) && !(was && val_eq(was->f[USER_ROLE_ID], will->f[USER_ROLE_ID]));
    enum role base = (enum role)will->f[USER_ROLE].i;
    struct str text;
    int64_t id;
    if (row_changed) {
        TRY(role_row(ch, will->f[USER_ROLE_ID].i, &base, &text, e));
        will->f[USER_ROLE] = val_int(base);
        return RC_OK;
    }
    if (!base_changed && val_has(will->f[USER_ROLE_ID]))
        return RC_OK;
    TRY(builtin_find(ch->tx->db, base, &id, e));
    if (!id) {
        TRY(roles_ensure(ch->tx, e));
        TRY(builtin_find(ch->tx->db, base, &id, e));
    }
    will->f[USER_ROLE_ID] = val_int(id);
    return RC_OK;
}

enum rc user_named_role(struct change *ch, struct record *in, struct err *e)
{
    int64_t id;
    if (!val_has(in->f[USER_ROLE]) || in->f[USER_ROLE_ID].kind != VAL_ABSENT)
        return RC_OK;
    TRY(builtin_find(ch->tx->db, (enum role)in->f[USER_ROLE].i, &id, e));
    if (id)
        in->f[USER_ROLE_ID] = val_int(id);
    return RC_OK;
}

static enum rc not_above(struct change *ch, const struct rights *r, const struct record *user, struct err *e)
{
    enum role base = ROLE_ADMIN;
    struct str text = STR_NULL;
    struct rights of;
    if (val_has(user->f[USER_ROLE_ID]))
        TRY(role_row(ch, user->f[USER_ROLE_ID].i, &base, &text, e));
    TRY(rights_from_role(ch->tx->arena, base, text, false, &of, e));
    return rights_within(&of, r) ? RC_OK
                                 : err_set(e, RC_FORBIDDEN, "forbidden", "role_id", "%s", role_names[ch->actor.role]);
}

/* Who keeps people without being an administrator cannot give, or take over, more than they have themselves. */
static enum rc who_may(struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    const struct rights *r = rights_of(ch);
    if (!r)
        return RC_OK;
    bool self = was && was->id == r->user_id, keeper = rights_can(r, CAN_USERS);
    for (size_t i = 0; self && will && i < was->ent->n_fields; i++) {
        const struct field *fd = &was->ent->fields[i];
        bool own = i == USER_NAME || i == USER_LOCALE || i == USER_LETTERS || (fd->flags & FF_SERVER) ||
                   (keeper && i != USER_ROLE && i != USER_ROLE_ID && i != USER_ACTIVE);
        if (!own && !val_eq(was->f[i], will->f[i]))
            return err_set(e, RC_FORBIDDEN, "forbidden", fd->name, "%s", role_names[ch->actor.role]);
    }
    if (self)
        return RC_OK;
    if (was)
        TRY(not_above(ch, r, was, e));
    return will ? not_above(ch, r, will, e) : RC_OK;
}

enum rc user_role_rules(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    if (will)
        TRY(same_role(ch, was, will, e));
    return who_may(ch, was, will, e);
}

/* ---- co-workers ---- */

HOOK_BEFORE(deal_member)
{
    int64_t found;
    if (!will || (was && !was->deleted_at))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &found, 0, e,
                  "SELECT 1 FROM deal_member WHERE user_id = $1 AND deal_id = $2 AND deleted_at IS NULL",
                  will->f[DEAL_MEMBER_USER_ID].i, will->f[DEAL_MEMBER_DEAL_ID].i));
    if (found)
        return err_set(e, RC_CONFLICT, "member_exists", "user_id", NULL);
    return was ? RC_OK : active_user(ch, will->f[DEAL_MEMBER_USER_ID], "user_id", e);
}

/* ---- owners ---- */

static bool has_owner(const struct entity *ent, int *owner, int *reason)
{
    switch (ent->id) {
    case ENT_DEAL:
        *owner = DEAL_OWNER_ID;
        *reason = DEAL_OWNER_REASON;
        return true;
    case ENT_CONTACT:
        *owner = CONTACT_OWNER_ID;
        *reason = CONTACT_OWNER_REASON;
        return true;
    case ENT_COMPANY:
        *owner = COMPANY_OWNER_ID;
        *reason = COMPANY_OWNER_REASON;
        return true;
    default:
        return false;
    }
}

void owner_reason_clear(const struct record *was, const struct record *in, struct record *will)
{
    int owner, reason;
    if (was->ent->id == ENT_DEAL && in->f[DEAL_STAGE_ID].kind != VAL_ABSENT &&
        !val_eq(in->f[DEAL_STAGE_ID], was->f[DEAL_STAGE_ID]))
        will->f[DEAL_MOVE_REASON] = val_null();
    if (has_owner(was->ent, &owner, &reason) && in->f[owner].kind != VAL_ABSENT && !val_eq(in->f[owner], was->f[owner]))
        will->f[reason] = val_null();
}

void owner_reason_leave(const struct record *was, const struct record *in, struct record *will)
{
    int owner, reason;
    if (has_owner(was->ent, &owner, &reason) && in->f[owner].kind != VAL_ABSENT && val_eq(in->f[owner], was->f[owner]))
        will->f[reason] = was->f[reason];
}

enum rc owner_reason_rules(const struct record *was, struct record *will, int owner, int reason, struct err *e)
{
    bool moved = !was || !val_eq(was->f[owner], will->f[owner]);
    if (moved || val_eq(was->f[reason], will->f[reason]))
        return RC_OK;
    return err_set(e, RC_UNPROCESSABLE, "owner_reason_alone", "owner_reason", NULL);
}

enum rc client_handed(struct change *ch, const struct record *was, struct record *will, int owner, int reason,
                      struct err *e)
{
    bool person = ch->actor.via == VIA_UI || ch->actor.via == VIA_API;
    if (!was || was->deleted_at || ch->undoes || ch->inner || !val_has(was->f[owner]) || !val_has(will->f[owner]) ||
        val_eq(was->f[owner], will->f[owner]))
        return RC_OK;
    if (!val_has(will->f[reason]) && ch->actor.via == VIA_IMPORT)
        return owner_reason_of(ch, "owners.by_import", &will->f[reason], e);
    if (!person)
        return RC_OK;
    if (!val_has(will->f[reason]))
        return err_set(e, RC_UNPROCESSABLE, "owner_reason_required", "owner_reason", NULL);
    return reason_check(will->f[reason].s, "owner_reason", e);
}

enum rc owner_reason_of(struct change *ch, const char *key, struct val *out, struct err *e)
{
    int64_t locale = 0;
    if (ch->actor.user_id)
        TRY(QUERY_I64(ch->tx->db, &locale, 0, e, "SELECT locale FROM users WHERE id = $1", ch->actor.user_id));
    *out = val_str(i18n_text(locale_names[locale == 1], key));
    return RC_OK;
}
