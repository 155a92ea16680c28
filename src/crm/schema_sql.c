/* The tables of the nouns. A published step is never edited: changes are new steps at the end of the list.
 * Text columns compare by bytes; NAME_fold holds str_fold of the value. Booleans and enums are BIGINT. */
#include "crm/crm.h"
#include "crm/schema_steps.h"

#define LINK(table)                                                                                                    \
    "CREATE TABLE " table " (owner_id BIGINT NOT NULL, ref_id BIGINT NOT NULL, PRIMARY KEY (owner_id, ref_id));"       \
    "CREATE INDEX " table "_ref ON " table " (ref_id);"

static const char nouns_sql[] =
    "CREATE TABLE funnel (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, kind BIGINT NOT NULL,"
    " position BIGINT NOT NULL, currency @TEXT NOT NULL, archived BIGINT NOT NULL, definition_version BIGINT NOT NULL);"
    "CREATE UNIQUE INDEX funnel_name_unique ON funnel (name_fold) WHERE deleted_at IS NULL;"

    "CREATE TABLE stage (" HEAD "funnel_id BIGINT NOT NULL, name @TEXT NOT NULL, name_fold @TEXT NOT NULL,"
    " position BIGINT NOT NULL, colour @TEXT, phase @TEXT, norm_days BIGINT, outcome BIGINT NOT NULL,"
    " probability BIGINT, archived BIGINT NOT NULL);"
    "CREATE INDEX stage_funnel ON stage (funnel_id);"

    "CREATE TABLE funnel_version (funnel_id BIGINT NOT NULL, version BIGINT NOT NULL, at BIGINT NOT NULL,"
    " actor_id BIGINT NOT NULL, change_id BIGINT NOT NULL, definition @TEXT NOT NULL, PRIMARY KEY (funnel_id, "
    "version));"
    "CREATE UNIQUE INDEX funnel_version_change ON funnel_version (funnel_id, change_id);"

    "CREATE TABLE deal (" HEAD "title @TEXT NOT NULL, title_fold @TEXT NOT NULL, funnel_id BIGINT NOT NULL,"
    " stage_id BIGINT NOT NULL, status BIGINT NOT NULL, value_minor BIGINT, cost_minor BIGINT, currency @TEXT NOT NULL,"
    " owner_id BIGINT, contact_id BIGINT, company_id BIGINT, expected_close_on BIGINT, probability BIGINT,"
    " deal_class_id BIGINT, source_id BIGINT, campaign_id BIGINT, utm_source @TEXT, utm_medium @TEXT,"
    " utm_campaign @TEXT, utm_content @TEXT, utm_term @TEXT, loss_reason_id BIGINT, loss_comment @TEXT,"
    " rank DOUBLE PRECISION NOT NULL, closed_at BIGINT, stage_entered_at BIGINT NOT NULL, next_task_at BIGINT,"
    " open_tasks BIGINT NOT NULL);"
    /* The board of a funnel and the totals of its stages, without touching the table for the latter. */
    "CREATE INDEX deal_funnel ON deal (funnel_id, status, stage_id, value_minor) WHERE deleted_at IS NULL;"
    "CREATE INDEX deal_owner ON deal (owner_id, status);"
    "CREATE INDEX deal_contact_one ON deal (contact_id) WHERE contact_id IS NOT NULL;"
    "CREATE INDEX deal_company ON deal (company_id) WHERE company_id IS NOT NULL;" LINK("deal_contact") LINK("deal_tag")

        "CREATE TABLE contact (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, phone @TEXT, email @TEXT,"
        " position @TEXT, company_id BIGINT, owner_id BIGINT, comment @TEXT, comment_fold @TEXT);"
        "CREATE INDEX contact_phone ON contact (phone) WHERE phone IS NOT NULL;"
        "CREATE INDEX contact_email ON contact (email) WHERE email IS NOT NULL;"
        "CREATE INDEX contact_company ON contact (company_id) WHERE company_id IS NOT NULL;"
        "CREATE INDEX contact_name ON contact (name_fold);" LINK("contact_tag")

            "CREATE TABLE company (" HEAD
            "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, inn @TEXT, kpp @TEXT, phone @TEXT,"
            " email @TEXT, website @TEXT, address @TEXT, address_fold @TEXT, country @TEXT, industry @TEXT,"
            " industry_fold @TEXT, owner_id BIGINT, comment @TEXT, comment_fold @TEXT);"
            "CREATE INDEX company_inn ON company (inn) WHERE inn IS NOT NULL;"
            "CREATE INDEX company_name ON company (name_fold);" LINK("company_tag")

                "CREATE TABLE task (" HEAD
                "title @TEXT NOT NULL, title_fold @TEXT NOT NULL, deal_id BIGINT, contact_id BIGINT,"
                " company_id BIGINT, owner_id BIGINT, due_at BIGINT, kind BIGINT NOT NULL, done BIGINT NOT NULL, "
                "result @TEXT,"
                " result_fold @TEXT, done_at BIGINT, done_by BIGINT);"
                "CREATE INDEX task_deal ON task (deal_id) WHERE deal_id IS NOT NULL;"
                "CREATE INDEX task_owner ON task (owner_id, done, due_at);"

                "CREATE TABLE note (" HEAD
                "text @TEXT NOT NULL, text_fold @TEXT NOT NULL, deal_id BIGINT, contact_id BIGINT,"
                " company_id BIGINT, pinned BIGINT NOT NULL, author_id BIGINT);"
                "CREATE INDEX note_deal ON note (deal_id) WHERE deal_id IS NOT NULL;"
                "CREATE INDEX note_contact ON note (contact_id) WHERE contact_id IS NOT NULL;"
                "CREATE INDEX note_company ON note (company_id) WHERE company_id IS NOT NULL;"

                "CREATE TABLE product (" HEAD
                "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, sku @TEXT, price_minor BIGINT,"
                " currency @TEXT NOT NULL, active BIGINT NOT NULL);"

                "CREATE TABLE deal_product (" HEAD "deal_id BIGINT NOT NULL, product_id BIGINT NOT NULL,"
                " quantity DOUBLE PRECISION NOT NULL, price_minor BIGINT NOT NULL, discount_percent DOUBLE PRECISION "
                "NOT NULL,"
                " sum_minor BIGINT NOT NULL);"
                "CREATE INDEX deal_product_deal ON deal_product (deal_id);"

                "CREATE TABLE tag (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, colour @TEXT);"
                "CREATE UNIQUE INDEX tag_name_unique ON tag (name_fold) WHERE deleted_at IS NULL;"

                "CREATE TABLE source (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, position BIGINT NOT NULL,"
                " archived BIGINT NOT NULL);"
                "CREATE UNIQUE INDEX source_name_unique ON source (name_fold) WHERE deleted_at IS NULL;"

                "CREATE TABLE campaign (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, source_id BIGINT,"
                " utm_campaign @TEXT, cost_minor BIGINT, currency @TEXT NOT NULL, starts_on BIGINT, ends_on BIGINT);"

                "CREATE TABLE loss_reason (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, funnel_id BIGINT,"
                " position BIGINT NOT NULL, archived BIGINT NOT NULL);"

                "CREATE TABLE deal_class (" HEAD
                "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, position BIGINT NOT NULL);"

                "CREATE TABLE users (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, email @TEXT NOT NULL,"
                " email_fold @TEXT NOT NULL, role BIGINT NOT NULL, locale BIGINT NOT NULL, active BIGINT NOT NULL,"
                " password_hash @TEXT);"
                "CREATE UNIQUE INDEX users_email_unique ON users (email_fold) WHERE deleted_at IS NULL;"

                /* Sessions of browsers (is_token 0, they end by themselves) and API tokens (is_token 1); only hashes of
                   the tokens. */
                "CREATE TABLE session (id @ID, user_id BIGINT NOT NULL, token_hash @TEXT NOT NULL, is_token BIGINT NOT "
                "NULL,"
                " name @TEXT, created_at BIGINT NOT NULL, expires_at BIGINT, ended_at BIGINT);"
                "CREATE UNIQUE INDEX session_token ON session (token_hash);"
                "CREATE INDEX session_owner ON session (user_id);"

                "CREATE TABLE setting (key @TEXT PRIMARY KEY, value @TEXT NOT NULL);"

                "CREATE TABLE webhook (" HEAD
                "url @TEXT NOT NULL, kinds @TEXT NOT NULL, secret @TEXT, active BIGINT NOT NULL);";

