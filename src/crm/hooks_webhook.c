/* Webhooks: what may be asked for, and what becomes of deliveries that wait when one is changed. */
#include "crm/hooks.h"

static bool object_known(struct str name)
{
    for (int kind = ENT_NONE + 1; kind < ENT_END; kind++)
        if (str_eqc(name, entity_kind_name(kind)))
            return true;
    return false;
}

static bool verb_known(struct str name)
{
    for (int verb = VERB_CREATED; verb_names[verb]; verb++)
        if (str_eqc(name, verb_names[verb]))
            return true;
    return str_eqc(name, "*");
}

/* A kind that never comes would be a silent mistake. */
static enum rc kinds_ok(struct str kinds, struct err *e)
{
    size_t i = 0, n = 0;
    while (i < kinds.len) {
        size_t from = i;
        while (i < kinds.len && !strchr(" ,;", kinds.ptr[i]))
            i++;
        struct str verb, one = {kinds.ptr + from, i++ - from}, object = str_cut(one, '.', &verb);
        if (!one.len)
            continue;
        n++;
        if (!str_eqc(one, "*") && !(object_known(object) && verb_known(verb)))
            return err_set(e, RC_UNPROCESSABLE, "bad_kind", "kinds", "%.*s", STR_ARG(one));
    }
    return n ? RC_OK : err_set(e, RC_UNPROCESSABLE, "required", "kinds", NULL);
}

HOOK_BEFORE(webhook)
{
    (void)ch;
    if (will && !was)
        will->f[WEBHOOK_GIVEN_UP] = val_int(0);
    return will && val_has(will->f[WEBHOOK_KINDS]) ? kinds_ok(will->f[WEBHOOK_KINDS].s, e) : RC_OK;
}

static enum rc waiting_run(struct change *ch, const char *sql, int64_t webhook_id, const int64_t *next_at,
                           struct err *e)
{
    char target[24];
    struct stmt *s;
    snprintf(target, sizeof target, "%lld", (long long)webhook_id);
    TRY(db_prepare(ch->tx->db, &s, sql, e));
    stmt_str(s, 1, str_c(target));
    if (next_at)
        stmt_i64(s, 2, *next_at);
    return stmt_run(s, e);
}

/* Who is deleted or switched off hears nothing more, not even of what had happened before. A new address or secret is
 * tried at once. */
HOOK_AFTER(webhook)
{
    static const char drop[] = "DELETE FROM outbox WHERE topic = 'webhook' AND target = $1 AND sent_at IS NULL"
                               " AND next_at < 253402300799999",
                      hurry[] = "UPDATE outbox SET next_at = $2 WHERE topic = 'webhook' AND target = $1"
                                " AND sent_at IS NULL AND next_at < 253402300799999";
    if (!is || !is->f[WEBHOOK_ACTIVE].i)
        return waiting_run(ch, drop, (is ? is : was)->id, NULL, e);
    if (was &&
        (!val_eq(was->f[WEBHOOK_URL], is->f[WEBHOOK_URL]) || !val_eq(was->f[WEBHOOK_SECRET], is->f[WEBHOOK_SECRET])))
        return waiting_run(ch, hurry, is->id, &ch->tx->now, e);
    return RC_OK;
}
