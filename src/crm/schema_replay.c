/* The runs of a trigger in the order of what they did, for taking them back. */
#include "crm/schema_steps.h"

const char replay_sql[] = "CREATE INDEX trigger_run_span ON trigger_run (rule_kind, rule_id, first_seq);";
