/* A search: the query as words, the words of the vocabulary that they may mean, the records behind those. Whatever is
 * found is compared again with the fields that the asker may see, so that a hidden one cannot be guessed. */
#include "base/buf.h"
#include "base/vec.h"
#include "crm/engine.h"
#include "crm/search_impl.h"

#define TEXT_MOST 200
#define FOLLOWING 48 /* words of the vocabulary that go on from a beginning */
#define SLIPS 1600
#define SLIP_FOUND 24
#define LOOKED_AT 5000   /* records compared at most when some fields are hidden: of one word */
#define COMPARED 1500    /* records compared with several words before their postings are brought together */
#define TOGETHER 64      /* records read at once then */
#define SLIP_ROWS 300000 /* postings brought together for slips, at most */
#define SCANNED_TEXT "300"
#define SCANNED 300    /* postings read at once behind a beginning */
#define SHOWN_FIELDS 8 /* searched fields of a noun */

static const enum entity_id order[] = {ENT_CONTACT, ENT_COMPANY, ENT_DEAL, ENT_TASK, ENT_PRODUCT, ENT_NOTE};
#define KINDS (sizeof order / sizeof *order)

struct noun { /* how to look for records of one kind, as this asker */
    const struct entity *ent;
    int fields[SHOWN_FIELDS]; /* those they may see, the one that names it first */
    int column[SHOWN_FIELDS]; /* of each in put_select; its folded form stands behind it */
    int n_fields;
    bool titled;                       /* the first is the name */
    bool all;                          /* nothing of it is hidden from them: a posting is proof enough */
    struct sqlb by_word, by_beginning; /* made once; by_word: $1 the word, $2 how many; by_beginning: see scan */
    size_t found, most;
};
struct row { /* the present one of a statement: texts are read when they are asked for */
    int64_t id;
    struct stmt *st;
};
struct search {
    struct db *db;
    struct arena *a;
    const struct search_query *q;
    struct noun nouns[KINDS];
    size_t n_nouns;
    const struct terms *terms;
    struct terms own, turned[2]; /* what is asked; the same in the other keyboard layout */
    size_t driver;               /* the term by which records are looked up */
    int64_t left;                /* records still to be compared; for several words */
    size_t joined;               /* postings brought together so far */
    bool slipping;
    enum search_how how;
    struct search_hit *hits;
    size_t n;
};

/* ---- comparing ---- */

static struct str value(const struct noun *k, const struct row *r, int i)
{
    return stmt_col_str(r->st, k->column[i]);
}

static bool in_field(struct search *s, const struct noun *k, const struct row *r, int i, const struct term *t)
{
    const struct field *f = &k->ent->fields[k->fields[i]];
    struct search_words w;
    if (f->type == FT_PHONE && (t->as[0].ptr[0] < '0' || t->as[0].ptr[0] > '9'))
        return false;
    if (f->type == FT_EMAIL)
        return str_starts(str_fold(s->a, value(k, r, i)), t->as[0]);
    if (f->type == FT_PHONE) {
        search_words_of_text(s->a, f->type, value(k, r, i), &w);
        return search_begins(t, &w);
    }
    bool kept = f->flags & FF_FOLD;
    struct str folded = kept ? stmt_col_str(r->st, k->column[i] + 1) : str_fold(s->a, value(k, r, i));
    for (size_t n = 0; n < t->n; n++)
        if (search_begins_in(folded, t->as[n]))
            return true;
    return false;
}

static bool in_points(struct search *s, const struct noun *k, int64_t id, const struct term *t)
{
    const struct entity *ent = entity_by_id(ENT_CONTACT_POINT);
    struct stmt *st;
    struct err e;
    bool found = false;
    if (k->ent->id != ENT_CONTACT && k->ent->id != ENT_COMPANY)
        return false;
    struct sqlb q = sqlb_new(s->a);
    sqlb_fmt(&q, "SELECT t.kind, t.value FROM contact_point t WHERE t.%s = ",
             k->ent->id == ENT_CONTACT ? "contact_id" : "company_id");
    sqlb_param(&q, val_int(id));
    sqlb_c(&q, " AND t.deleted_at IS NULL AND ");
    rights_sql(&q, s->q->rights, ent, RIGHT_SEE, "t");
    if (sqlb_prepare(&q, s->db, &st, &e) == RC_OK) {
        while (!found && stmt_step(st, &e) == RC_ROW) {
            struct record *p = record_new(s->a, ent);
            struct search_words w;
            p->f[CONTACT_POINT_KIND] = val_int(stmt_col_i64(st, 0));
            p->f[CONTACT_POINT_VALUE] = val_str(stmt_col_str(st, 1));
            search_words_of(s->a, p, NULL, &w);
            found = search_begins(t, &w);
        }
        stmt_done(st);
    }
    sqlb_free(&q);
    return found;
}

