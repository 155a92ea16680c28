/* The tree as SQL. Negation is pushed down to the leaves, where it can say what it means for empty fields. */
#include "crm/filter.h"
#include <stdlib.h>

static const char *op_text(enum filter_op op)
{
    static const char *const texts[] = {
        [FOP_EQ] = "=", [FOP_LT] = "<", [FOP_LE] = "<=", [FOP_GT] = ">", [FOP_GE] = ">="};
    return texts[op];
}

/* %text% with %, _ and \ taken literally. */
static struct str like_pattern(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.len * 2 + 3);
    size_t n = 0;
    out[n++] = '%';
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '%' || s.ptr[i] == '_' || s.ptr[i] == '\\')
            out[n++] = '\\';
        out[n++] = s.ptr[i];
    }
    out[n++] = '%';
    return (struct str){out, n};
}

static void put_list(struct sqlb *q, const struct filter_leaf *l)
{
    sqlb_c(q, " IN (");
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            sqlb_c(q, ",");
        sqlb_param(q, l->values[i]);
    }
    sqlb_c(q, ")");
}

static void put_set(struct sqlb *q, const struct filter_leaf *l, const char *alias, bool negate)
{
    sqlb_fmt(q, "%s.id %sIN (SELECT owner_id FROM %s", alias, negate ? "NOT " : "", l->field->link);
    if (l->op != FOP_NOTNULL) {
        sqlb_c(q, " WHERE ref_id");
        put_list(q, l);
    }
    sqlb_c(q, ")");
}

/* Marks and counts that hooks keep are true of few records: an index of those alone is found by the value itself, not
 * by one that is bound later. */
static bool stands_in_text(const struct filter_leaf *l)
{
    bool mark = l->field->type == FT_BOOL || (l->field->type == FT_INT && val_i(l->values[0], 1) == 0);
    return mark && (l->field->flags & FF_SERVER) && l->values[0].kind == VAL_INT;
}

/* The bare comparison; empty when the column is. */
static void put_column(struct sqlb *q, const struct filter_leaf *l, const char *alias)
{
    const char *name = l->field->name;
    const char *fold = field_equal_folded(l->field) && (l->op == FOP_EQ || l->op == FOP_IN) ? "_fold" : "";
    switch (l->op) {
    case FOP_NOTNULL:
        sqlb_fmt(q, "%s.%s IS NOT NULL", alias, name);
        break;
    case FOP_LIKE:
        sqlb_fmt(q, (l->field->flags & FF_FOLD) ? "%s.%s_fold LIKE " : "lower(%s.%s) LIKE ", alias, name);
        sqlb_param(q, val_str(like_pattern(q->arena, l->values[0].s)));
        sqlb_c(q, " ESCAPE '\\'");
        break;
    case FOP_IN:
        sqlb_fmt(q, "%s.%s%s", alias, name, fold);
        put_list(q, l);
        break;
    default:
        sqlb_fmt(q, "%s.%s%s %s ", alias, name, fold, op_text(l->op));
        if (stands_in_text(l))
            sqlb_fmt(q, "%d", (int)l->values[0].i);
        else
            sqlb_param(q, l->values[0]);
    }
}

static void put_reference(struct sqlb *q, const struct filter_leaf *l, const struct entity *from, const char *alias,
                          bool negate)
{
    const char *ref = from->fields[l->via].name;
    if (negate)
        sqlb_fmt(q, "(%s.%s IS NULL OR %s.%s NOT", alias, ref, alias, ref);
    else
        sqlb_fmt(q, "(%s.%s", alias, ref);
    sqlb_fmt(q, " IN (SELECT r.id FROM %s r WHERE ", l->ent->table);
    if (l->field->type == FT_SET)
        put_set(q, l, "r", false);
    else
        put_column(q, l, "r");
    if (!rights_all_rows(l->rights, l->ent, RIGHT_SEE)) { /* what is out of sight has no fields */
        sqlb_c(q, " AND ");
        rights_sql(q, l->rights, l->ent, RIGHT_SEE, "r");
    }
    sqlb_c(q, "))");
}

