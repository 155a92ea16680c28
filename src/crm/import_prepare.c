/* Names of a file become funnels, stages and people, through the ordinary commands. */
#include "base/money.h"
#include "crm/import_impl.h"

struct actor import_actor(int64_t user_id)
{
    return (struct actor){.user_id = user_id, .role = ROLE_ADMIN, .via = VIA_IMPORT};
}

enum rc import_find_funnel(struct db *db, struct arena *a, struct str name, int64_t *id, struct str *currency,
                           struct err *e)
{
    struct stmt *s;
    *id = 0;
    bool archived = false;
    TRY(db_prepare(db, &s, "SELECT id, currency, archived FROM funnel WHERE name_fold = $1 AND deleted_at IS NULL", e));
    stmt_str(s, 1, str_fold(a, name));
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        *id = stmt_col_i64(s, 0);
        *currency = str_dup(a, stmt_col_str(s, 1));
        archived = stmt_col_i64(s, 2) != 0;
    }
    stmt_done(s);
    if (archived)
        return err_set(e, RC_UNPROCESSABLE, "funnel_archived", "funnel", NULL);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc import_load_names(struct db *db, const char *sql, struct strmap *map, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s, sql, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        int64_t known;
        if (!strmap_get(map, stmt_col_str(s, 0), &known))
            strmap_put(map, stmt_col_str(s, 0), stmt_col_i64(s, 1));
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* ---- people ---- */

/* An address that no mail reaches (RFC 2606) and that says whom it stands for. */
static struct str made_email(struct arena *a, struct str name, int64_t attempt)
{
    char slug[41];
    size_t n = 0;
    struct str folded = str_fold(a, name);
    for (size_t i = 0; i < folded.len && n < sizeof slug - 1; i++) {
        char c = folded.ptr[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (word)
            slug[n++] = c;
        else if (n && slug[n - 1] != '-')
            slug[n++] = '-';
    }
    while (n && slug[n - 1] == '-')
        n--;
    slug[n] = 0;
    if (attempt == 0 && n)
        return str_fmt(a, "%s@import.invalid", slug);
    return str_fmt(a, "%s%s%lld@import.invalid", n ? slug : "user", n ? "-" : "", (long long)attempt + 1);
}

static enum rc create_person(struct change *ch, const char *role, struct str name, struct strmap *emails, int64_t *id,
                             struct err *e)
{
    struct str email;
    int64_t taken;
    email = made_email(ch->tx->arena, name, 0);
    /* Numbered by how many there are, so that thousands of names without a Latin letter do not try each other's
     * numbers. */
    for (int64_t attempt = (int64_t)strmap_len(emails); strmap_get(emails, email, &taken); attempt++)
        email = made_email(ch->tx->arena, name, attempt);
    strmap_put(emails, email, 1);
    return change_create_json(
        ch, ENT_USER,
        json_pack("{s:o,s:o,s:s,s:b}", "name", json_text(name), "email", json_text(email), "role", role, "active", 0),
        id, e);
}

enum rc import_people(struct change *ch, const char *role, const struct str *names, size_t n, int64_t *ids,
                      int64_t *created, struct err *e)
{
    struct strmap *people = strmap_new(), *emails = strmap_new();
    struct db *db = ch->tx->db;
    enum rc rc;
    *created = 0;
    TRY_OUT(import_load_names(db, "SELECT name_fold, id FROM users WHERE deleted_at IS NULL ORDER BY id", people, e));
    TRY_OUT(import_load_names(db, "SELECT email_fold, id FROM users WHERE deleted_at IS NULL", emails, e));
    for (size_t i = 0; i < n; i++) {
        struct str folded = str_fold(ch->tx->arena, names[i]);
        if (strmap_get(people, folded, &ids[i]))
            continue;
        struct change own = change_begin(ch->tx, ch->actor);
        TRY_OUT(create_person(&own, role, names[i], emails, &ids[i], e));
        strmap_put(people, folded, ids[i]);
        ++*created;
    }
    rc = RC_OK;
out:
    strmap_free(people);
    strmap_free(emails);
    return rc;
}

/* ---- stages ---- */

struct prepare {
    struct job job;
    const struct event_log *log;
    const struct import_events_options *opt;
    struct str currency;
    struct arena *arena; /* of the result */
    struct import_target *out;
};

static bool listed(struct arena *a, const struct import_names *list, struct str folded)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(str_fold(a, str_c(list->name[i])), folded))
            return true;
    return false;
}

