/* The thread that takes long operations through their chunks. Of several servers on one database one runs them. */
#pragma once
#include "api/api.h"

struct operations;
MUST_USE enum rc operations_start(struct operations **out, struct app *app, struct err *e);
void operations_stop(struct operations *o); /* before the writer ends; what is under way goes on at the next start */
void operations_free(struct operations *o); /* after the feed has ended */
void operations_wake(struct operations *o); /* look at once; NULL is fine */
void operations_on_events(void *arg, const struct event *ev, size_t n); /* of the feed: there is a new one */
