/* The API: one table of routes, and what a request needs on its way through it. Everything that lives as long as the
 * server hangs on struct app; there are no other globals. */
#pragma once
#include "base/zone.h"
#include "crm/board.h"
#include "crm/crm.h"
#include "crm/custom_field.h"
#include "crm/fields.h"
#include "crm/query.h"
#include "http/http.h"
#include "http/router.h"

#define VORONKA_VERSION "0.1.0"

/* What lies on the disk beside the database: in its directory, or where --files says. */
enum folder { FOLDER_FILES, FOLDER_UPLOADS, FOLDER_ARCHIVES, FOLDER_BACKUPS, FOLDER_N };

struct app {
    struct db_target target;
    uv_loop_t *loop;
    struct http_server *http;
    struct writer *writer;
    struct job *to_write, **to_write_end; /* of this turn of the loop; see app_write */
    struct feed *feed;
    struct projection *projection; /* of insight; reports read it */
    struct boards *boards;
    struct readers *readers;       /* connections for reading; see reader.c */
    struct sessions *sessions;     /* who is signed in, by hash of the token; loop thread only */
    struct rights_cache *rights;   /* what each of them may; loop thread only */
    struct throttle *throttle;     /* of sign-in; loop thread only */
    struct logins *logins;         /* sign-ins under way; loop thread only */
    struct hub *hub;               /* live updates */
    struct operations *operations; /* the thread of long ones */
    struct zone *zone;             /* of the company */
    struct router *router;
    const struct route *const *routes; /* the whole table, generic rows included */
    size_t n_routes;
    struct shown *shown;             /* what it has shown lately */
    struct hook_limits *hook_limits; /* calls from outside that set triggers off; loop thread only */
    struct timers *timers;           /* of rules; fires what is due */
    struct outbox_sender *sender;    /* of channels; reads the outbox */
    struct mail_sender *mail;        /* of channels; sends its letters */
    struct feed_listener listeners[6];
    uv_timer_t tick;
    uv_prepare_t sleep;
    struct arena memory;           /* of the table and whatever else lives as long as the server */
    const char *folders[FOLDER_N]; /* full paths; made at the start */
    int64_t file_most;             /* atomic: bytes of one file; a setting of the company */
    int64_t swept_at;              /* monotonic: when files that belong to nothing were last looked for */
    int64_t cleaned_at;            /* when old uploads were last removed */
    int64_t covered_at;            /* when coverage that runs out was last looked for */
    int64_t started_at;            /* monotonic */
    bool backing_up;               /* atomic */
    bool demo, stopping, test_clock;
    const char *host;
    int port;
};

/* Who may: bits of roles. Nothing set: public. */
enum {
    MAY_ADMIN = 1 << ROLE_ADMIN,
    MAY_HEAD = 1 << ROLE_HEAD,
    MAY_SELLER = 1 << ROLE_SELLER,
    MAY_OBSERVER = 1 << ROLE_OBSERVER,
    MAY_PUBLIC = 0,
    MAY_MANAGE = MAY_ADMIN | MAY_HEAD,
    MAY_SELL = MAY_MANAGE | MAY_SELLER,
    MAY_READ = MAY_SELL | MAY_OBSERVER, /* everybody who is signed in */
};

/* Where a route runs. */
enum run {
    RUN_READ,  /* handle: in the loop with SQLite, in a pool thread with PostgreSQL; call.db is its reader */
    RUN_POOL,  /* handle: always in a pool thread: long reads, reports, hashing */
    RUN_WRITE, /* prepare in the loop, the command in the writer, then handle (if any) as RUN_READ to show the result */
    RUN_UPLOAD, /* the body comes into a file first, c->upload; then, in a pool thread with a reader, prepare or, when
                   there is none, handle. When prepare sets c->job.command that is written and handle shows the result
                 */
    RUN_RAW,    /* handle: in the loop, no reader; answers by itself, now or later */
};

