/* What the rest of the program needs of crm beside records and commands. */
#pragma once
#include "crm/command.h"

/* The schema of store and crm together, for writer_start. */
extern const struct migration crm_migrations[];
extern const size_t crm_migrations_n;

/* Settings: currency ("RUB"), time_zone ("Europe/Moscow"), company ("…"), demo ("1" in demo mode), secret keys. */
MUST_USE enum rc setting_get(struct db *db, struct arena *a, const char *key, const char *fallback, struct str *out,
                             struct err *e);
/* Of the setting `country` (ISO 3166): how numbers of phones without a country are read, and whose tax numbers are
 * checked when a company names no country. For whoever opens a database, and when the setting has changed. */
MUST_USE enum rc setting_country_load(struct db *db, struct err *e);
MUST_USE enum rc setting_set(struct change *ch, const char *key, struct str value,
                             struct err *e); /* journalled unless the key begins with
                                              * "secret"; a value without pointer removes it */

/* Users. Hashes are argon2id (libsodium, MODERATE is too slow for two cores: ops 2, 64 MiB); call off the loop thread.
 */
MUST_USE enum rc
password_hash(struct arena *a, struct str password, struct str *hash,
              struct err *e); /* weak_password: under 8; easy_password: one of those that are tried first */
bool password_verify(struct str hash, struct str password);
/* For tests: from now on hashing costs next to nothing, and keeps next to nothing safe. Before any thread hashes. */
void password_hashes_for_tests(void);
MUST_USE enum rc user_set_password(struct change *ch, int64_t user_id, struct str hash, struct err *e);
struct user_login {
    int64_t id;
    struct str hash; /* STR_NULL: cannot sign in with a password */
    bool active;
    bool totp; /* asks for a code, too */
};
MUST_USE enum rc user_find_login(struct db *db, struct arena *a, struct str email, struct user_login *out,
                                 struct err *e); /* not_found */
/* First start: creates the administrator when there is no active one. */
MUST_USE enum rc user_ensure_admin(struct change *ch, struct str email, struct str hash, bool *created, struct err *e);

/* The four built-in roles, and one of them for everybody who has none yet: what is missing is created. */
MUST_USE enum rc roles_ensure(struct wtx *tx, struct err *e);
/* Of what comes in for a user: who is given only a base role gets the built-in one, also instead of another role of the
 * same base. */
MUST_USE enum rc user_named_role(struct change *ch, struct record *in, struct err *e);

/* Sessions and API tokens: opaque random tokens, only their hash is stored. */
#define SCOPES_MOST 400
struct session {
    int64_t id, user_id, expires_at;
    enum role role;
    bool is_token;        /* an API token: no CSRF needed */
    int64_t last_seen_at; /* 0: never noted */
    char csrf[44];
    char locale[3];
    char scopes[SCOPES_MOST]; /* of an API token: "deals:read *:write"; empty: all that its user may */
};
MUST_USE enum rc session_open(struct change *ch, int64_t user_id, struct arena *a, struct str *token,
                              struct session *out, struct err *e);
MUST_USE enum rc session_close(struct change *ch, int64_t session_id, struct err *e);
MUST_USE enum rc session_close_others(struct change *ch, int64_t user_id, int64_t keep_id, struct err *e);
/* RC_UNAUTHORIZED (code signed_out) when unknown, expired, ended or the user is not active. Reads only. */
MUST_USE enum rc session_find(struct db *db, struct str token, int64_t now, struct session *out, struct err *e);
/* scopes: as in struct session, STR_NULL for all; expires_at 0: never. */
MUST_USE enum rc token_create(struct change *ch, int64_t user_id, struct str name, struct str scopes,
                              int64_t expires_at, struct arena *a, struct str *token, int64_t *id, struct err *e);
MUST_USE enum rc token_delete(struct change *ch, int64_t user_id, int64_t id, struct err *e);

/* Consistency of journal and rows (`voronka check`): replays the journal and compares every row; calls problem for each
 * defect. */
MUST_USE enum rc crm_check(struct db *db, void (*problem)(void *arg, const char *text), void *arg, int64_t *events,
                           int64_t *rows, struct err *e);
