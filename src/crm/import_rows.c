/* Reading the rows of an import, chunk by chunk, in the operations' thread: cells to values, names to ids, and which
 * rows are records that are there already. */
#include "crm/import_rows.h"
#include "crm/rights.h"
#include <stdlib.h>

#define IN_MOST 100 /* keys of one query */
#define ALONE 20000 /* rows of a chunk when nobody else works: the fewer commits, the fewer times a page is written */

/* ---- dictionaries ---- */

struct dictionary {
    enum entity_id kind;
    const char *sql; /* a name, its id, whose it is */
};
static const struct dictionary dictionaries[] = {
    {ENT_USER, "SELECT name_fold, id, 0 FROM users WHERE deleted_at IS NULL ORDER BY active DESC, id"},
    {ENT_USER, "SELECT email_fold, id, 0 FROM users WHERE deleted_at IS NULL ORDER BY id"},
    {ENT_FUNNEL, "SELECT name_fold, id, 0 FROM funnel WHERE deleted_at IS NULL ORDER BY archived, id"},
    {ENT_STAGE, "SELECT name_fold, id, funnel_id FROM stage WHERE deleted_at IS NULL ORDER BY archived, position, id"},
    {ENT_TAG, "SELECT name_fold, id, 0 FROM tag WHERE deleted_at IS NULL ORDER BY id"},
    {ENT_SOURCE, "SELECT name_fold, id, 0 FROM source WHERE deleted_at IS NULL ORDER BY archived, id"},
    {ENT_CAMPAIGN, "SELECT name_fold, id, 0 FROM campaign WHERE deleted_at IS NULL ORDER BY id"},
    {ENT_LOSS_REASON, "SELECT name_fold, id, 0 FROM loss_reason WHERE deleted_at IS NULL ORDER BY archived, id"},
    {ENT_DEAL_CLASS, "SELECT name_fold, id, 0 FROM deal_class WHERE deleted_at IS NULL ORDER BY id"},
    {ENT_FIELD_OPTION,
     "SELECT name_fold, id, custom_field_id FROM field_option WHERE deleted_at IS NULL ORDER BY archived, id"},
};

/* A funnel that one may not see has no name, either. */
static bool in_sight(const struct rights *r, enum entity_id kind, int64_t id, int64_t of)
{
    return kind == ENT_FUNNEL ? rights_has_funnel(r, id) : kind == ENT_STAGE ? rights_has_stage(r, of, id) : true;
}

static enum rc load_one(struct importing *im, struct db *db, const struct rights *r, const struct dictionary *d,
                        struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct stmt *s;
    int64_t had;
    enum rc rc;
    TRY(db_prepare(db, &s, d->sql, e));
    if (!im->names[d->kind])
        im->names[d->kind] = strmap_new();
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct str key = stmt_col_str(s, 0);
        if (!in_sight(r, d->kind, stmt_col_i64(s, 1), stmt_col_i64(s, 2)))
            continue;
        if (stmt_col_i64(s, 2))
            key = str_fmt(&a, "%lld %.*s", (long long)stmt_col_i64(s, 2), STR_ARG(key));
        if (key.len && !strmap_get(im->names[d->kind], key, &had))
            strmap_put(im->names[d->kind], key, stmt_col_i64(s, 1));
    }
    stmt_done(s);
    arena_free(&a);
    return rc == RC_DONE ? RC_OK : rc;
}

static void forget_dictionaries(struct importing *im)
{
    for (int i = 0; i < ENT_END; i++) {
        if (im->names[i])
            strmap_free(im->names[i]);
        im->names[i] = NULL;
    }
}

enum rc import_load_dictionaries(struct importing *im, struct db *db, const struct rights *r, struct err *e)
{
    forget_dictionaries(im);
    im->renew = false;
    for (size_t i = 0; i < sizeof dictionaries / sizeof *dictionaries; i++)
        TRY(load_one(im, db, r, &dictionaries[i], e));
    return RC_OK;
}

/* ---- which records are there already ---- */

struct wanted { /* one key of one part */
    struct import_part *part;
    struct str key;
};
struct wanteds {
    struct wanted *ptr;
    size_t len, cap;
};

