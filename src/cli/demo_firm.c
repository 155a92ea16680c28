/* The demo company as tables: who works there, how each funnel behaves, which campaigns run. */
#include "cli/demo.h"
#include <stdio.h>

const struct demo_person demo_staff[DEMO_USERS] = {
    {"Ольга Ветрова", "o.vetrova@vector-study.example", "admin", "управляющая"},
    {"Игорь Самсонов", "i.samsonov@vector-study.example", "head", "руководитель продаж частным лицам"},
    {"Марина Левченко", "m.levchenko@vector-study.example", "head", "руководитель корпоративных продаж"},
    {"Анна Кравцова", "a.kravtsova@vector-study.example", "seller", "менеджер, курсы"},
    {"Дмитрий Жуков", "d.zhukov@vector-study.example", "seller", "менеджер, курсы"},
    {"Екатерина Миронова", "e.mironova@vector-study.example", "seller", "менеджер, курсы"},
    {"Айгерим Сатпаева", "a.satpaeva@vector-study.example", "seller", "менеджер, Казахстан"},
    {"Бакыт Асанов", "b.asanov@vector-study.example", "seller", "менеджер, Киргизия"},
    {"Павел Громов", "p.gromov@vector-study.example", "seller", "менеджер, компании"},
    {"Наталья Белова", "n.belova@vector-study.example", "seller", "менеджер, продления"},
    {"Сергей Чернов", "s.chernov@vector-study.example", "seller", "менеджер, холодные продажи и тендеры"},
    {"Ксения Орлова", "k.orlova@vector-study.example", "observer", "маркетолог"},
    {"Виктор Рыбаков", "v.rybakov@vector-study.example", "observer", "генеральный директор"},
};

#define T1(a)                                                                                                          \
    {                                                                                                                  \
        TT_##a, DEMO_NO_TASK, DEMO_NO_TASK                                                                             \
    }
#define T2(a, b)                                                                                                       \
    {                                                                                                                  \
        TT_##a, TT_##b, DEMO_NO_TASK                                                                                   \
    }
#define T3(a, b, c)                                                                                                    \
    {                                                                                                                  \
        TT_##a, TT_##b, TT_##c                                                                                         \
    }
/* median stay in days, chance that the stage is on the way, weight of losing the deal there, tasks */
#define COURSES                                                                                                        \
    {                                                                                                                  \
        {1.5, 0.40, 0.20, T1(WRITE_NEW)}, {0.6, 0.50, 0.08, T2(WRITE_NEW, CLARIFY)}, {0.2, 0.92, 0.05, T1(CALL_NEW)},  \
            {1.5, 0.33, 0.22, T1(CALL_AGAIN)}, {1.5, 0.97, 0.18, T2(CLARIFY, DECISION)},                               \
            {6.0, 0.42, 0.15, T1(DECISION)}, {13.0, 0.28, 0.10, T2(GROUP, DECISION)},                                  \
            {2.0, 0.96, 0.10, T2(PAY_INFO, PAY_CHECK)}, {1.0, 1.00, 0.00, T1(MATERIALS)},                              \
        {                                                                                                              \
            9.0, 1.00, 0.02, T2(COURSE_SOON, MATERIALS)                                                                \
        }                                                                                                              \
    }

