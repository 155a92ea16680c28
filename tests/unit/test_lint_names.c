/* Names of stages as sales departments write them: what has been done, and what is none of it. R064-R072, R088-R092. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rules/lint_names.h"

static struct arena arena;

static int clean(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static const char *const good_ru[] = {
    "Демонстрация проведена",
    "Связались",
    "КП отправлено",
    "Оплатил курс",
    "Пришёл на курс",
    "Заявка получена",
    "Ответственный назначен",
    "Первый контакт состоялся",
    "Звонок назначен",
    "Потребности выявлены",
    "Тестовый доступ выдан",
    "Результаты теста собраны",
    "Возражения сняты",
    "Условия согласованы",
    "Договор подписан",
    "Счёт выставлен",
    "Оплата получена",
    "Закрыто и не реализовано",
    "Клиент вернулся",
    "Возврат не удался",
    "Демонстрация запланирована",
    "Курс пройден, экзамен сдан",
    "Реквизиты отправлены",
    "Попытка связи сделана",
    "Дата решения назначена",
    "Тендер проигран",
    "Акт подписан, оплата получена",
    "Замер проведён",
    "Проект утверждён",
    "Образцы переданы",
    "Договорились о встрече",
    "Выявили потребность",
    "Отправили прайс",
    "Получили предоплату",
    "Товар отгружен",
    "Клиент подтвердил бюджет",
    "ТЗ согласовано",
    "3. Встреча проведена",
    "Скидка одобрена",
    "Заказ принят",
    "Дозвонились",
    "Клиент отказался",
    "Купил",
    "Решение закупочного центра получено",
    "«Разведка» проведена",
    "Пилот запущен",
    "Бриф заполнен",
    "Сделка не состоялась",
    "Расчёт отправлен клиенту",
    "Гарантийное письмо принято",
    "Сделка слита",
    "КП дошло до клиента",
    "Пришло согласие от юристов",
    "Лид квалифицирован",
    "Взят в работу",
    "Менеджер взял в работу",
    "Клиенту перезвонили",
    "Аванс поступил",
    "Бронь подтверждена",
    "Ипотека одобрена банком",
    "Подали заявку на тендер",
    "Попали в шорт-лист",
    "Победили в тендере",
    "Не пришёл на встречу",
    "Вступил в клуб",
    "Груз растаможен",
    "Оферта акцептована",
    "Ушёл к конкуренту",
    "Дубль удалён",
    "Замерщик выехал",
    "Нашли замену",
    "Заявка дошла до менеджера",
    "Письмо прочитано",
    "Первый платёж прошёл",
    "Замечания устранены",
    "Скачал прайс",
    "Пробный период закончился",
    "Сервер развёрнут",
    "Сервер настроен",
    "Оплачено",
    "Сняты мерки",
    "Каталог вручён",
    "Взяли паузу на месяц",
    "Отзвонился",
    "Внесён в реестр",
    "Повторно связались",
    "Деньги возвращены",
};

struct bad {
    const char *name;
    enum name_says says;
    const char *proposal; /* NULL: none is demanded */
};
static const struct bad bad_ru[] = {
    {"Думает", NAME_STATE, "Срок решения назначен"},
    {"Переговоры", NAME_WORK, "Условия согласованы"},
    {"Ждём связи", NAME_STATE, "Следующая связь назначена"},
    {"Отложили покупку", NAME_STATE, "Дата возврата согласована"},
    {"Подготовка договора", NAME_WORK, "Договор подготовлен"},
    {"Отправка реквизитов", NAME_WORK, "Реквизиты отправлены"},
    {"Принимает решение", NAME_STATE, "Срок решения назначен"},
    {"В работе", NAME_STATE, "Ответственный назначен"},
    {"Ждём оплату", NAME_STATE, "Счёт выставлен"},
    {"Ожидание оплаты", NAME_STATE, "Счёт выставлен"},
    {"На паузе", NAME_STATE, NULL},
    {"Согласование договора", NAME_WORK, "Договор согласован"},
    {"Согласование условий", NAME_WORK, NULL},
    {"Выставление счёта", NAME_WORK, "Счёт выставлен"},
    {"Проведение презентации", NAME_WORK, "Презентация проведена"},
    {"Подготовка коммерческого предложения", NAME_WORK, "Коммерческое предложение подготовлено"},
    {"Отправка КП", NAME_WORK, "КП отправлено"},
    {"Презентация", NAME_WORK, "Презентация проведена"},
    {"Демонстрация продукта", NAME_WORK, "Продукт показан"},
    {"Первая встреча", NAME_WORK, NULL},
    {"Звонок", NAME_WORK, "Звонок проведён"},
    {"Замер", NAME_WORK, "Замер проведён"},
    {"Квалификация", NAME_WORK, "Квалификация проведена"},
    {"Тестирование", NAME_WORK, "Тестирование проведено"},
    {"Обработка заявки", NAME_WORK, "Заявка обработана"},
    {"Сбор документов", NAME_WORK, "Документы собраны"},
    {"Снятие возражений", NAME_WORK, NULL},
    {"Работа с возражениями", NAME_THING, NULL},
    {"Отправить КП", NAME_PLAN, "КП отправлено"},
    {"Позвонить", NAME_PLAN, "Звонок сделан"},
    {"Подписать договор", NAME_PLAN, "Договор подписан"},
    {"Подготовить смету", NAME_PLAN, "Смета подготовлена"},
    {"Провести встречу", NAME_PLAN, "Встреча проведена"},
    {"Назначить встречу", NAME_PLAN, "Встреча назначена"},
    {"Нужно перезвонить", NAME_PLAN, NULL},
    {"Выставить счёт", NAME_PLAN, "Счёт выставлен"},
    {"Новая заявка", NAME_THING, "Заявка получена"},
    {"Лид", NAME_THING, "Заявка получена"},
    {"Счёт", NAME_THING, "Счёт выставлен"},
    {"Первый контакт", NAME_WORK, NULL},
    {"Рассматривает предложение", NAME_STATE, "Срок решения назначен"},
    {"Недозвон", NAME_STATE, "Следующая связь назначена"},
    {"Клиент молчит", NAME_STATE, NULL},
    {"Торгуется", NAME_STATE, "Условия согласованы"},
    {"Пропал", NAME_STATE, NULL},
    {"Доставка товара", NAME_WORK, "Товар доставлен"},
    {"Проверка службой безопасности", NAME_WORK, NULL},
    {"Заключение контракта", NAME_WORK, "Контракт заключён"},
    {"Холодный", NAME_STATE, NULL},
    {"Цена", NAME_THING, NULL},
    {"План", NAME_PLAN, NULL},
    {"Заинтересован", NAME_STATE, NULL},
    {"Заинтересовался", NAME_STATE, NULL},
    {"Неактивен", NAME_STATE, NULL},
    {"Клиент согласен", NAME_STATE, "Согласие получено"},
    {"Готов купить", NAME_STATE, "Дата покупки назначена"},
    {"Просил перезвонить", NAME_STATE, "Следующая связь назначена"},
    {"Обещал подумать", NAME_STATE, NULL},
    {"Не дозвонились", NAME_STATE, "Следующая связь назначена"},
    {"Не берёт трубку", NAME_STATE, "Следующая связь назначена"},
    {"Нет ответа", NAME_STATE, "Предложение отправлено"},
    {"Нет денег", NAME_STATE, NULL},
    {"Без движения", NAME_STATE, NULL},
    {"На подумать", NAME_STATE, NULL},
    {"На стопе", NAME_STATE, NULL},
    {"На звонок", NAME_STATE, NULL},
    {"Клиент в отпуске", NAME_STATE, NULL},
    {"Договор у юристов", NAME_STATE, NULL},
    {"Долгий ящик", NAME_STATE, NULL},
    {"Висяки", NAME_STATE, NULL},
    {"Греем", NAME_STATE, NULL},
    {"Уходит", NAME_STATE, NULL},
    {"Дожимаем", NAME_STATE, NULL},
    {"Сравнивает с конкурентами", NAME_STATE, NULL},
    {"Ожидается оплата", NAME_STATE, "Счёт выставлен"},
    {"К оплате", NAME_PLAN, NULL},
    {"Узнать ЛПР", NAME_PLAN, "ЛПР узнан"},
    {"Подготовить и отправить КП", NAME_PLAN, "КП подготовлено и отправлено"},
    {"Отправить договор на подпись", NAME_PLAN, "Договор отправлен на подпись"},
    {"Перезвонить через месяц", NAME_PLAN, "Звонок сделан"},
    {"Отправка договора и счёта", NAME_WORK, "Договор и счёт отправлены"},
    {"Подготовка и отправка КП", NAME_WORK, "КП подготовлено и отправлено"},
    {"Проверка документов банком", NAME_WORK, "Документы проверены банком"},
    {"Растаможка", NAME_WORK, NULL},
    {"Постоплата", NAME_WORK, NULL},
    {"Онбординг", NAME_WORK, NULL},
    {"Пробный урок", NAME_WORK, NULL},
    {"Подача документов", NAME_WORK, NULL},
    {"Закрытие сделки", NAME_WORK, "Сделка закрыта"},
    {"ЛПР", NAME_THING, "ЛПР выявлен"},
    {"Смета", NAME_THING, "Смета согласована"},
    {"Деньги на счёте", NAME_THING, "Оплата получена"},
    {"Неразобранное", NAME_THING, "Заявка получена"},
    {"Горящие", NAME_THING, NULL},
    {"VIP-клиент", NAME_THING, NULL},
};

