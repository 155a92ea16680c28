/* A manual to be printed: chapters with labelled texts, lists, scripts and links, a history. It knows no funnel, only
 * what is to be said; as one HTML page with its own style, and as PDF. */
#pragma once
#include "base/buf.h"

struct manual_text {
    struct str label, text; /* text: several lines */
};
struct manual_list {
    struct str label;
    struct str *items;
    size_t n;
};
struct manual_link {
    struct str title, url;
};
struct manual_chapter {
    struct str anchor, title, under; /* under: a line below the title */
    struct manual_text texts[8];
    size_t n_texts;
    struct manual_list lists[6];
    size_t n_lists;
    struct manual_text *scripts; /* label: what it is for */
    struct manual_link *links;
    size_t n_scripts, n_links;
    struct manual_text after[4]; /* texts behind the lists */
    size_t n_after;
};
struct manual {
    const char *lang; /* "ru", "en" */
    struct str title, under;
    struct manual_chapter intro; /* without a title */
    struct manual_chapter *chapters;
    size_t n;
    struct manual_text *history; /* label: when and who; text: what */
    size_t n_history;
    struct str contents, scripts, links, changes; /* words of the headings */
    struct str page;                              /* "{0} из {1}" */
};

void manual_html(const struct manual *m, struct buf *b);
/* A4. Errors: print_failed. */
MUST_USE enum rc manual_pdf(struct arena *a, const struct manual *m, struct buf *out, struct err *e);
