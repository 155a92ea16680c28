/* Erasure: a list of records that tell of the person, then each of them with its events. The journal is rewritten so
 * that it tells what the rows then say, as if the data had never been there: `voronka check` finds both in agreement.
 */
#include "crm/personal.h"
#include "base/map.h"
#include "crm/engine.h"
#include "crm/file_store.h"
#include "crm/rights.h"

enum how { WHOLE, CUT_OUT }; /* all of its personal fields go; only what names the person goes */
struct subject {
    enum entity_id kind;
    int64_t id;
    enum how how;
};
struct erasing {
    struct change *ch;
    struct arena *a;
    const struct erasure *x;
    struct erased *out;
    VEC(struct subject) subjects;
    struct person person;
    struct intmap *seqs;     /* event to index into data */
    VEC(struct str) data;    /* what rewritten events tell now */
    VEC(int64_t) change_ids; /* of them */
};

/* ---- what is personal ---- */

static bool custom_text(const struct field *fd)
{
    return fd->custom && (field_is_text(fd) || fd->type == FT_DATE || fd->type == FT_TIME);
}

bool field_personal(const struct entity *ent, int i)
{
    static const struct {
        enum entity_id kind;
        int field;
    } own[] = {{ENT_CONTACT, CONTACT_NAME},
               {ENT_CONTACT, CONTACT_PHONE},
               {ENT_CONTACT, CONTACT_EMAIL},
               {ENT_CONTACT, CONTACT_POSITION},
               {ENT_CONTACT, CONTACT_COMMENT},
               {ENT_CONTACT, CONTACT_CONSENT_SOURCE},
               {ENT_CONTACT, CONTACT_RESTRICTED_REASON},
               {ENT_CONTACT_POINT, CONTACT_POINT_VALUE},
               {ENT_CONTACT_POINT, CONTACT_POINT_LABEL},
               {ENT_CONTACT_POINT, CONTACT_POINT_NORMAL},
               {ENT_NOTE, NOTE_TEXT},
               {ENT_TASK, TASK_TITLE},
               {ENT_TASK, TASK_RESULT},
               {ENT_BUYER, BUYER_NEEDS},
               {ENT_BUYER, BUYER_EXPECTATIONS},
               {ENT_COMPETITOR_OFFER, COMPETITOR_OFFER_OFFER},
               {ENT_TASK, TASK_ASKED_REASON},
               {ENT_REVIEW_ITEM, REVIEW_ITEM_DECISION},
               {ENT_FILE, FILE_NAME},
               {ENT_FILE, FILE_SHA256},
               {ENT_NOTIFICATION, NOTIFICATION_PARAMS}};
    for (size_t k = 0; k < sizeof own / sizeof *own; k++)
        if (own[k].kind == ent->id && own[k].field == i)
            return true;
    return custom_text(&ent->fields[i]);
}

/* Texts of a record that is not about the person alone. */
static bool may_name(const struct entity *ent, int i)
{
    const struct field *fd = &ent->fields[i];
    bool free_text = fd->type == FT_TEXT || fd->type == FT_LONG;
    if (ent->id == ENT_DEAL)
        return i == DEAL_TITLE || i == DEAL_LOSS_COMMENT || i == DEAL_MOVE_REASON || (fd->custom && free_text);
    return free_text && field_personal(ent, i) && !(ent->id == ENT_FILE && i == FILE_SHA256);
}

static struct val after_erasure(const struct erasing *x, const struct subject *s, const struct entity *ent, int i,
                                struct val v)
{
    const struct field *fd = &ent->fields[i];
    if (!val_has(v))
        return v;
    if (s->how == CUT_OUT)
        return v.kind == VAL_TEXT && may_name(ent, i) ? val_str(person_cut_out(x->a, &x->person, v.s, x->x->mark)) : v;
    if (!field_personal(ent, i))
        return v;
    if (ent->id == ENT_CONTACT && i == CONTACT_NAME)
        return val_str(x->x->name);
    if (ent->id == ENT_FILE && i == FILE_SHA256)
        return val_str(STR(FILE_ERASED));
    /* A task that is done has a result. */
    return (fd->flags & FF_REQUIRED) || (ent->id == ENT_TASK && i == TASK_RESULT) ? val_str(x->x->mark) : val_null();
}

