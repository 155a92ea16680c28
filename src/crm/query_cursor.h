/* The sort of a list and the opaque cursor that continues it; private to query. */
#pragma once
#include "crm/query.h"

#define SORT_KEYS 4
struct sort_key {
    int index;
    const struct field *field;
    bool desc, nullable, fold;
};
struct sort {
    struct sort_key keys[SORT_KEYS + 1]; /* the last one is always id */
    size_t n;
};
MUST_USE enum rc sort_parse(const struct rights *r, const struct entity *ent, struct str text, struct sort *out,
                            struct err *e);
void sort_put_column(struct sqlb *q, const struct sort_key *k);
void sort_put_order(struct sqlb *q, const struct sort *s);
/* The condition "behind these values". */
void sort_put_after(struct sqlb *q, const struct sort *s, const struct val *values);

/* query_groups.c: two columns of a sum over the alias t, and writing it as a member. */
void query_put_sum(struct sqlb *s, const struct field *f, int n);
void query_write_sum(struct jw *w, const struct field *f, struct stmt *st, int col);

uint64_t cursor_hash(const struct query *q);
struct str cursor_write(struct arena *a, uint64_t hash, const struct val *values, size_t n);
MUST_USE bool cursor_read(struct arena *a, struct str text, uint64_t hash, const struct sort *s, struct val *values);
