/* A review as it is talked through: the deals with their reasons and the questions to ask, what was decided, and what
 * has changed since the last one. As data, as a page ready for paper, as PDF. */
#include "api/inside.h"
#include "api/letters.h"
#include "base/i18n.h"
#include "base/time.h"
#include "base/vec.h"
#include "crm/fields.h"
#include "crm/review.h"
#include "print/manual.h"

#define CHANGED_MOST 200
#define REASONS_MOST 12

struct page_item {
    int64_t deal_id;
    struct str title, owner, stage, decision;
    struct str reasons[REASONS_MOST], questions[REASONS_MOST];
    size_t n;
    bool decided;
};
struct page_change {
    int64_t deal_id, at;
    struct str title, stage;
    const char *kind; /* "new", "moved", "won", "lost" */
};
struct page {
    struct call *c;
    struct arena *a;
    const char *lang;
    int64_t team, week, made, since;
    struct str team_name;
    VEC(struct page_item) items;
    VEC(struct page_change) changed;
};

/* ---- reading ---- */

/* stuck 30 of 10: the numbers of a reason in order of its text. */
static struct str words(struct page *p, const char *root, const char *code, const json_t *why)
{
    static const char *const names[] = {"days", "hours", "count", "norm", "tasks"};
    struct str args[2] = {STR(""), STR("")};
    size_t n = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names && n < 2; i++) {
        const json_t *v = json_object_get(why, names[i]);
        if (json_is_integer(v))
            args[n++] = str_fmt(p->a, "%lld", (long long)json_integer_value(v));
    }
    struct str key = str_fmt(p->a, "review.%s.%s", root, code), text = i18n_fill(p->a, p->lang, key.ptr, args, 2);
    return str_eq(text, key) ? str_c(code) : text;
}

static void read_why(struct page *p, struct page_item *item, struct str text)
{
    json_t *list = NULL, *one;
    size_t i;
    if (json_read(text, &list, NULL) == RC_OK)
        json_array_foreach(list, i, one)
        {
            const char *code = json_string_value(json_object_get(one, "code"));
            if (code == NULL || item->n == REASONS_MOST)
                continue;
            code = str_cdup(p->a, str_c(code));
            item->reasons[item->n] = words(p, "reason", code, one);
            item->questions[item->n++] = words(p, "question", code, one);
        }
    json_decref(list);
}

