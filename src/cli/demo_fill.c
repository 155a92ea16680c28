#include "cli/demo_fill_impl.h"
#include "crm/clients.h"
#include "crm/due.h"
#include "store/journal.h"
#include <stdlib.h>

#define CHUNK 40000 /* events a transaction */

struct actor demo_actor(const struct filler *f, unsigned user)
{
    return (struct actor){user == DEMO_SYSTEM ? 0 : f->user[user], user == DEMO_SYSTEM ? ROLE_ADMIN : ROLE_SELLER,
                          VIA_DEMO};
}

/* ---- lists: through the ordinary commands ---- */

enum rc demo_create(struct filler *f, unsigned actor, int64_t at, enum entity_id kind, json_t *body, int64_t *id,
                    struct err *e)
{
    struct change ch = change_begin(f->tx, demo_actor(f, actor));
    ch.at = at;
    ch.words_later = true;
    TRY(change_create_json(&ch, kind, body, id, e));
    f->written += ch.events;
    return RC_OK;
}

enum rc demo_change(struct filler *f, unsigned actor, int64_t at, enum entity_id kind, int64_t id, json_t *body,
                    struct err *e)
{
    struct change ch = change_begin(f->tx, demo_actor(f, actor));
    struct record *in = NULL;
    ch.at = at;
    enum rc rc = record_from_json(f->tx->arena, entity_by_id(kind), body, false, &in, e);
    json_decref(body);
    TRY(rc);
    TRY(change_update(&ch, id, 0, in, e));
    f->written += ch.events;
    return RC_OK;
}

unsigned demo_user_of(const struct filler *f, int64_t id)
{
    for (unsigned i = 0; i < DEMO_USERS; i++)
        if (f->user[i] == id)
            return i;
    return DEMO_SYSTEM;
}

static enum rc refuse_full(struct db *db, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "SELECT (SELECT count(*) FROM funnel) + (SELECT count(*) FROM deal)", e));
    enum rc rc = stmt_step(s, e);
    int64_t n = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    if (rc == RC_ROW && n > 0)
        return err_set(e, RC_CONFLICT, "demo_not_empty", "", NULL);
    return rc == RC_ROW ? RC_OK : rc;
}

/* The ids of one list in order of their creation; `more` narrows it. */
static enum rc ids_of(struct filler *f, const char *table, const char *more, int64_t *out, size_t n, struct err *e)
{
    struct str sql = str_fmt(f->tx->arena, "SELECT id FROM %s WHERE deleted_at IS NULL %s ORDER BY id", table, more);
    struct stmt *s;
    enum rc rc;
    size_t i = 0;
    TRY(db_prepare(f->tx->db, &s, sql.ptr, e));
    while ((rc = stmt_step(s, e)) == RC_ROW && i < n)
        out[i++] = stmt_col_i64(s, 0);
    stmt_done(s);
    if (i < n && (rc == RC_DONE || rc == RC_ROW))
        return err_set(e, RC_INTERNAL, "bad_preset", "", "%s", table);
    return rc == RC_DONE || rc == RC_ROW ? RC_OK : rc;
}

static enum rc create_people(struct filler *f, int64_t at, struct err *e)
{
    for (size_t i = 0; i < DEMO_USERS; i++) {
        const struct demo_person *p = &demo_staff[i];
        TRY(demo_create(f, DEMO_SYSTEM, at, ENT_USER,
                        json_pack("{s:s,s:s,s:s}", "name", p->name, "email", p->email, "role", p->role), &f->user[i],
                        e));
    }
    return RC_OK;
}