const struct demo_funnel_model demo_funnels[DEMO_FUNNELS] = {
    [DEMO_COURSES_RU] = {"training",
                         "courses",
                         "Курсы: Россия",
                         "inbound",
                         "RUB",
                         0.32,
                         0,
                         1,
                         DEMO_RU,
                         false,
                         {DEMO_STRONG, DEMO_SELLER_2, DEMO_SELLER_3, DEMO_USERS},
                         COURSES},
    [DEMO_COURSES_KZ] = {"training",
                         "courses",
                         "Курсы: Казахстан",
                         "inbound",
                         "KZT",
                         0.06,
                         0.09,
                         5.5,
                         DEMO_KZ,
                         false,
                         {DEMO_SELLER_KZ, DEMO_USERS},
                         COURSES},
    [DEMO_COURSES_KG] = {"training",
                         "courses",
                         "Курсы: Киргизия",
                         "inbound",
                         "KGS",
                         0.05,
                         0.045,
                         1.1,
                         DEMO_KG,
                         false,
                         {DEMO_SELLER_KG, DEMO_USERS},
                         COURSES},
    [DEMO_CORPORATE] = {"training",
                        "corporate",
                        "Обучение компаний",
                        "inbound",
                        "RUB",
                        0.17,
                        DEMO_CORPORATE_RATE,
                        1,
                        DEMO_RU,
                        true,
                        {DEMO_SELLER_B2B, DEMO_SELLER_RENEW, DEMO_SELLER_3, DEMO_USERS},
                        {{0.4, 1.00, 0.08, T1(CALL_NEW)},
                         {1.0, 0.95, 0.15, T1(NEEDS)},
                         {2.5, 0.90, 0.12, T2(NEEDS, OFFER)},
                         {3.0, 0.98, 0.20, T2(OFFER, OFFER_CALL)},
                         {5.0, 0.85, 0.25, T2(OFFER_CALL, DECISION)},
                         {DEMO_SLOW_MEDIAN, 0.97, 0.12, T2(CONTRACT, CONTRACT_CALL)},
                         {3.0, 0.97, 0.06, T2(INVOICE, PAYMENT)},
                         {7.0, 1.00, 0.02, T2(DATES, MATERIALS)}}},
    [DEMO_OUTREACH] = {"it-product",
                       "outreach",
                       "Холодные продажи",
                       "outreach",
                       "RUB",
                       0.16,
                       0,
                       1,
                       DEMO_RU,
                       true,
                       {DEMO_SELLER_COLD, DEMO_SELLER_B2B, DEMO_USERS},
                       {{1.5, 1.00, 0.12, T1(RESEARCH)},
                        {2.0, 0.92, 0.15, T1(FIND_PERSON)},
                        {4.0, 1.00, 0.28, T2(LETTER, LETTER_2)},
                        {1.0, 0.97, 0.10, T1(MEETING_SET)},
                        {4.0, 0.95, 0.08, T1(MEETING_SET)},
                        {6.0, 0.97, 0.08, T2(BUYING_CENTRE, NEEDS)},
                        {4.0, 0.96, 0.08, T1(DEMO)},
                        {5.0, 0.97, 0.08, T2(OFFER, OFFER_CALL)},
                        {6.0, 0.92, 0.03, T1(TERMS)},
                        {6.0, 1.00, 0.00, T2(CONTRACT, INVOICE)}}},
    [DEMO_TENDERS] = {"training",
                      "tenders",
                      "Тендеры",
                      "other",
                      "RUB",
                      0.04,
                      0.22,
                      1,
                      DEMO_RU,
                      true,
                      {DEMO_SELLER_COLD, DEMO_USERS},
                      {{1.5, 1.00, 0.10, T1(TENDER_DOCS)},
                       {3.0, 1.00, 0.25, T1(TENDER_DOCS)},
                       {1.0, 0.95, 0.05, T1(TENDER_BID)},
                       {7.0, 1.00, 0.10, T1(TENDER_BID)},
                       {5.0, 0.97, 0.10, T1(TENDER_AUCTION)},
                       {3.0, 1.00, 0.40, T1(TENDER_AUCTION)},
                       {9.0, 1.00, 0.00, T1(DATES)},
                       {24.0, 1.00, 0.00, T1(ACT)}}},
    [DEMO_RENEWAL] = {"it-product",
                      "renewal",
                      "Продление обучения",
                      "renewal",
                      "RUB",
                      0.12,
                      0.72,
                      1,
                      DEMO_RU,
                      true,
                      {DEMO_SELLER_RENEW, DEMO_SELLER_RENEW, DEMO_SELLER_B2B, DEMO_USERS},
                      {{12.0, 1.00, 0.05, T1(RENEW)},
                       {3.0, 1.00, 0.35, T1(RENEW)},
                       {2.0, 0.80, 0.20, T1(SATISFIED)},
                       {4.0, 0.98, 0.25, T2(OFFER, OFFER_CALL)},
                       {5.0, 0.90, 0.10, T1(TERMS)},
                       {6.0, 1.00, 0.05, T2(INVOICE, PAYMENT)}}},
    [DEMO_RETURN] = {"it-product",
                     "return",
                     "Возврат клиентов",
                     "return",
                     "RUB",
                     0.05,
                     0.12,
                     1,
                     DEMO_RU,
                     true,
                     {DEMO_SELLER_RENEW, DEMO_SELLER_2, DEMO_USERS},
                     {{2.0, 1.00, 0.05, T1(RETURN_LETTER)},
                      {6.0, 1.00, 0.20, T1(RETURN_LETTER)},
                      {7.0, 0.90, 0.25, T1(RETURN_LETTER)},
                      {7.0, 0.90, 0.30, T2(RETURN_LETTER, RETURN_CALL)},
                      {2.0, 1.00, 0.08, T1(RETURN_CALL)},
                      {4.0, 0.90, 0.06, T1(NEEDS)},
                      {4.0, 1.00, 0.06, T2(OFFER, OFFER_CALL)},
                      {5.0, 1.00, 0.02, T2(INVOICE, PAYMENT)}}},
    [DEMO_SERVICES] = {"training",
                       "services",
                       "Основные услуги",
                       "other",
                       "RUB",
                       0.03,
                       0.34,
                       1,
                       DEMO_RU,
                       true,
                       {DEMO_SELLER_COLD, DEMO_SELLER_RENEW, DEMO_USERS},
                       {{0.5, 1.00, 0.10, T1(CALL_NEW)},
                        {2.0, 0.95, 0.20, T1(NEEDS)},
                        {3.0, 1.00, 0.40, T2(ESTIMATE, OFFER_CALL)},
                        {5.0, 0.90, 0.20, T1(TERMS)},
                        {3.0, 1.00, 0.08, T2(INVOICE, PAYMENT)},
                        {8.0, 1.00, 0.02, T1(DATES)}}},
};

