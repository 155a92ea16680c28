/* What a move would ask, before anybody makes it. */
#include "base/time.h"
#include "crm/deal_move.h"
#include "crm/engine.h"
#include "crm/rights.h"

struct needs {
    const char *names[3];
    size_t n;
};

/* Of a loss that is to come; reason_id 0: not chosen yet. */
static enum rc loss_needs(const struct move *m, int64_t reason_id, struct needs *needs, struct err *e)
{
    int64_t found;
    if (!reason_id) {
        TRY(QUERY_I64(m->db, &found, 0, e,
                      "SELECT 1 FROM loss_reason WHERE (funnel_id IS NULL OR funnel_id = $1) AND archived = 0"
                      " AND deleted_at IS NULL LIMIT 1",
                      m->to.funnel_id));
        if (found)
            needs->names[needs->n++] = "loss_reason_id";
        return RC_OK;
    }
    TRY(QUERY_I64(m->db, &found, 0, e, "SELECT wants_competitor FROM loss_reason WHERE id = $1", reason_id));
    if (found && !val_has(m->will->f[DEAL_COMPETITOR_ID]))
        needs->names[needs->n++] = "competitor_id";
    return RC_OK;
}

static enum rc may_move(const struct move *m, const struct rights *r, bool *out, struct err *e)
{
    TRY(rights_reach(m->db, m->arena, r, m->will->ent, m->will->id, RIGHT_EDIT, out, e));
    bool closes = m->from.outcome == DEAL_OPEN && m->to.outcome != DEAL_OPEN;
    *out = *out && rights_edits_field(r, m->will->ent, DEAL_STAGE_ID) &&
           rights_enters(r, m->from.funnel_id == m->to.funnel_id ? 0 : m->to.funnel_id, m->to.id) &&
           rights_leaves(r, m->from.id, closes);
    return RC_OK;
}

static void put(struct jw *w, const struct move *m, const struct gates_missing *missing, const struct needs *needs,
                bool may, const struct rights *r, const char *lang)
{
    jw_obj(w);
    jw_kbool(w, "allowed", may && !missing->n && !needs->n);
    jw_kbool(w, "back", move_goes_back(&m->from, &m->to));
    jw_key(w, "missing");
    gates_put(w, missing, r, m->arena, lang);
    jw_key(w, "needs");
    jw_arr(w);
    for (size_t i = 0; i < needs->n; i++)
        jw_c(w, needs->names[i]);
    jw_end_arr(w);
    jw_kbool(w, "may_override", may && rights_can(r, CAN_OVERRIDE));
    jw_end_obj(w);
}

/* The deal as one who sees it, and the stage as one who knows of it. */
static enum rc look(struct move *m, const struct rights *r, int64_t deal_id, int64_t stage_id, struct err *e)
{
    struct record *deal;
    bool seen;
    TRY(rights_reach(m->db, m->arena, r, entity_by_id(ENT_DEAL), deal_id, RIGHT_SEE, &seen, e));
    if (!seen)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "deal %lld", (long long)deal_id);
    TRY(record_load(m->db, m->arena, entity_by_id(ENT_DEAL), deal_id, false, &deal, e));
    m->will = deal;
    TRY(move_load(m, deal->f[DEAL_STAGE_ID].i, stage_id, e));
    if (!rights_has_stage(r, m->to.funnel_id, stage_id))
        return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "stage_id", "%lld", (long long)stage_id);
    return m->to.archived ? err_set(e, RC_UNPROCESSABLE, "stage_archived", "stage_id", NULL) : RC_OK;
}

enum rc move_preview(struct db *db, struct arena *a, const struct move_question *q, struct buf *out, struct err *e)
{
    struct move m = {.db = db, .arena = a, .at = time_now()};
    struct gates_missing missing = {0};
    struct needs needs = {0};
    struct jw w = jw_to(out);
    bool may;
    TRY(look(&m, q->rights, q->deal_id, q->stage_id, e));
    if (!m.will)
        return err_set(e, RC_INTERNAL, "not_found", "", NULL);
    bool stays = m.will->f[DEAL_STAGE_ID].i == q->stage_id;
    if (stays)
        m.from = m.to;
    else
        TRY(gates_missing(&m, &missing, e));
    if (!stays && move_goes_back(&m.from, &m.to) && m.to.back_reason)
        needs.names[needs.n++] = "move_reason";
    if (!stays && m.to.outcome == DEAL_LOST)
        TRY(loss_needs(&m, q->loss_reason_id, &needs, e));
    TRY(may_move(&m, q->rights, &may, e));
    put(&w, &m, &missing, &needs, may, q->rights, q->lang);
    return RC_OK;
}
