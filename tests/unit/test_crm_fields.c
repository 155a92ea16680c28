/* The company's own fields: real columns that come while others work, and stay when they are deleted. */
#include "crm/custom_field.h"
#include "crm/filter.h"
#include "crm_rig.h"
#include <pthread.h>
#include <stdatomic.h>

static struct rig *open_rig(void **state)
{
    entities_forget();
    struct rig *r = rig_open(*state);
    struct err e = {0};
    OK(entities_load(r->db, &e));
    return r;
}

static void close_rig(struct rig *r)
{
    rig_close(r);
    entities_forget();
}

static int64_t new_field(struct rig *r, const char *object, const char *type, const char *label)
{
    int64_t id;
    DO(r, try_create(r, ENT_CUSTOM_FIELD, &id, "{'object':'%s','type':'%s','label':'%s'}", object, type, label));
    entities_refresh();
    return id;
}

static const char *cf(struct rig *r, int64_t id)
{
    return str_fmt(&r->arena, "cf_%lld", (long long)id).ptr;
}

static void every_type_of_field_keeps_what_was_written(void **state)
{
    static const struct {
        const char *type, *json, *bad, *code;
    } cases[] = {{"text", "'Ёлка'", "'две\\nстроки'", "control_character"},
                 {"long", "'две\\nстроки'", "1", "wrong_type"},
                 {"number", "-2.5", "2e15", "out_of_range"},
                 {"money", "-12345", "1.5", "wrong_type"},
                 {"date", "'2026-02-28'", "'2026-02-30'", "bad_date"},
                 {"time", "1700000000000", "'завтра'", "wrong_type"},
                 {"bool", "true", "1", "wrong_type"},
                 {"url", "'https://example.com/a'", "'https://a b'", "bad_url"},
                 {"phone", "'+79161234567'", "'звоните'", "bad_phone"},
                 {"email", "'a@example.com'", "'a'", "bad_email"},
                 {"user", "1", "999", "ref_not_found"}};
    struct rig *r = open_rig(state);
    int64_t deal;
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = cf(r, new_field(r, "deal", cases[i].type, cases[i].type));
        DO(r, try_update(r, ENT_DEAL, deal, "{'%s':%s}", name, cases[i].json));
        char want[200];
        snprintf(want, sizeof want, "\"%s\":%s", name, cases[i].json);
        for (char *c = want; *c; c++)
            *c = (char)(*c == '\'' ? '"' : *c);
        assert_non_null(strstr(shown(r, ENT_DEAL, deal), want));
        REFUSED(r, try_update(r, ENT_DEAL, deal, "{'%s':%s}", name, cases[i].bad), cases[i].code);
        DO(r, try_update(r, ENT_DEAL, deal, "{'%s':null}", name));
        DO(r, try_undo(r, r->last_change));
        assert_non_null(strstr(shown(r, ENT_DEAL, deal), want));
    }
    close_rig(r);
}

static void a_list_takes_only_its_own_values(void **state)
{
    struct rig *r = open_rig(state);
    int64_t one = new_field(r, "contact", "one_of", "Тариф"), many = new_field(r, "contact", "several_of", "Темы");
    int64_t a, b, c, contact;
    DO(r, try_create(r, ENT_FIELD_OPTION, &a, "{'custom_field_id':%lld,'name':'Базовый'}", (long long)one));
    DO(r, try_create(r, ENT_FIELD_OPTION, &b, "{'custom_field_id':%lld,'name':'Продажи'}", (long long)many));
    DO(r, try_create(r, ENT_FIELD_OPTION, &c, "{'custom_field_id':%lld,'name':'Финансы'}", (long long)many));
    DO(r, try_create(r, ENT_CONTACT, &contact, "{'name':'Анна','%s':%lld,'%s':[%lld,%lld]}", cf(r, one), (long long)a,
                     cf(r, many), (long long)b, (long long)c));
    REFUSED(r, try_update(r, ENT_CONTACT, contact, "{'%s':%lld}", cf(r, one), (long long)b), "ref_not_found");
    REFUSED(r, try_update(r, ENT_CONTACT, contact, "{'%s':[%lld]}", cf(r, many), (long long)a), "ref_not_found");
    DO(r, try_update(r, ENT_CONTACT, contact, "{'%s':null,'%s':[%lld]}", cf(r, one), cf(r, many), (long long)c));
    int64_t emptied = r->last_change;
    DO(r, try_update(r, ENT_FIELD_OPTION, a, "{'archived':true}"));
    REFUSED(r, try_update(r, ENT_CONTACT, contact, "{'%s':%lld}", cf(r, one), (long long)a), "option_archived");
    DO(r, try_undo(r, emptied)); /* what stood there comes back even so */
    const char *text = shown(r, ENT_CONTACT, contact);
    assert_non_null(strstr(text, str_fmt(&r->arena, "\"%s\":%lld", cf(r, one), (long long)a).ptr));
    assert_non_null(
        strstr(text, str_fmt(&r->arena, "\"%s\":[%lld,%lld]", cf(r, many), (long long)b, (long long)c).ptr));
    int64_t plain = new_field(r, "contact", "text", "Строка");
    REFUSED(r, try_create(r, ENT_FIELD_OPTION, NULL, "{'custom_field_id':%lld,'name':'Нет'}", (long long)plain),
            "field_without_list");
    close_rig(r);
}