static enum rc create_funnels(struct filler *f, int64_t at, struct err *e)
{
    for (unsigned i = 0; i < DEMO_FUNNELS; i++) {
        const struct demo_funnel_model *m = &demo_funnels[i];
        struct change ch = change_begin(f->tx, demo_actor(f, DEMO_ADMIN));
        struct preset_as as = {str_c(m->name), str_c(m->kind), str_c(m->currency), STR("ru"), i + 1};
        ch.at = at;
        TRY(preset_create_funnel(&ch, f->w->funnels[i], &as, &f->funnel[i], e));
        f->written += ch.events;
        struct str of = str_fmt(f->tx->arena, "AND funnel_id = %lld", (long long)f->funnel[i]);
        TRY(ids_of(f, "stage", of.ptr, f->stage[i], f->w->funnels[i]->n_stages, e));
    }
    return RC_OK;
}

static enum rc create_lists(struct filler *f, int64_t at, struct err *e)
{
    static const char *const tags[DEMO_TAGS][2] = {{"нужен выезд", "#e0912f"},
                                                   {"срочно", "#c0504d"},
                                                   {"постоплата", "#8e6ad8"},
                                                   {"VIP", "#d8b22c"},
                                                   {"группа набирается", "#2aa5b8"}};
    struct change ch = change_begin(f->tx, demo_actor(f, DEMO_ADMIN));
    ch.at = at;
    TRY(preset_ensure_lists(&ch, f->w->training, STR("ru"), e));
    f->written += ch.events;
    for (size_t i = 0; i < DEMO_TAGS; i++)
        TRY(demo_create(f, DEMO_SYSTEM, at, ENT_TAG, json_pack("{s:s,s:s}", "name", tags[i][0], "colour", tags[i][1]),
                        &f->tag[i], e));
    TRY(ids_of(f, "loss_reason", "AND funnel_id IS NULL", f->reason, 8, e));
    struct str of = str_fmt(f->tx->arena, "AND funnel_id = %lld", (long long)f->funnel[DEMO_TENDERS]);
    TRY(ids_of(f, "loss_reason", of.ptr, f->reason + 8, 4, e));
    TRY(ids_of(f, "source", "", f->source, 12, e));
    TRY(ids_of(f, "deal_class", "", f->class_of, 3, e));
    return ids_of(f, "product", "", f->product, DEMO_PRODUCTS, e);
}

static enum rc start_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct filler *f = (struct filler *)job;
    int64_t at = f->w->base_at + 6 * MS_HOUR;
    f->tx = tx;
    f->written = 0;
    TRY(refuse_full(tx->db, e));
    TRY(demo_setup_settings(f, at, e));
    TRY(create_people(f, at, e));
    TRY(demo_setup_teams(f, at, e));
    TRY(create_funnels(f, at, e));
    TRY(create_lists(f, at, e));
    return demo_setup_fields(f, at, e);
}

static enum rc create_campaign(struct filler *f, size_t i, struct err *e)
{
    const struct demo_campaign *c = &f->w->campaigns[i];
    int64_t at = f->w->base_at + (c->starts_on - f->w->base_on) * MS_DAY;
    return demo_create(f, DEMO_SYSTEM, at, ENT_CAMPAIGN,
                       json_pack("{s:s,s:I,s:s,s:I,s:s,s:o,s:o}", "name", c->name, "source_id",
                                 (json_int_t)f->source[c->source], "utm_campaign", c->utm_campaign, "cost_minor",
                                 (json_int_t)c->cost_minor, "currency", c->currency, "starts_on",
                                 json_text(date_format(f->tx->arena, c->starts_on)), "ends_on",
                                 json_text(date_format(f->tx->arena, c->ends_on))),
                       &f->campaign[i], e);
}

/* ---- the history ---- */

struct record *demo_blank(struct record *r, int64_t at)
{
    bulk_clear(r);
    r->created_at = r->updated_at = at;
    return r;
}

static struct val some(struct str s)
{
    return s.len ? val_str(s) : val_null();
}

enum rc demo_row_and_event(struct filler *f, struct record *r, const struct demo_event *ev, int64_t *id, struct err *e)
{
    TRY(bulk_insert(f->tx, r, e));
    *id = r->id;
    f->written++;
    return bulk_event(f->tx, demo_actor(f, ev->actor), demo_at(f->w, ev->t), r->id, VERB_CREATED, NULL, r, &f->scratch,
                      e);
}

