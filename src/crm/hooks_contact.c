/* The rules of contacts, companies and their further phones, mails and addresses. */
#include "base/inn.h"
#include "base/phone.h"
#include "crm/clients.h"
#include "crm/hooks.h"

static void default_owner(struct change *ch, const struct record *was, struct val *owner)
{
    if (!was && owner->kind == VAL_ABSENT && ch->actor.user_id)
        *owner = val_int(ch->actor.user_id);
}

static bool changed(const struct record *was, const struct record *will, int field)
{
    return was ? !val_eq(was->f[field], will->f[field]) : val_has(will->f[field]);
}

/* ---- contacts ---- */

/* What remains of a person whose data were erased belongs to the company: who kept the contact, where it counts. */
static bool about_person(int field)
{
    return field != CONTACT_OWNER_ID && field != CONTACT_COMPANY_ID && field != CONTACT_TAG_IDS &&
           field != CONTACT_MERGED_INTO_ID && field != CONTACT_RESTRICTED && field != CONTACT_RESTRICTED_REASON &&
           (field < CONTACT_DEVELOPMENT_ID || field > CONTACT_IMPORTANCE_ID);
}

/* A field that becomes another (remap) changes nothing of what is kept of them. */
static enum rc protect(const struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    bool erased = val_has(was->f[CONTACT_ERASED_AT]);
    bool restricted = !ch->remap && was->f[CONTACT_RESTRICTED].i && will->f[CONTACT_RESTRICTED].i;
    for (size_t i = 0; (erased || restricted) && i < will->ent->n_fields; i++)
        if (about_person((int)i) && !val_eq(was->f[i], will->f[i]))
            return err_set(e, RC_CONFLICT, erased ? "contact_erased" : "contact_restricted", will->ent->fields[i].name,
                           NULL);
    return RC_OK;
}

/* A consent is worth what is known of its date. */
static void date_consent(struct change *ch, const struct record *was, struct record *will)
{
    bool same = was ? val_eq(was->f[CONTACT_CONSENT], will->f[CONTACT_CONSENT])
                    : val_i(will->f[CONTACT_CONSENT], CONSENT_UNKNOWN) == CONSENT_UNKNOWN;
    bool dated = changed(was, will, CONTACT_CONSENT_AT);
    if (same || dated || ch->undoes)
        return;
    will->f[CONTACT_CONSENT_AT] =
        val_i(will->f[CONTACT_CONSENT], CONSENT_UNKNOWN) == CONSENT_UNKNOWN ? val_null() : val_int(ch->at);
}

HOOK_BEFORE(contact)
{
    if (!will)
        return RC_OK;
    default_owner(ch, was, &will->f[CONTACT_OWNER_ID]);
    TRY(owner_reason_rules(was, will, CONTACT_OWNER_ID, CONTACT_OWNER_REASON, e));
    TRY(client_handed(ch, was, will, CONTACT_OWNER_ID, CONTACT_OWNER_REASON, e));
    if (was && !was->deleted_at)
        TRY(protect(ch, was, will, e));
    TRY(classifiers_fit(ch, was, will, e));
    date_consent(ch, was, will);
    return RC_OK;
}

/* ---- companies ---- */

static bool russian(struct arena *a, struct val country)
{
    static const char *const names[] = {
        "ru", "rus", "россия", "рф", "российская федерация", "russia", "russian federation"};
    if (country.kind != VAL_TEXT)
        return strcmp(phone_home(), "RU") == 0; /* like the numbers of phones: at home, when nothing is said */
    struct str folded = str_fold(a, country.s);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eqc(folded, names[i]))
            return true;
    return false;
}

/* A tax number with a letter is foreign even when nobody has filled in the country. */
static bool has_letter(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] >= 'A')
            return true;
    return false;
}

static enum rc tax_numbers(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    struct arena *a = ch->tx->arena;
    struct val *inn = &will->f[COMPANY_INN], *kpp = &will->f[COMPANY_KPP], country = will->f[COMPANY_COUNTRY];
    bool moved = changed(was, will, COMPANY_COUNTRY), own = russian(a, country);
    if (ch->undoes || !(moved || changed(was, will, COMPANY_INN) || changed(was, will, COMPANY_KPP)))
        return RC_OK;
    if (own && inn->kind == VAL_TEXT && (val_has(country) || !has_letter(inn->s))) {
        inn->s = inn_clean(a, inn->s);
        if (!inn_valid(inn->s))
            return err_set(e, RC_UNPROCESSABLE, "bad_inn", "inn", NULL);
    }
    if (own && kpp->kind == VAL_TEXT && (val_has(country) || !has_letter(kpp->s))) {
        kpp->s = kpp_clean(a, kpp->s);
        if (!kpp_valid(kpp->s))
            return err_set(e, RC_UNPROCESSABLE, "bad_kpp", "kpp", NULL);
    }
    return RC_OK;
}