/* The field that holds the term, -1 when none of the visible ones does. */
static int field_with(struct search *s, const struct noun *k, const struct row *r, const struct term *t)
{
    for (int i = 0; i < k->n_fields; i++)
        if (in_field(s, k, r, i, t))
            return i;
    return -1;
}

/* *field: where the term stands by which it was found, -1 in a contact point. */
static bool fits(struct search *s, const struct noun *k, const struct row *r, int *field)
{
    const struct term *by = &s->terms->ptr[s->driver];
    *field = field_with(s, k, r, by);
    if (*field < 0 && !in_points(s, k, r->id, by))
        return false;
    for (size_t i = 0; i < s->terms->n; i++)
        if (i != s->driver && field_with(s, k, r, &s->terms->ptr[i]) < 0 && !in_points(s, k, r->id, &s->terms->ptr[i]))
            return false;
    return true;
}

/* ---- what is shown ---- */

static struct str cut(struct str s, size_t most)
{
    if (s.len <= most)
        return s;
    while (most && ((unsigned char)s.ptr[most] & 0xc0) == 0x80)
        most--;
    return (struct str){s.ptr, most};
}

static bool has(const struct search *s, const struct entity *ent, int64_t id)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->hits[i].ent == ent && s->hits[i].id == id)
            return true;
    return false;
}

static bool hangs_on(const struct noun *k)
{
    return k->ent->id == ENT_TASK || k->ent->id == ENT_NOTE;
}

/* The name, and of what else may be seen the first that is filled. */
static void take(struct search *s, struct noun *k, const struct row *r, int field)
{
    struct search_hit *h = &s->hits[s->n++];
    *h = (struct search_hit){.ent = k->ent, .id = r->id, .field = field >= 0 ? k->fields[field] : -1, .how = s->how};
    if (hangs_on(k)) {
        h->deal_id = stmt_col_i64(r->st, 1);
        h->contact_id = stmt_col_i64(r->st, 2);
        h->company_id = stmt_col_i64(r->st, 3);
    }
    if (k->titled)
        h->title = str_dup(s->a, cut(value(k, r, 0), 160));
    for (int i = k->titled; i < k->n_fields && !h->subtitle.len; i++)
        if (value(k, r, i).len)
            h->subtitle = str_dup(s->a, cut(value(k, r, i), 160));
    if (field >= 0)
        h->matched = field == 0 && k->titled ? h->title : str_dup(s->a, cut(value(k, r, field), 160));
    k->found++;
}

/* ---- looking ---- */

static void put_select(struct sqlb *q, const struct noun *k)
{
    sqlb_c(q, "SELECT t.id");
    if (hangs_on(k))
        sqlb_c(q, ", t.deal_id, t.contact_id, t.company_id");
    for (int i = 0; i < k->n_fields; i++) {
        const struct field *f = &k->ent->fields[k->fields[i]];
        sqlb_c(q, ", t.");
        sqlb_c(q, f->name);
        if (f->flags & FF_FOLD) {
            sqlb_c(q, ", t.");
            sqlb_c(q, f->name);
            sqlb_c(q, "_fold");
        }
    }
}

static void put_sight(struct search *s, struct sqlb *q, const struct noun *k)
{
    sqlb_c(q, " AND t.deleted_at IS NULL");
    if (rights_all_rows(s->q->rights, k->ent, RIGHT_SEE))
        return;
    sqlb_c(q, " AND ");
    rights_sql(q, s->q->rights, k->ent, RIGHT_SEE, "t");
}

static bool full(const struct search *s, const struct noun *k)
{
    return s->n == s->q->limit || k->found >= k->most;
}

static enum rc read_rows(struct search *s, struct noun *k, struct sqlb *q, struct err *e)
{
    struct stmt *st;
    struct row r;
    enum rc rc = RC_ROW;
    int field;
    TRY(sqlb_prepare(q, s->db, &st, e));
    while (!full(s, k) && (rc = stmt_step(st, e)) == RC_ROW) {
        r = (struct row){stmt_col_i64(st, 0), st};
        s->left--;
        if (!has(s, k->ent, r.id) && fits(s, k, &r, &field))
            take(s, k, &r, field);
    }
    stmt_done(st);
    return rc == RC_DONE || rc == RC_ROW ? RC_OK : rc;
}