/* Nobody learns who decides and what they need any more: the demonstration comes at once and the deals die behind it.
 */
const struct demo_stage_model demo_outreach_after[DEMO_MAX_STAGES] = {{1.5, 1.00, 0.10, T1(RESEARCH)},
                                                                      {2.0, 0.92, 0.10, T1(FIND_PERSON)},
                                                                      {4.0, 1.00, 0.22, T2(LETTER, LETTER_2)},
                                                                      {1.0, 0.97, 0.08, T1(MEETING_SET)},
                                                                      {4.0, 0.95, 0.08, T1(MEETING_SET)},
                                                                      {6.0, 0.03, 0.00, T1(BUYING_CENTRE)},
                                                                      {8.0, 0.98, 0.30, T1(DEMO)},
                                                                      {9.0, 0.97, 0.20, T2(OFFER, OFFER_CALL)},
                                                                      {6.0, 0.92, 0.05, T1(TERMS)},
                                                                      {6.0, 1.00, 0.01, T2(CONTRACT, INVOICE)}};

/* What runs every year: from a day of the year, for so many days. */
static const struct yearly {
    const char *name, *source, *medium, *utm;
    unsigned char month, day, days, funnel, from;
    double share;
    int64_t cost; /* roubles */
} yearly[] = {
    {"Весенний набор: первая помощь", "yandex", "cpc", "spring-first-aid", 3, 1, 45, DEMO_COURSES_RU, 5, 0.22, 86000},
    {"Перед сезоном походов", "vk", "social", "hiking-season", 4, 20, 40, DEMO_COURSES_RU, 6, 0.20, 54000},
    {"Осенний набор: первая помощь детям", "vk", "social", "autumn-kids", 9, 5, 50, DEMO_COURSES_RU, 6, 0.24, 92000},
    {"Казахстан: курсы для родителей", "instagram-kz", "social", "kz-parents", 2, 10, 60, DEMO_COURSES_KZ, 6, 0.45,
     31000},
    {"Киргизия: запуск курсов", "telegram", "social", "kg-launch", 5, 10, 50, DEMO_COURSES_KG, 6, 0.50, 14000},
    {"Охрана труда к проверке", "yandex", "cpc", "safety-audit", 2, 1, 50, DEMO_CORPORATE, 5, 0.25, 140000},
    {"Высота: бригады к сезону", "yandex", "cpc", "height-season", 4, 1, 40, DEMO_CORPORATE, 5, 0.22, 98000},
};

static void add(struct demo_world *w, const struct yearly *y, const char *name, const char *utm, int64_t from,
                int64_t to)
{
    struct demo_campaign *c = &w->campaigns[w->n_campaigns++];
    const struct demo_funnel_model *f = &demo_funnels[y->funnel];
    *c = (struct demo_campaign){.starts_on = from,
                                .ends_on = to,
                                .currency = f->currency,
                                .funnel = y->funnel,
                                .source = y->from,
                                .share = y->share,
                                .cost_minor = (int64_t)((double)y->cost * f->rate) * 100};
    snprintf(c->name, sizeof c->name, "%s", name);
    snprintf(c->utm_source, sizeof c->utm_source, "%s", y->source);
    snprintf(c->utm_medium, sizeof c->utm_medium, "%s", y->medium);
    snprintf(c->utm_campaign, sizeof c->utm_campaign, "%s", utm);
}

void demo_campaigns(struct demo_world *w)
{
    int year, last;
    unsigned month, day;
    int64_t today = w->base_on + w->now / DEMO_DAY;
    date_to_civil(w->base_on, &year, &month, &day);
    date_to_civil(today, &last, &month, &day);
    for (; year <= last; year++)
        for (size_t i = 0; i < sizeof yearly / sizeof *yearly; i++) {
            const struct yearly *y = &yearly[i];
            int64_t from = date_from_civil(year, y->month, y->day);
            char name[120], utm[48];
            if (from < w->base_on || from > today || w->n_campaigns + 1 >= DEMO_MAX_CAMPAIGNS)
                continue;
            snprintf(name, sizeof name, "%s, %d", y->name, year);
            snprintf(utm, sizeof utm, "%s-%d", y->utm, year);
            add(w, y, name, utm, from, from + y->days);
        }
    static const struct yearly burst = {
        .source = "yandex", .medium = "cpc", .funnel = DEMO_CORPORATE, .from = 5, .share = 0, .cost = 210000};
    add(w, &burst, "Обучение без простоя: акция для компаний", "no-downtime", today - DEMO_BURST_DAYS, today + 14);
    w->campaigns[w->n_campaigns - 1].burst = true;
}
