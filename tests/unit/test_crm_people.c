/* Who may come in, what a repeated request does, who hears of changes. */
#include "crm/outbox.h"
#include "crm_rig.h"

/* ---- users and sessions ---- */

struct login {
    int64_t user;
    struct str token;
    struct session s;
    struct rig *r;
};
static enum rc open_session(struct change *ch, void *arg, struct err *e)
{
    struct login *l = arg;
    return session_open(ch, l->user, &l->r->arena, &l->token, &l->s, e);
}
static enum rc close_session(struct change *ch, void *arg, struct err *e)
{
    return session_close(ch, ((struct login *)arg)->s.id, e);
}
static enum rc close_others(struct change *ch, void *arg, struct err *e)
{
    struct login *l = arg;
    return session_close_others(ch, l->user, l->s.id, e);
}
static enum rc make_token(struct change *ch, void *arg, struct err *e)
{
    struct login *l = arg;
    return token_create(ch, l->user, STR("1С"), STR_NULL, 0, &l->r->arena, &l->token, &l->s.id, e);
}
static enum rc drop_token(struct change *ch, void *arg, struct err *e)
{
    struct login *l = arg;
    return token_delete(ch, l->user, l->s.id, e);
}
static bool signed_in(struct rig *r, struct str token, int64_t now)
{
    struct session s;
    return session_find(r->db, token, now, &s, &r->e) == RC_OK;
}

static void sessions_end_when_they_should(void **state)
{
    struct rig *r = rig_open(*state);
    struct login one = {.user = r->seller, .r = r}, two = one, api = one;
    r->clock = 1700000000000;
    DO(r, rig_do(r, open_session, &one));
    DO(r, rig_do(r, open_session, &two));
    DO(r, rig_do(r, make_token, &api));
    assert_int_equal(one.token.len, 43);
    assert_int_equal(strlen(one.s.csrf), 43);
    assert_int_equal(one.s.role, ROLE_SELLER);
    assert_string_equal(one.s.locale, "ru");
    assert_false(one.s.is_token);
    assert_false(str_eqc(one.token, one.s.csrf));
    assert_true(str_starts(api.token, STR("vrk_")));
    assert_int_equal(
        number(r->db, str_fmt(&r->arena, "SELECT count(*) FROM session WHERE token_hash = '%s'", one.token.ptr).ptr),
        0);
    int64_t soon = r->clock + 1000;
    assert_true(signed_in(r, one.token, soon) && signed_in(r, two.token, soon) && signed_in(r, api.token, soon));
    assert_false(signed_in(r, STR("nonsense"), soon));
    assert_false(signed_in(r, STR(""), soon));
    assert_false(signed_in(r, one.token, r->clock + 14 * INT64_C(86400000)));
    assert_true(signed_in(r, api.token, r->clock + 400 * INT64_C(86400000)));
    DO(r, rig_do(r, close_others, &one));
    assert_true(signed_in(r, one.token, soon) && signed_in(r, api.token, soon));
    assert_false(signed_in(r, two.token, soon));
    DO(r, rig_do(r, close_session, &one));
    assert_false(signed_in(r, one.token, soon));
    DO(r, try_update(r, ENT_USER, r->seller, "{'active':false}"));
    assert_false(signed_in(r, api.token, soon));
    DO(r, try_update(r, ENT_USER, r->seller, "{'active':true}"));
    assert_false(signed_in(r, api.token, soon)); /* what was ended stays ended */
    DO(r, rig_do(r, make_token, &api));
    DO(r, rig_do(r, drop_token, &api));
    assert_false(signed_in(r, api.token, soon));
    REFUSED(r, rig_do(r, drop_token, &api), "not_found");
    rig_close(r);
}

