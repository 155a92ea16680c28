/* A company to test with: a database, its writer, and commands in the words of a sales department. */
#pragma once
#include "crm/crm.h"
#include "crm/fields.h"
#include "store_places.h"

struct rig {
    struct place *place;
    struct writer *writer;
    struct db *db; /* a reader */
    struct arena arena;
    int64_t admin, seller;
    int64_t funnel, fresh, talks, won, lost; /* one funnel and its stages */
    int64_t last_change;
    struct err e;
    int64_t clock; /* when the next step happens; 0: now */
};

/* One step inside of a writer job. */
struct step {
    struct job job;
    struct rig *rig;
    enum rc (*run)(struct change *ch, void *arg, struct err *e);
    void *arg;
    int64_t actor, change_id;
};
static inline enum rc step_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct step *s = (struct step *)job;
    struct change ch = change_begin(tx, (struct actor){s->actor, ROLE_ADMIN, VIA_UI});
    if (s->rig->clock)
        ch.at = s->rig->clock;
    TRY(s->run(&ch, s->arg, e));
    TRY(change_end(&ch, e));
    s->change_id = ch.change_id;
    return RC_OK;
}
static inline enum rc rig_do(struct rig *r, enum rc (*run)(struct change *ch, void *arg, struct err *e), void *arg)
{
    struct step s = {.job.apply = step_apply, .rig = r, .run = run, .arg = arg, .actor = r->admin};
    r->e = (struct err){0};
    enum rc rc = writer_run(r->writer, &s.job, &r->e);
    if (rc == RC_OK)
        r->last_change = s.change_id;
    return rc;
}

