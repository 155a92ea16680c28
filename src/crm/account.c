/* Sessions, invitations and the log of sign-ins. */
#include "crm/account.h"
#include "crm/engine.h"
#include "crm/rights_impl.h"
#include <sodium.h>

#define INVITE_MS (3 * MS_DAY)
#define LOG_MS (365 * MS_DAY)
#define USE_INVITE "voronka.invite.stored.."

static void hash_text(struct str text, const char *use, char out[44])
{
    unsigned char hash[32];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)text.ptr, text.len, (const unsigned char *)use,
                       strlen(use));
    sodium_bin2base64(out, 44, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

/* ---- sessions ---- */

enum rc session_seen(struct wtx *tx, int64_t session_id, const struct origin *from, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, "UPDATE session SET last_seen_at = $1, address = $2, agent = $3 WHERE id = $4", e));
    stmt_i64(s, 1, tx->now);
    stmt_str(s, 2, from->address);
    stmt_str(s, 3, from->agent);
    stmt_i64(s, 4, session_id);
    return stmt_run(s, e);
}

static void put_text(struct jw *w, const char *key, struct stmt *s, int col)
{
    jw_key(w, key);
    if (stmt_col_null(s, col))
        jw_null(w);
    else
        jw_str(w, stmt_col_str(s, col));
}

enum rc sessions_list(struct db *db, int64_t user_id, int64_t current, int64_t now, struct buf *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    struct jw w = jw_to(out);
    TRY(db_prepare(
        db, &s,
        "SELECT id, created_at, last_seen_at, address, agent FROM session WHERE user_id = $1 AND is_token = 0"
        " AND ended_at IS NULL AND expires_at > $2 ORDER BY id DESC LIMIT 200",
        e));
    stmt_i64(s, 1, user_id);
    stmt_i64(s, 2, now);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        jw_obj(&w);
        jw_ki64(&w, "id", stmt_col_i64(s, 0));
        jw_ki64(&w, "created_at", stmt_col_i64(s, 1));
        jw_ki64(&w, "last_seen_at", stmt_col_i64(s, stmt_col_null(s, 2) ? 1 : 2));
        put_text(&w, "address", s, 3);
        put_text(&w, "agent", s, 4);
        jw_kbool(&w, "current", stmt_col_i64(s, 0) == current);
        jw_end_obj(&w);
    }
    stmt_done(s);
    jw_end_arr(&w);
    jw_end_obj(&w);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc session_end(struct change *ch, int64_t user_id, int64_t session_id, struct err *e)
{
    int64_t found;
    TRY(QUERY_I64(ch->tx->db, &found, 0, e,
                  "SELECT 1 FROM session WHERE id = $1 AND user_id = $2 AND is_token = 0 AND ended_at IS NULL",
                  session_id, user_id));
    if (!found)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "session %lld", (long long)session_id);
    return session_close(ch, session_id, e);
}

/* ---- invitations ---- */

enum rc invite_make(struct change *ch, int64_t user_id, struct arena *a, struct str *token, int64_t *expires_at,
                    struct err *e)
{
    unsigned char bytes[32];
    char hash[44];
    struct record *user;
    struct stmt *s;
    TRY(record_load_row(ch->tx->db, ch->tx->arena, entity_by_id(ENT_USER), user_id, false, &user, e));
    if (!user->f[USER_ACTIVE].i)
        return err_set(e, RC_UNPROCESSABLE, "user_inactive", "", NULL);
    if (sodium_init() < 0)
        return err_set(e, RC_INTERNAL, "no_randomness", "", NULL);
    randombytes_buf(bytes, sizeof bytes);
    *token = str_base64url(a, bytes, sizeof bytes);
    *expires_at = ch->at + INVITE_MS;
    hash_text(*token, USE_INVITE, hash);
    TRY(db_prepare(ch->tx->db, &s, "DELETE FROM invite WHERE user_id = $1", e));
    stmt_i64(s, 1, user_id);
    TRY(stmt_run(s, e));
    TRY(db_prepare(ch->tx->db, &s,
                   "INSERT INTO invite (user_id, token_hash, created_by, created_at, expires_at)"
                   " VALUES ($1, $2, $3, $4, $5)",
                   e));
    stmt_i64(s, 1, user_id);
    stmt_str(s, 2, str_c(hash));
    stmt_i64(s, 3, ch->actor.user_id);
    stmt_i64(s, 4, ch->at);
    stmt_i64(s, 5, *expires_at);
    TRY(stmt_run(s, e));
    return change_note_event(ch, ENT_USER, user_id, VERB_INVITED, STR("{}"), e);
}

enum rc invite_find(struct db *db, struct str token, int64_t now, int64_t *user_id, struct err *e)
{
    char hash[44];
    struct stmt *s;
    hash_text(token, USE_INVITE, hash);
    TRY(db_prepare(db, &s,
                   "SELECT i.user_id FROM invite i JOIN users u ON u.id = i.user_id WHERE i.token_hash = $1"
                   " AND i.used_at IS NULL AND i.expires_at > $2 AND u.active = 1 AND u.deleted_at IS NULL",
                   e));
    stmt_str(s, 1, str_c(hash));
    stmt_i64(s, 2, now);
    enum rc rc = stmt_step(s, e);
    *user_id = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_NOT_FOUND, "bad_invite", "token", NULL);
    return rc == RC_ROW ? RC_OK : rc;
}

