/* Deals and their events from an event log: grouped by case, ordered by time, written in large transactions. The rows
 * and the journal's JSON are those that change_create and a move would write, without loading each deal again for each
 * event. */
#include "base/map.h"
#include "crm/bulk.h"
#include "crm/clients.h"
#include "crm/import_impl.h"
#include "crm/task_flow.h"

/* A transaction holds the write lock; with these it stays well under a second. */
#define CHUNK_DEALS 4096
#define CHUNK_EVENTS 40000

struct order {
    uint32_t *event; /* indices into the log, case by case, in order of time and then of line */
    uint32_t *first; /* by case: where its events begin; one more at the end */
};

static int by_time(const void *a, const void *b, void *log)
{
    const int64_t *at = ((const struct event_log *)log)->at.ptr;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (at[x] != at[y])
        return at[x] < at[y] ? -1 : 1;
    return x < y ? -1 : x > y; /* order of the file */
}

static bool in_order(const struct event_log *log, const uint32_t *event, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (log->at.ptr[event[i - 1]] > log->at.ptr[event[i]])
            return false;
    return true;
}

static void order_make(struct order *o, const struct event_log *log)
{
    size_t cases = log->cases.len, n = log->at.len;
    o->first = vec_grow_(NULL, &(size_t){0}, cases + 2, sizeof *o->first);
    o->event = vec_grow_(NULL, &(size_t){0}, n + 1, sizeof *o->event);
    memset(o->first, 0, (cases + 2) * sizeof *o->first);
    for (size_t i = 0; i < n; i++)
        o->first[log->deal.ptr[i] + 2]++;
    for (size_t c = 2; c < cases + 2; c++)
        o->first[c] += o->first[c - 1];
    for (size_t i = 0; i < n; i++)
        o->event[o->first[log->deal.ptr[i] + 1]++] = (uint32_t)i;
    for (size_t c = 0; c < cases; c++) {
        uint32_t *e = o->event + o->first[c];
        size_t len = o->first[c + 1] - o->first[c];
        if (!in_order(log, e, len))
            qsort_r(e, len, sizeof *e, by_time, (void *)log);
    }
}

/* ---- a deal walks through its events ---- */

struct walk {
    const struct event_log *log;
    const struct import_target *t;
    const int64_t *place; /* by stage of the log: in the order of the funnel */
    bool reopen;
    /* the deal after the last event */
    uint16_t stage;
    enum deal_status status;
    int64_t value, owner, closed_at, entered_at, updated_at, version, passed, returns;
};

static int64_t amount_at(const struct event_log *log, uint32_t i)
{
    return log->amount.len ? log->amount.ptr[i] : EVENT_NO_AMOUNT;
}

static int64_t user_at(const struct walk *w, uint32_t i)
{
    return w->t->user_id[w->log->user.len ? w->log->user.ptr[i] : 0];
}

static void walk_begin(struct walk *w, uint32_t i)
{
    int64_t at = w->log->at.ptr[i];
    w->stage = w->log->stage.ptr[i];
    w->status = w->t->outcome[w->stage];
    w->value = amount_at(w->log, i);
    w->owner = user_at(w, i);
    w->closed_at = w->status == DEAL_OPEN ? 0 : at;
    w->entered_at = w->updated_at = at;
    w->version = 1;
    w->passed = w->returns = 0;
}

/* As move_goes_back has it. */
static bool goes_back(const struct walk *w, uint16_t from, uint16_t to)
{
    const uint8_t *outcome = w->t->outcome;
    return outcome[to] == DEAL_OPEN &&
           (outcome[from] == DEAL_WON || (outcome[from] == DEAL_OPEN && w->place[to] < w->place[from]));
}

/* True when the deal moves, false when the event only stands in its history. */
static bool walk_on(struct walk *w, uint32_t i)
{
    if (w->status != DEAL_OPEN && !w->reopen) {
        w->passed++;
        return false;
    }
    int64_t at = w->log->at.ptr[i], amount = amount_at(w->log, i);
    enum deal_status was = w->status;
    w->returns += goes_back(w, w->stage, w->log->stage.ptr[i]);
    w->stage = w->log->stage.ptr[i];
    w->status = w->t->outcome[w->stage];
    if (w->status != was)
        w->closed_at = w->status == DEAL_OPEN ? 0 : at;
    if (amount != EVENT_NO_AMOUNT)
        w->value = amount;
    if (!w->owner)
        w->owner = user_at(w, i);
    w->entered_at = w->updated_at = at;
    w->version++;
    return true;
}

