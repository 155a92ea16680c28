#include "channels/outbox_sender.h"
#include "base/log.h"
#include "channels/delivery.h"
#include "store/sole.h"
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    DELIVERIES_MOST = 32, /* at once; each belongs to another receiver */
    CONNECTIONS_KEPT = 8,
    LOOK_GAP_MS = 5,        /* between two looks into the outbox: a burst of commits is one look */
    LOCK_RETRY_MS = 2000,   /* when another server delivers */
    RESULT_RETRY_MS = 1000, /* when the database took no result */
    RECONNECT_MS = 1000,
    IDLE_LOOK_MS = 60000, /* with webhooks: in case a wake-up was lost */
    GRACE_MS = 3000,      /* for what is under way when the server ends */
};
#define NEVER INT64_MAX

#define MAGIC 0x6f757462u
struct outbox_sender {
    uint32_t magic;
    struct db_target target;
    struct writer *writer;
    bool allow_private;
    pthread_t thread;
    int wake_fd;
    atomic_bool stopping, woken, subscribed;

    /* the thread's own */
    struct db *db; /* NULL while there is nothing to do or the database is away */
    bool may_send; /* holds the lock, or needs none */
    struct arena arena;
    CURLM *multi;               /* NULL before the first delivery */
    struct delivery *sending;   /* transfers under way */
    struct delivery *unheard;   /* results that the database did not take yet */
    size_t busy;                /* deliveries in any state */
    int64_t look_at, last_look; /* time_monotonic */
    bool trouble;               /* told in the log already */

    pthread_mutex_t mutex;    /* guards what follows */
    struct delivery *writing; /* results handed to the writer */
    struct delivery *written;
};

static void wake(struct outbox_sender *s)
{
    uint64_t one = 1;
    if (write(s->wake_fd, &one, sizeof one) < 0 && errno != EAGAIN)
        log_error("outbox: %s", strerror(errno));
}

static void unlink_delivery(struct delivery **list, struct delivery *d)
{
    while (*list != d)
        list = &(*list)->next;
    *list = d->next;
}

static void push(struct delivery **list, struct delivery *d)
{
    d->next = *list;
    *list = d;
}

/* ---- results ---- */

/* In the writer's thread. */
static void on_result(struct outbox_result *r, enum rc rc, const struct err *e)
{
    struct outbox_sender *s = r->user;
    struct delivery *d = (struct delivery *)r;
    bool lost = rc != RC_OK && rc != RC_NOT_FOUND; /* not found: deleted meanwhile */
    if (lost)
        log_warn("outbox: delivery %lld: its result was not written: %s %s", (long long)r->id, e->code, e->arg[0]);
    if (rc == RC_OK && r->over)
        log_warn("webhook %.*s: delivery %lld is given up: %s", STR_ARG(d->target), (long long)r->id, r->code);
    pthread_mutex_lock(&s->mutex);
    unlink_delivery(&s->writing, d);
    d->again_at = lost ? time_monotonic() + RESULT_RETRY_MS : 0;
    push(&s->written, d);
    pthread_mutex_unlock(&s->mutex);
    wake(s);
}

static void hand_in(struct outbox_sender *s, struct delivery *d)
{
    pthread_mutex_lock(&s->mutex);
    push(&s->writing, d);
    pthread_mutex_unlock(&s->mutex);
    writer_submit(s->writer, &d->result.job);
}

static void drop(struct outbox_sender *s, struct delivery *d)
{
    delivery_free(d);
    s->busy--;
}

/* Takes back what the writer has answered; the receivers of it may hear of the next event. */
static void take_results(struct outbox_sender *s, int64_t now)
{
    pthread_mutex_lock(&s->mutex);
    struct delivery *d = s->written, *next;
    s->written = NULL;
    pthread_mutex_unlock(&s->mutex);
    for (; d; d = next) {
        next = d->next;
        if (d->again_at && !atomic_load(&s->stopping)) {
            push(&s->unheard, d);
            continue;
        }
        drop(s, d);
        atomic_store(&s->woken, true);
    }
    struct delivery **at = &s->unheard;
    while ((d = *at)) {
        if (d->again_at > now) {
            at = &d->next;
            continue;
        }
        *at = d->next;
        hand_in(s, d);
    }
}

/* ---- transfers ---- */

static void ended(struct outbox_sender *s, struct delivery *d, CURLcode code)
{
    curl_multi_remove_handle(s->multi, d->easy);
    unlink_delivery(&s->sending, d);
    delivery_ended(d, code);
    hand_in(s, d);
}

