/* What happened to a deal, a contact or a company, newest first, straight from the journal. */
#include "crm/fields.h"
#include "crm/query_cursor.h"
#include <stdio.h>

#define EVENT_COLUMNS                                                                                                  \
    "e.seq, e.at, e.actor_id, e.cause, e.undoes, e.change_id, e.object_id, e.object_kind, e.verb, e.via, e.data"

static struct event read_event(struct stmt *s)
{
    return (struct event){.seq = stmt_col_i64(s, 0),
                          .at = stmt_col_i64(s, 1),
                          .actor_id = stmt_col_i64(s, 2),
                          .cause = stmt_col_i64(s, 3),
                          .undoes = stmt_col_i64(s, 4),
                          .change_id = stmt_col_i64(s, 5),
                          .object_id = stmt_col_i64(s, 6),
                          .object_kind = (int)stmt_col_i64(s, 7),
                          .verb = (int)stmt_col_i64(s, 8),
                          .via = (int)stmt_col_i64(s, 9),
                          .data = stmt_col_str(s, 10)};
}

static void put_or_null(struct jw *w, const char *key, int64_t v)
{
    if (v)
        jw_ki64(w, key, v);
    else
        jw_knull(w, key);
}

void event_put(struct jw *w, const struct event *ev)
{
    char kind[64];
    const char *object = entity_kind_name(ev->object_kind);
    snprintf(kind, sizeof kind, "%s.%s", object, verb_names[ev->verb]);
    jw_obj(w);
    jw_ki64(w, "seq", ev->seq);
    jw_ki64(w, "at", ev->at);
    put_or_null(w, "actor_id", ev->actor_id);
    jw_kc(w, "via", via_names[ev->via]);
    jw_kc(w, "kind", kind);
    jw_kc(w, "object", object);
    jw_ki64(w, "object_id", ev->object_id);
    jw_ki64(w, "change_id", ev->change_id);
    put_or_null(w, "cause", ev->cause);
    put_or_null(w, "undoes", ev->undoes);
    jw_key(w, "set");
    jw_raw(w, ev->data.len ? ev->data : STR("{}"));
    jw_end_obj(w);
}

/* ---- for somebody who does not see everything ---- */

static bool has_hidden(const struct event *ev, const struct rights *r)
{
    bool places =
        (ev->object_kind == ENT_DEAL || ev->object_kind == ENT_FINDING) && (r->n_hidden_funnels || r->n_hidden_stages);
    return !r->all_fields[ev->object_kind] || places;
}

/* A deal may have come from where one may not look. */
static void blank_places(json_t *pair, const struct rights *r, bool stage)
{
    for (size_t i = 0; i < json_array_size(pair); i++) {
        int64_t id = json_integer_value(json_array_get(pair, i));
        if (stage ? !rights_has_stage(r, 0, id) : !rights_has_funnel(r, id))
            json_array_set_new(pair, i, json_null());
    }
}

/* What is left of the event's data; false: of all that has changed nothing may be seen. */
static bool strip(json_t *data, const struct entity *ent, const struct rights *r)
{
    size_t before = json_object_size(data);
    const char *name;
    json_t *pair;
    void *next;
    json_object_foreach_safe(data, next, name, pair)
    {
        int i = entity_field_ever(ent, str_c(name));
        bool names =
            ent->id == ENT_FINDING && (i == FINDING_PLACES || i == FINDING_NEAR); /* the row has them trimmed */
        if (i >= 0 && (!rights_sees_field(r, ent, i) || (names && (r->n_hidden_funnels || r->n_hidden_stages))))
            json_object_del(data, name);
        else if (ent->id == ENT_DEAL && (i == DEAL_STAGE_ID || i == DEAL_FUNNEL_ID))
            blank_places(pair, r, i == DEAL_STAGE_ID);
    }
    return before == 0 || json_object_size(data) > 0;
}

