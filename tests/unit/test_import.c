/* History of other programs comes in, and is then as if it had happened here (R012, R216). */
#include "base/time.h"
#include "crm/import.h"
#include "crm_rig.h"

struct import {
    struct import_summary sum;
    struct import_list_summary list;
    struct import_bad bad;
    struct import_notes notes;
    struct err e;
    enum rc rc;
};

static void import_done(struct import *i)
{
    arena_free(&i->bad.arena);
    arena_free(&i->notes.arena);
    free(i);
}

static const char *const won_names[] = {"Успех"}, *const lost_names[] = {"Отказ"};

static struct import_events_options usual(void)
{
    return (struct import_events_options){
        .funnel = "Входящие",
        .columns = {.case_id = "case", .stage = "stage", .at = "at", .user = "user", .amount = "amount"},
        .won = {won_names, 1},
        .lost = {lost_names, 1},
        .file = "/somewhere/log.csv"};
}

static struct import *import_text(struct rig *r, const struct import_events_options *opt, const char *text)
{
    struct import *i = calloc(1, sizeof *i);
    struct csv *csv;
    struct err e = {0};
    OK(csv_open_mem(&csv, str_c(text), ',', &e));
    i->rc = import_events(r->writer, csv, opt, &i->sum, &i->bad, &i->e);
    csv_close(csv);
    return i;
}

static struct import *taken(struct rig *r, const struct import_events_options *opt, const char *text)
{
    struct import *i = import_text(r, opt, text);
    if (i->rc != RC_OK)
        fail_msg("import: %s %s", i->e.code, i->e.arg[0]);
    return i;
}

static int64_t ms(const char *text)
{
    int64_t at;
    assert_true(time_parse(str_c(text), &at));
    return at;
}

/* Every column of a deal but its id, and its events without their numbers. */
static struct str story(struct rig *r, int64_t id)
{
    struct str out = {"", 0};
    struct stmt *s;
    struct err e = {0};
    const struct entity *ent = entity_by_id(ENT_DEAL);
    struct record rec;
    struct str columns = record_columns(&r->arena, ent, NULL);
    struct buf b = {0};
    struct jw w = jw_to(&b);
    OK(db_prepare(r->db, &s, str_fmt(&r->arena, "SELECT %.*s FROM deal WHERE id = $1", STR_ARG(columns)).ptr, &e));
    stmt_i64(s, 1, id);
    assert_int_equal(stmt_step(s, &e), RC_ROW);
    rec = *record_new(&r->arena, ent);
    record_read_row(&r->arena, ent, s, &rec);
    stmt_done(s);
    rec.id = 0;
    record_put(&w, &rec, NULL);
    out = str_fmt(&r->arena, "%lld %lld %.*s\n", (long long)rec.version, (long long)rec.updated_at,
                  STR_ARG(buf_view(&b)));
    buf_free(&b);
    OK(db_prepare(r->db, &s,
                  "SELECT at, actor_id, cause, undoes, change_id - seq, verb, data FROM journal"
                  " WHERE object_kind = 3 AND object_id = $1 ORDER BY seq",
                  &e));
    stmt_i64(s, 1, id);
    while (stmt_step(s, &e) == RC_ROW)
        out = str_fmt(&r->arena, "%.*s%lld by %lld %lld %lld %lld verb %lld %.*s\n", STR_ARG(out),
                      (long long)stmt_col_i64(s, 0), (long long)stmt_col_i64(s, 1), (long long)stmt_col_i64(s, 2),
                      (long long)stmt_col_i64(s, 3), (long long)stmt_col_i64(s, 4), (long long)stmt_col_i64(s, 5),
                      STR_ARG(stmt_col_str(s, 6)));
    stmt_done(s);
    return out;
}

static int64_t deal_named(struct rig *r, const char *title)
{
    struct stmt *s;
    struct err e = {0};
    OK(db_prepare(r->db, &s, "SELECT id FROM deal WHERE title = $1 AND deleted_at IS NULL ORDER BY id", &e));
    stmt_str(s, 1, str_c(title));
    int64_t id = stmt_step(s, &e) == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return id;
}

