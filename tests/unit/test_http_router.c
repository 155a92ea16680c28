/* A path finds its route. */
#include "http/router.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct router_row table[] = {
    {"GET", "/api/deals"},
    {"POST", "/api/deals"},
    {"GET", "/api/deals/{id}"},
    {"PATCH", "/api/deals/{id}"},
    {"GET", "/api/deals/export"},
    {"GET", "/api/deals/{id}/timeline"},
    {"GET", "/"},
    {"GET", "/api/{a}/{b}/{c}/{d}"},
    {"GET", "/api/deals/export/{format}"},
};

static struct router_row row_at(const void *t, size_t i)
{
    return ((const struct router_row *)t)[i];
}

static struct arena arena;
static struct router *router;
static struct router_match m;
static struct str allow;

static enum rc ask(const char *method, const char *path)
{
    m = (struct router_match){.route = -1};
    return router_find(router, &arena, str_c(method), str_c(path), &m, &allow);
}

static void paths_find_their_rows(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/api/deals"), RC_OK);
    assert_int_equal(m.route, 0);
    assert_int_equal(ask("POST", "/api/deals"), RC_OK);
    assert_int_equal(m.route, 1);
    assert_int_equal(ask("PATCH", "/api/deals/17"), RC_OK);
    assert_int_equal(m.route, 3);
    assert_int_equal(m.params, 1);
    assert_true(str_eqc(m.param[0], "17"));
    assert_int_equal(ask("GET", "/"), RC_OK);
    assert_int_equal(m.route, 6);
}

static void words_win_over_parameters_and_give_way_when_they_lead_nowhere(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/api/deals/export"), RC_OK);
    assert_int_equal(m.route, 4);
    assert_int_equal(ask("GET", "/api/deals/export/csv"), RC_OK);
    assert_int_equal(m.route, 8);
    assert_int_equal(ask("GET", "/api/deals/export/timeline"), RC_OK);
    assert_int_equal(m.route, 8);
    assert_int_equal(ask("GET", "/api/deals/5/timeline"), RC_OK);
    assert_int_equal(m.route, 5);
    assert_int_equal(ask("GET", "/api/deals/export/x/y"), RC_OK);
    assert_int_equal(m.route, 7);
    assert_int_equal(m.params, 4);
    assert_true(str_eqc(m.param[0], "deals") && str_eqc(m.param[1], "export") && str_eqc(m.param[3], "y"));
}

static void parameters_are_decoded(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/api/deals/%D0%90%2F+b"), RC_OK);
    assert_true(str_eqc(m.param[0], "А/+b"));
    assert_int_equal(ask("GET", "/api/deals/%zz"), RC_NOT_FOUND);
}

static void strangers_are_not_found_and_wrong_methods_told(void **state)
{
    (void)state;
    assert_int_equal(ask("GET", "/api"), RC_NOT_FOUND);
    assert_int_equal(ask("GET", "/api/deals/"), RC_NOT_FOUND);
    assert_int_equal(ask("GET", "/api/dealsx"), RC_NOT_FOUND);
    assert_int_equal(ask("GET", ""), RC_NOT_FOUND);
    assert_int_equal(ask("GET", "api/deals"), RC_NOT_FOUND);
    assert_int_equal(ask("GET", "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"),
                     RC_NOT_FOUND);
    assert_int_equal(ask("DELETE", "/api/deals"), RC_METHOD);
    assert_true(str_eqc(allow, "GET, POST"));
    assert_int_equal(ask("PUT", "/api/deals/1"), RC_METHOD);
    assert_true(str_eqc(allow, "GET, PATCH"));
}

static int start(void **state)
{
    (void)state;
    router = router_new(table, sizeof table / sizeof *table, row_at);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    router_free(router);
    arena_free(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_find_their_rows),
        cmocka_unit_test(words_win_over_parameters_and_give_way_when_they_lead_nowhere),
        cmocka_unit_test(parameters_are_decoded),
        cmocka_unit_test(strangers_are_not_found_and_wrong_methods_told),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
