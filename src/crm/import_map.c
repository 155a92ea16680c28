/* The map of a list of opportunities: JSON that says which column is what. */
#include "crm/import_list.h"

static const char maven_map[] =
    "{\"currency\":\"USD\","
    "\"deals\":{\"title\":\"opportunity_id\",\"owner\":\"sales_agent\",\"company\":\"account\",\"product\":\"product\","
    "\"stage\":\"deal_stage\",\"start\":\"engage_date\",\"close\":\"close_date\",\"value\":\"close_value\"},"
    "\"stages\":[\"Prospecting\",\"Engaging\",\"Won\",\"Lost\"],\"won\":[\"Won\"],\"lost\":[\"Lost\"],"
    "\"start_stage\":\"Engaging\","
    "\"companies\":{\"file\":\"accounts.csv\",\"name\":\"account\","
    "\"fields\":{\"industry\":\"sector\",\"country\":\"office_location\"},"
    "\"comment\":[\"year_established\",\"revenue\",\"employees\",\"subsidiary_of\"]},"
    "\"products\":{\"file\":\"products.csv\",\"name\":\"product\",\"fields\":{\"price_minor\":\"sales_price\"}},"
    "\"people\":{\"file\":\"sales_teams.csv\",\"name\":\"sales_agent\",\"manager\":\"manager\"},"
    "\"corrections\":{\"sector\":{\"technolgy\":\"technology\"},\"office_location\":{\"Philipines\":\"Philippines\"}}}";

struct str import_map_builtin(const char *name)
{
    return strcmp(name, "maven") == 0 ? STR(maven_map) : STR_NULL;
}

struct reading {
    struct arena *a;
    struct err *e;
};

static enum rc bad_map(struct reading *r, const char *where, const char *why)
{
    return err_set(r->e, RC_UNPROCESSABLE, "bad_map", "", "%s: %s", where, why);
}

static enum rc text(struct reading *r, const json_t *j, const char *where, struct str *out)
{
    if (!json_is_string(j))
        return bad_map(r, where, "text is wanted");
    *out = str_dup(r->a, str_trim((struct str){json_string_value(j), json_string_length(j)}));
    return RC_OK;
}

struct slot {
    const char *name;
    struct str *to;
    bool needed;
};

/* Texts of an object into their places; keys that are in `others` are left to the caller. */
static enum rc texts(struct reading *r, const json_t *obj, const char *where, const struct slot *slots, size_t n,
                     const char *others)
{
    const char *key;
    json_t *value;
    if (!json_is_object(obj))
        return bad_map(r, where, "an object is wanted");
    json_object_foreach((json_t *)obj, key, value)
    {
        size_t i = 0;
        char word[64];
        while (i < n && strcmp(slots[i].name, key) != 0)
            i++;
        snprintf(word, sizeof word, " %.60s ", key);
        if (i < n)
            TRY(text(r, value, key, slots[i].to));
        else if (!strstr(others, word))
            return bad_map(r, where, key);
    }
    for (size_t i = 0; i < n; i++)
        if (slots[i].needed && !slots[i].to->len)
            return bad_map(r, where, slots[i].name);
    return RC_OK;
}

static enum rc text_list(struct reading *r, const json_t *j, const char *where, struct str **out, size_t *n)
{
    *n = 0;
    if (!j)
        return RC_OK;
    if (!json_is_array(j))
        return bad_map(r, where, "a list is wanted");
    *out = ARENA_ARRAY(r->a, struct str, json_array_size(j) + 1);
    for (; *n < json_array_size(j); ++*n)
        TRY(text(r, json_array_get(j, *n), where, &(*out)[*n]));
    return RC_OK;
}

static enum rc name_list(struct reading *r, const json_t *j, const char *where, struct import_names *out)
{
    struct str *list = NULL;
    TRY(text_list(r, j, where, &list, &out->n));
    const char **names = ARENA_ARRAY(r->a, const char *, out->n + 1);
    for (size_t i = 0; i < out->n; i++)
        names[i] = list[i].ptr;
    out->name = names;
    return RC_OK;
}