/* ---- who and what ---- */

static enum rc add_from(struct erasing *x, enum entity_id kind, enum how how, int64_t id, const char *sql,
                        struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(x->ch->tx->db, &s, sql, e));
    stmt_i64(s, 1, id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct subject one = {kind, stmt_col_i64(s, 0), how};
        bool there = false;
        for (size_t i = 0; i < x->subjects.len && !there; i++)
            there = x->subjects.ptr[i].kind == kind && x->subjects.ptr[i].id == one.id;
        if (!there)
            vec_push(&x->subjects, one);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* Contacts that were merged into one another are one person. */
static enum rc find_contacts(struct erasing *x, struct err *e)
{
    struct subject first = {ENT_CONTACT, x->x->id, WHOLE};
    vec_push(&x->subjects, first);
    for (size_t i = 0; i < x->subjects.len; i++)
        TRY(add_from(x, ENT_CONTACT, WHOLE, x->subjects.ptr[i].id, "SELECT id FROM contact WHERE merged_into_id = $1",
                     e));
    return RC_OK;
}

static enum rc find_of_contact(struct erasing *x, int64_t id, struct err *e)
{
    static const struct {
        enum entity_id kind;
        const char *sql;
    } own[] = {
        {ENT_CONTACT_POINT, "SELECT id FROM contact_point WHERE contact_id = $1"},
        {ENT_NOTE, "SELECT id FROM note WHERE contact_id = $1"},
        {ENT_TASK, "SELECT id FROM task WHERE contact_id = $1"},
        {ENT_FILE, "SELECT id FROM file WHERE contact_id = $1"},
        {ENT_BUYER, "SELECT id FROM buyer WHERE contact_id = $1"},
        {ENT_COMPETITOR_OFFER, "SELECT id FROM competitor_offer WHERE contact_id = $1"},
        {ENT_NOTIFICATION, "SELECT id FROM notification WHERE object = 'contact' AND object_id = $1"},
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        TRY(add_from(x, own[i].kind, WHOLE, id, own[i].sql, e));
    return add_from(x, ENT_DEAL, CUT_OUT, id,
                    "SELECT id FROM deal WHERE contact_id = $1"
                    " UNION SELECT owner_id FROM deal_contact WHERE ref_id = $1",
                    e);
}

static enum rc find_of_deal(struct erasing *x, int64_t id, struct err *e)
{
    TRY(add_from(x, ENT_NOTE, CUT_OUT, id, "SELECT id FROM note WHERE deal_id = $1", e));
    TRY(add_from(x, ENT_TASK, CUT_OUT, id, "SELECT id FROM task WHERE deal_id = $1", e));
    TRY(add_from(x, ENT_BUYER, CUT_OUT, id, "SELECT id FROM buyer WHERE deal_id = $1", e));
    TRY(add_from(x, ENT_COMPETITOR_OFFER, CUT_OUT, id, "SELECT id FROM competitor_offer WHERE deal_id = $1", e));
    TRY(add_from(x, ENT_REVIEW_ITEM, CUT_OUT, id, "SELECT id FROM review_item WHERE deal_id = $1", e));
    return add_from(x, ENT_FILE, CUT_OUT, id, "SELECT id FROM file WHERE deal_id = $1", e);
}

static enum rc find_all(struct erasing *x, struct err *e)
{
    TRY(find_contacts(x, e));
    size_t contacts = x->subjects.len;
    for (size_t i = 0; i < contacts; i++)
        TRY(find_of_contact(x, x->subjects.ptr[i].id, e));
    size_t own = x->subjects.len;
    for (size_t i = 0; i < own; i++)
        if (x->subjects.ptr[i].kind == ENT_DEAL)
            TRY(find_of_deal(x, x->subjects.ptr[i].id, e));
    return RC_OK;
}

/* ---- what names the person: what the contact and its points say now, and what their events say they once said ---- */

static void learn(struct erasing *x, const struct entity *ent, int i, struct str value, int64_t point_kind)
{
    static const struct field phone = {.type = FT_PHONE}, email = {.type = FT_EMAIL}, text = {.type = FT_TEXT};
    if (ent->id == ENT_CONTACT && (i == CONTACT_NAME || i == CONTACT_PHONE || i == CONTACT_EMAIL))
        person_add(x->a, &x->person, &ent->fields[i], value);
    if (ent->id == ENT_CONTACT_POINT && i == CONTACT_POINT_VALUE)
        person_add(x->a, &x->person,
                   point_kind == POINT_PHONE   ? &phone
                   : point_kind == POINT_EMAIL ? &email
                                               : &text,
                   value);
}

static enum rc learn_events(struct erasing *x, const struct subject *s, int64_t point_kind, struct err *e)
{
    const struct entity *ent = entity_by_id(s->kind);
    struct stmt *st;
    enum rc rc;
    TRY(db_prepare(x->ch->tx->db, &st, "SELECT data FROM journal WHERE object_kind = $1 AND object_id = $2", e));
    stmt_i64(st, 1, s->kind);
    stmt_i64(st, 2, s->id);
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        json_t *tree, *pair;
        const char *name;
        if (json_read(stmt_col_str(st, 0), &tree, NULL) != RC_OK)
            continue;
        json_object_foreach(tree, name, pair)
        {
            const json_t *v = json_array_get(pair, 1);
            int field = entity_field_ever(ent, str_c(name));
            if (field >= 0 && json_is_string(v))
                learn(x, ent, field, str_dup(x->a, str_c(json_string_value(v))), point_kind);
        }
        json_decref(tree);
    }
    stmt_done(st);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc learn_person(struct erasing *x, struct err *e)
{
    for (size_t i = 0; i < x->subjects.len; i++) {
        const struct subject *s = &x->subjects.ptr[i];
        int64_t kind = -1;
        if (s->kind == ENT_CONTACT_POINT)
            TRY(QUERY_I64(x->ch->tx->db, &kind, -1, e, "SELECT kind FROM contact_point WHERE id = $1", s->id));
        if (s->kind == ENT_CONTACT || s->kind == ENT_CONTACT_POINT)
            TRY(learn_events(x, s, kind, e));
    }
    return RC_OK;
}

/* ---- the journal ---- */

static json_t *erased_value(struct erasing *x, const struct subject *s, const struct entity *ent, int i, json_t *old)
{
    struct val v, is;
    if (!field_is_text(&ent->fields[i])) /* dates and trees: gone or kept as a whole */
        return s->how == WHOLE && field_personal(ent, i) ? json_null() : json_incref(old);
    if (!json_is_string(old))
        return json_incref(old);
    v = val_str((struct str){json_string_value(old), json_string_length(old)});
    is = after_erasure(x, s, ent, i, v);
    return val_has(is) ? json_text(is.s) : json_null();
}

/* The same event with personal values replaced; members that then tell no change are left out. *changed: at all. */
static json_t *erased_tree(struct erasing *x, const struct subject *s, const json_t *tree, bool *changed)
{
    const struct entity *ent = entity_by_id(s->kind);
    json_t *out = json_object(), *pair;
    const char *name;
    json_object_foreach((json_t *)(uintptr_t)tree, name, pair)
    {
        int i = entity_field_ever(ent, str_c(name));
        if (s->kind == ENT_DEAL && json_is_string(pair) && strcmp(name, "reason") == 0) { /* why a rule was set aside */
            struct str was = str_dup(x->a, str_c(json_string_value(pair)));
            struct str is = person_cut_out(x->a, &x->person, was, x->x->mark);
            *changed |= !str_eq(was, is);
            json_object_set_new(out, name, json_text(is));
            continue;
        }
        bool here = i >= 0 && (s->how == WHOLE ? field_personal(ent, i) : may_name(ent, i));
        if (!here || json_array_size(pair) != 2) {
            json_object_set(out, name, pair);
            continue;
        }
        json_t *is = json_array();
        json_array_append_new(is, erased_value(x, s, ent, i, json_array_get(pair, 0)));
        json_array_append_new(is, erased_value(x, s, ent, i, json_array_get(pair, 1)));
        *changed |= !json_equal(is, pair);
        if (!json_equal(json_array_get(is, 0), json_array_get(is, 1)))
            json_object_set(out, name, is);
        json_decref(is);
    }
    return out;
}

static enum rc erase_event(struct erasing *x, const struct subject *s, int64_t seq, int64_t change_id, struct str data,
                           struct err *e)
{
    json_t *tree;
    bool changed = false;
    TRY(json_read(data, &tree, e));
    json_t *is = erased_tree(x, s, tree, &changed);
    if (changed) {
        char *text = json_dumps(is, JSON_COMPACT);
        struct str own = str_dup(x->a, str_c(text));
        free(text);
        intmap_put(x->seqs, seq, (int64_t)x->data.len);
        vec_push(&x->data, own);
        vec_push(&x->change_ids, change_id);
    }
    json_decref(is);
    json_decref(tree);
    return RC_OK;
}

static enum rc erase_events(struct erasing *x, const struct subject *s, bool *any, struct err *e)
{
    struct stmt *st;
    enum rc rc;
    size_t before = x->data.len, n = 0;
    VEC(int64_t) seqs = {0};
    TRY(db_prepare(x->ch->tx->db, &st,
                   "SELECT seq, change_id, data FROM journal WHERE object_kind = $1 AND object_id = $2 ORDER BY seq",
                   e));
    stmt_i64(st, 1, s->kind);
    stmt_i64(st, 2, s->id);
    while ((rc = stmt_step(st, e)) == RC_ROW) {
        size_t was = x->data.len;
        TRY_OUT(erase_event(x, s, stmt_col_i64(st, 0), stmt_col_i64(st, 1), stmt_col_str(st, 2), e));
        if (x->data.len > was)
            vec_push(&seqs, stmt_col_i64(st, 0));
    }
    rc = rc == RC_DONE ? RC_OK : rc;
out:
    stmt_done(st);
    for (; n < seqs.len && rc == RC_OK && !x->x->dry_run; n++)
        rc = journal_redact(x->ch->tx, seqs.ptr[n], x->data.ptr[before + n], e);
    *any = seqs.len > 0;
    vec_free(&seqs);
    return rc;
}

/* ---- rows ---- */

static void count_one(struct erased *n, enum entity_id kind)
{
    *(kind == ENT_CONTACT            ? &n->contacts
      : kind == ENT_CONTACT_POINT    ? &n->points
      : kind == ENT_NOTE             ? &n->notes
      : kind == ENT_TASK             ? &n->tasks
      : kind == ENT_FILE             ? &n->files
      : kind == ENT_BUYER            ? &n->buyers
      : kind == ENT_COMPETITOR_OFFER ? &n->offers
                                     : &n->deals) += kind != ENT_NOTIFICATION && kind != ENT_REVIEW_ITEM;
}

static struct str erased_data(struct erasing *x, struct record *will)
{
    struct buf b = {0};
    struct jw w = jw_to(&b);
    jw_obj(&w);
    if (will->ent->id == ENT_CONTACT) {
        will->f[CONTACT_ERASED_AT] = val_int(x->ch->at);
        will->f[CONTACT_ERASED_REASON] = val_str(x->x->reason);
        jw_key(&w, "erased_at");
        jw_arr(&w);
        jw_null(&w);
        jw_i64(&w, x->ch->at);
        jw_end_arr(&w);
        jw_key(&w, "erased_reason");
        jw_arr(&w);
        jw_null(&w);
        jw_str(&w, x->x->reason);
        jw_end_arr(&w);
    }
    jw_end_obj(&w);
    struct str data = str_dup(x->a, buf_view(&b));
    buf_free(&b);
    return data;
}

static enum rc erase_one(struct erasing *x, const struct subject *s, struct err *e)
{
    const struct entity *ent = entity_by_id(s->kind);
    struct record *was, *will;
    bool told, changed = s->kind == ENT_CONTACT;
    TRY(record_load_row(x->ch->tx->db, x->a, ent, s->id, true, &was, e));
    bool goes = s->how == WHOLE && (s->kind == ENT_CONTACT_POINT || s->kind == ENT_FILE);
    if (goes && s->kind == ENT_FILE)
        vec_push(&x->out->blobs, was->f[FILE_SHA256].s);
    if (goes && !was->deleted_at && !x->x->dry_run) {
        x->ch->remap = true; /* no stage keeps what the law wants gone */
        enum rc rc = change_delete(x->ch, ent, s->id, 0, e);
        x->ch->remap = false;
        TRY(rc);
        TRY(record_load_row(x->ch->tx->db, x->a, ent, s->id, true, &was, e));
    }
    TRY(erase_events(x, s, &told, e));
    will = record_copy(x->a, was);
    for (size_t i = 0; i < ent->n_fields; i++)
        if (was->f[i].kind != VAL_SET) {
            will->f[i] = after_erasure(x, s, ent, (int)i, was->f[i]);
            changed |= !val_eq(was->f[i], will->f[i]);
        }
    if (changed || told)
        count_one(x->out, s->kind);
    return changed && !x->x->dry_run ? change_rewrite(x->ch, was, will, VERB_ERASED, erased_data(x, will), e) : RC_OK;
}

/* ---- what waits to be sent, and what answers repeated requests ---- */

struct payload {
    int64_t id;
    struct str text;
};

static bool erased_payload(struct erasing *x, struct str text, struct str *out)
{
    json_t *tree = NULL, *set = NULL;
    int64_t at;
    bool hit = json_read(text, &tree, NULL) == RC_OK &&
               intmap_get(x->seqs, json_integer_value(json_object_get(tree, "seq")), &at) &&
               json_read(x->data.ptr[at], &set, NULL) == RC_OK;
    if (hit) {
        json_object_set(tree, "set", set);
        char *dump = json_dumps(tree, JSON_COMPACT);
        *out = str_dup(x->a, str_c(dump));
        free(dump);
    }
    json_decref(set);
    json_decref(tree);
    return hit;
}

/* A letter may name the person anywhere, in its file too. One that has left is kept to be looked at only: it is
 * emptied. One that waits goes without its file and without what names the person. */
static bool erased_letter(struct erasing *x, struct str text, bool waits, struct str *out)
{
    static const char *const said[] = {"subject", "text"};
    json_t *tree = NULL;
    if (!waits) {
        *out = STR("{}");
        return !str_eq(text, *out);
    }
    if (json_read(text, &tree, NULL) != RC_OK)
        return false;
    bool hit = json_object_del(tree, "file") == 0;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const json_t *v = json_object_get(tree, said[i]);
        struct str was = str_dup(x->a, str_c(json_is_string(v) ? json_string_value(v) : ""));
        struct str is = person_cut_out(x->a, &x->person, was, x->x->mark);
        if (str_eq(was, is))
            continue;
        hit = true;
        json_object_set_new(tree, said[i], json_text(is));
        json_object_del(tree, "html"); /* says the same as the text */
    }
    if (hit) {
        char *dump = json_dumps(tree, JSON_COMPACT);
        *out = str_dup(x->a, str_c(dump));
        free(dump);
    }
    json_decref(tree);
    return hit;
}

static enum rc erase_outbox(struct erasing *x, struct err *e)
{
    VEC(struct payload) hits = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(x->ch->tx->db, &s,
                   "SELECT id, payload, topic, CASE WHEN sent_at IS NULL AND next_at < 253402300799999 THEN 1 ELSE 0 "
                   "END FROM outbox ORDER BY id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct payload one = {stmt_col_i64(s, 0), STR_NULL};
        bool letter = str_eqc(stmt_col_str(s, 2), "mail");
        if (letter ? erased_letter(x, stmt_col_str(s, 1), stmt_col_i64(s, 3) != 0, &one.text)
                   : erased_payload(x, stmt_col_str(s, 1), &one.text))
            vec_push(&hits, one);
    }
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    x->out->payloads = (int64_t)hits.len;
    for (size_t i = 0; i < hits.len && rc == RC_OK && !x->x->dry_run; i++) {
        TRY_OUT(db_prepare(x->ch->tx->db, &s, "UPDATE outbox SET payload = $1 WHERE id = $2", e));
        stmt_str(s, 1, hits.ptr[i].text);
        stmt_i64(s, 2, hits.ptr[i].id);
        rc = stmt_run(s, e);
    }
out:
    vec_free(&hits);
    return rc;
}

static enum rc forget_requests(struct erasing *x, struct err *e)
{
    enum { AT_ONCE = 500 };
    enum rc rc = RC_OK;
    for (size_t from = 0; from < x->change_ids.len && rc == RC_OK; from += AT_ONCE) {
        struct buf sql = {0};
        buf_c(&sql, "DELETE FROM idempotency WHERE change_id IN (0");
        for (size_t i = from; i < x->change_ids.len && i < from + AT_ONCE; i++)
            buf_fmt(&sql, ",%lld", (long long)x->change_ids.ptr[i]);
        buf_c(&sql, ")");
        buf_char(&sql, '\0');
        rc = db_exec(x->ch->tx->db, sql.ptr, e);
        buf_free(&sql);
    }
    return rc;
}

/* ---- together ---- */

static enum rc may_erase(struct change *ch, int64_t id, struct err *e)
{
    const struct rights *r = ch->actor.rights;
    const struct entity *ent = entity_by_id(ENT_CONTACT);
    bool ok;
    if (!rights_can(r, CAN_ERASE))
        return err_set(e, RC_FORBIDDEN, "forbidden", "", "erase");
    TRY(rights_reach(ch->tx->db, ch->tx->arena, r, ent, id, RIGHT_SEE, &ok, e));
    if (!ok)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "contact %lld", (long long)id);
    TRY(rights_reach(ch->tx->db, ch->tx->arena, r, ent, id, RIGHT_EDIT, &ok, e));
    return ok ? RC_OK : err_set(e, RC_FORBIDDEN, "forbidden", "", "contact %lld", (long long)id);
}

