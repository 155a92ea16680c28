/* Owners of a record over time, and handing over everything of somebody who leaves. */
#include "api/inside.h"
#include "crm/hand_over.h"
#include "crm/operation.h"

#define TO_MOST 100

static enum rc owners_handle(struct call *c, struct err *e)
{
    struct str rest, plural = str_cut((struct str){c->r->path.ptr + 5, c->r->path.len - 5}, '/', &rest); /* of /api/ */
    return owners_list(c->db, c->r->arena, entity_by_plural(plural), c->id, c->rights, http_body(c->r), e);
}

/* ---- handing over ---- */

static enum rc check_objects(const json_t *list, struct err *e)
{
    static const char *const known[] = {"deals", "contacts", "companies", "tasks"};
    if (!list)
        return RC_OK;
    if (!json_is_array(list))
        return err_set(e, RC_INVALID, "wrong_type", "objects", "array");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        bool found = false;
        for (size_t k = 0; name && k < sizeof known / sizeof *known; k++)
            found |= strcmp(name, known[k]) == 0;
        if (!found)
            return err_set(e, RC_UNPROCESSABLE, "unknown_value", "objects", "%s", name ? name : "");
    }
    return RC_OK;
}

static enum rc check_to(const json_t *list, struct err *e)
{
    if (!list)
        return err_set(e, RC_UNPROCESSABLE, "required", "to", NULL);
    if (!json_is_array(list))
        return err_set(e, RC_INVALID, "wrong_type", "to", "array");
    size_t n = json_array_size(list);
    if (n < 1 || n > TO_MOST)
        return err_set(e, RC_UNPROCESSABLE, n ? "too_long" : "required", "to", "%d", TO_MOST);
    for (size_t i = 0; i < n; i++)
        if (!json_is_integer(json_array_get(list, i)))
            return err_set(e, RC_INVALID, "wrong_type", "to", "integer");
    return RC_OK;
}

static enum rc check_body(struct call *c, const json_t *body, struct err *e)
{
    static const char *const keys[] = {"to", "objects", "reason", "deactivate", "dry_run", NULL};
    static const char *const flags[] = {"deactivate", "dry_run"};
    struct str reason;
    TRY(body_only(body, keys, e));
    TRY(check_to(json_object_get(body, "to"), e));
    TRY(check_objects(json_object_get(body, "objects"), e));
    for (size_t i = 0; i < 2; i++) {
        const json_t *v = json_object_get(body, flags[i]);
        if (v && !json_is_boolean(v))
            return err_set(e, RC_INVALID, "wrong_type", flags[i], "boolean");
    }
    const json_t *v = json_object_get(body, "reason");
    if (!v || json_is_null(v))
        return RC_OK;
    TRY(body_text(body, "reason", c->r->arena, &reason, e));
    if (str_utf8_len(reason) > 500)
        return err_set(e, RC_UNPROCESSABLE, "too_long", "reason", "500");
    return str_utf8_valid(reason) ? RC_OK : err_set(e, RC_INVALID, "bad_text", "reason", NULL);
}

static enum rc count(struct call *c, struct err *e)
{
    struct jw w = call_json(c);
    jw_obj(&w);
    TRY(hand_over_count(c->db, c->r->arena, *(struct str *)c->own, &w, e));
    jw_end_obj(&w);
    return RC_OK;
}

static enum rc hand_over_apply(struct change *ch, struct command_job *j, struct err *e)
{
    const struct operation_new *in = j->args;
    TRY(hand_over_check(ch, in->plan, e));
    return command_operation.apply(ch, j, e);
}
static const struct command command_hand_over = {"user.hand_over", hand_over_apply};

static enum rc hand_over_prepare(struct call *c, struct err *e)
{
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = check_body(c, body, e);
    bool dry = json_is_true(json_object_get(body, "dry_run"));
    struct str *plan = ARENA_NEW(c->r->arena, struct str);
    if (rc == RC_OK) {
        json_object_del(body, "dry_run");
        json_object_set_new(body, "user", json_integer(c->id));
        char *text = json_dumps(body, JSON_COMPACT);
        *plan = str_dup(c->r->arena, str_c(text));
        free(text);
    }
    json_decref(body);
    TRY(rc);
    if (dry) {
        c->own = plan;
        c->waits = true;
        c->status = 200;
        call_run_pool_read(c, count, call_send);
        return RC_OK;
    }
    struct operation_new *in = ARENA_NEW(c->r->arena, struct operation_new);
    *in = (struct operation_new){.kind = OPERATION_HAND_OVER, .object = STR("user"), .plan = *plan};
    c->job.args = in;
    c->job.command = &command_hand_over;
    return RC_OK;
}

const struct route people_routes[] = {
    {"GET", "/api/deals/{id}/owners", RUN_READ, MAY_READ, NULL, "Who owned a deal, from when to when and why",
     owners_handle, NULL, NULL, NULL, "owners", 0},
    {"GET", "/api/contacts/{id}/owners", RUN_READ, MAY_READ, NULL, "Who owned a contact, from when to when and why",
     owners_handle, NULL, NULL, NULL, "owners", 0},
    {"GET", "/api/companies/{id}/owners", RUN_READ, MAY_READ, NULL, "Who owned a company, from when to when and why",
     owners_handle, NULL, NULL, NULL, "owners", 0},
    {"POST", "/api/users/{id}/hand-over", RUN_WRITE, MAY_ADMIN, NULL,
     "Hand over everything of somebody who leaves, to one person or to several in turn", operation_show,
     hand_over_prepare, NULL, "hand-over", "operation", 202, .can = CAN_USERS},
};
const size_t people_routes_n = sizeof people_routes / sizeof *people_routes;
