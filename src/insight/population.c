/* What a report over deals is asked. */
#include "insight/population.h"
#include "base/big.h"
#include "crm/crm.h"
#include "crm/fields.h"

/* ---- stages ---- */

const char *const pop_definitions[] = {"recorded", "current", NULL};

enum { BECAME_MOST = 2000 };

static int by_from(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return x[0] < y[0] ? -1 : x[0] > y[0];
}

/* What a stage became: of several the one for the rest, which stands last. */
static void add_became(struct pop *p, const json_t *plan)
{
    const json_t *list = json_object_get(plan, "remap");
    for (size_t i = 0; i < json_array_size(list) && p->n_became < BECAME_MOST; i++) {
        const json_t *one = json_array_get(list, i), *to = json_object_get(one, "to");
        const json_t *rest = json_array_size(to) ? json_array_get(to, json_array_size(to) - 1) : NULL;
        int64_t from = json_integer_value(json_object_get(one, "from"));
        int64_t into = json_integer_value(json_object_get(rest, "stage_id"));
        for (size_t k = 0; k < p->n_became; k++)
            if (p->became[k][1] == from)
                p->became[k][1] = into; /* it was changed once more */
        if (into != 0 && into != from) {
            p->became[p->n_became][0] = from;
            p->became[p->n_became++][1] = into;
        }
    }
}

/* From the operations by which published definitions sent deals on. */
static enum rc load_became(struct pop *p, struct err *e)
{
    const struct report_call *c = p->call;
    struct stmt *s;
    enum rc rc;
    if (!str_eqc(report_arg(c, "definition"), "current"))
        return RC_OK;
    p->became = arena_zalloc(c->arena, (BECAME_MOST + 1) * sizeof *p->became);
    TRY(db_prepare(c->db, &s,
                   "SELECT plan FROM operation WHERE kind = $1 AND state <> $2 AND deleted_at IS NULL ORDER BY id", e));
    stmt_i64(s, 1, OPERATION_REMAP);
    stmt_i64(s, 2, OPERATION_UNDONE);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct str text = stmt_col_str(s, 0);
        json_error_t bad;
        json_t *plan = text.len ? json_loadb(text.ptr, text.len, 0, &bad) : NULL;
        add_became(p, plan);
        json_decref(plan);
    }
    stmt_done(s);
    qsort(p->became, p->n_became, sizeof *p->became, by_from);
    return rc == RC_DONE ? RC_OK : rc;
}

int64_t pop_became(const struct pop *p, int64_t stage)
{
    const int64_t(*found)[2] = p->n_became ? bsearch(&stage, p->became, p->n_became, sizeof *p->became, by_from) : NULL;
    return found != NULL ? (*found)[1] : stage;
}

/* Deleted stages too: history has visits of them. */
static enum rc load_stages(struct pop *p, struct err *e)
{
    const struct report_call *c = p->call;
    VEC(struct pop_stage) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(c->db, &s,
                   "SELECT s.id, s.funnel_id, s.name, s.position, s.outcome, s.norm_days, s.probability,"
                   " CASE WHEN s.deleted_at IS NOT NULL OR s.archived = 1 THEN 1 ELSE 0 END, s.created_at, f.created_at"
                   " FROM stage s JOIN funnel f ON f.id = s.funnel_id WHERE $1 = 0 OR s.funnel_id = $1"
                   " ORDER BY f.position, f.id, s.position, s.id",
                   e));
    stmt_i64(s, 1, p->funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t id = stmt_col_i64(s, 0), funnel = stmt_col_i64(s, 1);
        if (pop_became(p, id) != id)
            continue; /* it is read as another */
        bool seen = rights_has_stage(c->rights, funnel, id);
        struct pop_stage stage = {.id = id,
                                  .funnel_id = funnel,
                                  .name = seen ? str_dup(c->arena, stmt_col_str(s, 2)) : STR("…"),
                                  .position = stmt_col_i64(s, 3),
                                  .outcome = (enum deal_status)stmt_col_i64(s, 4),
                                  .norm_days = stmt_col_null(s, 5) ? 0 : stmt_col_i64(s, 5),
                                  .probability = stmt_col_null(s, 6) ? -1 : stmt_col_i64(s, 6),
                                  .born =
                                      stmt_col_i64(s, 8) - stmt_col_i64(s, 9) < MS_DAY ? INT64_MIN : stmt_col_i64(s, 8),
                                  .gone = stmt_col_i64(s, 7) != 0};
        vec_push(&found, stage);
    }
    stmt_done(s);
    p->stages = ARENA_ARRAY(c->arena, struct pop_stage, found.len + 1);
    p->n_stages = found.len;
    if (found.len)
        memcpy(p->stages, found.ptr, found.len * sizeof *found.ptr);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- time ---- */

static enum rc read_period(struct pop *p, struct err *e)
{
    TRY(report_when(p->call, p->zone, "as_of", &p->as_of, &p->as_of_given, e));
    TRY(report_when(p->call, p->zone, "from", &p->from, &p->has_from, e));
    return report_when(p->call, p->zone, "to", &p->to, &p->has_to, e);
}

/* ---- groups ---- */

