/* What events say, understood without looking at the facts: each thread that reads the journal does it by itself. The
 * columns are known by name; custom fields made meanwhile are learned from the projection's own decoder. */
#include "crm/custom_field.h"
#include "crm/fields.h"
#include "insight/projection_impl.h"
#include "insight/projection_nouns.h"
#include <stdlib.h>

/* ---- columns ---- */

static void add_column(struct decoder *d, enum fact fact, struct str name, struct told_column c)
{
    struct told_noun *noun = &d->nouns[fact];
    noun->columns = realloc(noun->columns, (noun->n + 1) * sizeof *noun->columns);
    if (noun->columns == NULL)
        abort();
    c.name = str_dup(&d->kept, name);
    c.head = str_fmt(&d->kept, "\"%.*s\":[", STR_ARG(name));
    strmap_put(noun->names, name, (int64_t)noun->n);
    noun->columns[noun->n++] = c;
}

static struct told_column column_of(enum fact fact, size_t index, const struct field *fd)
{
    return (struct told_column){.kind = fact_kind_of(fact, index, fd), .type = fd->type, .names = fd->names};
}

void decoder_init(struct decoder *d)
{
    *d = (struct decoder){0};
    for (int fact = 0; fact < FACTS; fact++) {
        const struct entity *ent = entity_by_id(fact_entity((enum fact)fact));
        d->nouns[fact].names = strmap_new();
        for (size_t i = 0; i < ent->n_fields && !ent->fields[i].custom; i++)
            add_column(d, (enum fact)fact, str_c(ent->fields[i].name), column_of((enum fact)fact, i, &ent->fields[i]));
    }
}

void decoder_free(struct decoder *d)
{
    for (int fact = 0; fact < FACTS; fact++) {
        free(d->nouns[fact].columns);
        strmap_free(d->nouns[fact].names);
    }
    arena_free(&d->kept);
}

void decoder_add_field(struct decoder *d, enum fact fact, struct str name, const struct field *shape)
{
    add_column(d, fact, name, column_of(fact, d->nouns[fact].n, shape));
    d->custom++;
}

void decoder_learn(struct decoder *d, const struct decoder *from)
{
    for (int fact = 0; fact < FACTS; fact++)
        for (size_t i = d->nouns[fact].n; i < from->nouns[fact].n; i++) {
            const struct told_column *c = &from->nouns[fact].columns[i];
            add_column(d, (enum fact)fact, c->name,
                       (struct told_column){.kind = c->kind, .type = c->type, .names = c->names});
        }
    d->custom = from->custom;
}

bool decoder_field(const struct decoder *d, enum fact fact, struct str name, size_t *field)
{
    int64_t found;
    if (!strmap_get(d->nouns[fact].names, name, &found))
        return false;
    *field = (size_t)found;
    return true;
}

/* ---- values ---- */

static bool enum_of(const char *const *names, struct str json, int64_t *out)
{
    if (json.len < 2 || json.ptr[0] != '"')
        return false;
    size_t len = json.len - 2;
    for (int i = 0; names[i] != NULL; i++)
        if (strncmp(names[i], json.ptr + 1, len) == 0 && names[i][len] == 0) {
            *out = i;
            return true;
        }
    return false;
}

static bool long_text(struct str json, int64_t *out)
{
    *out = FACT_NULL;
    for (size_t i = 1; i + 1 < json.len && *out < INT8_MAX; i++)
        *out = (*out == FACT_NULL ? 0 : *out) + (((unsigned char)json.ptr[i] & 0xc0) != 0x80);
    return true;
}

/* -0.0 would be FACT_NULL. */
static bool real(struct str json, int64_t *out)
{
    double d;
    if (!event_real(json, &d))
        return false;
    d = d == 0 ? 0 : d;
    memcpy(out, &d, sizeof d);
    return true;
}

bool told_value(enum fact_kind kind, enum field_type type, const char *const *names, struct str json, int64_t *out)
{
    *out = FACT_NULL;
    if (json.len == 0 || json.ptr[0] == 'n')
        return json.len == 4;
    if (type == FT_LONG) /* how long it is */
        return long_text(json, out);
    if (type == FT_ENUM)
        return enum_of(names, json, out);
    if (type == FT_REAL)
        return real(json, out);
    if (!event_int(json, out))
        return false;
    if (kind == FC_I32 && (*out <= INT32_MIN || *out > INT32_MAX)) {
        *out = FACT_NULL;
        return false;
    }
    return true;
}

/* ---- events ---- */

static struct told_field *next_field(struct told_batch *b, struct told *told, enum told_kind kind, size_t field)
{
    struct told_field one = {.field = (uint16_t)field, .kind = (uint8_t)kind};
    vec_push(&b->fields, one);
    told->n++;
    return &b->fields.ptr[b->fields.len - 1];
}

static void tell_json(struct told_batch *b, struct told *told, enum told_kind kind, size_t field, struct str json)
{
    char *copy = arena_alloc(&b->texts, json.len);
    memcpy(copy, json.ptr, json.len);
    struct told_field *f = next_field(b, told, kind, field);
    f->len = (uint32_t)json.len;
    f->text = copy;
}

