/* The nouns as data. A row of a field table drives JSON in and out, lists, filters, sums, history, undo, OpenAPI and
 * the TypeScript types; adding a field is one X-macro row and one migration. */
#pragma once
#include "base/json.h"
#include "store/journal.h"

enum entity_id { /* stored in the journal: numbers never change */
                 ENT_NONE = 0,
                 ENT_FUNNEL = 1,
                 ENT_STAGE = 2,
                 ENT_DEAL = 3,
                 ENT_CONTACT = 4,
                 ENT_COMPANY = 5,
                 ENT_TASK = 6,
                 ENT_NOTE = 7,
                 ENT_PRODUCT = 8,
                 ENT_DEAL_PRODUCT = 9,
                 ENT_TAG = 10,
                 ENT_SOURCE = 11,
                 ENT_CAMPAIGN = 12,
                 ENT_LOSS_REASON = 13,
                 ENT_DEAL_CLASS = 14,
                 ENT_USER = 15,
                 ENT_SESSION = 16,
                 ENT_TOKEN = 17,
                 ENT_IMPORT = 18,
                 ENT_SETTING = 19,
                 ENT_WEBHOOK = 20,
                 ENT_TEAM = 21,
                 ENT_ROLE = 22,
                 ENT_DEAL_MEMBER = 23,
                 ENT_CUSTOM_FIELD = 24,
                 ENT_FIELD_OPTION = 25,
                 ENT_LAYOUT = 26,
                 ENT_VIEW = 27,
                 ENT_CONTACT_POINT = 28,
                 ENT_FILE = 29,
                 ENT_OPERATION = 30,
                 ENT_NOTIFICATION = 31,
                 ENT_GATE = 32,
                 ENT_GOAL = 33,
                 ENT_TRIGGER = 34,
                 ENT_BUYER = 35,
                 ENT_CLASSIFIER = 36,
                 ENT_COMPETITOR = 37,
                 ENT_COMPETITOR_OFFER = 38,
                 ENT_WAIT = 39,
                 ENT_INVOLVEMENT = 40,
                 ENT_FUNNEL_DRAFT = 41,
                 ENT_REGULATION_READ = 42,
                 ENT_REVIEW = 43,
                 ENT_REVIEW_ITEM = 44,
                 ENT_DASHBOARD = 45,
                 ENT_SUBSCRIPTION = 46,
                 ENT_PLAN = 47,
                 ENT_KPI = 48,
                 ENT_PAY_SCHEME = 49,
                 ENT_AD_COST = 50,
                 ENT_CURRENCY_RATE = 51,
                 ENT_TOUCH = 52,
                 ENT_PROGRAMME = 53,
                 ENT_FINDING = 54,
                 ENT_END
};
enum verb { /* stored in the journal */
            VERB_CREATED = 1,
            VERB_UPDATED = 2,
            VERB_DELETED = 3,
            VERB_RESTORED = 4,
            VERB_MOVED = 5,  /* deal: stage_id changed (data also holds status, closed_at when they changed) */
            VERB_PASSED = 6, /* deal: a stage seen in imported history after the deal was closed; the deal itself did
                                not change */
            VERB_DONE = 7,   /* task: done became true */
            VERB_SIGNED_IN = 8,
            VERB_SIGNED_OUT = 9,
            VERB_IMPORTED = 10,
            VERB_INVITED = 12,    /* user: a link to set a password was made */
            VERB_REACHED = 13,    /* deal: a goal; data {"goal_id":5} */
            VERB_OVERRIDDEN = 14, /* deal: a rule was set aside; data {"reason","stage_id","missing":[...]} */
            VERB_PUBLISHED = 15,  /* funnel: a draft came into force; data {"version","draft_id"} */
            VERB_ERASED = 11,     /* personal data are gone from the row and from its older events: crm/personal.h */
};
enum via {
    VIA_UI = 1,
    VIA_API = 2,
    VIA_IMPORT = 3,
    VIA_TRIGGER = 4,
    VIA_PROCESS = 5,
    VIA_CLI = 6,
    VIA_UNDO = 7,
    VIA_CHANNEL = 8,
    VIA_DEMO = 9
};

/* Their names in JSON, by number, NULL-terminated: an event's kind is "deal.moved". */
extern const char *const verb_names[], *const via_names[];
const char *entity_kind_name(int kind); /* "deal", "session" ... of what an event is about */

enum deal_status {
    DEAL_OPEN = 0,
    DEAL_WON = 1,
    DEAL_LOST = 2
}; /* also stage.outcome; stored as BIGINT, JSON "open" "won" "lost" */

/* Journal data: {"field":[old,new],...}; a created event has [null,new] of every field that is not empty; enums as
 * their JSON names, dates as days, times as ms, references as ids, sets as arrays. deal.moved is {"stage_id":[12,15]}
 * and, when the move closed or reopened the deal, also "status":["open","won"] and "closed_at":[null,1700000000000]. */
