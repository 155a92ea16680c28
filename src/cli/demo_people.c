/* Names, phones, mails and requisites. Nobody of these exists: mail domains end in .example, mobile codes are not given
 * to any operator, town numbers begin with 0, and the tax office 00 of an INN issues none (the check digits are right).
 */
#include "cli/demo.h"
#include <stdio.h>

static const char *const men[] = {"Александр", "Алексей",   "Андрей", "Антон",      "Артём",    "Борис",    "Вадим",
                                  "Валерий",   "Василий",   "Виктор", "Виталий",    "Владимир", "Вячеслав", "Геннадий",
                                  "Георгий",   "Григорий",  "Даниил", "Денис",      "Дмитрий",  "Евгений",  "Иван",
                                  "Игорь",     "Илья",      "Кирилл", "Константин", "Леонид",   "Максим",   "Михаил",
                                  "Никита",    "Николай",   "Олег",   "Павел",      "Пётр",     "Роман",    "Руслан",
                                  "Сергей",    "Станислав", "Степан", "Тимур",      "Юрий"};
static const char *const women[] = {
    "Александра", "Алина",   "Алла",      "Анастасия", "Анна",     "Валентина", "Валерия", "Вера",
    "Виктория",   "Галина",  "Дарья",     "Диана",     "Евгения",  "Екатерина", "Елена",   "Жанна",
    "Зоя",        "Инна",    "Ирина",     "Карина",    "Кристина", "Ксения",    "Лариса",  "Лидия",
    "Любовь",     "Людмила", "Маргарита", "Марина",    "Мария",    "Надежда",   "Наталья", "Оксана",
    "Ольга",      "Полина",  "Раиса",     "Светлана",  "София",    "Татьяна",   "Юлия",    "Яна"};
static const char *const surnames[] =
    {/* the man's form; the woman's is made of it */
     "Агафонов",  "Алексеев",  "Андреев",   "Антонов",   "Архипов",    "Баранов",    "Белоусов",  "Беляев",
     "Бирюков",   "Блинов",    "Бобров",    "Богданов",  "Борисов",    "Быков",      "Васильев",  "Виноградов",
     "Власов",    "Волков",    "Воробьёв",  "Воронин",   "Гаврилов",   "Герасимов",  "Голубев",   "Горбунов",
     "Горшков",   "Гусев",     "Давыдов",   "Данилов",   "Дементьев",  "Денисов",    "Дорофеев",  "Дроздов",
     "Дубинин",   "Евсеев",    "Егоров",    "Елисеев",   "Емельянов",  "Ефимов",     "Жданов",    "Журавлёв",
     "Зайцев",    "Захаров",   "Зимин",     "Зуев",      "Игнатьев",   "Исаев",      "Казаков",   "Калинин",
     "Карпов",    "Киселёв",   "Климов",    "Ковалёв",   "Козлов",     "Колесников", "Комаров",   "Кондратьев",
     "Коновалов", "Королёв",   "Котов",     "Крылов",    "Кудрявцев",  "Кузьмин",    "Куликов",   "Лаврентьев",
     "Лазарев",   "Лапин",     "Лебедев",   "Логинов",   "Лыткин",     "Макаров",    "Маслов",    "Матвеев",
     "Медведев",  "Мельников", "Мещеряков", "Моисеев",   "Морозов",    "Муравьёв",   "Мухин",     "Назаров",
     "Некрасов",  "Нестеров",  "Никитин",   "Носков",    "Овчинников", "Орехов",     "Осипов",    "Панов",
     "Петухов",   "Поляков",   "Пономарёв", "Прохоров",  "Родионов",   "Рожков",     "Рябов",     "Савельев",
     "Савин",     "Селезнёв",  "Симонов",   "Ситников",  "Соболев",    "Соколов",    "Соловьёв",  "Сорокин",
     "Степанов",  "Суханов",   "Тарасов",   "Терентьев", "Тимофеев",   "Третьяков",  "Трофимов",  "Туманов",
     "Уваров",    "Устинов",   "Филатов",   "Фомин",     "Харитонов",  "Хохлов",     "Цветков",   "Черепанов",
     "Чесноков",  "Шаповалов", "Шилов",     "Широков",   "Щукин",      "Юдин",       "Яковлев",   "Якушев",
     "Левицкий",  "Маевский",  "Полянский", "Раевский",  "Садовский",  "Бондаренко", "Кравченко", "Лысенко",
     "Мороз",     "Савчук",    "Тищенко",   "Шевченко"};
