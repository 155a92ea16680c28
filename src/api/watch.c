#include "api/watch.h"
#include "api/watch_plans.h"
#include "api/watch_words.h"
#include "base/time.h"
#include "crm/engine.h"
#include "crm/fields.h"
#include "crm/task_flow.h"
#include "insight/detect.h"
#include "insight/detect_silence.h"
#include <math.h>

#define HOUR_OF_DAY 5
#define SAME_DAYS 62 /* a change whose day moves by less as more is known is the same change */
#define SILENCES_MOST 200

struct watched {
    struct job job;
    int64_t day;
    struct arena *arena;
    VEC(struct record *) found;
    size_t made;
};

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

json_t *watch_text(struct str s)
{
    return json_stringn_nocheck(s.len ? s.ptr : "", s.len);
}

struct val watch_json(struct arena *a, json_t *tree)
{
    char *text = json_dumps(tree, JSON_COMPACT | JSON_SORT_KEYS);
    struct val v = val_str(str_dup(a, str_c(text)));
    free(text);
    json_decref(tree);
    return v;
}

static json_t *places_json(const struct detect_change *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n_places; i++) {
        const struct detect_place *p = &c->places[i];
        json_array_append_new(list,
                              json_pack("{s:s,s:I,s:o,s:f,s:f,s:f,s:I,s:I}", "dimension", place_names[p->dimension],
                                        "id", (json_int_t)p->id, "name", watch_text(p->name), "share", p->share,
                                        "before", (double)p->k1 / (double)p->n1, "after", (double)p->k2 / (double)p->n2,
                                        "n_before", (json_int_t)p->n1, "n_after", (json_int_t)p->n2));
    }
    return list;
}

json_t *watch_near(const struct detect_near *near, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *one = json_pack("{s:s,s:o,s:I}", "kind", near[i].kind, "name", watch_text(near[i].name), "at",
                                (json_int_t)near[i].at);
        if (near[i].funnel_id)
            json_object_set_new(one, "funnel_id", json_integer(near[i].funnel_id));
        json_array_append_new(list, one);
    }
    return list;
}

/* The deals to look at, in the grammar of lists. */
static struct str deals_filter(struct arena *a, const struct pop *p, const struct detect_change *c)
{
    int64_t stage = c->stage < 0 ? 0 : p->stages[c->stage].id;
    struct str since = date_format(a, zone_day(p->zone, c->since));
    if (c->detector == DETECT_FILLING)
        return str_fmt(a, "stage_id = %lld", (long long)stage);
    if (c->detector == DETECT_STEP)
        return str_fmt(a, "funnel_id = %lld and created_at >= \"%.*s\" and not (stage_ids has %lld)",
                       (long long)p->funnel_id, STR_ARG(since), (long long)stage);
    return str_fmt(a, "funnel_id = %lld and created_at >= \"%.*s\"", (long long)p->funnel_id, STR_ARG(since));
}

static void keep_change(struct watched *w, const struct detect *d, const struct detect_change *c, int64_t now)
{
    const struct pop *p = d->pop;
    struct arena *a = w->arena;
    struct record *r = record_new(a, entity_by_id(ENT_FINDING));
    int64_t stage = c->stage < 0 ? 0 : p->stages[c->stage].id;
    const struct split *s = &c->split;
    bool fill = c->detector == DETECT_FILLING;
    double before = fill ? (double)s->n1 / (double)s->k1 : (double)s->k1 / (double)s->n1;
    double after = fill ? (double)s->n2 / (double)(s->k2 ? s->k2 : 1) : (double)s->k2 / (double)s->n2;
    json_t *params = json_pack("{s:s,s:o,s:o,s:I,s:I,s:f,s:o,s:o}", "unit",
                               c->detector <= DETECT_LEAD_TIME ? "rate"
                               : fill                          ? "days"
                                                               : "a_day",
                               "before", number(before), "after", number(after), "n_before", (json_int_t)s->n1,
                               "n_after", (json_int_t)s->n2, "strength", s->g2, "funnel", watch_text(p->funnel),
                               "filter", watch_text(deals_filter(a, p, c)));
    r->f[FINDING_STATE] = val_int(FINDING_NEW);
    r->f[FINDING_DETECTOR] = val_str(str_c(detector_names[c->detector]));
    r->f[FINDING_MARK] = val_str(str_fmt(a, "%s:%lld:%lld:%lld", detector_names[c->detector], (long long)p->funnel_id,
                                         (long long)stage, (long long)zone_day(p->zone, c->since)));
    r->f[FINDING_FUNNEL_ID] = val_int(p->funnel_id);
    r->f[FINDING_STAGE_ID] = stage ? val_int(stage) : val_null();
    r->f[FINDING_SINCE_AT] = val_int(c->since);
    r->f[FINDING_FOUND_AT] = val_int(now);
    r->f[FINDING_CHANCE] = (struct val){.kind = VAL_REAL, .f = c->chance};
    r->f[FINDING_PARAMS] = watch_json(a, params);
    r->f[FINDING_PLACES] = watch_json(a, places_json(c));
    r->f[FINDING_NEAR] = watch_json(a, watch_near(c->near, c->n_near));
    vec_push(&w->found, r);
}

