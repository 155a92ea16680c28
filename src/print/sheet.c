#include "print/sheet.h"
#include "print/paper.h"
#include <math.h>

#define BAR 11.0     /* height of a bar */
#define BARS_MOST 30 /* more names than that are in the table alone */
#define LINE_H 170.0 /* height of a line chart */
#define CELL_PAD 3.5
#define SIDE 36.0
#define WIDE_COLUMNS 7

static const struct paper_font f_title = {"DejaVu Sans, Sans Bold 17", 0, 2, 0, 0.05};
static const struct paper_font f_under = {"DejaVu Sans, Sans 9", 0, 8, 0, 0.4};
static const struct paper_font f_verdict = {"DejaVu Sans, Sans Bold 11", 0, 8, 0, 0.1};
static const struct paper_font f_heading = {"DejaVu Sans, Sans Bold 11", 12, 4, 0, 0.1};
static const struct paper_font f_label = {"DejaVu Sans, Sans 8", 0, 0, 0, 0.4};
static const struct paper_font f_number = {"DejaVu Sans, Sans Bold 10.5", 0, 0, 0, 0.1};
static const struct paper_font f_cell = {"DejaVu Sans, Sans 8", 0, 0, 0, 0.1};
static const struct paper_font f_head = {"DejaVu Sans, Sans Bold 7.5", 0, 0, 0, 0.35};
/* For tables of many columns. */
static const struct paper_font f_small = {"DejaVu Sans, Sans 7", 0, 0, 0, 0.1};
static const struct paper_font f_small_head = {"DejaVu Sans, Sans Bold 6.5", 0, 0, 0, 0.35};
static const struct paper_font f_note = {"DejaVu Sans, Sans 8.5", 0, 3, 0, 0.3};

static const struct sheet *of(const struct paper *p)
{
    return p->own;
}

static void grey(struct paper *p, double g)
{
    cairo_set_source_rgb(p->cr, g, g, g);
}

/* Text in a place of its own; its height. */
static double put(struct paper *p, const struct paper_font *f, struct str text, double x, double y, double width,
                  PangoAlignment align)
{
    int height;
    PangoLayout *layout = paper_layout(p, f, text, width);
    pango_layout_set_alignment(layout, align);
    pango_layout_get_pixel_size(layout, NULL, &height);
    grey(p, f->grey);
    cairo_move_to(p->cr, x, y);
    pango_cairo_show_layout(p->cr, layout);
    g_object_unref(layout);
    return height;
}

static double width_of(struct paper *p, const struct paper_font *f, struct str text)
{
    int width;
    PangoLayout *layout = paper_layout(p, f, text, 4000);
    pango_layout_get_pixel_size(layout, &width, NULL);
    g_object_unref(layout);
    return width;
}

static double height_of(struct paper *p, const struct paper_font *f, struct str text, double width)
{
    int height;
    PangoLayout *layout = paper_layout(p, f, text, width);
    pango_layout_get_pixel_size(layout, NULL, &height);
    g_object_unref(layout);
    return height;
}

/* ---- numbers ---- */

static void write_pairs(struct paper *p)
{
    const struct sheet *s = of(p);
    const int across = p->landscape ? 6 : 4;
    double wide = p->width / across, most = 0;
    for (size_t i = 0; i < s->n_pairs; i++) {
        size_t column = i % (size_t)across;
        if (column == 0) {
            most = 0;
            for (size_t k = i; k < s->n_pairs && k < i + (size_t)across; k++)
                most = fmax(most, height_of(p, &f_label, s->pairs[k].label, wide - 8) +
                                      height_of(p, &f_number, s->pairs[k].text, wide - 8));
            paper_need(p, most + 10);
        }
        double x = p->side + (double)column * wide;
        double y = p->y + put(p, &f_label, s->pairs[i].label, x, p->y, wide - 8, PANGO_ALIGN_LEFT);
        put(p, &f_number, s->pairs[i].text, x, y, wide - 8, PANGO_ALIGN_LEFT);
        if (column + 1 == (size_t)across || i + 1 == s->n_pairs)
            p->y += most + 10;
    }
}

