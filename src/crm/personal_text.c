/* A person's name, phones and mails inside of other texts. */
#include "base/phone.h"
#include "crm/engine.h"
#include "crm/personal.h"
#include <utf8proc.h>

enum { NAME_LEAST = 5 }; /* bytes: shorter names are in too many words */

void person_add(struct arena *a, struct person *p, const struct field *fd, struct str value)
{
    struct str folded = field_fold(a, fd, value);
    if (fd->type == FT_PHONE) {
        if (folded.len >= 6)
            vec_push(&p->phones, folded);
    } else if (fd->type == FT_EMAIL) {
        vec_push(&p->mails, folded);
    } else if (folded.len >= NAME_LEAST) {
        vec_push(&p->names, folded);
    }
}

void person_free(struct person *p)
{
    vec_free(&p->names);
    vec_free(&p->mails);
    vec_free(&p->phones);
}

/* One letter, folded as str_fold does; its length in the text, 0 at the end. */
static size_t letter(struct str s, size_t at, utf8proc_int32_t *out)
{
    if (at >= s.len)
        return 0;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.ptr + at, (utf8proc_ssize_t)(s.len - at), out);
    if (n <= 0) {
        *out = (unsigned char)s.ptr[at];
        return 1;
    }
    *out = utf8proc_tolower(*out);
    if (*out == 0x451)
        *out = 0x435;
    if (*out == 0xa0 || *out == '\t' || *out == '\n')
        *out = ' ';
    return (size_t)n;
}

static bool is_word(utf8proc_int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) || k == UTF8PROC_CATEGORY_ND;
}

/* Length of the folded words at this place of the text, 0 when they do not stand there. Blanks of any number are one.
 */
static size_t words_at(struct str text, size_t at, struct str words)
{
    size_t i = at, k = 0, n, m;
    utf8proc_int32_t c, w;
    while ((m = letter(words, k, &w))) {
        n = letter(text, i, &c);
        if (!n || c != w)
            return 0;
        i += n;
        k += m;
        while (w == ' ' && (n = letter(text, i, &c)) && c == ' ')
            i += n;
    }
    return letter(text, i, &c) && is_word(c) ? 0 : i - at;
}

/* Length of what looks like a phone at this place and is one of the person's. */
static size_t phone_at(const struct person *p, struct arena *a, struct str text, size_t at)
{
    size_t end = at, digits = 0, last = at;
    char c = text.ptr[at];
    if (c != '+' && c != '(' && (c < '0' || c > '9'))
        return 0;
    while (end < text.len && digits < 18 && end - at < 40 && strchr("+0123456789 ()-.\xc2\xa0", text.ptr[end])) {
        if (text.ptr[end] >= '0' && text.ptr[end] <= '9') {
            digits++;
            last = end + 1;
        }
        end++;
    }
    for (; digits >= 6 && last > at; last--) { /* a date or a sum may stand behind it */
        struct phone phone;
        if (text.ptr[last - 1] < '0' || text.ptr[last - 1] > '9')
            continue;
        if (phone_read((struct str){text.ptr + at, last - at}, &phone)) {
            struct str folded = phone_fold(a, &phone);
            for (size_t i = 0; i < p->phones.len; i++)
                if (str_eq(folded, p->phones.ptr[i]))
                    return last - at;
        }
        digits--;
    }
    return 0;
}

static size_t found_at(const struct person *p, struct arena *a, struct str text, size_t at, bool word_begins)
{
    size_t n = 0;
    for (size_t i = 0; word_begins && i < p->names.len && !n; i++)
        n = words_at(text, at, p->names.ptr[i]);
    for (size_t i = 0; word_begins && i < p->mails.len && !n; i++)
        n = words_at(text, at, p->mails.ptr[i]);
    return n || !word_begins ? n : phone_at(p, a, text, at);
}

struct str person_cut_out(struct arena *a, const struct person *p, struct str text, struct str mark)
{
    struct buf b = {0};
    bool begins = true, cut = false;
    for (size_t i = 0, n; i < text.len; i += n) {
        utf8proc_int32_t c;
        size_t found = found_at(p, a, text, i, begins);
        n = found ? found : letter(text, i, &c);
        if (found)
            buf_str(&b, mark);
        else
            buf_add(&b, text.ptr + i, n);
        cut |= found > 0;
        begins = found ? true : !is_word(c);
    }
    struct str out = cut ? str_dup(a, buf_view(&b)) : text;
    buf_free(&b);
    return out;
}
