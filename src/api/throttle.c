/* Sign-in attempts: after a few failures each further one has to wait twice as long, for an e-mail from one address and
 * for the address as a whole. In memory: a restart forgives. */
#include "api/inside.h"
#include "base/time.h"
#include <sodium.h>
#include <stdio.h>

#define SLOTS 4096
#define FREE_PAIR 5 /* failures without any wait */
#define FREE_PEER 30
#define FLYING_PAIR 16 /* attempts whose outcome is not known yet: nobody guesses faster by guessing all at once */
#define LONGEST (15 * (60 * MS_SECOND))

struct count {
    uint64_t key;
    int64_t failures, flying, next_at, last_at; /* monotonic */
};
struct throttle {
    unsigned char key[crypto_shorthash_KEYBYTES];
    struct count counts[SLOTS];
};

struct throttle *throttle_new(void)
{
    struct throttle *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    randombytes_buf(t->key, sizeof t->key);
    return t;
}

void throttle_free(struct throttle *t)
{
    free(t);
}

/* The slot of a key; the one that has been quiet for longest makes room among four neighbours. */
static struct count *slot(struct throttle *t, const char *text, size_t len)
{
    uint64_t key;
    crypto_shorthash((unsigned char *)&key, (const unsigned char *)text, len, t->key);
    struct count *oldest = NULL;
    for (size_t i = 0; i < 4; i++) {
        struct count *c = &t->counts[(key + i) % SLOTS];
        if (c->key == key)
            return c;
        if (!oldest || c->last_at < oldest->last_at)
            oldest = c;
    }
    *oldest = (struct count){.key = key};
    return oldest;
}

static struct count *pair_of(struct throttle *t, struct str email, const char *peer)
{
    struct arena a = ARENA_EMPTY;
    struct str folded = str_fold(&a, email);
    char text[400];
    int n = snprintf(text, sizeof text, "%s %.*s", peer, (int)(folded.len < 300 ? folded.len : 300), folded.ptr);
    struct count *c = slot(t, text, (size_t)n);
    arena_free(&a);
    return c;
}

static void count(struct count *c, int64_t free_tries, int64_t now)
{
    if (now - c->last_at > LONGEST * 2)
        c->failures = 0;
    c->last_at = now;
    if (++c->failures < free_tries)
        return;
    int64_t doublings = c->failures - free_tries;
    c->next_at = now + (doublings > 9 ? LONGEST : (2 * MS_SECOND) << doublings);
    if (c->next_at > now + LONGEST)
        c->next_at = now + LONGEST;
}

enum rc throttle_try(struct throttle *t, struct str email, const char *peer, int64_t now, struct err *e)
{
    struct count *pair = pair_of(t, email, peer), *all = *peer ? slot(t, peer, strlen(peer)) : NULL;
    int64_t until = all && all->next_at > pair->next_at ? all->next_at : pair->next_at;
    if (until <= now && pair->flying >= FLYING_PAIR)
        until = now + MS_SECOND;
    if (until > now)
        return err_set(e, RC_TOO_MANY, "login_throttled", "", "%lld", (long long)((until - now + 999) / 1000));
    pair->flying++;
    pair->last_at = now;
    if (all)
        all->last_at = now;
    return RC_OK;
}

void throttle_done(struct throttle *t, struct str email, const char *peer, int64_t now, enum attempt_end how)
{
    struct count *pair = pair_of(t, email, peer), *all = *peer ? slot(t, peer, strlen(peer)) : NULL;
    if (pair->flying > 0)
        pair->flying--;
    if (how == ATTEMPT_LEFT)
        return;
    if (how == ATTEMPT_FAILED) {
        count(pair, FREE_PAIR, now);
        if (all)
            count(all, FREE_PEER, now);
        return;
    }
    pair->failures = pair->next_at = 0;
    if (all && all->failures > 0)
        all->failures--;
    if (all)
        all->next_at = 0;
}
