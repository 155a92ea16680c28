/* voronka backup and restore. */
#include "store/backup.h"
#include "cli/cli.h"
#include "crm/crm.h"
#include <stdio.h>

struct run {
    const char *data, *postgres, *file;
    bool force, json;
    struct db_target target;
};

static int options(int argc, char **argv, struct run *r)
{
    const struct cli_option list[] = {{"data", CLI_TEXT, &r->data},
                                      {"postgres", CLI_TEXT, &r->postgres},
                                      {"file", CLI_TEXT, &r->file},
                                      {"json", CLI_FLAG, &r->json},
                                      {"force", CLI_FLAG, &r->force}};
    size_t n = strcmp(argv[0], "restore") == 0 ? 5 : 4;
    if (!cli_options(argc, argv, list, n) || !cli_target(r->data, r->postgres, &r->target))
        return 2;
    if (!r->file)
        return cli_misused(argv[0], "--file names the backup");
    return 0;
}

static void say(const struct run *r, const struct backup_stats *s)
{
    long long tables = s->tables, rows = s->rows, bytes = s->bytes;
    if (r->json)
        printf("{\"tables\":%lld,\"rows\":%lld,\"bytes\":%lld}\n", tables, rows, bytes);
    else
        printf("%lld tables, %lld rows, %lld bytes\n", tables, rows, bytes);
}

int cli_backup(int argc, char **argv)
{
    struct run r = {0};
    struct backup_stats stats = {0};
    struct err e = {0};
    int status = options(argc, argv, &r);
    if (status)
        return status;
    if (backup_make(&r.target, r.file, &stats, &e) != RC_OK)
        return cli_failed(&e);
    say(&r, &stats);
    return 0;
}

int cli_restore(int argc, char **argv)
{
    struct run r = {0};
    struct backup_stats stats = {0};
    struct err e = {0};
    int status = options(argc, argv, &r);
    if (status)
        return status;
    if (backup_restore(r.file, &r.target, crm_migrations, crm_migrations_n, r.force, &stats, &e) != RC_OK)
        return cli_failed(&e);
    say(&r, &stats);
    return 0;
}