static void put_leaf(struct sqlb *q, const struct filter_leaf *l, const char *alias, bool negate)
{
    if (l->field->type == FT_SET) {
        put_set(q, l, alias, negate);
    } else if (!negate) {
        put_column(q, l, alias);
    } else if (l->op == FOP_NOTNULL) {
        sqlb_fmt(q, "%s.%s IS NULL", alias, l->field->name);
    } else {
        sqlb_c(q, "(NOT ");
        put_column(q, l, alias);
        if (!(l->field->flags & FF_REQUIRED))
            sqlb_fmt(q, " OR %s.%s IS NULL", alias, l->field->name);
        sqlb_c(q, ")");
    }
}

/* ---- chains: SQLite's parser has a stack of a hundred, so what can stand side by side is not nested, and of the
 * operands the most nested one comes first, where it costs least ---- */

struct operand {
    const struct filter *f;
    bool negate;
    int depth;
    size_t place; /* as written, among equals */
};
struct chain {
    bool all; /* AND, else OR */
    struct operand *ptr;
    size_t n;
};

static bool joins_all(const struct filter *f, bool negate)
{
    return (f->kind == FILTER_AND) != negate;
}

static int depth_of(const struct filter *f, bool negate)
{
    int most = 0;
    if (f->kind == FILTER_LEAF)
        return 0;
    if (f->kind == FILTER_NOT)
        return depth_of(f->a, !negate);
    const struct filter *sides[] = {f->a, f->b};
    for (size_t i = 0; i < 2; i++) {
        const struct filter *side = sides[i];
        bool turned = negate;
        for (; side->kind == FILTER_NOT; side = side->a)
            turned = !turned;
        int d = depth_of(side, turned);
        if (side->kind != FILTER_LEAF && joins_all(side, turned) == joins_all(f, negate))
            d--; /* the same chain */
        most = d > most ? d : most;
    }
    return most + 1;
}

/* Without c->ptr it only counts. */
static void gather(struct chain *c, const struct filter *f, bool negate)
{
    if (f->kind == FILTER_NOT) {
        gather(c, f->a, !negate);
    } else if (f->kind != FILTER_LEAF && joins_all(f, negate) == c->all) {
        gather(c, f->a, negate);
        gather(c, f->b, negate);
    } else {
        if (c->ptr)
            c->ptr[c->n] = (struct operand){f, negate, depth_of(f, negate), c->n};
        c->n++;
    }
}

static int by_depth(const void *a, const void *b)
{
    const struct operand *x = a, *y = b;
    return x->depth != y->depth ? y->depth - x->depth : x->place < y->place ? -1 : 1;
}

static void put(struct sqlb *q, const struct filter *f, const struct entity *ent, const char *alias, bool negate)
{
    if (f->kind == FILTER_NOT) {
        put(q, f->a, ent, alias, !negate);
    } else if (f->kind == FILTER_LEAF) {
        if (f->leaf.via >= 0)
            put_reference(q, &f->leaf, ent, alias, negate);
        else
            put_leaf(q, &f->leaf, alias, negate);
    } else {
        struct chain c = {.all = joins_all(f, negate)};
        gather(&c, f, negate);
        c.ptr = ARENA_ARRAY(q->arena, struct operand, c.n);
        c.n = 0;
        gather(&c, f, negate);
        qsort(c.ptr, c.n, sizeof *c.ptr, by_depth);
        for (size_t i = 0; i < c.n; i++) {
            sqlb_c(q, i == 0 ? "(" : c.all ? " AND " : " OR ");
            put(q, c.ptr[i].f, ent, alias, c.ptr[i].negate);
        }
        sqlb_c(q, ")");
    }
}

void filter_sql(struct sqlb *q, const struct entity *ent, const struct filter *f, const char *alias)
{
    if (f)
        put(q, f, ent, alias, false);
    else
        sqlb_c(q, "1=1");
}
