/* The route table: what every noun can do comes from the entity table, what is special is a row here. */
#include "api/inside.h"
#include "api/report_file.h"
#include "crm/file_store.h"
#include "crm/operation_bulk.h"
#include "crm/operation_merge.h"

#define QUERY_LIST "filter sort limit cursor offset fields count sum"
#define QUERY_PAGE "cursor limit"

const struct route special_routes[] = {
    /* method, pattern, run, may, entity, summary, handle, prepare, query, body, answer, status */
    {"POST", "/api/session", RUN_RAW, MAY_PUBLIC, NULL, "Sign in with e-mail and password", login_handle, NULL, NULL,
     "login", "session", 0},
    {"GET", "/api/session", RUN_READ, MAY_READ, NULL, "Who is signed in", session_show, NULL, NULL, NULL, "session", 0},
    {"DELETE", "/api/session", RUN_WRITE, MAY_READ, NULL, "Sign out", NULL, session_end_prepare, NULL, NULL, NULL, 204},
    {"POST", "/api/session/password", RUN_RAW, MAY_READ, NULL, "Change one's password; other sessions end",
     password_handle, NULL, NULL, "password", NULL, 204},
    {"GET", "/api/tokens", RUN_READ, MAY_READ, NULL, "One's API tokens", tokens_list, NULL, NULL, NULL, "tokens", 0},
    {"POST", "/api/tokens", RUN_WRITE, MAY_READ, NULL, "Create an API token; it is shown this once", token_create_show,
     token_create_prepare, NULL, "token-new", "token", 201},
    {"DELETE", "/api/tokens/{id}", RUN_WRITE, MAY_READ, NULL, "End an API token", NULL, token_delete_prepare, NULL,
     NULL, NULL, 204},
    {"GET", "/api/demo", RUN_READ, MAY_PUBLIC, NULL, "Whom one may sign in as in demo mode", demo_people, NULL, NULL,
     NULL, "demo", 0},
    {"POST", "/api/demo/session", RUN_RAW, MAY_PUBLIC, NULL, "Sign in as somebody of the demo company", demo_login,
     NULL, NULL, "demo-login", "session", 0},
    {"GET", "/api/boot", RUN_READ, MAY_READ, NULL, "Everything the application needs to begin", boot_handle, NULL, NULL,
     NULL, "boot", 0},
    {"GET", "/api/board/{funnel_id}", RUN_POOL, MAY_READ, NULL,
     "Open deals of a funnel in columns, totals of every stage", board_handle, NULL, "filter as_of", NULL, "board", 0},
    {"GET", "/api/events", RUN_RAW, MAY_READ, NULL, "Live changes as server-sent events", events_handle, NULL,
     "board since", NULL, "events", 0},
    {"POST", "/api/undo", RUN_WRITE, MAY_READ, NULL, "Take back a change", undo_show, undo_prepare, NULL, "undo",
     "undone", 0},
    {"GET", "/api/presets", RUN_READ, MAY_READ, NULL, "Ready funnels to start from", presets_handle, NULL, NULL, NULL,
     "presets", 0},
    {"POST", "/api/presets/{name}", RUN_WRITE, MAY_MANAGE, NULL, "Create the funnels of a preset", preset_show,
     preset_prepare, NULL, NULL, "preset-applied", 201, .can = CAN_SETTINGS},
    {"GET", "/api/health", RUN_RAW, MAY_PUBLIC, NULL, "Is the server well, can it write", health_handle, NULL, NULL,
     NULL, "health", 0},
    {"GET", "/api/openapi.json", RUN_RAW, MAY_PUBLIC, NULL, "This description", openapi_handle, NULL, NULL, NULL, NULL,
     0},
    {"GET", "/api/docs", RUN_RAW, MAY_PUBLIC, NULL, "This description for people", docs_handle, NULL, NULL, NULL, NULL,
     0},
};
const size_t special_routes_n = sizeof special_routes / sizeof *special_routes;

/* Which roles may do what with a noun, before the rights of each person (crm/rights.h); 0: there is no such route. */
struct noun_access {
    unsigned read, create, update, delete;
};

