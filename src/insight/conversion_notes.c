/* What the figures of the conversion report do not show by themselves: who was left out and why, how sure one may be.
 */
#include "base/time.h"
#include "insight/conversion.h"
#include <math.h>

#define FEW 30 /* fewer deals than this say little about a rate */

static struct str count(const struct conversion *v, int64_t n)
{
    return str_fmt(v->call->arena, "%lld", (long long)n);
}

static struct str percent(const struct conversion *v, double rate)
{
    return report_percent(v->call->arena, v->call->lang, rate);
}

static struct str day_of(const struct conversion *v, int64_t at)
{
    return date_format(v->call->arena, zone_day(v->zone, at));
}

static void note(struct conversion *v, const char *code, struct str a, struct str b, struct str c, struct str d)
{
    struct str args[] = {a, b, c, d};
    report_note(v->call, v->result, code, args, 4);
}

static void counted(struct conversion *v, const char *code, int64_t n)
{
    if (n > 0)
        note(v, code, count(v, n), STR_NULL, STR_NULL, STR_NULL);
}

static void method(struct conversion *v)
{
    struct arena *a = v->call->arena;
    const char *lang = v->call->lang;
    note(v, "method", STR_NULL, STR_NULL, STR_NULL, STR_NULL);
    if (!v->as_of_given && v->as_of != v->call->now)
        note(v, "as_of_last_event", time_format(a, v->as_of), STR_NULL, STR_NULL, STR_NULL);
    if (v->wins == 0)
        note(v, "no_wins", count(v, v->mature_days), STR_NULL, STR_NULL, STR_NULL);
    else
        note(v, "maturity", count(v, v->mature_days), report_number(a, lang, v->median_win_days, 1), count(v, v->wins),
             percent(v, v->won_by_maturity));
}

static void left_out(struct conversion *v)
{
    int64_t young = v->all.deals - v->all.mature_deals;
    if (young > 0 && v->all.deals > 0)
        note(v, "too_young", count(v, young), percent(v, (double)young / (double)v->all.deals),
             count(v, v->mature_days), STR_NULL);
    counted(v, "outside_period", v->n_outside);
    counted(v, "filtered_out", v->n_filtered);
    counted(v, "deleted", v->n_deleted);
    counted(v, "entered_later", v->n_later);
    counted(v, "reopened", v->n_reopened);
    counted(v, "left_funnel", v->n_left);
    if (v->n_zombies > 0)
        note(v, "zombies", count(v, v->n_zombies),
             report_number(v->call->arena, v->call->lang, (double)v->longest_win / MS_DAY, 1), STR_NULL, STR_NULL);
    /* no close at all where five were to be expected happens by chance once in 150 times */
    if (v->expected_before_first_close >= CONVERSION_CLOSES_MISSED)
        note(v, "left_truncation", day_of(v, v->first_close),
             report_number(v->call->arena, v->call->lang, v->expected_before_first_close, 0), STR_NULL, STR_NULL);
    counted(v, "unreadable", (int64_t)v->view.unreadable);
    if (v->dwell_every > 1)
        note(v, "stays_sampled", count(v, v->dwell_every), STR_NULL, STR_NULL, STR_NULL);
}

static void certainty(struct conversion *v)
{
    if (v->n_chosen == 0) {
        note(v, "empty", STR_NULL, STR_NULL, STR_NULL, STR_NULL);
        return;
    }
    int64_t followed = (v->as_of - v->all.first_entry) / MS_DAY;
    if (v->all.deals < FEW)
        note(v, "few", count(v, v->all.deals), STR_NULL, STR_NULL, STR_NULL);
    if (!v->all.known[CONVERSION_HORIZONS - 1])
        note(v, "beyond_follow_up", count(v, followed), STR_NULL, STR_NULL, STR_NULL);
    int64_t hidden = 0, small = 0;
    for (size_t g = 0; g < v->n_groups && v->by != BY_NONE; g++) {
        small += v->groups[g].deals < FEW;
        for (int i = 0; i < CONVERSION_HORIZONS; i++)
            hidden += !v->groups[g].known[i];
    }
    counted(v, "groups_beyond_follow_up", hidden);
    if (small > 0)
        note(v, "small_groups", count(v, small), count(v, FEW), STR_NULL, STR_NULL);
}

/* Two groups: is their difference more than chance? Of mature deals, or of all when too few are mature. */
static void compare(struct conversion *v)
{
    if (v->n_groups != 2)
        return;
    const struct conversion_group *x = &v->groups[0], *y = &v->groups[1];
    bool first = x->mature_deals > 0 && y->mature_deals > 0 &&
                 (double)x->mature_won / (double)x->mature_deals >= (double)y->mature_won / (double)y->mature_deals;
    if (!first) {
        const struct conversion_group *swap = x;
        x = y;
        y = swap;
    }
    struct str names = str_fmt(v->call->arena, "%.*s (%lld/%lld)", STR_ARG(x->name), (long long)x->mature_won,
                               (long long)x->mature_deals);
    struct str other = str_fmt(v->call->arena, "%.*s (%lld/%lld)", STR_ARG(y->name), (long long)y->mature_won,
                               (long long)y->mature_deals);
    if (x->mature_deals == 0 || y->mature_deals == 0) {
        note(v, "difference_unknown", names, other, STR_NULL, STR_NULL);
        return;
    }
    double d;
    struct interval ci = stats_newcombe(x->mature_won, x->mature_deals, y->mature_won, y->mature_deals, &d);
    struct str points = report_number(v->call->arena, v->call->lang, d * 100, 1);
    struct str range =
        str_fmt(v->call->arena, "%.*s … %.*s", STR_ARG(report_number(v->call->arena, v->call->lang, ci.low * 100, 1)),
                STR_ARG(report_number(v->call->arena, v->call->lang, ci.high * 100, 1)));
    bool sure = ci.low > 0 || ci.high < 0;
    note(v, sure ? "difference" : "difference_unsure", names, other, points, range);
}

void conversion_notes(struct conversion *v)
{
    method(v);
    left_out(v);
    certainty(v);
    compare(v);
}
