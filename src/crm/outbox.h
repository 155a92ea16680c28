/* What is to leave the machine: rows written in the transaction of the change they tell of, delivered at least once by
 * channels. topic "webhook": target is the webhook's id, payload the event as JSON. */
#pragma once
#include "crm/command.h"

struct outbox_row {
    int64_t id, created_at, change_id, attempts;
    struct str topic, target, payload, idempotency_key; /* in the arena */
};
struct outbox_rows {
    struct outbox_row *ptr;
    size_t n;
};
/* Rows that are due, oldest first, at most limit. Of each target only the oldest waiting row is given, so that a
 * receiver hears of changes in their order. Reads only. */
MUST_USE enum rc outbox_due(struct db *db, struct arena *a, int64_t now, int64_t limit, struct outbox_rows *out,
                            struct err *e);
/* When the next row falls due, ms; -1 when nothing waits. */
MUST_USE enum rc outbox_next_at(struct db *db, int64_t *at, struct err *e);
/* A job for the writer with the outcome of one delivery; the caller frees it in done. */
struct outbox_result {
    struct job job; /* set up by outbox_result_init */
    int64_t id;
    bool sent;
    bool give_up;    /* not sent, and not to be tried again */
    char error[300]; /* when not sent */
    void *user;
    void (*done)(struct outbox_result *r, enum rc rc, const struct err *e);
};
void outbox_result_init(struct outbox_result *r);
#define OUTBOX_ATTEMPTS 12 /* after so many (about two days) a row is given up */
/* Enters a row for any topic, in the transaction of a change. */
MUST_USE enum rc outbox_add(struct change *ch, const char *topic, struct str target, struct str payload, struct str key,
                            struct err *e);
/* A webhook as its sender needs it. RC_NOT_FOUND when deleted or switched off. */
struct webhook_target {
    struct str url, secret; /* secret without pointer: unsigned */
};
MUST_USE enum rc webhook_find(struct db *db, struct arena *a, struct str target, struct webhook_target *out,
                              struct err *e);
