/* What a result earns. Not linear: the first 80 % of a plan come almost by themselves, what is above 100 % costs most.
 * A scheme is a base and steps; each step begins at a point and has a sum paid once it is reached and a share of what
 * is above it, up to the next step. Pure functions. */
#pragma once
#include "base/rc.h"
#include "base/str.h"

enum { PAY_STEPS_MOST = 20 };
struct pay_step {
    double from;    /* in per cent of the plan, or in units of the measure (minor units of money) */
    double percent; /* of the measure's value between this step and the next */
    double sum;     /* minor units, paid once the step is reached */
};
struct pay_scheme {
    double base;  /* minor units */
    bool of_plan; /* from is in per cent of the plan */
    struct pay_step step[PAY_STEPS_MOST];
    size_t n; /* ascending by from */
};
/* [{"from":80,"percent":2,"pay_minor":1000000}]. Errors: bad_steps (RC_UNPROCESSABLE, field steps). */
MUST_USE enum rc pay_read(struct str steps, struct str of, double base, struct pay_scheme *out, struct err *e);
/* Minor units. value NaN earns the base; a scheme of a plan earns the base alone where there is no plan (target NaN or
 * 0). */
double pay_of(const struct pay_scheme *s, double value, double target);
