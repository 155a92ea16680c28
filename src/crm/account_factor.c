/* The second factor of an account. */
#include "crm/account.h"
#include "crm/engine.h"
#include "crm/totp.h"
#include <sodium.h>

#define USE_RECOVERY "voronka.recovery.stored"
enum { RECOVERY_BYTES = 10 }; /* 80 bits: nothing to be guessed, so a fast hash will do */

struct factor {
    unsigned char secret[TOTP_SECRET];
    bool there, confirmed;
    int64_t last_step;
};

static enum rc load(struct db *db, int64_t user_id, struct factor *out, struct err *e)
{
    struct stmt *s;
    *out = (struct factor){0};
    TRY(db_prepare(db, &s, "SELECT secret, confirmed_at, last_step FROM totp WHERE user_id = $1", e));
    stmt_i64(s, 1, user_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        out->there = base32_read(stmt_col_str(s, 0), out->secret, sizeof out->secret);
        out->confirmed = out->there && !stmt_col_null(s, 1);
        out->last_step = stmt_col_i64(s, 2);
    }
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc run(struct db *db, const char *sql, int64_t user_id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, sql, e));
    stmt_i64(s, 1, user_id);
    return stmt_run(s, e);
}

enum rc factor_begin(struct change *ch, int64_t user_id, struct arena *a, struct str *secret, struct err *e)
{
    struct factor f;
    struct stmt *s;
    TRY(load(ch->tx->db, user_id, &f, e));
    if (f.confirmed)
        return err_set(e, RC_CONFLICT, "totp_is_on", "", NULL);
    if (sodium_init() < 0)
        return err_set(e, RC_INTERNAL, "no_randomness", "", NULL);
    randombytes_buf(f.secret, sizeof f.secret);
    *secret = base32_write(a, f.secret, sizeof f.secret);
    TRY(run(ch->tx->db, "DELETE FROM totp WHERE user_id = $1", user_id, e));
    TRY(db_prepare(ch->tx->db, &s, "INSERT INTO totp (user_id, secret, created_at, last_step) VALUES ($1, $2, $3, 0)",
                   e));
    stmt_i64(s, 1, user_id);
    stmt_str(s, 2, *secret);
    stmt_i64(s, 3, ch->at);
    return stmt_run(s, e);
}

static void hash_code(struct str code, int64_t user_id, char out[44])
{
    unsigned char hash[32];
    char text[80];
    int n =
        snprintf(text, sizeof text, "%lld %.*s", (long long)user_id, (int)(code.len < 40 ? code.len : 40), code.ptr);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)text, (size_t)n, (const unsigned char *)USE_RECOVERY,
                       sizeof USE_RECOVERY - 1);
    sodium_bin2base64(out, 44, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* As people copy it: any case, with blanks or dashes. */
static struct str bare_code(struct arena *a, struct str code)
{
    char *out = arena_alloc(a, code.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < code.len; i++) {
        char c = code.ptr[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 32);
        if (c != ' ' && c != '-')
            out[n++] = c;
    }
    out[n] = '\0';
    return (struct str){out, n};
}

static enum rc make_codes(struct change *ch, int64_t user_id, struct arena *a, struct str codes[RECOVERY_CODES],
                          struct err *e)
{
    TRY(run(ch->tx->db, "DELETE FROM recovery_code WHERE user_id = $1", user_id, e));
    for (int i = 0; i < RECOVERY_CODES; i++) {
        unsigned char bytes[RECOVERY_BYTES];
        char hash[44];
        struct stmt *s;
        randombytes_buf(bytes, sizeof bytes);
        struct str bare = base32_write(a, bytes, sizeof bytes);
        hash_code(bare, user_id, hash);
        codes[i] = str_fmt(a, "%.4s-%.4s-%.4s-%.4s", bare.ptr, bare.ptr + 4, bare.ptr + 8, bare.ptr + 12);
        TRY(db_prepare(ch->tx->db, &s, "INSERT INTO recovery_code (user_id, hash) VALUES ($1, $2)", e));
        stmt_i64(s, 1, user_id);
        stmt_str(s, 2, str_c(hash));
        TRY(stmt_run(s, e));
    }
    return RC_OK;
}

static enum rc set_flag(struct change *ch, int64_t user_id, bool on, struct err *e)
{
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_USER));
    const struct rights *rights = ch->actor.rights;
    in->f[USER_TOTP] = val_int(on);
    ch->actor.rights = NULL; /* the server's field */
    enum rc rc = change_update(ch, user_id, 0, in, e);
    ch->actor.rights = rights;
    return rc;
}

