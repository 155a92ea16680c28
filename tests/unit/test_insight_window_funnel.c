/* Ordered steps within a time, case by case as the reference has them (R012). */
#include "base/json.h"
#include "insight/window_funnel.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *cases(void)
{
    char path[500];
    const char *shared = getenv("VORONKA_SHARED"), *source = getenv("VORONKA_SOURCE");
    if (shared != NULL)
        snprintf(path, sizeof path, "%s/data/expected/funnel_cases.json", shared);
    else
        snprintf(path, sizeof path, "%s/../shared/data/expected/funnel_cases.json", source ? source : ".");
    return json_load_file(path, 0, NULL);
}

static unsigned mode_of(const char *name)
{
    return strcmp(name, "strict_dedup") == 0      ? WINDOW_STRICT_DEDUP
           : strcmp(name, "strict_order") == 0    ? WINDOW_STRICT_ORDER
           : strcmp(name, "strict_increase") == 0 ? WINDOW_STRICT_INCREASE
           : strcmp(name, "allow_reentry") == 0   ? WINDOW_ALLOW_REENTRY
                                                  : ~0u;
}

static void one_case(const json_t *c)
{
    struct window_event events[50];
    size_t n = 0, i, k;
    unsigned modes = 0;
    json_t *event, *step, *mode;
    json_array_foreach(json_object_get(c, "events"), i, event)
    {
        assert_true(n < 50);
        events[n] = (struct window_event){.at = json_integer_value(json_array_get(event, 0))};
        json_array_foreach(json_array_get(event, 1), k, step) events[n].steps |= 1u << (json_integer_value(step) - 1);
        n++;
    }
    json_array_foreach(json_object_get(c, "modes"), i, mode) modes |= mode_of(json_string_value(mode));
    int steps = (int)json_integer_value(json_object_get(c, "n_steps"));
    int64_t window = json_integer_value(json_object_get(c, "window"));
    int got = window_funnel(events, n, steps, window, modes);
    int want = (int)json_integer_value(json_object_get(c, "expected"));
    if (got != want)
        fail_msg("%s: %d, not %d", json_string_value(json_object_get(c, "name")), got, want);

    /* the way of a deal, when every event is one step: stage k is step k */
    uint64_t packed[50];
    const uint8_t step_of[] = {0, 1, 2, 3, 4, 5, 6, 7};
    for (i = 0; i < n && modes == 0; i++) {
        if (events[i].steps & (events[i].steps - 1))
            return;
        packed[i] = (uint64_t)events[i].at << 16 | (events[i].steps ? (unsigned)__builtin_ctz(events[i].steps) + 1 : 0);
    }
    if (modes == 0)
        assert_int_equal(window_funnel_visits((struct visits){packed, NULL, n}, step_of, 8, steps, window, INT64_MAX),
                         want);
}

static void every_reference_case_gives_its_number(void **state)
{
    (void)state;
    json_t *all = cases(), *c;
    size_t i;
    if (all == NULL)
        skip(); /* the reference data are not on this machine */
    assert_int_equal(json_array_size(json_object_get(all, "cases")), 43);
    json_array_foreach(json_object_get(all, "cases"), i, c) one_case(c);
    json_decref(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_reference_case_gives_its_number)};
    return cmocka_run_group_tests_name("insight_window_funnel", tests, NULL, NULL);
}
