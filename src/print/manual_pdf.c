/* The manual as PDF: text flows line by line over pages of A4, so that nothing is cut and nothing runs over. It is
 * drawn twice: the first time tells how many pages there are and where each chapter begins. */
#include "print/manual.h"
#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdlib.h>

#define PAGE_W 595.0
#define PAGE_H 842.0
#define SIDE 56.0
#define TOP 56.0
#define BOTTOM 64.0
#define WIDTH (PAGE_W - 2 * SIDE)

struct paper {
    struct arena *a;
    const struct manual *m;
    cairo_t *cr;
    PangoContext *context;
    double y;
    int page, pages; /* pages: of the first drawing; 0 while it goes on */
    int *begins;     /* page of each chapter */
};
struct font {
    const char *name;
    double before, after, indent; /* points; indent of every line */
    double grey;
};
static const struct font f_title = {"DejaVu Sans, Sans Bold 20", 0, 2, 0, 0.05};
static const struct font f_under = {"DejaVu Sans, Sans 9.5", 0, 10, 0, 0.4};
static const struct font f_chapter = {"DejaVu Sans, Sans Bold 14", 20, 2, 0, 0.05};
static const struct font f_label = {"DejaVu Sans, Sans Bold 9.5", 8, 1, 0, 0.28};
static const struct font f_text = {"DejaVu Sans, Sans 10", 0, 4, 0, 0.1};
static const struct font f_item = {"DejaVu Sans, Sans 10", 0, 2, 14, 0.1};
static const struct font f_quote = {"DejaVu Sans, Sans 10", 0, 4, 14, 0.2};
static const struct font f_quoted = {"DejaVu Sans, Sans Bold 10", 3, 1, 14, 0.1};

/* ---- pages ---- */

/* Of the code points that are no characters (U+FDD0..FDEF, the last two of each plane) cairo makes no PDF: U+FFFD. */
static size_t noncharacter(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (s.len >= 3 && p[0] == 0xef &&
        ((p[1] == 0xb7 && p[2] >= 0x90 && p[2] <= 0xaf) || (p[1] == 0xbf && p[2] >= 0xbe)))
        return 3;
    return s.len >= 4 && p[0] >= 0xf0 && (p[1] & 0x0f) == 0x0f && p[2] == 0xbf && p[3] >= 0xbe ? 4 : 0;
}

static struct str printable(struct arena *a, struct str text)
{
    struct buf b = {0};
    for (size_t i = 0, n; i < text.len; i += n ? n : 1) {
        n = noncharacter((struct str){text.ptr + i, text.len - i});
        if (n)
            buf_c(&b, "\xef\xbf\xbd");
        else
            buf_char(&b, text.ptr[i]);
    }
    struct str out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return out;
}

static PangoLayout *layout_of(struct paper *p, const struct font *f, struct str text, double width)
{
    PangoLayout *layout = pango_layout_new(p->context);
    PangoFontDescription *font = pango_font_description_from_string(f->name);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_spacing(layout, (int)(2 * PANGO_SCALE));
    text = printable(p->a, text);
    pango_layout_set_text(layout, text.len ? text.ptr : "", (int)text.len);
    return layout;
}

static void foot(struct paper *p)
{
    static const struct font small = {"DejaVu Sans, Sans 8.5", 0, 0, 0, 0.45};
    struct str number = str_fmt(p->a, "%d", p->page), all = str_fmt(p->a, "%d", p->pages), text = p->m->page;
    struct buf b = {0};
    for (size_t i = 0; i < text.len; i++) {
        if (i + 2 < text.len && text.ptr[i] == '{' && text.ptr[i + 2] == '}') {
            buf_str(&b, text.ptr[i + 1] == '0' ? number : all);
            i += 2;
        } else {
            buf_char(&b, text.ptr[i]);
        }
    }
    PangoLayout *right = layout_of(p, &small, buf_view(&b), WIDTH),
                *left = layout_of(p, &small, p->m->title, WIDTH - 120);
    pango_layout_set_alignment(right, PANGO_ALIGN_RIGHT);
    pango_layout_set_ellipsize(left, PANGO_ELLIPSIZE_END);
    cairo_set_source_rgb(p->cr, small.grey, small.grey, small.grey);
    cairo_move_to(p->cr, SIDE, PAGE_H - 44);
    pango_cairo_show_layout(p->cr, right);
    cairo_move_to(p->cr, SIDE, PAGE_H - 44);
    pango_cairo_show_layout(p->cr, left);
    g_object_unref(right);
    g_object_unref(left);
    buf_free(&b);
}

static void next_page(struct paper *p)
{
    foot(p);
    cairo_show_page(p->cr);
    p->page++;
    p->y = TOP;
}

static void need(struct paper *p, double height)
{
    if (p->y + height > PAGE_H - BOTTOM && p->y > TOP)
        next_page(p);
}

/* ---- text ---- */

static void draw_lines(struct paper *p, PangoLayout *layout, double x)
{
    int n = pango_layout_get_line_count(layout);
    for (int i = 0; i < n; i++) {
        PangoRectangle rect;
        PangoLayoutLine *line = pango_layout_get_line_readonly(layout, i);
        pango_layout_line_get_pixel_extents(line, NULL, &rect);
        double height = rect.height + 2, base = -rect.y;
        need(p, height);
        cairo_move_to(p->cr, x, p->y + base);
        pango_cairo_show_layout_line(p->cr, line);
        p->y += height;
    }
}