/* Fields that a side file may fill; the name and the comment have keys of their own. */
static enum rc side_fields(struct reading *r, const json_t *j, const char *where, enum entity_id kind,
                           struct map_side *out)
{
    const struct entity *ent = entity_by_id(kind);
    const char *key;
    json_t *value;
    if (!j)
        return RC_OK;
    if (!json_is_object(j))
        return bad_map(r, where, "an object is wanted");
    out->fields = ARENA_ARRAY(r->a, struct map_field, json_object_size(j) + 1);
    json_object_foreach((json_t *)j, key, value)
    {
        struct map_field *f = &out->fields[out->n_fields++];
        int i = entity_field(ent, str_c(key));
        bool plain = i >= 0 && !(ent->fields[i].flags & (FF_SERVER | FF_SECRET)) &&
                     (ent->fields[i].type == FT_MONEY || field_is_text(&ent->fields[i]));
        if (!plain || strcmp(key, "name") == 0 || strcmp(key, "currency") == 0)
            return bad_map(r, where, key);
        f->field = str_dup(r->a, str_c(key));
        TRY(text(r, value, key, &f->column));
    }
    return RC_OK;
}

static enum rc side(struct reading *r, const json_t *map, const char *name, enum entity_id kind, struct map_side *out)
{
    const json_t *j = json_object_get(map, name);
    bool people = kind == ENT_USER, companies = kind == ENT_COMPANY;
    const struct slot slots[] = {{"file", &out->file, true}, {"name", &out->name, true}, {"manager", &out->manager, 0}};
    if (!j)
        return RC_OK;
    TRY(texts(r, j, name, slots, people ? 3 : 2, people ? "" : companies ? " fields comment " : " fields "));
    if (memchr(out->file.ptr, '/', out->file.len))
        return bad_map(r, name, "the file has to lie beside the list");
    TRY(text_list(r, json_object_get(j, "comment"), name, &out->comment, &out->n_comment));
    return side_fields(r, json_object_get(j, "fields"), name, kind, out);
}

static enum rc corrections(struct reading *r, const json_t *j, struct list_map *out)
{
    const char *column, *from;
    json_t *pairs, *to;
    size_t n = 0;
    if (!j)
        return RC_OK;
    if (!json_is_object(j))
        return bad_map(r, "corrections", "an object is wanted");
    json_object_foreach((json_t *)j, column, pairs) n += json_object_size(pairs);
    out->corrections = ARENA_ARRAY(r->a, struct map_correction, n + 1);
    json_object_foreach((json_t *)j, column, pairs)
    {
        if (!json_is_object(pairs))
            return bad_map(r, "corrections", column);
        json_object_foreach(pairs, from, to)
        {
            struct map_correction *c = &out->corrections[out->n_corrections++];
            c->column = str_dup(r->a, str_c(column));
            c->from = str_dup(r->a, str_c(from));
            TRY(text(r, to, column, &c->to));
        }
    }
    return RC_OK;
}

static enum rc whole(struct reading *r, const json_t *map, struct list_map *out)
{
    const struct slot top[] = {
        {"currency", &out->currency, false}, {"kind", &out->kind, false}, {"start_stage", &out->start_stage, false}};
    const struct slot deals[] = {
        {"title", &out->title, true},      {"stage", &out->stage, true},      {"owner", &out->owner, false},
        {"company", &out->company, false}, {"product", &out->product, false}, {"start", &out->start, false},
        {"close", &out->close, false},     {"value", &out->value, false},     {"at_format", &out->at_format, false},
    };
    TRY(texts(r, map, "map", top, 3, " deals stages won lost companies products people corrections "));
    TRY(texts(r, json_object_get(map, "deals"), "deals", deals, sizeof deals / sizeof *deals, ""));
    TRY(text_list(r, json_object_get(map, "stages"), "stages", &out->stages, &out->n_stages));
    TRY(name_list(r, json_object_get(map, "won"), "won", &out->won));
    TRY(name_list(r, json_object_get(map, "lost"), "lost", &out->lost));
    TRY(side(r, map, "companies", ENT_COMPANY, &out->companies));
    TRY(side(r, map, "products", ENT_PRODUCT, &out->products));
    TRY(side(r, map, "people", ENT_USER, &out->people));
    return corrections(r, json_object_get(map, "corrections"), out);
}

enum rc list_map_read(struct arena *a, struct str json, struct list_map *out, struct err *e)
{
    struct reading r = {a, e};
    json_t *tree;
    memset(out, 0, sizeof *out);
    TRY(json_read(json, &tree, e));
    enum rc rc = whole(&r, tree, out);
    json_decref(tree);
    return rc;
}