static enum rc add_company(struct filler *f, const struct demo_event *ev, struct err *e)
{
    struct arena *a = f->tx->arena;
    struct demo_company_text t = demo_company_text(f->w, a, ev->object);
    struct record *r = demo_blank(f->is[ENT_COMPANY], demo_at(f->w, ev->t));
    r->f[COMPANY_NAME] = val_str(t.name);
    r->f[COMPANY_INN] = val_str(t.inn);
    r->f[COMPANY_KPP] = val_str(t.kpp);
    r->f[COMPANY_PHONE] = val_str(t.phone);
    r->f[COMPANY_EMAIL] = val_str(t.email);
    r->f[COMPANY_WEBSITE] = val_str(str_fmt(a, "https://%.*s", STR_ARG(t.website)));
    r->f[COMPANY_ADDRESS] = val_str(t.address);
    r->f[COMPANY_COUNTRY] = val_str(STR("Россия"));
    r->f[COMPANY_INDUSTRY] = val_str(t.industry);
    r->f[COMPANY_OWNER_ID] = val_int(f->user[f->w->companies.ptr[ev->object].owner]);
    demo_own_of_company(f, ev->object, r);
    TRY(demo_row_and_event(f, r, ev, &f->company[ev->object], e));
    return demo_more_of_company(f, ev, e);
}

static enum rc add_contact(struct filler *f, const struct demo_event *ev, struct err *e)
{
    const struct demo_contact *c = &f->w->contacts.ptr[ev->object];
    struct demo_contact_text t = demo_contact_text(f->w, f->tx->arena, ev->object);
    struct record *r = demo_blank(f->is[ENT_CONTACT], demo_at(f->w, ev->t));
    r->f[CONTACT_NAME] = val_str(t.name);
    r->f[CONTACT_CONSENT] = val_int(CONSENT_UNKNOWN);
    r->f[CONTACT_RESTRICTED] = val_int(0);
    r->f[CONTACT_PHONE] = some(t.phone);
    r->f[CONTACT_EMAIL] = some(t.email);
    r->f[CONTACT_POSITION] = some(t.position);
    if (c->company != DEMO_NONE)
        r->f[CONTACT_COMPANY_ID] = val_int(f->company[c->company]);
    r->f[CONTACT_OWNER_ID] = val_int(f->user[c->owner]);
    demo_own_of_contact(f, ev->object, r);
    TRY(demo_row_and_event(f, r, ev, &f->contact[ev->object], e));
    return demo_more_of_contact(f, ev, e);
}

static void deal_origin(struct filler *f, const struct demo_deal *d, struct record *r)
{
    r->f[DEAL_SOURCE_ID] = val_int(f->source[d->source]);
    if (d->campaign == 255)
        return;
    const struct demo_campaign *c = &f->w->campaigns[d->campaign];
    r->f[DEAL_CAMPAIGN_ID] = val_int(f->campaign[d->campaign]);
    r->f[DEAL_UTM_SOURCE] = val_str(str_c(c->utm_source));
    r->f[DEAL_UTM_MEDIUM] = val_str(str_c(c->utm_medium));
    r->f[DEAL_UTM_CAMPAIGN] = val_str(str_c(c->utm_campaign));
}

