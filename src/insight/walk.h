/* The way of one deal through the stages, and small things every report over stages says. */
#pragma once
#include "insight/incidence.h"
#include "insight/population.h"

/* Coming into a stage it was not in before. */
struct step {
    int64_t at, until; /* until: of the next step, of its going to another funnel, of the end or the last look */
    int16_t stage;     /* index of pop.stages */
    bool passed;       /* seen in imported history after the close */
    bool away;         /* from here it went to another funnel, whether it came back or not */
};
/* What became of a deal at an open stage it was in. */
enum fate { FATE_WENT_ON, FATE_ENDED, FATE_WAITING };
struct fate_at {
    int16_t stage;
    uint8_t fate; /* enum fate */
};
struct walk {
    struct step *s;
    size_t n, cap;
    struct fate_at *fates; /* after walk_fates */
    size_t n_fates;
    uint32_t *seen, mark; /* by stage: the walk that was there last */
};
/* Steps of a deal up to as_of and within what the report is about, the memory is used again for the next deal. Only
 * while locked. */
void walk_deal(const struct pop *p, const struct pop_deal *d, struct walk *w);
/* What comes after a step is not known: it stands there still, or went on in another funnel. */
static inline bool walk_censored(const struct walk *w, size_t i)
{
    return i + 1 == w->n || w->s[i].away;
}
void walk_free(struct walk *w);
/* After walk_deal: each open stage it was in once. It went on when it was in a later stage afterwards or was won; it
 * ended there when it did not and is lost; otherwise its fate is not known yet. */
void walk_fates(const struct pop *p, const struct pop_deal *d, struct walk *w);

enum step_kind { STEP_FORWARD, STEP_SKIP, STEP_BACK, STEP_WON, STEP_LOST, STEP_REOPENED };
extern const char *const step_kinds[];
/* skip: over at least one stage that still exists and was there `at` then. Between funnels every step is forward. */
enum step_kind step_kind(const struct pop *p, size_t from, size_t to, int64_t at);
static inline bool stage_open(const struct pop *p, size_t stage)
{
    return p->stages[stage].outcome == DEAL_OPEN;
}

/* pop_rate; how many were under POP_TOLD is counted in *hidden for walk_hidden. */
void walk_rate(struct cell out[3], int64_t k, int64_t n, int64_t *hidden);
/* Table "groups": a row each group that has any, its name, the first `before` counts of t, the share of the second in
 * the first with its interval, the other counts. */
void walk_groups(const struct pop *p, const struct tally *t, const struct report_column *columns, size_t n_columns,
                 size_t before, int64_t *hidden);
void walk_hidden(const struct pop *p, int64_t hidden); /* the note */
struct cell walk_days(double ms);                      /* null when it is not a number */
/* Where the deal stood when it was lost: its last open stage before; POP_NO_STAGE: lost from the start. */
int walk_lost_from(const struct pop *p, const struct walk *w);
/* One key of two, so small that JavaScript keeps it. */
int64_t walk_key(int64_t a, int64_t b);
/* For notes and verdicts. */
struct str tell_n(const struct report_call *c, int64_t n);
struct str tell_rate(const struct report_call *c, double rate);
struct str tell_days(const struct report_call *c, double ms);
/* Name of the outcome of a stage in JSON. */
const char *tell_outcome(enum deal_status outcome);
