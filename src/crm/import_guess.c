#include "crm/import_guess.h"
#include "base/i18n.h"
#include "base/phone.h"
#include <stdio.h>

const char *const import_extra_names[] = {"",       "id",         "first_name", "last_name", "middle_name",
                                          "phones", "emails",     "messengers", "addresses", "sites",
                                          "note",   "created_at", "closed_at",  NULL};

bool import_extra_fits(enum import_extra x, enum entity_id object)
{
    bool person = object == ENT_CONTACT, firm = object == ENT_COMPANY;
    switch (x) {
    case EXTRA_ID:
        return true;
    case EXTRA_FIRST_NAME:
    case EXTRA_LAST_NAME:
    case EXTRA_MIDDLE_NAME:
        return person;
    case EXTRA_PHONES:
    case EXTRA_EMAILS:
    case EXTRA_MESSENGERS:
    case EXTRA_ADDRESSES:
    case EXTRA_SITES:
        return person || firm;
    case EXTRA_NOTE:
        return person || firm || object == ENT_DEAL;
    case EXTRA_CREATED_AT:
        return object != ENT_PRODUCT;
    case EXTRA_CLOSED_AT:
        return object == ENT_DEAL;
    default:
        return false;
    }
}

/* Words, folded, parted by |. The first row that fits wins: those of the rows' own object before those of others. */
struct words {
    enum entity_id object;
    const char *field; /* of the noun or of import_extra_names */
    const char *words;
};
static const struct words vocabulary[] = {
    {ENT_DEAL, "id", "id|id сделки|deal id|record id|deal record id|номер сделки|pipedrive system id"},
    {ENT_DEAL, "title",
     "название сделки|название|сделка|наименование|тема|deal name|title|deal "
     "title|deal|name|subject|opportunity|opportunity name|лид|название лида"},
    {ENT_DEAL, "value_minor",
     "бюджет|сумма|сумма сделки|стоимость|цена|amount|value|deal value|deal amount|price|budget|total|бюджет "
     "сделки|ожидаемая сумма|сумма/валюта"},
    {ENT_DEAL, "cost_minor", "себестоимость|затраты|cost|cost to win"},
    {ENT_DEAL, "currency", "валюта|currency|currency of value|deal currency|валюта сделки"},
    {ENT_DEAL, "owner_id",
     "ответственный|менеджер|владелец|продавец|ответственный за сделку|ответственный менеджер|owner|deal "
     "owner|assigned to|responsible|sales rep|user"},
    {ENT_DEAL, "stage_id",
     "этап сделки|этап|стадия сделки|стадия|статус сделки|deal stage|stage|stage (pipeline)|статус лида"},
    {ENT_DEAL, "funnel_id", "воронка|воронка продаж|направление|направление сделки|pipeline|funnel|deal pipeline"},
    {ENT_DEAL, "expected_close_on",
     "ожидаемая дата закрытия|предполагаемая дата закрытия|дата завершения|плановая дата закрытия|планируемая дата "
     "закрытия|close date|expected close date|expected close"},
    {ENT_DEAL, "probability", "вероятность|вероятность, %|probability|deal probability"},
    {ENT_DEAL, "source_id",
     "источник|источник сделки|source|deal source|lead source|original source|канал|lead source channel"},
    {ENT_DEAL, "campaign_id", "кампания|рекламная кампания|campaign"},
    {ENT_DEAL, "deal_class_id", "класс|класс сделки|тип сделки|тип|deal type|type|deal class"},
    {ENT_DEAL, "tag_ids", "теги|тег|метки|теги сделки|tags|tag|label|labels"},
    {ENT_DEAL, "loss_reason_id",
     "причина отказа|причина проигрыша|причина закрытия|lost reason|closed lost reason|loss reason"},
    {ENT_DEAL, "loss_comment", "комментарий к отказу|комментарий отказа"},
    {ENT_DEAL, "utm_source", "utm_source|utm source"},
    {ENT_DEAL, "utm_medium", "utm_medium|utm medium"},
    {ENT_DEAL, "utm_campaign", "utm_campaign|utm campaign"},
    {ENT_DEAL, "utm_content", "utm_content|utm content"},
    {ENT_DEAL, "utm_term", "utm_term|utm term"},
    {ENT_DEAL, "created_at",
     "дата создания сделки|дата создания|создано|создан|дата начала|create date|created|deal created|creation "
     "date|created at|date created|deal creation date|add time"},
    {ENT_DEAL, "closed_at",
     "дата закрытия|дата закрытия сделки|закрыто|closed on|won time|closed at|lost time|closed time"},
    {ENT_DEAL, "note",
     "примечание|примечание 2|примечание 3|примечание 4|примечание "
     "5|комментарий|описание|note|notes|description|comment|content|note - content"},
    {ENT_CONTACT, "id", "id|id контакта|contact id|record id"},
    {ENT_CONTACT, "name",
     "полное имя контакта|контакт|фио|имя контакта|полное имя|основной контакт|ф.и.о.|фамилия имя "
     "отчество|клиент|contact|contact name|full name|contact person|person|associated contact|name|контактное "
     "лицо|наименование|имя и фамилия|primary contact"},
    {ENT_CONTACT, "first_name", "имя|first name|имя клиента|given name"},
    {ENT_CONTACT, "last_name", "фамилия|last name|surname|family name"},
    {ENT_CONTACT, "middle_name", "отчество|middle name|второе имя|patronymic"},
    {ENT_CONTACT, "phone",
     "рабочий телефон|мобильный телефон|телефон|тел|тел.|мобильный|номер телефона|phone|phone number|mobile|mobile "
     "phone|mobile phone number|work phone|контактный телефон|телефон контакта|phone (work)|phone "
     "(mobile)|сотовый|сотовый телефон"},
    {ENT_CONTACT, "phones",
     "рабочий прямой телефон|факс|домашний телефон|другой телефон|дополнительный телефон|доп. телефон|телефон 2|phone "
     "2|home phone|other phone|fax|phone (home)|phone (other)|телефон для sms-рассылок"},
    {ENT_CONTACT, "email",
     "рабочий email|рабочий e-mail|email|e-mail|почта|электронная почта|эл. почта|имейл|email address|mail|work "
     "email|email контакта|email (work)|адрес электронной почты|почта контакта"},
    {ENT_CONTACT, "emails",
     "личный email|личный e-mail|другой email|другой e-mail|частный e-mail|e-mail для рассылок|email 2|additional "
     "email addresses|email (home)|email (other)|home email|домашний e-mail"},
    {ENT_CONTACT, "messengers",
     "skype|icq|jabber|google talk|msn|другой "
     "im|telegram|телеграм|телеграмм|whatsapp|viber|мессенджер|messenger|контакт skype|контакт telegram|контакт viber"},
    {ENT_CONTACT, "addresses", "город|адрес|адрес контакта|address|city|postal address|street address"},
    {ENT_CONTACT, "sites", "сайт|веб-сайт|корпоративный сайт|личная страница|website|website url|web"},
    {ENT_CONTACT, "position", "должность|position|job title|title|post"},
    {ENT_CONTACT, "company_id", ""},
    {ENT_CONTACT, "owner_id", "ответственный за контакт|ответственный|менеджер|contact owner|owner|responsible"},
    {ENT_CONTACT, "comment", "комментарий|комментарий контакта|описание|comment|comments|description|about"},
    {ENT_CONTACT, "note", "примечание|примечание 2|примечание 3|примечание 4|примечание 5|примечания|note|notes"},
    {ENT_CONTACT, "tag_ids", "теги|тег|метки|теги контакта|tags|tag|label|labels"},
    {ENT_CONTACT, "consent",
     "пользовательское соглашение|согласие|согласие на обработку данных|согласие на обработку персональных "
     "данных|consent|gdpr consent|legal basis for processing contact's data"},
    {ENT_CONTACT, "created_at",
     "дата создания контакта|дата создания|создан|create date|created|created at|date created|person created|add time"},
    {ENT_COMPANY, "id", "id|id компании|company id|record id"},
    {ENT_COMPANY, "name",
     "компания|компания контакта|название компании|организация|наименование|название|юрлицо|юр. "
     "лицо|контрагент|заказчик|company|company name|organization|organisation|associated company|account|account "
     "name|name|клиент|primary company|associated company (primary)"},
    {ENT_COMPANY, "inn", "инн|inn|tax id|vat|tax number|инн компании"},
    {ENT_COMPANY, "kpp", "кпп|kpp"},
    {ENT_COMPANY, "phone", "телефон компании|телефон|рабочий телефон|phone|phone number|company phone|office phone"},
    {ENT_COMPANY, "email",
     "email компании|почта компании|email|e-mail|почта|рабочий e-mail|рабочий email|электронная почта|company email"},
    {ENT_COMPANY, "website",
     "сайт|веб-сайт|корпоративный сайт|web|website|website url|company domain name|domain|сайт компании|url"},
    {ENT_COMPANY, "address",
     "адрес|адрес компании|юридический адрес|фактический адрес|address|street address|organization address|company "
     "address"},
    {ENT_COMPANY, "country", "страна|country|country/region"},
    {ENT_COMPANY, "industry", "отрасль|сфера деятельности|industry|вид деятельности"},
    {ENT_COMPANY, "phones", "другой телефон|факс|мобильный телефон|телефон 2|other phone|fax"},
    {ENT_COMPANY, "emails", "другой e-mail|другой email|email 2|частный e-mail"},
    {ENT_COMPANY, "addresses", "город|city|почтовый адрес"},
    {ENT_COMPANY, "owner_id", "ответственный за компанию|ответственный|менеджер|company owner|owner|responsible"},
    {ENT_COMPANY, "comment", "комментарий|комментарий компании|описание|description|comment|comments|about us"},
    {ENT_COMPANY, "note", "примечание|примечания|note|notes"},
    {ENT_COMPANY, "tag_ids", "теги|тег|метки|теги компании|tags|tag|label|labels"},
    {ENT_COMPANY, "created_at",
     "дата создания компании|дата создания|создана|create date|created|created at|organization created|add time"},
    {ENT_TASK, "title",
     "задача|название задачи|название|тема|текст задачи|описание|task|task name|title|subject|name|что сделать"},
    {ENT_TASK, "due_at", "срок|крайний срок|дата выполнения|срок выполнения|когда|due|due date|deadline|дата"},
    {ENT_TASK, "kind", "тип|тип задачи|вид|type|task type"},
    {ENT_TASK, "owner_id", "ответственный|исполнитель|менеджер|owner|assigned to|assignee|user"},
    {ENT_TASK, "done", "выполнена|выполнено|завершена|готово|статус|done|completed|status|is done"},
    {ENT_TASK, "result", "результат|итог|result|outcome"},
    {ENT_TASK, "id", "id|id задачи|task id"},
    {ENT_TASK, "created_at", "дата создания|создана|created|create date|add time"},
    {ENT_PRODUCT, "name",
     "товар|название товара|название|наименование|продукт|услуга|номенклатура|product|product name|name|item|title"},
    {ENT_PRODUCT, "sku", "артикул|код|код товара|sku|product code|code|vendor code"},
    {ENT_PRODUCT, "price_minor", "цена|стоимость|цена товара|розничная цена|price|unit price|amount|цена за единицу"},
    {ENT_PRODUCT, "currency", "валюта|currency"},
    {ENT_PRODUCT, "active", "активен|активна|продаётся|продается|active|enabled|статус"},
    {ENT_PRODUCT, "id", "id|id товара|product id"},
};

