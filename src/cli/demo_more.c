/* What a company that works with the product for years has noted of some of its clients and deals. Each record draws
 * from a stream of its own, so nothing here moves the history. */
#include "cli/demo_fill_impl.h"
#include <stdio.h>

#define TWIN_CONTACTS 80 /* one contact of so many is entered a second time, */
#define TWIN_COMPANIES 60
#define TWIN_AFTER 25 /* when so many others have come */

static struct val real(double v)
{
    return (struct val){.kind = VAL_REAL, .f = v};
}

void demo_own_places(struct filler *f)
{
    static const enum entity_id of[OWN_N] = {
        [OWN_FORMAT] = ENT_DEAL,      [OWN_SEATS] = ENT_DEAL,      [OWN_CONTRACT] = ENT_DEAL,
        [OWN_BIRTHDAY] = ENT_CONTACT, [OWN_SEGMENT] = ENT_COMPANY, [OWN_STAFF] = ENT_COMPANY};
    for (size_t i = 0; i < OWN_N; i++) {
        char name[32];
        snprintf(name, sizeof name, "cf_%lld", (long long)f->own[i]);
        f->own_at[i] = entity_field(entity_by_id(of[i]), str_c(name));
    }
}

/* ---- values ---- */

void demo_own_of_deal(struct filler *f, uint32_t deal, struct record *r)
{
    const struct demo_deal *d = &f->w->deals.ptr[deal];
    struct rng rng = demo_stream(f->w, 14, deal);
    bool firm = d->company != DEMO_NONE, goods = d->product == DEMO_PRODUCTS - 1,
         visit = d->product == DEMO_PRODUCTS - 2;
    double asked = rng_unit(&rng), how = rng_unit(&rng), counted = rng_unit(&rng), paper = rng_unit(&rng);
    if (!goods && asked < 0.85)
        r->f[f->own_at[OWN_FORMAT]] = val_int(f->format[visit || (firm && how < 0.35) ? FORMAT_VISIT
                                                        : how < (firm ? 0.65 : 0.2)   ? FORMAT_ONLINE
                                                                                      : FORMAT_CLASS]);
    if (!goods && !visit && counted < (firm ? 0.95 : 0.6))
        r->f[f->own_at[OWN_SEATS]] = real(d->seats);
    if (firm ? paper < 0.8 : paper < 0.12)
        r->f[f->own_at[OWN_CONTRACT]] = val_int(firm ? paper < 0.7 : paper < 0.03);
}

static void consent(struct rng *r, bool firm, struct record *out)
{
    static const char *const ways[] = {"Форма на сайте", "Договор-оферта", "Анкета слушателя", "Письмо"};
    if (rng_unit(r) >= (firm ? 0.35 : 0.7))
        return;
    out->f[CONTACT_CONSENT] = val_int(CONSENT_GIVEN);
    out->f[CONTACT_CONSENT_AT] = val_int(out->created_at);
    out->f[CONTACT_CONSENT_SOURCE] = val_str(str_c(ways[rng_range(r, firm ? 1 : 0, firm ? 3 : 2)]));
}

void demo_own_of_contact(struct filler *f, uint32_t contact, struct record *r)
{
    bool firm = f->w->contacts.ptr[contact].company != DEMO_NONE;
    struct rng rng = demo_stream(f->w, 12, contact);
    consent(&rng, firm, r);
    if (rng_unit(&rng) < (firm ? 0.08 : 0.45))
        r->f[f->own_at[OWN_BIRTHDAY]] = val_int(f->w->base_on - rng_range(&rng, INT64_C(19) * 365, INT64_C(58) * 365));
}

void demo_own_of_company(struct filler *f, uint32_t company, struct record *r)
{
    bool body = f->w->companies.ptr[company].public_body;
    struct rng rng = demo_stream(f->w, 13, company);
    double staff = rng_lognormal(&rng, 120, 1.2), known = rng_unit(&rng);
    staff = staff < 4 ? 4 : staff > 20000 ? 20000 : (double)(int)staff;
    if (known < 0.85)
        r->f[f->own_at[OWN_SEGMENT]] = val_int(f->segment[body           ? SEGMENT_PUBLIC
                                                          : staff > 250  ? SEGMENT_LARGE
                                                          : staff >= 100 ? SEGMENT_MIDDLE
                                                                         : SEGMENT_SMALL]);
    if (known < 0.7)
        r->f[f->own_at[OWN_STAFF]] = real(staff);
}

/* ---- co-workers ---- */

enum rc demo_more_of_deal(struct filler *f, const struct demo_event *ev, struct err *e)
{
    static const struct {
        unsigned char user;
        const char *part;
    } parts[] = {{DEMO_HEAD_FIRMS, "Скидка и условия договора"},
                 {DEMO_SELLER_B2B, "Расчёт программы"},
                 {DEMO_SELLER_RENEW, "Документы и акты"},
                 {DEMO_SELLER_COLD, "Переговоры с закупками"}};
    const struct demo_deal *d = &f->w->deals.ptr[ev->object];
    struct rng rng = demo_stream(f->w, 15, ev->object);
    if (d->company == DEMO_NONE || rng_unit(&rng) >= 0.15)
        return RC_OK;
    size_t i = (size_t)rng_range(&rng, 0, 3);
    if (parts[i].user == d->owner || parts[i].user == d->first_owner)
        i = 0; /* who leads a team has no deals */
    int64_t id;
    struct record *r = demo_blank(f->is[ENT_DEAL_MEMBER], demo_at(f->w, ev->t));
    r->f[DEAL_MEMBER_DEAL_ID] = val_int(f->deal[ev->object]);
    r->f[DEAL_MEMBER_USER_ID] = val_int(f->user[parts[i].user]);
    r->f[DEAL_MEMBER_PART] = val_str(str_c(parts[i].part));
    return demo_row_and_event(f, r, ev, &id, e);
}

