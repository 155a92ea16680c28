/* The filter tree over records in memory: the same answer as filter_sql gives for the same rows. For conditions of
 * triggers, of which a person wants to know what each part has seen. */
#pragma once
#include "crm/filter.h"

/* Whom to ask for what the record itself does not hold. */
struct filter_eval {
    struct arena *arena;
    /* The record a reference leads to, deleted or not (SQL follows it, too); *out NULL: there is none. Called once for
     * each leaf that follows a reference: who evaluates many keeps what has been loaded. NULL: references lead nowhere.
     */
    enum rc (*load)(void *arg, const struct entity *ent, int64_t id, const struct record **out, struct err *e);
    void *arg;
    const struct filter_leaf *leaf; /* set before each call of load: what is asked for there */
};
/* A part of the condition and what became of it. */
struct filter_seen {
    const struct filter_leaf *leaf;
    bool negated;     /* it stands under an odd number of `not` */
    bool met;         /* as it stands, the `not` included */
    struct val value; /* what was seen: null when the field, or what it is referred by, is empty */
};

/* f NULL: everything is met. Fields that the filter names must not be VAL_ABSENT in `r`: see filter_names. */
MUST_USE enum rc filter_met(struct filter_eval *x, const struct filter *f, const struct record *r, bool *met,
                            struct err *e);
/* The same, with every leaf looked at, in the order of the text. They live in the arena. */
MUST_USE enum rc filter_explain(struct filter_eval *x, const struct filter *f, const struct record *r, bool *met,
                                struct filter_seen **seen, size_t *n, struct err *e);
/* Sets names[i] for each field i of the noun itself that the filter reads (references by their own index). */
void filter_names(const struct filter *f, bool *names);
/* A leaf in words of the grammar, "value_minor >= 100000"; of: the noun filtered; `negated` as in filter_seen. */
struct str filter_leaf_text(struct arena *a, const struct filter_leaf *leaf, const struct entity *of, bool negated);
/* A value as people read it in JSON terms: dates as YYYY-MM-DD, enums by name, sets as "3, 17", times as RFC 3339. */
struct str filter_value_text(struct arena *a, const struct field *fd, struct val v);
