/* JSON in: jansson, duplicates refused, depth and size limited. JSON out: straight into a buffer. */
#pragma once
#include "base/buf.h"
#include <jansson.h>

/* Parses a whole text into a tree owned by the caller (json_decref). Errors: bad_json (arg 0: what, with line and
 * column). */
MUST_USE enum rc json_read(struct str text, json_t **out, struct err *e);
static inline json_t *json_text(struct str s) /* a new string; NULL when it is not UTF-8 */
{
    return json_stringn(s.ptr, s.len);
}

/* The writer puts commas by itself. Non-finite reals are written as null. */
struct jw {
    struct buf *b;
    bool comma;
};
static inline struct jw jw_to(struct buf *b)
{
    return (struct jw){b, false};
}
void jw_obj(struct jw *w);
void jw_end_obj(struct jw *w);
void jw_arr(struct jw *w);
void jw_end_arr(struct jw *w);
void jw_key(struct jw *w, const char *key); /* key needs no escaping */
void jw_key_str(struct jw *w, struct str key);
void jw_str(struct jw *w, struct str s);
void jw_c(struct jw *w, const char *c); /* NULL writes null */
void jw_i64(struct jw *w, int64_t v);
void jw_f64(struct jw *w, double v); /* shortest text that reads back to the same double */
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);
void jw_raw(struct jw *w, struct str json); /* already JSON */
/* key and value in one call */
void jw_kstr(struct jw *w, const char *key, struct str s);
void jw_kc(struct jw *w, const char *key, const char *c);
void jw_ki64(struct jw *w, const char *key, int64_t v);
void jw_kf64(struct jw *w, const char *key, double v);
void jw_kbool(struct jw *w, const char *key, bool v);
void jw_knull(struct jw *w, const char *key);