static const char *const good_en[] = {
    "Request received",
    "Demo held",
    "Offer sent",
    "Contract signed",
    "Payment received",
    "Needs identified",
    "Call scheduled",
    "Invoice paid",
    "Won",
    "Lost",
    "Closed without a sale",
    "Owner assigned",
    "Terms agreed",
    "Trial access given",
    "Objections resolved",
    "Client refused",
    "Meeting booked",
    "Course taken, exam passed",
    "Talk took place",
    "Specification approved",
    "Contacted",
    "Samples shipped",
    "Chose us",
    "Deal won",
    "Decision maker identified",
    "Pilot completed",
    "NDA signed",
    "Met the decision maker",
    "Unsubscribed",
    "Renewed",
    "Security review passed",
    "Champion found",
    "Quote requested",
    "Lost to competitor",
    "Came back",
    "Paperwork filed",
};
static const struct bad bad_en[] = {
    {"Negotiation", NAME_WORK, "Terms agreed"},
    {"Thinking", NAME_STATE, "Decision date set"},
    {"Contract preparation", NAME_WORK, "Contract prepared"},
    {"Waiting for payment", NAME_STATE, NULL},
    {"On hold", NAME_STATE, NULL},
    {"In progress", NAME_STATE, NULL},
    {"Send offer", NAME_PLAN, "Offer sent"},
    {"Prepare the contract", NAME_PLAN, "Contract prepared"},
    {"Demo", NAME_WORK, "Demo held"},
    {"First meeting", NAME_WORK, "First meeting held"},
    {"Presentation", NAME_WORK, "Presentation held"},
    {"Sending the details", NAME_WORK, "Details sent"},
    {"Invoice payment", NAME_WORK, "Invoice paid"},
    {"Qualification", NAME_WORK, NULL},
    {"Follow up", NAME_PLAN, NULL},
    {"New lead", NAME_THING, NULL},
    {"Proposal", NAME_THING, NULL},
    {"Interested", NAME_STATE, NULL},
    {"Decision pending", NAME_STATE, NULL},
    {"Considering", NAME_STATE, "Decision date set"},
    {"Product testing", NAME_WORK, NULL},
    {"Need", NAME_THING, NULL},
    {"Ghosted us", NAME_STATE, NULL},
    {"Parked", NAME_STATE, NULL},
    {"Awaiting signature", NAME_STATE, NULL},
    {"In review", NAME_STATE, NULL},
    {"Under legal review", NAME_STATE, NULL},
    {"Evaluating", NAME_STATE, NULL},
    {"Engaged", NAME_STATE, NULL},
    {"No response", NAME_STATE, NULL},
    {"At risk", NAME_STATE, NULL},
    {"Unreachable", NAME_STATE, NULL},
    {"To be contacted", NAME_PLAN, NULL},
    {"Schedule demo", NAME_PLAN, "Demo scheduled"},
    {"Check references", NAME_PLAN, "References checked"},
    {"Legal review", NAME_WORK, "Legal review completed"},
    {"Technical evaluation", NAME_WORK, "Technical evaluation completed"},
    {"Contract review", NAME_WORK, "Contract reviewed"},
    {"Discovery", NAME_WORK, "Discovery completed"},
    {"Pilot", NAME_WORK, "Pilot completed"},
    {"Needs analysis", NAME_WORK, "Needs analysed"},
    {"Opportunity", NAME_THING, NULL},
    {"MQL", NAME_THING, NULL},
    {"Quote", NAME_THING, NULL},
};
static const char *const kinds[] = {"done", "state", "plan", "work", "thing"};

