/* What the demo company knows of its clients, and how its heads keep order: buying centres, classifiers, competitors,
 * deals that do not pay, rules of involvement, weekly reviews. Through the ordinary commands, for the newest records.
 */
#include "cli/demo_fill_impl.h"
#include "crm/engine.h"

#define DEALS_MOST 120
#define COMPANIES_MOST 300
#define BEGUN (21 * MS_DAY) /* the records are at least this old */

struct place { /* an open deal of a company */
    int64_t id, company, value, owner, owner_at, stage;
};
struct known {
    struct filler *f;
    struct arena *a;
    int64_t now;
    struct rng rng;
    struct place *deals;
    size_t n;
    int64_t competitors[5];
};

/* ---- the deals that are looked at ---- */

static enum rc load_deals(struct known *k, struct err *e)
{
    struct filler *f = k->f;
    struct stmt *s;
    enum rc rc;
    k->deals = ARENA_ARRAY(k->a, struct place, DEALS_MOST);
    TRY(db_prepare(
        f->tx->db, &s,
        "SELECT id, company_id, value_minor, owner_id, stage_id FROM deal WHERE status = 0 AND company_id IS NOT NULL"
        " AND value_minor > 0 AND created_at < $1 AND funnel_id IN ($2, $3, $4) AND deleted_at IS NULL"
        " ORDER BY id DESC LIMIT $5",
        e));
    stmt_i64(s, 1, k->now - BEGUN);
    stmt_i64(s, 2, f->funnel[DEMO_CORPORATE]);
    stmt_i64(s, 3, f->funnel[DEMO_OUTREACH]);
    stmt_i64(s, 4, f->funnel[DEMO_TENDERS]);
    stmt_i64(s, 5, DEALS_MOST);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t owner = stmt_col_i64(s, 3);
        k->deals[k->n++] = (struct place){stmt_col_i64(s, 0),     stmt_col_i64(s, 1), stmt_col_i64(s, 2), owner,
                                          demo_user_of(f, owner), stmt_col_i64(s, 4)};
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- buying centres ---- */

static enum rc contacts_of(struct known *k, int64_t company, int64_t *out, size_t most, size_t *n, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(k->f->tx->db, &s,
                   "SELECT id FROM contact WHERE company_id = $1 AND deleted_at IS NULL ORDER BY id LIMIT 3", e));
    stmt_i64(s, 1, company);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        if (*n < most)
            out[(*n)++] = stmt_col_i64(s, 0);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* The company has more people than the one who wrote first. */
static enum rc colleague(struct known *k, const struct place *d, size_t i, int64_t *id, struct err *e)
{
    static const char *const people[][2] = {{"Главный инженер", "Главный инженер"},
                                            {"Финансовый директор", "Финансовый директор"},
                                            {"Специалист по охране труда", "Специалист по охране труда"}};
    k->f->twin_contacts++;
    return demo_create(k->f, (unsigned)d->owner_at, k->now - 20 * MS_DAY, ENT_CONTACT,
                       json_pack("{s:s,s:s,s:I,s:I}", "name", people[i % 3][0], "position", people[i % 3][1],
                                 "company_id", (json_int_t)d->company, "owner_id", (json_int_t)d->owner),
                       id, e);
}

static enum rc buyer(struct known *k, const struct place *d, int64_t contact, size_t i, struct err *e)
{
    static const char *const roles[] = {"decides", "influences", "approves"};
    static const char *const attitudes[] = {"favours", "neutral", "unknown", "against"};
    static const char *const needs[] = {"Закрыть предписание инспекции до проверки",
                                        "Обучить смену без остановки линии", "Снизить травматизм на участке",
                                        "Удостоверения к началу сезона"};
    static const char *const hopes[] = {"Понятная смета и один договор на год", "Выезд преподавателя на площадку",
                                        "Документы в день окончания курса", "Скидка за группу от двадцати человек"};
    int64_t last = k->now - rng_range(&k->rng, 1, 120) * MS_DAY;
    json_t *body = json_pack("{s:I,s:I,s:s,s:s}", "deal_id", (json_int_t)d->id, "contact_id", (json_int_t)contact,
                             "role", roles[i % 3], "attitude", attitudes[rng_range(&k->rng, 0, 3)]);
    if (rng_unit(&k->rng) < 0.75) {
        json_object_set_new(body, "needs", json_string(needs[rng_range(&k->rng, 0, 3)]));
        json_object_set_new(body, "expectations", json_string(hopes[rng_range(&k->rng, 0, 3)]));
    }
    if (rng_unit(&k->rng) < 0.85)
        json_object_set_new(body, "last_contact_at", json_integer(last));
    return demo_create(k->f, (unsigned)d->owner_at, k->now - 19 * MS_DAY + (int64_t)i * MS_HOUR, ENT_BUYER, body, NULL,
                       e);
}

static enum rc buying_centres(struct known *k, struct err *e)
{
    for (size_t i = 0; i < k->n; i++) {
        int64_t people[3];
        size_t n;
        if (i % 4 == 3) /* nobody has asked yet */
            continue;
        TRY(contacts_of(k, k->deals[i].company, people, 3, &n, e));
        if (n < 2 && i % 2 == 0) {
            TRY(colleague(k, &k->deals[i], i, &people[n], e));
            n++;
        }
        for (size_t p = 0; p < n; p++)
            TRY(buyer(k, &k->deals[i], people[p], i % 5 == 4 ? p + 1 : p, e));
    }
    return RC_OK;
}

/* ---- classifiers ---- */

static enum rc values_of(struct known *k, int64_t kind, int64_t *out, size_t most, size_t *n, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(k->f->tx->db, &s,
                   "SELECT id FROM classifier WHERE kind = $1 AND deleted_at IS NULL ORDER BY position, id", e));
    stmt_i64(s, 1, kind);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        if (*n < most)
            out[(*n)++] = stmt_col_i64(s, 0);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* A firm climbs, and some fall back. */
static enum rc classify(struct known *k, int64_t company, struct err *e)
{
    static const char *const fields[] = {"development_id", "depth_id",    "reaction_id",
                                         "loyalty_id",     "prospect_id", "importance_id"};
    int64_t ids[12];
    size_t n;
    json_t *body = json_object();
    size_t climbed = 0;
    for (int64_t kind = 0; kind < 6; kind++) {
        TRY(values_of(k, kind, ids, 12, &n, e));
        if (!n || (kind && rng_unit(&k->rng) < 0.3))
            continue;
        size_t at = (size_t)rng_range(&k->rng, 0, (int64_t)n - 1);
        climbed = kind ? climbed : at;
        json_object_set_new(body, fields[kind], json_integer(ids[at]));
    }
    json_object_set_new(body, "next_contact_on",
                        json_text(date_format(k->a, k->now / MS_DAY + rng_range(&k->rng, 1, 30))));
    TRY(demo_change(k->f, DEMO_HEAD_FIRMS, k->now - 18 * MS_DAY, ENT_COMPANY, company, body, e));
    TRY(values_of(k, 0, ids, 12, &n, e));
    if (climbed + 1 >= n || rng_unit(&k->rng) < 0.5)
        return RC_OK;
    size_t next = rng_unit(&k->rng) < 0.75 || !climbed ? climbed + 1 : climbed - 1;
    return demo_change(k->f, DEMO_HEAD_FIRMS, k->now - 6 * MS_DAY, ENT_COMPANY, company,
                       json_pack("{s:I}", "development_id", (json_int_t)ids[next]), e);
}

static enum rc classifiers(struct known *k, struct err *e)
{
    int64_t companies[COMPANIES_MOST];
    size_t n = 0;
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(k->f->tx->db, &s,
                   "SELECT id FROM company WHERE created_at < $1 AND deleted_at IS NULL ORDER BY id DESC LIMIT $2", e));
    stmt_i64(s, 1, k->now - BEGUN);
    stmt_i64(s, 2, COMPANIES_MOST);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        companies[n++] = stmt_col_i64(s, 0);
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < n && rc == RC_OK; i++)
        rc = classify(k, companies[i], e);
    return rc;
}

