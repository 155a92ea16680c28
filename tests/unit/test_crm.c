/* What a seller does to deals, tasks and people, and what the house refuses. */
#include "crm_rig.h"

static void a_new_deal_stands_first_in_the_first_stage_and_belongs_to_who_made_it(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal;
    r->clock = 1700000000000;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'  Поставка «Ёлка» ','value_minor':1250000}"));
    char want[700];
    snprintf(want, sizeof want,
             "{\"id\":%lld,\"version\":1,\"created_at\":1700000000000,\"updated_at\":1700000000000,\"title\":"
             "\"Поставка «Ёлка»\","
             "\"funnel_id\":%lld,\"stage_id\":%lld,\"status\":\"open\",\"value_minor\":1250000,\"cost_minor\":null,"
             "\"currency\":\"RUB\",\"owner_id\":%lld,",
             (long long)deal, (long long)r->funnel, (long long)r->fresh, (long long)r->admin);
    const char *got = shown(r, ENT_DEAL, deal);
    assert_memory_equal(got, want, strlen(want));
    assert_non_null(strstr(got, "\"rank\":-1700000000000,"));
    assert_non_null(strstr(
        got, "\"stage_entered_at\":1700000000000,\"next_task_at\":null,\"open_tasks\":0,\"owner_reason\":null,"));
    assert_string_equal(last_event(r),
                        str_fmt(&r->arena,
                                "deal.created {\"title\":[null,\"Поставка «Ёлка»\"],\"funnel_id\":[null,%lld],"
                                "\"stage_id\":[null,%lld],\"status\":[null,\"open\"],\"value_minor\":[null,1250000],"
                                "\"currency\":[null,\"RUB\"],\"owner_id\":[null,%lld],\"rank\":[null,-1700000000000],"
                                "\"overrides\":[null,0]}",
                                (long long)r->funnel, (long long)r->fresh, (long long)r->admin)
                            .ptr);
    rig_close(r);
}

static void a_deal_moves_wins_is_lost_and_is_opened_again(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, reason, elsewhere, other_stage;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Монтаж'}"));
    r->clock = 1700000001000;
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->won));
    assert_string_equal(last_event(r), str_fmt(&r->arena,
                                               "deal.moved {\"stage_id\":[%lld,%lld],\"status\":[\"open\",\"won\"],"
                                               "\"closed_at\":[null,1700000001000]}",
                                               (long long)r->fresh, (long long)r->won)
                                           .ptr);
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->talks), "reason_required");
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld,'move_reason':'оплата не прошла'}", (long long)r->talks));
    assert_false(val_has(field_of(r, ENT_DEAL, deal, DEAL_CLOSED_AT)));
    /* losing wants a reason as soon as the funnel has any */
    DO(r, try_create(r, ENT_LOSS_REASON, &reason, "{'name':'Дорого','funnel_id':%lld}", (long long)r->funnel));
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->lost), "loss_reason_required");
    assert_string_equal(r->e.field, "loss_reason_id");
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'loss_reason_id':%lld}", (long long)reason), "not_lost");
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld,'loss_reason_id':%lld,'loss_comment':'бюджет'}",
                     (long long)r->lost, (long long)reason));
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'loss_reason_id':null}"), "loss_reason_required");
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->fresh));
    assert_false(val_has(field_of(r, ENT_DEAL, deal, DEAL_LOSS_REASON_ID)));
    assert_false(val_has(field_of(r, ENT_DEAL, deal, DEAL_LOSS_COMMENT)));
    /* another funnel */
    DO(r, try_create(r, ENT_FUNNEL, &elsewhere, "{'name':'Продление','kind':'renewal','currency':'EUR'}"));
    DO(r, try_create(r, ENT_STAGE, &other_stage, "{'funnel_id':%lld,'name':'Напомнить'}", (long long)elsewhere));
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'funnel_id':%lld}", (long long)elsewhere), "stage_not_in_funnel");
    REFUSED(
        r,
        try_update(r, ENT_DEAL, deal, "{'funnel_id':%lld,'stage_id':%lld}", (long long)elsewhere, (long long)r->talks),
        "stage_not_in_funnel");
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)other_stage));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_FUNNEL_ID).i, elsewhere);
    rig_close(r);
}