/* By what and in which column; a column without a companion is compared as it is. */
struct key_of {
    enum entity_id kind;
    enum import_match match;
    int field;
    const char *column;
};
static const struct key_of keys[] = {
    {ENT_CONTACT, MATCH_EMAIL, CONTACT_EMAIL, "email_fold"}, {ENT_CONTACT, MATCH_PHONE, CONTACT_PHONE, "phone_fold"},
    {ENT_CONTACT, MATCH_NAME, CONTACT_NAME, "name_fold"},    {ENT_COMPANY, MATCH_INN, COMPANY_INN, "inn"},
    {ENT_COMPANY, MATCH_EMAIL, COMPANY_EMAIL, "email_fold"}, {ENT_COMPANY, MATCH_PHONE, COMPANY_PHONE, "phone_fold"},
    {ENT_COMPANY, MATCH_NAME, COMPANY_NAME, "name_fold"},    {ENT_DEAL, MATCH_NAME, DEAL_TITLE, "title_fold"},
    {ENT_TASK, MATCH_NAME, TASK_TITLE, "title_fold"},        {ENT_PRODUCT, MATCH_SKU, PRODUCT_SKU, "sku"},
    {ENT_PRODUCT, MATCH_NAME, PRODUCT_NAME, "name_fold"},
};

static const struct key_of *find_key(enum entity_id kind, enum import_match match)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].kind == kind && keys[i].match == match)
            return &keys[i];
    return NULL;
}

static struct str part_key(struct arena *a, const struct import_part *p, const struct key_of *k)
{
    const struct field *fd = &p->ent->fields[k->field];
    struct val v = p->in->f[k->field];
    if (v.kind != VAL_TEXT)
        return STR_NULL;
    return fd->flags & FF_FOLD ? field_fold(a, fd, v.s) : v.s;
}

struct finding {
    struct db *db;
    struct arena *a;
    const struct rights *rights;
    struct strmap *found; /* key to id, -1: several */
};

static enum rc take_found(struct finding *f, struct sqlb *q, struct err *e)
{
    struct stmt *s;
    enum rc rc = sqlb_prepare(q, f->db, &s, e);
    int64_t had;
    if (rc != RC_OK)
        return rc;
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct str key = stmt_col_str(s, 1);
        int64_t id = stmt_col_i64(s, 0);
        bool again = strmap_get(f->found, key, &had);
        if (!again || (had != id && had > 0))
            strmap_put(f->found, key, again ? -had : id); /* several: minus the first */
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static void put_keys(struct sqlb *q, const struct wanted *w, size_t n)
{
    sqlb_c(q, " IN (");
    for (size_t i = 0; i < IN_MOST; i++) { /* always as many, so that the text is one */
        sqlb_c(q, i ? ", " : "");
        sqlb_param(q, val_str(w[i < n ? i : 0].key));
    }
    sqlb_c(q, ")");
}

static enum rc find_in_table(struct finding *f, const struct key_of *k, const struct wanted *w, size_t n, struct err *e)
{
    const struct entity *ent = entity_by_id(k->kind);
    struct sqlb q = sqlb_new(f->a);
    sqlb_fmt(&q, "SELECT t.id, t.%s FROM %s t WHERE t.deleted_at IS NULL AND t.%s", k->column, ent->table, k->column);
    put_keys(&q, w, n);
    sqlb_c(&q, " AND ");
    rights_sql(&q, f->rights, ent, RIGHT_SEE, "t");
    sqlb_c(&q, " ORDER BY t.id");
    enum rc rc = take_found(f, &q, e);
    sqlb_free(&q);
    return rc;
}

/* Further phones and mails count too. */
static enum rc find_in_points(struct finding *f, const struct key_of *k, const struct wanted *w, size_t n,
                              struct err *e)
{
    const struct entity *ent = entity_by_id(k->kind);
    struct sqlb q = sqlb_new(f->a);
    sqlb_fmt(&q,
             "SELECT t.id, p.normal FROM contact_point p JOIN %s t ON t.id = p.%s_id WHERE p.deleted_at IS NULL AND"
             " t.deleted_at IS NULL AND p.normal",
             ent->table, ent->name);
    put_keys(&q, w, n);
    sqlb_c(&q, " AND ");
    rights_sql(&q, f->rights, ent, RIGHT_SEE, "t");
    sqlb_c(&q, " ORDER BY t.id");
    enum rc rc = take_found(f, &q, e);
    sqlb_free(&q);
    return rc;
}

static enum rc find_all(struct finding *f, const struct key_of *k, const struct wanteds *w, struct err *e)
{
    for (size_t i = 0; i < w->len; i += IN_MOST) {
        size_t n = w->len - i < IN_MOST ? w->len - i : IN_MOST;
        TRY(find_in_table(f, k, w->ptr + i, n, e));
        if (k->match == MATCH_PHONE || k->match == MATCH_EMAIL)
            TRY(find_in_points(f, k, w->ptr + i, n, e));
    }
    return RC_OK;
}

/* One way of matching over the whole chunk: the database first, then earlier rows of the chunk. */
static enum rc match_by(struct finding *f, const struct key_of *k, struct import_row *const *rows, size_t n, int at,
                        bool main, struct err *e)
{
    struct wanteds w = {0};
    struct strmap *here = strmap_new();
    int64_t id, first;
    f->found = strmap_new();
    for (size_t i = 0; i < n; i++) {
        struct import_part *p = &rows[i]->part[at];
        struct str key = p->ent && p->ent->id == k->kind && !p->id && !p->same ? part_key(f->a, p, k) : STR_NULL;
        if (key.len) {
            struct wanted one = {p, key};
            vec_push(&w, one);
        }
    }
    enum rc rc = find_all(f, k, &w, e);
    for (size_t i = 0; rc == RC_OK && i < w.len; i++) {
        struct import_part *p = w.ptr[i].part;
        if (strmap_get(f->found, w.ptr[i].key, &id)) {
            p->ambiguous = main && id < 0;
            p->id = id < 0 ? -id : id;
        } else if (strmap_get(here, w.ptr[i].key, &first)) {
            p->same = w.ptr[first].part;
        } else {
            strmap_put(here, w.ptr[i].key, (int64_t)i);
        }
    }
    strmap_free(here);
    strmap_free(f->found);
    vec_free(&w);
    return rc;
}

static enum rc match_by_id(struct finding *f, struct import_row *const *rows, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct import_part *p = &rows[i]->part[PART_MAIN];
        bool there = false;
        if (p->by_id < 1)
            continue;
        TRY(rights_reach(f->db, f->a, f->rights, p->ent, p->by_id, RIGHT_SEE, &there, e));
        struct record *r = NULL;
        enum rc rc = there ? record_load(f->db, f->a, p->ent, p->by_id, false, &r, e) : RC_NOT_FOUND;
        if (rc == RC_OK)
            p->id = p->by_id;
        else if (rc != RC_NOT_FOUND)
            return rc;
    }
    return RC_OK;
}