struct body {
    enum entity_id kind;
    int64_t id; /* 0: create */
    const char *json;
    enum { BODY_WRITE, BODY_DELETE, BODY_UNDO } what;
    int64_t undone;
};
static inline enum rc body_run(struct change *ch, void *arg, struct err *e)
{
    struct body *b = arg;
    const struct entity *ent = entity_by_id(b->kind);
    struct record *in = NULL;
    json_t *tree = NULL;
    if (b->what == BODY_DELETE)
        return change_delete(ch, ent, b->id, 0, e);
    if (b->what == BODY_UNDO)
        return change_undo(ch, b->id, &b->undone, e);
    TRY(json_read(str_c(b->json), &tree, e));
    enum rc rc = record_from_json(ch->tx->arena, ent, tree, !b->id, &in, e);
    json_decref(tree);
    TRY(rc);
    return b->id ? change_update(ch, b->id, 0, in, e) : change_create(ch, in, &b->id, e);
}
/* The bodies are JSON with ' for ". */
static inline const char *quoted(char out[2000], const char *fmt, va_list args)
{
    vsnprintf(out, 2000, fmt, args);
    for (char *c = out; *c; c++)
        if (*c == '\'')
            *c = '"';
    return out;
}
static inline enum rc try_create(struct rig *r, enum entity_id kind, int64_t *id, const char *fmt, ...)
{
    char text[2000];
    va_list args;
    va_start(args, fmt);
    struct body b = {.kind = kind, .json = quoted(text, fmt, args)};
    va_end(args);
    enum rc rc = rig_do(r, body_run, &b);
    if (id)
        *id = b.id;
    return rc;
}
static inline enum rc try_update(struct rig *r, enum entity_id kind, int64_t id, const char *fmt, ...)
{
    char text[2000];
    va_list args;
    va_start(args, fmt);
    struct body b = {.kind = kind, .id = id, .json = quoted(text, fmt, args)};
    va_end(args);
    return rig_do(r, body_run, &b);
}
static inline enum rc try_delete(struct rig *r, enum entity_id kind, int64_t id)
{
    struct body b = {.kind = kind, .id = id, .what = BODY_DELETE};
    return rig_do(r, body_run, &b);
}
static inline enum rc try_undo(struct rig *r, int64_t change)
{
    struct body b = {.id = change, .what = BODY_UNDO};
    return rig_do(r, body_run, &b);
}
#define DO(r, call)                                                                                                    \
    do {                                                                                                               \
        if ((call) != RC_OK)                                                                                           \
            fail_msg("%s: %s %s %s", #call, (r)->e.code, (r)->e.field, (r)->e.arg[0]);                                 \
    } while (0)
#define REFUSED(r, call, want)                                                                                         \
    do {                                                                                                               \
        assert_int_not_equal((call), RC_OK);                                                                           \
        assert_string_equal((r)->e.code, want);                                                                        \
    } while (0)

/* The object as the API would show it, or the code of the error. */
static inline const char *shown(struct rig *r, enum entity_id kind, int64_t id)
{
    struct record *rec;
    struct buf b = {0};
    struct jw w = jw_to(&b);
    struct err e = {0};
    if (record_load(r->db, &r->arena, entity_by_id(kind), id, false, &rec, &e) != RC_OK)
        return str_cdup(&r->arena, str_c(e.code));
    record_put(&w, rec, NULL);
    const char *text = str_cdup(&r->arena, buf_view(&b));
    buf_free(&b);
    return text;
}
static inline struct val field_of(struct rig *r, enum entity_id kind, int64_t id, int field)
{
    struct record *rec;
    struct err e = {0};
    OK(record_load(r->db, &r->arena, entity_by_id(kind), id, false, &rec, &e));
    return rec->f[field];
}
/* Data of the newest event. */
static inline const char *last_event(struct rig *r)
{
    struct stmt *s;
    struct err e = {0};
    OK(db_prepare(r->db, &s, "SELECT object_kind, verb, data FROM journal ORDER BY seq DESC LIMIT 1", &e));
    assert_int_equal(stmt_step(s, &e), RC_ROW);
    struct str text = str_fmt(&r->arena, "%s.%s %.*s", entity_kind_name((int)stmt_col_i64(s, 0)),
                              verb_names[stmt_col_i64(s, 1)], STR_ARG(stmt_col_str(s, 2)));
    stmt_done(s);
    return text.ptr;
}
static inline void no_problem(void *arg, const char *text)
{
    ++*(int *)arg;
    print_error("check: %s\n", text);
}
/* Journal and rows agree: every scenario ends with it. */
static inline void assert_consistent(struct rig *r)
{
    int problems = 0;
    int64_t events, rows;
    struct err e = {0};
    OK(crm_check(r->db, no_problem, &problems, &events, &rows, &e));
    assert_int_equal(problems, 0);
    assert_true(events > 0 && rows > 0);
}

static inline struct rig *rig_open(struct place *p)
{
    struct rig *r = calloc(1, sizeof *r);
    struct err e = {0};
    r->place = p;
    OK(writer_start(&r->writer, &p->target, crm_migrations, crm_migrations_n, NULL, NULL, &e));
    OK(db_open(&r->db, &p->target, DB_READER, &e));
    DO(r, try_create(r, ENT_USER, &r->admin, "{'name':'Анна','email':'anna@example.com','role':'admin'}"));
    DO(r, try_create(r, ENT_USER, &r->seller, "{'name':'Борис','email':'boris@example.com'}"));
    DO(r, try_create(r, ENT_FUNNEL, &r->funnel, "{'name':'Входящие'}"));
    DO(r, try_create(r, ENT_STAGE, &r->fresh, "{'funnel_id':%lld,'name':'Новая'}", (long long)r->funnel));
    DO(r, try_create(r, ENT_STAGE, &r->talks, "{'funnel_id':%lld,'name':'Переговоры','probability':40}",
                     (long long)r->funnel));
    DO(r, try_create(r, ENT_STAGE, &r->won, "{'funnel_id':%lld,'name':'Успех','outcome':'won'}", (long long)r->funnel));
    DO(r,
       try_create(r, ENT_STAGE, &r->lost, "{'funnel_id':%lld,'name':'Отказ','outcome':'lost'}", (long long)r->funnel));
    return r;
}
static inline void rig_close(struct rig *r)
{
    assert_consistent(r);
    db_close(r->db);
    writer_stop(r->writer);
    arena_free(&r->arena);
    free(r);
}