static void bad_fields_are_named(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t id;
    static const struct {
        enum entity_id kind;
        const char *json, *code, *field;
    } cases[] = {
        {ENT_DEAL, "{}", "required", "title"},
        {ENT_DEAL, "{'title':'  '}", "required", "title"},
        {ENT_DEAL, "{'title':5}", "wrong_type", "title"},
        {ENT_DEAL, "{'title':'a\\nb'}", "control_character", "title"},
        {ENT_DEAL, "{'title':'x','colour':'red'}", "unknown_field", "colour"},
        {ENT_DEAL, "{'title':'x','id':7}", "read_only_field", "id"},
        {ENT_DEAL, "{'title':'x','status':'won'}", "read_only_field", "status"},
        {ENT_DEAL, "{'title':'x','value_minor':1.5}", "wrong_type", "value_minor"},
        {ENT_DEAL, "{'title':'x','value_minor':-1}", "out_of_range", "value_minor"},
        {ENT_DEAL, "{'title':'x','value_minor':9007199254740992}", "out_of_range", "value_minor"},
        {ENT_DEAL, "{'title':'x','currency':'XXY'}", "bad_currency", "currency"},
        {ENT_DEAL, "{'title':'x','owner_id':777}", "ref_not_found", "owner_id"},
        {ENT_DEAL, "{'title':'x','stage_id':777}", "ref_not_found", "stage_id"},
        {ENT_DEAL, "{'title':'x','tag_ids':[777]}", "ref_not_found", "tag_ids"},
        {ENT_DEAL, "{'title':'x','tag_ids':5}", "wrong_type", "tag_ids"},
        {ENT_DEAL, "{'title':'x','expected_close_on':'2026-02-30'}", "bad_date", "expected_close_on"},
        {ENT_DEAL, "{'title':'x','probability':101}", "out_of_range", "probability"},
        {ENT_CONTACT, "{'name':'Иван','email':'ivan'}", "bad_email", "email"},
        {ENT_CONTACT, "{'name':'Иван','phone':'звонить утром'}", "bad_phone", "phone"},
        {ENT_COMPANY, "{'name':'Ромашка','website':'http://'}", "bad_url", "website"},
        {ENT_TAG, "{'name':'VIP','colour':'red'}", "bad_colour", "colour"},
        {ENT_FUNNEL, "{'name':'x','kind':'magic'}", "unknown_value", "kind"},
        {ENT_FUNNEL, "{'name':'  ВХОДЯЩИЕ '}", "taken_name", "name"},
        {ENT_USER, "{'name':'Анна','email':'ANNA@example.com'}", "taken_name", "email"},
        {ENT_USER, "{'name':'Анна','email':'a@b.ru','password_hash':'x'}", "read_only_field", "password_hash"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        REFUSED(r, try_create(r, cases[i].kind, &id, cases[i].json), cases[i].code);
        assert_string_equal(r->e.field, cases[i].field);
    }
    char title[700] = "";
    for (int i = 0; i < 201; i++)
        strcat(title, "щ");
    REFUSED(r, try_create(r, ENT_DEAL, &id, "{'title':'%s'}", title), "too_long");
    title[400] = '\0';
    DO(r, try_create(r, ENT_DEAL, &id, "{'title':'%s'}", title));
    rig_close(r);
}

static void texts_are_brought_into_one_form(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t id, company, tag[3];
    DO(r,
       try_create(r, ENT_COMPANY, &company, "{'name':'ООО Ромашка','website':'romashka.ru','comment':'раз\\r\\nдва'}"));
    assert_true(str_eqc(field_of(r, ENT_COMPANY, company, COMPANY_WEBSITE).s, "https://romashka.ru"));
    assert_true(str_eqc(field_of(r, ENT_COMPANY, company, COMPANY_COMMENT).s, "раз\nдва"));
    DO(r, try_create(r, ENT_CONTACT, &id, "{'name':'Пётр','phone':'+7 (999) 123-45-67','email':'','company_id':%lld}",
                     (long long)company));
    assert_true(str_eqc(field_of(r, ENT_CONTACT, id, CONTACT_PHONE).s, "+79991234567"));
    assert_false(val_has(field_of(r, ENT_CONTACT, id, CONTACT_EMAIL)));
    assert_int_equal(number(r->db, "SELECT count(*) FROM contact WHERE name_fold = 'петр'"), 1);
    for (int i = 0; i < 3; i++)
        DO(r, try_create(r, ENT_TAG, &tag[i], "{'name':'Метка %d','colour':'#A0B1C2'}", i));
    assert_true(str_eqc(field_of(r, ENT_TAG, tag[0], TAG_COLOUR).s, "#a0b1c2"));
    DO(r, try_update(r, ENT_CONTACT, id, "{'tag_ids':[%lld,%lld,%lld]}", (long long)tag[2], (long long)tag[0],
                     (long long)tag[2]));
    assert_string_equal(
        last_event(r),
        str_fmt(&r->arena, "contact.updated {\"tag_ids\":[[],[%lld,%lld]]}", (long long)tag[0], (long long)tag[2]).ptr);
    DO(r, try_update(r, ENT_CONTACT, id, "{'tag_ids':[%lld,%lld]}", (long long)tag[1], (long long)tag[0]));
    struct val set = field_of(r, ENT_CONTACT, id, CONTACT_TAG_IDS);
    assert_int_equal(set.set.n, 2);
    assert_int_equal(set.set.ids[1], tag[1]);
    rig_close(r);
}

static void saving_without_a_change_leaves_no_trace(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сервис','value_minor':5}"));
    int64_t before = number(r->db, "SELECT count(*) FROM journal");
    DO(r, try_update(r, ENT_DEAL, deal, "{'title':' Сервис','value_minor':5,'tag_ids':[],'contact_id':null}"));
    assert_int_equal(r->last_change, 0);
    assert_int_equal(number(r->db, "SELECT count(*) FROM journal"), before);
    assert_int_equal(number(r->db, "SELECT max(version) FROM deal"), 1);
    rig_close(r);
}

static void tasks_keep_the_deal_s_next_step(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, other, call, meet;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    DO(r, try_create(r, ENT_DEAL, &other, "{'title':'Другая'}"));
    DO(r, try_create(r, ENT_TASK, &call, "{'title':'Позвонить','kind':'call','deal_id':%lld,'due_at':2000}",
                     (long long)deal));
    DO(r, try_create(r, ENT_TASK, &meet, "{'title':'Встреча','deal_id':%lld,'due_at':1000}", (long long)deal));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_NEXT_TASK_AT).i, 1000);
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 2);
    REFUSED(r, try_update(r, ENT_TASK, meet, "{'done':true}"), "result_required");
    r->clock = 1700000005000;
    DO(r, try_update(r, ENT_TASK, meet, "{'done':true,'result':'договорились'}"));
    assert_string_equal(last_event(r), str_fmt(&r->arena,
                                               "task.done {\"done\":[false,true],\"result\":[null,\"договорились\"],"
                                               "\"done_at\":[null,1700000005000],\"done_by\":[null,%lld]}",
                                               (long long)r->admin)
                                           .ptr);
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_NEXT_TASK_AT).i, 2000);
    DO(r, try_update(r, ENT_TASK, call, "{'deal_id':%lld}", (long long)other));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 0);
    assert_int_equal(field_of(r, ENT_DEAL, other, DEAL_NEXT_TASK_AT).i, 2000);
    DO(r, try_update(r, ENT_TASK, meet, "{'done':false}"));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 1);
    DO(r, try_delete(r, ENT_TASK, meet));
    assert_false(val_has(field_of(r, ENT_DEAL, deal, DEAL_NEXT_TASK_AT)));
    assert_int_equal(number(r->db, "SELECT max(version) FROM deal"), 1); /* derived fields are nobody's edit */
    rig_close(r);
}

