/* What columns and masks say is what SQL and the journal say: over a company, filters and rights chosen by chance, now
 * and at any instant (R095, R232). */
#include "base/rng.h"
#include "base/time.h"
#include "crm/as_of.h"
#include "crm/custom_field.h"
#include "crm/filter_eval.h"
#include "crm_rig.h"
#include "insight/mask.h"

#define DAY(n) (INT64_C(1700000000000) + (n)*MS_DAY)
enum { DEALS = 150, CHANGES = 900, FILTERS = 400, ROUNDS = 25, PEOPLE = 5, LAST_DAY = 400 };

struct town {
    struct rig *r;
    struct rng rng;
    int64_t people[PEOPLE], companies[12], contacts[12], tags[4], sources[3], products[3], stages[5], deals[DEALS];
    int64_t other_funnel, other_stage, options[3], cf[4]; /* custom: number, one of, several of, text */
};

static int64_t chance(struct town *t, int64_t most)
{
    return rng_range(&t->rng, 0, most);
}

static int64_t one_of(struct town *t, const int64_t *ids, size_t n)
{
    return ids[chance(t, (int64_t)n - 1)];
}
#define ONE(t, of) one_of(t, (t)->of, sizeof(t)->of / sizeof *(t)->of)

static const char *maybe(struct town *t, int64_t id)
{
    return chance(t, 3) == 0 ? "null" : str_fmt(&t->r->arena, "%lld", (long long)id).ptr;
}

static void settle(struct town *t)
{
    static const char *const types[] = {"number", "one_of", "several_of", "text"};
    struct rig *r = t->r;
    int64_t team;
    DO(r, try_create(r, ENT_TEAM, &team, "{'name':'Команда'}"));
    for (int i = 0; i < PEOPLE; i++)
        DO(r, try_create(r, ENT_USER, &t->people[i], "{'name':'Человек %d','email':'p%d@example.ru'%s}", i, i,
                         i < 3 ? str_fmt(&r->arena, ",'team_id':%lld", (long long)team).ptr : ""));
    DO(r, try_update(r, ENT_TEAM, team, "{'head_id':%lld}", (long long)t->people[0]));
    DO(r, try_create(r, ENT_FUNNEL, &t->other_funnel, "{'name':'Другая'}"));
    DO(r, try_create(r, ENT_STAGE, &t->other_stage, "{'funnel_id':%lld,'name':'Начало'}", (long long)t->other_funnel));
    for (int i = 0; i < 3; i++) {
        DO(r, try_create(r, ENT_SOURCE, &t->sources[i], "{'name':'Источник %d'}", i));
        DO(r, try_create(r, ENT_PRODUCT, &t->products[i], "{'name':'Товар %d'}", i));
    }
    for (int i = 0; i < 4; i++) {
        DO(r, try_create(r, ENT_TAG, &t->tags[i], "{'name':'Метка %d'}", i));
        DO(r,
           try_create(r, ENT_CUSTOM_FIELD, &t->cf[i], "{'object':'deal','label':'Поле %d','type':'%s'}", i, types[i]));
    }
    for (int i = 0; i < 3; i++)
        DO(r, try_create(r, ENT_FIELD_OPTION, &t->options[i], "{'custom_field_id':%lld,'name':'%d'}",
                         (long long)t->cf[i == 2 ? 2 : 1], i));
    memcpy(t->stages, (int64_t[]){r->fresh, r->talks, r->won, r->lost, t->other_stage}, sizeof t->stages);
    for (int i = 0; i < 12; i++) {
        DO(r, try_create(r, ENT_COMPANY, &t->companies[i], "{'name':'К%d','owner_id':%s,'country':'%s'}", i,
                         maybe(t, ONE(t, people)), i % 3 ? "Россия" : "Чили"));
    }
    for (int i = 0; i < 12; i++) {
        DO(r, try_create(r, ENT_CONTACT, &t->contacts[i], "{'name':'Ч%d','owner_id':%s,'company_id':%s}", i,
                         maybe(t, ONE(t, people)), maybe(t, ONE(t, companies))));
    }
}