static enum rc match_rows(struct importing *im, struct finding *f, struct import_row *const *rows, size_t n,
                          struct err *e)
{
    static const struct {
        int part;
        enum entity_id kind;
        enum import_match match;
    } beside[] = {{PART_COMPANY, ENT_COMPANY, MATCH_INN},
                  {PART_COMPANY, ENT_COMPANY, MATCH_NAME},
                  {PART_CONTACT, ENT_CONTACT, MATCH_EMAIL},
                  {PART_CONTACT, ENT_CONTACT, MATCH_PHONE},
                  {PART_CONTACT, ENT_CONTACT, MATCH_NAME}};
    const struct import_plan *p = &im->plan;
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
        TRY(match_by(f, find_key(beside[i].kind, beside[i].match), rows, n, beside[i].part, false, e));
    for (size_t i = 0; p->on_match != ON_MATCH_CREATE && i < p->n_match; i++) {
        const struct key_of *k = find_key(p->object, p->match[i]);
        if (p->match[i] == MATCH_ID)
            TRY(match_by_id(f, rows, n, e));
        else if (k)
            TRY(match_by(f, k, rows, n, PART_MAIN, true, e));
    }
    return RC_OK;
}

/* ---- rows ---- */

static struct import_row *read_row(struct importing *im, struct arena *a, const struct str *cells, size_t n)
{
    struct import_row *row = ARENA_NEW(a, struct import_row);
    row->created_at = row->closed_at = NO_TIME;
    for (size_t i = 0; i < im->plan.n; i++)
        if (im->plan.column[i].at < n)
            import_cell(im, a, &im->plan.column[i], cells[im->plan.column[i].at], row);
    import_row_end(im, a, row);
    return row;
}

/* Dates such as 03/04/2026 are meant in a column as those of its rows that can be read in one way only. */
static void order_of_days(struct importing *im, const struct str *cells, size_t n)
{
    for (size_t i = 0; i < im->plan.n; i++) {
        struct import_column *c = &im->plan.column[i];
        if (c->at < n && when_order_hint(cells[c->at]) < 0)
            c->order = WHEN_MDY;
    }
}

static enum rc count_rows(struct operation *op, struct importing *im, struct err *e)
{
    const struct str *cells;
    size_t n;
    int64_t number;
    enum rc rc;
    op->total = -1; /* the header */
    while ((rc = source_next(&im->source, &cells, &n, &number, e)) == RC_ROW || rc == RC_INVALID) {
        if (rc == RC_ROW && op->total >= 0)
            order_of_days(im, cells, n);
        op->total++;
    }
    if (op->total < 0)
        return err_set(e, RC_UNPROCESSABLE, "no_header", "", NULL);
    return rc == RC_DONE ? source_rewind(&im->source, im->plan.path, e) : rc;
}

