/* Files: who brought them, and names that do no harm. */
#include "base/sniff.h"
#include "crm/deal_move.h"
#include "crm/hooks.h"

HOOK_BEFORE(file)
{
    if (!will)
        return gates_keep_hanging(ch, val_i(was->f[FILE_DEAL_ID], 0), was->id, false, e);
    if (was && was->deleted_at)
        return RC_OK;
    if (was && !val_eq(was->f[FILE_ARTEFACT], will->f[FILE_ARTEFACT])) /* of another kind, it is gone as what it was */
        TRY(gates_keep_hanging(ch, val_i(was->f[FILE_DEAL_ID], 0), was->id, false, e));
    if (!was && ch->actor.user_id)
        will->f[FILE_AUTHOR_ID] = val_int(ch->actor.user_id);
    if (!val_has(will->f[FILE_NAME]) || (was && val_eq(was->f[FILE_NAME], will->f[FILE_NAME])))
        return RC_OK;
    /* Of the bytes only the type is known here: the ending has to go on promising that. */
    struct str type = will->f[FILE_TYPE].s;
    struct sniffed what = sniff_type(type);
    struct str name = file_name_clean(ch->tx->arena, will->f[FILE_NAME].s, what);
    if (file_name_runs(name))
        return err_set(e, RC_UNPROCESSABLE, "file_type_refused", "name", "%.*s", (int)(name.len < 100 ? name.len : 100),
                       name.ptr);
    will->f[FILE_NAME] = val_str(name);
    return RC_OK;
}
