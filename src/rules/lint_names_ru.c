/* Proposals for Russian names: «Подготовка договора» and «Подготовить договор» become «Договор подготовлен». */
#include "rules/lint_names.h"

enum gender { MALE, FEMALE, NEUTER, PLURAL };

/* ---- what has been done to it ---- */

struct made {
    const char *of, *base; /* work or infinitive; the participle without its ending, ё where it is stressed */
};
/* Where the rule below does not lead. */
static const struct made works[] = {
    {"подготовка", "подготовлен"},
    {"отправка", "отправлен"},
    {"оплата", "оплачен"},
    {"доставка", "доставлен"},
    {"проверка", "проверен"},
    {"оценка", "оценён"},
    {"разработка", "разработан"},
    {"передача", "передан"},
    {"выдача", "выдан"},
    {"приемка", "принят"},
    {"сверка", "сверен"},
    {"установка", "установлен"},
    {"настройка", "настроен"},
    {"поставка", "поставлен"},
    {"обработка", "обработан"},
    {"показ", "показан"},
    {"сбор", "собран"},
    {"выбор", "выбран"},
    {"поиск", "найден"},
    {"расчет", "рассчитан"},
    {"просчет", "рассчитан"},
    {"отгрузка", "отгружен"},
    {"отработка", "отработан"},
    {"проведение", "проведён"},
    {"заключение", "заключён"},
    {"обсуждение", "обсуждён"},
    {"утверждение", "утверждён"},
    {"уточнение", "уточнён"},
    {"внесение", "внесён"},
    {"приведение", "приведён"},
    {"получение", "получен"},
    {"продажа", "продан"},
    {"подтверждение", "подтверждён"},
    {"определение", "определён"},
    {"завершение", "завершён"},
    {"монтаж", "смонтирован"},
    {"покупка", "куплен"},
    {"закупка", "закуплен"},
    {"принятие", "принят"},
    {"закрытие", "закрыт"},
    {"квалификация", "квалифицирован"},
    {"регистрация", "зарегистрирован"},
    {"презентация", "представлен"},
    {"демонстрация", "показан"},
    {"анализ", "проанализирован"},
    {"замер", "замерен"},
    {"осмотр", "осмотрен"},
};
static const struct made plans[] = {
    {"отправить", "отправлен"},  {"подготовить", "подготовлен"}, {"провести", "проведён"},
    {"найти", "найден"},         {"собрать", "собран"},          {"выслать", "выслан"},
    {"заключить", "заключён"},   {"уточнить", "уточнён"},        {"обсудить", "обсуждён"},
    {"внести", "внесён"},        {"принять", "принят"},          {"закрыть", "закрыт"},
    {"утвердить", "утверждён"},  {"подтвердить", "подтверждён"}, {"запросить", "запрошен"},
    {"пригласить", "приглашён"}, {"оплатить", "оплачен"},        {"посчитать", "посчитан"},
    {"рассчитать", "рассчитан"}, {"определить", "определён"},    {"завершить", "завершён"},
    {"оценить", "оценён"},       {"проверить", "проверен"},
};
/* Work without an object is an event that takes place. */
static const char events_female[] =
    " презентация демонстрация встреча консультация квалификация валидация диагностика регистрация интеграция ";
static const char events_male[] = " звонок замер осмотр разговор аудит тест брифинг показ визит выезд ";

static struct str base_of(struct arena *a, struct str word, bool plan)
{
    const struct made *list = plan ? plans : works;
    size_t n = plan ? sizeof plans / sizeof *plans : sizeof works / sizeof *works;
    for (size_t i = 0; i < n; i++)
        if (str_eqc(word, list[i].of))
            return str_c(list[i].base);
    if (!plan && (word_ends(word, "ание") || word_ends(word, "ение"))) /* согласование, выявление */
        return str_fmt(a, "%.*sн", (int)word.len - 6, word.ptr);
    if (plan && word_ends(word, "ать")) /* подписать */
        return str_fmt(a, "%.*sн", (int)word.len - 4, word.ptr);
    if (plan && word_ends(word, "вить")) /* выставить */
        return str_fmt(a, "%.*sлен", (int)word.len - 6, word.ptr);
    if (plan && word_ends_any(word, "чить нить лить рить")) /* назначить */
        return str_fmt(a, "%.*sен", (int)word.len - 6, word.ptr);
    return STR_NULL;
}