static int64_t rows_most(const struct search *s, const struct noun *k)
{
    if (s->terms->n > 1)
        return s->left > 0 ? s->left : 0;
    return k->all ? (int64_t)(s->q->limit * 2) : LOOKED_AT;
}

/* Records of one noun that have exactly this word, newest first. */
static enum rc look_up(struct search *s, struct noun *k, struct str word, struct err *e)
{
    struct sqlb *q = &k->by_word;
    if (!q->text.len) {
        put_select(q, k);
        sqlb_c(q, " FROM search_word w JOIN ");
        sqlb_c(q, k->ent->table);
        sqlb_c(q, " t ON t.id = w.object_id WHERE w.word = ");
        sqlb_param(q, val_str(word));
        sqlb_fmt(q, " AND w.object_kind = %d", (int)k->ent->id);
        put_sight(s, q, k);
        sqlb_c(q, " ORDER BY w.object_id DESC LIMIT ");
        sqlb_param(q, val_int(0));
    }
    q->params[0] = val_str(word);
    q->params[q->n - 1] = val_int(rows_most(s, k));
    return read_rows(s, k, q, e);
}

static enum rc look_up_all(struct search *s, struct str word, struct err *e)
{
    for (size_t i = 0; i < s->n_nouns && s->n < s->q->limit; i++)
        if (!full(s, &s->nouns[i]) && rows_most(s, &s->nouns[i]) > 0)
            TRY(look_up(s, &s->nouns[i], word, e));
    return RC_OK;
}

/* Records of one noun among the first postings behind a beginning. */
static enum rc scan(struct search *s, struct noun *k, struct str word, struct str end, struct err *e)
{
    struct sqlb *q = &k->by_beginning;
    if (!q->text.len) {
        put_select(q, k);
        sqlb_c(q, " FROM (SELECT word, object_kind, object_id FROM search_word WHERE word > ");
        sqlb_param(q, val_str(word));
        sqlb_c(q, " AND word < ");
        sqlb_param(q, val_str(end));
        /* CROSS JOIN lets SQLite hand the postings on one by one */
        sqlb_c(q, " ORDER BY word, object_kind, object_id LIMIT " SCANNED_TEXT ") w CROSS JOIN ");
        sqlb_c(q, k->ent->table);
        sqlb_c(q, " t WHERE t.id = w.object_id");
        sqlb_fmt(q, " AND w.object_kind = %d", (int)k->ent->id);
        put_sight(s, q, k);
    }
    q->params[0] = val_str(word);
    q->params[1] = val_str(end);
    return read_rows(s, k, q, e);
}

/* What there is behind a beginning: kinds among the first postings, and whether those are all. */
static enum rc survey(struct search *s, struct str word, struct str end, bool *kinds, bool *all, struct err *e)
{
    struct stmt *st;
    enum rc rc;
    int n = 0;
    TRY(db_prepare(s->db, &st,
                   "SELECT object_kind FROM search_word WHERE word > $1 AND word < $2"
                   " ORDER BY word, object_kind, object_id LIMIT " SCANNED_TEXT,
                   e));
    stmt_str(st, 1, word);
    stmt_str(st, 2, end);
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        kinds[stmt_col_i64(st, 0)] = true;
        n++;
    }
    stmt_done(st);
    *all = n < SCANNED;
    return rc == RC_DONE ? RC_OK : rc;
}

static bool all_full(const struct search *s)
{
    for (size_t i = 0; i < s->n_nouns; i++)
        if (!full(s, &s->nouns[i]))
            return false;
    return true;
}

static enum rc scan_all(struct search *s, struct str word, bool *all, struct err *e)
{
    bool kinds[ENT_END] = {0}, one = s->n_nouns == 1;
    struct str end = search_end_of(s->a, word);
    *all = false;
    if (!one)
        TRY(survey(s, word, end, kinds, all, e));
    for (size_t i = 0; i < s->n_nouns && s->n < s->q->limit; i++)
        if ((one || kinds[s->nouns[i].ent->id]) && !full(s, &s->nouns[i]))
            TRY(scan(s, &s->nouns[i], word, end, e));
    return RC_OK;
}

