/* The daily watch: what the detectors of insight find becomes findings, of which the heads are told. Once a day of the
 * company, at its fifth hour or when a server comes up later; on one server, once however often they start. */
#pragma once
#include "api/api.h"
#include "insight/detect.h"

/* Does it when it is time; *worked: the writer had a job. Errors are of the database. */
MUST_USE enum rc watch_turn(struct app *app, struct db *db, int64_t now, bool *worked, struct err *e);

/* ---- values of findings ---- */

json_t *watch_text(struct str s);
struct val watch_json(struct arena *a, json_t *tree); /* takes the tree */
json_t *watch_near(const struct detect_near *near, size_t n);
