/* Moving a deal: what it would ask, and setting that aside with a reason. */
#include "api/api.h"
#include "crm/gates.h"

static enum rc move_show(struct call *c, struct err *e)
{
    struct move_question q = {.deal_id = c->id, .rights = c->rights, .lang = call_locale(c)};
    TRY(call_param_i64(c, "stage_id", 0, 1, INT64_MAX, &q.stage_id, e));
    TRY(call_param_i64(c, "loss_reason_id", 0, 1, INT64_MAX, &q.loss_reason_id, e));
    if (!q.stage_id)
        return err_set(e, RC_INVALID, "required", "stage_id", NULL);
    return move_preview(c->db, c->r->arena, &q, http_body(c->r), e);
}

/* ---- overrides ---- */

#define REASON_MOST 500

struct set_aside {
    struct str reason;
};

static enum rc note(struct change *ch, const struct command_job *j, struct str missing, struct err *e)
{
    const struct set_aside *a = j->args;
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_kstr(&w, "reason", a->reason);
    jw_ki64(&w, "stage_id", j->record->f[DEAL_STAGE_ID].i);
    jw_key(&w, "missing");
    jw_raw(&w, missing);
    jw_end_obj(&w);
    enum rc rc = change_note_event(ch, ENT_DEAL, j->id, VERB_OVERRIDDEN, buf_view(&b), e);
    buf_free(&b);
    return rc;
}

/* Where nothing is missing it is an ordinary move, and counts as one. */
static enum rc override_apply(struct change *ch, struct command_job *j, struct err *e)
{
    struct override override = {.deal_id = j->id};
    j->out_id = j->id;
    ch->override = &override;
    enum rc rc = change_update(ch, j->id, j->expect_version, j->record, e);
    ch->override = NULL;
    return rc == RC_OK && override.missing.ptr ? note(ch, j, override.missing, e) : rc;
}
static const struct command command_override = {"deal.override", override_apply};

static enum rc read_reason(struct call *c, json_t *body, struct str *out, struct err *e)
{
    TRY(body_text(body, "reason", c->r->arena, out, e));
    *out = str_trim(*out);
    TRY(reason_check(*out, "reason", e));
    if (str_utf8_len(*out) > REASON_MOST)
        return err_set(e, RC_UNPROCESSABLE, "too_long", "reason", "%d", REASON_MOST);
    json_object_del(body, "reason");
    return RC_OK;
}

static enum rc read_override(struct call *c, json_t *body, struct set_aside *a, struct err *e)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    TRY(read_reason(c, body, &a->reason, e));
    TRY(rights_refuse_hidden(c->rights, deal, body, e));
    TRY(record_from_json(c->r->arena, deal, body, false, &c->job.record, e));
    if (!val_has(c->job.record->f[DEAL_STAGE_ID]))
        return err_set(e, RC_UNPROCESSABLE, "required", "stage_id", NULL);
    if (c->job.record->f[DEAL_MOVE_REASON].kind == VAL_ABSENT) /* one reason for both is enough */
        c->job.record->f[DEAL_MOVE_REASON] = val_str(a->reason);
    return RC_OK;
}

static enum rc override_prepare(struct call *c, struct err *e)
{
    struct set_aside *a = ARENA_NEW(c->r->arena, struct set_aside);
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = read_override(c, body, a, e);
    json_decref(body);
    c->job.ent = entity_by_id(ENT_DEAL);
    c->job.args = a;
    c->job.command = &command_override;
    return rc;
}

static enum rc override_show(struct call *c, struct err *e)
{
    return call_show(c, entity_by_id(ENT_DEAL), c->id, e);
}

const struct route move_routes[] = {
    {"GET", "/api/deals/{id}/move", RUN_POOL, MAY_READ, NULL, "What the move of a deal to a stage would ask", move_show,
     NULL, "stage_id loss_reason_id", NULL, "move", 0},
    {"POST", "/api/deals/{id}/override", RUN_WRITE, MAY_MANAGE, NULL,
     "Move a deal past what stages ask, with a reason that stays", override_show, override_prepare, NULL, "override",
     "deal", 0, .can = CAN_OVERRIDE},
};
const size_t move_routes_n = sizeof move_routes / sizeof *move_routes;
