/* "Try first": a trigger over what has been recorded. Where it would have fired comes from the ways of the deals in
 * memory (insight/replay.h); whether its condition held then, from the deal as it was (crm/as_of.h); what people did
 * next stands beside it. */
#include "insight/replay.h"
#include "api/inside.h"
#include "base/time.h"
#include "crm/as_of.h"
#include "crm/funnel_draft.h"
#include "crm/query.h"
#include "crm/workday.h"
#include "rules/lint.h"
#include "rules/names.h"
#include "rules/run.h"
#include <stdlib.h>

#define WAIT_MS 5000
#define LOOKED_AT 2000 /* firings whose condition is asked; of more an even sample */
#define SHOWN 100

struct card {                                                 /* a firing, outside of the lock of the projection */
    int64_t id, deal_id, at, next_at, next_stage, next_actor; /* id: of what the rule is of; deal_id 0: none */
    bool won_later;
};
struct totals {
    size_t fires, deals, apart, won;
};
struct stage_known {
    int64_t id, funnel_id;
    unsigned char outcome;
};
struct trial {
    struct call *c;
    const struct trigger *t;
    struct stage_known *stages; /* by id */
    size_t n_stages;
    struct rule_set *set;
    int64_t from, to, offset_ms, began;
    const int64_t *seen; /* records that the asker sees, NULL: all */
    size_t n_seen;
    struct totals all;
    struct card *cards;
    size_t n, step, looked; /* one of `step` firings has been looked at */
};

/* ---- which trigger, which time ---- */

static struct str text_of(struct arena *a, const json_t *v)
{
    char *text = v && !json_is_null(v) ? json_dumps(v, JSON_COMPACT) : NULL;
    struct str out = text ? str_dup(a, str_c(text)) : STR_NULL;
    free(text);
    return out;
}

static enum rc read_trigger(struct trial *r, const json_t *o, int64_t funnel_id, int64_t stage_id, struct err *e)
{
    struct arena *a = r->c->r->arena;
    struct trigger *t;
    const char *condition = json_string_value(json_object_get(o, "condition")),
               *name = json_string_value(json_object_get(o, "name"));
    if (!json_is_object(o))
        return err_set(e, RC_INVALID, "wrong_type", "trigger", "object");
    const struct trigger_def def = {
        .name = str_dup(a, str_c(name)),
        .funnel_id = funnel_id,
        .stage_id = stage_id,
        .event = text_of(a, json_object_get(o, "event")),
        .condition = condition ? str_dup(a, str_c(condition)) : STR(""),
        .actions = text_of(a, json_object_get(o, "actions")),
    };
    TRY(trigger_read(a, &def, time_now(), r->offset_ms, &t, e));
    r->t = t;
    return RC_OK;
}

static enum rc read_given(struct trial *r, const json_t *o, struct err *e)
{
    return read_trigger(r, o, json_integer_value(json_object_get(o, "funnel_id")),
                        json_integer_value(json_object_get(o, "stage_id")), e);
}

/* In a draft: by the id that it has, or by its place, "stages[1].triggers[0]". */
static const json_t *find_trigger(const json_t *owner, const char *path, const char *wanted, int64_t id)
{
    const json_t *list = json_object_get(owner, "triggers");
    char place[80];
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        snprintf(place, sizeof place, "%striggers[%zu]", path, i);
        if (wanted ? strcmp(place, wanted) == 0 : json_integer_value(json_object_get(one, "id")) == id)
            return one;
    }
    return NULL;
}

static enum rc read_of_draft(struct trial *r, json_t *definition, int64_t funnel_id, const char *path, int64_t id,
                             struct err *e)
{
    const json_t *stages = json_object_get(definition, "stages"), *found = find_trigger(definition, "", path, id);
    int64_t stage_id = 0;
    char place[40];
    lint_make_ids(definition);
    for (size_t i = 0; i < json_array_size(stages) && !found; i++) {
        snprintf(place, sizeof place, "stages[%zu].", i);
        found = find_trigger(json_array_get(stages, i), place, path, id);
        stage_id = json_integer_value(json_object_get(json_array_get(stages, i), "id"));
    }
    if (!found)
        return err_set(e, RC_NOT_FOUND, "not_found", path ? "path" : "trigger_id", NULL);
    return read_trigger(r, found, funnel_id, stage_id, e);
}

