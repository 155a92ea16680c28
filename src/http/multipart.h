/* Reading multipart/form-data (RFC 7578) as a stream, strictly: nothing stands before the first boundary or behind the
 * last one, every part has a form-data name, headers are short, no transfer encodings, no nesting. */
#pragma once
#include "base/buf.h"

#define MULTIPART_BOUNDARY 70 /* most bytes of one (RFC 2046, 5.1.1) */
#define MULTIPART_HEAD 8192   /* most bytes of a part's headers */
#define MULTIPART_PARTS 100

struct multipart_part {
    struct str name;
    struct str filename; /* as sent, without the folders some browsers add; STR_NULL: an ordinary field */
    struct str type;     /* STR_NULL: none given */
};
struct multipart_events {
    /* Texts live in the arena. Each may refuse with an error, which ends the reading. */
    enum rc (*begin)(void *arg, const struct multipart_part *part, struct err *e);
    enum rc (*data)(void *arg, struct str bytes, struct err *e); /* of the part that began last */
    void *arg;
};
enum multipart_state { MP_BOUNDARY, MP_TAIL, MP_HEAD, MP_DATA, MP_END };
struct multipart {
    enum multipart_state state;
    char mark[MULTIPART_BOUNDARY + 4]; /* CR LF - - boundary */
    size_t mark_len;
    struct buf held;
    unsigned parts;
    struct arena *arena;
    struct multipart_events to;
};
/* From the Content-Type of the request. Errors: not_multipart (RC_INVALID). */
MUST_USE enum rc multipart_begin(struct multipart *m, struct arena *a, struct str content_type,
                                 struct multipart_events to, struct err *e);
/* Errors: bad_multipart (RC_INVALID, arg 0: what), those of the events. */
MUST_USE enum rc multipart_feed(struct multipart *m, struct str bytes, struct err *e);
/* After the last bytes: is it complete? */
MUST_USE enum rc multipart_end(struct multipart *m, struct err *e);
void multipart_free(struct multipart *m);
