/* How the server is, and backups made on demand: for administrators. */
#include "api/inside.h"
#include "base/log.h"
#include "base/time.h"
#include "store/backup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files of a folder, newest first ---- */

struct listed {
    char name[80];
    int64_t size, at;
};

static int newest_first(const void *a, const void *b)
{
    int64_t x = ((const struct listed *)a)->at, y = ((const struct listed *)b)->at;
    return x != y ? (x < y) - (x > y) : -strcmp(((const struct listed *)a)->name, ((const struct listed *)b)->name);
}

static bool plain_name(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    if (n <= m || n >= 80 || name[0] == '.' || strcmp(name + n - m, suffix) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strchr("0123456789abcdefghijklmnopqrstuvwxyz-.", name[i]))
            return false;
    return true;
}

static size_t list_folder(struct arena *a, const char *folder, const char *suffix, struct listed **out)
{
    size_t n = 0, cap = 64;
    struct listed *rows = ARENA_ARRAY(a, struct listed, cap);
    struct stat st;
    DIR *dir = opendir(folder);
    for (const struct dirent *d; dir && n < cap && (d = readdir(dir)) != NULL;) {
        size_t len = strlen(d->d_name);
        if (!plain_name(d->d_name, suffix) || len >= sizeof rows[n].name ||
            fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        memcpy(rows[n].name, d->d_name, len + 1);
        rows[n].size = st.st_size;
        rows[n++].at = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
        if (n == cap) {
            struct listed *more = ARENA_ARRAY(a, struct listed, cap * 2);
            memcpy(more, rows, n * sizeof *rows);
            rows = more;
            cap *= 2;
        }
    }
    if (dir)
        closedir(dir);
    qsort(rows, n, sizeof *rows, newest_first);
    *out = rows;
    return n;
}

static void put_listed(struct jw *w, const struct listed *l)
{
    jw_obj(w);
    jw_kc(w, "name", l->name);
    jw_ki64(w, "size", l->size);
    jw_ki64(w, "made_at", l->at);
    jw_end_obj(w);
}

enum rc folder_list(struct call *c, enum folder folder, const char *suffix, struct err *e)
{
    struct listed *rows;
    size_t n = list_folder(c->r->arena, c->app->folders[folder], suffix, &rows);
    (void)e;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; i < n; i++)
        put_listed(&w, &rows[i]);
    jw_end_arr(&w);
    jw_end_obj(&w);
    return RC_OK;
}

enum rc folder_send(struct call *c, enum folder folder, const char *suffix, const char *type, struct err *e)
{
    struct stat st;
    const char *name = str_cdup(c->r->arena, c->match.param[0]);
    int fd = -1;
    if (plain_name(name, suffix))
        fd = open(str_fmt(c->r->arena, "%s/%s", c->app->folders[folder], name).ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%.40s", name);
    }
    call_send_file(c, fd, st.st_size, type, str_c(name), true);
    return RC_OK;
}

enum rc folder_remove(struct call *c, enum folder folder, const char *suffix, struct err *e)
{
    const char *name = str_cdup(c->r->arena, c->match.param[0]);
    bool gone =
        plain_name(name, suffix) && unlink(str_fmt(c->r->arena, "%s/%s", c->app->folders[folder], name).ptr) == 0;
    return gone ? RC_OK : err_set(e, RC_NOT_FOUND, "not_found", "", "%.40s", name);
}

/* voronka-20261122-143005.SUFFIX, in UTC */
const char *folder_new_name(struct arena *a, const char *suffix)
{
    char at[25];
    time_put(at, time_now());
    return str_fmt(a, "voronka-%.4s%.2s%.2s-%.2s%.2s%.2s%.3s%s", at, at + 5, at + 8, at + 11, at + 14, at + 17, at + 20,
                   suffix)
        .ptr;
}

enum rc folder_made(struct call *c, const char *path, const char *name, struct err *e)
{
    struct stat st;
    struct listed l = {0};
    if (stat(path, &st) != 0)
        return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    snprintf(l.name, sizeof l.name, "%s", name);
    l.size = st.st_size;
    l.at = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    struct jw w = call_json(c);
    put_listed(&w, &l);
    return RC_OK;
}

/* ---- backups ---- */

#define BACKUP ".backup.gz"

static enum rc backup_create(struct call *c, struct err *e)
{
    struct arena *a = c->r->arena;
    struct backup_stats stats = {0};
    const char *name = folder_new_name(a, BACKUP);
    const char *path = str_fmt(a, "%s/%s", c->app->folders[FOLDER_BACKUPS], name).ptr;
    if (__atomic_exchange_n(&c->app->backing_up, true, __ATOMIC_ACQ_REL))
        return err_set(e, RC_CONFLICT, "backup_running", "", NULL);
    enum rc rc = backup_make(&c->app->target, path, &stats, e);
    __atomic_store_n(&c->app->backing_up, false, __ATOMIC_RELEASE);
    TRY(rc);
    log_info("backup %s: %lld rows", name, (long long)stats.rows);
    return folder_made(c, path, name, e);
}

static enum rc backups_list(struct call *c, struct err *e)
{
    return folder_list(c, FOLDER_BACKUPS, BACKUP, e);
}

static enum rc backup_send(struct call *c, struct err *e)
{
    return folder_send(c, FOLDER_BACKUPS, BACKUP, "application/gzip", e);
}

