/* The filter grammar: what is understood, how it becomes SQL, and where a mistake is said to be. Lists, board and
 * reports all use it. */
#include "base/time.h"
#include "crm/fields.h"
#include "crm/filter.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct filter_env env = {.user_id = 7, .now = INT64_C(1790000000000), .offset_ms = 3 * MS_HOUR};

static struct filter *parsed(struct arena *a, const char *text)
{
    struct filter *f;
    struct err e = {0};
    if (filter_parse(a, entity_by_id(ENT_DEAL), str_c(text), &env, &f, &e) != RC_OK)
        fail_msg("%s: position %s, %s", text, e.arg[0], e.arg[1]);
    return f;
}

static void becomes(const char *text, const char *sql)
{
    struct arena a = ARENA_EMPTY;
    struct sqlb q = sqlb_new(&a);
    filter_sql(&q, entity_by_id(ENT_DEAL), parsed(&a, text), "t");
    assert_string_equal(str_cdup(&a, buf_view(&q.text)), sql);
    sqlb_free(&q);
    arena_free(&a);
}

static void values_are_parameters(void **state)
{
    (void)state;
    becomes("", "1=1");
    becomes("value_minor >= 5", "t.value_minor >= $1");
    becomes("title ~ \"x\"", "t.title_fold LIKE $1 ESCAPE '\\'");
    becomes("tag_ids has 5", "t.id IN (SELECT owner_id FROM deal_tag WHERE ref_id IN ($1))");
    becomes("contact_id.name = \"x\"", "(t.contact_id IN (SELECT r.id FROM contact r WHERE r.name = $1))");
}

static void not_is_the_exact_complement(void **state)
{
    (void)state;
    becomes("value_minor != 5", "(NOT t.value_minor = $1 OR t.value_minor IS NULL)");
    becomes("title != \"x\"", "(NOT t.title = $1)"); /* never empty */
    becomes("not (value_minor = 5 and status = \"won\")",
            "((NOT t.value_minor = $1 OR t.value_minor IS NULL) OR (NOT t.status = $2))");
    becomes("not not value_minor = 5", "t.value_minor = $1");
    becomes("value_minor is null", "t.value_minor IS NULL");
    becomes("not value_minor is null", "t.value_minor IS NOT NULL");
    becomes("tag_ids is null", "t.id NOT IN (SELECT owner_id FROM deal_tag)");
}

static void and_binds_tighter_than_or(void **state)
{
    (void)state;
    becomes("id = 1 or id = 2 and id = 3", "((t.id = $1 AND t.id = $2) OR t.id = $3)");
    becomes("id = 1 and id = 2 and not (id = 3 or id = 4)",
            "(t.id = $1 AND t.id = $2 AND (NOT t.id = $3) AND (NOT t.id = $4))");
    becomes("(id = 1 or id = 2) and id = 3", "((t.id = $1 OR t.id = $2) AND t.id = $3)");
}

static int64_t only_value(const char *text)
{
    struct arena a = ARENA_EMPTY;
    struct filter *f = parsed(&a, text);
    assert_int_equal(f->kind, FILTER_LEAF);
    int64_t v = f->leaf.values[0].i;
    arena_free(&a);
    return v;
}

static void moments_are_of_the_company(void **state)
{
    (void)state;
    int64_t day = (env.now + env.offset_ms) / MS_DAY;
    assert_int_equal(only_value("created_at > now"), env.now);
    assert_int_equal(only_value("created_at > now - 2h"), env.now - 2 * MS_HOUR);
    assert_int_equal(only_value("created_at > today"), day * MS_DAY - env.offset_ms);
    assert_int_equal(only_value("expected_close_on > today + 1w"), day + 7);
    assert_int_equal(only_value("expected_close_on > now"), day);
    assert_int_equal(only_value("created_at >= \"2026-01-01\""), date_from_civil(2026, 1, 1) * MS_DAY - env.offset_ms);
    assert_int_equal(only_value("created_at >= \"2026-01-01T00:00:00Z\""), date_from_civil(2026, 1, 1) * MS_DAY);
    assert_int_equal(only_value("expected_close_on = \"2026-01-01\""), date_from_civil(2026, 1, 1));
    assert_int_equal(only_value("owner_id = me"), 7);
    assert_int_equal(only_value("status = \"lost\""), DEAL_LOST);
}

static void wrong_at(const char *text, const char *position, const char *what)
{
    struct arena a = ARENA_EMPTY;
    struct filter *f;
    struct err e = {0};
    assert_int_equal(filter_parse(&a, entity_by_id(ENT_DEAL), str_c(text), &env, &f, &e), RC_INVALID);
    assert_string_equal(e.code, "bad_filter");
    assert_string_equal(e.field, "filter");
    assert_string_equal(e.arg[0], position);
    assert_string_equal(e.arg[1], what);
    arena_free(&a);
}

static void a_mistake_is_said_where_it_is(void **state)
{
    (void)state;
    wrong_at("цена = 1", "1", "цена = 1");           /* no name begins so */
    wrong_at("title ~ \"я\" or цена", "16", "цена"); /* positions count characters */
    wrong_at("status = \"opened\"", "10", "opened");
    wrong_at("value_minor = 1 extra", "17", "extra");
    wrong_at("value_minor =", "14", "");
    wrong_at("owner_id.password_hash = \"x\"", "1", "owner_id.password_hash");
    wrong_at("created_at > now - 5y", "21", "y");
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    struct arena a = ARENA_EMPTY;
    struct filter *f;
    struct err e = {0};
    struct buf b = {0};
    for (int i = 0; i < 40; i++)
        buf_c(&b, "not ");
    buf_c(&b, "id = 1");
    assert_int_equal(filter_parse(&a, entity_by_id(ENT_DEAL), buf_view(&b), &env, &f, &e), RC_INVALID);
    buf_clear(&b);
    for (int i = 0; i < 201; i++)
        buf_c(&b, i ? " or id = 1" : "id = 1");
    assert_int_equal(filter_parse(&a, entity_by_id(ENT_DEAL), buf_view(&b), &env, &f, &e), RC_INVALID);
    buf_free(&b);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_parameters),         cmocka_unit_test(not_is_the_exact_complement),
        cmocka_unit_test(and_binds_tighter_than_or),     cmocka_unit_test(moments_are_of_the_company),
        cmocka_unit_test(a_mistake_is_said_where_it_is), cmocka_unit_test(sizes_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
