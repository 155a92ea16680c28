/* `voronka check`: the journal is replayed object by object and compared with the rows. Both are streamed in order of
 * id, so that memory does not grow with the number of events. */
#include "crm/check.h"
#include "base/map.h"
#include "crm/clients.h"
#include "crm/personal.h"
#include "crm/search.h"
#include <stdarg.h>

void check_problem(struct check *c, const char *fmt, ...)
{
    char text[320];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    c->problem(c->arg, text);
}

/* ---- events of one kind, in order of object and seq ---- */

enum { EVENT_PAGE = 2000, ROW_PAGE = 400 };

struct cursor {
    struct check *c;
    int kind;
    struct arena arena;
    struct event *page;
    size_t n, i;
    int64_t object, seq; /* the last one read */
    bool end;
};

static enum rc fill(struct cursor *k, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    arena_reset(&k->arena);
    k->page = ARENA_ARRAY(&k->arena, struct event, EVENT_PAGE);
    k->n = k->i = 0;
    TRY(db_prepare(k->c->db, &s,
                   "SELECT object_id, seq, at, undoes, verb, data FROM journal WHERE object_kind = $1"
                   " AND (object_id, seq) > ($2, $3) ORDER BY object_id, seq LIMIT $4",
                   e));
    stmt_i64(s, 1, k->kind);
    stmt_i64(s, 2, k->object);
    stmt_i64(s, 3, k->seq);
    stmt_i64(s, 4, EVENT_PAGE);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        k->page[k->n++] = (struct event){.object_id = stmt_col_i64(s, 0),
                                         .seq = stmt_col_i64(s, 1),
                                         .at = stmt_col_i64(s, 2),
                                         .undoes = stmt_col_i64(s, 3),
                                         .verb = (int)stmt_col_i64(s, 4),
                                         .data = str_dup(&k->arena, stmt_col_str(s, 5))};
    stmt_done(s);
    if (k->n) {
        k->object = k->page[k->n - 1].object_id;
        k->seq = k->page[k->n - 1].seq;
    }
    k->end = k->n < EVENT_PAGE;
    return rc == RC_DONE ? RC_OK : rc;
}

/* The next event or NULL; valid until the next call. */
static enum rc peek(struct cursor *k, const struct event **ev, struct err *e)
{
    if (k->i == k->n && !k->end)
        TRY(fill(k, e));
    *ev = k->i < k->n ? &k->page[k->i] : NULL;
    return RC_OK;
}

/* ---- replay of one object ---- */

struct replay {
    struct arena arena;
    struct record *r; /* as the journal tells it */
    struct stage_history history;
    struct deal_path path;
    bool created;
};

static void replay_begin(struct replay *p, const struct entity *ent)
{
    arena_reset(&p->arena);
    p->r = record_new(&p->arena, ent);
    p->history.len = 0;
    p->history.entered = 0;
    p->path.len = 0;
    p->path.undone = false;
    p->created = false;
}

static enum rc replay_field(struct check *c, struct replay *p, const struct event *ev, const char *name,
                            const json_t *pair, struct err *e)
{
    const struct entity *ent = p->r->ent;
    int i = entity_field_ever(ent, str_c(name));
    struct val old, new;
    if (i < 0 || json_array_size(pair) != 2) {
        check_problem(c, "%s %lld: event %lld tells of an unknown field %s", ent->name, (long long)ev->object_id,
                      (long long)ev->seq, name);
        return RC_OK;
    }
    const struct field *fd = &ent->fields[i];
    if (!field_journalled(fd))
        return RC_OK;
    TRY(val_from_journal(&p->arena, fd, json_array_get(pair, 0), &old, e));
    TRY(val_from_journal(&p->arena, fd, json_array_get(pair, 1), &new, e));
    bool same = val_eq(old, p->r->f[i]) || (val_empty(old) && val_empty(p->r->f[i]));
    if (!same)
        check_problem(c, "%s %lld: event %lld starts from another value of %s than the journal had left", ent->name,
                      (long long)ev->object_id, (long long)ev->seq, name);
    p->r->f[i] = new;
    return RC_OK;
}

static enum rc replay_data(struct check *c, struct replay *p, const struct event *ev, struct err *e)
{
    json_t *data = NULL, *pair;
    const char *name;
    enum rc rc = RC_OK;
    TRY(json_read(ev->data, &data, e));
    json_object_foreach(data, name, pair)
    {
        rc = replay_field(c, p, ev, name, pair, e);
        if (rc != RC_OK)
            break;
    }
    json_decref(data);
    return rc;
}

