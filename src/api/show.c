/* One object as an answer: the most frequent read there is, so it is one statement, sets included. */
#include "api/inside.h"
#include "crm/access.h"
#include <stdlib.h>

#define SHOWN 256       /* objects kept as text, by id; a newcomer takes the place */
#define SHOWN_MOST 8192 /* bytes of one */

/* An object as it was shown in one state of the database. */
struct shown {
    const struct entity *ent;
    int64_t id, state, version;
    struct buf text;
};

void show_new(struct app *app)
{
    app->shown = calloc(SHOWN, sizeof *app->shown);
    if (!app->shown)
        abort();
}

void show_free(struct app *app)
{
    for (size_t i = 0; app->shown && i < SHOWN; i++)
        buf_free(&app->shown[i].text);
    free(app->shown);
}

static struct shown *shown_slot(const struct app *app, const struct entity *ent, int64_t id)
{
    return &app->shown[((uint64_t)id + (uint64_t)ent->id * 37) % SHOWN];
}

static bool show_again(struct call *c, const struct entity *ent, int64_t id, int64_t state)
{
    const struct shown *s = shown_slot(c->app, ent, id);
    if (!state || s->ent != ent || s->id != id || s->state != state)
        return false;
    call_etag(c, s->version);
    buf_str(http_body(c->r), buf_view(&s->text));
    return true;
}

static void show_keep(struct call *c, const struct record *r, int64_t state, struct str text)
{
    struct shown *s = shown_slot(c->app, r->ent, r->id);
    if (!state || r->deleted_at || text.len > SHOWN_MOST)
        return;
    s->ent = r->ent;
    s->id = r->id;
    s->state = state;
    s->version = r->version;
    buf_clear(&s->text);
    buf_str(&s->text, text);
}

static int id_cmp(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static struct val read_set(struct arena *a, struct str text)
{
    size_t n = 0, most = 1;
    for (size_t i = 0; i < text.len; i++)
        most += text.ptr[i] == ',';
    int64_t *ids = text.len ? ARENA_ARRAY(a, int64_t, most) : NULL;
    for (struct str rest = text; rest.len;)
        if (str_i64(str_cut(rest, ',', &rest), &ids[n]))
            n++;
    if (n > 1)
        qsort(ids, n, sizeof *ids, id_cmp);
    return (struct val){.kind = VAL_SET, .set = {ids, n}};
}

static struct record *read_row(struct arena *a, const struct entity *ent, struct stmt *s)
{
    struct record *r = record_new(a, ent);
    int col = 5;
    record_read_row(a, ent, s, r);
    for (size_t i = 0; i < ent->n_fields; i++)
        col += ent->fields[i].type != FT_SET;
    for (size_t i = 0; i < ent->n_fields; i++)
        if (ent->fields[i].type == FT_SET)
            r->f[i] = read_set(a, stmt_col_str(s, col++));
    return r;
}

/* Who has just written a record is shown what they wrote. */
static enum rc in_sight(struct call *c, const struct record *r, struct err *e)
{
    struct access *x;
    TRY(access_of(c->db, c->r->arena, r, &x, e));
    return rights_allow(c->rights, x, RIGHT_SEE)
               ? RC_OK
               : err_set(e, RC_NOT_FOUND, "not_found", "", "%s %lld", r->ent->name, (long long)r->id);
}

enum rc call_show(struct call *c, const struct entity *ent, int64_t id, struct err *e)
{
    bool after_write = c->route->run == RUN_WRITE; /* a repeated request may find the object deleted meanwhile */
    struct record *r = NULL;
    struct stmt *s;
    const struct rights *rights = c->rights->everything ? NULL : c->rights;
    bool plain = rights_all_rows(c->rights, ent, RIGHT_SEE) && (!rights || rights->all_fields[ent->id]);
    int64_t state = plain ? readers_state(c->app->readers, c->db) : 0; /* what is kept is for who sees all of it */
    if (show_again(c, ent, id, state))
        return RC_OK;
    TRY(db_prepare(c->db, &s, entity_show_sql(ent, c->app->target.kind), e));
    stmt_i64(s, 1, id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        r = read_row(c->r->arena, ent, s);
    stmt_done(s);
    if (rc != RC_ROW && rc != RC_DONE)
        return rc;
    if (!r || (r->deleted_at && !after_write))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%s %lld", ent->name, (long long)id);
    if (!plain && !(after_write && !c->job.replayed))
        TRY(in_sight(c, r, e));
    call_etag(c, r->version);
    struct jw w = call_json(c);
    buf_reserve(w.b, 1024);
    rights_trim(rights, c->r->arena, r);
    record_put_seen(&w, r, rights_mask(rights, c->r->arena, ent, NULL));
    show_keep(c, r, state, buf_view(w.b));
    return RC_OK;
}
