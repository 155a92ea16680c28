/* Advertising costs by campaign and day. */
#include "crm/import_costs.h"
#include "base/map.h"
#include "base/money.h"
#include "base/number.h"
#include "base/when.h"
#include "crm/engine.h"
#include "crm/fields.h"
#include "crm/import_source.h"
#include <math.h>

enum column { CAMPAIGN, DAY, COST, CURRENCY, IMPRESSIONS, CLICKS, COLUMNS };
/* Names of the columns in exports of advertising systems, folded, in order of preference. */
static const char *const names[COLUMNS][12] = {
    [CAMPAIGN] = {"кампания", "название кампании", "рекламная кампания", "campaign", "campaign name", "utm_campaign",
                  NULL},
    [DAY] = {"дата", "день", "date", "day", "reporting starts", NULL},
    [COST] = {"расход", "расход, руб.", "расходы", "стоимость", "затраты", "потрачено", "cost", "spend", "spent",
              "amount spent", NULL},
    [CURRENCY] = {"валюта", "currency", "currency code", NULL},
    [IMPRESSIONS] = {"показы", "impressions", NULL},
    [CLICKS] = {"клики", "clicks", "link clicks", NULL},
};
static const char *const required[] = {"campaign", "date", "cost"};

struct reading {
    struct costs *out;
    struct arena *a;
    struct db *db;
    int at[COLUMNS];          /* -1: the file has none */
    struct strmap *campaigns; /* name or utm_campaign to id; of new ones -(index + 1) of made */
    VEC(struct str) made;
    struct strmap *row_of; /* campaign, day and currency to index of rows */
    VEC(struct cost_row) rows;
    struct str currency; /* the company's */
};