/* ---- the picture ---- */

/* Bars and lines stand on zero, dots do not. */
static void range_of(const struct sheet_chart *c, double *low, double *high)
{
    bool dots = c->as == SHEET_DOTS;
    *low = dots ? INFINITY : 0;
    *high = dots ? -INFINITY : 0;
    for (size_t i = 0; i < c->n; i++) {
        double top = c->highs != NULL && isfinite(c->highs[i]) ? c->highs[i] : c->values[i];
        double bottom = c->lows != NULL && isfinite(c->lows[i]) ? c->lows[i] : c->values[i];
        *high = fmax(*high, isfinite(top) ? top : *high);
        *low = fmin(*low, isfinite(bottom) ? bottom : *low);
    }
    if (dots && isfinite(c->middle)) {
        *high = fmax(*high, c->middle);
        *low = fmin(*low, c->middle);
    }
    if (!isfinite(*low) || !isfinite(*high))
        *low = *high = 0;
    if (*high <= *low)
        *high = *low + 1;
}

static void blue(struct paper *p)
{
    cairo_set_source_rgb(p->cr, 0.27, 0.31, 0.79);
}

static void write_interval(struct paper *p, double from, double to, double y)
{
    grey(p, 0.15);
    cairo_set_line_width(p->cr, 1.2);
    cairo_move_to(p->cr, from, y);
    cairo_line_to(p->cr, to, y);
    cairo_stroke(p->cr);
}

/* A bar from zero with its interval on it; where it ends. */
static double write_bar(struct paper *p, const struct sheet_chart *c, size_t i, double zero, double scale)
{
    double end = zero + (isfinite(c->values[i]) ? c->values[i] : 0) * scale, last = fmax(end, zero);
    blue(p);
    cairo_rectangle(p->cr, fmin(zero, end), p->y, fmax(0.5, fabs(end - zero)), BAR);
    cairo_fill(p->cr);
    if (c->lows != NULL && isfinite(c->lows[i]) && isfinite(c->highs[i])) {
        write_interval(p, zero + c->lows[i] * scale, zero + c->highs[i] * scale, p->y + BAR / 2);
        last = fmax(last, zero + c->highs[i] * scale);
    }
    return last;
}

/* A dot with its interval under it, and a piece of the middle that all are compared with. */
static double write_dot(struct paper *p, const struct sheet_chart *c, size_t i, double zero, double scale, double tall)
{
    double x = zero + c->values[i] * scale, last = isfinite(x) ? x : zero;
    if (isfinite(c->middle)) {
        grey(p, 0.6);
        cairo_set_line_width(p->cr, 0.8);
        cairo_move_to(p->cr, zero + c->middle * scale, p->y - 1);
        cairo_line_to(p->cr, zero + c->middle * scale, p->y + tall - 1);
        cairo_stroke(p->cr);
    }
    if (!isfinite(x))
        return fmax(zero, isfinite(c->middle) ? zero + c->middle * scale : zero);
    if (c->lows != NULL && isfinite(c->lows[i]) && isfinite(c->highs[i])) {
        write_interval(p, zero + c->lows[i] * scale, zero + c->highs[i] * scale, p->y + BAR / 2);
        last = fmax(last, zero + c->highs[i] * scale);
    }
    blue(p);
    cairo_new_path(p->cr);
    cairo_arc(p->cr, x, p->y + BAR / 2, 3, 0, 2 * M_PI);
    cairo_fill(p->cr);
    return last + 3;
}

static void write_marks(struct paper *p, const struct sheet_chart *c)
{
    double low, high, left = 60;
    size_t n = c->n < BARS_MOST ? c->n : BARS_MOST;
    range_of(c, &low, &high);
    for (size_t i = 0; i < n; i++)
        left = fmax(left, width_of(p, &f_cell, c->names[i]) + 8);
    left = fmin(left, p->width * 0.38);
    double scale = (p->width - left - 90) / (high - low), zero = p->side + left - low * scale;
    for (size_t i = 0; i < n; i++) {
        double tall = fmax(BAR + 5, height_of(p, &f_cell, c->names[i], left - 8) + 3);
        paper_need(p, tall);
        put(p, &f_cell, c->names[i], p->side, p->y, left - 8, PANGO_ALIGN_RIGHT);
        double last = c->as == SHEET_DOTS ? write_dot(p, c, i, zero, scale, tall) : write_bar(p, c, i, zero, scale);
        put(p, &f_cell, c->texts[i], last + 5, p->y, 90, PANGO_ALIGN_LEFT);
        p->y += tall;
    }
    p->y += 6;
}

