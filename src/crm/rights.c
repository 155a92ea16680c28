/* Compiled rights: what is asked of them in memory. */
#include "crm/fields.h"
#include "crm/rights_impl.h"

const char *const scope_names[] = {"none", "own", "team", "all", NULL};
const char *const right_names[] = {"see", "create", "edit", "delete", "export", NULL};
const char *const can_names[] = {"settings", "users",       "import",  "bulk",     "undo_others", "merge",
                                 "erase",    "share_views", "reports", "override", "automation",  NULL};

bool rights_can(const struct rights *r, enum can what)
{
    return !r || r->everything || (r->can & what);
}

/* Some things are personal: whoever may everything has no use for others' either. */
static bool personal(const struct entity *ent)
{
    return ent->id == ENT_VIEW || ent->id == ENT_NOTIFICATION || ent->id == ENT_DASHBOARD ||
           ent->id == ENT_SUBSCRIPTION;
}

enum scope rights_scope(const struct rights *r, const struct entity *ent, enum right right)
{
    return !r || (r->everything && !personal(ent)) ? SCOPE_ALL : (enum scope)r->scope[ent->id][right];
}

bool rights_sees_field(const struct rights *r, const struct entity *ent, int field)
{
    return !r || r->everything || !rights_bit(r->hidden[ent->id], field);
}

bool rights_edits_field(const struct rights *r, const struct entity *ent, int field)
{
    return rights_sees_field(r, ent, field) && (!r || r->everything || !rights_bit(r->read_only[ent->id], field));
}

bool rights_all_rows(const struct rights *r, const struct entity *ent, enum right right)
{
    return !r || (r->all_rows[ent->id] && rights_scope(r, ent, right) == SCOPE_ALL);
}

bool rights_in(const int64_t *ids, size_t n, int64_t id)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && ids[low] == id;
}

bool rights_has_funnel(const struct rights *r, int64_t funnel_id)
{
    return !r || r->everything || !rights_in(r->hidden_funnels, r->n_hidden_funnels, funnel_id);
}

bool rights_has_stage(const struct rights *r, int64_t funnel_id, int64_t stage_id)
{
    return rights_has_funnel(r, funnel_id) &&
           (!r || r->everything || !rights_in(r->hidden_stages, r->n_hidden_stages, stage_id));
}

bool rights_enters(const struct rights *r, int64_t funnel_id, int64_t stage_id)
{
    return !r || r->everything ||
           (rights_has_stage(r, funnel_id, stage_id) && !rights_in(r->closed_funnels, r->n_closed_funnels, funnel_id) &&
            !rights_in(r->closed_stages, r->n_closed_stages, stage_id));
}

bool rights_leaves(const struct rights *r, int64_t stage_id, bool closes)
{
    return !r || r->everything ||
           (!rights_in(r->no_leave_stages, r->n_no_leave_stages, stage_id) &&
            !(closes && rights_in(r->no_close_stages, r->n_no_close_stages, stage_id)));
}

const bool *rights_mask(const struct rights *r, struct arena *a, const struct entity *ent, const bool *mask)
{
    if (!r || r->everything || r->all_fields[ent->id])
        return mask;
    bool *seen = ARENA_ARRAY(a, bool, ent->n_fields);
    for (size_t i = 0; i < ent->n_fields; i++)
        seen[i] = (!mask || mask[i]) && rights_sees_field(r, ent, (int)i);
    return seen;
}

enum rc rights_refuse_hidden(const struct rights *r, const struct entity *ent, const json_t *body, struct err *e)
{
    const char *key;
    json_t *value;
    if (!r || r->everything || r->all_fields[ent->id])
        return RC_OK;
    json_object_foreach((json_t *)(uintptr_t)body, key, value)
    {
        int i = entity_field(ent, str_c(key));
        if (i >= 0 && !rights_sees_field(r, ent, i))
            return err_set(e, RC_INVALID, "unknown_field", key, NULL);
    }
    return RC_OK;
}

static const int64_t *copy_ids(struct arena *a, const int64_t *ids, size_t n)
{
    static const int64_t none[1];
    if (!n)
        return none;
    return memcpy(arena_alloc(a, n * sizeof *ids), ids, n * sizeof *ids);
}

const struct rights *rights_copy(struct arena *a, const struct rights *r)
{
    if (!r)
        return NULL;
    struct rights *own = memcpy(arena_alloc(a, sizeof *r), r, sizeof *r); /* with each request: not zeroed before */
    own->team = copy_ids(a, r->team, r->n_team);
    own->hidden_funnels = copy_ids(a, r->hidden_funnels, r->n_hidden_funnels);
    own->closed_funnels = copy_ids(a, r->closed_funnels, r->n_closed_funnels);
    own->hidden_stages = copy_ids(a, r->hidden_stages, r->n_hidden_stages);
    own->closed_stages = copy_ids(a, r->closed_stages, r->n_closed_stages);
    own->no_leave_stages = copy_ids(a, r->no_leave_stages, r->n_no_leave_stages);
    own->no_close_stages = copy_ids(a, r->no_close_stages, r->n_no_close_stages);
    own->heads = copy_ids(a, r->heads, r->n_heads);
    return own;
}

static bool ids_within(const int64_t *ids, size_t n, const int64_t *of, size_t n_of)
{
    for (size_t i = 0; i < n; i++)
        if (!rights_in(of, n_of, ids[i]))
            return false;
    return true;
}

/* Whoever may not enter a place gives nobody leave to: it is closed to them too, or they do not see it. */
static bool closed_within(const struct rights *r, const struct rights *by)
{
    for (size_t i = 0; i < by->n_closed_funnels; i++)
        if (rights_has_funnel(r, by->closed_funnels[i]) &&
            !rights_in(r->closed_funnels, r->n_closed_funnels, by->closed_funnels[i]))
            return false;
    for (size_t i = 0; i < by->n_closed_stages; i++)
        if (!rights_in(r->hidden_stages, r->n_hidden_stages, by->closed_stages[i]) &&
            !rights_in(r->closed_stages, r->n_closed_stages, by->closed_stages[i]))
            return false;
    return true;
}

/* The same of stages that deals may not be taken out of. */
static bool held_within(const struct rights *r, const int64_t *own, size_t n_own, const int64_t *of, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!rights_in(r->hidden_stages, r->n_hidden_stages, of[i]) && !rights_in(own, n_own, of[i]))
            return false;
    return true;
}

bool rights_within(const struct rights *r, const struct rights *by)
{
    if (!by || by->everything)
        return true;
    if (r->everything || (r->can & ~by->can))
        return false;
    for (int ent = 1; ent < ENT_END; ent++) {
        for (int right = 0; right < RIGHT_N; right++)
            if (r->gives[ent][right] > by->gives[ent][right])
                return false;
        for (size_t i = 0; i < RIGHTS_FIELDS / 64; i++)
            if ((by->hidden[ent][i] & ~r->hidden[ent][i]) ||
                (by->read_only[ent][i] & ~(r->read_only[ent][i] | r->hidden[ent][i])))
                return false;
    }
    return closed_within(r, by) &&
           held_within(r, r->no_leave_stages, r->n_no_leave_stages, by->no_leave_stages, by->n_no_leave_stages) &&
           held_within(r, r->no_close_stages, r->n_no_close_stages, by->no_close_stages, by->n_no_close_stages) &&
           ids_within(by->hidden_funnels, by->n_hidden_funnels, r->hidden_funnels, r->n_hidden_funnels) &&
           ids_within(by->hidden_stages, by->n_hidden_stages, r->hidden_stages, r->n_hidden_stages);
}
