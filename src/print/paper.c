#include "print/paper.h"
#include <cairo-pdf.h>

#define A4_SHORT 595.0
#define A4_LONG 842.0

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

PangoLayout *paper_layout(struct paper *p, const struct paper_font *f, struct str text, double width)
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
    static const struct paper_font small = {"DejaVu Sans, Sans 8.5", 0, 0, 0, 0.45};
    struct str number = str_fmt(p->a, "%d", p->page), all = str_fmt(p->a, "%d", p->pages), text = p->footer;
    struct buf b = {0};
    for (size_t i = 0; i < text.len; i++) {
        if (i + 2 < text.len && text.ptr[i] == '{' && text.ptr[i + 2] == '}') {
            buf_str(&b, text.ptr[i + 1] == '0' ? number : all);
            i += 2;
        } else {
            buf_char(&b, text.ptr[i]);
        }
    }
    PangoLayout *right = paper_layout(p, &small, buf_view(&b), p->width),
                *left = paper_layout(p, &small, p->title, p->width - 120);
    pango_layout_set_alignment(right, PANGO_ALIGN_RIGHT);
    pango_layout_set_ellipsize(left, PANGO_ELLIPSIZE_END);
    cairo_set_source_rgb(p->cr, small.grey, small.grey, small.grey);
    cairo_move_to(p->cr, p->side, p->page_h - 44);
    pango_cairo_show_layout(p->cr, right);
    cairo_move_to(p->cr, p->side, p->page_h - 44);
    pango_cairo_show_layout(p->cr, left);
    g_object_unref(right);
    g_object_unref(left);
    buf_free(&b);
}

void paper_next_page(struct paper *p)
{
    foot(p);
    cairo_show_page(p->cr);
    p->page++;
    p->y = PAPER_TOP;
}

void paper_need(struct paper *p, double height)
{
    if (p->y + height > p->page_h - PAPER_BOTTOM && p->y > PAPER_TOP)
        paper_next_page(p);
}

/* ---- text ---- */

void paper_lines(struct paper *p, PangoLayout *layout, double x)
{
    int n = pango_layout_get_line_count(layout);
    for (int i = 0; i < n; i++) {
        PangoRectangle rect;
        PangoLayoutLine *line = pango_layout_get_line_readonly(layout, i);
        pango_layout_line_get_pixel_extents(line, NULL, &rect);
        double height = rect.height + 2, base = -rect.y;
        paper_need(p, height);
        cairo_move_to(p->cr, x, p->y + base);
        pango_cairo_show_layout_line(p->cr, line);
        p->y += height;
    }
}

void paper_text(struct paper *p, const struct paper_font *f, struct str text)
{
    if (!text.len)
        return;
    PangoLayout *layout = paper_layout(p, f, text, p->width - f->indent);
    if (p->y > PAPER_TOP)
        p->y += f->before;
    cairo_set_source_rgb(p->cr, f->grey, f->grey, f->grey);
    paper_lines(p, layout, p->side + f->indent);
    p->y += f->after;
    g_object_unref(layout);
}

void paper_heading(struct paper *p, const struct paper_font *f, struct str text)
{
    paper_need(p, f->before + 54);
    paper_text(p, f, text);
}

static cairo_status_t keep(void *to, const unsigned char *bytes, unsigned n)
{
    if (to)
        buf_add(to, bytes, n);
    return CAIRO_STATUS_SUCCESS;
}

static bool draw(struct paper *p, void (*write)(struct paper *p), struct buf *out)
{
    p->page = 1;
    p->y = PAPER_TOP;
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(keep, out, p->page_w, p->page_h);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, str_cdup(p->a, printable(p->a, p->title)));
    p->cr = cairo_create(surface);
    p->context = pango_cairo_create_context(p->cr);
    pango_context_set_language(p->context, pango_language_from_string(p->lang));
    write(p);
    foot(p);
    cairo_show_page(p->cr);
    g_object_unref(p->context);
    bool ok = cairo_status(p->cr) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(p->cr);
    cairo_surface_finish(surface);
    ok &= cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(surface);
    return ok;
}

enum rc paper_pdf(struct paper *p, void (*write)(struct paper *p), struct buf *out, struct err *e)
{
    p->page_w = p->landscape ? A4_LONG : A4_SHORT;
    p->page_h = p->landscape ? A4_SHORT : A4_LONG;
    p->side = p->side > 0 ? p->side : PAPER_SIDE;
    p->width = p->page_w - 2 * p->side;
    p->pages = 0;
    bool ok = draw(p, write, NULL);
    p->pages = p->page;
    if (!ok || !draw(p, write, out))
        return err_set(e, RC_INTERNAL, "print_failed", "", NULL);
    return RC_OK;
}