/* Where a value stands, from the left. */
static double place_of(const struct sheet_chart *c, size_t i, double wide)
{
    double span = c->at != NULL ? c->at[c->n - 1] - c->at[0] : (double)c->n - 1;
    return span > 0 ? wide * (c->at != NULL ? c->at[i] - c->at[0] : (double)i) / span : 0;
}

/* Of one end of the band or of the values themselves; a staircase keeps its height until the next value. */
static void trace(struct paper *p, const struct sheet_chart *c, const double *ends, size_t i, bool back, double left,
                  double wide, double bottom, double scale)
{
    size_t held = back ? i : i > 0 ? i - 1 : 0, next = back ? i + 1 : i;
    double y = ends != NULL && isfinite(ends[i]) ? ends[i] : c->values[i];
    double before = ends != NULL && isfinite(ends[held]) ? ends[held] : c->values[held];
    if (!isfinite(y))
        return;
    if (c->as == SHEET_STEPS && isfinite(before) && next < c->n)
        cairo_line_to(p->cr, left + place_of(c, next, wide), bottom - before * scale);
    cairo_line_to(p->cr, left + place_of(c, i, wide), bottom - y * scale);
}

static void write_line(struct paper *p, const struct sheet_chart *c)
{
    double low, high, left = p->side + 6, wide = p->width - 12;
    range_of(c, &low, &high);
    paper_need(p, LINE_H + 30);
    double top = p->y + 12, scale = (LINE_H - 12) / (high - low), bottom = top + high * scale;
    if (c->lows != NULL) {
        cairo_set_source_rgb(p->cr, 0.85, 0.87, 0.97);
        cairo_new_path(p->cr); /* words leave their place behind */
        for (size_t i = 0; i < c->n; i++)
            trace(p, c, c->highs, i, false, left, wide, bottom, scale);
        for (size_t i = c->n; i-- > 0;)
            trace(p, c, c->lows, i, true, left, wide, bottom, scale);
        cairo_fill(p->cr);
    }
    grey(p, 0.6);
    cairo_set_line_width(p->cr, 0.6);
    cairo_move_to(p->cr, left, bottom);
    cairo_line_to(p->cr, left + wide, bottom);
    cairo_stroke(p->cr);
    blue(p);
    cairo_set_line_width(p->cr, 1.5);
    cairo_new_path(p->cr);
    for (size_t i = 0; i < c->n; i++)
        trace(p, c, NULL, i, false, left, wide, bottom, scale);
    cairo_stroke(p->cr);
    size_t every = c->n / 6 + 1;
    for (size_t i = 0; i < c->n; i += every) {
        double x = left + place_of(c, i, wide);
        put(p, &f_label, c->names[i], fmin(x, p->side + p->width - 80), top + LINE_H, 80, PANGO_ALIGN_LEFT);
        if (isfinite(c->values[i]))
            put(p, &f_label, c->texts[i], fmin(x, p->side + p->width - 80), bottom - c->values[i] * scale - 13, 80,
                PANGO_ALIGN_LEFT);
    }
    p->y = top + LINE_H + 22;
}

/* ---- tables ---- */

static const struct paper_font *body(const struct sheet_table *t)
{
    return t->n_columns > WIDE_COLUMNS + 2 ? &f_small : &f_cell;
}

static const struct paper_font *head_of(const struct sheet_table *t)
{
    return t->n_columns > WIDE_COLUMNS + 2 ? &f_small_head : &f_head;
}

