#include "crm/totp.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

unsigned totp_code(const unsigned char *secret, size_t n, int64_t step, unsigned digits)
{
    unsigned char counter[8], mac[EVP_MAX_MD_SIZE];
    unsigned len = 0, most = 1;
    for (int i = 7; i >= 0; i--, step >>= 8)
        counter[i] = (unsigned char)step;
    if (!HMAC(EVP_sha1(), secret, (int)n, counter, sizeof counter, mac, &len) || len != 20)
        abort();                /* a cryptographic library without SHA-1 */
    unsigned at = mac[19] & 15; /* RFC 4226, 5.3 */
    unsigned code =
        (unsigned)(mac[at] & 0x7f) << 24 | (unsigned)mac[at + 1] << 16 | (unsigned)mac[at + 2] << 8 | mac[at + 3];
    for (unsigned i = 0; i < digits; i++)
        most *= 10;
    return code % most;
}

int64_t totp_find(const unsigned char *secret, size_t n, struct str code, int64_t now_ms, int64_t last)
{
    int64_t given = 0, now = totp_step(now_ms), found = 0;
    if (code.len != TOTP_DIGITS)
        return 0;
    for (size_t i = 0; i < code.len; i++) {
        if (code.ptr[i] < '0' || code.ptr[i] > '9')
            return 0;
        given = given * 10 + (code.ptr[i] - '0');
    }
    for (int64_t step = now - 1; step <= now + 1; step++)
        if (step > last && given == (int64_t)totp_code(secret, n, step, TOTP_DIGITS) && !found)
            found = step;
    return found;
}

struct str base32_write(struct arena *a, const unsigned char *bytes, size_t n)
{
    char *out = arena_alloc(a, n * 8 / 5 + 2);
    size_t len = 0;
    unsigned held = 0, bits = 0;
    for (size_t i = 0; i < n; i++) {
        held = held << 8 | bytes[i];
        for (bits += 8; bits >= 5; bits -= 5)
            out[len++] = alphabet[held >> (bits - 5) & 31];
        held &= (1u << bits) - 1;
    }
    if (bits)
        out[len++] = alphabet[held << (5 - bits) & 31];
    out[len] = '\0';
    return (struct str){out, len};
}

bool base32_read(struct str text, unsigned char *bytes, size_t n)
{
    unsigned held = 0, bits = 0;
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.ptr[i] ? strchr(alphabet, text.ptr[i]) : NULL;
        if (!at)
            return false;
        held = held << 5 | (unsigned)(at - alphabet);
        bits += 5;
        if (bits < 8)
            continue;
        if (len == n)
            return false;
        bits -= 8;
        bytes[len++] = (unsigned char)(held >> bits);
        held &= (1u << bits) - 1;
    }
    return len == n;
}
