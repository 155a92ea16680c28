/* Letters that leave by the company's mail server. A letter is a row of the outbox (topic "mail", target the address),
 * written in the transaction of what it tells of; channels sends it. */
#pragma once
#include "crm/command.h"

enum mail_security { MAIL_TLS, MAIL_STARTTLS, MAIL_PLAIN };
extern const char *const mail_security_names[]; /* "tls", "starttls", "none" */

/* The settings mail_* of the company; secret_mail_password is neither shown nor journalled. In the arena. */
struct mail_settings {
    struct str host; /* STR_NULL: no letters are sent */
    int64_t port;
    enum mail_security security;
    struct str user, password; /* user without pointer: no sign-in */
    struct str from, name;     /* who letters are from; name may be empty */
    struct str url;            /* "https://crm.example.ru": what links begin with; may be empty */
};
MUST_USE enum rc mail_settings_load(struct db *db, struct arena *a, struct mail_settings *out, struct err *e);

struct mail {
    struct str to, to_name, subject, text, html;
    struct str file_name, file_type, file; /* file without pointer: nothing is attached */
    int64_t user_id;                       /* whom it is for; 0: an address of nobody here */
    struct str about;                      /* what it tells of, "deal 5,finding 3": the reader has to see all of it */
};
/* Once for each key: what has been entered already is not entered again. */
MUST_USE enum rc mail_add(struct change *ch, const struct mail *m, struct str key, struct err *e);
/* The letter of a row; in the arena. Errors: bad_mail (the row is damaged). */
MUST_USE enum rc mail_read(struct arena *a, struct str payload, struct mail *out, struct err *e);
/* Whoever has been let go meanwhile, or does not see any more what a letter is about, gets nothing of what waited.
 * *why: NULL, or the code of the reason not to send it. */
MUST_USE enum rc mail_wanted(struct db *db, struct arena *a, const struct mail *m, const char **why, struct err *e);
/* ---- what comes to whom ---- */

/* Kinds of what the program tells, as people choose between them: users.letters is a list of their names with commas,
 * "none", or nothing chosen: what is on by itself. */
enum mail_kind {
    MAIL_FINDING,
    MAIL_REVIEW,
    MAIL_ANSWER,
    MAIL_ASSIGNED,
    MAIL_MENTION,
    MAIL_TASK,
    MAIL_RULE,
    MAIL_SYSTEM
};
extern const char *const mail_kind_names[]; /* "finding", "review" ... */
bool mail_chosen_valid(struct str letters);
bool mail_chosen(struct str letters, enum mail_kind kind);
/* Of which kind a notification is; false: it has a letter of its own (reports that were subscribed to). */
bool mail_kind_of(struct str notification, enum mail_kind *out);

bool mail_address(struct str s); /* could it be one: one @, no blanks, no line ends, at most 254 bytes */
