/* Definitions of triggers and goals: from JSON and filter text to what the engine works with. */
#include "rules/trigger.h"
#include "base/time.h"
#include <stdio.h>

const char *const trigger_on_names[] = {"created",    "updated",    "entered", "left",    "tagged",
                                        "untagged",   "reached",    "won",     "lost",    "task_done",
                                        "note_added", "file_added", "timer",   "webhook", NULL};
const char *const timer_after_names[] = {"date",       "stage_entry", "last_contact", "created", "no_task",
                                         "field_held", NULL};

const char *const trigger_object_names[] = {"deal", "contact", "company", "task", "message", NULL};
static const enum entity_id objects[TRIGGER_OBJECTS] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY, ENT_TASK, ENT_NOTE};

#define HOURS_MOST 87600 /* ten years */

const char *trigger_object_name(enum entity_id object)
{
    for (size_t i = 0; i < TRIGGER_OBJECTS; i++)
        if (objects[i] == object)
            return trigger_object_names[i];
    return "";
}

int trigger_deal_field(enum entity_id kind)
{
    switch (kind) {
    case ENT_TASK:
        return TASK_DEAL_ID;
    case ENT_NOTE:
        return NOTE_DEAL_ID;
    case ENT_FILE:
        return FILE_DEAL_ID;
    default:
        return -1;
    }
}

struct trigger_def trigger_def_of(const struct record *r)
{
    struct trigger_def d = {.id = r->id, .version = r->version};
    if (r->ent->id == ENT_GOAL) {
        d.is_goal = true;
        d.goal_kind = (enum goal_kind)val_i(r->f[GOAL_KIND], 0);
        d.name = r->f[GOAL_NAME].s;
        d.stage_id = val_i(r->f[GOAL_STAGE_ID], 0);
        d.position = val_i(r->f[GOAL_POSITION], 0);
        d.enabled = !val_i(r->f[GOAL_ARCHIVED], 0);
        d.actions = val_has(r->f[GOAL_ACTIONS]) ? r->f[GOAL_ACTIONS].s : STR("[]");
        return d;
    }
    d.name = r->f[TRIGGER_NAME].s;
    d.funnel_id = val_i(r->f[TRIGGER_FUNNEL_ID], 0);
    d.stage_id = val_i(r->f[TRIGGER_STAGE_ID], 0);
    d.position = val_i(r->f[TRIGGER_POSITION], 0);
    d.enabled = val_i(r->f[TRIGGER_ENABLED], 0) != 0;
    d.event = val_has(r->f[TRIGGER_EVENT]) ? r->f[TRIGGER_EVENT].s : STR("null");
    d.condition = val_has(r->f[TRIGGER_CONDITION]) ? r->f[TRIGGER_CONDITION].s : STR("");
    d.actions = val_has(r->f[TRIGGER_ACTIONS]) ? r->f[TRIGGER_ACTIONS].s : STR("null");
    return d;
}

/* ---- the event ---- */

static enum rc bad(struct err *e, const char *member, const char *what)
{
    enum rc rc = err_set(e, RC_UNPROCESSABLE, "bad_trigger_event", "event", "%s", member);
    if (e)
        snprintf(e->arg[1], sizeof e->arg[1], "%s", what);
    return rc;
}

static int name_in(const char *const *names, const json_t *json)
{
    for (int i = 0; json_is_string(json) && names[i]; i++)
        if (strcmp(names[i], json_string_value(json)) == 0)
            return i;
    return -1;
}

static bool has_tags(enum entity_id kind)
{
    return kind == ENT_DEAL || kind == ENT_CONTACT || kind == ENT_COMPANY;
}

static enum rc object_read(struct trigger_event *ev, const json_t *json, struct err *e)
{
    const json_t *given = json_object_get(json, "object");
    bool any = ev->on == ON_CREATED || ev->on == ON_UPDATED || ev->on == ON_TAGGED || ev->on == ON_UNTAGGED;
    ev->object = ENT_DEAL;
    if (!given)
        return RC_OK;
    int i = name_in(trigger_object_names, given);
    if (i < 0)
        return bad(e, "object", "unknown_value");
    ev->object = objects[i];
    if (ev->on == ON_TIMER && ev->object != ENT_DEAL)
        return err_set(e, RC_UNPROCESSABLE, "timer_of_deals", "event", "%s", trigger_object_names[i]);
    bool tags = ev->on == ON_TAGGED || ev->on == ON_UNTAGGED;
    return (any || ev->object == ENT_DEAL) && (!tags || has_tags(ev->object)) ? RC_OK : bad(e, "object", "on");
}

