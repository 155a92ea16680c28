/* Recursive descent: or > and > not > ( ) or comparison. Sizes are bounded, so that no text costs much. */
#include "crm/filter.h"
#include "base/time.h"
#include "crm/filter_lex.h"

#define MAX_TEXT 8192
#define MAX_DEPTH 32
#define MAX_LEAVES 200
#define MAX_VALUES 1000

struct parser {
    struct lexer lex;
    const struct entity *ent;
    const struct filter_env *env;
    struct err *e;
    int depth, leaves;
};

static enum rc fail_at(struct parser *p, size_t pos, struct str what)
{
    size_t shown = what.len < 40 ? what.len : 40;
    while (shown && shown < what.len && ((unsigned char)what.ptr[shown] & 0xC0) == 0x80)
        shown--;
    struct str before = {p->lex.text.ptr, pos};
    enum rc rc = err_set(p->e, RC_INVALID, "bad_filter", "filter", "%zu", str_utf8_len(before) + 1);
    if (p->e) {
        memcpy(p->e->arg[1], what.ptr ? what.ptr : "", shown);
        p->e->arg[1][shown] = '\0';
    }
    return rc;
}

static enum rc fail(struct parser *p)
{
    struct str rest = {p->lex.text.ptr + p->lex.at, p->lex.text.len - p->lex.at};
    return fail_at(p, p->lex.at, p->lex.value.len && p->lex.tok != TOK_BAD ? p->lex.value : rest);
}

const struct field *filter_common_field(int index)
{
    static const struct field common[] = {
        {.name = "id", .type = FT_INT, .flags = FF_REQUIRED},
        {.name = "version", .type = FT_INT, .flags = FF_REQUIRED},
        {.name = "created_at", .type = FT_TIME, .flags = FF_REQUIRED},
        {.name = "updated_at", .type = FT_TIME, .flags = FF_REQUIRED},
    };
    return index < 0 && index >= FIELD_UPDATED_AT ? &common[-index - 1] : NULL;
}

bool filter_find_field(const struct rights *r, const struct entity *ent, struct str name, int *index,
                       const struct field **field)
{
    for (int i = FIELD_ID; i >= FIELD_UPDATED_AT; i--) {
        if (str_eqc(name, filter_common_field(i)->name)) {
            *index = i;
            *field = filter_common_field(i);
            return true;
        }
    }
    int i = entity_field(ent, name);
    if (i < 0 || (ent->fields[i].flags & FF_SECRET) || ent->fields[i].type == FT_JSON || !rights_sees_field(r, ent, i))
        return false;
    *index = i;
    *field = &ent->fields[i];
    return true;
}

static enum rc parse_field(struct parser *p, struct filter_leaf *leaf)
{
    if (p->lex.tok != TOK_NAME)
        return fail(p);
    struct str rest, name = str_cut(p->lex.value, '.', &rest);
    leaf->ent = p->ent;
    leaf->via = -1;
    if (!filter_find_field(p->env->rights, p->ent, name, &leaf->index, &leaf->field))
        return fail(p);
    if (rest.ptr) {
        if (leaf->field->type != FT_REF)
            return fail(p);
        leaf->via = leaf->index;
        leaf->rights = p->env->rights;
        leaf->ent = entity_by_id(leaf->field->ref);
        if (!leaf->ent || !filter_find_field(p->env->rights, leaf->ent, rest, &leaf->index, &leaf->field))
            return fail(p);
    }
    lex_next(&p->lex);
    return RC_OK;
}