/* The deal on the day it came. */
static void deal_new(struct filler *f, uint32_t index, struct record *r)
{
    const struct demo_deal *d = &f->w->deals.ptr[index];
    struct rng rng = demo_stream(f->w, 10, index);
    int64_t at = demo_at(f->w, d->created);
    demo_blank(r, at);
    r->f[DEAL_TITLE] = val_str(demo_deal_title(f->w, f->tx->arena, index));
    r->f[DEAL_FUNNEL_ID] = val_int(f->funnel[d->funnel]);
    r->f[DEAL_STAGE_ID] = val_int(f->stage[d->funnel][d->first_stage]);
    r->f[DEAL_STATUS] = val_int(DEAL_OPEN);
    r->f[DEAL_VALUE_MINOR] = val_int(d->first_value_minor);
    if (d->cost_minor)
        r->f[DEAL_COST_MINOR] = val_int(d->cost_minor);
    r->f[DEAL_CURRENCY] = val_str(str_c(demo_funnels[d->funnel].currency));
    r->f[DEAL_OWNER_ID] = val_int(f->user[d->first_owner]);
    r->f[DEAL_CONTACT_ID] = val_int(f->contact[d->contact]);
    if (d->company != DEMO_NONE)
        r->f[DEAL_COMPANY_ID] = val_int(f->company[d->company]);
    r->f[DEAL_EXPECTED_CLOSE_ON] = val_int(f->w->base_on + d->expected_day);
    r->f[DEAL_DEAL_CLASS_ID] = val_int(f->class_of[d->cls]);
    int64_t belief = demo_belief(f->w, index);
    if (belief >= 0)
        r->f[DEAL_PROBABILITY] = val_int(belief);
    deal_origin(f, d, r);
    if (rng_unit(&rng) < 0.1) {
        int64_t *tag = ARENA_NEW(f->tx->arena, int64_t);
        *tag = f->tag[rng_range(&rng, 0, DEMO_TAGS - 1)];
        r->f[DEAL_TAG_IDS] = (struct val){.kind = VAL_SET, .set = {tag, 1}};
    }
    r->f[DEAL_RANK] = (struct val){.kind = VAL_REAL, .f = -(double)at}; /* the newest first */
    r->f[DEAL_STAGE_ENTERED_AT] = val_int(at);
    r->f[DEAL_OPEN_TASKS] = val_int(0);
    demo_own_of_deal(f, index, r);
}

static void deal_lost(struct filler *f, uint32_t index, struct record *r)
{
    unsigned reason = f->w->deals.ptr[index].reason;
    r->f[DEAL_LOSS_REASON_ID] = val_int(f->reason[reason]);
    r->f[DEAL_LOSS_CLASS] = val_int(reason == DEMO_BY_CLOCK ? LOSS_TIMEOUT : LOSS_DECISION);
    r->f[DEAL_LOSS_COMMENT] = some(demo_loss_comment(f->w, f->tx->arena, index));
}

#define SELLS (1u << 31)

static struct val product_sold(struct filler *f, uint32_t index)
{
    int64_t *id = ARENA_NEW(f->tx->arena, int64_t);
    *id = f->product[f->w->deals.ptr[index].product];
    return (struct val){.kind = VAL_SET, .set = {id, f->passed[index] & SELLS ? 1 : 0}};
}

static bool goes_back(const struct filler *f, const struct demo_event *ev)
{
    unsigned won = f->w->n_stages[f->w->deals.ptr[ev->object].funnel];
    return ev->kind == DEMO_EV_MOVE && ev->b < ev->a && ev->a <= won;
}

static struct val stages_passed(struct filler *f, uint32_t index)
{
    const int64_t *stage = f->stage[f->w->deals.ptr[index].funnel];
    int64_t *ids = ARENA_ARRAY(f->tx->arena, int64_t, DEMO_MAX_STAGES + 2);
    size_t n = 0;
    for (unsigned i = 0; i < DEMO_MAX_STAGES; i++)
        if (f->passed[index] >> i & 1)
            ids[n++] = stage[i];
    return (struct val){.kind = VAL_SET, .set = {ids, n}};
}

