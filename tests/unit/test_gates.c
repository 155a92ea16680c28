/* What stages ask of a deal, gate by gate and way by way. */
#include "crm/gates.h"
#include "crm_rig.h"

/* Five stages of the rig's funnel in order: fresh, talks, offer; won; lost. */
struct line {
    struct rig *r;
    int64_t offer, deal;
};

static struct line open_line(void *where)
{
    struct line l = {.r = rig_open(where)};
    DO(l.r, try_create(l.r, ENT_STAGE, &l.offer, "{'funnel_id':%lld,'name':'КП отправлено','position':3}",
                       (long long)l.r->funnel));
    DO(l.r, try_update(l.r, ENT_STAGE, l.r->won, "{'position':4}"));
    DO(l.r, try_update(l.r, ENT_STAGE, l.r->lost, "{'position':5}"));
    DO(l.r, try_create(l.r, ENT_DEAL, &l.deal, "{'title':'Поставка','stage_id':%lld}", (long long)l.r->fresh));
    return l;
}

static int64_t gate(const struct line *l, int64_t stage, const char *rest)
{
    int64_t id;
    DO(l->r, try_create(l->r, ENT_GATE, &id, "{'stage_id':%lld,%s}", (long long)stage, rest));
    return id;
}

/* How much is missing for the deal's move. */
static size_t missing_at(const struct line *l, int64_t to, int64_t at, struct gates_missing *out)
{
    struct move m = {.db = l->r->db, .arena = &l->r->arena, .at = at};
    struct record *deal;
    struct err e = {0};
    OK(record_load(l->r->db, &l->r->arena, entity_by_id(ENT_DEAL), l->deal, false, &deal, &e));
    m.will = deal;
    OK(move_load(&m, deal->f[DEAL_STAGE_ID].i, to, &e));
    OK(gates_missing(&m, out, &e));
    return out->n;
}
static size_t missing(const struct line *l, int64_t to)
{
    struct gates_missing out;
    return missing_at(l, to, 1700000000000, &out);
}

static void the_order_of_a_funnel_is_its_open_stages_then_the_win(void **state)
{
    (void)state;
    const struct stage_spot first = {.id = 1, .funnel_id = 1, .position = 1}, second = {2, 1, DEAL_OPEN, 2},
                            twin = {3, 1, DEAL_OPEN, 2}, won = {4, 1, DEAL_WON, 0}, lost = {5, 1, DEAL_LOST, 9},
                            other = {6, 2, DEAL_OPEN, 1}, none = {0};
    assert_true(spot_before(&first, &second));
    assert_true(spot_before(&second, &twin));
    assert_false(spot_before(&twin, &second));
    assert_true(spot_before(&second, &won));
    assert_false(spot_before(&won, &first));
    assert_false(spot_before(&first, &lost) || spot_before(&lost, &first));
    assert_true(move_goes_back(&second, &first));
    assert_true(move_goes_back(&won, &second));
    assert_false(move_goes_back(&first, &second));
    assert_false(move_goes_back(&second, &lost));
    assert_false(move_goes_back(&lost, &first));
    assert_false(move_goes_back(&second, &other));
    assert_false(move_goes_back(&none, &first));
}

static void a_gate_counts_on_the_way_forward_only(void **state)
{
    struct line l = open_line(*state);
    struct rig *r = l.r;
    gate(&l, r->talks, "'kind':'check','name':'Вход в переговоры'");
    gate(&l, r->talks, "'kind':'check','name':'Выход из переговоров','at':'leave'");
    gate(&l, l.offer, "'kind':'check','name':'Вход в КП'");
    gate(&l, r->lost, "'kind':'check','name':'Вход в проигрыш'");
    assert_int_equal(missing(&l, r->talks), 1);
    assert_int_equal(missing(&l, l.offer), 3);
    assert_int_equal(missing(&l, r->won), 3);
    assert_int_equal(missing(&l, r->lost), 1);
    rig_close(r);
}

