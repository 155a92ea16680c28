/* Personal data of contacts on their request (152-FZ, GDPR): all that is kept of a person, restriction of processing,
 * erasure. See docs/privacy.md for what is erased and what stays. */
#pragma once
#include "base/vec.h"
#include "crm/command.h"

struct erasure {
    int64_t id;
    struct str reason; /* who asked and when; kept */
    struct str name;   /* stands where the name stood */
    struct str mark;   /* stands where a text stood that may not be empty, and for what is cut out of others */
    bool dry_run;
};
struct erased {
    int64_t contacts, points, notes, tasks, files, deals, buyers, offers; /* records of which something goes */
    int64_t events, payloads;                                             /* of the journal and the outbox, rewritten */
    VEC(struct str) blobs; /* SHA-256 of files that went; in the job's arena */
};
/* Erases the person behind a contact, also where it was merged from: the fields of the contact that tell of the person,
 * its points, files, notes and tasks; its name, phones and mails inside the texts of its deals; the same in the events
 * of all these and in what waits to be sent. The records themselves stay, with owner, company, tags and times, so that
 * statistics do not change. One change; it cannot be taken back. Needs CAN_ERASE and the right to edit the contact.
 * Errors: forbidden, not_found, contact_erased, required (reason). */
MUST_USE enum rc contact_erase(struct change *ch, const struct erasure *x, struct erased *out, struct err *e);

/* Sets or lifts the restriction: while it stands, the contact's own data cannot be changed or merged. Needs CAN_ERASE.
 * Errors: forbidden, not_found, contact_erased, required (reason, to set it). */
MUST_USE enum rc contact_restrict(struct change *ch, int64_t id, bool restricted, struct str reason, struct err *e);

/* Writes all that is kept of a person as one JSON object. Needs CAN_ERASE. Errors: forbidden, not_found. */
MUST_USE enum rc contact_personal_data(struct db *db, struct arena *a, int64_t id, const struct rights *r,
                                       struct buf *out, struct err *e);

/* ---- inside ---- */

/* What to look for in the texts of deals. */
struct person {
    VEC(struct str) names, mails, phones; /* folded; names and mails of some length */
};
void person_add(struct arena *a, struct person *p, const struct field *fd, struct str value);
/* The text with every name, mail and phone of the person replaced by mark; the same text when there was none. */
struct str person_cut_out(struct arena *a, const struct person *p, struct str text, struct str mark);
void person_free(struct person *p);

/* Does a value of this field of a contact, point, note, task or file tell of the person? */
bool field_personal(const struct entity *ent, int field);
