/* The demo company as its administrator has set it up: calendar, teams, own fields, a card's layout, saved views. */
#include "base/calendar_data.h"
#include "cli/demo_fill_impl.h"
#include <stdlib.h>

/* ---- settings ---- */

/* The official days of the years of the history, as far as they are known. */
static enum rc known_days(const struct demo_world *w, json_t *out, struct err *e)
{
    int first, last;
    unsigned month, day;
    json_t *all, *one;
    const char *year;
    date_to_civil(w->base_on, &first, &month, &day);
    date_to_civil(w->base_on + w->now / DEMO_DAY, &last, &month, &day);
    TRY(json_read((struct str){calendar_ru, calendar_ru_len}, &all, e));
    json_object_foreach(json_object_get(all, "years"), year, one)
    {
        int64_t number;
        if (str_i64(str_c(year), &number) && number >= first && number <= last)
            json_array_extend(out, json_object_get(one, "days"));
    }
    json_decref(all);
    return RC_OK;
}

static enum rc set_calendar(struct filler *f, struct change *ch, struct err *e)
{
    json_t *week = json_array(), *days = json_array(),
           *ordinary = json_pack("{s:s,s:s,s:s,s:s}", "from", "09:00", "to", "18:00", "break_from", "13:00", "break_to",
                                 "14:00");
    for (int i = 0; i < 7; i++)
        json_array_append_new(week, i < 5 ? json_incref(ordinary) : json_null());
    json_decref(ordinary);
    enum rc rc = known_days(f->w, days, e);
    json_t *calendar = json_pack("{s:o,s:o}", "week", week, "exceptions", days);
    char *text = json_dumps(calendar, JSON_COMPACT | JSON_SORT_KEYS);
    if (rc == RC_OK)
        rc = setting_set(ch, "calendar", str_c(text), e);
    free(text);
    json_decref(calendar);
    return rc;
}

enum rc demo_setup_settings(struct filler *f, int64_t at, struct err *e)
{
    struct change ch = change_begin(f->tx, demo_actor(f, DEMO_SYSTEM));
    ch.at = at;
    TRY(setting_set(&ch, "company", STR("Учебный центр «Вектор»"), e));
    TRY(setting_set(&ch, "currency", STR("RUB"), e));
    TRY(setting_set(&ch, "time_zone", STR("Europe/Moscow"), e));
    TRY(set_calendar(f, &ch, e));
    f->written += ch.events;
    return RC_OK;
}

/* ---- teams ---- */

static enum rc join(struct filler *f, int64_t at, unsigned user, int64_t team, struct err *e)
{
    struct change ch = change_begin(f->tx, demo_actor(f, DEMO_ADMIN));
    struct record *in = record_new(f->tx->arena, entity_by_id(ENT_USER));
    ch.at = at;
    in->f[USER_TEAM_ID] = val_int(team);
    TRY(change_update(&ch, f->user[user], 0, in, e));
    f->written += ch.events;
    return RC_OK;
}

enum rc demo_setup_teams(struct filler *f, int64_t at, struct err *e)
{
    static const struct {
        const char *name;
        unsigned char head, members[7]; /* the head among them; DEMO_USERS ends */
    } teams[] = {
        {"Коммерческий отдел", DEMO_DIRECTOR, {DEMO_DIRECTOR, DEMO_MARKETER, DEMO_USERS}},
        {"Продажи частным лицам",
         DEMO_HEAD_PEOPLE,
         {DEMO_HEAD_PEOPLE, DEMO_STRONG, DEMO_SELLER_2, DEMO_SELLER_3, DEMO_SELLER_KZ, DEMO_SELLER_KG, DEMO_USERS}},
        {"Корпоративные продажи",
         DEMO_HEAD_FIRMS,
         {DEMO_HEAD_FIRMS, DEMO_SELLER_B2B, DEMO_SELLER_RENEW, DEMO_SELLER_COLD, DEMO_USERS}},
    };
    int64_t whole = 0, id;
    for (size_t i = 0; i < sizeof teams / sizeof *teams; i++) {
        json_t *body = json_pack("{s:s,s:I}", "name", teams[i].name, "head_id", (json_int_t)f->user[teams[i].head]);
        if (whole)
            json_object_set_new(body, "parent_id", json_integer(whole));
        TRY(demo_create(f, DEMO_ADMIN, at, ENT_TEAM, body, &id, e));
        whole = whole ? whole : id;
        for (const unsigned char *m = teams[i].members; *m != DEMO_USERS; m++)
            TRY(join(f, at, *m, id, e));
    }
    return RC_OK;
}

/* ---- own fields ---- */

