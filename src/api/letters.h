/* What goes out by mail by itself: letters of reviews and of reports that were subscribed to. Made without a request,
 * for one person, with what that person may see. */
#pragma once
#include "api/api.h"
#include "crm/mail.h"
#include "insight/report.h"

struct reader_of_mail {
    int64_t user_id;
    struct str email, name;
    const char *lang;
    const struct rights *rights;
    struct str url;    /* of the program, may be empty */
    struct str chosen; /* users.letters */
};
/* *found false: gone, without an address, or no mail server is set. In the arena. */
MUST_USE enum rc letters_reader(struct db *db, struct arena *a, int64_t user_id, struct reader_of_mail *out,
                                bool *found, struct err *e);
/* Title, text and the way into the program, as plain text and as HTML. Everything in the arena. */
void letters_write(struct arena *a, const struct reader_of_mail *to, struct str title, struct str text,
                   struct str place, struct mail *out);
/* Several things under one title, each with its way. */
struct letter_item {
    struct str text, place;
};
void letters_list(struct arena *a, const struct reader_of_mail *to, struct str title, const struct letter_item *items,
                  size_t n, struct mail *out);
/* A call that nobody sent, for what writes pages and files; it lives as long as its request, which the caller keeps. */
struct call letters_call(struct app *app, struct db *db, struct arena *a, const struct reader_of_mail *to,
                         struct http_request *r);
/* Attaches a report: format "pdf" or "xlsx". */
MUST_USE enum rc letters_attach(struct call *c, const struct report_result *r, struct str format, struct mail *out,
                                struct err *e);
/* review_page.c: subject, text and PDF of a review. Errors: not_found (it is out of the reader's sight). */
MUST_USE enum rc review_letter(struct call *c, int64_t review_id, const struct reader_of_mail *to, struct mail *out,
                               struct err *e);
