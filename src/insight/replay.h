/* Where a rule would have fired, had it been there: one pass over the ways of all deals, or over the changes of a
 * field. What the rule is, and whether its condition held then, is for the caller to say. */
#pragma once
#include "base/arena.h"
#include "base/calendar.h"
#include "base/vec.h"
#include "insight/projection.h"

enum replay_on {
    /* of a deal on its way */
    REPLAY_CREATED,
    REPLAY_ENTERED,
    REPLAY_LEFT,
    REPLAY_WON,
    REPLAY_LOST,
    REPLAY_STAYED,
    /* of the records of `fact` */
    REPLAY_MADE,
    REPLAY_CHANGED, /* `field`; -1: any that is held */
    REPLAY_GAINED,  /* `field`, a set, has got `id` (0: anything) */
    REPLAY_LOSES,   /* the same, gone */
    REPLAY_DONE,    /* a task of a deal */
    REPLAY_REACHED, /* a deal the goal `id` (0: any), also once more */
    /* timers of a deal */
    REPLAY_DATE, /* `field`: a date or time */
    REPLAY_HELD, /* `field` has held a value */
    REPLAY_SINCE_CREATED,
    REPLAY_SINCE_CONTACT,
    REPLAY_NO_TASK,
};
/* Is the stage of a goal where the rule looks? */
struct replay_goal {
    int64_t id;
    bool here;
};
struct replay_spec {
    enum replay_on on;
    const bool *here;              /* by index of stage_ids: the stages where it looks; NULL: anywhere */
    const unsigned char *outcomes; /* by index of stage_ids: enum deal_status */
    int64_t wait_ms;               /* STAYED and timers; of a date it may be negative */
    const struct calendar *work;   /* not NULL: wait_ms is working time */
    int64_t from, to;              /* firings within, both ends in; what stands after `to` is not looked at */
    enum fact fact;
    int field;
    int64_t id;
    const struct replay_goal *goals; /* REACHED: those that are known, by id; of others the deal's stage then counts */
    size_t n_goals;
    bool of_deal;                /* what happens to a record of `fact` is looked at for its deal (DONE, notes) */
    int with;                    /* not 0: only records that have a value in the field of this index - 1 */
    bool without;                /* the other way round: only those that have none */
    bool closed_too;             /* timers: of closed deals as well */
    bool day;                    /* DATE: the field is a day, which begins by `days` */
    const struct calendar *days; /* never NULL with DATE */
    struct arena *arena;         /* of what is made for the scan; not needed on a deal's way */
};
#define VISIT_NONE UINT32_MAX
/* A firing. Visits by index of visit_packed, VISIT_NONE: none. */
struct replay_hit {
    uint32_t row;   /* of the noun of the rule: deals, or `fact` where the rule is of them */
    uint32_t deal;  /* row of deals; FACT_NO_ROW: none */
    uint32_t visit; /* during which it fires */
    uint32_t next;  /* what happened to the deal next */
    bool won_later; /* people won it afterwards */
    int64_t at;
};
struct replay_hits {
    struct replay_hit *ptr;
    size_t len, cap;
};
/* Is what this asks for held in memory? (A note's or a file's text is not.) */
bool replay_held(const struct projection_view *view, const struct replay_spec *spec);
/* In order of rows, then of time; vec_free the hits. */
void replay_scan(const struct projection_view *view, const struct replay_spec *spec, struct replay_hits *out);
