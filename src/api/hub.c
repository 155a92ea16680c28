/* Live updates. The feed's thread turns events into texts and asks the boards that are watched what has changed; the
 * loop sends that to whoever listens, and keeps the last texts so that a listener who was away for a moment misses
 * nothing. */
#include "api/inside.h"
#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"

#define KEPT 1024  /* texts of events */
#define FLOOD 1000 /* events at once: listeners load afresh instead */

struct listener {
    struct hub *hub;
    struct http_sse *sse;
    int64_t user_id, funnel_id, seen; /* seen: events up to here are not sent (again) */
    bool admin;
};
struct kept {
    int64_t seq;
    char *text;
    size_t len;
    bool admin; /* for administrators only */
};
struct watched {
    int64_t funnel_id, sent; /* sent: the feed's thread */
    int listeners;
};
struct hub {
    struct app *app;
    uv_mutex_t lock;
    VEC(struct watched) watched; /* under the lock */
    /* the feed's thread */
    struct db *db;
    /* the loop */
    VEC(struct listener *) listeners;
    struct kept kept[KEPT]; /* a ring: the event before `next` is the newest */
    size_t next, n_kept;
    int64_t base, seq; /* every shown event in (base, seq] is kept */
};
/* From the feed's thread to the loop. */
struct batch {
    struct hub *hub;
    int64_t first, last;
    bool flood, rights; /* rights: somebody's session or user has changed */
    VEC(struct kept) events;
    VEC(struct board_news {
        int64_t funnel_id;
        struct buf text;
    })
    boards;
    VEC(int64_t) users; /* whose streams end, so that they sign in again */
};

struct hub *hub_new(struct app *app)
{
    struct hub *h = calloc(1, sizeof *h);
    if (!h)
        abort();
    h->app = app;
    uv_mutex_init(&h->lock);
    return h;
}

void hub_begin(struct hub *h, int64_t seq)
{
    h->base = h->seq = seq;
}

void hub_free(struct hub *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < KEPT; i++)
        free(h->kept[i].text);
    if (h->db)
        db_close(h->db);
    vec_free(&h->watched);
    vec_free(&h->listeners);
    uv_mutex_destroy(&h->lock);
    free(h);
}

/* ---- in the feed's thread ---- */

static bool names(struct str data, const char *field)
{
    return memmem(data.ptr, data.len, field, strlen(field)) != NULL;
}

/* Sessions are looked up afresh after any of these; streams end only when one's access may have. */
static void note_rights(struct batch *b, const struct event *ev)
{
    bool user = ev->object_kind == ENT_USER;
    b->rights |= ev->object_kind == ENT_ROLE || ev->object_kind == ENT_TEAM || ev->object_kind == ENT_CUSTOM_FIELD;
    if ((!user && ev->object_kind != ENT_SESSION && ev->object_kind != ENT_TOKEN) || ev->verb == VERB_SIGNED_IN)
        return;
    b->rights = true;
    if (user && ev->verb == VERB_UPDATED && !names(ev->data, "\"role\"") && !names(ev->data, "\"active\"") &&
        !names(ev->data, "\"password_hash\""))
        return;
    vec_push(&b->users, user ? ev->object_id : ev->actor_id);
}

static void add_event(struct batch *b, const struct event *ev)
{
    struct buf text = {0};
    note_rights(b, ev);
    if (b->flood || !entity_by_id((enum entity_id)ev->object_kind))
        return; /* sessions, settings and the like are nobody's news */
    buf_fmt(&text, "event: change\nid: %lld\ndata: ", (long long)ev->seq);
    struct jw w = jw_to(&text);
    event_put(&w, ev);
    buf_c(&text, "\n\n");
    struct kept k = {ev->seq, text.ptr, text.len, ev->object_kind == ENT_WEBHOOK};
    vec_push(&b->events, k);
}

static void put_reset(struct buf *b, int64_t seq)
{
    buf_fmt(b, "event: reset\nid: %lld\ndata: {\"seq\":%lld}\n\n", (long long)seq, (long long)seq);
}

static void add_board(struct hub *h, struct batch *b, int64_t funnel_id, int64_t since, int64_t *seq)
{
    struct board_news news = {.funnel_id = funnel_id};
    enum board_delta what;
    struct err e = {0};
    buf_c(&news.text, "event: board\ndata: ");
    enum rc rc = boards_delta(h->app->boards, h->db, funnel_id, since, NULL, &news.text, seq, &what, &e);
    buf_c(&news.text, "\n\n");
    if (rc != RC_OK || what == BOARD_RESET) {
        news.text.len = 0;
        put_reset(&news.text, b->last);
    }
    if (rc == RC_OK && what == BOARD_SAME)
        buf_free(&news.text);
    else
        vec_push(&b->boards, news);
    if (rc == RC_UNAVAILABLE) {
        db_close(h->db);
        h->db = NULL;
    }
}

