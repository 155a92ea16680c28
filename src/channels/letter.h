/* One letter on its way to the mail server: MIME and SMTP are libcurl's. */
#pragma once
#include "crm/mail.h"
#include "crm/outbox.h"

enum { LETTER_CONNECT_MS = 15000, LETTER_TOTAL_MS = 60000 };

/* Sends and says in the result what came of it; blocks. The number of the outbox row is made into the
 * Message-ID, so that a letter sent twice (the program died before it heard the answer) is known as one. What the
 * server refuses for good (5xx) of this letter or its address is given up; what comes of how it or this program is set
 * up (certificate, sign-in, sender, relaying) is held, and a busy server (4xx) is asked again. ca: a file of the
 * certificates to trust; NULL: those of the system. False: broken_off said so, nothing is known. */
bool letter_send(const struct mail_settings *server, const char *ca, const struct mail *m, const struct outbox_row *row,
                 bool (*broken_off)(void *arg), void *arg, struct outbox_result *result);
