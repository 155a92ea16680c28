/* Gates: what stages ask of a deal that enters or leaves them, evaluated against the deal as it will be. */
#include "crm/gates.h"
#include "base/time.h"
#include "base/vec.h"
#include "crm/engine.h"
#include "crm/workday.h"

/* ---- where a deal goes ---- */

static struct stage_spot read_spot(struct stmt *s)
{
    return (struct stage_spot){.id = stmt_col_i64(s, 0),
                               .funnel_id = stmt_col_i64(s, 1),
                               .outcome = stmt_col_i64(s, 2),
                               .position = stmt_col_i64(s, 3),
                               .archived = stmt_col_i64(s, 4) != 0,
                               .back_reason = stmt_col_i64(s, 5) != 0,
                               .gates = stmt_col_i64(s, 6)};
}

enum rc move_load(struct move *m, int64_t from_id, int64_t to_id, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    m->from = m->to = (struct stage_spot){0};
    TRY(db_prepare(m->db, &s,
                   "SELECT s.id, s.funnel_id, s.outcome, s.position, s.archived, f.back_reason, f.gates FROM stage s"
                   " JOIN funnel f ON f.id = s.funnel_id WHERE s.id IN ($1, $2) AND s.deleted_at IS NULL",
                   e));
    stmt_i64(s, 1, from_id);
    stmt_i64(s, 2, to_id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        *(stmt_col_i64(s, 0) == to_id ? &m->to : &m->from) = read_spot(s);
    stmt_done(s);
    if (rc != RC_DONE)
        return rc;
    return m->to.id ? RC_OK : err_set(e, RC_UNPROCESSABLE, "ref_not_found", "stage_id", "%lld", (long long)to_id);
}

bool spot_before(const struct stage_spot *a, const struct stage_spot *b)
{
    if (a->outcome == DEAL_LOST || b->outcome == DEAL_LOST)
        return false;
    if (a->outcome != b->outcome)
        return a->outcome == DEAL_OPEN;
    return a->position != b->position ? a->position < b->position : a->id < b->id;
}

bool move_goes_back(const struct stage_spot *from, const struct stage_spot *to)
{
    return from->id && from->funnel_id == to->funnel_id && to->outcome == DEAL_OPEN && spot_before(to, from);
}

/* ---- which gates count ---- */

struct gate {
    struct gate_missing what; /* as it would be told */
    struct stage_spot stage;
    enum gate_at at;
    bool has_least;
    int64_t deal_class_id;
};
struct gates {
    struct gate *ptr;
    size_t len, cap;
};

/* Strictly between: what the deal has not stood on and does not stand on. Whoever comes from nowhere (new, out of
 * another funnel, or lost before) has all of the funnel still to go. */
static bool skipped(const struct move *m, const struct stage_spot *s)
{
    bool on_the_way = m->from.id && m->from.funnel_id == m->to.funnel_id && m->from.outcome != DEAL_LOST;
    return s->outcome == DEAL_OPEN && s->funnel_id == m->to.funnel_id && spot_before(s, &m->to) &&
           (!on_the_way || spot_before(&m->from, s));
}

/* On the stages up to where it stands, as if it came there just now. */
static bool counts_up_to(const struct move *m, const struct gate *g)
{
    bool passed =
        g->stage.outcome == DEAL_OPEN && g->stage.funnel_id == m->to.funnel_id && spot_before(&g->stage, &m->to);
    return m->to.outcome != DEAL_LOST && (passed || (g->at == GATE_ENTER && g->stage.id == m->to.id));
}

static bool counts(const struct move *m, const struct gate *g)
{
    if (g->deal_class_id && g->deal_class_id != val_i(m->will->f[DEAL_DEAL_CLASS_ID], 0))
        return false;
    if (m->was)
        return (g->what.kind == GATE_OF_FIELD || g->what.kind == GATE_OF_CHECK || g->what.kind == GATE_OF_ARTEFACT) &&
               counts_up_to(m, g);
    if (m->reclassed && g->deal_class_id && counts_up_to(m, g))
        return true;
    if (m->from.id == m->to.id)
        return false;
    if (m->to.outcome == DEAL_LOST)
        return g->at == GATE_ENTER && g->stage.id == m->to.id;
    if (move_goes_back(&m->from, &m->to))
        return false;
    if (skipped(m, &g->stage))
        return true;
    return g->stage.id == (g->at == GATE_ENTER ? m->to.id : m->from.id);
}

static struct gate read_gate(struct arena *a, struct stmt *s)
{
    struct gate g = {.what = {.id = stmt_col_i64(s, 0),
                              .kind = (enum gate_kind)stmt_col_i64(s, 1),
                              .stage_id = stmt_col_i64(s, 3),
                              .artefact = stmt_col_null(s, 6) ? 0 : (int)stmt_col_i64(s, 6),
                              .goal_id = stmt_col_null(s, 7) ? 0 : stmt_col_i64(s, 7),
                              .least = stmt_col_null(s, 8) ? 0 : stmt_col_i64(s, 8),
                              .funnel_id = stmt_col_i64(s, 10)},
                     .at = (enum gate_at)stmt_col_i64(s, 2),
                     .has_least = !stmt_col_null(s, 8),
                     .deal_class_id = stmt_col_null(s, 9) ? 0 : stmt_col_i64(s, 9),
                     .stage = {.id = stmt_col_i64(s, 3),
                               .funnel_id = stmt_col_i64(s, 10),
                               .outcome = stmt_col_i64(s, 11),
                               .position = stmt_col_i64(s, 12),
                               .wait_hours = stmt_col_null(s, 13) ? 0 : stmt_col_i64(s, 13)}};
    g.what.field = str_dup(a, stmt_col_str(s, 4));
    g.what.name = str_dup(a, stmt_col_str(s, stmt_col_null(s, 5) ? 14 : 5));
    return g;
}

/* A goal that can be reached no more is not asked for. */
static enum rc load_gates(const struct move *m, struct gates *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(m->db, &s,
                   "SELECT g.id, g.kind, g.at, g.stage_id, g.field, g.name, g.artefact, g.goal_id, g.least,"
                   " g.deal_class_id, s.funnel_id, s.outcome, s.position, s.wait_hours, o.name"
                   " FROM stage s JOIN gate g ON g.stage_id = s.id LEFT JOIN goal o ON o.id = g.goal_id"
                   " WHERE s.funnel_id IN ($1, $2) AND s.deleted_at IS NULL AND s.archived = 0"
                   " AND g.deleted_at IS NULL AND g.archived = 0"
                   " AND (g.goal_id IS NULL OR (o.deleted_at IS NULL AND o.archived = 0))"
                   " ORDER BY s.outcome, s.position, s.id, g.position, g.id",
                   e));
    stmt_i64(s, 1, m->from.funnel_id);
    stmt_i64(s, 2, m->to.funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct gate g = read_gate(m->arena, s);
        if (counts(m, &g))
            vec_push(out, g);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- is one met ---- */

struct asking { /* what several gates read is read once */
    const struct move *m;
    struct val checks, goals;
    int64_t waited; /* hours; -1: not asked yet */
};

static bool holds(struct val set, int64_t id)
{
    for (size_t i = 0; set.kind == VAL_SET && i < set.set.n; i++)
        if (set.set.ids[i] == id)
            return true;
    return false;
}

static enum rc load_set(const struct move *m, int field, struct val *out, struct err *e)
{
    VEC(int64_t) ids = {0};
    struct stmt *s;
    char sql[100];
    enum rc rc;
    *out = m->will->f[field];
    if (out->kind == VAL_SET)
        return RC_OK;
    snprintf(sql, sizeof sql, "SELECT ref_id FROM %s WHERE owner_id = $1", m->will->ent->fields[field].link);
    TRY(db_prepare(m->db, &s, sql, e));
    stmt_i64(s, 1, m->will->id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&ids, stmt_col_i64(s, 0));
    stmt_done(s);
    *out = val_set_of(m->arena, ids.ptr, ids.len);
    vec_free(&ids);
    return rc == RC_DONE ? RC_OK : rc;
}

/* As it will be; kept for the next gate. */
static enum rc holds_loaded(const struct move *m, int field, struct val *kept, int64_t id, bool *met, struct err *e)
{
    if (kept->kind != VAL_SET)
        TRY(load_set(m, field, kept, e));
    *met = holds(*kept, id);
    return RC_OK;
}

bool gate_field_find(struct str path, int *outer, const struct entity **of, int *inner)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    struct str tail, head = str_cut(path, '.', &tail);
    *of = deal;
    *inner = -1;
    *outer = entity_field(deal, head);
    if (*outer < 0)
        return false;
    const struct field *fd = &deal->fields[*outer];
    if (!tail.ptr)
        return true;
    if (fd->type != FT_REF || fd->custom)
        return false;
    *of = entity_by_id(fd->ref);
    *inner = *of ? entity_field(*of, tail) : -1;
    return *inner >= 0 && !((*of)->fields[*inner].flags & FF_SECRET);
}

static enum rc any_row(const struct move *m, const char *sql, int64_t id, bool *met, struct err *e)
{
    int64_t found;
    TRY(QUERY_I64(m->db, &found, 0, e, sql, id));
    *met = found != 0;
    return RC_OK;
}

static enum rc inner_filled(const struct move *m, const struct entity *of, const struct field *fd, int64_t id,
                            bool *met, struct err *e)
{
    char sql[240];
    if (fd->type == FT_SET)
        snprintf(sql, sizeof sql, "SELECT 1 FROM %s WHERE owner_id = $1 LIMIT 1", fd->link);
    else
        snprintf(sql, sizeof sql, "SELECT 1 FROM %s WHERE id = $1 AND deleted_at IS NULL AND %s IS NOT NULL%s%s%s",
                 of->table, fd->name, fd->type == FT_BOOL ? " AND " : "", fd->type == FT_BOOL ? fd->name : "",
                 fd->type == FT_BOOL ? " <> 0" : "");
    return any_row(m, sql, id, met, e);
}

/* Of what hangs on the deal, but for one. */
static enum rc other_row(const struct move *m, const char *sql, int64_t but, bool *met, struct err *e)
{
    int64_t found;
    TRY(QUERY_I64(m->db, &found, 0, e, sql, m->will->id, but));
    *met = found != 0;
    return RC_OK;
}

/* Filled: not empty; a yes-or-no says yes; a set has something in it. A field that is gone asks for nothing. */
static enum rc field_met(const struct move *m, struct str path, bool *met, struct err *e)
{
    const struct entity *of;
    int outer, inner;
    *met = true;
    if (!gate_field_find(path, &outer, &of, &inner))
        return RC_OK;
    struct val v = m->will->f[outer];
    const struct field *fd = &m->will->ent->fields[outer];
    if (outer == DEAL_PRODUCT_IDS) /* by the lines of the deal: their set follows them */
        return other_row(m, "SELECT 1 FROM deal_product WHERE deal_id = $1 AND id <> $2 AND deleted_at IS NULL LIMIT 1",
                         m->without_line, met, e);
    if (fd->type == FT_SET) {
        TRY(load_set(m, outer, &v, e));
        *met = v.set.n > 0;
        return RC_OK;
    }
    *met = val_has(v) && !(fd->type == FT_BOOL && !v.i);
    return *met && inner >= 0 ? inner_filled(m, of, &of->fields[inner], v.i, met, e) : RC_OK;
}

static enum rc artefact_met(const struct move *m, int artefact, bool *met, struct err *e)
{
    int64_t found;
    TRY(QUERY_I64(m->db, &found, 0, e,
                  "SELECT 1 FROM file WHERE deal_id = $1 AND artefact = $2 AND id <> $3 AND deleted_at IS NULL LIMIT 1",
                  m->will->id, artefact, m->without_file));
    *met = found != 0;
    return RC_OK;
}

/* Working hours of whose deal it is, begun ones counted whole, that the client has waited for an answer; 0: nobody
 * waits. */
static enum rc hours_waited(const struct move *m, int64_t *out, struct err *e)
{
    struct val since = m->will->f[DEAL_WAITING_SINCE];
    struct calendar c;
    *out = 0;
    if (!val_has(since) || since.i >= m->at)
        return RC_OK;
    TRY(calendar_of_user(m->db, m->arena, val_i(m->will->f[DEAL_OWNER_ID], 0), &c, e));
    *out = (calendar_between(&c, since.i, m->at) + MS_HOUR - 1) / MS_HOUR;
    return RC_OK;
}

static enum rc waiting_met(struct asking *q, struct gate *g, bool *met, struct err *e)
{
    if (!g->has_least)
        g->what.least = g->stage.wait_hours;
    if (!g->has_least && !g->stage.wait_hours)
        return RC_OK;
    if (q->waited < 0)
        TRY(hours_waited(q->m, &q->waited, e));
    g->what.have = q->waited;
    *met = q->waited <= g->what.least;
    return RC_OK;
}

static enum rc gate_met(struct asking *q, struct gate *g, bool *met, struct err *e)
{
    const struct move *m = q->m;
    *met = true;
    switch (g->what.kind) {
    case GATE_OF_FIELD:
        return field_met(m, g->what.field, met, e);
    case GATE_OF_CHECK:
        return holds_loaded(m, DEAL_CHECK_IDS, &q->checks, g->what.id, met, e);
    case GATE_OF_ARTEFACT:
        return artefact_met(m, g->what.artefact, met, e);
    case GATE_OF_GOAL:
        return holds_loaded(m, DEAL_GOAL_IDS, &q->goals, g->what.goal_id, met, e);
    case GATE_OF_COVERAGE:
        g->what.have = val_i(m->will->f[DEAL_COVERAGE], 0);
        *met = g->what.have >= g->what.least;
        return RC_OK;
    case GATE_OF_WAITING:
        return waiting_met(q, g, met, e);
    }
    return RC_OK;
}

/* Was it met before what is about to be written? (The database still says how its sets are.) */
static enum rc was_met(const struct move *m, struct gate *g, bool *met, struct err *e)
{
    struct move before = *m;
    struct asking q = {.m = &before, .waited = -1};
    before.will = m->was;
    before.without_file = before.without_line = 0;
    return gate_met(&q, g, met, e);
}

enum rc gates_missing(const struct move *m, struct gates_missing *out, struct err *e)
{
    struct asking q = {.m = m, .waited = -1};
    struct gates all = {0};
    enum rc rc = RC_OK;
    *out = (struct gates_missing){0};
    if (m->to.gates || (m->from.gates && m->from.funnel_id != m->to.funnel_id))
        rc = load_gates(m, &all, e);
    if (rc == RC_OK && all.len)
        out->ptr = ARENA_ARRAY(m->arena, struct gate_missing, all.len);
    for (size_t i = 0; i < all.len && rc == RC_OK; i++) {
        bool met, counted = true;
        rc = gate_met(&q, &all.ptr[i], &met, e);
        if (rc == RC_OK && !met && m->was)
            rc = was_met(m, &all.ptr[i], &counted, e);
        if (rc == RC_OK && !met && counted)
            out->ptr[out->n++] = all.ptr[i].what;
    }
    vec_free(&all);
    return rc;
}
