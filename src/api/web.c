/* The web application's files, and its page with the boot data inside. */
#include "api/inside.h"
#include "http/web_files.h"

static const struct http_file *index_file(void)
{
    for (size_t i = 0; i < web_files_n; i++)
        if (strcmp(web_files[i].path, "/index.html") == 0)
            return &web_files[i];
    return NULL;
}

/* "<" would let text end the script element; "\u003c" is the same JSON. */
static void put_escaped(struct buf *out, struct str json)
{
    for (size_t i = 0; i < json.len;) {
        const char *lt = memchr(json.ptr + i, '<', json.len - i);
        size_t n = lt ? (size_t)(lt - json.ptr) - i : json.len - i;
        buf_add(out, json.ptr + i, n);
        i += n;
        if (lt) {
            buf_c(out, "\\u003c");
            i++;
        }
    }
}

/* Puts the data between <script … id="boot"> and its end. */
static void put_page(struct buf *out, struct str page, struct str boot)
{
    const char *at = memmem(page.ptr, page.len, "id=\"boot\"", 9);
    const char *open = at ? memchr(at, '>', page.len - (size_t)(at - page.ptr)) : NULL;
    const char *close = open ? memmem(open, page.len - (size_t)(open - page.ptr), "</script>", 9) : NULL;
    if (!close) {
        buf_str(out, page);
        return;
    }
    buf_add(out, page.ptr, (size_t)(open + 1 - page.ptr));
    put_escaped(out, boot);
    buf_add(out, close, page.len - (size_t)(close - page.ptr));
}

static void send_page(struct call *c, struct str boot)
{
    struct buf *out = http_body(c->r);
    buf_clear(out);
    put_page(out, index_file()->plain, boot);
    http_set(c->r, "Cache-Control", STR("no-store"));
    http_set(c->r, "Vary", STR("Cookie"));
    http_send(c->r, 200, "text/html; charset=utf-8");
}

static enum rc make_boot(struct call *c, struct err *e)
{
    struct buf boot = {0};
    enum rc rc = boot_put(c, &boot, e);
    if (rc == RC_OK) {
        struct str *text = ARENA_NEW(c->r->arena, struct str);
        *text = str_dup(c->r->arena, buf_view(&boot));
        c->own = text;
    }
    buf_free(&boot);
    return rc;
}

/* Without the database the page still comes: it asks /api/boot again by itself. */
static void boot_made(struct call *c)
{
    send_page(c, c->rc == RC_OK && c->own ? *(struct str *)c->own : STR("null"));
}

static void who_found(struct call *c)
{
    if (c->session.user_id)
        call_run_read(c, make_boot, boot_made);
    else
        send_page(c, STR("null"));
}

static bool looks_like_file(struct str path)
{
    const char *dot = memrchr(path.ptr, '.', path.len), *slash = memrchr(path.ptr, '/', path.len);
    return str_starts(path, STR("/assets/")) || (dot && slash && dot > slash);
}

void web_serve(struct call *c)
{
    struct str path = c->r->path;
    bool page = str_eqc(path, "/") || str_eqc(path, "/index.html");
    if (!str_eqc(c->r->method, "GET") && !c->r->head_only) {
        http_set(c->r, "Allow", STR("GET, HEAD"));
        (void)err_set(&c->err, RC_METHOD, "method_not_allowed", "", "GET, HEAD");
        call_fail(c, &c->err);
        return;
    }
    if (!page && http_send_file(c->r, web_files, web_files_n, path))
        return;
    if ((!page && looks_like_file(path)) || !index_file()) {
        (void)err_set(&c->err, RC_NOT_FOUND, "not_found", "", "%.*s", (int)(path.len < 100 ? path.len : 100), path.ptr);
        call_fail(c, &c->err);
        return;
    }
    auth_find(c, who_found);
}