static enum rc look_at(struct watched *w, struct app *app, struct db *db, int64_t funnel, int64_t now, struct err *e)
{
    const struct report_arg args[] = {{STR("funnel_id"), str_fmt(w->arena, "%lld", (long long)funnel)}};
    struct report_call call = {.arena = w->arena,
                               .db = db,
                               .projection = app->projection,
                               .lang = "ru",
                               .now = now,
                               .args = args,
                               .n_args = 1};
    struct report_result result = {0};
    struct detect d = {0};
    struct pop p;
    enum rc rc;
    TRY_OUT(pop_read(&p, &call, &result, &(struct pop_spec){.funnels = POP_ONE}, e));
    pop_lock(&p);
    detect_scan(&d, &p);
    pop_unlock(&p);
    detect_find(&d);
    TRY_OUT(detect_names(&d, e));
    for (size_t i = 0; i < d.changes.len; i++)
        keep_change(w, &d, &d.changes.ptr[i], now);
out:
    detect_free(&d);
    pop_free(&p);
    report_result_free(&result);
    return rc;
}

static enum rc look_at_people(struct watched *w, struct app *app, struct db *db, int64_t now, struct err *e)
{
    struct silence found[SILENCES_MOST];
    struct projection_view v = projection_lock(app->projection);
    size_t n = detect_silence(&v, app->zone, now, found, SILENCES_MOST);
    projection_unlock(app->projection);
    for (size_t i = 0; i < n; i++) {
        int64_t works;
        TRY(QUERY_I64(db, &works, 0, e, "SELECT 1 FROM users WHERE id = $1 AND active = 1 AND deleted_at IS NULL",
                      found[i].user_id));
        if (!works)
            continue;
        struct record *r = record_new(w->arena, entity_by_id(ENT_FINDING));
        r->f[FINDING_STATE] = val_int(FINDING_NEW);
        r->f[FINDING_DETECTOR] = val_str(STR("silence"));
        r->f[FINDING_MARK] = val_str(str_fmt(w->arena, "silence:%lld:%lld", (long long)found[i].user_id,
                                             (long long)zone_day(app->zone, found[i].since)));
        r->f[FINDING_USER_ID] = val_int(found[i].user_id);
        r->f[FINDING_SINCE_AT] = val_int(found[i].since);
        r->f[FINDING_FOUND_AT] = val_int(now);
        r->f[FINDING_CHANCE] = (struct val){.kind = VAL_REAL, .f = 1 / (double)(found[i].active_days + 1)};
        r->f[FINDING_PARAMS] =
            watch_json(w->arena, json_pack("{s:s,s:I,s:I,s:o}", "unit", "work_days", "days", (json_int_t)found[i].days,
                                           "longest", (json_int_t)found[i].longest, "filter",
                                           watch_text(str_fmt(w->arena, "owner_id = %lld and status = \"open\"",
                                                              (long long)found[i].user_id))));
        vec_push(&w->found, r);
    }
    return RC_OK;
}

static enum rc look_at_plans(struct watched *w, struct app *app, struct db *db, int64_t now, struct err *e)
{
    struct record **found;
    size_t n;
    TRY(watch_plans(app, db, w->arena, now, &found, &n, e));
    for (size_t i = 0; i < n; i++)
        vec_push(&w->found, found[i]);
    return RC_OK;
}

/* ---- in the writer ---- */

static int64_t ref(const struct record *r, int field)
{
    return val_i(r->f[field], 0);
}

