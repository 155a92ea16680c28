/* Money of several currencies in the company's own, at the rates of its days. */
#include "base/time.h"
#include "crm_rig.h"
#include "insight/money.h"

#define DAY(n) ((n)*MS_DAY + 12 * MS_HOUR)

static void rate(struct rig *r, const char *currency, const char *day, double rate)
{
    DO(r, try_create(r, ENT_CURRENCY_RATE, NULL, "{'currency':'%s','day_on':'%s','rate':%.6f}", currency, day, rate));
}

static struct money *load(struct rig *r, const struct zone *zone)
{
    struct money *m;
    struct report_call c = {.arena = &r->arena, .db = r->db, .lang = "ru"};
    struct err e = {0};
    OK(money_load(&m, &c, zone, &e));
    return m;
}

static int64_t in_roubles(struct money *m, const char *code, int64_t minor, int64_t at)
{
    int64_t out;
    return money_of(m, str_c(code), minor, at, &out) ? out : -1;
}

static void a_foreign_amount_takes_the_rate_of_its_day(void **state)
{
    struct rig *r = rig_open(*state);
    rate(r, "USD", "2026-01-10", 80);
    rate(r, "USD", "2026-02-01", 90.5);
    struct money *m = load(r, NULL);
    int64_t feb = 20485; /* 2026-02-01 */
    assert_int_equal(in_roubles(m, "RUB", 12345, DAY(feb)), 12345);
    assert_int_equal(in_roubles(m, "USD", 10000, DAY(feb)), 905000);
    assert_int_equal(in_roubles(m, "USD", 10000, DAY(feb - 1)), 800000);
    assert_int_equal(in_roubles(m, "USD", 10000, DAY(feb + 400)), 905000);
    assert_int_equal(in_roubles(m, "USD", 10000, DAY(feb - 400)), 800000); /* before the first rate: that one */
    rig_close(r);
}

static void yen_have_no_kopecks_and_dinars_have_a_thousand(void **state)
{
    struct rig *r = rig_open(*state);
    rate(r, "JPY", "2026-01-01", 0.5);
    rate(r, "KWD", "2026-01-01", 250);
    struct money *m = load(r, NULL);
    assert_int_equal(in_roubles(m, "JPY", 1000, DAY(20500)), 50000); /* 1000 yen: 500 roubles */
    assert_int_equal(in_roubles(m, "KWD", 1000, DAY(20500)), 25000); /* 1.000 dinar: 250 roubles */
    rig_close(r);
}

static void a_currency_without_a_rate_is_left_out_and_said(void **state)
{
    struct rig *r = rig_open(*state);
    struct report_result result = {0};
    struct report_call c = {.arena = &r->arena, .db = r->db, .lang = "en"};
    struct money *m = load(r, NULL);
    assert_int_equal(in_roubles(m, "EUR", 100, DAY(20500)), -1);
    assert_int_equal(in_roubles(m, "EUR", 100, DAY(20500)), -1);
    money_notes(m, &c, &result);
    assert_true(str_eqc(result.currency, "RUB"));
    assert_int_equal(result.notes.len, 1);
    assert_string_equal(result.notes.ptr[0].code, "currency_unknown");
    assert_non_null(strstr(str_cdup(&r->arena, result.notes.ptr[0].text), "EUR"));
    report_result_free(&result);
    rig_close(r);
}

static void the_day_is_the_companys_own(void **state)
{
    struct rig *r = rig_open(*state);
    rate(r, "USD", "2026-01-31", 80);
    rate(r, "USD", "2026-02-01", 90);
    struct zone *moscow = zone_load("Europe/Moscow");
    struct money *m = load(r, moscow);
    int64_t feb = 20485;
    assert_int_equal(in_roubles(m, "USD", 100, feb * MS_DAY - 2 * MS_HOUR), 9000); /* 1 o'clock in Moscow */
    assert_int_equal(in_roubles(m, "USD", 100, feb * MS_DAY - 4 * MS_HOUR), 8000);
    zone_free(moscow);
    rig_close(r);
}

static void sums_are_told_with_their_sign(void **state)
{
    struct rig *r = rig_open(*state);
    struct report_call c = {.arena = &r->arena, .lang = "ru"};
    assert_string_equal(str_cdup(&r->arena, money_text(&c, STR("RUB"), 123456789)), "1 234 568 ₽");
    assert_string_equal(str_cdup(&r->arena, money_text(&c, STR("USD"), -99900)), "−999 $");
    assert_string_equal(str_cdup(&r->arena, money_text(&c, STR("JPY"), 1000)), "1 000 JPY");
    rig_close(r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        SCENARIO(a_foreign_amount_takes_the_rate_of_its_day),
        SCENARIO(yen_have_no_kopecks_and_dinars_have_a_thousand),
        SCENARIO(a_currency_without_a_rate_is_left_out_and_said),
        SCENARIO(the_day_is_the_companys_own),
        SCENARIO(sums_are_told_with_their_sign),
    };
    return run_scenarios("insight: money of several currencies", tests, sizeof tests / sizeof *tests);
}
