/* The linter: reads the definition of a funnel (docs/funnel.md) and says what will not work, what contradicts itself
 * and what relies on memory. It needs no database; what else is known is given in lint_facts. Each finding has a stable
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
    struct lint_others entered;     /* stages of this funnel (id) that other funnels or global triggers send deals to */
    struct lint_others users, tags; /* archived: inactive */
};

enum lint_level { LINT_ERROR, LINT_WARNING, LINT_HINT };
extern const char *const lint_level_names[];
struct lint_counts {
    int64_t n[3]; /* by level */
};
/* Writes the findings, in order of level and then of the document, as elements of an open array and adds to *counts.
 * The document has been read by draft_read, so its types are right. */
void lint_run(struct arena *a, json_t *definition, const struct lint_facts *facts, const char *lang, struct jw *w,
              struct lint_counts *counts);
/* Of crm_rules: a ring of triggers that cannot end does not come into force. Errors: trigger_loop (arg 0 the ring). */
MUST_USE enum rc lint_publish(struct change *ch, json_t *definition, struct err *e);
/* Gives everything in a draft that is new an id of its own, and puts it where its key stands. */
void lint_make_ids(json_t *tree);
/* ,"findings":[...],"counts":{"error","warning","hint"} around them, within an open object. */
void lint_begin(struct jw *w);
void lint_end(struct jw *w, const struct lint_counts *counts);

/* --- with a database (lint_facts.c) --- */
/* Everything that lint_facts holds, of a funnel (0: one that is to be made). Free it also after an error. */
MUST_USE enum rc lint_facts_load(struct db *db, struct arena *a, int64_t funnel_id, struct lint_facts *out,
                                 struct err *e);
void lint_facts_free(struct lint_facts *f);
/* lint_run with the facts of the funnel that the document's "id" names. */
MUST_USE enum rc lint_definition(struct db *db, struct arena *a, json_t *definition, const char *lang, struct jw *w,
                                 struct lint_counts *counts, struct err *e);
/* Who sees only a part of a funnel would be told of the rest by what is found: does one see all of its stages? */
bool lint_sees_whole(const struct rights *rights, const json_t *definition, int64_t funnel_id);
/* Of one funnel as it is published, or (0) of all that these rights see whole. */
MUST_USE enum rc lint_funnels(struct db *db, struct arena *a, int64_t funnel_id, const struct rights *rights,
                              const char *lang, struct jw *w, struct lint_counts *counts, struct err *e);