static void a_deleted_field_keeps_its_place_and_comes_back_with_its_values(void **state)
{
    struct rig *r = open_rig(state);
    int64_t deal, first = new_field(r, "deal", "text", "Первое"), second = new_field(r, "deal", "number", "Второе");
    const struct entity *before = entity_by_id(ENT_DEAL);
    int at = entity_field(before, str_c(cf(r, second)));
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка','%s':'важное','%s':7}", cf(r, first), cf(r, second)));
    int64_t born = r->last_change;
    DO(r, try_delete(r, ENT_CUSTOM_FIELD, first));
    int64_t gone = r->last_change;
    entities_refresh();
    const struct entity *after = entity_by_id(ENT_DEAL);
    assert_int_equal(after->n_fields, before->n_fields);
    assert_int_equal(entity_field(after, str_c(cf(r, second))), at);
    assert_int_equal(entity_field(after, str_c(cf(r, first))), -1);
    assert_null(strstr(shown(r, ENT_DEAL, deal), cf(r, first)));
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'%s':'новое'}", cf(r, first)), "unknown_field");
    struct filter *f;
    struct filter_env env = {0};
    struct err e = {0};
    assert_int_equal(filter_parse(&r->arena, after, str_fmt(&r->arena, "%s = \"важное\"", cf(r, first)), &env, &f, &e),
                     RC_INVALID);
    DO(r, try_create(r, ENT_CUSTOM_FIELD, NULL, "{'object':'deal','type':'date','label':'Первое'}"));
    REFUSED(r, try_undo(r, gone), "taken_name"); /* its name has been taken meanwhile */
    DO(r, try_undo(r, r->last_change));
    DO(r, try_undo(r, gone));
    entities_refresh();
    assert_non_null(strstr(shown(r, ENT_DEAL, deal), "\"важное\""));
    DO(r, try_delete(r, ENT_CUSTOM_FIELD, first));
    entities_refresh();
    DO(r, try_undo(r, born)); /* of a deal whose field is deleted */
    DO(r, try_undo(r, r->last_change));
    close_rig(r);
}

static void a_required_field_is_asked_of_people_only(void **state)
{
    struct rig *r = open_rig(state);
    int64_t old, fresh, id;
    DO(r, try_create(r, ENT_COMPANY, &old, "{'name':'Старая'}"));
    DO(r, try_create(r, ENT_CUSTOM_FIELD, &id, "{'object':'company','type':'text','label':'Холдинг','required':true}"));
    entities_refresh();
    REFUSED(r, try_create(r, ENT_COMPANY, &fresh, "{'name':'Новая'}"), "required");
    assert_string_equal(r->e.field, cf(r, id));
    DO(r, try_create(r, ENT_COMPANY, &fresh, "{'name':'Новая','%s':'Север'}", cf(r, id)));
    REFUSED(r, try_update(r, ENT_COMPANY, fresh, "{'%s':null}", cf(r, id)), "required");
    DO(r, try_update(r, ENT_COMPANY, old, "{'phone':'+74951234567'}")); /* the older ones need not have it */
    close_rig(r);
}

