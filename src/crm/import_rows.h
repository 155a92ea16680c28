/* The import of tables of deals, contacts, companies, tasks and products as a long operation. Shared by import_plan.c,
 * import_cell.c, import_rows.c and import_apply.c. */
#pragma once
#include "base/map.h"
#include "base/when.h"
#include "crm/engine.h"
#include "crm/import_guess.h"
#include "crm/import_source.h"
#include "crm/operation_impl.h"

#define IMPORT_COLUMNS_MOST 500

enum import_match { MATCH_ID, MATCH_EMAIL, MATCH_PHONE, MATCH_INN, MATCH_NAME, MATCH_SKU, MATCH_N };
extern const char *const import_match_names[]; /* "id", "email", "phone", "inn", "name", "sku", NULL */
enum import_on_match { ON_MATCH_UPDATE, ON_MATCH_FILL, ON_MATCH_SKIP, ON_MATCH_CREATE };
extern const char *const import_on_match_names[];

struct import_column {
    size_t at;
    struct import_target_field to;
    enum when_order order; /* how 03/04/2026 is meant in it */
    struct str header;
};
struct import_plan {
    enum entity_id object;
    struct import_column *column;
    size_t n;
    struct source_options source;
    const char *path;
    enum import_match match[MATCH_N];
    size_t n_match;
    enum import_on_match on_match;
    bool stop, dry_run;
    unsigned may_create; /* bits of enum entity_id: what names that are not there may become */
    int64_t funnel_id, owner_id;
};
/* Where uploads lie; set once at the start, before operations run. Plans name an upload, not a path. */
void import_set_folder(const char *path);
/* Reads and checks a plan; texts in the arena. The JSON: docs/api.md, POST /api/imports; instead of "upload_id" a plan
 * of the command line has "path". Errors: bad_parameter and those of fields, naming where. */
MUST_USE enum rc import_plan_read(struct arena *a, const json_t *json, struct import_plan *out, struct err *e);

/* ---- a row ---- */

enum { PART_COMPANY, PART_CONTACT, PART_MAIN, PART_N }; /* in order of creation */

struct import_pending { /* a name that was not among the known ones when the row was read */
    int field;
    struct str name;
    struct import_pending *next;
};
struct import_point {
    int64_t kind; /* enum point_kind */
    struct str value, label;
    struct import_point *next;
};
struct import_part {
    const struct entity *ent; /* NULL: the row has none */
    struct record *in;
    struct import_pending *pending;
    struct import_point *points;
    struct str note, first, last, middle;
    int64_t by_id;            /* of the column id */
    int64_t id;               /* that matches, 0: none */
    struct import_part *same; /* an earlier row of the chunk that is the same */
    int64_t made;             /* while applied */
    bool ambiguous;
};
struct import_row {
    struct import_part part[PART_N];
    struct err bad;                /* rc RC_OK: none */
    int64_t created_at, closed_at; /* INT64_MIN: none */
    struct str stage, funnel;      /* by name, of a deal */
};
#define NO_TIME INT64_MIN

/* Dictionaries by folded name; of stages and options the key begins with whose they are. */
struct importing {
    struct import_plan plan;
    struct source source;
    struct arena arena;
    struct strmap *names[ENT_END];
    struct zone *zone;
    struct str currency;
    bool opened, renew;
    int64_t rows; /* consumed */
};
struct strmap *import_names(struct importing *im, enum entity_id kind); /* never NULL once loaded */
MUST_USE enum rc import_load_dictionaries(struct importing *im, struct db *db, const struct rights *r, struct err *e);
/* The key of a name in a dictionary: folded; `of` is the funnel of a stage or the field of an option, else 0. */
struct str import_name_key(struct arena *a, int64_t of, struct str name);
/* What a field's names are looked up in: kind and, for options, the custom field. */
void import_field_dictionary(const struct field *fd, enum entity_id *kind, int64_t *of);

/* One cell into its part; what is wrong goes to row->bad, the first only. */
void import_cell(struct importing *im, struct arena *a, const struct import_column *c, struct str text,
                 struct import_row *row);
/* After the last cell: names out of their parts, defaults. */
void import_row_end(struct importing *im, struct arena *a, struct import_row *row);

MUST_USE enum rc import_apply(struct operation *op, struct change *ch, const struct operation_item *item,
                              struct err *e);
MUST_USE enum rc import_finish(struct operation *op, struct change *ch, struct err *e);