static enum rc replay_event(struct check *c, struct replay *p, const struct event *ev, struct err *e)
{
    struct record *r = p->r;
    bool stage = ev->verb == VERB_CREATED || ev->verb == VERB_MOVED || ev->verb == VERB_PASSED;
    if (r->ent->id == ENT_DEAL && stage)
        deal_path_add(&p->path, ev);
    bool changes = (ev->verb <= VERB_DONE && ev->verb != VERB_PASSED) || ev->verb == VERB_ERASED;
    if (!changes)
        return RC_OK;
    if ((ev->verb == VERB_CREATED) == p->created)
        check_problem(c, "%s %lld: event %lld %s", r->ent->name, (long long)ev->object_id, (long long)ev->seq,
                      p->created ? "creates it again" : "stands before its creation");
    if (ev->verb == VERB_CREATED)
        r->created_at = ev->at;
    p->created = true;
    r->version++;
    r->updated_at = ev->at;
    if (ev->verb == VERB_DELETED || ev->verb == VERB_RESTORED)
        r->deleted_at = ev->verb == VERB_DELETED ? ev->at : 0;
    if (r->ent->id == ENT_DEAL && (ev->verb == VERB_CREATED || ev->verb == VERB_MOVED))
        stage_history_add(&p->history, ev->seq, ev->undoes, ev->at);
    TRY(replay_data(c, p, ev, e));
    /* Fields that the noun got after the record was made stand at their defaults. */
    return ev->verb == VERB_CREATED ? record_fill_defaults(&p->arena, r, e) : RC_OK;
}

static void check_path(struct check *c, const struct deal_path *path, const struct record *row)
{
    struct arena a = ARENA_EMPTY;
    struct val been = deal_path_stages(path, &a, val_i(row->f[DEAL_STAGE_ID], 0));
    if (!val_eq(been, row->f[DEAL_STAGE_IDS]))
        check_problem(c, "deal %lld: stage_ids differ from its journal", (long long)row->id);
    arena_free(&a);
}

static void compare(struct check *c, const struct replay *p, const struct record *row)
{
    const struct entity *ent = row->ent;
    const struct record *r = p->r;
    if (r->version != row->version)
        check_problem(c, "%s %lld: version %lld, but its journal counts %lld changes", ent->name, (long long)row->id,
                      (long long)row->version, (long long)r->version);
    if (r->created_at != row->created_at || r->updated_at != row->updated_at || r->deleted_at != row->deleted_at)
        check_problem(c, "%s %lld: created_at, updated_at or deleted_at differs from its journal", ent->name,
                      (long long)row->id);
    for (size_t i = 0; i < ent->n_fields; i++) {
        if (!field_journalled(&ent->fields[i]))
            continue;
        if (!val_eq(r->f[i], row->f[i]) && !(val_empty(r->f[i]) && val_empty(row->f[i])))
            check_problem(c, "%s %lld: %s differs from its journal", ent->name, (long long)row->id,
                          ent->fields[i].name);
    }
    if (ent->id == ENT_DEAL && val_i(row->f[DEAL_STAGE_ENTERED_AT], 0) != p->history.entered)
        check_problem(c, "deal %lld: stage_entered_at differs from its journal", (long long)row->id);
    if (ent->id == ENT_DEAL)
        check_path(c, &p->path, row);
}

/* ---- rows ---- */

struct rows {
    struct record **ptr;
    size_t n;
};

static void compare_folds(struct check *c, struct arena *a, struct stmt *s, const struct record *r)
{
    int col = 5;
    for (size_t i = 0; i < r->ent->n_fields; i++)
        col += r->ent->fields[i].type != FT_SET;
    for (size_t i = 0; i < r->ent->n_fields; i++) {
        if (!(r->ent->fields[i].flags & FF_FOLD))
            continue;
        struct str want = r->f[i].kind == VAL_TEXT ? field_fold(a, &r->ent->fields[i], r->f[i].s) : STR_NULL;
        if (!str_eq(want, stmt_col_str(s, col++)))
            check_problem(c, "%s %lld: the search form of %s is out of date", r->ent->name, (long long)r->id,
                          r->ent->fields[i].name);
    }
}

/* What was erased stays so: nothing may have put personal data back. */
static void check_erased(struct check *c, const struct record *r)
{
    if (r->ent->id != ENT_CONTACT || !val_has(r->f[CONTACT_ERASED_AT]))
        return;
    for (int i = 0; i < (int)r->ent->n_fields; i++)
        if (i != CONTACT_NAME && field_personal(r->ent, i) && val_has(r->f[i]))
            check_problem(c, "contact %lld: was erased, but %s has a value", (long long)r->id, r->ent->fields[i].name);
}

