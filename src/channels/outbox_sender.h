/* Delivers what the outbox holds for webhooks: one thread, many transfers at once, one at a time and in order for each
 * receiver. At least once: a delivery that was under way when the program died is repeated with the same key. Of
 * several servers on one PostgreSQL one delivers at a time, the one that holds an advisory lock. Costs next to nothing
 * while there is no webhook: libcurl is set up with the first delivery. */
#pragma once
#include "crm/outbox.h"

struct outbox_sender;
/* The writer outlives the sender. allow_private: receivers may have addresses that are not public. */
MUST_USE enum rc outbox_sender_start(struct outbox_sender **out, const struct db_target *target, struct writer *writer,
                                     bool allow_private, struct err *e);
/* For the feed: something was committed. */
void outbox_sender_on_events(void *sender, const struct event *ev, size_t n);
void outbox_sender_wake(struct outbox_sender *s); /* look at once: the clock of a test has leapt; NULL is fine */
/* Gives deliveries under way a few seconds, then breaks them off; their results are written. To be called before the
 * writer is stopped; on_events may still be called until it is freed. NULL is fine. */
void outbox_sender_stop(struct outbox_sender *s);
void outbox_sender_free(struct outbox_sender *s); /* NULL is fine */
