/* One-time codes of an authenticator application: RFC 6238 with HMAC-SHA-1, steps of 30 seconds, 6 digits. */
#pragma once
#include "base/str.h"

enum { TOTP_SECRET = 20, TOTP_DIGITS = 6 };

/* The code of a step (seconds since 1970 divided by 30). digits: 6..8. */
unsigned totp_code(const unsigned char *secret, size_t n, int64_t step, unsigned digits);
static inline int64_t totp_step(int64_t now_ms)
{
    return now_ms / 30000;
}
/* Which step's code it is: this one, the last or the next, and behind `last`; 0: none. */
int64_t totp_find(const unsigned char *secret, size_t n, struct str code, int64_t now_ms, int64_t last);
/* RFC 4648, without padding. */
struct str base32_write(struct arena *a, const unsigned char *bytes, size_t n);
MUST_USE bool base32_read(struct str text, unsigned char *bytes, size_t n); /* exactly n bytes */