/* What became of it until now. */
static void deal_now(struct filler *f, uint32_t index, struct record *r)
{
    const struct demo_deal *d = &f->w->deals.ptr[index];
    r->version = 1 + f->changes[index];
    r->updated_at = demo_at(f->w, f->touched[index]);
    r->f[DEAL_STAGE_ID] = val_int(f->stage[d->funnel][d->stage]);
    r->f[DEAL_STATUS] = val_int(d->status);
    r->f[DEAL_VALUE_MINOR] = val_int(d->value_minor);
    r->f[DEAL_OWNER_ID] = val_int(f->user[d->owner]);
    r->f[DEAL_STAGE_IDS] = stages_passed(f, index);
    r->f[DEAL_PRODUCT_IDS] = product_sold(f, index);
    r->f[DEAL_RETURNS] = val_int(f->returns[index]);
    r->f[DEAL_UNPROFITABLE] = val_int(d->cost_minor > 0 && d->cost_minor > d->value_minor); /* 100 % */
    r->f[DEAL_STAGE_ENTERED_AT] = val_int(demo_at(f->w, d->entered));
    r->f[DEAL_OPEN_TASKS] = val_int(d->open_tasks);
    if (d->open_tasks)
        r->f[DEAL_NEXT_TASK_AT] = val_int(demo_at(f->w, d->next_task));
    if (d->status != DEAL_OPEN)
        r->f[DEAL_CLOSED_AT] = val_int(demo_at(f->w, d->closed));
    if (d->status == DEAL_LOST)
        deal_lost(f, index, r);
}

/* Leads of private clients are to be answered within two working hours; sellers differ in how they keep to it. */
static void first_answer(struct filler *f, uint32_t deal, struct record *first, struct record *now)
{
    enum { HOUR = 3600, WITHIN = 2 * HOUR };
    const struct demo_deal *d = &f->w->deals.ptr[deal];
    struct rng rng = demo_stream(f->w, 16, deal);
    if (demo_funnels[d->funnel].firms)
        return;
    uint32_t begins = demo_to_work(f->w, &rng, d->created), due = begins + WITHIN;
    double takes = rng_lognormal(&rng, d->first_owner == DEMO_STRONG ? 25 * 60 : 55 * 60, 1.0);
    uint32_t answered = begins + (uint32_t)(takes < 72 * HOUR ? takes : 72 * HOUR);
    first->f[DEAL_FIRST_RESPONSE_DUE_AT] = now->f[DEAL_FIRST_RESPONSE_DUE_AT] = val_int(demo_at(f->w, due));
    if (answered > f->w->now)
        return;
    first->f[DEAL_FIRST_RESPONSE_AT] = now->f[DEAL_FIRST_RESPONSE_AT] = val_int(demo_at(f->w, answered));
    now->f[DEAL_LATE_ANSWER] = val_int(answered > due);
}

static enum rc add_deal(struct filler *f, const struct demo_event *ev, struct err *e)
{
    struct record *first = f->was[ENT_DEAL], *now = f->is[ENT_DEAL];
    deal_new(f, ev->object, first);
    *now = (struct record){.ent = now->ent, .created_at = first->created_at, .f = now->f};
    memcpy(now->f, first->f, sizeof *now->f * now->ent->n_fields);
    first_answer(f, ev->object, first, now);
    deal_now(f, ev->object, now);
    TRY(bulk_insert(f->tx, now, e));
    f->deal[ev->object] = now->id;
    f->written++;
    TRY(bulk_event(f->tx, demo_actor(f, ev->actor), first->created_at, now->id, VERB_CREATED, NULL, first, &f->scratch,
                   e));
    return demo_more_of_deal(f, ev, e);
}

static enum rc add_product(struct filler *f, const struct demo_event *ev, struct err *e)
{
    const struct demo_deal *d = &f->w->deals.ptr[ev->object];
    struct record *r = demo_blank(f->is[ENT_DEAL_PRODUCT], demo_at(f->w, ev->t));
    int64_t id;
    r->f[DEAL_PRODUCT_DEAL_ID] = val_int(f->deal[ev->object]);
    r->f[DEAL_PRODUCT_PRODUCT_ID] = val_int(f->product[d->product]);
    r->f[DEAL_PRODUCT_QUANTITY] = (struct val){.kind = VAL_REAL, .f = d->seats};
    r->f[DEAL_PRODUCT_PRICE_MINOR] = val_int(d->price_minor);
    r->f[DEAL_PRODUCT_DISCOUNT_PERCENT] = (struct val){.kind = VAL_REAL, .f = d->discount};
    r->f[DEAL_PRODUCT_SUM_MINOR] = val_int(d->price_minor * d->seats * (100 - d->discount) / 100);
    return demo_row_and_event(f, r, ev, &id, e);
}

