/* Who changed which setting, and when: the journal of dictionaries, fields, plans, pay, people and the company's
 * settings. */
#include "api/inside.h"

#define KINDS_MOST 16

/* What has a history here; of the others see the timelines. */
static bool kind_kept(int kind, bool *people)
{
    switch (kind) {
    case ENT_FUNNEL:
    case ENT_STAGE:
    case ENT_TAG:
    case ENT_SOURCE:
    case ENT_CAMPAIGN:
    case ENT_LOSS_REASON:
    case ENT_DEAL_CLASS:
    case ENT_PRODUCT:
    case ENT_CUSTOM_FIELD:
    case ENT_FIELD_OPTION:
    case ENT_LAYOUT:
    case ENT_CLASSIFIER:
    case ENT_COMPETITOR:
    case ENT_WAIT:
    case ENT_PLAN:
    case ENT_KPI:
    case ENT_PAY_SCHEME:
    case ENT_AD_COST:
    case ENT_CURRENCY_RATE:
    case ENT_PROGRAMME:
        *people = false;
        return true;
    case ENT_USER:
    case ENT_TEAM:
    case ENT_ROLE:
    case ENT_WEBHOOK:
    case ENT_SETTING:
        *people = true;
        return true;
    default:
        return false;
    }
}

static int kind_by_name(struct str name)
{
    for (int kind = 1; kind < ENT_END; kind++)
        if (str_eq(name, str_c(entity_kind_name(kind))))
            return kind;
    return 0;
}

/* Of people, webhooks and the company itself only those who keep them hear. */
static bool allowed(const struct call *c, bool people)
{
    struct actor actor = call_actor(c);
    return people ? actor.role == ROLE_ADMIN || (actor.rights && rights_can(actor.rights, CAN_USERS))
                  : actor.role == ROLE_ADMIN || actor.role == ROLE_HEAD ||
                        (actor.rights && rights_can(actor.rights, CAN_SETTINGS));
}

static enum rc history_handle(struct call *c, struct err *e)
{
    enum entity_id kinds[KINDS_MOST];
    size_t n = 0;
    int64_t limit, id;
    TRY(call_param_i64(c, "limit", 50, 1, 500, &limit, e));
    TRY(call_param_i64(c, "id", 0, 1, INT64_MAX, &id, e));
    for (struct str rest = call_param(c, "objects"); rest.len;) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        int kind = kind_by_name(name);
        bool people = false;
        if (n == KINDS_MOST || !kind_kept(kind, &people))
            return err_set(e, RC_INVALID, "bad_parameter", "objects", "%.*s", (int)(name.len < 60 ? name.len : 60),
                           name.ptr);
        if (!allowed(c, people))
            return err_set(e, RC_FORBIDDEN, "forbidden", "", NULL);
        kinds[n++] = (enum entity_id)kind;
    }
    if (!n)
        return err_set(e, RC_INVALID, "required", "objects", NULL);
    return history_list(c->db, c->r->arena, kinds, n, id, call_param(c, "cursor"), limit, c->rights, http_body(c->r),
                        e);
}

const struct route history_routes[] = {
    {"GET", "/api/history", RUN_POOL, MAY_READ, NULL, "Who changed which setting, newest first", history_handle, NULL,
     "objects id cursor limit", NULL, "timeline", 0},
};
const size_t history_routes_n = sizeof history_routes / sizeof *history_routes;
