/* Rates and quantiles of many small groups. */
#include "crm/fields.h"
#include "crm/workday.h"
#include "insight/incidence.h"
#include "insight/people.h"
#include <math.h>

struct people_rate *people_rates(const struct report_call *c, struct report_result *r, const int64_t *k,
                                 const int64_t *n, size_t rows, bool people)
{
    people = people && !c->alone;
    struct people_rate *out = ARENA_ARRAY(c->arena, struct people_rate, rows + 1);
    int64_t *some_k = ARENA_ARRAY(c->arena, int64_t, rows + 1), *some_n = ARENA_ARRAY(c->arena, int64_t, rows + 1);
    size_t some = 0, small = 0, large = 0;
    int64_t all_k = 0, all_n = 0;
    for (size_t i = 0; i < rows; i++) {
        if (n[i] == 0)
            continue;
        small += n[i] < PEOPLE_FEW;
        large += n[i] >= PEOPLE_FEW;
        all_k += k[i];
        all_n += n[i];
        some_k[some] = k[i];
        some_n[some++] = n[i];
    }
    struct beta_prior prior = {.pooled = true};
    if (people && some > 1)
        prior = stats_beta_ml(some_k, some_n, some);
    bool noise = people && some > 1 && prior.pooled;
    for (size_t i = 0; i < rows; i++) {
        out[i] = (struct people_rate){NAN, {NAN, NAN}};
        if (n[i] < PEOPLE_FEW)
            continue;
        if (people && some > 1 && !prior.pooled) {
            out[i].rate = stats_shrunken(&prior, k[i], n[i], &out[i].ci);
        } else {
            out[i].rate = noise ? prior.mu : (double)k[i] / (double)n[i];
            out[i].ci = noise ? stats_wilson(all_k, all_n) : stats_wilson(k[i], n[i]);
        }
    }
    if (noise && large > 1) {
        struct str common = report_percent(c->arena, c->lang, prior.mu);
        report_note(c, r, "people_noise", &common, 1);
    }
    if (small > 0) {
        struct str args[] = {str_fmt(c->arena, "%zu", small), str_fmt(c->arena, "%d", PEOPLE_FEW)};
        report_note(c, r, "people_few", args, 2);
    }
    return out;
}

void people_rate_cells(struct cell out[3], const struct people_rate *rate)
{
    bool told = !isnan(rate->rate);
    out[0] = told ? cell_f(rate->rate) : cell_null();
    out[1] = told ? cell_f(rate->ci.low) : cell_null();
    out[2] = told ? cell_f(rate->ci.high) : cell_null();
}

void people_sorted(struct people_values *v, struct arena *a, size_t n_rows)
{
    v->first = arena_zalloc(a, (n_rows + 2) * sizeof *v->first);
    v->values = ARENA_ARRAY(a, int64_t, v->all.len + 1);
    for (size_t i = 0; i < v->all.len; i++)
        v->first[v->all.ptr[i].row + 2]++;
    for (size_t i = 2; i < n_rows + 2; i++)
        v->first[i] += v->first[i - 1];
    for (size_t i = 0; i < v->all.len; i++)
        v->values[v->first[v->all.ptr[i].row + 1]++] = v->all.ptr[i].value;
    vec_free(&v->all);
}

/* The value that would stand at `at` in order; all smaller ones come to stand before it (Hoare's selection). */
static int64_t nth(int64_t *v, size_t n, size_t at)
{
    size_t low = 0, high = n - 1;
    while (low < high) {
        int64_t pivot = v[low + (high - low) / 2], swap;
        size_t i = low, j = high;
        for (;; i++, j--) {
            while (v[i] < pivot)
                i++;
            while (v[j] > pivot)
                j--;
            if (i >= j)
                break;
            swap = v[i];
            v[i] = v[j];
            v[j] = swap;
        }
        if (at <= j) /* low..j are at most the pivot, the rest at least */
            high = j;
        else
            low = j + 1;
    }
    return v[at];
}

double people_select(int64_t *v, size_t n, double q)
{
    if (n == 0)
        return NAN;
    double at = q * (double)(n - 1);
    size_t i = (size_t)at;
    int64_t low = nth(v, n, i);
    if (i + 1 >= n || at == (double)i)
        return (double)low;
    int64_t high = v[i + 1]; /* the least of those behind it */
    for (size_t k = i + 2; k < n; k++)
        high = v[k] < high ? v[k] : high;
    return (double)low + (at - (double)i) * (double)(high - low);
}

double people_quantile(struct people_values *v, size_t n_rows, size_t row, double q)
{
    size_t from = row == SIZE_MAX ? 0 : v->first[row], to = v->first[row == SIZE_MAX ? n_rows : row + 1];
    return people_select(v->values + from, to - from, q);
}

double people_time_quantile(const struct people_values *v, size_t n_rows, size_t row, double q)
{
    size_t from = row == SIZE_MAX ? 0 : v->first[row], to = v->first[row == SIZE_MAX ? n_rows : row + 1];
    struct incidence_quantile quantile = {.p = q};
    VEC(struct life) lives = {0};
    if (from == to)
        return NAN;
    vec_reserve(&lives, to - from);
    for (size_t i = from; i < to; i++)
        lives.ptr[i - from] =
            (struct life){.exit = v->values[i] >> 1, .entry = INCIDENCE_FROM_START, .cause = !(v->values[i] & 1)};
    incidence_run(lives.ptr, to - from, NULL, 0, &quantile, 1);
    vec_free(&lives);
    return quantile.at < 0 ? NAN : (double)quantile.at;
}

enum rc people_clock(const struct report_call *c, struct people_clock *out, struct err *e)
{
    TRY(people_load(c, &out->people, &out->n, e));
    out->calendars = ARENA_ARRAY(c->arena, struct calendar, out->n + 1);
    for (size_t i = 0; i <= out->n; i++)
        TRY(calendar_of_user(c->db, c->arena, i < out->n ? out->people[i].id : 0, &out->calendars[i], e));
    return RC_OK;
}

int64_t people_worked(const struct people_clock *clock, int64_t user, int64_t a, int64_t b)
{
    size_t low = 0, high = clock->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (clock->people[mid].id < user)
            low = mid + 1;
        else
            high = mid;
    }
    bool known = low < clock->n && clock->people[low].id == user;
    int64_t worked = calendar_between(&clock->calendars[known ? low : clock->n], a, b);
    return worked > 0 ? worked : 0;
}

bool people_of_pop(const struct pop *p)
{
    return p->by.kind == BY_TEAM || (p->by.kind == BY_FIELD && p->by.via < 0 && p->by.field == DEAL_OWNER_ID);
}

size_t people_outlier(const struct people_rate *rates, size_t rows, double rate, bool above)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < rows; i++) {
        if (isnan(rates[i].rate) || !(above ? rates[i].ci.low > rate : rates[i].ci.high < rate))
            continue;
        if (found == SIZE_MAX || (above ? rates[i].rate > rates[found].rate : rates[i].rate < rates[found].rate))
            found = i;
    }
    return found;
}

bool people_hidden(const struct report_call *c, struct report_result *r, enum entity_id noun, int field,
                   const struct report_column *columns, size_t n)
{
    if (rights_sees_field(c->rights, entity_by_id(noun), field))
        return false;
    r->main = (struct report_table){.id = "rows", .columns = columns, .n_columns = n};
    report_note(c, r, "field_hidden", NULL, 0);
    return true;
}

struct str people_count(const struct report_call *c, int64_t n)
{
    return str_fmt(c->arena, "%lld", (long long)n);
}
