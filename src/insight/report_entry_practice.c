/* 35. Who enters deals when: at the first stage or later, one by one or many at once, at once as closed; and steps that
 * deals no longer take. A step has vanished when its share of the deals that came as far as it or further broke
 * (likelihood ratio of the months of entry, chance below one in a thousand) and came down to a tenth of what it was, or
 * less. Deals that have not come so far tell nothing, so young months do not look like a break. */
#include "base/time.h"
#include "crm/fields.h"
#include "insight/breaks.h"
#include "insight/walk.h"

enum { DEALS, FIRST, LATER, CLOSED_AT_ONCE, BULK, COUNTS };
static const char *const counts[] = {"deals", "at_first", "at_later", "closed_at_once", "in_bulk"};
enum { STAGE_DEALS };
static const char *const stage_counts[] = {"entered_here"};
/* So many within so long by one person are entered in bulk. */
enum { BULK_LEAST = 5, BULK_MS = 10 * 60 * 1000 };
#define VANISHED_CHANCE 0.001

static const struct report_param params[] = {POP_PARAMS};
static const struct report_column columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "deals", .type = RT_INT, .drill = true},
    {.id = "at_first", .type = RT_INT, .drill = true},
    {.id = "at_first_rate", .type = RT_RATE},
    {.id = "at_first_low", .type = RT_RATE},
    {.id = "at_first_high", .type = RT_RATE},
    {.id = "at_later", .type = RT_INT, .drill = true},
    {.id = "closed_at_once", .type = RT_INT, .drill = true},
    {.id = "in_bulk", .type = RT_INT, .drill = true},
    {.id = "in_bulk_rate", .type = RT_RATE},
    {.id = "in_bulk_low", .type = RT_RATE},
    {.id = "in_bulk_high", .type = RT_RATE},
};
static const struct report_column stage_columns[] = {
    {.id = "group", .type = RT_TEXT},
    {.id = "stage", .type = RT_TEXT},
    {.id = "entered_here", .type = RT_INT, .drill = true},
    {.id = "rate", .type = RT_RATE},
    {.id = "usual_rate", .type = RT_RATE},
};
static const struct report_column vanished_columns[] = {
    {.id = "stage", .type = RT_TEXT},
    {.id = "stage_id", .type = RT_ID, .ref = "stages"},
    {.id = "since", .type = RT_DATE},
    {.id = "share_before", .type = RT_RATE},
    {.id = "share_after", .type = RT_RATE},
    {.id = "deals_before", .type = RT_INT, .drill = true},
    {.id = "deals_after", .type = RT_INT, .drill = true},
    {.id = "chance", .type = RT_REAL},
};

struct practice {
    struct pop p;
    struct tally t, entered;
    int64_t *entered_keys;
    size_t first_stage; /* n_stages: there is none */
    bool *bulk;         /* of p.d[i] */
    int64_t month_from;
    size_t n_months;
    int64_t *as_far, *with; /* stage * n_months + month: deals that came as far as the stage; those that were in it */
    int64_t hidden, bulk_deals;
    size_t n_vanished;
};

static int64_t month_of(const struct pop *p, int64_t at)
{
    int year;
    unsigned month, dom;
    date_to_civil(zone_day(p->zone, at), &year, &month, &dom);
    return year * INT64_C(12) + (int64_t)month - 1;
}

struct made {
    int64_t at;
    uint32_t author;
    uint32_t i; /* of p.d */
};

