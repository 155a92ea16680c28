/* Settings of the company: few, small, read when needed. */
#include "base/phone.h"
#include "crm/engine.h"
#include "crm/schema_steps.h"
#include "crm/search.h"

enum rc setting_get(struct db *db, struct arena *a, const char *key, const char *fallback, struct str *out,
                    struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "SELECT value FROM setting WHERE key = $1", e));
    stmt_str(s, 1, str_c(key));
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW)
        *out = str_dup(a, stmt_col_str(s, 0));
    else if (rc == RC_DONE)
        *out = str_c(fallback);
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc setting_country_load(struct db *db, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct str country = STR_NULL;
    enum rc rc = setting_get(db, &a, "country", "RU", &country, e);
    if (rc == RC_OK && !phone_set_home(country))
        rc = err_set(e, RC_INTERNAL, "bad_country", "country", "%.*s", (int)(country.len < 20 ? country.len : 20),
                     country.ptr);
    arena_free(&a);
    return rc;
}

/* The forms in which phones are searched depend on it. */
static enum rc country_changed(struct change *ch, const char *key, struct err *e)
{
    if (strcmp(key, "country") != 0)
        return RC_OK;
    TRY(setting_country_load(ch->tx->db, e));
    TRY(contacts_backfill(ch->tx->db, e));
    return search_rebuild(ch->tx, e);
}

/* The password was given to one server: no other gets it, whether people, an undo or a cleared field moves letters. */
static enum rc server_changed(struct change *ch, const char *key, bool was_set, struct err *e)
{
    return was_set && strcmp(key, "mail_host") == 0 ? setting_set(ch, "secret_mail_password", STR_NULL, e) : RC_OK;
}

static bool is_secret(const char *key)
{
    return strncmp(key, "secret", 6) == 0;
}

static enum rc journal_setting(struct change *ch, const char *key, struct str old, struct str value, struct err *e)
{
    struct buf data = {0};
    struct jw w = jw_to(&data);
    jw_obj(&w);
    jw_key(&w, key);
    jw_arr(&w);
    jw_str(&w, old); /* no pointer: null */
    jw_str(&w, value);
    jw_end_arr(&w);
    jw_end_obj(&w);
    enum rc rc = change_note_event(ch, ENT_SETTING, 0, VERB_UPDATED, buf_view(&data), e);
    buf_free(&data);
    return rc;
}

enum rc setting_set(struct change *ch, const char *key, struct str value, struct err *e)
{
    struct str old = STR_NULL;
    struct stmt *s;
    TRY(setting_get(ch->tx->db, ch->tx->arena, key, NULL, &old, e));
    if (old.ptr && value.ptr && str_eq(old, value))
        return RC_OK;
    if (!old.ptr && !value.ptr)
        return RC_OK;
    TRY(db_prepare(
        ch->tx->db, &s,
        value.ptr
            ? "INSERT INTO setting (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            : "DELETE FROM setting WHERE key = $1",
        e));
    stmt_str(s, 1, str_c(key));
    if (value.ptr)
        stmt_str(s, 2, value);
    TRY(stmt_run(s, e));
    TRY(country_changed(ch, key, e));
    TRY(server_changed(ch, key, old.ptr != NULL, e));
    return is_secret(key) ? RC_OK : journal_setting(ch, key, old, value, e);
}
