/* The few numbers of a deal event that the projection wants, read from the journal's JSON in one pass without building
 * a tree. The journal writes this JSON itself: an object of pairs {"field":[old,new],...}. */
#pragma once
#include "base/str.h"

struct scanned_pair {
    bool seen;           /* the event names the field */
    bool was_null, null; /* old, new */
    int64_t was, now;    /* integers; 0 where null */
};
enum scanned_field {
    SCAN_STAGE,
    SCAN_FUNNEL,
    SCAN_OWNER,
    SCAN_SOURCE,
    SCAN_CAMPAIGN,
    SCAN_CLASS,
    SCAN_COMPANY,
    SCAN_LOSS_REASON,
    SCAN_VALUE,
    SCAN_FIELDS
};
struct scanned {
    struct scanned_pair f[SCAN_FIELDS];
};
/* False when the text is not such an object; what was read until then stays in *out. */
MUST_USE bool event_scan(struct str json, struct scanned *out);