static enum rc create_values(struct filler *f, int64_t at, enum demo_own_field of, const char *const (*list)[2],
                             size_t n, int64_t *out, struct err *e)
{
    for (size_t i = 0; i < n; i++)
        TRY(demo_create(f, DEMO_ADMIN, at, ENT_FIELD_OPTION,
                        json_pack("{s:I,s:s,s:s}", "custom_field_id", (json_int_t)f->own[of], "name", list[i][0],
                                  "colour", list[i][1]),
                        &out[i], e));
    return RC_OK;
}

static json_t *own_name(const struct filler *f, enum demo_own_field of)
{
    return json_sprintf("cf_%lld", (long long)f->own[of]);
}

/* Companies' cards begin with what the training is about. */
static enum rc create_layout(struct filler *f, int64_t at, struct err *e)
{
    json_t *groups = json_pack(
        "[{s:s,s:[o,o,o]},{s:s,s:[s,s,s,s,s,s,s]},{s:s,s:b,s:[s,s]},{s:s,s:b,s:[s,s,s,s,s]}]", "title", "Обучение",
        "fields", own_name(f, OWN_FORMAT), own_name(f, OWN_SEATS), own_name(f, OWN_CONTRACT), "title", "Сделка",
        "fields", "funnel_id", "cost_minor", "currency", "deal_class_id", "source_id", "campaign_id", "tag_ids",
        "title", "Отказ", "collapsed", 1, "fields", "loss_reason_id", "loss_comment", "title", "Реклама", "collapsed",
        1, "fields", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term");
    return demo_create(f, DEMO_ADMIN, at, ENT_LAYOUT,
                       json_pack("{s:s,s:I,s:o}", "object", "deal", "funnel_id", (json_int_t)f->funnel[DEMO_CORPORATE],
                                 "groups", groups),
                       NULL, e);
}

static enum rc create_views(struct filler *f, int64_t at, struct err *e)
{
    static const char *const views[][3] = {
        {"Горящие", "status = \"open\" and next_task_at < now", "next_task_at"},
        {"Без задачи", "status = \"open\" and next_task_at is null", "-value_minor"},
        {"Крупные", "status = \"open\" and currency = \"RUB\" and value_minor >= 30000000", "-value_minor"},
    };
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        TRY(demo_create(f, DEMO_ADMIN, at, ENT_VIEW,
                        json_pack("{s:s,s:s,s:s,s:{s:s,s:s,s:s}}", "object", "deal", "name", views[i][0], "sharing",
                                  "everyone", "query", "filter", views[i][1], "sort", views[i][2], "mode", "list"),
                        NULL, e));
    return RC_OK;
}

enum rc demo_setup_fields(struct filler *f, int64_t at, struct err *e)
{
    static const char *const fields[OWN_N][3] = {
        [OWN_FORMAT] = {"deal", "Формат обучения", "one_of"}, [OWN_SEATS] = {"deal", "Число слушателей", "number"},
        [OWN_CONTRACT] = {"deal", "Нужен договор", "bool"},   [OWN_BIRTHDAY] = {"contact", "Дата рождения", "date"},
        [OWN_SEGMENT] = {"company", "Сегмент", "one_of"},     [OWN_STAFF] = {"company", "Численность", "number"},
    };
    static const char *const formats[FORMAT_N][2] = {
        [FORMAT_CLASS] = {"Очно", "#3c8d5a"},
        [FORMAT_ONLINE] = {"Онлайн", "#2a7fb8"},
        [FORMAT_VISIT] = {"Выезд к заказчику", "#e0912f"},
    };
    static const char *const segments[SEGMENT_N][2] = {
        [SEGMENT_LARGE] = {"Крупный бизнес", "#8e6ad8"},
        [SEGMENT_MIDDLE] = {"Средний бизнес", "#2a7fb8"},
        [SEGMENT_SMALL] = {"Малый бизнес", "#3c8d5a"},
        [SEGMENT_PUBLIC] = {"Бюджетное учреждение", "#d8b22c"},
    };
    for (size_t i = 0; i < OWN_N; i++)
        TRY(demo_create(f, DEMO_ADMIN, at, ENT_CUSTOM_FIELD,
                        json_pack("{s:s,s:s,s:s}", "object", fields[i][0], "label", fields[i][1], "type", fields[i][2]),
                        &f->own[i], e));
    TRY(create_values(f, at, OWN_FORMAT, formats, FORMAT_N, f->format, e));
    TRY(create_values(f, at, OWN_SEGMENT, segments, SEGMENT_N, f->segment, e));
    TRY(create_layout(f, at, e));
    return create_views(f, at, e);
}
