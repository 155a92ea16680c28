/* What the web application needs to begin: in one answer, and inlined into its page. */
#include "api/inside.h"
#include "api/past.h"
#include "base/time.h"

#define PRODUCTS_MOST 2000

/* Every live record of a noun, in the order of its dictionary. */
static enum rc put_all(struct call *c, struct jw *w, const struct entity *ent, const char *order, struct record ***out,
                       size_t *n, struct err *e)
{
    struct arena *a = c->r->arena;
    struct stmt *s;
    enum rc rc;
    size_t cap = 16, len = 0;
    struct record **rows = ARENA_ARRAY(a, struct record *, cap);
    struct str columns = record_columns(a, ent, "t");
    struct sqlb q = sqlb_new(a);
    sqlb_c(&q, "SELECT ");
    buf_str(&q.text, columns);
    sqlb_fmt(&q, " FROM %s t WHERE t.deleted_at IS NULL AND ", ent->table);
    rights_sql(&q, c->rights, ent, RIGHT_SEE, "t");
    sqlb_fmt(&q, " ORDER BY %s LIMIT %d", order, PRODUCTS_MOST);
    rc = sqlb_prepare(&q, c->db, &s, e);
    sqlb_free(&q);
    TRY(rc);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (len == cap) {
            struct record **more = ARENA_ARRAY(a, struct record *, cap * 2);
            memcpy(more, rows, len * sizeof *rows);
            rows = more;
            cap *= 2;
        }
        rows[len] = record_new(a, ent);
        record_read_row(a, ent, s, rows[len++]);
    }
    stmt_done(s);
    if (rc != RC_DONE)
        return rc;
    if (w) {
        jw_arr(w);
        for (size_t i = 0; i < len; i++)
            record_put_seen(w, rows[i], rights_mask(c->rights, a, ent, NULL));
        jw_end_arr(w);
    }
    if (out) {
        *out = rows;
        *n = len;
    }
    return RC_OK;
}

/* A funnel is its own object with the stages as one more member. */
static enum rc put_funnels(struct call *c, struct jw *w, struct err *e)
{
    struct record **funnels = NULL, **stages = NULL;
    size_t n = 0, m = 0;
    TRY(put_all(c, NULL, entity_by_id(ENT_FUNNEL), "position, id", &funnels, &n, e));
    TRY(put_all(c, NULL, entity_by_id(ENT_STAGE), "funnel_id, position, id", &stages, &m, e));
    jw_key(w, "funnels");
    jw_arr(w);
    for (size_t i = 0; i < n; i++) {
        record_put(w, funnels[i], NULL);
        w->b->len--; /* opens the object again */
        buf_c(w->b, ",\"stages\":");
        w->comma = false;
        jw_arr(w);
        for (size_t k = 0; k < m; k++)
            if (val_i(stages[k]->f[STAGE_FUNNEL_ID], 0) == funnels[i]->id)
                record_put(w, stages[k], NULL);
        jw_end_arr(w);
        jw_end_obj(w);
    }
    jw_end_arr(w);
    return RC_OK;
}

static enum rc put_dictionaries(struct call *c, struct jw *w, struct err *e)
{
    static const struct {
        const char *key;
        enum entity_id id;
        const char *order;
    } dictionaries[] = {
        {"users", ENT_USER, "name_fold, id"},
        {"sources", ENT_SOURCE, "position, id"},
        {"campaigns", ENT_CAMPAIGN, "name_fold, id"},
        {"loss_reasons", ENT_LOSS_REASON, "position, id"},
        {"deal_classes", ENT_DEAL_CLASS, "position, id"},
        {"tags", ENT_TAG, "name_fold, id"},
        {"products", ENT_PRODUCT, "name_fold, id"},
    };
    for (size_t i = 0; i < sizeof dictionaries / sizeof *dictionaries; i++) {
        jw_key(w, dictionaries[i].key);
        TRY(put_all(c, w, entity_by_id(dictionaries[i].id), dictionaries[i].order, NULL, NULL, e));
    }
    return RC_OK;
}

static enum rc put_settings(struct call *c, struct jw *w, struct err *e)
{
    jw_key(w, "settings");
    jw_obj(w);
    TRY(settings_put(c->db, c->r->arena, w, e));
    jw_kbool(w, "demo", c->app->demo);
    jw_end_obj(w);
    return RC_OK;
}

static enum rc put(struct call *c, struct jw *w, struct err *e)
{
    struct record *user;
    int64_t seq;
    TRY(record_load(c->db, c->r->arena, entity_by_id(ENT_USER), c->session.user_id, false, &user, e));
    TRY(journal_last(c->db, &seq, e));
    jw_obj(w);
    jw_key(w, "user");
    record_put(w, user, NULL);
    jw_kc(w, "csrf", c->session.csrf);
    jw_ki64(w, "seq", seq);
    jw_ki64(w, "now", time_now());
    TRY(put_funnels(c, w, e));
    TRY(put_dictionaries(c, w, e));
    TRY(put_settings(c, w, e));
    jw_kc(w, "version", VORONKA_VERSION);
    jw_end_obj(w);
    return RC_OK;
}

enum rc boot_put(struct call *c, struct buf *out, struct err *e)
{
    struct jw w = jw_to(out);
    TRY(db_read_begin(c->db, e));
    enum rc rc = put(c, &w, e);
    db_read_end(c->db);
    return rc;
}

enum rc boot_handle(struct call *c, struct err *e)
{
    return boot_put(c, http_body(c->r), e);
}

/* Asks the database nothing: whoever watches the server needs an answer above all when the database is away. */
enum rc health_handle(struct call *c, struct err *e)
{
    (void)e;
    struct writer_stats stats = writer_stats(c->app->writer);
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_kbool(&w, "ok", true);
    jw_kbool(&w, "writable", !writer_read_only(c->app->writer));
    jw_kc(&w, "version", VORONKA_VERSION);
    jw_key(&w, "writer");
    jw_obj(&w);
    jw_ki64(&w, "jobs", stats.jobs);
    jw_ki64(&w, "commits", stats.commits);
    jw_end_obj(&w);
    jw_end_obj(&w);
    call_send(c);
    return RC_OK;
}

enum rc board_handle(struct call *c, struct err *e)
{
    struct filter_env env = call_filter_env(c);
    struct filter *filter;
    TRY(filter_parse(c->r->arena, entity_by_id(ENT_DEAL), call_param(c, "filter"), &env, &filter, e));
    bool past;
    int64_t at;
    TRY(past_asked(c, &past, &at, e));
    if (past)
        return past_board(c, filter, at, e);
    return boards_snapshot(c->app->boards, c->db, c->r->arena, c->id, c->rights, filter, http_body(c->r), e);
}
