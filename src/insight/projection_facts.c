/* Tables of rows, columns of values, and what has changed. */
#include "base/big.h"
#include "insight/projection_impl.h"
#include "insight/projection_nouns.h"
#include <math.h>

const struct fact_column fact_no_column = {.none = FACT_NULL};

static void *grown(void *ptr, size_t size)
{
    ptr = realloc(ptr, size ? size : 1);
    if (ptr == NULL)
        abort();
    return ptr;
}

/* ---- fields ---- */

static int64_t default_of(const struct field *fd)
{
    int64_t v;
    const char *json = fd->default_json;
    if (json == NULL || !(fd->flags & FF_REQUIRED))
        return FACT_NULL;
    for (int i = 0; fd->type == FT_ENUM && fd->names[i] != NULL; i++)
        if (strlen(json) == strlen(fd->names[i]) + 2 && strncmp(json + 1, fd->names[i], strlen(fd->names[i])) == 0)
            return i;
    return (fd->type == FT_BOOL || fd->type == FT_INT) && event_int(str_c(json), &v) ? v : FACT_NULL;
}

static void add_field(struct fact_table *t, enum fact fact, const struct field *fd)
{
    size_t i = t->n_columns++;
    t->columns = grown(t->columns, t->n_columns * sizeof *t->columns);
    t->own = grown(t->own, t->n_columns * sizeof *t->own);
    t->columns[i] = (struct fact_column){.none = default_of(fd)};
    t->own[i] = (struct column_own){.kind = fact_kind_of(fact, i, fd), .type = fd->type, .names = fd->names};
    t->columns[i].held = t->own[i].kind != FC_NONE;
}

void facts_add_field(struct fact_table *t, const struct field *shape)
{
    add_field(t, fact_of_entity(t->entity), shape);
}

void facts_init(struct fact_table *t, enum fact fact)
{
    t->entity = fact_entity(fact);
    const struct entity *ent = entity_by_id(t->entity);
    for (size_t i = 0; i < ent->n_fields && !ent->fields[i].custom; i++)
        add_field(t, fact, &ent->fields[i]);
}

static void column_free(struct fact_column *c, struct column_own *own)
{
    big_free((void *)c->i64);
    free((void *)c->texts);
    free((void *)c->sets);
    big_free((void *)c->changes);
    free((void *)c->latest);
    strmap_free(own->index);
    arena_free(&own->kept);
}

void facts_free(struct fact_table *t)
{
    for (size_t i = 0; i < t->n_columns; i++)
        column_free(&t->columns[i], &t->own[i]);
    free(t->columns);
    free(t->own);
    big_free(t->ids);
    big_free(t->created_at);
    big_free(t->deleted_at);
    big_free(t->gone_rows);
    big_free(t->author);
    big_clear(&t->row_of_id);
    vec_free(&t->gone);
}

/* ---- memory ---- */

enum { FILLED_AHEAD = 512 }; /* rows: what is written now is still in the cache when their values come */

static size_t width(enum fact_kind kind)
{
    return kind == FC_I8 ? 1 : kind == FC_I64 ? 8 : kind == FC_NONE ? 0 : 4;
}

static void fill(struct fact_column *c, size_t from, size_t to)
{
    int32_t *i32 = (int32_t *)c->i32;
    int64_t *i64 = (int64_t *)c->i64;
    bool none = c->none == FACT_NULL;
    int32_t narrow = c->kind == FC_SET ? 0 : none ? INT32_MIN : (int32_t)c->none;
    if (c->kind == FC_I8)
        memset((int8_t *)c->i8 + from, none ? INT8_MIN : (int)c->none, to - from);
    else if (c->kind == FC_I64)
        for (size_t i = from; i < to; i++)
            i64[i] = c->none;
    else
        for (size_t i = from; i < to; i++)
            i32[i] = narrow;
}

