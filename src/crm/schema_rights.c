/* What rights need: why an owner changed, and lists of one's own in the orders that are asked for most. */
#include "crm/schema_steps.h"

const char rights_sql_step[] =
    "ALTER TABLE deal ADD COLUMN owner_reason @TEXT;"
    "ALTER TABLE contact ADD COLUMN owner_reason @TEXT;"
    "ALTER TABLE company ADD COLUMN owner_reason @TEXT;"
    "CREATE INDEX deal_owner_id ON deal (owner_id, id) WHERE deleted_at IS NULL;"
    "CREATE INDEX deal_owner_value ON deal (owner_id, value_minor, id) WHERE deleted_at IS NULL;"
    "CREATE INDEX deal_owner_created ON deal (owner_id, created_at, id) WHERE deleted_at IS NULL;"
    "CREATE INDEX deal_created ON deal (created_at, id) WHERE deleted_at IS NULL;"
    "CREATE INDEX deal_value ON deal (value_minor, id) WHERE deleted_at IS NULL;"
    "CREATE INDEX deal_owner_close ON deal (owner_id, expected_close_on, id) WHERE deleted_at IS NULL;"
    "CREATE INDEX contact_owner ON contact (owner_id, id) WHERE deleted_at IS NULL;"
    "CREATE INDEX company_owner ON company (owner_id, id) WHERE deleted_at IS NULL;"
    "CREATE INDEX users_team ON users (team_id) WHERE team_id IS NOT NULL;";
