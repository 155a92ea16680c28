/* voronka user: people and their passwords, where nobody can sign in to do it. */
#include "base/time.h"
#include "cli/cli.h"
#include "crm/account.h"
#include "crm/crm.h"
#include "crm/fields.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct user_job {
    struct job job;
    struct arena arena;
    const char *action, *name, *email, *role, *locale;
    struct str hash;
    int64_t id;
};

static enum rc find(struct wtx *tx, struct str email, int64_t *id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(tx->db, &s, "SELECT id FROM users WHERE email_fold = $1 AND deleted_at IS NULL", e));
    stmt_str(s, 1, str_fold(tx->arena, email));
    enum rc rc = stmt_step(s, e);
    *id = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_NOT_FOUND, "user_not_found", "email", "%.*s", STR_ARG(email));
    return rc == RC_ROW ? RC_OK : rc;
}

/* The record a client of the API would send. */
static enum rc record_of(struct user_job *j, struct wtx *tx, bool creating, struct record **out, struct err *e)
{
    json_t *body = json_object();
    if (j->name)
        json_object_set_new(body, "name", json_string(j->name));
    if (creating && j->email)
        json_object_set_new(body, "email", json_string(j->email));
    if (j->role)
        json_object_set_new(body, "role", json_string(j->role));
    if (j->locale)
        json_object_set_new(body, "locale", json_string(j->locale));
    if (strcmp(j->action, "off") == 0 || strcmp(j->action, "on") == 0)
        json_object_set_new(body, "active", json_boolean(j->action[1] == 'n'));
    enum rc rc = record_from_json(tx->arena, entity_by_id(ENT_USER), body, creating, out, e);
    json_decref(body);
    return rc;
}

static enum rc apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct user_job *j = (struct user_job *)job;
    struct change ch = change_begin(tx, (struct actor){0, ROLE_ADMIN, VIA_CLI});
    bool creating = strcmp(j->action, "add") == 0;
    struct record *r;
    TRY(record_of(j, tx, creating, &r, e));
    if (creating) {
        TRY(change_create(&ch, r, &j->id, e));
    } else {
        TRY(find(tx, str_c(j->email), &j->id, e));
        TRY(change_update(&ch, j->id, 0, r, e));
    }
    if (strcmp(j->action, "reset-totp") == 0)
        return factor_off(&ch, j->id, e);
    if (!j->hash.ptr)
        return RC_OK;
    TRY(user_set_password(&ch, j->id, j->hash, e));
    return session_close_others(&ch, j->id, 0, e);
}

static enum rc list(const struct db_target *target, bool json, struct err *e)
{
    struct db *db;
    struct stmt *s;
    struct buf b = {0};
    TRY(cli_db(&db, target, e));
    enum rc rc =
        db_prepare(db, &s, "SELECT id, email, name, role, active FROM users WHERE deleted_at IS NULL ORDER BY id", e);
    struct jw w = jw_to(&b);
    if (json)
        jw_arr(&w);
    while (rc == RC_OK && (rc = stmt_step(s, e)) == RC_ROW) {
        rc = RC_OK;
        if (!json) {
            buf_fmt(&b, "%lld\t%.*s\t%.*s\t%s\t%s\n", (long long)stmt_col_i64(s, 0), STR_ARG(stmt_col_str(s, 1)),
                    STR_ARG(stmt_col_str(s, 2)), role_names[stmt_col_i64(s, 3)], stmt_col_i64(s, 4) ? "active" : "off");
            continue;
        }
        jw_obj(&w);
        jw_ki64(&w, "id", stmt_col_i64(s, 0));
        jw_kstr(&w, "email", stmt_col_str(s, 1));
        jw_kstr(&w, "name", stmt_col_str(s, 2));
        jw_kc(&w, "role", role_names[stmt_col_i64(s, 3)]);
        jw_kbool(&w, "active", stmt_col_i64(s, 4) != 0);
        jw_end_obj(&w);
    }
    if (rc == RC_DONE) {
        stmt_done(s);
        rc = RC_OK;
    }
    if (json) {
        jw_end_arr(&w);
        buf_char(&b, '\n');
    }
    if (rc == RC_OK)
        fwrite(b.ptr, 1, b.len, stdout);
    buf_free(&b);
    db_close(db);
    return rc;
}

/* From VORONKA_PASSWORD, else the first line of standard input: never from the command line, which others can see. */
static struct str read_password(struct arena *a)
{
    char line[1024];
    const char *given = getenv("VORONKA_PASSWORD");
    if (given && *given)
        return str_c(given);
    if (isatty(0))
        fprintf(stderr, "Password: ");
    if (!fgets(line, sizeof line, stdin))
        return STR("");
    line[strcspn(line, "\r\n")] = '\0';
    return str_dup(a, str_c(line));
}

static enum rc write_user(struct user_job *j, const struct db_target *target, bool with_password, struct err *e)
{
    struct writer *writer;
    if (with_password)
        TRY(password_hash(&j->arena, read_password(&j->arena), &j->hash, e));
    TRY(writer_start(&writer, target, crm_migrations, crm_migrations_n, NULL, NULL, e));
    enum rc rc = writer_run(writer, &j->job, e);
    writer_stop(writer);
    return rc;
}

static bool one_of(const char *word, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

int cli_user(int argc, char **argv)
{
    static const char *const actions[] = {"list", "add", "set", "password", "on", "off", "reset-totp", NULL};
    const char *data = NULL, *postgres = NULL;
    bool json = false;
    struct db_target target;
    struct err e = {0};
    struct user_job j = {.job = {.apply = apply}};
    const struct cli_option options[] = {{"data", CLI_TEXT, &data},   {"postgres", CLI_TEXT, &postgres},
                                         {"name", CLI_TEXT, &j.name}, {"email", CLI_TEXT, &j.email},
                                         {"role", CLI_TEXT, &j.role}, {"locale", CLI_TEXT, &j.locale},
                                         {"json", CLI_FLAG, &json}};
    if (argc < 2 || !one_of(argv[1], actions))
        return cli_misused("user", "say what to do: list, add, set, password, on, off or reset-totp");
    j.action = argv[1];
    if (!cli_options(argc - 1, argv + 1, options, sizeof options / sizeof *options) ||
        !cli_target(data, postgres, &target))
        return 2;
    if (strcmp(j.action, "list") != 0 && !j.email)
        return cli_misused("user", "--email says who");
    if (sodium_init() < 0)
        return 1;
    bool with_password = strcmp(j.action, "add") == 0 || strcmp(j.action, "password") == 0;
    enum rc rc = strcmp(j.action, "list") == 0 ? list(&target, json, &e) : write_user(&j, &target, with_password, &e);
    if (rc == RC_OK && json && j.id)
        printf("{\"id\":%lld}\n", (long long)j.id);
    arena_free(&j.arena);
    return rc == RC_OK ? 0 : cli_failed(&e);
}
