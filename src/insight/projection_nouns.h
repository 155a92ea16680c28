/* Which fields of which nouns the projection holds. */
#pragma once
#include "crm/schema.h"
#include "insight/projection.h"

enum entity_id fact_entity(enum fact fact);
/* As a column of that field is made; FC_NONE: it is not held. fd->custom may be NULL for a shape of custom fields:
 * their index is behind those of the noun itself. */
enum fact_kind fact_kind_of(enum fact fact, size_t index, const struct field *fd);
