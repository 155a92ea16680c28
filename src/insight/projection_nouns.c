/* Which fields of which nouns are held. Left out are names and long texts, which nobody groups by: reports and filters
 * ask the database for those. */
#include "insight/projection_nouns.h"
#include "crm/fields.h"
#include "insight/projection_impl.h"

#define LEFT_MOST 8
static const struct {
    enum entity_id entity;
    int left_out[LEFT_MOST]; /* index + 1, 0 behind the last */
} nouns[FACTS] = {
    [FACT_DEAL] = {ENT_DEAL,
                   {DEAL_TITLE + 1, DEAL_CONTACT_IDS + 1, DEAL_RANK + 1, DEAL_OWNER_REASON + 1, DEAL_MOVE_REASON + 1}},
    [FACT_TASK] = {ENT_TASK, {TASK_TITLE + 1, TASK_ASKED_REASON + 1}},
    [FACT_CONTACT] = {ENT_CONTACT,
                      {CONTACT_NAME + 1, CONTACT_CONSENT_SOURCE + 1, CONTACT_RESTRICTED_REASON + 1,
                       CONTACT_ERASED_REASON + 1, CONTACT_OWNER_REASON + 1}},
    [FACT_COMPANY] = {ENT_COMPANY,
                      {COMPANY_NAME + 1, COMPANY_INN + 1, COMPANY_KPP + 1, COMPANY_ADDRESS + 1,
                       COMPANY_OWNER_REASON + 1}},
    [FACT_DEAL_PRODUCT] = {ENT_DEAL_PRODUCT},
    [FACT_BUYER] = {ENT_BUYER},
    [FACT_COMPETITOR_OFFER] = {ENT_COMPETITOR_OFFER},
    [FACT_NOTE] = {ENT_NOTE},
    [FACT_TOUCH] = {ENT_TOUCH},
    [FACT_AD_COST] = {ENT_AD_COST},
};

enum entity_id fact_entity(enum fact fact)
{
    return nouns[fact].entity;
}

enum fact fact_of_entity(enum entity_id noun)
{
    for (int i = 0; i < FACTS; i++)
        if (nouns[i].entity == noun)
            return (enum fact)i;
    return FACTS;
}

static enum fact_kind kind_of(const struct field *fd)
{
    switch (fd->type) {
    case FT_BOOL:
    case FT_ENUM:
        return FC_I8;
    case FT_DATE:
    case FT_REF:
        return FC_I32;
    case FT_INT:
        return fd->min > INT32_MIN && fd->max <= INT32_MAX ? FC_I32 : FC_I64;
    case FT_TIME:
    case FT_MONEY:
    case FT_REAL:
        return FC_I64;
    case FT_TEXT:
    case FT_CURRENCY:
        return FC_TEXT;
    case FT_SET:
        return FC_SET;
    case FT_LONG:
    case FT_COLOUR:
    case FT_EMAIL:
    case FT_PHONE:
    case FT_URL:
    case FT_JSON:
        break;
    }
    return FC_NONE;
}

enum fact_kind fact_kind_of(enum fact fact, size_t index, const struct field *fd)
{
    if (fact == FACT_DEAL && index == DEAL_PRODUCT_IDS)
        return FC_SET;
    if ((fact == FACT_TASK && index == TASK_RESULT) ||
        (fact == FACT_BUYER && (index == BUYER_NEEDS || index == BUYER_EXPECTATIONS)))
        return FC_I8; /* of a long text only its length, at most 127 */
    if (fd->flags & (FF_DERIVED | FF_SECRET))
        return FC_NONE;
    for (int i = 0; !fd->custom && i < LEFT_MOST; i++)
        if (nouns[fact].left_out[i] == (int)index + 1)
            return FC_NONE;
    return kind_of(fd);
}
