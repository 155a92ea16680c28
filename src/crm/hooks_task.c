/* Tasks, notes, products of deals and the small lists. */
#include "crm/clients.h"
#include "crm/deal_move.h"
#include "crm/hooks.h"
#include "crm/task_flow.h"
#include <math.h>

static void default_owner(struct change *ch, const struct record *was, struct val *owner)
{
    if (!was && owner->kind == VAL_ABSENT && ch->actor.user_id)
        *owner = val_int(ch->actor.user_id);
}

/* ---- tasks ---- */

/* Done wants a result; when and by whom comes from the clock, or while undoing from the journal. */
static enum rc done_rules(struct change *ch, const struct record *was, struct record *will, struct err *e)
{
    bool before = was && was->f[TASK_DONE].i, done = will->f[TASK_DONE].i;
    if (done && !val_has(will->f[TASK_RESULT]) && !ch->undoes)
        return err_set(e, RC_UNPROCESSABLE, "result_required", "result", NULL);
    if (ch->undoes || done == before)
        return RC_OK;
    bool by_itself =
        ch->inner || ch->actor.via == VIA_TRIGGER || ch->actor.via == VIA_PROCESS; /* has no words to say */
    if (done && !by_itself && ch->actor.via != VIA_IMPORT && ch->actor.via != VIA_DEMO &&
        str_utf8_letters(will->f[TASK_RESULT].s, 2) < 2)
        return err_set(e, RC_UNPROCESSABLE, "result_says_nothing", "result", NULL);
    will->f[TASK_DONE_AT] = done ? val_int(ch->at) : val_null();
    will->f[TASK_DONE_BY] = done && ch->actor.user_id ? val_int(ch->actor.user_id) : val_null();
    return RC_OK;
}

HOOK_BEFORE(task)
{
    if (!will || (was && was->deleted_at))
        return RC_OK;
    default_owner(ch, was, &will->f[TASK_OWNER_ID]);
    if (was && !val_eq(was->f[TASK_DUE_AT], will->f[TASK_DUE_AT])) {
        TRY(deadline_rules(ch, was, will, e));
        if (!ch->undoes) /* another deadline answers who has asked for one */
            will->f[TASK_ASKED_DUE_AT] = will->f[TASK_ASKED_REASON] = val_null();
    }
    if (!was && !val_has(will->f[TASK_AUTHOR_ID]) && ch->actor.user_id)
        will->f[TASK_AUTHOR_ID] = val_int(ch->actor.user_id);
    TRY(done_rules(ch, was, will, e));
    return involvement_mark(ch, was, will, e);
}

enum verb task_verb(const struct record *was, const struct record *is)
{
    return is->f[TASK_DONE].i && !was->f[TASK_DONE].i ? VERB_DONE : VERB_UPDATED;
}

static bool is_contact(const struct record *task)
{
    return task->f[TASK_KIND].i != TASK_TODO;
}

/* A task that has just been done: the client was spoken to, the next of its row is due. */
static enum rc when_done(struct change *ch, const struct record *was, const struct record *is, bool unanswered,
                         struct err *e)
{
    if (!is || !is->f[TASK_DONE].i || (was && was->f[TASK_DONE].i) || ch->actor.via == VIA_UNDO)
        return RC_OK;
    int64_t cause = ch->cause;
    enum rc rc = RC_OK;
    ch->cause = ch->seq;
    if (is_contact(is) && val_has(is->f[TASK_DEAL_ID]))
        rc = deal_contacted(ch, is->f[TASK_DEAL_ID].i, val_i(is->f[TASK_CONTACT_ID], 0), unanswered,
                            val_i(is->f[TASK_DONE_AT], ch->at), e);
    if (rc == RC_OK && was)
        rc = task_repeat(ch, is, e);
    ch->cause = cause;
    return rc;
}

HOOK_AFTER(task)
{
    struct val old = was ? was->f[TASK_DEAL_ID] : val_null(), new = is ? is->f[TASK_DEAL_ID] : val_null();
    bool same = was && is && !was->deleted_at && val_eq(old, new) && val_eq(was->f[TASK_DONE], is->f[TASK_DONE]) &&
                val_eq(was->f[TASK_DUE_AT], is->f[TASK_DUE_AT]) && val_eq(was->f[TASK_KIND], is->f[TASK_KIND]);
    bool unanswered = false;
    TRY(involvement_tell(ch, was, is, e));
    if (same)
        return RC_OK;
    if (val_has(old))
        TRY(deal_tasks_changed(ch, old.i, &unanswered, e));
    if (val_has(new) && !val_eq(old, new))
        TRY(deal_tasks_changed(ch, new.i, &unanswered, e));
    return when_done(ch, was, is, unanswered, e);
}

