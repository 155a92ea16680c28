/* Archives of everything, made on demand: for administrators. */
#include "api/inside.h"
#include "base/log.h"
#include "crm/archive.h"
#include <unistd.h>

#define ARCHIVE ".archive.zip"

static enum rc archive_create(struct call *c, struct err *e)
{
    struct arena *a = c->r->arena;
    struct archive_stats stats;
    const char *name = folder_new_name(a, ARCHIVE);
    const char *path = str_fmt(a, "%s/%s", c->app->folders[FOLDER_ARCHIVES], name).ptr;
    if (__atomic_exchange_n(&c->app->backing_up, true, __ATOMIC_ACQ_REL))
        return err_set(e, RC_CONFLICT, "backup_running", "", NULL);
    enum rc rc = archive_make(&c->app->target, c->app->folders[FOLDER_FILES], path, &stats, e);
    __atomic_store_n(&c->app->backing_up, false, __ATOMIC_RELEASE);
    TRY(rc);
    log_info("archive %s: %lld rows, %lld files", name, (long long)stats.rows, (long long)stats.files);
    return folder_made(c, path, name, e);
}

static enum rc archives_list(struct call *c, struct err *e)
{
    return folder_list(c, FOLDER_ARCHIVES, ARCHIVE, e);
}

static enum rc archive_send(struct call *c, struct err *e)
{
    return folder_send(c, FOLDER_ARCHIVES, ARCHIVE, "application/zip", e);
}

static enum rc archive_remove(struct call *c, struct err *e)
{
    return folder_remove(c, FOLDER_ARCHIVES, ARCHIVE, e);
}

const struct route archive_routes[] = {
    {"POST", "/api/archives", RUN_POOL, MAY_ADMIN, NULL, "Make an archive of everything", archive_create, NULL, NULL,
     NULL, "backup", 201},
    {"GET", "/api/archives", RUN_POOL, MAY_ADMIN, NULL, "The archives that are there", archives_list, NULL, NULL, NULL,
     "backups", 0},
    {"GET", "/api/archives/{name}", RUN_POOL, MAY_ADMIN, NULL, "An archive as a file", archive_send, NULL, NULL, NULL,
     "bytes", 0},
    {"DELETE", "/api/archives/{name}", RUN_POOL, MAY_ADMIN, NULL, "Remove an archive", archive_remove, NULL, NULL, NULL,
     NULL, 204},
};
const size_t archive_routes_n = sizeof archive_routes / sizeof *archive_routes;
