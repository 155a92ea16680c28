/* What is in force, compiled. A writer keeps what it has compiled; rules_stamp says when that is out of date, one
 * indexed read in a transaction. A stamp is a random number, so that an equal one means equal rules, whichever database
 * or transaction it was read in. */
#include "rules/rule_set.h"
#include "base/log.h"
#include "base/time.h"
#include "base/zone.h"
#include "crm/crm.h"
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

/* ---- reading ---- */

static int by_place(const void *a, const void *b)
{
    const struct trigger *x = *(struct trigger *const *)a, *y = *(struct trigger *const *)b;
    return x->position != y->position ? (x->position < y->position ? -1 : 1) : x->id < y->id ? -1 : x->id > y->id;
}

/* All live rows of a noun, compiled; who does not compile any more is left out. */
static enum rc read_all(struct db *db, struct arena *a, enum entity_id kind, int64_t now, int64_t offset_ms,
                        struct trigger ***out, size_t *n, struct err *e)
{
    const struct entity *ent = entity_by_id(kind);
    struct str sql = str_fmt(a, "SELECT %s FROM %s WHERE deleted_at IS NULL ORDER BY id",
                             record_columns(a, ent, NULL).ptr, ent->table);
    size_t cap = 0;
    struct stmt *s;
    enum rc rc;
    *n = 0;
    *out = NULL;
    TRY(db_prepare(db, &s, sql.ptr, e));
    while ((rc = stmt_step(s, e)) == RC_ROW) {
        struct record *r = record_new(a, ent);
        struct trigger *t;
        struct err why = {0};
        record_read_row(a, ent, s, r);
        struct trigger_def def = trigger_def_of(r);
        if (trigger_read(a, &def, now, offset_ms, &t, &why) != RC_OK) {
            log_warn("%s %lld cannot be read: %s %s %s", ent->name, (long long)r->id, why.code, why.arg[0], why.arg[1]);
            continue;
        }
        if (*n == cap) {
            struct trigger **more = ARENA_ARRAY(a, struct trigger *, cap ? cap * 2 : 64);
            if (cap)
                memcpy(more, *out, cap * sizeof *more);
            *out = more;
            cap = cap ? cap * 2 : 64;
        }
        (*out)[(*n)++] = t;
    }
    stmt_done(s);
    if (*n)
        qsort(*out, *n, sizeof **out, by_place);
    return rc == RC_DONE ? RC_OK : rc;
}

static enum rc offset_now(struct db *db, struct arena *a, int64_t now, int64_t *out, struct err *e)
{
    struct str name;
    TRY(setting_get(db, a, "time_zone", "Europe/Moscow", &name, e));
    struct zone *zone = zone_load(str_cdup(a, name));
    *out = zone_offset(zone, now);
    zone_free(zone);
    return RC_OK;
}

/* Whose events a trigger hears: of these objects alone it is asked. */
static enum rule_list list_of(const struct trigger *t)
{
    switch (t->event.on) {
    case ON_TASK_DONE:
        return LIST_TASK;
    case ON_NOTE_ADDED:
        return LIST_NOTE;
    case ON_FILE_ADDED:
        return LIST_FILE;
    case ON_TIMER:
        return LIST_TIMER;
    case ON_WEBHOOK:
        return LIST_NONE;
    default:
        return rule_list_of(t->event.object);
    }
}

enum rule_list rule_list_of(int kind)
{
    switch (kind) {
    case ENT_DEAL:
        return LIST_DEAL;
    case ENT_CONTACT:
        return LIST_CONTACT;
    case ENT_COMPANY:
        return LIST_COMPANY;
    case ENT_TASK:
        return LIST_TASK;
    case ENT_NOTE:
        return LIST_NOTE;
    case ENT_FILE:
        return LIST_FILE;
    default:
        return LIST_NONE;
    }
}

static void make_lists(struct arena *a, struct rule_set *set)
{
    for (int l = LIST_NONE + 1; l < LIST_END; l++)
        set->list[l].ptr = ARENA_ARRAY(a, const struct trigger *, set->n_triggers + 1);
    for (size_t i = 0; i < set->n_triggers; i++) {
        const struct trigger *t = set->triggers[i];
        enum rule_list l = list_of(t);
        if (t->enabled && l != LIST_NONE)
            set->list[l].ptr[set->list[l].n++] = t;
    }
}

