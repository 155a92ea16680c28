/* The filter grammar of every list, board and report (docs/api.md): text to a typed tree, the tree to SQL.
 *
 * Logic has two values: a comparison with an empty field is false, and `not` is the exact complement (so `a != 1`
 * holds where a is empty). Whoever evaluates the tree elsewhere must keep to that. */
#pragma once
#include "crm/rights.h"
#include "crm/sqlb.h"

enum filter_kind { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_LEAF };
enum filter_op {
    FOP_EQ, /* of phones and mails with a folded column, as FOP_IN: any notation of the same one */
    FOP_LT,
    FOP_LE,
    FOP_GT,
    FOP_GE,
    FOP_LIKE,    /* contains; the value is folded as the NAME_fold column is (ASCII lower case when there is none) */
    FOP_IN,      /* one of values; for a set: any of values */
    FOP_HAS,     /* a set holds the value */
    FOP_NOTNULL, /* has a value; a set is not empty */
};
/* Indices of the columns that every noun has. */
enum { FIELD_ID = -1, FIELD_VERSION = -2, FIELD_CREATED_AT = -3, FIELD_UPDATED_AT = -4 };

struct filter_leaf {
    const struct entity *ent;  /* whose field it is: the noun, or the one referred to */
    const struct field *field; /* also for the columns that every noun has */
    int index;                 /* into ent->fields, or FIELD_ID ... */
    int via;                   /* index of the reference followed, in the noun's fields; -1: none */
    enum filter_op op;
    const struct rights *rights; /* of a reference: what may be looked at there; NULL: everything */
    struct val *values;          /* typed as the column: enums as index, dates as days, times as ms, booleans 0/1 */
    size_t n;
};
struct filter {
    enum filter_kind kind;
    struct filter *a, *b; /* b: AND, OR */
    struct filter_leaf leaf;
};

struct filter_env {
    int64_t user_id;             /* me */
    int64_t now;                 /* ms */
    int64_t offset_ms;           /* of the company's time zone at now: today and dates against times */
    const struct rights *rights; /* what they may see; NULL: everything (the system) */
};
/* Empty text: *out is NULL (everything). Errors: bad_filter, field "filter", arg 0 the position in characters from 1,
 * arg 1 what stands there. The tree lives in the arena. */
MUST_USE enum rc filter_parse(struct arena *a, const struct entity *ent, struct str text, const struct filter_env *env,
                              struct filter **out, struct err *e);
/* Writes a condition over the noun's table known as `alias`; f may be NULL (writes 1=1). */
void filter_sql(struct sqlb *q, const struct entity *ent, const struct filter *f, const char *alias);

/* The value of a field, or of a column that every noun has; of one that came after the record was made: null. */
struct val record_value(const struct record *r, int index);
/* Column of the common fields; NULL when idx is not one. */
const struct field *filter_common_field(int index);
/* Index (maybe a common one) of a field that may be filtered or sorted by; false when there is none that `r` may see.
 */
bool filter_find_field(const struct rights *r, const struct entity *ent, struct str name, int *index,
                       const struct field **field);
