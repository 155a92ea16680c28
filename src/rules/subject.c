/* What actions share: the record they act upon, its texts, sets with one more or less. */
#include "base/buf.h"
#include "base/money.h"
#include "crm/rights.h"
#include "rules/actions.h"

bool set_has(struct val set, int64_t id)
{
    for (size_t i = 0; set.kind == VAL_SET && i < set.set.n; i++)
        if (set.set.ids[i] == id)
            return true;
    return false;
}

struct val set_without(struct arena *a, struct val set, int64_t id)
{
    size_t n = set.kind == VAL_SET ? set.set.n : 0, kept = 0;
    int64_t *ids = ARENA_ARRAY(a, int64_t, n + 1);
    for (size_t i = 0; i < n; i++)
        if (set.set.ids[i] != id)
            ids[kept++] = set.set.ids[i];
    return (struct val){.kind = VAL_SET, .set = {ids, kept}};
}

struct val set_with(struct arena *a, struct val set, int64_t id)
{
    size_t n = set.kind == VAL_SET ? set.set.n : 0, kept = 0;
    int64_t *ids = ARENA_ARRAY(a, int64_t, n + 1);
    bool in = false;
    for (size_t i = 0; i < n; i++) {
        if (!in && set.set.ids[i] >= id) {
            ids[kept++] = id;
            in = true;
        }
        if (set.set.ids[i] != id)
            ids[kept++] = set.set.ids[i];
    }
    if (!in)
        ids[kept++] = id;
    return (struct val){.kind = VAL_SET, .set = {ids, kept}};
}

enum rc run_deal(struct rule_run *run, struct record **out, struct err *e)
{
    if (!run->deal_id)
        return err_set(e, RC_UNPROCESSABLE, "run_without_deal", "", NULL);
    return record_load(run->ch->tx->db, run->ch->tx->arena, entity_by_id(ENT_DEAL), run->deal_id, false, out, e);
}

enum rc run_object(struct rule_run *run, const struct action_value *of, struct record **out, struct err *e)
{
    static const enum entity_id kinds[] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY};
    static const int by_deal[] = {-1, DEAL_CONTACT_ID, DEAL_COMPANY_ID};
    enum entity_id kind = of->given                                              ? kinds[of->i]
                          : run->kind == ENT_TASK || run->t->subject == ENT_NOTE ? ENT_DEAL
                                                                                 : run->kind;
    struct record *r;
    int64_t id = 0;
    *out = NULL;
    if (kind == run->kind)
        return run_subject(run, out, e);
    if (kind == ENT_DEAL)
        return run_deal(run, out, e);
    if (run->deal_id) {
        TRY(run_deal(run, &r, e));
        id = val_i(r->f[by_deal[of->i]], 0);
        if (!id && kind == ENT_CONTACT && r->f[DEAL_CONTACT_IDS].set.n)
            id = r->f[DEAL_CONTACT_IDS].set.ids[0];
    } else if (run->kind == ENT_CONTACT && kind == ENT_COMPANY) {
        TRY(run_subject(run, &r, e));
        id = val_i(r->f[CONTACT_COMPANY_ID], 0);
    }
    if (!id)
        return RC_OK;
    return record_load(run->ch->tx->db, run->ch->tx->arena, entity_by_id(kind), id, false, out, e);
}

enum rc run_set(struct rule_run *run, const struct record *r, int field, struct val v, struct err *e)
{
    struct record *in = record_new(run->ch->tx->arena, r->ent);
    in->f[field] = v;
    return change_update(run->ch, r->id, 0, in, e);
}

/* ---- texts ---- */

