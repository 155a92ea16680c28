#include "insight/event_scan.h"

struct cursor {
    const char *p, *end;
};

static const struct {
    const char *name;
    size_t len;
} fields[SCAN_FIELDS] = {
#define NAME(lit)                                                                                                      \
    {                                                                                                                  \
        lit, sizeof(lit) - 1                                                                                           \
    }
    [SCAN_STAGE] = NAME("stage_id"),       [SCAN_FUNNEL] = NAME("funnel_id"),
    [SCAN_OWNER] = NAME("owner_id"),       [SCAN_SOURCE] = NAME("source_id"),
    [SCAN_CAMPAIGN] = NAME("campaign_id"), [SCAN_CLASS] = NAME("deal_class_id"),
    [SCAN_COMPANY] = NAME("company_id"),   [SCAN_LOSS_REASON] = NAME("loss_reason_id"),
    [SCAN_VALUE] = NAME("value_minor"),
#undef NAME
};

static void blanks(struct cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t' || *c->p == '\r'))
        c->p++;
}

static bool take(struct cursor *c, char ch)
{
    blanks(c);
    if (c->p >= c->end || *c->p != ch)
        return false;
    c->p++;
    return true;
}

/* The text between quotes, escapes left as they are: names of fields have none. */
static bool string(struct cursor *c, struct str *out)
{
    if (!take(c, '"'))
        return false;
    const char *start = c->p;
    while (c->p < c->end && *c->p != '"')
        c->p += *c->p == '\\' ? 2 : 1;
    if (c->p >= c->end)
        return false;
    *out = (struct str){start, (size_t)(c->p - start)};
    c->p++;
    return true;
}

/* Any value, nested ones by counting brackets: depth is bounded by the length of the text. */
static bool skip(struct cursor *c)
{
    size_t depth = 0;
    struct str s;
    do {
        blanks(c);
        if (c->p >= c->end)
            return false;
        char ch = *c->p;
        if (ch == '"') {
            if (!string(c, &s))
                return false;
            continue;
        }
        if (ch == '[' || ch == '{') {
            depth++;
            c->p++;
        } else if (ch == ']' || ch == '}') {
            if (depth == 0)
                return false;
            depth--;
            c->p++;
        } else if (ch == ',' || ch == ':') {
            if (depth == 0)
                return false;
            c->p++;
        } else {
            do
                c->p++;
            while (c->p < c->end && strchr(",:]}[{\" \n\t\r", *c->p) == NULL);
        }
    } while (depth > 0);
    return true;
}

/* An integer or null; any other value is skipped and read as null. */
static bool number(struct cursor *c, int64_t *out, bool *null)
{
    blanks(c);
    const char *start = c->p;
    *out = 0;
    *null = true;
    if (!skip(c))
        return false;
    if (str_i64((struct str){start, (size_t)(c->p - start)}, out))
        *null = false;
    return true;
}

static int field_of(struct str name)
{
    for (int i = 0; i < SCAN_FIELDS; i++)
        if (name.len == fields[i].len && memcmp(name.ptr, fields[i].name, name.len) == 0)
            return i;
    return -1;
}

bool event_scan(struct str json, struct scanned *out)
{
    struct cursor c = {json.ptr, json.ptr + json.len};
    struct str name;
    *out = (struct scanned){0};
    if (!take(&c, '{'))
        return false;
    if (take(&c, '}'))
        return true;
    do {
        if (!string(&c, &name) || !take(&c, ':'))
            return false;
        int i = field_of(name);
        if (i < 0) {
            if (!skip(&c))
                return false;
            continue;
        }
        struct scanned_pair *f = &out->f[i];
        if (!take(&c, '[') || !number(&c, &f->was, &f->was_null) || !take(&c, ',') || !number(&c, &f->now, &f->null) ||
            !take(&c, ']'))
            return false;
        f->seen = true;
    } while (take(&c, ','));
    return take(&c, '}');
}
