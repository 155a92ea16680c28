/* Pages of paper and text that flows over them, as PDF. What is printed is drawn twice: the first time tells how many
 * pages there are, for "page 2 of 7". */
#pragma once
#include "base/buf.h"
#include <cairo.h>
#include <pango/pangocairo.h>

#define PAPER_SIDE 56.0 /* when `side` is 0 */
#define PAPER_TOP 56.0
#define PAPER_BOTTOM 64.0

struct paper {
    struct arena *a;
    const char *lang;
    struct str title, footer; /* footer: "{0} из {1}" */
    bool landscape;
    double side;
    void *own; /* of whoever draws */
    /* filled by paper_pdf */
    double page_w, page_h, width; /* width: between the sides */
    cairo_t *cr;
    PangoContext *context;
    double y;
    int page, pages; /* pages: of the first drawing; 0 while it goes on */
};
struct paper_font {
    const char *name;
    double before, after, indent; /* points; indent of every line */
    double grey;
};
/* A4. Draws twice. Errors: print_failed. */
MUST_USE enum rc paper_pdf(struct paper *p, void (*write)(struct paper *p), struct buf *out, struct err *e);

PangoLayout *paper_layout(struct paper *p, const struct paper_font *f, struct str text, double width);
void paper_next_page(struct paper *p);
void paper_need(struct paper *p, double height); /* the next page when there is not that much room */
void paper_lines(struct paper *p, PangoLayout *layout, double x);
void paper_text(struct paper *p, const struct paper_font *f, struct str text); /* nothing for an empty one */
/* A heading stays with two lines of what it is of. */
void paper_heading(struct paper *p, const struct paper_font *f, struct str text);
