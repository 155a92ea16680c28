/* The definition document of a funnel (docs/funnel.md): everything that makes it one, as JSON. The published versions
 * keep it, drafts are made of it, the linter and the manual read it. */
#pragma once
#include "base/json.h"
#include "crm/schema.h"

/* What a document is made of: the nouns whose records stand in it, each under its key. */
struct funnel_part {
    enum entity_id kind;
    const char *key;  /* "gates" */
    const char *sql;  /* the ids' condition of a SELECT; $1 is the funnel */
    const char *skip; /* fields that the place tells: " stage_id position " */
    bool keeps;       /* what is left out of a draft is archived; else it is deleted */
};
enum { FP_STAGE, FP_LOSS_REASON, FP_INVOLVEMENT, FP_GATE, FP_GOAL, FP_TRIGGER, FP_N };
extern const struct funnel_part funnel_parts[FP_N];
/* Does the document hold this field of the noun (ENT_FUNNEL or a part)? */
bool funnel_part_field(const struct entity *ent, const char *skip, size_t field);
extern const char funnel_skip[]; /* as funnel_part.skip, of the funnel itself */

/* The document as the database has it now. Errors: not_found. */
MUST_USE enum rc funnel_definition(struct db *db, int64_t funnel_id, struct buf *out, struct err *e);
/* The same as a tree with "id" and "version" in front; json_decref it. */
MUST_USE enum rc funnel_document(struct db *db, int64_t funnel_id, json_t **out, struct err *e);
