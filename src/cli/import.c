/* voronka import: real history comes in. */
#include "crm/import.h"
#include "cli/archive.h"
#include "cli/cli.h"
#include "cli/import_table.h"
#include "crm/custom_field.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct run {
    struct import_table_options table;
    const char *archive, *files;
    const char *data, *postgres, *events, *deals, *map, *funnel, *currency, *kind, *delimiter;
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

static void put_counts(struct jw *w, const struct import_summary *s)
{
    jw_ki64(w, "funnel_id", s->funnel_id);
    jw_ki64(w, "rows", s->rows);
    jw_ki64(w, "deals", s->deals);
    jw_ki64(w, "events", s->events);
    jw_ki64(w, "stages", s->stages);
    jw_ki64(w, "users", s->users);
    jw_ki64(w, "won", s->won);
    jw_ki64(w, "lost", s->lost);
    jw_ki64(w, "open", s->open);
    jw_ki64(w, "passed", s->passed);
    jw_ki64(w, "stages_created", s->stages_created);
    jw_ki64(w, "users_created", s->users_created);
}

/* list and notes are NULL for an event log. */
static void put_summary(const struct import_summary *s, const struct import_list_summary *list,
                        const struct import_bad *bad, const struct import_notes *notes)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_obj(&w);
    put_counts(&w, s);
    if (list) {
        jw_ki64(&w, "companies", list->companies);
        jw_ki64(&w, "companies_created", list->companies_created);
        jw_ki64(&w, "products", list->products);
        jw_ki64(&w, "products_created", list->products_created);
        jw_ki64(&w, "people", list->people);
        jw_ki64(&w, "people_created", list->people_created);
        import_notes_put(&w, notes);
    }
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

static enum rc run_log(struct run *r, struct writer *w, struct import_bad *bad, struct err *e)
{
    struct csv *csv;
    struct import_summary sum;
    struct import_events_options opt = {.funnel = r->funnel,
                                        .currency = r->currency,
                                        .kind = r->kind,
                                        .columns = r->columns,
                                        .won = {r->won.item, r->won.n},
                                        .lost = {r->lost.item, r->lost.n},
                                        .reopen = r->reopen,
                                        .file = r->events,
                                        .progress = isatty(STDERR_FILENO) ? progress : NULL};
    TRY(csv_open(&csv, r->events, r->delimiter ? r->delimiter[0] : 0, e));
    enum rc rc = import_events(w, csv, &opt, &sum, bad, e);
    csv_close(csv);
    TRY(rc);
    tell_bad(bad);
    r->json ? put_summary(&sum, NULL, bad, NULL) : say_summary(&sum, bad);
    return RC_OK;
}

/* The map by name when the program has it, else the file. */
static enum rc read_map(const char *name, struct buf *out, struct err *e)
{
    struct str builtin = import_map_builtin(name);
    if (builtin.ptr) {
        buf_str(out, builtin);
        return RC_OK;
    }
    FILE *f = fopen(name, "rb");
    if (!f)
        return err_set(e, RC_NOT_FOUND, "file_not_found", "", "%s", name);
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_add(out, part, n);
    bool failed = ferror(f) != 0;
    fclose(f);
    return failed ? err_set(e, RC_UNAVAILABLE, "file_read_failed", "", "%s", name) : RC_OK;
}

static enum rc run_list(struct run *r, struct writer *w, struct import_bad *bad, struct err *e)
{
    struct buf map = {0};
    struct import_list_summary sum;
    struct import_notes *notes = calloc(1, sizeof *notes);
    enum rc rc;
    if (!notes)
        abort();
    TRY_OUT(read_map(r->map, &map, e));
    struct import_list_options opt = {.funnel = r->funnel,
                                      .file = r->deals,
                                      .map = buf_view(&map),
                                      .currency = r->currency,
                                      .progress = isatty(STDERR_FILENO) ? progress : NULL};
    TRY_OUT(import_list(w, &opt, &sum, bad, notes, e));
    tell_bad(bad);
    for (size_t i = 0; i < notes->n; i++)
        fprintf(stderr, "%.*s line %lld: %.*s (%lld rows)\n", STR_ARG(notes->note[i].file),
                (long long)notes->note[i].line, STR_ARG(notes->note[i].text), (long long)notes->note[i].rows);
    r->json ? put_summary(&sum.deals, &sum, bad, notes) : say_summary(&sum.deals, bad);
out:
    arena_free(&notes->arena);
    free(notes);
    buf_free(&map);
    return rc;
}

