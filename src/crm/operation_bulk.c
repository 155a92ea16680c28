/* Bulk edit: the same change to many records, each by its own command, so that every rule holds for each of them. */
#include "crm/operation_bulk.h"
#include "base/zone.h"
#include "crm/engine.h"
#include "crm/operation_impl.h"

bool bulk_object(const struct entity *ent)
{
    return ent->id == ENT_DEAL || ent->id == ENT_CONTACT || ent->id == ENT_COMPANY || ent->id == ENT_TASK ||
           ent->id == ENT_PRODUCT;
}

struct edit { /* a plan made sense of */
    const struct entity *ent;
    struct record *set, *add, *remove; /* NULL: not asked for */
    struct record *task;               /* that each gets; NULL: none */
    bool delete;
    bool by_sets; /* something is added or removed */
    bool *mask;   /* the sets that are */
};

/* ---- reading the plan ---- */

static enum rc only_sets(const struct record *r, struct err *e)
{
    for (size_t i = 0; i < r->ent->n_fields; i++)
        if (r->f[i].kind != VAL_ABSENT && r->ent->fields[i].type != FT_SET)
            return err_set(e, RC_INVALID, "bulk_not_a_set", r->ent->fields[i].name, NULL);
    return RC_OK;
}

static enum rc read_part(struct arena *a, const struct entity *ent, const json_t *plan, const char *key,
                         struct record **out, struct err *e)
{
    const json_t *part = json_object_get(plan, key);
    *out = NULL;
    if (!part || (json_is_object(part) && !json_object_size(part)))
        return RC_OK;
    if (!json_is_object(part))
        return err_set(e, RC_INVALID, "wrong_type", key, "object");
    return record_from_json(a, ent, part, false, out, e);
}

/* A task is of the record that gets it: which, is not for the plan to say. */
static enum rc read_task(struct arena *a, const struct entity *ent, const json_t *plan, struct edit *out, struct err *e)
{
    const json_t *part = json_object_get(plan, "task");
    const struct entity *task = entity_by_id(ENT_TASK);
    static const int places[] = {TASK_DEAL_ID, TASK_CONTACT_ID, TASK_COMPANY_ID};
    if (!part)
        return RC_OK;
    if (!json_is_object(part))
        return err_set(e, RC_INVALID, "wrong_type", "task", "object");
    if (ent->id != ENT_DEAL && ent->id != ENT_CONTACT && ent->id != ENT_COMPANY)
        return err_set(e, RC_INVALID, "unknown_field", "task", NULL);
    TRY(record_from_json(a, task, part, true, &out->task, e));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (out->task->f[places[i]].kind != VAL_ABSENT)
            return err_set(e, RC_INVALID, "unknown_field", task->fields[places[i]].name, NULL);
    return val_has(out->task->f[TASK_TITLE]) ? RC_OK : err_set(e, RC_UNPROCESSABLE, "required", "title", NULL);
}

static enum rc read_edit(struct arena *a, const struct entity *ent, const json_t *plan, struct edit *out, struct err *e)
{
    const json_t *delete = json_object_get(plan, "delete");
    *out = (struct edit){.ent = ent, .mask = ARENA_ARRAY(a, bool, ent->n_fields)};
    TRY(read_part(a, ent, plan, "set", &out->set, e));
    TRY(read_part(a, ent, plan, "add", &out->add, e));
    TRY(read_part(a, ent, plan, "remove", &out->remove, e));
    if (delete &&!json_is_boolean(delete))
        return err_set(e, RC_INVALID, "wrong_type", "delete", "boolean");
    out->delete = json_is_true(delete);
    if (out->add)
        TRY(only_sets(out->add, e));
    if (out->remove)
        TRY(only_sets(out->remove, e));
    for (size_t i = 0; i < ent->n_fields; i++) {
        out->mask[i] =
            (out->add && out->add->f[i].kind == VAL_SET) || (out->remove && out->remove->f[i].kind == VAL_SET);
        out->by_sets |= out->mask[i];
    }
    TRY(read_task(a, ent, plan, out, e));
    if (!out->set && !out->by_sets && !out->delete &&!out->task)
        return err_set(e, RC_UNPROCESSABLE, "bulk_nothing", "", NULL);
    if (out->delete &&(out->set || out->by_sets || out->task))
        return err_set(e, RC_UNPROCESSABLE, "bulk_delete_alone", "delete", NULL);
    return RC_OK;
}