/* ---- the journal's JSON, as journal_data writes it: fields in order of the table ---- */

static void put_filled(struct buf *b, const char *name, int64_t v, bool has)
{
    if (!has)
        return;
    buf_c(b, name);
    buf_i64(b, v);
    buf_char(b, ']');
}

static void put_created(struct buf *b, const struct walk *w, struct str title, int64_t company, double rank)
{
    struct jw j = jw_to(b);
    buf_c(b, "{\"title\":[null,");
    jw_str(&j, title);
    buf_c(b, "],\"funnel_id\":[null,");
    buf_i64(b, w->t->funnel_id);
    buf_c(b, "],\"stage_id\":[null,");
    buf_i64(b, w->t->stage_id[w->stage]);
    buf_c(b, "],\"status\":[null,\"");
    buf_c(b, deal_status_names[w->status]);
    buf_c(b, "\"]");
    put_filled(b, ",\"value_minor\":[null,", w->value, w->value != EVENT_NO_AMOUNT);
    buf_c(b, ",\"currency\":[null,\"");
    buf_str(b, w->t->currency);
    buf_c(b, "\"]");
    put_filled(b, ",\"owner_id\":[null,", w->owner, w->owner != 0);
    put_filled(b, ",\"company_id\":[null,", company, company != 0);
    buf_c(b, ",\"rank\":[null,");
    j.comma = false;
    jw_f64(&j, rank);
    buf_char(b, ']');
    put_filled(b, ",\"closed_at\":[null,", w->closed_at, w->status != DEAL_OPEN);
    buf_c(b, ",\"overrides\":[null,0]}");
}

static void put_maybe(struct buf *b, int64_t v, bool none)
{
    if (none)
        buf_add(b, "null", 4);
    else
        buf_i64(b, v);
}

static void put_pair(struct buf *b, const char *name, int64_t old, bool no_old, int64_t new, bool no_new)
{
    buf_c(b, name);
    put_maybe(b, old, no_old);
    buf_char(b, ',');
    put_maybe(b, new, no_new);
    buf_char(b, ']');
}

static void put_stage(struct buf *b, const struct import_target *t, uint16_t from, uint16_t to)
{
    put_pair(b, "{\"stage_id\":[", t->stage_id[from], false, t->stage_id[to], false);
}

static void put_moved(struct buf *b, const struct walk *was, const struct walk *is)
{
    put_stage(b, is->t, was->stage, is->stage);
    if (was->status != is->status)
        buf_fmt(b, ",\"status\":[\"%s\",\"%s\"]", deal_status_names[was->status], deal_status_names[is->status]);
    if (was->value != is->value)
        put_pair(b, ",\"value_minor\":[", was->value, was->value == EVENT_NO_AMOUNT, is->value, false);
    if (was->owner != is->owner)
        put_pair(b, ",\"owner_id\":[", was->owner, was->owner == 0, is->owner, false);
    if (was->closed_at != is->closed_at || (was->status == DEAL_OPEN) != (is->status == DEAL_OPEN))
        put_pair(b, ",\"closed_at\":[", was->closed_at, was->status == DEAL_OPEN, is->closed_at,
                 is->status == DEAL_OPEN);
    buf_char(b, '}');
}

/* ---- a chunk ---- */

struct chunk {
    struct job job;
    const struct event_log *log;
    const struct import_target *t;
    const struct order *order;
    bool reopen;
    bool wants_tasks;  /* the funnel has a rule that no open deal is without one */
    uint32_t from, to; /* cases */
    struct record *deal;
    struct buf data;
    int64_t seq;                              /* of the last event */
    int64_t *place;                           /* of walk; of this job */
    VEC(int64_t) been;                        /* the stages that the case was on */
    int64_t deals, events, passed, closed[3]; /* what it wrote */
};

static struct val maybe(int64_t v, bool none)
{
    return none ? val_null() : val_int(v);
}

static int64_t company_of(const struct import_target *t, uint32_t deal)
{
    return t->company_id ? t->company_id[deal] : 0;
}

