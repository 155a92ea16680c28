/* Operations run in turn, a chunk each. A chunk is short while others write and longer when nobody waits. Where an
 * operation stands is in the database, so a server that ends leaves nothing half done; whoever starts goes on. */
#include "api/operation_runner.h"
#include "api/inside.h"
#include "api/notice_letters.h"
#include "api/review_week.h"
#include "api/subscriptions.h"
#include "api/watch.h"
#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"
#include "crm/due.h"
#include "crm/operation.h"
#include "crm/search.h"
#include "store/sole.h"

#define LOOK_MS 1000  /* for operations that another server has begun or goes on with */
#define QUICK_US 3000 /* of the writer's time at once while others write */
#define LONG_US 12000 /* when nobody has written for a while */
#define QUIET_MS 300
#define QUICK_WORDS 150 /* records whose words are made at once, likewise */
#define LONG_WORDS 4000
#define DUE_JOBS 20 /* of what is due at once, before others have their turn */
#define TELL_MS 200 /* between two messages about one operation */

struct running {
    struct operation op;
    struct arena arena;
    int64_t told_at;
    bool over;
};
struct operations {
    struct app *app;
    uv_thread_t thread;
    uv_mutex_t lock;
    uv_cond_t wake;
    bool stopping, woken;
    /* the thread's */
    struct db *db;
    bool ours, behind; /* behind: words of search are to be made */
    VEC(struct running *) list;
    struct due_failures *failures;
    int64_t jobs, quiet_since, own_jobs;
    int64_t mailed_upto; /* notifications that need no letter any more */
};

/* ---- telling its owner ---- */

struct news {
    struct hub *hub;
    int64_t user_id;
    struct buf text;
};

static void deliver(void *arg)
{
    struct news *n = arg;
    hub_tell(n->hub, n->user_id, buf_view(&n->text));
    buf_free(&n->text);
    free(n);
}

static void tell(struct operations *o, struct running *r)
{
    struct record *row;
    struct err e;
    struct arena a = ARENA_EMPTY;
    if (!o->db || record_load(o->db, &a, entity_by_id(ENT_OPERATION), r->op.id, false, &row, &e) != RC_OK) {
        arena_free(&a);
        return;
    }
    struct news *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    *n = (struct news){.hub = o->app->hub, .user_id = r->op.owner_id};
    buf_c(&n->text, "event: operation\ndata: ");
    struct jw w = jw_to(&n->text);
    record_put(&w, row, NULL);
    buf_c(&n->text, "\n\n");
    arena_free(&a);
    r->told_at = time_monotonic();
    if (!http_post(o->app->http, deliver, n)) {
        buf_free(&n->text);
        free(n);
    }
}

/* ---- the list ---- */

static void drop(struct operations *o, size_t i)
{
    struct running *r = o->list.ptr[i];
    operation_close(&r->op);
    arena_free(&r->arena);
    free(r);
    for (size_t k = i + 1; k < o->list.len; k++)
        o->list.ptr[k - 1] = o->list.ptr[k];
    o->list.len--;
}

static void drop_all(struct operations *o)
{
    while (o->list.len)
        drop(o, o->list.len - 1);
}

static enum rc add(struct operations *o, int64_t id, struct err *e)
{
    for (size_t i = 0; i < o->list.len; i++)
        if (o->list.ptr[i]->op.id == id)
            return RC_OK;
    struct running *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    enum rc rc = operation_load(o->db, &r->arena, id, &r->op, e);
    if (rc != RC_OK) {
        arena_free(&r->arena);
        free(r);
        return rc;
    }
    vec_push(&o->list, r);
    return RC_OK;
}

static enum rc look(struct operations *o, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    int64_t *ids;
    size_t n;
    enum rc rc = operation_active(o->db, &a, &ids, &n, e);
    for (size_t i = 0; rc == RC_OK && i < n; i++)
        rc = add(o, ids[i], e);
    arena_free(&a);
    return rc;
}

/* ---- how long a turn may be ---- */

static int64_t budget(struct operations *o)
{
    int64_t now = time_monotonic(), jobs = writer_stats(o->app->writer).jobs - o->own_jobs;
    if (jobs != o->jobs) {
        o->jobs = jobs;
        o->quiet_since = now;
    }
    return now - o->quiet_since > QUIET_MS ? LONG_US : QUICK_US;
}

static enum rc step(struct operations *o, struct running *r, struct err *e)
{
    bool over;
    enum operation_state was = r->op.at;
    int64_t before = writer_stats(o->app->writer).jobs;
    enum rc rc = operation_step(&r->op, o->app->writer, o->db, budget(o), &over, e);
    if (rc == RC_OK && writer_stats(o->app->writer).jobs > before)
        o->own_jobs++;
    r->over = rc == RC_NOT_FOUND || (rc == RC_OK && over);
    if (r->over || r->op.at != was || time_monotonic() - r->told_at >= TELL_MS)
        tell(o, r);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* A chunk of each. Whoever has ended leaves the list. */
static enum rc round_of_all(struct operations *o, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < o->list.len && rc == RC_OK;) {
        rc = step(o, o->list.ptr[i], e);
        if (rc == RC_OK && o->list.ptr[i]->over)
            drop(o, i);
        else
            i++;
    }
    return rc;
}

/* ---- words of search ---- */

struct words_job {
    struct job job;
    size_t records;
    bool more;
};

static enum rc words_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct words_job *j = (struct words_job *)job;
    return search_catch_up(tx, j->records, &j->more, e);
}

