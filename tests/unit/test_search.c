/* Words, layouts and slips of search; the words in the database follow the records. */
#include "crm/search.h"
#include "crm_rig.h"

static const char *joined(struct arena *a, const struct search_words *w)
{
    struct buf b = {0};
    for (size_t i = 0; i < w->n; i++) {
        if (i)
            buf_char(&b, ' ');
        buf_str(&b, w->ptr[i]);
    }
    const char *text = str_cdup(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static void words(void **state)
{
    static const struct {
        enum field_type type;
        const char *text, *words;
    } cases[] = {
        {FT_TEXT, "Пётр Иванов-Петров", "иванов петр петров"},
        {FT_TEXT, "ООО «Ромашка»", "ооо ромашка"},
        {FT_TEXT, "Иванов, иванов; ИВАНОВ", "иванов"},
        {FT_TEXT, "", ""},
        {FT_TEXT, " .,-— ", ""},
        {FT_TEXT, "A1 б2_в3", "a1 б2 в3"},
        {FT_PHONE, "8 (911) 222-33-44", "3344 9112223344"},
        {FT_PHONE, "+7 911 222 33 44", "3344 9112223344"},
        {FT_PHONE, "+44 20 7946 0958", "0958 442079460958"},
        {FT_EMAIL, "Ivanov@Example.RU", "ivanov@example.ru"},
    };
    struct arena a = ARENA_EMPTY;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct search_words w;
        search_words_of_text(&a, cases[i].type, str_c(cases[i].text), &w);
        assert_string_equal(joined(&a, &w), cases[i].words);
    }
    arena_free(&a);
}

static void endless_text_has_few_words(void **state)
{
    struct arena a = ARENA_EMPTY;
    struct buf b = {0};
    struct search_words w;
    (void)state;
    for (int i = 0; i < 5000; i++)
        buf_fmt(&b, "слово%d ", i);
    for (int i = 0; i < 3000; i++)
        buf_c(&b, "я");
    search_words_of_text(&a, FT_LONG, buf_view(&b), &w);
    assert_true(w.n <= SEARCH_WORDS_MOST && w.n > 50);
    search_words_of_text(&a, FT_LONG, (struct str){b.ptr + b.len - 6000, 6000}, &w);
    assert_int_equal(w.n, 1);
    assert_int_equal(w.ptr[0].len, 2 * SEARCH_WORD_LETTERS);
    buf_free(&b);
    arena_free(&a);
}

static void layouts(void **state)
{
    static const struct {
        const char *typed, *russian, *latin;
    } cases[] = {
        {"bdfyjd", "иванов", ""},   {"`krf", "ёлка", ""},   {"j,]tlrjd", "объедков", ""}, {"'kkf", "элла", ""},
        {"[fhbnjy", "харитон", ""}, {"ыьшер", "", "smith"}, {"Шмфтщм", "", "Ivanov"},     {"", "", ""},
        {"2024", "", ""},
    };
    struct arena a = ARENA_EMPTY;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(str_cdup(&a, search_layout(&a, str_c(cases[i].typed), true)), cases[i].russian);
        assert_string_equal(str_cdup(&a, search_layout(&a, str_c(cases[i].typed), false)), cases[i].latin);
    }
    arena_free(&a);
}

static bool among(const struct str *list, size_t n, const char *want)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqc(list[i], want))
            return true;
    return false;
}

static void slips(void **state)
{
    struct arena a = ARENA_EMPTY;
    static struct str out[2000];
    (void)state;
    size_t n = search_slips(&a, STR("иванв"), out, 2000);
    assert_true(among(out, n, "иванов")); /* left out */
    assert_true(among(out, n, "ивав") && among(out, n, "ианв"));
    assert_true(among(out, n, "иваен") == false && among(out, n, "ивавн")); /* swapped */
    assert_true(among(out, n, "иванк"));                                    /* another */
    assert_false(among(out, n, "иванв"));
    assert_int_equal(search_slips(&a, STR("ива"), out, 2000), 0); /* too short to guess */
    assert_int_equal(search_slips(&a, STR("иванов"), out, 5), 5);
    assert_true(among(out, search_slips(&a, STR("smtih"), out, 2000), "smith"));
    arena_free(&a);
}