/* Headers that only one system writes: all words of a row must be there. */
static const struct {
    const char *system;
    enum entity_id object;
    const char *all;
} signatures[] = {
    {"amocrm", ENT_DEAL, "название сделки|этап сделки"},
    {"amocrm", ENT_DEAL, "название сделки|бюджет|ответственный"},
    {"amocrm", ENT_CONTACT, "полное имя контакта|рабочий прямой телефон"},
    {"amocrm", ENT_CONTACT, "наименование|рабочий прямой телефон"},
    {"bitrix24", ENT_DEAL, "стадия сделки|доступна для всех"},
    {"bitrix24", ENT_DEAL, "стадия сделки|ответственный|id"},
    {"bitrix24", ENT_CONTACT, "тип контакта|доступен для всех"},
    {"bitrix24", ENT_CONTACT, "обращение|имя|фамилия"},
    {"bitrix24", ENT_COMPANY, "тип компании|сфера деятельности"},
    {"bitrix24", ENT_COMPANY, "название компании|тип компании"},
    {"hubspot", ENT_DEAL, "record id|deal name"},
    {"hubspot", ENT_CONTACT, "record id|first name"},
    {"hubspot", ENT_COMPANY, "record id|company name"},
    {"hubspot", ENT_DEAL, "deal name|deal stage|pipeline"},
};

