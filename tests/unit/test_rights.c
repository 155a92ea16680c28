/* Rights as SQL and in memory are the same rights: over records, owners, teams and roles chosen by chance. */
#include "base/rng.h"
#include "crm/access.h"
#include "crm_rig.h"

#define PEOPLE 6
#define ROUNDS 40

struct town {
    struct rig *r;
    int64_t people[PEOPLE], teams[3], stages[3], other_funnel, other_stage;
    struct rng rng;
};

static int64_t one_of(struct town *t, const int64_t *ids, size_t n)
{
    return ids[rng_range(&t->rng, 0, (int64_t)n - 1)];
}

static void settle(struct town *t)
{
    int64_t teams[3];
    for (int i = 0; i < 3; i++)
        DO(t->r,
           try_create(t->r, ENT_TEAM, &teams[i], i ? "{'name':'Команда %d','parent_id':%lld}" : "{'name':'Команда %d'}",
                      i, (long long)(i ? teams[i - 1] : 0)));
    for (int i = 0; i < PEOPLE; i++)
        DO(t->r,
           try_create(t->r, ENT_USER, &t->people[i], "{'name':'Человек %d','email':'p%d@example.ru','team_id':%lld}", i,
                      i, (long long)teams[i % 3]));
    for (int i = 0; i < 3; i++)
        DO(t->r, try_update(t->r, ENT_TEAM, teams[i], "{'head_id':%lld}", (long long)t->people[i]));
    DO(t->r, try_create(t->r, ENT_FUNNEL, &t->other_funnel, "{'name':'Другая'}"));
    DO(t->r,
       try_create(t->r, ENT_STAGE, &t->other_stage, "{'funnel_id':%lld,'name':'Начало'}", (long long)t->other_funnel));
    memcpy(t->teams, teams, sizeof teams);
    t->stages[0] = t->r->fresh;
    t->stages[1] = t->r->talks;
    t->stages[2] = t->other_stage;
}

/* "123" or "null". */
static const char *maybe(struct town *t, int64_t id)
{
    return rng_range(&t->rng, 0, 3) == 0 ? "null" : str_fmt(&t->r->arena, "%lld", (long long)id).ptr;
}

/* Whose receipt it is only a hook says. */
static enum rc receipt(struct change *ch, void *arg, struct err *e)
{
    const int64_t *of = arg; /* stage, user */
    struct record *r = record_new(ch->tx->arena, entity_by_id(ENT_REGULATION_READ));
    int64_t id;
    r->f[REGULATION_READ_STAGE_ID] = val_int(of[0]);
    r->f[REGULATION_READ_USER_ID] = val_int(of[1]);
    r->f[REGULATION_READ_FUNNEL_VERSION] = val_int(1);
    ch->actor.user_id = of[1];
    return change_create(ch, r, &id, e);
}

/* What stands on stages, and what heads look at. */
static void order(struct town *t, const int64_t deals[30], const int64_t contacts[10], const int64_t companies[10])
{
    struct rig *r = t->r;
    int64_t id, competitor, review;
    DO(r, try_create(r, ENT_COMPETITOR, &competitor, "{'name':'Соперник'}"));
    for (int i = 0; i < 12; i++) {
        int64_t stage = one_of(t, t->stages, 3);
        DO(r, try_create(r, ENT_GATE, &id, "{'stage_id':%lld,'kind':'check','name':'Пункт %d'}", (long long)stage, i));
        DO(r, try_create(r, ENT_GOAL, &id, "{'stage_id':%lld,'name':'Цель %d'}", (long long)stage, i));
        DO(r, try_create(r, ENT_TRIGGER, &id,
                         "{'name':'Правило %d','stage_id':%s,'event':{'on':'created','object':'deal'},"
                         "'actions':[{'do':'note','text':'Новая'}]}",
                         i, maybe(t, stage)));
        DO(r, try_create(r, ENT_INVOLVEMENT, &id, "{'funnel_id':%lld,'stage_id':%lld}",
                         (long long)(stage == t->other_stage ? t->other_funnel : r->funnel), (long long)stage));
        (void)rig_do(r, receipt, (int64_t[]){stage, one_of(t, t->people, PEOPLE)}); /* one a person and version */
        DO(r, try_create(r, ENT_COMPETITOR_OFFER, &id, "{'competitor_id':%lld,'%s_id':%lld,'currency':'RUB'}",
                         (long long)competitor,
                         i % 3 == 0   ? "deal"
                         : i % 3 == 1 ? "contact"
                                      : "company",
                         (long long)one_of(t,
                                           i % 3 == 0   ? deals
                                           : i % 3 == 1 ? contacts
                                                        : companies,
                                           10)));
        (void)try_create(r, ENT_BUYER, &id, "{'deal_id':%lld,'contact_id':%lld}", (long long)one_of(t, deals, 30),
                         (long long)one_of(t, contacts, 10));
    }
    for (int i = 0; i < 4; i++) {
        DO(r, try_create(r, ENT_REVIEW, &review, "{'team_id':%s,'week_on':'2026-11-16'}",
                         i < 3 ? str_fmt(&r->arena, "%lld", (long long)t->teams[i]).ptr : "null"));
        for (int k = 0; k < 4; k++)
            (void)try_create(r, ENT_REVIEW_ITEM, &id, "{'review_id':%lld,'deal_id':%lld}", (long long)review,
                             (long long)one_of(t, deals, 30)); /* which may be in it already */
    }
}