static bool by_named(struct pop_by *by, struct str text)
{
    static const struct {
        const char *name;
        int field;
    } names[] = {{"owner", DEAL_OWNER_ID},     {"source", DEAL_SOURCE_ID},         {"campaign", DEAL_CAMPAIGN_ID},
                 {"company", DEAL_COMPANY_ID}, {"deal_class", DEAL_DEAL_CLASS_ID}, {"loss_reason", DEAL_LOSS_REASON_ID},
                 {"funnel", DEAL_FUNNEL_ID},   {"competitor", DEAL_COMPETITOR_ID}, {"product", DEAL_PRODUCT_IDS},
                 {"tag", DEAL_TAG_IDS}};
    static const struct {
        const char *name;
        char date;
    } dates[] = {{"day", 'd'},  {"week", 'w'}, {"month", 'm'},  {"quarter", 'q'},
                 {"year", 'y'}, {"hour", 'h'}, {"weekday", 'k'}};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
        if (str_eqc(text, dates[i].name)) {
            *by = (struct pop_by){.kind = BY_DATE, .date = dates[i].date, .via = -1};
            return true;
        }
    if (str_eqc(text, "team")) {
        *by = (struct pop_by){.kind = BY_TEAM, .via = -1, .ent = entity_by_id(ENT_DEAL), .field = DEAL_OWNER_ID};
        by->fd = &by->ent->fields[by->field];
        return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eqc(text, names[i].name)) {
            *by = (struct pop_by){.kind = BY_FIELD, .via = -1, .ent = entity_by_id(ENT_DEAL), .field = names[i].field};
            by->fd = &by->ent->fields[by->field];
            return true;
        }
    return false;
}

static bool groupable(const struct field *fd)
{
    return fd->type == FT_REF || fd->type == FT_SET || fd->type == FT_ENUM || fd->type == FT_BOOL ||
           fd->type == FT_TEXT || fd->type == FT_CURRENCY;
}

/* "cf_7", "company_id.country": a field of the deal or of what it refers to, among those that may be seen. */
static bool by_path(struct pop_by *by, const struct rights *r, struct str text)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    const char *dot = memchr(text.ptr, '.', text.len);
    struct str first = {text.ptr, dot != NULL ? (size_t)(dot - text.ptr) : text.len};
    int i = entity_field(deal, first);
    if (i < 0 || (deal->fields[i].flags & FF_GONE) || !rights_sees_field(r, deal, i))
        return false;
    *by = (struct pop_by){.kind = BY_FIELD, .via = -1, .field = i, .ent = deal, .fd = &deal->fields[i]};
    if (dot == NULL)
        return groupable(by->fd);
    if (by->fd->type != FT_REF || (by->fd->ref != ENT_COMPANY && by->fd->ref != ENT_CONTACT))
        return false;
    by->via = i;
    by->ent = entity_by_id(by->fd->ref);
    by->field = entity_field(by->ent, (struct str){dot + 1, text.len - first.len - 1});
    if (by->field < 0 || !rights_sees_field(r, by->ent, by->field))
        return false;
    by->fd = &by->ent->fields[by->field];
    return groupable(by->fd) && by->fd->type != FT_SET && !(by->fd->flags & (FF_GONE | FF_SECRET));
}

static enum rc read_by(struct pop *p, struct err *e)
{
    struct str text = report_arg(p->call, "by");
    const struct rights *r = p->call->rights;
    p->by = (struct pop_by){.kind = BY_NOTHING, .via = -1};
    if (text.len == 0 && p->spec.by != NULL)
        text = str_c(p->spec.by);
    if (text.len == 0 || str_eqc(text, "none"))
        return RC_OK;
    if (!by_named(&p->by, text) && !by_path(&p->by, r, text))
        return report_bad_param(e, "by", text);
    if (p->by.kind != BY_DATE && !rights_sees_field(r, entity_by_id(ENT_DEAL), p->by.via < 0 ? p->by.field : p->by.via))
        return report_bad_param(e, "by", text);
    if (p->by.kind != BY_TEAM)
        return RC_OK;
    return report_pairs(p->call, "SELECT id, COALESCE(team_id, 0) FROM users ORDER BY id", &p->team_of, &p->n_team_of,
                        e);
}

/* ---- who is seen, and which of them are chosen ---- */

static enum rc read_filter(struct pop *p, struct err *e)
{
    const struct report_call *c = p->call;
    struct str text = report_arg(c, "filter");
    TRY(mask_plan(&p->seen_plan, c->arena, c->db, c->projection, FACT_DEAL, c->rights, NULL, e));
    if (text.len == 0)
        return RC_OK;
    struct filter_env env = {
        .user_id = c->user_id, .now = c->now, .offset_ms = zone_offset(p->zone, c->now), .rights = c->rights};
    TRY(filter_parse(c->arena, entity_by_id(ENT_DEAL), text, &env, &p->filter, e));
    return mask_plan(&p->filter_plan, c->arena, c->db, c->projection, FACT_DEAL, NULL, p->filter, e);
}

enum rc pop_read(struct pop *p, const struct report_call *c, struct report_result *r, const struct pop_spec *spec,
                 struct err *e)
{
    *p = (struct pop){.call = c, .result = r, .spec = *spec};
    TRY(report_funnel_of(c, spec->funnels == POP_ONE, &p->funnel_id, &p->funnel, e));
    TRY(load_became(p, e));
    TRY(load_stages(p, e));
    TRY(report_zone(p->call, p->result, &p->zone, &p->zone_name, e));
    TRY(read_period(p, e));
    TRY(read_by(p, e));
    return read_filter(p, e);
}

void pop_free(struct pop *p)
{
    pop_unlock(p);
    big_return(p->d);
    p->d = NULL;
    zone_free(p->zone);
    p->zone = NULL;
}