/* ---- competitors and money ---- */

/* Every third of the deals that were closed last: who was beaten, and who won. */
static enum rc offers_of_the_past(struct known *k, struct err *e)
{
    struct closed {
        int64_t id, value, owner_at;
    } deals[DEALS_MOST];
    struct filler *f = k->f;
    struct stmt *s;
    enum rc rc;
    size_t n = 0;
    TRY(db_prepare(f->tx->db, &s,
                   "SELECT id, value_minor, owner_id FROM deal WHERE status <> 0 AND company_id IS NOT NULL AND"
                   " value_minor > 0 AND funnel_id IN ($1, $2) AND deleted_at IS NULL ORDER BY closed_at DESC, id"
                   " LIMIT $3",
                   e));
    stmt_i64(s, 1, f->funnel[DEMO_CORPORATE]);
    stmt_i64(s, 2, f->funnel[DEMO_OUTREACH]);
    stmt_i64(s, 3, DEALS_MOST);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        deals[n++] = (struct closed){stmt_col_i64(s, 0), stmt_col_i64(s, 1), demo_user_of(f, stmt_col_i64(s, 2))};
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < n && rc == RC_OK; i += 3)
        rc = demo_create(
            f, (unsigned)deals[i].owner_at, k->now - 18 * MS_DAY + (int64_t)i * MS_HOUR, ENT_COMPETITOR_OFFER,
            json_pack("{s:I,s:I,s:s,s:I}", "competitor_id", (json_int_t)k->competitors[i / 3 % 5], "deal_id",
                      (json_int_t)deals[i].id, "offer", "Предложение из переписки с клиентом", "price_minor",
                      (json_int_t)(deals[i].value / 10000 * (int64_t)(80 + i * 7 % 35)) * 100),
            NULL, e);
    return rc;
}