static void sums_of_products_are_exact(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, product, line;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    DO(r, try_create(r, ENT_PRODUCT, &product, "{'name':'Лицензия','price_minor':333}"));
    DO(r,
       try_create(r, ENT_DEAL_PRODUCT, &line, "{'deal_id':%lld,'product_id':%lld,'quantity':2.5,'discount_percent':10}",
                  (long long)deal, (long long)product));
    assert_int_equal(field_of(r, ENT_DEAL_PRODUCT, line, DEAL_PRODUCT_SUM_MINOR).i, 749); /* 749.25 */
    DO(r, try_update(r, ENT_DEAL_PRODUCT, line, "{'quantity':0.5,'discount_percent':0,'price_minor':333}"));
    assert_int_equal(field_of(r, ENT_DEAL_PRODUCT, line, DEAL_PRODUCT_SUM_MINOR).i, 167); /* 166.5 away from zero */
    REFUSED(r, try_update(r, ENT_DEAL_PRODUCT, line, "{'quantity':1000000000,'price_minor':9007199254740991}"),
            "sum_too_large");
    REFUSED(r, try_update(r, ENT_DEAL_PRODUCT, line, "{'quantity':0}"), "not_positive");
    REFUSED(r, try_update(r, ENT_DEAL_PRODUCT, line, "{'deal_id':%lld}", (long long)deal), "read_only_field");
    rig_close(r);
}

