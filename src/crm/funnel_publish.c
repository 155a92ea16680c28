/* A draft comes into force: ordinary commands in one change, in an order in which every rule can hold. What is there is
 * changed and what is new created first, what goes goes last. */
#include "crm/engine.h"
#include "crm/funnel_draft.h"
#include "crm/operation.h"

struct publish {
    struct change *ch;
    struct draft_row row;
    struct draft *d;
    int64_t funnel_id;
};

/* ---- what is there ---- */

/* A record of the draft has to be one of this funnel, and stand where it stood unless it may be moved. */
static enum rc check_there(struct publish *p, const struct draft_node *n, struct err *e)
{
    const struct funnel_part *part = &funnel_parts[n->part];
    struct arena *a = p->ch->tx->arena;
    int64_t found;
    struct str path = str_fmt(a, "%s.id", n->path);
    struct str sql = str_fmt(a, "SELECT id FROM %s WHERE id = $2 AND (%s) AND deleted_at IS NULL",
                             entity_by_id(part->kind)->table, part->sql);
    TRY(QUERY_I64(p->ch->tx->db, &found, 0, e, sql.ptr, p->funnel_id, n->id));
    if (!found)
        return draft_bad(e, path.ptr, "ref_not_found", NULL);
    if (n->part != FP_GATE && n->part != FP_GOAL)
        return RC_OK;
    sql = str_fmt(a, "SELECT stage_id FROM %s WHERE id = $1", entity_by_id(part->kind)->table);
    TRY(QUERY_I64(p->ch->tx->db, &found, 0, e, sql.ptr, n->id));
    return found == p->d->nodes[n->stage].id ? RC_OK : draft_bad(e, path.ptr, "read_only_field", NULL);
}

/* Fields that are fixed when something is made have to be as they are. */
static enum rc check_fixed(struct publish *p, const struct draft_node *n, struct err *e)
{
    const struct entity *ent = entity_by_id(funnel_parts[n->part].kind);
    struct record *was;
    if (n->part != FP_GATE)
        return RC_OK;
    TRY(record_load_row(p->ch->tx->db, p->ch->tx->arena, ent, n->id, false, &was, e));
    const json_t *kind = json_object_get(n->json, "kind");
    if (!kind || (json_is_string(kind) &&
                  strcmp(json_string_value(kind), ent->fields[GATE_KIND].names[was->f[GATE_KIND].i]) == 0))
        return RC_OK;
    return draft_bad(e, str_fmt(p->ch->tx->arena, "%s.kind", n->path).ptr, "read_only_field", NULL);
}

static enum rc check_ids(struct publish *p, struct err *e)
{
    for (size_t i = 0; i < p->d->n; i++) {
        struct draft_node *n = &p->d->nodes[i];
        n->now = n->id;
        if (!n->id)
            continue;
        TRY(check_there(p, n, e));
        TRY(check_fixed(p, n, e));
    }
    return RC_OK;
}

/* ---- keys to ids ---- */

static int64_t id_of_key(const struct draft *d, int part, const char *key)
{
    const struct draft_node *n = draft_find(d, part, key, 0);
    return n ? n->now : 0;
}

static void resolve_tree(const struct draft *d, json_t *json)
{
    const char *name;
    json_t *value;
    for (size_t i = 0; i < json_array_size(json); i++)
        resolve_tree(d, json_array_get(json, i));
    json_object_foreach(json, name, value)
    {
        int part = draft_ref_part(name);
        if (part >= 0 && json_is_string(value))
            json_object_set_new(json, name, json_integer(id_of_key(d, part, json_string_value(value))));
        else
            resolve_tree(d, value);
    }
}

/* An event or actions as they are kept, keys turned into ids. */
static enum rc resolved(struct publish *p, struct val *v, struct err *e)
{
    json_t *tree;
    if (!val_has(*v))
        return RC_OK;
    TRY(json_read(v->s, &tree, e));
    resolve_tree(p->d, tree);
    char *text = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);
    *v = val_str(str_dup(p->ch->tx->arena, str_c(text)));
    free(text);
    json_decref(tree);
    return RC_OK;
}

/* ---- writing ---- */

/* What a mistake says of itself, as draft_bad takes it. */
static const char *both_args(const struct err *why, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s", why->arg[0], why->arg[1][0] ? "|" : "", why->arg[1]);
    return out;
}

