/* Does knowing the buying centre help to win: closed deals by how much of it was covered when they were closed. */
#include "base/i18n.h"
#include "crm/clients.h"
#include "crm/fields.h"
#include "insight/catalogue.h"
#include "insight/people.h"

enum { CLOSED, WINS, LOSSES, COLUMNS };
static const char *const counted[] = {"closed", "wins", "losses"};
static const struct report_column columns[] = {
    {"coverage", RT_TEXT},           {"closed", RT_INT, .drill = true},
    {"wins", RT_INT, .drill = true}, {"losses", RT_INT, .drill = true},
    {"win_rate", RT_RATE},           {"win_low", RT_RATE},
    {"win_high", RT_RATE},           {"members", RT_REAL},
};
static const struct report_param params[] = {
    POP_FUNNEL, POP_PERIOD, {"as_of", RP_TIME}, {"filter", RP_FILTER}, {"time_zone", RP_TEXT}};
enum { BAND_NONE, BAND_ZERO, BAND_LOW, BAND_HALF, BAND_MOST, BANDS };
static const char *const bands[BANDS] = {"none", "zero", "low", "half", "most"};

struct centre {
    struct pop p;
    struct tally t;
    int64_t members[BANDS];
    uint32_t *first, *next; /* buyers of a deal: row + 1 */
    int64_t *close;         /* by row of buyers: when the deal was closed; FACT_NEVER: it is not looked at */
    int64_t *role, *needs, *expectations, *last; /* as of then */
};

/* Values of a column as they were when the deal of each row was closed. */
static int64_t *at_close(const struct centre *v, const struct facts *buyers, int field)
{
    const struct fact_column *c = fact_column(buyers, field);
    int64_t *out = ARENA_ARRAY(v->p.call->arena, int64_t, buyers->n + 1);
    for (size_t i = 0; i < buyers->n; i++)
        out[i] = fact_get(c, i);
    for (size_t k = c->n_changes; k-- > 0;)
        if (c->changes[k].at > v->close[c->changes[k].row])
            out[c->changes[k].row] = c->changes[k].old;
    return out;
}

static void collect(struct centre *v)
{
    struct pop *p = &v->p;
    struct arena *a = p->call->arena;
    const struct facts *buyers = &p->view.facts[FACT_BUYER];
    const struct fact_column *deal = fact_column(buyers, BUYER_DEAL_ID);
    int64_t *exit = ARENA_ARRAY(a, int64_t, p->deals->n + 1);
    v->first = arena_zalloc(a, (p->deals->n + 1) * sizeof *v->first);
    v->next = arena_zalloc(a, (buyers->n + 1) * sizeof *v->next);
    v->close = ARENA_ARRAY(a, int64_t, buyers->n + 1);
    for (size_t i = 0; i < p->deals->n; i++)
        exit[i] = FACT_NEVER;
    for (size_t i = 0; i < p->n; i++)
        exit[p->d[i].row] = p->d[i].exit;
    for (size_t i = 0; i < buyers->n; i++) {
        uint32_t row = fact_row(p->deals, fact_id(deal, i));
        v->close[i] = row == FACT_NO_ROW ? FACT_NEVER : exit[row];
        if (v->close[i] == FACT_NEVER || !fact_alive(buyers, i, v->close[i]))
            continue;
        v->next[i] = v->first[row];
        v->first[row] = (uint32_t)i + 1;
    }
    v->role = at_close(v, buyers, BUYER_ROLE);
    v->needs = at_close(v, buyers, BUYER_NEEDS);
    v->expectations = at_close(v, buyers, BUYER_EXPECTATIONS);
    v->last = at_close(v, buyers, BUYER_LAST_CONTACT_AT);
}

/* As the deal itself reckons it (crm/hooks_client.c), on the day of its close. */
static int band_of(struct centre *v, const struct pop_deal *d, int64_t *members)
{
    int64_t n = 0, covered = 0;
    bool decides = false;
    for (uint32_t i = v->first[d->row]; i != 0; i = v->next[i - 1]) {
        n++;
        decides |= v->role[i - 1] == BUYER_DECIDES;
        covered += v->needs[i - 1] > 0 && v->expectations[i - 1] > 0 && v->last[i - 1] != FACT_NULL &&
                   v->last[i - 1] >= d->exit - COVERAGE_DAYS * MS_DAY;
    }
    *members = n;
    if (n == 0)
        return BAND_NONE;
    int64_t percent = decides ? (covered * 100 + n / 2) / n : 0;
    return percent == 0 ? BAND_ZERO : percent < 50 ? BAND_LOW : percent < 80 ? BAND_HALF : BAND_MOST;
}

