/* Real history comes in: event logs (a row an event) and lists of opportunities (a row a deal). Both write what the
 * ordinary commands would have written, journal included, in transactions of a few thousand deals through the writer.
 */
#pragma once
#include "base/csv.h"
#include "base/map.h"
#include "crm/crm.h"

/* ---- rows that cannot be taken ---- */

enum import_reason {
    BAD_ROW,     /* cannot be split into fields */
    BAD_COLUMNS, /* more or fewer than the header has */
    BAD_UTF8,    /* a field that is used is not UTF-8 */
    BAD_TEXT,    /* control characters in it */
    BAD_TIME,    /* unreadable, or outside of the years 1900 to 2199 */
    BAD_AMOUNT,  /* unreadable, negative or out of range */
    EMPTY_CASE,
    EMPTY_STAGE,
    EMPTY_TIME,
    TOO_LONG,      /* a case over 200 characters, a stage or user over 120 */
    CASE_EXISTS,   /* the funnel has a deal of this name: nothing is doubled */
    CASE_REPEATED, /* a list of opportunities names a deal twice */
    BAD_ORDER,     /* closed before it began */
    IMPORT_REASONS
};
extern const char *const import_reason_codes[IMPORT_REASONS]; /* "bad_time" ... */

#define IMPORT_BAD_KEPT 1000
struct import_bad_row {
    int64_t line;
    enum import_reason why;
    struct str file; /* of a list of opportunities; empty: the file itself */
    struct str text; /* valid UTF-8, short */
};
struct import_bad {
    struct import_bad_row row[IMPORT_BAD_KEPT]; /* the first ones */
    int64_t total, count[IMPORT_REASONS];
    struct str file; /* put into the rows that follow; outlives this */
    struct arena arena;
};
static inline size_t import_bad_kept(const struct import_bad *b)
{
    return b->total < IMPORT_BAD_KEPT ? (size_t)b->total : IMPORT_BAD_KEPT;
}
/* `value` is what stood there; it is made printable and cut. */
void import_bad_add(struct import_bad *b, enum import_reason why, int64_t line, const char *what, struct str value);
void import_bad_put(struct jw *w, const struct import_bad *b); /* "bad_total", "bad_by_reason", "bad_rows" */

/* ---- event logs ---- */

struct import_columns {
    const char *case_id, *stage, *at; /* names in the header */
    const char *user, *amount;        /* NULL: none */
    const char *at_format;            /* NULL: RFC 3339 or a plain date */
    unsigned exponent;                /* minor digits of amounts */
};
/* Offsets that times were written with, thinned: what a time zone can be told from. */
#define IMPORT_ZONE_CLUES 512
struct import_zone_clues {
    struct {
        int64_t at, offset;
    } clue[IMPORT_ZONE_CLUES];
    size_t n;
};
void import_zone_see(struct import_zone_clues *c, struct str text, int64_t at);
const char *import_zone_guess(const struct import_zone_clues *c); /* an IANA name, or NULL when nothing agrees */
/* Sets the company's time zone from a log, unless it has been set. */
MUST_USE enum rc import_zone_settle(struct writer *w, const struct import_zone_clues *c, struct err *e);

/* Compact columns, an entry an event, in order of the file. */
struct event_log {
    VEC(uint32_t) deal; /* index into cases */
    VEC(uint32_t) line;
    VEC(uint16_t) stage;
    VEC(uint32_t) user; /* index into users + 1, 0: the system; empty without a user column */
    VEC(int64_t) at;
    VEC(int64_t) amount;                  /* EVENT_NO_AMOUNT: none; empty without an amount column */
    VEC(struct str) cases, stages, users; /* in order of first appearance */
    VEC(uint32_t) case_line;              /* where a case appears first */
    int64_t rows;                         /* read, good or bad, without the header */
    struct import_zone_clues zone;
    struct arena arena;
};
#define EVENT_NO_AMOUNT INT64_MIN
#define EVENT_STAGES_MOST 500
#define EVENT_USERS_MOST 20000

/* Reads a whole log. Errors: csv's own, no_header, no_column (arg: its name), repeated_column, too_many_stages,
 * too_many_users, too_many_rows. */
MUST_USE enum rc event_log_read(struct csv *csv, const struct import_columns *cols, struct event_log *out,
                                struct import_bad *bad, struct err *e);
void event_log_free(struct event_log *log);

struct import_names {
    const char *const *name;
    size_t n;
};
struct import_events_options {
    const char *funnel;
    const char *currency; /* of a funnel that is created; NULL: the setting */
    const char *kind;     /* of a funnel that is created; NULL: "inbound" */
    struct import_columns columns;
    struct import_names won, lost;
    bool reopen;      /* an event after closing opens the deal again instead of only standing in its history */
    const char *file; /* for the journal's note */
    void (*progress)(void *arg, const char *doing, int64_t done, int64_t of); /* may be NULL */
    void *arg;
};
struct import_summary {
    int64_t funnel_id, rows;
    int64_t deals, events, won, lost, open; /* imported now */
    int64_t passed;                         /* of events: seen after closing */
    int64_t stages, users;                  /* of the file */
    int64_t stages_created, users_created;
};
/* A case's deal is named by the case id and created at its first event by that event's user; its owner is the first
 * user named in it (known from the start, so that comparing owners does not look into the future); every further event
 * is a move. Amounts are in major units; a new one changes the value. Cases that the funnel has already are refused row
 * by row, so that a run which was broken off is completed by running it again. Errors: those of event_log_read,
 * unknown_stage (a --won or --lost name that is nowhere), stage_outcome (a stage is there with another outcome, or
 * named as both), unknown_currency. */
MUST_USE enum rc import_events(struct writer *w, struct csv *csv, const struct import_events_options *opt,
                               struct import_summary *out, struct import_bad *bad, struct err *e);

/* ---- lists of opportunities ---- */

/* What was taken, though not as it stood there: grouped by text. */
#define IMPORT_NOTES_KEPT 200
struct import_note_row {
    const char *code; /* no_start no_close no_company no_product no_owner loose_match unknown_company unknown_product
                         unknown_person corrected column_not_kept no_price */
    struct str file, text;
    int64_t line, rows; /* the first line, how many */
};
struct import_notes {
    struct import_note_row note[IMPORT_NOTES_KEPT];
    size_t n;
    int64_t more; /* rows of notes that found no room */
    struct arena arena;
};
void import_notes_put(struct jw *w, const struct import_notes *n); /* "notes" */

struct import_list_options {
    const char *funnel;
    const char *file;     /* the list, a row a deal; the map's other files lie beside it */
    struct str map;       /* JSON, see docs/import.md */
    const char *currency; /* goes before the map's; NULL: none */
    void (*progress)(void *arg, const char *doing, int64_t done, int64_t of);
    void *arg;
};
struct import_list_summary {
    struct import_summary deals;
    int64_t companies, companies_created, products, products_created, people, people_created;
};
/* Each row becomes a deal with its company, product and owner. A closed one began in the map's start stage and was
 * closed at its closing date with its value. A deal without a start begins now: nothing is known of its past. Names
 * that do not match are compared again without blanks and marks, then created. Errors: those of import_events, bad_map
 * (arg: where). */
MUST_USE enum rc import_list(struct writer *w, const struct import_list_options *opt, struct import_list_summary *out,
                             struct import_bad *bad, struct import_notes *notes, struct err *e);
struct str import_map_builtin(const char *name); /* STR_NULL when there is none */