static void an_older_state_is_a_prefix_of_a_newer_one(void **state)
{
    struct rig *r = open_rig(state);
    const struct entity *states[12], *deals = entity_by_id(ENT_DEAL);
    struct record *old = record_new(&r->arena, entity_by_id(ENT_TASK));
    old->f[TASK_TITLE] = val_str(STR("Позвонить"));
    for (int i = 0; i < 12; i++) {
        new_field(r, "task", i % 2 ? "several_of" : "text", str_fmt(&r->arena, "Поле %d", i).ptr);
        states[i] = entity_by_id(ENT_TASK);
    }
    for (int i = 1; i < 12; i++) {
        assert_int_equal(states[i]->n_fields, states[i - 1]->n_fields + 1);
        for (size_t k = 0; k < states[i - 1]->n_fields; k++) {
            assert_string_equal(states[i]->fields[k].name, states[i - 1]->fields[k].name);
            assert_int_equal(states[i]->fields[k].type, states[i - 1]->fields[k].type);
        }
    }
    assert_ptr_equal(entity_by_id(ENT_DEAL), deals); /* nouns that got nothing stay as they are */
    struct record *now = record_adapt(&r->arena, old);
    assert_ptr_equal(now->ent, states[11]);
    assert_true(str_eqc(now->f[TASK_TITLE].s, "Позвонить"));
    assert_int_equal(now->f[states[11]->n_fields - 1].kind, VAL_ABSENT);
    assert_ptr_equal(record_adapt(&r->arena, now), now);
    close_rig(r);
}

static enum rc fail_after_field(struct change *ch, void *arg, struct err *e)
{
    json_t *body = json_pack("{s:s,s:s,s:s}", "object", "deal", "type", "text", "label", (const char *)arg);
    int64_t id;
    TRY(change_create_json(ch, ENT_CUSTOM_FIELD, body, &id, e));
    char name[40];
    snprintf(name, sizeof name, "cf_%lld", (long long)id);
    assert_true(entity_field(entity_by_id(ENT_DEAL), str_c(name)) >= 0); /* the rest of the job sees it */
    return err_set(e, RC_CONFLICT, "on_purpose", "", NULL);
}

static void a_field_whose_job_failed_was_never_there(void **state)
{
    struct rig *r = open_rig(state);
    size_t n = entity_by_id(ENT_DEAL)->n_fields;
    int64_t deal;
    REFUSED(r, rig_do(r, fail_after_field, "Никогда"), "on_purpose");
    entities_refresh();
    assert_int_equal(entity_by_id(ENT_DEAL)->n_fields, n);
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}")); /* the writer, too, goes on without it */
    close_rig(r);
}

static void after_a_restart_the_fields_stand_where_they_stood(void **state)
{
    struct rig *r = open_rig(state);
    int64_t deal, a = new_field(r, "deal", "text", "Первое"), b = new_field(r, "deal", "several_of", "Второе"), o;
    int64_t c = new_field(r, "deal", "money", "Третье");
    DO(r, try_create(r, ENT_FIELD_OPTION, &o, "{'custom_field_id':%lld,'name':'Да','colour':'#00ff00'}", (long long)b));
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка','%s':'было','%s':[%lld],'%s':500}", cf(r, a), cf(r, b),
                     (long long)o, cf(r, c)));
    DO(r, try_delete(r, ENT_CUSTOM_FIELD, a));
    entities_refresh();
    const struct entity *was = entity_by_id(ENT_DEAL);
    const char *text = shown(r, ENT_DEAL, deal);
    struct err e = {0};
    entities_forget();
    assert_true(entity_by_id(ENT_DEAL)->n_fields < was->n_fields);
    OK(entities_load(r->db, &e));
    const struct entity *is = entity_by_id(ENT_DEAL);
    assert_int_equal(is->n_fields, was->n_fields);
    for (size_t i = 0; i < is->n_fields; i++) {
        assert_string_equal(is->fields[i].name, was->fields[i].name);
        assert_int_equal(is->fields[i].flags, was->fields[i].flags);
    }
    assert_string_equal(shown(r, ENT_DEAL, deal), text);
    close_rig(r);
}

struct busy {
    struct rig *rig;
    atomic_bool stop;
    atomic_int written, failed;
};

static enum rc write_one(struct change *ch, void *arg, struct err *e)
{
    struct busy *b = arg;
    json_t *body = json_pack("{s:s}", "title", "Сделка");
    int64_t id;
    TRY(change_create_json(ch, ENT_DEAL, body, &id, e));
    atomic_fetch_add(&b->written, 1);
    return RC_OK;
}