static void every_kind_looks_at_the_deal_as_it_is(void **state)
{
    struct line l = open_line(*state);
    struct rig *r = l.r;
    int64_t company, contact, product, id;
    gate(&l, r->talks, "'kind':'field','field':'company_id.inn'");
    gate(&l, r->talks, "'kind':'field','field':'product_ids'");
    gate(&l, r->talks, "'kind':'field','field':'contact_ids'");
    int64_t check = gate(&l, r->talks, "'kind':'check','name':'Бюджет назван'");
    gate(&l, r->talks, "'kind':'artefact','artefact':'offer'");
    gate(&l, r->talks, "'kind':'coverage','least':50");
    assert_int_equal(missing(&l, r->talks), 6);
    DO(r, try_create(r, ENT_COMPANY, &company, "{'name':'Вектор'}"));
    DO(r, try_update(r, ENT_DEAL, l.deal, "{'company_id':%lld}", (long long)company));
    assert_int_equal(missing(&l, r->talks), 6);
    DO(r, try_update(r, ENT_COMPANY, company, "{'inn':'7707083893'}"));
    assert_int_equal(missing(&l, r->talks), 5);
    DO(r, try_create(r, ENT_PRODUCT, &product, "{'name':'Лицензия','price_minor':5}"));
    DO(r, try_create(r, ENT_DEAL_PRODUCT, &id, "{'deal_id':%lld,'product_id':%lld}", (long long)l.deal,
                     (long long)product));
    assert_int_equal(missing(&l, r->talks), 4);
    DO(r, try_delete(r, ENT_DEAL_PRODUCT, id));
    assert_int_equal(missing(&l, r->talks), 5);
    DO(r, try_create(r, ENT_CONTACT, &contact, "{'name':'Анна'}"));
    DO(r, try_update(r, ENT_DEAL, l.deal, "{'contact_ids':[%lld],'check_ids':[%lld]}", (long long)contact,
                     (long long)check));
    assert_int_equal(missing(&l, r->talks), 3);
    rig_close(r);
}

static void a_client_waits_in_working_hours(void **state)
{
    struct line l = open_line(*state);
    struct gates_missing out;
    const int64_t friday = 1700236800000; /* 2023-11-17 19:00 in Moscow: the day is over */
    gate(&l, l.r->talks, "'kind':'waiting','least':4");
    DO(l.r, try_update(l.r, ENT_DEAL, l.deal, "{'waiting_since':%lld}", (long long)friday));
    assert_int_equal(missing_at(&l, l.r->talks, friday + 60 * 3600000LL, &out), 0); /* Monday, 7 in the morning */
    assert_int_equal(missing_at(&l, l.r->talks, friday + 66 * 3600000LL, &out), 0); /* 13:00: four hours worked */
    assert_int_equal(missing_at(&l, l.r->talks, friday + 69 * 3600000LL, &out), 1); /* 16:00: six, and a lunch */
    assert_int_equal(out.ptr[0].least, 4);
    assert_int_equal(out.ptr[0].have, 6);
    rig_close(l.r);
}

static void a_funnel_without_gates_is_not_asked_for_them(void **state)
{
    struct line l = open_line(*state);
    int64_t id = gate(&l, l.r->talks, "'kind':'check','name':'Один'");
    assert_int_equal(number(l.r->db, "SELECT sum(gates) FROM funnel"), 1);
    int64_t made = l.r->last_change;
    DO(l.r, try_delete(l.r, ENT_GATE, id));
    assert_int_equal(number(l.r->db, "SELECT sum(gates) FROM funnel"), 0);
    DO(l.r, try_undo(l.r, l.r->last_change));
    assert_int_equal(number(l.r->db, "SELECT sum(gates) FROM funnel"), 1);
    assert_true(made > 0);
    rig_close(l.r);
}

static void paths_of_fields_take_one_step(void **state)
{
    (void)state;
    const struct entity *of;
    int outer, inner;
    assert_true(gate_field_find(STR("value_minor"), &outer, &of, &inner) && inner < 0);
    assert_true(gate_field_find(STR("contact_id.phone"), &outer, &of, &inner) && of->id == ENT_CONTACT);
    static const char *const bad[] = {"",
                                      ".",
                                      "value_minor.",
                                      "nothing",
                                      "contact_id.nothing",
                                      "value_minor.x",
                                      "contact_ids.phone",
                                      "owner_id.password_hash",
                                      "contact_id.company_id.inn"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (gate_field_find(str_c(bad[i]), &outer, &of, &inner))
            fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(a_gate_counts_on_the_way_forward_only),
        SCENARIO(every_kind_looks_at_the_deal_as_it_is),
        SCENARIO(a_client_waits_in_working_hours),
        SCENARIO(a_funnel_without_gates_is_not_asked_for_them),
        cmocka_unit_test(the_order_of_a_funnel_is_its_open_stages_then_the_win),
        cmocka_unit_test(paths_of_fields_take_one_step),
    };
    return run_scenarios("gates", tests, sizeof tests / sizeof tests[0]);
}
