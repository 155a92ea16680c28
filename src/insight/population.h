/* The deals a report is about: of which funnel, entered (or closed) when, chosen by which filter, seen by whom, as of
 * which instant, in which groups. Every report over deals asks here, so that all of them mean the same.
 *
 *     struct pop p;
 *     TRY_OUT(pop_read(&p, c, r, &(struct pop_spec){.funnels = POP_ONE}, e));  parameters; reads the database
 *     pop_lock(&p);                                                          takes the projection, follows the deals
 *     for (size_t i = 0; i < p.n; i++) ... p.d[i] ... pop_visits(&p, &p.d[i]) ...
 *     pop_unlock(&p);                                                        views are gone after this
 *     TRY_OUT(pop_names(&p, e));                                             names of the groups; reads the database
 *     ... report_row_key(...) ...; pop_notes(&p);
 * out:
 *     pop_free(&p);
 *
 * population.c asks, population_scan.c follows every deal, population_group.c makes the groups, population_notes.c
 * says what was left out. */
#pragma once
#include "insight/days.h"
#include "insight/mask.h"
#include "insight/report.h"

/* The parameters that pop_read knows; a report lists them in its own table, then its own. */
#define POP_FUNNEL                                                                                                     \
    {"funnel", RP_FUNNEL}, {"funnel_id", RP_FUNNEL_ID},                                                                \
    {                                                                                                                  \
        "definition", RP_CHOICE, pop_definitions                                                                       \
    }
#define POP_PERIOD {"from", RP_TIME}, {"to", RP_TIME}, REPORT_COMPARE
#define POP_REST                                                                                                       \
    {"as_of", RP_TIME}, {"by", RP_ATTRIBUTE}, {"filter", RP_FILTER},                                                   \
    {                                                                                                                  \
        "time_zone", RP_TEXT                                                                                           \
    }
#define POP_PARAMS POP_FUNNEL, POP_PERIOD, POP_REST

/* definition: stages as they were when the deals were in them ("recorded"), or those that were merged or split since
 * read as what they became ("current"). */
extern const char *const pop_definitions[];

enum pop_funnels {
    POP_ANY, /* without the parameter: deals of all funnels */
    POP_ONE  /* without the parameter: the first funnel that is not archived */
};
enum pop_when { POP_ENTERED, POP_CLOSED, POP_ALIVE /* open at some time of the period */ };
struct pop_spec {
    enum pop_funnels funnels;
    enum pop_when when;
    const char *by;       /* when the parameter is absent; NULL: one group of all */
    int64_t last_days;    /* without from and to: so many days before as_of; 0: everything */
    bool truncation_told; /* the report says by itself whether the early history is complete */
    bool own_summary;     /* "deals", "won" ... of its summary are not those of pop_lock */
};

enum { POP_GROUPS_MOST = 100, POP_DATES_MOST = 20000 }; /* the rest is one more group */
#define POP_NO_STAGE (-1)
#define POP_FEW 30  /* fewer deals than this say little about a rate */
#define POP_TOLD 10 /* fewer than this have none: too few to tell */

struct pop_stage {
    int64_t id, funnel_id, position;
    struct str name; /* "…" when hidden from who asks */
    enum deal_status outcome;
    int64_t norm_days;   /* 0: none */
    int64_t probability; /* per cent, -1: none */
    int64_t born; /* made, or first seen in imported history; those of the funnel's first day were always there */
    bool gone;    /* deleted or archived, or not yet made as of as_of: only history has it */
};

/* One deal as the report sees it. */
struct pop_deal {
    int64_t entry, exit; /* the moment it entered the funnel; of its end, or of the last look (as_of) */
    int64_t stage_since; /* when it came to `stage` */
    uint32_t row;        /* of FACT_DEAL */
    uint16_t group;      /* index of groups */
    int16_t stage;       /* where it stands as of as_of, or ended: index of stages */
    uint8_t cause;       /* enum deal_status as of as_of */
    bool reopened : 1;   /* came back after a close */
    bool left : 1;       /* is in another funnel (POP_ONE): watched until it went there */
    bool timeout : 1;    /* lost by a time limit, not by a person */
    bool again : 1;      /* counted already in a group before (sets: a deal with two tags): skip it in totals */
};

struct pop_group {
    int64_t key;     /* id, enum, index of a text, or a number made of the date; POP_NONE: not given */
    bool merged;     /* of all the small groups that found no row of their own */
    struct str name; /* after pop_names */
    int64_t n;       /* deals */
};
#define POP_NONE INT64_C(-9007199254740991) /* a number that JavaScript keeps */
#define POP_MERGED (POP_NONE + 1)           /* of the group that the small ones are merged into */

