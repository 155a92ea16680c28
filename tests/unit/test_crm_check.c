/* `voronka check` finds what was tampered with behind the journal's back. */
#include "crm_rig.h"

static char found[4000];
static void remember(void *arg, const char *text)
{
    (void)arg;
    strncat(found, text, sizeof found - strlen(found) - 2);
    strcat(found, "\n");
}

struct tamper {
    struct job job;
    const char *sql;
};
static enum rc run_sql(struct wtx *tx, struct job *job, struct err *e)
{
    return db_exec(tx->db, ((struct tamper *)job)->sql, e);
}
static void tamper(struct rig *r, const char *sql)
{
    struct tamper t = {.job.apply = run_sql, .sql = sql};
    DO(r, writer_run(r->writer, &t.job, &r->e));
}

static void nothing_slips_past_the_check(void **state)
{
    static const struct {
        const char *damage, *repair, *says;
    } cases[] = {
        {"UPDATE deal SET value_minor = 6 WHERE id = 1", "UPDATE deal SET value_minor = 5 WHERE id = 1",
         "value_minor differs"},
        {"UPDATE deal SET version = version + 1 WHERE id = 1", "UPDATE deal SET version = version - 1 WHERE id = 1",
         "version 3"},
        {"UPDATE deal SET title_fold = 'x' WHERE id = 1", "UPDATE deal SET title_fold = 'сделка' WHERE id = 1",
         "search form of title"},
        {"UPDATE deal SET open_tasks = 2 WHERE id = 1", "UPDATE deal SET open_tasks = 1 WHERE id = 1",
         "differs from its tasks"},
        {"UPDATE deal SET next_task_at = 6 WHERE id = 1", "UPDATE deal SET next_task_at = 5 WHERE id = 1",
         "differs from its tasks"},
        {"UPDATE deal SET stage_entered_at = stage_entered_at + 1 WHERE id = 1",
         "UPDATE deal SET stage_entered_at = stage_entered_at - 1 WHERE id = 1", "stage_entered_at differs"},
        {"UPDATE deal SET status = 1 WHERE id = 1", "UPDATE deal SET status = 0 WHERE id = 1", "not that of its stage"},
        {"UPDATE deal SET deleted_at = 1 WHERE id = 1", "UPDATE deal SET deleted_at = NULL WHERE id = 1",
         "deleted_at differs"},
        {"DELETE FROM deal_tag", "INSERT INTO deal_tag VALUES (1, 1)", "tag_ids differs"},
        {"INSERT INTO tag (id, version, created_at, updated_at, name, name_fold) VALUES (9, 1, 0, 0, 'x', 'x')",
         "DELETE FROM tag WHERE id = 9", "journal does not know it"},
        {"UPDATE journal SET object_id = 77 WHERE object_kind = 10",
         "UPDATE journal SET object_id = 1 WHERE object_kind = 10", "has no row"},
        {"UPDATE journal SET seq = seq + 100 WHERE seq = (SELECT max(seq) FROM journal)",
         "UPDATE journal SET seq = seq - 100 WHERE seq = (SELECT max(seq) FROM journal)", "some are missing"},
        {"UPDATE stage SET norm_days = 1 WHERE id = 1", "UPDATE stage SET norm_days = NULL WHERE id = 1",
         "published definition is not the present one"},
    };
    struct rig *r = rig_open(*state);
    int64_t deal, tag, events, rows;
    DO(r, try_create(r, ENT_TAG, &tag, "{'name':'VIP'}"));
    DO(r, try_create(r, ENT_DEAL, &deal, "{'title':'Сделка','value_minor':5,'tag_ids':[%lld]}", (long long)tag));
    DO(r, try_create(r, ENT_TASK, NULL, "{'title':'Позвонить','deal_id':%lld,'due_at':5}", (long long)deal));
    DO(r, try_update(r, ENT_DEAL, deal, "{'stage_id':%lld}", (long long)r->talks));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        found[0] = '\0';
        tamper(r, cases[i].damage);
        DO(r, crm_check(r->db, remember, NULL, &events, &rows, &r->e));
        if (!strstr(found, cases[i].says))
            fail_msg("%s: found \"%s\"", cases[i].damage, found);
        tamper(r, cases[i].repair);
    }
    assert_consistent(r);
    rig_close(r);
}

static enum rc many_deals(struct change *ch, void *arg, struct err *e)
{
    struct rig *r = arg;
    for (int i = 0; i < 1500; i++) { /* several pages of rows and of events */
        int64_t id;
        struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_DEAL));
        in->f[DEAL_TITLE] = val_str(str_fmt(ch->tx->arena, "Сделка %d", i));
        TRY(change_create(ch, in, &id, e));
        for (int k = 0; k < i % 4; k++) {
            struct record *move = record_new(ch->tx->arena, entity_by_id(ENT_DEAL));
            move->f[DEAL_STAGE_ID] = val_int(k % 2 ? r->fresh : r->talks);
            move->f[DEAL_MOVE_REASON] = k % 2 ? val_str(STR("передумали")) : val_null();
            TRY(change_update(ch, id, 0, move, e));
        }
        if (i % 3 == 0) {
            struct record *task = record_new(ch->tx->arena, entity_by_id(ENT_TASK));
            task->f[TASK_TITLE] = val_str(STR("Позвонить"));
            task->f[TASK_DEAL_ID] = val_int(id);
            TRY(change_create(ch, task, NULL, e));
        }
    }
    return RC_OK;
}

static void a_long_history_agrees_page_by_page(void **state)
{
    struct rig *r = rig_open(*state);
    int64_t events, rows;
    DO(r, rig_do(r, many_deals, r));
    DO(r, crm_check(r->db, remember, NULL, &events, &rows, &r->e));
    assert_int_equal(events, number(r->db, "SELECT count(*) FROM journal"));
    assert_int_equal(rows, 2 + 4 + 1 + 4 + 1500 + 500); /* people, roles, the funnel, stages */
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(nothing_slips_past_the_check),
        SCENARIO(a_long_history_agrees_page_by_page),
    };
    return run_scenarios("crm_check", tests, sizeof tests / sizeof tests[0]);
}