static const char *const fathers[] = {/* + вич, вна */
                                      "Александро", "Алексее",    "Андрее",    "Анатолье",    "Борисо",   "Вадимо",
                                      "Василье",    "Викторо",    "Владимиро", "Геннадье",    "Григорье", "Дмитрие",
                                      "Евгенье",    "Ивано",      "Игоре",     "Константино", "Леонидо",  "Максимо",
                                      "Михайло",    "Николае",    "Олего",     "Павло",       "Петро",    "Романо",
                                      "Сергее",     "Станиславо", "Степано",   "Фёдоро",      "Юрье",     "Эдуардо"};
static const char *const kz_men[] = {"Айдар",  "Алмас", "Арман", "Асхат",  "Бауыржан",
                                     "Данияр", "Ерлан", "Ержан", "Нурлан", "Тимур"};
static const char *const kz_women[] = {"Айгуль", "Айжан",  "Алия",  "Асель",  "Гульмира",
                                       "Дана",   "Динара", "Жанар", "Мадина", "Сауле"};
static const char *const kz_surnames[] = {
    "Абдрахманов", "Ахметов", "Бекенов",   "Досмагамбетов", "Есенов",  "Жумабаев",  "Ибраев",     "Касымов",
    "Кенжебаев",   "Мусин",   "Нурпеисов", "Омаров",        "Рахимов", "Сагинтаев", "Сейтказиев", "Тлеубаев"};
static const char *const kg_men[] = {"Азамат", "Айбек",  "Бакыт",  "Данияр", "Жаныбек",
                                     "Кубат",  "Мирлан", "Нурбек", "Талант", "Эрлан"};
static const char *const kg_women[] = {"Айгуль", "Айзада", "Айпери",  "Бермет",  "Гулзат",
                                       "Жылдыз", "Мээрим", "Назгуль", "Нургуль", "Чолпон"};
static const char *const kg_surnames[] = {
    "Абдыкадыров", "Акматов", "Алыкулов", "Асанбеков", "Бейшеналиев", "Джумабеков", "Исмаилов", "Калыков",
    "Мамбетов",    "Мамытов", "Осмонов",  "Сыдыков",   "Токтогулов",  "Турдубаев",  "Усенов",   "Эсенгулов"};

struct city {
    const char *name, *region, *phone, *street;
};
static const struct city cities[] = {
    {"Москва", "77", "495", "ул. Складочная"},       {"Санкт-Петербург", "78", "812", "пр. Энергетиков"},
    {"Казань", "16", "843", "ул. Техническая"},      {"Екатеринбург", "66", "343", "ул. Машинная"},
    {"Новосибирск", "54", "383", "ул. Станционная"}, {"Нижний Новгород", "52", "831", "ул. Нартова"},
    {"Самара", "63", "846", "ул. Заводская"},        {"Ростов-на-Дону", "61", "863", "ул. Доватора"},
    {"Уфа", "02", "347", "ул. Трамвайная"},          {"Краснодар", "23", "861", "ул. Уральская"},
    {"Пермь", "59", "342", "ул. Героев Хасана"},     {"Воронеж", "36", "473", "ул. Дорожная"},
    {"Волгоград", "34", "844", "ул. Промысловая"},   {"Красноярск", "24", "391", "ул. Пограничников"},
    {"Челябинск", "74", "351", "ул. Радонежская"},   {"Омск", "55", "381", "ул. Индустриальная"},
    {"Тюмень", "72", "345", "ул. Республики"},       {"Ярославль", "76", "485", "пр. Октября"},
    {"Тула", "71", "487", "ул. Рязанская"},          {"Калуга", "40", "484", "ул. Московская"}};
static const char *const heads[] = {"Строй", "Энерго", "Транс", "Агро", "Метал", "Тех",   "Пром", "Газ",     "Авто",
                                    "Мост",  "Дор",    "Лес",   "Хим",  "Нефте", "Тепло", "Вент", "Электро", "Спец",
                                    "Урал",  "Волга",  "Север", "Юг",   "Сиб",   "Балт",  "Гор",  "Эко",     "Инж"};
static const char *const tails[] = {"Монтаж", "Сервис", "Проект", "Логистика", "Ресурс",   "Комплект", "Снаб",
                                    "Маш",    "Союз",   "Альянс", "Система",   "Развитие", "Контроль", "Актив",
                                    "Трест",  "Линия",  "Дом",    "Мастер",    "Ремонт"};
static const char *const publics[] = {
    "Городская больница",      "Средняя школа", "Дворец спорта",       "Центр социального обслуживания",
    "Политехнический колледж", "Детский сад",   "Городской водоканал", "Управление благоустройства"};