struct call;
struct route {
    const char *method, *pattern;
    enum run run;
    unsigned may;
    const struct entity *ent; /* of the noun's own routes; NULL else */
    const char *summary;      /* for people, English */
    /* READ, POOL: writes JSON to http_body(c->r), may set c->status; WRITE: the same, after the commit. On an error
     * whatever was written is dropped. */
    enum rc (*handle)(struct call *c, struct err *e);
    enum rc (*prepare)(struct call *c, struct err *e); /* fills c->job */
    const char *query;  /* query parameters by name, separated by blanks; for OpenAPI and refusal of others */
    const char *body;   /* schema name of the body in OpenAPI, or NULL */
    const char *answer; /* schema name of the answer, or NULL */
    int status;         /* of success; 0: 200 */
    int64_t most;       /* UPLOAD: bytes of a body */
    unsigned can;       /* an enum can that is asked for instead of the role: see crm/rights.h */
    enum right right;   /* of the noun, asked for instead of the role; RIGHT_SEE: the handler looks itself */
};

/* A request under way. It lives in the request's arena. */
struct call {
    struct app *app;
    struct http_request *r;
    const struct route *route;
    const struct entities *nouns; /* as it found them; see crm/custom_field.h */
    struct router_match match;
    struct session session;      /* user_id 0: nobody */
    const struct rights *rights; /* what they may; lives as long as the call, never NULL */
    int64_t rights_at;           /* of the cache, when they were asked for */
    struct str token;            /* as sent, STR_NULL: none */
    bool by_cookie;
    int64_t id;     /* the first parameter of the pattern, when that is {id} or ends in _id} */
    struct db *db;  /* in READ and POOL handlers */
    struct err err; /* what went wrong so far */
    enum rc rc;
    int status; /* of the answer */
    const char *content_type;
    struct command_job job; /* WRITE */
    bool waits;             /* WRITE: prepare has handed the call on and calls call_submit_prepared later */
    struct uv_work_s work;
    void (*then)(struct call *c); /* after a pool run, in the loop */
    struct upload *upload;        /* UPLOAD */
    struct {
        bool on;
        int fd;
        int64_t size;
    } file; /* see call_send_file */
    enum rc (*in_pool)(struct call *c, struct err *e);
    void *own; /* the route's */
};

/* A body that came as a file: its bytes, or the one file of a multipart body. Removed when the request has been
 * answered, unless its handler has renamed it and set path NULL. */
struct upload {
    const char *path;
    struct str name;   /* of the query parameter or the part, checked: no folders, no control characters; "file" */
    struct str type;   /* as the client has it, or STR_NULL */
    struct str sha256; /* hex, of the bytes */
    int64_t size;
};

/* Every table of routes: NAME_routes of one file. The test clock's is in force with --test-clock only. */
#define ROUTE_TABLES(T)                                                                                                \
    T(special)                                                                                                         \
    T(chance)                                                                                                          \
    T(cost)                                                                                                            \
    T(report)                                                                                                          \
    T(upload)                                                                                                          \
    T(settings)                                                                                                        \
    T(system)                                                                                                          \
    T(import)                                                                                                          \
    T(notice)                                                                                                          \
    T(archive)                                                                                                         \
    T(trigger)                                                                                                         \
    T(account)                                                                                                         \
    T(contact)                                                                                                         \
    T(schema)                                                                                                          \
    T(field)                                                                                                           \
    T(client)                                                                                                          \
    T(history)                                                                                                         \
    T(designer)                                                                                                        \
    T(regulation)                                                                                                      \
    T(move)                                                                                                            \
    T(operation)                                                                                                       \
    T(people)                                                                                                          \
    T(search)                                                                                                          \
    T(task)                                                                                                            \
    T(automation)                                                                                                      \
    T(replay)                                                                                                          \
    T(mail)                                                                                                            \
    T(pay)                                                                                                             \
    T(plan)                                                                                                            \
    T(review)
#define ROUTE_TABLE_(name)                                                                                             \
    extern const struct route name##_routes[];                                                                         \
    extern const size_t name##_routes_n;
ROUTE_TABLES(ROUTE_TABLE_)
ROUTE_TABLE_(test_clock)
#undef ROUTE_TABLE_

