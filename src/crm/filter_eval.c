/* Conditions in memory. Two values only, as filter_sql writes them: a comparison with nothing is false, `not` turns it
 * round. */
#include "crm/filter_eval.h"
#include "crm/engine.h"

static int compare(struct val a, struct val b)
{
    if (a.kind == VAL_TEXT)
        return str_cmp(a.s, b.s);
    if (a.kind == VAL_INT && b.kind == VAL_INT)
        return a.i < b.i ? -1 : a.i > b.i;
    double x = a.kind == VAL_REAL ? a.f : (double)a.i, y = b.kind == VAL_REAL ? b.f : (double)b.i;
    return x < y ? -1 : x > y;
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

static bool one_of(const struct filter_leaf *l, struct val v)
{
    for (size_t i = 0; i < l->n; i++)
        if (compare(v, l->values[i]) == 0)
            return true;
    return false;
}

static bool set_met(const struct filter_leaf *l, struct val v)
{
    if (v.kind != VAL_SET)
        return false;
    if (l->op == FOP_NOTNULL)
        return v.set.n > 0;
    for (size_t i = 0; i < v.set.n; i++)
        if (one_of(l, val_int(v.set.ids[i])))
            return true;
    return false;
}

static bool leaf_met(struct arena *a, const struct filter_leaf *l, struct val v)
{
    if (l->field->type == FT_SET)
        return set_met(l, v);
    if (!val_has(v))
        return false;
    if (l->op != FOP_LIKE && l->op != FOP_NOTNULL && v.kind == VAL_TEXT && field_equal_folded(l->field) &&
        (l->op == FOP_EQ || l->op == FOP_IN))
        v = val_str(field_fold(a, l->field, v.s));
    switch (l->op) {
    case FOP_NOTNULL:
        return true;
    case FOP_LIKE:
        return like(a, l, v.s);
    case FOP_LT:
        return compare(v, l->values[0]) < 0;
    case FOP_LE:
        return compare(v, l->values[0]) <= 0;
    case FOP_GT:
        return compare(v, l->values[0]) > 0;
    case FOP_GE:
        return compare(v, l->values[0]) >= 0;
    default:
        return one_of(l, v);
    }
}

static enum rc look_at(struct filter_eval *x, const struct filter_leaf *l, const struct record *r, bool *met,
                       struct val *value, struct err *e)
{
    *met = false;
    *value = val_null();
    if (l->via >= 0) {
        const struct record *to = NULL;
        struct val ref = record_value(r, l->via);
        x->leaf = l;
        if (val_has(ref) && x->load)
            TRY(x->load(x->arg, l->ent, ref.i, &to, e));
        r = to;
    }
    if (r) {
        *value = record_value(r, l->index);
        *met = leaf_met(x->arena, l, *value);
    }
    return RC_OK;
}

enum rc filter_met(struct filter_eval *x, const struct filter *f, const struct record *r, bool *met, struct err *e)
{
    struct val value;
    if (!f) {
        *met = true;
        return RC_OK;
    }
    if (f->kind == FILTER_LEAF)
        return look_at(x, &f->leaf, r, met, &value, e);
    TRY(filter_met(x, f->a, r, met, e));
    if (f->kind == FILTER_NOT)
        *met = !*met;
    else if (*met == (f->kind == FILTER_AND))
        return filter_met(x, f->b, r, met, e);
    return RC_OK;
}

/* ---- with reasons ---- */

static size_t leaves(const struct filter *f)
{
    return !f ? 0 : f->kind == FILTER_LEAF ? 1 : f->kind == FILTER_NOT ? leaves(f->a) : leaves(f->a) + leaves(f->b);
}

static enum rc explain(struct filter_eval *x, const struct filter *f, const struct record *r, bool negated, bool *met,
                       struct filter_seen *seen, size_t *n, struct err *e)
{
    if (f->kind == FILTER_LEAF) {
        struct filter_seen *one = &seen[(*n)++];
        *one = (struct filter_seen){.leaf = &f->leaf, .negated = negated};
        TRY(look_at(x, &f->leaf, r, met, &one->value, e));
        one->met = *met != negated;
        return RC_OK;
    }
    bool right = false;
    TRY(explain(x, f->a, r, negated != (f->kind == FILTER_NOT), met, seen, n, e));
    if (f->kind == FILTER_NOT) {
        *met = !*met;
        return RC_OK;
    }
    TRY(explain(x, f->b, r, negated, &right, seen, n, e));
    *met = f->kind == FILTER_AND ? *met && right : *met || right;
    return RC_OK;
}

enum rc filter_explain(struct filter_eval *x, const struct filter *f, const struct record *r, bool *met,
                       struct filter_seen **seen, size_t *n, struct err *e)
{
    *n = 0;
    *met = true;
    *seen = ARENA_ARRAY(x->arena, struct filter_seen, leaves(f) + 1);
    return f ? explain(x, f, r, false, met, *seen, n, e) : RC_OK;
}

void filter_names(const struct filter *f, bool *names)
{
    if (!f)
        return;
    if (f->kind == FILTER_LEAF) {
        int own = f->leaf.via >= 0 ? f->leaf.via : f->leaf.index;
        if (own >= 0)
            names[own] = true;
        return;
    }
    filter_names(f->a, names);
    if (f->kind != FILTER_NOT)
        filter_names(f->b, names);
}

/* ---- in words ---- */

static void put_text(struct buf *b, struct str s)
{
    buf_char(b, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"' || s.ptr[i] == '\\')
            buf_char(b, '\\');
        buf_char(b, s.ptr[i]);
    }
    buf_char(b, '"');
}

/* A value as the grammar takes it. */
static void put_value(struct arena *a, struct buf *b, const struct field *fd, struct val v)
{
    if (v.kind == VAL_TEXT)
        put_text(b, v.s);
    else if (fd->type == FT_BOOL)
        buf_c(b, v.i ? "true" : "false");
    else if (fd->type == FT_ENUM || fd->type == FT_DATE || fd->type == FT_TIME)
        put_text(b, filter_value_text(a, fd, v));
    else
        buf_str(b, filter_value_text(a, fd, v));
}

static void put_leaf(struct arena *a, struct buf *b, const struct filter_leaf *l, bool negated)
{
    static const char *const signs[] = {
        [FOP_EQ] = " = ", [FOP_LT] = " < ", [FOP_LE] = " <= ", [FOP_GT] = " > ", [FOP_GE] = " >= ", [FOP_LIKE] = " ~ "};
    if (l->op == FOP_NOTNULL) {
        buf_c(b, negated ? " is null" : " is not null");
    } else if (l->op == FOP_IN) {
        buf_c(b, negated ? " not in (" : " in (");
        for (size_t i = 0; i < l->n; i++) {
            buf_c(b, i ? ", " : "");
            put_value(a, b, l->field, l->values[i]);
        }
        buf_char(b, ')');
    } else {
        buf_c(b, l->op == FOP_HAS ? " has " : l->op == FOP_EQ && negated ? " != " : signs[l->op]);
        put_value(a, b, l->field, l->values[0]);
    }
}

struct str filter_leaf_text(struct arena *a, const struct filter_leaf *l, const struct entity *of, bool negated)
{
    struct buf b = {0};
    bool says_not = l->op == FOP_NOTNULL || l->op == FOP_IN || l->op == FOP_EQ;
    if (negated && !says_not)
        buf_c(&b, "not ");
    if (l->via >= 0)
        buf_fmt(&b, "%s.", of->fields[l->via].name);
    buf_c(&b, l->field->name);
    put_leaf(a, &b, l, negated);
    struct str text = str_dup(a, buf_view(&b));
    buf_free(&b);
    return text;
}

struct str filter_value_text(struct arena *a, const struct field *fd, struct val v)
{
    struct buf b = {0};
    struct str text;
    if (v.kind == VAL_SET) {
        for (size_t i = 0; i < v.set.n; i++)
            buf_fmt(&b, "%s%lld", i ? ", " : "", (long long)v.set.ids[i]);
    } else if (!val_has(v)) {
        return STR_NULL;
    } else if (fd->type == FT_TIME) {
        return time_format(a, v.i);
    } else if (fd->type == FT_DATE) {
        return date_format(a, v.i);
    } else if (fd->type == FT_ENUM) {
        return str_c(fd->names[v.i]);
    } else if (fd->type == FT_BOOL) {
        return v.i ? STR("true") : STR("false");
    } else if (v.kind == VAL_TEXT) {
        return v.s;
    } else if (v.kind == VAL_REAL) {
        struct jw w = jw_to(&b);
        jw_f64(&w, v.f);
    } else {
        buf_i64(&b, v.i);
    }
    text = str_dup(a, buf_view(&b));
    buf_free(&b);
    return text;
}
