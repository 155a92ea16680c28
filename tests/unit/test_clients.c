/* The buying centre's coverage, the ladder's points and the way of a deal. */
#include "base/vec.h"
#include "crm/clients.h"
#include "crm/ladder.h"
#include "crm_rig.h"

#define NOW INT64_C(1700000000000)
#define DAY INT64_C(86400000)

static int64_t contact(struct rig *r, const char *name)
{
    int64_t id;
    DO(r, try_create(r, ENT_CONTACT, &id, "{'name':'%s'}", name));
    return id;
}

struct answer {
    int64_t percent, until; /* percent -1: nobody named */
};
static struct answer coverage(struct rig *r, int64_t deal, int64_t now)
{
    struct err e = {0};
    struct val v;
    struct answer a;
    OK(deal_coverage(r->db, deal, now, &v, &a.until, &e));
    a.percent = val_i(v, -1);
    return a;
}

static void coverage_counts_those_whose_needs_are_known_and_who_were_spoken_to(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, boss, user;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Обучение'}"));
    assert_int_equal(coverage(r, deal, NOW).percent, -1);
    DO(r, try_create(
              r, ENT_BUYER, &user,
              "{'deal_id':%lld,'contact_id':%lld,'role':'uses','needs':'а','expectations':'б','last_contact_at':%lld}",
              (long long)deal, (long long)contact(r, "Пользователь"), (long long)(NOW - 10 * DAY)));
    assert_int_equal(coverage(r, deal, NOW).percent, 0); /* nobody decides */
    DO(r, try_create(r, ENT_BUYER, &boss, "{'deal_id':%lld,'contact_id':%lld,'role':'decides'}", (long long)deal,
                     (long long)contact(r, "Директор")));
    assert_int_equal(coverage(r, deal, NOW).percent, 50);
    assert_int_equal(coverage(r, deal, NOW).until, NOW - 10 * DAY + 90 * DAY + 1);
    assert_int_equal(coverage(r, deal, NOW + 80 * DAY).percent, 50); /* the ninetieth day still counts */
    assert_int_equal(coverage(r, deal, NOW + 80 * DAY + 1).percent, 0);
    DO(r, try_update(r, ENT_BUYER, boss, "{'needs':'в','expectations':'г','last_contact_at':%lld}", (long long)NOW));
    assert_int_equal(coverage(r, deal, NOW).percent, 100);
    DO(r, try_create(r, ENT_BUYER, NULL, "{'deal_id':%lld,'contact_id':%lld}", (long long)deal,
                     (long long)contact(r, "Третий")));
    assert_int_equal(coverage(r, deal, NOW).percent, 67); /* two of three, rounded */
    rig_close(r);
}

/* Those that were taken back, and the taking back itself, lead nowhere. */
static void the_way_of_a_deal_leaves_out_what_was_taken_back(void **state)
{
    struct arena a = ARENA_EMPTY;
    struct deal_path p = {0};
    const struct event events[] = {{.seq = 1, .verb = VERB_CREATED, .data = STR("{\"stage_id\":[null,1]}")},
                                   {.seq = 2, .verb = VERB_MOVED, .data = STR("{\"stage_id\":[1,2]}")},
                                   {.seq = 3, .verb = VERB_MOVED, .data = STR("{\"stage_id\":[2,1]}"), .undoes = 2},
                                   {.seq = 4, .verb = VERB_MOVED, .data = STR("{\"stage_id\":[1,3]}")},
                                   {.seq = 5, .verb = VERB_MOVED, .data = STR("{\"stage_id\":[3,1]}"), .undoes = 4},
                                   {.seq = 6, .verb = VERB_MOVED, .data = STR("{\"stage_id\":[1,3]}"), .undoes = 5},
                                   {.seq = 7, .verb = VERB_PASSED, .data = STR("{\"stage_id\":[3,4]}")}};
    (void)state;
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        deal_path_add(&p, &events[i]);
    struct val v = deal_path_stages(&p, &a, 3);
    assert_int_equal(v.set.n, 3);
    assert_int_equal(v.set.ids[0], 1);
    assert_int_equal(v.set.ids[1], 3);
    assert_int_equal(v.set.ids[2], 4);
    vec_free(&p);
    arena_free(&a);
}

static void a_long_ladder_is_thinned_evenly_and_keeps_its_wins(void **state)
{
    enum { N = 10000, WINS = 50, MOST = 2000 };
    struct ladder_point *p = calloc(N, sizeof *p);
    size_t wins = 0, gap = 0;
    (void)state;
    for (int i = 0; i < N; i++)
        p[i] = (struct ladder_point){.at = i, .kind = i % (N / WINS) == 7 ? LADDER_WON : LADDER_UP};
    size_t n = ladder_thin(p, N, MOST);
    assert_int_equal(n, MOST);
    for (size_t i = 0; i < n; i++) {
        wins += p[i].kind == LADDER_WON;
        if (i && (size_t)(p[i].at - p[i - 1].at) > gap)
            gap = (size_t)(p[i].at - p[i - 1].at);
    }
    assert_int_equal(wins, WINS);
    assert_true(gap <= 7); /* one in five, wherever one looks */
    assert_int_equal(ladder_thin(p, 100, MOST), 100);
    free(p);
}

static void a_hard_year_fits_into_one_picture(void **state)
{
    struct rig *r = rig_open(*state);
    struct buf out = {0};
    struct err e = {0};
    json_t *tree;
    int64_t firm, deal;
    DO(r, try_create(r, ENT_COMPANY, &firm, "{'name':'ООО «Высота»'}"));
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Обучение','company_id':%lld}", (long long)firm));
    for (int i = 0; i < 20; i++) {
        DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->talks));
        DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld,'move_reason':'снова'}", (long long)r->fresh));
    }
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_RETURNS).i, 20);
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->won));
    OK(client_ladder(r->db, &r->arena, entity_by_id(ENT_COMPANY), firm, NULL, &out, &e));
    OK(json_read(buf_view(&out), &tree, &e));
    const json_t *points = json_object_get(tree, "points"), *last = json_array_get(points, json_array_size(points) - 1);
    assert_int_equal(json_array_size(points), 42);
    assert_string_equal(json_string_value(json_object_get(last, "kind")), "won");
    assert_int_equal(json_integer_value(json_object_get(last, "level")), 100);
    assert_int_equal(json_array_size(json_object_get(tree, "levels")), 4); /* of the funnel: nobody made classifiers */
    json_decref(tree);
    buf_free(&out);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(coverage_counts_those_whose_needs_are_known_and_who_were_spoken_to),
        SCENARIO(the_way_of_a_deal_leaves_out_what_was_taken_back),
        SCENARIO(a_long_ladder_is_thinned_evenly_and_keeps_its_wins),
        SCENARIO(a_hard_year_fits_into_one_picture),
    };
    return run_scenarios("clients", tests, sizeof tests / sizeof *tests);
}
