/* The text of a role's rights (docs/api.md, "Who may") and what the four base roles may without it. */
#include "crm/engine.h"
#include "crm/rights_impl.h"
#include <stdio.h>

/* What a role names; everything else follows from these. */
static const enum entity_id governed[] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY, ENT_TASK,
                                          ENT_NOTE, ENT_PRODUCT, ENT_FILE};
#define GOVERNED (sizeof governed / sizeof *governed)

/* ---- the base roles ---- */

static void give(struct rights *r, enum entity_id ent, enum scope see, enum scope write, enum scope export)
{
    const enum scope scopes[RIGHT_N] = {see, write, write, write, export};
    for (int i = 0; i < RIGHT_N; i++)
        r->scope[ent][i] = (unsigned char)scopes[i];
}

static void base_rights(struct rights *r, enum role base)
{
    static const unsigned can[] = {[ROLE_ADMIN] = ~0u,
                                   [ROLE_HEAD] = CAN_SETTINGS | CAN_IMPORT | CAN_BULK | CAN_UNDO_OTHERS | CAN_MERGE |
                                                 CAN_SHARE_VIEWS | CAN_REPORTS | CAN_OVERRIDE | CAN_AUTOMATION,
                                   [ROLE_SELLER] = CAN_IMPORT | CAN_BULK | CAN_MERGE | CAN_REPORTS,
                                   [ROLE_OBSERVER] = CAN_REPORTS};
    r->everything = base == ROLE_ADMIN;
    r->can = can[base];
    for (size_t i = 0; i < GOVERNED; i++) {
        bool product = governed[i] == ENT_PRODUCT;
        if (base == ROLE_ADMIN || base == ROLE_HEAD)
            give(r, governed[i], SCOPE_ALL, SCOPE_ALL, SCOPE_ALL);
        else if (base == ROLE_SELLER)
            give(r, governed[i], SCOPE_ALL, product ? SCOPE_NONE : SCOPE_ALL, product ? SCOPE_ALL : SCOPE_OWN);
        else
            give(r, governed[i], SCOPE_ALL, SCOPE_NONE, SCOPE_NONE);
    }
}

/* ---- reading ---- */

struct reading {
    struct arena *a;
    struct rights *r;
    bool strict;
    struct err *e;
};

/* In what is kept, something may have lost its meaning since; in what comes in it is a mistake. */
static enum rc wrong(const struct reading *p, const char *fmt, const char *a, const char *b)
{
    char path[160];
    if (!p->strict)
        return RC_OK;
    snprintf(path, sizeof path, fmt, a, b);
    return err_set(p->e, RC_UNPROCESSABLE, "bad_rights", "rights", "%s", path);
}

static int name_index(const char *const *names, const json_t *v)
{
    for (int i = 0; json_is_string(v) && names[i]; i++)
        if (strcmp(names[i], json_string_value(v)) == 0)
            return i;
    return -1;
}

static const struct entity *governed_by_name(const char *name)
{
    const struct entity *ent = entity_by_name(str_c(name));
    for (size_t i = 0; ent && i < GOVERNED; i++)
        if (ent->id == governed[i])
            return ent;
    return NULL;
}

static enum rc read_object(const struct reading *p, const char *name, const json_t *tree)
{
    const struct entity *ent = governed_by_name(name);
    const char *key;
    json_t *v;
    if (!ent || !json_is_object(tree))
        return wrong(p, "objects.%s%s", name, "");
    json_object_foreach((json_t *)(uintptr_t)tree, key, v)
    {
        int right = -1, scope = name_index(scope_names, v);
        for (int i = 0; right_names[i]; i++)
            if (strcmp(right_names[i], key) == 0)
                right = i;
        bool halves = ent->id == ENT_PRODUCT && (scope == SCOPE_OWN || scope == SCOPE_TEAM); /* nobody owns a product */
        if (right < 0 || scope < 0 || halves)
            TRY(wrong(p, "objects.%s.%s", name, key));
        else
            p->r->scope[ent->id][right] = (unsigned char)scope;
    }
    return RC_OK;
}

/* A record could not be made, or not be told apart, without these. */
static bool must_be_seen(const struct entity *ent, int i)
{
    const struct field *fd = &ent->fields[i];
    return (fd->flags & FF_REQUIRED) && !(fd->flags & (FF_FILLED | FF_SERVER)) && !fd->default_json;
}

