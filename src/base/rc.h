/* The one result vocabulary. Every fallible function returns enum rc and, when it fails, fills struct err. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

enum rc {
    RC_OK = 0,
    RC_ROW,           /* a statement stepped onto a row: not an error */
    RC_DONE,          /* a statement or an input has no more rows: not an error */
    RC_INVALID,       /* the input is malformed (HTTP 400) */
    RC_UNAUTHORIZED,  /* nobody is signed in (401) */
    RC_FORBIDDEN,     /* signed in, but not allowed (403) */
    RC_NOT_FOUND,     /* (404) */
    RC_METHOD,        /* the path exists, the method does not (405) */
    RC_CONFLICT,      /* clashes with the present state, such as a name already taken (409) */
    RC_STALE,         /* If-Match names an older version (412) */
    RC_TOO_LARGE,     /* (413) */
    RC_UNPROCESSABLE, /* well-formed but against a rule or limit; `field` says where (422) */
    RC_TOO_MANY,      /* throttled (429) */
    RC_INTERNAL,      /* a defect of ours (500) */
    RC_UNAVAILABLE,   /* the database is away or read-only; try again (503) */
};

/* What went wrong. `code` is stable, is the machine's name of the error and the key `error.<code>` of i18n/;
 * `field` is the body field or parameter at fault, or empty; `arg` fills {0} and {1} of the message. */
struct err {
    enum rc rc;
    char code[48];
    char field[64];
    char arg[2][160];
    const char *more; /* further members of the problem as JSON text, "\"missing\":[...]", or NULL: lives in the arena
                         of whoever failed */
};

/* Fills *e and returns rc, so that `return err_set(e, RC_UNPROCESSABLE, "too_long", "title", "%d", 200);` reads well.
 * fmt may be NULL; its text becomes arg[0]. e may be NULL. */
enum rc err_set(struct err *e, enum rc rc, const char *code, const char *field, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Returns from the enclosing function when the expression is not RC_OK. */
#define TRY(expr)                                                                                                      \
    do {                                                                                                               \
        enum rc try_rc_ = (expr);                                                                                      \
        if (try_rc_ != RC_OK)                                                                                          \
            return try_rc_;                                                                                            \
    } while (0)
/* As TRY, for functions with a single exit: sets the local `rc` and goes to `out`. */
#define TRY_OUT(expr)                                                                                                  \
    do {                                                                                                               \
        rc = (expr);                                                                                                   \
        if (rc != RC_OK)                                                                                               \
            goto out;                                                                                                  \
    } while (0)
