/* A search: the query as words, the words of the vocabulary that they may mean, the records behind those. Whatever is
 * found is compared again with the fields that the asker may see, so that a hidden one cannot be guessed. */
#include "crm/search.h"
#include "base/buf.h"
#include "base/vec.h"
#include "crm/engine.h"

#define TEXT_MOST 200
#define WORDS_MOST 8
#define READINGS 3   /* of one word: a phone with and without the code of the country */
#define FOLLOWING 48 /* words of the vocabulary that go on from a beginning */
#define SLIPS 1600
#define SLIP_FOUND 24
#define LOOKED_AT 20000 /* postings of one word at most */

static const enum entity_id order[] = {ENT_CONTACT, ENT_COMPANY, ENT_DEAL, ENT_TASK, ENT_PRODUCT, ENT_NOTE};
#define KINDS (sizeof order / sizeof *order)

struct term {
    struct str as[READINGS];
    size_t n;
};
struct terms {
    struct term ptr[WORDS_MOST];
    size_t n;
};
struct noun { /* how to look for records of one kind, as this asker */
    const struct entity *ent;
    bool *fields; /* those they may see */
    size_t found, most;
};
struct search {
    struct db *db;
    struct arena *a;
    const struct search_query *q;
    struct noun nouns[KINDS];
    size_t n_nouns;
    const struct terms *terms;
    size_t driver; /* the term by which records are looked up */
    enum search_how how;
    struct search_hit *hits;
    size_t n;
};

/* ---- the query ---- */

static bool all_digits(struct str s)
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

static void read_words(struct arena *a, struct str text, struct terms *out)
{
    for (struct str rest = str_fold(a, text); rest.len && out->n < WORDS_MOST;) {
        struct search_words w;
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

static void read_terms(struct arena *a, struct str text, struct terms *out)
{
    struct str digits = phone_like(a, text);
    out->n = 0;
    if (digits.len >= 4)
        read_phone(digits, out);
    else
        read_words(a, text, out);
}

/* ---- comparing ---- */

/* Which of the record's words the term begins; whole: is. NULL: none. */
static const struct str *begins(const struct term *t, const struct search_words *w)
{
    for (size_t k = 0; k < t->n; k++)
        for (size_t i = 0; i < w->n; i++)
            if (str_starts(w->ptr[i], t->as[k]))
                return &w->ptr[i];
    return NULL;
}

static bool in_points(struct search *s, const struct record *r, const struct term *t)
{
    const struct entity *ent = entity_by_id(ENT_CONTACT_POINT);
    struct stmt *st;
    struct err e;
    bool found = false;
    if (r->ent->id != ENT_CONTACT && r->ent->id != ENT_COMPANY)
        return false;
    struct sqlb q = sqlb_new(s->a);
    sqlb_fmt(&q, "SELECT t.kind, t.value FROM contact_point t WHERE t.%s = ",
             r->ent->id == ENT_CONTACT ? "contact_id" : "company_id");
    sqlb_param(&q, val_int(r->id));
    sqlb_c(&q, " AND t.deleted_at IS NULL AND ");
    rights_sql(&q, s->q->rights, ent, RIGHT_SEE, "t");
    if (sqlb_prepare(&q, s->db, &st, &e) == RC_OK) {
        while (!found && stmt_step(st, &e) == RC_ROW) {
            struct record *p = record_new(s->a, ent);
            struct search_words w;
            p->f[CONTACT_POINT_KIND] = val_int(stmt_col_i64(st, 0));
            p->f[CONTACT_POINT_VALUE] = val_str(stmt_col_str(st, 1));
            search_words_of(s->a, p, NULL, &w);
            found = begins(t, &w) != NULL;
        }
        stmt_done(st);
    }
    sqlb_free(&q);
    return found;
}

/* The field that holds the term, -1 when none of the visible ones does. */
static int field_with(struct search *s, const struct noun *k, const struct record *r, const struct term *t)
{
    for (int i = 0; i < (int)k->ent->n_fields; i++) {
        struct search_words w;
        if (!search_field(k->ent, i) || !k->fields[i] || r->f[i].kind != VAL_TEXT)
            continue;
        search_words_of_text(s->a, k->ent->fields[i].type, r->f[i].s, &w);
        if (begins(t, &w))
            return i;
    }
    return -1;
}

static bool fits(struct search *s, const struct noun *k, const struct record *r, int *field)
{
    *field = field_with(s, k, r, &s->terms->ptr[s->driver]);
    for (size_t i = 0; i < s->terms->n; i++)
        if ((i != s->driver || *field < 0) && field_with(s, k, r, &s->terms->ptr[i]) < 0 &&
            !in_points(s, r, &s->terms->ptr[i]))
            return false;
    return true;
}

/* ---- what is shown ---- */

static struct str text_of(const struct noun *k, const struct record *r, int i)
{
    return k->fields[i] && r->f[i].kind == VAL_TEXT ? r->f[i].s : STR_NULL;
}

static struct str cut(struct str s, size_t most)
{
    if (s.len <= most)
        return s;
    while (most && ((unsigned char)s.ptr[most] & 0xc0) == 0x80)
        most--;
    return (struct str){s.ptr, most};
}

static struct str first_of(struct str a, struct str b)
{
    return a.len ? a : b;
}

static int title_field(enum entity_id id)
{
    return id == ENT_DEAL ? (int)DEAL_TITLE : id == ENT_NOTE ? (int)NOTE_TEXT : 0; /* the first field names it */
}

static void show(const struct noun *k, const struct record *r, struct search_hit *h)
{
    h->title = cut(text_of(k, r, title_field(k->ent->id)), 160);
    switch (k->ent->id) {
    case ENT_CONTACT:
        h->subtitle = first_of(text_of(k, r, CONTACT_PHONE), text_of(k, r, CONTACT_EMAIL));
        break;
    case ENT_COMPANY:
        h->subtitle = first_of(text_of(k, r, COMPANY_INN), text_of(k, r, COMPANY_PHONE));
        break;
    case ENT_PRODUCT:
        h->subtitle = text_of(k, r, PRODUCT_SKU);
        break;
    case ENT_TASK:
        h->deal_id = val_i(r->f[TASK_DEAL_ID], 0);
        h->contact_id = val_i(r->f[TASK_CONTACT_ID], 0);
        h->company_id = val_i(r->f[TASK_COMPANY_ID], 0);
        break;
    case ENT_NOTE:
        h->deal_id = val_i(r->f[NOTE_DEAL_ID], 0);
        h->contact_id = val_i(r->f[NOTE_CONTACT_ID], 0);
        h->company_id = val_i(r->f[NOTE_COMPANY_ID], 0);
        break;
    default:
        break;
    }
}

static bool has(const struct search *s, const struct entity *ent, int64_t id)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->hits[i].ent == ent && s->hits[i].id == id)
            return true;
    return false;
}