static enum rc read_field(const struct reading *p, const char *path, const json_t *v)
{
    struct str name, object = str_cut(str_c(path), '.', &name);
    const struct entity *ent = governed_by_name(str_cdup(p->a, object));
    bool hidden = json_is_string(v) && strcmp(json_string_value(v), "hidden") == 0;
    bool read_only = json_is_string(v) && strcmp(json_string_value(v), "read_only") == 0;
    int i = ent && name.ptr ? entity_field(ent, name) : -1;
    bool place = ent && ent->id == ENT_DEAL && (i == DEAL_FUNNEL_ID || i == DEAL_STAGE_ID || i == DEAL_STATUS);
    if (i < 0 || i >= RIGHTS_FIELDS || (!hidden && !read_only) || (must_be_seen(ent, i)) || (hidden && place))
        return wrong(p, "fields.%s%s", path, "");
    rights_set_bit(hidden ? p->r->hidden[ent->id] : p->r->read_only[ent->id], i);
    return RC_OK;
}

struct ids {
    int64_t *ptr;
    size_t n;
};

static int id_cmp(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* What is said of a place: words with blanks between. */
enum { PLACE_HIDDEN, PLACE_CLOSED, PLACE_NO_LEAVE, PLACE_NO_CLOSE, PLACE_WORDS };
static const char *const place_words[] = {"hidden", "closed", "no_leave", "no_close", NULL};

/* As bits; 0: there is a word among them that is not known, or none. */
static unsigned read_words(const json_t *v, int most)
{
    unsigned bits = 0;
    struct str rest = json_is_string(v) ? str_c(json_string_value(v)) : STR("");
    while (rest.len) {
        struct str word = str_cut(rest, ' ', &rest);
        int i = 0;
        while (word.len && i < most && !str_eqc(word, place_words[i]))
            i++;
        if (i == most)
            return 0;
        bits |= word.len ? 1u << i : 0;
    }
    return bits;
}

/* `words`: how many of place_words may be said of it. */
static enum rc read_places(const struct reading *p, const char *what, const json_t *tree, int words,
                           struct ids out[PLACE_WORDS])
{
    size_t n = json_object_size(tree);
    const char *key;
    json_t *v;
    if (tree && !json_is_object(tree))
        return wrong(p, "%s%s", what, "");
    for (int i = 0; i < PLACE_WORDS; i++)
        out[i] = (struct ids){ARENA_ARRAY(p->a, int64_t, n + 1), 0};
    json_object_foreach((json_t *)(uintptr_t)tree, key, v)
    {
        int64_t id;
        unsigned bits = read_words(v, words);
        if (!str_i64(str_c(key), &id) || id < 1 || !bits)
            TRY(wrong(p, "%s.%s", what, key));
        else
            for (int i = 0; i < words; i++)
                if (bits >> i & 1)
                    out[i].ptr[out[i].n++] = id;
    }
    for (int i = 0; i < PLACE_WORDS; i++)
        qsort(out[i].ptr, out[i].n, sizeof *out[i].ptr, id_cmp);
    return RC_OK;
}

static enum rc read_can(const struct reading *p, const json_t *list)
{
    if (!list)
        return RC_OK;
    if (!json_is_array(list))
        return wrong(p, "can%s%s", "", "");
    p->r->can = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        int bit = name_index(can_names, v);
        if (bit < 0)
            TRY(wrong(p, "can.%s%s", json_is_string(v) ? json_string_value(v) : "?", ""));
        else
            p->r->can |= 1u << bit;
    }
    return RC_OK;
}

static enum rc read_members(const struct reading *p, const json_t *tree,
                            enum rc (*one)(const struct reading *p, const char *key, const json_t *v),
                            const char *member)
{
    const json_t *of = json_object_get(tree, member);
    const char *key;
    json_t *v;
    if (of && !json_is_object(of))
        return wrong(p, "%s%s", member, "");
    json_object_foreach((json_t *)(uintptr_t)of, key, v) TRY(one(p, key, v));
    return RC_OK;
}