static int by_author(const void *a, const void *b)
{
    const struct made *x = a, *y = b;
    if (x->author != y->author)
        return x->author < y->author ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Rows are made in order of the journal, so that each person's deals nearly are in order of time: only then is sorting
 * needed at all when history was imported. */
static void sort_made(struct made *m, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (by_author(&m[i - 1], &m[i]) > 0) {
            qsort(m, n, sizeof *m, by_author);
            return;
        }
}

static void mark_run(struct practice *x, const struct made *m, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        x->bulk[m[i].i] = true;
}

/* Deals of one author by the time they entered; a run of at least BULK_LEAST within BULK_MS is bulk. */
static void find_bulk(struct practice *x, const struct made *m, size_t n)
{
    size_t begin = 0, marked = 0;
    for (size_t i = 0; i < n; i++) {
        while (m[begin].at < m[i].at - BULK_MS)
            begin++;
        if (i + 1 - begin >= BULK_LEAST) {
            mark_run(x, m, marked > begin ? marked : begin, i + 1);
            marked = i + 1;
        }
    }
}

/* Who entered the deal; 0: nobody in particular, or its history has dates without a time, which tells nothing. */
static uint32_t entered_by(const struct pop *p, const struct pop_deal *d)
{
    struct visits v = pop_visits(p, d);
    return v.n == 0 || d->entry % MS_DAY == 0 ? 0 : v.actor[0];
}

/* By person without comparing: a counting sort keeps the order of the journal within each. */
static void bulk(struct practice *x)
{
    struct pop *p = &x->p;
    uint32_t most = 0;
    struct made *m = malloc((p->n_all + 1) * sizeof *m), *sorted = malloc((p->n_all + 1) * sizeof *m);
    x->bulk = calloc(p->n + 1, 1);
    if (x->bulk == NULL || m == NULL || sorted == NULL)
        abort();
    for (size_t i = 0; i < p->n_all; i++) {
        m[i] = (struct made){p->d[i].entry, entered_by(p, &p->d[i]), (uint32_t)i};
        most = m[i].author > most ? m[i].author : most;
    }
    size_t *start = calloc((size_t)most + 2, sizeof *start);
    if (start == NULL)
        abort();
    for (size_t i = 0; i < p->n_all; i++)
        start[m[i].author + 1]++;
    for (size_t a = 0; a <= most; a++)
        start[a + 1] += start[a];
    for (size_t i = 0; i < p->n_all; i++)
        sorted[start[m[i].author]++] = m[i];
    for (size_t a = 1; a <= most; a++) {
        sort_made(sorted + start[a - 1], start[a] - start[a - 1]);
        find_bulk(x, sorted + start[a - 1], start[a] - start[a - 1]);
    }
    free(start);
    free(sorted);
    free(m);
}

/* How many of the first stages, and which of them is the first that exists. */
static void prepare(struct practice *x)
{
    struct pop *p = &x->p;
    struct arena *a = p->call->arena;
    int64_t first = INT64_MAX, last = INT64_MIN;
    x->first_stage = p->n_stages;
    for (size_t s = p->n_stages; s-- > 0;)
        if (stage_open(p, s) && !p->stages[s].gone)
            x->first_stage = s;
    for (size_t i = 0; i < p->n_all; i++) {
        first = p->d[i].entry < first ? p->d[i].entry : first;
        last = p->d[i].entry > last ? p->d[i].entry : last;
    }
    if (p->n_all > 0) {
        x->month_from = month_of(p, first);
        x->n_months = (size_t)(month_of(p, last) - x->month_from + 1);
    }
    x->n_months = x->n_months < 1200 ? x->n_months : 1200;
    x->as_far = ARENA_ARRAY(a, int64_t, x->n_months * p->n_stages + 1);
    x->with = ARENA_ARRAY(a, int64_t, x->n_months * p->n_stages + 1);
    x->entered_keys = ARENA_ARRAY(a, int64_t, p->n_groups * p->n_stages + 1);
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t s = 0; s < p->n_stages; s++)
            x->entered_keys[g * p->n_stages + s] = walk_key(p->groups[g].key, p->stages[s].id);
    x->t = tally_new(p->call, p->result, "rows", p->n_groups, pop_keys(p), counts, COUNTS);
    x->entered = tally_new(p->call, p->result, "entries", p->n_groups * p->n_stages, x->entered_keys, stage_counts, 1);
}

/* How many of the first stages a deal came as far as. */
static size_t how_far(const struct pop *p, const struct walk *w)
{
    size_t until = 0;
    for (size_t i = 0; i < w->n; i++) {
        size_t s = (size_t)w->s[i].stage, far = stage_open(p, s) ? s + 1 : p->n_stages;
        if (p->stages[s].outcome != DEAL_LOST && far > until)
            until = far;
    }
    return until;
}