static void write_text(struct paper *p, const struct font *f, struct str text)
{
    if (!text.len)
        return;
    PangoLayout *layout = layout_of(p, f, text, WIDTH - f->indent);
    if (p->y > TOP)
        p->y += f->before;
    cairo_set_source_rgb(p->cr, f->grey, f->grey, f->grey);
    draw_lines(p, layout, SIDE + f->indent);
    p->y += f->after;
    g_object_unref(layout);
}

/* A heading stays with two lines of what it is of. */
static void write_heading(struct paper *p, const struct font *f, struct str text)
{
    need(p, f->before + 54);
    write_text(p, f, text);
}

static void write_item(struct paper *p, struct str text)
{
    need(p, 16);
    double y = p->y;
    int page = p->page;
    write_text(p, &f_item, text);
    if (p->page == page) { /* the mark stands at its first line */
        cairo_new_path(p->cr);
        cairo_arc(p->cr, SIDE + 5, y + 7, 1.6, 0, 6.2832);
        cairo_fill(p->cr);
    }
}

static void write_texts(struct paper *p, const struct manual_text *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        write_heading(p, &f_label, texts[i].label);
        write_text(p, &f_text, texts[i].text);
    }
}

static void write_body(struct paper *p, const struct manual_chapter *c)
{
    write_texts(p, c->texts, c->n_texts);
    if (c->n_scripts)
        write_heading(p, &f_label, p->m->scripts);
    for (size_t i = 0; i < c->n_scripts; i++) {
        write_text(p, &f_quoted, c->scripts[i].label);
        write_text(p, &f_quote, c->scripts[i].text);
    }
    if (c->n_links)
        write_heading(p, &f_label, p->m->links);
    for (size_t i = 0; i < c->n_links; i++)
        write_item(p, str_fmt(p->a, "%.*s: %.*s", STR_ARG(c->links[i].title), STR_ARG(c->links[i].url)));
    for (size_t i = 0; i < c->n_lists; i++) {
        write_heading(p, &f_label, c->lists[i].label);
        for (size_t k = 0; k < c->lists[i].n; k++)
            write_item(p, c->lists[i].items[k]);
    }
    write_texts(p, c->after, c->n_after);
}

static void write_contents(struct paper *p)
{
    write_heading(p, &f_chapter, p->m->contents);
    for (size_t i = 0; i < p->m->n; i++) {
        struct str page = str_fmt(p->a, "%d", p->begins[i]);
        need(p, 18);
        double y = p->y;
        int at = p->page;
        PangoLayout *number = layout_of(p, &f_text, page, WIDTH);
        PangoLayout *title =
            layout_of(p, &f_text, str_fmt(p->a, "%zu. %.*s", i + 1, STR_ARG(p->m->chapters[i].title)), WIDTH - 40);
        cairo_set_source_rgb(p->cr, f_text.grey, f_text.grey, f_text.grey);
        draw_lines(p, title, SIDE);
        pango_layout_set_alignment(number, PANGO_ALIGN_RIGHT);
        if (p->page == at) {
            cairo_move_to(p->cr, SIDE, y);
            pango_cairo_show_layout(p->cr, number);
        }
        p->y += 2;
        g_object_unref(number);
        g_object_unref(title);
    }
}

static void write_all(struct paper *p)
{
    const struct manual *m = p->m;
    p->page = 1;
    p->y = TOP;
    write_text(p, &f_title, m->title);
    write_text(p, &f_under, m->under);
    write_body(p, &m->intro);
    write_contents(p);
    for (size_t i = 0; i < m->n; i++) {
        need(p, f_chapter.before + 90);
        p->begins[i] = p->page;
        write_heading(p, &f_chapter, str_fmt(p->a, "%zu. %.*s", i + 1, STR_ARG(m->chapters[i].title)));
        write_text(p, &f_under, m->chapters[i].under);
        write_body(p, &m->chapters[i]);
    }
    if (m->n_history)
        write_heading(p, &f_chapter, m->changes);
    write_texts(p, m->history, m->n_history);
    foot(p);
}

static cairo_status_t keep(void *to, const unsigned char *bytes, unsigned n)
{
    if (to)
        buf_add(to, bytes, n);
    return CAIRO_STATUS_SUCCESS;
}

static bool draw(struct paper *p, struct buf *out)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(keep, out, PAGE_W, PAGE_H);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, str_cdup(p->a, printable(p->a, p->m->title)));
    p->cr = cairo_create(surface);
    p->context = pango_cairo_create_context(p->cr);
    pango_context_set_language(p->context, pango_language_from_string(p->m->lang));
    write_all(p);
    cairo_show_page(p->cr);
    g_object_unref(p->context);
    bool ok = cairo_status(p->cr) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(p->cr);
    cairo_surface_finish(surface);
    ok &= cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(surface);
    return ok;
}

enum rc manual_pdf(struct arena *a, const struct manual *m, struct buf *out, struct err *e)
{
    struct paper p = {.a = a, .m = m, .begins = ARENA_ARRAY(a, int, m->n + 1)};
    bool ok = draw(&p, NULL);
    p.pages = p.page;
    if (!ok || !draw(&p, out))
        return err_set(e, RC_INTERNAL, "print_failed", "", NULL);
    return RC_OK;
}