static int run(struct run *r)
{
    struct err e = {0};
    struct db_target target;
    struct writer *w = NULL;
    struct import_bad *bad = calloc(1, sizeof *bad);
    enum rc rc = RC_OK;
    if (!bad)
        abort();
    if (!cli_target(r->data, r->postgres, &target)) {
        free(bad);
        return 2;
    }
    const char *file = r->events ? r->events : r->deals ? r->deals : r->table.table;
    if (access(file, R_OK) != 0) /* before a database is made for nothing */
        rc = err_set(&e, RC_NOT_FOUND, "file_not_found", "", "%s", file);
    if (rc == RC_OK)
        rc = writer_start(&w, &target, crm_migrations, crm_migrations_n, NULL, NULL, &e);
    if (rc == RC_OK)
        rc = entities_open(&target, &e);
    if (rc == RC_OK && r->table.table) {
        r->table.map = r->map;
        r->table.delimiter = r->delimiter;
        r->table.json = r->json;
        rc = cli_import_table(&r->table, &target, w, &e);
    } else if (rc == RC_OK)
        rc = r->events ? run_log(r, w, bad, &e) : run_list(r, w, bad, &e);
    writer_stop(w);
    arena_free(&bad->arena);
    free(bad);
    return rc == RC_OK ? 0 : cli_failed(&e);
}

int cli_import(int argc, char **argv)
{
    struct run r = {0};
    const struct cli_option options[] = {
        {"data", CLI_TEXT, &r.data},
        {"postgres", CLI_TEXT, &r.postgres},
        {"events", CLI_TEXT, &r.events},
        {"deals", CLI_TEXT, &r.deals},
        {"map", CLI_TEXT, &r.map},
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
        {"archive", CLI_TEXT, &r.archive},
        {"files", CLI_TEXT, &r.files},
        {"table", CLI_TEXT, &r.table.table},
        {"object", CLI_TEXT, &r.table.object},
        {"encoding", CLI_TEXT, &r.table.encoding},
        {"sheet", CLI_TEXT, &r.table.sheet},
        {"match", CLI_TEXT, &r.table.match},
        {"on-match", CLI_TEXT, &r.table.on_match},
        {"on-bad", CLI_TEXT, &r.table.on_bad},
        {"create", CLI_TEXT, &r.table.create},
        {"dry-run", CLI_FLAG, &r.table.dry_run},
    };
    if (!cli_options(argc, argv, options, sizeof options / sizeof *options))
        return cli_misused("import", "nothing was imported");
    if (r.archive && !r.events && !r.deals && !r.table.table) {
        struct db_target target;
        struct err e = {0};
        if (!cli_target(r.data, r.postgres, &target))
            return 2;
        return cli_import_archive(r.archive, &target, r.files, r.json, &e) == RC_OK ? 0 : cli_failed(&e);
    }
    if (!!r.events + !!r.deals + !!r.table.table + !!r.archive != 1)
        return cli_misused("import", "one of --events, --deals, --table and --archive is needed");
    if (r.events && (!r.funnel || !r.columns.case_id || !r.columns.stage || !r.columns.at))
        return cli_misused("import", "--events needs --funnel, --case, --stage and --at");
    if (r.deals && (!r.funnel || !r.map))
        return cli_misused("import", "--deals needs --funnel and --map");
    return run(&r);
}
