/* Inside of crm: what the engine, its hooks, undo and check share. Not for other folders. */
#pragma once
#include "crm/crm.h"
#include "crm/fields.h"

/* SQL texts of an entity, made once and kept for the life of the program. */
struct entity_sql {
    const char *insert, *update, *select; /* by id */
    const char *exists;                   /* 1 when the id is there and not deleted */
    const char *remove;                   /* sets or clears deleted_at */
};
const struct entity_sql *entity_sql(const struct entity *ent);