static void take(struct search *s, struct noun *k, const struct record *r, int field)
{
    struct search_hit *h = &s->hits[s->n++];
    *h = (struct search_hit){.ent = k->ent, .id = r->id, .field = field, .how = s->how};
    show(k, r, h);
    if (field >= 0)
        h->matched = cut(r->f[field].s, 160);
    k->found++;
}

/* ---- looking ---- */

static void put_select(struct search *s, struct sqlb *q, const struct noun *k)
{
    sqlb_c(q, "SELECT ");
    buf_str(&q->text, record_columns(s->a, k->ent, "t"));
}

static bool full(const struct search *s, const struct noun *k)
{
    return s->n == s->q->limit || k->found >= k->most;
}

/* Records of one noun that have exactly this word, newest first. */
static enum rc look_up(struct search *s, struct noun *k, struct str word, struct err *e)
{
    struct sqlb q = sqlb_new(s->a);
    struct stmt *st = NULL;
    enum rc rc;
    bool more = s->terms->n > 1;
    put_select(s, &q, k);
    sqlb_fmt(&q, " FROM search_word w JOIN %s t ON t.id = w.object_id WHERE w.word = ", k->ent->table);
    sqlb_param(&q, val_str(word));
    sqlb_fmt(&q, " AND w.object_kind = %d AND t.deleted_at IS NULL AND ", (int)k->ent->id);
    rights_sql(&q, s->q->rights, k->ent, RIGHT_SEE, "t");
    sqlb_c(&q, " ORDER BY w.object_id DESC LIMIT ");
    sqlb_param(&q, val_int(more ? LOOKED_AT : (int64_t)(s->q->limit * 2)));
    TRY_OUT(sqlb_prepare(&q, s->db, &st, e));
    struct record *r = record_new(s->a, k->ent);
    while (!full(s, k) && (rc = stmt_step(st, e)) == RC_ROW) {
        int field;
        record_read_row(s->a, k->ent, st, r);
        if (!has(s, k->ent, r->id) && fits(s, k, r, &field))
            take(s, k, r, field);
    }
    rc = rc == RC_DONE || rc == RC_ROW ? RC_OK : rc;
out:
    stmt_done(st);
    sqlb_free(&q);
    return rc;
}

static enum rc look_up_all(struct search *s, struct str word, struct err *e)
{
    for (size_t i = 0; i < s->n_nouns && s->n < s->q->limit; i++)
        if (!full(s, &s->nouns[i]))
            TRY(look_up(s, &s->nouns[i], word, e));
    return RC_OK;
}