static const char *const industries[] = {"Строительство",          "Энергетика",  "Логистика", "Производство",
                                         "Сельское хозяйство",     "Нефть и газ", "Химия",     "Торговля",
                                         "Коммунальное хозяйство", "Транспорт"};
static const char *const jobs[] = {"Специалист по охране труда",
                                   "Начальник отдела кадров",
                                   "Директор по персоналу",
                                   "Инженер по промышленной безопасности",
                                   "Главный инженер",
                                   "Менеджер по обучению",
                                   "Заместитель директора",
                                   "Специалист по закупкам",
                                   "Руководитель службы охраны труда"};

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define PICK(r, list) (list)[(size_t)rng_range((r), 0, (int64_t)COUNT(list) - 1)]

static struct str woman_surname(struct arena *a, struct str man)
{
    if (man.len > 4 && memcmp(man.ptr + man.len - 4, "ий", 4) == 0)
        return str_fmt(a, "%.*sая", (int)man.len - 4, man.ptr);
    const char *last = man.ptr + man.len - 2;
    return memcmp(last, "в", 2) == 0 || memcmp(last, "н", 2) == 0 ? str_fmt(a, "%.*sа", STR_ARG(man)) : man;
}

/* Latin letters for mail and web addresses. */
static struct str latin(struct arena *a, struct str s)
{
    static const char *const map[] = {"a",  "b",  "v",  "g",   "d", "e", "zh", "z", "i",  "y", "k",
                                      "l",  "m",  "n",  "o",   "p", "r", "s",  "t", "u",  "f", "h",
                                      "ts", "ch", "sh", "sch", "",  "y", "",   "e", "yu", "ya"};
    struct str folded = str_fold(a, s);
    char *out = arena_alloc(a, folded.len * 2 + 1);
    size_t n = 0;
    for (size_t i = 0; i < folded.len; i++) {
        unsigned char c = (unsigned char)folded.ptr[i];
        if ((c == 0xd0 || c == 0xd1) && i + 1 < folded.len) {
            unsigned code = (c & 31u) << 6 | ((unsigned char)folded.ptr[++i] & 63u);
            if (code >= 0x430 && code <= 0x44f)
                n += (size_t)sprintf(out + n, "%s", map[code - 0x430]);
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            out[n++] = (char)c;
        }
    }
    out[n] = 0;
    return (struct str){out, n};
}

static struct str mobile(struct arena *a, struct rng *r, unsigned country)
{
    static const char *const free_codes[] = {"943", "944", "945", "946", "947", "948",
                                             "972", "973", "974", "975", "976"};
    int first = (int)rng_range(r, 100, 999), second = (int)rng_range(r, 0, 99), third = (int)rng_range(r, 0, 99);
    if (country == DEMO_KZ)
        return str_fmt(a, "+7740%d%02d%02d", first, second, third);
    if (country == DEMO_KG)
        return str_fmt(a, "+996590%d%02d%d", first, second, third % 10);
    return str_fmt(a, "+7%s%d%02d%02d", PICK(r, free_codes), first, second, third);
}

static void local_names(struct rng *r, unsigned country, bool woman, const char **first, const char **last)
{
    bool local = country != DEMO_RU && rng_unit(r) < 0.65;
    if (local && country == DEMO_KZ) {
        *first = woman ? PICK(r, kz_women) : PICK(r, kz_men);
        *last = PICK(r, kz_surnames);
    } else if (local) {
        *first = woman ? PICK(r, kg_women) : PICK(r, kg_men);
        *last = PICK(r, kg_surnames);
    } else {
        *first = woman ? PICK(r, women) : PICK(r, men);
        *last = PICK(r, surnames);
    }
}

