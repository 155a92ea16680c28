/* The manual as one HTML page: no script, no file beside it, ready for paper. */
#include "print/manual.h"

static const char style[] =
    "html{font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu "
    "Sans',sans-serif;color:#1c2430;background:#fff}"
    "body{max-width:46rem;margin:0 auto;padding:2rem 1.25rem 4rem;overflow-wrap:anywhere}"
    "h1{font-size:1.9rem;line-height:1.2;margin:0 0 .25rem}h2{font-size:1.35rem;margin:2.5rem 0 "
    ".25rem;padding-top:1rem;"
    "border-top:2px solid #d9dee6}h3{font-size:1rem;margin:1.1rem 0 .2rem;color:#465163}"
    "p{margin:.2rem 0 .6rem;white-space:pre-line}.under{color:#5c6675;margin-top:0}ul,ol{margin:.2rem 0 "
    ".6rem;padding-left:1.4rem}"
    "nav{border:1px solid #d9dee6;border-radius:8px;padding:.75rem 1rem;margin:1.5rem 0}nav "
    "h2{border:0;margin:0;padding:0;font-size:1rem}"
    "nav ol{columns:2 16rem}a{color:#0b57a4}blockquote{margin:.4rem 0 .8rem;padding:.4rem .9rem;border-left:4px solid "
    "#b9c6d8;"
    "background:#f5f7fa}blockquote strong{display:block}dl{margin:.4rem "
    "0}dt{font-weight:600;margin-top:.6rem}dd{margin:0}"
    "@media print{html{font-size:11pt}body{max-width:none;padding:0}h2{break-after:avoid}h3{break-after:avoid}"
    "section{break-inside:auto}blockquote,li{break-inside:avoid}a{color:inherit;text-decoration:none}"
    "a.out::after{content:' (' attr(href) ')';color:#5c6675}}@page{margin:18mm 16mm}";

static void put_in(struct buf *b, const char *tag, struct str s)
{
    buf_fmt(b, "<%s>", tag);
    buf_html(b, s);
    buf_fmt(b, "</%s>\n", tag);
}

static void put_texts(struct buf *b, const struct manual_text *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_in(b, "h3", texts[i].label);
        put_in(b, "p", texts[i].text);
    }
}

static void put_lists(struct buf *b, const struct manual_list *lists, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put_in(b, "h3", lists[i].label);
        buf_c(b, "<ul>\n");
        for (size_t k = 0; k < lists[i].n; k++)
            put_in(b, "li", lists[i].items[k]);
        buf_c(b, "</ul>\n");
    }
}

/* Only addresses of the web are links. */
static bool is_web(struct str url)
{
    return str_starts(url, STR("https://")) || str_starts(url, STR("http://"));
}

static void put_links(struct buf *b, const struct manual *m, const struct manual_chapter *c)
{
    if (!c->n_links)
        return;
    put_in(b, "h3", m->links);
    buf_c(b, "<ul>\n");
    for (size_t i = 0; i < c->n_links; i++) {
        buf_c(b, "<li>");
        if (is_web(c->links[i].url)) {
            buf_c(b, "<a class=\"out\" rel=\"noopener noreferrer\" href=\"");
            buf_html(b, c->links[i].url);
            buf_c(b, "\">");
            buf_html(b, c->links[i].title);
            buf_c(b, "</a></li>\n");
        } else {
            buf_html(b, c->links[i].title);
            buf_c(b, ": ");
            buf_html(b, c->links[i].url);
            buf_c(b, "</li>\n");
        }
    }
    buf_c(b, "</ul>\n");
}

static void put_body(struct buf *b, const struct manual *m, const struct manual_chapter *c)
{
    put_texts(b, c->texts, c->n_texts);
    if (c->n_scripts)
        put_in(b, "h3", m->scripts);
    for (size_t i = 0; i < c->n_scripts; i++) {
        buf_c(b, "<blockquote>");
        put_in(b, "strong", c->scripts[i].label);
        put_in(b, "p", c->scripts[i].text);
        buf_c(b, "</blockquote>\n");
    }
    put_links(b, m, c);
    put_lists(b, c->lists, c->n_lists);
    put_texts(b, c->after, c->n_after);
}

static void put_contents(struct buf *b, const struct manual *m)
{
    buf_c(b, "<nav>");
    put_in(b, "h2", m->contents);
    buf_c(b, "<ol>\n");
    for (size_t i = 0; i < m->n; i++) {
        buf_c(b, "<li><a href=\"#");
        buf_html(b, m->chapters[i].anchor);
        buf_c(b, "\">");
        buf_html(b, m->chapters[i].title);
        buf_c(b, "</a></li>\n");
    }
    buf_c(b, "</ol></nav>\n");
}

static void put_history(struct buf *b, const struct manual *m)
{
    if (!m->n_history)
        return;
    buf_c(b, "<section id=\"changes\">\n");
    put_in(b, "h2", m->changes);
    buf_c(b, "<dl>\n");
    for (size_t i = 0; i < m->n_history; i++) {
        put_in(b, "dt", m->history[i].label);
        put_in(b, "dd", m->history[i].text);
    }
    buf_c(b, "</dl></section>\n");
}

void manual_html(const struct manual *m, struct buf *b)
{
    buf_fmt(b, "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><title>", m->lang);
    buf_html(b, m->title);
    buf_fmt(b,
            "</title><meta name=\"viewport\" "
            "content=\"width=device-width,initial-scale=1\"><style>%s</style></head><body>\n",
            style);
    put_in(b, "h1", m->title);
    buf_c(b, "<p class=\"under\">");
    buf_html(b, m->under);
    buf_c(b, "</p>\n");
    put_body(b, m, &m->intro);
    put_contents(b, m);
    for (size_t i = 0; i < m->n; i++) {
        const struct manual_chapter *c = &m->chapters[i];
        buf_c(b, "<section id=\"");
        buf_html(b, c->anchor);
        buf_fmt(b, "\">\n<h2>%zu. ", i + 1);
        buf_html(b, c->title);
        buf_c(b, "</h2>\n<p class=\"under\">");
        buf_html(b, c->under);
        buf_c(b, "</p>\n");
        put_body(b, m, c);
        buf_c(b, "</section>\n");
    }
    put_history(b, m);
    buf_c(b, "</body></html>\n");
}