/* A field of a deal with a value by chance, as JSON in single quotes. */
static const char *some_field(struct town *t)
{
    struct arena *a = &t->r->arena;
    switch (chance(t, 13)) {
    case 0:
        return str_fmt(a, "'value_minor':%lld", (long long)chance(t, 5) * 1000).ptr;
    case 1:
        return str_fmt(a, "'owner_id':%s", maybe(t, ONE(t, people))).ptr;
    case 2:
        return str_fmt(a, "'company_id':%s", maybe(t, ONE(t, companies))).ptr;
    case 3:
        return str_fmt(a, "'contact_id':%s", maybe(t, ONE(t, contacts))).ptr;
    case 4:
        return str_fmt(a, "'source_id':%s", maybe(t, ONE(t, sources))).ptr;
    case 5:
        return chance(t, 2) ? str_fmt(a, "'tag_ids':[%lld]", (long long)ONE(t, tags)).ptr : "'tag_ids':[]";
    case 6:
        return str_fmt(a, "'tag_ids':[%lld,%lld]", (long long)t->tags[0], (long long)t->tags[3]).ptr;
    case 7:
        return str_fmt(a, "'utm_source':'%s'", chance(t, 1) ? "Яндекс \\'Х\\'" : "bing").ptr;
    case 8:
        return chance(t, 1) ? "'expected_close_on':'2024-03-05'" : "'expected_close_on':null";
    case 9:
        return str_fmt(a, "'probability':%lld", (long long)chance(t, 4) * 10).ptr;
    case 10:
        return str_fmt(a, "'cf_%lld':%s", (long long)t->cf[0], chance(t, 1) ? "1.5" : "-2").ptr;
    case 11:
        return str_fmt(a, "'cf_%lld':%s", (long long)t->cf[1], maybe(t, one_of(t, t->options, 2))).ptr;
    case 12:
        return str_fmt(a, "'cf_%lld':[%lld]", (long long)t->cf[2], (long long)t->options[2]).ptr;
    default:
        return str_fmt(a, "'cf_%lld':'Слово %lld'", (long long)t->cf[3], (long long)chance(t, 3)).ptr;
    }
}

static void work(struct town *t)
{
    struct rig *r = t->r;
    int64_t id;
    for (int i = 0; i < DEALS; i++) {
        r->clock = DAY(i);
        DO(r, try_create(r, ENT_DEAL, &t->deals[i], "{'title':'Сделка %d','stage_id':%lld,%s}", i % 7,
                         (long long)(i % 4 ? r->fresh : t->other_stage), some_field(t)));
    }
    for (int i = 0; i < CHANGES; i++) {
        int64_t deal = ONE(t, deals);
        r->clock = DAY(DEALS + (LAST_DAY - DEALS) * i / CHANGES);
        switch (chance(t, 9)) {
        case 0:
            (void)try_update(r, ENT_DEAL, deal, "{'stage_id':%lld,'move_reason':'так'}", (long long)ONE(t, stages));
            break;
        case 1:
            (void)try_delete(r, ENT_DEAL, deal);
            if (chance(t, 1))
                (void)try_undo(r, r->last_change);
            break;
        case 2:
            if (try_create(r, ENT_DEAL_PRODUCT, &id, "{'deal_id':%lld,'product_id':%lld}", (long long)deal,
                           (long long)ONE(t, products)) == RC_OK &&
                chance(t, 2) == 0)
                (void)try_delete(r, ENT_DEAL_PRODUCT, id);
            break;
        case 3:
            (void)try_create(r, ENT_DEAL_MEMBER, &id, "{'deal_id':%lld,'user_id':%lld}", (long long)deal,
                             (long long)ONE(t, people));
            break;
        case 4:
            (void)try_create(r, ENT_TASK, &id, "{'title':'З','deal_id':%lld,'owner_id':%lld,'done':%s}",
                             (long long)deal, (long long)ONE(t, people), chance(t, 1) ? "true" : "false");
            break;
        case 5:
            if (try_update(r, ENT_DEAL, deal, "{%s}", some_field(t)) == RC_OK && chance(t, 1))
                (void)try_undo(r, r->last_change);
            break;
        default:
            (void)try_update(r, ENT_DEAL, deal, "{%s}", some_field(t));
        }
    }
    r->clock = 0;
}

