/* voronka reindex: the words of search, made anew from the records. */
#include "cli/cli.h"
#include "crm/crm.h"
#include "crm/custom_field.h"
#include "crm/search.h"
#include <stdio.h>

struct words_job {
    struct job job;
    bool rebuild, more;
};

static enum rc apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct words_job *j = (struct words_job *)job;
    j->more = true;
    return j->rebuild ? search_rebuild(tx, e) : search_catch_up(tx, 5000, &j->more, e);
}

static enum rc load_nouns(const struct db_target *target, struct err *e)
{
    struct db *db;
    TRY(db_open(&db, target, DB_READER, e));
    enum rc rc = entities_load(db, e);
    db_close(db);
    return rc;
}

int cli_reindex(int argc, char **argv)
{
    const char *data = NULL, *postgres = NULL;
    struct db_target target;
    struct writer *writer = NULL;
    struct err e = {0};
    const struct cli_option options[] = {{"data", CLI_TEXT, &data}, {"postgres", CLI_TEXT, &postgres}};
    if (!cli_options(argc, argv, options, sizeof options / sizeof *options) || !cli_target(data, postgres, &target))
        return 2;
    struct words_job j = {.job.apply = apply, .rebuild = true};
    enum rc rc = writer_start(&writer, &target, crm_migrations, crm_migrations_n, NULL, NULL, &e);
    if (rc == RC_OK)
        rc = load_nouns(&target, &e);
    if (rc == RC_OK)
        rc = writer_run(writer, &j.job, &e);
    j.rebuild = false;
    while (rc == RC_OK && j.more)
        rc = writer_run(writer, &j.job, &e);
    writer_stop(writer);
    if (rc != RC_OK)
        return cli_failed(&e);
    printf("The words of search have been made anew.\n");
    return 0;
}