static int good(const char *const *names, size_t n)
{
    int wrong = 0;
    for (size_t i = 0; i < n; i++) {
        struct str proposal;
        enum name_says says = name_says(&arena, str_c(names[i]), &proposal);
        if (says != NAME_DONE) {
            fprintf(stderr, "%s: taken for a %s\n", names[i], kinds[says]);
            wrong++;
        }
    }
    return wrong;
}

static int bad(const struct bad *names, size_t n)
{
    int wrong = 0;
    for (size_t i = 0; i < n; i++) {
        struct str proposal, second;
        enum name_says says = name_says(&arena, str_c(names[i].name), &proposal);
        bool as_meant = says == names[i].says;
        if (!as_meant)
            fprintf(stderr, "%s: taken for a %s, not a %s\n", names[i].name, kinds[says], kinds[names[i].says]);
        if (names[i].proposal && !str_eqc(proposal, names[i].proposal)) {
            fprintf(stderr, "%s: «%.*s» instead of «%s»\n", names[i].name, STR_ARG(proposal), names[i].proposal);
            as_meant = false;
        }
        if (proposal.ptr && name_says(&arena, proposal, &second) != NAME_DONE) {
            fprintf(stderr, "%s: its proposal «%.*s» is no better\n", names[i].name, STR_ARG(proposal));
            as_meant = false;
        }
        wrong += !as_meant;
    }
    return wrong;
}