static void the_company_keeps_an_administrator_and_its_deals_an_owner(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal;
    REFUSED(r, try_delete(r, ENT_USER, r->admin), "last_admin");
    REFUSED(r, try_update(r, ENT_USER, r->admin, "{'role':'head'}"), "last_admin");
    REFUSED(r, try_update(r, ENT_USER, r->admin, "{'active':false}"), "last_admin");
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка','owner_id':%lld}", (long long)r->seller));
    REFUSED(r, try_delete(r, ENT_USER, r->seller), "user_in_use");
    DO(r, try_update(r, ENT_USER, r->seller, "{'active':false}"));
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->won));
    DO(r, try_delete(r, ENT_USER, r->seller));
    DO(r, try_create(r, ENT_USER, NULL, "{'name':'Вера','email':'vera@example.com','role':'admin','locale':'en'}"));
    DO(r, try_update(r, ENT_USER, r->admin, "{'role':'head'}"));
    rig_close(r);
}

struct passwords {
    struct str hash;
    int64_t user;
    bool created;
};
static enum rc set_password(struct change *ch, void *arg, struct err *e)
{
    struct passwords *p = arg;
    return user_set_password(ch, p->user, p->hash, e);
}
static enum rc ensure_admin(struct change *ch, void *arg, struct err *e)
{
    struct passwords *p = arg;
    return user_ensure_admin(ch, STR("root@example.com"), p->hash, &p->created, e);
}

static void passwords_never_reach_the_journal(void **state)
{
    struct rig *r = rig_open(*state);
    struct passwords p = {.user = r->seller};
    struct user_login login;
    assert_int_equal(password_hash(&r->arena, STR("короче"), &p.hash, &r->e), RC_UNPROCESSABLE);
    assert_string_equal(r->e.code, "weak_password");
    DO(r, password_hash(&r->arena, STR("длинный пароль"), &p.hash, &r->e));
    DO(r, rig_do(r, set_password, &p));
    assert_string_equal(last_event(r), "user.updated {\"password_hash\":[null,null]}");
    REFUSED(r, try_undo(r, r->last_change), "not_undoable");
    DO(r, user_find_login(r->db, &r->arena, STR(" Boris@Example.com "), &login, &r->e));
    assert_int_equal(login.id, r->seller);
    assert_true(login.active && password_verify(login.hash, STR("длинный пароль")));
    assert_false(password_verify(login.hash, STR("длинный парол")));
    assert_false(password_verify(STR(""), STR("")));
    assert_null(strstr(shown(r, ENT_USER, r->seller), "argon"));
    assert_int_equal(user_find_login(r->db, &r->arena, STR("nobody@example.com"), &login, &r->e), RC_NOT_FOUND);
    DO(r, rig_do(r, ensure_admin, &p)); /* there is one */
    assert_false(p.created);
    rig_close(r);
}

/* ---- repeated requests ---- */

static enum rc send(struct rig *r, struct command_job *j, const char *json, const char *hash)
{
    json_t *tree = NULL;
    const struct entity *ent = entity_by_id(ENT_DEAL);
    char text[400];
    snprintf(text, sizeof text, "%s", json);
    command_job_init(j);
    DO(r, json_read(str_c(text), &tree, &r->e));
    DO(r, record_from_json(&r->arena, ent, tree, true, &j->record, &r->e));
    json_decref(tree);
    j->command = &command_create;
    j->ent = ent;
    j->actor = (struct actor){r->seller, ROLE_SELLER, VIA_API};
    j->idempotency_key = STR("заказ-1");
    j->request_hash = str_c(hash);
    return writer_run(r->writer, &j->job, &r->e);
}

