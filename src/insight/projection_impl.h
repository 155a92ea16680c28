/* The inside of the projection: projection.c follows the journal, projection_decode.c understands events,
 * projection_take.c puts what they say where it belongs, projection_facts.c keeps tables and columns,
 * projection_visits.c the ways of deals, projection_activity.c who did how much. What understands events (decoder_*,
 * told_*) runs without the lock: while the journal is read from the start each thread has a decoder and a batch of its
 * own, and learns columns of the projection's (decoder_learn) with the lock held for reading. Everything else is called
 * with it held for writing. */
#pragma once
#include "base/map.h"
#include "crm/schema.h"
#include "insight/event_scan.h"
#include "insight/projection.h"
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define STAGES_MOST 0x7fff
#define TEXTS_MOST 65536 /* of a column: one with more is no slice */
#define SETS_MOST 1000000

/* ---- what events say ---- */

enum told_kind {
    TOLD_VALUE,  /* as fact_get tells it */
    TOLD_JSON,   /* of a text or a set, which the column has an index for */
    TOLD_WAS,    /* what the field behind had been: of the stage of a move that is undone */
    TOLD_NAME,   /* of a custom field that the decoder did not know; its value is behind, never TOLD_VALUE */
    TOLD_BROKEN, /* the value could not be understood */
};
struct told_field {
    uint16_t field; /* index of the column */
    uint8_t kind;   /* enum told_kind */
    uint32_t len;   /* of text */
    union {
        int64_t value;
        const char *text;
    };
};
/* An event; of a new custom field two values, its noun and its type; of a goal reached one, its id. */
struct told {
    int64_t seq, at, undoes, object_id;
    uint32_t actor;
    uint32_t first;     /* of its fields in the batch */
    uint32_t n : 24;    /* fields */
    uint32_t fact : 8;  /* enum fact; FACTS: none that is held */
    uint16_t object;    /* enum entity_id */
    uint8_t verb;       /* enum verb */
    uint8_t via : 7;    /* enum via */
    uint8_t broken : 1; /* its data could not be read to the end */
};
struct told_batch {
    VEC(struct told) events;
    VEC(struct told_field) fields;
    struct arena texts;
};

struct told_column {
    struct str name, head; /* head: "name":[ */
    size_t next;           /* the field that stood behind it in the last event */
    enum fact_kind kind;   /* FC_NONE: not held */
    enum field_type type;
    const char *const *names; /* FT_ENUM */
};
struct told_noun {
    struct told_column *columns;
    size_t n, first;      /* first: the field with which the last event began */
    struct strmap *names; /* of fields to index */
};
/* Of one thread. */
struct decoder {
    struct told_noun nouns[FACTS];
    size_t custom; /* fields */
    struct arena kept;
};

/* ---- what is kept ---- */

/* What a column needs beside what readers see of it. */
struct column_own {
    enum fact_kind kind; /* as it is made when the first value comes; FC_NONE: not held */
    enum field_type type;
    const char *const *names; /* FT_ENUM */
    char last[24];            /* the JSON of a text that came last, and its value */
    size_t last_len;
    int64_t last_value;
    struct strmap *index; /* of texts, or of sets by their bytes */
    struct arena kept;    /* texts, ids of sets */
    size_t texts_cap, sets_cap, changes_cap, latest_cap, kept_bytes;
};
struct fact_table {
    enum entity_id entity;
    size_t n, cap, filled;                  /* filled: rows whose values are those of nothing, until they get others */
    int64_t *ids, *created_at, *deleted_at; /* deleted_at: NULL until something is deleted */
    uint32_t *author;
    VEC(uint32_t) row_of_id;
    VEC(struct fact_gone) gone;
    uint64_t *gone_rows; /* bits, of cap rows; NULL: none */
    struct fact_column *columns;
    struct column_own *own;
    size_t n_columns;
};

struct taken_visit {
    uint64_t packed;
    uint32_t actor;
};
struct gathered_visit {
    uint64_t packed;
    uint32_t actor, deal;
};
struct ways {
    VEC(uint64_t) packed;
    VEC(uint32_t) actor;
    VEC(struct visit_span) spans; /* by row of deals */
    size_t used;                  /* visits in spans */
    VEC(int64_t) stage_ids;
    struct intmap *stages;         /* stage id to index */
    VEC(struct taken_visit) taken; /* by undos: undoing the undo puts them back */
    struct intmap *undone;         /* seq of an undo event to index in taken */
    bool gathering;                /* while everything is read, visits are only put in a row */
    VEC(struct gathered_visit) gathered;
};

#define ACTIVITY_CACHE 4096
struct activities {
    VEC(struct activity) rows;
    uint32_t cache[ACTIVITY_CACHE]; /* index + 1 of a row seen lately, by hash */
    size_t sorted;                  /* rows that are in order, each once; those behind are not */
};

/* The thread that helps with long scans: projection_scan.c. */
struct scan_helper {
    pthread_mutex_t mutex;
    pthread_cond_t woken, done;
    pthread_t thread;
    bool started, busy, stopping;
    struct scan *scan; /* to help with; NULL: nothing to do */
};

