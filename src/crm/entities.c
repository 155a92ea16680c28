/* The states of the nouns; see custom_field.h. */
#include "base/log.h"
#include "crm/engine.h"
#include "crm/entities_impl.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct entities {
    int64_t seq; /* of the journal: all up to there is in it */
    const struct entity *ent[ENT_END];
    const struct entities *older; /* made before it; whoever works with one may do so for as long as they like */
};

static struct entities builtin;
static pthread_once_t made = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(const struct entities *) newest;
static _Atomic(const struct entities *) made_last;
static _Thread_local const struct entities *pinned;

static void *claim(size_t size)
{
    void *p = calloc(1, size);
    if (!p)
        abort();
    return p;
}

static const char *keep(struct str s)
{
    char *p = claim(s.len + 1);
    if (s.len)
        memcpy(p, s.ptr, s.len);
    return p;
}

static void job_begins(void)
{
    entities_refresh();
}

static void make_builtin(void)
{
    for (int i = 1; i < ENT_END; i++) {
        if (!entities_builtin[i].name)
            continue;
        struct entity *ent = claim(sizeof *ent);
        *ent = entities_builtin[i];
        ent->sql = entity_sql_make(ent);
        builtin.ent[i] = ent;
    }
    atomic_store(&newest, &builtin);
    writer_each_job(job_begins);
}

/* ---- who works with which ---- */

const struct entities *entities_refresh(void)
{
    pthread_once(&made, make_builtin);
    pinned = atomic_load_explicit(&newest, memory_order_acquire);
    return pinned;
}

void entities_pin(const struct entities *state)
{
    pinned = state;
}

static const struct entities *mine(void)
{
    return pinned ? pinned : entities_refresh();
}

const struct entity *entity_by_id(enum entity_id id)
{
    return id > ENT_NONE && id < ENT_END ? mine()->ent[id] : NULL;
}

const struct entity *entity_by_name(struct str name)
{
    for (int i = 1; i < ENT_END; i++)
        if (entities_builtin[i].name && str_eqc(name, entities_builtin[i].name))
            return mine()->ent[i];
    return NULL;
}

const struct entity *entity_by_plural(struct str plural)
{
    for (int i = 1; i < ENT_END; i++)
        if (entities_builtin[i].name && str_eqc(plural, entities_builtin[i].plural))
            return mine()->ent[i];
    return NULL;
}

int entity_field_ever(const struct entity *ent, struct str name)
{
    for (size_t i = 0; i < ent->n_fields; i++)
        if (str_eqc(name, ent->fields[i].name))
            return (int)i;
    return -1;
}

int entity_field(const struct entity *ent, struct str name)
{
    int i = entity_field_ever(ent, name);
    return i >= 0 && !(ent->fields[i].flags & FF_GONE) ? i : -1;
}

struct record *record_adapt(struct arena *a, struct record *r)
{
    const struct entity *ent = r ? entity_by_id(r->ent->id) : NULL;
    if (!r || r->ent == ent || ent->n_fields < r->ent->n_fields)
        return r;
    struct record *own = record_new(a, ent);
    struct val *f = own->f;
    *own = *r;
    own->ent = ent;
    own->f = f;
    memcpy(f, r->f, r->ent->n_fields * sizeof *f);
    return own;
}

/* ---- reading ---- */

struct row {
    int64_t id;
    int object, type;
    bool required, gone;
    int64_t position;
    struct str label, help;
};
struct rows {
    struct row *ptr;
    size_t len, cap;
};

static enum rc read_rows(struct db *db, struct arena *a, struct rows *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s,
                   "SELECT id, object, type, required, position, label, help, deleted_at FROM custom_field ORDER BY id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct row r = {.id = stmt_col_i64(s, 0),
                        .object = (int)stmt_col_i64(s, 1),
                        .type = (int)stmt_col_i64(s, 2),
                        .required = stmt_col_i64(s, 3) != 0,
                        .position = stmt_col_i64(s, 4),
                        .label = str_dup(a, stmt_col_str(s, 5)),
                        .help = stmt_col_null(s, 6) ? STR_NULL : str_dup(a, stmt_col_str(s, 6)),
                        .gone = !stmt_col_null(s, 7)};
        vec_push(out, r);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- making ---- */