static struct noun_access noun_access(enum entity_id id)
{
    switch (id) {
    case ENT_USER: /* everybody changes their own name and language */
        return (struct noun_access){MAY_READ, MAY_ADMIN, MAY_READ, MAY_ADMIN};
    case ENT_WEBHOOK:
        return (struct noun_access){MAY_ADMIN, MAY_ADMIN, MAY_ADMIN, MAY_ADMIN};
    case ENT_TEAM:
    case ENT_ROLE:
        return (struct noun_access){MAY_READ, MAY_ADMIN, MAY_ADMIN, MAY_ADMIN};
    case ENT_DEAL:
    case ENT_CONTACT:
    case ENT_COMPANY:
    case ENT_TASK:
    case ENT_NOTE:
    case ENT_DEAL_PRODUCT:
    case ENT_DEAL_MEMBER:
    case ENT_CONTACT_POINT:
    case ENT_BUYER:
    case ENT_COMPETITOR:
    case ENT_COMPETITOR_OFFER:
    case ENT_TOUCH:
    case ENT_TAG:
        return (struct noun_access){MAY_READ, MAY_SELL, MAY_SELL, MAY_SELL};
    case ENT_FILE: /* comes in by its own route, with its bytes */
        return (struct noun_access){MAY_READ, 0, MAY_SELL, MAY_SELL};
    case ENT_REGULATION_READ:
        return (struct noun_access){MAY_READ, MAY_READ, 0, 0};
    case ENT_FINDING: /* detectors write them, people say what came of it */
        return (struct noun_access){MAY_READ, 0, MAY_READ, 0};
    case ENT_VIEW:
    case ENT_DASHBOARD:
    case ENT_SUBSCRIPTION:
        return (struct noun_access){MAY_READ, MAY_READ, MAY_READ, MAY_READ};
    case ENT_OPERATION:
    case ENT_NOTIFICATION:
        return (struct noun_access){.read = MAY_READ};
    default:
        return (struct noun_access){MAY_READ, MAY_MANAGE, MAY_MANAGE, MAY_MANAGE};
    }
}

struct table {
    struct arena *arena;
    const struct route **rows;
    size_t n, cap;
};

static void add(struct table *t, const struct route *r)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 64;
        const struct route **more = ARENA_ARRAY(t->arena, const struct route *, cap);
        if (t->n)
            memcpy(more, t->rows, t->n * sizeof *more);
        t->rows = more;
        t->cap = cap;
    }
    t->rows[t->n++] = r;
}

static void add_all(struct table *t, const struct route *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(t, &rows[i]);
}

static void add_row(struct table *t, struct route row, const char *tail)
{
    struct route *r = ARENA_NEW(t->arena, struct route);
    *r = row;
    r->pattern = str_fmt(t->arena, "/api/%s%s", row.ent->plural, tail).ptr;
    r->summary = str_fmt(t->arena, row.summary, row.ent->plural).ptr;
    add(t, r);
}