static enum rc skip_rows(struct importing *im, int64_t n, struct err *e)
{
    const struct str *cells;
    size_t width;
    int64_t number;
    enum rc rc = RC_ROW;
    for (int64_t i = 0; i <= n && rc != RC_DONE; i++) { /* the header too */
        rc = source_next(&im->source, &cells, &width, &number, e);
        for (size_t k = 0; i == 0 && rc == RC_ROW && k < im->plan.n; k++)
            if (im->plan.column[k].at < width)
                im->plan.column[k].header = str_dup(&im->arena, str_trim(cells[im->plan.column[k].at]));
        if (rc != RC_ROW && rc != RC_DONE && rc != RC_INVALID)
            return rc;
    }
    im->rows = n;
    return RC_OK;
}

static enum rc settings_of(struct importing *im, struct db *db, struct err *e)
{
    struct str zone;
    TRY(setting_get(db, &im->arena, "time_zone", "Europe/Moscow", &zone, e));
    TRY(setting_get(db, &im->arena, "currency", "RUB", &im->currency, e));
    im->zone = zone_load(str_cdup(&im->arena, zone));
    return RC_OK;
}

static const struct operation_type import_stops;

static enum rc open_import(struct operation *op, struct db *db, const struct rights *r, struct err *e)
{
    struct importing *im = calloc(1, sizeof *im);
    json_t *json = NULL;
    if (!im)
        abort();
    op->own = im;
    TRY(json_read(op->plan, &json, e));
    enum rc rc = import_plan_read(&im->arena, json, &im->plan, e);
    json_decref(json);
    TRY(rc);
    if (im->plan.stop)
        op->type = &import_stops;
    TRY(settings_of(im, db, e));
    TRY(source_open(&im->source, im->plan.path, &im->plan.source, &im->arena, e));
    TRY(count_rows(op, im, e));
    TRY(skip_rows(im, op->cursor, e));
    im->opened = true;
    return import_load_dictionaries(im, db, r, e);
}

static enum rc read_chunk(struct importing *im, struct arena *a, size_t most, struct operation_items *out,
                          struct import_row **rows, struct err *e)
{
    const struct str *cells;
    size_t n;
    int64_t number;
    while (out->n < most) {
        struct err why = {0};
        enum rc rc = source_next(&im->source, &cells, &n, &number, &why);
        if (rc == RC_DONE)
            return RC_OK;
        if (rc != RC_ROW && rc != RC_INVALID) {
            *e = why;
            return rc;
        }
        struct import_row *row = read_row(im, a, cells, rc == RC_ROW ? n : 0);
        if (rc == RC_INVALID)
            row->bad = why;
        rows[out->n] = row;
        im->rows++;
        struct operation_item item = {.row = number, .cursor = im->rows, .kind = im->plan.object, .own = row};
        operation_add_item(out, a, &item);
    }
    return RC_OK;
}

static enum rc gather(struct operation *op, struct db *db, struct arena *a, size_t most, struct operation_items *out,
                      struct err *e)
{
    struct actor actor;
    TRY(operation_actor(op, db, a, &actor, e));
    if (!op->own)
        TRY(open_import(op, db, actor.rights, e));
    struct importing *im = op->own;
    if (!im->opened)
        return err_set(e, RC_INTERNAL, "operation_unknown", "", NULL);
    if (im->renew)
        TRY(import_load_dictionaries(im, db, actor.rights, e));
    if (op->via == VIA_CLI && !im->plan.dry_run)
        most = ALONE;
    struct import_row **rows = ARENA_ARRAY(a, struct import_row *, most);
    TRY(read_chunk(im, a, most, out, rows, e));
    struct finding f = {.db = db, .a = a, .rights = actor.rights};
    TRY(match_rows(im, &f, rows, out->n, e));
    for (size_t i = 0; i < out->n; i++)
        out->ptr[i].id = rows[i]->part[PART_MAIN].id;
    return RC_OK;
}

static void close_import(struct operation *op)
{
    struct importing *im = op->own;
    if (!im)
        return;
    source_close(&im->source);
    forget_dictionaries(im);
    zone_free(im->zone);
    arena_free(&im->arena);
    free(im);
    op->own = NULL;
}

const struct operation_type operation_import = {
    .kind = OPERATION_IMPORT, .gather = gather, .apply = import_apply, .finish = import_finish, .close = close_import};
static const struct operation_type import_stops = {.kind = OPERATION_IMPORT,
                                                   .gather = gather,
                                                   .apply = import_apply,
                                                   .finish = import_finish,
                                                   .close = close_import,
                                                   .all_or_nothing = true};
