/* Amounts in the company's currency. */
#include "insight/money.h"
#include "base/money.h"
#include "base/time.h"
#include "crm/crm.h"
#include "crm/fields.h"
#include "insight/days.h"
#include <math.h>

struct rate_list {
    struct money_rate *ptr;
    size_t len, cap;
};

static struct money_currency *add_currency(struct money *m, struct str code)
{
    struct money_currency *more = ARENA_ARRAY(m->arena, struct money_currency, m->n_of + 1);
    if (m->n_of)
        memcpy(more, m->of, m->n_of * sizeof *more);
    m->of = more;
    m->of[m->n_of] = (struct money_currency){.code = str_dup(m->arena, code)};
    return &m->of[m->n_of++];
}

static void end_currency(struct money *m, struct rate_list *rates)
{
    if (m->n_of == 0)
        return;
    struct money_currency *one = &m->of[m->n_of - 1];
    struct money_rate *kept = ARENA_ARRAY(m->arena, struct money_rate, rates->len + 1);
    if (rates->len)
        memcpy(kept, rates->ptr, rates->len * sizeof *kept);
    one->rates = kept;
    one->n = rates->len;
    rates->len = 0;
}

static enum rc load_rates(struct money *m, struct db *db, struct err *e)
{
    struct rate_list rates = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s,
                   "SELECT currency, day_on, rate FROM currency_rate WHERE deleted_at IS NULL AND rate > 0"
                   " ORDER BY currency, day_on",
                   e));
    int to = (int)money_exponent(m->currency);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct str code = stmt_col_str(s, 0);
        if (m->n_of == 0 || !str_eq(m->of[m->n_of - 1].code, code)) {
            end_currency(m, &rates);
            add_currency(m, code);
        }
        struct money_rate one = {stmt_col_i64(s, 1),
                                 stmt_col_f64(s, 2) * pow(10, to - (int)money_exponent(m->of[m->n_of - 1].code))};
        vec_push(&rates, one);
    }
    stmt_done(s);
    end_currency(m, &rates);
    vec_free(&rates);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc money_load(struct money **out, const struct report_call *c, const struct zone *zone, struct err *e)
{
    struct money *m = ARENA_NEW(c->arena, struct money);
    m->arena = c->arena;
    m->zone = zone;
    *out = m;
    TRY(setting_get(c->db, c->arena, "currency", "RUB", &m->currency, e));
    return load_rates(m, c->db, e);
}

int32_t money_find(struct money *m, struct str code)
{
    if (code.len == 0 || str_eq(code, m->currency))
        return -1;
    for (size_t i = 0; i < m->n_of; i++)
        if (str_eq(m->of[i].code, code))
            return (int32_t)i;
    add_currency(m, code);
    return (int32_t)m->n_of - 1;
}

void money_column(struct money *m, const struct fact_column *currency)
{
    m->n_of_text = currency->n_texts;
    m->of_text = ARENA_ARRAY(m->arena, int32_t, m->n_of_text + 1);
    for (size_t i = 0; i < m->n_of_text; i++)
        m->of_text[i] = money_find(m, currency->texts[i]);
}

bool money_convert(struct money *m, int32_t of, int64_t minor, int64_t at, int64_t *out)
{
    struct money_currency *c = &m->of[of];
    *out = 0;
    if (c->n == 0) {
        c->n_unknown++;
        return false;
    }
    int64_t day = m->zone != NULL ? zone_day(m->zone, at) : at / MS_DAY - (at % MS_DAY < 0);
    size_t low = 0, high = c->n; /* the first rate that is later */
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c->rates[mid].day <= day)
            low = mid + 1;
        else
            high = mid;
    }
    c->n_converted++;
    c->n_before += low == 0;
    double v = round((double)minor * c->rates[low > 0 ? low - 1 : 0].rate);
    *out = v > 9e18 ? INT64_MAX : v < -9e18 ? -INT64_MAX : (int64_t)v;
    return true;
}

bool money_seen(const struct report_call *c)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    return rights_sees_field(c->rights, deal, DEAL_VALUE_MINOR) && rights_sees_field(c->rights, deal, DEAL_CURRENCY);
}

bool money_cost_seen(const struct report_call *c)
{
    return rights_sees_field(c->rights, entity_by_id(ENT_DEAL), DEAL_COST_MINOR);
}

void money_notes(const struct money *m, const struct report_call *c, struct report_result *r)
{
    r->currency = m->currency;
    for (size_t i = 0; i < m->n_of; i++) {
        const struct money_currency *of = &m->of[i];
        struct str args[] = {str_fmt(c->arena, "%lld", (long long)(of->n ? of->n_converted : of->n_unknown)), of->code,
                             m->currency, str_fmt(c->arena, "%lld", (long long)of->n_before)};
        if (of->n_unknown > 0)
            report_note(c, r, "currency_unknown", args, 3);
        if (of->n_converted > 0)
            report_note(c, r, "currency_converted", args, 3);
        if (of->n_before > 0)
            report_note(c, r, "currency_before", (struct str[]){args[3], of->code}, 2);
    }
}

struct str money_text(const struct report_call *c, struct str currency, double minor)
{
    static const struct {
        const char *code, *sign;
    } signs[] = {{"RUB", "₽"}, {"EUR", "€"}, {"USD", "$"}, {"KZT", "₸"}, {"GBP", "£"}};
    struct str digits = str_fmt(c->arena, "%.0f", fabs(round(minor / pow(10, money_exponent(currency)))));
    const char *sign = str_cdup(c->arena, currency);
    char *out = arena_alloc(c->arena, digits.len * 3 + 64);
    size_t n = 0;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (str_eqc(currency, signs[i].code))
            sign = signs[i].sign;
    if (minor < 0 && !str_eqc(digits, "0"))
        n += (size_t)sprintf(out + n, "−");
    for (size_t i = 0; i < digits.len; i++) {
        if (i > 0 && (digits.len - i) % 3 == 0)
            n += (size_t)sprintf(out + n, "\xc2\xa0"); /* a blank that does not break */
        out[n++] = digits.ptr[i];
    }
    n += (size_t)snprintf(out + n, 32, "\xc2\xa0%s", sign);
    return (struct str){out, n};
}