/* ---- filters ---- */

static struct str leaf(struct town *t, bool of_history)
{
    struct arena *a = &t->r->arena;
    int64_t user = ONE(t, people), money = chance(t, 5) * 1000;
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    const char *sign = signs[chance(t, 5)];
    switch (chance(t, of_history ? 12 : 19)) {
    case 0:
        return str_fmt(a, "value_minor %s %lld", sign, (long long)money);
    case 1:
        return str_fmt(a, "owner_id = %lld", (long long)user);
    case 2:
        return str_fmt(a, "owner_id in (%lld,%lld)", (long long)user, (long long)t->people[0]);
    case 3:
        return str_fmt(a, "tag_ids has %lld", (long long)ONE(t, tags));
    case 4:
        return chance(t, 1) ? STR("tag_ids is null") : STR("company_id is not null");
    case 5:
        return chance(t, 1) ? STR("utm_source ~ 'bi'") : STR("utm_source >= 'c'");
    case 6:
        return str_fmt(a, "expected_close_on %s '2024-03-05'", sign);
    case 7:
        return str_fmt(a, "status = '%s'", deal_status_names[chance(t, 2)]);
    case 8:
        return str_fmt(a, "cf_%lld %s 1.5", (long long)t->cf[0], sign);
    case 9:
        return str_fmt(a, "cf_%lld has %lld", (long long)t->cf[2], (long long)t->options[2]);
    case 10:
        return str_fmt(a, "cf_%lld ~ 'слово %lld'", (long long)t->cf[3], (long long)chance(t, 3));
    case 11:
        return str_fmt(a, "stage_id = %lld", (long long)ONE(t, stages));
    case 12:
        return str_fmt(a, "closed_at %s '2024-08-01T00:00:00Z'", sign);
    case 13:
        return str_fmt(a, "title ~ 'сделка %lld'", (long long)chance(t, 6));
    case 14:
        return str_fmt(a, "company_id.country = '%s'", chance(t, 1) ? "Чили" : "Россия");
    case 15:
        return chance(t, 1) ? STR("company_id.name ~ '1'") : STR("owner_id.name ~ '2'");
    case 16:
        return str_fmt(a, "open_tasks %s 1", sign);
    case 17:
        return str_fmt(a, "contact_id.owner_id = %lld", (long long)user);
    case 18:
        return str_fmt(a, "product_ids has %lld", (long long)ONE(t, products));
    default:
        return str_fmt(a, "created_at %s '2024-01-15T00:00:00Z'", sign);
    }
}

static struct str some_filter(struct town *t, int depth, bool of_history)
{
    struct arena *a = &t->r->arena;
    int64_t kind = depth == 0 ? 0 : chance(t, 3);
    if (kind == 0)
        return leaf(t, of_history);
    struct str x = some_filter(t, depth - 1, of_history);
    if (kind == 1)
        return str_fmt(a, "not (%.*s)", STR_ARG(x));
    struct str y = some_filter(t, depth - 1, of_history);
    return str_fmt(a, "(%.*s) %s (%.*s)", STR_ARG(x), kind == 2 ? "and" : "or", STR_ARG(y));
}

