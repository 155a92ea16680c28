/* 30. Do chances come true? What was typed into stages and by sellers, and what the stay in the stage says, against
 * what happened within a time, over past instants. */
#include "base/i18n.h"
#include "crm/fields.h"
#include "insight/chance.h"
#include "insight/outlook.h"
#include "insight/stage_past.h"
#include <math.h>

#define INSTANTS 12 /* a month apart */
#define TOLD 10
#define BINS 10
#define LOOKED_MOST 10000

enum { BY_STAGE, BY_SELLER, BY_MODEL, SOURCES };
static const char *const source_names[] = {"stage", "seller", "model"};
static const char *const case_keys[] = {"stage_cases", "seller_cases", "model_cases"};
static const struct report_param params[] = {POP_FUNNEL, POP_REST, {"days", RP_INT}};
static const struct report_column columns[] = {
    {.id = "who_says", .type = RT_TEXT},
    {.id = "promised_from", .type = RT_RATE},
    {.id = "cases", .type = RT_INT, .drill = true, .events = true},
    {.id = "came_true", .type = RT_INT, .drill = true, .events = true},
    {.id = "deals", .type = RT_INT, .drill = true},
    {.id = "won", .type = RT_INT, .drill = true},
    {.id = "promised", .type = RT_RATE},
    {.id = "observed", .type = RT_RATE},
    {.id = "observed_low", .type = RT_RATE},
    {.id = "observed_high", .type = RT_RATE},
    {.id = "overconfidence", .type = RT_POINTS},
};
static const struct report_column group_columns[] = {{.id = "group", .type = RT_TEXT},
                                                     {.id = "cases", .type = RT_INT, .drill = true, .events = true},
                                                     {.id = "promised", .type = RT_RATE},
                                                     {.id = "observed", .type = RT_RATE},
                                                     {.id = "observed_low", .type = RT_RATE},
                                                     {.id = "observed_high", .type = RT_RATE},
                                                     {.id = "overconfidence", .type = RT_POINTS},
                                                     {.id = "brier", .type = RT_REAL},
                                                     {.id = "brier_model", .type = RT_REAL}};
static const struct report_column stage_columns[] = {{.id = "stage", .type = RT_TEXT},
                                                     {.id = "stage_id", .type = RT_ID, .ref = "stages"},
                                                     {.id = "cases", .type = RT_INT, .drill = true, .events = true},
                                                     {.id = "promised", .type = RT_RATE},
                                                     {.id = "observed", .type = RT_RATE},
                                                     {.id = "observed_low", .type = RT_RATE},
                                                     {.id = "observed_high", .type = RT_RATE},
                                                     {.id = "overconfidence", .type = RT_POINTS}};

struct bin {
    double said;
    int64_t n, won;       /* cases */
    uint8_t *seen, *paid; /* by row of deals: counted among the deals, among the won ones */
};
struct side { /* one group or stage */
    int64_t n, won;
    double said, brier, model;
};
struct told {
    double *p;
    uint8_t *won;
    size_t n;
};
struct calibration {
    struct pop p;
    struct chance *then; /* learned from what was known at the instant */
    struct stage_past past;
    int64_t first_at, last_at; /* of the instants */
    int64_t days, instants;
    bool seller_seen;
    struct tally t; /* source * BINS + bin */
    struct tally of_group, of_stage;
    struct bin bins[SOURCES * BINS];
    struct told of[SOURCES];
    struct side *groups, *stages;
    size_t every;
    int asked; /* the source whose cases are wanted; -1: none */
};

static bool first_time(uint8_t *seen, uint32_t row)
{
    bool fresh = !(seen[row / 8] >> (row % 8) & 1);
    seen[row / 8] |= (uint8_t)(1 << (row % 8));
    return fresh;
}