static const enum entity_id noun_of[] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY, ENT_TASK}; /* by enum custom_object */

enum entity_id custom_noun(int object)
{
    return object >= 0 && (size_t)object < sizeof noun_of / sizeof *noun_of ? noun_of[object] : ENT_NONE;
}

static const struct field shapes[] = {
    [CUSTOM_TEXT] = {.type = FT_TEXT, .flags = FF_FOLD, .min = 1, .max = 500},
    [CUSTOM_LONG] = {.type = FT_LONG, .flags = FF_FOLD, .min = 1, .max = 20000},
    [CUSTOM_NUMBER] = {.type = FT_REAL, .flags = FF_SUM, .min = -INT64_C(1000000000000000), .max = 1000000000000000},
    [CUSTOM_MONEY] = {.type = FT_MONEY, .flags = FF_SUM, .min = -MONEY_MOST, .max = MONEY_MOST},
    [CUSTOM_DATE] = {.type = FT_DATE, .min = -719162, .max = 2932896},
    [CUSTOM_TIME] = {.type = FT_TIME, .min = -TIME_MOST, .max = TIME_MOST},
    [CUSTOM_BOOL] = {.type = FT_BOOL, .min = 0, .max = 1},
    [CUSTOM_ONE_OF] = {.type = FT_REF, .ref = ENT_FIELD_OPTION},
    [CUSTOM_SEVERAL_OF] = {.type = FT_SET, .max = 100, .ref = ENT_FIELD_OPTION},
    [CUSTOM_URL] = {.type = FT_URL, .min = 1, .max = 1000},
    [CUSTOM_PHONE] = {.type = FT_PHONE, .min = 3, .max = 40},
    [CUSTOM_EMAIL] = {.type = FT_EMAIL, .min = 3, .max = 254},
    [CUSTOM_USER] = {.type = FT_REF, .ref = ENT_USER},
    [CUSTOM_FILE] = {.type = FT_REF, .ref = ENT_FILE},
};

const struct field *custom_shape(int type)
{
    return type >= 0 && (size_t)type < sizeof shapes / sizeof *shapes ? &shapes[type] : NULL;
}

static void make_field(struct field *fd, const struct row *r)
{
    char name[40], link[48];
    struct custom *c = claim(sizeof *c);
    snprintf(name, sizeof name, "cf_%lld", (long long)r->id);
    snprintf(link, sizeof link, "cf_%lld_link", (long long)r->id);
    *c = (struct custom){.id = r->id,
                         .position = r->position,
                         .type = r->type,
                         .label = keep(r->label),
                         .help = r->help.ptr ? keep(r->help) : NULL};
    *fd = shapes[r->type];
    fd->name = keep(str_c(name));
    fd->link = fd->type == FT_SET ? keep(str_c(link)) : NULL;
    fd->flags |= (r->gone ? FF_GONE : 0u) | (r->required && !r->gone ? FF_ASKED : 0u);
    fd->custom = c;
}

static bool same_field(const struct field *fd, const struct row *r)
{
    const struct custom *c = fd->custom;
    unsigned flags = (r->gone ? FF_GONE : 0u) | (r->required && !r->gone ? FF_ASKED : 0u);
    return c->id == r->id && c->position == r->position && c->type == r->type && str_eqc(r->label, c->label) &&
           str_eq(r->help, str_c(c->help)) && (fd->flags & (FF_GONE | FF_ASKED)) == flags;
}

