/* The company's own fields beside what every noun can do: how they spread, and where one is used. */
#include "api/inside.h"
#include "base/log.h"

/* Another server on the same database has changed a field: ours are read again. */
void nouns_on_events(void *arg, const struct event *ev, size_t n)
{
    struct app *app = arg;
    struct db *db;
    struct err e;
    bool changed = false;
    for (size_t i = 0; i < n; i++)
        changed |= ev[i].object_kind == ENT_CUSTOM_FIELD;
    if (!changed)
        return;
    enum rc rc = readers_take(app->readers, &db, &e);
    if (rc == RC_OK) {
        rc = entities_follow(db, &e);
        readers_give(app->readers, db, rc);
    }
    if (rc != RC_OK)
        log_error("custom fields: %s %s", e.code, e.arg[0]);
}
