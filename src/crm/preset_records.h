/* The records of a preset beside its funnels and lists: "records" in its JSON, an array of
 * {"object":"trigger","key":"itls","for":["ru","kz"],"find":["name"],"id":"@stage:courses.lead","body":{…}}.
 * body is what POST takes, or with `id` PATCH. Within it {"ru","en"} is the text of the locale, "@goal:agreed" the id
 * of a record made before under that key (custom-field:x its id, field:x its name, cf_3), {tag:itls} the same inside of
 * a text, $ the present one of `for`. find: a record that has these fields in common is changed instead of a new one
 * made. */
#pragma once
#include "crm/command.h"

struct preset_name {
    const struct preset_name *next;
    struct str name; /* "stage:courses.lead", "funnel:courses", "custom-field:course" */
    int64_t id;
};
struct preset_names {
    struct arena *arena;
    struct str locale;
    bool partly; /* not all of its funnels are there: what speaks of the others is left out */
    const struct preset_name *first;
};
struct preset_names *preset_names_new(struct arena *a, struct str locale);
void preset_name_add(struct preset_names *n, struct str name, int64_t id);
/* "role:seller" and the other roles that every company has. */
MUST_USE enum rc preset_name_roles(struct change *ch, struct preset_names *n, struct err *e);
/* Errors: bad_preset (arg 0: the name that is not known), those of the commands. */
MUST_USE enum rc preset_records(struct change *ch, struct preset_names *n, struct str records, struct err *e);
