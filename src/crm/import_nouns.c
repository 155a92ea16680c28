/* Companies, products and people of a list of opportunities, through the ordinary commands in one transaction. */
#include "base/money.h"
#include "crm/import_list.h"

struct nouns {
    struct job job;
    struct list_run *r;
    int64_t *company_id, *product_id;
    struct import_list_summary *sum;
    struct import_bad bad; /* as they stood before: the job may run again */
    struct import_notes notes;
};

/* One record of a side file, or of a name alone. */
struct making {
    struct list_run *r;
    struct table *t;
    const struct map_side *side;
    enum entity_id kind;
    int *field_col, *comment_col;
};

static struct str corrected(struct making *m, int col, struct str value, int64_t line)
{
    const struct list_map *map = &m->r->map;
    for (size_t i = 0; col >= 0 && i < map->n_corrections; i++) {
        const struct map_correction *c = &map->corrections[i];
        if (!str_eq(c->column, m->t->head[col]) || !str_eq(c->from, value))
            continue;
        import_notes_add(m->r->notes, "corrected", m->t->file, line, "%.*s \"%.*s\" is taken as \"%.*s\"",
                         STR_ARG(c->column), STR_ARG(value), STR_ARG(c->to));
        return c->to;
    }
    return value;
}

static void put_comment(struct making *m, json_t *body, size_t row)
{
    struct buf b = {0};
    for (size_t i = 0; i < m->side->n_comment; i++) {
        struct str v = table_at(m->t, row, m->comment_col[i]);
        if (v.len)
            buf_fmt(&b, "%s%.*s: %.*s", b.len ? "\n" : "", STR_ARG(m->side->comment[i]), STR_ARG(v));
    }
    if (b.len)
        json_object_set_new(body, "comment", json_text(buf_view(&b)));
    buf_free(&b);
}

static void put_field(struct making *m, json_t *body, size_t row, size_t i)
{
    const struct map_field *f = &m->side->fields[i];
    int64_t line = m->t->line.ptr[row], minor;
    struct str v = corrected(m, m->field_col[i], table_at(m->t, row, m->field_col[i]), line);
    const struct entity *ent = entity_by_id(m->kind);
    if (!v.len)
        return;
    if (ent->fields[entity_field(ent, f->field)].type != FT_MONEY)
        json_object_set_new(body, f->field.ptr, json_text(v));
    else if (money_parse(v, m->r->exponent, &minor))
        json_object_set_new(body, f->field.ptr, json_integer(minor));
    else
        import_bad_add(m->r->bad, BAD_AMOUNT, line, f->field.ptr, v);
}

static json_t *body_of(struct making *m, struct str name, int64_t row)
{
    json_t *body = json_pack("{s:o}", "name", json_text(name));
    if (m->kind == ENT_PRODUCT)
        json_object_set_new(body, "currency", json_text(m->r->map.currency));
    if (row < 0)
        return body;
    m->r->bad->file = m->t->file;
    for (size_t i = 0; i < m->side->n_fields; i++)
        put_field(m, body, (size_t)row, i);
    put_comment(m, body, (size_t)row);
    return body;
}

/* A field that is refused is left out and told; the record comes in. */
static enum rc create(struct making *m, struct change *ch, json_t *body, int64_t line, int64_t *id, struct err *e)
{
    struct change own = change_begin(ch->tx, ch->actor);
    struct record *rec;
    struct err why = {0};
    enum rc rc;
    while ((rc = record_from_json(ch->tx->arena, entity_by_id(m->kind), body, true, &rec, &why)) != RC_OK) {
        json_t *value = json_object_get(body, why.field);
        if (!value || strcmp(why.field, "name") == 0)
            break;
        import_bad_add(m->r->bad, BAD_TEXT, line, why.field, str_c(json_string_value(value)));
        json_object_del(body, why.field);
    }
    json_decref(body);
    if (rc != RC_OK) {
        *e = why;
        return rc;
    }
    return change_create(&own, rec, id, e);
}

static enum rc side_columns(struct making *m, struct arena *a, struct err *e)
{
    m->field_col = ARENA_ARRAY(a, int, m->side->n_fields + 1);
    m->comment_col = ARENA_ARRAY(a, int, m->side->n_comment + 1);
    for (size_t i = 0; i < m->side->n_fields; i++)
        TRY(table_column(m->t, m->side->fields[i].column, &m->field_col[i], e));
    for (size_t i = 0; i < m->side->n_comment; i++)
        TRY(table_column(m->t, m->side->comment[i], &m->comment_col[i], e));
    return RC_OK;
}