static struct filter *parse(struct town *t, struct str text, const struct rights *rights)
{
    struct filter *f;
    struct err e = {0};
    struct filter_env env = {.user_id = t->r->admin, .now = DAY(LAST_DAY), .rights = rights};
    text.ptr = str_cdup(&t->r->arena, text);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\'')
            ((char *)text.ptr)[i] = '"';
    if (filter_parse(&t->r->arena, entity_by_id(ENT_DEAL), text, &env, &f, &e) != RC_OK)
        fail_msg("%.*s: %s %s %s", STR_ARG(text), e.code, e.arg[0], e.arg[1]);
    return f;
}

static const struct rights *some_rights(struct town *t)
{
    struct rig *r = t->r;
    const struct rights *out;
    struct err e = {0};
    int64_t role, user = ONE(t, people);
    static int number;
    DO(r,
       try_create(r, ENT_ROLE, &role,
                  "{'name':'Роль %d','base':'seller','rights':{'objects':{'deal':{'see':'%s'},'contact':{'see':'%s'},"
                  "'company':{'see':'%s'}},'funnels':{%s},'stages':{%s}}}",
                  ++number, scope_names[chance(t, 3)], scope_names[chance(t, 3)], scope_names[chance(t, 3)],
                  chance(t, 2) ? "" : str_fmt(&r->arena, "'%lld':'hidden'", (long long)t->other_funnel).ptr,
                  chance(t, 2) ? "" : str_fmt(&r->arena, "'%lld':'hidden'", (long long)r->talks).ptr));
    DO(r, try_update(r, ENT_USER, user, "{'role_id':%lld}", (long long)role));
    OK(rights_load(r->db, &r->arena, user, &out, &e));
    return out;
}

static struct projection *project(struct town *t)
{
    struct projection *p;
    struct err e = {0};
    OK(projection_build(&p, t->r->db, &e));
    return p;
}

static void compare(struct town *t, struct projection *p, struct str text, const struct rights *rights)
{
    struct rig *r = t->r;
    struct err e = {0};
    struct stmt *s;
    struct mask_plan *plan;
    struct filter *f = text.len ? parse(t, text, rights) : NULL;
    struct sqlb q = sqlb_new(&r->arena);
    size_t met = 0, n = 0;
    OK(mask_plan(&plan, &r->arena, r->db, p, FACT_DEAL, rights, f, &e));
    struct projection_view v = projection_lock(p);
    const uint64_t *bits = mask_apply(plan, &v, FACT_NEVER, &r->arena);
    sqlb_c(&q, "SELECT t.id FROM deal t WHERE ");
    filter_sql(&q, entity_by_id(ENT_DEAL), f, "t");
    sqlb_c(&q, " AND ");
    rights_sql(&q, rights, entity_by_id(ENT_DEAL), RIGHT_SEE, "t");
    OK(sqlb_prepare(&q, r->db, &s, &e));
    while (stmt_step(s, &e) == RC_ROW) {
        int64_t id = stmt_col_i64(s, 0);
        if (!mask_has(bits, fact_row(&v.facts[FACT_DEAL], id)))
            fail_msg("%.*s: %lld is met in SQL, not in the mask", STR_ARG(text), (long long)id);
        met++;
    }
    stmt_done(s);
    sqlb_free(&q);
    for (size_t i = 0; i < v.facts[FACT_DEAL].n; i++)
        n += mask_has(bits, i);
    if (n != met)
        fail_msg("%.*s: %zu in SQL, %zu in the mask", STR_ARG(text), met, n);
    projection_unlock(p);
}

static struct town *town_of(void **state)
{
    struct town *t = calloc(1, sizeof *t);
    t->r = rig_open(*state);
    rng_seed(&t->rng, 20261122);
    settle(t);
    work(t);
    return t;
}

static void town_close(struct town *t, struct projection *p)
{
    projection_free(p);
    rig_close(t->r);
    free(t);
}

