/* The buying centre, classifiers of clients, competitors and their offers; what a deal sells. See clients.h. */
#include "base/i18n.h"
#include "crm/clients.h"
#include "crm/hooks.h"

/* ---- the buying centre ---- */

struct member {
    int64_t role, last;
    bool written, spoken; /* needs and expectations; to somebody, ever */
};

static struct val coverage_of(const struct member *m, size_t n, int64_t now, int64_t *until)
{
    int64_t covered = 0, reach = COVERAGE_DAYS * MS_DAY;
    bool decides = false;
    *until = INT64_MAX;
    for (size_t i = 0; i < n; i++) {
        decides |= m[i].role == BUYER_DECIDES;
        if (!m[i].written || !m[i].spoken || m[i].last < now - reach)
            continue;
        covered++;
        if (m[i].last + reach + 1 < *until)
            *until = m[i].last + reach + 1;
    }
    if (!decides)
        *until = INT64_MAX;
    if (!n)
        return val_null();
    return val_int(decides ? (covered * 100 + (int64_t)n / 2) / (int64_t)n : 0);
}

enum rc deal_coverage(struct db *db, int64_t deal_id, int64_t now, struct val *out, int64_t *until, struct err *e)
{
    VEC(struct member) all = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s,
                   "SELECT role, CASE WHEN needs IS NOT NULL AND expectations IS NOT NULL THEN 1 ELSE 0 END,"
                   " last_contact_at FROM buyer WHERE deal_id = $1 AND deleted_at IS NULL",
                   e));
    stmt_i64(s, 1, deal_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct member one = {.role = stmt_col_i64(s, 0),
                             .written = stmt_col_i64(s, 1) != 0,
                             .spoken = !stmt_col_null(s, 2),
                             .last = stmt_col_null(s, 2) ? 0 : stmt_col_i64(s, 2)};
        vec_push(&all, one);
    }
    stmt_done(s);
    *out = coverage_of(all.ptr, all.len, now, until);
    vec_free(&all);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc refresh_coverage(struct db *db, int64_t deal_id, int64_t now, struct err *e)
{
    struct val covered;
    int64_t until;
    struct stmt *s;
    TRY(deal_coverage(db, deal_id, now, &covered, &until, e));
    TRY(db_prepare(db, &s, "UPDATE deal SET coverage = $1, coverage_until = $2 WHERE id = $3", e));
    if (val_has(covered))
        stmt_i64(s, 1, covered.i);
    else
        stmt_null(s, 1);
    if (until == INT64_MAX)
        stmt_null(s, 2);
    else
        stmt_i64(s, 2, until);
    stmt_i64(s, 3, deal_id);
    return stmt_run(s, e);
}

enum rc deal_coverage_sweep(struct db *db, int64_t now, int64_t limit, int64_t *n, struct err *e)
{
    VEC(int64_t) deals = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s, "SELECT id FROM deal WHERE coverage_until <= $1 ORDER BY coverage_until LIMIT $2", e));
    stmt_i64(s, 1, now);
    stmt_i64(s, 2, limit);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&deals, stmt_col_i64(s, 0));
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < deals.len && rc == RC_OK; i++)
        rc = refresh_coverage(db, deals.ptr[i], now, e);
    *n = (int64_t)deals.len;
    vec_free(&deals);
    return rc;
}

static enum rc member_of(struct change *ch, int64_t deal, int64_t contact, int64_t but, int64_t *id, struct err *e)
{
    return QUERY_I64(ch->tx->db, id, 0, e,
                     "SELECT id FROM buyer WHERE deal_id = $1 AND contact_id = $2 AND id <> $3 AND deleted_at IS NULL",
                     deal, contact, but);
}

static enum rc contact_open(struct change *ch, int64_t contact, struct err *e)
{
    int64_t erased;
    TRY(QUERY_I64(ch->tx->db, &erased, 0, e, "SELECT 1 FROM contact WHERE id = $1 AND erased_at IS NOT NULL", contact));
    return erased ? err_set(e, RC_CONFLICT, "contact_erased", "contact_id", NULL) : RC_OK;
}