static enum rc read_tree(const struct reading *p, const json_t *tree)
{
    static const char *const known[] = {"objects", "fields", "funnels", "stages", "can"};
    struct ids places[PLACE_WORDS] = {0};
    const char *key;
    json_t *v;
    if (!json_is_object(tree))
        return wrong(p, "%s%s", "", "");
    json_object_foreach((json_t *)(uintptr_t)tree, key, v)
    {
        bool is_known = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            is_known |= strcmp(known[i], key) == 0;
        if (!is_known)
            TRY(wrong(p, "%s%s", key, ""));
    }
    TRY(read_members(p, tree, read_object, "objects"));
    TRY(read_members(p, tree, read_field, "fields"));
    TRY(read_places(p, "funnels", json_object_get(tree, "funnels"), PLACE_CLOSED + 1, places));
    p->r->hidden_funnels = places[PLACE_HIDDEN].ptr;
    p->r->n_hidden_funnels = places[PLACE_HIDDEN].n;
    p->r->closed_funnels = places[PLACE_CLOSED].ptr;
    p->r->n_closed_funnels = places[PLACE_CLOSED].n;
    TRY(read_places(p, "stages", json_object_get(tree, "stages"), PLACE_WORDS, places));
    p->r->hidden_stages = places[PLACE_HIDDEN].ptr;
    p->r->n_hidden_stages = places[PLACE_HIDDEN].n;
    p->r->closed_stages = places[PLACE_CLOSED].ptr;
    p->r->n_closed_stages = places[PLACE_CLOSED].n;
    p->r->no_leave_stages = places[PLACE_NO_LEAVE].ptr;
    p->r->n_no_leave_stages = places[PLACE_NO_LEAVE].n;
    p->r->no_close_stages = places[PLACE_NO_CLOSE].ptr;
    p->r->n_no_close_stages = places[PLACE_NO_CLOSE].n;
    return read_can(p, json_object_get(tree, "can"));
}

/* ---- what follows ---- */

static unsigned char least(unsigned char a, unsigned char b)
{
    return a < b ? a : b;
}

static unsigned char most(unsigned char a, unsigned char b)
{
    return a > b ? a : b;
}

/* Nobody changes what they do not see. */
static void clamp(struct rights *r)
{
    for (size_t i = 0; i < GOVERNED; i++) {
        unsigned char *s = r->scope[governed[i]];
        s[RIGHT_EDIT] = least(s[RIGHT_EDIT], s[RIGHT_SEE]);
        s[RIGHT_DELETE] = least(s[RIGHT_DELETE], s[RIGHT_SEE]);
        s[RIGHT_EXPORT] = least(s[RIGHT_EXPORT], s[RIGHT_SEE]);
    }
}

/* Nouns that follow what they hang on: writing one is an edit of that. */
static void follow(struct rights *r, enum entity_id ent, enum entity_id of, enum entity_id or)
{
    static const enum right as[RIGHT_N] = {RIGHT_SEE, RIGHT_EDIT, RIGHT_EDIT, RIGHT_EDIT, RIGHT_EXPORT};
    for (int i = 0; i < RIGHT_N; i++)
        r->scope[ent][i] = most(r->scope[of][as[i]], r->scope[or][as[i]]);
}

static void all_followers(struct rights *r)
{
    follow(r, ENT_DEAL_PRODUCT, ENT_DEAL, ENT_DEAL);
    follow(r, ENT_DEAL_MEMBER, ENT_DEAL, ENT_DEAL);
    follow(r, ENT_CONTACT_POINT, ENT_CONTACT, ENT_COMPANY);
    follow(r, ENT_BUYER, ENT_DEAL, ENT_DEAL);
    follow(r, ENT_COMPETITOR_OFFER, ENT_CONTACT, ENT_COMPANY);
    for (int i = 0; i < RIGHT_N; i++)
        r->scope[ENT_COMPETITOR_OFFER][i] = most(r->scope[ENT_COMPETITOR_OFFER][i], r->scope[ENT_BUYER][i]);
    memcpy(r->scope[ENT_TOUCH], r->scope[ENT_COMPETITOR_OFFER], sizeof r->scope[ENT_TOUCH]);
}

/* Of automation and of keeping order. Heads see the reviews of their teams, everybody their own receipts. */
static void rule_scopes(struct rights *r, enum scope settings)
{
    enum scope rules = r->can & CAN_AUTOMATION ? SCOPE_ALL : SCOPE_NONE;
    enum scope own = settings == SCOPE_ALL ? SCOPE_ALL : SCOPE_OWN;
    give(r, ENT_GOAL, SCOPE_ALL, rules, SCOPE_ALL);
    give(r, ENT_TRIGGER, rules == SCOPE_ALL ? rules : settings, rules, rules == SCOPE_ALL ? rules : settings);
    give(r, ENT_FUNNEL_DRAFT, settings, settings, settings);
    give(r, ENT_REVIEW, own, own, own);
    give(r, ENT_REVIEW_ITEM, own, own, own);
    give(r, ENT_REGULATION_READ, own, own, own);
}

