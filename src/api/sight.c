/* An event of live updates for those who do not see everything: the facts about what it is of, as it is and as it was
 * before, loaded once and asked for every listener. */
#include "api/sight.h"
#include "crm/access.h"
#include "crm/fields.h"

struct sight {
    struct arena arena;
    struct event ev;
    const struct entity *ent;
    struct access *now, *before; /* before: NULL when nothing that matters has changed */
};

static bool old_id(const json_t *data, const char *name, int64_t *out)
{
    const json_t *pair = json_object_get(data, name);
    if (json_array_size(pair) != 2)
        return false;
    *out = json_integer_value(json_array_get(pair, 0));
    return true;
}

/* A co-worker who has just left was there before. */
static struct access *with_member(struct arena *a, const struct access *deal, int64_t user)
{
    struct access *was = ARENA_NEW(a, struct access);
    int64_t *members = ARENA_ARRAY(a, int64_t, deal->n_members + 1);
    *was = *deal;
    if (deal->n_members)
        memcpy(members, deal->members, deal->n_members * sizeof *members);
    members[was->n_members++] = user;
    was->members = members;
    return was;
}

/* As the facts were before the event, by the old values that it tells. */
static enum rc look_back(struct sight *s, struct db *db, const json_t *data, struct err *e)
{
    struct access *was = ARENA_NEW(&s->arena, struct access), *parent;
    int64_t id;
    *was = *s->now;
    bool differs = old_id(data, "owner_id", &was->owner);
    if (s->ent->id == ENT_DEAL) {
        differs |= old_id(data, "funnel_id", &was->funnel);
        differs |= old_id(data, "stage_id", &was->stage);
    }
    if (old_id(data, "deal_id", &id)) {
        differs = true;
        was->deal = NULL;
        if (id) {
            TRY(access_load(db, &s->arena, entity_by_id(ENT_DEAL), id, &parent, e));
            was->deal = parent;
        }
    }
    if (s->ent->id == ENT_DEAL_MEMBER && s->ev.verb == VERB_DELETED && s->now->deal) {
        differs = true;
        was->deal = with_member(&s->arena, s->now->deal, s->now->owner);
    }
    s->before = differs && s->ev.verb != VERB_CREATED ? was : NULL;
    return RC_OK;
}

struct sight *sight_new(struct db *db, const struct event *ev)
{
    struct sight *s = calloc(1, sizeof *s);
    struct err e;
    json_t *data = NULL;
    if (!s)
        abort();
    s->ent = entity_by_id((enum entity_id)ev->object_kind);
    s->ev = *ev;
    s->ev.data = str_dup(&s->arena, ev->data);
    enum rc rc = s->ent ? access_load(db, &s->arena, s->ent, ev->object_id, &s->now, &e) : RC_INTERNAL;
    if (rc == RC_OK && ev->data.len && json_read(ev->data, &data, NULL) == RC_OK)
        rc = look_back(s, db, data, &e);
    json_decref(data);
    if (rc == RC_OK)
        return s;
    sight_free(s);
    return NULL;
}

void sight_free(struct sight *s)
{
    if (!s)
        return;
    arena_free(&s->arena);
    free(s);
}

static void put_gone(struct buf *out, const struct sight *s, const char *object, int64_t id)
{
    buf_fmt(out, "event: gone\nid: %lld\ndata: {\"seq\":%lld,\"object\":\"%s\",\"object_id\":%lld}\n\n",
            (long long)s->ev.seq, (long long)s->ev.seq, object, (long long)id);
}

void sight_put(const struct sight *s, const struct rights *r, struct buf *out)
{
    if (rights_allow(r, s->now, RIGHT_SEE)) {
        struct arena a = ARENA_EMPTY;
        size_t start = out->len;
        buf_fmt(out, "event: change\nid: %lld\ndata: ", (long long)s->ev.seq);
        struct jw w = jw_to(out);
        if (event_put_seen(&w, &s->ev, r, &a))
            buf_c(out, "\n\n");
        else
            out->len = start;
        arena_free(&a);
        return;
    }
    if (!s->before || !rights_allow(r, s->before, RIGHT_SEE))
        return;
    put_gone(out, s, s->ent->name, s->ev.object_id);
    if (s->ent->id == ENT_DEAL_MEMBER && s->now->deal && !rights_allow(r, s->now->deal, RIGHT_SEE))
        put_gone(out, s, entity_by_id(ENT_DEAL)->name, s->now->deal->id);
}

bool sight_partial(const struct rights *r)
{
    static const enum entity_id nouns[] = {ENT_DEAL, ENT_CONTACT,      ENT_COMPANY,       ENT_TASK,  ENT_NOTE,
                                           ENT_FILE, ENT_DEAL_PRODUCT, ENT_CONTACT_POINT, ENT_STAGE, ENT_PRODUCT};
    for (size_t i = 0; !r->everything && i < sizeof nouns / sizeof *nouns; i++)
        if (!r->all_rows[nouns[i]] || !r->all_fields[nouns[i]])
            return true;
    return false;
}
