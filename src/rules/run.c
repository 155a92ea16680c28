/* One run: the condition, a savepoint, the actions, and the row that tells of it. */
#include "rules/run.h"
#include "rules/actions.h"
#include "rules/run_impl.h"
#include "rules/timer.h"

const char *const run_state_names[] = {"done", "failed", "retry", "stopped", NULL};

struct rules_state *rules_state(struct change *ch)
{
    if (!ch->rules)
        ch->rules = ARENA_NEW(ch->tx->arena, struct rules_state);
    return ch->rules;
}

void rules_begin(struct rules_state *state)
{
    if (state->depth)
        return;
    state->runs = 0;
    state->stop_told = false;
    state->seen = NULL;
}

/* ---- records that conditions look at ---- */

struct seen_record {
    struct seen_record *next;
    int64_t id, seq;  /* seq: good until something else has happened */
    struct record *r; /* NULL: there is none */
    const struct entity *ent;
    bool *sets; /* which have been loaded */
};

static enum rc load_sets(struct change *ch, struct seen_record *one, const bool *sets, struct err *e)
{
    bool *wanted = ARENA_ARRAY(ch->tx->arena, bool, one->ent->n_fields);
    bool any = false;
    for (size_t i = 0; one->r && i < one->ent->n_fields; i++)
        if (one->ent->fields[i].type == FT_SET && sets && sets[i] && !one->sets[i])
            any = wanted[i] = one->sets[i] = true;
    return any ? record_load_sets(ch->tx->db, ch->tx->arena, one->ent, &one->r, 1, wanted, e) : RC_OK;
}

enum rc run_record(struct change *ch, const struct entity *ent, int64_t id, const bool *sets, const struct record **out,
                   struct err *e)
{
    static const bool none[RIGHTS_FIELDS];
    struct rules_state *state = rules_state(ch);
    struct seen_record *one = state->seen;
    while (one && !(one->ent->id == ent->id && one->id == id))
        one = one->next;
    if (!one) {
        one = ARENA_NEW(ch->tx->arena, struct seen_record);
        *one = (struct seen_record){.next = state->seen, .id = id, .seq = -1};
        state->seen = one;
    }
    one->ent = ent;
    if (one->seq != ch->seq) {
        enum rc rc = record_load_some(ch->tx->db, ch->tx->arena, ent, id, true, none, &one->r, e);
        if (rc != RC_OK && rc != RC_NOT_FOUND)
            return rc;
        if (rc == RC_NOT_FOUND)
            one->r = NULL;
        one->seq = ch->seq;
        one->sets = ARENA_ARRAY(ch->tx->arena, bool, ent->n_fields);
    }
    TRY(load_sets(ch, one, sets, e));
    *out = one->r;
    return RC_OK;
}

struct following {
    struct change *ch;
    struct filter_eval *x;
};

/* Of the sets behind a reference only that which is asked about is read. */
static enum rc follow_reference(void *arg, const struct entity *ent, int64_t id, const struct record **out,
                                struct err *e)
{
    const struct following *f = arg;
    bool sets[RIGHTS_FIELDS] = {false};
    if (f->x->leaf->field->type != FT_SET)
        return run_record(f->ch, ent, id, NULL, out, e);
    sets[f->x->leaf->index] = true;
    return run_record(f->ch, ent, id, sets, out, e);
}

enum rc run_subject(struct rule_run *run, struct record **out, struct err *e)
{
    return record_load(run->ch->tx->db, run->ch->tx->arena, entity_by_id(run->kind), run->object_id, false, out, e);
}

/* What has just been written serves as well as what would be read, when it holds all that the condition asks for. */
static bool serves(const struct trigger *t, const struct record *r)
{
    for (size_t i = 0; i < r->ent->n_fields; i++)
        if (t->names[i] && ((r->ent->fields[i].flags & FF_DERIVED) || r->f[i].kind == VAL_ABSENT))
            return false;
    return true;
}

static enum rc look(struct change *ch, const struct rule_set *set, const struct firing *f, bool *met,
                    struct filter_seen **seen, size_t *n, struct err *e)
{
    struct following to = {ch, NULL};
    struct filter_eval x = {.arena = ch->tx->arena, .load = follow_reference, .arg = &to};
    to.x = &x;
    const struct record *r = f->row;
    *met = true;
    if (!f->t->condition.len || !f->check) {
        if (seen)
            *n = 0;
        return RC_OK;
    }
    if (!r || f->row_seq != ch->seq || !serves(f->t, r))
        TRY(run_record(ch, entity_by_id(f->t->subject), f->object_id, f->t->names, &r, e));
    *met = r && !r->deleted_at;
    return *met ? trigger_condition(f->t, &x, r, ch->at, set->offset_ms, met, seen, n, e) : RC_OK;
}

