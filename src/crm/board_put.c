/* A board as columnar JSON. Texts are kept escaped, so this is copying and printing of integers. */
#include "crm/board_impl.h"

#define INT_BYTES 24  /* the longest integer, a comma and a bracket */
#define TEXT_BYTES 36 /* the longest of the short texts of a row */

static const char two_digits[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
    "4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798"
    "99";

/* Writes v at p, which has room; returns the end. */
static char *int_at(char *p, int64_t v)
{
    static const char null[] = {'n', 'u', 'l', 'l'};
    char text[24];
    size_t i = sizeof text;
    if (v == BOARD_NULL)
        return (char *)memcpy(p, null, sizeof null) + sizeof null;
    uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
    while (u >= 100) {
        memcpy(text + (i -= 2), two_digits + u % 100 * 2, 2);
        u /= 100;
    }
    if (u >= 10)
        memcpy(text + (i -= 2), two_digits + u * 2, 2);
    else
        text[--i] = (char)('0' + u);
    if (v < 0)
        text[--i] = '-';
    memcpy(p, text + i, sizeof text - i);
    return p + (sizeof text - i);
}

static void put_int(struct buf *b, int64_t v)
{
    buf_reserve(b, INT_BYTES);
    b->len = (size_t)(int_at(b->ptr + b->len, v) - b->ptr);
}

static void put_wide(struct buf *b, __int128 v)
{
    char text[48];
    size_t i = sizeof text;
    unsigned __int128 u = v < 0 ? -(unsigned __int128)v : (unsigned __int128)v;
    do {
        text[--i] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u);
    if (v < 0)
        text[--i] = '-';
    buf_add(b, text + i, sizeof text - i);
}

struct put {
    struct buf *out;
    const struct board *b;
    const struct rights *rights;
    const struct entity *deal;
    const uint32_t *pick;
    size_t n;
};

static bool shown(const struct put *p, const char *field)
{
    return !p->rights || p->rights->all_fields[ENT_DEAL] ||
           rights_sees_field(p->rights, p->deal, entity_field(p->deal, str_c(field)));
}

static bool shown_as(const struct put *p, const char *column)
{
    return shown(p, strcmp(column, "contact") == 0   ? "contact_id"
                    : strcmp(column, "company") == 0 ? "company_id"
                                                     : column);
}

/* "name":[…], of all rows picked, of none when the column is hidden; `room` is what one cell may take, `write` moves
 * `at` behind the cell. */
#define COLUMN(p, name, room, write)                                                                                   \
    do {                                                                                                               \
        buf_c((p)->out, "\"" name "\":[");                                                                             \
        buf_reserve((p)->out, (p)->n *(room) + 2);                                                                     \
        char *at = (p)->out->ptr + (p)->out->len;                                                                      \
        size_t rows_ = shown_as((p), name) ? (p)->n : 0;                                                               \
        for (size_t row_ = 0; row_ < rows_; row_++) {                                                                  \
            const struct board_row *r = &(p)->b->rows.ptr[(p)->pick[row_]];                                            \
            write;                                                                                                     \
            *at++ = ',';                                                                                               \
        }                                                                                                              \
        at -= rows_ > 0; /* the last comma */                                                                          \
        *at++ = ']';                                                                                                   \
        *at++ = ',';                                                                                                   \
        (p)->out->len = (size_t)(at - (p)->out->ptr);                                                                  \
    } while (0)
#define INTS(p, field) COLUMN(p, #field, INT_BYTES, at = int_at(at, r->field))
#define TEXTS(p, name, room, text, len) COLUMN(p, name, room, at = (char *)memcpy(at, (text), (len)) + (len))

/* The name of a contact or company may be out of sight though the deal is not. */
static bool names_seen(const struct put *p, bool contact, int64_t owner)
{
    const struct entity *ent = entity_by_id(contact ? ENT_CONTACT : ENT_COMPANY);
    return !p->rights || (shown(p, contact ? "contact_id" : "company_id") &&
                          rights_sees_field(p->rights, ent, contact ? CONTACT_NAME : COMPANY_NAME) &&
                          rights_allow_owned(p->rights, ent, RIGHT_SEE, owner));
}

/* Which names are used, in order of first use; map holds the place of each in the dictionary. */
static void put_names(struct put *p, const char *key, const struct board_names *names, bool contact, int32_t *map)
{
    int32_t used = 0;
    memset(map, 0xFF, (names->list.len + 1) * sizeof *map);
    buf_fmt(p->out, "\"%s\":[", key);
    for (size_t i = 0; i < p->n; i++) {
        const struct board_row *r = &p->b->rows.ptr[p->pick[i]];
        int32_t at = contact ? r->contact : r->company;
        if (at < 0 || map[at] >= 0 || !names_seen(p, contact, names->list.ptr[at].owner_id))
            continue;
        if (used)
            buf_char(p->out, ',');
        buf_add(p->out, names->list.ptr[at].json, names->list.ptr[at].len);
        map[at] = used++;
    }
    buf_char(p->out, ']');
}

static size_t longest(const struct put *p, bool tags)
{
    size_t most = 2;
    for (size_t i = 0; i < p->n; i++) {
        const struct board_row *r = &p->b->rows.ptr[p->pick[i]];
        size_t len = tags ? r->tags_len : r->title_len;
        most = len > most ? len : most;
    }
    return most + 2;
}

static void put_columns(struct put *p, const int32_t *contacts, const int32_t *companies)
{
    INTS(p, id);
    TEXTS(p, "title", longest(p, false), r->title, r->title_len);
    INTS(p, stage_id);
    INTS(p, value_minor);
    TEXTS(p, "currency", TEXT_BYTES, r->currency, strlen(r->currency));
    INTS(p, owner_id);
    COLUMN(p, "contact", INT_BYTES, at = int_at(at, r->contact < 0 ? -1 : contacts[r->contact]));
    COLUMN(p, "company", INT_BYTES, at = int_at(at, r->company < 0 ? -1 : companies[r->company]));
    INTS(p, stage_entered_at);
    INTS(p, created_at);
    TEXTS(p, "expected_close_on", TEXT_BYTES, r->close_on, strlen(r->close_on));
    INTS(p, next_task_at);
    INTS(p, open_tasks);
    TEXTS(p, "rank", TEXT_BYTES, r->rank, strlen(r->rank));
    INTS(p, version);
    INTS(p, source_id);
    TEXTS(p, "tag_ids", longest(p, true), r->tags ? r->tags : "[]", r->tags ? r->tags_len : 2);
    INTS(p, probability);
    INTS(p, waiting_since);
    INTS(p, deferred_until);
    INTS(p, unprofitable);
    p->out->len--; /* the last comma */
}

static void put_totals(struct buf *out, const struct board_total *totals, size_t n, bool value)
{
    bool first = true;
    buf_c(out, ",\"totals\":[");
    for (size_t i = 0; i < n; i++) {
        if (totals[i].deals == 0)
            continue;
        buf_fmt(out, "%s{\"stage_id\":%lld,\"deals\":%lld", first ? "" : ",", (long long)totals[i].stage_id,
                (long long)totals[i].deals);
        if (value) {
            buf_c(out, ",\"value_minor\":");
            put_wide(out, totals[i].value_minor);
        }
        buf_char(out, '}');
        first = false;
    }
    buf_char(out, ']');
}

void board_put(struct buf *out, const struct board *b, const struct rights *r, const uint32_t *pick, size_t n,
               const struct board_total *totals, size_t n_totals, const struct board_gone *gone, size_t n_gone)
{
    struct put p = {out, b, r && r->everything ? NULL : r, entity_by_id(ENT_DEAL), pick, n};
    struct arena a = ARENA_EMPTY;
    int32_t *contacts = ARENA_ARRAY(&a, int32_t, b->contacts.list.len + 1);
    int32_t *companies = ARENA_ARRAY(&a, int32_t, b->companies.list.len + 1);
    buf_reserve(out, 512 + n * 256);
    buf_fmt(out, "{\"seq\":%lld,\"funnel_id\":%lld,\"n\":%zu,\"dict\":{", (long long)b->seq, (long long)b->funnel_id,
            n);
    put_names(&p, "contact", &b->contacts, true, contacts);
    buf_char(out, ',');
    put_names(&p, "company", &b->companies, false, companies);
    buf_c(out, "},\"cols\":{");
    put_columns(&p, contacts, companies);
    buf_char(out, '}');
    put_totals(out, totals, n_totals, shown(&p, "value_minor"));
    if (gone) {
        buf_c(out, ",\"gone\":[");
        for (size_t i = 0; i < n_gone; i++) {
            if (i)
                buf_char(out, ',');
            put_int(out, gone[i].id);
        }
        buf_char(out, ']');
    }
    buf_char(out, '}');
    arena_free(&a);
}