/* An event of a deal that changes a field or several. */
static enum rc change_deal(struct filler *f, const struct demo_event *ev, enum verb verb, struct err *e)
{
    const struct demo_deal *d = &f->w->deals.ptr[ev->object];
    struct record *was = f->was[ENT_DEAL], *is = f->is[ENT_DEAL];
    int64_t at = demo_at(f->w, ev->t);
    unsigned won = f->w->n_stages[d->funnel];
    bulk_clear(was);
    bulk_clear(is);
    if (ev->kind == DEMO_EV_OWNER) {
        was->f[DEAL_OWNER_ID] = val_int(f->user[ev->a]);
        is->f[DEAL_OWNER_ID] = val_int(f->user[ev->b]);
    } else if (ev->kind == DEMO_EV_VALUE) {
        was->f[DEAL_VALUE_MINOR] = val_int(d->first_value_minor);
        is->f[DEAL_VALUE_MINOR] = val_int(d->value_minor);
    } else {
        was->f[DEAL_STAGE_ID] = val_int(f->stage[d->funnel][ev->a]);
        is->f[DEAL_STAGE_ID] = val_int(f->stage[d->funnel][ev->b]);
        was->f[DEAL_STATUS] = val_int(DEAL_OPEN);
        is->f[DEAL_STATUS] = val_int(ev->b < won ? DEAL_OPEN : ev->b == won ? DEAL_WON : DEAL_LOST);
        if (ev->b >= won)
            is->f[DEAL_CLOSED_AT] = val_int(at);
        if (ev->b > won)
            deal_lost(f, ev->object, is);
    }
    f->written++;
    TRY(bulk_event(f->tx, demo_actor(f, ev->actor), at, f->deal[ev->object], verb, was, is, &f->scratch, e));
    if (!goes_back(f, ev))
        return RC_OK;
    int64_t seq;
    TRY(journal_last(f->tx->db, &seq, e));
    return deal_return_add(f->tx->db, f->deal[ev->object], seq, ev->a == f->w->n_stages[d->funnel], e);
}

static int64_t task_kind(const char *name)
{
    for (int64_t i = 0; task_kind_names[i]; i++)
        if (strcmp(task_kind_names[i], name) == 0)
            return i;
    return TASK_TODO;
}

static void task_done(struct filler *f, const struct demo_task *t, struct record *r)
{
    r->f[TASK_DONE] = val_int(1);
    r->f[TASK_RESULT] = val_str(str_c(demo_task_words[t->text].results[t->result]));
    r->f[TASK_DONE_AT] = val_int(demo_at(f->w, t->done));
    r->f[TASK_DONE_BY] = val_int(f->user[t->owner]);
}

static enum rc add_task(struct filler *f, const struct demo_event *ev, struct err *e)
{
    const struct demo_task *t = &f->w->tasks.ptr[ev->object];
    const struct demo_task_words *words = &demo_task_words[t->text];
    struct record *first = demo_blank(f->was[ENT_TASK], demo_at(f->w, ev->t)), *now = f->is[ENT_TASK];
    first->f[TASK_TITLE] = val_str(str_c(words->title));
    first->f[TASK_DEAL_ID] = val_int(f->deal[t->deal]);
    first->f[TASK_OWNER_ID] = val_int(f->user[t->owner]);
    first->f[TASK_DUE_AT] = val_int(demo_at(f->w, t->due));
    first->f[TASK_KIND] = val_int(task_kind(words->kind));
    first->f[TASK_DONE] = val_int(0);
    *now = (struct record){
        .ent = now->ent, .version = 1, .created_at = first->created_at, .updated_at = first->created_at, .f = now->f};
    memcpy(now->f, first->f, sizeof *now->f * now->ent->n_fields);
    if (t->done != DEMO_NONE) {
        task_done(f, t, now);
        now->version = 2;
        now->updated_at = demo_at(f->w, t->done);
    }
    TRY(bulk_insert(f->tx, now, e));
    f->task[ev->object] = now->id;
    f->written++;
    return bulk_event(f->tx, demo_actor(f, ev->actor), first->created_at, now->id, VERB_CREATED, NULL, first,
                      &f->scratch, e);
}