static enum rc read_items(struct page *p, struct err *e)
{
    struct sqlb q = sqlb_new(p->a);
    struct stmt *s = NULL;
    enum rc rc;
    sqlb_c(&q, "SELECT d.id, d.title, COALESCE(u.name, ''), s.name, i.why, i.decision FROM review_item i JOIN deal d ON"
               " d.id = i.deal_id JOIN stage s ON s.id = d.stage_id LEFT JOIN users u ON u.id = d.owner_id WHERE"
               " i.deleted_at IS NULL AND i.review_id = ");
    sqlb_param(&q, val_int(p->c->id));
    sqlb_c(&q, " AND ");
    rights_sql(&q, p->c->rights, entity_by_id(ENT_REVIEW_ITEM), RIGHT_SEE, "i");
    sqlb_c(&q, " ORDER BY i.id");
    TRY_OUT(sqlb_prepare(&q, p->c->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct page_item one = {.deal_id = stmt_col_i64(s, 0),
                                .title = str_dup(p->a, stmt_col_str(s, 1)),
                                .owner = str_dup(p->a, stmt_col_str(s, 2)),
                                .stage = str_dup(p->a, stmt_col_str(s, 3)),
                                .decided = !stmt_col_null(s, 5)};
        if (one.decided)
            one.decision = str_dup(p->a, stmt_col_str(s, 5));
        if (!stmt_col_null(s, 4))
            read_why(p, &one, stmt_col_str(s, 4));
        vec_push(&p->items, one);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

/* Deals of the team that are new, or have come to another stage, since the review before, up to this one. */
static enum rc read_changed(struct page *p, struct err *e)
{
    static const char *const kinds[] = {"moved", "won", "lost"};
    const char *people;
    struct sqlb q = sqlb_new(p->a);
    struct stmt *s = NULL;
    enum rc rc;
    TRY_OUT(team_people(p->c->db, p->a, p->team, &people, e));
    sqlb_c(&q, "SELECT d.id, d.title, s.name, d.stage_entered_at, d.status, d.created_at FROM deal d JOIN stage s ON"
               " s.id = d.stage_id WHERE d.deleted_at IS NULL AND d.stage_entered_at >= ");
    sqlb_param(&q, val_int(p->since));
    if (people)
        sqlb_fmt(&q, " AND d.owner_id IN (%s)", people);
    sqlb_c(&q, " AND ");
    rights_sql(&q, p->c->rights, entity_by_id(ENT_DEAL), RIGHT_SEE, "d");
    sqlb_fmt(&q, " ORDER BY d.stage_entered_at DESC, d.id DESC LIMIT %d", CHANGED_MOST);
    TRY_OUT(sqlb_prepare(&q, p->c->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t status = stmt_col_i64(s, 4);
        bool fresh = status == DEAL_OPEN && stmt_col_i64(s, 5) >= p->since;
        struct page_change one = {.deal_id = stmt_col_i64(s, 0),
                                  .at = stmt_col_i64(s, 3),
                                  .title = str_dup(p->a, stmt_col_str(s, 1)),
                                  .stage = str_dup(p->a, stmt_col_str(s, 2)),
                                  .kind = fresh ? "new" : kinds[status < 3 ? status : 0]};
        vec_push(&p->changed, one);
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

static enum rc read_review(struct page *p, struct err *e)
{
    struct stmt *s;
    bool seen;
    TRY(rights_reach(p->c->db, p->a, p->c->rights, entity_by_id(ENT_REVIEW), p->c->id, RIGHT_SEE, &seen, e));
    TRY(db_prepare(
        p->c->db, &s,
        "SELECT COALESCE(r.team_id, 0), r.week_on, r.created_at, COALESCE(t.name, ''), COALESCE((SELECT"
        " max(b.created_at) FROM review b WHERE COALESCE(b.team_id, 0) = COALESCE(r.team_id, 0) AND b.week_on <"
        " r.week_on AND b.deleted_at IS NULL), r.created_at - $2) FROM review r LEFT JOIN team t ON"
        " t.id = r.team_id WHERE r.id = $1 AND r.deleted_at IS NULL",
        e));
    stmt_i64(s, 1, p->c->id);
    stmt_i64(s, 2, 7 * MS_DAY);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW && seen) {
        p->team = stmt_col_i64(s, 0);
        p->week = stmt_col_i64(s, 1);
        p->made = stmt_col_i64(s, 2);
        p->team_name = str_dup(p->a, stmt_col_str(s, 3));
        p->since = stmt_col_i64(s, 4);
    }
    stmt_done(s);
    if (rc == RC_DONE || (rc == RC_ROW && !seen))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%lld", (long long)p->c->id);
    return rc == RC_ROW ? RC_OK : rc;
}

/* ---- writing ---- */

static void put_texts(struct jw *w, const char *key, const struct str *texts, size_t n)
{
    jw_key(w, key);
    jw_arr(w);
    for (size_t i = 0; i < n; i++)
        jw_str(w, texts[i]);
    jw_end_arr(w);
}

static void put_json(const struct page *p)
{
    struct jw w = call_json(p->c);
    jw_obj(&w);
    jw_ki64(&w, "review_id", p->c->id);
    jw_ki64(&w, "since", p->since);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; i < p->items.len; i++) {
        const struct page_item *one = &p->items.ptr[i];
        jw_obj(&w);
        jw_ki64(&w, "deal_id", one->deal_id);
        jw_kstr(&w, "title", one->title);
        put_texts(&w, "reasons", one->reasons, one->n);
        put_texts(&w, "questions", one->questions, one->n);
        if (one->decided)
            jw_kstr(&w, "decision", one->decision);
        else
            jw_knull(&w, "decision");
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    jw_key(&w, "changed");
    jw_arr(&w);
    for (size_t i = 0; i < p->changed.len; i++) {
        const struct page_change *one = &p->changed.ptr[i];
        jw_obj(&w);
        jw_ki64(&w, "deal_id", one->deal_id);
        jw_kstr(&w, "title", one->title);
        jw_kstr(&w, "stage", one->stage);
        jw_kc(&w, "kind", one->kind);
        jw_ki64(&w, "at", one->at);
        jw_end_obj(&w);
    }
    jw_end_arr(&w);
    jw_end_obj(&w);
}

static struct str label(const struct page *p, const char *key)
{
    return i18n_text(p->lang, key);
}

static void chapter(struct page *p, const struct page_item *one, struct manual_chapter *out)
{
    *out = (struct manual_chapter){.anchor = str_fmt(p->a, "deal-%lld", (long long)one->deal_id),
                                   .title = one->title,
                                   .under = str_fmt(p->a, "%.*s · %.*s", STR_ARG(one->owner), STR_ARG(one->stage))};
    struct str *reasons = ARENA_ARRAY(p->a, struct str, one->n + 1),
               *questions = ARENA_ARRAY(p->a, struct str, one->n + 1);
    memcpy(reasons, one->reasons, one->n * sizeof *reasons);
    memcpy(questions, one->questions, one->n * sizeof *questions);
    if (one->n > 0) {
        out->lists[out->n_lists++] = (struct manual_list){label(p, "review.page.reasons"), reasons, one->n};
        out->lists[out->n_lists++] = (struct manual_list){label(p, "review.page.questions"), questions, one->n};
    }
    out->after[out->n_after++] = (struct manual_text){
        label(p, "review.decision"), one->decided ? one->decision : STR("______________________________")};
}

static void manual_of(struct page *p, struct manual *m)
{
    struct str args[] = {date_format(p->a, p->week), p->team_name.len ? p->team_name : label(p, "review.everybody")};
    struct str counts[] = {str_fmt(p->a, "%zu", p->items.len), str_fmt(p->a, "%zu", p->changed.len)};
    *m = (struct manual){.lang = p->lang,
                         .title = i18n_fill(p->a, p->lang, "review.page.title", args, 2),
                         .under = i18n_fill(p->a, p->lang, "review.page.under", counts, 2),
                         .contents = label(p, "review.page.deals"),
                         .changes = label(p, "review.page.changed"),
                         .page = label(p, "regulation.page"),
                         .n = p->items.len,
                         .chapters = arena_zalloc(p->a, (p->items.len + 1) * sizeof(struct manual_chapter)),
                         .n_history = p->changed.len,
                         .history = arena_zalloc(p->a, (p->changed.len + 1) * sizeof(struct manual_text))};
    for (size_t i = 0; i < p->items.len; i++)
        chapter(p, &p->items.ptr[i], &m->chapters[i]);
    for (size_t i = 0; i < p->changed.len; i++) {
        const struct page_change *one = &p->changed.ptr[i];
        struct str kind = label(p, str_fmt(p->a, "review.page.kind.%s", one->kind).ptr);
        m->history[i] =
            (struct manual_text){one->title, str_fmt(p->a, "%.*s: %.*s", STR_ARG(kind), STR_ARG(one->stage))};
    }
}

static enum rc put(struct page *p, struct str format, struct err *e)
{
    struct manual manual;
    if (!format.ptr || str_eqc(format, "json")) {
        put_json(p);
        return RC_OK;
    }
    manual_of(p, &manual);
    if (str_eqc(format, "html")) {
        p->c->content_type = "text/html; charset=utf-8";
        manual_html(&manual, http_body(p->c->r));
        return RC_OK;
    }
    p->c->content_type = "application/pdf";
    http_set(p->c->r, "Content-Disposition",
             str_fmt(p->a, "attachment; filename=\"review-%lld.pdf\"", (long long)p->c->id));
    return manual_pdf(p->a, &manual, http_body(p->c->r), e);
}

static enum rc page_handle(struct call *c, struct err *e)
{
    struct str format = call_param(c, "format"), lang = call_param(c, "lang");
    struct page p = {.c = c,
                     .a = c->r->arena,
                     .lang = str_eqc(lang, "en")   ? "en"
                             : str_eqc(lang, "ru") ? "ru"
                                                   : call_locale(c)};
    enum rc rc;
    if (format.ptr && !str_eqc(format, "json") && !str_eqc(format, "html") && !str_eqc(format, "pdf"))
        return err_set(e, RC_INVALID, "bad_parameter", "format", "%.*s", (int)(format.len < 20 ? format.len : 20),
                       format.ptr);
    TRY_OUT(read_review(&p, e));
    TRY_OUT(read_items(&p, e));
    TRY_OUT(read_changed(&p, e));
    rc = put(&p, format, e);
out:
    vec_free(&p.items);
    vec_free(&p.changed);
    return rc;
}

/* ---- by mail ---- */

static struct str letter_text(struct page *p)
{
    struct buf b = {0};
    for (size_t i = 0; i < p->items.len; i++) {
        const struct page_item *one = &p->items.ptr[i];
        buf_fmt(&b, "%s• %.*s (%.*s, %.*s)\n", i ? "\n" : "", STR_ARG(one->title), STR_ARG(one->stage),
                STR_ARG(one->owner));
        for (size_t k = 0; k < one->n; k++)
            buf_fmt(&b, "   – %.*s. %.*s\n", STR_ARG(one->reasons[k]), STR_ARG(one->questions[k]));
    }
    struct str out = str_dup(p->a, buf_view(&b));
    buf_free(&b);
    return out;
}

enum rc review_letter(struct call *c, int64_t review_id, const struct reader_of_mail *to, struct mail *out,
                      struct err *e)
{
    struct page p = {.c = c, .a = c->r->arena, .lang = to->lang};
    struct manual manual;
    struct buf pdf = {0};
    enum rc rc;
    c->id = review_id;
    TRY_OUT(read_review(&p, e));
    TRY_OUT(read_items(&p, e));
    TRY_OUT(read_changed(&p, e));
    manual_of(&p, &manual);
    struct str text = str_fmt(p.a, "%.*s\n\n%.*s", STR_ARG(manual.under), STR_ARG(letter_text(&p)));
    letters_write(p.a, to, manual.title, text, str_fmt(p.a, "/reviews/%lld", (long long)review_id), out);
    TRY_OUT(manual_pdf(p.a, &manual, &pdf, e));
    out->file = str_dup(p.a, buf_view(&pdf));
    out->file_name = str_fmt(p.a, "review-%lld.pdf", (long long)review_id);
    out->file_type = STR("application/pdf");
out:
    buf_free(&pdf);
    vec_free(&p.items);
    vec_free(&p.changed);
    return rc;
}

const struct route review_routes[] = {
    {"GET", "/api/reviews/{id}/page", RUN_POOL, MAY_READ, NULL,
     "A review to be talked through: reasons, questions, decisions, what has changed; as data, a page or PDF",
     page_handle, NULL, "format lang", NULL, "review-page", 0},
};
const size_t review_routes_n = sizeof review_routes / sizeof *review_routes;