/* The rarest word leads to the records; the others are looked for in them. */
static enum rc choose_driver(struct search *s, struct err *e)
{
    int64_t best = 400;
    s->driver = 0;
    for (size_t i = 0; s->terms->n > 1 && i < s->terms->n && best > 0; i++) {
        int64_t n;
        TRY(search_weight(s->db, s->a, &s->terms->ptr[i], best, &n, e));
        bool longer = s->terms->ptr[i].as[0].len > s->terms->ptr[s->driver].as[0].len;
        if (n < best || (n == best && longer)) {
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

/* ---- common words that rarely meet ---- */

/* Those of the records that are of this noun and have all of the words. */
static enum rc look_at(struct search *s, struct noun *k, const struct search_keys *keys, struct err *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; i < keys->n && rc == RC_OK && !full(s, k);) {
        int64_t ids[TOGETHER];
        int n = 0;
        for (; i < keys->n && n < TOGETHER; i++)
            if (search_key_kind(keys->ptr[i]) == k->ent->id)
                ids[n++] = search_key_id(keys->ptr[i]);
        if (!n)
            break;
        struct sqlb q = sqlb_new(s->a);
        put_select(&q, k);
        sqlb_fmt(&q, " FROM %s t WHERE t.id IN (", k->ent->table);
        for (int p = 0; p < TOGETHER; p++) { /* always as many: the same statement */
            sqlb_c(&q, p ? ", " : "");
            sqlb_param(&q, val_int(ids[p < n ? p : n - 1]));
        }
        sqlb_c(&q, ")");
        put_sight(s, &q, k);
        rc = read_rows(s, k, &q, e);
        sqlb_free(&q);
    }
    return rc;
}

static enum rc run_join(struct search *s, struct err *e)
{
    struct search_join j;
    struct search_keys keys;
    bool kinds[ENT_END] = {0};
    enum rc rc;
    if (s->slipping && s->joined > SLIP_ROWS)
        return RC_OK;
    for (size_t i = 0; i < s->n_nouns; i++)
        kinds[s->nouns[i].ent->id] = true;
    search_join_begin(&j, s->db, s->a, s->terms, kinds);
    while ((rc = search_join_next(&j, &keys, e)) == RC_OK && keys.n && s->n < s->q->limit && !all_full(s))
        for (size_t i = 0; i < s->n_nouns && rc == RC_OK; i++)
            rc = look_at(s, &s->nouns[i], &keys, e);
    s->joined += j.rows;
    search_join_end(&j);
    return rc;
}

/* Words that begin as the driver does; *all: these were all of them. */
static enum rc run_beginnings(struct search *s, struct str beginning, bool *all, struct err *e)
{
    struct str words[FOLLOWING];
    size_t n;
    TRY(scan_all(s, beginning, all, e));
    if (*all || all_full(s))
        return RC_OK;
    TRY(search_following(s->db, s->a, beginning, words, FOLLOWING, &n, e));
    for (size_t i = 0; i < n && s->n < s->q->limit; i++)
        TRY(look_up_all(s, words[i], e));
    *all = n < FOLLOWING;
    return RC_OK;
}

/* Whole words, then beginnings; of several common words all that have them. */
static enum rc run_terms(struct search *s, const struct terms *terms, enum search_how exact, enum search_how prefix,
                         struct err *e)
{
    bool all = true, these;
    s->terms = terms;
    s->left = COMPARED;
    if (!terms->n)
        return RC_OK;
    TRY(choose_driver(s, e));
    const struct term *t = &terms->ptr[s->driver];
    s->how = exact;
    for (size_t k = 0; k < t->n && s->n < s->q->limit; k++)
        TRY(look_up_all(s, t->as[k], e));
    s->how = prefix;
    for (size_t k = 0; k < t->n && s->n < s->q->limit; k++) {
        TRY(run_beginnings(s, t->as[k], &these, e));
        all &= these;
    }
    if (terms->n > 1 && (!all || s->left <= 0) && s->n < s->q->limit && !all_full(s))
        TRY(run_join(s, e));
    return RC_OK;
}

/* ---- the number of a deal ---- */

static enum rc read_number(struct search *s, struct noun *k, struct sqlb *q, struct err *e)
{
    struct stmt *st;
    struct row r;
    TRY(sqlb_prepare(q, s->db, &st, e));
    enum rc rc = stmt_step(st, e);
    if (rc == RC_ROW) {
        r = (struct row){stmt_col_i64(st, 0), st};
        take(s, k, &r, -1);
    }
    stmt_done(st);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

static enum rc by_number(struct search *s, struct err *e)
{
    struct str text = str_trim(s->q->text);
    if (str_starts(text, STR("№")))
        text = str_trim((struct str){text.ptr + 3, text.len - 3});
    else if (text.len && text.ptr[0] == '#')
        text = str_trim((struct str){text.ptr + 1, text.len - 1});
    int64_t id;
    for (size_t i = 0; i < s->n_nouns; i++) {
        struct noun *k = &s->nouns[i];
        if (k->ent->id != ENT_DEAL || !search_all_digits(text) || !str_i64(text, &id))
            continue;
        struct sqlb q = sqlb_new(s->a);
        s->how = SEARCH_EXACT;
        put_select(&q, k);
        sqlb_fmt(&q, " FROM %s t WHERE t.id = ", k->ent->table);
        sqlb_param(&q, val_int(id));
        put_sight(s, &q, k);
        enum rc rc = read_number(s, k, &q, e);
        sqlb_free(&q);
        TRY(rc);
    }
    return RC_OK;
}

/* ---- slips ---- */

/* One term with a slip, the others as they are. */
static enum rc run_slip_of(struct search *s, const struct terms *terms, size_t i, struct err *e)
{
    struct str *slips = ARENA_ARRAY(s->a, struct str, SLIPS), known[SLIP_FOUND];
    size_t n = search_all_digits(terms->ptr[i].as[0]) ? 0 : search_slips(s->a, terms->ptr[i].as[0], slips, SLIPS),
           found = 0;
    for (size_t k = 0; k < n && found < SLIP_FOUND; k += 100)
        TRY(search_keep_known(s->db, s->a, terms->ptr[i].as[0], slips + k, n - k < 100 ? n - k : 100, known, SLIP_FOUND,
                              &found, e));
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
    s->slipping = true;
    for (size_t i = 0; i < terms->n && s->n < s->q->limit; i++)
        TRY(run_slip_of(s, terms, i, e));
    return RC_OK;
}

/* ---- all of it ---- */

static void add_noun(struct search *s, enum entity_id id, size_t kinds)
{
    const struct entity *ent = entity_by_id(id);
    struct noun k = {.ent = ent, .all = true, .by_word = sqlb_new(s->a), .by_beginning = sqlb_new(s->a)};
    int column = hangs_on(&k) ? 4 : 1;
    for (int i = 0; i < (int)ent->n_fields; i++) {
        bool seen = search_field(ent, i) && rights_sees_field(s->q->rights, ent, i);
        if (seen && k.n_fields < SHOWN_FIELDS) {
            k.column[k.n_fields] = column;
            column += ent->fields[i].flags & FF_FOLD ? 2 : 1;
            k.fields[k.n_fields++] = i;
        }
        k.titled |= seen && k.n_fields == 1 && i == 0; /* the first field of each of them names it */
        k.all &= seen || !search_field(ent, i);
    }
    k.most = kinds > 1 ? s->q->limit / 2 + 1 : s->q->limit;
    if (k.n_fields && rights_scope(s->q->rights, ent, RIGHT_SEE) != SCOPE_NONE)
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
    struct str text = cut(s->q->text, TEXT_MOST);
    TRY(by_number(s, e));
    search_read(s->a, text, &s->own);
    TRY(run_terms(s, &s->own, SEARCH_EXACT, SEARCH_PREFIX, e));
    for (int i = 0; i < 2 && !s->n; i++) {
        struct str as = search_layout(s->a, text, i == 0);
        search_read(s->a, as, &s->turned[i]);
        forget_counts(s);
        TRY(run_terms(s, &s->turned[i], SEARCH_LAYOUT, SEARCH_LAYOUT, e));
        if (s->n)
            out->as = as;
    }
    if (!s->n)
        TRY(run_slips(s, &s->own, e));
    for (int i = 0; i < 2 && !s->n; i++) {
        TRY(run_slips(s, &s->turned[i], e));
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
    for (size_t i = 0; i < s.n_nouns; i++) {
        sqlb_free(&s.nouns[i].by_word);
        sqlb_free(&s.nouns[i].by_beginning);
    }
    out->hits = s.hits;
    out->n = s.n;
    return rc;
}