/* ---- the actions ---- */

/* What a run changes of the change it is a part of. */
struct before {
    struct actor actor;
    struct override *override;
    const struct trigger *now;
    const struct record *along;
    int64_t cause, seq, events, change_id, undoes;
};

static struct before enter(struct change *ch, const struct firing *f)
{
    struct rules_state *state = rules_state(ch);
    struct before b = {ch->actor, ch->override, state->now,    state->along, ch->cause,
                       ch->seq,   ch->events,   ch->change_id, ch->undoes};
    if (!state->depth)
        state->author = ch->actor.user_id;
    state->running[state->depth].t = f->t;
    state->running[state->depth].cause = f->cause;
    state->depth++;
    state->runs++;
    state->now = f->t;
    ch->inner++;
    ch->undoes = 0;
    ch->override = NULL;
    ch->cause = f->cause;
    if (!f->in_person) {
        ch->actor = (struct actor){.role = ROLE_ADMIN, .via = VIA_TRIGGER};
        state->along = NULL; /* that was for the goal's own move */
    }
    return b;
}

static void leave(struct change *ch, const struct before *b)
{
    struct rules_state *state = rules_state(ch);
    ch->actor = b->actor;
    ch->override = b->override;
    ch->cause = b->cause;
    ch->undoes = b->undoes;
    ch->inner--;
    state->now = b->now;
    state->along = b->along;
    state->depth--;
}

/* The newest event so far. A timer or an operation begins without one of its own: then it is the journal's. */
static enum rc newest(struct change *ch, int64_t *seq, struct err *e)
{
    *seq = ch->seq;
    return *seq ? RC_OK : journal_last(ch->tx->db, seq, e);
}

static enum rc act(struct rule_run *run, struct run_row *row, struct err *e)
{
    const struct trigger *t = run->t;
    row->acts = ARENA_ARRAY(run->ch->tx->arena, struct run_act, t->n_actions + 1);
    for (size_t i = 0; i < t->n_actions; i++) {
        int64_t before;
        TRY(newest(run->ch, &before, e));
        run->action = i;
        run->note = STR_NULL;
        TRY(t->actions[i].type->apply(run, &t->actions[i], e));
        row->acts[row->n_acts++] = (struct run_act){i, run->ch->seq > before ? before + 1 : 0, run->ch->seq, run->note};
    }
    return RC_OK;
}

static enum rc deal_of(struct change *ch, const struct firing *f, int64_t *out, struct err *e)
{
    const struct record *of;
    int field = trigger_deal_field(f->t->subject);
    *out = f->t->subject == ENT_DEAL ? f->object_id : f->deal_id;
    if (*out || field < 0)
        return RC_OK;
    TRY(run_record(ch, entity_by_id(f->t->subject), f->object_id, NULL, &of, e));
    *out = of ? val_i(of->f[field], 0) : 0;
    return RC_OK;
}

/* Nobody does anything to a message: what follows from it happens to what it hangs on. */
static enum rc hangs_on(struct rule_run *run, struct err *e)
{
    static const struct {
        int field;
        enum entity_id kind;
    } by[] = {{NOTE_DEAL_ID, ENT_DEAL}, {NOTE_CONTACT_ID, ENT_CONTACT}, {NOTE_COMPANY_ID, ENT_COMPANY}};
    const struct record *note;
    TRY(run_record(run->ch, entity_by_id(ENT_NOTE), run->subject_id, NULL, &note, e));
    for (size_t i = 0; note && i < sizeof by / sizeof *by; i++)
        if (val_has(note->f[by[i].field])) {
            run->kind = by[i].kind;
            run->object_id = note->f[by[i].field].i;
            break;
        }
    return RC_OK;
}

static enum rc run_actions(struct change *ch, const struct rule_set *set, const struct firing *f, struct run_row *row,
                           struct err *e)
{
    struct rule_run run = {.ch = ch,
                           .t = f->t,
                           .set = set,
                           .cause = f->cause,
                           .kind = f->t->subject,
                           .object_id = f->object_id,
                           .subject_id = f->object_id,
                           .deal_id = row->deal_id};
    int64_t before;
    if (run.kind == ENT_NOTE)
        TRY(hangs_on(&run, e));
    TRY(newest(ch, &before, e));
    struct before b = enter(ch, f);
    row->depth = rules_state(ch)->depth - 1;
    enum rc rc = f->first ? f->first(&run, f->first_arg, e) : RC_OK;
    if (rc == RC_OK)
        rc = act(&run, row, e);
    leave(ch, &b);
    row->first_seq = rc == RC_OK && ch->seq > before ? before + 1 : 0;
    row->last_seq = row->first_seq ? ch->seq : 0;
    return rc;
}

