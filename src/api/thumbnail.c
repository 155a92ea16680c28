/* Small pictures of pictures, made once and kept beside the bytes. A picture that says it is huge is not decoded. */
#include "api/inside.h"
#include "base/log.h"
#include "base/sniff.h"
#include "crm/file_store.h"
#include <dlfcn.h>
#include <fcntl.h>
#include <gd.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIDE 320                      /* pixels of the longer side */
#define PIXELS_MOST INT64_C(40000000) /* 160 MB when decoded */
#define BYTES_MOST INT64_C(52428800)
#define QUALITY 82

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER; /* decoding takes memory */

static enum rc none(struct err *e)
{
    return err_set(e, RC_NOT_FOUND, "no_thumbnail", "", NULL);
}

static void quiet(int priority, const char *format, va_list args)
{
    (void)priority;
    (void)format;
    (void)args;
}

/* ---- the library ----
 * It brings decoders of every kind of video along, five megabytes of a server that is idle: so it comes with the first
 * picture. */

#define GD_CALLS(X)                                                                                                    \
    X(gdSetErrorMethod)                                                                                                \
    X(gdImageCreateFromPngPtr)                                                                                         \
    X(gdImageCreateFromJpegPtr)                                                                                        \
    X(gdImageCreateFromGifPtr)                                                                                         \
    X(gdImageCreateFromWebpPtr)                                                                                        \
    X(gdImageCreateTrueColor)                                                                                          \
    X(gdImageFilledRectangle)                                                                                          \
    X(gdImageCopyResampled)                                                                                            \
    X(gdImageRotateInterpolated)                                                                                       \
    X(gdImageDestroy)                                                                                                  \
    X(gdImageJpegPtr)                                                                                                  \
    X(gdFree)
#define GD_FIELD(name) __typeof__(name) *name; /* NOLINT(bugprone-macro-parentheses): a declaration */
static struct {
    GD_CALLS(GD_FIELD)
} gd; /* under one_at_a_time */

static bool find(void *lib, const char *name, void *call)
{
    void *at = dlsym(lib, name);
    memcpy(call, &at, sizeof at);
    return at != NULL;
}

static bool load(void)
{
    static enum { NEW, THERE, MISSING } state;
    if (state != NEW)
        return state == THERE;
    void *lib = dlopen("libgd.so.3", RTLD_NOW | RTLD_LOCAL);
    bool all = lib != NULL;
#define GD_FIND(name) all = all && find(lib, #name, &gd.name);
    GD_CALLS(GD_FIND)
    state = all ? THERE : MISSING;
    if (!all)
        log_warn("thumbnails: libgd is missing");
    return all;
}

/* ---- how the camera was held ---- */

static unsigned number(const unsigned char *p, int n, bool little)
{
    unsigned v = 0;
    for (int i = 0; i < n; i++)
        v = v << 8 | p[little ? n - 1 - i : i];
    return v;
}

/* The Exif tag of orientation, 1 when it is not told. */
static unsigned orientation(struct str s)
{
    if (!s.ptr || s.len < 2)
        return 1;
    const unsigned char *p = memmem(s.ptr, s.len < SNIFF_BYTES ? s.len : SNIFF_BYTES, "Exif\0\0", 6);
    if (!p || memcmp(s.ptr, "\xff\xd8", 2) != 0)
        return 1;
    size_t left = s.len - (size_t)(p - (const unsigned char *)s.ptr);
    if (left < 6 + 8)
        return 1;
    p += 6;
    left -= 6;
    bool little = p[0] == 'I';
    size_t at = number(p + 4, 4, little);
    if (at > left || left - at < 2)
        return 1;
    unsigned n = number(p + at, 2, little);
    for (at += 2; n > 0 && left >= at + 12; n--, at += 12)
        if (number(p + at, 2, little) == 0x112)
            return number(p + at + 8, 2, little);
    return 1;
}

/* ---- making ---- */

static gdImagePtr decode(struct str bytes, struct str type)
{
    void *p = (void *)(uintptr_t)bytes.ptr;
    int n = (int)bytes.len;
    if (str_eqc(type, "image/png"))
        return gd.gdImageCreateFromPngPtr(n, p);
    if (str_eqc(type, "image/jpeg"))
        return gd.gdImageCreateFromJpegPtr(n, p);
    if (str_eqc(type, "image/gif"))
        return gd.gdImageCreateFromGifPtr(n, p);
    return str_eqc(type, "image/webp") ? gd.gdImageCreateFromWebpPtr(n, p) : NULL;
}