static enum rc known(struct wtx *tx, const struct record *r, bool *out, struct err *e)
{
    int64_t found, since = ref(r, FINDING_SINCE_AT);
    struct stmt *s;
    TRY(db_prepare(tx->db, &s,
                   "SELECT 1 FROM finding WHERE mark = $1 OR (detector = $2 AND detector <> 'plan' AND "
                   "COALESCE(funnel_id, 0) = $3 AND"
                   " COALESCE(stage_id, 0) = $4 AND COALESCE(user_id, 0) = $5 AND since_at >= $6 AND since_at <= $7)"
                   " LIMIT 1",
                   e));
    stmt_str(s, 1, r->f[FINDING_MARK].s);
    stmt_str(s, 2, r->f[FINDING_DETECTOR].s);
    stmt_i64(s, 3, ref(r, FINDING_FUNNEL_ID));
    stmt_i64(s, 4, ref(r, FINDING_STAGE_ID));
    stmt_i64(s, 5, ref(r, FINDING_USER_ID));
    bool person = val_has(r->f[FINDING_USER_ID]);
    stmt_i64(s, 6, since - (person ? MS_DAY : SAME_DAYS * MS_DAY));
    stmt_i64(s, 7, since + (person ? MS_DAY : SAME_DAYS * MS_DAY));
    enum rc rc = stmt_step(s, e);
    found = rc == RC_ROW;
    stmt_done(s);
    *out = found != 0;
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

/* Those who lead people hear of it, of the company or of a team; of these who may see it (tell_of asks that). */
static enum rc tell_heads(struct change *ch, int64_t id, const struct record *r, struct err *e)
{
    VEC(int64_t) heads = {0};
    struct arena *a = ch->tx->arena;
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(ch->tx->db, &s,
                   "SELECT id FROM users WHERE active = 1 AND deleted_at IS NULL AND (role <= $1 OR id IN"
                   " (SELECT head_id FROM team WHERE deleted_at IS NULL))",
                   e));
    stmt_i64(s, 1, ROLE_HEAD);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&heads, stmt_col_i64(s, 0));
    stmt_done(s);
    rc = rc == RC_DONE ? RC_OK : rc;
    for (size_t i = 0; i < heads.len && rc == RC_OK; i++)
        rc = tell_of(ch, heads.ptr[i], "finding.new", ENT_FINDING, id,
                     json_pack("{s:o,s:I,s:o,s:o}", "detector", watch_text(r->f[FINDING_DETECTOR].s), "since_at",
                               (json_int_t)ref(r, FINDING_SINCE_AT), "said_ru", watch_text(watch_said(a, r, "ru")),
                               "said_en", watch_text(watch_said(a, r, "en"))),
                     e);
    vec_free(&heads);
    return rc;
}

static enum rc day_of(struct db *db, int64_t *day, struct err *e)
{
    return QUERY_I64(db, day, INT64_MIN, e, "SELECT day FROM insight_watch WHERE id = 1");
}

/* The day is marked in the same transaction, so whatever happens it is watched once. */
static enum rc apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct watched *w = (struct watched *)job;
    struct change ch = change_begin(tx, (struct actor){.role = ROLE_ADMIN, .via = VIA_TRIGGER});
    struct stmt *s;
    int64_t day;
    w->made = 0;
    TRY(day_of(tx->db, &day, e));
    if (day >= w->day)
        return RC_OK;
    TRY(db_prepare(
        tx->db, &s,
        "INSERT INTO insight_watch (id, day) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET day = excluded.day", e));
    stmt_i64(s, 1, w->day);
    TRY(stmt_run(s, e));
    for (size_t i = 0; i < w->found.len; i++) {
        bool old;
        int64_t id;
        TRY(known(tx, w->found.ptr[i], &old, e));
        if (old)
            continue;
        TRY(change_create(&ch, w->found.ptr[i], &id, e));
        TRY(tell_heads(&ch, id, w->found.ptr[i], e));
        w->made++;
    }
    return w->made ? change_end(&ch, e) : RC_OK;
}

/* ---- when ---- */

static enum rc funnels(struct db *db, struct arena *a, int64_t **ids, size_t *n, struct err *e)
{
    VEC(int64_t) found = {0};
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s, "SELECT id FROM funnel WHERE deleted_at IS NULL AND archived = 0 ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&found, stmt_col_i64(s, 0));
    stmt_done(s);
    *ids = ARENA_ARRAY(a, int64_t, found.len + 1);
    *n = found.len;
    if (found.len)
        memcpy(*ids, found.ptr, found.len * sizeof **ids);
    vec_free(&found);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc watch_turn(struct app *app, struct db *db, int64_t now, bool *worked, struct err *e)
{
    struct arena arena = ARENA_EMPTY;
    struct watched w = {.job.apply = apply, .day = zone_day(app->zone, now - HOUR_OF_DAY * MS_HOUR), .arena = &arena};
    int64_t day, *ids, seq;
    size_t n = 0;
    enum rc rc;
    *worked = false;
    TRY(day_of(db, &day, e));
    if (day >= w.day)
        return RC_OK;
    TRY_OUT(journal_last(db, &seq, e));
    if (!projection_wait(app->projection, seq, 0))
        goto out; /* it is still being read: later */
    TRY_OUT(funnels(db, &arena, &ids, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(look_at(&w, app, db, ids[i], now, e));
    TRY_OUT(look_at_people(&w, app, db, now, e));
    TRY_OUT(look_at_plans(&w, app, db, now, e));
    for (size_t i = 0; i < w.found.len; i++)
        TRY_OUT(watch_say(app, db, &arena, w.found.ptr[i], e));
    rc = writer_run(app->writer, &w.job, e);
    *worked = rc == RC_OK;
out:
    vec_free(&w.found);
    arena_free(&arena);
    return rc;
}
