/* Sends the letters of the outbox: a thread, one letter after another, tried again like calls of webhooks. At least
 * once; a letter that was under way when the program died goes again with the same Message-ID. Of several servers on
 * one PostgreSQL one sends at a time. Costs next to nothing while no mail server is set. While the server lets nobody
 * in (certificate, password, sender), one letter knocks at a time, in growing pauses; whoever changes the settings
 * wakes. */
#pragma once
#include "crm/outbox.h"

struct mail_sender;
/* The writer and ca outlive the sender. ca: a file of the certificates to trust; NULL: those of the system. */
MUST_USE enum rc mail_sender_start(struct mail_sender **out, const struct db_target *target, struct writer *writer,
                                   const char *ca, struct err *e);
void mail_sender_wake(struct mail_sender *s); /* look at once: a letter was written; NULL is fine */
/* Waits for the letter under way, a minute at most; before the writer is stopped. Frees. NULL is fine. */
void mail_sender_stop(struct mail_sender *s);