static gdImagePtr smaller(gdImagePtr big)
{
    int w = gdImageSX(big), h = gdImageSY(big), most = w > h ? w : h;
    int to_w = most > SIDE ? w * SIDE / most : w, to_h = most > SIDE ? h * SIDE / most : h;
    gdImagePtr out = gd.gdImageCreateTrueColor(to_w > 0 ? to_w : 1, to_h > 0 ? to_h : 1);
    if (!out)
        return NULL;
    gd.gdImageFilledRectangle(out, 0, 0, gdImageSX(out), gdImageSY(out), gdTrueColor(255, 255, 255));
    gd.gdImageCopyResampled(out, big, 0, 0, 0, 0, gdImageSX(out), gdImageSY(out), w, h);
    return out;
}

static gdImagePtr upright(gdImagePtr im, unsigned how)
{
    static const float angle[] = {[3] = 180, [6] = 270, [8] = 90};
    if (how != 3 && how != 6 && how != 8)
        return im;
    gdImagePtr turned = gd.gdImageRotateInterpolated(im, angle[how], gdTrueColor(255, 255, 255));
    if (!turned)
        return im;
    gd.gdImageDestroy(im);
    return turned;
}

static void *make(struct str bytes, struct str type, int *size)
{
    void *out = NULL;
    if (!load())
        return NULL;
    gd.gdSetErrorMethod(quiet);
    gdImagePtr big = decode(bytes, type);
    gdImagePtr small = big ? smaller(big) : NULL;
    if (big)
        gd.gdImageDestroy(big);
    if (small) {
        small = upright(small, orientation(bytes));
        out = gd.gdImageJpegPtr(small, size, QUALITY);
        gd.gdImageDestroy(small);
    }
    return out;
}

static bool reasonable(struct str bytes)
{
    int64_t w, h;
    return sniff_picture_size(bytes, &w, &h) && w > 0 && h > 0 && w <= 65535 && h <= 65535 && w * h <= PIXELS_MOST;
}

static void keep(struct arena *a, const char *path, const void *bytes, int size)
{
    char *part = str_cdup(a, str_fmt(a, "%s.XXXXXX", path));
    int fd = mkostemp(part, O_CLOEXEC);
    if (fd < 0)
        return; /* it will be made again the next time */
    bool good = write(fd, bytes, (size_t)size) == size;
    if (close(fd) != 0 || !good || rename(part, path) != 0)
        unlink(part);
}

static enum rc make_from(struct arena *a, int fd, int64_t size, struct str type, const char *path, struct str *out,
                         struct err *e)
{
    int n = 0;
    if (size > BYTES_MOST || size == 0)
        return none(e);
    void *map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return none(e);
    struct str bytes = {map, (size_t)size};
    void *small = NULL;
    if (reasonable(bytes)) {
        pthread_mutex_lock(&one_at_a_time);
        small = make(bytes, type, &n);
        pthread_mutex_unlock(&one_at_a_time);
    }
    munmap(map, (size_t)size);
    if (!small)
        return none(e);
    *out = str_dup(a, (struct str){small, (size_t)n});
    keep(a, path, small, n);
    gd.gdFree(small);
    return RC_OK;
}

enum rc file_thumbnail(struct call *c, struct err *e)
{
    struct arena *a = c->r->arena;
    struct record *r;
    struct str small = STR_NULL;
    int fd;
    int64_t size;
    TRY(file_seen(c, &r, e));
    if (!sniff_type(r->f[FILE_TYPE].s).picture)
        return none(e);
    const char *path = file_store_path(a, c->app->folders[FOLDER_FILES], r->f[FILE_SHA256].s);
    const char *kept = str_fmt(a, "%s.jpg", path ? path : "").ptr;
    c->content_type = "image/jpeg";
    int ready = open(kept, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (ready >= 0) {
        off_t end = lseek(ready, 0, SEEK_END);
        lseek(ready, 0, SEEK_SET);
        call_send_file(c, ready, end, "image/jpeg", r->f[FILE_NAME].s, false);
        return RC_OK;
    }
    TRY(file_store_open(a, c->app->folders[FOLDER_FILES], r->f[FILE_SHA256].s, &fd, &size, e));
    enum rc rc = make_from(a, fd, size, r->f[FILE_TYPE].s, kept, &small, e);
    close(fd);
    TRY(rc);
    buf_str(http_body(c->r), small);
    return RC_OK;
}
