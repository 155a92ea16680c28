/* The inside of masks: mask.c plans, mask_apply.c evaluates. */
#pragma once
#include "insight/mask.h"

/* Ids as bits; NULL words: none. */
struct id_set {
    const uint64_t *words;
    size_t n_ids; /* ids below */
};
static inline bool id_set_has(const struct id_set *s, int64_t id)
{
    return id > 0 && (uint64_t)id < s->n_ids && (s->words[id / 64] >> (id % 64) & 1);
}

enum mask_kind {
    MASK_AND,
    MASK_OR,
    MASK_NOT,
    MASK_LEAF,      /* a column of the noun, or id, created_at */
    MASK_IDS,       /* of the noun: ids that the database gave */
    MASK_VIA_IDS,   /* a reference into ids that the database gave */
    MASK_VIA_FACTS, /* a reference into rows of another held noun: of its leaf, in sight */
};
struct mask_node {
    enum mask_kind kind;
    const struct mask_node *a, *b; /* b: AND, OR; VIA_FACTS: a the leaf, b who sees it (NULL: everybody) */
    const struct filter_leaf *leaf;
    enum fact fact; /* VIA_FACTS: of the target */
    struct id_set ids;
    const struct filter_leaf *own; /* LEAF of rights: attributes of the present */
};
struct mask_plan {
    enum fact fact;
    const struct mask_node *filter, *sight; /* NULL: everything */
    bool of_present;
};