static void tell(struct told_batch *b, struct told *told, enum fact fact, const struct told_column *c, size_t field,
                 const struct event_pair *pair)
{
    int64_t value, was;
    bool indexed = c->kind == FC_SET || (c->kind == FC_TEXT && pair->old.ptr != NULL && pair->now.ptr[0] == '"');
    if (c->kind == FC_NONE)
        return;
    if (pair->old.ptr == NULL || (!indexed && !told_value(c->kind, c->type, c->names, pair->now, &value))) {
        next_field(b, told, TOLD_BROKEN, field);
    } else if (indexed) {
        tell_json(b, told, TOLD_JSON, field, pair->now);
    } else {
        if (told->undoes != 0 && fact == FACT_DEAL && field == DEAL_STAGE_ID && event_int(pair->old, &was))
            next_field(b, told, TOLD_WAS, field)->value = was;
        next_field(b, told, TOLD_VALUE, field)->value = value;
    }
}

/* A field that this decoder has not heard of: the projection may have. */
static void tell_unknown(struct told_batch *b, struct told *told, const struct event_pair *pair)
{
    if (!str_starts(pair->field, STR("cf_")))
        return;
    tell_json(b, told, TOLD_NAME, 0, pair->field);
    if (pair->old.ptr == NULL)
        next_field(b, told, TOLD_BROKEN, 0);
    else
        tell_json(b, told, TOLD_JSON, 0, pair->now);
}

/* Events of a kind name the same fields in the same order: what came behind a field the last time is tried first. */
static void tell_fields(struct decoder *d, enum fact fact, struct str data, struct told_batch *b, struct told *told)
{
    struct told_noun *noun = &d->nouns[fact];
    size_t *guess = &noun->first, field;
    struct event_scan s;
    struct event_pair pair;
    int more = 1;
    told->broken = !event_scan_begin(&s, data);
    while (!told->broken && more > 0) {
        if (event_scan_expect(&s, noun->columns[*guess].head, &pair)) {
            field = *guess;
        } else if ((more = event_scan_next(&s, &pair)) <= 0) {
            told->broken = more < 0;
            return;
        } else if (!decoder_field(d, fact, pair.field, &field)) {
            tell_unknown(b, told, &pair);
            continue;
        }
        *guess = field;
        guess = &noun->columns[field].next;
        tell(b, told, fact, &noun->columns[field], field, &pair);
    }
}

static int index_of(const char *const *names, struct str json)
{
    for (int i = 0; names[i] != NULL; i++)
        if (json.len == strlen(names[i]) + 2 && memcmp(json.ptr + 1, names[i], json.len - 2) == 0)
            return i;
    return -1;
}

/* Of which noun, and of what type. */
static void tell_custom_field(struct str data, struct told_batch *b, struct told *told)
{
    struct event_scan s;
    struct event_pair pair;
    int object = -1, type = -1, more = event_scan_begin(&s, data) ? 1 : -1;
    while (more > 0 && (more = event_scan_next(&s, &pair)) > 0) {
        if (pair.now.ptr != NULL && str_eqc(pair.field, "object"))
            object = index_of(custom_object_names, pair.now);
        else if (pair.now.ptr != NULL && str_eqc(pair.field, "type"))
            type = index_of(custom_type_names, pair.now);
    }
    enum fact fact = fact_of_entity(custom_noun(object));
    told->broken = more < 0 || fact == FACTS || custom_shape(type) == NULL;
    next_field(b, told, TOLD_VALUE, 0)->value = fact;
    next_field(b, told, TOLD_VALUE, 0)->value = type;
}

/* {"goal_id":5} */
static void tell_goal(struct str data, struct told_batch *b, struct told *told)
{
    static const char key[] = "\"goal_id\":";
    const char *at = data.len ? memmem(data.ptr, data.len, key, sizeof key - 1) : NULL;
    int64_t goal = 0;
    told->broken = true;
    if (at == NULL)
        return;
    for (at += sizeof key - 1; at < data.ptr + data.len && *at >= '0' && *at <= '9' && goal < INT32_MAX; at++)
        goal = goal * 10 + (*at - '0');
    if (goal <= 0 || goal > INT32_MAX)
        return;
    told->broken = false;
    next_field(b, told, TOLD_VALUE, 0)->value = goal;
}

bool told_of_fields(enum fact fact, int verb)
{
    return verb == VERB_CREATED || verb == VERB_UPDATED || verb == VERB_MOVED || verb == VERB_DONE ||
           verb == VERB_ERASED || (fact == FACT_DEAL && verb == VERB_PASSED);
}

void decoder_tell(struct decoder *d, const struct event *ev, struct told_batch *b)
{
    enum fact fact = fact_of_entity((enum entity_id)ev->object_kind);
    struct told told = {.seq = ev->seq,
                        .at = ev->at,
                        .undoes = ev->undoes,
                        .object_id = ev->object_id,
                        .actor = (uint32_t)ev->actor_id,
                        .first = (uint32_t)b->fields.len,
                        .object = (uint16_t)ev->object_kind,
                        .fact = (uint8_t)fact,
                        .verb = (uint8_t)ev->verb,
                        .via = (uint8_t)ev->via};
    if (fact != FACTS && told_of_fields(fact, ev->verb))
        tell_fields(d, fact, ev->data, b, &told);
    else if (fact == FACT_DEAL && ev->verb == VERB_REACHED)
        tell_goal(ev->data, b, &told);
    else if (ev->object_kind == ENT_CUSTOM_FIELD && ev->verb == VERB_CREATED)
        tell_custom_field(ev->data, b, &told);
    vec_push(&b->events, told);
}

void told_clear(struct told_batch *b)
{
    b->events.len = b->fields.len = 0;
    if (b->texts.total > 0)
        arena_reset(&b->texts);
}

void told_free(struct told_batch *b)
{
    vec_free(&b->events);
    vec_free(&b->fields);
    arena_free(&b->texts);
}