static void work(struct town *t)
{
    struct rig *r = t->r;
    int64_t deals[30], contacts[10], companies[10], id;
    for (int i = 0; i < 10; i++) {
        DO(r, try_create(r, ENT_COMPANY, &companies[i], "{'name':'К%d','owner_id':%s}", i,
                         maybe(t, one_of(t, t->people, PEOPLE))));
        DO(r, try_create(r, ENT_CONTACT, &contacts[i], "{'name':'Ч%d','owner_id':%s}", i,
                         maybe(t, one_of(t, t->people, PEOPLE))));
    }
    for (int i = 0; i < 30; i++)
        DO(r, try_create(r, ENT_DEAL, &deals[i], "{'title':'Д%d','stage_id':%lld,'owner_id':%s}", i,
                         (long long)one_of(t, t->stages, 3), maybe(t, one_of(t, t->people, PEOPLE))));
    for (int i = 0; i < 20; i++)
        (void)try_create(r, ENT_DEAL_MEMBER, &id, "{'deal_id':%lld,'user_id':%lld}", (long long)one_of(t, deals, 30),
                         (long long)one_of(t, t->people, PEOPLE));
    for (int i = 0; i < 40; i++) {
        DO(r, try_create(r, ENT_TASK, &id, "{'title':'З%d','deal_id':%s,'owner_id':%s}", i,
                         maybe(t, one_of(t, deals, 30)), maybe(t, one_of(t, t->people, PEOPLE))));
        DO(r, try_create(r, ENT_NOTE, &id, "{'text':'Н%d','deal_id':%s,'contact_id':%s,'company_id':%s}", i,
                         maybe(t, one_of(t, deals, 30)), maybe(t, one_of(t, contacts, 10)),
                         maybe(t, one_of(t, companies, 10))));
        DO(r, try_create(r, ENT_CONTACT_POINT, &id, "{'contact_id':%lld,'kind':'phone','value':'+7 900 000 00 %02d'}",
                         (long long)one_of(t, contacts, 10), i));
    }
    order(t, deals, contacts, companies);
}

static const char *scope_of(struct town *t)
{
    return scope_names[rng_range(&t->rng, 0, 3)];
}

static const struct rights *some_rights(struct town *t)
{
    static const char *const objects[] = {"deal", "contact", "company", "task", "note"};
    struct rig *r = t->r;
    struct buf b = {0};
    const struct rights *out;
    struct err e = {0};
    int64_t role, user = one_of(t, t->people, PEOPLE);
    static int number;
    buf_fmt(&b, "{'name':'Роль %d','base':'seller','rights':{'objects':{", ++number);
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        buf_fmt(&b, "%s'%s':{'see':'%s','edit':'%s','delete':'%s','export':'%s'}", i ? "," : "", objects[i],
                scope_of(t), scope_of(t), scope_of(t), scope_of(t));
    buf_c(&b, "},'fields':{");
    if (rng_range(&t->rng, 0, 2) == 0)
        buf_c(&b, "'contact.phone':'hidden'");
    buf_c(&b, "},'funnels':{");
    if (rng_range(&t->rng, 0, 2) == 0)
        buf_fmt(&b, "'%lld':'hidden'", (long long)t->other_funnel);
    buf_c(&b, "},'stages':{");
    if (rng_range(&t->rng, 0, 2) == 0)
        buf_fmt(&b, "'%lld':'no_leave hidden'", (long long)r->talks);
    buf_c(&b, "}");
    if (rng_range(&t->rng, 0, 2) == 0)
        buf_c(&b, rng_range(&t->rng, 0, 1) ? ",'can':['settings']" : ",'can':['automation']");
    buf_c(&b, "}}");
    DO(r, try_create(r, ENT_ROLE, &role, "%.*s", STR_ARG(buf_view(&b))));
    DO(r, try_update(r, ENT_USER, user, "{'role_id':%lld}", (long long)role));
    buf_free(&b);
    OK(rights_load(r->db, &r->arena, user, &out, &e));
    return out;
}

