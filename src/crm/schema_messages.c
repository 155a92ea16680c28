/* A note that has come from a client or gone to one says by what way. */
#include "crm/schema_steps.h"

const char messages_sql[] = "ALTER TABLE note ADD COLUMN channel BIGINT;"
                            "ALTER TABLE note ADD COLUMN direction BIGINT;";
