/* What only contacts and companies can do: duplicates, merging, consent and erasure. */
#include "api/inside.h"
#include "base/i18n.h"
#include "crm/duplicates.h"
#include "crm/file_store.h"
#include "crm/merge.h"
#include "crm/personal.h"
#include <stdlib.h>

/* Of the path: /api/contacts/... or /api/companies/... */
static const struct entity *noun_of(const struct call *c)
{
    return entity_by_id(str_starts(str_c(c->route->pattern), STR("/api/contacts/")) ? ENT_CONTACT : ENT_COMPANY);
}

/* ---- duplicates ---- */

static enum rc duplicates_of_handle(struct call *c, struct err *e)
{
    struct likeness like = {.name = call_param(c, "name"),
                            .phone = call_param(c, "phone"),
                            .email = call_param(c, "email"),
                            .inn = call_param(c, "inn"),
                            .kpp = call_param(c, "kpp")};
    TRY(call_param_i64(c, "but", 0, 1, INT64_MAX, &like.but, e));
    TRY(call_param_i64(c, "company_id", 0, 1, INT64_MAX, &like.company_id, e));
    return duplicates_of(c->db, c->r->arena, noun_of(c), &like, c->rights, http_body(c->r), e);
}

static enum rc duplicates_handle(struct call *c, struct err *e)
{
    int64_t limit;
    TRY(call_param_i64(c, "limit", 50, 1, 100, &limit, e));
    return duplicates_list(c->db, c->r->arena, noun_of(c), c->rights, call_param(c, "cursor"), limit, http_body(c->r),
                           e);
}

/* If-Match of a record that one sees; of another the command itself says that it is not there. */
static enum rc as_expected(struct change *ch, const struct command_job *j, const struct entity *ent, struct err *e)
{
    struct record *r;
    bool seen;
    if (!j->expect_version)
        return RC_OK;
    TRY(rights_reach(ch->tx->db, ch->tx->arena, ch->actor.rights, ent, j->id, RIGHT_SEE, &seen, e));
    if (!seen)
        return RC_OK;
    TRY(record_load(ch->tx->db, ch->tx->arena, ent, j->id, false, &r, e));
    return r->version == j->expect_version ? RC_OK
                                           : err_set(e, RC_STALE, "stale_version", "", "%lld", (long long)r->version);
}

/* ---- merging ---- */

struct merge_call {
    struct merge m;
    bool dry_run;
    struct buf preview; /* freed when it has been shown */
};

static enum rc merge_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct merge_call *g = j->args;
    j->out_id = j->id;
    TRY(as_expected(ch, j, g->m.ent, e));
    if (!g->dry_run)
        return records_merge(ch, &g->m, e);
    buf_clear(&g->preview);
    enum rc rc = records_merge_preview(ch, &g->m, &g->preview, e);
    if (rc != RC_OK)
        buf_free(&g->preview);
    return rc;
}
static const struct command command_merge = {"record.merge", merge_apply};

static enum rc read_with(struct call *c, const json_t *list, struct merge *m, struct err *e)
{
    if (!json_is_array(list))
        return err_set(e, list ? RC_INVALID : RC_UNPROCESSABLE, list ? "wrong_type" : "required", "with", "array");
    size_t n = json_array_size(list);
    int64_t *ids = ARENA_ARRAY(c->r->arena, int64_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        if (!json_is_integer(json_array_get(list, i)))
            return err_set(e, RC_INVALID, "wrong_type", "with", "array");
        ids[i] = json_integer_value(json_array_get(list, i));
    }
    m->with = ids;
    m->n_with = n;
    return RC_OK;
}

static enum rc read_choices(struct call *c, const json_t *fields, struct merge *m, struct err *e)
{
    const char *name;
    json_t *from;
    if (fields && !json_is_object(fields))
        return err_set(e, RC_INVALID, "wrong_type", "fields", "object");
    struct merge_choice *choices = ARENA_ARRAY(c->r->arena, struct merge_choice, json_object_size(fields) + 1);
    json_object_foreach((json_t *)(uintptr_t)fields, name, from)
    {
        int field = entity_field(m->ent, str_c(name));
        if (field < 0 || (m->ent->fields[field].flags & FF_SERVER) || !rights_edits_field(c->rights, m->ent, field))
            return err_set(e, RC_INVALID, "unknown_field", name, NULL);
        if (!json_is_integer(from))
            return err_set(e, RC_INVALID, "wrong_type", name, "integer");
        choices[m->n_choices++] = (struct merge_choice){field, json_integer_value(from)};
    }
    m->choices = choices;
    return RC_OK;
}

