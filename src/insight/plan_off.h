/* A plan whose result will not be what was planned: what is there, and what the forecast expects until the period's
 * end, beside the target. Revenue and won deals are foretold by report 29 (open deals and those still to come, with a
 * band that past forecasts have proved), the other measures of the house by plan_pace.h; numbers of reports are not.
 *
 * Told: the target lies outside of P10..P90 and a tenth of itself away from P50. A chance told under one in ten holds
 * however often one looks, because the forecast of a day is the mean of those that may follow (Doob's optional
 * stopping): of the plans told of at most one in ten comes true after all. */
#pragma once
#include "insight/plan.h"

enum plan_part { PART_TEAM, PART_OWNER, PART_FUNNEL, PART_KINDS };
extern const char *const plan_part_names[]; /* of findings: finding.place.<name> */
enum { OFF_PLACES = 3 };
/* A part whose result carries the difference. */
struct plan_place {
    enum plan_part kind;
    int64_t id;
    double share;            /* of what all the parts on this side of their plan are off by */
    double target, expected; /* its plan, entered or as last year's proportions give it; at the period's end */
};
struct plan_off {
    struct plan plan;
    double actual;        /* so far; of a conversion, of the deals that have come so far */
    double p10, p50, p90; /* at the period's end */
    double chance;        /* that it comes true after all (above: that it stays under) */
    bool above;
    int64_t since; /* the day from which it has been on this side of its pace */
    struct plan_place places[OFF_PLACES * PART_KINDS];
    size_t n_places;
};
/* P(X >= value) of a result with these quantiles: two halves of a normal distribution. */
double plan_chance(double p10, double p50, double p90, double value);
/* Those of all plans of weeks to years that are off on a day, for the system: nobody's rights are asked. In the arena.
 */
MUST_USE enum rc plans_off(const struct report_call *c, int64_t today, struct plan_off **out, size_t *n, struct err *e);
