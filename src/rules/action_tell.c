/* Others hear of it: a notice, a note on the card, a call to another program. */
#include "crm/notification.h"
#include "crm/outbox.h"
#include "crm/rights.h"
#include "rules/actions.h"

/* ---- notify ---- */

enum { TO, TEXT };
static const struct action_field notify_fields[] = {{"to", AF_WHO, .required = true},
                                                    {"text", AF_TEXT, true, .max = 1000}};

/* Somebody hears of what they see, in words of what they see; of the rest the rule says nothing to them. */
static enum rc tell_one(struct rule_run *run, int64_t user_id, struct str text, struct err *e)
{
    struct arena *a = run->ch->tx->arena;
    enum entity_id kind = run->deal_id ? ENT_DEAL : run->kind;
    int64_t id = run->deal_id ? run->deal_id : run->object_id;
    const struct rights *rights;
    struct buf b = {0};
    bool seen;
    TRY(rights_load(run->ch->tx->db, a, user_id, &rights, e));
    TRY(rights_reach(run->ch->tx->db, a, rights, entity_by_id(kind), id, RIGHT_SEE, &seen, e));
    if (!seen)
        return RC_OK;
    TRY(run_text_for(run, text, rights, &text, e));
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_kstr(&w, "name", run->t->name);
    jw_kstr(&w, "text", text);
    jw_end_obj(&w);
    struct str params = str_dup(a, buf_view(&b));
    buf_free(&b);
    return notification_add(run->ch, user_id, "trigger.notify", kind, id, params, e);
}

static enum rc notify(struct rule_run *run, const struct action *act, struct err *e)
{
    struct people people;
    TRY(who_find(run, &act->v[TO].who, &people, e));
    run->note = people.why;
    for (size_t i = 0; i < people.n; i++)
        TRY(tell_one(run, people.ids[i], act->v[TEXT].s, e));
    return RC_OK;
}

static struct str notify_text(struct arena *a, const struct action *act, const struct rule_names *names,
                              const char *lang)
{
    return WORDS(a, lang, "rules.then.notify", {"who", who_text(a, &act->v[TO].who, names, lang)},
                 {"text", act->v[TEXT].s});
}

const struct action_type action_notify = {"notify", notify_fields, 2, .apply = notify, .text = notify_text};

/* ---- note ---- */

static const struct action_field note_fields[] = {{"text", AF_TEXT, true, .max = 20000}};

static enum rc note(struct rule_run *run, const struct action *act, struct err *e)
{
    static const int hangs_on[] = {[ENT_CONTACT] = NOTE_CONTACT_ID, [ENT_COMPANY] = NOTE_COMPANY_ID};
    struct record *in = record_new(run->ch->tx->arena, entity_by_id(ENT_NOTE));
    struct str text;
    TRY(run_text(run, act->v[0].s, &text, e));
    in->f[NOTE_TEXT] = val_str(text);
    if (run->deal_id)
        in->f[NOTE_DEAL_ID] = val_int(run->deal_id);
    else if (run->kind == ENT_CONTACT || run->kind == ENT_COMPANY)
        in->f[hangs_on[run->kind]] = val_int(run->object_id);
    else
        return err_set(e, RC_UNPROCESSABLE, "run_without_deal", "", NULL);
    return change_create(run->ch, in, NULL, e);
}

static struct str note_text(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    (void)names;
    return WORDS(a, lang, "rules.then.note", {"text", act->v[0].s});
}

const struct action_type action_note = {"note", note_fields, 1, .apply = note, .text = note_text};

/* ---- webhook ---- */

static const struct action_field hook_fields[] = {{"url", AF_URL, true, .max = 1000}};

/* {"trigger":{id,name},"object","data":{the record}}; delivered by the outbox, again until it has arrived. */
static enum rc call(struct rule_run *run, const struct action *act, struct err *e)
{
    struct buf b = {0};
    struct record *r;
    TRY(record_load(run->ch->tx->db, run->ch->tx->arena, entity_by_id(run->t->subject), run->subject_id, false, &r, e));
    struct jw w = jw_to(&b);
    jw_obj(&w);
    jw_kc(&w, "kind", "trigger.fired");
    jw_ki64(&w, "at", run->ch->at);
    jw_key(&w, run->t->is_goal ? "goal" : "trigger");
    jw_obj(&w);
    jw_ki64(&w, "id", run->t->id);
    jw_kstr(&w, "name", run->t->name);
    jw_ki64(&w, "version", run->t->version);
    jw_end_obj(&w);
    jw_ki64(&w, "cause", run->cause);
    jw_kc(&w, "object", r->ent->name);
    jw_key(&w, "data");
    record_put(&w, r, NULL);
    jw_end_obj(&w);
    struct str key = str_fmt(run->ch->tx->arena, "trigger-%lld-%lld-%lld-%lld-%zu", (long long)run->t->id,
                             (long long)run->object_id, (long long)run->ch->at, (long long)run->ch->seq, run->action);
    enum rc rc = outbox_add(run->ch, "webhook", act->v[0].s, buf_view(&b), key, e);
    buf_free(&b);
    return rc;
}

/* Where to, in words for everybody: what stands behind the host, or a name before it, may be a key. */
static struct str host_of(struct arena *a, struct str url)
{
    size_t start = 0, end;
    for (size_t i = 0; !start && i + 2 < url.len; i++)
        if (memcmp(url.ptr + i, "://", 3) == 0)
            start = i + 3;
    for (end = start; end < url.len && !strchr("/?#", url.ptr[end]);)
        end++;
    for (size_t i = start; i < end; i++)
        if (url.ptr[i] == '@')
            return str_fmt(a, "%.*s%.*s", (int)start, url.ptr, (int)(end - i - 1), url.ptr + i + 1);
    return (struct str){url.ptr, end};
}

static struct str call_text(struct arena *a, const struct action *act, const struct rule_names *names, const char *lang)
{
    (void)names;
    return WORDS(a, lang, "rules.then.webhook", {"url", host_of(a, act->v[0].s)});
}

const struct action_type action_webhook = {"webhook", hook_fields, 1, .apply = call, .text = call_text};
