/* The data of an event, read in one pass without building a tree. The journal writes this JSON itself: an object of
 * pairs {"field":[old,new],...}, or of other values for verbs that are no change of fields. */
#pragma once
#include "base/str.h"

struct event_scan {
    const char *p, *end;
    bool first;
};
struct event_pair {
    struct str field;
    struct str old, now; /* JSON as it stands there; ptr NULL: the value is no pair */
};
/* Texts must stay as long as the scan. False: not an object. */
MUST_USE bool event_scan_begin(struct event_scan *s, struct str json);
/* 1: *out is the next member; 0: that was the last; -1: the text is broken there. */
int event_scan_next(struct event_scan *s, struct event_pair *out);

/* Is the next member the pair that begins with this head, "field":[ ? Then *out has its values, not its name. False:
 * ask event_scan_next. */
bool event_scan_expect(struct event_scan *s, struct str head, struct event_pair *out);

/* What stands in a JSON value; false: it is something else (null, for example). */
MUST_USE bool event_int(struct str json, int64_t *out); /* whole numbers, true and false */
MUST_USE bool event_real(struct str json, double *out);
/* The text; into the arena only when it has escapes. */
MUST_USE bool event_text(struct str json, struct arena *a, struct str *out);
/* The ids of an array, at most n; how many. */
size_t event_ids(struct str json, int64_t *out, size_t n);
