/* The manual as PDF: text flows line by line over pages of A4, so that nothing is cut and nothing runs over. Its second
 * drawing knows where each chapter begins. */
#include "print/manual.h"
#include "print/paper.h"

struct own {
    const struct manual *m;
    int *begins; /* page of each chapter */
};
static struct own *own(struct paper *p)
{
    return p->own;
}

static const struct paper_font f_title = {"DejaVu Sans, Sans Bold 20", 0, 2, 0, 0.05};
static const struct paper_font f_under = {"DejaVu Sans, Sans 9.5", 0, 10, 0, 0.4};
static const struct paper_font f_chapter = {"DejaVu Sans, Sans Bold 14", 20, 2, 0, 0.05};
static const struct paper_font f_label = {"DejaVu Sans, Sans Bold 9.5", 8, 1, 0, 0.28};
static const struct paper_font f_text = {"DejaVu Sans, Sans 10", 0, 4, 0, 0.1};
static const struct paper_font f_item = {"DejaVu Sans, Sans 10", 0, 2, 14, 0.1};
static const struct paper_font f_quote = {"DejaVu Sans, Sans 10", 0, 4, 14, 0.2};
static const struct paper_font f_quoted = {"DejaVu Sans, Sans Bold 10", 3, 1, 14, 0.1};

static void write_item(struct paper *p, struct str text)
{
    paper_need(p, 16);
    double y = p->y;
    int page = p->page;
    paper_text(p, &f_item, text);
    if (p->page == page) { /* the mark stands at its first line */
        cairo_new_path(p->cr);
        cairo_arc(p->cr, p->side + 5, y + 7, 1.6, 0, 6.2832);
        cairo_fill(p->cr);
    }
}

static void write_texts(struct paper *p, const struct manual_text *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        paper_heading(p, &f_label, texts[i].label);
        paper_text(p, &f_text, texts[i].text);
    }
}

static void write_body(struct paper *p, const struct manual_chapter *c)
{
    write_texts(p, c->texts, c->n_texts);
    if (c->n_scripts)
        paper_heading(p, &f_label, own(p)->m->scripts);
    for (size_t i = 0; i < c->n_scripts; i++) {
        paper_text(p, &f_quoted, c->scripts[i].label);
        paper_text(p, &f_quote, c->scripts[i].text);
    }
    if (c->n_links)
        paper_heading(p, &f_label, own(p)->m->links);
    for (size_t i = 0; i < c->n_links; i++)
        write_item(p, str_fmt(p->a, "%.*s: %.*s", STR_ARG(c->links[i].title), STR_ARG(c->links[i].url)));
    for (size_t i = 0; i < c->n_lists; i++) {
        paper_heading(p, &f_label, c->lists[i].label);
        for (size_t k = 0; k < c->lists[i].n; k++)
            write_item(p, c->lists[i].items[k]);
    }
    write_texts(p, c->after, c->n_after);
}

static void write_contents(struct paper *p)
{
    paper_heading(p, &f_chapter, own(p)->m->contents);
    for (size_t i = 0; i < own(p)->m->n; i++) {
        struct str page = str_fmt(p->a, "%d", own(p)->begins[i]);
        paper_need(p, 18);
        double y = p->y;
        int at = p->page;
        PangoLayout *number = paper_layout(p, &f_text, page, p->width);
        PangoLayout *title = paper_layout(
            p, &f_text, str_fmt(p->a, "%zu. %.*s", i + 1, STR_ARG(own(p)->m->chapters[i].title)), p->width - 40);
        cairo_set_source_rgb(p->cr, f_text.grey, f_text.grey, f_text.grey);
        paper_lines(p, title, p->side);
        pango_layout_set_alignment(number, PANGO_ALIGN_RIGHT);
        if (p->page == at) {
            cairo_move_to(p->cr, p->side, y);
            pango_cairo_show_layout(p->cr, number);
        }
        p->y += 2;
        g_object_unref(number);
        g_object_unref(title);
    }
}

static void write_all(struct paper *p)
{
    const struct manual *m = own(p)->m;
    paper_text(p, &f_title, m->title);
    paper_text(p, &f_under, m->under);
    write_body(p, &m->intro);
    write_contents(p);
    for (size_t i = 0; i < m->n; i++) {
        paper_need(p, f_chapter.before + 90);
        own(p)->begins[i] = p->page;
        paper_heading(p, &f_chapter, str_fmt(p->a, "%zu. %.*s", i + 1, STR_ARG(m->chapters[i].title)));
        paper_text(p, &f_under, m->chapters[i].under);
        write_body(p, &m->chapters[i]);
    }
    if (m->n_history)
        paper_heading(p, &f_chapter, m->changes);
    write_texts(p, m->history, m->n_history);
}

enum rc manual_pdf(struct arena *a, const struct manual *m, struct buf *out, struct err *e)
{
    struct own of = {m, ARENA_ARRAY(a, int, m->n + 1)};
    struct paper p = {.a = a, .lang = m->lang, .title = m->title, .footer = m->page, .own = &of};
    return paper_pdf(&p, write_all, out, e);
}