/* Ids by SQL of one noun, in order. */
static size_t by_sql(struct rig *r, const struct rights *rights, const struct entity *ent, enum right right,
                     int64_t *ids)
{
    struct sqlb q = sqlb_new(&r->arena);
    struct stmt *s;
    struct err e = {0};
    size_t n = 0;
    sqlb_fmt(&q, "SELECT t.id FROM %s t WHERE ", ent->table);
    rights_sql(&q, rights, ent, right, "t");
    sqlb_c(&q, " ORDER BY t.id");
    OK(sqlb_prepare(&q, r->db, &s, &e));
    while (stmt_step(s, &e) == RC_ROW)
        ids[n++] = stmt_col_i64(s, 0);
    stmt_done(s);
    sqlb_free(&q);
    return n;
}

static size_t by_branches(struct rig *r, const struct rights *rights, const struct entity *ent)
{
    struct sqlb q = sqlb_new(&r->arena);
    struct stmt *s;
    struct err e = {0};
    for (size_t i = 0; i < rights_branches(rights, ent); i++) {
        sqlb_fmt(&q, "%sSELECT t.id FROM %s t WHERE ", i ? " UNION ALL " : "SELECT COUNT(*) FROM (", ent->table);
        rights_branch_sql(&q, rights, ent, i, "t");
    }
    sqlb_c(&q, ") x");
    OK(sqlb_prepare(&q, r->db, &s, &e));
    assert_int_equal(stmt_step(s, &e), RC_ROW);
    size_t n = (size_t)stmt_col_i64(s, 0);
    stmt_done(s);
    sqlb_free(&q);
    return n;
}

static void compare(struct town *t, const struct rights *rights, const struct entity *ent, enum right right)
{
    int64_t seen[400], most;
    struct rig *r = t->r;
    struct err e = {0};
    size_t n = by_sql(r, rights, ent, right, seen), at = 0;
    if (right == RIGHT_SEE && rights_branches(rights, ent))
        assert_int_equal(by_branches(r, rights, ent), n);
    most = number(r->db, str_fmt(&r->arena, "SELECT COALESCE(MAX(id), 0) FROM %s", ent->table).ptr);
    for (int64_t id = 1; id <= most; id++) {
        bool reach, sql = at < n && seen[at] == id;
        at += sql;
        OK(rights_reach(r->db, &r->arena, rights, ent, id, right, &reach, &e));
        if (reach != sql)
            fail_msg("%s %lld, %s: %d in SQL, %d in memory", ent->name, (long long)id, right_names[right], sql, reach);
    }
    assert_int_equal(at, n);
}

static void rights_in_sql_and_in_memory_agree(void **state)
{
    static const enum entity_id nouns[] = {ENT_DEAL,
                                           ENT_CONTACT,
                                           ENT_COMPANY,
                                           ENT_TASK,
                                           ENT_NOTE,
                                           ENT_DEAL_MEMBER,
                                           ENT_CONTACT_POINT,
                                           ENT_FUNNEL,
                                           ENT_STAGE,
                                           ENT_USER,
                                           ENT_GATE,
                                           ENT_GOAL,
                                           ENT_TRIGGER,
                                           ENT_INVOLVEMENT,
                                           ENT_REGULATION_READ,
                                           ENT_COMPETITOR_OFFER,
                                           ENT_BUYER,
                                           ENT_REVIEW,
                                           ENT_REVIEW_ITEM,
                                           ENT_FUNNEL_DRAFT,
                                           ENT_COMPETITOR,
                                           ENT_CLASSIFIER};
    struct town t = {.r = rig_open(*state)};
    rng_seed(&t.rng, 20261122);
    settle(&t);
    work(&t);
    for (int round = 0; round < ROUNDS; round++) {
        const struct rights *rights = some_rights(&t);
        for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
            for (int right = 0; right < RIGHT_N; right++)
                if (right != RIGHT_CREATE)
                    compare(&t, rights, entity_by_id(nouns[i]), (enum right)right);
    }
    rig_close(t.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(rights_in_sql_and_in_memory_agree),
    };
    return run_scenarios("rights", tests, sizeof tests / sizeof tests[0]);
}