static enum rc load_campaigns(struct reading *r, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(r->db, &s, "SELECT id, name, utm_campaign FROM campaign WHERE deleted_at IS NULL ORDER BY id DESC",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (!stmt_col_null(s, 2))
            strmap_put(r->campaigns, str_fold(r->a, stmt_col_str(s, 2)), stmt_col_i64(s, 0));
        strmap_put(r->campaigns, str_fold(r->a, stmt_col_str(s, 1)), stmt_col_i64(s, 0));
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc read_header(struct reading *r, struct source *s, struct err *e)
{
    const struct str *cells;
    size_t n;
    int64_t line;
    enum rc rc = source_next(s, &cells, &n, &line, e);
    if (rc == RC_DONE)
        return err_set(e, RC_UNPROCESSABLE, "no_header", "", NULL);
    if (rc != RC_ROW)
        return rc;
    for (int c = 0; c < COLUMNS; c++) {
        r->at[c] = -1;
        for (int k = 0; names[c][k] != NULL && r->at[c] < 0; k++)
            for (size_t i = 0; i < n && r->at[c] < 0; i++)
                if (str_utf8_valid(cells[i]) && str_eqc(str_fold(r->a, str_trim(cells[i])), names[c][k]))
                    r->at[c] = (int)i;
        if (c <= COST && r->at[c] < 0)
            return err_set(e, RC_UNPROCESSABLE, "no_column", "", "%s", required[c]);
    }
    return RC_OK;
}

static bool bad(struct reading *r, int64_t line, const char *code, struct str text)
{
    struct costs *c = r->out;
    size_t cut = text.len < 100 ? text.len : 100;
    while (cut > 0 && cut < text.len && (text.ptr[cut] & 0xc0) == 0x80)
        cut--;
    if (c->bad_total < COSTS_BAD_KEPT)
        c->bad[c->bad_total] =
            (struct cost_bad){line, code, str_utf8_valid(text) ? str_dup(r->a, (struct str){text.ptr, cut}) : STR("?")};
    c->bad_total++;
    return false;
}

static struct str cell(const struct reading *r, const struct str *cells, size_t n, enum column c)
{
    return r->at[c] >= 0 && (size_t)r->at[c] < n ? str_trim(cells[r->at[c]]) : STR("");
}

static bool find_campaign(struct reading *r, struct str name, int64_t line, int64_t *id)
{
    struct str folded;
    if (name.len == 0)
        return bad(r, line, "empty_campaign", name);
    if (!str_utf8_valid(name) || name.len > 200)
        return bad(r, line, "unknown_campaign", name);
    folded = str_fold(r->a, name);
    if (strmap_get(r->campaigns, folded, id))
        return true;
    if (!r->out->make_campaigns)
        return bad(r, line, "unknown_campaign", name);
    struct str kept = str_dup(r->a, name);
    vec_push(&r->made, kept);
    *id = -(int64_t)r->made.len;
    strmap_put(r->campaigns, folded, *id);
    return true;
}

static int64_t count_of(struct str s)
{
    int64_t v;
    return money_parse(s, 0, &v) && v >= 0 ? v : -1;
}

static bool read_row(struct reading *r, const struct str *cells, size_t n, int64_t line, struct cost_row *out)
{
    struct when when;
    struct str day = cell(r, cells, n, DAY), cost = cell(r, cells, n, COST), currency = cell(r, cells, n, CURRENCY);
    if (!find_campaign(r, cell(r, cells, n, CAMPAIGN), line, &out->campaign_id))
        return false;
    if (!str_utf8_valid(day) || !when_parse(day, WHEN_DMY, &when))
        return bad(r, line, "bad_date", day);
    out->day = when.day;
    if (currency.len > 0 && !money_currency_known(currency))
        return bad(r, line, "unknown_currency", currency);
    out->currency = currency.len > 0 ? str_dup(r->a, currency) : r->currency;
    if (!money_parse(cost, money_exponent(out->currency), &out->cost_minor) || out->cost_minor < 0)
        return bad(r, line, "bad_amount", cost);
    out->impressions = count_of(cell(r, cells, n, IMPRESSIONS));
    out->clicks = count_of(cell(r, cells, n, CLICKS));
    return true;
}

static int64_t sum_of(int64_t a, int64_t b)
{
    return a < 0 ? b : b < 0 ? a : a + b;
}

/* Exports have a row an ad: they are added up. A day in two currencies is no sum. */
static void add_row(struct reading *r, const struct cost_row *one, int64_t line)
{
    int64_t at;
    struct str key = str_fmt(r->a, "%lld %lld", (long long)one->campaign_id, (long long)one->day);
    if (!strmap_get(r->row_of, key, &at)) {
        strmap_put(r->row_of, key, (int64_t)r->rows.len);
        vec_push(&r->rows, *one);
        return;
    }
    struct cost_row *to = &r->rows.ptr[at];
    if (!str_eq(to->currency, one->currency)) {
        (void)bad(r, line, "unknown_currency", one->currency);
        return;
    }
    to->cost_minor += one->cost_minor;
    to->impressions = sum_of(to->impressions, one->impressions);
    to->clicks = sum_of(to->clicks, one->clicks);
}

static enum rc read_rows(struct reading *r, struct source *s, struct err *e)
{
    const struct str *cells;
    size_t n;
    int64_t line;
    enum rc rc;
    while ((rc = source_next(s, &cells, &n, &line, e)) == RC_ROW || rc == RC_INVALID) {
        struct cost_row one = {0};
        if (++r->out->rows > COSTS_ROWS_MOST)
            return err_set(e, RC_UNPROCESSABLE, "too_many_rows", "", NULL);
        if (rc == RC_INVALID)
            (void)bad(r, line, "csv_bad_row", STR(""));
        else if (read_row(r, cells, n, line, &one))
            add_row(r, &one, line);
    }
    return rc == RC_DONE ? RC_OK : rc;
}

static void keep(struct reading *r)
{
    struct costs *c = r->out;
    c->row = ARENA_ARRAY(r->a, struct cost_row, r->rows.len + 1);
    for (size_t i = 0; i < r->rows.len; i++) {
        struct cost_row *one = &c->row[c->n++];
        *one = r->rows.ptr[i];
        if (one->campaign_id < 0) {
            one->campaign = r->made.ptr[-one->campaign_id - 1];
            one->campaign_id = 0;
        }
    }
}

enum rc costs_read(struct costs *out, struct arena *a, struct db *db, const char *path, bool make, struct err *e)
{
    struct source s = {0};
    struct reading r = {.out = out, .a = a, .db = db, .campaigns = strmap_new(), .row_of = strmap_new()};
    enum rc rc;
    *out = (struct costs){.make_campaigns = make};
    TRY_OUT(load_campaigns(&r, e));
    TRY_OUT(setting_get(db, a, "currency", "RUB", &r.currency, e));
    TRY_OUT(source_open(&s, path, &(struct source_options){STR_NULL, STR_NULL, STR_NULL}, a, e));
    TRY_OUT(read_header(&r, &s, e));
    TRY_OUT(read_rows(&r, &s, e));
    keep(&r);
out:
    source_close(&s);
    strmap_free(r.campaigns);
    strmap_free(r.row_of);
    vec_free(&r.made);
    vec_free(&r.rows);
    return rc;
}

/* ---- writing ---- */

static json_t *body_of(const struct cost_row *c, struct arena *a, bool fresh)
{
    json_t *body = json_pack("{s:I, s:o}", "cost_minor", (json_int_t)c->cost_minor, "currency", json_text(c->currency));
    if (fresh) {
        json_object_set_new(body, "campaign_id", json_integer(c->campaign_id));
        json_object_set_new(body, "day_on", json_text(date_format(a, c->day)));
    }
    if (c->impressions >= 0)
        json_object_set_new(body, "impressions", json_integer(c->impressions));
    if (c->clicks >= 0)
        json_object_set_new(body, "clicks", json_integer(c->clicks));
    return body;
}

static enum rc make_campaign(struct costs *c, struct strmap *made, struct change *ch, struct cost_row *row,
                             struct err *e)
{
    struct str folded = str_fold(ch->tx->arena, row->campaign);
    if (strmap_get(made, folded, &row->campaign_id))
        return RC_OK;
    TRY(change_create_json(ch, ENT_CAMPAIGN, json_pack("{s:o}", "name", json_text(row->campaign)), &row->campaign_id,
                           e));
    strmap_put(made, folded, row->campaign_id);
    c->campaigns++;
    return RC_OK;
}

static enum rc write_row(struct costs *c, struct change *ch, const struct cost_row *row, struct err *e)
{
    struct arena *a = ch->tx->arena;
    int64_t id = 0, events = ch->events;
    TRY(QUERY_I64(ch->tx->db, &id, 0, e,
                  "SELECT id FROM ad_cost WHERE campaign_id = $1 AND day_on = $2 AND deleted_at IS NULL",
                  row->campaign_id, row->day));
    if (id == 0) {
        c->created++;
        return change_create_json(ch, ENT_AD_COST, body_of(row, a, true), &id, e);
    }
    struct record *in;
    json_t *body = body_of(row, a, false);
    enum rc rc = record_from_json(a, entity_by_id(ENT_AD_COST), body, false, &in, e);
    json_decref(body);
    TRY(rc);
    TRY(change_update(ch, id, 0, in, e));
    if (ch->events == events)
        c->same++;
    else
        c->updated++;
    return RC_OK;
}

enum rc costs_apply(struct costs *c, struct change *ch, struct err *e)
{
    struct strmap *made = strmap_new();
    enum rc rc = RC_OK;
    c->created = c->updated = c->same = c->campaigns = 0; /* a job may run twice */
    for (size_t i = 0; rc == RC_OK && i < c->n; i++) {
        struct cost_row row = c->row[i];
        if (row.campaign_id == 0)
            rc = make_campaign(c, made, ch, &row, e);
        if (rc == RC_OK)
            rc = write_row(c, ch, &row, e);
    }
    strmap_free(made);
    return rc;
}
