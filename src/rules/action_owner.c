/* A new owner. */
#include "rules/actions.h"

enum { TO, REASON };
static const struct action_field fields[] = {{"to", AF_WHO, .required = true}, {"reason", AF_TEXT, false, .max = 500}};

static enum rc check(const struct action *act, enum entity_id kind, struct err *e)
{
    bool ok = kind != ENT_TASK && act->v[TO].who.pick != PICK_ALL && act->v[TO].who.kind != WHO_OWNER;
    return ok ? RC_OK : action_refuse(e, "action_field_wrong", "to");
}

/* Of several only those are chosen who have room; somebody who is named may have none. */
static enum rc within_cap(struct rule_run *run, const struct who *who, int64_t user, struct err *e)
{
    bool full = false;
    if (run->kind == ENT_DEAL && who->kind != WHO_ROLE && who->kind != WHO_TEAM)
        TRY(who_full(run, user, who->cap, &full, e));
    return full ? err_set(e, RC_UNPROCESSABLE, "nobody_free", "", NULL) : RC_OK;
}

static enum rc apply(struct rule_run *run, const struct action *act, struct err *e)
{
    struct people people;
    struct record *r;
    if (run->kind == ENT_NOTE)
        return err_set(e, RC_UNPROCESSABLE, "run_without_deal", "", NULL);
    TRY(run_subject(run, &r, e));
    int owner = entity_field(r->ent, STR("owner_id")), reason = entity_field(r->ent, STR("owner_reason"));
    TRY(who_find(run, &act->v[TO].who, &people, e));
    run->note = people.why;
    if (val_i(r->f[owner], 0) == people.ids[0])
        return RC_OK;
    TRY(within_cap(run, &act->v[TO].who, people.ids[0], e));
    struct record *in = record_new(run->ch->tx->arena, r->ent);
    struct str text = run->t->name;
    if (act->v[REASON].given)
        TRY(run_text(run, act->v[REASON].s, &text, e));
    in->f[owner] = val_int(people.ids[0]);
    in->f[reason] = val_str(text);
    return change_update(run->ch, r->id, 0, in, e);
}

static struct str text(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    return WORDS(a, lang, "rules.then.owner", {"who", who_text(a, &act->v[TO].who, names, lang)});
}

const struct action_type action_owner = {"owner", fields, 2, .check = check, .apply = apply, .text = text};
