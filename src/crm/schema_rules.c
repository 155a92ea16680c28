/* What the engine of triggers keeps beside the definitions: their states, runs, timers, whose turn it is. */
#include "crm/schema_steps.h"

const char rules_sql[] =
    /* A new random number with every change of what is in force, so that each writer knows when to read it again. */
    "CREATE TABLE rules_stamp (id BIGINT PRIMARY KEY, stamp BIGINT NOT NULL);"
    "INSERT INTO rules_stamp (id, stamp) VALUES (1, 0);"
    /* Every state of a trigger or a goal (object_kind), as JSON. */
    "CREATE TABLE trigger_version (object_kind BIGINT NOT NULL, object_id BIGINT NOT NULL, version BIGINT NOT NULL,"
    " at BIGINT NOT NULL, actor_id BIGINT NOT NULL, definition @TEXT NOT NULL,"
    " PRIMARY KEY (object_kind, object_id, version));"
    /* rule_kind and rule_id: the trigger or goal. conditions: [{text, value, met}], actions: [{i, do, seq, last,
       note}], error: {code, field, args}. */
    "CREATE TABLE trigger_run (id @ID, rule_kind BIGINT NOT NULL, rule_id BIGINT NOT NULL, version BIGINT NOT NULL,"
    " at BIGINT NOT NULL, cause BIGINT NOT NULL, object_kind BIGINT NOT NULL, object_id BIGINT NOT NULL,"
    " deal_id BIGINT, first_seq BIGINT, last_seq BIGINT, change_id BIGINT NOT NULL, state BIGINT NOT NULL,"
    " error @TEXT, depth BIGINT NOT NULL, conditions @TEXT, actions @TEXT);"
    "CREATE INDEX trigger_run_rule ON trigger_run (rule_kind, rule_id, id);"
    "CREATE INDEX trigger_run_deal ON trigger_run (deal_id, id) WHERE deal_id IS NOT NULL;"
    "CREATE INDEX trigger_run_seq ON trigger_run (first_seq) WHERE first_seq IS NOT NULL;"
    "CREATE INDEX trigger_run_at ON trigger_run (at);"
    /* anchor: the moment it counts from; cause: the event that planned it; attempt: of a run to be tried again. */
    "CREATE TABLE timer (id @ID, trigger_id BIGINT NOT NULL, object_id BIGINT NOT NULL, due_at BIGINT NOT NULL,"
    " anchor BIGINT NOT NULL, cause BIGINT NOT NULL, attempt BIGINT NOT NULL DEFAULT 0);"
    "CREATE UNIQUE INDEX timer_once ON timer (trigger_id, object_id);"
    "CREATE INDEX timer_due ON timer (due_at, id);"
    "CREATE INDEX timer_object ON timer (object_id);"
    /* Whose turn was last, for each action that takes people in turn. */
    "CREATE TABLE pick_turn (rule_kind BIGINT NOT NULL, rule_id BIGINT NOT NULL, action BIGINT NOT NULL,"
    " user_id BIGINT NOT NULL, PRIMARY KEY (rule_kind, rule_id, action));"
    /* How many deals of whom passed a stage within a year, of those decided there: made again when it is old. */
    "CREATE TABLE stage_skill (stage_id BIGINT NOT NULL, user_id BIGINT NOT NULL, passed BIGINT NOT NULL,"
    " decided BIGINT NOT NULL, made_at BIGINT NOT NULL, PRIMARY KEY (stage_id, user_id));"
    /* Of triggers that others set off by POST /api/hooks/{token}. */
    "CREATE TABLE hook_token (trigger_id BIGINT PRIMARY KEY, token_hash @TEXT NOT NULL, created_at BIGINT NOT NULL);"
    "CREATE UNIQUE INDEX hook_token_hash ON hook_token (token_hash);";
