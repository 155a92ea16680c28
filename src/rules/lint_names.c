/* Russian names of stages: is there a perfective past or a short passive participle, and what is there else. */
#include "rules/lint_names.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- words ---- */

bool word_in(struct str word, const char *list)
{
    char padded[96];
    if (word.len == 0 || word.len + 3 > sizeof padded)
        return false;
    snprintf(padded, sizeof padded, " %.*s ", STR_ARG(word));
    return strstr(list, padded) != NULL;
}

bool word_ends(struct str word, const char *ending)
{
    size_t n = strlen(ending);
    return word.len > n && memcmp(word.ptr + word.len - n, ending, n) == 0;
}

bool word_ends_any(struct str word, const char *list)
{
    for (const char *at = list; *at;) {
        while (*at == ' ')
            at++;
        size_t n = strcspn(at, " ");
        if (n && word.len > n && memcmp(word.ptr + word.len - n, at, n) == 0)
            return true;
        at += n;
    }
    return false;
}

static bool begins_any(struct str word, const char *list)
{
    for (const char *at = list; *at;) {
        while (*at == ' ')
            at++;
        size_t n = strcspn(at, " ");
        if (n && word.len > n && memcmp(word.ptr, at, n) == 0)
            return true;
        at += n;
    }
    return false;
}

