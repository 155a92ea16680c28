/* Of a deal, what follows from its values and its way: see clients.h. */
#include "crm/clients.h"
#include "crm/engine.h"

/* ---- does it pay ---- */

static enum rc pays(struct change *ch, const struct record *will, bool *no, struct err *e)
{
    int64_t cost = val_i(will->f[DEAL_COST_MINOR], 0), percent;
    *no = false;
    if (cost <= 0)
        return RC_OK;
    *no = true;
    if (!val_has(will->f[DEAL_VALUE_MINOR]))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &percent, 100, e, "SELECT unprofitable_percent FROM funnel WHERE id = $1",
                  will->f[DEAL_FUNNEL_ID].i));
    *no = cost * 100 > will->f[DEAL_VALUE_MINOR].i * percent;
    return RC_OK;
}

static bool same_money(const struct record *was, const struct record *will)
{
    return was && val_eq(was->f[DEAL_COST_MINOR], will->f[DEAL_COST_MINOR]) &&
           val_eq(was->f[DEAL_VALUE_MINOR], will->f[DEAL_VALUE_MINOR]) &&
           val_eq(was->f[DEAL_FUNNEL_ID], will->f[DEAL_FUNNEL_ID]);
}

enum rc deal_derive_funnel(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    struct stmt *s;
    if (!was || !is || val_eq(was->f[FUNNEL_UNPROFITABLE_PERCENT], is->f[FUNNEL_UNPROFITABLE_PERCENT]))
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s,
                   "UPDATE deal SET unprofitable = CASE WHEN value_minor IS NULL OR cost_minor * 100 > value_minor * $1"
                   " THEN 1 ELSE 0 END WHERE funnel_id = $2 AND cost_minor > 0",
                   e));
    stmt_i64(s, 1, is->f[FUNNEL_UNPROFITABLE_PERCENT].i);
    stmt_i64(s, 2, is->id);
    return stmt_run(s, e);
}

/* ---- where it has been ---- */

void deal_path_add(struct deal_path *p, const struct event *ev)
{
    json_t *data = NULL;
    struct deal_step step = {.seq = ev->seq, .undoes = ev->undoes, .at = ev->at, .moved = ev->verb == VERB_MOVED};
    if (json_read(ev->data, &data, NULL) == RC_OK)
        step.stage_id = json_integer_value(json_array_get(json_object_get(data, "stage_id"), 1));
    json_decref(data);
    p->undone |= ev->undoes != 0;
    vec_push(p, step);
}

static bool taken_back(const struct deal_path *p, int64_t seq)
{
    for (size_t i = 0; i < p->len; i++)
        if (p->ptr[i].undoes == seq && !taken_back(p, p->ptr[i].seq))
            return true;
    return false;
}

bool deal_step_stands(const struct deal_path *p, size_t i)
{
    return !p->undone || !p->ptr[i].moved || !taken_back(p, p->ptr[i].seq);
}

struct val deal_path_stages(const struct deal_path *p, struct arena *a, int64_t present)
{
    int64_t *ids = ARENA_ARRAY(a, int64_t, p->len + 1);
    size_t n = 0;
    ids[n++] = present;
    for (size_t i = 0; i < p->len; i++)
        if (!p->ptr[i].undoes && p->ptr[i].stage_id && deal_step_stands(p, i))
            ids[n++] = p->ptr[i].stage_id;
    return val_set_of(a, ids, n);
}

static enum rc link(struct db *db, int64_t deal, int64_t stage, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "INSERT INTO deal_passed (owner_id, ref_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", e));
    stmt_i64(s, 1, deal);
    stmt_i64(s, 2, stage);
    return stmt_run(s, e);
}

enum rc deal_return_add(struct db *db, int64_t deal_id, int64_t seq, bool won, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "INSERT INTO deal_return (deal_id, seq, won) VALUES ($1, $2, $3)", e));
    stmt_i64(s, 1, deal_id);
    stmt_i64(s, 2, seq);
    stmt_i64(s, 3, won);
    return stmt_run(s, e);
}