static void say(struct calibration *x, int source, double p, bool won, uint32_t deal_row)
{
    int64_t deal = x->p.deals->ids[deal_row];
    int bin = (int)(p * BINS);
    size_t row = (size_t)source * BINS + (size_t)(bin < BINS ? bin : BINS - 1);
    struct told *t = &x->of[source];
    struct bin *b = &x->bins[row];
    if (b->seen == NULL) {
        b->seen = arena_zalloc(x->p.call->arena, x->p.deals->n / 8 + 1);
        b->paid = arena_zalloc(x->p.call->arena, x->p.deals->n / 8 + 1);
    }
    b->said += p;
    b->n++;
    b->won += won;
    tally_add(&x->t, row, 2, deal);
    if (source == x->asked)
        report_deal(x->p.result, deal);
    if (won)
        tally_add(&x->t, row, 3, deal);
    if (first_time(b->seen, deal_row))
        tally_add(&x->t, row, 0, deal);
    if (won && first_time(b->paid, deal_row))
        tally_add(&x->t, row, 1, deal);
    t->p[t->n] = p;
    t->won[t->n++] = won;
}

/* What stood in the deal at that instant. */
static double typed_then(const struct fact_column *c, uint32_t row)
{
    int64_t v = fact_get(c, row);
    return v == FACT_NULL ? NAN : fmin(1, fmax(0, (double)v / 100));
}

static void sum_up(struct side *s, double said, double model, bool won)
{
    s->n++;
    s->won += won;
    s->said += said;
    s->brier += (said - won) * (said - won);
    s->model += (model - won) * (model - won);
}

/* A deal as it stood open at an instant. */
struct case_of {
    uint32_t deal, stage; /* deal: index of p.d */
    int64_t entry, since;
};
struct cases {
    struct case_of *ptr;
    size_t len, cap;
};

static void one(struct calibration *x, const struct case_of *c, const struct fact_column *probability, int64_t at)
{
    const struct pop_deal *d = &x->p.d[c->deal];
    struct chance_deal cd = {.entry = c->entry, .since = c->since, .exit = at, .stage = c->stage};
    int64_t until = at + x->days * MS_DAY;
    bool won = d->cause == DEAL_WON && d->exit > at && d->exit <= until;
    double model = chance_of(x->then, CHANCE_BY_STAGE, &cd, at, x->days * MS_DAY, NULL);
    int stage = cd.stage < x->p.view.n_stages ? x->p.stage_index[cd.stage] : POP_NO_STAGE;
    double typed = x->seller_seen ? typed_then(probability, d->row) : NAN;
    int promised = stage >= 0 ? stage_past_probability(&x->past, cd.stage, at) : -1;
    double of_stage = promised >= 0 ? (double)promised / 100 : NAN;
    say(x, BY_MODEL, model, won, d->row);
    if (isfinite(typed))
        say(x, BY_SELLER, typed, won, d->row);
    if (isfinite(of_stage)) {
        say(x, BY_STAGE, of_stage, won, d->row);
        sum_up(&x->stages[stage], of_stage, model, won);
        tally_add(&x->of_stage, (size_t)stage, 0, pop_id(&x->p, d));
    }
    if (isfinite(typed) || isfinite(of_stage)) {
        sum_up(&x->groups[d->group], isfinite(typed) ? typed : of_stage, model, won);
        tally_add(&x->of_group, d->group, 0, pop_id(&x->p, d));
    }
}

/* Which deals stood open at each instant. */
static void find_cases(const struct calibration *x, const int64_t *at, size_t n, struct cases *out)
{
    const struct pop *p = &x->p;
    struct chance_deal d[INSTANTS];
    for (size_t k = 0; k < p->n; k += x->every) {
        if (p->d[k].again)
            continue;
        struct chance_range there = chance_deal_when(x->then, &p->view, p->d[k].row, at, n, d);
        for (size_t i = there.first; i < there.end; i++)
            if (d[i].cause == DEAL_OPEN && p->d[k].entry <= at[i]) {
                struct case_of one = {(uint32_t)k, d[i].stage, d[i].entry, d[i].since};
                vec_push(&out[i], one);
            }
    }
}

