/* Inside of the imports: lists of opportunities with their companies, products and people. */
#pragma once
#include "crm/import_impl.h"

/* ---- a whole file as rows of texts ---- */
struct table {
    struct str file; /* its name, for messages */
    struct str *head;
    size_t width;
    VEC(struct str *) row; /* trimmed fields */
    VEC(int64_t) line;
    bool *used; /* columns that something asked for */
};
/* Rows of another width or not in UTF-8 go to bad. Texts live in a; table_free gives the arrays back. */
MUST_USE enum rc table_read(struct arena *a, const char *path, struct str file, struct table *out,
                            struct import_bad *bad, struct err *e);
void table_free(struct table *t);
/* -1 when name is empty; no_column when the header lacks it. */
MUST_USE enum rc table_column(struct table *t, struct str name, int *out, struct err *e);
static inline struct str table_at(const struct table *t, size_t row, int column)
{
    return column < 0 ? (struct str){"", 0} : t->row.ptr[row][column];
}

/* ---- the map: which column is what ---- */
struct map_field {
    struct str field, column; /* of the noun, of the file */
};
struct map_side { /* a file of companies, products or people */
    struct str file, name;
    struct map_field *fields;
    size_t n_fields;
    struct str *comment; /* columns kept as lines of the comment */
    size_t n_comment;
    struct str manager; /* people: the column of their head */
};
struct map_correction {
    struct str column, from, to;
};
struct list_map {
    struct str currency, kind, start_stage;
    struct str title, owner, company, product, stage, start, close, value, at_format;
    struct map_side companies, products, people; /* file empty: none */
    struct str *stages;
    size_t n_stages;
    struct import_names won, lost;
    struct map_correction *corrections;
    size_t n_corrections;
};
MUST_USE enum rc list_map_read(struct arena *a, struct str json, struct list_map *out, struct err *e);

void import_notes_add(struct import_notes *n, const char *code, struct str file, int64_t line, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/* ---- names of one kind: those of the side file and those that only the list has ---- */
struct list_names {
    const char *what;             /* "company" */
    struct strmap *exact, *loose; /* folded; folded without blanks and marks */
    VEC(struct str) name;
    VEC(int64_t) row;  /* of the side file, -1: none */
    VEC(int64_t) line; /* of the list, where it is first */
    size_t from_file;  /* the first so many are the side file's */
};
struct list_names list_names_new(const char *what);
void list_names_free(struct list_names *n);
/* Index of a name, adding it when nothing matches. */
size_t list_name(struct list_names *n, struct arena *a, struct str name, struct str file, int64_t line,
                 struct import_notes *notes);
/* The names of a side file. */
MUST_USE enum rc list_names_fill(struct list_names *n, struct arena *a, struct table *t, struct str column,
                                 struct err *e);

struct list_run {
    struct arena arena;
    struct list_map map;
    struct table deals, companies, products, people;
    struct list_names company, product;
    struct import_bad *bad;
    struct import_notes *notes;
    struct event_log log;
    VEC(uint32_t) company_of, product_of; /* by case: index + 1, 0 for none */
    int64_t now;
    unsigned exponent;
};
/* The rows of the list as events. */
MUST_USE enum rc list_events(struct list_run *r, struct err *e);
/* Companies, products and people into the database; ids by index of r->company and r->product, in the run's arena. */
MUST_USE enum rc list_nouns(struct writer *w, struct list_run *r, int64_t **company_id, int64_t **product_id,
                            struct import_list_summary *sum, struct err *e);