/* Plans and pay of others are for those who see their deals, costs and findings for those who see all of them. */
static void insight_scopes(struct rights *r, enum scope settings)
{
    enum scope deals = (enum scope)r->scope[ENT_DEAL][RIGHT_SEE];
    enum scope figures = r->can & CAN_REPORTS ? deals : SCOPE_NONE;
    enum scope all = figures == SCOPE_ALL || settings == SCOPE_ALL ? SCOPE_ALL : SCOPE_NONE;
    give(r, ENT_DASHBOARD, SCOPE_OWN, SCOPE_OWN, SCOPE_OWN);
    give(r, ENT_SUBSCRIPTION, SCOPE_OWN, SCOPE_OWN, SCOPE_OWN);
    give(r, ENT_PLAN, most(deals, settings), settings, figures);
    give(r, ENT_PAY_SCHEME, most(SCOPE_OWN, settings), settings, settings);
    give(r, ENT_KPI, SCOPE_ALL, settings, SCOPE_ALL);
    give(r, ENT_PROGRAMME, SCOPE_ALL, settings, SCOPE_ALL);
    give(r, ENT_CURRENCY_RATE, SCOPE_ALL, settings, SCOPE_ALL);
    give(r, ENT_AD_COST, all, settings, all);
    give(r, ENT_FINDING, figures, figures, figures); /* not by the settings: a head of one team has those, too */
}

static void all_scopes(struct rights *r)
{
    enum scope settings = r->can & CAN_SETTINGS ? SCOPE_ALL : SCOPE_NONE;
    enum scope users = r->can & CAN_USERS ? SCOPE_ALL : SCOPE_NONE;
    unsigned char sells = most(most(r->scope[ENT_DEAL][RIGHT_EDIT], r->scope[ENT_CONTACT][RIGHT_EDIT]),
                               r->scope[ENT_COMPANY][RIGHT_EDIT]);
    static const enum entity_id lists[] = {
        ENT_FUNNEL,       ENT_STAGE,  ENT_SOURCE, ENT_CAMPAIGN,   ENT_LOSS_REASON, ENT_DEAL_CLASS, ENT_CUSTOM_FIELD,
        ENT_FIELD_OPTION, ENT_LAYOUT, ENT_GATE,   ENT_CLASSIFIER, ENT_WAIT,        ENT_INVOLVEMENT};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        give(r, lists[i], SCOPE_ALL, settings, SCOPE_ALL);
    give(r, ENT_TAG, SCOPE_ALL, sells || settings ? SCOPE_ALL : SCOPE_NONE, SCOPE_ALL);
    give(r, ENT_COMPETITOR, SCOPE_ALL, sells || settings ? SCOPE_ALL : SCOPE_NONE, SCOPE_ALL);
    give(r, ENT_USER, SCOPE_ALL, users, SCOPE_ALL);
    r->scope[ENT_USER][RIGHT_EDIT] = users ? SCOPE_ALL : SCOPE_OWN; /* one's own name and language */
    give(r, ENT_TEAM, SCOPE_ALL, users, SCOPE_ALL);
    give(r, ENT_ROLE, SCOPE_ALL, r->everything ? SCOPE_ALL : SCOPE_NONE, SCOPE_ALL);
    give(r, ENT_WEBHOOK, r->everything ? SCOPE_ALL : SCOPE_NONE, r->everything ? SCOPE_ALL : SCOPE_NONE, SCOPE_NONE);
    give(r, ENT_VIEW, SCOPE_OWN, SCOPE_OWN, SCOPE_OWN);
    give(r, ENT_OPERATION, r->everything ? SCOPE_ALL : SCOPE_OWN, SCOPE_NONE, SCOPE_NONE);
    give(r, ENT_NOTIFICATION, SCOPE_OWN, SCOPE_NONE, SCOPE_NONE);
    rule_scopes(r, settings);
    insight_scopes(r, settings);
    all_followers(r);
}

