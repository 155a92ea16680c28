#include "api/watch_words.h"
#include "api/watch.h"
#include "base/time.h"
#include "crm/choices.h"
#include "crm/engine.h"
#include "crm/fields.h"
#include "insight/days.h"
#include "insight/report.h"
#include "rules/words.h"
#include <math.h>

#define GONE 0.05  /* a step that fewer deals see is as good as not there */
#define APART 0.02 /* shares that are nearer than that are told with a decimal */

struct told {
    struct app *app;
    struct arena *a;
    const char *lang;
    const json_t *params;
    struct str detector, stage, person;
    int64_t found_at;
};

static double number(const json_t *params, const char *key)
{
    const json_t *v = json_object_get(params, key);
    return json_is_number(v) ? json_number_value(v) : NAN;
}

static struct str text(const json_t *params, const char *key)
{
    const json_t *v = json_object_get(params, key);
    return json_is_string(v) ? (struct str){json_string_value(v), json_string_length(v)} : STR("");
}

static bool is(const struct told *t, const char *detector)
{
    return str_eqc(t->detector, detector);
}

/* ---- numbers and days ---- */

static struct str percent(const struct told *t, double share, int decimals)
{
    struct str n = report_number(t->a, t->lang, share * 100, decimals);
    return str_fmt(t->a, strcmp(t->lang, "en") == 0 ? "%.*s%%" : "%.*s\xc2\xa0%%", STR_ARG(n));
}

static struct str days(const struct told *t, double n)
{
    double whole = fabs(n) >= 10 ? round(n) : round(n * 10) / 10;
    if (whole == trunc(whole))
        return words_count(t->a, t->lang, "told.days", (int64_t)whole);
    return WORDS(t->a, t->lang, "told.days.other", {"n", report_number(t->a, t->lang, whole, 1)});
}

/* A value beside `other`, so precise that the two differ. */
static struct str value(const struct told *t, double v, double other)
{
    struct str unit = text(t->params, "unit");
    if (!isfinite(v))
        return STR("–");
    if (str_eqc(unit, "rate"))
        return percent(t, v, fabs(v - other) < APART ? 1 : 0);
    if (str_eqc(unit, "days"))
        return days(t, v);
    return report_number(t->a, t->lang, v, v >= 100 || v == trunc(v) ? 0 : 1);
}

static struct str month(const struct told *t, unsigned n)
{
    return i18n_text(t->lang, str_fmt(t->a, "told.month.%u", n).ptr);
}

static struct str day(const struct told *t, int64_t n)
{
    int year;
    unsigned m, d;
    date_to_civil(n, &year, &m, &d);
    return str_fmt(t->a, "%u\xc2\xa0%.*s %d", d, STR_ARG(month(t, m)), year);
}

/* ---- plans ---- */

/* «марта», «1-го квартала», "the week of 2 March 2026"; of another year than the one it is told in with the year. */
static struct str period(const struct told *t)
{
    int64_t first;
    int year, now;
    unsigned m, d;
    struct str name = text(t->params, "period");
    if (!date_parse(text(t->params, "starts_on"), &first))
        return name;
    date_to_civil(zone_day(t->app->zone, t->found_at), &now, &m, &d);
    date_to_civil(first, &year, &m, &d);
    struct str key = str_fmt(t->a, "told.period.%.*s", STR_ARG(name));
    struct str said = WORDS(t->a, t->lang, key.ptr, {"month", month(t, m)}, {"n", str_fmt(t->a, "%u", (m + 2) / 3)},
                            {"year", str_fmt(t->a, "%d", year)}, {"day", day(t, first)});
    bool dated = str_eqc(name, "month") || str_eqc(name, "quarter");
    return dated && year != now ? str_fmt(t->a, "%.*s %d", STR_ARG(said), year) : said;
}

/* Whose and of what, where it is not the whole company's revenue: " (Борис, выиграно сделок)". */
static struct str whose(const struct told *t)
{
    struct str who = text(t->params, "whose"), measure = text(t->params, "measure");
    struct str key = str_fmt(t->a, "measure.%.*s", STR_ARG(measure)), of = i18n_text(t->lang, key.ptr);
    if (str_eqc(measure, "revenue") || str_eq(of, key))
        of = STR("");
    if (!who.len && !of.len)
        return STR("");
    return str_fmt(t->a, " (%.*s%s%.*s)", STR_ARG(who), who.len && of.len ? ": " : "", STR_ARG(of));
}

static struct str of_plan(const struct told *t)
{
    double target = number(t->params, "before"), expected = number(t->params, "after");
    bool above = json_is_true(json_object_get(t->params, "above"));
    struct str share = target > 0 && isfinite(expected) ? percent(t, expected / target, 0) : STR("–");
    return WORDS(t->a, t->lang, above ? "told.plan.above" : "told.plan.below", {"period", period(t)},
                 {"whose", whose(t)}, {"share", share});
}

/* ---- the sentence ---- */

static struct str sentence(const struct told *t)
{
    double before = number(t->params, "before"), after = number(t->params, "after");
    const char *way = after > before ? "up" : "down";
    if (is(t, "plan"))
        return of_plan(t);
    if (is(t, "silence"))
        return WORDS(t->a, t->lang, "told.silence", {"person", t->person},
                     {"days", words_count(t->a, t->lang, "told.work_days", (int64_t)number(t->params, "days"))});
    if (is(t, "step") && after < GONE)
        way = "gone";
    else if (is(t, "step") && before < GONE)
        way = "new";
    struct str key = str_fmt(t->a, "told.%.*s.%s", STR_ARG(t->detector), way);
    return WORDS(t->a, t->lang, key.ptr, {"stage", t->stage}, {"before", value(t, before, after)},
                 {"after", value(t, after, before)});
}

