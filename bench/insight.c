/* The scans that reports are made of, over the projection of a data directory: prints one JSON object with milliseconds
 * of every run and the rows each gave, so that bench/insight.mjs can lay a database beside it. Also how long rebuilding
 * took and what it holds in memory. With a file as second argument, the visits are written there as CSV first.
 *
 * usage: bench_insight DIR RUNS [VISITS.csv] */
#include "base/json.h"
#include "base/time.h"
#include "crm/custom_field.h"
#include "crm/fields.h"
#include "insight/mask.h"
#include "insight/window_funnel.h"
#include "quantiles.h"
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#define STAGES 1024
#define MONTHS 64 /* of a history, told apart by their remainder */
enum { RUNS_MOST = 100, FUNNEL_STEPS = 5 };
#define WINDOW (90 * MS_DAY)

struct bench {
    struct projection *p;
    struct projection_view v;
    const struct facts *deals;
    struct db *db;
    struct arena arena;
    struct jw w;
    int runs;
    size_t n_stages, n_users; /* ids of users are below */
    const uint64_t *bits;     /* of the filter; NULL: none */
    bool won[STAGES];
    uint8_t step[STAGES];
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "%s: %s %s\n", what, e->code, e->arg[0]);
    exit(1);
}

static void *claim(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (p == NULL)
        abort();
    return p;
}

/* ---- results ---- */

static void put_rows(struct bench *b, const int64_t *cells, size_t rows, size_t columns)
{
    jw_key(&b->w, "rows");
    jw_arr(&b->w);
    for (size_t i = 0; i < rows; i++) {
        jw_arr(&b->w);
        for (size_t k = 0; k < columns; k++)
            jw_i64(&b->w, cells[i * columns + k]);
        jw_end_arr(&b->w);
    }
    jw_end_arr(&b->w);
}

static void put_times(struct bench *b, const char *key, const double *ms)
{
    jw_key(&b->w, key);
    jw_arr(&b->w);
    for (int i = 0; i < b->runs; i++)
        jw_f64(&b->w, ms[i]);
    jw_end_arr(&b->w);
}

/* One scan: run gives cells of *rows times columns, freed by the caller. */
static void measure(struct bench *b, const char *name, size_t columns, int64_t *(*run)(struct bench *b, size_t *rows))
{
    double ms[RUNS_MOST], spent[RUNS_MOST];
    int64_t *cells = NULL;
    size_t rows = 0;
    for (int i = 0; i < b->runs; i++) {
        free(cells);
        double start = seconds(), burnt = cpu();
        cells = run(b, &rows);
        ms[i] = (seconds() - start) * 1000;
        spent[i] = (cpu() - burnt) * 1000;
    }
    jw_key(&b->w, name);
    jw_obj(&b->w);
    put_times(b, "ms", ms);
    put_times(b, "cpu_ms", spent);
    put_rows(b, cells, rows, columns);
    jw_end_obj(&b->w);
    free(cells);
}

static inline bool counts(const struct bench *b, size_t row)
{
    return mask_has(b->bits, row) && !fact_deleted(b->deals, row);
}

/* ---- reached by stage: deals that have been in each ---- */

struct reached {
    struct bench *b;
    int64_t n[SCAN_WORKERS][STAGES];
};

static void reached_part(void *arg, int worker, size_t from, size_t to)
{
    struct reached *r = arg;
    uint32_t mark[STAGES] = {0};
    for (size_t i = from; i < to; i++) {
        struct visits w = visits_of(&r->b->v, i);
        if (!counts(r->b, i))
            continue;
        for (size_t k = 0; k < w.n; k++) {
            uint32_t stage = visit_stage(w.packed[k]);
            r->n[worker][stage] += mark[stage] != i + 1;
            mark[stage] = (uint32_t)i + 1;
        }
    }
}

static int64_t *reached(struct bench *b, size_t *rows)
{
    struct reached *r = claim(1, sizeof *r);
    int64_t *out = claim(2 * b->n_stages, sizeof *out);
    r->b = b;
    projection_scan(&b->v, b->deals->n, reached_part, r);
    *rows = 0;
    for (size_t i = 0; i < b->n_stages; i++)
        if (r->n[0][i] + r->n[1][i] > 0) {
            out[*rows * 2] = b->v.stage_ids[i];
            out[(*rows)++ * 2 + 1] = r->n[0][i] + r->n[1][i];
        }
    free(r);
    return out;
}