static void in_months(struct practice *x, const struct walk *w, int64_t month, uint32_t *seen, uint32_t mark)
{
    const struct pop *p = &x->p;
    size_t m = (size_t)(month - x->month_from), until = how_far(p, w);
    if (m >= x->n_months)
        return;
    for (size_t i = 0; i < w->n; i++) {
        size_t s = (size_t)w->s[i].stage;
        if (p->stages[s].outcome == DEAL_LOST)
            continue;
        if (seen[s] != mark)
            x->with[s * x->n_months + m]++;
        seen[s] = mark;
    }
    for (size_t s = 0; s < until; s++)
        x->as_far[s * x->n_months + m]++;
}

static void scan(struct practice *x)
{
    struct pop *p = &x->p;
    struct walk w = {0};
    uint32_t *seen = ARENA_ARRAY(p->call->arena, uint32_t, p->n_stages + 1);
    int64_t day = INT64_MIN, month = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct pop_deal *d = &p->d[i];
        int64_t id = pop_id(p, d);
        walk_deal(p, d, &w);
        if (w.n == 0)
            continue;
        size_t s = (size_t)w.s[0].stage;
        tally_add(&x->t, d->group, DEALS, id);
        tally_add(&x->t, d->group, s == x->first_stage ? FIRST : stage_open(p, s) ? LATER : CLOSED_AT_ONCE, id);
        tally_add(&x->entered, d->group * p->n_stages + s, STAGE_DEALS, id);
        if (!d->again && x->bulk[i]) {
            tally_add(&x->t, d->group, BULK, id);
            x->bulk_deals++;
        }
        if (zone_day(p->zone, d->entry) != day) {
            day = zone_day(p->zone, d->entry);
            month = month_of(p, d->entry);
        }
        if (!d->again)
            in_months(x, &w, month, seen, (uint32_t)i + 1);
    }
    walk_free(&w);
}

static bool split_of(const struct practice *x, size_t s, struct split *split)
{
    return stage_open(&x->p, s) &&
           breaks_split(x->with + s * x->n_months, x->as_far + s * x->n_months, x->n_months, split);
}

/* Deals that came as far as a vanished stage, before it vanished or since. While locked. */
static void behind_vanished(struct practice *x)
{
    struct pop *p = &x->p;
    struct walk w = {0};
    for (size_t s = 0; s < p->n_stages; s++) {
        struct split split;
        bool before = report_asked(p->call, p->result, "vanished", p->stages[s].id, "deals_before");
        if ((!before && !report_asked(p->call, p->result, "vanished", p->stages[s].id, "deals_after")) ||
            !split_of(x, s, &split))
            continue;
        for (size_t i = 0; i < p->n_all; i++) {
            int64_t m = month_of(p, p->d[i].entry) - x->month_from;
            walk_deal(p, &p->d[i], &w);
            if (m < (int64_t)x->n_months && (m < (int64_t)split.at) == before && how_far(p, &w) > s)
                report_deal(p->result, pop_id(p, &p->d[i]));
        }
    }
    walk_free(&w);
}

static void put_rows(struct practice *x)
{
    struct pop *p = &x->p;
    p->result->main =
        (struct report_table){.id = "rows", .columns = columns, .n_columns = sizeof columns / sizeof *columns};
    for (size_t g = 0; g < p->n_groups; g++) {
        int64_t n = tally_of(&x->t, g, DEALS);
        struct cell first[3], many[3];
        if (n == 0)
            continue;
        walk_rate(first, tally_of(&x->t, g, FIRST), n, &x->hidden);
        walk_rate(many, tally_of(&x->t, g, BULK), n, &x->hidden);
        struct cell cells[] = {
            cell_s(p->groups[g].name),
            cell_i(n),
            cell_i(tally_of(&x->t, g, FIRST)),
            first[0],
            first[1],
            first[2],
            cell_i(tally_of(&x->t, g, LATER)),
            cell_i(tally_of(&x->t, g, CLOSED_AT_ONCE)),
            cell_i(tally_of(&x->t, g, BULK)),
            many[0],
            many[1],
            many[2],
        };
        report_row_key(&p->result->main, p->groups[g].key, cells);
    }
}

