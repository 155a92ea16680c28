/* voronka import: real history comes in. */
#include "crm/import.h"
#include "cli/cli.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct run {
    const char *data, *postgres, *events, *funnel, *currency, *kind, *delimiter;
    struct import_columns columns;
    struct cli_list won, lost;
    bool reopen, json;
};

/* The first hundred on stderr, by line; the rest is counted. */
static void tell_bad(const struct import_bad *bad)
{
    enum { SHOWN = 100 };
    size_t n = import_bad_kept(bad) < SHOWN ? import_bad_kept(bad) : SHOWN;
    for (size_t i = 0; i < n; i++) {
        const struct import_bad_row *r = &bad->row[i];
        fprintf(stderr, "%.*s%sline %lld: %s: %.*s\n", STR_ARG(r->file), r->file.len ? " " : "", (long long)r->line,
                import_reason_codes[r->why], STR_ARG(r->text));
    }
    if (bad->total > SHOWN)
        fprintf(stderr, "... and %lld more\n", (long long)bad->total - SHOWN);
    for (int i = 0; i < IMPORT_REASONS; i++)
        if (bad->count[i])
            fprintf(stderr, "%s: %lld\n", import_reason_codes[i], (long long)bad->count[i]);
}

static void put_summary(const struct import_summary *s, const struct import_bad *bad)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_ki64(&w, "funnel_id", s->funnel_id);
    jw_ki64(&w, "rows", s->rows);
    jw_ki64(&w, "deals", s->deals);
    jw_ki64(&w, "events", s->events);
    jw_ki64(&w, "stages", s->stages);
    jw_ki64(&w, "users", s->users);
    jw_ki64(&w, "won", s->won);
    jw_ki64(&w, "lost", s->lost);
    jw_ki64(&w, "open", s->open);
    jw_ki64(&w, "passed", s->passed);
    jw_ki64(&w, "stages_created", s->stages_created);
    jw_ki64(&w, "users_created", s->users_created);
    import_bad_put(&w, bad);
    jw_end_obj(&w);
    buf_char(&b, '\n');
    fwrite(b.ptr, 1, b.len, stdout);
    buf_free(&b);
}

static void say_summary(const struct import_summary *s, const struct import_bad *bad)
{
    printf("%lld rows: %lld deals with %lld events, %lld stages, %lld people; %lld won, %lld lost, %lld open; "
           "%lld rows were not taken\n",
           (long long)s->rows, (long long)s->deals, (long long)s->events, (long long)s->stages, (long long)s->users,
           (long long)s->won, (long long)s->lost, (long long)s->open, (long long)bad->total);
}

static void progress(void *arg, const char *doing, int64_t done, int64_t of)
{
    (void)arg;
    fprintf(stderr, "\r%s: %lld of %lld%s", doing, (long long)done, (long long)of, done == of ? "\n" : "");
}

static int import_log(struct run *r)
{
    struct err e = {0};
    struct db_target target;
    struct csv *csv = NULL;
    struct writer *w = NULL;
    struct import_summary sum;
    struct import_bad *bad = calloc(1, sizeof *bad);
    struct import_events_options opt = {.funnel = r->funnel,
                                        .currency = r->currency,
                                        .kind = r->kind,
                                        .columns = r->columns,
                                        .won = {r->won.item, r->won.n},
                                        .lost = {r->lost.item, r->lost.n},
                                        .reopen = r->reopen,
                                        .file = r->events,
                                        .progress = isatty(STDERR_FILENO) ? progress : NULL};
    int status = 1;
    enum rc rc;
    if (!bad)
        abort();
    if (!cli_target(r->data, r->postgres, &target)) {
        status = 2;
        goto out;
    }
    TRY_OUT(csv_open(&csv, r->events, r->delimiter ? r->delimiter[0] : 0, &e));
    TRY_OUT(writer_start(&w, &target, crm_migrations, crm_migrations_n, NULL, NULL, &e));
    TRY_OUT(import_events(w, csv, &opt, &sum, bad, &e));
    tell_bad(bad);
    r->json ? put_summary(&sum, bad) : say_summary(&sum, bad);
    status = 0;
out:
    if (status == 1)
        cli_failed(&e);
    writer_stop(w);
    csv_close(csv);
    arena_free(&bad->arena);
    free(bad);
    return status;
}

int cli_import(int argc, char **argv)
{
    struct run r = {0};
    const struct cli_option options[] = {
        {"data", CLI_TEXT, &r.data},
        {"postgres", CLI_TEXT, &r.postgres},
        {"events", CLI_TEXT, &r.events},
        {"funnel", CLI_TEXT, &r.funnel},
        {"case", CLI_TEXT, &r.columns.case_id},
        {"stage", CLI_TEXT, &r.columns.stage},
        {"at", CLI_TEXT, &r.columns.at},
        {"user", CLI_TEXT, &r.columns.user},
        {"amount", CLI_TEXT, &r.columns.amount},
        {"won", CLI_LIST, &r.won},
        {"lost", CLI_LIST, &r.lost},
        {"at-format", CLI_TEXT, &r.columns.at_format},
        {"reopen", CLI_FLAG, &r.reopen},
        {"currency", CLI_TEXT, &r.currency},
        {"kind", CLI_TEXT, &r.kind},
        {"delimiter", CLI_TEXT, &r.delimiter},
        {"json", CLI_FLAG, &r.json},
    };
    if (!cli_options(argc, argv, options, sizeof options / sizeof *options))
        return cli_misused("import", "nothing was imported");
    if (!r.events || !r.funnel || !r.columns.case_id || !r.columns.stage || !r.columns.at)
        return cli_misused("import", "--events, --funnel, --case, --stage and --at are needed");
    return import_log(&r);
}