static void add_files(struct table *t, const struct entity *ent)
{
    const struct route rows[] = {
        {"POST", "", RUN_UPLOAD, MAY_SELL, ent, "Keep one of %s: the bytes, or multipart with one file", object_get,
         file_create, "deal_id contact_id company_id name artefact", "bytes", ent->name, 201, FILE_MOST_EVER,
         .right = RIGHT_CREATE},
        {"GET", "/{id}/content", RUN_POOL, MAY_READ, ent, "The bytes of one of %s", file_content, NULL, "download",
         NULL, "bytes", 0},
        {"GET", "/{id}/thumbnail", RUN_POOL, MAY_READ, ent, "A small picture of one of %s", file_thumbnail, NULL, NULL,
         NULL, "bytes", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        add_row(t, rows[i], rows[i].pattern);
}

static void add_noun(struct table *t, const struct entity *ent)
{
    const char *name = ent->name;
    struct noun_access may = noun_access(ent->id);
    bool user = ent->id == ENT_USER;
    const struct route rows[] = {
        {"GET", "", RUN_POOL, may.read, ent, "List %s", object_list, NULL, QUERY_LIST, NULL, name, 0},
        {"POST", "", RUN_WRITE, may.create, ent, "Create one of %s", object_get,
         user                             ? user_create
         : ent->id == ENT_REGULATION_READ ? regulation_read_create
                                          : object_create,
         NULL, name, name, 201, .right = RIGHT_CREATE},
        {"GET", "/{id}", RUN_READ, may.read, ent, "One of %s", object_get, NULL, "as_of", NULL, name, 0},
        {"PATCH", "/{id}", RUN_WRITE, may.update, ent, "Change one of %s; only the fields sent", object_get,
         user ? user_update : object_update, NULL, name, name, 0, .right = RIGHT_EDIT},
        {"DELETE", "/{id}", RUN_WRITE, may.delete, ent, "Delete one of %s; undo brings it back", NULL, object_delete,
         NULL, NULL, NULL, 204, .right = RIGHT_DELETE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].may)
            add_row(t, rows[i], rows[i].pattern);
    if (ent->id == ENT_DEAL || ent->id == ENT_CONTACT || ent->id == ENT_COMPANY)
        add_row(t,
                (struct route){"GET", "", RUN_READ, MAY_READ, ent, "What happened to one of %s, newest first",
                               object_timeline, NULL, QUERY_PAGE, NULL, "timeline", 0},
                "/{id}/timeline");
    add_row(t,
            (struct route){"GET", "", RUN_POOL, may.read, ent, "How many of %s have each value of a field",
                           object_groups, NULL, "by filter sum", NULL, "groups", 0},
            "/groups");
    if (may.read && ent->id != ENT_USER && ent->id != ENT_WEBHOOK && ent->id != ENT_OPERATION &&
        ent->id != ENT_NOTIFICATION)
        add_row(t,
                (struct route){"GET", "", RUN_POOL, MAY_READ, ent, "The list of %s as a file", export_handle, NULL,
                               "format filter sort fields delimiter encoding", NULL, "bytes", 0, .right = RIGHT_EXPORT},
                "/export");
    if (bulk_object(ent))
        add_row(t,
                (struct route){"POST", "", RUN_WRITE, MAY_SELL, ent, "Change or delete many of %s at once",
                               operation_show, bulk_prepare, NULL, "bulk", "operation", 202, .can = CAN_BULK},
                "/bulk");
    if (merge_object(ent))
        add_row(t,
                (struct route){"POST", "", RUN_WRITE, MAY_MANAGE, ent, "Merge one of %s into another, in every record",
                               operation_show, merge_values, NULL, "merge-into", "operation", 202, .can = CAN_SETTINGS},
                "/{id}/merge");
    if (ent->id == ENT_FILE)
        add_files(t, ent);
    if (ent->id == ENT_FUNNEL)
        add_row(t,
                (struct route){"GET", "", RUN_READ, MAY_READ, ent, "Every published definition of one of %s",
                               funnel_versions, NULL, NULL, NULL, "funnel-versions", 0},
                "/{id}/versions");
}

static void add_report(struct table *t, const struct report *report)
{
    for (int deals = 0; deals < 2; deals++) {
        struct route *r = ARENA_NEW(t->arena, struct route);
        *r = report_route(t->arena, report, deals);
        add(t, r);
    }
}

static struct router_row row_at(const void *table, size_t i)
{
    const struct route *r = ((const struct route *const *)table)[i];
    return (struct router_row){r->method, r->pattern};
}

void app_routes(struct app *app)
{
    struct table t = {.arena = &app->memory};
#define ADD_TABLE(name) add_all(&t, name##_routes, name##_routes_n);
    ROUTE_TABLES(ADD_TABLE)
    if (app->test_clock)
        ADD_TABLE(test_clock)
#undef ADD_TABLE
    for (size_t i = 0; i < reports_n; i++)
        add_report(&t, reports[i]);
    for (int id = 1; id < ENT_END; id++)
        if (entity_by_id((enum entity_id)id))
            add_noun(&t, entity_by_id((enum entity_id)id));
    app->routes = t.rows;
    app->n_routes = t.n;
    app->router = router_new(t.rows, t.n, row_at);
}