/* Where in the document a refusal belongs. */
static enum rc placed(const struct draft_node *n, enum rc rc, struct err *e)
{
    if (rc == RC_OK || rc == RC_FORBIDDEN || rc == RC_INTERNAL || rc == RC_UNAVAILABLE || !e)
        return rc;
    struct err why = *e;
    char path[160], args[322];
    snprintf(path, sizeof path, "%.90s%s%s", n->path, n->path[0] && why.field[0] ? "." : "", why.field);
    return draft_bad(e, path, why.code, both_args(&why, args, sizeof args));
}

static enum rc write_node(struct publish *p, struct draft_node *n, struct record *in, struct err *e)
{
    enum rc rc = n->now ? change_update(p->ch, n->now, 0, in, e) : change_create(p->ch, in, &n->now, e);
    return placed(n, rc, e);
}

static int position_field(int part)
{
    static const int at[FP_N] = {[FP_STAGE] = STAGE_POSITION, [FP_LOSS_REASON] = LOSS_REASON_POSITION,
                                 [FP_INVOLVEMENT] = -1,       [FP_GATE] = GATE_POSITION,
                                 [FP_GOAL] = GOAL_POSITION,   [FP_TRIGGER] = TRIGGER_POSITION};
    return at[part];
}

/* The record with what its place tells. */
static struct record *record_of(struct publish *p, struct draft_node *n)
{
    struct record *in = record_copy(p->ch->tx->arena, n->in);
    int64_t stage = n->stage == SIZE_MAX ? 0 : p->d->nodes[n->stage].now;
    bool new = !n->now;
    if (position_field(n->part) >= 0)
        in->f[position_field(n->part)] = val_int(n->position);
    switch (n->part) {
    case FP_STAGE:
        if (new)
            in->f[STAGE_FUNNEL_ID] = val_int(p->funnel_id);
        break;
    case FP_LOSS_REASON:
        in->f[LOSS_REASON_FUNNEL_ID] = val_int(p->funnel_id);
        break;
    case FP_INVOLVEMENT:
        if (new)
            in->f[INVOLVEMENT_FUNNEL_ID] = val_int(p->funnel_id);
        if (n->ref_key)
            in->f[INVOLVEMENT_STAGE_ID] = val_int(id_of_key(p->d, FP_STAGE, n->ref_key));
        break;
    case FP_GATE:
        if (new)
            in->f[GATE_STAGE_ID] = val_int(stage);
        if (n->ref_key)
            in->f[GATE_GOAL_ID] = val_int(id_of_key(p->d, FP_GOAL, n->ref_key));
        break;
    case FP_GOAL:
        if (new)
            in->f[GOAL_STAGE_ID] = val_int(stage);
        break;
    default:
        in->f[TRIGGER_FUNNEL_ID] = val_int(p->funnel_id);
        in->f[TRIGGER_STAGE_ID] = stage ? val_int(stage) : val_null();
    }
    return in;
}

/* What is archived comes last, so that a funnel always has a stage to stand in. */
static enum rc write_part(struct publish *p, int part, bool actions, struct err *e)
{
    for (size_t i = 0; i < p->d->n * 2; i++) {
        struct draft_node *n = &p->d->nodes[i % p->d->n];
        if (n->part != part || n->archived != (i >= p->d->n))
            continue;
        struct record *in = record_of(p, n);
        if (part == FP_GOAL && !actions) {
            in->f[GOAL_ACTIONS] = (struct val){.kind = VAL_ABSENT};
        } else if (part == FP_GOAL) {
            TRY(resolved(p, &in->f[GOAL_ACTIONS], e));
        } else if (part == FP_TRIGGER) {
            TRY(resolved(p, &in->f[TRIGGER_ACTIONS], e));
            TRY(resolved(p, &in->f[TRIGGER_EVENT], e));
        }
        TRY(write_node(p, n, in, e));
    }
    return RC_OK;
}

static enum rc write_funnel(struct publish *p, struct err *e)
{
    struct draft_node funnel = {.part = -1, .path = "", .now = p->funnel_id};
    struct record *in = record_copy(p->ch->tx->arena, p->d->funnel);
    TRY(write_node(p, &funnel, in, e));
    p->funnel_id = funnel.now;
    return RC_OK;
}

/* ---- what goes ---- */

static const struct draft_remap *remap_of(const struct draft *d, int64_t stage)
{
    for (size_t i = 0; i < d->n_remaps; i++)
        if (d->remaps[i].from == stage)
            return &d->remaps[i];
    return NULL;
}

