#include "crm/split.h"
#include "crm/engine.h"

/* ---- proposing ---- */

static enum rc see(struct db *db, struct arena *a, int64_t deal, const struct rights *r, enum right right, bool *ok,
                   struct err *e)
{
    return rights_reach(db, a, r, entity_by_id(ENT_DEAL), deal, right, ok, e);
}

static struct split_part *part_of(struct split *s, int64_t funnel)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->parts[i].funnel_id == funnel)
            return &s->parts[i];
    if (s->n == SPLIT_PARTS_MOST)
        return NULL;
    s->parts[s->n] = (struct split_part){.funnel_id = funnel};
    return &s->parts[s->n++];
}

enum rc split_propose(struct db *db, struct arena *a, int64_t deal_id, const struct rights *r, struct split *out,
                      struct err *e)
{
    struct stmt *s;
    enum rc rc;
    bool ok;
    *out = (struct split){.deal_id = deal_id};
    TRY(see(db, a, deal_id, r, RIGHT_SEE, &ok, e));
    if (!ok)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "deal %lld", (long long)deal_id);
    TRY(db_prepare(db, &s,
                   "SELECT x.id, p.funnel_id, x.sum_minor FROM deal d JOIN deal_product x ON x.deal_id = d.id AND"
                   " x.deleted_at IS NULL JOIN product p ON p.id = x.product_id JOIN funnel f ON f.id = p.funnel_id AND"
                   " f.deleted_at IS NULL WHERE d.id = $1 AND d.deleted_at IS NULL AND p.funnel_id <> d.funnel_id"
                   " ORDER BY f.position, f.id, x.id",
                   e));
    stmt_i64(s, 1, deal_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t id = stmt_col_i64(s, 0), funnel = stmt_col_i64(s, 1), sum = stmt_col_i64(s, 2);
        struct split_part *p = rights_has_funnel(r, funnel) ? part_of(out, funnel) : NULL;
        if (!p)
            continue;
        int64_t *ids = ARENA_ARRAY(a, int64_t, p->n + 1);
        if (p->n)
            memcpy(ids, p->products, p->n * sizeof *ids);
        ids[p->n++] = id;
        p->products = ids;
        p->value_minor += sum;
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc split_put(struct db *db, struct arena *a, const struct split *s, const struct rights *r, struct jw *w,
                  struct err *e)
{
    const struct entity *deal = entity_by_id(ENT_DEAL), *line = entity_by_id(ENT_DEAL_PRODUCT);
    bool value = rights_sees_field(r, deal, DEAL_VALUE_MINOR);
    jw_obj(w);
    jw_key(w, "parts");
    jw_arr(w);
    for (size_t i = 0; i < s->n; i++) {
        jw_obj(w);
        jw_ki64(w, "funnel_id", s->parts[i].funnel_id);
        jw_key(w, "products");
        jw_arr(w);
        for (size_t k = 0; k < s->parts[i].n; k++) {
            struct record *one;
            TRY(record_load(db, a, line, s->parts[i].products[k], false, &one, e));
            record_put(w, one, rights_mask(r, a, line, NULL));
        }
        jw_end_arr(w);
        if (value)
            jw_ki64(w, "value_minor", s->parts[i].value_minor);
        else
            jw_knull(w, "value_minor");
        jw_end_obj(w);
    }
    jw_end_arr(w);
    jw_end_obj(w);
    return RC_OK;
}

/* ---- doing it ---- */

/* The sum of a part, and the name of its first product. */
static enum rc look_at(struct change *ch, int64_t deal, struct split_part *p, struct str *name, struct err *e)
{
    struct stmt *s;
    *name = STR_NULL;
    p->value_minor = 0;
    for (size_t i = 0; i < p->n; i++) {
        TRY(db_prepare(ch->tx->db, &s,
                       "SELECT x.sum_minor, p.name FROM deal_product x JOIN product p ON p.id = x.product_id"
                       " WHERE x.id = $1 AND x.deal_id = $2 AND x.deleted_at IS NULL",
                       e));
        stmt_i64(s, 1, p->products[i]);
        stmt_i64(s, 2, deal);
        enum rc rc = stmt_step(s, e);
        if (rc == RC_ROW) {
            p->value_minor += stmt_col_i64(s, 0);
            if (!name->ptr)
                *name = str_dup(ch->tx->arena, stmt_col_str(s, 1));
        }
        stmt_done(s);
        if (rc == RC_DONE)
            return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "products", "%lld", (long long)p->products[i]);
        if (rc != RC_ROW)
            return rc;
        for (size_t k = 0; k < i; k++)
            if (p->products[k] == p->products[i])
                return err_set(e, RC_UNPROCESSABLE, "ref_not_found", "products", "%lld", (long long)p->products[i]);
    }
    return RC_OK;
}

