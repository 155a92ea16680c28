/* The rights of a person out of the rows: their role, and the teams whose records they reach. */
#include "base/vec.h"
#include "crm/engine.h"
#include "crm/rights_impl.h"

struct ids {
    int64_t *ptr;
    size_t len, cap;
};
struct team_row {
    int64_t id, head, parent;
    bool taken, headed; /* headed: by oneself, or below such a team */
};
struct teams {
    struct team_row *ptr;
    size_t len, cap;
};

static enum rc load_teams(struct db *db, struct teams *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s, "SELECT id, head_id, parent_id FROM team WHERE deleted_at IS NULL ORDER BY id", e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct team_row t = {stmt_col_i64(s, 0), stmt_col_null(s, 1) ? 0 : stmt_col_i64(s, 1),
                             stmt_col_null(s, 2) ? 0 : stmt_col_i64(s, 2)};
        vec_push(out, t);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* One's own team; of those that one heads also everything below. */
static void take_teams(struct teams *t, int64_t user_id, int64_t team_id)
{
    bool more = true;
    for (size_t i = 0; i < t->len; i++)
        t->ptr[i].taken = t->ptr[i].head == user_id;
    while (more) {
        more = false;
        for (size_t i = 0; i < t->len; i++)
            for (size_t k = 0; k < t->len && !t->ptr[i].taken; k++)
                if (t->ptr[k].taken && t->ptr[i].parent == t->ptr[k].id)
                    more = t->ptr[i].taken = true;
    }
    for (size_t i = 0; i < t->len; i++) {
        t->ptr[i].headed = t->ptr[i].taken;
        t->ptr[i].taken |= t->ptr[i].id == team_id;
    }
}

static int id_cmp(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Oneself, the heads and the members of these teams; who was deactivated leaves records behind, too. */
static enum rc load_people(struct db *db, const struct teams *t, int64_t user_id, struct ids *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    bool any = false;
    vec_push(out, user_id);
    for (size_t i = 0; i < t->len; i++) {
        any |= t->ptr[i].taken;
        if (t->ptr[i].taken && t->ptr[i].head)
            vec_push(out, t->ptr[i].head);
    }
    if (!any)
        return RC_OK;
    TRY(db_prepare(db, &s, "SELECT id, team_id FROM users WHERE team_id IS NOT NULL", e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        for (size_t i = 0; i < t->len; i++)
            if (t->ptr[i].taken && t->ptr[i].id == stmt_col_i64(s, 1))
                vec_push(out, stmt_col_i64(s, 0));
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc load_team(struct db *db, struct arena *a, int64_t team_id, struct rights *r, struct err *e)
{
    struct teams t = {0};
    struct ids people = {0};
    enum rc rc = load_teams(db, &t, e);
    if (rc == RC_OK) {
        take_teams(&t, r->user_id, team_id);
        rc = load_people(db, &t, r->user_id, &people, e);
    }
    int64_t *heads = ARENA_ARRAY(a, int64_t, t.len + 1);
    r->heads = heads;
    r->n_heads = 0;
    for (size_t i = 0; i < t.len && rc == RC_OK; i++) /* in order of their ids */
        if (t.ptr[i].headed)
            heads[r->n_heads++] = t.ptr[i].id;
    int64_t *own = ARENA_ARRAY(a, int64_t, people.len + 1);
    if (people.len)
        qsort(people.ptr, people.len, sizeof *people.ptr, id_cmp);
    r->team = own;
    r->n_team = 0;
    for (size_t i = 0; i < people.len; i++)
        if (!r->n_team || own[r->n_team - 1] != people.ptr[i])
            own[r->n_team++] = people.ptr[i];
    vec_free(&t);
    vec_free(&people);
    return rc;
}

enum rc rights_load(struct db *db, struct arena *a, int64_t user_id, const struct rights **out, struct err *e)
{
    struct rights *r = ARENA_NEW(a, struct rights);
    struct str text = STR_NULL;
    enum role base = ROLE_OBSERVER;
    int64_t team_id = 0;
    struct stmt *s;
    *out = r;
    TRY(db_prepare(db, &s,
                   "SELECT u.role, u.team_id, o.base, o.rights FROM users u LEFT JOIN role o ON o.id = u.role_id"
                   " AND o.deleted_at IS NULL WHERE u.id = $1 AND u.active = 1 AND u.deleted_at IS NULL",
                   e));
    stmt_i64(s, 1, user_id);
    enum rc rc = stmt_step(s, e);
    if (rc == RC_ROW) {
        team_id = stmt_col_null(s, 1) ? 0 : stmt_col_i64(s, 1);
        base = (enum role)stmt_col_i64(s, stmt_col_null(s, 2) ? 0 : 2);
        text = str_dup(a, stmt_col_str(s, 3));
    }
    stmt_done(s);
    if (rc != RC_ROW)
        return rc == RC_DONE ? RC_OK : rc; /* nothing at all */
    TRY(rights_from_role(a, base, text, false, r, e));
    r->user_id = user_id;
    return load_team(db, a, team_id, r, e);
}