/* --- for handlers --- */
struct str call_param(struct call *c, const char *name); /* query parameter, STR_NULL when absent */
MUST_USE enum rc call_param_i64(struct call *c, const char *name, int64_t fallback, int64_t least, int64_t most,
                                int64_t *out, struct err *e); /* bad_parameter */
struct jw call_json(struct call *c);                          /* writes to the answer's body */
/* Waits until the facts in memory hold what was committed: whoever has just written sees it. Errors: reports_loading,
 * while a server with a long history starts. */
MUST_USE enum rc call_caught_up(struct call *c, struct err *e);
/* The JSON object of the body; decref it. Errors: bad_json, body_not_object. */
MUST_USE enum rc call_body(struct call *c, json_t **out, struct err *e);
/* A required text of a body object; wrong_type, required. */
MUST_USE enum rc body_text(const json_t *body, const char *key, struct arena *a, struct str *out, struct err *e);
/* Refuses members that are not in the list (ended by NULL): unknown_field. */
MUST_USE enum rc body_only(const json_t *body, const char *const *keys, struct err *e);
const char *call_locale(const struct call *c); /* "ru" or "en" */
struct filter_env call_filter_env(const struct call *c);
struct actor call_actor(const struct call *c);
void call_etag(struct call *c, int64_t version);
/* The answer will be the bytes of an open file instead of http_body; it is closed for the handler. Headers are set with
 * it: Content-Disposition names it `name`, which the browser saves (attachment) or shows. In READ and POOL handlers. */
/* Opens a file that is ready, for call_send_file, and takes its name away. Errors: file_read_failed. */
MUST_USE enum rc call_open_ready(const char *path, int *fd, int64_t *size, struct err *e);
void call_send_file(struct call *c, int fd, int64_t size, const char *content_type, struct str name, bool attachment);
/* What POST /api/uploads has kept, of this user. Errors: upload_not_found (field upload_id). */
MUST_USE enum rc upload_find(struct app *app, struct arena *a, struct str upload_id, int64_t user_id,
                             struct upload *out, struct err *e);
/* Loads a record and writes it as the answer with its ETag. */
MUST_USE enum rc call_show(struct call *c, const struct entity *ent, int64_t id, struct err *e);

/* --- for RUN_RAW and the machinery --- */
void call_send(struct call *c);                      /* by c->rc: the answer or the problem; loop thread */
void call_fail(struct call *c, const struct err *e); /* answers with the problem */
void call_run_pool(struct call *c, enum rc (*fn)(struct call *c, struct err *e), void (*then)(struct call *c));
/* The same with a reader in c->db. */
void call_run_pool_read(struct call *c, enum rc (*fn)(struct call *c, struct err *e), void (*then)(struct call *c));
/* With SQLite at once in the loop, with PostgreSQL in the pool. */
void call_run_read(struct call *c, enum rc (*fn)(struct call *c, struct err *e), void (*then)(struct call *c));
void call_submit(struct call *c, const struct command *command, void (*then)(struct call *c));

/* --- the server's parts --- */
struct app_config {
    struct db_target target;
    const char *host;
    int port;
    bool demo;
    bool test_clock;             /* POST /api/test-clock moves time ahead */
    const char *files;           /* where uploads, files and archives lie; NULL: beside the database, or ./data/files */
    bool allow_private_webhooks; /* also to addresses inside of the company's network */
    const char *mail_ca;         /* certificates by which the mail server is known; NULL: those of the system */
};
MUST_USE enum rc app_start(struct app *app, uv_loop_t *loop, const struct app_config *config, struct err *e);
/* Hands a job to the writer when the loop goes to sleep: what comes in one turn of the loop shares a commit instead of
 * the first waking the writer and the others waiting for its fsync. Loop thread. */
void app_write(struct app *app, struct job *job);
void app_stop(struct app *app); /* no new requests; what is under way is answered; the loop then ends */
void app_free(struct app *app);
void app_routes(struct app *app); /* builds the table into an empty app; also for tests */
