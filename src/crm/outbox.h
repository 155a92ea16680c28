/* What is to leave the machine: rows written in the transaction of the change they tell of, delivered at least once by
 * channels. topic "webhook": target is the webhook's id, payload the event as JSON. */
#pragma once
#include "base/time.h"
#include "crm/command.h"

struct outbox_row {
    int64_t id, created_at, change_id, attempts;
    struct str topic, target, payload, idempotency_key; /* in the arena */
};
struct outbox_rows {
    struct outbox_row *ptr;
    size_t n;
};
/* Rows of a topic that are due, oldest first, at most limit. Of each target only the oldest waiting row is given, so
 * that a receiver hears of changes in their order. Reads only. */
MUST_USE enum rc outbox_due(struct db *db, struct arena *a, const char *topic, int64_t now, int64_t limit,
                            struct outbox_rows *out, struct err *e);
/* When the next row of a topic falls due after now, ms; -1 when there is none. */
MUST_USE enum rc outbox_next_at(struct db *db, const char *topic, int64_t now, int64_t *at, struct err *e);
/* A job for the writer with the outcome of one delivery, which also goes into the webhook's row; the caller frees it in
 * done. RC_NOT_FOUND when nobody waits for the row any more. */
struct outbox_result {
    struct job job; /* set up by outbox_result_init */
    int64_t id;
    bool sent;
    bool give_up;    /* not sent, and not to be tried again */
    bool hold;       /* not sent for a reason that is of the topic's settings: it and all that wait are put off for
                        the same pause and never given up for it */
    bool over;       /* set in done: given up, by give_up or because it was the last try */
    char code[40];   /* when not sent: what failed ("timeout"), stable */
    char error[300]; /* and its details, for people who look into it */
    void *user;
    void (*done)(struct outbox_result *r, enum rc rc, const struct err *e);
};
void outbox_result_init(struct outbox_result *r);
/* A row is tried again after 1 s, then after twice as long each time up to 6 h. It is given up after so many tries,
 * which is a little over two days, or when it fails at an age of three days (because it waited behind others). Letters
 * have no age: they may have waited for settings. */
#define OUTBOX_ATTEMPTS 23
#define OUTBOX_AGE_MOST (3 * MS_DAY)
/* Enters a row for any topic, in the transaction of a change. */
MUST_USE enum rc outbox_add(struct change *ch, const char *topic, struct str target, struct str payload, struct str key,
                            struct err *e);
/* What waits of a topic is due at once and as if it had never been tried: the reason has been put right. */
MUST_USE enum rc outbox_again(struct change *ch, const char *topic, struct err *e);
/* How many webhooks are switched on, and triggers and goals that call somebody. */
MUST_USE enum rc webhook_count(struct db *db, int64_t *n, struct err *e);
/* A webhook as its sender needs it. RC_NOT_FOUND when deleted or switched off. */
struct webhook_target {
    struct str url, secret; /* secret without pointer: unsigned */
};
MUST_USE enum rc webhook_find(struct db *db, struct arena *a, struct str target, struct webhook_target *out,
                              struct err *e);
