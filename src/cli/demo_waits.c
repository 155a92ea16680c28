/* What is under way when the history ends: deals that wait for a date or for something to come, clients who wait for an
 * answer, offers to be heard of, timers that run. Through the ordinary commands, for the newest open deals. */
#include "cli/demo_fill_impl.h"
#include "crm/engine.h"
#include "crm/workday.h"
#include "rules/rules.h"
#include "rules/timer.h"
#include "rules/waiting.h"

#define DEALS_MOST 360
#define WAITS 3

struct open_deal {
    int64_t id;
    unsigned owner;
};
struct under_way {
    struct filler *f;
    int64_t now;
    struct open_deal *deals;
    size_t n;
};

static enum rc load_open(struct under_way *u, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    u->deals = ARENA_ARRAY(u->f->tx->arena, struct open_deal, DEALS_MOST);
    TRY(db_prepare(
        u->f->tx->db, &s,
        "SELECT id, owner_id FROM deal WHERE status = 0 AND owner_id IS NOT NULL AND stage_entered_at < $1 AND"
        " deleted_at IS NULL ORDER BY id DESC LIMIT $2",
        e));
    stmt_i64(s, 1, u->now - 2 * MS_DAY);
    stmt_i64(s, 2, DEALS_MOST);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        u->deals[u->n++] = (struct open_deal){stmt_col_i64(s, 0), demo_user_of(u->f, stmt_col_i64(s, 1))};
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- deals that are put off ---- */

static enum rc put_off(struct under_way *u, struct err *e)
{
    static const struct {
        const char *name, *comment;
        int needed;
    } waits[WAITS] = {{"Группа «Работы на высоте» соберётся", "Учим от двадцати человек", 40},
                      {"Бюджет следующего года утверждён", "Отдел кадров подтвердит", 0},
                      {"Площадка после ремонта открыта", NULL, 0}};
    int64_t ids[WAITS];
    for (size_t i = 0; i < WAITS; i++) {
        json_t *body = json_pack("{s:s}", "name", waits[i].name);
        if (waits[i].comment)
            json_object_set_new(body, "comment", json_string(waits[i].comment));
        if (waits[i].needed)
            json_object_set_new(body, "needed", json_integer(waits[i].needed));
        TRY(demo_create(u->f, DEMO_DIRECTOR, u->now - 40 * MS_DAY, ENT_WAIT, body, &ids[i], e));
    }
    for (size_t i = 3, k = 0; i < u->n; i += 11, k++) {
        int64_t until = u->now / MS_DAY * MS_DAY + (5 + (int64_t)k * 3 % 60) * MS_DAY + 6 * MS_HOUR;
        json_t *body = k % 2 ? json_pack("{s:I}", "wait_id", (json_int_t)ids[k / 2 % WAITS])
                             : json_pack("{s:I}", "deferred_until", (json_int_t)until);
        TRY(demo_change(u->f, u->deals[i].owner, u->now - MS_DAY, ENT_DEAL, u->deals[i].id, body, e));
    }
    return RC_OK;
}

/* ---- clients who wait for an answer ---- */

/* Some still do; the others had to wait for hours, with some sellers for longer. */
static enum rc keep_waiting(struct under_way *u, struct err *e)
{
    for (size_t i = 5, k = 0; i < u->n; i += 6, k++) {
        const struct open_deal *d = &u->deals[i];
        bool still = k % 4 == 0;
        int64_t since = u->now - (still ? (int64_t)(1 + k % 3) * 9 * MS_HOUR : (int64_t)(4 + k % 9) * MS_DAY),
                till = since + (int64_t)(1 + (k + d->owner) % 9) * 5 * MS_HOUR;
        TRY(demo_change(u->f, d->owner, since, ENT_DEAL, d->id, json_pack("{s:I}", "waiting_since", (json_int_t)since),
                        e));
        if (!still)
            TRY(demo_change(u->f, d->owner, till, ENT_DEAL, d->id, json_pack("{s:n}", "waiting_since"), e));
    }
    return RC_OK;
}

enum rc demo_waits_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct under_way u = {.f = (struct filler *)job};
    u.now = u.f->w->opt.as_of;
    u.f->tx = tx;
    u.f->written = 0;
    TRY(load_open(&u, e));
    TRY(put_off(&u, e));
    return keep_waiting(&u, e);
}

/* ---- timers ---- */

static enum rc deals_of(struct filler *f, const struct trigger *t, int64_t offset_ms, int64_t **ids, size_t *n,
                        struct err *e)
{
    VEC(int64_t) found = {0};
    struct sqlb q = sqlb_new(f->tx->arena);
    const struct filter_env env = {.now = f->w->opt.as_of, .offset_ms = offset_ms};
    struct stmt *s;
    enum rc rc;
    sqlb_c(&q, "SELECT d.id ");
    TRY_OUT(waiting_sql(&q, f->tx->arena, t, &env, e));
    sqlb_c(&q, " ORDER BY d.id");
    TRY_OUT(sqlb_prepare(&q, f->tx->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&found, stmt_col_i64(s, 0));
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    *n = found.len;
    *ids = ARENA_ARRAY(f->tx->arena, int64_t, found.len + 1);
    if (found.len)
        memcpy(*ids, found.ptr, found.len * sizeof **ids);
out:
    vec_free(&found);
    sqlb_free(&q);
    return rc;
}

/* Nothing happens by itself in the first day that somebody looks at the company. */
static enum rc run_timer(struct change *ch, const struct trigger *t, int64_t deal_id, struct err *e)
{
    struct record *deal;
    struct calendar work;
    int64_t anchor, due;
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_DEAL), deal_id, false, &deal, e));
    TRY(calendar_of_user(ch->tx->db, ch->tx->arena, val_i(deal->f[DEAL_OWNER_ID], 0), &work, e));
    if (!timer_due(t, deal, deal->updated_at, &work, &anchor, &due) || due < ch->at + MS_DAY)
        return RC_OK;
    return timer_plan(ch, t, deal_id, anchor, due, e);
}

/* The clocks of the rules run for the cards that stand there already, as an administrator starts them. Where the
 * history ends in the past all of them would go off as soon as a server looks. */
enum rc demo_timers_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct filler *f = (struct filler *)job;
    struct rule_set *set;
    struct change ch = change_begin(tx, demo_actor(f, DEMO_ADMIN));
    f->tx = tx;
    f->written = 0;
    ch.at = f->w->opt.as_of;
    if (ch.at < tx->now - MS_HOUR)
        return RC_OK;
    TRY(rules_load(tx->db, tx->arena, &set, e));
    for (size_t i = 0; i < set->n_triggers; i++) {
        const struct trigger *t = set->triggers[i];
        int64_t *ids;
        size_t n;
        if (t->event.on != ON_TIMER || !t->enabled || t->subject != ENT_DEAL)
            continue;
        TRY(deals_of(f, t, set->offset_ms, &ids, &n, e));
        for (size_t k = 0; k < n; k++)
            TRY(run_timer(&ch, t, ids[k], e));
    }
    f->written = ch.events;
    return RC_OK;
}
