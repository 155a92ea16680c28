/* Findings in words: the sentence that heads them on the feed, in a notification and in a letter. */
#pragma once
#include "api/api.h"
#include "crm/crm.h"

/* Adds `said` to a finding's params: what has happened, as {"ru","en"}. Reads the database for names. */
MUST_USE enum rc watch_say(struct app *app, struct db *db, struct arena *a, struct record *finding, struct err *e);
/* The sentence that was added, STR_NULL when it is an older one; the rest in words: since when, in which funnel, how
 * sure, where most of it sits. lang "ru" or "en"; in the arena. */
struct str watch_said(struct arena *a, const struct record *finding, const char *lang);
struct str watch_told(struct app *app, struct arena *a, const struct record *finding, const char *lang);