HOOK_BEFORE(buyer)
{
    int64_t there;
    if (!will)
        return RC_OK;
    bool same = was && !was->deleted_at && val_eq(was->f[BUYER_CONTACT_ID], will->f[BUYER_CONTACT_ID]);
    if (same || !val_has(will->f[BUYER_CONTACT_ID]) || !val_has(will->f[BUYER_DEAL_ID]))
        return RC_OK;
    if (!was)
        TRY(contact_open(ch, will->f[BUYER_CONTACT_ID].i, e));
    TRY(member_of(ch, will->f[BUYER_DEAL_ID].i, will->f[BUYER_CONTACT_ID].i, will->id, &there, e));
    return there ? err_set(e, RC_CONFLICT, "buyer_exists", "contact_id", "%lld", (long long)there) : RC_OK;
}

/* Who buys is one of the deal's contacts. */
static enum rc join_contacts(struct change *ch, int64_t deal_id, int64_t contact_id, struct err *e)
{
    const struct entity *ent = entity_by_id(ENT_DEAL);
    struct arena *a = ch->tx->arena;
    struct record *deal, *in = record_new(a, ent);
    int64_t there, cause = ch->cause;
    TRY(QUERY_I64(ch->tx->db, &there, 0, e,
                  "SELECT 1 FROM deal WHERE id = $1 AND (contact_id = $2 OR deleted_at IS NOT NULL)"
                  " UNION ALL SELECT 1 FROM deal_contact WHERE owner_id = $1 AND ref_id = $2",
                  deal_id, contact_id));
    if (there)
        return RC_OK;
    TRY(record_load(ch->tx->db, a, ent, deal_id, false, &deal, e));
    struct val now = deal->f[DEAL_CONTACT_IDS];
    if ((int64_t)now.set.n >= ent->fields[DEAL_CONTACT_IDS].max)
        return RC_OK;
    int64_t *ids = ARENA_ARRAY(a, int64_t, now.set.n + 1);
    for (size_t i = 0; i < now.set.n; i++)
        ids[i] = now.set.ids[i];
    ids[now.set.n] = contact_id;
    in->f[DEAL_CONTACT_IDS] = val_set_of(a, ids, now.set.n + 1);
    ch->cause = ch->seq;
    enum rc rc = change_update(ch, deal_id, 0, in, e);
    ch->cause = cause;
    return rc;
}

HOOK_AFTER(buyer)
{
    const struct record *r = is ? is : was;
    TRY(refresh_coverage(ch->tx->db, r->f[BUYER_DEAL_ID].i, ch->tx->now, e));
    bool came = is && (!was || !val_eq(was->f[BUYER_CONTACT_ID], is->f[BUYER_CONTACT_ID]));
    if (!came || ch->actor.via == VIA_UNDO)
        return RC_OK;
    return join_contacts(ch, is->f[BUYER_DEAL_ID].i, is->f[BUYER_CONTACT_ID].i, e);
}

enum rc buyer_contacted(struct change *ch, int64_t deal_id, int64_t contact_id, int64_t at, struct err *e)
{
    int64_t id, last;
    TRY(member_of(ch, deal_id, contact_id, 0, &id, e));
    if (!id)
        return RC_OK;
    TRY(QUERY_I64(ch->tx->db, &last, INT64_MIN, e, "SELECT last_contact_at FROM buyer WHERE id = $1", id));
    if (last >= at)
        return RC_OK;
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_BUYER));
    in->f[BUYER_LAST_CONTACT_AT] = val_int(at);
    return change_update(ch, id, 0, in, e);
}

static struct val joined(struct arena *a, const struct field *fd, struct val own, struct val other)
{
    if (!val_has(own) || !val_has(other))
        return val_has(own) ? own : other;
    if (memmem(own.s.ptr, own.s.len, other.s.ptr, other.s.len))
        return own;
    struct str both = str_fmt(a, "%.*s\n\n%.*s", STR_ARG(own.s), STR_ARG(other.s));
    return (int64_t)str_utf8_len(both) <= fd->max ? val_str(both) : own;
}