static enum rc finish_task(struct filler *f, const struct demo_event *ev, struct err *e)
{
    struct record *was = f->was[ENT_TASK], *is = f->is[ENT_TASK];
    bulk_clear(was);
    bulk_clear(is);
    was->f[TASK_DONE] = val_int(0);
    task_done(f, &f->w->tasks.ptr[ev->object], is);
    f->written++;
    return bulk_event(f->tx, demo_actor(f, ev->actor), demo_at(f->w, ev->t), f->task[ev->object], VERB_DONE, was, is,
                      &f->scratch, e);
}

static enum rc add_note(struct filler *f, const struct demo_event *ev, struct err *e)
{
    struct record *r = demo_blank(f->is[ENT_NOTE], demo_at(f->w, ev->t));
    int64_t id;
    r->f[NOTE_TEXT] = val_str(str_c(demo_notes[ev->a]));
    r->f[NOTE_DEAL_ID] = val_int(f->deal[ev->object]);
    r->f[NOTE_PINNED] = val_int(0);
    r->f[NOTE_AUTHOR_ID] = val_int(f->user[ev->actor]);
    return demo_row_and_event(f, r, ev, &id, e);
}

static enum rc write_event(struct filler *f, const struct demo_event *ev, struct err *e)
{
    switch ((enum demo_event_kind)ev->kind) {
    case DEMO_EV_COMPANY:
        return add_company(f, ev, e);
    case DEMO_EV_CONTACT:
        return add_contact(f, ev, e);
    case DEMO_EV_DEAL:
        return add_deal(f, ev, e);
    case DEMO_EV_PRODUCT:
        return add_product(f, ev, e);
    case DEMO_EV_OWNER:
    case DEMO_EV_VALUE:
        return change_deal(f, ev, VERB_UPDATED, e);
    case DEMO_EV_MOVE:
        return change_deal(f, ev, VERB_MOVED, e);
    case DEMO_EV_TASK:
        return add_task(f, ev, e);
    case DEMO_EV_TASK_DONE:
        return finish_task(f, ev, e);
    case DEMO_EV_NOTE:
        return add_note(f, ev, e);
    }
    return err_set(e, RC_INTERNAL, "bad_event", "", NULL);
}

static enum rc chunk_apply(struct wtx *tx, struct job *job, struct err *e)
{
    static const enum entity_id kinds[] = {ENT_COMPANY,     ENT_CONTACT,      ENT_CONTACT_POINT, ENT_DEAL,
                                           ENT_DEAL_MEMBER, ENT_DEAL_PRODUCT, ENT_TASK,          ENT_NOTE};
    struct filler *f = (struct filler *)job;
    const struct demo_event *events = f->w->events.ptr;
    f->tx = tx;
    f->written = f->twin_contacts = f->twin_companies = 0;
    demo_own_places(f);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        f->was[kinds[i]] = record_new(tx->arena, entity_by_id(kinds[i]));
        f->is[kinds[i]] = record_new(tx->arena, entity_by_id(kinds[i]));
    }
    /* campaigns come into being on the day they start; a job that runs again creates its own ones again */
    uint32_t begin = f->from ? events[f->from - 1].t : 0, end = events[f->to - 1].t;
    for (size_t i = 0; i < f->w->n_campaigns; i++) {
        uint32_t starts = (uint32_t)(f->w->campaigns[i].starts_on - f->w->base_on) * DEMO_DAY;
        if (starts <= end && (starts > begin || f->from == 0))
            TRY(create_campaign(f, i, e));
    }
    for (size_t i = f->from; i < f->to; i++)
        TRY(write_event(f, &events[i], e));
    return RC_OK;
}

