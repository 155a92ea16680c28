/* What the fields of nouns that are chosen from a few values may be: the enums, and their names in JSON,
 * NULL-terminated, in order. Kept in the database as numbers, which never change. */
#pragma once

enum funnel_kind { FUNNEL_INBOUND, FUNNEL_OUTREACH, FUNNEL_RENEWAL, FUNNEL_RETURN, FUNNEL_OTHER };
enum task_kind { TASK_CALL, TASK_MEETING, TASK_MAIL, TASK_TODO };
extern const char *const funnel_kind_names[]; /* NULL-terminated, in order of the enums */
extern const char *const task_kind_names[];
extern const char *const deal_status_names[];
extern const char *const locale_names[]; /* "ru", "en" */
/* What a custom field may be; see custom_field.h for the field_type of each. */
enum custom_type {
    CUSTOM_TEXT,
    CUSTOM_LONG,
    CUSTOM_NUMBER,
    CUSTOM_MONEY,
    CUSTOM_DATE,
    CUSTOM_TIME,
    CUSTOM_BOOL,
    CUSTOM_ONE_OF,
    CUSTOM_SEVERAL_OF,
    CUSTOM_URL,
    CUSTOM_PHONE,
    CUSTOM_EMAIL,
    CUSTOM_USER,
    CUSTOM_FILE
};
extern const char *const custom_type_names[];
/* What custom fields and layouts are of. */
enum custom_object { CUSTOM_OF_DEAL, CUSTOM_OF_CONTACT, CUSTOM_OF_COMPANY, CUSTOM_OF_TASK };
extern const char *const custom_object_names[];
enum sharing { SHARED_MINE, SHARED_TEAM, SHARED_EVERYONE };
extern const char *const sharing_names[];
enum consent { CONSENT_UNKNOWN, CONSENT_GIVEN, CONSENT_WITHDRAWN };
extern const char *const consent_names[];
enum point_kind { POINT_PHONE, POINT_EMAIL, POINT_MESSENGER, POINT_ADDRESS, POINT_SITE };
extern const char *const point_kind_names[];
enum operation_kind {
    OPERATION_BULK,
    OPERATION_IMPORT,
    OPERATION_HAND_OVER,
    OPERATION_MERGE,
    OPERATION_UNDO,
    OPERATION_TRIGGER,  /* a trigger for the cards that wait already */
    OPERATION_REMAP,    /* deals of a stage that was merged or split go to others */
    OPERATION_TAKE_BACK /* what a trigger has done in a period */
};
extern const char *const operation_kind_names[];
enum operation_state {
    OPERATION_WAITING,
    OPERATION_RUNNING,
    OPERATION_DONE,
    OPERATION_FAILED,
    OPERATION_STOPPED,
    OPERATION_UNDONE
};
extern const char *const operation_state_names[];

enum task_rule { TASK_RULE_OFF, TASK_RULE_WARN, TASK_RULE_CREATE, TASK_RULE_REFUSE };
enum loss_class { LOSS_DECISION, LOSS_TIMEOUT };
enum priority { PRIORITY_NORMAL, PRIORITY_HIGH, PRIORITY_URGENT };
enum tag_kind { TAG_OTHER, TAG_PRODUCT, TAG_SOURCE, TAG_DEAL, TAG_CLIENT };
enum artefact {
    ARTEFACT_OTHER,
    ARTEFACT_OFFER,
    ARTEFACT_SPECIFICATION,
    ARTEFACT_CONTRACT,
    ARTEFACT_INVOICE,
    ARTEFACT_DEMO
};
enum gate_kind { GATE_OF_FIELD, GATE_OF_CHECK, GATE_OF_ARTEFACT, GATE_OF_GOAL, GATE_OF_COVERAGE, GATE_OF_WAITING };
enum gate_at { GATE_ENTER, GATE_LEAVE };
enum goal_kind { GOAL_POSITIVE, GOAL_REFUSAL, GOAL_DEFERRAL };
enum buyer_role { BUYER_DECIDES, BUYER_APPROVES, BUYER_INFLUENCES, BUYER_USES };
enum attitude { ATTITUDE_UNKNOWN, ATTITUDE_AGAINST, ATTITUDE_NEUTRAL, ATTITUDE_FAVOURS };
enum classifier_kind {
    CLASSIFIER_DEVELOPMENT,
    CLASSIFIER_DEPTH,
    CLASSIFIER_REACTION,
    CLASSIFIER_LOYALTY,
    CLASSIFIER_PROSPECT,
    CLASSIFIER_IMPORTANCE
};
extern const char *const task_rule_names[];
extern const char *const loss_class_names[];
extern const char *const priority_names[];
extern const char *const tag_kind_names[];
extern const char *const artefact_names[];
extern const char *const gate_kind_names[];
extern const char *const gate_at_names[];
extern const char *const goal_kind_names[];
extern const char *const buyer_role_names[];
extern const char *const attitude_names[];
extern const char *const classifier_kind_names[];

enum every { EVERY_DAY, EVERY_WEEK, EVERY_MONTH };
enum subscription_mail { SUBSCRIPTION_NOT_MAILED, SUBSCRIPTION_BY_LETTER, SUBSCRIPTION_AS_PDF, SUBSCRIPTION_AS_XLSX };
enum period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_QUARTER, PERIOD_YEAR };
enum better { BETTER_MORE, BETTER_LESS };
enum touch_kind { TOUCH_OF_VISIT, TOUCH_OF_UTM, TOUCH_OF_CALL, TOUCH_OF_ROISTAT, TOUCH_OF_REFERRAL };
enum programme_kind {
    PROGRAMME_TRAINING,
    PROGRAMME_RULES,
    PROGRAMME_PEOPLE,
    PROGRAMME_PRODUCT,
    PROGRAMME_MARKETING,
    PROGRAMME_OTHER
};
enum finding_state { FINDING_NEW, FINDING_SEEN, FINDING_ACTED, FINDING_FALSE };
enum message_channel { CHANNEL_CALL, CHANNEL_MAIL, CHANNEL_MESSENGER, CHANNEL_SMS, CHANNEL_SITE };
enum message_direction { DIRECTION_IN, DIRECTION_OUT };
extern const char *const channel_names[];
extern const char *const direction_names[];
extern const char *const every_names[];
extern const char *const subscription_mail_names[];
extern const char *const period_names[];
extern const char *const better_names[];
extern const char *const touch_kind_names[];
extern const char *const programme_kind_names[];
extern const char *const finding_state_names[];