/* Numbers have the width they want; what is missing or left over is for the words. */
static double *columns_of(struct paper *p, const struct sheet_table *t)
{
    double *wide = ARENA_ARRAY(p->a, double, t->n_columns + 1), sum = 0, words = 0;
    size_t looked = t->n_rows < 60 ? t->n_rows : 60;
    for (size_t k = 0; k < t->n_columns; k++) {
        wide[k] = fmin(width_of(p, head_of(t), t->titles[k]), t->numbers[k] ? 46 : 90);
        for (size_t i = 0; i < looked; i++)
            wide[k] = fmax(wide[k], fmin(width_of(p, body(t), t->cells[i * t->n_columns + k]), 190));
        wide[k] += 2 * CELL_PAD + 1;
        sum += wide[k];
        words += t->numbers[k] ? 0 : wide[k];
    }
    double rest = p->width - (sum - words);
    for (size_t k = 0; k < t->n_columns; k++)
        if (words > 0 && rest > words * 0.3)
            wide[k] *= t->numbers[k] ? 1 : rest / words;
        else
            wide[k] *= p->width / sum;
    return wide;
}

static double row_height(struct paper *p, const struct paper_font *f, const struct sheet_table *t, const double *wide,
                         const struct str *cells)
{
    double most = 0;
    for (size_t k = 0; k < t->n_columns; k++)
        most = fmax(most, height_of(p, f, cells[k], wide[k] - 2 * CELL_PAD));
    return most + 2 * CELL_PAD;
}

static void write_row(struct paper *p, const struct paper_font *f, const struct sheet_table *t, const double *wide,
                      const struct str *cells, double height)
{
    double x = p->side;
    for (size_t k = 0; k < t->n_columns; k++) {
        put(p, f, cells[k], x + CELL_PAD, p->y + CELL_PAD, wide[k] - 2 * CELL_PAD,
            t->numbers[k] ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT);
        x += wide[k];
    }
    p->y += height;
    grey(p, 0.82);
    cairo_set_line_width(p->cr, 0.5);
    cairo_move_to(p->cr, p->side, p->y);
    cairo_line_to(p->cr, p->side + p->width, p->y);
    cairo_stroke(p->cr);
}

static void write_table(struct paper *p, const struct sheet_table *t)
{
    if (t->n_columns == 0)
        return;
    double *wide = columns_of(p, t), head = row_height(p, head_of(t), t, wide, t->titles);
    paper_need(p, f_heading.before + 20 + head + 40); /* a heading has a row of its table with it */
    paper_heading(p, &f_heading, t->title);
    write_row(p, head_of(t), t, wide, t->titles, head);
    for (size_t i = 0; i < t->n_rows; i++) {
        const struct str *cells = t->cells + i * t->n_columns;
        double height = row_height(p, body(t), t, wide, cells);
        int page = p->page;
        paper_need(p, height);
        if (p->page != page)
            write_row(p, head_of(t), t, wide, t->titles, head);
        write_row(p, body(t), t, wide, cells, height);
    }
    if (t->below.len > 0)
        paper_text(p, &f_note, t->below);
}

static void write_all(struct paper *p)
{
    const struct sheet *s = of(p);
    paper_text(p, &f_title, s->title);
    paper_text(p, &f_under, s->under);
    paper_text(p, &f_verdict, s->verdict);
    write_pairs(p);
    if (s->chart.n > 0 && s->chart.as >= SHEET_LINE)
        write_line(p, &s->chart);
    else if (s->chart.n > 0)
        write_marks(p, &s->chart);
    for (size_t i = 0; i < s->n_tables; i++)
        write_table(p, &s->tables[i]);
    if (s->n_notes > 0)
        paper_heading(p, &f_heading, s->notes_title);
    for (size_t i = 0; i < s->n_notes; i++)
        paper_text(p, &f_note, s->notes[i]);
}

enum rc sheet_pdf(struct arena *a, const struct sheet *s, struct buf *out, struct err *e)
{
    struct paper p = {.a = a, .lang = s->lang, .title = s->title, .footer = s->page, .own = (void *)s, .side = SIDE};
    for (size_t i = 0; i < s->n_tables; i++)
        p.landscape = p.landscape || s->tables[i].n_columns > WIDE_COLUMNS;
    return paper_pdf(&p, write_all, out, e);
}
