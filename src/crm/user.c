/* Users: the rules that keep a company able to sign in, passwords, the first administrator. */
#include "crm/hooks.h"
#include "crm/mail.h"
#include <sodium.h>

static enum rc other_admin_exists(struct change *ch, int64_t but, struct err *e)
{
    int64_t found;
    TRY(QUERY_I64(ch->tx->db, &found, 0, e,
                  "SELECT 1 FROM users WHERE id <> $1 AND role = 0 AND active = 1 AND deleted_at IS NULL LIMIT 1",
                  but));
    return found ? RC_OK : err_set(e, RC_CONFLICT, "last_admin", "", NULL);
}

static bool active_admin(const struct record *u)
{
    return u && !u->deleted_at && u->f[USER_ROLE].i == ROLE_ADMIN && u->f[USER_ACTIVE].i;
}

HOOK_BEFORE(user)
{
    if (ch->undoes && was && will && !val_eq(was->f[USER_TOTP], will->f[USER_TOTP]))
        return err_set(e, RC_CONFLICT, "not_undoable", "totp", NULL); /* the secret is gone, or not there yet */
    if (will && val_has(will->f[USER_LETTERS]) && !mail_chosen_valid(will->f[USER_LETTERS].s))
        return err_set(e, RC_UNPROCESSABLE, "bad_letters", "letters", NULL);
    TRY(user_role_rules(ch, was, will, e));
    if (active_admin(was) && !active_admin(will))
        TRY(other_admin_exists(ch, was->id, e));
    if (will || !was)
        return RC_OK;
    int64_t owns;
    TRY(QUERY_I64(ch->tx->db, &owns, 0, e,
                  "SELECT 1 FROM deal WHERE owner_id = $1 AND status = 0 AND deleted_at IS NULL LIMIT 1", was->id));
    return owns ? err_set(e, RC_CONFLICT, "user_in_use", "", NULL) : RC_OK;
}

/* Who is deactivated or deleted is signed out everywhere at once. */
HOOK_AFTER(user)
{
    if (is && is->f[USER_ACTIVE].i)
        return RC_OK;
    return session_close_others(ch, (is ? is : was)->id, 0, e);
}

/* ---- passwords ---- */

#define PASSWORD_OPS 2
#define PASSWORD_BYTES ((size_t)64 << 20)
static unsigned long long password_ops = PASSWORD_OPS;
static size_t password_bytes = PASSWORD_BYTES;
#define PASSWORD_LEAST 8
#define PASSWORD_MOST 1024

/* What is tried first: one character over and over, a row of keys or digits, the words of every list. */
static bool easily_guessed(struct arena *a, struct str password)
{
    static const char *const rows[] = {"01234567890123456789",
                                       "98765432109876543210",
                                       "qwertyuiop[]asdfghjkl",
                                       "qwertyuiopasdfghjklzxcvbnm",
                                       "йцукенгшщзхъфывапролджэячсмитьбю",
                                       "abcdefghijklmnopqrstuvwxyz",
                                       "абвгдеежзийклмнопрстуфхцчшщъыьэюя"};
    static const char *const words[] = {
        "password",      "password1", "password123", "passw0rd",   "p@ssw0rd", "qwerty123", "qwerty12", "1q2w3e4r",
        "1q2w3e4r5t",    "1qaz2wsx",  "q1w2e3r4",    "q1w2e3r4t5", "letmein1", "iloveyou",  "welcome1", "admin123",
        "administrator", "пароль12",  "пароль123",   "voronka1",   "воронка1", "привет123"};
    struct str s = str_fold(a, password);
    bool same = true;
    for (size_t i = 1; i < s.len; i++)
        same &= s.ptr[i] == s.ptr[(unsigned char)s.ptr[0] >= 0x80 ? i % 2 : 0]; /* Russian letters are two bytes */
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !same; i++)
        same = memmem(rows[i], strlen(rows[i]), s.ptr, s.len) != NULL;
    for (size_t i = 0; i < sizeof words / sizeof *words && !same; i++)
        same = str_eqc(s, words[i]);
    return same;
}

void password_hashes_for_tests(void)
{
    password_ops = crypto_pwhash_OPSLIMIT_MIN;
    password_bytes = crypto_pwhash_MEMLIMIT_MIN;
}

enum rc password_hash(struct arena *a, struct str password, struct str *hash, struct err *e)
{
    if (str_utf8_len(password) < PASSWORD_LEAST)
        return err_set(e, RC_UNPROCESSABLE, "weak_password", "password", "%d", PASSWORD_LEAST);
    if (easily_guessed(a, password))
        return err_set(e, RC_UNPROCESSABLE, "easy_password", "password", NULL);
    if (password.len > PASSWORD_MOST)
        return err_set(e, RC_UNPROCESSABLE, "too_long", "password", "%d", PASSWORD_MOST);
    char *out = arena_zalloc(a, crypto_pwhash_STRBYTES);
    if (sodium_init() < 0 || crypto_pwhash_str_alg(out, password.ptr, password.len, password_ops, password_bytes,
                                                   crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(e, RC_UNAVAILABLE, "out_of_memory", "", NULL);
    *hash = str_c(out);
    return RC_OK;
}

bool password_verify(struct str hash, struct str password)
{
    char text[crypto_pwhash_STRBYTES] = {0};
    if (sodium_init() < 0 || !hash.len || hash.len >= sizeof text || password.len > PASSWORD_MOST)
        return false;
    memcpy(text, hash.ptr, hash.len);
    return crypto_pwhash_str_verify(text, password.ptr, password.len) == 0;
}

enum rc user_set_password(struct change *ch, int64_t user_id, struct str hash, struct err *e)
{
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_USER));
    in->f[USER_PASSWORD_HASH] = val_str(hash);
    return change_update(ch, user_id, 0, in, e);
}

enum rc user_find_login(struct db *db, struct arena *a, struct str email, struct user_login *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        db, &s, "SELECT id, password_hash, active, totp FROM users WHERE email_fold = $1 AND deleted_at IS NULL", e));
    stmt_str(s, 1, str_fold(a, email));
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *out = (struct user_login){stmt_col_i64(s, 0), stmt_col_null(s, 1) ? STR_NULL : str_dup(a, stmt_col_str(s, 1)),
                                   stmt_col_i64(s, 2) != 0, stmt_col_i64(s, 3) != 0};
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_NOT_FOUND, "not_found", "email", NULL);
    return rc == RC_ROW ? RC_OK : rc;
}

enum rc user_ensure_admin(struct change *ch, struct str email, struct str hash, bool *created, struct err *e)
{
    int64_t found;
    *created = false;
    TRY(query_i64(ch->tx->db, "SELECT 1 FROM users WHERE role = 0 AND active = 1 AND deleted_at IS NULL LIMIT 1", NULL,
                  0, 0, &found, e));
    if (found)
        return RC_OK;
    const struct entity *ent = entity_by_id(ENT_USER);
    struct record *in = record_new(ch->tx->arena, ent);
    in->f[USER_NAME] = val_str(email);
    TRY(val_check_text(ch->tx->arena, &ent->fields[USER_EMAIL], email, &in->f[USER_EMAIL], e));
    in->f[USER_ROLE] = val_int(ROLE_ADMIN);
    in->f[USER_PASSWORD_HASH] = val_str(hash);
    TRY(change_create(ch, in, NULL, e));
    *created = true;
    return RC_OK;
}
