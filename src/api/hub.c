/* Live updates. The feed's thread turns events into texts and asks the boards that are watched what has changed; the
 * loop sends that to whoever listens, and keeps the last texts so that a listener who was away for a moment misses
 * nothing. */
#include "api/inside.h"
#include "api/sight.h"
#include "base/log.h"
#include "base/time.h"
#include "base/vec.h"

#define KEPT 1024  /* texts of events */
#define FLOOD 1000 /* events at once: listeners load afresh instead */

/* A board as somebody follows it who does not see all of it. */
struct follower {
    struct board_reader reader; /* the feed's thread, once it is shared */
    struct arena arena;
    int64_t id;
    int refs; /* under the hub's lock */
};
struct listener {
    struct hub *hub;
    struct http_sse *sse;
    int64_t user_id, funnel_id, seen; /* seen: events up to here are not sent (again) */
    struct arena arena;
    const struct rights *rights;
    bool partial; /* does not see everything of every noun */
    struct follower *follower;
};
struct kept {
    int64_t seq;
    char *text;
    size_t len;
    int kind;
    struct sight *sight; /* NULL: nobody asked for it when it came */
};
struct watched {
    int64_t funnel_id, sent; /* sent: the feed's thread */
    int listeners;
    struct follower *follower; /* NULL: everybody who sees all of it */
};
struct hub {
    struct app *app;
    uv_mutex_t lock;
    VEC(struct watched) watched; /* under the lock */
    int partial;                 /* listeners who do not see everything; under the lock */
    int64_t followers;           /* for their ids; the loop */
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
    bool all_rights;    /* roles or teams have: nobody but administrators knows any more what they may see */
    VEC(struct kept) events;
    VEC(struct board_news {
        int64_t funnel_id;
        int64_t follower; /* 0: for everybody who sees all of it */
        struct buf text;
    })
    boards;
    VEC(int64_t) users; /* whose streams end, so that they sign in again */
};

static void kept_free(struct kept *k)
{
    free(k->text);
    sight_free(k->sight);
    *k = (struct kept){0};
}

static void follower_release(struct hub *h, struct follower *f)
{
    if (!f)
        return;
    uv_mutex_lock(&h->lock);
    bool last = --f->refs == 0;
    uv_mutex_unlock(&h->lock);
    if (!last)
        return;
    board_reader_free(&f->reader);
    arena_free(&f->arena);
    free(f);
}

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
        kept_free(&h->kept[i]);
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
    bool role = ev->object_kind == ENT_ROLE || ev->object_kind == ENT_TEAM || ev->object_kind == ENT_CUSTOM_FIELD;
    b->rights |= role;
    b->all_rights |= role && (ev->object_kind != ENT_ROLE || names(ev->data, "\"rights\"") || ev->verb != VERB_UPDATED);
    if ((!user && ev->object_kind != ENT_SESSION && ev->object_kind != ENT_TOKEN) || ev->verb == VERB_SIGNED_IN)
        return;
    b->rights = true;
    b->all_rights |= user && names(ev->data, "\"team_id\"");
    if (user && ev->verb == VERB_UPDATED && !names(ev->data, "\"role\"") && !names(ev->data, "\"role_id\"") &&
        !names(ev->data, "\"active\"") && !names(ev->data, "\"password_hash\""))
        return;
    vec_push(&b->users, user ? ev->object_id : ev->actor_id);
}

/* What even administrators see only when it is theirs. */
static bool personal(int kind)
{
    return kind == ENT_VIEW || kind == ENT_OPERATION || kind == ENT_NOTIFICATION || kind == ENT_DASHBOARD ||
           kind == ENT_SUBSCRIPTION;
}

static struct db *hub_db(struct hub *h)
{
    struct err e;
    if (!h->db && db_open(&h->db, &h->app->target, DB_READER, &e) != RC_OK)
        h->db = NULL;
    return h->db;
}

static void add_event(struct hub *h, struct batch *b, const struct event *ev, bool partial)
{
    struct buf text = {0};
    note_rights(b, ev);
    if (b->flood || !entity_by_id((enum entity_id)ev->object_kind))
        return; /* sessions, settings and the like are nobody's news */
    buf_fmt(&text, "event: change\nid: %lld\ndata: ", (long long)ev->seq);
    struct jw w = jw_to(&text);
    event_put(&w, ev);
    buf_c(&text, "\n\n");
    struct kept k = {.seq = ev->seq, .text = text.ptr, .len = text.len, .kind = ev->object_kind};
    if ((partial || personal(k.kind) || k.kind == ENT_ROLE) && hub_db(h))
        k.sight = sight_new(h->db, ev);
    vec_push(&b->events, k);
}

static void put_reset(struct buf *b, int64_t seq)
{
    buf_fmt(b, "event: reset\nid: %lld\ndata: {\"seq\":%lld}\n\n", (long long)seq, (long long)seq);
}