static void an_imported_deal_is_as_if_it_had_been_worked_here(void **state)
{
    struct rig *r = rig_open(*state);
    struct import_events_options opt = usual();
    struct import *i = taken(r, &opt,
                             "case,stage,at,user,amount\n"
                             "\"Поставка \"\"Ёлка\"\"\",Новая,2024-03-01T10:00:00Z,Борис,\"1 250,5\"\n"
                             "\"Поставка \"\"Ёлка\"\"\",Переговоры,2024-03-02T10:00:00+03:00,Анна,\n"
                             "\"Поставка \"\"Ёлка\"\"\",Успех,2024-03-05,Борис,1300\n");
    int64_t imported = deal_named(r, "Поставка \"Ёлка\""), worked;
    assert_int_equal(i->sum.deals, 1);
    assert_int_equal(i->sum.events, 3);
    assert_int_equal(i->sum.won, 1);
    import_done(i);

    int64_t admin = r->admin;
    r->admin = r->seller; /* whose hands they are */
    r->clock = ms("2024-03-01T10:00:00Z");
    DO(r, try_create(r, ENT_DEAL, &worked, "{'title':'Поставка \\'Ёлка\\'','value_minor':125050}"));
    r->admin = admin;
    r->clock = ms("2024-03-02T07:00:00Z");
    DO(r, try_update(r, ENT_DEAL, worked, "{'stage_id':%lld}", (long long)r->talks));
    r->admin = r->seller;
    r->clock = ms("2024-03-05");
    DO(r, try_update(r, ENT_DEAL, worked, "{'stage_id':%lld,'value_minor':130000}", (long long)r->won));
    r->admin = admin;

    assert_int_not_equal(imported, worked);
    struct str a = story(r, imported), b = story(r, worked);
    assert_string_equal(a.ptr, b.ptr);
    rig_close(r);
}

static void events_after_the_end_stay_in_the_history_and_change_nothing(void **state)
{
    struct rig *r = rig_open(*state);
    struct import_events_options opt = usual();
    static const char log[] = "case,stage,at,user,amount\n"
                              "A,Новая,2024-01-01,,\nA,Отказ,2024-01-02,,\nA,Переговоры,2024-01-03,Борис,5\n"
                              "A,Успех,2024-01-04,,\n";
    struct import *i = taken(r, &opt, log);
    int64_t id = deal_named(r, "A");
    assert_int_equal(i->sum.lost, 1);
    assert_int_equal(i->sum.passed, 2);
    assert_int_equal(field_of(r, ENT_DEAL, id, DEAL_STAGE_ID).i, r->lost);
    assert_int_equal(field_of(r, ENT_DEAL, id, DEAL_CLOSED_AT).i, ms("2024-01-02"));
    assert_false(val_has(field_of(r, ENT_DEAL, id, DEAL_OWNER_ID)));
    assert_int_equal(number(r->db, "SELECT count(*) FROM journal WHERE verb = 6"), 2);
    import_done(i);

    DO(r, try_delete(r, ENT_DEAL, id)); /* what was deleted may come again */
    opt.reopen = true;
    i = taken(r, &opt, log);
    id = deal_named(r, "A");
    assert_int_equal(i->sum.won, 1);
    assert_int_equal(i->sum.passed, 0);
    assert_int_equal(field_of(r, ENT_DEAL, id, DEAL_CLOSED_AT).i, ms("2024-01-04"));
    assert_int_equal(field_of(r, ENT_DEAL, id, DEAL_OWNER_ID).i, r->seller);
    assert_int_equal(field_of(r, ENT_DEAL, id, DEAL_VALUE_MINOR).i, 500);
    import_done(i);
    rig_close(r);
}

static void events_are_put_in_order_of_time_and_then_of_the_file(void **state)
{
    struct rig *r = rig_open(*state);
    struct import_events_options opt = usual();
    struct import *i = taken(r, &opt,
                             "case,stage,at,user,amount\n"
                             "A,Переговоры,2024-01-02,,\nB,Новая,2024-01-01,,\nA,Новая,2024-01-01,,\n"
                             "B,Переговоры,2024-01-01,,\nB,Новая,2024-01-01,,\n");
    assert_int_equal(field_of(r, ENT_DEAL, deal_named(r, "A"), DEAL_STAGE_ID).i, r->talks);
    assert_int_equal(field_of(r, ENT_DEAL, deal_named(r, "B"), DEAL_STAGE_ID).i, r->fresh);
    assert_true(deal_named(r, "A") < deal_named(r, "B"));
    assert_int_equal(i->sum.events, 5);
    import_done(i);
    rig_close(r);
}

