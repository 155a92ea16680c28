/* What the linter wants to know beside the document, and the linter over funnels as they are. */
#include "base/time.h"
#include "base/vec.h"
#include "crm/funnel_document.h"
#include "rules/lint.h"

static enum rc read_others(struct db *db, struct arena *a, const char *sql, int64_t funnel_id, struct lint_others *out,
                           struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s, sql, e));
    if (strstr(sql, "$1"))
        stmt_i64(s, 1, funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct lint_other one = {stmt_col_i64(s, 0), stmt_col_i64(s, 1), stmt_col_i64(s, 2) != 0,
                                 str_dup(a, stmt_col_str(s, 3))};
        vec_push(out, one);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

/* One of the people of each role tells what the role may; administrators may everything and prove nothing. */
static enum rc read_roles(struct db *db, struct arena *a, struct lint_facts *f, struct err *e)
{
    struct lint_others people = {0};
    enum rc rc = read_others(db, a,
                             "SELECT min(u.id), u.role_id, 0, r.name FROM users u JOIN role r ON r.id = u.role_id"
                             " WHERE u.active = 1 AND u.deleted_at IS NULL GROUP BY u.role_id, r.name ORDER BY 1",
                             0, &people, e);
    f->roles = ARENA_ARRAY(a, struct lint_role, people.len + 1);
    for (size_t i = 0; i < people.len && rc == RC_OK; i++) {
        const struct rights *r;
        rc = rights_load(db, a, people.ptr[i].id, &r, e);
        if (rc == RC_OK && !r->everything)
            f->roles[f->n_roles++] = (struct lint_role){people.ptr[i].name, r};
    }
    vec_free(&people);
    return rc;
}

static void find_targets(const json_t *json, struct lint_others *out)
{
    const char *name;
    json_t *value;
    for (size_t i = 0; i < json_array_size(json); i++)
        find_targets(json_array_get(json, i), out);
    json_object_foreach((json_t *)json, name, value)
    {
        if (strcmp(name, "stage_id") == 0 && json_is_integer(value)) {
            struct lint_other one = {.id = json_integer_value(value)};
            vec_push(out, one);
        }
    }
}

/* Where goals and triggers of other funnels, and of none, send deals. */
static enum rc read_entered(struct db *db, int64_t funnel_id, struct lint_others *out, struct err *e)
{
    struct stmt *s;
    enum rc rc;
    TRY(db_prepare(db, &s,
                   "SELECT g.actions FROM goal g JOIN stage s ON s.id = g.stage_id WHERE s.funnel_id <> $1 AND"
                   " g.deleted_at IS NULL AND g.archived = 0 AND g.actions IS NOT NULL UNION ALL"
                   " SELECT t.actions FROM trigger_rule t WHERE t.deleted_at IS NULL AND t.enabled = 1 AND"
                   " (t.funnel_id IS NULL OR t.funnel_id <> $1)",
                   e));
    stmt_i64(s, 1, funnel_id);
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        json_t *tree;
        if (json_read(stmt_col_str(s, 0), &tree, NULL) != RC_OK)
            continue;
        find_targets(tree, out);
        json_decref(tree);
    }
    stmt_done(s);
    return rc == RC_DONE ? RC_OK : rc;
}

enum rc lint_facts_load(struct db *db, struct arena *a, int64_t funnel_id, struct lint_facts *out, struct err *e)
{
    *out = (struct lint_facts){.known = true, .funnel_id = funnel_id, .now = time_now()};
    TRY(read_roles(db, a, out, e));
    TRY(read_others(db, a,
                    "SELECT id, funnel_id, archived, name FROM stage WHERE deleted_at IS NULL AND funnel_id <> $1",
                    funnel_id, &out->stages, e));
    TRY(read_others(db, a,
                    "SELECT g.id, g.stage_id, g.archived, g.name FROM goal g JOIN stage s ON s.id = g.stage_id WHERE"
                    " g.deleted_at IS NULL AND s.funnel_id <> $1",
                    funnel_id, &out->goals, e));
    TRY(read_others(
        db, a, "SELECT id, timeout, archived, name FROM loss_reason WHERE deleted_at IS NULL AND funnel_id IS NULL", 0,
        &out->reasons, e));
    TRY(read_others(db, a, "SELECT id, 0, 0, name FROM tag WHERE deleted_at IS NULL", 0, &out->tags, e));
    TRY(read_others(db, a, "SELECT id, 0, 1 - active, name FROM users WHERE deleted_at IS NULL", 0, &out->users, e));
    return read_entered(db, funnel_id, &out->entered, e);
}

void lint_facts_free(struct lint_facts *f)
{
    vec_free(&f->stages);
    vec_free(&f->goals);
    vec_free(&f->reasons);
    vec_free(&f->entered);
    vec_free(&f->users);
    vec_free(&f->tags);
}

enum rc lint_definition(struct db *db, struct arena *a, json_t *definition, const char *lang, struct jw *w,
                        struct lint_counts *counts, struct err *e)
{
    struct lint_facts facts;
    enum rc rc = lint_facts_load(db, a, json_integer_value(json_object_get(definition, "id")), &facts, e);
    if (rc == RC_OK)
        lint_run(a, definition, &facts, lang, w, counts);
    lint_facts_free(&facts);
    return rc;
}

bool lint_sees_whole(const struct rights *rights, const json_t *definition, int64_t funnel_id)
{
    size_t i;
    const json_t *stage;
    bool whole = true;
    json_array_foreach(json_object_get(definition, "stages"), i, stage) whole &=
        rights_has_stage(rights, funnel_id, json_integer_value(json_object_get(stage, "id")));
    return whole && rights_has_funnel(rights, funnel_id);
}

enum rc lint_funnels(struct db *db, struct arena *a, int64_t funnel_id, const struct rights *rights, const char *lang,
                     struct jw *w, struct lint_counts *counts, struct err *e)
{
    struct lint_others funnels = {0};
    enum rc rc = read_others(db, a,
                             "SELECT id, 0, 0, name FROM funnel WHERE deleted_at IS NULL AND archived = 0 ORDER BY"
                             " position, id",
                             0, &funnels, e);
    for (size_t i = 0; i < funnels.len && rc == RC_OK; i++) {
        json_t *tree;
        if ((funnel_id && funnels.ptr[i].id != funnel_id) || !rights_has_funnel(rights, funnels.ptr[i].id))
            continue;
        rc = funnel_document(db, funnels.ptr[i].id, &tree, e);
        if (rc != RC_OK)
            break;
        if (lint_sees_whole(rights, tree, funnels.ptr[i].id))
            rc = lint_definition(db, a, tree, lang, w, counts, e);
        json_decref(tree);
    }
    vec_free(&funnels);
    return rc;
}
