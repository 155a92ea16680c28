#include "api/past.h"
#include "api/inside.h"
#include "base/map.h"
#include "crm/access.h"
#include "crm/as_of.h"
#include "crm/engine.h"
#include "crm/fields.h"
#include "insight/mask.h"
#include "insight/report.h"

#define WAIT_MS 5000
#define NAMES_AT_ONCE 500

enum rc past_asked(struct call *c, bool *asked, int64_t *at, struct err *e)
{
    bool is_date;
    struct str text = call_param(c, "as_of");
    *asked = text.len > 0;
    return *asked && !report_time(text, at, &is_date) ? report_bad_param(e, "as_of", text) : RC_OK;
}

/* ---- a card ---- */

static enum rc was_deleted(struct call *c, int64_t at, bool *yes, struct err *e)
{
    int64_t verb;
    TRY(QUERY_I64(c->db, &verb, 0, e,
                  "SELECT verb FROM journal WHERE object_kind = $1 AND object_id = $2 AND at <= $3 AND verb IN (3, 4)"
                  " ORDER BY seq DESC LIMIT 1",
                  c->route->ent->id, c->id, at));
    *yes = verb == VERB_DELETED;
    return RC_OK;
}
_Static_assert(VERB_DELETED == 3 && VERB_RESTORED == 4, "verb in the statement of was_deleted");

/* Who may see it now may see what it was. */
enum rc past_card(struct call *c, int64_t at, struct err *e)
{
    const struct entity *ent = c->route->ent;
    const struct rights *rights = c->rights->everything ? NULL : c->rights;
    struct record *now, *was = NULL;
    struct access *x;
    bool gone = false;
    TRY(record_load(c->db, c->r->arena, ent, c->id, true, &now, e));
    TRY(access_of(c->db, c->r->arena, now, &x, e));
    if (rights_allow(c->rights, x, RIGHT_SEE)) {
        TRY(was_deleted(c, at, &gone, e));
        TRY(record_as_of(c->db, c->r->arena, ent, c->id, at, &was, e));
    }
    if (was == NULL || gone)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%s %lld", ent->name, (long long)c->id);
    was->deleted_at = 0;
    rights_trim(rights, c->r->arena, was);
    struct jw w = call_json(c);
    record_put_seen(&w, was, rights_mask(rights, c->r->arena, ent, NULL));
    return RC_OK;
}

/* ---- a board ---- */