enum rc buyer_merge(struct change *ch, const struct record *member, int64_t into, bool *gone, struct err *e)
{
    const struct entity *ent = member->ent;
    struct arena *a = ch->tx->arena;
    struct record *own, *in = record_new(a, ent);
    int64_t id;
    *gone = false;
    TRY(member_of(ch, member->f[BUYER_DEAL_ID].i, into, member->id, &id, e));
    if (!id)
        return RC_OK;
    TRY(record_load(ch->tx->db, a, ent, id, false, &own, e));
    for (int i = BUYER_NEEDS; i <= BUYER_EXPECTATIONS; i++)
        in->f[i] = joined(a, &ent->fields[i], own->f[i], member->f[i]);
    struct val last = own->f[BUYER_LAST_CONTACT_AT], other = member->f[BUYER_LAST_CONTACT_AT];
    in->f[BUYER_LAST_CONTACT_AT] = val_i(other, INT64_MIN) > val_i(last, INT64_MIN) ? other : last;
    if (own->f[BUYER_ATTITUDE].i == ATTITUDE_UNKNOWN)
        in->f[BUYER_ATTITUDE] = member->f[BUYER_ATTITUDE];
    if (member->f[BUYER_ROLE].i < own->f[BUYER_ROLE].i) /* who decides in one of the two decides */
        in->f[BUYER_ROLE] = member->f[BUYER_ROLE];
    TRY(change_update(ch, id, 0, in, e));
    *gone = true;
    return change_delete(ch, ent, member->id, 0, e);
}

/* ---- classifiers ---- */

HOOK_BEFORE(classifier)
{
    (void)was;
    return will ? next_position(ch, "SELECT max(position) FROM classifier WHERE kind = $1 AND deleted_at IS NULL",
                                val_i(will->f[CLASSIFIER_KIND], 0), &will->f[CLASSIFIER_POSITION], e)
                : RC_OK;
}

static const struct {
    int contact, company;
    enum classifier_kind kind;
} classified[] = {{CONTACT_DEVELOPMENT_ID, COMPANY_DEVELOPMENT_ID, CLASSIFIER_DEVELOPMENT},
                  {CONTACT_NEXT_DEVELOPMENT_ID, COMPANY_NEXT_DEVELOPMENT_ID, CLASSIFIER_DEVELOPMENT},
                  {CONTACT_DEPTH_ID, COMPANY_DEPTH_ID, CLASSIFIER_DEPTH},
                  {CONTACT_REACTION_ID, COMPANY_REACTION_ID, CLASSIFIER_REACTION},
                  {CONTACT_LOYALTY_ID, COMPANY_LOYALTY_ID, CLASSIFIER_LOYALTY},
                  {CONTACT_PROSPECT_ID, COMPANY_PROSPECT_ID, CLASSIFIER_PROSPECT},
                  {CONTACT_IMPORTANCE_ID, COMPANY_IMPORTANCE_ID, CLASSIFIER_IMPORTANCE}};

static bool by_person(const struct change *ch)
{
    return (ch->actor.via == VIA_UI || ch->actor.via == VIA_API) && !ch->undoes && !ch->inner;
}

enum rc classifiers_fit(struct change *ch, const struct record *was, const struct record *will, struct err *e)
{
    for (size_t i = 0; i < sizeof classified / sizeof *classified; i++) {
        int field = will->ent->id == ENT_CONTACT ? classified[i].contact : classified[i].company;
        struct val v = will->f[field];
        int64_t found;
        if (!val_has(v) || (was && val_eq(was->f[field], v)))
            continue;
        TRY(QUERY_I64(ch->tx->db, &found, 0, e, "SELECT kind * 2 + archived FROM classifier WHERE id = $1", v.i));
        if (found / 2 != (int64_t)classified[i].kind)
            return err_set(e, RC_UNPROCESSABLE, "classifier_of_other_kind", will->ent->fields[field].name, "%lld",
                           (long long)v.i);
        if (found % 2 && by_person(ch))
            return err_set(e, RC_UNPROCESSABLE, "option_archived", will->ent->fields[field].name, "%lld",
                           (long long)v.i);
    }
    return RC_OK;
}