static void bad_rows_are_told_by_line_and_the_rest_comes_in(void **state)
{
    struct rig *r = rig_open(*state);
    struct import_events_options opt = usual();
    char text[2000], name[250];
    memset(name, 'x', 201);
    name[201] = 0;
    snprintf(text, sizeof text,
             "\xef\xbb\xbf"
             "case,stage,at,user,amount\n"
             "A,Новая,2024-01-01,,\n"        /* 2 */
             "A,Новая,2024-01-01,\n"         /* 3: a column is missing */
             "A,Новая,01.02.2024,,\n"        /* 4: the time */
             "A,Новая,,,\n"                  /* 5: no time */
             " ,Новая,2024-01-01,,\n"        /* 6: no case */
             "A, ,2024-01-01,,\n"            /* 7: no stage */
             "B\xff,Новая,2024-01-01,,\n"    /* 8 */
             "%s,Новая,2024-01-01,,\n"       /* 9: too long */
             "A,Новая,2024-01-01,,много\n"   /* 10 */
             "A,Новая,2024-01-01,,-5\n"      /* 11 */
             "\"B\"x,Новая,2024-01-01,,\n"   /* 12 */
             "\"B\nC\",Новая,2024-01-01,,\n" /* 13 and 14: a line break in a name */
             "A,Новая,1024-01-01,,\n"        /* 15: a slip of the pen */
             "A,Переговоры,2024-01-02,,\n",
             name);
    struct import *i = taken(r, &opt, text);
    static const struct {
        int line;
        const char *code;
    } want[] = {{3, "bad_columns"}, {4, "bad_time"}, {5, "empty_time"}, {6, "empty_case"},
                {7, "empty_stage"}, {8, "bad_utf8"}, {9, "too_long"},   {10, "bad_amount"},
                {11, "bad_amount"}, {12, "bad_row"}, {13, "bad_text"},  {15, "bad_time"}};
    assert_int_equal(i->bad.total, sizeof want / sizeof *want);
    for (size_t k = 0; k < sizeof want / sizeof *want; k++) {
        assert_int_equal(i->bad.row[k].line, want[k].line);
        assert_string_equal(import_reason_codes[i->bad.row[k].why], want[k].code);
        assert_true(str_utf8_valid(i->bad.row[k].text));
    }
    assert_int_equal(i->sum.deals, 1);
    assert_int_equal(i->sum.events, 2);
    assert_int_equal(i->sum.rows, i->sum.events + i->bad.total);
    import_done(i);
    rig_close(r);
}

static void a_second_import_doubles_nothing(void **state)
{
    struct rig *r = rig_open(*state);
    struct import_events_options opt = usual();
    struct import *i =
        taken(r, &opt, "case,stage,at,user,amount\nA,Новая,2024-01-01,Вера,\nB,Новая,2024-01-01,вера,\n");
    assert_int_equal(i->sum.users_created, 1); /* Вера and вера are one */
    import_done(i);
    i = taken(r, &opt,
              "case,stage,at,user,amount\nA,Новая,2024-01-01,Вера,\nC,Этап,2024-01-03,Вера,\nA,Успех,2024-01-04,,\n");
    assert_int_equal(i->sum.deals, 1);
    assert_int_equal(i->sum.users_created, 0);
    assert_int_equal(i->sum.stages_created, 1);
    assert_int_equal(i->bad.count[CASE_EXISTS], 2);
    assert_int_equal(i->bad.row[0].line, 2);
    assert_int_equal(i->bad.row[1].line, 4);
    assert_int_equal(number(r->db, "SELECT count(*) FROM deal"), 3);
    assert_int_equal(number(r->db, "SELECT count(*) FROM users WHERE active = 0 AND role = 2"), 1);
    import_done(i);
    rig_close(r);
}

