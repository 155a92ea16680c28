#include "api/letters.h"
#include "api/report_file.h"
#include "base/i18n.h"
#include "crm/crm.h"

enum rc letters_reader(struct db *db, struct arena *a, int64_t user_id, struct reader_of_mail *out, bool *found,
                       struct err *e)
{
    struct mail_settings server;
    struct stmt *s;
    *found = false;
    TRY(mail_settings_load(db, a, &server, e));
    if (server.host.len == 0)
        return RC_OK;
    TRY(db_prepare(db, &s,
                   "SELECT email, name, locale, letters FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL",
                   e));
    stmt_i64(s, 1, user_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *out = (struct reader_of_mail){.user_id = user_id,
                                       .email = str_dup(a, stmt_col_str(s, 0)),
                                       .name = str_dup(a, stmt_col_str(s, 1)),
                                       .lang = stmt_col_i64(s, 2) == 1 ? "en" : "ru",
                                       .url = server.url,
                                       .chosen = stmt_col_null(s, 3) ? STR("") : str_dup(a, stmt_col_str(s, 3))};
    stmt_done(s);
    if (rc != RC_ROW)
        return rc == RC_DONE ? RC_OK : rc;
    *found = mail_address(out->email);
    return rights_load(db, a, user_id, &out->rights, e);
}

/* Lines stay lines. */
static void put_html(struct buf *b, struct str s)
{
    for (size_t from = 0, i = 0; s.len > 0 && i <= s.len; i++)
        if (i == s.len || s.ptr[i] == '\n') {
            buf_html(b, (struct str){s.ptr + from, i - from});
            if (i < s.len)
                buf_c(b, "<br>\n");
            from = i + 1;
        }
}

static struct str taken(struct arena *a, struct buf *b)
{
    struct str out = str_dup(a, buf_view(b));
    buf_free(b);
    return out;
}

static void put_way(struct buf *plain, struct buf *html, struct arena *a, const struct reader_of_mail *to,
                    struct str words, struct str place)
{
    if (!to->url.len)
        return;
    struct str link = str_fmt(a, "%.*s%.*s", STR_ARG(to->url), STR_ARG(place));
    buf_fmt(plain, "\n%.*s: %.*s\n", STR_ARG(words), STR_ARG(link));
    buf_c(html, "<p><a href=\"");
    put_html(html, link);
    buf_c(html, "\">");
    put_html(html, words);
    buf_c(html, "</a></p>");
}

static void put_begin(struct buf *plain, struct buf *html, const struct reader_of_mail *to, struct str title)
{
    buf_fmt(plain, "%.*s\n", STR_ARG(title));
    buf_fmt(html, "<!doctype html><html lang=\"%s\"><body style=\"font:15px/1.5 system-ui,sans-serif\"><h2>", to->lang);
    put_html(html, title);
    buf_c(html, "</h2>");
}

static void put_text(struct buf *plain, struct buf *html, struct str text)
{
    buf_fmt(plain, "\n%.*s\n", STR_ARG(text));
    buf_c(html, "<p>");
    put_html(html, text);
    buf_c(html, "</p>");
}

static void put_end(struct buf *plain, struct buf *html, struct arena *a, const struct reader_of_mail *to,
                    struct str title, struct mail *out)
{
    struct str why = i18n_text(to->lang, "mail.why");
    if (to->url.len) /* where to choose what comes */
        why = str_fmt(a, "%.*s %.*s/settings/profile", STR_ARG(why), STR_ARG(to->url));
    buf_fmt(plain, "\n-- \n%.*s\n", STR_ARG(why));
    buf_c(html, "<p style=\"color:#666;font-size:13px\">");
    put_html(html, why);
    buf_c(html, "</p></body></html>\n");
    *out = (struct mail){.to = to->email, .to_name = to->name, .subject = title, .user_id = to->user_id};
    out->text = taken(a, plain);
    out->html = taken(a, html);
}

void letters_write(struct arena *a, const struct reader_of_mail *to, struct str title, struct str text,
                   struct str place, struct mail *out)
{
    struct buf plain = {0}, html = {0};
    put_begin(&plain, &html, to, title);
    if (text.len)
        put_text(&plain, &html, text);
    put_way(&plain, &html, a, to, i18n_text(to->lang, "mail.open"), place);
    put_end(&plain, &html, a, to, title, out);
}

void letters_list(struct arena *a, const struct reader_of_mail *to, struct str title, const struct letter_item *items,
                  size_t n, struct mail *out)
{
    struct buf plain = {0}, html = {0};
    put_begin(&plain, &html, to, title);
    for (size_t i = 0; i < n; i++) {
        put_text(&plain, &html, items[i].text);
        put_way(&plain, &html, a, to, i18n_text(to->lang, "mail.open"), items[i].place);
    }
    put_end(&plain, &html, a, to, title, out);
}

struct call letters_call(struct app *app, struct db *db, struct arena *a, const struct reader_of_mail *to,
                         struct http_request *r)
{
    struct call c = {.app = app, .r = r, .rights = to->rights, .db = db};
    *r = (struct http_request){.arena = a};
    c.session.user_id = to->user_id;
    snprintf(c.session.locale, sizeof c.session.locale, "%s", to->lang);
    return c;
}

enum rc letters_attach(struct call *c, const struct report_result *r, struct str format, struct mail *out,
                       struct err *e)
{
    struct buf b = {0};
    enum rc rc = report_bytes(c, r, format, &b, e);
    if (rc == RC_OK) {
        out->file = str_dup(c->r->arena, buf_view(&b));
        out->file_name = str_fmt(c->r->arena, "%s.%.*s", r->report->id, STR_ARG(format));
        out->file_type = str_eqc(format, "pdf")
                             ? STR("application/pdf")
                             : STR("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    }
    buf_free(&b);
    return rc;
}
