/* voronka lint: what the funnels lack and where they contradict themselves, at the command line. */
#include "rules/lint.h"
#include "cli/cli.h"
#include "crm/custom_field.h"
#include <stdio.h>

/* The funnel with this name, 0 for none. */
static enum rc find_funnel(struct db *db, struct arena *a, const char *name, int64_t *id, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "SELECT id FROM funnel WHERE name_fold = $1 AND deleted_at IS NULL ORDER BY id", e));
    stmt_str(s, 1, str_fold(a, str_c(name)));
    enum rc rc = stmt_step(s, e);
    *id = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    if (rc == RC_DONE)
        return err_set(e, RC_NOT_FOUND, "funnel_not_found", "", "%s", name);
    return rc == RC_ROW ? RC_OK : rc;
}

static void put_line(struct buf *b, const json_t *f)
{
    const char *path = json_string_value(json_object_get(json_object_get(f, "place"), "path"));
    buf_fmt(b, "%-7s %-17s %s%s%s\n", json_string_value(json_object_get(f, "level")),
            json_string_value(json_object_get(f, "code")), json_string_value(json_object_get(f, "text")),
            path && path[0] ? "  " : "", path ? path : "");
    const char *fix = json_string_value(json_object_get(json_object_get(f, "fix"), "label"));
    if (fix)
        buf_fmt(b, "%25s → %s\n", "", fix);
}

static enum rc print_lines(struct str text, struct err *e)
{
    struct buf b = {0};
    json_t *tree;
    TRY(json_read(text, &tree, e));
    const json_t *list = json_object_get(tree, "findings"), *counts = json_object_get(tree, "counts");
    for (size_t i = 0; i < json_array_size(list); i++)
        put_line(&b, json_array_get(list, i));
    for (int i = 0; i < 3; i++)
        buf_fmt(&b, "%s%s: %lld", i ? ", " : "", lint_level_names[i],
                (long long)json_integer_value(json_object_get(counts, lint_level_names[i])));
    buf_char(&b, '\n');
    fwrite(b.ptr, 1, b.len, stdout);
    buf_free(&b);
    json_decref(tree);
    return RC_OK;
}

static int run(const struct db_target *target, const char *name, bool json)
{
    struct err e = {0};
    struct arena arena = ARENA_EMPTY;
    struct buf b = {0};
    struct jw w = jw_to(&b);
    struct lint_counts counts = {0};
    struct db *db = NULL;
    int64_t funnel = 0;
    enum rc rc;
    TRY_OUT(cli_db(&db, target, &e));
    TRY_OUT(entities_load(db, &e));
    if (name)
        TRY_OUT(find_funnel(db, &arena, name, &funnel, &e));
    jw_obj(&w);
    lint_begin(&w);
    TRY_OUT(lint_funnels(db, &arena, funnel, NULL, cli_language(), &w, &counts, &e));
    lint_end(&w, &counts);
    jw_end_obj(&w);
    if (json)
        printf("%.*s\n", STR_ARG(buf_view(&b)));
    else
        TRY_OUT(print_lines(buf_view(&b), &e));
out:
    if (rc != RC_OK)
        cli_failed(&e);
    if (db)
        db_close(db);
    buf_free(&b);
    arena_free(&arena);
    return rc != RC_OK || counts.n[LINT_ERROR] ? 1 : 0;
}

int cli_lint(int argc, char **argv)
{
    const char *data = NULL, *postgres = NULL, *funnel = NULL;
    bool json = false;
    struct db_target target;
    const struct cli_option options[] = {{"data", CLI_TEXT, &data},
                                         {"postgres", CLI_TEXT, &postgres},
                                         {"funnel", CLI_TEXT, &funnel},
                                         {"json", CLI_FLAG, &json}};
    if (!cli_options(argc, argv, options, sizeof options / sizeof *options))
        return cli_misused("lint", "nothing was looked at");
    return cli_target(data, postgres, &target) ? run(&target, funnel, json) : 2;
}
