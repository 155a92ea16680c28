/* What people mean when they mistype: the other keyboard layout, and one slip of a letter. */
#include "base/buf.h"
#include "crm/search_impl.h"
#include <utf8proc.h>

/* The keys of the Russian and the US layout, in the same order. */
static const char latin[] = "`qwertyuiop[]asdfghjkl;'zxcvbnm,./~QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?@#$^&|";
static const char *const russian[] = {"ё", "й", "ц", "у", "к", "е", "н", "г", "ш",  "щ", "з", "х", "ъ", "ф", "ы",
                                      "в", "а", "п", "р", "о", "л", "д", "ж", "э",  "я", "ч", "с", "м", "и", "т",
                                      "ь", "б", "ю", ".", "Ё", "Й", "Ц", "У", "К",  "Е", "Н", "Г", "Ш", "Щ", "З",
                                      "Х", "Ъ", "Ф", "Ы", "В", "А", "П", "Р", "О",  "Л", "Д", "Ж", "Э", "Я", "Ч",
                                      "С", "М", "И", "Т", "Ь", "Б", "Ю", ",", "\"", "№", ";", ":", "?", "/"};
_Static_assert(sizeof russian / sizeof *russian == sizeof latin - 1, "a key is a key");

static void to_russian_keys(struct buf *b, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.ptr[i] ? strchr(latin, text.ptr[i]) : NULL;
        if (at)
            buf_c(b, russian[at - latin]);
        else
            buf_char(b, text.ptr[i]);
    }
}

static void to_latin_keys(struct buf *b, struct str text)
{
    for (size_t i = 0; i < text.len;) {
        size_t k = 0, n = sizeof latin - 1;
        while (k < n && !str_starts((struct str){text.ptr + i, text.len - i}, str_c(russian[k])))
            k++;
        /* signs that stand on other keys are signs: only letters tell of the layout */
        if (k < n && (unsigned char)russian[k][0] >= 0xd0) {
            buf_char(b, latin[k]);
            i += strlen(russian[k]);
        } else {
            buf_char(b, text.ptr[i++]);
        }
    }
}

struct str search_layout(struct arena *a, struct str text, bool to_russian)
{
    struct buf b = {0};
    if (to_russian)
        to_russian_keys(&b, text);
    else
        to_latin_keys(&b, text);
    struct str out = str_eq(buf_view(&b), text) ? (struct str){"", 0} : str_dup(a, buf_view(&b));
    buf_free(&b);
    return out;
}

/* ---- slips ---- */

#define LETTERS 64

struct slips {
    struct arena *a;
    utf8proc_int32_t letters[LETTERS];
    size_t n;
    struct str *out;
    size_t found, most;
};

static void put(struct slips *s, const utf8proc_int32_t *letters, size_t n)
{
    utf8proc_uint8_t *p;
    size_t len = 0;
    if (s->found == s->most)
        return;
    p = arena_alloc(s->a, n * 4 + 1);
    for (size_t i = 0; i < n; i++)
        len += (size_t)utf8proc_encode_char(letters[i], p + len);
    p[len] = 0;
    s->out[s->found++] = (struct str){(char *)p, len};
}

/* What else the finger may have met: letters of the alphabet in which the word is written. */
static void alphabet(const struct slips *s, utf8proc_int32_t *from, utf8proc_int32_t *to)
{
    bool cyrillic = false;
    for (size_t i = 0; i < s->n; i++)
        cyrillic |= s->letters[i] >= 0x400 && s->letters[i] < 0x530;
    *from = cyrillic ? 0x430 : 'a';
    *to = cyrillic ? 0x44f : 'z';
}

static void shorter(struct slips *s)
{
    utf8proc_int32_t w[LETTERS];
    for (size_t gone = 0; gone < s->n; gone++) {
        size_t n = 0;
        for (size_t i = 0; i < s->n; i++)
            if (i != gone)
                w[n++] = s->letters[i];
        put(s, w, n);
    }
}

static void swapped(struct slips *s)
{
    for (size_t i = 0; i + 1 < s->n; i++) {
        utf8proc_int32_t first = s->letters[i];
        if (first == s->letters[i + 1])
            continue;
        s->letters[i] = s->letters[i + 1];
        s->letters[i + 1] = first;
        put(s, s->letters, s->n);
        s->letters[i + 1] = s->letters[i];
        s->letters[i] = first;
    }
}

static void other(struct slips *s)
{
    utf8proc_int32_t from, to;
    alphabet(s, &from, &to);
    for (size_t i = 0; i < s->n; i++) {
        utf8proc_int32_t was = s->letters[i];
        for (utf8proc_int32_t c = from; c <= to; c++)
            if (c != was) {
                s->letters[i] = c;
                put(s, s->letters, s->n);
            }
        s->letters[i] = was;
    }
}

static void longer(struct slips *s)
{
    utf8proc_int32_t w[LETTERS + 1], from, to;
    alphabet(s, &from, &to);
    for (size_t at = 0; at <= s->n; at++)
        for (utf8proc_int32_t c = from; c <= to; c++) {
            memcpy(w, s->letters, at * sizeof *w);
            w[at] = c;
            memcpy(w + at + 1, s->letters + at, (s->n - at) * sizeof *w);
            put(s, w, s->n + 1);
        }
}

