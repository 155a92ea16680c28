#include "cli/cli.h"
#include "api/api.h"
#include "rules/rules.h"
#include <stdio.h>

static int version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("voronka %s\n", VORONKA_VERSION);
    return 0;
}

const struct cli_command cli_commands[] = {
    {"serve",
     "[--data DIR|--postgres URL] [--files DIR] [--host ADDRESS] [--port N] [--demo]\n"
     "    [--allow-private-webhooks] [--mail-ca FILE] [--test-clock] [--test-passwords]",
     "Serves the application and its API, by default at http://127.0.0.1:8080 from ./data. The first start creates\n"
     "the administrator, admin@voronka.local or VORONKA_ADMIN_EMAIL, with the password of VORONKA_ADMIN_PASSWORD or\n"
     "a random one that is printed once. --demo lets whoever sits at this machine sign in as anybody with one click.\n"
     "Files, uploads, archives and backups lie beside the embedded database, with PostgreSQL in ./data/files, or\n"
     "where --files says.\n"
     "--allow-private-webhooks lets webhooks reach addresses inside of the company's network, this machine too.\n"
     "--mail-ca names the certificates (PEM) by which the mail server is known, instead of those of the system.\n"
     "--test-clock is for tests: POST /api/test-clock from this machine moves the server's time ahead.\n"
     "--test-passwords, for tests too and at 127.0.0.1 only, keeps passwords in a way that guards nothing and is "
     "quick.\n"
     "SIGTERM ends it when everything under way has been answered.",
     cli_serve},
    {"user",
     "list|add|set|password|on|off --data DIR|--postgres URL [--email E] [--name N]\n"
     "    [--role admin|head|seller|observer] [--locale ru|en] [--json]",
     "People who may sign in. add and password take the password from VORONKA_PASSWORD or the first line of standard\n"
     "input. off ends a person's access and keeps their history, on gives it back.",
     cli_user},
    {"check", "--data DIR|--postgres URL [--json]",
     "Replays the journal and compares it with every row. Each difference is a line; any makes the exit status 1.",
     cli_check},
    {"reindex", "--data DIR|--postgres URL",
     "Makes the words of search anew from the records, should `voronka check` find them wrong. Stop the server before.",
     cli_reindex},
    {"backup", "--data DIR|--postgres URL --file FILE [--json]",
     "Writes everything into one compressed file, in one consistent state, while the server runs.", cli_backup},
    {"restore", "--data DIR|--postgres URL --file FILE [--force] [--json]",
     "Fills an empty place with a backup, on either database; --force replaces what is there. Stop the server before.",
     cli_restore},
    {"version", "", "Says which version this is.", version},
    {"demo", "--data DIR|--postgres URL [--deals N] [--seed S] [--as-of DATE] [--if-empty] [--json]",
     "Fills an empty database with a company that never was: a training centre with 13 people, 9 funnels and\n"
     "three years of history that end now, or on --as-of. The same seed, date and number of deals give the same\n"
     "company. What was planted in it is told with --json and in docs/demo.md. Nothing is written where there\n"
     "are funnels already; with --if-empty that is no mistake. Its people have no passwords: they sign in with\n"
     "one click on a server in demo mode.",
     cli_demo},
    {"import",
     "--data DIR|--postgres URL --events FILE.csv[.gz] --funnel NAME --case COL --stage COL --at COL\n"
     "    [--user COL] [--amount COL] [--won STAGE ...] [--lost STAGE ...] [--at-format F] [--reopen]\n"
     "    [--currency CODE] [--kind inbound|outreach|renewal|return|other] [--delimiter C] [--json]\n"
     "voronka import --data DIR|--postgres URL --deals FILE.csv[.gz] --map MAP.json|maven --funnel NAME\n"
     "    [--currency CODE] [--json]\n"
     "voronka import --data DIR|--postgres URL --table FILE.csv|FILE.xlsx [--object "
     "contacts|companies|deals|tasks|products]\n"
     "    [--map MAP.json] [--dry-run] [--match email,phone,inn,name,sku,id] [--on-match update|fill|skip|create]\n"
     "    [--on-bad skip|stop] [--create tag,source,...] [--encoding E] [--delimiter C] [--sheet NAME] [--json]\n"
     "voronka import --data DIR|--postgres URL --archive FILE.zip [--files DIR] [--json]",
     "Brings the history of deals into a funnel: a row an event, a case a deal.\n"
     "Times are RFC 3339, plain dates, or as --at-format says (%Y %m %d %H %M %S %f %y %b %z). Amounts are in\n"
     "major units (1234.56) of the funnel's currency. Stages, people and the funnel are created where missing.\n"
     "The first won or lost stage closes the deal; later events stay in its history and open it again only\n"
     "with --reopen. A deal's owner is the first person named in its case. Rows that cannot be taken are told\n"
     "by line and the rest comes in; cases that the funnel has already are not taken twice, so a run that\n"
     "broke off is completed by running it again.\n"
     "--deals takes a list with a row a deal, and the companies, products and people beside it; the map says\n"
     "which column is what (docs/import.md).",
     cli_import},
    {"archive", "--data DIR|--postgres URL --file FILE.zip [--files DIR] [--json]",
     "Writes everything, attached files too, into one documented archive (docs/archive.md) while the server runs.\n"
     "voronka import --archive brings it into an empty place.",
     cli_archive},
    {"export",
     "--data DIR|--postgres URL --object deals|contacts|... --file FILE.csv|FILE.xlsx [--format csv|xlsx]\n"
     "    [--filter EXPR] [--sort FIELDS] [--fields LIST] [--delimiter C] [--encoding E] [--json]",
     "Writes a list as a file for spreadsheets, with names instead of ids. A text that a spreadsheet would take for\n"
     "a formula begins with an apostrophe.",
     cli_export},
    {"lint", "--data DIR|--postgres URL [--funnel NAME] [--json]",
     "Looks through the funnels: names that do not say what has been done, stages that nobody reaches or leaves,\n"
     "requirements that nobody can meet, triggers that never fire, loop or fight, automation that stops half way.\n"
     "Any error makes the exit status 1.",
     cli_lint},
    {"report",
     "conversion --data DIR|--postgres URL --funnel NAME [--as-of T] [--from T] [--to T]\n"
     "    [--by owner|source|campaign|deal_class|company|loss_reason|month|quarter|year] [--filter EXPR]\n"
     "    [--mature-days N] [--time-zone NAME] [--json]\n"
     "voronka report --list [--json]",
     "Answers a question about the funnel; the same figures as in the browser and the API.\n"
     "T is RFC 3339 or a date; --to as a date includes that day. Without --as-of the report is of now, or of\n"
     "the funnel's last event when that is more than 180 days ago (imported history).",
     cli_report},
    {0},
};

static int help(const char *name)
{
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        if (name && strcmp(name, c->name) != 0)
            continue;
        printf("voronka %s %s\n%s\n\n", c->name, c->usage, c->help);
    }
    return 0;
}

int cli_main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";
    crm_set_rules(&rules); /* whoever writes, what follows by itself follows */
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0)
        return help(argc > 2 ? argv[2] : NULL);
    for (const struct cli_command *c = cli_commands; c->name; c++)
        if (strcmp(name, c->name) == 0) {
            if (argc > 2 && strcmp(argv[2], "--help") == 0)
                return help(name);
            return c->run(argc - 1, argv + 1);
        }
    fprintf(stderr, "voronka: there is no command %s; see voronka help\n", name);
    return 2;
}
