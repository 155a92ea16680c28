#include "rules/hook.h"
#include "rules/run_impl.h"
#include <sodium.h>

#define USE "voronka hook" /* so that a hash serves no other purpose */

static void hash_of(struct str token, char out[44])
{
    unsigned char hash[32];
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token.ptr, token.len, (const unsigned char *)USE,
                       sizeof USE - 1);
    sodium_bin2base64(out, 44, hash, sizeof hash, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

enum rc hook_token_make(struct change *ch, int64_t trigger_id, char token[64], struct err *e)
{
    unsigned char bytes[24];
    char hash[44];
    const struct rule_set *set;
    struct stmt *s;
    TRY(rules_of(ch, &set, e));
    const struct trigger *t = rules_trigger(set, trigger_id);
    if (!t)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    if (t->event.on != ON_WEBHOOK)
        return err_set(e, RC_UNPROCESSABLE, "not_a_webhook", "event", NULL);
    randombytes_buf(bytes, sizeof bytes);
    snprintf(token, 64, "vrh_");
    sodium_bin2base64(token + 4, 60, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    hash_of(str_c(token), hash);
    TRY(db_prepare(ch->tx->db, &s,
                   "INSERT INTO hook_token (trigger_id, token_hash, created_at) VALUES ($1, $2, $3)"
                   " ON CONFLICT (trigger_id) DO UPDATE SET token_hash = excluded.token_hash,"
                   " created_at = excluded.created_at",
                   e));
    stmt_i64(s, 1, trigger_id);
    stmt_str(s, 2, str_c(hash));
    stmt_i64(s, 3, ch->at);
    return stmt_run(s, e);
}

/* ---- the call ---- */

static enum rc text_of(struct arena *a, const json_t *body, const char *key, struct str *out, struct err *e)
{
    const json_t *v = json_object_get(body, key);
    *out = STR_NULL;
    if (!v || json_is_null(v))
        return RC_OK;
    if (!json_is_string(v) || json_string_length(v) > 254)
        return err_set(e, RC_INVALID, "wrong_type", key, "string");
    *out = str_dup(a, (struct str){json_string_value(v), json_string_length(v)});
    return RC_OK;
}

enum rc hook_read(struct arena *a, struct str token, const json_t *body, struct hook_call *out, struct err *e)
{
    const json_t *deal = json_object_get(body, "deal_id");
    *out = (struct hook_call){.token = str_dup(a, token)};
    if (deal && !json_is_integer(deal))
        return err_set(e, RC_INVALID, "wrong_type", "deal_id", "integer");
    out->asked_deal = json_integer_value(deal);
    TRY(text_of(a, body, "phone", &out->phone, e));
    return text_of(a, body, "email", &out->email, e);
}

static enum rc trigger_of(struct change *ch, struct str token, const struct trigger **out, struct err *e)
{
    const struct rule_set *set;
    struct stmt *s;
    char hash[44];
    hash_of(token, hash);
    TRY(db_prepare(ch->tx->db, &s, "SELECT trigger_id FROM hook_token WHERE token_hash = $1", e));
    stmt_str(s, 1, str_c(hash));
    enum rc rc = stmt_step(s, e);
    int64_t id = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    if (rc != RC_ROW && rc != RC_DONE)
        return rc;
    TRY(rules_of(ch, &set, e));
    *out = id ? rules_trigger(set, id) : NULL;
    bool ok = *out && (*out)->enabled && (*out)->event.on == ON_WEBHOOK;
    return ok ? RC_OK : err_set(e, RC_NOT_FOUND, "hook_not_found", "", NULL);
}

static enum rc deal_by(struct change *ch, const struct trigger *t, const char *column, struct str folded, int64_t *out,
                       struct err *e)
{
    struct stmt *s;
    struct str sql = str_fmt(ch->tx->arena,
                             "SELECT d.id FROM contact c JOIN deal d ON d.contact_id = c.id WHERE c.%s_fold = $1 AND"
                             " c.deleted_at IS NULL AND d.deleted_at IS NULL AND d.status = 0 AND ($2 = 0 OR"
                             " d.funnel_id = $2) AND ($3 = 0 OR d.stage_id = $3) ORDER BY d.id DESC LIMIT 1",
                             column);
    TRY(db_prepare(ch->tx->db, &s, sql.ptr, e));
    stmt_str(s, 1, folded);
    stmt_i64(s, 2, t->funnel_id);
    stmt_i64(s, 3, t->stage_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *out = stmt_col_i64(s, 0);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc find_deal(struct change *ch, const struct trigger *t, struct hook_call *x, struct err *e)
{
    const struct entity *contact = entity_by_id(ENT_CONTACT);
    const struct record *deal = NULL;
    x->deal_id = x->asked_deal;
    if (!x->deal_id && x->phone.len)
        TRY(deal_by(ch, t, "phone", field_fold(ch->tx->arena, &contact->fields[CONTACT_PHONE], x->phone), &x->deal_id,
                    e));
    if (!x->deal_id && x->email.len)
        TRY(deal_by(ch, t, "email", field_fold(ch->tx->arena, &contact->fields[CONTACT_EMAIL], x->email), &x->deal_id,
                    e));
    if (x->deal_id)
        TRY(run_record(ch, entity_by_id(ENT_DEAL), x->deal_id, NULL, &deal, e));
    bool here = deal && !deal->deleted_at && (!t->funnel_id || t->funnel_id == val_i(deal->f[DEAL_FUNNEL_ID], 0)) &&
                (!t->stage_id || t->stage_id == val_i(deal->f[DEAL_STAGE_ID], 0));
    if (!here)
        x->deal_id = 0;
    return RC_OK;
}

enum rc hook_fire(struct change *ch, struct hook_call *x, struct err *e)
{
    const struct trigger *t = NULL;
    x->deal_id = 0;
    x->ran = false;
    TRY(trigger_of(ch, x->token, &t, e));
    if (!t)
        return err_set(e, RC_NOT_FOUND, "not_found", "", NULL);
    TRY(find_deal(ch, t, x, e));
    return x->deal_id ? rules_run(ch, t, x->deal_id, 0, true, &x->ran, NULL, e) : RC_OK;
}
