/* Custom fields are real columns: cf_<id> (with cf_<id>_fold for search), several values a table cf_<id>_link. So the
 * nouns change while the program runs, and `struct entity` is a state of them: custom fields stand behind the built-in
 * ones in order of id, a deleted one keeps its place (FF_GONE). So an index means the same in every state, and an older
 * state is a prefix of a newer one. States are never freed: a pointer to an entity stays good.
 *
 * A thread works with the state that it has pinned; entity_by_id answers from it. It moves on only where nothing is
 * under way: a request when it comes in (and its call keeps that state to its end), a job of the writer when it begins.
 * A record made under an older state is brought up to date by record_adapt. */
#pragma once
#include "crm/schema.h"

#define CUSTOM_FIELDS_MOST 200  /* of one noun, deleted ones included */
#define FIELD_OPTIONS_MOST 1000 /* of one field */

struct entities;
enum entity_id custom_noun(int object);     /* of an enum custom_object; ENT_NONE when it is none */
const struct field *custom_shape(int type); /* type, flags and limits of an enum custom_type; NULL when it is none */
/* Reads the nouns as the database has them; the calling thread goes on with that. At the start, before the database is
 * used. */
MUST_USE enum rc entities_load(struct db *db, struct err *e);
/* The same of a database that is opened for it: for commands that only have a writer. */
MUST_USE enum rc entities_open(const struct db_target *target, struct err *e);
/* The same later: takes over what is newer than the present state, for all threads. */
MUST_USE enum rc entities_follow(struct db *db, struct err *e);
/* The calling thread goes on with the newest state. To be called when work begins in a thread of one's own. */
const struct entities *entities_refresh(void);
/* The calling thread goes on with this state, which entities_refresh gave. */
void entities_pin(const struct entities *state);
void entities_forget(void); /* for tests: as if nothing had been loaded */

/* The record itself when it is of the pinned state, else a copy with the fields that came after it absent. */
struct record *record_adapt(struct arena *a, struct record *r);

/* In a job that has created, changed or deleted a custom field: the rest of the job sees it, and when the job is on the
 * disk, everybody does. */
MUST_USE enum rc entities_changed(struct wtx *tx, struct err *e);
