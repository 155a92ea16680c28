/* Inside of the imports: what an event log becomes before deals are written. */
#pragma once
#include "crm/engine.h"
#include "crm/import.h"

/* What names of the file are in the database. */
struct import_target {
    int64_t funnel_id;
    struct str currency;
    bool fresh;        /* the funnel was created by this import */
    int64_t *stage_id; /* by index of the log */
    uint8_t *outcome;  /* enum deal_status, by index of the log */
    int64_t *user_id;  /* by index of the log + 1; [0] is the system */
    uint8_t *exists;   /* by case: the funnel has it already; NULL: none */
    int64_t stages_created, users_created;
    /* of lists of opportunities, by case, 0 for none; NULL in event logs */
    int64_t *company_id, *product_id;
};

/* A funnel's id and currency by name; id 0 when there is none. */
MUST_USE enum rc import_find_funnel(struct db *db, struct arena *a, struct str name, int64_t *id, struct str *currency,
                                    struct err *e);
/* The currency that amounts of a file are in: the funnel's, else `wanted`, else the setting. */
MUST_USE enum rc import_currency(struct writer *w, const char *funnel, const char *wanted, struct arena *a,
                                 struct str *out, struct err *e);
/* Finds or creates people of a role by name: people who cannot sign in until somebody lets them. ids[i] of names[i]. */
MUST_USE enum rc import_people(struct change *ch, const char *role, const struct str *names, size_t n, int64_t *ids,
                               int64_t *created, struct err *e);
struct actor import_actor(int64_t user_id);

/* Folded text of a query's first column to the number of its second; of two with one name the first is kept. */
MUST_USE enum rc import_load_names(struct db *db, const char *sql, struct strmap *map, struct err *e);
/* Funnel, stages and people of a log in one transaction; everything in *out lives in a. */
MUST_USE enum rc import_prepare(struct writer *w, const struct event_log *log, const struct import_events_options *opt,
                                struct str currency, struct arena *a, struct import_target *out, struct err *e);
/* The newest deal stands first in its column, as deal_before has it. */
static inline double import_rank(int64_t created_at)
{
    return -(double)created_at;
}
void import_refuse_existing(const struct event_log *log, const struct import_target *t, struct import_bad *bad);
/* What was imported, from which file: one event of the journal. */
MUST_USE enum rc import_note(struct writer *w, const struct import_summary *sum, const struct import_bad *bad,
                             const char *file, struct err *e);
/* Deals and their events, some thousands a transaction. */
MUST_USE enum rc import_deals(struct writer *w, const struct event_log *log, const struct import_target *t,
                              const struct import_events_options *opt, struct import_summary *out, struct err *e);