/* ---- ordered funnel within 90 days ---- */

struct levels {
    struct bench *b;
    int64_t n[SCAN_WORKERS][FUNNEL_STEPS + 1];
};

static void funnel_part(void *arg, int worker, size_t from, size_t to)
{
    struct levels *l = arg;
    for (size_t i = from; i < to; i++)
        if (counts(l->b, i))
            l->n[worker][window_funnel_visits(visits_of(&l->b->v, i), l->b->step, l->b->n_stages, FUNNEL_STEPS, WINDOW,
                                              INT64_MAX)]++;
}

static int64_t *funnel(struct bench *b, size_t *rows)
{
    struct levels l = {.b = b};
    int64_t *out = claim(2 * FUNNEL_STEPS, sizeof *out);
    projection_scan(&b->v, b->deals->n, funnel_part, &l);
    *rows = 0;
    for (int i = 1; i <= FUNNEL_STEPS; i++)
        if (l.n[0][i] + l.n[1][i] > 0) {
            out[*rows * 2] = i;
            out[(*rows)++ * 2 + 1] = l.n[0][i] + l.n[1][i];
        }
    return out;
}

/* ---- manager by month: deals created and their worth ---- */

struct months {
    struct bench *b;
    const uint16_t *of_day; /* month since 1970 of a day since 1970 */
    int64_t (*n)[2];        /* by worker, owner, month */
};

static void months_part(void *arg, int worker, size_t from, size_t to)
{
    struct months *m = arg;
    struct bench *b = m->b;
    const struct fact_column *owner = fact_column(b->deals, DEAL_OWNER_ID);
    const struct fact_column *value = fact_column(b->deals, DEAL_VALUE_MINOR);
    for (size_t i = from; i < to; i++) {
        if (!counts(b, i))
            continue;
        int64_t who = fact_id(owner, i), month = m->of_day[b->deals->created_at[i] / MS_DAY];
        int64_t *cell = m->n[((size_t)worker * b->n_users + (size_t)who) * MONTHS + (size_t)month % MONTHS];
        cell[0]++;
        cell[1] += fact_id(value, i);
    }
}

static int64_t *managers(struct bench *b, size_t *rows)
{
    uint16_t *of_day = claim(40000, sizeof *of_day);
    struct months m = {b, of_day, claim(SCAN_WORKERS * b->n_users * MONTHS, sizeof *m.n)};
    for (int day = 0; day < 40000; day++) {
        int year;
        unsigned month, in_month;
        date_to_civil(day, &year, &month, &in_month);
        of_day[day] = (uint16_t)((year - 1970) * 12 + (int)month - 1);
    }
    projection_scan(&b->v, b->deals->n, months_part, &m);
    int64_t *out = claim(b->n_users * MONTHS * 4, sizeof *out);
    *rows = 0;
    for (size_t i = 0; i < b->n_users * MONTHS; i++) {
        int64_t *x = m.n[i], *y = m.n[b->n_users * MONTHS + i];
        if (x[0] + y[0] == 0)
            continue;
        int64_t *cell = &out[(*rows)++ * 4];
        cell[0] = (int64_t)(i / MONTHS);
        cell[1] = (int64_t)(i % MONTHS);
        cell[2] = x[0] + y[0];
        cell[3] = x[1] + y[1];
    }
    free(m.n);
    free(of_day);
    return out;
}

/* ---- percentiles ---- */

struct list {
    int64_t *ptr;
    size_t len, cap;
};

struct cycle {
    struct bench *b;
    struct list took[SCAN_WORKERS]; /* ms to the first win */
};

static void cycle_part(void *arg, int worker, size_t from, size_t to)
{
    struct cycle *c = arg;
    for (size_t i = from; i < to; i++) {
        struct visits w = visits_of(&c->b->v, i);
        for (size_t k = 0; k < w.n && counts(c->b, i); k++)
            if (c->b->won[visit_stage(w.packed[k])]) {
                vec_push(&c->took[worker], visit_at(w.packed[k]) - visit_at(w.packed[0]));
                break;
            }
    }
}

