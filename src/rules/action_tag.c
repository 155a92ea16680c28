/* Tags: put on, taken off. */
#include "rules/actions.h"

enum { TAG, OF };
static const struct action_field fields[] = {{"tag_id", AF_REF, .required = true, .ref = ENT_TAG},
                                             {"of", AF_ENUM, false, .names = action_of_names}};

static int tags_of(const struct record *r)
{
    return r->ent->id == ENT_DEAL ? DEAL_TAG_IDS : r->ent->id == ENT_CONTACT ? CONTACT_TAG_IDS : COMPANY_TAG_IDS;
}

static enum rc change(struct rule_run *run, const struct action *act, bool on, struct err *e)
{
    struct record *r;
    TRY(run_object(run, &act->v[OF], &r, e));
    if (!r)
        return RC_OK; /* a deal without a client has none to be tagged */
    int field = tags_of(r);
    struct val set = on ? set_with(run->ch->tx->arena, r->f[field], act->v[TAG].i)
                        : set_without(run->ch->tx->arena, r->f[field], act->v[TAG].i);
    return run_set(run, r, field, set, e);
}

static enum rc put_on(struct rule_run *run, const struct action *act, struct err *e)
{
    return change(run, act, true, e);
}

static enum rc take_off(struct rule_run *run, const struct action *act, struct err *e)
{
    return change(run, act, false, e);
}

static struct str text_on(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    return WORDS(a, lang, "rules.then.tag", {"tag", words_name(a, names, ENT_TAG, act->v[TAG].i)});
}

static struct str text_off(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    return WORDS(a, lang, "rules.then.untag", {"tag", words_name(a, names, ENT_TAG, act->v[TAG].i)});
}

const struct action_type action_tag = {"tag", fields, 2, .apply = put_on, .text = text_on};
const struct action_type action_untag = {"untag", fields, 2, .apply = take_off, .text = text_off};
