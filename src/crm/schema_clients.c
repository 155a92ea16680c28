/* What deals know of their way, their products and their buying centre, for databases of before, too. */
#include "base/map.h"
#include "crm/clients.h"
#include "crm/engine.h"
#include "crm/schema_steps.h"

const char clients_sql[] =
    "ALTER TABLE deal ADD COLUMN late_answer BIGINT NOT NULL DEFAULT 0;"
    /* When the coverage of a deal changes by itself: a member has not been spoken to for too long. */
    "ALTER TABLE deal ADD COLUMN coverage_until BIGINT;"
    "CREATE INDEX deal_coverage_until ON deal (coverage_until) WHERE coverage_until IS NOT NULL;"
    /* Events of the journal that were steps back and have not been taken back; won: out of a won stage. */
    "CREATE TABLE deal_return (deal_id BIGINT NOT NULL, seq BIGINT NOT NULL, won BIGINT NOT NULL,"
    " PRIMARY KEY (deal_id, seq));"
    "CREATE INDEX deal_return_won ON deal_return (deal_id) WHERE won = 1;"
    "CREATE INDEX deal_unprofitable ON deal (created_at, id) WHERE unprofitable = 1 AND deleted_at IS NULL;"
    "CREATE INDEX deal_returned ON deal (created_at, id) WHERE returns > 0 AND deleted_at IS NULL;"
    "CREATE INDEX deal_overridden ON deal (created_at, id) WHERE overrides > 0 AND deleted_at IS NULL;"
    "CREATE INDEX deal_answered_late ON deal (created_at, id) WHERE late_answer = 1 AND deleted_at IS NULL;"
    "CREATE INDEX deal_response ON deal (first_response_due_at) WHERE first_response_due_at IS NOT NULL;"
    "CREATE INDEX task_early ON task (created_at) WHERE early = 1;"
    "CREATE INDEX deal_competitor ON deal (competitor_id) WHERE competitor_id IS NOT NULL;"
    "CREATE INDEX contact_development ON contact (development_id) WHERE development_id IS NOT NULL;"
    "CREATE INDEX company_development ON company (development_id) WHERE development_id IS NOT NULL;"
    "CREATE UNIQUE INDEX review_once ON review (team_id, week_on) WHERE deleted_at IS NULL;"
    "CREATE INDEX review_item_deal ON review_item (deal_id);"
    /* Deals of before: what they sell, and whether they pay. */
    "INSERT INTO deal_sells (owner_id, ref_id) SELECT DISTINCT deal_id, product_id FROM deal_product"
    " WHERE deleted_at IS NULL;"
    "UPDATE deal SET unprofitable = 1 WHERE cost_minor > 0 AND (value_minor IS NULL OR cost_minor > value_minor);";

struct filling {
    struct db *db;
    struct arena arena;
    struct intmap *place, *outcome, *funnel; /* of stages; place: in the order of a funnel */
    struct deal_path path;
    int64_t deal;
};

