#include "crm/ladder.h"
#include "base/map.h"
#include "crm/clients.h"
#include "crm/engine.h"
#include <stdlib.h>

struct spot { /* a stage */
    int64_t id, funnel, outcome, level;
    struct str name;
};
struct ladder {
    struct db *db;
    struct arena *a;
    const struct entity *ent;
    const struct rights *r;
    int64_t id, passes;
    VEC(struct spot) spots;
    struct intmap *spot_of; /* stage to its place in spots */
    VEC(struct ladder_point) points;
    VEC(struct spot) steps; /* the values of the development classifier */
};

/* ---- the scale ---- */

static void put_levels(struct ladder *l)
{
    for (size_t i = 0; i < l->spots.len;) {
        size_t end = i;
        int64_t open = 0, n = 0;
        for (; end < l->spots.len && l->spots.ptr[end].funnel == l->spots.ptr[i].funnel; end++)
            open += l->spots.ptr[end].outcome == DEAL_OPEN;
        for (; i < end; i++) {
            struct spot *s = &l->spots.ptr[i];
            s->level = s->outcome == DEAL_WON ? 100 : s->outcome == DEAL_LOST ? 0 : ++n * 100 / (open + 1);
        }
    }
}

static enum rc load_stages(struct ladder *l, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(l->db, &s, "SELECT id, funnel_id, outcome, name FROM stage ORDER BY funnel_id, position, id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct spot one = {.id = stmt_col_i64(s, 0),
                           .funnel = stmt_col_i64(s, 1),
                           .outcome = stmt_col_i64(s, 2),
                           .name = str_dup(l->a, stmt_col_str(s, 3))};
        intmap_put(l->spot_of, one.id, (int64_t)l->spots.len);
        vec_push(&l->spots, one);
    }
    stmt_done(s);
    put_levels(l);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc load_development(struct ladder *l, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(l->db, &s,
                   "SELECT id, name FROM classifier WHERE kind = 0 AND deleted_at IS NULL ORDER BY position, id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct spot one = {.id = stmt_col_i64(s, 0), .name = str_dup(l->a, stmt_col_str(s, 1))};
        vec_push(&l->steps, one);
    }
    stmt_done(s);
    for (size_t i = 0; i < l->steps.len; i++)
        l->steps.ptr[i].level = l->steps.len > 1 ? (int64_t)(i * 100 / (l->steps.len - 1)) : 100;
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- the deals ---- */

static void add_pass(struct ladder *l, const struct deal_path *p, int64_t deal)
{
    int64_t level = 0, outcome = DEAL_OPEN, at;
    l->passes++;
    for (size_t i = 0; i < p->len; i++) {
        const struct deal_step *step = &p->ptr[i];
        if (step->undoes || !deal_step_stands(p, i) || !intmap_get(l->spot_of, step->stage_id, &at) || !l->spots.len)
            continue;
        const struct spot *s = &l->spots.ptr[at];
        if (outcome != DEAL_OPEN && s->outcome == DEAL_OPEN) { /* the client comes again */
            l->passes++;
            level = 0;
        }
        struct ladder_point point = {.at = step->at,
                                     .seq = step->seq,
                                     .level = s->level,
                                     .stage_id = s->id,
                                     .deal_id = deal,
                                     .pass = l->passes,
                                     .kind = s->outcome == DEAL_WON    ? LADDER_WON
                                             : s->outcome == DEAL_LOST ? LADDER_LOST
                                             : s->level < level        ? LADDER_DOWN
                                                                       : LADDER_UP};
        bool again = i > 0 && s->level == level && outcome == s->outcome; /* stays where it was */
        if (!again && rights_has_stage(l->r, s->funnel, s->id))
            vec_push(&l->points, point);
        level = s->level;
        outcome = s->outcome;
    }
}

static void put_deals(struct sqlb *q, const struct ladder *l)
{
    sqlb_c(q, "SELECT t.id FROM deal t WHERE t.deleted_at IS NULL AND ");
    if (l->ent->id == ENT_CONTACT) {
        sqlb_c(q, "(t.contact_id = ");
        sqlb_param(q, val_int(l->id));
        sqlb_c(q, " OR t.id IN (SELECT owner_id FROM deal_contact WHERE ref_id = ");
        sqlb_param(q, val_int(l->id));
        sqlb_c(q, "))");
    } else {
        sqlb_c(q, "t.company_id = ");
        sqlb_param(q, val_int(l->id));
    }
    sqlb_c(q, " AND ");
    rights_sql(q, l->r, entity_by_id(ENT_DEAL), RIGHT_SEE, "t");
    sqlb_fmt(q, " ORDER BY t.id DESC LIMIT %d", LADDER_DEALS_MOST);
}

static enum rc read_deals(struct ladder *l, struct err *e)
{
    struct sqlb q = sqlb_new(l->a);
    struct stmt *s = NULL;
    struct deal_path path = {0};
    int64_t deal = 0;
    enum rc rc;
    sqlb_c(&q, "SELECT e.object_id, e.seq, e.undoes, e.verb, e.at, e.data FROM journal e WHERE e.object_kind = 3 AND"
               " e.verb IN (1, 5, 6) AND e.object_id IN (SELECT id FROM (");
    put_deals(&q, l);
    sqlb_c(&q, ") d) ORDER BY e.object_id, e.seq LIMIT 100000");
    TRY_OUT(sqlb_prepare(&q, l->db, &s, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        if (deal != stmt_col_i64(s, 0)) {
            add_pass(l, &path, deal);
            path.len = 0;
            path.undone = false;
            deal = stmt_col_i64(s, 0);
        }
        deal_path_add(&path, &(struct event){.seq = stmt_col_i64(s, 1),
                                             .undoes = stmt_col_i64(s, 2),
                                             .verb = (int)stmt_col_i64(s, 3),
                                             .at = stmt_col_i64(s, 4),
                                             .data = stmt_col_str(s, 5)});
    }
    rc = rc == RC_DONE ? RC_OK : rc;
    add_pass(l, &path, deal);
out:
    stmt_done(s);
    sqlb_free(&q);
    vec_free(&path);
    return rc;
}

/* ---- the client's own development ---- */

static void add_development(struct ladder *l, int64_t seq, int64_t at, struct str data, int64_t *level)
{
    json_t *tree = NULL;
    if (json_read(data, &tree, NULL) != RC_OK)
        return;
    const json_t *pair = json_object_get(tree, "development_id");
    int64_t id = json_integer_value(json_array_get(pair, 1));
    for (size_t i = 0; pair && i < l->steps.len; i++)
        if (l->steps.ptr[i].id == id) {
            struct ladder_point p = {.at = at,
                                     .seq = seq,
                                     .level = l->steps.ptr[i].level,
                                     .classifier_id = id,
                                     .kind = l->steps.ptr[i].level < *level ? LADDER_DOWN : LADDER_UP};
            *level = p.level;
            vec_push(&l->points, p);
        }
    json_decref(tree);
}

static enum rc read_development(struct ladder *l, struct err *e)
{
    int64_t level = 0;
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(l->db, &s,
                   "SELECT seq, at, data FROM journal WHERE object_kind = $1 AND object_id = $2 AND verb IN (1, 2)"
                   " ORDER BY seq",
                   e));
    stmt_i64(s, 1, l->ent->id);
    stmt_i64(s, 2, l->id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        if (memmem(stmt_col_str(s, 2).ptr, stmt_col_str(s, 2).len, "\"development_id\"", 16))
            add_development(l, stmt_col_i64(s, 0), stmt_col_i64(s, 1), stmt_col_str(s, 2), &level);
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- thinning ---- */

static bool closes(const struct ladder_point *p)
{
    return p->kind == LADDER_WON || p->kind == LADDER_LOST;
}

size_t ladder_thin(struct ladder_point *p, size_t n, size_t most)
{
    size_t ends = 0, kept = 0, seen[2] = {0};
    if (n <= most)
        return n;
    for (size_t i = 0; i < n; i++)
        ends += closes(&p[i]);
    size_t all[2] = {n - ends, ends}, share[2];
    share[1] = ends < most / 2 ? ends : most / 2;
    share[0] = most - share[1] < all[0] ? most - share[1] : all[0];
    for (size_t i = 0; i < n; i++) { /* evenly, of each sort its share */
        int k = closes(&p[i]);
        size_t before = seen[k] * share[k] / all[k], after = (seen[k] + 1) * share[k] / all[k];
        seen[k]++;
        if (after > before)
            p[kept++] = p[i];
    }
    return kept;
}

static int by_time(const void *x, const void *y)
{
    const struct ladder_point *a = x, *b = y;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* ---- writing ---- */

static void put_point(struct jw *w, const struct ladder_point *p)
{
    static const char *const kinds[] = {"up", "down", "won", "lost"};
    jw_obj(w);
    jw_ki64(w, "at", p->at);
    jw_ki64(w, "level", p->level);
    if (p->stage_id)
        jw_ki64(w, "stage_id", p->stage_id);
    if (p->classifier_id)
        jw_ki64(w, "classifier_id", p->classifier_id);
    if (p->deal_id)
        jw_ki64(w, "deal_id", p->deal_id);
    else
        jw_knull(w, "deal_id");
    jw_ki64(w, "pass", p->pass);
    jw_kc(w, "kind", kinds[p->kind]);
    jw_end_obj(w);
}

static void put_level(struct jw *w, const struct spot *s)
{
    jw_obj(w);
    jw_ki64(w, "level", s->level);
    jw_kstr(w, "name", s->name);
    jw_end_obj(w);
}

/* The names beside the picture: of the development classifier, else of the funnel that the client knows best. */
static void put_names(struct jw *w, const struct ladder *l)
{
    int64_t funnel = 0, most = 0, at;
    jw_key(w, "levels");
    jw_arr(w);
    for (size_t i = 0; i < l->steps.len; i++)
        put_level(w, &l->steps.ptr[i]);
    for (size_t i = 0; !l->steps.len && i < l->points.len; i++) {
        int64_t n = 0, of;
        if (!intmap_get(l->spot_of, l->points.ptr[i].stage_id, &at))
            continue;
        of = l->spots.ptr[at].funnel;
        for (size_t k = 0; k < l->points.len && of != funnel; k++)
            n += intmap_get(l->spot_of, l->points.ptr[k].stage_id, &at) && l->spots.ptr[at].funnel == of;
        if (n > most) {
            most = n;
            funnel = of;
        }
    }
    for (size_t i = 0; funnel && i < l->spots.len; i++)
        if (l->spots.ptr[i].funnel == funnel && rights_has_stage(l->r, funnel, l->spots.ptr[i].id))
            put_level(w, &l->spots.ptr[i]);
    jw_end_arr(w);
}

static void put(struct jw *w, struct ladder *l)
{
    size_t total = l->points.len;
    if (total > 1)
        qsort(l->points.ptr, total, sizeof *l->points.ptr, by_time);
    l->points.len = ladder_thin(l->points.ptr, total, LADDER_POINTS_MOST);
    jw_obj(w);
    jw_key(w, "points");
    jw_arr(w);
    for (size_t i = 0; i < l->points.len; i++)
        put_point(w, &l->points.ptr[i]);
    jw_end_arr(w);
    put_names(w, l);
    jw_ki64(w, "total", (int64_t)total);
    jw_kbool(w, "thinned", l->points.len < total);
    jw_end_obj(w);
}

enum rc client_ladder(struct db *db, struct arena *a, const struct entity *ent, int64_t id, const struct rights *r,
                      struct buf *out, struct err *e)
{
    struct ladder l = {.db = db, .a = a, .ent = ent, .r = r, .id = id};
    int development = ent->id == ENT_CONTACT ? CONTACT_DEVELOPMENT_ID : COMPANY_DEVELOPMENT_ID;
    struct record *client;
    bool seen;
    TRY(rights_reach(db, a, r, ent, id, RIGHT_SEE, &seen, e));
    if (!seen)
        return err_set(e, RC_NOT_FOUND, "not_found", "", "%s %lld", ent->name, (long long)id);
    TRY(record_load(db, a, ent, id, false, &client, e));
    l.spot_of = intmap_new();
    enum rc rc = load_stages(&l, e);
    if (rc == RC_OK)
        rc = read_deals(&l, e);
    if (rc == RC_OK && rights_sees_field(r, ent, development))
        rc = load_development(&l, e);
    if (rc == RC_OK && l.steps.len)
        rc = read_development(&l, e);
    if (rc == RC_OK) {
        struct jw w = jw_to(out);
        put(&w, &l);
    }
    vec_free(&l.spots);
    vec_free(&l.steps);
    vec_free(&l.points);
    intmap_free(l.spot_of);
    return rc;
}