/* ---- the run ---- */

static bool passing(const struct err *e)
{
    return strcmp(e->code, "nobody_free") == 0 || e->rc == RC_TOO_MANY;
}

static enum rc failed(struct change *ch, const struct firing *f, struct run_row *row, const struct err *why,
                      struct err *e)
{
    bool again = passing(why) && f->attempt < RUN_ATTEMPTS;
    row->state = again ? RUN_RETRY : strcmp(why->code, "rules_feed_themselves") == 0 ? RUN_STOPPED : RUN_FAILED;
    row->error = why;
    row->n_acts = 0;
    if (again)
        TRY(timer_again(ch, f->t, f->object_id, f->cause, f->attempt + 1, e));
    return RC_OK;
}

/* The actions inside of a savepoint of their own: what fails leaves nothing but its row. */
static enum rc run_apart(struct change *ch, const struct rule_set *set, const struct firing *f, struct run_row *row,
                         struct err *e)
{
    struct wtx_mark mark;
    struct err *why = ARENA_NEW(ch->tx->arena, struct err);
    int64_t seq = ch->seq, events = ch->events, change_id = ch->change_id;
    TRY(wtx_mark(ch->tx, &mark, e));
    enum rc rc = run_actions(ch, set, f, row, why);
    if (rc == RC_OK)
        return wtx_keep(ch->tx, &mark, e);
    if (rc == RC_UNAVAILABLE) { /* the database's trouble, not the trigger's */
        if (e)
            *e = *why;
        return rc;
    }
    why->rc = rc;
    TRY(wtx_give_up(ch->tx, &mark, e));
    ch->seq = seq;
    ch->events = events;
    ch->change_id = change_id;
    rules_state(ch)->seen = NULL;
    return failed(ch, f, row, why, e);
}

static bool too_much(const struct rules_state *state, const char **code)
{
    *code = state->depth >= RULES_DEPTH ? "rules_too_deep" : "rules_too_many";
    return state->depth >= RULES_DEPTH || state->runs >= RULES_RUNS;
}

static enum rc stopped(struct change *ch, const struct firing *f, struct run_row *row, const char *code, struct err *e)
{
    struct rules_state *state = rules_state(ch);
    struct err *why = ARENA_NEW(ch->tx->arena, struct err);
    if (state->stop_told)
        return RC_OK;
    state->stop_told = true;
    err_set(why, RC_UNPROCESSABLE, code, "", "%d", strcmp(code, "rules_too_deep") == 0 ? RULES_DEPTH : RULES_RUNS);
    row->state = RUN_STOPPED;
    row->error = why;
    row->depth = state->depth;
    (void)f;
    return run_row_write(ch, row, e);
}

enum rc run_fire(struct change *ch, const struct rule_set *set, const struct firing *f, bool *ran, int64_t *run_id,
                 struct err *e)
{
    struct rules_state *state = rules_state(ch);
    struct run_row row = {.t = f->t, .cause = f->cause, .object_id = f->object_id, .state = RUN_DONE};
    const char *code;
    bool met;
    *ran = false;
    TRY(look(ch, set, f, &met, NULL, NULL, e));
    if (!met)
        return RC_OK;
    *ran = true;
    TRY(deal_of(ch, f, &row.deal_id, e));
    if (too_much(state, &code))
        return stopped(ch, f, &row, code, e);
    TRY(look(ch, set, f, &met, &row.seen, &row.n_seen, e));
    if (f->in_person)
        TRY(run_actions(ch, set, f, &row, e));
    else
        TRY(run_apart(ch, set, f, &row, e));
    TRY(run_row_write(ch, &row, e));
    if (run_id)
        *run_id = row.id;
    return RC_OK;
}

enum rc rules_run(struct change *ch, const struct trigger *t, int64_t object_id, int64_t cause, bool check, bool *ran,
                  int64_t *run_id, struct err *e)
{
    const struct rule_set *set;
    TRY(rules_of(ch, &set, e));
    rules_begin(rules_state(ch));
    struct firing f = {.t = t, .object_id = object_id, .cause = cause, .check = check};
    return run_fire(ch, set, &f, ran, run_id, e);
}
