/* Records from JSON bodies: types, limits, unknown fields, defaults. */
#include "base/money.h"
#include "base/phone.h"
#include "base/time.h"
#include "crm/engine.h"
#include <math.h>
#include <stdlib.h>

static enum rc out_of_range(struct err *e, const struct field *fd)
{
    enum rc rc = err_set(e, RC_UNPROCESSABLE, "out_of_range", fd->name, "%lld", (long long)fd->min);
    if (e)
        snprintf(e->arg[1], sizeof e->arg[1], "%lld", (long long)fd->max);
    return rc;
}

static enum rc wrong_type(struct err *e, const struct field *fd, const char *want)
{
    return err_set(e, RC_INVALID, "wrong_type", fd->name, "%s", want);
}

/* ---- checked text ---- */

static bool has_control(struct str s, bool lines)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && !(lines && (c == '\n' || c == '\t'))) || c == 0x7f)
            return true;
    }
    return false;
}

static struct str without(struct arena *a, struct str s, const char *drop)
{
    char *out = arena_alloc(a, s.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        if (!strchr(drop, s.ptr[i]))
            out[n++] = s.ptr[i];
    out[n] = '\0';
    return (struct str){out, n};
}

static bool email_ok(struct str s)
{
    const char *at = memchr(s.ptr, '@', s.len);
    if (!at || at == s.ptr)
        return false;
    struct str domain = {at + 1, s.len - (size_t)(at + 1 - s.ptr)};
    if (!domain.len || domain.ptr[0] == '.' || domain.ptr[domain.len - 1] == '.' || memchr(domain.ptr, '@', domain.len))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (strchr(" \"<>,;:\\()[]", s.ptr[i]))
            return false;
    return true;
}

static bool url_ok(struct str s)
{
    struct str host = str_starts(s, STR("https://"))  ? (struct str){s.ptr + 8, s.len - 8}
                      : str_starts(s, STR("http://")) ? (struct str){s.ptr + 7, s.len - 7}
                                                      : STR_NULL;
    if (!host.len || strchr("/.:?#", host.ptr[0]))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (strchr(" \"<>\\^`{|}", s.ptr[i]))
            return false;
    return true;
}

static bool colour_ok(char *c, size_t len)
{
    if (len != 7 || c[0] != '#')
        return false;
    for (int i = 1; i < 7; i++) {
        if (c[i] >= 'A' && c[i] <= 'F')
            c[i] = (char)(c[i] + 32);
        if (!((c[i] >= '0' && c[i] <= '9') || (c[i] >= 'a' && c[i] <= 'f')))
            return false;
    }
    return true;
}

/* The checked kinds of text: *s may be brought into its one form. NULL when all is well, else the code. */
static const char *check_kind(struct arena *a, const struct field *fd, struct str *s)
{
    struct phone phone;
    switch (fd->type) {
    case FT_CURRENCY:
        return money_currency_known(*s) ? NULL : "bad_currency";
    case FT_COLOUR:
        *s = str_dup(a, *s);
        return colour_ok((char *)s->ptr, s->len) ? NULL : "bad_colour";
    case FT_EMAIL:
        return email_ok(*s) ? NULL : "bad_email";
    case FT_PHONE:
        if (!phone_read(*s, &phone))
            return "bad_phone";
        *s = phone_write(a, &phone);
        return NULL;
    case FT_URL:
        for (size_t i = 0; i + 2 < s->len; i++)
            if (memcmp(s->ptr + i, "://", 3) == 0)
                return url_ok(*s) ? NULL : "bad_url";
        *s = str_fmt(a, "https://%.*s", STR_ARG(*s));
        return url_ok(*s) ? NULL : "bad_url";
    default:
        return NULL;
    }
}

enum rc val_check_text(struct arena *a, const struct field *fd, struct str s, struct val *out, struct err *e)
{
    if (!str_utf8_valid(s))
        return err_set(e, RC_UNPROCESSABLE, "bad_text", fd->name, NULL);
    if (fd->type == FT_LONG && memchr(s.ptr, '\r', s.len))
        s = without(a, s, "\r");
    s = str_trim(s);
    if (has_control(s, fd->type == FT_LONG))
        return err_set(e, RC_UNPROCESSABLE, "control_character", fd->name, NULL);
    if (str_utf8_blank(s)) { /* a reason of blanks is none */
        *out = val_null();
        return RC_OK;
    }
    const char *bad = check_kind(a, fd, &s);
    if (bad)
        return err_set(e, RC_UNPROCESSABLE, bad, fd->name, NULL);
    size_t n = str_utf8_len(s);
    if ((int64_t)n > fd->max)
        return err_set(e, RC_UNPROCESSABLE, "too_long", fd->name, "%lld", (long long)fd->max);
    if ((int64_t)n < fd->min)
        return err_set(e, RC_UNPROCESSABLE, "too_short", fd->name, "%lld", (long long)fd->min);
    *out = val_str(str_dup(a, s));
    return RC_OK;
}

/* ---- values ---- */

static int id_cmp(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

struct val val_set_of(struct arena *a, const int64_t *ids, size_t n)
{
    int64_t *own = ARENA_ARRAY(a, int64_t, n + 1);
    size_t kept = 0;
    if (n)
        memcpy(own, ids, n * sizeof *ids);
    qsort(own, n, sizeof *own, id_cmp);
    for (size_t i = 0; i < n; i++)
        if (!kept || own[kept - 1] != own[i])
            own[kept++] = own[i];
    return (struct val){.kind = VAL_SET, .set = {own, kept}};
}

static enum rc set_value(struct arena *a, const struct field *fd, const json_t *json, struct val *out, struct err *e)
{
    if (!json_is_array(json))
        return wrong_type(e, fd, "array");
    size_t n = json_array_size(json);
    int64_t *ids = ARENA_ARRAY(a, int64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(json, i);
        if (!json_is_integer(item))
            return wrong_type(e, fd, "array");
        ids[i] = json_integer_value(item);
    }
    *out = val_set_of(a, ids, n);
    return (int64_t)out->set.n > fd->max ? out_of_range(e, fd) : RC_OK;
}

static enum rc enum_value(const struct field *fd, const json_t *json, struct val *out, struct err *e)
{
    if (!json_is_string(json))
        return wrong_type(e, fd, "string");
    for (int i = 0; fd->names[i]; i++)
        if (strcmp(fd->names[i], json_string_value(json)) == 0) {
            *out = val_int(i);
            return RC_OK;
        }
    return err_set(e, RC_UNPROCESSABLE, "unknown_value", fd->name, "%s", json_string_value(json));
}

static enum rc number_value(const struct field *fd, const json_t *json, struct val *out, struct err *e)
{
    if (fd->type == FT_REAL) {
        if (!json_is_number(json))
            return wrong_type(e, fd, "number");
        double v = json_number_value(json);
        *out = (struct val){.kind = VAL_REAL, .f = v};
        return isfinite(v) && v >= (double)fd->min && v <= (double)fd->max ? RC_OK : out_of_range(e, fd);
    }
    if (!json_is_integer(json))
        return wrong_type(e, fd, "integer");
    int64_t v = json_integer_value(json);
    *out = val_int(v);
    if (fd->type == FT_REF)
        return v > 0 ? RC_OK : err_set(e, RC_UNPROCESSABLE, "ref_not_found", fd->name, "%lld", (long long)v);
    return v >= fd->min && v <= fd->max ? RC_OK : out_of_range(e, fd);
}

static enum rc date_value(const struct field *fd, const json_t *json, struct val *out, struct err *e)
{
    int64_t days;
    if (!json_is_string(json))
        return wrong_type(e, fd, "string");
    if (!date_parse((struct str){json_string_value(json), json_string_length(json)}, &days))
        return err_set(e, RC_UNPROCESSABLE, "bad_date", fd->name, NULL);
    *out = val_int(days);
    return days >= fd->min && days <= fd->max ? RC_OK : out_of_range(e, fd);
}

/* Kept with sorted keys, so that equal values are equal texts. */
static enum rc tree_value(struct arena *a, const struct field *fd, const json_t *json, struct val *out, struct err *e)
{
    if (!json_is_object(json) && !json_is_array(json))
        return wrong_type(e, fd, "object");
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        abort();
    *out = val_str(str_dup(a, str_c(text)));
    free(text);
    return (int64_t)out->s.len > fd->max
               ? err_set(e, RC_UNPROCESSABLE, "too_long", fd->name, "%lld", (long long)fd->max)
               : RC_OK;
}

static enum rc json_value(struct arena *a, const struct field *fd, const json_t *json, struct val *out, struct err *e)
{
    if (json_is_null(json)) {
        *out = fd->type == FT_SET ? (struct val){.kind = VAL_SET} : val_null();
        return RC_OK;
    }
    switch (fd->type) {
    case FT_SET:
        return set_value(a, fd, json, out, e);
    case FT_ENUM:
        return enum_value(fd, json, out, e);
    case FT_DATE:
        return date_value(fd, json, out, e);
    case FT_JSON:
        return tree_value(a, fd, json, out, e);
    case FT_BOOL:
        *out = val_int(json_is_true(json));
        return json_is_boolean(json) ? RC_OK : wrong_type(e, fd, "boolean");
    default:
        if (!field_is_text(fd))
            return number_value(fd, json, out, e);
        if (!json_is_string(json))
            return wrong_type(e, fd, "string");
        return val_check_text(a, fd, (struct str){json_string_value(json), json_string_length(json)}, out, e);
    }
}

enum rc val_from_journal(struct arena *a, const struct field *fd, const json_t *json, struct val *out, struct err *e)
{
    if (fd->type == FT_DATE && json_is_integer(json)) {
        *out = val_int(json_integer_value(json));
        return RC_OK;
    }
    if (field_is_text(fd) && json_is_string(json)) { /* as it was written, even when the limits were others then */
        *out = val_str(str_dup(a, (struct str){json_string_value(json), json_string_length(json)}));
        return RC_OK;
    }
    struct err why;
    if (json_value(a, fd, json, out, &why) != RC_OK && why.rc == RC_INVALID)
        return err_set(e, RC_INTERNAL, "bad_journal", fd->name, NULL);
    return RC_OK;
}

/* ---- bodies ---- */

static bool is_head(const char *key)
{
    static const char *const head[] = {"id", "version", "created_at", "updated_at"};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(head[i], key) == 0)
            return true;
    return false;
}

static enum rc read_member(struct arena *a, struct record *r, const char *key, size_t len, const json_t *json,
                           bool creating, struct err *e)
{
    const struct entity *ent = r->ent;
    struct str name = {key, len};
    int i = entity_field(ent, name);
    if (i < 0 && is_head(key))
        return err_set(e, RC_UNPROCESSABLE, "read_only_field", key, NULL);
    if (i < 0)
        return err_set(e, RC_INVALID, "unknown_field", key, NULL);
    const struct field *fd = &ent->fields[i];
    if ((fd->flags & FF_SERVER) || ((fd->flags & FF_CREATE) && !creating))
        return err_set(e, RC_UNPROCESSABLE, "read_only_field", fd->name, NULL);
    TRY(json_value(a, fd, json, &r->f[i], e));
    if ((fd->flags & FF_REQUIRED) && !val_has(r->f[i]))
        return err_set(e, RC_UNPROCESSABLE, "required", fd->name, NULL);
    return RC_OK;
}

/* Defaults are JSON texts of the field table: true, false, a whole number or a plain string. */
static enum rc fill_default(struct arena *a, const struct field *fd, struct val *v, struct err *e)
{
    json_t *json = json_loads(fd->default_json, JSON_DECODE_ANY, NULL);
    enum rc rc = json_value(a, fd, json, v, e);
    json_decref(json);
    return rc;
}

enum rc record_fill_defaults(struct arena *a, struct record *r, struct err *e)
{
    for (size_t i = 0; i < r->ent->n_fields; i++) {
        const struct field *fd = &r->ent->fields[i];
        if (r->f[i].kind != VAL_ABSENT)
            continue;
        if (fd->type == FT_SET)
            r->f[i] = (struct val){.kind = VAL_SET};
        else if (fd->default_json)
            TRY(fill_default(a, fd, &r->f[i], e));
    }
    return RC_OK;
}

enum rc record_check_required(const struct record *r, bool before_hooks, struct err *e)
{
    for (size_t i = 0; i < r->ent->n_fields; i++) {
        unsigned flags = r->ent->fields[i].flags;
        if ((flags & FF_REQUIRED) && !val_has(r->f[i]) && !(before_hooks && (flags & FF_FILLED)))
            return err_set(e, RC_UNPROCESSABLE, "required", r->ent->fields[i].name, NULL);
    }
    return RC_OK;
}

enum rc record_from_json(struct arena *a, const struct entity *ent, const json_t *body, bool creating,
                         struct record **out, struct err *e)
{
    if (!json_is_object(body))
        return err_set(e, RC_INVALID, "not_an_object", "", NULL);
    struct record *r = record_new(a, ent);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)body, key, value) TRY(read_member(a, r, key, strlen(key), value, creating, e));
    if (creating) {
        TRY(record_fill_defaults(a, r, e));
        TRY(record_check_required(r, true, e));
    }
    *out = r;
    return RC_OK;
}