size_t search_slips(struct arena *a, struct str word, struct str *out, size_t most)
{
    struct slips s = {.a = a, .out = out, .most = most};
    for (size_t i = 0; i < word.len && s.n < LETTERS;) {
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)word.ptr + i, (utf8proc_ssize_t)(word.len - i), &s.letters[s.n]);
        if (n <= 0)
            return 0;
        i += (size_t)n;
        s.n++;
    }
    if (s.n < 4 || s.n == LETTERS)
        return 0;
    swapped(&s);
    shorter(&s);
    other(&s);
    longer(&s);
    return s.found;
}

/* ---- words of a query ---- */

bool search_all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* "8 (911) 22-33", "+7911": digits with what stands between them in a number. Empty when it is something else. */
static struct str phone_like(struct arena *a, struct str text)
{
    char *digits = arena_alloc(a, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
            digits[n++] = text.ptr[i];
        else if (!strchr(" +-().\t", text.ptr[i]))
            return (struct str){"", 0};
    }
    digits[n] = 0;
    return (struct str){digits, n};
}

static void read_phone(struct str digits, struct terms *out)
{
    struct term *t = &out->ptr[out->n++];
    *t = (struct term){.as = {digits}, .n = 1};
    if (digits.len > 3 && (digits.ptr[0] == '7' || digits.ptr[0] == '8'))
        t->as[t->n++] = (struct str){digits.ptr + 1, digits.len - 1};
}

/* Pieces of digits at the beginning of the text that are one number, as it is written; empty when they are something
 * else: dates and numbers of contracts have fewer digits, two numbers have more. */
static struct str number_among(struct arena *a, struct str text, struct str *digits)
{
    struct str whole = {text.ptr, 0}, rest = text, so_far;
    size_t most = text.len && text.ptr[0] == '+' ? 15 : 11;
    *digits = (struct str){"", 0};
    while (rest.len) {
        struct str piece = str_cut(rest, ' ', &rest);
        struct str longer = {text.ptr, (size_t)(piece.ptr + piece.len - text.ptr)};
        so_far = phone_like(a, longer);
        if (!so_far.len || so_far.len > most || memchr(piece.ptr, '.', piece.len))
            break;
        whole = longer;
        *digits = so_far;
    }
    return whole;
}

/* A phone among other words. */
static bool read_phone_among(struct arena *a, struct str text, struct term *out, struct str *rest)
{
    struct str d, whole = number_among(a, text, &d), first = str_cut(whole, ' ', &(struct str){0});
    bool starts = first.len && (first.ptr[0] == '+' || first.ptr[0] == '(' ||
                                (first.len == 1 && (first.ptr[0] == '7' || first.ptr[0] == '8')));
    bool full = d.len == 11 && (d.ptr[0] == '7' || d.ptr[0] == '8');
    bool signs = memchr(whole.ptr, '-', whole.len) || memchr(whole.ptr, '(', whole.len);
    if (!(starts && d.len >= 7) && !(signs && d.len >= 10) && !(full && d.len == whole.len))
        return false;
    if (full) /* as records have it: one reading */
        d = (struct str){d.ptr + 1, 10};
    *out = (struct term){.as = {d}, .n = 1};
    *rest = (struct str){whole.ptr + whole.len, text.len - whole.len};
    return true;
}

static void read_words(struct arena *a, struct str text, struct terms *out)
{
    for (struct str rest = str_fold(a, text); rest.len && out->n < WORDS_MOST;) {
        struct search_words w;
        if (read_phone_among(a, rest, &out->ptr[out->n], &rest)) {
            out->n++;
            continue;
        }
        struct str piece = str_cut(rest, ' ', &rest);
        if (memchr(piece.ptr, '@', piece.len)) {
            out->ptr[out->n++] = (struct term){.as = {piece}, .n = 1};
            continue;
        }
        search_words_of_text(a, FT_TEXT, piece, &w);
        for (size_t i = 0; i < w.n && out->n < WORDS_MOST; i++)
            out->ptr[out->n++] = (struct term){.as = {w.ptr[i]}, .n = 1};
    }
}

/* "4050 8127776655": a whole number and a piece of another, not one that is written with a space. */
static bool two_numbers(struct arena *a, struct str text)
{
    size_t whole = 0, parts = 0;
    for (struct str rest = text; rest.len;) {
        struct str digits = phone_like(a, str_cut(rest, ' ', &rest));
        whole += digits.len >= 10;
        parts += digits.len >= 4;
    }
    return whole && parts > 1;
}

void search_read(struct arena *a, struct str text, struct terms *out)
{
    struct str digits = phone_like(a, text);
    out->n = 0;
    if (digits.len >= 4 && !two_numbers(a, text))
        read_phone(digits, out);
    else
        read_words(a, text, out);
}

/* ---- comparing ---- */

/* Which of the record's words the term begins. */
bool search_begins(const struct term *t, const struct search_words *w)
{
    for (size_t k = 0; k < t->n; k++)
        for (size_t i = 0; i < w->n; i++)
            if (str_starts(w->ptr[i], t->as[k]))
                return true;
    return false;
}

/* Where a word begins in a folded text. A letter of another alphabet than ours before it counts as a letter. */
bool search_begins_in(struct str folded, struct str term)
{
    const char *at = folded.ptr, *end = folded.ptr + folded.len;
    while (at && (at = memmem(at, (size_t)(end - at), term.ptr, term.len))) {
        unsigned char c = at > folded.ptr ? (unsigned char)at[-1] : ' ';
        if (c < 0x80 ? !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) : !search_letter_before(folded, at))
            return true;
        at++;
    }
    return false;
}
