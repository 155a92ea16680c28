/* The field tables: what a noun is made of. Generic code (commands, JSON, lists, filters, history, undo, OpenAPI) reads
 * them. */
#pragma once
#include "crm/entity.h"

enum field_type {
    FT_INT,
    FT_REAL,
    FT_BOOL,  /* 0/1 in the database, true/false in JSON */
    FT_TEXT,  /* one line: control characters refused; min..max code points */
    FT_LONG,  /* several lines */
    FT_ENUM,  /* stored as its index in `names`, JSON is the name */
    FT_TIME,  /* ms UTC */
    FT_DATE,  /* days since 1970 in the database, "YYYY-MM-DD" in JSON and filters */
    FT_MONEY, /* minor units */
    FT_CURRENCY,
    FT_COLOUR,
    FT_EMAIL,
    FT_PHONE,
    FT_URL,  /* checked text */
    FT_REF,  /* id of a record of `ref` */
    FT_JSON, /* an object or an array, kept as canonical text; max: bytes. Not filtered, sorted or summed */
    FT_SET,  /* ids of records of `ref`, kept in the table `link` (owner_id, ref_id); JSON array */
};
enum field_flag {
    FF_REQUIRED = 1, /* never null */
    FF_SERVER = 2,   /* set by hooks only; a client that sends it is refused (read_only_field) */
    FF_CREATE = 4,   /* may be set when created, not later */
    FF_FOLD = 8,     /* a companion column NAME_fold holds field_fold(value) for search and ~ */
    FF_DERIVED = 16, /* kept by hooks; not journalled, bumps no version */
    FF_SECRET = 32,  /* never leaves the server */
    FF_SUM = 64,     /* may be summed */
    FF_FILLED = 128, /* filled by a hook when absent: not demanded of who creates, even when FF_REQUIRED */
    FF_GONE = 256,   /* a custom field that was deleted: keeps its column and index, is neither shown nor taken */
    FF_ASKED = 512,  /* a custom field that people must fill in; older records, imports and undo need not */
};
/* What a custom field has beside: its row in custom_field. */
struct custom {
    int64_t id, position;
    int type;                 /* enum custom_type */
    const char *label, *help; /* help may be NULL */
};
struct field {
    const char *name;
    enum field_type type;
    unsigned flags;
    int64_t min, max; /* of the value, or of the length in code points */
    enum entity_id ref;
    const char *const *names;    /* FT_ENUM: NULL-terminated */
    const char *link;            /* FT_SET */
    const char *default_json;    /* value when absent on create, as JSON; NULL: null */
    const struct custom *custom; /* NULL: built in */
};

/* Is it text to whoever reads JSON, is it kept as text? */
static inline bool field_is_text(const struct field *fd)
{
    return fd->type == FT_TEXT || fd->type == FT_LONG || (fd->type >= FT_CURRENCY && fd->type <= FT_URL);
}
/* Are two values the same when they fold to the same? */
static inline bool field_equal_folded(const struct field *fd)
{
    return (fd->flags & FF_FOLD) && (fd->type == FT_PHONE || fd->type == FT_EMAIL);
}
static inline bool field_stores_text(const struct field *fd)
{
    return field_is_text(fd) || fd->type == FT_JSON;
}

struct record;
struct change;
struct entity {
    enum entity_id id;
    const char *name;   /* "deal-product": in events, errors */
    const char *plural; /* "deal-products": in paths */
    const char *table;
    const struct field *fields;
    size_t n_fields;
    /* Rules of the noun; each may be NULL. They see the record as it will be, and may change it (derived fields) or
     * refuse. `was` is NULL on create; `will` is NULL when the record is about to be deleted; was->deleted_at tells a
     * restore. */
    enum rc (*before)(struct change *ch, const struct record *was, struct record *will, struct err *e);
    enum rc (*after)(struct change *ch, const struct record *was, const struct record *is,
                     struct err *e);                                      /* is NULL: deleted */
    enum verb (*verb)(const struct record *was, const struct record *is); /* of an update; NULL: VERB_UPDATED */
    const struct entity_sql *sql;                                         /* of crm: see engine.h */
};
/* As the calling thread sees the nouns now: see custom_field.h. What it points to is never freed or changed. */
const struct entity *entity_by_id(enum entity_id id); /* NULL when unknown */
const struct entity *entity_by_name(struct str name);
const struct entity *entity_by_plural(struct str plural);
/* Index of a field, -1 when there is none (or it is gone). id, version, created_at, updated_at are not in the table:
 * every noun has them. */