static struct str rows_sql(struct arena *a, const struct entity *ent)
{
    struct buf b = {0};
    struct str columns = record_columns(a, ent, NULL);
    buf_fmt(&b, "SELECT %.*s", STR_ARG(columns));
    for (size_t i = 0; i < ent->n_fields; i++)
        if (ent->fields[i].flags & FF_FOLD)
            buf_fmt(&b, ", %s_fold", ent->fields[i].name);
    buf_fmt(&b, " FROM %s WHERE id > $1 ORDER BY id LIMIT %d", ent->table, ROW_PAGE);
    struct str s = str_dup(a, buf_view(&b));
    buf_free(&b);
    return s;
}

static enum rc load_rows(struct check *c, struct arena *a, const struct entity *ent, int64_t after, struct rows *out,
                         struct err *e)
{
    struct stmt *s;
    enum rc rc;
    arena_reset(a);
    out->ptr = ARENA_ARRAY(a, struct record *, ROW_PAGE);
    out->n = 0;
    TRY(db_prepare(c->db, &s, rows_sql(a, ent).ptr, e));
    stmt_i64(s, 1, after);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct record *r = record_new(a, ent);
        record_read_row(a, ent, s, r);
        compare_folds(c, a, s, r);
        check_erased(c, r);
        out->ptr[out->n++] = r;
    }
    stmt_done(s);
    if (rc != RC_DONE)
        return rc;
    TRY(record_load_sets(c->db, a, ent, out->ptr, out->n, NULL, e));
    return ent->id == ENT_DEAL ? check_deal_rows(c, out->ptr, out->n, e) : RC_OK;
}

/* Replays what the journal has about objects up to and including `until`; those without a row are problems. */
static enum rc replay_until(struct cursor *k, struct replay *p, int64_t until, const struct record *row, struct err *e)
{
    const struct entity *ent = entity_by_id((enum entity_id)k->kind);
    const struct event *ev;
    bool seen = false;
    for (;;) {
        TRY(peek(k, &ev, e));
        if (!ev || ev->object_id > until)
            break;
        int64_t id = ev->object_id;
        replay_begin(p, ent);
        while (ev && ev->object_id == id) {
            ++*k->c->events;
            TRY(replay_event(k->c, p, ev, e));
            k->i++;
            TRY(peek(k, &ev, e));
        }
        if (row && id == row->id) {
            seen = true;
            compare(k->c, p, row);
        } else {
            check_problem(k->c, "%s %lld: the journal tells of it, but it has no row", ent->name, (long long)id);
        }
    }
    if (row && !seen)
        check_problem(k->c, "%s %lld: the journal does not know it", ent->name, (long long)row->id);
    return RC_OK;
}

static enum rc check_entity(struct check *c, const struct entity *ent, struct err *e)
{
    struct cursor k = {.c = c, .kind = ent->id, .object = INT64_MIN};
    struct replay p = {0};
    struct arena a = ARENA_EMPTY;
    struct rows rows;
    int64_t after = INT64_MIN;
    enum rc rc = RC_OK;
    do {
        TRY_OUT(load_rows(c, &a, ent, after, &rows, e));
        for (size_t i = 0; i < rows.n; i++) {
            ++*c->rows;
            TRY_OUT(replay_until(&k, &p, rows.ptr[i]->id, rows.ptr[i], e));
            after = rows.ptr[i]->id;
        }
    } while (rows.n == ROW_PAGE);
    rc = replay_until(&k, &p, INT64_MAX, NULL, e);
out:
    vec_free(&p.history);
    vec_free(&p.path);
    arena_free(&p.arena);
    arena_free(&k.arena);
    arena_free(&a);
    return rc;
}

static enum rc check_all(struct check *c, struct err *e)
{
    TRY(check_journal(c, e));
    TRY(check_stages_load(c, e));
    for (int i = 1; i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        if (ent)
            TRY(check_entity(c, ent, e));
    }
    TRY(check_funnels(c, e));
    TRY(check_clients(c, e));
    TRY(check_contacts(c, e));
    TRY(search_check(c->db, c->problem, c->arg, e));
    return check_settings(c, e);
}

enum rc crm_check(struct db *db, void (*problem)(void *arg, const char *text), void *arg, int64_t *events,
                  int64_t *rows, struct err *e)
{
    struct check c = {.db = db, .problem = problem, .arg = arg, .events = events, .rows = rows};
    *events = *rows = 0;
    TRY(entities_follow(db, e));
    entities_refresh();
    TRY(setting_country_load(db, e));
    TRY(db_read_begin(db, e)); /* one state of journal and rows */
    enum rc rc = check_all(&c, e);
    db_read_end(db);
    intmap_free(c.outcomes);
    return rc;
}