/* The thread that reads what there is already, and then hands over to the feed: projection_build.c. */
struct builder {
    struct db_target target;
    struct db *db; /* of the thread */
    pthread_t thread;
    bool started, stopping;
    pthread_mutex_t mutex; /* for feed and stopping */
    pthread_cond_t built;
};

struct projection {
    unsigned magic;
    pthread_rwlock_t lock;
    struct builder builder;
    struct feed *feed; /* NULL until everything old is in; under builder.mutex */
    struct feed_listener listener;
    struct fact_table tables[FACTS];
    struct ways ways;
    struct activities activities;
    VEC(uint8_t) deal_flags;
    VEC(struct goal_reach) reaches;
    /* The products of a deal come from its lines: a chain for each deal, row + 1. */
    VEC(uint32_t) first_line; /* by row of deals */
    VEC(uint32_t) next_line;  /* by row of deal products */
    struct decoder decoder;   /* of events that the feed brings; knows every column */
    struct told_batch batch;
    struct arena scratch;
    struct scan_helper helper;
    atomic_size_t custom; /* decoder.custom, for other threads */
    int64_t seq;
    size_t unreadable;
};

/* ---- projection_decode.c ---- */
void decoder_init(struct decoder *d);
void decoder_free(struct decoder *d);
/* A column behind the others of its noun. */
void decoder_add_field(struct decoder *d, enum fact fact, struct str name, const struct field *shape);
void decoder_learn(struct decoder *d, const struct decoder *from); /* columns that the other one has more */
bool decoder_field(const struct decoder *d, enum fact fact, struct str name, size_t *field);
/* Adds the event to the batch, which keeps nothing of its texts. */
void decoder_tell(struct decoder *d, const struct event *ev, struct told_batch *b);
/* The value in the JSON, of neither a text nor a set; false: it does not fit. */
MUST_USE bool told_value(enum fact_kind kind, enum field_type type, const char *const *names, struct str json,
                         int64_t *out);
bool told_of_fields(enum fact fact, int verb); /* events of this kind name fields */
void told_clear(struct told_batch *b);
void told_free(struct told_batch *b);

/* ---- projection_facts.c ---- */
void facts_init(struct fact_table *t, enum fact fact);
void facts_free(struct fact_table *t);
void facts_fill(const struct fact_table *t, struct facts *out);
size_t facts_bytes(const struct fact_table *t);
void facts_trim(struct fact_table *t);
/* A new field at the end: custom fields come while the program runs. */
void facts_add_field(struct fact_table *t, const struct field *shape);
uint32_t facts_row(const struct fact_table *t, int64_t id); /* FACT_NO_ROW */
/* FACT_NO_ROW: the id is out of range, or there is one already. */
uint32_t facts_add(struct fact_table *t, int64_t id, int64_t at, int64_t author);
/* The value that stands in the JSON, as fact_get tells it; a text or a set gets its index. False: it does not fit. */
MUST_USE bool facts_value(struct fact_table *t, size_t column, struct str json, struct arena *scratch, int64_t *out);
int64_t facts_set_of(struct fact_table *t, size_t column, const int64_t *ids, size_t n);
/* Sets a value; ev NULL: when the row is made, which is no change. */
void facts_put(struct fact_table *t, size_t column, uint32_t row, int64_t value, const struct told *ev);
void facts_delete(struct fact_table *t, uint32_t row, int64_t at, bool deleted);
void facts_erase_texts(struct fact_table *t, uint32_t row);

/* ---- projection_visits.c ---- */
void ways_init(struct ways *w);
void ways_free(struct ways *w);
/* A visit of a deal, which its undoing takes out and undoing that puts back; false: it could not be understood. */
MUST_USE bool ways_moved(struct ways *w, uint32_t deal, const struct told *ev, int64_t was, int64_t now);
void ways_settle(struct ways *w);  /* what was gathered comes to its deals */
void ways_compact(struct ways *w); /* in order of deals, without gaps */

/* ---- projection_activity.c ---- */
void activity_count(struct activities *a, const struct told *ev, bool automatic);
void activity_sort(struct activities *a);
static inline bool activity_sorted(const struct activities *a)
{
    return a->sorted == a->rows.len;
}

/* ---- projection_build.c ---- */
void builder_init(struct builder *b);
MUST_USE enum rc builder_start(struct projection *p, const struct db_target *target, struct err *e);
bool builder_wait(struct projection *p, struct timespec until); /* for the feed; CLOCK_MONOTONIC */
void builder_stop(struct projection *p);                        /* and the feed */
void projection_trim(struct projection *p);                     /* what growing tables took in advance goes back */

/* ---- projection_scan.c ---- */
void scan_helper_init(struct scan_helper *h);
void scan_helper_stop(struct scan_helper *h);

/* ---- projection_take.c ---- */
/* Takes in what the events say, in their order; with p->lock held for writing. */
void projection_take(struct projection *p, const struct told_batch *b);

/* ---- projection.c ---- */
void projection_told(struct projection *p, const struct told_batch *b);