static enum rc name_of(struct db *db, struct arena *a, enum entity_id noun, struct val id, struct str *out,
                       struct err *e)
{
    struct record *r;
    *out = STR("");
    if (!val_has(id))
        return RC_OK;
    enum rc rc = record_load_row(db, a, entity_by_id(noun), id.i, true, &r, e);
    if (rc == RC_OK)
        *out = r->f[noun == ENT_STAGE ? (int)STAGE_NAME : (int)USER_NAME].s;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static json_t *params_of(const struct record *r)
{
    json_error_t bad;
    struct val v = r->f[FINDING_PARAMS];
    return val_has(v) ? json_loadb(v.s.ptr, v.s.len, 0, &bad) : NULL;
}

enum rc watch_say(struct app *app, struct db *db, struct arena *a, struct record *finding, struct err *e)
{
    json_t *params = params_of(finding), *said = json_object();
    struct told t = {.app = app,
                     .a = a,
                     .params = params,
                     .detector = finding->f[FINDING_DETECTOR].s,
                     .found_at = val_i(finding->f[FINDING_FOUND_AT], 0)};
    enum rc rc;
    TRY_OUT(name_of(db, a, ENT_STAGE, finding->f[FINDING_STAGE_ID], &t.stage, e));
    TRY_OUT(name_of(db, a, ENT_USER, finding->f[FINDING_USER_ID], &t.person, e));
    for (int i = 0; locale_names[i]; i++) {
        t.lang = locale_names[i];
        json_object_set_new(said, t.lang, watch_text(sentence(&t)));
    }
    json_object_set(params, "said", said);
    finding->f[FINDING_PARAMS] = watch_json(a, json_incref(params));
out:
    json_decref(said);
    json_decref(params);
    return rc;
}

struct str watch_said(struct arena *a, const struct record *finding, const char *lang)
{
    json_t *params = params_of(finding);
    struct str said = text(json_object_get(params, "said"), lang);
    said = said.len ? str_dup(a, said) : STR_NULL;
    json_decref(params);
    return said;
}

/* ---- the rest ---- */

static void add(struct buf *b, struct str line)
{
    if (line.len)
        buf_fmt(b, "%s%.*s", b->len ? "\n" : "", STR_ARG(line));
}

static struct str how_sure(const struct told *t, struct val chance)
{
    if (!val_has(chance))
        return STR("");
    if (is(t, "plan")) {
        double p = chance.f < 0.01 ? 0.01 : chance.f;
        struct str said = percent(t, p, 0);
        bool above = json_is_true(json_object_get(t->params, "above"));
        return WORDS(t->a, t->lang, above ? "findings.plan_sure_above" : "findings.plan_sure_below",
                     {"chance", chance.f < p ? str_fmt(t->a, "< %.*s", STR_ARG(said)) : said});
    }
    const char *sure = chance.f < 0.001 ? "certain" : chance.f < 0.01 ? "very" : "likely";
    return WORDS(t->a, t->lang, "findings.sure",
                 {"sure", i18n_text(t->lang, str_fmt(t->a, "findings.sure.%s", sure).ptr)});
}

/* The three parts that carry most of it. */
static struct str where(const struct told *t, struct val places)
{
    json_error_t bad;
    json_t *list = val_has(places) ? json_loadb(places.s.ptr, places.s.len, 0, &bad) : NULL;
    struct buf b = {0};
    for (int n = 0; n < 3; n++) {
        size_t most = SIZE_MAX;
        for (size_t i = 0; i < json_array_size(list); i++)
            if (most == SIZE_MAX ||
                number(json_array_get(list, i), "share") > number(json_array_get(list, most), "share"))
                most = i;
        if (most == SIZE_MAX)
            break;
        const json_t *place = json_array_get(list, most);
        struct str name = text(place, "name"), share = percent(t, number(place, "share"), 0);
        if (name.len)
            buf_fmt(&b, "%s%.*s (%.*s)", b.len ? ", " : "", STR_ARG(name), STR_ARG(share));
        json_array_remove(list, most);
    }
    struct str out = b.len ? WORDS(t->a, t->lang, "told.where", {"places", str_dup(t->a, buf_view(&b))}) : STR("");
    buf_free(&b);
    json_decref(list);
    return out;
}

struct str watch_told(struct app *app, struct arena *a, const struct record *finding, const char *lang)
{
    json_t *params = params_of(finding);
    struct told t = {.app = app, .a = a, .lang = lang, .params = params, .detector = finding->f[FINDING_DETECTOR].s};
    struct buf b = {0};
    struct str since = day(&t, zone_day(app->zone, val_i(finding->f[FINDING_SINCE_AT], 0)));
    struct str funnel = text(params, "funnel");
    add(&b, WORDS(a, lang, funnel.len ? "told.since_in" : "told.since", {"day", since}, {"funnel", funnel}));
    add(&b, how_sure(&t, finding->f[FINDING_CHANCE]));
    add(&b, where(&t, finding->f[FINDING_PLACES]));
    struct str out = str_dup(a, buf_view(&b));
    buf_free(&b);
    json_decref(params);
    return out;
}