/* A trigger as it would be when the draft is published. A funnel that is to be made has no past. */
static enum rc read_draft(struct trial *r, const json_t *body, struct err *e)
{
    const char *path = json_string_value(json_object_get(body, "path"));
    int64_t id = json_integer_value(json_object_get(body, "draft_id"));
    struct draft_row row;
    bool seen;
    TRY(rights_reach(r->c->db, r->c->r->arena, r->c->rights, entity_by_id(ENT_FUNNEL_DRAFT), id, RIGHT_SEE, &seen, e));
    if (!seen)
        return err_set(e, RC_NOT_FOUND, "not_found", "draft_id", NULL);
    TRY(draft_load(r->c->db, r->c->r->arena, id, &row, e));
    enum rc rc = row.funnel_id ? read_of_draft(r, row.draft.tree, row.funnel_id, path,
                                               json_integer_value(json_object_get(body, "trigger_id")), e)
                               : err_set(e, RC_UNPROCESSABLE, "replay_not_recorded", "draft_id", NULL);
    json_decref(row.draft.tree);
    return rc;
}

/* What one may not see cannot be found out by asking for it. */
static enum rc condition_in_sight(struct trial *r, struct err *e)
{
    const struct filter_env env = call_filter_env(r->c);
    struct filter *f;
    return filter_parse(r->c->r->arena, entity_by_id(r->t->subject), r->t->condition, &env, &f, e);
}

static enum rc read_time(const json_t *body, const char *key, int64_t fallback, int64_t *out, struct err *e)
{
    const json_t *v = json_object_get(body, key);
    *out = v ? json_integer_value(v) : fallback;
    return !v || json_is_integer(v) ? RC_OK : err_set(e, RC_INVALID, "wrong_type", key, "integer");
}

static enum rc read_wish(struct trial *r, const json_t *body, struct err *e)
{
    static const char *const keys[] = {"trigger", "trigger_id", "draft_id", "path", "from", "to", NULL};
    int64_t now = time_now();
    TRY(body_only(body, keys, e));
    TRY(read_time(body, "to", now, &r->to, e));
    TRY(read_time(body, "from", r->to - 365 * MS_DAY, &r->from, e));
    if (r->to > now)
        r->to = now;
    TRY(rules_load(r->c->db, r->c->r->arena, &r->set, e));
    r->offset_ms = r->set->offset_ms;
    if (json_object_get(body, "draft_id"))
        TRY(read_draft(r, body, e));
    else if (json_object_get(body, "trigger"))
        TRY(read_given(r, json_object_get(body, "trigger"), e));
    else
        r->t = rules_trigger(r->set, json_integer_value(json_object_get(body, "trigger_id")));
    if (!r->t)
        return err_set(e, RC_NOT_FOUND, "not_found", "trigger_id", NULL);
    return condition_in_sight(r, e);
}

/* ---- where it would have fired ---- */

static enum rc not_recorded(struct err *e)
{
    return err_set(e, RC_UNPROCESSABLE, "replay_not_recorded", "event", NULL);
}

static enum rc spec_of_timer(struct trial *r, const struct calendar *work, struct replay_spec *s)
{
    static const enum replay_on by[] = {
        [AFTER_DATE] = REPLAY_DATE,
        [AFTER_STAGE_ENTRY] = REPLAY_STAYED,
        [AFTER_LAST_CONTACT] = REPLAY_SINCE_CONTACT,
        [AFTER_CREATED] = REPLAY_SINCE_CREATED,
        [AFTER_NO_TASK] = REPLAY_NO_TASK,
        [AFTER_FIELD_HELD] = REPLAY_HELD,
    };
    const struct trigger_event *ev = &r->t->event;
    s->on = by[ev->after];
    s->wait_ms = ev->hours * MS_HOUR;
    s->work = ev->working ? work : NULL;
    s->days = work;
    s->field = ev->after == AFTER_DATE ? ev->date : ev->field;
    s->day = ev->after == AFTER_DATE && entity_by_id(ENT_DEAL)->fields[ev->date].type == FT_DATE;
    s->closed_too = r->t->stage_id || ev->after == AFTER_DATE;
    return RC_OK;
}