static void a_slip_in_a_name_is_refused_before_anything_is_written(void **state)
{
    struct rig *r = rig_open(*state);
    static const char log[] = "case,stage,at,user,amount\nA,Новая,2024-01-01,Гость,\n";
    static const char *const unknown[] = {"Успэх"}, *const both[] = {"Успех"}, *const wrong[] = {"Новая", "Успех"};
    int64_t events = number(r->db, "SELECT count(*) FROM journal");
    const struct {
        struct import_names won, lost;
        const char *stage, *currency, *code;
    } rows[] = {
        {{unknown, 1}, {0}, "stage", NULL, "unknown_stage"},
        {{wrong, 1}, {wrong, 1}, "stage", NULL, "stage_outcome"},
        {{wrong, 2}, {0}, "stage", NULL, "stage_outcome"}, /* Новая is an open stage */
        {{0}, {both, 1}, "status", NULL, "no_column"},
    };
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        struct import_events_options opt = usual();
        opt.won = rows[k].won;
        opt.lost = rows[k].lost;
        opt.columns.stage = rows[k].stage;
        struct import *i = import_text(r, &opt, log);
        assert_int_equal(i->rc, RC_UNPROCESSABLE);
        assert_string_equal(i->e.code, rows[k].code);
        import_done(i);
    }
    struct import_events_options opt = usual();
    opt.funnel = "Новая воронка";
    opt.won = opt.lost = (struct import_names){0};
    opt.currency = "RUR";
    struct import *i = import_text(r, &opt, log);
    assert_string_equal(i->e.code, "unknown_currency");
    import_done(i);
    i = import_text(r, &opt, "");
    assert_string_equal(i->e.code, "unknown_currency");
    import_done(i);
    opt.currency = NULL;
    i = import_text(r, &opt, "");
    assert_string_equal(i->e.code, "no_header");
    import_done(i);
    DO(r, try_update(r, ENT_FUNNEL, r->funnel, "{'archived':true}"));
    opt = usual();
    i = import_text(r, &opt, log);
    assert_string_equal(i->e.code, "funnel_archived");
    import_done(i);
    DO(r, try_update(r, ENT_FUNNEL, r->funnel, "{'archived':false}"));
    DO(r, try_update(r, ENT_STAGE, r->talks, "{'archived':true}"));
    i = import_text(r, &opt, "case,stage,at,user,amount\nC1,Новая,2024-01-01,,\nC1,Переговоры,2024-01-02,,\n");
    assert_string_equal(i->e.code, "stage_archived");
    import_done(i);
    DO(r, try_update(r, ENT_STAGE, r->talks, "{'archived':false}"));
    events += 4;
    assert_int_equal(number(r->db, "SELECT count(*) FROM journal"), events);
    assert_int_equal(number(r->db, "SELECT count(*) FROM funnel"), 1);
    rig_close(r);
}

/* Some programs write what they do not know as the beginning of 1970. */
static void a_deal_closed_at_the_beginning_of_1970_is_closed(void **state)
{
    struct rig *r = rig_open(*state);
    struct import_events_options opt = usual();
    struct import *i =
        taken(r, &opt, "case,stage,at,user,amount\nC1,Новая,1969-12-31,,\nC1,Успех,1970-01-01T00:00:00Z,,\n");
    int64_t deal = number(r->db, "SELECT max(id) FROM deal");
    assert_int_equal(i->sum.won, 1);
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_CLOSED_AT).kind, VAL_INT);
    assert_int_equal(field_of(r, ENT_DEAL, deal, DEAL_CLOSED_AT).i, 0);
    assert_int_equal(number(r->db, "SELECT count(*) FROM journal WHERE data LIKE '%\"closed_at\":[null,0]%'"), 1);
    import_done(i);
    rig_close(r);
}

