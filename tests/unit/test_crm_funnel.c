/* Funnels may be changed at any time, and no change of them rewrites what happened. */
#include "crm_rig.h"

static struct str definition(struct rig *r, int64_t funnel, int64_t version)
{
    struct stmt *s;
    struct err e = {0};
    OK(db_prepare(r->db, &s, "SELECT definition FROM funnel_version WHERE funnel_id = $1 AND version = $2", &e));
    stmt_i64(s, 1, funnel);
    stmt_i64(s, 2, version);
    assert_int_equal(stmt_step(s, &e), RC_ROW);
    struct str text = str_dup(&r->arena, stmt_col_str(s, 0));
    stmt_done(s);
    return text;
}

static void every_change_of_a_funnel_publishes_one_definition(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t first = field_of(r, ENT_FUNNEL, r->funnel, FUNNEL_DEFINITION_VERSION).i;
    assert_int_equal(first, 5); /* the funnel and four stages, one by one */
    DO(r, try_update(r, ENT_STAGE, r->talks, "{'name':'Согласование','norm_days':7,'phase':'Продажа'}"));
    assert_int_equal(field_of(r, ENT_FUNNEL, r->funnel, FUNNEL_DEFINITION_VERSION).i, first + 1);
    assert_non_null(strstr(definition(r, r->funnel, first).ptr, "Переговоры"));
    struct str whole = definition(r, r->funnel, first + 1);
    assert_non_null(
        strstr(whole.ptr, "\"name\":\"Входящие\",\"kind\":\"inbound\",\"currency\":\"RUB\",\"archived\":false,"));
    assert_non_null(strstr(whole.ptr, str_fmt(&r->arena,
                                              "{\"id\":%lld,\"name\":\"Согласование\",\"colour\":null,\"phase\":"
                                              "\"Продажа\",\"norm_days\":7,\"outcome\":\"open\",\"probability\":40,"
                                              "\"archived\":false,",
                                              (long long)r->talks)
                                          .ptr));
    assert_true(strstr(whole.ptr, "Новая") < strstr(whole.ptr, "Согласование")); /* in their order */
    assert_true(strstr(whole.ptr, "Успех") < strstr(whole.ptr, "Отказ"));
    DO(r, try_update(r, ENT_FUNNEL, r->funnel, "{'position':1}")); /* saved unchanged: nothing is published */
    assert_int_equal(field_of(r, ENT_FUNNEL, r->funnel, FUNNEL_DEFINITION_VERSION).i, first + 1);
    rig_close(r);
}

static void a_stage_with_deals_in_it_stays(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка','stage_id':%lld}", (long long)r->talks));
    REFUSED(r, try_delete(r, ENT_STAGE, r->talks), "stage_in_use");
    REFUSED(r, try_update(r, ENT_STAGE, r->talks, "{'archived':true}"), "stage_in_use");
    REFUSED(r, try_update(r, ENT_STAGE, r->talks, "{'outcome':'won'}"), "stage_in_use");
    REFUSED(r, try_delete(r, ENT_FUNNEL, r->funnel), "funnel_in_use");
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld,'move_reason':'Рано'}", (long long)r->fresh));
    DO(r, try_update(r, ENT_STAGE, r->talks, "{'archived':true}"));
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->talks), "stage_archived");
    REFUSED(r, try_create(r, ENT_DEAL, NULL, "{'title':'x','stage_id':%lld}", (long long)r->talks), "stage_archived");
    DO(r, try_delete(r, ENT_STAGE, r->talks));
    DO(r, try_delete(r, ENT_DEAL, deal));
    REFUSED(r, try_delete(r, ENT_STAGE, r->fresh), "last_open_stage");
    REFUSED(r, try_update(r, ENT_STAGE, r->fresh, "{'outcome':'lost'}"), "last_open_stage");
    DO(r, try_delete(r, ENT_FUNNEL, r->funnel));
    assert_int_equal(number(r->db, "SELECT count(*) FROM stage WHERE deleted_at IS NULL"), 0);
    REFUSED(r, try_create(r, ENT_DEAL, NULL, "{'title':'x'}"), "no_funnel");
    DO(r, try_create(r, ENT_FUNNEL, NULL, "{'name':'входящие'}")); /* the name is free again */
    REFUSED(r, try_create(r, ENT_DEAL, NULL, "{'title':'x'}"), "no_open_stage");
    rig_close(r);
}

static void an_archived_funnel_takes_no_new_deals(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t other, here, there, deal;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка','stage_id':%lld}", (long long)r->talks));
    DO(r, try_create(r, ENT_FUNNEL, &other, "{'name':'Архив'}"));
    DO(r, try_create(r, ENT_STAGE, &there, "{'name':'Первый','funnel_id':%lld}", (long long)other));
    DO(r, try_update(r, ENT_DEAL, deal, "{'funnel_id':%lld,'stage_id':%lld}", (long long)other, (long long)there));
    DO(r,
       try_update(r, ENT_DEAL, deal, "{'funnel_id':%lld,'stage_id':%lld}", (long long)r->funnel, (long long)r->talks));
    here = r->last_change;
    DO(r, try_update(r, ENT_FUNNEL, other, "{'archived':true}"));
    REFUSED(r, try_create(r, ENT_DEAL, NULL, "{'title':'x','funnel_id':%lld}", (long long)other), "funnel_archived");
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'funnel_id':%lld,'stage_id':%lld}", (long long)other, (long long)there),
            "funnel_archived");
    DO(r, try_undo(r, here)); /* it stood there before */
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_FUNNEL_ID).i, other);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(every_change_of_a_funnel_publishes_one_definition),
        SCENARIO(a_stage_with_deals_in_it_stays),
        SCENARIO(an_archived_funnel_takes_no_new_deals),
    };
    return run_scenarios("crm_funnel", tests, sizeof tests / sizeof tests[0]);
}
