#include "crm/query_cursor.h"

static enum rc add_key(struct sort *s, const struct rights *r, const struct entity *ent, struct str name, bool desc,
                       struct err *e)
{
    struct sort_key k = {.desc = desc};
    if (s->n == SORT_KEYS || !filter_find_field(r, ent, name, &k.index, &k.field) || k.field->type == FT_SET ||
        k.field->type == FT_LONG || k.field->type == FT_JSON)
        return err_set(e, RC_INVALID, "bad_sort", "sort", "%.*s", STR_ARG(name));
    k.fold = (k.field->flags & FF_FOLD) != 0;
    k.nullable = !(k.field->flags & FF_REQUIRED);
    s->keys[s->n++] = k;
    return RC_OK;
}

static bool sort_has_id(const struct sort *s)
{
    return s->n && s->keys[s->n - 1].index == FIELD_ID;
}

/* Dictionaries stand in their own order, everything else newest first. */
static struct str default_sort(const struct entity *ent)
{
    int i = entity_field(ent, STR("position"));
    return i >= 0 && ent->fields[i].type == FT_INT ? STR("position,id") : STR("-id");
}

enum rc sort_parse(const struct rights *r, const struct entity *ent, struct str text, struct sort *out, struct err *e)
{
    *out = (struct sort){0};
    struct str rest = text.len ? text : default_sort(ent);
    while (rest.ptr && !sort_has_id(out)) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        bool desc = name.len && name.ptr[0] == '-';
        if (desc)
            name = (struct str){name.ptr + 1, name.len - 1};
        TRY(add_key(out, r, ent, name, desc, e));
    }
    if (rest.ptr)
        return err_set(e, RC_INVALID, "bad_sort", "sort", "%.*s", STR_ARG(rest));
    if (!sort_has_id(out)) {
        bool desc = out->keys[out->n - 1].desc;
        out->keys[out->n++] =
            (struct sort_key){.index = FIELD_ID, .field = filter_common_field(FIELD_ID), .desc = desc};
    }
    return RC_OK;
}

void sort_put_column(struct sqlb *q, const struct sort_key *k)
{
    sqlb_fmt(q, "t.%s%s", k->field->name, k->fold ? "_fold" : "");
}

void sort_put_order(struct sqlb *q, const struct sort *s)
{
    sqlb_c(q, " ORDER BY ");
    for (size_t i = 0; i < s->n; i++) {
        if (i)
            sqlb_c(q, ", ");
        sort_put_column(q, &s->keys[i]);
        sqlb_c(q, s->keys[i].desc ? " DESC" : "");
        sqlb_c(q, s->keys[i].nullable ? " NULLS LAST" : "");
    }
}

static void put_beyond(struct sqlb *q, const struct sort_key *k, struct val v)
{
    if (!val_has(v)) { /* nothing stands behind an empty value but later keys */
        sqlb_c(q, "1=0");
        return;
    }
    sqlb_c(q, "(");
    sort_put_column(q, k);
    sqlb_c(q, k->desc ? " < " : " > ");
    sqlb_param(q, v);
    if (k->nullable) {
        sqlb_c(q, " OR ");
        sort_put_column(q, k);
        sqlb_c(q, " IS NULL");
    }
    sqlb_c(q, ")");
}

static void put_same(struct sqlb *q, const struct sort_key *k, struct val v)
{
    sort_put_column(q, k);
    if (val_has(v)) {
        sqlb_c(q, " = ");
        sqlb_param(q, v);
    } else {
        sqlb_c(q, " IS NULL");
    }
}

void sort_put_after(struct sqlb *q, const struct sort *s, const struct val *values)
{
    const struct sort_key *first = &s->keys[0];
    if (s->n > 1 && !first->nullable) { /* lets an index begin at the right place */
        sqlb_c(q, " AND ");
        sort_put_column(q, first);
        sqlb_c(q, first->desc ? " <= " : " >= ");
        sqlb_param(q, values[0]);
    }
    sqlb_c(q, " AND (");
    for (size_t i = 0; i < s->n; i++) {
        sqlb_c(q, i ? " OR (" : "(");
        for (size_t j = 0; j < i; j++) {
            put_same(q, &s->keys[j], values[j]);
            sqlb_c(q, " AND ");
        }
        put_beyond(q, &s->keys[i], values[i]);
        sqlb_c(q, ")");
    }
    sqlb_c(q, ")");
}

static uint64_t fnv(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ (unsigned char)s.ptr[i]) * UINT64_C(1099511628211);
    return (h ^ 0xFF) * UINT64_C(1099511628211);
}

uint64_t cursor_hash(const struct query *q)
{
    uint64_t h = fnv(UINT64_C(14695981039346656037), str_c(q->ent->name));
    return fnv(fnv(h, q->sort), q->filter);
}

struct str cursor_write(struct arena *a, uint64_t hash, const struct val *values, size_t n)
{
    struct buf b = {0};
    buf_add(&b, &hash, sizeof hash);
    for (size_t i = 0; i < n; i++) {
        buf_char(&b, (char)values[i].kind);
        if (values[i].kind == VAL_INT) {
            buf_add(&b, &values[i].i, 8);
        } else if (values[i].kind == VAL_REAL) {
            buf_add(&b, &values[i].f, 8);
        } else if (values[i].kind == VAL_TEXT) {
            uint32_t len = (uint32_t)values[i].s.len;
            buf_add(&b, &len, 4);
            buf_str(&b, values[i].s);
        }
    }
    struct str out = str_base64url(a, b.ptr, b.len);
    buf_free(&b);
    return out;
}

static bool take(struct str *in, void *out, size_t n)
{
    if (in->len < n)
        return false;
    memcpy(out, in->ptr, n);
    in->ptr += n;
    in->len -= n;
    return true;
}

static enum val_kind key_kind(const struct sort_key *k)
{
    return k->field->type == FT_REAL ? VAL_REAL : field_is_text(k->field) ? VAL_TEXT : VAL_INT;
}

static bool read_key(struct str *in, const struct sort_key *k, struct val *v)
{
    char kind;
    if (!take(in, &kind, 1))
        return false;
    v->kind = (enum val_kind)kind;
    if (v->kind == VAL_NULL)
        return k->nullable;
    if (v->kind != key_kind(k))
        return false;
    if (v->kind == VAL_INT)
        return take(in, &v->i, 8);
    if (v->kind == VAL_REAL)
        return take(in, &v->f, 8) && v->f == v->f;
    uint32_t len;
    if (!take(in, &len, 4) || in->len < len)
        return false;
    v->s = (struct str){in->ptr, len};
    in->ptr += len;
    in->len -= len;
    return str_utf8_valid(v->s);
}

bool cursor_read(struct arena *a, struct str text, uint64_t hash, const struct sort *s, struct val *values)
{
    struct str in;
    uint64_t was;
    if (text.len > 8192 || !str_base64url_decode(a, text, &in) || !take(&in, &was, 8) || was != hash)
        return false;
    for (size_t i = 0; i < s->n; i++)
        if (!read_key(&in, &s->keys[i], &values[i]))
            return false;
    return in.len == 0;
}
