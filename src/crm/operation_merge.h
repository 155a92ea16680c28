/* Merging two values of a list everywhere at once, as an operation. */
#pragma once
#include "crm/command.h"

bool merge_object(const struct entity *ent); /* tags, sources, loss reasons, classes, values of custom fields */
/* j->ent: the list, j->args a struct merge_new; j->out_id becomes the operation. Errors: not_found, ref_not_found,
 * merge_other_list, option_archived (all three: field into). */
struct merge_new {
    int64_t from, into;
};
extern const struct command command_merge_values;
