/* Rules of what insight keeps: whose it is, and where it stands in its list. */
#include "crm/crm.h"
#include "crm/hooks.h"
#include "crm/pay.h"
#include "crm/rights.h"
#include "crm/subscription.h"

HOOK_BEFORE(dashboard)
{
    if (!will)
        return RC_OK;
    if (!was)
        will->f[DASHBOARD_OWNER_ID] = ch->actor.user_id ? val_int(ch->actor.user_id) : val_null();
    if (!val_has(will->f[DASHBOARD_POSITION]))
        TRY(next_position(ch, "SELECT MAX(position) FROM dashboard", 0, &will->f[DASHBOARD_POSITION], e));
    bool shared = val_i(will->f[DASHBOARD_SHARING], SHARED_MINE) != SHARED_MINE;
    bool changes = !was || !val_eq(was->f[DASHBOARD_SHARING], will->f[DASHBOARD_SHARING]);
    if (shared && changes && !rights_can(ch->actor.rights, CAN_SHARE_VIEWS))
        return err_set(e, RC_FORBIDDEN, "view_share_forbidden", "sharing", NULL);
    return RC_OK;
}

static struct schedule schedule_of(const struct record *r)
{
    return (struct schedule){(enum every)val_i(r->f[SUBSCRIPTION_EVERY], EVERY_WEEK),
                             (int)val_i(r->f[SUBSCRIPTION_DAY], 1), (int)val_i(r->f[SUBSCRIPTION_HOUR], 9)};
}

static bool same_schedule(const struct record *a, const struct record *b)
{
    static const size_t fields[] = {SUBSCRIPTION_EVERY, SUBSCRIPTION_DAY, SUBSCRIPTION_HOUR, SUBSCRIPTION_ENABLED};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!val_eq(a->f[fields[i]], b->f[fields[i]]))
            return false;
    return val_has(b->f[SUBSCRIPTION_NEXT_AT]);
}

/* In the company's time zone. What was due while it slept or was deleted does not come any more. */
static enum rc plan_next(struct change *ch, struct record *r, struct err *e)
{
    struct str name;
    r->f[SUBSCRIPTION_NEXT_AT] = val_null();
    if (!val_i(r->f[SUBSCRIPTION_ENABLED], 1))
        return RC_OK;
    TRY(setting_get(ch->tx->db, ch->tx->arena, "time_zone", "Europe/Moscow", &name, e));
    struct zone *zone = zone_load(str_cdup(ch->tx->arena, name));
    struct schedule s = schedule_of(r);
    r->f[SUBSCRIPTION_NEXT_AT] = val_int(schedule_next(&s, zone, ch->tx->now));
    zone_free(zone);
    return RC_OK;
}

HOOK_BEFORE(subscription)
{
    if (!will)
        return RC_OK;
    if (!was)
        will->f[SUBSCRIPTION_OWNER_ID] = ch->actor.user_id ? val_int(ch->actor.user_id) : val_null();
    bool week = val_i(will->f[SUBSCRIPTION_EVERY], EVERY_WEEK) == EVERY_WEEK;
    if (week && val_i(will->f[SUBSCRIPTION_DAY], 1) > 7)
        return err_set(e, RC_INVALID, "bad_day", "day", NULL);
    return was && same_schedule(was, will) ? RC_OK : plan_next(ch, will, e);
}

HOOK_BEFORE(kpi)
{
    (void)was;
    if (will && !val_has(will->f[KPI_POSITION]))
        TRY(next_position(ch, "SELECT MAX(position) FROM kpi", 0, &will->f[KPI_POSITION], e));
    return RC_OK;
}

/* A touch hangs on something. */
HOOK_BEFORE(touch)
{
    (void)was;
    if (!will)
        return RC_OK;
    if (!val_has(will->f[TOUCH_AT]))
        will->f[TOUCH_AT] = val_int(ch->tx->now);
    if (!val_has(will->f[TOUCH_DEAL_ID]) && !val_has(will->f[TOUCH_CONTACT_ID]) && !val_has(will->f[TOUCH_COMPANY_ID]))
        return err_set(e, RC_INVALID, "required", "deal_id", NULL);
    return RC_OK;
}

HOOK_BEFORE(ad_cost)
{
    (void)was;
    return will ? default_currency(ch, &will->f[AD_COST_CURRENCY], e) : RC_OK;
}

/* Steps that could not be paid by are not kept. */
HOOK_BEFORE(pay_scheme)
{
    struct pay_scheme read;
    if (!will)
        return RC_OK;
    TRY(default_currency(ch, &will->f[PAY_SCHEME_CURRENCY], e));
    if (will->f[PAY_SCHEME_STEPS].kind != VAL_TEXT ||
        (was && val_eq(was->f[PAY_SCHEME_STEPS], will->f[PAY_SCHEME_STEPS])))
        return RC_OK;
    return pay_read(will->f[PAY_SCHEME_STEPS].s, STR("plan"), 0, &read, e);
}