/* While a move is taken back (or done again): its way anew, from the journal and what is about to happen. */
static enum rc path_anew(struct change *ch, int64_t deal, int64_t present, struct err *e)
{
    struct deal_path path = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT seq, undoes, verb, data FROM journal WHERE object_kind = 3 AND object_id = $1"
                   " AND verb IN (1, 5, 6) ORDER BY seq",
                   e));
    stmt_i64(s, 1, deal);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        deal_path_add(&path, &(struct event){.seq = stmt_col_i64(s, 0),
                                             .undoes = stmt_col_i64(s, 1),
                                             .verb = (int)stmt_col_i64(s, 2),
                                             .data = stmt_col_str(s, 3)});
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    struct event now = {.seq = INT64_MAX, .undoes = ch->undoes, .verb = VERB_MOVED, .data = STR("{}")};
    deal_path_add(&path, &now);
    struct val stages = deal_path_stages(&path, ch->tx->arena, present);
    vec_free(&path);
    TRY(rc);
    TRY(db_prepare(ch->tx->db, &s, "DELETE FROM deal_passed WHERE owner_id = $1", e));
    stmt_i64(s, 1, deal);
    TRY(stmt_run(s, e));
    for (size_t i = 0; i < stages.set.n; i++)
        TRY(link(ch->tx->db, deal, stages.set.ids[i], e));
    return RC_OK;
}

/* ---- steps back ---- */

/* Taking back a step back, it has not been one; done again, it is one again. *again: the latter. */
static enum rc returns_undone(struct change *ch, int64_t deal, int64_t *less, bool *again, struct err *e)
{
    *less = 0;
    *again = false;
    for (int64_t seq = ch->undoes; seq; *again = !*again) {
        struct stmt *s;
        int64_t undoes;
        TRY(db_prepare(ch->tx->db, &s, "DELETE FROM deal_return WHERE deal_id = $1 AND seq = $2", e));
        stmt_i64(s, 1, deal);
        stmt_i64(s, 2, seq);
        TRY(stmt_run(s, e));
        *less += db_changes(ch->tx->db);
        TRY(QUERY_I64(ch->tx->db, &undoes, 0, e, "SELECT undoes FROM journal WHERE seq = $1", seq));
        seq = undoes;
    }
    *again = !*again; /* a chain of one event is an ordinary undo */
    return RC_OK;
}

static enum rc moved(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    bool again = true;
    int64_t less = 0;
    if (ch->undoes) {
        TRY(path_anew(ch, was->id, will->f[DEAL_STAGE_ID].i, e));
        TRY(returns_undone(ch, was->id, &less, &again, e));
    }
    bool back = again && ch->went_back == will->id;
    will->f[DEAL_RETURNS] = val_int(val_i(was->f[DEAL_RETURNS], 0) - less + back);
    return RC_OK;
}

enum rc deal_derive(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    struct val due = will->f[DEAL_FIRST_RESPONSE_DUE_AT], answered = will->f[DEAL_FIRST_RESPONSE_AT];
    bool no;
    will->f[DEAL_LATE_ANSWER] = val_int(val_has(due) && val_has(answered) && answered.i > due.i);
    if (!same_money(was, will)) {
        TRY(pays(ch, will, &no, e));
        will->f[DEAL_UNPROFITABLE] = val_int(no);
    }
    if (!was)
        will->f[DEAL_STAGE_IDS] = val_set_of(ch->tx->arena, &will->f[DEAL_STAGE_ID].i, 1);
    else if (!val_eq(was->f[DEAL_STAGE_ID], will->f[DEAL_STAGE_ID]))
        TRY(moved(ch, was, will, e));
    return RC_OK;
}

enum rc deal_derive_moved(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    if (!was || !is || val_eq(was->f[DEAL_STAGE_ID], is->f[DEAL_STAGE_ID]))
        return RC_OK;
    TRY(link(ch->tx->db, is->id, is->f[DEAL_STAGE_ID].i, e));
    bool back = val_i(is->f[DEAL_RETURNS], 0) > val_i(was->f[DEAL_RETURNS], 0);
    bool won = was->f[DEAL_STATUS].i == DEAL_WON;
    return back ? deal_return_add(ch->tx->db, is->id, ch->seq, won, e) : RC_OK;
}