static enum rc check_ids(const json_t *ids, struct err *e)
{
    size_t i;
    json_t *id;
    if (!json_is_array(ids))
        return err_set(e, RC_INVALID, "wrong_type", "ids", "array");
    if (json_array_size(ids) < 1 || json_array_size(ids) > BULK_IDS_MOST)
        return err_set(e, RC_UNPROCESSABLE, "bulk_ids_most", "ids", "%d", BULK_IDS_MOST);
    json_array_foreach(ids, i, id)
    {
        if (!json_is_integer(id) || json_integer_value(id) < 1)
            return err_set(e, RC_INVALID, "wrong_type", "ids", "integer");
    }
    return RC_OK;
}

enum rc bulk_check(struct arena *a, const struct entity *ent, const json_t *plan, const struct filter_env *env,
                   struct err *e)
{
    const json_t *ids = json_object_get(plan, "ids"), *filter = json_object_get(plan, "filter");
    struct filter *tree;
    struct edit edit;
    if (!ids == !filter)
        return err_set(e, RC_UNPROCESSABLE, "bulk_which", "", NULL);
    if (ids)
        TRY(check_ids(ids, e));
    else if (!json_is_string(filter))
        return err_set(e, RC_INVALID, "wrong_type", "filter", "string");
    else
        TRY(filter_parse(a, ent, str_c(json_string_value(filter)), env, &tree, e));
    return read_edit(a, ent, plan, &edit, e);
}

/* ---- what it is about ---- */

