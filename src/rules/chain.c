/* Which runs led to a run: in this command, and in those before it that timers have brought here. */
#include "crm/engine.h"
#include "rules/run_impl.h"

#define CHAIN_MOST 100 /* longer ones are no chain of a company's rules */

struct link {
    int64_t kind, rule_id, cause;
};

/* The innermost run that has written this event; *found false: a person has, or nobody knows. */
static enum rc link_of(struct change *ch, int64_t seq, struct link *out, bool *found, struct err *e)
{
    struct stmt *s;
    int64_t change_id = 0;
    *found = false;
    TRY(QUERY_I64(ch->tx->db, &change_id, 0, e, "SELECT change_id FROM journal WHERE seq = $1 AND via = $2", seq,
                  VIA_TRIGGER));
    if (!change_id)
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT rule_kind, rule_id, cause FROM trigger_run WHERE first_seq <= $1 AND first_seq >= $2"
                   " AND last_seq >= $1 ORDER BY first_seq DESC, depth DESC LIMIT 1",
                   e));
    stmt_i64(s, 1, seq);
    stmt_i64(s, 2, change_id);
    enum rc rc = stmt_step(s, e);
    *found = rc == RC_ROW;
    if (*found)
        *out = (struct link){stmt_col_i64(s, 0), stmt_col_i64(s, 1), stmt_col_i64(s, 2)};
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc run_feeds_itself(struct rule_run *run, bool *out, struct err *e)
{
    const struct rules_state *state = rules_state(run->ch);
    const int64_t kind = run->t->is_goal ? ENT_GOAL : ENT_TRIGGER;
    bool found = true;
    *out = false;
    for (unsigned i = 0; i + 1 < state->depth && !*out; i++)
        *out = state->running[i].t->id == run->t->id && state->running[i].t->is_goal == run->t->is_goal;
    int64_t at = state->depth ? state->running[0].cause : run->cause;
    for (int i = 0; i < CHAIN_MOST && at && found && !*out; i++) {
        struct link l = {0};
        TRY(link_of(run->ch, at, &l, &found, e));
        *out = found && l.kind == kind && l.rule_id == run->t->id;
        at = l.cause;
    }
    return RC_OK;
}