/* The words that begin so but are longer, from the vocabulary: a step into the index each. */
static enum rc following(struct search *s, struct str word, struct str *out, size_t most, size_t *n, struct err *e)
{
    struct str at = word;
    *n = 0;
    while (*n < most) {
        struct stmt *st;
        TRY(db_prepare(s->db, &st, "SELECT word FROM search_word WHERE word > $1 ORDER BY word LIMIT 1", e));
        stmt_str(st, 1, at);
        enum rc rc = stmt_step(st, e);
        struct str next = rc == RC_ROW ? stmt_col_str(st, 0) : STR_NULL;
        bool goes_on = rc == RC_ROW && str_starts(next, word);
        if (goes_on)
            at = out[(*n)++] = str_dup(s->a, next);
        stmt_done(st);
        if (rc != RC_ROW && rc != RC_DONE)
            return rc;
        if (!goes_on)
            break;
    }
    return RC_OK;
}

/* How many records there are behind a beginning, as far as it matters. */
static enum rc weight(struct search *s, const struct term *t, int64_t most, int64_t *out, struct err *e)
{
    *out = 0;
    for (size_t k = 0; k < t->n; k++) {
        struct stmt *st;
        char *end = str_cdup(s->a, str_fmt(s->a, "%.*s\xf4\x8f\xbf\xbf", STR_ARG(t->as[k])));
        TRY(db_prepare(s->db, &st,
                       "SELECT COUNT(*) FROM (SELECT 1 FROM search_word WHERE word >= $1 AND word < $2 LIMIT $3) x",
                       e));
        stmt_str(st, 1, t->as[k]);
        stmt_str(st, 2, str_c(end));
        stmt_i64(st, 3, most);
        enum rc rc = stmt_step(st, e);
        if (rc == RC_ROW)
            *out += stmt_col_i64(st, 0);
        stmt_done(st);
        if (rc != RC_ROW)
            return rc;
    }
    return RC_OK;
}

/* The rarest word leads to the records; the others are looked for in them. */
static enum rc choose_driver(struct search *s, struct err *e)
{
    int64_t best = 400;
    s->driver = 0;
    for (size_t i = 0; s->terms->n > 1 && i < s->terms->n && best > 0; i++) {
        int64_t n;
        TRY(weight(s, &s->terms->ptr[i], best, &n, e));
        if (n < best) {
            best = n;
            s->driver = i;
        }
    }
    return RC_OK;
}

static void forget_counts(struct search *s)
{
    for (size_t i = 0; i < s->n_nouns; i++)
        s->nouns[i].found = 0;
}

/* Whole words, then beginnings. */
static enum rc run_terms(struct search *s, const struct terms *terms, enum search_how exact, enum search_how prefix,
                         struct err *e)
{
    struct str words[FOLLOWING];
    size_t n;
    s->terms = terms;
    if (!terms->n)
        return RC_OK;
    TRY(choose_driver(s, e));
    const struct term *t = &terms->ptr[s->driver];
    s->how = exact;
    for (size_t k = 0; k < t->n && s->n < s->q->limit; k++)
        TRY(look_up_all(s, t->as[k], e));
    s->how = prefix;
    for (size_t k = 0; k < t->n && s->n < s->q->limit; k++) {
        TRY(following(s, t->as[k], words, FOLLOWING, &n, e));
        for (size_t i = 0; i < n && s->n < s->q->limit; i++)
            TRY(look_up_all(s, words[i], e));
    }
    return RC_OK;
}

/* ---- the number of a deal ---- */

static enum rc by_number(struct search *s, struct err *e)
{
    struct str text = str_trim(s->q->text);
    if (str_starts(text, STR("№")))
        text = str_trim((struct str){text.ptr + 3, text.len - 3});
    else if (text.len && text.ptr[0] == '#')
        text = str_trim((struct str){text.ptr + 1, text.len - 1});
    int64_t id;
    struct record *r;
    bool seen;
    for (size_t i = 0; i < s->n_nouns; i++) {
        struct noun *k = &s->nouns[i];
        if (k->ent->id != ENT_DEAL || !all_digits(text) || !str_i64(text, &id))
            continue;
        TRY(rights_reach(s->db, s->a, s->q->rights, k->ent, id, RIGHT_SEE, &seen, e));
        enum rc rc = seen ? record_load_row(s->db, s->a, k->ent, id, false, &r, e) : RC_NOT_FOUND;
        if (rc == RC_OK) {
            s->how = SEARCH_EXACT;
            take(s, k, r, -1);
        } else if (rc != RC_NOT_FOUND) {
            return rc;
        }
    }
    return RC_OK;
}

/* ---- slips ---- */