/* A whole number, perhaps with units, behind + or -; *ms is the signed shift. */
static enum rc parse_shift(struct parser *p, int64_t *ms)
{
    *ms = 0;
    if (p->lex.tok != TOK_PLUS && p->lex.tok != TOK_MINUS)
        return RC_OK;
    bool minus = p->lex.tok == TOK_MINUS;
    lex_next(&p->lex);
    int64_t n;
    if (p->lex.tok != TOK_NUMBER || p->lex.value.len > 6 || !str_i64(p->lex.value, &n))
        return fail(p);
    lex_next(&p->lex);
    int64_t unit = lex_is(&p->lex, "h")   ? MS_HOUR
                   : lex_is(&p->lex, "d") ? MS_DAY
                   : lex_is(&p->lex, "w") ? 7 * MS_DAY
                                          : 0;
    if (!unit)
        return fail(p);
    lex_next(&p->lex);
    *ms = (minus ? -n : n) * unit;
    return RC_OK;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static enum rc parse_moment(struct parser *p, const struct field *f, struct val *v)
{
    bool today = lex_is(&p->lex, "today");
    size_t at = p->lex.at;
    int64_t shift, offset = p->env->offset_ms;
    struct str word = p->lex.value;
    lex_next(&p->lex);
    TRY(parse_shift(p, &shift));
    int64_t day = floor_div(p->env->now + offset, MS_DAY);
    if (f->type == FT_TIME)
        *v = val_int((today ? day * MS_DAY - offset : p->env->now) + shift);
    else if (f->type == FT_DATE)
        *v = val_int(today ? day + floor_div(shift, MS_DAY) : floor_div(p->env->now + shift + offset, MS_DAY));
    else
        return fail_at(p, at, word);
    return RC_OK;
}

static enum rc parse_number(struct parser *p, const struct field *f, struct val *v)
{
    size_t at = p->lex.at;
    bool minus = p->lex.tok == TOK_MINUS;
    if (minus)
        lex_next(&p->lex);
    struct str digits = p->lex.value;
    if (p->lex.tok != TOK_NUMBER || digits.len > 40)
        return fail(p);
    if (f->type == FT_REAL) {
        if (!str_f64(digits, &v->f))
            return fail(p);
        v->kind = VAL_REAL;
        v->f = minus ? -v->f : v->f;
    } else if (f->type == FT_INT || f->type == FT_MONEY || f->type == FT_TIME || f->type == FT_REF ||
               f->type == FT_SET) {
        int64_t n;
        if (!str_i64(digits, &n))
            return fail(p);
        *v = val_int(minus ? -n : n);
    } else {
        return fail_at(p, at, digits);
    }
    lex_next(&p->lex);
    return RC_OK;
}

static bool text_to_val(struct parser *p, const struct field *f, struct str s, struct val *v)
{
    int64_t n;
    if (field_is_text(f)) {
        *v = val_str(s);
        return true;
    }
    switch (f->type) {
    case FT_ENUM:
        for (int i = 0; f->names[i]; i++) {
            if (str_eqc(s, f->names[i])) {
                *v = val_int(i);
                return true;
            }
        }
        return false;
    case FT_DATE:
        if (!date_parse(s, &n))
            return false;
        *v = val_int(n);
        return true;
    case FT_TIME:
        if (date_parse(s, &n))
            n = n * MS_DAY - p->env->offset_ms;
        else if (!time_parse(s, &n))
            return false;
        *v = val_int(n);
        return true;
    default:
        return false;
    }
}

static enum rc parse_value(struct parser *p, const struct field *f, struct val *v)
{
    if (p->lex.tok == TOK_NUMBER || p->lex.tok == TOK_MINUS)
        return parse_number(p, f, v);
    if (p->lex.tok == TOK_TEXT) {
        if (!text_to_val(p, f, p->lex.value, v))
            return fail(p);
    } else if (lex_is(&p->lex, "now") || lex_is(&p->lex, "today")) {
        return parse_moment(p, f, v);
    } else if (f->type == FT_BOOL && (lex_is(&p->lex, "true") || lex_is(&p->lex, "false"))) {
        *v = val_int(lex_is(&p->lex, "true"));
    } else if (lex_is(&p->lex, "me") && ((f->ref == ENT_USER && (f->type == FT_REF || f->type == FT_SET)) ||
                                         (p->ent->id == ENT_USER && f == filter_common_field(FIELD_ID)))) {
        *v = val_int(p->env->user_id);
    } else {
        return fail(p);
    }
    lex_next(&p->lex);
    return RC_OK;
}

static enum rc parse_list(struct parser *p, struct filter_leaf *leaf)
{
    struct val *values = ARENA_ARRAY(p->lex.arena, struct val, 8);
    size_t cap = 8;
    if (p->lex.tok != TOK_LPAREN)
        return fail(p);
    do {
        lex_next(&p->lex);
        if (leaf->n == MAX_VALUES)
            return fail(p);
        if (leaf->n == cap) {
            struct val *more = ARENA_ARRAY(p->lex.arena, struct val, cap * 2);
            memcpy(more, values, cap * sizeof *more);
            values = more;
            cap *= 2;
        }
        TRY(parse_value(p, leaf->field, &values[leaf->n]));
        if (field_equal_folded(leaf->field))
            values[leaf->n] = val_str(field_fold(p->lex.arena, leaf->field, values[leaf->n].s));
        leaf->n++;
    } while (p->lex.tok == TOK_COMMA);
    if (p->lex.tok != TOK_RPAREN)
        return fail(p);
    lex_next(&p->lex);
    leaf->values = values;
    return RC_OK;
}

static bool has_order(const struct field *f)
{
    return f->type == FT_INT || f->type == FT_REAL || f->type == FT_TIME || f->type == FT_DATE || f->type == FT_MONEY ||
           field_is_text(f);
}

/* The pattern of ~ as its column is stored. */
static struct val fold_value(struct arena *a, const struct field *f, struct val v)
{
    if (f->flags & FF_FOLD)
        return val_str(field_pattern(a, f, v.s));
    char *out = str_cdup(a, v.s);
    for (size_t i = 0; i < v.s.len; i++)
        if (out[i] >= 'A' && out[i] <= 'Z')
            out[i] += 'a' - 'A';
    return val_str((struct str){out, v.s.len});
}

/* An operator sign and its value; *negate for !=. */
static enum rc parse_sign(struct parser *p, struct filter_leaf *leaf, bool *negate)
{
    static const enum filter_op ops[] = {[TOK_EQ] = FOP_EQ, [TOK_NE] = FOP_EQ, [TOK_LT] = FOP_LT,    [TOK_LE] = FOP_LE,
                                         [TOK_GT] = FOP_GT, [TOK_GE] = FOP_GE, [TOK_LIKE] = FOP_LIKE};
    enum tok tok = p->lex.tok;
    if (tok < TOK_EQ || tok > TOK_LIKE || leaf->field->type == FT_SET)
        return fail(p);
    leaf->op = ops[tok];
    *negate = tok == TOK_NE;
    if ((leaf->op == FOP_LIKE && !field_is_text(leaf->field)) ||
        (leaf->op != FOP_LIKE && leaf->op != FOP_EQ && !has_order(leaf->field)))
        return fail(p);
    lex_next(&p->lex);
    leaf->values = ARENA_NEW(p->lex.arena, struct val);
    leaf->n = 1;
    TRY(parse_value(p, leaf->field, leaf->values));
    if (leaf->op == FOP_LIKE)
        leaf->values[0] = fold_value(p->lex.arena, leaf->field, leaf->values[0]);
    else if (leaf->op == FOP_EQ && field_equal_folded(leaf->field))
        leaf->values[0] = val_str(field_fold(p->lex.arena, leaf->field, leaf->values[0].s));
    return RC_OK;
}

static enum rc parse_is_null(struct parser *p, struct filter_leaf *leaf, bool *negate)
{
    lex_next(&p->lex);
    bool is_not = lex_is(&p->lex, "not");
    if (is_not)
        lex_next(&p->lex);
    if (!lex_is(&p->lex, "null"))
        return fail(p);
    lex_next(&p->lex);
    leaf->op = FOP_NOTNULL;
    *negate = !is_not;
    return RC_OK;
}

static enum rc parse_comparison(struct parser *p, struct filter **out)
{
    struct filter *f = ARENA_NEW(p->lex.arena, struct filter);
    f->kind = FILTER_LEAF;
    if (++p->leaves > MAX_LEAVES)
        return fail(p);
    TRY(parse_field(p, &f->leaf));
    bool negate = false;
    if (lex_is(&p->lex, "is")) {
        TRY(parse_is_null(p, &f->leaf, &negate));
    } else if (lex_is(&p->lex, "has")) {
        if (f->leaf.field->type != FT_SET)
            return fail(p);
        lex_next(&p->lex);
        f->leaf.op = FOP_HAS;
        f->leaf.values = ARENA_NEW(p->lex.arena, struct val);
        f->leaf.n = 1;
        TRY(parse_value(p, f->leaf.field, f->leaf.values));
    } else if (lex_is(&p->lex, "in") || lex_is(&p->lex, "not")) {
        negate = lex_is(&p->lex, "not");
        if (negate)
            lex_next(&p->lex);
        if (!lex_is(&p->lex, "in"))
            return fail(p);
        lex_next(&p->lex);
        f->leaf.op = FOP_IN;
        TRY(parse_list(p, &f->leaf));
    } else {
        TRY(parse_sign(p, &f->leaf, &negate));
    }
    *out = f;
    if (negate) {
        *out = ARENA_NEW(p->lex.arena, struct filter);
        **out = (struct filter){.kind = FILTER_NOT, .a = f};
    }
    return RC_OK;
}

static enum rc parse_or(struct parser *p, struct filter **out);

static enum rc parse_not(struct parser *p, struct filter **out)
{
    *out = NULL;
    if (p->depth >= MAX_DEPTH)
        return fail(p);
    p->depth++;
    if (lex_is(&p->lex, "not")) {
        struct filter *f = ARENA_NEW(p->lex.arena, struct filter);
        f->kind = FILTER_NOT;
        lex_next(&p->lex);
        TRY(parse_not(p, &f->a));
        *out = f;
    } else if (p->lex.tok == TOK_LPAREN) {
        lex_next(&p->lex);
        TRY(parse_or(p, out));
        if (p->lex.tok != TOK_RPAREN)
            return fail(p);
        lex_next(&p->lex);
    } else {
        TRY(parse_comparison(p, out));
    }
    p->depth--;
    return RC_OK;
}

static struct filter *join(struct arena *a, enum filter_kind kind, struct filter *left, struct filter *right)
{
    struct filter *f = ARENA_NEW(a, struct filter);
    *f = (struct filter){.kind = kind, .a = left, .b = right};
    return f;
}

static enum rc parse_and(struct parser *p, struct filter **out)
{
    TRY(parse_not(p, out));
    while (lex_is(&p->lex, "and")) {
        struct filter *right;
        lex_next(&p->lex);
        TRY(parse_not(p, &right));
        *out = join(p->lex.arena, FILTER_AND, *out, right);
    }
    return RC_OK;
}

static enum rc parse_or(struct parser *p, struct filter **out)
{
    TRY(parse_and(p, out));
    while (lex_is(&p->lex, "or")) {
        struct filter *right;
        lex_next(&p->lex);
        TRY(parse_and(p, &right));
        *out = join(p->lex.arena, FILTER_OR, *out, right);
    }
    return RC_OK;
}

enum rc filter_parse(struct arena *a, const struct entity *ent, struct str text, const struct filter_env *env,
                     struct filter **out, struct err *e)
{
    struct parser p = {.lex = {.arena = a, .text = text}, .ent = ent, .env = env, .e = e};
    *out = NULL;
    if (str_trim(text).len == 0)
        return RC_OK;
    if (text.len > MAX_TEXT || !str_utf8_valid(text))
        return err_set(e, RC_INVALID, "bad_filter", "filter", "1");
    lex_next(&p.lex);
    TRY(parse_or(&p, out));
    return p.lex.tok == TOK_END ? RC_OK : fail(&p);
}

struct val record_value(const struct record *r, int index)
{
    switch (index) {
    case FIELD_ID:
        return val_int(r->id);
    case FIELD_VERSION:
        return val_int(r->version);
    case FIELD_CREATED_AT:
        return val_int(r->created_at);
    case FIELD_UPDATED_AT:
        return val_int(r->updated_at);
    default:
        return (size_t)index < r->ent->n_fields ? r->f[index] : val_null();
    }
}
