/* Files of deals, contacts and companies: in, out, and as small pictures. What came from people is told by its bytes,
 * and sent back so that a browser runs none of it. */
#include "api/inside.h"
#include "base/log.h"
#include "base/sniff.h"
#include "base/time.h"
#include "crm/file_store.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SWEEP_EACH MS_HOUR

/* ---- in ---- */

static enum rc read_head(const char *path, struct arena *a, struct str *out, struct err *e)
{
    char *head = arena_alloc(a, SNIFF_BYTES);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, head, SNIFF_BYTES, 0);
    int code = errno;
    if (fd >= 0)
        close(fd);
    *out = (struct str){head, n > 0 ? (size_t)n : 0};
    return n < 0 ? err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(code)) : RC_OK;
}

enum rc files_limit_load(struct app *app, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct str text = STR_NULL;
    struct db *db;
    int64_t most;
    TRY(readers_take(app->readers, &db, e));
    enum rc rc = setting_get(db, &a, "file_most", FILE_MOST_TEXT, &text, e);
    readers_give(app->readers, db, rc);
    if (rc == RC_OK && str_i64(text, &most))
        __atomic_store_n(&app->file_most, most, __ATOMIC_RELAXED);
    arena_free(&a);
    return rc;
}

static enum rc refuse(struct err *e, struct str name)
{
    return err_set(e, RC_UNPROCESSABLE, "file_type_refused", "name", "%.*s", (int)(name.len < 100 ? name.len : 100),
                   name.ptr);
}

static enum rc parents(struct call *c, struct record *r, struct err *e)
{
    static const struct {
        const char *name;
        int field;
    } all[] = {{"deal_id", FILE_DEAL_ID}, {"contact_id", FILE_CONTACT_ID}, {"company_id", FILE_COMPANY_ID}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int64_t id;
        TRY(call_param_i64(c, all[i].name, 0, 1, INT64_MAX, &id, e));
        r->f[all[i].field] = id ? val_int(id) : val_null();
    }
    return RC_OK;
}

static enum rc artefact(struct call *c, struct val *out, struct err *e)
{
    struct str name = call_param(c, "artefact");
    if (!name.ptr)
        return RC_OK; /* as the field has it */
    for (int i = 0; artefact_names[i]; i++)
        if (str_eqc(name, artefact_names[i])) {
            *out = val_int(i);
            return RC_OK;
        }
    return err_set(e, RC_INVALID, "bad_parameter", "artefact", "%.*s", (int)(name.len < 60 ? name.len : 60), name.ptr);
}

enum rc file_create(struct call *c, struct err *e)
{
    struct arena *a = c->r->arena;
    struct record *r = record_new(a, c->route->ent);
    struct str head;
    if (c->upload->size == 0)
        return err_set(e, RC_UNPROCESSABLE, "file_empty", "", NULL);
    TRY(parents(c, r, e));
    TRY(artefact(c, &r->f[FILE_ARTEFACT], e));
    if (c->upload->path) { /* else the connection was lost: the bytes are in their place already */
        TRY(read_head(c->upload->path, a, &head, e));
        struct sniffed what = sniff(head, c->upload->name);
        c->upload->name = file_name_clean(a, c->upload->name, what);
        if (what.program || file_name_runs(c->upload->name))
            return refuse(e, c->upload->name);
        c->upload->type = str_c(what.type);
        TRY(file_store_take(a, c->app->folders[FOLDER_FILES], c->upload->path, c->upload->sha256, e));
        c->upload->path = NULL;
    }
    r->f[FILE_NAME] = val_str(c->upload->name);
    r->f[FILE_TYPE] = val_str(c->upload->type);
    r->f[FILE_SIZE] = val_int(c->upload->size);
    r->f[FILE_SHA256] = val_str(c->upload->sha256);
    c->job.record = r;
    c->job.command = &command_create;
    return RC_OK;
}

/* ---- out ---- */

/* The row, when the one who asks may see it. */
enum rc file_seen(struct call *c, struct record **out, struct err *e)
{
    struct filter_env env = call_filter_env(c);
    bool may;
    TRY(rights_reach(c->db, c->r->arena, env.rights, c->route->ent, c->id, RIGHT_SEE, &may, e));
    if (may)
        return record_load(c->db, c->r->arena, c->route->ent, c->id, false, out, e);
    err_set(e, RC_NOT_FOUND, "not_found", "", "file %lld", (long long)c->id);
    return RC_NOT_FOUND;
}

enum rc file_content(struct call *c, struct err *e)
{
    struct record *r;
    int fd;
    int64_t size;
    TRY(file_seen(c, &r, e));
    TRY(file_store_open(c->r->arena, c->app->folders[FOLDER_FILES], r->f[FILE_SHA256].s, &fd, &size, e));
    struct sniffed what = sniff_type(r->f[FILE_TYPE].s);
    bool shown = what.shown && !what.active && !str_eqc(call_param(c, "download"), "1");
    const char *type = what.active ? "application/octet-stream" : str_cdup(c->r->arena, r->f[FILE_TYPE].s);
    if (strcmp(type, "text/plain") == 0)
        type = "text/plain; charset=utf-8";
    /* The viewer of PDF that browsers bring does not run in a sandbox. */
    http_set(c->r, "Content-Security-Policy",
             strcmp(type, "application/pdf") == 0
                 ? STR("default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'")
                 : STR("default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; sandbox"));
    call_send_file(c, fd, size, type, r->f[FILE_NAME].s, !shown);
    return RC_OK;
}

/* ---- sweeping ---- */

struct sweep {
    struct uv_work_s work;
    struct app *app;
};

static void sweep_work(uv_work_t *work)
{
    struct sweep *s = work->data;
    struct db *db;
    struct err e;
    int64_t removed = 0;
    enum rc rc = readers_take(s->app->readers, &db, &e);
    if (rc == RC_OK) {
        rc = file_store_sweep(db, s->app->folders[FOLDER_FILES], time_now(), &removed, &e);
        readers_give(s->app->readers, db, rc);
    }
    if (rc != RC_OK)
        log_error("files: %s %s", e.code, e.arg[0]);
    else if (removed)
        log_info("files: removed %lld that belong to nothing", (long long)removed);
}

static void sweep_done(uv_work_t *work, int status)
{
    (void)status;
    free(work->data);
}

void files_sweep(struct app *app)
{
    int64_t now = time_monotonic();
    if (app->stopping || (app->swept_at && now - app->swept_at < SWEEP_EACH))
        return;
    app->swept_at = now;
    struct sweep *s = calloc(1, sizeof *s);
    if (!s)
        return;
    s->app = app;
    s->work.data = s;
    if (uv_queue_work(app->loop, &s->work, sweep_work, sweep_done) != 0)
        free(s);
}