/* The order of a funnel's stages. */
static enum rc load_stages(struct filling *f, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    int64_t place = 0;
    TRY(db_prepare(f->db, &s, "SELECT id, funnel_id, outcome FROM stage ORDER BY position, id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        intmap_put(f->place, stmt_col_i64(s, 0), place++);
        intmap_put(f->funnel, stmt_col_i64(s, 0), stmt_col_i64(s, 1));
        intmap_put(f->outcome, stmt_col_i64(s, 0), stmt_col_i64(s, 2));
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static bool is_back(const struct filling *f, int64_t from, int64_t to)
{
    int64_t a, b, fa, fb, was, is;
    return intmap_get(f->place, from, &a) && intmap_get(f->place, to, &b) && intmap_get(f->funnel, from, &fa) &&
           intmap_get(f->funnel, to, &fb) && intmap_get(f->outcome, from, &was) && intmap_get(f->outcome, to, &is) &&
           fa == fb && is == DEAL_OPEN && (was == DEAL_WON || (was == DEAL_OPEN && b < a));
}

static bool is_won(const struct filling *f, int64_t stage)
{
    int64_t outcome;
    return intmap_get(f->outcome, stage, &outcome) && outcome == DEAL_WON;
}

static enum rc link(struct filling *f, int64_t stage, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(f->db, &s, "INSERT INTO deal_passed (owner_id, ref_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", e));
    stmt_i64(s, 1, f->deal);
    stmt_i64(s, 2, stage);
    return stmt_run(s, e);
}

static enum rc write_returns(struct filling *f, int64_t n, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(f->db, &s, "UPDATE deal SET returns = $1 WHERE id = $2", e));
    stmt_i64(s, 1, n);
    stmt_i64(s, 2, f->deal);
    return stmt_run(s, e);
}

static enum rc write_deal(struct filling *f, struct err *e)
{
    int64_t present, returns = 0, at = 0;
    if (!f->path.len)
        return RC_OK;
    TRY(QUERY_I64(f->db, &present, 0, e, "SELECT stage_id FROM deal WHERE id = $1", f->deal));
    arena_reset(&f->arena);
    struct val stages = deal_path_stages(&f->path, &f->arena, present);
    for (size_t i = 0; i < stages.set.n && present; i++)
        TRY(link(f, stages.set.ids[i], e));
    for (size_t i = 0; i < f->path.len && present; i++) {
        const struct deal_step *step = &f->path.ptr[i];
        if (step->undoes || !deal_step_stands(&f->path, i))
            continue;
        if (step->moved && is_back(f, at, step->stage_id)) {
            TRY(deal_return_add(f->db, f->deal, step->seq, is_won(f, at), e));
            returns++;
        }
        if (step->moved || !at)
            at = step->stage_id;
    }
    return returns ? write_returns(f, returns, e) : RC_OK;
}

enum { PAGE = 2000 };

/* The events of one page are read before anything is written: one statement at a time. */
static enum rc fill_page(struct filling *f, struct arena *a, int64_t *object, int64_t *seq, size_t *n, struct err *e)
{
    struct event *page = ARENA_ARRAY(a, struct event, PAGE);
    struct stmt *s;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(f->db, &s,
                   "SELECT object_id, seq, undoes, verb, data FROM journal WHERE object_kind = 3"
                   " AND (object_id, seq) > ($1, $2) AND verb IN (1, 5, 6) ORDER BY object_id, seq LIMIT 2000",
                   e));
    stmt_i64(s, 1, *object);
    stmt_i64(s, 2, *seq);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        page[(*n)++] = (struct event){.object_id = stmt_col_i64(s, 0),
                                      .seq = stmt_col_i64(s, 1),
                                      .undoes = stmt_col_i64(s, 2),
                                      .verb = (int)stmt_col_i64(s, 3),
                                      .data = str_dup(a, stmt_col_str(s, 4))};
    stmt_done(s);
    if (rc != RC_DONE)
        return rc;
    for (size_t i = 0; i < *n; i++) {
        if (page[i].object_id != f->deal) {
            TRY(write_deal(f, e));
            f->deal = page[i].object_id;
            f->path.len = 0;
            f->path.undone = false;
        }
        deal_path_add(&f->path, &page[i]);
        *object = page[i].object_id;
        *seq = page[i].seq;
    }
    return RC_OK;
}

enum rc clients_backfill(struct db *db, struct err *e)
{
    struct filling f = {.db = db, .place = intmap_new(), .outcome = intmap_new(), .funnel = intmap_new()};
    struct arena a = ARENA_EMPTY;
    int64_t object = 0, seq = 0;
    size_t n = PAGE;
    enum rc rc = load_stages(&f, e);
    while (rc == RC_OK && n == PAGE) {
        arena_reset(&a);
        rc = fill_page(&f, &a, &object, &seq, &n, e);
    }
    if (rc == RC_OK)
        rc = write_deal(&f, e);
    vec_free(&f.path);
    arena_free(&f.arena);
    arena_free(&a);
    intmap_free(f.place);
    intmap_free(f.outcome);
    intmap_free(f.funnel);
    return rc;
}