/* What was missing names fields and places that not everybody sees. */
static void strip_override(json_t *data, const struct rights *r)
{
    json_object_del(data, "missing");
    if (!rights_has_stage(r, 0, json_integer_value(json_object_get(data, "stage_id"))))
        json_object_del(data, "stage_id");
}

bool event_put_seen(struct jw *w, const struct event *ev, const struct rights *r, struct arena *a)
{
    const struct entity *ent = entity_by_id((enum entity_id)ev->object_kind);
    json_t *data = NULL;
    if (!r || r->everything || !ent || !ev->data.len || !has_hidden(ev, r)) {
        event_put(w, ev);
        return true;
    }
    if (json_read(ev->data, &data, NULL) != RC_OK)
        return false;
    if (ev->verb == VERB_OVERRIDDEN)
        strip_override(data, r);
    bool left = strip(data, ent, r) || ev->verb == VERB_CREATED;
    if (left) {
        char *text = json_dumps(data, JSON_COMPACT);
        struct event seen = *ev;
        seen.data = str_dup(a, str_c(text));
        free(text);
        event_put(w, &seen);
    }
    json_decref(data);
    return left;
}

/* What belongs to the story of an object: what hangs on it, all deals of a person or firm with what hangs on those, and
 * the records that were merged into it. */
struct branch {
    enum entity_id kind;
    const char *where; /* over the part's table b; $1 is the object */
};
#define DEALS_OF_CONTACT                                                                                               \
    "(SELECT id FROM deal WHERE contact_id = $1 UNION SELECT owner_id FROM deal_contact WHERE ref_id = $1)"
#define DEALS_OF_COMPANY "(SELECT id FROM deal WHERE company_id = $1)"
static const struct branch deal_branches[] = {{ENT_TASK, "b.deal_id = $1"},
                                              {ENT_NOTE, "b.deal_id = $1"},
                                              {ENT_DEAL_PRODUCT, "b.deal_id = $1"},
                                              {ENT_DEAL_MEMBER, "b.deal_id = $1"},
                                              {ENT_FILE, "b.deal_id = $1"},
                                              {ENT_BUYER, "b.deal_id = $1"},
                                              {ENT_COMPETITOR_OFFER, "b.deal_id = $1"},
                                              {ENT_NONE, NULL}};
static const struct branch contact_branches[] = {
    {ENT_TASK, "(b.contact_id = $1 OR b.deal_id IN " DEALS_OF_CONTACT ")"},
    {ENT_NOTE, "(b.contact_id = $1 OR b.deal_id IN " DEALS_OF_CONTACT ")"},
    {ENT_FILE, "(b.contact_id = $1 OR b.deal_id IN " DEALS_OF_CONTACT ")"},
    {ENT_DEAL, "b.id IN " DEALS_OF_CONTACT},
    {ENT_DEAL_PRODUCT, "b.deal_id IN " DEALS_OF_CONTACT},
    {ENT_CONTACT_POINT, "b.contact_id = $1"},
    {ENT_BUYER, "b.contact_id = $1"},
    {ENT_COMPETITOR_OFFER, "(b.contact_id = $1 OR b.deal_id IN " DEALS_OF_CONTACT ")"},
    {ENT_CONTACT, "b.merged_into_id = $1"},
    {ENT_NONE, NULL}};
static const struct branch company_branches[] = {
    {ENT_TASK, "(b.company_id = $1 OR b.deal_id IN " DEALS_OF_COMPANY ")"},
    {ENT_NOTE, "(b.company_id = $1 OR b.deal_id IN " DEALS_OF_COMPANY ")"},
    {ENT_FILE, "(b.company_id = $1 OR b.deal_id IN " DEALS_OF_COMPANY ")"},
    {ENT_DEAL, "b.id IN " DEALS_OF_COMPANY},
    {ENT_DEAL_PRODUCT, "b.deal_id IN " DEALS_OF_COMPANY},
    {ENT_CONTACT, "b.company_id = $1"},
    {ENT_CONTACT_POINT, "b.company_id = $1"},
    {ENT_BUYER, "b.deal_id IN " DEALS_OF_COMPANY},
    {ENT_COMPETITOR_OFFER, "(b.company_id = $1 OR b.deal_id IN " DEALS_OF_COMPANY ")"},
    {ENT_COMPANY, "b.merged_into_id = $1"},
    {ENT_NONE, NULL}};

