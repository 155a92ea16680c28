/* What the files of src/api share among themselves beside api.h. */
#pragma once
#include "api/api.h"

/* reader.c: connections for reading, one thread at a time each. */
struct readers *readers_new(const struct db_target *target);
void readers_free(struct readers *r);
MUST_USE enum rc readers_take(struct readers *r, struct db **out, struct err *e);
void readers_give(struct readers *r, struct db *db, enum rc rc); /* RC_UNAVAILABLE: closes it */
/* Runs fn with a reader in c->db; once more with a fresh one when the connection was lost. */
enum rc readers_run(struct call *c, enum rc (*fn)(struct call *c, struct err *e));

/* The same in the loop with SQLite, for handlers without a transaction of their own. Requests that arrive together read
 * one state of the database, which readers_end_tick lets go: before the loop sleeps, and before what was written is
 * shown. */
enum rc readers_run_tick(struct call *c, enum rc (*fn)(struct call *c, struct err *e));
void readers_end_tick(struct readers *r);
int64_t readers_state(const struct readers *r, const struct db *db); /* number of the state db reads, 0: unknown */

/* dispatch.c */
void dispatch(void *arg, struct http_request *r); /* arg: the app */
void call_submit_prepared(struct call *c,
                          const struct command *command); /* goes on with a WRITE route whose prepare had to wait */
struct str call_request_hash(struct call *c);
MUST_USE enum rc call_prepare(struct call *c, struct err *e); /* idempotency, If-Match, then prepare of the route */

/* settings.c */
MUST_USE enum rc settings_put(struct db *db, struct arena *a, struct jw *w, struct err *e); /* as members */
void settings_on_events(void *arg, const struct event *ev, size_t n);                       /* of the feed; arg: app */
/* system.c: folders whose files are made, listed and fetched by name */
MUST_USE enum rc folder_list(struct call *c, enum folder folder, const char *suffix, struct err *e);
MUST_USE enum rc folder_send(struct call *c, enum folder folder, const char *suffix, const char *type, struct err *e);
MUST_USE enum rc folder_remove(struct call *c, enum folder folder, const char *suffix, struct err *e);
const char *folder_new_name(struct arena *a, const char *suffix);
MUST_USE enum rc folder_made(struct call *c, const char *path, const char *name, struct err *e);
/* notices.c */
void notices_on_events(void *arg, const struct event *ev, size_t n); /* of the feed; arg: app */
/* clients.c: coverage that has run out; now: without waiting for the next time */
void clients_sweep(struct app *app, bool now);
/* uploads.c */
MUST_USE enum rc folders_make(struct app *app, const char *place, struct err *e);
void uploads_clean(struct app *app, int64_t now);                /* removes what is older than a day */
bool dispatch_streams(void *arg, struct http_request *r);        /* of http_config */
void upload_begin(struct call *c, void (*then)(struct call *c)); /* receives, prepares in the pool, then goes on */

/* auth.c */
struct sessions *sessions_new(void);
void sessions_free(struct sessions *s);
void sessions_forget(struct sessions *s); /* everything: somebody's rights have changed */
void sessions_put(struct sessions *s, struct str token, const struct session *session);
void auth_find(struct call *c, void (*then)(struct call *c)); /* fills c->session when there is one, then goes on */
unsigned route_roles(const struct route *route);              /* which built-in roles it lets in, as bits */
MUST_USE enum rc auth_allow(struct call *c, struct err *e);
void auth_set_cookie(struct call *c, struct str token); /* STR_NULL: ends it */

/* rights_cache.c */
extern const struct rights rights_nobody;
struct rights_cache *rights_cache_new(void);
void rights_cache_free(struct rights_cache *k);
void rights_cache_forget(struct rights_cache *k); /* everything: roles, teams, people or fields have changed */
int64_t rights_cache_generation(const struct rights_cache *k);
const struct rights *rights_cache_get(struct rights_cache *k, struct arena *a, int64_t user_id); /* NULL: load them */
void rights_cache_put(struct rights_cache *k, const struct rights *r, int64_t generation);

/* throttle.c */
struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);
enum attempt_end {
    ATTEMPT_FAILED,
    ATTEMPT_GOOD,
    ATTEMPT_LEFT, /* neither: what it was about has not been decided */
};
/* Before an attempt; peer "": wherever it comes from. RC_TOO_MANY (login_throttled, arg 0 the seconds to wait) when
 * there were too many failures. */
MUST_USE enum rc throttle_try(struct throttle *t, struct str email, const char *peer, int64_t now, struct err *e);
/* After every attempt that was let through. */
void throttle_done(struct throttle *t, struct str email, const char *peer, int64_t now, enum attempt_end how);

/* account.c */
struct origin;
struct origin call_origin(const struct call *c);
MUST_USE enum rc call_not_for_tokens(const struct call *c, struct err *e); /* what only a person at a browser may do */
/* Notes a sign-in that was refused; user_id 0: unknown. Loop thread. */
void sign_in_failed(struct call *c, int64_t user_id, struct str email, const char *how);
/* Notes from time to time that a session is in use. Loop thread. */
void session_noted(struct call *c);
/* scopes.c: what an API token was made for */
MUST_USE enum rc scopes_read(struct call *c, const json_t *list, struct str *out, struct err *e); /* bad_scope */
MUST_USE enum rc scopes_allow(struct call *c, struct err *e); /* scope_missing; narrows c->rights */
/* login.c */
const char *call_peer(const struct call *c);
MUST_USE enum rc call_need_json(const struct call *c, struct err *e); /* bad_content_type */
/* Checks the password of whoever is signed in, off the loop; then c->rc is RC_UNPROCESSABLE (wrong_password) or RC_OK.
 * Errors (nothing has begun): login_throttled. */