static void many_deals_come_in_over_several_transactions(void **state)
{
    struct rig *r = rig_open(*state);
    struct import_events_options opt = usual();
    struct buf b = {0};
    buf_c(&b, "case,stage,at,user,amount\n");
    for (int i = 0; i < 9000; i++)
        buf_fmt(&b, "C%d,Новая,2024-01-01,Борис,%d\nC%d,%s,2024-02-01,,\n", i, i, i, i % 3 ? "Успех" : "Отказ");
    buf_char(&b, 0);
    struct import *i = taken(r, &opt, b.ptr);
    assert_int_equal(i->sum.deals, 9000);
    assert_int_equal(i->sum.won, 6000);
    assert_int_equal(i->sum.lost, 3000);
    assert_int_equal(number(r->db, "SELECT CAST(sum(value_minor) AS BIGINT) FROM deal"), 100LL * 9000 * 8999 / 2);
    assert_int_equal(number(r->db, "SELECT count(DISTINCT id) FROM deal"), 9000);
    import_done(i);
    buf_free(&b);
    rig_close(r);
}

/* ---- lists ---- */

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const char map[] =
    "{\"currency\":\"USD\",\"deals\":{\"title\":\"id\",\"owner\":\"agent\",\"company\":\"account\",\"product\":"
    "\"product\","
    "\"stage\":\"stage\",\"start\":\"from\",\"close\":\"to\",\"value\":\"value\"},"
    "\"stages\":[\"Lead\",\"Talk\",\"Won\",\"Lost\"],\"won\":[\"Won\"],\"lost\":[\"Lost\"],\"start_stage\":\"Talk\","
    "\"companies\":{\"file\":\"firms.csv\",\"name\":\"firm\",\"fields\":{\"country\":\"land\",\"website\":\"site\"},"
    "\"comment\":[\"staff\"]},"
    "\"products\":{\"file\":\"goods.csv\",\"name\":\"good\",\"fields\":{\"price_minor\":\"price\"}},"
    "\"people\":{\"file\":\"team.csv\",\"name\":\"agent\",\"manager\":\"boss\"},"
    "\"corrections\":{\"land\":{\"Philipines\":\"Philippines\"}}}";

static struct import *import_files(struct rig *r, const char *dir, const char *map_text)
{
    struct import *i = calloc(1, sizeof *i);
    char path[200];
    snprintf(path, sizeof path, "%s/deals.csv", dir);
    struct import_list_options opt = {.funnel = "Оборудование", .file = path, .map = str_c(map_text)};
    i->rc = import_list(r->writer, &opt, &i->list, &i->bad, &i->notes, &i->e);
    return i;
}

static const struct import_note_row *note_of(const struct import *i, const char *code)
{
    for (size_t k = 0; k < i->notes.n; k++)
        if (strcmp(i->notes.note[k].code, code) == 0)
            return &i->notes.note[k];
    fail_msg("no note %s", code);
    return NULL;
}

