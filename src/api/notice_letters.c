#include "api/notice_letters.h"
#include "api/letters.h"
#include "api/watch_words.h"
#include "base/log.h"
#include "base/time.h"
#include "channels/mail_sender.h"
#include "crm/engine.h"
#include "crm/fields.h"
#include "rules/words.h"

#define BUNDLE (180 * MS_SECOND)
#define OLDEST MS_DAY /* nobody is written to of what was told before */
#define PEOPLE_MOST 500
#define ITEMS_MOST 50 /* in one letter; the rest is counted */
#define WORDS_MOST 24

struct bundle {
    struct job job;
    int64_t user_id, first_at, upto;
    struct mail mail; /* to: STR_NULL, nothing that is wanted */
    bool ours;
};

/* ---- words ---- */

/* The text of a notification with what its params tell. */
static struct str text_of(struct app *app, struct arena *a, const char *lang, const struct record *n,
                          const struct record *about)
{
    struct word words[WORDS_MOST];
    size_t k = 0;
    const char *name;
    json_t *value;
    json_error_t bad;
    struct val params = n->f[NOTIFICATION_PARAMS];
    json_t *tree = val_has(params) ? json_loadb(params.s.ptr, params.s.len, 0, &bad) : NULL;
    json_object_foreach(tree, name, value)
    {
        if (k == WORDS_MOST)
            break;
        struct str said = json_is_integer(value) ? str_fmt(a, "%lld", (long long)json_integer_value(value)) : STR("");
        if (json_is_string(value))
            said = str_dup(a, (struct str){json_string_value(value), json_string_length(value)});
        words[k++] = (struct word){str_cdup(a, str_c(name)), said};
    }
    json_decref(tree);
    if (about != NULL && about->ent->id == ENT_FINDING) {
        struct str said = watch_said(a, about, lang), more = watch_told(app, a, about, lang);
        return said.len ? str_fmt(a, "%.*s\n%.*s", STR_ARG(said), STR_ARG(more)) : more;
    }
    struct str key = str_fmt(a, "notification.%.*s", STR_ARG(n->f[NOTIFICATION_KIND].s));
    return words_fill(a, lang, key.ptr, words, k);
}

/* As the bell leads there (web/src/lib/notices.svelte.ts). */
static struct str place_of(struct arena *a, const struct record *n)
{
    static const struct {
        const char *object, *place;
        bool one;
    } places[] = {{"deal", "/deals", true},        {"contact", "/contacts", true}, {"company", "/companies", true},
                  {"finding", "/findings", false}, {"task", "/tasks", false},      {"review", "/reviews", true}};
    struct val object = n->f[NOTIFICATION_OBJECT];
    for (size_t i = 0; val_has(object) && i < sizeof places / sizeof *places; i++)
        if (str_eqc(object.s, places[i].object))
            return places[i].one
                       ? str_fmt(a, "%s/%lld", places[i].place, (long long)val_i(n->f[NOTIFICATION_OBJECT_ID], 0))
                       : str_c(places[i].place);
    return STR("/");
}

/* ---- what comes ---- */

/* What it tells of, as its reader sees it; *seen false: not at all. */
static enum rc read_about(struct db *db, struct arena *a, const struct reader_of_mail *to, const struct record *n,
                          struct record **about, bool *seen, struct err *e)
{
    struct val object = n->f[NOTIFICATION_OBJECT];
    const struct entity *ent = val_has(object) ? entity_by_name(object.s) : NULL;
    int64_t id = val_i(n->f[NOTIFICATION_OBJECT_ID], 0);
    *about = NULL;
    *seen = true;
    if (!ent || !id)
        return RC_OK;
    TRY(rights_reach(db, a, to->rights, ent, id, RIGHT_SEE, seen, e));
    if (!*seen || ent->id != ENT_FINDING)
        return RC_OK;
    TRY(record_load(db, a, ent, id, true, about, e));
    rights_trim(to->rights, a, *about);
    return RC_OK;
}