static const struct {
    const char *name;
    int field; /* of deals; -1: of the row itself */
} columns[] = {
    {"stage_id", DEAL_STAGE_ID},
    {"value_minor", DEAL_VALUE_MINOR},
    {"owner_id", DEAL_OWNER_ID},
    {"source_id", DEAL_SOURCE_ID},
    {"probability", DEAL_PROBABILITY},
    {"waiting_since", DEAL_WAITING_SINCE},
    {"deferred_until", DEAL_DEFERRED_UNTIL},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* What is told of a deal that was on the board. */
struct shown {
    int64_t id, created_at, stage_since, contact, company, close_on;
    int64_t cells[COLUMNS];
    struct str currency;
    struct fact_set tags;
};
struct past_total {
    int64_t stage, deals, value;
};
struct past {
    struct call *c;
    const struct rights *rights; /* NULL: everything */
    int64_t at, seq;
    const struct mask_plan *deals, *contacts, *companies; /* in sight; the filter too */
    VEC(struct shown) rows;
    struct intmap *totals; /* stage to index + 1 */
    VEC(struct past_total) sums;
};

static void add_total(struct past *p, int64_t stage, int64_t value)
{
    int64_t i;
    if (!intmap_get(p->totals, stage, &i)) {
        struct past_total none = {.stage = stage};
        i = (int64_t)p->sums.len;
        vec_push(&p->sums, none);
        intmap_put(p->totals, stage, i);
    }
    p->sums.ptr[i].deals++;
    p->sums.ptr[i].value += value;
}

static int64_t stage_since(const struct projection_view *v, size_t row, int64_t at)
{
    struct visits w = visits_of(v, row);
    int64_t since = v->facts[FACT_DEAL].created_at[row];
    for (size_t i = 0; i < w.n && visit_at(w.packed[i]) <= at; i++)
        if (!visit_passed(w.packed[i]))
            since = visit_at(w.packed[i]);
    return since;
}

/* Contacts and companies out of sight have no names. */
static int64_t seen(const struct projection_view *v, enum fact fact, const uint64_t *bits, int64_t id)
{
    uint32_t row = id == 0 ? FACT_NO_ROW : fact_row(&v->facts[fact], id);
    return row != FACT_NO_ROW && mask_has(bits, row) ? id : 0;
}

static void look(struct past *p, const struct projection_view *v)
{
    struct arena *a = p->c->r->arena;
    const struct facts *f = &v->facts[FACT_DEAL];
    const uint64_t *bits = mask_apply(p->deals, v, p->at, a);
    const uint64_t *people = mask_apply(p->contacts, v, FACT_NEVER, a);
    const uint64_t *firms = mask_apply(p->companies, v, FACT_NEVER, a);
    struct fact_column funnel = fact_as_of(v, FACT_DEAL, DEAL_FUNNEL_ID, p->at, a);
    struct fact_column status = fact_as_of(v, FACT_DEAL, DEAL_STATUS, p->at, a);
    struct fact_column contact = fact_as_of(v, FACT_DEAL, DEAL_CONTACT_ID, p->at, a);
    struct fact_column company = fact_as_of(v, FACT_DEAL, DEAL_COMPANY_ID, p->at, a);
    struct fact_column close_on = fact_as_of(v, FACT_DEAL, DEAL_EXPECTED_CLOSE_ON, p->at, a);
    struct fact_column currency = fact_as_of(v, FACT_DEAL, DEAL_CURRENCY, p->at, a);
    struct fact_column tags = fact_as_of(v, FACT_DEAL, DEAL_TAG_IDS, p->at, a);
    struct fact_column cells[COLUMNS];
    for (size_t k = 0; k < COLUMNS; k++)
        cells[k] = fact_as_of(v, FACT_DEAL, columns[k].field, p->at, a);
    for (size_t i = 0; i < f->n; i++) {
        if (fact_id(&funnel, i) != p->c->id || !mask_has(bits, i) || !fact_alive(f, i, p->at))
            continue;
        if (!rights_has_stage(p->rights, p->c->id, fact_id(&cells[0], i)))
            continue;
        add_total(p, fact_id(&cells[0], i), fact_id(&cells[1], i));
        if (fact_id(&status, i) != DEAL_OPEN)
            continue;
        struct fact_set set = fact_set(&tags, fact_get(&tags, i));
        struct shown s = {.id = f->ids[i],
                          .created_at = f->created_at[i],
                          .stage_since = stage_since(v, i, p->at),
                          .contact = seen(v, FACT_CONTACT, people, fact_id(&contact, i)),
                          .company = seen(v, FACT_COMPANY, firms, fact_id(&company, i)),
                          .close_on = fact_get(&close_on, i),
                          .currency = str_dup(a, fact_text(&currency, fact_get(&currency, i)))};
        int64_t *ids = ARENA_ARRAY(a, int64_t, set.n + 1);
        if (set.n)
            memcpy(ids, set.ids, set.n * sizeof *ids);
        s.tags = (struct fact_set){ids, set.n};
        for (size_t k = 0; k < COLUMNS; k++)
            s.cells[k] = fact_get(&cells[k], i);
        vec_push(&p->rows, s);
    }
    p->seq = v->seq;
}

/* Names of today, by id. */
struct names {
    struct intmap *at; /* id to index */
    VEC(struct str) list;
};

static enum rc load_names(struct past *p, struct names *n, const char *table, const char *column, size_t offset,
                          struct err *e)
{
    struct sqlb q = sqlb_new(p->c->r->arena);
    struct stmt *s;
    enum rc rc = RC_OK;
    n->at = intmap_new();
    for (size_t from = 0; rc == RC_OK && from < p->rows.len; from += NAMES_AT_ONCE) {
        sqlb_free(&q);
        q = sqlb_new(p->c->r->arena);
        sqlb_fmt(&q, "SELECT id, %s FROM %s WHERE id IN (", column, table);
        for (size_t i = from; i < p->rows.len && i < from + NAMES_AT_ONCE; i++) {
            sqlb_c(&q, i > from ? "," : "");
            sqlb_param(&q, val_int(*(const int64_t *)((const char *)&p->rows.ptr[i] + offset)));
        }
        sqlb_c(&q, ")");
        rc = sqlb_prepare(&q, p->c->db, &s, e);
        if (rc != RC_OK)
            break;
        while ((rc = stmt_step(s, e)) == RC_ROW) {
            int64_t known;
            if (intmap_get(n->at, stmt_col_i64(s, 0), &known))
                continue;
            intmap_put(n->at, stmt_col_i64(s, 0), (int64_t)n->list.len);
            vec_push(&n->list, str_dup(p->c->r->arena, stmt_col_str(s, 1)));
        }
        stmt_done(s);
        rc = rc == RC_DONE ? RC_OK : rc;
    }
    sqlb_free(&q);
    return rc;
}

static void names_free(struct names *n)
{
    intmap_free(n->at);
    vec_free(&n->list);
}

static void put_number(struct jw *w, int64_t v)
{
    if (v == FACT_NULL)
        jw_null(w);
    else
        jw_i64(w, v);
}

static bool may_see(const struct past *p, int field)
{
    return rights_sees_field(p->c->rights, entity_by_id(ENT_DEAL), field);
}

/* "key":[…]; of a hidden field nothing stands in it. */
#define LIST(w, p, key, visible, write)                                                                                \
    do {                                                                                                               \
        jw_key((w), (key));                                                                                            \
        jw_arr(w);                                                                                                     \
        for (size_t i_ = 0; (visible) && i_ < (p)->rows.len; i_++) {                                                   \
            const struct shown *s = &(p)->rows.ptr[i_];                                                                \
            write;                                                                                                     \
        }                                                                                                              \
        jw_end_arr(w);                                                                                                 \
    } while (0)

static int64_t name_index(const struct names *n, int64_t id)
{
    int64_t i;
    return id != 0 && intmap_get(n->at, id, &i) ? i : -1;
}

static void put_tags(struct jw *w, const struct shown *s)
{
    jw_arr(w);
    for (uint32_t i = 0; i < s->tags.n; i++)
        jw_i64(w, s->tags.ids[i]);
    jw_end_arr(w);
}

static void put_title(struct jw *w, const struct names *titles, const struct shown *s)
{
    int64_t i = name_index(titles, s->id);
    jw_str(w, i < 0 ? STR("") : titles->list.ptr[i]);
}

static void put_columns(struct jw *w, const struct past *p, const struct names *titles, const struct names *people,
                        const struct names *firms)
{
    jw_key(w, "cols");
    jw_obj(w);
    LIST(w, p, "id", true, jw_i64(w, s->id));
    LIST(w, p, "title", may_see(p, DEAL_TITLE), put_title(w, titles, s));
    for (size_t k = 0; k < COLUMNS; k++)
        LIST(w, p, columns[k].name, may_see(p, columns[k].field), put_number(w, s->cells[k]));
    LIST(w, p, "currency", may_see(p, DEAL_CURRENCY), jw_str(w, s->currency));
    LIST(w, p, "contact", may_see(p, DEAL_CONTACT_ID), jw_i64(w, name_index(people, s->contact)));
    LIST(w, p, "company", may_see(p, DEAL_COMPANY_ID), jw_i64(w, name_index(firms, s->company)));
    LIST(w, p, "stage_entered_at", may_see(p, DEAL_STAGE_ENTERED_AT), jw_i64(w, s->stage_since));
    LIST(w, p, "created_at", true, jw_i64(w, s->created_at));
    LIST(w, p, "expected_close_on", may_see(p, DEAL_EXPECTED_CLOSE_ON), if (s->close_on == FACT_NULL) jw_null(w);
         else jw_str(w, date_format(p->c->r->arena, s->close_on)));
    LIST(w, p, "tag_ids", may_see(p, DEAL_TAG_IDS), put_tags(w, s));
    jw_end_obj(w);
}

static void put_dictionary(struct jw *w, const char *key, const struct names *n)
{
    jw_key(w, key);
    jw_arr(w);
    for (size_t i = 0; i < n->list.len; i++)
        jw_str(w, n->list.ptr[i]);
    jw_end_arr(w);
}

static void put_totals(struct jw *w, const struct past *p)
{
    jw_key(w, "totals");
    jw_arr(w);
    for (size_t i = 0; i < p->sums.len; i++) {
        jw_obj(w);
        jw_ki64(w, "stage_id", p->sums.ptr[i].stage);
        jw_ki64(w, "deals", p->sums.ptr[i].deals);
        if (may_see(p, DEAL_VALUE_MINOR))
            jw_ki64(w, "value_minor", p->sums.ptr[i].value);
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

static enum rc put_board(struct past *p, struct err *e)
{
    struct names titles = {0}, people = {0}, firms = {0};
    const struct rights *r = p->c->rights;
    enum rc rc;
    TRY_OUT(load_names(p, &titles, "deal", "title", offsetof(struct shown, id), e));
    TRY_OUT(load_names(p, &people, "contact", "name", offsetof(struct shown, contact), e));
    TRY_OUT(load_names(p, &firms, "company", "name", offsetof(struct shown, company), e));
    if (!may_see(p, DEAL_CONTACT_ID) || !rights_sees_field(r, entity_by_id(ENT_CONTACT), CONTACT_NAME)) {
        names_free(&people);
        people = (struct names){.at = intmap_new()};
    }
    if (!may_see(p, DEAL_COMPANY_ID) || !rights_sees_field(r, entity_by_id(ENT_COMPANY), COMPANY_NAME)) {
        names_free(&firms);
        firms = (struct names){.at = intmap_new()};
    }
    struct jw w = call_json(p->c);
    jw_obj(&w);
    jw_ki64(&w, "seq", p->seq);
    jw_ki64(&w, "funnel_id", p->c->id);
    jw_ki64(&w, "as_of", p->at);
    jw_ki64(&w, "n", (int64_t)p->rows.len);
    jw_key(&w, "dict");
    jw_obj(&w);
    put_dictionary(&w, "contact", &people);
    put_dictionary(&w, "company", &firms);
    jw_end_obj(&w);
    put_columns(&w, p, &titles, &people, &firms);
    put_totals(&w, p);
    jw_end_obj(&w);
out:
    names_free(&titles);
    names_free(&people);
    names_free(&firms);
    return rc;
}

static enum rc plan(struct past *p, const struct filter *filter, struct err *e)
{
    struct call *c = p->c;
    struct arena *a = c->r->arena;
    struct projection *known = c->app->projection;
    const struct rights *r = p->rights;
    struct mask_plan *m;
    int64_t seq, there;
    TRY(QUERY_I64(c->db, &there, 0, e, "SELECT id FROM funnel WHERE id = $1 AND deleted_at IS NULL", c->id));
    if (!there || !rights_has_funnel(r, c->id))
        return err_set(e, RC_NOT_FOUND, "not_found", "", "funnel %lld", (long long)c->id);
    TRY(journal_last(c->db, &seq, e));
    if (!projection_wait(known, seq, WAIT_MS))
        return err_set(e, RC_UNAVAILABLE, "reports_loading", "", NULL);
    TRY(mask_plan(&m, a, c->db, known, FACT_DEAL, r, filter, e));
    p->deals = m;
    TRY(mask_plan(&m, a, c->db, known, FACT_CONTACT, r, NULL, e));
    p->contacts = m;
    TRY(mask_plan(&m, a, c->db, known, FACT_COMPANY, r, NULL, e));
    p->companies = m;
    return RC_OK;
}

enum rc past_board(struct call *c, const struct filter *filter, int64_t at, struct err *e)
{
    struct past p = {.c = c, .rights = c->rights->everything ? NULL : c->rights, .at = at, .totals = intmap_new()};
    enum rc rc = plan(&p, filter, e);
    if (rc == RC_OK) {
        struct projection_view v = projection_lock(c->app->projection);
        look(&p, &v);
        projection_unlock(c->app->projection);
        rc = put_board(&p, e);
    }
    intmap_free(p.totals);
    vec_free(&p.rows);
    vec_free(&p.sums);
    return rc;
}
