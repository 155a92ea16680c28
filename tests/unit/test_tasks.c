/* Working time of people, the rule that no open deal is without a task, what is due: on both databases. */
#include "base/time.h"
#include "crm/due.h"
#include "crm/task_flow.h"
#include "crm/workday.h"
#include "crm_rig.h"

static int64_t at(const char *text)
{
    int64_t t;
    assert_true(time_parse(str_c(text), &t));
    return t;
}

static enum rc set_zone(struct change *ch, void *arg, struct err *e)
{
    return setting_set(ch, "time_zone", str_c(arg), e);
}

static struct calendar of(struct rig *r, int64_t user)
{
    struct calendar c;
    struct err e = {0};
    OK(calendar_of_user(r->db, &r->arena, user, &c, &e));
    return c;
}

#define DAY "{'from':'10:00','to':'19:00'}"

static void people_work_by_the_hours_of_their_team_else_of_the_company(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t team;
    struct calendar c = of(r, r->seller);
    /* Friday 17:00 in Moscow: an hour is left of it, three more on Monday */
    assert_int_equal(hours_after(&c, at("2026-11-20T14:00:00Z"), 4, true), at("2026-11-23T09:00:00Z"));
    assert_int_equal(hours_after(&c, at("2026-11-20T14:00:00Z"), 4, false), at("2026-11-20T18:00:00Z"));
    assert_int_equal(hours_after(&c, at("2026-11-23T09:00:00Z"), -4, true), at("2026-11-20T14:00:00Z"));
    DO(r, rig_do(r, set_zone, "Asia/Yekaterinburg"));
    c = of(r, 0);
    assert_int_equal(hours_after(&c, at("2026-11-20T12:00:00Z"), 2, true), at("2026-11-23T05:00:00Z"));
    DO(r, try_create(r, ENT_TEAM, &team,
                     "{'name':'Восток','time_zone':'Asia/Vladivostok','calendar':{'week':[" DAY "," DAY "," DAY "," DAY
                     "," DAY ",null,null],'exceptions':[{'on':'2026-11-23','kind':'holiday'}]}}"));
    DO(r, try_update(r, ENT_USER, r->seller, "{'team_id':%lld}", (long long)team));
    c = of(r, r->seller);
    /* Friday 18:00 there; Monday is a holiday of theirs */
    assert_int_equal(hours_after(&c, at("2026-11-20T08:00:00Z"), 2, true), at("2026-11-24T01:00:00Z"));
    c = of(r, r->admin);
    assert_int_equal(hours_after(&c, at("2026-11-20T12:00:00Z"), 2, true), at("2026-11-23T05:00:00Z"));
    REFUSED(r, try_update(r, ENT_TEAM, team, "{'time_zone':'Mars/Olympus'}"), "unknown_zone");
    REFUSED(r, try_update(r, ENT_TEAM, team, "{'calendar':{'week':[]}}"), "bad_calendar");
    rig_close(r);
}

static int64_t first_task(struct rig *r, int64_t deal)
{
    char sql[120];
    snprintf(sql, sizeof sql, "SELECT min(id) FROM task WHERE deal_id = %lld AND done = 0 AND deleted_at IS NULL",
             (long long)deal);
    return number(r->db, sql);
}

static void an_open_deal_is_not_left_without_a_task(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t deal, task;
    DO(r, try_update(r, ENT_FUNNEL, r->funnel, "{'task_rule':'refuse'}"));
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Окна'}"));
    task = first_task(r, deal);
    assert_true(field_of(r, ENT_TASK, task, TASK_LEAD).i);
    REFUSED(r, try_update(r, ENT_TASK, task, "{'done':true,'result':'да'}"), "next_task_required");
    REFUSED(r, try_delete(r, ENT_TASK, task), "next_task_required");
    assert_int_equal(first_task(r, deal), task);
    DO(r, try_update(r, ENT_DEAL, deal, "{'deferred_until':%lld}", (long long)(time_now() + MS_DAY)));
    DO(r, try_update(r, ENT_TASK, task, "{'done':true,'result':'да'}"));
    REFUSED(r, try_update(r, ENT_DEAL, deal, "{'deferred_until':null}"), "next_task_required");
    DO(r, try_undo(r, r->last_change)); /* undo alone brings back what stood */
    DO(r, try_update(r, ENT_FUNNEL, r->funnel, "{'task_rule':'create'}"));
    DO(r, try_update(r, ENT_TASK, task, "{'done':true,'result':'да'}"));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 0);
    DO(r, try_update(r, ENT_DEAL, deal, "{'deferred_until':null}"));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 1);
    assert_int_not_equal(first_task(r, deal), task);
    DO(r, try_update(r, ENT_FUNNEL, r->funnel, "{'task_rule':'warn'}"));
    DO(r, try_delete(r, ENT_TASK, first_task(r, deal)));
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_OPEN_TASKS).i, 0);
    rig_close(r);
}

