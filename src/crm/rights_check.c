/* Rights in the path of a command. */
#include "crm/rights_check.h"
#include "crm/access.h"
#include "crm/engine.h"

static enum rc forbidden(const struct change *ch, const char *field, struct err *e)
{
    return err_set(e, RC_FORBIDDEN, "forbidden", field, "%s", role_names[ch->actor.role]);
}

enum rc rights_check_row(struct change *ch, const struct record *was, enum right right, struct err *e)
{
    const struct rights *r = ch->inner ? NULL : ch->actor.rights; /* not rights_of: some things are personal */
    struct access *x;
    if (!r || (rights_all_rows(r, was->ent, RIGHT_SEE) && rights_all_rows(r, was->ent, right)))
        return RC_OK;
    TRY(access_of(ch->tx->db, ch->tx->arena, was, &x, e));
    if (!rights_allow(r, x, RIGHT_SEE))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%s %lld", was->ent->name, (long long)was->id);
    return rights_allow(r, x, right) ? RC_OK : forbidden(ch, "", e);
}

/* A new record comes with the defaults of its fields: they are nobody's wish. */
static bool is_default(struct change *ch, const struct entity *ent, size_t i, struct val v)
{
    struct record *empty = record_new(ch->tx->arena, ent);
    if (!val_has(v) || (v.kind == VAL_SET && v.set.n == 0))
        return true;
    return record_fill_defaults(ch->tx->arena, empty, NULL) == RC_OK && val_eq(empty->f[i], v);
}

enum rc rights_check_fields(struct change *ch, const struct record *was, const struct record *in, struct err *e)
{
    const struct rights *r = rights_of(ch);
    const struct entity *ent = in->ent;
    for (size_t i = 0; r && i < ent->n_fields; i++) {
        const struct field *fd = &ent->fields[i];
        if (in->f[i].kind == VAL_ABSENT || rights_edits_field(r, ent, (int)i))
            continue;
        if (ch->undoes && (fd->flags & FF_SERVER))
            continue;
        bool hidden = !rights_sees_field(r, ent, (int)i);
        if (was ? !hidden && val_eq(was->f[i], in->f[i]) : is_default(ch, ent, i, in->f[i]))
            continue;
        if (ch->undoes)
            return err_set(e, RC_FORBIDDEN, "undo_forbidden", "change_id", NULL);
        return hidden ? err_set(e, RC_INVALID, "unknown_field", fd->name, NULL) : forbidden(ch, fd->name, e);
    }
    return RC_OK;
}

static enum rc check_place(struct change *ch, const struct rights *r, const struct record *was,
                           const struct record *will, struct err *e)
{
    int64_t funnel = val_i(will->f[DEAL_FUNNEL_ID], 0), stage = val_i(will->f[DEAL_STAGE_ID], 0);
    if (was && val_eq(was->f[DEAL_STAGE_ID], will->f[DEAL_STAGE_ID]))
        return RC_OK;
    if (!rights_has_stage(r, funnel, stage))
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "stage_id", "%lld", (long long)stage);
    bool stays = was && val_eq(was->f[DEAL_FUNNEL_ID], will->f[DEAL_FUNNEL_ID]);
    bool closes = was && was->f[DEAL_STATUS].i == DEAL_OPEN && will->f[DEAL_STATUS].i != DEAL_OPEN;
    bool may =
        rights_enters(r, stays ? 0 : funnel, stage) && (!was || rights_leaves(r, was->f[DEAL_STAGE_ID].i, closes));
    return ch->undoes || may ? RC_OK : forbidden(ch, "stage_id", e);
}

/* The field to blame when a record would go out of one's reach. */
static const char *owner_field(const struct entity *ent)
{
    return entity_field(ent, STR("owner_id")) >= 0 ? "owner_id" : "";
}

enum rc rights_check_result(struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    const struct rights *r = rights_of(ch);
    enum right right = was ? RIGHT_EDIT : RIGHT_CREATE;
    struct access *x;
    if (!r)
        return RC_OK;
    if (will->ent->id == ENT_DEAL)
        TRY(check_place(ch, r, was, will, e));
    if (rights_all_rows(r, will->ent, right))
        return RC_OK;
    TRY(access_of(ch->tx->db, ch->tx->arena, will, &x, e));
    return rights_allow(r, x, right) ? RC_OK : forbidden(ch, owner_field(will->ent), e);
}

enum rc rights_check_ref(struct change *ch, const struct entity *ent, int64_t id, bool *seen, struct err *e)
{
    const struct rights *r = rights_of(ch);
    *seen = true;
    if (!r || rights_all_rows(r, ent, RIGHT_SEE))
        return RC_OK;
    return rights_reach(ch->tx->db, ch->tx->arena, r, ent, id, RIGHT_SEE, seen, e);
}
