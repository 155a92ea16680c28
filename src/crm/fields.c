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
const char *const operation_kind_names[] = {"bulk", "import", "hand_over", "merge", "undo", NULL};
const char *const operation_state_names[] = {"waiting", "running", "done", "failed", "stopped", "undone", NULL};
const char *const verb_names[] = {"",     "created",   "updated",    "deleted",  "restored", "moved",   "passed",
                                  "done", "signed_in", "signed_out", "imported", "erased",   "invited", NULL};
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
