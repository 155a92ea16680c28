/* The facts of the company in memory, fed by the journal: what reports scan instead of SQL. Struct of arrays: a noun is
 * a table of rows, each held field a column, every change of a field after its creation a line; the ways of deals
 * through their stages are visits, which lie in one piece for each deal. Names are not here; a report reads them from
 * the database when it prints.
 *
 *     struct projection_view v = projection_lock(p);
 *     const struct facts *deals = &v.facts[FACT_DEAL];
 *     const struct fact_column *owner = fact_column(deals, DEAL_OWNER_ID);
 *     for (size_t i = 0; i < deals->n; i++)
 *         if (fact_alive(deals, i, as_of))
 *             count[fact_id(owner, i)]++;
 *     projection_unlock(p);
 */
#pragma once
#include "base/vec.h"
#include "crm/entity.h"

/* The nouns that are held. Which fields of them are left out: projection_nouns.c; derived fields are not in the journal
 * and so not here, but for the products of a deal. */
enum fact {
    FACT_DEAL,
    FACT_TASK,
    FACT_CONTACT,
    FACT_COMPANY,
    FACT_DEAL_PRODUCT,
    FACT_BUYER,
    FACT_COMPETITOR_OFFER,
    FACT_NOTE,
    FACT_TOUCH,
    FACT_AD_COST,
    FACTS
};
enum fact fact_of_entity(enum entity_id noun); /* FACTS: not held */

#define FACT_NULL INT64_MIN
#define FACT_NO_ROW UINT32_MAX
#define FACT_NEVER INT64_MAX

enum fact_kind {
    FC_NONE, /* nothing held: the field is left out, or no row has had a value yet */
    FC_I8,   /* booleans, enums */
    FC_I32,  /* ids of records, dates (days), small numbers */
    FC_I64,  /* times (ms), money (minor units), large numbers; reals: see fact_real */
    FC_TEXT, /* index into texts */
    FC_SET,  /* index into sets; 0: the empty one */
};
/* A set of ids, ascending. */
struct fact_set {
    const int64_t *ids;
    uint32_t n;
};
/* A field changed after its record was made. Lines of a column stand in the order of the journal: `at` may go back
 * where history was imported. */
struct fact_change {
    int64_t at;
    int64_t old; /* as fact_get told it before; what it became: fact_changes_to */
    uint32_t row;
    uint32_t actor : 31;    /* user id, 0: the system */
    uint32_t automatic : 1; /* a trigger or process did it */
};
struct fact_column {
    enum fact_kind kind;
    bool held;    /* false: the field is left out, or was given up because it has too many different values */
    int64_t none; /* the value of rows that the journal tells nothing of: FACT_NULL, or the field's default */
    union {       /* one value a row; nothing is INT8_MIN, INT32_MIN, INT64_MIN */
        const int8_t *i8;
        const int32_t *i32; /* FC_I32, FC_TEXT, FC_SET */
        const int64_t *i64;
    };
    const struct str *texts; /* FC_TEXT */
    const struct fact_set *sets;
    uint32_t n_texts, n_sets;
    const struct fact_change *changes;
    size_t n_changes;
    const int64_t *latest; /* the latest `at` of each CHANGE_BLOCK changes: what is older needs no look */
};
enum { CHANGE_BLOCK = 1024 };
/* A time during which a record was deleted and after which it was restored. */
struct fact_gone {
    uint32_t row;
    int64_t from, to;
};
struct facts {
    size_t n;                  /* rows, in the order in which the journal made them */
    const int64_t *ids;        /* of the records */
    const int64_t *created_at; /* ms */
    const uint32_t *author;    /* who made it: user id, 0: the system */
    const int64_t *deleted_at; /* FACT_NEVER: it is not; NULL: none is */
    const uint64_t *gone_rows; /* bit row % 64 of word row / 64: it is in gone; NULL: none is */
    const struct fact_gone *gone;
    size_t n_gone;
    const uint32_t *row_of_id; /* row + 1, 0: none; of ids below n_ids: use fact_row */
    size_t n_ids;
    const struct fact_column *columns; /* by index of the entity's field, custom ones too: use fact_column */
    size_t n_columns;
};

/* The visits of one deal, in order of (at, order of arrival): imports may bring earlier times later. A visit whose move
 * was undone is not among them. */
struct visits {
    const uint64_t *packed;
    const uint32_t *actor; /* user id, 0: the system */
    size_t n;
};
static inline int64_t visit_at(uint64_t packed)
{
    return (int64_t)packed >> 16;
}
/* Index into stage_ids; may be n_stages or more when there are too many stages to count. */
static inline uint32_t visit_stage(uint64_t packed)
{
    return (uint32_t)(packed & 0x7fff);
}
/* Seen in imported history after the deal was closed: the deal itself did not move. */
static inline bool visit_passed(uint64_t packed)
{
    return (packed & 0x8000) != 0;
}
struct visit_span {
    uint32_t off, len, cap; /* of the arrays of all visits */
};

/* How many events of the journal a person has made in an hour. */
struct activity {
    int64_t hour;    /* at / 3600000, rounded down */
    int32_t user;    /* 0: the system */
    uint16_t object; /* enum entity_id */
    uint8_t verb;    /* enum verb */
    bool automatic;  /* by a trigger or process */
    uint8_t via;     /* enum via */
    uint32_t count;
};

/* A deal has reached a goal; also one that it had reached before. */
struct goal_reach {
    uint32_t deal; /* row of deals */
    int32_t goal;
    int64_t at;
};

enum deal_flag { DEAL_TRANSFERRED = 1 /* has been in more than one funnel */ };