static enum rc read_unread(struct db *db, struct arena *a, const struct bundle *b, int64_t from, struct record ***out,
                           size_t *n, struct err *e)
{
    VEC(int64_t) ids = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s,
                   "SELECT id FROM notification WHERE user_id = $1 AND id > $2 AND id <= $3 AND read_at IS NULL AND"
                   " created_at >= $4 AND deleted_at IS NULL ORDER BY id LIMIT 1000",
                   e));
    stmt_i64(s, 1, b->user_id);
    stmt_i64(s, 2, from);
    stmt_i64(s, 3, b->upto);
    stmt_i64(s, 4, b->first_at);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&ids, stmt_col_i64(s, 0));
    stmt_done(s);
    *out = ARENA_ARRAY(a, struct record *, ids.len + 1);
    *n = 0;
    for (size_t i = 0; i < ids.len && rc == RC_DONE; i++) {
        enum rc one = record_load(db, a, entity_by_id(ENT_NOTIFICATION), ids.ptr[i], true, &(*out)[*n], e);
        if (one != RC_OK && one != RC_NOT_FOUND)
            rc = one;
        *n += one == RC_OK;
    }
    vec_free(&ids);
    return rc == RC_DONE ? RC_OK : rc;
}

static void put_about(struct buf *b, const struct record *n)
{
    struct val object = n->f[NOTIFICATION_OBJECT];
    if (val_has(object) && entity_by_name(object.s))
        buf_fmt(b, "%s%.*s %lld", b->len ? "," : "", STR_ARG(object.s),
                (long long)val_i(n->f[NOTIFICATION_OBJECT_ID], 0));
}

static void put_letter(struct arena *a, const struct reader_of_mail *to, struct letter_item *items, size_t shown,
                       size_t n, struct mail *out)
{
    struct str rest, first = str_cut(items[0].text, '\n', &rest);
    if (n == 1) {
        letters_write(a, to, first, rest.ptr ? rest : STR(""), items[0].place, out);
        return;
    }
    if (n > shown) {
        struct str more = words_count(a, to->lang, "mail.notices.more", (int64_t)(n - shown));
        items[shown++] = (struct letter_item){more, STR("/")};
    }
    letters_list(a, to, words_count(a, to->lang, "mail.notices", (int64_t)n), items, shown, out);
}

static enum rc write_letter(struct app *app, struct db *db, struct arena *a, struct bundle *b, int64_t from,
                            struct err *e)
{
    struct letter_item *items = ARENA_ARRAY(a, struct letter_item, ITEMS_MOST + 1);
    struct reader_of_mail to;
    struct record **rows, *about_row;
    struct buf about = {0};
    size_t n_rows, n = 0;
    bool found, seen;
    enum rc rc;
    TRY(letters_reader(db, a, b->user_id, &to, &found, e));
    if (!found)
        return RC_OK;
    TRY_OUT(read_unread(db, a, b, from, &rows, &n_rows, e));
    for (size_t i = 0; i < n_rows; i++) {
        enum mail_kind kind;
        if (!mail_kind_of(rows[i]->f[NOTIFICATION_KIND].s, &kind) || !mail_chosen(to.chosen, kind))
            continue;
        TRY_OUT(read_about(db, a, &to, rows[i], &about_row, &seen, e));
        if (!seen)
            continue;
        if (n < ITEMS_MOST) {
            items[n] = (struct letter_item){text_of(app, a, to.lang, rows[i], about_row), place_of(a, rows[i])};
            put_about(&about, rows[i]);
        }
        n++;
    }
    if (n > 0) {
        put_letter(a, &to, items, n < ITEMS_MOST ? n : ITEMS_MOST, n, &b->mail);
        b->mail.about = str_dup(a, buf_view(&about));
    }
    rc = RC_OK;
out:
    buf_free(&about);
    return rc;
}

/* ---- in the writer ---- */

