/* Inside of crm: what the engine, its hooks, undo and check share. Not for other folders. */
#pragma once
#include "base/time.h"
#include "base/vec.h"
#include "crm/crm.h"
#include "crm/custom_field.h"
#include "crm/fields.h"
#include "crm/funnel_document.h"
#include <stdio.h>

/* Does the journal tell of this field's values? */
static inline bool field_journalled(const struct field *fd)
{
    return !(fd->flags & (FF_DERIVED | FF_SECRET));
}

bool val_empty(struct val v); /* null, absent or a set of nothing */
/* A value as JSON; journal: dates as days. */
void val_put(struct jw *w, const struct field *fd, struct val v, bool journal);
/* Back from the journal. RC_INTERNAL (bad_journal) when it does not fit the field. */
MUST_USE enum rc val_from_journal(struct arena *a, const struct field *fd, const json_t *json, struct val *out,
                                  struct err *e);

MUST_USE enum rc val_check_text(struct arena *a, const struct field *fd, struct str s, struct val *out, struct err *e);
struct val val_set_of(struct arena *a, const int64_t *ids, size_t n); /* sorted, no repeats */
/* custom_check.c: what may be chosen in a list (option_not_found, option_archived), and what people must fill in
 * (required). was NULL: created. */
MUST_USE enum rc custom_check_option(struct change *ch, const struct field *fd, int64_t id, struct err *e);
MUST_USE enum rc custom_check_asked(const struct change *ch, const struct record *was, const struct record *will,
                                    struct err *e);
/* Defaults of the field table into absent values; absent sets become empty. */
MUST_USE enum rc record_fill_defaults(struct arena *a, struct record *r, struct err *e);
MUST_USE enum rc record_check_required(const struct record *r, bool before_hooks, struct err *e);
/* hooks_people.c: why a record has another owner, where nobody was asked: a text of i18n in the words of who acts. */
MUST_USE enum rc owner_reason_of(struct change *ch, const char *key, struct val *out, struct err *e);
struct record *record_copy(struct arena *a, const struct record *from); /* values shared */
/* As record_load, without the sets (their values stay absent). */
MUST_USE enum rc record_load_row(struct db *db, struct arena *a, const struct entity *ent, int64_t id,
                                 bool with_deleted, struct record **out, struct err *e);

/* SQL texts of an entity, made once for each state of it and kept for the life of the program. */
struct entity_sql {
    char *insert;      /* version, created_at, updated_at, then every column; gives id */
    char *select;      /* record_columns by id */
    char *exists;      /* a row when the id is there and not deleted */
    char *set_deleted; /* $1 deleted_at or null, $2 updated_at, $3 id */
    char *show[2];     /* record_columns by id, then every set as text, "3,17": SQLite, PostgreSQL */
};
const struct entity_sql *entity_sql(const struct entity *ent);

/* One row of one BIGINT: *out is `none` for no row or NULL. Up to three integer parameters. */
MUST_USE enum rc query_i64(struct db *db, const char *sql, const int64_t *params, int n, int64_t none, int64_t *out,
                           struct err *e);
#define QUERY_I64(db, out, none, e, sql, ...)                                                                          \
    query_i64((db), (sql), (const int64_t[]){__VA_ARGS__}, (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),  \
              (none), (out), (e))

const struct crm_rules *crm_rules_set(void); /* NULL: none */

/* Takes one event back, as change_undo does with each of a change; *undone counts it. ev->data lives in tx->arena.
 * Errors: undo_conflict, already_undone, not_undoable. */
MUST_USE enum rc undo_event(struct change *ch, const struct event *ev, int64_t *undone, struct err *e);
/* Appends one event of the change: journal, then the outbox. */
MUST_USE enum rc change_event(struct change *ch, int object_kind, int64_t object_id, enum verb verb, struct str data,
                              struct event *out, struct err *e);
/* Writes a row past the rules of its noun, with an event that tells `data` instead of what changed. For the erasure of
 * personal data alone. */
MUST_USE enum rc change_rewrite(struct change *ch, const struct record *was, struct record *will, enum verb verb,
                                struct str data, struct err *e);
void journal_data(struct buf *b, const struct record *was, const struct record *is);
MUST_USE enum rc record_insert(struct wtx *tx, struct record *r, struct err *e); /* row only; sets r->id */
MUST_USE enum rc record_write_set(struct db *db, const struct field *fd, int64_t owner, struct val old, struct val new,
                                  struct err *e);
MUST_USE enum rc outbox_event(struct change *ch, const struct event *ev, struct err *e);
/* Writes the definition of a funnel as this change leaves it: one version a change. */
MUST_USE enum rc funnel_version_write(struct change *ch, int64_t funnel_id, struct err *e);
/* After a part of a funnel was written or deleted: the funnel has a new version. Of other nouns: nothing. */
MUST_USE enum rc funnel_part_changed(struct change *ch, const struct record *was, const struct record *is,
                                     struct err *e);

/* Defaults that several nouns share. The SQL gives the greatest position, of $1 when it has one. */
MUST_USE enum rc next_position(struct change *ch, const char *sql, int64_t of, struct val *v, struct err *e);
MUST_USE enum rc default_currency(struct change *ch, struct val *v, struct err *e);
/* last_open_stage when no open stage but `but` is left in a funnel that is not deleted. */
MUST_USE enum rc funnel_has_open_stage(struct change *ch, int64_t funnel_id, int64_t but, struct err *e);

/* When a deal entered the stage it stands in, by its history: taking back a move gives the entry of before the move
 * back. */
struct stage_entry {
    int64_t seq, before, after;
};
struct stage_history {
    struct stage_entry *ptr;
    size_t len, cap;
    int64_t entered;
};
void stage_history_add(struct stage_history *h, int64_t seq, int64_t undoes, int64_t at);
