/* The fields of every noun, one row each: index, name, type, flags, least, most, then what only some have.
 * Limits are of the value, or of the length in code points. A new field is one row here and one migration. */
#pragma once
#include "crm/choices.h"
#include "crm/fields_insight.h"
#include "crm/schema.h"

#define MONEY_MOST INT64_C(9007199254740991) /* what a JavaScript number holds exactly */
#define TIME_MOST INT64_C(253402300799999)   /* the end of the year 9999 */
#define POSITION_MOST 1000000

#define FUNNEL_FIELDS(F)                                                                                               \
    F(FUNNEL_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                     \
    F(FUNNEL_KIND, "kind", FT_ENUM, FF_REQUIRED, 0, 4, .names = funnel_kind_names, .default_json = "\"inbound\"")      \
    F(FUNNEL_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)                                  \
    F(FUNNEL_CURRENCY, "currency", FT_CURRENCY, FF_REQUIRED | FF_FILLED, 3, 3)                                         \
    F(FUNNEL_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")                                \
    F(FUNNEL_DEFINITION_VERSION, "definition_version", FT_INT, FF_REQUIRED | FF_FILLED | FF_SERVER | FF_DERIVED, 0,    \
      MONEY_MOST)                                                                                                      \
    F(FUNNEL_TASK_RULE, "task_rule", FT_ENUM, FF_REQUIRED, 0, 3, .names = task_rule_names, .default_json = "\"warn\"") \
    F(FUNNEL_BACK_REASON, "back_reason", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "true")                           \
    F(FUNNEL_RESPONSE_HOURS, "response_hours", FT_INT, 0, 1, 1000)                                                     \
    F(FUNNEL_UNPROFITABLE_PERCENT, "unprofitable_percent", FT_INT, FF_REQUIRED, 1, 1000, .default_json = "100")        \
    F(FUNNEL_ENTRY_RULE, "entry_rule", FT_LONG, 0, 1, 5000)

#define STAGE_FIELDS(F)                                                                                                \
    F(STAGE_FUNNEL_ID, "funnel_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_FUNNEL)                          \
    F(STAGE_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                      \
    F(STAGE_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)                                   \
    F(STAGE_COLOUR, "colour", FT_COLOUR, 0, 7, 7)                                                                      \
    F(STAGE_PHASE, "phase", FT_TEXT, 0, 1, 60)                                                                         \
    F(STAGE_NORM_DAYS, "norm_days", FT_INT, 0, 0, 3650)                                                                \
    F(STAGE_OUTCOME, "outcome", FT_ENUM, FF_REQUIRED, 0, 2, .names = deal_status_names, .default_json = "\"open\"")    \
    F(STAGE_PROBABILITY, "probability", FT_INT, 0, 0, 100)                                                             \
    F(STAGE_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")                                 \
    F(STAGE_ENTRY_RESULT, "entry_result", FT_LONG, 0, 1, 5000)                                                         \
    F(STAGE_AIM, "aim", FT_LONG, 0, 1, 5000)                                                                           \
    F(STAGE_STEPS, "steps", FT_LONG, 0, 1, 20000)                                                                      \
    F(STAGE_SCRIPTS, "scripts", FT_JSON, 0, 0, 50000)                                                                  \
    F(STAGE_LINKS, "links", FT_JSON, 0, 0, 10000)                                                                      \
    F(STAGE_ROLE_ID, "role_id", FT_REF, 0, 0, 0, .ref = ENT_ROLE)                                                      \
    F(STAGE_WAIT_HOURS, "wait_hours", FT_INT, 0, 1, 10000)                                                             \
    F(STAGE_NEXT_TASK, "next_task", FT_JSON, 0, 0, 4000)

#define DEAL_FIELDS(F)                                                                                                 \
    F(DEAL_TITLE, "title", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                     \
    F(DEAL_FUNNEL_ID, "funnel_id", FT_REF, FF_REQUIRED | FF_FILLED, 0, 0, .ref = ENT_FUNNEL)                           \
    F(DEAL_STAGE_ID, "stage_id", FT_REF, FF_REQUIRED | FF_FILLED, 0, 0, .ref = ENT_STAGE)                              \
    F(DEAL_STATUS, "status", FT_ENUM, FF_REQUIRED | FF_FILLED | FF_SERVER, 0, 2, .names = deal_status_names)           \
    F(DEAL_VALUE_MINOR, "value_minor", FT_MONEY, FF_SUM, 0, MONEY_MOST)                                                \
    F(DEAL_COST_MINOR, "cost_minor", FT_MONEY, FF_SUM, 0, MONEY_MOST)                                                  \
    F(DEAL_CURRENCY, "currency", FT_CURRENCY, FF_REQUIRED | FF_FILLED, 3, 3)                                           \
    F(DEAL_OWNER_ID, "owner_id", FT_REF, FF_FILLED, 0, 0, .ref = ENT_USER)                                             \
    F(DEAL_CONTACT_ID, "contact_id", FT_REF, 0, 0, 0, .ref = ENT_CONTACT)                                              \
    F(DEAL_CONTACT_IDS, "contact_ids", FT_SET, 0, 0, 100, .ref = ENT_CONTACT, .link = "deal_contact")                  \
    F(DEAL_COMPANY_ID, "company_id", FT_REF, 0, 0, 0, .ref = ENT_COMPANY)                                              \
    F(DEAL_EXPECTED_CLOSE_ON, "expected_close_on", FT_DATE, 0, -719162, 2932896)                                       \
    F(DEAL_PROBABILITY, "probability", FT_INT, 0, 0, 100)                                                              \
    F(DEAL_DEAL_CLASS_ID, "deal_class_id", FT_REF, 0, 0, 0, .ref = ENT_DEAL_CLASS)                                     \
    F(DEAL_SOURCE_ID, "source_id", FT_REF, 0, 0, 0, .ref = ENT_SOURCE)                                                 \
    F(DEAL_CAMPAIGN_ID, "campaign_id", FT_REF, 0, 0, 0, .ref = ENT_CAMPAIGN)                                           \
    F(DEAL_UTM_SOURCE, "utm_source", FT_TEXT, 0, 1, 200)                                                               \
    F(DEAL_UTM_MEDIUM, "utm_medium", FT_TEXT, 0, 1, 200)                                                               \
    F(DEAL_UTM_CAMPAIGN, "utm_campaign", FT_TEXT, 0, 1, 200)                                                           \
    F(DEAL_UTM_CONTENT, "utm_content", FT_TEXT, 0, 1, 200)                                                             \
    F(DEAL_UTM_TERM, "utm_term", FT_TEXT, 0, 1, 200)                                                                   \
    F(DEAL_TAG_IDS, "tag_ids", FT_SET, 0, 0, 100, .ref = ENT_TAG, .link = "deal_tag")                                  \
    F(DEAL_LOSS_REASON_ID, "loss_reason_id", FT_REF, 0, 0, 0, .ref = ENT_LOSS_REASON)                                  \
    F(DEAL_LOSS_COMMENT, "loss_comment", FT_LONG, 0, 1, 2000)                                                          \
    F(DEAL_RANK, "rank", FT_REAL, FF_REQUIRED | FF_FILLED, -MONEY_MOST, MONEY_MOST)                                    \
    F(DEAL_CLOSED_AT, "closed_at", FT_TIME, FF_SERVER, -TIME_MOST, TIME_MOST)                                          \
    F(DEAL_STAGE_ENTERED_AT, "stage_entered_at", FT_TIME, FF_REQUIRED | FF_FILLED | FF_SERVER | FF_DERIVED,            \
      -TIME_MOST, TIME_MOST)                                                                                           \
    F(DEAL_NEXT_TASK_AT, "next_task_at", FT_TIME, FF_SERVER | FF_DERIVED, -TIME_MOST, TIME_MOST)                       \
    F(DEAL_OPEN_TASKS, "open_tasks", FT_INT, FF_REQUIRED | FF_FILLED | FF_SERVER | FF_DERIVED, 0, MONEY_MOST)          \
    F(DEAL_OWNER_REASON, "owner_reason", FT_TEXT, 0, 1, 500)                                                           \
    F(DEAL_CHECK_IDS, "check_ids", FT_SET, 0, 0, 1000, .ref = ENT_GATE, .link = "deal_check")                          \
    F(DEAL_GOAL_IDS, "goal_ids", FT_SET, FF_SERVER, 0, 1000, .ref = ENT_GOAL, .link = "deal_goal")                     \
    F(DEAL_STAGE_IDS, "stage_ids", FT_SET, FF_SERVER | FF_DERIVED, 0, 1000, .ref = ENT_STAGE, .link = "deal_passed")   \
    F(DEAL_PRODUCT_IDS, "product_ids", FT_SET, FF_SERVER | FF_DERIVED, 0, 1000, .ref = ENT_PRODUCT,                    \
      .link = "deal_sells")                                                                                            \
    F(DEAL_RETURNS, "returns", FT_INT, FF_REQUIRED | FF_SERVER | FF_DERIVED, 0, MONEY_MOST, .default_json = "0")       \
    F(DEAL_OVERRIDES, "overrides", FT_INT, FF_REQUIRED | FF_SERVER, 0, MONEY_MOST, .default_json = "0")                \
    F(DEAL_MOVE_REASON, "move_reason", FT_TEXT, 0, 1, 500)                                                             \
    F(DEAL_COMPETITOR_ID, "competitor_id", FT_REF, 0, 0, 0, .ref = ENT_COMPETITOR)                                     \
    F(DEAL_LOSS_CLASS, "loss_class", FT_ENUM, FF_SERVER, 0, 1, .names = loss_class_names)                              \
    F(DEAL_COVERAGE, "coverage", FT_INT, FF_SERVER | FF_DERIVED, 0, 100)                                               \
    F(DEAL_UNPROFITABLE, "unprofitable", FT_BOOL, FF_REQUIRED | FF_SERVER | FF_DERIVED, 0, 1, .default_json = "false") \
    F(DEAL_FIRST_RESPONSE_DUE_AT, "first_response_due_at", FT_TIME, FF_SERVER, -TIME_MOST, TIME_MOST)                  \
    F(DEAL_FIRST_RESPONSE_AT, "first_response_at", FT_TIME, FF_SERVER, -TIME_MOST, TIME_MOST)                          \
    F(DEAL_LAST_CONTACT_AT, "last_contact_at", FT_TIME, FF_SERVER | FF_DERIVED, -TIME_MOST, TIME_MOST)                 \
    F(DEAL_LAST_CHANNEL, "last_channel", FT_ENUM, FF_SERVER | FF_DERIVED, 0, 3, .names = task_kind_names)              \
    F(DEAL_WAITING_SINCE, "waiting_since", FT_TIME, 0, -TIME_MOST, TIME_MOST)                                          \
    F(DEAL_DEFERRED_UNTIL, "deferred_until", FT_TIME, 0, -TIME_MOST, TIME_MOST)                                        \
    F(DEAL_WAIT_ID, "wait_id", FT_REF, 0, 0, 0, .ref = ENT_WAIT)                                                       \
    F(DEAL_LATE_ANSWER, "late_answer", FT_BOOL, FF_REQUIRED | FF_SERVER | FF_DERIVED, 0, 1, .default_json = "false")

#define CONTACT_FIELDS(F)                                                                                              \
    F(CONTACT_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                    \
    F(CONTACT_PHONE, "phone", FT_PHONE, FF_FOLD, 3, 40)                                                                \
    F(CONTACT_EMAIL, "email", FT_EMAIL, FF_FOLD, 3, 254)                                                               \
    F(CONTACT_POSITION, "position", FT_TEXT, 0, 1, 200)                                                                \
    F(CONTACT_COMPANY_ID, "company_id", FT_REF, 0, 0, 0, .ref = ENT_COMPANY)                                           \
    F(CONTACT_OWNER_ID, "owner_id", FT_REF, FF_FILLED, 0, 0, .ref = ENT_USER)                                          \
    F(CONTACT_COMMENT, "comment", FT_LONG, FF_FOLD, 1, 20000)                                                          \
    F(CONTACT_TAG_IDS, "tag_ids", FT_SET, 0, 0, 100, .ref = ENT_TAG, .link = "contact_tag")                            \
    F(CONTACT_CONSENT, "consent", FT_ENUM, FF_REQUIRED, 0, 2, .names = consent_names, .default_json = "\"unknown\"")   \
    F(CONTACT_CONSENT_AT, "consent_at", FT_TIME, 0, -TIME_MOST, TIME_MOST)                                             \
    F(CONTACT_CONSENT_SOURCE, "consent_source", FT_TEXT, 0, 1, 300)                                                    \
    F(CONTACT_RESTRICTED, "restricted", FT_BOOL, FF_REQUIRED | FF_SERVER, 0, 1, .default_json = "false")               \
    F(CONTACT_RESTRICTED_REASON, "restricted_reason", FT_TEXT, FF_SERVER, 1, 500)                                      \
    F(CONTACT_ERASED_AT, "erased_at", FT_TIME, FF_SERVER, -TIME_MOST, TIME_MOST)                                       \
    F(CONTACT_ERASED_REASON, "erased_reason", FT_TEXT, FF_SERVER, 1, 500)                                              \
    F(CONTACT_MERGED_INTO_ID, "merged_into_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_CONTACT)                           \
    F(CONTACT_OWNER_REASON, "owner_reason", FT_TEXT, 0, 1, 500)                                                        \
    F(CONTACT_DEVELOPMENT_ID, "development_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                \
    F(CONTACT_NEXT_DEVELOPMENT_ID, "next_development_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                      \
    F(CONTACT_DEPTH_ID, "depth_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                            \
    F(CONTACT_REACTION_ID, "reaction_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                      \
    F(CONTACT_LOYALTY_ID, "loyalty_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                        \
    F(CONTACT_PROSPECT_ID, "prospect_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                      \
    F(CONTACT_IMPORTANCE_ID, "importance_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                  \
    F(CONTACT_NEXT_CONTACT_ON, "next_contact_on", FT_DATE, 0, -719162, 2932896)

/* merged_into_id: the record that took this one's place; restricted: kept, but not to be worked with. */
#define COMPANY_FIELDS(F)                                                                                              \
    F(COMPANY_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                    \
    F(COMPANY_INN, "inn", FT_TEXT, 0, 1, 20)                                                                           \
    F(COMPANY_KPP, "kpp", FT_TEXT, 0, 1, 20)                                                                           \
    F(COMPANY_PHONE, "phone", FT_PHONE, FF_FOLD, 3, 40)                                                                \
    F(COMPANY_EMAIL, "email", FT_EMAIL, FF_FOLD, 3, 254)                                                               \
    F(COMPANY_WEBSITE, "website", FT_URL, 0, 1, 500)                                                                   \
    F(COMPANY_ADDRESS, "address", FT_TEXT, FF_FOLD, 1, 500)                                                            \
    F(COMPANY_COUNTRY, "country", FT_TEXT, 0, 1, 100)                                                                  \
    F(COMPANY_INDUSTRY, "industry", FT_TEXT, FF_FOLD, 1, 100)                                                          \
    F(COMPANY_OWNER_ID, "owner_id", FT_REF, FF_FILLED, 0, 0, .ref = ENT_USER)                                          \
    F(COMPANY_COMMENT, "comment", FT_LONG, FF_FOLD, 1, 20000)                                                          \
    F(COMPANY_TAG_IDS, "tag_ids", FT_SET, 0, 0, 100, .ref = ENT_TAG, .link = "company_tag")                            \
    F(COMPANY_MERGED_INTO_ID, "merged_into_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_COMPANY)                           \
    F(COMPANY_OWNER_REASON, "owner_reason", FT_TEXT, 0, 1, 500)                                                        \
    F(COMPANY_DEVELOPMENT_ID, "development_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                \
    F(COMPANY_NEXT_DEVELOPMENT_ID, "next_development_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                      \
    F(COMPANY_DEPTH_ID, "depth_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                            \
    F(COMPANY_REACTION_ID, "reaction_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                      \
    F(COMPANY_LOYALTY_ID, "loyalty_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                        \
    F(COMPANY_PROSPECT_ID, "prospect_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                      \
    F(COMPANY_IMPORTANCE_ID, "importance_id", FT_REF, 0, 0, 0, .ref = ENT_CLASSIFIER)                                  \
    F(COMPANY_NEXT_CONTACT_ON, "next_contact_on", FT_DATE, 0, -719162, 2932896)

#define TASK_FIELDS(F)                                                                                                 \
    F(TASK_TITLE, "title", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 300)                                                     \
    F(TASK_DEAL_ID, "deal_id", FT_REF, 0, 0, 0, .ref = ENT_DEAL)                                                       \
    F(TASK_CONTACT_ID, "contact_id", FT_REF, 0, 0, 0, .ref = ENT_CONTACT)                                              \
    F(TASK_COMPANY_ID, "company_id", FT_REF, 0, 0, 0, .ref = ENT_COMPANY)                                              \
    F(TASK_OWNER_ID, "owner_id", FT_REF, FF_FILLED, 0, 0, .ref = ENT_USER)                                             \
    F(TASK_DUE_AT, "due_at", FT_TIME, 0, -TIME_MOST, TIME_MOST)                                                        \
    F(TASK_KIND, "kind", FT_ENUM, FF_REQUIRED, 0, 3, .names = task_kind_names, .default_json = "\"todo\"")             \
    F(TASK_DONE, "done", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")                                          \
    F(TASK_RESULT, "result", FT_LONG, FF_FOLD, 1, 4000)                                                                \
    F(TASK_DONE_AT, "done_at", FT_TIME, FF_SERVER, -TIME_MOST, TIME_MOST)                                              \
    F(TASK_DONE_BY, "done_by", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)                                               \
    F(TASK_AUTHOR_ID, "author_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)                                           \
    F(TASK_PRIORITY, "priority", FT_ENUM, FF_REQUIRED, 0, 2, .names = priority_names, .default_json = "\"normal\"")    \
    F(TASK_STARTED_AT, "started_at", FT_TIME, 0, -TIME_MOST, TIME_MOST)                                                \
    F(TASK_REMIND_AT, "remind_at", FT_TIME, 0, -TIME_MOST, TIME_MOST)                                                  \
    F(TASK_ASKED_DUE_AT, "asked_due_at", FT_TIME, FF_SERVER, -TIME_MOST, TIME_MOST)                                    \
    F(TASK_ASKED_REASON, "asked_reason", FT_TEXT, FF_SERVER, 1, 500)                                                   \
    F(TASK_REPEAT_DAYS, "repeat_days", FT_INT, 0, 1, 365)                                                              \
    F(TASK_REPEAT_LEFT, "repeat_left", FT_INT, 0, 0, 100)                                                              \
    F(TASK_EARLY, "early", FT_BOOL, FF_REQUIRED | FF_SERVER, 0, 1, .default_json = "false")                            \
    F(TASK_TRIGGER_ID, "trigger_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_TRIGGER)                                      \
    F(TASK_LEAD, "lead", FT_BOOL, FF_REQUIRED | FF_SERVER, 0, 1, .default_json = "false")

/* With a channel and a direction it is a message of a client or to one. */
#define NOTE_FIELDS(F)                                                                                                 \
    F(NOTE_TEXT, "text", FT_LONG, FF_REQUIRED | FF_FOLD, 1, 20000)                                                     \
    F(NOTE_DEAL_ID, "deal_id", FT_REF, 0, 0, 0, .ref = ENT_DEAL)                                                       \
    F(NOTE_CONTACT_ID, "contact_id", FT_REF, 0, 0, 0, .ref = ENT_CONTACT)                                              \
    F(NOTE_COMPANY_ID, "company_id", FT_REF, 0, 0, 0, .ref = ENT_COMPANY)                                              \
    F(NOTE_PINNED, "pinned", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")                                      \
    F(NOTE_AUTHOR_ID, "author_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)                                           \
    F(NOTE_CHANNEL, "channel", FT_ENUM, FF_CREATE, 0, 4, .names = channel_names)                                       \
    F(NOTE_DIRECTION, "direction", FT_ENUM, FF_CREATE, 0, 1, .names = direction_names)

#define PRODUCT_FIELDS(F)                                                                                              \
    F(PRODUCT_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                    \
    F(PRODUCT_SKU, "sku", FT_TEXT, 0, 1, 60)                                                                           \
    F(PRODUCT_PRICE_MINOR, "price_minor", FT_MONEY, 0, 0, MONEY_MOST)                                                  \
    F(PRODUCT_CURRENCY, "currency", FT_CURRENCY, FF_REQUIRED | FF_FILLED, 3, 3)                                        \
    F(PRODUCT_ACTIVE, "active", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "true")                                    \
    F(PRODUCT_FUNNEL_ID, "funnel_id", FT_REF, 0, 0, 0, .ref = ENT_FUNNEL)

#define DEAL_PRODUCT_FIELDS(F)                                                                                         \
    F(DEAL_PRODUCT_DEAL_ID, "deal_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_DEAL)                         \
    F(DEAL_PRODUCT_PRODUCT_ID, "product_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_PRODUCT)                \
    F(DEAL_PRODUCT_QUANTITY, "quantity", FT_REAL, FF_REQUIRED, 0, 1000000000, .default_json = "1")                     \
    F(DEAL_PRODUCT_PRICE_MINOR, "price_minor", FT_MONEY, FF_REQUIRED | FF_FILLED, 0, MONEY_MOST)                       \
    F(DEAL_PRODUCT_DISCOUNT_PERCENT, "discount_percent", FT_REAL, FF_REQUIRED, 0, 100, .default_json = "0")            \
    F(DEAL_PRODUCT_SUM_MINOR, "sum_minor", FT_MONEY, FF_REQUIRED | FF_FILLED | FF_SERVER | FF_SUM, 0, MONEY_MOST)

#define TAG_FIELDS(F)                                                                                                  \
    F(TAG_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 60)                                                         \
    F(TAG_COLOUR, "colour", FT_COLOUR, 0, 7, 7)                                                                        \
    F(TAG_KIND, "kind", FT_ENUM, FF_REQUIRED, 0, 4, .names = tag_kind_names, .default_json = "\"other\"")

#define SOURCE_FIELDS(F)                                                                                               \
    F(SOURCE_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                     \
    F(SOURCE_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)                                  \
    F(SOURCE_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

#define CAMPAIGN_FIELDS(F)                                                                                             \
    F(CAMPAIGN_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                   \
    F(CAMPAIGN_SOURCE_ID, "source_id", FT_REF, 0, 0, 0, .ref = ENT_SOURCE)                                             \
    F(CAMPAIGN_UTM_CAMPAIGN, "utm_campaign", FT_TEXT, 0, 1, 200)                                                       \
    F(CAMPAIGN_COST_MINOR, "cost_minor", FT_MONEY, FF_SUM, 0, MONEY_MOST)                                              \
    F(CAMPAIGN_CURRENCY, "currency", FT_CURRENCY, FF_REQUIRED | FF_FILLED, 3, 3)                                       \
    F(CAMPAIGN_STARTS_ON, "starts_on", FT_DATE, 0, -719162, 2932896)                                                   \
    F(CAMPAIGN_ENDS_ON, "ends_on", FT_DATE, 0, -719162, 2932896)

#define LOSS_REASON_FIELDS(F)                                                                                          \
    F(LOSS_REASON_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                \
    F(LOSS_REASON_FUNNEL_ID, "funnel_id", FT_REF, 0, 0, 0, .ref = ENT_FUNNEL)                                          \
    F(LOSS_REASON_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)                             \
    F(LOSS_REASON_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")                           \
    F(LOSS_REASON_WANTS_COMPETITOR, "wants_competitor", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")           \
    F(LOSS_REASON_TIMEOUT, "timeout", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

#define DEAL_CLASS_FIELDS(F)                                                                                           \
    F(DEAL_CLASS_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                 \
    F(DEAL_CLASS_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)

#define USER_FIELDS(F)                                                                                                 \
    F(USER_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                       \
    F(USER_EMAIL, "email", FT_EMAIL, FF_REQUIRED | FF_FOLD, 3, 254)                                                    \
    F(USER_ROLE, "role", FT_ENUM, FF_REQUIRED, 0, 3, .names = role_names, .default_json = "\"seller\"")                \
    F(USER_LOCALE, "locale", FT_ENUM, FF_REQUIRED, 0, 1, .names = locale_names, .default_json = "\"ru\"")              \
    F(USER_ACTIVE, "active", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "true")                                       \
    F(USER_PASSWORD_HASH, "password_hash", FT_TEXT, FF_SERVER | FF_SECRET, 1, 200)                                     \
    F(USER_TEAM_ID, "team_id", FT_REF, 0, 0, 0, .ref = ENT_TEAM)                                                       \
    F(USER_ROLE_ID, "role_id", FT_REF, FF_FILLED, 0, 0, .ref = ENT_ROLE)                                               \
    F(USER_JOB_TITLE, "job_title", FT_TEXT, 0, 1, 120)                                                                 \
    F(USER_PHONE, "phone", FT_PHONE, 0, 3, 40)                                                                         \
    F(USER_TOTP, "totp", FT_BOOL, FF_REQUIRED | FF_SERVER, 0, 1, .default_json = "false")                              \
    F(USER_LOAD_CAP, "load_cap", FT_INT, 0, 1, 100000)                                                                 \
    F(USER_LETTERS, "letters", FT_TEXT, 0, 1, 120)

/* kinds: names such as "deal.moved task.done", "deal.*" or "*", parted by blanks or commas. last_error (a code) is
 * empty when the last try succeeded; given_up counts the events that will not be delivered any more. */
#define WEBHOOK_FIELDS(F)                                                                                              \
    F(WEBHOOK_URL, "url", FT_URL, FF_REQUIRED, 1, 1000)                                                                \
    F(WEBHOOK_KINDS, "kinds", FT_TEXT, FF_REQUIRED, 1, 1000, .default_json = "\"*\"")                                  \
    F(WEBHOOK_SECRET, "secret", FT_TEXT, FF_SECRET, 8, 200)                                                            \
    F(WEBHOOK_ACTIVE, "active", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "true")                                    \
    F(WEBHOOK_LAST_SENT_AT, "last_sent_at", FT_TIME, FF_SERVER | FF_DERIVED, -TIME_MOST, TIME_MOST)                    \
    F(WEBHOOK_LAST_ERROR, "last_error", FT_TEXT, FF_SERVER | FF_DERIVED, 1, 40)                                        \
    F(WEBHOOK_LAST_ERROR_DETAIL, "last_error_detail", FT_TEXT, FF_SERVER | FF_DERIVED, 1, 300)                         \
    F(WEBHOOK_LAST_ERROR_AT, "last_error_at", FT_TIME, FF_SERVER | FF_DERIVED, -TIME_MOST, TIME_MOST)                  \
    F(WEBHOOK_GIVEN_UP, "given_up", FT_INT, FF_REQUIRED | FF_FILLED | FF_SERVER | FF_DERIVED, 0, MONEY_MOST)

/* People work in teams, teams may stand in teams; what a person may comes from the role (rights.h). */
#define TEAM_FIELDS(F)                                                                                                 \
    F(TEAM_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                       \
    F(TEAM_HEAD_ID, "head_id", FT_REF, 0, 0, 0, .ref = ENT_USER)                                                       \
    F(TEAM_PARENT_ID, "parent_id", FT_REF, 0, 0, 0, .ref = ENT_TEAM)                                                   \
    F(TEAM_TIME_ZONE, "time_zone", FT_TEXT, 0, 1, 60)                                                                  \
    F(TEAM_CALENDAR, "calendar", FT_JSON, 0, 0, 100000)

#define ROLE_FIELDS(F)                                                                                                 \
    F(ROLE_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                       \
    F(ROLE_BASE, "base", FT_ENUM, FF_REQUIRED | FF_CREATE, 0, 3, .names = role_names, .default_json = "\"seller\"")    \
    F(ROLE_BUILTIN, "builtin", FT_BOOL, FF_REQUIRED | FF_SERVER, 0, 1, .default_json = "false")                        \
    F(ROLE_RIGHTS, "rights", FT_JSON, 0, 0, 100000)                                                                    \
    F(ROLE_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)

/* A co-worker on a deal; part: what they do there (presale, lawyer). */
#define DEAL_MEMBER_FIELDS(F)                                                                                          \
    F(DEAL_MEMBER_DEAL_ID, "deal_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_DEAL)                          \
    F(DEAL_MEMBER_USER_ID, "user_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_USER)                          \
    F(DEAL_MEMBER_PART, "part", FT_TEXT, 0, 1, 120)

/* The column of a custom field is cf_<id>, that of several values a table cf_<id>_link. */
#define CUSTOM_FIELD_FIELDS(F)                                                                                         \
    F(CUSTOM_FIELD_OBJECT, "object", FT_ENUM, FF_REQUIRED | FF_CREATE, 0, 3, .names = custom_object_names)             \
    F(CUSTOM_FIELD_LABEL, "label", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                             \
    F(CUSTOM_FIELD_TYPE, "type", FT_ENUM, FF_REQUIRED | FF_CREATE, 0, 13, .names = custom_type_names)                  \
    F(CUSTOM_FIELD_REQUIRED, "required", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")                          \
    F(CUSTOM_FIELD_HELP, "help", FT_TEXT, 0, 1, 500)                                                                   \
    F(CUSTOM_FIELD_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)

#define FIELD_OPTION_FIELDS(F)                                                                                         \
    F(FIELD_OPTION_CUSTOM_FIELD_ID, "custom_field_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_CUSTOM_FIELD) \
    F(FIELD_OPTION_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                               \
    F(FIELD_OPTION_COLOUR, "colour", FT_COLOUR, 0, 7, 7)                                                               \
    F(FIELD_OPTION_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)                            \
    F(FIELD_OPTION_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

/* How the card of an object shows its fields, in one funnel or (funnel_id null) in all: groups is
 * [{"title":"...","fields":["value_minor","cf_3"],"collapsed":false}]. */
#define LAYOUT_FIELDS(F)                                                                                               \
    F(LAYOUT_OBJECT, "object", FT_ENUM, FF_REQUIRED | FF_CREATE, 0, 3, .names = custom_object_names)                   \
    F(LAYOUT_FUNNEL_ID, "funnel_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_FUNNEL)                                       \
    F(LAYOUT_GROUPS, "groups", FT_JSON, FF_REQUIRED, 0, 100000)

/* A saved view of a list or board: query is {"filter","sort","columns":[...],"group","sum":[...],"mode"}. */
#define VIEW_FIELDS(F)                                                                                                 \
    F(VIEW_OBJECT, "object", FT_TEXT, FF_REQUIRED | FF_CREATE, 1, 40)                                                  \
    F(VIEW_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                       \
    F(VIEW_SHARING, "sharing", FT_ENUM, FF_REQUIRED, 0, 2, .names = sharing_names, .default_json = "\"mine\"")         \
    F(VIEW_OWNER_ID, "owner_id", FT_REF, FF_FILLED | FF_SERVER, 0, 0, .ref = ENT_USER)                                 \
    F(VIEW_QUERY, "query", FT_JSON, FF_REQUIRED, 0, 20000)                                                             \
    F(VIEW_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)

/* Further phones, mails, messengers and addresses of a contact or company; the main phone and mail stand on the object
 * itself. normal: the value as search compares it. */
#define CONTACT_POINT_FIELDS(F)                                                                                        \
    F(CONTACT_POINT_CONTACT_ID, "contact_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_CONTACT)                             \
    F(CONTACT_POINT_COMPANY_ID, "company_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_COMPANY)                             \
    F(CONTACT_POINT_KIND, "kind", FT_ENUM, FF_REQUIRED | FF_CREATE, 0, 4, .names = point_kind_names)                   \
    F(CONTACT_POINT_VALUE, "value", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 500)                                            \
    F(CONTACT_POINT_LABEL, "label", FT_TEXT, 0, 1, 60)                                                                 \
    F(CONTACT_POINT_NORMAL, "normal", FT_TEXT, FF_SERVER, 1, 500)

/* What is known of a file; its bytes lie in the folder of files under their SHA-256. */
#define FILE_FIELDS(F)                                                                                                 \
    F(FILE_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 255)                                                       \
    F(FILE_TYPE, "type", FT_TEXT, FF_REQUIRED | FF_FILLED | FF_SERVER, 1, 120)                                         \
    F(FILE_SIZE, "size", FT_INT, FF_REQUIRED | FF_FILLED | FF_SERVER, 0, MONEY_MOST)                                   \
    F(FILE_SHA256, "sha256", FT_TEXT, FF_REQUIRED | FF_FILLED | FF_SERVER, 64, 64)                                     \
    F(FILE_DEAL_ID, "deal_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_DEAL)                                               \
    F(FILE_CONTACT_ID, "contact_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_CONTACT)                                      \
    F(FILE_COMPANY_ID, "company_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_COMPANY)                                      \
    F(FILE_AUTHOR_ID, "author_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)                                           \
    F(FILE_ARTEFACT, "artefact", FT_ENUM, FF_REQUIRED, 0, 5, .names = artefact_names, .default_json = "\"other\"")

/* Something long that runs in the background, chunk by chunk, and is taken back as a whole: its events share change_id.
 * Progress is not journalled. plan: what it was asked to do; outcome: what came of it. */
#define OPERATION_FIELDS(F)                                                                                            \
    F(OPERATION_KIND, "kind", FT_ENUM, FF_REQUIRED | FF_SERVER, 0, 7, .names = operation_kind_names)                   \
    F(OPERATION_STATE, "state", FT_ENUM, FF_REQUIRED | FF_SERVER | FF_DERIVED, 0, 5, .names = operation_state_names)   \
    F(OPERATION_OBJECT, "object", FT_TEXT, FF_SERVER, 1, 40)                                                           \
    F(OPERATION_TITLE, "title", FT_TEXT, FF_SERVER, 1, 300)                                                            \
    F(OPERATION_OWNER_ID, "owner_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)                                        \
    F(OPERATION_TOTAL, "total", FT_INT, FF_REQUIRED | FF_SERVER | FF_DERIVED, 0, MONEY_MOST)                           \
    F(OPERATION_DONE_COUNT, "done_count", FT_INT, FF_REQUIRED | FF_SERVER | FF_DERIVED, 0, MONEY_MOST)                 \
    F(OPERATION_FAILED_COUNT, "failed_count", FT_INT, FF_REQUIRED | FF_SERVER | FF_DERIVED, 0, MONEY_MOST)             \
    F(OPERATION_OF_CHANGE, "of_change", FT_INT, FF_SERVER | FF_DERIVED, 0, MONEY_MOST)                                 \
    F(OPERATION_UNDOES_ID, "undoes_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_OPERATION)                                 \
    F(OPERATION_PLAN, "plan", FT_JSON, FF_SERVER, 0, 200000)                                                           \
    F(OPERATION_OUTCOME, "outcome", FT_JSON, FF_SERVER | FF_DERIVED, 0, 200000)                                        \
    F(OPERATION_STARTED_AT, "started_at", FT_TIME, FF_SERVER | FF_DERIVED, -TIME_MOST, TIME_MOST)                      \
    F(OPERATION_FINISHED_AT, "finished_at", FT_TIME, FF_SERVER | FF_DERIVED, -TIME_MOST, TIME_MOST)

/* kind: "deal.assigned", "task.assigned", "operation.done" ...; params fill the text notification.<kind> of i18n/. */
#define NOTIFICATION_FIELDS(F)                                                                                         \
    F(NOTIFICATION_USER_ID, "user_id", FT_REF, FF_REQUIRED | FF_SERVER, 0, 0, .ref = ENT_USER)                         \
    F(NOTIFICATION_KIND, "kind", FT_TEXT, FF_REQUIRED | FF_SERVER, 1, 60)                                              \
    F(NOTIFICATION_OBJECT, "object", FT_TEXT, FF_SERVER, 1, 40)                                                        \
    F(NOTIFICATION_OBJECT_ID, "object_id", FT_INT, FF_SERVER, 1, MONEY_MOST)                                           \
    F(NOTIFICATION_PARAMS, "params", FT_JSON, FF_SERVER, 0, 4000)                                                      \
    F(NOTIFICATION_READ_AT, "read_at", FT_TIME, FF_SERVER | FF_DERIVED, -TIME_MOST, TIME_MOST)

/* What a stage asks of a deal: see gates.h. kind tells which of the others counts: field, name (an item to tick),
 * artefact, goal_id, least (percent of coverage; working hours that a client may wait). deal_class_id null: of every
 * class. */
#define GATE_FIELDS(F)                                                                                                 \
    F(GATE_STAGE_ID, "stage_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_STAGE)                              \
    F(GATE_KIND, "kind", FT_ENUM, FF_REQUIRED | FF_CREATE, 0, 5, .names = gate_kind_names)                             \
    F(GATE_AT, "at", FT_ENUM, FF_REQUIRED, 0, 1, .names = gate_at_names, .default_json = "\"enter\"")                  \
    F(GATE_NAME, "name", FT_TEXT, FF_FOLD, 1, 300)                                                                     \
    F(GATE_FIELD, "field", FT_TEXT, 0, 1, 120)                                                                         \
    F(GATE_ARTEFACT, "artefact", FT_ENUM, 0, 0, 5, .names = artefact_names)                                            \
    F(GATE_GOAL_ID, "goal_id", FT_REF, 0, 0, 0, .ref = ENT_GOAL)                                                       \
    F(GATE_LEAST, "least", FT_INT, 0, 0, 100000)                                                                       \
    F(GATE_DEAL_CLASS_ID, "deal_class_id", FT_REF, 0, 0, 0, .ref = ENT_DEAL_CLASS)                                     \
    F(GATE_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)                                    \
    F(GATE_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

/* What can be achieved on a stage; actions as those of a trigger (rules/action.h). */
#define GOAL_FIELDS(F)                                                                                                 \
    F(GOAL_STAGE_ID, "stage_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_STAGE)                              \
    F(GOAL_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                       \
    F(GOAL_KIND, "kind", FT_ENUM, FF_REQUIRED, 0, 2, .names = goal_kind_names, .default_json = "\"positive\"")         \
    F(GOAL_ACTIONS, "actions", FT_JSON, 0, 0, 50000)                                                                   \
    F(GOAL_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)                                    \
    F(GOAL_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

/* When, if, then: see rules/trigger.h. funnel_id, stage_id null: any. */
#define TRIGGER_FIELDS(F)                                                                                              \
    F(TRIGGER_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                    \
    F(TRIGGER_FUNNEL_ID, "funnel_id", FT_REF, 0, 0, 0, .ref = ENT_FUNNEL)                                              \
    F(TRIGGER_STAGE_ID, "stage_id", FT_REF, 0, 0, 0, .ref = ENT_STAGE)                                                 \
    F(TRIGGER_EVENT, "event", FT_JSON, FF_REQUIRED, 0, 4000)                                                           \
    F(TRIGGER_CONDITION, "condition", FT_LONG, 0, 1, 8000)                                                             \
    F(TRIGGER_ACTIONS, "actions", FT_JSON, FF_REQUIRED, 0, 50000)                                                      \
    F(TRIGGER_ENABLED, "enabled", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")                                 \
    F(TRIGGER_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)

/* The buying centre of a deal: who decides, approves, influences, uses. */
#define BUYER_FIELDS(F)                                                                                                \
    F(BUYER_DEAL_ID, "deal_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_DEAL)                                \
    F(BUYER_CONTACT_ID, "contact_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_CONTACT)                       \
    F(BUYER_ROLE, "role", FT_ENUM, FF_REQUIRED, 0, 3, .names = buyer_role_names, .default_json = "\"influences\"")     \
    F(BUYER_ATTITUDE, "attitude", FT_ENUM, FF_REQUIRED, 0, 3, .names = attitude_names, .default_json = "\"unknown\"")  \
    F(BUYER_NEEDS, "needs", FT_LONG, 0, 1, 5000)                                                                       \
    F(BUYER_EXPECTATIONS, "expectations", FT_LONG, 0, 1, 5000)                                                         \
    F(BUYER_LAST_CONTACT_AT, "last_contact_at", FT_TIME, 0, -TIME_MOST, TIME_MOST)

/* Values of the classifiers of clients, of one kind each; contacts and companies point to them. */
#define CLASSIFIER_FIELDS(F)                                                                                           \
    F(CLASSIFIER_KIND, "kind", FT_ENUM, FF_REQUIRED | FF_CREATE, 0, 5, .names = classifier_kind_names)                 \
    F(CLASSIFIER_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                 \
    F(CLASSIFIER_COLOUR, "colour", FT_COLOUR, 0, 7, 7)                                                                 \
    F(CLASSIFIER_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)                              \
    F(CLASSIFIER_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

#define COMPETITOR_FIELDS(F)                                                                                           \
    F(COMPETITOR_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                 \
    F(COMPETITOR_WEBSITE, "website", FT_URL, 0, 1, 500)                                                                \
    F(COMPETITOR_COMMENT, "comment", FT_LONG, 0, 1, 20000)                                                             \
    F(COMPETITOR_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

#define COMPETITOR_OFFER_FIELDS(F)                                                                                     \
    F(COMPETITOR_OFFER_COMPETITOR_ID, "competitor_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_COMPETITOR)   \
    F(COMPETITOR_OFFER_CONTACT_ID, "contact_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_CONTACT)                          \
    F(COMPETITOR_OFFER_COMPANY_ID, "company_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_COMPANY)                          \
    F(COMPETITOR_OFFER_DEAL_ID, "deal_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_DEAL)                                   \
    F(COMPETITOR_OFFER_OFFER, "offer", FT_LONG, 0, 1, 5000)                                                            \
    F(COMPETITOR_OFFER_PRICE_MINOR, "price_minor", FT_MONEY, 0, 0, MONEY_MOST)                                         \
    F(COMPETITOR_OFFER_CURRENCY, "currency", FT_CURRENCY, FF_REQUIRED | FF_FILLED, 3, 3)

/* Something that deals wait for ("the group fills"): met by hand, or when `needed` open deals wait. */
#define WAIT_FIELDS(F)                                                                                                 \
    F(WAIT_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                       \
    F(WAIT_NEEDED, "needed", FT_INT, 0, 1, 100000)                                                                     \
    F(WAIT_FILLED, "filled", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")                                      \
    F(WAIT_COMMENT, "comment", FT_LONG, 0, 1, 5000)                                                                    \
    F(WAIT_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

/* From which stage on a department may be called in, for what; role_id, team_id, task_kind null: any. */
#define INVOLVEMENT_FIELDS(F)                                                                                          \
    F(INVOLVEMENT_FUNNEL_ID, "funnel_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_FUNNEL)                    \
    F(INVOLVEMENT_STAGE_ID, "stage_id", FT_REF, FF_REQUIRED, 0, 0, .ref = ENT_STAGE)                                   \
    F(INVOLVEMENT_ROLE_ID, "role_id", FT_REF, 0, 0, 0, .ref = ENT_ROLE)                                                \
    F(INVOLVEMENT_TEAM_ID, "team_id", FT_REF, 0, 0, 0, .ref = ENT_TEAM)                                                \
    F(INVOLVEMENT_TASK_KIND, "task_kind", FT_ENUM, 0, 0, 3, .names = task_kind_names)                                  \
    F(INVOLVEMENT_NOTE, "note", FT_TEXT, 0, 1, 500)

/* A funnel being changed: definition as in docs/funnel.md. funnel_id null: a new funnel. */
#define FUNNEL_DRAFT_FIELDS(F)                                                                                         \
    F(FUNNEL_DRAFT_FUNNEL_ID, "funnel_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_FUNNEL)                                 \
    F(FUNNEL_DRAFT_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                               \
    F(FUNNEL_DRAFT_DEFINITION, "definition", FT_JSON, FF_REQUIRED, 0, 1000000)                                         \
    F(FUNNEL_DRAFT_BASE_VERSION, "base_version", FT_INT, FF_REQUIRED | FF_FILLED | FF_SERVER, 0, MONEY_MOST)           \
    F(FUNNEL_DRAFT_AUTHOR_ID, "author_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)

#define REGULATION_READ_FIELDS(F)                                                                                      \
    F(REGULATION_READ_STAGE_ID, "stage_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_STAGE)                   \
    F(REGULATION_READ_USER_ID, "user_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)                                    \
    F(REGULATION_READ_FUNNEL_VERSION, "funnel_version", FT_INT, FF_REQUIRED | FF_FILLED | FF_SERVER, 0, MONEY_MOST)

/* The weekly look at deals that need one, and what was decided. week_on: a Monday. */
#define REVIEW_FIELDS(F)                                                                                               \
    F(REVIEW_TEAM_ID, "team_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_TEAM)                                             \
    F(REVIEW_WEEK_ON, "week_on", FT_DATE, FF_REQUIRED | FF_CREATE, -719162, 2932896)                                   \
    F(REVIEW_HEAD_ID, "head_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)                                             \
    F(REVIEW_CLOSED, "closed", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")                                    \
    F(REVIEW_SCORE, "score", FT_INT, FF_SERVER, 0, 100)

#define REVIEW_ITEM_FIELDS(F)                                                                                          \
    F(REVIEW_ITEM_REVIEW_ID, "review_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_REVIEW)                    \
    F(REVIEW_ITEM_DEAL_ID, "deal_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_DEAL)                          \
    F(REVIEW_ITEM_WHY, "why", FT_JSON, FF_SERVER, 0, 4000)                                                             \
    F(REVIEW_ITEM_DECISION, "decision", FT_LONG, 0, 1, 5000)                                                           \
    F(REVIEW_ITEM_DECIDED_BY, "decided_by", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)                                  \
    F(REVIEW_ITEM_TASK_ID, "task_id", FT_REF, 0, 0, 0, .ref = ENT_TASK)                                                \
    F(REVIEW_ITEM_KEPT, "kept", FT_BOOL, FF_SERVER, 0, 1)

/* Every noun: its fields' macro, enum entity_id, prefix of its index enum, name, plural, table, hooks (see hooks.h). */
#define CRM_NOUNS(N)                                                                                                   \
    N(FUNNEL, "funnel", "funnels", "funnel", funnel)                                                                   \
    N(STAGE, "stage", "stages", "stage", stage)                                                                        \
    N(DEAL, "deal", "deals", "deal", deal)                                                                             \
    N(CONTACT, "contact", "contacts", "contact", contact)                                                              \
    N(COMPANY, "company", "companies", "company", company)                                                             \
    N(TASK, "task", "tasks", "task", task)                                                                             \
    N(NOTE, "note", "notes", "note", note)                                                                             \
    N(PRODUCT, "product", "products", "product", product)                                                              \
    N(DEAL_PRODUCT, "deal-product", "deal-products", "deal_product", deal_product)                                     \
    N(TAG, "tag", "tags", "tag", tag)                                                                                  \
    N(SOURCE, "source", "sources", "source", source)                                                                   \
    N(CAMPAIGN, "campaign", "campaigns", "campaign", campaign)                                                         \
    N(LOSS_REASON, "loss-reason", "loss-reasons", "loss_reason", loss_reason)                                          \
    N(DEAL_CLASS, "deal-class", "deal-classes", "deal_class", deal_class)                                              \
    N(USER, "user", "users", "users", user)                                                                            \
    N(WEBHOOK, "webhook", "webhooks", "webhook", webhook)                                                              \
    N(TEAM, "team", "teams", "team", team)                                                                             \
    N(ROLE, "role", "roles", "role", role)                                                                             \
    N(DEAL_MEMBER, "deal-member", "deal-members", "deal_member", deal_member)                                          \
    N(CUSTOM_FIELD, "custom-field", "custom-fields", "custom_field", custom_field)                                     \
    N(FIELD_OPTION, "field-option", "field-options", "field_option", field_option)                                     \
    N(LAYOUT, "layout", "layouts", "layout", layout)                                                                   \
    N(VIEW, "view", "views", "view", view)                                                                             \
    N(CONTACT_POINT, "contact-point", "contact-points", "contact_point", contact_point)                                \
    N(FILE, "file", "files", "file", file)                                                                             \
    N(OPERATION, "operation", "operations", "operation", operation)                                                    \
    N(NOTIFICATION, "notification", "notifications", "notification", notification)                                     \
    N(GATE, "gate", "gates", "gate", gate)                                                                             \
    N(GOAL, "goal", "goals", "goal", goal)                                                                             \
    N(TRIGGER, "trigger", "triggers", "trigger_rule", trigger)                                                         \
    N(BUYER, "buyer", "buyers", "buyer", buyer)                                                                        \
    N(CLASSIFIER, "classifier", "classifiers", "classifier", classifier)                                               \
    N(COMPETITOR, "competitor", "competitors", "competitor", competitor)                                               \
    N(COMPETITOR_OFFER, "competitor-offer", "competitor-offers", "competitor_offer", competitor_offer)                 \
    N(WAIT, "wait", "waits", "wait_for", wait)                                                                         \
    N(INVOLVEMENT, "involvement", "involvements", "involvement", involvement)                                          \
    N(FUNNEL_DRAFT, "funnel-draft", "funnel-drafts", "funnel_draft", funnel_draft)                                     \
    N(REGULATION_READ, "regulation-read", "regulation-reads", "regulation_read", regulation_read)                      \
    N(REVIEW, "review", "reviews", "review", review)                                                                   \
    N(REVIEW_ITEM, "review-item", "review-items", "review_item", review_item)                                          \
    N(DASHBOARD, "dashboard", "dashboards", "dashboard", dashboard)                                                    \
    N(SUBSCRIPTION, "subscription", "subscriptions", "subscription", subscription)                                     \
    N(PLAN, "plan", "plans", "plan_target", plan)                                                                      \
    N(KPI, "kpi", "kpis", "kpi", kpi)                                                                                  \
    N(PAY_SCHEME, "pay-scheme", "pay-schemes", "pay_scheme", pay_scheme)                                               \
    N(AD_COST, "ad-cost", "ad-costs", "ad_cost", ad_cost)                                                              \
    N(CURRENCY_RATE, "currency-rate", "currency-rates", "currency_rate", currency_rate)                                \
    N(TOUCH, "touch", "touches", "touch", touch)                                                                       \
    N(PROGRAMME, "programme", "programmes", "programme", programme)                                                    \
    N(FINDING, "finding", "findings", "finding", finding)

#define FIELD_INDEX_(index, ...) index,
#define NOUN_INDEX_(NOUN, name, plural, table, low) enum low##_field{NOUN##_FIELDS(FIELD_INDEX_) NOUN##_N_FIELDS};
CRM_NOUNS(NOUN_INDEX_)
#undef NOUN_INDEX_
#undef FIELD_INDEX_
