/* The demo company: a training centre that never was, simulated deal by deal. Same seed, same end of history and same
 * number of deals: the same company, to the byte. This part is pure: it knows nothing of the database (demo_fill.c
 * writes). Time in here is seconds since `base_at`, a midnight in Moscow three years before the end of history. */
#pragma once
#include "base/rng.h"
#include "base/time.h"
#include "base/vec.h"
#include "crm/preset.h"

#define DEMO_NONE UINT32_MAX
#define DEMO_BY_CLOCK 6 /* the reason of losses that a time limit closed */
#define DEMO_DAY 86400u
#define DEMO_HOUR INT64_C(3600)
#define DEMO_USERS 13
#define DEMO_FUNNELS 9
#define DEMO_PRODUCTS 15
#define DEMO_MAX_STAGES 20
#define DEMO_MAX_CAMPAIGNS 40
#define DEMO_DAYS_BACK 1096    /* three years */
#define DEMO_BREAK_BEFORE 0.42 /* the case's rates: of 2017 and of 2018 */
#define DEMO_BREAK_AFTER 0.02
#define DEMO_BREAK_STAGE 5 /* of the outreach funnel: buying centre and needs identified */
#define DEMO_SLOW_STAGE 5  /* of the corporate funnel: contract approved */
#define DEMO_SLOW_MEDIAN 19.0
#define DEMO_STRONG_RATE 0.66
#define DEMO_OTHERS_RATE 0.42
#define DEMO_CORPORATE_RATE 0.30
#define DEMO_BURST_DAYS 28
#define DEMO_BURST_SHARE 0.22
#define DEMO_MATURE_DAYS 120 /* older deals count when the planted rates are measured */

enum demo_user {
    DEMO_ADMIN,
    DEMO_HEAD_PEOPLE,
    DEMO_HEAD_FIRMS,
    DEMO_STRONG,
    DEMO_SELLER_2,
    DEMO_SELLER_3,
    DEMO_SELLER_KZ,
    DEMO_SELLER_KG,
    DEMO_SELLER_B2B,
    DEMO_SELLER_RENEW,
    DEMO_SELLER_COLD,
    DEMO_MARKETER,
    DEMO_DIRECTOR
};
enum demo_funnel_id {
    DEMO_COURSES_RU,
    DEMO_COURSES_KZ,
    DEMO_COURSES_KG,
    DEMO_CORPORATE,
    DEMO_OUTREACH,
    DEMO_TENDERS,
    DEMO_RENEWAL,
    DEMO_RETURN,
    DEMO_SERVICES
};
enum demo_country { DEMO_RU, DEMO_KZ, DEMO_KG };

struct demo_person {
    const char *name, *email, *role, *job;
};
extern const struct demo_person demo_staff[DEMO_USERS];

struct demo_stage_model {
    double median_days, visit, lose; /* stay; chance to be on the way; weight of losing the deal here */
    unsigned char tasks[3];          /* templates, DEMO_NO_TASK behind the last */
};
#define DEMO_NO_TASK 255
struct demo_funnel_model {
    const char *preset, *key, *name, *kind, *currency;
    double share, win, rate; /* rate: what a rouble is in its currency */
    unsigned char country;
    bool firms;              /* deals with companies, in working hours */
    unsigned char owners[4]; /* demo_user, repeated for a larger share; DEMO_USERS ends */
    struct demo_stage_model stages[DEMO_MAX_STAGES];
};
extern const struct demo_funnel_model demo_funnels[DEMO_FUNNELS];
extern const struct demo_stage_model demo_outreach_after[DEMO_MAX_STAGES]; /* outreach once the step has vanished */

struct demo_campaign {
    char name[120], utm_source[24], utm_medium[16], utm_campaign[48];
    int64_t starts_on, ends_on, cost_minor;
    const char *currency;
    unsigned char funnel, source;
    double share; /* of the funnel's new deals while it runs */
    bool burst;   /* the one planted at the end */
};

struct demo_company {
    uint32_t created, contact; /* its first contact */
    unsigned char owner, public_body;
};
struct demo_contact {
    uint32_t created, company; /* DEMO_NONE: a private person */
    unsigned char owner, country;
};
struct demo_deal {
    uint32_t created, entered, closed, contact, company, next_task, open_tasks;
    int32_t expected_day; /* since base */
    int64_t value_minor, first_value_minor, cost_minor, price_minor;
    uint16_t seats;
    unsigned char funnel, first_stage, stage, status, owner, first_owner, source, campaign, product, cls, reason,
        discount;
    bool burst, forced, revised; /* revised: the value changed on the way */
};
struct demo_task {
    uint32_t deal, created, due, done; /* done DEMO_NONE: open */
    unsigned char text, result, owner;
};
enum demo_event_kind {
    DEMO_EV_COMPANY,
    DEMO_EV_CONTACT,
    DEMO_EV_DEAL,
    DEMO_EV_PRODUCT,
    DEMO_EV_OWNER,
    DEMO_EV_VALUE,
    DEMO_EV_MOVE,
    DEMO_EV_TASK,
    DEMO_EV_TASK_DONE,
    DEMO_EV_NOTE
};
#define DEMO_SYSTEM 255 /* actor of what nobody did by hand */
struct demo_event {
    uint32_t t, object;              /* index of the company, contact, deal or task; of the deal for the rest */
    unsigned char kind, a, b, actor; /* move: a to b; note: text a; owner: a to b */
};

