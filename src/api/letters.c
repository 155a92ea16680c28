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
    TRY(db_prepare(db, &s, "SELECT email, name, locale FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL",
                   e));
    stmt_i64(s, 1, user_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *out = (struct reader_of_mail){.user_id = user_id,
                                       .email = str_dup(a, stmt_col_str(s, 0)),
                                       .name = str_dup(a, stmt_col_str(s, 1)),
                                       .lang = stmt_col_i64(s, 2) == 1 ? "en" : "ru",
                                       .url = server.url};
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

void letters_write(struct arena *a, const struct reader_of_mail *to, struct str title, struct str text,
                   struct str place, struct mail *out)
{
    struct buf plain = {0}, html = {0};
    struct str open = i18n_text(to->lang, "mail.open"), why = i18n_text(to->lang, "mail.why");
    struct str link = to->url.len ? str_fmt(a, "%.*s%.*s", STR_ARG(to->url), STR_ARG(place)) : STR_NULL;
    buf_fmt(&plain, "%.*s\n\n%.*s\n", STR_ARG(title), STR_ARG(text));
    buf_fmt(&html, "<!doctype html><html lang=\"%s\"><body style=\"font:15px/1.5 system-ui,sans-serif\"><h2>",
            to->lang);
    put_html(&html, title);
    buf_c(&html, "</h2><p>");
    put_html(&html, text);
    buf_c(&html, "</p>");
    if (link.len) {
        buf_fmt(&plain, "\n%.*s: %.*s\n", STR_ARG(open), STR_ARG(link));
        buf_c(&html, "<p><a href=\"");
        put_html(&html, link);
        buf_c(&html, "\">");
        put_html(&html, open);
        buf_c(&html, "</a></p>");
    }
    buf_fmt(&plain, "\n-- \n%.*s\n", STR_ARG(why));
    buf_c(&html, "<p style=\"color:#666;font-size:13px\">");
    put_html(&html, why);
    buf_c(&html, "</p></body></html>\n");
    *out = (struct mail){.to = to->email, .to_name = to->name, .subject = title, .user_id = to->user_id};
    out->text = taken(a, &plain);
    out->html = taken(a, &html);
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