static bool any_bit(const uint64_t *bits)
{
    for (size_t i = 0; i < RIGHTS_FIELDS / 64; i++)
        if (bits[i])
            return true;
    return false;
}

/* Of what hangs on records of several nouns the wider right counts, so each record is looked at unless they agree. */
static bool alike(const struct rights *r, enum entity_id a, enum entity_id b)
{
    return r->scope[a][RIGHT_EDIT] == r->scope[b][RIGHT_EDIT] && r->scope[a][RIGHT_EXPORT] == r->scope[b][RIGHT_EXPORT];
}

static void fast_ways(struct rights *r)
{
    bool *rows = r->all_rows, places = !r->n_hidden_funnels && !r->n_hidden_stages, fields = true;
    for (int i = 0; i < ENT_END; i++) {
        r->all_fields[i] = !any_bit(r->hidden[i]);
        fields &= r->all_fields[i] || i == ENT_ROLE;
        rows[i] = r->scope[i][RIGHT_SEE] == SCOPE_ALL;
    }
    rows[ENT_FUNNEL] = rows[ENT_STAGE] = rows[ENT_LOSS_REASON] = rows[ENT_LAYOUT] = places;
    rows[ENT_GATE] = rows[ENT_GOAL] = rows[ENT_INVOLVEMENT] = places;
    rows[ENT_TRIGGER] &= places;
    rows[ENT_FUNNEL_DRAFT] &= places;
    rows[ENT_DEAL] &= places;
    rows[ENT_TASK] &= places;
    rows[ENT_FINDING] &= places;
    bool parents = rows[ENT_DEAL] && rows[ENT_CONTACT] && rows[ENT_COMPANY];
    rows[ENT_NOTE] &= parents;
    rows[ENT_FILE] &= parents;
    rows[ENT_DEAL_PRODUCT] = rows[ENT_DEAL_MEMBER] = rows[ENT_BUYER] = rows[ENT_DEAL];
    rows[ENT_REVIEW_ITEM] &= rows[ENT_DEAL];
    rows[ENT_TOUCH] = rows[ENT_COMPETITOR_OFFER] =
        parents && alike(r, ENT_CONTACT, ENT_COMPANY) && alike(r, ENT_CONTACT, ENT_DEAL);
    rows[ENT_CONTACT_POINT] = rows[ENT_CONTACT] && rows[ENT_COMPANY] && alike(r, ENT_CONTACT, ENT_COMPANY) &&
                              r->all_fields[ENT_CONTACT] &&
                              r->all_fields[ENT_COMPANY]; /* one whose phone is hidden has no further phones either */
    rows[ENT_CUSTOM_FIELD] = rows[ENT_FIELD_OPTION] = fields;
}

const struct rights *rights_narrow(struct arena *a, const struct rights *r, const bool *sees)
{
    struct rights *own = ARENA_NEW(a, struct rights);
    *own = *r;
    own->everything = false;
    for (size_t i = 0; i < GOVERNED; i++)
        if (!sees[governed[i]])
            give(own, governed[i], SCOPE_NONE, SCOPE_NONE, SCOPE_NONE);
    all_followers(own);
    fast_ways(own);
    return own;
}

void rights_of_base(enum role base, struct rights *out)
{
    struct arena none = ARENA_EMPTY;
    (void)!rights_from_role(&none, base, STR_NULL, false, out, NULL); /* no text: nothing can be wrong */
    arena_free(&none);
}

enum rc rights_from_role(struct arena *a, enum role base, struct str text, bool strict, struct rights *out,
                         struct err *e)
{
    json_t *tree = NULL;
    enum rc rc = RC_OK;
    *out = (struct rights){0};
    base_rights(out, base);
    if (text.len && base != ROLE_ADMIN) { /* who cannot be restricted */
        struct reading p = {a, out, strict, e};
        TRY(json_read(text, &tree, e));
        rc = read_tree(&p, tree);
        json_decref(tree);
    }
    if (rc != RC_OK)
        return rc;
    clamp(out);
    /* A text that tells what one may not see is itself not for everybody. */
    if (!(out->can & CAN_USERS))
        rights_set_bit(out->hidden[ENT_ROLE], ROLE_RIGHTS);
    all_scopes(out);
    memcpy(out->gives, out->scope, sizeof out->gives);
    fast_ways(out);
    return RC_OK;
}
