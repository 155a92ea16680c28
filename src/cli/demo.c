/* voronka demo: fills an empty database with the demo company. */
#include "cli/cli.h"
#include "cli/demo_fill.h"
#include "crm/crm.h"
#include "crm/custom_field.h"
#include <stdio.h>
#include <unistd.h>

struct run {
    const char *data, *postgres, *as_of;
    int64_t deals, seed;
    bool json, if_empty;
};

static void put_summary(const struct demo_world *w, const struct demo_filled *filled)
{
    struct buf b = {0};
    struct arena a = ARENA_EMPTY;
    struct jw j = jw_to(&b);
    jw_obj(&j);
    jw_ki64(&j, "seed", (int64_t)w->opt.seed);
    jw_kstr(&j, "as_of", time_format(&a, w->opt.as_of));
    jw_ki64(&j, "users", DEMO_USERS);
    jw_ki64(&j, "funnels", DEMO_FUNNELS);
    jw_ki64(&j, "deals", (int64_t)w->deals.len);
    jw_ki64(&j, "contacts", filled->contacts);
    jw_ki64(&j, "companies", filled->companies);
    jw_ki64(&j, "tasks", (int64_t)w->tasks.len);
    jw_ki64(&j, "events", filled->events);
    jw_key(&j, "planted");
    demo_planted(w, &j);
    jw_end_obj(&j);
    buf_char(&b, '\n');
    fwrite(b.ptr, 1, b.len, stdout);
    arena_free(&a);
    buf_free(&b);
}

static void say_summary(const struct demo_world *w, const struct demo_filled *filled)
{
    printf("%d people, %d funnels, %zu deals, %lld contacts, %lld companies, %zu tasks; %lld events in the journal\n",
           DEMO_USERS, DEMO_FUNNELS, w->deals.len, (long long)filled->contacts, (long long)filled->companies,
           w->tasks.len, (long long)filled->events);
}

static void progress(int64_t done, int64_t of)
{
    fprintf(stderr, "\revents: %lld of %lld%s", (long long)done, (long long)of, done == of ? "\n" : "");
}

/* A plain date is three o'clock in the afternoon in Moscow: work is under way. */
static bool end_of_history(const char *text, int64_t *at)
{
    int64_t day;
    if (!text)
        *at = time_now() / 1000 * 1000;
    else if (date_parse(str_c(text), &day))
        *at = day * MS_DAY + 12 * MS_HOUR;
    else if (!time_parse(str_c(text), at))
        return false;
    return *at >= date_from_civil(2000, 1, 1) * MS_DAY && *at < date_from_civil(2100, 1, 1) * MS_DAY;
}

static int fill(const struct run *r, const struct db_target *target, struct demo_options opt)
{
    struct err e = {0};
    struct demo_world w = {0};
    struct demo_filled filled = {0};
    struct writer *writer = NULL;
    int status = 1;
    enum rc rc;
    TRY_OUT(writer_start(&writer, target, crm_migrations, crm_migrations_n, NULL, NULL, &e));
    TRY_OUT(entities_open(target, &e));
    TRY_OUT(demo_simulate(&w, opt, &e));
    rc = demo_fill(writer, &w, isatty(STDERR_FILENO) ? progress : NULL, &filled, &e);
    if (rc == RC_CONFLICT && r->if_empty && strcmp(e.code, "demo_not_empty") == 0) {
        status = 0;
        goto out;
    }
    if (rc != RC_OK)
        goto out;
    r->json ? put_summary(&w, &filled) : say_summary(&w, &filled);
    status = 0;
out:
    if (status == 1)
        cli_failed(&e);
    writer_stop(writer);
    demo_free(&w);
    return status;
}

int cli_demo(int argc, char **argv)
{
    enum { MOST = 5000000 };
    struct run r = {.deals = 3000, .seed = 1};
    struct db_target target;
    int64_t as_of;
    const struct cli_option options[] = {
        {"data", CLI_TEXT, &r.data},         {"postgres", CLI_TEXT, &r.postgres}, {"deals", CLI_INT, &r.deals},
        {"seed", CLI_INT, &r.seed},          {"as-of", CLI_TEXT, &r.as_of},       {"json", CLI_FLAG, &r.json},
        {"if-empty", CLI_FLAG, &r.if_empty},
    };
    if (!cli_options(argc, argv, options, sizeof options / sizeof *options) || !cli_target(r.data, r.postgres, &target))
        return cli_misused("demo", "nothing was written");
    if (r.deals < 1 || r.deals > MOST)
        return cli_misused("demo", "--deals is 1 to %d", MOST);
    if (!end_of_history(r.as_of, &as_of))
        return cli_misused("demo", "--as-of is a date or a time of RFC 3339 in the years 2000 to 2099");
    return fill(&r, &target, (struct demo_options){.seed = (uint64_t)r.seed, .deals = r.deals, .as_of = as_of});
}