static enum rc field_read(const struct trigger_event *ev, const json_t *given, int *out, struct err *e)
{
    *out = -1;
    if (!given || json_is_null(given))
        return RC_OK;
    if (json_is_string(given))
        *out = entity_field(entity_by_id(ev->object), str_c(json_string_value(given)));
    bool known = *out >= 0 && !(entity_by_id(ev->object)->fields[*out].flags & FF_SECRET);
    return known ? RC_OK : bad(e, "field", "unknown_value");
}

static enum rc id_read(const json_t *json, const char *member, int64_t *out, struct err *e)
{
    const json_t *given = json_object_get(json, member);
    *out = 0;
    if (!given || json_is_null(given))
        return RC_OK;
    *out = json_integer_value(given);
    return *out > 0 ? RC_OK : bad(e, member, "wrong_type");
}

static enum rc date_read(struct trigger_event *ev, const json_t *given, struct err *e)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    ev->date = json_is_string(given) ? entity_field(deal, str_c(json_string_value(given))) : -1;
    if (ev->date < 0 || (deal->fields[ev->date].type != FT_DATE && deal->fields[ev->date].type != FT_TIME))
        return bad(e, "date", "unknown_value");
    return RC_OK;
}

static enum rc timer_read(struct trigger_event *ev, const json_t *json, struct err *e)
{
    const json_t *after = json_object_get(json, "after"), *date = json_object_get(json, "date"),
                 *hours = json_object_get(json, "hours"), *working = json_object_get(json, "working");
    int kind = after ? name_in(timer_after_names, after) : AFTER_DATE;
    if ((after && (date || kind <= AFTER_DATE)) || (!after && !date))
        return bad(e, "after", after ? "unknown_value" : "required");
    ev->after = (enum timer_after)kind;
    if (date)
        TRY(date_read(ev, date, e));
    ev->hours = json_integer_value(hours);
    if (!json_is_integer(hours) || ev->hours > HOURS_MOST || ev->hours < (date ? -HOURS_MOST : 0))
        return bad(e, "hours", "out_of_range");
    ev->working = json_is_true(working);
    if (working && !json_is_boolean(working))
        return bad(e, "working", "wrong_type");
    if (kind == AFTER_FIELD_HELD && ev->field < 0)
        return bad(e, "field", "required");
    return RC_OK;
}

static bool member_known(const struct trigger_event *ev, const char *key)
{
    static const char *const always[] = {"on", "object"}, *const timer[] = {"after", "date", "hours", "working"};
    for (size_t i = 0; i < 2; i++)
        if (strcmp(key, always[i]) == 0)
            return true;
    for (size_t i = 0; i < 4; i++)
        if (strcmp(key, timer[i]) == 0)
            return ev->on == ON_TIMER;
    return strcmp(key, "field") == 0     ? ev->on == ON_UPDATED || ev->on == ON_TIMER
           : strcmp(key, "tag_id") == 0  ? ev->on == ON_TAGGED || ev->on == ON_UNTAGGED
           : strcmp(key, "goal_id") == 0 ? ev->on == ON_REACHED
                                         : false;
}

static enum rc event_members(struct trigger_event *ev, const json_t *json, struct err *e)
{
    const char *key;
    json_t *value;
    int on = name_in(trigger_on_names, json_object_get(json, "on"));
    if (on < 0)
        return bad(e, "on", "unknown_value");
    *ev = (struct trigger_event){.on = (enum trigger_on)on, .field = -1, .date = -1};
    json_object_foreach((json_t *)json, key, value) if (!member_known(ev, key)) return bad(e, key, "unknown_field");
    TRY(object_read(ev, json, e));
    TRY(field_read(ev, json_object_get(json, "field"), &ev->field, e));
    TRY(id_read(json, "tag_id", &ev->tag_id, e));
    TRY(id_read(json, "goal_id", &ev->goal_id, e));
    return on == ON_TIMER ? timer_read(ev, json, e) : RC_OK;
}

static enum rc event_read(struct trigger_event *ev, struct str text, struct err *e)
{
    json_t *json = NULL;
    struct err ignored;
    if (json_read(text, &json, &ignored) != RC_OK || !json_is_object(json)) {
        json_decref(json);
        return bad(e, "on", "required");
    }
    enum rc rc = event_members(ev, json, e);
    json_decref(json);
    return rc;
}

/* ---- the condition ---- */