static void a_list_of_opportunities_comes_in_with_all_that_does_not_match(void **state)
{
    struct rig *r = rig_open(*state);
    const char *tmp = getenv("TMPDIR");
    char dir[80];
    snprintf(dir, sizeof dir, "%s/voronka-list-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    write_file(dir, "firms.csv", "firm,land,site,staff,series\nAcme,Philipines,not a site,12,x\nBeta,Kenya,,7,y\n");
    write_file(dir, "goods.csv", "good,price\nGTX Pro,4821\nMG,55.5\n");
    write_file(dir, "team.csv", "agent,boss\nМоисей,Дина\nЕва,Дина\nЛеа,Рая\n");
    write_file(dir, "deals.csv",
               "id,agent,product,account,stage,from,to,value\n"
               "A1,Моисей,GTXPro,Acme,Won,2016-10-20,2017-03-01,1054\n"
               "A2,Ева,MG,,Talk,2016-11-01,,\n"
               "A3,Ева,MG,Beta,Lead,,,\n"
               "A4,Ной,Novum,Gamma,Lost,2016-11-01,2016-12-01,0\n"
               "A5,Ева,MG,Beta,Lost,2016-11-05,2016-11-01,0\n" /* closed before its start */
               "A1,Ева,MG,Beta,Talk,2016-11-01,,\n");          /* named twice */
    int64_t before = time_now();
    struct import *i = import_files(r, dir, map);
    if (i->rc != RC_OK)
        fail_msg("%s %s", i->e.code, i->e.arg[0]);
    assert_int_equal(i->list.deals.deals, 4);
    assert_int_equal(i->list.deals.won, 1);
    assert_int_equal(i->list.deals.lost, 1);
    assert_int_equal(i->list.companies_created, 3);
    assert_int_equal(i->list.products_created, 3);
    assert_int_equal(i->bad.count[BAD_ORDER], 1);
    assert_int_equal(i->bad.count[CASE_REPEATED], 1);
    assert_int_equal(i->bad.count[BAD_TEXT], 1); /* "not a site" */
    assert_int_equal(note_of(i, "loose_match")->line, 2);
    assert_int_equal(note_of(i, "no_company")->line, 3);
    assert_int_equal(note_of(i, "no_start")->line, 4);
    assert_int_equal(note_of(i, "unknown_company")->line, 5);
    assert_int_equal(note_of(i, "unknown_product")->line, 5);
    note_of(i, "unknown_person");
    note_of(i, "corrected");
    note_of(i, "no_price");
    note_of(i, "column_not_kept");

    int64_t a1 = deal_named(r, "A1");
    assert_int_equal(field_of(r, ENT_DEAL, a1, DEAL_VALUE_MINOR).i, 105400);
    assert_int_equal(field_of(r, ENT_DEAL, a1, DEAL_CLOSED_AT).i, ms("2017-03-01"));
    int64_t acme = field_of(r, ENT_DEAL, a1, DEAL_COMPANY_ID).i;
    assert_true(str_eqc(field_of(r, ENT_COMPANY, acme, COMPANY_COUNTRY).s, "Philippines"));
    assert_true(str_eqc(field_of(r, ENT_COMPANY, acme, COMPANY_COMMENT).s, "staff: 12"));
    assert_false(val_has(field_of(r, ENT_DEAL, deal_named(r, "A2"), DEAL_COMPANY_ID)));
    struct stmt *s;
    struct err e = {0};
    OK(db_prepare(r->db, &s, "SELECT created_at FROM deal WHERE title = 'A3'", &e));
    assert_int_equal(stmt_step(s, &e), RC_ROW);
    assert_true(stmt_col_i64(s, 0) >= before); /* nothing is known of its past */
    stmt_done(s);
    assert_int_equal(number(r->db, "SELECT p.price_minor FROM deal_product p JOIN deal d ON d.id = p.deal_id"
                                   " WHERE d.title = 'A1'"),
                     482100);
    assert_int_equal(number(r->db, "SELECT count(*) FROM users WHERE role = 1"), 2);
    import_done(i);

    i = import_files(r, dir, map); /* once more: nothing is doubled */
    assert_int_equal(i->list.deals.deals + i->list.companies_created + i->list.products_created, 0);
    assert_int_equal(i->bad.count[CASE_EXISTS], 4);
    import_done(i);

    static const char *const bad[] = {
        "{}", "[]", "{\"deals\":{\"title\":\"id\"}}",
        "{\"deals\":{\"title\":\"id\",\"stage\":\"stage\",\"colour\":\"x\"}}",
        ("{\"deals\":{\"title\":\"id\",\"stage\":\"stage\"},\"people\":{\"file\":\"../x\","
         "\"name\":\"n\"}}")};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        i = import_files(r, dir, bad[k]);
        assert_string_equal(i->e.code, "bad_map");
        import_done(i);
    }
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
    rig_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(an_imported_deal_is_as_if_it_had_been_worked_here),
        SCENARIO(events_after_the_end_stay_in_the_history_and_change_nothing),
        SCENARIO(events_are_put_in_order_of_time_and_then_of_the_file),
        SCENARIO(bad_rows_are_told_by_line_and_the_rest_comes_in),
        SCENARIO(a_second_import_doubles_nothing),
        SCENARIO(a_slip_in_a_name_is_refused_before_anything_is_written),
        SCENARIO(a_deal_closed_at_the_beginning_of_1970_is_closed),
        SCENARIO(many_deals_come_in_over_several_transactions),
        SCENARIO(a_list_of_opportunities_comes_in_with_all_that_does_not_match),
    };
    return run_scenarios("import", tests, sizeof tests / sizeof *tests);
}
