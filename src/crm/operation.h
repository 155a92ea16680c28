/* Long operations: bulk edits, imports, hand-overs, merges of list values, and taking any of them back. An operation
 * runs chunk by chunk in jobs of the writer, others' writes go between; its place is kept in the database with each
 * chunk, so that it goes on after a crash where it was. All its events share one change_id. A row that cannot be taken
 * is told in operation_problem, the rest goes on. It runs with the rights that its owner has when each chunk runs.
 *
 * A kind of operation is one file with a struct operation_type, and its row in operation_types. */
#pragma once
#include "crm/command.h"
#include "crm/fields.h"
#include "crm/rights.h"

/* A piece of work. cursor: of the operation, once this has been handled. */
struct operation_item {
    int64_t row, cursor, id; /* row: for the report, from 1 */
    enum entity_id kind;
    void *own;
};
struct operation_items {
    struct operation_item *ptr;
    size_t n, cap;
};
struct operation {
    int64_t id, owner_id, of_change, undoes_id, total, done, failed, changed, cursor;
    enum operation_kind kind;
    enum operation_state at; /* as last read */
    enum via via;
    bool stop_asked;
    struct str object, title, plan, state; /* plan: JSON; state: text of the kind, kept with each chunk */
    struct str outcome;                    /* JSON object that finish may set; null: {"changed":N} */
    const struct operation_type *type;
    struct arena *arena; /* lives as long as this */
    void *own;           /* the kind's, between calls; the arena's or freed by close */
    /* work that has been gathered, and where the next chunk begins in it */
    struct arena work;
    struct operation_items items;
    size_t next;
};

/* Ids of one kind of record, for populate. */
struct operation_ids {
    enum entity_id kind;
    const int64_t *ids;
    size_t n;
    struct operation_ids *next;
};

struct operation_type {
    enum operation_kind kind;
    /* In the operations' thread, once, before the first chunk; db reads. What the operation is about: fixed from now
     * on. `rights` are the owner's. NULL: gather finds its own work. */
    enum rc (*populate)(struct operation *op, struct db *db, struct arena *a, const struct rights *rights,
                        struct operation_ids **out, struct err *e);
    /* In the operations' thread, before each chunk; may read files. At most `most` items behind op->cursor; none: it is
     * at its end. May set op->total. NULL: the next ones of the population. */
    enum rc (*gather)(struct operation *op, struct db *db, struct arena *a, size_t most, struct operation_items *out,
                      struct err *e);
    /* In the writer, may run again. What it refuses (4xx) goes to the report; anything else fails the chunk. */
    enum rc (*apply)(struct operation *op, struct change *ch, const struct operation_item *item, struct err *e);
    /* In the writer, with the last chunk; may set op->outcome (in tx->arena). May be NULL. */
    enum rc (*finish)(struct operation *op, struct change *ch, struct err *e);
    void (*close)(struct operation *op); /* frees op->own; may be NULL */
    bool all_or_nothing;                 /* the first refusal ends it, and what was done is taken back */
};
extern const struct operation_type operation_hand_over, operation_remap;
extern const struct operation_type operation_import, operation_bulk, operation_undo, operation_merge;
extern const struct operation_type operation_take_back;
void operation_register(const struct operation_type *type); /* the one of src/rules, at start */
/* NULL when this program has no such kind. */
const struct operation_type *operation_type_of(enum operation_kind kind);

/* Begins an operation in the name of ch->actor: within a command. The operations' thread takes it up after the commit
 * (operations_wake of api). plan: a JSON object; undoes_id: 0. */
struct operation_new {
    enum operation_kind kind;
    struct str object, title, plan;
    int64_t undoes_id;
};
MUST_USE enum rc operation_create(struct change *ch, const struct operation_new *in, int64_t *id, struct err *e);
/* The same as a command of the writer: j->args is a struct operation_new, j->out_id becomes its id. */
extern const struct command command_operation;
/* Asks an operation to stop behind its present chunk; j->id. And taking back what an operation did: j->out_id becomes
 * the new operation. Errors: not_found, operation_running, operation_over, already_undone. Whose it is has been
 * checked.
 */
extern const struct command command_operation_stop, command_operation_undo;
MUST_USE enum rc operation_begin_undo(struct change *ch, int64_t id, int64_t *new_id, struct err *e);
/* The operation whose events have this change_id, 0 for none. */
MUST_USE enum rc operation_of_change(struct db *db, int64_t change_id, int64_t *id, struct err *e);
/* One more line of the report, for kinds that find several things wrong with a row. Within apply; e tells what. */
MUST_USE enum rc operation_problem(struct operation *op, struct change *ch, const struct operation_item *item,
                                   struct str value, const struct err *e, struct err *err);

/* --- for the runner (src/api) --- */
/* Ids of operations that wait or run, oldest first. */
MUST_USE enum rc operation_active(struct db *db, struct arena *a, int64_t **ids, size_t *n, struct err *e);
MUST_USE enum rc operation_load(struct db *db, struct arena *a, int64_t id, struct operation *out, struct err *e);
/* Everything of one chunk: populates when that is still to be done, gathers, and submits to the writer, at most
 * budget_us of its time. *over: the operation has ended, or is not ours to run any more. op must have been loaded by
 * operation_load and is brought up to date. Errors: RC_UNAVAILABLE (try again later). */
MUST_USE enum rc operation_step(struct operation *op, struct writer *w, struct db *db, int64_t budget_us, bool *over,
                                struct err *e);
void operation_close(struct operation *op); /* frees what operation_step has made, not op itself */