static void put_entries(struct practice *x)
{
    struct pop *p = &x->p;
    struct report_table *t =
        report_table_add(p->result, "entries", stage_columns, sizeof stage_columns / sizeof *stage_columns);
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t s = 0; s < p->n_stages; s++) {
            int64_t k = tally_of(&x->entered, g * p->n_stages + s, STAGE_DEALS), n = tally_of(&x->t, g, DEALS);
            int64_t all = 0;
            for (size_t i = 0; i < p->n_groups; i++)
                all += tally_of(&x->entered, i * p->n_stages + s, STAGE_DEALS);
            struct cell cells[] = {
                cell_s(p->groups[g].name),
                cell_s(p->stages[s].name),
                cell_i(k),
                n >= POP_TOLD ? cell_f((double)k / (double)n) : cell_null(),
                p->n_all >= POP_TOLD ? cell_f((double)all / (double)p->n_all) : cell_null(),
            };
            if (k > 0)
                report_row_key(t, x->entered_keys[g * p->n_stages + s], cells);
        }
}

static int64_t first_day(int64_t month)
{
    return date_from_civil((int)(month / 12), (unsigned)(month % 12) + 1, 1);
}

/* Won and lost stages do not vanish: that would be a matter of conversion. */
static void put_vanished(struct practice *x)
{
    struct pop *p = &x->p;
    struct report_table *t =
        report_table_add(p->result, "vanished", vanished_columns, sizeof vanished_columns / sizeof *vanished_columns);
    for (size_t s = 0; s < p->n_stages; s++) {
        struct split split;
        if (!split_of(x, s, &split))
            continue;
        double before = split.n1 > 0 ? (double)split.k1 / (double)split.n1 : 0;
        double after = split.n2 > 0 ? (double)split.k2 / (double)split.n2 : 1;
        if (split.n1 < POP_FEW || split.n2 < POP_FEW || split.chance >= VANISHED_CHANCE || after > before / 10)
            continue;
        int64_t since = first_day(x->month_from + (int64_t)split.at);
        struct cell cells[] = {
            cell_s(p->stages[s].name), cell_i(p->stages[s].id), cell_i(since),       cell_f(before), cell_f(after),
            cell_i(split.n1),          cell_i(split.n2),        cell_f(split.chance)};
        report_row_key(t, p->stages[s].id, cells);
        struct str args[] = {p->stages[s].name, date_format(p->call->arena, since), tell_rate(p->call, before),
                             tell_rate(p->call, after)};
        if (x->n_vanished++ == 0)
            report_verdict(p->call, p->result, "step_vanished", args, 4);
    }
}

static void put_words(const struct practice *x)
{
    const struct pop *p = &x->p;
    int64_t n[COUNTS] = {0};
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t k = 0; k < COUNTS; k++)
            n[k] += tally_of(&x->t, g, k);
    report_sum_counted(p->result, "deals", (int64_t)p->n_all);
    report_sum_counted(p->result, "in_bulk", x->bulk_deals);
    report_sum(p->result, "vanished_steps", RT_INT, cell_i((int64_t)x->n_vanished));
    struct str args[] = {tell_rate(p->call, n[DEALS] > 0 ? (double)n[LATER] / (double)n[DEALS] : 0),
                         tell_n(p->call, n[LATER]), tell_n(p->call, n[DEALS]), tell_n(p->call, x->bulk_deals)};
    if (x->n_vanished == 0 && p->n_all >= POP_FEW)
        report_verdict(p->call, p->result, "entry_practice", args, 4);
}

static enum rc run(const struct report_call *c, struct report_result *r, struct err *e)
{
    struct practice x = {0};
    struct pop *p = &x.p;
    enum rc rc = pop_read(p, c, r, &(struct pop_spec){.funnels = POP_ONE, .by = "owner"}, e);
    if (rc != RC_OK)
        goto out;
    pop_lock(p);
    prepare(&x);
    bulk(&x);
    scan(&x);
    if (c->drill != NULL)
        behind_vanished(&x);
    pop_unlock(p);
    TRY_OUT(pop_names(p, e));
    put_rows(&x);
    put_entries(&x);
    put_vanished(&x);
    put_words(&x);
    pop_notes(p);
    walk_hidden(p, x.hidden);
out:
    free(x.bulk);
    pop_free(p);
    return rc;
}

const struct report report_entry_practice = {
    .id = "entry_practice",
    .question = "report.entry_practice.question",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .run = run,
    .group = "people",
    .definition = 1,
    .chart = {.kind = CHART_DOTS, .x = "group", .y = "at_first_rate", .low = "at_first_low", .high = "at_first_high"}};