int entity_field(const struct entity *ent, struct str name);
int entity_field_ever(const struct entity *ent, struct str name); /* also one that is gone: for the journal */

/* The form in which a value is compared, kept in NAME_fold: str_fold, and of a phone its international digits
 * (base/phone.h). The second: what ~ looks for inside of that form. */
struct str field_fold(struct arena *a, const struct field *fd, struct str value);
struct str field_pattern(struct arena *a, const struct field *fd, struct str part);

/* Field indices by X-macro, so that hooks write is->f[DEAL_STAGE_ID]: see src/crm/fields.h. */

enum val_kind { VAL_ABSENT = 0, VAL_NULL, VAL_INT, VAL_REAL, VAL_TEXT, VAL_SET };
struct val {
    enum val_kind kind;
    union {
        int64_t i;
        double f;
        struct str s;
        struct {
            int64_t *ids; /* ascending, no repeats */
            size_t n;
        } set;
    };
};
static inline struct val val_int(int64_t i)
{
    return (struct val){.kind = VAL_INT, .i = i};
}
static inline struct val val_str(struct str s)
{
    return (struct val){.kind = VAL_TEXT, .s = s};
}
static inline struct val val_null(void)
{
    return (struct val){.kind = VAL_NULL};
}
static inline bool val_has(struct val v)
{
    return v.kind > VAL_NULL;
}
static inline int64_t val_i(struct val v, int64_t none)
{
    return v.kind == VAL_INT ? v.i : none;
}
bool val_eq(struct val a, struct val b);

/* A row in memory; f has ent->n_fields entries, all in one arena. In an update VAL_ABSENT leaves a field as it is. */
struct record {
    const struct entity *ent;
    int64_t id, version, created_at, updated_at, deleted_at;
    struct val *f;
};
struct record *record_new(struct arena *a, const struct entity *ent);
/* RC_NOT_FOUND (code not_found) when missing or deleted, unless with_deleted. Sets are loaded too. */
MUST_USE enum rc record_load(struct db *db, struct arena *a, const struct entity *ent, int64_t id, bool with_deleted,
                             struct record **out, struct err *e);
/* The same with only the sets that the mask names; the others stay absent. */
MUST_USE enum rc record_load_some(struct db *db, struct arena *a, const struct entity *ent, int64_t id,
                                  bool with_deleted, const bool *mask, struct record **out, struct err *e);
/* Reads and checks a JSON object against the field table (types, limits, unknown fields); creating: required fields and
 * defaults. Several bad fields: the first is in *e. Texts are trimmed. */
MUST_USE enum rc record_from_json(struct arena *a, const struct entity *ent, const json_t *body, bool creating,
                                  struct record **out, struct err *e);
/* One field as JSON value; the whole record as an object (secret fields left out; `mask` NULL: all, else one bool a
 * field, id is always written). */
void record_put_field(struct jw *w, const struct record *r, int field);
void record_put(struct jw *w, const struct record *r, const bool *mask);
/* Of these fields only, but version and times too: the whole record for somebody who does not see all of it. */
void record_put_seen(struct jw *w, const struct record *r, const bool *seen);
/* The columns of a SELECT that record_read_row understands, in order: id, version, created_at, updated_at, deleted_at,
 * then every field but sets. `alias` may be NULL. */
struct str record_columns(struct arena *a, const struct entity *ent, const char *alias);
void record_read_row(struct arena *a, const struct entity *ent, struct stmt *s, struct record *out); /* texts copied */
/* The row of one id ($1), deleted or not: record_columns, then every set as text, "3,17". */
const char *entity_show_sql(const struct entity *ent, enum db_kind kind);
MUST_USE enum rc record_load_sets(struct db *db, struct arena *a, const struct entity *ent, struct record *const *rows,
                                  size_t n, const bool *mask, struct err *e); /* of many rows with one query a set */