/* The names that a text holds; of what the reader does not see there is none. NULL rights see all. */
static enum rc name_of(struct rule_run *run, const struct rights *rights, enum entity_id kind, struct val id, int field,
                       struct str *out, struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    const struct record *r = NULL;
    bool seen = val_has(id);
    *out = STR("");
    if (seen && rights)
        TRY(rights_reach(run->ch->tx->db, run->ch->tx->arena, rights, ent, id.i, RIGHT_SEE, &seen, e));
    if (seen)
        TRY(run_record(run->ch, ent, id.i, NULL, &r, e));
    if (r && val_has(r->f[field]))
        *out = r->f[field].s;
    return RC_OK;
}

static enum rc deal_words(struct rule_run *run, const struct rights *rights, const struct record *deal,
                          struct word *words, struct err *e)
{
    struct val value = deal->f[DEAL_VALUE_MINOR];
    struct str currency = deal->f[DEAL_CURRENCY].s;
    words[0].value = deal->f[DEAL_TITLE].s;
    TRY(name_of(run, rights, ENT_CONTACT, deal->f[DEAL_CONTACT_ID], CONTACT_NAME, &words[1].value, e));
    TRY(name_of(run, rights, ENT_COMPANY, deal->f[DEAL_COMPANY_ID], COMPANY_NAME, &words[2].value, e));
    TRY(name_of(run, rights, ENT_USER, deal->f[DEAL_OWNER_ID], USER_NAME, &words[3].value, e));
    if (val_has(value) && rights_sees_field(rights, deal->ent, DEAL_VALUE_MINOR)) {
        struct str amount = money_format(run->ch->tx->arena, value.i, money_exponent(currency));
        words[4].value = str_fmt(run->ch->tx->arena, "%.*s %.*s", STR_ARG(amount), STR_ARG(currency));
    }
    return RC_OK;
}

static enum rc client_words(struct rule_run *run, const struct rights *rights, const struct record *r,
                            struct word *words, struct err *e)
{
    bool contact = r->ent->id == ENT_CONTACT;
    words[0].value = words[contact ? 1 : 2].value = r->f[contact ? (int)CONTACT_NAME : (int)COMPANY_NAME].s;
    if (contact)
        TRY(name_of(run, rights, ENT_COMPANY, r->f[CONTACT_COMPANY_ID], COMPANY_NAME, &words[2].value, e));
    return name_of(run, rights, ENT_USER, r->f[contact ? (int)CONTACT_OWNER_ID : (int)COMPANY_OWNER_ID], USER_NAME,
                   &words[3].value, e);
}

static struct str fill(struct arena *a, struct str text, const struct word *words, size_t n)
{
    struct buf b = {0};
    for (size_t i = 0; i < text.len; i++) {
        size_t k = 0;
        struct str rest = {text.ptr + i, text.len - i};
        while (k < n && !str_starts(rest, str_c(words[k].name)))
            k++;
        if (k < n) {
            buf_str(&b, words[k].value);
            i += strlen(words[k].name) - 1;
        } else {
            buf_char(&b, text.ptr[i]);
        }
    }
    struct str out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return out;
}

enum rc run_text(struct rule_run *run, struct str text, struct str *out, struct err *e)
{
    return run_text_for(run, text, NULL, out, e);
}

enum rc run_text_for(struct rule_run *run, struct str text, const struct rights *rights, struct str *out, struct err *e)
{
    struct word words[] = {{"{title}", STR("")},
                           {"{contact}", STR("")},
                           {"{company}", STR("")},
                           {"{owner}", STR("")},
                           {"{value}", STR("")}};
    struct record *r;
    *out = text;
    if (!memchr(text.ptr, '{', text.len))
        return RC_OK;
    if (run->deal_id) {
        TRY(run_deal(run, &r, e));
        TRY(deal_words(run, rights, r, words, e));
    } else {
        TRY(run_subject(run, &r, e));
        if (r->ent->id == ENT_TASK)
            words[0].value = r->f[TASK_TITLE].s;
        else if (r->ent->id != ENT_NOTE)
            TRY(client_words(run, rights, r, words, e));
    }
    *out = fill(run->ch->tx->arena, text, words, sizeof words / sizeof *words);
    return RC_OK;
}
