/* The linter: reads the definition of a funnel (docs/funnel.md) and says what will not work, what contradicts itself and
 * what relies on memory. It needs no database; what else is known is given in lint_facts. Each finding has a stable
 * code, its texts are lint.<code>.text, .why and .fix of i18n. A new check is one function and one row in lint.c. */
#pragma once
#include "base/json.h"
#include "crm/rights.h"

struct lint_role {
    struct str name;
    const struct rights *rights;
};
/* A stage, goal or reason outside of the document. */
struct lint_other {
    int64_t id, of; /* of: the funnel of a stage, the stage of a goal */
    bool archived;
    struct str name;
};
struct lint_others {
    struct lint_other *ptr;
    size_t len, cap;
};
struct lint_facts {
    bool known; /* false: only the document is looked at */
    int64_t funnel_id, now, offset_ms;
    struct lint_role *roles; /* of people who work with deals */
    size_t n_roles;
    struct lint_others stages, goals; /* of other funnels */
    struct lint_others reasons;       /* loss reasons of all funnels; archived also tells `timeout` apart by `of` = 1 */
    struct lint_others entered;       /* stages of this funnel (id) that other funnels or global triggers send deals to */
    struct lint_others users, tags;   /* archived: inactive */
};

enum lint_level { LINT_ERROR, LINT_WARNING, LINT_HINT };
extern const char *const lint_level_names[];
struct lint_counts {
    int64_t n[3]; /* by level */
};
/* Writes {"findings":[{"code","level","place","text","why","fix"}],"counts":{"error","warning","hint"}}; findings are in
 * order of level, then of the document. The document has been read by draft_read, so its types are right. */
void lint_run(struct arena *a, json_t *definition, const struct lint_facts *facts, const char *lang, struct buf *out,
              struct lint_counts *counts);