/* The noun with these fields: the one there was when nothing differs. */
static const struct entity *make_noun(const struct entity *was, int object, const struct rows *rows)
{
    const struct entity *base = builtin.ent[custom_noun(object)];
    size_t n = base->n_fields, most = n;
    bool same = true;
    for (size_t i = 0; i < rows->len; i++)
        most += rows->ptr[i].object == object && custom_shape(rows->ptr[i].type);
    struct field *fields = claim(most * sizeof *fields);
    memcpy(fields, base->fields, n * sizeof *fields);
    for (size_t i = 0; i < rows->len; i++) {
        const struct row *r = &rows->ptr[i];
        if (r->object != object || !custom_shape(r->type))
            continue;
        if (n < was->n_fields && was->fields[n].custom && same_field(&was->fields[n], r)) {
            fields[n] = was->fields[n];
        } else {
            make_field(&fields[n], r);
            same = false;
        }
        n++;
    }
    if (same && n == was->n_fields) {
        free(fields);
        return was;
    }
    struct entity *ent = claim(sizeof *ent);
    *ent = *base;
    ent->fields = fields;
    ent->n_fields = n;
    ent->sql = entity_sql_make(ent);
    return ent;
}

static enum rc build(struct db *db, const struct entities *was, struct entities **out, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct rows rows = {0};
    int64_t seq;
    enum rc rc;
    TRY_OUT(journal_last(db, &seq, e));
    TRY_OUT(read_rows(db, &a, &rows, e));
    struct entities *made_now = claim(sizeof *made_now);
    *made_now = *was;
    made_now->seq = seq;
    for (size_t i = 0; i < sizeof noun_of / sizeof *noun_of; i++)
        made_now->ent[noun_of[i]] = make_noun(was->ent[noun_of[i]], (int)i, &rows);
    made_now->older = atomic_load(&made_last);
    while (!atomic_compare_exchange_weak(&made_last, &made_now->older, made_now))
        ; /* another thread has made one meanwhile: the exchange has noted it as the older */
    *out = made_now;
out:
    vec_free(&rows);
    arena_free(&a);
    return rc;
}

/* A state with fewer fields is of another database or of before: it would not be a continuation. */
static bool goes_on(const struct entities *from, const struct entities *to)
{
    for (int i = 1; i < ENT_END; i++)
        if (from->ent[i] && to->ent[i]->n_fields < from->ent[i]->n_fields)
            return false;
    return to->seq >= from->seq;
}

enum rc entities_load(struct db *db, struct err *e)
{
    struct entities *state;
    entities_refresh();
    TRY(build(db, &builtin, &state, e));
    atomic_store_explicit(&newest, state, memory_order_release);
    pinned = state;
    return RC_OK;
}

enum rc entities_open(const struct db_target *target, struct err *e)
{
    struct db *db;
    TRY(db_open(&db, target, DB_READER, e));
    enum rc rc = entities_load(db, e);
    if (rc == RC_OK)
        rc = setting_country_load(db, e); /* how phones are read */
    db_close(db);
    return rc;
}

enum rc entities_follow(struct db *db, struct err *e)
{
    struct entities *state;
    pthread_once(&made, make_builtin);
    pthread_mutex_lock(&lock);
    const struct entities *was = atomic_load_explicit(&newest, memory_order_acquire);
    enum rc rc = build(db, was, &state, e);
    if (rc == RC_OK && goes_on(was, state))
        atomic_store_explicit(&newest, state, memory_order_release);
    pthread_mutex_unlock(&lock);
    return rc;
}

void entities_forget(void)
{
    pthread_once(&made, make_builtin);
    atomic_store(&newest, &builtin);
    pinned = &builtin;
}

/* ---- in a job ---- */

static void publish(struct wtx *tx)
{
    struct err e;
    if (entities_follow(tx->db, &e) != RC_OK)
        log_error("custom fields: %s %s", e.code, e.arg[0]); /* the feed brings them in a moment */
}

enum rc entities_changed(struct wtx *tx, struct err *e)
{
    struct entities *state;
    TRY(build(tx->db, mine(), &state, e));
    pinned = state;
    tx->on_commit = publish;
    return RC_OK;
}
