/* One cell of a table into the value of a field. */
#include "base/i18n.h"
#include "base/money.h"
#include "base/phone.h"
#include "base/when.h"
#include "crm/import_rows.h"
#include <math.h>

static void complain(struct import_row *row, const char *code, const char *field, struct str value)
{
    if (row->bad.rc == RC_OK)
        err_set(&row->bad, RC_UNPROCESSABLE, code, field, "%.*s", (int)(value.len < 120 ? value.len : 120), value.ptr);
}

static const char *field_name(const struct import_column *c)
{
    return c->to.field >= 0 ? entity_by_id(c->to.object)->fields[c->to.field].name : import_extra_names[c->to.extra];
}

/* ---- numbers, truth, words of a list ---- */

/* Digits with their marks, without the words, signs of currencies and blanks around them. */
static struct str bare_amount(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.len + 1);
    size_t n = 0, i = 0;
    s = str_trim(s);
    bool minus = s.len && s.ptr[0] == '(' && s.ptr[s.len - 1] == ')';
    if (minus)
        out[n++] = '-';
    for (; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool blank =
            c == ' ' || c == 0xc2 || c == 0xa0 || (c == 0xe2 && i + 2 < s.len && (unsigned char)s.ptr[i + 1] == 0x80);
        if (c == 0xe2 && blank)
            i += 2;
        if (c == 0xe2 && !blank && i + 2 < s.len && memcmp(s.ptr + i, "\xe2\x88\x92", 3) == 0) {
            out[n++] = '-';
            i += 2;
            continue;
        }
        if (blank)
            continue;
        if ((c >= '0' && c <= '9') || ((c == '.' || c == ',' || c == '\'') && n) || (c == '-' && n == 0))
            out[n++] = (char)c;
        else if (n && out[n - 1] != '-')
            break; /* what stands behind: a currency */
    }
    while (n && (out[n - 1] == '.' || out[n - 1] == ',' || out[n - 1] == '\''))
        n--;
    return (struct str){out, n};
}

/* Nothing but a currency's name or sign may stand around the digits. */
static bool only_currency_around(struct str s)
{
    size_t letters = 0;
    for (size_t i = 0; i < s.len; i++)
        letters += ((unsigned char)s.ptr[i] | 0x20) >= 'a' && ((unsigned char)s.ptr[i] | 0x20) <= 'z';
    return s.len < 60 && letters <= 8;
}

static bool read_money(struct arena *a, struct str s, unsigned exponent, int64_t *out)
{
    struct str bare = bare_amount(a, s);
    double v;
    if (!only_currency_around(s) || !bare.len)
        return false;
    if (money_parse(bare, exponent, out))
        return true;
    if (!str_f64(bare, &v) || fabs(v) > 9e13) /* 1234.5000000001 of a spreadsheet */
        return false;
    double minor = v * pow(10, exponent);
    *out = (int64_t)llround(minor);
    return fabs(minor - (double)*out) < 1e-4;
}

static bool read_real(struct arena *a, struct str s, double *out)
{
    struct str bare = bare_amount(a, s);
    if (str_f64(str_trim(s), out))
        return true;
    char *p = str_cdup(a, bare);
    char *comma = strchr(p, ',');
    if (comma && !strchr(p, '.') && comma == strrchr(p, ','))
        *comma = '.';
    return bare.len && only_currency_around(s) && str_f64(str_c(p), out);
}

static bool read_bool(struct arena *a, struct str s, int64_t *out)
{
    static const char *const yes[] = {"да",      "yes",       "y",         "true", "1",         "+",
                                      "x",       "х",         "истина",    "on",   "д",         "вкл",
                                      "есть",    "выполнена", "выполнено", "done", "completed", "завершена",
                                      "активен", "active",    "согласен",  "✓",    "✔",         NULL};
    static const char *const no[] = {
        "нет",          "no",      "n",    "false",        "0",         "-",        "ложь", "off", "н", "выкл",
        "не выполнена", "открыта", "open", "не завершена", "неактивен", "inactive", "—",    NULL};
    struct str f = str_fold(a, s);
    for (size_t i = 0; yes[i]; i++)
        if (str_eqc(f, yes[i])) {
            *out = 1;
            return true;
        }
    for (size_t i = 0; no[i]; i++)
        if (str_eqc(f, no[i])) {
            *out = 0;
            return true;
        }
    return false;
}