static bool listed(const char *words, struct str word)
{
    for (struct str rest = str_c(words); rest.ptr;)
        if (str_eq(str_cut(rest, '|', &rest), word))
            return true;
    return false;
}

/* Folded, without marks of required columns. */
static struct str plain(struct arena *a, struct str header)
{
    struct str s = str_fold(a, str_utf8_valid(header) ? header : STR(""));
    while (s.len && (s.ptr[s.len - 1] == '*' || s.ptr[s.len - 1] == ':' || s.ptr[s.len - 1] == ' '))
        s.len--;
    return s;
}

/* "person - phone", "компания: название": whose field it is. */
static enum entity_id prefix_of(struct str s, struct str *rest)
{
    static const struct {
        const char *word;
        enum entity_id object;
    } words[] = {{"deal", ENT_DEAL},
                 {"lead", ENT_DEAL},
                 {"сделка", ENT_DEAL},
                 {"person", ENT_CONTACT},
                 {"contact", ENT_CONTACT},
                 {"контакт", ENT_CONTACT},
                 {"organization", ENT_COMPANY},
                 {"company", ENT_COMPANY},
                 {"компания", ENT_COMPANY},
                 {"activity", ENT_TASK},
                 {"task", ENT_TASK},
                 {"product", ENT_PRODUCT},
                 {"note", ENT_DEAL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct str w = str_c(words[i].word);
        if (!str_starts(s, w))
            continue;
        struct str r = {s.ptr + w.len, s.len - w.len};
        size_t cut = str_starts(r, STR(" - ")) ? 3 : str_starts(r, STR(": ")) ? 2 : 0;
        if (!cut)
            continue;
        *rest = (struct str){r.ptr + cut, r.len - cut};
        return words[i].object;
    }
    *rest = s;
    return ENT_NONE;
}

static bool known(struct arena *a, const struct str *headers, size_t n, const char *all)
{
    for (struct str rest = str_c(all); rest.ptr;) {
        struct str word = str_cut(rest, '|', &rest);
        bool found = false;
        for (size_t i = 0; i < n && !found; i++)
            found = str_eq(plain(a, headers[i]), word);
        if (!found)
            return false;
    }
    return true;
}

static const char *system_of(struct arena *a, const struct str *headers, size_t n, enum entity_id *object)
{
    size_t prefixed = 0;
    struct str rest;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (known(a, headers, n, signatures[i].all)) {
            *object = signatures[i].object;
            return signatures[i].system;
        }
    for (size_t i = 0; i < n; i++) {
        enum entity_id o =
            memmem(headers[i].ptr, headers[i].len, " - ", 3) ? prefix_of(plain(a, headers[i]), &rest) : ENT_NONE;
        prefixed += o != ENT_NONE;
        if (o == ENT_DEAL && !str_eqc(rest, "content"))
            *object = ENT_DEAL;
        else if (o == ENT_CONTACT && *object != ENT_DEAL)
            *object = ENT_CONTACT;
    }
    return prefixed >= 2 && prefixed * 2 >= n ? "pipedrive" : NULL;
}

static bool resolve(enum entity_id object, const char *name, struct import_target_field *out)
{
    int field = entity_field(entity_by_id(object), str_c(name));
    if (field >= 0) {
        *out = (struct import_target_field){object, field, EXTRA_NONE, 0};
        return true;
    }
    for (int x = 1; x < EXTRA_N; x++)
        if (strcmp(import_extra_names[x], name) == 0 && import_extra_fits((enum import_extra)x, object)) {
            *out = (struct import_target_field){object, -1, (enum import_extra)x, 0};
            return true;
        }
    return false;
}

static bool by_words(enum entity_id object, struct str word, struct import_target_field *out)
{
    for (size_t i = 0; word.len && i < sizeof vocabulary / sizeof *vocabulary; i++)
        if (vocabulary[i].object == object && listed(vocabulary[i].words, word) &&
            resolve(object, vocabulary[i].field, out))
            return true;
    return false;
}

/* The label of a field in either language, or its name. */
static bool by_label(struct arena *a, enum entity_id object, struct str word, struct import_target_field *out)
{
    const struct entity *ent = entity_by_id(object);
    char key[120];
    for (size_t i = 0; word.len && i < ent->n_fields; i++) {
        const struct field *fd = &ent->fields[i];
        if (fd->flags & (FF_SERVER | FF_SECRET | FF_GONE))
            continue;
        bool same = str_eqc(word, fd->name);
        snprintf(key, sizeof key, "field.%s.%s", ent->name, fd->name);
        if (fd->custom)
            same |= str_eq(word, str_fold(a, str_c(fd->custom->label)));
        else
            same |= str_eq(word, str_fold(a, i18n_text("ru", key))) || str_eq(word, str_fold(a, i18n_text("en", key)));
        if (same) {
            *out = (struct import_target_field){object, (int)i, EXTRA_NONE, 0};
            return true;
        }
    }
    return false;
}

static size_t others(enum entity_id object, enum entity_id out[3])
{
    size_t n = 0;
    out[n++] = object;
    if (object == ENT_DEAL)
        out[n++] = ENT_CONTACT;
    if (object == ENT_DEAL || object == ENT_CONTACT)
        out[n++] = ENT_COMPANY;
    return n;
}

/* By what stands in the column. */
static bool by_content(enum entity_id object, const struct str *values, size_t n, struct import_target_field *out)
{
    size_t mails = 0, phones = 0;
    struct phone p;
    for (size_t i = 0; i < n; i++) {
        if (!values[i].len)
            continue;
        const char *at = memchr(values[i].ptr, '@', values[i].len);
        mails += at && memchr(at, '.', values[i].len - (size_t)(at - values[i].ptr)) &&
                 !memchr(values[i].ptr, ' ', values[i].len);
        phones += phone_read(values[i], &p) && p.whole && strlen(p.digits) >= 10;
    }
    enum entity_id whose = object == ENT_COMPANY ? ENT_COMPANY : ENT_CONTACT;
    if (n == 0 || object == ENT_TASK || object == ENT_PRODUCT || (mails * 10 < n * 8 && phones * 10 < n * 8))
        return false;
    return resolve(whose, mails >= phones ? "email" : "phone", out);
}

static void guess_one(struct arena *a, enum entity_id object, struct str header, const struct str *values, size_t n,
                      bool system, struct import_target_field *out)
{
    enum entity_id all[3];
    size_t many = others(object, all);
    struct str word = plain(a, header), rest;
    enum entity_id whose = prefix_of(word, &rest);
    *out = (struct import_target_field){.field = -1};
    bool in_reach = false;
    for (size_t i = 0; i < many; i++)
        in_reach |= all[i] == whose;
    if (whose != ENT_NONE && in_reach && (by_words(whose, rest, out) || by_label(a, whose, rest, out))) {
        out->sure = 95;
        return;
    }
    if (whose != ENT_NONE && !in_reach)
        return;
    for (size_t i = 0; i < many; i++)
        if (by_words(all[i], word, out)) {
            out->sure = system ? 99 : i ? 85 : 90;
            return;
        }
    for (size_t i = 0; i < many; i++)
        if (by_label(a, all[i], word, out)) {
            out->sure = i ? 80 : 95;
            return;
        }
    if (by_content(object, values, n, out))
        out->sure = 60;
}

/* One target has one column, but for what may come several times: a second phone becomes a further one. */
static void settle(struct import_target_field *t, size_t i)
{
    struct import_target_field *me = &t[i], other;
    if (me->object == ENT_NONE || (me->field < 0 && me->extra != EXTRA_ID && me->extra != EXTRA_CREATED_AT &&
                                   me->extra != EXTRA_CLOSED_AT && me->extra > EXTRA_MIDDLE_NAME))
        return;
    for (size_t k = 0; k < i; k++) {
        if (t[k].object != me->object || t[k].field != me->field || t[k].extra != me->extra)
            continue;
        const char *name = me->field >= 0 ? entity_by_id(me->object)->fields[me->field].name : "";
        const char *more = strcmp(name, "phone") == 0 ? "phones" : strcmp(name, "email") == 0 ? "emails" : "";
        if (*more && resolve(me->object, more, &other)) {
            other.sure = me->sure;
            *me = other;
        } else {
            *me = (struct import_target_field){.field = -1};
        }
        return;
    }
}

/* "Имя" alone is the whole name. */
static void whole_name(struct import_target_field *t, size_t n)
{
    struct import_target_field *first = NULL;
    for (size_t i = 0; i < n; i++) {
        if (t[i].object == ENT_CONTACT && (t[i].extra == EXTRA_LAST_NAME || t[i].field == CONTACT_NAME))
            return;
        if (t[i].object == ENT_CONTACT && t[i].extra == EXTRA_FIRST_NAME)
            first = &t[i];
    }
    if (first)
        *first = (struct import_target_field){ENT_CONTACT, CONTACT_NAME, EXTRA_NONE, first->sure};
}

void import_guess(struct arena *a, enum entity_id object, const struct str *headers, size_t n,
                  const struct str *const *samples, const size_t *n_samples, struct import_target_field *out,
                  const char **recognised)
{
    enum entity_id theirs = ENT_NONE;
    *recognised = system_of(a, headers, n, &theirs);
    for (size_t i = 0; i < n; i++) {
        guess_one(a, object, headers[i], samples ? samples[i] : NULL, samples ? n_samples[i] : 0, *recognised != NULL,
                  &out[i]);
        settle(out, i);
    }
    whole_name(out, n);
}

enum entity_id import_guess_object(struct arena *a, const struct str *headers, size_t n, enum entity_id fallback)
{
    enum entity_id object = ENT_NONE;
    (void)system_of(a, headers, n, &object);
    return object != ENT_NONE ? object : fallback;
}
