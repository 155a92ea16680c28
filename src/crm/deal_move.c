/* What a deal that moves or closes must bring along. */
#include "crm/deal_move.h"
#include "crm/engine.h"
#include "crm/hooks.h"
#include "crm/rights_check.h"

/* Does a rule of the funnel act, not a person? */
static bool by_itself(const struct change *ch)
{
    return ch->inner || ch->actor.via == VIA_TRIGGER || ch->actor.via == VIA_PROCESS;
}

enum rc reason_check(struct str reason, const char *field, struct err *e)
{
    if (!reason.len || str_utf8_blank(reason))
        return err_set(e, RC_UNPROCESSABLE, "required", field, NULL);
    return str_utf8_says(reason) ? RC_OK : err_set(e, RC_UNPROCESSABLE, "reason_too_short", field, NULL);
}

enum rc move_reason_rules(const struct change *ch, const struct move *m, const struct record *was,
                          const struct record *will, struct err *e)
{
    struct val reason = will->f[DEAL_MOVE_REASON];
    if (ch->undoes || ch->remap || !was)
        return RC_OK;
    if (!m)
        return val_eq(was->f[DEAL_MOVE_REASON], reason)
                   ? RC_OK
                   : err_set(e, RC_UNPROCESSABLE, "move_reason_alone", "move_reason", NULL);
    if (!m->to.back_reason || !move_goes_back(&m->from, &m->to))
        return RC_OK;
    if (!val_has(reason))
        return err_set(e, RC_UNPROCESSABLE, "reason_required", "move_reason", NULL);
    return by_itself(ch) ? RC_OK : reason_check(reason.s, "move_reason", e); /* a rule gives its name */
}

/* ---- losing ---- */

static bool same(const struct record *was, const struct record *will, int field)
{
    return was && val_eq(was->f[field], will->f[field]);
}

/* Without a reason: fine while the funnel has none to choose from. */
static enum rc no_reason(struct change *ch, struct record *will, struct err *e)
{
    int64_t found;
    TRY(QUERY_I64(
        ch->tx->db, &found, 0, e,
        "SELECT 1 FROM loss_reason WHERE (funnel_id IS NULL OR funnel_id = $1) AND archived = 0 AND deleted_at IS NULL"
        " LIMIT 1",
        will->f[DEAL_FUNNEL_ID].i));
    if (found)
        return err_set(e, RC_UNPROCESSABLE, "loss_reason_required", "loss_reason_id", NULL);
    /* Behind a timer nobody stands; behind a goal somebody does. */
    will->f[DEAL_LOSS_CLASS] = val_int(by_itself(ch) && !ch->actor.user_id ? LOSS_TIMEOUT : LOSS_DECISION);
    return RC_OK;
}

static enum rc reason_row(struct change *ch, const struct record *will, bool *competitor, bool *timeout, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT wants_competitor, timeout FROM loss_reason WHERE id = $1"
                   " AND (funnel_id IS NULL OR funnel_id = $2)",
                   e));
    stmt_i64(s, 1, will->f[DEAL_LOSS_REASON_ID].i);
    stmt_i64(s, 2, will->f[DEAL_FUNNEL_ID].i);
    enum rc rc = stmt_step(s, e);
    *competitor = rc == RC_ROW && stmt_col_i64(s, 0);
    *timeout = rc == RC_ROW && stmt_col_i64(s, 1);
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_UNPROCESSABLE, "loss_reason_of_other_funnel", "loss_reason_id", NULL);
    return rc == RC_ROW ? RC_OK : rc;
}

static enum rc check_loss(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    bool competitor, timeout;
    if (!val_has(will->f[DEAL_LOSS_REASON_ID]))
        return no_reason(ch, will, e);
    TRY(reason_row(ch, will, &competitor, &timeout, e));
    bool kept = same(was, will, DEAL_LOSS_REASON_ID) && same(was, will, DEAL_STATUS);
    if (timeout && !kept && !by_itself(ch))
        return err_set(e, RC_UNPROCESSABLE, "loss_reason_by_timer", "loss_reason_id", NULL);
    if (competitor && !val_has(will->f[DEAL_COMPETITOR_ID]))
        return err_set(e, RC_UNPROCESSABLE, "competitor_required", "competitor_id", NULL);
    will->f[DEAL_LOSS_CLASS] = val_int(timeout ? LOSS_TIMEOUT : LOSS_DECISION);
    return RC_OK;
}

static bool given(const struct record *was, const struct record *will, int field)
{
    return val_has(will->f[field]) && !(was && val_eq(was->f[field], will->f[field]));
}

/* A reason belongs to a lost deal only: it goes when the deal is opened again or won, and cannot be given to such a
 * deal. To whom it was lost goes with it. */
static enum rc not_lost(const struct record *was, struct record *will, struct err *e)
{
    static const int fields[] = {DEAL_LOSS_REASON_ID, DEAL_LOSS_COMMENT};
    for (size_t i = 0; i < 2; i++) {
        if (given(was, will, fields[i]))
            return err_set(e, RC_UNPROCESSABLE, "not_lost", will->ent->fields[fields[i]].name, NULL);
        will->f[fields[i]] = val_null();
    }
    if (was && was->f[DEAL_STATUS].i == DEAL_LOST && same(was, will, DEAL_COMPETITOR_ID))
        will->f[DEAL_COMPETITOR_ID] = val_null();
    will->f[DEAL_LOSS_CLASS] = val_null();
    return RC_OK;
}

