/* Bodies of every noun: what is refused names a code; what is taken comes back the same from JSON and from the journal.
 * The first byte chooses the noun and whether it is created. */
#include "crm/engine.h"
#include <stdlib.h>

static void same_from_json(struct arena *a, const struct record *r, size_t field)
{
    const struct field *fd = &r->ent->fields[field];
    struct buf b = {0};
    struct jw w = jw_to(&b);
    struct err e;
    struct record *again;
    struct val told;
    json_t *tree;
    jw_obj(&w);
    jw_key(&w, fd->name);
    record_put_field(&w, r, (int)field);
    jw_end_obj(&w);
    if (json_read(buf_view(&b), &tree, &e) != RC_OK || record_from_json(a, r->ent, tree, false, &again, &e) != RC_OK ||
        !val_eq(again->f[field], r->f[field]))
        abort();
    json_decref(tree);
    buf_clear(&b);
    w = jw_to(&b);
    jw_arr(&w);
    val_put(&w, fd, r->f[field], true);
    jw_end_arr(&w);
    if (json_read(buf_view(&b), &tree, &e) != RC_OK ||
        val_from_journal(a, fd, json_array_get(tree, 0), &told, &e) != RC_OK || !val_eq(told, r->f[field]))
        abort();
    json_decref(tree);
    buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_EMPTY;
    struct err e = {0};
    struct record *r;
    json_t *tree;
    const struct entity *ent = size ? entity_by_id((enum entity_id)(data[0] % ENT_END)) : NULL;
    if (!ent || json_read((struct str){(const char *)data + 1, size - 1}, &tree, &e) != RC_OK)
        return 0;
    bool creating = data[0] & 0x80;
    if (record_from_json(&a, ent, tree, creating, &r, &e) != RC_OK) {
        if (!e.code[0])
            abort();
    } else {
        for (size_t i = 0; i < ent->n_fields; i++)
            if (r->f[i].kind != VAL_ABSENT && !(ent->fields[i].flags & (FF_SERVER | FF_CREATE)))
                same_from_json(&a, r, i);
    }
    json_decref(tree);
    arena_free(&a);
    return 0;
}