static enum rc set_step(struct change *ch, int64_t user_id, int64_t step, bool confirm, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(ch->tx->db, &s,
                   confirm ? "UPDATE totp SET last_step = $1, confirmed_at = $3 WHERE user_id = $2"
                           : "UPDATE totp SET last_step = $1 WHERE user_id = $2",
                   e));
    stmt_i64(s, 1, step);
    stmt_i64(s, 2, user_id);
    if (confirm)
        stmt_i64(s, 3, ch->at);
    return stmt_run(s, e);
}

enum rc factor_confirm(struct change *ch, int64_t user_id, struct str code, struct arena *a,
                       struct str codes[RECOVERY_CODES], struct err *e)
{
    struct factor f;
    TRY(load(ch->tx->db, user_id, &f, e));
    if (!f.there || f.confirmed)
        return err_set(e, RC_CONFLICT, f.confirmed ? "totp_is_on" : "totp_not_begun", "", NULL);
    int64_t step = totp_find(f.secret, sizeof f.secret, bare_code(a, code), ch->tx->now, f.last_step);
    if (!step)
        return err_set(e, RC_UNPROCESSABLE, "bad_code", "code", NULL);
    TRY(set_step(ch, user_id, step, true, e));
    TRY(make_codes(ch, user_id, a, codes, e));
    return set_flag(ch, user_id, true, e);
}

enum rc factor_off(struct change *ch, int64_t user_id, struct err *e)
{
    TRY(run(ch->tx->db, "DELETE FROM totp WHERE user_id = $1", user_id, e));
    TRY(run(ch->tx->db, "DELETE FROM recovery_code WHERE user_id = $1", user_id, e));
    return set_flag(ch, user_id, false, e);
}

static enum rc use_recovery(struct change *ch, int64_t user_id, struct str code, struct err *e)
{
    char hash[44];
    struct stmt *s;
    hash_code(code, user_id, hash);
    TRY(db_prepare(ch->tx->db, &s,
                   "UPDATE recovery_code SET used_at = $1 WHERE user_id = $2 AND hash = $3 AND used_at IS NULL", e));
    stmt_i64(s, 1, ch->at);
    stmt_i64(s, 2, user_id);
    stmt_str(s, 3, str_c(hash));
    TRY(stmt_run(s, e));
    return db_changes(ch->tx->db) ? RC_OK : err_set(e, RC_UNAUTHORIZED, "bad_code", "code", NULL);
}

enum rc factor_use(struct change *ch, int64_t user_id, struct str code, bool *recovery, struct err *e)
{
    struct str bare = bare_code(ch->tx->arena, code);
    struct factor f;
    TRY(load(ch->tx->db, user_id, &f, e));
    *recovery = bare.len != TOTP_DIGITS;
    if (!f.confirmed)
        return err_set(e, RC_UNAUTHORIZED, "bad_code", "code", NULL);
    if (*recovery)
        return use_recovery(ch, user_id, bare, e);
    int64_t step = totp_find(f.secret, sizeof f.secret, bare, ch->tx->now, f.last_step);
    if (!step)
        return err_set(e, RC_UNAUTHORIZED, "bad_code", "code", NULL);
    return set_step(ch, user_id, step, false, e);
}