static enum rc write_row(struct chunk *c, struct wtx *tx, const struct walk *w, uint32_t deal, int64_t created_at,
                         struct err *e)
{
    int64_t company = company_of(c->t, deal);
    struct record *r = c->deal;
    struct val *f = r->f;
    for (size_t i = 0; i < r->ent->n_fields; i++)
        f[i] = val_null();
    r->version = w->version;
    r->created_at = created_at;
    r->updated_at = w->updated_at;
    f[DEAL_TITLE] = val_str(c->log->cases.ptr[deal]);
    f[DEAL_FUNNEL_ID] = val_int(w->t->funnel_id);
    f[DEAL_STAGE_ID] = val_int(w->t->stage_id[w->stage]);
    f[DEAL_STATUS] = val_int(w->status);
    f[DEAL_VALUE_MINOR] = maybe(w->value, w->value == EVENT_NO_AMOUNT);
    f[DEAL_CURRENCY] = val_str(w->t->currency);
    f[DEAL_OWNER_ID] = maybe(w->owner, w->owner == 0);
    f[DEAL_COMPANY_ID] = maybe(company, company == 0);
    f[DEAL_RANK] = (struct val){.kind = VAL_REAL, .f = import_rank(created_at)};
    f[DEAL_CLOSED_AT] = maybe(w->closed_at, w->status == DEAL_OPEN);
    f[DEAL_STAGE_ENTERED_AT] = val_int(w->entered_at);
    f[DEAL_OPEN_TASKS] = val_int(0);
    f[DEAL_OVERRIDES] = f[DEAL_UNPROFITABLE] = f[DEAL_LATE_ANSWER] = val_int(0);
    f[DEAL_STAGE_IDS] = val_set_of(tx->arena, c->been.ptr, c->been.len);
    f[DEAL_RETURNS] = val_int(w->returns);
    return bulk_insert(tx, r, e);
}

static enum rc append(struct chunk *c, struct wtx *tx, const struct walk *w, uint32_t i, enum verb verb, struct err *e)
{
    struct event ev = {.at = c->log->at.ptr[i],
                       .actor_id = user_at(w, i),
                       .object_id = c->deal->id,
                       .object_kind = ENT_DEAL,
                       .verb = verb,
                       .via = VIA_IMPORT,
                       .data = buf_view(&c->data)};
    c->events++;
    enum rc rc = journal_append(tx, &ev, e);
    c->seq = ev.seq;
    return rc;
}

/* One piece at the list's price: the list of opportunities says only which product it was. */
static enum rc add_product(struct chunk *c, struct wtx *tx, int64_t actor, uint32_t deal, int64_t at, struct err *e)
{
    struct change ch = change_begin(tx, import_actor(actor));
    int64_t id;
    ch.at = at;
    return change_create_json(
        &ch, ENT_DEAL_PRODUCT,
        json_pack("{s:I,s:I}", "deal_id", (json_int_t)c->deal->id, "product_id", (json_int_t)c->t->product_id[deal]),
        &id, e);
}

/* Its funnel may want that no open deal is without a task. */
static enum rc add_task(struct wtx *tx, int64_t deal_id, struct err *e)
{
    struct change ch = change_begin(tx, import_actor(0));
    TRY(task_rule_touch(&ch, deal_id, false, e));
    return change_end(&ch, e);
}