enum rc invite_use(struct change *ch, struct str token, struct str hash, struct str name, int64_t *user_id,
                   struct err *e)
{
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_USER));
    struct stmt *s;
    TRY(invite_find(ch->tx->db, token, ch->at, user_id, e));
    TRY(db_prepare(ch->tx->db, &s, "UPDATE invite SET used_at = $1 WHERE user_id = $2", e));
    stmt_i64(s, 1, ch->at);
    stmt_i64(s, 2, *user_id);
    TRY(stmt_run(s, e));
    ch->actor.user_id = *user_id; /* whoever holds the link is the person */
    ch->actor.rights = NULL;
    in->f[USER_PASSWORD_HASH] = val_str(hash);
    if (name.len) {
        TRY(val_check_text(ch->tx->arena, &in->ent->fields[USER_NAME], name, &in->f[USER_NAME], e));
        if (!val_has(in->f[USER_NAME]))
            in->f[USER_NAME].kind = VAL_ABSENT;
    }
    TRY(change_update(ch, *user_id, 0, in, e));
    return session_close_others(ch, *user_id, 0, e);
}

/* ---- sign-ins ---- */

static enum rc forget_old(struct wtx *tx, int64_t id, struct err *e)
{
    struct stmt *s;
    if (id % 64 != 0)
        return RC_OK;
    TRY(db_prepare(tx->db, &s, "DELETE FROM sign_in WHERE at < $1", e));
    stmt_i64(s, 1, tx->now - LOG_MS);
    return stmt_run(s, e);
}

enum rc sign_in_log(struct wtx *tx, const struct sign_in *in, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(
        tx->db, &s,
        "INSERT INTO sign_in (at, user_id, email, address, agent, how, ok) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " RETURNING id",
        e));
    stmt_i64(s, 1, tx->now);
    if (in->user_id)
        stmt_i64(s, 2, in->user_id);
    else
        stmt_null(s, 2);
    stmt_str(s, 3, in->email);
    stmt_str(s, 4, in->from.address);
    stmt_str(s, 5, in->from.agent);
    stmt_str(s, 6, str_c(in->how));
    stmt_i64(s, 7, in->ok);
    enum rc rc = stmt_step(s, e);
    int64_t id = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    if (rc == RC_ROW)
        rc = stmt_step(s, e);
    stmt_done(s);
    return rc == RC_DONE ? forget_old(tx, id, e) : rc;
}

static void put_sign_in(struct jw *w, struct stmt *s)
{
    jw_obj(w);
    jw_ki64(w, "at", stmt_col_i64(s, 1));
    jw_key(w, "user_id");
    if (stmt_col_null(s, 2))
        jw_null(w);
    else
        jw_i64(w, stmt_col_i64(s, 2));
    put_text(w, "email", s, 3);
    put_text(w, "address", s, 4);
    put_text(w, "agent", s, 5);
    put_text(w, "how", s, 6);
    jw_kbool(w, "ok", stmt_col_i64(s, 7) != 0);
    jw_end_obj(w);
}

enum rc sign_ins_put(struct db *db, struct arena *a, int64_t user_id, struct str cursor, int64_t limit, struct buf *out,
                     struct err *e)
{
    struct jw w = jw_to(out);
    struct stmt *s;
    enum rc rc;
    int64_t before = INT64_MAX, last = 0, n = 0;
    bool more = false;
    if (cursor.len && !str_i64(cursor, &before))
        return err_set(e, RC_INVALID, "bad_cursor", "cursor", NULL);
    TRY(db_prepare(db, &s,
                   user_id ? "SELECT id, at, user_id, email, address, agent, how, ok FROM sign_in WHERE id < $1"
                             " AND user_id = $3 ORDER BY id DESC LIMIT $2"
                           : "SELECT id, at, user_id, email, address, agent, how, ok FROM sign_in WHERE id < $1"
                             " ORDER BY id DESC LIMIT $2",
                   e));
    stmt_i64(s, 1, before);
    stmt_i64(s, 2, limit + 1);
    if (user_id)
        stmt_i64(s, 3, user_id);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        more = n++ == limit;
        if (more)
            continue;
        last = stmt_col_i64(s, 0);
        put_sign_in(&w, s);
    }
    stmt_done(s);
    jw_end_arr(&w);
    jw_kstr(&w, "next_cursor", more ? str_fmt(a, "%lld", (long long)last) : STR_NULL);
    jw_end_obj(&w);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc account_within(struct db *db, struct arena *a, const struct rights *r, int64_t user_id, struct err *e)
{
    const struct rights *of;
    struct record *user;
    TRY(record_load_row(db, a, entity_by_id(ENT_USER), user_id, false, &user, e));
    if (!r || r->everything)
        return RC_OK;
    TRY(rights_load(db, a, user_id, &of, e));
    return rights_within(of, r) ? RC_OK : err_set(e, RC_FORBIDDEN, "forbidden", "", "user %lld", (long long)user_id);
}
