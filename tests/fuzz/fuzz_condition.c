/* A condition over a record in memory: whatever is parsed can be asked, the short way and the long way say the same,
 * and its parts read back as filters. */
#include "crm/fields.h"
#include "crm/filter_eval.h"
#include <assert.h>

static struct val value_of(struct arena *a, const struct field *fd, uint8_t byte)
{
    int64_t *ids = ARENA_ARRAY(a, int64_t, 2);
    if (byte % 3 == 0)
        return fd->type == FT_SET ? (struct val){.kind = VAL_SET} : val_null();
    if (fd->type == FT_SET) {
        ids[0] = byte % 5;
        ids[1] = 7;
        return (struct val){.kind = VAL_SET, .set = {ids, 2}};
    }
    if (field_stores_text(fd))
        return val_str(byte % 2 ? STR("Пётр 100%") : STR("+79123456789"));
    if (fd->type == FT_REAL)
        return (struct val){.kind = VAL_REAL, .f = byte / 3.0};
    return val_int(fd->type == FT_ENUM || fd->type == FT_BOOL ? 0 : byte);
}

static struct record *record_of(struct arena *a, const struct entity *ent, uint8_t seed)
{
    struct record *r = record_new(a, ent);
    r->id = seed;
    r->created_at = INT64_C(1790000000000) - seed * INT64_C(3600000);
    for (size_t i = 0; i < ent->n_fields; i++)
        r->f[i] = value_of(a, &ent->fields[i], (uint8_t)(seed + i * 7));
    return r;
}

static enum rc load(void *arg, const struct entity *ent, int64_t id, const struct record **out, struct err *e)
{
    (void)e;
    *out = id % 4 ? record_of(arg, ent, (uint8_t)id) : NULL;
    return RC_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct filter_env env = {.now = INT64_C(1790000000000), .offset_ms = 10800000};
    struct arena a = ARENA_EMPTY;
    struct err e = {0};
    struct filter *f;
    if (size < 2)
        return 0;
    const struct entity *ent = entity_by_id(data[0] % 2 ? ENT_DEAL : ENT_CONTACT);
    struct str text = {(const char *)data + 2, size - 2};
    if (filter_parse(&a, ent, text, &env, &f, &e) == RC_OK) {
        struct filter_eval x = {.arena = &a, .load = load, .arg = &a};
        struct record *r = record_of(&a, ent, data[1]);
        struct filter_seen *seen;
        size_t n;
        bool met, explained;
        assert(filter_met(&x, f, r, &met, &e) == RC_OK);
        assert(filter_explain(&x, f, r, &explained, &seen, &n, &e) == RC_OK);
        assert(met == explained);
        for (size_t i = 0; i < n; i++) {
            struct filter *part;
            struct str one = filter_leaf_text(&a, seen[i].leaf, ent, seen[i].negated);
            assert(filter_parse(&a, ent, one, &env, &part, &e) == RC_OK || one.len > 8000);
        }
    }
    arena_free(&a);
    return 0;
}