struct due_job {
    struct job job;
    struct due_failures *failures;
    int64_t now;
    bool more;
};

static enum rc due_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct due_job *j = (struct due_job *)job;
    tx->now = j->now;
    return due_run(tx, j->failures, &j->more, e);
}

static void come(struct rig *r, int64_t now)
{
    struct due_job j = {.job.apply = due_apply, .failures = due_failures_new(), .now = now};
    struct err e = {0};
    do
        OK(writer_run(r->writer, &j.job, &e));
    while (j.more);
    OK(due_any(r->db, j.failures, now, &j.more, &e));
    assert_false(j.more);
    due_failures_free(j.failures);
}

static void what_is_due_is_told_once(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t task, past, deal, now = time_now();
    DO(r, try_create(r, ENT_TASK, &task, "{'title':'Позвонить','due_at':%lld}", (long long)(now + MS_HOUR)));
    DO(r, try_create(r, ENT_TASK, &past, "{'title':'Давно','due_at':%lld}", (long long)(now - MS_DAY)));
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Позже','deferred_until':%lld}", (long long)(now + MS_DAY)));
    come(r, now + 60000);
    assert_int_equal(number(r->db, "SELECT count(*) FROM notification"), 0);
    come(r, now + MS_HOUR);
    come(r, now + 2 * MS_HOUR);
    assert_int_equal(number(r->db, "SELECT count(*) FROM notification WHERE kind = 'task.due'"), 1);
    DO(r, try_update(r, ENT_TASK, task, "{'remind_at':%lld}", (long long)(now + 3 * MS_HOUR)));
    come(r, now + 3 * MS_HOUR);
    assert_int_equal(number(r->db, "SELECT count(*) FROM notification WHERE kind = 'task.due'"), 2);
    assert_int_equal(number(r->db, "SELECT count(*) FROM task WHERE deal_id IS NOT NULL"), 0);
    come(r, now + MS_DAY);
    come(r, now + MS_DAY + 1);
    assert_int_equal(number(r->db, "SELECT count(*) FROM task WHERE deal_id IS NOT NULL"), 1);
    assert_false(val_has(field_of(r, ENT_DEAL, deal, DEAL_DEFERRED_UNTIL)));
    rig_close(r);
}

/* From now on the database takes no change of deals with this title. */
static enum rc break_deals(struct change *ch, void *arg, struct err *e)
{
    (void)arg;
    if (db_kind_of(ch->tx->db) == DB_SQLITE)
        return db_exec(ch->tx->db,
                       "CREATE TRIGGER broken BEFORE UPDATE ON deal WHEN OLD.title = 'Беда'"
                       " BEGIN SELECT RAISE(ABORT, 'broken'); END",
                       e);
    TRY(db_exec(ch->tx->db,
                "CREATE FUNCTION broken() RETURNS trigger AS 'BEGIN RAISE EXCEPTION ''broken''; END' LANGUAGE plpgsql",
                e));
    return db_exec(ch->tx->db,
                   "CREATE TRIGGER broken BEFORE UPDATE ON deal FOR EACH ROW WHEN (OLD.title = 'Беда')"
                   " EXECUTE FUNCTION broken()",
                   e);
}

