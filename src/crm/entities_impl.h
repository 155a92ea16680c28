/* Inside of the states of the nouns: fields.c has the built-in ones, entities.c adds the custom fields. */
#pragma once
#include "crm/custom_field.h"

extern const struct entity entities_builtin[ENT_END]; /* without sql; empty places have no name */
const struct entity_sql *entity_sql_make(const struct entity *ent);
void entity_sql_free(const struct entity_sql *sql);
