/* Texts of the program in both languages. */
#include "base/i18n.h"
#include "base/i18n_data.h"
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void a_text_comes_in_the_language_asked_for(void **state)
{
    (void)state;
    struct str ru = i18n_text("ru", "report.conversion.question"), en = i18n_text("en", "report.conversion.question");
    assert_true(ru.len > 0 && en.len > 0 && !str_eq(ru, en));
    assert_true(str_eq(i18n_text("de", "report.conversion.question"), ru));
    assert_true(str_eqc(i18n_text("ru", "no.such.key"), "no.such.key"));
}

static void arguments_are_filled_in(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct str args[] = {STR("раз"), STR("{0}")};
    assert_true(str_eqc(i18n_fill(&a, "ru", "{1} и {0}, {2} {x", args, 2), "{0} и раз, {2} {x"));
    arena_free(&a);
}

static void both_languages_have_the_same_keys(void **state)
{
    (void)state;
    json_t *ru = json_loadb(i18n_ru, i18n_ru_len, 0, NULL), *en = json_loadb(i18n_en, i18n_en_len, 0, NULL), *v;
    const char *key;
    assert_non_null(ru);
    assert_non_null(en);
    json_object_foreach(ru, key, v)
    {
        size_t n = strlen(key); /* English has no plural "few" */
        if (n > 4 && strcmp(key + n - 4, ".few") == 0)
            continue;
        n = n > 5 && strcmp(key + n - 5, ".many") == 0 ? 0 : n;
        if (n && json_object_get(en, key) == NULL)
            fail_msg("%s is missing in en.json", key);
    }
    json_object_foreach(en, key, v)
    {
        if (json_object_get(ru, key) == NULL)
            fail_msg("%s is missing in ru.json", key);
    }
    json_decref(ru);
    json_decref(en);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_comes_in_the_language_asked_for),
        cmocka_unit_test(arguments_are_filled_in),
        cmocka_unit_test(both_languages_have_the_same_keys),
    };
    return cmocka_run_group_tests_name("i18n", tests, NULL, NULL);
}