static bool read_enum(struct arena *a, const struct entity *ent, const struct field *fd, struct str s, int64_t *out)
{
    struct str f = str_fold(a, s);
    char key[140];
    for (int64_t i = 0; fd->names[i]; i++) {
        snprintf(key, sizeof key, "field.%s.%s:%s", ent->name, fd->name, fd->names[i]);
        if (str_eqc(f, fd->names[i]) || str_eq(f, str_fold(a, i18n_text("ru", key))) ||
            str_eq(f, str_fold(a, i18n_text("en", key)))) {
            *out = i;
            return true;
        }
    }
    if (ent->id == ENT_CONTACT && strcmp(fd->name, "consent") == 0 && read_bool(a, s, out)) {
        *out = *out ? 1 : 0;
        return true;
    }
    return false;
}

/* ---- names of records ---- */

void import_field_dictionary(const struct field *fd, enum entity_id *kind, int64_t *of)
{
    *kind = fd->ref;
    *of = fd->ref == ENT_FIELD_OPTION && fd->custom ? fd->custom->id : 0;
}

struct str import_name_key(struct arena *a, int64_t of, struct str name)
{
    struct str f = str_fold(a, name);
    return of ? str_fmt(a, "%lld %.*s", (long long)of, STR_ARG(f)) : f;
}

static void add_pending(struct arena *a, struct import_part *part, int field, struct str name)
{
    struct import_pending *p = ARENA_NEW(a, struct import_pending), **end = &part->pending;
    p->field = field;
    p->name = str_dup(a, name);
    while (*end)
        end = &(*end)->next;
    *end = p;
}

static bool find_name(struct importing *im, struct arena *a, const struct field *fd, struct str name, int64_t *id)
{
    enum entity_id kind;
    int64_t of;
    import_field_dictionary(fd, &kind, &of);
    return im->names[kind] && strmap_get(im->names[kind], import_name_key(a, of, name), id);
}

static void read_ref(struct importing *im, struct arena *a, struct import_part *part, int field, struct str s,
                     struct import_row *row)
{
    const struct field *fd = &part->ent->fields[field];
    int64_t id;
    s = str_trim(s);
    if (part->ent->id == ENT_DEAL && field == DEAL_STAGE_ID)
        row->stage = str_dup(a, s);
    else if (part->ent->id == ENT_DEAL && field == DEAL_FUNNEL_ID)
        row->funnel = str_dup(a, s);
    else if (find_name(im, a, fd, s, &id))
        part->in->f[field] = val_int(id);
    else if (!str_utf8_valid(s))
        complain(row, "bad_text", fd->name, STR(""));
    else
        add_pending(a, part, field, s);
}

/* What parts the values of a cell: the first of the marks that is in it, else a comma. */
static char mark_of(struct str s, const char *marks)
{
    for (; s.len && *marks; marks++)
        if (memchr(s.ptr, *marks, s.len))
            return *marks;
    return ',';
}

static void read_set(struct importing *im, struct arena *a, struct import_part *part, int field, struct str s,
                     struct import_row *row)
{
    const struct field *fd = &part->ent->fields[field];
    int64_t *ids = ARENA_ARRAY(a, int64_t, s.len + 1), id;
    size_t n = 0;
    char mark = mark_of(s, ";|\n");
    for (struct str rest = s; rest.ptr;) {
        struct str one = str_trim(str_cut(rest, mark, &rest));
        if (one.len == 0)
            continue;
        if (!str_utf8_valid(one))
            complain(row, "bad_text", fd->name, STR(""));
        else if (find_name(im, a, fd, one, &id))
            ids[n++] = id;
        else
            add_pending(a, part, field, one);
    }
    part->in->f[field] = val_set_of(a, ids, n);
}

