/* An event log into a funnel: read, prepare, write, note. */
#include "base/money.h"
#include "crm/import_impl.h"

struct look {
    struct job job;
    const char *funnel, *wanted;
    struct arena *arena;
    struct str currency;
};

static enum rc look_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct look *l = (struct look *)job;
    int64_t id;
    TRY(import_find_funnel(tx->db, l->arena, str_trim(str_c(l->funnel)), &id, &l->currency, e));
    if (id)
        return RC_OK;
    if (l->wanted)
        l->currency = str_c(l->wanted);
    else
        TRY(setting_get(tx->db, l->arena, "currency", "RUB", &l->currency, e));
    return money_currency_known(l->currency)
               ? RC_OK
               : err_set(e, RC_UNPROCESSABLE, "unknown_currency", "", "%.*s", STR_ARG(l->currency));
}

enum rc import_currency(struct writer *w, const char *funnel, const char *wanted, struct arena *a, struct str *out,
                        struct err *e)
{
    struct look look = {.job = {.apply = look_apply}, .funnel = funnel, .wanted = wanted, .arena = a};
    TRY(writer_run(w, &look.job, e));
    *out = look.currency;
    return RC_OK;
}

void import_refuse_existing(const struct event_log *log, const struct import_target *t, struct import_bad *bad)
{
    for (size_t i = 0; t->exists && i < log->deal.len; i++)
        if (t->exists[log->deal.ptr[i]] && (i == 0 || log->line.ptr[i] != log->line.ptr[i - 1])) /* a row once */
            import_bad_add(bad, CASE_EXISTS, log->line.ptr[i], "the funnel has this case already",
                           log->cases.ptr[log->deal.ptr[i]]);
}

struct note {
    struct job job;
    const struct import_summary *sum;
    const struct import_bad *bad;
    const char *file;
};

static enum rc note_apply(struct wtx *tx, struct job *job, struct err *e)
{
    const struct note *n = (const struct note *)job;
    struct change ch = change_begin(tx, import_actor(0));
    struct buf b = {0};
    struct jw w = jw_to(&b);
    const struct {
        const char *name;
        int64_t value;
    } counts[] = {{"funnel_id", n->sum->funnel_id},
                  {"deals", n->sum->deals},
                  {"events", n->sum->events},
                  {"bad_rows", n->bad->total}};
    jw_obj(&w);
    jw_key(&w, "file");
    jw_arr(&w);
    jw_null(&w);
    const char *slash = strrchr(n->file, '/');
    jw_c(&w, slash ? slash + 1 : n->file); /* where it lay is nobody's business */
    jw_end_arr(&w);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        jw_key(&w, counts[i].name);
        jw_arr(&w);
        jw_null(&w);
        jw_i64(&w, counts[i].value);
        jw_end_arr(&w);
    }
    jw_end_obj(&w);
    enum rc rc = change_note_event(&ch, ENT_IMPORT, n->sum->funnel_id, VERB_IMPORTED, buf_view(&b), e);
    buf_free(&b);
    return rc;
}

enum rc import_note(struct writer *w, const struct import_summary *sum, const struct import_bad *bad, const char *file,
                    struct err *e)
{
    struct note n = {.job = {.apply = note_apply}, .sum = sum, .bad = bad, .file = file};
    return writer_run(w, &n.job, e);
}

enum rc import_events(struct writer *w, struct csv *csv, const struct import_events_options *opt,
                      struct import_summary *out, struct import_bad *bad, struct err *e)
{
    struct arena arena = ARENA_EMPTY;
    struct event_log log = {0};
    struct import_target target = {0};
    struct import_columns cols = opt->columns;
    struct str currency;
    enum rc rc;
    *out = (struct import_summary){0};
    TRY_OUT(import_currency(w, opt->funnel, opt->currency, &arena, &currency, e));
    cols.exponent = money_exponent(currency);
    TRY_OUT(event_log_read(csv, &cols, &log, bad, e));
    if (opt->progress)
        opt->progress(opt->arg, "rows", log.rows, log.rows);
    TRY_OUT(import_prepare(w, &log, opt, currency, &arena, &target, e));
    import_refuse_existing(&log, &target, bad);
    out->funnel_id = target.funnel_id;
    out->rows = log.rows;
    out->stages = (int64_t)log.stages.len;
    out->users = (int64_t)log.users.len;
    out->stages_created = target.stages_created;
    out->users_created = target.users_created;
    TRY_OUT(import_deals(w, &log, &target, opt, out, e));
    if (out->events) {
        TRY_OUT(import_note(w, out, bad, opt->file, e));
        TRY_OUT(import_zone_settle(w, &log.zone, e));
    }
out:
    event_log_free(&log);
    arena_free(&arena);
    return rc;
}