/* ---- in the database ---- */

static int64_t count(struct rig *r, const char *word)
{
    struct stmt *s;
    struct err e = {0};
    OK(db_prepare(r->db, &s, "SELECT COUNT(*) FROM search_word WHERE word = $1", &e));
    stmt_str(s, 1, str_c(word));
    assert_int_equal(stmt_step(s, &e), RC_ROW);
    int64_t n = stmt_col_i64(s, 0);
    stmt_done(s);
    return n;
}

struct job_of {
    struct job job;
    const char *sql; /* or: catch up */
    bool more;
};
static enum rc job_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct job_of *j = (struct job_of *)job;
    return j->sql ? db_exec(tx->db, j->sql, e) : search_catch_up(tx, 2, &j->more, e);
}
static enum rc rebuild_apply(struct wtx *tx, struct job *job, struct err *e)
{
    (void)job;
    return search_rebuild(tx, e);
}
static void count_problem(void *arg, const char *text)
{
    (void)text;
    ++*(int *)arg;
}
static int problems(struct rig *r)
{
    int n = 0;
    struct err e = {0};
    OK(search_check(r->db, count_problem, &n, &e));
    return n;
}

static void words_follow_records(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t c, p;
    DO(r, try_create(r, ENT_CONTACT, &c, "{'name':'Анна Ёлкина','phone':'+79112223344'}"));
    assert_int_equal(count(r, "елкина"), 1);
    DO(r, try_update(r, ENT_CONTACT, c, "{'name':'Анна Орлова'}"));
    assert_int_equal(count(r, "елкина"), 0);
    assert_int_equal(count(r, "орлова"), 1);
    assert_int_equal(count(r, "анна"), 1);
    DO(r,
       try_create(r, ENT_CONTACT_POINT, &p, "{'contact_id':%lld,'kind':'phone','value':'+79112223344'}", (long long)c));
    DO(r, try_update(r, ENT_CONTACT, c, "{'phone':null}"));
    assert_int_equal(count(r, "9112223344"), 1); /* the point still has it */
    DO(r, try_delete(r, ENT_CONTACT_POINT, p));
    assert_int_equal(count(r, "9112223344"), 0);
    DO(r, try_delete(r, ENT_CONTACT, c));
    assert_int_equal(count(r, "орлова"), 0);
    DO(r, try_undo(r, r->last_change));
    assert_int_equal(count(r, "орлова"), 1);
    rig_close(r);
}

static void a_lost_or_foreign_word_is_a_problem_and_rebuilding_mends_it(void **state)
{
    struct rig *r = rig_open(*state);
    struct job_of j = {.job.apply = job_apply};
    struct job rebuild = {.apply = rebuild_apply};
    struct err e = {0};
    for (int i = 0; i < 5; i++)
        DO(r, try_create(r, ENT_CONTACT, NULL, "{'name':'Анна%d Ёлкина'}", i));
    assert_int_equal(problems(r), 0);
    j.sql = "DELETE FROM search_word WHERE word = 'елкина'; INSERT INTO search_word VALUES ('ничья', 4, 999)";
    OK(writer_run(r->writer, &j.job, &e));
    assert_true(problems(r) >= 5);
    OK(writer_run(r->writer, &rebuild, &e));
    assert_int_equal(count(r, "анна1"), 0);
    j.sql = NULL;
    do {
        OK(writer_run(r->writer, &j.job, &e));
    } while (j.more);
    assert_int_equal(count(r, "елкина"), 5);
    assert_int_equal(count(r, "ничья"), 0);
    assert_int_equal(problems(r), 0);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest texts[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(endless_text_has_few_words),
        cmocka_unit_test(layouts),
        cmocka_unit_test(slips),
    };
    const struct CMUnitTest tests[] = {
        SCENARIO(words_follow_records),
        SCENARIO(a_lost_or_foreign_word_is_a_problem_and_rebuilding_mends_it),
    };
    int failed = cmocka_run_group_tests(texts, NULL, NULL);
    return run_scenarios("search", tests, sizeof tests / sizeof tests[0]) + failed;
}
