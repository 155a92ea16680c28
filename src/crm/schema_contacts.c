/* What contacts, companies and accounts got later; see schema_sql.c for the rules. */
#include "base/phone.h"
#include "crm/engine.h"
#include "crm/schema_steps.h"

const char contacts_sql[] =
    "ALTER TABLE contact ADD COLUMN phone_fold @TEXT;"
    "ALTER TABLE contact ADD COLUMN email_fold @TEXT;"
    "ALTER TABLE contact ADD COLUMN consent BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE contact ADD COLUMN consent_at BIGINT;"
    "ALTER TABLE contact ADD COLUMN consent_source @TEXT;"
    "ALTER TABLE contact ADD COLUMN restricted BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE contact ADD COLUMN restricted_reason @TEXT;"
    "ALTER TABLE contact ADD COLUMN erased_at BIGINT;"
    "ALTER TABLE contact ADD COLUMN erased_reason @TEXT;"
    "ALTER TABLE contact ADD COLUMN merged_into_id BIGINT;"
    "ALTER TABLE company ADD COLUMN phone_fold @TEXT;"
    "ALTER TABLE company ADD COLUMN email_fold @TEXT;"
    "ALTER TABLE company ADD COLUMN merged_into_id BIGINT;"
    /* Phones and mails are looked for in the form in which they compare. */
    "DROP INDEX contact_phone;"
    "DROP INDEX contact_email;"
    "CREATE INDEX contact_phone ON contact (phone_fold) WHERE phone_fold IS NOT NULL;"
    "CREATE INDEX contact_email ON contact (email_fold) WHERE email_fold IS NOT NULL;"
    "CREATE INDEX contact_merged ON contact (merged_into_id) WHERE merged_into_id IS NOT NULL;"
    "CREATE INDEX company_phone ON company (phone_fold) WHERE phone_fold IS NOT NULL;"
    "CREATE INDEX company_email ON company (email_fold) WHERE email_fold IS NOT NULL;"
    "CREATE INDEX company_merged ON company (merged_into_id) WHERE merged_into_id IS NOT NULL;"

    /* Where a session is used; scopes of a token, parted by blanks, NULL for everything. */
    "ALTER TABLE session ADD COLUMN address @TEXT;"
    "ALTER TABLE session ADD COLUMN agent @TEXT;"
    "ALTER TABLE session ADD COLUMN last_seen_at BIGINT;"
    "ALTER TABLE session ADD COLUMN scopes @TEXT;"
    /* The second factor: the secret in base32; the last time step whose code was taken is never taken again. */
    "CREATE TABLE totp (user_id BIGINT NOT NULL PRIMARY KEY, secret @TEXT NOT NULL, created_at BIGINT NOT NULL,"
    " confirmed_at BIGINT, last_step BIGINT NOT NULL);"
    "CREATE TABLE recovery_code (user_id BIGINT NOT NULL, hash @TEXT NOT NULL, used_at BIGINT,"
    " PRIMARY KEY (user_id, hash));"
    "CREATE TABLE invite (id @ID, user_id BIGINT NOT NULL, token_hash @TEXT NOT NULL, created_by BIGINT NOT NULL,"
    " created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT);"
    "CREATE UNIQUE INDEX invite_token ON invite (token_hash);"
    "CREATE INDEX invite_user ON invite (user_id);"
    /* Sign-ins and failed ones. how: password, code, recovery, invite, demo. */
    "CREATE TABLE sign_in (id @ID, at BIGINT NOT NULL, user_id BIGINT, email @TEXT, address @TEXT, agent @TEXT,"
    " how @TEXT NOT NULL, ok BIGINT NOT NULL);"
    "CREATE INDEX sign_in_user ON sign_in (user_id, id);"
    "CREATE INDEX sign_in_at ON sign_in (at);";

enum { PAGE = 1000 };

struct folded {
    int64_t id;
    struct str phone, email;
};

static enum rc fold_page(struct db *db, struct arena *a, const char *select, const char *update, int64_t *after,
                         size_t *n, struct err *e)
{
    const struct field phone = {.type = FT_PHONE}, email = {.type = FT_EMAIL};
    struct folded *rows = ARENA_ARRAY(a, struct folded, PAGE);
    struct stmt *s;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(db, &s, select, e));
    stmt_i64(s, 1, *after);
    stmt_i64(s, 2, PAGE);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        rows[(*n)++] = (struct folded){
            stmt_col_i64(s, 0),
            stmt_col_null(s, 1) ? STR_NULL : field_fold(a, &phone, stmt_col_str(s, 1)),
            stmt_col_null(s, 2) ? STR_NULL : field_fold(a, &email, stmt_col_str(s, 2)),
        };
    stmt_done(s);
    if (rc != RC_DONE)
        return rc;
    for (size_t i = 0; i < *n; i++) {
        TRY(db_prepare(db, &s, update, e));
        stmt_str(s, 1, rows[i].phone);
        stmt_str(s, 2, rows[i].email);
        stmt_i64(s, 3, rows[i].id);
        TRY(stmt_run(s, e));
        *after = rows[i].id;
    }
    return RC_OK;
}

/* Rows that were there before get the forms that are searched; their texts stay as they were journalled. */
enum rc contacts_backfill(struct db *db, struct err *e)
{
    static const char *const sql[][2] = {
        {"SELECT id, phone, email FROM contact WHERE (phone IS NOT NULL OR email IS NOT NULL) AND id > $1"
         " ORDER BY id LIMIT $2",
         "UPDATE contact SET phone_fold = $1, email_fold = $2 WHERE id = $3"},
        {"SELECT id, phone, email FROM company WHERE (phone IS NOT NULL OR email IS NOT NULL) AND id > $1"
         " ORDER BY id LIMIT $2",
         "UPDATE company SET phone_fold = $1, email_fold = $2 WHERE id = $3"}};
    struct arena a = ARENA_EMPTY;
    enum rc rc = RC_OK;
    for (size_t i = 0; i < 2; i++) {
        int64_t after = 0;
        size_t n = PAGE;
        while (n == PAGE) {
            arena_reset(&a);
            TRY_OUT(fold_page(db, &a, sql[i][0], sql[i][1], &after, &n, e));
        }
    }
out:
    arena_free(&a);
    return rc;
}