/* What deals are grouped by. */
struct pop_by {
    enum { BY_NOTHING, BY_DATE, BY_FIELD, BY_TEAM } kind;
    char date;                /* 'd' 'w' 'm' 'q' 'y' */
    int via;                  /* the reference followed, index in the deal's fields; -1: none */
    int field;                /* index in the fields of ent */
    const struct entity *ent; /* whose field it is */
    const struct field *fd;
};

struct pop {
    const struct report_call *call;
    struct report_result *result;
    struct pop_spec spec;
    /* asked */
    int64_t funnel_id; /* 0: all; REPORT_NO_FUNNEL: there is none */
    struct str funnel;
    int64_t (*became)[2]; /* definition "current": id of a stage that is no more, id of what it became; ascending */
    size_t n_became;
    struct pop_stage *stages; /* of the funnel in its order; of all, funnel after funnel */
    size_t n_stages;
    int64_t as_of, from, to;                  /* from <= t < to; of all time when has_from, has_to are false */
    bool as_of_given, has_from, has_to, past; /* past: as_of is before now, attributes are taken back */
    struct zone *zone;                        /* the company's, or the one asked for */
    struct str zone_name;
    struct pop_by by;
    struct filter *filter;                     /* NULL: none */
    struct mask_plan *filter_plan, *seen_plan; /* filter_plan NULL: none */
    const uint64_t *filter_bits, *seen_bits;   /* while locked; NULL: all */
    int64_t (*team_of)[2];                     /* user id, team id; ascending */
    size_t n_team_of;
    /* found, while locked */
    struct projection_view view;
    const struct facts *deals; /* of the view */
    bool locked;
    struct pop_deal *d; /* of base/big.h; chosen, entry order not promised; n of them, with `again` ones */
    size_t n, n_all;    /* n_all: without `again` ones */
    struct pop_group *groups;
    size_t n_groups;
    int32_t *stage_index; /* of the view's stage to index of stages, POP_NO_STAGE */
    int64_t n_deleted, n_later, n_outside, n_filtered, n_reopened, n_left; /* left out, and what was made of others */
};

/* Reads the parameters and what the database knows. Errors: bad_param, bad_filter, funnel_not_found, and those of the
 * database. */
MUST_USE enum rc pop_read(struct pop *p, const struct report_call *c, struct report_result *r,
                          const struct pop_spec *spec, struct err *e);
void pop_lock(struct pop *p); /* chooses and groups the deals */
/* The same deals before period and filter chose among them, in no group; the caller frees them. Only while locked;
 * where nothing was left out (n_outside, n_filtered), p->d has them all already. */
size_t pop_whole(const struct pop *p, struct pop_deal **all);
void pop_unlock(struct pop *p); /* p->d stays, views and columns do not */
MUST_USE enum rc pop_names(struct pop *p, struct err *e);
void pop_notes(struct pop *p); /* who was left out, and how sure one may be */
void pop_free(struct pop *p);  /* unlocks too; also after an error of pop_read */

/* Id of what a stage is read as, by the definition asked for. */
int64_t pop_became(const struct pop *p, int64_t stage);

static inline struct visits pop_visits(const struct pop *p, const struct pop_deal *d)
{
    return visits_of(&p->view, d->row);
}
/* Index of stages, POP_NO_STAGE: of another funnel. */
static inline int pop_stage_of(const struct pop *p, uint64_t packed)
{
    uint32_t i = visit_stage(packed);
    return i < p->view.n_stages ? p->stage_index[i] : POP_NO_STAGE;
}
static inline int64_t pop_id(const struct pop *p, const struct pop_deal *d)
{
    return p->deals->ids[d->row];
}
void pop_group(struct pop *p); /* makes the groups: pop_lock calls it */
/* A column of the deals as of as_of; only while locked. Of a field hidden from who asks: no value anywhere. */
struct fact_column pop_column(const struct pop *p, int field);
/* Keys of the groups, for tally_new and report_row_key. */
const int64_t *pop_keys(const struct pop *p);
/* The groups a deal of this row belongs to have names after pop_names; this is one name without it: of a record, by
 * noun and id, from the database; "…" when it may not be seen, STR_NULL when there is none. */
MUST_USE enum rc pop_name_of(const struct pop *p, enum entity_id noun, int64_t id, struct str *out, struct err *e);
/* Puts the parameters the report has in common into the result. Called by pop_notes. */
void pop_params(struct pop *p);
/* k of n as a rate with its interval (Wilson): three cells; nulls when n is below POP_TOLD. */
void pop_rate(struct cell out[3], int64_t k, int64_t n);