static enum rc ensure_kind(struct change *ch, int64_t kind, struct str locale, struct err *e)
{
    int64_t there;
    const char *key = str_fmt(ch->tx->arena, "classifier.default.%s", classifier_kind_names[kind]).ptr;
    struct str rest = i18n_text(str_eqc(locale, "en") ? "en" : "ru", key);
    TRY(QUERY_I64(ch->tx->db, &there, 0, e, "SELECT 1 FROM classifier WHERE kind = $1 AND deleted_at IS NULL LIMIT 1",
                  kind));
    for (int64_t position = 1; !there && rest.len; position++) {
        struct str name = str_cut(rest, '|', &rest);
        struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_CLASSIFIER));
        in->f[CLASSIFIER_KIND] = val_int(kind);
        in->f[CLASSIFIER_NAME] = val_str(name);
        in->f[CLASSIFIER_POSITION] = val_int(position);
        TRY(change_create(ch, in, NULL, e));
    }
    return RC_OK;
}

enum rc classifiers_ensure(struct change *ch, struct str locale, struct err *e)
{
    for (int64_t kind = 0; classifier_kind_names[kind]; kind++)
        TRY(ensure_kind(ch, kind, locale, e));
    return RC_OK;
}

/* ---- competitors ---- */

HOOK_BEFORE(competitor_offer)
{
    if (!will)
        return RC_OK;
    struct val deal = will->f[COMPETITOR_OFFER_DEAL_ID];
    int n =
        val_has(will->f[COMPETITOR_OFFER_CONTACT_ID]) + val_has(will->f[COMPETITOR_OFFER_COMPANY_ID]) + val_has(deal);
    if (n != 1)
        return err_set(e, RC_UNPROCESSABLE, "one_of_three", "deal_id", NULL);
    if (!was && val_has(will->f[COMPETITOR_OFFER_CONTACT_ID]))
        TRY(contact_open(ch, will->f[COMPETITOR_OFFER_CONTACT_ID].i, e));
    if (!val_has(will->f[COMPETITOR_OFFER_CURRENCY]) && val_has(deal)) {
        struct record *r;
        TRY(record_load_row(ch->tx->db, ch->tx->arena, entity_by_id(ENT_DEAL), deal.i, true, &r, e));
        will->f[COMPETITOR_OFFER_CURRENCY] = r->f[DEAL_CURRENCY];
    }
    return default_currency(ch, &will->f[COMPETITOR_OFFER_CURRENCY], e);
}

/* ---- what a deal sells ---- */

static enum rc sells(struct db *db, const char *sql, int64_t deal, int64_t product, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, sql, e));
    stmt_i64(s, 1, deal);
    stmt_i64(s, 2, product);
    return stmt_run(s, e);
}

HOOK_AFTER(deal_product)
{
    bool there = was && !was->deleted_at;
    if (there && is && val_eq(was->f[DEAL_PRODUCT_DEAL_ID], is->f[DEAL_PRODUCT_DEAL_ID]))
        return RC_OK;
    if (there)
        TRY(sells(ch->tx->db,
                  "DELETE FROM deal_sells WHERE owner_id = $1 AND ref_id = $2 AND NOT EXISTS (SELECT 1 FROM"
                  " deal_product WHERE deal_id = $1 AND product_id = $2 AND deleted_at IS NULL)",
                  was->f[DEAL_PRODUCT_DEAL_ID].i, was->f[DEAL_PRODUCT_PRODUCT_ID].i, e));
    return is ? sells(ch->tx->db, "INSERT INTO deal_sells (owner_id, ref_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                      is->f[DEAL_PRODUCT_DEAL_ID].i, is->f[DEAL_PRODUCT_PRODUCT_ID].i, e)
              : RC_OK;
}
