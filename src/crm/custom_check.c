/* Rules of values in custom fields. */
#include "crm/engine.h"

static bool by_person(const struct change *ch)
{
    return (ch->actor.via == VIA_UI || ch->actor.via == VIA_API) && !ch->undoes && !ch->remap;
}

enum rc custom_check_option(struct change *ch, const struct field *fd, int64_t id, struct err *e)
{
    int64_t archived;
    TRY(QUERY_I64(ch->tx->db, &archived, -1, e,
                  "SELECT archived FROM field_option WHERE id = $1 AND custom_field_id = $2 AND deleted_at IS NULL", id,
                  fd->custom->id));
    if (archived < 0)
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", fd->name, "%lld", (long long)id);
    if (archived && by_person(ch))
        return err_set(e, RC_UNPROCESSABLE, "option_archived", fd->name, "%lld", (long long)id);
    return RC_OK;
}

/* Whoever creates a record fills them in; whoever changes an older one may leave them empty, but not empty them. */
enum rc custom_check_asked(const struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    if (!by_person(ch))
        return RC_OK;
    for (size_t i = 0; i < will->ent->n_fields; i++) {
        const struct field *fd = &will->ent->fields[i];
        if ((fd->flags & FF_ASKED) && val_empty(will->f[i]) && !(was && val_empty(was->f[i])))
            return err_set(e, RC_UNPROCESSABLE, "required", fd->name, NULL);
    }
    return RC_OK;
}
