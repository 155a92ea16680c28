/* What a user gets who starts from a ready funnel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crm/preset.h"

static struct arena a;

static struct preset *preset(const char *name)
{
    struct preset *p = NULL;
    struct err e = {0};
    assert_int_equal(preset_find(&a, str_c(name), &p, &e), RC_OK);
    return p;
}

static const struct preset_funnel *funnel(const struct preset *p, const char *key)
{
    for (size_t i = 0; i < p->n_funnels; i++)
        if (str_eqc(p->funnels[i].key, key))
            return &p->funnels[i];
    fail_msg("no funnel %s", key);
    return NULL;
}

static bool has(const struct preset_text *list, size_t n, const char *ru)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqc(list[i].ru, ru))
            return true;
    return false;
}

static void check_text(struct preset_text t)
{
    assert_true(t.ru.len > 0 && t.en.len > 0);
    assert_true(str_utf8_valid(t.ru) && str_utf8_valid(t.en));
    assert_true(str_utf8_len(t.ru) <= 200 && str_utf8_len(t.en) <= 200);
}

static void check_stages(const struct preset_funnel *f)
{
    size_t won = 0, lost = 0;
    int64_t before = 0;
    for (size_t i = 0; i < f->n_stages; i++) {
        const struct preset_stage *s = &f->stages[i];
        check_text(s->name);
        check_text(s->phase);
        assert_int_equal(s->colour.len, 7);
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(s->name.ru, f->stages[k].name.ru));
        won += s->outcome == DEAL_WON;
        lost += s->outcome == DEAL_LOST;
        assert_int_equal(s->probability == 100, s->outcome == DEAL_WON);
        assert_int_equal(s->norm_days >= 0, s->outcome == DEAL_OPEN);
        assert_true(s->probability >= 0 && s->probability <= 100);
        /* "not reached" is the one step where the chance goes down */
        if (s->outcome == DEAL_OPEN)
            assert_true(s->probability + 3 >= before);
        before = s->outcome == DEAL_OPEN ? s->probability : before;
    }
    assert_int_equal(won, 1);
    assert_int_equal(lost, 1);
}

static void test_every_preset_can_be_started_from_in_both_languages(void **state)
{
    (void)state;
    static const char *const kinds[] = {"inbound", "outreach", "renewal", "return", "other"};
    struct preset *list;
    size_t n;
    struct err e = {0};
    assert_int_equal(preset_list(&a, &list, &n, &e), RC_OK);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        check_text(list[i].title);
        assert_true(list[i].n_funnels > 0 && list[i].n_loss_reasons > 0 && list[i].n_sources > 0);
        for (size_t k = 0; k < list[i].n_funnels; k++) {
            bool known = false;
            for (size_t j = 0; j < 5; j++)
                known |= str_eqc(list[i].funnels[k].kind, kinds[j]);
            assert_true(known);
            check_stages(&list[i].funnels[k]);
        }
    }
    struct preset *none;
    assert_int_equal(preset_find(&a, STR("nothing"), &none, &e), RC_NOT_FOUND);
}

/* R060-R063, R072, R079, R088-R092 */
static void test_it_company_gets_four_kinds_of_funnels_and_five_reasons(void **state)
{
    (void)state;
    const struct preset *p = preset("it-product");
    assert_true(str_eqc(funnel(p, "inbound")->kind, "inbound"));
    assert_true(str_eqc(funnel(p, "outreach")->kind, "outreach"));
    assert_true(str_eqc(funnel(p, "renewal")->kind, "renewal"));
    assert_true(str_eqc(funnel(p, "return")->kind, "return"));
    assert_int_equal(funnel(p, "inbound")->n_stages, 20);
    static const char *const reasons[] = {"Нет денег", "Нет времени", "Пользуются конкурентом", "Плохое качество",
                                          "Игнор / Не выходит на связь"};
    assert_int_equal(p->n_loss_reasons, 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(has(p->loss_reasons, p->n_loss_reasons, reasons[i]));
}

/* R014: these names say a state, not a deed; R241-R254 keep the case's twelve stages, the refusal among them. */
static void test_no_stage_is_named_by_a_state(void **state)
{
    (void)state;
    static const char *const states[] = {"Переговоры", "Думает", "Подумает", "Отложили покупку", "Ждёт"};
    struct preset *list;
    size_t n;
    struct err e = {0};
    assert_int_equal(preset_list(&a, &list, &n, &e), RC_OK);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < list[i].n_funnels; k++)
            for (size_t s = 0; s < list[i].funnels[k].n_stages; s++)
                for (size_t j = 0; j < 5; j++)
                    assert_false(str_starts(list[i].funnels[k].stages[s].name.ru, str_c(states[j])));
    assert_int_equal(funnel(preset("training"), "courses")->n_stages, 12);
    assert_int_equal(preset("training")->n_funnels, 9); /* R255-R257, R260 */
}

static void test_list_for_the_screen_speaks_the_users_language(void **state)
{
    (void)state;
    struct buf b = {0};
    struct jw w = jw_to(&b);
    preset_put(&w, preset("client-manager"), STR("en"));
    json_t *tree = NULL;
    struct err e = {0};
    assert_int_equal(json_read(buf_view(&b), &tree, &e), RC_OK);
    const json_t *f = json_array_get(json_object_get(tree, "funnels"), 0);
    const json_t *s = json_array_get(json_object_get(f, "stages"), 2);
    assert_string_equal(json_string_value(json_object_get(s, "name")), "Buying centre identified"); /* R365 */
    assert_string_equal(json_string_value(json_object_get(s, "outcome")), "open");
    json_decref(tree);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_preset_can_be_started_from_in_both_languages),
        cmocka_unit_test(test_it_company_gets_four_kinds_of_funnels_and_five_reasons),
        cmocka_unit_test(test_no_stage_is_named_by_a_state),
        cmocka_unit_test(test_list_for_the_screen_speaks_the_users_language),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&a);
    return failed;
}
