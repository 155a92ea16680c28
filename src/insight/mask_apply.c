/* Bits for rows, a column at a time. */
#include "base/vec.h"
#include "insight/mask_impl.h"
#include <math.h>

struct apply {
    const struct projection_view *view;
    struct arena *arena;
    int64_t as_of;
};

static size_t words_of(const struct facts *f)
{
    return (f->n + 63) / 64;
}

static uint64_t *new_bits(struct apply *x, const struct facts *f)
{
    return ARENA_ARRAY(x->arena, uint64_t, words_of(f) + 1);
}

/* ---- numbers: every comparison is a range ---- */

#define RANGE(type, least)                                                                                             \
    static void range_##type(const type *v, size_t n, int64_t low, int64_t high, uint64_t *bits)                       \
    {                                                                                                                  \
        type lo = low <= (least) ? (type)((least) + 1) : (type)low, hi = (type)high;                                   \
        for (size_t w = 0; w * 64 < n; w++) {                                                                          \
            const type *p = v + w * 64;                                                                                \
            size_t m = n - w * 64 < 64 ? n - w * 64 : 64;                                                              \
            uint64_t word = 0;                                                                                         \
            for (size_t i = 0; i < m; i++)                                                                             \
                word |= (uint64_t)((p[i] >= lo) & (p[i] <= hi)) << i;                                                  \
            bits[w] |= word;                                                                                           \
        }                                                                                                              \
    }
RANGE(int8_t, INT8_MIN)
RANGE(int32_t, INT32_MIN)
RANGE(int64_t, INT64_MIN)

/* Sets the bits of rows whose value is something between low and high. */
static void range(const struct facts *f, const struct fact_column *c, int64_t low, int64_t high, uint64_t *bits)
{
    int64_t most = c->kind == FC_I8 ? INT8_MAX : c->kind == FC_I64 ? INT64_MAX : INT32_MAX;
    int64_t least = c->kind == FC_I8 ? INT8_MIN : c->kind == FC_I64 ? INT64_MIN : INT32_MIN;
    if (c->kind == FC_NONE) {
        for (size_t i = 0; c->none != FACT_NULL && c->none >= low && c->none <= high && i < f->n; i++)
            bits[i / 64] |= UINT64_C(1) << (i % 64);
        return;
    }
    if (low > most || high <= least || low > high)
        return;
    high = high > most ? most : high;
    if (c->kind == FC_I8)
        range_int8_t(c->i8, f->n, low, high, bits);
    else if (c->kind == FC_I64)
        range_int64_t(c->i64, f->n, low, high, bits);
    else
        range_int32_t(c->i32, f->n, low, high, bits);
}

static int by_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

#define VALUES_FEW 8

static void any_of(struct apply *x, const struct facts *f, const struct fact_column *c, const struct filter_leaf *l,
                   uint64_t *bits)
{
    if (l->n <= VALUES_FEW) {
        for (size_t i = 0; i < l->n; i++)
            range(f, c, l->values[i].i, l->values[i].i, bits);
        return;
    }
    int64_t *sorted = ARENA_ARRAY(x->arena, int64_t, l->n);
    for (size_t i = 0; i < l->n; i++)
        sorted[i] = l->values[i].i;
    qsort(sorted, l->n, sizeof *sorted, by_i64);
    for (size_t i = 0; i < f->n; i++) {
        int64_t v = fact_get(c, i);
        if (v != FACT_NULL && bsearch(&v, sorted, l->n, sizeof *sorted, by_i64) != NULL)
            bits[i / 64] |= UINT64_C(1) << (i % 64);
    }
}

