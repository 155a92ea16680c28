/* Tables of people, fields, views, files and long operations; see schema_sql.c for the rules. */
#include "crm/schema_steps.h"

const char people_sql[] =
    "ALTER TABLE users ADD COLUMN team_id BIGINT;"
    "ALTER TABLE users ADD COLUMN role_id BIGINT;"
    "ALTER TABLE users ADD COLUMN job_title @TEXT;"
    "ALTER TABLE users ADD COLUMN phone @TEXT;"
    "ALTER TABLE users ADD COLUMN totp BIGINT NOT NULL DEFAULT 0;"

    "CREATE TABLE team (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, head_id BIGINT, parent_id BIGINT);"
    "CREATE UNIQUE INDEX team_name_unique ON team (name_fold) WHERE deleted_at IS NULL;"

    "CREATE TABLE role (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, base BIGINT NOT NULL,"
    " builtin BIGINT NOT NULL, rights @TEXT, position BIGINT NOT NULL);"
    "CREATE UNIQUE INDEX role_name_unique ON role (name_fold) WHERE deleted_at IS NULL;"

    "CREATE TABLE deal_member (" HEAD "deal_id BIGINT NOT NULL, user_id BIGINT NOT NULL, part @TEXT);"
    "CREATE UNIQUE INDEX deal_member_unique ON deal_member (user_id, deal_id) WHERE deleted_at IS NULL;"
    "CREATE INDEX deal_member_deal ON deal_member (deal_id);"

    "CREATE TABLE custom_field (" HEAD "object BIGINT NOT NULL, label @TEXT NOT NULL, label_fold @TEXT NOT NULL,"
    " type BIGINT NOT NULL, required BIGINT NOT NULL, help @TEXT, position BIGINT NOT NULL);"
    "CREATE UNIQUE INDEX custom_field_label_unique ON custom_field (object, label_fold) WHERE deleted_at IS NULL;"

    "CREATE TABLE field_option (" HEAD "custom_field_id BIGINT NOT NULL, name @TEXT NOT NULL,"
    " name_fold @TEXT NOT NULL, colour @TEXT, position BIGINT NOT NULL, archived BIGINT NOT NULL);"
    "CREATE UNIQUE INDEX field_option_unique ON field_option (custom_field_id, name_fold) WHERE deleted_at IS NULL;"

    "CREATE TABLE layout (" HEAD "object BIGINT NOT NULL, funnel_id BIGINT, groups @TEXT NOT NULL);"

    "CREATE TABLE view (" HEAD "object @TEXT NOT NULL, name @TEXT NOT NULL, name_fold @TEXT NOT NULL,"
    " sharing BIGINT NOT NULL, owner_id BIGINT, query @TEXT NOT NULL, position BIGINT NOT NULL);"

    "CREATE TABLE contact_point (" HEAD "contact_id BIGINT, company_id BIGINT, kind BIGINT NOT NULL,"
    " value @TEXT NOT NULL, value_fold @TEXT NOT NULL, label @TEXT, normal @TEXT);"
    "CREATE INDEX contact_point_contact ON contact_point (contact_id) WHERE contact_id IS NOT NULL;"
    "CREATE INDEX contact_point_company ON contact_point (company_id) WHERE company_id IS NOT NULL;"
    "CREATE INDEX contact_point_normal ON contact_point (normal) WHERE normal IS NOT NULL;"

    "CREATE TABLE file (" HEAD "name @TEXT NOT NULL, name_fold @TEXT NOT NULL, type @TEXT NOT NULL,"
    " size BIGINT NOT NULL, sha256 @TEXT NOT NULL, deal_id BIGINT, contact_id BIGINT, company_id BIGINT,"
    " author_id BIGINT);"
    "CREATE INDEX file_deal ON file (deal_id) WHERE deal_id IS NOT NULL;"
    "CREATE INDEX file_contact ON file (contact_id) WHERE contact_id IS NOT NULL;"
    "CREATE INDEX file_company ON file (company_id) WHERE company_id IS NOT NULL;"
    "CREATE INDEX file_sha256 ON file (sha256);"

    "CREATE TABLE operation (" HEAD "kind BIGINT NOT NULL, state BIGINT NOT NULL, object @TEXT, title @TEXT,"
    " owner_id BIGINT, total BIGINT NOT NULL, done_count BIGINT NOT NULL, failed_count BIGINT NOT NULL,"
    " of_change BIGINT, undoes_id BIGINT, plan @TEXT, outcome @TEXT, started_at BIGINT, finished_at BIGINT);"

    "CREATE TABLE notification (" HEAD "user_id BIGINT NOT NULL, kind @TEXT NOT NULL, object @TEXT,"
    " object_id BIGINT, params @TEXT, read_at BIGINT);"
    "CREATE INDEX notification_user ON notification (user_id, id);";
