/* Sessions of browsers and API tokens: 32 random bytes, of which the database knows only a hash. */
#include "crm/engine.h"
#include <sodium.h>

#define SESSION_MS (14 * MS_DAY)
#define TOKEN_BYTES 32
#define TOKEN_PREFIX "vrk_"

static struct str new_token(struct arena *a, const char *prefix)
{
    unsigned char bytes[TOKEN_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    struct str text = str_base64url(a, bytes, sizeof bytes);
    return str_fmt(a, "%s%.*s", prefix, STR_ARG(text));
}

/* Fast on purpose: the token is random, nothing is to be guessed. */
static void hash_token(struct str token, const char *use, char out[44])
{
    unsigned char hash[32];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token.ptr, token.len, (const unsigned char *)use,
                       strlen(use));
    sodium_bin2base64(out, 44, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

#define USE_STORED "voronka.session.stored"
#define USE_CSRF "voronka.session.csrf.."

static enum rc insert_session(struct change *ch, int64_t user_id, struct str token, bool is_token, struct str name,
                              int64_t expires_at, int64_t *id, struct err *e)
{
    char hash[44];
    struct stmt *s;
    hash_token(token, USE_STORED, hash);
    TRY(db_prepare(ch->tx->db, &s,
                   "INSERT INTO session (user_id, token_hash, is_token, name, created_at, expires_at)"
                   " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
                   e));
    stmt_i64(s, 1, user_id);
    stmt_str(s, 2, str_c(hash));
    stmt_i64(s, 3, is_token);
    stmt_str(s, 4, name);
    stmt_i64(s, 5, ch->at);
    if (expires_at)
        stmt_i64(s, 6, expires_at);
    else
        stmt_null(s, 6);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        *id = stmt_col_i64(s, 0);
        rc = stmt_step(s, e);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc load_session(struct db *db, const char *where, struct str token_hash, int64_t now, struct session *out,
                            struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, where, e));
    stmt_str(s, 1, token_hash);
    stmt_i64(s, 2, now);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        out->id = stmt_col_i64(s, 0);
        out->user_id = stmt_col_i64(s, 1);
        out->expires_at = stmt_col_null(s, 2) ? 0 : stmt_col_i64(s, 2);
        out->is_token = stmt_col_i64(s, 3) != 0;
        out->role = (enum role)stmt_col_i64(s, 4);
        snprintf(out->locale, sizeof out->locale, "%s", locale_names[stmt_col_i64(s, 5) == 1]);
        snprintf(out->scopes, sizeof out->scopes, "%.*s", STR_ARG(stmt_col_str(s, 6)));
        out->last_seen_at = stmt_col_null(s, 7) ? 0 : stmt_col_i64(s, 7);
    }
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_UNAUTHORIZED, "signed_out", "", NULL);
    return rc == RC_ROW ? RC_OK : rc;
}

enum rc session_find(struct db *db, struct str token, int64_t now, struct session *out, struct err *e)
{
    char hash[44];
    *out = (struct session){0};
    if (!token.len || token.len > 64)
        return err_set(e, RC_UNAUTHORIZED, "signed_out", "", NULL);
    hash_token(token, USE_STORED, hash);
    TRY(load_session(db,
                     "SELECT s.id, s.user_id, s.expires_at, s.is_token, u.role, u.locale, s.scopes,"
                     " s.last_seen_at FROM session s"
                     " JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.ended_at IS NULL"
                     " AND (s.expires_at IS NULL OR s.expires_at > $2) AND u.active = 1 AND u.deleted_at IS NULL",
                     str_c(hash), now, out, e));
    hash_token(token, USE_CSRF, out->csrf);
    return RC_OK;
}

static enum rc session_event(struct change *ch, int64_t user_id, enum verb verb, int64_t session_id, struct err *e)
{
    char data[64];
    int n = snprintf(data, sizeof data, "{\"session_id\":[null,%lld]}", (long long)session_id);
    return change_note_event(ch, ENT_USER, user_id, verb, (struct str){data, (size_t)n}, e);
}

/* Now and then what ended a month ago is forgotten; the journal still tells who signed in. */
static enum rc forget_old(struct change *ch, int64_t id, struct err *e)
{
    struct stmt *s;
    if (id % 64 != 0)
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s, "DELETE FROM session WHERE expires_at < $1", e));
    stmt_i64(s, 1, ch->tx->now - 30 * MS_DAY);
    return stmt_run(s, e);
}