static enum rc check_deals(struct publish *p, int64_t stage, struct err *e)
{
    int64_t deals;
    struct record *r;
    if (remap_of(p->d, stage))
        return RC_OK;
    TRY(QUERY_I64(p->ch->tx->db, &deals, 0, e, "SELECT count(*) FROM deal WHERE stage_id = $1 AND deleted_at IS NULL",
                  stage));
    if (!deals)
        return RC_OK;
    TRY(record_load_row(p->ch->tx->db, p->ch->tx->arena, entity_by_id(ENT_STAGE), stage, false, &r, e));
    enum rc rc = err_set(e, RC_UNPROCESSABLE, "stage_has_deals", "definition", "%.*s", STR_ARG(r->f[STAGE_NAME].s));
    snprintf(e->arg[1], sizeof e->arg[1], "%lld", (long long)deals);
    e->more = str_fmt(p->ch->tx->arena, "\"stage_id\":%lld,\"count\":%lld", (long long)stage, (long long)deals).ptr;
    return rc;
}

static enum rc take_away(struct publish *p, int part, int64_t id, struct err *e)
{
    const struct entity *ent = entity_by_id(funnel_parts[part].kind);
    if (part == FP_STAGE)
        TRY(check_deals(p, id, e));
    if (!funnel_parts[part].keeps)
        return change_delete(p->ch, ent, id, 0, e);
    struct record *in = record_new(p->ch->tx->arena, ent);
    in->f[entity_field(ent, STR("archived"))] = val_int(1);
    return change_update(p->ch, id, 0, in, e);
}

/* Does it stand with a stage that goes too? Then it goes with it as it is, and comes back with it. */
static bool goes_with_stage(const struct publish *p, int part, int64_t stage)
{
    return part != FP_STAGE && stage && !draft_find(p->d, FP_STAGE, NULL, stage);
}

static enum rc take_missing(struct publish *p, int part, struct err *e)
{
    const struct funnel_part *fp = &funnel_parts[part];
    const struct entity *ent = entity_by_id(fp->kind);
    struct arena *a = p->ch->tx->arena;
    bool staged = entity_field(ent, STR("stage_id")) >= 0 && part != FP_INVOLVEMENT;
    struct str sql = str_fmt(a, "SELECT id, %s FROM %s WHERE (%s) AND deleted_at IS NULL%s ORDER BY id",
                             staged ? "stage_id" : "0", ent->table, fp->sql, fp->keeps ? " AND archived = 0" : "");
    struct stmt *s;
    enum rc rc;
    VEC(int64_t) gone = {0};
    TRY(db_prepare(p->ch->tx->db, &s, sql.ptr, e));
    stmt_i64(s, 1, p->funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        bool there = false;
        for (size_t i = 0; i < p->d->n && !there; i++)
            there = p->d->nodes[i].part == part && p->d->nodes[i].now == stmt_col_i64(s, 0);
        if (!there && !goes_with_stage(p, part, stmt_col_i64(s, 1)))
            vec_push(&gone, stmt_col_i64(s, 0));
    }
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < gone.len && rc == RC_OK; i++)
        rc = take_away(p, part, gone.ptr[i], e);
    vec_free(&gone);
    return rc;
}

/* A stage that the draft marks as archived goes like one that it leaves out. */
static enum rc check_archived(struct publish *p, struct err *e)
{
    for (size_t i = 0; i < p->d->n; i++) {
        const struct draft_node *n = &p->d->nodes[i];
        if (n->part == FP_STAGE && n->id && n->archived)
            TRY(check_deals(p, n->id, e));
    }
    return RC_OK;
}

/* ---- where deals go ---- */

/* Deals go past gates when their stage has become another. From one that stays, only into what was split off it. */
static bool stays(const struct draft *d, int64_t stage)
{
    const struct draft_node *n = draft_find(d, FP_STAGE, NULL, stage);
    return n && !n->archived;
}

static bool fits_split(const struct draft *d, const struct draft_remap *m, const struct draft_target *to)
{
    const struct draft_node *n = draft_find(d, FP_STAGE, to->key, to->id);
    return n && (!n->id || n->id == m->from);
}