/* ---- points ---- */

static void add_point(struct arena *a, struct import_part *part, int64_t kind, struct str value, struct str label)
{
    struct import_point *p = ARENA_NEW(a, struct import_point), **end = &part->points;
    *p = (struct import_point){kind, str_dup(a, value), str_dup(a, label.len < 120 ? label : STR("")), NULL};
    while (*end)
        end = &(*end)->next;
    *end = p;
}

/* Several phones or mails in one cell: the first is the main one when there is none yet. */
static void read_points(struct arena *a, const struct import_column *c, struct import_part *part, int main,
                        int64_t kind, struct str s, struct import_row *row)
{
    const struct field *fd = main >= 0 ? &part->ent->fields[main] : NULL;
    char mark = mark_of(s, ";\n");
    for (struct str rest = s; rest.ptr;) {
        struct str one = str_trim(str_cut(rest, mark, &rest));
        struct err e = {0};
        if (one.len && one.ptr[0] == '\'')
            one = (struct str){one.ptr + 1, one.len - 1}; /* how spreadsheets mark a text */
        if (one.len == 0)
            continue;
        if (!fd || part->in->f[main].kind == VAL_TEXT) {
            if (str_utf8_valid(one))
                add_point(a, part, kind, one, c->header);
            else
                complain(row, "bad_text", import_extra_names[c->to.extra], STR(""));
        } else if (val_check_text(a, fd, one, &part->in->f[main], &e) != RC_OK) {
            part->in->f[main] = (struct val){.kind = VAL_ABSENT};
            complain(row, e.code, fd->name, one);
        }
    }
}

/* ---- fields ---- */

static void read_when(struct importing *im, const struct import_column *c, const struct field *fd, struct str s,
                      struct val *out, struct import_row *row)
{
    struct when w;
    if (!when_parse(s, c->order, &w))
        complain(row, fd->type == FT_DATE ? "cell_not_date" : "cell_not_time", fd->name, s);
    else
        *out = val_int(fd->type == FT_DATE ? w.day : when_instant(&w, im->zone));
}

static void read_number(struct arena *a, const struct field *fd, struct str s, struct val *out, struct import_row *row)
{
    double v;
    if (!read_real(a, s, &v) || !isfinite(v) || (fd->type == FT_INT && v != floor(v))) {
        complain(row, "bad_number", fd->name, s);
        return;
    }
    if (fd->min < fd->max && (v < (double)fd->min || v > (double)fd->max)) {
        complain(row, v < (double)fd->min ? "too_small" : "too_big", fd->name, s);
        return;
    }
    *out = fd->type == FT_INT ? val_int((int64_t)v) : (struct val){.kind = VAL_REAL, .f = v};
}

static struct str one_line(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++) {
        out[i] = s.ptr[i];
        if (out[i] == '\n' || out[i] == '\r' || out[i] == '\t')
            out[i] = ' ';
    }
    return (struct str){out, s.len};
}

static void read_text(struct arena *a, const struct field *fd, struct str s, struct val *out, struct import_row *row)
{
    struct err e = {0};
    if (fd->type != FT_LONG && (memchr(s.ptr, '\n', s.len) || memchr(s.ptr, '\t', s.len)))
        s = one_line(a, s);
    if (fd->type == FT_CURRENCY && (str_eqc(str_trim(s), "₽") || str_starts(str_fold(a, s), STR("руб"))))
        s = STR("RUB");
    if (val_check_text(a, fd, s, out, &e) == RC_OK)
        return;
    *out = (struct val){.kind = VAL_ABSENT};
    if (row->bad.rc == RC_OK) {
        row->bad = e;
        if (!e.arg[0][0] && str_utf8_valid(s))
            complain(row, e.code, fd->name, s);
    }
}