static void add_board(struct hub *h, struct batch *b, const struct watched *w, int64_t *seq)
{
    struct board_news news = {.funnel_id = w->funnel_id, .follower = w->follower ? w->follower->id : 0};
    enum board_delta what;
    struct err e = {0};
    buf_c(&news.text, "event: board\ndata: ");
    enum rc rc = boards_delta(h->app->boards, h->db, w->funnel_id, w->sent, w->follower ? &w->follower->reader : NULL,
                              &news.text, seq, &what, &e);
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
    VEC(struct watched) now = {0};
    uv_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->watched.len; i++) {
        if (h->watched.ptr[i].listeners == 0)
            continue;
        vec_push(&now, h->watched.ptr[i]);
        if (h->watched.ptr[i].follower)
            h->watched.ptr[i].follower->refs++;
    }
    uv_mutex_unlock(&h->lock);
    for (size_t i = 0; i < now.len; i++) {
        int64_t seq = now.ptr[i].sent;
        if (hub_db(h)) /* else the next event tells it all */
            add_board(h, b, &now.ptr[i], &seq);
        uv_mutex_lock(&h->lock);
        for (size_t k = 0; k < h->watched.len; k++) {
            struct watched *w = &h->watched.ptr[k];
            if (w->funnel_id == now.ptr[i].funnel_id && w->follower == now.ptr[i].follower && w->sent < seq)
                w->sent = seq;
        }
        uv_mutex_unlock(&h->lock);
        follower_release(h, now.ptr[i].follower);
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
    uv_mutex_lock(&h->lock);
    bool partial = h->partial > 0;
    uv_mutex_unlock(&h->lock);
    for (size_t i = 0; i < n; i++)
        add_event(h, b, &ev[i], partial);
    add_boards(h, b);
    if (http_post(h->app->http, deliver, b))
        return;
    for (size_t i = 0; i < b->events.len; i++)
        kept_free(&b->events.ptr[i]);
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
    kept_free(slot);
    *slot = k;
    h->next = (h->next + 1) % KEPT;
}

static void forget_all(struct hub *h, int64_t seq)
{
    h->n_kept = 0;
    h->base = seq;
}

/* False: nobody looked, when it came, who may see it. */
static bool put_event(const struct kept *k, const struct listener *l, struct buf *out)
{
    const struct entity *ent = entity_by_id((enum entity_id)k->kind);
    const struct rights *r = l->rights;
    if (!ent || rights_scope(r, ent, RIGHT_SEE) == SCOPE_NONE)
        return true;
    if (!personal(k->kind) && (r->everything || (r->all_rows[k->kind] && r->all_fields[k->kind])))
        buf_add(out, k->text, k->len);
    else if (k->sight)
        sight_put(k->sight, r, out);
    else
        return false;
    return true;
}

static void send_batch(struct hub *h, const struct batch *b, struct listener *l)
{
    struct buf text = {0};
    int64_t follower = l->follower ? l->follower->id : 0;
    bool told = true;
    for (size_t i = 0; i < b->events.len; i++)
        if (b->events.ptr[i].seq > l->seen)
            told &= put_event(&b->events.ptr[i], l, &text);
    if ((b->flood || !told) && l->seen < b->last)
        put_reset(&text, b->last);
    for (size_t i = 0; i < b->boards.len; i++)
        if (b->boards.ptr[i].funnel_id == l->funnel_id && b->boards.ptr[i].follower == follower)
            buf_str(&text, buf_view(&b->boards.ptr[i].text));
    if (text.len)
        http_sse_send(l->sse, buf_view(&text));
    buf_free(&text);
    (void)h;
}

static bool ends(const struct batch *b, const struct listener *l)
{
    if (b->all_rights && !l->rights->everything)
        return true;
    for (size_t i = 0; i < b->users.len; i++)
        if (b->users.ptr[i] == l->user_id)
            return true;
    return false;
}

/* They come back with the rights they have now, and look afresh. */
static void end_listener(const struct listener *l, int64_t seq)
{
    struct buf text = {0};
    struct http_sse *sse = l->sse;
    put_reset(&text, seq);
    http_sse_send(sse, buf_view(&text));
    buf_free(&text);
    http_sse_close(sse);
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
    for (size_t i = h->listeners.len; (b->users.len || b->all_rights) && i--;)
        if (i < h->listeners.len && ends(b, h->listeners.ptr[i]))
            end_listener(h->listeners.ptr[i], b->last);
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
        if (w->funnel_id != funnel_id || w->follower)
            continue;
        if (w->listeners == 0)
            w->sent = h->seq;
        w->listeners += by;
        uv_mutex_unlock(&h->lock);
        return;
    }
    struct watched w = {.funnel_id = funnel_id, .sent = h->seq, .listeners = by};
    vec_push(&h->watched, w);
    uv_mutex_unlock(&h->lock);
}

/* The follower has been filled: from its state on the feed's thread goes on. */
static void watch_as(struct hub *h, int64_t funnel_id, struct follower *f)
{
    struct watched w = {.funnel_id = funnel_id, .sent = f->reader.seq, .listeners = 1, .follower = f};
    uv_mutex_lock(&h->lock);
    vec_push(&h->watched, w);
    uv_mutex_unlock(&h->lock);
}