static void a_repeated_request_makes_one_deal(void **state)
{
    struct rig *r = rig_open(*state);
    struct command_job first = {0}, again = {0}, other = {0};
    DO(r, send(r, &first, "{\"title\":\"С сайта\"}", "h1"));
    DO(r, send(r, &again, "{\"title\":\"С сайта\"}", "h1"));
    assert_false(first.replayed);
    assert_true(again.replayed && again.out_id == first.out_id && again.change_id == first.change_id);
    REFUSED(r, send(r, &other, "{\"title\":\"Другое\"}", "h2"), "idempotency_mismatch");
    assert_int_equal(number(r->db, "SELECT count(*) FROM deal"), 1);
    assert_int_equal(field_of(r, ENT_DEAL, first.out_id, DEAL_OWNER_ID).i, r->seller);
    /* stale versions */
    struct command_job edit = {.command = &command_update, .id = first.out_id, .expect_version = 7};
    command_job_init(&edit);
    edit.record = record_new(&r->arena, entity_by_id(ENT_DEAL));
    edit.record->f[DEAL_TITLE] = val_str(STR("Позже"));
    REFUSED(r, writer_run(r->writer, &edit.job, &r->e), "stale_version");
    edit.expect_version = 1;
    DO(r, writer_run(r->writer, &edit.job, &r->e));
    struct command_job undo = {.command = &command_undo, .id = edit.change_id};
    command_job_init(&undo);
    DO(r, writer_run(r->writer, &undo.job, &r->e));
    assert_int_equal(undo.undone, 1);
    struct command_job gone = {.command = &command_delete, .ent = entity_by_id(ENT_DEAL), .id = first.out_id};
    command_job_init(&gone);
    DO(r, writer_run(r->writer, &gone.job, &r->e));
    assert_string_equal(shown(r, ENT_DEAL, first.out_id), "not_found");
    rig_close(r);
}

/* ---- the outbox ---- */

static struct outbox_rows due(struct rig *r, int64_t now)
{
    struct outbox_rows rows;
    DO(r, outbox_due(r->db, &r->arena, "webhook", now, 10, &rows, &r->e));
    return rows;
}

static void subscribers_hear_of_what_they_asked_for_in_order(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t hook, deal, at, far = INT64_C(4000000000000);
    DO(r, try_create(r, ENT_WEBHOOK, &hook,
                     "{'url':'https://example.com/hook','kinds':'deal.moved, task.*','secret':'12345678'}"));
    assert_null(strstr(shown(r, ENT_WEBHOOK, hook), "12345678"));
    assert_null(strstr(last_event(r), "12345678"));
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    assert_int_equal(due(r, far).n, 0);
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->talks));
    int64_t moved = r->last_change;
    DO(r, try_create(r, ENT_TASK, NULL, "{'title':'Позвонить','deal_id':%lld}", (long long)deal));
    assert_int_equal(number(r->db, "SELECT count(*) FROM outbox"), 2);
    struct outbox_rows rows = due(r, far);
    assert_int_equal(rows.n, 1); /* the second waits for the first */
    assert_int_equal(rows.ptr[0].change_id, moved);
    assert_non_null(strstr(rows.ptr[0].payload.ptr, "\"kind\":\"deal.moved\",\"object\":\"deal\""));
    struct webhook_target target;
    DO(r, webhook_find(r->db, &r->arena, rows.ptr[0].target, &target, &r->e));
    assert_true(str_eqc(target.url, "https://example.com/hook") && str_eqc(target.secret, "12345678"));
    /* it fails: tried again later; it succeeds: the next one's turn */
    struct outbox_result result = {.id = rows.ptr[0].id, .error = "HTTP 500"};
    outbox_result_init(&result);
    DO(r, writer_run(r->writer, &result.job, &r->e));
    DO(r, outbox_next_at(r->db, "webhook", 0, &at, &r->e));
    assert_int_equal(due(r, number(r->db, "SELECT min(next_at) FROM outbox WHERE attempts = 1") - 1).n, 0);
    result.sent = true;
    DO(r, writer_run(r->writer, &result.job, &r->e));
    rows = due(r, far);
    assert_int_equal(rows.n, 1);
    assert_non_null(strstr(rows.ptr[0].payload.ptr, "task.created"));
    result = (struct outbox_result){.id = rows.ptr[0].id, .give_up = true, .error = "HTTP 410"};
    outbox_result_init(&result);
    DO(r, writer_run(r->writer, &result.job, &r->e));
    assert_int_equal(due(r, far).n, 0);
    DO(r, try_update(r, ENT_WEBHOOK, hook, "{'active':false}"));
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->won));
    assert_int_equal(number(r->db, "SELECT count(*) FROM outbox"), 2);
    rig_close(r);
}