static int by_id(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void read_ids(struct arena *a, const json_t *list, struct operation_ids *out)
{
    size_t n = json_array_size(list), kept = 0;
    int64_t *ids = ARENA_ARRAY(a, int64_t, n + 1);
    for (size_t i = 0; i < n; i++)
        ids[i] = json_integer_value(json_array_get(list, i));
    qsort(ids, n, sizeof *ids, by_id);
    for (size_t i = 0; i < n; i++)
        if (!kept || ids[kept - 1] != ids[i])
            ids[kept++] = ids[i];
    out->ids = ids;
    out->n = kept;
}

static enum rc env_of(struct db *db, struct arena *a, int64_t user_id, const struct rights *rights,
                      struct filter_env *out, struct err *e)
{
    struct str name;
    TRY(setting_get(db, a, "time_zone", "Europe/Moscow", &name, e));
    struct zone *zone = zone_load(str_cdup(a, name));
    int64_t now = time_now();
    *out = (struct filter_env){.user_id = user_id, .now = now, .offset_ms = zone_offset(zone, now), .rights = rights};
    zone_free(zone);
    return RC_OK;
}

static enum rc find_ids(struct db *db, struct arena *a, const struct entity *ent, struct str text,
                        const struct filter_env *env, struct operation_ids *out, struct err *e)
{
    struct sqlb q = sqlb_new(a);
    struct filter *filter;
    struct stmt *s = NULL;
    VEC(int64_t) found = {0};
    enum rc rc;
    TRY(filter_parse(a, ent, text, env, &filter, e));
    sqlb_fmt(&q, "SELECT t.id FROM %s t WHERE t.deleted_at IS NULL AND ", ent->table);
    filter_sql(&q, ent, filter, "t");
    sqlb_c(&q, " AND ");
    rights_sql(&q, env->rights, ent, RIGHT_SEE, "t");
    sqlb_c(&q, " ORDER BY t.id");
    TRY_OUT(sqlb_prepare(&q, db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&found, stmt_col_i64(s, 0));
    if (rc != RC_DONE)
        goto out;
    rc = RC_OK;
    int64_t *ids = ARENA_ARRAY(a, int64_t, found.len + 1);
    if (found.len)
        memcpy(ids, found.ptr, found.len * sizeof *ids);
    out->ids = ids;
    out->n = found.len;
out:
    vec_free(&found);
    stmt_done(s);
    sqlb_free(&q);
    return rc;
}

static enum rc which(struct db *db, struct arena *a, const struct entity *ent, const json_t *plan, int64_t user_id,
                     const struct rights *rights, struct operation_ids **out, struct err *e)
{
    const json_t *ids = json_object_get(plan, "ids");
    struct filter_env env;
    *out = ARENA_NEW(a, struct operation_ids);
    (*out)->kind = ent->id;
    if (ids) {
        read_ids(a, ids, *out);
        return RC_OK;
    }
    TRY(env_of(db, a, user_id, rights, &env, e));
    return find_ids(db, a, ent, str_dup(a, str_c(json_string_value(json_object_get(plan, "filter")))), &env, *out, e);
}

static enum rc populate(struct operation *op, struct db *db, struct arena *a, const struct rights *rights,
                        struct operation_ids **out, struct err *e)
{
    json_t *plan;
    TRY(json_read(op->plan, &plan, e));
    enum rc rc = which(db, a, entity_by_name(op->object), plan, op->owner_id, rights, out, e);
    json_decref(plan);
    return rc;
}

/* ---- doing it ---- */

static struct val with(struct arena *a, struct val now, struct val add, struct val remove)
{
    size_t n_add = add.kind == VAL_SET ? add.set.n : 0, n_now = now.kind == VAL_SET ? now.set.n : 0, n = 0;
    int64_t *ids = ARENA_ARRAY(a, int64_t, n_now + n_add + 1);
    for (size_t i = 0; i < n_now + n_add; i++) {
        int64_t id = i < n_now ? now.set.ids[i] : add.set.ids[i - n_now];
        bool goes = false;
        for (size_t k = 0; remove.kind == VAL_SET && k < remove.set.n; k++)
            goes |= remove.set.ids[k] == id;
        if (!goes)
            ids[n++] = id;
    }
    return val_set_of(a, ids, n);
}

static enum rc edit_sets(struct change *ch, const struct edit *edit, int64_t id, struct record *in, struct err *e)
{
    struct record *now;
    const struct val none = {.kind = VAL_ABSENT};
    TRY(record_load_row(ch->tx->db, ch->tx->arena, edit->ent, id, false, &now, e));
    TRY(record_load_sets(ch->tx->db, ch->tx->arena, edit->ent, &now, 1, edit->mask, e));
    for (size_t i = 0; i < edit->ent->n_fields; i++)
        if (edit->mask[i])
            in->f[i] = with(ch->tx->arena, now->f[i], edit->add ? edit->add->f[i] : none,
                            edit->remove ? edit->remove->f[i] : none);
    return RC_OK;
}

/* Whoever the record is of has the task to do, unless the plan names somebody. */
static enum rc give_task(struct change *ch, const struct edit *edit, int64_t id, struct err *e)
{
    struct record *in = record_copy(ch->tx->arena, edit->task), *of;
    bool deal = edit->ent->id == ENT_DEAL, contact = edit->ent->id == ENT_CONTACT;
    int64_t task_id;
    TRY(record_load_row(ch->tx->db, ch->tx->arena, edit->ent, id, false, &of, e));
    in->f[deal ? TASK_DEAL_ID : contact ? TASK_CONTACT_ID : TASK_COMPANY_ID] = val_int(id);
    if (in->f[TASK_OWNER_ID].kind == VAL_ABSENT)
        in->f[TASK_OWNER_ID] = of->f[deal ? DEAL_OWNER_ID : contact ? CONTACT_OWNER_ID : COMPANY_OWNER_ID];
    return change_create(ch, in, &task_id, e);
}

static enum rc run(struct change *ch, const struct edit *edit, int64_t id, struct err *e)
{
    if (edit->delete)
        return change_delete(ch, edit->ent, id, 0, e);
    if (edit->task)
        TRY(give_task(ch, edit, id, e));
    if (!edit->by_sets)
        return edit->set ? change_update(ch, id, 0, edit->set, e) : RC_OK;
    struct record *in = edit->set ? record_copy(ch->tx->arena, edit->set) : record_new(ch->tx->arena, edit->ent);
    TRY(edit_sets(ch, edit, id, in, e));
    return change_update(ch, id, 0, in, e);
}

/* The plan is read again when the noun has got another field. */
static enum rc edit_of(struct operation *op, struct edit **out, struct err *e)
{
    const struct entity *ent = entity_by_name(op->object);
    struct edit *edit = op->own;
    json_t *plan;
    *out = edit;
    if (edit && edit->ent == ent)
        return RC_OK;
    *out = ARENA_NEW(op->arena, struct edit);
    TRY(json_read(op->plan, &plan, e));
    enum rc rc = read_edit(op->arena, ent, plan, *out, e);
    json_decref(plan);
    return rc;
}

static enum rc gather(struct operation *op, struct db *db, struct arena *a, size_t most, struct operation_items *out,
                      struct err *e)
{
    struct edit *edit;
    TRY(edit_of(op, &edit, e));
    op->own = edit;
    return operation_gather(op, db, a, most, out, e);
}

static enum rc apply(struct operation *op, struct change *ch, const struct operation_item *item, struct err *e)
{
    struct edit *edit; /* a newer one than gather's lives as long as the job, as op->arena here does */
    TRY(edit_of(op, &edit, e));
    return run(ch, edit, item->id, e);
}

const struct operation_type operation_bulk = {
    .kind = OPERATION_BULK, .populate = populate, .gather = gather, .apply = apply};

/* ---- trying it ---- */

struct trial {
    struct job job;
    struct actor actor;
    const struct operation_ids *ids;
    struct str plan;
    size_t from, to;
    int64_t budget_us, would_change;
    struct {
        int64_t id;
        struct err err;
    } * refused;
    size_t n_refused;
};

static enum rc try_one(struct trial *t, struct change *ch, const struct edit *edit, int64_t id, struct err *e)
{
    struct wtx_mark mark;
    struct err why = {0};
    int64_t before = ch->events;
    TRY(wtx_mark(ch->tx, &mark, e));
    enum rc rc = run(ch, edit, id, &why);
    if (rc == RC_OK)
        rc = change_end(ch, &why);
    TRY(wtx_give_up(ch->tx, &mark, e));
    if (rc == RC_INTERNAL || rc == RC_UNAVAILABLE)
        return *e = why, rc;
    if (rc != RC_OK) {
        t->refused[t->n_refused].id = id;
        t->refused[t->n_refused++].err = why;
    } else if (ch->events > before) {
        t->would_change++;
    }
    return RC_OK;
}

static enum rc trial_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct trial *t = (struct trial *)job;
    int64_t until = wtx_clock() + t->budget_us;
    const struct entity *ent = entity_by_id(t->ids->kind);
    struct edit edit;
    json_t *plan;
    TRY(json_read(t->plan, &plan, e));
    enum rc rc = read_edit(tx->arena, ent, plan, &edit, e);
    json_decref(plan);
    t->would_change = 0;
    t->n_refused = 0;
    for (t->to = t->from; rc == RC_OK && t->to < t->ids->n; t->to++) {
        if (t->to > t->from && (wtx_clock() >= until || t->to - t->from >= BULK_IDS_MOST))
            break;
        struct change ch = change_begin(tx, t->actor);
        rc = try_one(t, &ch, &edit, t->ids->ids[t->to], e);
    }
    return rc;
}

static void add_reason(struct arena *a, struct bulk_trial *out, const struct err *why, int64_t id)
{
    struct bulk_reason **at = &out->reasons;
    while (*at && (strcmp((*at)->err.code, why->code) != 0 || strcmp((*at)->err.field, why->field) != 0))
        at = &(*at)->next;
    if (!*at) {
        *at = ARENA_NEW(a, struct bulk_reason);
        (*at)->err = *why;
    }
    struct bulk_reason *r = *at;
    r->count++;
    if (r->n_ids < sizeof r->ids / sizeof *r->ids)
        r->ids[r->n_ids++] = id;
    out->refused++;
}

static enum rc find_all(struct db *db, struct arena *a, const struct entity *ent, struct str plan, struct actor actor,
                        struct operation_ids **ids, struct err *e)
{
    json_t *tree;
    TRY(json_read(plan, &tree, e));
    enum rc rc = which(db, a, ent, tree, actor.user_id, actor.rights, ids, e);
    json_decref(tree);
    return rc;
}

enum rc bulk_try(struct writer *w, struct db *db, struct arena *a, struct actor actor, const struct entity *ent,
                 struct str plan, int64_t budget_us, struct bulk_trial *out, struct err *e)
{
    struct operation_ids *ids;
    TRY(find_all(db, a, ent, plan, actor, &ids, e));
    struct trial t = {.job.apply = trial_apply, .actor = actor, .ids = ids, .plan = plan, .budget_us = budget_us};
    t.refused = malloc(sizeof *t.refused * BULK_IDS_MOST);
    enum rc rc = t.refused ? RC_OK : err_set(e, RC_UNAVAILABLE, "out_of_memory", "", NULL);
    *out = (struct bulk_trial){.matched = (int64_t)ids->n};
    for (; rc == RC_OK && t.from < ids->n; t.from = t.to) {
        rc = writer_run(w, &t.job, e);
        out->would_change += t.would_change;
        for (size_t i = 0; rc == RC_OK && i < t.n_refused; i++)
            add_reason(a, out, &t.refused[i].err, t.refused[i].id);
    }
    free(t.refused);
    return rc;
}