/* The cards of contacts and companies list their tasks. */
static const char task_people_sql[] = "CREATE INDEX task_contact ON task (contact_id) WHERE contact_id IS NOT NULL;"
                                      "CREATE INDEX task_company ON task (company_id) WHERE company_id IS NOT NULL;";

/* How the deliveries of a webhook go. Of each target only the oldest row that waits is looked for; rows that were given
 * up have next_at at the end of time. */
static const char webhook_state_sql[] =
    "ALTER TABLE webhook ADD COLUMN last_sent_at BIGINT;"
    "ALTER TABLE webhook ADD COLUMN last_error @TEXT;"
    "ALTER TABLE webhook ADD COLUMN last_error_detail @TEXT;"
    "ALTER TABLE webhook ADD COLUMN last_error_at BIGINT;"
    "ALTER TABLE webhook ADD COLUMN given_up BIGINT NOT NULL DEFAULT 0;"
    "DROP INDEX outbox_waiting;"
    "CREATE INDEX outbox_line ON outbox (topic, target, id) WHERE sent_at IS NULL AND next_at < 253402300799999;"
    "CREATE INDEX outbox_age ON outbox (created_at);";

const struct migration crm_migrations[] = {
    {"0001_store", store_schema_sql},
    {"0002_nouns", nouns_sql},
    {"0003_task_people", task_people_sql},
    {"0004_webhook_state", webhook_state_sql},
    {"0005_people", people_sql},
    {"0006_rights", rights_sql_step},
    {"0007_contacts", contacts_sql, contacts_backfill},
    {"0009_lists", lists_sql},
    {"0010_discipline", discipline_sql},
    {"0011_rules", rules_sql},
    {"0013_clients", clients_sql, clients_backfill},
    {"0012_tasks", tasks_sql, tasks_backfill},
    {"0014_gates", gates_sql},
    {"0016_replay", replay_sql},
    {"0017_insight", insight_sql},
    {"0018_messages", messages_sql},
    {"0019_mail", mail_sql},
    {"0020_letters", letters_sql},
    {"0021_notice_letters", notice_letters_sql},
};
const size_t crm_migrations_n = sizeof crm_migrations / sizeof crm_migrations[0];
