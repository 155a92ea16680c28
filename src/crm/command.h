/* The only way to write. UI, API, import, triggers and the CLI all call these inside a writer job. Each call checks the
 * rules of the noun, writes the row, appends the journal event, and lets rules react, in the job's transaction. */
#pragma once
#include "crm/schema.h"

enum role { ROLE_ADMIN = 0, ROLE_HEAD = 1, ROLE_SELLER = 2, ROLE_OBSERVER = 3 };
extern const char *const role_names[]; /* "admin", "head", "seller", "observer", NULL */
struct actor {
    int64_t user_id; /* 0: the system */
    enum role role;
    enum via via;
    const struct rights *rights; /* NULL: everything (the system, the command line) */
};

/* Only the command deal.override carries one (crm/gates.h). */
struct override {
    int64_t deal_id;
    struct str missing; /* what was set aside, as a JSON array; STR_NULL: nothing had to be */
};

/* One command under way; all its events share change_id. */
struct change {
    struct wtx *tx;
    struct actor actor;
    int64_t at;         /* when it happens: tx->now, or the past for imports and simulation */
    int64_t cause;      /* seq of the event that led here, 0 for none */
    int64_t undoes;     /* while undoing: seq of the event being taken back */
    int64_t change_id;  /* seq of the first event, 0 before it */
    int64_t events;     /* how many were appended */
    int64_t seq;        /* of the newest event, 0 before the first */
    bool remap;         /* the definition has changed under the deals, or the law wants it: gates are not asked */
    bool version_later; /* crm's: the funnel's definition is written once, in the end */
    bool words_later;   /* new records get their words of search later: for many at once */
    int inner;          /* > 0: what follows by itself; the actor's rights are not asked */
    struct override *override; /* a rule is set aside by whoever may, with a reason; NULL: none */
    int64_t went_back;         /* of the rules of deals: the deal that the command under way takes back */
    void *rules;               /* of src/rules, for the length of the command; NULL when it begins */
    struct touched *touched;   /* of task_flow.h: deals that may have been left without a task; NULL: none */
    const struct subscription *subscriptions; /* the engine's: who wants to hear, read before the first event */
};
struct change change_begin(struct wtx *tx, struct actor actor);

/* What happens by itself (src/rules), set once at start, before the writer runs; any member may be NULL. */
struct crm_rules {
    /* After every event, inside the transaction, when row, journal and hooks are done. `is` NULL: deleted; `was` NULL:
     * created; both NULL: an event without a row. */
    enum rc (*react)(struct change *ch, const struct event *ev, const struct record *was, const struct record *is,
                     struct err *e);
    /* Before a goal or a trigger is written: is its event, condition, actions right? was NULL: new. */
    enum rc (*check)(struct change *ch, const struct record *was, const struct record *will, struct err *e);
    /* A draft of a funnel has been written, all of it: may it come into force? */
    enum rc (*publish)(struct change *ch, json_t *definition, struct err *e);
    /* At the end of a command, when everything that follows from it has happened (change_end). */
    enum rc (*end)(struct change *ch, struct err *e);
};
void crm_set_rules(const struct crm_rules *what); /* NULL: none; outlives the program's writers */
/* Ends a command: rules that hold for a command as a whole are asked here (no open deal without a task). Who begins a
 * change and is not a command_job or an operation calls it when done. */
MUST_USE enum rc change_end(struct change *ch, struct err *e);

/* *in as from record_from_json(creating). Errors: those of the hooks, ref_not_found, unique names taken_name. */
MUST_USE enum rc change_create(struct change *ch, struct record *in, int64_t *id, struct err *e);
/* The same from a JSON object as a client sends it, which it takes over. Errors: also those of record_from_json. */
MUST_USE enum rc change_create_json(struct change *ch, enum entity_id kind, json_t *body, int64_t *id, struct err *e);
/* expect_version 0: any. Nothing changed in effect: RC_OK, no event, version stays. Errors: not_found, stale_version.
 */
MUST_USE enum rc change_update(struct change *ch, int64_t id, int64_t expect_version, struct record *in, struct err *e);
/* Before a command that changes more than one record: this one may be edited and still has the version (0: any).
 * Errors: not_found, forbidden, stale_version. */
MUST_USE enum rc change_expect(struct change *ch, const struct entity *ent, int64_t id, int64_t version, struct err *e);
MUST_USE enum rc change_delete(struct change *ch, const struct entity *ent, int64_t id, int64_t expect_version,
                               struct err *e);
MUST_USE enum rc change_restore(struct change *ch, const struct entity *ent, int64_t id, struct err *e);
/* Takes back every event of a change, newest first, by inverse commands read from the journal; *undone counts events.
 * Errors: not_found, undo_conflict (a later change stands on one of the fields; field names it), already_undone. */
MUST_USE enum rc change_undo(struct change *ch, int64_t change_id, int64_t *undone, struct err *e);
/* A reason that is demanded says something: three letters at the least. Errors: required, reason_too_short. */
MUST_USE enum rc reason_check(struct str reason, const char *field, struct err *e);
/* Appends an event about an object without touching a row (signed_in, imported). */
MUST_USE enum rc change_note_event(struct change *ch, enum entity_id kind, int64_t id, enum verb verb, struct str data,
                                   struct err *e);

/* What a command run by the API (or CLI) is: one row of a table, so that permission, OpenAPI and idempotency are
 * derived. */
struct command_job;
struct command {
    const char *name; /* "deal.update"; also the audit name */
    enum rc (*apply)(struct change *ch, struct command_job *j, struct err *e);
};
extern const struct command command_create, command_update, command_delete,
    command_undo; /* generic over j->record / j->ent */
/* A job that runs one command with idempotency. The caller fills the first part; j->done is called in the writer
 * thread. */
struct command_job {
    struct job job; /* set up by command_job_init */
    const struct command *command;
    struct actor actor;
    const struct entity *ent;
    struct record *record;                    /* create, update */
    int64_t id;                               /* update, delete, undo (the change) */
    int64_t expect_version;                   /* 0: any */
    struct str idempotency_key, request_hash; /* key empty: none */
    void *args;                               /* of commands that are not generic */
    void (*done)(struct command_job *j, enum rc rc, const struct err *e);
    void *user;
    /* results, valid when rc is RC_OK */
    int64_t out_id, change_id, undone;
    bool replayed; /* the key had been seen: out_id and change_id are those of the first time */
};
void command_job_init(struct command_job *j);