/* The objects whose events are shown, then their events by the journal's own index. */
static void put_timeline(struct sqlb *q, const struct rights *r, const struct entity *ent, int64_t id, int64_t before,
                         int64_t limit)
{
    const struct branch *b = ent->id == ENT_DEAL      ? deal_branches
                             : ent->id == ENT_CONTACT ? contact_branches
                                                      : company_branches;
    sqlb_fmt(q, "SELECT " EVENT_COLUMNS " FROM (SELECT %d AS kind, CAST(", (int)ent->id);
    sqlb_param(q, val_int(id));
    sqlb_c(q, " AS BIGINT) AS id");
    for (; b->where; b++) {
        const struct entity *of = entity_by_id(b->kind);
        sqlb_fmt(q, " UNION ALL SELECT %d, b.id FROM %s b WHERE ", (int)b->kind, of->table);
        sqlb_c(q, b->where);
        if (rights_all_rows(r, of, RIGHT_SEE))
            continue;
        sqlb_c(q, " AND ");
        rights_sql(q, r, of, RIGHT_SEE, "b");
    }
    sqlb_c(q, ") o CROSS JOIN journal e WHERE e.object_kind = o.kind AND e.object_id = o.id AND e.seq < ");
    sqlb_param(q, val_int(before));
    sqlb_c(q, " ORDER BY e.seq DESC LIMIT ");
    sqlb_param(q, val_int(limit + 1));
}

/* One more member of the event that has just been written. */
static void put_name(struct jw *w, struct str name)
{
    w->b->len--; /* opens the object again */
    buf_c(w->b, ",\"name\":");
    w->comma = false;
    jw_str(w, name);
    jw_end_obj(w);
}