static void read_field(struct importing *im, struct arena *a, const struct import_column *c, struct import_part *part,
                       struct str s, struct import_row *row)
{
    const struct field *fd = &part->ent->fields[c->to.field];
    struct val *out = &part->in->f[c->to.field];
    int64_t i;
    switch (fd->type) {
    case FT_INT:
    case FT_REAL:
        read_number(a, fd, s, out, row);
        break;
    case FT_MONEY:
        if (read_money(a, s, money_exponent(im->currency), &i) && i >= fd->min && i <= fd->max)
            *out = val_int(i);
        else
            complain(row, "bad_amount", fd->name, s);
        break;
    case FT_BOOL:
        if (read_bool(a, s, &i))
            *out = val_int(i);
        else
            complain(row, "bad_bool", fd->name, s);
        break;
    case FT_ENUM:
        if (read_enum(a, part->ent, fd, s, &i))
            *out = val_int(i);
        else
            complain(row, "bad_choice", fd->name, s);
        break;
    case FT_DATE:
    case FT_TIME:
        read_when(im, c, fd, s, out, row);
        break;
    case FT_REF:
        read_ref(im, a, part, c->to.field, s, row);
        break;
    case FT_SET:
        read_set(im, a, part, c->to.field, s, row);
        break;
    case FT_PHONE:
    case FT_EMAIL:
        if ((part->ent->id == ENT_CONTACT || part->ent->id == ENT_COMPANY) && !fd->custom) {
            read_points(a, c, part, c->to.field, fd->type == FT_PHONE ? POINT_PHONE : POINT_EMAIL, s, row);
            break;
        }
        read_text(a, fd, s, out, row);
        break;
    default:
        read_text(a, fd, s, out, row);
    }
}

static void read_instant(struct importing *im, const struct import_column *c, struct str s, int64_t *out,
                         struct import_row *row)
{
    struct when w;
    if (!when_parse(s, c->order, &w))
        complain(row, "cell_not_time", field_name(c), s);
    else
        *out = when_instant(&w, im->zone);
}

static void add_note(struct arena *a, const struct import_column *c, struct import_part *part, struct str s)
{
    if (part->note.len)
        part->note = str_fmt(a, "%.*s\n%.*s: %.*s", STR_ARG(part->note), STR_ARG(c->header), STR_ARG(s));
    else
        part->note = str_dup(a, s);
}

static void read_extra(struct importing *im, struct arena *a, const struct import_column *c, struct import_part *part,
                       struct str s, struct import_row *row)
{
    bool firm = part->ent->id == ENT_COMPANY, person = part->ent->id == ENT_CONTACT;
    int phone = firm ? (int)COMPANY_PHONE : person ? (int)CONTACT_PHONE : -1;
    int email = firm ? (int)COMPANY_EMAIL : person ? (int)CONTACT_EMAIL : -1;
    if (c->to.extra != EXTRA_ID && !str_utf8_valid(s)) {
        complain(row, "bad_text", field_name(c), STR(""));
        return;
    }
    switch (c->to.extra) {
    case EXTRA_ID:
        if (!str_i64(str_trim(s), &part->by_id))
            part->by_id = 0; /* of another program: it matches nothing here */
        break;
    case EXTRA_FIRST_NAME:
        part->first = str_dup(a, s);
        break;
    case EXTRA_LAST_NAME:
        part->last = str_dup(a, s);
        break;
    case EXTRA_MIDDLE_NAME:
        part->middle = str_dup(a, s);
        break;
    case EXTRA_PHONES:
        read_points(a, c, part, phone, POINT_PHONE, s, row);
        break;
    case EXTRA_EMAILS:
        read_points(a, c, part, email, POINT_EMAIL, s, row);
        break;
    case EXTRA_MESSENGERS:
        add_point(a, part, POINT_MESSENGER, one_line(a, s), c->header);
        break;
    case EXTRA_ADDRESSES:
        add_point(a, part, POINT_ADDRESS, one_line(a, s), c->header);
        break;
    case EXTRA_SITES:
        add_point(a, part, POINT_SITE, one_line(a, s), c->header);
        break;
    case EXTRA_NOTE:
        add_note(a, c, part, s);
        break;
    case EXTRA_CREATED_AT:
        if (part == &row->part[PART_MAIN])
            read_instant(im, c, s, &row->created_at, row);
        break;
    case EXTRA_CLOSED_AT:
        read_instant(im, c, s, &row->closed_at, row);
        break;
    default:
        break;
    }
}