static void a_filter_over_columns_is_the_filter_of_lists(void **state)
{
    struct town *t = town_of(state);
    struct projection *p = project(t);
    for (int i = 0; i < FILTERS; i++)
        compare(t, p, some_filter(t, 3, false), NULL);
    for (int i = 0; i < ROUNDS; i++) {
        const struct rights *rights = some_rights(t);
        compare(t, p, STR_NULL, rights);
        for (int k = 0; k < 8; k++)
            compare(t, p, some_filter(t, 2, false), rights);
    }
    town_close(t, p);
}

/* ---- history ---- */

static bool same(const struct fact_column *c, size_t row, const struct field *fd, struct val v)
{
    int64_t got = fact_get(c, row);
    if (v.kind == VAL_SET || fd->type == FT_SET) {
        struct fact_set s = fact_set(c, got);
        return s.n == (v.kind == VAL_SET ? v.set.n : 0) && (s.n == 0 || memcmp(s.ids, v.set.ids, s.n * 8) == 0);
    }
    if (!val_has(v))
        return got == FACT_NULL;
    if (v.kind == VAL_TEXT)
        return str_eq(fact_text(c, got), v.s);
    return v.kind == VAL_REAL    ? fact_real(got) == v.f
           : fd->type == FT_REAL ? fact_real(got) == (double)v.i
                                 : got == v.i;
}

/* Every held field of every deal, and a filter of history, as they were at an instant. */
static void look_back(struct town *t, struct projection *p, int64_t at, bool now)
{
    struct rig *r = t->r;
    struct err e = {0};
    struct mask_plan *plan;
    struct filter_eval eval = {.arena = &r->arena};
    struct str text = some_filter(t, 2, true);
    struct filter *f = parse(t, text, NULL);
    OK(mask_plan(&plan, &r->arena, r->db, p, FACT_DEAL, NULL, f, &e));
    struct projection_view v = projection_lock(p);
    const struct facts *deals = &v.facts[FACT_DEAL];
    const uint64_t *bits = mask_apply(plan, &v, at, &r->arena);
    const struct entity *ent = entity_by_id(ENT_DEAL);
    assert_int_equal(deals->n_columns, ent->n_fields);
    struct fact_column columns[100];
    for (size_t i = 0; i < ent->n_fields; i++)
        columns[i] = fact_as_of(&v, FACT_DEAL, (int)i, at, &r->arena);
    for (int i = 0; i < DEALS; i++) {
        struct record *rec;
        bool met;
        uint32_t row = fact_row(deals, t->deals[i]);
        OK(record_as_of(r->db, &r->arena, ent, t->deals[i], at, &rec, &e));
        assert_int_equal(rec != NULL, deals->created_at[row] <= at);
        for (size_t k = 0; rec != NULL && k < ent->n_fields; k++)
            if (columns[k].held && (k != DEAL_PRODUCT_IDS || now) &&
                !same(&columns[k], row, &ent->fields[k], rec->f[k]))
                fail_msg("%s of deal %lld at %lld", ent->fields[k].name, (long long)t->deals[i], (long long)at);
        if (rec == NULL)
            continue;
        OK(filter_met(&eval, f, rec, &met, &e));
        if (met != mask_has(bits, row))
            fail_msg("%.*s of deal %lld at %lld: %d", STR_ARG(text), (long long)t->deals[i], (long long)at, met);
        assert_int_equal(!now || fact_deleted(deals, row) == (rec->deleted_at != 0), true);
    }
    projection_unlock(p);
}

static void everything_can_be_asked_as_it_was(void **state)
{
    struct town *t = town_of(state);
    struct projection *p = project(t);
    for (int i = 0; i < ROUNDS; i++)
        look_back(t, p, DAY(chance(t, LAST_DAY)) + chance(t, 1), false);
    look_back(t, p, FACT_NEVER - 1, true);
    town_close(t, p);
}

/* ---- reading a long journal ---- */

enum { LONG_DEALS = 12000, LONG_MOVES = 3 };