static enum rc write_events(struct stmt *s, const struct rights *r, int64_t limit, bool named, struct arena *a,
                            uint64_t hash, struct buf *out, struct err *e)
{
    struct jw w = jw_to(out);
    struct val last = val_null();
    int64_t n = 0;
    bool more = false;
    enum rc rc;
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct event ev = read_event(s);
        if (n++ == limit) {
            more = true;
            continue;
        }
        if (event_put_seen(&w, &ev, r, a) && named)
            put_name(&w, stmt_col_str(s, 11));
        last = val_int(ev.seq);
    }
    jw_end_arr(&w);
    jw_kstr(&w, "next_cursor", more ? cursor_write(a, hash, &last, 1) : STR_NULL);
    jw_end_obj(&w);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc timeline_list(struct db *db, struct arena *a, const struct entity *ent, int64_t id, struct str cursor,
                      int64_t limit, const struct rights *r, struct buf *out, struct err *e)
{
    struct sort by_seq = {.keys = {{.index = FIELD_ID, .field = filter_common_field(FIELD_ID), .desc = true}}, .n = 1};
    struct query as_query = {.ent = ent, .sort = str_fmt(a, "timeline %lld", (long long)id)};
    uint64_t hash = cursor_hash(&as_query);
    struct val before = val_int(INT64_MAX);
    bool seen;
    if (limit < 1 || limit > 500)
        return err_set(e, RC_INVALID, "bad_limit", "limit", "500");
    if (cursor.len && !cursor_read(a, cursor, hash, &by_seq, &before))
        return err_set(e, RC_INVALID, "bad_cursor", "cursor", NULL);
    TRY(rights_reach(db, a, r, ent, id, RIGHT_SEE, &seen, e));
    if (!seen)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%s %lld", ent->name, (long long)id);
    struct sqlb q = sqlb_new(a);
    struct stmt *s = NULL;
    enum rc rc;
    put_timeline(&q, r, ent, id, before.i, limit);
    TRY_OUT(sqlb_prepare(&q, db, &s, e));
    rc = write_events(s, r, limit, false, a, hash, out, e);
out:
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

/* The name of what each event is about comes along: a deleted tag is in no list any more. */
static void put_history(struct sqlb *q, const struct rights *r, const enum entity_id *kinds, size_t n, int64_t id,
                        int64_t before, int64_t limit)
{
    sqlb_c(q, "SELECT e.*, CASE e.object_kind");
    for (size_t i = 0; i < n; i++) {
        const struct entity *ent = entity_by_id(kinds[i]);
        static const char *const names[] = {"name", "label", "url"};
        for (size_t k = 0; ent && k < sizeof names / sizeof *names; k++)
            if (entity_field(ent, str_c(names[k])) >= 0) {
                sqlb_fmt(q, " WHEN %d THEN (SELECT %s FROM %s WHERE id = e.object_id)", (int)kinds[i], names[k],
                         ent->table);
                break;
            }
    }
    sqlb_c(q, " WHEN 0 THEN '' END FROM (SELECT " EVENT_COLUMNS " FROM journal e WHERE e.object_kind IN (");
    for (size_t i = 0; i < n; i++)
        sqlb_fmt(q, "%s%d", i ? "," : "", (int)kinds[i]);
    sqlb_c(q, ")");
    if (id) {
        sqlb_c(q, " AND e.object_id = ");
        sqlb_param(q, val_int(id));
    }
    for (size_t i = 0; i < n; i++) {
        const struct entity *ent = entity_by_id(kinds[i]);
        if (!ent || rights_all_rows(r, ent, RIGHT_SEE))
            continue;
        sqlb_fmt(q, " AND (e.object_kind <> %d OR EXISTS (SELECT 1 FROM %s t WHERE t.id = e.object_id AND ",
                 (int)kinds[i], ent->table);
        rights_sql(q, r, ent, RIGHT_SEE, "t");
        sqlb_c(q, "))");
    }
    /* Who came in stands in the log of sign-ins; it changes no setting and is not undone. */
    sqlb_fmt(q, " AND e.verb NOT IN (%d, %d)", (int)VERB_SIGNED_IN, (int)VERB_SIGNED_OUT);
    sqlb_c(q, " AND e.seq < ");
    sqlb_param(q, val_int(before));
    sqlb_c(q, " ORDER BY e.seq DESC LIMIT ");
    sqlb_param(q, val_int(limit + 1));
    sqlb_c(q, ") e ORDER BY e.seq DESC");
}

enum rc history_list(struct db *db, struct arena *a, const enum entity_id *kinds, size_t n, int64_t id,
                     struct str cursor, int64_t limit, const struct rights *r, struct buf *out, struct err *e)
{
    struct sort by_seq = {.keys = {{.index = FIELD_ID, .field = filter_common_field(FIELD_ID), .desc = true}}, .n = 1};
    struct query as_query = {.ent = entity_by_id(ENT_FUNNEL), .sort = STR("history")};
    uint64_t hash = cursor_hash(&as_query);
    struct val before = val_int(INT64_MAX);
    if (cursor.len && !cursor_read(a, cursor, hash, &by_seq, &before))
        return err_set(e, RC_INVALID, "bad_cursor", "cursor", NULL);
    struct sqlb q = sqlb_new(a);
    struct stmt *s = NULL;
    enum rc rc;
    put_history(&q, r, kinds, n, id, before.i, limit);
    TRY_OUT(sqlb_prepare(&q, db, &s, e));
    rc = write_events(s, r, limit, true, a, hash, out, e);
out:
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}