/* Which of these begin a word of the vocabulary: one statement for many. */
static enum rc keep_known(struct search *s, const struct str *words, size_t n, struct str *known, size_t *found,
                          struct err *e)
{
    struct sqlb q = sqlb_new(s->a);
    struct stmt *st = NULL;
    enum rc rc;
    enum { ROW = 100 };
    sqlb_c(&q, "SELECT v.w, (SELECT s.word FROM search_word s WHERE s.word >= v.w ORDER BY s.word LIMIT 1) FROM (");
    for (size_t i = 0; i < ROW; i++) {
        sqlb_c(&q, i ? " UNION ALL SELECT CAST(" : "SELECT CAST(");
        sqlb_param(&q, val_str(i < n ? words[i] : words[n - 1]));
        sqlb_c(&q, i ? " AS TEXT)" : " AS TEXT) AS w");
    }
    sqlb_c(&q, ") v");
    TRY_OUT(sqlb_prepare(&q, s->db, &st, e));
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        struct str w = stmt_col_str(st, 0);
        bool again = *found && str_eq(known[*found - 1], w);
        if (*found < SLIP_FOUND && !again && str_starts(stmt_col_str(st, 1), w))
            known[(*found)++] = str_dup(s->a, w);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(st);
    sqlb_free(&q);
    return rc;
}

/* One term with a slip, the others as they are. */
static enum rc run_slip_of(struct search *s, const struct terms *terms, size_t i, struct err *e)
{
    struct str *slips = ARENA_ARRAY(s->a, struct str, SLIPS), known[SLIP_FOUND];
    size_t n = all_digits(terms->ptr[i].as[0]) ? 0 : search_slips(s->a, terms->ptr[i].as[0], slips, SLIPS), found = 0;
    for (size_t k = 0; k < n && found < SLIP_FOUND; k += 100)
        TRY(keep_known(s, slips + k, n - k < 100 ? n - k : 100, known, &found, e));
    for (size_t k = 0; k < found && s->n < s->q->limit; k++) {
        struct terms *other = ARENA_NEW(s->a, struct terms);
        *other = *terms;
        other->ptr[i] = (struct term){.as = {known[k]}, .n = 1};
        TRY(run_terms(s, other, SEARCH_TYPO, SEARCH_TYPO, e));
    }
    return RC_OK;
}

static enum rc run_slips(struct search *s, const struct terms *terms, struct err *e)
{
    for (size_t i = 0; i < terms->n && s->n < s->q->limit; i++)
        TRY(run_slip_of(s, terms, i, e));
    return RC_OK;
}

/* ---- all of it ---- */

static void add_noun(struct search *s, enum entity_id id, size_t kinds)
{
    const struct entity *ent = entity_by_id(id);
    struct noun k = {.ent = ent, .fields = ARENA_ARRAY(s->a, bool, ent->n_fields)};
    bool any = false;
    for (int i = 0; i < (int)ent->n_fields; i++) {
        k.fields[i] = rights_sees_field(s->q->rights, ent, i);
        any |= k.fields[i] && search_field(ent, i);
    }
    k.most = kinds > 1 ? s->q->limit / 2 + 1 : s->q->limit;
    if (any && rights_scope(s->q->rights, ent, RIGHT_SEE) != SCOPE_NONE)
        s->nouns[s->n_nouns++] = k;
}

static void add_nouns(struct search *s)
{
    size_t kinds = 0;
    for (size_t i = 0; i < KINDS; i++)
        kinds += s->q->kinds[order[i]];
    for (size_t i = 0; i < KINDS; i++)
        if (s->q->kinds[order[i]])
            add_noun(s, order[i], kinds);
}

static enum rc run(struct search *s, struct search_result *out, struct err *e)
{
    struct terms own, turned[2];
    struct str text = cut(s->q->text, TEXT_MOST);
    TRY(by_number(s, e));
    read_terms(s->a, text, &own);
    TRY(run_terms(s, &own, SEARCH_EXACT, SEARCH_PREFIX, e));
    for (int i = 0; i < 2 && !s->n; i++) {
        struct str as = search_layout(s->a, text, i == 0);
        read_terms(s->a, as, &turned[i]);
        forget_counts(s);
        TRY(run_terms(s, &turned[i], SEARCH_LAYOUT, SEARCH_LAYOUT, e));
        if (s->n)
            out->as = as;
    }
    if (!s->n)
        TRY(run_slips(s, &own, e));
    for (int i = 0; i < 2 && !s->n; i++) {
        TRY(run_slips(s, &turned[i], e));
        if (s->n)
            out->as = search_layout(s->a, text, i == 0);
    }
    return RC_OK;
}

enum rc search_run(struct db *db, struct arena *a, const struct search_query *q, struct search_result *out,
                   struct err *e)
{
    struct search s = {.db = db, .a = a, .q = q, .hits = ARENA_ARRAY(a, struct search_hit, q->limit + 1)};
    add_nouns(&s);
    *out = (struct search_result){.as = q->text};
    TRY(db_read_begin(db, e));
    enum rc rc = run(&s, out, e);
    db_read_end(db);
    out->hits = s.hits;
    out->n = s.n;
    return rc;
}