static void add_boards(struct hub *h, struct batch *b)
{
    struct err e;
    VEC(struct watched) now = {0};
    uv_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->watched.len; i++)
        if (h->watched.ptr[i].listeners > 0)
            vec_push(&now, h->watched.ptr[i]);
    uv_mutex_unlock(&h->lock);
    for (size_t i = 0; i < now.len; i++) {
        int64_t seq = now.ptr[i].sent;
        if (!h->db && db_open(&h->db, &h->app->target, DB_READER, &e) != RC_OK)
            break; /* the next event tells it all */
        add_board(h, b, now.ptr[i].funnel_id, now.ptr[i].sent, &seq);
        uv_mutex_lock(&h->lock);
        for (size_t k = 0; k < h->watched.len; k++)
            if (h->watched.ptr[k].funnel_id == now.ptr[i].funnel_id && h->watched.ptr[k].sent < seq)
                h->watched.ptr[k].sent = seq;
        uv_mutex_unlock(&h->lock);
    }
    vec_free(&now);
}

static void batch_free(struct batch *b)
{
    for (size_t i = 0; i < b->boards.len; i++)
        buf_free(&b->boards.ptr[i].text);
    vec_free(&b->boards);
    vec_free(&b->events);
    vec_free(&b->users);
    free(b);
}

static void deliver(void *arg);

void hub_on_events(void *arg, const struct event *ev, size_t n)
{
    struct hub *h = arg;
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        abort();
    b->hub = h;
    b->first = ev[0].seq;
    b->last = ev[n - 1].seq;
    b->flood = n >= FLOOD;
    for (size_t i = 0; i < n; i++)
        add_event(b, &ev[i]);
    add_boards(h, b);
    if (http_post(h->app->http, deliver, b))
        return;
    for (size_t i = 0; i < b->events.len; i++)
        free(b->events.ptr[i].text);
    batch_free(b);
}

/* ---- in the loop ---- */

static void keep(struct hub *h, struct kept k)
{
    struct kept *slot = &h->kept[h->next];
    if (h->n_kept == KEPT)
        h->base = slot->seq;
    else
        h->n_kept++;
    free(slot->text);
    *slot = k;
    h->next = (h->next + 1) % KEPT;
}

static void forget_all(struct hub *h, int64_t seq)
{
    h->n_kept = 0;
    h->base = seq;
}

static void send_batch(struct hub *h, const struct batch *b, struct listener *l)
{
    struct buf text = {0};
    if (b->flood && l->seen < b->last)
        put_reset(&text, b->last);
    for (size_t i = 0; i < b->events.len; i++)
        if (b->events.ptr[i].seq > l->seen && (l->admin || !b->events.ptr[i].admin))
            buf_add(&text, b->events.ptr[i].text, b->events.ptr[i].len);
    for (size_t i = 0; i < b->boards.len; i++)
        if (b->boards.ptr[i].funnel_id == l->funnel_id)
            buf_str(&text, buf_view(&b->boards.ptr[i].text));
    if (text.len)
        http_sse_send(l->sse, buf_view(&text));
    buf_free(&text);
    (void)h;
}

static bool ends(const struct batch *b, const struct listener *l)
{
    for (size_t i = 0; i < b->users.len; i++)
        if (b->users.ptr[i] == l->user_id)
            return true;
    return false;
}

static void deliver(void *arg)
{
    struct batch *b = arg;
    struct hub *h = b->hub;
    if (b->rights) {
        sessions_forget(h->app->sessions);
        rights_cache_forget(h->app->rights);
    }
    for (size_t i = h->listeners.len; i--;) { /* backwards: a listener may go away meanwhile */
        if (i >= h->listeners.len)
            continue;
        struct listener *l = h->listeners.ptr[i];
        send_batch(h, b, l);
    }
    for (size_t i = h->listeners.len; b->users.len && i--;)
        if (i < h->listeners.len && ends(b, h->listeners.ptr[i]))
            http_sse_close(h->listeners.ptr[i]->sse);
    if (b->flood)
        forget_all(h, b->last);
    for (size_t i = 0; i < b->events.len; i++)
        keep(h, b->events.ptr[i]);
    h->seq = b->last;
    batch_free(b);
}

void hub_tell(struct hub *h, int64_t user_id, struct str text)
{
    for (size_t i = h->listeners.len; i--;) /* backwards: a listener may go away meanwhile */
        if (i < h->listeners.len && h->listeners.ptr[i]->user_id == user_id)
            http_sse_send(h->listeners.ptr[i]->sse, text);
}

