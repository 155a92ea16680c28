/* voronka check: do journal and rows agree? */
#include "cli/cli.h"
#include "crm/crm.h"
#include <stdio.h>

struct problems {
    int64_t n;
    struct buf json;
    struct jw w;
    bool as_json;
};

static void on_problem(void *arg, const char *text)
{
    struct problems *p = arg;
    p->n++;
    if (p->as_json)
        jw_c(&p->w, text);
    else
        printf("%s\n", text);
}

static enum rc check(const struct db_target *target, struct problems *p, int64_t *events, int64_t *rows, struct err *e)
{
    struct db *db;
    TRY(cli_db(&db, target, e));
    enum rc rc = crm_check(db, on_problem, p, events, rows, e);
    db_close(db);
    return rc;
}

int cli_check(int argc, char **argv)
{
    const char *data = NULL, *postgres = NULL;
    int64_t events = 0, rows = 0;
    struct problems p = {0};
    struct db_target target;
    struct err e = {0};
    const struct cli_option options[] = {
        {"data", CLI_TEXT, &data}, {"postgres", CLI_TEXT, &postgres}, {"json", CLI_FLAG, &p.as_json}};
    if (!cli_options(argc, argv, options, sizeof options / sizeof *options) || !cli_target(data, postgres, &target))
        return 2;
    p.w = jw_to(&p.json);
    jw_obj(&p.w);
    jw_key(&p.w, "problems");
    jw_arr(&p.w);
    enum rc rc = check(&target, &p, &events, &rows, &e);
    jw_end_arr(&p.w);
    jw_ki64(&p.w, "events", events);
    jw_ki64(&p.w, "rows", rows);
    jw_end_obj(&p.w);
    if (rc == RC_OK && p.as_json)
        printf("%.*s\n", STR_ARG(buf_view(&p.json)));
    else if (rc == RC_OK)
        printf("%lld events, %lld rows, %lld problems\n", (long long)events, (long long)rows, (long long)p.n);
    buf_free(&p.json);
    if (rc != RC_OK)
        return cli_failed(&e);
    return p.n ? 1 : 0;
}
