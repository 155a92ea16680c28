/* Who asks: token to session, remembered in memory; what they may; CSRF. */
#include "api/inside.h"
#include "base/time.h"
#include <sodium.h>
#include <strings.h>

#define SLOTS 1024 /* by hash of the token; a newcomer takes the slot */
#define REMEMBER (60 * MS_SECOND)
#define COOKIE "voronka_session"

struct slot {
    unsigned char hash[16];
    int64_t until; /* monotonic; 0: empty */
    struct session session;
};
struct sessions {
    unsigned char key[32]; /* so that nobody can choose where a token falls */
    struct slot slots[SLOTS];
};

struct sessions *sessions_new(void)
{
    struct sessions *s = calloc(1, sizeof *s);
    if (!s)
        abort();
    randombytes_buf(s->key, sizeof s->key);
    return s;
}

void sessions_free(struct sessions *s)
{
    free(s);
}

void sessions_forget(struct sessions *s)
{
    memset(s->slots, 0, sizeof s->slots);
}

static struct slot *slot_of(struct sessions *s, struct str token, unsigned char hash[16])
{
    uint32_t at;
    crypto_generichash(hash, 16, (const unsigned char *)token.ptr, token.len, s->key, sizeof s->key);
    memcpy(&at, hash, sizeof at);
    return &s->slots[at % SLOTS];
}

void sessions_put(struct sessions *s, struct str token, const struct session *session)
{
    unsigned char hash[16];
    struct slot *slot = slot_of(s, token, hash);
    memcpy(slot->hash, hash, sizeof hash);
    slot->until = time_monotonic() + REMEMBER;
    slot->session = *session;
}

static bool sessions_get(struct sessions *s, struct str token, struct session *out)
{
    unsigned char hash[16];
    const struct slot *slot = slot_of(s, token, hash);
    if (memcmp(slot->hash, hash, sizeof hash) != 0 || slot->until < time_monotonic() ||
        (slot->session.expires_at && slot->session.expires_at < time_now()))
        return false;
    *out = slot->session;
    return true;
}

static enum rc look_up(struct call *c, struct err *e)
{
    enum rc rc = c->session.user_id ? RC_OK : session_find(c->db, c->token, time_now(), &c->session, e);
    if (rc == RC_OK)
        return rights_load(c->db, c->r->arena, c->session.user_id, &c->rights, e);
    if (rc != RC_UNAUTHORIZED)
        return rc;
    c->session = (struct session){0}; /* nobody: the route decides what that means */
    return RC_OK;
}

static void looked_up(struct call *c)
{
    void (*go_on)(struct call *) = c->own;
    c->own = NULL;
    if (c->rc != RC_OK && c->route) {
        call_fail(c, &c->err);
        return;
    }
    c->err = (struct err){0};
    if (c->rc != RC_OK)
        c->session = (struct session){0};
    if (c->session.user_id) {
        session_noted(c);
        sessions_put(c->app->sessions, c->token, &c->session);
        rights_cache_put(c->app->rights, c->rights, c->rights_at);
    }
    go_on(c);
}

/* Both who asks and what they may are in memory. */
static bool known(struct call *c)
{
    if (!sessions_get(c->app->sessions, c->token, &c->session))
        return false;
    const struct rights *r = rights_cache_get(c->app->rights, c->r->arena, c->session.user_id);
    if (r)
        c->rights = r;
    return r != NULL;
}

void auth_find(struct call *c, void (*then)(struct call *c))
{
    struct str bearer = http_header(c->r, "authorization");
    if (bearer.len > 7 && strncasecmp(bearer.ptr, "Bearer ", 7) == 0) {
        c->token = str_trim((struct str){bearer.ptr + 7, bearer.len - 7});
    } else {
        c->token = http_cookie(c->r, COOKIE);
        c->by_cookie = c->token.len > 0;
    }
    if (c->token.len == 0 || c->token.len > 200 || known(c)) {
        then(c);
        return;
    }
    c->rights_at = rights_cache_generation(c->app->rights);
    c->own = (void *)then;
    call_run_read(c, look_up, looked_up);
}

static bool is_write(const struct call *c)
{
    return !str_eqc(c->route ? str_c(c->route->method) : c->r->method, "GET");
}

/* By the person's rights where the route asks for one of them, else by their base role. */
static bool lets_in(const struct route *route, enum role role, const struct rights *rights)
{
    if (route->can)
        return rights_can(rights, (enum can)route->can);
    if (route->ent && route->right != RIGHT_SEE)
        return rights_scope(rights, route->ent, route->right) != SCOPE_NONE;
    return (route->may & (1u << role)) != 0;
}

unsigned route_roles(const struct route *route)
{
    unsigned roles = 0;
    for (enum role role = ROLE_ADMIN; role <= ROLE_OBSERVER && route->may != MAY_PUBLIC; role++) {
        struct rights base;
        rights_of_base(role, &base);
        if (lets_in(route, role, &base))
            roles |= 1u << role;
    }
    return roles;
}

enum rc auth_allow(struct call *c, struct err *e)
{
    if (c->route->may == MAY_PUBLIC)
        return RC_OK;
    if (!c->session.user_id)
        return err_set(e, RC_UNAUTHORIZED, "signed_out", "", NULL);
    if (is_write(c) && c->by_cookie) {
        struct str sent = http_header(c->r, "x-csrf-token");
        size_t len = strlen(c->session.csrf);
        if (!len || sent.len != len || sodium_memcmp(sent.ptr, c->session.csrf, len) != 0)
            return err_set(e, RC_FORBIDDEN, "bad_csrf", "", NULL);
    }
    TRY(scopes_allow(c, e));
    if (!lets_in(c->route, c->session.role, c->rights))
        return err_set(e, RC_FORBIDDEN, "forbidden", "", "%s", role_names[c->session.role]);
    return RC_OK;
}

/* Secure only behind TLS, which a proxy in front tells of: on plain http://127.0.0.1 browsers would drop the cookie. */
void auth_set_cookie(struct call *c, struct str token)
{
    bool tls = str_eqc(http_header(c->r, "x-forwarded-proto"), "https");
    http_set(c->r, "Set-Cookie",
             str_fmt(c->r->arena, COOKIE "=%.*s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s",
                     STR_ARG(token.ptr ? token : STR("")), token.ptr ? 14 * 24 * 3600 : 0, tls ? "; Secure" : ""));
}

struct str call_request_hash(struct call *c)
{
    crypto_generichash_state st;
    unsigned char hash[32];
    const int64_t user = c->session.user_id;
    struct http_request *r = c->r;
    crypto_generichash_init(&st, NULL, 0, sizeof hash);
    crypto_generichash_update(&st, (const unsigned char *)&user, sizeof user);
    crypto_generichash_update(&st, (const unsigned char *)r->method.ptr, r->method.len);
    crypto_generichash_update(&st, (const unsigned char *)" ", 1);
    crypto_generichash_update(&st, (const unsigned char *)r->target.ptr, r->target.len);
    crypto_generichash_update(&st, (const unsigned char *)"\n", 1);
    crypto_generichash_update(&st, (const unsigned char *)r->body.ptr, r->body.len);
    if (c->upload)
        crypto_generichash_update(&st, (const unsigned char *)c->upload->sha256.ptr, c->upload->sha256.len);
    crypto_generichash_final(&st, hash, sizeof hash);
    return str_hex(r->arena, hash, sizeof hash);
}
