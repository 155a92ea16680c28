/* Starting from a ready funnel: what stands in the company afterwards, and taking it back (R107, R348, R351). */
#include "crm/custom_field.h"
#include "crm/preset.h"
#include "crm_rig.h"

/* Presets bring fields of their own: every scenario begins with the nouns as they are built. */
static struct rig *open_fresh(void *state)
{
    struct rig *r;
    struct err e = {0};
    entities_forget();
    r = rig_open(state);
    OK(entities_load(r->db, &e));
    return r;
}

struct start {
    const char *name, *locale;
    int64_t funnel;
};
static enum rc start_run(struct change *ch, void *arg, struct err *e)
{
    struct start *s = arg;
    return preset_apply(ch, str_c(s->name), str_c(s->locale), &s->funnel, e);
}

#define ALIVE(table) number(r->db, "SELECT count(*) FROM " table " WHERE deleted_at IS NULL")

/* R060-R063, R088-R092, R107 */
static void a_user_starts_from_every_preset_in_one_change_and_takes_it_back(void **state)
{
    struct rig *r = open_fresh(*state);
    static const char *const names[] = {"client-manager", "it-product", "sales-ladder", "training"};
    static const int funnels[] = {1, 4, 2, 9};
    for (size_t i = 0; i < 4; i++) {
        int64_t before = ALIVE("funnel"), stages = ALIVE("stage"), sources = ALIVE("source");
        struct start s = {names[i], i % 2 ? "en" : "ru", 0};
        DO(r, rig_do(r, start_run, &s));
        assert_int_equal(ALIVE("funnel") - before, funnels[i]);
        assert_true(s.funnel > 0 && ALIVE("stage") > stages + 5 && ALIVE("source") > sources);
        DO(r, try_undo(r, r->last_change));
        assert_int_equal(ALIVE("funnel"), before);
        assert_int_equal(ALIVE("stage"), stages);
        assert_int_equal(ALIVE("source"), sources);
    }
    rig_close(r);
}

static void a_deal_can_be_led_through_a_funnel_that_was_started_from(void **state)
{
    struct rig *r = open_fresh(*state);
    struct start s = {"it-product", "ru", 0};
    int64_t deal;
    DO(r, rig_do(r, start_run, &s));
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Перевод сайта','funnel_id':%lld}", (long long)s.funnel));
    int64_t lost =
        number(r->db, "SELECT max(id) FROM stage WHERE funnel_id = (SELECT min(id) FROM funnel WHERE name LIKE "
                      "'Входящие заявки%')");
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)lost), "loss_reason_required"); /* R087 */
    int64_t reason = number(r->db, "SELECT id FROM loss_reason WHERE name = 'Нет денег'");
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld,'loss_reason_id':%lld}", (long long)lost, (long long)reason));
    rig_close(r);
}

static void starting_twice_numbers_the_funnels_and_doubles_no_lists(void **state)
{
    struct rig *r = open_fresh(*state);
    struct start s = {"training", "ru", 0};
    DO(r, rig_do(r, start_run, &s));
    int64_t products = ALIVE("product"),
            reasons = number(r->db, "SELECT count(*) FROM loss_reason WHERE funnel_id IS NULL");
    DO(r, rig_do(r, start_run, &s));
    assert_int_equal(ALIVE("product"), products);
    assert_int_equal(number(r->db, "SELECT count(*) FROM loss_reason WHERE funnel_id IS NULL"), reasons);
    assert_int_equal(number(r->db, "SELECT count(*) FROM funnel WHERE name = 'Тендеры (2)'"), 1);
    struct start none = {"nothing", "ru", 0};
    REFUSED(r, rig_do(r, start_run, &none), "not_found");
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(a_user_starts_from_every_preset_in_one_change_and_takes_it_back),
        SCENARIO(a_deal_can_be_led_through_a_funnel_that_was_started_from),
        SCENARIO(starting_twice_numbers_the_funnels_and_doubles_no_lists),
    };
    return run_scenarios("preset_apply", tests, sizeof tests / sizeof *tests);
}
