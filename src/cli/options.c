#include "base/i18n.h"
#include "cli/cli.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *cli_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *v = getenv(names[i]);
        if (v && *v)
            return strncmp(v, "ru", 2) == 0 ? "ru" : "en";
    }
    return "en";
}

static const struct cli_option *find(const struct cli_option *options, size_t n, const char *word, const char **value)
{
    size_t len = strcspn(word, "=");
    for (size_t i = 0; i < n; i++)
        if (strlen(options[i].name) == len && strncmp(options[i].name, word, len) == 0) {
            *value = word[len] ? word + len + 1 : NULL;
            return &options[i];
        }
    return NULL;
}

static bool wrong(const char *option, const char *why)
{
    fprintf(stderr, "voronka: %s %s\n", option, why);
    return false;
}

static bool list_add(struct cli_list *list, const char *option, const char *value)
{
    if (list->n == CLI_LIST_MOST)
        return wrong(option, "has too many values");
    list->item[list->n++] = value;
    return true;
}

/* Takes the option's value, or values, from behind it; *i moves to the last word taken. */
static bool take(const struct cli_option *o, const char *value, int argc, char **argv, int *i, bool again)
{
    const char *word = argv[*i];
    if (again && o->kind != CLI_LIST)
        return wrong(word, "is given twice");
    if (o->kind == CLI_FLAG) {
        *(bool *)o->to = true;
        return value ? wrong(word, "takes no value") : true;
    }
    bool inside = value != NULL;
    if (!value && *i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0)
        value = argv[++*i];
    if (!value || !*value)
        return wrong(word, "needs a value");
    if (o->kind == CLI_TEXT) {
        *(const char **)o->to = value;
        return true;
    }
    if (o->kind == CLI_INT)
        return str_i64(str_c(value), o->to) || wrong(word, "needs a whole number");
    if (!list_add(o->to, word, value))
        return false;
    while (!inside && *i + 1 < argc && strncmp(argv[*i + 1], "--", 2) != 0)
        if (!list_add(o->to, word, argv[++*i]))
            return false;
    return true;
}

bool cli_options(int argc, char **argv, const struct cli_option *options, size_t n)
{
    bool seen[64] = {false};
    for (int i = 1; i < argc; i++) {
        const char *value;
        const struct cli_option *o = strncmp(argv[i], "--", 2) == 0 ? find(options, n, argv[i] + 2, &value) : NULL;
        if (!o)
            return wrong(argv[i], "is not known here");
        if (!take(o, value, argc, argv, &i, seen[(o - options) % 64]))
            return false;
        seen[(o - options) % 64] = true;
    }
    return true;
}

bool cli_target(const char *data, const char *postgres, struct db_target *out)
{
    if (data && postgres)
        return wrong("--data", "and --postgres exclude each other");
    *out = postgres ? (struct db_target){DB_POSTGRES, postgres} : (struct db_target){DB_SQLITE, data ? data : "data"};
    return true;
}

enum rc cli_db(struct db **db, const struct db_target *target, struct err *e)
{
    struct stmt *s;
    *db = NULL;
    TRY(db_open(db, target, DB_READER, e));
    enum rc rc = db_prepare(*db, &s,
                            target->kind == DB_POSTGRES
                                ? "SELECT 1 FROM pg_class WHERE relname = 'schema_migration' AND relkind = 'r' AND "
                                  "relnamespace = current_schema()::regnamespace"
                                : "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_migration'",
                            e);
    if (rc == RC_OK) {
        rc = stmt_step(s, e);
        stmt_done(s);
    }
    if (rc == RC_ROW)
        return RC_OK;
    db_close(*db);
    *db = NULL;
    return rc == RC_DONE ? err_set(e, RC_NOT_FOUND, "database_empty", "", NULL) : rc;
}

int cli_misused(const char *command, const char *format, ...)
{
    va_list ap;
    fputs("voronka: ", stderr);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (strcmp(c->name, command) == 0)
            fprintf(stderr, "usage: voronka %s %s\n", c->name, c->usage);
    return 2;
}

int cli_failed(const struct err *e)
{
    struct arena a = ARENA_EMPTY;
    char key[64];
    struct str args[] = {str_c(e->arg[0]), str_c(e->arg[1])};
    snprintf(key, sizeof key, "error.%s", e->code);
    struct str text = i18n_fill(&a, cli_language(), key, args, 2);
    if (str_eqc(text, key)) /* no text for it: the code and what came with it say enough to look it up */
        text = str_fmt(&a, "%s%s%s", e->code, e->arg[0][0] ? ": " : "", e->arg[0]);
    fprintf(stderr, "voronka: %.*s%s%s%s\n", STR_ARG(text), e->field[0] ? " (" : "", e->field, e->field[0] ? ")" : "");
    arena_free(&a);
    return 1;
}