struct demo_contact_text demo_contact_text(const struct demo_world *w, struct arena *a, uint32_t contact)
{
    const struct demo_contact *c = &w->contacts.ptr[contact];
    struct rng r = demo_stream(w, 1, contact);
    bool woman = rng_unit(&r) < (c->company == DEMO_NONE ? 0.62 : 0.5), firm = c->company != DEMO_NONE;
    const char *first, *last;
    local_names(&r, c->country, woman, &first, &last);
    struct str surname = woman ? woman_surname(a, str_c(last)) : str_c(last);
    struct demo_contact_text t = {.surname = surname, .first = str_c(first)};
    const char *father = PICK(&r, fathers);
    if (firm && w->companies.ptr[c->company].public_body)
        t.name = str_fmt(a, "%.*s %s %s%s", STR_ARG(surname), first, father, woman ? "вна" : "вич");
    else if (firm)
        t.name = str_fmt(a, "%.*s %s", STR_ARG(surname), first);
    else
        t.name = str_fmt(a, "%s %.*s", first, STR_ARG(surname));
    t.phone = mobile(a, &r, c->country);
    struct str mail_name = latin(a, surname), mail_first = latin(a, t.first);
    if (firm) {
        t.position = str_c(PICK(&r, jobs));
        struct demo_company_text of = demo_company_text(w, a, c->company);
        t.email = str_fmt(a, "%.1s.%.*s@%.*s", mail_first.ptr, STR_ARG(mail_name), STR_ARG(of.website));
    } else if (rng_unit(&r) < 0.8) {
        static const char *const hosts[] = {"pochta.example", "mail.example", "box.example", "post.example"};
        t.email = str_fmt(a, "%.*s.%.*s%d@%s", STR_ARG(mail_first), STR_ARG(mail_name), (int)rng_range(&r, 70, 99),
                          PICK(&r, hosts));
    }
    return t;
}

/* The ten digits of a legal person: the last one checks the rest (order of the Federal Tax Service, MM-3-09/435). */
static int inn_check(const char *digits)
{
    static const int weights[] = {2, 4, 10, 3, 5, 9, 4, 6, 8};
    int sum = 0;
    for (int i = 0; i < 9; i++)
        sum += weights[i] * (digits[i] - '0');
    return sum % 11 % 10;
}

bool demo_inn_valid(struct str inn)
{
    if (inn.len != 10)
        return false;
    for (size_t i = 0; i < 10; i++)
        if (inn.ptr[i] < '0' || inn.ptr[i] > '9')
            return false;
    return inn_check(inn.ptr) == inn.ptr[9] - '0';
}

/* Names do not repeat while heads x tails lasts, then the town is added, then a number. */
static void brand(struct arena *a, uint32_t company, const struct city *city, struct demo_company_text *t)
{
    const uint32_t n_heads = COUNT(heads), n_tails = COUNT(tails), all = n_heads * n_tails;
    uint32_t place = (uint32_t)((uint64_t)company * 211 % all), round = company / all;
    const char *head = heads[place % n_heads], *tail = tails[place / n_heads];
    if (round == 0)
        t->brand = str_fmt(a, "%s%s", head, tail);
    else if (round == 1)
        t->brand = str_fmt(a, "%s%s %s", head, tail, city->name);
    else
        t->brand = str_fmt(a, "%s%s-%u", head, tail, round);
}

struct demo_company_text demo_company_text(const struct demo_world *w, struct arena *a, uint32_t company)
{
    struct rng r = demo_stream(w, 2, company);
    const struct city *city = &cities[rng_unit(&r) < 0.35 ? 0 : (size_t)rng_range(&r, 1, COUNT(cities) - 1)];
    struct demo_company_text t = {0};
    if (w->companies.ptr[company].public_body) {
        t.brand = str_fmt(a, "%s № %u", PICK(&r, publics), company % 190 + 1);
        t.name = str_fmt(a, "ГБУ «%.*s», %s", STR_ARG(t.brand), city->name);
        t.website = str_fmt(a, "gbu%u.example", company + 1);
        t.industry = STR("Бюджетное учреждение");
    } else {
        brand(a, company, city, &t);
        t.name = str_fmt(a, "%s «%.*s»", rng_unit(&r) < 0.86 ? "ООО" : "АО", STR_ARG(t.brand));
        struct str site = latin(a, t.brand);
        t.website = str_fmt(a, "%.*s.example", STR_ARG(site));
        t.industry = str_c(PICK(&r, industries));
    }
    char inn[11];
    snprintf(inn, sizeof inn, "%s00%05d0", city->region, (int)rng_range(&r, 10000, 99999));
    inn[9] = (char)('0' + inn_check(inn));
    t.inn = str_dup(a, str_c(inn));
    t.kpp = str_fmt(a, "%s0001001", city->region);
    t.phone = str_fmt(a, "+7%s0%02d%02d%02d", city->phone, (int)rng_range(&r, 10, 99), (int)rng_range(&r, 0, 99),
                      (int)rng_range(&r, 0, 99));
    t.email = str_fmt(a, "info@%.*s", STR_ARG(t.website));
    t.address = str_fmt(a, "%s, %s, д. %d", city->name, city->street, (int)rng_range(&r, 1, 120));
    return t;
}
