/* Steps up and down the stages of funnels. */
#include "insight/people.h"

enum rc people_stages(const struct report_call *c, struct people_stages *out, struct err *e)
{
    VEC(struct people_stage) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s,
                   "SELECT s.id, s.funnel_id, s.outcome, (SELECT count(*) FROM stage b WHERE b.funnel_id = s.funnel_id"
                   " AND (b.position < s.position OR (b.position = s.position AND b.id < s.id))) FROM stage s ORDER BY"
                   " s.id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct people_stage one = {stmt_col_i64(s, 0), stmt_col_i64(s, 1), stmt_col_i64(s, 2), stmt_col_i64(s, 3)};
        vec_push(&found, one);
    }
    stmt_done(s);
    *out = (struct people_stages){ARENA_ARRAY(c->arena, struct people_stage, found.len + 1), found.len, NULL};
    if (found.len)
        memcpy(out->all, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

void people_stages_map(struct people_stages *s, const struct projection_view *view, struct arena *a)
{
    s->of = arena_zalloc(a, (view->n_stages + 1) * sizeof *s->of);
    for (size_t i = 0; i < view->n_stages; i++) {
        size_t low = 0, high = s->n;
        while (low < high) {
            size_t mid = (low + high) / 2;
            if (s->all[mid].id < view->stage_ids[i])
                low = mid + 1;
            else
                high = mid;
        }
        if (low < s->n && s->all[low].id == view->stage_ids[i])
            s->of[i] = s->all[low];
    }
}

enum people_step people_step(const struct people_stages *s, uint64_t from, uint64_t to)
{
    const struct people_stage *a = &s->of[visit_stage(from)], *b = &s->of[visit_stage(to)];
    if (a->id == 0 || b->id == 0 || a->funnel != b->funnel || a->id == b->id)
        return STEP_NONE;
    if (b->outcome == DEAL_WON)
        return STEP_WON;
    if (b->outcome == DEAL_LOST)
        return STEP_LOST;
    if (a->outcome != DEAL_OPEN)
        return STEP_REOPENED;
    return b->rank > a->rank ? STEP_UP : STEP_DOWN;
}
