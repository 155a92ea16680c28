/* voronka serve: the server, from the first administrator to the last answer. */
#include "api/api.h"
#include "base/log.h"
#include "cli/cli.h"
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

struct serve {
    struct app app;
    uv_loop_t loop;
    uv_signal_t term, interrupt;
};

/* ---- the first administrator ---- */

struct admin_job {
    struct job job;
    struct str email, hash;
    bool created;
};

static enum rc admin_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct admin_job *j = (struct admin_job *)job;
    struct change ch = change_begin(tx, (struct actor){0, ROLE_ADMIN, VIA_CLI});
    return user_ensure_admin(&ch, j->email, j->hash, &j->created, e);
}

static enum rc active_admin(struct app *app, bool *found, struct err *e)
{
    struct db *db;
    struct stmt *s;
    TRY(db_open(&db, &app->target, DB_READER, e));
    enum rc rc =
        db_prepare(db, &s, "SELECT 1 FROM users WHERE role = 0 AND active = 1 AND deleted_at IS NULL LIMIT 1", e);
    if (rc == RC_OK) {
        rc = stmt_step(s, e);
        *found = rc == RC_ROW;
        stmt_done(s);
        rc = rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
    }
    db_close(db);
    return rc;
}

static struct str random_password(struct arena *a)
{
    unsigned char bytes[12];
    randombytes_buf(bytes, sizeof bytes);
    return str_base64url(a, bytes, sizeof bytes);
}

static enum rc ensure_admin(struct app *app, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    const char *given = getenv("VORONKA_ADMIN_PASSWORD"), *email = getenv("VORONKA_ADMIN_EMAIL");
    struct admin_job j = {.job = {.apply = admin_apply},
                          .email = str_c(email && *email ? email : "admin@voronka.local")};
    bool found = false;
    enum rc rc = active_admin(app, &found, e);
    if (rc == RC_OK && !found) {
        struct str password = given && *given ? str_c(given) : random_password(&a);
        rc = password_hash(&a, password, &j.hash, e);
        if (rc == RC_OK)
            rc = writer_run(app->writer, &j.job, e);
        if (rc == RC_OK && j.created && !(given && *given))
            printf("Administrator: %.*s\nPassword: %.*s\nIt is shown this once; change it after signing in.\n",
                   STR_ARG(j.email), STR_ARG(password));
        else if (rc == RC_OK && j.created)
            printf("Administrator: %.*s, with the password of VORONKA_ADMIN_PASSWORD\n", STR_ARG(j.email));
    }
    arena_free(&a);
    return rc;
}

/* ---- the loop ---- */

static void on_signal(uv_signal_t *signal, int number)
{
    struct serve *s = signal->data;
    log_info("signal %d: finishing what is under way", number);
    app_stop(&s->app);
    uv_close((uv_handle_t *)&s->term, NULL);
    uv_close((uv_handle_t *)&s->interrupt, NULL);
}

static void watch_signals(struct serve *s)
{
    uv_signal_init(&s->loop, &s->term);
    uv_signal_init(&s->loop, &s->interrupt);
    s->term.data = s->interrupt.data = s;
    uv_signal_start(&s->term, on_signal, SIGTERM);
    uv_signal_start(&s->interrupt, on_signal, SIGINT);
}

static int run(struct serve *s, const struct app_config *config)
{
    struct err e = {0};
    enum rc rc = app_start(&s->app, &s->loop, config, &e);
    if (rc == RC_OK)
        rc = ensure_admin(&s->app, &e);
    if (rc != RC_OK) {
        int status = cli_failed(&e);
        app_stop(&s->app);
        uv_run(&s->loop, UV_RUN_DEFAULT);
        app_free(&s->app);
        return status;
    }
    watch_signals(s);
    printf("Voronka %s serves http://%s:%d%s\n", VORONKA_VERSION, config->host, s->app.port,
           config->demo ? " (demo mode)" : "");
    fflush(stdout);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    app_free(&s->app);
    return 0;
}

/* Told at the start: letters that fail for it would tell of it much later. */
static bool holds_certificates(const char *path)
{
    char line[256];
    bool found = false;
    FILE *f = fopen(path, "re");
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL)
        found = strncmp(line, "-----BEGIN", 10) == 0 && strstr(line, "CERTIFICATE-----") != NULL;
    if (f != NULL)
        fclose(f);
    return found;
}

int cli_serve(int argc, char **argv)
{
    const char *data = NULL, *postgres = NULL, *host = "127.0.0.1", *files = NULL, *mail_ca = NULL;
    int64_t port = 8080;
    bool demo = false, allow_private = false, test_clock = false, test_passwords = false;
    struct serve s = {0};
    struct app_config config = {0};
    const struct cli_option options[] = {{"data", CLI_TEXT, &data},
                                         {"postgres", CLI_TEXT, &postgres},
                                         {"host", CLI_TEXT, &host},
                                         {"port", CLI_INT, &port},
                                         {"files", CLI_TEXT, &files},
                                         {"demo", CLI_FLAG, &demo},
                                         {"test-clock", CLI_FLAG, &test_clock},
                                         {"test-passwords", CLI_FLAG, &test_passwords},
                                         {"mail-ca", CLI_TEXT, &mail_ca},
                                         {"allow-private-webhooks", CLI_FLAG, &allow_private}};
    if (!cli_options(argc, argv, options, sizeof options / sizeof *options) ||
        !cli_target(data, postgres, &config.target))
        return 2;
    if (port < 0 || port > 65535)
        return cli_misused("serve", "--port is 0 to 65535");
    if (test_passwords && strcmp(host, "127.0.0.1") != 0)
        return cli_misused("serve", "--test-passwords is for tests at 127.0.0.1 only");
    if (mail_ca != NULL && !holds_certificates(mail_ca))
        return cli_misused("serve", "--mail-ca is a file with certificates (PEM) that can be read");
    if (sodium_init() < 0)
        return 1;
    if (test_passwords) {
        log_warn("passwords are kept for tests: whoever reads the database can guess them");
        password_hashes_for_tests();
    }
    signal(SIGPIPE, SIG_IGN);
    config.host = host;
    config.port = (int)port;
    config.demo = demo;
    config.test_clock = test_clock;
    config.files = files;
    config.allow_private_webhooks = allow_private;
    config.mail_ca = mail_ca;
    uv_loop_init(&s.loop);
    int status = run(&s, &config);
    uv_loop_close(&s.loop);
    return status;
}