/* The next rows have no values yet. */
static void fill_ahead(struct fact_table *t)
{
    size_t to = t->filled + FILLED_AHEAD < t->cap ? t->filled + FILLED_AHEAD : t->cap;
    for (size_t i = t->filled; t->deleted_at != NULL && i < to; i++)
        t->deleted_at[i] = FACT_NEVER;
    for (size_t i = 0; i < t->n_columns; i++)
        if (t->columns[i].kind != FC_NONE)
            fill(&t->columns[i], t->filled, to);
    t->filled = to;
}

static void resize(struct fact_table *t, size_t cap)
{
    size_t was = t->cap;
    t->ids = big_resize(t->ids, cap * sizeof *t->ids);
    t->created_at = big_resize(t->created_at, cap * sizeof *t->created_at);
    t->author = big_resize(t->author, cap * sizeof *t->author);
    if (t->deleted_at != NULL)
        t->deleted_at = big_resize(t->deleted_at, cap * sizeof *t->deleted_at);
    if (t->gone_rows != NULL) {
        t->gone_rows = big_resize(t->gone_rows, (cap / 64 + 1) * sizeof *t->gone_rows);
        for (size_t i = was / 64 + 1; i < cap / 64 + 1; i++)
            t->gone_rows[i] = 0;
    }
    for (size_t i = 0; i < t->n_columns; i++) {
        struct fact_column *c = &t->columns[i];
        if (c->kind != FC_NONE)
            c->i64 = big_resize((void *)c->i64, cap * width(c->kind));
    }
    t->cap = cap;
    t->filled = t->filled < cap ? t->filled : cap;
}

void facts_trim(struct fact_table *t)
{
    resize(t, t->n + t->n / 16 + 16);
    for (size_t i = 0; i < t->n_columns; i++) {
        struct fact_column *c = &t->columns[i];
        t->own[i].changes_cap = c->n_changes;
        c->changes = c->n_changes ? big_resize((void *)c->changes, c->n_changes * sizeof *c->changes) : c->changes;
    }
}

size_t facts_bytes(const struct fact_table *t)
{
    size_t row = sizeof *t->ids + sizeof *t->created_at + sizeof *t->author + (t->deleted_at ? 8 : 0), fixed = 0;
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct fact_column *c = &t->columns[i];
        row += width(c->kind);
        fixed +=
            t->own[i].changes_cap * sizeof *c->changes + t->own[i].kept_bytes + ((size_t)c->n_texts + c->n_sets) * 64;
    }
    return t->cap * row + fixed + t->row_of_id.cap * sizeof *t->row_of_id.ptr;
}

void facts_fill(const struct fact_table *t, struct facts *out)
{
    *out = (struct facts){.n = t->n,
                          .ids = t->ids,
                          .created_at = t->created_at,
                          .author = t->author,
                          .deleted_at = t->deleted_at,
                          .gone_rows = t->gone_rows,
                          .gone = t->gone.ptr,
                          .n_gone = t->gone.len,
                          .row_of_id = t->row_of_id.ptr,
                          .n_ids = t->row_of_id.len,
                          .columns = t->columns,
                          .n_columns = t->n_columns};
}

/* ---- rows ---- */

uint32_t facts_row(const struct fact_table *t, int64_t id)
{
    return id > 0 && (uint64_t)id < t->row_of_id.len ? t->row_of_id.ptr[id] - 1 : FACT_NO_ROW;
}

uint32_t facts_add(struct fact_table *t, int64_t id, int64_t at, int64_t author)
{
    if (id <= 0 || id >= INT32_MAX || facts_row(t, id) != FACT_NO_ROW)
        return FACT_NO_ROW;
    if ((uint64_t)id >= t->row_of_id.len) {
        size_t len = (size_t)id + 1;
        if (len > t->row_of_id.cap)
            big_reserve(&t->row_of_id, len + len / 4);
        memset(t->row_of_id.ptr + t->row_of_id.len, 0, (len - t->row_of_id.len) * sizeof(uint32_t));
        t->row_of_id.len = len;
    }
    if (t->n == t->cap)
        resize(t, t->cap + t->cap / 2 + 64);
    if (t->n == t->filled)
        fill_ahead(t);
    size_t row = t->n++;
    t->row_of_id.ptr[id] = (uint32_t)t->n;
    t->ids[row] = id;
    t->created_at[row] = at;
    t->author[row] = (uint32_t)author;
    return (uint32_t)row;
}