static void numbers(struct apply *x, const struct facts *f, const struct fact_column *c, const struct filter_leaf *l,
                    uint64_t *bits)
{
    int64_t v = l->n && l->values[0].kind == VAL_INT ? l->values[0].i : 0;
    switch (l->op) {
    case FOP_NOTNULL:
        range(f, c, INT64_MIN + 1, INT64_MAX, bits);
        break;
    case FOP_LT:
        if (v > INT64_MIN)
            range(f, c, INT64_MIN + 1, v - 1, bits);
        break;
    case FOP_LE:
        range(f, c, INT64_MIN + 1, v, bits);
        break;
    case FOP_GT:
        if (v < INT64_MAX)
            range(f, c, v + 1, INT64_MAX, bits);
        break;
    case FOP_GE:
        range(f, c, v, INT64_MAX, bits);
        break;
    case FOP_EQ:
    case FOP_IN:
    case FOP_HAS:
        any_of(x, f, c, l, bits);
        break;
    case FOP_LIKE:
        break;
    }
}

/* ---- one answer for each text, set or real, then one look a row ---- */

static bool compare_met(enum filter_op op, int order)
{
    return op == FOP_LT   ? order < 0
           : op == FOP_LE ? order <= 0
           : op == FOP_GT ? order > 0
           : op == FOP_GE ? order >= 0
                          : order == 0;
}

static double as_real(struct val v)
{
    return v.kind == VAL_REAL ? v.f : (double)v.i;
}

static void reals(const struct facts *f, const struct fact_column *c, const struct filter_leaf *l, uint64_t *bits)
{
    for (size_t i = 0; i < f->n; i++) {
        double v = fact_real(fact_get(c, i));
        bool met = !isnan(v) && l->op == FOP_NOTNULL;
        for (size_t k = 0; k < l->n && !isnan(v) && !met; k++) {
            double than = as_real(l->values[k]);
            met = compare_met(l->op, v < than ? -1 : v > than);
        }
        bits[i / 64] |= (uint64_t)met << (i % 64);
    }
}

static bool contains(struct str s, struct str part)
{
    return part.len == 0 || memmem(s.ptr, s.len, part.ptr, part.len) != NULL;
}

static bool like(struct arena *a, const struct filter_leaf *l, struct str s)
{
    if (l->field->flags & FF_FOLD)
        return contains(field_fold(a, l->field, s), l->values[0].s);
    char *low = str_cdup(a, s);
    for (size_t i = 0; i < s.len; i++)
        if (low[i] >= 'A' && low[i] <= 'Z')
            low[i] = (char)(low[i] + ('a' - 'A'));
    return contains((struct str){low, s.len}, l->values[0].s);
}

static bool text_met(struct arena *a, const struct filter_leaf *l, struct str s)
{
    if (l->op == FOP_NOTNULL)
        return true;
    if (l->op == FOP_LIKE)
        return like(a, l, s);
    for (size_t i = 0; i < l->n; i++)
        if (compare_met(l->op, str_cmp(s, l->values[i].s)))
            return true;
    return false;
}

static bool set_met(const struct filter_leaf *l, struct fact_set s)
{
    if (l->op == FOP_NOTNULL)
        return s.n > 0;
    for (uint32_t i = 0; i < s.n; i++)
        for (size_t k = 0; k < l->n; k++)
            if (s.ids[i] == l->values[k].i)
                return true;
    return false;
}

static void dictionary(struct apply *x, const struct facts *f, const struct fact_column *c, const struct filter_leaf *l,
                       uint64_t *bits)
{
    size_t n = c->kind == FC_TEXT ? c->n_texts : c->n_sets;
    bool *met = ARENA_ARRAY(x->arena, bool, n + 1);
    if (c->kind == FC_NONE)
        return; /* nothing has a value */
    for (size_t i = 0; i < n; i++)
        met[i] = c->kind == FC_TEXT ? text_met(x->arena, l, c->texts[i]) : set_met(l, c->sets[i]);
    for (size_t i = 0; i < f->n; i++)
        if (c->i32[i] >= 0 && met[c->i32[i]])
            bits[i / 64] |= UINT64_C(1) << (i % 64);
}

/* ---- nodes ---- */

