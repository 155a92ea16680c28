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
static const char *names(struct change *ch, const struct gates_missing *list)
{
    struct arena *a = ch->tx->arena;
    const struct rights *r = rights_of(ch);
    struct str all = STR("");
    int64_t locale = 0;
    if (ch->actor.user_id &&
        QUERY_I64(ch->tx->db, &locale, 0, NULL, "SELECT locale FROM users WHERE id = $1", ch->actor.user_id) != RC_OK)
        locale = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct gate_missing *g = &list->ptr[i];
        if (all.len > 100) /* the list itself tells the rest */
            return str_fmt(a, "%.*s, …", STR_ARG(all)).ptr;
        struct str one = gate_seen(r, g) ? gate_label(a, locale_names[locale == 1], g) : STR("…");
        all = str_fmt(a, "%.*s%s%.*s", STR_ARG(all), i ? ", " : "", STR_ARG(one));
    }
    return all.ptr;
}

/* An override writes down what was missing: what a move asks and what is emptied on the way. */
static bool set_aside(struct change *ch, struct record *will, struct str missing)
{
    if (!ch->override || ch->inner || ch->override->deal_id != will->id)
        return false;
    if (!ch->override->missing.ptr)
        will->f[DEAL_OVERRIDES] = val_int(val_i(will->f[DEAL_OVERRIDES], 0) + 1);
    struct str before = ch->override->missing; /* both are lists that are not empty */
    ch->override->missing = before.len ? str_fmt(ch->tx->arena, "%.*s,%.*s", (int)before.len - 1, before.ptr,
                                                 (int)missing.len - 1, missing.ptr + 1)
                                       : missing;
    return true;
}

static struct str missing_json(struct change *ch, const struct gates_missing *list)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    gates_put(&w, list, rights_of(ch), ch->tx->arena, NULL);
    struct str text = str_dup(ch->tx->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

enum rc gates_rules(struct change *ch, struct move *m, struct record *will, struct err *e)
{
    struct gates_missing list;
    if (ch->undoes || ch->remap)
        return RC_OK;
    m->will = will;
    TRY(gates_missing(m, &list, e));
    if (!list.n)
        return RC_OK;
    struct str missing = missing_json(ch, &list);
    if (set_aside(ch, will, missing))
        return RC_OK;
    const char *field = m->from.id == m->to.id ? "deal_class_id" : "stage_id";
    enum rc rc = err_set(e, RC_UNPROCESSABLE, "gates_unmet", field, "%s", names(ch, &list));
    if (e)
        e->more = str_fmt(ch->tx->arena, "\"missing\":%.*s", STR_ARG(missing)).ptr;
    return rc;
}

static bool holds(struct val set, int64_t id)
{
    for (size_t i = 0; set.kind == VAL_SET && i < set.set.n; i++)
        if (set.set.ids[i] == id)
            return true;
    return false;
}

/* Has it less than before? A set that is not loaded is as it was. */
static bool emptied(const struct record *was, const struct record *will, int field)
{
    struct val old = was->f[field], now = will->f[field];
    if (field == DEAL_CHECK_IDS) {
        for (size_t i = 0; old.kind == VAL_SET && now.kind == VAL_SET && i < old.set.n; i++)
            if (!holds(now, old.set.ids[i]))
                return true;
        return false;
    }
    if (now.kind == VAL_SET)
        return now.set.n == 0 && (old.kind != VAL_SET || old.set.n > 0);
    if (will->ent->fields[field].type == FT_BOOL)
        return val_i(old, 0) && !val_i(now, 0);
    return val_has(old) && now.kind == VAL_NULL;
}

/* What comes and goes by itself is not looked at. */
static bool any_emptied(const struct record *was, const struct record *will)
{
    for (size_t i = 0; i < will->ent->n_fields; i++) {
        bool passes = i == DEAL_DEFERRED_UNTIL || i == DEAL_WAIT_ID || i == DEAL_WAITING_SINCE || i == DEAL_MOVE_REASON;
        if (!passes && !(will->ent->fields[i].flags & (FF_SERVER | FF_DERIVED | FF_GONE)) && emptied(was, will, (int)i))
            return true;
    }
    return false;
}

/* As far as it has got: its stage, or where it comes from when it goes on. Of a lost deal, and of one that leaves for
 * another funnel, nothing is kept. */
static enum rc kept_up_to(struct change *ch, const struct move *m, const struct record *will, struct stage_spot *out,
                          struct err *e)
{
    struct move stay = {.db = ch->tx->db};
    if (m) {
        *out = move_goes_back(&m->from, &m->to) ? m->to : m->from;
        if (m->from.funnel_id != m->to.funnel_id || m->to.outcome == DEAL_LOST)
            out->gates = 0;
        return RC_OK;
    }
    TRY(move_load(&stay, will->f[DEAL_STAGE_ID].i, will->f[DEAL_STAGE_ID].i, e));
    *out = stay.to;
    return RC_OK;
}

enum rc gates_keep(struct change *ch, const struct move *m, const struct record *was, struct record *will,
                   struct err *e)
{
    struct move keep = {.db = ch->tx->db, .arena = ch->tx->arena, .at = ch->at, .will = will, .was = was};
    struct gates_missing list;
    if (ch->undoes || ch->remap || !any_emptied(was, will))
        return RC_OK;
    TRY(kept_up_to(ch, m, will, &keep.to, e));
    keep.from = keep.to;
    if (!keep.to.gates)
        return RC_OK;
    TRY(gates_missing(&keep, &list, e));
    if (!list.n || set_aside(ch, will, missing_json(ch, &list)))
        return RC_OK;
    struct str head = STR("check_ids"), tail;
    if (list.ptr[0].kind == GATE_OF_FIELD)
        head = str_cut(list.ptr[0].field, '.', &tail);
    return err_set(e, RC_UNPROCESSABLE, "gate_keeps", str_dup(ch->tx->arena, head).ptr, "%s", names(ch, &list));
}

/* A deal that is gone keeps nothing. */
enum rc gates_keep_hanging(struct change *ch, int64_t deal_id, int64_t id, bool line, struct err *e)
{
    struct move keep = {.db = ch->tx->db, .arena = ch->tx->arena, .at = ch->at};
    struct gates_missing list;
    struct record *deal;
    if (ch->undoes || ch->remap || !deal_id)
        return RC_OK;
    TRY(record_load_row(ch->tx->db, ch->tx->arena, entity_by_id(ENT_DEAL), deal_id, true, &deal, e));
    if (deal->deleted_at)
        return RC_OK;
    TRY(move_load(&keep, deal->f[DEAL_STAGE_ID].i, deal->f[DEAL_STAGE_ID].i, e));
    keep.from = keep.to;
    keep.will = keep.was = deal;
    *(line ? &keep.without_line : &keep.without_file) = id;
    if (!keep.to.gates)
        return RC_OK;
    TRY(gates_missing(&keep, &list, e));
    return list.n ? err_set(e, RC_UNPROCESSABLE, "gate_keeps_part", "id", "%s", names(ch, &list)) : RC_OK;
}

/* ---- the checklist and the goals ---- */

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