static int tags_of(enum entity_id kind)
{
    return kind == ENT_DEAL ? DEAL_TAG_IDS : kind == ENT_CONTACT ? CONTACT_TAG_IDS : COMPANY_TAG_IDS;
}

static enum rc spec_of(struct trial *r, const struct calendar *work, struct replay_spec *s, struct err *e)
{
    static const enum replay_on by[] = {
        [ON_CREATED] = REPLAY_MADE,    [ON_UPDATED] = REPLAY_CHANGED, [ON_ENTERED] = REPLAY_ENTERED,
        [ON_LEFT] = REPLAY_LEFT,       [ON_TAGGED] = REPLAY_GAINED,   [ON_UNTAGGED] = REPLAY_LOSES,
        [ON_REACHED] = REPLAY_REACHED, [ON_WON] = REPLAY_WON,         [ON_LOST] = REPLAY_LOST,
        [ON_TASK_DONE] = REPLAY_DONE,  [ON_NOTE_ADDED] = REPLAY_MADE,
    };
    const struct trigger_event *ev = &r->t->event;
    *s = (struct replay_spec){.from = r->from,
                              .to = r->to,
                              .fact = fact_of_entity(ev->object),
                              .field = ev->field,
                              .id = ev->tag_id ? ev->tag_id : ev->goal_id,
                              .arena = r->c->r->arena};
    if (ev->on == ON_TIMER)
        return spec_of_timer(r, work, s);
    if (ev->on > ON_NOTE_ADDED)
        return not_recorded(e);
    s->on = by[ev->on];
    if (ev->on == ON_CREATED && ev->object == ENT_DEAL)
        s->on = REPLAY_CREATED;
    if (ev->on == ON_TAGGED || ev->on == ON_UNTAGGED)
        s->field = tags_of(ev->object);
    s->of_deal = ev->on == ON_TASK_DONE || ev->on == ON_NOTE_ADDED;
    if (s->of_deal)
        s->fact = ev->on == ON_TASK_DONE ? FACT_TASK : FACT_NOTE;
    s->with = s->fact == FACT_NOTE ? NOTE_CHANNEL + 1 : 0;
    s->without = ev->on == ON_NOTE_ADDED;
    return RC_OK;
}

