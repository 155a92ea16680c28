#include "base/rc.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts a text that did not fit at a code point's border, so that what an answer shows stays valid UTF-8. */
static void cut_clean(char *text)
{
    size_t n = strlen(text), i = n;
    while (i > 0 && n - i < 4 && ((unsigned char)text[i - 1] & 0xc0) == 0x80)
        i--;
    if (i == 0)
        return;
    unsigned char lead = (unsigned char)text[i - 1];
    size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (lead >= 0xc0 && n - (i - 1) < want)
        text[i - 1] = 0;
}

static void put(char *to, size_t size, const char *from)
{
    size_t n = from ? strlen(from) : 0;
    bool cut = n >= size;
    if (cut)
        n = size - 1;
    if (n)
        memcpy(to, from, n);
    to[n] = 0;
    if (cut)
        cut_clean(to);
}

enum rc err_set(struct err *e, enum rc rc, const char *code, const char *field, const char *fmt, ...)
{
    if (!e)
        return rc;
    /* The arguments may point into *e itself (an error that is told again under another code). */
    struct err fresh = {.rc = rc};
    put(fresh.code, sizeof fresh.code, code);
    put(fresh.field, sizeof fresh.field, field);
    if (fmt) {
        va_list ap;
        va_start(ap, fmt);
        int n = vsnprintf(fresh.arg[0], sizeof fresh.arg[0], fmt, ap);
        va_end(ap);
        if (n >= (int)sizeof fresh.arg[0])
            cut_clean(fresh.arg[0]);
    }
    *e = fresh;
    return rc;
}