static bool same_values(const struct filter *a, const struct filter *b)
{
    if (!a || !b)
        return a == b;
    if (a->kind != FILTER_LEAF)
        return same_values(a->a, b->a) && (a->kind == FILTER_NOT || same_values(a->b, b->b));
    for (size_t i = 0; i < a->leaf.n; i++)
        if (!val_eq(a->leaf.values[i], b->leaf.values[i]))
            return false;
    return true;
}

static enum rc condition_parse(struct arena *a, const struct trigger *t, const struct filter_env *env,
                               struct filter **out, struct err *e)
{
    enum rc rc = filter_parse(a, entity_by_id(t->subject), t->condition, env, out, e);
    if (rc == RC_OK || !e)
        return rc;
    snprintf(e->field, sizeof e->field, "condition");
    e->rc = RC_UNPROCESSABLE;
    return e->rc;
}

/* Read under other moments and for another person it must say the same, else it depends on them. */
static enum rc condition_read(struct arena *a, struct trigger *t, int64_t now, int64_t offset_ms, struct err *e)
{
    struct filter_env env = {.now = now, .offset_ms = offset_ms}, later = env, other = env;
    struct filter *then, *theirs;
    later.now += 40 * MS_DAY + 1;
    other.user_id = 1;
    if (t->condition.len > 8000)
        return err_set(e, RC_UNPROCESSABLE, "too_long", "condition", "8000");
    TRY(condition_parse(a, t, &env, &t->filter, e));
    TRY(condition_parse(a, t, &later, &then, e));
    TRY(condition_parse(a, t, &other, &theirs, e));
    if (!same_values(t->filter, theirs))
        return err_set(e, RC_UNPROCESSABLE, "me_in_trigger", "condition", NULL);
    t->moves = !same_values(t->filter, then);
    bool *names = ARENA_ARRAY(a, bool, entity_by_id(t->subject)->n_fields);
    filter_names(t->filter, names);
    t->names = names;
    return RC_OK;
}

/* ---- the whole ---- */

static enum rc list_read(struct arena *a, struct trigger *t, struct str text, struct err *e)
{
    json_t *json = NULL;
    struct err ignored;
    if (json_read(text, &json, &ignored) != RC_OK)
        json = NULL;
    enum rc rc = actions_read(a, json, t->subject, &t->actions, &t->n_actions, e);
    json_decref(json);
    return rc;
}

enum rc trigger_read(struct arena *a, const struct trigger_def *def, int64_t now, int64_t offset_ms,
                     struct trigger **out, struct err *e)
{
    struct trigger *t = ARENA_NEW(a, struct trigger);
    *t = (struct trigger){.id = def->id,
                          .version = def->version,
                          .is_goal = def->is_goal,
                          .goal_kind = def->goal_kind,
                          .name = str_dup(a, def->name),
                          .funnel_id = def->funnel_id,
                          .stage_id = def->stage_id,
                          .position = def->position,
                          .enabled = def->enabled,
                          .subject = ENT_DEAL,
                          .event = {.on = ON_END, .object = ENT_DEAL, .field = -1, .date = -1},
                          .condition = str_dup(a, str_trim(def->condition))};
    if (!def->is_goal) {
        TRY(event_read(&t->event, def->event, e));
        t->subject = t->event.object;
        if ((t->funnel_id || t->stage_id) && t->subject != ENT_DEAL && trigger_deal_field(t->subject) < 0)
            return bad(e, "object", "on");
        TRY(condition_read(a, t, now, offset_ms, e));
    }
    TRY(list_read(a, t, def->actions, e));
    *out = t;
    return RC_OK;
}

/* ---- does it hear? ---- */

/* A record may have been made before a field came. */
static struct val field_of(const struct record *r, int field)
{
    return r && (size_t)field < r->ent->n_fields ? r->f[field] : val_null();
}

static int tags_of(enum entity_id kind)
{
    return kind == ENT_DEAL ? DEAL_TAG_IDS : kind == ENT_CONTACT ? CONTACT_TAG_IDS : COMPANY_TAG_IDS;
}

static bool holds(struct val set, int64_t id)
{
    for (size_t i = 0; set.kind == VAL_SET && i < set.set.n; i++)
        if (set.set.ids[i] == id)
            return true;
    return false;
}

/* One of `with` that `without` has not: this one, or any. */
static bool gained(struct val with, struct val without, int64_t id)
{
    for (size_t i = 0; with.kind == VAL_SET && i < with.set.n; i++)
        if ((!id || with.set.ids[i] == id) && !holds(without, with.set.ids[i]))
            return true;
    return false;
}