static bool ages_asked(const struct calibration *x, const struct cases *cases)
{
    for (size_t k = 0; k < cases->len; k++)
        if (chance_asks_age(x->then, cases->ptr[k].stage))
            return true;
    return false;
}

/* The instants, a month apart, from the oldest that has some history before it. */
static size_t instants(const struct calibration *x, int64_t at[INSTANTS])
{
    const struct pop *p = &x->p;
    int64_t first = INT64_MAX;
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        first = p->d[i].entry < first ? p->d[i].entry : first;
    while (first != INT64_MAX && n < INSTANTS &&
           p->as_of - (x->days + 30 * (int64_t)n) * MS_DAY > first + x->days * MS_DAY / 2)
        n++;
    for (size_t i = 0; i < n; i++)
        at[i] = p->as_of - (x->days + 30 * (int64_t)(n - 1 - i)) * MS_DAY;
    return n;
}

static void look_back(struct calibration *x)
{
    struct pop *p = &x->p;
    struct arena scratch = ARENA_EMPTY;
    struct cases cases[INSTANTS] = {0};
    int64_t at[INSTANTS];
    size_t n = instants(x, at);
    struct chance_past *past = chance_past_new(
        x->then, &p->view, &(struct chance_spec){.horizon = x->days * MS_DAY, .most = LOOKED_MOST}, at, n);
    find_cases(x, at, n, cases);
    stage_past_map(&x->past, &p->view, p->call->arena);
    x->first_at = n > 0 ? at[0] : 0;
    x->last_at = n > 0 ? at[n - 1] : 0;
    for (size_t i = 0; i < n; i++) {
        arena_reset(&scratch);
        chance_past_learn(past, i);
        if (ages_asked(x, &cases[i]))
            chance_past_ages(past);
        struct fact_column probability = fact_as_of(&p->view, FACT_DEAL, DEAL_PROBABILITY, at[i], &scratch);
        for (size_t k = 0; k < cases[i].len; k++)
            one(x, &cases[i].ptr[k], &probability, at[i]);
        vec_free(&cases[i]);
        x->instants++;
    }
    chance_past_free(past);
    arena_free(&scratch);
}

/* Nine of ten wins came within that time of a deal's beginning: in thirties of days, a month to a year. */
static int64_t usual_days(const struct pop *p)
{
    int64_t n[13] = {0}, wins = 0, sum = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->d[i].cause == DEAL_WON && !p->d[i].again) {
            int64_t months = (p->d[i].exit - p->d[i].entry) / (30 * MS_DAY);
            n[months < 12 ? (months > 0 ? months : 0) : 12]++;
            wins++;
        }
    for (int64_t i = 0; i < 12; i++)
        if ((sum += n[i]) * 10 >= wins * 9)
            return 30 * (i + 1);
    return 365;
}

static enum rc read_args(struct calibration *x, const struct report_call *c, struct report_result *r, struct err *e)
{
    struct str days = report_arg(c, "days");
    if (days.len > 0 && (!str_i64(days, &x->days) || x->days < 1 || x->days > 730))
        return report_bad_param(e, "days", days);
    TRY(pop_read(&x->p, c, r, &(struct pop_spec){.by = "owner"}, e));
    x->seller_seen = rights_sees_field(c->rights, entity_by_id(ENT_DEAL), DEAL_PROBABILITY);
    TRY(stage_past_read(&x->past, c, x->p.funnel_id, e));
    return chance_read(&x->then, c->arena, c->db, e);
}