struct touch {
    int64_t id, by;
};
/* As if somebody had changed it, past what breaks. */
static enum rc another_version(struct change *ch, void *arg, struct err *e)
{
    const struct touch *t = arg;
    bool sqlite = db_kind_of(ch->tx->db) == DB_SQLITE;
    struct stmt *s;
    TRY(db_exec(ch->tx->db, sqlite ? "DROP TRIGGER broken" : "DROP TRIGGER broken ON deal", e));
    TRY(db_prepare(ch->tx->db, &s, "UPDATE deal SET version = version + $1 WHERE id = $2", e));
    stmt_i64(s, 1, t->by);
    stmt_i64(s, 2, t->id);
    TRY(stmt_run(s, e));
    return db_exec(ch->tx->db,
                   sqlite ? "CREATE TRIGGER broken BEFORE UPDATE ON deal WHEN OLD.title = 'Беда'"
                            " BEGIN SELECT RAISE(ABORT, 'broken'); END"
                          : "CREATE TRIGGER broken BEFORE UPDATE ON deal FOR EACH ROW WHEN (OLD.title = 'Беда')"
                            " EXECUTE FUNCTION broken()",
                   e);
}

static void what_cannot_be_woken_holds_nobody_up(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t healthy, now = time_now(), far = now + MS_DAY;
    struct due_job j = {.job.apply = due_apply, .failures = due_failures_new(), .now = far + 1000};
    struct err e = {0};
    for (int i = 0; i < 310; i++) /* more than are looked at at once, and all of them before it */
        DO(r, try_create(r, ENT_DEAL, NULL, "{'title':'Беда','deferred_until':%lld}", (long long)far));
    DO(r, try_create(r, ENT_DEAL, &healthy, "{'title':'Спит','deferred_until':%lld}", (long long)far + 1));
    DO(r, rig_do(r, break_deals, NULL));
    OK(writer_run(r->writer, &j.job, &e));
    assert_false(val_has(field_of(r, ENT_DEAL, healthy, DEAL_DEFERRED_UNTIL)));
    OK(writer_run(r->writer, &j.job, &e));
    assert_false(j.more); /* those that fail are tried again later, not at once and for ever */
    due_failures_free(j.failures);
    rig_close(r);
}

/* A round of what is due; whether there was a reason for one. */
static bool round_at(struct rig *r, struct due_job *j, int64_t now)
{
    struct err e = {0};
    bool any;
    OK(due_any(r->db, j->failures, now, &any, &e));
    j->now = now;
    OK(writer_run(r->writer, &j->job, &e));
    return any;
}

static void what_fails_is_told_once_and_tried_in_growing_pauses(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t sick, healthy, now = time_now(), far = now + MS_DAY, minute = 60 * MS_SECOND;
    struct due_job j = {.job.apply = due_apply, .failures = due_failures_new()};
    DO(r, try_create(r, ENT_DEAL, &sick, "{'title':'Беда','deferred_until':%lld}", (long long)far));
    DO(r, try_create(r, ENT_DEAL, &healthy, "{'title':'Спит','deferred_until':%lld}", (long long)(far + 4 * minute)));
    DO(r, rig_do(r, break_deals, NULL));
    assert_true(round_at(r, &j, far + 1000));
    assert_int_equal(due_failures_told(j.failures), 1);
    assert_false(round_at(r, &j, far + 2000)); /* it rests */
    assert_true(round_at(r, &j, far + 2 * minute));
    assert_false(round_at(r, &j, far + 3 * minute + 30 * MS_SECOND)); /* the second pause is longer */
    assert_int_equal(due_failures_told(j.failures), 1);
    assert_true(round_at(r, &j, far + 4 * minute)); /* others do not rest with it */
    assert_false(val_has(field_of(r, ENT_DEAL, healthy, DEAL_DEFERRED_UNTIL)));
    assert_true(round_at(r, &j, far + 3 * MS_HOUR));
    assert_int_equal(due_failures_told(j.failures), 1);
    DO(r, rig_do(r, another_version, &(struct touch){sick, 1}));
    assert_true(round_at(r, &j, far + 3 * MS_HOUR + 1000)); /* it has changed: at once, and told again */
    assert_int_equal(due_failures_told(j.failures), 2);
    DO(r, rig_do(r, another_version, &(struct touch){sick, -1})); /* rows and journal are compared in the end */
    due_failures_free(j.failures);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(people_work_by_the_hours_of_their_team_else_of_the_company),
        SCENARIO(an_open_deal_is_not_left_without_a_task),
        SCENARIO(what_is_due_is_told_once),
        SCENARIO(what_cannot_be_woken_holds_nobody_up),
        SCENARIO(what_fails_is_told_once_and_tried_in_growing_pauses),
    };
    return run_scenarios("tasks", tests, sizeof tests / sizeof tests[0]);
}