static bool came(const struct happening *h)
{
    return h->is && (h->verb == VERB_CREATED || (h->verb == VERB_RESTORED && !h->was));
}

static bool moved(const struct happening *h)
{
    return h->verb == VERB_MOVED && h->was && h->is;
}

static bool here(const struct trigger *t, int64_t funnel, int64_t stage)
{
    return (!t->funnel_id || t->funnel_id == funnel) && (!t->stage_id || t->stage_id == stage);
}

static bool stands_here(const struct trigger *t, const struct happening *h)
{
    const struct record *r = h->kind == ENT_DEAL ? (h->is ? h->is : h->was) : NULL;
    return r ? here(t, val_i(r->f[DEAL_FUNNEL_ID], 0), val_i(r->f[DEAL_STAGE_ID], 0))
             : here(t, h->funnel_id, h->stage_id);
}

static bool hears_deal(const struct trigger *t, const struct happening *h)
{
    struct val was = field_of(h->was, DEAL_STATUS), is = field_of(h->is, DEAL_STATUS);
    switch (t->event.on) {
    case ON_ENTERED:
        return (came(h) || moved(h)) && stands_here(t, h);
    case ON_LEFT:
        return moved(h) && here(t, val_i(h->was->f[DEAL_FUNNEL_ID], 0), val_i(h->was->f[DEAL_STAGE_ID], 0));
    case ON_WON:
        return h->is && val_i(is, 0) == DEAL_WON && val_i(was, DEAL_OPEN) != DEAL_WON && stands_here(t, h);
    case ON_LOST:
        return h->is && val_i(is, 0) == DEAL_LOST && val_i(was, DEAL_OPEN) != DEAL_LOST && stands_here(t, h);
    case ON_REACHED:
        return h->verb == VERB_REACHED && (!t->event.goal_id || t->event.goal_id == h->goal_id) &&
               here(t, h->funnel_id, h->stage_id);
    default:
        return false;
    }
}

/* A note that a client has written or got, by a channel. */
static bool is_message(const struct happening *h)
{
    return val_has(field_of(h->is ? h->is : h->was, NOTE_CHANNEL));
}

static bool hears_row(const struct trigger *t, const struct happening *h)
{
    if (h->kind != t->event.object || !stands_here(t, h) || (h->kind == ENT_NOTE && !is_message(h)))
        return false;
    switch (t->event.on) {
    case ON_CREATED:
        return came(h);
    case ON_UPDATED:
        if (!h->was || !h->is || h->verb == VERB_RESTORED || h->verb == VERB_DELETED)
            return false;
        return t->event.field < 0 || !val_eq(field_of(h->was, t->event.field), field_of(h->is, t->event.field));
    default:
        break;
    }
    int tags = tags_of(h->kind);
    struct val was = field_of(h->was, tags), is = field_of(h->is, tags);
    if (!h->is || h->is->f[tags].kind == VAL_ABSENT)
        return false;
    return t->event.on == ON_TAGGED ? gained(is, was, t->event.tag_id) : gained(was, is, t->event.tag_id);
}

bool trigger_hears(const struct trigger *t, const struct happening *h)
{
    switch (t->is_goal ? ON_END : t->event.on) {
    case ON_CREATED:
    case ON_UPDATED:
    case ON_TAGGED:
    case ON_UNTAGGED:
        return hears_row(t, h);
    case ON_TASK_DONE:
        return h->kind == ENT_TASK && h->verb == VERB_DONE && h->deal_id && here(t, h->funnel_id, h->stage_id);
    case ON_NOTE_ADDED:
        return h->kind == ENT_NOTE && came(h) && !is_message(h) && h->deal_id && here(t, h->funnel_id, h->stage_id);
    case ON_FILE_ADDED:
        return h->kind == ENT_FILE && came(h) && h->deal_id && here(t, h->funnel_id, h->stage_id);
    case ON_ENTERED:
    case ON_LEFT:
    case ON_WON:
    case ON_LOST:
    case ON_REACHED:
        return h->kind == ENT_DEAL && hears_deal(t, h);
    default:
        return false;
    }
}

enum rc trigger_condition(const struct trigger *t, struct filter_eval *x, const struct record *r, int64_t now,
                          int64_t offset_ms, bool *met, struct filter_seen **seen, size_t *n, struct err *e)
{
    struct filter *f = t->filter;
    struct filter_env env = {.now = now, .offset_ms = offset_ms};
    if (t->moves)
        TRY(condition_parse(x->arena, t, &env, &f, e));
    return seen ? filter_explain(x, f, r, met, seen, n, e) : filter_met(x, f, r, met, e);
}