enum rc rules_load(struct db *db, struct arena *a, struct rule_set **out, struct err *e)
{
    struct rule_set *set = ARENA_NEW(a, struct rule_set);
    int64_t now = time_now();
    TRY(offset_now(db, a, now, &set->offset_ms, e));
    TRY(read_all(db, a, ENT_TRIGGER, now, set->offset_ms, &set->triggers, &set->n_triggers, e));
    TRY(read_all(db, a, ENT_GOAL, now, set->offset_ms, &set->goals, &set->n_goals, e));
    make_lists(a, set);
    *out = set;
    return RC_OK;
}

static const struct trigger *find(struct trigger *const *list, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (list[i]->id == id)
            return list[i];
    return NULL;
}

const struct trigger *rules_trigger(const struct rule_set *set, int64_t id)
{
    return find(set->triggers, set->n_triggers, id);
}

const struct trigger *rules_goal(const struct rule_set *set, int64_t id)
{
    return find(set->goals, set->n_goals, id);
}

/* ---- kept by the thread of a writer ---- */

struct kept {
    int64_t transaction; /* in which the stamp was read; 0: to be read again */
    int64_t bumped;      /* the transaction that changed it: there it is read each time */
    const struct entity *nouns[ENT_END];
    struct rule_set *set;
    struct arena now, before; /* before: what a caller may still be holding */
};
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void kept_free(void *p)
{
    struct kept *k = p;
    arena_free(&k->now);
    arena_free(&k->before);
    free(k);
}

static void key_make(void)
{
    if (pthread_key_create(&key, kept_free) != 0)
        abort();
}

static struct kept *mine(void)
{
    pthread_once(&once, key_make);
    struct kept *k = pthread_getspecific(key);
    if (!k) {
        k = calloc(1, sizeof *k);
        if (!k || pthread_setspecific(key, k) != 0)
            abort();
    }
    return k;
}

static bool same_nouns(const struct kept *k)
{
    for (int i = ENT_NONE + 1; i < ENT_END; i++)
        if (k->nouns[i] != entity_by_id((enum entity_id)i))
            return false;
    return true;
}

static enum rc compile(struct kept *k, struct db *db, int64_t stamp, struct err *e)
{
    struct arena spare = k->before;
    k->before = k->now;
    k->now = spare;
    k->set = NULL;
    arena_reset(&k->now);
    TRY(rules_load(db, &k->now, &k->set, e));
    k->set->stamp = stamp;
    for (int i = ENT_NONE + 1; i < ENT_END; i++)
        k->nouns[i] = entity_by_id((enum entity_id)i);
    return RC_OK;
}

static enum rc stamp_read(struct db *db, int64_t *out, struct err *e)
{
    struct stmt *s;
    TRY(db_prepare(db, &s, "SELECT stamp FROM rules_stamp WHERE id = 1", e));
    enum rc rc = stmt_step(s, e);
    *out = rc == RC_ROW ? stmt_col_i64(s, 0) : 0;
    stmt_done(s);
    return rc == RC_ROW || rc == RC_DONE ? RC_OK : rc;
}

enum rc rules_of(struct change *ch, const struct rule_set **out, struct err *e)
{
    struct kept *k = mine();
    int64_t stamp, transaction = db_transaction(ch->tx->db);
    if (k->transaction != transaction || !k->set) {
        k->transaction = 0;
        TRY(stamp_read(ch->tx->db, &stamp, e));
        if (!k->set || k->set->stamp != stamp || !same_nouns(k))
            TRY(compile(k, ch->tx->db, stamp, e));
        if (k->bumped != transaction)
            k->transaction = transaction;
    } else if (!same_nouns(k)) {
        TRY(compile(k, ch->tx->db, k->set->stamp, e));
    }
    *out = k->set;
    return RC_OK;
}

enum rc rules_changed(struct change *ch, struct err *e)
{
    struct kept *k = mine();
    struct stmt *s;
    int64_t stamp = 0;
    while (stamp == 0) {
        randombytes_buf(&stamp, sizeof stamp);
        stamp &= INT64_MAX;
    }
    TRY(db_prepare(ch->tx->db, &s, "UPDATE rules_stamp SET stamp = $1 WHERE id = 1", e));
    stmt_i64(s, 1, stamp);
    TRY(stmt_run(s, e));
    k->transaction = 0;
    k->bumped = db_transaction(ch->tx->db); /* parts of it may still be given up */
    return RC_OK;
}
