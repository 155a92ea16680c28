/* The commands of the program: one row of cli_commands (cli.c) and one file a command. */
#pragma once
#include "store/db.h"

struct cli_command {
    const char *name;
    const char *usage;                 /* "--data DIR [--json]" */
    const char *help;                  /* what it does, in full sentences, lines under 100 columns */
    int (*run)(int argc, char **argv); /* argv[0] is the command; gives the exit status: 0, 1 failed, 2 misused */
};
extern const struct cli_command cli_commands[]; /* ends with a row of NULL */
int cli_main(int argc, char **argv);

/* ---- options: --name VALUE, --name=VALUE, --flag; a list takes every word up to the next option and may be repeated
 * ---- */

#define CLI_LIST_MOST 200
struct cli_list {
    const char *item[CLI_LIST_MOST];
    size_t n;
};
enum cli_kind { CLI_FLAG, CLI_TEXT, CLI_INT, CLI_LIST };
struct cli_option {
    const char *name; /* "data" */
    enum cli_kind kind;
    void *to; /* bool *, const char **, int64_t *, struct cli_list * */
};
/* False (and a line on stderr) when something is not known, lacks its value or is given twice. */
MUST_USE bool cli_options(int argc, char **argv, const struct cli_option *options, size_t n);
/* --data DIR or --postgres URL, not both; neither is ./data. False (and a line) when both are given. */
MUST_USE bool cli_target(const char *data, const char *postgres, struct db_target *out);

/* Opens for reading what a command reads. Errors: those of db_open, and database_empty (RC_NOT_FOUND) where no server
 * has been yet: its tables are made by the first start. */
MUST_USE enum rc cli_db(struct db **db, const struct db_target *target, struct err *e);

int cli_misused(const char *command, const char *format, ...) PRINTF_LIKE(2, 3); /* says so with the usage; gives 2 */
int cli_failed(const struct err *e); /* says what went wrong in the user's language; gives 1 */
const char *cli_language(void);      /* "ru" or "en", from the environment */

int cli_backup(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_reindex(int argc, char **argv);
int cli_demo(int argc, char **argv);
int cli_archive(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_lint(int argc, char **argv);
int cli_report(int argc, char **argv);
int cli_restore(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_user(int argc, char **argv);
