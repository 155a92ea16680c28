/* What a finding tells beside its row: parts and neighbours of the change, of which somebody may not see all. */
#include "crm/engine.h"
#include "crm/rights.h"

static bool seen(const struct rights *r, const json_t *one)
{
    const char *dimension = json_string_value(json_object_get(one, "dimension"));
    int64_t id = json_integer_value(json_object_get(one, "id"));
    if (dimension != NULL && strcmp(dimension, "stage") == 0)
        return rights_has_stage(r, 0, id);
    if (dimension != NULL && strcmp(dimension, "funnel") == 0)
        return rights_has_funnel(r, id);
    return rights_has_funnel(r, json_integer_value(json_object_get(one, "funnel_id")));
}

static void trim(const struct rights *r, struct arena *a, struct val *v)
{
    json_error_t bad;
    json_t *list = val_has(*v) ? json_loadb(v->s.ptr, v->s.len, 0, &bad) : NULL;
    size_t n = json_array_size(list);
    for (size_t i = n; i-- > 0;)
        if (!seen(r, json_array_get(list, i)))
            json_array_remove(list, i);
    if (json_array_size(list) < n) {
        char *text = json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS);
        *v = val_str(str_dup(a, str_c(text)));
        free(text);
    }
    json_decref(list);
}

void rights_trim(const struct rights *r, struct arena *a, struct record *row)
{
    if (r == NULL || row->ent->id != ENT_FINDING || rights_all_rows(r, row->ent, RIGHT_SEE))
        return;
    trim(r, a, &row->f[FINDING_PLACES]);
    trim(r, a, &row->f[FINDING_NEAR]);
}
