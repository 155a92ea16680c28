/* voronka archive, and voronka import --archive. */
#include "crm/archive.h"
#include "cli/archive.h"
#include "cli/cli.h"
#include "crm/crm.h"
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static void say(const struct archive_stats *s, bool json)
{
    long long tables = s->tables, rows = s->rows, files = s->files;
    if (json)
        printf("{\"tables\":%lld,\"rows\":%lld,\"files\":%lld}\n", tables, rows, files);
    else
        printf("%lld tables, %lld rows, %lld files\n", tables, rows, files);
}

/* Where attached files lie, as the server has it. */
static const char *files_folder(struct arena *a, const struct db_target *target, const char *files)
{
    if (!files)
        files = target->kind == DB_SQLITE ? target->place : "data/files";
    return str_fmt(a, "%s/files", files).ptr;
}

int cli_archive(int argc, char **argv)
{
    const char *data = NULL, *postgres = NULL, *file = NULL, *files = NULL;
    bool json = false;
    struct db_target target;
    struct archive_stats stats;
    struct arena a = ARENA_EMPTY;
    struct err e = {0};
    const struct cli_option options[] = {{"data", CLI_TEXT, &data},
                                         {"postgres", CLI_TEXT, &postgres},
                                         {"file", CLI_TEXT, &file},
                                         {"files", CLI_TEXT, &files},
                                         {"json", CLI_FLAG, &json}};
    if (!cli_options(argc, argv, options, sizeof options / sizeof *options) || !cli_target(data, postgres, &target))
        return 2;
    if (!file)
        return cli_misused("archive", "--file names the archive");
    enum rc rc = archive_make(&target, files_folder(&a, &target, files), file, &stats, &e);
    arena_free(&a);
    if (rc != RC_OK)
        return cli_failed(&e);
    say(&stats, json);
    return 0;
}

static enum rc make_folders(const char *path, struct arena *a, struct err *e)
{
    char *copy = str_cdup(a, str_c(path));
    for (char *p = copy + 1;; p++) {
        char was = *p;
        if (was != '/' && was)
            continue;
        *p = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s: %s", copy, strerror(errno));
        *p = was;
        if (!was)
            return RC_OK;
    }
}

enum rc cli_import_archive(const char *file, const struct db_target *target, const char *files, bool json,
                           struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct archive_stats stats;
    const char *folder = files_folder(&a, target, files);
    enum rc rc = make_folders(folder, &a, e);
    if (rc == RC_OK)
        rc = archive_restore(file, target, folder, crm_migrations, crm_migrations_n, &stats, e);
    if (rc == RC_OK)
        say(&stats, json);
    arena_free(&a);
    return rc;
}