static struct str participle(struct arena *a, struct str base, enum gender g)
{
    static const char *const ending[] = {"", "а", "о", "ы"};
    struct str cut = base;
    if (g == MALE)
        return base;
    if (word_ends(base, "ён")) /* проведён, проведена */
        cut = str_fmt(a, "%.*sен", (int)base.len - 4, base.ptr);
    return str_fmt(a, "%.*s%s", STR_ARG(cut), ending[g]);
}

/* ---- to what ---- */

static struct str tail(struct arena *a, struct str w, size_t cut, const char *ending)
{
    return str_fmt(a, "%.*s%s", (int)(w.len - cut), w.ptr, ending);
}

static bool all_capitals(struct str w)
{
    for (size_t i = 0; i + 1 < w.len; i += 2)
        if ((unsigned char)w.ptr[i] != 0xD0 || (unsigned char)w.ptr[i + 1] < 0x90 || (unsigned char)w.ptr[i + 1] > 0xAF)
            return false;
    return w.len >= 4;
}

/* Out of the genitive; false: not sure. */
static bool nominative(struct arena *a, struct str w, struct str *out, enum gender *g)
{
    *out = w;
    if (word_in(w, " ЛПР ЛВР "))
        return *g = MALE, true;
    if (all_capitals(w) || word_in(w, " демо меню резюме портфолио ")) {
        *g = NEUTER; /* КП, ТЗ */
        return true;
    }
    if (word_ends(w, "ов"))
        return *out = tail(a, w, 4, "ы"), *g = PLURAL, true;
    if (word_ends_any(w, "ений аний"))
        return *out = tail(a, w, 4, "ия"), *g = PLURAL, true;
    if (word_ends(w, "остей"))
        return *out = tail(a, w, 4, "и"), *g = PLURAL, true;
    if (word_ends_any(w, "ения ания"))
        return *out = tail(a, w, 2, "е"), *g = NEUTER, true;
    if (word_ends(w, "ции"))
        return *out = tail(a, w, 2, "я"), *g = FEMALE, true;
    if (word_ends(w, "ости"))
        return *out = tail(a, w, 2, "ь"), *g = FEMALE, true;
    if (word_ends_any(w, "ки ги хи чи жи ши"))
        return *out = tail(a, w, 2, "а"), *g = FEMALE, true;
    if (word_ends(w, "ы"))
        return *out = tail(a, w, 2, "а"), *g = FEMALE, true;
    if (word_ends(w, "а"))
        return *out = tail(a, w, 2, ""), *g = MALE, true;
    return false;
}

/* Of a plan: the accusative of things. */
static bool from_accusative(struct arena *a, struct str w, struct str *out, enum gender *g)
{
    *out = w;
    if (word_in(w, " ЛПР ЛВР "))
        return *g = MALE, true;
    if (all_capitals(w) || word_in(w, " демо "))
        return *g = NEUTER, true;
    if (word_ends(w, "у"))
        return *out = tail(a, w, 2, "а"), *g = FEMALE, true;
    if (word_ends(w, "ию"))
        return *out = tail(a, w, 2, "я"), *g = FEMALE, true;
    if (word_ends_any(w, "ие ое"))
        return *g = NEUTER, true;
    if (word_ends_any(w, "ы и ия"))
        return *g = PLURAL, true;
    if (word_ends(w, "ь"))
        return *g = FEMALE, true;
    *g = MALE;
    return !word_ends_any(w, "а я е о ем ом");
}

static struct str adjective(struct arena *a, struct str w, enum gender g)
{
    bool soft = word_ends_any(w, "кого гого хого шего чего");
    if (word_ends(w, "ого"))
        return tail(a, w, 6, g == NEUTER ? "ое" : soft ? "ий" : "ый");
    if (word_ends(w, "его"))
        return tail(a, w, 6, g == NEUTER ? "ее" : "ий");
    if (word_ends(w, "ой") || word_ends(w, "ую"))
        return tail(a, w, 4, "ая");
    if (word_ends(w, "ых"))
        return tail(a, w, 4, "ые");
    return word_ends(w, "их") ? tail(a, w, 4, "ие") : w;
}