/* What has a channel is a message: it came in or went out. */
HOOK_BEFORE(note)
{
    if (!will)
        return RC_OK;
    if (!was && ch->actor.user_id)
        will->f[NOTE_AUTHOR_ID] = val_int(ch->actor.user_id);
    bool channel = val_has(will->f[NOTE_CHANNEL]), direction = val_has(will->f[NOTE_DIRECTION]);
    return channel == direction ? RC_OK : err_set(e, RC_INVALID, "required", channel ? "direction" : "channel", NULL);
}

HOOK_AFTER(note)
{
    return note_flow(ch, was, is, e);
}

/* ---- products ---- */

/* quantity * price * (1 - discount), rounded half away from zero. */
static enum rc product_sum(struct record *r, struct err *e)
{
    long double sum = (long double)r->f[DEAL_PRODUCT_QUANTITY].f * (long double)r->f[DEAL_PRODUCT_PRICE_MINOR].i;
    sum = sum * (100.0L - (long double)r->f[DEAL_PRODUCT_DISCOUNT_PERCENT].f) / 100.0L;
    sum = roundl(sum);
    if (!(sum >= 0 && sum <= (long double)MONEY_MOST))
        return err_set(e, RC_UNPROCESSABLE, "sum_too_large", "quantity", NULL);
    r->f[DEAL_PRODUCT_SUM_MINOR] = val_int((int64_t)sum);
    return RC_OK;
}

static void as_real(struct val *v)
{
    if (v->kind == VAL_INT)
        *v = (struct val){.kind = VAL_REAL, .f = (double)v->i};
}

HOOK_BEFORE(deal_product)
{
    if (!will)
        return gates_keep_hanging(ch, val_i(was->f[DEAL_PRODUCT_DEAL_ID], 0), was->id, true, e);
    if (was && was->deleted_at)
        return RC_OK;
    if (!was && !val_has(will->f[DEAL_PRODUCT_PRICE_MINOR])) {
        int64_t price;
        TRY(QUERY_I64(ch->tx->db, &price, -1, e, "SELECT price_minor FROM product WHERE id = $1",
                      will->f[DEAL_PRODUCT_PRODUCT_ID].i));
        if (price < 0)
            return err_set(e, RC_UNPROCESSABLE, "required", "price_minor", NULL);
        will->f[DEAL_PRODUCT_PRICE_MINOR] = val_int(price);
    }
    as_real(&will->f[DEAL_PRODUCT_QUANTITY]);
    as_real(&will->f[DEAL_PRODUCT_DISCOUNT_PERCENT]);
    if (!val_has(will->f[DEAL_PRODUCT_QUANTITY]) || !val_has(will->f[DEAL_PRODUCT_DISCOUNT_PERCENT]) ||
        !val_has(will->f[DEAL_PRODUCT_PRICE_MINOR]))
        return RC_OK; /* the check for required fields names it */
    if (will->f[DEAL_PRODUCT_QUANTITY].f <= 0)
        return err_set(e, RC_UNPROCESSABLE, "not_positive", "quantity", NULL);
    return product_sum(will, e);
}

HOOK_BEFORE(product)
{
    (void)was;
    return will ? default_currency(ch, &will->f[PRODUCT_CURRENCY], e) : RC_OK;
}

HOOK_BEFORE(campaign)
{
    (void)was;
    if (!will)
        return RC_OK;
    struct val from = will->f[CAMPAIGN_STARTS_ON], to = will->f[CAMPAIGN_ENDS_ON];
    if (val_has(from) && val_has(to) && from.i > to.i)
        return err_set(e, RC_UNPROCESSABLE, "ends_before_start", "ends_on", NULL);
    return default_currency(ch, &will->f[CAMPAIGN_CURRENCY], e);
}

/* ---- people and small lists ---- */

HOOK_BEFORE(source)
{
    (void)was;
    return will ? next_position(ch, "SELECT max(position) FROM source WHERE deleted_at IS NULL", 0,
                                &will->f[SOURCE_POSITION], e)
                : RC_OK;
}

HOOK_BEFORE(loss_reason)
{
    (void)was;
    return will ? next_position(ch, "SELECT max(position) FROM loss_reason WHERE deleted_at IS NULL", 0,
                                &will->f[LOSS_REASON_POSITION], e)
                : RC_OK;
}

HOOK_BEFORE(deal_class)
{
    (void)was;
    return will ? next_position(ch, "SELECT max(position) FROM deal_class WHERE deleted_at IS NULL", 0,
                                &will->f[DEAL_CLASS_POSITION], e)
                : RC_OK;
}