struct demo_options {
    uint64_t seed;
    int64_t deals, as_of; /* ms */
};
struct demo_world {
    struct demo_options opt;
    struct arena arena;
    const struct preset_funnel *funnels[DEMO_FUNNELS];
    const struct preset *training;   /* sources, reasons, classes, products */
    unsigned n_stages[DEMO_FUNNELS]; /* open ones; won is next, lost the one behind */
    int64_t base_at, base_on;
    uint32_t now;
    int64_t break_on; /* the day the step vanished */
    struct demo_campaign campaigns[DEMO_MAX_CAMPAIGNS];
    size_t n_campaigns;
    unsigned char *workday; /* by day since base, DEMO_DAYS_BACK + 800 of them */
    VEC(struct demo_company) companies;
    VEC(struct demo_contact) contacts;
    VEC(struct demo_deal) deals;
    VEC(struct demo_task) tasks;
    VEC(struct demo_event) events;            /* in order of time */
    VEC(uint32_t) slow_stays;                 /* seconds, of finished stays on the slow stage */
    uint64_t outreach_before, outreach_after; /* counters of the quotas */
    uint64_t shown_before, shown_after;       /* mature outreach deals that saw the demonstration */
    uint64_t passed_before, passed_after;     /* and the step that vanished before it */
};
MUST_USE enum rc demo_simulate(struct demo_world *w, struct demo_options opt, struct err *e);
void demo_free(struct demo_world *w);
/* {"id","text",…} of every planted effect with the truth and what came of it in this history. */
void demo_planted(const struct demo_world *w, struct jw *j);

/* calendar */
bool demo_is_holiday(int64_t on); /* Russian non-working days, weekends apart: fixed dates, moved off weekends */
void demo_calendar(struct demo_world *w);
void demo_campaigns(struct demo_world *w);
uint32_t demo_to_work(const struct demo_world *w, struct rng *r,
                      uint32_t t); /* t, or the next working time at random */
static inline int64_t demo_at(const struct demo_world *w, uint32_t t)
{
    return w->base_at + (int64_t)t * 1000;
}

/* people and companies: texts from the index alone */
struct demo_contact_text {
    struct str name, surname, first, phone, email, position;
};
struct demo_company_text {
    struct str name, brand, inn, kpp, phone, email, website, address, industry;
};
struct demo_contact_text demo_contact_text(const struct demo_world *w, struct arena *a, uint32_t contact);
struct demo_company_text demo_company_text(const struct demo_world *w, struct arena *a, uint32_t company);
bool demo_inn_valid(struct str inn);

/* what people wrote */
enum demo_task_text {
    TT_CALL_NEW,
    TT_WRITE_NEW,
    TT_CALL_AGAIN,
    TT_CLARIFY,
    TT_DECISION,
    TT_GROUP,
    TT_PAY_INFO,
    TT_PAY_CHECK,
    TT_MATERIALS,
    TT_COURSE_SOON,
    TT_NEEDS,
    TT_OFFER,
    TT_OFFER_CALL,
    TT_CONTRACT,
    TT_CONTRACT_CALL,
    TT_INVOICE,
    TT_PAYMENT,
    TT_DATES,
    TT_RESEARCH,
    TT_FIND_PERSON,
    TT_LETTER,
    TT_LETTER_2,
    TT_MEETING_SET,
    TT_BUYING_CENTRE,
    TT_DEMO,
    TT_TERMS,
    TT_TENDER_DOCS,
    TT_TENDER_BID,
    TT_TENDER_AUCTION,
    TT_RENEW,
    TT_SATISFIED,
    TT_RETURN_LETTER,
    TT_RETURN_CALL,
    TT_ACT,
    TT_ESTIMATE,
    TT_REVIEW,
    TT_COUNT
};
struct demo_task_words {
    const char *title, *kind, *results[3];
};
extern const struct demo_task_words demo_task_words[TT_COUNT];
#define DEMO_NOTES 20 /* for people; as many behind them for companies */
extern const char *const demo_notes[2 * DEMO_NOTES];
extern const char *const demo_product_short[DEMO_PRODUCTS]; /* as it stands in a title */
struct str demo_deal_title(const struct demo_world *w, struct arena *a, uint32_t deal);
struct str demo_loss_comment(const struct demo_world *w, struct arena *a, uint32_t deal); /* STR_NULL: none */

/* one deal and all that belongs to it, appended to the world */
struct demo_arrival {
    uint32_t t;
    unsigned char funnel, burst, forced; /* forced: 1 + the stage it stands on now */
};
void demo_deal_run(struct demo_world *w, struct demo_arrival arrival);
struct rng demo_stream(const struct demo_world *w, unsigned what,
                       uint64_t index); /* an independent stream of the seed */