static enum rc not_erased(struct change *ch, int64_t id, struct err *e)
{
    struct record *r;
    TRY(record_load_row(ch->tx->db, ch->tx->arena, entity_by_id(ENT_CONTACT), id, false, &r, e));
    return val_has(r->f[CONTACT_ERASED_AT]) ? err_set(e, RC_CONFLICT, "contact_erased", "", NULL) : RC_OK;
}

static enum rc erase_all(struct erasing *x, struct err *e)
{
    TRY(find_all(x, e));
    TRY(learn_person(x, e));
    for (size_t i = 0; i < x->subjects.len; i++)
        TRY(erase_one(x, &x->subjects.ptr[i], e));
    x->out->events = (int64_t)x->data.len;
    TRY(erase_outbox(x, e));
    return x->x->dry_run ? RC_OK : forget_requests(x, e);
}

enum rc contact_erase(struct change *ch, const struct erasure *x, struct erased *out, struct err *e)
{
    struct erasing all = {.ch = ch, .a = ch->tx->arena, .x = x, .out = out};
    const struct rights *rights = ch->actor.rights;
    *out = (struct erased){0};
    TRY(may_erase(ch, x->id, e));
    TRY(not_erased(ch, x->id, e));
    TRY(reason_check(x->reason, "reason", e));
    /* SQLite then writes over what it frees, instead of leaving it in the file. */
    bool sqlite = db_kind_of(ch->tx->db) == DB_SQLITE && !x->dry_run;
    if (sqlite)
        TRY(db_exec(ch->tx->db, "PRAGMA secure_delete = ON", e));
    all.seqs = intmap_new();
    ch->actor.rights = NULL; /* what hangs on the contact may be others' */
    enum rc rc = erase_all(&all, e);
    ch->actor.rights = rights;
    if (sqlite && rc == RC_OK)
        rc = db_exec(ch->tx->db, "PRAGMA secure_delete = OFF", e);
    intmap_free(all.seqs);
    person_free(&all.person);
    vec_free(&all.subjects);
    vec_free(&all.data);
    vec_free(&all.change_ids);
    return rc;
}

enum rc contact_restrict(struct change *ch, int64_t id, bool restricted, struct str reason, struct err *e)
{
    struct record *in = record_new(ch->tx->arena, entity_by_id(ENT_CONTACT));
    const struct rights *rights = ch->actor.rights;
    TRY(may_erase(ch, id, e));
    TRY(not_erased(ch, id, e));
    if (restricted)
        TRY(reason_check(reason, "reason", e));
    in->f[CONTACT_RESTRICTED] = val_int(restricted);
    in->f[CONTACT_RESTRICTED_REASON] = restricted ? val_str(reason) : val_null();
    ch->actor.rights = NULL; /* these fields are the server's */
    enum rc rc = change_update(ch, id, 0, in, e);
    ch->actor.rights = rights;
    return rc;
}
