#include "crm/file_store.h"
#include "base/time.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEEP_MS MS_DAY

/* Between "it is there already" and its row the sweeper must not take a file away. */
static pthread_mutex_t touching = PTHREAD_MUTEX_INITIALIZER;

static bool is_sha(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') || (s.ptr[i] >= 'a' && s.ptr[i] <= 'f')))
            return false;
    return s.len == 64;
}

static enum rc failed(struct err *e, const char *path)
{
    int code = errno;
    return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%.100s: %s", path, strerror(code));
}

const char *file_store_path(struct arena *a, const char *folder, struct str sha256)
{
    return is_sha(sha256) ? str_fmt(a, "%s/%.2s/%.*s", folder, sha256.ptr, STR_ARG(sha256)).ptr : NULL;
}

enum rc file_store_sync(const char *path, int flags, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0)
        return failed(e, path);
    int bad = fsync(fd);
    enum rc rc = bad ? failed(e, path) : RC_OK;
    close(fd);
    return rc;
}

static enum rc put_in_place(struct arena *a, const char *folder, const char *from, const char *path, struct err *e)
{
    const char *part = str_fmt(a, "%.*s", (int)(strlen(path) - 65), path).ptr;
    TRY(file_store_sync(from, 0, e));
    if (mkdir(part, 0700) == 0)
        TRY(file_store_sync(folder, O_DIRECTORY, e));
    else if (errno != EEXIST)
        return failed(e, part);
    if (rename(from, path) != 0)
        return failed(e, path);
    return file_store_sync(part, O_DIRECTORY, e);
}

enum rc file_store_take(struct arena *a, const char *folder, const char *from, struct str sha256, struct err *e)
{
    const char *path = file_store_path(a, folder, sha256);
    struct stat here, given;
    bool given_here = stat(from, &given) == 0;
    if (!path)
        return failed(e, from);
    pthread_mutex_lock(&touching);
    bool there = stat(path, &here) == 0 && (!given_here || here.st_size == given.st_size);
    enum rc rc = !there                                    ? put_in_place(a, folder, from, path, e)
                 : utimensat(AT_FDCWD, path, NULL, 0) != 0 ? failed(e, path)
                                                           : RC_OK;
    pthread_mutex_unlock(&touching);
    if (there && rc == RC_OK)
        unlink(from);
    return rc;
}

enum rc file_store_open(struct arena *a, const char *folder, struct str sha256, int *fd, int64_t *size, struct err *e)
{
    const char *path = file_store_path(a, folder, sha256);
    struct stat st;
    *fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (*fd >= 0 && fstat(*fd, &st) == 0 && S_ISREG(st.st_mode)) {
        *size = st.st_size;
        return RC_OK;
    }
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return err_set(e, RC_NOT_FOUND, "file_missing", "", NULL);
}

enum rc file_store_each(struct db *db, enum rc (*each)(void *arg, struct str sha256, int64_t size), void *arg,
                        struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s, "SELECT sha256, max(size) FROM file WHERE sha256 <> $1 GROUP BY sha256 ORDER BY sha256", e));
    stmt_str(s, 1, STR(FILE_ERASED));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        enum rc told = each(arg, stmt_col_str(s, 0), stmt_col_i64(s, 1));
        if (told != RC_OK) {
            stmt_done(s);
            return told;
        }
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc named(struct db *db, struct str sha256, bool *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "SELECT 1 FROM file WHERE sha256 = $1 LIMIT 1", e));
    stmt_str(s, 1, sha256);
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static bool old(int folder, const char *name, int64_t now)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           now - (int64_t)st.st_mtime * 1000 > KEEP_MS;
}

/* A file that stands for a sha256: itself, or its small picture (SHA.jpg). */
static enum rc sweep_one(struct db *db, int folder, const char *name, int64_t now, int64_t *removed, struct err *e)
{
    struct str sha = {name, strlen(name) < 64 ? strlen(name) : 64};
    bool keep = true;
    if (!old(folder, name, now))
        return RC_OK;
    if (is_sha(sha))
        TRY(named(db, sha, &keep, e));
    if (keep)
        return RC_OK;
    pthread_mutex_lock(&touching);
    *removed += old(folder, name, now) && unlinkat(folder, name, 0) == 0; /* it may have been touched meanwhile */
    pthread_mutex_unlock(&touching);
    return RC_OK;
}

enum rc file_store_sweep(struct db *db, const char *folder, int64_t now, int64_t *removed, struct err *e)
{
    char path[4096];
    enum rc rc = RC_OK;
    *removed = 0;
    for (int i = 0; i < 256 && rc == RC_OK; i++) {
        snprintf(path, sizeof path, "%s/%02x", folder, (unsigned)i);
        DIR *dir = opendir(path);
        for (const struct dirent *d; rc == RC_OK && dir && (d = readdir(dir)) != NULL;)
            rc = sweep_one(db, dirfd(dir), d->d_name, now, removed, e);
        if (dir)
            closedir(dir);
    }
    return rc;
}

enum rc file_store_forget(struct db *db, const char *folder, struct str sha256, struct err *e)
{
    char path[4096];
    bool keep;
    if (!is_sha(sha256))
        return RC_OK;
    TRY(named(db, sha256, &keep, e));
    if (keep)
        return RC_OK;
    pthread_mutex_lock(&touching);
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%.2s/%.*s%s", folder, sha256.ptr, STR_ARG(sha256), i ? ".jpg" : "");
        unlink(path);
    }
    pthread_mutex_unlock(&touching);
    return RC_OK;
}
