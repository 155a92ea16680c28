/* Figures to be printed: a title, what they say, numbers, a picture, tables, notes. It knows no report, only words. */
#pragma once
#include "base/buf.h"

struct sheet_pair {
    struct str label, text;
};
struct sheet_table {
    struct str title; /* empty: none */
    size_t n_columns, n_rows;
    const struct str *titles;
    const bool *numbers;     /* which columns stand at the right */
    const struct str *cells; /* row after row */
    struct str below;        /* a sentence under it */
};
/* One row of values. Bars and dots: names under each other. A line or a staircase over names, with its band. */
enum sheet_drawn { SHEET_BARS, SHEET_DOTS, SHEET_LINE, SHEET_STEPS };
struct sheet_chart {
    enum sheet_drawn as;
    size_t n;
    const struct str *names, *texts; /* texts: the values in words */
    const double *values;
    const double *lows, *highs; /* NULL: no intervals; NaN: not here */
    const double *at;           /* lines and steps: where each stands, ascending; NULL: evenly */
    double middle;              /* dots: what they are compared with; NaN: nothing */
};
struct sheet {
    const char *lang; /* "ru", "en" */
    struct str title, under, verdict;
    struct sheet_pair *pairs;
    size_t n_pairs;
    struct sheet_chart chart; /* n 0: none */
    struct sheet_table *tables;
    size_t n_tables;
    struct str *notes;
    size_t n_notes;
    struct str notes_title, page; /* "{0} из {1}" */
};

/* A4, on its side when a table is wide; the head of a table stands on each of its pages. Errors: print_failed. */
MUST_USE enum rc sheet_pdf(struct arena *a, const struct sheet *s, struct buf *out, struct err *e);