static void look(struct calibration *x, struct report_result *r)
{
    static const char *const counts[] = {"deals", "won", "cases", "came_true"};
    struct arena *a = x->p.call->arena;
    int64_t keys[SOURCES * BINS];
    pop_lock(&x->p);
    x->days = x->days > 0 ? x->days : usual_days(&x->p);
    x->every = x->p.n / LOOKED_MOST + 1;
    for (int i = 0; i < SOURCES * BINS; i++)
        keys[i] = i;
    x->asked = -1;
    for (int i = 0; i < SOURCES; i++)
        if (report_asked(x->p.call, r, "summary", 0, case_keys[i]))
            x->asked = i;
    x->t = tally_new(x->p.call, r, "rows", (size_t)SOURCES * BINS, keys, counts, 4);
    int64_t *stage_keys = ARENA_ARRAY(a, int64_t, x->p.n_stages + 1);
    for (size_t i = 0; i < x->p.n_stages; i++)
        stage_keys[i] = x->p.stages[i].id;
    x->of_group = tally_new(x->p.call, r, "by_group", x->p.n_groups, pop_keys(&x->p), counts + 2, 1);
    x->of_stage = tally_new(x->p.call, r, "by_stage", x->p.n_stages, stage_keys, counts + 2, 1);
    x->groups = ARENA_ARRAY(a, struct side, x->p.n_groups + 1);
    x->stages = ARENA_ARRAY(a, struct side, x->p.n_stages + 1);
    for (int i = 0; i < SOURCES; i++) {
        size_t most = (x->p.n / x->every + 1) * INSTANTS;
        x->of[i] = (struct told){ARENA_ARRAY(a, double, most), ARENA_ARRAY(a, uint8_t, most), 0};
    }
    look_back(x);
    pop_unlock(&x->p);
}

/* ---- telling ---- */

static void put_rows(struct calibration *x, struct report_result *r)
{
    const struct report_call *c = x->p.call;
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (int i = 0; i < SOURCES * BINS; i++) {
        int64_t n = x->bins[i].n, won = x->bins[i].won;
        struct str name = i18n_text(c->lang, str_fmt(c->arena, "report.says.%s", source_names[i / BINS]).ptr);
        if (n == 0)
            continue;
        struct cell row[11] = {cell_s(name),
                               cell_f((double)(i % BINS) / BINS),
                               cell_i(n),
                               cell_i(won),
                               cell_i(tally_of(&x->t, (size_t)i, 0)),
                               cell_i(tally_of(&x->t, (size_t)i, 1)),
                               cell_f(x->bins[i].said / (double)n)};
        pop_rate(row + 7, won, n >= TOLD ? n : 0);
        row[10] = n >= TOLD ? cell_f(x->bins[i].said / (double)n - (double)won / (double)n) : cell_null();
        report_row_key(&r->main, i, row);
    }
}

static void put_side(struct cell *out, const struct side *s)
{
    double n = (double)s->n;
    out[0] = cell_i(s->n);
    out[1] = cell_f(s->said / n);
    pop_rate(out + 2, s->won, s->n >= TOLD ? s->n : 0);
    out[5] = s->n >= TOLD ? cell_f((s->said - (double)s->won) / n) : cell_null();
    out[6] = s->n >= TOLD ? cell_f(s->brier / n) : cell_null();
    out[7] = s->n >= TOLD ? cell_f(s->model / n) : cell_null();
}

static void put_sides(struct calibration *x, struct report_result *r)
{
    const struct pop *p = &x->p;
    struct report_table *g =
        report_table_add(r, "by_group", group_columns, sizeof group_columns / sizeof *group_columns);
    for (size_t i = 0; i < p->n_groups; i++) {
        struct cell row[9] = {cell_s(p->groups[i].name)};
        if (x->groups[i].n == 0)
            continue;
        put_side(row + 1, &x->groups[i]);
        report_row_key(g, p->groups[i].key, row);
    }
    struct report_table *s =
        report_table_add(r, "by_stage", stage_columns, sizeof stage_columns / sizeof *stage_columns);
    for (size_t i = 0; i < p->n_stages; i++) {
        struct cell row[10] = {cell_s(p->stages[i].name), cell_i(p->stages[i].id)};
        if (x->stages[i].n == 0)
            continue;
        put_side(row + 2, &x->stages[i]);
        report_row_key(s, p->stages[i].id, row);
    }
}

