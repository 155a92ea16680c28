/* Whom an action is for. */
#include "base/time.h"
#include "rules/actions.h"
#include <stdlib.h>

#define DECIDED_LEAST 20 /* deals that somebody has decided on a stage before they are compared */
#define SHRINK 20        /* as many deals of everybody's rate are added to each one's own */
#define YEAR_MS (365 * MS_DAY)
#define SKILL_MS (6 * MS_HOUR) /* how old a comparison may be */

struct candidate {
    int64_t id, load;
    bool full;
    int64_t passed, decided;
};
struct candidates {
    struct candidate *ptr;
    size_t n;
};

static enum rc nobody(const char *code, struct err *e)
{
    return err_set(e, RC_UNPROCESSABLE, code, "", NULL);
}

static enum rc number(struct change *ch, const char *sql, int64_t a, int64_t b, int64_t *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s, sql, e));
    stmt_i64(s, 1, a);
    if (strstr(sql, "$2"))
        stmt_i64(s, 2, b);
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* ---- single people ---- */

static enum rc owner_of(struct rule_run *run, int64_t *out, struct err *e)
{
    static const int fields[] = {[ENT_DEAL] = DEAL_OWNER_ID,
                                 [ENT_CONTACT] = CONTACT_OWNER_ID,
                                 [ENT_COMPANY] = COMPANY_OWNER_ID,
                                 [ENT_TASK] = TASK_OWNER_ID};
    const struct record *r;
    *out = 0;
    if (run->kind == ENT_NOTE) /* a message that hangs on nothing */
        return RC_OK;
    TRY(run_record(run->ch, entity_by_id(run->kind), run->object_id, NULL, &r, e));
    *out = r ? val_i(r->f[fields[run->kind]], 0) : 0;
    return RC_OK;
}

/* The head of one's team; who is the head is led by the next one above. Where nobody leads a team, a head of sales
 * does, else an administrator: a small company has no teams, yet somebody has to hear. */
static enum rc head_of(struct rule_run *run, int64_t user, int64_t *out, struct err *e)
{
    int64_t team;
    *out = 0;
    TRY(number(run->ch, "SELECT team_id FROM users WHERE id = $1", user, 0, &team, e));
    for (int i = 0; team && i < 20; i++) {
        int64_t head, above;
        TRY(number(run->ch, "SELECT head_id FROM team WHERE id = $1 AND deleted_at IS NULL", team, 0, &head, e));
        TRY(number(run->ch, "SELECT parent_id FROM team WHERE id = $1 AND deleted_at IS NULL", team, 0, &above, e));
        if (head && head != user) {
            *out = head;
            return RC_OK;
        }
        team = above;
    }
    return number(run->ch,
                  "SELECT id FROM users WHERE role IN (0, 1) AND id <> $1 AND active = 1 AND deleted_at IS NULL"
                  " ORDER BY role DESC, id LIMIT 1",
                  user, 0, out, e);
}

/* Who began what led here; of a timer, who made the record. */
static enum rc author_of(struct rule_run *run, int64_t *out, struct err *e)
{
    *out = rules_state(run->ch)->author;
    return *out ? RC_OK
                : number(run->ch,
                         "SELECT actor_id FROM journal WHERE object_kind = $1 AND object_id = $2 AND verb = 1"
                         " ORDER BY seq LIMIT 1",
                         run->kind, run->object_id, out, e);
}

static enum rc single(struct rule_run *run, const struct who *who, int64_t *out, struct err *e)
{
    switch (who->kind) {
    case WHO_USER:
        *out = who->id;
        break;
    case WHO_AUTHOR:
        TRY(author_of(run, out, e));
        break;
    default:
        TRY(owner_of(run, out, e));
        if (who->kind == WHO_HEAD && *out)
            TRY(head_of(run, *out, out, e));
    }
    if (*out)
        TRY(number(run->ch, "SELECT id FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL", *out, 0, out,
                   e));
    return *out ? RC_OK : nobody("nobody_found", e);
}

/* ---- one of several ---- */

/* What somebody has to do: open deals that are not put off. */
#define LOAD                                                                                                           \
    "(SELECT count(*) FROM deal d WHERE d.owner_id = u.id AND d.status = 0 AND d.deleted_at IS NULL AND"               \
    " (d.deferred_until IS NULL OR d.deferred_until <= $2))"

static bool is_full(int64_t load, bool has_own, int64_t own, int64_t cap)
{
    return (has_own && load >= own) || (cap && load >= cap);
}

