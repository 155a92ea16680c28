/* One click takes a change back; what others did meanwhile stays. */
#include "crm_rig.h"

static void a_move_taken_back_leaves_the_deal_as_it_stood(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal;
    r->clock = 1700000000000;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    r->clock = 1700000001000;
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->talks));
    r->clock = 1700000002000;
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld,'value_minor':77}", (long long)r->won));
    int64_t won = r->last_change;
    const char *before = shown(r, ENT_DEAL, deal);
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_CLOSED_AT).i, 1700000002000);
    r->clock = 1700000003000;
    DO(r, try_undo(r, won));
    int64_t back = r->last_change;
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_STATUS).i, DEAL_OPEN);
    assert_false(val_has(field_of(r, ENT_DEAL, deal, DEAL_CLOSED_AT)));
    assert_false(val_has(field_of(r, ENT_DEAL, deal, DEAL_VALUE_MINOR)));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_STAGE_ENTERED_AT).i, 1700000001000);
    assert_int_equal(number(r->db, "SELECT undoes FROM journal ORDER BY seq DESC LIMIT 1"), won);
    assert_int_equal(number(r->db, "SELECT cause FROM journal ORDER BY seq DESC LIMIT 1"), won);
    assert_int_equal(number(r->db, "SELECT via FROM journal ORDER BY seq DESC LIMIT 1"), VIA_UNDO);
    REFUSED(r, try_undo(r, won), "already_undone");
    r->clock = 1700000004000;
    DO(r, try_undo(r, back)); /* done again, at the time it was won */
    const char *after = shown(r, ENT_DEAL, deal);
    assert_string_equal(strstr(after, "\"title\""), strstr(before, "\"title\""));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_STAGE_ENTERED_AT).i, 1700000002000);
    DO(r, try_undo(r, won)); /* the first change stands again, so it can be taken back again */
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_STAGE_ID).i, r->talks);
    rig_close(r);
}

static void only_fields_touched_later_stand_in_the_way(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Старое','value_minor':1}"));
    DO(r, try_update(r, ENT_DEAL, deal, "{'title':'Новое','value_minor':2}"));
    int64_t both = r->last_change;
    DO(r, try_update(r, ENT_DEAL, deal, "{'cost_minor':3}")); /* another field: no obstacle */
    DO(r, try_undo(r, both));
    DO(r, try_undo(r, r->last_change));
    DO(r, try_update(r, ENT_DEAL, deal, "{'title':'Иное'}"));
    REFUSED(r, try_undo(r, both), "undo_conflict");
    assert_string_equal(r->e.field, "title");
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_VALUE_MINOR).i, 2); /* nothing half-done */
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_COST_MINOR).i, 3);
    REFUSED(r, try_undo(r, 999999), "not_found");
    REFUSED(r, try_undo(r, 0), "not_found");
    rig_close(r);
}

static void a_new_deal_is_taken_back_until_somebody_builds_on_it(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, deal_change, task, task_change, contact, contact_change;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    deal_change = r->last_change;
    DO(r, try_create(r, ENT_TASK, &task, "{'title':'Позвонить','deal_id':%lld,'due_at':5}", (long long)deal));
    task_change = r->last_change;
    REFUSED(r, try_undo(r, deal_change), "undo_conflict");
    DO(r, try_undo(r, task_change));
    int64_t task_back = r->last_change;
    DO(r, try_undo(r, deal_change));
    assert_string_equal(shown(r, ENT_DEAL, deal), "not_found");
    DO(r, try_undo(r, r->last_change));
    DO(r, try_undo(r, task_back));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_NEXT_TASK_AT).i, 5);
    DO(r, try_update(r, ENT_DEAL, deal, "{'title':'Другая'}"));
    REFUSED(r, try_undo(r, deal_change), "undo_conflict");
    assert_string_equal(r->e.field, "title");
    DO(r, try_create(r, ENT_CONTACT, &contact, "{'name':'Ольга'}"));
    contact_change = r->last_change;
    DO(r, try_update(r, ENT_DEAL, deal, "{'contact_ids':[%lld]}", (long long)contact));
    REFUSED(r, try_undo(r, contact_change), "undo_conflict");
    rig_close(r);
}

static void tags_of_others_survive_an_undo(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, tag[4];
    for (int i = 0; i < 4; i++)
        DO(r, try_create(r, ENT_TAG, &tag[i], "{'name':'%d'}", i));
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка','tag_ids':[%lld,%lld]}", (long long)tag[0],
                     (long long)tag[1]));
    DO(r, try_update(r, ENT_DEAL, deal, "{'tag_ids':[%lld,%lld]}", (long long)tag[1], (long long)tag[2])); /* -0 +2 */
    int64_t change = r->last_change;
    DO(r, try_update(r, ENT_DEAL, deal, "{'tag_ids':[%lld,%lld,%lld]}", (long long)tag[1], (long long)tag[2],
                     (long long)tag[3]));
    DO(r, try_undo(r, change));
    struct val set = field_of(r, ENT_DEAL, deal, DEAL_TAG_IDS);
    assert_int_equal(set.set.n, 3);
    assert_int_equal(set.set.ids[0], tag[0]);
    assert_int_equal(set.set.ids[1], tag[1]);
    assert_int_equal(set.set.ids[2], tag[3]);
    rig_close(r);
}

