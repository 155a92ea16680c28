#include "crm/bulk.h"
#include "crm/engine.h"
#include "crm/search.h"

#define WORDS_AHEAD 1000

/* Their words are made later, many in order: a note of that is made for a thousand records at once. */
static enum rc words_later(struct wtx *tx, const struct record *r, struct err *e)
{
    if (!search_covers(r->ent))
        return RC_OK;
    if (!tx->own)
        tx->own = ARENA_ARRAY(tx->arena, int64_t, ENT_END);
    int64_t *until = (int64_t *)tx->own + r->ent->id;
    if (r->id <= *until && r->id > *until - WORDS_AHEAD)
        return RC_OK;
    *until = r->id + WORDS_AHEAD - 1;
    return search_later(tx, r->ent->id, r->id, *until, e);
}

enum rc bulk_insert(struct wtx *tx, struct record *r, struct err *e)
{
    TRY(record_insert(tx, r, e));
    TRY(words_later(tx, r, e));
    for (size_t i = 0; i < r->ent->n_fields; i++)
        if (r->ent->fields[i].type == FT_SET && r->f[i].kind == VAL_SET && r->f[i].set.n > 0)
            TRY(record_write_set(tx->db, &r->ent->fields[i], r->id, val_null(), r->f[i], e));
    return RC_OK;
}

enum rc bulk_event(struct wtx *tx, struct actor actor, int64_t at, int64_t id, enum verb verb, const struct record *was,
                   const struct record *is, struct buf *scratch, struct err *e)
{
    buf_clear(scratch);
    journal_data(scratch, was, is);
    struct event ev = {.at = at,
                       .actor_id = actor.user_id,
                       .object_id = id,
                       .object_kind = is->ent->id,
                       .verb = verb,
                       .via = actor.via,
                       .data = buf_view(scratch)};
    return journal_append(tx, &ev, e);
}

void bulk_clear(struct record *r)
{
    for (size_t i = 0; i < r->ent->n_fields; i++) {
        const struct field *fd = &r->ent->fields[i];
        bool counted = (fd->flags & FF_REQUIRED) && (fd->type == FT_INT || fd->type == FT_BOOL || fd->type == FT_ENUM);
        r->f[i] = fd->type == FT_SET ? (struct val){.kind = VAL_SET} : counted ? val_int(0) : val_null();
    }
    r->id = r->deleted_at = 0;
    r->version = 1;
}
