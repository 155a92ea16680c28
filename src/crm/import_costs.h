/* Advertising costs out of a table: a row a campaign and day (a row an ad and day is added up). What is there already
 * is replaced, so the same file may come again. */
#pragma once
#include "crm/crm.h"

#define COSTS_ROWS_MOST 20000
#define COSTS_BAD_KEPT 100
struct cost_row {
    struct str campaign;                                       /* as written; its id when it is known */
    int64_t campaign_id, day, cost_minor, impressions, clicks; /* impressions, clicks -1: not told */
    struct str currency;                                       /* empty: the campaign's */
};
struct cost_bad {
    int64_t line;
    const char *code; /* csv_bad_row bad_date bad_amount unknown_campaign empty_campaign unknown_currency */
    struct str text;
};
struct costs {
    struct cost_row *row;
    size_t n;
    int64_t rows; /* of the file */
    struct cost_bad bad[COSTS_BAD_KEPT];
    int64_t bad_total;
    bool make_campaigns;
    int64_t created, updated, same, campaigns; /* after costs_apply */
};
/* Reads CSV or XLSX. Columns by their name: campaign (or utm_campaign), date, cost, and currency, impressions, clicks
 * where there are; campaigns by name or utm_campaign without regard to case. Unknown ones are bad rows unless `make`.
 * Errors: those of source_open, no_header, no_column (arg: which), too_many_rows. */
MUST_USE enum rc costs_read(struct costs *out, struct arena *a, struct db *db, const char *path, bool make,
                            struct err *e);
/* Writes them by ordinary commands of one change. */
MUST_USE enum rc costs_apply(struct costs *c, struct change *ch, struct err *e);