static void count_changes(struct filler *f)
{
    for (size_t i = 0; i < f->w->events.len; i++) {
        const struct demo_event *ev = &f->w->events.ptr[i];
        bool changes = ev->kind == DEMO_EV_MOVE || ev->kind == DEMO_EV_OWNER || ev->kind == DEMO_EV_VALUE;
        if (ev->kind == DEMO_EV_PRODUCT)
            f->passed[ev->object] |= SELLS;
        if (!changes && ev->kind != DEMO_EV_DEAL)
            continue;
        f->touched[ev->object] = ev->t;
        f->returns[ev->object] = (unsigned char)(f->returns[ev->object] + goes_back(f, ev));
        if (ev->kind == DEMO_EV_MOVE)
            f->passed[ev->object] |= 1u << ev->b;
        if (ev->kind == DEMO_EV_DEAL)
            f->passed[ev->object] |= 1u << f->w->deals.ptr[ev->object].first_stage;
        f->changes[ev->object] = (uint16_t)(f->changes[ev->object] + changes);
    }
}

static enum rc end_apply(struct wtx *tx, struct job *job, struct err *e)
{
    (void)job;
    return tasks_catch_up(tx->db, tx->now, e);
}

enum rc demo_fill(struct writer *writer, struct demo_world *w, void (*progress)(int64_t done, int64_t of),
                  struct demo_filled *out, struct err *e)
{
    struct filler f = {.job = {.apply = start_apply}, .w = w};
    struct arena a = ARENA_EMPTY;
    f.company = ARENA_ARRAY(&a, int64_t, w->companies.len + 1);
    f.contact = ARENA_ARRAY(&a, int64_t, w->contacts.len + 1);
    f.deal = ARENA_ARRAY(&a, int64_t, w->deals.len + 1);
    f.task = ARENA_ARRAY(&a, int64_t, w->tasks.len + 1);
    f.touched = ARENA_ARRAY(&a, uint32_t, w->deals.len + 1);
    f.changes = ARENA_ARRAY(&a, uint16_t, w->deals.len + 1);
    f.returns = ARENA_ARRAY(&a, unsigned char, w->deals.len + 1);
    f.passed = ARENA_ARRAY(&a, uint32_t, w->deals.len + 1);
    count_changes(&f);
    enum rc rc = writer_run(writer, &f.job, e);
    *out = (struct demo_filled){.events = f.written};
    f.job.apply = chunk_apply;
    while (rc == RC_OK && f.from < w->events.len) {
        f.to = f.from + CHUNK < w->events.len ? f.from + CHUNK : w->events.len;
        rc = writer_run(writer, &f.job, e);
        out->events += f.written;
        out->contacts += f.twin_contacts;
        out->companies += f.twin_companies;
        f.from = f.to;
        if (progress)
            progress((int64_t)f.from, (int64_t)w->events.len);
    }
    f.job.apply = end_apply;
    if (rc == RC_OK)
        rc = writer_run(writer, &f.job, e);
    static enum rc (*const behind[])(struct wtx *, struct job *, struct err *) = {
        demo_clients_apply, demo_money_apply, demo_plans_apply, demo_waits_apply, demo_rules_apply, demo_timers_apply};
    for (size_t i = 0; i < sizeof behind / sizeof *behind && rc == RC_OK; i++) {
        f.job.apply = behind[i];
        rc = writer_run(writer, &f.job, e);
        out->events += rc == RC_OK ? f.written : 0;
    }
    out->contacts += rc == RC_OK ? f.twin_contacts : 0;
    out->contacts += (int64_t)w->contacts.len;
    out->companies += (int64_t)w->companies.len;
    buf_free(&f.scratch);
    arena_free(&a);
    return rc;
}
