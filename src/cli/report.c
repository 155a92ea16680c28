/* voronka report: the catalogue at the command line. The options are the report's own parameters. */
#include "insight/report.h"
#include "base/time.h"
#include "cli/cli.h"
#include "crm/custom_field.h"
#include <stdio.h>

enum { OWN_OPTIONS = 4, OPTIONS_MOST = 32 };

struct run {
    const char *data, *postgres;
    bool json, list;
    const char *value[OPTIONS_MOST]; /* of the report's parameters */
};

static void print(struct buf *b)
{
    fwrite(b->ptr, 1, b->len, stdout);
    buf_free(b);
}

static int list(bool json)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    if (json) {
        report_list_json(&w, cli_language(), NULL);
        buf_char(&b, '\n');
    }
    for (size_t i = 0; !json && i < reports_n; i++) {
        buf_fmt(&b, "%s\n    %.*s\n", reports[i]->id, STR_ARG(report_question(reports[i], cli_language())));
        for (size_t k = 0; k < reports[i]->n_params; k++) {
            const struct report_param *p = &reports[i]->params[k];
            buf_fmt(&b, "    %s", p->name);
            for (size_t j = 0; p->choices && p->choices[j]; j++)
                buf_fmt(&b, "%s%s", j ? "|" : " ", p->choices[j]);
            buf_char(&b, '\n');
        }
    }
    print(&b);
    return 0;
}

static int run_report(const struct report *report, const struct run *r, const struct db_target *target)
{
    struct err e = {0};
    struct arena arena = ARENA_EMPTY;
    struct report_arg args[OPTIONS_MOST];
    struct report_call call = {.arena = &arena, .lang = cli_language(), .now = time_now(), .args = args};
    struct report_result result = {0};
    struct buf b = {0};
    int status = 1;
    enum rc rc;
    for (size_t i = 0; i < report->n_params; i++)
        if (r->value[i])
            args[call.n_args++] = (struct report_arg){str_c(report->params[i].name), str_c(r->value[i])};
    TRY_OUT(cli_db(&call.db, target, &e));
    TRY_OUT(entities_load(call.db, &e));
    TRY_OUT(projection_read(&call.projection, target, &e));
    TRY_OUT(report_run(report, &call, &result, &e));
    if (r->json) {
        struct jw w = jw_to(&b);
        report_json(&w, &result, call.lang);
        buf_char(&b, '\n');
    } else {
        report_text(&b, &arena, &result, call.lang);
    }
    print(&b);
    status = 0;
out:
    if (status)
        cli_failed(&e);
    report_result_free(&result);
    projection_free(call.projection);
    if (call.db)
        db_close(call.db);
    arena_free(&arena);
    return status;
}

/* "as_of" is --as-of. */
static const char *option_name(struct arena *a, const char *param)
{
    char *name = str_cdup(a, str_c(param));
    for (char *c = name; *c; c++)
        if (*c == '_')
            *c = '-';
    return name;
}

int cli_report(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    struct run r = {0};
    struct db_target target;
    struct cli_option options[OWN_OPTIONS + OPTIONS_MOST] = {{"data", CLI_TEXT, &r.data},
                                                             {"postgres", CLI_TEXT, &r.postgres},
                                                             {"json", CLI_FLAG, &r.json},
                                                             {"list", CLI_FLAG, &r.list}};
    size_t n = OWN_OPTIONS;
    bool named = argc > 1 && strncmp(argv[1], "--", 2) != 0;
    const struct report *report = named ? report_by_id(str_c(argv[1])) : NULL;
    int status;
    if (named && !report)
        return cli_misused("report", "there is no report %s; see voronka report --list", argv[1]);
    for (size_t i = 0; report && i < report->n_params && i < OPTIONS_MOST; i++)
        options[n++] = (struct cli_option){option_name(&arena, report->params[i].name), CLI_TEXT, &r.value[i]};
    if (!cli_options(argc - named, argv + named, options, n))
        status = cli_misused("report", "nothing was reported");
    else if (r.list)
        status = list(r.json);
    else if (!report)
        status = cli_misused("report", "which report? see voronka report --list");
    else
        status = cli_target(r.data, r.postgres, &target) ? run_report(report, &r, &target) : 2;
    arena_free(&arena);
    return status;
}
