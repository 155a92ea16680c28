/* Scans on two cores: ranges are taken from a common counter, so neither waits for a slow one. */
#include "insight/projection_impl.h"
#include <stdatomic.h>

#define PIECE 16384
#define SMALL 65536 /* below, waking a thread costs more than it brings */

struct scan {
    void (*part)(void *arg, int worker, size_t from, size_t to);
    void *arg;
    size_t n;
    atomic_size_t next;
};

static void work(struct scan *s, int worker)
{
    size_t from;
    while ((from = atomic_fetch_add(&s->next, PIECE)) < s->n)
        s->part(s->arg, worker, from, from + PIECE < s->n ? from + PIECE : s->n);
}

static void *helper_main(void *arg)
{
    struct scan_helper *h = arg;
    pthread_mutex_lock(&h->mutex);
    while (!h->stopping) {
        if (h->scan == NULL) {
            pthread_cond_wait(&h->woken, &h->mutex);
            continue;
        }
        struct scan *s = h->scan;
        pthread_mutex_unlock(&h->mutex);
        work(s, 1);
        pthread_mutex_lock(&h->mutex);
        h->scan = NULL;
        pthread_cond_signal(&h->done);
    }
    pthread_mutex_unlock(&h->mutex);
    return NULL;
}

/* False: it is busy, or there is none. */
static bool ask_for_help(struct scan_helper *h, struct scan *s)
{
    pthread_mutex_lock(&h->mutex);
    bool mine = !h->busy;
    if (mine && !h->started)
        mine = h->started = pthread_create(&h->thread, NULL, helper_main, h) == 0;
    if (mine) {
        h->busy = true;
        h->scan = s;
        pthread_cond_signal(&h->woken);
    }
    pthread_mutex_unlock(&h->mutex);
    return mine;
}

static void wait_for_help(struct scan_helper *h)
{
    pthread_mutex_lock(&h->mutex);
    while (h->scan != NULL)
        pthread_cond_wait(&h->done, &h->mutex);
    h->busy = false;
    pthread_mutex_unlock(&h->mutex);
}

void projection_scan(const struct projection_view *v, size_t n,
                     void (*part)(void *arg, int worker, size_t from, size_t to), void *arg)
{
    struct scan s = {.part = part, .arg = arg, .n = n};
    bool helped = n >= SMALL && ask_for_help(&v->of->helper, &s);
    work(&s, 0);
    if (helped)
        wait_for_help(&v->of->helper);
}

void scan_helper_init(struct scan_helper *h)
{
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->woken, NULL);
    pthread_cond_init(&h->done, NULL);
}

void scan_helper_stop(struct scan_helper *h)
{
    pthread_mutex_lock(&h->mutex);
    h->stopping = true;
    pthread_cond_signal(&h->woken);
    pthread_mutex_unlock(&h->mutex);
    if (h->started)
        pthread_join(h->thread, NULL);
    pthread_cond_destroy(&h->woken);
    pthread_cond_destroy(&h->done);
    pthread_mutex_destroy(&h->mutex);
}