static enum rc competitors(struct known *k, struct err *e)
{
    static const char *const names[][2] = {{"Центр «Спасатель плюс»", "https://spasatel-plus.example"},
                                           {"Учебный комбинат № 4", "https://uk4.example"},
                                           {"Онлайн-школа «Безопасно»", "https://bezopasno.example"},
                                           {"ООО «Охрана труда сегодня»", "https://ot-today.example"},
                                           {"Свой учебный класс заказчика", NULL}};
    static const char *const offers[] = {"Тот же курс дистанционно, без выезда", "Скидка 15 % при оплате вперёд",
                                         "Пакет на год: охрана труда и первая помощь",
                                         "Бесплатный пересмотр инструкций"};
    for (size_t i = 0; i < 5; i++) {
        json_t *body = json_pack("{s:s}", "name", names[i][0]);
        if (names[i][1])
            json_object_set_new(body, "website", json_string(names[i][1]));
        TRY(demo_create(k->f, DEMO_HEAD_FIRMS, k->now - 20 * MS_DAY, ENT_COMPETITOR, body, &k->competitors[i], e));
    }
    for (size_t i = 0; i < k->n; i += 3) {
        const struct place *d = &k->deals[i];
        json_t *body =
            json_pack("{s:I,s:s,s:I}", "competitor_id", (json_int_t)k->competitors[i % 5], "offer", offers[i % 4],
                      "price_minor", (json_int_t)(d->value / 10000 * rng_range(&k->rng, 75, 110)) * 100);
        json_object_set_new(body, i % 2 ? "deal_id" : "company_id", json_integer(i % 2 ? d->id : d->company));
        TRY(demo_create(k->f, (unsigned)d->owner_at, k->now - 17 * MS_DAY + (int64_t)i * MS_HOUR, ENT_COMPETITOR_OFFER,
                        body, NULL, e));
    }
    return offers_of_the_past(k, e);
}

/* To fly far for two seats: the cost is over the value, or near it. */
static enum rc costs(struct known *k, struct err *e)
{
    for (size_t i = 2; i < k->n; i += 9)
        TRY(demo_change(
            k->f, (unsigned)k->deals[i].owner_at, k->now - 16 * MS_DAY, ENT_DEAL, k->deals[i].id,
            json_pack("{s:I}", "cost_minor", (json_int_t)(k->deals[i].value / 10000 * (i % 2 ? 128 : 82)) * 100), e));
    return RC_OK;
}

/* ---- who is called in when ---- */

static enum rc involvement(struct known *k, struct err *e)
{
    struct filler *f = k->f;
    int64_t head;
    TRY(QUERY_I64(f->tx->db, &head, 0, e, "SELECT role_id FROM users WHERE id = $1", f->user[DEMO_HEAD_FIRMS]));
    TRY(demo_create(f, DEMO_ADMIN, k->now - 15 * MS_DAY, ENT_INVOLVEMENT,
                    json_pack("{s:I,s:I,s:I,s:s}", "funnel_id", (json_int_t)f->funnel[DEMO_CORPORATE], "stage_id",
                              (json_int_t)f->stage[DEMO_CORPORATE][DEMO_SLOW_STAGE - 1], "role_id", (json_int_t)head,
                              "note", "Руководителя привлекаем, когда предложение у клиента"),
                    NULL, e));
    TRY(demo_create(f, DEMO_ADMIN, k->now - 15 * MS_DAY, ENT_INVOLVEMENT,
                    json_pack("{s:I,s:I,s:I,s:s,s:s}", "funnel_id", (json_int_t)f->funnel[DEMO_OUTREACH], "stage_id",
                              (json_int_t)f->stage[DEMO_OUTREACH][DEMO_BREAK_STAGE], "role_id", (json_int_t)head,
                              "task_kind", "meeting", "note", "Встречи с руководителем — после выявления потребностей"),
                    NULL, e));
    for (size_t i = 0, called = 0; i < k->n && called < 5; i++) { /* called in all the same */
        int64_t due = f->stage[DEMO_CORPORATE][DEMO_SLOW_STAGE - 1], first = f->stage[DEMO_CORPORATE][0];
        if (k->deals[i].stage < first || k->deals[i].stage >= due)
            continue;
        called++;
        TRY(demo_create(f, (unsigned)k->deals[i].owner_at, k->now - 5 * MS_DAY, ENT_TASK,
                        json_pack("{s:s,s:I,s:I,s:s,s:I}", "title", "Подключиться к переговорам", "deal_id",
                                  (json_int_t)k->deals[i].id, "owner_id", (json_int_t)f->user[DEMO_HEAD_FIRMS], "kind",
                                  "meeting", "due_at", (json_int_t)(k->now + (int64_t)(called + 1) * MS_DAY)),
                        NULL, e));
    }
    return RC_OK;
}

