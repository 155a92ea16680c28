/* Triggers in words, by the same texts as the editor on the web. */
#include "base/buf.h"
#include "crm/rights.h"
#include "rules/trigger.h"
#include "rules/words.h"
#include <stdio.h>

static struct str timer_words(struct arena *a, const struct trigger_event *ev, const char *lang)
{
    const struct entity *deal = entity_by_id(ENT_DEAL);
    int64_t hours = ev->hours < 0 ? -ev->hours : ev->hours;
    struct str time = words_hours(a, lang, hours, ev->working);
    int named = ev->after == AFTER_DATE ? ev->date : ev->field;
    struct str field = named >= 0 ? words_field(a, lang, deal, named) : STR("");
    char key[60];
    if (ev->after == AFTER_DATE)
        snprintf(key, sizeof key, "rules.when.%s",
                 ev->hours < 0   ? "before_date"
                 : ev->hours > 0 ? "after_date"
                                 : "on_date");
    else
        snprintf(key, sizeof key, "rules.when.timer.%s", timer_after_names[ev->after]);
    return WORDS(a, lang, key, {"time", time}, {"field", field});
}

static struct str what_words(struct arena *a, const struct trigger_event *ev, const struct rule_names *names,
                             const char *lang)
{
    const struct entity *ent = entity_by_id(ev->object);
    const char *on = trigger_on_names[ev->on];
    char key[80];
    switch (ev->on) {
    case ON_TIMER:
        return timer_words(a, ev, lang);
    case ON_CREATED:
        snprintf(key, sizeof key, "rules.when.created.%s", trigger_object_name(ev->object));
        return str_dup(a, i18n_text(lang, key));
    case ON_UPDATED:
        snprintf(key, sizeof key, "rules.when.updated.%s%s", trigger_object_name(ev->object),
                 ev->field >= 0 ? ".which" : "");
        return WORDS(a, lang, key, {"field", ev->field >= 0 ? words_field(a, lang, ent, ev->field) : STR("")});
    case ON_TAGGED:
    case ON_UNTAGGED:
        snprintf(key, sizeof key, "rules.when.%s%s", on, ev->tag_id ? ".which" : "");
        return WORDS(a, lang, key, {"tag", ev->tag_id ? words_name(a, names, ENT_TAG, ev->tag_id) : STR("")});
    case ON_REACHED:
        snprintf(key, sizeof key, "rules.when.reached%s", ev->goal_id ? ".which" : "");
        return WORDS(a, lang, key, {"goal", ev->goal_id ? words_name(a, names, ENT_GOAL, ev->goal_id) : STR("")});
    default:
        snprintf(key, sizeof key, "rules.when.%s", on);
        return str_dup(a, i18n_text(lang, key));
    }
}

struct str trigger_event_text(struct arena *a, const struct trigger *t, const struct rule_names *names,
                              const char *lang)
{
    struct str where = STR("");
    if (t->is_goal)
        return WORDS(a, lang, "rules.when.reached.which", {"goal", t->name});
    if (t->stage_id && t->event.on == ON_TIMER && t->event.after == AFTER_STAGE_ENTRY)
        return WORDS(a, lang, "rules.when.timer.stage_entry.stage",
                     {"time", words_hours(a, lang, t->event.hours, t->event.working)},
                     {"stage", words_name(a, names, ENT_STAGE, t->stage_id)});
    if (t->stage_id && (t->event.on == ON_ENTERED || t->event.on == ON_LEFT))
        return WORDS(a, lang, t->event.on == ON_ENTERED ? "rules.when.entered.stage" : "rules.when.left.stage",
                     {"stage", words_name(a, names, ENT_STAGE, t->stage_id)});
    if (t->stage_id)
        where = WORDS(a, lang, "rules.at_stage", {"name", words_name(a, names, ENT_STAGE, t->stage_id)});
    else if (t->funnel_id)
        where = WORDS(a, lang, "rules.in_funnel", {"name", words_name(a, names, ENT_FUNNEL, t->funnel_id)});
    struct str what = what_words(a, &t->event, names, lang);
    return where.len ? str_fmt(a, "%.*s %.*s", STR_ARG(what), STR_ARG(where)) : what;
}