enum rc who_full(struct rule_run *run, int64_t user, int64_t cap, bool *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(run->ch->tx->db, &s, "SELECT u.load_cap, " LOAD " FROM users u WHERE u.id = $1", e));
    stmt_i64(s, 1, user);
    stmt_i64(s, 2, run->ch->at);
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW && is_full(stmt_col_i64(s, 1), !stmt_col_null(s, 0), stmt_col_i64(s, 0), cap);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc gather(struct rule_run *run, const struct who *who, struct candidates *out, struct err *e)
{
    static const char role[] = " u.role_id = $1", team[] = " u.team_id = $1";
    struct arena *a = run->ch->tx->arena;
    size_t cap = 0;
    struct stmt *s;
    enum rc rc;
    struct str sql = str_fmt(a,
                             "SELECT u.id, u.load_cap, " LOAD " FROM users u WHERE u.active = 1 AND"
                             " u.deleted_at IS NULL AND%s ORDER BY u.id",
                             who->kind == WHO_ROLE ? role : team);
    *out = (struct candidates){0};
    TRY(db_prepare(run->ch->tx->db, &s, sql.ptr, e));
    stmt_i64(s, 1, who->id);
    stmt_i64(s, 2, run->ch->at);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (out->n == cap) {
            struct candidate *more = ARENA_ARRAY(a, struct candidate, cap ? cap * 2 : 16);
            if (cap)
                memcpy(more, out->ptr, cap * sizeof *more);
            out->ptr = more;
            cap = cap ? cap * 2 : 16;
        }
        int64_t load = stmt_col_i64(s, 2);
        bool full = is_full(load, !stmt_col_null(s, 1), stmt_col_null(s, 1) ? 0 : stmt_col_i64(s, 1), who->cap);
        out->ptr[out->n++] = (struct candidate){.id = stmt_col_i64(s, 0), .load = load, .full = full};
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static struct candidate *least_loaded(const struct candidates *c)
{
    struct candidate *best = NULL;
    for (size_t i = 0; i < c->n; i++)
        if (!c->ptr[i].full && (!best || c->ptr[i].load < best->load))
            best = &c->ptr[i];
    return best;
}

/* The next one behind whose turn it was last. */
static enum rc in_turn(struct rule_run *run, const struct candidates *c, struct candidate **out, struct err *e)
{
    struct stmt *s;
    int64_t kind = run->t->is_goal ? ENT_GOAL : ENT_TRIGGER, last = 0;
    TRY(db_prepare(run->ch->tx->db, &s,
                   "SELECT user_id FROM pick_turn WHERE rule_kind = $1 AND rule_id = $2 AND action = $3", e));
    stmt_i64(s, 1, kind);
    stmt_i64(s, 2, run->t->id);
    stmt_i64(s, 3, (int64_t)run->action);
    enum rc rc = stmt_step(s, e);
    last = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    if (rc != RC_ROW && rc != RC_DONE)
        return rc;
    *out = NULL;
    for (size_t i = 0; i < 2 * c->n && !*out; i++) {
        struct candidate *one = &c->ptr[i % c->n];
        if (!one->full && (i >= c->n || one->id > last))
            *out = one;
    }
    if (!*out)
        return RC_OK;
    TRY(db_prepare(run->ch->tx->db, &s,
                   "INSERT INTO pick_turn (rule_kind, rule_id, action, user_id) VALUES ($1, $2, $3, $4)"
                   " ON CONFLICT (rule_kind, rule_id, action) DO UPDATE SET user_id = excluded.user_id",
                   e));
    stmt_i64(s, 1, kind);
    stmt_i64(s, 2, run->t->id);
    stmt_i64(s, 3, (int64_t)run->action);
    stmt_i64(s, 4, (*out)->id);
    return stmt_run(s, e);
}

/* ---- who is best at a stage ---- */

/* Deals that stood on the stage within a year and have been decided there, by their owner: passed when they are won or
 * have been on a later stage of the funnel. */
static enum rc compare(struct rule_run *run, int64_t stage, struct err *e)
{
    static const char later[] =
        "EXISTS (SELECT 1 FROM deal_passed q JOIN stage s ON s.id = q.ref_id JOIN stage o ON o.id = $1"
        " WHERE q.owner_id = d.id AND s.funnel_id = o.funnel_id AND s.outcome = 0 AND s.position > o.position)";
    struct stmt *s;
    struct db *db = run->ch->tx->db;
    TRY(db_prepare(db, &s, "DELETE FROM stage_skill WHERE stage_id = $1", e));
    stmt_i64(s, 1, stage);
    TRY(stmt_run(s, e));
    struct str sql = str_fmt(run->ch->tx->arena,
                             "INSERT INTO stage_skill (stage_id, user_id, passed, decided, made_at)"
                             " SELECT $1, d.owner_id, CAST(sum(CASE WHEN d.status = 1 OR %s THEN 1 ELSE 0 END) AS"
                             " BIGINT), count(*), $2 FROM deal_passed p JOIN deal d ON d.id = p.owner_id"
                             " WHERE p.ref_id = $1 AND d.owner_id IS NOT NULL AND d.deleted_at IS NULL"
                             " AND d.stage_entered_at > $3 AND (d.status <> 0 OR %s) GROUP BY d.owner_id",
                             later, later);
    TRY(db_prepare(db, &s, sql.ptr, e));
    stmt_i64(s, 1, stage);
    stmt_i64(s, 2, run->ch->at);
    stmt_i64(s, 3, run->ch->at - YEAR_MS);
    return stmt_run(s, e);
}

static enum rc skills(struct rule_run *run, int64_t stage, struct candidates *c, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    int64_t made;
    TRY(number(run->ch, "SELECT max(made_at) FROM stage_skill WHERE stage_id = $1", stage, 0, &made, e));
    if (made < run->ch->at - SKILL_MS)
        TRY(compare(run, stage, e));
    TRY(db_prepare(run->ch->tx->db, &s, "SELECT user_id, passed, decided FROM stage_skill WHERE stage_id = $1", e));
    stmt_i64(s, 1, stage);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        for (size_t i = 0; i < c->n; i++)
            if (c->ptr[i].id == stmt_col_i64(s, 0)) {
                c->ptr[i].passed = stmt_col_i64(s, 1);
                c->ptr[i].decided = stmt_col_i64(s, 2);
            }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static double rate(const struct candidate *c, double everybody)
{
    return ((double)c->passed + SHRINK * everybody) / ((double)c->decided + SHRINK);
}

/* The greatest share of deals passed, drawn towards everybody's. *out NULL: fewer than two have decided enough. */
static enum rc best_at(struct rule_run *run, struct candidates *c, struct candidate **out, struct err *e)
{
    struct record *deal;
    int64_t passed = 0, decided = 0, compared = 0;
    *out = NULL;
    if (!run->deal_id)
        return RC_OK;
    TRY(run_deal(run, &deal, e));
    TRY(skills(run, run->t->is_goal ? run->t->stage_id : val_i(deal->f[DEAL_STAGE_ID], 0), c, e));
    for (size_t i = 0; i < c->n; i++) {
        passed += c->ptr[i].passed;
        decided += c->ptr[i].decided;
        compared += c->ptr[i].decided >= DECIDED_LEAST;
    }
    double everybody = decided ? (double)passed / (double)decided : 0;
    for (size_t i = 0; i < c->n && compared >= 2; i++) {
        struct candidate *one = &c->ptr[i];
        if (!one->full && one->decided >= DECIDED_LEAST && (!*out || rate(one, everybody) > rate(*out, everybody)))
            *out = one;
    }
    return RC_OK;
}

/* ---- choosing ---- */

/* «key n m»: see run_note_text. */
static struct str why(struct rule_run *run, const char *key, int64_t n, int64_t m)
{
    return str_fmt(run->ch->tx->arena, "%s %lld %lld", key, (long long)n, (long long)m);
}

static enum rc choose(struct rule_run *run, const struct who *who, struct candidates *c, struct people *out,
                      struct err *e)
{
    struct candidate *one = NULL;
    if (who->pick == PICK_ROUND_ROBIN) {
        TRY(in_turn(run, c, &one, e));
        out->why = why(run, "in_turn", 0, 0);
    }
    if (who->pick == PICK_BEST) {
        TRY(best_at(run, c, &one, e));
        if (one)
            out->why = why(run, "best", one->passed * 100 / one->decided, one->decided);
    }
    if (!one && who->pick != PICK_ROUND_ROBIN) {
        one = least_loaded(c);
        if (one)
            out->why = why(run, who->pick == PICK_BEST ? "no_best" : "least_loaded", one->load, DECIDED_LEAST);
    }
    if (!one)
        return nobody("nobody_free", e);
    out->ids = ARENA_ARRAY(run->ch->tx->arena, int64_t, 1);
    out->ids[0] = one->id;
    out->n = 1;
    return RC_OK;
}

enum rc who_find(struct rule_run *run, const struct who *who, struct people *out, struct err *e)
{
    struct candidates c;
    *out = (struct people){.why = STR_NULL};
    if (who->kind != WHO_ROLE && who->kind != WHO_TEAM) {
        out->ids = ARENA_ARRAY(run->ch->tx->arena, int64_t, 1);
        out->n = 1;
        return single(run, who, out->ids, e);
    }
    TRY(gather(run, who, &c, e));
    if (!c.n)
        return nobody("nobody_found", e);
    if (who->pick != PICK_ALL)
        return choose(run, who, &c, out, e);
    out->ids = ARENA_ARRAY(run->ch->tx->arena, int64_t, c.n);
    for (size_t i = 0; i < c.n; i++)
        out->ids[out->n++] = c.ptr[i].id;
    return RC_OK;
}