static enum rc read_flag(const json_t *body, const char *key, bool *out, struct err *e)
{
    const json_t *v = json_object_get(body, key);
    if (v && !json_is_boolean(v))
        return err_set(e, RC_INVALID, "wrong_type", key, "boolean");
    *out = json_is_true(v);
    return RC_OK;
}

static enum rc merge_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"with", "fields", "dry_run", NULL};
    struct merge_call *g = ARENA_NEW(c->r->arena, struct merge_call);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc;
    g->m.ent = noun_of(c);
    g->m.id = c->id;
    TRY_OUT(body_only(body, keys, e));
    TRY_OUT(read_with(c, json_object_get(body, "with"), &g->m, e));
    TRY_OUT(read_choices(c, json_object_get(body, "fields"), &g->m, e));
    TRY_OUT(read_flag(body, "dry_run", &g->dry_run, e));
    if (g->dry_run) /* each asks anew */
        c->job.idempotency_key = STR_NULL;
    c->job.args = g;
    c->job.command = &command_merge;
out:
    json_decref(body);
    return rc;
}

static enum rc merge_show(struct call *c, struct err *e)
{
    struct merge_call *g = c->job.args;
    if (!g->dry_run)
        return call_show(c, noun_of(c), c->id, e);
    buf_str(http_body(c->r), buf_view(&g->preview));
    buf_free(&g->preview);
    return RC_OK;
}

/* ---- personal data ---- */

static enum rc personal_data_handle(struct call *c, struct err *e)
{
    return contact_personal_data(c->db, c->r->arena, c->id, c->rights, http_body(c->r), e);
}

struct erase_call {
    struct erasure x;
    struct erased out;
    VEC(char *) blobs; /* SHA-256 of files whose bytes go after the commit */
};

static void forget_blobs(struct erase_call *x)
{
    for (size_t i = 0; i < x->blobs.len; i++)
        free(x->blobs.ptr[i]);
    vec_free(&x->blobs);
}

/* An absent reason is an empty one; the command says when it is needed. */
static enum rc read_reason(struct call *c, const json_t *body, struct str *out, struct err *e)
{
    const json_t *v = json_object_get(body, "reason");
    *out = STR_NULL;
    if (!v || json_is_null(v))
        return RC_OK;
    TRY(body_text(body, "reason", c->r->arena, out, e));
    *out = str_trim(*out);
    return str_utf8_len(*out) <= 500 ? RC_OK : err_set(e, RC_UNPROCESSABLE, "too_long", "reason", "500");
}

static enum rc erase_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct erase_call *x = j->args;
    j->out_id = j->id;
    TRY(as_expected(ch, j, entity_by_id(ENT_CONTACT), e));
    enum rc rc = contact_erase(ch, &x->x, &x->out, e);
    forget_blobs(x);
    for (size_t i = 0; i < x->out.blobs.len && rc == RC_OK; i++)
        vec_push(&x->blobs, strndup(x->out.blobs.ptr[i].ptr, x->out.blobs.ptr[i].len));
    vec_free(&x->out.blobs);
    return rc;
}
static const struct command command_erase = {"contact.erase", erase_apply};

static enum rc erase_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"reason", "dry_run", NULL};
    struct erase_call *x = ARENA_NEW(c->r->arena, struct erase_call);
    const char *locale = call_locale(c);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc;
    TRY_OUT(body_only(body, keys, e));
    TRY_OUT(read_reason(c, body, &x->x.reason, e));
    TRY_OUT(read_flag(body, "dry_run", &x->x.dry_run, e));
    x->x.id = c->id;
    struct str number = str_fmt(c->r->arena, "%lld", (long long)c->id);
    x->x.name = i18n_fill(c->r->arena, locale, "contact.erased_name", &number, 1);
    x->x.mark = i18n_text(locale, "contact.erased_mark");
    if (x->x.dry_run)
        c->job.idempotency_key = STR_NULL;
    c->job.args = x;
    c->job.command = &command_erase;
out:
    json_decref(body);
    return rc;
}