static void watch(struct hub *h, int64_t funnel_id, int by)
{
    uv_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->watched.len; i++) {
        struct watched *w = &h->watched.ptr[i];
        if (w->funnel_id != funnel_id)
            continue;
        if (w->listeners == 0)
            w->sent = h->seq;
        w->listeners += by;
        uv_mutex_unlock(&h->lock);
        return;
    }
    struct watched w = {funnel_id, h->seq, by};
    vec_push(&h->watched, w);
    uv_mutex_unlock(&h->lock);
}

static void gone(void *arg, struct http_sse *sse)
{
    struct listener *l = arg;
    struct hub *h = l->hub;
    (void)sse;
    for (size_t i = 0; i < h->listeners.len; i++) {
        if (h->listeners.ptr[i] == l) {
            h->listeners.ptr[i] = h->listeners.ptr[--h->listeners.len];
            break;
        }
    }
    if (l->funnel_id)
        watch(h, l->funnel_id, -1);
    free(l);
}

void hub_close(struct hub *h)
{
    for (size_t i = h->listeners.len; i--;)
        if (i < h->listeners.len)
            http_sse_close(h->listeners.ptr[i]->sse);
}

/* What happened since the listener's last event, or that this cannot be told any more. */
static void put_missed(const struct hub *h, int64_t since, bool admin, struct buf *out)
{
    if (since < h->base) {
        put_reset(out, h->seq);
        return;
    }
    for (size_t i = 0; i < h->n_kept; i++) {
        const struct kept *k = &h->kept[(h->next + KEPT - h->n_kept + i) % KEPT];
        if (k->seq > since && (admin || !k->admin))
            buf_add(out, k->text, k->len);
    }
}

static void put_missed_board(struct hub *h, int64_t funnel_id, int64_t since, struct buf *out)
{
    struct buf text = {0};
    enum board_delta what;
    int64_t seq;
    struct err e;
    if (boards_delta(h->app->boards, NULL, funnel_id, since, NULL, &text, &seq, &what, &e) != RC_OK ||
        what == BOARD_RESET) {
        put_reset(out, h->seq);
    } else if (what == BOARD_CHANGED) {
        buf_c(out, "event: board\ndata: ");
        buf_str(out, buf_view(&text));
        buf_c(out, "\n\n");
    }
    buf_free(&text);
}

struct wish { /* c->own */
    int64_t funnel_id, since;
};

static void listen_now(struct call *c)
{
    const struct wish *wish = c->own;
    struct hub *h = c->app->hub;
    int64_t since = wish->since, funnel_id = wish->funnel_id;
    if (c->rc != RC_OK) {
        if (funnel_id)
            watch(h, funnel_id, -1);
        call_fail(c, &c->err);
        return;
    }
    struct listener *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    *l = (struct listener){.hub = h,
                           .user_id = c->session.user_id,
                           .funnel_id = funnel_id,
                           .seen = since < 0 ? h->seq : since,
                           .admin = c->session.role == ROLE_ADMIN};
    l->sse = http_sse(c->r, gone, l); /* the request is gone now */
    if (!l->sse) {                    /* gone before it began */
        if (funnel_id)
            watch(h, funnel_id, -1);
        free(l);
        return;
    }
    vec_push(&h->listeners, l);
    struct buf missed = {0};
    buf_fmt(&missed, "retry: 1000\n\n");
    if (since >= 0) {
        put_missed(h, since, l->admin, &missed);
        if (l->seen < h->seq)
            l->seen = h->seq;
        if (funnel_id)
            put_missed_board(h, funnel_id, since, &missed);
    }
    http_sse_send(l->sse, buf_view(&missed));
    buf_free(&missed);
}

/* Brings the board up to date, so that listen_now can tell from memory what was missed. */
static enum rc follow_board(struct call *c, struct err *e)
{
    const struct wish *wish = c->own;
    struct buf unused = {0};
    enum board_delta what;
    int64_t seq;
    enum rc rc = boards_delta(c->app->boards, c->db, wish->funnel_id, INT64_MAX, NULL, &unused, &seq, &what, e);
    buf_free(&unused);
    return rc;
}

enum rc events_handle(struct call *c, struct err *e)
{
    struct wish *wish = ARENA_NEW(c->r->arena, struct wish);
    struct str last = http_header(c->r, "last-event-id");
    TRY(call_param_i64(c, "board", 0, 1, INT64_MAX, &wish->funnel_id, e));
    TRY(call_param_i64(c, "since", -1, 0, INT64_MAX, &wish->since, e));
    if (last.len && (!str_i64(last, &wish->since) || wish->since < 0))
        return err_set(e, RC_INVALID, "bad_parameter", "Last-Event-ID", NULL);
    c->own = wish;
    if (!wish->funnel_id) {
        listen_now(c);
        return RC_OK;
    }
    watch(c->app->hub, wish->funnel_id, 1);
    call_run_read(c, follow_board, listen_now);
    return RC_OK;
}
