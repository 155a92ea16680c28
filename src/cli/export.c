/* voronka export: any list as a file. */
#include "crm/export.h"
#include "base/time.h"
#include "cli/cli.h"
#include "crm/crm.h"
#include "crm/custom_field.h"
#include <stdio.h>

struct run {
    const char *data, *postgres, *object, *format, *file, *filter, *sort, *fields, *delimiter, *encoding;
    bool json;
};

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), m = strlen(tail);
    return n >= m && strcmp(s + n - m, tail) == 0;
}

static char delimiter(const char *asked)
{
    if (!asked)
        return ',';
    return *(strcmp(asked, "tab") == 0 ? "\t" : asked);
}

static enum rc read_spec(const struct run *r, struct export_spec *spec, struct err *e)
{
    const char *format = r->format ? r->format : ends_with(r->file, ".xlsx") ? "xlsx" : "csv";
    *spec = (struct export_spec){.ent = entity_by_plural(str_c(r->object)),
                                 .filter = str_c(r->filter),
                                 .sort = str_c(r->sort),
                                 .fields = str_c(r->fields),
                                 .delimiter = delimiter(r->delimiter),
                                 .lang = cli_language()};
    if (!spec->ent)
        return err_set(e, RC_INVALID, "bad_parameter", "object", "%.60s", r->object);
    if (strcmp(format, "xlsx") != 0 && strcmp(format, "csv") != 0)
        return err_set(e, RC_INVALID, "bad_parameter", "format", "%.20s", format);
    spec->format = strcmp(format, "xlsx") == 0 ? EXPORT_XLSX : EXPORT_CSV;
    if (r->encoding && !encoding_by_name(str_c(r->encoding), &spec->encoding))
        return err_set(e, RC_INVALID, "bad_encoding", "encoding", "%.40s", r->encoding);
    return RC_OK;
}

static enum rc run(const struct run *r, const struct db_target *target, int64_t *rows, struct err *e)
{
    struct arena a = ARENA_EMPTY;
    struct db *db;
    struct str name;
    struct export_spec spec;
    struct zone *zone = NULL;
    TRY(cli_db(&db, target, e));
    enum rc rc = entities_load(db, e);
    if (rc == RC_OK)
        rc = read_spec(r, &spec, e);
    if (rc == RC_OK)
        rc = setting_get(db, &a, "time_zone", "Europe/Moscow", &name, e);
    if (rc == RC_OK) {
        int64_t now = time_now();
        zone = zone_load(str_cdup(&a, name));
        spec.zone = zone;
        struct filter_env env = {.now = now, .offset_ms = zone_offset(zone, now)};
        rc = export_list(db, &spec, &env, r->file, rows, e);
    }
    zone_free(zone);
    db_close(db);
    arena_free(&a);
    return rc;
}

int cli_export(int argc, char **argv)
{
    struct run r = {0};
    struct db_target target;
    struct err e = {0};
    int64_t rows = 0;
    const struct cli_option options[] = {
        {"data", CLI_TEXT, &r.data},         {"postgres", CLI_TEXT, &r.postgres}, {"object", CLI_TEXT, &r.object},
        {"format", CLI_TEXT, &r.format},     {"file", CLI_TEXT, &r.file},         {"filter", CLI_TEXT, &r.filter},
        {"sort", CLI_TEXT, &r.sort},         {"fields", CLI_TEXT, &r.fields},     {"delimiter", CLI_TEXT, &r.delimiter},
        {"encoding", CLI_TEXT, &r.encoding}, {"json", CLI_FLAG, &r.json}};
    if (!cli_options(argc, argv, options, sizeof options / sizeof *options) || !cli_target(r.data, r.postgres, &target))
        return 2;
    if (!r.object || !r.file)
        return cli_misused("export", "--object and --file are needed");
    if (run(&r, &target, &rows, &e) != RC_OK)
        return cli_failed(&e);
    printf(r.json ? "{\"rows\":%lld}\n" : "%lld rows\n", (long long)rows);
    return 0;
}
