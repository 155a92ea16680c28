/* voronka backup and restore. */
#include "store/backup.h"
#include "cli/cli.h"
#include "crm/crm.h"
#include "crm/file_store.h"
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

/* The bytes of files are no part of it. */
struct files {
    long long n, bytes;
};

static enum rc add_file(void *arg, struct str sha256, int64_t size)
{
    struct files *f = arg;
    (void)sha256;
    f->n++;
    f->bytes += size;
    return RC_OK;
}

static struct files count_files(const struct db_target *target)
{
    struct files f = {0};
    struct db *db;
    struct err e;
    if (db_open(&db, target, DB_READER, &e) != RC_OK)
        return f;
    if (file_store_each(db, add_file, &f, &e) != RC_OK)
        f = (struct files){0}; /* a backup of before there were files: its schema follows at the next start */
    db_close(db);
    return f;
}

static void say(const struct run *r, const struct backup_stats *s)
{
    long long tables = s->tables, rows = s->rows, bytes = s->bytes;
    struct files f = count_files(&r->target);
    if (r->json) {
        printf("{\"tables\":%lld,\"rows\":%lld,\"bytes\":%lld,\"files\":%lld,\"file_bytes\":%lld}\n", tables, rows,
               bytes, f.n, f.bytes);
        return;
    }
    printf("%lld tables, %lld rows, %lld bytes\n", tables, rows, bytes);
    if (f.n)
        printf("%lld files, %lld bytes, lie in the folder files beside the database: copy it as well\n", f.n, f.bytes);
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
