/* Search as one types, over everything one may see. */
#include "crm/search.h"
#include "api/inside.h"

static const char *how_text(enum search_how how)
{
    return how == SEARCH_LAYOUT ? "layout" : how == SEARCH_TYPO ? "typo" : "exact";
}

static void put_id(struct jw *w, const char *key, int64_t id)
{
    if (id)
        jw_ki64(w, key, id);
}

static void put_hit(struct jw *w, const struct search_hit *h)
{
    jw_obj(w);
    jw_kc(w, "object", h->ent->name);
    jw_ki64(w, "id", h->id);
    jw_kstr(w, "title", h->title);
    jw_kstr(w, "subtitle", h->subtitle);
    put_id(w, "deal_id", h->deal_id);
    put_id(w, "contact_id", h->contact_id);
    put_id(w, "company_id", h->company_id);
    jw_key(w, "matched");
    jw_obj(w);
    jw_kc(w, "field", h->field >= 0 ? h->ent->fields[h->field].name : "id");
    jw_kstr(w, "text", h->matched);
    jw_end_obj(w);
    jw_kc(w, "how", how_text(h->how));
    jw_end_obj(w);
}

/* By singular or plural name. */
static enum rc read_kinds(struct call *c, struct search_query *q, struct err *e)
{
    struct str text = call_param(c, "objects");
    for (int i = 1; !text.len && i < ENT_END; i++) {
        const struct entity *ent = entity_by_id((enum entity_id)i);
        q->kinds[i] = ent && search_covers(ent);
    }
    for (struct str rest = text; rest.len;) {
        struct str name = str_trim(str_cut(rest, ',', &rest));
        const struct entity *ent = entity_by_plural(name);
        if (!ent)
            ent = entity_by_name(name);
        if (!ent || !search_covers(ent))
            return err_set(e, RC_INVALID, "bad_parameter", "objects", "%.*s", (int)(name.len < 60 ? name.len : 60),
                           name.ptr);
        q->kinds[ent->id] = true;
    }
    return RC_OK;
}

static enum rc search_handle(struct call *c, struct err *e)
{
    struct search_query q = {.text = call_param(c, "q"), .rights = c->rights};
    struct search_result found;
    int64_t limit;
    TRY(call_param_i64(c, "limit", 20, 1, 100, &limit, e));
    TRY(read_kinds(c, &q, e));
    if (!str_utf8_valid(q.text))
        return err_set(e, RC_INVALID, "bad_text", "q", NULL);
    q.limit = (size_t)limit;
    TRY(search_run(c->db, c->r->arena, &q, &found, e));
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; i < found.n; i++)
        put_hit(&w, &found.hits[i]);
    jw_end_arr(&w);
    jw_kstr(&w, "as", found.as.ptr ? found.as : STR(""));
    jw_end_obj(&w);
    return RC_OK;
}

const struct route search_routes[] = {
    {"GET", "/api/search", RUN_READ, MAY_READ, NULL, "Search as one types", search_handle, NULL, "q objects limit",
     NULL, "search", 0},
};
const size_t search_routes_n = sizeof search_routes / sizeof *search_routes;
