/* The fields of the nouns of insight, as in fields.h, which includes this. */
#pragma once

/* Reports side by side: items is [{"report":"...","params":{...},"show":"chart","w":2,"h":1}]. */
#define DASHBOARD_FIELDS(F)                                                                                            \
    F(DASHBOARD_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 120)                                                  \
    F(DASHBOARD_SHARING, "sharing", FT_ENUM, FF_REQUIRED, 0, 2, .names = sharing_names, .default_json = "\"mine\"")    \
    F(DASHBOARD_OWNER_ID, "owner_id", FT_REF, FF_FILLED | FF_SERVER, 0, 0, .ref = ENT_USER)                            \
    F(DASHBOARD_ITEMS, "items", FT_JSON, FF_REQUIRED, 0, 100000)                                                       \
    F(DASHBOARD_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)

/* A report that comes by itself. day: of the week (1 Monday) or of the month. */
#define SUBSCRIPTION_FIELDS(F)                                                                                         \
    F(SUBSCRIPTION_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                               \
    F(SUBSCRIPTION_REPORT, "report", FT_TEXT, FF_REQUIRED, 1, 60)                                                      \
    F(SUBSCRIPTION_PARAMS, "params", FT_JSON, 0, 0, 8000)                                                              \
    F(SUBSCRIPTION_EVERY, "every", FT_ENUM, FF_REQUIRED, 0, 2, .names = every_names, .default_json = "\"week\"")       \
    F(SUBSCRIPTION_DAY, "day", FT_INT, 0, 1, 28)                                                                       \
    F(SUBSCRIPTION_HOUR, "hour", FT_INT, FF_REQUIRED, 0, 23, .default_json = "9")                                      \
    F(SUBSCRIPTION_OWNER_ID, "owner_id", FT_REF, FF_FILLED | FF_SERVER, 0, 0, .ref = ENT_USER)                         \
    F(SUBSCRIPTION_ENABLED, "enabled", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "true")                             \
    F(SUBSCRIPTION_LAST_AT, "last_at", FT_TIME, FF_SERVER | FF_DERIVED, -TIME_MOST, TIME_MOST)                         \
    F(SUBSCRIPTION_NEXT_AT, "next_at", FT_TIME, FF_SERVER | FF_DERIVED, -TIME_MOST, TIME_MOST)                         \
    F(SUBSCRIPTION_MAIL, "mail", FT_ENUM, FF_REQUIRED, 0, 3, .names = subscription_mail_names,                         \
      .default_json = "\"letter\"")

/* What a measure of the catalogue is to reach in a period; nulls: of everybody, of everything. parent_id: spread from.
 */
#define PLAN_FIELDS(F)                                                                                                 \
    F(PLAN_MEASURE, "measure", FT_TEXT, FF_REQUIRED, 1, 60)                                                            \
    F(PLAN_PERIOD, "period", FT_ENUM, FF_REQUIRED, 0, 4, .names = period_names, .default_json = "\"month\"")           \
    F(PLAN_STARTS_ON, "starts_on", FT_DATE, FF_REQUIRED, -719162, 2932896)                                             \
    F(PLAN_TEAM_ID, "team_id", FT_REF, 0, 0, 0, .ref = ENT_TEAM)                                                       \
    F(PLAN_USER_ID, "user_id", FT_REF, 0, 0, 0, .ref = ENT_USER)                                                       \
    F(PLAN_FUNNEL_ID, "funnel_id", FT_REF, 0, 0, 0, .ref = ENT_FUNNEL)                                                 \
    F(PLAN_PRODUCT_ID, "product_id", FT_REF, 0, 0, 0, .ref = ENT_PRODUCT)                                              \
    F(PLAN_TARGET, "target", FT_REAL, FF_REQUIRED, 0, MONEY_MOST)                                                      \
    F(PLAN_CURRENCY, "currency", FT_CURRENCY, 0, 3, 3)                                                                 \
    F(PLAN_PARENT_ID, "parent_id", FT_REF, 0, 0, 0, .ref = ENT_PLAN)

/* A measure of the catalogue that somebody answers for. */
#define KPI_FIELDS(F)                                                                                                  \
    F(KPI_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                        \
    F(KPI_MEASURE, "measure", FT_TEXT, FF_REQUIRED, 1, 60)                                                             \
    F(KPI_PARAMS, "params", FT_JSON, 0, 0, 8000)                                                                       \
    F(KPI_BETTER, "better", FT_ENUM, FF_REQUIRED, 0, 1, .names = better_names, .default_json = "\"more\"")             \
    F(KPI_TARGET, "target", FT_REAL, 0, 0, MONEY_MOST)                                                                 \
    F(KPI_TEAM_ID, "team_id", FT_REF, 0, 0, 0, .ref = ENT_TEAM)                                                        \
    F(KPI_ROLE_ID, "role_id", FT_REF, 0, 0, 0, .ref = ENT_ROLE)                                                        \
    F(KPI_POSITION, "position", FT_INT, FF_REQUIRED | FF_FILLED, 0, POSITION_MOST)                                     \
    F(KPI_ARCHIVED, "archived", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

/* What a measure earns: steps is [{"from":80,"pay_minor":...,"percent":...}], see insight/pay.h. */
#define PAY_SCHEME_FIELDS(F)                                                                                           \
    F(PAY_SCHEME_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                 \
    F(PAY_SCHEME_MEASURE, "measure", FT_TEXT, FF_REQUIRED, 1, 60)                                                      \
    F(PAY_SCHEME_PARAMS, "params", FT_JSON, 0, 0, 8000)                                                                \
    F(PAY_SCHEME_PERIOD, "period", FT_ENUM, FF_REQUIRED, 0, 4, .names = period_names, .default_json = "\"month\"")     \
    F(PAY_SCHEME_TEAM_ID, "team_id", FT_REF, 0, 0, 0, .ref = ENT_TEAM)                                                 \
    F(PAY_SCHEME_ROLE_ID, "role_id", FT_REF, 0, 0, 0, .ref = ENT_ROLE)                                                 \
    F(PAY_SCHEME_USER_ID, "user_id", FT_REF, 0, 0, 0, .ref = ENT_USER)                                                 \
    F(PAY_SCHEME_BASE_MINOR, "base_minor", FT_MONEY, 0, 0, MONEY_MOST)                                                 \
    F(PAY_SCHEME_CURRENCY, "currency", FT_CURRENCY, FF_REQUIRED | FF_FILLED, 3, 3)                                     \
    F(PAY_SCHEME_STEPS, "steps", FT_JSON, FF_REQUIRED, 0, 20000)                                                       \
    F(PAY_SCHEME_STARTS_ON, "starts_on", FT_DATE, 0, -719162, 2932896)                                                 \
    F(PAY_SCHEME_ENDS_ON, "ends_on", FT_DATE, 0, -719162, 2932896)                                                     \
    F(PAY_SCHEME_ENABLED, "enabled", FT_BOOL, FF_REQUIRED, 0, 1, .default_json = "false")

#define AD_COST_FIELDS(F)                                                                                              \
    F(AD_COST_CAMPAIGN_ID, "campaign_id", FT_REF, FF_REQUIRED | FF_CREATE, 0, 0, .ref = ENT_CAMPAIGN)                  \
    F(AD_COST_DAY_ON, "day_on", FT_DATE, FF_REQUIRED | FF_CREATE, -719162, 2932896)                                    \
    F(AD_COST_COST_MINOR, "cost_minor", FT_MONEY, FF_REQUIRED | FF_SUM, 0, MONEY_MOST)                                 \
    F(AD_COST_CURRENCY, "currency", FT_CURRENCY, FF_REQUIRED | FF_FILLED, 3, 3)                                        \
    F(AD_COST_IMPRESSIONS, "impressions", FT_INT, 0, 0, MONEY_MOST)                                                    \
    F(AD_COST_CLICKS, "clicks", FT_INT, 0, 0, MONEY_MOST)

/* One unit of currency in the company's, from that day on. */
#define CURRENCY_RATE_FIELDS(F)                                                                                        \
    F(CURRENCY_RATE_CURRENCY, "currency", FT_CURRENCY, FF_REQUIRED | FF_CREATE, 3, 3)                                  \
    F(CURRENCY_RATE_DAY_ON, "day_on", FT_DATE, FF_REQUIRED | FF_CREATE, -719162, 2932896)                              \
    F(CURRENCY_RATE_RATE, "rate", FT_REAL, FF_REQUIRED, 0, 1000000000)

/* How a client came: what attribution reads. */
#define TOUCH_FIELDS(F)                                                                                                \
    F(TOUCH_DEAL_ID, "deal_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_DEAL)                                              \
    F(TOUCH_CONTACT_ID, "contact_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_CONTACT)                                     \
    F(TOUCH_COMPANY_ID, "company_id", FT_REF, FF_CREATE, 0, 0, .ref = ENT_COMPANY)                                     \
    F(TOUCH_AT, "at", FT_TIME, FF_FILLED, -TIME_MOST, TIME_MOST)                                                       \
    F(TOUCH_KIND, "kind", FT_ENUM, FF_REQUIRED, 0, 4, .names = touch_kind_names, .default_json = "\"visit\"")          \
    F(TOUCH_SOURCE_ID, "source_id", FT_REF, 0, 0, 0, .ref = ENT_SOURCE)                                                \
    F(TOUCH_CAMPAIGN_ID, "campaign_id", FT_REF, 0, 0, 0, .ref = ENT_CAMPAIGN)                                          \
    F(TOUCH_UTM_SOURCE, "utm_source", FT_TEXT, 0, 1, 200)                                                              \
    F(TOUCH_UTM_MEDIUM, "utm_medium", FT_TEXT, 0, 1, 200)                                                              \
    F(TOUCH_UTM_CAMPAIGN, "utm_campaign", FT_TEXT, 0, 1, 200)                                                          \
    F(TOUCH_UTM_CONTENT, "utm_content", FT_TEXT, 0, 1, 200)                                                            \
    F(TOUCH_UTM_TERM, "utm_term", FT_TEXT, 0, 1, 200)                                                                  \
    F(TOUCH_TRACKING_NUMBER, "tracking_number", FT_TEXT, 0, 1, 40)                                                     \
    F(TOUCH_ROISTAT, "roistat", FT_TEXT, 0, 1, 100)                                                                    \
    F(TOUCH_REFERRER_ID, "referrer_id", FT_REF, 0, 0, 0, .ref = ENT_CONTACT)

/* Something the company did from a day on, to be compared with before. */
#define PROGRAMME_FIELDS(F)                                                                                            \
    F(PROGRAMME_NAME, "name", FT_TEXT, FF_REQUIRED | FF_FOLD, 1, 200)                                                  \
    F(PROGRAMME_KIND, "kind", FT_ENUM, FF_REQUIRED, 0, 5, .names = programme_kind_names, .default_json = "\"other\"")  \
    F(PROGRAMME_STARTS_ON, "starts_on", FT_DATE, FF_REQUIRED, -719162, 2932896)                                        \
    F(PROGRAMME_ENDS_ON, "ends_on", FT_DATE, 0, -719162, 2932896)                                                      \
    F(PROGRAMME_FUNNEL_ID, "funnel_id", FT_REF, 0, 0, 0, .ref = ENT_FUNNEL)                                            \
    F(PROGRAMME_TEAM_ID, "team_id", FT_REF, 0, 0, 0, .ref = ENT_TEAM)                                                  \
    F(PROGRAMME_COMMENT, "comment", FT_LONG, 0, 1, 5000)

/* What a detector noticed. mark: the same thing is found once. */
#define FINDING_FIELDS(F)                                                                                              \
    F(FINDING_DETECTOR, "detector", FT_TEXT, FF_REQUIRED | FF_SERVER, 1, 60)                                           \
    F(FINDING_MARK, "mark", FT_TEXT, FF_REQUIRED | FF_SERVER, 1, 200)                                                  \
    F(FINDING_FUNNEL_ID, "funnel_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_FUNNEL)                                      \
    F(FINDING_STAGE_ID, "stage_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_STAGE)                                         \
    F(FINDING_USER_ID, "user_id", FT_REF, FF_SERVER, 0, 0, .ref = ENT_USER)                                            \
    F(FINDING_SINCE_AT, "since_at", FT_TIME, FF_SERVER, -TIME_MOST, TIME_MOST)                                         \
    F(FINDING_FOUND_AT, "found_at", FT_TIME, FF_SERVER, -TIME_MOST, TIME_MOST)                                         \
    F(FINDING_CHANCE, "chance", FT_REAL, FF_SERVER, 0, 1)                                                              \
    F(FINDING_PARAMS, "params", FT_JSON, FF_SERVER, 0, 8000)                                                           \
    F(FINDING_PLACES, "places", FT_JSON, FF_SERVER, 0, 20000)                                                          \
    F(FINDING_NEAR, "near", FT_JSON, FF_SERVER, 0, 20000)                                                              \
    F(FINDING_STATE, "state", FT_ENUM, FF_REQUIRED, 0, 3, .names = finding_state_names, .default_json = "\"new\"")