static struct str actions_words(struct arena *a, const struct trigger *t, const struct rule_names *names,
                                const char *lang)
{
    struct buf b = {0};
    for (size_t i = 0; i < t->n_actions; i++) {
        buf_c(&b, i ? "; " : "");
        buf_str(&b, action_text(a, &t->actions[i], names, lang));
    }
    struct str text = b.len ? str_dup(a, buf_view(&b)) : i18n_text(lang, "rules.then.nothing");
    buf_free(&b);
    return text;
}

bool action_speaks_hidden(const struct action *act, const struct rights *r)
{
    static const enum entity_id of[] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY};
    if (strcmp(act->type->name, "set") != 0)
        return false;
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) { /* by its name, of whatever it is */
        int field = entity_field(entity_by_id(of[i]), act->v[1].s);
        if (field >= 0 && !rights_sees_field(r, entity_by_id(of[i]), field))
            return true;
    }
    return false;
}

static bool condition_speaks_hidden(const struct filter *f, const struct entity *ent, const struct rights *r)
{
    if (!f)
        return false;
    if (f->kind != FILTER_LEAF)
        return condition_speaks_hidden(f->a, ent, r) || condition_speaks_hidden(f->b, ent, r);
    const struct filter_leaf *l = &f->leaf;
    int own = l->via >= 0 ? l->via : l->index;
    return (own >= 0 && !rights_sees_field(r, ent, own)) ||
           (l->via >= 0 && l->index >= 0 && !rights_sees_field(r, l->ent, l->index));
}

bool trigger_speaks_hidden(const struct trigger *t, const struct rights *r)
{
    const struct entity *ent = entity_by_id(t->subject);
    const struct trigger_event *ev = &t->event;
    int field = ev->on == ON_TIMER && ev->after == AFTER_DATE ? ev->date : ev->field;
    bool named = ev->on == ON_UPDATED || ev->on == ON_TIMER;
    for (size_t i = 0; i < t->n_actions; i++)
        if (action_speaks_hidden(&t->actions[i], r))
            return true;
    return (named && ent && field >= 0 && !rights_sees_field(r, ent, field)) ||
           (ent && condition_speaks_hidden(t->filter, ent, r));
}

struct str trigger_text(struct arena *a, const struct trigger *t, const struct rule_names *names, const char *lang)
{
    return WORDS(a, lang, t->condition.len ? "rules.sentence_if" : "rules.sentence",
                 {"when", trigger_event_text(a, t, names, lang)}, {"condition", t->condition},
                 {"then", actions_words(a, t, names, lang)});
}

struct str action_text(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    return act->type->text(a, act, names, lang);
}

struct str who_text(struct arena *a, const struct who *who, const struct rule_names *names, const char *lang)
{
    static const char *const keys[] = {
        [WHO_NONE] = "rules.who.nobody",   [WHO_OWNER] = "rules.who.owner",  [WHO_HEAD] = "rules.who.head",
        [WHO_AUTHOR] = "rules.who.author", [WHO_ROLE] = "rules.who.of_role", [WHO_TEAM] = "rules.who.of_team"};
    char key[60];
    if (who->kind == WHO_USER)
        return words_name(a, names, ENT_USER, who->id);
    if (who->kind != WHO_ROLE && who->kind != WHO_TEAM)
        return i18n_text(lang, keys[who->kind]);
    struct str name = words_name(a, names, who->kind == WHO_ROLE ? ENT_ROLE : ENT_TEAM, who->id);
    snprintf(key, sizeof key, "rules.pick.%s", pick_names[who->pick]);
    struct str of = WORDS(a, lang, keys[who->kind], {"name", name});
    struct str text = str_fmt(a, "%.*s, %.*s", STR_ARG(of), STR_ARG(i18n_text(lang, key)));
    if (who->cap)
        text = str_fmt(a, "%.*s, %.*s", STR_ARG(text),
                       STR_ARG(WORDS(a, lang, "rules.who.cap", {"n", str_fmt(a, "%lld", (long long)who->cap)})));
    return text;
}