void facts_delete(struct fact_table *t, uint32_t row, int64_t at, bool deleted)
{
    if (t->deleted_at == NULL) {
        t->deleted_at = big_resize(NULL, t->cap * sizeof *t->deleted_at);
        for (size_t i = 0; i < t->filled; i++)
            t->deleted_at[i] = FACT_NEVER;
    }
    if (!deleted && t->deleted_at[row] != FACT_NEVER) {
        struct fact_gone g = {row, t->deleted_at[row], at};
        vec_push(&t->gone, g);
        if (t->gone_rows == NULL) {
            t->gone_rows = big_resize(NULL, (t->cap / 64 + 1) * sizeof *t->gone_rows);
            memset(t->gone_rows, 0, (t->cap / 64 + 1) * sizeof *t->gone_rows);
        }
        t->gone_rows[row / 64] |= UINT64_C(1) << (row % 64);
    }
    t->deleted_at[row] = deleted ? at : FACT_NEVER;
}

bool fact_was_gone(const struct facts *f, size_t row, int64_t at)
{
    for (size_t i = 0; i < f->n_gone; i++)
        if (f->gone[i].row == row && f->gone[i].from <= at && at < f->gone[i].to)
            return true;
    return false;
}

/* ---- values ---- */

double fact_real(int64_t value)
{
    double d;
    memcpy(&d, &value, sizeof d);
    return value == FACT_NULL ? NAN : d;
}

/* There are too many different ones: the column is given up for good. */
static void drop(struct fact_column *c, struct column_own *own)
{
    column_free(c, own);
    *c = (struct fact_column){.none = FACT_NULL};
    *own = (struct column_own){.type = own->type};
}

static bool intern_text(struct fact_column *c, struct column_own *own, struct str text, int64_t *out)
{
    own->index = own->index ? own->index : strmap_new();
    if (strmap_get(own->index, text, out))
        return true;
    if (c->n_texts >= TEXTS_MOST) {
        drop(c, own);
        return false;
    }
    if (c->n_texts == own->texts_cap) {
        own->texts_cap = own->texts_cap * 2 + 16;
        c->texts = grown((void *)c->texts, own->texts_cap * sizeof *c->texts);
    }
    *out = c->n_texts;
    own->kept_bytes += 2 * text.len;
    ((struct str *)c->texts)[c->n_texts++] = str_dup(&own->kept, text);
    strmap_put(own->index, text, *out);
    return true;
}

static bool intern_set(struct fact_column *c, struct column_own *own, const int64_t *ids, size_t n, int64_t *out)
{
    struct str key = {n ? (const char *)ids : "", n * sizeof *ids};
    own->index = own->index ? own->index : strmap_new();
    if (strmap_get(own->index, key, out))
        return true;
    if (c->n_sets >= SETS_MOST) {
        drop(c, own);
        return false;
    }
    if (c->n_sets == own->sets_cap) {
        own->sets_cap = own->sets_cap * 2 + 16;
        c->sets = grown((void *)c->sets, own->sets_cap * sizeof *c->sets);
    }
    int64_t *copy = ARENA_ARRAY(&own->kept, int64_t, n + 1);
    if (n)
        memcpy(copy, ids, key.len);
    own->kept_bytes += 2 * key.len;
    *out = c->n_sets;
    ((struct fact_set *)c->sets)[c->n_sets++] = (struct fact_set){copy, (uint32_t)n};
    strmap_put(own->index, key, *out);
    return true;
}

int64_t facts_set_of(struct fact_table *t, size_t column, const int64_t *ids, size_t n)
{
    int64_t none, at;
    struct fact_column *c = &t->columns[column];
    if (c->n_sets == 0 && !intern_set(c, &t->own[column], NULL, 0, &none))
        return FACT_NULL;
    return intern_set(c, &t->own[column], ids, n, &at) ? at : FACT_NULL;
}