static enum rc add_letter(struct change *ch, void *key, struct err *e)
{
    return outbox_add(ch, "mail", STR("1"), STR("{}"), str_c(key), e);
}

/* How long the rest has to wait after another try of the letter was refused. */
static int64_t held(struct rig *r, int64_t id)
{
    struct outbox_result result = {.id = id, .hold = true, .code = "sign_in_refused", .error = "535"};
    int64_t before = time_now();
    outbox_result_init(&result);
    DO(r, writer_run(r->writer, &result.job, &r->e));
    assert_false(result.over);
    return number(r->db, "SELECT min(next_at) FROM outbox") - before;
}

static void a_new_letter_waits_as_long_as_those_that_nobody_takes(void **state)
{
    struct rig *r = rig_open(*state);
    DO(r, rig_do(r, add_letter, "first"));
    int64_t first = number(r->db, "SELECT max(id) FROM outbox");
    assert_true(held(r, first) < 60 * MS_SECOND);
    for (int i = 1; i < 10; i++)
        held(r, first);
    DO(r, rig_do(r, add_letter, "second"));
    int64_t second = number(r->db, "SELECT max(id) FROM outbox");
    assert_true(held(r, second) >= 512 * MS_SECOND); /* as after ten tries */
    assert_int_equal(number(r->db, "SELECT min(attempts) FROM outbox"), 1);
    rig_close(r);
}

/* ---- rules ---- */

static enum rc greet(struct change *ch, const struct event *ev, const struct record *was, const struct record *is,
                     struct err *e)
{
    if (ev->object_kind != ENT_DEAL || !is || (was && ev->verb != VERB_MOVED))
        return RC_OK;
    struct record *task = record_new(ch->tx->arena, entity_by_id(ENT_TASK));
    task->f[TASK_TITLE] = val_str(STR("Познакомиться"));
    task->f[TASK_DEAL_ID] = val_int(is->id);
    int64_t cause = ch->cause;
    ch->cause = ev->seq;
    enum rc rc = change_create(ch, task, NULL, e);
    ch->cause = cause;
    return rc;
}

static void rules_react_inside_of_the_same_change(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal;
    static const struct crm_rules greeting = {.react = greet};
    crm_set_rules(&greeting);
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка'}"));
    assert_int_equal(
        number(r->db,
               "SELECT count(DISTINCT change_id) FROM journal WHERE seq >= (SELECT max(change_id) FROM journal)"),
        1);
    assert_int_equal(number(r->db, "SELECT cause FROM journal ORDER BY seq DESC LIMIT 1"), r->last_change);
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 1);
    int64_t created = r->last_change;
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->talks));
    DO(r,
       try_undo(r, r->last_change)); /* takes its task back, too; but moving back is a move, so there is a new task */
    assert_int_equal(number(r->db, "SELECT count(*) FROM task WHERE deleted_at IS NULL"), 2);
    assert_int_equal(number(r->db, "SELECT undoes FROM journal ORDER BY seq DESC LIMIT 1"), 0);
    REFUSED(r, try_undo(r, created), "undo_conflict");
    DO(r, try_delete(r, ENT_TASK, number(r->db, "SELECT max(id) FROM task WHERE deleted_at IS NULL")));
    DO(r, try_undo(r, created));
    assert_int_equal(number(r->db, "SELECT count(*) FROM task WHERE deleted_at IS NULL"), 0);
    crm_set_rules(NULL);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(sessions_end_when_they_should),
        SCENARIO(the_company_keeps_an_administrator_and_its_deals_an_owner),
        SCENARIO(passwords_never_reach_the_journal),
        SCENARIO(a_repeated_request_makes_one_deal),
        SCENARIO(subscribers_hear_of_what_they_asked_for_in_order),
        SCENARIO(a_new_letter_waits_as_long_as_those_that_nobody_takes),
        SCENARIO(rules_react_inside_of_the_same_change),
    };
    return run_scenarios("crm_people", tests, sizeof tests / sizeof tests[0]);
}