static enum rc catch_up(struct operations *o, struct err *e)
{
    struct words_job j = {.job.apply = words_apply, .records = budget(o) == LONG_US ? LONG_WORDS : QUICK_WORDS};
    enum rc rc = writer_run(o->app->writer, &j.job, e);
    o->own_jobs++;
    o->behind = rc == RC_OK && j.more;
    return rc;
}

/* ---- what comes by itself ---- */

struct due_job {
    struct job job;
    struct due_failures *failures;
    bool more;
};

static enum rc due_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct due_job *j = (struct due_job *)job;
    return due_run(tx, j->failures, &j->more, e);
}

/* Reminders and deals that wake: a job of the writer when there is something, until there is no more. */
static enum rc do_what_is_due(struct operations *o, struct err *e)
{
    struct due_job j = {.job.apply = due_apply, .failures = o->failures};
    TRY(due_any(o->db, o->failures, time_now(), &j.more, e));
    for (int i = 0; j.more && i < DUE_JOBS; i++) {
        TRY(writer_run(o->app->writer, &j.job, e));
        o->own_jobs++;
    }
    return RC_OK;
}

/* What detectors find, once a day. */
static enum rc watch_day(struct operations *o, struct err *e)
{
    bool worked;
    TRY(watch_turn(o->app, o->db, time_now(), &worked, e));
    o->own_jobs += worked;
    return RC_OK;
}

/* The review of the week, for each team. */
static enum rc make_reviews(struct operations *o, struct err *e)
{
    bool worked;
    TRY(reviews_turn(o->app, o->db, time_now(), &worked, e));
    o->own_jobs += worked;
    return RC_OK;
}

/* Reports to whom they come by themselves. */
static enum rc send_reports(struct operations *o, struct err *e)
{
    bool worked;
    TRY(subscriptions_turn(o->app, o->db, time_now(), &worked, e));
    o->own_jobs += worked;
    return RC_OK;
}

/* What people were told, to whom it comes by mail. */
static enum rc mail_notices(struct operations *o, struct err *e)
{
    bool worked;
    TRY(notice_letters_turn(o->app, o->db, time_now(), &o->mailed_upto, &worked, e));
    o->own_jobs += worked;
    return RC_OK;
}

/* ---- the thread ---- */

static bool wait(struct operations *o)
{
    uv_mutex_lock(&o->lock);
    if (!o->stopping && !o->woken && ((!o->list.len && !o->behind) || !o->ours))
        uv_cond_timedwait(&o->wake, &o->lock, LOOK_MS * UINT64_C(1000000));
    o->woken = false;
    bool stopping = o->stopping;
    uv_mutex_unlock(&o->lock);
    return !stopping;
}

static void lose(struct operations *o, const struct err *e)
{
    log_error("operations wait: %s %s", e->code, e->arg[0]);
    drop_all(o);
    if (o->db)
        db_close(o->db);
    o->db = NULL;
    o->ours = false;
    uv_sleep(200);
}

static enum rc turn(struct operations *o, int64_t *looked, struct err *e)
{
    if (!o->db)
        TRY(db_open(&o->db, &o->app->target, DB_READER, e));
    TRY(db_sole(o->db, SOLE_OPERATIONS, &o->ours, e));
    if (!o->ours)
        return RC_OK;
    if (!o->list.len || time_monotonic() - *looked >= LOOK_MS) {
        TRY(look(o, e));
        TRY(do_what_is_due(o, e));
        TRY(watch_day(o, e));
        TRY(make_reviews(o, e));
        TRY(send_reports(o, e));
        TRY(mail_notices(o, e));
        TRY(search_is_behind(o->db, &o->behind, e));
        *looked = time_monotonic();
    }
    TRY(round_of_all(o, e));
    return o->behind ? catch_up(o, e) : RC_OK;
}

static void run(void *arg)
{
    struct operations *o = arg;
    int64_t looked = 0;
    while (wait(o)) {
        struct err e = {0};
        entities_refresh();
        if (turn(o, &looked, &e) != RC_OK)
            lose(o, &e);
    }
    drop_all(o);
    vec_free(&o->list);
    if (o->db)
        db_close(o->db);
}

enum rc operations_start(struct operations **out, struct app *app, struct err *e)
{
    struct operations *o = calloc(1, sizeof *o);
    if (!o)
        abort();
    o->app = app;
    o->failures = due_failures_new();
    o->woken = true;
    uv_mutex_init(&o->lock);
    uv_cond_init(&o->wake);
    if (uv_thread_create(&o->thread, run, o) != 0) {
        operations_free(o);
        return err_set(e, RC_INTERNAL, "no_thread", "", NULL);
    }
    *out = o;
    return RC_OK;
}

static void wake(struct operations *o, bool stop)
{
    uv_mutex_lock(&o->lock);
    o->woken = true;
    o->stopping |= stop;
    uv_cond_signal(&o->wake);
    uv_mutex_unlock(&o->lock);
}

void operations_wake(struct operations *o)
{
    if (o)
        wake(o, false);
}

void operations_stop(struct operations *o)
{
    if (!o)
        return;
    wake(o, true);
    uv_thread_join(&o->thread);
}

void operations_free(struct operations *o)
{
    if (!o)
        return;
    uv_cond_destroy(&o->wake);
    uv_mutex_destroy(&o->lock);
    due_failures_free(o->failures);
    free(o);
}

void operations_on_events(void *arg, const struct event *ev, size_t n)
{
    struct app *app = arg;
    for (size_t i = 0; i < n; i++)
        if (ev[i].object_kind == ENT_OPERATION && ev[i].verb == VERB_CREATED && app->operations) {
            wake(app->operations, false);
            return;
        }
}