static void a_finished_task_is_opened_again_with_its_past(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, task;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    DO(r, try_create(r, ENT_TASK, &task, "{'title':'Позвонить','deal_id':%lld,'due_at':5}", (long long)deal));
    r->clock = 1700000000000;
    DO(r, try_update(r, ENT_TASK, task, "{'done':true,'result':'да'}"));
    int64_t change = r->last_change;
    DO(r, try_undo(r, change));
    assert_false(val_has(field_of(r, ENT_TASK, task, TASK_DONE_AT)));
    assert_false(val_has(field_of(r, ENT_TASK, task, TASK_RESULT)));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 1);
    r->clock = 1700000009000;
    DO(r, try_undo(r, r->last_change));
    assert_int_equal(field_of(r, ENT_TASK, task, TASK_DONE_AT).i, 1700000000000);
    assert_int_equal(field_of(r, ENT_TASK, task, TASK_DONE_BY).i, r->admin);
    DO(r, try_delete(r, ENT_TASK, task));
    DO(r, try_undo(r, r->last_change));
    DO(r, try_undo(r, r->last_change));
    assert_string_equal(shown(r, ENT_TASK, task), "not_found");
    rig_close(r);
}

static void a_deleted_deal_comes_back_only_to_the_stage_it_knew(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка','stage_id':%lld}", (long long)r->talks));
    DO(r, try_delete(r, ENT_DEAL, deal));
    int64_t gone = r->last_change;
    DO(r, try_update(r, ENT_STAGE, r->talks, "{'outcome':'won'}"));
    REFUSED(r, try_undo(r, gone), "undo_conflict");
    DO(r, try_update(r, ENT_STAGE, r->talks, "{'outcome':'open','archived':true}"));
    REFUSED(r, try_undo(r, gone), "stage_archived");
    DO(r, try_update(r, ENT_STAGE, r->talks, "{'archived':false}"));
    DO(r, try_undo(r, gone));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_STAGE_ID).i, r->talks);
    rig_close(r);
}

static void a_task_does_not_come_back_to_a_deal_that_is_gone(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, task;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    DO(r, try_create(r, ENT_TASK, &task, "{'title':'Позвонить','deal_id':%lld}", (long long)deal));
    DO(r, try_delete(r, ENT_TASK, task));
    int64_t task_gone = r->last_change;
    DO(r, try_delete(r, ENT_DEAL, deal));
    int64_t deal_gone = r->last_change;
    REFUSED(r, try_undo(r, task_gone), "undo_conflict");
    assert_string_equal(shown(r, ENT_TASK, task), "not_found");
    DO(r, try_undo(r, deal_gone));
    DO(r, try_undo(r, task_gone));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 1);
    rig_close(r);
}

static enum rc new_funnel(struct change *ch, void *arg, struct err *e)
{
    int64_t *funnel = arg;
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_FUNNEL));
    in->f[FUNNEL_NAME] = val_str(STR("Тендеры"));
    TRY(change_create(ch, in, funnel, e));
    for (int i = 0; i < 12; i++) {
        struct record *stage = record_new(ch->tx->arena, entity_by_id(ENT_STAGE));
        stage->f[STAGE_FUNNEL_ID] = val_int(*funnel);
        stage->f[STAGE_NAME] = val_str(str_fmt(ch->tx->arena, "Этап %d", i));
        TRY(change_create(ch, stage, NULL, e));
    }
    return RC_OK;
}

static void a_whole_funnel_comes_and_goes_in_one_change(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t funnel;
    DO(r, rig_do(r, new_funnel, &funnel));
    int64_t change = r->last_change;
    assert_int_equal(field_of(r, ENT_FUNNEL, funnel, FUNNEL_DEFINITION_VERSION).i, 1);
    DO(r, try_undo(r, change));
    assert_int_equal(number(r->db, "SELECT count(*) FROM stage WHERE name LIKE 'Этап%' AND deleted_at IS NULL"), 0);
    DO(r, try_undo(r, r->last_change));
    assert_int_equal(number(r->db, "SELECT count(*) FROM stage WHERE name LIKE 'Этап%' AND deleted_at IS NULL"), 12);
    assert_int_equal(field_of(r, ENT_FUNNEL, funnel, FUNNEL_DEFINITION_VERSION).i,
                     3); /* made, taken back, made again */
    DO(r, try_delete(r, ENT_FUNNEL, funnel));
    DO(r, try_undo(r, r->last_change));
    assert_int_equal(number(r->db, "SELECT count(*) FROM stage WHERE name LIKE 'Этап%' AND deleted_at IS NULL"), 12);
    rig_close(r);
}

static enum rc set_currency(struct change *ch, void *arg, struct err *e)
{
    return setting_set(ch, "currency", str_c(arg), e);
}

static void settings_are_taken_back_too(void **state)
{
    struct rig *r = rig_open(*state);
    struct str now;
    struct err e = {0};
    DO(r, rig_do(r, set_currency, "USD"));
    assert_string_equal(last_event(r), "setting.updated {\"currency\":[null,\"USD\"]}");
    DO(r, rig_do(r, set_currency, "EUR"));
    DO(r, try_undo(r, r->last_change));
    OK(setting_get(r->db, &r->arena, "currency", "RUB", &now, &e));
    assert_true(str_eqc(now, "USD"));
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(a_move_taken_back_leaves_the_deal_as_it_stood),
        SCENARIO(only_fields_touched_later_stand_in_the_way),
        SCENARIO(a_new_deal_is_taken_back_until_somebody_builds_on_it),
        SCENARIO(tags_of_others_survive_an_undo),
        SCENARIO(a_finished_task_is_opened_again_with_its_past),
        SCENARIO(a_deleted_deal_comes_back_only_to_the_stage_it_knew),
        SCENARIO(a_task_does_not_come_back_to_a_deal_that_is_gone),
        SCENARIO(a_whole_funnel_comes_and_goes_in_one_change),
        SCENARIO(settings_are_taken_back_too),
    };
    return run_scenarios("crm_undo", tests, sizeof tests / sizeof tests[0]);
}