/* What the second worker has found goes behind what the first has. */
static void join(struct list *x, const struct list *y)
{
    vec_reserve(x, x->len + y->len);
    if (y->len)
        memcpy(x->ptr + x->len, y->ptr, y->len * sizeof *y->ptr);
    x->len += y->len;
}

static int64_t *cycle(struct bench *b, size_t *rows)
{
    struct cycle c = {b};
    int64_t *out = claim(4, sizeof *out);
    projection_scan(&b->v, b->deals->n, cycle_part, &c);
    join(&c.took[0], &c.took[1]);
    out[0] = (int64_t)c.took[0].len;
    if (c.took[0].len)
        quantiles(c.took[0].ptr, c.took[0].len, (const double[]){0.1, 0.5, 0.9}, out + 1, 3);
    *rows = 1;
    vec_free(&c.took[0]);
    vec_free(&c.took[1]);
    return out;
}

struct dwell {
    struct bench *b;
    struct list of[SCAN_WORKERS][STAGES];
    int64_t (*out)[4];
};

static void dwell_part(void *arg, int worker, size_t from, size_t to)
{
    struct dwell *d = arg;
    for (size_t i = from; i < to; i++) {
        struct visits w = visits_of(&d->b->v, i);
        if (!counts(d->b, i))
            continue;
        for (size_t k = 0; k + 1 < w.n; k++)
            vec_push(&d->of[worker][visit_stage(w.packed[k])], visit_at(w.packed[k + 1]) - visit_at(w.packed[k]));
    }
}

#define A_STAGE 16384 /* of the scan over stages: one piece each */

static void dwell_stage(void *arg, int worker, size_t from, size_t to)
{
    struct dwell *d = arg;
    size_t stage = from / A_STAGE;
    struct list *x = &d->of[0][stage], *y = &d->of[1][stage];
    (void)worker;
    (void)to;
    if (x->len + y->len == 0)
        return;
    join(x, y);
    d->out[stage][0] = d->b->v.stage_ids[stage];
    d->out[stage][1] = (int64_t)x->len;
    quantiles(x->ptr, x->len, (const double[]){0.5, 0.9}, &d->out[stage][2], 2);
}

static int64_t *dwell(struct bench *b, size_t *rows)
{
    struct dwell *d = claim(1, sizeof *d);
    d->b = b;
    d->out = claim(b->n_stages, sizeof *d->out);
    projection_scan(&b->v, b->deals->n, dwell_part, d);
    projection_scan(&b->v, b->n_stages * A_STAGE, dwell_stage, d);
    int64_t *out = (int64_t *)d->out;
    *rows = 0;
    for (size_t i = 0; i < b->n_stages; i++) {
        if (d->out[i][1] > 0)
            memmove(&d->out[(*rows)++], &d->out[i], sizeof d->out[i]);
        vec_free(&d->of[0][i]);
        vec_free(&d->of[1][i]);
    }
    free(d);
    return out;
}

struct moves {
    struct bench *b;
    uint32_t *n; /* by worker, from, to */
};

static void moves_part(void *arg, int worker, size_t from, size_t to)
{
    struct moves *m = arg;
    size_t s = m->b->n_stages;
    uint32_t *n = m->n + (size_t)worker * s * s;
    for (size_t i = from; i < to; i++) {
        struct visits w = visits_of(&m->b->v, i);
        if (!counts(m->b, i))
            continue;
        for (size_t k = 0; k + 1 < w.n; k++)
            n[visit_stage(w.packed[k]) * s + visit_stage(w.packed[k + 1])]++;
    }
}

static int64_t *moves(struct bench *b, size_t *rows)
{
    size_t s = b->n_stages, n = s * s;
    struct moves m = {b, claim(SCAN_WORKERS * n, sizeof *m.n)};
    int64_t *out = claim(3 * n, sizeof *out);
    projection_scan(&b->v, b->deals->n, moves_part, &m);
    *rows = 0;
    for (size_t i = 0; i < n; i++)
        if (m.n[i] + m.n[n + i] > 0) {
            int64_t *cell = &out[(*rows)++ * 3];
            cell[0] = b->v.stage_ids[i / s];
            cell[1] = b->v.stage_ids[i % s];
            cell[2] = m.n[i] + m.n[n + i];
        }
    free(m.n);
    return out;
}

