/* Bodies that come as files, and POST /api/uploads, which keeps one for a day: what an import is made of. */
#include "api/inside.h"
#include "base/log.h"
#include "base/time.h"
#include "crm/import_rows.h"
#include "http/multipart.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define UPLOAD_MOST ((int64_t)2 * 1024 * 1024 * 1024)
#define NAME_MOST 255
#define KEEP MS_DAY
#define CLEAN_EACH MS_HOUR
#define BLOCK ((size_t)64 * 1024)

/* ---- folders ---- */

static enum rc make_folder(const char *path, struct err *e)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return RC_OK;
    return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s: %s", path, strerror(errno));
}

static enum rc make_path(struct arena *a, const char *path, struct err *e)
{
    char *copy = str_cdup(a, str_c(path));
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        TRY(make_folder(copy, e));
        *p = '/';
    }
    return make_folder(copy, e);
}

enum rc folders_make(struct app *app, const char *place, struct err *e)
{
    static const char *const names[FOLDER_N] = {"files", "uploads", "archives", "backups"};
    if (!place)
        place = app->target.kind == DB_SQLITE ? app->target.place : "data/files";
    TRY(make_path(&app->memory, place, e));
    for (int i = 0; i < FOLDER_N; i++) {
        app->folders[i] = str_fmt(&app->memory, "%s/%s", place, names[i]).ptr;
        TRY(make_folder(app->folders[i], e));
    }
    uploads_clean(app, time_now());
    import_set_folder(app->folders[FOLDER_UPLOADS]);
    return RC_OK;
}

void uploads_clean(struct app *app, int64_t now)
{
    const char *folder = app->folders[FOLDER_UPLOADS];
    struct stat st;
    if (!folder || now - app->cleaned_at < CLEAN_EACH)
        return;
    app->cleaned_at = now;
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (const struct dirent *d; (d = readdir(dir)) != NULL;)
        if (d->d_name[0] != '.' && fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && now - (int64_t)st.st_mtime * 1000 > KEEP)
            unlinkat(dirfd(dir), d->d_name, 0);
    closedir(dir);
}

/* ---- the bytes of a body ---- */

static bool control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 32 || s.ptr[i] == 127)
            return true;
    return false;
}

static enum rc set_name(struct call *c, struct str name, struct err *e)
{
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '/' || name.ptr[i - 1] == '\\') {
            name = (struct str){name.ptr + i, name.len - i};
            break;
        }
    name = str_trim(name);
    if (!str_utf8_valid(name) || control(name))
        return err_set(e, RC_UNPROCESSABLE, "bad_text", "name", NULL);
    if (str_utf8_len(name) > NAME_MOST)
        return err_set(e, RC_UNPROCESSABLE, "too_long", "name", "%d", NAME_MOST);
    c->upload->name = name.len == 0 || str_eqc(name, ".") || str_eqc(name, "..") ? STR("file") : name;
    return RC_OK;
}

/* What is taken out of a body on its way from one file to another. */
struct extract {
    struct call *c;
    crypto_hash_sha256_state sha;
    int out; /* -1: the body is the file itself */
    int files;
    bool in_file;
};

static enum rc part_begin(void *arg, const struct multipart_part *part, struct err *e)
{
    struct extract *x = arg;
    x->in_file = part->filename.ptr != NULL;
    if (!x->in_file)
        return RC_OK;
    if (x->files++)
        return err_set(e, RC_INVALID, "bad_multipart", "", "more than one file");
    x->c->upload->name = part->filename;
    x->c->upload->type = part->type;
    return RC_OK;
}

static enum rc take(struct extract *x, struct str bytes, struct err *e)
{
    x->c->upload->size += (int64_t)bytes.len;
    crypto_hash_sha256_update(&x->sha, (const unsigned char *)bytes.ptr, bytes.len);
    while (x->out >= 0 && bytes.len) {
        ssize_t n = write(x->out, bytes.ptr, bytes.len);
        if (n < 0 && errno != EINTR)
            return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
        if (n > 0)
            bytes = (struct str){bytes.ptr + n, bytes.len - (size_t)n};
    }
    return RC_OK;
}

static enum rc part_data(void *arg, struct str bytes, struct err *e)
{
    struct extract *x = arg;
    return x->in_file ? take(x, bytes, e) : RC_OK;
}

