/* A field of the deal or of its client gets a value. */
#include "base/time.h"
#include "rules/actions.h"

enum { OF, FIELD, VALUE };
static const struct action_field fields[] = {{"of", AF_ENUM, false, .names = action_of_names},
                                             {"field", AF_FIELD, .required = true},
                                             {"value", AF_VALUE, .required = true}};

static enum rc apply(struct rule_run *run, const struct action *act, struct err *e)
{
    struct record *r;
    TRY(run_object(run, &act->v[OF], &r, e));
    if (!r)
        return RC_OK;
    struct val v = act->v[VALUE].v;
    int field = entity_field(r->ent, act->v[FIELD].s);
    if (field < 0)
        return err_set(e, RC_UNPROCESSABLE, "unknown_field", "", "%.*s", STR_ARG(act->v[FIELD].s));
    if (v.kind == VAL_ABSENT) { /* so many days from now */
        int64_t at = run->ch->at + act->v[VALUE].i * MS_DAY;
        bool date = r->ent->fields[field].type == FT_DATE;
        int64_t local = at + run->set->offset_ms;
        v = val_int(date ? local / MS_DAY - (local % MS_DAY < 0) : at);
    }
    return run_set(run, r, field, v, e);
}

/* The value as people read it: the name of what it points to, the label of a choice. */
static struct str value_words(struct arena *a, const struct action *act, const struct field *fd,
                              const struct rule_names *names, const char *lang)
{
    const struct action_value *v = &act->v[VALUE];
    if (v->v.kind == VAL_ABSENT)
        return WORDS(a, lang, "rules.ahead", {"time", words_count(a, lang, "rules.days", v->i)});
    if (fd->type == FT_REF && v->v.kind == VAL_INT)
        return words_name(a, names, fd->ref, v->v.i);
    if (fd->type == FT_ENUM && v->v.kind == VAL_INT) {
        struct str key =
            str_fmt(a, "field.%s.%s:%s", entity_by_id(action_object(act))->name, fd->name, fd->names[v->v.i]);
        return i18n_text(lang, key.ptr);
    }
    return filter_value_text(a, fd, v->v);
}

static struct str text(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    const struct entity *ent = entity_by_id(action_object(act));
    int field = entity_field(ent, act->v[FIELD].s);
    struct str label = field < 0 ? act->v[FIELD].s : words_field(a, lang, ent, field);
    struct str of = i18n_text(lang, str_fmt(a, "rules.of.%s", ent->name).ptr);
    if (field < 0 || act->v[VALUE].v.kind == VAL_NULL)
        return WORDS(a, lang, "rules.then.clear", {"of", of}, {"field", label});
    return WORDS(a, lang, "rules.then.set", {"of", of}, {"field", label},
                 {"value", value_words(a, act, &ent->fields[field], names, lang)});
}

const struct action_type action_set = {"set", fields, 3, .apply = apply, .text = text};