/* "<title>: <product>", within what a title holds. */
static struct str title_of(struct arena *a, const struct record *deal, struct str product)
{
    struct str s = str_fmt(a, "%.*s: %.*s", STR_ARG(deal->f[DEAL_TITLE].s), STR_ARG(product));
    int64_t most = deal->ent->fields[DEAL_TITLE].max;
    while ((int64_t)str_utf8_len(s) > most)
        do
            s.len--;
        while (s.len && ((unsigned char)s.ptr[s.len] & 0xC0) == 0x80);
    return str_trim(s);
}

static enum rc make_part(struct change *ch, const struct record *deal, struct split_part *p, int64_t *id, struct err *e)
{
    static const int same[] = {DEAL_CURRENCY,   DEAL_OWNER_ID,     DEAL_CONTACT_ID,  DEAL_CONTACT_IDS,
                               DEAL_COMPANY_ID, DEAL_SOURCE_ID,    DEAL_CAMPAIGN_ID, DEAL_UTM_SOURCE,
                               DEAL_UTM_MEDIUM, DEAL_UTM_CAMPAIGN, DEAL_UTM_CONTENT, DEAL_UTM_TERM,
                               DEAL_TAG_IDS,    DEAL_DEAL_CLASS_ID};
    const struct rights *r = ch->actor.rights;
    struct record *in = record_new(ch->tx->arena, deal->ent);
    struct str product;
    TRY(look_at(ch, deal->id, p, &product, e));
    if (!p->n)
        return err_set(e, RC_UNPROCESSABLE, "nothing_to_split", "parts", NULL);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        in->f[same[i]] = deal->f[same[i]];
    for (size_t i = 0; i < deal->ent->n_fields; i++) /* the company's own fields */
        if (deal->ent->fields[i].custom && !(deal->ent->fields[i].flags & FF_GONE))
            in->f[i] = deal->f[i];
    in->f[DEAL_FUNNEL_ID] = val_int(p->funnel_id);
    in->f[DEAL_TITLE] = val_str(title_of(ch->tx->arena, deal, product));
    in->f[DEAL_VALUE_MINOR] = val_int(p->value_minor);
    for (size_t i = 0; i < deal->ent->n_fields; i++) /* what one may not fill in stays empty */
        if (!rights_edits_field(r, deal->ent, (int)i) && i != DEAL_TITLE && i != DEAL_FUNNEL_ID)
            in->f[i] = (struct val){0};
    return change_create(ch, in, id, e);
}

static enum rc take_over(struct change *ch, const struct split_part *p, int64_t deal, struct err *e)
{
    enum rc rc = RC_OK;
    ch->inner++; /* both deals may be changed: what hangs on them follows */
    for (size_t i = 0; i < p->n && rc == RC_OK; i++) {
        struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_DEAL_PRODUCT));
        in->f[DEAL_PRODUCT_DEAL_ID] = val_int(deal);
        rc = change_update(ch, p->products[i], 0, in, e);
    }
    ch->inner--;
    return rc;
}

/* What has gone to others is not in the value of this deal any more. */
static enum rc lower_value(struct change *ch, const struct record *deal, int64_t gone, struct err *e)
{
    struct val value = deal->f[DEAL_VALUE_MINOR];
    struct record *in = record_new(ch->tx->arena, deal->ent);
    if (!val_has(value) || !gone)
        return RC_OK;
    in->f[DEAL_VALUE_MINOR] = val_int(value.i > gone ? value.i - gone : 0);
    ch->inner++;
    enum rc rc = change_update(ch, deal->id, 0, in, e);
    ch->inner--;
    return rc;
}

enum rc split_deal(struct change *ch, struct split *s, struct err *e)
{
    struct record *deal;
    int64_t gone = 0;
    bool ok;
    if (!s->n)
        TRY(split_propose(ch->tx->db, ch->tx->arena, s->deal_id, ch->actor.rights, s, e));
    TRY(see(ch->tx->db, ch->tx->arena, s->deal_id, ch->actor.rights, RIGHT_SEE, &ok, e));
    if (!ok)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "deal %lld", (long long)s->deal_id);
    TRY(see(ch->tx->db, ch->tx->arena, s->deal_id, ch->actor.rights, RIGHT_EDIT, &ok, e));
    if (!ok)
        return err_set(e, RC_FORBIDDEN, "forbidden", "", "deal %lld", (long long)s->deal_id);
    if (!s->n)
        return err_set(e, RC_UNPROCESSABLE, "nothing_to_split", "parts", NULL);
    TRY(record_load(ch->tx->db, ch->tx->arena, entity_by_id(ENT_DEAL), s->deal_id, false, &deal, e));
    for (size_t i = 0; i < s->n; i++) {
        TRY(make_part(ch, deal, &s->parts[i], &s->made[i], e));
        TRY(take_over(ch, &s->parts[i], s->made[i], e));
        gone += s->parts[i].value_minor;
    }
    return lower_value(ch, deal, gone, e);
}