/* ---- further phones, messengers, mails ---- */

/* The value in its written form. */
static enum rc point(struct filler *f, const struct demo_event *ev, enum point_kind kind, struct str value,
                     const char *label, struct err *e)
{
    static const struct field phone = {.type = FT_PHONE}, other = {.type = FT_TEXT};
    struct record *r = demo_blank(f->is[ENT_CONTACT_POINT], demo_at(f->w, ev->t));
    struct str normal = field_fold(f->tx->arena, kind == POINT_PHONE ? &phone : &other, value);
    int64_t id;
    if (normal.len && *normal.ptr == '@') /* the name of a messenger is compared without it */
        normal = (struct str){normal.ptr + 1, normal.len - 1};
    r->f[CONTACT_POINT_CONTACT_ID] = val_int(f->contact[ev->object]);
    r->f[CONTACT_POINT_KIND] = val_int(kind);
    r->f[CONTACT_POINT_VALUE] = val_str(value);
    r->f[CONTACT_POINT_LABEL] = val_str(str_c(label));
    r->f[CONTACT_POINT_NORMAL] = val_str(normal);
    return demo_row_and_event(f, r, ev, &id, e);
}

/* The phone as people write it: "8 (943) 123-45-67"; those of other countries with blanks. */
static struct str as_written(struct arena *a, struct str phone)
{
    if (phone.len == 12 && str_starts(phone, STR("+7")))
        return str_fmt(a, "8 (%.3s) %.3s-%.2s-%.2s", phone.ptr + 2, phone.ptr + 5, phone.ptr + 8, phone.ptr + 10);
    return str_fmt(a, "%.4s %.*s", phone.ptr, (int)phone.len - 4, phone.ptr + 4);
}

/* A client comes again by another way and is entered anew: the same phone, the name the other way round. */
static enum rc twin_contact(struct filler *f, const struct demo_event *ev, uint32_t of, struct err *e)
{
    const struct demo_contact *c = &f->w->contacts.ptr[of];
    struct arena *a = f->tx->arena;
    struct demo_contact_text t = demo_contact_text(f->w, a, of);
    struct str name = c->company == DEMO_NONE ? str_fmt(a, "%.*s %.*s", STR_ARG(t.surname), STR_ARG(t.first))
                                              : str_fmt(a, "%.*s %.*s", STR_ARG(t.first), STR_ARG(t.surname));
    f->twin_contacts++;
    return demo_create(f, ev->actor, demo_at(f->w, ev->t), ENT_CONTACT,
                       json_pack("{s:o,s:o,s:s,s:I}", "name", json_text(name), "phone",
                                 json_text(as_written(a, t.phone)), "comment", "Повторное обращение, оставлен телефон",
                                 "owner_id", (json_int_t)f->user[f->w->contacts.ptr[ev->object].owner]),
                       NULL, e);
}

enum rc demo_more_of_contact(struct filler *f, const struct demo_event *ev, struct err *e)
{
    const struct demo_contact *c = &f->w->contacts.ptr[ev->object];
    struct rng rng = demo_stream(f->w, 3, ev->object);
    struct arena *a = f->tx->arena;
    bool firm = c->company != DEMO_NONE;
    double messenger = rng_unit(&rng), phone = rng_unit(&rng), mail = rng_unit(&rng);
    if (messenger < 0.06) {
        struct demo_contact_text t = demo_contact_text(f->w, a, ev->object);
        struct str at =
            firm ? str_fmt(a, "@work%u_example", ev->object + 1) : str_fmt(a, "@client%u_example", ev->object + 1);
        TRY(messenger < 0.04 ? point(f, ev, POINT_MESSENGER, at, "Telegram", e)
                             : point(f, ev, POINT_MESSENGER, t.phone, "WhatsApp", e));
    }
    if (phone < (firm ? 0.12 : 0.02)) { /* the town number of the firm with an extension; of the family */
        struct str number = firm ? str_fmt(a, "%.*s#%u", STR_ARG(demo_company_text(f->w, a, c->company).phone),
                                           (unsigned)rng_range(&rng, 101, 499))
                                 : str_fmt(a, "+7949%07u", (unsigned)rng_range(&rng, 1000000, 9999999));
        TRY(point(f, ev, POINT_PHONE, number, firm ? "рабочий" : "домашний", e));
    }
    if (mail < 0.03)
        TRY(point(f, ev, POINT_EMAIL, str_fmt(a, "lichnaya%u@post.example", ev->object + 1), "личная", e));
    if (ev->object % TWIN_CONTACTS == TWIN_AFTER + 5)
        return twin_contact(f, ev, ev->object - TWIN_AFTER, e);
    return RC_OK;
}

/* The same firm from its card of requisites: the same INN, the name without quotation marks. */
enum rc demo_more_of_company(struct filler *f, const struct demo_event *ev, struct err *e)
{
    if (ev->object % TWIN_COMPANIES != TWIN_AFTER + 5)
        return RC_OK;
    struct demo_company_text t = demo_company_text(f->w, f->tx->arena, ev->object - TWIN_AFTER);
    f->twin_companies++;
    return demo_create(f, ev->actor, demo_at(f->w, ev->t), ENT_COMPANY,
                       json_pack("{s:o,s:o,s:o,s:s,s:I}", "name", json_text(t.brand), "inn", json_text(t.inn), "kpp",
                                 json_text(t.kpp), "country", "Россия", "owner_id",
                                 (json_int_t)f->user[f->w->companies.ptr[ev->object].owner]),
                       NULL, e);
}
