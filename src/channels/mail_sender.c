#include "channels/mail_sender.h"
#include "base/log.h"
#include "channels/letter.h"
#include "store/sole.h"
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    LETTERS_MOST = 20,   /* of one look */
    LOOK_MS = 15000,     /* a wake-up is of this server only */
    IDLE_LOOK_MS = 60000 /* while no mail server is set */
};

struct mail_sender {
    struct db_target target;
    struct writer *writer;
    pthread_t thread;
    struct db *db;
    const char *ca;
    bool may_send, trouble;
    struct arena arena;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t wake;
    bool stopping, woken;
};

static enum rc connect_and_lock(struct mail_sender *s, struct err *e)
{
    if (!s->db)
        TRY(db_open(&s->db, &s->target, DB_READER, e));
    return db_sole(s->db, SOLE_MAIL, &s->may_send, e);
}

static void disconnect(struct mail_sender *s)
{
    db_close(s->db);
    s->db = NULL;
    s->may_send = false;
}

static bool stopping(void *arg)
{
    struct mail_sender *s = arg;
    pthread_mutex_lock(&s->mutex);
    bool yes = s->stopping;
    pthread_mutex_unlock(&s->mutex);
    return yes;
}

static enum rc send_row(struct mail_sender *s, const struct mail_settings *server, const struct outbox_row *row,
                        bool *held, struct err *e)
{
    struct outbox_result result = {.id = row->id};
    struct mail m;
    struct err bad = {0};
    const char *unwanted = NULL;
    bool readable = mail_read(&s->arena, row->payload, &m, &bad) == RC_OK;
    outbox_result_init(&result);
    if (readable)
        TRY(mail_wanted(s->db, &s->arena, &m, &unwanted, e));
    if (!readable || unwanted) {
        result.give_up = true;
        snprintf(result.code, sizeof result.code, "%s", readable ? unwanted : "bad_mail");
    } else if (!letter_send(server, s->ca, &m, row, stopping, s, &result)) {
        return RC_OK;
    }
    *held = result.hold;
    if (!result.sent)
        log_warn("mail: letter %lld: %s %s", (long long)row->id, result.code, result.error);
    enum rc rc = writer_run(s->writer, &result.job, e);
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/* *ms: when to look again. */
static enum rc look(struct mail_sender *s, int64_t *ms, struct err *e)
{
    struct mail_settings server;
    struct outbox_rows rows;
    int64_t next_at, now = time_now();
    bool held = false;
    TRY(connect_and_lock(s, e));
    TRY(mail_settings_load(s->db, &s->arena, &server, e));
    *ms = server.host.len ? LOOK_MS : IDLE_LOOK_MS;
    if (!server.host.len || !s->may_send)
        return RC_OK;
    TRY(outbox_due(s->db, &s->arena, "mail", now, LETTERS_MOST, &rows, e));
    for (size_t i = 0; i < rows.n && !stopping(s) && !held; i++) /* one that is held holds those behind it */
        TRY(send_row(s, &server, &rows.ptr[i], &held, e));
    TRY(outbox_next_at(s->db, "mail", now, &next_at, e));
    if (rows.n > 0)
        *ms = 0;
    else if (next_at >= 0 && next_at - now < *ms)
        *ms = next_at - now + 1;
    return RC_OK;
}

static void sleep_ms(struct mail_sender *s, int64_t ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&s->mutex);
    int timed_out = 0;
    while (!s->woken && !s->stopping && !timed_out)
        timed_out = pthread_cond_timedwait(&s->wake, &s->mutex, &at);
    s->woken = false;
    pthread_mutex_unlock(&s->mutex);
}

static void *sender_main(void *arg)
{
    struct mail_sender *s = arg;
    bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    while (ready && !stopping(s)) {
        struct err e = {0};
        int64_t ms = LOOK_MS;
        if (look(s, &ms, &e) == RC_OK) {
            s->trouble = false;
        } else {
            if (!s->trouble)
                log_warn("mail: %s %s", e.code, e.arg[0]);
            s->trouble = true;
            ms = LOOK_MS;
            disconnect(s);
        }
        arena_reset(&s->arena);
        if (ms > 0)
            sleep_ms(s, ms);
    }
    disconnect(s);
    arena_free(&s->arena);
    if (ready)
        curl_global_cleanup();
    return NULL;
}

enum rc mail_sender_start(struct mail_sender **out, const struct db_target *target, struct writer *writer,
                          const char *ca, struct err *e)
{
    struct mail_sender *s = calloc(1, sizeof *s);
    pthread_condattr_t attr;
    (void)e;
    if (!s)
        abort();
    *s = (struct mail_sender){.target = *target, .writer = writer, .ca = ca};
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&s->thread, NULL, sender_main, s) != 0)
        abort();
    *out = s;
    return RC_OK;
}

void mail_sender_wake(struct mail_sender *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->mutex);
    s->woken = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
}

void mail_sender_stop(struct mail_sender *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->mutex);
    pthread_join(s->thread, NULL);
    pthread_cond_destroy(&s->wake);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}