/* Of all stages, before the projection is held: nothing is asked of the database while it is. */
static enum rc load_stages(struct trial *r, struct err *e)
{
    VEC(struct stage_known) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(r->c->db, &s, "SELECT id, funnel_id, outcome FROM stage ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct stage_known one = {stmt_col_i64(s, 0), stmt_col_i64(s, 1), (unsigned char)stmt_col_i64(s, 2)};
        vec_push(&found, one);
    }
    stmt_done(s);
    r->stages = ARENA_ARRAY(r->c->r->arena, struct stage_known, found.len + 1);
    if (found.len)
        memcpy(r->stages, found.ptr, found.len * sizeof *found.ptr);
    r->n_stages = found.len;
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

static int by_stage(const void *key, const void *one)
{
    int64_t x = *(const int64_t *)key, y = ((const struct stage_known *)one)->id;
    return x < y ? -1 : x > y;
}

static bool looks_at(const struct trial *r, const struct stage_known *k)
{
    return k && (!r->t->funnel_id || r->t->funnel_id == k->funnel_id) && (!r->t->stage_id || r->t->stage_id == k->id);
}

static const struct stage_known *stage_of(const struct trial *r, int64_t id)
{
    return r->n_stages ? bsearch(&id, r->stages, r->n_stages, sizeof *r->stages, by_stage) : NULL;
}

static int by_goal_id(const void *a, const void *b)
{
    const struct replay_goal *x = a, *y = b;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void map_goals(struct trial *r, struct replay_spec *s)
{
    struct replay_goal *goals = ARENA_ARRAY(r->c->r->arena, struct replay_goal, r->set->n_goals + 1);
    for (size_t i = 0; i < r->set->n_goals; i++) {
        const struct trigger *g = r->set->goals[i];
        goals[i] = (struct replay_goal){g->id, looks_at(r, stage_of(r, g->stage_id))};
    }
    qsort(goals, r->set->n_goals, sizeof *goals, by_goal_id);
    s->goals = goals;
    s->n_goals = r->set->n_goals;
}

/* What is known of the stages that the ways go through, by their index there. */
static void map_stages(struct trial *r, const struct projection_view *v, struct replay_spec *s)
{
    bool *here = ARENA_ARRAY(r->c->r->arena, bool, v->n_stages + 1);
    unsigned char *outcomes = ARENA_ARRAY(r->c->r->arena, unsigned char, v->n_stages + 1);
    memset(here, 0, v->n_stages + 1);
    memset(outcomes, 0, v->n_stages + 1);
    for (size_t i = 0; i < v->n_stages; i++) {
        const struct stage_known *k = stage_of(r, v->stage_ids[i]);
        if (!k)
            continue;
        here[i] = looks_at(r, k);
        outcomes[i] = k->outcome;
    }
    if (s->on == REPLAY_REACHED)
        map_goals(r, s);
    /* Of tasks and clients that need not be of a deal: anywhere. */
    s->here = s->on > REPLAY_STAYED && !r->t->funnel_id && !r->t->stage_id ? NULL : here;
    s->outcomes = outcomes;
}

static int by_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static const int64_t *ids_of(const struct trial *r, const struct projection_view *v)
{
    return v->facts[fact_of_entity(r->t->subject)].ids;
}

/* Records out of sight are not counted either. */
static void only_seen(const struct trial *r, const struct projection_view *v, struct replay_hits *hits)
{
    const int64_t *ids = ids_of(r, v);
    size_t kept = 0;
    for (size_t i = 0; i < hits->len; i++)
        if (r->n_seen && bsearch(&ids[hits->ptr[i].row], r->seen, r->n_seen, sizeof *r->seen, by_i64))
            hits->ptr[kept++] = hits->ptr[i];
    hits->len = kept;
}

/* People moved it afterwards: that is where rule and people go apart. */
static bool apart(const struct projection_view *v, const struct replay_hit *h)
{
    return h->next != VISIT_NONE && v->visit_actor[h->next] != 0;
}

static void count(struct trial *r, const struct projection_view *v, const struct replay_hits *hits)
{
    for (size_t i = 0; i < hits->len; i++) {
        const struct replay_hit *h = &hits->ptr[i];
        r->all.deals += i == 0 || h->row != hits->ptr[i - 1].row;
        r->all.apart += apart(v, h);
        r->all.won += h->won_later;
    }
    r->all.fires = hits->len;
}

static struct card card_of(const struct trial *r, const struct projection_view *v, const struct replay_hit *h)
{
    bool next = h->next != VISIT_NONE;
    uint64_t visit = next ? v->visit_packed[h->next] : 0;
    return (struct card){.id = ids_of(r, v)[h->row],
                         .deal_id = h->deal == FACT_NO_ROW ? 0 : v->facts[FACT_DEAL].ids[h->deal],
                         .at = h->at,
                         .won_later = h->won_later,
                         .next_at = next ? visit_at(visit) : 0,
                         .next_actor = next ? v->visit_actor[h->next] : 0,
                         .next_stage = next && visit_stage(visit) < v->n_stages ? v->stage_ids[visit_stage(visit)] : 0};
}

static size_t oldest(const struct card *cards, size_t n)
{
    size_t least = 0;
    for (size_t i = 1; i < n; i++)
        if (cards[i].at < cards[least].at)
            least = i;
    return least;
}

/* Without a condition the newest ones are shown and all are counted; with one, an even sample is asked. */
static void pick(struct trial *r, const struct projection_view *v, const struct replay_hits *hits)
{
    size_t step = r->t->filter ? (hits->len + LOOKED_AT - 1) / LOOKED_AT : 1, most = r->t->filter ? LOOKED_AT : SHOWN;
    r->cards = ARENA_ARRAY(r->c->r->arena, struct card, most);
    r->step = step ? step : 1;
    size_t least = 0;
    for (size_t i = 0; i < hits->len; i += r->step) {
        if (r->n < most) {
            r->cards[r->n++] = card_of(r, v, &hits->ptr[i]);
            least = r->n == most ? oldest(r->cards, most) : 0;
        } else if (hits->ptr[i].at > r->cards[least].at) {
            r->cards[least] = card_of(r, v, &hits->ptr[i]);
            least = oldest(r->cards, most);
        }
    }
}

static enum rc scan(struct trial *r, struct err *e)
{
    struct calendar work;
    struct replay_spec spec;
    struct replay_hits hits = {0};
    int64_t seq;
    TRY(calendar_of_user(r->c->db, r->c->r->arena, 0, &work, e));
    TRY(spec_of(r, &work, &spec, e));
    TRY(load_stages(r, e));
    TRY(journal_last(r->c->db, &seq, e));
    if (!projection_wait(r->c->app->projection, seq, WAIT_MS))
        return err_set(e, RC_UNAVAILABLE, "reports_loading", "", NULL);
    struct projection_view v = projection_lock(r->c->app->projection);
    enum rc rc = RC_OK;
    map_stages(r, &v, &spec);
    if (!replay_held(&v, &spec)) {
        rc = not_recorded(e);
    } else {
        replay_scan(&v, &spec, &hits);
        if (r->seen)
            only_seen(r, &v, &hits);
        count(r, &v, &hits);
        pick(r, &v, &hits);
    }
    projection_unlock(r->c->app->projection);
    vec_free(&hits);
    return rc;
}

/* NULL: all of them may be seen. */
static enum rc whom_one_sees(struct trial *r, struct err *e)
{
    static const int64_t none;
    const struct entity *ent = entity_by_id(r->t->subject);
    int64_t *ids;
    if (rights_all_rows(r->c->rights, ent, RIGHT_SEE))
        return RC_OK;
    TRY(query_ids(r->c->db, r->c->r->arena, ent, r->c->rights, NULL, INT64_MAX, &ids, &r->n_seen, e));
    r->seen = r->n_seen ? ids : &none;
    return RC_OK;
}

/* ---- did its condition hold ---- */

static enum rc load_ref(void *arg, const struct entity *ent, int64_t id, const struct record **out, struct err *e)
{
    struct trial *r = arg;
    struct record *found = NULL;
    enum rc rc = record_load(r->c->db, r->c->r->arena, ent, id, true, &found, e);
    *out = found;
    return rc == RC_NOT_FOUND ? RC_OK : rc;
}

static enum rc met(struct trial *r, const struct card *card, bool *yes, struct err *e)
{
    struct filter_eval x = {.arena = r->c->r->arena, .load = load_ref, .arg = r};
    struct record *was;
    *yes = false;
    TRY(record_as_of(r->c->db, r->c->r->arena, entity_by_id(r->t->subject), card->id, card->at, &was, e));
    return was ? trigger_condition(r->t, &x, was, card->at, r->offset_ms, yes, NULL, NULL, e) : RC_OK;
}

/* Leaves the firings at which the condition held. */
static enum rc ask_condition(struct trial *r, struct err *e)
{
    size_t kept = 0;
    r->looked = r->t->filter ? r->n : r->all.fires;
    if (!r->t->filter)
        return RC_OK;
    for (size_t i = 0; i < r->n; i++) {
        bool yes;
        TRY(met(r, &r->cards[i], &yes, e));
        if (yes)
            r->cards[kept++] = r->cards[i];
    }
    r->n = kept;
    return RC_OK;
}

/* What the sample says of all. */
static void weigh(struct trial *r)
{
    struct totals t = {0};
    if (!r->t->filter)
        return;
    for (size_t i = 0; i < r->n; i++) { /* in order of deals */
        t.deals += i == 0 || r->cards[i].id != r->cards[i - 1].id;
        t.apart += r->cards[i].next_actor != 0;
        t.won += r->cards[i].won_later;
    }
    t.fires = r->n * r->step < r->all.fires ? r->n * r->step : r->all.fires;
    t.deals = t.deals * r->step < r->all.deals ? t.deals * r->step : r->all.deals;
    t.apart *= r->step;
    t.won *= r->step;
    r->all = t;
}

/* ---- the answer ---- */

static void put_would(struct trial *r, struct jw *w)
{
    struct arena *a = r->c->r->arena;
    const struct rule_names names = names_for(a, r->c->db, r->c->rights);
    jw_key(w, "would");
    jw_arr(w);
    for (size_t i = 0; i < r->t->n_actions; i++)
        jw_str(w, action_speaks_hidden(&r->t->actions[i], r->c->rights)
                      ? STR("…")
                      : action_text(a, &r->t->actions[i], &names, call_locale(r->c)));
    jw_end_arr(w);
}

static void put_collision(struct trial *r, struct jw *w, const struct card *card)
{
    jw_key(w, "collides");
    jw_arr(w);
    if (card->next_actor) {
        const struct rule_names names = names_for(r->c->r->arena, r->c->db, r->c->rights);
        struct str stage = names.name(names.arg, r->c->r->arena, ENT_STAGE, card->next_stage);
        jw_obj(w);
        jw_ki64(w, "at", card->next_at);
        jw_ki64(w, "actor_id", card->next_actor);
        jw_ki64(w, "stage_id", card->next_stage);
        jw_kstr(w, "text", stage);
        jw_end_obj(w);
    }
    jw_end_arr(w);
}

static enum rc put_card(struct trial *r, struct jw *w, const struct card *card, struct err *e)
{
    const struct entity *ent = entity_by_id(r->t->subject);
    struct record *of;
    TRY(record_load(r->c->db, r->c->r->arena, ent, card->id, true, &of, e));
    int title = ent->id == ENT_NOTE ? (int)NOTE_TEXT : entity_field(ent, STR("title"));
    jw_obj(w);
    jw_kc(w, "object", trigger_object_name(ent->id));
    jw_ki64(w, "object_id", card->id);
    if (card->deal_id)
        jw_ki64(w, "deal_id", card->deal_id);
    else
        jw_knull(w, "deal_id");
    jw_kstr(w, "title", of->f[title >= 0 ? title : entity_field(ent, STR("name"))].s);
    jw_ki64(w, "at", card->at);
    jw_kbool(w, "won_later", card->won_later);
    put_would(r, w);
    put_collision(r, w, card);
    jw_end_obj(w);
    return RC_OK;
}

static int newest_first(const void *a, const void *b)
{
    const struct card *x = a, *y = b;
    return x->at < y->at ? 1 : x->at > y->at ? -1 : 0;
}

static enum rc put_answer(struct trial *r, struct err *e)
{
    struct jw w = call_json(r->c);
    jw_obj(&w);
    jw_ki64(&w, "from", r->from);
    jw_ki64(&w, "to", r->to);
    jw_ki64(&w, "cards", (int64_t)r->all.deals);
    jw_ki64(&w, "fires", (int64_t)r->all.fires);
    jw_ki64(&w, "collisions", (int64_t)r->all.apart);
    jw_ki64(&w, "won_later", (int64_t)r->all.won);
    jw_kbool(&w, "sampled", r->step > 1);
    jw_ki64(&w, "looked_at", (int64_t)r->looked);
    qsort(r->cards, r->n, sizeof *r->cards, newest_first);
    jw_key(&w, "items");
    jw_arr(&w);
    for (size_t i = 0; i < r->n && i < SHOWN; i++)
        TRY(put_card(r, &w, &r->cards[i], e));
    jw_end_arr(&w);
    jw_ki64(&w, "took_ms", time_monotonic() - r->began);
    jw_end_obj(&w);
    return RC_OK;
}

static enum rc try_handle(struct call *c, struct err *e)
{
    struct trial r = {.c = c, .began = time_monotonic()};
    json_t *body;
    TRY(call_body(c, &body, e));
    enum rc rc = read_wish(&r, body, e);
    json_decref(body);
    TRY(rc);
    TRY(whom_one_sees(&r, e));
    TRY(scan(&r, e));
    TRY(ask_condition(&r, e));
    weigh(&r);
    return put_answer(&r, e);
}

const struct route replay_routes[] = {
    {"POST", "/api/triggers/try", RUN_POOL, MAY_READ, NULL,
     "What a trigger would have done over the recorded history, and where people went apart from it", try_handle, NULL,
     NULL, "trigger-try", "trigger-tried", 0, .can = CAN_AUTOMATION},
};
const size_t replay_routes_n = sizeof replay_routes / sizeof *replay_routes;