enum rc loss_rules(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    if (will->f[DEAL_STATUS].i != DEAL_LOST)
        return ch->undoes ? RC_OK : not_lost(was, will, e);
    bool all_same = same(was, will, DEAL_STATUS) && same(was, will, DEAL_FUNNEL_ID) &&
                    same(was, will, DEAL_LOSS_REASON_ID) && same(was, will, DEAL_COMPETITOR_ID);
    /* An undo brings back what once stood, from before there were reasons, too. */
    return all_same || ch->undoes ? RC_OK : check_loss(ch, was, will, e);
}

/* ---- gates ---- */

/* What is missing, by its names, as far as whoever moves it sees that. */
static const char *names(struct arena *a, const struct gates_missing *list, const struct rights *r)
{
    struct str all = STR("");
    for (size_t i = 0; i < list->n; i++) {
        const struct gate_missing *g = &list->ptr[i];
        struct str one = !gate_seen(r, g) ? STR("…")
                         : g->name.len    ? g->name
                         : g->field.len   ? g->field
                                          : str_c(gate_kind_names[g->kind]);
        all = str_fmt(a, "%.*s%s%.*s", STR_ARG(all), i ? ", " : "", STR_ARG(one));
    }
    return all.ptr;
}

enum rc gates_rules(struct change *ch, struct move *m, struct record *will, struct err *e)
{
    struct gates_missing list;
    struct buf b = {0};
    if (ch->undoes || ch->remap)
        return RC_OK;
    m->will = will;
    TRY(gates_missing(m, &list, e));
    if (!list.n)
        return RC_OK;
    struct jw w = jw_to(&b);
    gates_put(&w, &list, rights_of(ch), ch->tx->arena, NULL);
    struct str missing = str_dup(ch->tx->arena, buf_view(&b));
    buf_free(&b);
    if (ch->override && !ch->inner && ch->override->deal_id == will->id) {
        ch->override->missing = missing;
        will->f[DEAL_OVERRIDES] = val_int(val_i(will->f[DEAL_OVERRIDES], 0) + 1);
        return RC_OK;
    }
    const char *field = m->from.id == m->to.id ? "deal_class_id" : "stage_id";
    enum rc rc = err_set(e, RC_UNPROCESSABLE, "gates_unmet", field, "%s", names(ch->tx->arena, &list, rights_of(ch)));
    if (e)
        e->more = str_fmt(ch->tx->arena, "\"missing\":%.*s", STR_ARG(missing)).ptr;
    return rc;
}

/* ---- the checklist and the goals ---- */

static bool holds(struct val set, int64_t id)
{
    for (size_t i = 0; set.kind == VAL_SET && i < set.set.n; i++)
        if (set.set.ids[i] == id)
            return true;
    return false;
}

_Static_assert(GATE_OF_CHECK == 1, "as the query below has it");
enum rc check_ids_rules(struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    struct val old = was ? was->f[DEAL_CHECK_IDS] : val_null(), now = will->f[DEAL_CHECK_IDS];
    for (size_t i = 0; now.kind == VAL_SET && !ch->undoes && i < now.set.n; i++) {
        int64_t found;
        if (holds(old, now.set.ids[i]))
            continue;
        TRY(QUERY_I64(ch->tx->db, &found, 0, e,
                      "SELECT 1 FROM gate g JOIN stage s ON s.id = g.stage_id WHERE g.id = $1 AND g.kind = 1"
                      " AND s.funnel_id IN ($2, $3)",
                      now.set.ids[i], will->f[DEAL_FUNNEL_ID].i, (was ? was : will)->f[DEAL_FUNNEL_ID].i));
        if (!found)
            return err_set(e, RC_UNPROCESSABLE, "check_of_other_funnel", "check_ids", "%lld",
                           (long long)now.set.ids[i]);
    }
    return RC_OK;
}

/* The goals that it keeps: those of other funnels, and of stages up to the one it has gone back to. */
static enum rc load_kept_goals(const struct move *m, int64_t deal_id, struct val *kept, bool *less, struct err *e)
{
    VEC(int64_t) ids = {0};
    struct stmt *s;
    enum rc rc;
    *less = false;
    TRY(db_prepare(m->db, &s,
                   "SELECT l.ref_id, s.id, s.funnel_id, s.outcome, s.position FROM deal_goal l"
                   " JOIN goal g ON g.id = l.ref_id JOIN stage s ON s.id = g.stage_id WHERE l.owner_id = $1",
                   e));
    stmt_i64(s, 1, deal_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct stage_spot of = {.id = stmt_col_i64(s, 1),
                                .funnel_id = stmt_col_i64(s, 2),
                                .outcome = stmt_col_i64(s, 3),
                                .position = stmt_col_i64(s, 4)};
        if (of.funnel_id == m->to.funnel_id && spot_before(&m->to, &of))
            *less = true;
        else
            vec_push(&ids, stmt_col_i64(s, 0));
    }
    stmt_done(s);
    *kept = val_set_of(m->arena, ids.ptr, ids.len);
    vec_free(&ids);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc goals_take_back(struct change *ch, const struct record *was, const struct record *is, struct err *e)
{
    struct move m = {.db = ch->tx->db, .arena = ch->tx->arena, .at = ch->at, .will = is};
    struct val kept;
    bool less;
    if (ch->went_back != is->id)
        return RC_OK;
    ch->went_back = 0;
    if (ch->actor.via == VIA_UNDO) /* which takes back exactly what was done */
        return RC_OK;
    TRY(move_load(&m, was->f[DEAL_STAGE_ID].i, is->f[DEAL_STAGE_ID].i, e));
    TRY(load_kept_goals(&m, is->id, &kept, &less, e));
    if (!less)
        return RC_OK;
    struct record *in = record_new(ch->tx->arena, is->ent);
    in->f[DEAL_GOAL_IDS] = kept;
    return change_update(ch, is->id, 0, in, e);
}