static enum rc write_case(struct chunk *c, struct wtx *tx, uint32_t deal, struct err *e)
{
    const uint32_t *event = c->order->event + c->order->first[deal];
    size_t n = c->order->first[deal + 1] - c->order->first[deal];
    struct walk w = {.log = c->log, .t = c->t, .place = c->place, .reopen = c->reopen};
    walk_begin(&w, event[0]);
    struct walk now = w;
    c->been.len = 0;
    for (size_t i = 0; i < n; i++)
        vec_push(&c->been, c->t->stage_id[c->log->stage.ptr[event[i]]]);
    for (size_t i = 1; i < n; i++)
        walk_on(&w, event[i]);
    int64_t created_at = c->log->at.ptr[event[0]];
    TRY(write_row(c, tx, &w, deal, created_at, e));
    c->deals++;
    c->closed[w.status]++;
    c->passed += w.passed;
    buf_clear(&c->data);
    put_created(&c->data, &now, c->log->cases.ptr[deal], company_of(c->t, deal), import_rank(created_at));
    TRY(append(c, tx, &now, event[0], VERB_CREATED, e));
    if (c->t->product_id && c->t->product_id[deal])
        TRY(add_product(c, tx, now.owner, deal, created_at, e));
    for (size_t i = 1; i < n; i++) {
        struct walk before = now;
        bool moved = walk_on(&now, event[i]);
        buf_clear(&c->data);
        if (moved) {
            put_moved(&c->data, &before, &now);
        } else {
            put_stage(&c->data, c->t, now.stage, c->log->stage.ptr[event[i]]);
            buf_char(&c->data, '}');
        }
        TRY(append(c, tx, &now, event[i], moved ? VERB_MOVED : VERB_PASSED, e));
        if (now.returns > before.returns)
            TRY(deal_return_add(tx->db, c->deal->id, c->seq, before.status == DEAL_WON, e));
    }
    return w.status == DEAL_OPEN && c->wants_tasks ? add_task(tx, c->deal->id, e) : RC_OK;
}

/* Places in the order of the funnel, by stage of the log. */
static enum rc load_places(struct chunk *c, struct wtx *tx, struct err *e)
{
    struct intmap *by_id = intmap_new();
    struct stmt *s = NULL;
    int64_t n = 0;
    enum rc rc;
    c->place = ARENA_ARRAY(tx->arena, int64_t, c->log->stages.len + 1);
    TRY_OUT(db_prepare(tx->db, &s, "SELECT id FROM stage WHERE funnel_id = $1 ORDER BY position, id", e));
    stmt_i64(s, 1, c->t->funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        intmap_put(by_id, stmt_col_i64(s, 0), ++n);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < c->log->stages.len; i++)
        if (!intmap_get(by_id, c->t->stage_id[i], &c->place[i]))
            c->place[i] = 0;
out:
    stmt_done(s);
    intmap_free(by_id);
    return rc;
}

static enum rc chunk_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct chunk *c = (struct chunk *)job;
    c->deal = record_new(tx->arena, entity_by_id(ENT_DEAL));
    c->deals = c->events = c->passed = 0;
    memset(c->closed, 0, sizeof c->closed);
    TRY(load_places(c, tx, e));
    int64_t rule;
    TRY(QUERY_I64(tx->db, &rule, 0, e, "SELECT task_rule FROM funnel WHERE id = $1", c->t->funnel_id));
    c->wants_tasks = rule >= TASK_RULE_CREATE;
    for (uint32_t d = c->from; d < c->to; d++)
        if (!c->t->exists || !c->t->exists[d])
            TRY(write_case(c, tx, d, e));
    return RC_OK;
}

static uint32_t chunk_end(const struct order *o, uint32_t from, uint32_t cases)
{
    uint32_t to = from + 1;
    while (to < cases && to - from < CHUNK_DEALS && o->first[to + 1] - o->first[from] <= CHUNK_EVENTS)
        to++;
    return to;
}

enum rc import_deals(struct writer *w, const struct event_log *log, const struct import_target *t,
                     const struct import_events_options *opt, struct import_summary *out, struct err *e)
{
    struct order order;
    uint32_t cases = (uint32_t)log->cases.len;
    struct chunk c = {.job = {.apply = chunk_apply}, .log = log, .t = t, .order = &order, .reopen = opt->reopen};
    enum rc rc = RC_OK;
    order_make(&order, log);
    for (uint32_t from = 0; from < cases && rc == RC_OK; from = c.to) {
        c.from = from;
        c.to = chunk_end(&order, from, cases);
        rc = writer_run(w, &c.job, e);
        if (rc != RC_OK)
            break;
        out->deals += c.deals;
        out->events += c.events;
        out->passed += c.passed;
        out->open += c.closed[DEAL_OPEN];
        out->won += c.closed[DEAL_WON];
        out->lost += c.closed[DEAL_LOST];
        if (opt->progress)
            opt->progress(opt->arg, "deals", c.to, cases);
    }
    buf_free(&c.data);
    vec_free(&c.been);
    free(order.event);
    free(order.first);
    return rc;
}
