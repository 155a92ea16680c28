/* Merging two values of a list, or two custom fields, everywhere at once, as an operation. */
#pragma once
#include "crm/command.h"

bool merge_object(const struct entity *ent); /* tags, sources, loss reasons, classes, custom fields and their values */
/* j->ent: the list, j->args a struct merge_new; j->out_id becomes the operation. Errors: not_found, ref_not_found,
 * merge_other_list, merge_other_type, option_archived (field into). keep_from: of two fields that both have a value,
 * and another one, that of `from` stays. Each such record is in the report of the operation. */
struct merge_new {
    int64_t from, into;
    bool keep_from;
};
extern const struct command command_merge_values;