static bool is_adjective(struct str w)
{
    return word_ends_any(w, "ого его ой ых их ую ое ый ий ая ые ие") && !word_ends_any(w, "ение ание ие");
}

static struct str lower_first(struct arena *a, struct str s)
{
    return all_capitals(s) ? s : str_dup(a, s);
}

/* «Подготовить и отправить КП»: one thing, of which two things are done. */
static struct str two_of_them(struct arena *a, const struct name_words *w, size_t verb, bool plan)
{
    struct str what, one, other;
    enum gender g;
    if (w->n != verb + 4 || !str_eqc(w->fold[verb + 1], "и"))
        return STR_NULL;
    one = base_of(a, w->fold[verb], plan), other = base_of(a, w->fold[verb + 2], plan);
    if (!one.ptr || !other.ptr || !(plan ? from_accusative : nominative)(a, w->as[verb + 3], &what, &g))
        return STR_NULL;
    return str_fmt(a, "%.*s %.*s и %.*s", STR_ARG(word_capital(a, what)), STR_ARG(participle(a, one, g)),
                   STR_ARG(participle(a, other, g)));
}

struct str name_propose_ru(struct arena *a, const struct name_words *w, size_t verb, bool plan)
{
    struct str what = STR_NULL, word = w->fold[verb], base = base_of(a, word, plan);
    enum gender g = MALE;
    if (str_eqc(word, "переговоры") || str_eqc(word, "торг"))
        return STR("Условия согласованы");
    if (plan && word_in(word, " позвонить перезвонить набрать прозвонить "))
        return STR("Звонок сделан");
    if (plan && word_in(word, " связаться "))
        return STR("Связались");
    if (plan && word_in(word, " встретиться "))
        return STR("Встреча проведена");
    struct str both = two_of_them(a, w, verb, plan);
    if (both.ptr || (verb + 1 < w->n && str_eqc(w->fold[verb + 1], "и")))
        return both;
    size_t noun = verb + 1;
    bool described = noun + 1 < w->n && is_adjective(w->fold[noun]);
    noun += described;
    if (noun >= w->n || verb != 0) {
        if (plan)
            return STR_NULL;
        bool female = word_in(word, events_female), male = word_in(word, events_male);
        bool neuter = word_ends_any(word, "ение ание");
        if (!female && !male && !neuter)
            return STR_NULL;
        if (word_in(w->fold[0], " на к в под по для "))
            return STR_NULL;
        struct str whole = {w->as[0].ptr, (size_t)(w->as[w->n - 1].ptr - w->as[0].ptr) + w->as[w->n - 1].len};
        return str_fmt(a, "%.*s %s", STR_ARG(word_capital(a, whole)),
                       female ? "проведена"
                       : male ? "проведён"
                              : "проведено");
    }
    if (!base.ptr || !(plan ? from_accusative : nominative)(a, w->as[noun], &what, &g))
        return STR_NULL;
    if (described)
        what = str_fmt(a, "%.*s %.*s", STR_ARG(adjective(a, lower_first(a, w->as[noun - 1]), g)), STR_ARG(what));
    struct str rest = STR("");
    if (noun + 2 < w->n && str_eqc(w->fold[noun + 1], "и")) { /* договора и счёта */
        struct str other;
        enum gender its;
        if (noun + 3 != w->n || !(plan ? from_accusative : nominative)(a, w->as[noun + 2], &other, &its))
            return STR_NULL;
        what = str_fmt(a, "%.*s и %.*s", STR_ARG(what), STR_ARG(other));
        g = PLURAL;
    } else if (noun + 1 < w->n) {
        const char *from = w->as[noun + 1].ptr, *end = w->as[w->n - 1].ptr + w->as[w->n - 1].len;
        rest = str_fmt(a, " %.*s", (int)(end - from), from);
    }
    return str_fmt(a, "%.*s %.*s%.*s", STR_ARG(word_capital(a, what)), STR_ARG(participle(a, base, g)), STR_ARG(rest));
}