static uint64_t *leaf_bits(struct apply *x, enum fact fact, const struct mask_node *n)
{
    const struct facts *f = &x->view->facts[fact];
    const struct filter_leaf *l = n->leaf;
    uint64_t *bits = new_bits(x, f);
    struct fact_column common = {.kind = FC_I64, .i64 = l->index == FIELD_ID ? f->ids : f->created_at};
    struct fact_column c = l->index < 0 ? common
                           : n->own != NULL || x->as_of == FACT_NEVER
                               ? *fact_column(f, l->index)
                               : fact_as_of(x->view, fact, l->index, x->as_of, x->arena);
    if (l->index >= 0 && l->field->type == FT_REAL)
        reals(f, &c, l, bits);
    else if (l->index >= 0 && (field_is_text(l->field) || l->field->type == FT_SET))
        dictionary(x, f, &c, l, bits);
    else
        numbers(x, f, &c, l, bits);
    return bits;
}

static uint64_t *ids_bits(struct apply *x, enum fact fact, const struct id_set *ids)
{
    const struct facts *f = &x->view->facts[fact];
    uint64_t *bits = new_bits(x, f);
    for (size_t i = 0; i < f->n; i++)
        bits[i / 64] |= (uint64_t)id_set_has(ids, f->ids[i]) << (i % 64);
    return bits;
}

static uint64_t *node_bits(struct apply *x, enum fact fact, const struct mask_node *n);

static uint64_t *via_bits(struct apply *x, enum fact fact, const struct mask_node *n)
{
    const struct facts *f = &x->view->facts[fact], *to = &x->view->facts[n->fact];
    struct fact_column ref = x->as_of == FACT_NEVER ? *fact_column(f, n->leaf->via)
                                                    : fact_as_of(x->view, fact, n->leaf->via, x->as_of, x->arena);
    uint64_t *bits = new_bits(x, f), *met = NULL, *seen = NULL;
    if (n->kind == MASK_VIA_FACTS) {
        met = node_bits(x, n->fact, n->a);
        seen = n->b ? node_bits(x, n->fact, n->b) : NULL;
    }
    for (size_t i = 0; i < f->n; i++) {
        int64_t id = fact_id(&ref, i);
        bool yes = false;
        if (n->kind == MASK_VIA_IDS) {
            yes = id_set_has(&n->ids, id);
        } else if (id != 0) {
            uint32_t row = fact_row(to, id);
            yes = row != FACT_NO_ROW && mask_has(met, row) && mask_has(seen, row);
        }
        bits[i / 64] |= (uint64_t)yes << (i % 64);
    }
    return bits;
}

static uint64_t *node_bits(struct apply *x, enum fact fact, const struct mask_node *n)
{
    const struct facts *f = &x->view->facts[fact];
    size_t words = words_of(f);
    if (n->kind == MASK_LEAF)
        return leaf_bits(x, fact, n);
    if (n->kind == MASK_IDS)
        return ids_bits(x, fact, &n->ids);
    if (n->kind == MASK_VIA_IDS || n->kind == MASK_VIA_FACTS)
        return via_bits(x, fact, n);
    uint64_t *a = node_bits(x, fact, n->a), *b = n->b ? node_bits(x, fact, n->b) : NULL;
    for (size_t i = 0; i < words; i++)
        a[i] = b == NULL ? ~a[i] : n->kind == MASK_AND ? a[i] & b[i] : a[i] | b[i]; /* NOT has no b */
    if (n->kind == MASK_NOT && f->n % 64)
        a[words - 1] &= (UINT64_C(1) << (f->n % 64)) - 1;
    return a;
}

const uint64_t *mask_apply(const struct mask_plan *plan, const struct projection_view *view, int64_t as_of,
                           struct arena *a)
{
    struct apply x = {view, a, as_of};
    uint64_t *filter = plan->filter ? node_bits(&x, plan->fact, plan->filter) : NULL;
    uint64_t *sight = plan->sight ? node_bits(&x, plan->fact, plan->sight) : NULL;
    size_t words = words_of(&view->facts[plan->fact]);
    for (size_t i = 0; filter != NULL && sight != NULL && i < words; i++)
        filter[i] &= sight[i];
    return filter != NULL ? filter : sight;
}