struct projection;
/* What a reader sees while it holds the lock. */
struct projection_view {
    struct facts facts[FACTS];
    const uint64_t *visit_packed;
    const uint32_t *visit_actor;
    const struct visit_span *visit_spans; /* by row of deals */
    const uint8_t *deal_flags;            /* by row of deals: enum deal_flag */
    const int64_t *stage_ids;             /* of visit_stage */
    size_t n_stages;
    const struct activity *activity; /* in order of hour */
    size_t n_activity;
    const struct goal_reach *reaches; /* in order of the journal */
    size_t n_reaches;
    int64_t seq;       /* the last event taken in */
    size_t unreadable; /* events whose data could not be read (a defect: counted, said in reports) */
    struct projection *of;
};

/* In a server: a thread of its own reads the journal from the beginning and then follows it. */
MUST_USE enum rc projection_start(struct projection **out, const struct db_target *target, struct err *e);
void projection_wake(struct projection *p); /* after a local commit; any thread */
/* Waits until everything up to seq is in, at most timeout_ms; false when it is not. */
bool projection_wait(struct projection *p, int64_t seq, int64_t timeout_ms);
/* For the CLI and tests: reads the whole journal now, on the caller's connection. */
MUST_USE enum rc projection_build(struct projection **out, struct db *db, struct err *e);
/* The same on connections of its own, with two threads. */
MUST_USE enum rc projection_read(struct projection **out, const struct db_target *target, struct err *e);
/* An empty one, to be fed by hand; projection_events has the shape of feed_listener.events. */
struct projection *projection_new(void);
void projection_events(void *projection, const struct event *ev, size_t n);
void projection_free(struct projection *p);    /* stops its thread; NULL is fine */
size_t projection_bytes(struct projection *p); /* of memory that its tables take */

/* Calls part for ranges of 0..n, in no particular order, in the caller's thread (worker 0) and in one that helps
 * (worker 1): add up what each worker has found. part is not called inside of part. Small scans, and those made while
 * the helper is busy with another, are done by the caller alone. */
enum { SCAN_WORKERS = 2 };
void projection_scan(const struct projection_view *v, size_t n,
                     void (*part)(void *arg, int worker, size_t from, size_t to), void *arg);

/* Many readers at once; writing waits for them, so keep it to one report. */
struct projection_view projection_lock(struct projection *p);
void projection_unlock(struct projection *p);

extern const struct fact_column fact_no_column;
/* The column of a field (its index in the entity); an empty one when it is not held. */
static inline const struct fact_column *fact_column(const struct facts *f, int field)
{
    return field >= 0 && (size_t)field < f->n_columns ? &f->columns[field] : &fact_no_column;
}
/* Number, id, enum, 0/1, date, time, money; index of a text or a set; FACT_NULL. */
static inline int64_t fact_get(const struct fact_column *c, size_t row)
{
    switch (c->kind) {
    case FC_I8:
        return c->i8[row] == INT8_MIN ? FACT_NULL : c->i8[row];
    case FC_I32:
    case FC_TEXT:
    case FC_SET:
        return c->i32[row] == INT32_MIN ? FACT_NULL : c->i32[row];
    case FC_I64:
        return c->i64[row];
    case FC_NONE:
        break;
    }
    return c->none;
}
/* The same for what is an id or a yes: 0 when there is none. */
static inline int64_t fact_id(const struct fact_column *c, size_t row)
{
    int64_t v = fact_get(c, row);
    return v == FACT_NULL ? 0 : v;
}
/* What fact_get tells of a field of reals; NAN for FACT_NULL. */
double fact_real(int64_t value);
/* What fact_get tells of a text or a set; nothing for FACT_NULL. */
static inline struct str fact_text(const struct fact_column *c, int64_t value)
{
    return value >= 0 && value < c->n_texts ? c->texts[value] : STR_NULL;
}
static inline struct fact_set fact_set(const struct fact_column *c, int64_t value)
{
    return value >= 0 && value < c->n_sets ? c->sets[value] : (struct fact_set){NULL, 0};
}
static inline uint32_t fact_row(const struct facts *f, int64_t id)
{
    return id > 0 && (uint64_t)id < f->n_ids ? f->row_of_id[id] - 1 : FACT_NO_ROW;
}
bool fact_was_gone(const struct facts *f, size_t row, int64_t at); /* deleted then, restored later */
/* Deleted then, whatever became of it later. */
static inline bool fact_gone_at(const struct facts *f, size_t row, int64_t at)
{
    return (f->deleted_at != NULL && f->deleted_at[row] <= at) ||
           (f->gone_rows != NULL && (f->gone_rows[row / 64] >> (row % 64) & 1) && fact_was_gone(f, row, at));
}
/* Made by then and not deleted then. */
static inline bool fact_alive(const struct facts *f, size_t row, int64_t at)
{
    return f->created_at[row] <= at && !fact_gone_at(f, row, at);
}
static inline bool fact_deleted(const struct facts *f, size_t row)
{
    return f->deleted_at != NULL && f->deleted_at[row] != FACT_NEVER;
}

static inline struct visits visits_of(const struct projection_view *v, size_t deal_row)
{
    struct visit_span s = v->visit_spans[deal_row];
    return (struct visits){v->visit_packed + s.off, v->visit_actor + s.off, s.len};
}

/* A column as it was at the end of `at`: what happened later is taken back, in a copy in the arena (or it is the column
 * itself when nothing did). Rows made later keep the value they were made with: ask fact_alive. Costs one copy of the
 * column and a look at each of its changes. The changes of the copy are those of the column. */
struct fact_column fact_as_of(const struct projection_view *v, enum fact fact, int field, int64_t at,
                              struct arena *arena);
/* What each change of a column made of the value, by index of changes. */
const int64_t *fact_changes_to(const struct facts *f, const struct fact_column *c, struct arena *arena);