/* As the API does it: the record is made here, under the state of this thread, and written by the writer. */
static void *sell(void *arg)
{
    struct busy *b = arg;
    struct arena a = ARENA_EMPTY;
    while (!atomic_load(&b->stop)) {
        struct step s = {.job.apply = step_apply, .rig = b->rig, .run = write_one, .arg = b, .actor = b->rig->admin};
        struct command_job j = {0};
        struct err e = {0};
        command_job_init(&j);
        entities_refresh();
        j.command = &command_create;
        j.actor = (struct actor){b->rig->admin, ROLE_ADMIN, VIA_UI, NULL};
        j.ent = entity_by_id(ENT_DEAL);
        j.record = record_new(&a, j.ent);
        j.record->f[DEAL_TITLE] = val_str(STR("Ещё сделка"));
        j.done = NULL;
        if (writer_run(b->rig->writer, &s.job, &e) != RC_OK || writer_run(b->rig->writer, &j.job, &e) != RC_OK) {
            print_error("%s %s %s\n", e.code, e.field, e.arg[0]);
            atomic_fetch_add(&b->failed, 1);
        }
        arena_reset(&a);
    }
    arena_free(&a);
    return NULL;
}

static void fields_come_while_others_sell(void **state)
{
    struct rig *r = open_rig(state);
    struct busy b = {.rig = r};
    pthread_t sellers[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&sellers[i], NULL, sell, &b), 0);
    for (int i = 0; i < 20; i++) {
        int64_t id = new_field(r, "deal", i % 3 ? "text" : "several_of", str_fmt(&r->arena, "Поле %d", i).ptr);
        if (i % 4 == 3)
            DO(r, try_delete(r, ENT_CUSTOM_FIELD, id));
    }
    atomic_store(&b.stop, true);
    for (int i = 0; i < 3; i++)
        pthread_join(sellers[i], NULL);
    assert_int_equal(b.failed, 0);
    assert_true(b.written > 3);
    entities_refresh();
    close_rig(r); /* where journal and rows are compared */
}

static void a_card_names_fields_that_there_are_once(void **state)
{
    struct rig *r = open_rig(state);
    int64_t field = new_field(r, "deal", "text", "Своё"), layout;
    DO(r, try_create(r, ENT_LAYOUT, &layout,
                     "{'object':'deal','groups':[{'title':'Главное','fields':['value_minor','%s']},"
                     "{'title':'Прочее','fields':['tag_ids'],'collapsed':true}]}",
                     cf(r, field)));
    REFUSED(r, try_create(r, ENT_LAYOUT, NULL, "{'object':'deal','groups':[]}"), "layout_exists");
    DO(r, try_create(r, ENT_LAYOUT, NULL, "{'object':'deal','funnel_id':%lld,'groups':[]}", (long long)r->funnel));
    REFUSED(r,
            try_create(r, ENT_LAYOUT, NULL, "{'object':'contact','funnel_id':%lld,'groups':[]}", (long long)r->funnel),
            "layout_without_funnel");
    REFUSED(r, try_update(r, ENT_LAYOUT, layout, "{'groups':[{'title':'А','fields':['inn']}]}"),
            "layout_field_unknown");
    REFUSED(r, try_update(r, ENT_LAYOUT, layout, "{'groups':[{'fields':['title','title']}]}"), "layout_field_twice");
    REFUSED(r, try_update(r, ENT_LAYOUT, layout, "{'groups':[{'fields':['title'],'width':5}]}"), "bad_layout");
    REFUSED(r, try_update(r, ENT_LAYOUT, layout, "{'groups':[{'fields':'title'}]}"), "bad_layout");
    REFUSED(r, try_update(r, ENT_LAYOUT, layout, "{'groups':{}}"), "bad_layout");
    close_rig(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(every_type_of_field_keeps_what_was_written),
        SCENARIO(a_list_takes_only_its_own_values),
        SCENARIO(a_deleted_field_keeps_its_place_and_comes_back_with_its_values),
        SCENARIO(a_required_field_is_asked_of_people_only),
        SCENARIO(an_older_state_is_a_prefix_of_a_newer_one),
        SCENARIO(a_field_whose_job_failed_was_never_there),
        SCENARIO(after_a_restart_the_fields_stand_where_they_stood),
        SCENARIO(fields_come_while_others_sell),
        SCENARIO(a_card_names_fields_that_there_are_once),
    };
    return run_scenarios("crm_fields", tests, sizeof tests / sizeof tests[0]);
}