static enum rc check_remap(struct publish *p, const struct draft_remap *m, struct err *e)
{
    struct db *db = p->ch->tx->db;
    int64_t from, to;
    TRY(QUERY_I64(db, &from, -1, e, "SELECT outcome FROM stage WHERE id = $1 AND funnel_id = $2", m->from,
                  p->funnel_id));
    if (from < 0)
        return draft_bad(e, str_fmt(p->ch->tx->arena, "%s.from", m->path).ptr, "ref_not_found", NULL);
    for (size_t i = 0; i < m->n; i++) {
        struct filter *f;
        struct filter_env env = {.user_id = p->ch->actor.user_id, .now = p->ch->at, .rights = p->ch->actor.rights};
        struct err why;
        char args[322];
        int64_t id = m->to[i].key ? id_of_key(p->d, FP_STAGE, m->to[i].key) : m->to[i].id;
        TRY(QUERY_I64(db, &to, -1, e, "SELECT outcome FROM stage WHERE id = $1", id));
        if (to != from)
            return draft_bad(e, m->path, "remap_outcome", NULL);
        if (stays(p->d, m->from) && !fits_split(p->d, m, &m->to[i]))
            return draft_bad(e, m->path, "remap_stays", NULL);
        if (m->to[i].condition &&
            filter_parse(p->ch->tx->arena, entity_by_id(ENT_DEAL), str_c(m->to[i].condition), &env, &f, &why) != RC_OK)
            return draft_bad(e, m->path, why.code, both_args(&why, args, sizeof args));
    }
    return RC_OK;
}

static void put_remap(struct publish *p, struct jw *w, const struct draft_remap *m)
{
    jw_obj(w);
    jw_ki64(w, "from", m->from);
    jw_key(w, "to");
    jw_arr(w);
    for (size_t i = 0; i < m->n; i++) {
        jw_obj(w);
        jw_kc(w, "condition", m->to[i].condition);
        jw_ki64(w, "stage_id", m->to[i].key ? id_of_key(p->d, FP_STAGE, m->to[i].key) : m->to[i].id);
        jw_end_obj(w);
    }
    jw_end_arr(w);
    jw_end_obj(w);
}

/* The operation goes on in the same change: taking it back takes the publication back, too. */
static enum rc send_deals(struct publish *p, int64_t *operation_id, struct err *e)
{
    struct buf plan = {0};
    struct jw w = jw_to(&plan);
    jw_obj(&w);
    jw_ki64(&w, "funnel_id", p->funnel_id);
    jw_key(&w, "remap");
    jw_arr(&w);
    for (size_t i = 0; i < p->d->n_remaps; i++)
        put_remap(p, &w, &p->d->remaps[i]);
    jw_end_arr(&w);
    jw_end_obj(&w);
    struct str name;
    struct record *funnel;
    int64_t last = p->ch->seq;
    struct stmt *s;
    enum rc rc =
        record_load_row(p->ch->tx->db, p->ch->tx->arena, entity_by_id(ENT_FUNNEL), p->funnel_id, false, &funnel, e);
    if (rc != RC_OK)
        goto out;
    name = funnel->f[FUNNEL_NAME].s;
    struct operation_new in = {.kind = OPERATION_REMAP,
                               .object = STR("funnel"),
                               .title = name,
                               .plan = str_dup(p->ch->tx->arena, buf_view(&plan))};
    TRY_OUT(operation_create(p->ch, &in, operation_id, e));
    TRY_OUT(db_prepare(p->ch->tx->db, &s,
                       "INSERT INTO operation_span (operation_id, first_seq, last_seq) VALUES ($1, $2, $3)", e));
    stmt_i64(s, 1, *operation_id);
    stmt_i64(s, 2, p->ch->change_id);
    stmt_i64(s, 3, last);
    rc = stmt_run(s, e);
out:
    buf_free(&plan);
    return rc;
}

/* ---- all of it ---- */

static enum rc write_all(struct publish *p, struct err *e)
{
    TRY(write_funnel(p, e));
    TRY(check_ids(p, e));
    TRY(write_part(p, FP_LOSS_REASON, false, e));
    TRY(check_archived(p, e));
    TRY(write_part(p, FP_STAGE, false, e));
    TRY(write_part(p, FP_GOAL, false, e));
    TRY(write_part(p, FP_GATE, false, e));
    TRY(write_part(p, FP_GOAL, true, e));
    TRY(write_part(p, FP_TRIGGER, false, e));
    TRY(write_part(p, FP_INVOLVEMENT, false, e));
    for (size_t i = 0; i < p->d->n_remaps; i++)
        TRY(check_remap(p, &p->d->remaps[i], e));
    static const int order[] = {FP_TRIGGER, FP_INVOLVEMENT, FP_GATE, FP_GOAL, FP_STAGE, FP_LOSS_REASON};
    for (size_t i = 0; i < FP_N; i++)
        TRY(take_missing(p, order[i], e));
    return RC_OK;
}

