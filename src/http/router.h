/* Matching of a method and a path against a table of patterns such as "/api/deals/{id}". Literal segments win over {x}.
 */
#pragma once
#include "base/str.h"

#define ROUTER_PARAMS 4
struct router_match {
    int route;                       /* index into the table */
    struct str param[ROUTER_PARAMS]; /* in order of appearance, URL-decoded */
    size_t params;
};
struct router;
struct router_row {
    const char *method, *pattern;
};
/* row_at(table, i) lets any table of the caller's own type be used. */
struct router *router_new(const void *table, size_t n, struct router_row (*row_at)(const void *table, size_t i));
/* RC_OK, RC_NOT_FOUND, or RC_METHOD (*allow then lists the methods, such as "GET, POST"). */
enum rc router_find(const struct router *r, struct arena *a, struct str method, struct str path, struct router_match *m,
                    struct str *allow);
void router_free(struct router *r);