/* Whoever marks first writes the letter, with however many servers. */
static enum rc apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct bundle *b = (struct bundle *)job;
    struct change ch = change_begin(tx, (struct actor){.role = ROLE_ADMIN, .via = VIA_PROCESS});
    struct stmt *s;
    TRY(db_prepare(tx->db, &s,
                   "INSERT INTO letter_mark (user_id, upto) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET"
                   " upto = excluded.upto WHERE letter_mark.upto < excluded.upto",
                   e));
    stmt_i64(s, 1, b->user_id);
    stmt_i64(s, 2, b->upto);
    TRY(stmt_run(s, e));
    b->ours = db_changes(tx->db) == 1;
    if (!b->ours || !b->mail.to.ptr)
        return RC_OK;
    TRY(mail_add(&ch, &b->mail, str_fmt(tx->arena, "notices-%lld-%lld", (long long)b->user_id, (long long)b->upto), e));
    return change_end(&ch, e);
}

/* ---- when ---- */

static enum rc make(struct app *app, struct db *db, struct bundle *b, int64_t now, struct err *e)
{
    struct arena arena = ARENA_EMPTY;
    int64_t from;
    enum rc rc;
    b->job.apply = apply;
    b->first_at = now - OLDEST;
    TRY_OUT(QUERY_I64(db, &from, 0, e, "SELECT max(upto) FROM letter_mark WHERE user_id IN ($1, 0)", b->user_id));
    TRY_OUT(write_letter(app, db, &arena, b, from, e));
    rc = writer_run(app->writer, &b->job, e);
    if (rc == RC_OK && b->ours && b->mail.to.ptr)
        mail_sender_wake(app->mail);
out:
    arena_free(&arena);
    return rc;
}

/* Who has notifications that nobody has looked at for a letter: the first and the last of each. */
static enum rc waiting(struct db *db, int64_t floor, int64_t since, struct bundle *out, size_t *n, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    *n = 0;
    TRY(db_prepare(db, &s,
                   "SELECT n.user_id, min(n.created_at), max(n.id) FROM notification n LEFT JOIN letter_mark m ON"
                   " m.user_id = n.user_id WHERE n.id > $1 AND n.id > COALESCE(m.upto, 0) AND n.created_at >= $2"
                   " AND n.id > COALESCE((SELECT upto FROM letter_mark WHERE user_id = 0), 0) GROUP BY n.user_id ORDER "
                   "BY min(n.created_at) LIMIT 500",
                   e));
    stmt_i64(s, 1, floor);
    stmt_i64(s, 2, since);
    while ((rc = stmt_step(s, e)) == RC_ROW && *n < PEOPLE_MOST)
        out[(*n)++] =
            (struct bundle){.user_id = stmt_col_i64(s, 0), .first_at = stmt_col_i64(s, 1), .upto = stmt_col_i64(s, 2)};
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* Without a mail server nothing is kept for later. */
static enum rc mailing(struct app *app, struct db *db, bool *out, struct err *e)
{
    struct arena arena = ARENA_EMPTY;
    struct mail_settings server = {0};
    enum rc rc = app->mail ? mail_settings_load(db, &arena, &server, e) : RC_OK;
    *out = server.host.len > 0;
    arena_free(&arena);
    return rc;
}

enum rc notice_letters_turn(struct app *app, struct db *db, int64_t now, int64_t *upto, bool *worked, struct err *e)
{
    struct arena arena = ARENA_EMPTY;
    int64_t last;
    size_t n = 0;
    bool on, pending = false;
    enum rc rc;
    *worked = false;
    TRY(QUERY_I64(db, &last, 0, e, "SELECT max(id) FROM notification"));
    if (last <= *upto)
        return RC_OK;
    TRY(mailing(app, db, &on, e));
    struct bundle *list = ARENA_ARRAY(&arena, struct bundle, PEOPLE_MOST);
    if (on)
        TRY_OUT(waiting(db, *upto, now - OLDEST, list, &n, e));
    for (size_t i = 0; i < n; i++) {
        struct err why = {0};
        if (list[i].first_at + BUNDLE > now) {
            pending = true;
            continue;
        }
        rc = make(app, db, &list[i], now, &why);
        if (rc != RC_OK) { /* one that cannot be made holds up nobody else */
            log_warn("letter to user %lld: %s %s", (long long)list[i].user_id, why.code, why.arg[0]);
            pending = true;
        }
        *worked = true;
    }
    if (!pending && n < PEOPLE_MOST) /* with so many there may be more of them */
        *upto = last;
    rc = RC_OK;
out:
    arena_free(&arena);
    return rc;
}
