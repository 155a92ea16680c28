#include "rules/notify.h"
#include "crm/fields.h"
#include "crm/notification.h"
#include "crm/operation.h"
#include "rules/run.h"

/* A trigger acts for nobody; who began it knows of it. */
static const struct rules_state *by_itself(const struct change *ch)
{
    const struct rules_state *state = ch->rules;
    return ch->actor.via == VIA_TRIGGER && state && state->now ? state : NULL;
}

static enum rc actor_name(struct change *ch, struct str *out, struct err *e)
{
    struct stmt *s;
    *out = STR("");
    if (by_itself(ch)) {
        *out = by_itself(ch)->now->name;
        return RC_OK;
    }
    TRY(db_prepare(ch->tx->db, &s, "SELECT name FROM users WHERE id = $1", e));
    stmt_i64(s, 1, ch->actor.user_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *out = str_dup(ch->tx->arena, stmt_col_str(s, 0));
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* {"who":…,"title":…} */
static enum rc tell(struct change *ch, int64_t user_id, const char *kind, enum entity_id object, int64_t id,
                    struct str title, struct err *e)
{
    struct buf b = {0};
    struct str who;
    const struct rights *rights;
    bool seen;
    TRY(rights_load(ch->tx->db, ch->tx->arena, user_id, &rights, e));
    TRY(rights_reach(ch->tx->db, ch->tx->arena, rights, entity_by_id(object), id, RIGHT_SEE, &seen, e));
    if (!seen) /* given, perhaps, but out of their sight */
        return RC_OK;
    TRY(actor_name(ch, &who, e));
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_kstr(&w, "who", who);
    jw_kstr(&w, "title", title);
    jw_end_obj(&w);
    struct str params = str_dup(ch->tx->arena, buf_view(&b));
    buf_free(&b);
    return notification_add(ch, user_id, kind, object, id, params, e);
}

/* Is this change one of many records, of which only the end is told? */
static enum rc of_many(struct change *ch, bool *out, struct err *e)
{
    int64_t operation;
    *out = ch->actor.via == VIA_IMPORT || ch->actor.via == VIA_DEMO || ch->actor.via == VIA_UNDO || ch->words_later;
    if (*out)
        return RC_OK;
    TRY(operation_of_change(ch->tx->db, ch->change_id, &operation, e));
    *out = operation != 0;
    return RC_OK;
}

static enum rc given(struct change *ch, const struct record *was, const struct record *is, int owner, int title,
                     const char *kind, struct err *e)
{
    int64_t to = val_i(is->f[owner], 0), from = was ? val_i(was->f[owner], 0) : 0;
    bool many;
    if (!to || to == from || to == ch->actor.user_id || is->deleted_at ||
        (by_itself(ch) && by_itself(ch)->author == to) || (was && was->deleted_at))
        return RC_OK;
    TRY(of_many(ch, &many, e));
    return many ? RC_OK : tell(ch, to, kind, is->ent->id, is->id, is->f[title].s, e);
}

static enum rc joined(struct change *ch, const struct record *is, struct err *e)
{
    int64_t user = val_i(is->f[DEAL_MEMBER_USER_ID], 0), deal = val_i(is->f[DEAL_MEMBER_DEAL_ID], 0);
    struct record *r;
    bool many;
    if (user == ch->actor.user_id)
        return RC_OK;
    TRY(of_many(ch, &many, e));
    if (many)
        return RC_OK;
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_DEAL), deal, true, &r, e));
    return tell(ch, user, "deal.joined", ENT_DEAL, deal, r->f[DEAL_TITLE].s, e);
}

/* What a note hangs on, the deal before its client. */
static bool note_of(const struct record *note, enum entity_id *kind, int64_t *id, int *title)
{
    static const struct {
        int field;
        enum entity_id kind;
        int title;
    } places[] = {{NOTE_DEAL_ID, ENT_DEAL, DEAL_TITLE},
                  {NOTE_CONTACT_ID, ENT_CONTACT, CONTACT_NAME},
                  {NOTE_COMPANY_ID, ENT_COMPANY, COMPANY_NAME}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!val_has(note->f[places[i].field]))
            continue;
        *kind = places[i].kind;
        *id = note->f[places[i].field].i;
        *title = places[i].title;
        return true;
    }
    return false;
}

/* Who is named in a note is told, once for each note. */
static enum rc noted(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    struct record *about;
    enum entity_id kind;
    int64_t id, *ids;
    int title;
    size_t n;
    bool many;
    if (is->deleted_at || (was && val_eq(was->f[NOTE_TEXT], is->f[NOTE_TEXT])) || !note_of(is, &kind, &id, &title))
        return RC_OK;
    TRY(mentioned(ch, was ? was->f[NOTE_TEXT].s : STR(""), is->f[NOTE_TEXT].s, &ids, &n, e));
    if (!n)
        return RC_OK;
    TRY(of_many(ch, &many, e));
    if (many)
        return RC_OK;
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(kind), id, true, &about, e));
    for (size_t i = 0; i < n; i++)
        if (ids[i] != ch->actor.user_id)
            TRY(tell(ch, ids[i], "note.mentioned", kind, id, about->f[title].s, e));
    return RC_OK;
}

enum rc notify_react(struct change *ch, const struct event *ev, const struct record *was, const struct record *is,
                     struct err *e)
{
    if (!is || (!ch->actor.user_id && !by_itself(ch)))
        return RC_OK;
    switch ((enum entity_id)ev->object_kind) {
    case ENT_DEAL:
        return given(ch, was, is, DEAL_OWNER_ID, DEAL_TITLE, "deal.assigned", e);
    case ENT_TASK:
        return given(ch, was, is, TASK_OWNER_ID, TASK_TITLE, "task.assigned", e);
    case ENT_CONTACT:
        return given(ch, was, is, CONTACT_OWNER_ID, CONTACT_NAME, "contact.assigned", e);
    case ENT_COMPANY:
        return given(ch, was, is, COMPANY_OWNER_ID, COMPANY_NAME, "company.assigned", e);
    case ENT_NOTE:
        return noted(ch, was, is, e);
    case ENT_DEAL_MEMBER:
        return was ? RC_OK : joined(ch, is, e);
    default:
        return RC_OK;
    }
}