static enum rc backup_remove(struct call *c, struct err *e)
{
    return folder_remove(c, FOLDER_BACKUPS, BACKUP, e);
}

/* ---- system ---- */

static int64_t resident_bytes(void)
{
    long long pages = 0;
    char line[128], *resident;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f) {
        /* The second number of the line; the first is the address space. */
        if (fgets(line, sizeof line, f) && (resident = strchr(line, ' ')))
            pages = strtoll(resident, NULL, 10);
        fclose(f);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

static enum rc number(struct db *db, const char *sql, int64_t *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, sql, e));
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static int64_t folder_bytes(const char *folder)
{
    int64_t sum = 0;
    struct stat st;
    DIR *dir = opendir(folder);
    for (const struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        if (d->d_name[0] == '.' || fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISREG(st.st_mode))
            sum += st.st_size;
        else if (S_ISDIR(st.st_mode)) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
            sum += folder_bytes(path);
        }
    }
    if (dir)
        closedir(dir);
    return sum;
}

static enum rc database_bytes(struct call *c, int64_t *out, struct err *e)
{
    static const char *const parts[] = {"voronka.db", "voronka.db-wal"};
    struct stat st;
    *out = 0;
    if (c->app->target.kind == DB_POSTGRES)
        return number(c->db, "SELECT CAST(pg_database_size(current_database()) AS BIGINT)", out, e);
    for (size_t i = 0; i < 2; i++)
        if (stat(str_fmt(c->r->arena, "%s/%s", c->app->target.place, parts[i]).ptr, &st) == 0)
            *out += st.st_size;
    return RC_OK;
}

static enum rc put_database(struct call *c, struct jw *w, struct err *e)
{
    static const struct {
        const char *key, *sql;
    } counts[] = {{"events", "SELECT COALESCE(MAX(seq), 0) FROM journal"},
                  {"deals", "SELECT COUNT(*) FROM deal WHERE deleted_at IS NULL"},
                  {"contacts", "SELECT COUNT(*) FROM contact WHERE deleted_at IS NULL"},
                  {"companies", "SELECT COUNT(*) FROM company WHERE deleted_at IS NULL"},
                  {"users", "SELECT COUNT(*) FROM users WHERE deleted_at IS NULL AND active = 1"}};
    int64_t n;
    jw_key(w, "database");
    jw_obj(w);
    jw_kc(w, "kind", c->app->target.kind == DB_POSTGRES ? "postgresql" : "sqlite");
    TRY(database_bytes(c, &n, e));
    jw_ki64(w, "bytes", n);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        TRY(number(c->db, counts[i].sql, &n, e));
        jw_ki64(w, counts[i].key, n);
    }
    jw_end_obj(w);
    jw_key(w, "outbox");
    jw_obj(w);
    TRY(number(c->db, "SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND next_at < 253402300799999", &n, e));
    jw_ki64(w, "waiting", n);
    TRY(number(c->db, "SELECT COUNT(*) FROM outbox WHERE sent_at IS NULL AND next_at >= 253402300799999", &n, e));
    jw_ki64(w, "given_up", n);
    jw_end_obj(w);
    return RC_OK;
}

static enum rc system_show(struct call *c, struct err *e)
{
    struct writer_stats stats = writer_stats(c->app->writer);
    struct listed *rows;
    size_t backups = list_folder(c->r->arena, c->app->folders[FOLDER_BACKUPS], BACKUP, &rows);
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kc(&w, "version", VORONKA_VERSION);
    jw_ki64(&w, "uptime_ms", time_monotonic() - c->app->started_at);
    jw_ki64(&w, "memory_bytes", resident_bytes());
    jw_kbool(&w, "writable", !writer_read_only(c->app->writer));
    jw_key(&w, "writer");
    jw_obj(&w);
    jw_ki64(&w, "jobs", stats.jobs);
    jw_ki64(&w, "commits", stats.commits);
    jw_end_obj(&w);
    TRY(put_database(c, &w, e));
    jw_ki64(&w, "files_bytes", folder_bytes(c->app->folders[FOLDER_FILES]));
    jw_key(&w, "last_backup");
    if (backups)
        put_listed(&w, &rows[0]);
    else
        jw_null(&w);
    jw_end_obj(&w);
    return RC_OK;
}

const struct route system_routes[] = {
    {"GET", "/api/system", RUN_POOL, MAY_ADMIN, NULL, "How the server is", system_show, NULL, NULL, NULL, "system", 0},
    {"POST", "/api/backups", RUN_POOL, MAY_ADMIN, NULL, "Make a backup of the database", backup_create, NULL, NULL,
     NULL, "backup", 201},
    {"GET", "/api/backups", RUN_POOL, MAY_ADMIN, NULL, "The backups that are there", backups_list, NULL, NULL, NULL,
     "backups", 0},
    {"GET", "/api/backups/{name}", RUN_POOL, MAY_ADMIN, NULL, "A backup as a file", backup_send, NULL, NULL, NULL,
     "bytes", 0},
    {"DELETE", "/api/backups/{name}", RUN_POOL, MAY_ADMIN, NULL, "Remove a backup", backup_remove, NULL, NULL, NULL,
     NULL, 204},
};
const size_t system_routes_n = sizeof system_routes / sizeof *system_routes;