HOOK_BEFORE(company)
{
    if (!will)
        return RC_OK;
    default_owner(ch, was, &will->f[COMPANY_OWNER_ID]);
    TRY(owner_reason_rules(was, will, COMPANY_OWNER_ID, COMPANY_OWNER_REASON, e));
    TRY(client_handed(ch, was, will, COMPANY_OWNER_ID, COMPANY_OWNER_REASON, e));
    TRY(classifiers_fit(ch, was, will, e));
    return was && was->deleted_at ? RC_OK : tax_numbers(ch, was, will, e);
}

/* ---- further phones, mails, messengers, addresses, sites ---- */

static struct str cut_any(struct str s, const char *const *heads)
{
    for (; *heads; heads++)
        if (str_starts(s, str_c(*heads)))
            return (struct str){s.ptr + strlen(*heads), s.len - strlen(*heads)};
    return s;
}

/* "https://t.me/Anna", "@anna" and "anna" are one; so are "https://www.example.ru/" and "example.ru". */
static struct str bare(struct str folded)
{
    static const char *const schemes[] = {"https://", "http://", NULL};
    static const char *const hosts[] = {"t.me/", "telegram.me/", "wa.me/", "vk.com/", "www.", "@", NULL};
    struct str s = cut_any(cut_any(folded, schemes), hosts);
    while (s.len && s.ptr[s.len - 1] == '/')
        s.len--;
    return s.len ? s : folded;
}

static enum rc point_value(struct change *ch, struct record *will, struct err *e)
{
    static const struct field kinds[] = {
        [POINT_PHONE] = {.name = "value", .type = FT_PHONE, .min = 3, .max = 40},
        [POINT_EMAIL] = {.name = "value", .type = FT_EMAIL, .min = 3, .max = 254},
        [POINT_MESSENGER] = {.name = "value", .type = FT_TEXT, .min = 1, .max = 200},
        [POINT_ADDRESS] = {.name = "value", .type = FT_TEXT, .min = 1, .max = 500},
        [POINT_SITE] = {.name = "value", .type = FT_URL, .min = 1, .max = 500},
    };
    struct arena *a = ch->tx->arena;
    struct val *value = &will->f[CONTACT_POINT_VALUE];
    int64_t kind = will->f[CONTACT_POINT_KIND].i;
    if (value->kind != VAL_TEXT)
        return RC_OK; /* the check for required fields names it */
    TRY(val_check_text(a, &kinds[kind], value->s, value, e));
    if (value->kind != VAL_TEXT)
        return RC_OK;
    struct str folded = field_fold(a, &kinds[kind], value->s);
    will->f[CONTACT_POINT_NORMAL] = val_str(kind == POINT_MESSENGER || kind == POINT_SITE ? bare(folded) : folded);
    return RC_OK;
}

static enum rc parent_open(struct change *ch, const struct record *will, struct err *e)
{
    int64_t shut;
    if (!val_has(will->f[CONTACT_POINT_CONTACT_ID]))
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &shut, 0, e,
                  "SELECT CASE WHEN erased_at IS NOT NULL THEN 1 WHEN restricted = 1 THEN 2 ELSE 0 END FROM contact"
                  " WHERE id = $1",
                  will->f[CONTACT_POINT_CONTACT_ID].i));
    return shut ? err_set(e, RC_CONFLICT, shut == 1 ? "contact_erased" : "contact_restricted", "contact_id", NULL)
                : RC_OK;
}

HOOK_BEFORE(contact_point)
{
    if (!will)
        return RC_OK;
    if (val_has(will->f[CONTACT_POINT_CONTACT_ID]) == val_has(will->f[CONTACT_POINT_COMPANY_ID]))
        return err_set(e, RC_UNPROCESSABLE, "one_parent", "contact_id", NULL);
    if (was && !was->deleted_at && val_eq(was->f[CONTACT_POINT_VALUE], will->f[CONTACT_POINT_VALUE]))
        return RC_OK;
    if (!ch->undoes)
        TRY(parent_open(ch, will, e));
    return was && was->deleted_at ? RC_OK : point_value(ch, will, e);
}