static void a_deal_leaves_with_what_hangs_on_it(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, task, note;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    DO(r, try_create(r, ENT_TASK, &task, "{'title':'Позвонить','deal_id':%lld,'due_at':9}", (long long)deal));
    DO(r, try_create(r, ENT_NOTE, &note, "{'text':'Важно','deal_id':%lld}", (long long)deal));
    DO(r, try_delete(r, ENT_DEAL, deal));
    int64_t change = r->last_change;
    assert_string_equal(shown(r, ENT_DEAL, deal), "not_found");
    assert_string_equal(shown(r, ENT_TASK, task), "not_found");
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'title':'x'}"), "not_found");
    DO(r, try_undo(r, change));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 1);
    assert_int_equal(field_of(r, ENT_NOTE, note, NOTE_AUTHOR_ID).i, r->admin);
    rig_close(r);
}

static void tables_and_field_tables_agree(void **state)
{
    struct rig *r = rig_open(*state);
    for (int i = 1; i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        struct stmt *s;
        struct err e = {0};
        if (!ent)
            continue;
        struct str columns = record_columns(&r->arena, ent, "t");
        OK(db_prepare(r->db, &s, str_fmt(&r->arena, "SELECT %.*s FROM %s t", STR_ARG(columns), ent->table).ptr, &e));
        OK(stmt_run(s, &e));
        assert_ptr_equal(entity_by_name(str_c(ent->name)), ent);
        assert_ptr_equal(entity_by_plural(str_c(ent->plural)), ent);
    }
    assert_null(entity_by_id(ENT_SESSION));
    assert_int_equal(entity_field(entity_by_id(ENT_DEAL), STR("stage_id")), DEAL_STAGE_ID);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(a_new_deal_stands_first_in_the_first_stage_and_belongs_to_who_made_it),
        SCENARIO(a_deal_moves_wins_is_lost_and_is_opened_again),
        SCENARIO(bad_fields_are_named),
        SCENARIO(texts_are_brought_into_one_form),
        SCENARIO(saving_without_a_change_leaves_no_trace),
        SCENARIO(tasks_keep_the_deal_s_next_step),
        SCENARIO(sums_of_products_are_exact),
        SCENARIO(a_deal_leaves_with_what_hangs_on_it),
        SCENARIO(tables_and_field_tables_agree),
    };
    return run_scenarios("crm", tests, sizeof tests / sizeof tests[0]);
}
