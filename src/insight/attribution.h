/* Who gets the credit for a deal: its touches (visits with UTM marks, calls to a tracking number, roistat ids,
 * recommendations), the first of them, the last, or all alike; without touches the deal's own source, campaign and
 * marks.
 *
 *     TRY(attribution_read(&t, arena, db, rights, model, level, e)); before the projection is locked
 *     attribution_begin(t, &view, as_of, past);                    while it is
 *     n = attribution_of(t, row, until, credits);                 shares of one deal, 1 together */
#pragma once
#include "crm/rights.h"
#include "insight/projection.h"

enum attribution_model { ATTRIBUTE_LAST, ATTRIBUTE_FIRST, ATTRIBUTE_LINEAR };
extern const char *const attribution_models[]; /* "last", "first", "linear", NULL */
enum attribution_level {
    LEVEL_SOURCE,
    LEVEL_CAMPAIGN,
    LEVEL_UTM_SOURCE,
    LEVEL_UTM_MEDIUM,
    LEVEL_UTM_CAMPAIGN,
    LEVEL_UTM_CONTENT,
    LEVEL_UTM_TERM,
    LEVEL_TRACKING_NUMBER,
    LEVEL_ROISTAT,
    LEVEL_REFERRER,
    LEVEL_KIND,
    LEVELS
};
extern const char *const attribution_levels[]; /* "source", "campaign", "utm_source" ..., NULL */

#define CREDIT_NONE (-1) /* nothing is known */
#define CREDITS_MOST 64  /* touches of a deal that count: the first and the last ones */
struct credit {
    int64_t key; /* id of a source, campaign or contact; enum touch_kind; index of a text: attribution_text */
    double share;
};
/* Shares of n touches in order of time. */
void attribution_shares(enum attribution_model model, size_t n, double *share);

struct attribution_campaign {
    int64_t id, source_id; /* 0: none */
    struct str utm;        /* its utm_campaign; empty: none */
};
struct attribution;
/* rights: of who is told; what the deal's field of the level says is nothing to whom it is hidden from. */
MUST_USE enum rc attribution_read(struct attribution **out, struct arena *a, struct db *db, const struct rights *rights,
                                  enum attribution_model model, enum attribution_level level, struct err *e);
void attribution_free(struct attribution *t); /* NULL is fine */
/* past: attributes of deals as of `as_of`. */
void attribution_begin(struct attribution *t, const struct projection_view *v, int64_t as_of, bool past);
/* Credits of a deal for touches not later than `until`; each key once. At least one, at most CREDITS_MOST. */
size_t attribution_of(struct attribution *t, size_t deal_row, int64_t until, struct credit *out);
struct str attribution_text(const struct attribution *t, int64_t key); /* of levels whose keys are texts */
bool attribution_level_is_text(enum attribution_level level);
/* Whose campaign it is: CREDIT_NONE when it has no source. */
int64_t attribution_source_of(const struct attribution *t, int64_t campaign_id);
size_t attribution_n_touches(const struct attribution *t); /* seen up to as_of */
