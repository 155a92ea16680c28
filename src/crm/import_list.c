/* A list of opportunities into a funnel: read, join, prepare, write, note. */
#include "crm/import_list.h"
#include "base/money.h"
#include "base/time.h"

static struct str base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_c(slash ? slash + 1 : path);
}

static enum rc read_side(struct list_run *r, const char *list, const struct map_side *side, struct table *out,
                         struct err *e)
{
    if (!side->file.len)
        return RC_OK;
    struct str dir = {list, strlen(list) - base_name(list).len};
    struct str path = str_fmt(&r->arena, "%.*s%.*s", STR_ARG(dir), STR_ARG(side->file));
    return table_read(&r->arena, path.ptr, side->file, out, r->bad, e);
}

static enum rc read_files(struct list_run *r, const struct import_list_options *opt, struct err *e)
{
    TRY(table_read(&r->arena, opt->file, base_name(opt->file), &r->deals, r->bad, e));
    TRY(read_side(r, opt->file, &r->map.companies, &r->companies, e));
    TRY(read_side(r, opt->file, &r->map.products, &r->products, e));
    TRY(read_side(r, opt->file, &r->map.people, &r->people, e));
    TRY(list_names_fill(&r->company, &r->arena, &r->companies, r->map.companies.name, e));
    TRY(list_names_fill(&r->product, &r->arena, &r->products, r->map.products.name, e));
    return list_events(r, e);
}

/* Columns that nothing asked for stay outside; better said than silently lost. */
static void note_unused(struct list_run *r)
{
    const struct table *all[] = {&r->deals, &r->companies, &r->products, &r->people};
    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0; i < all[k]->width; i++)
            if (!all[k]->used[i])
                import_notes_add(r->notes, "column_not_kept", all[k]->file, 1, "%.*s: the column \"%.*s\" was not kept",
                                 STR_ARG(all[k]->file), STR_ARG(all[k]->head[i]));
}

static void attach(struct list_run *r, struct import_target *t, const int64_t *company_id, const int64_t *product_id)
{
    size_t n = r->log.cases.len;
    t->company_id = ARENA_ARRAY(&r->arena, int64_t, n + 1);
    t->product_id = ARENA_ARRAY(&r->arena, int64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        t->company_id[i] = r->company_of.ptr[i] ? company_id[r->company_of.ptr[i] - 1] : 0;
        t->product_id[i] = r->product_of.ptr[i] ? product_id[r->product_of.ptr[i] - 1] : 0;
    }
}

static enum rc write(struct writer *w, struct list_run *r, const struct import_list_options *opt, struct str currency,
                     struct import_list_summary *out, struct err *e)
{
    struct import_events_options events = {.funnel = opt->funnel,
                                           .kind = r->map.kind.len ? r->map.kind.ptr : NULL,
                                           .won = r->map.won,
                                           .lost = r->map.lost,
                                           .file = opt->file,
                                           .progress = opt->progress,
                                           .arg = opt->arg};
    struct import_summary *sum = &out->deals;
    struct import_target target;
    int64_t *company_id, *product_id;
    TRY(import_prepare(w, &r->log, &events, currency, &r->arena, &target, e));
    r->bad->file = r->deals.file;
    import_refuse_existing(&r->log, &target, r->bad);
    TRY(list_nouns(w, r, &company_id, &product_id, out, e));
    attach(r, &target, company_id, product_id);
    note_unused(r);
    *sum = (struct import_summary){.funnel_id = target.funnel_id,
                                   .rows = (int64_t)r->deals.row.len,
                                   .stages = (int64_t)r->log.stages.len,
                                   .users = (int64_t)r->log.users.len,
                                   .stages_created = target.stages_created,
                                   .users_created = target.users_created};
    TRY(import_deals(w, &r->log, &target, &events, sum, e));
    return sum->events ? import_note(w, sum, r->bad, opt->file, e) : RC_OK;
}

static void run_free(struct list_run *r)
{
    table_free(&r->deals);
    table_free(&r->companies);
    table_free(&r->products);
    table_free(&r->people);
    list_names_free(&r->company);
    list_names_free(&r->product);
    event_log_free(&r->log);
    vec_free(&r->company_of);
    vec_free(&r->product_of);
    arena_free(&r->arena);
}

enum rc import_list(struct writer *w, const struct import_list_options *opt, struct import_list_summary *out,
                    struct import_bad *bad, struct import_notes *notes, struct err *e)
{
    struct list_run r = {.bad = bad, .notes = notes, .now = time_now()};
    struct str currency;
    enum rc rc;
    *out = (struct import_list_summary){0};
    r.company = list_names_new("company");
    r.product = list_names_new("product");
    TRY_OUT(list_map_read(&r.arena, opt->map, &r.map, e));
    const char *wanted = opt->currency ? opt->currency : r.map.currency.len ? r.map.currency.ptr : NULL;
    TRY_OUT(import_currency(w, opt->funnel, wanted, &r.arena, &currency, e));
    r.exponent = money_exponent(currency);
    r.map.currency = currency;
    TRY_OUT(read_files(&r, opt, e));
    TRY_OUT(write(w, &r, opt, currency, out, e));
out:
    bad->file = STR_NULL; /* it lived in the run */
    run_free(&r);
    return rc;
}