void import_cell(struct importing *im, struct arena *a, const struct import_column *c, struct str text,
                 struct import_row *row)
{
    int at = c->to.object == im->plan.object ? PART_MAIN : c->to.object == ENT_CONTACT ? PART_CONTACT : PART_COMPANY;
    struct import_part *part = &row->part[at];
    text = str_trim(text);
    if (text.len > 1 && text.ptr[0] == '\'' && strchr("=+-@", text.ptr[1])) /* how exports keep formulas harmless */
        text = (struct str){text.ptr + 1, text.len - 1};
    if (text.len == 0)
        return;
    if (!part->ent) {
        part->ent = entity_by_id(c->to.object);
        part->in = record_new(a, part->ent);
    }
    if (c->to.field >= 0)
        read_field(im, a, c, part, text, row);
    else
        read_extra(im, a, c, part, text, row);
}

/* ---- after the last cell ---- */

static void join_name(struct arena *a, struct import_part *p)
{
    struct val *name = &p->in->f[CONTACT_NAME];
    struct err e;
    if (name->kind == VAL_TEXT || (!p->first.len && !p->last.len && !p->middle.len))
        return;
    struct str full = str_fmt(a, "%.*s%s%.*s%s%.*s", STR_ARG(p->last.ptr ? p->last : STR("")),
                              p->last.len && p->first.len ? " " : "", STR_ARG(p->first.ptr ? p->first : STR("")),
                              p->middle.len ? " " : "", STR_ARG(p->middle.ptr ? p->middle : STR("")));
    if (val_check_text(a, &p->ent->fields[CONTACT_NAME], one_line(a, full), name, &e) != RC_OK)
        *name = (struct val){.kind = VAL_ABSENT};
}

/* A person without a name is called by the phone or the mail. */
static void name_for_want(struct import_part *p)
{
    static const int stand_in[] = {CONTACT_PHONE, CONTACT_EMAIL};
    for (size_t i = 0; i < 2 && p->in->f[CONTACT_NAME].kind != VAL_TEXT; i++)
        if (p->in->f[stand_in[i]].kind == VAL_TEXT)
            p->in->f[CONTACT_NAME] = p->in->f[stand_in[i]];
}

static void deal_title(struct importing *im, struct import_row *row)
{
    struct import_part *deal = &row->part[PART_MAIN];
    static const int names[] = {[PART_COMPANY] = COMPANY_NAME, [PART_CONTACT] = CONTACT_NAME};
    (void)im;
    for (int i = PART_COMPANY; i <= PART_CONTACT && deal->in->f[DEAL_TITLE].kind != VAL_TEXT; i++)
        if (row->part[i].ent && row->part[i].in->f[names[i]].kind == VAL_TEXT)
            deal->in->f[DEAL_TITLE] = row->part[i].in->f[names[i]];
}

void import_row_end(struct importing *im, struct arena *a, struct import_row *row)
{
    struct import_part *main = &row->part[PART_MAIN];
    if (!main->ent) {
        main->ent = entity_by_id(im->plan.object);
        main->in = record_new(a, main->ent);
    }
    for (int i = 0; i < PART_N; i++)
        if (row->part[i].ent && row->part[i].ent->id == ENT_CONTACT) {
            join_name(a, &row->part[i]);
            name_for_want(&row->part[i]);
        }
    if (im->plan.object == ENT_DEAL)
        deal_title(im, row);
}