#define N(list) (sizeof(list) / sizeof *(list))

static void russian_names_tell_what_has_been_done(void **state)
{
    (void)state;
    assert_true(N(good_ru) >= 40 && N(bad_ru) >= 40);
    assert_int_equal(good(good_ru, N(good_ru)), 0);
    assert_int_equal(bad(bad_ru, N(bad_ru)), 0);
}

static void english_names_too(void **state)
{
    (void)state;
    assert_true(N(good_en) >= 20 && N(bad_en) >= 20);
    assert_int_equal(good(good_en, N(good_en)), 0);
    assert_int_equal(bad(bad_en, N(bad_en)), 0);
}

static bool alike(const char *one, const char *other)
{
    int done;
    return str_eq(name_stems(&arena, str_c(one), false, &done), name_stems(&arena, str_c(other), false, &done));
}

static void two_names_for_one_stage_are_seen(void **state)
{
    int done;
    (void)state;
    assert_true(alike("КП отправлено", "Отправили предложение"));
    assert_true(alike("Договор подписан", "Договора подписаны"));
    assert_true(alike("Заявка получена", "Поступил запрос"));
    assert_true(alike("Offer sent", "The proposal was sent"));
    assert_false(alike("Договор подписан", "Договор отправлен"));
    assert_false(alike("Встреча назначена", "Встреча проведена"));
    assert_false(alike("Счёт выставлен", "Счёт оплачен"));
    struct str planned = name_stems(&arena, STR("Демонстрация запланирована"), true, &done);
    assert_int_equal(done, 2);
    struct str held = name_stems(&arena, STR("Демонстрация проведена"), true, &done);
    assert_int_equal(done, 1);
    assert_true(str_eq(planned, held));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(russian_names_tell_what_has_been_done, clean),
        cmocka_unit_test_teardown(english_names_too, clean),
        cmocka_unit_test_teardown(two_names_for_one_stage_are_seen, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