static void unwatch_as(struct hub *h, struct follower *f)
{
    uv_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->watched.len; i++)
        if (h->watched.ptr[i].follower == f) {
            h->watched.ptr[i] = h->watched.ptr[--h->watched.len];
            break;
        }
    uv_mutex_unlock(&h->lock);
    follower_release(h, f);
}

static void listener_free(struct listener *l)
{
    arena_free(&l->arena);
    free(l);
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
    if (l->follower)
        unwatch_as(h, l->follower);
    else if (l->funnel_id)
        watch(h, l->funnel_id, -1);
    uv_mutex_lock(&h->lock);
    h->partial -= l->partial;
    uv_mutex_unlock(&h->lock);
    listener_free(l);
}

void hub_close(struct hub *h)
{
    for (size_t i = h->listeners.len; i--;)
        if (i < h->listeners.len)
            http_sse_close(h->listeners.ptr[i]->sse);
}

/* What happened since the listener's last event, or that this cannot be told any more. */
static void put_missed(const struct hub *h, int64_t since, const struct listener *l, struct buf *out)
{
    bool told = since >= h->base;
    size_t start = out->len;
    for (size_t i = 0; i < h->n_kept && told; i++) {
        const struct kept *k = &h->kept[(h->next + KEPT - h->n_kept + i) % KEPT];
        if (k->seq > since)
            told = put_event(k, l, out);
    }
    if (told)
        return;
    out->len = start;
    put_reset(out, h->seq);
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
    struct follower *follower;
    enum board_delta missed; /* of the follower */
};

static void stop_wishing(struct hub *h, const struct wish *wish)
{
    if (wish->follower)
        follower_release(h, wish->follower);
    else if (wish->funnel_id)
        watch(h, wish->funnel_id, -1);
}

static void put_missed_of(struct listener *l, const struct wish *wish, struct buf *out)
{
    struct hub *h = l->hub;
    put_missed(h, wish->since, l, out);
    if (l->seen < h->seq)
        l->seen = h->seq;
    if (wish->follower && wish->missed == BOARD_RESET)
        put_reset(out, h->seq);
    else if (wish->funnel_id && !wish->follower)
        put_missed_board(h, wish->funnel_id, wish->since, out);
}

static void listen_now(struct call *c)
{
    const struct wish *wish = c->own;
    struct hub *h = c->app->hub;
    if (c->rc != RC_OK) {
        stop_wishing(h, wish);
        call_fail(c, &c->err);
        return;
    }
    struct listener *l = calloc(1, sizeof *l);
    if (!l)
        abort();
    *l = (struct listener){.hub = h,
                           .user_id = c->session.user_id,
                           .funnel_id = wish->funnel_id,
                           .seen = wish->since < 0 ? h->seq : wish->since,
                           .partial = sight_partial(c->rights),
                           .follower = wish->follower};
    l->rights = rights_copy(&l->arena, c->rights);
    struct wish kept = *wish;
    l->sse = http_sse(c->r, gone, l); /* the request is gone now */
    if (!l->sse) {                    /* gone before it began */
        stop_wishing(h, &kept);
        listener_free(l);
        return;
    }
    if (l->follower)
        watch_as(h, l->funnel_id, l->follower);
    uv_mutex_lock(&h->lock);
    h->partial += l->partial;
    uv_mutex_unlock(&h->lock);
    vec_push(&h->listeners, l);
    struct buf missed = {0};
    buf_fmt(&missed, "retry: 1000\n\n");
    if (kept.since >= 0)
        put_missed_of(l, &kept, &missed);
    http_sse_send(l->sse, buf_view(&missed));
    buf_free(&missed);
}

/* Brings the board up to date, so that listen_now can tell from memory what was missed. */
static enum rc follow_board(struct call *c, struct err *e)
{
    struct wish *wish = c->own;
    struct buf unused = {0};
    int64_t seq, since = wish->follower && wish->since >= 0 ? wish->since : INT64_MAX;
    enum rc rc = boards_delta(c->app->boards, c->db, wish->funnel_id, since,
                              wish->follower ? &wish->follower->reader : NULL, &unused, &seq, &wish->missed, e);
    buf_free(&unused);
    return rc;
}

static struct follower *follower_new(struct hub *h, const struct rights *r)
{
    struct follower *f = calloc(1, sizeof *f);
    if (!f)
        abort();
    f->refs = 1;
    f->id = ++h->followers;
    f->reader.rights = rights_copy(&f->arena, r);
    return f;
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
    if (!boards_allowed(c->rights, wish->funnel_id))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "funnel %lld", (long long)wish->funnel_id);
    if (board_reader_needed(c->rights))
        wish->follower = follower_new(c->app->hub, c->rights);
    else
        watch(c->app->hub, wish->funnel_id, 1);
    call_run_read(c, follow_board, listen_now);
    return RC_OK;
}