/* ---- the board: deals and money of every stage, now, and under a filter ---- */

struct board {
    struct bench *b;
    int64_t n[SCAN_WORKERS][STAGES], value[SCAN_WORKERS][STAGES];
};

static void board_part(void *arg, int worker, size_t from, size_t to)
{
    struct board *x = arg;
    const struct fact_column *value = fact_column(x->b->deals, DEAL_VALUE_MINOR);
    for (size_t i = from; i < to; i++) {
        struct visits w = visits_of(&x->b->v, i);
        if (w.n == 0 || !counts(x->b, i))
            continue;
        uint32_t stage = visit_stage(w.packed[w.n - 1]);
        x->n[worker][stage]++;
        x->value[worker][stage] += fact_id(value, i);
    }
}

static int64_t *board(struct bench *b, size_t *rows)
{
    struct board *x = claim(1, sizeof *x);
    int64_t *out = claim(3 * b->n_stages, sizeof *out);
    x->b = b;
    projection_scan(&b->v, b->deals->n, board_part, x);
    *rows = 0;
    for (size_t i = 0; i < b->n_stages; i++)
        if (x->n[0][i] + x->n[1][i] > 0) {
            int64_t *cell = &out[(*rows)++ * 3];
            cell[0] = b->v.stage_ids[i];
            cell[1] = x->n[0][i] + x->n[1][i];
            cell[2] = x->value[0][i] + x->value[1][i];
        }
    free(x);
    return out;
}
/* ---- what a report costs with a filter over three attributes, and without one ---- */

static struct mask_plan *three;

static int64_t *plain(struct bench *b, size_t *rows)
{
    free(reached(b, rows));
    free(funnel(b, rows));
    free(cycle(b, rows));
    return moves(b, rows);
}

static int64_t *filtered(struct bench *b, size_t *rows)
{
    struct arena a = ARENA_EMPTY;
    b->bits = mask_apply(three, &b->v, FACT_NEVER, &a);
    int64_t *out = plain(b, rows);
    b->bits = NULL;
    arena_free(&a);
    return out;
}

static void plan_filter(struct bench *b)
{
    struct filter *f;
    struct err e = {0};
    struct filter_env env = {.now = time_now()};
    struct str text = STR("source_id is not null and value_minor >= 1000000 and owner_id != 1");
    if (filter_parse(&b->arena, entity_by_id(ENT_DEAL), text, &env, &f, &e) != RC_OK ||
        mask_plan(&three, &b->arena, b->db, b->p, FACT_DEAL, NULL, f, &e) != RC_OK)
        die("filter", &e);
}

/* ---- what is there ---- */

/* The steps are the first stages of the funnel with the most deals. */
static void load_stages(struct bench *b, struct err *e)
{
    struct stmt *s;
    int steps = 0;
    if (db_prepare(b->db, &s,
                   "SELECT id, outcome, funnel_id = (SELECT funnel_id FROM deal GROUP BY funnel_id ORDER BY count(*)"
                   " DESC LIMIT 1) FROM stage ORDER BY position, id",
                   e) != RC_OK)
        die("stages", e);
    while (stmt_step(s, e) == RC_ROW)
        for (size_t i = 0; i < b->n_stages; i++)
            if (b->v.stage_ids[i] == stmt_col_i64(s, 0)) {
                b->won[i] = stmt_col_i64(s, 1) == DEAL_WON;
                if (stmt_col_i64(s, 2) && stmt_col_i64(s, 1) == DEAL_OPEN && steps < FUNNEL_STEPS)
                    b->step[i] = (uint8_t)++steps;
            }
    stmt_done(s);
}

/* Ids of stages in order of step; or, without steps, those of won deals. */
static void put_stages(struct bench *b, const char *key, int steps)
{
    jw_key(&b->w, key);
    jw_arr(&b->w);
    for (int step = steps > 0; step <= steps; step++)
        for (size_t i = 0; i < b->n_stages; i++)
            if (steps > 0 ? b->step[i] == step : b->won[i])
                jw_i64(&b->w, b->v.stage_ids[i]);
    jw_end_arr(&b->w);
}

