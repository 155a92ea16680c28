/* Of the filling of the demo company: what its parts share. */
#pragma once
#include "cli/demo_fill.h"
#include "crm/bulk.h"
#include "crm/crm.h"

#define DEMO_TAGS 5
/* The company's own fields. */
enum demo_own_field {
    OWN_FORMAT,   /* of deals: how people learn */
    OWN_SEATS,    /* how many */
    OWN_CONTRACT, /* is a contract asked for */
    OWN_BIRTHDAY, /* of contacts */
    OWN_SEGMENT,  /* of companies */
    OWN_STAFF,
    OWN_N
};
enum { FORMAT_CLASS, FORMAT_ONLINE, FORMAT_VISIT, FORMAT_N };
enum { SEGMENT_LARGE, SEGMENT_MIDDLE, SEGMENT_SMALL, SEGMENT_PUBLIC, SEGMENT_N };

struct filler {
    struct job job;
    struct demo_world *w;
    int64_t user[DEMO_USERS], funnel[DEMO_FUNNELS], stage[DEMO_FUNNELS][DEMO_MAX_STAGES], reason[12], source[12],
        class_of[3], product[DEMO_PRODUCTS], tag[DEMO_TAGS], campaign[DEMO_MAX_CAMPAIGNS];
    int64_t own[OWN_N], format[FORMAT_N], segment[SEGMENT_N]; /* ids of the fields and of the values of lists */
    int own_at[OWN_N];                                        /* their places in a record, in this job */
    int64_t *company, *contact, *deal, *task;                 /* ids by index, known once the row is written */
    uint32_t *touched;                                        /* by deal: its last event */
    uint16_t *changes;                                        /* by deal: events behind the first */
    unsigned char *returns;                                   /* by deal: steps back */
    uint32_t *passed;                                         /* by deal: bits of the stages it has been on */
    size_t from, to;                                          /* events of this job */
    int64_t written, twin_contacts, twin_companies;           /* by this job; more than the history tells */
    struct wtx *tx;
    struct record *was[ENT_END], *is[ENT_END];
    struct buf scratch;
};

struct actor demo_actor(const struct filler *f, unsigned user);
/* Through the ordinary command; takes the body over. *id may be NULL. */
MUST_USE enum rc demo_create(struct filler *f, unsigned actor, int64_t at, enum entity_id kind, json_t *body,
                             int64_t *id, struct err *e);

/* The same of a change. */
MUST_USE enum rc demo_change(struct filler *f, unsigned actor, int64_t at, enum entity_id kind, int64_t id,
                             json_t *body, struct err *e);
/* Who a user of the database is; DEMO_SYSTEM: nobody of the company. */
unsigned demo_user_of(const struct filler *f, int64_t id);

/* In bulk: a row as it comes into being, and its event. */
struct record *demo_blank(struct record *r, int64_t at);
MUST_USE enum rc demo_row_and_event(struct filler *f, struct record *r, const struct demo_event *ev, int64_t *id,
                                    struct err *e);

/* ---- demo_setup.c: what an administrator sets up, through the ordinary commands ---- */
MUST_USE enum rc demo_setup_settings(struct filler *f, int64_t at, struct err *e);
MUST_USE enum rc demo_setup_teams(struct filler *f, int64_t at, struct err *e);
MUST_USE enum rc demo_setup_fields(struct filler *f, int64_t at, struct err *e); /* with layout and views */

/* ---- demo_clients.c: the job behind the history; `job` is the filler ---- */
MUST_USE enum rc demo_clients_apply(struct wtx *tx, struct job *job, struct err *e);

/* ---- demo_money.c ---- */
MUST_USE enum rc demo_money_apply(struct wtx *tx, struct job *job, struct err *e);
#define DEMO_RISK_SEEN 0.5 /* of the risk to lose: sellers see half of it */
/* What the seller thought of the deal when it came, per cent; -1: nothing was typed. */
int64_t demo_belief(const struct demo_world *w, uint32_t deal);

/* ---- demo_plans.c ---- */
MUST_USE enum rc demo_plans_apply(struct wtx *tx, struct job *job, struct err *e);

/* ---- demo_rules.c: the last job ---- */
MUST_USE enum rc demo_rules_apply(struct wtx *tx, struct job *job, struct err *e);

/* ---- demo_waits.c: what is under way when the history ends; before the rules and behind them ---- */
MUST_USE enum rc demo_waits_apply(struct wtx *tx, struct job *job, struct err *e);
MUST_USE enum rc demo_timers_apply(struct wtx *tx, struct job *job, struct err *e);

/* ---- demo_more.c: what is known of some records beside the usual ---- */
void demo_own_places(struct filler *f);
void demo_own_of_deal(struct filler *f, uint32_t deal, struct record *r);
void demo_own_of_contact(struct filler *f, uint32_t contact, struct record *r); /* also consent */
void demo_own_of_company(struct filler *f, uint32_t company, struct record *r);
/* What comes into being with the record: further phones and mails, co-workers, and the same client once more. */
MUST_USE enum rc demo_more_of_deal(struct filler *f, const struct demo_event *ev, struct err *e);
MUST_USE enum rc demo_more_of_contact(struct filler *f, const struct demo_event *ev, struct err *e);
MUST_USE enum rc demo_more_of_company(struct filler *f, const struct demo_event *ev, struct err *e);
