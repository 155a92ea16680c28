/* What the figures of the conversion report do not show by themselves: how sure one may be. */
#include "base/time.h"
#include "insight/conversion.h"
#include "insight/walk.h"

static struct str number(const struct conversion *v, double n, int decimals)
{
    return report_number(v->p.call->arena, v->p.call->lang, n, decimals);
}

static void note(struct conversion *v, const char *code, struct str a, struct str b, struct str c, struct str d)
{
    struct str args[] = {a, b, c, d};
    report_note(v->p.call, v->p.result, code, args, 4);
}

static void counted(struct conversion *v, const char *code, int64_t n)
{
    if (n > 0)
        note(v, code, tell_n(v->p.call, n), STR_NULL, STR_NULL, STR_NULL);
}

static void method(struct conversion *v)
{
    const struct report_call *c = v->p.call;
    note(v, "method", STR_NULL, STR_NULL, STR_NULL, STR_NULL);
    if (v->wins == 0)
        note(v, "no_wins", tell_n(c, v->mature_days), STR_NULL, STR_NULL, STR_NULL);
    else
        note(v, "maturity", tell_n(c, v->mature_days), number(v, v->median_win_days, 1), tell_n(c, v->wins),
             tell_rate(c, v->won_by_maturity));
    int64_t deals = conversion_n(v, C_DEALS), young = deals - conversion_n(v, C_MATURE);
    if (young > 0)
        note(v, "too_young", tell_n(c, young), tell_rate(c, (double)young / (double)deals), tell_n(c, v->mature_days),
             STR_NULL);
}

static void incomplete(struct conversion *v)
{
    if (v->n_zombies > 0)
        note(v, "zombies", tell_n(v->p.call, v->n_zombies), number(v, (double)v->longest_win / MS_DAY, 1), STR_NULL,
             STR_NULL);
    /* no close at all where five were to be expected happens by chance once in 150 times */
    if (v->expected_before_first_close >= CONVERSION_CLOSES_MISSED)
        note(v, "left_truncation", date_format(v->p.call->arena, zone_day(v->p.zone, v->first_close)),
             number(v, v->expected_before_first_close, 0), STR_NULL, STR_NULL);
}

static void certainty(struct conversion *v)
{
    int64_t followed = v->all.n > 0 ? (v->p.as_of - v->all.first_entry) / MS_DAY : 0, hidden = 0;
    if (v->all.n > 0 && !v->all.known[CONVERSION_HORIZONS - 1])
        note(v, "beyond_follow_up", tell_n(v->p.call, followed), STR_NULL, STR_NULL, STR_NULL);
    for (size_t g = 0; g < v->p.n_groups && conversion_grouped(v); g++)
        for (int i = 0; i < CONVERSION_HORIZONS; i++)
            hidden += !v->groups[g].known[i];
    counted(v, "groups_beyond_follow_up", hidden);
}

/* Two groups: is their difference more than chance? Of mature deals, or of all when too few are mature. */
static void compare(struct conversion *v)
{
    const struct pop *p = &v->p;
    if (p->n_groups != 2)
        return;
    int64_t won[2], n[2];
    for (size_t i = 0; i < 2; i++) {
        won[i] = tally_of(&v->counts, i, C_MATURE_WON);
        n[i] = tally_of(&v->counts, i, C_MATURE);
    }
    size_t x = n[0] > 0 && n[1] > 0 && (double)won[0] / (double)n[0] >= (double)won[1] / (double)n[1] ? 0 : 1,
           y = 1 - x;
    struct str names[2];
    for (size_t i = 0; i < 2; i++)
        names[i] =
            str_fmt(p->call->arena, "%.*s (%lld/%lld)", STR_ARG(p->groups[i].name), (long long)won[i], (long long)n[i]);
    if (n[0] == 0 || n[1] == 0) {
        note(v, "difference_unknown", names[x], names[y], STR_NULL, STR_NULL);
        return;
    }
    double d;
    struct interval ci = stats_newcombe(won[x], n[x], won[y], n[y], &d);
    struct str range = str_fmt(p->call->arena, "%.*s … %.*s", STR_ARG(number(v, ci.low * 100, 1)),
                               STR_ARG(number(v, ci.high * 100, 1)));
    bool sure = ci.low > 0 || ci.high < 0;
    note(v, sure ? "difference" : "difference_unsure", names[x], names[y], number(v, d * 100, 1), range);
}

void conversion_notes(struct conversion *v)
{
    method(v);
    pop_notes(&v->p);
    incomplete(v);
    certainty(v);
    compare(v);
}