static enum rc read_through(struct extract *x, int in, struct multipart *m, struct err *e)
{
    char *block = arena_alloc(x->c->r->arena, BLOCK);
    for (;;) {
        ssize_t n = read(in, block, BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
        if (n == 0)
            return m ? multipart_end(m, e) : RC_OK;
        struct str bytes = {block, (size_t)n};
        TRY(m ? multipart_feed(m, bytes, e) : take(x, bytes, e));
    }
}

static enum rc extract_multipart(struct extract *x, int in, struct err *e)
{
    struct call *c = x->c;
    struct multipart m = {0};
    struct multipart_events to = {part_begin, part_data, x};
    char *path = str_cdup(c->r->arena, str_fmt(c->r->arena, "%s/incoming-XXXXXX", c->app->folders[FOLDER_UPLOADS]));
    TRY(multipart_begin(&m, c->r->arena, http_header(c->r, "content-type"), to, e));
    x->out = mkostemp(path, O_CLOEXEC);
    if (x->out < 0)
        return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    enum rc rc = read_through(x, in, &m, e);
    if (rc == RC_OK && x->files == 0)
        rc = err_set(e, RC_INVALID, "bad_multipart", "", "no file");
    multipart_free(&m);
    close(x->out);
    unlink(rc == RC_OK ? c->upload->path : path);
    if (rc == RC_OK)
        c->upload->path = path;
    return rc;
}

static bool is_multipart(struct call *c)
{
    struct str type = http_header(c->r, "content-type");
    return type.len >= 10 && strncasecmp(type.ptr, "multipart/", 10) == 0;
}

static enum rc extract(struct call *c, struct err *e)
{
    struct extract x = {.c = c, .out = -1};
    unsigned char hash[crypto_hash_sha256_BYTES];
    struct str given = call_param(c, "name");
    int in = open(c->upload->path, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    crypto_hash_sha256_init(&x.sha);
    c->upload->size = 0; /* of an earlier try that could not be ended */
    enum rc rc = is_multipart(c) ? extract_multipart(&x, in, e) : read_through(&x, in, NULL, e);
    close(in);
    TRY(rc);
    crypto_hash_sha256_final(&x.sha, hash);
    TRY(set_name(c, given.len ? given : c->upload->name, e));
    c->upload->sha256 = str_hex(c->r->arena, hash, sizeof hash);
    return RC_OK;
}

/* A connection that is lost makes the pool run this again: the body is taken apart once. */
static enum rc upload_work(struct call *c, struct err *e)
{
    if (!c->upload->sha256.ptr)
        TRY(extract(c, e));
    return c->route->prepare ? call_prepare(c, e) : c->route->handle(c, e);
}

static void upload_done(struct call *c)
{
    void (*then)(struct call * c) = (void (*)(struct call * c)) c->own;
    c->own = NULL;
    if (c->upload->path)
        unlink(c->upload->path);
    then(c);
}

static void upload_received(void *arg, const char *path, int64_t size, const struct err *e)
{
    struct call *c = arg;
    (void)size;
    if (!path) {
        call_fail(c, e);
        return;
    }
    c->upload = ARENA_NEW(c->r->arena, struct upload);
    c->upload->path = path;
    c->upload->name = STR("file");
    call_run_pool_read(c, upload_work, upload_done);
}

void upload_begin(struct call *c, void (*then)(struct call *c))
{
    c->own = (void *)then;
    int64_t most = c->route->most ? c->route->most : UPLOAD_MOST;
    if (c->route->ent && c->route->ent->id == ENT_FILE)
        most = __atomic_load_n(&c->app->file_most, __ATOMIC_RELAXED);
    http_receive(c->r, c->app->folders[FOLDER_UPLOADS], (uint64_t)most, upload_received, c);
}

/* ---- files out ---- */

/* RFC 6266: the name in UTF-8, beside it one in ASCII for old readers. */
static struct str disposition(struct arena *a, struct str name, bool attachment)
{
    struct buf b = {0};
    buf_c(&b, attachment ? "attachment; filename=\"" : "inline; filename=\"");
    for (size_t i = 0; i < name.len; i++) {
        unsigned char ch = (unsigned char)name.ptr[i];
        if (ch >= 0x80 && (ch & 0xc0) == 0x80)
            continue;
        buf_char(&b, (char)(ch < 32 || ch >= 127 || ch == '"' || ch == '\\' || ch == '%' ? '_' : ch));
    }
    buf_c(&b, "\"; filename*=UTF-8''");
    for (size_t i = 0; i < name.len; i++) {
        unsigned char ch = (unsigned char)name.ptr[i];
        bool plain = (ch >= '0' && ch <= '9') || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z') || strchr("-._~", ch);
        if (plain && ch)
            buf_char(&b, (char)ch);
        else
            buf_fmt(&b, "%%%02X", ch);
    }
    struct str text = str_dup(a, buf_view(&b));
    buf_free(&b);
    return text;
}

enum rc call_open_ready(const char *path, int *fd, int64_t *size, struct err *e)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &st) != 0) {
        enum rc rc = err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "%s", strerror(errno));
        if (*fd >= 0)
            close(*fd);
        *fd = -1;
        return rc;
    }
    *size = st.st_size;
    unlink(path);
    return RC_OK;
}