MUST_USE enum rc password_check_later(struct call *c, struct str password, void (*then)(struct call *c), struct err *e);
/* Signs the user in and answers with the session; how: of the log of sign-ins. */
void session_begin(struct call *c, int64_t user_id, const char *how);
struct logins *logins_new(void);
void logins_free(struct logins *l);
enum rc login_handle(struct call *c, struct err *e);
enum rc session_show(struct call *c, struct err *e);
enum rc session_end_prepare(struct call *c, struct err *e);
enum rc password_handle(struct call *c, struct err *e);
enum rc demo_people(struct call *c, struct err *e);
enum rc demo_login(struct call *c, struct err *e);
/* Hashes a password off the loop, at most two at once; then is called in the loop with c->rc and *hash set. Errors
 * (nothing has begun): login_throttled. */
MUST_USE enum rc password_hash_later(struct call *c, struct str password, struct str *hash,
                                     void (*then)(struct call *c), struct err *e);

/* show.c */
void show_new(struct app *app);
void show_free(struct app *app);

/* fields.c */
enum rc merge_values(struct call *c, struct err *e);

/* files.c, thumbnail.c */
enum rc file_create(struct call *c, struct err *e);
MUST_USE enum rc file_seen(struct call *c, struct record **out, struct err *e); /* not_found when it may not be seen */
enum rc file_content(struct call *c, struct err *e);
enum rc file_thumbnail(struct call *c, struct err *e);
MUST_USE enum rc files_limit_load(struct app *app, struct err *e);
void files_sweep(struct app *app); /* now and then: what no row names goes */

/* objects.c: the routes that every noun has */
enum rc object_list(struct call *c, struct err *e);
enum rc object_groups(struct call *c, struct err *e);
enum rc object_get(struct call *c, struct err *e);
enum rc object_create(struct call *c, struct err *e);
enum rc object_update(struct call *c, struct err *e);
enum rc object_delete(struct call *c, struct err *e);
enum rc object_timeline(struct call *c, struct err *e);
enum rc funnel_versions(struct call *c, struct err *e);
void definition_hide(const struct call *c, int64_t funnel_id, json_t *tree); /* takes out the stages hidden from them */
void definition_hide_triggers(const struct call *c, json_t *tree);           /* and triggers, from who writes neither */
enum rc regulation_read_create(struct call *c, struct err *e);               /* regulation.c */
enum rc export_handle(struct call *c, struct err *e);                        /* exports.c */
enum rc bulk_prepare(struct call *c, struct err *e);                         /* operations.c */
enum rc operation_show(struct call *c, struct err *e);
enum rc undo_prepare(struct call *c, struct err *e);
enum rc undo_show(struct call *c, struct err *e);
enum rc user_create(struct call *c, struct err *e);
enum rc user_update(struct call *c, struct err *e);

/* problem.c: what happened, in words */
struct str problem_text(struct arena *a, const char *locale, const struct err *e);

/* boot.c, board_api.c, hub.c, presets.c, tokens.c, openapi.c, docs.c, web.c */
MUST_USE enum rc boot_put(struct call *c, struct buf *out, struct err *e);
enum rc boot_handle(struct call *c, struct err *e);
enum rc board_handle(struct call *c, struct err *e);
enum rc events_handle(struct call *c, struct err *e);
struct hub *hub_new(struct app *app);
void hub_free(struct hub *h);
void hub_begin(struct hub *h, int64_t seq); /* where the feed begins */
void hub_close(struct hub *h);              /* ends every stream; loop thread */
void hub_on_events(void *arg, const struct event *ev, size_t n);
void hub_tell(struct hub *h, int64_t user_id, struct str text); /* to all streams of one person; loop thread */
enum rc presets_handle(struct call *c, struct err *e);
enum rc preset_prepare(struct call *c, struct err *e);
enum rc preset_show(struct call *c, struct err *e);
enum rc tokens_list(struct call *c, struct err *e);
enum rc token_create_prepare(struct call *c, struct err *e);
enum rc token_create_show(struct call *c, struct err *e);
enum rc token_delete_prepare(struct call *c, struct err *e);
enum rc health_handle(struct call *c, struct err *e);
enum rc openapi_handle(struct call *c, struct err *e);
enum rc docs_handle(struct call *c, struct err *e);
void web_serve(struct call *c);
/* Every route's text for OpenAPI; of any app with a table. custom: with the company's own fields, as far as these
 * rights show them. */
struct openapi_for {
    const struct rights *rights;
    bool custom;
};
void openapi_put(const struct app *app, struct openapi_for who, struct buf *out);
void nouns_on_events(void *arg, const struct event *ev, size_t n); /* of the feed: custom fields; arg: the app */