/* Without a result: the row stays as it is and is sent again, here or by another server. */
static void break_off(struct outbox_sender *s)
{
    while (s->sending) {
        struct delivery *d = s->sending;
        s->sending = d->next;
        curl_multi_remove_handle(s->multi, d->easy);
        drop(s, d);
    }
}

static void transfer(struct outbox_sender *s)
{
    int running, left;
    CURLMsg *message;
    if (!s->multi)
        return;
    curl_multi_perform(s->multi, &running);
    while ((message = curl_multi_info_read(s->multi, &left))) {
        char *d;
        if (message->msg == CURLMSG_DONE && curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &d) == CURLE_OK)
            ended(s, (struct delivery *)d, message->data.result);
    }
}

static bool curl_ready(struct outbox_sender *s)
{
    if (s->multi)
        return true;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return false;
    s->multi = curl_multi_init();
    if (!s->multi)
        curl_global_cleanup();
    else
        curl_multi_setopt(s->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
    return s->multi;
}

static bool holds(const struct delivery *list, struct str target)
{
    for (; list; list = list->next)
        if (str_eq(list->target, target))
            return true;
    return false;
}

static bool is_busy(struct outbox_sender *s, struct str target)
{
    pthread_mutex_lock(&s->mutex);
    bool busy = holds(s->writing, target) || holds(s->written, target);
    pthread_mutex_unlock(&s->mutex);
    return busy || holds(s->sending, target) || holds(s->unheard, target);
}

static enum rc send_row(struct outbox_sender *s, const struct outbox_row *row, struct err *e)
{
    struct webhook_target to = {0};
    enum rc rc = webhook_find(s->db, &s->arena, row->target, &to, e);
    if (rc != RC_OK && rc != RC_NOT_FOUND)
        return rc;
    if (!curl_ready(s))
        return err_set(e, RC_UNAVAILABLE, "curl", "", NULL);
    struct delivery *d = delivery_new(row, &to, s->allow_private);
    d->result.user = s;
    d->result.done = on_result;
    s->busy++;
    if (rc == RC_OK && d->easy && curl_multi_add_handle(s->multi, d->easy) == CURLM_OK) {
        push(&s->sending, d);
        return RC_OK;
    }
    d->result.give_up = rc == RC_NOT_FOUND;
    if (!d->result.code[0])
        snprintf(d->result.code, sizeof d->result.code, "failed");
    hand_in(s, d);
    return RC_OK;
}

/* ---- the outbox ---- */

static enum rc connect_and_lock(struct outbox_sender *s, struct err *e)
{
    if (!s->db)
        TRY(db_open(&s->db, &s->target, DB_READER, e));
    return db_sole(s->db, SOLE_OUTBOX, &s->may_send, e);
}

/* Also gives the lock back. */
static void disconnect(struct outbox_sender *s)
{
    db_close(s->db);
    s->db = NULL;
    s->may_send = false;
}

static enum rc start_due(struct outbox_sender *s, struct err *e)
{
    struct outbox_rows rows;
    TRY(outbox_due(s->db, &s->arena, "webhook", time_now(), DELIVERIES_MOST, &rows, e));
    for (size_t i = 0; i < rows.n && s->busy < DELIVERIES_MOST; i++)
        if (!is_busy(s, rows.ptr[i].target))
            TRY(send_row(s, &rows.ptr[i], e));
    return RC_OK;
}

/* Starts what is due and says when to look again. */
static enum rc look(struct outbox_sender *s, int64_t *wait_ms, struct err *e)
{
    int64_t webhooks, next_at, now = time_now();
    TRY(connect_and_lock(s, e));
    TRY(webhook_count(s->db, &webhooks, e));
    atomic_store(&s->subscribed, webhooks > 0);
    if (webhooks && !s->may_send) {
        *wait_ms = LOCK_RETRY_MS;
        return RC_OK;
    }
    if (s->may_send)
        TRY(start_due(s, e));
    TRY(outbox_next_at(s->db, "webhook", now, &next_at, e));
    *wait_ms = !webhooks && next_at < 0 ? NEVER : IDLE_LOOK_MS;
    if (next_at >= 0 && next_at - now < *wait_ms)
        *wait_ms = next_at - now + 1;
    if (*wait_ms == NEVER && !s->busy)
        disconnect(s);
    return RC_OK;
}

static void look_now(struct outbox_sender *s)
{
    struct err e = {0};
    int64_t wait_ms = RECONNECT_MS;
    atomic_store(&s->woken, false);
    if (look(s, &wait_ms, &e) == RC_OK) {
        s->trouble = false;
    } else {
        if (!s->trouble)
            log_warn("outbox: %s %s", e.code, e.arg[0]);
        s->trouble = true;
        disconnect(s);
        if (s->target.kind == DB_POSTGRES) /* another server may have the lock now */
            break_off(s);
    }
    arena_reset(&s->arena);
    s->last_look = time_monotonic();
    s->look_at = wait_ms == NEVER ? NEVER : s->last_look + wait_ms;
}

/* ---- the thread ---- */

static int64_t next_look(const struct outbox_sender *s)
{
    if (!atomic_load(&s->woken))
        return s->look_at;
    int64_t gap = s->trouble ? RECONNECT_MS : s->db && !s->may_send ? LOCK_RETRY_MS : LOOK_GAP_MS;
    int64_t soon = s->last_look + gap;
    return soon < s->look_at ? soon : s->look_at;
}

static void sleep_until(struct outbox_sender *s, int64_t at, int64_t now)
{
    uint64_t count;
    for (const struct delivery *d = s->unheard; d; d = d->next)
        at = d->again_at < at ? d->again_at : at;
    int ms = at <= now ? 0 : at - now > IDLE_LOOK_MS ? IDLE_LOOK_MS : (int)(at - now);
    if (s->multi) {
        struct curl_waitfd fd = {.fd = s->wake_fd, .events = CURL_WAIT_POLLIN};
        curl_multi_poll(s->multi, &fd, 1, ms, NULL);
    } else {
        struct pollfd fd = {.fd = s->wake_fd, .events = POLLIN};
        if (poll(&fd, 1, at == NEVER ? -1 : ms) < 0 && errno != EINTR)
            log_error("outbox: %s", strerror(errno));
    }
    if (read(s->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        log_error("outbox: %s", strerror(errno));
}

/* True when nothing is left to wait for. */
static bool finished(struct outbox_sender *s, int64_t until, int64_t now)
{
    if (now >= until)
        break_off(s);
    while (s->unheard) {
        struct delivery *d = s->unheard;
        s->unheard = d->next;
        drop(s, d);
    }
    return s->busy == 0;
}

static void *sender_main(void *arg)
{
    struct outbox_sender *s = arg;
    int64_t until = NEVER;
    for (;;) {
        int64_t now = time_monotonic();
        bool stopping = atomic_load(&s->stopping);
        transfer(s);
        take_results(s, now);
        if (stopping) {
            until = until == NEVER ? now + GRACE_MS : until;
            if (finished(s, until, now))
                break;
            sleep_until(s, until > now ? until : now + 100, now);
            continue;
        }
        if (now >= next_look(s))
            look_now(s);
        sleep_until(s, next_look(s), now);
    }
    disconnect(s);
    if (s->multi) {
        curl_multi_cleanup(s->multi);
        curl_global_cleanup();
    }
    arena_free(&s->arena);
    return NULL;
}

void outbox_sender_on_events(void *sender, const struct event *ev, size_t n)
{
    struct outbox_sender *s = sender;
    bool asked = atomic_load(&s->subscribed);
    for (size_t i = 0; i < n && !asked; i++)
        asked = ev[i].object_kind == ENT_WEBHOOK || ev[i].object_kind == ENT_TRIGGER || ev[i].object_kind == ENT_GOAL;
    if (asked && !atomic_exchange(&s->woken, true))
        wake(s);
}

void outbox_sender_wake(struct outbox_sender *s)
{
    if (s && !atomic_exchange(&s->woken, true))
        wake(s);
}

enum rc outbox_sender_start(struct outbox_sender **out, const struct db_target *target, struct writer *writer,
                            bool allow_private, struct err *e)
{
    struct outbox_sender *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    *s = (struct outbox_sender){.magic = MAGIC, .target = *target, .writer = writer, .allow_private = allow_private};
    s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->wake_fd < 0) {
        free(s);
        return err_set(e, RC_INTERNAL, "internal", "", "eventfd: %s", strerror(errno));
    }
    pthread_mutex_init(&s->mutex, NULL);
    if (pthread_create(&s->thread, NULL, sender_main, s) != 0)
        abort();
    *out = s;
    return RC_OK;
}

void outbox_sender_stop(struct outbox_sender *s)
{
    if (!s)
        return;
    assert(s->magic == MAGIC);
    atomic_store(&s->stopping, true);
    wake(s);
    pthread_join(s->thread, NULL);
}

void outbox_sender_free(struct outbox_sender *s)
{
    if (!s)
        return;
    assert(s->magic == MAGIC && atomic_load(&s->stopping));
    close(s->wake_fd);
    pthread_mutex_destroy(&s->mutex);
    s->magic = 0;
    free(s);
}