void call_send_file(struct call *c, int fd, int64_t size, const char *content_type, struct str name, bool attachment)
{
    c->file.on = true;
    c->file.fd = fd;
    c->file.size = size;
    c->content_type = content_type;
    http_set(c->r, "Content-Disposition", disposition(c->r->arena, name, attachment));
}

/* ---- kept for a day: the file ID and, beside it, ID.json that tells what it is and whose ---- */

static enum rc write_about(struct call *c, const char *path, struct err *e)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_kstr(&w, "name", c->upload->name);
    jw_ki64(&w, "size", c->upload->size);
    jw_ki64(&w, "user_id", c->session.user_id);
    jw_end_obj(&w);
    FILE *f = fopen(path, "wxe");
    bool ok = f && fwrite(b.ptr, 1, b.len, f) == b.len;
    if (f)
        ok &= fclose(f) == 0;
    buf_free(&b);
    return ok ? RC_OK : err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
}

static enum rc upload_keep(struct call *c, struct err *e)
{
    struct arena *a = c->r->arena;
    unsigned char bytes[16];
    randombytes_buf(bytes, sizeof bytes);
    struct str id = str_hex(a, bytes, sizeof bytes);
    const char *path = str_fmt(a, "%s/%.*s", c->app->folders[FOLDER_UPLOADS], STR_ARG(id)).ptr;
    TRY(write_about(c, str_fmt(a, "%s.json", path).ptr, e));
    if (rename(c->upload->path, path) != 0)
        return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    c->upload->path = NULL;
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kstr(&w, "upload_id", id);
    jw_kstr(&w, "name", c->upload->name);
    jw_ki64(&w, "size", c->upload->size);
    jw_end_obj(&w);
    return RC_OK;
}

static bool plain_id(struct str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!((id.ptr[i] >= '0' && id.ptr[i] <= '9') || (id.ptr[i] >= 'a' && id.ptr[i] <= 'f')))
            return false;
    return id.len == 32;
}

enum rc upload_find(struct app *app, struct arena *a, struct str upload_id, int64_t user_id, struct upload *out,
                    struct err *e)
{
    struct stat st;
    json_t *about = NULL;
    if (plain_id(upload_id)) {
        out->path = str_fmt(a, "%s/%.*s", app->folders[FOLDER_UPLOADS], STR_ARG(upload_id)).ptr;
        about = json_load_file(str_fmt(a, "%s.json", out->path).ptr, 0, NULL);
    }
    bool mine = about && json_integer_value(json_object_get(about, "user_id")) == user_id && stat(out->path, &st) == 0;
    if (mine) {
        out->size = st.st_size;
        out->name = str_dup(a, str_c(json_string_value(json_object_get(about, "name"))));
    }
    json_decref(about);
    return mine ? RC_OK : err_set(e, RC_UNPROCESSABLE, "upload_not_found", "upload_id", NULL);
}

const struct route upload_routes[] = {
    {"POST", "/api/uploads", RUN_UPLOAD, MAY_SELL, NULL, "Keep a file for a day, for an import", upload_keep, NULL,
     "name", "bytes", "upload", 201, UPLOAD_MOST},
};
const size_t upload_routes_n = sizeof upload_routes / sizeof *upload_routes;