static bool is_letter(unsigned char c)
{
    return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Signs of more than one byte that are no letters: quotes, dashes, the ellipsis. Their length, 0 for a letter. */
static size_t sign_at(struct str s, size_t i)
{
    unsigned char c = (unsigned char)s.ptr[i];
    if (c == 0xC2)
        return 2;
    if (c == 0xE2 || c == 0xE3)
        return 3;
    return c >= 0xF0 ? 4 : 0;
}

struct str word_capital(struct arena *a, struct str s)
{
    struct str out = str_dup(a, s);
    unsigned char *p = (unsigned char *)(uintptr_t)out.ptr;
    if (s.len == 0)
        return s;
    if (p[0] >= 'a' && p[0] <= 'z')
        p[0] = (unsigned char)(p[0] - 32);
    else if (p[0] == 0xD0 && s.len > 1 && p[1] >= 0xB0)
        p[1] = (unsigned char)(p[1] - 32);
    else if (p[0] == 0xD1 && s.len > 1 && p[1] < 0x90) {
        p[0] = 0xD0;
        p[1] = (unsigned char)(p[1] + 32);
    }
    return out;
}

/* A number in front («1. », "03 - ") is no word of the name. */
static bool is_number(struct str w)
{
    for (size_t i = 0; i < w.len; i++)
        if (w.ptr[i] < '0' || w.ptr[i] > '9')
            return false;
    return w.len > 0;
}

struct name_words name_split(struct arena *a, struct str name)
{
    struct name_words w = {0};
    for (size_t i = 0; i < name.len && w.n < NAME_WORDS;) {
        size_t sign = sign_at(name, i), from = i;
        if (sign || !is_letter((unsigned char)name.ptr[i])) {
            i += sign ? sign : 1;
            continue;
        }
        while (i < name.len && is_letter((unsigned char)name.ptr[i]) && !sign_at(name, i))
            i++;
        struct str word = {name.ptr + from, i - from};
        if (w.n == 0 && is_number(word))
            continue;
        w.as[w.n] = word;
        w.fold[w.n++] = str_fold(a, word);
        w.cyrillic |= (unsigned char)word.ptr[0] >= 0xD0;
    }
    return w;
}

/* ---- what a word is ---- */

/* Look like participles or past tenses and are none. */
static const char no_verbs[] =
    " план плана планы экран экраны ресторан страна страны охрана рана кран роман обмен обмена обмены замен замена "
    "замены смена "
    "смены цена цены отмена отмены стена сцена сцены член члены размен термен термин карман сан ген гена "
    "стан диван туман канал канала каналы материал материала материалы отдел отдела отделы дел дела дело отчел стол "
    "стола столы "
    "портал портала филиал филиала филиалы персонал протокол протокола протоколы потенциал потенциала оригинал идеал "
    "журнал "
    "терминал капитал вокзал интервал сигнал финал зал зала угол пол файл файла файлы профиль модели цели цель сила "
    "силы школа "
    "школы число числа правило правила начало начала мало тепло светло назло отпуск недели неделя если или были было "
    "была был "
    "база тест важен важна важно нужен нужна нужно нужны должен должна должны волен сезон баллы балл формула таблица "
    "результаты результата результат контракта контракты контакта контакты факта факты акта акты документа клиента "
    "клиенты "
    "объекта проекта проекты продукта продукты пакета счета счеты билета отчета отчеты расчета ответа ответы совета "
    "бюджета доставка места часто просто новый работа ставка листа лист тесты теста места сайта сайт кредита кредиты "
    "визита "
    "визиты аудита лимита квота квоты смета сметы анкета анкеты заявка оферта оферты почта почты оплата оплаты дата "
    "даты "
    "карта карты защита защиты высота ответственный элита работы заботы стоит деньги времени лояльный утро много "
    "неактивен неактивна неактивны согласен согласна согласны уверен уверена уверены доволен довольна довольны болен "
    "больна должен должна должны нужен нужна нужны важен важна возможен возможна актуален актуальна интересен "
    "интересна "
    "интересны заинтересован заинтересована заинтересованы заинтересовано склонен склонна "
    "эксперта эксперты стандарта момента процента проценты патента студента студенты агента агенты квартала ";

static const char part_t[] =
    " принят принята принято приняты взят взята взято взяты снят снята снято сняты открыт открыта открыто открыты "
    "закрыт "
    "закрыта закрыто закрыты достигнут достигнута достигнуто достигнуты отвергнут отвергнута отвергнуто отвергнуты "
    "развернут развернута развернуто развернуты занят занята занято заняты забыт забыта забыто отнят раскрыт "
    "раскрыта раскрыто раскрыты изъят поднят поднята поднято подняты понят понята понято поняты начат начата начато "
    "начаты "
    "подтянут пройден пройдена пройдено пройдены найден найдена найдено найдены расторгнут расторгнута приобщен учтен "
    "учтена "
    "учтено учтены нажат сжат обжат дожат дожата вручен внесен слит слита слито слиты залит залита залито влит ";

/* Have happened, and yet are a state in which nobody does anything. */
static const char idle[] = " отложил отложила отложили отложен отложена отложено отложены заморозил заморозили "
                           "заморожен заморожена заморожено пропал "
                           "пропала пропали завис зависла зависли замолчал замолчала замолчали застрял застряла "
                           "застряли отложился отложилась заинтересовался заинтересовалась "
                           "заинтересовались ";

static const char perfect_bare[] =
    " купил купила купили дал дала дали решил решила решили решился решилась решились бросил бросили взял взяла взяли "
    "сказал "
    "сказала сказали сел встретил встретили встретился встретились явился явилась явились пришел пришла пришли ушел "
    "ушла "
    "ушли дошел дошла дошли вышел вышла вышли нашел нашла нашли прошел прошла прошли подошел подошла подошли вернул "
    "вернула вернули вернулся вернулась вернулись стал стала стали начал начала начали начался началась кончил лишился "
    "простил схватил хватил велел выиграл выиграли проиграл проиграли ответил ответила ответили назвал назвали "
    "захотел захотели принял приняла приняли занял заняли снял сняли поднял подняли понял поняла поняли провел провела "
    "провели завел завели перевел перевели довел "
    "довели привел привели свел вывел внес внесла внесли принес принесли перенес перенесли вручил вручили одобрил "
    "одобрили "
    "съездил съездили выехал выехали приехал приехали зашел зашли перешел перешли отвез отвезли привез привезли "
    "пришло ушло дошло вышло нашло прошло подошло вернуло вернулось стало начало началось решило решилось выиграло "
    "проиграло ответило приняло поняло перешло привело внесло одобрило зашло поступило состоялся состоялась состоялось "
    "состоялись случился случилось умер продал продала продали сдал сдала сдали ";

/* Past tenses that go on: of these no stage is passed. */
static const char imperfect[] =
    " ожидал ожидали ожидала зависел обсуждал обсуждали выбирал выбирала выбирали получал получали отправлял "
    "отправляли изучал "
    "изучали проводил проводили уточнял уточняли проверял проверяли принимал принимали отвечал отвечали обещал "
    "сомневался сомневались отказывался собирал собирали собирался собирались пытался пытались просил просила просили "
    "думал думала думали "
    "хотел хотела хотели ждал ждала ждали искал искала искали молчал молчала молчали ";

static bool is_participle(struct str w)
{
    if (word_in(w, part_t))
        return true;
    if (word_in(w, no_verbs))
        return false;
    if (w.len < 8) /* four letters: «дан», «план» */
        return word_in(w, " дан дана дано даны сдан сдана сдано сданы ");
    return word_ends_any(w, "ан ана ано аны ян яна яно яны ен ена ено ены");
}

static bool is_past_perfect(struct str w)
{
    struct str v = w;
    if (word_ends(v, "ся") || word_ends(v, "сь"))
        v.len -= 4;
    if (word_in(w, perfect_bare) || word_in(v, perfect_bare))
        return true;
    if (word_in(w, no_verbs) || word_in(v, imperfect) || word_in(w, imperfect) || v.len < 8)
        return false;
    if (!word_ends_any(v, "ал ала али ало ил ила или ило ел ела ели ело ял яла яли яло ул ула ули оул ыл ыла ыли ыло"))
        return false;
    if (word_ends_any(v, "ывал ывала ывали ивал ивала ивали овывал авал авала авали"))
        return false;
    return begins_any(v, "по со с от ото вы за при про пере до на об обо о у вз вс раз рас под из ис пред воз вос в");
}

/* Present tense: it goes on. Nouns with such endings are told apart by what stands before them. */
static bool is_present(struct str w)
{
    struct str v = w;
    static const char verbs[] =
        " ждет ждем ждут жду ищет ищем ищут хочет хотим хотят звоним звонит молчит молчим молчат платит платят платим "
        "готовит готовим готовят "
        "смотрит смотрим смотрят говорит говорим говорят просит просят держим держит идет идут едет едем берет берут "
        "пишет пишем пишут решит тянет тянут висит висят стоит спит спят торгуется торгуемся спорит спорим сидит лежит "
        "учится учатся судится уходит уходят греем греет буксует держится болеет ";
    static const char nouns[] = " счет отчет расчет ответ совет билет бюджет пакет предмет интернет кабинет запрет "
                                "приоритет авторитет паритет зачет "
                                "учет почет салют валют прием объем подъем наем заем заем ";
    if (word_ends(v, "ся") || word_ends(v, "сь"))
        v.len -= 4;
    if (word_in(w, verbs) || word_in(v, verbs))
        return true;
    if (word_in(v, nouns) || v.len < 10)
        return false;
    return word_ends_any(v, "ает яет ует аем яем уем ают яют уют еет еем еют ваем вает вают");
}

static bool is_infinitive(struct str w)
{
    struct str v = w;
    if (word_ends(v, "ся"))
        v.len -= 4;
    if (word_in(
            w,
            " сеть часть печать память область власть весть путь мать кровать отрасль суть медь роль цель очередь есть "
            "пять шесть "
            "ответственность десять опять почти сети части области новости мощности пути дети гости соцсети лишь ") ||
        word_ends_any(v, "ость ности сть"))
        return word_in(w, " провести завести перевести довести привести внести перенести ");
    return word_ends_any(v, "ать ять ить еть уть оть ыть йти сти зти зть чь") && v.len >= 8 &&
           !word_in(w, " речь ночь дочь помощь ");
}

static bool is_state_word(struct str w)
{
    return word_in(
        w, " пауза пауз паузе ожидание ожидании ожидания раздумья раздумье раздумьях размышления сомнения сомневается "
           "игнор игнорит "
           "молчание тишина заморозка заморозке неактивен холодный теплый горячий думающие думающий "
           "работе процессе обработке рассмотрении согласовании производстве пути активный активные "
           "перспективный сомнительный висит хотелки недозвон недозвоны потом отказник отказники постоянный постоянные "
           "отпуске стопе ящик движения неактивна неактивны неактуально актуально согласен согласна согласны "
           "заинтересован "
           "заинтересована заинтересованы заинтересовано уверен уверены доволен довольны болен готов готова готовы "
           "подумать "
           "склонен склонна горячие теплые холодные висяк висяки ждун ждуны активная стопа ");
}

static bool is_plan_word(struct str w)
{
    return word_in(
        w, " нужно надо необходимо план планы планируется предстоит предстоящая предстоящий будет будем завтра срочно "
           "дожать перезвон запланировать хотим ");
}

/* Work as a noun. */
static bool is_work(struct str w)
{
    static const char works[] =
        " переговоры торг торги встреча встречи звонок звонки перезвон осмотр замер замеры показ показы сбор выбор "
        "поиск расчет отгрузка "
        "отправка подготовка оплата предоплата доставка проверка оценка разработка передача выдача приемка сверка "
        "установка настройка поставка закупка покупка продажа продажи обработка аналитика диагностика рассылка "
        "переписка "
        "растаможка постоплата апсейл кросс онбординг экскурсия дегустация пусконаладка подача драйв урок занятие "
        "вебинар "
        "консультация демо презентация демонстрация квалификация валидация интеграция регистрация сделка брифинг бриф "
        "тест тендер аудит анализ прозвон обзвон дожим допродажа договор контакт знакомство сопровождение разговор "
        "визит выезд торговля допрос просчет прогрев отработка подпись отказ возврат ремонт монтаж производство ";
    static const char things[] =
        " значение направление подразделение название положение издание здание задание компания кампания "
        "предложение помещение отделение сообщение решение объявление приложение вложение "
        "станция организация позиция акция функция ";
    if (word_in(w, things))
        return false;
    return word_in(w, works) || word_ends_any(w, "ение ание яние тие ация яция ировка");
}

/* ---- a name ---- */

static struct str known_state(struct arena *a, const struct name_words *w)
{
    static const struct {
        const char *words, *better;
    } better[] = {
        {" думает думают раздумья раздумье раздумьях решает решают рассматривает рассматривают ",
         "Срок решения назначен"},
        {" принимает принимают ", "Срок решения назначен"},
        {" согласен согласна согласны ", "Согласие получено"},
        {" готов готова готовы ", "Дата покупки назначена"},
        {" связи связь недозвон недозвоны звонка дозвонился дозвонились дозвонилась связались связался трубку отвечает "
         "перезвонить ответил ответили ",
         "Следующая связь назначена"},
        {" оплаты оплату оплата платежа ", "Счёт выставлен"},
        {" покупку отложил отложили отложена отложено паузе пауза заморозке ", "Дата возврата согласована"},
        {" документов документы ", "Документы запрошены"},
        {" подписания подпись подписи ", "Договор отправлен"},
        {" ответа ответ ", "Предложение отправлено"},
        {" работе обработке процессе работаем ", "Ответственный назначен"},
        {" торгуется торгуемся ", "Условия согласованы"},
    };
    for (size_t k = 0; k < sizeof better / sizeof *better; k++)
        for (size_t i = 0; i < w->n; i++)
            if (word_in(w->fold[i], better[k].words))
                return str_dup(a, str_c(better[k].better));
    return STR_NULL;
}

static struct str known_thing(struct arena *a, const struct name_words *w)
{
    static const struct {
        const char *words, *better;
    } better[] = {
        {" заявка заявки лид лиды обращение новая новый новые входящие входящая неразобранное ", "Заявка получена"},
        {" кп предложение ", "Предложение отправлено"},
        {" счет ", "Счёт выставлен"},
        {" деньги ", "Оплата получена"},
        {" смета ", "Смета согласована"},
        {" бюджет ", "Бюджет подтверждён"},
        {" лпр ", "ЛПР выявлен"},
        {" договор контракт ", "Договор подписан"},
        {" контакт ", "Первый контакт состоялся"},
        {" тз задание ", "Техническое задание согласовано"},
    };
    for (size_t k = 0; k < sizeof better / sizeof *better; k++)
        for (size_t i = 0; i < w->n; i++)
            if (word_in(w->fold[i], better[k].words))
                return str_dup(a, str_c(better[k].better));
    return STR_NULL;
}

/* «Не дозвонились» has happened, and the deal stands where it stood. */
static bool is_silence(const struct name_words *w, size_t i)
{
    return i > 0 && str_eqc(w->fold[i - 1], "не") &&
           word_in(w->fold[i], " дозвонился дозвонилась дозвонились связался связались ответил ответила ответили "
                               "перезвонил перезвонила перезвонили взял взяли ");
}

static enum name_says says_ru(struct arena *a, const struct name_words *w, struct str *proposal)
{
    size_t present = SIZE_MAX, plan = SIZE_MAX, work = SIZE_MAX;
    bool done = false, state = false, planned = false, rest = false;
    for (size_t i = 0; i < w->n; i++) {
        struct str word = w->fold[i];
        rest |= word_in(word, idle) || word_in(word, imperfect) || is_silence(w, i);
        done |= is_participle(word) || is_past_perfect(word);
        state |= is_state_word(word) || word_in(word, " у ");
        planned |= is_plan_word(word);
        if (present == SIZE_MAX && is_present(word))
            present = i;
        if (plan == SIZE_MAX && is_infinitive(word))
            plan = i;
        if (work == SIZE_MAX && is_work(word))
            work = i;
    }
    if (done && !rest)
        return NAME_DONE;
    if (rest || (present != SIZE_MAX && plan != 0) ||
        (w->n && word_in(w->fold[0], " на нет без не под готов готова "))) {
        *proposal = known_state(a, w);
        return NAME_STATE;
    }
    planned |= w->n && word_in(w->fold[0], " к ");
    if (plan != SIZE_MAX || planned) {
        *proposal = plan == SIZE_MAX ? STR_NULL : name_propose_ru(a, w, plan, true);
        return NAME_PLAN;
    }
    if (state) {
        *proposal = known_state(a, w);
        return NAME_STATE;
    }
    if (work != SIZE_MAX) {
        *proposal = name_propose_ru(a, w, work, false);
        return NAME_WORK;
    }
    *proposal = known_thing(a, w);
    return NAME_THING;
}

enum name_says name_says(struct arena *a, struct str name, struct str *proposal)
{
    struct name_words w = name_split(a, name);
    *proposal = STR_NULL;
    return w.cyrillic ? says_ru(a, &w, proposal) : name_says_en(a, &w, proposal);
}

/* ---- names that say the same ---- */

static const char small_words[] = " и в во на с со по о об от до за из к ко не а но для без при под над the a an of to "
                                  "on in for and with by by at is was были был ";

/* Words that stand for each other. */
static struct str one_of_kind(struct str w)
{
    static const struct {
        const char *words, *one;
    } kinds[] = {
        {" кп предложение коммерческое предложения оффер оферта offer proposal quote quotation ", "предложение"},
        {" клиент покупатель заказчик client customer ", "клиент"},
        {" договор договора контракт контракта contract agreement ", "договор"},
        {" отправлено отправлен отправлена отправлены отправили выслано выслан выслана выслали послали направлено "
         "направлен направлена sent submitted ",
         "отправлен"},
        {" проведена проведен проведено проведены провели состоялась состоялся состоялось прошла прошел прошло held "
         "done conducted made ",
         "проведен"},
        {" получена получен получено получены получили поступила поступил поступило пришла пришел received ",
         "получен"},
        {" оплачен оплачено оплачена оплачены оплатил оплатили paid ", "оплачен"},
        {" оплата платеж payment ", "оплата"},
        {" заявка обращение запрос лид request enquiry inquiry lead ", "заявка"},
        {" встреча meeting ", "встреча"},
        {" демонстрация демо показ презентация demo demonstration presentation ", "демонстрация"},
        {" звонок call ", "звонок"},
        {" назначена назначен назначено назначены запланирована запланирован запланировано договорились scheduled "
         "planned booked ",
         "назначен"},
        {" счет invoice ", "счет"},
        {" потребности потребность нужды needs need ", "потребност"},
        {" выявлены выявлена выяснены выяснена определены identified learnt learned ", "выявлен"},
        {" реквизиты details ", "реквизиты"},
        {" связались связался дозвонились contacted ", "связались"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (word_in(w, kinds[i].words))
            return str_c(kinds[i].one);
    return w;
}

/* Without its ending, roughly: enough to tell «договор подписан» and «договоры подписаны» alike. */
static struct str stem(struct arena *a, struct str w)
{
    static const char *const endings[] = {"ого", "ему", "ыми", "ами", "ями", "ой", "ый", "ая", "ое", "ые",
                                          "ов",  "ам",  "ах",  "ии",  "ия",  "ие", "ей", "ем", "ом", "а",
                                          "я",   "ы",   "и",   "о",   "е",   "у",  "ь",  "s"};
    (void)a;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (word_ends(w, endings[i]) && w.len > strlen(endings[i]) + 6)
            return (struct str){w.ptr, w.len - strlen(endings[i])};
    return w;
}

static int by_bytes(const void *x, const void *y)
{
    return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

struct str name_stems(struct arena *a, struct str name, bool event, int *done)
{
    struct name_words w = name_split(a, name);
    struct str stems[NAME_WORDS], out = STR("");
    size_t n = 0;
    *done = 0;
    for (size_t i = 0; i < w.n; i++) {
        struct str one = one_of_kind(w.fold[i]);
        if (word_in(w.fold[i], small_words) || (w.fold[i].len <= 2 && !w.cyrillic))
            continue;
        bool was = str_eqc(one, "проведен"), is_planned = str_eqc(one, "назначен");
        if (event && (was || is_planned)) {
            *done = was ? 1 : 2;
            continue;
        }
        stems[n++] = stem(a, one);
    }
    qsort(stems, n, sizeof *stems, by_bytes);
    for (size_t i = 0; i < n; i++)
        out = str_fmt(a, "%.*s%s%.*s", STR_ARG(out), i ? " " : "", STR_ARG(stems[i]));
    return out;
}