static void scan(struct centre *v)
{
    struct pop *p = &v->p;
    bool none = report_asked(p->call, p->result, "summary", 0, "no_centre");
    collect(v);
    for (size_t i = 0; i < p->n; i++) {
        int64_t members, id = pop_id(p, &p->d[i]);
        size_t band = (size_t)band_of(v, &p->d[i], &members);
        tally_add(&v->t, band, CLOSED, id);
        tally_add(&v->t, band, p->d[i].cause == DEAL_WON ? WINS : LOSSES, id);
        v->members[band] += members;
        if (none && band == BAND_NONE)
            report_deal(p->result, id);
    }
}

static void put_verdict(struct centre *v)
{
    const struct report_call *c = v->p.call;
    int64_t k[2] = {0}, n[2] = {0};
    double difference;
    for (size_t b = 0; b < BANDS; b++) {
        k[b >= BAND_HALF] += tally_of(&v->t, b, WINS);
        n[b >= BAND_HALF] += tally_of(&v->t, b, CLOSED);
    }
    if (n[0] < PEOPLE_FEW || n[1] < PEOPLE_FEW)
        return;
    struct interval ci = stats_newcombe(k[1], n[1], k[0], n[0], &difference);
    struct str args[] = {report_percent(c->arena, c->lang, (double)k[1] / (double)n[1]),
                         report_percent(c->arena, c->lang, (double)k[0] / (double)n[0]),
                         report_number(c->arena, c->lang, difference * 100, 1),
                         report_number(c->arena, c->lang, ci.low * 100, 1),
                         report_number(c->arena, c->lang, ci.high * 100, 1)};
    report_verdict(c, v->p.result, ci.low > 0 || ci.high < 0 ? "coverage" : "coverage_unsure", args, 5);
    report_note(c, v->p.result, "coverage_not_cause", NULL, 0);
}

static void put_rows(struct centre *v)
{
    struct pop *p = &v->p;
    const struct report_call *c = p->call;
    struct report_table *t = &p->result->main;
    int64_t k[BANDS], n[BANDS], sums[COLUMNS] = {0};
    for (size_t b = 0; b < BANDS; b++) {
        k[b] = tally_of(&v->t, b, WINS);
        n[b] = tally_of(&v->t, b, CLOSED);
        for (size_t i = 0; i < COLUMNS; i++)
            sums[i] += tally_of(&v->t, b, i);
    }
    for (size_t i = 0; i < COLUMNS; i++)
        report_sum_counted(p->result, counted[i], sums[i]);
    report_sum_counted(p->result, "no_centre", n[BAND_NONE]);
    struct people_rate *rates = people_rates(c, p->result, k, n, BANDS, false);
    *t = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t b = 0; b < BANDS; b++) {
        struct cell row[] = {cell_s(i18n_text(c->lang, str_fmt(c->arena, "report.coverage.%s", bands[b]).ptr)),
                             cell_i(n[b]),
                             cell_i(k[b]),
                             cell_i(tally_of(&v->t, b, LOSSES)),
                             cell_null(),
                             cell_null(),
                             cell_null(),
                             n[b] ? cell_f((double)v->members[b] / (double)n[b]) : cell_null()};
        people_rate_cells(row + 4, &rates[b]);
        report_row_key(t, (int64_t)b, row);
    }
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    static const int64_t keys[BANDS] = {0, 1, 2, 3, 4};
    struct centre v = {0};
    enum rc rc;
    if (people_hidden(c, r, ENT_DEAL, DEAL_COVERAGE, columns, sizeof columns / sizeof *columns))
        return RC_OK;
    TRY_OUT(pop_read(&v.p, c, r, &(struct pop_spec){.when = POP_CLOSED, .last_days = 365}, e));
    pop_lock(&v.p);
    v.t = tally_new(c, r, "rows", BANDS, keys, counted, COLUMNS);
    scan(&v);
    pop_unlock(&v.p);
    put_verdict(&v);
    put_rows(&v);
    pop_notes(&v.p);
    rc = RC_OK;
out:
    pop_free(&v.p);
    return rc;
}

const struct report report_coverage = {
    .id = "coverage",
    .question = "report.coverage.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "clients",
    .definition = 1,
    .chart = {CHART_DOTS, NULL, "coverage", "win_rate", NULL, "win_low", "win_high"}};