/* Events as an import writes them; the rows of the tables are of no interest here. */
static enum rc long_journal(struct change *ch, void *arg, struct err *e)
{
    char data[200];
    (void)arg;
    for (int move = 0; move <= LONG_MOVES; move++)
        for (int i = 1; i <= LONG_DEALS; i++) {
            int len = move == 0 ? snprintf(data, sizeof data, "{\"stage_id\":[null,1],\"value_minor\":[null,%d]}", i)
                                : snprintf(data, sizeof data, "{\"stage_id\":[%d,%d]}", move, move + 1);
            struct event ev = {.at = DAY(move) + i,
                               .actor_id = i % 7,
                               .object_id = i,
                               .object_kind = ENT_DEAL,
                               .verb = move == 0 ? VERB_CREATED : VERB_MOVED,
                               .via = VIA_IMPORT,
                               .data = {data, (size_t)len}};
            TRY(journal_append(ch->tx, &ev, e));
            ch->change_id = ev.change_id;
        }
    return RC_OK;
}

static void the_same(struct projection *a, struct projection *b)
{
    struct projection_view x = projection_lock(a), y = projection_lock(b);
    assert_int_equal(x.seq, y.seq);
    assert_int_equal(x.unreadable, y.unreadable);
    assert_int_equal(x.facts[FACT_DEAL].n, y.facts[FACT_DEAL].n);
    for (size_t i = 0; i < x.facts[FACT_DEAL].n; i++) {
        struct visits v = visits_of(&x, i), w = visits_of(&y, i);
        assert_true(v.n == w.n && memcmp(v.packed, w.packed, v.n * sizeof *v.packed) == 0);
    }
    assert_int_equal(x.n_activity, y.n_activity);
    for (size_t i = 0; i < x.n_activity; i++)
        assert_true(x.activity[i].hour == y.activity[i].hour && x.activity[i].user == y.activity[i].user &&
                    x.activity[i].verb == y.activity[i].verb && x.activity[i].count == y.activity[i].count);
    projection_unlock(b);
    projection_unlock(a);
}

static void a_long_journal_is_read_by_two_and_followed(void **state)
{
    struct rig *r = rig_open(*state);
    struct projection *one, *two;
    struct err e = {0};
    int64_t last;
    DO(r, rig_do(r, long_journal, NULL));
    OK(projection_start(&two, &r->place->target, &e));
    OK(journal_last(r->db, &last, &e));
    assert_true(projection_wait(two, last, 60000));
    OK(projection_build(&one, r->db, &e));
    the_same(one, two);
    projection_free(one);
    OK(projection_read(&one, &r->place->target, &e));
    the_same(one, two);
    struct projection_view v = projection_lock(two);
    uint32_t row = fact_row(&v.facts[FACT_DEAL], LONG_DEALS);
    assert_int_equal(visits_of(&v, row).n, LONG_MOVES + 1);
    assert_int_equal(fact_get(fact_column(&v.facts[FACT_DEAL], DEAL_VALUE_MINOR), row), LONG_DEALS);
    projection_unlock(two);
    projection_free(one);
    DO(r, try_create(r, ENT_TAG, NULL, "{'name':'важный'}")); /* the feed goes on */
    OK(journal_last(r->db, &last, &e));
    projection_wake(two);
    assert_true(projection_wait(two, last, 10000));
    projection_free(two);
    OK(projection_start(&two, &r->place->target, &e)); /* and may end before it is done */
    projection_free(two);
    db_close(r->db);
    writer_stop(r->writer);
    arena_free(&r->arena);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(a_filter_over_columns_is_the_filter_of_lists),
        SCENARIO(everything_can_be_asked_as_it_was),
        SCENARIO(a_long_journal_is_read_by_two_and_followed),
    };
    return run_scenarios("insight_mask", tests, sizeof tests / sizeof tests[0]);
}
