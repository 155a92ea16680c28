/* Nouns of insight: dashboards, plans, costs, what detectors found. */
#include "crm/schema_steps.h"

const char insight_sql[] =
    "CREATE TABLE dashboard (" HEAD "name @TEXT NOT NULL, name_fold @TEXT, sharing BIGINT NOT NULL DEFAULT 0, owner_id "
    "BIGINT, items @TEXT NOT NULL, position BIGINT NOT NULL DEFAULT 0);"
    "CREATE TABLE subscription (" HEAD
    "name @TEXT NOT NULL, name_fold @TEXT, report @TEXT NOT NULL, params @TEXT, every BIGINT NOT NULL DEFAULT 1, day "
    "BIGINT, hour BIGINT NOT NULL DEFAULT 9, owner_id BIGINT, enabled BIGINT NOT NULL DEFAULT 1, last_at BIGINT, "
    "next_at BIGINT);"
    "CREATE TABLE plan_target (" HEAD
    "measure @TEXT NOT NULL, period BIGINT NOT NULL DEFAULT 2, starts_on BIGINT NOT NULL, team_id BIGINT, user_id "
    "BIGINT, funnel_id BIGINT, product_id BIGINT, target DOUBLE PRECISION NOT NULL, currency @TEXT, parent_id BIGINT);"
    "CREATE TABLE kpi (" HEAD "name @TEXT NOT NULL, name_fold @TEXT, measure @TEXT NOT NULL, params @TEXT, better "
    "BIGINT NOT NULL DEFAULT 0, target DOUBLE PRECISION, team_id BIGINT, role_id BIGINT, "
    "position BIGINT NOT NULL DEFAULT 0, archived BIGINT NOT NULL DEFAULT 0);"
    "CREATE TABLE pay_scheme (" HEAD
    "name @TEXT NOT NULL, name_fold @TEXT, measure @TEXT NOT NULL, params @TEXT, period BIGINT NOT NULL DEFAULT 2, "
    "team_id BIGINT, role_id BIGINT, user_id BIGINT, base_minor BIGINT, currency @TEXT NOT NULL, steps @TEXT NOT NULL, "
    "starts_on BIGINT, ends_on BIGINT, enabled BIGINT NOT NULL DEFAULT 0);"
    "CREATE TABLE ad_cost (" HEAD "campaign_id BIGINT, day_on BIGINT NOT NULL, cost_minor BIGINT NOT NULL, currency "
    "@TEXT NOT NULL, impressions BIGINT, clicks BIGINT);"
    "CREATE TABLE currency_rate (" HEAD
    "currency @TEXT NOT NULL, day_on BIGINT NOT NULL, rate DOUBLE PRECISION NOT NULL);"
    "CREATE TABLE touch (" HEAD
    "deal_id BIGINT, contact_id BIGINT, company_id BIGINT, at BIGINT, kind BIGINT NOT NULL DEFAULT 0, source_id "
    "BIGINT, campaign_id BIGINT, utm_source @TEXT, utm_medium @TEXT, utm_campaign @TEXT, utm_content @TEXT, utm_term "
    "@TEXT, tracking_number @TEXT, roistat @TEXT, referrer_id BIGINT);"
    "CREATE TABLE programme (" HEAD "name @TEXT NOT NULL, name_fold @TEXT, kind BIGINT NOT NULL DEFAULT 5, starts_on "
    "BIGINT NOT NULL, ends_on BIGINT, funnel_id BIGINT, team_id BIGINT, comment @TEXT);"
    "CREATE TABLE finding (" HEAD "detector @TEXT NOT NULL, mark @TEXT NOT NULL, funnel_id BIGINT, stage_id BIGINT, "
    "user_id BIGINT, since_at BIGINT, found_at BIGINT, chance DOUBLE PRECISION, params "
    "@TEXT, places @TEXT, near @TEXT, state BIGINT NOT NULL DEFAULT 0);"
    "CREATE TABLE insight_watch (id BIGINT NOT NULL PRIMARY KEY, day BIGINT NOT NULL);"
    "CREATE INDEX plan_when ON plan_target (starts_on);"
    "CREATE UNIQUE INDEX ad_cost_once ON ad_cost (campaign_id, day_on) WHERE deleted_at IS NULL;"
    "CREATE UNIQUE INDEX currency_rate_once ON currency_rate (currency, day_on) WHERE deleted_at IS NULL;"
    "CREATE INDEX touch_deal ON touch (deal_id) WHERE deal_id IS NOT NULL;"
    "CREATE INDEX touch_contact ON touch (contact_id) WHERE contact_id IS NOT NULL;"
    "CREATE UNIQUE INDEX finding_mark ON finding (mark);"
    "CREATE INDEX subscription_next ON subscription (next_at) WHERE next_at IS NOT NULL;";

/* A subscription that comes by mail: 1, as a letter. */
const char mail_sql[] = "ALTER TABLE subscription ADD COLUMN mail BIGINT NOT NULL DEFAULT 1;";
/* Letters are few among the calls of webhooks of a week, which may be a million. */
const char letters_sql[] = "CREATE INDEX outbox_mail ON outbox (topic, id) WHERE topic = 'mail';";
/* Which notifications come to somebody as letters; up to which one theirs have been looked at; user_id 0: when
 * the mail server was set. */
const char notice_letters_sql[] = "ALTER TABLE users ADD COLUMN letters @TEXT;"
                                  "CREATE TABLE letter_mark (user_id BIGINT PRIMARY KEY, upto BIGINT NOT NULL);";