enum rc session_open(struct change *ch, int64_t user_id, struct arena *a, struct str *token, struct session *out,
                     struct err *e)
{
    int64_t id = 0;
    if (sodium_init() < 0)
        return err_set(e, RC_INTERNAL, "no_randomness", "", NULL);
    *token = new_token(a, "");
    TRY(insert_session(ch, user_id, *token, false, STR_NULL, ch->at + SESSION_MS, &id, e));
    TRY(forget_old(ch, id, e));
    TRY(session_find(ch->tx->db, *token, ch->at, out, e));
    return session_event(ch, user_id, VERB_SIGNED_IN, id, e);
}

enum rc session_close(struct change *ch, int64_t session_id, struct err *e)
{
    int64_t user_id;
    struct stmt *s;
    TRY(QUERY_I64(ch->tx->db, &user_id, 0, e, "SELECT user_id FROM session WHERE id = $1 AND ended_at IS NULL",
                  session_id));
    if (!user_id)
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s, "UPDATE session SET ended_at = $1 WHERE id = $2", e));
    stmt_i64(s, 1, ch->at);
    stmt_i64(s, 2, session_id);
    TRY(stmt_run(s, e));
    return session_event(ch, user_id, VERB_SIGNED_OUT, session_id, e);
}

/* API tokens stay: they are taken back one by one, or with the user. */
enum rc session_close_others(struct change *ch, int64_t user_id, int64_t keep_id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        ch->tx->db, &s,
        keep_id
            ? "UPDATE session SET ended_at = $1 WHERE user_id = $2 AND id <> $3 AND ended_at IS NULL AND is_token = 0"
            : "UPDATE session SET ended_at = $1 WHERE user_id = $2 AND id <> $3 AND ended_at IS NULL",
        e));
    stmt_i64(s, 1, ch->at);
    stmt_i64(s, 2, user_id);
    stmt_i64(s, 3, keep_id);
    return stmt_run(s, e);
}

/* ---- API tokens ---- */

static enum rc set_scopes(struct db *db, int64_t id, struct str scopes, struct err *e)
{
    struct stmt *s;
    if (!scopes.len)
        return RC_OK;
    TRY(db_prepare(db, &s, "UPDATE session SET scopes = $1 WHERE id = $2", e));
    stmt_str(s, 1, scopes);
    stmt_i64(s, 2, id);
    return stmt_run(s, e);
}

static void put_new(struct jw *w, const char *key, struct str value)
{
    jw_key(w, key);
    jw_arr(w);
    jw_null(w);
    jw_str(w, value);
    jw_end_arr(w);
}

enum rc token_create(struct change *ch, int64_t user_id, struct str name, struct str scopes, int64_t expires_at,
                     struct arena *a, struct str *token, int64_t *id, struct err *e)
{
    static const struct field name_field = {.name = "name", .type = FT_TEXT, .min = 1, .max = 120};
    struct val checked;
    struct buf data = {0};
    if (sodium_init() < 0)
        return err_set(e, RC_INTERNAL, "no_randomness", "", NULL);
    TRY(val_check_text(ch->tx->arena, &name_field, name, &checked, e));
    if (!val_has(checked))
        return err_set(e, RC_UNPROCESSABLE, "required", "name", NULL);
    *token = new_token(a, TOKEN_PREFIX);
    if (scopes.len >= SCOPES_MOST)
        return err_set(e, RC_UNPROCESSABLE, "too_long", "scopes", "%d", SCOPES_MOST - 1);
    TRY(insert_session(ch, user_id, *token, true, checked.s, expires_at, id, e));
    TRY(set_scopes(ch->tx->db, *id, scopes, e));
    struct jw w = jw_to(&data);
    jw_obj(&w);
    put_new(&w, "name", checked.s);
    if (scopes.len)
        put_new(&w, "scopes", scopes);
    jw_end_obj(&w);
    enum rc rc = change_note_event(ch, ENT_TOKEN, *id, VERB_CREATED, buf_view(&data), e);
    buf_free(&data);
    return rc;
}

enum rc token_delete(struct change *ch, int64_t user_id, int64_t id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        ch->tx->db, &s,
        "UPDATE session SET ended_at = $1 WHERE id = $2 AND user_id = $3 AND is_token = 1 AND ended_at IS NULL", e));
    stmt_i64(s, 1, ch->at);
    stmt_i64(s, 2, id);
    stmt_i64(s, 3, user_id);
    TRY(stmt_run(s, e));
    if (db_changes(ch->tx->db) == 0)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "token %lld", (long long)id);
    return change_note_event(ch, ENT_TOKEN, id, VERB_DELETED, STR("{}"), e);
}