static enum rc stage_outcome(struct prepare *p, struct arena *a, struct str name, enum deal_status *out, struct err *e)
{
    struct str folded = str_fold(a, name);
    bool won = listed(a, &p->opt->won, folded), lost = listed(a, &p->opt->lost, folded);
    if (won && lost)
        return err_set(e, RC_UNPROCESSABLE, "stage_outcome", "", "%.*s", STR_ARG(name));
    *out = won ? DEAL_WON : lost ? DEAL_LOST : DEAL_OPEN;
    return RC_OK;
}

struct known_stage {
    struct str folded;
    int64_t id;
    enum deal_status outcome;
    bool archived;
};

struct known_stages {
    VEC(struct known_stage) all;
    int64_t position;
};

static enum rc load_stages(struct wtx *tx, int64_t funnel_id, struct known_stages *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(
        tx->db, &s,
        "SELECT id, name_fold, outcome, position, archived FROM stage WHERE funnel_id = $1 AND deleted_at IS NULL"
        " ORDER BY archived, position, id",
        e));
    stmt_i64(s, 1, funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct known_stage k = {str_dup(tx->arena, stmt_col_str(s, 1)), stmt_col_i64(s, 0),
                                (enum deal_status)stmt_col_i64(s, 2), stmt_col_i64(s, 4) != 0};
        vec_push(&out->all, k);
        if (stmt_col_i64(s, 3) > out->position)
            out->position = stmt_col_i64(s, 3);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static const struct known_stage *find_stage(const struct known_stages *known, struct str folded)
{
    for (size_t i = 0; i < known->all.len; i++)
        if (str_eq(known->all.ptr[i].folded, folded))
            return &known->all.ptr[i];
    return NULL;
}

/* Every name of --won and --lost has to be a stage of the file or of the funnel: a slip of the pen must not turn all
 * won deals into open ones. */
static enum rc check_listed(struct prepare *p, struct arena *a, const struct known_stages *known,
                            const struct import_names *list, struct err *e)
{
    for (size_t i = 0; i < list->n; i++) {
        struct str folded = str_fold(a, str_c(list->name[i]));
        bool found = find_stage(known, folded) != NULL;
        for (size_t k = 0; k < p->log->stages.len && !found; k++)
            found = str_eq(str_fold(a, p->log->stages.ptr[k]), folded);
        if (!found)
            return err_set(e, RC_UNPROCESSABLE, "unknown_stage", "", "%s", list->name[i]);
    }
    return RC_OK;
}

static enum rc make_stage(struct prepare *p, struct change *ch, struct known_stages *known, struct str name, size_t i,
                          struct err *e)
{
    struct str folded = str_fold(ch->tx->arena, name);
    const struct known_stage *there = find_stage(known, folded);
    enum deal_status wanted = DEAL_OPEN;
    TRY(stage_outcome(p, ch->tx->arena, name, &wanted, e));
    if (there && wanted != DEAL_OPEN && there->outcome != wanted)
        return err_set(e, RC_UNPROCESSABLE, "stage_outcome", "", "%.*s", STR_ARG(name));
    if (there && there->archived) /* no deal stands in it, and none comes to stand in it by an import */
        return err_set(e, RC_UNPROCESSABLE, "stage_archived", "stage", "%.*s", STR_ARG(name));
    if (!there) {
        struct known_stage made = {.folded = folded, .outcome = wanted};
        TRY(change_create_json(ch, ENT_STAGE,
                               json_pack("{s:I,s:o,s:I,s:s}", "funnel_id", (json_int_t)p->out->funnel_id, "name",
                                         json_text(name), "position", (json_int_t)++known->position, "outcome",
                                         deal_status_names[wanted]),
                               &made.id, e));
        vec_push(&known->all, made);
        there = &known->all.ptr[known->all.len - 1];
        p->out->stages_created++;
    }
    p->out->stage_id[i] = there->id;
    p->out->outcome[i] = (uint8_t)there->outcome;
    return RC_OK;
}

static enum rc make_stages(struct prepare *p, struct change *ch, struct err *e)
{
    struct known_stages known = {0};
    size_t n = p->log->stages.len;
    enum rc rc;
    p->out->stage_id = ARENA_ARRAY(p->arena, int64_t, n + 1);
    p->out->outcome = ARENA_ARRAY(p->arena, uint8_t, n + 1);
    TRY_OUT(load_stages(ch->tx, p->out->funnel_id, &known, e));
    TRY_OUT(check_listed(p, ch->tx->arena, &known, &p->opt->won, e));
    TRY_OUT(check_listed(p, ch->tx->arena, &known, &p->opt->lost, e));
    for (size_t i = 0; i < n; i++)
        TRY_OUT(make_stage(p, ch, &known, p->log->stages.ptr[i], i, e));
    rc = RC_OK;
out:
    vec_free(&known.all);
    return rc;
}

/* ---- cases that are there already ---- */

static enum rc mark_existing(struct prepare *p, struct wtx *tx, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    int64_t any, i;
    p->out->exists = NULL;
    TRY(QUERY_I64(tx->db, &any, 0, e, "SELECT 1 FROM deal WHERE funnel_id = $1 AND deleted_at IS NULL LIMIT 1",
                  p->out->funnel_id));
    if (!any)
        return RC_OK;
    struct strmap *cases = strmap_new();
    for (size_t k = 0; k < p->log->cases.len; k++)
        strmap_put(cases, p->log->cases.ptr[k], (int64_t)k);
    p->out->exists = ARENA_ARRAY(p->arena, uint8_t, p->log->cases.len + 1);
    TRY_OUT(db_prepare(tx->db, &s, "SELECT title FROM deal WHERE funnel_id = $1 AND deleted_at IS NULL", e));
    stmt_i64(s, 1, p->out->funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        if (strmap_get(cases, stmt_col_str(s, 0), &i))
            p->out->exists[i] = 1;
    stmt_done(s);
    if (rc == RC_DONE)
        rc = RC_OK;
out:
    strmap_free(cases);
    return rc;
}

static enum rc make_funnel(struct prepare *p, struct change *ch, struct err *e)
{
    struct str name = str_trim(str_c(p->opt->funnel));
    TRY(import_find_funnel(ch->tx->db, p->arena, name, &p->out->funnel_id, &p->out->currency, e));
    p->out->fresh = p->out->funnel_id == 0;
    if (!p->out->fresh)
        return RC_OK;
    p->out->currency = str_dup(p->arena, p->currency);
    return change_create_json(ch, ENT_FUNNEL,
                              json_pack("{s:o,s:s,s:o}", "name", json_text(name), "kind",
                                        p->opt->kind ? p->opt->kind : "inbound", "currency", json_text(p->currency)),
                              &p->out->funnel_id, e);
}

static enum rc prepare_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct prepare *p = (struct prepare *)job;
    struct change ch = change_begin(tx, import_actor(0));
    *p->out = (struct import_target){0}; /* it may run again */
    TRY(make_funnel(p, &ch, e));
    TRY(make_stages(p, &ch, e));
    p->out->user_id = ARENA_ARRAY(p->arena, int64_t, p->log->users.len + 1);
    TRY(import_people(&ch, "seller", p->log->users.ptr, p->log->users.len, p->out->user_id + 1, &p->out->users_created,
                      e));
    return mark_existing(p, tx, e);
}

enum rc import_prepare(struct writer *w, const struct event_log *log, const struct import_events_options *opt,
                       struct str currency, struct arena *a, struct import_target *out, struct err *e)
{
    struct prepare p = {
        .job = {.apply = prepare_apply}, .log = log, .opt = opt, .currency = currency, .arena = a, .out = out};
    return writer_run(w, &p.job, e);
}