static enum rc make_all(struct making *m, struct change *ch, const struct list_names *names, const char *sql,
                        int64_t *ids, int64_t *created, struct err *e)
{
    struct strmap *known = strmap_new();
    struct arena *a = ch->tx->arena;
    enum rc rc;
    *created = 0;
    TRY_OUT(side_columns(m, a, e));
    TRY_OUT(import_load_names(ch->tx->db, sql, known, e));
    for (size_t i = 0; i < names->name.len; i++) {
        struct str name = names->name.ptr[i];
        if (strmap_get(known, str_fold(a, name), &ids[i]))
            continue;
        TRY_OUT(create(m, ch, body_of(m, name, names->row.ptr[i]), names->line.ptr[i], &ids[i], e));
        strmap_put(known, str_fold(a, name), ids[i]);
        ++*created;
    }
    rc = RC_OK;
out:
    strmap_free(known);
    return rc;
}

/* A product without a price cannot stand in a deal: it costs nothing until somebody says more. */
static enum rc price_missing(struct nouns *n, struct change *ch, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_PRODUCT);
    for (size_t i = 0; i < n->r->product.name.len; i++) {
        int64_t price;
        TRY(QUERY_I64(ch->tx->db, &price, -1, e, "SELECT price_minor FROM product WHERE id = $1", n->product_id[i]));
        if (price >= 0)
            continue;
        struct record *zero = record_new(ch->tx->arena, ent);
        struct change own = change_begin(ch->tx, ch->actor);
        zero->f[PRODUCT_PRICE_MINOR] = val_int(0);
        TRY(change_update(&own, n->product_id[i], 0, zero, e));
        import_notes_add(n->r->notes, "no_price", n->r->deals.file, n->r->product.line.ptr[i],
                         "product \"%.*s\" has no price and was given 0", STR_ARG(n->r->product.name.ptr[i]));
    }
    return RC_OK;
}

/* Heads and sellers of the people's file; owners who are not in it are told. */
static enum rc people(struct nouns *n, struct change *ch, struct err *e)
{
    struct list_run *r = n->r;
    struct table *t = &r->people;
    struct strmap *seen = strmap_new();
    VEC(struct str) names = {0};
    int64_t created, known;
    int name, manager;
    enum rc rc = RC_OK;
    if (!r->map.people.file.len)
        goto out;
    TRY_OUT(table_column(t, r->map.people.manager, &manager, e));
    TRY_OUT(table_column(t, r->map.people.name, &name, e));
    for (int pass = 0; pass < 2; pass++) {
        names.len = 0;
        for (size_t i = 0; i < t->row.len; i++) {
            struct str person = table_at(t, i, pass ? name : manager), folded = str_fold(ch->tx->arena, person);
            if (!person.len || strmap_get(seen, folded, &known))
                continue;
            strmap_put(seen, folded, pass);
            vec_push(&names, person);
        }
        int64_t *ids = ARENA_ARRAY(ch->tx->arena, int64_t, names.len + 1);
        TRY_OUT(import_people(ch, pass ? "seller" : "head", names.ptr, names.len, ids, &created, e));
        n->sum->people += (int64_t)names.len;
        n->sum->people_created += created;
    }
    for (size_t i = 0; i < r->log.users.len; i++)
        if (!strmap_get(seen, str_fold(ch->tx->arena, r->log.users.ptr[i]), &known))
            import_notes_add(r->notes, "unknown_person", t->file, 0, "\"%.*s\" is not in the file of people",
                             STR_ARG(r->log.users.ptr[i]));
out:
    strmap_free(seen);
    vec_free(&names);
    return rc;
}

static enum rc nouns_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct nouns *n = (struct nouns *)job;
    struct list_run *r = n->r;
    struct change ch = change_begin(tx, import_actor(0));
    struct making companies = {.r = r, .t = &r->companies, .side = &r->map.companies, .kind = ENT_COMPANY};
    struct making products = {.r = r, .t = &r->products, .side = &r->map.products, .kind = ENT_PRODUCT};
    *r->bad = n->bad;
    *r->notes = n->notes;
    n->sum->people = n->sum->people_created = 0;
    TRY(people(n, &ch, e));
    TRY(make_all(&companies, &ch, &r->company, "SELECT name_fold, id FROM company WHERE deleted_at IS NULL ORDER BY id",
                 n->company_id, &n->sum->companies_created, e));
    TRY(make_all(&products, &ch, &r->product, "SELECT name_fold, id FROM product WHERE deleted_at IS NULL ORDER BY id",
                 n->product_id, &n->sum->products_created, e));
    n->sum->companies = (int64_t)r->company.name.len;
    n->sum->products = (int64_t)r->product.name.len;
    return price_missing(n, &ch, e);
}

enum rc list_nouns(struct writer *w, struct list_run *r, int64_t **company_id, int64_t **product_id,
                   struct import_list_summary *sum, struct err *e)
{
    struct nouns *n = ARENA_NEW(&r->arena, struct nouns);
    n->job.apply = nouns_apply;
    n->r = r;
    n->sum = sum;
    n->company_id = *company_id = ARENA_ARRAY(&r->arena, int64_t, r->company.name.len + 1);
    n->product_id = *product_id = ARENA_ARRAY(&r->arena, int64_t, r->product.name.len + 1);
    n->bad = *r->bad;
    n->notes = *r->notes;
    return writer_run(w, &n->job, e);
}