static bool read_value(struct fact_table *t, size_t column, struct str json, struct arena *scratch, int64_t *out)
{
    struct column_own *own = &t->own[column];
    struct str text;
    int64_t ids[1024];
    *out = FACT_NULL;
    if (own->kind == FC_SET) {
        *out = facts_set_of(t, column, ids, event_ids(json, ids, 1024));
        return true;
    }
    if (json.len == 0 || json.ptr[0] == 'n')
        return json.len == 4;
    if (own->kind == FC_TEXT)
        return event_text(json, scratch, &text) && (intern_text(&t->columns[column], own, text, out) || true);
    return told_value(own->kind, own->type, own->names, json, out);
}

/* The same few texts come again and again. */
bool facts_value(struct fact_table *t, size_t column, struct str json, struct arena *scratch, int64_t *out)
{
    struct column_own *own = &t->own[column];
    if (json.len == own->last_len && json.len > 0 && memcmp(json.ptr, own->last, json.len) == 0) {
        *out = own->last_value;
        return true;
    }
    if (!read_value(t, column, json, scratch, out))
        return false;
    if (own->kind != FC_NONE && json.len <= sizeof own->last && json.len > 0 && json.ptr[0] == '"') {
        memcpy(own->last, json.ptr, json.len);
        own->last_len = json.len;
        own->last_value = *out;
    }
    return true;
}

static void note_change(struct fact_column *c, struct column_own *own, uint32_t row, int64_t old, const struct told *ev)
{
    if (c->n_changes == own->changes_cap) {
        own->changes_cap += own->changes_cap / 2 + 16;
        c->changes = big_resize((void *)c->changes, own->changes_cap * sizeof *c->changes);
    }
    size_t block = c->n_changes / CHANGE_BLOCK;
    if (block == own->latest_cap) {
        own->latest_cap = own->latest_cap * 2 + 4;
        c->latest = grown((void *)c->latest, own->latest_cap * sizeof *c->latest);
    }
    int64_t *latest = (int64_t *)&c->latest[block];
    *latest = c->n_changes % CHANGE_BLOCK == 0 || ev->at > *latest ? ev->at : *latest;
    struct fact_change *to = (struct fact_change *)&c->changes[c->n_changes++];
    *to = (struct fact_change){.at = ev->at,
                               .old = old,
                               .row = row,
                               .actor = ev->actor & INT32_MAX,
                               .automatic = ev->via == VIA_TRIGGER || ev->via == VIA_PROCESS};
}

void facts_put(struct fact_table *t, size_t column, uint32_t row, int64_t value, const struct told *ev)
{
    struct fact_column *c = &t->columns[column];
    struct column_own *own = &t->own[column];
    if (own->kind == FC_NONE)
        return;
    if (c->kind == FC_NONE) {
        c->kind = own->kind;
        c->none = own->kind == FC_SET ? 0 : c->none;
        c->i64 = big_resize(NULL, t->cap * width(c->kind));
        fill(c, 0, t->filled);
    }
    if (ev != NULL) {
        int64_t old = fact_get(c, row);
        if (old == value)
            return;
        note_change(c, own, row, old, ev);
    }
    bool none = value == FACT_NULL;
    if (c->kind == FC_I8)
        ((int8_t *)c->i8)[row] = (int8_t)(none ? INT8_MIN : value);
    else if (c->kind == FC_I64)
        ((int64_t *)c->i64)[row] = value;
    else
        ((int32_t *)c->i32)[row] = none ? INT32_MIN : (int32_t)value;
}

/* Erased on a person's request: what was written about them goes from the past, too. */
void facts_erase_texts(struct fact_table *t, uint32_t row)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        struct fact_column *c = &t->columns[i];
        if (c->kind != FC_TEXT)
            continue;
        ((int32_t *)c->i32)[row] = INT32_MIN;
        for (size_t k = 0; k < c->n_changes; k++)
            if (c->changes[k].row == row)
                ((struct fact_change *)c->changes)[k].old = FACT_NULL;
    }
}