static enum rc erase_show(struct call *c, struct err *e)
{
    struct erase_call *x = c->job.args;
    if (!x->x.dry_run) {
        enum rc rc = RC_OK;
        for (size_t i = 0; i < x->blobs.len && rc == RC_OK; i++)
            rc = file_store_forget(c->db, c->app->folders[FOLDER_FILES], str_c(x->blobs.ptr[i]), e);
        forget_blobs(x);
        return rc == RC_OK ? call_show(c, entity_by_id(ENT_CONTACT), c->id, e) : rc;
    }
    forget_blobs(x);
    const struct {
        const char *key;
        int64_t n;
    } counts[] = {{"contacts", x->out.contacts}, {"contact-points", x->out.points},
                  {"notes", x->out.notes},       {"tasks", x->out.tasks},
                  {"files", x->out.files},       {"deals", x->out.deals},
                  {"buyers", x->out.buyers},     {"competitor-offers", x->out.offers},
                  {"events", x->out.events},     {"messages", x->out.payloads}};
    struct jw w = call_json(c);
    jw_obj(&w);
    jw_key(&w, "erases");
    jw_obj(&w);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        jw_ki64(&w, counts[i].key, counts[i].n);
    jw_end_obj(&w);
    jw_end_obj(&w);
    return RC_OK;
}

struct restrict_call {
    bool restricted;
    struct str reason;
};

static enum rc restrict_apply(struct change *ch, struct command_job *j, struct err *e)
{
    const struct restrict_call *x = j->args;
    j->out_id = j->id;
    TRY(as_expected(ch, j, entity_by_id(ENT_CONTACT), e));
    return contact_restrict(ch, j->id, x->restricted, x->reason, e);
}
static const struct command command_restrict = {"contact.restrict", restrict_apply};

static enum rc restrict_prepare(struct call *c, struct err *e)
{
    static const char *const keys[] = {"restricted", "reason", NULL};
    struct restrict_call *x = ARENA_NEW(c->r->arena, struct restrict_call);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc;
    TRY_OUT(body_only(body, keys, e));
    if (!json_object_get(body, "restricted")) {
        rc = err_set(e, RC_UNPROCESSABLE, "required", "restricted", NULL);
        goto out;
    }
    TRY_OUT(read_flag(body, "restricted", &x->restricted, e));
    TRY_OUT(read_reason(c, body, &x->reason, e));
    c->job.args = x;
    c->job.command = &command_restrict;
out:
    json_decref(body);
    return rc;
}

static enum rc contact_show(struct call *c, struct err *e)
{
    return call_show(c, entity_by_id(ENT_CONTACT), c->id, e);
}

#define QUERY_LIKE "name phone email inn kpp company_id but"
const struct route contact_routes[] = {
    {"GET", "/api/contacts/duplicates-of", RUN_POOL, MAY_READ, NULL, "Contacts like one that is being entered",
     duplicates_of_handle, NULL, QUERY_LIKE, NULL, "duplicates-of", 0},
    {"GET", "/api/companies/duplicates-of", RUN_POOL, MAY_READ, NULL, "Companies like one that is being entered",
     duplicates_of_handle, NULL, QUERY_LIKE, NULL, "duplicates-of", 0},
    {"GET", "/api/contacts/duplicates", RUN_POOL, MAY_READ, NULL, "Contacts that are there twice", duplicates_handle,
     NULL, "cursor limit", NULL, "duplicates", 0},
    {"GET", "/api/companies/duplicates", RUN_POOL, MAY_READ, NULL, "Companies that are there twice", duplicates_handle,
     NULL, "cursor limit", NULL, "duplicates", 0},
    {"POST", "/api/contacts/{id}/merge", RUN_WRITE, MAY_SELL, NULL, "Several contacts become one; undo takes it back",
     merge_show, merge_prepare, NULL, "merge", "contact", 0, .can = CAN_MERGE},
    {"POST", "/api/companies/{id}/merge", RUN_WRITE, MAY_SELL, NULL, "Several companies become one; undo takes it back",
     merge_show, merge_prepare, NULL, "merge", "company", 0, .can = CAN_MERGE},
    {"GET", "/api/contacts/{id}/personal-data", RUN_POOL, MAY_ADMIN, NULL, "All that is kept of a person",
     personal_data_handle, NULL, NULL, NULL, "personal-data", 0, .can = CAN_ERASE},
    {"POST", "/api/contacts/{id}/restrict", RUN_WRITE, MAY_ADMIN, NULL, "Restrict the processing of a contact's data",
     contact_show, restrict_prepare, NULL, "restrict", "contact", 0, .can = CAN_ERASE},
    {"POST", "/api/contacts/{id}/erase", RUN_WRITE, MAY_ADMIN, NULL,
     "Erase a contact's personal data; cannot be taken back", erase_show, erase_prepare, NULL, "erase", "contact", 0,
     .can = CAN_ERASE},
};
const size_t contact_routes_n = sizeof contact_routes / sizeof *contact_routes;