/* ---- reviews ---- */

struct todo {
    int64_t id, deal;
};

/* A decision for each deal; of some a task, and most of those are done in time. */
static enum rc decide(struct known *k, int64_t review, int64_t at, struct err *e)
{
    static const char *const decisions[] = {"Связаться до пятницы и получить дату решения",
                                            "Отправить новое предложение и перезвонить",
                                            "Встретиться с тем, кто решает", "Закрыть, если не ответят за неделю"};
    VEC(struct todo) items = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(k->f->tx->db, &s, "SELECT id, deal_id FROM review_item WHERE review_id = $1 ORDER BY id", e));
    stmt_i64(s, 1, review);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct todo one = {stmt_col_i64(s, 0), stmt_col_i64(s, 1)};
        vec_push(&items, one);
    }
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < items.len && rc == RC_OK; i++) {
        json_t *body = json_pack("{s:s}", "decision", decisions[rng_range(&k->rng, 0, 3)]);
        int64_t task;
        if (i < 20 && i % 2 == 0) {
            json_t *what = json_pack("{s:s,s:I,s:s,s:I,s:I}", "title", "По итогам разбора: связаться с клиентом",
                                     "deal_id", (json_int_t)items.ptr[i].deal, "kind", "call", "due_at",
                                     (json_int_t)at + 4 * MS_DAY, "owner_id", (json_int_t)k->f->user[DEMO_SELLER_B2B]);
            rc = demo_create(k->f, DEMO_HEAD_FIRMS, at, ENT_TASK, what, &task, e);
            if (rc == RC_OK && i % 3)
                rc = demo_change(k->f, DEMO_SELLER_B2B, at + 2 * MS_DAY, ENT_TASK, task,
                                 json_pack("{s:b,s:s}", "done", 1, "result", "Поговорили, ждут счёт"), e);
            json_object_set_new(body, "task_id", json_integer(task));
        }
        if (rc != RC_OK)
            json_decref(body);
        else
            rc = demo_change(k->f, DEMO_HEAD_FIRMS, at, ENT_REVIEW_ITEM, items.ptr[i].id, body, e);
    }
    vec_free(&items);
    return rc;
}

/* Two weeks that are closed, and this one under way. */
static enum rc reviews(struct known *k, struct err *e)
{
    int64_t team, today = (k->now + 3 * MS_HOUR) / MS_DAY, monday = today - (today + 3) % 7;
    TRY(QUERY_I64(k->f->tx->db, &team, 0, e, "SELECT team_id FROM users WHERE id = $1", k->f->user[DEMO_HEAD_FIRMS]));
    for (int64_t back = 2; back >= 0; back--) {
        int64_t on = monday - 7 * back, at = on * MS_DAY + 7 * MS_HOUR, id; /* ten in Moscow */
        if (at > k->now)
            at = k->now;
        TRY(demo_create(
            k->f, DEMO_HEAD_FIRMS, at, ENT_REVIEW,
            json_pack("{s:I,s:o}", "team_id", (json_int_t)team, "week_on", json_text(date_format(k->a, on))), &id, e));
        if (!back)
            return RC_OK;
        TRY(decide(k, id, at + MS_HOUR / 2, e));
        TRY(demo_change(k->f, DEMO_HEAD_FIRMS, at + MS_HOUR, ENT_REVIEW, id, json_pack("{s:b}", "closed", 1), e));
    }
    return RC_OK;
}

enum rc demo_clients_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct filler *f = (struct filler *)job;
    struct known k = {.f = f, .a = tx->arena, .now = f->w->opt.as_of, .rng = demo_stream(f->w, 40, 0)};
    f->tx = tx;
    f->written = f->twin_contacts = 0;
    TRY(load_deals(&k, e));
    TRY(buying_centres(&k, e));
    TRY(classifiers(&k, e));
    TRY(competitors(&k, e));
    TRY(costs(&k, e));
    TRY(involvement(&k, e));
    return reviews(&k, e);
}
