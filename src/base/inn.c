#include "base/inn.h"

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return s.len > 0;
}

/* The control digit over the first n digits: the last n of the weights count. */
static int control(struct str s, size_t n)
{
    static const int weights[] = {3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8};
    int sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += weights[11 - n + i] * (s.ptr[i] - '0');
    return sum % 11 % 10;
}

bool inn_valid(struct str s)
{
    static const char zeros[] = "000000000000";
    if (!all_digits(s) || (s.len != 10 && s.len != 12) || memcmp(s.ptr, zeros, s.len) == 0)
        return false;
    for (size_t n = s.len == 10 ? 9 : 10; n < s.len; n++)
        if (control(s, n) != s.ptr[n] - '0')
            return false;
    return true;
}

bool kpp_valid(struct str s)
{
    if (s.len != 9)
        return false;
    for (size_t i = 0; i < 9; i++) {
        bool digit = s.ptr[i] >= '0' && s.ptr[i] <= '9', letter = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z';
        if (!digit && !(letter && (i == 4 || i == 5)))
            return false;
    }
    return true;
}

/* Room for one more in front. */
static struct str without_blanks(struct arena *a, struct str text)
{
    char *out = arena_alloc(a, text.len + 2);
    size_t n = 0;
    out[n++] = '0';
    for (size_t i = 0; i < text.len; i++) {
        bool nbsp = text.ptr[i] == '\xc2' && i + 1 < text.len && text.ptr[i + 1] == '\xa0';
        if (nbsp)
            i++;
        else if (text.ptr[i] != ' ' && text.ptr[i] != '-')
            out[n++] = text.ptr[i];
    }
    out[n] = '\0';
    return (struct str){out + 1, n - 1};
}

struct str inn_clean(struct arena *a, struct str text)
{
    struct str plain = without_blanks(a, text), padded = {plain.ptr - 1, plain.len + 1};
    return (plain.len == 9 || plain.len == 11) && inn_valid(padded) ? padded : plain;
}

struct str kpp_clean(struct arena *a, struct str text)
{
    return without_blanks(a, text);
}