static void dump(struct bench *b, const char *path)
{
    FILE *f = fopen(path, "w");
    const struct fact_column *owner = fact_column(b->deals, DEAL_OWNER_ID);
    const struct fact_column *value = fact_column(b->deals, DEAL_VALUE_MINOR);
    if (f == NULL)
        exit(1);
    fputs("deal,ord,t,stage,owner,value,created\n", f);
    for (size_t i = 0; i < b->deals->n; i++) {
        struct visits w = visits_of(&b->v, i);
        for (size_t k = 0; k < w.n && !fact_deleted(b->deals, i); k++)
            fprintf(f, "%lld,%zu,%lld,%lld,%lld,%lld,%lld\n", (long long)b->deals->ids[i], k,
                    (long long)visit_at(w.packed[k]), (long long)b->v.stage_ids[visit_stage(w.packed[k])],
                    (long long)fact_id(owner, i), (long long)fact_id(value, i), (long long)b->deals->created_at[i]);
    }
    fclose(f);
}

static void rebuild(struct bench *b, const struct db_target *target)
{
    struct err e = {0};
    int64_t last;
    if (db_open(&b->db, target, DB_READER, &e) != RC_OK || entities_load(b->db, &e) != RC_OK ||
        journal_last(b->db, &last, &e) != RC_OK)
        die("open", &e);
    double start = seconds(), burnt = cpu();
    if (projection_start(&b->p, target, &e) != RC_OK || !projection_wait(b->p, last, 600000))
        die("rebuild", &e);
    jw_key(&b->w, "rebuild_s");
    jw_f64(&b->w, seconds() - start);
    jw_key(&b->w, "rebuild_cpu_s");
    jw_f64(&b->w, cpu() - burnt);
    jw_ki64(&b->w, "events", last);
    jw_key(&b->w, "bytes_an_event");
    jw_f64(&b->w, last ? (double)projection_bytes(b->p) / (double)last : 0);
}

int main(int argc, char **argv)
{
    struct bench *b = claim(1, sizeof *b);
    struct buf out = {0};
    struct err e = {0};
    if (argc < 3)
        return 2;
    struct db_target target = {DB_SQLITE, argv[1]};
    b->runs = atoi(argv[2]) < RUNS_MOST ? atoi(argv[2]) : RUNS_MOST;
    b->w = jw_to(&out);
    jw_obj(&b->w);
    rebuild(b, &target);
    plan_filter(b);
    b->v = projection_lock(b->p);
    b->deals = &b->v.facts[FACT_DEAL];
    b->n_stages = b->v.n_stages < STAGES ? b->v.n_stages : STAGES;
    load_stages(b, &e);
    for (size_t i = 0; i < b->deals->n; i++) {
        size_t who = (size_t)fact_id(fact_column(b->deals, DEAL_OWNER_ID), i);
        b->n_users = who >= b->n_users ? who + 1 : b->n_users;
    }
    put_stages(b, "steps", FUNNEL_STEPS);
    put_stages(b, "won", 0);
    jw_ki64(&b->w, "deals", (int64_t)b->deals->n);
    jw_ki64(&b->w, "unreadable", (int64_t)b->v.unreadable);
    if (argc > 3)
        dump(b, argv[3]);
    measure(b, "reached", 2, reached);
    measure(b, "funnel", 2, funnel);
    measure(b, "managers", 4, managers);
    measure(b, "cycle", 4, cycle);
    measure(b, "dwell", 4, dwell);
    measure(b, "moves", 3, moves);
    measure(b, "board", 3, board);
    measure(b, "plain", 3, plain);
    measure(b, "filtered", 3, filtered);
    jw_end_obj(&b->w);
    fwrite(out.ptr, 1, out.len, stdout);
    putchar('\n');
    projection_unlock(b->p);
    projection_free(b->p);
    db_close(b->db);
    buf_free(&out);
    arena_free(&b->arena);
    free(b);
    return 0;
}