/* The one new version, and that it was published. */
static enum rc close_version(struct publish *p, struct err *e)
{
    struct change *ch = p->ch;
    int64_t version;
    TRY(change_delete(ch, entity_by_id(ENT_FUNNEL_DRAFT), p->row.id, 0, e));
    ch->version_later = false;
    TRY(funnel_version_write(ch, p->funnel_id, e));
    TRY(QUERY_I64(ch->tx->db, &version, 0, e, "SELECT definition_version FROM funnel WHERE id = $1", p->funnel_id));
    struct str data =
        str_fmt(ch->tx->arena, "{\"version\":%lld,\"draft_id\":%lld}", (long long)version, (long long)p->row.id);
    return change_note_event(ch, ENT_FUNNEL, p->funnel_id, VERB_PUBLISHED, data, e);
}

static enum rc ask_rules(struct publish *p, struct err *e)
{
    const struct crm_rules *rules = crm_rules_set();
    json_t *definition;
    if (!rules || !rules->publish)
        return RC_OK;
    TRY(funnel_document(p->ch->tx->db, p->funnel_id, &definition, e));
    enum rc rc = rules->publish(p->ch, definition, e);
    json_decref(definition);
    return rc;
}

enum rc draft_publish(struct change *ch, int64_t id, int64_t *funnel_id, int64_t *operation_id, struct err *e)
{
    struct publish p = {.ch = ch};
    bool outdated;
    *operation_id = 0;
    TRY(draft_load(ch->tx->db, ch->tx->arena, id, &p.row, e));
    p.d = &p.row.draft;
    p.funnel_id = p.row.funnel_id;
    enum rc rc = draft_outdated(ch->tx->db, &p.row, &outdated, e);
    if (rc == RC_OK && outdated)
        rc = err_set(e, RC_CONFLICT, "draft_outdated", "", NULL);
    bool remap = ch->remap;
    ch->remap = ch->version_later = true;
    if (rc == RC_OK)
        rc = write_all(&p, e);
    if (rc == RC_OK)
        rc = close_version(&p, e);
    ch->remap = remap;
    ch->version_later = false;
    if (rc == RC_OK)
        rc = ask_rules(&p, e);
    if (rc == RC_OK && p.d->n_remaps)
        rc = send_deals(&p, operation_id, e);
    *funnel_id = p.funnel_id;
    json_decref(p.d->tree);
    return rc;
}

static enum rc apply_publish(struct change *ch, struct command_job *j, struct err *e)
{
    int64_t operation;
    return draft_publish(ch, j->id, &j->out_id, &operation, e);
}
const struct command command_publish = {"funnel.publish", apply_publish};

/* ---- trying it ---- */

struct trial {
    struct job job;
    struct actor actor;
    int64_t draft;
    struct err why;
    enum rc rc;
};

static enum rc trial_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct trial *t = (struct trial *)job;
    struct change ch = change_begin(tx, t->actor);
    struct wtx_mark mark;
    int64_t funnel, operation;
    t->why = (struct err){0};
    TRY(wtx_mark(tx, &mark, e));
    t->rc = draft_publish(&ch, t->draft, &funnel, &operation, &t->why);
    if (t->rc == RC_OK)
        t->rc = change_end(&ch, &t->why);
    TRY(wtx_give_up(tx, &mark, e));
    t->why.more = NULL;
    return t->rc == RC_INTERNAL || t->rc == RC_UNAVAILABLE ? (*e = t->why, t->rc) : RC_OK;
}

enum rc draft_check(struct writer *w, struct db *db, struct arena *a, struct actor actor, int64_t id,
                    struct draft_problem **out, struct err *e)
{
    struct record *r;
    struct trial t = {.job.apply = trial_apply, .actor = actor, .draft = id};
    *out = NULL;
    TRY(record_load(db, a, entity_by_id(ENT_FUNNEL_DRAFT), id, false, &r, e));
    TRY(writer_run(w, &t.job, e));
    if (t.rc != RC_OK) {
        *out = ARENA_NEW(a, struct draft_problem);
        (*out)->err = t.why;
    }
    return RC_OK;
}
