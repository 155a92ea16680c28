/* The entity table: one row a noun, made from fields.h and hooks.h. */
#include "crm/fields.h"
#include "crm/entities_impl.h"
#include "crm/hooks.h"

const char *const funnel_kind_names[] = {"inbound", "outreach", "renewal", "return", "other", NULL};
const char *const task_kind_names[] = {"call", "meeting", "mail", "todo", NULL};
const char *const deal_status_names[] = {"open", "won", "lost", NULL};
const char *const locale_names[] = {"ru", "en", NULL};
const char *const role_names[] = {"admin", "head", "seller", "observer", NULL};
const char *const custom_type_names[] = {"text",       "long", "number", "money", "date", "time", "bool", "one_of",
                                         "several_of", "url",  "phone",  "email", "user", "file", NULL};
const char *const custom_object_names[] = {"deal", "contact", "company", "task", NULL};
const char *const sharing_names[] = {"mine", "team", "everyone", NULL};
const char *const consent_names[] = {"unknown", "given", "withdrawn", NULL};
const char *const point_kind_names[] = {"phone", "email", "messenger", "address", "site", NULL};
const char *const operation_kind_names[] = {"bulk",    "import", "hand_over", "merge", "undo",
                                            "trigger", "remap",  "take_back", NULL};
const char *const operation_state_names[] = {"waiting", "running", "done", "failed", "stopped", "undone", NULL};
const char *const task_rule_names[] = {"off", "warn", "create", "refuse", NULL};
const char *const loss_class_names[] = {"decision", "timeout", NULL};
const char *const priority_names[] = {"normal", "high", "urgent", NULL};
const char *const tag_kind_names[] = {"other", "product", "source", "deal", "client", NULL};
const char *const artefact_names[] = {"other", "offer", "specification", "contract", "invoice", "demo", NULL};
const char *const gate_kind_names[] = {"field", "check", "artefact", "goal", "coverage", "waiting", NULL};
const char *const gate_at_names[] = {"enter", "leave", NULL};
const char *const goal_kind_names[] = {"positive", "refusal", "deferral", NULL};
const char *const buyer_role_names[] = {"decides", "approves", "influences", "uses", NULL};
const char *const attitude_names[] = {"unknown", "against", "neutral", "favours", NULL};
const char *const every_names[] = {"day", "week", "month", NULL};
const char *const subscription_mail_names[] = {"none", "letter", "pdf", "xlsx", NULL};
const char *const period_names[] = {"day", "week", "month", "quarter", "year", NULL};
const char *const better_names[] = {"more", "less", NULL};
const char *const channel_names[] = {"call", "mail", "messenger", "sms", "site", NULL};
const char *const direction_names[] = {"in", "out", NULL};
const char *const touch_kind_names[] = {"visit", "utm", "call", "roistat", "referral", NULL};
const char *const programme_kind_names[] = {"training", "rules", "people", "product", "marketing", "other", NULL};
const char *const finding_state_names[] = {"new", "seen", "acted", "false_alarm", NULL};
const char *const classifier_kind_names[] = {"development", "depth",      "reaction", "loyalty",
                                             "prospect",    "importance", NULL};
const char *const verb_names[] = {"",        "created", "updated",    "deleted",    "restored", "moved",
                                  "passed",  "done",    "signed_in",  "signed_out", "imported", "erased",
                                  "invited", "reached", "overridden", "published",  NULL};
const char *const via_names[] = {"",    "ui",   "api",     "import", "trigger", "process",
                                 "cli", "undo", "channel", "demo",   NULL};

#define FIELD_ROW_(index, name_, type_, flags_, min_, max_, ...)                                                       \
    [index] = {.name = name_, .type = type_, .flags = flags_, .min = min_, .max = max_, __VA_ARGS__},
#define NOUN_FIELDS_(NOUN, name, plural, table, low)                                                                   \
    static const struct field low##_fields[] = {NOUN##_FIELDS(FIELD_ROW_)};
CRM_NOUNS(NOUN_FIELDS_)

#define NOUN_ROW_(NOUN, name, plural, table, low)                                                                      \
    [ENT_##NOUN] = {ENT_##NOUN, name, plural, table, low##_fields, NOUN##_N_FIELDS, HOOKS_##low, NULL},
const struct entity entities_builtin[ENT_END] = {CRM_NOUNS(NOUN_ROW_)};

/* Names of objects without a field table, which events may be about. */
const char *entity_kind_name(int kind)
{
    const struct entity *ent = entity_by_id((enum entity_id)kind);
    if (ent)
        return ent->name;
    switch (kind) {
    case ENT_SESSION:
        return "session";
    case ENT_TOKEN:
        return "token";
    case ENT_IMPORT:
        return "import";
    case ENT_SETTING:
        return "setting";
    default:
        return "unknown";
    }
}
