/* What a person's account has beside the password: a second factor, sessions, invitations, the log of sign-ins. */
#pragma once
#include "crm/command.h"

/* ---- the second factor (crm/totp.h) ---- */

enum { RECOVERY_CODES = 10 };
/* A new secret (base32), which counts when it has been confirmed. Errors: totp_is_on (RC_CONFLICT). */
MUST_USE enum rc factor_begin(struct change *ch, int64_t user_id, struct arena *a, struct str *secret, struct err *e);
/* The first code proves that the secret has arrived: from now on sign-in asks for one. codes: to be used once each when
 * the telephone is lost; only their hashes are kept. Errors: totp_not_begun, totp_is_on (RC_CONFLICT), bad_code. */
MUST_USE enum rc factor_confirm(struct change *ch, int64_t user_id, struct str code, struct arena *a,
                                struct str codes[RECOVERY_CODES], struct err *e);
/* Forgets secret and codes; nothing when there is none. */
MUST_USE enum rc factor_off(struct change *ch, int64_t user_id, struct err *e);
/* Takes a code, or a recovery code, so that it is never taken again. Errors: bad_code (RC_UNAUTHORIZED). */
MUST_USE enum rc factor_use(struct change *ch, int64_t user_id, struct str code, bool *recovery, struct err *e);

/* ---- sessions ---- */

struct origin { /* where a request comes from; STR_NULL: unknown */
    struct str address, agent;
};
/* Notes that the session or token is in use. */
MUST_USE enum rc session_seen(struct wtx *tx, int64_t session_id, const struct origin *from, struct err *e);
/* Writes {"items":[{"id","created_at","last_seen_at","address","agent","current"}]}: open sessions, newest first. */
MUST_USE enum rc sessions_list(struct db *db, int64_t user_id, int64_t current, int64_t now, struct buf *out,
                               struct err *e);
/* Ends one session of a user. Errors: not_found. */
MUST_USE enum rc session_end(struct change *ch, int64_t user_id, int64_t session_id, struct err *e);

/* ---- invitations: a link with which one sets a password, once, within three days ---- */

/* An earlier link of the user stops working. Errors: not_found, user_inactive. */
MUST_USE enum rc invite_make(struct change *ch, int64_t user_id, struct arena *a, struct str *token,
                             int64_t *expires_at, struct err *e);
/* Whose link it is. RC_NOT_FOUND (bad_invite): unknown, used, too old, or the user is not active. Reads only. */
MUST_USE enum rc invite_find(struct db *db, struct str token, int64_t now, int64_t *user_id, struct err *e);
/* Sets the password (a hash) and, when given, the name; every session and token of the user ends. Errors: as
 * invite_find. */
MUST_USE enum rc invite_use(struct change *ch, struct str token, struct str hash, struct str name, int64_t *user_id,
                            struct err *e);

/* ---- the log of sign-ins, kept for a year ---- */

struct sign_in {
    int64_t user_id; /* 0: nobody of ours */
    struct str email;
    struct origin from;
    const char *how; /* "password", "totp", "recovery", "invite", "demo" */
    bool ok;
};
MUST_USE enum rc sign_in_log(struct wtx *tx, const struct sign_in *s, struct err *e);
/* Writes {"items":[{"at","user_id","email","address","agent","how","ok"}],"next_cursor"}, newest first; of one user, or
 * (0) of everybody. Errors: bad_cursor. */
MUST_USE enum rc sign_ins_put(struct db *db, struct arena *a, int64_t user_id, struct str cursor, int64_t limit,
                              struct buf *out, struct err *e);

/* May somebody with these rights do something to the account of this user? Who keeps people without being an
 * administrator has no power over whoever may more. Errors: not_found, forbidden. */
MUST_USE enum rc account_within(struct db *db, struct arena *a, const struct rights *r, int64_t user_id, struct err *e);
