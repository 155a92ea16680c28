/* The words of a record. */
#include "base/phone.h"
#include "crm/fields.h"
#include "crm/search.h"
#include <stdlib.h>
#include <utf8proc.h>

/* Which fields are searched; 64 bits are enough for the built-in ones. */
static uint64_t searched(enum entity_id id)
{
#define BIT(i) (UINT64_C(1) << (i))
    switch (id) {
    case ENT_DEAL:
        return BIT(DEAL_TITLE);
    case ENT_CONTACT:
        return BIT(CONTACT_NAME) | BIT(CONTACT_PHONE) | BIT(CONTACT_EMAIL);
    case ENT_COMPANY:
        return BIT(COMPANY_NAME) | BIT(COMPANY_INN) | BIT(COMPANY_PHONE) | BIT(COMPANY_EMAIL);
    case ENT_TASK:
        return BIT(TASK_TITLE);
    case ENT_NOTE:
        return BIT(NOTE_TEXT);
    case ENT_PRODUCT:
        return BIT(PRODUCT_NAME) | BIT(PRODUCT_SKU);
    default:
        return 0;
    }
#undef BIT
}

bool search_covers(const struct entity *ent)
{
    return searched(ent->id) != 0;
}

bool search_field(const struct entity *ent, int field)
{
    return field >= 0 && field < 64 && (searched(ent->id) >> field & 1);
}

/* ---- texts ---- */

static void add(struct search_words *w, struct str word)
{
    if (w->n < SEARCH_WORDS_MOST && word.len)
        w->ptr[w->n++] = word;
}

static bool is_letter(utf8proc_int32_t c)
{
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c >= 0x430 && c <= 0x44f) /* the usual case */
        return true;
    utf8proc_category_t k = utf8proc_category(c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) || k == UTF8PROC_CATEGORY_ND ||
           k == UTF8PROC_CATEGORY_MN;
}

static utf8proc_int32_t letter_at(struct str s, size_t i, size_t *len)
{
    utf8proc_int32_t c;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + i, (utf8proc_ssize_t)(s.len - i), &c);
    *len = n > 0 ? (size_t)n : 1;
    return n > 0 ? c : -1;
}

bool search_letter_before(struct str text, const char *at)
{
    size_t n, i = (size_t)(at - text.ptr);
    if (!i)
        return false;
    do
        i--;
    while (i && ((unsigned char)text.ptr[i] & 0xc0) == 0x80);
    return is_letter(letter_at(text, i, &n));
}

static void split(struct search_words *w, struct str folded)
{
    size_t from = 0, letters = 0;
    for (size_t i = 0; i <= folded.len;) {
        size_t n = 1;
        bool in = i < folded.len && is_letter(letter_at(folded, i, &n));
        if (in && letters < SEARCH_WORD_LETTERS) {
            if (!letters++)
                from = i;
        } else if (letters) {
            add(w, (struct str){folded.ptr + from, i - from});
            letters = 0;
            while (in && i < folded.len) { /* the rest of a word that is too long */
                i += n;
                in = i < folded.len && is_letter(letter_at(folded, i, &n));
            }
        }
        i += n;
    }
}

/* The number at home ("9123456789") or with its country, and its last four digits. */
static void phone_words(struct arena *a, struct search_words *w, struct str text)
{
    struct phone p;
    if (!phone_read(text, &p)) {
        split(w, str_fold(a, text));
        return;
    }
    struct str digits = str_dup(a, str_c(p.digits));
    if (digits.len == 11 && digits.ptr[0] == '7')
        digits = (struct str){digits.ptr + 1, 10};
    add(w, digits);
    if (digits.len > 6)
        add(w, (struct str){digits.ptr + digits.len - 4, 4});
}

static void text_words(struct arena *a, enum field_type type, struct str text, struct search_words *w)
{
    if (type == FT_PHONE)
        phone_words(a, w, text);
    else if (type == FT_EMAIL)
        add(w, str_fold(a, text));
    else
        split(w, str_fold(a, text));
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void settle(struct search_words *w)
{
    size_t kept = 0;
    if (w->n > 1)
        qsort(w->ptr, w->n, sizeof *w->ptr, by_bytes);
    for (size_t i = 0; i < w->n; i++)
        if (!kept || !str_eq(w->ptr[kept - 1], w->ptr[i]))
            w->ptr[kept++] = w->ptr[i];
    w->n = kept;
}

void search_words_of_text(struct arena *a, enum field_type type, struct str text, struct search_words *out)
{
    *out = (struct search_words){arena_alloc(a, sizeof(struct str) * SEARCH_WORDS_MOST), 0};
    text_words(a, type, text, out);
    settle(out);
}

/* What a contact point is searched as: its kind says how. */
static enum field_type point_type(const struct record *r)
{
    int64_t kind = val_i(r->f[CONTACT_POINT_KIND], -1);
    return kind == POINT_PHONE ? FT_PHONE : kind == POINT_EMAIL ? FT_EMAIL : FT_TEXT;
}

void search_words_of(struct arena *a, const struct record *r, const bool *fields, struct search_words *out)
{
    *out = (struct search_words){NULL, 0};
    if (!r || r->deleted_at)
        return;
    out->ptr = arena_alloc(a, sizeof *out->ptr * SEARCH_WORDS_MOST);
    if (r->ent->id == ENT_CONTACT_POINT) {
        if (r->f[CONTACT_POINT_VALUE].kind == VAL_TEXT)
            text_words(a, point_type(r), r->f[CONTACT_POINT_VALUE].s, out);
    }
    for (int i = 0; i < (int)r->ent->n_fields && i < 64; i++)
        if (search_field(r->ent, i) && (!fields || fields[i]) && r->f[i].kind == VAL_TEXT)
            text_words(a, r->ent->fields[i].type, r->f[i].s, out);
    settle(out);
}