static void put_rest(struct calibration *x, struct report_result *r)
{
    static const char *const keys[SOURCES][2] = {
        {"stage_brier", "stage_ece"}, {"seller_brier", "seller_ece"}, {"model_brier", "model_ece"}};
    const struct report_call *c = x->p.call;
    double said[SOURCES] = {0}, won[SOURCES] = {0};
    for (int i = 0; i < SOURCES; i++) {
        const struct told *t = &x->of[i];
        bool told = t->n >= TOLD;
        for (size_t k = 0; k < t->n; k++) {
            said[i] += t->p[k] / (double)t->n;
            won[i] += (double)t->won[k] / (double)t->n;
        }
        report_sum_events(r, case_keys[i], (int64_t)t->n);
        report_sum(r, keys[i][0], RT_REAL, told ? cell_f(score_brier(t->p, t->won, t->n)) : cell_null());
        report_sum(r, keys[i][1], RT_RATE, told ? cell_f(score_ece(t->p, t->won, t->n)) : cell_null());
    }
    double base = won[BY_MODEL] * (1 - won[BY_MODEL]);
    report_sum(r, "base_brier", RT_REAL, x->of[BY_MODEL].n >= TOLD ? cell_f(base) : cell_null());
    report_sum(r, "instants", RT_INT, cell_i(x->instants));
    report_param_is(r, "days", RT_INT, cell_i(x->days));
    int which = x->of[BY_SELLER].n >= TOLD ? BY_SELLER : BY_STAGE;
    struct str args[] = {report_percent(c->arena, c->lang, said[which]), report_percent(c->arena, c->lang, won[which]),
                         str_fmt(c->arena, "%lld", (long long)x->days),
                         str_fmt(c->arena, "%lld", (long long)x->of[which].n)};
    struct interval ci = stats_wilson(llround(won[which] * (double)x->of[which].n), (int64_t)x->of[which].n);
    if (x->of[which].n >= TOLD)
        report_verdict(c, r,
                       said[which] > ci.high  ? which == BY_SELLER ? "sellers_high" : "stages_high"
                       : said[which] < ci.low ? which == BY_SELLER ? "sellers_low" : "stages_low"
                                              : "typed_true",
                       args, 4);
    if (x->of[BY_STAGE].n + x->of[BY_SELLER].n == 0)
        report_note(c, r, "nothing_typed", NULL, 0);
    report_note(c, r, "calibration_past", (struct str[]){str_fmt(c->arena, "%lld", (long long)x->instants), args[2]},
                2);
    int64_t changed = stage_past_changes(&x->past, x->first_at, x->last_at);
    struct str times = str_fmt(c->arena, "%lld", (long long)changed);
    if (changed > 0)
        report_note(c, r, "stage_chances_changed", &times, 1);
    struct str every = str_fmt(c->arena, "%zu", x->every);
    if (x->every > 1)
        report_note(c, r, "chances_sampled", &every, 1);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct calibration *x = ARENA_NEW(c->arena, struct calibration);
    enum rc rc;
    TRY_OUT(read_args(x, c, r, e));
    look(x, r);
    TRY_OUT(pop_names(&x->p, e));
    put_rows(x, r);
    put_sides(x, r);
    put_rest(x, r);
    pop_notes(&x->p);
out:
    pop_free(&x->p);
    chance_free(x->then);
    return rc;
}

const struct report report_calibration = {.id = "calibration",
                                          .question = "report.calibration.question",
                                          .params = params,
                                          .n_params = sizeof params / sizeof *params,
                                          .run = run,
                                          .group = "money",
                                          .definition = 2, /* 2: stages are judged by the probability of then */
                                          .chart = {.kind = CHART_SCATTER,
                                                    .x = "promised",
                                                    .y = "observed",
                                                    .series = "who_says",
                                                    .low = "observed_low",
                                                    .high = "observed_high",
                                                    .y2 = "cases"}};
